//! A network that was made from a policy, held against the policy and against what was meant to be made.
//!
//! Two proofs: what the policy needs arrives and nothing else is open, and every flow, out and in, has the fate that it
//! has in the network as it was planned.

use crate::azure::preflight::preflight;
use crate::azure::{Dataplane, Flow};
use crate::estate::{Id, Pool, Subnet};
use crate::intent::Intent;
use crate::reach::{Evaluator, Fate, FlowMap, witness};
use crate::space::{Atoms, Block, Cover, Index, TooLarge, Work, cover};

use super::held::needs_of;
use super::missing::wording;
use super::place::Placed;
use super::tags::tags_of;

/// How many comparisons one set of flows may take.
const STEPS: u64 = 20_000_000;

/// Something that keeps a network from being what was meant.
#[derive(Debug, Clone)]
pub struct Objection {
    /// The subnet, in the network that was made; `None` where it is about a whole pool.
    pub subnet: Option<Id<Subnet>>,
    /// What is wrong, as a sentence.
    pub text: String,
    /// The flows in words.
    pub flows: Option<String>,
    /// A flow that differs.
    pub flow: Option<Flow>,
    /// What stops it in the network that was made, where something does.
    pub stopped: Option<String>,
}

impl Objection {
    /// One without flows.
    #[must_use]
    pub fn of(subnet: Option<Id<Subnet>>, text: impl Into<String>) -> Self {
        Self {
            subnet,
            text: text.into(),
            flows: None,
            flow: None,
            stopped: None,
        }
    }
}

/// What is made, held against what was planned.
///
/// `planned` are the pools in the estate that was meant, `placed` the same in the one that was made.
#[must_use]
pub fn prove(
    planned: &Dataplane<'_>,
    made: &Dataplane<'_>,
    intent: &Intent,
    placed: &[Placed],
) -> Vec<Objection> {
    let tags = tags_of(intent);
    let mut before = Evaluator::new(planned, &tags);
    let mut objections = Vec::new();
    for place in placed {
        let absent = place.absent.iter();
        objections.extend(absent.map(|path| Objection::of(None, format!("subnet {path} is missing"))));
        let pool = &planned.estate.pools[place.pool];
        for subnet in pool.subnets.iter().filter_map(|subnet| subnet.id) {
            let path = planned.estate.subnet_path(subnet);
            let Some(there) = made.estate.subnet_at(&path) else {
                continue;
            };
            let pair = (subnet, there);
            if let Err(TooLarge) = compare(&mut before, planned, made, intent, place.pool, pair, &mut objections) {
                let text = format!("subnet {path}: too large to decide");
                objections.push(Objection::of(Some(there), text));
            }
        }
        objections.extend(refused(planned, made, place));
    }
    objections
}

fn compare(
    before: &mut Evaluator<'_>,
    planned: &Dataplane<'_>,
    made: &Dataplane<'_>,
    intent: &Intent,
    pool: Id<Pool>,
    (subnet, there): (Id<Subnet>, Id<Subnet>),
    objections: &mut Vec<Objection>,
) -> Result<(), TooLarge> {
    let meant = before.from_subnet(subnet)?;
    let (needs, _) = needs_of(before, intent, pool, subnet);
    let accepted = before.balance(&meant, &needs)?;
    let let_in = before.let_in(subnet)?;
    let mut after = before.beside(made, &tags_of(intent));
    let map = after.from_subnet(there)?;
    let (needs, _) = needs_of(&mut after, intent, pool, there);
    let balance = after.balance(&map, &needs)?;
    let now_in = after.let_in(there)?;
    let atoms = after.atoms();
    let words = wording(made, there, atoms).lines(1);
    let mut object = |text: String, flows: &Block| {
        let flow = witness(there, flows, atoms);
        let trace = flow.as_ref().map(|flow| made.trace(flow));
        let decisive = trace.as_ref().and_then(|trace| trace.decisive());
        objections.push(Objection {
            subnet: Some(there),
            text,
            flows: Some(words.block(flows)),
            stopped: decisive.map(|it| format!("{}: {}", it.element.name, it.text)),
            flow,
        });
    };
    let name = |of: usize| {
        let requirement = intent.requirements.get(of);
        requirement.map_or_else(String::new, |it| it.name.to_string())
    };
    let known: Vec<&Block> = accepted.missing.iter().map(|it| &it.flows).collect();
    for missing in &balance.missing {
        if missing.certain || left(&missing.flows, &known, atoms)?.is_some() {
            object(format!("requirement {} is not met", name(missing.of)), &missing.flows);
        }
    }
    let known: Vec<&Block> = accepted.surplus.iter().map(|it| &it.flows).collect();
    for surplus in &balance.surplus {
        if let Some(flows) = left(&surplus.flows, &known, atoms)? {
            object("lets through what nobody needs".to_owned(), &flows);
        }
    }
    for (fate, words) in [
        (Fate::Allowed, "is let through"),
        (Fate::NoReturn, "loses its replies"),
        (Fate::Uncertain, "is not certain"),
    ] {
        let (one, other) = (of_fate(&meant, fate), of_fate(&map, fate));
        if let Some(flows) = first_left(&one, &other, atoms)? {
            object(format!("what was meant otherwise: no longer {words}"), &flows);
        }
        if let Some(flows) = first_left(&other, &one, atoms)? {
            let doubts = doubts(&map, &flows, atoms);
            object(format!("what was meant otherwise: {words}{doubts}"), &flows);
        }
    }
    let (one, other): (Vec<&Block>, Vec<&Block>) = (let_in.iter().collect(), now_in.iter().collect());
    if let Some(flows) = first_left(&one, &other, atoms)? {
        object("the security groups no longer let in what they were meant to".to_owned(), &flows);
    }
    if let Some(flows) = first_left(&other, &one, atoms)? {
        object("the security groups let in what they were not meant to".to_owned(), &flows);
    }
    debug_assert_eq!(
        planned.estate.subnet_path(subnet).to_lowercase(),
        made.estate.subnet_path(there).to_lowercase()
    );
    Ok(())
}

/// Why it is not known what becomes of some flows, in words.
fn doubts(map: &FlowMap, flows: &Block, atoms: &Atoms) -> String {
    let unclear = map.of_fate(Fate::Uncertain);
    let mut met = unclear.filter(|piece| piece.flows.meets(flows, atoms));
    let first = met.next().and_then(|piece| piece.doubts.first());
    first.map_or_else(String::new, |doubt| format!(", because of {doubt}"))
}

fn of_fate(map: &FlowMap, fate: Fate) -> Vec<&Block> {
    map.of_fate(fate).map(|piece| &piece.flows).collect()
}

/// A part of a block that no other one has.
fn left(block: &Block, others: &[&Block], atoms: &Atoms) -> Result<Option<Block>, TooLarge> {
    match cover(block, others, &mut Work::new(atoms, STEPS))? {
        Cover::Left(part) => Ok(Some(*part)),
        Cover::Held(_) => Ok(None),
    }
}

/// A part of the first that the second do not have.
fn first_left(
    blocks: &[&Block],
    others: &[&Block],
    atoms: &Atoms,
) -> Result<Option<Block>, TooLarge> {
    let index = Index::of(others.iter().copied().zip(0..));
    let mut met = Vec::new();
    for block in blocks {
        met.clear();
        index.meeting(block, &mut met);
        met.sort_unstable();
        met.dedup();
        let near: Vec<&Block> = met.iter().filter_map(|at| others.get(*at).copied()).collect();
        if let Some(part) = left(block, &near, atoms)? {
            return Ok(Some(part));
        }
    }
    Ok(None)
}

/// What the provider would refuse in the network that was made, and not in the one that was meant.
fn refused(planned: &Dataplane<'_>, made: &Dataplane<'_>, place: &Placed) -> Vec<Objection> {
    let name = &planned.estate.pools[place.pool].meta.name;
    let mut pools = made.estate.pools.iter();
    let Some((there, _)) = pools.find(|(_, pool)| pool.meta.name == *name) else {
        return Vec::new();
    };
    let known = preflight(planned, place.pool).refusals;
    let new = preflight(made, there).refusals.into_iter().filter(|refusal| {
        let mut known = known.iter();
        !known.any(|it| it.cause == refusal.cause && it.subject == refusal.subject)
    });
    new.map(|refusal| {
        let element = &refusal.element.name;
        let text = format!("pool {name} would be refused: {element} {}", refusal.text);
        Objection::of(None, text)
    })
    .collect()
}
