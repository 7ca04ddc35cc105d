//! TG0039: effective routes that are not those of the input.
//!
//! Only routes in force are compared, and only those that follow from what somebody set up: into the own network and
//! peered ones, and those of the table. What gateways learned, and what Azure drops on its own account, is taken from
//! Azure, so there is no other side to hold it against. Service endpoints and private endpoints are counted, not
//! compared one by one: a tag has hundreds of prefixes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::azure::routing::{EffectiveRoute, Hop, RouteSource};
use crate::azure::{Dataplane, gaps};
use crate::base::Origin;
use crate::diag::{Finding, Id};
use crate::estate::{
    Estate, Id as ElementId, RouteDestination, ShownHop, ShownRoute, ShownRoutes, ShownSource,
    Subnet,
};

/// A list and the subnet whose routes it is held against: all that it is of have the same.
struct Comparison<'a> {
    plane: &'a Dataplane<'a>,
    shown: &'a ShownRoutes,
    subnet: ElementId<Subnet>,
    findings: &'a mut Vec<Finding>,
}

pub(super) fn compare(plane: &Dataplane<'_>, shown: &ShownRoutes, findings: &mut Vec<Finding>) {
    let Some(subnet) = shown.subnets.first() else {
        return;
    };
    let mut comparison = Comparison {
        plane,
        shown,
        subnet: *subnet,
        findings,
    };
    let estate = plane.estate;
    let known = gaps::routes(estate, *subnet).is_none();
    let own = winners(plane.routes(*subnet));
    let mut seen: BTreeSet<IpNet> = BTreeSet::new();
    for route in shown.routes.iter().filter(|route| route.active) {
        for prefix in &route.prefixes {
            seen.insert(prefix.value);
            let other = own.get(&prefix.value).copied();
            comparison.of_azure(route, prefix.value, prefix.span.into(), other, known);
        }
    }
    if known {
        for (prefix, route) in &own {
            if !seen.contains(prefix) {
                comparison.of_files(*prefix, route);
            }
        }
    }
    comparison.propagation();
    comparison.endpoints();
}

/// The route in force for each prefix.
fn winners(routes: &[EffectiveRoute]) -> BTreeMap<IpNet, &EffectiveRoute> {
    let mut winners: BTreeMap<IpNet, &EffectiveRoute> = BTreeMap::new();
    for route in routes {
        let RouteDestination::Prefix(prefix) = route.destination else {
            continue;
        };
        let place = winners.entry(prefix).or_insert(route);
        if rank(route) > rank(place) {
            *place = route;
        }
    }
    winners
}

/// Of equal prefixes a user route wins, then one into a network, then a learned one, then one of Azure's.
fn rank(route: &EffectiveRoute) -> u8 {
    match route.source {
        RouteSource::User => 3,
        RouteSource::System if route.beats_learned() => 2,
        RouteSource::Bgp => 1,
        RouteSource::System => 0,
    }
}

impl Comparison<'_> {
    fn estate(&self) -> &Estate {
        self.plane.estate
    }

    /// A route that Azure shows, and the one of the files for the same prefix.
    fn of_azure(
        &mut self,
        route: &ShownRoute,
        prefix: IpNet,
        place: Origin,
        own: Option<&EffectiveRoute>,
        known: bool,
    ) {
        // What Azure adds of its own, and what gateways learned, counts where the files have something stronger.
        let stronger = own.is_some_and(|own| rank(own) >= 2);
        let says = match (route.source, &route.hop) {
            (ShownSource::Default, ShownHop::VnetLocal | ShownHop::Peering)
            | (ShownSource::User, _) => words_of_shown(&route.hop),
            (_, ShownHop::Internet | ShownHop::Drop | ShownHop::Gateway(_)) if stronger => {
                words_of_shown(&route.hop)
            }
            _ => return,
        };
        if self.is_of_a_tag(route) {
            return;
        }
        let peered = own.is_some_and(|own| matches!(own.hop, Hop::Peering(_)));
        let by_user = own.is_some_and(|own| own.source == RouteSource::User);
        let cause = match route.source {
            ShownSource::User => self.table_words(),
            _ if by_user => self.table_words(),
            _ if route.hop == ShownHop::Peering || peered => {
                "a peering was made, removed or changed since, or the peered network got other addresses"
                    .to_owned()
            }
            _ => "the address space of the network was changed since".to_owned(),
        };
        let (message, other) = match own {
            Some(own) if is_same(route, own) => return,
            Some(own) => {
                let estate = self.estate();
                let message = format!(
                    "Azure leads {prefix} of {} {says}; by the files it goes {}",
                    self.who(),
                    words_of_own(estate, own)
                );
                (message, own.element(estate).origin)
            }
            // What is not known may be what Azure shows.
            None if route.source == ShownSource::User && !known => return,
            None if route.hop == ShownHop::Peering && self.peers_are_unknown() => return,
            None => {
                let message = format!(
                    "Azure leads {prefix} of {} {says}; by the files there is no such route",
                    self.who()
                );
                (message, self.place_of_subnet())
            }
        };
        self.report(message, place, "Azure's route", other, cause);
    }

    /// A route of the files that Azure does not show.
    fn of_files(&mut self, prefix: IpNet, own: &EffectiveRoute) {
        let cause = match (own.source, &own.hop) {
            (RouteSource::User, _) => self.table_words(),
            (RouteSource::System, Hop::VnetLocal) => {
                "the address space of the network was changed since".to_owned()
            }
            (RouteSource::System, Hop::Peering(_)) => {
                "the peering was removed or changed since".to_owned()
            }
            _ => return,
        };
        if own.user_route(self.estate()).is_some() && self.has_unread_tags() {
            return;
        }
        let message = format!(
            "Azure shows no route for {prefix} of {}; by the files it goes {}",
            self.who(),
            words_of_own(self.estate(), own)
        );
        let other = own.element(self.estate()).origin;
        let place = self.shown.origin;
        self.report(message, place, "Azure's routes", other, cause);
    }

    /// A table keeps routes of gateways out, and Azure shows some.
    fn propagation(&mut self) {
        let table = self.estate().subnets[self.subnet].route_table.as_ref();
        let Some(table) = table.and_then(|table| table.id) else {
            return;
        };
        let table = &self.estate().route_tables[table];
        let mut learned = self.shown.active(ShownSource::Gateway);
        if let Some(route) = learned.next().filter(|_| !table.gateway_propagation) {
            let message = format!(
                "Azure shows learned routes on {}; route table `{}` keeps them out by the files",
                self.who(),
                table.meta.name
            );
            let (origin, cause) = (table.meta.origin, self.table_words());
            self.report(message, route.origin, "a learned route", origin, cause);
        }
    }

    /// Routes to service endpoints on one side only.
    fn endpoints(&mut self) {
        let subnet = &self.estate().subnets[self.subnet];
        let mut routes = self.shown.routes.iter();
        let shown = routes.find(|it| it.active && it.hop == ShownHop::ServiceEndpoint);
        let (message, place) = match (shown, subnet.service_endpoints.first()) {
            (Some(route), None) => (
                format!(
                    "Azure shows routes to service endpoints on {}; by the files it has none",
                    self.who()
                ),
                route.origin,
            ),
            (None, Some(service)) => (
                format!(
                    "Azure shows no route to a service endpoint on {}; by the files it has one to {}",
                    self.who(),
                    service.value
                ),
                self.shown.origin,
            ),
            _ => return,
        };
        let (other, cause) = (
            self.place_of_subnet(),
            "the service endpoints of the subnet were changed since".to_owned(),
        );
        self.report(message, place, "Azure's routes", other, cause);
    }

    fn report(
        &mut self,
        message: String,
        place: Origin,
        label: &str,
        other: Origin,
        cause: String,
    ) {
        let mut finding = Finding::new(Id::TG0039, message).at(place, label);
        if other != place {
            finding = finding.related(other, "what the files say");
        }
        finding = finding.help(format!(
            "{cause}: export both again, and judge by what is newer"
        ));
        if !self.shown.named {
            finding = finding.assumed().help(
                "that the routes are of this subnet follows from the network and the table that they show",
            );
        }
        self.findings.push(finding);
    }

    fn who(&self) -> String {
        let first = self.estate().subnet_path(self.subnet);
        match self.shown.subnets.len() {
            1 => format!("subnet `{first}`"),
            more => format!("subnet `{first}` and {} like it", more - 1),
        }
    }

    fn place_of_subnet(&self) -> Origin {
        self.estate().subnets[self.subnet].meta.origin
    }

    fn table_words(&self) -> String {
        match &self.estate().subnets[self.subnet].route_table {
            Some(table) => format!(
                "route table `{}` was changed since, or the subnet got another one",
                table.name
            ),
            None => "the subnet got a route table since".to_owned(),
        }
    }

    /// Whether some peer of the network is not part of the input.
    fn peers_are_unknown(&self) -> bool {
        let vnet = self.estate().subnets[self.subnet].vnet;
        gaps::space(self.estate(), vnet).is_some()
    }

    /// Whether a route is one of the table for a service tag: its prefixes are not to be found in the table.
    fn is_of_a_tag(&self, route: &ShownRoute) -> bool {
        route.source == ShownSource::User
            && (!route.tags.is_empty()
                || self
                    .tag_routes()
                    .any(|name| name.eq_ignore_ascii_case(&route.name)))
    }

    /// The names of the table's routes for service tags.
    fn tag_routes(&self) -> impl Iterator<Item = &str> {
        let table = self.estate().subnets[self.subnet].route_table.as_ref();
        let table = table.and_then(|table| table.id);
        let routes = table.map(|table| &self.estate().route_tables[table].routes);
        let routes = routes.into_iter().flatten();
        routes
            .filter(|route| matches!(route.destination.value, RouteDestination::ServiceTag(_)))
            .map(|route| route.name.as_str())
    }

    /// Whether Azure shows user routes under no name that may be those of a tag.
    fn has_unread_tags(&self) -> bool {
        let mut shown = self.shown.routes.iter();
        self.tag_routes().next().is_some()
            && shown.any(|it| it.source == ShownSource::User && it.name.is_empty())
    }
}

/// Whether a route of the files leads where Azure's does. What is not known may.
fn is_same(shown: &ShownRoute, own: &EffectiveRoute) -> bool {
    let source = match shown.source {
        ShownSource::User => own.source == RouteSource::User,
        _ => own.source == RouteSource::System,
    };
    let hop = match (&shown.hop, &own.hop) {
        (ShownHop::VnetLocal, Hop::VnetLocal)
        | (ShownHop::Peering, Hop::Peering(_))
        | (ShownHop::Internet, Hop::Internet)
        | (ShownHop::Drop, Hop::Drop)
        | (ShownHop::Gateway(_), Hop::Gateway(_))
        | (ShownHop::Appliances(_), Hop::Unknown(_)) => true,
        // Without a gateway Azure drops what would go to one.
        (ShownHop::Drop, Hop::Gateway(None)) => true,
        (ShownHop::Appliances(addresses), Hop::Appliances(candidates)) => {
            let own = candidates.iter().map(|candidate| candidate.address);
            let own: Option<BTreeSet<IpAddr>> = own.collect();
            own.is_none_or(|own| own == addresses.iter().copied().collect())
        }
        (ShownHop::Other(_), _) => true,
        _ => false,
    };
    source && hop
}

fn words_of_shown(hop: &ShownHop) -> String {
    match hop {
        ShownHop::VnetLocal => "into its own network".to_owned(),
        ShownHop::Peering => "into a peered network".to_owned(),
        ShownHop::Internet => "to the Internet".to_owned(),
        ShownHop::Drop => "nowhere".to_owned(),
        ShownHop::Gateway(_) => "to the virtual network gateway".to_owned(),
        ShownHop::Appliances(addresses) => format!("to an appliance at {}", listed(addresses)),
        ShownHop::ServiceEndpoint => "to a service endpoint".to_owned(),
        ShownHop::PrivateEndpoint => "to a private endpoint".to_owned(),
        ShownHop::Other(kind) => format!("to next hop `{kind}`"),
    }
}

fn words_of_own(estate: &Estate, route: &EffectiveRoute) -> String {
    match &route.hop {
        Hop::VnetLocal => "into its own network".to_owned(),
        Hop::Peering(peer) => format!("into peered vnet `{}`", estate.vnets[*peer].meta.name),
        Hop::Internet => "to the Internet".to_owned(),
        Hop::Drop => "nowhere".to_owned(),
        Hop::Gateway(_) => "to the virtual network gateway".to_owned(),
        Hop::Appliances(candidates) => {
            let addresses = candidates.iter().filter_map(|candidate| candidate.address);
            format!(
                "to an appliance at {}",
                listed(&addresses.collect::<Vec<_>>())
            )
        }
        Hop::ServiceEndpoint(service) => format!("to {service} by service endpoint"),
        Hop::PrivateEndpoint(_) => "to a private endpoint".to_owned(),
        Hop::Hub(_) => "to the virtual hub".to_owned(),
        Hop::Unknown(text) => format!("to {text}"),
    }
}

fn listed(addresses: &[IpAddr]) -> String {
    let addresses: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
    if addresses.is_empty() {
        "an address that is not known".to_owned()
    } else {
        addresses.join(", ")
    }
}
