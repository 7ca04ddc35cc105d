//! TG6003: identities that exist only once the cluster does.

use crate::azure::Cause;
use crate::azure::preflight::Subject;
use crate::diag::{Finding, Id};
use crate::lint::Context;
use crate::lint::workload::refusal::{finding, refusals};

/// Reported as TG6001, with the route table.
const OF_ROUTE_TABLE: &str = "CustomRouteTableWithUnsupportedMSIType";

rule! {
    /// A pool has a system-assigned identity, and needs one that is made beforehand.
    ///
    /// A system-assigned identity is made with the cluster, so nobody can have given it a role before. AKS asks for a
    /// user-assigned one where the cluster keeps its name in a private DNS zone of one's own, and where its API server
    /// is put into a subnet of one's own. That kubenet does not write into one's own route table with such an identity
    /// is reported as TG6001, with the table.
    ///
    /// ```egress
    /// vnet spoke 10.1.0.0/16 { subnet nodes 10.1.1.0/24 }
    /// private-dns-zone privatelink.westeurope.azmk8s.io { }
    /// pool apps in spoke.nodes {
    ///   outbound loadBalancer
    ///   private-cluster
    ///   identity system-assigned
    ///   api-server { private-dns-zone privatelink.westeurope.azmk8s.io }
    /// }
    /// ```
    ///
    /// Make the identity first, give it its roles, and name it: `identity NAME`.
    ///
    /// Azure answers `SystemAssignedIdentityNotSupportedForCustomPrivateDNSZone` or
    /// `OnlySupportedOnUserAssignedMSICluster`.
    ///
    /// Sources: MicrosoftDocs/azure-aks-docs, articles/aks/private-clusters.md, api-server-vnet-integration.md and
    /// configure-kubenet.md; Azure/AKS issue 2333.
    TG6003, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let unsupported = refusals(context, |refusal| {
        let by_identity = matches!(refusal.subject, Subject::IdentityType | Subject::DnsZone);
        by_identity
            && refusal.cause == Cause::UnsupportedIdentity
            && refusal.code.as_deref() != Some(OF_ROUTE_TABLE)
    });
    findings.extend(unsupported.iter().map(|(pool, refusal)| {
        finding(Id::TG6003, pool, refusal)
            .help("name an identity that is made beforehand: identity NAME")
    }));
}
