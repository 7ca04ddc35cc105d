//! What the rest of a list of rules makes of flows, where the first rule that matches decides.

use super::atoms::Atoms;
use super::block::{Block, Kind};
use super::first_match::Matches;
use super::flows::{Flows, TooLarge, Work};
use super::index::Index;
use super::search::{Cover, cover};

/// A rule of a list, and what it does with flows.
#[derive(Debug, Clone, Copy)]
pub struct Deciding<'r, W> {
    /// What it matches.
    pub matches: &'r Matches,
    /// What it does.
    pub way: W,
    /// Whether all that it may match is known. One of which that is not so may match everything.
    pub known: bool,
    /// Whether it may be taken away.
    pub asked: bool,
}

/// Whether rules, in the order in which they are asked, certainly decide all flows of a block this way, and which of them
/// do.
///
/// # Errors
/// When it takes too many steps.
pub fn all_decided<'r, W: PartialEq + Copy + 'r>(
    block: &Block,
    way: W,
    rules: impl IntoIterator<Item = (usize, Deciding<'r, W>)>,
    work: &mut Work<'_>,
) -> Result<Option<Vec<usize>>, TooLarge> {
    let mut left = Flows::of(block.clone());
    let mut by = Vec::new();
    for (at, rule) in rules {
        if left.is_empty() {
            break;
        }
        if rule.way != way {
            work.step(left.blocks().len() * rule.matches.may.len().max(1))?;
            let may = |part: &Block| {
                let mut may = rule.matches.may.iter();
                !rule.known || may.any(|may| may_meet(part, may, work.atoms))
            };
            if left.blocks().iter().any(may) {
                return Ok(None);
            }
            continue;
        }
        let mut decides = false;
        work.step(1 + rule.matches.surely.len())?;
        for surely in &rule.matches.surely {
            if left.blocks().iter().any(|it| it.meets(surely, work.atoms)) {
                left = left.minus(&Flows::of(surely.clone()), work)?;
                decides = true;
            }
        }
        if decides {
            by.push(at);
        }
    }
    Ok(left.is_empty().then_some(by))
}

/// Whether a packet may be in both: one that is sent to a name is sent to an address, too.
fn may_meet(a: &Block, b: &Block, atoms: &Atoms) -> bool {
    let family = |kind: Kind| matches!(kind, Kind::V4 | Kind::V4ToName);
    if a.kind == b.kind {
        return a.meets(b, atoms);
    }
    family(a.kind) == family(b.kind)
        && a.protocols.meets(&b.protocols)
        && a.ports.meets(&b.ports)
        && a.sources.meets(&b.sources)
        && a.source_ports.meets(&b.source_ports)
}

/// Of each rule of a list, in order, the later rules that do the same with all that it decides, so that it could be taken
/// away; nothing for a rule that makes a difference or decides nothing, or of which that is too large to decide.
///
/// All rules that are told of can be taken away at once, and those that never decide as well: none rests on another one
/// of them. Each rule may take so many steps, and all together a hundred times that.
#[must_use]
pub fn needless<W: PartialEq + Copy>(
    rules: &[Deciding<'_, W>],
    atoms: &Atoms,
    steps: u64,
) -> Vec<Option<Vec<usize>>> {
    let list = List::of(rules);
    let mut total = steps.saturating_mul(100);
    let mut told: Vec<Told> = vec![Told::Needed; rules.len()];
    // What a rule that goes did, others have to do; so the last ones are asked first.
    for (at, rule) in rules.iter().enumerate().rev() {
        if !rule.asked || !rule.known || rule.matches.may.is_empty() {
            continue;
        }
        let given = steps.min(total);
        let mut work = Work::new(atoms, given);
        let stays = |other: usize| matches!(told.get(other), Some(Told::Needed));
        let found = list.others_do(at, rule, stays, &mut work);
        total -= given - work.left();
        if let (Ok(found), Some(slot)) = (found, told.get_mut(at)) {
            *slot = found;
        }
    }
    let told = told.into_iter().map(|told| match told {
        Told::Needless(by) => Some(by),
        Told::Needed | Told::Dead => None,
    });
    told.collect()
}

/// What is found of a rule.
#[derive(Debug, Clone)]
enum Told {
    /// It makes a difference, or may.
    Needed,
    /// Earlier rules decide all of it.
    Dead,
    /// These do the same.
    Needless(Vec<usize>),
}

/// A list of rules, with what they certainly match by where it goes.
struct List<'r, W> {
    rules: &'r [Deciding<'r, W>],
    blocks: Vec<(&'r Block, usize)>,
    index: Index,
}

impl<'r, W: PartialEq + Copy> List<'r, W> {
    fn of(rules: &'r [Deciding<'r, W>]) -> Self {
        let each = rules.iter().enumerate();
        let blocks = each.flat_map(|(at, rule)| {
            let surely = rule.matches.surely.iter();
            surely.map(move |block| (block, at))
        });
        let blocks: Vec<(&Block, usize)> = blocks.collect();
        let index = Index::of(blocks.iter().map(|(block, _)| *block));
        Self {
            rules,
            blocks,
            index,
        }
    }

    fn others_do(
        &self,
        at: usize,
        rule: &Deciding<'_, W>,
        stays: impl Fn(usize) -> bool,
        work: &mut Work<'_>,
    ) -> Result<Told, TooLarge> {
        let rank = rule.matches.rank;
        let is_before = |other: usize| self.rank(other).is_some_and(|it| it < rank);
        let does_same = |other: usize| {
            let rule_there = self.rules.get(other);
            rule_there.is_some_and(|it| it.way == rule.way && it.matches.rank > rank)
                && stays(other)
        };
        let mut by = Vec::new();
        let mut decides = false;
        for block in &rule.matches.may {
            let met = self.index.near(block);
            let near = met.iter().filter_map(|place| self.blocks.get(*place));
            let near: Vec<(&Block, usize)> = near.filter(|it| it.1 != at).copied().collect();
            let of = |which: &dyn Fn(usize) -> bool| -> Vec<&Block> {
                let those = near.iter().filter(|(_, other)| which(*other));
                those.map(|(block, _)| *block).collect()
            };
            let before = of(&is_before);
            // Most rules are told apart by this, before anything is cut.
            let both = of(&|other| is_before(other) || does_same(other));
            if let Cover::Left(_) = cover(block, &both, work)? {
                return Ok(Told::Needed);
            }
            let mut left = Flows::of(block.clone());
            for cut in before {
                left = left.minus(&Flows::of(cut.clone()), work)?;
            }
            for part in left.blocks() {
                decides = true;
                let later = self.rules.iter().enumerate();
                let later = later.filter(|(other, it)| {
                    it.matches.rank > rank && (it.way != rule.way || stays(*other))
                });
                let later = later.map(|(other, it)| (other, *it));
                match all_decided(part, rule.way, later, work)? {
                    Some(others) => by.extend(others),
                    None => return Ok(Told::Needed),
                }
            }
        }
        by.sort_unstable();
        by.dedup();
        // Where one of them does it alone, the others need not be named.
        let alone = by.iter().copied().filter(|_| by.len() > 1);
        let alone = alone.rev().find(|one| self.does_alone(*one, rule, work));
        if let Some(alone) = alone {
            by = vec![alone];
        }
        Ok(if decides {
            Told::Needless(by)
        } else {
            Told::Dead
        })
    }

    /// Whether one later rule does the same with all that a rule may match, before any other does otherwise.
    fn does_alone(&self, one: usize, rule: &Deciding<'_, W>, work: &mut Work<'_>) -> bool {
        rule.matches.may.iter().all(|block| {
            let later = self.rules.iter().enumerate().filter(|(other, it)| {
                it.matches.rank > rule.matches.rank && (it.way != rule.way || *other == one)
            });
            let later = later.map(|(other, it)| (other, *it));
            matches!(all_decided(block, rule.way, later, work), Ok(Some(_)))
        })
    }

    fn rank(&self, at: usize) -> Option<u32> {
        self.rules.get(at).map(|rule| rule.matches.rank)
    }
}

#[cfg(test)]
mod tests {
    use super::super::atoms::Known;
    use super::super::block::Targets;
    use super::super::ranges::Ranges;
    use super::*;

    type Span = (u128, u128);

    /// A block by its targets and its ports.
    fn block(targets: Span, ports: Span) -> Block {
        Block {
            kind: Kind::V4,
            protocols: Ranges::span(6, 6),
            ports: Ranges::span(ports.0, ports.1),
            targets: Targets::Addresses(Ranges::span(targets.0, targets.1)),
            sources: Ranges::span(0, 9),
            source_ports: Ranges::span(0, 65535),
            known: Known::default(),
        }
    }

    fn told(rules: &[(bool, Span, Span)]) -> Vec<Option<Vec<usize>>> {
        let matches = rules.iter().zip(0..).map(|((_, targets, ports), rank)| {
            let block = block(*targets, *ports);
            Matches {
                rank,
                may: vec![block.clone()],
                surely: vec![block],
            }
        });
        let matches: Vec<Matches> = matches.collect();
        let deciding = matches.iter().zip(rules).map(|(matches, rule)| Deciding {
            matches,
            way: rule.0,
            known: true,
            asked: true,
        });
        needless(&deciding.collect::<Vec<_>>(), &Atoms::default(), 10_000)
    }

    const EVERY: Span = (0, 100);

    #[test]
    fn what_later_rules_do_too_is_needless() {
        // One later rule does the same, or two together.
        assert_eq!(
            told(&[(true, (1, 2), EVERY), (true, EVERY, EVERY)]),
            [Some(vec![1]), None]
        );
        assert_eq!(
            told(&[
                (true, (1, 8), (1, 8)),
                (true, (0, 4), EVERY),
                (true, (5, 9), EVERY)
            ]),
            [Some(vec![1, 2]), None, None]
        );
        // One does it alone, though another one does a part of it before.
        assert_eq!(
            told(&[
                (true, (1, 8), (1, 8)),
                (true, (0, 4), EVERY),
                (true, (0, 9), EVERY)
            ]),
            [Some(vec![2]), Some(vec![2]), None]
        );
        assert_eq!(
            told(&[
                (true, (1, 8), (1, 8)),
                (true, (0, 4), (2, 50)),
                (true, (0, 9), (0, 9))
            ]),
            [Some(vec![2]), None, None]
        );
        // What an earlier rule decides is none of its business.
        assert_eq!(
            told(&[
                (false, (0, 4), EVERY),
                (true, (1, 8), (1, 8)),
                (true, (5, 9), EVERY)
            ]),
            [None, Some(vec![2]), None]
        );
    }

    #[test]
    fn what_another_rule_would_decide_is_needed() {
        assert_eq!(
            told(&[
                (true, (1, 8), (1, 8)),
                (false, (8, 9), (8, 9)),
                (true, EVERY, EVERY)
            ]),
            [None, None, None]
        );
        // A part is left over.
        assert_eq!(
            told(&[(true, (1, 8), (1, 8)), (true, (1, 7), EVERY)]),
            [None, None]
        );
    }

    #[test]
    fn all_that_are_told_of_can_go_at_once() {
        // The second is dead, so the first is needed; of three that hold each other the last is.
        assert_eq!(
            told(&[(true, (1, 8), EVERY), (true, (1, 8), EVERY)]),
            [None, None]
        );
        assert_eq!(
            told(&[
                (true, (1, 2), EVERY),
                (true, (1, 4), EVERY),
                (true, (1, 8), EVERY)
            ]),
            [Some(vec![2]), Some(vec![2]), None]
        );
    }
}
