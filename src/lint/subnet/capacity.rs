//! TG1032: subnets too small for the nodes of their pools.

use crate::base::Spanned;
use crate::diag::{Finding, Id};
use crate::estate::{Estate, Gap, NetworkPlugin, Pool};

use super::super::Context;

rule! {
    /// The subnets of a pool have fewer addresses than its nodes can come to need.
    ///
    /// Every node takes an address of the subnet, and while nodes are replaced there are more of them (`max-surge`).
    /// With Azure CNI (`network-plugin azure`) and without a subnet of their own, every pod takes one as well, and each
    /// node reserves as many as it may have pods. With overlay and kubenet pods take none. Azure keeps five addresses of
    /// every subnet. A cluster that has used up its subnet does not scale, and cannot be upgraded; AKS answers
    /// `SubnetIsFull` or `InsufficientSubnetSize`.
    ///
    /// Counted is only what the pool says: `max-nodes`, `max-surge`, `max-pods`. What it leaves out counts as nothing,
    /// so what is reported is too small for certain once the pool is as large as it says.
    ///
    /// ```egress
    /// vnet spoke 10.1.0.0/16 { subnet nodes 10.1.1.0/26 }
    /// pool apps in spoke.nodes {
    ///   outbound loadBalancer
    ///   network-plugin azure
    ///   max-nodes 10
    ///   max-surge 1
    ///   max-pods 30
    /// }
    /// ```
    ///
    /// Make the subnet larger, which an empty one allows, or use overlay networking. PSRule (AZR-000020) compares the
    /// pods of a node with a constant instead.
    ///
    /// Sources: MicrosoftDocs/azure-aks-docs, articles/aks/concepts-network-legacy-cni.md and
    /// concepts-network-azure-cni-overlay.md.
    TG1032, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (_, pool) in context.estate.pools.iter() {
        let Some(nodes) = pool.nodes.max_nodes else {
            continue;
        };
        let Some(usable) = usable(context, pool) else {
            continue;
        };
        let needed = needed(pool, nodes);
        if needed > usable {
            findings.push(finding(context.estate, pool, nodes, needed, usable));
        }
    }
}

/// The IPv4 addresses that the subnets of a pool have for machines; `None` when they are not all known.
fn usable(context: &Context<'_>, pool: &Pool) -> Option<u64> {
    let estate = context.estate;
    let mut prefixes = Vec::new();
    for subnet in &pool.subnets {
        let id = subnet.id?;
        let own = &estate.subnets[id].prefixes;
        if own.is_empty() || !estate.gaps.at(Gap::SubnetAddresses(id)).is_empty() {
            return None;
        }
        prefixes.extend(own.iter().map(|prefix| prefix.value));
    }
    let reserved = context.facts.reserved_addresses();
    (!prefixes.is_empty()).then(|| reserved.usable_v4(prefixes))
}

fn needed(pool: &Pool, nodes: Spanned<u32>) -> u64 {
    let surge = pool.nodes.max_surge.map_or(0, |surge| surge.value);
    let nodes = u64::from(nodes.value).saturating_add(surge.into());
    nodes.saturating_mul(pods_in_subnet(pool).saturating_add(1))
}

/// How many addresses of the nodes' subnet the pods of one node take.
fn pods_in_subnet(pool: &Pool) -> u64 {
    let plugin = pool.network_plugin.map(|plugin| plugin.value);
    let flat = plugin == Some(NetworkPlugin::Azure) && pool.nodes.pod_subnet.is_none();
    let pods = pool.nodes.max_pods.filter(|_| flat);
    pods.map_or(0, |pods| pods.value.into())
}

fn finding(estate: &Estate, pool: &Pool, nodes: Spanned<u32>, needed: u64, usable: u64) -> Finding {
    let name = &pool.meta.name;
    let finding = Finding::new(
        Id::TG1032,
        format!("pool `{name}` may need {needed} addresses, and its subnets have {usable}"),
    )
    .at(nodes.span, "at its largest");
    let mut finding = match pool.nodes.max_pods.filter(|_| pods_in_subnet(pool) > 0) {
        Some(pods) => finding.related(pods.span, "each takes an address of the subnet"),
        None => finding,
    };
    for subnet in pool.subnets.iter().filter_map(|subnet| subnet.id) {
        let prefixes = estate.subnets[subnet].prefixes.iter();
        for prefix in prefixes.filter(|prefix| prefix.value.addr().is_ipv4()) {
            let text = format!(
                "a /{}, of which Azure keeps some",
                prefix.value.prefix_len()
            );
            finding = finding.related(prefix.span, text);
        }
    }
    finding
        .azure("SubnetIsFull", None)
        .help("make the subnet larger, or take pods out of it with `network-plugin azure-overlay`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    fn policy(prefix: &str, pool: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16 {{ subnet s {prefix} subnet pods 10.0.64.0/20 }}
pool p in v.s {{ outbound loadBalancer {pool} }}"
        )
    }

    #[test]
    fn pods_count_where_they_have_addresses_of_the_subnet() {
        let pool = "network-plugin azure  max-nodes 8  max-pods 30";
        assert_eq!(found(Id::TG1032, &policy("10.0.1.0/24", pool)), [""; 0]);
        assert_eq!(
            found(
                Id::TG1032,
                &policy("10.0.1.0/24", &format!("{pool}  max-surge 1"))
            ),
            ["2:71 pool `p` may need 279 addresses, and its subnets have 251"]
        );
        for apart in [
            "network-plugin azure-overlay  max-nodes 200  max-pods 250",
            "network-plugin kubenet  max-nodes 200  max-pods 110",
            "network-plugin azure  pod-subnet v.pods  max-nodes 200  max-pods 30",
            "network-plugin azure  max-nodes 200",
            "max-nodes 200  max-pods 250",
            "network-plugin azure  max-pods 250",
        ] {
            assert_eq!(
                found(Id::TG1032, &policy("10.0.1.0/24", apart)),
                [""; 0],
                "{apart}"
            );
        }
    }

    #[test]
    fn every_node_needs_an_address() {
        let nodes = |count: u32| policy("10.0.1.0/28", &format!("max-nodes {count}"));
        assert_eq!(found(Id::TG1032, &nodes(11)), [""; 0]);
        assert_eq!(
            found(Id::TG1032, &nodes(12)),
            ["2:49 pool `p` may need 12 addresses, and its subnets have 11"]
        );
    }
}
