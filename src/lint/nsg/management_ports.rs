//! TG4010: management ports that are open to the Internet.

use crate::azure::facts::{Facts, PortUse};
use crate::diag::{Finding, Id};
use crate::estate::{Access, Direction, Endpoint, SecurityRule};
use crate::net::{PortRange, Transport};
use crate::reach::SecurityRules;

use super::super::Context;
use super::super::common::public::{Reach, internet, public_ends, reach};
use super::order::rules_that;

rule! {
    /// An inbound rule opens a port of remote management to everybody on the Internet.
    ///
    /// SSH, RDP, WinRM and Telnet are searched for all day by those who try passwords. Every spelling of everybody
    /// counts: `any`, the tag `Internet`, `0.0.0.0/0`, its halves, and lists of prefixes that are a quarter of the
    /// Internet or more. A range of ports, or `any`, opens the ports in it. A rule all of which an earlier rule denies
    /// opens nothing and is not reported.
    ///
    /// ```egress
    /// nsg jump-nsg {
    ///   rule ssh 200 inbound allow from any to any tcp/22
    /// }
    /// ```
    ///
    /// Let in the addresses of the people who need it, or go through Azure Bastion, a VPN or just-in-time access.
    /// Checkov (CKV_AZURE_9, CKV_AZURE_10) and Trivy (AVD-AZU-0048, AVD-AZU-0050) look for 22 and 3389; they compare
    /// words and do not see earlier denies.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/security/fundamentals/network-best-practices.md. The ports are in
    /// `rules/azure/ports.yaml`.
    TG4010, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (_, nsg) in context.estate.nsgs.iter() {
        let mut rules = SecurityRules::of(context.estate, nsg, Direction::Inbound);
        for rule in rules_that(nsg, Direction::Inbound, Access::Allow) {
            let width = reach(&rule.sources, context.facts);
            if width == Reach::Few {
                continue;
            }
            let open: Vec<String> = management(context.facts)
                .filter(|(_, transport, ports)| {
                    is_open(context, &mut rules, rule, *transport, *ports)
                })
                .map(|(name, transport, ports)| format!("{name} ({}/{ports})", transport.keyword()))
                .collect();
            if !open.is_empty() {
                findings.push(finding(rule, &open, width));
            }
        }
    }
}

fn management(facts: &Facts) -> impl Iterator<Item = (&str, Transport, PortRange)> {
    facts.ports(PortUse::Management).flat_map(|known| {
        let services = known.services.iter();
        services.map(|service| {
            let (transport, ports) = service.transport_ports();
            (known.name.as_str(), transport, ports)
        })
    })
}

fn holds(rule: &SecurityRule, transport: Transport, ports: PortRange) -> bool {
    let (port, _) = ports.bounds();
    let carried = rule.transport == Transport::Any || rule.transport == transport;
    carried
        && rule.destination_ports.iter().any(|range| {
            let (first, last) = range.bounds();
            first <= port && port <= last
        })
}

/// Whether a rule opens a port to the Internet, after all that earlier rules deny.
fn is_open(
    context: &Context<'_>,
    rules: &mut SecurityRules<'_>,
    rule: &SecurityRule,
    transport: Transport,
    ports: PortRange,
) -> bool {
    let mut left = |sources: Vec<Endpoint>| {
        let narrowed = SecurityRule {
            transport,
            sources,
            destination_ports: vec![ports],
            ..rule.clone()
        };
        // Of what takes too long to decide nothing is said.
        let earlier = |other: &SecurityRule| {
            other.access == Access::Deny && other.priority.value < rule.priority.value
        };
        rules.leave(&narrowed, earlier).unwrap_or(false)
    };
    // An earlier deny may name the Internet by its tag or by its addresses.
    holds(rule, transport, ports)
        && left(public_ends(&rule.sources, context.facts))
        && left(vec![internet()])
}

fn finding(rule: &SecurityRule, open: &[String], width: Reach) -> Finding {
    let whom = match width {
        Reach::Everybody => "the whole Internet",
        Reach::Many | Reach::Few => "a large part of the Internet",
    };
    Finding::new(
        Id::TG4010,
        format!("rule `{}` opens {} to {whom}", rule.name, open.join(", ")),
    )
    .at(rule.origin, "anybody can try passwords here")
    .help("name the addresses of those who need it, or go through Azure Bastion or a VPN")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    fn policy(rules: &str) -> String {
        format!("nsg n {{\n{rules}\n}}")
    }

    #[test]
    fn every_spelling_of_everybody() {
        for from in [
            "any",
            "tag Internet",
            "tag internet",
            "0.0.0.0/0",
            "0.0.0.0/1, 128.0.0.0/1",
            "0.0.0.0-255.255.255.255",
        ] {
            let rule = format!("rule ssh 200 inbound allow from {from} to any tcp/22");
            assert_eq!(
                found(Id::TG4010, &policy(&rule)),
                ["2:6 rule `ssh` opens SSH (tcp/22) to the whole Internet"],
                "{from}"
            );
        }
        assert_eq!(
            found(
                Id::TG4010,
                &policy("rule r 200 inbound allow from 0.0.0.0/1 to any tcp/3000-4000")
            ),
            ["2:6 rule `r` opens RDP (tcp/3389) to a large part of the Internet"]
        );
        let all = found(
            Id::TG4010,
            &policy("rule r 200 inbound allow from any to 10.0.0.4 any"),
        );
        assert!(
            all[0].contains("SSH") && all[0].contains("WinRM"),
            "{all:?}"
        );
    }

    #[test]
    fn what_is_not_open() {
        for rules in [
            "rule web 200 inbound allow from any to any tcp/443",
            "rule ssh 200 inbound allow from 203.0.113.0/28 to any tcp/22",
            "rule ssh 200 inbound allow from tag VirtualNetwork to any tcp/22",
            "rule ssh 200 inbound allow from 10.0.0.0/8 to any any",
            "rule ssh 200 outbound allow from any to any tcp/22",
            "rule ssh 200 inbound allow from any to any udp/22",
            "rule ssh 200 inbound deny from any to any tcp/22",
        ] {
            assert_eq!(found(Id::TG4010, &policy(rules)), [""; 0], "{rules}");
        }
    }

    #[test]
    fn an_earlier_deny_closes_it() {
        let allow = "rule ssh 200 inbound allow from any to 10.0.0.4 tcp/22";
        for deny in [
            "from any to any any",
            "from tag Internet to any tcp/22",
            "from 0.0.0.0/0 to 10.0.0.0/8 tcp/20-30",
            "from 0.0.0.0/1, 128.0.0.0/1 to any tcp/22",
        ] {
            let rules = format!("rule no 100 inbound deny {deny}\n{allow}");
            assert_eq!(found(Id::TG4010, &policy(&rules)), [""; 0], "{deny}");
        }
        for deny in [
            "from any to 10.0.0.5 any",
            "from any to any tcp/23",
            "from 0.0.0.0/1 to any tcp/22",
            "from any to any udp/22",
        ] {
            let rules = format!("rule no 100 inbound deny {deny}\n{allow}");
            assert_eq!(found(Id::TG4010, &policy(&rules)).len(), 1, "{deny}");
        }
        let behind = format!("{allow}\nrule no 300 inbound deny from any to any any");
        assert_eq!(found(Id::TG4010, &policy(&behind)).len(), 1);
    }
}
