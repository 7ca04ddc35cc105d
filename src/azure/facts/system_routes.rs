//! System routes: what every subnet's effective routes start with.

use std::str::FromStr;

use ipnet::IpNet;
use serde::Deserialize;

use crate::net::{PrefixError, parse_prefix};

use super::SourceId;
use super::document::{cited, parsed};

/// What a system route covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemRouteDestination {
    /// Each range of the virtual network's address space, one route a range.
    AddressSpace,
    /// This prefix.
    Prefix(IpNet),
}

impl FromStr for SystemRouteDestination {
    type Err = PrefixError;

    fn from_str(text: &str) -> Result<Self, PrefixError> {
        match text {
            "address-space" => Ok(Self::AddressSpace),
            prefix => parse_prefix(prefix).map(Self::Prefix),
        }
    }
}

/// Where a system route leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SystemNextHop {
    /// Within the virtual network (`VnetLocal`).
    VirtualNetwork,
    /// To the Internet.
    Internet,
    /// Nowhere: the packet is dropped.
    None,
}

/// A route that Azure adds to every subnet.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SystemRoute {
    /// What it covers.
    #[serde(deserialize_with = "parsed")]
    pub destination: SystemRouteDestination,
    /// Where it leads.
    pub next_hop: SystemNextHop,
    /// Whether a user-defined 0.0.0.0/0 on the subnet takes this route away.
    pub dropped_by_default_route: bool,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

cited!(SystemRoute);
