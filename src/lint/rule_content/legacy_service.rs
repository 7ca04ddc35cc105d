//! TG3029: services in the clear, or not meant for the Internet.

use crate::azure::facts::LegacyService;
use crate::diag::{Finding, Id};
use crate::estate::NetworkRule;
use crate::lint::Context;
use crate::lint::common::ends::Services;
use crate::lint::common::written::{Allowing, allowing_network_rules};
use crate::net::Service;

rule! {
    /// A network rule lets a service out to public addresses that sends passwords in the clear, or is not meant for
    /// the Internet.
    ///
    /// FTP, Telnet, SMTP between servers, TFTP, NetBIOS and SMB. Azure blocks SMTP on port 25 for many kinds of
    /// subscriptions anyway. SMB to the tag `Storage` is Azure Files, which encrypts, and is not reported.
    ///
    /// Only ports that a rule names are reported, alone or in a narrow range: wide ranges are TG3012 and TG3028. HTTP
    /// in application rules is not reported, because lists of revoked certificates and packages with signatures come
    /// by it.
    ///
    /// ```egress
    /// firewall-policy rules {
    ///   rule-collection-group own 200 {
    ///     network-rules out 200 allow {
    ///       rule upload from 10.10.1.0/24 to 203.0.113.9 tcp/21
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// Use what has taken its place, such as SFTP, or a relay on port 587 for mail.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/virtual-network/troubleshoot-outbound-smtp-connectivity.md; RFC
    /// 959, RFC 854, RFC 1350, RFC 1002.
    TG3029, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for legacy in &context.facts.rule_content().legacy_services {
        let fits = |it: &Allowing<'_, NetworkRule>| {
            let far = it.destinations.is_public(context.facts) || !it.destinations.names.is_empty();
            far && !all_is_fine(it, legacy) && spoken(context, it, legacy).is_some()
        };
        for it in allowing_network_rules(context, fits) {
            if let Some(service) = spoken(context, &it, legacy) {
                findings.push(outdated(it.rule, legacy, service));
            }
        }
    }
}

/// The service that a rule lets through by a port it names.
fn spoken(
    context: &Context<'_>,
    it: &Allowing<'_, NetworkRule>,
    legacy: &LegacyService,
) -> Option<Service> {
    let content = context.facts.rule_content();
    let narrow = it
        .rule
        .ports
        .iter()
        .filter(|ports| !content.is_wide(**ports));
    let narrow: Vec<_> = narrow.copied().collect();
    let named = Services::of(&it.rule.transports, &narrow);
    let mut services = legacy.services.iter().copied();
    services.find(|service| named.overlaps(&Services::of_list(&[*service])))
}

/// Whether a rule leads only where the service is as it should be.
fn all_is_fine(it: &Allowing<'_, NetworkRule>, legacy: &LegacyService) -> bool {
    let fine = |tag: &smol_str::SmolStr| {
        let base = tag.split('.').next().unwrap_or(tag);
        legacy
            .fine_to
            .iter()
            .any(|it| it.eq_ignore_ascii_case(base))
    };
    let ends = &it.destinations;
    ends.names.is_empty() && ends.addresses.is_empty() && ends.tags.iter().all(fine)
}

fn outdated(rule: &NetworkRule, legacy: &LegacyService, service: Service) -> Finding {
    let (name, what) = (&rule.info.name, &legacy.name);
    Finding::new(
        Id::TG3029,
        format!(
            "network rule `{name}` lets out {what}, which {}",
            legacy.fault
        ),
    )
    .at(rule.info.origin, format!("{service} to public addresses"))
    .help(format!("use {}", legacy.instead))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    fn tg3029(to: &str) -> Vec<String> {
        let policy = format!(
            "firewall-policy p {{ dns-proxy on  rule-collection-group g 200 {{ network-rules a 200 allow {{
rule r from 10.0.0.0/24 to {to}
}} }} }}"
        );
        found(Id::TG3029, &policy)
    }

    #[test]
    fn named_ports_to_public_addresses() {
        assert_eq!(
            tg3029("1.2.3.4 tcp/20-21"),
            ["2:6 network rule `r` lets out FTP, which sends passwords and files in the clear"]
        );
        for bad in [
            "any tcp/23",
            "smtp.contoso.com tcp/25",
            "1.2.3.4 any/69",
            "10.0.0.9, 1.2.3.4 udp/137",
            "tag Sql tcp/445",
            "tag Storage, 1.2.3.4 tcp/445",
        ] {
            assert_eq!(tg3029(bad).len(), 1, "{bad}");
        }
        for fine in [
            "10.0.0.0/8 tcp/21",
            "1.2.3.4 udp/21",
            "1.2.3.4 tcp/22",
            "1.2.3.4 any",
            "1.2.3.4 tcp/1-65535",
            "tag Storage.WestEurope tcp/445",
        ] {
            assert_eq!(tg3029(fine), [""; 0], "{fine}");
        }
    }
}
