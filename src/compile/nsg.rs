//! Security rules of the pools' subnets: what the requirements and the clusters themselves need.
//!
//! A security group knows addresses and service tags, no names. Where a firewall follows, its rules are a coarse
//! first gate; where none follows they are all there is, and everything else to the Internet is denied.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use smol_str::SmolStr;

use crate::azure::facts::{Facts, Limit};
use crate::azure::next_hop::{Exit, firewall_of};
use crate::base::{Origin, Spanned};
use crate::estate::{
    Access, Direction, DnsServers, Endpoint, Estate, Id, NetworkPlugin, Nsg, Pool, SecurityRule,
    Subnet,
};
use crate::intent::Intent;
use crate::net::{Destination, PortRange, ServiceTag, Transport};

use super::firewall::description;
use super::naming::{UniqueNames, azure_name};
use super::private::PrivateWays;
use super::rules::Plan;
use super::slots;

/// Priorities of generated rules. Rules that a policy writes itself come before them with 100 to 999.
const PRIORITIES: std::ops::RangeInclusive<u32> = 1_000..=3_999;
/// Priorities of generated rules that deny: after all others, up to the last there is.
const DENY_PRIORITIES: std::ops::RangeInclusive<u32> = 4_000..=4_096;
const DNS_PORT: u16 = 53;

/// Priorities of generated rules that deny what others would let through.
const EXCEPT_PRIORITIES: std::ops::RangeInclusive<u32> = 900..=999;

/// A security rule without priority.
struct Draft {
    name: String,
    origin: Origin,
    description: String,
    direction: Direction,
    access: Access,
    /// It comes before all others.
    first: bool,
    transport: Transport,
    sources: Vec<Destination>,
    destinations: Vec<Destination>,
    ports: Vec<PortRange>,
}

pub(super) fn add(estate: &mut Estate, intent: &Intent, plan: &Plan, facts: &Facts) {
    let mut by_nsg: BTreeMap<Id<Nsg>, Vec<Draft>> = BTreeMap::new();
    for pool in estate.pools.ids() {
        let mut groups: BTreeMap<Id<Nsg>, Vec<Id<Subnet>>> = BTreeMap::new();
        for subnet in estate.pools[pool]
            .subnets
            .iter()
            .filter_map(|subnet| subnet.id)
        {
            if let Some(nsg) = estate.subnets[subnet].nsg.as_ref().and_then(|nsg| nsg.id)
                && !estate.nsgs[nsg].meta.home.is_existing()
            {
                groups.entry(nsg).or_default().push(subnet);
            }
        }
        for (nsg, subnets) in groups {
            let drafts = drafts(estate, intent, plan, pool, &subnets);
            by_nsg.entry(nsg).or_default().extend(drafts);
        }
    }
    let longest = facts.limit(Limit::SecurityRuleDescriptionLength).value;
    for (nsg, drafts) in by_nsg {
        let rules = with_priorities(
            &estate.nsgs[nsg],
            drafts,
            usize::try_from(longest).unwrap_or(usize::MAX),
        );
        estate.nsgs[nsg].rules.extend(rules);
    }
}

fn drafts(
    estate: &Estate,
    intent: &Intent,
    plan: &Plan,
    pool: Id<Pool>,
    subnets: &[Id<Subnet>],
) -> Vec<Draft> {
    let element = &estate.pools[pool];
    let nodes: Vec<IpNet> = subnets
        .iter()
        .flat_map(|subnet| &estate.subnets[*subnet].prefixes)
        .map(|prefix| prefix.value)
        .collect();
    let mut drafts = Vec::new();
    let mut push = |draft: Draft| drafts.extend(by_family(draft, &nodes));

    cluster_rules(estate, pool, &nodes, &mut push);
    dns_rules(estate, pool, subnets, &nodes, &mut push);
    for (key, need) in outbound_needs(intent, pool, &plan.ways) {
        push(Draft {
            name: format!("{}-{}", element.meta.name, key.name()),
            origin: need.origin,
            description: need.description(),
            direction: Direction::Outbound,
            access: Access::Allow,
            first: false,
            transport: key.transport,
            sources: prefixes(&nodes),
            destinations: need.destinations(),
            ports: need.ports.into_iter().collect(),
        });
    }
    for admission in intent
        .admissions
        .iter()
        .filter(|admission| admission.pool == pool)
    {
        let (transport, ports) =
            transport_and_ports(admission.services.iter().map(|s| s.transport_ports()));
        push(Draft {
            name: format!("{}-{}", element.meta.name, admission.name),
            origin: admission.origin,
            description: admission.reason.clone(),
            direction: Direction::Inbound,
            access: Access::Allow,
            first: false,
            transport,
            sources: admission.sources.clone(),
            destinations: admission.destinations.clone(),
            ports,
        });
    }
    let answered = answered_only(intent, pool);
    if !answered.is_empty() {
        push(Draft {
            name: format!("{}-replies-only", element.meta.name),
            origin: element.meta.origin,
            description: "These come in and are answered; nothing is opened towards them"
                .to_owned(),
            direction: Direction::Outbound,
            access: Access::Deny,
            first: true,
            transport: Transport::Any,
            sources: prefixes(&nodes),
            destinations: prefixes(&answered),
            ports: vec![PortRange::ALL],
        });
    }
    if plan.exit(pool) == Exit::Open {
        push(Draft {
            name: format!("{}-deny-internet", element.meta.name),
            origin: element.meta.origin,
            description: "Nothing else to the Internet: no firewall follows".to_owned(),
            direction: Direction::Outbound,
            access: Access::Deny,
            first: false,
            transport: Transport::Any,
            sources: prefixes(&nodes),
            destinations: vec![Destination::ServiceTag(ServiceTag::new("Internet"))],
            ports: vec![PortRange::ALL],
        });
    }
    drafts
}

/// Where routes lead straight to the Internet for replies only. What requirements name by address or tag is left out:
/// a service tag may hold it.
fn answered_only(intent: &Intent, pool: Id<Pool>) -> Vec<IpNet> {
    let requirements = intent.requirements.iter().filter(|it| it.pool == pool);
    let wanted = requirements.flat_map(|it| it.destinations.iter().map(|to| &to.value));
    let wanted: Vec<&Destination> = wanted.collect();
    let may_be_wanted = |prefix: IpNet| {
        wanted.iter().any(|destination| match destination {
            Destination::ServiceTag(_) => true,
            Destination::Prefix(other) => other.contains(&prefix) || prefix.contains(other),
            Destination::Range(range) => range
                .prefixes()
                .iter()
                .any(|other| other.contains(&prefix) || prefix.contains(other)),
            Destination::Anywhere
            | Destination::Fqdn(_)
            | Destination::FqdnTag(_)
            | Destination::Open(_) => false,
        })
    };
    let routes = intent
        .routes
        .iter()
        .filter(|it| it.pool == pool && it.replies_only);
    let prefixes = routes.map(|route| route.prefix);
    prefixes.filter(|prefix| !may_be_wanted(*prefix)).collect()
}

/// These addresses in prefixes that do not overlap: Azure refuses a rule with others.
fn prefixes(addresses: &[IpNet]) -> Vec<Destination> {
    IpNet::aggregate(&addresses.to_vec())
        .into_iter()
        .map(Destination::Prefix)
        .collect()
}

/// Nodes and pods among themselves, and the probes of load balancers: traffic inside a cluster must not be blocked
/// (azure-aks-docs, concepts-network.md and concepts-network-azure-cni-overlay.md).
fn cluster_rules(estate: &Estate, pool: Id<Pool>, nodes: &[IpNet], push: &mut impl FnMut(Draft)) {
    let element = &estate.pools[pool];
    let name = &element.meta.name;
    let mut inside = nodes.to_vec();
    if element
        .network_plugin
        .is_none_or(|plugin| plugin.value != NetworkPlugin::None)
    {
        inside.extend(element.pod_prefixes.iter().map(|prefix| prefix.value));
    }
    for (direction, word) in [(Direction::Inbound, "in"), (Direction::Outbound, "out")] {
        push(Draft {
            name: format!("{name}-cluster-{word}"),
            origin: element.meta.origin,
            description: "Nodes and pods among themselves".to_owned(),
            direction,
            access: Access::Allow,
            first: false,
            transport: Transport::Any,
            sources: prefixes(&inside),
            destinations: prefixes(&inside),
            ports: vec![PortRange::ALL],
        });
    }
    push(Draft {
        name: format!("{name}-load-balancer-probes"),
        origin: element.meta.origin,
        description: "Health probes of Azure load balancers".to_owned(),
        direction: Direction::Inbound,
        access: Access::Allow,
        first: false,
        transport: Transport::Any,
        sources: vec![Destination::ServiceTag(ServiceTag::new(
            "AzureLoadBalancer",
        ))],
        destinations: prefixes(nodes),
        ports: vec![PortRange::ALL],
    });
}

/// Name look-ups, where other servers than Azure's own are asked; those cannot be blocked by accident.
fn dns_rules(
    estate: &Estate,
    pool: Id<Pool>,
    subnets: &[Id<Subnet>],
    nodes: &[IpNet],
    push: &mut impl FnMut(Draft),
) {
    let Some(vnet) = subnets.first().map(|subnet| estate.subnets[*subnet].vnet) else {
        return;
    };
    let servers: Vec<IpNet> = match &estate.vnets[vnet].dns {
        DnsServers::Azure | DnsServers::Unknown(_) => return,
        DnsServers::Custom(servers) => servers
            .iter()
            .map(|server| IpNet::from(server.value))
            .collect(),
        DnsServers::Firewall(firewall) => {
            let firewall = firewall
                .id
                .or_else(|| firewall_of(estate, &estate.pools[pool]));
            let address = firewall.and_then(|firewall| estate.firewalls[firewall].private_ip);
            address
                .map(|address| IpNet::from(address.value))
                .into_iter()
                .collect()
        }
    };
    if servers.is_empty() {
        return;
    }
    let element = &estate.pools[pool];
    for (transport, word) in [(Transport::Udp, "udp"), (Transport::Tcp, "tcp")] {
        push(Draft {
            name: format!("{}-dns-{word}", element.meta.name),
            origin: element.meta.origin,
            description: "Name look-ups".to_owned(),
            direction: Direction::Outbound,
            access: Access::Allow,
            first: false,
            transport,
            sources: prefixes(nodes),
            destinations: prefixes(&servers),
            ports: vec![PortRange::single(DNS_PORT)],
        });
    }
}

/// What requirements with the same kind of destination share a security rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct NeedKey {
    transport: Transport,
    target: TargetKey,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum TargetKey {
    /// Names, and everywhere.
    Internet,
    /// A service tag, by its name in lower case.
    Tag(String),
    /// Addresses over these ports.
    Addresses(Vec<PortRange>),
}

impl NeedKey {
    fn name(&self) -> String {
        let transport = self.transport.keyword();
        match &self.target {
            TargetKey::Internet => format!("internet-{transport}"),
            TargetKey::Tag(tag) => format!("{tag}-{transport}"),
            TargetKey::Addresses(ports) => {
                let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
                format!("addresses-{transport}-{}", ports.join("_"))
            }
        }
    }
}

/// A security rule that several requirements share.
struct Need {
    origin: Origin,
    /// The name of the first requirement, and what it says of itself.
    first: (SmolStr, String),
    /// The requirements it serves, by their place in the intent.
    requirements: BTreeSet<usize>,
    /// For [`TargetKey::Addresses`].
    prefixes: BTreeSet<IpNet>,
    tag: Option<ServiceTag>,
    ports: BTreeSet<PortRange>,
}

impl Need {
    fn description(&self) -> String {
        let (name, details) = &self.first;
        match self.requirements.len() {
            0 | 1 if details.is_empty() => format!("For {name}"),
            0 | 1 => format!("For {name}: {details}"),
            count => format!("For {name} and {} more", count - 1),
        }
    }

    fn destinations(&self) -> Vec<Destination> {
        let addresses: Vec<IpNet> = self.prefixes.iter().copied().collect();
        self.tag
            .iter()
            .cloned()
            .map(Destination::ServiceTag)
            .chain(prefixes(&addresses))
            .collect()
    }
}

/// Needs in the order in which requirements first have them.
fn outbound_needs(intent: &Intent, pool: Id<Pool>, ways: &PrivateWays) -> Vec<(NeedKey, Need)> {
    let mut needs: BTreeMap<NeedKey, Need> = BTreeMap::new();
    for (index, requirement) in intent.requirements.iter().enumerate() {
        if requirement.pool != pool {
            continue;
        }
        let mut by_transport: BTreeMap<Transport, BTreeSet<PortRange>> = BTreeMap::new();
        for service in &requirement.services {
            let (transport, port) = service.value.transport_ports();
            by_transport.entry(transport).or_default().insert(port);
        }
        for (transport, ports) in &by_transport {
            for destination in &requirement.destinations {
                let private = ways.prefixes(pool, &destination.value);
                let (target, tag, prefixes) = if private.is_empty() {
                    target_of(&destination.value, ports)
                } else {
                    (target_of_addresses(ports), None, private)
                };
                let key = NeedKey {
                    transport: *transport,
                    target,
                };
                let need = needs.entry(key).or_insert_with(|| Need {
                    origin: requirement.origin,
                    first: (requirement.name.clone(), description(requirement)),
                    requirements: BTreeSet::new(),
                    prefixes: BTreeSet::new(),
                    tag,
                    ports: BTreeSet::new(),
                });
                need.requirements.insert(index);
                need.prefixes.extend(prefixes);
                need.ports.extend(ports.iter().copied());
            }
        }
    }
    let mut needs: Vec<(NeedKey, Need)> = needs.into_iter().collect();
    needs.sort_by_key(|(_, need)| need.requirements.first().copied());
    needs
}

/// What a security rule can say of a destination: for names that is the whole Internet.
fn target_of(
    destination: &Destination,
    ports: &BTreeSet<PortRange>,
) -> (TargetKey, Option<ServiceTag>, Vec<IpNet>) {
    let addresses = || target_of_addresses(ports);
    match destination {
        Destination::ServiceTag(tag) => (
            TargetKey::Tag(tag.as_str().to_ascii_lowercase()),
            Some(tag.clone()),
            Vec::new(),
        ),
        Destination::Prefix(prefix) => (addresses(), None, vec![*prefix]),
        Destination::Range(range) => (addresses(), None, range.prefixes()),
        Destination::Anywhere
        | Destination::Fqdn(_)
        | Destination::FqdnTag(_)
        | Destination::Open(_) => (
            TargetKey::Internet,
            Some(ServiceTag::new("Internet")),
            Vec::new(),
        ),
    }
}

fn target_of_addresses(ports: &BTreeSet<PortRange>) -> TargetKey {
    TargetKey::Addresses(ports.iter().copied().collect())
}

fn transport_and_ports(
    services: impl Iterator<Item = (Transport, PortRange)>,
) -> (Transport, Vec<PortRange>) {
    let mut transport = Transport::Any;
    let mut ports = Vec::new();
    for (index, (of_service, port)) in services.enumerate() {
        transport = if index == 0 || transport == of_service {
            of_service
        } else {
            Transport::Any
        };
        ports.push(port);
    }
    (transport, ports)
}

/// A security rule has addresses of one family, and nodes send packets of those that they have themselves.
fn by_family(draft: Draft, nodes: &[IpNet]) -> Vec<Draft> {
    let has = |v6: bool| {
        nodes
            .iter()
            .any(|prefix| matches!(prefix, IpNet::V6(_)) == v6)
    };
    let of_family = |destinations: &[Destination], v6: bool| -> Vec<Destination> {
        let fits = |destination: &&Destination| match destination {
            Destination::Prefix(prefix) => matches!(prefix, IpNet::V6(_)) == v6,
            Destination::Range(range) => range.bounds().0.is_ipv6() == v6,
            _ => true,
        };
        destinations.iter().filter(fits).cloned().collect()
    };
    let suffix_v6 = if has(false) { "-v6" } else { "" };
    [(false, ""), (true, suffix_v6)]
        .into_iter()
        .filter(|(v6, _)| has(*v6))
        .map(|(v6, suffix)| Draft {
            name: format!("{}{suffix}", draft.name),
            description: draft.description.clone(),
            sources: of_family(&draft.sources, v6),
            destinations: of_family(&draft.destinations, v6),
            ports: draft.ports.clone(),
            ..draft
        })
        .filter(|draft| !draft.sources.is_empty() && !draft.destinations.is_empty())
        .collect()
}

/// The rules of drafts, with names and priorities that nothing else in the group has.
fn with_priorities(nsg: &Nsg, drafts: Vec<Draft>, longest_description: usize) -> Vec<SecurityRule> {
    let mut unique = UniqueNames::with(nsg.rules.iter().map(|rule| rule.name.as_str()));
    let mut rules = Vec::with_capacity(drafts.len());
    for direction in [Direction::Inbound, Direction::Outbound] {
        let of_direction = nsg.rules.iter().filter(|rule| rule.direction == direction);
        let taken: BTreeSet<u32> = of_direction.map(|rule| rule.priority.value).collect();
        let ranges = [
            (Access::Deny, true, EXCEPT_PRIORITIES),
            (Access::Allow, false, PRIORITIES),
            (Access::Deny, false, DENY_PRIORITIES),
        ];
        for (access, first, range) in ranges {
            let wanted = |draft: &&Draft| {
                draft.direction == direction && draft.access == access && draft.first == first
            };
            let drafts: Vec<&Draft> = drafts.iter().filter(wanted).collect();
            let names: Vec<String> = drafts.iter().map(|draft| draft.name.clone()).collect();
            let priorities = slots::assign(&names, range, &taken);
            for (draft, priority) in drafts.into_iter().zip(priorities) {
                let name = unique.take(azure_name(&draft.name));
                rules.extend(draft.rule(name, priority, longest_description));
            }
        }
    }
    // By name, so that a requirement written before the others adds a rule and moves none.
    rules.sort_by(|a, b| {
        a.direction
            .cmp(&b.direction)
            .then_with(|| a.name.cmp(&b.name))
    });
    rules
}

impl Draft {
    fn rule(
        &self,
        name: String,
        priority: u32,
        longest_description: usize,
    ) -> Option<SecurityRule> {
        let endpoints = |side: &[Destination]| side.iter().cloned().map(Endpoint::from).collect();
        Some(SecurityRule {
            name: name.into(),
            origin: self.origin,
            description: shortened(&self.description, longest_description),
            priority: Spanned::new(priority, self.origin.span()?),
            direction: self.direction,
            access: self.access,
            transport: self.transport,
            sources: endpoints(&self.sources),
            source_ports: vec![PortRange::ALL],
            destinations: endpoints(&self.destinations),
            destination_ports: self.ports.clone(),
            written: None,
        })
    }
}

fn shortened(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(longest.saturating_sub(1)).collect();
    short.push('…');
    short
}
