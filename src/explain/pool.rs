//! A pool explained: would it be accepted, what does it not reach, what may its identity not do.

use crate::azure::preflight::{Preflight, Refusal, preflight};
use crate::azure::provisioning::{FirstFailure, first_failure};
use crate::azure::{
    Announced, Cause, Dataplane, Flow, Sender, Verdict, sample_service, sample_targets,
};
use crate::estate::{Id, OutboundType, Pool, Subnet};
use crate::intent::catalog::Level;
use crate::intent::{Intent, Requirement};
use crate::net::{Destination, Fqdn};

use super::explanation::{Explanation, explain};
use super::remedy::{Remedy, refusal_remedies};

/// A pool explained.
#[derive(Debug)]
pub struct PoolReport<'p> {
    /// The pool.
    pub pool: Id<Pool>,
    /// What the resource provider would say.
    pub preflight: Preflight,
    /// What would settle each refusal, and then each warning, in their order.
    pub fixes: Vec<Vec<Remedy>>,
    /// The step of a node that fails first.
    pub first_failure: Option<FirstFailure<'p>>,
    /// What the pool needs, with what becomes of it: failures first, required before optional.
    pub endpoints: Vec<EndpointResult<'p>>,
    /// Requirements that cannot be asked about yet, with why.
    pub open: Vec<(&'p Requirement, String)>,
}

/// What becomes of one destination of a requirement.
#[derive(Debug)]
pub struct EndpointResult<'p> {
    /// The requirement.
    pub requirement: &'p Requirement,
    /// The destination as the requirement writes it.
    pub destination: String,
    /// The service as the requirement writes it.
    pub service: String,
    /// The subnet that the flow starts in.
    pub subnet: Id<Subnet>,
    /// The flow explained.
    pub explanation: Explanation,
}

impl EndpointResult<'_> {
    /// Whether the product does not work without it.
    #[must_use]
    pub fn is_required(&self) -> bool {
        matches!(
            self.requirement.level,
            None | Some(Level::Required | Level::Conditional)
        )
    }

    /// Why it fails, when it does.
    #[must_use]
    pub fn cause(&self) -> Option<Cause> {
        self.explanation
            .trace
            .decisive()
            .map(|blocker| blocker.cause)
    }
}

impl PoolReport<'_> {
    /// What the identity of the pool lacks.
    #[must_use]
    pub fn missing_permissions(&self) -> Vec<&Refusal> {
        let refusals = self.preflight.refusals.iter();
        refusals
            .filter(|refusal| !refusal.missing_actions.is_empty())
            .collect()
    }

    /// The worst that happens to something the product needs.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let refused = !self.preflight.refusals.is_empty();
        let needed = self
            .endpoints
            .iter()
            .filter(|endpoint| endpoint.is_required());
        let worst = needed
            .map(|endpoint| endpoint.explanation.trace.verdict)
            .max()
            .unwrap_or(Verdict::Allowed);
        if refused { Verdict::Denied } else { worst }
    }
}

/// Explains a pool: what the resource provider says to it, and every endpoint that it needs.
#[must_use]
pub fn explain_pool<'p>(
    plane: &Dataplane<'p>,
    intent: &'p Intent,
    pool: Id<Pool>,
) -> PoolReport<'p> {
    let preflight = preflight(plane, pool);
    let mut endpoints = Vec::new();
    let mut open = Vec::new();
    let subnets: Vec<Id<Subnet>> = plane.estate.pools[pool]
        .subnets
        .iter()
        .filter_map(|subnet| subnet.id)
        .collect();
    let own = intent.requirements.iter().filter(|need| need.pool == pool);
    let unseen = in_network_of_service(&plane.estate.pools[pool]);
    for requirement in own {
        open.extend(unseen.map(|why| (requirement, why.to_owned())));
        for subnet in &subnets {
            ask(plane, requirement, *subnet, &mut endpoints, &mut open);
        }
    }
    // The subnets of a pool mostly share their fate: one that does not differ is not told twice.
    endpoints.dedup_by(|b, a| {
        std::ptr::eq(a.requirement, b.requirement)
            && a.destination == b.destination
            && a.service == b.service
            && a.explanation.trace.verdict == b.explanation.trace.verdict
            && a.cause() == b.cause()
    });
    open.dedup_by(|b, a| std::ptr::eq(a.0, b.0) && a.1 == b.1);
    endpoints.sort_by_key(|endpoint| {
        (
            std::cmp::Reverse(endpoint.explanation.trace.verdict),
            !endpoint.is_required(),
        )
    });
    let said = preflight.refusals.iter().chain(&preflight.warnings);
    let fixes = said
        .map(|refusal| {
            let mut offered = refusal_remedies(plane, pool, refusal);
            for remedy in &mut offered {
                // It was tried: a change that does not settle the refusal is no remedy.
                remedy.alone = Some(Verdict::Allowed);
            }
            offered
        })
        .collect();
    PoolReport {
        pool,
        preflight,
        fixes,
        first_failure: first_failure(plane, pool, &|name| needs(intent, pool, name)),
        endpoints,
        open,
    }
}

/// Why nothing of a pool can be followed that is in a network of the service: its routes and security groups are the
/// service's, and nothing of the policy's own is in the way
/// (MicrosoftDocs/azure-aks-docs, articles/aks/egress-outboundtype.md).
fn in_network_of_service(pool: &Pool) -> Option<&'static str> {
    if !pool.subnets.is_empty() {
        return None;
    }
    Some(match pool.outbound.value {
        OutboundType::None => {
            "the network is the service's own; no way out is made there, and whether one is there all the same is not known"
        }
        OutboundType::Block => {
            "the network is the service's own, and the service lets nothing out of it to the Internet"
        }
        _ => "the network is the service's own; nothing of this policy is in the way there",
    })
}

/// Whether a requirement of the pool names a host.
fn needs(intent: &Intent, pool: Id<Pool>, name: &Fqdn) -> bool {
    let mut own = intent.requirements.iter().filter(|need| need.pool == pool);
    own.any(|need| {
        need.destinations
            .iter()
            .any(|destination| match &destination.value {
                Destination::Fqdn(pattern) => pattern.covers(name),
                _ => false,
            })
    })
}

fn ask<'p>(
    plane: &Dataplane<'_>,
    requirement: &'p Requirement,
    subnet: Id<Subnet>,
    endpoints: &mut Vec<EndpointResult<'p>>,
    open: &mut Vec<(&'p Requirement, String)>,
) {
    let Some(address) = plane.some_address(subnet) else {
        return;
    };
    for destination in &requirement.destinations {
        let targets = match sample_targets(plane, &destination.value) {
            Ok(targets) => targets,
            Err(why) => {
                open.push((requirement, why));
                continue;
            }
        };
        for service in &requirement.services {
            let (transport, port) = sample_service(service.value);
            for target in &targets {
                let flow = Flow {
                    from: Sender::Inside { subnet, address },
                    to: target.clone(),
                    transport,
                    port,
                    announced: Announced::Target,
                    at_once: None,
                };
                endpoints.push(EndpointResult {
                    requirement,
                    destination: destination.value.to_string(),
                    service: service.value.to_string(),
                    subnet,
                    explanation: explain(plane, &flow),
                });
            }
        }
    }
}
