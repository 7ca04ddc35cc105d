//! TG1018: routes that compete for the addresses of a service tag.

use crate::azure::facts::Facts;
use crate::azure::{Membership, membership};
use crate::diag::{Finding, Id};
use crate::estate::{Estate, Route, RouteDestination, RouteTable};
use crate::lint::Context;
use crate::net::ServiceTag;

use super::way::prefix_of;

rule! {
    /// Two routes of a table are for the same addresses, one of them at least by service tag, and lead to different
    /// next hops.
    ///
    /// Azure puts the prefixes of the tag in the place of the tag, and chooses the longest prefix. So which route is
    /// taken depends on how the week's list of the tag is cut, and may differ from address to address. Only where both
    /// have the very same prefix is the order fixed: an explicit prefix goes before a tag, a tag of a region before the
    /// tag of all regions, and `AzureCloud` comes last.
    ///
    /// Reported are the tag of a service beside `AzureCloud` or its tag of the same region, and an explicit prefix that
    /// holds an address of a service which has the tag. A tag and its own regional form have the same prefixes, and the
    /// regional one is chosen.
    ///
    /// ```egress
    /// vnet hub 10.10.0.0/16 {
    ///   subnet AzureFirewallSubnet 10.10.0.0/26
    ///   subnet nodes 10.10.1.0/24 { route-table to-fw }
    /// }
    /// firewall fw in hub { private-ip 10.10.0.4 }
    /// route-table to-fw {
    ///   route storage tag Storage.WestEurope -> internet
    ///   route azure tag AzureCloud.WestEurope -> firewall fw
    /// }
    /// ```
    ///
    /// Lead both to the same next hop, or leave one of them out. What the firewall should judge by tag can go to it by
    /// the default route.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/virtual-network/virtual-networks-udr-overview.md.
    TG1018, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (_, table) in context.estate.route_tables.iter() {
        let tagged: Vec<(&Route, &ServiceTag)> = table
            .routes
            .iter()
            .filter_map(|route| match &route.destination.value {
                RouteDestination::ServiceTag(tag) => Some((route, tag)),
                RouteDestination::Prefix(_) => None,
            })
            .collect();
        if tagged.is_empty() {
            continue;
        }
        beside_all_of_azure(table, &tagged, findings);
        beside_prefixes(context, table, &tagged, findings);
    }
}

/// `AzureCloud`, whole or of a region, holds the addresses of every service.
fn beside_all_of_azure(
    table: &RouteTable,
    tagged: &[(&Route, &ServiceTag)],
    findings: &mut Vec<Finding>,
) {
    for (cloud, tag) in tagged {
        let Some(region) = region_of_azure(tag) else {
            continue;
        };
        for (route, other) in tagged {
            let apart = region_of_azure(other).is_some()
                || route.next_hop.value == cloud.next_hop.value
                || !may_share(region, region_of(other));
            if !apart {
                findings.push(report(table, route, cloud));
            }
        }
    }
}

/// The region of the tag of all of Azure: `Some(None)` is all regions, `None` another tag.
fn region_of_azure(tag: &ServiceTag) -> Option<Option<&str>> {
    let (family, region) = match tag.as_str().split_once('.') {
        Some((family, region)) => (family, Some(region)),
        None => (tag.as_str(), None),
    };
    family.eq_ignore_ascii_case("AzureCloud").then_some(region)
}

fn region_of(tag: &ServiceTag) -> Option<&str> {
    tag.as_str().split_once('.').map(|(_, region)| region)
}

fn may_share(a: Option<&str>, b: Option<&str>) -> bool {
    a.zip(b).is_none_or(|(a, b)| a.eq_ignore_ascii_case(b))
}

/// Explicit prefixes that hold an address of a service which is known to be of a tag.
fn beside_prefixes(
    context: &Context<'_>,
    table: &RouteTable,
    tagged: &[(&Route, &ServiceTag)],
    findings: &mut Vec<Finding>,
) {
    for route in &table.routes {
        let Some(prefix) = prefix_of(&route.destination.value) else {
            continue;
        };
        // The default route is shorter than any prefix of a tag, and a single address longer.
        if prefix.prefix_len() == 0 || prefix.prefix_len() == prefix.max_prefix_len() {
            continue;
        }
        for (of_tag, tag) in tagged {
            let differ = of_tag.next_hop.value != route.next_hop.value;
            if differ && shares_a_service(context.estate, context.facts, prefix, tag) {
                findings.push(report(table, of_tag, route));
            }
        }
    }
}

fn shares_a_service(
    estate: &Estate,
    facts: &Facts,
    prefix: ipnet::IpNet,
    tag: &ServiceTag,
) -> bool {
    let mut services = estate.services.iter().map(|(_, service)| service);
    services.any(|service| {
        let mut addresses = service.addresses.iter();
        addresses.any(|address| {
            let answer = membership(tag, Some(address.value), &service.tags, None, facts);
            prefix.contains(&address.value) && answer.membership == Membership::Yes
        })
    })
}

fn report(table: &RouteTable, route: &Route, other: &Route) -> Finding {
    let message = format!(
        "routes `{}` and `{}` of route table `{}` compete for the same addresses",
        route.name, other.name, table.meta.name
    );
    Finding::new(Id::TG1018, message)
        .assumed()
        .at(
            route.destination.span,
            "the longer prefix of the two is chosen, address by address",
        )
        .related(other.destination.span, "leads elsewhere")
        .help("lead both to the same next hop, or leave one of them out")
}

#[cfg(test)]
mod tests {
    use crate::diag::Id;
    use crate::lint::testing::found;

    fn policy(routes: &str) -> String {
        format!(
            "service data {{
  kind storage
  fqdn data.blob.core.windows.net
  address 20.38.1.2
  tag Storage.WestEurope
}}
route-table t {{
{routes}
}}"
        )
    }

    #[test]
    fn all_of_azure_holds_every_service() {
        for (other, hop, count) in [
            ("AzureCloud", "none", 1),
            ("azurecloud.westeurope", "none", 1),
            ("AzureCloud.northeurope", "none", 0),
            ("AzureCloud", "internet", 0),
            ("Storage", "none", 0),
            ("Sql.WestEurope", "none", 0),
        ] {
            let routes =
                format!("route a tag Storage.WestEurope -> internet\nroute b tag {other} -> {hop}");
            assert_eq!(
                found(Id::TG1018, &policy(&routes)).len(),
                count,
                "{other} {hop}"
            );
        }
    }

    #[test]
    fn a_prefix_with_an_address_of_the_service() {
        for (prefix, count) in [
            ("20.38.0.0/16", 1),
            ("20.39.0.0/16", 0),
            ("20.38.1.2/32", 0),
            ("0.0.0.0/0", 0),
        ] {
            let routes = format!("route a tag Storage -> internet\nroute b {prefix} -> none");
            assert_eq!(found(Id::TG1018, &policy(&routes)).len(), count, "{prefix}");
        }
    }
}
