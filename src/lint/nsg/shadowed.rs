//! TG4011: security rules that never decide.

use crate::azure::gaps;
use crate::diag::{Finding, Id, Safety, Severity};
use crate::estate::{Access, Direction, SecurityRule};
use crate::reach::SecurityRules;
use crate::space::TooLarge;

use super::super::Context;
use super::super::hygiene::{crossing, needless};
use super::super::{change, edit};
use super::order::made_origins;

rule! {
    /// A security rule all of whose packets earlier rules decide.
    ///
    /// Rules are asked by ascending priority, and the first that matches decides. A rule that one earlier rule covers,
    /// or several together, never decides. Where they do the opposite, somebody was mistaken, and it is a warning;
    /// where they do the same, the rule is only in the way, and it is a note.
    ///
    /// The comparison is exact for prefixes, ranges, ports and protocols, also where only several rules together cover
    /// one. A service tag is covered by `any`, by itself, and without region by the tag of the whole service; what else
    /// it holds counts as not known, and the rule as alive.
    ///
    /// ```egress
    /// nsg web-nsg {
    ///   rule inside 100 inbound deny from 10.0.0.0/8 to any any
    ///   rule probe 200 inbound allow from 10.0.9.4 to any tcp/8080
    /// }
    /// ```
    ///
    /// Give the rule a lower number than those that cover it, or take it out.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/virtual-network/network-security-groups-overview.md.
    TG4011, check
}

/// Rules are read once for all that depends on their order.
pub(in crate::lint) fn told_with_tg4011(_: &Context<'_>, _: &mut Vec<Finding>) {}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let made = made_origins(context);
    let is_written = |rule: &SecurityRule| !made.contains(&rule.origin);
    for (id, nsg) in context.estate.nsgs.iter() {
        for direction in [Direction::Inbound, Direction::Outbound] {
            let rules = SecurityRules::of(context.estate, nsg, direction);
            let dead = rules.never_asked().into_iter();
            for (rule, by) in dead.filter(|(rule, _)| is_written(rule)) {
                findings.push(match by {
                    Ok(by) => finding(rule, &by),
                    Err(TooLarge) => undecided(rule),
                });
            }
            if gaps::security_rules(context.estate, id).is_none() {
                findings.extend(needless::told(&rules, is_written));
            }
            findings.extend(crossing::told(&rules, is_written));
        }
    }
}

fn undecided(rule: &SecurityRule) -> Finding {
    let message = format!(
        "whether rule `{}` is ever asked is too large to decide",
        rule.name
    );
    Finding::new(Id::TG4011, message)
        .severity(Severity::Note)
        .at(rule.origin, "behind too many rules that overlap")
}

fn finding(rule: &SecurityRule, by: &[&SecurityRule]) -> Finding {
    let opposed = by.iter().filter(|other| other.access != rule.access);
    let opposed = opposed.count();
    let names: Vec<String> = by.iter().map(|other| format!("`{}`", other.name)).collect();
    let (words, verb) = match names.as_slice() {
        [one] => (format!("rule {one}"), "decides"),
        [first, middle @ .., last] => {
            let middle: String = middle.iter().map(|name| format!(", {name}")).collect();
            (format!("rules {first}{middle} and {last}"), "decide")
        }
        [] => (String::new(), "decide"),
    };
    let does = |access| match access {
        Access::Allow => "allows",
        Access::Deny => "denies",
    };
    let message = format!(
        "rule `{}` never {} anything: {words} {verb} before it",
        rule.name,
        does(rule.access)
    );
    let mut finding = Finding::new(Id::TG4011, message).at(rule.origin, "is never asked");
    for other in by.iter().take(3) {
        finding = finding.related(
            other.origin,
            format!(
                "{} first, priority {}",
                does(other.access),
                other.priority.value
            ),
        );
    }
    let finding = if opposed == 0 {
        finding
            .severity(Severity::Note)
            .help("it does what earlier rules do already: take it out")
            .propose(
                "take the rule out",
                Safety::Unsafe,
                change::without(rule.origin),
            )
    } else {
        finding.help("give it a lower number than those, or take it out")
    };
    match rule.written {
        Some(written) if opposed == 0 => finding.fix(
            "take the rule out",
            Safety::Safe,
            vec![edit::remove(written)],
        ),
        _ => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{findings, found};

    fn policy(rules: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16 {{ subnet s 10.0.1.0/24 {{ nsg n }} }}\nnsg n {{\n{rules}\n}}\nsecurity-group web\nsecurity-group data"
        )
    }

    /// Whether a rule behind others is covered.
    fn is_covered(before: &[&str], rule: &str) -> bool {
        let numbered = before.iter().enumerate();
        let before: String = numbered
            .map(|(n, rule)| format!("rule b{n} {} {rule}\n", 100 + n))
            .collect();
        let rules = format!("{before}rule last 300 {rule}");
        let found = found(Id::TG4011, &policy(&rules));
        found.iter().any(|line| line.contains("`last`"))
    }

    #[test]
    fn one_rule_covers_another() {
        for (before, rule) in [
            (
                "inbound deny from any to any any",
                "inbound allow from 10.0.0.0/8 to any tcp/443",
            ),
            (
                "inbound deny from 10.0.0.0/8 to any tcp/1-1000",
                "inbound allow from 10.1.0.0/16 to 10.0.0.4 tcp/80, tcp/443",
            ),
            (
                "inbound deny from any to any any",
                "inbound allow from tag Internet to any tcp/22",
            ),
            (
                "outbound deny from any to tag Storage any",
                "outbound allow from any to tag storage tcp/443",
            ),
            (
                "outbound deny from any to tag Storage any",
                "outbound allow from any to tag Storage.WestEurope tcp/443",
            ),
            (
                "inbound deny from security-group web to any any",
                "inbound allow from security-group web to any tcp/22",
            ),
            (
                "inbound deny from 0.0.0.0/0, ::/0 to any any",
                "inbound allow from any to any tcp/22",
            ),
            (
                "outbound deny from any to 10.0.0.0-10.0.0.255 any",
                "outbound allow from any to 10.0.0.128/25 icmp",
            ),
        ] {
            assert!(is_covered(&[before], rule), "{before} / {rule}");
        }
    }

    #[test]
    fn several_rules_cover_another_together() {
        for (before, rule) in [
            (
                &[
                    "inbound deny from 10.0.0.0/9 to any any",
                    "inbound deny from 10.128.0.0/9 to any any",
                ][..],
                "inbound allow from 10.0.0.0/8 to any tcp/22",
            ),
            (
                &[
                    "inbound deny from any to any tcp/1-100",
                    "inbound allow from any to any tcp/101-65535",
                ],
                "inbound allow from 10.0.0.4 to any tcp/*",
            ),
            (
                &[
                    "inbound deny from 10.0.0.0/9 to 10.0.0.0/9 any",
                    "inbound deny from 10.128.0.0/9 to 10.0.0.0/9 any",
                    "inbound deny from any to 10.128.0.0/9 any",
                ],
                "inbound allow from 10.0.0.0/8 to 10.0.0.0/8 tcp/22",
            ),
            (
                &[
                    "outbound deny from any to tag Sql any",
                    "outbound deny from any to 10.0.0.0/8 any",
                ],
                "outbound allow from any to tag Sql.WestEurope tcp/1433",
            ),
        ] {
            assert!(is_covered(before, rule), "{before:?} / {rule}");
        }
    }

    #[test]
    fn what_may_be_alive_is_alive() {
        for (before, rule) in [
            (
                &["inbound deny from 10.0.0.0/8 to any any"][..],
                "inbound allow from any to any tcp/22",
            ),
            (
                &["inbound deny from any to any tcp/22"],
                "inbound allow from any to any udp/22",
            ),
            (
                &["inbound deny from any to any tcp/22"],
                "inbound allow from any to any any/22",
            ),
            (
                &["outbound deny from any to any any"],
                "inbound allow from any to any any",
            ),
            (
                &["outbound deny from any to tag Storage.WestEurope any"],
                "outbound allow from any to tag Storage any",
            ),
            (
                &["outbound deny from any to tag AzureCloud any"],
                "outbound allow from any to tag Storage any",
            ),
            (
                &["outbound deny from any to tag Internet any"],
                "outbound allow from any to 20.1.2.3 any",
            ),
            (
                &["outbound deny from any to tag VirtualNetwork any"],
                "outbound allow from any to 10.0.1.0/24 any",
            ),
            (
                &["outbound deny from any to any any"],
                "outbound allow from any to tag AzurePlatformDNS any",
            ),
            (
                &["inbound deny from security-group web to any any"],
                "inbound allow from security-group data to any any",
            ),
            (
                &["inbound deny from any to any any source-ports 1-1000"],
                "inbound allow from any to any tcp/22",
            ),
            (
                &["inbound deny from any to any any"],
                "inbound allow from any to any esp",
            ),
            (
                &[
                    "inbound deny from 10.0.0.0/9 to any any",
                    "inbound deny from 10.128.0.0/10 to any any",
                ],
                "inbound allow from 10.0.0.0/8 to any tcp/22",
            ),
            (
                &[
                    "inbound deny from 10.0.0.0/9 to 10.0.0.0/9 any",
                    "inbound deny from 10.128.0.0/9 to 10.128.0.0/9 any",
                ],
                "inbound allow from 10.0.0.0/8 to 10.0.0.0/8 any",
            ),
        ] {
            assert!(!is_covered(before, rule), "{before:?} / {rule}");
        }
    }

    #[test]
    fn same_doing_is_a_note_with_a_fix() {
        let same = policy(
            "rule a 100 inbound allow from any to any tcp/443\nrule b 200 inbound allow from 10.0.0.4 to any tcp/443",
        );
        let found = findings(Id::TG4011, &same);
        assert_eq!(found[0].severity, Severity::Note);
        assert_eq!(found[0].fixes[0].safety, Safety::Safe);
        let opposed = same.replace("100 inbound allow", "100 inbound deny");
        let found = findings(Id::TG4011, &opposed);
        assert_eq!(found[0].severity, Severity::Warning);
        assert!(found[0].fixes.is_empty());
        assert_eq!(
            found[0].message,
            "rule `b` never allows anything: rule `a` decides before it"
        );
    }
}
