//! The order in which a firewall asks its rules: by kind, then parents before children, then groups, collections and
//! rules by priority and place (MicrosoftDocs/azure-docs, articles/firewall/rule-processing.md).

use crate::base::Origin;
use crate::estate::{
    Action, ApplicationRule, Estate, Firewall, Id, NatRule, NetworkRule, RuleInfo, Rules,
};

use super::super::flow::{Element, RulePlace, Site};
use super::super::rule_sets::{Owner, RuleSet, of_firewall};

/// A rule with its place in the order.
#[derive(Debug, Clone, Copy)]
pub struct Placed<'a, R> {
    /// The rule.
    pub rule: &'a R,
    /// What its collection does.
    pub action: Action,
    /// Where it is.
    pub place: RulePlace,
}

/// The rules of a firewall in the order in which they are asked.
#[derive(Debug, Default)]
pub struct FirewallOrder<'a> {
    /// DNAT rules.
    pub nat: Vec<Placed<'a, NatRule>>,
    /// Network rules.
    pub network: Vec<Placed<'a, NetworkRule>>,
    /// Application rules.
    pub application: Vec<Placed<'a, ApplicationRule>>,
}

impl<'a> FirewallOrder<'a> {
    /// The order of a firewall's rules.
    pub(in crate::azure) fn of(estate: &'a Estate, firewall: Id<Firewall>) -> Self {
        Self::of_sets(&of_firewall(estate, firewall))
    }

    /// The order of the rules of a policy and those above it, its own set first.
    #[must_use]
    pub fn of_sets(sets: &[RuleSet<'a>]) -> Self {
        let mut order = Self::default();
        // A policy comes after the policies above it.
        for set in sets.iter().rev() {
            order.add(set);
        }
        order
    }

    fn add(&mut self, set: &RuleSet<'a>) {
        let mut groups: Vec<(u32, usize)> = match set.owner {
            Owner::Firewall(_) => vec![(0, 0)],
            Owner::Policy(_) => {
                let groups = set.groups().iter().enumerate();
                groups
                    .map(|(index, group)| (group.priority.value, index))
                    .collect()
            }
        };
        groups.sort_unstable();
        let by_group: Vec<_> = set.collections_by_group().collect();
        for (_, group) in groups {
            let collections = by_group.get(group).copied().unwrap_or_default();
            let mut indexes: Vec<(u32, usize)> = collections
                .iter()
                .enumerate()
                .map(|(index, collection)| (collection.priority.value, index))
                .collect();
            indexes.sort_unstable();
            for (_, index) in indexes {
                let Some(collection) = collections.get(index) else {
                    continue;
                };
                let place = |rule| RulePlace {
                    owner: set.owner,
                    group,
                    collection: index,
                    rule,
                };
                let action = collection.action;
                match &collection.rules {
                    Rules::Nat(rules) => {
                        let placed = rules.iter().enumerate().map(|(at, rule)| Placed {
                            rule,
                            action,
                            place: place(at),
                        });
                        self.nat.extend(placed);
                    }
                    Rules::Network(rules) => {
                        let placed = rules.iter().enumerate().map(|(at, rule)| Placed {
                            rule,
                            action,
                            place: place(at),
                        });
                        self.network.extend(placed);
                    }
                    Rules::Application(rules) => {
                        let placed = rules.iter().enumerate().map(|(at, rule)| Placed {
                            rule,
                            action,
                            place: place(at),
                        });
                        self.application.extend(placed);
                    }
                }
            }
        }
    }
}

/// A firewall rule as an element: its name, with group and collection, and whose it is.
pub(in crate::azure) fn rule_element(
    estate: &Estate,
    info: &RuleInfo,
    place: RulePlace,
) -> Element {
    let (owner, path) = match place.owner {
        Owner::Policy(id) => {
            let policy = &estate.firewall_policies[id];
            let group = policy.groups.get(place.group);
            let collection = group.and_then(|group| group.collections.get(place.collection));
            let group = group.map_or("", |group| group.name.as_str());
            let collection = collection.map_or("", |collection| collection.name.as_str());
            (
                format!("policy `{}`", policy.meta.name),
                format!("{group}/{collection}/{}", info.name),
            )
        }
        Owner::Firewall(id) => {
            let firewall = &estate.firewalls[id];
            let collection = firewall.collections.get(place.collection);
            let collection = collection.map_or("", |collection| collection.name.as_str());
            (
                format!("firewall `{}`", firewall.meta.name),
                format!("{collection}/{}", info.name),
            )
        }
    };
    Element {
        name: format!("rule `{path}` of {owner}"),
        origin: info.origin,
        site: Site::FirewallRule(place),
    }
}

/// What a firewall takes its rules from, as an element: its policy, or itself.
pub(in crate::azure) fn owner_element(estate: &Estate, firewall: Id<Firewall>) -> Element {
    let resource = &estate.firewalls[firewall];
    match &resource.policy {
        Some(policy) => {
            let (name, origin) = policy.id.map_or((&policy.name, policy.origin), |id| {
                let meta = &estate.firewall_policies[id].meta;
                (&meta.name, meta.origin)
            });
            Element {
                name: format!("firewall policy `{name}`"),
                origin,
                site: policy.id.map_or(Site::Other, Site::FirewallPolicy),
            }
        }
        None => firewall_element(estate, firewall),
    }
}

/// A firewall as an element.
pub(in crate::azure) fn firewall_element(estate: &Estate, firewall: Id<Firewall>) -> Element {
    let meta = &estate.firewalls[firewall].meta;
    Element {
        name: format!("firewall `{}`", meta.name),
        origin: meta.origin,
        site: Site::Firewall(firewall),
    }
}

/// A setting of a firewall or policy, as an element of its owner.
pub(in crate::azure) fn setting_element(
    estate: &Estate,
    owner: Owner,
    what: &str,
    origin: impl Into<Origin>,
) -> Element {
    let (name, site) = match owner {
        Owner::Policy(id) => (
            format!(
                "firewall policy `{}`",
                estate.firewall_policies[id].meta.name
            ),
            Site::FirewallPolicy(id),
        ),
        Owner::Firewall(id) => (
            format!("firewall `{}`", estate.firewalls[id].meta.name),
            Site::Firewall(id),
        ),
    };
    Element {
        name: format!("{what} of {name}"),
        origin: origin.into(),
        site,
    }
}
