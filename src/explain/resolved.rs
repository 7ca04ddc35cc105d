//! What the answer of DNS for a name means in a network.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::azure::Dataplane;
use crate::azure::routing::{EffectiveRoute, destination_words};
use crate::azure::rule_sets::rule_sets;
use crate::dns::Locked;
use crate::estate::{
    Access, Action, Direction, Endpoint, Estate, Id, PrivateEndpoint, RouteDestination, Subnet,
};
use crate::net::{Destination, Fqdn, ServiceTag};

/// What is worth knowing of an answer, a sentence each.
#[must_use]
pub fn resolved(plane: &Dataplane<'_>, name: &Fqdn, locked: &Locked) -> Vec<String> {
    let mut notes = Vec::new();
    let (public, private): (Vec<IpAddr>, Vec<IpAddr>) = locked
        .addresses
        .iter()
        .partition(|ip| !plane.facts.is_private(**ip));
    for address in private {
        notes.push(format!("{address} is {}", holder(plane.estate, address)));
    }
    let endpoint = endpoint_for(plane.estate, name);
    let zone = locked.aliases.iter().find(|alias| is_private_link(alias));
    match (endpoint, zone, public.first()) {
        (Some(endpoint), _, Some(address)) => notes.push(format!(
            "private endpoint `{}` is for this name, and the servers that were asked lead past it to {address}",
            endpoint.meta.name
        )),
        (None, Some(zone), Some(address)) => notes.push(format!(
            "the name has private endpoints somewhere ({zone}), and the servers that were asked lead to its public address {address}"
        )),
        (Some(endpoint), _, None) if locked.addresses.is_empty() => notes.push(format!(
            "private endpoint `{}` is for this name, and nothing answers with its address",
            endpoint.meta.name
        )),
        _ => {}
    }
    for address in public {
        notes.extend(own_routes(plane, address));
        notes.extend(tagged(plane, address));
    }
    notes
}

/// The routes of the estate that take an address another way than the default route does, of the subnets of pools.
fn own_routes(plane: &Dataplane<'_>, address: IpAddr) -> Vec<String> {
    let pools = plane.estate.pools.iter();
    let subnets: BTreeSet<Id<Subnet>> = pools
        .flat_map(|(_, pool)| pool.subnets.iter().filter_map(|subnet| subnet.id))
        .collect();
    let mut notes = Vec::new();
    for subnet in subnets {
        let length = |route: &EffectiveRoute| match &route.destination {
            RouteDestination::Prefix(to) => to.contains(&address).then(|| to.prefix_len()),
            // A prefix of the same length goes before a tag, and both before the default route.
            RouteDestination::ServiceTag(tag) => holds(plane, tag, address).then_some(1),
        };
        let routes = plane.routes(subnet).iter();
        let narrow = routes.filter(|route| !route.is_default());
        let fitting = narrow.filter_map(|route| Some((length(route)?, route)));
        if let Some((_, route)) = fitting.max_by_key(|(length, _)| *length) {
            notes.push(format!(
                "from subnet `{}` {address} takes {} ({}), not the default route",
                plane.estate.subnet_path(subnet),
                route.element(plane.estate).name,
                destination_words(&route.destination)
            ));
        }
    }
    notes
}

/// The rules of the estate that name a service tag which holds an address.
fn tagged(plane: &Dataplane<'_>, address: IpAddr) -> Vec<String> {
    let tag_of = |ends: &[Endpoint]| {
        let tags = ends.iter().filter_map(|end| match end {
            Endpoint::Plain(Destination::ServiceTag(tag)) => Some(tag),
            _ => None,
        });
        let mut holding = tags.filter(|tag| holds(plane, tag, address));
        holding.next().cloned()
    };
    let mut notes = Vec::new();
    let mut tell = |tag: ServiceTag, rule: String, is_allowed: bool| {
        let kind = if is_allowed { "allow" } else { "deny" };
        notes.push(format!(
            "{address} is in service tag {tag}, which {kind} {rule} names"
        ));
    };
    for (_, nsg) in plane.estate.nsgs.iter() {
        let outbound = nsg.rules.iter();
        for rule in outbound.filter(|rule| rule.direction == Direction::Outbound) {
            if let Some(tag) = tag_of(&rule.destinations) {
                let name = format!("rule `{}` of nsg `{}`", rule.name, nsg.meta.name);
                tell(tag, name, rule.access == Access::Allow);
            }
        }
    }
    for set in rule_sets(plane.estate) {
        for placed in set.network_rules() {
            if let Some(tag) = tag_of(&placed.rule.destinations) {
                let name = format!(
                    "network rule `{}` of `{}`",
                    placed.rule.info.name, set.meta.name
                );
                tell(tag, name, placed.collection.action == Action::Allow);
            }
        }
    }
    notes
}

/// Whether a tag holds an address for sure.
fn holds(plane: &Dataplane<'_>, tag: &ServiceTag, address: IpAddr) -> bool {
    let tags = plane.tags;
    tags.is_some_and(|tags| tags.holds(tag, address) == Some(true))
}

/// Whether a name is in a zone that private endpoints are kept in.
fn is_private_link(name: &Fqdn) -> bool {
    name.as_str().split('.').any(|label| label == "privatelink")
}

fn endpoint_for<'e>(estate: &'e Estate, name: &Fqdn) -> Option<&'e PrivateEndpoint> {
    let mut endpoints = estate.private_endpoints.iter().map(|(_, it)| it);
    endpoints.find(|endpoint| endpoint.names.iter().any(|it| it.value == *name))
}

/// What a private address belongs to.
fn holder(estate: &Estate, address: IpAddr) -> String {
    let mut endpoints = estate.private_endpoints.iter();
    let endpoint = endpoints.find(|(_, it)| it.addresses.iter().any(|ip| ip.value == address));
    if let Some((_, endpoint)) = endpoint {
        return format!("private endpoint `{}`", endpoint.meta.name);
    }
    let mut subnets = estate.subnets.iter();
    let subnet = subnets.find(|(_, it)| it.prefixes.iter().any(|to| to.value.contains(&address)));
    match subnet {
        Some((id, _)) => format!("an address of subnet `{}`", estate.subnet_path(id)),
        None => "private, and no subnet of the policy has it".to_owned(),
    }
}
