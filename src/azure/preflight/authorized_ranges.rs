//! The prefixes that the API server lets in
//! (MicrosoftDocs/azure-aks-docs, articles/aks/api-server-authorized-ip-ranges.md; for HDInsight on AKS the resource
//! type's description of `apiServerAuthorizedIpRanges`).
//!
//! Whether the list holds the address that the nodes leave with is not checked by the provider.

use super::super::cause::Cause;
use super::super::facts::{Limit, LimitState, Product};
use super::Refusal;
use super::inspection::Inspection;

const CAUSE: Cause = Cause::AuthorizedRangesExcludeEgress;

pub(super) fn check(inspection: &mut Inspection<'_>) {
    let pool = inspection.pool;
    let Some(ranges) = &pool.api_server.authorized_ranges else {
        return;
    };
    let element = inspection.of_pool("authorized ranges", ranges.origin);
    if pool.private_cluster.is_some() {
        let text = "cannot be given for an API server with a private address only";
        inspection.refuse(Refusal::new(CAUSE, element.clone(), text));
    }
    if inspection.product == Product::HdinsightOnAks {
        let text = "are not supported by HDInsight on AKS";
        inspection.refuse(Refusal::new(CAUSE, element, text));
        return;
    }
    if let Some(origin) = pool.nodes.basic_load_balancer {
        let basic = inspection.of_pool("Basic load balancer", origin);
        let text = "authorized ranges of the API server need the Standard load balancer";
        inspection.refuse(Refusal::new(CAUSE, basic, text));
    }
    let count = ranges.prefixes.len();
    let limit = inspection.facts.limit(Limit::AuthorizedRangesPerCluster);
    let integrated = pool.api_server.subnet.is_some();
    let over = match limit.state(u64::try_from(count).unwrap_or(u64::MAX)) {
        LimitState::Exceeded => true,
        // The higher value is that of API servers in a subnet.
        LimitState::Disputed => !integrated,
        LimitState::Within | LimitState::Near => false,
    };
    if over {
        let most = match limit.disputed_up_to {
            Some(most) if integrated => most,
            _ => limit.value,
        };
        let text = format!("are {count}; at most {most} are allowed");
        inspection.refuse(Refusal::new(CAUSE, element, text));
    }
}
