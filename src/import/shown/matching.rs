//! Which subnets a list of effective routes is of.
//!
//! The list shows the address space of its network, and the routes of its table with their names. The subnets of one
//! network that have the same table have the same routes, so it does not matter which of them the interface is in.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use smol_str::SmolStr;

use crate::estate::{
    Estate, Gap, Id, NextHop, Route, RouteDestination, RouteTable, ShownHop, ShownRoute,
    ShownSource, Subnet, Vnet,
};
use crate::net::ServiceTag;

/// The subnet that gateways are in; routes by addresses in other subnets come from a route server.
const GATEWAY_SUBNET: &str = "GatewaySubnet";

/// Whose routes they are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// Of these subnets, which have the same routes.
    Of {
        /// The subnets.
        subnets: Vec<Id<Subnet>>,
        /// By the interface, not by what the routes hold.
        named: bool,
    },
    /// Of one of these, and they do not have the same routes.
    Several(Vec<Id<Subnet>>),
    /// Of none; why.
    Nowhere(String),
}

/// The table of a subnet, as far as the input tells.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Table {
    /// It has none.
    Bare,
    /// This one, all of whose routes are known.
    Known(Id<RouteTable>),
    /// This one, some of whose routes are not known.
    Partly(Id<RouteTable>),
    /// One of this name, which is not part of the input.
    Absent(SmolStr),
    /// It may have one.
    Unclear,
}

impl Table {
    /// Whether it may hold any routes.
    fn is_doubtful(&self) -> bool {
        matches!(self, Self::Partly(_) | Self::Absent(_) | Self::Unclear)
    }
}

/// What one side says about a user route.
struct Written<'r> {
    name: &'r str,
    destination: Destination,
    hop: Option<(&'static str, Option<Vec<IpAddr>>)>,
}

#[derive(PartialEq)]
enum Destination {
    Prefix(IpNet),
    Tag(ServiceTag),
}

/// Finds the subnets.
pub(super) fn find(routes: &[ShownRoute], interface: Option<Id<Subnet>>, estate: &Estate) -> Match {
    if let Some(subnet) = interface {
        return Match::Of {
            subnets: vec![subnet],
            named: true,
        };
    }
    let space = prefixes_of(routes, &ShownHop::VnetLocal);
    if space.is_empty() {
        return Match::Nowhere("they show no route into a network of their own".to_owned());
    }
    let in_space = |id: &Id<Subnet>| {
        let vnet = estate.subnets[*id].vnet;
        estate.gaps.at(Gap::VnetAddresses(vnet)).is_empty() && space_of(estate, vnet) == space
    };
    let near: Vec<Id<Subnet>> = estate.subnets.ids().filter(in_space).collect();
    if near.is_empty() {
        let space: Vec<String> = space.iter().map(IpNet::to_string).collect();
        let space = space.join(", ");
        return Match::Nowhere(format!(
            "no virtual network of the input has exactly the address space {space} and a subnet"
        ));
    }
    let wanted = shown_user_routes(routes);
    let exact = near.iter().copied();
    let exact: Vec<Id<Subnet>> = exact
        .filter(|id| is_exactly(estate, &table_of(estate, *id), &wanted))
        .collect();
    if exact.is_empty() {
        return by_likeness(estate, &near, &wanted);
    }
    let found = narrow(estate, exact, routes);
    let Match::Of { subnets, .. } = &found else {
        return found;
    };
    // Another network of the same address space, whose tables are not known, may have the same routes.
    let vnets = vnets_of(estate, subnets);
    let doubtful = near.iter().copied().filter(|id| {
        let elsewhere = !vnets.contains(&estate.subnets[*id].vnet);
        elsewhere && table_of(estate, *id).is_doubtful()
    });
    let doubtful: Vec<Id<Subnet>> = doubtful.collect();
    if doubtful.is_empty() {
        return found;
    }
    Match::Several(subnets.iter().copied().chain(doubtful).collect())
}

/// Of subnets whose tables fit, those that the other routes fit too.
fn narrow(estate: &Estate, fitting: Vec<Id<Subnet>>, routes: &[ShownRoute]) -> Match {
    let keep = |fitting: Vec<Id<Subnet>>, test: &dyn Fn(Id<Subnet>) -> bool| {
        let kept: Vec<Id<Subnet>> = fitting.iter().copied().filter(|id| test(*id)).collect();
        if kept.is_empty() { fitting } else { kept }
    };
    let peers = prefixes_of(routes, &ShownHop::Peering);
    let fitting = keep(fitting, &|id| {
        peers_of(estate, estate.subnets[id].vnet) == peers
    });
    let to_services = routes
        .iter()
        .any(|route| route.hop == ShownHop::ServiceEndpoint);
    let fitting = keep(fitting, &|id| {
        estate.subnets[id].service_endpoints.is_empty() != to_services
    });
    let off = routes.iter().any(|route| route.propagation_off);
    let fitting = keep(fitting, &|id| match table_of(estate, id) {
        Table::Known(table) => estate.route_tables[table].gateway_propagation != off,
        _ => !off,
    });
    in_one_network(estate, fitting)
}

fn vnets_of(estate: &Estate, subnets: &[Id<Subnet>]) -> BTreeSet<Id<Vnet>> {
    let vnets = subnets.iter().map(|id| estate.subnets[*id].vnet);
    vnets.collect()
}

fn in_one_network(estate: &Estate, subnets: Vec<Id<Subnet>>) -> Match {
    if vnets_of(estate, &subnets).len() > 1 {
        return Match::Several(subnets);
    }
    Match::Of {
        subnets,
        named: false,
    }
}

/// No table holds exactly these routes: it may have changed since, or it is not part of the input. Both are possible as
/// soon as a table is like them and another one is not known; then it is neither.
fn by_likeness(estate: &Estate, near: &[Id<Subnet>], wanted: &[Written<'_>]) -> Match {
    let mut tables: Vec<Likeness> = Vec::new();
    let mut absent: BTreeSet<(Id<Vnet>, SmolStr)> = BTreeSet::new();
    for id in near {
        match table_of(estate, *id) {
            Table::Known(table) | Table::Partly(table) => {
                if !tables.iter().any(|like| like.table == table) {
                    tables.push(Likeness::of(estate, table, wanted));
                }
            }
            Table::Absent(name) => {
                absent.insert((estate.subnets[*id].vnet, name));
            }
            Table::Bare | Table::Unclear => {}
        }
    }
    let best = tables.iter().map(|like| like.shared).max().unwrap_or(0);
    let likest: Vec<&Likeness> = tables.iter().filter(|like| like.shared == best).collect();
    let those = |test: &dyn Fn(Id<Subnet>) -> bool| -> Vec<Id<Subnet>> {
        near.iter().copied().filter(|id| test(*id)).collect()
    };
    let is_likest = |id: Id<Subnet>| match table_of(estate, id) {
        Table::Known(table) | Table::Partly(table) => likest.iter().any(|like| like.table == table),
        _ => false,
    };
    let is_absent =
        |id: Id<Subnet>| matches!(table_of(estate, id), Table::Absent(_) | Table::Unclear);
    let unknown = those(&is_absent);
    let one_absent = absent.len() == 1
        && unknown
            .iter()
            .all(|id| table_of(estate, *id) != Table::Unclear);
    match (likest.as_slice(), best) {
        (_, 0) if wanted.is_empty() => {}
        (_, 0) if one_absent => return in_one_network(estate, unknown),
        (_, 0) if !unknown.is_empty() => return Match::Several(unknown),
        (_, 0) => {}
        ([one], _) if unknown.is_empty() && one.is_strong(wanted.len()) => {
            return in_one_network(estate, those(&is_likest));
        }
        ([one], _) if unknown.is_empty() && !one.is_strong(wanted.len()) => {}
        _ => return Match::Several(those(&|id| is_likest(id) || is_absent(id))),
    }
    let vnets = vnets_of(estate, near).into_iter();
    let names: Vec<String> = vnets
        .map(|id| format!("`{}`", estate.vnets[id].meta.name))
        .collect();
    Match::Nowhere(format!(
        "no subnet of {} {} has a route table like the one that they show",
        if names.len() == 1 { "vnet" } else { "vnets" },
        names.join(", ")
    ))
}

/// How much a table has in common with the routes that are shown.
struct Likeness {
    table: Id<RouteTable>,
    /// Routes that both have, by name or by prefix.
    shared: usize,
    /// Routes that the table has.
    own: usize,
}

impl Likeness {
    fn of(estate: &Estate, table: Id<RouteTable>, wanted: &[Written<'_>]) -> Self {
        let own = routes_of(estate, table);
        let shared = wanted.iter().filter(|route| {
            let mut own = own.iter();
            own.any(|other| route.is_like(other))
        });
        Self {
            table,
            shared: shared.count(),
            own: own.len(),
        }
    }

    /// Whether more than half of both is shared.
    fn is_strong(&self, wanted: usize) -> bool {
        self.shared * 2 > wanted.max(self.own)
    }
}

/// The prefixes of Azure's own routes to one kind of next hop, whether they are beaten or not.
fn prefixes_of(routes: &[ShownRoute], hop: &ShownHop) -> BTreeSet<IpNet> {
    let own = routes
        .iter()
        .filter(|route| route.source == ShownSource::Default && route.hop == *hop);
    own.flat_map(|route| &route.prefixes)
        .map(|prefix| prefix.value)
        .collect()
}

fn space_of(estate: &Estate, vnet: Id<Vnet>) -> BTreeSet<IpNet> {
    let prefixes = estate.vnets[vnet].prefixes.iter();
    prefixes.map(|prefix| prefix.value).collect()
}

fn peers_of(estate: &Estate, vnet: Id<Vnet>) -> BTreeSet<IpNet> {
    let peerings = estate.peerings.iter().map(|(_, peering)| peering);
    let own = peerings.filter(|peering| peering.from.id == Some(vnet));
    let peers = own.filter_map(|peering| peering.to.id);
    peers.flat_map(|peer| space_of(estate, peer)).collect()
}

fn table_of(estate: &Estate, id: Id<Subnet>) -> Table {
    match &estate.subnets[id].route_table {
        None if estate.gaps.at(Gap::SubnetSettings(id)).is_empty() => Table::Bare,
        None => Table::Unclear,
        Some(table) => match table.id {
            Some(id) if estate.gaps.at(Gap::Routes(id)).is_empty() => Table::Known(id),
            Some(id) => Table::Partly(id),
            None => Table::Absent(table.name.clone()),
        },
    }
}

fn is_exactly(estate: &Estate, table: &Table, wanted: &[Written<'_>]) -> bool {
    match table {
        Table::Bare => wanted.is_empty(),
        Table::Known(table) => {
            let own = routes_of(estate, *table);
            own.len() == wanted.len()
                && wanted.iter().all(|route| {
                    let mut own = own.iter();
                    own.any(|other| route.is_same(other))
                })
        }
        Table::Partly(_) | Table::Absent(_) | Table::Unclear => false,
    }
}

impl Written<'_> {
    /// Whether both lead the same packets to the same place. What is not known may be the same.
    fn is_same(&self, other: &Self) -> bool {
        let hops = match (&self.hop, &other.hop) {
            (Some((a, ours)), Some((b, theirs))) => {
                a == b && (ours == theirs || ours.is_none() || theirs.is_none())
            }
            _ => true,
        };
        self.destination == other.destination && hops
    }

    /// Whether it may be the same route before or after a change.
    fn is_like(&self, other: &Self) -> bool {
        let named = !self.name.is_empty() && self.name.eq_ignore_ascii_case(other.name);
        named || self.destination == other.destination
    }
}

fn shown_user_routes(routes: &[ShownRoute]) -> Vec<Written<'_>> {
    let mut all = Vec::new();
    for route in routes.iter().filter(|it| it.source == ShownSource::User) {
        let hop = match &route.hop {
            ShownHop::VnetLocal => Some(("VnetLocal", None)),
            ShownHop::Internet => Some(("Internet", None)),
            ShownHop::Drop => Some(("None", None)),
            ShownHop::Gateway(_) => Some(("VirtualNetworkGateway", None)),
            ShownHop::Appliances(addresses) => Some(("VirtualAppliance", sorted(addresses))),
            ShownHop::Peering
            | ShownHop::ServiceEndpoint
            | ShownHop::PrivateEndpoint
            | ShownHop::Other(_) => None,
        };
        let prefixes = route
            .prefixes
            .iter()
            .map(|it| Destination::Prefix(it.value));
        let tags = route.tags.iter().cloned().map(Destination::Tag);
        let destinations: Vec<Destination> = if route.tags.is_empty() {
            prefixes.collect()
        } else {
            tags.collect()
        };
        all.extend(destinations.into_iter().map(|destination| Written {
            name: &route.name,
            destination,
            hop: hop.clone(),
        }));
    }
    all
}

fn routes_of(estate: &Estate, table: Id<RouteTable>) -> Vec<Written<'_>> {
    let routes = estate.route_tables[table].routes.iter();
    let written = |route: &'_ Route| match &route.destination.value {
        RouteDestination::Prefix(prefix) => Destination::Prefix(*prefix),
        RouteDestination::ServiceTag(tag) => Destination::Tag(tag.clone()),
    };
    routes
        .map(|route| Written {
            name: &route.name,
            destination: written(route),
            hop: hop_of(estate, &route.next_hop.value),
        })
        .collect()
}

fn hop_of(estate: &Estate, hop: &NextHop) -> Option<(&'static str, Option<Vec<IpAddr>>)> {
    let one = |address: Option<IpAddr>| Some(("VirtualAppliance", address.map(|it| vec![it])));
    match hop {
        NextHop::Firewall(firewall) => {
            let private = firewall.id.and_then(|id| estate.firewalls[id].private_ip);
            one(private.map(|address| address.value))
        }
        NextHop::Appliance(appliance) => {
            let of = |id| estate.appliances[id].private_ips.first().copied();
            one(appliance.id.and_then(of).map(|address| address.value))
        }
        NextHop::Addresses(addresses) => Some(("VirtualAppliance", sorted(addresses))),
        NextHop::Unknown(_) => one(None),
        NextHop::Gateway => Some(("VirtualNetworkGateway", None)),
        NextHop::Internet => Some(("Internet", None)),
        NextHop::VnetLocal => Some(("VnetLocal", None)),
        NextHop::Drop => Some(("None", None)),
    }
}

fn sorted(addresses: &[IpAddr]) -> Option<Vec<IpAddr>> {
    let mut addresses = addresses.to_vec();
    addresses.sort_unstable();
    Some(addresses)
}

/// Whether a learned route is one that a route server hands out: it leads to a machine in a network of the input.
pub(super) fn is_of_a_server(route: &ShownRoute, estate: &Estate) -> bool {
    let ShownHop::Gateway(addresses) = &route.hop else {
        return false;
    };
    let subnets = || estate.subnets.iter().map(|(_, subnet)| subnet);
    addresses.iter().any(|address| {
        let mut holding = subnets().filter(|subnet| {
            let mut prefixes = subnet.prefixes.iter();
            prefixes.any(|prefix| prefix.value.contains(address))
        });
        holding.any(|subnet| !subnet.meta.name.eq_ignore_ascii_case(GATEWAY_SUBNET))
    })
}
