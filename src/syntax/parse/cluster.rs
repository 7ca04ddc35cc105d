//! Pools and clusters.

use nom::Parser;
use nom::combinator::{cut, opt};
use nom::sequence::preceded;

use crate::syntax::tree::{ApiServerClause, ClusterClause, HttpProxyClause, Pool, PoolClause};

use super::block::{Form, Forms, body, optional_body, usages_of};
use super::input::{Step, Tokens, equals, keyword, one_of, value, value_or_text, values};
use super::network::SWITCH;
use super::resource;

pub(super) fn usages() -> Vec<(&'static str, &'static str)> {
    usages_of(&POOL)
        .chain(usages_of(&API_SERVER))
        .chain(usages_of(&HTTP_PROXY))
        .collect()
}

pub(super) fn pool(input: Tokens<'_>) -> Step<'_, Pool> {
    (
        value("the name of a pool"),
        opt(preceded(
            keyword("in"),
            cut(values("a subnet as vnet.subnet")),
        )),
        optional_body(&POOL),
    )
        .map(|(name, places, body)| Pool {
            name,
            places: places.unwrap_or_default(),
            body,
        })
        .parse(input)
}

static POOL: Forms<PoolClause> = Forms {
    block: "a pool",
    common: None,
    own: &[
        Form {
            keyword: "kind",
            usage: "kind CATALOG",
            parse: |_, input| {
                value("the name of a catalog")
                    .map(PoolClause::Kind)
                    .parse(input)
            },
        },
        Form {
            keyword: "also",
            usage: "also CATALOG, …",
            parse: |_, input| {
                values("the name of a catalog")
                    .map(PoolClause::Also)
                    .parse(input)
            },
        },
        Form {
            keyword: "version",
            usage: "version VERSION",
            parse: |_, input| {
                value("a version that the catalog tells apart")
                    .map(PoolClause::Version)
                    .parse(input)
            },
        },
        Form {
            keyword: "clusters",
            usage: "clusters TYPE, …",
            parse: |_, input| {
                values("a cluster type such as spark")
                    .map(PoolClause::Clusters)
                    .parse(input)
            },
        },
        Form {
            keyword: "features",
            usage: "features NAME, …",
            parse: |_, input| {
                values("a feature of the catalog")
                    .map(PoolClause::Features)
                    .parse(input)
            },
        },
        Form {
            keyword: "include",
            usage: "include recommended, optional, observed, retired",
            parse: |_, input| {
                values("recommended, optional, observed or retired")
                    .map(PoolClause::Include)
                    .parse(input)
            },
        },
        Form {
            keyword: "outbound",
            usage: "outbound loadBalancer | managedNATGateway | userAssignedNATGateway | userDefinedRouting | none | block",
            parse: |_, input| {
                value("an outbound type such as userDefinedRouting")
                    .map(PoolClause::Outbound)
                    .parse(input)
            },
        },
        Form {
            keyword: "via",
            usage: "via FIREWALL",
            parse: |_, input| {
                value("the name of a firewall")
                    .map(PoolClause::Via)
                    .parse(input)
            },
        },
        Form {
            keyword: "network-plugin",
            usage: "network-plugin azure | azure-overlay | kubenet | none",
            parse: |_, input| {
                value("a network plugin such as azure-overlay")
                    .map(PoolClause::NetworkPlugin)
                    .parse(input)
            },
        },
        Form {
            keyword: "pod-cidr",
            usage: "pod-cidr PREFIX, …",
            parse: |_, input| values("a prefix").map(PoolClause::PodCidr).parse(input),
        },
        Form {
            keyword: "private-aks",
            usage: "private-aks",
            parse: |head, input| Ok((input, PoolClause::PrivateCluster(head))),
        },
        Form {
            keyword: "private-cluster",
            usage: "private-cluster",
            parse: |head, input| Ok((input, PoolClause::PrivateCluster(head))),
        },
        Form {
            keyword: "private-ingress",
            usage: "private-ingress",
            parse: |head, input| Ok((input, PoolClause::PrivateIngress(head))),
        },
        Form {
            keyword: "identity",
            usage: "identity NAME | identity system-assigned",
            parse: |_, input| {
                value("the name of an identity, or system-assigned")
                    .map(PoolClause::Identity)
                    .parse(input)
            },
        },
        Form {
            keyword: "workload-identity",
            usage: "workload-identity NAME",
            parse: |_, input| {
                value("the name of an identity")
                    .map(PoolClause::WorkloadIdentity)
                    .parse(input)
            },
        },
        Form {
            keyword: "set",
            usage: "set NAME = VALUE",
            parse: |_, input| {
                (
                    value("the name of a value in the catalog"),
                    preceded(equals(), cut(value_or_text("a value"))),
                )
                    .map(|(name, value)| PoolClause::Set { name, value })
                    .parse(input)
            },
        },
        Form {
            keyword: "api-server",
            usage: "api-server { … }",
            parse: |head, input| {
                body(&API_SERVER)
                    .map(|body| {
                        PoolClause::Cluster(ClusterClause::ApiServer {
                            keyword: head.clone(),
                            body,
                        })
                    })
                    .parse(input)
            },
        },
        Form {
            keyword: "pod-subnet",
            usage: "pod-subnet VNET.SUBNET",
            parse: |_, input| {
                value("a subnet as vnet.subnet")
                    .map(|word| PoolClause::Cluster(ClusterClause::PodSubnet(word)))
                    .parse(input)
            },
        },
        Form {
            keyword: "service-cidr",
            usage: "service-cidr PREFIX",
            parse: |_, input| {
                value("a prefix")
                    .map(|word| PoolClause::Cluster(ClusterClause::ServiceCidr(word)))
                    .parse(input)
            },
        },
        Form {
            keyword: "dns-service-ip",
            usage: "dns-service-ip ADDRESS",
            parse: |_, input| {
                value("an address")
                    .map(|word| PoolClause::Cluster(ClusterClause::DnsServiceIp(word)))
                    .parse(input)
            },
        },
        Form {
            keyword: "node",
            usage: "node NAME ADDRESS [pods PREFIX]",
            parse: |_, input| {
                (
                    value("the name of a node"),
                    value("an address"),
                    opt(preceded(keyword("pods"), cut(value("a prefix")))),
                )
                    .map(|(name, address, pods)| {
                        PoolClause::Cluster(ClusterClause::Node {
                            name,
                            address,
                            pods,
                        })
                    })
                    .parse(input)
            },
        },
        Form {
            keyword: "node-nsg",
            usage: "node-nsg NAME",
            parse: |_, input| {
                value("the name of an NSG")
                    .map(|word| PoolClause::Cluster(ClusterClause::NodeNsg(word)))
                    .parse(input)
            },
        },
        Form {
            keyword: "node-public-ips",
            usage: "node-public-ips",
            parse: |head, input| {
                let clause = ClusterClause::NodePublicIps(head);
                Ok((input, PoolClause::Cluster(clause)))
            },
        },
        Form {
            keyword: "load-balancer-profile",
            usage: "load-balancer-profile",
            parse: |head, input| {
                let clause = ClusterClause::LoadBalancerProfile(head);
                Ok((input, PoolClause::Cluster(clause)))
            },
        },
        Form {
            keyword: "basic-load-balancer",
            usage: "basic-load-balancer",
            parse: |head, input| {
                let clause = ClusterClause::BasicLoadBalancer(head);
                Ok((input, PoolClause::Cluster(clause)))
            },
        },
        Form {
            keyword: "outbound-rule",
            usage: "outbound-rule on | off",
            parse: |_, input| {
                one_of(SWITCH)
                    .map(|word| PoolClause::Cluster(ClusterClause::OutboundRule(word)))
                    .parse(input)
            },
        },
        Form {
            keyword: "dual-stack",
            usage: "dual-stack",
            parse: |head, input| {
                let clause = ClusterClause::DualStack(head);
                Ok((input, PoolClause::Cluster(clause)))
            },
        },
        Form {
            keyword: "control-plane-nodes",
            usage: "control-plane-nodes NUMBER",
            parse: |_, input| {
                value("a number of nodes")
                    .map(|word| PoolClause::Cluster(ClusterClause::ControlPlaneNodes(word)))
                    .parse(input)
            },
        },
        Form {
            keyword: "services",
            usage: "services NUMBER",
            parse: |_, input| {
                value("a number of services")
                    .map(|word| PoolClause::Cluster(ClusterClause::Services(word)))
                    .parse(input)
            },
        },
        Form {
            keyword: "max-nodes",
            usage: "max-nodes NUMBER",
            parse: |_, input| {
                value("a number of nodes")
                    .map(|word| PoolClause::Cluster(ClusterClause::MaxNodes(word)))
                    .parse(input)
            },
        },
        Form {
            keyword: "max-surge",
            usage: "max-surge NUMBER",
            parse: |_, input| {
                value("a number of nodes")
                    .map(|word| PoolClause::Cluster(ClusterClause::MaxSurge(word)))
                    .parse(input)
            },
        },
        Form {
            keyword: "max-pods",
            usage: "max-pods NUMBER",
            parse: |_, input| {
                value("a number of pods")
                    .map(|word| PoolClause::Cluster(ClusterClause::MaxPods(word)))
                    .parse(input)
            },
        },
        Form {
            keyword: "http-proxy",
            usage: "http-proxy PROXY { … }",
            parse: |_, input| {
                (value("the name of a proxy"), optional_body(&HTTP_PROXY))
                    .map(|(proxy, body)| {
                        PoolClause::Cluster(ClusterClause::HttpProxy { proxy, body })
                    })
                    .parse(input)
            },
        },
        Form {
            keyword: "bootstrap-registry",
            usage: "bootstrap-registry SERVICE | bootstrap-registry managed",
            parse: |_, input| {
                value("the name of a service, or managed")
                    .map(|word| PoolClause::Cluster(ClusterClause::BootstrapRegistry(word)))
                    .parse(input)
            },
        },
        Form {
            keyword: "management",
            usage: "management inbound | outbound",
            parse: |_, input| {
                one_of(&["inbound", "outbound"])
                    .map(|word| PoolClause::Cluster(ClusterClause::Management(word)))
                    .parse(input)
            },
        },
        Form {
            keyword: "ignore",
            usage: "ignore TG0000 \"why\" [until 2027-01-31]",
            parse: |head, input| {
                resource::ignore(head, input)
                    .map(|(rest, ignore)| (rest, PoolClause::Ignore(ignore)))
            },
        },
    ],
};

static API_SERVER: Forms<ApiServerClause> = Forms {
    block: "an API server",
    common: None,
    own: &[
        Form {
            keyword: "fqdn",
            usage: "fqdn FQDN",
            parse: |_, input| {
                value("a domain name")
                    .map(ApiServerClause::Fqdn)
                    .parse(input)
            },
        },
        Form {
            keyword: "public-ip",
            usage: "public-ip ADDRESS",
            parse: |_, input| {
                value("an address")
                    .map(ApiServerClause::PublicIp)
                    .parse(input)
            },
        },
        Form {
            keyword: "authorized-ranges",
            usage: "authorized-ranges PREFIX, …",
            parse: |head, input| {
                values("a prefix")
                    .map(|prefixes| ApiServerClause::AuthorizedRanges {
                        keyword: head.clone(),
                        prefixes,
                    })
                    .parse(input)
            },
        },
        Form {
            keyword: "private-dns-zone",
            usage: "private-dns-zone system | none | NAME",
            parse: |_, input| {
                value("system, none, or the name of a private DNS zone")
                    .map(ApiServerClause::PrivateDnsZone)
                    .parse(input)
            },
        },
        Form {
            keyword: "public-name",
            usage: "public-name on | off",
            parse: |_, input| one_of(SWITCH).map(ApiServerClause::PublicName).parse(input),
        },
        Form {
            keyword: "subnet",
            usage: "subnet VNET.SUBNET",
            parse: |_, input| {
                value("a subnet as vnet.subnet")
                    .map(ApiServerClause::Subnet)
                    .parse(input)
            },
        },
    ],
};

static HTTP_PROXY: Forms<HttpProxyClause> = Forms {
    block: "an HTTP proxy",
    common: None,
    own: &[Form {
        keyword: "no-proxy",
        usage: "no-proxy NAME-OR-PREFIX, …",
        parse: |_, input| {
            values("a domain name, an address or a prefix")
                .map(HttpProxyClause::NoProxy)
                .parse(input)
        },
    }],
};
