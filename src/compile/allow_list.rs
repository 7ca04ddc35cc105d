//! What a firewall that is not Azure's has to let through: plain names, addresses and ports.

use std::collections::BTreeSet;

use crate::azure::FqdnTagContents;
use crate::azure::next_hop::Exit;
use crate::diag::{Finding, Id as FindingId};
use crate::estate::{Allowed, ApplianceFilter, Estate, Id, Pool};
use crate::intent::{Intent, Requirement};
use crate::net::{Destination, FqdnTag};

use super::firewall::source_prefixes;
use super::rules::Plan;

/// The entries that requirements need, in the order of the intent.
#[derive(Debug, Default)]
pub struct AllowList {
    /// What is let through.
    pub entries: Vec<Allowed>,
    /// Requirements that cannot be said, by their place in the intent.
    pub left_out: BTreeSet<usize>,
    /// Why not.
    pub findings: Vec<Finding>,
}

/// The allow list for the requirements of some pools, FQDN tags replaced by the names that they are known to hold.
///
/// What waits for a value is left out: it is said once the value is there.
#[must_use]
pub fn allow_list(
    estate: &Estate,
    intent: &Intent,
    contents: &FqdnTagContents,
    wanted: impl Fn(usize, &Requirement) -> bool,
) -> AllowList {
    let mut list = AllowList::default();
    let requirements = intent.requirements.iter().enumerate();
    for (index, requirement) in requirements.filter(|(index, it)| wanted(*index, it)) {
        let mut destinations = Vec::new();
        for destination in &requirement.destinations {
            match &destination.value {
                Destination::Open(_) => {}
                Destination::FqdnTag(tag) => match names_of(contents, tag) {
                    Some(names) => destinations.extend(names),
                    None => {
                        list.left_out.insert(index);
                        list.findings
                            .push(unknown_tag(tag, requirement, destination.span));
                    }
                },
                plain => destinations.push(plain.clone()),
            }
        }
        if destinations.is_empty() {
            continue;
        }
        let sources = source_prefixes(estate, requirement.pool);
        list.entries.push(Allowed {
            name: requirement.name.clone(),
            sources: sources.into_iter().map(|prefix| prefix.value).collect(),
            destinations,
            services: requirement.services.iter().map(|it| it.value).collect(),
            reason: requirement.reason.clone(),
            origin: requirement.origin,
        });
    }
    list
}

fn names_of(contents: &FqdnTagContents, tag: &FqdnTag) -> Option<Vec<Destination>> {
    let mut tags = contents.tags.iter();
    let content = tags.find(|content| {
        let mut names = content.names.iter();
        names.any(|name| name.eq_ignore_ascii_case(tag.as_str()))
    })?;
    let names = content.patterns.iter().cloned().map(Destination::Fqdn);
    Some(names.collect())
}

fn unknown_tag(tag: &FqdnTag, requirement: &Requirement, span: crate::base::Span) -> Finding {
    let message = format!(
        "FQDN tag {tag} means something to Azure Firewall only, and its names are not published"
    );
    Finding::new(FindingId::TG3001, message)
        .at(span, "asked for here")
        .related(requirement.origin, "by this requirement")
        .help("name the hosts themselves; `tidegate catalog list` shows whose are known")
}

/// Fills in what appliances let through whose rules are to be compiled. Gives the requirements that cannot be said.
pub(super) fn add(
    estate: &mut Estate,
    intent: &Intent,
    plan: &Plan,
    contents: &FqdnTagContents,
    findings: &mut Vec<Finding>,
) -> BTreeSet<usize> {
    let mut left_out = BTreeSet::new();
    let compiled = estate.appliances.iter();
    let compiled: Vec<_> = compiled
        .filter(|(_, appliance)| appliance.compiled.is_some())
        .map(|(id, _)| id)
        .collect();
    for appliance in compiled {
        let behind = |pool: Id<Pool>| plan.exit(pool) == Exit::Appliance(appliance);
        let list = allow_list(estate, intent, contents, |index, requirement| {
            behind(requirement.pool) && !plan.stays_inside(index)
        });
        findings.extend(list.findings);
        left_out.extend(list.left_out);
        match &mut estate.appliances[appliance].filter {
            ApplianceFilter::Everything => {}
            ApplianceFilter::Only(allowed) => allowed.extend(list.entries),
            unstated @ ApplianceFilter::Unstated => {
                *unstated = ApplianceFilter::Only(list.entries);
            }
        }
    }
    left_out
}
