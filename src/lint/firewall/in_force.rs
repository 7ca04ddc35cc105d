//! Settings as they are in force: one's own together with those of the policies above.

use crate::azure::rule_sets::{Owner, RuleSet, rule_sets, with_those_above};
use crate::estate::{Estate, FirewallPolicy, Id};
use crate::lint::common::written::is_all_known;

/// The rule sets that firewalls use, or may: not those of policies that only stand above others.
pub(super) fn used_sets(estate: &Estate) -> impl Iterator<Item = RuleSet<'_>> {
    rule_sets(estate).into_iter().filter(|set| match set.owner {
        Owner::Firewall(_) => true,
        Owner::Policy(id) => is_attached(estate, id) || !is_parent(estate, id),
    })
}

fn is_attached(estate: &Estate, id: Id<FirewallPolicy>) -> bool {
    let mut firewalls = estate.firewalls.iter();
    firewalls.any(|(_, firewall)| firewall.policy.as_ref().is_some_and(|it| it.id == Some(id)))
}

fn is_parent(estate: &Estate, id: Id<FirewallPolicy>) -> bool {
    let mut policies = estate.firewall_policies.iter();
    policies.any(|(_, policy)| policy.parent.as_ref().is_some_and(|it| it.id == Some(id)))
}

/// A set and those above it, when all of them are known: a resource that exists may have settings that the input does
/// not show, and so may a parent that is not in it.
pub(super) fn all_known<'a>(estate: &'a Estate, set: &RuleSet<'a>) -> Option<Vec<RuleSet<'a>>> {
    let sets = with_those_above(estate, set);
    let existing = sets.iter().any(|set| set.meta.home.is_existing());
    let known = !existing && is_all_known(estate, set);
    known.then_some(sets)
}
