//! One flow explained: everything that stands in its way, and the smallest change that lets it through.

use crate::azure::provisioning::{Symptom, symptoms};
use crate::azure::{Blocker, Dataplane, Flow, Sender, Trace, Verdict};
use crate::estate::{Estate, Id, Pool};

use super::remedy::{Remedy, remedies};

/// How many obstacles one after another are looked for.
const MOST: usize = 8;

/// A flow explained.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The flow.
    pub flow: Flow,
    /// Its way.
    pub trace: Trace,
    /// Everything that stands in its way. All of it has to go; each is found with those before it out of the way. What
    /// goes with the remedy of a later one is not told.
    pub reasons: Vec<Reason>,
    /// What becomes of the flow with the first remedy of every reason applied; `None` when there is nothing to apply,
    /// or a reason has no remedy.
    pub after: Option<Verdict>,
    /// What Azure may show.
    pub symptoms: Vec<Symptom>,
}

/// Something that stands in the way, and what would remove it.
#[derive(Debug, Clone)]
pub struct Reason {
    /// What stands in the way.
    pub blocker: Blocker,
    /// What would remove it, the smallest change first.
    pub remedies: Vec<Remedy>,
}

/// Explains a flow.
///
/// What stands in the way is found one after another: a change that removes it is made to a copy of the estate, and
/// the flow is followed again, until it passes or no change is known.
#[must_use]
pub fn explain(plane: &Dataplane<'_>, flow: &Flow) -> Explanation {
    let trace = plane.trace(flow);
    let symptoms = sender_pool(plane.estate, flow)
        .map(|pool| symptoms(plane, pool, flow, &trace))
        .unwrap_or_default();
    let mut reasons = Vec::new();
    let mut after = None;
    let mut estate = None;
    let mut current = trace.clone();
    while current.verdict != Verdict::Allowed && reasons.len() < MOST {
        let Some(blocker) = current.decisive().cloned() else {
            break;
        };
        let mut offered = {
            let changed = estate.as_ref().unwrap_or(plane.estate);
            let here = again(plane, changed);
            let mut offered = remedies(&here, flow, &current, &blocker);
            Remedy::sort(&mut offered);
            // A change that does not remove what stands in the way is no remedy.
            offered.retain(|remedy| {
                let mut tried = changed.clone();
                remedy.apply(&mut tried);
                let trace = again(plane, &tried).trace(flow);
                !stands(&trace, &blocker)
            });
            offered
        };
        let first = offered.first().cloned();
        for remedy in &mut offered {
            let mut alone = plane.estate.clone();
            remedy.apply(&mut alone);
            remedy.alone = Some(again(plane, &alone).trace(flow).verdict);
        }
        reasons.push(Reason {
            blocker,
            remedies: offered,
        });
        let Some(remedy) = first else {
            after = None;
            break;
        };
        let mut changed = estate.take().unwrap_or_else(|| plane.estate.clone());
        remedy.apply(&mut changed);
        current = again(plane, &changed).trace(flow);
        after = Some(current.verdict);
        estate = Some(changed);
    }
    if after == Some(Verdict::Allowed) {
        drop_needless(plane, flow, &mut reasons);
    }
    Explanation {
        flow: flow.clone(),
        trace,
        reasons,
        after,
        symptoms,
    }
}

/// Drops reasons whose remedy is not needed, because a later one removes what stands in the way too.
fn drop_needless(plane: &Dataplane<'_>, flow: &Flow, reasons: &mut Vec<Reason>) {
    let mut index = 0;
    while reasons.len() > 1 && index < reasons.len() {
        let mut estate = plane.estate.clone();
        let others = reasons.iter().enumerate().filter(|(at, _)| *at != index);
        for remedy in others.filter_map(|(_, reason)| reason.remedies.first()) {
            remedy.apply(&mut estate);
        }
        if again(plane, &estate).trace(flow).verdict == Verdict::Allowed {
            reasons.remove(index);
            // What the dropped one made necessary may be needless now.
            index = 0;
        } else {
            index += 1;
        }
    }
}

/// The same knowledge about another estate.
fn again<'a>(plane: &Dataplane<'a>, estate: &'a Estate) -> Dataplane<'a> {
    Dataplane::new(estate, plane.facts, plane.tags).with_fqdn_tags(plane.fqdn_tags.clone())
}

/// Whether something still stands in the way as before.
fn stands(trace: &Trace, blocker: &Blocker) -> bool {
    trace.blockers.iter().any(|other| {
        other.cause == blocker.cause
            && other.element.site == blocker.element.site
            && other.stage == blocker.stage
    })
}

/// The pool that a flow starts in.
#[must_use]
pub(super) fn sender_pool(estate: &Estate, flow: &Flow) -> Option<Id<Pool>> {
    let Sender::Inside { subnet, .. } = flow.from else {
        // A flow from outside concerns the pool it goes to.
        let address = flow.to.address?;
        let mut pools = estate.pools.iter();
        return pools
            .find(|(_, pool)| {
                let subnets = pool.subnets.iter().filter_map(|subnet| subnet.id);
                let mut prefixes = subnets.flat_map(|id| estate.subnets[id].prefixes.iter());
                prefixes.any(|prefix| prefix.value.contains(&address))
            })
            .map(|(id, _)| id);
    };
    let mut pools = estate.pools.iter();
    pools
        .find(|(_, pool)| pool.subnets.iter().any(|place| place.id == Some(subnet)))
        .map(|(id, _)| id)
}
