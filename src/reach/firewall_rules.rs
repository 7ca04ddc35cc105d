//! The rules of one kind of a firewall as sets of flows, in the order in which they are asked.
//!
//! Azure Firewall takes IPv4 alone (MicrosoftDocs/azure-docs, articles/firewall/firewall-known-issues.md).

use crate::azure::facts::Facts;
use crate::azure::rule_sets::{RuleSet, with_those_above};
use crate::azure::{FirewallOrder, Membership, membership};
use crate::estate::{ApplicationRule, Endpoint, Estate, NetworkRule, RuleInfo};
use crate::net::{Destination, FqdnPattern, ServiceTag, Transport};
use crate::space::{
    Atoms, Block, Kind, Known, Matches, Names, Ranges, Side, Targets, TooLarge, every_port,
    ports_of, shadows,
};

use super::STEPS;
use super::ends::{End, Reader, between, deployed};
use super::protocols::{ICMP, LAST, TCP, UDP, application};

/// Rules of one kind in the order in which they are asked.
#[derive(Debug)]
pub struct FirewallRules<'a> {
    rules: Vec<&'a RuleInfo>,
    pub(super) matches: Vec<Matches>,
    /// Of each rule whether all that it may match is known; what it may match is empty else.
    pub(super) known: Vec<bool>,
    pub(super) atoms: Atoms,
}

impl<'a> FirewallRules<'a> {
    /// The network rules of a set and of the policies above it.
    #[must_use]
    pub fn network(estate: &'a Estate, facts: &Facts, set: &RuleSet<'a>) -> Self {
        Self::network_over(estate, facts, set, Atoms::default())
    }

    /// The same over atoms that there are already.
    pub(super) fn network_over(
        estate: &'a Estate,
        facts: &Facts,
        set: &RuleSet<'a>,
        mut atoms: Atoms,
    ) -> Self {
        let order = FirewallOrder::of_sets(&with_those_above(estate, set));
        let rules = order.network.iter().map(|placed| placed.rule);
        relate_tags(rules.flat_map(|rule| &rule.destinations), facts, &mut atoms);
        let mut list = Self::none(atoms);
        for (placed, rank) in order.network.iter().zip(0u32..) {
            let matches = network(estate, placed.rule, &mut list.atoms);
            list.add(&placed.rule.info, rank, matches);
        }
        list
    }

    /// The application rules of a set and of the policies above it.
    #[must_use]
    pub fn application(estate: &'a Estate, set: &RuleSet<'a>) -> Self {
        Self::application_over(estate, set, Atoms::default())
    }

    /// The same over atoms that there are already.
    pub(super) fn application_over(estate: &'a Estate, set: &RuleSet<'a>, atoms: Atoms) -> Self {
        let order = FirewallOrder::of_sets(&with_those_above(estate, set));
        let mut list = Self::none(atoms);
        for (placed, rank) in order.application.iter().zip(0u32..) {
            let matches = application_rule(estate, placed.rule, &mut list.atoms);
            list.add(&placed.rule.info, rank, matches);
        }
        list
    }

    fn none(atoms: Atoms) -> Self {
        Self {
            rules: Vec::new(),
            matches: Vec::new(),
            known: Vec::new(),
            atoms,
        }
    }

    fn add(&mut self, info: &'a RuleInfo, rank: u32, blocks: Blocks) {
        let Blocks {
            mut may,
            mut surely,
            is_known,
        } = blocks;
        may.retain(|block| is_known && !block.is_empty());
        surely.retain(|block| !block.is_empty());
        self.rules.push(info);
        self.known.push(is_known);
        self.matches.push(Matches { rank, may, surely });
    }

    /// Of each rule, in order, the earlier ones that together decide all it may match.
    #[must_use]
    pub fn never_asked(&self) -> Vec<Result<Option<Vec<usize>>, TooLarge>> {
        shadows(&self.matches, &self.atoms, STEPS)
    }

    /// A rule of which it is not known what it matches.
    #[must_use]
    pub fn unclear(&self) -> Option<&'a RuleInfo> {
        let rules = self.rules.iter().zip(&self.known);
        let mut unclear = rules.filter(|(_, known)| !**known);
        unclear.next().map(|(rule, _)| *rule)
    }

    /// Name and place of each rule, in order.
    #[must_use]
    pub fn rules(&self) -> &[&'a RuleInfo] {
        &self.rules
    }
}

/// What a rule matches.
pub(super) struct Blocks {
    /// What it may match, unless something of it is not known.
    pub(super) may: Vec<Block>,
    /// What it certainly matches.
    surely: Vec<Block>,
    pub(super) is_known: bool,
}

impl Blocks {
    fn none(is_known: bool) -> Self {
        Self {
            may: Vec::new(),
            surely: Vec::new(),
            is_known,
        }
    }

    fn add(&mut self, block: Block, is_sure: bool) {
        if is_sure {
            self.surely.push(block.clone());
        }
        self.may.push(block);
    }
}

/// Says of all tags which are known to lie in which.
fn relate_tags<'e>(
    endpoints: impl Iterator<Item = &'e Endpoint>,
    facts: &Facts,
    atoms: &mut Atoms,
) {
    let mut tags: Vec<String> = endpoints
        .filter_map(|endpoint| match endpoint {
            Endpoint::Plain(Destination::ServiceTag(tag)) => {
                Some(tag.as_str().to_ascii_lowercase())
            }
            _ => None,
        })
        .collect();
    tags.sort_unstable();
    tags.dedup();
    let known: Vec<ServiceTag> = tags
        .iter()
        .map(|tag| ServiceTag::new(tag.as_str()))
        .collect();
    for inner in &known {
        for outer in known.iter().filter(|outer| *outer != inner) {
            let of_inner = std::slice::from_ref(inner);
            let is_within = membership(outer, None, of_inner, None, facts).membership;
            if is_within == Membership::Yes {
                let mut atom = |tag: &ServiceTag| {
                    atoms.atom(Side::Destination, format!("tag {}", tag.as_str()))
                };
                let (inner, outer) = (atom(inner), atom(outer));
                atoms.put_within(inner, outer);
            }
        }
    }
}

pub(super) fn network(estate: &Estate, rule: &NetworkRule, atoms: &mut Atoms) -> Blocks {
    let deployed = deployed(estate, rule.info.origin, atoms);
    let mut reader = Reader {
        estate,
        origin: rule.info.origin,
        names: true,
        atoms,
    };
    let sources = reader.ends(&rule.sources, Side::Source);
    let targets = reader.ends(&rule.destinations, Side::Destination);
    let services = services(rule);
    let mut is_known = sources.iter().chain(&targets).all(End::is_known);
    is_known &= services.iter().all(|(.., is_sure)| *is_sure);
    let mut blocks = Blocks::none(is_known);
    for source in &sources {
        for target in &targets {
            for mut block in between(source, target, atoms) {
                let (Kind::V4 | Kind::V4ToName) = block.kind else {
                    continue;
                };
                let Some(known) = block.known.both(&deployed, atoms) else {
                    continue;
                };
                block.known = known;
                for (protocols, ports, is_sure) in &services {
                    let block = Block {
                        protocols: protocols.clone(),
                        ports: ports.clone(),
                        ..block.clone()
                    };
                    let is_sure = source.is_known() && target.is_known() && *is_sure;
                    blocks.add(block, is_sure);
                }
            }
        }
    }
    blocks
}

/// Protocols with their ports, and whether it is certain. `Any` with ports means TCP and UDP
/// (MicrosoftDocs/azure-docs, articles/firewall/rule-processing.md).
fn services(rule: &NetworkRule) -> Vec<(Ranges, Ranges, bool)> {
    let ports = ports_of(&rule.ports);
    let every = every_port();
    let one = |number: u128| Ranges::span(number, number);
    let mut with_ports = Ranges::none();
    let mut without = Ranges::none();
    let mut is_sure = true;
    for transport in &rule.transports {
        match transport {
            Transport::Tcp => with_ports = with_ports.or(&one(TCP)),
            Transport::Udp => with_ports = with_ports.or(&one(UDP)),
            Transport::Icmp => without = without.or(&one(ICMP)),
            // Azure takes no such rules.
            Transport::Esp | Transport::Ah => is_sure = false,
            Transport::Any => {
                with_ports = with_ports.or(&one(TCP)).or(&one(UDP));
                if ports == every {
                    let all = Ranges::span(0, LAST);
                    without = without.or(&all.minus(&one(TCP)).minus(&one(UDP)));
                }
            }
        }
    }
    if !is_sure {
        return vec![(Ranges::span(0, LAST), every, false)];
    }
    vec![(with_ports, ports, true), (without, every, true)]
}

pub(super) fn application_rule(
    estate: &Estate,
    rule: &ApplicationRule,
    atoms: &mut Atoms,
) -> Blocks {
    let deployed = deployed(estate, rule.info.origin, atoms);
    let mut reader = Reader {
        estate,
        origin: rule.info.origin,
        names: false,
        atoms,
    };
    let sources = reader.ends(&rule.sources, Side::Source);
    let mut names = Names::none();
    // Names that are known to Azure alone, and whether it is known which set of names that is.
    let mut holders: Vec<(String, bool)> = Vec::new();
    for endpoint in &rule.destinations {
        match endpoint {
            Endpoint::Plain(Destination::Anywhere) => names = Names::all(),
            Endpoint::Plain(Destination::Fqdn(pattern)) => names = names.or(&Names::of(pattern)),
            Endpoint::Plain(Destination::FqdnTag(tag)) => {
                let tag = tag.as_str().to_ascii_lowercase();
                holders.push((format!("fqdn-tag {tag}"), true));
            }
            other => holders.push((format!("{other:?} of {:?}", rule.info.origin), false)),
        }
    }
    for category in &rule.web_categories {
        let category = category.value.to_ascii_lowercase();
        holders.push((format!("category {category}"), true));
    }
    let mut targets = vec![(names, Known::default(), true)];
    for (name, is_known) in holders {
        let atom = atoms.atom(Side::Destination, name);
        targets.push((
            Names::of(&FqdnPattern::Any),
            Known::that(atom, true),
            is_known,
        ));
    }
    let is_known = sources.iter().all(End::is_known) && targets.iter().all(|target| target.2);
    let mut blocks = Blocks::none(is_known);
    for source in &sources {
        for (names, known, name_is_known) in &targets {
            let from = between(source, &End::Names(names.clone()), atoms);
            for block in from
                .into_iter()
                .filter(|block| block.kind == Kind::V4ToName)
            {
                let known = block.known.both(known, atoms);
                let Some(known) = known.and_then(|known| known.both(&deployed, atoms)) else {
                    continue;
                };
                for (protocol, port) in &rule.protocols {
                    let protocol = application(*protocol);
                    let port = u128::from(*port);
                    let block = Block {
                        protocols: Ranges::span(protocol, protocol),
                        ports: Ranges::span(port, port),
                        targets: Targets::Names(names.clone()),
                        known: known.clone(),
                        ..block.clone()
                    };
                    blocks.add(block, source.is_known() && *name_is_known);
                }
            }
        }
    }
    blocks
}
