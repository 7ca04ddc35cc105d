//! Changes after which the resource provider no longer refuses a pool.

use std::net::IpAddr;

use crate::azure::preflight::{Refusal, preflight};
use crate::azure::{
    Announced, Blocker, Cause, Dataplane, Flow, Outcome, Sender, Site, Stage, Target,
};
use crate::base::Spanned;
use crate::estate::{
    Id, NextHop, PlatformService, Pool, PoolIdentity, PrivateEndpoint, PrivateZone, Ref, Region,
    RoleAssignment, RouteDestination, RouteTable, Scope, Subnet,
};
use crate::lint::edit::{self, add_clause, add_statement, replace};
use crate::net::Transport;

use super::{Case, Remedy, dns, egress, route};

/// The role that the provider's documentation gives to identities on networks.
const NETWORK_ROLE: &str = "Network Contributor";
/// The same for private DNS zones.
const ZONE_ROLE: &str = "Private DNS Zone Contributor";

/// The changes after which a pool is not refused for this reason any more, the smallest first.
#[must_use]
pub fn refusal_remedies(plane: &Dataplane<'_>, id: Id<Pool>, refusal: &Refusal) -> Vec<Remedy> {
    let Some((flow, subnet)) = outward(plane, id) else {
        return Vec::new();
    };
    let trace = plane.trace(&flow);
    let blocker = Blocker {
        cause: refusal.cause,
        stage: Stage::Route,
        element: refusal.element.clone(),
        text: refusal.text.clone(),
        outcome: Outcome::Blocks,
        on_reply: false,
        near: Vec::new(),
        shadowed: Vec::new(),
        log: None,
    };
    let case = Case {
        plane,
        flow: &flow,
        trace: &trace,
        blocker: &blocker,
    };
    let mut offered = match refusal.cause {
        Cause::NoRouteTable | Cause::NoDefaultRoute | Cause::DefaultNextHopType => {
            route::remedies(&case)
        }
        Cause::OutboundTypeConflict => conflict(&case, id),
        Cause::MissingPermission | Cause::DnsZonePermission => grants(&case, id),
        Cause::UnsupportedIdentity => own_identity(&case, id).into_iter().collect(),
        Cause::PodRoutesOrTableDrift => own_table(&case, id, subnet).into_iter().collect(),
        Cause::IsolatedBootstrap => match refusal.element.site {
            Site::Service(service) => endpoint(&case, subnet, service).into_iter().collect(),
            _ => Vec::new(),
        },
        Cause::FqdnNetworkRuleProxy => dns::proxy_on(&case).into_iter().collect(),
        Cause::PolicyDeny => exempt(&case).into_iter().collect(),
        _ => Vec::new(),
    };
    Remedy::sort(&mut offered);
    offered.retain(|remedy| {
        let mut estate = plane.estate.clone();
        remedy.apply(&mut estate);
        let plane = Dataplane::new(&estate, plane.facts, plane.tags);
        is_settled(&plane, id, refusal)
    });
    offered
}

/// Whether the provider no longer refuses a pool for a reason.
#[must_use]
pub fn is_settled(plane: &Dataplane<'_>, id: Id<Pool>, refusal: &Refusal) -> bool {
    let said = preflight(plane, id);
    let mut all = said.refusals.iter().chain(&said.warnings);
    !all.any(|other| other.cause == refusal.cause && other.element.name == refusal.element.name)
}

/// A flow of the pool to wherever: what routes and next hops are looked for by.
fn outward(plane: &Dataplane<'_>, id: Id<Pool>) -> Option<(Flow, Id<Subnet>)> {
    let mut subnets = plane.estate.pools[id].subnets.iter();
    let subnet = subnets.find_map(|subnet| subnet.id)?;
    let address = plane.some_address(subnet)?;
    let flow = Flow {
        from: Sender::Inside { subnet, address },
        to: Target::default(),
        transport: Transport::Tcp,
        port: 443,
        announced: Announced::Nothing,
        at_once: None,
    };
    Some((flow, subnet))
}

/// What contradicts the outbound type goes, or the subnet gets the NAT gateway it asks for.
fn conflict(case: &Case<'_>, id: Id<Pool>) -> Vec<Remedy> {
    let pool = &case.estate().pools[id];
    let outbound = pool.outbound.value.name();
    let mut offered = Vec::new();
    if let Some(origin) = pool.nodes.load_balancer_profile {
        let title = format!("leave the load balancer profile out: {outbound} has no use for it");
        let remedy = Remedy::new(title, move |estate| {
            estate.pools[id].nodes.load_balancer_profile = None;
        });
        offered.push(remedy.edit(origin.span().map(edit::remove)));
    }
    if let Some(origin) = pool.nodes.basic_load_balancer {
        let remedy = Remedy::new("use the Standard load balancer", move |estate| {
            estate.pools[id].nodes.basic_load_balancer = None;
        });
        offered.push(remedy.edit(origin.span().map(edit::remove)));
    }
    if let Site::Subnet(subnet) = case.blocker.element.site {
        offered.extend(egress::attach_nat(case, subnet));
    }
    offered
}

/// The identity gets the usual role where it lacks the action. Which scope that is shows when it is tried.
fn grants(case: &Case<'_>, id: Id<Pool>) -> Vec<Remedy> {
    let estate = case.estate();
    let pool = &estate.pools[id];
    let Some(PoolIdentity::UserAssigned(identity)) = &pool.identity else {
        return Vec::new();
    };
    let Some(identity) = identity.id else {
        return Vec::new();
    };
    let mut offered = Vec::new();
    for subnet in pool.subnets.iter().filter_map(|subnet| subnet.id) {
        let place = &estate.subnets[subnet];
        if let Some(table) = &place.route_table {
            let words = format!("route-table {}", table.name);
            let scope = Scope::RouteTable(table.clone());
            offered.extend(grant(case, identity, NETWORK_ROLE, &words, &scope));
        }
        if let Some(nsg) = &place.nsg {
            let words = format!("nsg {}", nsg.name);
            let scope = Scope::Nsg(nsg.clone());
            offered.extend(grant(case, identity, NETWORK_ROLE, &words, &scope));
        }
        if let Some(nat) = &place.nat_gateway {
            let words = format!("nat-gateway {}", nat.name);
            let scope = Scope::NatGateway(nat.clone());
            offered.extend(grant(case, identity, NETWORK_ROLE, &words, &scope));
        }
        let name = estate.vnets[place.vnet].meta.name.clone();
        let words = format!("vnet {name}");
        let scope = Scope::Vnet(Ref::known(place.vnet, name, case.span()));
        offered.extend(grant(case, identity, NETWORK_ROLE, &words, &scope));
    }
    if let Some(PrivateZone::Own(zone)) = pool
        .api_server
        .private_zone
        .as_ref()
        .map(|zone| &zone.value)
    {
        let words = format!("private-dns-zone {}", zone.name);
        let scope = Scope::DnsZone(zone.clone());
        offered.extend(grant(case, identity, ZONE_ROLE, &words, &scope));
    }
    offered
}

fn grant(
    case: &Case<'_>,
    identity: Id<crate::estate::Identity>,
    role: &'static str,
    words: &str,
    scope: &Scope,
) -> Option<Remedy> {
    let meta = &case.estate().identities[identity].meta;
    let title = format!("give identity `{}` role \"{role}\" on {words}", meta.name);
    let edit = add_clause(meta, &format!("role \"{role}\" on {words}"))?;
    let span = case.span();
    let assignment = RoleAssignment {
        origin: span.into(),
        identity,
        role: Spanned::new(role.into(), span),
        scope: Spanned::new(scope.clone(), span),
        existing: false,
    };
    let remedy = Remedy::new(title, move |estate| {
        estate.role_assignments.push(assignment.clone());
    });
    Some(remedy.edit(Some(edit)))
}

/// The pool acts as an identity that is made before it: one that is there, or a new one.
fn own_identity(case: &Case<'_>, id: Id<Pool>) -> Option<Remedy> {
    let estate = case.estate();
    let pool = &estate.pools[id];
    let Some(PoolIdentity::SystemAssigned(origin)) = pool.identity else {
        return None;
    };
    let written = origin.span()?;
    let span = case.span();
    if let Some((identity, found)) = estate.identities.iter().next() {
        let name = found.meta.name.clone();
        let title = format!("let the pool act as identity `{name}`, which is there before it");
        let edit = replace(written, name.as_str());
        let identity = PoolIdentity::UserAssigned(Ref::known(identity, name, span));
        let remedy = Remedy::new(title, move |estate| {
            estate.pools[id].identity = Some(identity.clone());
        });
        return Some(remedy.edit(Some(edit)));
    }
    let name = format!("{}-identity", pool.meta.name);
    let title = format!("let the pool act as an identity of your own, made before it: `{name}`");
    let statement =
        format!("identity {name} {{\n  role \"{NETWORK_ROLE}\" on this resource-group\n}}");
    let made = add_statement(&pool.meta, &statement)?;
    let meta = crate::estate::Meta {
        name: name.as_str().into(),
        body: None,
        ..pool.meta.clone()
    };
    let edit = replace(written, name.as_str());
    let remedy = Remedy::new(title, move |estate| {
        let identity = estate.identities.push(crate::estate::Identity {
            meta: meta.clone(),
            principal: crate::estate::Principal::FromResource,
            groups: Vec::new(),
        });
        estate.role_assignments.push(RoleAssignment {
            origin: span.into(),
            identity,
            role: Spanned::new(NETWORK_ROLE.into(), span),
            scope: Spanned::new(Scope::ResourceGroup(None), span),
            existing: false,
        });
        let reference = Ref::known(identity, meta.name.clone(), span);
        estate.pools[id].identity = Some(PoolIdentity::UserAssigned(reference));
    });
    Some(remedy.edit(Some(edit)).edit(Some(made)))
}

/// The subnets of the pool get a copy of the table that they share with another cluster.
fn own_table(case: &Case<'_>, id: Id<Pool>, subnet: Id<Subnet>) -> Option<Remedy> {
    let estate = case.estate();
    let table = estate.subnets[subnet].route_table.as_ref()?.id?;
    if case.blocker.element.site != Site::RouteTable(table) {
        return None;
    }
    let shared = &estate.route_tables[table];
    let pool = &estate.pools[id];
    let name = format!("{}-{}", shared.meta.name, pool.meta.name);
    let title = format!(
        "give pool `{}` a route table of its own, `{name}`, with the routes of `{}`",
        pool.meta.name, shared.meta.name
    );
    let copy = RouteTable {
        meta: crate::estate::Meta {
            name: name.as_str().into(),
            body: None,
            ..shared.meta.clone()
        },
        ..shared.clone()
    };
    let subnets: Vec<Id<Subnet>> = pool.subnets.iter().filter_map(|subnet| subnet.id).collect();
    let mut edits = Vec::new();
    for subnet in &subnets {
        let reference = estate.subnets[*subnet].route_table.as_ref()?;
        edits.push(replace(reference.origin.span()?, name.as_str()));
    }
    edits.push(add_statement(&shared.meta, &table_words(&copy))?);
    let span = case.span();
    let remedy = Remedy::new(title, move |estate| {
        let table = estate.route_tables.push(copy.clone());
        for subnet in &subnets {
            let reference = Ref::known(table, copy.meta.name.clone(), span);
            estate.subnets[*subnet].route_table = Some(reference);
        }
    });
    Some(
        edits
            .into_iter()
            .fold(remedy, |remedy, edit| remedy.edit(Some(edit))),
    )
}

/// A service gets a private endpoint, apart from the nodes where there is such a subnet.
pub(super) fn endpoint(
    case: &Case<'_>,
    nodes: Id<Subnet>,
    service: Id<PlatformService>,
) -> Option<Remedy> {
    let estate = case.estate();
    let vnet = estate.subnets[nodes].vnet;
    let mut subnets = estate.subnets.iter();
    let apart = subnets.find(|(id, subnet)| *id != nodes && subnet.vnet == vnet);
    let subnet = apart.map_or(nodes, |(id, _)| id);
    let taken = |address: &IpAddr| {
        let mut endpoints = estate.private_endpoints.iter();
        endpoints.any(|(_, known)| known.addresses.iter().any(|it| it.value == *address))
    };
    let address = case.plane.some_address(subnet).filter(|it| !taken(it))?;
    let found = &estate.services[service];
    let host = &found.fqdn.value;
    let (_, known) = case.plane.facts.service_of(host, estate.cloud)?;
    let mut zones = estate.dns_zones.iter();
    let zone = zones.find(|(_, zone)| zone.domain.as_str() == known.zone.as_str());
    let path = estate.subnet_path(subnet).replace('/', ".");
    let name = found.meta.name.clone();
    let title = format!(
        "add a private endpoint for service `{name}` in subnet `{path}`; any free address does"
    );
    let in_zone = zone.map_or_else(String::new, |(_, zone)| format!("\n  zone {}", zone.domain));
    let statement = format!(
        "private-endpoint {name} in {path} {{\n  private-ip {address}\n  for {host}{in_zone}\n  target {name}\n}}"
    );
    let edit = add_statement(&found.meta, &statement);
    let span = case.span();
    let made = PrivateEndpoint {
        meta: found.meta.clone(),
        subnet: Ref::known(subnet, path, span),
        addresses: vec![Spanned::new(address, span)],
        names: vec![found.fqdn.clone()],
        zone: zone.map(|(id, zone)| Ref::known(id, zone.meta.name.clone(), span)),
        target: Some(Ref::known(service, name, span)),
    };
    let remedy = Remedy::new(title, move |estate| {
        estate.private_endpoints.push(made.clone());
    });
    Some(remedy.edit(edit))
}

/// A route table as the policy language writes it.
fn table_words(table: &RouteTable) -> String {
    let mut words = format!("route-table {} {{\n", table.meta.name);
    for route in &table.routes {
        let destination = match &route.destination.value {
            RouteDestination::Prefix(prefix) => prefix.to_string(),
            RouteDestination::ServiceTag(tag) => format!("tag {tag}"),
        };
        let hop = match &route.next_hop.value {
            NextHop::Firewall(firewall) => format!("firewall {}", firewall.name),
            NextHop::Appliance(appliance) => format!("appliance {}", appliance.name),
            NextHop::Addresses(addresses) => {
                let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                list.join(", ")
            }
            NextHop::Gateway => "gateway".to_owned(),
            NextHop::Internet => "internet".to_owned(),
            NextHop::VnetLocal => "vnet-local".to_owned(),
            NextHop::Drop => "none".to_owned(),
            NextHop::Unknown(unknown) => unknown.text.to_string(),
        };
        words.push_str(&format!("  route {} {destination} -> {hop}\n", route.name));
    }
    if !table.gateway_propagation {
        words.push_str("  gateway-propagation off\n");
    }
    words.push('}');
    words
}

/// Nothing in the policy can lift what Azure Policy forbids: somebody else has to, or the outbound type changes.
fn exempt(case: &Case<'_>) -> Option<Remedy> {
    let estate = case.estate();
    let origin = case.blocker.element.origin;
    let (assignment, found) = estate
        .policy_assignments
        .iter()
        .find(|(_, assignment)| assignment.origin == origin)?;
    let group = match &estate.region {
        Region::Named(region) => format!("the node resource group (MC_…_{region})"),
        Region::OfResourceGroup | Region::Parameter(_) => "the node resource group".to_owned(),
    };
    let title = format!(
        "have {group} exempted from policy assignment `{}`, or choose an outbound type that makes no such resource: \
         userDefinedRouting through a firewall, or userAssignedNATGateway",
        found.name
    );
    Some(Remedy::new(title, move |estate| {
        estate.policy_assignments[assignment].resource_types.clear();
    }))
}
