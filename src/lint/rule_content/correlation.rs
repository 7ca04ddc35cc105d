//! TG3011: denies that stop only a part of what they name.

use crate::diag::{Finding, Id};
use crate::estate::Action;
use crate::lint::common::cover::{Asked, RuleOrder};

use super::dead_rule::told_with_tg3007;

/// No more allowing rules before a deny are looked at than these, the nearest ones; this is a note.
const MOST_BEFORE: usize = 256;

rule! {
    /// A deny stops only a part of what it names, because a rule before it lets another part through.
    ///
    /// Neither of the two rules covers the other, so which flows pass depends on their order alone: a change of a
    /// priority changes what gets out. The other way round, a deny with a broader allow behind it, is the usual way to
    /// make exceptions and not reported.
    ///
    /// ```egress
    /// firewall-policy rules {
    ///   rule-collection-group own 200 {
    ///     network-rules out 200 allow {
    ///       rule lan from 10.10.1.0/24 to 192.168.0.0/16 tcp/443
    ///     }
    ///     network-rules blocked 300 deny {
    ///       rule plant from 10.10.0.0/16 to 192.168.40.0/24 any
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// Put the deny first when it is meant to hold; otherwise say in its description what is left out.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/firewall/rule-processing.md.
    TG3011, told_with_tg3007
}

/// Reports each deny that stands behind an allow with which it shares flows, where neither covers the other.
pub(super) fn half_denied(
    kind: &str,
    order: &RuleOrder<'_>,
    own: impl Fn(&Asked<'_>) -> bool,
) -> Vec<Finding> {
    let mut allowing: Vec<usize> = Vec::new();
    let mut findings = Vec::new();
    for (at, rule) in order.rules().iter().enumerate() {
        if rule.action != Action::Deny {
            allowing.push(at);
            continue;
        }
        // What denies everything denies the rest: it is not meant to hold against what is before it.
        if !own(rule) || denies_the_rest(order, rule) || order.first_cover_before(at).is_some() {
            continue;
        }
        let nearest = allowing.iter().rev().take(MOST_BEFORE);
        let mut nearest = nearest.filter_map(|before| order.rule(*before));
        let crossing = nearest.find(|before| {
            order.overlap(before, rule)
                && !order.is_covered(before, rule)
                && !order.is_covered(rule, before)
        });
        findings.extend(crossing.map(|before| crossed(kind, rule, before)));
    }
    findings
}

fn denies_the_rest(order: &RuleOrder<'_>, rule: &Asked<'_>) -> bool {
    order
        .destinations(rule)
        .is_some_and(|ends| ends.is_everything())
}

fn crossed(kind: &str, rule: &Asked<'_>, before: &Asked<'_>) -> Finding {
    let (name, first) = (&rule.info.name, &before.info.name);
    let message = format!(
        "{kind} `{name}` denies only a part of what it names: rule `{first}` before it allows some of that"
    );
    Finding::new(Id::TG3011, message)
        .at(rule.info.origin, "denies the rest")
        .related(before.info.origin, "allows some of it first")
        .help("put the deny first when it is meant to hold")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    #[test]
    fn only_crossing_rules_are_told() {
        let tg3011 = |allow: &str, deny: &str| {
            let policy = format!(
                "firewall-policy p {{ rule-collection-group g 200 {{
network-rules a 200 allow {{ rule first {allow} }}
network-rules b 300 deny {{ rule second {deny} }}
}} }}"
            );
            found(Id::TG3011, &policy)
        };
        let allow = "from 10.0.1.0/24 to 10.1.0.0/16 tcp/443";
        assert_eq!(
            tg3011(allow, "from 10.0.0.0/16 to 10.1.1.0/24 any"),
            [
                "3:33 network rule `second` denies only a part of what it names: rule `first` before it allows some of that"
            ]
        );
        // An exception, a rule that is never asked, strangers, the rest, what is not known.
        for deny in [
            "from 10.0.0.0/16 to 10.1.0.0/16 any",
            "from 10.0.1.9 to 10.1.1.0/24 tcp/443",
            "from 10.0.2.0/24 to 10.1.1.0/24 any",
            "from 10.0.0.0/16 to 10.1.1.0/24 udp/443",
            "from 10.0.1.0/25 to any any",
            "from 10.0.0.0/16 to tag Storage any",
        ] {
            assert_eq!(tg3011(allow, deny), [""; 0], "{deny}");
        }
    }
}
