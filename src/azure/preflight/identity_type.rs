//! Which kinds of identity the provider takes
//! (MicrosoftDocs/azure-aks-docs, articles/aks/configure-kubenet.md; Azure/AKS issue 2333).

use super::super::cause::Cause;
use super::Refusal;
use super::inspection::Inspection;

/// A zone of one's own is looked at with the zone.
pub(super) fn check(inspection: &mut Inspection<'_>) {
    if !inspection.is_system_assigned() {
        return;
    }
    let (estate, facts) = (inspection.estate, inspection.facts);
    let table = inspection
        .node_subnets()
        .find_map(|subnet| estate.subnets[subnet].route_table.as_ref());
    match table {
        Some(table) if inspection.is_kubenet() => {
            let text = format!(
                "a system-assigned identity cannot be given rights on route table `{}` before the cluster exists, and kubenet writes into it",
                table.name
            );
            let refusal = Refusal::new(Cause::UnsupportedIdentity, inspection.identity(), text);
            let code = "CustomRouteTableWithUnsupportedMSIType";
            let values = [("identity_type", "SystemAssigned")];
            inspection.refuse(refusal.answered(facts, code, &values));
            inspection.assume(
                "the cluster is not made with the az command line, which alone may give the role in between",
            );
        }
        Some(table) => inspection.assume(format!(
            "whoever makes the cluster gives its system-assigned identity the rights it needs on the network and route table `{}` afterwards",
            table.name
        )),
        None => {}
    }
    if let Some(subnet) = &inspection.pool.api_server.subnet {
        let text = format!(
            "a system-assigned identity cannot join the API server to subnet `{}`",
            subnet.name
        );
        let refusal = Refusal::new(Cause::UnsupportedIdentity, inspection.identity(), text);
        let code = "OnlySupportedOnUserAssignedMSICluster";
        inspection.refuse(refusal.answered(facts, code, &[("resource", "VirtualNetworks")]));
    }
}
