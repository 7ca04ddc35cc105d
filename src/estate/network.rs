//! Virtual networks and what hangs on them.

use std::net::IpAddr;

use ipnet::IpNet;
use smol_str::SmolStr;

use crate::base::{Origin, Spanned};

use super::{Firewall, Id, Meta, Nsg, Ref, RouteTable};

/// A virtual network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vnet {
    /// Name and origin.
    pub meta: Meta,
    /// Its address space.
    pub prefixes: Vec<Spanned<IpNet>>,
    /// Who answers its name look-ups.
    pub dns: DnsServers,
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
    /// Packets that `to` only forwards are accepted.
    pub forwarded_traffic: bool,
    /// `to` may use the gateway of `from`.
    pub gateway_transit: bool,
    /// `from` uses the gateway of `to`.
    pub remote_gateways: bool,
    /// It exists already.
    pub existing: bool,
}

/// An application security group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationSecurityGroup {
    /// Name and origin.
    pub meta: Meta,
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
}
