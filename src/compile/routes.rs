//! The routes of the intent.

use smol_str::SmolStr;

use crate::azure::facts::Facts;
use crate::azure::next_hop::{default_v4, firewall_of, route_for};
use crate::base::{Origin, Spanned};
use crate::diag::{Finding, Id as FindingId};
use crate::estate::{
    Estate, FIREWALL_SUBNET, Firewall, Home, Id, Meta, NextHop, Pool, Ref, Route, RouteDestination,
    RouteTable, Subnet,
};
use crate::intent::{Intent, RequiredRoute, RouteTarget};

use super::naming::free_name;

/// Gives subnets of pools that leave `via` a firewall their route table and default route, and every table the
/// routes that catalogs require.
pub(super) fn add(
    estate: &mut Estate,
    intent: &Intent,
    facts: &Facts,
    findings: &mut Vec<Finding>,
) {
    for pool in estate.pools.ids() {
        add_default_route(estate, pool);
    }
    for route in &intent.routes {
        add_required(estate, route, findings);
    }
    check_addresses(estate, facts, findings);
}

/// A route to a firewall needs the firewall's address, and the template cannot look it up: the firewall is made in
/// the network whose subnets use the route. In a virtual hub it is made before.
fn check_addresses(estate: &Estate, facts: &Facts, findings: &mut Vec<Finding>) {
    for (_, table) in estate
        .route_tables
        .iter()
        .filter(|(_, table)| !table.meta.home.is_existing())
    {
        for route in &table.routes {
            let NextHop::Firewall(reference) = &route.next_hop.value else {
                continue;
            };
            let Some(firewall) = reference.id.map(|id| &estate.firewalls[id]) else {
                continue;
            };
            let read = reference.id.is_some_and(|id| estate.hub_of(id).is_some())
                && !firewall.meta.home.is_existing();
            if firewall.private_ip.is_some() || read {
                continue;
            }
            let usual = usual_address(estate, firewall, facts).map(|address| {
                format!("write in the firewall `private-ip {address}`: Azure usually gives the first free address of its subnet")
            });
            let name = &firewall.meta.name;
            findings.push(
                Finding::new(
                    FindingId::TG1003,
                    format!("the route needs the private address of firewall `{name}`"),
                )
                .at(route.next_hop.span, "leads to the firewall")
                .related(firewall.meta.origin, "has no `private-ip`")
                .maybe_help(usual),
            );
        }
    }
}

/// The first address of the firewall's subnet that Azure does not keep for itself.
fn usual_address(estate: &Estate, firewall: &Firewall, facts: &Facts) -> Option<std::net::IpAddr> {
    let subnet = &estate.subnets[estate.subnet_named(firewall.vnet.id?, FIREWALL_SUBNET)?];
    let offset = u32::from(facts.reserved_addresses().first);
    match subnet.prefixes.first()?.value {
        ipnet::IpNet::V4(prefix) => {
            Some(std::net::Ipv4Addr::from(u32::from(prefix.network()).checked_add(offset)?).into())
        }
        ipnet::IpNet::V6(_) => None,
    }
}

fn node_subnets(estate: &Estate, pool: Id<Pool>) -> Vec<Id<Subnet>> {
    estate.pools[pool]
        .subnets
        .iter()
        .filter_map(|subnet| subnet.id)
        .collect()
}

/// A pool with `via` asks for the route; what the policy says of the table itself is left alone.
fn add_default_route(estate: &mut Estate, pool: Id<Pool>) {
    let element = &estate.pools[pool];
    let Some(via) = element.via.clone() else {
        return;
    };
    if !element.outbound.value.is_by_routes() {
        return;
    }
    let subnets: Vec<Id<Subnet>> = node_subnets(estate, pool)
        .into_iter()
        .filter(|subnet| estate.subnets[*subnet].route_table.is_none())
        .collect();
    if subnets.is_empty() {
        return;
    }
    let taken = estate
        .route_tables
        .iter()
        .map(|(_, table)| table.meta.name.as_str());
    let name = free_name(&format!("{}-routes", estate.pools[pool].meta.name), taken);
    let table = estate.route_tables.push(RouteTable {
        meta: Meta {
            name: name.clone(),
            origin: via.origin,
            body: None,
            home: Home::Deployed,
        },
        routes: Vec::new(),
        gateway_propagation: true,
    });
    let origin = via.origin;
    push_route(
        estate,
        table,
        SmolStr::new_static("default"),
        default_v4(),
        NextHop::Firewall(via),
        origin,
    );
    for subnet in subnets {
        estate.subnets[subnet].route_table = Some(Ref::known(table, name.clone(), origin));
    }
}

fn add_required(estate: &mut Estate, required: &RequiredRoute, findings: &mut Vec<Finding>) {
    for subnet in node_subnets(estate, required.pool) {
        let Some(table) = estate.subnets[subnet]
            .route_table
            .as_ref()
            .and_then(|table| table.id)
        else {
            // Without a table there is no default route to escape from; a rule reports the missing table.
            continue;
        };
        if route_for(&estate.route_tables[table], required.prefix).is_some() {
            continue;
        }
        if estate.route_tables[table].meta.home.is_elsewhere() {
            let table = &estate.route_tables[table].meta;
            let finding = Finding::new(
                FindingId::TG1003,
                format!(
                    "route {} cannot be added to route table `{}`",
                    required.prefix, table.name
                ),
            )
            .at(required.origin, "asks for the route")
            .related(table.origin, "lives in another resource group")
            .help("add the route where that table is deployed");
            findings.push(finding);
            continue;
        }
        let next_hop = match required.target {
            RouteTarget::Internet => NextHop::Internet,
            RouteTarget::Firewall => match firewall_of(estate, &estate.pools[required.pool]) {
                Some(firewall) => {
                    let name = estate.firewalls[firewall].meta.name.clone();
                    NextHop::Firewall(Ref::known(firewall, name, required.origin))
                }
                None => continue,
            },
        };
        push_route(
            estate,
            table,
            required.name.clone(),
            required.prefix,
            next_hop,
            required.origin,
        );
    }
}

fn push_route(
    estate: &mut Estate,
    table: Id<RouteTable>,
    name: SmolStr,
    prefix: ipnet::IpNet,
    next_hop: NextHop,
    origin: Origin,
) {
    let Some(span) = origin.span() else { return };
    estate.route_tables[table].routes.push(Route {
        name,
        origin,
        destination: Spanned::new(RouteDestination::Prefix(prefix), span),
        next_hop: Spanned::new(next_hop, span),
    });
}
