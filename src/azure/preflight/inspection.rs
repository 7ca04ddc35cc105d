//! One pool under inspection, and what was found so far.

use crate::estate::{Estate, Gap, Id, NetworkPlugin, OutboundType, Pool, PoolIdentity, Subnet};

use super::super::dataplane::Dataplane;
use super::super::facts::{Facts, Product};
use super::super::flow::Assumption;
use super::super::gaps;
use super::{Preflight, Refusal, Subject, product_of};

/// A pool under inspection.
pub(super) struct Inspection<'a> {
    pub(super) plane: &'a Dataplane<'a>,
    pub(super) estate: &'a Estate,
    pub(super) facts: &'a Facts,
    pub(super) id: Id<Pool>,
    pub(super) pool: &'a Pool,
    pub(super) product: Product,
    /// The check that is under way.
    pub(super) subject: Subject,
    result: Preflight,
}

impl<'a> Inspection<'a> {
    pub(super) fn new(plane: &'a Dataplane<'a>, id: Id<Pool>) -> Self {
        let pool = &plane.estate.pools[id];
        Self {
            plane,
            estate: plane.estate,
            facts: plane.facts,
            id,
            pool,
            product: product_of(pool),
            subject: Subject::Outbound,
            result: Preflight::default(),
        }
    }

    pub(super) fn finish(self) -> Preflight {
        self.result
    }

    pub(super) fn refuse(&mut self, mut refusal: Refusal) {
        refusal.subject = self.subject;
        self.result.refusals.push(refusal);
    }

    pub(super) fn warn(&mut self, mut warning: Refusal) {
        warning.subject = self.subject;
        self.result.warnings.push(warning);
    }

    /// Says what is taken to be so; once.
    pub(super) fn assume(&mut self, text: impl Into<String>) {
        let assumption = Assumption { text: text.into() };
        if !self.result.assumptions.contains(&assumption) {
            self.result.assumptions.push(assumption);
        }
    }

    pub(super) fn outbound(&self) -> OutboundType {
        self.pool.outbound.value
    }

    pub(super) fn is_kubenet(&self) -> bool {
        self.plugin() == Some(NetworkPlugin::Kubenet)
    }

    pub(super) fn plugin(&self) -> Option<NetworkPlugin> {
        self.pool.network_plugin.map(|plugin| plugin.value)
    }

    pub(super) fn is_system_assigned(&self) -> bool {
        matches!(self.pool.identity, Some(PoolIdentity::SystemAssigned(_)))
    }

    /// The subnets of the nodes that are known.
    pub(super) fn node_subnets(&self) -> impl Iterator<Item = Id<Subnet>> + use<'a> {
        self.pool.subnets.iter().filter_map(|subnet| subnet.id)
    }

    /// The subnet of pods that have addresses of their own.
    pub(super) fn pod_subnet(&self) -> Option<Id<Subnet>> {
        self.pool.nodes.pod_subnet.as_ref()?.id
    }

    /// What is not known of the pool is taken to be as the provider wants it.
    pub(super) fn note_unknown_settings(&mut self) {
        let estate = self.estate;
        for (gap, _) in estate.gaps.iter() {
            if let Gap::Pool(pool, setting) = gap
                && pool == self.id
                && let Some(text) = gaps::pool(estate, pool, setting)
            {
                self.assume(format!(
                    "{text}; it is taken to be as the provider wants it"
                ));
            }
        }
    }

    pub(super) fn note_unknown_subnets(&mut self) {
        for subnet in self
            .pool
            .subnets
            .iter()
            .filter(|subnet| subnet.id.is_none())
        {
            self.assume(format!(
                "subnet `{}` is not described; it is taken to be as the provider wants it",
                subnet.name
            ));
        }
    }
}
