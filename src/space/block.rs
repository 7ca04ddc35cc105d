//! Blocks: flows whose fields are independent of each other.

use super::atoms::{Atom, Atoms, Known};
use super::names::Names;
use super::ranges::Ranges;

/// The fields of a flow, in the order in which sets are taken apart: those that tell rules apart best come first.
pub(super) const FIELDS: usize = 5;

/// What kind of addresses a flow has. No flow has two kinds, so blocks of two kinds have nothing in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// From an IPv4 address to an IPv4 address.
    V4,
    /// From an IPv6 address to an IPv6 address.
    V6,
    /// From an IPv4 address to a name.
    V4ToName,
    /// From an IPv6 address to a name.
    V6ToName,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::V4, Self::V6, Self::V4ToName, Self::V6ToName];

    /// Whether the destination is a name.
    #[must_use]
    pub fn is_named(self) -> bool {
        matches!(self, Self::V4ToName | Self::V6ToName)
    }
}

/// Where flows go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Targets {
    /// To these addresses.
    Addresses(Ranges),
    /// To these names.
    Names(Names),
}

impl Targets {
    fn is_empty(&self) -> bool {
        match self {
            Self::Addresses(addresses) => addresses.is_empty(),
            Self::Names(names) => names.is_empty(),
        }
    }

    fn is_within(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Addresses(a), Self::Addresses(b)) => a.is_within(b),
            (Self::Names(a), Self::Names(b)) => a.is_within(b),
            _ => self.is_empty(),
        }
    }

    fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Addresses(a), Self::Addresses(b)) => a.meets(b),
            (Self::Names(a), Self::Names(b)) => a.meets(b),
            _ => false,
        }
    }

    fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Addresses(a), Self::Addresses(b)) => Self::Addresses(a.and(b)),
            (Self::Names(a), Self::Names(b)) => Self::Names(a.and(b)),
            _ => Self::Addresses(Ranges::none()),
        }
    }

    /// What is in either. Of two kinds only what is in this one.
    pub(super) fn or(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Addresses(a), Self::Addresses(b)) => Self::Addresses(a.or(b)),
            (Self::Names(a), Self::Names(b)) => Self::Names(a.or(b)),
            _ => self.clone(),
        }
    }

    pub(super) fn minus(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Addresses(a), Self::Addresses(b)) => Self::Addresses(a.minus(b)),
            (Self::Names(a), Self::Names(b)) => Self::Names(a.minus(b)),
            _ => self.clone(),
        }
    }
}

/// Flows whose fields are independent of each other. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Block {
    /// The kind of its addresses.
    pub kind: Kind,
    /// Numbers of protocols, as IANA gives them.
    pub protocols: Ranges,
    /// Destination ports. Flows of protocols without ports have every one.
    pub ports: Ranges,
    /// Destinations, of the kind that the block has.
    pub targets: Targets,
    /// Source addresses.
    pub sources: Ranges,
    /// Source ports.
    pub source_ports: Ranges,
    /// What is known of the addresses besides.
    pub known: Known,
}

impl Block {
    /// Whether no flow is in it. Blocks of a set never are; ones that somebody puts together may be.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.protocols.is_empty()
            || self.ports.is_empty()
            || self.targets.is_empty()
            || self.sources.is_empty()
            || self.source_ports.is_empty()
    }

    /// The block by each of its targets: what has a long list is compared entry by entry, so that each meets few others.
    #[must_use]
    pub fn by_target(&self) -> Vec<Self> {
        let targets: Vec<Targets> = match &self.targets {
            Targets::Names(names) => names.pieces().into_iter().map(Targets::Names).collect(),
            Targets::Addresses(addresses) => {
                let ranges = addresses.ranges().iter();
                let ranges = ranges.map(|(first, last)| Ranges::span(*first, *last));
                ranges.map(Targets::Addresses).collect()
            }
        };
        let each = targets.into_iter().map(|targets| Self {
            targets,
            ..self.clone()
        });
        each.collect()
    }

    /// Blocks that differ in their targets only as one; `None` of none.
    #[must_use]
    pub fn of_targets(blocks: impl IntoIterator<Item = Self>) -> Option<Self> {
        blocks.into_iter().reduce(|all, one| Self {
            targets: all.targets.or(&one.targets),
            ..all
        })
    }

    /// Whether a flow is in both, as far as the fields say. What is known of atoms is not looked at.
    pub(super) fn fields_meet(&self, other: &Self) -> bool {
        // Those that tell blocks apart best come first.
        self.kind == other.kind
            && self.targets.meets(&other.targets)
            && self.sources.meets(&other.sources)
            && self.ports.meets(&other.ports)
            && self.protocols.meets(&other.protocols)
            && self.source_ports.meets(&other.source_ports)
    }

    /// Whether a flow is in both.
    #[must_use]
    pub fn meets(&self, other: &Self, atoms: &Atoms) -> bool {
        self.fields_meet(other) && self.known.both(&other.known, atoms).is_some()
    }

    /// The flows in both.
    pub(super) fn and(&self, other: &Self, atoms: &Atoms) -> Option<Self> {
        if !self.fields_meet(other) {
            return None;
        }
        Some(Self {
            kind: self.kind,
            protocols: self.protocols.and(&other.protocols),
            ports: self.ports.and(&other.ports),
            targets: self.targets.and(&other.targets),
            sources: self.sources.and(&other.sources),
            source_ports: self.source_ports.and(&other.source_ports),
            known: self.known.both(&other.known, atoms)?,
        })
    }

    /// Of each field whether the other has all that this one has.
    fn fields_within(&self, other: &Self) -> [bool; FIELDS] {
        [
            self.protocols.is_within(&other.protocols),
            self.ports.is_within(&other.ports),
            self.targets.is_within(&other.targets),
            self.sources.is_within(&other.sources),
            self.source_ports.is_within(&other.source_ports),
        ]
    }

    /// How many parts a cut leaves at most; none when the other has every flow. Of blocks that meet.
    pub(super) fn cost_of_cutting(&self, other: &Self, atoms: &Atoms) -> usize {
        if self.kind != other.kind {
            return usize::MAX;
        }
        let within = self.fields_within(other);
        within.iter().filter(|all| !**all).count()
            + usize::from(!self.known.implies(&other.known, atoms))
    }

    /// The flows that go to none of these addresses of IPv4 and IPv6, and to none of these names.
    #[must_use]
    pub fn without_targets(&self, v4: &Ranges, v6: &Ranges, names: &Names) -> Option<Self> {
        let targets = match &self.targets {
            Targets::Addresses(own) if self.kind == Kind::V4 => Targets::Addresses(own.minus(v4)),
            Targets::Addresses(own) => Targets::Addresses(own.minus(v6)),
            Targets::Names(own) => Targets::Names(own.minus(names)),
        };
        (!targets.is_empty()).then(|| Self {
            targets,
            ..self.clone()
        })
    }

    /// Whether the other has every flow of this one, as far as each field and what is known say.
    #[must_use]
    pub fn is_within(&self, other: &Self, atoms: &Atoms) -> bool {
        self.cost_of_cutting(other, atoms) == 0
    }

    /// The flows of this block that are not in the other, as blocks that have nothing in common.
    pub(super) fn minus(&self, other: &Self, atoms: &Atoms) -> Vec<Self> {
        if !self.meets(other, atoms) {
            return vec![self.clone()];
        }
        let mut left = Vec::new();
        let mut rest = self.clone();
        // Of each field first the flows that the other lacks there; then it goes on with those it has.
        macro_rules! cut {
            ($field:ident) => {
                let without = rest.$field.minus(&other.$field);
                if !without.is_empty() {
                    left.push(Self {
                        $field: without,
                        ..rest.clone()
                    });
                    rest.$field = rest.$field.and(&other.$field);
                }
            };
        }
        cut!(protocols);
        cut!(ports);
        cut!(targets);
        cut!(sources);
        cut!(source_ports);
        let (without, _) = rest.known.split(&other.known, atoms);
        left.extend(without.into_iter().map(|known| Self {
            known,
            ..rest.clone()
        }));
        left
    }

    /// Whether a flow is in it.
    #[must_use]
    pub fn holds(&self, flow: &Point) -> bool {
        let reaches = match (&self.targets, &flow.target) {
            (Targets::Addresses(addresses), Target::Address(address)) => addresses.holds(*address),
            (Targets::Names(names), Target::Name(name)) => names.holds(name),
            _ => false,
        };
        let mut known = self.known.all().iter();
        self.kind == flow.kind
            && reaches
            && self.protocols.holds(flow.protocol.into())
            && self.ports.holds(flow.port.into())
            && self.sources.holds(flow.source)
            && self.source_ports.holds(flow.source_port.into())
            && known.all(|(atom, inside)| flow.inside.contains(atom) == *inside)
    }

    /// One of its flows.
    #[must_use]
    pub fn example(&self, atoms: &Atoms) -> Option<Point> {
        let target = match &self.targets {
            Targets::Addresses(addresses) => Target::Address(addresses.first()?),
            Targets::Names(names) => Target::Name(names.example()?),
        };
        let port = |ports: &Ranges| u16::try_from(ports.first()?).ok();
        let inside = self.known.all().iter().filter(|(_, inside)| *inside);
        let mut inside: Vec<Atom> = inside.flat_map(|(atom, _)| atoms.around(*atom)).collect();
        inside.sort_unstable();
        inside.dedup();
        Some(Point {
            kind: self.kind,
            protocol: u16::try_from(self.protocols.first()?).ok()?,
            source: self.sources.first()?,
            source_port: port(&self.source_ports)?,
            target,
            port: port(&self.ports)?,
            inside,
        })
    }
}

/// Where one flow goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// To an address.
    Address(u128),
    /// To a name, in lower case.
    Name(smol_str::SmolStr),
}

/// One flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// The kind of its addresses.
    pub kind: Kind,
    /// The number of its protocol; whoever reads protocols inside others may number those from 256 on.
    pub protocol: u16,
    /// Its source address; of IPv4 the 32 bits.
    pub source: u128,
    /// Its source port.
    pub source_port: u16,
    /// Its destination.
    pub target: Target,
    /// Its destination port.
    pub port: u16,
    /// The atoms that its addresses lie in, in order: with an atom also those that hold it.
    pub inside: Vec<Atom>,
}
