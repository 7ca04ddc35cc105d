//! TG7008: whatever else the resource provider refuses.

use crate::azure::Cause;
use crate::azure::preflight::{Refusal, Subject};
use crate::diag::{Finding, Id};
use crate::lint::Context;

use super::refusal::{finding, refusals};

rule! {
    /// A pool that the resource provider refuses, for a reason that no other rule is about.
    ///
    /// The provider looks at a cluster before it builds anything: whether addresses of services and pods overlap the
    /// network, whether a subnet is delegated or kept for another service, whether kubenet's route table is shared,
    /// whether the private DNS zone has a name that it takes and may be linked. HDInsight looks at the network security
    /// group for the addresses of its management. Azure Policy may deny what the service makes in its own resource
    /// group. The finding stands at the one element that is refused.
    ///
    /// ```egress
    /// vnet spoke 10.1.0.0/16 { subnet nodes 10.1.0.0/24 }
    /// pool apps in spoke.nodes {
    ///   outbound loadBalancer
    ///   service-cidr 10.1.0.0/16
    /// }
    /// ```
    ///
    /// Change the element; `tidegate explain` follows the pool further.
    ///
    /// Azure answers with a code of its own for each, which the finding names where it is known.
    ///
    /// Sources: MicrosoftDocs/azure-aks-docs, articles/aks/concepts-network-cni-overview.md, configure-kubenet.md and
    /// private-clusters.md; MicrosoftDocs/SupportArticles-docs, error codes of AKS.
    TG7008, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let refused = refusals(context, is_of_no_other_rule);
    for (pool, refusal) in &refused {
        findings.push(finding(Id::TG7008, pool, refusal));
    }
}

fn is_of_no_other_rule(refusal: &Refusal) -> bool {
    match refusal.subject {
        Subject::PlatformRoutes
        | Subject::HdinsightManagement
        | Subject::Kubenet
        | Subject::Addresses
        | Subject::PrivateEndpoint
        | Subject::Bootstrap
        | Subject::PolicyAssignments => true,
        // Which kind of identity the zone takes is TG6003.
        Subject::DnsZone => refusal.cause != Cause::UnsupportedIdentity,
        // TG2002 and TG3002, TG9001, TG7006, TG7007, TG1001, TG6001 and TG6003.
        Subject::FirewallPolicy
        | Subject::PoolName
        | Subject::Outbound
        | Subject::AuthorizedRanges
        | Subject::Routes
        | Subject::IdentityType
        | Subject::Permissions => false,
    }
}
