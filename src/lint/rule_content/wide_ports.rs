//! TG3028: rules that let out to public addresses on a wide range of ports.

use crate::diag::{Finding, Id};
use crate::estate::NetworkRule;
use crate::lint::Context;
use crate::lint::common::written::{Allowing, allowing_network_rules};
use crate::net::PortRange;

rule! {
    /// A network rule lets out to public addresses on more than a thousand ports, or on all of them.
    ///
    /// Few services need that. The widest range that Azure's documents ask for is that of SQL redirection, a thousand
    /// ports; what is wider is more often a guess. Rules to private networks are not reported, and rules to a large
    /// part of the Internet are reported as TG3012.
    ///
    /// ```egress
    /// firewall-policy rules {
    ///   rule-collection-group own 200 {
    ///     network-rules out 200 allow {
    ///       rule partner from 10.10.1.0/24 to 203.0.113.0/28 tcp/1024-65535
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// Name the ports; start from the log of the firewall.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/firewall/firewall-known-issues.md.
    TG3028, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let wide = |it: &Allowing<'_, NetworkRule>| {
        let far = it
            .rule
            .transports
            .iter()
            .any(|transport| transport.has_ports());
        let large = it.services.is_any_port()
            && it.destinations.public_addresses(context.facts).count() >= 1 << 24;
        let reaches = it.destinations.is_public(context.facts) || !it.destinations.names.is_empty();
        far && reaches && !large && widest(context, it.rule).is_some()
    };
    for it in allowing_network_rules(context, wide) {
        let rule = &it.rule.info;
        findings.extend(widest(context, it.rule).map(|ports| {
            let what = match ports {
                PortRange::ALL => "every port".to_owned(),
                ports => format!("ports {ports}"),
            };
            let message = format!("network rule `{}` lets out on {what}", rule.name);
            Finding::new(Id::TG3028, message)
                .at(rule.origin, "more than a service needs")
                .help("name the ports that are needed")
        }));
    }
}

fn widest(context: &Context<'_>, rule: &NetworkRule) -> Option<PortRange> {
    let content = context.facts.rule_content();
    let wide = rule.ports.iter().filter(|ports| content.is_wide(**ports));
    wide.copied()
        .max_by_key(|ports| ports.bounds().1 - ports.bounds().0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    #[test]
    fn a_thousand_ports_are_enough() {
        let tg3028 = |to: &str| {
            let policy = format!(
                "firewall-policy p {{ dns-proxy on  rule-collection-group g 200 {{ network-rules a 200 allow {{
rule r from 10.0.0.0/24 to {to}
}} }} }}"
            );
            found(Id::TG3028, &policy)
        };
        assert_eq!(
            tg3028("1.2.3.4 tcp/443, tcp/10000-20000"),
            ["2:6 network rule `r` lets out on ports 10000-20000"]
        );
        for every in [
            "1.2.3.4 any",
            "tag Storage tcp/*",
            "a.contoso.com tcp/*",
            "10.0.0.9, 1.2.3.4 udp/*",
        ] {
            assert_eq!(
                tg3028(every),
                ["2:6 network rule `r` lets out on every port"],
                "{every}"
            );
        }
        for fine in [
            "1.2.3.4 tcp/11000-11999",
            "10.0.0.0/8 any",
            "any any",
            "tag VirtualNetwork any",
            "1.2.3.4 icmp",
        ] {
            assert_eq!(tg3028(fine), [""; 0], "{fine}");
        }
        assert_eq!(
            tg3028("any tcp/1-30000"),
            ["2:6 network rule `r` lets out on ports 1-30000"]
        );
    }
}
