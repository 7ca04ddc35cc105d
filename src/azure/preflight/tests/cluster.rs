//! Names, authorized ranges, registries, private endpoints.

use super::*;
use crate::base::{Origin, Spanned};
use crate::estate::{AuthorizedRanges, Bootstrap, PlatformService, PrivateEndpoint};

const RANGES: Cause = Cause::AuthorizedRangesExcludeEgress;

fn with_ranges(count: u32) -> Case {
    let mut c = case(OutboundType::LoadBalancer);
    let prefix = |n: u32| {
        let [_, _, high, low] = n.to_be_bytes();
        Spanned::new(format!("20.0.{high}.{low}/32").parse().unwrap(), c.b.at())
    };
    let prefixes = (0..count).map(prefix).collect();
    c.pool().api_server.authorized_ranges = Some(AuthorizedRanges {
        origin: Origin::Platform,
        prefixes,
    });
    c
}

#[test]
fn authorized_ranges_are_few_and_for_public_servers() {
    let expected = "cluster.authorized_ranges_exclude_egress: authorized ranges of pool `p`";
    with_ranges(200).accepted();
    let mut c = with_ranges(201);
    c.refused(RANGES, expected);
    let server = c.b.subnet(c.vnet, "api", "10.1.9.0/28");
    c.b.estate.pools[c.pool].api_server.subnet = Some(c.b.to(server));
    c.accepted();
    let mut c = with_ranges(1);
    c.pool().private_cluster = Some(Origin::Platform);
    c.refused(RANGES, expected);
    let mut c = with_ranges(1);
    c.b.estate.pools[c.pool].kind = Some(c.b.put("hdinsight-on-aks".into()));
    c.refused(RANGES, expected);
    let mut c = with_ranges(1);
    c.pool().nodes.basic_load_balancer = Some(Origin::Platform);
    c.refused(
        RANGES,
        "cluster.authorized_ranges_exclude_egress: Basic load balancer of pool `p`",
    );
}

#[test]
fn names_have_a_length() {
    let mut c = case(OutboundType::LoadBalancer);
    c.pool().meta.name = "p".repeat(27).into();
    c.accepted();
    c.b.estate.pools[c.pool].kind = Some(c.b.put("hdinsight-on-aks".into()));
    assert_eq!(c.refusals().len(), 1);
    c.pool().meta.name = "p".repeat(26).into();
    c.accepted();
}

#[test]
fn a_registry_of_an_isolated_cluster_has_a_private_endpoint() {
    let mut c = case(OutboundType::None);
    let service = PlatformService {
        meta: c.b.meta("reg"),
        kind: None,
        fqdn: c.b.put("reg.azurecr.io".parse().unwrap()),
        cname: None,
        addresses: Vec::new(),
        resolved: None,
        tags: Vec::new(),
        region: None,
        public_access_off: None,
        acl: None,
    };
    let service = c.b.estate.services.push(service);
    let registry = Some(c.b.to(service));
    c.pool().bootstrap = Some(Bootstrap {
        origin: Origin::Platform,
        registry,
    });
    c.accepted();
    assert_eq!(c.warnings(), ["cluster.isolated_bootstrap: registry `reg`"]);
    let endpoint = PrivateEndpoint {
        meta: c.b.meta("pe"),
        subnet: c.b.to(c.subnet),
        addresses: Vec::new(),
        names: Vec::new(),
        zone: None,
        target: Some(c.b.to(service)),
    };
    c.b.estate.private_endpoints.push(endpoint);
    assert_eq!(c.warnings(), [""; 0]);
    c.pool().outbound.value = OutboundType::LoadBalancer;
    c.accepted();
    assert_eq!(
        c.warnings(),
        ["cluster.isolated_bootstrap: outbound type `loadBalancer` of pool `p`"]
    );
}

#[test]
fn the_subnet_of_the_private_endpoint_is_told() {
    let mut c = case(OutboundType::UserAssignedNatGateway);
    let nat = c.b.nat_gateway(1);
    c.b.estate.subnets[c.subnet].nat_gateway = Some(c.b.to(nat));
    c.accepted();
    assert!(!c.assumes("ReconcilePrivateEndpointSubnetWithNATGatewayError"));
    c.pool().private_cluster = Some(Origin::Platform);
    c.accepted();
    assert!(c.assumes("ReconcilePrivateEndpointSubnetWithNATGatewayError"));
    c.b.estate.subnets[c.subnet].endpoint_policy = Some(crate::estate::ServiceEndpointPolicy {
        origin: Origin::Platform,
        allowed: Vec::new(),
    });
    c.accepted();
    assert_eq!(
        c.warnings(),
        [
            "ReconcilePrivateEndpointSubnetWithServiceEndpointPoliciesError: service endpoint policy of subnet `v/s`"
        ]
    );
}

#[test]
fn subnets_that_are_not_described_are_assumed() {
    let mut c = case(OutboundType::UserDefinedRouting);
    c.b.estate.pools[c.pool].subnets = vec![c.b.to_nothing("elsewhere")];
    c.accepted();
    assert!(c.assumes("subnet `elsewhere`"));
}
