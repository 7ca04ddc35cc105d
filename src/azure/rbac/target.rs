//! What an action is done on.

use smol_str::SmolStr;

use crate::estate::{self, Estate, Home, Id, Meta};

/// A resource, or a group of them, that an action is done on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A virtual network.
    Vnet(Id<estate::Vnet>),
    /// A subnet, which belongs to its network.
    Subnet(Id<estate::Subnet>),
    /// A route table.
    RouteTable(Id<estate::RouteTable>),
    /// A network security group.
    Nsg(Id<estate::Nsg>),
    /// A NAT gateway.
    NatGateway(Id<estate::NatGateway>),
    /// A public address.
    PublicIp(Id<estate::PublicIp>),
    /// A private DNS zone.
    DnsZone(Id<estate::PrivateDnsZone>),
    /// A resource of a platform service.
    Service(Id<estate::PlatformService>),
    /// A firewall.
    Firewall(Id<estate::Firewall>),
    /// A cluster or pool.
    Pool(Id<estate::Pool>),
    /// An identity, as a resource that others may use.
    Identity(Id<estate::Identity>),
    /// A resource group.
    ResourceGroup(SmolStr),
    /// A subscription.
    Subscription(SmolStr),
    /// A management group.
    ManagementGroup(SmolStr),
}

impl Target {
    /// The resource. A subnet has its own name and place. `None` for what only groups resources.
    #[must_use]
    pub fn meta<'a>(&self, estate: &'a Estate) -> Option<&'a Meta> {
        Some(match self {
            Self::Vnet(id) => &estate.vnets[*id].meta,
            Self::Subnet(id) => &estate.subnets[*id].meta,
            Self::RouteTable(id) => &estate.route_tables[*id].meta,
            Self::Nsg(id) => &estate.nsgs[*id].meta,
            Self::NatGateway(id) => &estate.nat_gateways[*id].meta,
            Self::PublicIp(id) => &estate.public_ips[*id].meta,
            Self::DnsZone(id) => &estate.dns_zones[*id].meta,
            Self::Service(id) => &estate.services[*id].meta,
            Self::Firewall(id) => &estate.firewalls[*id].meta,
            Self::Pool(id) => &estate.pools[*id].meta,
            Self::Identity(id) => &estate.identities[*id].meta,
            Self::ResourceGroup(_) | Self::Subscription(_) | Self::ManagementGroup(_) => {
                return None;
            }
        })
    }

    /// Its name, without that of the network a subnet is in.
    #[must_use]
    pub fn name<'a>(&'a self, estate: &'a Estate) -> &'a str {
        match self {
            Self::ResourceGroup(name) | Self::Subscription(name) | Self::ManagementGroup(name) => {
                name
            }
            resource => resource.meta(estate).map_or("", |meta| meta.name.as_str()),
        }
    }

    /// The word for its kind, as the policy language writes it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Vnet(_) => "vnet",
            Self::Subnet(_) => "subnet",
            Self::RouteTable(_) => "route-table",
            Self::Nsg(_) => "nsg",
            Self::NatGateway(_) => "nat-gateway",
            Self::PublicIp(_) => "public-ip",
            Self::DnsZone(_) => "private-dns-zone",
            Self::Service(_) => "service",
            Self::Firewall(_) => "firewall",
            Self::Pool(_) => "pool",
            Self::Identity(_) => "identity",
            Self::ResourceGroup(_) => "resource-group",
            Self::Subscription(_) => "subscription",
            Self::ManagementGroup(_) => "management-group",
        }
    }

    /// The kind and name, as the policy language writes a scope.
    #[must_use]
    pub fn scope_words(&self, estate: &Estate) -> String {
        let (kind, name) = (self.kind(), self.name(estate));
        match self {
            Self::Subnet(id) => {
                let vnet = &estate.vnets[estate.subnets[*id].vnet].meta.name;
                format!("{kind} {vnet}.{name}")
            }
            _ => format!("{kind} {name}"),
        }
    }

    /// The kind and name, as messages write them.
    #[must_use]
    pub fn words(&self, estate: &Estate) -> String {
        match self {
            Self::Subnet(id) => format!("subnet `{}`", estate.subnet_path(*id)),
            _ => format!("{} `{}`", self.kind().replace('-', " "), self.name(estate)),
        }
    }

    /// Where the resource lives; a subnet lives with its network. `None` for what only groups resources.
    pub(super) fn home<'a>(&self, estate: &'a Estate) -> Option<&'a Home> {
        match self {
            Self::Subnet(id) => Some(&estate.vnets[estate.subnets[*id].vnet].meta.home),
            other => other.meta(estate).map(|meta| &meta.home),
        }
    }
}
