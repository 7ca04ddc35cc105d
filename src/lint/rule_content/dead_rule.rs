//! TG3007 and TG3008: rules that are never asked, because a rule before them takes all they match.
//!
//! The walk over the rules in order is made once; what else it can tell is told here too, in the words of its own
//! module: TG3009, TG3010 and TG3011.

use crate::azure::rule_sets::{RuleSet, rule_sets};
use rustc_hash::FxHashMap;

use crate::diag::{Finding, Id, Safety, Severity};
use crate::estate::Action;
use crate::lint::common::cover::{Asked, RuleOrder};
use crate::lint::common::written::{Written, is_all_known};
use crate::lint::{Context, change, edit};
use crate::reach::{FirewallRules, Role, decided_by_network_rules};
use crate::space::TooLarge;

use super::{correlation, network_first, redundant};

rule! {
    /// A rule of a firewall is never asked, because one rule before it, or several together, take everything that it
    /// matches.
    ///
    /// The first rule that matches decides. Rules of one kind are asked by the priority of their group, then of their
    /// collection, then from top to bottom. A rule behind one that covers its sources, its destinations and its
    /// services does nothing: an allow behind a deny lets nothing through, and a deny behind an allow stops nothing.
    ///
    /// Lists that together are everything count as everything, IP groups count as their members, and a service tag
    /// lies in another only where that is known. What is told at deployment neither covers nor is covered.
    ///
    /// ```egress
    /// firewall-policy rules {
    ///   rule-collection-group own 200 {
    ///     network-rules out 200 allow {
    ///       rule lan from 10.10.0.0/16 to 192.168.0.0/16 tcp/9092-9094
    ///     }
    ///     network-rules no-kafka 300 deny {
    ///       rule kafka from 10.10.1.0/24 to 192.168.40.0/24 tcp/9092
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// Give the rule a place before the one that covers it, narrow that one, or take the rule away.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/firewall/rule-processing.md and ip-groups.md.
    TG3007, check
}

rule! {
    /// A rule of a firewall policy is never asked, because one rule of the policy above takes everything it matches.
    ///
    /// Rules of a parent policy come before those of its children, whatever the priorities. So a child cannot let
    /// through what the parent denies, and cannot deny what the parent lets through.
    ///
    /// ```egress
    /// firewall-policy company {
    ///   rule-collection-group first 200 {
    ///     application-rules blocked 200 deny {
    ///       rule blobs from any to *.blob.core.windows.net https
    ///     }
    ///   }
    /// }
    /// firewall-policy team {
    ///   parent company
    ///   rule-collection-group own 100 {
    ///     application-rules web 100 allow {
    ///       rule data from 10.10.1.0/24 to contoso.blob.core.windows.net https
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// Ask the owner of the parent policy for an exception before its rule, or take the rule away.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/firewall-manager/policy-overview.md and
    /// articles/firewall/rule-processing.md.
    TG3008, told_with_tg3007
}

/// One walk tells of all rules that depend on the order.
pub(super) fn told_with_tg3007(_: &Context<'_>, _: &mut Vec<Finding>) {}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let written = Written::of(context);
    for set in rule_sets(context.estate) {
        if set.collections().next().is_some() {
            check_set(context, &set, &written, findings);
        }
    }
}

fn check_set(
    context: &Context<'_>,
    set: &RuleSet<'_>,
    written: &Written,
    findings: &mut Vec<Finding>,
) {
    let (estate, facts) = (context.estate, context.facts);
    let network = RuleOrder::network(estate, facts, set);
    let application = RuleOrder::application(estate, facts, set);
    let nat = RuleOrder::nat(estate, facts, set);
    let known = is_all_known(estate, set);
    let own = |rule: &Asked<'_>| rule.owner == set.owner && written.has(rule.info);
    for (kind, order) in [
        ("network rule", &network),
        ("application rule", &application),
        ("DNAT rule", &nat),
    ] {
        let rules = match kind {
            "network rule" => Some(FirewallRules::network(estate, facts, set)),
            "application rule" => Some(FirewallRules::application(estate, set)),
            _ => None,
        };
        let together = rules.as_ref().map(|rules| together(rules, order));
        let together = together.unwrap_or_default();
        let by_network = match kind {
            "application rule" => decided_by_network_rules(estate, facts, set),
            _ => Vec::new(),
        };
        // Those that are told of decide nothing, or are told of already.
        let mut roles = vec![Role::Kept; order.rules().len()];
        let mut doers: Vec<usize> = Vec::new();
        let mut plays = |at: usize, role: Role| {
            if let Some(slot) = roles.get_mut(at) {
                *slot = role;
            }
        };
        for (at, rule) in order
            .rules()
            .iter()
            .enumerate()
            .filter(|(_, rule)| own(rule))
        {
            let first = order.first_cover_before(at).and_then(|at| order.rule(at));
            if let Some(first) = first {
                findings.push(never_asked(kind, rule, first));
                plays(at, Role::Gone);
                continue;
            }
            if let Some(by) = together.get(&at) {
                findings.push(match by {
                    Ok(by) => {
                        plays(at, Role::Gone);
                        decided_together(kind, rule, by)
                    }
                    Err(TooLarge) => undecided(kind, rule),
                });
                continue;
            }
            if kind == "application rule"
                && let Some(finding) = network_first::decided(&network, order, rule)
            {
                findings.push(finding);
                continue;
            }
            if let Some(Some(by)) = by_network.get(at) {
                let by: Vec<&Asked<'_>> = by.iter().filter_map(|at| network.rule(*at)).collect();
                findings.push(network_first::decided_together(rule, &by));
                continue;
            }
            if !known {
                continue;
            }
            match redundant::needless(kind, order, at, rule) {
                Some((finding, doer)) => {
                    findings.push(finding);
                    plays(at, Role::Gone);
                    doers.push(doer);
                }
                None => plays(at, Role::Asked),
            }
        }
        for doer in doers {
            plays(doer, Role::Kept);
        }
        if let Some(rules) = rules.filter(|_| known) {
            findings.extend(redundant::together(kind, order, &rules, &roles));
        }
        findings.extend(correlation::half_denied(kind, order, own));
    }
}

/// The rules that several earlier ones together take everything from, by their places, with those others.
fn together<'o>(
    rules: &FirewallRules<'_>,
    order: &'o RuleOrder<'_>,
) -> FxHashMap<usize, Result<Vec<&'o Asked<'o>>, TooLarge>> {
    let told = rules.never_asked().into_iter().enumerate();
    let told = told.filter_map(|(at, by)| {
        let by = by.transpose()?;
        let asked = |by: Vec<usize>| by.iter().filter_map(|at| order.rule(*at)).collect();
        Some((at, by.map(asked)))
    });
    told.collect()
}

fn decided_together(kind: &str, rule: &Asked<'_>, by: &[&Asked<'_>]) -> Finding {
    let names = names(by);
    let message = format!(
        "{kind} `{}` is never asked: rules {names} before it together decide all that it matches",
        rule.info.name
    );
    let finding = Finding::new(Id::TG3007, message).at(rule.info.origin, "never asked");
    let finding = by.iter().take(3).fold(finding, |finding, other| {
        let label = format!("{} a part of it first", verb(other.action));
        finding.related(other.info.origin, label)
    });
    if by.iter().all(|other| other.action == rule.action) {
        finding.help("take it away")
    } else {
        finding.help("give it a place before them, or take it away")
    }
}

/// The names of several rules.
pub(super) fn names(rules: &[&Asked<'_>]) -> String {
    let names: Vec<String> = rules
        .iter()
        .map(|other| format!("`{}`", other.info.name))
        .collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

fn undecided(kind: &str, rule: &Asked<'_>) -> Finding {
    let message = format!(
        "whether {kind} `{}` is ever asked is too large to decide",
        rule.info.name
    );
    Finding::new(Id::TG3007, message)
        .severity(Severity::Note)
        .at(rule.info.origin, "behind too many rules that overlap")
}

/// What a rule does, as a verb.
pub(super) fn verb(action: Action) -> &'static str {
    match action {
        Action::Allow => "allows",
        Action::Deny => "denies",
        Action::Dnat => "translates",
    }
}

fn never_asked(kind: &str, rule: &Asked<'_>, first: &Asked<'_>) -> Finding {
    let (name, before) = (&rule.info.name, &first.info.name);
    let (id, whose) = if first.owner == rule.owner {
        (Id::TG3007, "")
    } else {
        (Id::TG3008, " of the parent policy")
    };
    let does = verb(first.action);
    let message = format!(
        "{kind} `{name}` is never asked: rule `{before}`{whose} before it {does} all that it matches"
    );
    let finding = Finding::new(id, message)
        .at(rule.info.origin, "never asked")
        .related(first.info.origin, format!("{does} all of it first"));
    let (finding, safety) = match (rule.action == first.action, id) {
        (true, _) => (finding.help("take it away"), Safety::Safe),
        (false, Id::TG3008) => (
            finding.help("let the parent policy make the exception, or take the rule away"),
            Safety::Unsafe,
        ),
        (false, _) => {
            let help = format!("give it a place before `{before}`, or take it away");
            (finding.help(help), Safety::Unsafe)
        }
    };
    let title = "take the rule away";
    let finding = finding.propose(title, Safety::Unsafe, change::without(rule.info.origin));
    match rule.info.written {
        Some(text) => finding.fix(title, safety, vec![edit::remove(text.whole)]),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{fixed, found};

    fn network(first: &str, second: &str) -> Vec<String> {
        let policy = format!(
            "ip-group lan = 10.0.0.0/8, 192.168.0.0/16
firewall-policy p {{ rule-collection-group g 200 {{
network-rules a 200 deny {{ rule first {first} }}
network-rules b 300 allow {{ rule second {second} }}
}} }}"
        );
        found(Id::TG3007, &policy)
    }

    const DEAD: &str = "4:34 network rule `second` is never asked: rule `first` before it denies all that it matches";

    #[test]
    fn everywhere_has_many_spellings() {
        let narrow = "from 10.1.0.0/16 to 1.2.3.4 tcp/443";
        for all in [
            "any",
            "*",
            "0.0.0.0/0",
            "0.0.0.0/1, 128.0.0.0/1",
            "0.0.0.0-255.255.255.255",
            "0.0.0.0/2, 64.0.0.0/2, 128.0.0.0-191.255.255.255, 192.0.0.0/2",
        ] {
            let wide = format!("from {all} to {all} any");
            assert_eq!(network(&wide, narrow), [DEAD], "{all}");
            let same = format!("from any to {all} tcp/443");
            assert_eq!(network("from any to any any", &same), [DEAD], "{all}");
        }
    }

    #[test]
    fn covering_is_exact() {
        let dead = [
            (
                "from ip-group lan to 10.0.0.0/8 tcp/1-1024",
                "from 10.1.0.0/16 to 10.2.0.4-10.2.0.9 tcp/80, tcp/443",
            ),
            (
                "from 10.0.0.0/9, 10.128.0.0/9 to any tcp/443",
                "from 10.0.0.0/8 to any tcp/443",
            ),
            (
                "from any to tag Storage tcp/443",
                "from any to tag storage.WestEurope tcp/443",
            ),
            (
                "from any to tag AzureCloud.westeurope tcp/443",
                "from any to tag Sql.WestEurope tcp/443",
            ),
            (
                "from any to kafka.contoso.com tcp/443",
                "from any to KAFKA.contoso.com tcp/443",
            ),
            ("from any to any any", "from any to tag Sql icmp"),
            (
                "from any to 10.0.0.0/8 any/443",
                "from any to 10.0.0.0/9 udp/443",
            ),
            (
                "from any to 10.0.0.0/8 udp/53, tcp/53",
                "from any to 10.0.0.9 any/53",
            ),
        ];
        for (first, second) in dead {
            assert_eq!(network(first, second), [DEAD], "{first} / {second}");
        }
        let alive = [
            (
                "from 10.0.0.0/9 to any tcp/443",
                "from 10.0.0.0/8 to any tcp/443",
            ),
            (
                "from any to 10.0.0.0/8 tcp/443",
                "from any to 10.0.0.9 tcp/443, tcp/444",
            ),
            (
                "from any to 10.0.0.0/8 tcp/443",
                "from any to 10.0.0.9 udp/443",
            ),
            ("from any to 10.0.0.0/8 any/443", "from any to 10.0.0.9 any"),
            (
                "from any to 10.0.0.0/8 any/443",
                "from any to 10.0.0.9 icmp",
            ),
            (
                "from any to tag Storage.WestEurope tcp/443",
                "from any to tag Storage tcp/443",
            ),
            (
                "from any to tag Storage.WestEurope tcp/443",
                "from any to tag Storage.NorthEurope tcp/443",
            ),
            (
                "from any to tag Storage tcp/443",
                "from any to 20.60.0.1 tcp/443",
            ),
            (
                "from any to 0.0.0.0/1 tcp/443",
                "from any to tag Storage tcp/443",
            ),
            (
                "from any to 0.0.0.0/1 tcp/443",
                "from any to kafka.contoso.com tcp/443",
            ),
            (
                "from any to kafka.contoso.com tcp/443",
                "from any to 1.2.3.4 tcp/443",
            ),
            (
                "from any to fd00::/8 tcp/443",
                "from any to fd00::1 tcp/443",
            ),
        ];
        for (first, second) in alive {
            assert_eq!(network(first, second), [""; 0], "{first} / {second}");
        }
    }

    fn behind(kind: &str, before: &[&str], last: &str) -> Vec<String> {
        let numbered = before.iter().enumerate();
        let before: String = numbered
            .map(|(n, rule)| format!("rule b{n} {rule}\n"))
            .collect();
        let policy = format!(
            "ip-group lan = 10.0.0.0/8, 192.168.0.0/16
firewall-policy p {{ rule-collection-group g 200 {{
{kind} a 200 allow {{
{before}}}
{kind} b 300 deny {{ rule last {last} }}
}} }}"
        );
        found(Id::TG3007, &policy)
    }

    #[test]
    fn several_rules_cover_one_together() {
        for (kind, before, last) in [
            (
                "network-rules",
                &["from 10.0.0.0/9 to any any", "from 10.128.0.0/9 to any any"][..],
                "from 10.0.0.0/8 to 20.0.0.0/8 tcp/443",
            ),
            (
                "network-rules",
                &[
                    "from 10.0.0.0/8 to any tcp/1-500",
                    "from 192.168.0.0/16 to any tcp/1-500",
                    "from any to any tcp/400-1000",
                ],
                "from ip-group lan to tag Sql, kafka.contoso.com tcp/300, tcp/600",
            ),
            (
                "network-rules",
                &[
                    "from any to tag AzureCloud.westeurope tcp/443",
                    "from any to 10.0.0.0/8 tcp/443",
                ],
                "from any to tag Sql.WestEurope, 10.1.0.0/16 tcp/443",
            ),
            (
                "application-rules",
                &[
                    "from any to *.contoso.com https",
                    "from any to contoso.com, *fabrikam.com http, https",
                ],
                "from any to *.a.contoso.com, contoso.com, fabrikam.com https",
            ),
        ] {
            let found = behind(kind, before, last);
            assert_eq!(found.len(), 1, "{before:?} / {last}");
            assert!(
                found[0].contains("before it together decide all"),
                "{found:?}"
            );
        }
        for (kind, before, last) in [
            (
                "network-rules",
                &[
                    "from 10.0.0.0/9 to any any",
                    "from 10.128.0.0/10 to any any",
                ][..],
                "from 10.0.0.0/8 to 20.0.0.0/8 tcp/443",
            ),
            (
                "network-rules",
                &[
                    "from any to tag Sql tcp/443",
                    "from any to 10.0.0.0/8 tcp/443",
                ],
                "from any to tag AzureCloud, 10.1.0.0/16 tcp/443",
            ),
            (
                "network-rules",
                &["from any to any tcp/1-100", "from any to any tcp/102-65535"],
                "from any to any tcp/*",
            ),
            (
                "application-rules",
                &[
                    "from any to *.contoso.com https",
                    "from any to contoso.com http",
                ],
                "from any to *contoso.com https",
            ),
            (
                "application-rules",
                &["from 10.0.0.0/9 to * https", "from any to *.b.com https"],
                "from any to *.com https",
            ),
        ] {
            assert_eq!(behind(kind, before, last), [""; 0], "{before:?} / {last}");
        }
    }

    fn application(first: &str, second: &str) -> Vec<String> {
        let policy = format!(
            "param host
firewall-policy p {{ rule-collection-group g 200 {{
application-rules a 200 deny {{ rule first from any to {first} }}
application-rules b 300 allow {{ rule second from any to {second} }}
}} }}"
        );
        found(Id::TG3007, &policy)
    }

    #[test]
    fn names_cover_names() {
        let dead = [
            ("* https", "mcr.microsoft.com https"),
            ("* https", "fqdn-tag WindowsUpdate https"),
            ("* https", "web-category Gambling https"),
            ("*.contoso.com https", "*.a.contoso.com https"),
            (
                "*contoso.com http, https",
                "contoso.com, *.contoso.com https",
            ),
            (
                "fqdn-tag WindowsUpdate, a.com https",
                "fqdn-tag windowsupdate https",
            ),
        ];
        for (first, second) in dead {
            assert_eq!(application(first, second).len(), 1, "{first} / {second}");
        }
        let alive = [
            ("*.contoso.com https", "contoso.com https"),
            ("*.contoso.com https", "*contoso.com https"),
            ("* https", "contoso.com https, http"),
            ("* https/8443", "contoso.com https"),
            ("fqdn-tag WindowsUpdate https", "update.microsoft.com https"),
            ("$host https", "$host https"),
            ("* https", "$host https"),
        ];
        for (first, second) in alive {
            assert_eq!(application(first, second), [""; 0], "{first} / {second}");
        }
    }

    #[test]
    fn the_order_is_that_of_priorities() {
        let policy = "firewall-policy p {
  rule-collection-group late 300 { network-rules a 100 allow { rule wide from any to 10.0.0.0/8 tcp/1 } }
  rule-collection-group early 200 {
    network-rules c 300 allow { rule third from any to 10.0.0.9 tcp/1 }
    network-rules b 200 deny { rule narrow from any to 10.0.0.9 tcp/1 }
  }
}";
        assert_eq!(
            found(Id::TG3007, policy),
            [
                "4:38 network rule `third` is never asked: rule `narrow` before it denies all that it matches"
            ]
        );
        assert_eq!(found(Id::TG3007, &fixed(Id::TG3007, policy)), [""; 0]);
    }

    #[test]
    fn parents_come_first_and_are_named() {
        let policy = "firewall-policy base { rule-collection-group z 60000 { network-rules a 60000 deny { rule no from any to 10.0.0.0/8 any } } }
firewall-policy team { parent base  rule-collection-group g 100 { network-rules a 100 allow { rule yes from any to 10.0.0.9 tcp/1 } } }
firewall-policy other { rule-collection-group g 100 { network-rules a 100 allow { rule yes from any to 10.0.0.9 tcp/1 } } }";
        assert_eq!(
            found(Id::TG3008, policy),
            [
                "2:100 network rule `yes` is never asked: rule `no` of the parent policy before it denies all that it matches"
            ]
        );
        assert_eq!(found(Id::TG3007, policy), [""; 0]);
    }

    #[test]
    fn unknown_groups_do_not_count() {
        let (_, mut lowered) = crate::lint::testing::read(
            "ip-group lan = 10.0.0.0/8
firewall-policy p { rule-collection-group g 200 { network-rules a 200 deny {
  rule first from ip-group lan to any any
  rule second from ip-group lan to any any
} } }",
        );
        let dead = |lowered: &crate::syntax::Lowered| {
            let facts = crate::azure::facts::Facts::builtin();
            let set = rule_sets(&lowered.estate)[0];
            RuleOrder::network(&lowered.estate, facts, &set).first_cover_before(1)
        };
        assert_eq!(dead(&lowered), Some(0));
        let group = lowered.estate.ip_groups.ids().next().unwrap();
        lowered.estate.ip_groups[group].prefixes.clear();
        assert_eq!(dead(&lowered), None);
    }
}
