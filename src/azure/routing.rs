//! Effective routes: which next hop a subnet chooses for a destination
//! (MicrosoftDocs/azure-docs, articles/virtual-network/virtual-networks-udr-overview.md).
//!
//! The longest prefix wins; of equal ones a user route before a learned one before a system route. Routes into the
//! own network and peered ones, and to service endpoints, are exceptions: learned routes never beat them, and no
//! route table beats a service endpoint. A private endpoint has a route of its own address.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::azure::facts::RoutingPolicy;
use crate::base::Origin;
use crate::estate::{
    Estate, Gateway, Id, NextHop, Peering, PeeringState, PrivateEndpoint, PrivateEndpointPolicies,
    Route, RouteDestination, RouteTable, Subnet, VirtualHub, Vnet,
};
use crate::net::ServiceTag;

use super::dataplane::Dataplane;
use super::facts::{SystemNextHop, SystemRouteDestination};
use super::flow::{Element, Site};
use super::next_hop::{Holder, holder_of_address};
use super::packet::{End, Notes, note};
use super::shown;
use super::truth::Truth;

/// Who made a route, in the order in which routes of one prefix are preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RouteSource {
    /// Azure.
    System,
    /// A gateway that learned it.
    Bgp,
    /// The route table.
    User,
}

/// An appliance that a route names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Who holds the address.
    pub holder: Holder,
    /// The address, where the route has one.
    pub address: Option<IpAddr>,
}

/// Where a route leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hop {
    /// Into the own network.
    VnetLocal,
    /// Into a peered network.
    Peering(Id<Vnet>),
    /// To the Internet.
    Internet,
    /// Nowhere.
    Drop,
    /// To the virtual network gateway; `None` when the estate shows none.
    Gateway(Option<Id<Gateway>>),
    /// To appliances that share the load.
    Appliances(Vec<Candidate>),
    /// To a platform service by service endpoint; the name of the service, such as `Microsoft.Storage`.
    ServiceEndpoint(String),
    /// To a private endpoint.
    PrivateEndpoint(Id<PrivateEndpoint>),
    /// To a virtual WAN hub.
    Hub(Id<VirtualHub>),
    /// To an appliance whose address is not known: the expression that gives it.
    Unknown(String),
}

/// What made a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Maker {
    System,
    Peering(Id<Peering>),
    Gateway(Id<Gateway>),
    User(Id<RouteTable>, usize),
    Subnet(Id<Subnet>),
    Endpoint(Id<PrivateEndpoint>),
    Hub(Id<VirtualHub>),
    Shown(Origin),
}

/// A route in force on a subnet.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectiveRoute {
    /// What it applies to.
    pub destination: RouteDestination,
    /// Who made it.
    pub source: RouteSource,
    /// Where it leads.
    pub hop: Hop,
    maker: Maker,
}

impl EffectiveRoute {
    /// The element behind it.
    #[must_use]
    pub fn element(&self, estate: &Estate) -> Element {
        match self.maker {
            Maker::User(id, index) => route_element(estate, id, index),
            Maker::Peering(id) => {
                let peering = &estate.peerings[id];
                Element {
                    name: format!("peering `{}` -> `{}`", peering.from.name, peering.to.name),
                    origin: peering.origin,
                    site: Site::Peering(id),
                }
            }
            Maker::Gateway(id) => {
                let meta = &estate.gateways[id].meta;
                Element {
                    name: format!("a route learned by gateway `{}`", meta.name),
                    origin: meta.origin,
                    site: Site::Gateway(id),
                }
            }
            Maker::Subnet(id) => Element {
                name: format!("service endpoint of subnet `{}`", estate.subnet_path(id)),
                origin: estate.subnets[id].meta.origin,
                site: Site::Subnet(id),
            },
            Maker::Endpoint(id) => {
                let meta = &estate.private_endpoints[id].meta;
                Element {
                    name: format!("route to private endpoint `{}`", meta.name),
                    origin: meta.origin,
                    site: Site::PrivateEndpoint(id),
                }
            }
            Maker::Hub(id) => {
                let meta = &estate.hubs[id].meta;
                Element {
                    name: format!("virtual hub `{}`", meta.name),
                    origin: meta.origin,
                    site: Site::Other,
                }
            }
            Maker::Shown(origin) => Element {
                name: "an effective route that Azure shows".to_owned(),
                origin,
                site: Site::Other,
            },
            Maker::System => Element {
                name: "system route".to_owned(),
                origin: Origin::Platform,
                site: Site::Platform,
            },
        }
    }

    /// The user route that it is.
    #[must_use]
    pub fn user_route<'e>(&self, estate: &'e Estate) -> Option<&'e Route> {
        match self.maker {
            Maker::User(table, index) => estate.route_tables[table].routes.get(index),
            _ => None,
        }
    }

    /// Whether it holds everything.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.prefix_length() == Some(0)
    }

    fn prefix_length(&self) -> Option<u8> {
        match &self.destination {
            RouteDestination::Prefix(prefix) => Some(prefix.prefix_len()),
            RouteDestination::ServiceTag(_) => None,
        }
    }

    /// Whether no learned route beats it, however long: it leads into the own network, a peered one or to a service.
    #[must_use]
    pub fn beats_learned(&self) -> bool {
        matches!(
            self.hop,
            Hop::VnetLocal | Hop::Peering(_) | Hop::ServiceEndpoint(_)
        ) && self.source == RouteSource::System
    }
}

/// A user route as an element.
pub(super) fn route_element(estate: &Estate, id: Id<RouteTable>, index: usize) -> Element {
    let table = &estate.route_tables[id];
    match table.routes.get(index) {
        Some(route) => Element {
            name: format!(
                "route `{}` of route table `{}`",
                route.name, table.meta.name
            ),
            origin: route.origin,
            site: Site::Route(id, index),
        },
        None => Element {
            name: format!("route table `{}`", table.meta.name),
            origin: table.meta.origin,
            site: Site::RouteTable(id),
        },
    }
}

/// What a route applies to, in words.
#[must_use]
pub fn destination_words(destination: &RouteDestination) -> String {
    match destination {
        RouteDestination::Prefix(prefix) => prefix.to_string(),
        RouteDestination::ServiceTag(tag) => format!("service tag {tag}"),
    }
}

/// The order in which tag routes of one prefix are preferred: regional before top-level before `AzureCloud`.
fn tag_rank(tag: &ServiceTag) -> u8 {
    let (family, region) = match tag.as_str().split_once('.') {
        Some((family, _)) => (family, true),
        None => (tag.as_str(), false),
    };
    match (family.eq_ignore_ascii_case("AzureCloud"), region) {
        (false, true) => 3,
        (false, false) => 2,
        (true, true) => 1,
        (true, false) => 0,
    }
}

/// Whether both directions of a peering are in force.
#[must_use]
pub fn are_peered(estate: &Estate, a: Id<Vnet>, b: Id<Vnet>) -> bool {
    direction(estate, a, b).is_some() && direction(estate, b, a).is_some()
}

/// The direction of a peering from one network to another, when it is in force.
#[must_use]
pub fn direction(estate: &Estate, from: Id<Vnet>, to: Id<Vnet>) -> Option<(Id<Peering>, &Peering)> {
    estate.peerings.iter().find(|(_, peering)| {
        peering.from.id == Some(from)
            && peering.to.id == Some(to)
            && peering.state == PeeringState::Connected
            && peering.access
    })
}

/// The gateways that machines of a network use: its own, or those that a peer lends.
#[must_use]
pub fn gateways_of(estate: &Estate, vnet: Id<Vnet>) -> Vec<Id<Gateway>> {
    let own = estate
        .gateways
        .iter()
        .filter(|(_, gateway)| gateway.vnet.id == Some(vnet))
        .map(|(id, _)| id);
    let lent = estate.gateways.iter().filter_map(|(id, gateway)| {
        let there = gateway.vnet.id.filter(|there| *there != vnet)?;
        let used = direction(estate, vnet, there)?.1.remote_gateways;
        let lent = direction(estate, there, vnet)?.1.gateway_transit;
        (used && lent).then_some(id)
    });
    own.chain(lent).collect()
}

/// All routes in force on a subnet.
#[must_use]
pub fn effective_routes(plane: &Dataplane<'_>, subnet: Id<Subnet>) -> Vec<EffectiveRoute> {
    let estate = plane.estate;
    let here = &estate.subnets[subnet];
    let vnet = here.vnet;
    let table = here.route_table.as_ref().and_then(|table| table.id);
    let mut routes = Vec::new();
    let user_default = table.is_some_and(|table| {
        let routes = &estate.route_tables[table].routes;
        routes
            .iter()
            .any(|route| is_default(&route.destination.value))
    });
    system_routes(plane, subnet, user_default, &mut routes);
    for (id, peering) in estate.peerings.iter() {
        let Some(peer) = peering.to.id else { continue };
        if peering.from.id == Some(vnet) && are_peered(estate, vnet, peer) {
            for prefix in &estate.vnets[peer].prefixes {
                routes.push(EffectiveRoute {
                    destination: RouteDestination::Prefix(prefix.value),
                    source: RouteSource::System,
                    hop: Hop::Peering(peer),
                    maker: Maker::Peering(id),
                });
            }
        }
    }
    service_endpoint_routes(plane, subnet, &mut routes);
    // A table that takes no gateway routes takes none of a virtual hub either.
    let propagates = table.is_none_or(|table| estate.route_tables[table].gateway_propagation);
    if propagates {
        hub_routes(plane, vnet, &mut routes);
        for id in gateways_of(estate, vnet) {
            for prefix in &estate.gateways[id].learned {
                routes.push(EffectiveRoute {
                    destination: RouteDestination::Prefix(prefix.value),
                    source: RouteSource::Bgp,
                    hop: Hop::Gateway(Some(id)),
                    maker: Maker::Gateway(id),
                });
            }
        }
        shown_learned_routes(estate, subnet, &mut routes);
    }
    if let Some(table) = table {
        for (index, route) in estate.route_tables[table].routes.iter().enumerate() {
            routes.push(EffectiveRoute {
                destination: route.destination.value.clone(),
                source: RouteSource::User,
                hop: user_hop(estate, vnet, &route.next_hop.value),
                maker: Maker::User(table, index),
            });
        }
    }
    private_endpoint_routes(estate, vnet, &mut routes);
    routes
}

fn is_default(destination: &RouteDestination) -> bool {
    matches!(destination, RouteDestination::Prefix(IpNet::V4(prefix)) if prefix.prefix_len() == 0)
}

/// What every subnet starts with. A user default route takes the routes that drop private ranges away.
fn system_routes(
    plane: &Dataplane<'_>,
    subnet: Id<Subnet>,
    user_default: bool,
    routes: &mut Vec<EffectiveRoute>,
) {
    let vnet = plane.estate.subnets[subnet].vnet;
    let space = || plane.estate.vnets[vnet].prefixes.iter().map(|p| p.value);
    let mut push = |prefix: IpNet, hop: Hop, maker: Maker| {
        routes.push(EffectiveRoute {
            destination: RouteDestination::Prefix(prefix),
            source: RouteSource::System,
            hop,
            maker,
        });
    };
    let dropped = shown::dropped(plane.estate, subnet, user_default);
    for fact in plane.facts.system_routes() {
        match (fact.destination, fact.next_hop) {
            (SystemRouteDestination::AddressSpace, _) => {
                for prefix in space() {
                    push(prefix, Hop::VnetLocal, Maker::System);
                }
            }
            (SystemRouteDestination::Prefix(prefix), SystemNextHop::None) => {
                let gone = user_default && fact.dropped_by_default_route;
                // A range of the network that is this prefix, or wider, takes the place of the route.
                let gone = gone || space().any(|range| range.contains(&prefix));
                if !gone && dropped.is_none() {
                    push(prefix, Hop::Drop, Maker::System);
                }
            }
            (SystemRouteDestination::Prefix(prefix), SystemNextHop::Internet) => {
                push(prefix, Hop::Internet, Maker::System);
            }
            (SystemRouteDestination::Prefix(prefix), SystemNextHop::VirtualNetwork) => {
                push(prefix, Hop::VnetLocal, Maker::System);
            }
        }
    }
    for (prefix, origin) in dropped.unwrap_or_default() {
        push(prefix, Hop::Drop, Maker::Shown(origin));
    }
}

/// Learned routes that Azure shows and that are of no gateway, or of one that is not known to have learned them.
fn shown_learned_routes(estate: &Estate, subnet: Id<Subnet>, routes: &mut Vec<EffectiveRoute>) {
    let learned = shown::learned(estate, subnet);
    let known: BTreeSet<IpNet> = routes
        .iter()
        .filter(|route| route.source == RouteSource::Bgp)
        .filter_map(|route| match &route.destination {
            RouteDestination::Prefix(prefix) => Some(*prefix),
            RouteDestination::ServiceTag(_) => None,
        })
        .collect();
    let new = learned
        .into_iter()
        .filter(|(prefix, ..)| !known.contains(prefix));
    routes.extend(new.map(|(prefix, hop, origin)| EffectiveRoute {
        destination: RouteDestination::Prefix(prefix),
        source: RouteSource::Bgp,
        hop,
        maker: Maker::Shown(origin),
    }));
}

fn service_endpoint_routes(
    plane: &Dataplane<'_>,
    subnet: Id<Subnet>,
    routes: &mut Vec<EffectiveRoute>,
) {
    for service in &plane.estate.subnets[subnet].service_endpoints {
        let tag = plane
            .facts
            .platform_service(&service.value)
            .map_or(service.value.as_str(), |fact| fact.service_tag.as_str());
        routes.push(EffectiveRoute {
            destination: RouteDestination::ServiceTag(ServiceTag::new(tag)),
            source: RouteSource::System,
            hop: Hop::ServiceEndpoint(service.value.to_string()),
            maker: Maker::Subnet(subnet),
        });
    }
}

/// What a virtual WAN hub tells the networks connected to it. Such routes count as learned.
fn hub_routes(plane: &Dataplane<'_>, vnet: Id<Vnet>, routes: &mut Vec<EffectiveRoute>) {
    let estate = plane.estate;
    for (id, hub) in estate.hubs.iter() {
        if !hub.connections.iter().any(|peer| peer.id == Some(vnet)) {
            continue;
        }
        let mut push = |prefix: IpNet| {
            routes.push(EffectiveRoute {
                destination: RouteDestination::Prefix(prefix),
                source: RouteSource::Bgp,
                hop: Hop::Hub(id),
                maker: Maker::Hub(id),
            });
        };
        let refuses = hub.without_default.iter().any(|it| it.id == Some(vnet));
        for (policy, on) in [
            (RoutingPolicy::Internet, hub.internet_routing && !refuses),
            (RoutingPolicy::Private, hub.private_routing),
        ] {
            let known = plane.facts.routing_policy(policy).filter(|_| on);
            let prefixes = known.into_iter().flat_map(|fact| &fact.prefixes);
            prefixes.copied().for_each(&mut push);
        }
        if let Some(own) = hub.prefix {
            push(own.value);
        }
        let others = hub.connections.iter().filter_map(|peer| peer.id);
        for other in others.filter(|other| *other != vnet) {
            for prefix in &estate.vnets[other].prefixes {
                push(prefix.value);
            }
        }
    }
}

fn user_hop(estate: &Estate, vnet: Id<Vnet>, next_hop: &NextHop) -> Hop {
    let candidate = |holder, address| Hop::Appliances(vec![Candidate { holder, address }]);
    match next_hop {
        NextHop::Firewall(firewall) => candidate(
            firewall.id.map_or(Holder::Nobody, Holder::Firewall),
            firewall
                .id
                .and_then(|id| estate.firewalls[id].private_ip)
                .map(|ip| ip.value),
        ),
        NextHop::Appliance(appliance) => candidate(
            appliance.id.map_or(Holder::Nobody, Holder::Appliance),
            appliance
                .id
                .and_then(|id| estate.appliances[id].private_ips.first())
                .map(|ip| ip.value),
        ),
        NextHop::Addresses(addresses) => Hop::Appliances(
            addresses
                .iter()
                .map(|address| Candidate {
                    holder: holder_of_address(estate, *address),
                    address: Some(*address),
                })
                .collect(),
        ),
        NextHop::Gateway => Hop::Gateway(gateways_of(estate, vnet).first().copied()),
        NextHop::Internet => Hop::Internet,
        NextHop::VnetLocal => Hop::VnetLocal,
        NextHop::Drop => Hop::Drop,
        NextHop::Unknown(unknown) => Hop::Unknown(unknown.text.to_string()),
    }
}

/// The routes to private endpoints of this network and those peered with it. With network policies for routes on the
/// endpoint's subnet, a user route at least as long as the endpoint's network takes their place
/// (MicrosoftDocs/azure-docs, articles/private-link/disable-private-endpoint-network-policy.md).
fn private_endpoint_routes(estate: &Estate, vnet: Id<Vnet>, routes: &mut Vec<EffectiveRoute>) {
    for (id, endpoint) in estate.private_endpoints.iter() {
        let Some(subnet) = endpoint.subnet.id else {
            continue;
        };
        let host = &estate.subnets[subnet];
        if host.vnet != vnet && !are_peered(estate, vnet, host.vnet) {
            continue;
        }
        let routed = matches!(
            host.private_endpoint_policies,
            PrivateEndpointPolicies::Enabled | PrivateEndpointPolicies::RouteTables
        );
        for address in &endpoint.addresses {
            let space = estate.vnets[host.vnet]
                .prefixes
                .iter()
                .filter(|prefix| prefix.value.contains(&address.value))
                .map(|prefix| prefix.value.prefix_len())
                .max();
            let invalid = routed
                && routes.iter().any(|route| match route.destination {
                    RouteDestination::Prefix(prefix) => {
                        route.source == RouteSource::User
                            && prefix.contains(&address.value)
                            && space.is_some_and(|space| prefix.prefix_len() >= space)
                    }
                    RouteDestination::ServiceTag(_) => false,
                });
            if !invalid {
                routes.push(EffectiveRoute {
                    destination: RouteDestination::Prefix(address.value.into()),
                    source: RouteSource::System,
                    hop: Hop::PrivateEndpoint(id),
                    maker: Maker::Endpoint(id),
                });
            }
        }
    }
}

/// The routes that a subnet may choose for a destination.
#[derive(Debug)]
pub(super) struct Choice<'r> {
    /// The likeliest first; one when it is certain, none when there is no route.
    pub(super) routes: Vec<&'r EffectiveRoute>,
    /// It may be that none of them holds the destination.
    pub(super) may_miss: bool,
}

/// The routes that a subnet may choose for a destination.
pub(super) fn choose<'r>(
    plane: &Dataplane<'_>,
    routes: &'r [EffectiveRoute],
    destination: &End,
    service: Option<&str>,
    notes: &mut Notes,
) -> Choice<'r> {
    let mut matching: Vec<(&EffectiveRoute, Truth, (u8, bool))> = Vec::new();
    for route in routes {
        let (truth, length) = match &route.destination {
            RouteDestination::Prefix(prefix) => (destination.is_in(*prefix), prefix.prefix_len()),
            RouteDestination::ServiceTag(tag) => {
                tag_match(plane, route, tag, destination, service, notes)
            }
        };
        if truth != Truth::No {
            matching.push((route, truth, (length, route.prefix_length().is_some())));
        }
    }
    if let Some((endpoint, truth, _)) = matching
        .iter()
        .find(|(route, ..)| matches!(route.hop, Hop::ServiceEndpoint(_)))
        && *truth == Truth::Yes
    {
        return Choice {
            routes: vec![*endpoint],
            may_miss: false,
        };
    }
    if matching
        .iter()
        .any(|(route, truth, _)| route.beats_learned() && *truth == Truth::Yes)
    {
        matching.retain(|(route, ..)| route.source != RouteSource::Bgp);
    }
    // An explicit prefix wins over a tag of the same length; of tags the narrower one.
    matching.sort_by_key(|(route, _, (length, explicit))| {
        let endpoint = matches!(route.hop, Hop::ServiceEndpoint(_));
        let rank = match &route.destination {
            RouteDestination::ServiceTag(tag) => tag_rank(tag),
            RouteDestination::Prefix(_) => 0,
        };
        std::cmp::Reverse((endpoint, *length, route.source, *explicit, rank))
    });
    let certain = matching
        .iter()
        .position(|(_, truth, _)| *truth == Truth::Yes);
    let end = certain.map_or(matching.len(), |at| at + 1);
    // A tag may hold a longer prefix than that of the route that is certain, as long as no file tells.
    let surpassable =
        certain
            .and_then(|at| matching.get(at))
            .is_some_and(|(route, _, (length, explicit))| {
                *explicit && *length < host_length(&route.destination)
            });
    let unmeasured = |route: &EffectiveRoute| match &route.destination {
        RouteDestination::ServiceTag(tag) => tag_length(plane, tag, destination).is_none(),
        RouteDestination::Prefix(_) => false,
    };
    let routes = matching
        .into_iter()
        .enumerate()
        .filter(|(at, (route, ..))| *at < end || (surpassable && unmeasured(route)))
        .map(|(_, (route, ..))| route)
        .collect();
    Choice {
        routes,
        may_miss: certain.is_none(),
    }
}

/// The length of a prefix that holds one address only.
fn host_length(destination: &RouteDestination) -> u8 {
    match destination {
        RouteDestination::Prefix(prefix) => prefix.max_prefix_len(),
        RouteDestination::ServiceTag(_) => u8::MAX,
    }
}

/// The length of the longest prefix by which a tag holds a destination, where a file tells.
fn tag_length(plane: &Dataplane<'_>, tag: &ServiceTag, destination: &End) -> Option<u8> {
    let (file, address) = plane.tags.zip(destination.address)?;
    let prefix = file.longest_prefix(tag, address)?;
    Some(prefix.prefix_len())
}

/// Whether a tag route holds a destination, and the length of the prefix by which it does.
fn tag_match(
    plane: &Dataplane<'_>,
    route: &EffectiveRoute,
    tag: &ServiceTag,
    destination: &End,
    service: Option<&str>,
    notes: &mut Notes,
) -> (Truth, u8) {
    // Tags hold public prefixes; without the file all that is known is that they are longer than the default route.
    const UNKNOWN_LENGTH: u8 = 9;
    if let Hop::ServiceEndpoint(name) = &route.hop
        && let Some(service) = service
    {
        return (name.eq_ignore_ascii_case(service).into(), UNKNOWN_LENGTH);
    }
    let (truth, reason) = plane.tag_holds(tag, destination);
    if truth != Truth::No
        && let Some(reason) = reason
    {
        note(notes, reason);
    }
    let length = tag_length(plane, tag, destination).unwrap_or(UNKNOWN_LENGTH);
    (truth, length)
}
