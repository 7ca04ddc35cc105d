//! What is not known of an element, so that nothing unknown looks like nothing.

use smol_str::SmolStr;

use crate::base::{Origin, Span};

use super::slot::Slot;

/// Something that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// The expression that gives it, or why it is not known.
    pub text: SmolStr,
    /// Where it is used.
    pub origin: Origin,
}

impl Unknown {
    pub(super) fn new(text: impl Into<SmolStr>, place: Span) -> Self {
        Self {
            text: text.into(),
            origin: place.into(),
        }
    }
}

/// A part of an element of which something is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Rules of a security group.
    SecurityRules,
    /// Routes of a table.
    Routes,
    /// Whether a route table takes in what gateways learned.
    Propagation,
    /// Prefixes of a network or subnet.
    Prefixes,
    /// Subnets of a network.
    Subnets,
    /// DNS servers of a network.
    DnsServers,
    /// A peering.
    Peering,
    /// Settings of a firewall or policy.
    Settings,
    /// Rule collection groups of a policy.
    Groups,
    /// Collections or rules of a group, by its place in the policy.
    Group(usize),
    /// Classic rule collections of a firewall.
    Collections,
    /// Addresses: of an IP group, an interface, an endpoint, a frontend.
    Addresses,
    /// Interfaces in an application security group.
    Members,
    /// What is attached: public addresses, backends, connections.
    Attachments,
    /// Links of a zone or rule set.
    Links,
    /// Records of a zone.
    Records,
    /// Rules of a forwarding rule set.
    Forwarding,
    /// How a hub routes.
    HubRouting,
}

/// Something that is not known, and of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The element; none for a resource that became no element.
    pub of: Option<Slot>,
    /// The part of it.
    pub part: Part,
    /// What is not known.
    pub unknown: Unknown,
}
