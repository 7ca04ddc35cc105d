//! Pools and clusters: who needs to get out.

use ipnet::IpNet;
use smol_str::SmolStr;

use crate::base::{Origin, Spanned};

use super::{Firewall, Identity, Meta, Ref, Subnet};

/// A cluster pool or cluster whose nodes live in subnets of this estate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// Name and origin.
    pub meta: Meta,
    /// What it is, by the name of its catalog.
    pub kind: Option<Spanned<SmolStr>>,
    /// Where its nodes are.
    pub subnets: Vec<Ref<Subnet>>,
    /// How it leaves.
    pub outbound: Spanned<OutboundType>,
    /// The firewall it leaves through, where the policy asks for a route to it.
    pub via: Option<Ref<Firewall>>,
    /// How pods are connected.
    pub network_plugin: Option<Spanned<NetworkPlugin>>,
    /// Addresses of pods, when they are not those of the nodes.
    pub pod_prefixes: Vec<Spanned<IpNet>>,
    /// The API server has a private address only.
    pub private_cluster: Option<Origin>,
    /// Clients reach it on a private address only.
    pub private_ingress: Option<Origin>,
    /// Who it is.
    pub identity: Option<PoolIdentity>,
}

/// The identity of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PoolIdentity {
    /// Made with the cluster.
    SystemAssigned(Origin),
    /// Made beforehand.
    UserAssigned(Ref<Identity>),
}

/// The `outboundType` of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutboundType {
    /// The outbound rule of a load balancer made with the cluster.
    LoadBalancer,
    /// A NAT gateway made with the cluster.
    ManagedNatGateway,
    /// A NAT gateway of the owner of the network.
    UserAssignedNatGateway,
    /// The routes of the owner of the network.
    UserDefinedRouting,
    /// None is set up.
    None,
    /// It is blocked.
    Block,
}

impl OutboundType {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::LoadBalancer,
        Self::ManagedNatGateway,
        Self::UserAssignedNatGateway,
        Self::UserDefinedRouting,
        Self::None,
        Self::Block,
    ];

    /// Azure's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LoadBalancer => "loadBalancer",
            Self::ManagedNatGateway => "managedNATGateway",
            Self::UserAssignedNatGateway => "userAssignedNATGateway",
            Self::UserDefinedRouting => "userDefinedRouting",
            Self::None => "none",
            Self::Block => "block",
        }
    }
}

/// How pods are connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkPlugin {
    /// Azure CNI: pods have addresses of the subnet.
    Azure,
    /// Azure CNI Overlay: pods have addresses of their own and leave with the node's.
    AzureOverlay,
    /// kubenet: pods are reached by routes in the route table.
    Kubenet,
    /// Brought along.
    None,
}

impl NetworkPlugin {
    /// All of them with their keyword.
    pub const KEYWORDS: [(&'static str, Self); 4] = [
        ("azure", Self::Azure),
        ("azure-overlay", Self::AzureOverlay),
        ("kubenet", Self::Kubenet),
        ("none", Self::None),
    ];
}
