//! Lists of rules of which the first that matches decides.

use super::atoms::Atoms;
use super::block::{Block, Targets};
use super::flows::{TooLarge, Work};
use super::index::{Found, Index};
use super::names::Names;
use super::ranges::Ranges;
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
        })
    });
    let mut blocks: Vec<Sure<'_>> = blocks.collect();
    blocks.sort_by_key(|sure| sure.rank);
    let index = Index::of(blocks.iter().map(|sure| sure.block));
    let mut found = Found::default();
    let each = rules.iter().map(|rule| {
        let mut work = Work::new(atoms, steps);
        let mut holding = Vec::new();
        let before = blocks.partition_point(|sure| sure.rank < rule.rank);
        for block in &rule.may {
            // Most rules have much that no other one has: a few flows taken anywhere show it.
            for flow in (0..TRIED).filter_map(|round| one_of(block, round)) {
                index.meeting(&flow, before, &mut found);
                work.step(found.places.len())?;
                let others = found.places.iter().filter_map(|at| blocks.get(*at));
                let mut holding = others.filter(|sure| sure.block.meets(&flow, atoms));
                if holding.next().is_none() {
                    return Ok(None);
                }
            }
            index.meeting(block, before, &mut found);
            let others: Vec<&Sure<'_>> = found
                .places
                .iter()
                .filter_map(|at| blocks.get(*at))
                .collect();
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

/// How many flows of a rule are tried before it is searched.
const TRIED: u64 = 4;

/// One flow of a block. Another one in each round, and the same ones each time.
fn one_of(block: &Block, round: u64) -> Option<Block> {
    let mut state = (round + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut anywhere = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut one = |numbers: &Ranges| {
        let place = anywhere();
        // Anywhere in IPv6 takes more bits.
        let place = u128::from(place) << 64 | u128::from(place);
        let number = numbers.at(place % numbers.count().max(1))?;
        Some(Ranges::span(number, number))
    };
    Some(Block {
        kind: block.kind,
        protocols: one(&block.protocols)?,
        ports: one(&block.ports)?,
        sources: one(&block.sources)?,
        source_ports: one(&block.source_ports)?,
        targets: match &block.targets {
            Targets::Addresses(addresses) => Targets::Addresses(one(addresses)?),
            Targets::Names(names) => Targets::Names(Names::exactly(&names.some_one(anywhere())?)),
        },
        known: block.known.clone(),
    })
}

/// A block that a rule certainly matches.
struct Sure<'a> {
    block: &'a Block,
    rule: usize,
    rank: u32,
}
