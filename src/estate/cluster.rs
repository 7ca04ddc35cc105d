//! Pools and clusters: who needs to get out.

use std::net::IpAddr;

use ipnet::IpNet;
use smol_str::SmolStr;

use crate::base::{Origin, Spanned};
use crate::net::Fqdn;

use super::{Firewall, Identity, Meta, Nsg, PlatformService, PrivateDnsZone, Ref, Subnet};

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
    /// Who its workloads are.
    pub workload_identity: Option<Ref<Identity>>,
    /// Its API server.
    pub api_server: ApiServer,
    /// How its nodes are connected, beyond their subnet.
    pub nodes: NodeSettings,
    /// The proxy that its nodes use.
    pub http_proxy: Option<HttpProxy>,
    /// Where a network isolated cluster takes its software from.
    pub bootstrap: Option<Bootstrap>,
    /// HDInsight only: whether its management comes in from outside (`Inbound`) or the cluster calls it (`Outbound`).
    pub management_inbound: Option<Spanned<bool>>,
    /// What its resource has set and catalogs may ask about: paths of switches that are on, such as
    /// `addonProfiles.azurepolicy.enabled`, and of words of its node pools with them, such as
    /// `agentPoolProfiles.osType=Windows`.
    pub properties: Vec<Spanned<SmolStr>>,
}

/// The API server of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiServer {
    /// Its name, once the cluster exists.
    pub fqdn: Option<Spanned<Fqdn>>,
    /// Its public address, once the cluster exists.
    pub public_ip: Option<Spanned<IpAddr>>,
    /// Prefixes that it lets in; everybody without any.
    pub authorized_ranges: Option<AuthorizedRanges>,
    /// Where a private one keeps its name.
    pub private_zone: Option<Spanned<PrivateZone>>,
    /// Whether a private one has a public name too; Azure's default when `None`.
    pub public_name: Option<Spanned<bool>>,
    /// The subnet it is put into (API server VNet integration).
    pub subnet: Option<Ref<Subnet>>,
}

/// The prefixes that an API server lets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizedRanges {
    /// Where the list is written.
    pub origin: Origin,
    /// The prefixes.
    pub prefixes: Vec<Spanned<IpNet>>,
}

/// The `privateDNSZone` of a private cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrivateZone {
    /// Made with the cluster and linked to its network.
    System,
    /// None: the public name leads to the private address.
    None,
    /// One's own.
    Own(Ref<PrivateDnsZone>),
}

/// How the nodes of a pool are connected, beyond their subnet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NodeSettings {
    /// The subnet of pods that have addresses of their own.
    pub pod_subnet: Option<Ref<Subnet>>,
    /// The addresses of services inside the cluster.
    pub service_prefix: Option<Spanned<IpNet>>,
    /// The address of the cluster's own DNS.
    pub dns_service_ip: Option<Spanned<IpAddr>>,
    /// The nodes that are there.
    pub nodes: Vec<Node>,
    /// The security group on their interfaces.
    pub interface_nsg: Option<Ref<Nsg>>,
    /// They have public addresses of their own.
    pub public_ips: Option<Origin>,
    /// A load balancer profile is given.
    pub load_balancer_profile: Option<Origin>,
    /// The load balancer is of the Basic SKU.
    pub basic_load_balancer: Option<Origin>,
    /// Whether the load balancer made with the cluster has an outbound rule; as the outbound type says when `None`.
    pub outbound_rule: Option<Spanned<bool>>,
    /// They have IPv6 addresses too.
    pub dual_stack: Option<Origin>,
    /// How many nodes its control plane has, where these are machines of the network.
    pub control_plane_nodes: Option<Spanned<u32>>,
    /// How many services of type LoadBalancer it has.
    pub services: Option<Spanned<u32>>,
    /// How many there may be.
    pub max_nodes: Option<Spanned<u32>>,
    /// How many more there may be while they are replaced.
    pub max_surge: Option<Spanned<u32>>,
    /// How many pods one may have.
    pub max_pods: Option<Spanned<u32>>,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: SmolStr,
    /// Where it is written.
    pub origin: Origin,
    /// Its address.
    pub address: IpAddr,
    /// The addresses of its pods (kubenet).
    pub pods: Option<IpNet>,
}

/// The `httpProxyConfig` of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpProxy {
    /// Where it is written.
    pub origin: Origin,
    /// The proxy for HTTP.
    pub http: Option<Spanned<ProxyEndpoint>>,
    /// The proxy for HTTPS.
    pub https: Option<Spanned<ProxyEndpoint>>,
    /// Names, suffixes and prefixes reached without it.
    pub no_proxy: Vec<Spanned<SmolStr>>,
}

/// Where a proxy listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyEndpoint {
    /// A name or an address.
    pub host: SmolStr,
    /// The port.
    pub port: u16,
}

/// Where a network isolated cluster takes its software from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bootstrap {
    /// Where it is written.
    pub origin: Origin,
    /// The registry; the one that Azure makes when `None`.
    pub registry: Option<Ref<PlatformService>>,
}

/// The identity of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PoolIdentity {
    /// Made with the cluster.
    SystemAssigned(Origin),
    /// Made beforehand; a service principal is one too.
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
    /// The service knows no types: nodes leave as their subnet does.
    OfSubnet,
}

impl OutboundType {
    /// All that a pool can be asked to have.
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
            Self::OfSubnet => "that of its subnet",
        }
    }

    /// Whether routes of one's own decide how its nodes leave, and Azure makes no way out beside them.
    #[must_use]
    pub fn is_by_routes(self) -> bool {
        matches!(self, Self::UserDefinedRouting | Self::None | Self::OfSubnet)
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
