//! Who looks names up, and which private endpoints are near.

use std::net::IpAddr;

use crate::azure::facts::Facts;
use crate::azure::gaps;
use crate::azure::routing::are_peered;
use crate::diag::{Finding, Safety};
use crate::dns::Server;
use crate::estate::{DnsServers, Estate, Id, PrivateDnsZone, PrivateEndpoint, Subnet, Vnet};
use crate::net::{Destination, Fqdn, FqdnPattern};

use super::super::Context;
use super::super::edit;

/// The subnets of pools, the first of each network: all machines of a network ask the same servers. Of an input that is
/// a part only, every network has machines; those of a policy are its pools.
pub(super) fn asking_subnets(facts: &Facts, estate: &Estate) -> Vec<Id<Subnet>> {
    let mut networks = Vec::new();
    let mut subnets = Vec::new();
    for (_, pool) in estate.pools.iter() {
        for subnet in pool.subnets.iter().filter_map(|subnet| subnet.id) {
            let vnet = estate.subnets[subnet].vnet;
            if !networks.contains(&vnet) {
                networks.push(vnet);
                subnets.push(subnet);
            }
        }
    }
    if gaps::is_part(estate) {
        for (id, subnet) in estate.subnets.iter() {
            let is_azures = facts.reserved_subnet(&subnet.meta.name).is_some()
                || !subnet.delegations.is_empty();
            if !is_azures && !networks.contains(&subnet.vnet) {
                networks.push(subnet.vnet);
                subnets.push(id);
            }
        }
    }
    subnets
}

/// The private endpoints in a network and those peered with it.
pub(super) fn endpoints_near(
    estate: &Estate,
    vnet: Id<Vnet>,
) -> impl Iterator<Item = &PrivateEndpoint> {
    let endpoints = estate.private_endpoints.iter();
    endpoints
        .filter(move |(_, endpoint)| {
            endpoint.subnet.id.is_some_and(|subnet| {
                let there = estate.subnets[subnet].vnet;
                there == vnet || are_peered(estate, vnet, there)
            })
        })
        .map(|(_, endpoint)| endpoint)
}

/// Whether machines of a network, or of one peered with it, ask a server by themselves. What Azure's own resolver
/// answers depends on the network that it is asked from, so it is nobody's.
pub(super) fn is_asked_near(estate: &Estate, vnet: Id<Vnet>, server: IpAddr) -> bool {
    let mut networks = estate.vnets.iter();
    networks.any(|(id, network)| {
        let is_near = id == vnet || are_peered(estate, vnet, id);
        is_near && asks(estate, network, server)
    })
}

/// Whether machines of a network ask a server: one of its own, or the DNS proxy of a firewall.
pub(super) fn asks(estate: &Estate, network: &Vnet, server: IpAddr) -> bool {
    match &network.dns {
        DnsServers::Custom(servers) => servers.iter().any(|it| it.value == server),
        DnsServers::Firewall(firewall) => firewall.id.is_some_and(|id| {
            let own = estate.firewalls[id].private_ip;
            own.is_some_and(|own| own.value == server)
        }),
        DnsServers::Azure | DnsServers::Unknown(_) => false,
    }
}

/// The address of a server as lock files write it.
pub(super) fn server_ip(server: &str) -> Option<IpAddr> {
    let server: Server = server.parse().ok()?;
    Some(server.ip)
}

/// Whether a destination is this host and no other.
pub(super) fn is_exactly(destination: &Destination, name: &Fqdn) -> bool {
    matches!(destination, Destination::Fqdn(FqdnPattern::Exact(exact)) if exact == name)
}

/// Whether a zone answers what is asked from a network.
pub(super) fn is_linked(zone: &PrivateDnsZone, vnet: Id<Vnet>) -> bool {
    zone.links.iter().any(|link| link.vnet.id == Some(vnet))
}

/// Says which network a zone has to be linked to, with the edit that does it.
pub(super) fn link(
    finding: Finding,
    context: &Context<'_>,
    zone: &PrivateDnsZone,
    vnet: Id<Vnet>,
) -> Finding {
    let clause = format!("link {}", context.estate.vnets[vnet].meta.name);
    let finding = finding.help(format!("write in zone `{}`: {clause}", zone.meta.name));
    match edit::add_clause(&zone.meta, &clause) {
        Some(edit) => finding.fix("link the zone to the network", Safety::Unsafe, vec![edit]),
        None => finding,
    }
}

/// What to write where the zone for a name is missing, to be seen from a network.
pub(super) fn missing_zone(
    context: &Context<'_>,
    name: &Fqdn,
    resolver: Id<Vnet>,
) -> Option<String> {
    let (_, known) = context.facts.service_of(name, context.estate.cloud)?;
    let mut zones = context.estate.dns_zones.iter();
    let exists = zones.any(|(_, zone)| zone.domain.as_str() == known.zone);
    let network = &context.estate.vnets[resolver].meta.name;
    (!exists).then(|| {
        format!(
            "write `private-dns-zone {} {{ link {network} }}`, and in the private endpoint `zone {}`",
            known.zone, known.zone
        )
    })
}

/// Whether a network asks other servers than Azure's own, for sure.
pub(super) fn asks_others(estate: &Estate, vnet: Id<Vnet>) -> bool {
    match &estate.vnets[vnet].dns {
        DnsServers::Azure | DnsServers::Unknown(_) => false,
        DnsServers::Firewall(_) => true,
        DnsServers::Custom(servers) => !servers.is_empty(),
    }
}
