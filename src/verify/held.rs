//! A network held against a policy.

use rayon::prelude::*;

use crate::azure::Dataplane;
use crate::estate::{Id, Pool, Subnet};
use crate::intent::Intent;
use crate::reach::{Evaluator, Need, Unset, Wanted};
use crate::space::TooLarge;

use super::excess::{Excess, excesses};
use super::missing::{Deficit, deficits, together, wording};
use super::place::Placed;
use super::tags::tags_of;

/// So many subnets are followed one after the other, because they share much of what is read of a network.
const TOGETHER: usize = 13;

/// A network held against a policy.
#[derive(Debug, Clone, Default)]
pub struct Held {
    /// Each pool of the policy, in order.
    pub pools: Vec<PoolHeld>,
}

/// What a pool needs and gets.
#[derive(Debug, Clone)]
pub struct PoolHeld {
    /// The pool, in the estate of the policy.
    pub pool: Id<Pool>,
    /// Subnets of the policy that the network does not show.
    pub absent: Vec<String>,
    /// How many requirements were asked about.
    pub asked: usize,
    /// Requirements that wait for a value: their places in the intent, and the parameter.
    pub waiting: Vec<(usize, String)>,
    /// What is needed and does not arrive, certain first.
    pub deficits: Vec<Deficit>,
    /// What is let through and needed by nobody, the most first.
    pub excesses: Vec<Excess>,
    /// What may be let through and is needed by nobody: flows in words, and what is not known.
    pub open: Vec<(String, Vec<String>)>,
    /// Subnets of which there was too much to compare.
    pub too_large: Vec<Id<Subnet>>,
}

impl PoolHeld {
    fn of(pool: Id<Pool>) -> Self {
        Self {
            pool,
            absent: Vec::new(),
            asked: 0,
            waiting: Vec::new(),
            deficits: Vec::new(),
            excesses: Vec::new(),
            open: Vec::new(),
            too_large: Vec::new(),
        }
    }

    /// Adds what was found from one more subnet.
    fn add(&mut self, other: Self) {
        // Of a subnet of which there was too much to compare nothing may have been asked.
        if other.asked > 0 {
            self.asked = other.asked;
            self.waiting = other.waiting;
        }
        self.deficits.extend(other.deficits);
        self.excesses.extend(other.excesses);
        self.open.extend(other.open);
        self.too_large.extend(other.too_large);
    }
}

impl Held {
    /// Whether something that is needed certainly does not arrive.
    #[must_use]
    pub fn has_deficit(&self) -> bool {
        let mut pools = self.pools.iter();
        pools.any(|pool| pool.deficits.iter().any(|it| it.certain))
    }

    /// Whether the answer is not whole: something needed may not arrive, was not found, or was too much to compare.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.pools.iter().any(|pool| {
            !pool.absent.is_empty()
                || !pool.too_large.is_empty()
                || pool.deficits.iter().any(|it| !it.certain)
        })
    }

    /// How many rules let something through that nobody needs.
    #[must_use]
    pub fn excess(&self) -> usize {
        self.pools.iter().map(|pool| pool.excesses.len()).sum()
    }
}

/// Holds a network against what the pools of a policy need.
#[must_use]
pub fn hold(plane: &Dataplane<'_>, intent: &Intent, placed: &[Placed]) -> Held {
    let tags = tags_of(intent);
    let mut pools: Vec<PoolHeld> = placed
        .iter()
        .map(|place| PoolHeld {
            absent: place.absent.clone(),
            ..PoolHeld::of(place.pool)
        })
        .collect();
    let subnets = placed.iter().enumerate().flat_map(|(at, place)| {
        let subnets = place.subnets.iter();
        subnets.map(move |subnet| (at, place.pool, *subnet))
    });
    let subnets: Vec<_> = subnets.collect();
    // The groups are the same on any number of cores, and so is the answer.
    let groups: Vec<Vec<(usize, PoolHeld)>> = subnets
        .par_chunks(TOGETHER)
        .map(|group| {
            let mut evaluator = Evaluator::new(plane, &tags);
            let held = group.iter().map(|(at, pool, subnet)| {
                let mut of_pool = PoolHeld::of(*pool);
                let told = hold_subnet(plane, &mut evaluator, intent, *subnet, &mut of_pool);
                of_pool.too_large.extend(told.err().map(|TooLarge| *subnet));
                (*at, of_pool)
            });
            held.collect()
        })
        .collect();
    for (at, of_subnet) in groups.into_iter().flatten() {
        if let Some(pool) = pools.get_mut(at) {
            pool.add(of_subnet);
        }
    }
    for pool in &mut pools {
        pool.deficits
            .sort_by_key(|it| (!it.certain, it.requirement));
    }
    Held { pools }
}

/// The flows that a pool needs from one of its subnets.
pub(super) fn needs_of(
    evaluator: &mut Evaluator<'_>,
    intent: &Intent,
    pool: Id<Pool>,
    subnet: Id<Subnet>,
) -> (Vec<Need>, Vec<(usize, String)>) {
    let mut needs = Vec::new();
    let mut waiting = Vec::new();
    let requirements = intent.requirements.iter().enumerate();
    for (of, requirement) in requirements.filter(|(_, it)| it.pool == pool) {
        let mut flows = Wanted::default();
        for destination in &requirement.destinations {
            for service in &requirement.services {
                match evaluator.wanted(subnet, &destination.value, service.value) {
                    Ok(wanted) => {
                        flows.must.extend(wanted.must);
                        flows.may.extend(wanted.may);
                    }
                    Err(Unset::Waits(parameter)) => waiting.push((of, parameter)),
                }
            }
        }
        needs.push(Need { of, flows });
    }
    (needs, waiting)
}

fn hold_subnet(
    plane: &Dataplane<'_>,
    evaluator: &mut Evaluator<'_>,
    intent: &Intent,
    subnet: Id<Subnet>,
    held: &mut PoolHeld,
) -> Result<(), TooLarge> {
    let map = evaluator.from_subnet(subnet)?;
    let (needs, waiting) = needs_of(evaluator, intent, held.pool, subnet);
    held.asked = needs.len();
    held.waiting = waiting;
    let balance = evaluator.balance(&map, &needs)?;
    held.deficits
        .extend(deficits(plane, evaluator, subnet, &balance.missing)?);
    let excess = excesses(plane, evaluator, subnet, &map, &balance.surplus, &needs)?;
    held.excesses.extend(excess);
    let words = wording(plane, subnet, evaluator.atoms());
    let mut by_doubt: Vec<(Vec<String>, Vec<_>)> = Vec::new();
    for piece in &balance.open {
        let doubts: Vec<String> = piece.doubts.iter().map(ToString::to_string).collect();
        match by_doubt.iter_mut().find(|(known, _)| *known == doubts) {
            Some((_, blocks)) => blocks.push(&piece.flows),
            None => by_doubt.push((doubts, vec![&piece.flows])),
        }
    }
    for (doubts, blocks) in by_doubt {
        let flows = together(blocks, evaluator.atoms())?;
        let lines = words.flows(&flows).into_iter();
        held.open.extend(lines.map(|line| (line, doubts.clone())));
    }
    Ok(())
}
