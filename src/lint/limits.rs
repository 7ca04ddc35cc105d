//! TG9001 and TG9002: Azure's limits.

use crate::azure::facts::{Bound, LimitState, Subject};
use crate::azure::usage::{Usage, name_lengths, usage};
use crate::base::{Origin, grouped};
use crate::diag::{Finding, Id};

use super::Context;

rule! {
    /// More of something than Azure takes.
    ///
    /// Counted are the routes of a table, with and without service tags; rules and addresses of a network security
    /// group; rule collection groups of a policy; of all rules of a firewall together: collections, pairs of sources
    /// and destinations in network rules, application rules, domain names in network rules, DNAT destinations and IP
    /// groups; entries of an IP group; public addresses of firewalls and NAT gateways; subnets, peerings and DNS
    /// servers of a network; characters in names.
    ///
    /// Where sources disagree on a limit, only what exceeds the most generous of them is an error. The finding points
    /// at the requirement with which compiled rules go over the limit, if that is what they come from.
    ///
    /// ```egress
    /// firewall-policy rules {  // 16 DNS servers, and Azure takes 15
    ///   dns-servers 10.0.2.4, 10.0.2.5, 10.0.2.6, 10.0.2.7, 10.0.2.8, 10.0.2.9, 10.0.2.10, 10.0.2.11,
    ///     10.0.2.12, 10.0.2.13, 10.0.2.14, 10.0.2.15, 10.0.2.16, 10.0.2.17, 10.0.2.18, 10.0.2.19
    /// }
    /// ```
    ///
    /// Merge prefixes, use IP groups, or spread over several resources.
    ///
    /// Sources: MicrosoftDocs/azure-docs, includes/azure-virtual-network-limits.md and includes/firewall-limits.md;
    /// each finding names the one of its limit.
    TG9001, check_exceeded
}

rule! {
    /// A count that comes near one of Azure's limits, or is past it by some sources and not by others.
    ///
    /// The same is counted as for TG9001. Some limits can be raised by a request to support, which takes time.
    ///
    /// ```egress
    /// firewall-policy rules {  // 12 DNS servers of 15
    ///   dns-servers 10.0.2.4, 10.0.2.5, 10.0.2.6, 10.0.2.7, 10.0.2.8, 10.0.2.9,
    ///     10.0.2.10, 10.0.2.11, 10.0.2.12, 10.0.2.13, 10.0.2.14, 10.0.2.15
    /// }
    /// ```
    ///
    /// Plan for room: merge prefixes, use IP groups, or spread over several resources.
    ///
    /// Sources: MicrosoftDocs/azure-docs, includes/azure-virtual-network-limits.md and includes/firewall-limits.md;
    /// each finding names the one of its limit.
    TG9002, check_near
}

fn check_exceeded(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let exceeded = counts(context).filter(|usage| usage.state() == LimitState::Exceeded);
    findings.extend(report(context, exceeded, |usage| {
        let (fact, holder) = (usage.fact, &usage.holder);
        let by = usage.count.abs_diff(fact.value);
        let (relation, most) = match fact.bound {
            Bound::Maximum => ("more", "at most"),
            Bound::Minimum => ("fewer", "at least"),
        };
        let message = format!(
            "{holder} has {}, {} {relation} than Azure takes",
            counted(usage),
            grouped(by)
        );
        Finding::new(Id::TG9001, message)
            .help(format!("the limit is {most} {}", grouped(fact.value)))
    }));
}

fn check_near(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let near = counts(context)
        .filter(|usage| matches!(usage.state(), LimitState::Near | LimitState::Disputed));
    findings.extend(report(context, near, |usage| {
        let fact = usage.fact;
        let message = format!(
            "{} has {} of {} {}",
            usage.holder,
            grouped(usage.count),
            grouped(fact.value),
            usage.counted
        );
        let finding = Finding::new(Id::TG9002, message);
        match (usage.state(), fact.disputed_up_to) {
            (LimitState::Disputed, Some(most)) => finding
                .assumed()
                .help(format!("some sources allow {}", grouped(most))),
            _ => finding,
        }
    }));
}

fn counts<'a>(context: &Context<'a>) -> impl Iterator<Item = Usage<'a>> {
    let counts = usage(context.estate, context.facts).into_iter();
    counts.chain(name_lengths(context.estate, context.facts))
}

/// Gives each finding its places and the source of its limit.
fn report<'a>(
    context: &Context<'a>,
    usages: impl Iterator<Item = Usage<'a>>,
    finding: impl Fn(&Usage<'a>) -> Finding,
) -> Vec<Finding> {
    let compiled = context.intent.compiled_origins();
    usages
        .map(|usage| {
            let finding = with_places(finding(&usage), &usage, |origin| compiled.contains(&origin));
            let source = context.facts.source(Subject::Limits, &usage.fact.source);
            let source = source.map(|source| format!("limit per {}: {source}", usage.fact.scope));
            finding
                .maybe_help(source)
                .maybe_help(usage.fact.note.clone())
        })
        .collect()
}

/// At the holder, unless a requirement brings what goes over the limit.
fn with_places(
    finding: Finding,
    usage: &Usage<'_>,
    is_compiled: impl Fn(Origin) -> bool,
) -> Finding {
    match usage.over {
        Some(over) if is_compiled(over) => finding
            .at(over, "with this requirement it goes over the limit")
            .related(usage.origin, "counted here"),
        Some(over) => finding
            .at(usage.origin, counted(usage))
            .related(over, "the first one over the limit"),
        None => finding.at(usage.origin, counted(usage)),
    }
}

/// How many of what: `1 character`, `81 characters`.
fn counted(usage: &Usage<'_>) -> String {
    let words = match usage.count {
        1 => usage.counted.strip_suffix('s').unwrap_or(usage.counted),
        _ => usage.counted,
    };
    format!("{} {words}", grouped(usage.count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::azure::facts::Facts;
    use crate::lint::testing::{findings, found, read};

    fn routes(count: usize, target: impl Fn(usize) -> String) -> String {
        let routes: Vec<String> = (0..count)
            .map(|n| format!("route r{n} {} -> internet", target(n)))
            .collect();
        format!("route-table t {{\n{}\n}}", routes.join("\n"))
    }

    fn prefixes(count: usize) -> String {
        routes(count, |n| format!("10.{}.{}.0/24", n / 256, n % 256))
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(
            [7, 999, 1000, 20_000, 1_234_567].map(grouped),
            ["7", "999", "1,000", "20,000", "1,234,567"]
        );
    }

    #[test]
    fn routes_of_a_table() {
        assert_eq!(found(Id::TG9002, &prefixes(300)), [""; 0]);
        assert_eq!(
            found(Id::TG9002, &prefixes(330)),
            ["1:13 route table `t` has 330 of 400 routes"]
        );
        assert_eq!(found(Id::TG9001, &prefixes(1000)), [""; 0]);
        let exceeded = findings(Id::TG9001, &prefixes(1001));
        assert_eq!(
            exceeded[0].message,
            "route table `t` has 1,001 routes, 601 more than Azure takes"
        );
        assert_eq!(exceeded[0].related[0].text, "the first one over the limit");
        assert!(
            exceeded[0]
                .help
                .iter()
                .any(|line| line.contains("azure-virtual-network-limits.md"))
        );
    }

    #[test]
    fn routes_with_a_tag() {
        let tagged = routes(26, |n| format!("tag Sql.Region{n}"));
        assert_eq!(
            found(Id::TG9001, &tagged),
            ["1:13 route table `t` has 26 routes with a service tag, 1 more than Azure takes"]
        );
    }

    #[test]
    fn pairs_of_sources_and_destinations() {
        let list = |third: u8, count: usize| {
            let addresses: Vec<String> = (0..count)
                .map(|n| format!("10.{third}.{}.{}", n / 256, n % 256))
                .collect();
            addresses.join(", ")
        };
        let policy = format!(
            "firewall-policy p {{ rule-collection-group g 200 {{ network-rules n 200 allow {{
rule a from {} to {} tcp/1
rule b from ip-group i to {} tcp/1
}} }} }}
ip-group i = 10.9.0.0/24, 10.8.0.0/24",
            list(1, 200),
            list(2, 100),
            list(2, 1)
        );
        assert_eq!(
            found(Id::TG9001, &policy),
            [
                "1:17 firewall policy `p` has 20,001 source and destination pairs in network rules, 1 more than Azure takes"
            ]
        );
    }

    #[test]
    fn names_have_a_length() {
        let long = "x".repeat(81);
        assert_eq!(
            found(Id::TG9001, &format!("nsg {long} {{ }}")),
            [format!(
                "1:5 the name of NSG `{long}` has 81 characters, 1 more than Azure takes"
            )]
        );
        assert_eq!(
            found(Id::TG9001, "identity ab { }"),
            ["1:10 the name of identity `ab` has 2 characters, 1 fewer than Azure takes"]
        );
    }

    #[test]
    fn usage_counts_each_rule_once() {
        let policy = "vnet v 10.0.0.0/16 { subnet AzureFirewallSubnet 10.0.0.0/26 }
firewall fw in v { public-ip 20.0.0.1 policy child }
firewall-policy base { rule-collection-group g 200 { application-rules a 200 allow {
  rule r from ip-group i to contoso.com https
} } }
firewall-policy child { parent base rule-collection-group h 200 { application-rules a 200 allow {
  rule r from ip-group i to contoso.org https
} } }
ip-group i = 10.0.0.0/24";
        let (_, lowered) = read(policy);
        let usages = usage(&lowered.estate, Facts::builtin());
        let lines: Vec<String> = usages
            .iter()
            .map(|it| format!("{}: {} {}", it.holder, it.count, it.counted))
            .collect();
        assert!(
            lines.contains(&"firewall `fw`: 2 application rules".to_owned()),
            "{lines:#?}"
        );
        assert!(
            lines.contains(&"firewall `fw`: 1 IP groups".to_owned()),
            "{lines:#?}"
        );
        let loose = |line: &&String| {
            line.starts_with("firewall policy") && line.ends_with("application rules")
        };
        assert_eq!(lines.iter().find(loose), None);
    }
}
