//! TG3006: firewall rules that Azure refuses.

use std::collections::BTreeMap;
use std::mem::discriminant;
use std::net::IpAddr;

use crate::azure::facts::{Facts, Limit, LimitState};
use crate::azure::rule_sets::{Owner, RuleSet, rule_sets};
use crate::base::{Origin, Spanned};
use crate::diag::{Finding, Id, Severity};
use crate::estate::{
    ApplicationRule, Endpoint, NatRule, NetworkRule, RuleCollection, RuleInfo, Rules, Translated,
};
use crate::net::{Destination, FqdnPattern, PortRange, Transport};

use super::Context;
use super::firewall_tier::is_name;

rule! {
    /// Rules, collections and groups that Azure Firewall refuses.
    ///
    /// - a priority outside 100 to 65000, or one that two groups of a policy share, or two
    ///   collections of one kind in a group;
    /// - a name that two groups, collections or rules share where they are listed together;
    /// - a wildcard in the name of a network rule, or any name in the destination of a DNAT rule;
    /// - a source that is no address, address range or IP group;
    /// - an IPv6 address anywhere;
    /// - a web category or TLS inspection in a rule of the firewall itself, which only rules of a policy can have;
    /// - ESP or AH in a network rule, anything but TCP and UDP in a DNAT rule, ports for ICMP, a port out of range.
    ///
    /// ```egress
    /// firewall-policy rules {
    ///   dns-proxy on
    ///   rule-collection-group own 99 {
    ///     network-rules out 200 allow {
    ///       rule storage from 10.10.1.0/24 to *.blob.core.windows.net tcp/443
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// Write `application-rules` for names with a wildcard, and priorities from 100 to 65000.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/firewall/rule-processing.md, domain-filtering-overview.md and
    /// firewall-known-issues.md; Azure/bicep-types-az,
    /// generated/network/microsoft.network/2025-09-01/types.md.
    TG3006, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let compiled = context.intent.compiled_origins();
    let is_written = |info: &RuleInfo| !compiled.contains(&info.origin);
    for set in rule_sets(context.estate) {
        check_order(context.facts, &set, findings);
        for placed in set
            .network_rules()
            .filter(|placed| is_written(&placed.rule.info))
        {
            let rule = placed.rule;
            ends(&rule.info, &rule.sources, &rule.destinations, findings);
            check_network_rule(rule, findings);
        }
        for placed in set
            .application_rules()
            .filter(|placed| is_written(&placed.rule.info))
        {
            let rule = placed.rule;
            ends(&rule.info, &rule.sources, &rule.destinations, findings);
            if matches!(set.owner, Owner::Firewall(_)) {
                findings.extend(only_in_policies(rule));
            }
            for (_, port) in &rule.protocols {
                let limit = Limit::FirewallApplicationRulePort;
                findings.extend(port_out_of_range(context.facts, limit, *port, &rule.info));
            }
        }
        for placed in set
            .nat_rules()
            .filter(|placed| is_written(&placed.rule.info))
        {
            let rule = placed.rule;
            ends(&rule.info, &rule.sources, &rule.destinations, findings);
            check_nat_rule(context.facts, rule, findings);
        }
    }
}

/// Something with a name and a priority among others of its kind.
struct Ranked<'a> {
    kind: &'static str,
    name: &'a str,
    origin: Origin,
    priority: Spanned<u32>,
}

fn check_order(facts: &Facts, set: &RuleSet<'_>, findings: &mut Vec<Finding>) {
    let groups = set.groups().iter().map(|group| Ranked {
        kind: "rule collection group",
        name: &group.name,
        origin: group.origin,
        priority: group.priority,
    });
    let groups: Vec<Ranked<'_>> = groups.collect();
    priorities(facts, &groups, findings);
    same_names(
        "rule collection group",
        groups.iter().map(|it| (it.name, it.origin)),
        findings,
    );
    same_priorities(groups.iter(), findings);
    for collections in set.collections_by_group() {
        check_collections(facts, collections, findings);
    }
}

fn check_collections(facts: &Facts, collections: &[RuleCollection], findings: &mut Vec<Finding>) {
    let ranked: Vec<Ranked<'_>> = collections
        .iter()
        .map(|collection| Ranked {
            kind: "rule collection",
            name: &collection.name,
            origin: collection.origin,
            priority: collection.priority,
        })
        .collect();
    priorities(facts, &ranked, findings);
    let kinds = [
        Rules::Network(Vec::new()),
        Rules::Application(Vec::new()),
        Rules::Nat(Vec::new()),
    ];
    for kind in kinds {
        let pairs = ranked.iter().zip(collections);
        let of_kind = pairs.filter(|(_, it)| discriminant(&it.rules) == discriminant(&kind));
        let of_kind: Vec<&Ranked<'_>> = of_kind.map(|(ranked, _)| ranked).collect();
        // Each kind is a list of its own: published templates give collections of two kinds one name.
        let names = of_kind.iter().map(|it| (it.name, it.origin));
        same_names("rule collection", names, findings);
        same_priorities(of_kind.into_iter(), findings);
    }
    for collection in collections {
        let infos: Vec<&RuleInfo> = match &collection.rules {
            Rules::Network(rules) => rules.iter().map(|rule| &rule.info).collect(),
            Rules::Application(rules) => rules.iter().map(|rule| &rule.info).collect(),
            Rules::Nat(rules) => rules.iter().map(|rule| &rule.info).collect(),
        };
        let names = infos.iter().map(|info| (info.name.as_str(), info.origin));
        same_names("rule", names, findings);
    }
}

fn priorities(facts: &Facts, ranked: &[Ranked<'_>], findings: &mut Vec<Finding>) {
    let least = facts.limit(Limit::FirewallPriorityMinimum);
    let most = facts.limit(Limit::FirewallPriority);
    for it in ranked {
        let priority = it.priority.value;
        let count = u64::from(priority);
        if [least, most]
            .iter()
            .all(|limit| limit.state(count) != LimitState::Exceeded)
        {
            continue;
        }
        findings.push(
            Finding::new(
                Id::TG3006,
                format!("{} `{}` has priority {priority}", it.kind, it.name),
            )
            .at(
                it.priority.span,
                format!("must be from {} to {}", least.value, most.value),
            )
            .related(it.origin, format!("the {}", it.kind)),
        );
    }
}

fn same_priorities<'a>(ranked: impl Iterator<Item = &'a Ranked<'a>>, findings: &mut Vec<Finding>) {
    let mut first: BTreeMap<u32, &Ranked<'_>> = BTreeMap::new();
    for it in ranked {
        let priority = it.priority.value;
        let Some(other) = first.get(&priority) else {
            first.insert(priority, it);
            continue;
        };
        findings.push(
            Finding::new(
                Id::TG3006,
                format!(
                    "{}s `{}` and `{}` have the same priority {priority}",
                    it.kind, other.name, it.name
                ),
            )
            .at(it.priority.span, "again here")
            .related(other.priority.span, "first here")
            .help("lower priorities come first: give each its own"),
        );
    }
}

/// Reports names given twice among things listed together. Azure compares them without regard to case.
fn same_names<'a>(
    kind: &str,
    names: impl Iterator<Item = (&'a str, Origin)>,
    findings: &mut Vec<Finding>,
) {
    let mut first: BTreeMap<String, Origin> = BTreeMap::new();
    for (name, origin) in names {
        let Some(other) = first.get(&name.to_ascii_lowercase()) else {
            first.insert(name.to_ascii_lowercase(), origin);
            continue;
        };
        findings.push(
            Finding::new(
                Id::TG3006,
                format!("there are two {kind}s `{name}` in one list"),
            )
            .at(origin, "again here")
            .related(*other, "first here")
            .help("the second would replace the first: give it another name"),
        );
    }
}

/// What may not stand at either end of any rule.
fn ends(
    info: &RuleInfo,
    sources: &[Endpoint],
    destinations: &[Endpoint],
    findings: &mut Vec<Finding>,
) {
    let rule = &info.name;
    let mut report = |message: String, what: &str, help: &str| {
        findings.push(
            Finding::new(Id::TG3006, message)
                .at(info.origin, what)
                .help(help),
        );
    };
    for source in sources {
        let what = match source {
            Endpoint::Plain(Destination::Fqdn(_)) => "a domain name",
            Endpoint::Plain(Destination::FqdnTag(_)) => "an FQDN tag",
            Endpoint::Plain(Destination::ServiceTag(_)) => "a service tag",
            Endpoint::SecurityGroup(_) => "an application security group",
            Endpoint::Plain(_) | Endpoint::IpGroup(_) => continue,
        };
        report(
            format!("the source of rule `{rule}` is {what}"),
            "sources are addresses and IP groups",
            "write prefixes or an IP group",
        );
    }
    for group in destinations {
        if let Endpoint::SecurityGroup(group) = group {
            report(
                format!(
                    "the destination of rule `{rule}` is application security group `{}`",
                    group.name
                ),
                "only security rules know it",
                "write prefixes or an IP group",
            );
        }
    }
    for end in sources.iter().chain(destinations) {
        if let Some(address) = ipv6(end) {
            report(
                format!("rule `{rule}` names {address}"),
                "Azure Firewall takes no IPv6 address",
                "name the IPv4 address",
            );
        }
    }
}

fn ipv6(endpoint: &Endpoint) -> Option<&Destination> {
    let Endpoint::Plain(destination) = endpoint else {
        return None;
    };
    let address: IpAddr = match destination {
        Destination::Prefix(prefix) => prefix.addr(),
        Destination::Range(range) => range.bounds().0,
        _ => return None,
    };
    address.is_ipv6().then_some(destination)
}

/// What classic rules cannot say.
fn only_in_policies(rule: &ApplicationRule) -> impl Iterator<Item = Finding> {
    let name = &rule.info.name;
    let category = rule.web_categories.first();
    let category = category.map(|category| (category.span.into(), "a web category"));
    let tls = rule.terminate_tls.map(|origin| (origin, "TLS inspection"));
    let found = category.into_iter().chain(tls);
    found.map(move |(origin, what): (Origin, &str)| {
        Finding::new(
            Id::TG3006,
            format!("rule `{name}` has {what}, which only rules of a policy can have"),
        )
        .at(origin, "in a rule of the firewall itself")
        .help("write a `firewall-policy` with this rule, and name it in the firewall: policy NAME")
    })
}

fn check_network_rule(rule: &NetworkRule, findings: &mut Vec<Finding>) {
    let name = &rule.info.name;
    for to in &rule.destinations {
        let Endpoint::Plain(Destination::Fqdn(pattern)) = to else {
            continue;
        };
        if !matches!(pattern, FqdnPattern::Exact(_)) {
            findings.push(
                Finding::new(
                    Id::TG3006,
                    format!("network rule `{name}` names the wildcard `{pattern}`"),
                )
                .at(rule.info.origin, "a network rule takes exact names")
                .help("name each host, or write an application rule for http, https or mssql"),
            );
        }
    }
    for transport in &rule.transports {
        if matches!(transport, Transport::Esp | Transport::Ah) {
            findings.push(
                Finding::new(
                    Id::TG3006,
                    format!("network rule `{name}` is for `{}`", transport.keyword()),
                )
                .at(
                    rule.info.origin,
                    "a network rule knows tcp, udp, icmp and any",
                )
                .help("write `any`"),
            );
        }
    }
    let portless = !rule.transports.is_empty() && !rule.transports.iter().any(|it| it.has_ports());
    if portless && rule.ports.iter().any(|ports| *ports != PortRange::ALL) {
        findings.push(
            Finding::new(
                Id::TG3006,
                format!("network rule `{name}` names ports of a protocol that has none"),
            )
            .at(rule.info.origin, "this rule")
            .help("leave the ports out"),
        );
    }
}

fn check_nat_rule(facts: &Facts, rule: &NatRule, findings: &mut Vec<Finding>) {
    let name = &rule.info.name;
    if rule.destinations.iter().any(is_name) {
        findings.push(
            Finding::new(
                Id::TG3006,
                format!("the destination of DNAT rule `{name}` is a domain name"),
            )
            .at(rule.info.origin, "must be an address of the firewall"),
        );
    }
    if rule
        .transports
        .iter()
        .any(|it| !matches!(it, Transport::Tcp | Transport::Udp))
    {
        findings.push(
            Finding::new(
                Id::TG3006,
                format!("DNAT rule `{name}` is for other protocols than TCP and UDP"),
            )
            .at(rule.info.origin, "only TCP and UDP are translated")
            .help("write `tcp` or `udp`, in a rule each if need be"),
        );
    }
    if let Translated::Address(IpAddr::V6(address)) = rule.translated {
        findings.push(
            Finding::new(
                Id::TG3006,
                format!("DNAT rule `{name}` translates to {address}"),
            )
            .at(rule.info.origin, "Azure Firewall takes no IPv6 address"),
        );
    }
    findings.extend(port_out_of_range(
        facts,
        Limit::FirewallNatRulePort,
        rule.port,
        &rule.info,
    ));
}

fn port_out_of_range(facts: &Facts, limit: Limit, port: u16, info: &RuleInfo) -> Option<Finding> {
    let fact = facts.limit(limit);
    let severity = match fact.state(u64::from(port)) {
        LimitState::Exceeded => Severity::Error,
        LimitState::Disputed => Severity::Warning,
        LimitState::Within | LimitState::Near => return None,
    };
    let finding = Finding::new(
        Id::TG3006,
        format!("port {port} of rule `{}` is out of range", info.name),
    )
    .severity(severity)
    .at(
        info.origin,
        format!("at most {} in a {}", fact.value, fact.scope),
    );
    Some(match severity {
        Severity::Error => finding,
        Severity::Warning | Severity::Note => finding
            .assumed()
            .help("some sources allow it; a network rule does"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{findings, found};

    fn network(rule: &str) -> Vec<String> {
        let policy = format!(
            "firewall-policy p {{ dns-proxy on
rule-collection-group g 200 {{ network-rules n 200 allow {{
rule {rule}
}} }} }}"
        );
        found(Id::TG3006, &policy)
    }

    #[test]
    fn takes_ordinary_rules() {
        for rule in [
            "r from 10.0.0.0/24 to contoso.com tcp/443",
            "r from ip-group i to tag Sql tcp/1433, udp/1433",
            "r from any to 10.1.0.0/16 icmp",
            "r from any to any any",
        ] {
            let rule = format!("{rule} }} }} }} ip-group i = 10.0.0.0/24");
            let policy = format!(
                "firewall-policy p {{ rule-collection-group g 200 {{ network-rules n 200 allow {{ rule {rule}"
            );
            assert_eq!(found(Id::TG3006, &policy), [""; 0]);
        }
    }

    #[test]
    fn refuses_ends_that_the_firewall_does_not_know() {
        assert_eq!(
            network("r from any to *.contoso.com tcp/443"),
            ["3:6 network rule `r` names the wildcard `*.contoso.com`"]
        );
        assert_eq!(
            network("r from tag Sql to 10.0.0.9 tcp/443"),
            ["3:6 the source of rule `r` is a service tag"]
        );
        assert_eq!(
            network("r from any to fd00::/64 tcp/443"),
            ["3:6 rule `r` names fd00::/64"]
        );
        assert_eq!(
            network("r from any to 10.0.0.9 esp"),
            ["3:6 network rule `r` is for `esp`"]
        );
    }

    #[test]
    fn names_are_given_once() {
        assert_eq!(
            network("r from any to 10.0.0.9 tcp/443\nrule R from any to 10.0.0.9 tcp/80"),
            ["4:6 there are two rules `R` in one list"]
        );
    }

    #[test]
    fn priorities_are_in_range_and_differ() {
        let policy = "firewall-policy p {
  rule-collection-group g 99 {
    network-rules a 200 allow { }
    network-rules b 200 deny { }
    application-rules c 200 allow { }
  }
  rule-collection-group h 65001 { }
  rule-collection-group i 99 { }
}";
        assert_eq!(
            found(Id::TG3006, policy),
            [
                "2:27 rule collection group `g` has priority 99",
                "4:21 rule collections `a` and `b` have the same priority 200",
                "7:27 rule collection group `h` has priority 65001",
                "8:27 rule collection group `i` has priority 99",
                "8:27 rule collection groups `g` and `i` have the same priority 99",
            ]
        );
    }

    #[test]
    fn ports_stay_in_range() {
        let policy = "firewall-policy p { rule-collection-group g 200 {
application-rules a 200 allow { rule r from any to contoso.com https/64001 }
dnat-rules d 300 { rule r from any to 20.0.0.1 tcp/64001 -> 10.0.0.9 port 443 }
} }";
        let found = findings(Id::TG3006, policy);
        let severities: Vec<Severity> = found.iter().map(|finding| finding.severity).collect();
        assert_eq!(severities, [Severity::Warning, Severity::Error]);
    }
}
