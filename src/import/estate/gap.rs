//! What is not known of an element, so that nothing unknown looks like nothing.

use smol_str::SmolStr;

use crate::base::Span;
use crate::estate::{Gap as EstateGap, PoolSetting, Unknown};

use super::slot::Slot;

/// What is not known, and why.
pub(super) fn not_known(text: impl Into<SmolStr>, place: Span) -> Unknown {
    Unknown {
        text: text.into(),
        origin: place.into(),
    }
}

/// A part of an element of which something is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Rules of a security group.
    SecurityRules,
    /// Routes of a table.
    Routes,
    /// Whether a route table takes in what gateways learned.
    Propagation,
    /// Prefixes of a network or subnet.
    Prefixes,
    /// Subnets of a network.
    Subnets,
    /// DNS servers of a network.
    DnsServers,
    /// A peering.
    Peering,
    /// Settings of a firewall or policy, an identity or a role.
    Settings,
    /// Services that a subnet reaches by service endpoint.
    ServiceEndpoints,
    /// Services that a subnet is delegated to.
    Delegations,
    /// Whether routes and security groups apply to private endpoints.
    EndpointPolicies,
    /// How machines of a subnet get a public address.
    Exit,
    /// The security group on interfaces of a subnet.
    InterfaceGroup,
    /// Availability zones.
    Zones,
    /// Who is let in.
    Access,
    /// A setting of a pool.
    Pool(PoolSetting),
    /// Rule collection groups of a policy.
    Groups,
    /// Collections or rules of a group, by its place in the policy.
    Group(usize),
    /// Classic rule collections of a firewall.
    Collections,
    /// Addresses: of an IP group, an interface, an endpoint, a frontend.
    Addresses,
    /// Interfaces in an application security group.
    Members,
    /// What is attached: public addresses, backends, connections.
    Attachments,
    /// Links of a zone or rule set.
    Links,
    /// Records of a zone.
    Records,
    /// Rules of a forwarding rule set.
    Forwarding,
    /// How a hub routes.
    HubRouting,
}

/// Something that is not known, and of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The element; none for a resource that became no element.
    pub of: Option<Slot>,
    /// The part of it.
    pub part: Part,
    /// What is not known.
    pub unknown: Unknown,
}

/// Where the estate keeps that a part of an element is not known. Parts without such a place are told apart from the
/// estate only.
pub(super) fn place_of(of: Option<Slot>, part: Part) -> Option<EstateGap> {
    Some(match (of?, part) {
        (Slot::Vnet(id), Part::Prefixes) => EstateGap::VnetAddresses(id),
        (Slot::Vnet(id), Part::Peering) => EstateGap::VnetSettings(id),
        (Slot::Subnet(id), Part::Prefixes) => EstateGap::SubnetAddresses(id),
        (Slot::Vnet(id), Part::Subnets) => EstateGap::Subnets(id),
        (Slot::Vnet(id), Part::Forwarding) => EstateGap::Forwarding(id),
        (Slot::Subnet(id), Part::Attachments) => EstateGap::SubnetSettings(id),
        (Slot::Subnet(id), Part::ServiceEndpoints) => EstateGap::ServiceEndpoints(id),
        (Slot::Subnet(id), Part::Delegations) => EstateGap::Delegations(id),
        (Slot::Subnet(id), Part::EndpointPolicies) => EstateGap::EndpointPolicies(id),
        (Slot::Subnet(id), Part::Exit) => EstateGap::Exit(id),
        (Slot::Subnet(id), Part::InterfaceGroup) => EstateGap::InterfaceGroup(id),
        (Slot::RouteTable(id), Part::Routes | Part::Propagation) => EstateGap::Routes(id),
        (Slot::Nsg(id), Part::SecurityRules) => EstateGap::SecurityRules(id),
        (Slot::FirewallPolicy(id), Part::Groups | Part::Group(_)) => EstateGap::PolicyRules(id),
        (Slot::FirewallPolicy(id), Part::Settings) => EstateGap::PolicySettings(id),
        (Slot::Firewall(id), Part::Collections) => EstateGap::FirewallRules(id),
        (Slot::Firewall(id), Part::Settings) => EstateGap::FirewallSettings(id),
        (Slot::Firewall(id), Part::Addresses | Part::Attachments) => {
            EstateGap::FirewallAddresses(id)
        }
        (Slot::IpGroup(id), Part::Members) => EstateGap::Members(id),
        (Slot::NatGateway(id), Part::Attachments) => EstateGap::NatGateway(id),
        (Slot::LoadBalancer(id), Part::Attachments | Part::Addresses) => {
            EstateGap::LoadBalancer(id)
        }
        (Slot::PrivateEndpoint(id), Part::Addresses) => EstateGap::Endpoint(id),
        (Slot::DnsZone(id), Part::Links) => EstateGap::ZoneLinks(id),
        (Slot::DnsZone(id), Part::Records) => EstateGap::ZoneRecords(id),
        (Slot::Hub(id), Part::Attachments) => EstateGap::HubConnections(id),
        (Slot::Hub(id), Part::HubRouting) => EstateGap::HubRouting(id),
        (Slot::Service(id), Part::Access) => EstateGap::ServiceAccess(id),
        (Slot::Pool(id), Part::Pool(setting)) => EstateGap::Pool(id, setting),
        _ => return None,
    })
}
