//! The estate: what is there, as Azure would see it.
//!
//! Plain data. Every element carries its [`Origin`](crate::base::Origin); elements refer to each other by typed
//! ids, never by name. A reference whose target is unknown keeps the name it was written with and no id, so that
//! what is unknown stays visible.

mod cluster;
mod complete;
mod dns;
mod firewall;
mod gaps;
mod identity;
mod network;
mod routing;
mod security;
mod shown;
mod table;

pub use cluster::{
    ApiServer, AuthorizedRanges, Bootstrap, HttpProxy, NetworkPlugin, Node, NodeSettings,
    OutboundType, Pool, PoolIdentity, PrivateZone, ProxyEndpoint,
};
pub use dns::{
    ConditionalForwarder, DnsRecord, DnsServer, PrivateDnsZone, PrivateEndpoint, ResolutionPolicy,
    ZoneLink,
};
pub use firewall::{
    Action, ApplicationRule, FIREWALL_SUBNET, Firewall, FirewallPolicy, FirewallSettings, Idps,
    IpGroup, MANAGEMENT_SUBNET, NatRule, NetworkRule, RuleCollection, RuleCollectionGroup,
    RuleInfo, RuleText, Rules, ThreatIntel, Tier, Translated,
};
pub use gaps::{Condition, Extent, Gap, Gaps, PoolSetting, Unknown};
pub use identity::{
    DeniedPrincipals, DenyAssignment, Identity, PolicyAssignment, Principal, RoleAssignment,
    RoleDefinition, Scope, Subscription,
};
pub use network::{
    Allowed, Appliance, ApplianceFilter, ApplicationSecurityGroup, DnsServers, Gateway,
    GatewayKind, Interface, LoadBalancer, NatGateway, NetworkAcl, Peering, PeeringState,
    PlatformService, PrivateEndpointPolicies, Proxy, PublicAddress, PublicIp, RangePurpose,
    Resolved, ServiceEndpointPolicy, Site, SiteRange, Subnet, VirtualHub, VirtualWan, Vnet,
};
pub use routing::{NextHop, Route, RouteDestination, RouteTable};
pub use security::{Access, Direction, Nsg, SecurityRule};
pub use shown::{ShownHop, ShownRoute, ShownRoutes, ShownRules, ShownSource};
pub use table::{Id, Ref, Table};

use std::net::IpAddr;

use smol_str::SmolStr;

use crate::base::{Origin, Span};
use crate::net::{Cloud, Destination, Fqdn};

/// Whether a resource is to be deployed or is already there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Home {
    /// It is part of what is deployed, in the resource group of the deployment.
    #[default]
    Deployed,
    /// It exists already.
    Existing {
        /// Its resource group, when that is not the one of the deployment.
        resource_group: Option<SmolStr>,
        /// Its subscription, when that is not the one of the deployment.
        subscription: Option<SmolStr>,
    },
}

impl Home {
    /// Whether the resource exists already.
    #[must_use]
    pub fn is_existing(&self) -> bool {
        matches!(self, Self::Existing { .. })
    }

    /// Whether the resource lives in another resource group than the deployment's.
    #[must_use]
    pub fn is_elsewhere(&self) -> bool {
        matches!(
            self,
            Self::Existing {
                resource_group: Some(_),
                ..
            } | Self::Existing {
                subscription: Some(_),
                ..
            }
        )
    }
}

/// What every resource has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// Its name in Azure.
    pub name: SmolStr,
    /// Where its name is written.
    pub origin: Origin,
    /// The text between its braces, both included, when it has any: where a fix can add a clause.
    pub body: Option<Span>,
    /// Deployed or existing.
    pub home: Home,
}

impl Meta {
    /// Whether its name is wholly known. What a template leaves open in it is written as `${…}`.
    #[must_use]
    pub fn has_known_name(&self) -> bool {
        !self.name.contains("${")
    }
}

/// One side of a rule: addresses or names, directly or through a group.
#[derive(Debug, Clone, PartialEq)]
pub enum Endpoint {
    /// Written out.
    Plain(Destination),
    /// The addresses of an IP group.
    IpGroup(Ref<IpGroup>),
    /// The network interfaces of an application security group.
    SecurityGroup(Ref<ApplicationSecurityGroup>),
}

impl From<Destination> for Endpoint {
    fn from(destination: Destination) -> Self {
        Self::Plain(destination)
    }
}

/// A value left open until the template is deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenParameter {
    /// The name of the template parameter.
    pub name: SmolStr,
    /// What it is for.
    pub description: String,
    /// Whether the template may be deployed without it, because its value exists only later.
    pub optional: bool,
    /// Where it is declared, or what makes it necessary.
    pub origin: Origin,
}

/// The region that resources are deployed to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Region {
    /// That of the resource group.
    #[default]
    OfResourceGroup,
    /// This one, in Azure's short form.
    Named(SmolStr),
    /// Told at deployment by this parameter.
    Parameter(SmolStr),
}

/// Everything there is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Estate {
    /// The cloud it is in.
    pub cloud: Cloud,
    /// The region.
    pub region: Region,
    /// Virtual networks.
    pub vnets: Table<Vnet>,
    /// Subnets of all virtual networks.
    pub subnets: Table<Subnet>,
    /// Peerings, one per direction.
    pub peerings: Table<Peering>,
    /// Route tables.
    pub route_tables: Table<RouteTable>,
    /// Network security groups.
    pub nsgs: Table<Nsg>,
    /// Network interfaces of machines.
    pub interfaces: Table<Interface>,
    /// Application security groups.
    pub security_groups: Table<ApplicationSecurityGroup>,
    /// Firewalls.
    pub firewalls: Table<Firewall>,
    /// Firewall policies.
    pub firewall_policies: Table<FirewallPolicy>,
    /// IP groups.
    pub ip_groups: Table<IpGroup>,
    /// Public addresses.
    pub public_ips: Table<PublicIp>,
    /// NAT gateways.
    pub nat_gateways: Table<NatGateway>,
    /// Load balancers.
    pub load_balancers: Table<LoadBalancer>,
    /// Virtual network gateways.
    pub gateways: Table<Gateway>,
    /// Network virtual appliances other than Azure Firewall.
    pub appliances: Table<Appliance>,
    /// Private endpoints.
    pub private_endpoints: Table<PrivateEndpoint>,
    /// Private DNS zones.
    pub dns_zones: Table<PrivateDnsZone>,
    /// DNS servers that are machines.
    pub dns_servers: Table<DnsServer>,
    /// Resources of platform services outside the networks.
    pub services: Table<PlatformService>,
    /// HTTP proxies.
    pub proxies: Table<Proxy>,
    /// Virtual WANs.
    pub wans: Table<VirtualWan>,
    /// Virtual WAN hubs.
    pub hubs: Table<VirtualHub>,
    /// Managed identities.
    pub identities: Table<Identity>,
    /// Custom role definitions.
    pub role_definitions: Table<RoleDefinition>,
    /// Role assignments.
    pub role_assignments: Table<RoleAssignment>,
    /// Deny assignments.
    pub deny_assignments: Table<DenyAssignment>,
    /// Assignments of Azure Policy.
    pub policy_assignments: Table<PolicyAssignment>,
    /// Subscriptions whose management group is known.
    pub subscriptions: Vec<Subscription>,
    /// Pools and clusters.
    pub pools: Table<Pool>,
    /// Values that only the deployment will tell.
    pub open_parameters: Vec<OpenParameter>,
    /// Effective routes that Azure showed.
    pub shown_routes: Table<ShownRoutes>,
    /// Effective security rules that Azure showed.
    pub shown_rules: Table<ShownRules>,
    /// What is not known of all this.
    pub gaps: Gaps,
}

impl Estate {
    /// The subnets of a virtual network.
    pub fn subnets_of(&self, vnet: Id<Vnet>) -> impl Iterator<Item = (Id<Subnet>, &Subnet)> {
        self.subnets
            .iter()
            .filter(move |(_, subnet)| subnet.vnet == vnet)
    }

    /// The subnet of that name in a virtual network, in this very spelling.
    #[must_use]
    pub fn subnet_named(&self, vnet: Id<Vnet>, name: &str) -> Option<Id<Subnet>> {
        let mut subnets = self.subnets_of(vnet);
        subnets
            .find(|(_, subnet)| subnet.meta.name == name)
            .map(|(id, _)| id)
    }

    /// Whether a subnet is a network of a site, outside Azure.
    #[must_use]
    pub fn is_on_premises(&self, id: Id<Subnet>) -> bool {
        self.vnets[self.subnets[id].vnet].site.is_some()
    }

    /// `vnet/subnet`, as messages name a subnet.
    #[must_use]
    pub fn subnet_path(&self, id: Id<Subnet>) -> String {
        let subnet = &self.subnets[id];
        format!("{}/{}", self.vnets[subnet.vnet].meta.name, subnet.meta.name)
    }

    /// The names that should lead to a private endpoint: that of its target, and those that it states.
    #[must_use]
    pub fn endpoint_names<'e>(&'e self, endpoint: &'e PrivateEndpoint) -> Vec<&'e Fqdn> {
        let target = endpoint.target.as_ref().and_then(|target| target.id);
        let own = target.map(|id| &self.services[id].fqdn.value);
        let mut names: Vec<&Fqdn> = own.into_iter().collect();
        for name in &endpoint.names {
            if !names.contains(&&name.value) {
                names.push(&name.value);
            }
        }
        names
    }

    /// The policy a firewall takes its rules from.
    #[must_use]
    pub fn policy_of(&self, firewall: &Firewall) -> Option<&FirewallPolicy> {
        let id = firewall.policy.as_ref()?.id?;
        Some(&self.firewall_policies[id])
    }

    /// The virtual WAN hub that a firewall is in, when it is in one.
    #[must_use]
    pub fn hub_of(&self, firewall: Id<Firewall>) -> Option<Id<VirtualHub>> {
        let mut hubs = self.hubs.iter();
        hubs.find(|(_, hub)| {
            hub.firewall
                .as_ref()
                .is_some_and(|it| it.id == Some(firewall))
        })
        .map(|(id, _)| id)
        .filter(|_| self.firewalls[firewall].vnet.id.is_none())
    }

    /// The effective routes that Azure showed for a subnet.
    #[must_use]
    pub fn shown_routes_of(&self, subnet: Id<Subnet>) -> Option<&ShownRoutes> {
        let mut shown = self.shown_routes.iter().map(|(_, routes)| routes);
        shown.find(|routes| routes.subnets.contains(&subnet))
    }

    /// The addresses of public address resources and literals, as far as they are known.
    #[must_use]
    pub fn public_addresses(&self, ips: &[PublicAddress]) -> Vec<IpAddr> {
        let known = |ip: &PublicAddress| match ip {
            PublicAddress::Literal(address) => Some(address.value),
            PublicAddress::Resource(resource) => {
                let address = self.public_ips[resource.id?].address;
                address.map(|address| address.value)
            }
        };
        ips.iter().filter_map(known).collect()
    }

    /// DNS, threat intelligence and SNAT settings in force: a policy, once attached, replaces the firewall's own
    /// (azure-docs, firewall/snat-private-range.md and dns-settings.md).
    #[must_use]
    pub fn settings_of<'a>(&'a self, firewall: &'a Firewall) -> &'a FirewallSettings {
        self.policy_of(firewall)
            .map_or(&firewall.settings, |policy| &policy.settings)
    }
}
