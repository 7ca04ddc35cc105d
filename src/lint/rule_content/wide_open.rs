//! TG3012: network rules that let out to a large part of the Internet on every port.

use crate::diag::{Finding, Id};
use crate::estate::{Action, NetworkRule};
use crate::lint::Context;
use crate::lint::common::cover::{LastOrder, RuleOrder};
use crate::lint::common::range_set::RangeSet;
use crate::lint::common::written::{Allowing, allowing_network_rules};

/// As many addresses as a prefix of 8 bits has.
const MANY: u64 = 1 << 24;

rule! {
    /// A network rule lets out to the whole Internet, or to a /8 of it and more, on every port.
    ///
    /// Such a rule is no control: whatever runs behind the firewall can send anything anywhere. It also decides before
    /// every application rule, so names are no longer looked at.
    ///
    /// Every way to write everywhere counts: `any`, `*`, `0.0.0.0/0`, its halves, ranges, IP groups, the tag
    /// `Internet`, lists that together are as much. Private ranges do not count, and neither does what rules before
    /// deny.
    ///
    /// ```egress
    /// firewall-policy rules {
    ///   rule-collection-group own 200 {
    ///     network-rules out 200 allow {
    ///       rule all from 10.10.0.0/16 to 0.0.0.0/1, 128.0.0.0/1 any
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// Write requirements for what is needed, or rules by name; start from the log of the firewall.
    ///
    /// Trivy says the same of security groups (AVD-AZU-0051), and only of `*` and `0.0.0.0/0`.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/firewall/rule-processing.md.
    TG3012, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let open = |it: &Allowing<'_, NetworkRule>| {
        it.services.is_any_port() && it.destinations.public_addresses(context.facts).count() >= MANY
    };
    let rules = allowing_network_rules(context, open);
    let mut last = LastOrder::default();
    for it in rules {
        let asked = last.of(context.estate, context.facts, &it.set);
        let left = not_denied(context, asked, &it);
        if left.count() >= MANY {
            findings.push(wide_open(it.rule, &left));
        }
    }
}

/// The public addresses of a rule that no rule before it denies whole.
fn not_denied(
    context: &Context<'_>,
    order: &RuleOrder<'_>,
    it: &Allowing<'_, NetworkRule>,
) -> RangeSet {
    let mut left = it.destinations.public_addresses(context.facts);
    let Some((at, rule)) = order
        .place(&it.rule.info)
        .and_then(|at| Some((at, order.rule(at)?)))
    else {
        return left;
    };
    // What another allowing rule covers is reported there.
    if order.first_cover_before(at).is_some() {
        return RangeSet::default();
    }
    let before = order.rules().get(..at).unwrap_or_default();
    for deny in before.iter().filter(|it| it.action == Action::Deny) {
        let sources = order.sources(deny).zip(order.sources(rule));
        let services = order.services(deny).zip(order.services(rule));
        let covers = sources.is_some_and(|(outer, inner)| outer.covers(inner, context.facts))
            && services.is_some_and(|(outer, inner)| outer.covers(inner));
        if let Some(ends) = order.destinations(deny).filter(|_| covers) {
            left = left.without(&ends.addresses);
        }
    }
    left
}

fn wide_open(rule: &NetworkRule, left: &RangeSet) -> Finding {
    let internet = 1 << 31;
    let whither = if left.count() >= internet {
        "the whole Internet".to_owned()
    } else {
        format!("{} public addresses", left.count())
    };
    let name = &rule.info.name;
    Finding::new(
        Id::TG3012,
        format!("network rule `{name}` lets out to {whither} on every port"),
    )
    .at(rule.info.origin, "no control")
    .help("name what is needed: prefixes and ports here, names in application rules")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    fn tg3012(first: &str, rule: &str) -> Vec<String> {
        let policy = format!(
            "ip-group world = 0.0.0.0/2, 64.0.0.0/2, 128.0.0.0/1
firewall-policy p {{ rule-collection-group g 200 {{
network-rules a 200 deny {{ rule first {first} }}
network-rules b 300 allow {{ rule wide {rule} }}
}} }}"
        );
        found(Id::TG3012, &policy)
    }

    const NOTHING: &str = "from 10.9.9.9 to 10.9.9.9 tcp/1";
    const WHOLE: &str = "4:34 network rule `wide` lets out to the whole Internet on every port";

    #[test]
    fn everywhere_has_many_spellings() {
        for all in [
            "any",
            "*",
            "0.0.0.0/0",
            "0.0.0.0/1, 128.0.0.0/1",
            "tag Internet",
            "ip-group world",
            "1.0.0.0-223.255.255.255",
            "10.0.0.0/8, any",
        ] {
            for service in [
                "any",
                "tcp/*",
                "tcp/1-65535",
                "udp/1-30000, udp/30001-65535",
            ] {
                let rule = format!("from 10.0.0.0/24 to {all} {service}");
                assert_eq!(tg3012(NOTHING, &rule), [WHOLE], "{rule}");
            }
        }
    }

    #[test]
    fn narrow_rules_are_fine() {
        for rule in [
            "from any to 10.0.0.0/8 any",
            "from any to 10.0.0.0/8, 192.168.0.0/16, 172.16.0.0/12, 100.64.0.0/10 any",
            "from any to 20.0.0.0/9 any",
            "from any to any tcp/443",
            "from any to tag Storage any",
            "from any to any icmp",
        ] {
            assert_eq!(tg3012(NOTHING, rule), [""; 0], "{rule}");
        }
        assert_eq!(
            tg3012(NOTHING, "from any to 20.0.0.0/9, 20.128.0.0/9 any"),
            ["4:34 network rule `wide` lets out to 16777216 public addresses on every port"]
        );
    }

    #[test]
    fn denies_before_count() {
        let wide = "from 10.0.0.0/24 to any any";
        assert_eq!(tg3012("from any to any any", wide), [""; 0]);
        assert_eq!(
            tg3012(
                "from 10.0.0.0/8 to 0.0.0.0/1, 128.0.0.0/2, 192.0.0.0/3 any",
                wide
            ),
            [""; 0]
        );
        assert_eq!(tg3012("from 10.0.0.0/25 to any any", wide), [WHOLE]);
        assert_eq!(tg3012("from any to any tcp/*", wide), [WHOLE]);
    }
}
