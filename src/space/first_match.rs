//! Lists of rules of which the first that matches decides.

use super::atoms::Atoms;
use super::block::Block;
use super::flows::{TooLarge, Work};
use super::index::Index;
use super::ranges::{Range, Ranges};
use super::search::{Cover, cover};

/// What one rule matches.
#[derive(Debug, Clone, Default)]
pub struct Matches {
    /// Rules of a lower rank are asked before it.
    pub rank: u32,
    /// Flows that it may match; all others it certainly does not.
    pub may: Vec<Block>,
    /// Flows that it certainly matches.
    pub surely: Vec<Block>,
}

/// Of each rule the earlier ones that together match all that it may match, so that it never decides; nothing for a rule
/// that may decide. A rule that matches nothing at all is not told of.
///
/// Each rule may take so many steps; of one that takes more it is not known.
#[must_use]
pub fn shadows(
    rules: &[Matches],
    atoms: &Atoms,
    steps: u64,
) -> Vec<Result<Option<Vec<usize>>, TooLarge>> {
    let blocks = rules.iter().enumerate().flat_map(|(at, rule)| {
        let surely = rule.surely.iter();
        surely.map(move |block| Sure {
            block,
            rule: at,
            rank: rule.rank,
            outline: Outline::of(block),
        })
    });
    let blocks: Vec<Sure<'_>> = blocks.collect();
    let index = Index::of(blocks.iter().map(|sure| sure.block).zip(0..));
    let mut met = Vec::new();
    let each = rules.iter().map(|rule| {
        let mut work = Work::new(atoms, steps);
        let mut holding = Vec::new();
        for block in &rule.may {
            let outline = Outline::of(block);
            met.clear();
            index.meeting(block, &mut met);
            met.retain(|at| {
                blocks
                    .get(*at)
                    .is_some_and(|sure| sure.rank < rule.rank && sure.outline.may_meet(&outline))
            });
            met.sort_unstable();
            met.dedup();
            let others: Vec<&Sure<'_>> = met.iter().filter_map(|at| blocks.get(*at)).collect();
            let only: Vec<&Block> = others.iter().map(|sure| sure.block).collect();
            match cover(block, &only, &mut work)? {
                Cover::Left(_) => return Ok(None),
                Cover::Held(used) => {
                    let used = used.iter().filter_map(|place| others.get(*place));
                    holding.extend(used.map(|sure| sure.rule));
                }
            }
        }
        holding.sort_unstable();
        holding.dedup();
        Ok((!holding.is_empty()).then_some(holding))
    });
    each.collect()
}

/// A block that a rule certainly matches.
struct Sure<'a> {
    block: &'a Block,
    rule: usize,
    rank: u32,
    outline: Outline,
}

/// What tells most blocks apart at a glance.
#[derive(Debug, Clone, Copy)]
struct Outline {
    /// A bit for each sixty-fourth of the ports.
    ports: u64,
    protocols: Range,
    sources: Range,
}

impl Outline {
    fn of(block: &Block) -> Self {
        let hull = |ranges: &Ranges| (ranges.first().unwrap_or(1), ranges.last().unwrap_or(0));
        let bit = |port: u128| port.min(u128::from(u16::MAX)) >> 10;
        let ports = block.ports.ranges().iter();
        let ports = ports.flat_map(|(first, last)| bit(*first)..=bit(*last));
        Self {
            ports: ports.fold(0, |bits, bit| bits | 1 << bit),
            protocols: hull(&block.protocols),
            sources: hull(&block.sources),
        }
    }

    fn may_meet(&self, other: &Self) -> bool {
        let meet = |a: Range, b: Range| a.0 <= b.1 && b.0 <= a.1;
        self.ports & other.ports != 0
            && meet(self.protocols, other.protocols)
            && meet(self.sources, other.sources)
    }
}
