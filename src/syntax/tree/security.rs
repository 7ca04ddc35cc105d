//! Security groups and IP groups.

use super::{Body, CommonClause, Place, Target, Word};

/// A clause of a network security group.
#[derive(Debug, Clone, PartialEq)]
pub enum NsgClause {
    /// `rule …`
    Rule(Box<SecurityRule>),
    /// Any resource's clause.
    Common(CommonClause),
}

/// `rule NAME PRIORITY DIRECTION ACCESS from TARGET, … to TARGET, … SERVICE, … [source-ports PORT, …] ["description"]`
#[derive(Debug, Clone, PartialEq)]
pub struct SecurityRule {
    /// All of it.
    pub span: Place,
    /// Its name.
    pub name: Word,
    /// Its priority.
    pub priority: Word,
    /// `inbound` or `outbound`.
    pub direction: Word,
    /// `allow` or `deny`.
    pub access: Word,
    /// From where.
    pub from: Vec<Target>,
    /// To where.
    pub to: Vec<Target>,
    /// Over what.
    pub services: Vec<Word>,
    /// From which ports.
    pub source_ports: Vec<Word>,
    /// A sentence for people.
    pub description: Option<Word>,
}

/// `ip-group NAME = PREFIX, … { }`
#[derive(Debug, Clone, PartialEq)]
pub struct IpGroup {
    /// Its name.
    pub name: Word,
    /// Prefixes and ranges.
    pub members: Vec<Word>,
    /// Its clauses.
    pub body: Body<CommonClause>,
}

/// A clause of an application security group.
#[derive(Debug, Clone, PartialEq)]
pub enum SecurityGroupClause {
    /// `members ADDRESS, …`
    Members {
        /// The keyword.
        keyword: Word,
        /// The addresses.
        addresses: Vec<Word>,
    },
    /// Any resource's clause.
    Common(CommonClause),
}
