//! The route table that kubenet writes the routes of pods into
//! (MicrosoftDocs/azure-aks-docs, articles/aks/configure-kubenet.md and private-clusters.md).
//!
//! One table for all subnets of a cluster, and for no other cluster. How the provider words its refusal is not known.

use std::collections::BTreeSet;

use crate::estate::{DnsServers, Id, NetworkPlugin, Pool, RouteTable};

use super::super::cause::Cause;
use super::super::facts::{Limit, LimitState};
use super::super::next_hop::table_of;
use super::Refusal;
use super::inspection::Inspection;

const CAUSE: Cause = Cause::PodRoutesOrTableDrift;

pub(super) fn check(inspection: &mut Inspection<'_>) {
    if !inspection.is_kubenet() {
        return;
    }
    let estate = inspection.estate;
    let tables: BTreeSet<Id<RouteTable>> = inspection
        .node_subnets()
        .filter_map(|subnet| table_of(estate, subnet))
        .collect();
    if tables.len() > 1 {
        let text = "its subnets have different route tables; kubenet needs one for all of them";
        let element = inspection.of_pool("network plugin", origin(inspection));
        inspection.refuse(Refusal::new(CAUSE, element, text));
    }
    for table in &tables {
        shared(inspection, *table);
        pod_routes(inspection, *table);
    }
    same_subnet(inspection);
    if !tables.is_empty() {
        private_with_custom_dns(inspection);
    }
}

fn origin(inspection: &Inspection<'_>) -> crate::base::Origin {
    let plugin = inspection.pool.network_plugin;
    plugin.map_or(inspection.pool.meta.origin, |plugin| plugin.span.into())
}

fn other_kubenet_pools<'a>(
    inspection: &Inspection<'a>,
) -> impl Iterator<Item = (Id<Pool>, &'a Pool)> + use<'a> {
    let own = inspection.id;
    let pools = inspection.estate.pools.iter();
    pools.filter(move |(id, pool)| {
        let plugin = pool.network_plugin.map(|plugin| plugin.value);
        *id != own && plugin == Some(NetworkPlugin::Kubenet)
    })
}

fn shared(inspection: &mut Inspection<'_>, table: Id<RouteTable>) {
    let estate = inspection.estate;
    let mut others = other_kubenet_pools(inspection).filter(|(_, pool)| {
        let mut subnets = pool.subnets.iter().filter_map(|subnet| subnet.id);
        subnets.any(|subnet| table_of(estate, subnet) == Some(table))
    });
    if let Some((other, _)) = others.next() {
        let text = format!(
            "is that of {} too; every kubenet cluster needs a table of its own, because their pod routes collide",
            inspection.other_pool(other)
        );
        inspection.refuse(Refusal::new(CAUSE, inspection.table(table), text));
    }
}

fn same_subnet(inspection: &mut Inspection<'_>) {
    let own: Vec<_> = inspection.node_subnets().collect();
    let others: Vec<_> = other_kubenet_pools(inspection).collect();
    for (other, pool) in others {
        let shared = pool.subnets.iter().find_map(|subnet| {
            let id = subnet.id?;
            own.contains(&id).then_some(id)
        });
        if let Some(subnet) = shared {
            let text = format!(
                "holds {} too; a subnet takes one kubenet cluster only",
                inspection.other_pool(other)
            );
            inspection.refuse(Refusal::new(CAUSE, inspection.subnet(subnet), text));
        }
    }
}

/// Every node takes a route for its pods.
fn pod_routes(inspection: &mut Inspection<'_>, table: Id<RouteTable>) {
    let nodes = inspection.pool.nodes.nodes.len();
    if nodes == 0 {
        return;
    }
    let pods: Vec<_> = inspection
        .pool
        .nodes
        .nodes
        .iter()
        .filter_map(|node| node.pods)
        .collect();
    let routes = &inspection.estate.route_tables[table].routes;
    // Routes of nodes that are shown already are counted once.
    let others = routes
        .iter()
        .filter(|route| match &route.destination.value {
            crate::estate::RouteDestination::Prefix(prefix) => !pods.contains(prefix),
            crate::estate::RouteDestination::ServiceTag(_) => true,
        });
    let count = nodes + others.count();
    let limit = inspection.facts.limit(Limit::KubenetNodes);
    let text = format!(
        "would hold {count} routes with one for each of {nodes} nodes; at most {} are allowed",
        limit.value
    );
    match limit.state(u64::try_from(count).unwrap_or(u64::MAX)) {
        LimitState::Exceeded => {
            inspection.refuse(Refusal::new(CAUSE, inspection.table(table), text));
        }
        LimitState::Disputed | LimitState::Near => {
            inspection.warn(Refusal::new(CAUSE, inspection.table(table), text));
        }
        LimitState::Within => {}
    }
}

/// Documented to fail on the first attempt, with a way around it.
fn private_with_custom_dns(inspection: &mut Inspection<'_>) {
    if inspection.pool.private_cluster.is_none() {
        return;
    }
    let estate = inspection.estate;
    let subnet = inspection.node_subnets().find(|subnet| {
        let vnet = estate.subnets[*subnet].vnet;
        matches!(
            estate.vnets[vnet].dns,
            DnsServers::Custom(_) | DnsServers::Firewall(_)
        )
    });
    if let Some(subnet) = subnet {
        let text = "kubenet with a route table of your own, custom DNS and a private API server is documented to fail at first; the way around it is to associate the table again afterwards";
        inspection.warn(Refusal::new(CAUSE, inspection.subnet(subnet), text));
    }
}
