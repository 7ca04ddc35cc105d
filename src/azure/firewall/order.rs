//! The order in which a firewall asks its rules: by kind, then parents before children, then groups, collections and
//! rules by priority and place (MicrosoftDocs/azure-docs, articles/firewall/rule-processing.md).

use rustc_hash::FxHashMap;

use crate::base::Origin;
use crate::estate::{
    Action, ApplicationRule, Endpoint, Estate, Firewall, Id, NatRule, NetworkRule, RuleInfo, Rules,
};
use crate::net::{Destination, Fqdn, FqdnPattern};

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
    candidates: Candidates,
}

/// Which rules a flow may match at all, by what tells most of them apart: their places in the order.
#[derive(Debug, Default)]
struct Candidates {
    /// Network rules by their only port.
    by_port: FxHashMap<u16, Vec<usize>>,
    /// All other network rules.
    other_network: Vec<usize>,
    /// Application rules that name nothing but exact names, by each of them.
    by_name: FxHashMap<Fqdn, Vec<usize>>,
    /// All other application rules.
    other_application: Vec<usize>,
}

impl Candidates {
    fn of(order: &FirewallOrder<'_>) -> Self {
        let mut all = Self::default();
        for (at, placed) in order.network.iter().enumerate() {
            match placed.rule.ports.as_slice() {
                [range] if range.bounds().0 == range.bounds().1 => {
                    all.by_port.entry(range.bounds().0).or_default().push(at);
                }
                _ => all.other_network.push(at),
            }
        }
        for (at, placed) in order.application.iter().enumerate() {
            let rule = placed.rule;
            let names = rule.destinations.iter().map(|endpoint| match endpoint {
                Endpoint::Plain(Destination::Fqdn(FqdnPattern::Exact(name))) => Some(name),
                _ => None,
            });
            let names: Option<Vec<&Fqdn>> = names.collect();
            match names.filter(|_| rule.web_categories.is_empty()) {
                Some(names) => {
                    for name in names {
                        let known = all.by_name.entry(name.clone()).or_default();
                        known.push(at);
                    }
                }
                None => all.other_application.push(at),
            }
        }
        all
    }
}

/// Two lists of places as one, in order.
fn merged(one: &[usize], other: &[usize]) -> Vec<usize> {
    let mut places = [one, other].concat();
    places.sort_unstable();
    places.dedup();
    places
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
        order.candidates = Candidates::of(&order);
        order
    }

    /// The network rules that a flow to a port may match, in order; all of them for one without ports.
    pub(super) fn network_for(&self, port: Option<u16>) -> Vec<&Placed<'a, NetworkRule>> {
        let Some(port) = port else {
            return self.network.iter().collect();
        };
        let own = self
            .candidates
            .by_port
            .get(&port)
            .map_or(&[][..], Vec::as_slice);
        let places = merged(own, &self.candidates.other_network).into_iter();
        places.filter_map(|at| self.network.get(at)).collect()
    }

    /// The application rules that a name may match, in order.
    pub(super) fn application_for(&self, name: &Fqdn) -> Vec<&Placed<'a, ApplicationRule>> {
        let own = self
            .candidates
            .by_name
            .get(name)
            .map_or(&[][..], Vec::as_slice);
        let places = merged(own, &self.candidates.other_application).into_iter();
        places.filter_map(|at| self.application.get(at)).collect()
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
