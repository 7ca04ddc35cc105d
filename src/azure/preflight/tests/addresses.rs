//! Subnets and address plans.

use super::*;
use crate::estate::{NetworkPlugin, Node};

const CAUSE: Cause = Cause::OutboundTypeConflict;

fn plain() -> Case {
    case(OutboundType::LoadBalancer)
}

#[test]
fn node_subnets_are_not_delegated() {
    let mut c = plain();
    let delegation = c.b.put("Microsoft.ContainerService/managedClusters".into());
    c.b.estate.subnets[c.subnet].delegations = vec![delegation.clone()];
    c.refused(CAUSE, "SubnetIsDelegated: delegation of subnet `v/s`");
    let mut c = plain();
    let other = c.b.subnet(c.vnet, "other", "10.1.2.0/24");
    c.b.estate.subnets[other].delegations = vec![delegation];
    c.accepted();
}

#[test]
fn node_subnets_have_no_reserved_name() {
    for (name, accepted) in [
        ("AzureFirewallSubnet", false),
        ("GatewaySubnet", false),
        ("gatewaysubnet", true),
        ("nodes", true),
    ] {
        let mut c = plain();
        c.b.estate.subnets[c.subnet].meta.name = name.into();
        if accepted {
            c.accepted();
        } else {
            c.refused(
                CAUSE,
                &format!("cluster.outbound_type_conflict: subnet `v/{name}`"),
            );
        }
    }
}

#[test]
fn a_subnet_holds_its_nodes() {
    let mut c = plain();
    c.b.estate.subnets[c.subnet].prefixes[0].value = "10.1.0.0/29".parse().unwrap();
    let nodes = |count| {
        let node = |n: u8| Node {
            name: "n".into(),
            origin: crate::base::Origin::Platform,
            address: format!("10.1.0.{n}").parse().unwrap(),
            pods: None,
        };
        (0..count).map(node).collect()
    };
    c.pool().nodes.nodes = nodes(3);
    c.accepted();
    c.pool().nodes.nodes = nodes(4);
    c.refused(CAUSE, "SubnetIsFull: subnet `v/s`");
}

#[test]
fn some_ranges_are_kept() {
    let mut c = plain();
    let pods = c.b.put("172.30.0.0/17".parse().unwrap());
    c.pool().pod_prefixes = vec![pods];
    c.refused(
        CAUSE,
        "cluster.outbound_type_conflict: pod addresses of pool `p`",
    );
    let mut c = plain();
    let services = c.b.put("172.16.0.0/12".parse().unwrap());
    c.pool().nodes.service_prefix = Some(services);
    c.refused(
        CAUSE,
        "cluster.outbound_type_conflict: service addresses of pool `p`",
    );
    let mut c = plain();
    c.b.estate.subnets[c.subnet].prefixes[0].value = "169.254.8.0/24".parse().unwrap();
    c.refused(
        CAUSE,
        "cluster.outbound_type_conflict: prefix of subnet `v/s`",
    );
}

#[test]
fn services_are_apart_from_every_subnet() {
    let mut c = plain();
    c.accepted();
    assert!(c.assumes("addresses of services are not stated"));
    c.b.subnet(c.vnet, "other", "10.1.64.0/20");
    let services = c.b.put("10.1.64.0/24".parse().unwrap());
    c.pool().nodes.service_prefix = Some(services);
    c.refused(
        CAUSE,
        "ServiceCidrOverlapExistingSubnetsCidr: service addresses of pool `p`",
    );
    let services = c.b.put("10.200.0.0/16".parse().unwrap());
    c.pool().nodes.service_prefix = Some(services);
    let dns = c.b.put("10.200.0.10".parse().unwrap());
    c.pool().nodes.dns_service_ip = Some(dns);
    c.accepted();
    let dns = c.b.put("10.0.0.10".parse().unwrap());
    c.pool().nodes.dns_service_ip = Some(dns);
    c.refused(
        CAUSE,
        "DnsServiceIpOutOfServiceCidr: address of the cluster's DNS of pool `p`",
    );
}

#[test]
fn pods_are_apart_from_subnets_and_services() {
    let pods = "cluster.outbound_type_conflict: pod addresses of pool `p`";
    let mut c = plain();
    let prefix = c.b.put("10.1.0.0/16".parse().unwrap());
    c.pool().pod_prefixes = vec![prefix];
    c.refused(CAUSE, pods);
    // With Azure CNI they are those of a subnet.
    c.pool().network_plugin.as_mut().unwrap().value = NetworkPlugin::Azure;
    c.accepted();
    let mut c = plain();
    let prefix = c.b.put("10.244.0.0/16".parse().unwrap());
    c.pool().pod_prefixes = vec![prefix];
    c.pool().nodes.service_prefix = Some(prefix);
    c.refused(CAUSE, pods);
    c.pool().nodes.service_prefix = None;
    c.accepted();
}

#[test]
fn api_server_subnets_are_large_enough_and_delegated() {
    let mut c = plain();
    let server = c.b.subnet(c.vnet, "api", "10.1.9.0/28");
    c.b.estate.pools[c.pool].api_server.subnet = Some(c.b.to(server));
    c.accepted();
    assert!(c.assumes("gets its delegation"));
    let delegation = c.b.put("Microsoft.Web/serverFarms".into());
    c.b.estate.subnets[server].delegations = vec![delegation];
    c.refused(
        CAUSE,
        "cluster.outbound_type_conflict: delegation of subnet `v/api`",
    );
    let delegation = c.b.put("microsoft.containerservice/managedclusters".into());
    c.b.estate.subnets[server].delegations = vec![delegation];
    c.accepted();
    c.b.estate.subnets[server].prefixes[0].value = "10.1.9.0/29".parse().unwrap();
    c.refused(
        CAUSE,
        "cluster.outbound_type_conflict: prefix of subnet `v/api`",
    );
}
