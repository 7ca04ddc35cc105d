//! Why a flow gets out or not: its way, everything that stands in it, and the smallest change that lets it through.

mod explanation;
mod flows;
mod message;
mod observed;
mod pool;
mod query;
mod remedy;
mod resolved;
mod treated;

pub use crate::lint::fqdn_tag_contents;
pub use explanation::{Explanation, Reason, explain};
pub use flows::{FlowRow, FlowsError, flows_from_csv, flows_from_json};
pub use message::{Decoded, decode};
pub use observed::{
    Compared, Comparison, Ending, ForeignSource, Observation, Observed, ObservedError, SeenBy,
    Tried, UnreadLine, hold as hold_observed,
};
pub use pool::{EndpointResult, PoolReport, explain_pool};
pub use query::{QueryError, parse_sender, parse_subnets, parse_target};
pub use remedy::{Remedy, is_settled, refusal_remedies, remedies};
pub use resolved::resolved;
