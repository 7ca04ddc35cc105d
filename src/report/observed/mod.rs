//! What was seen beside what is expected, as text and JSON.

mod json;
mod text;

pub use json::json;
pub use text::text;

use crate::explain::{Compared, Comparison, Observed};

/// What a comparison is shown with.
#[derive(Debug, Clone, Copy)]
pub struct View<'v> {
    /// The file.
    pub file: &'v str,
    /// The pool.
    pub pool: &'v str,
    /// What was seen.
    pub observed: &'v Observed,
    /// The comparison, contradictions first.
    pub compared: &'v [Compared<'v>],
    /// How many characters a line has.
    pub width: usize,
}

/// How things go together, with the word for people and that for programs.
const KINDS: [(Comparison, &str, &str); 4] = [
    (Comparison::Disagree, "disagree", "disagree"),
    (Comparison::NotPredicted, "not predicted", "not_predicted"),
    (Comparison::NotObserved, "not observed", "not_observed"),
    (Comparison::Agree, "agree", "agree"),
];
