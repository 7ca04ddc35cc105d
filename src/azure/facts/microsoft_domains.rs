//! Domains under which Microsoft names its services.

use serde::Deserialize;

use super::SourceId;
use super::by_name::Named;
use super::document::cited;

/// A domain of Microsoft's.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MicrosoftDomain {
    /// The domain; names below it too.
    pub name: String,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

cited!(MicrosoftDomain);

impl Named for MicrosoftDomain {
    fn name(&self) -> &str {
        &self.name
    }
}
