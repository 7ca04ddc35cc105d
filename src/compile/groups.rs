//! Which collection and group each rule goes into, and how large a group may grow.

use std::collections::BTreeSet;

use smol_str::{SmolStr, ToSmolStr};

use crate::azure::facts::{Facts, Limit};
use crate::base::{Origin, Spanned};
use crate::estate::{
    Action, ApplicationRule, Endpoint, Estate, Id, NetworkRule, Pool, RuleCollection,
    RuleCollectionGroup, RuleInfo, Rules,
};

use super::naming::azure_name;
use super::slots;

/// Priorities of generated groups. Groups that a policy writes itself come before them with 100 to 999, or after
/// them from 64,001.
const GROUP_PRIORITIES: std::ops::RangeInclusive<u32> = 1_000..=64_000;
const NETWORK_PRIORITIES: std::ops::RangeInclusive<u32> = 1_000..=29_999;
const APPLICATION_PRIORITIES: std::ops::RangeInclusive<u32> = 30_000..=64_000;

/// A rule with the collection and group it belongs to.
pub(super) struct Placed {
    pub(super) pool: Id<Pool>,
    pub(super) purpose: SmolStr,
    /// The parameter without which its group is not deployed.
    pub(super) waits_for: Option<SmolStr>,
    pub(super) rule: Rule,
    pub(super) origin: Origin,
}

pub(super) enum Rule {
    Network(NetworkRule),
    Application(ApplicationRule),
}

impl Rule {
    fn name(&self) -> &SmolStr {
        match self {
            Self::Network(rule) => &rule.info.name,
            Self::Application(rule) => &rule.info.name,
        }
    }
}

/// Groups for the rules, a group for each pool, and one more for each value that may come later.
pub(super) fn groups(
    estate: &Estate,
    placed: Vec<Placed>,
    budget: usize,
    taken: &BTreeSet<u32>,
) -> Vec<RuleCollectionGroup> {
    let mut parts: Vec<(String, Option<SmolStr>, Origin, Vec<Placed>)> = Vec::new();
    for (pool, rules) in split(placed, |rule| rule.pool) {
        let meta = &estate.pools[pool].meta;
        for (waits_for, rules) in split(rules, |rule| rule.waits_for.clone()) {
            let name = match &waits_for {
                None => format!("pool-{}", meta.name),
                Some(parameter) => format!("pool-{parameter}"),
            };
            for (name, rules) in shards(name, rules, budget) {
                parts.push((name, waits_for.clone(), meta.origin, rules));
            }
        }
    }
    let names: Vec<String> = parts.iter().map(|(name, ..)| name.clone()).collect();
    let priorities = slots::assign(&names, GROUP_PRIORITIES, taken);
    parts
        .into_iter()
        .zip(priorities)
        .filter_map(|((name, needs_parameter, origin, rules), priority)| {
            Some(RuleCollectionGroup {
                name: name.into(),
                origin,
                priority: Spanned::new(priority, origin.span()?),
                collections: collections(estate, rules, &BTreeSet::new(), CollectionNames::Plain),
                needs_parameter,
            })
        })
        .collect()
}

/// Splits by key, keys in the order in which they first appear.
fn split<T, K: PartialEq>(items: Vec<T>, key: impl Fn(&T) -> K) -> Vec<(K, Vec<T>)> {
    let mut out: Vec<(K, Vec<T>)> = Vec::new();
    for item in items {
        let key = key(&item);
        match out.iter_mut().find(|(known, _)| *known == key) {
            Some((_, items)) => items.push(item),
            None => out.push((key, vec![item])),
        }
    }
    out
}

/// Splits a group that would outgrow Azure's limit. Which part a rule goes to depends on its own name only, so other
/// rules do not move it until the number of parts doubles.
fn shards(name: String, rules: Vec<Placed>, budget: usize) -> Vec<(String, Vec<Placed>)> {
    let total: usize = rules.iter().map(|placed| wire_size(&placed.rule)).sum();
    let count = total.div_ceil(budget.max(1)).next_power_of_two();
    if count <= 1 {
        return vec![(name, rules)];
    }
    let mut parts: Vec<(String, Vec<Placed>)> = (1..=count)
        .map(|part| (format!("{name}-{part}-of-{count}"), Vec::new()))
        .collect();
    for placed in rules {
        let index = slots::shard(placed.rule.name(), count);
        if let Some((_, part)) = parts.get_mut(index) {
            part.push(placed);
        }
    }
    parts.retain(|(_, rules)| !rules.is_empty());
    parts
}

/// How many bytes of rules go into one group: two thirds of the limit, since the parts are not equally large.
pub(super) fn group_budget(facts: &Facts) -> usize {
    let limit = facts.limit(Limit::FirewallRuleCollectionGroupBytes).value;
    usize::try_from(limit / 3 * 2).unwrap_or(usize::MAX)
}

/// A rule's size in the request to Azure, in bytes, estimated from above.
fn wire_size(rule: &Rule) -> usize {
    const FRAME: usize = 220;
    const SEPARATORS: usize = 4;
    let endpoints = |endpoints: &[Endpoint]| -> usize {
        endpoints
            .iter()
            .map(|endpoint| match endpoint {
                Endpoint::Plain(destination) => destination.to_string().len() + SEPARATORS,
                // A resource id: subscription, group, provider, type and name.
                Endpoint::IpGroup(_) | Endpoint::SecurityGroup(_) => 300,
            })
            .sum()
    };
    let info = |info: &RuleInfo| FRAME + info.name.len() + quoted_len(&info.description);
    match rule {
        Rule::Network(rule) => {
            info(&rule.info)
                + endpoints(&rule.sources)
                + endpoints(&rule.destinations)
                + rule.transports.len() * 8
                + rule.ports.len() * 16
        }
        Rule::Application(rule) => {
            info(&rule.info)
                + endpoints(&rule.sources)
                + endpoints(&rule.destinations)
                + rule.protocols.len() * 48
        }
    }
}

/// How many bytes a text takes in JSON, without the quotes around it.
fn quoted_len(text: &str) -> usize {
    let length = |c: char| match c {
        '"' | '\\' => 2,
        _ if c.is_control() => 6,
        _ => c.len_utf8(),
    };
    text.chars().map(length).sum()
}

/// Whether names of collections say the pool: they must where pools share one list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CollectionNames {
    Plain,
    WithPool,
}

/// Collections for rules: one for each purpose and kind.
pub(super) fn collections(
    estate: &Estate,
    placed: Vec<Placed>,
    taken: &BTreeSet<u32>,
    names: CollectionNames,
) -> Vec<RuleCollection> {
    let mut network = Vec::new();
    let mut application = Vec::new();
    for (pool, rules) in split(placed, |rule| rule.pool) {
        for (purpose, rules) in split(rules, |rule| rule.purpose.clone()) {
            let base = match names {
                CollectionNames::Plain => purpose.to_string(),
                CollectionNames::WithPool => format!("{}-{purpose}", estate.pools[pool].meta.name),
            };
            let Some(origin) = rules.first().map(|rule| rule.origin) else {
                continue;
            };
            let (mut by_address, mut by_name) = (Vec::new(), Vec::new());
            for placed in rules {
                match placed.rule {
                    Rule::Network(rule) => by_address.push(rule),
                    Rule::Application(rule) => by_name.push(rule),
                }
            }
            if !by_address.is_empty() {
                network.push((
                    azure_name(&format!("{base}-network")),
                    origin,
                    Rules::Network(by_address),
                ));
            }
            if !by_name.is_empty() {
                application.push((
                    azure_name(&format!("{base}-application")),
                    origin,
                    Rules::Application(by_name),
                ));
            }
        }
    }
    let mut out = with_priorities(network, NETWORK_PRIORITIES, taken);
    out.extend(with_priorities(application, APPLICATION_PRIORITIES, taken));
    out
}

fn with_priorities(
    parts: Vec<(String, Origin, Rules)>,
    range: std::ops::RangeInclusive<u32>,
    taken: &BTreeSet<u32>,
) -> Vec<RuleCollection> {
    let names: Vec<String> = parts.iter().map(|(name, ..)| name.clone()).collect();
    let priorities = slots::assign(&names, range, taken);
    parts
        .into_iter()
        .zip(priorities)
        .filter_map(|((name, origin, rules), priority)| {
            Some(RuleCollection {
                name: name.to_smolstr(),
                origin,
                priority: Spanned::new(priority, origin.span()?),
                action: Action::Allow,
                rules,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::estate::Ref;
    use crate::net::{AppProtocol, Destination, Fqdn, FqdnPattern, PortRange, Transport};

    /// The id of an IP group with the longest names that Azure takes.
    fn longest_id() -> String {
        format!(
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/ipGroups/{}",
            "0".repeat(36),
            "g".repeat(90),
            "i".repeat(80)
        )
    }

    fn info(description: &str) -> RuleInfo {
        RuleInfo {
            name: SmolStr::new("n".repeat(80)),
            origin: Origin::Platform,
            description: description.to_owned(),
            written: None,
        }
    }

    fn prefix(text: &str) -> Endpoint {
        Destination::Prefix(text.parse().unwrap()).into()
    }

    fn group() -> Endpoint {
        Endpoint::IpGroup(Ref {
            id: None,
            name: SmolStr::default(),
            origin: Origin::Platform,
        })
    }

    fn name(text: &str) -> Endpoint {
        let name: Fqdn = text.parse().unwrap();
        Destination::Fqdn(FqdnPattern::Exact(name)).into()
    }

    /// Holds the estimate against what is sent, and against twice that: it must be of use, too.
    fn hold(rule: &Rule, sent: &Value) {
        let (estimate, sent) = (wire_size(rule), sent.to_string().len());
        assert!(estimate >= sent, "estimated {estimate}, sent {sent}");
        assert!(estimate <= 2 * sent, "estimated {estimate}, sent {sent}");
    }

    #[test]
    fn sizes_of_network_rules_are_estimated_from_above() {
        let description = "say \"why\" \\ and\tö";
        let ports: Vec<PortRange> = vec!["60000-65535".parse().unwrap(); 20];
        let rule = NetworkRule {
            info: info(description),
            sources: vec![prefix("100.100.100.0/24"), group()],
            destinations: vec![prefix("200.200.200.128/25"), group(), name("a.contoso.com")],
            transports: vec![Transport::Tcp, Transport::Udp, Transport::Icmp],
            ports: ports.clone(),
        };
        let sent = json!({
            "ruleType": "NetworkRule",
            "name": rule.info.name.as_str(),
            "description": description,
            "ipProtocols": ["TCP", "UDP", "ICMP"],
            "sourceAddresses": ["100.100.100.0/24"],
            "sourceIpGroups": [longest_id()],
            "destinationAddresses": ["200.200.200.128/25"],
            "destinationIpGroups": [longest_id()],
            "destinationFqdns": ["a.contoso.com"],
            "destinationPorts": ports.iter().map(ToString::to_string).collect::<Vec<_>>(),
        });
        hold(&Rule::Network(rule), &sent);
    }

    #[test]
    fn sizes_of_application_rules_are_estimated_from_above() {
        let rule = ApplicationRule {
            info: info(&"\"".repeat(400)),
            sources: vec![prefix("100.100.100.0/24"), group()],
            destinations: vec![name("a.contoso.com"), name("b.contoso.com")],
            protocols: vec![(AppProtocol::Https, 65535), (AppProtocol::Mssql, 11433)],
            terminate_tls: None,
            web_categories: Vec::new(),
        };
        let sent = json!({
            "ruleType": "ApplicationRule",
            "name": rule.info.name.as_str(),
            "description": rule.info.description,
            "protocols": [
                {"protocolType": "Https", "port": 65535},
                {"protocolType": "Mssql", "port": 11433},
            ],
            "sourceAddresses": ["100.100.100.0/24"],
            "sourceIpGroups": [longest_id()],
            "targetFqdns": ["a.contoso.com", "b.contoso.com"],
        });
        hold(&Rule::Application(rule), &sent);
    }
}
