//! TG1017: routes that drop what is needed.

use crate::azure::routing::Hop;
use crate::base::Origin;
use crate::diag::{Finding, Id, Severity};
use crate::lint::Context;

use super::required::{Reach, demands};

rule! {
    /// A route with next hop None drops packets to something that a pool requires, or to a DNS server of the network.
    ///
    /// The route is longer than the one that leads out, so it wins. No firewall rule and no security group is asked
    /// after it. As a warning, the same is said of a route that drops a part of what is required.
    ///
    /// ```egress
    /// vnet analytics 10.10.0.0/16 {
    ///   subnet AzureFirewallSubnet 10.10.0.0/26
    ///   subnet pool 10.10.1.0/24 { route-table to-fw }
    /// }
    /// firewall fw in analytics { private-ip 10.10.0.4  public-ip 203.0.113.10 }
    /// route-table to-fw {
    ///   route default 0.0.0.0/0 -> firewall fw
    ///   route migrated 198.51.100.0/24 -> none
    /// }
    /// identity spark-id { role "Network Contributor" on this resource-group }
    /// pool spark in analytics.pool { outbound userDefinedRouting  identity spark-id }
    /// require spark -> 198.51.100.16/28 tcp/443
    /// ```
    ///
    /// Remove the route, or the requirement, or write a longer route for what is required.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/virtual-network/virtual-networks-udr-overview.md.
    TG1017, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    let mut told: Vec<(Origin, Origin)> = Vec::new();
    for demand in demands(context) {
        if demand.route.hop != Hop::Drop {
            continue;
        }
        let Some(route) = demand.route.user_route(estate) else {
            continue;
        };
        let pair = (route.origin, demand.need.origin());
        if told.contains(&pair) {
            continue;
        }
        told.push(pair);
        let part = match demand.reach {
            Reach::All => "",
            Reach::Part => "a part of ",
        };
        let message = format!(
            "route `{}` drops {part}{}",
            route.name,
            demand.need.words(estate)
        );
        let finding = Finding::new(Id::TG1017, message)
            .at(route.next_hop.span, "packets end here")
            .related(demand.need.origin(), "needed here")
            .help("remove the route, or write a longer one for what is needed");
        findings.push(match demand.reach {
            Reach::All => finding,
            Reach::Part => finding.severity(Severity::Warning),
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::diag::{Id, Severity};
    use crate::lint::testing::{findings, found};

    fn policy(routes: &str, required: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16 {{
  subnet s 10.0.1.0/24 {{ route-table t }}
  subnet AzureFirewallSubnet 10.0.0.0/26
}}
firewall fw in v {{ private-ip 10.0.0.4 }}
route-table t {{
  route default 0.0.0.0/0 -> firewall fw
{routes}
}}
pool p in v.s {{ outbound userDefinedRouting }}
require p -> {required} tcp/443"
        )
    }

    const DROP: &str = "route d 203.0.113.0/24 -> none";

    #[test]
    fn what_is_dropped_is_not_reached() {
        for required in ["203.0.113.16/28", "203.0.113.7", "203.0.113.4-203.0.113.6"] {
            assert_eq!(
                found(Id::TG1017, &policy(DROP, required)),
                ["8:27 route `d` drops what pool `p` requires"],
                "{required}"
            );
        }
        let tag = policy("route d tag Sql -> none", "tag SQL");
        assert_eq!(found(Id::TG1017, &tag).len(), 1);
        for required in ["198.51.100.7", "any", "contoso.com", "tag Sql"] {
            assert_eq!(
                found(Id::TG1017, &policy(DROP, required)),
                [""; 0],
                "{required}"
            );
        }
    }

    #[test]
    fn dns_servers_are_needed() {
        let asks = |routes: &str| {
            let policy = policy(routes, "contoso.com");
            let policy = policy.replace(
                "vnet v 10.0.0.0/16 {",
                "vnet v 10.0.0.0/16 { dns 10.9.0.4, 10.9.0.5",
            );
            found(Id::TG1017, &policy)
        };
        assert_eq!(
            asks("route d 10.9.0.4/32 -> none"),
            ["8:24 route `d` drops requests to DNS server 10.9.0.4"]
        );
        assert_eq!(asks("route d 10.9.0.0/16 -> firewall fw"), [""; 0]);
    }

    #[test]
    fn a_part_is_a_warning() {
        let found = findings(Id::TG1017, &policy(DROP, "203.0.0.0/16"));
        assert_eq!(
            found[0].message,
            "route `d` drops a part of what pool `p` requires"
        );
        assert_eq!(found[0].severity, Severity::Warning);
    }

    #[test]
    fn a_longer_route_saves_it() {
        let routes = format!("{DROP}\nroute keep 203.0.113.16/28 -> firewall fw");
        assert_eq!(found(Id::TG1017, &policy(&routes, "203.0.113.17")), [""; 0]);
        let local = policy("route d 10.0.0.0/8 -> none", "10.0.2.0/24");
        assert_eq!(
            found(Id::TG1017, &local),
            [""; 0],
            "the own network is longer"
        );
    }
}
