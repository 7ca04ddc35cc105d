//! TG3010: rules that could be taken away without a difference.

use crate::diag::{Finding, Id, Safety};
use crate::estate::Action;
use crate::lint::common::cover::{Asked, RuleOrder};
use crate::lint::{change, edit};
use crate::reach::{FirewallRules, Role};

use super::dead_rule::{names, told_with_tg3007, verb};

/// With more rules than this between the two, nothing is claimed.
const MOST_BETWEEN: usize = 1000;

rule! {
    /// A rule could be taken away without a difference, because a rule behind it does the same for all it matches, or
    /// several do together.
    ///
    /// No rule between decides otherwise about any of its flows. Rules that do nothing make the others harder
    /// to read, and count against the limits of the firewall.
    ///
    /// ```egress
    /// firewall-policy rules {
    ///   rule-collection-group own 200 {
    ///     application-rules web 200 allow {
    ///       rule shop from 10.10.1.0/24 to api.contoso.com https
    ///       rule contoso from 10.10.0.0/16 to *.contoso.com https
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// Take it away; or keep it and narrow the other one, when that lets more out than is needed.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/firewall/rule-processing.md.
    TG3010, told_with_tg3007
}

/// Reports a rule that is asked and makes no difference.
pub(super) fn needless(
    kind: &str,
    order: &RuleOrder<'_>,
    at: usize,
    rule: &Asked<'_>,
) -> Option<(Finding, usize)> {
    // What a DNAT rule translates to is no part of the comparison.
    if rule.action == Action::Dnat {
        return None;
    }
    let next = order.next_cover_after(at)?;
    let other = order.rule(next)?;
    if order.is_covered(other, rule) || other.inspects != rule.inspects {
        return None;
    }
    let between = order.rules().get(at + 1..next)?;
    let opposed = |it: &Asked<'_>| {
        (it.action != rule.action || it.inspects != rule.inspects) && !order.are_apart(it, rule)
    };
    if between.len() > MOST_BETWEEN || between.iter().any(opposed) {
        return None;
    }
    let (name, behind, does) = (&rule.info.name, &other.info.name, verb(rule.action));
    let message = format!(
        "{kind} `{name}` makes no difference: rule `{behind}` behind it {does} all that it matches too"
    );
    let finding = Finding::new(Id::TG3010, message)
        .at(rule.info.origin, "makes no difference")
        .related(other.info.origin, format!("{does} all of it too"))
        .help(format!("take it away, or narrow `{behind}`"))
        .propose(
            "take the rule away",
            Safety::Unsafe,
            change::without(rule.info.origin),
        );
    let finding = match rule.info.written {
        Some(text) => {
            let edit = edit::remove(text.whole);
            finding.fix("take the rule away", Safety::Safe, vec![edit])
        }
        None => finding,
    };
    Some((finding, next))
}

/// Reports rules for which several others do the same together.
pub(super) fn together(
    kind: &str,
    order: &RuleOrder<'_>,
    rules: &FirewallRules<'_>,
    roles: &[Role],
) -> Vec<Finding> {
    let ways = order.rules().iter().zip(roles);
    let ways: Vec<_> = ways
        .map(|(rule, role)| ((rule.action, rule.inspects), *role))
        .collect();
    let told = order.rules().iter().zip(rules.needless(&ways));
    let told = told.filter_map(|(rule, by)| {
        let by = by?;
        let by: Vec<&Asked<'_>> = by.iter().filter_map(|at| order.rule(*at)).collect();
        let (name, behind) = (&rule.info.name, names(&by));
        let does = match rule.action {
            Action::Allow => "allow",
            Action::Deny | Action::Dnat => "deny",
        };
        let message = format!(
            "{kind} `{name}` makes no difference: rules {behind} behind it together {does} all that it matches too"
        );
        let finding = Finding::new(Id::TG3010, message).at(rule.info.origin, "makes no difference");
        let finding = by.iter().take(3).fold(finding, |finding, other| {
            finding.related(other.info.origin, format!("{} a part of it too", verb(other.action)))
        });
        let title = "take the rule away";
        let finding = finding
            .help("take it away, or narrow those behind it")
            .propose(title, Safety::Unsafe, change::without(rule.info.origin));
        Some(match rule.info.written {
            Some(text) => finding.fix(title, Safety::Safe, vec![edit::remove(text.whole)]),
            None => finding,
        })
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{fixed, found};

    fn policy(between: &str, last: &str) -> String {
        format!(
            "firewall-policy p {{ rule-collection-group g 200 {{
network-rules a 200 allow {{ rule one from 10.0.0.0/24 to 10.1.0.9 tcp/443 }}
network-rules b 300 deny {{ rule between {between} }}
network-rules c 400 allow {{ rule last {last} }}
}} }}"
        )
    }

    #[test]
    fn nothing_between_may_decide_otherwise() {
        let wide = "from 10.0.0.0/16 to 10.1.0.0/16 tcp/443";
        let tg3010 = |between: &str, last: &str| found(Id::TG3010, &policy(between, last));
        let expected = "2:34 network rule `one` makes no difference: rule `last` behind it allows all that it matches too";
        let apart = [
            "from any to any udp/443",
            "from 10.0.1.0/24 to any any",
            "from any to 10.1.1.0/24 any",
        ];
        for between in apart {
            assert_eq!(tg3010(between, wide), [expected], "{between}");
        }
        let in_the_way = [
            "from any to any tcp/443",
            "from 10.0.0.9 to any any",
            "from any to tag Storage any",
            "from any to kafka.contoso.com tcp/443",
        ];
        for between in in_the_way {
            assert_eq!(tg3010(between, wide), [""; 0], "{between}");
        }
        // The second of two equal rules is never asked, which is reported instead.
        let same = "from 10.0.0.0/24 to 10.1.0.9 tcp/443";
        assert_eq!(tg3010(apart[0], same), [""; 0]);
        assert_eq!(
            tg3010(apart[0], "from 10.0.0.0/16 to 10.1.0.0/16 tcp/80"),
            [""; 0]
        );
    }

    #[test]
    fn several_rules_do_the_same_together() {
        let several = |between: &str, last: &str| {
            let policy = format!(
                "firewall-policy p {{ rule-collection-group g 200 {{
network-rules a 200 allow {{ rule one from 10.0.0.0/24 to 10.1.0.0/24 tcp/443 }}
network-rules b 300 deny {{ rule between {between} }}
network-rules c 400 allow {{ rule low from any to 10.1.0.0/25 tcp/443 rule high {last} }}
}} }}"
            );
            found(Id::TG3010, &policy)
        };
        let apart = "from any to 10.1.1.0/24 any";
        let expected = "2:34 network rule `one` makes no difference: rules `low` and `high` behind it together allow all that it matches too";
        let high = "from 10.0.0.0/8 to 10.1.0.128/25 any";
        assert_eq!(several(apart, high), [expected]);
        for between in [
            "from 10.0.0.9 to any any",
            "from any to kafka.contoso.com tcp/443",
        ] {
            assert_eq!(several(between, high), [""; 0], "{between}");
        }
        assert_eq!(several(apart, "from any to 10.1.0.192/26 any"), [""; 0]);
    }

    #[test]
    fn the_fix_takes_it_away() {
        let policy = policy("from any to any udp/443", "from any to 10.1.0.0/16 tcp/443");
        assert_eq!(found(Id::TG3010, &fixed(Id::TG3010, &policy)), [""; 0]);
    }
}
