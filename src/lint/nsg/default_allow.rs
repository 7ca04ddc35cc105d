//! TG4007: allow rules inside the network that the default rules make needless.

use ipnet::IpNet;

use crate::azure::facts::Facts;
use crate::azure::gaps;
use crate::azure::routing::are_peered;
use crate::diag::{Finding, Id};
use crate::estate::{
    Access, Direction, Endpoint, Estate, Id as ElementId, Nsg, SecurityRule, Subnet,
};
use crate::net::Destination;

use super::super::Context;
use super::super::common::public::{holds_public, is_tag};
use super::order::{attached, made_origins, rules_that};

rule! {
    /// A group allows some traffic inside the network, and a default rule allows all the rest of it.
    ///
    /// Every group ends with `AllowVnetInBound` and `AllowVnetOutBound`, priority 65000: machines of the network, of
    /// peered ones and of sites behind a gateway reach each other on every port. An allow rule among them changes
    /// nothing as long as no rule denies; whoever wrote it likely believes that the rest is closed.
    ///
    /// ```egress
    /// vnet shop 10.0.0.0/16 {
    ///   subnet web 10.0.1.0/24
    ///   subnet data 10.0.2.0/24 { nsg data-nsg }
    /// }
    /// nsg data-nsg {
    ///   rule sql 200 inbound allow from shop.web to shop.data tcp/1433
    /// }
    /// ```
    ///
    /// Deny the rest: `rule nothing-else 4000 inbound deny from tag VirtualNetwork to any any`. On subnets of nodes allow
    /// the nodes, the pods and `AzureLoadBalancer` before that. Or take the rule out.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/virtual-network/network-security-groups-overview.md.
    TG4007, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    let made = made_origins(context);
    for (id, nsg, subnets) in attached(estate) {
        if gaps::security_rules(estate, id).is_some() {
            continue;
        }
        for direction in [Direction::Inbound, Direction::Outbound] {
            if denies_inside(nsg, direction, context.facts) {
                continue;
            }
            let mut allowed = rules_that(nsg, direction, Access::Allow);
            let needless = allowed.find(|rule| {
                !made.contains(&rule.origin)
                    && subnets
                        .iter()
                        .all(|subnet| is_inside(estate, *subnet, rule))
            });
            if let Some(rule) = needless.filter(|_| !subnets.is_empty()) {
                findings.push(finding(nsg, rule));
            }
        }
    }
}

/// Whether a rule denies anything but the Internet.
fn denies_inside(nsg: &Nsg, direction: Direction, facts: &Facts) -> bool {
    let is_outside = |end: &Endpoint| match end {
        Endpoint::Plain(Destination::Prefix(prefix)) => {
            holds_public(*prefix, facts) && prefix.prefix_len() >= 8
        }
        _ => is_tag(end, "Internet"),
    };
    let mut denying = rules_that(nsg, direction, Access::Deny);
    denying.any(|rule| {
        let far = match direction {
            Direction::Inbound => &rule.sources,
            Direction::Outbound => &rule.destinations,
        };
        !far.iter().all(is_outside)
    })
}

/// Whether both ends of a rule lie in the network of a subnet and its peers, which the default rules let talk.
fn is_inside(estate: &Estate, subnet: ElementId<Subnet>, rule: &SecurityRule) -> bool {
    let own = estate.subnets[subnet].vnet;
    let near = estate.vnets.iter();
    let near: Vec<IpNet> = near
        .filter(|(id, _)| *id == own || are_peered(estate, own, *id))
        .flat_map(|(_, vnet)| vnet.prefixes.iter().map(|prefix| prefix.value))
        .collect();
    let is_near = |end: &Endpoint| match end {
        Endpoint::Plain(Destination::Prefix(prefix)) => near.iter().any(|net| net.contains(prefix)),
        Endpoint::Plain(Destination::Range(range)) => {
            let prefixes = range.prefixes();
            prefixes
                .iter()
                .all(|prefix| near.iter().any(|net| net.contains(prefix)))
        }
        _ => is_tag(end, "VirtualNetwork"),
    };
    // The near side may be written as `any`: packets of this subnet have no other address there.
    let is_here =
        |end: &Endpoint| matches!(end, Endpoint::Plain(Destination::Anywhere)) || is_near(end);
    let (far, here) = match rule.direction {
        Direction::Inbound => (&rule.sources, &rule.destinations),
        Direction::Outbound => (&rule.destinations, &rule.sources),
    };
    far.iter().all(is_near) && here.iter().all(is_here)
}

fn finding(nsg: &Nsg, rule: &SecurityRule) -> Finding {
    let (default, side, from) = match rule.direction {
        Direction::Inbound => (
            "AllowVnetInBound",
            "inbound",
            "from tag VirtualNetwork to any",
        ),
        Direction::Outbound => (
            "AllowVnetOutBound",
            "outbound",
            "from any to tag VirtualNetwork",
        ),
    };
    Finding::new(
        Id::TG4007,
        format!(
            "rule `{}` allows what default rule `{default}` allows anyway",
            rule.name
        ),
    )
    .at(rule.origin, "changes nothing")
    .related(
        nsg.meta.origin,
        format!("denies nothing {side} inside the network"),
    )
    .help(format!(
        "deny the rest, `rule NAME 4000 {side} deny {from} any`, or take the rule out"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    fn policy(rules: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16 {{ subnet s 10.0.1.0/24 {{ nsg n }} }}
nsg n {{
{rules}
}}"
        )
    }

    #[test]
    fn inside_everything_is_allowed_already() {
        for rule in [
            "inbound allow from 10.0.2.0/24 to 10.0.1.0/24 tcp/1433",
            "inbound allow from 10.0.2.4-10.0.2.9 to any any",
            "inbound allow from tag VirtualNetwork to tag VirtualNetwork any",
        ] {
            assert_eq!(
                found(Id::TG4007, &policy(&format!("rule r 200 {rule}"))),
                ["3:6 rule `r` allows what default rule `AllowVnetInBound` allows anyway"],
                "{rule}"
            );
        }
        let out = "rule r 200 outbound allow from any to 10.0.3.0/24 tcp/1433
rule no 300 outbound deny from any to tag Internet any";
        assert_eq!(
            found(Id::TG4007, &policy(out)),
            ["3:6 rule `r` allows what default rule `AllowVnetOutBound` allows anyway"]
        );
    }

    #[test]
    fn it_matters_before_a_deny_and_from_elsewhere() {
        for rules in [
            "rule r 200 inbound allow from 10.0.2.0/24 to any tcp/1433\nrule no 300 inbound deny from tag VirtualNetwork to any any",
            "rule r 200 inbound allow from 10.0.2.0/24 to any tcp/1433\nrule no 300 inbound deny from any to any tcp/22",
            "rule r 200 inbound allow from 192.168.0.0/16 to any tcp/1433",
            "rule r 200 inbound allow from tag Internet to any tcp/443",
            "rule r 200 inbound allow from any to any tcp/443",
            "rule r 200 outbound allow from any to tag Storage tcp/443",
            "",
        ] {
            assert_eq!(found(Id::TG4007, &policy(rules)), [""; 0], "{rules}");
        }
    }
}
