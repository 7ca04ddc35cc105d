//! TG7006: outbound types that do not fit the network.

use crate::azure::preflight::Subject;
use crate::diag::{Finding, Id};
use crate::lint::Context;

use super::refusal::{finding, refusals};

rule! {
    /// The outbound type of a pool does not fit the subnets and settings around it.
    ///
    /// `userDefinedRouting` takes no load balancer profile and no public addresses of nodes. `userAssignedNATGateway`
    /// needs a NAT gateway with a public address on every subnet of nodes and pods; `loadBalancer` takes none.
    /// `managedNATGateway` works in the network of the service only, `none` and `block` for network isolated clusters
    /// only. What the default route of `userDefinedRouting` must be is TG1001.
    ///
    /// ```egress
    /// vnet spoke 10.1.0.0/16 { subnet nodes 10.1.0.0/24 }
    /// pool apps in spoke.nodes {
    ///   outbound userAssignedNATGateway
    /// }
    /// ```
    ///
    /// Put the NAT gateway on the subnet, `subnet nodes 10.1.0.0/24 { nat-gateway NAME }`, or choose another type.
    ///
    /// Azure answers with a code of its own for each, which the finding names.
    ///
    /// Sources: MicrosoftDocs/azure-aks-docs, articles/aks/egress-outboundtype.md, egress-udr.md and nat-gateway.md.
    TG7006, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let refused = refusals(context, |refusal| refusal.subject == Subject::Outbound);
    for (pool, refusal) in &refused {
        findings.push(finding(Id::TG7006, pool, refusal));
    }
}
