//! TG9003: ports to leave with.

use std::collections::BTreeMap;

use crate::azure::facts::{Limit, Subject};
use crate::azure::gaps;
use crate::azure::next_hop::firewall_of;
use crate::base::grouped;
use crate::diag::{Finding, Id};
use crate::estate::{Firewall, Gap, Id as ElementId, Pool};
use crate::lint::Context;
use crate::lint::firewall_subnet::data_subnet;

rule! {
    /// A firewall has too few public addresses for the nodes that leave through it.
    ///
    /// Every flow to one and the same destination and port takes a port of a public address. Azure Firewall has 2,496
    /// of them for each address and instance, and two instances when it is idle. This counts the most nodes that pools
    /// may have, and warns when fewer ports are left for a node than Azure's load balancer gives a machine in the
    /// largest pools. Flows beyond fail now and then, which is hard to tell from anything else. A NAT gateway on
    /// the subnet of the firewall has far more ports, so such firewalls are left out.
    ///
    /// ```egress
    /// vnet hub 10.10.0.0/16 { subnet AzureFirewallSubnet 10.10.0.0/26  subnet nodes 10.10.8.0/21 }
    /// firewall fw in hub { private-ip 10.10.0.4  public-ip 203.0.113.10 }
    /// identity apps-id { role "Network Contributor" on this resource-group }
    /// pool apps in hub.nodes {
    ///   outbound userDefinedRouting
    ///   via fw
    ///   network-plugin azure-overlay
    ///   identity apps-id
    ///   max-nodes 500
    /// }
    /// ```
    ///
    /// Give the firewall more public addresses, or its subnet a NAT gateway. AKS recommends 20 addresses for clusters
    /// that open many connections to few destinations.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/firewall/firewall-known-issues.md,
    /// articles/load-balancer/load-balancer-outbound-connections.md and articles/firewall/integrate-with-nat-gateway.md;
    /// MicrosoftDocs/azure-aks-docs, articles/aks/limit-egress-traffic.md.
    TG9003, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    let mut users: BTreeMap<ElementId<Firewall>, Vec<&Pool>> = BTreeMap::new();
    for (_, pool) in estate.pools.iter() {
        if let Some(firewall) = firewall_of(estate, pool) {
            users.entry(firewall).or_default().push(pool);
        }
    }
    for (firewall, pools) in users {
        findings.extend(too_few(context, firewall, &pools));
    }
}

/// How many nodes a pool may have, those that replace others among them.
fn most_nodes(pool: &Pool) -> u64 {
    let nodes = &pool.nodes;
    let count = |number: Option<crate::base::Spanned<u32>>| {
        u64::from(number.map_or(0, |number| number.value))
    };
    match nodes.max_nodes {
        Some(_) => count(nodes.max_nodes).saturating_add(count(nodes.max_surge)),
        None => 0,
    }
}

fn too_few(context: &Context<'_>, id: ElementId<Firewall>, pools: &[&Pool]) -> Option<Finding> {
    let (estate, facts) = (context.estate, context.facts);
    let firewall = &estate.firewalls[id];
    let subnet = data_subnet(estate, firewall.vnet.id?)?;
    let by_gateway = estate.subnets[subnet].nat_gateway.is_some();
    let settings = estate.gaps.at(Gap::SubnetSettings(subnet));
    // Of a firewall that exists elsewhere not every address is written down.
    let named = firewall.meta.home.is_existing() && gaps::is_part(estate);
    let addresses = u64::try_from(firewall.public_ips.len()).unwrap_or(u64::MAX);
    if by_gateway || named || !settings.is_empty() || addresses == 0 {
        return None;
    }
    let per_address = facts.limit(Limit::FirewallSnatPortsPerAddress);
    let instances = facts.limit(Limit::FirewallInstancesMinimum).value;
    let ports = addresses
        .saturating_mul(per_address.value)
        .saturating_mul(instances);
    let nodes = pools.iter().map(|pool| most_nodes(pool)).sum::<u64>();
    let least = facts.limit(Limit::SnatPortsPerMachineMinimum).value;
    let share = ports.checked_div(nodes)?;
    if share >= least {
        return None;
    }
    let wanted = nodes
        .saturating_mul(least)
        .div_ceil(per_address.value.saturating_mul(instances).max(1));
    let source = facts.source(Subject::Limits, &per_address.source);
    let mut finding = Finding::new(
        Id::TG9003,
        format!(
            "firewall `{}` has {} SNAT ports to one destination for {} nodes, {} for each",
            firewall.meta.name,
            grouped(ports),
            grouped(nodes),
            grouped(share),
        ),
    )
    .at(
        firewall.meta.origin,
        format!("{addresses} public {}", if addresses == 1 { "address" } else { "addresses" }),
    )
    .help(format!(
        "give it {wanted} public addresses or more, or its subnet a NAT gateway: {least} ports for a node is the least that a load balancer of Azure gives"
    ))
    .maybe_help(source.map(|source| format!("limit per {}: {source}", per_address.scope)));
    for pool in pools {
        finding = finding.related(pool.meta.origin, "leaves through it");
    }
    Some(finding)
}
