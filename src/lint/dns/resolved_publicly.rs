//! TG5006: private endpoints whose names lead elsewhere, as DNS really answers.

use std::net::IpAddr;

use crate::diag::{Finding, Id, Severity};
use crate::dns::Said;
use crate::net::leads_nowhere;

use super::super::Context;
use super::clients::{is_asked_near, server_ip};

rule! {
    /// A private endpoint is there, and the servers that were asked lead its name to public addresses.
    ///
    /// Whoever asks those servers goes past the endpoint: over the firewall, with its public address, and into
    /// `403 AuthorizationFailure` once the service takes private endpoints only. What a network is described as may
    /// look right all the same: a custom server that does not forward, a zone that is linked elsewhere and a record
    /// that is missing show in the answer alone.
    ///
    /// Reported with a lock file only (`--lock`). A public answer of servers that the network of the endpoint, or one
    /// peered with it, does not ask is what is to be expected from there, and it is a note. So is an answer of Azure DNS,
    /// which depends on the network that it is asked from.
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
    for (_, endpoint) in estate.private_endpoints.iter() {
        let Some(subnet) = endpoint.subnet.id else {
            continue;
        };
        let vnet = estate.subnets[subnet].vnet;
        let is_own = |said: &Said<'_>| {
            let mut servers = said.servers.iter().map(|it| server_ip(it));
            !said.servers.is_empty()
                && servers.all(|ip| ip.is_some_and(|ip| is_asked_near(estate, vnet, ip)))
        };
        for name in estate.endpoint_names(endpoint) {
            let (mut said, place) = (names.said(name), names.get(name));
            said.retain(|said| said.locked.is_answer());
            let (own, others): (Vec<&Said<'_>>, Vec<&Said<'_>>) =
                said.iter().partition(|said| is_own(said));
            // What others say does not matter where the network's own servers answer.
            let asked = if own.is_empty() { &others } else { &own };
            let mut public = asked
                .iter()
                .map(|said| (said, public_address(context, said)));
            let (Some((said, Some(address))), Some((_, place))) = (public.next(), place) else {
                continue;
            };
            if public.any(|(_, address)| address.is_none()) {
                // That servers contradict each other is told by another rule.
                continue;
            }
            let message = format!(
                "{name} leads to its public address {address}, past private endpoint `{}`",
                endpoint.meta.name
            );
            let finding = Finding::new(Id::TG5006, message)
                .at(endpoint.meta.origin, "not what the name leads to")
                .related(
                    place,
                    format!("as {} answered on {}", said.by(), names.lock.date),
                );
            findings.push(match own.is_empty() {
                false => finding.help(
                    "link its private zone to the network from which that server asks Azure DNS, or let the server forward there",
                ),
                true => finding.severity(Severity::Note).help(
                    "nobody who answered is known to be asked by this network: ask one of its own servers with --server, from inside, to see what its machines see",
                ),
            });
        }
    }
}

/// The first address of an answer whose addresses are all public.
fn public_address(context: &Context<'_>, said: &Said<'_>) -> Option<IpAddr> {
    let is_public = |ip: &IpAddr| !context.facts.is_private(*ip) && !leads_nowhere(*ip);
    let addresses = &said.locked.addresses;
    let first = addresses.first()?;
    addresses.iter().all(is_public).then_some(*first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::told;

    const POLICY: &str = "vnet spoke 10.1.0.0/16 { dns 10.1.0.4  subnet endpoints 10.1.2.0/24 }
vnet far 10.9.0.0/16 { dns 10.9.0.4  subnet endpoints 10.9.2.0/24 }
service lake { fqdn contosolake.blob.core.windows.net }
private-endpoint lake in spoke.endpoints { private-ip 10.1.2.20  target lake }";

    /// What is told when these servers gave these answers, the first of which the file keeps.
    fn tg5006(answers: &[(&str, &str)]) -> Vec<(Severity, String, String)> {
        let servers: Vec<&str> = answers.iter().map(|(server, _)| *server).collect();
        let (_, first) = answers[0];
        let mut lock = format!(
            "schema: egress-lock/1
date: 2026-06-30
servers: [{}]
names:
  contosolake.blob.core.windows.net:
    addresses: [{first}]
",
            servers.join(", ")
        );
        if answers.len() > 1 {
            lock += "    views:\n";
        }
        for (server, address) in &answers[1..] {
            lock += &format!("    - servers: [{server}]\n      addresses: [{address}]\n");
        }
        told(Id::TG5006, POLICY, &lock)
    }

    #[test]
    fn who_answered_matters() {
        let of = |answers: &[(&str, &str)]| -> Option<Severity> {
            tg5006(answers).first().map(|(severity, ..)| *severity)
        };
        let (public, private) = ("203.0.113.9", "10.1.2.20");
        assert_eq!(of(&[("10.1.0.4", public)]), Some(Severity::Warning));
        assert_eq!(of(&[("10.1.0.4", private)]), None);
        // Nobody near asks these.
        for other in ["8.8.8.8", "168.63.129.16", "10.9.0.4"] {
            assert_eq!(of(&[(other, public)]), Some(Severity::Note), "{other}");
            assert_eq!(
                of(&[(other, public), ("10.1.0.4", private)]),
                None,
                "{other}"
            );
            let own = of(&[(other, public), ("10.1.0.4", "203.0.113.8")]);
            assert_eq!(own, Some(Severity::Warning), "{other}");
        }
        // What a filter answers is no public address.
        assert_eq!(of(&[("10.1.0.4", "0.0.0.0")]), None);
        let (_, message, help) = tg5006(&[("8.8.8.8", public)]).remove(0);
        assert_eq!(
            message,
            "contosolake.blob.core.windows.net leads to its public address 203.0.113.9, past private endpoint `lake`"
        );
        assert!(help.starts_with("nobody who answered is known"), "{help}");
    }
}
