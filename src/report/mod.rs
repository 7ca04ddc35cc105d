//! What was found, as text for people and programs.
//!
//! Every writer of findings takes a [`Run`] and gives text; [`render`] chooses the writer.

mod azure;
pub mod catalog;
pub mod catalog_difference;
mod concise;
pub mod difference;
mod disproof;
mod documentation;
pub mod explanation;
mod fingerprint;
mod format;
mod github;
pub mod held;
mod human;
mod json;
mod json_outline;
mod junit;
mod line_hash;
mod markdown;
pub mod observed;
pub mod optimized;
mod place;
pub mod probe;
pub mod reached;
pub mod resolved;
mod run;
mod sarif;
pub mod service_tags;
mod shortened;
pub mod summary;
mod words;
mod wrap;

pub use concise::concise;
pub use disproof::disproof;
pub use documentation::fix_line;
pub use fingerprint::fingerprints;
pub use format::{Format, render};
pub use human::{Color, human};
pub use json::VERSION as JSON_VERSION;
pub use run::{Accepted, AcceptedBy, Gap, Run};
