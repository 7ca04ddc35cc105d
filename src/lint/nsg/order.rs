//! The rules of a security group in their order, and which of them somebody wrote.

use rustc_hash::FxHashSet;

use crate::base::Origin;
use crate::estate::{Access, Direction, Estate, Id, Nsg, SecurityRule, Subnet};

use super::super::Context;

/// Where rules come from that were made for requirements and pools.
pub(in crate::lint) fn made_origins(context: &Context<'_>) -> FxHashSet<Origin> {
    let pools = context.estate.pools.iter();
    let mut origins = context.intent.compiled_origins();
    origins.extend(pools.map(|(_, pool)| pool.meta.origin));
    origins
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
