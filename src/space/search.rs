//! Whether some blocks together hold all of another one: the search for a flow that they leave.
//!
//! A block is cut by one of the others, and what is left is searched in turn. The search ends with the first part that
//! nothing meets, so what is not covered is mostly told after a few comparisons; only what is covered is cut to the
//! end.

use super::block::Block;
use super::flows::{TooLarge, Work};

/// What some blocks are to another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cover {
    /// This part of it is in none of them.
    Left(Box<Block>),
    /// Every flow of it is in one of these, by their places in the list.
    Held(Vec<usize>),
}

/// Whether some blocks together hold all of another one, and which of them it takes.
///
/// # Errors
/// When it takes too many steps.
pub fn cover(block: &Block, others: &[&Block], work: &mut Work<'_>) -> Result<Cover, TooLarge> {
    work.step(others.len())?;
    let all = others.iter().enumerate();
    let near = all.filter(|(_, other)| block.meets(other, work.atoms));
    let near: Vec<usize> = near.map(|(at, _)| at).collect();
    let mut used: Vec<usize> = Vec::new();
    // Parts wait in a list and not on the stack, however many there are.
    let mut waiting: Vec<(Block, Vec<usize>)> = vec![(block.clone(), near)];
    while let Some((part, near)) = waiting.pop() {
        let of = |at: &usize| others.get(*at).copied();
        let mut cheapest: Option<(usize, usize, &Block)> = None;
        for at in &near {
            let Some(other) = of(at) else { continue };
            let cost = part.cost_of_cutting(other, work.atoms);
            if cheapest.is_none_or(|(least, ..)| cost < least) {
                cheapest = Some((cost, *at, other));
            }
            if cost == 0 {
                break;
            }
        }
        let Some((cost, at, cutter)) = cheapest else {
            return Ok(Cover::Left(Box::new(part)));
        };
        used.push(at);
        if cost == 0 {
            continue;
        }
        for rest in part.minus(cutter, work.atoms) {
            work.step(near.len())?;
            let meets = |other: &Block| rest.meets(other, work.atoms);
            let still = near
                .iter()
                .filter(|other| **other != at && of(other).is_some_and(meets));
            let still: Vec<usize> = still.copied().collect();
            if still.is_empty() {
                return Ok(Cover::Left(Box::new(rest)));
            }
            waiting.push((rest, still));
        }
    }
    used.sort_unstable();
    used.dedup();
    Ok(Cover::Held(used))
}
