//! Model against reality: what was seen of endpoints beside what is expected of them.

mod connectivity;
mod explanations;
mod firewall_answer;
mod hold;
mod node_check;
mod probe;
mod read;
mod responsible;
mod seen;

pub use hold::{Compared, Comparison, ForeignSource, hold};
pub use read::ObservedError;
pub use seen::{Ending, Observation, Observed, SeenBy, Tried, UnreadLine};
