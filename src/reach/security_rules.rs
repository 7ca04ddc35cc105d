//! The rules of a network security group as sets of flows.
//!
//! What a service tag or an application security group holds is an atom: it is covered by everything, by itself, and a
//! region by the tag of the whole service. Whether a rule is deployed may depend on a condition that is not known; that
//! is an atom too, so a rule covers those that are deployed with it.

use smol_str::SmolStr;

use crate::estate::{Direction, Endpoint, Estate, Nsg, SecurityRule};
use crate::net::{Destination, Transport};
use crate::space::{
    Atoms, Block, Cover, Kind, Known, Matches, Names, Ranges, Side, Targets, TooLarge, Work, cover,
    every_port, every_v4, every_v6, number_of, ports_of, shadows,
};

/// How many comparisons one rule may take.
const STEPS: u64 = 2_000_000;

/// Numbers of protocols (IANA, Assigned Internet Protocol Numbers).
const ICMP: u128 = 1;
const TCP: u128 = 6;
const UDP: u128 = 17;
const ESP: u128 = 50;
const AH: u128 = 51;
const LAST: u128 = 255;

/// The beginning of the tags that stand for the Azure host.
const AZURE_HOST: &str = "azureplatform";

/// Whether a rule has to name this tag to mean it: one of the Azure host's
/// (MicrosoftDocs/azure-docs, articles/virtual-network/network-security-groups-overview.md).
#[must_use]
pub fn names_the_azure_host(endpoint: &Endpoint) -> bool {
    match endpoint {
        Endpoint::Plain(Destination::ServiceTag(tag)) => {
            tag.as_str().to_ascii_lowercase().starts_with(AZURE_HOST)
        }
        _ => false,
    }
}

/// The rules of one direction of a group, in the order in which they are asked.
#[derive(Debug)]
pub struct SecurityRules<'a> {
    estate: &'a Estate,
    rules: Vec<&'a SecurityRule>,
    matches: Vec<Matches>,
    atoms: Atoms,
}

impl<'a> SecurityRules<'a> {
    /// The rules of a direction.
    #[must_use]
    pub fn of(estate: &'a Estate, nsg: &'a Nsg, direction: Direction) -> Self {
        let rules = nsg.rules.iter();
        let mut rules: Vec<_> = rules.filter(|rule| rule.direction == direction).collect();
        rules.sort_by_key(|rule| rule.priority.value);
        let mut atoms = Atoms::default();
        let matches = rules
            .iter()
            .map(|rule| matches_of(estate, rule, &mut atoms))
            .collect();
        Self {
            estate,
            rules,
            matches,
            atoms,
        }
    }

    /// Each rule that never decides with the earlier ones that decide for it; and each of which that is not known,
    /// because it takes too long.
    #[must_use]
    pub fn never_asked(&self) -> Vec<(&'a SecurityRule, Result<Vec<&'a SecurityRule>, TooLarge>)> {
        let told = shadows(&self.matches, &self.atoms, STEPS);
        let told = self.rules.iter().zip(told);
        told.filter_map(|(rule, shadow)| match shadow.transpose()? {
            Err(TooLarge) => Some((*rule, Err(TooLarge))),
            Ok(by) => {
                let by = by.iter().filter_map(|at| self.rules.get(*at).copied());
                Some((*rule, Ok(by.collect())))
            }
        })
        .collect()
    }

    /// Whether some of the rules leave a flow that a rule, of this group or made up, may match.
    ///
    /// # Errors
    /// When that takes too long.
    pub fn leave(
        &mut self,
        rule: &SecurityRule,
        which: impl Fn(&SecurityRule) -> bool,
    ) -> Result<bool, TooLarge> {
        let own = matches_of(self.estate, rule, &mut self.atoms);
        let rules = self.rules.iter().zip(&self.matches);
        let others = rules.filter(|(other, _)| which(other));
        let others: Vec<&Block> = others.flat_map(|(_, matches)| &matches.surely).collect();
        let mut work = Work::new(&self.atoms, STEPS);
        for block in &own.may {
            if let Cover::Left(_) = cover(block, &others, &mut work)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Addresses that one side of a rule names.
#[derive(Debug, Clone)]
enum End {
    /// Of IPv4 and of IPv6.
    Addresses(Ranges, Ranges),
    /// All that the tag, group or parameter holds.
    Named(Known),
    /// The Azure host behind this tag. Only rules that name it mean it, so it is a destination of its own.
    AzureHost(SmolStr),
    /// Something that this rule alone knows.
    Unknown(Known),
}

fn matches_of(estate: &Estate, rule: &SecurityRule, atoms: &mut Atoms) -> Matches {
    let condition = estate.gaps.condition_of(rule.origin);
    let deployed = condition.map_or_else(Known::default, |condition| {
        let name = format!("{:?}", condition);
        Known::that(atoms.atom(Side::Deployment, name), true)
    });
    let sources = ends(&rule.sources, Side::Source, rule, atoms);
    let targets = ends(&rule.destinations, Side::Destination, rule, atoms);
    let (ports, source_ports) = (
        ports_of(&rule.destination_ports),
        ports_of(&rule.source_ports),
    );
    let every = every_port();
    let is_every = ports == every && source_ports == every;
    let (with_ports, without_ports) = protocols(rule.transport);
    let mut matches = Matches {
        rank: rule.priority.value,
        ..Matches::default()
    };
    for source in &sources {
        for target in &targets {
            let is_sure = !matches!(source, End::Unknown(_)) && !matches!(target, End::Unknown(_));
            for mut block in between(source, target, atoms) {
                let Some(known) = block.known.both(&deployed, atoms) else {
                    continue;
                };
                block.known = known;
                let limited = Block {
                    protocols: with_ports.clone(),
                    ports: ports.clone(),
                    source_ports: source_ports.clone(),
                    ..block.clone()
                };
                let unlimited = Block {
                    protocols: without_ports.clone(),
                    ..block
                };
                // Ports mean nothing to protocols without them: such a rule may match these, or not.
                matches.may.extend([limited.clone(), unlimited.clone()]);
                if is_sure {
                    matches.surely.push(limited);
                    matches.surely.extend(is_every.then_some(unlimited));
                }
            }
        }
    }
    matches.may.retain(|block| !block.is_empty());
    matches.surely.retain(|block| !block.is_empty());
    matches
}

/// The protocols with ports and those without. Whether `*` takes in ESP and AH is said nowhere, so it does not.
fn protocols(transport: Transport) -> (Ranges, Ranges) {
    let one = |number: u128| Ranges::span(number, number);
    match transport {
        Transport::Tcp => (one(TCP), Ranges::none()),
        Transport::Udp => (one(UDP), Ranges::none()),
        Transport::Icmp => (Ranges::none(), one(ICMP)),
        Transport::Esp => (Ranges::none(), one(ESP)),
        Transport::Ah => (Ranges::none(), one(AH)),
        Transport::Any => {
            let with_ports = Ranges::of([(TCP, TCP), (UDP, UDP)]);
            let apart = with_ports.or(&Ranges::of([(ESP, ESP), (AH, AH)]));
            (with_ports, Ranges::span(0, LAST).minus(&apart))
        }
    }
}

/// What one side names: its addresses together, and each of the rest.
fn ends(endpoints: &[Endpoint], side: Side, rule: &SecurityRule, atoms: &mut Atoms) -> Vec<End> {
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    let mut ends = Vec::new();
    let mut everywhere = false;
    for endpoint in endpoints {
        let mut add = |first, last| {
            let range = (number_of(first), number_of(last));
            if first.is_ipv4() { &mut v4 } else { &mut v6 }.push(range);
        };
        match endpoint {
            Endpoint::Plain(Destination::Anywhere) => everywhere = true,
            Endpoint::Plain(Destination::Prefix(prefix)) => {
                add(prefix.network(), prefix.broadcast());
            }
            Endpoint::Plain(Destination::Range(range)) => {
                let (first, last) = range.bounds();
                add(first, last);
            }
            Endpoint::Plain(Destination::ServiceTag(tag)) => {
                let tag = tag.as_str().to_ascii_lowercase();
                ends.push(if names_the_azure_host(endpoint) {
                    End::AzureHost(tag.into())
                } else {
                    End::Named(Known::that(tag_atom(&tag, side, atoms), true))
                });
            }
            Endpoint::Plain(Destination::Open(open)) => {
                let name = format!("parameter {}", open.parameter);
                ends.push(End::Named(Known::that(atoms.atom(side, name), true)));
            }
            Endpoint::SecurityGroup(group) if group.id.is_some() => {
                let name = format!("group {:?}", group.id);
                ends.push(End::Named(Known::that(atoms.atom(side, name), true)));
            }
            Endpoint::SecurityGroup(_)
            | Endpoint::IpGroup(_)
            | Endpoint::Plain(Destination::Fqdn(_) | Destination::FqdnTag(_)) => {
                let name = format!("{endpoint:?} of {:?}", rule.origin);
                ends.push(End::Unknown(Known::that(atoms.atom(side, name), true)));
            }
        }
    }
    let (v4, v6) = if everywhere {
        (every_v4(), every_v6())
    } else {
        (Ranges::of(v4), Ranges::of(v6))
    };
    if !v4.is_empty() || !v6.is_empty() {
        ends.insert(0, End::Addresses(v4, v6));
    }
    ends
}

/// The atom of a service tag. A region of a service lies in the tag of the whole service.
fn tag_atom(tag: &str, side: Side, atoms: &mut Atoms) -> crate::space::Atom {
    let own = atoms.atom(side, format!("tag {tag}"));
    if let Some((service, _)) = tag.split_once('.') {
        let whole = atoms.atom(side, format!("tag {service}"));
        atoms.put_within(own, whole);
    }
    own
}

/// The flows from one end to another, over everything. No flow has addresses of two families.
fn between(source: &End, target: &End, atoms: &Atoms) -> Vec<Block> {
    let (v4, v6, from) = addresses(source);
    let block = |kind: Kind, sources: &Ranges, targets: Targets, known: Known| Block {
        kind,
        protocols: Ranges::span(0, LAST),
        ports: every_port(),
        targets,
        sources: sources.clone(),
        source_ports: every_port(),
        known,
    };
    if let End::AzureHost(tag) = target {
        let host = Targets::Names(Names::exactly(tag));
        return vec![
            block(Kind::V4ToName, &v4, host.clone(), from.clone()),
            block(Kind::V6ToName, &v6, host, from),
        ];
    }
    let (to_v4, to_v6, to) = addresses(target);
    let Some(known) = from.both(&to, atoms) else {
        return Vec::new();
    };
    vec![
        block(Kind::V4, &v4, Targets::Addresses(to_v4), known.clone()),
        block(Kind::V6, &v6, Targets::Addresses(to_v6), known),
    ]
}

fn addresses(end: &End) -> (Ranges, Ranges, Known) {
    match end {
        End::Addresses(v4, v6) => (v4.clone(), v6.clone(), Known::default()),
        End::Named(known) | End::Unknown(known) => (every_v4(), every_v6(), known.clone()),
        // The Azure host sends nothing by these tags.
        End::AzureHost(_) => (Ranges::none(), Ranges::none(), Known::default()),
    }
}
