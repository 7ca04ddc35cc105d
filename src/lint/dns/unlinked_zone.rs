//! TG5003: private DNS zones that do not answer for what lies behind private endpoints.

use std::collections::BTreeSet;

use crate::azure::gaps;
use crate::azure::{Blocker, Outcome, Site};
use crate::diag::{Finding, Id};
use crate::estate::{Id as ElementId, PrivateDnsZone, Subnet, Vnet};
use crate::net::Fqdn;

use super::super::Context;
use super::clients::{asking_subnets, endpoints_near, is_linked, link};

rule! {
    /// A private DNS zone does not answer where the names of a pool are resolved.
    ///
    /// Azure's resolver sees the zones that are linked to the network the question comes from. With DNS servers of one's
    /// own, or a firewall's DNS proxy, that is the network of the server, not that of the pool: a link to the pool's
    /// network alone does nothing then. Links do not follow peerings. A zone that is linked and has no record for the
    /// name answers that the name does not exist.
    ///
    /// Followed are the names of private endpoints in the network of a pool and those peered with it, and the name of an
    /// API server in a zone of one's own.
    ///
    /// ```egress
    /// vnet hub 10.0.0.0/16 { subnet endpoints 10.0.2.0/24 }
    /// vnet spoke 10.1.0.0/16 { subnet nodes 10.1.1.0/24 }
    /// peering hub <-> spoke { forwarded-traffic on }
    /// private-endpoint store in hub.endpoints {
    ///   private-ip 10.0.2.20
    ///   for store.blob.core.windows.net
    ///   zone privatelink.blob.core.windows.net
    /// }
    /// private-dns-zone privatelink.blob.core.windows.net { link hub }
    /// pool apps in spoke.nodes { outbound loadBalancer }
    /// ```
    ///
    /// Write `link NETWORK` in the zone, for the network that the finding names. A zone that exists already, or an input
    /// that is a part only, may have links that are not shown; the finding then says that it is assumed.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/dns/private-dns-virtual-network-links.md and
    /// articles/private-link/private-endpoint-dns.md; Azure/AKS, issues 1508 and 4998.
    TG5003, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    let mut seen: BTreeSet<(ElementId<PrivateDnsZone>, ElementId<Vnet>)> = BTreeSet::new();
    for subnet in asking_subnets(context.facts, estate) {
        let vnet = estate.subnets[subnet].vnet;
        let endpoints = endpoints_near(estate, vnet);
        let near = endpoints.flat_map(|endpoint| {
            let origin = endpoint.meta.origin;
            estate
                .endpoint_names(endpoint)
                .into_iter()
                .map(move |name| (name, origin))
        });
        let pools = estate.pools.iter().map(|(_, pool)| pool);
        let servers = pools
            .filter(|pool| pool.subnets.iter().any(|place| place.id == Some(subnet)))
            .filter(|pool| pool.private_cluster.is_some())
            .filter_map(|pool| Some((&pool.api_server.fqdn.as_ref()?.value, pool.meta.origin)));
        for (name, origin) in near.chain(servers) {
            let Some(silent) = silent_zone(context, subnet, name) else {
                continue;
            };
            if seen.insert((silent.zone, vnet)) {
                let finding = finding(context, vnet, name, &silent);
                findings.push(finding.related(origin, "its name is looked up"));
            }
        }
    }
}

/// A zone that does not answer, and why.
struct Silent {
    zone: ElementId<PrivateDnsZone>,
    blocker: Blocker,
    /// The network from which Azure DNS is asked.
    asked_from: Option<ElementId<Vnet>>,
}

fn silent_zone(context: &Context<'_>, subnet: ElementId<Subnet>, name: &Fqdn) -> Option<Silent> {
    let resolution = context.plane.look_up(subnet, name);
    let asked_from = resolution.asked_from;
    let mut blockers = resolution.blockers.into_iter();
    blockers.find_map(|blocker| match blocker.element.site {
        Site::DnsZone(zone) if blocker.outcome == Outcome::Blocks => Some(Silent {
            zone,
            blocker,
            asked_from,
        }),
        _ => None,
    })
}

fn finding(context: &Context<'_>, vnet: ElementId<Vnet>, name: &Fqdn, silent: &Silent) -> Finding {
    let estate = context.estate;
    let zone = &estate.dns_zones[silent.zone];
    let network = &estate.vnets[vnet];
    let mut finding = Finding::new(
        Id::TG5003,
        format!(
            "machines of vnet `{}` do not resolve {name}: zone `{}` {}",
            network.meta.name, zone.meta.name, silent.blocker.text
        ),
    )
    .at(zone.meta.origin, "does not answer there")
    .related(network.dns_origin(), "who is asked");
    if gaps::is_part(estate) || zone.meta.home.is_existing() {
        finding = finding
            .assumed()
            .help("it is fine when the zone has links that are not shown");
    }
    match silent.asked_from {
        Some(resolver) if !is_linked(zone, resolver) => link(finding, context, zone, resolver),
        _ => finding.help("link the zone to the network in which the last server asks Azure's resolver, and see that the zone has the record"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{fixed, found};

    fn policy(spoke: &str, links: &str, more: &str) -> String {
        format!(
            "vnet hub 10.0.0.0/16 {{ subnet endpoints 10.0.2.0/24 subnet dns 10.0.4.0/24 }}
vnet spoke 10.1.0.0/16 {{ {spoke} subnet nodes 10.1.1.0/24 }}
peering hub <-> spoke {{ }}
private-endpoint store in hub.endpoints {{
  private-ip 10.0.2.20
  for store.blob.core.windows.net
  zone privatelink.blob.core.windows.net
}}
private-dns-zone privatelink.blob.core.windows.net {{ {links} }}
pool apps in spoke.nodes {{ outbound loadBalancer }}
{more}"
        )
    }

    #[test]
    fn links_do_not_follow_peerings() {
        let hub = policy("", "link hub", "");
        let lines = found(Id::TG5003, &hub);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(
            lines[0].starts_with(
                "9:18 machines of vnet `spoke` do not resolve store.blob.core.windows.net: "
            ),
            "{lines:?}"
        );
        assert_eq!(found(Id::TG5003, &fixed(Id::TG5003, &hub)), [""; 0]);
        assert_eq!(
            found(Id::TG5003, &policy("", "link hub  link spoke", "")),
            [""; 0]
        );
    }

    #[test]
    fn the_network_of_the_server_counts() {
        let server = "dns-server resolver in hub { address 10.0.4.4  forwarders 168.63.129.16 }";
        let spoke_only = policy("dns 10.0.4.4", "link spoke", server);
        assert_eq!(found(Id::TG5003, &spoke_only).len(), 1);
        let mended = fixed(Id::TG5003, &spoke_only);
        assert!(mended.contains("link hub"), "{mended}");
        assert_eq!(found(Id::TG5003, &mended), [""; 0]);
        assert_eq!(
            found(Id::TG5003, &policy("dns 10.0.4.4", "link hub", server)),
            [""; 0]
        );
    }

    #[test]
    fn endpoints_out_of_reach_do_not_matter() {
        let apart = policy("", "link hub", "").replace("peering hub <-> spoke { }\n", "");
        assert_eq!(found(Id::TG5003, &apart), [""; 0]);
    }
}
