//! Security groups: the first rule that matches decides, defaults come last
//! (MicrosoftDocs/azure-docs, articles/virtual-network/network-security-groups-overview.md).

use std::rc::Rc;

use crate::azure::facts::{DefaultRuleSide, RuleAccess, RuleDirection};
use crate::azure::gaps;
use crate::base::Origin;
use crate::estate::{Access, Direction, Endpoint, Id, NetworkPlugin, Nsg, Ref, Subnet};
use crate::net::{Destination, ServiceTag, Transport};
use crate::space::{Block, Known, Ranges, Side, TooLarge, every_port, ports_of};

use super::super::protocols::{AH, ESP, ICMP, TCP, UDP};
use super::ends::{Part, Reader};
use super::packet::Packet;
use super::topology::Addresses;
use super::{Evaluator, first_match};

/// A security rule, read for one subnet.
#[derive(Debug)]
pub(super) struct ReadRule {
    access: Access,
    origin: Origin,
    sources: Vec<Part>,
    targets: Vec<Part>,
    /// The tags of the Azure host that it names, in lower case.
    host_tags: Vec<String>,
    protocols: Ranges,
    ports: Ranges,
    source_ports: Ranges,
    deployed: Known,
    is_default: bool,
}

/// What a rule of first-match lists does with flows.
pub(super) struct Matched {
    pub(super) blocks: Vec<Block>,
    pub(super) allows: bool,
    pub(super) origin: Origin,
}

pub(super) fn with_ports() -> Ranges {
    Ranges::of([(TCP, TCP), (UDP, UDP)])
}

/// The protocols that a transport names.
pub(super) fn protocols_of(transport: Transport) -> Ranges {
    let one = |number: u128| Ranges::span(number, number);
    match transport {
        Transport::Tcp => one(TCP),
        Transport::Udp => one(UDP),
        Transport::Icmp => one(ICMP),
        Transport::Esp => one(ESP),
        Transport::Ah => one(AH),
        Transport::Any => super::every_protocol(),
    }
}

/// Flows of a block with these ports, where they have any.
pub(super) fn with_these_ports(block: &Block, ports: &Ranges, source_ports: &Ranges) -> Vec<Block> {
    let limited = Block {
        protocols: block.protocols.and(&with_ports()),
        ports: block.ports.and(ports),
        source_ports: block.source_ports.and(source_ports),
        ..block.clone()
    };
    let unlimited = Block {
        protocols: block.protocols.minus(&with_ports()),
        ..block.clone()
    };
    let mut both = vec![limited, unlimited];
    both.retain(|block| !block.is_empty());
    both
}

impl<'a> Evaluator<'a> {
    /// The security groups that a machine's packets meet on their way out, its interface's first.
    pub(super) fn groups_of(
        &self,
        subnet: Id<Subnet>,
        interface: Option<&Ref<Nsg>>,
    ) -> Vec<Id<Nsg>> {
        let estate = self.plane.estate;
        let pool = self.topology.pool_in(subnet);
        let pool = pool.and_then(|id| estate.pools[id].nodes.interface_nsg.as_ref());
        let interface = pool.or(interface).and_then(|nsg| nsg.id);
        let own = estate.subnets[subnet].nsg.as_ref().and_then(|nsg| nsg.id);
        interface.into_iter().chain(own).collect()
    }

    /// Parts flows by the security group on the interface at one of their ends.
    pub(super) fn by_interface(
        &self,
        packet: Packet<'a>,
        side: Side,
    ) -> Vec<(Packet<'a>, Option<&'a Ref<Nsg>>)> {
        let estate = self.plane.estate;
        let mut left = Some(packet);
        let mut parts = Vec::new();
        for (_, interface) in estate.interfaces.iter() {
            let Some(group) = &interface.nsg else {
                continue;
            };
            for address in &interface.addresses {
                let Some(packet) = left.take() else { break };
                let one = Addresses::between(address.value, address.value);
                let (here, rest) = match side {
                    Side::Source => (
                        packet.sent_by(&one),
                        packet.sent_by(&Addresses::every().minus(&one)),
                    ),
                    _ => (packet.towards(&one), packet.not_towards(&one)),
                };
                parts.extend(here.map(|here| (here, Some(group))));
                left = rest;
            }
        }
        parts.extend(left.map(|packet| (packet, None)));
        parts
    }

    /// Asks a group about flows; those come back that it lets through, or may.
    pub(super) fn ask_group(
        &mut self,
        nsg: Id<Nsg>,
        direction: Direction,
        subnet: Id<Subnet>,
        mut packet: Packet<'a>,
    ) -> Result<Vec<Packet<'a>>, TooLarge> {
        if let Some(why) = gaps::security_rules(self.plane.estate, nsg) {
            let name = &self.plane.estate.nsgs[nsg].meta.name;
            packet.doubt(format!("nsg {name}: {why}"));
            return Ok(vec![packet]);
        }
        self.touch(&mut packet, self.plane.estate.nsgs[nsg].meta.origin);
        let rules = self.security_rules(nsg, direction, subnet);
        let host = self.host_tags(direction, &packet);
        let matched = rules.iter().filter_map(|rule| {
            if rule.is_default && host.is_some() {
                return None;
            }
            let named = |tag: &String| rule.host_tags.contains(tag);
            let target = match &host {
                Some(tags) if tags.iter().any(named) => None,
                Some(_) => return None,
                None => Some(&rule.targets),
            };
            let atoms = &self.symbols.atoms;
            let mut blocks = Vec::new();
            for source in &rule.sources {
                let Some(mut block) = packet.cut_source(source) else {
                    continue;
                };
                block.protocols = block.protocols.and(&rule.protocols);
                if block.protocols.is_empty() {
                    continue;
                }
                let known = block.known.both(&source.known, atoms);
                let Some(known) = known.and_then(|known| known.both(&rule.deployed, atoms)) else {
                    continue;
                };
                block.known = known;
                let cut = |part: &Part| {
                    let mut block = packet.cut_target(block.clone(), part)?;
                    block.known = block.known.both(&part.known, atoms)?;
                    Some(block)
                };
                match target {
                    Some(targets) => blocks.extend(targets.iter().filter_map(cut)),
                    None => blocks.push(block),
                }
            }
            let blocks = blocks
                .iter()
                .flat_map(|block| with_these_ports(block, &rule.ports, &rule.source_ports));
            Some(Matched {
                blocks: blocks.collect(),
                allows: rule.access == Access::Allow,
                origin: rule.origin,
            })
        });
        let matched: Vec<Matched> = matched.collect();
        // Default rules do not apply to the Azure host.
        let otherwise = host.is_some();
        let passed = first_match(&packet, matched, otherwise, &mut self.work())?;
        Ok(passed)
    }

    /// For flows to the Azure host: the tags that rules must name to apply at all.
    fn host_tags(&self, direction: Direction, packet: &Packet<'_>) -> Option<Vec<String>> {
        let address = packet.address()?;
        let mut platform = self.plane.facts.platform_addresses().iter();
        let fact = platform.find(|fact| fact.prefix.contains(&address))?;
        let tags = fact.nsg_tags.iter().map(|tag| tag.to_ascii_lowercase());
        (direction == Direction::Outbound).then(|| tags.collect())
    }

    fn security_rules(
        &mut self,
        nsg: Id<Nsg>,
        direction: Direction,
        subnet: Id<Subnet>,
    ) -> Rc<[ReadRule]> {
        let key = (nsg, direction, subnet);
        if let Some(known) = self.security.get(&key) {
            return known.clone();
        }
        let rules: Rc<[ReadRule]> = self.read_security_rules(nsg, direction, subnet).into();
        self.security.insert(key, rules.clone());
        rules
    }

    fn read_security_rules(
        &mut self,
        nsg: Id<Nsg>,
        direction: Direction,
        subnet: Id<Subnet>,
    ) -> Vec<ReadRule> {
        let estate = self.plane.estate;
        let group = &estate.nsgs[nsg];
        let mut written: Vec<_> = group.rules.iter().collect();
        written.retain(|rule| rule.direction == direction);
        written.sort_by_key(|rule| rule.priority.value);
        let reader = Reader::Group(subnet);
        let mut rules = Vec::new();
        for rule in written {
            let host_tags = rule
                .destinations
                .iter()
                .filter_map(|endpoint| match endpoint {
                    Endpoint::Plain(Destination::ServiceTag(tag)) => {
                        Some(tag.as_str().to_ascii_lowercase())
                    }
                    _ => None,
                });
            rules.push(ReadRule {
                access: rule.access,
                origin: rule.origin,
                host_tags: host_tags.collect(),
                sources: self.parts(&rule.sources, Side::Source, reader),
                targets: self.parts(&rule.destinations, Side::Destination, reader),
                protocols: protocols_of(rule.transport),
                ports: ports_of(&rule.destination_ports),
                source_ports: ports_of(&rule.source_ports),
                deployed: self.symbols.deployed(estate, rule.origin),
                is_default: false,
            });
        }
        let direction = match direction {
            Direction::Inbound => RuleDirection::Inbound,
            Direction::Outbound => RuleDirection::Outbound,
        };
        let pods = self.overlay_pods(subnet);
        for rule in self.plane.facts.default_rules(direction) {
            let sources = self.default_side(&rule.from, Side::Source, subnet, &pods);
            let targets = self.default_side(&rule.to, Side::Destination, subnet, &pods);
            rules.push(ReadRule {
                access: match rule.access {
                    RuleAccess::Allow => Access::Allow,
                    RuleAccess::Deny => Access::Deny,
                },
                origin: group.meta.origin,
                host_tags: Vec::new(),
                sources,
                targets,
                protocols: super::every_protocol(),
                ports: every_port(),
                source_ports: every_port(),
                deployed: Known::default(),
                is_default: true,
            });
        }
        rules
    }

    fn default_side(
        &mut self,
        side: &DefaultRuleSide,
        of: Side,
        subnet: Id<Subnet>,
        pods: &Addresses,
    ) -> Vec<Part> {
        let everything = Endpoint::Plain(Destination::Anywhere);
        let tagged = |tag: &ServiceTag| Endpoint::Plain(Destination::ServiceTag(tag.clone()));
        let reader = Reader::Group(subnet);
        match side {
            DefaultRuleSide::Any => self.parts(&[everything], of, reader),
            DefaultRuleSide::Tag(tag) => {
                let mut parts = self.parts(&[tagged(tag)], of, reader);
                if tag.as_str().eq_ignore_ascii_case("VirtualNetwork") && !pods.is_empty() {
                    parts.push(Part::of(pods.clone()));
                }
                parts
            }
        }
    }

    /// The addresses of overlay pods in the network of a subnet, which the default rules let through
    /// (articles/aks/concepts-network-azure-cni-overlay.md).
    fn overlay_pods(&self, subnet: Id<Subnet>) -> Addresses {
        let estate = self.plane.estate;
        let vnet = estate.subnets[subnet].vnet;
        let pools = estate.pools.iter().map(|(_, pool)| pool).filter(|pool| {
            let plugin = pool.network_plugin.as_ref().map(|plugin| plugin.value);
            let mut subnets = pool.subnets.iter().filter_map(|subnet| subnet.id);
            plugin == Some(NetworkPlugin::AzureOverlay)
                && subnets.any(|subnet| estate.subnets[subnet].vnet == vnet)
        });
        let prefixes = pools.flat_map(|pool| &pool.pod_prefixes);
        Addresses::of(prefixes.map(|prefix| prefix.value).collect::<Vec<_>>())
    }

    /// Says that the security group of a subnet or of an interface is not known, when it is not.
    pub(super) fn doubt_group(
        &self,
        subnet: Id<Subnet>,
        interface: Option<&Ref<Nsg>>,
        packet: &mut Packet<'a>,
    ) {
        if let Some(group) = interface.filter(|group| group.id.is_none()) {
            packet.doubt(format!(
                "network security group {} of an interface is not part of the input",
                group.name
            ));
        }
        if let Some(why) = gaps::security_group(self.plane.estate, subnet) {
            let subnet = self.plane.estate.subnet_path(subnet);
            packet.doubt(format!("subnet {subnet}: {why}"));
        }
    }
}
