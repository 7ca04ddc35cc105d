//! Outbound types: how the nodes of a cluster get out.

use serde::Deserialize;

use super::SourceId;
use super::document::{Entries, cited};
use super::product::Product;

/// Whose virtual network the nodes are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkOwner {
    /// The service's own.
    Managed,
    /// The customer's.
    Own,
    /// One or the other.
    Either,
}

/// What the service puts into the network itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutboundResource {
    /// A public address.
    PublicIpAddress,
    /// A load balancer with an outbound rule.
    LoadBalancer,
    /// A NAT gateway.
    NatGateway,
    /// A network security group that denies the Internet.
    NetworkSecurityGroup,
}

/// What is checked before anything is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutboundRequirement {
    /// The node subnet has a route table.
    RouteTable,
    /// That table has a route for 0.0.0.0/0 to an appliance or a gateway.
    DefaultRoute,
    /// The node subnet, and the pod subnet if there is one, has a NAT gateway.
    NatGateway,
    /// The node subnet has no NAT gateway.
    NoNatGateway,
    /// The cluster is network isolated.
    NetworkIsolatedCluster,
}

/// Whose public address the traffic leaves with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutboundEgress {
    /// That of the service's load balancer.
    LoadBalancer,
    /// That of the service's NAT gateway.
    NatGateway,
    /// Whatever the customer's network gives it.
    Own,
    /// None: it does not get out.
    None,
}

/// What is known about an outbound type.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboundType {
    /// The service.
    pub product: Product,
    /// Its name in the service's JSON.
    pub name: String,
    /// Whose network it works in.
    pub network: NetworkOwner,
    /// What the service builds for it.
    pub creates: Vec<OutboundResource>,
    /// What is checked first.
    pub requires: Vec<OutboundRequirement>,
    /// Whose address the traffic leaves with.
    pub egress: OutboundEgress,
    /// Whether it is in preview.
    #[serde(default)]
    pub preview: bool,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

cited!(OutboundType);

/// The outbound types of all services.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct OutboundTypes(Vec<OutboundType>);

impl OutboundTypes {
    pub(super) fn of(&self, product: Product) -> impl Iterator<Item = &OutboundType> {
        self.0.iter().filter(move |fact| fact.product == product)
    }

    /// The type of that name, in any case.
    pub(super) fn find(&self, product: Product, name: &str) -> Option<&OutboundType> {
        self.of(product)
            .find(|fact| fact.name.eq_ignore_ascii_case(name))
    }
}

impl Entries for OutboundTypes {
    fn citations(&self) -> Vec<&SourceId> {
        self.0.citations()
    }

    fn fault(&self) -> Option<String> {
        let twice = |fact: &&OutboundType| {
            self.of(fact.product)
                .filter(|f| f.name == fact.name)
                .count()
                > 1
        };
        let twice = self.0.iter().find(twice)?;
        Some(format!("outbound type `{}` is listed twice", twice.name))
    }
}
