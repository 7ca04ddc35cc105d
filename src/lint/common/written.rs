//! Rules that somebody wrote, as against rules that were compiled from requirements.

use rustc_hash::FxHashSet;

use crate::azure::gaps;
use crate::azure::rule_sets::{PlacedRule, RuleSet, rule_sets, with_those_above};
use crate::base::Origin;
use crate::estate::{Action, ApplicationRule, Estate, NetworkRule, RuleInfo};
use crate::lint::Context;

use super::cover::RuleOrder;
use super::ends::{Ends, Services};

/// Tells what somebody wrote from what was compiled. What is wrong with a compiled rule is wrong with its requirement.
#[derive(Debug)]
pub(in crate::lint) struct Written(FxHashSet<Origin>);

impl Written {
    /// What the intent of a context explains is compiled.
    pub(in crate::lint) fn of(context: &Context<'_>) -> Self {
        Self(context.intent.compiled_origins())
    }

    /// Whether somebody wrote the rule.
    pub(in crate::lint) fn has(&self, info: &RuleInfo) -> bool {
        info.origin.span().is_some() && !self.0.contains(&info.origin)
    }
}

/// Whether all rules and settings of a set and of those above it are part of the input.
pub(in crate::lint) fn is_all_known(estate: &Estate, set: &RuleSet<'_>) -> bool {
    gaps::settings(estate, set.owner).is_none() && gaps::rules(estate, set).is_none()
}

/// A rule that lets something through.
#[derive(Debug)]
pub(in crate::lint) struct Allowing<'a, R> {
    /// The rules it is one of.
    pub(in crate::lint) set: RuleSet<'a>,
    /// The rule.
    pub(in crate::lint) rule: &'a R,
    /// Where it leads.
    pub(in crate::lint) destinations: Ends,
    /// Over what.
    pub(in crate::lint) services: Services,
}

/// The network rules that somebody wrote, that let through, that fit, and that no rule before them denies whole.
pub(in crate::lint) fn allowing_network_rules<'a>(
    context: &Context<'a>,
    fits: impl Fn(&Allowing<'a, NetworkRule>) -> bool,
) -> Vec<Allowing<'a, NetworkRule>> {
    let written = Written::of(context);
    let mut found = Vec::new();
    for set in rule_sets(context.estate) {
        let rules = set.network_rules().filter(|placed| allows(placed));
        let rules = rules.filter(|placed| written.has(&placed.rule.info));
        let all = rules.map(|placed| Allowing {
            set,
            rule: placed.rule,
            destinations: Ends::of_addresses(context.estate, &placed.rule.destinations),
            services: Services::of_network(placed.rule),
        });
        let mut fitting: Vec<_> = all.filter(|it| fits(it)).collect();
        if !fitting.is_empty() && denies(context, &set) {
            let order = RuleOrder::network(context.estate, context.facts, &set);
            fitting.retain(|it| !order.is_denied_before(&it.rule.info));
        }
        found.extend(fitting);
    }
    found
}

/// The application rules that somebody wrote, that let through, that fit, and that no rule before them denies whole.
pub(in crate::lint) fn allowing_application_rules<'a>(
    context: &Context<'a>,
    fits: impl Fn(&ApplicationRule) -> bool,
) -> Vec<Allowing<'a, ApplicationRule>> {
    let written = Written::of(context);
    let mut found = Vec::new();
    for set in rule_sets(context.estate) {
        let rules = set.application_rules().filter(|placed| allows(placed));
        let rules = rules.filter(|placed| written.has(&placed.rule.info) && fits(placed.rule));
        let mut fitting: Vec<_> = rules
            .map(|placed| Allowing {
                set,
                rule: placed.rule,
                destinations: Ends::of_names(placed.rule),
                services: Services::of_application(placed.rule),
            })
            .collect();
        if !fitting.is_empty() && denies(context, &set) {
            let order = RuleOrder::application(context.estate, context.facts, &set);
            fitting.retain(|it| !order.is_denied_before(&it.rule.info));
        }
        found.extend(fitting);
    }
    found
}

fn allows<R>(placed: &PlacedRule<'_, R>) -> bool {
    placed.collection.action == Action::Allow
}

/// Whether a set or one above it denies anything.
fn denies(context: &Context<'_>, set: &RuleSet<'_>) -> bool {
    let sets = with_those_above(context.estate, set);
    let mut collections = sets.iter().flat_map(RuleSet::collections);
    collections.any(|collection| collection.action == Action::Deny)
}
