//! Many blocks, asked whether together they hold one.

use rustc_hash::FxHashMap;

use super::atoms::Known;
use super::block::Block;
use super::flows::{TooLarge, Work};
use super::index::Index;
use super::search::{Cover, cover};

/// Blocks that are asked about often.
///
/// Mostly one of them has it all, under the same condition; so those are looked at first.
#[derive(Debug)]
pub struct Holding<'b> {
    blocks: Vec<&'b Block>,
    index: Index,
    alike: FxHashMap<&'b Known, (Vec<&'b Block>, Index)>,
}

impl<'b> Holding<'b> {
    /// Takes blocks.
    #[must_use]
    pub fn of(blocks: impl IntoIterator<Item = &'b Block>) -> Self {
        let blocks: Vec<&'b Block> = blocks.into_iter().collect();
        let mut by_known: FxHashMap<&'b Known, Vec<&'b Block>> = FxHashMap::default();
        for block in &blocks {
            by_known.entry(&block.known).or_default().push(*block);
        }
        let alike = by_known.into_iter().map(|(known, of)| {
            let index = Index::of(of.iter().copied());
            (known, (of, index))
        });
        Self {
            index: Index::of(blocks.iter().copied()),
            alike: alike.collect(),
            blocks,
        }
    }

    /// Those that may have a flow in common with one.
    #[must_use]
    pub fn near(&self, block: &Block) -> Vec<&'b Block> {
        met(&self.blocks, &self.index, block)
    }

    /// A part of a block that none of them has; nothing when together they hold it.
    ///
    /// # Errors
    /// When it takes too many steps.
    pub fn left(&self, block: &Block, work: &mut Work<'_>) -> Result<Option<Block>, TooLarge> {
        if let Some((blocks, index)) = self.alike.get(&block.known) {
            let mut alike = met(blocks, index, block).into_iter();
            if alike.any(|other| block.is_within(other, work.atoms)) {
                return Ok(None);
            }
        }
        match cover(block, &self.near(block), work)? {
            Cover::Left(part) => Ok(Some(*part)),
            Cover::Held(_) => Ok(None),
        }
    }
}

fn met<'b>(blocks: &[&'b Block], index: &Index, block: &Block) -> Vec<&'b Block> {
    let places = index.near(block).into_iter();
    places.filter_map(|at| blocks.get(at).copied()).collect()
}
