//! The rules: what is wrong, or will be, with an estate and what is wanted of it.
//!
//! One file per subject: the documentation, the id and the check of its rule, or of two that go together. A rule reads the estate, the intent and Azure's facts,
//! and nothing else; what it cannot know it stays silent about. Only what is provably wrong or refused by Azure is an
//! error.

mod suppress;

use rustc_hash::FxHashSet;

use crate::azure::facts::Facts;
use crate::base::{Date, Origin};
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

impl Context<'_> {
    /// Where requirements and admissions come from. A rule of the estate that comes from there was compiled; what is
    /// wrong with it is wrong with the requirement, and reported there.
    fn compiled_origins(&self) -> FxHashSet<Origin> {
        let requirements = self.intent.requirements.iter();
        let admissions = self.intent.admissions.iter();
        requirements
            .map(|requirement| requirement.origin)
            .chain(admissions.map(|admission| admission.origin))
            .collect()
    }
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
mod dns_proxy;
mod edit;
mod expiry;
mod firewall_rule;
mod firewall_subnet;
mod firewall_tier;
mod limits;
mod names_in_nsg;
mod network_permissions;
mod next_hop;
mod overlap;
mod security_rule;
mod subnet_space;
mod tag;
#[cfg(test)]
mod testing;
mod unused;

/// All rules, by id.
pub const RULES: &[Rule] = &[
    default_route::TG1001,
    overlap::TG1002,
    next_hop::TG1003,
    subnet_space::TG1004,
    firewall_subnet::TG2001,
    firewall_tier::TG2002,
    dns_proxy::TG3002,
    tag::TG3003,
    tag::TG3004,
    tag::TG3005,
    firewall_rule::TG3006,
    names_in_nsg::TG4001,
    security_rule::TG4002,
    network_permissions::TG6001,
    network_permissions::TG6002,
    expiry::TG7001,
    expiry::TG7002,
    unused::TG8001,
    limits::TG9001,
    limits::TG9002,
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
