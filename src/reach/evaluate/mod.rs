//! The way of sets of flows: security groups, next hop after next hop, public address, service, and the replies.
//!
//! What an element does not know is an atom, and the flows are parted by it: what is allowed whatever the atoms turn
//! out to be is allowed. Flows that come back from no step are denied.
//!
//! Nothing of the evaluator of single flows is used but its facts: what names resolve to, what is not known of an
//! estate, what service tags hold.

mod arrive;
mod device;
mod ends;
mod exit;
mod firewall;
mod groups;
mod hop;
mod map;
mod names;
mod packet;
mod places;
mod reply;
mod routes;
mod service;
mod symbols;
mod topology;

use std::cell::OnceCell;
use std::net::Ipv4Addr;
use std::rc::Rc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::azure::{Dataplane, FqdnTagContent};
use crate::base::Origin;
use crate::estate::{Direction, Firewall, Id, Nsg, Subnet};
use crate::net::{FqdnTag, ServiceTag};
use crate::space::{Atoms, Block, Flows, Index, Known, Names, Ranges, Side, TooLarge, Work};

pub use map::{Fate, FlowMap, Piece, Standing};
pub(super) use packet::To;
pub(super) use places::is_said;
pub use symbols::tags_of;
pub(super) use topology::Addresses;

use groups::{Matched, ReadRule};
use packet::Packet;
use places::Place;
use routes::Route;
use symbols::Symbols;
use topology::Topology;

use super::protocols::{AH, ESP, ICMP, TCP, UDP};

/// How many next hops flows may take before they count as going round.
const MOST_HOPS: usize = 8;

/// How many comparisons one evaluation may make.
const STEPS: u64 = 20_000_000;

/// The protocols that Azure's networks carry.
fn every_protocol() -> Ranges {
    Ranges::of([ICMP, TCP, UDP, ESP, AH].map(|number| (number, number)))
}

/// One direction of a security group, as it is read on a subnet.
type GroupOnSubnet = (Id<Nsg>, Direction, Id<Subnet>);

/// Follows sets of flows through an estate.
///
/// What many subnets share is read once.
#[derive(Debug)]
pub struct Evaluator<'a> {
    plane: &'a Dataplane<'a>,
    topology: Topology,
    symbols: Symbols,
    places: Vec<(Place, Ipv4Addr)>,
    aliases: OnceCell<Names>,
    classes: Option<Rc<[names::Class<'a>]>>,
    led: FxHashMap<Id<Subnet>, Rc<[names::Led<'a>]>>,
    routes: FxHashMap<Id<Subnet>, Rc<[Route]>>,
    security: FxHashMap<GroupOnSubnet, Rc<[ReadRule]>>,
    firewalls: FxHashMap<Id<Firewall>, Rc<firewall::ReadFirewall>>,
    /// Flows whose fate is uncertain whatever stops them on their way.
    unsettled: Vec<Piece>,
    left: u64,
}

impl<'a> Evaluator<'a> {
    /// Makes an estate ready. `tags` are service tags that flows will be asked about, besides those that the estate
    /// names.
    #[must_use]
    pub fn new(plane: &'a Dataplane<'a>, tags: &[ServiceTag]) -> Self {
        let tags = symbols::tags_of(plane.estate, tags);
        Self {
            plane,
            topology: Topology::of(plane.estate, plane.facts),
            symbols: Symbols::of(&tags, plane.facts),
            places: places::places(plane),
            aliases: OnceCell::new(),
            classes: None,
            led: FxHashMap::default(),
            routes: FxHashMap::default(),
            security: FxHashMap::default(),
            firewalls: FxHashMap::default(),
            unsettled: Vec::new(),
            left: STEPS,
        }
    }

    /// Makes another estate ready beside this one: what has one name is one unknown in both, so that their flows can be
    /// compared. Sets of this one are sets of the other one too.
    #[must_use]
    pub fn beside<'b>(&self, plane: &'b Dataplane<'b>, tags: &[ServiceTag]) -> Evaluator<'b> {
        let mut other = Evaluator::new(plane, &[]);
        let mut known = symbols::tags_of(self.plane.estate, tags);
        known.extend(symbols::tags_of(plane.estate, &[]));
        let mut symbols = self.symbols.clone();
        symbols.relate(&known, plane.facts);
        other.symbols = symbols;
        other
    }

    /// What is known of atoms.
    #[must_use]
    pub fn atoms(&self) -> &Atoms {
        &self.symbols.atoms
    }

    /// The addresses of the machines of a subnet.
    pub(super) fn addresses_of(&self, subnet: Id<Subnet>) -> Addresses {
        let prefixes = self.plane.estate.subnets[subnet].prefixes.iter();
        Addresses::of(prefixes.map(|prefix| prefix.value).collect::<Vec<_>>())
    }

    /// The addresses of IPv4 that somewhere in the Internet may have.
    #[must_use]
    pub fn public_v4(&self) -> &Ranges {
        &self.topology.public.v4
    }

    /// Addresses that somewhere in the Internet may have.
    pub(super) fn public(&self) -> &Addresses {
        &self.topology.public
    }

    /// Addresses that a service of Azure's may have.
    pub(super) fn serviceable(&self) -> &Addresses {
        &self.topology.serviceable
    }

    /// What the Azure host answers itself.
    pub(super) fn platform(&self) -> &Addresses {
        &self.topology.platform
    }

    /// Addresses that no router forwards to.
    pub(super) fn unroutable(&self) -> &Addresses {
        &self.topology.unroutable
    }

    /// What a file lists for a tag, where there is one that does.
    pub(super) fn listed(&self, tag: &ServiceTag) -> Option<Addresses> {
        let prefixes = self.plane.tags?.prefixes(tag)?;
        Some(Addresses::of(prefixes.collect::<Vec<_>>()))
    }

    pub(super) fn in_tag(&mut self, tag: &ServiceTag, side: Side) -> Known {
        self.symbols.in_tag(tag, side)
    }

    pub(super) fn that(&mut self, side: Side, words: impl Into<SmolStr>) -> Known {
        self.symbols.that(side, words)
    }

    /// That something is so which some element of the estate depends on; nothing when none does that was met so far.
    pub(super) fn that_matters(&self, side: Side, words: &str) -> Option<Known> {
        let atom = self.symbols.atoms.find(side, words)?;
        Some(Known::that(atom, true))
    }

    /// What is published of an FQDN tag.
    pub(super) fn content_of(&self, tag: &FqdnTag) -> Option<&'a FqdnTagContent> {
        let mut contents = self.plane.fqdn_tags.tags.iter();
        contents.find(|content| {
            let mut names = content.names.iter();
            names.any(|name| name.eq_ignore_ascii_case(tag.as_str()))
        })
    }

    fn step(&mut self, count: usize) -> Result<(), TooLarge> {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(count).ok_or(TooLarge)?;
        Ok(())
    }

    fn work(&self) -> Work<'_> {
        Work::new(&self.symbols.atoms, STEPS)
    }

    /// An element on the way, which may be there on a condition only.
    fn touch(&mut self, packet: &mut Packet<'_>, origin: Origin) {
        if let Some(condition) = self.plane.estate.gaps.condition_of(origin) {
            self.unsettle(packet, format!("deployed only if {}", condition.text));
        }
    }

    /// The way of some flows rests on something that is not known: they may go another way, so nothing that stops them
    /// on this one is certain.
    fn unsettle(&mut self, packet: &mut Packet<'_>, why: impl Into<SmolStr>) {
        packet.doubt(why);
        self.unsettled.push(packet.clone().finished());
    }

    /// Flows under a condition; nothing when they contradict it.
    fn under(&self, mut packet: Packet<'a>, known: &Known) -> Option<Packet<'a>> {
        packet.flows.known = packet.flows.known.both(known, &self.symbols.atoms)?;
        Some(packet)
    }

    /// Flows parted by which of several ways they take, where nothing tells.
    fn by_chance(
        &mut self,
        packet: &Packet<'a>,
        ways: usize,
        words: impl Fn(usize) -> SmolStr,
    ) -> Vec<Packet<'a>> {
        let mut left = Some(packet.clone());
        let mut parts = Vec::new();
        for way in 1..ways {
            let Some(packet) = left.take() else { break };
            let atom = self.symbols.atom(Side::Deployment, words(way));
            parts.extend(self.under(packet.clone(), &Known::that(atom, true)));
            left = self.under(packet, &Known::that(atom, false));
        }
        parts.extend(left);
        parts
    }
}

/// The flows that a list of rules lets through, the first match deciding, with the rule that does. Several of the parts
/// may hold a flow; flows that no rule matches go through `otherwise`.
fn first_match<'a>(
    packet: &Packet<'a>,
    rules: Vec<Matched>,
    otherwise: bool,
    work: &mut Work<'_>,
) -> Result<Vec<Packet<'a>>, TooLarge> {
    let mut denied = Denied::default();
    let mut passed: Vec<(Block, Option<Origin>)> = Vec::new();
    let mut decided = false;
    for rule in rules {
        for block in rule.blocks {
            decided |= block == packet.flows;
            if !rule.allows {
                denied.add(block);
                continue;
            }
            let left = denied.leave(block, work)?;
            passed.extend(left.into_iter().map(|block| (block, Some(rule.origin))));
        }
        if decided {
            break;
        }
    }
    if otherwise && !decided {
        let left = denied.leave(packet.flows.clone(), work)?;
        passed.extend(left.into_iter().map(|block| (block, None)));
    }
    without_parts_of_others(&mut passed, work.atoms);
    let passed = passed.into_iter().map(|(flows, by)| {
        let mut part = Packet {
            flows,
            ..packet.clone()
        };
        part.by.extend(by);
        part
    });
    Ok(passed.collect())
}

/// Flows that are denied, with an index once they are many.
#[derive(Default)]
struct Denied {
    blocks: Vec<Block>,
    index: Option<Index>,
    indexed: usize,
}

impl Denied {
    /// So many are looked at one by one.
    const FEW: usize = 32;

    fn add(&mut self, block: Block) {
        self.blocks.push(block);
        // Made anew each time that there are twice as many, so that all together cost little more than the last.
        if self.blocks.len() >= 2 * self.indexed + Self::FEW {
            self.index = Some(Index::of(self.blocks.iter()));
            self.indexed = self.blocks.len();
        }
    }

    /// The flows of a block that are not denied.
    fn leave(&self, block: Block, work: &mut Work<'_>) -> Result<Vec<Block>, TooLarge> {
        let met = self.index.as_ref().map(|index| index.near(&block));
        let met = met.iter().flatten().filter_map(|at| self.blocks.get(*at));
        let late = self.blocks.iter().skip(self.indexed);
        let cuts: Vec<&Block> = met
            .chain(late)
            .filter(|cut| cut.meets(&block, work.atoms))
            .collect();
        if cuts.is_empty() {
            return Ok(vec![block]);
        }
        let mut left = Flows::of(block);
        for cut in cuts {
            left = left.minus(&Flows::of(cut.clone()), work)?;
        }
        Ok(left.blocks().to_vec())
    }
}

/// How many parts are compared with each other.
const FEW: usize = 64;

/// Leaves out what is a part of something else, where that is cheap to see.
fn without_parts_of_others(passed: &mut Vec<(Block, Option<Origin>)>, atoms: &Atoms) {
    if passed.len() > FEW {
        return;
    }
    let mut kept: Vec<(Block, Option<Origin>)> = Vec::new();
    // Later ones are mostly the wider ones.
    for (block, by) in passed.drain(..).rev() {
        if !kept.iter().any(|(other, _)| block.is_within(other, atoms)) {
            kept.push((block, by));
        }
    }
    kept.reverse();
    *passed = kept;
}
