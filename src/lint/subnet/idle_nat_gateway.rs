//! TG1034: NAT gateways that routes lead past.

use crate::azure::gaps;
use crate::diag::{Finding, Id};
use crate::estate::NextHop;

use super::super::Context;
use super::super::common::edge::{all_taken, leads_to_device, takes_public, user_routes};

rule! {
    /// A NAT gateway on a subnet whose routes send everything to an appliance or a gateway.
    ///
    /// A user-defined route for 0.0.0.0/0 goes before the NAT gateway: the subnet's packets leave with the address of
    /// the appliance, and no packet uses the NAT gateway. It costs money, and whoever lets its addresses in elsewhere
    /// waits for packets that never come from there.
    ///
    /// ```egress
    /// vnet spoke 10.1.0.0/16 {
    ///   subnet dmz 10.1.3.0/24
    ///   subnet nodes 10.1.1.0/24 { route-table to-nva  nat-gateway nat }
    /// }
    /// appliance nva in spoke.dmz { private-ip 10.1.3.4  snat on }
    /// nat-gateway nat { }  // no packet takes it
    /// route-table to-nva { route default 0.0.0.0/0 -> appliance nva }
    /// ```
    ///
    /// Take the NAT gateway off the subnet, or the route out of its table. Behind a firewall, a NAT gateway belongs on
    /// `AzureFirewallSubnet`. A subnet with a route to the Internet for some prefixes still uses its NAT gateway for
    /// these, and is not reported.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/nat-gateway/nat-overview.md; Azure/AKS, issue 3407.
    TG1034, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    for (id, subnet) in estate.subnets.iter() {
        let Some(gateway) = &subnet.nat_gateway else {
            continue;
        };
        let Some(route) = all_taken(estate, id, leads_to_device) else {
            continue;
        };
        let mut routes = user_routes(estate, id).iter();
        let some_leave = routes.any(|route| {
            route.next_hop.value == NextHop::Internet && takes_public(route, context.facts)
        });
        if some_leave || gaps::routes(estate, id).is_some() {
            continue;
        }
        findings.push(
            Finding::new(
                Id::TG1034,
                format!(
                    "no packet of subnet `{}` uses NAT gateway `{}`",
                    estate.subnet_path(id),
                    gateway.name
                ),
            )
            .at(gateway.origin, "its routes lead past this")
            .related(
                route.next_hop.span,
                format!("goes first: next hop {}", route.next_hop.value.azure_type()),
            )
            .help("take the NAT gateway off the subnet, or the route out of its table"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    fn policy(routes: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16 {{ subnet s 10.0.1.0/24 {{ route-table t  nat-gateway g }} }}
nat-gateway g {{ }}
route-table t {{ {routes} }}"
        )
    }

    #[test]
    fn routes_go_before_it() {
        let expected = "1:72 no packet of subnet `v/s` uses NAT gateway `g`";
        for routes in [
            "route d 0.0.0.0/0 -> 10.0.2.4",
            "route d 0.0.0.0/0 -> gateway",
            "route a 0.0.0.0/1 -> 10.0.2.4  route b 128.0.0.0/1 -> 10.0.2.5",
            "route d 0.0.0.0/0 -> 10.0.2.4  route e 10.9.0.0/16 -> internet",
        ] {
            assert_eq!(found(Id::TG1034, &policy(routes)), [expected], "{routes}");
        }
    }

    #[test]
    fn it_is_used_for_what_is_left() {
        for routes in [
            "",
            "route d 0.0.0.0/0 -> internet",
            "route a 0.0.0.0/1 -> 10.0.2.4",
            "route d 0.0.0.0/0 -> 10.0.2.4  route e 20.0.0.0/8 -> internet",
            "route d 0.0.0.0/0 -> 10.0.2.4  route e tag AzureMonitor -> internet",
            "route d 0.0.0.0/0 -> none",
        ] {
            assert_eq!(found(Id::TG1034, &policy(routes)), [""; 0], "{routes}");
        }
    }
}
