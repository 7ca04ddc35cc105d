//! TG4002: security rules that Azure refuses.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use crate::azure::facts::{Facts, Limit, LimitState};
use crate::diag::{Finding, Id, Severity};
use crate::estate::{Direction, Endpoint, Nsg, SecurityRule};
use crate::net::Destination;

use super::Context;

rule! {
    /// Security rules that Azure refuses.
    ///
    /// - a priority outside 100 to 4096, or one that two rules of a direction share;
    /// - a name that two rules of a group share;
    /// - IPv4 and IPv6 addresses in one side of a rule;
    /// - addresses that overlap in one side of a rule;
    /// - a service tag beside other tags or addresses: a tag stands alone, and so does `any`;
    /// - an application security group beside addresses;
    /// - a description of more than 140 characters.
    ///
    /// ```egress
    /// nsg pool-nsg {
    ///   rule web 100 outbound allow from any to tag Storage, tag Sql tcp/443
    ///   rule all 100 outbound deny from any to any any
    /// }
    /// ```
    ///
    /// Write a rule for each tag, and give each rule its own priority.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/virtual-network/network-security-groups-overview.md;
    /// Azure/bicep-types-az, generated/network/microsoft.network/2025-09-01/types.md;
    /// kubernetes-sigs/cloud-provider-azure, issue 6775 (OverlappingSubnetsNotPermittedInSecurityRule).
    TG4002, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (_, nsg) in context.estate.nsgs.iter() {
        same_priority(nsg, findings);
        same_name(nsg, findings);
        for rule in &nsg.rules {
            out_of_range(context.facts, rule, findings);
            for (side, ends) in [
                ("source", &rule.sources),
                ("destination", &rule.destinations),
            ] {
                stands_alone(rule, side, ends, findings);
                overlapping(rule, side, ends, findings);
            }
            two_families(rule, findings);
        }
    }
}

fn same_priority(nsg: &Nsg, findings: &mut Vec<Finding>) {
    let mut first: BTreeMap<(Direction, u32), &SecurityRule> = BTreeMap::new();
    for rule in &nsg.rules {
        let key = (rule.direction, rule.priority.value);
        let Some(other) = first.get(&key) else {
            first.insert(key, rule);
            continue;
        };
        let direction = match rule.direction {
            Direction::Inbound => "inbound",
            Direction::Outbound => "outbound",
        };
        let message = format!(
            "{direction} rules `{}` and `{}` of NSG `{}` have the same priority {}",
            other.name, rule.name, nsg.meta.name, key.1
        );
        findings.push(
            Finding::new(Id::TG4002, message)
                .at(rule.priority.span, "again here")
                .related(other.priority.span, "first here")
                .help("lower priorities come first: give each rule of a direction its own"),
        );
    }
}

fn same_name(nsg: &Nsg, findings: &mut Vec<Finding>) {
    let mut first: BTreeMap<String, &SecurityRule> = BTreeMap::new();
    for rule in &nsg.rules {
        let key = rule.name.to_ascii_lowercase();
        let Some(other) = first.get(&key) else {
            first.insert(key, rule);
            continue;
        };
        let message = format!("NSG `{}` has two rules `{}`", nsg.meta.name, rule.name);
        findings.push(
            Finding::new(Id::TG4002, message)
                .at(rule.origin, "again here")
                .related(other.origin, "first here")
                .help("the second would replace the first: give it another name"),
        );
    }
}

fn out_of_range(facts: &Facts, rule: &SecurityRule, findings: &mut Vec<Finding>) {
    let least = facts.limit(Limit::SecurityRulePriorityMinimum);
    let most = facts.limit(Limit::SecurityRulePriority);
    let priority = rule.priority.value;
    let count = u64::from(priority);
    if [least, most]
        .iter()
        .any(|limit| limit.state(count) == LimitState::Exceeded)
    {
        findings.push(
            Finding::new(
                Id::TG4002,
                format!("rule `{}` has priority {priority}", rule.name),
            )
            .at(
                rule.priority.span,
                format!("must be from {} to {}", least.value, most.value),
            )
            .related(rule.origin, "the rule"),
        );
    }
    let longest = facts.limit(Limit::SecurityRuleDescriptionLength);
    let length = rule.description.chars().count();
    if longest.state(u64::try_from(length).unwrap_or(u64::MAX)) == LimitState::Exceeded {
        findings.push(
            Finding::new(
                Id::TG4002,
                format!("the description of rule `{}` is too long", rule.name),
            )
            .at(
                rule.origin,
                format!("{length} of at most {} characters", longest.value),
            ),
        );
    }
}

/// A tag, like `any`, goes into a field for one value; addresses go into a list; groups into another.
fn stands_alone(rule: &SecurityRule, side: &str, ends: &[Endpoint], findings: &mut Vec<Finding>) {
    if ends.len() < 2 {
        return;
    }
    let tag = ends.iter().find_map(|end| match end {
        Endpoint::Plain(tag @ (Destination::ServiceTag(_) | Destination::Anywhere)) => Some(tag),
        _ => None,
    });
    let is_group = |end: &&Endpoint| matches!(end, Endpoint::SecurityGroup(_));
    let groups = ends.iter().filter(is_group).count();
    let message = if let Some(tag) = tag {
        format!(
            "`{tag}` does not stand alone in the {side} of rule `{}`",
            rule.name
        )
    } else if groups > 0 && groups < ends.len() {
        format!(
            "the {side} of rule `{}` mixes addresses and application security groups",
            rule.name
        )
    } else {
        return;
    };
    findings.push(
        Finding::new(Id::TG4002, message)
            .at(rule.origin, "this rule")
            .help("write a rule for each"),
    );
}

fn overlapping(rule: &SecurityRule, side: &str, ends: &[Endpoint], findings: &mut Vec<Finding>) {
    let mut prefixes: Vec<IpNet> = ends
        .iter()
        .flat_map(|end| match end {
            Endpoint::Plain(Destination::Prefix(prefix)) => vec![*prefix],
            Endpoint::Plain(Destination::Range(range)) => range.prefixes(),
            _ => Vec::new(),
        })
        .collect();
    // In this order a prefix comes right after one that it lies in, or after another that lies in the same.
    prefixes.sort();
    let pair = prefixes.iter().zip(prefixes.iter().skip(1));
    if let Some((wide, narrow)) = pair.into_iter().find(|(a, b)| a.contains(*b)) {
        let name = &rule.name;
        let message = if narrow == wide {
            format!("`{narrow}` stands twice in the {side} of rule `{name}`")
        } else {
            format!("`{narrow}` lies in `{wide}`, both in the {side} of rule `{name}`")
        };
        findings.push(
            Finding::new(Id::TG4002, message)
                .at(rule.origin, "this rule")
                .help(format!(
                    "leave out `{narrow}`: Azure refuses addresses that overlap"
                )),
        );
    }
}

/// One side with both families is refused; a side of each is taken, and no packet has both.
fn two_families(rule: &SecurityRule, findings: &mut Vec<Finding>) {
    let sources = families(&rule.sources);
    let destinations = families(&rule.destinations);
    let name = &rule.name;
    let finding = if sources.len() > 1 || destinations.len() > 1 {
        Finding::new(
            Id::TG4002,
            format!("rule `{name}` mixes IPv4 and IPv6 addresses"),
        )
        .at(rule.origin, "this rule")
        .help("write a rule for each family")
    } else if sources.is_disjoint(&destinations) && !sources.is_empty() && !destinations.is_empty()
    {
        let message = format!("rule `{name}` goes from one family of addresses to the other");
        Finding::new(Id::TG4002, message)
            .severity(Severity::Warning)
            .at(rule.origin, "no packet does")
    } else {
        return;
    };
    findings.push(finding);
}

/// Whether there are addresses of IPv6 (true), of IPv4 (false), or both.
fn families(ends: &[Endpoint]) -> BTreeSet<bool> {
    ends.iter().filter_map(is_ipv6).collect()
}

/// The family of an end, when it has addresses written out.
fn is_ipv6(end: &Endpoint) -> Option<bool> {
    match end {
        Endpoint::Plain(Destination::Prefix(prefix)) => Some(prefix.addr().is_ipv6()),
        Endpoint::Plain(Destination::Range(range)) => Some(range.bounds().0.is_ipv6()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    fn rules(rules: &str) -> Vec<String> {
        found(
            Id::TG4002,
            &format!("security-group g {{ }}\nnsg n {{\n{rules}\n}}"),
        )
    }

    #[test]
    fn takes_ordinary_rules() {
        let ordinary =
            "rule a 100 outbound allow from 10.0.0.0/24, 10.1.0.0/24 to tag Storage tcp/443
rule b 100 inbound allow from any to 10.0.0.0/24 tcp/443
rule c 4096 outbound deny from security-group g to any any \"the rest\"";
        assert_eq!(rules(ordinary), [""; 0]);
    }

    #[test]
    fn names_and_priorities_differ_and_fit() {
        let twice = "rule a 100 outbound allow from any to any any
rule A 100 outbound allow from any to any any
rule b 4097 outbound deny from any to any any";
        assert_eq!(
            rules(twice),
            [
                "4:6 NSG `n` has two rules `A`",
                "4:8 outbound rules `a` and `A` of NSG `n` have the same priority 100",
                "5:8 rule `b` has priority 4097"
            ]
        );
    }

    #[test]
    fn tags_groups_and_families_are_not_mixed() {
        let mixed = "rule a 100 outbound allow from any to tag Storage, tag Sql tcp/443
rule b 101 outbound allow from any to 10.0.0.9, tag Sql tcp/443
rule c 102 outbound allow from 10.0.0.9, security-group g to any any
rule d 103 outbound allow from 10.0.0.9, fd00::9 to any any
rule e 104 outbound allow from 10.0.0.9 to fd00::/64 any";
        assert_eq!(
            rules(mixed),
            [
                "3:6 `tag Storage` does not stand alone in the destination of rule `a`",
                "4:6 `tag Sql` does not stand alone in the destination of rule `b`",
                "5:6 the source of rule `c` mixes addresses and application security groups",
                "6:6 rule `d` mixes IPv4 and IPv6 addresses",
                "7:6 rule `e` goes from one family of addresses to the other",
            ]
        );
    }

    #[test]
    fn addresses_do_not_overlap() {
        let overlapping =
            "rule a 100 outbound allow from any to 10.1.0.0/16, 10.0.0.0/8, 10.2.0.0/16 any
rule b 101 outbound allow from 10.0.0.0/25, 10.0.0.128/25 to any any
rule c 102 outbound allow from 10.0.0.1, 10.0.0.1 to any any";
        assert_eq!(
            rules(overlapping),
            [
                "3:6 `10.1.0.0/16` lies in `10.0.0.0/8`, both in the destination of rule `a`",
                "5:6 `10.0.0.1/32` stands twice in the source of rule `c`",
            ]
        );
    }

    #[test]
    fn descriptions_are_short() {
        let long = "x".repeat(141);
        let rule = format!("rule a 100 outbound allow from any to any any \"{long}\"");
        assert_eq!(
            rules(&rule),
            ["3:6 the description of rule `a` is too long"]
        );
    }
}
