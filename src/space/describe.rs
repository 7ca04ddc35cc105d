//! Sets of flows in words, short enough for a line each: `10.1.0.0/24 -> 20.0.0.0/8 tcp/443, 8443`.
//!
//! Words say just the flows of the set. Where a list is cut short, the words say how much is left out.

use std::net::{Ipv4Addr, Ipv6Addr};

use rustc_hash::FxHashMap;
use smol_str::{SmolStr, ToSmolStr, format_smolstr};

use super::addresses::{every_port, every_v4, every_v6};
use super::atoms::{Atom, Atoms, Known, Side};
use super::block::{Block, Kind, Targets};
use super::flows::{Flows, Work};
use super::joined::{joined, needed, widened};
use super::ranges::{Range, Ranges};

/// The last protocol number that a packet can carry.
const LAST_PROTOCOL: u128 = 255;

/// Protocols that people know by name (IANA, Assigned Internet Protocol Numbers).
const PROTOCOLS: [(u128, &str); 6] = [
    (1, "icmp"),
    (6, "tcp"),
    (17, "udp"),
    (50, "esp"),
    (51, "ah"),
    (58, "icmpv6"),
];

/// A range of so many protocols is told one by one.
const FEW_PROTOCOLS: u128 = 4;

/// Steps to find shorter words; without them blocks are told as they are.
const STEPS: u64 = 50_000;

/// How sets of flows are put into words.
#[derive(Debug, Clone)]
pub struct Wording<'a> {
    atoms: &'a Atoms,
    v4_sources: Ranges,
    v6_sources: Ranges,
    protocols: Vec<(u128, SmolStr)>,
    called: FxHashMap<Atom, SmolStr>,
    lines: usize,
    parts: usize,
}

impl<'a> Wording<'a> {
    /// Words about sets of these atoms: as many lines as it takes, up to eight addresses or ports in each list.
    #[must_use]
    pub fn new(atoms: &'a Atoms) -> Self {
        Self {
            atoms,
            v4_sources: every_v4(),
            v6_sources: every_v6(),
            protocols: PROTOCOLS
                .iter()
                .map(|(number, name)| (*number, SmolStr::new_static(name)))
                .collect(),
            called: FxHashMap::default(),
            lines: usize::MAX,
            parts: 8,
        }
    }

    /// Calls these sources `any`, because no other flows are spoken of. Where one family has no sources at all, the
    /// other one is not named.
    #[must_use]
    pub fn sources(self, v4: Ranges, v6: Ranges) -> Self {
        Self {
            v4_sources: v4,
            v6_sources: v6,
            ..self
        }
    }

    /// Gives a protocol a name, such as one that is read inside others.
    #[must_use]
    pub fn protocol(mut self, number: u128, name: impl Into<SmolStr>) -> Self {
        self.protocols.retain(|(own, _)| *own != number);
        self.protocols.push((number, name.into()));
        self
    }

    /// Calls an atom so, and not by its own name.
    #[must_use]
    pub fn call(mut self, atom: Atom, name: impl Into<SmolStr>) -> Self {
        self.called.insert(atom, name.into());
        self
    }

    /// Sets are told in so many lines, and in one more that says how many there would be.
    #[must_use]
    pub fn lines(self, lines: usize) -> Self {
        Self { lines, ..self }
    }

    /// Lists of addresses, ports and protocols have so many parts, and say how many there would be.
    #[must_use]
    pub fn parts(self, parts: usize) -> Self {
        Self { parts, ..self }
    }

    /// A set in lines, those with the most flows first. Blocks that differ in one field are told together, and lines
    /// may overlap where that makes them shorter. No line for the empty set.
    #[must_use]
    pub fn flows(&self, flows: &Flows) -> Vec<String> {
        let blocks = self.told(flows);
        // IPv4 and IPv6 are one line where the words are the same.
        let mut lines: Vec<(String, &Block, bool)> = Vec::new();
        let mut places: FxHashMap<(String, bool), usize> = FxHashMap::default();
        for block in &blocks {
            let words = self.words(block);
            let key = (words.clone(), block.kind.is_named());
            let place = *places.entry(key).or_insert(lines.len());
            match lines.get_mut(place) {
                Some((.., is_both)) => *is_both = true,
                None => lines.push((words, block, false)),
            }
        }
        let more = lines.len().saturating_sub(self.lines);
        let shown = lines.into_iter().take(self.lines);
        let mut shown: Vec<String> = shown
            .map(|(words, block, is_both)| {
                if is_both {
                    words
                } else {
                    self.of_family(words, block)
                }
            })
            .collect();
        if more > 0 {
            shown.push(format!("and {more} more"));
        }
        shown
    }

    /// A block in one line.
    #[must_use]
    pub fn block(&self, block: &Block) -> String {
        self.of_family(self.words(block), block)
    }

    /// Addresses of IPv4: `10.0.0.0/8, 192.168.0.4`, or `any but 10.0.0.0/8`.
    #[must_use]
    pub fn v4_addresses(&self, addresses: &Ranges) -> String {
        self.addresses(addresses, &every_v4(), Family::V4)
    }

    /// Addresses of IPv6.
    #[must_use]
    pub fn v6_addresses(&self, addresses: &Ranges) -> String {
        self.addresses(addresses, &every_v6(), Family::V6)
    }

    /// Ports: `443, 8000-8080`.
    #[must_use]
    pub fn ports(&self, ports: &Ranges) -> String {
        if every_port().is_within(ports) {
            return "any".to_owned();
        }
        self.list(&ports.ranges().iter().map(number_range).collect::<Vec<_>>())
    }

    /// Protocols with their ports: `tcp/443, 8443`, or `tcp, udp on port 53`.
    #[must_use]
    pub fn services(&self, protocols: &Ranges, ports: &Ranges) -> String {
        let (names, is_one) = self.protocol_names(protocols);
        if every_port().is_within(ports) {
            return names;
        }
        let numbers = self.ports(ports);
        if is_one {
            return format!("{names}/{numbers}");
        }
        let word = if ports.count() == 1 { "port" } else { "ports" };
        format!("{names} on {word} {numbers}")
    }

    /// The blocks that are told, in order: together they are the set.
    pub(super) fn told(&self, flows: &Flows) -> Vec<Block> {
        let blocks = joined(flows.blocks(), self.atoms);
        let uncut = self.clone().parts(usize::MAX);
        let length = |block: &Block| uncut.words(block).len();
        let mut work = Work::new(self.atoms, STEPS);
        let mut blocks = widened(&blocks, length, &mut work).unwrap_or(blocks);
        blocks.sort_by_cached_key(|block| (self.smallness(block), block.clone()));
        if let Ok(needed) = needed(&blocks, &mut work) {
            return needed;
        }
        blocks
    }

    /// The words without the family.
    fn words(&self, block: &Block) -> String {
        let family = Family::of(block.kind);
        let sources = self.addresses(&block.sources, self.sources_of(family), family);
        let targets = match &block.targets {
            Targets::Addresses(addresses) => self.addresses(addresses, &family.whole(), family),
            Targets::Names(names) => names.to_string(),
        };
        let services = self.services(&block.protocols, &block.ports);
        let mut words = format!("{sources} -> {targets} {services}");
        if !every_port().is_within(&block.source_ports) {
            words.push_str(" source-ports ");
            words.push_str(&self.ports(&block.source_ports));
        }
        let known = self.known(&block.known);
        if !known.is_empty() {
            words.push_str(" where ");
            words.push_str(&known.join(" and "));
        }
        words
    }

    /// The words with the family, where no address shows it and the other one has flows too.
    fn of_family(&self, words: String, block: &Block) -> String {
        let family = Family::of(block.kind);
        let is_any_target = match &block.targets {
            Targets::Addresses(addresses) => family.whole().is_within(addresses),
            Targets::Names(_) => true,
        };
        let is_shown = !is_any_target || !self.sources_of(family).is_within(&block.sources);
        match family {
            _ if is_shown => words,
            Family::V4 if !self.v6_sources.is_empty() => format!("{words} over IPv4"),
            Family::V6 if !self.v4_sources.is_empty() => format!("{words} over IPv6"),
            _ => words,
        }
    }

    fn sources_of(&self, family: Family) -> &Ranges {
        match family {
            Family::V4 => &self.v4_sources,
            Family::V6 => &self.v6_sources,
        }
    }

    fn addresses(&self, addresses: &Ranges, whole: &Ranges, family: Family) -> String {
        if whole.is_within(addresses) {
            return "any".to_owned();
        }
        let parts = family.parts(addresses);
        let words = self.list(&parts);
        if addresses.is_within(whole) {
            let without = family.parts(&whole.minus(addresses));
            let words_without = format!("any but {}", self.list(&without));
            if (without.len(), words_without.len()) < (parts.len(), words.len()) {
                return words_without;
            }
        }
        words
    }

    /// The names of protocols, and whether it is one word.
    fn protocol_names(&self, protocols: &Ranges) -> (String, bool) {
        let packets = Ranges::span(0, LAST_PROTOCOL);
        let inner = protocols.minus(&packets);
        if packets.is_within(protocols) {
            let mut parts = vec!["any".to_smolstr()];
            parts.extend(self.protocol_parts(&inner));
            return (self.list(&parts), parts.len() == 1);
        }
        let parts = self.protocol_parts(protocols);
        if inner.is_empty() {
            let without = self.protocol_parts(&packets.minus(protocols));
            if without.len() < parts.len() {
                return (format!("any but {}", self.list(&without)), false);
            }
        }
        let is_one = protocols.count() == 1;
        (self.list(&parts), is_one)
    }

    fn protocol_parts(&self, protocols: &Ranges) -> Vec<SmolStr> {
        let mut parts = Vec::new();
        for range in protocols.ranges() {
            if range.1 - range.0 < FEW_PROTOCOLS {
                parts.extend((range.0..=range.1).map(|number| self.protocol_name(number)));
            } else {
                parts.push(format_smolstr!("protocols {}", number_range(range)));
            }
        }
        parts
    }

    fn protocol_name(&self, number: u128) -> SmolStr {
        let known = self.protocols.iter().find(|(own, _)| *own == number);
        known.map_or_else(
            || format_smolstr!("protocol {number}"),
            |(_, name)| name.clone(),
        )
    }

    /// What is said of atoms, without what follows from the rest.
    fn known(&self, known: &Known) -> Vec<String> {
        let said = known.all().iter().enumerate();
        let needed = said.filter(|(at, (atom, inside))| {
            let others = known.all().iter().enumerate();
            !others
                .filter(|(other, _)| other != at)
                .any(|(_, (other, other_inside))| match (other_inside, inside) {
                    (true, true) => self.atoms.is_within(*other, *atom),
                    (false, false) => self.atoms.is_within(*atom, *other),
                    _ => false,
                })
        });
        needed
            .map(|(_, (atom, inside))| self.saying(*atom, *inside))
            .collect()
    }

    fn saying(&self, atom: Atom, inside: bool) -> String {
        let (side, own) = self.atoms.name(atom);
        let name = self.called.get(&atom).map_or(own, SmolStr::as_str);
        // A set of addresses holds an end; anything else that is not known is a sentence of its own.
        let end = match side {
            Side::Source => Some("source"),
            Side::Destination => Some("destination"),
            Side::Deployment => None,
        };
        let is = |kinds: &[&str]| kinds.iter().any(|kind| name.starts_with(kind));
        let verb = if inside { "holds" } else { "does not hold" };
        match end {
            Some(end) if is(&["tag ", "group ", "security group "]) => {
                format!("{name} {verb} the {end}")
            }
            None if is(&["condition "]) => format!("{name} {verb}"),
            _ if inside => name.to_owned(),
            _ => format!("it is not so that {name}"),
        }
    }

    fn list(&self, parts: &[SmolStr]) -> String {
        let shown: Vec<&str> = parts.iter().take(self.parts).map(SmolStr::as_str).collect();
        let shown = shown.join(", ");
        match parts.len().saturating_sub(self.parts) {
            0 => shown,
            more => format!("{shown} and {more} more"),
        }
    }

    /// A key by which blocks with many flows come first, each field as a part of all it could be.
    fn smallness(&self, block: &Block) -> u64 {
        let lacking = |count: u128, whole: u128| bits(whole).saturating_sub(bits(count));
        let family = Family::of(block.kind);
        let targets = match &block.targets {
            Targets::Addresses(addresses) => lacking(addresses.count(), family.whole().count()),
            Targets::Names(names) if names.is_finite() => lacking(1, u128::from(u16::MAX)),
            Targets::Names(_) => 0,
        };
        lacking(block.protocols.count(), LAST_PROTOCOL + 1)
            + lacking(block.ports.count(), every_port().count())
            + targets
            + lacking(block.sources.count(), self.sources_of(family).count())
            + lacking(block.source_ports.count(), every_port().count())
            + bits(1) * u64::try_from(block.known.all().len()).unwrap_or(0)
    }
}

/// The number of bits that a count takes, in sixteenths so that a little more is more.
fn bits(count: u128) -> u64 {
    let whole = u128::BITS - count.leading_zeros();
    // The four bits behind the highest one.
    let behind = match whole.checked_sub(5) {
        Some(down) => count >> down,
        None => count << (5 - whole),
    };
    u64::from(whole) * 16 + u64::try_from(behind & 15).unwrap_or(0)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    V4,
    V6,
}

impl Family {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::V4 | Kind::V4ToName => Self::V4,
            Kind::V6 | Kind::V6ToName => Self::V6,
        }
    }

    fn whole(self) -> Ranges {
        match self {
            Self::V4 => every_v4(),
            Self::V6 => every_v6(),
        }
    }

    fn width(self) -> u32 {
        match self {
            Self::V4 => Ipv4Addr::BITS,
            Self::V6 => Ipv6Addr::BITS,
        }
    }

    fn address(self, number: u128) -> SmolStr {
        match (self, u32::try_from(number)) {
            (Self::V4, Ok(number)) => Ipv4Addr::from(number).to_smolstr(),
            // Not an address of its family, so it is shown as it is.
            (Self::V4, Err(_)) => number.to_smolstr(),
            (Self::V6, _) => Ipv6Addr::from(number).to_smolstr(),
        }
    }

    /// The fewest prefixes, and a range where that is shorter than its prefixes.
    fn parts(self, addresses: &Ranges) -> Vec<SmolStr> {
        let mut parts = Vec::new();
        for range in addresses.ranges() {
            let prefixes: Vec<SmolStr> = prefixes(*range, self.width())
                .into_iter()
                .map(|(first, length)| {
                    let address = self.address(first);
                    if length == self.width() {
                        address
                    } else {
                        format_smolstr!("{address}/{length}")
                    }
                })
                .collect();
            let range = format_smolstr!("{}-{}", self.address(range.0), self.address(range.1));
            let separators = 2 * prefixes.len().saturating_sub(1);
            let length: usize = prefixes.iter().map(SmolStr::len).sum();
            if length + separators <= range.len() {
                parts.extend(prefixes);
            } else {
                parts.push(range);
            }
        }
        parts
    }
}

/// The fewest prefixes that are a range, each with its length, in addresses of so many bits.
fn prefixes((first, last): Range, width: u32) -> Vec<(u128, u32)> {
    let mut prefixes = Vec::new();
    let mut next = Some(first);
    while let Some(from) = next.filter(|from| *from <= last) {
        let fits = |free: &u32| from | low_bits(*free) <= last;
        let free = (0..=from.trailing_zeros().min(width)).rev().find(fits);
        let free = free.unwrap_or(0);
        prefixes.push((from, width - free));
        next = (from | low_bits(free)).checked_add(1);
    }
    prefixes
}

fn low_bits(count: u32) -> u128 {
    u128::MAX.checked_shr(u128::BITS - count).unwrap_or(0)
}

fn number_range((first, last): &Range) -> SmolStr {
    if first == last {
        first.to_smolstr()
    } else {
        format_smolstr!("{first}-{last}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Names;
    use super::*;
    use crate::net::FqdnPattern;

    const STEPS: u64 = 1_000_000;

    fn v4(text: &str) -> Ranges {
        let prefixes = text.split(", ").map(|text| match text.split_once('-') {
            Some((first, last)) => {
                let number = |text: &str| u128::from(text.parse::<Ipv4Addr>().unwrap().to_bits());
                (number(first), number(last))
            }
            None => {
                let prefix = crate::net::parse_prefix(text).unwrap();
                let number = |address| super::super::number_of(address);
                (number(prefix.network()), number(prefix.broadcast()))
            }
        });
        Ranges::of(prefixes)
    }

    fn numbers(ranges: &[Range]) -> Ranges {
        Ranges::of(ranges.iter().copied())
    }

    fn block(sources: &str, targets: &str, protocols: &[Range], ports: &[Range]) -> Block {
        Block {
            kind: Kind::V4,
            protocols: numbers(protocols),
            ports: if ports.is_empty() {
                every_port()
            } else {
                numbers(ports)
            },
            targets: Targets::Addresses(v4(targets)),
            sources: v4(sources),
            source_ports: every_port(),
            known: Known::default(),
        }
    }

    const TCP: &[Range] = &[(6, 6)];
    const ANY: &str = "0.0.0.0/0";

    #[test]
    fn addresses_are_the_fewest_prefixes() {
        let atoms = Atoms::default();
        for (written, told) in [
            ("0.0.0.0/0", "any"),
            ("10.0.0.4/32", "10.0.0.4"),
            ("10.0.0.0/9, 10.128.0.0/9", "10.0.0.0/8"),
            ("10.0.0.0-10.0.0.255", "10.0.0.0/24"),
            ("10.0.0.0-10.0.0.4", "10.0.0.0-10.0.0.4"),
            ("1.0.0.0-2.255.255.255", "1.0.0.0/8, 2.0.0.0/8"),
            ("128.0.0.0-192.0.0.0", "128.0.0.0-192.0.0.0"),
            ("10.0.0.4-10.0.0.5", "10.0.0.4/31"),
            ("10.0.0.1-10.0.0.6", "10.0.0.1-10.0.0.6"),
            ("10.0.0.1-10.0.0.2", "10.0.0.1-10.0.0.2"),
            (
                "0.0.0.0-9.255.255.255, 11.0.0.0-255.255.255.255",
                "any but 10.0.0.0/8",
            ),
            ("255.255.255.255/32", "255.255.255.255"),
        ] {
            let wording = Wording::new(&atoms);
            assert_eq!(wording.v4_addresses(&v4(written)), told, "{written}");
        }
        let wording = Wording::new(&atoms);
        for (ranges, told) in [
            (every_v6(), "any"),
            (Ranges::span(0, 0), "::"),
            (every_v6().minus(&Ranges::span(0, 0)), "any but ::"),
            (Ranges::span(0xfd << 120, 0xfe << 120), "fd00::-fe00::"),
            (Ranges::span(0xfd << 120, (0xfe << 120) - 1), "fd00::/8"),
        ] {
            assert_eq!(wording.v6_addresses(&ranges), told);
        }
    }

    proptest! {
        #[test]
        fn prefixes_are_just_the_range(first in 0u128..70, more in 0u128..70) {
            let last = first + more;
            let found = prefixes((first, last), 8);
            let mut next = first;
            for (from, length) in &found {
                prop_assert_eq!(*from, next);
                prop_assert_eq!(from & low_bits(8 - length), 0);
                next = (from | low_bits(8 - length)) + 1;
            }
            prop_assert_eq!(next, last + 1);
            // No two neighbours are halves of one prefix.
            for pair in found.windows(2) {
                let ((a, length), (_, other)) = (pair[0], pair[1]);
                prop_assert!(length != other || a & (low_bits(9 - length)) != 0);
            }
        }
    }

    #[test]
    fn services_are_protocols_with_ports() {
        let atoms = Atoms::default();
        let wording = Wording::new(&atoms).protocol(257, "https").parts(3);
        for (protocols, ports, told) in [
            (
                &[(6, 6)][..],
                &[(443, 443), (8443, 8443)][..],
                "tcp/443, 8443",
            ),
            (&[(6, 6)], &[(8000, 8080)], "tcp/8000-8080"),
            (&[(6, 6)], &[(1, 65_535)], "tcp"),
            (&[(6, 6)], &[(0, 65_535)], "tcp"),
            (
                &[(6, 6)],
                &[(1, 1), (3, 3), (5, 5), (7, 9), (11, 11)],
                "tcp/1, 3, 5 and 2 more",
            ),
            (&[(0, 255)], &[(1, 65_535)], "any"),
            (&[(0, 255)], &[(53, 53)], "any/53"),
            (&[(6, 6), (17, 17)], &[(53, 53)], "tcp, udp on port 53"),
            (&[(6, 6), (17, 17)], &[(53, 54)], "tcp, udp on ports 53-54"),
            (&[(50, 51)], &[(1, 65_535)], "esp, ah"),
            (&[(47, 47)], &[(1, 65_535)], "protocol 47"),
            (&[(0, 5), (7, 255)], &[(1, 65_535)], "any but tcp"),
            (
                &[(0, 5), (7, 255)],
                &[(443, 443)],
                "any but tcp on port 443",
            ),
            (&[(60, 90)], &[(1, 65_535)], "protocols 60-90"),
            (&[(257, 257)], &[(443, 443)], "https/443"),
            (
                &[(0, 255), (257, 257)],
                &[(443, 443)],
                "any, https on port 443",
            ),
        ] {
            let told_so = wording.services(&numbers(protocols), &numbers(ports));
            assert_eq!(told_so, told);
        }
    }

    #[test]
    fn a_block_is_a_line() {
        let mut atoms = Atoms::default();
        let storage = atoms.atom(Side::Destination, "tag storage");
        let region = atoms.atom(Side::Destination, "tag storage.westeurope");
        let group = atoms.atom(Side::Source, "group 3");
        let condition = atoms.atom(Side::Deployment, "condition `isProd`");
        atoms.put_within(region, storage);
        let plain = block(
            "10.1.0.0/24",
            "20.0.0.0/8",
            TCP,
            &[(443, 443), (8443, 8443)],
        );
        let known = |all: &[(Atom, bool)]| {
            let said = all.iter().map(|(atom, inside)| Known::that(*atom, *inside));
            let none = Known::default();
            Block {
                known: said.fold(none, |all, one| all.both(&one, &atoms).unwrap()),
                ..block("10.1.0.0/24", ANY, TCP, &[])
            }
        };
        let pattern: FqdnPattern = "*.contoso.com".parse().unwrap();
        for (block, told) in [
            (plain.clone(), "10.1.0.0/24 -> 20.0.0.0/8 tcp/443, 8443"),
            (
                Block {
                    source_ports: Ranges::span(1024, 65_535),
                    ..plain.clone()
                },
                "10.1.0.0/24 -> 20.0.0.0/8 tcp/443, 8443 source-ports 1024-65535",
            ),
            (
                Block {
                    kind: Kind::V4ToName,
                    targets: Targets::Names(Names::of(&pattern)),
                    ..plain.clone()
                },
                "10.1.0.0/24 -> *.contoso.com tcp/443, 8443",
            ),
            (
                known(&[(storage, true)]),
                "10.1.0.0/24 -> any tcp where tag storage holds the destination",
            ),
            (
                known(&[(storage, false)]),
                "10.1.0.0/24 -> any tcp where tag storage does not hold the destination",
            ),
            (
                known(&[(storage, true), (region, true)]),
                "10.1.0.0/24 -> any tcp where tag storage.westeurope holds the destination",
            ),
            (
                known(&[
                    (storage, true),
                    (region, false),
                    (group, true),
                    (condition, false),
                ]),
                "10.1.0.0/24 -> any tcp where tag storage holds the destination and \
                 tag storage.westeurope does not hold the destination and \
                 security group `web` holds the source and condition `isProd` does not hold",
            ),
            (block(ANY, ANY, TCP, &[]), "any -> any tcp over IPv4"),
            (block(ANY, "10.0.0.4/32", TCP, &[]), "any -> 10.0.0.4 tcp"),
            (
                block(ANY, "0.0.0.0/1, 128.0.0.0/2, 224.0.0.0/3", TCP, &[]),
                "any -> any but 192.0.0.0/3 tcp",
            ),
        ] {
            let wording = Wording::new(&atoms).call(group, "security group `web`");
            assert_eq!(wording.block(&block), told);
        }
        let from_subnet = Wording::new(&atoms).sources(v4("10.1.0.0/24"), Ranges::none());
        for (sources, told) in [
            ("10.1.0.0/24", "any -> any tcp"),
            (ANY, "any -> any tcp"),
            ("10.1.0.4/32", "10.1.0.4 -> any tcp"),
            (
                "10.1.0.0-10.1.0.3, 10.1.0.5-10.1.0.255",
                "any but 10.1.0.4 -> any tcp",
            ),
            ("10.1.0.0/16, 10.2.0.0/24", "any -> any tcp"),
            (
                "10.1.0.4/32, 10.2.0.0/24",
                "10.1.0.4, 10.2.0.0/24 -> any tcp",
            ),
        ] {
            assert_eq!(from_subnet.block(&block(sources, ANY, TCP, &[])), told);
        }
    }

    fn minus(a: Flows, b: Block, atoms: &Atoms) -> Flows {
        let mut work = Work::new(atoms, STEPS);
        a.minus(&Flows::of(b), &mut work).unwrap()
    }

    fn all_of(blocks: impl IntoIterator<Item = Block>, atoms: &Atoms) -> Flows {
        Flows::of_all(blocks, &mut Work::new(atoms, STEPS)).unwrap()
    }

    #[test]
    fn blocks_that_differ_in_one_field_are_one_line() {
        let mut atoms = Atoms::default();
        let storage = atoms.atom(Side::Destination, "tag storage");
        let region = atoms.atom(Side::Destination, "tag storage.westeurope");
        atoms.put_within(region, storage);
        let lan = |ports: &[Range]| block("10.0.0.0/8", "20.0.0.0/8", TCP, ports);
        let where_known = |atom, inside| Block {
            known: Known::that(atom, inside),
            ..lan(&[(443, 443)])
        };
        let v6 = Block {
            kind: Kind::V6,
            sources: every_v6(),
            targets: Targets::Addresses(every_v6()),
            ..block(ANY, ANY, TCP, &[])
        };
        for (set, told) in [
            (Flows::none(), &[][..]),
            (
                all_of([lan(&[(443, 443)]), lan(&[(8443, 8443)])], &atoms),
                &["10.0.0.0/8 -> 20.0.0.0/8 tcp/443, 8443"],
            ),
            // Four quarters of one block, cut both ways.
            (
                all_of(
                    [
                        block("10.0.0.0/9", "20.0.0.0/9", TCP, &[]),
                        block("10.0.0.0/9", "20.128.0.0/9", TCP, &[]),
                        block("10.128.0.0/9", "20.0.0.0/9", TCP, &[]),
                        block("10.128.0.0/9", "20.128.0.0/9", TCP, &[]),
                    ],
                    &atoms,
                ),
                &["10.0.0.0/8 -> 20.0.0.0/8 tcp"],
            ),
            (
                minus(Flows::of(lan(&[])), lan(&[(22, 22)]), &atoms),
                &["10.0.0.0/8 -> 20.0.0.0/8 tcp/1-21, 23-65535"],
            ),
            // What no joining brings together again: each line says what the others need not.
            (
                minus(
                    Flows::of(block(ANY, "20.0.0.0/8", TCP, &[])),
                    block("10.0.0.0/8", "20.0.0.0/16", TCP, &[(22, 22)]),
                    &atoms,
                ),
                &[
                    "any -> 20.0.0.0/8 tcp/1-21, 23-65535",
                    "any but 10.0.0.0/8 -> 20.0.0.0/8 tcp",
                    "any -> 20.1.0.0-20.255.255.255 tcp",
                ],
            ),
            (
                all_of(
                    [where_known(storage, true), where_known(storage, false)],
                    &atoms,
                ),
                &["10.0.0.0/8 -> 20.0.0.0/8 tcp/443"],
            ),
            (
                all_of(
                    [where_known(storage, true), where_known(region, true)],
                    &atoms,
                ),
                &["10.0.0.0/8 -> 20.0.0.0/8 tcp/443 where tag storage holds the destination"],
            ),
            // IPv4 and IPv6 are told together where the words are the same.
            (
                all_of([block(ANY, ANY, TCP, &[]), v6.clone()], &atoms),
                &["any -> any tcp"],
            ),
            (Flows::of(v6), &["any -> any tcp over IPv6"]),
        ] {
            assert_eq!(Wording::new(&atoms).flows(&set), told);
        }
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let atoms = Atoms::default();
        // No two of these differ in one field alone.
        let blocks = (0..14u128).map(|n| {
            let target = format!("20.0.{n}.0/24");
            block("10.0.0.0/8", &target, TCP, &[(n + 1, 2 * n + 1)])
        });
        let set = all_of(blocks, &atoms);
        let told = Wording::new(&atoms).lines(2).flows(&set);
        assert_eq!(
            told,
            [
                "10.0.0.0/8 -> 20.0.13.0/24 tcp/14-27",
                "10.0.0.0/8 -> 20.0.12.0/24 tcp/13-25",
                "and 12 more",
            ]
        );
        assert_eq!(Wording::new(&atoms).flows(&set).len(), 14);
        assert_eq!(Wording::new(&atoms).lines(0).flows(&set), ["and 14 more"]);
    }
}
