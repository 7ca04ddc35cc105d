//! Pools and clusters.

use super::{Body, Ignore, Word};

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
    /// `also CATALOG, …`
    Also(Vec<Word>),
    /// `version VERSION`
    Version(Word),
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
    /// `workload-identity NAME`
    WorkloadIdentity(Word),
    /// `set NAME = VALUE`
    Set {
        /// The value's name in the catalog.
        name: Word,
        /// The value.
        value: Word,
    },
    /// What is known of the cluster, once it is there.
    Cluster(ClusterClause),
    /// `ignore`
    Ignore(Ignore),
}

/// A clause of a pool about the network of its cluster.
#[derive(Debug, Clone, PartialEq)]
pub enum ClusterClause {
    /// `api-server { }`
    ApiServer {
        /// The keyword.
        keyword: Word,
        /// Its clauses.
        body: Body<ApiServerClause>,
    },
    /// `pod-subnet VNET.SUBNET`
    PodSubnet(Word),
    /// `service-cidr PREFIX`
    ServiceCidr(Word),
    /// `dns-service-ip ADDRESS`
    DnsServiceIp(Word),
    /// `node-nsg NSG`
    NodeNsg(Word),
    /// `node-public-ips`
    NodePublicIps(Word),
    /// `load-balancer-profile`
    LoadBalancerProfile(Word),
    /// `basic-load-balancer`
    BasicLoadBalancer(Word),
    /// `outbound-rule on|off`
    OutboundRule(Word),
    /// `control-plane-nodes NUMBER`
    ControlPlaneNodes(Word),
    /// `services NUMBER`
    Services(Word),
    /// `dual-stack`
    DualStack(Word),
    /// `max-nodes NUMBER`
    MaxNodes(Word),
    /// `max-surge NUMBER`
    MaxSurge(Word),
    /// `max-pods NUMBER`
    MaxPods(Word),
    /// `http-proxy PROXY { }`
    HttpProxy {
        /// The proxy.
        proxy: Word,
        /// What goes around it.
        body: Body<HttpProxyClause>,
    },
    /// `bootstrap-registry SERVICE` or `bootstrap-registry managed`
    BootstrapRegistry(Word),
    /// `management inbound|outbound`
    Management(Word),
    /// `node NAME ADDRESS [pods PREFIX]`
    Node {
        /// Its name.
        name: Word,
        /// Its address.
        address: Word,
        /// The addresses of its pods.
        pods: Option<Word>,
    },
}

/// A clause of an API server.
#[derive(Debug, Clone, PartialEq)]
pub enum ApiServerClause {
    /// `fqdn NAME`
    Fqdn(Word),
    /// `public-ip ADDRESS`
    PublicIp(Word),
    /// `authorized-ranges PREFIX, …`
    AuthorizedRanges {
        /// The keyword.
        keyword: Word,
        /// The prefixes.
        prefixes: Vec<Word>,
    },
    /// `private-dns-zone system|none|DOMAIN`
    PrivateDnsZone(Word),
    /// `public-name on|off`
    PublicName(Word),
    /// `subnet VNET.SUBNET`
    Subnet(Word),
}

/// A clause of the proxy that a cluster uses.
#[derive(Debug, Clone, PartialEq)]
pub enum HttpProxyClause {
    /// `no-proxy NAME-OR-PREFIX, …`
    NoProxy(Vec<Word>),
}
