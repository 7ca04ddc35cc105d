//! Route tables of routed and of kubenet pools.

use super::*;
use crate::azure::flow::Site;
use crate::estate::{Gateway, GatewayKind, NextHop, Node};

#[test]
fn a_routed_pool_needs_a_table() {
    let mut c = case(OutboundType::UserDefinedRouting);
    let nat = c.b.nat_gateway(1);
    c.b.estate.subnets[c.subnet].nat_gateway = Some(c.b.to(nat));
    c.refused(
        Cause::NoRouteTable,
        "ExistingRouteTableNotAssociatedWithSubnet: subnet `v/s`",
    );
    let refusal = c.run().refusals.remove(0);
    assert_eq!(
        refusal.element.origin,
        c.b.estate.subnets[c.subnet].meta.origin
    );
    assert!(refusal.text.contains("userAssignedNATGateway"));
    assert!(
        refusal
            .message
            .unwrap()
            .starts_with("An existing route table has not been associated with subnet v/s")
    );
    routed().accepted();
    c.b.estate.subnets[c.subnet].route_table = Some(c.b.to_nothing("elsewhere"));
    c.accepted();
    assert!(c.assumes("table `elsewhere`"));
}

#[test]
fn the_table_needs_a_default_route_of_its_own() {
    let mut c = case(OutboundType::UserDefinedRouting);
    c.b.routes(
        c.subnet,
        &[("0.0.0.0/1", appliance()), ("128.0.0.0/1", appliance())],
    );
    let gateway = Gateway {
        meta: c.b.meta("er"),
        vnet: c.b.to(c.vnet),
        kind: c.b.put(GatewayKind::ExpressRoute),
        learned: vec![c.b.put("0.0.0.0/0".parse().unwrap())],
    };
    c.b.estate.gateways.push(gateway);
    c.refused(
        Cause::NoDefaultRoute,
        "RouteTableMissingDefaultRouteError: route table `rt`",
    );
    let text = c.run().refusals.remove(0).text;
    assert!(
        text.ends_with("; halves of it do not count; a learned one does not count"),
        "{text}"
    );
    assert!(!c.assumes("learned default route"));
    c.pool().private_cluster = Some(c.b.at().into());
    assert!(c.assumes("learned default route"));
}

#[test]
fn the_default_route_leads_to_an_appliance_or_a_gateway() {
    for (hop, accepted) in [
        (NextHop::Internet, false),
        (NextHop::Drop, false),
        (NextHop::VnetLocal, false),
        (NextHop::Gateway, true),
        (appliance(), true),
    ] {
        let mut c = case(OutboundType::UserDefinedRouting);
        let table = c.b.routes(
            c.subnet,
            &[
                ("10.8.0.0/16", NextHop::Gateway),
                ("0.0.0.0/0", hop.clone()),
            ],
        );
        if accepted {
            c.accepted();
            continue;
        }
        c.refused(
            Cause::DefaultNextHopType,
            "RouteTableInvalidNextHop: route `default` of route table `rt`",
        );
        let refusal = c.run().refusals.remove(0);
        let route = &c.b.estate.route_tables[table].routes[1];
        assert_eq!(refusal.element.origin, route.next_hop.span.into());
        assert_eq!(refusal.element.site, Site::Route(table, 1));
        let message = refusal.message.unwrap();
        assert!(message.contains(&format!("next hop of {} but", hop.azure_type())));
        // Other outbound types do not look at the table.
        c.pool().outbound.value = OutboundType::LoadBalancer;
        c.accepted();
    }
}

#[test]
fn several_next_hops_and_ipv6_are_told() {
    let mut c = case(OutboundType::UserDefinedRouting);
    let two = vec!["10.0.1.4".parse().unwrap(), "10.0.1.5".parse().unwrap()];
    c.b.routes(c.subnet, &[("0.0.0.0/0", NextHop::Addresses(two))]);
    c.accepted();
    assert!(c.assumes("VirtualApplianceEcmp"));
    assert_eq!(c.warnings(), [""; 0]);
    c.pool().nodes.dual_stack = Some(c.b.at().into());
    c.accepted();
    assert_eq!(c.warnings(), ["route.no_default_route: route table `rt`"]);
}

#[test]
fn kubenet_clusters_share_neither_table_nor_subnet() {
    let mut c = routed();
    c.b.kubenet(c.pool);
    let table = c.b.estate.subnets[c.subnet].route_table.clone();
    let second = c.b.subnet(c.vnet, "t", "10.1.1.0/24");
    c.b.estate.subnets[second].route_table = table;
    let other = c.b.pool(&[second], OutboundType::UserDefinedRouting);
    c.accepted();
    c.b.kubenet(other);
    c.refused(
        Cause::PodRoutesOrTableDrift,
        "route.pod_routes_or_table_drift: route table `rt`",
    );
    c.b.estate.subnets[second].route_table = None;
    c.accepted();
    c.b.estate.pools[other].subnets = vec![c.b.to(c.subnet)];
    assert_eq!(
        c.refusals(),
        [
            "route.pod_routes_or_table_drift: route table `rt`",
            "route.pod_routes_or_table_drift: subnet `v/s`"
        ]
    );
}

#[test]
fn kubenet_takes_one_table_for_all_subnets() {
    let mut c = routed();
    c.b.kubenet(c.pool);
    let second = c.b.subnet(c.vnet, "t", "10.1.1.0/24");
    c.b.routes(second, &[("0.0.0.0/0", appliance())]);
    c.pool().subnets.push(crate::estate::Ref {
        id: Some(second),
        name: "t".into(),
        origin: crate::base::Origin::Platform,
    });
    c.refused(
        Cause::PodRoutesOrTableDrift,
        "route.pod_routes_or_table_drift: network plugin of pool `p`",
    );
    c.b.estate.subnets[second].route_table = c.b.estate.subnets[c.subnet].route_table.clone();
    c.accepted();
}

#[test]
fn every_node_of_kubenet_takes_a_route() {
    let mut c = routed();
    c.b.kubenet(c.pool);
    c.b.estate.subnets[c.subnet].prefixes[0].value = "10.1.0.0/20".parse().unwrap();
    let nodes = |count: u8| -> Vec<Node> {
        let node = |n: u8| Node {
            name: "n".into(),
            origin: crate::base::Origin::Platform,
            address: format!("10.1.1.{n}").parse().unwrap(),
            pods: None,
        };
        (0..count).chain(0..count).map(node).collect()
    };
    c.pool().nodes.nodes = nodes(100);
    c.accepted();
    assert_eq!(c.warnings(), [""; 0]);
    c.pool().nodes.nodes = nodes(199);
    assert_eq!(
        c.warnings(),
        ["route.pod_routes_or_table_drift: route table `rt`"]
    );
    c.pool().nodes.nodes = nodes(200);
    c.refused(
        Cause::PodRoutesOrTableDrift,
        "route.pod_routes_or_table_drift: route table `rt`",
    );
}

#[test]
fn kubenet_with_custom_dns_and_a_private_server_is_warned_of() {
    let mut c = routed();
    c.b.kubenet(c.pool);
    c.pool().private_cluster = Some(crate::base::Origin::Platform);
    c.accepted();
    assert_eq!(c.warnings(), [""; 0]);
    c.b.estate.vnets[c.vnet].dns = crate::estate::DnsServers::Custom(Vec::new());
    c.accepted();
    assert_eq!(
        c.warnings(),
        ["route.pod_routes_or_table_drift: subnet `v/s`"]
    );
}

#[test]
fn no_route_is_for_the_host() {
    let mut c = case(OutboundType::LoadBalancer);
    c.b.routes(c.subnet, &[("168.63.129.16/32", appliance())]);
    c.refused(
        Cause::OverrideOrBypass,
        "AddressPrefixInRestrictedAddressSpace: route `default` of route table `rt`",
    );
    c.b.routes(c.subnet, &[("168.63.129.0/24", appliance())]);
    c.accepted();
}
