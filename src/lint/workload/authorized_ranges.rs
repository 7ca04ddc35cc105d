//! TG7007: the prefixes that an API server lets in.

use std::net::IpAddr;

use crate::azure::facts::Product;
use crate::azure::gaps;
use crate::azure::next_hop::{Exit, exit_of};
use crate::azure::preflight::{Subject, product_of};
use crate::base::{Origin, Spanned};
use crate::diag::{Finding, Id, Severity};
use crate::estate::{AuthorizedRanges, Estate, Pool, PoolSetting, PublicAddress, PublicIp, Ref};
use crate::lint::Context;

use super::refusal::{finding, refusals};

rule! {
    /// The authorized ranges of an API server leave out a public address that the cluster's own nodes come with, or
    /// cannot be given at all.
    ///
    /// Nodes reach a public API server like anybody else: from the address of the firewall or NAT gateway they leave
    /// by. A firewall takes one of its public addresses at random, so all of them belong on the list. The provider does
    /// not check this: nodes never become ready. Only addresses that are known are compared. That ranges cannot be given
    /// for a private API server, or with a Basic load balancer, the provider does say.
    ///
    /// ```egress
    /// vnet hub 10.10.0.0/16 { subnet AzureFirewallSubnet 10.10.0.0/26  subnet nodes 10.10.1.0/24 }
    /// firewall fw in hub { private-ip 10.10.0.4  public-ip 203.0.113.10 }
    /// identity apps-id { role "Network Contributor" on this resource-group }
    /// pool apps in hub.nodes {
    ///   outbound userDefinedRouting
    ///   via fw
    ///   identity apps-id
    ///   api-server { authorized-ranges 198.51.100.0/24 }  // without 203.0.113.10
    /// }
    /// ```
    ///
    /// Add every public address of the firewall: `authorized-ranges 198.51.100.0/24, 203.0.113.10/32`.
    ///
    /// Source: MicrosoftDocs/azure-aks-docs, articles/aks/api-server-authorized-ip-ranges.md and
    /// limit-egress-traffic.md.
    TG7007, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let refused = refusals(context, |it| it.subject == Subject::AuthorizedRanges);
    for (pool, refusal) in &refused {
        findings.push(finding(Id::TG7007, pool, refusal));
    }
    for (id, pool) in context.estate.pools.iter() {
        let ranges = pool.api_server.authorized_ranges.as_ref();
        // Of the ranges that cannot be given the provider speaks.
        let private = gaps::pool(context.estate, id, PoolSetting::PrivateCluster).is_some()
            || pool.private_cluster.is_some();
        let stands = !private && product_of(pool) == Product::Aks;
        if let Some(ranges) = ranges.filter(|_| stands) {
            findings.extend(left_out(context.estate, pool, ranges));
        }
    }
}

/// A public address that nodes leave with, and the resource that holds it.
struct Leaving<'a> {
    address: Spanned<IpAddr>,
    holder: Origin,
    words: &'a str,
}

fn left_out(estate: &Estate, pool: &Pool, ranges: &AuthorizedRanges) -> Option<Finding> {
    let leaving = leaving(estate, pool);
    let lets_in = |address: IpAddr| {
        let mut prefixes = ranges.prefixes.iter();
        prefixes.any(|prefix| prefix.value.contains(&address))
    };
    let missing: Vec<&Leaving<'_>> = leaving
        .iter()
        .filter(|leaving| !lets_in(leaving.address.value))
        .collect();
    let first = missing.first()?;
    let listed: Vec<String> = missing
        .iter()
        .map(|leaving| leaving.address.value.to_string())
        .collect();
    let finding = Finding::new(
        Id::TG7007,
        format!(
            "the API server of pool `{}` does not let in {}, which its nodes leave with",
            pool.meta.name,
            listed.join(", ")
        ),
    )
    // A route for a part of the Internet may lead another way.
    .severity(Severity::Warning)
    .at(ranges.origin, "not on this list")
    .related(first.address.span, "the address")
    .related(first.holder, first.words)
    .help("add it to the list: nodes reach the API server like anybody else");
    Some(finding)
}

fn leaving<'a>(estate: &'a Estate, pool: &Pool) -> Vec<Leaving<'a>> {
    if let Exit::Firewall(id) = exit_of(estate, pool) {
        let firewall = &estate.firewalls[id];
        let known = firewall
            .public_ips
            .iter()
            .filter_map(|public| match public {
                PublicAddress::Literal(address) => Some(*address),
                PublicAddress::Resource(resource) => address_of(estate, resource),
            });
        return known
            .map(|address| Leaving {
                address,
                holder: firewall.meta.origin,
                words: "the firewall that nodes leave by",
            })
            .collect();
    }
    let mut found = Vec::new();
    for subnet in pool.subnets.iter().filter_map(|subnet| subnet.id) {
        let gateway = estate.subnets[subnet].nat_gateway.as_ref();
        let Some(gateway) = gateway.and_then(|gateway| gateway.id) else {
            continue;
        };
        let gateway = &estate.nat_gateways[gateway];
        let known = gateway.public_ips.iter();
        found.extend(
            known
                .filter_map(|public| address_of(estate, public))
                .map(|address| Leaving {
                    address,
                    holder: gateway.meta.origin,
                    words: "the NAT gateway that nodes leave by",
                }),
        );
    }
    if exit_of(estate, pool) == Exit::Open {
        found
    } else {
        Vec::new()
    }
}

fn address_of(estate: &Estate, public: &Ref<PublicIp>) -> Option<Spanned<IpAddr>> {
    estate.public_ips[public.id?].address
}
