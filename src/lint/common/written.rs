//! Rules that somebody wrote, as against rules that were compiled from requirements.

use rustc_hash::FxHashSet;

use crate::azure::rule_sets::{PlacedRule, RuleSet, rule_sets};
use crate::base::Origin;
use crate::estate::{Action, ApplicationRule, NetworkRule, RuleInfo};
use crate::lint::Context;

/// Tells what somebody wrote from what was compiled. What is wrong with a compiled rule is wrong with its requirement.
#[derive(Debug)]
pub(in crate::lint) struct Written(FxHashSet<Origin>);

impl Written {
    /// What the intent of a context explains is compiled.
    pub(in crate::lint) fn of(context: &Context<'_>) -> Self {
        Self(context.compiled_origins())
    }

    /// Whether somebody wrote the rule.
    pub(in crate::lint) fn has(&self, info: &RuleInfo) -> bool {
        info.origin.span().is_some() && !self.0.contains(&info.origin)
    }
}

/// The network rules that somebody wrote and that let through.
pub(in crate::lint) fn allowing_network_rules<'a>(
    context: &Context<'a>,
) -> impl Iterator<Item = (RuleSet<'a>, &'a NetworkRule)> {
    let written = Written::of(context);
    let sets = rule_sets(context.estate).into_iter();
    sets.flat_map(|set| set.network_rules().map(move |placed| (set, placed)))
        .filter(move |(_, placed)| allows(placed) && written.has(&placed.rule.info))
        .map(|(set, placed)| (set, placed.rule))
}

/// The application rules that somebody wrote and that let through.
pub(in crate::lint) fn allowing_application_rules<'a>(
    context: &Context<'a>,
) -> impl Iterator<Item = (RuleSet<'a>, &'a ApplicationRule)> {
    let written = Written::of(context);
    let sets = rule_sets(context.estate).into_iter();
    sets.flat_map(|set| set.application_rules().map(move |placed| (set, placed)))
        .filter(move |(_, placed)| allows(placed) && written.has(&placed.rule.info))
        .map(|(set, placed)| (set, placed.rule))
}

fn allows<R>(placed: &PlacedRule<'_, R>) -> bool {
    placed.collection.action == Action::Allow
}
