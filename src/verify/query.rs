//! Everything that a subnet can reach, summed up.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::azure::Dataplane;
use crate::azure::next_hop::Holder;
use crate::estate::{Estate, Id, Subnet};
use crate::net::{FqdnPattern, NameError, parse_prefix};
use crate::reach::{Destinations, Evaluator, Fate, FlowMap, Piece};
use crate::space::{
    Atoms, Block, Cover, Flows, Index, Kind, Known, Names, Ranges, Targets, TooLarge, Wording,
    Work, cover, v4_of, v6_of,
};

use super::excess::{Openness, openness};

/// How many comparisons the flows of one group may take.
const STEPS: u64 = 20_000_000;

/// How many comparisons it may take to see that a condition changes nothing.
const STEPS_OF_ONE: u64 = 200_000;

/// What a subnet can reach.
#[derive(Debug, Clone)]
pub struct Reached {
    /// From where.
    pub subnet: Id<Subnet>,
    /// By what becomes of flows and where they go, in this order.
    pub groups: Vec<Reach>,
    /// There was too much to follow or to put together: this is not everything.
    pub too_large: bool,
}

/// Flows of one fate to one kind of destinations, by the same devices.
#[derive(Debug, Clone)]
pub struct Reach {
    /// What becomes of them.
    pub fate: Fate,
    /// Where they go.
    pub to: Destinations,
    /// The devices that they pass, in order.
    pub via: Vec<String>,
    /// The flows in words, a line each.
    pub flows: Vec<String>,
    /// How much it is; of addresses, those of the Internet count.
    pub openness: Openness,
    /// What is not known, where the fate is not.
    pub doubts: Vec<String>,
}

/// What flows stand together by: what becomes of them, where they go, and the devices that they pass.
type Key = (Fate, Destinations, Vec<String>);

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// The most important, and how much is left out.
    Short,
    /// Everything.
    Full,
}

/// What flows are asked about.
#[derive(Debug, Clone, Default)]
pub struct Narrow {
    /// Only those to these addresses or names.
    pub targets: Option<(Kind, Targets)>,
    /// Only those to this port.
    pub port: Option<u16>,
}

impl FromStr for Narrow {
    type Err = String;

    /// A name, a pattern, an address or a prefix, and a port behind a colon; of IPv6 in brackets.
    fn from_str(text: &str) -> Result<Self, String> {
        let (place, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (place, behind) = rest.split_once(']').ok_or("`[` without `]`")?;
                (place, behind.strip_prefix(':'))
            }
            None => match text.split_once(':') {
                // Of IPv6 without brackets all is the address.
                Some((_, port)) if port.contains(':') => (text, None),
                Some((place, port)) => (place, Some(port)),
                None => (text, None),
            },
        };
        let port = match port {
            None => None,
            Some(port) => match port.parse::<u16>() {
                Ok(port) if port > 0 => Some(port),
                _ => return Err(format!("a port is a number from 1 to 65535, not `{port}`")),
            },
        };
        let targets = match (place, parse_prefix(place)) {
            ("", _) => None,
            (_, Ok(prefix)) if prefix.addr().is_ipv4() => {
                Some((Kind::V4, Targets::Addresses(v4_of([prefix]))))
            }
            (_, Ok(prefix)) => Some((Kind::V6, Targets::Addresses(v6_of([prefix])))),
            (place, Err(error)) if place.contains('/') => return Err(error.to_string()),
            (place, Err(_)) => {
                let pattern: FqdnPattern = place
                    .parse()
                    .map_err(|error: NameError| error.to_string())?;
                Some((Kind::V4ToName, Targets::Names(Names::of(&pattern))))
            }
        };
        Ok(Self { targets, port })
    }
}

impl Narrow {
    /// The part of some flows that is asked about.
    fn of(&self, block: &Block) -> Option<Block> {
        let mut part = block.clone();
        if let Some((kind, wanted)) = &self.targets {
            let is_same = *kind == block.kind || (kind.is_named() && block.kind.is_named());
            if !is_same {
                return None;
            }
            part.targets = match (&block.targets, wanted) {
                (Targets::Addresses(own), Targets::Addresses(wanted)) => {
                    Targets::Addresses(own.and(wanted))
                }
                (Targets::Names(own), Targets::Names(wanted)) => Targets::Names(own.and(wanted)),
                _ => return None,
            };
        }
        if let Some(port) = self.port {
            let port = u128::from(port);
            part.ports = part.ports.and(&Ranges::span(port, port));
        }
        (!part.is_empty()).then_some(part)
    }
}

/// Sums up what subnets can reach.
#[must_use]
pub fn query(
    plane: &Dataplane<'_>,
    subnets: &[Id<Subnet>],
    narrow: &Narrow,
    detail: Detail,
) -> Vec<Reached> {
    let mut evaluator = Evaluator::new(plane, &[]);
    let reached = subnets.iter().map(|subnet| {
        let map = evaluator.from_subnet(*subnet);
        match map {
            Ok(map) => summed(plane, &evaluator, &map, narrow, detail),
            Err(TooLarge) => Reached {
                subnet: *subnet,
                groups: Vec::new(),
                too_large: true,
            },
        }
    });
    reached.collect()
}

fn summed(
    plane: &Dataplane<'_>,
    evaluator: &Evaluator<'_>,
    map: &FlowMap,
    narrow: &Narrow,
    detail: Detail,
) -> Reached {
    let mut blocks: BTreeMap<Key, (Vec<Block>, Vec<String>)> = BTreeMap::new();
    let conditions = Conditions::of(map);
    for piece in &map.pieces {
        let flows = conditions.without_idle(piece, evaluator.atoms());
        let Some(flows) = narrow.of(&flows) else {
            continue;
        };
        let via: Vec<String> = piece
            .via
            .iter()
            .filter_map(|holder| device(plane.estate, *holder))
            .collect();
        for (to, block) in evaluator.by_destination(map.subnet, &flows) {
            if to == Destinations::Unroutable {
                continue;
            }
            let (all, doubts) = blocks.entry((piece.fate, to, via.clone())).or_default();
            all.push(block);
            doubts.extend(piece.doubts.iter().map(ToString::to_string));
        }
    }
    let words = wording(plane, map.subnet, evaluator, detail);
    let mut reached = Reached {
        subnet: map.subnet,
        groups: Vec::new(),
        too_large: false,
    };
    for ((fate, to, via), (blocks, mut doubts)) in blocks {
        let mut work = Work::new(evaluator.atoms(), STEPS);
        let Ok(flows) = as_one(blocks, &mut work) else {
            reached.too_large = true;
            continue;
        };
        doubts.sort();
        doubts.dedup();
        let blocks: Vec<&Block> = flows.blocks().iter().collect();
        reached.groups.push(Reach {
            fate,
            to,
            via,
            flows: words.flows(&flows),
            openness: match to {
                Destinations::Names | Destinations::Public => {
                    openness(plane, &blocks, Some(evaluator.public_v4()))
                }
                _ => Openness::default(),
            },
            doubts,
        });
    }
    reached
}

/// What becomes of flows under conditions, and without them.
struct Conditions<'m> {
    map: &'m FlowMap,
    index: Index,
}

impl<'m> Conditions<'m> {
    fn of(map: &'m FlowMap) -> Self {
        let flows = map.pieces.iter().map(|piece| &piece.flows);
        Self {
            map,
            index: Index::of(flows),
        }
    }

    /// The flows of a piece, without conditions that change nothing: where they do not hold, other pieces have the same
    /// flows.
    fn without_idle(&self, piece: &Piece, atoms: &Atoms) -> Block {
        let mut flows = piece.flows.clone();
        if flows.known == Known::default() {
            return flows;
        }
        let anyhow = Block {
            known: Known::default(),
            ..flows.clone()
        };
        let near = self
            .index
            .near(&anyhow)
            .into_iter()
            .filter_map(|at| self.map.pieces.get(at));
        let near = near.filter(|other| other.fate == piece.fate && other.via == piece.via);
        let near: Vec<&Block> = near.map(|other| &other.flows).collect();
        for (idle, _) in piece.flows.known.all() {
            let rest = flows.known.all().iter().filter(|(atom, _)| atom != idle);
            let known = rest.fold(Known::default(), |all, (atom, inside)| {
                let one = Known::that(*atom, *inside);
                all.both(&one, atoms).unwrap_or(all)
            });
            let wider = Block {
                known,
                ..flows.clone()
            };
            let mut work = Work::new(atoms, STEPS_OF_ONE);
            if let Ok(Cover::Held(_)) = cover(&wider, &near, &mut work) {
                flows = wider;
            }
        }
        flows
    }
}

/// Flows that many rules let through, in blocks that are the same however the rules part them.
pub(super) fn as_one(mut blocks: Vec<Block>, work: &mut Work<'_>) -> Result<Flows, TooLarge> {
    blocks.sort_unstable();
    blocks.dedup();
    Flows::of_all(blocks, work)?.canonical(work)?.flows(work)
}

fn wording<'e>(
    plane: &Dataplane<'_>,
    subnet: Id<Subnet>,
    evaluator: &'e Evaluator<'_>,
    detail: Detail,
) -> Wording<'e> {
    let own = plane.estate.subnets[subnet].prefixes.iter();
    let own: Vec<_> = own.map(|prefix| prefix.value).collect();
    let words = Wording::new(evaluator.atoms()).sources(v4_of(own.iter().copied()), v6_of(own));
    match detail {
        Detail::Short => words.lines(10).parts(8),
        Detail::Full => words.parts(usize::MAX),
    }
}

/// A device by its kind and name.
fn device(estate: &Estate, holder: Holder) -> Option<String> {
    Some(match holder {
        Holder::Firewall(id) => format!("firewall {}", estate.firewalls[id].meta.name),
        Holder::Appliance(id) => format!("appliance {}", estate.appliances[id].meta.name),
        Holder::LoadBalancer(id) => {
            format!("load balancer {}", estate.load_balancers[id].meta.name)
        }
        Holder::Nobody => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_names_prefixes_and_ports() {
        let words = |text: &str| {
            let narrow: Narrow = text.parse().unwrap();
            let targets = narrow.targets.map(|(kind, targets)| match targets {
                Targets::Names(names) => names.to_string(),
                Targets::Addresses(ranges) => format!("{kind:?} {}", ranges.count()),
            });
            (targets.unwrap_or_default(), narrow.port)
        };
        for (text, targets, port) in [
            ("mcr.microsoft.com", "mcr.microsoft.com", None),
            ("*.contoso.com:443", "*.contoso.com", Some(443)),
            ("10.0.0.0/8:22", "V4 16777216", Some(22)),
            ("10.0.0.4", "V4 1", None),
            (
                "[fd00::/8]:53",
                "V6 1329227995784915872903807060280344576",
                Some(53),
            ),
            ("fd00::4", "V6 1", None),
            (":25", "", Some(25)),
        ] {
            assert_eq!(words(text), (targets.to_owned(), port), "{text}");
        }
        for bad in [
            "10.0.0.0/33",
            "10.0.0.1/8",
            "a b",
            "x.com:0",
            "x.com:http",
            "[::1",
            "a.*.com",
        ] {
            assert!(bad.parse::<Narrow>().is_err(), "{bad}");
        }
    }
}
