//! Azure Policy against what the service makes.

use super::*;
use crate::estate::{PolicyAssignment, Region, Scope, Subscription};

const PUBLIC_IP: &str = "Microsoft.Network/publicIPAddresses";
const EXPECTED: &str = "ReconcileStandardLoadBalancerError: policy assignment `no-public`";

fn denied(outbound: OutboundType, scope: Scope, effect: &str, types: &[&str]) -> Case {
    let mut c = case(outbound);
    if outbound == OutboundType::UserDefinedRouting {
        c.b.routes(c.subnet, &[("0.0.0.0/0", appliance())]);
    }
    c.b.estate.region = Region::Named("westeurope".into());
    c.pool().meta.home = Builder::home("rg-aks", "sub-app");
    c.b.estate.subscriptions.push(Subscription {
        name: "sub-app".into(),
        management_group: Some("mg-corp".into()),
    });
    let assignment = PolicyAssignment {
        name: "no-public".into(),
        origin: c.b.at().into(),
        scope: c.b.put(scope),
        effect: c.b.put(effect.into()),
        resource_types: types.iter().map(|kind| c.b.put((*kind).into())).collect(),
    };
    c.b.estate.policy_assignments.push(assignment);
    c
}

fn corp() -> Scope {
    Scope::ManagementGroup("mg-corp".into())
}

#[test]
fn a_policy_denies_what_the_outbound_type_makes() {
    use OutboundType::{LoadBalancer, None as NoType, UserDefinedRouting};
    let c = denied(
        LoadBalancer,
        corp(),
        "deny",
        &["microsoft.network/publicipaddresses"],
    );
    c.refused(Cause::PolicyDeny, EXPECTED);
    assert!(
        c.run().refusals[0]
            .message
            .as_ref()
            .unwrap()
            .contains("RequestDisallowedByPolicy")
    );
    denied(LoadBalancer, corp(), "Deny", &["Microsoft.Network/load*"])
        .refused(Cause::PolicyDeny, EXPECTED);
    for (outbound, effect, kind) in [
        (UserDefinedRouting, "Deny", PUBLIC_IP),
        (NoType, "Deny", PUBLIC_IP),
        (LoadBalancer, "Audit", PUBLIC_IP),
        (LoadBalancer, "Deny", "Microsoft.Network/natGateways"),
    ] {
        denied(outbound, corp(), effect, &[kind]).accepted();
    }
}

#[test]
fn the_assignment_reaches_the_node_resource_group() {
    let group = |name: &str| Scope::ResourceGroup(Some(name.into()));
    for (scope, refused, warned) in [
        (corp(), true, false),
        (Scope::ManagementGroup("mg-other".into()), false, false),
        (Scope::Subscription(Some("sub-app".into())), true, false),
        (Scope::Subscription(Some("sub-net".into())), false, false),
        (group("mc_RG-aks_p_westeurope"), true, false),
        (group("rg-aks"), false, true),
        (group("rg-hub"), false, false),
    ] {
        let c = denied(
            OutboundType::LoadBalancer,
            scope.clone(),
            "Deny",
            &[PUBLIC_IP],
        );
        assert_eq!(!c.refusals().is_empty(), refused, "{scope:?}");
        assert_eq!(!c.warnings().is_empty(), warned, "{scope:?}");
    }
}

#[test]
fn kubenet_makes_a_table_where_none_is() {
    let kind = "Microsoft.Network/routeTables";
    let mut c = denied(OutboundType::LoadBalancer, corp(), "Deny", &[kind]);
    c.accepted();
    c.b.kubenet(c.pool);
    c.refused(
        Cause::PolicyDeny,
        "RequestDisallowedByPolicy: policy assignment `no-public`",
    );
    c.b.routes(c.subnet, &[]);
    c.accepted();
}
