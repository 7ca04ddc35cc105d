//! Where flows go, as people speak of it.

use crate::estate::{Id, Subnet};
use crate::space::{Block, Kind, Ranges, Targets};

use super::evaluate::{Addresses, Evaluator};

/// A kind of destinations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Destinations {
    /// Names.
    Names,
    /// Addresses that somewhere in the Internet may have.
    Public,
    /// Private addresses of none of the networks that are near.
    Private,
    /// The own network, those peered with it, the pods of the own pool, and what never leaves a network.
    Inside,
    /// What the Azure host answers itself.
    Platform,
}

impl Destinations {
    /// All of them, those that lead the farthest first.
    pub const ALL: [Self; 5] = [
        Self::Names,
        Self::Public,
        Self::Private,
        Self::Inside,
        Self::Platform,
    ];
}

impl Evaluator<'_> {
    /// Flows from a subnet, parted by where they go.
    #[must_use]
    pub fn by_destination(&self, subnet: Id<Subnet>, block: &Block) -> Vec<(Destinations, Block)> {
        let Targets::Addresses(all) = &block.targets else {
            return vec![(Destinations::Names, block.clone())];
        };
        let of_kind = |addresses: &Addresses| match block.kind {
            Kind::V4 | Kind::V4ToName => addresses.v4.clone(),
            Kind::V6 | Kind::V6ToName => addresses.v6.clone(),
        };
        let mut left = all.clone();
        let mut parts = Vec::new();
        let mut part = |kind: Destinations, addresses: Ranges| {
            let both = left.and(&addresses);
            left = left.minus(&addresses);
            if !both.is_empty() {
                let targets = Targets::Addresses(both);
                let block = Block {
                    targets,
                    ..block.clone()
                };
                parts.push((kind, block));
            }
        };
        part(Destinations::Platform, of_kind(self.platform()));
        part(Destinations::Inside, of_kind(&self.inside(subnet)));
        part(Destinations::Public, of_kind(self.public()));
        part(Destinations::Private, all.clone());
        parts
    }
}
