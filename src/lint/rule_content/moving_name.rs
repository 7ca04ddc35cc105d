//! TG3016: network rules by a name whose addresses change from answer to answer.

use crate::diag::{Finding, Id};
use crate::estate::{Endpoint, NetworkRule};
use crate::lint::Context;
use crate::lint::common::ends::Services;
use crate::lint::common::written::{Allowing, allowing_network_rules};
use crate::net::{AppProtocol, Destination, Fqdn, FqdnPattern, PortRange, Transport};

rule! {
    /// A network rule names a host of a content delivery network, though an application rule could.
    ///
    /// A network rule compares addresses: the firewall resolves the name every 15 seconds or so and lets through what
    /// goes to the answers. A name with many machines behind it gives other answers to other questions, so a client
    /// now and then holds an address that the firewall does not. An application rule reads the name itself.
    ///
    /// Reported only for ports 80, 443 and 1433, where an application rule can take its place. With a lock file
    /// (`--lock`) names are recognised by what they stand for, too: `files.contoso.com`, which is an alias of
    /// `contoso.azureedge.net`.
    ///
    /// ```egress
    /// firewall-policy rules {
    ///   dns-proxy on
    ///   rule-collection-group own 200 {
    ///     network-rules out 200 allow {
    ///       rule files from 10.10.1.0/24 to contoso.azureedge.net tcp/443
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// Move the rule to `application-rules`, with `https` in place of `tcp/443`.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/firewall/fqdn-filtering-network-rules.md and dns-details.md.
    TG3016, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let ports: Vec<PortRange> = AppProtocol::ALL
        .iter()
        .map(|protocol| PortRange::single(protocol.default_port()))
        .collect();
    let readable = Services::of(&[Transport::Tcp], &ports);
    let moves = |rule: &NetworkRule| {
        let mut names = rule.destinations.iter().filter_map(name_of);
        names.find_map(|name| Some((name.clone(), moves_as(context, name)?)))
    };
    let fits =
        |it: &Allowing<'_, NetworkRule>| readable.covers(&it.services) && moves(it.rule).is_some();
    for it in allowing_network_rules(context, fits) {
        let rule = &it.rule.info;
        findings.extend(moves(it.rule).map(|(name, as_name)| {
            let alias = match as_name == name {
                true => String::new(),
                false => format!(", an alias of `{as_name}`"),
            };
            let message = format!(
                "network rule `{}` compares addresses of `{name}`{alias}, which change from answer to answer",
                rule.name
            );
            let finding = Finding::new(Id::TG3016, message)
                .at(rule.origin, "lets through now and then")
                .help("write an application rule, which reads the name itself");
            let known = context.names.filter(|_| as_name != name);
            match known.and_then(|names| names.get(&name)) {
                Some((_, place)) => finding.related(place, "stands for it"),
                None => finding,
            }
        }));
    }
}

/// The name of an end, when it is one name.
pub(super) fn name_of(end: &Endpoint) -> Option<&Fqdn> {
    match end {
        Endpoint::Plain(Destination::Fqdn(FqdnPattern::Exact(name))) => Some(name),
        _ => None,
    }
}

/// The name that moves: itself, or what it was seen to stand for.
fn moves_as(context: &Context<'_>, name: &Fqdn) -> Option<Fqdn> {
    let known = context.names.and_then(|names| names.get(name));
    let aliases = known.into_iter().flat_map(|(locked, _)| &locked.aliases);
    let mut all = std::iter::once(name).chain(aliases);
    all.find(|name| is_moving(context, name)).cloned()
}

fn is_moving(context: &Context<'_>, name: &Fqdn) -> bool {
    let domains = context.facts.rule_content().moving_domains.iter();
    let mut domains = domains.map(|domain| domain.name.as_str());
    domains.any(|domain| {
        let before = name.as_str().strip_suffix(domain);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    #[test]
    fn only_where_an_application_rule_can_help() {
        let tg3016 = |to: &str| {
            let policy = format!(
                "firewall-policy p {{ dns-proxy on  rule-collection-group g 200 {{ network-rules a 200 allow {{
rule r from 10.0.0.0/24 to {to}
}} }} }}"
            );
            found(Id::TG3016, &policy)
        };
        assert_eq!(
            tg3016("contoso.com, Files.AzureEdge.net tcp/443, tcp/80"),
            [
                "2:6 network rule `r` compares addresses of `files.azureedge.net`, which change from answer to answer"
            ]
        );
        assert_eq!(tg3016("mcr.microsoft.com tcp/443").len(), 1);
        for fine in [
            "contoso.com tcp/443",
            "contosoazureedge.net tcp/443",
            "files.azureedge.net tcp/8443",
            "files.azureedge.net tcp/443, tcp/22",
            "files.azureedge.net udp/443",
        ] {
            assert_eq!(tg3016(fine), [""; 0], "{fine}");
        }
    }
}
