//! TG5006: private endpoints whose names lead elsewhere, as DNS really answers.

use std::net::IpAddr;

use crate::diag::{Finding, Id, Severity};
use crate::dns::Server;
use crate::estate::{DnsServers, Estate};

use super::super::Context;
use super::clients::names_of;

rule! {
    /// A private endpoint is there, and the servers that were asked lead its name to public addresses.
    ///
    /// Whoever asks those servers goes past the endpoint: over the firewall, with its public address, and into
    /// `403 AuthorizationFailure` once the service takes private endpoints only. What a network is described as may
    /// look right all the same: a custom server that does not forward, a zone that is linked elsewhere and a record
    /// that is missing show in the answer alone.
    ///
    /// Reported with a lock file only (`--lock`). When none of the servers that were asked is one of the network, the
    /// public answer is what is to be expected from there, and it is a note.
    ///
    /// ```egress
    /// vnet spoke 10.1.0.0/16 {
    ///   dns 10.1.0.4, 10.1.0.5
    ///   subnet endpoints 10.1.2.0/24
    /// }
    /// service lake { fqdn contosolake.blob.core.windows.net }
    /// private-endpoint lake in spoke.endpoints { private-ip 10.1.2.20  target lake }
    /// ```
    ///
    /// ```yaml
    /// schema: egress-lock/1
    /// date: 2026-11-30
    /// servers:
    /// - 10.1.0.4
    /// names:
    ///   contosolake.blob.core.windows.net:
    ///     aliases:
    ///     - contosolake.privatelink.blob.core.windows.net
    ///     addresses:
    ///     - 203.0.113.9
    ///     ttl: 60
    /// ```
    ///
    /// Link the zone under `privatelink` to the network from which the server asks Azure DNS, let the server forward
    /// the domain there, and resolve again.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/private-link/private-endpoint-dns.md.
    TG5006, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(names) = context.names else { return };
    let estate = context.estate;
    let servers = names.lock.servers.join(", ");
    let inside = names.lock.servers.iter().any(|it| is_own(context, it));
    for (_, endpoint) in estate.private_endpoints.iter() {
        for name in names_of(estate, endpoint) {
            let Some((locked, place)) = names.get(name) else {
                continue;
            };
            let is_public = |ip: &IpAddr| !context.facts.is_private(*ip);
            let Some(first) = locked.addresses.first() else {
                continue;
            };
            if !locked.addresses.iter().all(is_public) {
                continue;
            }
            let message = format!(
                "{name} leads to its public address {first}, past private endpoint `{}`",
                endpoint.meta.name
            );
            let finding = Finding::new(Id::TG5006, message)
                .at(endpoint.meta.origin, "not what the name leads to")
                .related(
                    place,
                    format!("as {servers} answered on {}", names.lock.date),
                );
            findings.push(match inside {
                true => finding.help(
                    "link its private zone to the network from which that server asks Azure DNS, or let the server forward there",
                ),
                false => finding.severity(Severity::Note).help(format!(
                    "{servers} is no server of this network: ask one of those with --server to see what its machines see"
                )),
            });
        }
    }
}

/// Whether a server is one that the machines of the networks ask.
fn is_own(context: &Context<'_>, server: &str) -> bool {
    let Ok(server) = server.parse::<Server>() else {
        return false;
    };
    let azure = context.facts.azure_dns();
    azure.is_some_and(|azure| azure.prefix.contains(&server.ip)) || is_of(context.estate, server.ip)
}

fn is_of(estate: &Estate, ip: IpAddr) -> bool {
    let mut networks = estate.vnets.iter();
    let custom = networks.any(|(_, vnet)| match &vnet.dns {
        DnsServers::Custom(servers) => servers.iter().any(|server| server.value == ip),
        DnsServers::Azure | DnsServers::Firewall(_) | DnsServers::Unknown(_) => false,
    });
    let mut firewalls = estate.firewalls.iter();
    custom || firewalls.any(|(_, firewall)| firewall.private_ip.is_some_and(|own| own.value == ip))
}
