//! Network rules that name hosts while the DNS proxy of their policy is off, or for a firewall whose tier cannot: the
//! policy is refused when it is written, so the cluster behind it never gets its rules (MicrosoftDocs/azure-docs,
//! articles/firewall/fqdn-filtering-network-rules.md, features-by-sku.md).

use std::collections::BTreeSet;

use crate::base::Origin;
use crate::estate::{Endpoint, Firewall, Id, NetworkRule, Tier};

use super::super::cause::Cause;
use super::super::facts::FirewallFeature;
use super::super::firewall::fact_tier;
use super::super::flow::{Element, Site};
use super::super::gaps;
use super::super::next_hop::{default_firewalls, table_of};
use super::super::rule_sets::{Owner, PlacedRule, RuleSet, of_firewall, proxies_dns, with_parents};
use super::Refusal;
use super::inspection::Inspection;

pub(super) fn check(inspection: &mut Inspection<'_>) {
    let estate = inspection.estate;
    let mut seen = Vec::new();
    for firewall in firewalls(inspection) {
        for set in of_firewall(estate, firewall) {
            if !seen.contains(&set.owner) {
                seen.push(set.owner);
                rule_set(inspection, &set, estate.firewalls[firewall].tier.value);
            }
        }
    }
}

/// The firewalls that the pool leaves through: those of its default routes, the one that it names, and the one of a
/// virtual hub that hands out the default route.
fn firewalls(inspection: &Inspection<'_>) -> BTreeSet<Id<Firewall>> {
    let (estate, pool) = (inspection.estate, inspection.pool);
    let mut found: BTreeSet<_> = default_firewalls(estate, pool).map(|(_, id)| id).collect();
    found.extend(pool.via.as_ref().and_then(|via| via.id));
    for subnet in inspection.node_subnets() {
        let vnet = estate.subnets[subnet].vnet;
        let hubs = estate.hubs.iter().filter(|(_, hub)| {
            let connected = hub.connections.iter().any(|to| to.id == Some(vnet));
            hub.internet_routing && connected && table_of(estate, subnet).is_none()
        });
        found.extend(hubs.filter_map(|(_, hub)| hub.firewall.as_ref()?.id));
    }
    found
}

fn rule_set(inspection: &mut Inspection<'_>, set: &RuleSet<'_>, tier: Tier) {
    let estate = inspection.estate;
    let names = FirewallFeature::NamesInNetworkRules;
    let known = inspection.facts.sku_has(fact_tier(tier), names);
    if let Some(text) = gaps::settings(estate, set.owner) {
        inspection.assume(format!(
            "{} of `{}`; they are taken to suffice",
            text, set.meta.name
        ));
        return;
    }
    if known && (proxies_dns(estate, set) || needs_no_proxy(inspection, set)) {
        return;
    }
    let Some(placed) = set.network_rules().find(|placed| names_hosts(placed.rule)) else {
        return;
    };
    let PlacedRule { collection, rule } = placed;
    let (kind, site) = match set.owner {
        Owner::Policy(id) => ("firewall policy", Site::FirewallPolicy(id)),
        Owner::Firewall(id) => ("firewall", Site::Firewall(id)),
    };
    if !known {
        let element = Element {
            name: format!("{kind} `{}`", set.meta.name),
            origin: set.meta.origin,
            site,
        };
        let text = format!(
            "names hosts in network rule `{}` of collection `{}`, which a firewall of tier {tier} cannot",
            rule.info.name, collection.name
        );
        inspection.refuse(Refusal::new(Cause::FqdnNetworkRuleProxy, element, text));
        return;
    }
    let proxy = set.settings.dns_proxy;
    let element = Element {
        name: format!("DNS proxy of {kind} `{}`", set.meta.name),
        origin: proxy.map_or(set.meta.origin, |proxy| Origin::from(proxy.span)),
        site,
    };
    let text = format!(
        "is off, and network rule `{}` of collection `{}` names hosts; the rules are refused when they are written",
        rule.info.name, collection.name
    );
    let values = [
        ("rule", rule.info.name.as_str()),
        ("collection", collection.name.as_str()),
    ];
    let refusal = Refusal::new(Cause::FqdnNetworkRuleProxy, element, text);
    let code = "AzureFirewallDNSProxyMustBeEnabled";
    inspection.refuse(refusal.answered(inspection.facts, code, &values));
}

/// The policy, or one above it, says that names work without the proxy.
fn needs_no_proxy(inspection: &Inspection<'_>, set: &RuleSet<'_>) -> bool {
    let above = match set.owner {
        Owner::Policy(id) => with_parents(inspection.estate, id),
        Owner::Firewall(_) => vec![*set],
    };
    above.iter().any(|set| {
        let needs = set.settings.names_need_proxy;
        needs.is_some_and(|needs| !needs.value)
    })
}

fn names_hosts(rule: &NetworkRule) -> bool {
    rule.destinations
        .iter()
        .any(|destination| match destination {
            Endpoint::Plain(destination) => destination.is_name(),
            Endpoint::IpGroup(_) | Endpoint::SecurityGroup(_) => false,
        })
}
