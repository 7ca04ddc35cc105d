//! Flows to pods whose addresses no network holds: with kubenet the route table brings them to their node, with an
//! overlay the nodes carry them (MicrosoftDocs/azure-aks-docs, articles/aks/configure-kubenet.md and
//! concepts-network-azure-cni-overlay.md).

use std::net::IpAddr;

use crate::estate::{Id, NetworkPlugin, Node, Pool, Subnet};

use super::super::cause::Cause;
use super::super::flow::{Element, Stage};
use super::super::packet::{End, Packet};
use super::super::routing::{EffectiveRoute, Hop, RouteSource, choose};
use super::Walk;

/// Whose address a pod's is.
fn node_of(pool: &Pool, address: IpAddr) -> Option<&Node> {
    let mut nodes = pool.nodes.nodes.iter();
    nodes.find(|node| node.pods.is_some_and(|pods| pods.contains(&address)))
}

fn is_pod_of(pool: &Pool, address: IpAddr) -> bool {
    let mut prefixes = pool.pod_prefixes.iter();
    prefixes.any(|prefix| prefix.value.contains(&address))
}

impl<'w> Walk<'w> {
    /// The pool of a subnet, when a destination is the address of one of its pods and no network holds that address.
    pub(super) fn pods_at(&self, subnet: Id<Subnet>, destination: &End) -> Option<&'w Pool> {
        let (_, pool) = self.pool_in(subnet)?;
        let address = destination.address?;
        let held = self.subnet_holding(address).is_some();
        (is_pod_of(pool, address) && !held).then_some(pool)
    }

    /// Who the network sees as the sender of a flow: the node, when a pod with an address of its own sends to something
    /// that is no pod.
    pub(super) fn seen_as(&mut self, subnet: Id<Subnet>, from: IpAddr, to: &End) -> IpAddr {
        let Some((_, pool)) = self.pool_in(subnet) else {
            return from;
        };
        let own_range = matches!(
            pool.network_plugin.map(|plugin| plugin.value),
            Some(NetworkPlugin::AzureOverlay | NetworkPlugin::Kubenet)
        );
        let inside = to.address.is_some_and(|to| is_pod_of(pool, to));
        if !own_range || !is_pod_of(pool, from) || inside {
            return from;
        }
        let node = node_of(pool, from).map(|node| node.address);
        let Some(node) = node.or_else(|| self.plane.some_address(subnet)) else {
            return from;
        };
        self.note(format!(
            "pod {from} leaves with the address of its node, {node}"
        ));
        node
    }

    /// Whether a packet is between pods of one cluster, or between its pods and nodes, as their own addresses show.
    /// Rules for it are needed only where somebody wrote a deny
    /// (MicrosoftDocs/azure-aks-docs, articles/aks/concepts-network-azure-cni-overlay.md).
    pub(super) fn is_pod_traffic(&self, subnet: Id<Subnet>, packet: &Packet) -> bool {
        let Some((_, pool)) = self.pool_in(subnet) else {
            return false;
        };
        let nodes = |address: IpAddr| {
            let mut subnets = pool.subnets.iter().filter_map(|subnet| subnet.id);
            let estate = self.plane.estate;
            subnets.any(|subnet| {
                let mut prefixes = estate.subnets[subnet].prefixes.iter();
                prefixes.any(|prefix| prefix.value.contains(&address))
            })
        };
        let ends = [packet.source.address, packet.destination.address];
        let pod = |end: &Option<IpAddr>| end.is_some_and(|address| is_pod_of(pool, address));
        let own = |end: &Option<IpAddr>| pod(end) || end.is_some_and(nodes);
        ends.iter().any(pod) && ends.iter().all(own)
    }

    /// A packet to a pod of the own cluster, which the security groups let out already.
    pub(super) fn reach_pod(&mut self, subnet: Id<Subnet>, pool: &'w Pool, packet: &Packet) {
        let Some(address) = packet.destination.address else {
            return;
        };
        let kubenet =
            pool.network_plugin.map(|plugin| plugin.value) == Some(NetworkPlugin::Kubenet);
        if !kubenet {
            self.carried(subnet, packet, "the nodes carry packets to pods themselves");
            return;
        }
        let Some(home) = node_of(pool, address) else {
            self.note(format!(
                "node and route of pod address {address} are in place"
            ));
            self.enter(subnet, packet);
            return;
        };
        let from = packet
            .source
            .address
            .and_then(|source| node_of(pool, source));
        let stays = from.is_some_and(|node| node.address == home.address)
            || packet.source.address == Some(home.address);
        if stays {
            let words = format!("{address} is on the same node; the packet never leaves it");
            self.carried(subnet, packet, &words);
            return;
        }
        let Err((element, text)) = self.pod_route(subnet, address, home) else {
            if !self.enter(subnet, packet) {
                return;
            }
            self.reply_to_pod(subnet, packet, from);
            return;
        };
        self.block(Stage::Route, Cause::PodRoutesOrTableDrift, element, text);
    }

    fn carried(&mut self, subnet: Id<Subnet>, packet: &Packet, words: &str) {
        let element = self.subnet_element(subnet);
        self.pass(Stage::Route, element, words);
        self.enter(subnet, packet);
    }

    /// The reply to a pod needs a route as well.
    fn reply_to_pod(&mut self, subnet: Id<Subnet>, packet: &Packet, from: Option<&Node>) {
        let (Some(source), Some(node)) = (packet.source.address, from) else {
            return;
        };
        if let Err((element, text)) = self.pod_route(subnet, source, node) {
            self.lose_reply(Cause::PodRoutesOrTableDrift, element, text);
        }
    }

    /// Whether a subnet's table brings packets for a pod to its node; if not, what is to blame.
    fn pod_route(
        &mut self,
        subnet: Id<Subnet>,
        pod: IpAddr,
        node: &Node,
    ) -> Result<(), (Element, String)> {
        let plane = self.plane;
        if plane.estate.subnets[subnet].route_table.is_none() {
            self.note("AKS keeps a route table of its own for kubenet, with a route for each node");
            return Ok(());
        }
        let routes = choose(
            plane,
            plane.routes(subnet),
            &End::at(pod),
            None,
            &mut self.notes,
        );
        let words = format!("{pod} belongs to node `{}` ({})", node.name, node.address);
        // A route that is for pods names a node; any other only catches what no such route takes.
        let own = |route: &&&EffectiveRoute| {
            route.source == RouteSource::User && matches!(route.hop, Hop::Appliances(_))
        };
        let narrow = |route: &EffectiveRoute| match &route.destination {
            crate::estate::RouteDestination::Prefix(prefix) => prefix.prefix_len() > 0,
            crate::estate::RouteDestination::ServiceTag(_) => false,
        };
        if let Some(route) = routes.routes.iter().find(own) {
            let leads = match &route.hop {
                Hop::Appliances(candidates) => candidates
                    .iter()
                    .all(|candidate| candidate.address == Some(node.address)),
                _ => false,
            };
            let element = route.element(plane.estate);
            if leads {
                let text = format!("leads to node `{}`", node.name);
                self.matched.push(element.clone());
                self.pass(Stage::Route, element, text);
                return Ok(());
            }
            if narrow(route) {
                let element = self.next_hop_element(element);
                return Err((element, format!("leads elsewhere, but {words}")));
            }
        }
        let element = self.table_or_subnet(subnet);
        Err((
            element,
            format!("has no route for the pods of node `{}`; {words}", node.name),
        ))
    }
}
