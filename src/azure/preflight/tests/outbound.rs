//! Outbound types against profile, subnets and network.

use super::*;
use crate::base::Origin;
use crate::estate::Bootstrap;

const CONFLICT: Cause = Cause::OutboundTypeConflict;

#[test]
fn managed_types_need_the_services_network() {
    let mut c = case(OutboundType::ManagedNatGateway);
    c.refused(
        CONFLICT,
        "InvalidParameter: outbound type `managedNATGateway` of pool `p`",
    );
    let message = c.run().refusals.remove(0).message.unwrap();
    assert!(message.contains("agent pool 'p' is using custom VNet"));
    c.pool().subnets.clear();
    c.accepted();
}

#[test]
fn types_of_ones_own_need_ones_own_network() {
    for (outbound, expected) in [
        (
            OutboundType::UserAssignedNatGateway,
            "UserAssignedNATGatewayWithManagedVNetNotAllowed: outbound type `userAssignedNATGateway` of pool `p`",
        ),
        (
            OutboundType::UserDefinedRouting,
            "cluster.outbound_type_conflict: outbound type `userDefinedRouting` of pool `p`",
        ),
    ] {
        let mut c = case(outbound);
        c.pool().subnets.clear();
        c.refused(CONFLICT, expected);
    }
    let mut c = case(OutboundType::LoadBalancer);
    c.pool().subnets.clear();
    c.accepted();
}

#[test]
fn a_nat_gateway_of_ones_own_is_on_the_subnets_and_has_an_address() {
    let mut c = case(OutboundType::UserAssignedNatGateway);
    c.refused(CONFLICT, "SubnetNotAssociatedWithNATGateway: subnet `v/s`");
    c.b.estate.subnets[c.subnet].nat_gateway = Some(c.b.to_nothing("nat"));
    c.refused(CONFLICT, "NATGatewayNotFound: NAT gateway of subnet `v/s`");
    let bare = c.b.nat_gateway(0);
    c.b.estate.subnets[c.subnet].nat_gateway = Some(c.b.to(bare));
    c.refused(
        Cause::NoSnat,
        "NATGatewayNotAssociatedWithPublicIPOrIPPrefix: NAT gateway `nat`",
    );
    let nat = c.b.nat_gateway(1);
    c.b.estate.subnets[c.subnet].nat_gateway = Some(c.b.to(nat));
    c.accepted();
    let pods = c.b.subnet(c.vnet, "pods", "10.1.8.0/24");
    c.b.estate.pools[c.pool].nodes.pod_subnet = Some(c.b.to(pods));
    c.refused(
        CONFLICT,
        "SubnetNotAssociatedWithNATGateway: subnet `v/pods`",
    );
    c.b.estate.subnets[pods].nat_gateway = Some(c.b.to(nat));
    c.accepted();
}

#[test]
fn a_load_balancer_and_a_nat_gateway_contradict_each_other() {
    let mut c = case(OutboundType::LoadBalancer);
    c.accepted();
    let nat = c.b.nat_gateway(1);
    c.b.estate.subnets[c.subnet].nat_gateway = Some(c.b.to(nat));
    c.refused(
        CONFLICT,
        "cluster.outbound_type_conflict: NAT gateway of subnet `v/s`",
    );
    c.pool().outbound.value = OutboundType::None;
    c.accepted();
}

#[test]
fn profiles_fit_the_type() {
    let at = Some(Origin::Platform);
    let mut c = routed();
    c.pool().nodes.load_balancer_profile = at;
    c.refused(
        CONFLICT,
        "InvalidUserDefinedRoutingWithLoadBalancerProfile: load balancer profile of pool `p`",
    );
    let mut c = routed();
    c.pool().nodes.public_ips = at;
    c.refused(
        CONFLICT,
        "UDRWithNodePublicIPNotAllowed: public addresses of nodes of pool `p`",
    );
    let mut c = routed();
    c.pool().nodes.basic_load_balancer = at;
    c.refused(
        CONFLICT,
        "UnexpectedLoadBalancerSkuForCurrentOutboundConfiguration: Basic load balancer of pool `p`",
    );
    let mut c = case(OutboundType::LoadBalancer);
    c.pool().nodes.load_balancer_profile = at;
    c.pool().nodes.public_ips = at;
    c.pool().nodes.basic_load_balancer = at;
    c.accepted();
}

#[test]
fn block_is_for_isolated_clusters_in_the_services_network() {
    let blocked = "cluster.outbound_type_conflict: outbound type `block` of pool `p`";
    let mut c = case(OutboundType::Block);
    assert_eq!(c.refusals(), [blocked, blocked]);
    c.pool().subnets.clear();
    c.refused(CONFLICT, blocked);
    c.pool().bootstrap = Some(Bootstrap {
        origin: Origin::Platform,
        registry: None,
    });
    c.accepted();
}

#[test]
fn hdinsight_on_aks_has_two_types() {
    let mut c = case(OutboundType::UserAssignedNatGateway);
    c.b.estate.pools[c.pool].kind = Some(c.b.put("hdinsight-on-aks".into()));
    c.refused(
        CONFLICT,
        "UnsupportedOutboundType: outbound type `userAssignedNATGateway` of pool `p`",
    );
    c.pool().outbound.value = OutboundType::LoadBalancer;
    c.accepted();
    assert!(!c.assumes("before the pool is made"));
    c.b.routes(c.subnet, &[]);
    c.accepted();
    assert!(c.assumes("before the pool is made"));
    c.pool().outbound.value = OutboundType::UserDefinedRouting;
    c.refused(
        Cause::NoDefaultRoute,
        "RouteTableMissingDefaultRouteError: route table `rt`",
    );
}
