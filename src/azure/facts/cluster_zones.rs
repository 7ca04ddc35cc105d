//! Names that the private DNS zone of a cluster may have.

use serde::Deserialize;

use crate::net::Cloud;

use super::SourceId;
use super::document::{cited, parsed};

/// How a private API server is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApiServerAccess {
    /// By a private endpoint in the node subnet.
    PrivateEndpoint,
    /// In a subnet of the customer's network.
    VnetIntegration,
}

/// A form of name: `LABEL.REGION.SUFFIX`, or one label more in front of that.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterZone {
    /// The cloud it is a name of.
    #[serde(deserialize_with = "parsed")]
    pub cloud: Cloud,
    /// What comes before the region.
    pub label: String,
    /// What comes after it.
    pub suffix: String,
    /// Which clusters use it.
    pub api_server: ApiServerAccess,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

cited!(ClusterZone);
