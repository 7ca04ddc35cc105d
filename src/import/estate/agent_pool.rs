//! Node pools of a cluster, listed in it or resources of their own.

use crate::base::{Origin, Span, Spanned};
use crate::estate::{Ref, Subnet, Unknown};
use crate::import::Value;

use super::Builder;
use super::cluster::is_empty_text;
use super::entity::Entity;
use super::gap::Part;

/// What matters of a node pool.
pub(super) struct AgentPool {
    /// The subnet of its nodes; none when that is Azure's own.
    pub subnet: Option<Ref<Subnet>>,
    /// The subnet of its pods.
    pub pod_subnet: Option<Ref<Subnet>>,
    /// Its nodes have public addresses.
    pub public_ips: Option<Origin>,
    /// How many nodes it has at most.
    nodes: Option<Spanned<u32>>,
    /// How many pods a node has at most.
    pods: Option<Spanned<u32>>,
}

impl AgentPool {
    /// How many nodes all of them have: their number is one of the whole cluster, so nothing is said when they are in
    /// several subnets or when any is not known.
    pub(super) fn most_nodes(agents: &[Self]) -> Option<Spanned<u32>> {
        let first = agents.first()?.subnet.as_ref()?.id?;
        let mut sum: Option<(u32, Span)> = None;
        for agent in agents {
            if agent.subnet.as_ref().and_then(|subnet| subnet.id) != Some(first) {
                return None;
            }
            let nodes = agent.nodes?;
            let (before, span) = sum.unwrap_or((0, nodes.span));
            sum = Some((before.saturating_add(nodes.value), span));
        }
        sum.map(|(sum, span)| Spanned::new(sum, span))
    }

    /// How many pods each node may have for sure.
    pub(super) fn fewest_pods(agents: &[Self]) -> Option<Spanned<u32>> {
        let pods: Option<Vec<_>> = agents.iter().map(|agent| agent.pods).collect();
        pods?.into_iter().min_by_key(|pods| pods.value)
    }
}

impl<'e> Builder<'e> {
    /// The node pools of a cluster, and what is not known of them.
    pub(super) fn agent_pools(
        &mut self,
        cluster: &'e Entity<'e>,
    ) -> (Vec<AgentPool>, Vec<Unknown>) {
        let entities = self.entities;
        let mut agents: Vec<AgentPool> = entities
            .children(cluster, "agentpools")
            .map(|(_, agent)| self.agent_pool(agent))
            .collect();
        let mut unknown = Vec::new();
        if let Some(profiles) = cluster.property(&["agentPoolProfiles"]) {
            unknown = self.unknown_elements(profiles);
        }
        // Nodes that are not known may be anywhere.
        if let Some(first) = unknown.first() {
            let span = first.origin.span().unwrap_or(cluster.name_span);
            agents.push(AgentPool {
                subnet: Some(self.nothing(first.text.clone(), span)),
                pod_subnet: None,
                public_ips: None,
                nodes: None,
                pods: None,
            });
        }
        (agents, unknown)
    }

    fn agent_pool(&mut self, agent: &'e Entity<'e>) -> AgentPool {
        let subnet = |builder: &mut Self, key| {
            let value = agent.property(&[key])?;
            if is_empty_text(value) {
                return None;
            }
            builder.reference(value)
        };
        let public = agent.property(&["enableNodePublicIP"]);
        let scales = agent.property(&["enableAutoScaling"]);
        let count = match scales.map(Value::known_bool) {
            None | Some(Some(false)) => agent.property(&["count"]),
            Some(Some(true)) => agent.property(&["maxCount"]),
            Some(None) => None,
        };
        AgentPool {
            subnet: subnet(self, "vnetSubnetID"),
            pod_subnet: subnet(self, "podSubnetID"),
            public_ips: public
                .filter(|value| value.known_bool() == Some(true))
                .map(|value| value.span.into()),
            nodes: self.agent_number(count),
            pods: self.agent_number(agent.property(&["maxPods"])),
        }
    }

    fn agent_number(&mut self, value: Option<&'e Value>) -> Option<Spanned<u32>> {
        let value = value?;
        let read = self.number(value, "a number");
        self.or_gap_of_none(Part::Settings, read)
    }
}
