//! `tidegate verify`

use crate::azure::Dataplane;
use crate::azure::facts::Facts;
use crate::diag::{Finding, Id, Severity};
use crate::explain::fqdn_tag_contents;
use crate::report;
use crate::report::catalog::DEFAULT_WIDTH;
use crate::report::held::{self, View};
use crate::verify::{Held, hold, place, repair};

use super::Outcome;
use super::age;
use super::arguments::{AnswerFormat, VerifyOptions};
use super::estates::read_network;
use super::lock::locked;
use super::network::wrong_with;
use super::output::{Disk, color, findings_text, print, print_error, refuse, settings};
use super::patch::write_patch;
use super::pipeline::{Analysis, analyse};
use super::tags::service_tags;

pub(super) fn run(options: &VerifyOptions) -> Outcome {
    match answer(options) {
        Ok(outcome) | Err(outcome) => outcome,
    }
}

fn answer(options: &VerifyOptions) -> Result<Outcome, Outcome> {
    let mut settings = settings(&options.reading).map_err(|message| refuse(&message))?;
    let lock = options.lock.lock.as_deref();
    settings.lock = locked(lock).map_err(|message| refuse(&message))?;
    let policy = analyse(&options.policy, &Disk, &settings)
        .map_err(|error| refuse(&format!("cannot read {}: {error}", options.policy)))?;
    if policy.rules_skipped {
        print_error(&findings_text(&policy, color(options.reading.color)));
        return Err(Outcome::Unusable);
    }
    if policy.estate.pools.is_empty() {
        return Err(refuse(&format!(
            "{} has no pool, so nothing is needed of a network",
            options.policy
        )));
    }
    let old = old_facts(options, &policy)?;
    let tags = service_tags(options.service_tags.as_deref())?;
    let mut network = network(options, &policy, &settings)?;
    let placed = place(&policy.estate, &mut network.estate);
    let plane = Dataplane::new(&network.estate, Facts::builtin(), tags.as_ref())
        .with_fqdn_tags(fqdn_tag_contents(&policy.catalogs, &policy.estate));
    let held = hold(&plane, &policy.intent, &placed);
    let repair = repair(&plane, &policy.intent, &placed, &held);
    let view = View {
        held: &held,
        repair: &repair,
        policy: &policy.estate,
        intent: &policy.intent,
        policy_sources: &policy.sources,
        network: &network.estate,
        sources: &network.sources,
        width: DEFAULT_WIDTH,
    };
    print(&match options.format {
        AnswerFormat::Text => held::text(&view),
        AnswerFormat::Markdown => held::markdown(&view),
        AnswerFormat::Json => held::json(&view),
    });
    if let Some(folder) = &options.patch {
        write_patch(folder, &network, repair.network.as_ref())?;
    }
    let least = options.fail_on.map(Severity::from);
    if least.is_some_and(|least| old.iter().any(|finding| finding.severity >= least)) {
        return Ok(Outcome::Findings);
    }
    Ok(outcome(&held, options.max_excess))
}

/// Says which facts are old that the answer rests on.
fn old_facts(options: &VerifyOptions, policy: &Analysis) -> Result<Vec<Finding>, Outcome> {
    let findings = policy.findings.iter();
    let mut old: Vec<Finding> = findings
        .filter(|finding| matches!(finding.id, Id::TG0045 | Id::TG0047))
        .cloned()
        .collect();
    print_error(&report::concise(&old, &policy.sources));
    old.extend(age::tell(
        options.service_tags.as_deref(),
        &options.reading,
    )?);
    Ok(old)
}

/// What was asked decides: something needed that certainly does not arrive, more open than allowed, not known.
fn outcome(held: &Held, max_excess: Option<usize>) -> Outcome {
    let too_much = max_excess.is_some_and(|most| held.excess() > most);
    if held.has_deficit() || too_much {
        Outcome::Findings
    } else if held.is_open() {
        Outcome::Uncertain
    } else {
        Outcome::Fine
    }
}

/// The network to hold against the policy. What is wrong with its files is told, and does not stop the answer.
fn network(
    options: &VerifyOptions,
    policy: &Analysis,
    settings: &super::Options,
) -> Result<Analysis, Outcome> {
    if options.estate.is_empty() {
        return Ok(policy.clone());
    }
    let network = read_network(&options.estate, &options.deployment, settings)
        .map_err(|message| refuse(&message))?;
    print_error(&wrong_with(&network));
    Ok(network)
}
