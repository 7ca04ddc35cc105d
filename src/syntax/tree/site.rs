//! Networks outside Azure.

use super::{Body, Ignore, Route, Word};

/// `site NAME PREFIX, … { }`
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Its name.
    pub name: Word,
    /// Its addresses.
    pub prefixes: Vec<Word>,
    /// Its clauses.
    pub body: Body<SiteClause>,
}

/// A clause of a site.
#[derive(Debug, Clone, PartialEq)]
pub enum SiteClause {
    /// `dns ADDRESS, …`
    Dns {
        /// The keyword.
        keyword: Word,
        /// The servers.
        servers: Vec<Word>,
    },
    /// `network NAME PREFIX, … { }`
    Network(SiteNetwork),
    /// `route NAME PREFIX -> appliance NAME`
    Route(Route),
    /// `ignore`
    Ignore(Ignore),
}

/// A network of a site.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteNetwork {
    /// Its name.
    pub name: Word,
    /// Its prefixes.
    pub prefixes: Vec<Word>,
    /// Its clauses.
    pub body: Body<SiteNetworkClause>,
}

/// A clause of a network of a site.
#[derive(Debug, Clone, PartialEq)]
pub enum SiteNetworkClause {
    /// `addresses PURPOSE RANGE, …`
    Addresses {
        /// What for: `static`, `dhcp`, `vip` or `management`.
        purpose: Word,
        /// Which.
        ranges: Vec<Word>,
    },
    /// `ignore`
    Ignore(Ignore),
}
