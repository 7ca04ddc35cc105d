//! How a subnet leaves its network.

use ipnet::IpNet;

use crate::azure::facts::Facts;
use crate::azure::next_hop::table_of;
use crate::estate::{
    Estate, Id, LoadBalancer, NextHop, OutboundType, Pool, Route, RouteDestination, Subnet,
};
use crate::space::{every_v4, v4_of};

use super::public::holds_public;

/// The user routes of a subnet.
pub(in crate::lint) fn user_routes(estate: &Estate, subnet: Id<Subnet>) -> &[Route] {
    table_of(estate, subnet).map_or(&[], |table| estate.route_tables[table].routes.as_slice())
}

/// The prefix of a route; a service tag has none that is known.
fn prefix_of(route: &Route) -> Option<IpNet> {
    match route.destination.value {
        RouteDestination::Prefix(prefix) => Some(prefix),
        RouteDestination::ServiceTag(_) => None,
    }
}

/// Whether a route leads to an appliance or a gateway.
pub(in crate::lint) fn leads_to_device(route: &Route) -> bool {
    match route.next_hop.value {
        NextHop::Firewall(_)
        | NextHop::Appliance(_)
        | NextHop::Addresses(_)
        | NextHop::Gateway
        | NextHop::Unknown(_) => true,
        NextHop::Internet | NextHop::VnetLocal | NextHop::Drop => false,
    }
}

/// Whether a route may take packets to public addresses.
pub(in crate::lint) fn takes_public(route: &Route, facts: &Facts) -> bool {
    prefix_of(route).is_none_or(|prefix| holds_public(prefix, facts))
}

/// The first of the user routes that together, whole or in parts, take all of IPv4 to where `leads` says.
pub(in crate::lint) fn all_taken(
    estate: &Estate,
    subnet: Id<Subnet>,
    leads: impl Fn(&Route) -> bool,
) -> Option<&Route> {
    let routes = || {
        user_routes(estate, subnet)
            .iter()
            .filter(|route| leads(route))
    };
    if v4_of(routes().filter_map(prefix_of)) != every_v4() {
        return None;
    }
    routes().min_by_key(|route| prefix_of(route).map_or(u8::MAX, |prefix| prefix.prefix_len()))
}

/// The pools whose nodes or pods are in a subnet.
pub(in crate::lint) fn pools_in(
    estate: &Estate,
    subnet: Id<Subnet>,
) -> impl Iterator<Item = &Pool> {
    estate
        .pools
        .iter()
        .map(|(_, pool)| pool)
        .filter(move |pool| {
            let mut subnets = pool.subnets.iter().chain(&pool.nodes.pod_subnet);
            subnets.any(|place| place.id == Some(subnet))
        })
}

/// The load balancers that hand packets to machines of a subnet.
pub(in crate::lint) fn balancers_of(
    estate: &Estate,
    subnet: Id<Subnet>,
) -> impl Iterator<Item = &LoadBalancer> {
    estate
        .load_balancers
        .iter()
        .map(|(_, balancer)| balancer)
        .filter(move |balancer| {
            balancer
                .backends
                .iter()
                .any(|place| place.id == Some(subnet))
        })
}

/// Whether a pool brings its own way out, or needs none.
pub(in crate::lint) fn brings_way_out(pool: &Pool) -> bool {
    match pool.outbound.value {
        OutboundType::LoadBalancer
        | OutboundType::ManagedNatGateway
        | OutboundType::UserAssignedNatGateway
        | OutboundType::Block => true,
        OutboundType::UserDefinedRouting | OutboundType::None | OutboundType::OfSubnet => {
            pool.nodes.public_ips.is_some()
        }
    }
}
