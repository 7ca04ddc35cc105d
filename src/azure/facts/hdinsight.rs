//! Where the management of HDInsight comes in from.

use std::net::IpAddr;

use serde::Deserialize;

use super::SourceId;
use super::document::{cited, parsed_list};

/// Addresses that the management of HDInsight comes in from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagementAddresses {
    /// The region they serve, in its short form; all regions when `None`.
    pub region: Option<String>,
    /// The addresses.
    #[serde(deserialize_with = "parsed_list")]
    pub addresses: Vec<IpAddr>,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

cited!(ManagementAddresses);
