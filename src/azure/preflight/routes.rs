//! The route table of a pool that leaves by userDefinedRouting
//! (MicrosoftDocs/azure-aks-docs, articles/aks/egress-udr.md; Azure/AKS issue 1875; MicrosoftDocs/azure-docs issue
//! 108240).
//!
//! The provider looks at the table alone. It does not follow the next hop, and routes that a gateway learns or that a
//! virtual hub hands out do not count.

use crate::estate::{Gap, Id, NextHop, OutboundType, RouteTable, Subnet};

use super::super::cause::Cause;
use super::super::flow::{Element, Site};
use super::super::next_hop::{default_v4, default_v6, route_for};
use super::Refusal;
use super::inspection::Inspection;

pub(super) fn check(inspection: &mut Inspection<'_>) {
    if inspection.outbound() != OutboundType::UserDefinedRouting {
        return;
    }
    let mut seen = Vec::new();
    let subnets: Vec<_> = inspection.node_subnets().collect();
    for id in subnets {
        match &inspection.estate.subnets[id].route_table {
            None if !inspection
                .estate
                .gaps
                .at(Gap::SubnetSettings(id))
                .is_empty() =>
            {
                let path = inspection.estate.subnet_path(id);
                let text = format!(
                    "the route table of subnet `{path}` is not described; it is taken to have a default route to an appliance"
                );
                inspection.assume(text);
            }
            None => without_table(inspection, id),
            Some(table) => match table.id {
                // Subnets that share a table would say everything twice.
                Some(known) if !seen.contains(&known) => {
                    seen.push(known);
                    with_table(inspection, known);
                }
                Some(_) => {}
                None => {
                    let text = format!(
                        "the routes of table `{}` are not described; it is taken to have a default route to an appliance",
                        table.name
                    );
                    inspection.assume(text);
                }
            },
        }
    }
}

fn without_table(inspection: &mut Inspection<'_>, id: Id<Subnet>) {
    let path = inspection.estate.subnet_path(id);
    let mut text = "has no route table, and the pool leaves by userDefinedRouting".to_owned();
    if let Some(gateway) = &inspection.estate.subnets[id].nat_gateway {
        text.push_str(&format!(
            "; the subnet leaves by NAT gateway `{}`, for which the outbound type is userAssignedNATGateway",
            gateway.name
        ));
    }
    let refusal = Refusal::new(Cause::NoRouteTable, inspection.subnet(id), text);
    let code = "ExistingRouteTableNotAssociatedWithSubnet";
    inspection.refuse(refusal.answered(inspection.facts, code, &[("subnet", &path)]));
}

fn with_table(inspection: &mut Inspection<'_>, id: Id<RouteTable>) {
    let table = &inspection.estate.route_tables[id];
    match route_for(table, default_v4()) {
        None => match inspection.estate.gaps.at(Gap::Routes(id)).first() {
            Some(unknown) => {
                let text = format!(
                    "routes of table `{}` are not known: {}; one is taken to be a default route to an appliance",
                    table.meta.name, unknown.text
                );
                inspection.assume(text);
            }
            None => without_default(inspection, id),
        },
        Some(route) => match &route.next_hop.value {
            NextHop::Firewall(_)
            | NextHop::Appliance(_)
            | NextHop::Gateway
            | NextHop::Unknown(_) => {}
            NextHop::Addresses(addresses) => {
                if addresses.len() > 1 {
                    inspection.assume(
                        "next hop type VirtualApplianceEcmp is accepted for the default route; no source says so",
                    );
                }
            }
            hop @ (NextHop::Internet | NextHop::VnetLocal | NextHop::Drop) => {
                let hop = hop.azure_type();
                let position = table.routes.iter().position(|other| other == route);
                let element = Element {
                    name: format!(
                        "route `{}` of route table `{}`",
                        route.name, table.meta.name
                    ),
                    origin: route.next_hop.span.into(),
                    site: position.map_or(Site::RouteTable(id), |at| Site::Route(id, at)),
                };
                let text = format!(
                    "is the default route and has next hop {hop}; it has to lead to an appliance or a gateway"
                );
                let refusal = Refusal::new(Cause::DefaultNextHopType, element, text);
                let code = "RouteTableInvalidNextHop";
                inspection.refuse(refusal.answered(inspection.facts, code, &[("next_hop", hop)]));
            }
        },
    }
    if inspection.pool.nodes.dual_stack.is_some() && route_for(table, default_v6()).is_none() {
        let text =
            "has no route for ::/0, and the pool has IPv6 addresses too; the provider only warns";
        let warning = Refusal::new(Cause::NoDefaultRoute, inspection.table(id), text);
        inspection.warn(warning);
    }
}

fn without_default(inspection: &mut Inspection<'_>, id: Id<RouteTable>) {
    let estate = inspection.estate;
    let table = &estate.route_tables[id];
    let name = table.meta.name.as_str();
    let mut text =
        "has no route for 0.0.0.0/0, and the pool leaves by userDefinedRouting".to_owned();
    let halves = table.routes.iter().any(|route| {
        matches!(&route.destination.value, crate::estate::RouteDestination::Prefix(prefix)
            if prefix.prefix_len() == 1 && prefix.addr().is_ipv4())
    });
    if halves {
        text.push_str("; halves of it do not count");
    }
    let gateways = estate.gateways.iter();
    let learned = gateways.flat_map(|(_, gateway)| &gateway.learned);
    if learned
        .into_iter()
        .any(|prefix| prefix.value == default_v4())
    {
        text.push_str("; a learned one does not count");
        if inspection.pool.private_cluster.is_some() {
            inspection.assume(
                "a learned default route does not count for a private cluster either; the sources do not say",
            );
        }
    }
    if table.routes.is_empty() {
        inspection.assume(format!(
            "route table `{name}` has no routes but those shown: none"
        ));
    }
    let refusal = Refusal::new(Cause::NoDefaultRoute, inspection.table(id), text);
    let code = "RouteTableMissingDefaultRouteError";
    inspection.refuse(refusal.answered(inspection.facts, code, &[("route_table", name)]));
}
