//! Flows whose fate differs between two maps over the same atoms.

use rustc_hash::FxHashSet;

use crate::azure::Verdict;
use crate::reach::{Fate, Piece};
use crate::space::{Atoms, Block, Cover, Flows, Index, TooLarge, Work, cover};

/// How many comparisons one piece may take.
const STEPS: u64 = 20_000_000;

/// Flows with what becomes of them before and after.
#[derive(Debug, Clone)]
pub(super) struct Moved {
    /// Which.
    pub(super) flows: Block,
    pub(super) before: Verdict,
    pub(super) after: Verdict,
}

/// What two maps differ in.
#[derive(Debug, Clone, Default)]
pub(super) struct Compared {
    /// No flow is in two of them.
    pub(super) moved: Vec<Moved>,
    /// There were flows with too much to compare; what is found of the others is here.
    pub(super) too_large: bool,
}

/// One of the maps: its blocks, with what becomes of their flows.
struct Sorted<'m> {
    blocks: Vec<(&'m Block, Verdict)>,
    all: FxHashSet<(&'m Block, Verdict)>,
    index: Index,
}

impl<'m> Sorted<'m> {
    fn of(pieces: &'m [Piece]) -> Self {
        let blocks: Vec<(&Block, Verdict)> = pieces
            .iter()
            .map(|piece| (&piece.flows, verdict(piece.fate)))
            .collect();
        Self {
            all: blocks.iter().copied().collect(),
            index: Index::of(blocks.iter().map(|(block, _)| *block)),
            blocks,
        }
    }

    /// The places of blocks that may have a flow in common with this one.
    fn near(&self, block: &Block) -> Vec<(usize, &'m Block, Verdict)> {
        let near = self.index.near(block).into_iter();
        near.filter_map(|at| {
            let (block, verdict) = self.blocks.get(at)?;
            Some((at, *block, *verdict))
        })
        .collect()
    }
}

fn verdict(fate: Fate) -> Verdict {
    match fate {
        Fate::Allowed => Verdict::Allowed,
        Fate::NoReturn => Verdict::NoReturn,
        Fate::Uncertain => Verdict::Uncertain,
    }
}

/// The flows that become of something else in one map than in the other. Of a flow that several pieces hold the best of
/// their fates counts, in the order of [`Verdict`].
pub(super) fn compare(before: &[Piece], after: &[Piece], atoms: &Atoms) -> Compared {
    let (before, after) = (Sorted::of(before), Sorted::of(after));
    let mut compared = Compared::default();
    for (own, other, is_before) in [(&before, &after, true), (&after, &before, false)] {
        for (at, (block, verdict)) in own.blocks.iter().enumerate() {
            // Mostly both maps hold the same pieces.
            if other.all.contains(&(*block, *verdict)) {
                continue;
            }
            match worse(own, other, at, (block, *verdict), atoms) {
                Ok(parts) => {
                    compared
                        .moved
                        .extend(parts.into_iter().map(|(flows, there)| {
                            let (before, after) = match is_before {
                                true => (*verdict, there),
                                false => (there, *verdict),
                            };
                            Moved {
                                flows,
                                before,
                                after,
                            }
                        }));
                }
                Err(TooLarge) => compared.too_large = true,
            }
        }
    }
    compared
}

/// The flows of a piece that fare worse on the other side, with how they fare there. Those that fare better there are
/// found from there.
fn worse(
    own: &Sorted<'_>,
    other: &Sorted<'_>,
    at: usize,
    (block, verdict): (&Block, Verdict),
    atoms: &Atoms,
) -> Result<Vec<(Block, Verdict)>, TooLarge> {
    let mut work = Work::new(atoms, STEPS);
    let mut open = Vec::new();
    for part in block.by_target() {
        let near = other.near(&part).into_iter();
        let as_good = near.filter(|(_, _, other)| *other <= verdict);
        let as_good: Vec<&Block> = as_good.map(|(_, block, _)| block).collect();
        if let Cover::Left(_) = cover(&part, &as_good, &mut work)? {
            open.push(part);
        }
    }
    let Some(block) = &Block::of_targets(open) else {
        return Ok(Vec::new());
    };
    let there = other.near(block);
    let as_good = there.iter().filter(|(_, _, other)| *other <= verdict);
    let as_good: Vec<&Block> = as_good.map(|(_, block, _)| *block).collect();
    let here = own.near(block).into_iter();
    // Of pieces that hold the same flows the first one tells them.
    let told = here.filter(|(place, _, other)| (*other, *place) < (verdict, at));
    let told: Vec<&Block> = told.map(|(_, block, _)| block).collect();
    let mut left = Flows::of(block.clone());
    for cut in as_good.into_iter().chain(told) {
        left = left.minus(&Flows::of(cut.clone()), &mut work)?;
        if left.is_empty() {
            return Ok(Vec::new());
        }
    }
    let mut parts = Vec::new();
    let lower = [Verdict::Uncertain, Verdict::NoReturn];
    for lower in lower.into_iter().filter(|lower| *lower > verdict) {
        let mut rest = left.clone();
        for (_, cut, _) in there.iter().filter(|(_, _, other)| *other == lower) {
            rest = rest.minus(&Flows::of((*cut).clone()), &mut work)?;
        }
        let taken = left.minus(&rest, &mut work)?;
        parts.extend(taken.blocks().iter().map(|block| (block.clone(), lower)));
        left = rest;
    }
    let denied = left.blocks().iter();
    parts.extend(denied.map(|block| (block.clone(), Verdict::Denied)));
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use crate::space::{Kind, Known, Ranges, Side, Targets, every_port};

    use super::*;

    fn block(addresses: (u128, u128), ports: (u128, u128), known: Known) -> Block {
        Block {
            kind: Kind::V4,
            protocols: Ranges::span(6, 6),
            ports: Ranges::span(ports.0, ports.1),
            targets: Targets::Addresses(Ranges::span(addresses.0, addresses.1)),
            sources: Ranges::span(1, 9),
            source_ports: every_port(),
            known,
        }
    }

    fn map(pieces: Vec<(Block, Fate)>) -> Vec<Piece> {
        let piece = |(flows, fate)| Piece {
            flows,
            fate,
            doubts: Vec::new(),
            via: Vec::new(),
            by: Vec::new(),
        };
        pieces.into_iter().map(piece).collect()
    }

    fn told(before: Vec<(Block, Fate)>, after: Vec<(Block, Fate)>, atoms: &Atoms) -> Vec<String> {
        let compared = compare(&map(before), &map(after), atoms);
        assert!(!compared.too_large);
        let mut told: Vec<String> = compared
            .moved
            .iter()
            .map(|moved| {
                let addresses = match &moved.flows.targets {
                    Targets::Addresses(addresses) => addresses.ranges(),
                    Targets::Names(_) => &[],
                };
                let known = moved.flows.known.all().iter().map(|(_, inside)| *inside);
                format!(
                    "{:?} {:?} {:?} {:?}->{:?}",
                    addresses,
                    moved.flows.ports.ranges(),
                    known.collect::<Vec<_>>(),
                    moved.before,
                    moved.after
                )
            })
            .collect();
        told.sort();
        told
    }

    #[test]
    fn flows_move_between_all_fates() {
        let mut atoms = Atoms::default();
        let tag = Known::that(atoms.atom(Side::Destination, "tag storage"), true);
        let plain = |addresses| block(addresses, (443, 443), Known::default());
        use Fate::{Allowed, NoReturn, Uncertain};
        for (before, after, expected) in [
            (vec![], vec![], vec![]),
            // The same flows in other pieces.
            (
                vec![(plain((10, 19)), Allowed), (plain((20, 29)), Allowed)],
                vec![(plain((15, 29)), Allowed), (plain((10, 17)), Allowed)],
                vec![],
            ),
            (
                vec![(plain((10, 19)), Allowed)],
                vec![(plain((15, 24)), Allowed)],
                vec![
                    "[(10, 14)] [(443, 443)] [] Allowed->Denied",
                    "[(20, 24)] [(443, 443)] [] Denied->Allowed",
                ],
            ),
            (
                vec![(plain((10, 19)), Uncertain), (plain((30, 39)), Allowed)],
                vec![(plain((10, 12)), Allowed), (plain((30, 39)), NoReturn)],
                vec![
                    "[(10, 12)] [(443, 443)] [] Uncertain->Allowed",
                    "[(13, 19)] [(443, 443)] [] Uncertain->Denied",
                    "[(30, 39)] [(443, 443)] [] Allowed->NoReturn",
                ],
            ),
            // The best fate counts.
            (
                vec![(plain((10, 19)), Uncertain), (plain((10, 19)), Allowed)],
                vec![(plain((10, 19)), Allowed)],
                vec![],
            ),
            // Each flow is told once.
            (
                vec![],
                vec![(plain((10, 19)), NoReturn), (plain((15, 24)), NoReturn)],
                vec![
                    "[(10, 19)] [(443, 443)] [] Denied->NoReturn",
                    "[(20, 24)] [(443, 443)] [] Denied->NoReturn",
                ],
            ),
            // What is not known is the same on both sides.
            (
                vec![(block((10, 19), (443, 443), tag.clone()), Allowed)],
                vec![(plain((10, 19)), Allowed)],
                vec!["[(10, 19)] [(443, 443)] [false] Denied->Allowed"],
            ),
        ] {
            assert_eq!(told(before.clone(), after.clone(), &atoms), expected);
            let reversed = told(after, before, &atoms);
            assert_eq!(reversed.len(), expected.len(), "{reversed:?}");
        }
    }
}
