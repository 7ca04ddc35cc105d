//! Public addresses, and what forwards or translates.

use super::{Body, CommonClause, Target, Word};

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
    /// `ports PORT, …`
    Ports(Vec<Word>),
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

/// A clause of a virtual WAN, which has none of its own.
#[derive(Debug, Clone, PartialEq)]
pub enum VirtualWanClause {
    /// Any resource's clause.
    Common(CommonClause),
}

/// `virtual-hub NAME PREFIX { }`
#[derive(Debug, Clone, PartialEq)]
pub struct VirtualHub {
    /// Its name.
    pub name: Word,
    /// Its addresses.
    pub prefix: Word,
    /// Its clauses.
    pub body: Body<VirtualHubClause>,
}

/// A clause of a virtual WAN hub.
#[derive(Debug, Clone, PartialEq)]
pub enum VirtualHubClause {
    /// `wan NAME`
    Wan(Word),
    /// `connect VNET, … [without-default-route]`
    Connect {
        /// The networks.
        vnets: Vec<Word>,
        /// `without-default-route`.
        without_default: Option<Word>,
    },
    /// `internet-routing on|off`
    InternetRouting(Word),
    /// `private-routing on|off`
    PrivateRouting(Word),
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
    /// `public-ip NAME-OR-ADDRESS`
    PublicIp(Word),
    /// `snat on|off`
    Snat(Word),
    /// `allow requirements`, `allow any`, `allow TARGET, … [SERVICE, …]`
    Allow {
        /// The keyword.
        keyword: Word,
        /// Where to.
        targets: Vec<Target>,
        /// Over what; over everything when empty.
        services: Vec<Word>,
    },
    /// Any resource's clause.
    Common(CommonClause),
}
