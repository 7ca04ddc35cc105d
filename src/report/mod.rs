//! What was found, as text for people and programs.

pub mod catalog;
mod concise;
pub mod explanation;
mod human;
mod json;
pub mod summary;
mod wrap;

pub use concise::concise;
pub use human::{Color, human};
pub use json::{VERSION as JSON_VERSION, json};
