//! Networks held against what is wanted of them, and against each other, by sets of flows.
//!
//! Answers are about all flows. Each comes with one flow to show, which the evaluator of single flows has followed
//! too: what the two do not agree on is told as not known.

mod change;
mod diff;
mod excess;
mod held;
mod missing;
mod moved;
mod optimize;
mod place;
mod prove;
mod query;
mod repair;
pub mod service_tags;
mod tags;

pub use change::{Change, Direction, Example, Told};
pub use diff::{Difference, Doubted, Subnets, difference};
pub use excess::{Excess, Openness};
pub use held::{Held, PoolHeld, hold};
pub use missing::{Deficit, Obstacle};
pub use optimize::{Freedom, Left, List, Named, Optimized, RuleKind, Step, What, Whose, optimize};
pub use place::{Placed, place};
pub use prove::{Objection, Proved, prove};
pub use query::{Detail, Narrow, Reach, Reached, query};
pub use repair::{Repair, RepairStep, repair};
