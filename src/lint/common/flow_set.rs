//! Sets of packets as security rules write them, exact as far as addresses, protocols and ports go.
//!
//! A set is a list of blocks; the fields of a block are independent of each other. What a tag or an application
//! security group holds is not known here: it is covered by everything, by itself and by the tag of the whole service
//! of which it is one region. Whatever cannot be decided counts as not covered.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use crate::estate::{Endpoint, SecurityRule};
use crate::net::{Destination, PortRange, Transport};

/// More blocks than this are not followed: what is left then counts as not covered.
const MOST_BLOCKS: usize = 2_000;

/// Numbers as ordered ranges that neither overlap nor touch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::lint) struct Numbers(Vec<(u128, u128)>);

impl Numbers {
    pub(in crate::lint) fn of(ranges: impl IntoIterator<Item = (u128, u128)>) -> Self {
        let mut sorted: Vec<(u128, u128)> = ranges.into_iter().collect();
        sorted.sort_unstable();
        let mut merged: Vec<(u128, u128)> = Vec::new();
        for (first, last) in sorted {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => {
                    before.1 = before.1.max(last);
                }
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }

    /// These port ranges. Port 0 is the port of no flow, and only `*` begins with it.
    fn of_ports(ports: &[PortRange]) -> Self {
        if ports.is_empty() {
            return Self::every_port();
        }
        Self::of(ports.iter().map(|range| {
            let (first, last) = range.bounds();
            (u128::from(first.max(1)), u128::from(last))
        }))
    }

    fn every_port() -> Self {
        Self::of([(1, u128::from(u16::MAX))])
    }

    pub(in crate::lint) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub(in crate::lint) fn count(&self) -> u128 {
        let sizes = self.0.iter();
        let sizes = sizes.map(|(first, last)| (last - first).saturating_add(1));
        sizes.fold(0, u128::saturating_add)
    }

    /// The ranges as addresses of IPv4.
    pub(in crate::lint) fn v4_ranges(&self) -> impl Iterator<Item = (Ipv4Addr, Ipv4Addr)> {
        self.0.iter().filter_map(|(first, last)| {
            let address = |number: u128| u32::try_from(number).ok().map(Ipv4Addr::from);
            Some((address(*first)?, address(*last)?))
        })
    }

    fn and(&self, other: &Self) -> Self {
        let mut both = Vec::new();
        for (first, last) in &self.0 {
            for (start, end) in &other.0 {
                let (start, end) = (*first.max(start), *last.min(end));
                if start <= end {
                    both.push((start, end));
                }
            }
        }
        Self::of(both)
    }

    pub(in crate::lint) fn without(&self, other: &Self) -> Self {
        let mut left = self.0.clone();
        for (start, end) in &other.0 {
            left = left
                .into_iter()
                .flat_map(|(first, last)| {
                    let before =
                        (first < *start).then(|| (first, last.min(start.saturating_sub(1))));
                    let after = (last > *end).then(|| (first.max(end.saturating_add(1)), last));
                    before.into_iter().chain(after)
                })
                .collect();
        }
        Self(left)
    }
}

/// The family of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lint) enum Family {
    V4,
    V6,
}

impl Family {
    fn of(address: IpAddr) -> Self {
        if address.is_ipv4() {
            Self::V4
        } else {
            Self::V6
        }
    }

    fn every_address(self) -> Numbers {
        Numbers::of([match self {
            Self::V4 => (0, u128::from(u32::MAX)),
            Self::V6 => (0, u128::MAX),
        }])
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

/// The addresses of these prefixes, of one family.
pub(in crate::lint) fn addresses(
    family: Family,
    prefixes: impl IntoIterator<Item = IpNet>,
) -> Numbers {
    let prefixes = prefixes.into_iter();
    let prefixes = prefixes.filter(|prefix| Family::of(prefix.addr()) == family);
    Numbers::of(prefixes.map(|prefix| (number(prefix.network()), number(prefix.broadcast()))))
}

/// One side of a block.
#[derive(Debug, Clone, PartialEq)]
enum Side {
    /// Known addresses.
    Addresses(Family, Numbers),
    /// What a tag or group holds.
    Named(Endpoint),
}

/// What one side of a rule names.
struct Ends<'a> {
    everywhere: bool,
    v4: Numbers,
    v6: Numbers,
    named: Vec<&'a Endpoint>,
}

impl<'a> Ends<'a> {
    fn of(endpoints: &'a [Endpoint]) -> Self {
        let mut everywhere = false;
        let mut named = Vec::new();
        let mut ranges: Vec<(Family, u128, u128)> = Vec::new();
        for endpoint in endpoints {
            match endpoint {
                Endpoint::Plain(Destination::Anywhere) => everywhere = true,
                Endpoint::Plain(Destination::Prefix(prefix)) => {
                    let (first, last) = (prefix.network(), prefix.broadcast());
                    ranges.push((Family::of(first), number(first), number(last)));
                }
                Endpoint::Plain(Destination::Range(range)) => {
                    let (first, last) = range.bounds();
                    ranges.push((Family::of(first), number(first), number(last)));
                }
                other => named.push(other),
            }
        }
        let of = |family: Family| {
            if everywhere {
                return family.every_address();
            }
            let ranges = ranges.iter().filter(|(its, ..)| *its == family);
            Numbers::of(ranges.map(|(_, first, last)| (*first, *last)))
        };
        let (v4, v6) = (of(Family::V4), of(Family::V6));
        let everywhere = v4 == Family::V4.every_address() && v6 == Family::V6.every_address();
        Self {
            everywhere,
            v4,
            v6,
            named,
        }
    }

    fn sides(&self) -> Vec<Side> {
        let addresses = [(Family::V4, &self.v4), (Family::V6, &self.v6)];
        let addresses = addresses
            .into_iter()
            .filter(|(_, numbers)| !numbers.is_empty());
        let named = self.named.iter().map(|end| Side::Named((*end).clone()));
        addresses
            .map(|(family, numbers)| Side::Addresses(family, numbers.clone()))
            .chain(named)
            .collect()
    }

    /// The part of a side that certainly is in these ends, and the part that may not be.
    fn split(&self, side: &Side) -> (Option<Side>, Option<Side>) {
        match side {
            Side::Addresses(family, numbers) => {
                let own = match family {
                    Family::V4 => &self.v4,
                    Family::V6 => &self.v6,
                };
                let part = |numbers: Numbers| {
                    (!numbers.is_empty()).then_some(Side::Addresses(*family, numbers))
                };
                (part(numbers.and(own)), part(numbers.without(own)))
            }
            Side::Named(name) => {
                let held = (self.everywhere && !is_platform(name))
                    || self.named.iter().any(|own| holds(own, name));
                if held {
                    (Some(side.clone()), None)
                } else {
                    (None, Some(side.clone()))
                }
            }
        }
    }
}

/// Whether a tag or group certainly holds all of another: it is the same, or a service without its region. What a
/// parameter will be is not known, and a name means nothing here.
fn holds(outer: &Endpoint, inner: &Endpoint) -> bool {
    match (outer, inner) {
        (
            Endpoint::Plain(Destination::ServiceTag(outer)),
            Endpoint::Plain(Destination::ServiceTag(inner)),
        ) => {
            let whole = inner.as_str().split_once('.').map(|(service, _)| service);
            outer == inner || whole.is_some_and(|whole| whole.eq_ignore_ascii_case(outer.as_str()))
        }
        (Endpoint::SecurityGroup(outer), Endpoint::SecurityGroup(inner)) => {
            outer.id.is_some() && outer.id == inner.id
        }
        (Endpoint::Plain(Destination::Open(outer)), Endpoint::Plain(Destination::Open(inner))) => {
            outer == inner
        }
        _ => false,
    }
}

/// Whether a rule has to name this tag to mean it: one of the Azure host's
/// (MicrosoftDocs/azure-docs, articles/virtual-network/network-security-groups-overview.md).
pub(in crate::lint) fn is_platform(endpoint: &Endpoint) -> bool {
    match endpoint {
        Endpoint::Plain(Destination::ServiceTag(tag)) => tag
            .as_str()
            .to_ascii_lowercase()
            .starts_with("azureplatform"),
        _ => false,
    }
}

/// What runs over IP. Whether `*` of a security rule takes in ESP and AH is said nowhere, so it is a kind of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Tcp,
    Udp,
    Icmp,
    Esp,
    Ah,
    Other,
}

impl Protocol {
    fn of(transport: Transport) -> &'static [Self] {
        match transport {
            Transport::Tcp => &[Self::Tcp],
            Transport::Udp => &[Self::Udp],
            Transport::Icmp => &[Self::Icmp],
            Transport::Esp => &[Self::Esp],
            Transport::Ah => &[Self::Ah],
            Transport::Any => &[Self::Tcp, Self::Udp, Self::Icmp, Self::Other],
        }
    }

    fn has_ports(self) -> bool {
        matches!(self, Self::Tcp | Self::Udp)
    }
}

/// What a rule matches as far as it is written in addresses and ports: enough to tell most pairs of rules apart. It is
/// compared for every pair of rules of a group, so comparing allocates nothing.
#[derive(Debug, Clone)]
pub(in crate::lint) struct Outline {
    transport: Transport,
    sources: Option<Spans>,
    destinations: Option<Spans>,
    /// The first and the last port, where ports mean something.
    ports: Option<(u16, u16)>,
}

/// The addresses of one family that a side names, as ordered ranges that do not overlap. A side that names anything else
/// has none.
#[derive(Debug, Clone)]
struct Spans(Vec<(IpAddr, IpAddr)>);

impl Spans {
    fn of(ends: &[Endpoint]) -> Option<Self> {
        let mut spans = Vec::with_capacity(ends.len());
        for end in ends {
            spans.push(match end {
                Endpoint::Plain(Destination::Prefix(prefix)) => {
                    (prefix.network(), prefix.broadcast())
                }
                Endpoint::Plain(Destination::Range(range)) => range.bounds(),
                _ => return None,
            });
        }
        spans.sort_unstable();
        let (first, _) = spans.first()?;
        let (_, last) = spans.last()?;
        if first.is_ipv4() != last.is_ipv4() {
            return None;
        }
        spans.dedup_by(|next, before| {
            let overlaps = next.0 <= before.1;
            if overlaps {
                before.1 = before.1.max(next.1);
            }
            overlaps
        });
        Some(Self(spans))
    }

    /// The last range that begins at an address or before it.
    fn up_to(&self, address: IpAddr) -> Option<(IpAddr, IpAddr)> {
        let behind = self.0.partition_point(|(first, _)| *first <= address);
        self.0.get(behind.checked_sub(1)?).copied()
    }

    /// Whether every range of the other lies in one of these.
    fn hold(&self, other: &Self) -> bool {
        other.0.iter().all(|(first, last)| {
            let around = self.up_to(*first);
            around.is_some_and(|(_, end)| *last <= end && end.is_ipv4() == first.is_ipv4())
        })
    }

    fn are_apart_from(&self, other: &Self) -> bool {
        let (few, many) = if self.0.len() < other.0.len() {
            (self, other)
        } else {
            (other, self)
        };
        few.0.iter().all(|(first, last)| {
            let reaching = many.up_to(*last);
            reaching.is_none_or(|(_, end)| end < *first || end.is_ipv4() != first.is_ipv4())
        })
    }
}

impl Outline {
    pub(in crate::lint) fn of(rule: &SecurityRule) -> Self {
        let ports = rule.destination_ports.iter().map(|ports| ports.bounds());
        let ports = ports.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        Self {
            transport: rule.transport,
            sources: Spans::of(&rule.sources),
            destinations: Spans::of(&rule.destinations),
            ports: ports.filter(|_| matches!(rule.transport, Transport::Tcp | Transport::Udp)),
        }
    }

    /// Whether this rule may match everything that another one matches.
    pub(in crate::lint) fn may_cover(&self, other: &Self) -> bool {
        let hold = |own: &Option<Spans>, other: &Option<Spans>| match (own, other) {
            (Some(own), Some(other)) => own.hold(other),
            _ => true,
        };
        let ports = match (self.ports, other.ports) {
            (Some(own), Some(other)) => own.0 <= other.0 && other.1 <= own.1,
            _ => true,
        };
        (self.transport == Transport::Any || self.transport == other.transport)
            && ports
            && hold(&self.destinations, &other.destinations)
            && hold(&self.sources, &other.sources)
    }

    /// Whether certainly no packet matches both rules.
    pub(in crate::lint) fn is_apart_from(&self, other: &Self) -> bool {
        let (a, b) = (self.transport, other.transport);
        if a != b && a != Transport::Any && b != Transport::Any {
            return true;
        }
        let apart = |own: &Option<Spans>, other: &Option<Spans>| match (own, other) {
            (Some(own), Some(other)) => own.are_apart_from(other),
            _ => false,
        };
        let ports = self.ports.zip(other.ports);
        ports.is_some_and(|(a, b)| a.1 < b.0 || b.1 < a.0)
            || apart(&self.destinations, &other.destinations)
            || apart(&self.sources, &other.sources)
    }
}

/// Packets whose fields are independent of each other.
#[derive(Debug, Clone, PartialEq)]
struct Block {
    protocol: Protocol,
    source: Side,
    source_ports: Numbers,
    destination: Side,
    ports: Numbers,
}

/// A set of packets.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::lint) struct FlowSet {
    blocks: Vec<Block>,
    /// Too many blocks: what is here is less than what is left.
    gave_up: bool,
}

impl FlowSet {
    /// The packets that a rule matches.
    pub(in crate::lint) fn of(rule: &SecurityRule) -> Self {
        Self::with(rule, &rule.sources, &rule.destination_ports)
    }

    /// The packets of a rule that come from these sources and go to these ports.
    pub(in crate::lint) fn with(
        rule: &SecurityRule,
        sources: &[Endpoint],
        ports: &[PortRange],
    ) -> Self {
        let sources = Ends::of(sources).sides();
        let destinations = Ends::of(&rule.destinations).sides();
        let mut blocks = Vec::new();
        for protocol in Protocol::of(rule.transport) {
            for source in &sources {
                for destination in &destinations {
                    if !one_family(source, destination) {
                        continue;
                    }
                    let ports_of = |ports: &[PortRange]| {
                        if protocol.has_ports() {
                            Numbers::of_ports(ports)
                        } else {
                            Numbers::every_port()
                        }
                    };
                    blocks.push(Block {
                        protocol: *protocol,
                        source: source.clone(),
                        source_ports: ports_of(&rule.source_ports),
                        destination: destination.clone(),
                        ports: ports_of(ports),
                    });
                }
            }
        }
        Self {
            blocks,
            gave_up: false,
        }
    }

    /// Whether no packet is in it.
    pub(in crate::lint) fn is_empty(&self) -> bool {
        self.blocks.is_empty() && !self.gave_up
    }

    /// Takes away what a rule certainly matches; whether that was anything.
    pub(in crate::lint) fn remove(&mut self, rule: &SecurityRule) -> bool {
        let cut = Cut {
            sources: Ends::of(&rule.sources),
            source_ports: Numbers::of_ports(&rule.source_ports),
            destinations: Ends::of(&rule.destinations),
            ports: Numbers::of_ports(&rule.destination_ports),
            protocols: Protocol::of(rule.transport),
        };
        let mut left = Vec::new();
        let mut removed = false;
        for block in &self.blocks {
            match cut.from(block) {
                Some(rest) => {
                    removed = true;
                    left.extend(rest);
                }
                None => left.push(block.clone()),
            }
        }
        if left.len() > MOST_BLOCKS {
            self.gave_up = true;
            left.truncate(MOST_BLOCKS);
        }
        self.blocks = left;
        removed
    }
}

/// No packet has addresses of two families.
fn one_family(source: &Side, destination: &Side) -> bool {
    match (source, destination) {
        (Side::Addresses(a, _), Side::Addresses(b, _)) => a == b,
        _ => true,
    }
}

struct Cut<'a> {
    sources: Ends<'a>,
    source_ports: Numbers,
    destinations: Ends<'a>,
    ports: Numbers,
    protocols: &'static [Protocol],
}

impl Cut<'_> {
    /// What is left of a block; `None` when nothing is taken away.
    fn from(&self, block: &Block) -> Option<Vec<Block>> {
        if !self.protocols.contains(&block.protocol) {
            return None;
        }
        let every = Numbers::every_port();
        // Ports of a rule mean nothing to protocols without them, so such a rule may not match these at all.
        let (own_source_ports, own_ports) = (&self.source_ports, &self.ports);
        if !block.protocol.has_ports() && (*own_source_ports != every || *own_ports != every) {
            return None;
        }
        let source_ports = block.source_ports.and(own_source_ports);
        let ports = block.ports.and(own_ports);
        let (source, other_sources) = self.sources.split(&block.source);
        let (destination, other_destinations) = self.destinations.split(&block.destination);
        let (source, destination) = (source?, destination?);
        if source_ports.is_empty() || ports.is_empty() {
            return None;
        }
        let mut rest = Vec::new();
        if let Some(other) = other_sources {
            rest.push(Block {
                source: other,
                ..block.clone()
            });
        }
        let block = Block {
            source,
            ..block.clone()
        };
        if let Some(other) = other_destinations {
            rest.push(Block {
                destination: other,
                ..block.clone()
            });
        }
        let block = Block {
            destination,
            ..block
        };
        rest.push(Block {
            source_ports: block.source_ports.without(own_source_ports),
            ..block.clone()
        });
        rest.push(Block {
            source_ports,
            ports: block.ports.without(own_ports),
            ..block
        });
        rest.retain(|block| !block.source_ports.is_empty() && !block.ports.is_empty());
        Some(rest)
    }
}
