//! The rules: what is wrong, or will be, with an estate and what is wanted of it.
//!
//! One file per subject: the documentation, the id and the check of its rule, or of two that go together. A rule reads the estate, the intent and Azure's facts,
//! and nothing else; what it cannot know it stays silent about. Only what is provably wrong or refused by Azure is an
//! error.

mod suppress;

use crate::azure::facts::Facts;
use crate::base::Date;
use crate::diag::{Finding, Id};
use crate::estate::Estate;
use crate::intent::Intent;

/// What rules look at.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// What is there, with what compiling added.
    pub estate: &'a Estate,
    /// What is wanted.
    pub intent: &'a Intent,
    /// What is known about Azure.
    pub facts: &'a Facts,
    /// The day on which expiry is judged.
    pub today: Date,
}

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// Its id.
    pub id: Id,
    /// Its documentation in Markdown: what it checks, why, an example, Azure's own error where there is one, sources.
    pub doc: &'static str,
    check: fn(&Context<'_>, &mut Vec<Finding>),
}

/// Declares a rule from its documentation, its id and its check; the constant is named after the id.
macro_rules! rule {
    ($(#[doc = $doc:literal])* $id:ident, $check:ident) => {
        $(#[doc = $doc])*
        pub(super) const $id: crate::lint::Rule = crate::lint::Rule {
            id: crate::diag::Id::$id,
            doc: concat!($($doc, "\n",)*),
            check: $check,
        };
    };
}

mod default_route;
mod edit;
mod expiry;
mod firewall_subnet;
mod network_permissions;
mod overlap;
mod subnet_space;
#[cfg(test)]
mod testing;

/// All rules, by id.
pub const RULES: &[Rule] = &[
    default_route::TG1001,
    overlap::TG1002,
    subnet_space::TG1004,
    firewall_subnet::TG2001,
    network_permissions::TG6001,
    network_permissions::TG6002,
    expiry::TG7001,
    expiry::TG7002,
];

/// Runs every rule, on top of findings made before, and applies what the policy ignores.
///
/// The result is in the order of the places it speaks of.
#[must_use]
pub fn lint(context: &Context<'_>, mut findings: Vec<Finding>) -> Vec<Finding> {
    for rule in RULES {
        (rule.check)(context, &mut findings);
    }
    suppress::apply(&context.intent.ignores, context.today, &mut findings);
    crate::diag::sort(&mut findings);
    findings
}
