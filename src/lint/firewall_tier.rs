//! TG2002: features that the tier of a firewall or policy does not have.

use rustc_hash::FxHashSet;

use crate::azure::facts::{Facts, FirewallFeature, FirewallTier};
use crate::azure::gaps;
use crate::azure::next_hop::default_route_of;
use crate::azure::rule_sets::{Owner, RuleSet, rule_sets};
use crate::base::Origin;
use crate::diag::{Finding, Id};
use crate::estate::{Endpoint, Firewall, Idps, NextHop, ThreatIntel, Tier};

use super::{Context, firewall_subnet};

rule! {
    /// Settings, rules and policies that the tier of a firewall, or of its policy, does not have.
    ///
    /// Basic has no DNS proxy, no DNS servers of one's own, no domain names in network rules, no web categories, only
    /// alerts from threat intelligence and no forced tunnelling. Premium alone inspects TLS and detects intrusions. A firewall takes policies of certain tiers only: Basic those of Basic,
    /// Standard those of Standard, Premium those of Standard and Premium.
    ///
    /// ```egress
    /// firewall-policy rules {
    ///   sku Basic
    ///   dns-proxy on
    /// }
    /// ```
    ///
    /// Write `sku Standard`, in the policy and in the firewall, or do without the feature.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/firewall/features-by-sku.md and
    /// articles/firewall-manager/policy-overview.md.
    TG2002, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (id, firewall) in context.estate.firewalls.iter() {
        // A tier that is not known is none of those that lack something.
        if gaps::own_settings(context.estate, Owner::Firewall(id)).is_some() {
            continue;
        }
        findings.extend(policy_tier(context, firewall));
        findings.extend(forced_tunnelling(context, firewall));
    }
    let compiled = context.intent.compiled_origins();
    let known = |set: &RuleSet<'_>| gaps::own_settings(context.estate, set.owner).is_none();
    for set in rule_sets(context.estate).into_iter().filter(known) {
        for (feature, place, what) in used_features(&set, &compiled) {
            if !context.facts.sku_has(fact_tier(set.tier.value), feature) {
                findings.push(lacks(context.facts, &set, feature, place, what));
            }
        }
    }
}

/// The tier as the facts know it.
pub(super) fn fact_tier(tier: Tier) -> FirewallTier {
    match tier {
        Tier::Basic => FirewallTier::Basic,
        Tier::Standard => FirewallTier::Standard,
        Tier::Premium => FirewallTier::Premium,
    }
}

fn policy_tier(context: &Context<'_>, firewall: &Firewall) -> Option<Finding> {
    let reference = firewall.policy.as_ref()?;
    let id = reference.id?;
    if gaps::own_settings(context.estate, Owner::Policy(id)).is_some() {
        return None;
    }
    let policy = &context.estate.firewall_policies[id];
    let fact = context.facts.tier(fact_tier(firewall.tier.value))?;
    if fact.takes_policies.contains(&fact_tier(policy.tier.value)) {
        return None;
    }
    let (tier, of_policy) = (firewall.tier.value, policy.tier.value);
    let takes: Vec<&str> = fact.takes_policies.iter().map(|tier| tier.name()).collect();
    let finding = Finding::new(
        Id::TG2002,
        format!(
            "firewall `{}` is {tier} and does not take policy `{}`, which is {of_policy}",
            firewall.meta.name, policy.meta.name
        ),
    )
    .at(reference.origin, format!("a policy of tier {of_policy}"))
    .related(firewall.tier.span, format!("a firewall of tier {tier}"))
    .related(policy.tier.span, "the tier of the policy")
    .help(format!(
        "a {tier} firewall takes policies of tier {}",
        takes.join(" or ")
    ));
    Some(finding)
}

fn forced_tunnelling(context: &Context<'_>, firewall: &Firewall) -> Option<Finding> {
    let estate = context.estate;
    let tier = fact_tier(firewall.tier.value);
    if context
        .facts
        .sku_has(tier, FirewallFeature::ForcedTunnelling)
    {
        return None;
    }
    let subnet = firewall_subnet::data_subnet(estate, firewall.vnet.id?)?;
    let route = default_route_of(estate, subnet)?;
    if route.next_hop.value == NextHop::Internet {
        return None;
    }
    let finding = Finding::new(
        Id::TG2002,
        format!(
            "firewall `{}` is {} and cannot send what it lets out elsewhere than to the Internet",
            firewall.meta.name, firewall.tier.value
        ),
    )
    .at(route.next_hop.span, "forced tunnelling")
    .related(firewall.tier.span, "this tier does not have it")
    .help("write `sku Standard`, or lead the route to `internet`");
    Some(finding)
}

/// What a set of rules makes use of, where, and in which words. Compiled rules are judged while compiling.
fn used_features(
    set: &RuleSet<'_>,
    compiled: &FxHashSet<Origin>,
) -> Vec<(FirewallFeature, Origin, &'static str)> {
    let settings = set.settings;
    let mut used = Vec::new();
    if let Some(proxy) = settings.dns_proxy.filter(|proxy| proxy.value) {
        used.push((FirewallFeature::DnsProxy, proxy.span.into(), "no DNS proxy"));
    }
    if let Some(server) = settings.dns_servers.first() {
        let what = "no DNS servers of one's own";
        used.push((FirewallFeature::CustomDns, server.span.into(), what));
    }
    if let Some(mode) = settings.threat_intel {
        let feature = match mode.value {
            ThreatIntel::Off => None,
            ThreatIntel::Alert => Some(FirewallFeature::ThreatIntelligenceAlert),
            ThreatIntel::Deny => Some(FirewallFeature::ThreatIntelligenceDeny),
        };
        let what = "no such use of threat intelligence";
        used.extend(feature.map(|feature| (feature, mode.span.into(), what)));
    }
    if let Some(mode) = settings.idps.filter(|mode| mode.value != Idps::Off) {
        let what = "no intrusion detection";
        used.push((FirewallFeature::IntrusionDetection, mode.span.into(), what));
    }
    for placed in set.network_rules() {
        let info = &placed.rule.info;
        if placed.rule.destinations.iter().any(is_name) && !compiled.contains(&info.origin) {
            let what = "no domain names in network rules";
            used.push((FirewallFeature::NamesInNetworkRules, info.origin, what));
        }
    }
    // Classic rules know neither, whatever the tier; that is reported as TG3006.
    let of_policy = matches!(set.owner, Owner::Policy(_));
    for placed in set.application_rules().filter(|_| of_policy) {
        let rule = placed.rule;
        if let Some(origin) = rule.terminate_tls {
            let what = "no TLS inspection";
            used.push((FirewallFeature::TlsInspection, origin, what));
        }
        if let Some(category) = rule.web_categories.first() {
            let what = "no web categories";
            used.push((FirewallFeature::WebCategories, category.span.into(), what));
        }
    }
    used
}

/// Whether an end of a rule is a domain name.
pub(super) fn is_name(endpoint: &Endpoint) -> bool {
    matches!(endpoint, Endpoint::Plain(destination) if destination.is_name())
}

fn lacks(
    facts: &Facts,
    set: &RuleSet<'_>,
    feature: FirewallFeature,
    place: Origin,
    what: &str,
) -> Finding {
    let (name, tier) = (&set.meta.name, set.tier.value);
    let mut tiers = FirewallTier::ALL.into_iter();
    let least = tiers.find(|tier| facts.sku_has(*tier, feature));
    let least = least.unwrap_or(FirewallTier::Premium).name();
    Finding::new(Id::TG2002, format!("`{name}` is {tier}, which has {what}"))
        .at(place, "needs a higher tier")
        .related(set.tier.span, "the tier")
        .help(format!(
            "write `sku {least}` in policy and firewall, or do without"
        ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    const NETWORK: &str = "vnet hub 10.0.0.0/16 {
  subnet AzureFirewallSubnet 10.0.0.0/26 { route-table t }
  subnet AzureFirewallManagementSubnet 10.0.1.0/26
}
route-table t { route d 0.0.0.0/0 -> internet }
";

    fn tg2002(more: &str) -> Vec<String> {
        found(Id::TG2002, &format!("{NETWORK}{more}"))
    }

    #[test]
    fn a_policy_must_fit_its_firewall() {
        let pair = |firewall: &str, policy: &str| {
            tg2002(&format!(
                "firewall fw in hub {{ sku {firewall} policy p }}\nfirewall-policy p {{ sku {policy} }}"
            ))
        };
        assert_eq!(pair("Premium", "Standard"), [""; 0]);
        assert_eq!(
            pair("Standard", "Premium"),
            ["6:42 firewall `fw` is Standard and does not take policy `p`, which is Premium"]
        );
        assert_eq!(pair("Standard", "Basic").len(), 1);
    }

    #[test]
    fn basic_lacks_what_standard_has() {
        let policy = |sku: &str| {
            tg2002(&format!(
                "firewall-policy p {{ sku {sku}
  dns-proxy on
  dns-servers 10.0.0.7
  threat-intel deny
  rule-collection-group g 200 {{ network-rules n 200 allow {{
    rule r from any to contoso.com tcp/443
    rule s from any to 10.0.0.9 tcp/443
  }} }}
}}"
            ))
        };
        assert_eq!(policy("Standard"), [""; 0]);
        assert_eq!(
            policy("Basic"),
            [
                "7:13 `p` is Basic, which has no DNS proxy",
                "8:15 `p` is Basic, which has no DNS servers of one's own",
                "9:16 `p` is Basic, which has no such use of threat intelligence",
                "11:10 `p` is Basic, which has no domain names in network rules",
            ]
        );
    }

    #[test]
    fn tls_inspection_and_web_categories_have_their_tiers() {
        let policy = |sku: &str| {
            tg2002(&format!(
                "firewall-policy p {{ sku {sku}
  rule-collection-group g 200 {{ application-rules a 200 deny {{
    rule r from any to web-category Gambling, web-category Chess https tls-inspection
  }} }}
}}"
            ))
        };
        assert_eq!(policy("Premium"), [""; 0]);
        assert_eq!(
            policy("Standard"),
            ["8:72 `p` is Standard, which has no TLS inspection"]
        );
        assert_eq!(
            policy("Basic"),
            [
                "8:37 `p` is Basic, which has no web categories",
                "8:72 `p` is Basic, which has no TLS inspection",
            ]
        );
    }

    #[test]
    fn basic_does_not_tunnel() {
        let policy = format!("{NETWORK}firewall fw in hub {{ sku Basic management-ip 20.0.0.1 }}");
        assert_eq!(found(Id::TG2002, &policy), [""; 0]);
        assert_eq!(
            found(Id::TG2002, &policy.replace("-> internet", "-> gateway")),
            [
                "5:38 firewall `fw` is Basic and cannot send what it lets out elsewhere than to the Internet"
            ]
        );
    }
}
