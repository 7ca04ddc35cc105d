//! The routes of a subnet, and how they part a set of destinations
//! (MicrosoftDocs/azure-docs, articles/virtual-network/virtual-networks-udr-overview.md).

use std::cmp::Reverse;
use std::net::IpAddr;

use ipnet::IpNet;
use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use crate::azure::facts::RoutingPolicy;
use crate::azure::facts::{SystemNextHop, SystemRouteDestination};
use crate::azure::next_hop::Holder;
use crate::azure::{ServiceTags, is_wide};
use crate::base::Origin;
use crate::estate::{
    Firewall, Gateway, Id, NextHop, PrivateEndpoint, PrivateEndpointPolicies, RouteDestination,
    ShownHop, ShownRoute, ShownSource, Subnet, VirtualHub, Vnet,
};
use crate::net::ServiceTag;
use crate::space::{Known, Side};

use super::Evaluator;
use super::places::Place;
use super::topology::Addresses;

/// Who made a route. Of routes of one length the later one here is preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Maker {
    Azure,
    Learned,
    User,
}

/// Where a route leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hop {
    VnetLocal,
    Peering,
    Internet,
    Drop,
    Gateway(Option<Id<Gateway>>),
    /// Appliances that share the load, each with its address where the route has one.
    Appliances(Vec<(Holder, Option<IpAddr>)>),
    ServiceEndpoint(SmolStr),
    PrivateEndpoint(Id<PrivateEndpoint>),
    /// The hub, and the firewall through which it sends what goes from network to network.
    Hub(Id<VirtualHub>, Option<Id<Firewall>>),
    Unknown(SmolStr),
}

/// A route in force.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub(super) to: RouteDestination,
    pub(super) maker: Maker,
    pub(super) hop: Hop,
    pub(super) origin: Origin,
}

impl Route {
    fn new(to: IpNet, maker: Maker, hop: Hop, origin: Origin) -> Self {
        Self {
            to: RouteDestination::Prefix(to),
            maker,
            hop,
            origin,
        }
    }

    /// Learned routes never beat it, however long they are.
    fn beats_learned(&self) -> bool {
        let near = matches!(
            self.hop,
            Hop::VnetLocal | Hop::Peering | Hop::ServiceEndpoint(_)
        );
        near && self.maker == Maker::Azure
    }

    pub(super) fn is_default(&self) -> bool {
        matches!(&self.to, RouteDestination::Prefix(prefix) if prefix.prefix_len() == 0)
    }

    /// Whether it leads to one of these devices.
    pub(super) fn leads_to(&self, holder: Holder) -> bool {
        match &self.hop {
            Hop::Appliances(all) => all.iter().any(|(held, _)| *held == holder),
            Hop::Hub(_, firewall) => firewall.map(Holder::Firewall) == Some(holder),
            _ => false,
        }
    }

    /// The first device that it leads to.
    pub(super) fn first_holder(&self) -> Option<Holder> {
        match &self.hop {
            Hop::Appliances(all) => all.first().map(|(holder, _)| *holder),
            Hop::Hub(_, firewall) => firewall.map(Holder::Firewall),
            _ => None,
        }
    }
}

fn hub_hop(id: Id<VirtualHub>, hub: &VirtualHub) -> Hop {
    let firewall = hub.firewall.as_ref().filter(|_| hub.private_routing);
    Hop::Hub(id, firewall.and_then(|firewall| firewall.id))
}

/// A destination to choose a route for.
#[derive(Debug, Clone)]
pub(super) enum Wanted {
    /// Any of these.
    Any(Addresses),
    /// A public address that nobody knows, and the tag names that it may have: those of Microsoft's names only, or that
    /// of the whole cloud only.
    Somewhere { microsoft: bool, place: Place },
}

/// A part of the destinations, and the route that takes it; `None` where there is none.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) wanted: Wanted,
    pub(super) known: Known,
    pub(super) route: Option<Route>,
}

/// Longest first, then the maker, then explicit prefixes before tags, then the narrower tag.
type Order = Reverse<(bool, u8, Maker, bool, u8)>;

/// A route with what it takes.
struct Candidate<'r> {
    route: &'r Route,
    order: Order,
    length: u8,
    takes: Takes,
}

enum Takes {
    Addresses(Addresses),
    /// Whatever the tag holds, which is not known.
    Tagged(ServiceTag),
    /// Everything that is asked about: a service endpoint of the service that is asked.
    All,
}

/// A tag whose prefixes are not known is taken to have longer ones than that of a default route, and this length.
const UNKNOWN_LENGTH: u8 = 9;

fn is_default_v4(to: &RouteDestination) -> bool {
    matches!(to, RouteDestination::Prefix(IpNet::V4(prefix)) if prefix.prefix_len() == 0)
}

/// Regional tags before those of a service before that of a region before that of all of Azure.
fn rank(tag: &ServiceTag) -> u8 {
    let text = tag.as_str().to_ascii_lowercase();
    let (service, region) = text
        .split_once('.')
        .map_or((text.as_str(), false), |(s, _)| (s, true));
    match (service == "azurecloud", region) {
        (true, false) => 0,
        (true, true) => 1,
        (false, false) => 2,
        (false, true) => 3,
    }
}

impl Evaluator<'_> {
    /// All routes in force on a subnet.
    pub(super) fn routes(&mut self, subnet: Id<Subnet>) -> std::rc::Rc<[Route]> {
        if let Some(known) = self.routes.get(&subnet) {
            return known.clone();
        }
        let routes: std::rc::Rc<[Route]> = self.read_routes(subnet).into();
        self.routes.insert(subnet, routes.clone());
        routes
    }

    fn read_routes(&self, subnet: Id<Subnet>) -> Vec<Route> {
        let estate = self.plane.estate;
        let place = &estate.subnets[subnet];
        let vnet = place.vnet;
        let table = place.route_table.as_ref().and_then(|table| table.id);
        let table = table.map(|id| &estate.route_tables[id]);
        let written = table.map_or(&[][..], |table| table.routes.as_slice());
        let has_default = written
            .iter()
            .any(|route| is_default_v4(&route.destination.value));
        let mut routes = Vec::new();
        self.system_routes(subnet, has_default, &mut routes);
        for (_, peering) in estate.peerings.iter() {
            let Some(peer) = peering.to.id else { continue };
            if peering.from.id == Some(vnet) && self.topology.are_peered(vnet, peer) {
                for prefix in &estate.vnets[peer].prefixes {
                    let hop = Hop::Peering;
                    routes.push(Route::new(prefix.value, Maker::Azure, hop, peering.origin));
                }
            }
        }
        for service in &place.service_endpoints {
            let fact = self.plane.facts.platform_service(&service.value);
            let tag = fact.map_or(service.value.as_str(), |fact| fact.service_tag.as_str());
            routes.push(Route {
                to: RouteDestination::ServiceTag(ServiceTag::new(tag)),
                maker: Maker::Azure,
                hop: Hop::ServiceEndpoint(service.value.clone()),
                origin: place.meta.origin,
            });
        }
        if table.is_none_or(|table| table.gateway_propagation) {
            self.learned_routes(subnet, &mut routes);
        }
        routes.extend(written.iter().map(|route| Route {
            to: route.destination.value.clone(),
            maker: Maker::User,
            hop: self.written_hop(vnet, &route.next_hop.value),
            origin: route.origin,
        }));
        self.endpoint_routes(vnet, &mut routes);
        routes
    }

    fn system_routes(&self, subnet: Id<Subnet>, has_default: bool, routes: &mut Vec<Route>) {
        let estate = self.plane.estate;
        let space = &estate.vnets[estate.subnets[subnet].vnet].prefixes;
        let shown = estate.shown_routes_of(subnet);
        let shown = shown.filter(|shown| shown.has_user_default() == has_default);
        let mut add = |to, hop| routes.push(Route::new(to, Maker::Azure, hop, Origin::Platform));
        for fact in self.plane.facts.system_routes() {
            match (fact.destination, fact.next_hop) {
                (SystemRouteDestination::AddressSpace, _) => {
                    for prefix in space {
                        add(prefix.value, Hop::VnetLocal);
                    }
                }
                (SystemRouteDestination::Prefix(to), SystemNextHop::None) => {
                    let replaced = space.iter().any(|own| own.value.contains(&to));
                    let taken_away = has_default && fact.dropped_by_default_route;
                    if shown.is_none() && !replaced && !taken_away {
                        add(to, Hop::Drop);
                    }
                }
                (SystemRouteDestination::Prefix(to), SystemNextHop::Internet) => {
                    add(to, Hop::Internet);
                }
                (SystemRouteDestination::Prefix(to), SystemNextHop::VirtualNetwork) => {
                    add(to, Hop::VnetLocal);
                }
            }
        }
        for route in shown.iter().flat_map(|shown| &shown.routes) {
            if route.source == ShownSource::Default && route.hop == ShownHop::Drop {
                for prefix in &route.prefixes {
                    let origin = prefix.span.into();
                    routes.push(Route::new(prefix.value, Maker::Azure, Hop::Drop, origin));
                }
            }
        }
    }

    /// What hubs, gateways and route servers tell.
    fn learned_routes(&self, subnet: Id<Subnet>, routes: &mut Vec<Route>) {
        let estate = self.plane.estate;
        let vnet = estate.subnets[subnet].vnet;
        let mut known: FxHashSet<IpNet> = FxHashSet::default();
        let mut add = |to: IpNet, hop: Hop, origin: Origin| {
            known.insert(to);
            routes.push(Route::new(to, Maker::Learned, hop, origin));
        };
        for (id, hub) in estate.hubs.iter() {
            if !hub.connections.iter().any(|peer| peer.id == Some(vnet)) {
                continue;
            }
            let hop = hub_hop(id, hub);
            let mut without = hub.without_default.iter();
            let mut policies = Vec::new();
            if hub.internet_routing && !without.any(|it| it.id == Some(vnet)) {
                policies.extend(self.plane.facts.routing_policy(RoutingPolicy::Internet));
            }
            if hub.private_routing {
                policies.extend(self.plane.facts.routing_policy(RoutingPolicy::Private));
            }
            for prefix in policies.into_iter().flat_map(|policy| &policy.prefixes) {
                add(*prefix, hop.clone(), hub.meta.origin);
            }
            if let Some(own) = hub.prefix {
                add(own.value, hop.clone(), hub.meta.origin);
            }
            for other in hub.connections.iter().filter_map(|peer| peer.id) {
                for prefix in estate.vnets[other]
                    .prefixes
                    .iter()
                    .filter(|_| other != vnet)
                {
                    add(prefix.value, hop.clone(), hub.meta.origin);
                }
            }
        }
        for id in self.topology.gateways(estate, vnet) {
            let gateway = &estate.gateways[id];
            for prefix in &gateway.learned {
                add(prefix.value, Hop::Gateway(Some(id)), gateway.meta.origin);
            }
        }
        let shown = estate.shown_routes_of(subnet);
        let shown = shown
            .into_iter()
            .flat_map(|it| it.active(ShownSource::Gateway));
        let mut more = Vec::new();
        for route in shown {
            let hop = self.shown_hop(vnet, route);
            for prefix in route
                .prefixes
                .iter()
                .filter(|it| !known.contains(&it.value))
            {
                let origin = prefix.span.into();
                more.push(Route::new(
                    prefix.value,
                    Maker::Learned,
                    hop.clone(),
                    origin,
                ));
            }
        }
        routes.extend(more);
    }

    fn shown_hop(&self, vnet: Id<Vnet>, route: &ShownRoute) -> Hop {
        let addresses = match &route.hop {
            ShownHop::Gateway(addresses) | ShownHop::Appliances(addresses) => addresses.as_slice(),
            _ => &[],
        };
        let held = self.held_by(addresses);
        if !held.is_empty() && held.iter().all(|(holder, _)| *holder != Holder::Nobody) {
            return Hop::Appliances(held);
        }
        let estate = self.plane.estate;
        let mut hubs = estate.hubs.iter();
        let hub = hubs.find(|(_, hub)| hub.connections.iter().any(|peer| peer.id == Some(vnet)));
        match hub {
            Some((id, hub)) => hub_hop(id, hub),
            None => Hop::Gateway(self.topology.gateways(estate, vnet).first().copied()),
        }
    }

    fn held_by(&self, addresses: &[IpAddr]) -> Vec<(Holder, Option<IpAddr>)> {
        let held = addresses.iter();
        held.map(|address| (self.topology.holder(*address), Some(*address)))
            .collect()
    }

    fn written_hop(&self, vnet: Id<Vnet>, next_hop: &NextHop) -> Hop {
        let estate = self.plane.estate;
        match next_hop {
            NextHop::Firewall(firewall) => {
                let holder = firewall.id.map_or(Holder::Nobody, Holder::Firewall);
                let address = firewall.id.and_then(|id| estate.firewalls[id].private_ip);
                Hop::Appliances(vec![(holder, address.map(|ip| ip.value))])
            }
            NextHop::Appliance(appliance) => {
                let holder = appliance.id.map_or(Holder::Nobody, Holder::Appliance);
                let address = appliance.id.and_then(|id| {
                    let first = estate.appliances[id].private_ips.first()?;
                    Some(first.value)
                });
                Hop::Appliances(vec![(holder, address)])
            }
            NextHop::Addresses(addresses) => Hop::Appliances(self.held_by(addresses)),
            NextHop::Gateway => Hop::Gateway(self.topology.gateways(estate, vnet).first().copied()),
            NextHop::Internet => Hop::Internet,
            NextHop::VnetLocal => Hop::VnetLocal,
            NextHop::Drop => Hop::Drop,
            NextHop::Unknown(unknown) => Hop::Unknown(unknown.text.clone()),
        }
    }

    /// Private endpoints of this network and its peers have a route of one address each, unless their subnet lets a
    /// user route at least as long as their network take its place
    /// (articles/private-link/disable-private-endpoint-network-policy.md).
    fn endpoint_routes(&self, vnet: Id<Vnet>, routes: &mut Vec<Route>) {
        let estate = self.plane.estate;
        let mut more = Vec::new();
        for (id, endpoint) in estate.private_endpoints.iter() {
            let Some(host) = endpoint.subnet.id else {
                continue;
            };
            let host = &estate.subnets[host];
            if host.vnet != vnet && !self.topology.are_peered(vnet, host.vnet) {
                continue;
            }
            let obeys = matches!(
                host.private_endpoint_policies,
                PrivateEndpointPolicies::Enabled | PrivateEndpointPolicies::RouteTables
            );
            for address in endpoint.addresses.iter().map(|address| address.value) {
                let space = estate.vnets[host.vnet].prefixes.iter();
                let space = space.filter(|prefix| prefix.value.contains(&address));
                let space = space.map(|prefix| prefix.value.prefix_len()).max();
                let overruled = obeys
                    && routes.iter().any(|route| match &route.to {
                        RouteDestination::Prefix(to) => {
                            route.maker == Maker::User
                                && to.contains(&address)
                                && space.is_some_and(|space| space <= to.prefix_len())
                        }
                        RouteDestination::ServiceTag(_) => false,
                    });
                if !overruled {
                    let hop = Hop::PrivateEndpoint(id);
                    let origin = endpoint.meta.origin;
                    more.push(Route::new(address.into(), Maker::Azure, hop, origin));
                }
            }
        }
        routes.extend(more);
    }

    /// Parts destinations by the route that takes them. `service` is what service endpoints call the service that is
    /// asked: empty when it is none that has them, `None` when that is not known.
    pub(super) fn choose(
        &mut self,
        routes: &[Route],
        wanted: &Wanted,
        service: Option<&str>,
        side: Side,
    ) -> Vec<Cell> {
        let near = routes.iter().filter(|route| route.beats_learned());
        let near = near.filter_map(|route| match &route.to {
            RouteDestination::Prefix(prefix) => Some(*prefix),
            RouteDestination::ServiceTag(_) => None,
        });
        let near = Addresses::of(near.collect::<Vec<_>>());
        let mut candidates: Vec<Candidate<'_>> = Vec::new();
        // A file tells nothing of an address that nobody knows.
        let file = self.plane.tags.filter(|_| matches!(wanted, Wanted::Any(_)));
        for route in routes {
            candidates.extend(candidates_of(route, &near, service, file));
        }
        candidates.sort_by_key(|candidate| candidate.order);
        let mut cells = Vec::new();
        let mut left = wanted.clone();
        let mut tagged: Vec<(&Route, &ServiceTag, bool)> = Vec::new();
        // Tags that a longer prefix than that of the route at hand may belong to, whatever their place in the order.
        let later = |order: Order| {
            let candidates = candidates.iter();
            candidates
                .filter(move |other| other.order > order)
                .filter_map(|other| match &other.takes {
                    Takes::Tagged(tag) => Some((other.route, tag)),
                    _ => None,
                })
                .collect::<Vec<_>>()
        };
        for candidate in &candidates {
            let taken = match (&candidate.takes, &mut left) {
                (Takes::Tagged(tag), _) => {
                    let endpoint = matches!(candidate.route.hop, Hop::ServiceEndpoint(_));
                    tagged.push((candidate.route, tag, endpoint));
                    continue;
                }
                (Takes::All, left) => {
                    let all = left.clone();
                    *left = Wanted::Any(Addresses::default());
                    all
                }
                (Takes::Addresses(takes), Wanted::Any(addresses)) => {
                    let taken = addresses.and(takes);
                    *addresses = addresses.minus(&taken);
                    Wanted::Any(taken)
                }
                (Takes::Addresses(_), Wanted::Somewhere { place, .. }) => {
                    // A learned default route does not hold what is near, and takes this all the same.
                    if !is_default_v4(&candidate.route.to)
                        && !self.holds_place(&candidate.route.to, *place)
                    {
                        continue;
                    }
                    let all = left.clone();
                    left = Wanted::Any(Addresses::default());
                    all
                }
            };
            if taken.is_empty() {
                continue;
            }
            let host = match &candidate.route.to {
                RouteDestination::Prefix(prefix) => candidate.length == prefix.max_prefix_len(),
                RouteDestination::ServiceTag(_) => true,
            };
            let mut rivals = tagged.clone();
            if !host {
                let later = later(candidate.order).into_iter();
                rivals.extend(later.map(|(route, tag)| (route, tag, false)));
            }
            let sure = candidate.length < UNKNOWN_LENGTH;
            self.contest(
                taken,
                Some(candidate.route),
                sure,
                &rivals,
                side,
                &mut cells,
            );
        }
        if !left.is_empty() {
            self.contest(left, None, true, &tagged, side, &mut cells);
        }
        cells
    }

    /// Destinations that a route certainly takes, where tags may hold longer prefixes.
    fn contest(
        &mut self,
        wanted: Wanted,
        route: Option<&Route>,
        sure: bool,
        rivals: &[(&Route, &ServiceTag, bool)],
        side: Side,
        cells: &mut Vec<Cell>,
    ) {
        let mut rest: Vec<(Wanted, Known)> = vec![(wanted, Known::default())];
        for (at, (rival, tag, endpoint)) in rivals.iter().enumerate() {
            let in_tag = self.symbols.in_tag(tag, side);
            let not_in_tag = Known::that(self.symbols.tag(tag, side), false);
            // Which of several prefixes of unknown lengths is the longest.
            let open = !endpoint && (!sure || at + 1 < rivals.len());
            let words = format!("the prefix of service tag {tag} is the longest that a route has");
            let longest = self.symbols.atom(side, words);
            let mut next = Vec::new();
            for (wanted, known) in rest {
                let (inside, outside) = self.parted_by_tag(&wanted, tag);
                if let Some(outside) = outside {
                    next.push((outside, known.clone()));
                }
                let Some(inside) = inside else { continue };
                let atoms = &self.symbols.atoms;
                if let Some(known) = known.both(&not_in_tag, atoms) {
                    next.push((inside.clone(), known));
                }
                let Some(known) = known.both(&in_tag, atoms) else {
                    continue;
                };
                let wins = Known::that(longest, true);
                let taken = if open {
                    known.both(&wins, atoms)
                } else {
                    Some(known.clone())
                };
                cells.extend(taken.map(|known| Cell {
                    wanted: inside.clone(),
                    known,
                    route: Some((*rival).clone()),
                }));
                if open {
                    let loses = Known::that(longest, false);
                    next.extend(known.both(&loses, atoms).map(|known| (inside, known)));
                }
            }
            rest = next;
        }
        cells.extend(rest.into_iter().map(|(wanted, known)| Cell {
            wanted,
            known,
            route: route.cloned(),
        }));
    }

    /// Whether a wide prefix holds the addresses of a place.
    fn holds_place(&self, to: &RouteDestination, place: Place) -> bool {
        match (to, self.about(place)) {
            (RouteDestination::Prefix(prefix), Some(about)) => {
                is_wide(*prefix) && prefix.contains(&IpAddr::V4(about))
            }
            _ => false,
        }
    }

    /// What a tag may hold, and what it certainly does not.
    fn parted_by_tag(&self, wanted: &Wanted, tag: &ServiceTag) -> (Option<Wanted>, Option<Wanted>) {
        let some = |wanted: Wanted| (!wanted.is_empty()).then_some(wanted);
        match wanted {
            Wanted::Any(addresses) => {
                let inside = addresses.and(&self.topology.serviceable);
                let outside = addresses.minus(&inside);
                (some(Wanted::Any(inside)), some(Wanted::Any(outside)))
            }
            Wanted::Somewhere { microsoft, .. } => {
                let cloud = super::ends::is_whole_cloud(tag);
                if *microsoft || cloud {
                    (Some(wanted.clone()), None)
                } else {
                    (None, Some(wanted.clone()))
                }
            }
        }
    }
}

impl Wanted {
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Any(addresses) => addresses.is_empty(),
            Self::Somewhere { .. } => false,
        }
    }
}

/// A route with what it takes; one of a tag whose prefixes are known once for each length.
fn candidates_of<'r>(
    route: &'r Route,
    near: &Addresses,
    service: Option<&str>,
    file: Option<&ServiceTags>,
) -> Vec<Candidate<'r>> {
    let learned = route.maker == Maker::Learned;
    let endpoint = matches!(route.hop, Hop::ServiceEndpoint(_));
    let candidate = |length: u8, explicit: bool, rank: u8, takes: Takes| Candidate {
        route,
        order: Reverse((endpoint, length, route.maker, explicit, rank)),
        length,
        takes,
    };
    match &route.to {
        RouteDestination::Prefix(prefix) => {
            let mut takes = Addresses::of([*prefix]);
            if learned {
                takes = takes.minus(near);
            }
            vec![candidate(
                prefix.prefix_len(),
                true,
                0,
                Takes::Addresses(takes),
            )]
        }
        RouteDestination::ServiceTag(tag) => {
            if let (Hop::ServiceEndpoint(name), Some(service)) = (&route.hop, service) {
                let meant = name.eq_ignore_ascii_case(service);
                let all = candidate(UNKNOWN_LENGTH, false, rank(tag), Takes::All);
                return meant.then_some(all).into_iter().collect();
            }
            let prefixes = file.and_then(|file| file.prefixes(tag));
            let Some(prefixes) = prefixes else {
                let tagged = Takes::Tagged(tag.clone());
                return vec![candidate(UNKNOWN_LENGTH, false, rank(tag), tagged)];
            };
            let mut by_length: Vec<IpNet> = prefixes.collect();
            by_length.sort_unstable_by_key(|prefix| Reverse(prefix.prefix_len()));
            by_length
                .chunk_by(|a, b| a.prefix_len() == b.prefix_len())
                .map(|chunk| {
                    let length = chunk.first().map_or(0, IpNet::prefix_len);
                    let takes = Addresses::of(chunk.iter().copied());
                    candidate(length, false, rank(tag), Takes::Addresses(takes))
                })
                .collect()
        }
    }
}
