//! The deficit: what is needed and does not arrive, by requirement and by what stands in the way.

use crate::azure::{Dataplane, Element, Flow, Verdict};
use crate::estate::{Id, Subnet};
use crate::explain::{Explanation, explain};
use crate::reach::{Evaluator, Missing, witness};
use crate::space::{Atoms, Block, Flows, TooLarge, Wording, Work};

/// How many flows of one requirement are explained.
const MOST_EXPLAINED: usize = 4;

/// A requirement that is not met.
#[derive(Debug, Clone)]
pub struct Deficit {
    /// Its place in the intent.
    pub requirement: usize,
    /// From where.
    pub subnet: Id<Subnet>,
    /// Its flows certainly do not arrive; otherwise that is not known.
    pub certain: bool,
    /// The flows in words, a line each.
    pub flows: Vec<String>,
    /// What stands in the way, each with a flow to show.
    pub obstacles: Vec<Obstacle>,
    /// What is not known, in words.
    pub doubts: Vec<String>,
}

/// Something that stands in the way of a requirement.
#[derive(Debug, Clone)]
pub struct Obstacle {
    /// The element that decides; `None` where the evaluator of single flows sees none.
    pub element: Option<Element>,
    /// A flow that it stops.
    pub flow: Flow,
    /// The flow explained.
    pub explanation: Explanation,
}

/// Words about flows from a subnet.
pub(super) fn wording<'a>(
    plane: &Dataplane<'_>,
    subnet: Id<Subnet>,
    atoms: &'a Atoms,
) -> Wording<'a> {
    let prefixes = &plane.estate.subnets[subnet].prefixes;
    let prefixes = || prefixes.iter().map(|prefix| prefix.value);
    Wording::new(atoms)
        .sources(
            crate::space::v4_of(prefixes()),
            crate::space::v6_of(prefixes()),
        )
        .lines(6)
        .parts(6)
}

/// Blocks as one set.
pub(super) fn together<'b>(
    blocks: impl IntoIterator<Item = &'b Block>,
    atoms: &Atoms,
) -> Result<Flows, TooLarge> {
    const STEPS: u64 = 5_000_000;
    let mut work = Work::new(atoms, STEPS);
    Flows::of_all(blocks.into_iter().cloned(), &mut work)
}

/// What is missing of each requirement, explained.
pub(super) fn deficits(
    plane: &Dataplane<'_>,
    evaluator: &Evaluator<'_>,
    subnet: Id<Subnet>,
    missing: &[Missing],
) -> Result<Vec<Deficit>, TooLarge> {
    let atoms = evaluator.atoms();
    let words = wording(plane, subnet, atoms);
    let mut deficits: Vec<Deficit> = Vec::new();
    for of_one in missing.chunk_by(|a, b| a.of == b.of) {
        let Some(first) = of_one.first() else {
            continue;
        };
        let flows = together(of_one.iter().map(|it| &it.flows), atoms)?;
        let mut deficit = Deficit {
            requirement: first.of,
            subnet,
            certain: of_one.iter().any(|it| it.certain),
            flows: words.flows(&flows),
            obstacles: Vec::new(),
            doubts: doubts(of_one, atoms),
        };
        for missing in of_one {
            if deficit.obstacles.len() >= MOST_EXPLAINED {
                break;
            }
            let Some(flow) = witness(plane, subnet, &missing.flows, atoms) else {
                continue;
            };
            let explanation = explain(plane, &flow);
            let element = explanation.trace.decisive().map(|it| it.element.clone());
            let told = |other: &Obstacle| {
                let site = |element: &Option<Element>| element.as_ref().map(|it| it.site.clone());
                site(&other.element) == site(&element)
            };
            if explanation.trace.verdict == Verdict::Allowed || deficit.obstacles.iter().any(told) {
                continue;
            }
            deficit.obstacles.push(Obstacle {
                element,
                flow,
                explanation,
            });
        }
        deficits.push(deficit);
    }
    Ok(deficits)
}

/// What some flows rest on and is not known.
fn doubts(missing: &[Missing], atoms: &Atoms) -> Vec<String> {
    let known = missing.iter().filter(|it| !it.certain);
    let known = known.flat_map(|it| it.flows.known.all());
    let mut words: Vec<String> = known
        .map(|(atom, _)| atoms.name(*atom).1.to_owned())
        .collect();
    words.sort();
    words.dedup();
    words
}
