//! Whether two lists of rules, of each of which the first that matches decides, do the same with every flow.
//!
//! They do when no flow is first matched by rules that do different things, and none is matched in one list only. So
//! each rule is held against the rules of the other list that do something else: what both match has to be taken by
//! rules before either.

use super::atoms::Atoms;
use super::block::Block;
use super::flows::{TooLarge, Work};
use super::index::Index;
use super::search::{Cover, cover};

/// A rule of a list: exactly what it matches, and what it does.
#[derive(Debug, Clone)]
pub struct Acting<W> {
    /// What it matches.
    pub blocks: Vec<Block>,
    /// What it does.
    pub way: W,
}

/// Some flows with which two lists of rules do not do the same, if there are any. The rules are in the order in which
/// they are asked.
///
/// # Errors
/// When a rule takes more than so many steps.
pub fn differ<W: PartialEq>(
    one: &[Acting<W>],
    other: &[Acting<W>],
    atoms: &Atoms,
    steps: u64,
) -> Result<Option<Block>, TooLarge> {
    let (one, other) = (List::of(one), List::of(other));
    for (at, block) in &one.blocks {
        let mut work = Work::new(atoms, steps);
        for (place, opposed) in other.near(block, usize::MAX) {
            let both = block.and(opposed, atoms);
            let Some(both) = both.filter(|_| one.does_otherwise(*at, &other, place)) else {
                continue;
            };
            let taken = one.near(&both, *at).chain(other.near(&both, place));
            if let Some(left) = left_of(&both, taken, &mut work)? {
                return Ok(Some(left));
            }
        }
    }
    for (own, opposite) in [(&one, &other), (&other, &one)] {
        for (at, block) in &own.blocks {
            let mut work = Work::new(atoms, steps);
            let taken = own.near(block, *at).chain(opposite.near(block, usize::MAX));
            if let Some(left) = left_of(block, taken, &mut work)? {
                return Ok(Some(left));
            }
        }
    }
    Ok(None)
}

fn left_of<'b>(
    block: &Block,
    taken: impl Iterator<Item = (usize, &'b Block)>,
    work: &mut Work<'_>,
) -> Result<Option<Block>, TooLarge> {
    let taken: Vec<&Block> = taken.map(|(_, block)| block).collect();
    Ok(match cover(block, &taken, work)? {
        Cover::Left(left) => Some(*left),
        Cover::Held(_) => None,
    })
}

/// The blocks of a list, each with the place of its rule.
struct List<'r, W> {
    rules: &'r [Acting<W>],
    blocks: Vec<(usize, Block)>,
    index: Index,
}

impl<'r, W: PartialEq> List<'r, W> {
    fn of(rules: &'r [Acting<W>]) -> Self {
        let each = rules.iter().enumerate();
        let blocks = each.flat_map(|(at, rule)| {
            let pieces = rule.blocks.iter().flat_map(Block::by_target);
            pieces.map(move |block| (at, block))
        });
        let blocks: Vec<(usize, Block)> = blocks.filter(|(_, block)| !block.is_empty()).collect();
        let index = Index::of(blocks.iter().map(|(_, block)| block));
        Self {
            rules,
            blocks,
            index,
        }
    }

    /// The blocks of the rules before a place that may meet a block.
    fn near(&self, block: &Block, before: usize) -> impl Iterator<Item = (usize, &Block)> {
        let near = self.index.near(block).into_iter();
        let near = near.filter_map(|place| self.blocks.get(place));
        let near = near.map(|(at, block)| (*at, block));
        near.take_while(move |(at, _)| *at < before)
    }

    fn does_otherwise(&self, at: usize, other: &Self, place: usize) -> bool {
        let (own, opposed) = (self.rules.get(at), other.rules.get(place));
        own.map(|rule| &rule.way) != opposed.map(|rule| &rule.way)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Kind, Known, Ranges, Side, Targets};
    use super::*;

    const PORTS: u128 = 6;

    fn rule(
        allows: bool,
        targets: (u128, u128),
        ports: (u128, u128),
        known: Known,
    ) -> Acting<bool> {
        let block = Block {
            kind: Kind::V4,
            protocols: Ranges::span(6, 6),
            ports: Ranges::span(ports.0, ports.1),
            targets: Targets::Addresses(Ranges::span(targets.0, targets.1)),
            sources: Ranges::span(0, 0),
            source_ports: Ranges::span(0, 0),
            known,
        };
        Acting {
            blocks: vec![block],
            way: allows,
        }
    }

    /// What the first rule that matches does, asked flow by flow.
    fn decided(rules: &[Acting<bool>], flow: &super::super::Point) -> Option<bool> {
        let mut rules = rules.iter();
        let first = rules.find(|rule| rule.blocks.iter().any(|block| block.holds(flow)));
        first.map(|rule| rule.way)
    }

    fn rules() -> impl Strategy<Value = Vec<Acting<bool>>> {
        let span = |most: u128| (0..most, 0..most).prop_map(|(a, b)| (a.min(b), a.max(b)));
        let one = (any::<bool>(), span(PORTS), span(PORTS), 0..3u8);
        let one = one.prop_map(|(allows, targets, ports, tag)| {
            let mut atoms = Atoms::default();
            let known = match tag {
                0 => Known::that(atoms.atom(Side::Destination, "tag"), true),
                _ => Known::default(),
            };
            rule(allows, targets, ports, known)
        });
        prop::collection::vec(one, 0..5)
    }

    proptest! {
        #[test]
        fn lists_differ_exactly_where_some_flow_does(one in rules(), other in rules()) {
            let mut atoms = Atoms::default();
            let tag = atoms.atom(Side::Destination, "tag");
            let found = differ(&one, &other, &atoms, 10_000).unwrap();
            let mut flows = (0..PORTS).flat_map(|target| (0..PORTS).flat_map(move |port| {
                [vec![], vec![tag]].map(|inside| super::super::Point {
                    kind: Kind::V4,
                    protocol: 6,
                    source: 0,
                    source_port: 0,
                    target: super::super::Target::Address(target),
                    port: port as u16,
                    inside,
                })
            }));
            let expected = flows.any(|flow| decided(&one, &flow) != decided(&other, &flow));
            prop_assert_eq!(found.is_some(), expected);
            if let Some(shown) = found {
                let flow = shown.example(&atoms).unwrap();
                prop_assert_ne!(decided(&one, &flow), decided(&other, &flow));
            }
            prop_assert!(differ(&one, &one, &atoms, 10_000).unwrap().is_none());
        }
    }

    #[test]
    fn what_takes_too_long_is_not_known() {
        let rules: Vec<_> = (0..40)
            .map(|at| rule(at % 2 == 0, (at, at + 40), (0, 100 - at), Known::default()))
            .collect();
        assert_eq!(differ(&rules, &rules, &Atoms::default(), 3), Err(TooLarge));
    }
}
