//! Which rules of one kind cover which, in the order in which a firewall asks them.
//!
//! Equal ends and equal services get one number each, so a rule is three numbers. What covers a number is looked up by
//! one of its parts: an address block, a tag, a name. The time is that of a few look-ups for each rule, whatever the
//! number of rules.

use std::hash::Hash;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::azure::facts::Facts;
use crate::azure::rule_sets::{Owner, RuleSet, with_those_above};
use crate::azure::{FirewallOrder, Placed};
use crate::estate::{Action, ApplicationRule, Estate, NatRule, NetworkRule, RuleInfo};
use crate::net::{AppProtocol, FqdnPattern};

use super::ends::{Ends, Services};
use super::range_set::{Block, RangeSet};

/// More combinations than this are not looked at for one rule; what is then missed is not reported.
const MOST_COMBINATIONS: usize = 4096;

/// A rule as it is asked.
#[derive(Debug)]
pub(in crate::lint) struct Asked<'a> {
    /// Name and place.
    pub(in crate::lint) info: &'a RuleInfo,
    /// What its collection does.
    pub(in crate::lint) action: Action,
    /// Whose it is.
    pub(in crate::lint) owner: Owner,
    /// The firewall opens TLS for it.
    pub(in crate::lint) inspects: bool,
    shape: Shape,
}

/// The network rules of the set that was asked for last, so that rules of one set share the work.
#[derive(Debug, Default)]
pub(in crate::lint) struct LastOrder<'a>(Option<(Owner, RuleOrder<'a>)>);

impl<'a> LastOrder<'a> {
    /// The network rules of a set and of the policies above it.
    pub(in crate::lint) fn of(
        &mut self,
        estate: &'a Estate,
        facts: &'a Facts,
        set: &RuleSet<'a>,
    ) -> &RuleOrder<'a> {
        let last = self.0.take().filter(|(owner, _)| *owner == set.owner);
        let last = last.unwrap_or_else(|| (set.owner, RuleOrder::network(estate, facts, set)));
        &self.0.insert(last).1
    }
}

/// Sources, destinations and services by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Shape {
    sources: u32,
    destinations: u32,
    services: u32,
}

/// All rules of one kind that a firewall asks, in order.
#[derive(Debug)]
pub(in crate::lint) struct RuleOrder<'a> {
    facts: &'a Facts,
    rules: Vec<Asked<'a>>,
    sources: Numbers<Ends>,
    destinations: Numbers<Ends>,
    services: Numbers<Services>,
    by_shape: FxHashMap<Shape, Vec<usize>>,
    by_info: FxHashMap<usize, usize>,
}

impl<'a> RuleOrder<'a> {
    fn new(facts: &'a Facts) -> Self {
        Self {
            facts,
            rules: Vec::new(),
            sources: Numbers::default(),
            destinations: Numbers::default(),
            services: Numbers::default(),
            by_shape: FxHashMap::default(),
            by_info: FxHashMap::default(),
        }
    }

    /// The network rules of a set and of the policies above it.
    pub(in crate::lint) fn network(
        estate: &'a Estate,
        facts: &'a Facts,
        set: &RuleSet<'a>,
    ) -> Self {
        let mut order = Self::new(facts);
        let all = FirewallOrder::of_sets(&with_those_above(estate, set));
        for placed in all.network {
            let rule: &NetworkRule = placed.rule;
            let sources = Ends::of_addresses(estate, &rule.sources);
            let destinations = Ends::of_addresses(estate, &rule.destinations);
            let services = Services::of_network(rule);
            order.add(&placed, &rule.info, sources, destinations, services);
        }
        order
    }

    /// The application rules of a set and of the policies above it.
    pub(in crate::lint) fn application(
        estate: &'a Estate,
        facts: &'a Facts,
        set: &RuleSet<'a>,
    ) -> Self {
        let mut order = Self::new(facts);
        let all = FirewallOrder::of_sets(&with_those_above(estate, set));
        for placed in all.application {
            let rule: &ApplicationRule = placed.rule;
            let sources = Ends::of_addresses(estate, &rule.sources);
            let services = Services::of_application(rule);
            order.add(&placed, &rule.info, sources, Ends::of_names(rule), services);
            if let Some(added) = order.rules.last_mut() {
                added.inspects = rule.terminate_tls.is_some();
            }
        }
        order
    }

    /// The DNAT rules of a set alone: whether those above it are inherited is in doubt.
    pub(in crate::lint) fn nat(estate: &'a Estate, facts: &'a Facts, set: &RuleSet<'a>) -> Self {
        let mut order = Self::new(facts);
        for placed in FirewallOrder::of_sets(&[*set]).nat {
            let rule: &NatRule = placed.rule;
            let sources = Ends::of_addresses(estate, &rule.sources);
            let destinations = Ends::of_addresses(estate, &rule.destinations);
            let services = Services::of_nat(rule);
            order.add(&placed, &rule.info, sources, destinations, services);
        }
        order
    }

    fn add<R>(
        &mut self,
        placed: &Placed<'a, R>,
        info: &'a RuleInfo,
        sources: Ends,
        destinations: Ends,
        services: Services,
    ) {
        let shape = Shape {
            sources: self.sources.number(sources),
            destinations: self.destinations.number(destinations),
            services: self.services.number(services),
        };
        let at = self.rules.len();
        self.by_shape.entry(shape).or_default().push(at);
        self.by_info.insert(std::ptr::from_ref(info).addr(), at);
        self.rules.push(Asked {
            info,
            action: placed.action,
            owner: placed.place.owner,
            inspects: false,
            shape,
        });
    }

    /// The rules in order.
    pub(in crate::lint) fn rules(&self) -> &[Asked<'a>] {
        &self.rules
    }

    /// The rule at a place in the order.
    pub(in crate::lint) fn rule(&self, at: usize) -> Option<&Asked<'a>> {
        self.rules.get(at)
    }

    /// The place of a rule in the order.
    pub(in crate::lint) fn place(&self, info: &RuleInfo) -> Option<usize> {
        self.by_info.get(&std::ptr::from_ref(info).addr()).copied()
    }

    /// Whether a rule before this one denies all that it matches.
    pub(in crate::lint) fn is_denied_before(&self, info: &RuleInfo) -> bool {
        let first = self.place(info).and_then(|at| self.first_cover_before(at));
        let first = first.and_then(|at| self.rules.get(at));
        first.is_some_and(|rule| rule.action == Action::Deny)
    }

    /// The destinations of a rule.
    pub(in crate::lint) fn destinations(&self, rule: &Asked<'_>) -> Option<&Ends> {
        self.destinations.value(rule.shape.destinations)
    }

    /// The sources of a rule.
    pub(in crate::lint) fn sources(&self, rule: &Asked<'_>) -> Option<&Ends> {
        self.sources.value(rule.shape.sources)
    }

    /// The services of a rule.
    pub(in crate::lint) fn services(&self, rule: &Asked<'_>) -> Option<&Services> {
        self.services.value(rule.shape.services)
    }

    /// The first rule before this one that covers it.
    pub(in crate::lint) fn first_cover_before(&self, at: usize) -> Option<usize> {
        let shape = self.rules.get(at)?.shape;
        let lists = self.covering(shape);
        let first = lists
            .into_iter()
            .filter_map(|list| list.first().copied())
            .min()?;
        (first < at).then_some(first)
    }

    /// The next rule of the same action behind this one that covers it.
    pub(in crate::lint) fn next_cover_after(&self, at: usize) -> Option<usize> {
        let rule = self.rules.get(at)?;
        let alike = |other: &usize| {
            self.rules
                .get(*other)
                .is_some_and(|it| it.action == rule.action)
        };
        let next = |list: &[usize]| {
            let after = list.partition_point(|other| *other <= at);
            list.iter().skip(after).copied().find(|other| alike(other))
        };
        self.covering(rule.shape).into_iter().filter_map(next).min()
    }

    /// The rules that cover flows which need not be those of a rule, in order.
    pub(in crate::lint) fn covers_of(
        &self,
        sources: &Ends,
        destinations: &Ends,
        services: &Services,
    ) -> Vec<usize> {
        let facts = self.facts;
        let lists = self.combinations(
            &self.sources.covering(sources, facts),
            &self.destinations.covering(destinations, facts),
            &self.services.covering(services, facts),
        );
        let mut all: Vec<usize> = lists.into_iter().flatten().copied().collect();
        all.sort_unstable();
        all
    }

    /// Whether one rule certainly covers another.
    pub(in crate::lint) fn is_covered(&self, inner: &Asked<'_>, outer: &Asked<'_>) -> bool {
        let pairs = |sides: &Numbers<Ends>, outer: u32, inner: u32| {
            let both = sides.value(outer).zip(sides.value(inner));
            both.is_some_and(|(outer, inner)| outer.covers(inner, self.facts))
        };
        let services = self.services(outer).zip(self.services(inner));
        services.is_some_and(|(outer, inner)| outer.covers(inner))
            && pairs(&self.sources, outer.shape.sources, inner.shape.sources)
            && pairs(
                &self.destinations,
                outer.shape.destinations,
                inner.shape.destinations,
            )
    }

    /// Whether two rules certainly match some flow both.
    pub(in crate::lint) fn overlap(&self, a: &Asked<'_>, b: &Asked<'_>) -> bool {
        let known =
            |ends: &Ends, other: &Ends| !ends.unknown && !other.unknown && ends.overlaps(other);
        self.services(a)
            .zip(self.services(b))
            .is_some_and(|(a, b)| a.overlaps(b))
            && self
                .sources(a)
                .zip(self.sources(b))
                .is_some_and(|(a, b)| known(a, b))
            && self
                .destinations(a)
                .zip(self.destinations(b))
                .is_some_and(|(a, b)| known(a, b))
    }

    /// Whether no flow is matched by both.
    pub(in crate::lint) fn are_apart(&self, a: &Asked<'_>, b: &Asked<'_>) -> bool {
        self.services(a)
            .zip(self.services(b))
            .is_some_and(|(a, b)| !a.overlaps(b))
            || self
                .sources(a)
                .zip(self.sources(b))
                .is_some_and(|(a, b)| a.is_apart_from(b))
            || self
                .destinations(a)
                .zip(self.destinations(b))
                .is_some_and(|(a, b)| a.is_apart_from(b))
    }

    fn covering(&self, shape: Shape) -> Vec<&[usize]> {
        let ends = |sides: &Numbers<Ends>, number: u32| {
            let value = sides.value(number);
            value.map_or_else(Vec::new, |value| sides.covering(value, self.facts))
        };
        let services = self.services.value(shape.services);
        let services = services.map_or_else(Vec::new, |it| self.services.covering(it, self.facts));
        self.combinations(
            &ends(&self.sources, shape.sources),
            &ends(&self.destinations, shape.destinations),
            &services,
        )
    }

    fn combinations(
        &self,
        sources: &[u32],
        destinations: &[u32],
        services: &[u32],
    ) -> Vec<&[usize]> {
        let count = sources.len().saturating_mul(destinations.len());
        let few = count.saturating_mul(services.len()) <= MOST_COMBINATIONS;
        let mut lists = Vec::new();
        for source in sources.iter().filter(|_| few) {
            for destination in destinations {
                for service in services {
                    let shape = Shape {
                        sources: *source,
                        destinations: *destination,
                        services: *service,
                    };
                    lists.extend(self.by_shape.get(&shape).map(Vec::as_slice));
                }
            }
        }
        lists
    }
}

/// Something that covers others of its kind and can be found by its parts.
trait Coverable: Eq + Hash + Clone {
    /// Its parts. What covers it has one of the keys that one of its parts is looked up by.
    fn keys(&self) -> Vec<Key>;
    /// The keys of what may cover it.
    fn lookups(&self, present: &Present) -> Vec<Key>;
    fn holds(&self, other: &Self, facts: &Facts) -> bool;
}

/// A part to be found by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Addresses(Block),
    Tag(SmolStr),
    Exact(SmolStr),
    Below(SmolStr),
    Suffix(SmolStr),
    AnyName,
    FqdnTag(SmolStr),
    Category(SmolStr),
    Tcp(Block),
    Udp(Block),
    Icmp,
    Other,
    App(AppProtocol, u16),
}

/// Lengths of which there are keys at all, so that others need not be looked up.
#[derive(Debug, Default)]
struct Present {
    addresses: FxHashSet<u8>,
    tcp: FxHashSet<u8>,
    udp: FxHashSet<u8>,
    suffixes: FxHashSet<usize>,
}

impl Present {
    fn note(&mut self, key: &Key) {
        match key {
            Key::Addresses(block) => {
                self.addresses.insert(block.length());
            }
            Key::Tcp(block) => {
                self.tcp.insert(block.length());
            }
            Key::Udp(block) => {
                self.udp.insert(block.length());
            }
            Key::Suffix(text) => {
                self.suffixes.insert(text.len());
            }
            _ => {}
        }
    }
}

/// Values, each with a number.
#[derive(Debug)]
struct Numbers<T> {
    values: Vec<T>,
    number: FxHashMap<T, u32>,
    by_key: FxHashMap<Key, Vec<u32>>,
    present: Present,
}

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            number: FxHashMap::default(),
            by_key: FxHashMap::default(),
            present: Present::default(),
        }
    }
}

impl<T: Coverable> Numbers<T> {
    fn number(&mut self, value: T) -> u32 {
        if let Some(number) = self.number.get(&value) {
            return *number;
        }
        let number = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        for key in value.keys() {
            self.present.note(&key);
            self.by_key.entry(key).or_default().push(number);
        }
        self.number.insert(value.clone(), number);
        self.values.push(value);
        number
    }

    fn value(&self, number: u32) -> Option<&T> {
        self.values.get(usize::try_from(number).ok()?)
    }

    /// The numbers of all values that cover this one.
    fn covering(&self, value: &T, facts: &Facts) -> Vec<u32> {
        let keys = value.lookups(&self.present);
        let lists = keys.iter().filter_map(|key| self.by_key.get(key));
        let mut found: Vec<u32> = lists.flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        found.retain(|number| self.value(*number).is_some_and(|it| it.holds(value, facts)));
        found
    }
}

fn blocks_around(
    block: Option<Block>,
    present: &FxHashSet<u8>,
    key: impl Fn(Block) -> Key,
) -> Vec<Key> {
    let lengths = 0..=block.map_or(0, Block::length);
    let around = lengths.filter(|length| present.contains(length));
    block.map_or_else(Vec::new, |block| {
        around.map(|length| key(block.shortened(length))).collect()
    })
}

fn pattern_key(pattern: &FqdnPattern) -> Key {
    match pattern {
        FqdnPattern::Any => Key::AnyName,
        FqdnPattern::Exact(name) => Key::Exact(name.as_str().into()),
        FqdnPattern::Below(name) => Key::Below(name.as_str().into()),
        FqdnPattern::Suffix(text) => Key::Suffix(text.clone()),
    }
}

/// The keys of what may cover a pattern: itself, parents, ends of its text.
fn pattern_lookups(pattern: &FqdnPattern, present: &Present) -> Vec<Key> {
    let mut keys = vec![pattern_key(pattern)];
    let text = match pattern {
        FqdnPattern::Any => return keys,
        FqdnPattern::Exact(name) => name.to_string(),
        FqdnPattern::Below(name) => format!(".{name}"),
        FqdnPattern::Suffix(text) => text.to_string(),
    };
    for (at, _) in text.char_indices() {
        let Some(end) = text.get(at..) else { continue };
        if present.suffixes.contains(&end.len()) {
            keys.push(Key::Suffix(end.into()));
        }
        keys.extend(
            end.strip_prefix('.')
                .map(|parent| Key::Below(parent.into())),
        );
    }
    keys
}

/// The keys of what may cover a tag: itself, its parts from the left, the datacentres of its region.
fn tag_lookups(tag: &SmolStr) -> Vec<Key> {
    let mut keys = vec![Key::Tag(tag.clone()), Key::Tag("azurecloud".into())];
    let dots = tag.match_indices('.');
    keys.extend(dots.filter_map(|(at, _)| Some(Key::Tag(tag.get(..at)?.into()))));
    if let Some((_, region)) = tag.rsplit_once('.') {
        keys.push(Key::Tag(format!("azurecloud.{region}").into()));
    }
    keys
}

impl Coverable for Ends {
    fn keys(&self) -> Vec<Key> {
        let blocks = self.addresses.blocks().map(Key::Addresses);
        let tags = self.tags.iter().cloned().map(Key::Tag);
        let names = self.names.iter().map(pattern_key);
        let fqdn_tags = self.fqdn_tags.iter().cloned().map(Key::FqdnTag);
        let categories = self.categories.iter().cloned().map(Key::Category);
        blocks
            .chain(tags)
            .chain(names)
            .chain(fqdn_tags)
            .chain(categories)
            .collect()
    }

    fn lookups(&self, present: &Present) -> Vec<Key> {
        if self.unknown {
            return Vec::new();
        }
        let everywhere = RangeSet::everything();
        let everywhere = everywhere.blocks().map(Key::Addresses);
        let everything = everywhere.chain([Key::AnyName]);
        let mut keys: Vec<Key> = everything.collect();
        if let Some(block) = self.addresses.blocks().next() {
            keys.extend(blocks_around(
                Some(block),
                &present.addresses,
                Key::Addresses,
            ));
        } else if let Some(tag) = self.tags.first() {
            keys.extend(tag_lookups(tag));
        } else if let Some(name) = self.names.first() {
            keys.extend(pattern_lookups(name, present));
        } else if let Some(tag) = self.fqdn_tags.first() {
            keys.push(Key::FqdnTag(tag.clone()));
        } else if let Some(category) = self.categories.first() {
            keys.push(Key::Category(category.clone()));
        }
        keys
    }

    fn holds(&self, other: &Self, facts: &Facts) -> bool {
        self.covers(other, facts)
    }
}

impl Coverable for Services {
    fn keys(&self) -> Vec<Key> {
        let tcp = self.tcp.blocks().map(Key::Tcp);
        let udp = self.udp.blocks().map(Key::Udp);
        let icmp = self.icmp.then_some(Key::Icmp);
        let other = self.other.then_some(Key::Other);
        let apps = self
            .apps
            .iter()
            .map(|(protocol, port)| Key::App(*protocol, *port));
        tcp.chain(udp)
            .chain(icmp)
            .chain(other)
            .chain(apps)
            .collect()
    }

    fn lookups(&self, present: &Present) -> Vec<Key> {
        let (tcp, udp) = (self.tcp.blocks().next(), self.udp.blocks().next());
        if tcp.is_some() {
            blocks_around(tcp, &present.tcp, Key::Tcp)
        } else if udp.is_some() {
            blocks_around(udp, &present.udp, Key::Udp)
        } else if self.icmp {
            vec![Key::Icmp]
        } else if self.other {
            vec![Key::Other]
        } else {
            let first = self.apps.first();
            first
                .map(|(protocol, port)| Key::App(*protocol, *port))
                .into_iter()
                .collect()
        }
    }

    fn holds(&self, other: &Self, _: &Facts) -> bool {
        self.covers(other)
    }
}
