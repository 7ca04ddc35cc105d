//! TG3022: ICMP to the Internet.

use crate::diag::{Finding, Id};
use crate::estate::NetworkRule;
use crate::lint::Context;
use crate::lint::common::written::{Allowing, allowing_network_rules};
use crate::net::Transport;

rule! {
    /// A network rule lets ICMP out to public addresses only, where it does not work.
    ///
    /// Azure Firewall translates TCP and UDP. Other protocols pass between private networks, and not to the Internet,
    /// so a ping through the firewall gets no reply whatever its rules say.
    ///
    /// ```egress
    /// firewall-policy rules {
    ///   rule-collection-group own 200 {
    ///     network-rules out 200 allow {
    ///       rule ping from 10.10.1.0/24 to 203.0.113.9 icmp
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// Test a way to the Internet by TCP, and take the rule away.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/firewall/firewall-known-issues.md.
    TG3022, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let fits = |it: &Allowing<'_, NetworkRule>| {
        let ends = &it.destinations;
        let private = ends
            .addresses
            .without(&ends.public_addresses(context.facts));
        it.rule.transports.contains(&Transport::Icmp)
            && !ends.unknown
            && ends.names.is_empty()
            && private.is_empty()
            && ends.is_public(context.facts)
    };
    for it in allowing_network_rules(context, fits) {
        let rule = &it.rule.info;
        let message = format!(
            "network rule `{}` lets out ICMP to the Internet, where it does not work",
            rule.name
        );
        findings.push(
            Finding::new(Id::TG3022, message)
                .at(rule.origin, "there is never a reply")
                .help("test by TCP: only TCP and UDP are translated"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    #[test]
    fn private_networks_can_be_pinged() {
        let tg3022 = |to: &str| {
            let policy = format!(
                "firewall-policy p {{ rule-collection-group g 200 {{ network-rules a 200 allow {{
rule r from 10.0.0.0/24 to {to}
}} }} }}"
            );
            found(Id::TG3022, &policy)
        };
        let expected = "2:6 network rule `r` lets out ICMP to the Internet, where it does not work";
        for bad in ["1.2.3.4 icmp", "1.2.3.0/24, tag Storage icmp"] {
            assert_eq!(tg3022(bad), [expected], "{bad}");
        }
        for fine in [
            "10.0.0.0/8 icmp",
            "any icmp",
            "10.0.0.9, 1.2.3.4 icmp",
            "1.2.3.4 any",
            "a.example.com icmp",
        ] {
            assert_eq!(tg3022(fine), [""; 0], "{fine}");
        }
    }
}
