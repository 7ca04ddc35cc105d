//! A network that was made from a policy, held against the policy and against what was meant to be made.
//!
//! Two proofs: what the policy needs arrives and nothing else is open, and every flow, out and in, has the fate that it
//! has in the network as it was planned.

use crate::azure::preflight::preflight;
use crate::azure::{Dataplane, Flow};
use crate::estate::{Id, Pool, Subnet};
use crate::intent::Intent;
use crate::reach::{Balance, Evaluator, Fate, FlowMap, witness, witness_from_anywhere};
use crate::space::{Atoms, Block, Holding, TooLarge, Work};

use super::excess::{Openness, openness};
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

/// What a proof shows.
#[derive(Debug, Clone, Default)]
pub struct Proved {
    /// How many subnets' flows were compared.
    pub subnets: usize,
    /// What the plan itself leaves open beyond what a pool needs, and how much that is.
    pub open: Vec<(Id<Pool>, Openness)>,
}

/// What was meant for a subnet.
struct Meant {
    subnet: Id<Subnet>,
    pool: Option<Id<Pool>>,
    map: FlowMap,
    balance: Balance,
    let_in: Vec<Block>,
}

/// What is made, held against what was planned.
///
/// `placed` says where the pools of the plan are in the network that was made.
///
/// # Errors
/// What keeps the network from being what was meant.
pub fn prove(
    planned: &Dataplane<'_>,
    made: &Dataplane<'_>,
    intent: &Intent,
    placed: &[Placed],
) -> Result<Proved, Vec<Objection>> {
    let tags = tags_of(intent);
    let mut objections = Vec::new();
    let mut before = Evaluator::new(planned, &tags);
    let mut all = Vec::new();
    for subnet in planned.estate.subnets.ids() {
        match meant(&mut before, planned, intent, subnet) {
            Ok(meant) => all.push(meant),
            Err(TooLarge) => objections.push(too_large(planned, subnet)),
        }
    }
    let mut after = before.beside(made, &tags);
    for meant in &all {
        let path = planned.estate.subnet_path(meant.subnet);
        let Some(there) = made.estate.subnet_at(&path) else {
            objections.push(Objection::of(None, format!("subnet {path} is missing")));
            continue;
        };
        let mut proof = Proof {
            made,
            intent,
            there,
            objections: &mut objections,
        };
        if let Err(TooLarge) = proof.compare(&mut after, meant) {
            objections.push(too_large(made, there));
        }
    }
    for place in placed {
        objections.extend(refused(planned, made, place));
    }
    if !objections.is_empty() {
        return Err(objections);
    }
    Ok(Proved {
        subnets: all.len(),
        open: left_open(planned, &all),
    })
}

/// What the plan leaves open for each pool.
fn left_open(planned: &Dataplane<'_>, all: &[Meant]) -> Vec<(Id<Pool>, Openness)> {
    let mut open = Vec::new();
    for (pool, _) in planned.estate.pools.iter() {
        let own = all.iter().filter(|meant| meant.pool == Some(pool));
        let surplus = own.flat_map(|meant| &meant.balance.surplus);
        let flows: Vec<&Block> = surplus.map(|surplus| &surplus.flows).collect();
        if !flows.is_empty() {
            open.push((pool, openness(planned, &flows, None)));
        }
    }
    open
}

fn too_large(plane: &Dataplane<'_>, subnet: Id<Subnet>) -> Objection {
    let path = plane.estate.subnet_path(subnet);
    Objection::of(None, format!("subnet {path}: too large to decide"))
}

fn meant(
    evaluator: &mut Evaluator<'_>,
    planned: &Dataplane<'_>,
    intent: &Intent,
    subnet: Id<Subnet>,
) -> Result<Meant, TooLarge> {
    let mut pools = planned.estate.pools.iter();
    let pool = pools.find(|(_, pool)| pool.subnets.iter().any(|it| it.id == Some(subnet)));
    let pool = pool.map(|(id, _)| id);
    let map = evaluator.from_subnet(subnet)?;
    let balance = match pool {
        Some(pool) => {
            let (needs, _) = needs_of(evaluator, intent, pool, subnet);
            evaluator.balance(&map, &needs)?
        }
        None => Balance::default(),
    };
    let let_in = evaluator.let_in(subnet)?;
    Ok(Meant {
        subnet,
        pool,
        map,
        balance,
        let_in,
    })
}

struct Proof<'p> {
    made: &'p Dataplane<'p>,
    intent: &'p Intent,
    there: Id<Subnet>,
    objections: &'p mut Vec<Objection>,
}

impl Proof<'_> {
    fn object(&mut self, text: String, flows: &Block, atoms: &Atoms) {
        let flow = witness(self.made, self.there, flows, atoms);
        let trace = flow.as_ref().map(|flow| self.made.trace(flow));
        let decisive = trace.as_ref().and_then(|trace| trace.decisive());
        let words = wording(self.made, self.there, atoms).lines(1);
        self.objections.push(Objection {
            subnet: Some(self.there),
            text,
            flows: Some(words.block(flows)),
            stopped: decisive.map(|it| format!("{}: {}", it.element.name, it.text)),
            flow,
        });
    }

    /// Objects to what security groups do with flows to the subnet, whatever becomes of them elsewhere.
    fn object_to_groups(&mut self, text: &str, flows: &Block, atoms: &Atoms) {
        let words = wording(self.made, self.there, atoms).lines(1);
        self.objections.push(Objection {
            flows: Some(words.block(flows)),
            flow: witness_from_anywhere(self.made.estate, flows, atoms),
            ..Objection::of(Some(self.there), text)
        });
    }

    fn compare(&mut self, after: &mut Evaluator<'_>, meant: &Meant) -> Result<(), TooLarge> {
        let map = after.from_subnet(self.there)?;
        let let_in = after.let_in(self.there)?;
        if let Some(pool) = meant.pool {
            let (needs, _) = needs_of(after, self.intent, pool, self.there);
            let balance = after.balance(&map, &needs)?;
            self.settle(&balance, &meant.balance, after.atoms())?;
        }
        let atoms = after.atoms();
        for (fate, words) in [
            (Fate::Allowed, "let through"),
            (Fate::NoReturn, "without its replies"),
            (Fate::Uncertain, "uncertain"),
        ] {
            let (one, other) = (of_fate(&meant.map, fate), of_fate(&map, fate));
            if let Some(flows) = first_left(&one, &other, atoms)? {
                let text = format!("is not {words}, as it was meant to be");
                self.object(text, &flows, atoms);
            }
            if let Some(flows) = first_left(&other, &one, atoms)? {
                let doubts = doubts(&map, &flows, atoms);
                self.object(
                    format!("is {words}, and was not meant to be{doubts}"),
                    &flows,
                    atoms,
                );
            }
        }
        let one: Vec<&Block> = meant.let_in.iter().collect();
        let other: Vec<&Block> = let_in.iter().collect();
        if let Some(flows) = first_left(&one, &other, atoms)? {
            let text = "is kept out by security groups, and was meant to be let in";
            self.object_to_groups(text, &flows, atoms);
        }
        if let Some(flows) = first_left(&other, &one, atoms)? {
            let text = "is let in by security groups, and was not meant to be";
            self.object_to_groups(text, &flows, atoms);
        }
        Ok(())
    }

    /// Nothing that is needed is missing, and nothing is open but what the plan leaves open too.
    fn settle(
        &mut self,
        balance: &Balance,
        accepted: &Balance,
        atoms: &Atoms,
    ) -> Result<(), TooLarge> {
        let known = Holding::of(accepted.missing.iter().map(|it| &it.flows));
        for missing in &balance.missing {
            let mut work = Work::new(atoms, STEPS);
            if missing.certain || known.left(&missing.flows, &mut work)?.is_some() {
                let requirement = self.intent.requirements.get(missing.of);
                let name = requirement.map_or("", |it| it.name.as_str());
                let text = format!("requirement {name} is not met");
                self.object(text, &missing.flows, atoms);
            }
        }
        let known = Holding::of(accepted.surplus.iter().map(|it| &it.flows));
        for surplus in &balance.surplus {
            let mut work = Work::new(atoms, STEPS);
            if let Some(flows) = known.left(&surplus.flows, &mut work)? {
                self.object("lets through what nobody needs".to_owned(), &flows, atoms);
            }
        }
        Ok(())
    }
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

/// A part of the first that the second do not have.
fn first_left(
    blocks: &[&Block],
    others: &[&Block],
    atoms: &Atoms,
) -> Result<Option<Block>, TooLarge> {
    let others = Holding::of(others.iter().copied());
    for block in blocks {
        let left = others.left(block, &mut Work::new(atoms, STEPS))?;
        if left.is_some() {
            return Ok(left);
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
    let new = preflight(made, there)
        .refusals
        .into_iter()
        .filter(|refusal| {
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
