//! `tidegate diff`

use camino::{Utf8Path, Utf8PathBuf};
use ignore::overrides::Override;

use crate::azure::facts::Facts;
use crate::azure::{Dataplane, ServiceTags};
use crate::diag::{Finding, Severity};
use crate::explain::{fqdn_tag_contents, parse_subnets};
use crate::report::catalog::DEFAULT_WIDTH;
use crate::report::{self, difference as shown};
use crate::verify::{Subnets, difference};

use super::arguments::{AnswerFormat, DiffOptions};
use super::estates::read_network_telling;
use super::lint::collect::collect;
use super::output::{Disk, color, findings_text, print, print_error, refuse, settings};
use super::pipeline::{Analysis, analyse};
use super::revision::Given;
use super::tags::service_tags;
use super::{Options, Outcome};

pub(super) fn run(options: &DiffOptions) -> Outcome {
    match answer(options) {
        Ok(outcome) | Err(outcome) => outcome,
    }
}

fn answer(options: &DiffOptions) -> Result<Outcome, Outcome> {
    let settings = settings(&options.reading).map_err(|message| refuse(&message))?;
    let before = read(&options.before, options, &settings)?;
    let after = read(&options.after, options, &settings)?;
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

/// Reads one of the two networks. What is wrong with templates and exports is told, and does not stop the answer.
fn read(
    written: &Utf8Path,
    options: &DiffOptions,
    settings: &Options,
) -> Result<Analysis, Outcome> {
    let given = Given::of(written).map_err(|message| refuse(&message))?;
    let refuse_given = |message: &str| refuse(&given.named(message));
    let policy = policy_at(&given.path).map_err(|message| refuse_given(&message))?;
    if let Some(policy) = policy {
        let mut analysis = analyse(&policy, &Disk, settings)
            .map_err(|error| refuse_given(&format!("cannot read {policy}: {error}")))?;
        given.name(&mut analysis.sources);
        if analysis.rules_skipped {
            let text = findings_text(&analysis, color(options.reading.color));
            print_error(&given.named(&text));
            return Err(Outcome::Unusable);
        }
        return Ok(analysis);
    }
    let paths = [given.path.clone()];
    let tell = |text: &str| print_error(&given.named(text));
    let mut network =
        read_network_telling(&paths, given.kept(), &options.deployment, settings, &tell)
            .map_err(|message| refuse_given(&message))?;
    given.name(&mut network.sources);
    let wrong = network.findings.iter();
    let wrong: Vec<Finding> = wrong
        .filter(|finding| finding.severity >= Severity::Error)
        .cloned()
        .collect();
    let text = report::concise(&wrong, &network.sources);
    tell(&text);
    Ok(network)
}

/// The policy that is meant: a file that is one, or the only one of a folder without anything else.
fn policy_at(path: &Utf8Path) -> Result<Option<Utf8PathBuf>, String> {
    let is_policy = |path: &Utf8Path| {
        let extension = path.extension();
        extension.is_some_and(|extension| extension.eq_ignore_ascii_case("egress"))
    };
    if !path.is_dir() {
        return Ok(is_policy(path).then(|| path.to_owned()));
    }
    let inputs = collect(&[path.to_owned()], &Override::empty())?;
    let (policies, others): (Vec<_>, Vec<_>) =
        inputs.into_iter().partition(|input| is_policy(&input.path));
    match policies.as_slice() {
        [policy] if others.is_empty() => Ok(Some(policy.path.clone())),
        [_, _, ..] if others.is_empty() => Err(format!(
            "there are {} policies in {path}, each of which is a network: name one",
            policies.len()
        )),
        _ => Ok(None),
    }
}
