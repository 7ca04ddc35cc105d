//! `tidegate optimize`

use crate::azure::Dataplane;
use crate::azure::facts::Facts;
use crate::explain::fqdn_tag_contents;
use crate::report::catalog::DEFAULT_WIDTH;
use crate::report::difference as differing;
use crate::report::optimized as shown;
use crate::verify::{Freedom, Optimized, optimize};

use super::age;
use super::arguments::{OptimizeFormat, OptimizeOptions};
use super::output::{print, print_error, settings};
use super::patch::write_patch;
use super::pipeline::Analysis;
use super::tags::service_tags;
use super::{Outcome, network, output};

pub(super) fn run(options: &OptimizeOptions) -> Outcome {
    match answer(options) {
        Ok(outcome) | Err(outcome) => outcome,
    }
}

fn answer(options: &OptimizeOptions) -> Result<Outcome, Outcome> {
    let settings = settings(&options.reading).map_err(|message| output::refuse(&message))?;
    let before = network::read(
        &options.network,
        &options.deployment,
        options.reading.color,
        &settings,
    )?;
    age::tell(options.service_tags.as_deref(), &options.reading)?;
    let tags = service_tags(options.service_tags.as_deref())?;
    let contents = fqdn_tag_contents(&before.catalogs, &before.estate);
    let plane =
        Dataplane::new(&before.estate, Facts::builtin(), tags.as_ref()).with_fqdn_tags(contents);
    let freedom = Freedom {
        kept: before.intent.compiled_origins(),
        may_join: !options.keep_names,
    };
    let optimized = optimize(&plane, &freedom);
    if !optimized.difference.changes.is_empty() {
        return Err(disproved(options, &before, &optimized));
    }
    let view = shown::View {
        name: options.network.as_str(),
        before: &before.estate,
        optimized: &optimized,
        sources: &before.sources,
        width: DEFAULT_WIDTH,
    };
    print(&match options.format {
        OptimizeFormat::Text => shown::text(&view),
        OptimizeFormat::Egress => shown::rules(&view),
        OptimizeFormat::Json => shown::json(&view),
    });
    if let Some(folder) = &options.patch {
        let changed = optimized.is_smaller().then_some(&optimized.network);
        write_patch(folder, &before, changed)?;
    }
    Ok(if options.check && optimized.is_smaller() {
        Outcome::Findings
    } else {
        Outcome::Fine
    })
}

/// The lists were proved alike one by one and the networks differ all the same: one of the two is wrong.
fn disproved(options: &OptimizeOptions, before: &Analysis, optimized: &Optimized) -> Outcome {
    let view = differing::View {
        difference: &optimized.difference,
        names: (options.network.as_str(), "with fewer rules"),
        before: &before.sources,
        after: &before.sources,
        width: DEFAULT_WIDTH,
    };
    print_error(&differing::text(&view));
    print_error(
        "error: the fewer rules that were found do not do the same, so they are not shown\n",
    );
    Outcome::Uncertain
}
