//! What is not known of an estate that was read from templates and exports.
//!
//! A policy states its estate whole. A template leaves values to the deployment, and a folder of exports may lack
//! whatever nobody exported. What is missing is kept here, beside the elements, so that no judgement rests on it.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::base::{Origin, Span};

use super::{
    Firewall, FirewallPolicy, Id, IpGroup, LoadBalancer, NatGateway, Nsg, PlatformService, Pool,
    PrivateDnsZone, PrivateEndpoint, RouteTable, Subnet, VirtualHub, Vnet,
};

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
    /// Subnets of a network.
    Subnets(Id<Vnet>),
    /// What Azure's resolver asks others about: a forwarding rule set is linked to the network.
    Forwarding(Id<Vnet>),
    /// Route table, security group and endpoints of a subnet that is only referred to.
    SubnetSettings(Id<Subnet>),
    /// Services that a subnet reaches by service endpoint, and which of their resources.
    ServiceEndpoints(Id<Subnet>),
    /// Services that a subnet is delegated to.
    Delegations(Id<Subnet>),
    /// Whether routes and security groups apply to private endpoints in a subnet.
    EndpointPolicies(Id<Subnet>),
    /// With which public address machines of a subnet leave, if any.
    Exit(Id<Subnet>),
    /// The security group on interfaces of a subnet.
    InterfaceGroup(Id<Subnet>),
    /// Routes of a table.
    Routes(Id<RouteTable>),
    /// Rules of a network security group.
    SecurityRules(Id<Nsg>),
    /// Rules of a firewall policy, or of one above it.
    PolicyRules(Id<FirewallPolicy>),
    /// Tier, DNS, threat intelligence or SNAT of a firewall policy.
    PolicySettings(Id<FirewallPolicy>),
    /// Classic rules of a firewall.
    FirewallRules(Id<Firewall>),
    /// Tier, DNS, threat intelligence or SNAT of a firewall.
    FirewallSettings(Id<Firewall>),
    /// Private or public addresses of a firewall.
    FirewallAddresses(Id<Firewall>),
    /// Members of an IP group.
    Members(Id<IpGroup>),
    /// Addresses of a NAT gateway.
    NatGateway(Id<NatGateway>),
    /// Frontends, rules or backends of a load balancer.
    LoadBalancer(Id<LoadBalancer>),
    /// Addresses or names of a private endpoint.
    Endpoint(Id<PrivateEndpoint>),
    /// Networks that see a zone.
    ZoneLinks(Id<PrivateDnsZone>),
    /// Records of a zone.
    ZoneRecords(Id<PrivateDnsZone>),
    /// Networks that a hub is connected to.
    HubConnections(Id<VirtualHub>),
    /// What a hub sends through its firewall.
    HubRouting(Id<VirtualHub>),
    /// Whom a platform service lets in.
    ServiceAccess(Id<PlatformService>),
    /// A setting of a pool.
    Pool(Id<Pool>, PoolSetting),
}

/// A setting of a pool that may not be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PoolSetting {
    /// Whether the API server has a private address only.
    PrivateCluster,
    /// The name of the API server, and where a private one keeps it.
    ApiServerName,
    /// Whom the API server lets in.
    AuthorizedRanges,
    /// Who the pool is.
    Identity,
    /// How pods are connected, and their addresses.
    Pods,
    /// Which nodes there are, and how many.
    Nodes,
    /// Whether nodes have public addresses.
    NodePublicIps,
    /// The load balancer made with the pool.
    LoadBalancer,
    /// Whether nodes have IPv6 addresses.
    Families,
    /// The addresses of services inside the cluster.
    ServiceAddresses,
    /// The proxy that nodes use.
    HttpProxy,
    /// Where nodes take their software from.
    Bootstrap,
    /// Which way management comes in.
    Management,
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

    /// Strikes out what is known by now.
    pub(super) fn forget(&mut self, is_known: impl Fn(Gap) -> bool) {
        self.unknowns.retain(|gap, _| !is_known(*gap));
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
