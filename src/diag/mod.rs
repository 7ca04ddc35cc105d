//! What the tool tells a user: findings, and the one table of their ids.
//!
//! A finding is plain data about places in a [`crate::base::SourceMap`]; only `report/` makes text of it.

mod change;
mod docs;
mod finding;
mod fixes;
mod ids;

pub use change::{Change, Path, Proposal, Setting};
pub use finding::{AzureError, Confidence, Edit, Finding, Fix, Label, Safety, Severity, sort};
pub use fixes::Fixes;
pub use ids::Id;
