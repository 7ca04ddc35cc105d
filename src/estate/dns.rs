//! Private DNS and private endpoints.

use std::net::IpAddr;

use crate::base::{Origin, Spanned};
use crate::net::Fqdn;

use super::{Estate, Meta, PlatformService, Ref, Subnet, Vnet};

/// A private DNS zone. Its resource name is the domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateDnsZone {
    /// Name and origin.
    pub meta: Meta,
    /// The domain.
    pub domain: Fqdn,
    /// The networks that see it.
    pub links: Vec<ZoneLink>,
    /// Address records.
    pub records: Vec<DnsRecord>,
}

/// A link from a zone to a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneLink {
    /// Where it is written.
    pub origin: Origin,
    /// The network that sees the zone.
    pub vnet: Ref<Vnet>,
    /// Machines of the network are entered in the zone.
    pub registration: bool,
    /// What happens when the zone has no record.
    pub resolution: ResolutionPolicy,
}

/// What a zone link answers for a name the zone does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResolutionPolicy {
    /// That the name does not exist.
    #[default]
    Default,
    /// What public DNS answers.
    NxDomainRedirect,
}

/// An address record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsRecord {
    /// Where it is written.
    pub origin: Origin,
    /// The name inside the zone; `@` is the zone itself.
    pub name: smol_str::SmolStr,
    /// The addresses; none for an alias.
    pub addresses: Vec<Spanned<IpAddr>>,
    /// Of an alias, the name it stands for.
    pub cname: Option<Spanned<Fqdn>>,
}

/// A DNS server that is a machine in a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsServer {
    /// Name and origin.
    pub meta: Meta,
    /// Its address.
    pub address: Spanned<IpAddr>,
    /// The network it is in; `None` outside the estate, such as on premises.
    pub vnet: Option<Ref<Vnet>>,
    /// The servers it asks for names it does not know itself; `None` when nobody stated them.
    pub forwarders: Option<Vec<Spanned<IpAddr>>>,
    /// Domains that it asks other servers about.
    pub conditional: Vec<ConditionalForwarder>,
}

/// A domain that a DNS server asks certain servers about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionalForwarder {
    /// Where it is written.
    pub origin: Origin,
    /// The domain; names below it too.
    pub domain: Fqdn,
    /// The servers.
    pub servers: Vec<Spanned<IpAddr>>,
}

/// A private endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateEndpoint {
    /// Name and origin.
    pub meta: Meta,
    /// The subnet it is in.
    pub subnet: Ref<Subnet>,
    /// Its addresses.
    pub addresses: Vec<Spanned<IpAddr>>,
    /// The names that lead to it.
    pub names: Vec<Spanned<Fqdn>>,
    /// The zone its records are kept in.
    pub zone: Option<Ref<PrivateDnsZone>>,
    /// The resource behind it.
    pub target: Option<Ref<PlatformService>>,
}

impl PrivateEndpoint {
    /// Whether a name is one of the endpoint, or of the service behind it.
    #[must_use]
    pub fn is_for(&self, estate: &Estate, name: &Fqdn) -> bool {
        let target = self.target.as_ref().and_then(|target| target.id);
        self.names.iter().any(|known| known.value == *name)
            || target.is_some_and(|id| estate.services[id].fqdn.value == *name)
    }
}
