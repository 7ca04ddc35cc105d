//! Firewall rules: collections by purpose, groups by pool.

use std::collections::BTreeSet;

use ipnet::IpNet;
use smol_str::{SmolStr, ToSmolStr};

use crate::azure::facts::{Facts, Limit};
use crate::azure::next_hop::Exit;
use crate::base::{Origin, Spanned};
use crate::diag::{Finding, Id as FindingId};
use crate::estate::{
    Action, ApplicationRule, Endpoint, Estate, Firewall, FirewallPolicy, Home, Id, IpGroup, Meta,
    NetworkPlugin, NetworkRule, Pool, PublicAddress, PublicIp, Ref, RuleCollection,
    RuleCollectionGroup, RuleInfo, Rules,
};
use crate::intent::{Intent, Requirement};
use crate::net::Destination;

use super::FirewallModel;
use super::naming::{UniqueNames, azure_name, free_name};
use super::rules::{Draft, Plan};
use super::slots;

/// Priorities of generated groups. Groups that a policy writes itself come before them with 100 to 999, or after
/// them from 64,001.
const GROUP_PRIORITIES: std::ops::RangeInclusive<u32> = 1_000..=64_000;
const NETWORK_PRIORITIES: std::ops::RangeInclusive<u32> = 1_000..=29_999;
const APPLICATION_PRIORITIES: std::ops::RangeInclusive<u32> = 30_000..=64_000;
/// The priority of the group that takes over collections written on a firewall.
const OWN_GROUP_PRIORITY: u32 = 500;
/// More destination addresses than this in one rule go into an IP group.
const MANY_ADDRESSES: usize = 16;

/// A rule with the collection and group it belongs to.
struct Placed {
    pool: Id<Pool>,
    purpose: SmolStr,
    /// The parameter without which its group is not deployed.
    waits_for: Option<SmolStr>,
    rule: Rule,
    origin: Origin,
}

enum Rule {
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

/// What could not be added.
#[derive(Debug, Default)]
pub(super) struct Added {
    pub(super) findings: Vec<Finding>,
    /// Requirements without their rule, by their place in the intent.
    pub(super) left_out: BTreeSet<usize>,
}

pub(super) fn add(
    estate: &mut Estate,
    intent: &Intent,
    plan: &Plan,
    model: FirewallModel,
    facts: &Facts,
) -> Added {
    let mut out = Added::default();
    for firewall in estate.firewalls.ids() {
        let pools: Vec<Id<Pool>> = plan
            .exits
            .iter()
            .filter(|(_, exit)| **exit == Exit::Firewall(firewall))
            .map(|(pool, _)| *pool)
            .collect();
        if pools.is_empty() && estate.firewalls[firewall].meta.home.is_existing() {
            continue;
        }
        if let Some(finding) = cannot_take_rules(estate, firewall, model, !pools.is_empty()) {
            out.findings.push(finding);
            continue;
        }
        give_public_ip(estate, firewall);
        let placed = place(estate, intent, plan, &pools, model, &mut out);
        match model {
            FirewallModel::Policy => {
                let policy = policy_for(estate, firewall);
                let budget = group_budget(facts);
                let taken = estate.firewall_policies[policy]
                    .groups
                    .iter()
                    .map(|group| group.priority.value)
                    .collect();
                let groups = groups(estate, placed, budget, &taken);
                estate.firewall_policies[policy].groups.extend(groups);
            }
            FirewallModel::Classic => {
                let taken: BTreeSet<u32> = estate.firewalls[firewall]
                    .collections
                    .iter()
                    .map(|collection| collection.priority.value)
                    .collect();
                let collections = collections(estate, placed, &taken, CollectionNames::WithPool);
                estate.firewalls[firewall].collections.extend(collections);
            }
        }
    }
    out
}

/// Why rules cannot be put on this firewall, if they cannot.
fn cannot_take_rules(
    estate: &Estate,
    firewall: Id<Firewall>,
    model: FirewallModel,
    needed: bool,
) -> Option<Finding> {
    let firewall = &estate.firewalls[firewall];
    let name = &firewall.meta.name;
    match (model, &firewall.policy) {
        (FirewallModel::Classic, Some(policy)) => Some(
            Finding::new(FindingId::TG2003, format!("firewall `{name}` has a policy, so classic rules would have no effect"))
                .at(policy.origin, "the policy")
                .related(firewall.meta.origin, "the firewall")
                .help("compile with --firewall-model policy, or take the policy off"),
        ),
        (FirewallModel::Classic, None) if firewall.meta.home.is_existing() && needed => Some(
            Finding::new(FindingId::TG2003, format!("classic rules are part of firewall `{name}`, which exists already"))
                .at(firewall.meta.origin, "not deployed by this policy")
                .help("let the policy deploy the firewall, or use --firewall-model policy and name the firewall's policy"),
        ),
        (FirewallModel::Policy, None) if firewall.meta.home.is_existing() => Some(
            Finding::new(FindingId::TG2003, format!("firewall `{name}` exists already, and it is not said which policy it has"))
                .at(firewall.meta.origin, "needs a policy to put rules into")
                .help("write in its block: policy NAME, and declare it: firewall-policy NAME { existing }"),
        ),
        (FirewallModel::Policy, Some(policy)) => {
            let policy = &estate.firewall_policies[policy.id?].meta;
            policy.home.is_elsewhere().then(|| {
                Finding::new(FindingId::TG2003, format!("firewall policy `{}` lives in another resource group", policy.name))
                    .at(policy.origin, "its rules cannot be deployed from here")
                    .help("deploy to the resource group of the firewall policy: write `existing` alone there, and `resource-group NAME` at what lives elsewhere")
            })
        }
        (_, None) => None,
    }
}

/// The policy of a firewall; one of its own when it has none, which takes its settings and collections over.
fn policy_for(estate: &mut Estate, firewall: Id<Firewall>) -> Id<FirewallPolicy> {
    let element = &estate.firewalls[firewall];
    if let Some(policy) = element.policy.as_ref().and_then(|policy| policy.id) {
        return policy;
    }
    let taken = estate
        .firewall_policies
        .iter()
        .map(|(_, policy)| policy.meta.name.as_str());
    let name = free_name(&format!("{}-policy", element.meta.name), taken);
    let element = &mut estate.firewalls[firewall];
    let meta = Meta {
        name,
        origin: element.meta.origin,
        body: None,
        home: Home::Deployed,
    };
    let collections = std::mem::take(&mut element.collections);
    let groups = if collections.is_empty() {
        Vec::new()
    } else {
        vec![RuleCollectionGroup {
            name: SmolStr::new_static("rules"),
            origin: element.meta.origin,
            priority: Spanned::new(OWN_GROUP_PRIORITY, element.tier.span),
            collections,
            needs_parameter: None,
        }]
    };
    let policy = FirewallPolicy {
        tier: element.tier,
        parent: None,
        settings: std::mem::take(&mut element.settings),
        groups,
        meta,
    };
    let name = policy.meta.name.clone();
    let origin = policy.meta.origin;
    let id = estate.firewall_policies.push(policy);
    estate.firewalls[firewall].policy = Some(Ref {
        id: Some(id),
        name,
        origin,
    });
    id
}

/// A firewall that is deployed needs a public address, unless its management interface has one.
fn give_public_ip(estate: &mut Estate, firewall: Id<Firewall>) {
    let element = &estate.firewalls[firewall];
    let has_one = !element.public_ips.is_empty() || element.management_ip.is_some();
    if has_one || element.meta.home.is_existing() {
        return;
    }
    let origin = element.meta.origin;
    let taken = estate
        .public_ips
        .iter()
        .map(|(_, ip)| ip.meta.name.as_str());
    let name = free_name(&format!("{}-pip", element.meta.name), taken);
    let ip = PublicIp {
        meta: Meta {
            name: name.clone(),
            origin,
            body: None,
            home: Home::Deployed,
        },
        address: None,
        zones: element.zones.clone(),
    };
    let id = estate.public_ips.push(ip);
    let reference = Ref::known(id, name, origin);
    estate.firewalls[firewall]
        .public_ips
        .push(PublicAddress::Resource(reference));
}

/// Every rule of these pools with its place.
fn place(
    estate: &mut Estate,
    intent: &Intent,
    plan: &Plan,
    pools: &[Id<Pool>],
    model: FirewallModel,
    out: &mut Added,
) -> Vec<Placed> {
    let mut placed = Vec::new();
    let mut left_out_parameters: BTreeSet<SmolStr> = BTreeSet::new();
    for &pool in pools {
        let sources = sources(estate, pool);
        let mut names = UniqueNames::default();
        for (index, (requirement, drafts)) in
            intent.requirements.iter().zip(&plan.drafts).enumerate()
        {
            if requirement.pool != pool {
                continue;
            }
            for draft in drafts {
                let waits_for = draft.waits_for(estate);
                if let (Some(parameter), FirewallModel::Classic) = (&waits_for, model) {
                    out.findings.push(cannot_wait(requirement, parameter));
                    out.left_out.insert(index);
                    left_out_parameters.insert(parameter.clone());
                    continue;
                }
                let name: SmolStr = names.take(azure_name(&requirement.name)).into();
                let rule = rule(estate, pool, requirement, draft, name, sources.clone());
                let purpose = requirement.purpose.clone();
                placed.push(Placed {
                    pool,
                    purpose,
                    waits_for,
                    rule,
                    origin: requirement.origin,
                });
            }
        }
    }
    estate
        .open_parameters
        .retain(|open| !left_out_parameters.contains(&open.name));
    placed
}

/// A collection of a firewall cannot be left out when a value is missing, so classic rules cannot wait for it.
fn cannot_wait(requirement: &Requirement, parameter: &str) -> Finding {
    let message = format!(
        "`{}` is left out: classic rules cannot wait for `{parameter}`",
        requirement.name
    );
    Finding::new(FindingId::TG7003, message)
        .at(requirement.origin, "needs a value that exists only later")
        .help("say the value in the pool's block with `set` once it exists, or compile with --firewall-model policy")
}

/// Where a pool's packets come from when they reach the firewall: nodes, and pods with addresses of the network.
/// Pods of an overlay and of kubenet leave with the address of their node
/// (azure-aks-docs, concepts-network-azure-cni-overlay.md).
fn sources(estate: &mut Estate, pool: Id<Pool>) -> Vec<Endpoint> {
    let element = &estate.pools[pool];
    let subnets = element.subnets.iter().filter_map(|subnet| subnet.id);
    let mut prefixes: Vec<Spanned<IpNet>> = subnets
        .flat_map(|subnet| estate.subnets[subnet].prefixes.iter().copied())
        .collect();
    if element
        .network_plugin
        .is_some_and(|plugin| plugin.value == NetworkPlugin::Azure)
    {
        prefixes.extend(element.pod_prefixes.iter().copied());
    }
    prefixes.retain(|prefix| matches!(prefix.value, IpNet::V4(_)));
    match prefixes.as_slice() {
        [] => Vec::new(),
        [only] => vec![Destination::Prefix(only.value).into()],
        _ => {
            let name = format!("{}-sources", element.meta.name);
            let origin = element.meta.origin;
            vec![Endpoint::IpGroup(ip_group(estate, &name, origin, prefixes))]
        }
    }
}

fn ip_group(
    estate: &mut Estate,
    wanted: &str,
    origin: Origin,
    prefixes: Vec<Spanned<IpNet>>,
) -> Ref<IpGroup> {
    let taken = estate
        .ip_groups
        .iter()
        .map(|(_, group)| group.meta.name.as_str());
    let name = free_name(wanted, taken);
    let meta = Meta {
        name: name.clone(),
        origin,
        body: None,
        home: Home::Deployed,
    };
    let id = estate.ip_groups.push(IpGroup {
        meta,
        prefixes,
        ranges: Vec::new(),
    });
    Ref::known(id, name, origin)
}

fn rule(
    estate: &mut Estate,
    pool: Id<Pool>,
    requirement: &Requirement,
    draft: &Draft,
    name: SmolStr,
    sources: Vec<Endpoint>,
) -> Rule {
    let info = RuleInfo {
        name: name.clone(),
        origin: requirement.origin,
        description: description(requirement),
    };
    match draft {
        Draft::Application {
            destinations,
            protocols,
        } => Rule::Application(ApplicationRule {
            info,
            sources,
            destinations: destinations.iter().cloned().map(Endpoint::from).collect(),
            protocols: protocols.clone(),
        }),
        Draft::Network {
            destinations,
            transports,
            ports,
        } => {
            let destinations = match many_prefixes(requirement, destinations) {
                Some(prefixes) => {
                    let name = format!("{}-{name}", estate.pools[pool].meta.name);
                    vec![Endpoint::IpGroup(ip_group(
                        estate,
                        &name,
                        requirement.origin,
                        prefixes,
                    ))]
                }
                None => destinations.iter().cloned().map(Endpoint::from).collect(),
            };
            Rule::Network(NetworkRule {
                info,
                sources,
                destinations,
                transports: transports.clone(),
                ports: ports.clone(),
            })
        }
    }
}

/// The prefixes of a rule, merged, when they are too many to be written out in it.
fn many_prefixes(
    requirement: &Requirement,
    destinations: &[Destination],
) -> Option<Vec<Spanned<IpNet>>> {
    if destinations.len() <= MANY_ADDRESSES {
        return None;
    }
    let prefixes: Option<Vec<IpNet>> = destinations
        .iter()
        .map(|destination| {
            if let Destination::Prefix(prefix) = destination {
                Some(*prefix)
            } else {
                None
            }
        })
        .collect();
    let span = requirement.destinations.first()?.span;
    Some(
        IpNet::aggregate(&prefixes?)
            .into_iter()
            .map(|prefix| Spanned::new(prefix, span))
            .collect(),
    )
}

/// Why the rule is there, for whoever meets it in Azure.
pub(super) fn description(requirement: &Requirement) -> String {
    let mut parts = Vec::new();
    if !requirement.reason.is_empty() {
        parts.push(requirement.reason.trim_end_matches('.').to_owned());
    }
    let details = [
        requirement
            .owner
            .as_ref()
            .map(|owner| format!("owner {}", owner.value)),
        requirement
            .ticket
            .as_ref()
            .map(|ticket| format!("ticket {}", ticket.value)),
        requirement
            .expires
            .map(|expires| format!("expires {}", expires.value)),
    ];
    parts.extend(details.into_iter().flatten());
    parts.join("; ")
}

/// Groups for the rules, a group for each pool, and one more for each value that may come later.
fn groups(
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
fn group_budget(facts: &Facts) -> usize {
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
enum CollectionNames {
    Plain,
    WithPool,
}

/// Collections for rules: one for each purpose and kind.
fn collections(
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
    use crate::net::{AppProtocol, Fqdn, FqdnPattern, PortRange, Transport};

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
