//! The subnet that holds the private endpoint of a private API server: that of the first nodes
//! (MicrosoftDocs/azure-aks-docs, articles/aks/private-clusters.md; Azure/AKS issues 1653 and 1383).
//!
//! The provider once stopped at a NAT gateway or a service endpoint policy on it. Private clusters behind a NAT gateway
//! are documented by now, so that is no refusal here.

use super::super::cause::Cause;
use super::super::facts::Product;
use super::Refusal;
use super::inspection::Inspection;

pub(super) fn check(inspection: &mut Inspection<'_>) {
    let pool = inspection.pool;
    // With API server integration there is no private endpoint.
    let has_endpoint = pool.private_cluster.is_some() && pool.api_server.subnet.is_none();
    if !has_endpoint || inspection.product != Product::Aks {
        return;
    }
    let estate = inspection.estate;
    let Some(id) = inspection.node_subnets().next() else {
        return;
    };
    let subnet = &estate.subnets[id];
    if subnet.nat_gateway.is_some() {
        inspection.assume(
            "a NAT gateway may be on the subnet of the API server's private endpoint; an older list of codes has ReconcilePrivateEndpointSubnetWithNATGatewayError",
        );
    }
    if let Some(policy) = &subnet.endpoint_policy {
        let element = inspection.of_subnet(id, "service endpoint policy", policy.origin);
        let text = "is on the subnet of the API server's private endpoint, which an older list of codes calls an error";
        let warning = Refusal::new(Cause::OutboundTypeConflict, element, text);
        let code = "ReconcilePrivateEndpointSubnetWithServiceEndpointPoliciesError";
        inspection.warn(warning.answered(inspection.facts, code, &[]));
    }
}
