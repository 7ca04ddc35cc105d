//! Which rules and settings a firewall has: those of its policy and the policies above it, or its own
//! (MicrosoftDocs/azure-docs, articles/firewall-manager/policy-overview.md and articles/firewall/rule-processing.md).

use crate::base::Spanned;
use crate::estate::{
    ApplicationRule, Estate, Firewall, FirewallPolicy, FirewallSettings, Id, Meta, NatRule,
    NetworkRule, RuleCollection, RuleCollectionGroup, Rules, Tier,
};

/// Whose the rules are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// Those of a firewall without a policy.
    Firewall(Id<Firewall>),
    /// Those of a policy.
    Policy(Id<FirewallPolicy>),
}

/// The rules of one owner, with the settings they are read under.
#[derive(Debug, Clone, Copy)]
pub struct RuleSet<'a> {
    /// Whose they are.
    pub owner: Owner,
    /// Name and place of the owner.
    pub meta: &'a Meta,
    /// Its tier.
    pub tier: Spanned<Tier>,
    /// Its settings.
    pub settings: &'a FirewallSettings,
    groups: &'a [RuleCollectionGroup],
    classic: &'a [RuleCollection],
}

/// A rule with where it is.
#[derive(Debug, Clone, Copy)]
pub struct PlacedRule<'a, R> {
    /// The collection it is in.
    pub collection: &'a RuleCollection,
    /// The rule.
    pub rule: &'a R,
}

impl<'a> RuleSet<'a> {
    /// The rules of a policy.
    #[must_use]
    pub fn of_policy(estate: &'a Estate, id: Id<FirewallPolicy>) -> Self {
        let policy = &estate.firewall_policies[id];
        Self {
            owner: Owner::Policy(id),
            meta: &policy.meta,
            tier: policy.tier,
            settings: &policy.settings,
            groups: &policy.groups,
            classic: &[],
        }
    }

    /// The rules written on a firewall itself.
    #[must_use]
    pub fn of_firewall(estate: &'a Estate, id: Id<Firewall>) -> Self {
        let firewall = &estate.firewalls[id];
        Self {
            owner: Owner::Firewall(id),
            meta: &firewall.meta,
            tier: firewall.tier,
            settings: &firewall.settings,
            groups: &[],
            classic: &firewall.collections,
        }
    }

    /// The groups of a policy; none on a firewall.
    #[must_use]
    pub fn groups(&self) -> &'a [RuleCollectionGroup] {
        self.groups
    }

    /// The collections of each group; those of a firewall itself together.
    pub fn collections_by_group(&self) -> impl Iterator<Item = &'a [RuleCollection]> + use<'a> {
        let groups = self.groups.iter().map(|group| group.collections.as_slice());
        groups.chain(std::iter::once(self.classic))
    }

    /// All collections.
    pub fn collections(&self) -> impl Iterator<Item = &'a RuleCollection> + use<'a> {
        self.collections_by_group().flatten()
    }

    /// All network rules.
    pub fn network_rules(&self) -> impl Iterator<Item = PlacedRule<'a, NetworkRule>> + use<'a> {
        self.collections().flat_map(|collection| {
            let rules = match &collection.rules {
                Rules::Network(rules) => rules.as_slice(),
                Rules::Application(_) | Rules::Nat(_) => &[],
            };
            rules
                .iter()
                .map(move |rule| PlacedRule { collection, rule })
        })
    }

    /// All application rules.
    pub fn application_rules(
        &self,
    ) -> impl Iterator<Item = PlacedRule<'a, ApplicationRule>> + use<'a> {
        self.collections().flat_map(|collection| {
            let rules = match &collection.rules {
                Rules::Application(rules) => rules.as_slice(),
                Rules::Network(_) | Rules::Nat(_) => &[],
            };
            rules
                .iter()
                .map(move |rule| PlacedRule { collection, rule })
        })
    }

    /// All DNAT rules.
    pub fn nat_rules(&self) -> impl Iterator<Item = PlacedRule<'a, NatRule>> + use<'a> {
        self.collections().flat_map(|collection| {
            let rules = match &collection.rules {
                Rules::Nat(rules) => rules.as_slice(),
                Rules::Network(_) | Rules::Application(_) => &[],
            };
            rules
                .iter()
                .map(move |rule| PlacedRule { collection, rule })
        })
    }
}

/// The rules of every policy, and of every firewall that has none.
#[must_use]
pub fn rule_sets(estate: &Estate) -> Vec<RuleSet<'_>> {
    let policies = estate.firewall_policies.ids();
    let firewalls = estate.firewalls.iter();
    let classic = firewalls.filter(|(_, firewall)| firewall.policy.is_none());
    policies
        .map(|id| RuleSet::of_policy(estate, id))
        .chain(classic.map(|(id, _)| RuleSet::of_firewall(estate, id)))
        .collect()
}

/// The rules of a policy and of the policies above it, its own first. A circle of parents is entered once.
#[must_use]
pub fn with_parents(estate: &Estate, id: Id<FirewallPolicy>) -> Vec<RuleSet<'_>> {
    let mut sets: Vec<RuleSet<'_>> = Vec::new();
    let mut next = Some(id);
    while let Some(id) = next {
        if sets.iter().any(|set| set.owner == Owner::Policy(id)) {
            break;
        }
        sets.push(RuleSet::of_policy(estate, id));
        next = estate.firewall_policies[id]
            .parent
            .as_ref()
            .and_then(|parent| parent.id);
    }
    sets
}

/// All rules that a firewall applies. Empty when it has a policy that is not known.
#[must_use]
pub fn of_firewall(estate: &Estate, id: Id<Firewall>) -> Vec<RuleSet<'_>> {
    match &estate.firewalls[id].policy {
        Some(policy) => policy
            .id
            .map_or_else(Vec::new, |policy| with_parents(estate, policy)),
        None => vec![RuleSet::of_firewall(estate, id)],
    }
}

/// Whether the DNS proxy is on for rules of this set: its own setting, or that of a policy above it
/// (MicrosoftDocs/azure-docs, articles/firewall/dns-settings.md).
#[must_use]
pub fn proxies_dns(estate: &Estate, set: &RuleSet<'_>) -> bool {
    let above = with_those_above(estate, set);
    above.iter().any(|set| set.settings.proxies_dns())
}

/// Whether network rules of this set may name domains, by its own settings or those of a policy above it.
#[must_use]
pub fn takes_names(estate: &Estate, set: &RuleSet<'_>) -> bool {
    let above = with_those_above(estate, set);
    above.iter().any(|set| set.settings.takes_names())
}

/// The rules of this set and of the policies above it, its own first.
#[must_use]
pub fn with_those_above<'a>(estate: &'a Estate, set: &RuleSet<'a>) -> Vec<RuleSet<'a>> {
    match set.owner {
        Owner::Policy(id) => with_parents(estate, id),
        Owner::Firewall(_) => vec![*set],
    }
}
