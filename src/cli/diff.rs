//! `tidegate diff`

use crate::azure::facts::Facts;
use crate::azure::{Dataplane, ServiceTags};
use crate::explain::{fqdn_tag_contents, parse_subnets};
use crate::report::catalog::DEFAULT_WIDTH;
use crate::report::difference as shown;
use crate::verify::{Subnets, difference};

use super::age;
use super::arguments::{AnswerFormat, DiffOptions};
use super::output::{print, refuse, settings};
use super::pipeline::Analysis;
use super::tags::service_tags;
use super::{Outcome, network};

pub(super) fn run(options: &DiffOptions) -> Outcome {
    match answer(options) {
        Ok(outcome) | Err(outcome) => outcome,
    }
}

fn answer(options: &DiffOptions) -> Result<Outcome, Outcome> {
    let settings = settings(&options.reading).map_err(|message| refuse(&message))?;
    let read = |written| {
        network::read(
            written,
            &options.deployment,
            options.reading.color,
            &settings,
        )
    };
    let before = read(&options.before)?;
    let after = read(&options.after)?;
    age::tell(options.service_tags.as_deref(), &options.reading)?;
    let tags = service_tags(options.service_tags.as_deref())?;
    let chosen = chosen(&options.from, &before, &after)?;
    let subnets = match chosen.as_slice() {
        [] => Subnets::All,
        these => Subnets::These(these),
    };
    let difference = difference(
        &plane(&before, tags.as_ref()),
        &plane(&after, tags.as_ref()),
        subnets,
    );
    let view = shown::View {
        difference: &difference,
        names: (options.before.as_str(), options.after.as_str()),
        before: &before.sources,
        after: &after.sources,
        width: DEFAULT_WIDTH,
    };
    print(&match options.format {
        AnswerFormat::Text => shown::text(&view),
        AnswerFormat::Markdown => shown::markdown(&view),
        AnswerFormat::Json => shown::json(&view),
    });
    Ok(match (difference.is_certain(), difference.is_open()) {
        (true, _) => Outcome::Findings,
        (false, true) => Outcome::Uncertain,
        (false, false) => Outcome::Fine,
    })
}

fn plane<'a>(analysis: &'a Analysis, tags: Option<&'a ServiceTags>) -> Dataplane<'a> {
    let contents = fqdn_tag_contents(&analysis.catalogs, &analysis.estate);
    Dataplane::new(&analysis.estate, Facts::builtin(), tags).with_fqdn_tags(contents)
}

/// The subnets that are asked about. One that only one side has is no mistake.
fn chosen(from: &[String], before: &Analysis, after: &Analysis) -> Result<Vec<String>, Outcome> {
    let mut paths = Vec::new();
    for text in from {
        let of = |analysis: &Analysis| {
            let subnets = parse_subnets(&analysis.estate, text)?.into_iter();
            let paths = subnets.map(|subnet| analysis.estate.subnet_path(subnet));
            Ok::<Vec<String>, crate::explain::QueryError>(paths.collect())
        };
        match (of(before), of(after)) {
            (Err(_), Err(error)) => return Err(refuse(&error.to_string())),
            (one, other) => {
                paths.extend(one.unwrap_or_default());
                paths.extend(other.unwrap_or_default());
            }
        }
    }
    Ok(paths)
}
