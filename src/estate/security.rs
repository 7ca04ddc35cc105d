//! Network security groups.

use smol_str::SmolStr;

use crate::base::{Origin, Span, Spanned};
use crate::net::{PortRange, Transport};

use super::{Endpoint, Meta};

/// A network security group.
#[derive(Debug, Clone, PartialEq)]
pub struct Nsg {
    /// Name and origin.
    pub meta: Meta,
    /// Its rules, without Azure's defaults.
    pub rules: Vec<SecurityRule>,
}

/// Which way a flow starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Towards the subnet.
    Inbound,
    /// From the subnet.
    Outbound,
}

/// What a security rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Lets through.
    Allow,
    /// Drops.
    Deny,
}

/// A security rule.
#[derive(Debug, Clone, PartialEq)]
pub struct SecurityRule {
    /// Its name in the group.
    pub name: SmolStr,
    /// Why it is there.
    pub origin: Origin,
    /// A sentence for people.
    pub description: String,
    /// Order within its direction: lower comes first.
    pub priority: Spanned<u32>,
    /// Which way.
    pub direction: Direction,
    /// Allow or deny.
    pub access: Access,
    /// One protocol.
    pub transport: Transport,
    /// From where.
    pub sources: Vec<Endpoint>,
    /// From which ports.
    pub source_ports: Vec<PortRange>,
    /// To where.
    pub destinations: Vec<Endpoint>,
    /// To which ports.
    pub destination_ports: Vec<PortRange>,
    /// All of it as a policy writes it; `None` for a rule that was made from a requirement.
    pub written: Option<Span>,
}
