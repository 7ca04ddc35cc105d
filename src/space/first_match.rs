//! Lists of rules of which the first that matches decides.

use super::atoms::Atoms;
use super::block::Block;
use super::flows::{TooLarge, Work};
use super::index::Index;
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
    let placed = rules.iter().enumerate();
    let blocks = placed.flat_map(|(at, rule)| rule.surely.iter().map(move |block| (block, at)));
    let index = Index::of(blocks);
    let mut met = Vec::new();
    let each = rules.iter().map(|rule| {
        let mut work = Work::new(atoms, steps);
        let mut holding = Vec::new();
        for block in &rule.may {
            met.clear();
            index.meeting(block, &mut met);
            met.retain(|other| {
                rules
                    .get(*other)
                    .is_some_and(|other| other.rank < rule.rank)
            });
            met.sort_unstable();
            met.dedup();
            let others: Vec<(&Block, usize)> = met
                .iter()
                .filter_map(|other| Some((*other, rules.get(*other)?)))
                .flat_map(|(other, rule)| rule.surely.iter().map(move |block| (block, other)))
                .collect();
            let only: Vec<&Block> = others.iter().map(|(block, _)| *block).collect();
            match cover(block, &only, &mut work)? {
                Cover::Left(_) => return Ok(None),
                Cover::Held(used) => {
                    let used = used.iter().filter_map(|place| others.get(*place));
                    holding.extend(used.map(|(_, other)| *other));
                }
            }
        }
        holding.sort_unstable();
        holding.dedup();
        Ok((!holding.is_empty()).then_some(holding))
    });
    each.collect()
}
