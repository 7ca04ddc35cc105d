//! Explanations as text and JSON.

mod flow;
mod json;
mod message;
mod pool;
mod table;
mod words;

pub use flow::flow;
pub use json::{flow_json, flows_json, pool_json};
pub use message::{MessageView, cause, message, message_json};
pub use pool::pool;
pub use table::table;
pub(super) use words::{placed, said_placed, verdict};

use crate::base::SourceMap;
use crate::estate::Estate;

use super::Color;

/// What an explanation is shown with.
#[derive(Debug, Clone, Copy)]
pub struct View<'v> {
    /// The estate that was asked.
    pub estate: &'v Estate,
    /// Its sources.
    pub sources: &'v SourceMap,
    /// Whether to use colours.
    pub color: Color,
    /// How many characters a line has.
    pub width: usize,
}
