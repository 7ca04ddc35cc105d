//! The tree of a policy. Values are kept as written; lowering gives them their types.
//!
//! Two trees are equal when they have the same shape, wherever their parts stand.

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
    SecurityGroup(Block<CommonClause>),
    /// `public-ip`
    PublicIp(PublicIp),
    /// `nat-gateway`
    NatGateway(Block<NatGatewayClause>),
    /// `load-balancer`
    LoadBalancer(Block<LoadBalancerClause>),
    /// `gateway`
    Gateway(Placed<GatewayClause>),
    /// `appliance`
    Appliance(Placed<ApplianceClause>),
    /// `private-endpoint`
    PrivateEndpoint(Placed<PrivateEndpointClause>),
    /// `private-dns-zone`
    DnsZone(Block<DnsZoneClause>),
    /// `identity`
    Identity(Block<IdentityClause>),
    /// `role`
    Role(Block<RoleClause>),
    /// `pool`
    Pool(Pool),
    /// `group`
    Group {
        /// Its name.
        name: Word,
        /// What it stands for.
        members: Vec<Target>,
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

/// `vnet NAME PREFIX, … { }`
#[derive(Debug, Clone, PartialEq)]
pub struct Vnet {
    /// Its name.
    pub name: Word,
    /// Its address space.
    pub prefixes: Vec<Word>,
    /// Its clauses.
    pub body: Body<VnetClause>,
}

/// A clause of a virtual network.
#[derive(Debug, Clone, PartialEq)]
pub enum VnetClause {
    /// `dns azure`, `dns firewall NAME`, `dns ADDRESS, …`
    Dns {
        /// The keyword.
        keyword: Word,
        /// Who answers.
        servers: Dns,
    },
    /// `subnet NAME PREFIX, … { }`
    Subnet(Subnet),
    /// Any resource's clause.
    Common(CommonClause),
}

/// Who answers name look-ups.
#[derive(Debug, Clone, PartialEq)]
pub enum Dns {
    /// Azure's resolver.
    Azure,
    /// A firewall's proxy.
    Firewall(Word),
    /// Servers by address.
    Servers(Vec<Word>),
}

/// A subnet.
#[derive(Debug, Clone, PartialEq)]
pub struct Subnet {
    /// Its name.
    pub name: Word,
    /// Its prefixes.
    pub prefixes: Vec<Word>,
    /// Its clauses.
    pub body: Body<SubnetClause>,
}

/// A clause of a subnet.
#[derive(Debug, Clone, PartialEq)]
pub enum SubnetClause {
    /// `route-table NAME`
    RouteTable(Word),
    /// `nsg NAME`
    Nsg(Word),
    /// `nat-gateway NAME`
    NatGateway(Word),
    /// `service-endpoints NAME, …`
    ServiceEndpoints(Vec<Word>),
    /// `delegation NAME`
    Delegation(Word),
    /// `private-endpoint-policies MODE`
    PrivateEndpointPolicies(Word),
    /// `default-outbound on|off`
    DefaultOutbound(Word),
    /// Any resource's clause.
    Common(CommonClause),
}

/// `peering A -> B { }` or `peering A <-> B { }`
#[derive(Debug, Clone, PartialEq)]
pub struct Peering {
    /// One end.
    pub from: Word,
    /// Both directions are meant.
    pub both_ways: bool,
    /// The other end.
    pub to: Word,
    /// Its clauses.
    pub body: Body<PeeringClause>,
}

/// A clause of a peering.
#[derive(Debug, Clone, PartialEq)]
pub enum PeeringClause {
    /// `forwarded-traffic on|off`
    ForwardedTraffic(Word),
    /// `gateway-transit on|off`
    GatewayTransit(Word),
    /// `remote-gateways on|off`
    RemoteGateways(Word),
    /// Any resource's clause.
    Common(CommonClause),
}

/// `firewall NAME in VNET { }`
pub type Firewall = Placed<FirewallClause>;

/// A setting that a firewall or a policy may have.
#[derive(Debug, Clone, PartialEq)]
pub enum FirewallSetting {
    /// `sku TIER`
    Sku(Word),
    /// `dns-proxy on|off`
    DnsProxy(Word),
    /// `dns-servers ADDRESS, …`
    DnsServers(Vec<Word>),
    /// `threat-intel off|alert|deny`
    ThreatIntel(Word),
    /// `snat-private-ranges PREFIX, …`
    SnatPrivateRanges(Vec<Word>),
}

/// A clause of a firewall.
#[derive(Debug, Clone, PartialEq)]
pub enum FirewallClause {
    /// `private-ip ADDRESS`
    PrivateIp(Word),
    /// `public-ip NAME-OR-ADDRESS, …`
    PublicIp(Vec<Word>),
    /// `management-ip NAME-OR-ADDRESS`
    ManagementIp(Word),
    /// `policy NAME`
    Policy(Word),
    /// `zones N, …`
    Zones(Vec<Word>),
    /// A setting.
    Setting(FirewallSetting),
    /// A classic rule collection.
    Collection(RuleCollection),
    /// Any resource's clause.
    Common(CommonClause),
}

/// A clause of a firewall policy.
#[derive(Debug, Clone, PartialEq)]
pub enum FirewallPolicyClause {
    /// `parent NAME`
    Parent(Word),
    /// A setting.
    Setting(FirewallSetting),
    /// `rule-collection-group NAME PRIORITY { }`
    Group(RuleCollectionGroup),
    /// Any resource's clause.
    Common(CommonClause),
}

/// A rule collection group.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleCollectionGroup {
    /// Its name.
    pub name: Word,
    /// Its priority.
    pub priority: Word,
    /// Its collections.
    pub body: Body<RuleCollection>,
}

/// A rule collection.
#[derive(Debug, Clone, PartialEq)]
pub enum RuleCollection {
    /// `network-rules NAME PRIORITY allow|deny { }`
    Network(Collection),
    /// `application-rules NAME PRIORITY allow|deny { }`
    Application(Collection),
    /// `dnat-rules NAME PRIORITY { }`
    Dnat(NatCollection),
}

/// Network or application rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Collection {
    /// Its name.
    pub name: Word,
    /// Its priority.
    pub priority: Word,
    /// `allow` or `deny`.
    pub action: Word,
    /// Its rules.
    pub body: Body<Rule>,
}

/// DNAT rules.
#[derive(Debug, Clone, PartialEq)]
pub struct NatCollection {
    /// Its name.
    pub name: Word,
    /// Its priority.
    pub priority: Word,
    /// Its rules.
    pub body: Body<NatRule>,
}

/// `rule NAME from TARGET, … to TARGET, … SERVICE, … ["description"]`
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name.
    pub name: Word,
    /// From where.
    pub from: Vec<Target>,
    /// To where.
    pub to: Vec<Target>,
    /// Over what.
    pub services: Vec<Word>,
    /// A sentence for people.
    pub description: Option<Word>,
}

/// `rule NAME from TARGET, … to TARGET SERVICE -> TARGET port PORT ["description"]`
#[derive(Debug, Clone, PartialEq)]
pub struct NatRule {
    /// Its name.
    pub name: Word,
    /// From where.
    pub from: Vec<Target>,
    /// To which address of the firewall.
    pub to: Target,
    /// Over what.
    pub services: Vec<Word>,
    /// Where to instead: an address or a name.
    pub translated: Word,
    /// On which port instead.
    pub port: Word,
    /// A sentence for people.
    pub description: Option<Word>,
}

/// A clause of a route table.
#[derive(Debug, Clone, PartialEq)]
pub enum RouteTableClause {
    /// `route NAME PREFIX -> NEXT-HOP`
    Route {
        /// Its name.
        name: Word,
        /// What it applies to.
        destination: Target,
        /// Where packets go.
        next_hop: NextHop,
        /// The whole clause.
        span: Place,
    },
    /// `gateway-propagation on|off`
    GatewayPropagation(Word),
    /// Any resource's clause.
    Common(CommonClause),
}

/// Where a route leads.
#[derive(Debug, Clone, PartialEq)]
pub enum NextHop {
    /// `firewall NAME`
    Firewall(Word),
    /// `appliance NAME`
    Appliance(Word),
    /// `ADDRESS, …`
    Addresses(Vec<Word>),
    /// `gateway`, `internet`, `vnet-local`, `none`
    Keyword(Word),
}

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

/// `public-ip NAME [ADDRESS] { }`
#[derive(Debug, Clone, PartialEq)]
pub struct PublicIp {
    /// Its name.
    pub name: Word,
    /// Its address.
    pub address: Option<Word>,
    /// Its clauses.
    pub body: Body<PublicIpClause>,
}

/// A clause of a public address.
#[derive(Debug, Clone, PartialEq)]
pub enum PublicIpClause {
    /// `zones N, …`
    Zones(Vec<Word>),
    /// Any resource's clause.
    Common(CommonClause),
}

/// A clause of a NAT gateway.
#[derive(Debug, Clone, PartialEq)]
pub enum NatGatewayClause {
    /// `public-ip NAME, …`
    PublicIp(Vec<Word>),
    /// `idle-timeout MINUTES`
    IdleTimeout(Word),
    /// Any resource's clause.
    Common(CommonClause),
}

/// A clause of a load balancer.
#[derive(Debug, Clone, PartialEq)]
pub enum LoadBalancerClause {
    /// `public-ip NAME, …`
    PublicIp(Vec<Word>),
    /// `private-ip ADDRESS, …`
    PrivateIp(Vec<Word>),
    /// `backend VNET.SUBNET, …`
    Backend(Vec<Word>),
    /// `outbound-rule on|off`
    OutboundRule(Word),
    /// Any resource's clause.
    Common(CommonClause),
}

/// A clause of a virtual network gateway.
#[derive(Debug, Clone, PartialEq)]
pub enum GatewayClause {
    /// `type vpn|expressroute`
    Type(Word),
    /// `learned PREFIX, …`
    Learned(Vec<Word>),
    /// Any resource's clause.
    Common(CommonClause),
}

/// A clause of an appliance.
#[derive(Debug, Clone, PartialEq)]
pub enum ApplianceClause {
    /// `private-ip ADDRESS, …`
    PrivateIp(Vec<Word>),
    /// `ip-forwarding on|off`
    IpForwarding(Word),
    /// Any resource's clause.
    Common(CommonClause),
}

/// A clause of a private endpoint.
#[derive(Debug, Clone, PartialEq)]
pub enum PrivateEndpointClause {
    /// `private-ip ADDRESS, …`
    PrivateIp(Vec<Word>),
    /// `for NAME, …`
    For(Vec<Word>),
    /// `zone NAME`
    Zone(Word),
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
    /// Any resource's clause.
    Common(CommonClause),
}

/// A clause of an identity.
#[derive(Debug, Clone, PartialEq)]
pub enum IdentityClause {
    /// `principal-id GUID`
    PrincipalId(Word),
    /// `role "NAME" on SCOPE [existing]`
    Role {
        /// The role.
        role: Word,
        /// Where it holds.
        scope: Scope,
        /// It exists already.
        existing: bool,
        /// The whole clause.
        span: Place,
    },
    /// Any resource's clause.
    Common(CommonClause),
}

/// Where a role holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Scope {
    /// `vnet`, `subnet`, `resource-group`, …
    pub kind: Word,
    /// The name; `None` for `this resource-group` and `this subscription`.
    pub name: Option<Word>,
}

/// A clause of a custom role.
#[derive(Debug, Clone, PartialEq)]
pub enum RoleClause {
    /// `actions ACTION, …`
    Actions(Vec<Word>),
    /// `not-actions ACTION, …`
    NotActions(Vec<Word>),
}

/// `pool NAME in VNET.SUBNET, … { }`
#[derive(Debug, Clone, PartialEq)]
pub struct Pool {
    /// Its name.
    pub name: Word,
    /// Where its nodes are.
    pub places: Vec<Word>,
    /// Its clauses.
    pub body: Body<PoolClause>,
}

/// A clause of a pool.
#[derive(Debug, Clone, PartialEq)]
pub enum PoolClause {
    /// `kind CATALOG`
    Kind(Word),
    /// `clusters TYPE, …`
    Clusters(Vec<Word>),
    /// `features NAME, …`
    Features(Vec<Word>),
    /// `include LEVEL, …`
    Include(Vec<Word>),
    /// `outbound TYPE`
    Outbound(Word),
    /// `via FIREWALL`
    Via(Word),
    /// `network-plugin NAME`
    NetworkPlugin(Word),
    /// `pod-cidr PREFIX, …`
    PodCidr(Vec<Word>),
    /// `private-aks` or `private-cluster`
    PrivateCluster(Word),
    /// `private-ingress`
    PrivateIngress(Word),
    /// `identity NAME` or `identity system-assigned`
    Identity(Word),
    /// `set NAME = VALUE`
    Set {
        /// The value's name in the catalog.
        name: Word,
        /// The value.
        value: Word,
    },
    /// `ignore`
    Ignore(Ignore),
}

/// What a word names when a keyword stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetKind {
    /// Nothing stands before it: an address, a name, a group, a subnet.
    Plain,
    /// `tag`
    ServiceTag,
    /// `fqdn-tag`
    FqdnTag,
    /// `ip-group`
    IpGroup,
    /// `security-group`
    SecurityGroup,
}

/// One destination or source.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// What kind of thing the word names.
    pub kind: TargetKind,
    /// The word.
    pub word: Word,
}

/// `require POOL -> TARGET, … SERVICE, … ["reason"] [owner W] [ticket W] [expires DATE]`
#[derive(Debug, Clone, PartialEq)]
pub struct Require {
    /// Who needs it.
    pub pool: Word,
    /// Where to.
    pub to: Vec<Target>,
    /// Over what.
    pub services: Vec<Word>,
    /// Why.
    pub reason: Option<Word>,
    /// `owner W`
    pub owner: Option<Word>,
    /// `ticket W`
    pub ticket: Option<Word>,
    /// `expires DATE`
    pub expires: Option<Word>,
    /// The whole statement.
    pub span: Place,
}

/// `assert POOL [never] reaches TARGET, … [SERVICE, …]`
#[derive(Debug, Clone, PartialEq)]
pub struct Assert {
    /// Whom it is about.
    pub pool: Word,
    /// `never` is there.
    pub never: bool,
    /// Where to.
    pub to: Vec<Target>,
    /// Over what.
    pub services: Vec<Word>,
    /// The whole statement.
    pub span: Place,
}
