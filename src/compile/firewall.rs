//! Firewall rules: which firewall they go to, and what each of them says.

use std::collections::BTreeSet;

use ipnet::IpNet;
use smol_str::SmolStr;

use crate::azure::facts::Facts;
use crate::azure::next_hop::Exit;
use crate::base::{Origin, Spanned};
use crate::diag::{Finding, Id as FindingId};
use crate::estate::{
    ApplicationRule, Endpoint, Estate, Firewall, FirewallPolicy, Home, Id, IpGroup, Meta,
    NetworkPlugin, NetworkRule, Pool, PublicAddress, PublicIp, Ref, RuleCollectionGroup, RuleInfo,
};
use crate::intent::{Intent, Requirement};
use crate::net::Destination;

use super::FirewallModel;
use super::groups::{CollectionNames, Placed, Rule, collections, group_budget, groups};
use super::naming::{UniqueNames, azure_name, free_name};
use super::rules::{Draft, Plan};

/// The priority of the group that takes over collections written on a firewall.
const OWN_GROUP_PRIORITY: u32 = 500;
/// More destination addresses than this in one rule go into an IP group.
const MANY_ADDRESSES: usize = 16;

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
    let in_hub = estate.hub_of(firewall).is_some();
    let firewall = &estate.firewalls[firewall];
    let name = &firewall.meta.name;
    match (model, &firewall.policy) {
        (FirewallModel::Classic, None) if in_hub => Some(
            Finding::new(FindingId::TG2003, format!("firewall `{name}` is in a virtual hub, where Azure takes no classic rules"))
                .at(firewall.meta.origin, "needs a policy")
                .help("compile with --firewall-model policy"),
        ),
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

/// A firewall in a virtual hub gets one that Azure keeps, unless the policy says otherwise.
fn give_managed_ip(estate: &mut Estate, firewall: Id<Firewall>) {
    let element = &mut estate.firewalls[firewall];
    let literals = element.public_ips.iter();
    let literals = literals.filter(|ip| matches!(ip, PublicAddress::Literal(_)));
    let known = u32::try_from(literals.count()).unwrap_or(u32::MAX);
    let own = element.public_ips.len() as u64 > u64::from(known);
    if element.managed_public_ips.is_none() && !own && !element.meta.home.is_existing() {
        let count = Spanned::new(known.max(1), element.tier.span);
        element.managed_public_ips = Some(count);
    }
}

/// A firewall that is deployed needs a public address, unless its management interface has one.
fn give_public_ip(estate: &mut Estate, firewall: Id<Firewall>) {
    if estate.hub_of(firewall).is_some() {
        return give_managed_ip(estate, firewall);
    }
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
pub(super) fn source_prefixes(estate: &Estate, pool: Id<Pool>) -> Vec<Spanned<IpNet>> {
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
    prefixes
}

/// The same as ends of firewall rules; several in an IP group.
fn sources(estate: &mut Estate, pool: Id<Pool>) -> Vec<Endpoint> {
    let mut prefixes = source_prefixes(estate, pool);
    let element = &estate.pools[pool];
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
        written: None,
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
            terminate_tls: None,
            web_categories: Vec::new(),
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
