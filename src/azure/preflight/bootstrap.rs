//! The registry that a network isolated cluster starts from
//! (MicrosoftDocs/azure-aks-docs, articles/aks/concepts-network-isolated.md).
//!
//! The provider does not try to reach it: that shows when the nodes come up.

use crate::estate::OutboundType;

use super::super::cause::Cause;
use super::super::flow::{Element, Site};
use super::super::gaps::is_part;
use super::Refusal;
use super::inspection::Inspection;

pub(super) fn check(inspection: &mut Inspection<'_>) {
    let estate = inspection.estate;
    let Some(bootstrap) = &inspection.pool.bootstrap else {
        return;
    };
    if !matches!(
        inspection.outbound(),
        OutboundType::None | OutboundType::Block
    ) {
        let element = inspection.outbound_type();
        let text = "leaves a way out, although the pool is meant to be network isolated";
        inspection.warn(Refusal::new(Cause::IsolatedBootstrap, element, text));
    }
    let Some(registry) = &bootstrap.registry else {
        return;
    };
    let Some(id) = registry.id else {
        inspection.assume(format!(
            "registry `{}` is not described; the nodes are taken to reach it",
            registry.name
        ));
        return;
    };
    let mut endpoints = estate.private_endpoints.iter();
    let reached = endpoints
        .any(|(_, endpoint)| endpoint.target.as_ref().and_then(|target| target.id) == Some(id));
    if !reached && is_part(estate) {
        inspection.assume(format!(
            "registry `{}` has a private endpoint that is not described",
            estate.services[id].meta.name
        ));
    } else if !reached {
        let service = &estate.services[id];
        let element = Element {
            name: format!("registry `{}`", service.meta.name),
            origin: registry.origin,
            site: Site::Service(id),
        };
        let text = "has no private endpoint, and a network isolated cluster has no other way to it";
        inspection.warn(Refusal::new(Cause::IsolatedBootstrap, element, text));
    }
}
