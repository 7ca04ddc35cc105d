//! What becomes of flows: pieces of which each holds flows of one fate. Flows of no piece are denied.

use smol_str::SmolStr;

use crate::azure::Verdict;
use crate::azure::next_hop::Holder;
use crate::base::Origin;
use crate::estate::{Id, Subnet};
use crate::space::{Atoms, Block, Cover, TooLarge, Work, cover};

use super::packet::Packet;

/// What becomes of flows that are not denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// They arrive, and their replies come back.
    Allowed,
    /// They arrive, and their replies do not come back.
    NoReturn,
    /// What decides is not known.
    Uncertain,
}

/// Flows of one fate.
#[derive(Debug, Clone)]
pub struct Piece {
    /// Which flows.
    pub flows: Block,
    /// What becomes of them.
    pub fate: Fate,
    /// What is not known, in words.
    pub doubts: Vec<SmolStr>,
    /// The devices that they pass, in order.
    pub via: Vec<Holder>,
    /// Rules and routes that let them through, each one of those that do.
    pub by: Vec<Origin>,
}

impl Packet<'_> {
    /// Flows at the end of their way.
    pub(super) fn finished(self) -> Piece {
        let fate = if !self.doubts.is_empty() {
            Fate::Uncertain
        } else if self.no_return {
            Fate::NoReturn
        } else if self.reply_doubts.is_empty() {
            Fate::Allowed
        } else {
            Fate::Uncertain
        };
        let mut doubts = self.doubts;
        if fate == Fate::Uncertain {
            doubts.extend(self.reply_doubts);
        }
        Piece {
            flows: self.flows,
            fate,
            doubts,
            via: self
                .devices
                .into_iter()
                .map(|device| device.holder)
                .collect(),
            by: self.by,
        }
    }
}

/// How a set of flows stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// All of them have this verdict, whatever is not known.
    All(Verdict),
    /// They differ, or what decides is not known.
    Mixed,
}

/// What becomes of the flows of one subnet.
#[derive(Debug, Clone)]
pub struct FlowMap {
    /// Where they start.
    pub subnet: Id<Subnet>,
    /// Several pieces may hold a flow; they are of one fate then, as far as they agree on what is not known.
    pub pieces: Vec<Piece>,
}

impl FlowMap {
    pub(super) fn of(subnet: Id<Subnet>, pieces: Vec<Piece>) -> Self {
        Self { subnet, pieces }
    }

    /// The pieces of a fate.
    pub fn of_fate(&self, fate: Fate) -> impl Iterator<Item = &Piece> {
        self.pieces.iter().filter(move |piece| piece.fate == fate)
    }

    /// How some flows stand, all of them taken together.
    ///
    /// # Errors
    /// When there is too much to compare.
    pub fn standing(&self, flows: &Block, atoms: &Atoms, steps: u64) -> Result<Standing, TooLarge> {
        let mut work = Work::new(atoms, steps);
        let near: Vec<&Piece> = self
            .pieces
            .iter()
            .filter(|piece| piece.flows.meets(flows, atoms))
            .collect();
        let of = |fate: Fate| -> Vec<&Block> {
            let pieces = near.iter().filter(|piece| piece.fate == fate);
            pieces.map(|piece| &piece.flows).collect()
        };
        let held = |blocks: &[&Block], work: &mut Work<'_>| {
            Ok(matches!(cover(flows, blocks, work)?, Cover::Held(_)))
        };
        let (allowed, lost) = (of(Fate::Allowed), of(Fate::NoReturn));
        let unclear = of(Fate::Uncertain);
        if held(&allowed, &mut work)? {
            return Ok(Standing::All(Verdict::Allowed));
        }
        if !allowed.is_empty() || !unclear.is_empty() {
            let certain = !allowed.is_empty() || !held(&unclear, &mut work)?;
            let same = if certain {
                Standing::Mixed
            } else {
                Standing::All(Verdict::Uncertain)
            };
            return Ok(same);
        }
        if !lost.is_empty() && held(&lost, &mut work)? {
            return Ok(Standing::All(Verdict::NoReturn));
        }
        // Some are lost on their way, the replies of others on theirs: none comes back.
        Ok(Standing::All(Verdict::Denied))
    }
}
