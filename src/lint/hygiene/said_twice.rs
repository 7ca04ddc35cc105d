//! TG8002: requirements that say the same, or the opposite of an assertion.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::Origin;
use crate::diag::{Finding, Id, Severity};
use crate::estate::{Id as ElementId, Pool};
use crate::intent::Requirement;
use crate::lint::Context;
use crate::lint::common::wanted::contradict;

rule! {
    /// A requirement that another one says already, or that an assertion of the same pool forbids.
    ///
    /// Two requirements for the same become two rules; whoever takes one of them out later wonders why nothing
    /// changes. This is a note. Those with an end date are left alone: the date is what they say.
    ///
    /// A requirement and an assertion `never reaches` for the same cannot both hold: that is an error. Names are
    /// compared with names and addresses with addresses.
    ///
    /// ```egress
    /// vnet spoke 10.1.0.0/16 { subnet nodes 10.1.0.0/24 }
    /// pool apps in spoke.nodes { outbound loadBalancer }
    /// require apps -> 192.168.40.0/24 tcp/22
    /// assert apps never reaches 0.0.0.0/0 tcp/22
    /// ```
    ///
    /// Take one of the two out, or make it narrower.
    TG8002, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    twice(context, findings);
    let mut seen = FxHashSet::default();
    for requirement in &context.intent.requirements {
        let mut assertions = context.intent.assertions.iter();
        let against = assertions.find(|assertion| contradict(requirement, assertion));
        let Some(assertion) = against.filter(|_| seen.insert(requirement.origin)) else {
            continue;
        };
        let pool = &context.estate.pools[requirement.pool].meta.name;
        findings.push(
            Finding::new(
                Id::TG8002,
                format!("pool `{pool}` requires what an assertion says it never reaches"),
            )
            .severity(Severity::Error)
            .at(requirement.origin, "required")
            .related(assertion.origin, "never to be reached")
            .help("take one of the two out, or make it narrower"),
        );
    }
}

type Said = FxHashMap<(ElementId<Pool>, String, String), Origin>;

fn twice(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut said = Said::default();
    let requirements = context.intent.requirements.iter();
    for requirement in requirements.filter(|it| it.level.is_none() && it.expires.is_none()) {
        let parts = parts_of(requirement);
        let before = parts.iter().map(|part| said.get(part).copied());
        let before: Option<Vec<Origin>> = before.collect();
        let first = before.as_ref().and_then(|origins| origins.first());
        if let Some(first) = first.filter(|first| **first != requirement.origin) {
            findings.push(
                Finding::new(Id::TG8002, "this requirement says nothing new")
                    .at(requirement.origin, "said before")
                    .related(*first, "said here")
                    .help("take one of the two out"),
            );
        }
        for part in parts {
            said.entry(part).or_insert(requirement.origin);
        }
    }
}

/// What a requirement is about, each destination with each service.
fn parts_of(requirement: &Requirement) -> Vec<(ElementId<Pool>, String, String)> {
    let mut parts = Vec::new();
    for destination in &requirement.destinations {
        for service in &requirement.services {
            let to = destination.value.to_string().to_ascii_lowercase();
            parts.push((requirement.pool, to, service.value.to_string()));
        }
    }
    parts
}
