//! API versions of the resource types that are written.

use serde::Deserialize;

use super::SourceId;
use super::by_name::Named;
use super::document::cited;

/// The newest stable API version of a resource type.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiVersion {
    /// The type, such as `Microsoft.Network/routeTables`.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// The version, such as `2025-09-01`.
    pub version: String,
    /// Where it was read.
    pub source: SourceId,
}

cited!(ApiVersion);

impl Named for ApiVersion {
    fn name(&self) -> &str {
        &self.resource_type
    }
}
