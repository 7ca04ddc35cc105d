//! The intent: what must be reachable, and what must never be.

mod requirement;

pub use requirement::{Assertion, Ignore, Intent, Level, PoolSummary, Requirement, Waiting};
