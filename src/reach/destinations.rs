//! Where flows go, as people speak of it.

use crate::estate::{Id, Subnet};
use crate::space::{Atoms, Block, Kind, Known, Ranges, Targets, every_v4, every_v6};

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
    /// Whatever a condition holds that nobody can list, such as a service tag without its file.
    Unlisted,
    /// The own network, those peered with it, and the pods of the own pool.
    Inside,
    /// What the Azure host answers itself.
    Platform,
    /// Addresses that no router forwards to, such as multicast.
    Unroutable,
}

impl Evaluator<'_> {
    /// Flows from a subnet, parted by where they go. Of flows that a condition lets through the condition alone says
    /// where they go, so their destinations are every address.
    #[must_use]
    pub fn by_destination(&self, subnet: Id<Subnet>, block: &Block) -> Vec<(Destinations, Block)> {
        if block.known.all().iter().any(|(_, inside)| *inside) {
            return vec![(Destinations::Unlisted, by_condition(block))];
        }
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
        part(Destinations::Unroutable, of_kind(self.unroutable()));
        part(Destinations::Inside, of_kind(&self.inside(subnet)));
        part(Destinations::Public, of_kind(self.public()));
        part(Destinations::Private, all.clone());
        parts
    }
}

/// Flows that a condition lets through, wherever they go. What must not be so besides is left out.
fn by_condition(block: &Block) -> Block {
    let said = block.known.all().iter().filter(|(_, inside)| *inside);
    let known = said.fold(Known::default(), |all, (atom, inside)| {
        // Conditions that hold together do not contradict each other, whatever is known of them.
        let one = Known::that(*atom, *inside);
        all.both(&one, &Atoms::default()).unwrap_or(one)
    });
    let (kind, every) = match block.kind {
        Kind::V4 | Kind::V4ToName => (Kind::V4, every_v4()),
        Kind::V6 | Kind::V6ToName => (Kind::V6, every_v6()),
    };
    Block {
        kind,
        targets: Targets::Addresses(every),
        known,
        ..block.clone()
    }
}
