//! Where routes lead: who holds a next hop, and whether it can be reached directly
//! (azure-docs, virtual-network/virtual-networks-udr-overview.md).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::estate::{
    Appliance, Estate, Firewall, Id, LoadBalancer, NextHop, OutboundType, Peering, Pool, Route,
    RouteDestination, RouteTable, Subnet, VirtualHub, Vnet,
};

/// Who holds the address of a virtual appliance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// An Azure Firewall.
    Firewall(Id<Firewall>),
    /// Another appliance.
    Appliance(Id<Appliance>),
    /// An internal load balancer, in front of appliances.
    LoadBalancer(Id<LoadBalancer>),
    /// Nobody in this estate.
    Nobody,
}

/// Every private address that a next hop may name, with its holder.
fn holdings(estate: &Estate) -> impl Iterator<Item = (IpAddr, Holder)> {
    let firewalls = estate.firewalls.iter().flat_map(|(id, firewall)| {
        let addresses = firewall.private_ip.iter();
        addresses.map(move |ip| (ip.value, Holder::Firewall(id)))
    });
    let appliances = estate.appliances.iter().flat_map(|(id, appliance)| {
        let addresses = appliance.private_ips.iter();
        addresses.map(move |ip| (ip.value, Holder::Appliance(id)))
    });
    let balancers = estate.load_balancers.iter().flat_map(|(id, balancer)| {
        let addresses = balancer.private_ips.iter();
        addresses.map(move |ip| (ip.value, Holder::LoadBalancer(id)))
    });
    firewalls.chain(appliances).chain(balancers)
}

/// The holders of all private addresses; of several that claim one address the first.
#[must_use]
pub fn held_addresses(estate: &Estate) -> BTreeMap<IpAddr, Holder> {
    let mut held = BTreeMap::new();
    for (address, holder) in holdings(estate) {
        held.entry(address).or_insert(holder);
    }
    held
}

/// The holder of a private address.
#[must_use]
pub fn holder_of_address(estate: &Estate, address: IpAddr) -> Holder {
    holdings(estate)
        .find(|(held, _)| *held == address)
        .map_or(Holder::Nobody, |(_, holder)| holder)
}

/// The holders of the appliances a next hop names; empty for next hops that are no appliances, and for references
/// whose target is unknown.
#[must_use]
pub fn holders(estate: &Estate, next_hop: &NextHop) -> Vec<Holder> {
    match next_hop {
        NextHop::Firewall(firewall) => firewall.id.map(Holder::Firewall).into_iter().collect(),
        NextHop::Appliance(appliance) => appliance.id.map(Holder::Appliance).into_iter().collect(),
        NextHop::Addresses(addresses) => addresses
            .iter()
            .map(|address| holder_of_address(estate, *address))
            .collect(),
        NextHop::Gateway
        | NextHop::Internet
        | NextHop::VnetLocal
        | NextHop::Drop
        | NextHop::Unknown(_) => Vec::new(),
    }
}

/// The network a holder is in.
#[must_use]
pub fn vnet_of(estate: &Estate, holder: Holder) -> Option<Id<Vnet>> {
    match holder {
        Holder::Firewall(id) => estate.firewalls[id].vnet.id,
        Holder::Appliance(id) => Some(estate.subnets[estate.appliances[id].subnet.id?].vnet),
        Holder::LoadBalancer(id) => {
            let subnet = estate.load_balancers[id].backends.first()?.id?;
            Some(estate.subnets[subnet].vnet)
        }
        Holder::Nobody => None,
    }
}

/// The direction of a peering that belongs to `from` and leads to `to`.
#[must_use]
pub fn peering(estate: &Estate, from: Id<Vnet>, to: Id<Vnet>) -> Option<&Peering> {
    let mut peerings = estate.peerings.iter().map(|(_, peering)| peering);
    peerings.find(|peering| peering.from.id == Some(from) && peering.to.id == Some(to))
}

/// Whether machines in one network reach another directly: it is the same, or peered with it in both directions.
/// Peering is not transitive.
#[must_use]
pub fn is_adjacent(estate: &Estate, from: Id<Vnet>, to: Id<Vnet>) -> bool {
    let peered = |from, to| peering(estate, from, to).is_some();
    from == to || (peered(from, to) && peered(to, from))
}

/// The route table of a subnet, unless it has none or an unknown one.
#[must_use]
pub fn table_of(estate: &Estate, subnet: Id<Subnet>) -> Option<Id<RouteTable>> {
    estate.subnets[subnet].route_table.as_ref()?.id
}

/// The route of a subnet's table for all of IPv4.
#[must_use]
pub fn default_route_of(estate: &Estate, subnet: Id<Subnet>) -> Option<&Route> {
    route_for(
        &estate.route_tables[table_of(estate, subnet)?],
        default_v4(),
    )
}

/// The route of a table for exactly this prefix.
#[must_use]
pub fn route_for(table: &RouteTable, prefix: IpNet) -> Option<&Route> {
    table
        .routes
        .iter()
        .find(|route| route.destination.value == RouteDestination::Prefix(prefix))
}

/// Everything in IPv4.
#[must_use]
pub fn default_v4() -> IpNet {
    IpNet::V4(ipnet::Ipv4Net::default())
}

/// Everything in IPv6.
#[must_use]
pub fn default_v6() -> IpNet {
    IpNet::V6(ipnet::Ipv6Net::default())
}

/// The firewall that a pool's traffic to the Internet passes: the one its policy names, or the one that the default
/// route of its subnets leads to.
#[must_use]
pub fn firewall_of(estate: &Estate, pool: &Pool) -> Option<Id<Firewall>> {
    match &pool.via {
        Some(via) => via.id,
        None => default_firewalls(estate, pool)
            .next()
            .map(|(_, firewall)| firewall),
    }
}

/// The firewalls that the default routes of a pool's subnets lead to, with the subnet.
pub fn default_firewalls(
    estate: &Estate,
    pool: &Pool,
) -> impl Iterator<Item = (Id<Subnet>, Id<Firewall>)> {
    let subnets = pool.subnets.iter().filter_map(|subnet| subnet.id);
    subnets.filter_map(|subnet| {
        let Some(route) = default_route_of(estate, subnet) else {
            return Some((subnet, firewall_of_hub(estate, subnet)?));
        };
        let mut holders = holders(estate, &route.next_hop.value).into_iter();
        let firewall = holders.find_map(|holder| match holder {
            Holder::Firewall(id) => Some(id),
            Holder::Appliance(_) | Holder::LoadBalancer(_) | Holder::Nobody => None,
        })?;
        Some((subnet, firewall))
    })
}

/// The hub that a network is connected to, as long as the subnet's table takes in what the hub tells.
fn hub_told_to(estate: &Estate, subnet: Id<Subnet>) -> Option<&VirtualHub> {
    let vnet = estate.subnets[subnet].vnet;
    let listens = match &estate.subnets[subnet].route_table {
        None => true,
        Some(table) => estate.route_tables[table.id?].gateway_propagation,
    };
    let mut hubs = estate.hubs.iter().map(|(_, hub)| hub);
    hubs.find(|hub| hub.connections.iter().any(|it| it.id == Some(vnet)))
        .filter(|_| listens)
}

/// The firewall that a subnet's packets pass because a virtual hub tells it a default route.
fn firewall_of_hub(estate: &Estate, subnet: Id<Subnet>) -> Option<Id<Firewall>> {
    let vnet = estate.subnets[subnet].vnet;
    let hub = hub_told_to(estate, subnet).filter(|hub| hub.internet_routing)?;
    let mut without = hub.without_default.iter();
    if without.any(|it| it.id == Some(vnet)) {
        return None;
    }
    hub.firewall.as_ref()?.id
}

/// Where packets of a subnet go straight, past its default route: into its own network and those peered with it, whose
/// system routes are longer than the default route, unless a route of its table that is at least as long takes them
/// elsewhere.
#[derive(Debug, Clone)]
pub struct StraightPaths {
    networks: Vec<IpNet>,
    diversions: Vec<IpNet>,
}

impl StraightPaths {
    /// Those of a subnet.
    #[must_use]
    pub fn of(estate: &Estate, subnet: Id<Subnet>) -> Self {
        let own = estate.subnets[subnet].vnet;
        let peerings = || {
            estate
                .peerings
                .iter()
                .map(|(_, peering)| (peering.from.id, peering.to.id))
        };
        let towards: BTreeSet<_> = peerings()
            .filter_map(|(from, to)| to.filter(|_| from == Some(own)))
            .collect();
        let both_ways = peerings()
            .filter(|(_, to)| *to == Some(own))
            .filter_map(|(from, _)| from.filter(|from| towards.contains(from)));
        // A hub that does not route private traffic through its firewall joins the networks.
        let hub = hub_told_to(estate, subnet).filter(|hub| !hub.private_routing);
        let over_hub = hub.into_iter().flat_map(|hub| &hub.connections);
        let over_hub = over_hub.filter_map(|vnet| vnet.id);
        let near: BTreeSet<_> = both_ways.chain([own]).chain(over_hub).collect();
        let networks = near.into_iter().flat_map(|vnet| {
            estate.vnets[vnet]
                .prefixes
                .iter()
                .map(|prefix| prefix.value)
        });
        let table = table_of(estate, subnet).map(|table| &estate.route_tables[table]);
        let routes = table.map_or(&[][..], |table| table.routes.as_slice());
        let diversions = routes
            .iter()
            .filter_map(|route| match &route.destination.value {
                RouteDestination::Prefix(prefix) if route.next_hop.value != NextHop::VnetLocal => {
                    Some(*prefix)
                }
                // What a service tag holds is not known, but not the private addresses of a network.
                RouteDestination::Prefix(_) | RouteDestination::ServiceTag(_) => None,
            });
        Self {
            networks: networks.collect(),
            diversions: diversions.collect(),
        }
    }

    /// Whether packets to all of a prefix go there straight.
    #[must_use]
    pub fn lead_to(&self, prefix: IpNet) -> bool {
        let covering = self
            .networks
            .iter()
            .filter(|network| network.contains(&prefix));
        let Some(length) = covering.map(IpNet::prefix_len).max() else {
            return false;
        };
        !self
            .diversions
            .iter()
            .any(|to| to.prefix_len() >= length && (to.contains(&prefix) || prefix.contains(to)))
    }
}

/// What stands between a pool and the Internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// An Azure Firewall.
    Firewall(Id<Firewall>),
    /// An appliance whose rules are compiled.
    Appliance(Id<Appliance>),
    /// Another appliance, a gateway, or routes whose end is not known.
    Elsewhere,
    /// Nothing but security groups.
    Open,
}

/// How the flows of a pool leave.
#[must_use]
pub fn exit_of(estate: &Estate, pool: &Pool) -> Exit {
    if let Some(firewall) = firewall_of(estate, pool) {
        return Exit::Firewall(firewall);
    }
    let defaults = || {
        let subnets = pool.subnets.iter().filter_map(|subnet| subnet.id);
        subnets.filter_map(|subnet| default_route_of(estate, subnet))
    };
    let compiled = defaults()
        .flat_map(|route| holders(estate, &route.next_hop.value))
        .find_map(|holder| match holder {
            Holder::Appliance(id) => estate.appliances[id].compiled.map(|_| id),
            Holder::Firewall(_) | Holder::LoadBalancer(_) | Holder::Nobody => None,
        });
    if let Some(appliance) = compiled {
        return Exit::Appliance(appliance);
    }
    let leads_elsewhere = defaults().any(|route| route.next_hop.value != NextHop::Internet);
    if leads_elsewhere || pool.outbound.value == OutboundType::UserDefinedRouting {
        Exit::Elsewhere
    } else {
        Exit::Open
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{SourceMap, Spanned};
    use crate::estate::{
        DnsServers, Home, Meta, Peering, PeeringState, PrivateEndpointPolicies, Ref, Route,
        RouteTable, Subnet, Vnet,
    };

    struct Network {
        estate: Estate,
        at: crate::base::Span,
    }

    impl Network {
        fn new() -> Self {
            let mut sources = SourceMap::default();
            let file = sources.add("test", String::new());
            Self {
                estate: Estate::default(),
                at: sources.span(file, 0, 0),
            }
        }

        fn meta(&self, name: &str) -> Meta {
            Meta {
                name: name.into(),
                origin: self.at.into(),
                body: None,
                home: Home::Deployed,
            }
        }

        fn vnet(&mut self, name: &str, prefix: &str) -> Id<Vnet> {
            let prefixes = vec![Spanned::new(prefix.parse().unwrap(), self.at)];
            let meta = self.meta(name);
            self.estate.vnets.push(Vnet {
                meta,
                prefixes,
                dns: DnsServers::Azure,
                site: None,
            })
        }

        fn subnet(&mut self, vnet: Id<Vnet>, routes: &[(&str, NextHop)]) -> Id<Subnet> {
            let route = |(prefix, hop): &(&str, NextHop)| Route {
                name: "r".into(),
                origin: self.at.into(),
                destination: Spanned::new(
                    RouteDestination::Prefix(prefix.parse().unwrap()),
                    self.at,
                ),
                next_hop: Spanned::new(hop.clone(), self.at),
            };
            let routes = routes.iter().map(route).collect();
            let table = RouteTable {
                meta: self.meta("t"),
                routes,
                gateway_propagation: true,
            };
            let table = self.estate.route_tables.push(table);
            let meta = self.meta("s");
            self.estate.subnets.push(Subnet {
                meta,
                vnet,
                prefixes: Vec::new(),
                route_table: Some(Ref::known(table, "t", self.at)),
                nsg: None,
                nat_gateway: None,
                service_endpoints: Vec::new(),
                delegations: Vec::new(),
                private_endpoint_policies: PrivateEndpointPolicies::default(),
                default_outbound: None,
                endpoint_policy: None,
            })
        }

        fn peer(&mut self, from: Id<Vnet>, to: Id<Vnet>) {
            self.estate.peerings.push(Peering {
                origin: self.at.into(),
                from: Ref::known(from, "", self.at),
                to: Ref::known(to, "", self.at),
                state: PeeringState::Connected,
                access: true,
                forwarded_traffic: true,
                body: None,
                forwarded_text: None,
                gateway_transit: false,
                remote_gateways: false,
                existing: false,
            });
        }

        fn straight(&self, subnet: Id<Subnet>, prefix: &str) -> bool {
            StraightPaths::of(&self.estate, subnet).lead_to(prefix.parse().unwrap())
        }
    }

    fn hop() -> NextHop {
        NextHop::Addresses(vec!["10.9.0.4".parse().unwrap()])
    }

    #[test]
    fn a_default_route_diverts_nothing_inside_the_network() {
        let mut network = Network::new();
        let own = network.vnet("own", "10.1.0.0/16");
        let subnet = network.subnet(own, &[("0.0.0.0/0", hop())]);
        assert!(network.straight(subnet, "10.1.64.0/20"));
        assert!(!network.straight(subnet, "10.2.0.0/24"));
        assert!(!network.straight(subnet, "10.0.0.0/8"));
    }

    #[test]
    fn a_route_as_long_as_the_network_diverts() {
        let mut network = Network::new();
        let own = network.vnet("own", "10.1.0.0/16");
        let subnet = network.subnet(
            own,
            &[("10.1.0.0/16", hop()), ("10.1.5.0/24", NextHop::VnetLocal)],
        );
        assert!(!network.straight(subnet, "10.1.64.0/20"));
        let part = network.subnet(own, &[("10.1.5.0/24", hop())]);
        assert!(
            !network.straight(part, "10.1.0.0/20"),
            "a part of it is diverted"
        );
        assert!(network.straight(part, "10.1.64.0/20"));
    }

    #[test]
    fn peering_both_ways_leads_straight_and_no_further() {
        let mut network = Network::new();
        let own = network.vnet("own", "10.1.0.0/16");
        let peer = network.vnet("peer", "10.2.0.0/16");
        let beyond = network.vnet("beyond", "10.3.0.0/16");
        let subnet = network.subnet(own, &[("0.0.0.0/0", hop())]);
        network.peer(own, peer);
        assert!(
            !network.straight(subnet, "10.2.0.0/24"),
            "one way is no peering"
        );
        network.peer(peer, own);
        network.peer(peer, beyond);
        network.peer(beyond, peer);
        assert!(network.straight(subnet, "10.2.0.0/24"));
        assert!(!network.straight(subnet, "10.3.0.0/24"));
    }
}
