//! Doubts about a catalog that loads: what its schema allows and its writer hardly meant.
//!
//! These are no rules: they look at a catalog alone, and at what is known about Azure.

mod expressible;
mod names;
mod repeated;
mod sources;
mod unused;

use crate::azure::facts::Facts;
use crate::diag::{self, Finding, Id};
use crate::intent::catalog::{Catalog, Endpoint, Form, Library, Template};

/// What a catalog is looked at for, in order: that it loads, and these doubts.
pub const CATALOG_IDS: &[Id] = &[
    Id::TG0016,
    Id::TG0019,
    Id::TG0050,
    Id::TG0051,
    Id::TG0052,
    Id::TG0053,
    Id::TG0054,
    Id::TG3003,
    Id::TG3004,
];

/// What is doubtful about a catalog of the library, in the order of its places.
#[must_use]
pub fn lint_catalog(catalog: &Catalog, library: &Library, facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    unused::check(catalog, &mut findings);
    repeated::check(catalog, &mut findings);
    expressible::check(catalog, facts, &mut findings);
    names::check(catalog, library, facts, &mut findings);
    sources::check(catalog, &mut findings);
    diag::sort(&mut findings);
    findings
}

/// All forms of an endpoint, its own first.
fn forms(endpoint: &Endpoint) -> impl Iterator<Item = &Form> {
    let alternatives = endpoint.alternatives.iter();
    std::iter::once(&endpoint.form).chain(alternatives.map(|alternative| &alternative.form))
}

/// Every destination of an endpoint that is written somewhere.
fn destinations(endpoint: &Endpoint) -> impl Iterator<Item = &Template> {
    let fallback = endpoint
        .fallback
        .iter()
        .flat_map(|fallback| &fallback.fqdns);
    forms(endpoint)
        .flat_map(|form| &form.destinations)
        .chain(fallback)
}

#[cfg(test)]
mod tests;
