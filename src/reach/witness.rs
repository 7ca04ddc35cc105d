//! One flow of a set, as the evaluator of single flows takes it.

use std::cmp::Reverse;
use std::net::IpAddr;

use crate::azure::{Announced, Dataplane, Flow, Region, Sender, Target};
use crate::estate::{Estate, Id, Subnet};
use crate::net::{ServiceTag, Transport};
use crate::space::{Atoms, Block, Kind, Point, Ranges, Side, Target as PointTarget, number_of};

use super::evaluate::is_said;
use super::protocols::{AH, ESP, ICMP, TCP, UDP};

/// A flow of a set from a subnet, of a machine that can be there if the set has one. The tags that its destination is in
/// are stated with it, and an address of the region that it lies in, where the set says which of them that is.
#[must_use]
pub fn witness(
    plane: &Dataplane<'_>,
    subnet: Id<Subnet>,
    flows: &Block,
    atoms: &Atoms,
) -> Option<Flow> {
    witness_in(plane, plane.regions(), subnet, flows, atoms)
}

/// The same with regions of other networks, too.
#[must_use]
pub fn witness_in(
    plane: &Dataplane<'_>,
    regions: &[Region],
    subnet: Id<Subnet>,
    flows: &Block,
    atoms: &Atoms,
) -> Option<Flow> {
    let point = flows.example(atoms)?;
    let source = machine_among(plane, subnet, flows).unwrap_or(point.source);
    let address = address_of(source, point.kind)?;
    let mut flow = flow_of(Sender::Inside { subnet, address }, &point, atoms)?;
    if flow.to.address.is_none() {
        // Networks cut the Internet differently, so a wide part may hold more than is said: the narrowest is taken, and
        // first one whose address is not only alike but lies there.
        let said = regions
            .iter()
            .filter(|it| is_said(&flows.known, atoms, it.prefix));
        let region = said.min_by_key(|it| {
            let is_there = is_said(&flows.known, atoms, it.address.into());
            (Reverse(is_there), Reverse(it.prefix.prefix_len()))
        });
        flow.to.address = region.map(|region| region.address.into());
    }
    Some(flow)
}

/// The first of the senders whose address Azure does not keep for itself.
fn machine_among(plane: &Dataplane<'_>, subnet: Id<Subnet>, flows: &Block) -> Option<u128> {
    let reserved = plane.facts.reserved_addresses();
    let is_v4 = matches!(flows.kind, Kind::V4 | Kind::V4ToName);
    let prefixes = plane.estate.subnets[subnet].prefixes.iter();
    let prefixes = prefixes.map(|prefix| prefix.value);
    let mut machines = prefixes
        .filter(|prefix| prefix.addr().is_ipv4() == is_v4)
        .filter_map(|prefix| {
            let first = number_of(prefix.network()).checked_add(reserved.first.into())?;
            let last = number_of(prefix.broadcast()).checked_sub(reserved.last.into())?;
            let usable = (first <= last).then(|| Ranges::span(first, last))?;
            flows.sources.and(&usable).first()
        });
    machines.next()
}

/// A flow of a set from anywhere: from a machine of the networks, or from somebody outside, whose tags are stated.
#[must_use]
pub fn witness_from_anywhere(estate: &Estate, flows: &Block, atoms: &Atoms) -> Option<Flow> {
    let point = flows.example(atoms)?;
    let address = address_of(point.source, point.kind)?;
    let mut subnets = estate.subnets.iter();
    let home = subnets.find(|(_, subnet)| {
        let mut prefixes = subnet.prefixes.iter();
        prefixes.any(|prefix| prefix.value.contains(&address))
    });
    let from = match home {
        Some((subnet, _)) => Sender::Inside { subnet, address },
        None => Sender::Outside {
            address,
            tags: tags_of(&point, Side::Source, atoms),
        },
    };
    flow_of(from, &point, atoms)
}

fn address_of(number: u128, kind: Kind) -> Option<IpAddr> {
    match kind {
        Kind::V4 | Kind::V4ToName => Some(IpAddr::V4(u32::try_from(number).ok()?.into())),
        Kind::V6 | Kind::V6ToName => Some(IpAddr::V6(number.into())),
    }
}

/// The service tags that hold one side of a flow.
fn tags_of(point: &Point, side: Side, atoms: &Atoms) -> Vec<ServiceTag> {
    let tags = point.inside.iter().filter_map(|atom| {
        let (of, name) = atoms.name(*atom);
        let tag = name.strip_prefix("tag ")?;
        (of == side).then(|| ServiceTag::new(tag))
    });
    tags.collect()
}

fn flow_of(from: Sender, point: &Point, atoms: &Atoms) -> Option<Flow> {
    let transport = match u128::from(point.protocol) {
        TCP => Transport::Tcp,
        UDP => Transport::Udp,
        ICMP => Transport::Icmp,
        ESP => Transport::Esp,
        AH => Transport::Ah,
        _ => return None,
    };
    let tags = tags_of(point, Side::Destination, atoms);
    let to = match &point.target {
        PointTarget::Address(number) => Target {
            name: None,
            address: Some(address_of(*number, point.kind)?),
            tags,
        },
        PointTarget::Name(name) => Target {
            name: Some(name.parse().ok()?),
            address: None,
            tags,
        },
    };
    let announced = match to.name {
        Some(_) => Announced::Target,
        None => Announced::Nothing,
    };
    Some(Flow {
        from,
        to,
        transport,
        port: if transport.has_ports() { point.port } else { 0 },
        announced,
        at_once: None,
    })
}
