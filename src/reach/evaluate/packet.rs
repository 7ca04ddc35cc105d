//! A set of flows on its way: which flows they are, and what an element on the way sees of them.

use std::net::IpAddr;

use smol_str::SmolStr;

use crate::azure::next_hop::Holder;
use crate::base::Origin;
use crate::estate::{Id, Subnet};
use crate::net::Fqdn;
use crate::space::{Atoms, Block, Kind, Known, Ranges, Targets};

use super::ends::Part;
use super::places::Place;
use super::routes::Wanted;
use super::topology::Addresses;

/// Who an element sees as the sender.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum From {
    /// The machines that send, each by its own address.
    Own,
    /// A device that put its address in their place; `None` when that is not known.
    Device(Option<IpAddr>),
}

/// Where an element sees the flows go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::reach) enum To {
    /// To the addresses that the flows have.
    Own,
    /// All to this address.
    At(IpAddr),
    /// To public addresses that nobody knows, behind names of Microsoft's or others.
    Somewhere { microsoft: bool, place: Place },
}

/// A device on the way that keeps state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Device {
    pub(super) holder: Holder,
    /// It put its own address in the sender's place.
    pub(super) translated: bool,
}

/// Flows on their way.
#[derive(Debug, Clone)]
pub(super) struct Packet<'a> {
    /// Which flows.
    pub(super) flows: Block,
    /// The subnet of the machines that send.
    pub(super) home: Id<Subnet>,
    pub(super) from: From,
    pub(super) to: To,
    /// The name that they are for, when it is one that the estate knows something of.
    pub(super) name: Option<Fqdn>,
    /// What service endpoints call the service, as far as names tell; empty for names of no such service.
    pub(super) kind: Option<&'a str>,
    /// Why it is not known whether they go on.
    pub(super) doubts: Vec<SmolStr>,
    /// Why it is not known whether their replies come back.
    pub(super) reply_doubts: Vec<SmolStr>,
    /// Their replies certainly do not come back.
    pub(super) no_return: bool,
    pub(super) devices: Vec<Device>,
    pub(super) hops: usize,
    /// The rules and routes that let them through.
    pub(super) by: Vec<Origin>,
}

impl Packet<'_> {
    pub(super) fn doubt(&mut self, why: impl Into<SmolStr>) {
        let why = why.into();
        if !self.doubts.contains(&why) {
            self.doubts.push(why);
        }
    }

    pub(super) fn doubt_reply(&mut self, why: impl Into<SmolStr>) {
        let why = why.into();
        if !self.reply_doubts.contains(&why) {
            self.reply_doubts.push(why);
        }
    }

    pub(super) fn is_named(&self) -> bool {
        self.flows.kind.is_named()
    }

    /// The address that all go to, when it is one.
    pub(super) fn address(&self) -> Option<IpAddr> {
        match self.to {
            To::At(address) => Some(address),
            To::Own | To::Somewhere { .. } => None,
        }
    }

    /// The destinations, as routes are chosen for them.
    pub(super) fn wanted(&self) -> Wanted {
        match self.to {
            To::Own => Wanted::Any(self.own_targets()),
            To::At(address) => Wanted::Any(Addresses::between(address, address)),
            To::Somewhere { microsoft, place } => Wanted::Somewhere { microsoft, place },
        }
    }

    fn own_targets(&self) -> Addresses {
        match &self.flows.targets {
            Targets::Addresses(ranges) => of_kind(self.flows.kind, ranges.clone()),
            Targets::Names(_) => Addresses::default(),
        }
    }

    /// The senders' own addresses.
    pub(super) fn own_sources(&self) -> Addresses {
        of_kind(self.flows.kind, self.flows.sources.clone())
    }

    /// Those that go to some addresses. All or none where all go to one address or to one that nobody knows.
    pub(super) fn towards(&self, addresses: &Addresses) -> Option<Self> {
        match self.to {
            To::Own => self.with_targets(addresses),
            To::At(address) => addresses.holds(address).then(|| self.clone()),
            To::Somewhere { .. } => None,
        }
    }

    /// Those that do not go to some addresses.
    pub(super) fn not_towards(&self, addresses: &Addresses) -> Option<Self> {
        match self.to {
            To::Own => self.with_targets(&Addresses::every().minus(addresses)),
            To::At(address) => (!addresses.holds(address)).then(|| self.clone()),
            To::Somewhere { .. } => Some(self.clone()),
        }
    }

    fn with_targets(&self, addresses: &Addresses) -> Option<Self> {
        let Targets::Addresses(own) = &self.flows.targets else {
            return None;
        };
        let both = own.and(of_family(self.flows.kind, addresses));
        (!both.is_empty()).then(|| Self {
            flows: Block {
                targets: Targets::Addresses(both),
                ..self.flows.clone()
            },
            ..self.clone()
        })
    }

    /// Those whose senders are some addresses, as machines and not as a device shows them.
    pub(super) fn sent_by(&self, addresses: &Addresses) -> Option<Self> {
        let both = self
            .flows
            .sources
            .and(of_family(self.flows.kind, addresses));
        (!both.is_empty()).then(|| Self {
            flows: Block {
                sources: both,
                ..self.flows.clone()
            },
            ..self.clone()
        })
    }

    /// Those of some protocols.
    pub(super) fn over(&self, protocols: &Ranges) -> Option<Self> {
        let both = self.flows.protocols.and(protocols);
        (!both.is_empty()).then(|| Self {
            flows: Block {
                protocols: both,
                ..self.flows.clone()
            },
            ..self.clone()
        })
    }

    /// Whether a part of a rule holds the source of some of the flows.
    pub(super) fn may_come_from(&self, part: &Part) -> bool {
        match self.from {
            From::Own => {
                let sources = of_family(self.flows.kind, &part.addresses);
                self.flows.sources.meets(sources)
            }
            From::Device(Some(address)) => part.addresses.holds(address),
            From::Device(None) => part.somewhere.holds_unplaced(),
        }
    }

    /// The flows whose source a part of a rule holds.
    pub(super) fn cut_source(&self, part: &Part) -> Option<Block> {
        match self.from {
            From::Own => {
                let both = self
                    .flows
                    .sources
                    .and(of_family(self.flows.kind, &part.addresses));
                (!both.is_empty()).then(|| Block {
                    sources: both,
                    ..self.flows.clone()
                })
            }
            From::Device(_) => self.may_come_from(part).then(|| self.flows.clone()),
        }
    }

    /// The flows of a block of its own whose destination a part of a rule holds.
    pub(super) fn cut_target(&self, block: Block, part: &Part) -> Option<Block> {
        match self.to {
            To::Own => {
                let Targets::Addresses(own) = &block.targets else {
                    return None;
                };
                let both = own.and(of_family(block.kind, &part.addresses));
                (!both.is_empty()).then_some(Block {
                    targets: Targets::Addresses(both),
                    ..block
                })
            }
            To::At(address) => part.addresses.holds(address).then_some(block),
            To::Somewhere { microsoft, place } => {
                part.somewhere.holds(microsoft, place).then_some(block)
            }
        }
    }

    /// The same on the part of its flows that a cell holds.
    pub(super) fn in_cell(&self, wanted: &Wanted, known: &Known, atoms: &Atoms) -> Option<Self> {
        let mut part = match (wanted, self.to) {
            (Wanted::Any(addresses), To::Own) => self.with_targets(addresses)?,
            _ => self.clone(),
        };
        part.flows.known = part.flows.known.both(known, atoms)?;
        Some(part)
    }
}

pub(super) fn of_kind(kind: Kind, ranges: Ranges) -> Addresses {
    match kind {
        Kind::V4 | Kind::V4ToName => Addresses {
            v4: ranges,
            ..Addresses::default()
        },
        Kind::V6 | Kind::V6ToName => Addresses {
            v6: ranges,
            ..Addresses::default()
        },
    }
}

pub(super) fn of_family(kind: Kind, addresses: &Addresses) -> &Ranges {
    match kind {
        Kind::V4 | Kind::V4ToName => &addresses.v4,
        Kind::V6 | Kind::V6ToName => &addresses.v6,
    }
}
