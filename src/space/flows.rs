//! Sets of flows and their algebra.

use super::atoms::Atoms;
use super::block::{Block, Point};
use super::search::{Cover, cover};

/// The work was cut off: the answer is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too large to decide")]
pub struct TooLarge;

/// What operations know and how much they may still do. A step is one comparison of two blocks.
#[derive(Debug)]
pub struct Work<'a> {
    /// What is known of atoms.
    pub atoms: &'a Atoms,
    left: u64,
}

impl<'a> Work<'a> {
    /// Work of so many steps.
    #[must_use]
    pub fn new(atoms: &'a Atoms, steps: u64) -> Self {
        Self { atoms, left: steps }
    }

    /// How many steps are left.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    pub(super) fn step(&mut self, count: usize) -> Result<(), TooLarge> {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(count).ok_or(TooLarge)?;
        Ok(())
    }
}

/// A set of flows, as blocks that have nothing in common.
#[derive(Debug, Clone, Default)]
pub struct Flows {
    blocks: Vec<Block>,
}

impl Flows {
    /// No flow.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The flows of one block.
    #[must_use]
    pub fn of(block: Block) -> Self {
        let blocks = if block.is_empty() {
            vec![]
        } else {
            vec![block]
        };
        Self { blocks }
    }

    /// The flows of some blocks that have nothing in common.
    pub(super) fn of_parts(blocks: Vec<Block>) -> Self {
        Self { blocks }
    }

    /// The flows of some blocks, which may overlap.
    ///
    /// # Errors
    /// When it takes too many steps.
    pub fn of_all(
        blocks: impl IntoIterator<Item = Block>,
        work: &mut Work<'_>,
    ) -> Result<Self, TooLarge> {
        let mut all = Self::none();
        for block in blocks {
            all = all.or(&Self::of(block), work)?;
        }
        Ok(all)
    }

    /// Its blocks. No flow is in two of them.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Whether no flow is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Whether a flow is in it.
    #[must_use]
    pub fn holds(&self, flow: &Point) -> bool {
        self.blocks.iter().any(|block| block.holds(flow))
    }

    /// One of its flows.
    #[must_use]
    pub fn example(&self, atoms: &Atoms) -> Option<Point> {
        self.blocks.first()?.example(atoms)
    }

    /// The flows in both.
    ///
    /// # Errors
    /// When it takes too many steps.
    pub fn and(&self, other: &Self, work: &mut Work<'_>) -> Result<Self, TooLarge> {
        let mut blocks = Vec::new();
        for block in &self.blocks {
            work.step(other.blocks.len())?;
            let others = other.blocks.iter();
            blocks.extend(others.filter_map(|other| block.and(other, work.atoms)));
        }
        Ok(Self { blocks })
    }

    /// The flows in either.
    ///
    /// # Errors
    /// When it takes too many steps.
    pub fn or(&self, other: &Self, work: &mut Work<'_>) -> Result<Self, TooLarge> {
        let mut either = other.minus(self, work)?;
        either.blocks.extend_from_slice(&self.blocks);
        Ok(either)
    }

    /// The flows of this set that are not in the other.
    ///
    /// # Errors
    /// When it takes too many steps.
    pub fn minus(&self, other: &Self, work: &mut Work<'_>) -> Result<Self, TooLarge> {
        let mut left = self.blocks.clone();
        for cut in &other.blocks {
            work.step(left.len())?;
            if !left.iter().any(|block| block.fields_meet(cut)) {
                continue;
            }
            let parts = left.iter().flat_map(|block| block.minus(cut, work.atoms));
            left = parts.collect();
        }
        Ok(Self { blocks: left })
    }

    /// Whether all flows of this set are in the other.
    ///
    /// # Errors
    /// When it takes too many steps.
    pub fn is_within(&self, other: &Self, work: &mut Work<'_>) -> Result<bool, TooLarge> {
        let others: Vec<&Block> = other.blocks.iter().collect();
        for block in &self.blocks {
            if let Cover::Left(_) = cover(block, &others, work)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether both hold the same flows.
    ///
    /// # Errors
    /// When it takes too many steps.
    pub fn is_same(&self, other: &Self, work: &mut Work<'_>) -> Result<bool, TooLarge> {
        Ok(self.is_within(other, work)? && other.is_within(self, work)?)
    }
}
