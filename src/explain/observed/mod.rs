//! Model against reality: what was seen of endpoints beside what is expected of them.

mod hold;
mod read;

pub use hold::{Compared, Comparison, hold};
pub use read::{Observation, Observed, ObservedError};
