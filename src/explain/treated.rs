//! How a network treats a public address otherwise than the rest of the Internet.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::azure::Dataplane;
use crate::azure::routing::destination_words;
use crate::azure::rule_sets::rule_sets;
use crate::estate::{Access, Action, Direction, Endpoint, Id, Subnet};
use crate::net::{Destination, ServiceTag};

/// The routes and the rules by service tags that an address meets, a sentence each.
pub(super) fn treated(plane: &Dataplane<'_>, address: IpAddr) -> Vec<String> {
    let mut notes = own_routes(plane, address);
    notes.extend(tagged(plane, address));
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
        let route = plane.route_to(subnet, address);
        if let Some(route) = route.filter(|route| !route.is_default()) {
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
        let does = if is_allowed { "allows" } else { "denies" };
        notes.push(format!(
            "{address} is in service tag {tag}, which {rule} {does}; other rules may go before"
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
                let (rule, owner) = (&placed.rule.info.name, &set.meta.name);
                let name = format!("network rule `{rule}` of `{owner}`");
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
