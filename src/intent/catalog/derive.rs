//! What catalogs may know of a pool from the estate alone.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use crate::estate::{DnsServers, Estate, NextHop, OutboundType, Pool, RouteDestination};

use super::Catalog;

/// Features of catalogs that follow from what the estate says.
#[must_use]
pub fn derived_features(estate: &Estate, pool: &Pool) -> Vec<&'static str> {
    let mut derived = Vec::new();
    match pool.outbound.value {
        OutboundType::UserDefinedRouting => derived.push("outbound_user_defined_routing"),
        OutboundType::LoadBalancer => derived.push("outbound_load_balancer"),
        OutboundType::None | OutboundType::Block => derived.push("network_isolated"),
        OutboundType::ManagedNatGateway
        | OutboundType::UserAssignedNatGateway
        | OutboundType::OfSubnet => {}
    }
    match pool.management_inbound {
        Some(inbound) if inbound.value => derived.push("rp_inbound"),
        Some(_) => derived.push("rp_outbound"),
        None => {}
    }
    if leaves_through_appliance(estate, pool) {
        derived.push("nva_not_azure_firewall");
    }
    if pool.private_cluster.is_some() {
        derived.extend(["private_aks", "private_cluster"]);
    }
    if pool.private_ingress.is_some() {
        derived.push("private_ingress");
    }
    match dns_of(estate, pool) {
        Some(DnsServers::Custom(_)) => derived.push("custom_dns"),
        Some(DnsServers::Firewall(_)) => derived.push("firewall_dns_proxy"),
        Some(DnsServers::Azure) => derived.push("azure_provided_dns"),
        Some(DnsServers::Unknown(_)) | None => {}
    }
    derived
}

/// The features of a catalog that a pool has, as far as the estate says: those that follow from its settings, and those
/// that its resource has switched on.
#[must_use]
pub fn features_of(catalog: &Catalog, estate: &Estate, pool: &Pool) -> BTreeSet<SmolStr> {
    let derived = derived_features(estate, pool).into_iter();
    let derived = derived.filter_map(|name| catalog.feature(name));
    let switched = catalog.features.iter().filter(|feature| {
        let mut switches = feature.switched_on_by.iter();
        switches.any(|switch| pool.properties.iter().any(|it| is_set(switch, &it.value)))
    });
    let features = derived.chain(switched);
    features.map(|feature| feature.name.clone()).collect()
}

/// Whether a property is the one that is asked for, in any case.
fn is_set(asked: &str, property: &str) -> bool {
    match asked.strip_suffix('*') {
        Some(start) => property
            .get(..start.len())
            .is_some_and(|it| it.eq_ignore_ascii_case(start)),
        None => property.eq_ignore_ascii_case(asked),
    }
}

/// Values of catalogs that follow from what the estate says.
#[must_use]
pub fn derived_values(estate: &Estate, pool: &Pool) -> Vec<(SmolStr, SmolStr)> {
    let mut derived = Vec::new();
    if let Some(DnsServers::Custom(servers)) = dns_of(estate, pool) {
        let servers = servers.iter().map(|server| server.value.to_string());
        let list: Vec<String> = servers.collect();
        derived.push(("custom_dns_ip", list.join(",")));
    }
    let server = &pool.api_server;
    let fqdn = server.fqdn.iter().map(|fqdn| fqdn.value.to_string());
    let address = server.public_ip.iter().map(|ip| ip.value.to_string());
    derived.extend(fqdn.map(|fqdn| ("api_server_fqdn", fqdn)));
    derived.extend(address.map(|address| ("api_server_ip", address)));
    derived
        .into_iter()
        .map(|(name, value)| (SmolStr::new_static(name), value.into()))
        .collect()
}

/// Whether the default route of one of the pool's subnets leads to an appliance, by name or by its address.
fn leaves_through_appliance(estate: &Estate, pool: &Pool) -> bool {
    let subnets = pool.subnets.iter().filter_map(|subnet| subnet.id);
    let tables = subnets.filter_map(|id| estate.subnets[id].route_table.as_ref()?.id);
    let routes = tables.flat_map(|id| &estate.route_tables[id].routes);
    let mut defaults = routes.filter(|route| match &route.destination.value {
        RouteDestination::Prefix(prefix) => prefix.prefix_len() == 0,
        RouteDestination::ServiceTag(_) => false,
    });
    defaults.any(|route| match &route.next_hop.value {
        NextHop::Appliance(_) => true,
        NextHop::Addresses(addresses) => estate.appliances.iter().any(|(_, appliance)| {
            let mut own = appliance.private_ips.iter();
            own.any(|ip| addresses.contains(&ip.value))
        }),
        _ => false,
    })
}

/// The DNS servers of the network that the pool is in.
fn dns_of<'a>(estate: &'a Estate, pool: &Pool) -> Option<&'a DnsServers> {
    let subnet = pool.subnets.first()?.id?;
    Some(&estate.vnets[estate.subnets[subnet].vnet].dns)
}
