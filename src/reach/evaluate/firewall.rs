//! Azure Firewall: threat intelligence, then network rules, then application rules, then deny; parents before children
//! (MicrosoftDocs/azure-docs, articles/firewall/rule-processing.md).

use std::rc::Rc;

use crate::azure::facts::{FirewallFeature, FirewallTier};
use crate::azure::gaps;
use crate::azure::rule_sets::{RuleSet, of_firewall, proxies_dns};
use crate::base::Origin;
use crate::estate::{
    Action, ApplicationRule, DnsServers, Endpoint, Firewall, Id, NetworkRule, RuleCollection,
    Rules, ThreatIntel, Tier, Vnet,
};
use crate::net::{AppProtocol, Destination, Fqdn, FqdnPattern};
use crate::space::{Block, Known, Names, Ranges, Side, Targets, TooLarge, every_port, ports_of};

use super::super::protocols::TCP;
use super::super::wanted::leads_to_the_address;
use super::ends::{Part, Reader};
use super::groups::{Matched, protocols_of, with_these_ports};
use super::packet::{Packet, To};
use super::topology::Addresses;
use super::{Evaluator, first_match};

/// By which kind of rule flows pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Network,
    Application,
}

/// The rules of a firewall, read, in the order in which they are asked.
#[derive(Debug)]
pub(super) struct ReadFirewall {
    network: Vec<ReadNetwork>,
    application: Vec<ReadApplication>,
    /// Names that threat intelligence stops.
    hostile: Names,
    /// Destinations that it leaves alone.
    spared: Addresses,
}

#[derive(Debug)]
struct ReadNetwork {
    allows: bool,
    origin: Origin,
    sources: Vec<Part>,
    targets: Vec<Part>,
    /// Names that stand for the addresses that the firewall resolves them to.
    names: Vec<Fqdn>,
    protocols: Ranges,
    ports: Ranges,
    deployed: Known,
}

#[derive(Debug)]
struct ReadApplication {
    allows: bool,
    origin: Origin,
    sources: Vec<Part>,
    names: Vec<(Names, Known)>,
    /// Destinations by address, whatever the name.
    targets: Vec<Part>,
    ports: Ranges,
    inspects: bool,
    deployed: Known,
}

pub(super) fn tier_of(tier: Tier) -> FirewallTier {
    match tier {
        Tier::Basic => FirewallTier::Basic,
        Tier::Standard => FirewallTier::Standard,
        Tier::Premium => FirewallTier::Premium,
    }
}

/// The collections of a firewall in the order in which those of one kind are asked.
fn collections_in_order<'a>(sets: &[RuleSet<'a>]) -> Vec<&'a RuleCollection> {
    let mut all = Vec::new();
    for set in sets.iter().rev() {
        let mut groups: Vec<(u32, &'a [RuleCollection])> = Vec::new();
        let of_policy = set.groups().iter();
        groups.extend(of_policy.map(|group| (group.priority.value, group.collections.as_slice())));
        if set.groups().is_empty() {
            groups.extend(set.collections_by_group().map(|classic| (0, classic)));
        }
        groups.sort_by_key(|(priority, _)| *priority);
        for (_, collections) in groups {
            let mut collections: Vec<&RuleCollection> = collections.iter().collect();
            collections.sort_by_key(|collection| collection.priority.value);
            all.extend(collections);
        }
    }
    all
}

impl<'a> Evaluator<'a> {
    /// The flows that a firewall lets through, or may, each with the kind of rule that does.
    pub(super) fn ask_firewall(
        &mut self,
        id: Id<Firewall>,
        client: Id<Vnet>,
        mut packet: Packet<'a>,
    ) -> Result<Vec<(Packet<'a>, Kind)>, TooLarge> {
        let estate = self.plane.estate;
        let policy = estate.firewalls[id].policy.as_ref();
        self.touch(&mut packet, estate.firewalls[id].meta.origin);
        if let Some(owner) = policy.and_then(|policy| policy.id) {
            self.touch(&mut packet, estate.firewall_policies[owner].meta.origin);
        }
        let unknown = match policy {
            Some(policy) if policy.id.is_none() => {
                let name = &policy.name;
                Some(format!("firewall policy {name} is not part of the input"))
            }
            _ => gaps::firewall_rules(estate, id).or_else(|| gaps::firewall_settings(estate, id)),
        };
        if let Some(why) = unknown {
            let name = &estate.firewalls[id].meta.name;
            packet.doubt(format!("firewall {name}: {why}"));
            return Ok(vec![
                (packet.clone(), Kind::Network),
                (packet, Kind::Application),
            ]);
        }
        let rules = self.firewall_rules(id);
        let Some(packet) = without_hostile(&rules, packet) else {
            return Ok(Vec::new());
        };
        let network = self.network_matches(id, client, &rules, &packet)?;
        let asked = network.iter().flat_map(|rule| rule.blocks.iter().cloned());
        let asked: Vec<Block> = asked.collect();
        let passed = first_match(&packet, network, false, &mut self.work())?;
        let mut passed: Vec<_> = passed.into_iter().map(|it| (it, Kind::Network)).collect();
        let Some(tcp) = packet.over(&Ranges::span(TCP, TCP)) else {
            return Ok(passed);
        };
        if !packet.is_named() {
            return Ok(passed);
        }
        let application = self.application_matches(&rules, &tcp);
        // Network rules that match, whatever they do, leave nothing to application rules.
        let mut before = vec![Matched {
            blocks: asked,
            allows: false,
            origin: Origin::Platform,
        }];
        let inspects: Vec<bool> = application.iter().map(|(_, inspects)| *inspects).collect();
        if inspects.iter().any(|inspects| *inspects) {
            passed.extend(self.inspected(before, application, &tcp)?);
            return Ok(passed);
        }
        before.extend(application.into_iter().map(|(rule, _)| rule));
        let by_name = first_match(&tcp, before, false, &mut self.work())?;
        passed.extend(by_name.into_iter().map(|it| (it, Kind::Application)));
        Ok(passed)
    }

    /// Application rules of which some open TLS: the rule that decides has to be known.
    fn inspected(
        &mut self,
        before: Vec<Matched>,
        application: Vec<(Matched, bool)>,
        packet: &Packet<'a>,
    ) -> Result<Vec<(Packet<'a>, Kind)>, TooLarge> {
        let mut earlier: Vec<Block> = before.into_iter().flat_map(|rule| rule.blocks).collect();
        let mut passed = Vec::new();
        for (rule, inspects) in application {
            let own = rule.blocks.clone();
            if rule.allows {
                let list = vec![
                    Matched {
                        blocks: earlier.clone(),
                        allows: false,
                        origin: rule.origin,
                    },
                    rule,
                ];
                for mut packet in first_match(packet, list, false, &mut self.work())? {
                    if !inspects {
                        passed.push((packet, Kind::Application));
                        continue;
                    }
                    let https = https_ports().and(&packet.flows.ports);
                    let rest = packet.flows.ports.minus(&https);
                    if !rest.is_empty() {
                        let mut plain = packet.clone();
                        plain.flows.ports = rest;
                        passed.push((plain, Kind::Application));
                    }
                    packet.flows.ports = https;
                    passed.extend(self.opened(packet).map(|it| (it, Kind::Application)));
                }
            }
            earlier.extend(own);
        }
        Ok(passed)
    }

    /// TLS that a firewall opens: an API server refuses it, whether others take it is not known.
    fn opened(&self, mut packet: Packet<'a>) -> Option<Packet<'a>> {
        let Targets::Names(names) = &packet.flows.targets else {
            return None;
        };
        let servers = Names::of(&FqdnPattern::Suffix(".azmk8s.io".into()));
        let others = names.minus(&servers);
        if packet.flows.is_empty() || others.is_empty() || self.api_server(&packet).is_some() {
            return None;
        }
        packet.flows.targets = Targets::Names(others);
        packet.doubt(
            "whether the client trusts the certificate authority of the firewall, which opens TLS",
        );
        Some(packet)
    }

    fn network_matches(
        &mut self,
        id: Id<Firewall>,
        client: Id<Vnet>,
        rules: &ReadFirewall,
        packet: &Packet<'a>,
    ) -> Result<Vec<Matched>, TooLarge> {
        let mut all = Vec::new();
        for rule in &rules.network {
            self.step(1)?;
            let mut blocks = Vec::new();
            for source in self.cut_sources(packet, &rule.sources, &rule.protocols, &rule.deployed) {
                for target in &rule.targets {
                    blocks.extend(self.cut_target(packet, &source, target));
                }
                for name in &rule.names {
                    blocks.extend(self.resolved(id, client, name, packet, &source));
                }
            }
            let every = every_port();
            let blocks = blocks
                .iter()
                .flat_map(|block| with_these_ports(block, &rule.ports, &every));
            let blocks: Vec<Block> = blocks.collect();
            if !blocks.is_empty() {
                all.push(Matched {
                    blocks,
                    allows: rule.allows,
                    origin: rule.origin,
                });
            }
        }
        Ok(all)
    }

    /// The flows whose source and protocol a rule takes, as long as it is deployed.
    fn cut_sources(
        &self,
        packet: &Packet<'_>,
        sources: &[Part],
        protocols: &Ranges,
        deployed: &Known,
    ) -> Vec<Block> {
        let atoms = &self.symbols.atoms;
        let cut = |part: &Part| {
            let mut block = packet.cut_source(part)?;
            block.protocols = block.protocols.and(protocols);
            block.known = block
                .known
                .both(&part.known, atoms)?
                .both(deployed, atoms)?;
            (!block.protocols.is_empty()).then_some(block)
        };
        sources.iter().filter_map(cut).collect()
    }

    fn cut_target(&self, packet: &Packet<'_>, block: &Block, part: &Part) -> Option<Block> {
        let mut block = packet.cut_target(block.clone(), part)?;
        block.known = block.known.both(&part.known, &self.symbols.atoms)?;
        Some(block)
    }

    /// The flows that a name in a network rule stands for. The firewall compares addresses, so what matters is whether
    /// it resolves the name as the client does (articles/firewall/dns-details.md).
    fn resolved(
        &mut self,
        id: Id<Firewall>,
        client: Id<Vnet>,
        name: &Fqdn,
        packet: &Packet<'a>,
        block: &Block,
    ) -> Vec<Block> {
        let estate = self.plane.estate;
        let tier = tier_of(estate.firewalls[id].tier.value);
        let feature = FirewallFeature::NamesInNetworkRules;
        if !self.plane.facts.sku_has(tier, feature) {
            return Vec::new();
        }
        let known = self.known_addresses(|own| own == name);
        let mut blocks = Vec::new();
        let mut others = block.clone();
        if let Targets::Names(names) = &block.targets {
            let own = Names::exactly(name.as_str());
            let same = names.and(&own);
            if !same.is_empty() {
                let sets = of_firewall(estate, id);
                let proxied = sets.first().is_some_and(|set| proxies_dns(estate, set));
                let alike = proxied && self.asks_only(client, id);
                let words = format!("client and firewall resolve {name} alike");
                let doubt = self.symbols.that(Side::Destination, words);
                let known = if alike {
                    Some(block.known.clone())
                } else {
                    block.known.both(&doubt, &self.symbols.atoms)
                };
                blocks.extend(known.map(|known| Block {
                    targets: Targets::Names(same),
                    known,
                    ..block.clone()
                }));
            }
            let rest = names.minus(&own);
            if rest.is_empty() {
                return blocks;
            }
            others.targets = Targets::Names(rest);
        }
        if !known.is_empty() {
            for address in &known {
                let part = Part::of(Addresses::between(*address, *address));
                blocks.extend(packet.cut_target(others.clone(), &part));
            }
        } else if !packet.is_named() && !matches!(packet.to, To::Somewhere { .. }) {
            // Nobody can tell beforehand which addresses a name leads to.
            let words = leads_to_the_address(name);
            let doubt = self.symbols.that(Side::Destination, words);
            let known = others.known.both(&doubt, &self.symbols.atoms);
            blocks.extend(known.map(|known| Block { known, ..others }));
        }
        blocks
    }

    fn application_matches(
        &self,
        rules: &ReadFirewall,
        packet: &Packet<'a>,
    ) -> Vec<(Matched, bool)> {
        let atoms = &self.symbols.atoms;
        let tcp = Ranges::span(TCP, TCP);
        let mut all = Vec::new();
        let Targets::Names(own) = &packet.flows.targets else {
            return all;
        };
        for rule in &rules.application {
            let ports = packet.flows.ports.and(&rule.ports);
            let met = || rule.names.iter().any(|(names, _)| names.meets(own));
            let sent = || rule.sources.iter().any(|part| packet.may_come_from(part));
            if ports.is_empty() || !sent() || (rule.targets.is_empty() && !met()) {
                continue;
            }
            let mut blocks = Vec::new();
            for mut block in self.cut_sources(packet, &rule.sources, &tcp, &rule.deployed) {
                block.ports = ports.clone();
                for (names, known) in &rule.names {
                    let both = own.and(names);
                    let known = block.known.both(known, atoms);
                    if let Some(known) = known.filter(|_| !both.is_empty()) {
                        blocks.push(Block {
                            targets: Targets::Names(both),
                            known,
                            ..block.clone()
                        });
                    }
                }
                for target in &rule.targets {
                    blocks.extend(self.cut_target(packet, &block, target));
                }
            }
            if !blocks.is_empty() {
                let matched = Matched {
                    blocks,
                    allows: rule.allows,
                    origin: rule.origin,
                };
                all.push((matched, rule.inspects));
            }
        }
        all
    }

    fn firewall_rules(&mut self, id: Id<Firewall>) -> Rc<ReadFirewall> {
        if let Some(known) = self.firewalls.get(&id) {
            return known.clone();
        }
        let rules = Rc::new(self.read_firewall(id));
        self.firewalls.insert(id, rules.clone());
        rules
    }

    fn read_firewall(&mut self, id: Id<Firewall>) -> ReadFirewall {
        let sets = of_firewall(self.plane.estate, id);
        let mut read = ReadFirewall {
            network: Vec::new(),
            application: Vec::new(),
            hostile: Names::none(),
            spared: Addresses::default(),
        };
        self.read_threat_intelligence(id, &sets, &mut read);
        for collection in collections_in_order(&sets) {
            let allows = collection.action == Action::Allow;
            match &collection.rules {
                Rules::Network(rules) => {
                    for rule in rules {
                        let rule = self.read_network_rule(rule, allows);
                        read.network.push(rule);
                    }
                }
                Rules::Application(rules) => {
                    for rule in rules {
                        let rule = self.read_application_rule(rule, allows);
                        read.application.push(rule);
                    }
                }
                Rules::Nat(_) => {}
            }
        }
        read
    }

    fn read_network_rule(&mut self, rule: &NetworkRule, allows: bool) -> ReadNetwork {
        let names = rule
            .destinations
            .iter()
            .filter_map(|endpoint| match endpoint {
                Endpoint::Plain(Destination::Fqdn(FqdnPattern::Exact(name))) => Some(name.clone()),
                _ => None,
            });
        let transports = rule.transports.iter().map(|it| protocols_of(*it));
        ReadNetwork {
            allows,
            origin: rule.info.origin,
            names: names.collect(),
            sources: self.parts(&rule.sources, Side::Source, Reader::Firewall),
            targets: self.parts(&rule.destinations, Side::Destination, Reader::Firewall),
            protocols: transports.fold(Ranges::none(), |all, one| all.or(&one)),
            ports: ports_of(&rule.ports),
            deployed: self.symbols.deployed(self.plane.estate, rule.info.origin),
        }
    }

    fn read_application_rule(&mut self, rule: &ApplicationRule, allows: bool) -> ReadApplication {
        let mut certain = Names::none();
        let mut names = Vec::new();
        let mut others = Vec::new();
        for endpoint in &rule.destinations {
            match endpoint {
                Endpoint::Plain(Destination::Anywhere) => certain = Names::all(),
                Endpoint::Plain(Destination::Fqdn(pattern)) => {
                    certain = certain.or(&Names::of(pattern));
                }
                Endpoint::Plain(Destination::FqdnTag(tag)) => {
                    for (own, known) in self.names_of_tag(tag) {
                        if known == Known::default() {
                            certain = certain.or(&own);
                        } else {
                            names.push((own, known));
                        }
                    }
                }
                other => others.push(other.clone()),
            }
        }
        for category in &rule.web_categories {
            let words = format!("the name is of web category {}", category.value);
            names.push((Names::all(), self.symbols.that(Side::Destination, words)));
        }
        names.insert(0, (certain, Known::default()));
        names.retain(|(names, _)| !names.is_empty());
        ReadApplication {
            allows,
            origin: rule.info.origin,
            sources: self.parts(&rule.sources, Side::Source, Reader::Firewall),
            names,
            targets: self.parts(&others, Side::Destination, Reader::Firewall),
            ports: application_ports(rule),
            inspects: rule.terminate_tls.is_some(),
            deployed: self.symbols.deployed(self.plane.estate, rule.info.origin),
        }
    }

    /// A policy's mode is at least that of the policies above it, and allow lists add up
    /// (articles/firewall-manager/policy-overview.md).
    fn read_threat_intelligence(
        &self,
        id: Id<Firewall>,
        sets: &[RuleSet<'_>],
        read: &mut ReadFirewall,
    ) {
        let denies = |set: &RuleSet<'_>| {
            let mode = set.settings.threat_intel;
            mode.is_some_and(|mode| mode.value == ThreatIntel::Deny)
        };
        let facts = self.plane.facts;
        let tier = tier_of(self.plane.estate.firewalls[id].tier.value);
        let able = facts.sku_has(tier, FirewallFeature::ThreatIntelligenceDeny);
        if !able || !sets.iter().any(denies) {
            return;
        }
        let hostile = facts.known_hostile_names().map(Names::exactly);
        read.hostile = hostile.fold(Names::none(), |all, one| all.or(&one));
        for entry in sets
            .iter()
            .flat_map(|set| &set.settings.threat_intel_allowed)
        {
            match &entry.value {
                Destination::Fqdn(pattern) => {
                    read.hostile = read.hostile.minus(&Names::of(pattern));
                }
                Destination::Prefix(prefix) => {
                    read.spared = read.spared.or(&Addresses::of([*prefix]));
                }
                Destination::Range(range) => {
                    let (first, last) = range.bounds();
                    read.spared = read.spared.or(&Addresses::between(first, last));
                }
                _ => {}
            }
        }
    }

    /// Whether machines of a network ask the DNS proxy of a firewall and nobody else.
    fn asks_only(&self, vnet: Id<Vnet>, firewall: Id<Firewall>) -> bool {
        let own = self.plane.estate.firewalls[firewall].private_ip;
        match &self.plane.estate.vnets[vnet].dns {
            DnsServers::Azure | DnsServers::Unknown(_) => false,
            DnsServers::Firewall(other) => other.id == Some(firewall),
            DnsServers::Custom(servers) => {
                let own = own.map(|ip| ip.value);
                !servers.is_empty() && servers.iter().all(|server| Some(server.value) == own)
            }
        }
    }

    /// The addresses that the estate states for names.
    pub(in crate::reach) fn known_addresses(
        &self,
        is_meant: impl Fn(&Fqdn) -> bool,
    ) -> Vec<std::net::IpAddr> {
        let estate = self.plane.estate;
        let services = estate.services.iter().map(|(_, service)| service);
        let services = services.filter(|service| is_meant(&service.fqdn.value));
        let services = services.flat_map(|service| service.addresses.iter().map(|ip| ip.value));
        let servers = estate.pools.iter().map(|(_, pool)| &pool.api_server);
        let servers = servers.filter_map(|server| {
            let named = server.fqdn.as_ref().is_some_and(|own| is_meant(&own.value));
            Some(server.public_ip?.value).filter(|_| named)
        });
        services.chain(servers).collect()
    }
}

/// Without the flows that threat intelligence stops.
fn without_hostile<'a>(rules: &ReadFirewall, mut packet: Packet<'a>) -> Option<Packet<'a>> {
    let spared = packet
        .address()
        .is_some_and(|address| rules.spared.holds(address));
    let Targets::Names(names) = &packet.flows.targets else {
        return Some(packet);
    };
    if spared || !names.meets(&rules.hostile) {
        return Some(packet);
    }
    let left = names.minus(&rules.hostile);
    packet.flows.targets = Targets::Names(left);
    (!packet.flows.is_empty()).then_some(packet)
}

/// The ports that an application rule takes. A port that some protocol is known by carries that protocol; on any other
/// one the flow is what the rule expects it to be.
fn application_ports(rule: &ApplicationRule) -> Ranges {
    let ports = rule.protocols.iter().filter(|(protocol, port)| {
        let mut usual = AppProtocol::ALL
            .into_iter()
            .filter(|it| it.default_port() == *port);
        let is_usual = usual.clone().next().is_some();
        !is_usual || usual.any(|it| it == *protocol)
    });
    let numbers = ports.map(|(_, port)| (u128::from(*port), u128::from(*port)));
    Ranges::of(numbers)
}

/// The ports on which flows are taken to speak HTTPS: all that are of no other protocol.
fn https_ports() -> Ranges {
    let others = AppProtocol::ALL
        .into_iter()
        .filter(|it| *it != AppProtocol::Https);
    let others = others.map(|it| (u128::from(it.default_port()), u128::from(it.default_port())));
    every_port().minus(&Ranges::of(others))
}
