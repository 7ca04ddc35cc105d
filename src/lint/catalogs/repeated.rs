//! TG0051: two entries that ask for the same.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::base::Span;
use crate::diag::{Finding, Id};
use crate::intent::catalog::{Catalog, Endpoint, TemplateKind, When};

/// What a rule would be made of: destination with its kind, service, cloud, condition and direction in words.
type Asked<'c> = (TemplateKind, &'c str, String);

pub(super) fn check(catalog: &Catalog, findings: &mut Vec<Finding>) {
    let mut known: BTreeMap<Asked<'_>, Vec<(&Endpoint, Span)>> = BTreeMap::new();
    for endpoint in &catalog.endpoints {
        let mut told: Vec<&str> = Vec::new();
        for (asked, span) in asked(endpoint) {
            let text = asked.1;
            let before = known.entry(asked).or_default();
            let Some((other, place)) = before.iter().find(|(other, _)| meet(other, endpoint))
            else {
                before.push((endpoint, span));
                continue;
            };
            // An entry that says the same twice has it for several services.
            if other.id == endpoint.id || told.contains(&other.id.as_str()) {
                continue;
            }
            told.push(&other.id);
            let message = format!(
                "`{}` asks for `{text}` as `{}` does: the same services, clouds and condition",
                endpoint.id, other.id
            );
            findings.push(
                Finding::new(Id::TG0051, message)
                    .at(span, "again")
                    .related(*place, "the first time")
                    .help("remove it from one, or give the two different conditions"),
            );
        }
    }
}

/// Whether a pool can need both, by the versions and regions that they are for.
fn meet(one: &Endpoint, other: &Endpoint) -> bool {
    let share = |one: &[SmolStr], other: &[SmolStr]| {
        one.is_empty() || other.is_empty() || one.iter().any(|it| other.contains(it))
    };
    share(&one.versions, &other.versions) && share(&one.regions_listed, &other.regions_listed)
}

/// Everything that an endpoint asks for, one by one, each with the place of its destination.
fn asked(endpoint: &Endpoint) -> Vec<(Asked<'_>, Span)> {
    let condition = condition(&endpoint.when);
    let mut all = Vec::new();
    for destination in &endpoint.form.destinations {
        for service in &endpoint.form.services {
            for cloud in &endpoint.clouds {
                let rest = format!("{service} {cloud} {condition} {}", endpoint.direction);
                let asked = (destination.kind(), destination.text(), rest);
                all.push((asked, destination.span()));
            }
        }
    }
    all
}

/// A condition in which the order of features says nothing.
fn condition(when: &When) -> String {
    let mut when = when.clone();
    for list in [&mut when.all, &mut when.any, &mut when.none] {
        list.sort_unstable();
    }
    when.to_string()
}
