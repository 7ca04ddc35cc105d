//! TG8011: denies of a security group that stop only a part of what they name.

use crate::diag::{Finding, Id};
use crate::estate::{Direction, Endpoint, SecurityRule};
use crate::lint::common::public::is_tag;
use crate::lint::nsg::shadowed::told_with_tg4011;
use crate::net::Destination;
use crate::reach::{Crossing, SecurityRules};

/// So many are told of each direction of a group.
const MOST_TOLD: usize = 3;

rule! {
    /// A deny of a security group stops only a part of what it names, because a rule before it lets another part
    /// through.
    ///
    /// Neither of the two covers the other, so which packets pass depends on their order alone: a change of a priority
    /// changes what gets through. The other way round, a deny with a broader allow behind it, is the usual way to make
    /// exceptions and not reported, and neither is a deny of everything, of the Internet or of the network, which stops
    /// the rest. TG3011 says the same of firewalls.
    ///
    /// Of each direction of a group the three with the most in common are told. What a service tag holds is not known,
    /// so tags have something in common with the same tag and with `any` only.
    ///
    /// ```egress
    /// nsg data-nsg {
    ///   rule web   100 inbound allow from 10.0.1.0/24 to any tcp/443
    ///   rule plant 200 inbound deny from 10.0.0.0/16 to 10.0.2.128/25 any
    /// }
    /// ```
    ///
    /// Put the deny first when it is meant to hold; otherwise narrow it to what it stops.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/virtual-network/network-security-groups-overview.md.
    TG8011, told_with_tg4011
}

/// The denies of one direction of a group that cross an earlier allow.
pub(in crate::lint) fn told(
    rules: &SecurityRules<'_>,
    is_written: impl Fn(&SecurityRule) -> bool,
) -> Vec<Finding> {
    let meant = |rule: &SecurityRule| is_written(rule) && !denies_the_rest(rule);
    let crossings = rules.crossings(meant).into_iter().take(MOST_TOLD);
    crossings.map(|it| finding(&it)).collect()
}

/// Whether what is far away from the group's machines is everything, or all of the Internet or the network.
fn denies_the_rest(rule: &SecurityRule) -> bool {
    let far = match rule.direction {
        Direction::Inbound => &rule.sources,
        Direction::Outbound => &rule.destinations,
    };
    let is_wide = |end: &Endpoint| match end {
        Endpoint::Plain(Destination::Anywhere) => true,
        Endpoint::Plain(Destination::Prefix(prefix)) => prefix.prefix_len() == 0,
        _ => is_tag(end, "Internet") || is_tag(end, "VirtualNetwork"),
    };
    far.iter().any(is_wide)
}

fn finding(crossing: &Crossing<'_>) -> Finding {
    let (deny, allow) = (crossing.deny, crossing.allow);
    let message = format!(
        "rule `{}` denies only a part of what it names: rule `{}` before it allows some of that",
        deny.name, allow.name
    );
    Finding::new(Id::TG8011, message)
        .at(deny.origin, "denies the rest")
        .related(
            allow.origin,
            format!("allows some of it first, priority {}", allow.priority.value),
        )
        .help(format!("both match: {}", crossing.words))
        .help("put the deny first when it is meant to hold, or narrow it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::findings;

    fn told(rules: &[&str]) -> Vec<String> {
        let numbered = rules.iter().enumerate();
        let rules: String = numbered
            .map(|(n, rule)| format!("  rule r{n} {} {rule}\n", 100 + n))
            .collect();
        let policy = format!(
            "vnet v 10.0.0.0/16 {{ subnet s 10.0.1.0/24 {{ nsg n }} }}\nnsg n {{\n{rules}}}"
        );
        let found = findings(Id::TG8011, &policy);
        found.into_iter().map(|it| it.help[0].clone()).collect()
    }

    #[test]
    fn only_crossing_rules_are_told() {
        let allow = "inbound allow from 10.0.1.0/24 to any tcp/443";
        assert_eq!(
            told(&[allow, "inbound deny from 10.0.0.0/16 to 10.0.2.0/25 any"]),
            ["both match: 10.0.1.0/24 -> 10.0.2.0/25 tcp/443"]
        );
        for deny in [
            // An exception, a rule that is never asked, strangers, the rest, what is not known.
            "inbound deny from 10.0.0.0/16 to any any",
            "inbound deny from 10.0.1.9 to 10.0.2.0/25 tcp/443",
            "inbound deny from 10.0.2.0/24 to 10.0.2.0/25 any",
            "inbound deny from 10.0.0.0/16 to 10.0.2.0/25 udp/443",
            "inbound deny from any to 10.0.2.0/25 any",
            "inbound deny from tag Storage to 10.0.2.0/25 any",
            "outbound deny from 10.0.0.0/16 to 10.0.2.0/25 any",
        ] {
            assert_eq!(told(&[allow, deny]), [""; 0], "{deny}");
        }
        // What both match is decided before.
        let before = "inbound deny from 10.0.0.0/15 to 10.0.2.0/24 tcp/443";
        let deny = "inbound deny from 10.0.0.0/16 to 10.0.2.0/25 any";
        assert_eq!(told(&[before, allow, deny]), [""; 0]);
    }

    #[test]
    fn the_most_in_common_comes_first_and_few_are_told() {
        let denies = [
            "inbound deny from 10.0.0.0/16 to 10.0.2.9 any",
            "inbound deny from 10.0.0.0/16 to 10.0.3.0/24 any",
            "inbound deny from 10.0.0.0/16 to 10.0.4.0/25 any",
            "inbound deny from 10.0.0.0/16 to 10.0.5.0/26 any",
        ];
        let mut rules = vec!["inbound allow from 10.0.1.0/24 to any tcp/443"];
        rules.extend(denies);
        assert_eq!(told(&rules).len(), MOST_TOLD);
        assert!(!told(&rules).iter().any(|words| words.contains("10.0.2.9")));
    }
}
