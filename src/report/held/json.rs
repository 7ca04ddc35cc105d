//! The answer for programs.

use serde::Serialize;

use crate::azure::{Element, Verdict};
use crate::verify::{Deficit, Excess, PoolHeld};

use super::{View, flow_words};

#[derive(Serialize)]
struct Root<'v> {
    version: u32,
    pools: Vec<Pool<'v>>,
    changes: Vec<Change<'v>>,
    after: After,
}

#[derive(Serialize)]
struct After {
    deficits: usize,
    excesses: usize,
}

#[derive(Serialize)]
struct Change<'v> {
    title: &'v str,
    settles: usize,
}

#[derive(Serialize)]
struct Pool<'v> {
    pool: &'v str,
    asked: usize,
    absent: &'v [String],
    too_large: Vec<String>,
    deficits: Vec<Missing<'v>>,
    excesses: Vec<Surplus<'v>>,
    unclear: Vec<Unclear<'v>>,
    waiting: Vec<Waiting<'v>>,
}

#[derive(Serialize)]
struct Missing<'v> {
    requirement: &'v str,
    subnet: String,
    certain: bool,
    flows: &'v [String],
    obstacles: Vec<Obstacle>,
    rests_on: &'v [String],
}

#[derive(Serialize)]
struct Obstacle {
    flow: String,
    verdict: &'static str,
    element: Option<Place>,
    cause: Option<&'static str>,
    text: Option<String>,
}

#[derive(Serialize)]
struct Surplus<'v> {
    by: Vec<Place>,
    subnet: String,
    flows: &'v [String],
    such_as: String,
    addresses: String,
    pairs: String,
    shared_below: &'v [String],
    needless: bool,
}

#[derive(Serialize)]
struct Unclear<'v> {
    flows: &'v str,
    rests_on: &'v [String],
}

#[derive(Serialize)]
struct Waiting<'v> {
    requirement: &'v str,
    parameter: &'v str,
}

#[derive(Serialize)]
struct Place {
    name: String,
    at: Option<String>,
}

/// An answer as JSON.
#[must_use]
pub fn json(view: &View<'_>) -> String {
    let root = Root {
        version: 1,
        pools: view.held.pools.iter().map(|it| pool(view, it)).collect(),
        changes: view
            .repair
            .steps
            .iter()
            .map(|it| Change {
                title: &it.title,
                settles: it.settles,
            })
            .collect(),
        after: After {
            deficits: view.repair.deficits_after,
            excesses: view.repair.excesses_after,
        },
    };
    let text = serde_json::to_string_pretty(&root).unwrap_or_default();
    text + "\n"
}

fn pool<'v>(view: &View<'v>, pool: &'v PoolHeld) -> Pool<'v> {
    Pool {
        pool: &view.policy.pools[pool.pool].meta.name,
        asked: pool.asked,
        absent: &pool.absent,
        too_large: pool
            .too_large
            .iter()
            .map(|subnet| view.network.subnet_path(*subnet))
            .collect(),
        deficits: pool.deficits.iter().map(|it| missing(view, it)).collect(),
        excesses: pool.excesses.iter().map(|it| surplus(view, it)).collect(),
        unclear: pool
            .open
            .iter()
            .map(|(flows, rests_on)| Unclear { flows, rests_on })
            .collect(),
        waiting: pool
            .waiting
            .iter()
            .map(|(requirement, parameter)| Waiting {
                requirement: name(view, *requirement),
                parameter,
            })
            .collect(),
    }
}

fn name<'v>(view: &View<'v>, requirement: usize) -> &'v str {
    let requirement = view.intent.requirements.get(requirement);
    requirement.map_or("", |it| it.name.as_str())
}

fn missing<'v>(view: &View<'v>, deficit: &'v Deficit) -> Missing<'v> {
    let obstacles = deficit.obstacles.iter().map(|it| {
        let decisive = it.explanation.trace.decisive();
        Obstacle {
            flow: flow_words(&it.flow),
            verdict: word(it.explanation.trace.verdict),
            element: it.element.as_ref().map(|it| place(view, it)),
            cause: decisive.map(|it| it.cause.slug()),
            text: decisive.map(|it| it.text.clone()),
        }
    });
    Missing {
        requirement: name(view, deficit.requirement),
        subnet: view.network.subnet_path(deficit.subnet),
        certain: deficit.certain,
        flows: &deficit.flows,
        obstacles: obstacles.collect(),
        rests_on: &deficit.doubts,
    }
}

fn surplus<'v>(view: &View<'v>, excess: &'v Excess) -> Surplus<'v> {
    Surplus {
        by: excess.by.iter().map(|it| place(view, it)).collect(),
        subnet: view.network.subnet_path(excess.subnet),
        flows: &excess.flows,
        such_as: flow_words(&excess.flow),
        // Wider than what every reader of JSON takes for a number.
        addresses: excess.openness.addresses.to_string(),
        pairs: excess.openness.pairs.to_string(),
        shared_below: &excess.openness.shared,
        needless: excess.needless,
    }
}

fn place(view: &View<'_>, element: &Element) -> Place {
    Place {
        name: element.name.clone(),
        at: element
            .origin
            .span()
            .map(|span| view.sources.describe(span)),
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allowed => "allowed",
        Verdict::Denied => "denied",
        Verdict::NoReturn => "no_return",
        Verdict::Uncertain => "uncertain",
    }
}
