//! Routes, next hops and peerings that carry a flow.

use crate::azure::next_hop::{Holder, default_v4, vnet_of};
use crate::azure::routing::are_peered;
use crate::azure::{Cause, Sender, Site};
use crate::base::Spanned;
use crate::estate::{
    Estate, Firewall, Id, NextHop, Peering, PeeringState, Ref, Route, RouteDestination, RouteTable,
    Subnet, Vnet,
};
use crate::lint::edit::{self, add_clause, add_statement, add_to_subnet, replace};

use super::{Case, Remedy};

pub(super) fn remedies(case: &Case<'_>) -> Vec<Remedy> {
    let mut offered = Vec::new();
    match case.blocker.element.site {
        Site::Route(table, index) => {
            offered.extend(lead_to_firewall(case, table, index));
            offered.extend(peer(case, table, index));
            offered.extend(remove(case, table, index));
        }
        Site::Subnet(subnet) => offered.extend(attach_table(case, subnet)),
        Site::Peering(id) => {
            let title = format!("turn forwarded traffic on: {}", case.blocker.element.name);
            let remedy = Remedy::new(title, move |estate| {
                estate.peerings[id].forwarded_traffic = true;
            });
            offered.push(remedy.edit(forwarded_traffic_on(&case.estate().peerings[id])));
        }
        Site::Appliance(id) => {
            let title = format!(
                "let appliance `{}` forward packets (IP forwarding on its interface)",
                case.estate().appliances[id].meta.name
            );
            offered.push(Remedy::new(title, move |estate| {
                estate.appliances[id].ip_forwarding = true;
            }));
        }
        _ => {}
    }
    if let Some(subnet) = case.subnet() {
        offered.extend(default_route(case, subnet));
        offered.extend(attach_table(case, subnet));
    }
    if case.blocker.cause == Cause::AsymmetricReturn {
        offered.extend(reply_past_firewall(case));
        offered.extend(reply_through_firewall(case));
    }
    offered
}

/// What comes in through a gateway takes the firewall that the request took.
fn reply_through_firewall(case: &Case<'_>) -> Option<Remedy> {
    let estate = case.estate();
    let source = case.subnet()?;
    let prefix = estate.subnets[source].prefixes.first()?.value;
    let firewall = case
        .trace
        .path
        .iter()
        .find_map(|element| match element.site {
            Site::Firewall(id) => Some(id),
            _ => None,
        })?;
    let gateway = case
        .trace
        .path
        .iter()
        .find_map(|element| match element.site {
            Site::Gateway(id) => Some(id),
            _ => None,
        });
    let subnet = match gateway {
        Some(gateway) => estate.subnet_named(estate.gateways[gateway].vnet.id?, "GatewaySubnet")?,
        None => match super::super::query::sender_at(estate, case.address()?) {
            Sender::Inside { subnet, .. } => subnet,
            Sender::Outside { .. } => return None,
        },
    };
    let name = &estate.firewalls[firewall].meta.name;
    let path = estate.subnet_path(subnet);
    let title = format!(
        "route {prefix} to firewall `{name}` on subnet `{path}`, so that replies come back through it"
    );
    let span = case.span();
    let route = Route {
        name: "replies".into(),
        origin: span.into(),
        destination: Spanned::new(RouteDestination::Prefix(prefix), span),
        next_hop: Spanned::new(to_firewall(case, firewall), span),
    };
    let table = estate.subnets[subnet]
        .route_table
        .as_ref()
        .and_then(|table| table.id);
    let clause = format!("route replies {prefix} -> firewall {name}");
    let edits = match table {
        Some(table) => add_clause(&estate.route_tables[table].meta, &clause).map(|edit| vec![edit]),
        None => {
            let vnet = &estate.vnets[estate.subnets[subnet].vnet].meta;
            let statement = format!("route-table replies {{\n  {clause}\n}}");
            add_to_subnet(&estate.subnets[subnet], "route-table replies")
                .zip(add_statement(vnet, &statement))
                .map(|(attach, table)| vec![attach, table])
        }
    };
    let meta = estate.subnets[subnet].meta.clone();
    let remedy = Remedy::new(title, move |estate| match table {
        Some(table) => estate.route_tables[table].routes.push(route.clone()),
        None => {
            let table = estate.route_tables.push(RouteTable {
                meta: meta.clone(),
                routes: vec![route.clone()],
                gateway_propagation: true,
            });
            estate.subnets[subnet].route_table = Some(Ref::known(table, "replies", span));
        }
    });
    Some(
        edits
            .into_iter()
            .flatten()
            .fold(remedy, |remedy, edit| remedy.edit(Some(edit))),
    )
}

fn forwarded_traffic_on(peering: &Peering) -> Option<crate::diag::Edit> {
    if let Some(switch) = peering.forwarded_text {
        return Some(replace(switch, "on"));
    }
    let clause = "forwarded-traffic on";
    Some(match peering.body {
        Some(body) => {
            let brace = crate::base::Span {
                start: body.end.saturating_sub(1),
                end: body.end.saturating_sub(1),
                ..body
            };
            replace(brace, format!("  {clause}\n"))
        }
        None => replace(peering.origin.span()?.after(), format!(" {{ {clause} }}")),
    })
}

/// The default route of the subnet leads to a firewall instead of wherever it leads.
pub(super) fn turn_default(case: &Case<'_>, subnet: Id<Subnet>) -> Option<Remedy> {
    let estate = case.estate();
    let table = estate.subnets[subnet].route_table.as_ref()?.id?;
    let mut routes = estate.route_tables[table].routes.iter();
    let index = routes.position(|route| {
        route.destination.value == RouteDestination::Prefix(default_v4())
            && !matches!(route.next_hop.value, NextHop::Firewall(_))
    })?;
    lead_to_firewall(case, table, index)
}

/// The firewalls that a network reaches directly.
fn reachable(estate: &Estate, vnet: Id<Vnet>) -> Vec<Id<Firewall>> {
    let near = |id: &Id<Firewall>| {
        let there = vnet_of(estate, Holder::Firewall(*id));
        let known = estate.firewalls[*id].private_ip.is_some();
        known && there.is_some_and(|there| there == vnet || are_peered(estate, vnet, there))
    };
    estate.firewalls.ids().filter(near).collect()
}

fn to_firewall(case: &Case<'_>, id: Id<Firewall>) -> NextHop {
    let name = case.estate().firewalls[id].meta.name.clone();
    NextHop::Firewall(Ref::known(id, name, case.span()))
}

fn lead_to_firewall(case: &Case<'_>, table: Id<RouteTable>, index: usize) -> Option<Remedy> {
    let estate = case.estate();
    let vnet = estate.subnets[case.subnet()?].vnet;
    let firewall = reachable(estate, vnet).into_iter().next()?;
    let name = &estate.firewalls[firewall].meta.name;
    let route = estate.route_tables[table].routes.get(index)?;
    let title = format!(
        "let route `{}` lead to firewall `{name}`{}",
        route.name,
        estate.firewalls[firewall]
            .private_ip
            .map_or_else(String::new, |ip| format!(" ({})", ip.value))
    );
    let edit = replace(route.next_hop.span, format!("firewall {name}"));
    let hop = Spanned::new(to_firewall(case, firewall), case.span());
    let name = route.name.clone();
    let remedy = Remedy::new(title, move |estate| {
        let mut routes = estate.route_tables[table].routes.iter_mut();
        if let Some(route) = routes.find(|route| route.name == name) {
            route.next_hop = hop.clone();
        }
    });
    Some(remedy.edit(Some(edit)))
}

/// The network of the next hop is peered with, when it is known and not.
fn peer(case: &Case<'_>, table: Id<RouteTable>, index: usize) -> Option<Remedy> {
    let estate = case.estate();
    let here = estate.subnets[case.subnet()?].vnet;
    let route = estate.route_tables[table].routes.get(index)?;
    let holders = crate::azure::next_hop::holders(estate, &route.next_hop.value);
    let there = holders
        .into_iter()
        .find_map(|holder| vnet_of(estate, holder))?;
    if there == here || are_peered(estate, here, there) {
        return None;
    }
    let (near, far) = (&estate.vnets[here].meta, &estate.vnets[there].meta);
    let title = format!("peer vnet `{}` with vnet `{}`", near.name, far.name);
    let span = case.span();
    let peering = |from: Id<Vnet>, to: Id<Vnet>| Peering {
        origin: span.into(),
        from: Ref::known(from, estate.vnets[from].meta.name.clone(), span),
        to: Ref::known(to, estate.vnets[to].meta.name.clone(), span),
        state: PeeringState::Connected,
        access: true,
        forwarded_traffic: true,
        gateway_transit: false,
        remote_gateways: false,
        existing: false,
        body: None,
        forwarded_text: None,
    };
    let pair = [peering(here, there), peering(there, here)];
    let statement = format!(
        "peering {} <-> {} {{ forwarded-traffic on }}",
        near.name, far.name
    );
    let edit = add_statement(near, &statement);
    let remedy = Remedy::new(title, move |estate| {
        for direction in &pair {
            let known = estate.peerings.iter().find(|(_, known)| {
                known.from.id == direction.from.id && known.to.id == direction.to.id
            });
            match known.map(|(id, _)| id) {
                Some(id) => estate.peerings[id] = direction.clone(),
                None => {
                    estate.peerings.push(direction.clone());
                }
            }
        }
    });
    Some(remedy.edit(edit))
}

fn remove(case: &Case<'_>, table: Id<RouteTable>, index: usize) -> Option<Remedy> {
    let estate = case.estate();
    let tables = &estate.route_tables[table];
    let route = tables.routes.get(index)?;
    let default = route.destination.value == RouteDestination::Prefix(default_v4());
    let vnet = estate.subnets[case.subnet()?].vnet;
    if default && !reachable(estate, vnet).is_empty() {
        // Without it, everything would leave past the firewall.
        return None;
    }
    let edit = route.origin.span().map(edit::remove);
    let title = format!(
        "remove route `{}` of route table `{}`",
        route.name, tables.meta.name
    );
    // By name: another remedy may have moved it.
    let name = route.name.clone();
    let remedy = Remedy::new(title, move |estate| {
        let routes = &mut estate.route_tables[table].routes;
        routes.retain(|route| route.name != name);
    });
    // What the route led past or dropped takes another way then.
    Some(remedy.edit(edit).wide())
}

/// The table of the subnet gets a default route to a firewall that is reached directly.
fn default_route(case: &Case<'_>, subnet: Id<Subnet>) -> Option<Remedy> {
    let estate = case.estate();
    let table = estate.subnets[subnet].route_table.as_ref()?.id?;
    let meta = &estate.route_tables[table].meta;
    let known = estate.route_tables[table]
        .routes
        .iter()
        .any(|route| route.destination.value == RouteDestination::Prefix(default_v4()));
    if known {
        return None;
    }
    let firewall = reachable(estate, estate.subnets[subnet].vnet)
        .into_iter()
        .next()?;
    let name = &estate.firewalls[firewall].meta.name;
    let title = format!(
        "add a route for 0.0.0.0/0 to firewall `{name}` in route table `{}`",
        meta.name
    );
    let span = case.span();
    let route = Route {
        name: "default".into(),
        origin: span.into(),
        destination: Spanned::new(RouteDestination::Prefix(default_v4()), span),
        next_hop: Spanned::new(to_firewall(case, firewall), span),
    };
    let edit = add_clause(meta, &format!("route default 0.0.0.0/0 -> firewall {name}"));
    let remedy = Remedy::new(title, move |estate| {
        estate.route_tables[table].routes.push(route.clone());
    });
    Some(remedy.edit(edit))
}

/// The subnet gets a route table that is there already and leads to a firewall.
fn attach_table(case: &Case<'_>, subnet: Id<Subnet>) -> Option<Remedy> {
    let estate = case.estate();
    if estate.subnets[subnet].route_table.is_some() {
        return None;
    }
    let leads = |table: &RouteTable| {
        table.routes.iter().any(|route| {
            route.destination.value == RouteDestination::Prefix(default_v4())
                && matches!(
                    route.next_hop.value,
                    NextHop::Firewall(_) | NextHop::Addresses(_)
                )
        })
    };
    let (table, found) = estate.route_tables.iter().find(|(_, table)| leads(table))?;
    let name = found.meta.name.clone();
    let title = format!(
        "give subnet `{}` route table `{name}`",
        estate.subnet_path(subnet)
    );
    let edit = add_to_subnet(&estate.subnets[subnet], &format!("route-table {name}"));
    let reference = Ref::known(table, name, case.span());
    let remedy = Remedy::new(title, move |estate| {
        estate.subnets[subnet].route_table = Some(reference.clone());
    });
    Some(remedy.edit(edit))
}

/// Replies to a client outside skip the firewall that never saw the request.
fn reply_past_firewall(case: &Case<'_>) -> Option<Remedy> {
    let Sender::Outside { address, .. } = case.flow.from else {
        return None;
    };
    let estate = case.estate();
    let subnet = estate
        .load_balancers
        .iter()
        .find(|(_, balancer)| {
            balancer.public_ips.iter().any(|ip| {
                let known = ip.id.and_then(|id| estate.public_ips[id].address);
                known.map(|known| known.value) == case.flow.to.address
            })
        })
        .and_then(|(_, balancer)| balancer.backends.iter().find_map(|subnet| subnet.id))
        .or_else(
            || match super::super::query::sender_at(estate, case.flow.to.address?) {
                Sender::Inside { subnet, .. } => Some(subnet),
                Sender::Outside { .. } => None,
            },
        )?;
    let table = estate.subnets[subnet].route_table.as_ref()?.id?;
    let meta = &estate.route_tables[table].meta;
    let title = format!(
        "add a route {address}/32 -> Internet in route table `{}`, so that replies skip the firewall",
        meta.name
    );
    let span = case.span();
    let route = Route {
        name: "reply".into(),
        origin: span.into(),
        destination: Spanned::new(RouteDestination::Prefix(address.into()), span),
        next_hop: Spanned::new(NextHop::Internet, span),
    };
    let edit = add_clause(meta, &format!("route reply {address}/32 -> internet"));
    let remedy = Remedy::new(title, move |estate| {
        estate.route_tables[table].routes.push(route.clone());
    });
    Some(remedy.edit(edit))
}
