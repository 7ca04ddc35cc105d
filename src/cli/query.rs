//! `tidegate query`

use crate::azure::Dataplane;
use crate::azure::facts::Facts;
use crate::explain::{fqdn_tag_contents, parse_subnets};
use crate::report::catalog::DEFAULT_WIDTH;
use crate::report::reached;
use crate::verify::{Detail, Narrow, query};

use super::Outcome;
use super::age;
use super::arguments::{AnswerFormat, QueryOptions};
use super::estates::read_network;
use super::network::wrong_with;
use super::output::{Disk, color, findings_text, print, print_error, refuse, settings};
use super::pipeline::{Analysis, analyse};
use super::tags::service_tags;

pub(super) fn run(options: &QueryOptions) -> Outcome {
    match answer(options) {
        Ok(outcome) | Err(outcome) => outcome,
    }
}

fn answer(options: &QueryOptions) -> Result<Outcome, Outcome> {
    let analysis = read(options)?;
    age::tell(options.service_tags.as_deref(), &options.reading)?;
    let tags = service_tags(options.service_tags.as_deref())?;
    let contents = fqdn_tag_contents(&analysis.catalogs, &analysis.estate);
    let plane =
        Dataplane::new(&analysis.estate, Facts::builtin(), tags.as_ref()).with_fqdn_tags(contents);
    let subnets = parse_subnets(&analysis.estate, &options.from)
        .map_err(|error| refuse(&error.to_string()))?;
    let narrow = match &options.to {
        None => Narrow::default(),
        Some(text) => text
            .parse()
            .map_err(|error| refuse(&format!("--to: {error}")))?,
    };
    let detail = if options.all {
        Detail::Full
    } else {
        Detail::Short
    };
    let reached = query(&plane, &subnets, &narrow, detail);
    let view = reached::View {
        reached: &reached,
        estate: &analysis.estate,
        from: &options.from,
        detail,
        width: DEFAULT_WIDTH,
    };
    print(&match options.format {
        AnswerFormat::Text => reached::text(&view),
        AnswerFormat::Markdown => reached::markdown(&view),
        AnswerFormat::Json => reached::json(&view),
    });
    Ok(if reached.iter().any(|it| it.too_large) {
        Outcome::Uncertain
    } else {
        Outcome::Fine
    })
}

/// The policy or the network that is asked about. What is wrong with a network is told, and does not stop the answer.
fn read(options: &QueryOptions) -> Result<Analysis, Outcome> {
    let settings = settings(&options.reading).map_err(|message| refuse(&message))?;
    let Some(policy) = &options.policy else {
        let network = read_network(&options.estate, &options.deployment, &settings)
            .map_err(|message| refuse(&message))?;
        print_error(&wrong_with(&network));
        return Ok(network);
    };
    let analysis = analyse(policy, &Disk, &settings)
        .map_err(|error| refuse(&format!("cannot read {policy}: {error}")))?;
    if analysis.rules_skipped {
        print_error(&findings_text(&analysis, color(options.reading.color)));
        return Err(Outcome::Unusable);
    }
    Ok(analysis)
}
