//! What is only described, because it is no part of a network in Azure: services and proxies.

use super::{Body, CommonClause, Word};

/// A clause of a service.
#[derive(Debug, Clone, PartialEq)]
pub enum ServiceClause {
    /// `fqdn NAME`
    Fqdn(Word),
    /// `kind KIND`
    Kind(Word),
    /// `region NAME`
    Region(Word),
    /// `alias NAME`
    Alias(Word),
    /// `address ADDRESS, …`
    Address(Vec<Word>),
    /// `tag NAME, …`
    Tag(Vec<Word>),
    /// `public-access on|off`
    PublicAccess(Word),
    /// `admit PREFIX, subnet VNET.SUBNET, …` or `admit none`
    Admit {
        /// The keyword.
        keyword: Word,
        /// Whom; nobody when empty.
        admitted: Vec<Admitted>,
    },
    /// Any resource's clause.
    Common(CommonClause),
}

/// Whom a service lets in.
#[derive(Debug, Clone, PartialEq)]
pub enum Admitted {
    /// A public prefix.
    Prefix(Word),
    /// `subnet VNET.SUBNET`
    Subnet(Word),
}

/// `proxy NAME [in VNET.SUBNET] { }`
#[derive(Debug, Clone, PartialEq)]
pub struct Proxy {
    /// Its name.
    pub name: Word,
    /// The subnet it is in.
    pub subnet: Option<Word>,
    /// Its clauses.
    pub body: Body<ProxyClause>,
}

/// A clause of a proxy.
#[derive(Debug, Clone, PartialEq)]
pub enum ProxyClause {
    /// `address ADDRESS`
    Address(Word),
    /// `port PORT`
    Port(Word),
    /// `allow any`, `allow NAME, …`
    Allow(Vec<Word>),
    /// Any resource's clause.
    Common(CommonClause),
}
