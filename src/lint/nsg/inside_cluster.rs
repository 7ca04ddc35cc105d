//! TG4009: security rules that deny traffic inside a cluster.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::azure::facts::PortUse;
use crate::azure::{
    Announced, Blocker, Element, Flow, Outcome, Sender, Site, Stage, Target, sample_service,
};
use crate::diag::{Finding, Id, Severity};
use crate::estate::{DnsServers, Id as ElementId, NetworkPlugin, Pool, Subnet};
use crate::net::{PortRange, Service, Transport};

use super::super::Context;
use super::order::made_origins;

rule! {
    /// A security rule cuts a cluster apart: nodes from each other, pods from each other, load balancers from nodes, or
    /// nodes from their DNS servers.
    ///
    /// Security groups filter inside a subnet too. A deny of everything at the end of a group, made with the Internet in
    /// mind, also stops the kubelet (TCP 10250), CoreDNS (53), and the health probes of load balancers. Where pods have
    /// addresses of their own beside the network (overlay), the group sees them, and a rule that allows the nodes only
    /// is not enough. Microsoft does not support clusters with blocked inner traffic; nothing checks it.
    ///
    /// Followed are flows between the subnets of a pool, between its overlay pods, to its custom DNS servers, and probes;
    /// the finding stands at the rule that decides. Probes are a warning, for a cluster may have no load balancer.
    ///
    /// ```egress
    /// vnet spoke 10.1.0.0/16 { subnet nodes 10.1.1.0/24 { nsg nodes-nsg } }
    /// nsg nodes-nsg {
    ///   rule nothing-else 500 inbound deny from any to any any
    /// }
    /// pool apps in spoke.nodes { outbound loadBalancer }
    /// ```
    ///
    /// Allow the nodes and pods among themselves and `AzureLoadBalancer` before the deny, in both directions. Rules made
    /// for a pool do so from 1,000 on: give the deny a number of 4,000 or more.
    ///
    /// Sources: MicrosoftDocs/azure-aks-docs, articles/aks/concepts-network.md, concepts-network-azure-cni-overlay.md and
    /// outbound-rules-control-egress.md; MicrosoftDocs/azure-docs, issue 113650.
    TG4009, check
}

/// Flows of one kind that one rule denies to one pool.
struct Cut<'a> {
    pool: &'a Pool,
    rule: Element,
    text: String,
    what: String,
    severity: Severity,
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let made = made_origins(context);
    for (_, pool) in context.estate.pools.iter() {
        let mut cuts: BTreeMap<String, Cut<'_>> = BTreeMap::new();
        for (flow, what, severity) in flows(context, pool) {
            let Some(blocker) = denial(context, &flow) else {
                continue;
            };
            let cut = cuts.entry(blocker.element.name.clone()).or_insert(Cut {
                pool,
                rule: blocker.element,
                text: blocker.text,
                what,
                severity,
            });
            cut.severity = cut.severity.max(severity);
        }
        let cuts = cuts.into_values();
        findings.extend(
            cuts.filter(|cut| !made.contains(&cut.rule.origin))
                .map(finding),
        );
    }
}

fn finding(cut: Cut<'_>) -> Finding {
    let finding = Finding::new(
        Id::TG4009,
        format!(
            "{} {}: {} of pool `{}`",
            cut.rule.name, cut.text, cut.what, cut.pool.meta.name
        ),
    )
    .severity(cut.severity)
    .at(cut.rule.origin, "decides")
    .related(cut.pool.meta.origin, "cannot do without")
    .help("allow nodes and pods among themselves, and `AzureLoadBalancer`, before every deny");
    match cut.rule.site {
        Site::DefaultRule(..) => finding.severity(Severity::Warning).assumed(),
        _ => finding,
    }
}

/// The rule that certainly denies a flow.
fn denial(context: &Context<'_>, flow: &Flow) -> Option<Blocker> {
    let blockers = context.plane.trace(flow).blockers;
    blockers.into_iter().find(|blocker| {
        blocker.stage == Stage::Nsg && blocker.outcome == Outcome::Blocks && !blocker.on_reply
    })
}

/// What a cluster cannot do without, in words, and how bad it is to lack it.
fn flows(context: &Context<'_>, pool: &Pool) -> Vec<(Flow, String, Severity)> {
    let mut flows = Vec::new();
    let subnets: Vec<ElementId<Subnet>> = pool.subnets.iter().filter_map(|s| s.id).collect();
    for from in &subnets {
        let Some(sender) = context.plane.some_address(*from) else {
            continue;
        };
        for to in &subnets {
            let receiver = context.plane.some_address(*to).and_then(next);
            inside(context, *from, sender, receiver, &mut flows);
        }
        if let Some((one, other)) = overlay_pods(pool) {
            inside(context, *from, one, Some(other), &mut flows);
        }
        name_servers(context, *from, sender, &mut flows);
        probes(context, sender, &mut flows);
    }
    flows
}

fn flow(from: Sender, to: IpAddr, service: Service) -> Flow {
    let (transport, port) = sample_service(service);
    Flow {
        from,
        to: Target {
            address: Some(to),
            ..Target::default()
        },
        transport,
        port,
        announced: Announced::Nothing,
        at_once: None,
    }
}

/// The address behind another.
fn next(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(v4) => Some(IpAddr::V4(u32::from(v4).checked_add(1)?.into())),
        IpAddr::V6(v6) => Some(IpAddr::V6(u128::from(v6).checked_add(1)?.into())),
    }
}

fn inside(
    context: &Context<'_>,
    subnet: ElementId<Subnet>,
    sender: IpAddr,
    receiver: Option<IpAddr>,
    flows: &mut Vec<(Flow, String, Severity)>,
) {
    let Some(receiver) = receiver else {
        return;
    };
    for known in context.facts.ports(PortUse::Cluster) {
        for service in &known.services {
            let from = Sender::Inside {
                subnet,
                address: sender,
            };
            let what = format!("{} between nodes and pods", known.name);
            flows.push((flow(from, receiver, *service), what, Severity::Error));
        }
    }
}

/// Two pods with addresses beside the network.
fn overlay_pods(pool: &Pool) -> Option<(IpAddr, IpAddr)> {
    let plugin = pool.network_plugin.map(|plugin| plugin.value);
    if plugin != Some(NetworkPlugin::AzureOverlay) {
        return None;
    }
    let first = next(pool.pod_prefixes.first()?.value.network())?;
    Some((first, next(first)?))
}

/// Look-ups, where every server of the network is denied.
fn name_servers(
    context: &Context<'_>,
    subnet: ElementId<Subnet>,
    sender: IpAddr,
    flows: &mut Vec<(Flow, String, Severity)>,
) {
    let estate = context.estate;
    let servers: Vec<IpAddr> = match &estate.vnets[estate.subnets[subnet].vnet].dns {
        DnsServers::Azure | DnsServers::Unknown(_) => return,
        DnsServers::Custom(servers) => servers.iter().map(|server| server.value).collect(),
        DnsServers::Firewall(firewall) => {
            let address = firewall.id.and_then(|id| estate.firewalls[id].private_ip);
            address.iter().map(|address| address.value).collect()
        }
    };
    let dns = Service::Net {
        transport: Transport::Udp,
        ports: PortRange::single(53),
    };
    let asked: Vec<Flow> = servers
        .into_iter()
        .map(|server| {
            let from = Sender::Inside {
                subnet,
                address: sender,
            };
            flow(from, server, dns)
        })
        .collect();
    let all_denied = asked.iter().all(|flow| denial(context, flow).is_some());
    if let Some(first) = asked.into_iter().next().filter(|_| all_denied) {
        flows.push((first, "look-ups of names".to_owned(), Severity::Error));
    }
}

fn probes(context: &Context<'_>, node: IpAddr, flows: &mut Vec<(Flow, String, Severity)>) {
    let Some(host) = context.facts.azure_dns() else {
        return;
    };
    for known in context.facts.ports(PortUse::Probe) {
        for service in &known.services {
            let from = Sender::Outside {
                address: host.prefix.addr(),
                tags: Vec::new(),
            };
            let what = format!("{} of load balancers to nodes", known.name);
            flows.push((flow(from, node, *service), what, Severity::Warning));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{findings, found};

    fn policy(dns: &str, rules: &str, pool: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16 {{ {dns} subnet s 10.0.1.0/24 {{ nsg n }} }}
nsg n {{
{rules}
}}
pool p in v.s {{ outbound loadBalancer {pool} }}"
        )
    }

    #[test]
    fn a_deny_of_everything_cuts_nodes_apart() {
        for direction in ["inbound", "outbound"] {
            let rules = format!("rule no 500 {direction} deny from any to any any");
            let found = findings(Id::TG4009, &policy("", &rules, ""));
            assert_eq!(found.len(), 1, "{found:#?}");
            assert_eq!(found[0].severity, Severity::Error);
        }
        let rules = "rule no 500 inbound deny from any to any any";
        assert_eq!(
            found(Id::TG4009, &policy("", rules, "")),
            [
                "3:6 rule `no` of nsg `n` denies 10.0.1.4 -> 10.0.1.5 (UDP 53): CoreDNS between nodes and pods of pool `p`"
            ]
        );
    }

    #[test]
    fn allowed_before_it_is_fine() {
        let rules = "rule in 100 inbound allow from v.s to v.s any
rule probes 110 inbound allow from tag AzureLoadBalancer to any any
rule out 100 outbound allow from v.s to v.s any
rule no-in 500 inbound deny from any to any any
rule no-out 500 outbound deny from any to any any";
        assert_eq!(found(Id::TG4009, &policy("", rules, "")), [""; 0]);
        assert_eq!(found(Id::TG4009, &policy("", "", "")), [""; 0]);
        let ssh = "rule no 500 inbound deny from any to any tcp/22";
        assert_eq!(found(Id::TG4009, &policy("", ssh, "")), [""; 0]);
    }

    #[test]
    fn probes_are_a_warning() {
        let rules = "rule in 100 inbound allow from v.s to v.s any
rule no-in 500 inbound deny from any to any any";
        let found = findings(Id::TG4009, &policy("", rules, ""));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0].severity, Severity::Warning);
        assert!(found[0].message.contains("health probes"), "{found:#?}");
    }

    #[test]
    fn every_dns_server_has_to_be_denied() {
        let rules = |to: &str| format!("rule no 500 outbound deny from any to {to} udp/53");
        let dns = "dns 10.0.2.4, 10.0.2.5";
        let both = policy(dns, &rules("10.0.2.0/24"), "");
        assert_eq!(found(Id::TG4009, &both).len(), 1);
        assert_eq!(
            found(Id::TG4009, &policy(dns, &rules("10.0.2.4"), "")),
            [""; 0]
        );
    }

    #[test]
    fn overlay_pods_have_addresses_of_their_own() {
        let rules = "rule in 100 inbound allow from v.s, 10.244.0.0/16 to v.s, 10.244.0.0/16 any
rule probes 110 inbound allow from tag AzureLoadBalancer to any any
rule no-in 500 inbound deny from any to any any";
        let overlay = "network-plugin azure-overlay  pod-cidr 10.244.0.0/16";
        assert_eq!(found(Id::TG4009, &policy("", rules, overlay)), [""; 0]);
        let nodes_only = rules.replace(", 10.244.0.0/16", "");
        assert_eq!(
            found(Id::TG4009, &policy("", &nodes_only, overlay)).len(),
            1
        );
    }
}
