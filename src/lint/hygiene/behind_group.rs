//! TG8012: firewall rules for senders whose security groups deny everything that the rule lets through.

use crate::azure::rule_sets::rule_sets;
use crate::diag::{Finding, Id};
use crate::estate::{Estate, Id as ElementId, Nsg};
use crate::lint::Context;
use crate::lint::common::written::Written;
use crate::reach::{Senders, StoppedBefore};

rule! {
    /// A firewall rule lets something through that never gets to the firewall, because the security groups of all its
    /// senders deny it before.
    ///
    /// Packets meet the security group of their own subnet first. A rule for senders that a group stops reads as if it
    /// opened something, and opens nothing. Whoever needed it will look for the fault at the firewall.
    ///
    /// Reported are rules whose senders are addresses of subnets, all of which have a group that certainly denies all
    /// that the rule matches. Rules for senders elsewhere, for `any` or for a service tag say nothing of where packets
    /// come from. A rule by name is stopped where all addresses are denied on its ports. Of a rule for which the
    /// comparison would take too long nothing is said.
    ///
    /// ```egress
    /// vnet shop 10.0.0.0/16 {
    ///   subnet web 10.0.1.0/24 { nsg web-nsg }
    /// }
    /// nsg web-nsg {
    ///   rule no-sql 200 outbound deny from any to any tcp/1433
    /// }
    /// firewall-policy rules {
    ///   rule-collection-group own 200 {
    ///     network-rules data 200 allow {
    ///       rule sql from 10.0.1.0/24 to 203.0.113.0/24 tcp/1433
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// Let the group allow it, before the rule that denies it; or take the firewall rule away.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/virtual-network/network-security-group-how-it-works.md and
    /// articles/firewall/firewall-faq.yml.
    TG8012, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    if estate.nsgs.iter().next().is_none() {
        return;
    }
    let written = Written::of(context);
    let mut senders = Senders::of(estate);
    for set in rule_sets(estate) {
        let stopped = senders.stop(&set).into_iter();
        let stopped = stopped.filter(|it| written.has(it.rule));
        findings.extend(stopped.map(|it| finding(estate, &it)));
    }
}

fn finding(estate: &Estate, stopped: &StoppedBefore<'_>) -> Finding {
    let name = |id: &ElementId<Nsg>| format!("`{}`", estate.nsgs[*id].meta.name);
    let (groups, verb) = match stopped.groups.as_slice() {
        [one] => (format!("NSG {}", name(one)), "denies"),
        many => {
            let names: Vec<String> = many.iter().map(name).collect();
            (format!("NSGs {}", names.join(", ")), "deny")
        }
    };
    let message = format!(
        "{} `{}` lets nothing through: {groups} {verb} all of it before",
        stopped.kind, stopped.rule.name
    );
    let finding = Finding::new(Id::TG8012, message).at(stopped.rule.origin, "never asked");
    let finding = stopped.groups.iter().take(3).fold(finding, |finding, id| {
        finding.related(estate.nsgs[*id].meta.origin, "denies it on the way out")
    });
    finding.help("let the group allow it, or take the rule away")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    fn told(group: &str, rule: &str) -> Vec<String> {
        let (kind, rule) = rule.split_once(": ").unwrap();
        let policy = format!(
            "vnet v 10.0.0.0/16 {{
  subnet AzureFirewallSubnet 10.0.0.0/26
  subnet web 10.0.1.0/24 {{ nsg n  route-table t }}
  subnet open 10.0.2.0/24 {{ route-table t }}
}}
route-table t {{ route d 0.0.0.0/0 -> firewall fw }}
nsg n {{ {group} }}
firewall fw in v {{ private-ip 10.0.0.4  policy p }}
firewall-policy p {{ rule-collection-group g 200 {{ {kind} c 200 allow {{ rule r {rule} }} }} }}"
        );
        let found = found(Id::TG8012, &policy);
        let messages = found.iter().map(|it| it.split_once(' ').unwrap().1);
        messages.map(str::to_owned).collect()
    }

    #[test]
    fn rules_whose_senders_are_all_stopped_are_told() {
        for (group, rule) in [
            (
                "rule no 200 outbound deny from any to any tcp/1433",
                "network-rules: from 10.0.1.0/24 to 203.0.113.0/24 tcp/1433",
            ),
            (
                "rule no 200 outbound deny from 10.0.1.0/25 to 203.0.0.0/16 any
  rule nor 210 outbound deny from 10.0.1.128/25 to 203.0.112.0/22 any",
                "network-rules: from 10.0.1.0/24 to 203.0.113.0/24 tcp/1433",
            ),
            (
                "rule no 200 outbound deny from any to tag Sql tcp/1433",
                "network-rules: from 10.0.1.4 to tag Sql.WestEurope tcp/1433",
            ),
        ] {
            assert_eq!(
                told(group, rule),
                ["network rule `r` lets nothing through: NSG `n` denies all of it before"],
                "{group} / {rule}"
            );
        }
        assert_eq!(
            told(
                "rule no 200 outbound deny from any to any tcp/443",
                "application-rules: from 10.0.1.0/24 to *.contoso.com https"
            ),
            ["application rule `r` lets nothing through: NSG `n` denies all of it before"]
        );
    }

    #[test]
    fn what_may_get_there_is_not_told() {
        let no_sql = "rule no 200 outbound deny from any to any tcp/1433";
        for (group, rule) in [
            // Some flows, other senders, senders elsewhere.
            (
                no_sql,
                "network-rules: from 10.0.1.0/24 to 203.0.113.0/24 tcp/1433-1434",
            ),
            (
                no_sql,
                "network-rules: from 10.0.1.0/24, 10.0.2.0/24 to 203.0.113.0/24 tcp/1433",
            ),
            (
                no_sql,
                "network-rules: from 10.0.0.0/8 to 203.0.113.0/24 tcp/1433",
            ),
            (no_sql, "network-rules: from any to 203.0.113.0/24 tcp/1433"),
            // Allowed before it is denied.
            (
                "rule yes 100 outbound allow from any to 203.0.113.9 any
  rule no 200 outbound deny from any to any tcp/1433",
                "network-rules: from 10.0.1.0/24 to 203.0.113.0/24 tcp/1433",
            ),
            // The name may be any address.
            (
                "rule no 200 outbound deny from any to 203.0.113.0/24 tcp/443",
                "application-rules: from 10.0.1.0/24 to *.contoso.com https",
            ),
            // The other direction.
            (
                "rule no 200 inbound deny from any to any tcp/1433",
                "network-rules: from 10.0.1.0/24 to 203.0.113.0/24 tcp/1433",
            ),
        ] {
            assert_eq!(told(group, rule), [""; 0], "{group} / {rule}");
        }
    }
}
