//! What changes from one catalog to another, or in the page behind one, as text, Markdown and JSON.

mod entries;
mod history;
mod history_json;
mod json;

pub use entries::{EntriesView, entries_markdown, entries_text};
pub use history::{HistoryView, history_markdown, history_text};
pub use history_json::history_json;
pub use json::entries_json;
