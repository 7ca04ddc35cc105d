//! Which routes what is needed takes: what pools require, and the DNS servers of networks.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::azure::next_hop::table_of;
use crate::azure::routing::{EffectiveRoute, RouteSource};
use crate::base::{Origin, Spanned};
use crate::estate::{DnsServers, Estate, Id, RouteDestination, Subnet};
use crate::intent::Requirement;
use crate::lint::Context;
use crate::net::Destination;

use super::way::{is_reserved, prefix_of, route_to, subnets_of};

/// How much of what is required takes a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// All of it, but for what has a longer route of its own.
    All,
    /// Some of it.
    Part,
}

/// Something that has to be reached.
#[derive(Debug, Clone, Copy)]
pub(super) enum Need<'a> {
    /// What a pool requires.
    Requirement(&'a Requirement),
    /// The server that every machine of a network asks for names.
    DnsServer(Spanned<IpAddr>),
}

impl Need<'_> {
    pub(super) fn origin(&self) -> Origin {
        match self {
            Self::Requirement(requirement) => requirement.origin,
            Self::DnsServer(server) => server.span.into(),
        }
    }

    pub(super) fn words(&self, estate: &Estate) -> String {
        match self {
            Self::Requirement(requirement) => {
                let pool = &estate.pools[requirement.pool].meta.name;
                format!("what pool `{pool}` requires")
            }
            Self::DnsServer(server) => format!("requests to DNS server {}", server.value),
        }
    }
}

/// Something needed, and a route that it takes from a subnet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demand<'a> {
    pub(super) need: Need<'a>,
    pub(super) subnet: Id<Subnet>,
    /// What is needed, where it is addresses.
    pub(super) prefix: Option<IpNet>,
    pub(super) route: &'a EffectiveRoute,
    pub(super) reach: Reach,
}

/// Every route that something needed takes. Names have no route that is known, and everywhere has none in
/// particular; a service tag takes the route for the same tag.
pub(super) fn demands<'a>(context: &Context<'a>) -> Vec<Demand<'a>> {
    let mut demands = Vec::new();
    for requirement in &context.intent.requirements {
        let pool = &context.estate.pools[requirement.pool];
        for subnet in subnets_of(pool) {
            for destination in &requirement.destinations {
                for (prefix, route, reach) in routes_for(context, subnet, &destination.value) {
                    demands.push(Demand {
                        need: Need::Requirement(requirement),
                        subnet,
                        prefix,
                        route,
                        reach,
                    });
                }
            }
        }
    }
    demands.extend(dns_servers(context));
    demands
}

/// The routes that the requests of routed subnets to their own DNS servers take.
fn dns_servers<'a>(context: &Context<'a>) -> Vec<Demand<'a>> {
    let estate = context.estate;
    let mut demands = Vec::new();
    for (subnet, place) in estate.subnets.iter() {
        let servers = match &estate.vnets[place.vnet].dns {
            DnsServers::Custom(servers) => servers.as_slice(),
            DnsServers::Azure | DnsServers::Firewall(_) | DnsServers::Unknown(_) => &[],
        };
        if table_of(estate, subnet).is_none() || is_reserved(context.facts, place) {
            continue;
        }
        for server in servers {
            for (prefix, route, reach) in for_prefix(context, subnet, server.value.into()) {
                demands.push(Demand {
                    need: Need::DnsServer(*server),
                    subnet,
                    prefix,
                    route,
                    reach,
                });
            }
        }
    }
    demands
}

type Taken<'a> = (Option<IpNet>, &'a EffectiveRoute, Reach);

fn routes_for<'a>(
    context: &Context<'a>,
    subnet: Id<Subnet>,
    destination: &Destination,
) -> Vec<Taken<'a>> {
    let of_prefix = |prefix: IpNet| for_prefix(context, subnet, prefix);
    match destination {
        Destination::Prefix(prefix) if prefix.prefix_len() > 0 => of_prefix(*prefix),
        Destination::Range(range) => range.prefixes().into_iter().flat_map(of_prefix).collect(),
        Destination::ServiceTag(tag) => {
            let routes = context.plane.routes(subnet).iter();
            let same = routes.filter(|route| {
                route.source == RouteSource::User
                    && matches!(&route.destination, RouteDestination::ServiceTag(of)
                        if of.as_str().eq_ignore_ascii_case(tag.as_str()))
            });
            same.map(|route| (None, route, Reach::All)).collect()
        }
        Destination::Prefix(_)
        | Destination::Anywhere
        | Destination::Fqdn(_)
        | Destination::FqdnTag(_)
        | Destination::Open(_) => Vec::new(),
    }
}

/// The route that all of a prefix takes, and user routes for parts of it.
fn for_prefix<'a>(context: &Context<'a>, subnet: Id<Subnet>, prefix: IpNet) -> Vec<Taken<'a>> {
    let plane = context.plane;
    let whole = route_to(plane, subnet, prefix).map(|route| (Some(prefix), route, Reach::All));
    let parts = plane.routes(subnet).iter().filter(|route| {
        let to = prefix_of(&route.destination);
        route.source == RouteSource::User
            && to.is_some_and(|to| to != prefix && prefix.contains(&to))
    });
    let parts = parts.map(|route| (Some(prefix), route, Reach::Part));
    whole.into_iter().chain(parts).collect()
}
