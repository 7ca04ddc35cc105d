//! The rules of a network security group as sets of flows.
//!
//! What a service tag or an application security group holds is an atom: it is covered by everything, by itself, and a
//! region by the tag of the whole service. Whether a rule is deployed may depend on a condition that is not known; that
//! is an atom too, so a rule covers those that are deployed with it.

use crate::estate::{Direction, Estate, Nsg, SecurityRule};
use crate::net::Transport;
use crate::space::{
    Atoms, Block, Cover, Matches, Ranges, Side, TooLarge, Work, cover, every_port, ports_of,
    shadows,
};

use super::STEPS;
use super::ends::{Reader, between, deployed};
use super::protocols::{AH, ESP, ICMP, LAST, TCP, UDP};

/// The rules of one direction of a group, in the order in which they are asked.
#[derive(Debug)]
pub struct SecurityRules<'a> {
    estate: &'a Estate,
    pub(super) rules: Vec<&'a SecurityRule>,
    pub(super) matches: Vec<Matches>,
    pub(super) atoms: Atoms,
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

    /// The rules in the order in which they are asked.
    #[must_use]
    pub fn rules(&self) -> &[&'a SecurityRule] {
        &self.rules
    }

    /// Whether some flow may match two of the rules, by their places in the order.
    #[must_use]
    pub fn meet(&self, one: usize, other: usize) -> bool {
        let may = |at: usize| self.matches.get(at).map_or(&[][..], |it| it.may.as_slice());
        let mut blocks = may(one).iter();
        blocks.any(|block| may(other).iter().any(|it| block.meets(it, &self.atoms)))
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

/// Flows that a rule matches, and how sure that is.
pub(super) struct Part {
    pub(super) block: Block,
    /// Whether it is known whom the rule names.
    is_known: bool,
    /// It has ports that protocols without them may not care about: such a rule may match these, or not.
    pub(super) is_doubtful: bool,
}

/// What a rule matches, where what it names may stand for anything.
pub(super) fn parts_of(estate: &Estate, rule: &SecurityRule, atoms: &mut Atoms) -> Vec<Part> {
    let deployed = deployed(estate, rule.origin, atoms);
    let mut reader = Reader {
        estate,
        origin: rule.origin,
        names: false,
        atoms,
    };
    let sources = reader.ends(&rule.sources, Side::Source);
    let targets = reader.ends(&rule.destinations, Side::Destination);
    let (ports, source_ports) = (
        ports_of(&rule.destination_ports),
        ports_of(&rule.source_ports),
    );
    let every = every_port();
    let is_every = ports == every && source_ports == every;
    let (with_ports, without_ports) = protocols(rule.transport);
    let mut parts = Vec::new();
    for source in &sources {
        for target in &targets {
            let is_known = source.is_known() && target.is_known();
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
                parts.extend([(limited, false), (unlimited, !is_every)].map(
                    |(block, is_doubtful)| Part {
                        block,
                        is_known,
                        is_doubtful,
                    },
                ));
            }
        }
    }
    parts.retain(|part| !part.block.is_empty());
    parts
}

pub(super) fn matches_of(estate: &Estate, rule: &SecurityRule, atoms: &mut Atoms) -> Matches {
    let mut matches = Matches {
        rank: rule.priority.value,
        ..Matches::default()
    };
    for part in parts_of(estate, rule, atoms) {
        if part.is_known && !part.is_doubtful {
            matches.surely.push(part.block.clone());
        }
        matches.may.push(part.block);
    }
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
