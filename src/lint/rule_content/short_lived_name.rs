//! TG3034: network rules by a name whose addresses may change before the firewall asks again.

use crate::azure::rule_sets::{RuleSet, rule_sets};
use crate::diag::{Finding, Id};
use crate::estate::{Action, NetworkRule};
use crate::lint::Context;

use super::moving_name::name_of;

rule! {
    /// A network rule names a host whose addresses may be kept for less time than the firewall waits until it asks again.
    ///
    /// A firewall compares the addresses that it was given for the name: it asks every 15 seconds, and keeps addresses
    /// that are not answered any more for another 15 minutes. When the time for which an answer may be kept (TTL) is
    /// shorter, machines hold new addresses before the firewall does, and their connections are dropped until it has
    /// asked.
    ///
    /// Reported with a lock file only (`--lock`). Servers that keep answers count the time down, so what the file says
    /// may be less than the owner of the name gave: it holds the longest that was seen, and `tidegate resolve --lock`
    /// run once more may mend it.
    ///
    /// ```egress
    /// firewall-policy rules {
    ///   dns-proxy on
    ///   rule-collection-group own 200 {
    ///     network-rules out 200 allow {
    ///       rule kafka from 10.10.1.0/24 to kafka.contoso.com tcp/9093
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ```yaml
    /// schema: egress-lock/1
    /// date: 2026-11-30
    /// servers:
    /// - 10.0.0.4
    /// names:
    ///   kafka.contoso.com:
    ///     addresses:
    ///     - 192.0.2.9
    ///     ttl: 5
    /// ```
    ///
    /// Ask for a name with addresses that stay, write the addresses or a service tag, or write an application rule where
    /// one can read the name. Machines that ask the DNS proxy of the firewall ask the same server at least.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/firewall/fqdn-filtering-network-rules.md.
    TG3034, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(refresh) = context.facts.rule_content().name_refresh.first() else {
        return;
    };
    for set in rule_sets(context.estate) {
        for placed in RuleSet::network_rules(&set) {
            if placed.collection.action == Action::Allow {
                findings.extend(short_lived(context, placed.rule, refresh.every_seconds));
            }
        }
    }
}

/// The first name of a rule that may change too soon.
fn short_lived(context: &Context<'_>, rule: &NetworkRule, seconds: u32) -> Option<Finding> {
    let names = context.names?;
    let mut ends = rule.destinations.iter().filter_map(name_of);
    ends.find_map(|name| {
        let (locked, place) = names.get(name)?;
        let ttl = locked.ttl.filter(|ttl| *ttl < seconds)?;
        if locked.addresses.is_empty() {
            return None;
        }
        let message = format!(
            "network rule `{}` compares addresses of `{name}`, which may change after {ttl} s, and the firewall asks every {seconds} s",
            rule.info.name
        );
        let finding = Finding::new(Id::TG3034, message)
            .at(rule.info.origin, "lags behind the name")
            .related(place, "may be kept that long")
            .help("write addresses that stay or a service tag, and let the machines ask the DNS proxy of the firewall");
        Some(finding.assumed())
    })
}
