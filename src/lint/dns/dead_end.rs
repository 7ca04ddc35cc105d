//! TG5002: DNS servers that cannot answer.

use crate::azure::facts::{API_SERVER, REGISTRY};
use crate::azure::gaps::is_part;
use crate::azure::{Cause, Outcome, Site};
use crate::diag::{Finding, Id};
use crate::estate::{DnsServers, Estate, Id as ElementId, NextHop, Subnet, Vnet};
use crate::net::Fqdn;

use super::super::Context;
use super::clients::{asking_subnets, asks_others, endpoints_near, missing_zone};

rule! {
    /// The DNS servers of a pool's network cannot be reached, or cannot answer.
    ///
    /// Followed are the look-ups of a public name that every node needs and of the names behind private endpoints in
    /// reach: from the pool to each server, through routes, security groups and firewalls, and from there to the servers
    /// that it asks in turn. Reported is what certainly stops them: a firewall that lets no DNS through, a route that
    /// drops it, a proxy that is off, servers that ask each other in a circle, a server that forwards nothing to Azure's
    /// resolver (168.63.129.16), which alone knows private zones.
    ///
    /// What a security rule denies is TG4009, and a private zone that is not linked where the resolver sits TG5003.
    ///
    /// ```egress
    /// vnet spoke 10.1.0.0/16 {
    ///   dns 10.1.9.4, 10.1.9.5
    ///   subnet nodes 10.1.1.0/24
    /// }
    /// dns-server one in spoke { address 10.1.9.4  forwarders 10.1.9.5 }
    /// dns-server two in spoke { address 10.1.9.5  forwarders 10.1.9.4 }
    /// pool apps in spoke.nodes { outbound loadBalancer }
    /// ```
    ///
    /// Open UDP and TCP 53 along the way, and let the servers forward to 168.63.129.16 from a network in Azure. Nodes
    /// that resolve nothing end with `VMExtensionError_K8SAPIServerDNSLookupFail` (exit 52).
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/private-link/private-endpoint-dns.md;
    /// MicrosoftDocs/azure-aks-docs, articles/aks/outbound-rules-control-egress.md; Azure/AKS, issue 2004.
    TG5002, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    for subnet in asking_subnets(context.facts, estate) {
        let vnet = estate.subnets[subnet].vnet;
        if !asks_others(estate, vnet) || (is_part(estate) && asks_v6(estate, vnet)) {
            continue;
        }
        let needed = public_name(context).into_iter();
        let private = endpoints_near(estate, vnet)
            .flat_map(|endpoint| estate.endpoint_names(endpoint))
            .cloned();
        // One name is enough: others mostly fail alike.
        let mut names = needed.chain(private);
        findings.extend(names.find_map(|name| dead_end(context, subnet, &name)));
    }
}

/// Whether one of the servers has an IPv6 address. How Azure leads those into the Internet is not followed here, so of
/// a part of an estate nothing is certain about them.
fn asks_v6(estate: &Estate, vnet: ElementId<Vnet>) -> bool {
    match &estate.vnets[vnet].dns {
        DnsServers::Custom(servers) => servers.iter().any(|server| server.value.is_ipv6()),
        _ => false,
    }
}

/// The first public name that a node looks up.
fn public_name(context: &Context<'_>) -> Option<Fqdn> {
    let steps = context.facts.node_provisioning().iter();
    let mut hosts = steps.flat_map(|step| &step.hosts);
    let host = hosts.find(|host| *host != API_SERVER && *host != REGISTRY)?;
    host.parse().ok()
}

fn dead_end(context: &Context<'_>, subnet: ElementId<Subnet>, name: &Fqdn) -> Option<Finding> {
    let resolution = context.plane.look_up(subnet, name);
    let asked_from = resolution.asked_from;
    let blocker = resolution.blockers.into_iter().find(|blocker| {
        blocker.outcome == Outcome::Blocks && is_told_here(context, &blocker.element.site)
    })?;
    let estate = context.estate;
    let vnet = &estate.vnets[estate.subnets[subnet].vnet];
    let of_vnet = vnet.dns_origin();
    let finding = Finding::new(
        Id::TG5002,
        format!(
            "machines of vnet `{}` cannot look up {name}: {} {}",
            vnet.meta.name, blocker.element.name, blocker.text
        ),
    );
    let finding = match blocker.element.origin.span() {
        Some(_) => finding
            .at(blocker.element.origin, "stops the look-up")
            .related(of_vnet, "the servers that are asked"),
        None => finding.at(of_vnet, "these servers do not answer"),
    };
    let zone = asked_from.filter(|_| blocker.cause == Cause::PrivateLinkDependency);
    let zone = zone.and_then(|resolver| missing_zone(context, name, resolver));
    Some(finding.help(zone.unwrap_or_else(|| {
        "let DNS (UDP and TCP 53) through on the way, and the servers forward to 168.63.129.16"
            .to_owned()
    })))
}

/// Whether what stops a look-up is reported here, and not by the rules about security groups, zones, services and next
/// hops that cannot be reached.
fn is_told_here(context: &Context<'_>, site: &Site) -> bool {
    match site {
        Site::Route(table, index) => {
            let route = context.estate.route_tables[*table].routes.get(*index);
            route.is_some_and(|route| route.next_hop.value == NextHop::Drop)
        }
        Site::SecurityRule(..)
        | Site::DefaultRule(..)
        | Site::DnsZone(_)
        | Site::Service(_)
        | Site::Peering(_) => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    fn policy(dns: &str, routes: &str, more: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16 {{
  dns {dns}
  subnet s 10.0.1.0/24 {{ route-table t }}
  subnet AzureFirewallSubnet 10.0.0.0/26
}}
route-table t {{ {routes} }}
pool p in v.s {{ outbound loadBalancer }}
{more}"
        )
    }

    #[test]
    fn the_way_to_the_servers() {
        let dropped = policy("10.9.0.53", "route d 10.9.0.0/16 -> none", "");
        let lines = found(Id::TG5002, &dropped);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with("6:"), "{lines:?}");
        let filtered = policy(
            "10.9.0.53",
            "route d 10.9.0.0/16 -> firewall f",
            "firewall f in v { private-ip 10.0.0.4 }",
        );
        assert_eq!(found(Id::TG5002, &filtered).len(), 1);
        let open = policy(
            "10.9.0.53",
            "route d 10.9.0.0/16 -> firewall f",
            "firewall f in v { private-ip 10.0.0.4  network-rules n 200 allow { rule dns from any to 10.9.0.53 udp/53, tcp/53 } }
gateway g in v { learned 10.9.0.0/16 }",
        );
        assert_eq!(found(Id::TG5002, &open), [""; 0]);
    }

    #[test]
    fn a_proxy_that_is_off_answers_nobody() {
        let off = policy("firewall f", "", "firewall f in v { private-ip 10.0.0.4 }");
        assert_eq!(found(Id::TG5002, &off).len(), 1);
        let on = policy(
            "firewall f",
            "",
            "firewall f in v { private-ip 10.0.0.4  dns-proxy on }",
        );
        assert_eq!(found(Id::TG5002, &on), [""; 0]);
        assert_eq!(found(Id::TG5002, &policy("azure", "", "")), [""; 0]);
        assert_eq!(found(Id::TG5002, &policy("10.0.9.9", "", "")), [""; 0]);
    }

    #[test]
    fn servers_that_ask_each_other() {
        let circle = "dns-server a in v { address 10.0.1.8  forwarders 10.0.1.9 }
dns-server b in v { address 10.0.1.9  forwarders 10.0.1.8 }";
        let lines = found(Id::TG5002, &policy("10.0.1.8", "", circle));
        assert_eq!(lines.len(), 1, "{lines:?}");
    }

    #[test]
    fn forwarders_have_to_lead_somewhere() {
        let more = |forwarders: &str| {
            format!("dns-server a in v {{ address 10.0.1.8  {forwarders} }}
private-endpoint e in v.s {{ private-ip 10.0.1.20  for x.blob.core.windows.net  zone privatelink.blob.core.windows.net }}
private-dns-zone privatelink.blob.core.windows.net {{ link v }}")
        };
        let public = policy("10.0.1.8", "", &more("forwarders 8.8.8.8"));
        let azure = policy("10.0.1.8", "", &more("forwarders 168.63.129.16"));
        assert_eq!(found(Id::TG5002, &azure), [""; 0]);
        // A public server leads to the public address, which is an answer.
        assert_eq!(found(Id::TG5002, &public), [""; 0]);
    }
}
