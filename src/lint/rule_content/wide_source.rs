//! TG3026: rules that let out more machines than they are for.

use crate::azure::gaps;
use crate::diag::{Finding, Id, Severity};
use crate::estate::{Endpoint, Estate, RuleInfo};
use crate::lint::Context;
use crate::lint::common::ends::Ends;
use crate::lint::common::range_set::RangeSet;
use crate::lint::common::written::{allowing_application_rules, allowing_network_rules};

rule! {
    /// A rule lets out whoever reaches the firewall, or more than the networks that are there.
    ///
    /// With `any` as its source a rule is for every network that routes to the firewall, today and later: another
    /// team's egress can be used by whoever is peered tomorrow. Every way to write everywhere counts, lists that
    /// together are as much too.
    ///
    /// A source that holds the subnet of a pool and addresses of no network here is a note that rests on an
    /// assumption: these addresses may belong to somebody the policy does not mention. Templates and exports show a
    /// part of an estate only; there it is not reported.
    ///
    /// ```egress
    /// firewall-policy rules {
    ///   rule-collection-group own 200 {
    ///     application-rules web 200 allow {
    ///       rule shop from any to api.contoso.com https
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// Name the subnets: `from analytics.pool`.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/firewall/rule-processing.md.
    TG3026, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let networks = Networks::of(context.estate);
    let mut judge = |info: &RuleInfo, sources: &[Endpoint]| {
        let ends = Ends::of_addresses(context.estate, sources);
        if ends.addresses.is_everything() {
            findings.push(from_everywhere(info));
        } else if networks
            .as_ref()
            .is_some_and(|networks| networks.are_less_than(&ends))
        {
            findings.push(from_beyond(info));
        }
    };
    for it in allowing_network_rules(context, |_| true) {
        judge(&it.rule.info, &it.rule.sources);
    }
    for it in allowing_application_rules(context, |_| true) {
        judge(&it.rule.info, &it.rule.sources);
    }
}

/// The networks of an estate with pools, all of which are known.
struct Networks {
    all: RangeSet,
    pools: Vec<RangeSet>,
}

impl Networks {
    fn of(estate: &Estate) -> Option<Self> {
        let known = !gaps::is_part(estate);
        let vnets = estate.vnets.iter().flat_map(|(_, vnet)| &vnet.prefixes);
        let learned = estate
            .gateways
            .iter()
            .flat_map(|(_, gateway)| &gateway.learned);
        let pods = estate.pools.iter().flat_map(|(_, pool)| &pool.pod_prefixes);
        let all = vnets.chain(learned).chain(pods).map(|prefix| prefix.value);
        let subnets = estate.pools.iter().flat_map(|(_, pool)| &pool.subnets);
        let subnets = subnets.filter_map(|subnet| Some(&estate.subnets[subnet.id?]));
        let pools: Vec<RangeSet> = subnets
            .map(|subnet| RangeSet::prefixes(subnet.prefixes.iter().map(|prefix| prefix.value)))
            .filter(|prefixes| !prefixes.is_empty())
            .collect();
        (known && !pools.is_empty()).then(|| Self {
            all: RangeSet::prefixes(all),
            pools,
        })
    }

    fn are_less_than(&self, ends: &Ends) -> bool {
        let addresses = &ends.addresses;
        let holds_pool = self.pools.iter().any(|pool| addresses.contains(pool));
        holds_pool && !ends.unknown && !addresses.without(&self.all).is_empty()
    }
}

fn from_everywhere(info: &RuleInfo) -> Finding {
    let message = format!("rule `{}` lets out whoever reaches the firewall", info.name);
    Finding::new(Id::TG3026, message)
        .at(info.origin, "from everywhere")
        .help("name the subnets it is for")
}

fn from_beyond(info: &RuleInfo) -> Finding {
    let message = format!(
        "the source of rule `{}` is wider than the networks that are here",
        info.name
    );
    Finding::new(Id::TG3026, message)
        .severity(Severity::Note)
        .assumed()
        .at(info.origin, "holds addresses of no network here")
        .help("name the subnets it is for")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    fn tg3026(source: &str) -> Vec<String> {
        let policy = format!(
            "vnet v 10.10.0.0/16 {{ subnet s 10.10.1.0/24 }}
pool p in v.s {{ }}
ip-group all = 0.0.0.0/1, 128.0.0.0/1
firewall-policy p {{ rule-collection-group g 200 {{
network-rules a 200 allow {{ rule r from {source} to 10.0.0.9 tcp/443 }}
network-rules b 300 deny {{ rule d from any to 10.0.0.9 tcp/25 }}
dnat-rules c 100 {{ rule n from any to 20.0.0.1 tcp/443 -> 10.10.1.4 port 443 }}
}} }}"
        );
        found(Id::TG3026, &policy)
    }

    #[test]
    fn everywhere_has_many_spellings() {
        for source in [
            "any",
            "*",
            "0.0.0.0/0",
            "ip-group all",
            "0.0.0.0-255.255.255.255",
        ] {
            assert_eq!(
                tg3026(source),
                ["5:34 rule `r` lets out whoever reaches the firewall"],
                "{source}"
            );
        }
    }

    #[test]
    fn networks_are_wide_enough() {
        for source in [
            "v.s",
            "p",
            "v",
            "10.10.1.4",
            "10.0.0.0/16",
            "10.0.0.0-10.10.0.9",
        ] {
            assert_eq!(tg3026(source), [""; 0], "{source}");
        }
        for source in ["10.0.0.0/8", "v.s, 192.168.0.0/16"] {
            assert_eq!(
                tg3026(source),
                ["5:34 the source of rule `r` is wider than the networks that are here"],
                "{source}"
            );
        }
    }
}
