//! One flow of a set, as the evaluator of single flows takes it.

use std::net::IpAddr;

use crate::azure::{Announced, Flow, Region, Sender, Target};
use crate::estate::{Id, Subnet};
use crate::net::{ServiceTag, Transport};
use crate::space::{Atoms, Block, Kind, Side, Target as PointTarget};

use super::evaluate::is_said;

use super::protocols::{AH, ESP, ICMP, TCP, UDP};

/// A flow of a set from a subnet. The tags that its destination is in are stated with it, and an address of the region
/// that it lies in, where the set says which of them that is.
#[must_use]
pub fn witness(
    subnet: Id<Subnet>,
    flows: &Block,
    atoms: &Atoms,
    regions: &[Region],
) -> Option<Flow> {
    let point = flows.example(atoms)?;
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
        PointTarget::Name(name) => {
            let mut regions = regions.iter();
            let region = regions.find(|it| is_said(&flows.known, atoms, it.prefix));
            Target {
                name: Some(name.parse().ok()?),
                address: region.map(|region| region.address.into()),
                tags: tags.collect(),
            }
        }
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
