//! What is not known of an estate that was read from templates and exports.
//!
//! A policy states its estate whole. A template leaves values to the deployment, and a folder of exports may lack
//! whatever nobody exported. What is missing is kept here, beside the elements, so that no judgement rests on it.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::base::{Origin, Span};

use super::{Firewall, FirewallPolicy, Id, IpGroup, Nsg, RouteTable, Subnet, Vnet};

/// Whether what an estate does not state may exist all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extent {
    /// It does not exist.
    #[default]
    Whole,
    /// It may: the estate is what some files state of a larger one.
    Part,
}

/// A value that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// What it is, as an expression or in words, such as `parameters('hubAddress')`.
    pub text: SmolStr,
    /// Where it is used.
    pub origin: Origin,
}

/// What lacks something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gap {
    /// The address space of a network.
    VnetAddresses(Id<Vnet>),
    /// Addresses of a subnet.
    SubnetAddresses(Id<Subnet>),
    /// Peers and DNS servers of a network that is only referred to.
    VnetSettings(Id<Vnet>),
    /// Route table, security group and endpoints of a subnet that is only referred to.
    SubnetSettings(Id<Subnet>),
    /// Routes of a table.
    Routes(Id<RouteTable>),
    /// Rules of a network security group.
    SecurityRules(Id<Nsg>),
    /// Rules of a firewall policy, or of one above it.
    PolicyRules(Id<FirewallPolicy>),
    /// Classic rules of a firewall.
    FirewallRules(Id<Firewall>),
    /// Members of an IP group.
    Members(Id<IpGroup>),
}

/// A resource that is deployed on a condition that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The whole resource.
    pub resource: Span,
    /// The condition as an expression.
    pub text: SmolStr,
}

/// Everything that is not known.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Gaps {
    /// Whether what is not stated may exist.
    pub extent: Extent,
    /// Resources whose existence depends on something.
    pub conditions: Vec<Condition>,
    unknowns: BTreeMap<Gap, Vec<Unknown>>,
}

impl Gaps {
    /// Notes that something is not known.
    pub fn add(&mut self, gap: Gap, unknown: Unknown) {
        self.unknowns.entry(gap).or_default().push(unknown);
    }

    /// What is not known there; nothing when all of it is known.
    #[must_use]
    pub fn at(&self, gap: Gap) -> &[Unknown] {
        self.unknowns.get(&gap).map_or(&[], Vec::as_slice)
    }

    /// All gaps, in the order of the elements.
    pub fn iter(&self) -> impl Iterator<Item = (Gap, &Unknown)> {
        let gaps = self.unknowns.iter();
        gaps.flat_map(|(gap, unknowns)| unknowns.iter().map(|unknown| (*gap, unknown)))
    }

    /// The condition on which an element at this place is deployed.
    #[must_use]
    pub fn condition_of(&self, origin: Origin) -> Option<&Condition> {
        let place = origin.span()?;
        let mut conditions = self.conditions.iter();
        conditions.find(|condition| condition.resource.contains(place))
    }
}
