//! Virtual networks and what hangs on them.

use std::net::IpAddr;

use ipnet::IpNet;
use smol_str::SmolStr;

use crate::base::{Date, Origin, Span, Spanned};

use crate::net::{AddressRange, Destination, Fqdn, FqdnPattern, Service, ServiceTag};

use super::{Firewall, Id, Meta, Nsg, Ref, RouteTable, Unknown};

/// A virtual network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vnet {
    /// Name and origin.
    pub meta: Meta,
    /// Its address space.
    pub prefixes: Vec<Spanned<IpNet>>,
    /// Who answers its name look-ups.
    pub dns: DnsServers,
    /// It is a network of its owner outside Azure.
    pub site: Option<Site>,
}

/// What is known of a network outside Azure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The network that stands for what lies beyond the site, where its firewalls have their outer side.
    pub beyond: Id<Subnet>,
    /// Addresses that are set aside.
    pub ranges: Vec<SiteRange>,
}

/// Addresses of a site that are set aside for something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteRange {
    /// The network they lie in.
    pub subnet: Id<Subnet>,
    /// What for.
    pub purpose: RangePurpose,
    /// First and last.
    pub range: Spanned<AddressRange>,
}

/// What addresses are set aside for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangePurpose {
    /// Machines, by hand.
    Static,
    /// Machines, by a DHCP server.
    Dhcp,
    /// API servers and load balancers.
    Vip,
    /// Hosts, and what manages them.
    Management,
}

impl RangePurpose {
    /// All of them with their keyword.
    pub const KEYWORDS: [(&'static str, Self); 4] = [
        ("static", Self::Static),
        ("dhcp", Self::Dhcp),
        ("vip", Self::Vip),
        ("management", Self::Management),
    ];
}

impl Vnet {
    /// Where its DNS servers are written; its own place where Azure's resolver answers.
    #[must_use]
    pub fn dns_origin(&self) -> Origin {
        match &self.dns {
            DnsServers::Azure => self.meta.origin,
            DnsServers::Firewall(firewall) => firewall.origin,
            DnsServers::Custom(servers) => servers
                .first()
                .map_or(self.meta.origin, |server| server.span.into()),
            DnsServers::Unknown(unknown) => unknown.origin,
        }
    }
}

/// The DNS servers that a virtual network hands to its machines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DnsServers {
    /// Azure's own resolver.
    Azure,
    /// The DNS proxy of a firewall.
    Firewall(Ref<Firewall>),
    /// These servers.
    Custom(Vec<Spanned<IpAddr>>),
    /// Which these are is not known.
    Unknown(Unknown),
}

/// A subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subnet {
    /// Name and origin.
    pub meta: Meta,
    /// The virtual network it is a part of.
    pub vnet: Id<Vnet>,
    /// Its addresses.
    pub prefixes: Vec<Spanned<IpNet>>,
    /// Its route table.
    pub route_table: Option<Ref<RouteTable>>,
    /// Its network security group.
    pub nsg: Option<Ref<Nsg>>,
    /// Its NAT gateway.
    pub nat_gateway: Option<Ref<NatGateway>>,
    /// Services reached by service endpoint, such as `Microsoft.Storage`.
    pub service_endpoints: Vec<Spanned<SmolStr>>,
    /// Services it is delegated to, such as `Microsoft.ContainerService/managedClusters`.
    pub delegations: Vec<Spanned<SmolStr>>,
    /// Whether route tables and security groups apply to private endpoints in it.
    pub private_endpoint_policies: PrivateEndpointPolicies,
    /// Whether its machines may leave by an address Azure lends them; Azure's default when `None`.
    pub default_outbound: Option<Spanned<bool>>,
    /// Which resources its service endpoints may reach; all of them without a policy.
    pub endpoint_policy: Option<ServiceEndpointPolicy>,
}

/// A service endpoint policy: the only resources that the service endpoints of a subnet may reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceEndpointPolicy {
    /// Where it is written.
    pub origin: Origin,
    /// The resources.
    pub allowed: Vec<Ref<PlatformService>>,
}

/// The `privateEndpointNetworkPolicies` of a subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PrivateEndpointPolicies {
    /// Neither applies.
    #[default]
    Disabled,
    /// Both apply.
    Enabled,
    /// Security groups only.
    SecurityGroups,
    /// Route tables only.
    RouteTables,
}

/// One direction of a peering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peering {
    /// Where it is written.
    pub origin: Origin,
    /// The network that owns this direction.
    pub from: Ref<Vnet>,
    /// The network at the other end.
    pub to: Ref<Vnet>,
    /// Whether it is in force.
    pub state: PeeringState,
    /// Machines of `to` are reached and may reach `from` (`allowVirtualNetworkAccess`).
    pub access: bool,
    /// Packets that `to` only forwards are accepted.
    pub forwarded_traffic: bool,
    /// The text between its braces, both included, when it has any.
    pub body: Option<Span>,
    /// Where a policy says whether forwarded packets are accepted.
    pub forwarded_text: Option<Span>,
    /// `to` may use the gateway of `from`.
    pub gateway_transit: bool,
    /// `from` uses the gateway of `to`.
    pub remote_gateways: bool,
    /// It exists already.
    pub existing: bool,
}

/// The `peeringState` of one direction. Packets pass only when both directions are connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PeeringState {
    /// In force.
    #[default]
    Connected,
    /// The other direction is missing.
    Initiated,
    /// The other direction was removed.
    Disconnected,
}

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Name and origin.
    pub meta: Meta,
    /// The subnet it is in.
    pub subnet: Ref<Subnet>,
    /// Its addresses.
    pub addresses: Vec<Spanned<IpAddr>>,
    /// Whether these are all.
    pub all_known: bool,
    /// Its security group.
    pub nsg: Option<Ref<Nsg>>,
    /// Its public address.
    pub public_ip: Option<PublicAddress>,
}

/// An application security group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationSecurityGroup {
    /// Name and origin.
    pub meta: Meta,
    /// The addresses of the interfaces in it; `None` when nobody stated them.
    pub members: Option<Vec<Spanned<IpAddr>>>,
}

/// A public address resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicIp {
    /// Name and origin.
    pub meta: Meta,
    /// The address, when it is known.
    pub address: Option<Spanned<IpAddr>>,
    /// Availability zones.
    pub zones: Vec<Spanned<u8>>,
}

/// A public address in use: a resource, or an address written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicAddress {
    /// A public address resource of this estate.
    Resource(Ref<PublicIp>),
    /// An address whose resource is not part of this estate.
    Literal(Spanned<IpAddr>),
}

/// A NAT gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NatGateway {
    /// Name and origin.
    pub meta: Meta,
    /// The addresses it translates to.
    pub public_ips: Vec<Ref<PublicIp>>,
    /// Idle time-out in minutes, 4 to 120.
    pub idle_timeout: Option<Spanned<u16>>,
}

/// A load balancer, as far as egress and replies need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadBalancer {
    /// Name and origin.
    pub meta: Meta,
    /// Public frontends.
    pub public_ips: Vec<Ref<PublicIp>>,
    /// Private frontends.
    pub private_ips: Vec<Spanned<IpAddr>>,
    /// The subnets whose machines it serves.
    pub backends: Vec<Ref<Subnet>>,
    /// It has an outbound rule for its backends.
    pub outbound_rule: bool,
    /// The ports it takes in for its backends.
    pub ports: Vec<Spanned<u16>>,
}

/// A virtual network gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// Name and origin.
    pub meta: Meta,
    /// The network it is in.
    pub vnet: Ref<Vnet>,
    /// VPN or ExpressRoute.
    pub kind: Spanned<GatewayKind>,
    /// Prefixes it learned from the other side.
    pub learned: Vec<Spanned<IpNet>>,
}

/// The kind of a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayKind {
    /// VPN.
    Vpn,
    /// ExpressRoute.
    ExpressRoute,
}

/// A network virtual appliance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appliance {
    /// Name and origin.
    pub meta: Meta,
    /// The subnet its interfaces are in.
    pub subnet: Ref<Subnet>,
    /// Its private addresses: interfaces or the frontend of an internal load balancer.
    pub private_ips: Vec<Spanned<IpAddr>>,
    /// Its interfaces forward packets not meant for them.
    pub ip_forwarding: bool,
    /// Where a policy says whether they do.
    pub forwarding_text: Option<Span>,
    /// Where the interface that says so is named, when it is another resource than the machine.
    pub interface: Option<Span>,
    /// The public address of its own.
    pub public_ip: Option<PublicAddress>,
    /// It puts its own address in the place of the sender's.
    pub snat: bool,
    /// What it lets through.
    pub filter: ApplianceFilter,
    /// Where a policy asks for its rules to be compiled.
    pub compiled: Option<Origin>,
}

/// What an appliance that is no Azure Firewall lets through. Its configuration is not Azure's.
#[derive(Debug, Clone, PartialEq)]
pub enum ApplianceFilter {
    /// Nobody stated it.
    Unstated,
    /// Everything.
    Everything,
    /// This only.
    Only(Vec<Allowed>),
}

/// What an appliance lets through.
#[derive(Debug, Clone, PartialEq)]
pub struct Allowed {
    /// A name for it; empty where nobody gave one.
    pub name: SmolStr,
    /// From where; from everywhere when empty.
    pub sources: Vec<IpNet>,
    /// To where.
    pub destinations: Vec<Destination>,
    /// Over what; over everything when empty.
    pub services: Vec<Service>,
    /// Why; empty where nobody says.
    pub reason: String,
    /// Where it comes from.
    pub origin: Origin,
}

impl Eq for ApplianceFilter {}

/// A resource of an Azure platform service outside the networks: a storage account, a registry, a database.
#[derive(Debug, Clone, PartialEq)]
pub struct PlatformService {
    /// Name and origin.
    pub meta: Meta,
    /// What it is, such as `storage` or `acr`.
    pub kind: Option<Spanned<SmolStr>>,
    /// Its public name.
    pub fqdn: Spanned<Fqdn>,
    /// Where its public name leads to first, such as its name under `privatelink`.
    pub cname: Option<Spanned<Fqdn>>,
    /// Its public addresses, where known.
    pub addresses: Vec<Spanned<IpAddr>>,
    /// When its addresses were asked for, where nobody states them.
    pub resolved: Option<Resolved>,
    /// The service tags that hold its addresses.
    pub tags: Vec<ServiceTag>,
    /// Its region, where it is not that of the estate.
    pub region: Option<Spanned<SmolStr>>,
    /// It refuses whatever does not come by private endpoint, and this says so.
    pub public_access_off: Option<Origin>,
    /// Whom it lets in on its public address; everybody without one.
    pub acl: Option<NetworkAcl>,
}

impl Eq for PlatformService {}

/// When and where addresses were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The day.
    pub date: Date,
    /// The DNS servers that were asked.
    pub servers: String,
}

/// The network rules of a platform service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkAcl {
    /// Where they are written.
    pub origin: Origin,
    /// Those whom no entry names are refused.
    pub default_deny: bool,
    /// Public prefixes let in.
    pub prefixes: Vec<Spanned<IpNet>>,
    /// Subnets let in by service endpoint.
    pub subnets: Vec<Ref<Subnet>>,
}

/// An HTTP proxy.
#[derive(Debug, Clone, PartialEq)]
pub struct Proxy {
    /// Name and origin.
    pub meta: Meta,
    /// The subnet it is in, when it is in one of this estate.
    pub subnet: Option<Ref<Subnet>>,
    /// Its address.
    pub address: Spanned<IpAddr>,
    /// The port it listens on.
    pub port: u16,
    /// The names it lets through; `None` when nobody stated them.
    pub allowed: Option<Vec<Spanned<FqdnPattern>>>,
}

impl Eq for Proxy {}

/// A virtual WAN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualWan {
    /// Name and origin.
    pub meta: Meta,
}

/// A virtual WAN hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualHub {
    /// Name and origin.
    pub meta: Meta,
    /// The virtual WAN it is part of, as far as that is stated.
    pub wan: Option<Ref<VirtualWan>>,
    /// Its own addresses, of which its firewall has one.
    pub prefix: Option<Spanned<IpNet>>,
    /// The networks connected to it.
    pub connections: Vec<Ref<Vnet>>,
    /// Those of them that do not take its default route.
    pub without_default: Vec<Ref<Vnet>>,
    /// The firewall inside it.
    pub firewall: Option<Ref<Firewall>>,
    /// It tells connected networks to send Internet traffic through it.
    pub internet_routing: bool,
    /// It tells connected networks to send private traffic through its firewall.
    pub private_routing: bool,
    /// Where a routing intent is stated, which is one of the ways to have such routes.
    pub intent: Option<Origin>,
}
