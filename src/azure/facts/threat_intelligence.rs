//! What is known of the feed of threat intelligence.

use serde::Deserialize;

use super::SourceId;
use super::by_name::Named;
use super::document::cited;

/// A name on the feed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedName {
    /// The name.
    pub name: String,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

cited!(ListedName);

impl Named for ListedName {
    fn name(&self) -> &str {
        &self.name
    }
}
