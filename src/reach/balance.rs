//! The two numbers of an intent and an estate: what is needed and not delivered, and what is let through and needed by
//! nobody.

use crate::base::Origin;
use crate::estate::{Id, Subnet};
use crate::space::{Block, Flows, Holding, Known, Names, Targets, TooLarge, Work};

use super::evaluate::{Addresses, Evaluator, Fate, FlowMap, Piece};
use super::wanted::Wanted;

/// How many comparisons one requirement or one piece may take.
const STEPS: u64 = 20_000_000;

/// Flows that somebody needs.
#[derive(Debug, Clone)]
pub struct Need {
    /// Whose, by a number of the caller's.
    pub of: usize,
    /// Which.
    pub flows: Wanted,
}

impl Need {
    /// The flows that are needed, and those that come with them.
    pub fn all(&self) -> impl Iterator<Item = &Block> {
        self.flows.must.iter().chain(&self.flows.may)
    }
}

/// Needed flows that are not certainly delivered.
#[derive(Debug, Clone)]
pub struct Missing {
    /// Whose.
    pub of: usize,
    /// Which.
    pub flows: Block,
    /// They certainly do not arrive, or their replies do not come back.
    pub certain: bool,
}

/// Flows that are let through, and needed by nobody.
#[derive(Debug, Clone)]
pub struct Surplus {
    /// Which.
    pub flows: Block,
    /// Rules and routes that let them through.
    pub by: Vec<Origin>,
}

/// What a subnet needs and what it gets.
#[derive(Debug, Clone, Default)]
pub struct Balance {
    /// The deficit, in the order of the needs.
    pub missing: Vec<Missing>,
    /// The excess. No flow is in two of them.
    pub surplus: Vec<Surplus>,
    /// Flows of which it is not known whether they pass, and that nobody needs.
    pub open: Vec<Piece>,
}

impl Balance {
    /// Whether all that is needed is certainly delivered, and nothing else let through.
    #[must_use]
    pub fn is_even(&self) -> bool {
        self.missing.is_empty() && self.surplus.is_empty() && self.open.is_empty()
    }
}

impl Evaluator<'_> {
    /// Holds what becomes of a subnet's flows against what is needed. What stays inside of the networks and what the
    /// Azure host answers is no excess.
    ///
    /// # Errors
    /// When there is too much to compare.
    pub fn balance(&mut self, map: &FlowMap, needs: &[Need]) -> Result<Balance, TooLarge> {
        Ok(Balance {
            missing: self.missing(map, needs)?,
            surplus: self.surplus(map, needs)?,
            open: self.open(map, needs)?,
        })
    }

    fn missing(&self, map: &FlowMap, needs: &[Need]) -> Result<Vec<Missing>, TooLarge> {
        let allowed: Vec<&Block> = map.of_fate(Fate::Allowed).map(|it| &it.flows).collect();
        let unclear: Vec<&Block> = map.of_fate(Fate::Uncertain).map(|it| &it.flows).collect();
        let allowed = Holding::of(allowed);
        let mut found = Vec::new();
        for need in needs {
            for block in &need.flows.must {
                let mut work = Work::new(self.atoms(), STEPS);
                if allowed.left(block, &mut work)?.is_none() {
                    continue;
                }
                let mut left = Flows::of(block.clone());
                for cut in allowed.near(block) {
                    left = left.minus(&Flows::of(cut.clone()), &mut work)?;
                }
                for flows in left.blocks() {
                    let open = unclear.iter().any(|it| it.meets(flows, self.atoms()));
                    found.push(Missing {
                        of: need.of,
                        certain: !open
                            && flows.known == block.known
                            && self.are_there(flows, block),
                        flows: flows.clone(),
                    });
                }
            }
        }
        Ok(found)
    }

    /// Whether there certainly are such flows, of those that are needed. A tag whose contents are not known holds something,
    /// so all that it may hold is there; whether a part of that is, nobody knows.
    fn are_there(&self, flows: &Block, needed: &Block) -> bool {
        if needed.known == Known::default() {
            return true;
        }
        let whole = match &needed.targets {
            Targets::Names(names) => *names == self.as_asked(Names::all()),
            Targets::Addresses(_) => true,
        };
        whole && flows.targets == needed.targets
    }

    /// Flows that are let through and needed by nobody. What stays inside of the networks and what the Azure host
    /// answers is not among them.
    ///
    /// # Errors
    /// When there is too much to compare.
    pub fn surplus(&mut self, map: &FlowMap, needs: &[Need]) -> Result<Vec<Surplus>, TooLarge> {
        let needed = Holding::of(needs.iter().flat_map(Need::all));
        let inside = self.inside(map.subnet);
        let inside_names = self.names_inside(map.subnet, &inside);
        let mut found: Vec<Surplus> = Vec::new();
        for piece in map.of_fate(Fate::Allowed) {
            let mut work = Work::new(self.atoms(), STEPS);
            let Some(outward) = piece
                .flows
                .without_targets(&inside.v4, &inside.v6, &inside_names)
            else {
                continue;
            };
            if needed.left(&outward, &mut work)?.is_none() {
                continue;
            }
            let near = needed.near(&outward);
            let mut left = Flows::of(outward);
            let told = found.iter().map(|surplus| &surplus.flows);
            let told = told.filter(|told| told.meets(&piece.flows, self.atoms()));
            for cut in near.into_iter().chain(told) {
                left = left.minus(&Flows::of(cut.clone()), &mut work)?;
            }
            found.extend(left.blocks().iter().map(|flows| Surplus {
                flows: flows.clone(),
                by: piece.by.clone(),
            }));
        }
        Ok(found)
    }

    /// Flows of which it is not known whether they are let through, and that nobody needs.
    ///
    /// # Errors
    /// When there is too much to compare.
    pub fn open(&mut self, map: &FlowMap, needs: &[Need]) -> Result<Vec<Piece>, TooLarge> {
        let needed: Vec<&Block> = needs.iter().flat_map(Need::all).collect();
        let inside = self.inside(map.subnet);
        let inside_names = self.names_inside(map.subnet, &inside);
        let mut found: Vec<Piece> = Vec::new();
        for piece in map.of_fate(Fate::Uncertain) {
            let mut work = Work::new(self.atoms(), STEPS);
            let Some(outward) = piece
                .flows
                .without_targets(&inside.v4, &inside.v6, &inside_names)
            else {
                continue;
            };
            let mut left = Flows::of(outward);
            let told = found.iter().map(|piece| &piece.flows);
            for cut in needed.iter().copied().chain(told) {
                left = left.minus(&Flows::of(cut.clone()), &mut work)?;
            }
            found.extend(left.blocks().iter().map(|flows| Piece {
                flows: flows.clone(),
                ..piece.clone()
            }));
        }
        Ok(found)
    }

    /// The flows of a block that leave the networks of a subnet: to the Internet or to sites, and not to what the Azure host
    /// answers.
    #[must_use]
    pub fn outward(&mut self, subnet: Id<Subnet>, flows: &Block) -> Option<Block> {
        let inside = self.inside(subnet);
        let names = self.names_inside(subnet, &inside);
        flows.without_targets(&inside.v4, &inside.v6, &names)
    }

    /// Names that are no way out: those that lead to addresses inside, and those that nobody asks for.
    fn names_inside(&mut self, subnet: Id<Subnet>, inside: &Addresses) -> Names {
        let led = self.led(subnet);
        let there = led.iter().filter(|led| led.leads_into(inside));
        let names = there.map(|led| &led.names);
        // Nobody asks for names that public DNS only sends others on to.
        names.fold(self.aliases().clone(), |all, one| all.or(one))
    }

    /// Addresses that are no way out: of the own network and those peered with it, of pods, of the Azure host.
    pub(super) fn inside(&self, subnet: Id<Subnet>) -> Addresses {
        self.near_addresses(subnet)
    }
}
