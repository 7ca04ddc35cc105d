//! How many expressions a template has, and what became of them.

use crate::import::{Value, Why};

/// What became of the expressions of a template. An expression counts once, however often a loop repeats it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All that were met.
    pub all: Tally,
    /// Those that resources of wanted types need.
    pub network: Tally,
}

/// Expressions by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// They have a value; members of it may be symbols.
    pub evaluated: usize,
    /// They depend on a parameter without a value.
    pub no_value: usize,
    /// They depend on what only Azure knows when the template runs.
    pub run_time: usize,
    /// They give another value each time.
    pub unrepeatable: usize,
    /// They depend on a linked template that was not found.
    pub not_found: usize,
    /// They are wrong, and Azure refuses them; or they depend on such an expression.
    pub wrong: usize,
    /// They use something that this program does not know; or they depend on such an expression.
    pub not_understood: usize,
    /// A bound was hit.
    pub too_large: usize,
}

impl Tally {
    /// How many there are.
    #[must_use]
    pub fn met(&self) -> usize {
        self.evaluated
            + self.no_value
            + self.run_time
            + self.unrepeatable
            + self.not_found
            + self.wrong
            + self.not_understood
            + self.too_large
    }

    /// Counts a value.
    pub(super) fn add(&mut self, value: &Value) {
        let place = match value.unknown().map(|symbol| &symbol.why) {
            None => &mut self.evaluated,
            Some(Why::NoValue { .. }) => &mut self.no_value,
            Some(Why::RunTime) => &mut self.run_time,
            Some(Why::Unrepeatable) => &mut self.unrepeatable,
            Some(Why::NotFound) => &mut self.not_found,
            Some(Why::Wrong) => &mut self.wrong,
            Some(Why::NotUnderstood) => &mut self.not_understood,
            Some(Why::TooLarge) => &mut self.too_large,
        };
        *place += 1;
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.evaluated += other.evaluated;
        self.no_value += other.no_value;
        self.run_time += other.run_time;
        self.unrepeatable += other.unrepeatable;
        self.not_found += other.not_found;
        self.wrong += other.wrong;
        self.not_understood += other.not_understood;
        self.too_large += other.too_large;
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.all += other.all;
        self.network += other.network;
    }
}
