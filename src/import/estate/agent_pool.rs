//! Node pools of a cluster, listed in it or resources of their own.

use smol_str::{SmolStr, format_smolstr};

use crate::base::{Origin, Span, Spanned};
use crate::estate::{PoolSetting, Ref, Subnet};
use crate::import::Value;

use super::Builder;
use super::cluster::is_empty_text;
use super::entity::Entity;

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
    /// How many more it has at most while they are replaced, where that is stated.
    surge: Option<Spanned<u32>>,
    /// How many pods a node has at most.
    pods: Option<Spanned<u32>>,
    /// What its machines are, as `agentPoolProfiles.PROPERTY=WORD`.
    pub words: Vec<Spanned<SmolStr>>,
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

    /// How many nodes more there may be while all pools are replaced at once, as far as that is stated.
    pub(super) fn most_surge(agents: &[Self]) -> Option<Spanned<u32>> {
        let mut stated = agents.iter().filter_map(|agent| agent.surge);
        let first = stated.next()?;
        let sum = stated.fold(first.value, |sum, surge| sum.saturating_add(surge.value));
        Some(Spanned::new(sum, first.span))
    }

    /// How many pods each node may have for sure.
    pub(super) fn fewest_pods(agents: &[Self]) -> Option<Spanned<u32>> {
        let pods: Option<Vec<_>> = agents.iter().map(|agent| agent.pods).collect();
        pods?.into_iter().min_by_key(|pods| pods.value)
    }
}

impl<'e> Builder<'e> {
    /// The node pools of a cluster. What is not known of them is noted.
    pub(super) fn agent_pools(&mut self, cluster: &'e Entity<'e>) -> Vec<AgentPool> {
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
                surge: None,
                pods: None,
                words: Vec::new(),
            });
        }
        self.setting_gaps(PoolSetting::NodePublicIps, unknown.clone());
        self.setting_gaps(PoolSetting::Nodes, unknown);
        agents
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
        let scales = match agent.property(&["enableAutoScaling"]) {
            Some(value) => {
                let read = self.switch(value);
                self.setting(PoolSetting::Nodes, read)
                    .map(|scales| scales.value)
            }
            None => Some(false),
        };
        let count = scales.and_then(|scales| {
            let key = if scales { "maxCount" } else { "count" };
            agent.property(&[key])
        });
        let nodes = self.agent_number(count);
        let surge = agent.property(&["upgradeSettings", "maxSurge"]);
        AgentPool {
            subnet: subnet(self, "vnetSubnetID"),
            pod_subnet: subnet(self, "podSubnetID"),
            public_ips: self.when_on(PoolSetting::NodePublicIps, public),
            nodes,
            surge: surge.and_then(|surge| self.surge(surge, nodes)),
            pods: self.agent_number(agent.property(&["maxPods"])),
            words: ["osType", "osSKU", "vmSize"]
                .into_iter()
                .filter_map(|key| {
                    let value = agent.property(&[key])?;
                    let text = format_smolstr!("agentPoolProfiles.{key}={}", value.known_text()?);
                    Some(Spanned::new(text, value.span))
                })
                .collect(),
        }
    }

    fn agent_number(&mut self, value: Option<&'e Value>) -> Option<Spanned<u32>> {
        let value = value?;
        let read = self.number(value, "a number");
        self.setting(PoolSetting::Nodes, read)
    }

    /// A number of nodes, or a share of those that are there, rounded up
    /// (MicrosoftDocs/azure-aks-docs, articles/aks/upgrade-aks-cluster.md).
    fn surge(&mut self, value: &'e Value, nodes: Option<Spanned<u32>>) -> Option<Spanned<u32>> {
        let read = self.text(value, "a number of nodes, or a share of them such as `33%`");
        let text = self.setting(PoolSetting::Nodes, read)?;
        let number = match text.value.strip_suffix('%') {
            None => text.value.parse().ok(),
            Some(share) => {
                let share: u32 = share.trim().parse().ok()?;
                Some(nodes?.value.saturating_mul(share).div_ceil(100))
            }
        };
        number.map(|number| Spanned::new(number, text.span))
    }
}
