//! Pods with addresses of their own. Traffic between the pods of an overlay cluster, and from its nodes to them, stays
//! in the pod network: no route table applies, security groups see the pods' addresses. Whatever leaves the pod range
//! does so with the node's address (MicrosoftDocs/azure-aks-docs, articles/aks/concepts-network-azure-cni-overlay.md;
//! configure-kubenet.md for kubenet).

use std::net::IpAddr;

use crate::estate::{Id, NetworkPlugin, Pool, Subnet};

use super::super::flow::{Element, Site, Stage};
use super::super::packet::{End, Packet};
use super::Walk;

impl<'w> Walk<'w> {
    /// Who the network sees as the sender of a flow: the node, when a pod sends to something that is no pod.
    pub(super) fn seen_as(&mut self, subnet: Id<Subnet>, from: IpAddr, to: &End) -> IpAddr {
        let Some((_, pool)) = self.pod_network(subnet) else {
            return from;
        };
        let inside = to.address.is_some_and(|to| holds(pool, to));
        if !holds(pool, from) || inside {
            return from;
        }
        let node = node_of(pool, from).or_else(|| self.plane.some_address(subnet));
        let Some(node) = node else {
            return from;
        };
        self.note(format!(
            "pod {from} leaves with the address of its node, {node}"
        ));
        node
    }

    /// Delivers a packet to a pod of an overlay cluster whose node is the sender, or that of the sending pod.
    pub(super) fn is_brought_to_pod(&mut self, subnet: Id<Subnet>, packet: &Packet) -> bool {
        let Some((id, pool)) = self.pod_network(subnet) else {
            return false;
        };
        let plugin = pool.network_plugin.as_ref().map(|plugin| plugin.value);
        let to = packet.destination.address.filter(|to| holds(pool, *to));
        let (Some(NetworkPlugin::AzureOverlay), Some(to)) = (plugin, to) else {
            return false;
        };
        let node = node_of(pool, to).and_then(|node| self.subnet_holding(node));
        let home = node.unwrap_or(subnet);
        let element = Element {
            name: format!("pod network of pool `{}`", pool.meta.name),
            origin: pool.meta.origin,
            site: Site::Pool(id),
        };
        self.pass(
            Stage::Route,
            element,
            format!("brings the packet to the node of pod {to}"),
        );
        self.enter(home, packet);
        true
    }

    /// The pool of a subnet, when its pods have addresses that are not the subnet's.
    fn pod_network(&self, subnet: Id<Subnet>) -> Option<(Id<Pool>, &'w Pool)> {
        self.pool_in(subnet).filter(|(_, pool)| {
            let plugin = pool.network_plugin.as_ref().map(|plugin| plugin.value);
            matches!(
                plugin,
                Some(NetworkPlugin::AzureOverlay | NetworkPlugin::Kubenet)
            )
        })
    }
}

fn holds(pool: &Pool, address: IpAddr) -> bool {
    let mut prefixes = pool.pod_prefixes.iter();
    prefixes.any(|prefix| prefix.value.contains(&address))
}

/// The address of the node that a pod runs on, where the nodes are stated.
fn node_of(pool: &Pool, pod: IpAddr) -> Option<IpAddr> {
    let mut nodes = pool.nodes.nodes.iter();
    let node = nodes.find(|node| node.pods.is_some_and(|pods| pods.contains(&pod)))?;
    Some(node.address)
}
