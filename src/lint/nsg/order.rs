//! The rules of a security group in their order, and which of them somebody wrote.

use rustc_hash::FxHashSet;

use crate::base::Origin;
use crate::estate::{Access, Direction, Estate, Id, Nsg, SecurityRule, Subnet};

use super::super::Context;
use super::super::common::flow_set::Outline;

/// Where rules come from that were made for requirements and pools.
pub(super) fn made_origins(context: &Context<'_>) -> FxHashSet<Origin> {
    let pools = context.estate.pools.iter();
    let mut origins = context.compiled_origins();
    origins.extend(pools.map(|(_, pool)| pool.meta.origin));
    origins
}

/// The rules of a security group in the order in which they are asked.
pub(super) struct Ranked<'a> {
    estate: &'a Estate,
    rules: Vec<(Outline, &'a SecurityRule)>,
}

impl<'a> Ranked<'a> {
    pub(super) fn of(estate: &'a Estate, nsg: &'a Nsg) -> Self {
        let rules = nsg.rules.iter();
        let mut rules: Vec<_> = rules.map(|rule| (Outline::of(rule), rule)).collect();
        rules.sort_by_key(|(_, rule)| rule.priority.value);
        Self { estate, rules }
    }

    /// The rules that are asked before this one for certain, deployed whenever it is, with a lower priority; of those
    /// the ones that may match a packet that it matches.
    pub(super) fn earlier(&self, rule: &SecurityRule) -> impl Iterator<Item = &'a SecurityRule> {
        self.before(rule, Outline::of(rule)).map(|(_, rule)| *rule)
    }

    /// The same without those that certainly leave some packet of this rule.
    pub(super) fn earlier_around(
        &self,
        rule: &SecurityRule,
    ) -> impl Iterator<Item = &'a SecurityRule> {
        let outline = Outline::of(rule);
        let before = self.before(rule, outline.clone());
        let around = before.filter(move |(other, _)| other.may_cover(&outline));
        around.map(|(_, rule)| *rule)
    }

    fn before(
        &self,
        rule: &SecurityRule,
        outline: Outline,
    ) -> impl Iterator<Item = &(Outline, &'a SecurityRule)> {
        let gaps = &self.estate.gaps;
        let condition = gaps.condition_of(rule.origin);
        let (direction, priority) = (rule.direction, rule.priority.value);
        let rules = self.rules.iter();
        rules
            .take_while(move |(_, other)| other.priority.value < priority)
            .filter(move |(other_outline, other)| {
                other.direction == direction && !outline.is_apart_from(other_outline) && {
                    let own = gaps.condition_of(other.origin);
                    own.is_none() || own == condition
                }
            })
    }
}

/// The rules of a direction with a higher priority number than this one.
pub(super) fn later<'a>(
    nsg: &'a Nsg,
    rule: &'a SecurityRule,
) -> impl Iterator<Item = &'a SecurityRule> {
    nsg.rules.iter().filter(move |other| {
        other.direction == rule.direction && other.priority.value > rule.priority.value
    })
}

/// The rules of a direction that do this.
pub(super) fn rules_that(
    nsg: &Nsg,
    direction: Direction,
    access: Access,
) -> impl Iterator<Item = &SecurityRule> {
    nsg.rules
        .iter()
        .filter(move |rule| rule.direction == direction && rule.access == access)
}

/// Every security group with the subnets that have it.
pub(super) fn attached(estate: &Estate) -> impl Iterator<Item = (Id<Nsg>, &Nsg, Vec<Id<Subnet>>)> {
    estate.nsgs.iter().map(|(id, nsg)| {
        let subnets = estate.subnets.iter();
        let subnets = subnets
            .filter(|(_, subnet)| subnet.nsg.as_ref().is_some_and(|its| its.id == Some(id)))
            .map(|(subnet, _)| subnet);
        (id, nsg, subnets.collect())
    })
}
