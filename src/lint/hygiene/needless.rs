//! TG8010: security rules that could be taken away without a difference.

use crate::diag::{Finding, Id, Safety};
use crate::estate::{Access, SecurityRule};
use crate::lint::nsg::shadowed::told_with_tg4011;
use crate::lint::{change, edit};
use crate::reach::SecurityRules;

rule! {
    /// A security rule could be taken away without a difference, because later rules, one or several together, do the
    /// same with all that it decides.
    ///
    /// No rule between decides otherwise about any of its flows. Such rules make a group harder to read, and count
    /// against its limit. All that are reported of a group can go at once. A rule that never decides at all is TG4011,
    /// and the default rules count for nothing here: TG4007 is about them.
    ///
    /// The comparison is exact, as that of TG4011 is. Of a rule for which it would take too long nothing is said.
    ///
    /// ```egress
    /// nsg web-nsg {
    ///   rule probe 100 inbound allow from 10.0.9.4 to any tcp/8080
    ///   rule low   200 inbound allow from 10.0.0.0/9 to any tcp/8000-8999
    ///   rule high  300 inbound allow from 10.128.0.0/9 to any tcp/8000-8999
    /// }
    /// ```
    ///
    /// Take it away; or keep it and narrow the others, when those let through more than is needed.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/virtual-network/network-security-groups-overview.md.
    TG8010, told_with_tg4011
}

/// The rules of one direction of a group that could go. Rules that are not seen may stand between those that are.
pub(in crate::lint) fn told<'a>(
    rules: &SecurityRules<'a>,
    is_written: impl Fn(&SecurityRule) -> bool,
) -> Vec<Finding> {
    let needless: Vec<(&'a SecurityRule, Vec<&'a SecurityRule>)> = rules.needless();
    let needless = needless.iter().filter(|(rule, _)| is_written(rule));
    needless.map(|(rule, by)| finding(rule, by)).collect()
}

fn finding(rule: &SecurityRule, by: &[&SecurityRule]) -> Finding {
    let does = match rule.access {
        Access::Allow => "allow",
        Access::Deny => "deny",
    };
    let name = &rule.name;
    let message = match by {
        [one] => format!(
            "rule `{name}` makes no difference: rule `{}` behind it {} all that it matches too",
            one.name,
            if does == "allow" { "allows" } else { "denies" }
        ),
        _ => {
            let names: Vec<String> = by.iter().map(|it| format!("`{}`", it.name)).collect();
            let names = match names.as_slice() {
                [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
                all => all.join(", "),
            };
            format!(
                "rule `{name}` makes no difference: rules {names} behind it together {does} all that it matches too"
            )
        }
    };
    let finding = Finding::new(Id::TG8010, message).at(rule.origin, "makes no difference");
    let finding = by.iter().take(3).fold(finding, |finding, other| {
        let label = format!("does the same, priority {}", other.priority.value);
        finding.related(other.origin, label)
    });
    let title = "take the rule out";
    let finding = finding
        .help("take it out, or narrow those behind it")
        .propose(title, Safety::Unsafe, change::without(rule.origin));
    match rule.written {
        Some(written) => finding.fix(title, Safety::Safe, vec![edit::remove(written)]),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{fixed, found};

    fn policy(rules: &[&str]) -> String {
        let numbered = rules.iter().enumerate();
        let rules: String = numbered
            .map(|(n, rule)| format!("  rule r{n} {} {rule}\n", 100 + n))
            .collect();
        format!(
            "vnet v 10.0.0.0/16 {{ subnet s 10.0.1.0/24 {{ nsg n }} }}\nnsg n {{\n{rules}}}\nsecurity-group web"
        )
    }

    fn needless(rules: &[&str]) -> Vec<String> {
        let found = found(Id::TG8010, &policy(rules));
        let names = found.iter().filter_map(|line| line.split('`').nth(1));
        names.map(str::to_owned).collect()
    }

    #[test]
    fn what_later_rules_do_too_is_needless() {
        for rules in [
            &[
                "inbound allow from 10.0.0.0/9 to any tcp/443",
                "inbound allow from 10.0.0.0/8 to any tcp/1-1000",
            ][..],
            &[
                "inbound deny from 10.0.0.0/8 to any tcp/443",
                "inbound deny from 10.0.0.0/9 to any any",
                "inbound allow from any to any udp/443",
                "inbound deny from 10.128.0.0/9 to any any",
            ],
            &[
                "outbound allow from any to tag Storage.WestEurope tcp/443",
                "outbound allow from any to tag Storage tcp/443",
            ],
        ] {
            assert_eq!(needless(rules), ["r0"], "{rules:?}");
        }
    }

    #[test]
    fn what_decides_otherwise_between_makes_a_difference() {
        for rules in [
            &[
                "inbound allow from 10.0.0.0/9 to any tcp/443",
                "inbound deny from 10.1.0.0/16 to any any",
                "inbound allow from 10.0.0.0/8 to any any",
            ][..],
            // What a group or a tag holds is not known.
            &[
                "inbound allow from 10.0.0.0/9 to any tcp/443",
                "inbound deny from security-group web to any any",
                "inbound allow from 10.0.0.0/8 to any any",
            ],
            &[
                "outbound allow from any to tag Storage tcp/443",
                "outbound allow from any to tag AzureCloud tcp/443",
            ],
            // Two that are the same: the second one is never asked, which TG4011 tells.
            &[
                "inbound allow from 10.0.0.0/9 to any tcp/443",
                "inbound allow from 10.0.0.0/9 to any tcp/443",
            ],
            // The default rules are not meant.
            &["inbound deny from 203.0.113.0/24 to any any"],
        ] {
            assert_eq!(needless(rules), [""; 0], "{rules:?}");
        }
    }

    #[test]
    fn all_that_are_reported_can_go() {
        let policy = policy(&[
            "inbound allow from 10.0.0.0/10 to any tcp/443",
            "inbound allow from 10.0.0.0/9 to any tcp/443",
            "inbound allow from 10.0.0.0/8 to any tcp/443",
        ]);
        assert_eq!(found(Id::TG8010, &policy).len(), 2);
        let fixed = fixed(Id::TG8010, &policy);
        assert_eq!(found(Id::TG8010, &fixed).len(), 1);
    }
}
