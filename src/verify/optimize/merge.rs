//! Rules that differ in one list only, as one rule.

use rustc_hash::FxHashMap;

use crate::estate::{ApplicationRule, Endpoint, NetworkRule, SecurityRule};
use crate::net::Destination;

use super::lists::{key, shorten_endpoints, shorten_ports};

/// How many lists a rule has: sources, destinations, and two that say over what.
const LISTS: usize = 4;

/// A rule that matches whatever is in each of its lists.
pub(super) trait Listed: Clone {
    /// What is no list, as a text.
    fn rest(&self) -> String;

    /// Its lists, each as texts.
    fn lists(&self) -> [Vec<String>; LISTS];

    /// Sources and destinations.
    fn ends(&self) -> [&[Endpoint]; 2];

    /// Whether a list may have the entries of two rules.
    fn may_join(&self, other: &Self, list: usize) -> bool;

    /// Takes the entries of another rule into a list.
    fn join(&mut self, other: &Self, list: usize);

    /// Says the same with fewer entries.
    fn shorten(&mut self);

    /// Whether it is known whom the rule names. Of what is not known two that look the same may be different things.
    fn is_known(&self) -> bool {
        self.ends().concat().iter().all(|end| match end {
            Endpoint::Plain(destination) => !matches!(destination, Destination::Open(_)),
            Endpoint::IpGroup(group) => group.id.is_some(),
            Endpoint::SecurityGroup(group) => group.id.is_some(),
        })
    }

    /// How many entries its lists have.
    fn entries(&self) -> usize {
        self.lists().iter().map(Vec::len).sum()
    }
}

/// Two rules become one: the second goes into the first, both by their places.
pub(super) struct Joined {
    pub(super) from: usize,
    pub(super) into: usize,
}

/// Joins rules that are alike in all but one list. Whether a rule may go to the place of an earlier one is asked.
pub(super) fn join<R: Listed>(
    rules: &mut [R],
    list: usize,
    mut may_move: impl FnMut(usize, usize) -> bool,
) -> Vec<Joined> {
    let mut first: FxHashMap<String, usize> = FxHashMap::default();
    let mut joined = Vec::new();
    let keys: Vec<String> = rules.iter().map(|rule| all_but(rule, list)).collect();
    for (at, key) in keys.into_iter().enumerate() {
        let target = first.get(&key).copied();
        let fits = target.filter(|into| {
            let pair = rules.get(*into).zip(rules.get(at));
            pair.is_some_and(|(one, other)| {
                one.is_known() && other.is_known() && one.may_join(other, list)
            }) && may_move(at, *into)
        });
        let Some(into) = fits else {
            first.insert(key, at);
            continue;
        };
        let taken = rules.get(at).cloned();
        if let (Some(rule), Some(taken)) = (rules.get_mut(into), taken) {
            rule.join(&taken, list);
            joined.push(Joined { from: at, into });
        }
    }
    let mut grown: Vec<usize> = joined.iter().map(|pair| pair.into).collect();
    grown.sort_unstable();
    grown.dedup();
    for at in grown {
        if let Some(rule) = rules.get_mut(at) {
            rule.shorten();
        }
    }
    joined
}

/// The places of all lists.
pub(super) fn every_list() -> std::ops::Range<usize> {
    0..LISTS
}

/// A rule as a text, without one list.
fn all_but(rule: &impl Listed, list: usize) -> String {
    let mut text = rule.rest();
    for (at, mut entries) in rule.lists().into_iter().enumerate() {
        text.push('|');
        if at != list {
            entries.sort_unstable();
            text.push_str(&entries.join(","));
        }
    }
    text
}

fn keys(endpoints: &[Endpoint]) -> Vec<String> {
    endpoints.iter().map(key).collect()
}

fn texts<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

/// What Azure keeps in one property of a rule, so that a list may hold several.
#[derive(PartialEq)]
enum Kind {
    Addresses,
    Names,
    FqdnTags,
    IpGroups,
}

/// The one kind that all endpoints have.
fn kind<'e>(endpoints: impl IntoIterator<Item = &'e Endpoint>) -> Option<Kind> {
    let mut kinds = endpoints.into_iter().map(|endpoint| match endpoint {
        Endpoint::Plain(Destination::Prefix(_) | Destination::Range(_)) => Some(Kind::Addresses),
        Endpoint::Plain(Destination::Fqdn(_)) => Some(Kind::Names),
        Endpoint::Plain(Destination::FqdnTag(_)) => Some(Kind::FqdnTags),
        Endpoint::IpGroup(_) => Some(Kind::IpGroups),
        _ => None,
    });
    let first = kinds.next()??;
    kinds
        .all(|kind| kind.as_ref() == Some(&first))
        .then_some(first)
}

fn are_of(one: &[Endpoint], other: &[Endpoint], fits: &[Kind]) -> bool {
    kind(one.iter().chain(other)).is_some_and(|kind| fits.contains(&kind))
}

/// Whether neither list is empty, which would mean all or nothing.
fn are_several<T>(one: &[T], other: &[T]) -> bool {
    !one.is_empty() && !other.is_empty()
}

impl Listed for SecurityRule {
    fn ends(&self) -> [&[Endpoint]; 2] {
        [&self.sources, &self.destinations]
    }

    fn rest(&self) -> String {
        format!("{:?} {:?}", self.access, self.transport)
    }

    fn lists(&self) -> [Vec<String>; LISTS] {
        [
            keys(&self.sources),
            keys(&self.destinations),
            texts(&self.source_ports),
            texts(&self.destination_ports),
        ]
    }

    fn may_join(&self, other: &Self, list: usize) -> bool {
        match list {
            // A rule takes one tag, and groups only where nothing else is.
            0 => are_of(&self.sources, &other.sources, &[Kind::Addresses]),
            1 => are_of(&self.destinations, &other.destinations, &[Kind::Addresses]),
            2 => are_several(&self.source_ports, &other.source_ports) && self.transport.has_ports(),
            _ => {
                let ports = (&self.destination_ports, &other.destination_ports);
                are_several(ports.0, ports.1) && self.transport.has_ports()
            }
        }
    }

    fn join(&mut self, other: &Self, list: usize) {
        match list {
            0 => self.sources.extend_from_slice(&other.sources),
            1 => self.destinations.extend_from_slice(&other.destinations),
            2 => self.source_ports.extend_from_slice(&other.source_ports),
            _ => self
                .destination_ports
                .extend_from_slice(&other.destination_ports),
        }
    }

    fn shorten(&mut self) {
        shorten_endpoints(&mut self.sources);
        shorten_endpoints(&mut self.destinations);
        shorten_ports(&mut self.source_ports);
        shorten_ports(&mut self.destination_ports);
    }
}

impl Listed for NetworkRule {
    fn ends(&self) -> [&[Endpoint]; 2] {
        [&self.sources, &self.destinations]
    }

    fn rest(&self) -> String {
        String::new()
    }

    fn lists(&self) -> [Vec<String>; LISTS] {
        let transports = self.transports.iter();
        [
            keys(&self.sources),
            keys(&self.destinations),
            transports.map(|it| it.keyword().to_owned()).collect(),
            texts(&self.ports),
        ]
    }

    fn may_join(&self, other: &Self, list: usize) -> bool {
        let kinds = [Kind::Addresses, Kind::Names, Kind::IpGroups];
        match list {
            0 => are_of(&self.sources, &other.sources, &kinds),
            1 => are_of(&self.destinations, &other.destinations, &kinds),
            2 => are_several(&self.transports, &other.transports),
            _ => are_several(&self.ports, &other.ports),
        }
    }

    fn join(&mut self, other: &Self, list: usize) {
        match list {
            0 => self.sources.extend_from_slice(&other.sources),
            1 => self.destinations.extend_from_slice(&other.destinations),
            2 => self.transports.extend_from_slice(&other.transports),
            _ => self.ports.extend_from_slice(&other.ports),
        }
    }

    fn shorten(&mut self) {
        shorten_endpoints(&mut self.sources);
        shorten_endpoints(&mut self.destinations);
        shorten_ports(&mut self.ports);
        let mut seen = Vec::new();
        self.transports.retain(|transport| {
            let is_new = !seen.contains(transport);
            seen.push(*transport);
            is_new
        });
    }
}

impl Listed for ApplicationRule {
    fn ends(&self) -> [&[Endpoint]; 2] {
        [&self.sources, &self.destinations]
    }

    fn rest(&self) -> String {
        self.terminate_tls.is_some().to_string()
    }

    fn lists(&self) -> [Vec<String>; LISTS] {
        let protocols = self.protocols.iter();
        let categories = self.web_categories.iter();
        [
            keys(&self.sources),
            // Names and categories are one list: a rule matches what is in either.
            keys(&self.destinations)
                .into_iter()
                .chain(categories.map(|it| format!("category {}", it.value)))
                .collect(),
            protocols
                .map(|(protocol, port)| format!("{protocol:?}:{port}"))
                .collect(),
            Vec::new(),
        ]
    }

    fn may_join(&self, other: &Self, list: usize) -> bool {
        let categories = self.web_categories.len() + other.web_categories.len();
        match list {
            0 => are_of(
                &self.sources,
                &other.sources,
                &[Kind::Addresses, Kind::IpGroups],
            ),
            1 => {
                let kinds = [Kind::Names, Kind::FqdnTags];
                categories == 0 && are_of(&self.destinations, &other.destinations, &kinds)
            }
            _ => are_several(&self.protocols, &other.protocols),
        }
    }

    fn join(&mut self, other: &Self, list: usize) {
        match list {
            0 => self.sources.extend_from_slice(&other.sources),
            1 => self.destinations.extend_from_slice(&other.destinations),
            _ => self.protocols.extend_from_slice(&other.protocols),
        }
    }

    fn shorten(&mut self) {
        shorten_endpoints(&mut self.sources);
        shorten_endpoints(&mut self.destinations);
        let mut seen = Vec::new();
        self.protocols.retain(|protocol| {
            let is_new = !seen.contains(protocol);
            seen.push(*protocol);
            is_new
        });
    }
}
