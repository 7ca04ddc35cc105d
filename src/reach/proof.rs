//! Whether all flows of a set get through, or none, whatever is not known.

use smol_str::{SmolStr, format_smolstr};

use crate::space::{Atoms, Block, Cover, Flows, Known, Side, TooLarge, Work, cover};

use super::evaluate::{Fate, FlowMap, Piece};

/// How many comparisons one set may take.
const STEPS: u64 = 2_000_000;

/// How many comparisons it may take to gather all flows that break a claim; past that some are shown.
const GATHERED: u64 = 200_000;

/// How a claim about a set of flows stands.
#[derive(Debug, Clone)]
pub enum Proof {
    /// It holds for all of them, whatever is not known.
    Holds,
    /// It does not hold for these, whatever is not known.
    Broken(Vec<Block>),
    /// It rests on what is not known.
    Open {
        /// Flows that it is not known of.
        flows: Box<Block>,
        /// What is not known, in words.
        doubts: Vec<SmolStr>,
    },
}

impl FlowMap {
    /// Whether all flows of a block get through on a way that will do; `None` where it is not known whether a way does.
    ///
    /// # Errors
    /// When there is too much to compare.
    pub fn all_pass(
        &self,
        wanted: &Block,
        atoms: &Atoms,
        will_do: impl Fn(&Piece) -> Option<bool>,
    ) -> Result<Proof, TooLarge> {
        let mut work = Work::new(atoms, STEPS);
        let near: Vec<&Piece> = self.meeting(wanted, atoms).collect();
        let is_good = |piece: &&&Piece| piece.fate == Fate::Allowed && will_do(piece) == Some(true);
        let good: Vec<&Block> = near.iter().filter(is_good).map(|it| &it.flows).collect();
        let left = match cover(wanted, &good, &mut work)? {
            Cover::Held(_) => return Ok(Proof::Holds),
            Cover::Left(left) => left,
        };
        // Whatever may turn out to get through counts as if it did: what that leaves certainly does not.
        let may = |piece: &&&Piece| match piece.fate {
            Fate::Allowed => will_do(piece) != Some(false),
            Fate::Uncertain => true,
            Fate::NoReturn => false,
        };
        let perhaps = near.iter().filter(may);
        let perhaps: Vec<Block> = perhaps
            .map(|piece| Block {
                known: wanted.known.clone(),
                ..piece.flows.clone()
            })
            .collect();
        let every: Vec<&Block> = perhaps.iter().collect();
        if let Cover::Left(broken) = cover(wanted, &every, &mut work)? {
            return Ok(Proof::Broken(
                all_left(wanted, &perhaps, atoms).unwrap_or_else(|TooLarge| vec![*broken]),
            ));
        }
        let mut doubts = unknown_of(&left, wanted, atoms);
        for piece in near.iter().filter(|piece| piece.flows.meets(&left, atoms)) {
            if piece.fate == Fate::Uncertain {
                doubts.extend(piece.doubts.iter().cloned());
            }
        }
        Ok(open(*left, doubts))
    }

    /// Whether no flow of a block gets through. Of a block of flows to something that is not known, such as what a
    /// service tag holds, it is certain that one does only where all do.
    ///
    /// # Errors
    /// When there is too much to compare.
    pub fn none_passes(&self, unwanted: &Block, atoms: &Atoms) -> Result<Proof, TooLarge> {
        let mut work = Work::new(atoms, STEPS);
        let near: Vec<&Piece> = self.meeting(unwanted, atoms).collect();
        let allowed = near.iter().filter(|piece| piece.fate == Fate::Allowed);
        let allowed: Vec<&Block> = allowed.map(|piece| &piece.flows).collect();
        let whole = Flows::of(unwanted.clone());
        let mut broken = Vec::new();
        let mut unsure: Option<Block> = None;
        for passing in &allowed {
            let both = whole.and(&Flows::of((*passing).clone()), &mut work)?;
            let Some(both) = both.blocks().first() else {
                continue;
            };
            if unwanted.known == Known::default() && both.known == unwanted.known {
                broken.push(both.clone());
                continue;
            }
            // One protocol, port and source, to all that it may be about.
            let asked = Block {
                targets: if unwanted.known == Known::default() {
                    both.targets.clone()
                } else {
                    unwanted.targets.clone()
                },
                known: unwanted.known.clone(),
                ..both.clone()
            };
            match cover(&asked, &allowed, &mut work)? {
                Cover::Held(_) => broken.push(asked),
                Cover::Left(_) => {
                    unsure.get_or_insert(both.clone());
                }
            }
        }
        if !broken.is_empty() {
            return Ok(Proof::Broken(broken));
        }
        if let Some(flows) = unsure {
            let mut doubts = unknown_of(&flows, unwanted, atoms);
            if doubts.is_empty() {
                doubts.extend(said_of(unwanted, atoms));
            }
            return Ok(open(flows, doubts));
        }
        let mut uncertain = near.iter().filter(|piece| piece.fate == Fate::Uncertain);
        let Some(piece) = uncertain.next() else {
            return Ok(Proof::Holds);
        };
        let both = whole.and(&Flows::of(piece.flows.clone()), &mut work)?;
        let both = both.blocks().first();
        let flows = both.cloned().unwrap_or_else(|| piece.flows.clone());
        Ok(open(flows, piece.doubts.clone()))
    }

    fn meeting(&self, block: &Block, atoms: &Atoms) -> impl Iterator<Item = &Piece> {
        self.pieces
            .iter()
            .filter(move |piece| piece.flows.meets(block, atoms))
    }
}

fn open(flows: Block, mut doubts: Vec<SmolStr>) -> Proof {
    doubts.sort();
    doubts.dedup();
    Proof::Open {
        flows: Box::new(flows),
        doubts,
    }
}

/// All flows of a block that are in none of others.
fn all_left(block: &Block, others: &[Block], atoms: &Atoms) -> Result<Vec<Block>, TooLarge> {
    let mut work = Work::new(atoms, GATHERED);
    let mut left = Flows::of(block.clone());
    for cut in others {
        left = left.minus(&Flows::of(cut.clone()), &mut work)?;
    }
    Ok(left.blocks().to_vec())
}

/// What flows rest on and the whole block does not, in words.
fn unknown_of(flows: &Block, whole: &Block, atoms: &Atoms) -> Vec<SmolStr> {
    let said = flows.known.all().iter();
    let more = said.filter(|said| !whole.known.all().contains(said));
    more.map(|(atom, _)| in_words(atoms.name(*atom))).collect()
}

/// All that a block says of what is not known, in words.
fn said_of(block: &Block, atoms: &Atoms) -> Vec<SmolStr> {
    let said = block.known.all().iter();
    said.map(|(atom, _)| in_words(atoms.name(*atom))).collect()
}

/// An open question, in words.
fn in_words((side, name): (Side, &str)) -> SmolStr {
    match (side, name.strip_prefix("tag ")) {
        (Side::Destination, Some(tag)) => format_smolstr!("which addresses service tag {tag} has"),
        (_, Some(tag)) => format_smolstr!("whether the sender is in service tag {tag}"),
        (Side::Deployment, None) if name.starts_with("the next hop is number") => {
            "which of several next hops they take".into()
        }
        (Side::Deployment, None) => format_smolstr!("deployed only if {name}"),
        (_, None) => format_smolstr!("whether {name}"),
    }
}

/// What flows rest on that is no certainty: tags whose addresses nobody states.
#[must_use]
pub fn open_questions(flows: &Block, atoms: &Atoms) -> Vec<SmolStr> {
    said_of(flows, atoms)
}
