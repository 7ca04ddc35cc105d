//! The tree of a policy. Values are kept as written; lowering gives them their types.
//!
//! Two trees are equal when they have the same shape, wherever their parts stand.

mod cluster;
mod description;
mod device;
mod dns;
mod firewall;
mod identity;
mod intent;
mod network;
mod routing;
mod security;
mod site;

pub use cluster::{ApiServerClause, ClusterClause, HttpProxyClause, Pool, PoolClause};
pub use description::{Admitted, Proxy, ProxyClause, ServiceClause};
pub use device::{
    ApplianceClause, GatewayClause, LoadBalancerClause, NatGatewayClause, PublicIp, PublicIpClause,
    VirtualHub, VirtualHubClause, VirtualWanClause,
};
pub use dns::{DnsServer, DnsServerClause, DnsZoneClause, PrivateEndpointClause};
pub use firewall::{
    Collection, Firewall, FirewallClause, FirewallPolicyClause, FirewallSetting, NatCollection,
    NatRule, PolicySetting, Rule, RuleCollection, RuleCollectionGroup,
};
pub use identity::{
    AzurePolicyClause, Denial, DenyAssignmentClause, IdentityClause, RoleClause, Scope,
};
pub use intent::{Assert, AssertKind, AssertVia, Require, Target, TargetKind};
pub use network::{Dns, Peering, PeeringClause, Subnet, SubnetClause, Vnet, VnetClause};
pub use routing::{NextHop, Route, RouteTableClause};
pub use security::{IpGroup, NsgClause, SecurityGroupClause, SecurityRule};
pub use site::{Site, SiteClause, SiteNetwork, SiteNetworkClause};

use smol_str::SmolStr;

use crate::base::{Span, Spanned};

/// A word, or a text without its quotes, as written.
pub type Word = Spanned<SmolStr>;

/// A place alone. Like every place, it takes no part in comparisons.
pub type Place = Spanned<()>;

/// What stands between two braces.
#[derive(Debug, Clone)]
pub struct Body<C> {
    /// Its clauses in order.
    pub clauses: Vec<C>,
    /// From brace to brace; `None` when there are no braces.
    pub span: Option<Span>,
}

impl<C> Default for Body<C> {
    fn default() -> Self {
        Self {
            clauses: Vec::new(),
            span: None,
        }
    }
}

/// Whether braces are there at all makes no difference.
impl<C: PartialEq> PartialEq for Body<C> {
    fn eq(&self, other: &Self) -> bool {
        self.clauses == other.clauses
    }
}

/// A statement at the top of a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// `egress 1`
    Version(Word),
    /// `region westeurope`
    Region(Word),
    /// `cloud AzureCloud`
    Cloud(Word),
    /// `use hdinsight-on-aks`
    UseCatalog(Word),
    /// `use "other.egress"`
    UseFile(Word),
    /// `param NAME [= VALUE]`
    Param {
        /// Its name.
        name: Word,
        /// Its value unless another is given.
        default: Option<Word>,
    },
    /// `vnet`
    Vnet(Vnet),
    /// `site`
    Site(Site),
    /// `peering`
    Peering(Peering),
    /// `firewall`
    Firewall(Firewall),
    /// `firewall-policy`
    FirewallPolicy(Block<FirewallPolicyClause>),
    /// `route-table`
    RouteTable(Block<RouteTableClause>),
    /// `nsg`
    Nsg(Block<NsgClause>),
    /// `ip-group`
    IpGroup(IpGroup),
    /// `security-group`
    SecurityGroup(Block<SecurityGroupClause>),
    /// `public-ip`
    PublicIp(PublicIp),
    /// `nat-gateway`
    NatGateway(Block<NatGatewayClause>),
    /// `load-balancer`
    LoadBalancer(Block<LoadBalancerClause>),
    /// `gateway`
    Gateway(Placed<GatewayClause>),
    /// `virtual-wan`
    VirtualWan(Block<VirtualWanClause>),
    /// `virtual-hub`
    VirtualHub(VirtualHub),
    /// `appliance`
    Appliance(Placed<ApplianceClause>),
    /// `private-endpoint`
    PrivateEndpoint(Placed<PrivateEndpointClause>),
    /// `private-dns-zone`
    DnsZone(Block<DnsZoneClause>),
    /// `dns-server`
    DnsServer(DnsServer),
    /// `service`
    Service(Block<ServiceClause>),
    /// `proxy`
    Proxy(Proxy),
    /// `identity`
    Identity(Block<IdentityClause>),
    /// `role`
    Role(Block<RoleClause>),
    /// `deny-assignment`
    DenyAssignment(Denial<DenyAssignmentClause>),
    /// `azure-policy`
    AzurePolicy(Denial<AzurePolicyClause>),
    /// `pool`
    Pool(Pool),
    /// `group`
    Group {
        /// Its name.
        name: Word,
        /// What it stands for.
        members: Vec<Target>,
    },
    /// `sample`
    Sample {
        /// The wildcard.
        wildcard: Word,
        /// Names that it stands for.
        names: Vec<Word>,
    },
    /// `require`
    Require(Require),
    /// `assert`
    Assert(Assert),
    /// `ignore`
    Ignore(Ignore),
}

/// A named block.
#[derive(Debug, Clone, PartialEq)]
pub struct Block<C> {
    /// Its name.
    pub name: Word,
    /// Its clauses.
    pub body: Body<C>,
}

/// A named block that says where the resource is.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed<C> {
    /// Its name.
    pub name: Word,
    /// The network, or `network.subnet`.
    pub place: Word,
    /// Its clauses.
    pub body: Body<C>,
}

/// `existing [resource-group NAME] [subscription ID]`
#[derive(Debug, Clone, PartialEq)]
pub struct Existing {
    /// Where it is written.
    pub keyword: Word,
    /// The resource group it is in.
    pub resource_group: Option<Word>,
    /// The subscription it is in.
    pub subscription: Option<Word>,
}

/// `ignore TG0000 "why" [until 2027-01-31]`
#[derive(Debug, Clone, PartialEq)]
pub struct Ignore {
    /// The id.
    pub id: Word,
    /// Why.
    pub reason: Word,
    /// Until when.
    pub until: Option<Word>,
}

/// Clauses that every resource may have.
#[derive(Debug, Clone, PartialEq)]
pub enum CommonClause {
    /// `existing`
    Existing(Existing),
    /// `ignore`
    Ignore(Ignore),
}
