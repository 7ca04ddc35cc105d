//! What the resource provider refuses before anything is built.

use crate::estate::{Id, Pool};

use super::cause::Cause;
use super::dataplane::Dataplane;
use super::flow::{Assumption, Element};

/// A reason to refuse a cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// Why, by name.
    pub cause: Cause,
    /// The one element.
    pub element: Element,
    /// Why, in a sentence.
    pub text: String,
    /// The code that Azure answers, where known.
    pub code: Option<String>,
    /// Azure's message, where known.
    pub message: Option<String>,
    /// The actions that the identity lacks.
    pub missing_actions: Vec<String>,
}

/// What the resource provider says to a pool.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Preflight {
    /// Every reason to refuse it, in the order in which the provider looks; it is accepted without any.
    pub refusals: Vec<Refusal>,
    /// What it accepts with a warning.
    pub warnings: Vec<Refusal>,
    /// What was assumed.
    pub assumptions: Vec<Assumption>,
}

/// Asks what the resource provider would say to a pool.
#[must_use]
pub fn preflight(_plane: &Dataplane<'_>, _pool: Id<Pool>) -> Preflight {
    Preflight::default()
}
