//! Fewer and simpler blocks for the same flows, to be read.

use rustc_hash::FxHashMap;

use super::atoms::{Atoms, Known};
use super::block::{Block, Targets};
use super::flows::{Flows, TooLarge, Work};
use super::names::Names;
use super::ranges::Ranges;
use super::search::{Cover, cover};

/// So many sets that differ in atoms alone are compared with each other.
const FEW_SAYINGS: usize = 64;

/// Joins blocks that differ in one field, as long as there are any. Of blocks that have nothing in common.
pub(super) fn joined(blocks: &[Block], atoms: &Atoms) -> Vec<Block> {
    let mut blocks = blocks.to_vec();
    loop {
        let before = blocks.len();
        macro_rules! join_in {
            ($field:ident) => {
                blocks = grouped(
                    blocks,
                    |block| std::mem::take(&mut block.$field),
                    |all: Vec<Ranges>| {
                        let ranges = all.iter().flat_map(|ranges| ranges.ranges());
                        vec![Ranges::of(ranges.copied())]
                    },
                    |block, field| block.$field = field,
                );
            };
        }
        join_in!(ports);
        blocks = grouped(
            blocks,
            |block| {
                let none = match &block.targets {
                    Targets::Addresses(_) => Targets::Addresses(Ranges::none()),
                    Targets::Names(_) => Targets::Names(Names::none()),
                };
                std::mem::replace(&mut block.targets, none)
            },
            |all: Vec<Targets>| {
                all.into_iter()
                    .reduce(|all, one| all.or(&one))
                    .into_iter()
                    .collect()
            },
            |block, field| block.targets = field,
        );
        join_in!(sources);
        join_in!(protocols);
        join_in!(source_ports);
        blocks = grouped(
            blocks,
            |block| std::mem::take(&mut block.known),
            |all| said_shorter(all, atoms),
            |block, field| block.known = field,
        );
        if blocks.len() == before {
            return blocks;
        }
    }
}

/// Blocks whose other fields are the same, with what their values of one field are together.
fn grouped<F>(
    blocks: Vec<Block>,
    take: impl Fn(&mut Block) -> F,
    together: impl Fn(Vec<F>) -> Vec<F>,
    put: impl Fn(&mut Block, F),
) -> Vec<Block> {
    let mut places: FxHashMap<Block, usize> = FxHashMap::default();
    let mut groups: Vec<(Block, Vec<F>)> = Vec::new();
    for mut block in blocks {
        let field = take(&mut block);
        let place = *places.entry(block.clone()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, fields)) => fields.push(field),
            None => groups.push((block, vec![field])),
        }
    }
    let mut all = Vec::new();
    for (rest, fields) in groups {
        let fields = if fields.len() == 1 {
            fields
        } else {
            together(fields)
        };
        all.extend(fields.into_iter().map(|field| {
            let mut block = rest.clone();
            put(&mut block, field);
            block
        }));
    }
    all
}

/// What several sayings come to, of which one holds.
fn said_shorter(mut all: Vec<Known>, atoms: &Atoms) -> Vec<Known> {
    if all.len() > FEW_SAYINGS {
        return all;
    }
    let mut at = 0;
    while let Some(one) = all.get(at) {
        let others = all.iter().enumerate().skip(at + 1);
        let mut joined = others.filter_map(|(place, other)| Some((place, one.or(other, atoms)?)));
        let Some((place, together)) = joined.next() else {
            at += 1;
            continue;
        };
        drop(joined);
        all.remove(place);
        if let Some(slot) = all.get_mut(at) {
            *slot = together;
        }
        // The longer saying may join one that was passed.
        at = 0;
    }
    all
}

/// Blocks that are wider where the others allow it and where it makes them no longer; they may overlap then.
///
/// # Errors
/// When it takes too many steps.
pub(super) fn widened(
    blocks: &[Block],
    length: impl Fn(&Block) -> usize,
    work: &mut Work<'_>,
) -> Result<Vec<Block>, TooLarge> {
    let set = Flows::of_parts(blocks.to_vec());
    let mut all = Vec::new();
    for block in blocks {
        work.step(blocks.len())?;
        let mut wide = block.clone();
        let take = |wider: Block, wide: &mut Block| {
            if length(&wider) <= length(wide) {
                *wide = wider;
            }
        };
        let of_kind = || blocks.iter().filter(|other| other.kind == block.kind);
        // Everything that the field has anywhere, without what the set lacks in the other fields of this block.
        macro_rules! widen {
            ($field:ident) => {
                let anywhere = of_kind().flat_map(|other| other.$field.ranges()).copied();
                let anywhere = Ranges::of(anywhere);
                if anywhere != wide.$field {
                    let wider = |$field: Ranges| Block {
                        $field,
                        ..wide.clone()
                    };
                    let lacking = Flows::of(wider(anywhere.clone())).minus(&set, work)?;
                    let lacking = lacking
                        .blocks()
                        .iter()
                        .flat_map(|part| part.$field.ranges());
                    let wider = wider(anywhere.minus(&Ranges::of(lacking.copied())));
                    take(wider, &mut wide);
                }
            };
        }
        widen!(source_ports);
        widen!(protocols);
        widen!(ports);
        widen!(sources);
        let anywhere = of_kind().map(|other| other.targets.clone());
        let anywhere = anywhere.reduce(|all, one| all.or(&one));
        if let Some(anywhere) = anywhere.filter(|anywhere| *anywhere != wide.targets) {
            let wider = |targets: Targets| Block {
                targets,
                ..wide.clone()
            };
            let lacking = Flows::of(wider(anywhere.clone())).minus(&set, work)?;
            let lacking = lacking.blocks().iter();
            let targets = lacking.fold(anywhere, |all, part| all.minus(&part.targets));
            let wider = wider(targets);
            take(wider, &mut wide);
        }
        for (atom, _) in block.known.all() {
            let wider = Block {
                known: wide.known.without(*atom),
                ..wide.clone()
            };
            if Flows::of(wider.clone()).is_within(&set, work)? {
                take(wider, &mut wide);
            }
        }
        all.push(wide);
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// The blocks without those that the rest hold together, the last ones first.
///
/// # Errors
/// When it takes too many steps.
pub(super) fn needed(blocks: &[Block], work: &mut Work<'_>) -> Result<Vec<Block>, TooLarge> {
    let mut needed: Vec<&Block> = blocks.iter().collect();
    for at in (0..blocks.len()).rev() {
        let others = needed.iter().enumerate();
        let others = others.filter(|(other, _)| *other != at);
        let others: Vec<&Block> = others.map(|(_, other)| *other).collect();
        let Some(block) = needed.get(at) else {
            continue;
        };
        if let Cover::Held(_) = cover(block, &others, work)? {
            needed.remove(at);
        }
    }
    Ok(needed.into_iter().cloned().collect())
}
