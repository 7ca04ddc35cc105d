//! What became of the endpoints of a pool, as text and JSON; and the probe as a job of Kubernetes.

mod job;
mod json;
mod text;

pub use job::{Job, JobFile, job};
pub use json::json;
pub use text::text;

use crate::base::Date;
use crate::probe::Row;

/// A probe that was run.
#[derive(Debug, Clone, Copy)]
pub struct View<'v> {
    /// The pool whose endpoints were tried.
    pub pool: &'v str,
    /// The day.
    pub started: Date,
    /// The servers that were asked for names.
    pub servers: &'v [String],
    /// What became of each endpoint.
    pub rows: &'v [Row],
    /// How long lines may be.
    pub width: usize,
}
