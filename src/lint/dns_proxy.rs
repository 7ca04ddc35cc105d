//! TG3002: domain names in network rules, and who resolves them.

use std::collections::BTreeSet;

use crate::azure::facts::FirewallFeature;
use crate::azure::gaps;
use crate::azure::next_hop::firewall_of;
use crate::azure::rule_sets::{
    self, Owner, PlacedRule, RuleSet, proxies_dns, rule_sets, takes_names,
};
use crate::diag::{Edit, Finding, Id, Safety, Severity};
use crate::estate::{DnsServers, Endpoint, Firewall, Id as ElementId, NetworkRule, Pool, Vnet};

use super::firewall_tier::{fact_tier, is_name};
use super::{Context, change, edit};

rule! {
    /// A network rule names a domain while the DNS proxy of its firewall is off; or the proxy is on and the machines
    /// do not ask it.
    ///
    /// The firewall compares addresses: it resolves the name and lets through what goes to the answer. Azure refuses
    /// such a rule while the proxy is off (`AzureFirewallDNSProxyMustBeEnabled`). And when the machines resolve the
    /// name elsewhere they may get another answer, so that the firewall drops what the rule means to let through, now
    /// and then: this is a warning.
    ///
    /// ```egress
    /// firewall-policy rules {
    ///   rule-collection-group own 200 {
    ///     network-rules out 200 allow {
    ///       rule kafka from 10.10.1.0/24 to kafka.contoso.com tcp/9093
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// Write `dns-proxy on` in the policy, and in the network of the machines `dns firewall NAME`.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/firewall/fqdn-filtering-network-rules.md, dns-settings.md and
    /// dns-details.md.
    TG3002, check
}

/// What a fix of the network does.
const THROUGH_FIREWALL: &str = "resolve through the firewall";

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let compiled = context.intent.compiled_origins();
    for set in rule_sets(context.estate) {
        let tier = fact_tier(set.tier.value);
        // A tier without the feature is reported as TG2002.
        let can = context
            .facts
            .sku_has(tier, FirewallFeature::NamesInNetworkRules);
        let unknown = gaps::settings(context.estate, set.owner).is_some();
        if !can || unknown || takes_names(context.estate, &set) {
            continue;
        }
        for placed in set.network_rules() {
            if has_name(placed.rule) && !compiled.contains(&placed.rule.info.origin) {
                findings.push(proxy_is_off(context, &set, placed));
            }
        }
    }
    resolved_elsewhere(context, findings);
}

fn has_name(rule: &NetworkRule) -> bool {
    rule.destinations.iter().any(is_name)
}

fn proxy_is_off(
    context: &Context<'_>,
    set: &RuleSet<'_>,
    placed: PlacedRule<'_, NetworkRule>,
) -> Finding {
    let (rule, owner) = (&placed.rule.info.name, &set.meta.name);
    let code = "AzureFirewallDNSProxyMustBeEnabled";
    let error = context.facts.error(code);
    let values = [
        ("rule", rule.as_str()),
        ("collection", placed.collection.name.as_str()),
    ];
    let message = error.and_then(|error| error.message(&values));
    let finding = Finding::new(
        Id::TG3002,
        format!("network rule `{rule}` names a domain, but the DNS proxy of `{owner}` is off"),
    )
    .at(placed.rule.info.origin, "this rule")
    .azure(code, message)
    .help("write `dns-proxy on`, and let the vnets of the machines resolve through it: dns firewall NAME");
    let of_policy = matches!(set.owner, Owner::Policy(_));
    let (finding, edit, change) = match set.settings.dns_proxy {
        Some(off) => (
            finding.related(off.span, "turned off here"),
            Some(edit::replace(off.span, "on")),
            change::value(off.span, true),
        ),
        None => (
            finding.related(set.meta.origin, "off unless turned on"),
            edit::add_clause(set.meta, "dns-proxy on"),
            change::set(set.meta.origin, change::DNS_PROXY, true),
        ),
    };
    let title = "turn the DNS proxy on";
    // A firewall without a policy has the setting elsewhere, under a name with dots and as a string.
    let finding = finding.propose(title, Safety::Unsafe, change.filter(|_| of_policy));
    match edit {
        Some(edit) => finding.fix(title, Safety::Unsafe, vec![edit]),
        None => finding,
    }
}

/// Reports each network with pools that leave through a firewall with names in network rules, and that does not
/// resolve through that firewall.
fn resolved_elsewhere(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    let mut seen = BTreeSet::new();
    for (_, pool) in estate.pools.iter() {
        let Some(id) = firewall_of(estate, pool) else {
            continue;
        };
        let sets = rule_sets::of_firewall(estate, id);
        // With the proxy off the rule itself is reported.
        if !sets.first().is_some_and(|set| proxies_dns(estate, set)) {
            continue;
        }
        let mut rules = sets.iter().flat_map(RuleSet::network_rules);
        let Some(named) = rules.find(|placed| has_name(placed.rule)) else {
            continue;
        };
        for subnet in pool.subnets.iter().filter_map(|subnet| subnet.id) {
            let vnet = estate.subnets[subnet].vnet;
            if seen.insert((vnet, id)) {
                findings.extend(vnet_asks_others(context, pool, vnet, id, named.rule));
            }
        }
    }
}

fn vnet_asks_others(
    context: &Context<'_>,
    pool: &Pool,
    id: ElementId<Vnet>,
    firewall_id: ElementId<Firewall>,
    rule: &NetworkRule,
) -> Option<Finding> {
    let vnet = &context.estate.vnets[id];
    let firewall = &context.estate.firewalls[firewall_id];
    let clause = format!("dns firewall {}", firewall.meta.name);
    let (place, what, edit, forwards) = match &vnet.dns {
        DnsServers::Firewall(asked) if asked.id.is_none() || asked.id == Some(firewall_id) => {
            return None;
        }
        DnsServers::Unknown(_) => return None,
        DnsServers::Firewall(other) => (other.origin, "another firewall", None, false),
        DnsServers::Custom(servers) => {
            let proxy = firewall.private_ip.map(|ip| ip.value);
            if proxy.is_none() || servers.iter().any(|server| Some(server.value) == proxy) {
                return None;
            }
            (servers.first()?.span.into(), "these servers", None, true)
        }
        DnsServers::Azure => {
            let edit = edit::add_clause(&vnet.meta, &clause);
            (vnet.meta.origin, "Azure's own resolver", edit, false)
        }
    };
    let name = rule.destinations.iter().find_map(|to| match to {
        Endpoint::Plain(destination) if is_name(to) => Some(destination.to_string()),
        _ => None,
    })?;
    let finding = Finding::new(
        Id::TG3002,
        format!(
            "vnet `{}` does not resolve `{name}` through firewall `{}`, which lets it through by address",
            vnet.meta.name, firewall.meta.name
        ),
    )
    .severity(Severity::Warning)
    .at(place, format!("asks {what}"))
    .related(rule.info.origin, "a network rule by name")
    .related(pool.meta.origin, "leaves through that firewall")
    .help(format!("write in the vnet: {clause}"));
    let finding = if forwards {
        finding
            .assumed()
            .help("it is fine when these servers ask the firewall in turn")
    } else {
        finding
    };
    let asks_azure = vnet.dns == DnsServers::Azure;
    let proxy = firewall.private_ip.filter(|_| asks_azure);
    let change = proxy.and_then(|ip| change::dns_server(vnet.meta.origin, ip.value));
    Some(with_fix(
        finding.propose(THROUGH_FIREWALL, Safety::Unsafe, change),
        edit,
    ))
}

fn with_fix(finding: Finding, edit: Option<Edit>) -> Finding {
    match edit {
        Some(edit) => finding.fix(THROUGH_FIREWALL, Safety::Unsafe, vec![edit]),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{findings, fixed, found};

    fn policy(dns: &str, setting: &str, target: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16 {{
  {dns}
  subnet s 10.0.1.0/24 {{ route-table t }}
  subnet AzureFirewallSubnet 10.0.0.0/26
}}
route-table t {{ route d 0.0.0.0/0 -> firewall fw }}
firewall fw in v {{ private-ip 10.0.0.4 policy p }}
firewall-policy p {{
  {setting}
  rule-collection-group g 200 {{ network-rules n 200 allow {{
    rule r from any to {target} tcp/9093
  }} }}
}}
pool p in v.s {{ outbound userDefinedRouting }}"
        )
    }

    #[test]
    fn names_need_the_proxy() {
        let off = policy("", "", "contoso.com");
        let expected = "11:10 network rule `r` names a domain, but the DNS proxy of `p` is off";
        assert_eq!(found(Id::TG3002, &off), [expected]);
        assert_eq!(
            found(Id::TG3002, &policy("", "dns-proxy off", "contoso.com")),
            [expected]
        );
        assert_eq!(found(Id::TG3002, &policy("", "", "10.0.0.9")), [""; 0]);
        assert_eq!(
            found(
                Id::TG3002,
                &policy("", "names-need-proxy off", "contoso.com")
            ),
            [""; 0]
        );
        let error = findings(Id::TG3002, &off)[0].azure_error.clone().unwrap();
        assert!(
            error
                .message
                .unwrap()
                .contains("See rule r in network rule collection n")
        );
        let fixed = fixed(Id::TG3002, &off);
        assert!(
            !found(Id::TG3002, &fixed).contains(&expected.to_owned()),
            "{fixed}"
        );
    }

    #[test]
    fn machines_should_ask_the_proxy() {
        let on = |dns: &str| policy(dns, "dns-proxy on", "contoso.com");
        let expected = "vnet `v` does not resolve `contoso.com` through firewall `fw`, which lets it through by address";
        assert_eq!(found(Id::TG3002, &on("")), [format!("1:6 {expected}")]);
        assert_eq!(
            found(Id::TG3002, &on("dns 10.0.0.7")),
            [format!("2:7 {expected}")]
        );
        assert_eq!(found(Id::TG3002, &on("dns 10.0.0.4")), [""; 0]);
        assert_eq!(found(Id::TG3002, &on("dns firewall fw")), [""; 0]);
        assert_eq!(found(Id::TG3002, &fixed(Id::TG3002, &on(""))), [""; 0]);
    }

    #[test]
    fn a_parent_may_have_the_proxy() {
        let policy = policy("dns firewall fw", "parent base", "contoso.com")
            + "\nfirewall-policy base { dns-proxy on }";
        assert_eq!(found(Id::TG3002, &policy), [""; 0]);
    }
}
