//! TG3020: protocols let through by the wrong transport.

use crate::azure::facts::PortNeed;
use crate::azure::rule_sets::Owner;
use crate::diag::{Change, Finding, Id, Safety};
use crate::estate::{Action, NetworkRule};
use crate::lint::common::cover::LastOrder;
use crate::lint::common::ends::{Ends, Services};
use crate::lint::common::written::{Allowing, allowing_network_rules, is_all_known};
use crate::lint::{Context, change};
use crate::net::{PortRange, Service, Transport};

rule! {
    /// A network rule lets a well-known port through by TCP where UDP is needed, or the other way round.
    ///
    /// - DNS on port 53 needs both: long answers come by TCP.
    /// - NTP on port 123 is UDP.
    /// - The tunnel of AKS nodes to the API server is UDP on port 1194 and TCP on port 9000; these ports count only
    ///   where the rule leads to `AzureCloud`.
    ///
    /// Not reported where another rule lets the same sources through by the transport that is missing. Other things
    /// can run on these ports, so this is a warning.
    ///
    /// ```egress
    /// firewall-policy rules {
    ///   rule-collection-group own 200 {
    ///     network-rules out 200 allow {
    ///       rule time from 10.10.1.0/24 to 203.0.113.9 tcp/123
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// Write the other transport, or both: `udp/123`.
    ///
    /// Sources: RFC 5905, RFC 7766; MicrosoftDocs/azure-aks-docs,
    /// articles/aks/outbound-rules-control-egress.md.
    TG3020, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut last = LastOrder::default();
    for need in &context.facts.rule_content().port_needs {
        let fits =
            |it: &Allowing<'_, NetworkRule>| names_port(it.rule, need) && leads_there(it, need);
        for it in allowing_network_rules(context, fits) {
            findings.extend(missing(context, &mut last, &it, need));
        }
    }
}

/// Whether a rule names the port of a protocol, by itself and not in a range.
fn names_port(rule: &NetworkRule, need: &PortNeed) -> bool {
    let mut ports = need.needs.iter().map(|service| service.transport_ports().1);
    let single = |ports: &PortRange| ports.bounds().0 == ports.bounds().1;
    ports.any(|ports| single(&ports) && rule.ports.contains(&ports))
}

fn leads_there(it: &Allowing<'_, NetworkRule>, need: &PortNeed) -> bool {
    need.only_to.as_ref().is_none_or(|wanted| {
        let mut bases = it
            .destinations
            .tags
            .iter()
            .filter_map(|tag| tag.split('.').next());
        bases.any(|base| base.eq_ignore_ascii_case(wanted))
    })
}

/// What lets a service through by a rule that has its port and lacks its transport. A rule without the port would come
/// to let through more than is asked for.
fn let_through(it: &Allowing<'_, NetworkRule>, missing: &Service) -> Option<Change> {
    let (transport, ports) = missing.transport_ports();
    let word = match transport {
        Transport::Tcp => "TCP",
        Transport::Udp => "UDP",
        _ => return None,
    };
    let path = match it.set.owner {
        Owner::Policy(_) => change::PROTOCOLS,
        Owner::Firewall(_) => change::CLASSIC_PROTOCOLS,
    };
    let has_port = it.rule.ports.contains(&ports);
    change::more(it.rule.info.origin, path, word).filter(|_| has_port)
}

/// Reports the first service of a protocol that neither this rule nor another lets through.
fn missing<'a>(
    context: &Context<'a>,
    last: &mut LastOrder<'a>,
    it: &Allowing<'a, NetworkRule>,
    need: &PortNeed,
) -> Option<Finding> {
    let passes = |service: &Service| it.services.covers(&Services::of_list(&[*service]));
    let missing = need.needs.iter().find(|service| !passes(service))?;
    let has_other = |transport| it.rule.transports.contains(&transport);
    if !has_other(Transport::Tcp) && !has_other(Transport::Udp) {
        return None;
    }
    let sources = Ends::of_addresses(context.estate, &it.rule.sources);
    let known = is_all_known(context.estate, &it.set);
    if !known || sources.unknown || it.destinations.unknown {
        return None;
    }
    let order = last.of(context.estate, context.facts, &it.set);
    let covers = order.covers_of(&sources, &it.destinations, &Services::of_list(&[*missing]));
    let mut rules = covers.iter().filter_map(|at| order.rule(*at));
    if rules.any(|rule| rule.action == Action::Allow) {
        return None;
    }
    let rule = &it.rule.info;
    let message = format!(
        "network rule `{}` lets {} through without {missing}",
        rule.name, need.name
    );
    let all: Vec<String> = need.needs.iter().map(ToString::to_string).collect();
    let finding = Finding::new(Id::TG3020, message)
        .at(
            rule.origin,
            format!("{} needs {}", need.name, all.join(" and ")),
        )
        .help(format!("write {}", all.join(", ")))
        .propose(
            format!("let {missing} through too"),
            Safety::Unsafe,
            let_through(it, missing),
        );
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    fn tg3020(rule: &str, other: &str) -> Vec<String> {
        let policy = format!(
            "firewall-policy p {{ rule-collection-group g 200 {{ network-rules a 200 allow {{
rule r from 10.0.0.0/24 to {rule}
rule other {other}
}} }} }}"
        );
        found(Id::TG3020, &policy)
    }

    const NONE: &str = "from 10.0.0.0/25 to any any";

    #[test]
    fn the_other_transport_is_missed() {
        let cases = [
            ("192.168.0.9 udp/53", "DNS", "tcp/53"),
            ("192.168.0.9 tcp/53", "DNS", "udp/53"),
            ("any tcp/123, tcp/443", "NTP", "udp/123"),
            (
                "tag AzureCloud.westeurope tcp/1194",
                "the tunnel of AKS nodes",
                "udp/1194",
            ),
            (
                "tag AzureCloud.westeurope udp/9000",
                "the tunnel of AKS nodes",
                "tcp/9000",
            ),
        ];
        for (rule, name, service) in cases {
            let expected = format!("2:6 network rule `r` lets {name} through without {service}");
            assert_eq!(tg3020(rule, NONE), [expected], "{rule}");
        }
        for rule in [
            "192.168.0.9 any/53",
            "192.168.0.9 tcp/53, udp/53",
            "any udp/123",
            "any tcp/100-200",
            "192.168.0.9 tcp/1194",
            "tag AzureCloud.westeurope udp/1194",
            "tag AzureCloud.westeurope tcp/9000",
            "192.168.0.9 any",
        ] {
            assert_eq!(tg3020(rule, NONE), [""; 0], "{rule}");
        }
    }

    #[test]
    fn another_rule_may_have_it() {
        let rule = "192.168.0.9 tcp/53";
        assert_eq!(
            tg3020(rule, "from 10.0.0.0/16 to 192.168.0.0/24 any/53"),
            [""; 0]
        );
        assert_eq!(
            tg3020(rule, "from 10.0.0.0/16 to 192.168.1.0/24 any/53").len(),
            1
        );
    }
}
