//! Places where a public address that nobody knows may lie: the regions that wide prefixes cut the Internet into.
//!
//! Flows to such addresses are parted by the first bits of the address, which are atoms, so that what is told of two
//! estates can be compared however each of them cuts the Internet.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::azure::Dataplane;
use crate::space::{Atoms, Known, Side};

use super::Evaluator;
use super::packet::{Packet, To};

/// A place by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::reach) struct Place(u8);

impl Place {
    /// Nothing is known: prefixes tell no places apart.
    pub(in crate::reach) const ANY: Self = Self(127);

    /// The bit that stands for it.
    pub(super) fn bit(self) -> u128 {
        1 << self.0
    }
}

/// The places of an estate, each with an address; none where there are more than can be numbered.
pub(super) fn places(plane: &Dataplane<'_>) -> Vec<(Place, Ipv4Addr)> {
    let mut addresses: Vec<Ipv4Addr> = plane.regions().iter().map(|it| it.address).collect();
    addresses.sort_unstable();
    addresses.dedup();
    let numbered = (0..Place::ANY.0).zip(addresses);
    numbered.map(|(at, about)| (Place(at), about)).collect()
}

/// The words for a bit of an address, the first of which is number one.
fn bit_words(number: u8) -> String {
    match number {
        1 => "128.0.0.0/1".to_owned(),
        2 => "64.0.0.0/2 or 192.0.0.0/2".to_owned(),
        number => format!("what has bit {number} set"),
    }
}

/// Whether what is known says something of the first bits of a destination, and nothing against those of a prefix.
pub(in crate::reach) fn is_said(known: &Known, atoms: &Atoms, prefix: Ipv4Net) -> bool {
    let mut says_something = false;
    for number in 1..=7 {
        let atom = atoms.find(Side::Destination, &bit_words(number));
        let said = known.all().iter().find(|(other, _)| Some(*other) == atom);
        let Some((_, is_set)) = said else { continue };
        says_something = true;
        if number <= prefix.prefix_len() && bit(prefix, number) != *is_set {
            return false;
        }
    }
    says_something
}

/// A bit of the network that a prefix is of.
fn bit(prefix: Ipv4Net, number: u8) -> bool {
    prefix.network().to_bits() >> (32 - u32::from(number)) & 1 == 1
}

impl<'a> Evaluator<'a> {
    /// The address of a place.
    pub(super) fn about(&self, place: Place) -> Option<Ipv4Addr> {
        let mut places = self.places.iter();
        let (_, about) = places.find(|(other, _)| *other == place)?;
        Some(*about)
    }

    /// Flows to an address that nobody knows, parted by where it may lie. Others are left as they are.
    pub(super) fn by_place(&mut self, packet: Packet<'a>) -> Vec<Packet<'a>> {
        let To::Somewhere { microsoft, .. } = packet.to else {
            return vec![packet];
        };
        let mut parts = Vec::new();
        for region in self.plane.regions() {
            let place = self.places.iter().find(|(_, it)| *it == region.address);
            let place = place.map_or(Place::ANY, |(place, _)| *place);
            let known = self.in_part(region.prefix);
            if let Some(mut part) = self.under(packet.clone(), &known) {
                part.to = To::Somewhere { microsoft, place };
                parts.push(part);
            }
        }
        if parts.is_empty() {
            parts.push(packet);
        }
        parts
    }

    /// That the destination lies in a prefix.
    fn in_part(&mut self, prefix: Ipv4Net) -> Known {
        let mut all = Known::default();
        for number in 1..=prefix.prefix_len() {
            let atom = self.symbols.atom(Side::Destination, bit_words(number));
            let said = Known::that(atom, bit(prefix, number));
            all = all.both(&said, &self.symbols.atoms).unwrap_or(all);
        }
        all
    }
}
