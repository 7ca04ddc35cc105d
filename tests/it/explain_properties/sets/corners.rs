//! Flows at every boundary of what an estate names.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use tidegate::azure::{Announced, Flow, Sender, Target};
use tidegate::estate::{Endpoint, Estate, Id, RouteDestination, Rules, Subnet};
use tidegate::net::{Destination, Fqdn, FqdnPattern, PortRange, Transport};

/// Names that are asked about in every estate.
const NAMES: [&str; 9] = [
    "example.com",
    "a.b.example.com",
    "evilexample.com",
    "unknown.example.net",
    "other.blob.core.windows.net",
    "contoso.database.windows.net",
    "account.privatelink.blob.core.windows.net",
    "mcr.microsoft.com",
    "x.internal.cloudapp.net",
];

/// Prefixes that Azure itself knows, and one that nobody does.
const PREFIXES: [&str; 13] = [
    "0.0.0.0/0",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "169.254.169.254/32",
    "168.63.129.16/32",
    "224.0.0.0/4",
    "8.8.8.8/32",
    "::/0",
    "2603:1000::/32",
    "fd00::/8",
    "fe80::/10",
];

/// Tags that hold what the network around them says, in lower case.
pub(super) const BY_NETWORK: [&str; 3] = ["virtualnetwork", "internet", "azureloadbalancer"];

/// Everything that rules, routes and resources of an estate name.
#[derive(Debug, Default)]
struct Named {
    prefixes: BTreeSet<IpNet>,
    ports: BTreeSet<u16>,
    names: BTreeSet<Fqdn>,
    tags: BTreeSet<String>,
}

impl Named {
    fn of(estate: &Estate) -> Self {
        let mut named = Self::default();
        for (_, nsg) in estate.nsgs.iter() {
            for rule in &nsg.rules {
                named.endpoints(&rule.sources);
                named.endpoints(&rule.destinations);
                named.ports(&rule.destination_ports);
            }
        }
        let policies = estate.firewall_policies.iter();
        let groups = policies.flat_map(|(_, policy)| &policy.groups);
        let of_policies = groups.flat_map(|group| &group.collections);
        let classic = estate.firewalls.iter();
        let classic = classic.flat_map(|(_, firewall)| &firewall.collections);
        for collection in of_policies.chain(classic) {
            named.rules(&collection.rules);
        }
        for (_, table) in estate.route_tables.iter() {
            for route in &table.routes {
                match &route.destination.value {
                    RouteDestination::Prefix(prefix) => named.prefix(*prefix),
                    RouteDestination::ServiceTag(tag) => named.tag(tag.as_str()),
                }
            }
        }
        named.resources(estate);
        named
    }

    fn prefix(&mut self, prefix: IpNet) {
        self.prefixes.insert(prefix.trunc());
    }

    fn tag(&mut self, tag: &str) {
        self.tags.insert(tag.to_ascii_lowercase());
    }

    fn ports(&mut self, ports: &[PortRange]) {
        for range in ports {
            let (first, last) = range.bounds();
            let around = [first.saturating_sub(1), first, last, last.saturating_add(1)];
            self.ports.extend(around);
        }
    }

    fn endpoints(&mut self, endpoints: &[Endpoint]) {
        for endpoint in endpoints {
            match endpoint {
                Endpoint::Plain(Destination::Prefix(prefix)) => self.prefix(*prefix),
                Endpoint::Plain(Destination::Range(range)) => {
                    let (first, last) = range.bounds();
                    self.prefixes
                        .extend([IpNet::from(first), IpNet::from(last)]);
                }
                Endpoint::Plain(Destination::ServiceTag(tag)) => self.tag(tag.as_str()),
                Endpoint::Plain(Destination::Fqdn(
                    FqdnPattern::Exact(name) | FqdnPattern::Below(name),
                )) => {
                    self.names.insert(name.clone());
                }
                _ => {}
            }
        }
    }

    fn rules(&mut self, rules: &Rules) {
        match rules {
            Rules::Network(rules) => {
                for rule in rules {
                    self.endpoints(&rule.sources);
                    self.endpoints(&rule.destinations);
                    self.ports(&rule.ports);
                }
            }
            Rules::Application(rules) => {
                for rule in rules {
                    self.endpoints(&rule.sources);
                    self.endpoints(&rule.destinations);
                    self.ports
                        .extend(rule.protocols.iter().map(|(_, port)| *port));
                }
            }
            Rules::Nat(_) => {}
        }
    }

    fn resources(&mut self, estate: &Estate) {
        let mut prefixes: Vec<IpNet> = Vec::new();
        let mut hosts: Vec<IpAddr> = Vec::new();
        for (_, vnet) in estate.vnets.iter() {
            prefixes.extend(vnet.prefixes.iter().map(|it| it.value));
        }
        for (_, subnet) in estate.subnets.iter() {
            prefixes.extend(subnet.prefixes.iter().map(|it| it.value));
        }
        for (_, group) in estate.ip_groups.iter() {
            prefixes.extend(group.prefixes.iter().map(|it| it.value));
        }
        for (_, gateway) in estate.gateways.iter() {
            prefixes.extend(gateway.learned.iter().map(|it| it.value));
        }
        for (_, firewall) in estate.firewalls.iter() {
            hosts.extend(firewall.private_ip.map(|it| it.value));
            hosts.extend(estate.public_addresses(&firewall.public_ips));
        }
        for (_, appliance) in estate.appliances.iter() {
            hosts.extend(appliance.private_ips.iter().map(|it| it.value));
        }
        for (_, balancer) in estate.load_balancers.iter() {
            hosts.extend(balancer.private_ips.iter().map(|it| it.value));
        }
        for (_, interface) in estate.interfaces.iter() {
            hosts.extend(interface.addresses.iter().map(|it| it.value));
        }
        for (_, endpoint) in estate.private_endpoints.iter() {
            hosts.extend(endpoint.addresses.iter().map(|it| it.value));
            self.names
                .extend(endpoint.names.iter().map(|it| it.value.clone()));
        }
        for (_, service) in estate.services.iter() {
            hosts.extend(service.addresses.iter().map(|it| it.value));
            self.names.insert(service.fqdn.value.clone());
        }
        for (_, pool) in estate.pools.iter() {
            prefixes.extend(pool.pod_prefixes.iter().map(|it| it.value));
            hosts.extend(pool.api_server.public_ip.map(|it| it.value));
            let name = pool.api_server.fqdn.as_ref();
            self.names.extend(name.map(|it| it.value.clone()));
        }
        prefixes.extend(hosts.into_iter().map(IpNet::from));
        prefixes.into_iter().for_each(|prefix| self.prefix(prefix));
    }
}

/// The service tags that rules and routes name and whose addresses a file may list, in lower case.
pub(super) fn service_tags(estate: &Estate) -> BTreeSet<String> {
    let mut tags = Named::of(estate).tags;
    tags.retain(|tag| !BY_NETWORK.contains(&tag.as_str()));
    tags
}

/// The first and last address of a prefix, and their neighbours.
fn boundaries(prefix: IpNet) -> Vec<IpAddr> {
    match prefix {
        IpNet::V4(prefix) => {
            let (first, last) = (u32::from(prefix.network()), u32::from(prefix.broadcast()));
            let around = [first.wrapping_sub(1), first, last, last.wrapping_add(1)];
            around.map(|it| Ipv4Addr::from(it).into()).into()
        }
        IpNet::V6(prefix) => {
            let (first, last) = (u128::from(prefix.network()), u128::from(prefix.broadcast()));
            let around = [first.wrapping_sub(1), first, last, last.wrapping_add(1)];
            around.map(|it| Ipv6Addr::from(it).into()).into()
        }
    }
}

/// Machines of a subnet: at its start and its end, and those that something is known of.
pub(super) fn sources(estate: &Estate, subnet: Id<Subnet>) -> Vec<IpAddr> {
    let prefixes = &estate.subnets[subnet].prefixes;
    let named = Named::of(estate).prefixes;
    let hosts = named
        .iter()
        .filter(|it| it.prefix_len() == it.max_prefix_len());
    let mut all: Vec<IpAddr> = hosts.map(IpNet::addr).collect();
    for prefix in prefixes.iter().map(|it| it.value) {
        let machine = match prefix.network() {
            IpAddr::V4(first) => IpAddr::V4((u32::from(first).saturating_add(4)).into()),
            IpAddr::V6(first) => IpAddr::V6((u128::from(first).saturating_add(4)).into()),
        };
        all.extend([machine, prefix.network(), prefix.broadcast()]);
    }
    all.retain(|address| prefixes.iter().any(|prefix| prefix.value.contains(address)));
    all.sort_unstable();
    all.dedup();
    all
}

/// About so many flows from a subnet, spread over all corners. Another turn takes others.
pub(crate) fn flows(estate: &Estate, subnet: Id<Subnet>, about: usize, turn: usize) -> Vec<Flow> {
    let named = Named::of(estate);
    let prefixes = PREFIXES.map(|prefix| prefix.parse::<IpNet>().unwrap());
    let prefixes = prefixes.into_iter().chain(named.prefixes);
    let addresses: BTreeSet<IpAddr> = prefixes.flat_map(boundaries).collect();
    let mut names: BTreeSet<Fqdn> = named.names;
    names.extend(NAMES.map(|name| name.parse().unwrap()));
    let mut services = vec![(Transport::Icmp, 0), (Transport::Esp, 0)];
    let mut ports = named.ports;
    ports.extend([80, 443, 1433]);
    for port in ports.into_iter().filter(|port| *port != 0) {
        services.extend([(Transport::Tcp, port), (Transport::Udp, port)]);
    }
    let to_address = |address: &IpAddr| Target {
        address: Some(*address),
        ..Target::default()
    };
    let to_name = |name: &Fqdn| Target {
        name: Some(name.clone()),
        ..Target::default()
    };
    let (v4, v6): (Vec<IpAddr>, Vec<IpAddr>) = addresses.into_iter().partition(IpAddr::is_ipv4);
    let all = sources(estate, subnet);
    let (from_v4, from_v6): (Vec<_>, Vec<_>) = all.into_iter().partition(IpAddr::is_ipv4);
    let mut pairs: Vec<(&[IpAddr], Target)> = Vec::new();
    if !from_v4.is_empty() {
        pairs.extend(v4.iter().map(|to| (from_v4.as_slice(), to_address(to))));
        pairs.extend(names.iter().map(|to| (from_v4.as_slice(), to_name(to))));
    }
    if !from_v6.is_empty() {
        pairs.extend(v6.iter().map(|to| (from_v6.as_slice(), to_address(to))));
    }
    let step = (pairs.len() * services.len() / about).max(1);
    let all = pairs.iter().flat_map(|(from, to)| {
        let services = services.iter();
        services.map(move |service| (from, to, *service))
    });
    let chosen = all.enumerate().skip(turn % step).step_by(step);
    let chosen = chosen.map(|(at, (from, to, (transport, port)))| Flow {
        from: Sender::Inside {
            subnet,
            address: from[(at / step + turn) % from.len()],
        },
        to: to.clone(),
        transport,
        port,
        announced: if to.name.is_some() {
            Announced::Target
        } else {
            Announced::Nothing
        },
        at_once: None,
    });
    chosen.collect()
}
