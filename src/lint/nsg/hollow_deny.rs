//! TG4006: deny rules for the tag `Internet` under user routes.

use crate::diag::{Finding, Id};
use crate::estate::{Access, Direction, Endpoint, Estate, Nsg, Route, SecurityRule};
use crate::net::Destination;
use crate::reach::SecurityRules;

use super::super::Context;
use super::super::common::edge::user_routes;
use super::super::common::public::is_tag;
use super::order::{attached, made_origins, rules_that};
use super::widened_allow::widens;

rule! {
    /// A rule denies the tag `Internet`, and a user-defined route takes public addresses out of it.
    ///
    /// A prefix that a route of the subnet leads to an appliance or a gateway becomes part of the tag `VirtualNetwork`.
    /// Azure's pages do not say whether `Internet` still holds it; reports say that it does not. The default rule
    /// `AllowVnetOutBound` then lets out what the rule was meant to deny. So the finding is assumed.
    ///
    /// ```egress
    /// vnet spoke 10.1.0.0/16 {
    ///   subnet dmz 10.1.3.0/24
    ///   subnet nodes 10.1.1.0/24 { nsg nodes-nsg  route-table to-nva }
    /// }
    /// appliance nva in spoke.dmz { private-ip 10.1.3.4 }
    /// route-table to-nva { route default 0.0.0.0/0 -> appliance nva }
    /// nsg nodes-nsg {
    ///   rule no-internet 4000 outbound deny from any to tag Internet any
    /// }
    /// ```
    ///
    /// Allow what is needed and deny the rest with `any`, or write the public prefixes. Where a firewall follows and
    /// decides, the rule can go.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/virtual-network/service-tags-overview.md; and issue 94454.
    TG4006, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    let made = made_origins(context);
    for (_, nsg, subnets) in attached(estate) {
        let mut routes = subnets
            .iter()
            .flat_map(|subnet| user_routes(estate, *subnet));
        let Some(route) = routes.find(|route| widens(route, context.facts)) else {
            continue;
        };
        for rule in rules_that(nsg, Direction::Outbound, Access::Deny) {
            let names_internet = rule.destinations.iter().any(|end| is_tag(end, "Internet"));
            if names_internet && !made.contains(&rule.origin) && !denied_anyway(estate, nsg, rule) {
                findings.push(finding(rule, route));
            }
        }
    }
}

/// Whether other rules deny all that this one would deny if its tag held every address.
fn denied_anyway(estate: &Estate, nsg: &Nsg, rule: &SecurityRule) -> bool {
    let mut everywhere = rule.clone();
    everywhere.destinations = vec![Endpoint::Plain(Destination::Anywhere)];
    let denies = |other: &SecurityRule| other.access == Access::Deny && !std::ptr::eq(other, rule);
    let mut rules = SecurityRules::of(estate, nsg, Direction::Outbound);
    rules.leave(&everywhere, denies) == Ok(false)
}

fn finding(rule: &SecurityRule, route: &Route) -> Finding {
    Finding::new(
        Id::TG4006,
        format!(
            "rule `{}` denies `Internet`, which may no longer hold the addresses of route `{}`",
            rule.name, route.name
        ),
    )
    .at(rule.origin, "may deny nothing of it")
    .related(route.origin, "takes its prefix into the tag VirtualNetwork")
    .help("deny `any` behind rules that allow what is needed, or name the public prefixes")
    .assumed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    fn policy(routes: &str, rules: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16 {{ subnet s 10.0.1.0/24 {{ nsg n  route-table t }} }}
route-table t {{ {routes} }}
nsg n {{
{rules}
}}"
        )
    }

    const DENY: &str = "rule no 300 outbound deny from any to tag Internet any";

    #[test]
    fn a_route_may_empty_the_tag() {
        for routes in [
            "route d 0.0.0.0/0 -> 10.0.2.4",
            "route d 20.0.0.0/8 -> 10.0.2.4",
            "route d tag Storage -> 10.0.2.4",
        ] {
            assert_eq!(
                found(Id::TG4006, &policy(routes, DENY)),
                [
                    "4:6 rule `no` denies `Internet`, which may no longer hold the addresses of route `d`"
                ],
                "{routes}"
            );
        }
    }

    #[test]
    fn other_rules_and_routes_leave_it() {
        let default = "route d 0.0.0.0/0 -> 10.0.2.4";
        for (routes, rules) in [
            ("route d 0.0.0.0/0 -> internet", DENY.to_owned()),
            ("route d 10.8.0.0/16 -> 10.0.2.4", DENY.to_owned()),
            (
                default,
                format!("{DENY}\nrule rest 400 outbound deny from any to any any"),
            ),
            (
                default,
                "rule yes 300 outbound allow from any to tag Internet any".to_owned(),
            ),
            (
                default,
                "rule no 300 inbound deny from tag Internet to any any".to_owned(),
            ),
        ] {
            assert_eq!(
                found(Id::TG4006, &policy(routes, &rules)),
                [""; 0],
                "{routes} {rules}"
            );
        }
    }
}
