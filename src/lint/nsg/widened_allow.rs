//! TG4005: allow rules for the tag `VirtualNetwork` that user routes widen.

use crate::azure::facts::Facts;
use crate::diag::{Finding, Id};
use crate::estate::{Access, Direction, Endpoint, Nsg, Route, SecurityRule};
use crate::net::{Destination, PortRange, Transport};

use super::super::Context;
use super::super::common::edge::{leads_to_device, takes_public, user_routes};
use super::super::common::public::{holds_public, is_tag};
use super::order::{attached, later, made_origins, rules_that};

rule! {
    /// A rule allows the tag `VirtualNetwork`, which under a user-defined route holds the Internet too, ahead of a rule
    /// that denies it.
    ///
    /// The tag holds the prefixes of the network and its peers, and those of user-defined routes of the subnet that
    /// lead to an appliance or a gateway. With a route for 0.0.0.0/0 that is every address. A rule that allows the
    /// network and stands before one that denies the Internet then lets everything out, and the deny is never asked.
    /// The default rule `AllowVnetOutBound` does the same behind a deny for the tag `Internet`; that is TG4006.
    ///
    /// ```egress
    /// vnet spoke 10.1.0.0/16 {
    ///   subnet dmz 10.1.3.0/24
    ///   subnet nodes 10.1.1.0/24 { nsg nodes-nsg  route-table to-nva }
    /// }
    /// appliance nva in spoke.dmz { private-ip 10.1.3.4 }
    /// route-table to-nva { route default 0.0.0.0/0 -> appliance nva }
    /// nsg nodes-nsg {
    ///   rule inside 200 outbound allow from any to tag VirtualNetwork any
    ///   rule nothing-else 4000 outbound deny from any to any any
    /// }
    /// ```
    ///
    /// Write prefixes in the place of the tag: `10.0.0.0/8`, or the networks by name.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/virtual-network/service-tags-overview.md; and issues 22178 and 124192.
    TG4005, check
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
        for rule in rules_that(nsg, Direction::Outbound, Access::Allow) {
            let names_network = rule
                .destinations
                .iter()
                .any(|end| is_tag(end, "VirtualNetwork"));
            if !names_network || made.contains(&rule.origin) {
                continue;
            }
            if let Some(deny) = denied_behind(context.facts, nsg, rule) {
                findings.push(finding(rule, deny, route));
            }
        }
    }
}

/// Whether the tag `VirtualNetwork` holds public addresses by this route.
pub(super) fn widens(route: &Route, facts: &Facts) -> bool {
    leads_to_device(route) && takes_public(route, facts)
}

/// The rule behind an allow rule that would deny public addresses, were they not in the network's tag.
fn denied_behind<'a>(
    facts: &Facts,
    nsg: &'a Nsg,
    allow: &'a SecurityRule,
) -> Option<&'a SecurityRule> {
    let mut behind = later(nsg, allow);
    behind.find(|deny| {
        deny.access == Access::Deny
            && deny.destinations.iter().any(|end| is_public(end, facts))
            && share_ports(allow, deny)
            && share_sources(allow, deny)
    })
}

fn is_public(end: &Endpoint, facts: &Facts) -> bool {
    match end {
        Endpoint::Plain(Destination::Anywhere) => true,
        Endpoint::Plain(Destination::Prefix(prefix)) => holds_public(*prefix, facts),
        _ => is_tag(end, "Internet"),
    }
}

fn share_ports(a: &SecurityRule, b: &SecurityRule) -> bool {
    let one_kind = a.transport == b.transport
        || a.transport == Transport::Any
        || b.transport == Transport::Any;
    let meet = |x: &PortRange, y: &PortRange| {
        let ((first, last), (start, end)) = (x.bounds(), y.bounds());
        first <= end && start <= last
    };
    let ports = |rule: &SecurityRule| rule.destination_ports.clone();
    one_kind && ports(a).iter().any(|x| ports(b).iter().any(|y| meet(x, y)))
}

/// Whether two rules certainly have a source in common.
fn share_sources(a: &SecurityRule, b: &SecurityRule) -> bool {
    let everyone = |ends: &[Endpoint]| {
        let mut ends = ends.iter();
        ends.any(|end| {
            matches!(end, Endpoint::Plain(Destination::Anywhere)) || is_tag(end, "VirtualNetwork")
        })
    };
    let meet = |x: &Endpoint, y: &Endpoint| match (x, y) {
        (Endpoint::Plain(Destination::Prefix(x)), Endpoint::Plain(Destination::Prefix(y))) => {
            x.contains(y) || y.contains(x)
        }
        _ => x == y,
    };
    everyone(&a.sources)
        || everyone(&b.sources)
        || a.sources
            .iter()
            .any(|x| b.sources.iter().any(|y| meet(x, y)))
}

fn finding(rule: &SecurityRule, deny: &SecurityRule, route: &Route) -> Finding {
    Finding::new(
        Id::TG4005,
        format!(
            "rule `{}` allows `VirtualNetwork`, which by route `{}` holds public addresses too, before rule `{}` denies them",
            rule.name, route.name, deny.name
        ),
    )
    .at(rule.origin, "lets more out than the network")
    .related(route.origin, "takes its prefix into the tag")
    .related(deny.origin, "is not asked about what the tag holds")
    .help("name the networks by their prefixes in the place of the tag")
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

    const INSIDE: &str = "rule in 200 outbound allow from any to tag VirtualNetwork any\n";

    #[test]
    fn a_route_takes_the_internet_into_the_network() {
        for (routes, deny) in [
            ("route d 0.0.0.0/0 -> 10.0.2.4", "deny from any to any any"),
            (
                "route d 0.0.0.0/0 -> gateway",
                "deny from any to tag Internet tcp/443",
            ),
            (
                "route d 20.0.0.0/8 -> 10.0.2.4",
                "deny from 10.0.1.0/24 to 0.0.0.0/0 any",
            ),
        ] {
            let rules = format!("{INSIDE}rule no 300 outbound {deny}");
            assert_eq!(
                found(Id::TG4005, &policy(routes, &rules)),
                [
                    "4:6 rule `in` allows `VirtualNetwork`, which by route `d` holds public addresses too, before rule `no` denies them"
                ],
                "{routes} {deny}"
            );
        }
    }

    #[test]
    fn otherwise_it_means_the_network() {
        let deny = format!("{INSIDE}rule no 300 outbound deny from any to any any");
        let default = "route d 0.0.0.0/0 -> 10.0.2.4";
        for (routes, rules) in [
            ("route d 0.0.0.0/0 -> internet", deny.as_str()),
            ("route d 10.9.0.0/16 -> 10.0.2.4", &deny),
            (default, INSIDE),
            (
                default,
                "rule no 100 outbound deny from any to any any\nrule in 200 outbound allow from any to tag VirtualNetwork any",
            ),
            (
                default,
                "rule in 200 outbound allow from any to 10.0.0.0/8 any\nrule no 300 outbound deny from any to any any",
            ),
            (
                default,
                "rule in 200 outbound allow from any to tag VirtualNetwork tcp/443\nrule no 300 outbound deny from any to any tcp/22",
            ),
            (
                default,
                "rule in 200 outbound allow from any to tag VirtualNetwork any\nrule no 300 outbound deny from any to 10.9.0.0/16 any",
            ),
        ] {
            assert_eq!(
                found(Id::TG4005, &policy(routes, rules)),
                [""; 0],
                "{routes} {rules}"
            );
        }
    }
}
