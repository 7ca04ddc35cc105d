//! Addresses of the Azure host, which user routes never redirect.

use ipnet::IpNet;
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use crate::net::{Service, parse_prefix};

use super::SourceId;
use super::document::{cited, parsed_list};

/// An address that the Azure host answers itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlatformAddress {
    /// What it is called.
    pub name: String,
    /// The address.
    #[serde(deserialize_with = "prefix")]
    pub prefix: IpNet,
    /// What it answers.
    #[serde(deserialize_with = "parsed_list")]
    pub services: Vec<Service>,
    /// Only security rules that name one of these tags apply to it.
    pub nsg_tags: Vec<String>,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

cited!(PlatformAddress);

/// A prefix without host bits.
pub(super) fn prefix<'de, D: Deserializer<'de>>(deserializer: D) -> Result<IpNet, D::Error> {
    parse_prefix(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}
