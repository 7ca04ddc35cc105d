//! Which way a subnet sends the packets to a prefix, as far as its routes tell.

use std::collections::BTreeMap;

use ipnet::{IpNet, Ipv4Net};

use crate::azure::Dataplane;
use crate::azure::facts::Facts;
use crate::azure::next_hop::{Holder, default_v4, table_of};
use crate::azure::routing::{Candidate, EffectiveRoute, Hop, RouteSource};
use crate::estate::{
    Estate, FIREWALL_SUBNET, Gap, Id, LoadBalancer, Pool, RouteDestination, RouteTable, Subnet,
};

/// The subnets of each route table.
pub(super) fn users_of_tables(estate: &Estate) -> BTreeMap<Id<RouteTable>, Vec<Id<Subnet>>> {
    let mut users: BTreeMap<_, Vec<Id<Subnet>>> = BTreeMap::new();
    for subnet in estate.subnets.ids() {
        if let Some(table) = table_of(estate, subnet) {
            users.entry(table).or_default().push(subnet);
        }
    }
    users
}

/// Whether every route of a subnet's own table is known: that there is none, or all of those in it.
pub(in crate::lint) fn knows_routes(estate: &Estate, subnet: Id<Subnet>) -> bool {
    let place = &estate.subnets[subnet];
    match place.route_table.as_ref().map(|table| table.id) {
        Some(Some(id)) => {
            let table = &estate.route_tables[id];
            let shown = !table.meta.home.is_existing() || !table.routes.is_empty();
            shown && estate.gaps.at(Gap::Routes(id)).is_empty()
        }
        Some(None) => false,
        None => {
            let stated = !place.meta.home.is_existing();
            stated && estate.gaps.at(Gap::SubnetSettings(subnet)).is_empty()
        }
    }
}

/// Whether a subnet is one that Azure keeps for firewalls, gateways and the like, by its name.
pub(super) fn is_reserved(facts: &Facts, subnet: &Subnet) -> bool {
    facts.reserved_subnet(&subnet.meta.name).is_some()
}

/// The subnets whose routes the nodes of a pool follow, and its pods where they have a subnet of their own.
pub(super) fn subnets_of(pool: &Pool) -> impl Iterator<Item = Id<Subnet>> {
    let pods = pool.nodes.pod_subnet.iter();
    pool.subnets
        .iter()
        .chain(pods)
        .filter_map(|subnet| subnet.id)
}

/// The prefix that a route is for; a service tag has none that is known.
pub(in crate::lint) fn prefix_of(destination: &RouteDestination) -> Option<IpNet> {
    match destination {
        RouteDestination::Prefix(prefix) => Some(*prefix),
        RouteDestination::ServiceTag(_) => None,
    }
}

/// The route that a subnet chooses for all of a prefix, but for parts of it that have longer routes of their own.
/// Routes for service tags are left out.
pub(super) fn route_to<'p>(
    plane: &'p Dataplane<'_>,
    subnet: Id<Subnet>,
    prefix: IpNet,
) -> Option<&'p EffectiveRoute> {
    let covering = || {
        plane.routes(subnet).iter().filter_map(|route| {
            let to = prefix_of(&route.destination)?;
            to.contains(&prefix).then_some((to.prefix_len(), route))
        })
    };
    let straight = covering().any(|(_, route)| route.beats_learned());
    covering()
        .filter(|(_, route)| !(straight && route.source == RouteSource::Bgp))
        .max_by_key(|(length, route)| (*length, route.source))
        .map(|(_, route)| route)
}

/// The routes by which a subnet sends what has no route of its own: the one for everything, or several that
/// together are as much.
pub(super) fn ways_out<'p>(
    plane: &'p Dataplane<'_>,
    subnet: Id<Subnet>,
) -> Vec<&'p EffectiveRoute> {
    let user = plane.routes(subnet).iter();
    let user = user.filter(|route| route.source == RouteSource::User);
    let parts: Vec<_> = user
        .filter_map(|route| Some((prefix_of(&route.destination)?, route)))
        .filter(|(prefix, _)| prefix.addr().is_ipv4() && prefix.prefix_len() > 0)
        .collect();
    if !are_everything(parts.iter().map(|(prefix, _)| *prefix)) {
        return route_to(plane, subnet, default_v4()).into_iter().collect();
    }
    let is_outermost = |prefix: IpNet| {
        let mut others = parts.iter();
        !others.any(|(other, _)| *other != prefix && other.contains(&prefix))
    };
    let outermost = parts.iter().filter(|(prefix, _)| is_outermost(*prefix));
    outermost.map(|(_, route)| *route).collect()
}

/// Whether prefixes together are all of IPv4.
pub(in crate::lint) fn are_everything(prefixes: impl Iterator<Item = IpNet>) -> bool {
    let prefixes: Vec<Ipv4Net> = prefixes
        .filter_map(|prefix| match prefix {
            IpNet::V4(prefix) => Some(prefix),
            IpNet::V6(_) => None,
        })
        .collect();
    // Most tables have small prefixes: counting their addresses spares the sorting.
    let sum: u64 = prefixes.iter().map(|prefix| addresses(*prefix)).sum();
    sum >= addresses(Ipv4Net::default()) && Ipv4Net::aggregate(&prefixes) == [Ipv4Net::default()]
}

fn addresses(prefix: Ipv4Net) -> u64 {
    1_u64 << prefix.max_prefix_len().saturating_sub(prefix.prefix_len())
}

/// The one appliance that a route leads to.
pub(super) fn device_of(route: &EffectiveRoute) -> Option<Candidate> {
    match &route.hop {
        Hop::Appliances(candidates) => match candidates.as_slice() {
            [device] => Some(*device),
            _ => None,
        },
        _ => None,
    }
}

/// The appliance that a subnet sends everything through that has no route of its own, and a route that says so.
pub(super) fn forced_device<'p>(
    plane: &'p Dataplane<'_>,
    subnet: Id<Subnet>,
) -> Option<(Candidate, &'p EffectiveRoute)> {
    let ways = ways_out(plane, subnet);
    let (first, rest) = ways.split_first()?;
    let device = device_of(first)?;
    let same = rest
        .iter()
        .all(|way| device_of(way).is_some_and(|other| are_same(device, other)));
    same.then_some((device, *first))
}

/// Whether two routes lead to the same appliance.
pub(super) fn are_same(a: Candidate, b: Candidate) -> bool {
    a.holder == b.holder && (a.holder != Holder::Nobody || a.address == b.address)
}

/// An appliance in words.
pub(super) fn device_words(estate: &Estate, device: Candidate) -> String {
    match (device.holder, device.address) {
        (Holder::Firewall(id), _) => format!("firewall `{}`", estate.firewalls[id].meta.name),
        (Holder::Appliance(id), _) => format!("appliance `{}`", estate.appliances[id].meta.name),
        (Holder::LoadBalancer(id), _) => {
            format!("load balancer `{}`", estate.load_balancers[id].meta.name)
        }
        (Holder::Nobody, Some(address)) => format!("appliance {address}"),
        (Holder::Nobody, None) => "an appliance".to_owned(),
    }
}

/// The subnet whose routes decide about what an appliance sends on.
pub(super) fn subnet_of_device(estate: &Estate, device: Candidate) -> Option<Id<Subnet>> {
    match device.holder {
        Holder::Firewall(id) => estate.subnet_named(estate.firewalls[id].vnet.id?, FIREWALL_SUBNET),
        Holder::Appliance(id) => estate.appliances[id].subnet.id,
        Holder::LoadBalancer(id) => backend_of(estate, id),
        Holder::Nobody => {
            let address = device.address?;
            let holding = estate.subnets.iter().find(|(_, subnet)| {
                let mut prefixes = subnet.prefixes.iter();
                prefixes.any(|prefix| prefix.value.contains(&address))
            });
            holding.map(|(id, _)| id)
        }
    }
}

fn backend_of(estate: &Estate, balancer: Id<LoadBalancer>) -> Option<Id<Subnet>> {
    let backends = estate.load_balancers[balancer].backends.iter();
    backends.filter_map(|subnet| subnet.id).next()
}
