//! Networks, subnets, peerings.

use super::{Body, CommonClause, Word};

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
    /// `service-endpoint-policy SERVICE, …`
    ServiceEndpointPolicy {
        /// The keyword.
        keyword: Word,
        /// The services.
        services: Vec<Word>,
    },
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
    /// `access on|off`
    Access(Word),
    /// `state connected|initiated|disconnected`
    State(Word),
    /// Any resource's clause.
    Common(CommonClause),
}
