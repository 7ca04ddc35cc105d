//! What catalogs may know of a pool from the estate alone.

use smol_str::SmolStr;

use crate::estate::{DnsServers, Estate, OutboundType, Pool};

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

/// The DNS servers of the network that the pool is in.
fn dns_of<'a>(estate: &'a Estate, pool: &Pool) -> Option<&'a DnsServers> {
    let subnet = pool.subnets.first()?.id?;
    Some(&estate.vnets[estate.subnets[subnet].vnet].dns)
}
