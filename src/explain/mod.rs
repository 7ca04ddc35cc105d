//! Why a flow gets out or not: its way, everything that stands in it, and the smallest change that lets it through.

mod explanation;

mod fqdn_tags;

mod query;
mod remedy;

pub use explanation::{Explanation, Reason, explain};
pub use fqdn_tags::fqdn_tag_contents;
pub use query::{QueryError, parse_sender, parse_target};
pub use remedy::{Remedy, remedies};
