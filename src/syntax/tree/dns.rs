//! Private endpoints, private DNS zones, DNS servers.

use super::{Body, CommonClause, Place, Word};

/// A clause of a private endpoint.
#[derive(Debug, Clone, PartialEq)]
pub enum PrivateEndpointClause {
    /// `private-ip ADDRESS, …`
    PrivateIp(Vec<Word>),
    /// `for NAME, …`
    For(Vec<Word>),
    /// `zone NAME`
    Zone(Word),
    /// `target SERVICE`
    Target(Word),
    /// Any resource's clause.
    Common(CommonClause),
}

/// A clause of a private DNS zone.
#[derive(Debug, Clone, PartialEq)]
pub enum DnsZoneClause {
    /// `link VNET [registration] [nxdomain-redirect]`
    Link {
        /// The network.
        vnet: Word,
        /// Its machines are entered.
        registration: bool,
        /// Names not found are asked for in public DNS.
        nxdomain_redirect: bool,
    },
    /// `record NAME ADDRESS, …`
    Record {
        /// The name inside the zone.
        name: Word,
        /// Its addresses.
        addresses: Vec<Word>,
    },
    /// `alias NAME -> DOMAIN`
    Alias {
        /// The name inside the zone.
        name: Word,
        /// The name it stands for.
        to: Word,
    },
    /// Any resource's clause.
    Common(CommonClause),
}

/// `dns-server NAME [in VNET] { }`
#[derive(Debug, Clone, PartialEq)]
pub struct DnsServer {
    /// Its name.
    pub name: Word,
    /// The network it is in.
    pub vnet: Option<Word>,
    /// Its clauses.
    pub body: Body<DnsServerClause>,
}

/// A clause of a DNS server.
#[derive(Debug, Clone, PartialEq)]
pub enum DnsServerClause {
    /// `address ADDRESS`
    Address(Word),
    /// `forwarders ADDRESS, …`
    Forwarders(Vec<Word>),
    /// `forward DOMAIN -> ADDRESS, …`
    Forward {
        /// The domain.
        domain: Word,
        /// The servers.
        servers: Vec<Word>,
        /// The whole clause.
        span: Place,
    },
    /// Any resource's clause.
    Common(CommonClause),
}
