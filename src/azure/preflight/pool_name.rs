//! The name of a cluster pool.

use super::super::cause::Cause;
use super::super::facts::{Limit, LimitState, Product};
use super::Refusal;
use super::inspection::Inspection;

/// A pool of HDInsight on AKS has a shorter name than most resources
/// (MicrosoftDocs/azure-docs, articles/hdinsight-aks/quickstart-create-cluster.md).
pub(super) fn check(inspection: &mut Inspection<'_>) {
    let limit = match inspection.product {
        Product::HdinsightOnAks => Limit::NameLengthHdinsightOnAksPool,
        _ => Limit::NameLengthAksCluster,
    };
    let name = &inspection.pool.meta.name;
    let limit = inspection.facts.limit(limit);
    let count = name.chars().count();
    if limit.state(u64::try_from(count).unwrap_or(u64::MAX)) == LimitState::Exceeded {
        let element = inspection.of_pool("name", inspection.pool.meta.origin);
        let text = format!(
            "has {count} characters; at most {} are allowed",
            limit.value
        );
        inspection.refuse(Refusal::new(Cause::OutboundTypeConflict, element, text));
    }
}
