//! What sets of flows show as an example is what a single flow finds.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tidegate::azure::{Announced, Flow, Sender, Target, Verdict};
use tidegate::net::{ServiceTag, Transport};
use tidegate::reach::{Fate, Piece, Standing};
use tidegate::space::{self, Kind, Side};

use super::both::Both;
use super::corners;

/// How many examples were asked about.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) certain: usize,
    pub(super) uncertain: usize,
}

/// Follows an example of each set of flows whose fate is certain as a single flow.
pub(super) fn follow(both: &Both<'_>) -> Result<Asked, String> {
    let mut asked = Asked::default();
    for piece in &both.map.pieces {
        let verdict = match piece.fate {
            Fate::Allowed => Verdict::Allowed,
            Fate::NoReturn => Verdict::NoReturn,
            Fate::Uncertain => continue,
        };
        let Some(flow) = flow_of(both, piece) else {
            continue;
        };
        let trace = both.plane.trace(&flow);
        if trace.verdict == verdict {
            asked.certain += 1;
        } else if trace.verdict == Verdict::Uncertain {
            asked.uncertain += 1;
        } else {
            return Err(both.told(&flow, &trace, &Standing::All(verdict)));
        }
    }
    Ok(asked)
}

/// A flow of a set, with the service tags that its destination is in. There is none where the set rests on something
/// else that is not known: a single flow cannot state that.
fn flow_of(both: &Both<'_>, piece: &Piece) -> Option<Flow> {
    let atoms = both.evaluator.atoms();
    let tag = |atom| match atoms.name(atom) {
        (Side::Destination, name) => {
            let tag = name.strip_prefix("tag ")?;
            // What these hold is a matter of the network and not of the address.
            (!corners::BY_NETWORK.contains(&tag)).then(|| ServiceTag::new(tag))
        }
        _ => None,
    };
    let known = piece.flows.known.all();
    if !known.iter().all(|(atom, _)| tag(*atom).is_some()) {
        return None;
    }
    let point = piece.flows.example(atoms).unwrap();
    let address = |number: u128, kind: Kind| -> IpAddr {
        match kind {
            Kind::V4 | Kind::V4ToName => Ipv4Addr::from(u32::try_from(number).unwrap()).into(),
            Kind::V6 | Kind::V6ToName => Ipv6Addr::from(number).into(),
        }
    };
    let transport = match point.protocol {
        1 => Transport::Icmp,
        6 => Transport::Tcp,
        17 => Transport::Udp,
        50 => Transport::Esp,
        _ => Transport::Ah,
    };
    let to = match &point.target {
        space::Target::Address(number) => Target {
            address: Some(address(*number, point.kind)),
            tags: point.inside.iter().filter_map(|atom| tag(*atom)).collect(),
            name: None,
        },
        space::Target::Name(name) => Target {
            name: Some(name.parse().unwrap()),
            ..Target::default()
        },
    };
    Some(Flow {
        from: Sender::Inside {
            subnet: both.map.subnet,
            address: address(point.source, point.kind),
        },
        announced: if to.name.is_some() {
            Announced::Target
        } else {
            Announced::Nothing
        },
        to,
        transport,
        port: if transport.has_ports() { point.port } else { 0 },
        at_once: None,
    })
}
