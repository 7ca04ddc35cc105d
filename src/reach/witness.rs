//! One flow of a set, as the evaluator of single flows takes it.

use std::net::IpAddr;

use crate::azure::{Announced, Flow, Sender, Target};
use crate::estate::{Id, Subnet};
use crate::net::{ServiceTag, Transport};
use crate::space::{Atoms, Block, Kind, Point, Side, Target as PointTarget};

use super::protocols::{AH, ESP, ICMP, TCP, UDP};

/// A flow of a set from a subnet. The tags that its destination is in are stated with it.
#[must_use]
pub fn witness(subnet: Id<Subnet>, flows: &Block, atoms: &Atoms) -> Option<Flow> {
    flow_of(subnet, &flows.example(atoms)?, atoms)
}

fn flow_of(subnet: Id<Subnet>, point: &Point, atoms: &Atoms) -> Option<Flow> {
    let address = |number: u128, kind: Kind| -> Option<IpAddr> {
        match kind {
            Kind::V4 | Kind::V4ToName => Some(IpAddr::V4(u32::try_from(number).ok()?.into())),
            Kind::V6 | Kind::V6ToName => Some(IpAddr::V6(number.into())),
        }
    };
    let transport = match u128::from(point.protocol) {
        TCP => Transport::Tcp,
        UDP => Transport::Udp,
        ICMP => Transport::Icmp,
        ESP => Transport::Esp,
        AH => Transport::Ah,
        _ => return None,
    };
    let tags = point.inside.iter().filter_map(|atom| {
        let (side, name) = atoms.name(*atom);
        let tag = name.strip_prefix("tag ")?;
        (side == Side::Destination).then(|| ServiceTag::new(tag))
    });
    let to = match &point.target {
        PointTarget::Address(number) => Target {
            name: None,
            address: Some(address(*number, point.kind)?),
            tags: tags.collect(),
        },
        PointTarget::Name(name) => Target {
            name: Some(name.parse().ok()?),
            address: None,
            tags: tags.collect(),
        },
    };
    let announced = match to.name {
        Some(_) => Announced::Target,
        None => Announced::Nothing,
    };
    Some(Flow {
        from: Sender::Inside {
            subnet,
            address: address(point.source, point.kind)?,
        },
        to,
        transport,
        port: if transport.has_ports() { point.port } else { 0 },
        announced,
        at_once: None,
    })
}
