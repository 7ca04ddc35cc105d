//! TG1021: the way back to the management of HDInsight.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::azure::next_hop::table_of;
use crate::azure::routing::{EffectiveRoute, Hop, RouteSource};
use crate::diag::{Finding, Id, Safety};
use crate::estate::{Estate, Id as ElementId, Pool, Region, RouteDestination, Subnet};
use crate::lint::{Context, edit};
use crate::net::{Cloud, ServiceTag};

use super::service_endpoint::is_hdinsight;
use super::way::{device_of, device_words, knows_routes, route_to, subnets_of};

rule! {
    /// The subnet of an HDInsight cluster has no way straight back to the addresses from which the cluster is managed.
    ///
    /// The management of HDInsight, the service before HDInsight on AKS, comes in from outside to port 443 of every
    /// node. Where the default route leads to a firewall, the replies go there, and the firewall, which did not see the
    /// requests, drops them. The cluster is not created, or can no longer be managed. So each of these addresses needs
    /// a route to the Internet. Some hold for all regions, two more for the region of the cluster.
    ///
    /// A route for the service tag `HDInsight` is as good, and so is one for that tag in the region of the cluster, as
    /// it stands for the management of all regions too. A cluster that calls its management itself needs none.
    ///
    /// ```egress
    /// vnet analytics 10.10.0.0/16 {
    ///   subnet AzureFirewallSubnet 10.10.0.0/26
    ///   subnet pool 10.10.1.0/24 { route-table to-fw  nsg pool-nsg }
    /// }
    /// firewall fw in analytics { private-ip 10.10.0.4  public-ip 203.0.113.10 }
    /// nsg pool-nsg {
    ///   rule management 300 inbound allow from tag HDInsight to any tcp/443
    /// }
    /// // no route for the addresses of the management
    /// route-table to-fw { route default 0.0.0.0/0 -> firewall fw }
    /// identity hadoop-id { role "Network Contributor" on this resource-group }
    /// pool hadoop in analytics.pool { outbound userDefinedRouting  management inbound  identity hadoop-id }
    /// ```
    ///
    /// Write `route management tag HDInsight -> internet`, or a route for each address.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/hdinsight/hdinsight-restrict-outbound-traffic.md and
    /// hdinsight-management-ip-addresses.md, issue 21097.
    TG1021, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (_, pool) in context.estate.pools.iter() {
        let calls_out = pool
            .management_inbound
            .is_some_and(|inbound| !inbound.value);
        if !is_hdinsight(pool) || calls_out {
            continue;
        }
        let managers = managers(context);
        for subnet in subnets_of(pool) {
            findings.extend(check_subnet(context, pool, subnet, &managers));
        }
    }
}

/// The published addresses: those of all regions, and those of the region where it is known. Of the cloud for the
/// government of the United States none are.
fn managers(context: &Context<'_>) -> Vec<IpAddr> {
    let estate = context.estate;
    if estate.cloud == Cloud::UsGovernment {
        return Vec::new();
    }
    let region = match &estate.region {
        Region::Named(region) => Some(region.to_lowercase()),
        Region::OfResourceGroup | Region::Parameter(_) => None,
    };
    let published = context.facts.hdinsight_management().iter();
    let ours = published.filter(|entry| entry.region.is_none() || entry.region == region);
    ours.flat_map(|entry| entry.addresses.iter().copied())
        .collect()
}

fn check_subnet(
    context: &Context<'_>,
    pool: &Pool,
    subnet: ElementId<Subnet>,
    managers: &[IpAddr],
) -> Vec<Finding> {
    if has_tag_route(context, subnet) || !knows_routes(context.estate, subnet) {
        return Vec::new();
    }
    let mut by_route: Vec<(&EffectiveRoute, Vec<IpAddr>)> = Vec::new();
    for manager in managers {
        let Some(route) = route_to(context.plane, subnet, IpNet::from(*manager)) else {
            continue;
        };
        if device_of(route).is_none() || route.source != RouteSource::User {
            continue;
        }
        match by_route.iter_mut().find(|(other, _)| *other == route) {
            Some((_, addresses)) => addresses.push(*manager),
            None => by_route.push((route, vec![*manager])),
        }
    }
    let reports = by_route.into_iter();
    reports
        .filter_map(|(route, addresses)| report(context.estate, pool, subnet, route, &addresses))
        .collect()
}

fn has_tag_route(context: &Context<'_>, subnet: ElementId<Subnet>) -> bool {
    let of_hdinsight = |tag: &ServiceTag| {
        let name = tag.as_str().split('.').next().unwrap_or_default();
        name.eq_ignore_ascii_case("HDInsight")
    };
    let mut routes = context.plane.routes(subnet).iter();
    routes.any(|route| match &route.destination {
        RouteDestination::ServiceTag(tag) => route.hop == Hop::Internet && of_hdinsight(tag),
        RouteDestination::Prefix(_) => false,
    })
}

fn report(
    estate: &Estate,
    pool: &Pool,
    subnet: ElementId<Subnet>,
    route: &EffectiveRoute,
    addresses: &[IpAddr],
) -> Option<Finding> {
    let user = route.user_route(estate)?;
    let device = device_words(estate, device_of(route)?);
    let count = match addresses {
        [address] => format!("address {address}"),
        several => format!("{} addresses", several.len()),
    };
    let message = format!(
        "route `{}` of subnet `{}` leads replies to {count} of the management of HDInsight to {device}",
        user.name,
        estate.subnet_path(subnet)
    );
    let listed: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    let finding = Finding::new(Id::TG1021, message)
        .at(
            user.next_hop.span,
            "did not see the requests and drops the replies",
        )
        .related(pool.meta.origin, "the cluster is managed from outside")
        .help(format!(
            "write a route to the Internet for each of {}",
            listed.join(", ")
        ));
    let finding = match pool.management_inbound {
        Some(_) => finding,
        None => finding.assumed(),
    };
    let table = table_of(estate, subnet)?;
    let routes = &estate.route_tables[table].routes;
    // A route for the very address is there already, and leads elsewhere.
    let taken = |address: &IpAddr| {
        let prefix = RouteDestination::Prefix(IpNet::from(*address));
        routes.iter().any(|route| route.destination.value == prefix)
    };
    if addresses.iter().any(taken) {
        return Some(finding);
    }
    let clauses = addresses
        .iter()
        .map(|address| format!("route management-{address} {address}/32 -> internet"));
    let clauses: Vec<String> = clauses.collect();
    let edit = edit::add_clause(&estate.route_tables[table].meta, &clauses.join("\n  "));
    Some(match edit {
        Some(edit) => finding.fix("answer straight", Safety::Unsafe, vec![edit]),
        None => finding,
    })
}

#[cfg(test)]
mod tests {
    use crate::diag::Id;
    use crate::lint::testing::{fixed, found};

    fn policy(region: &str, pool: &str, routes: &str) -> String {
        format!(
            "{region}
vnet v 10.0.0.0/16 {{
  subnet s 10.0.1.0/24 {{ route-table t }}
  subnet AzureFirewallSubnet 10.0.0.0/26
}}
firewall fw in v {{ private-ip 10.0.0.4 }}
route-table t {{
  route default 0.0.0.0/0 -> firewall fw
{routes}
}}
pool p in v.s {{ outbound userDefinedRouting {pool} }}"
        )
    }

    const REGION: &str = "region eastus";
    const INBOUND: &str = "management inbound";

    #[test]
    fn every_address_needs_a_way_back() {
        let bare = policy(REGION, INBOUND, "");
        let of = |count: &str| {
            format!(
                "8:39 route `default` of subnet `v/s` leads replies to {count} of the management of HDInsight to firewall `fw`"
            )
        };
        assert_eq!(found(Id::TG1021, &bare), [of("6 addresses")]);
        assert_eq!(
            found(Id::TG1021, &policy("", INBOUND, "")),
            [of("4 addresses")]
        );
        assert_eq!(found(Id::TG1021, &fixed(Id::TG1021, &bare)), [""; 0]);
        let most = "route a 168.61.0.0/16 -> internet
route b 23.99.5.239/32 -> internet
route c 138.91.141.162/32 -> internet
route d 13.82.225.233/32 -> internet";
        let last = policy(REGION, INBOUND, most);
        assert_eq!(found(Id::TG1021, &last), [of("address 40.71.175.99")]);
    }

    #[test]
    fn a_tag_stands_for_the_addresses() {
        for tag in ["HDInsight", "hdinsight.eastus"] {
            let routes = format!("route m tag {tag} -> internet");
            assert_eq!(
                found(Id::TG1021, &policy(REGION, INBOUND, &routes)),
                [""; 0]
            );
        }
        let other = "route m tag Storage -> internet";
        assert_eq!(found(Id::TG1021, &policy(REGION, INBOUND, other)).len(), 1);
    }

    #[test]
    fn clusters_that_call_and_other_clusters_need_none() {
        for pool in ["management outbound", ""] {
            assert_eq!(
                found(Id::TG1021, &policy(REGION, pool, "")),
                [""; 0],
                "{pool}"
            );
        }
        let government = "cloud AzureUSGovernment\nregion usgovvirginia";
        assert_eq!(found(Id::TG1021, &policy(government, INBOUND, "")), [""; 0]);
    }

    #[test]
    fn an_exact_route_may_lead_wrong() {
        let wrong = "route m tag HDInsight -> none\nroute a 168.61.49.99/32 -> firewall fw";
        let found = found(Id::TG1021, &policy(REGION, INBOUND, wrong));
        assert_eq!(found.len(), 2, "{found:?}");
    }
}
