//! Routing policies of virtual WAN hubs: which routes they hand out, and where they can be had.

use ipnet::IpNet;
use serde::Deserialize;

use crate::net::Cloud;

use super::SourceId;
use super::document::{cited, parsed_list};

/// What a routing policy is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoutingPolicy {
    /// What goes to the Internet.
    Internet,
    /// What goes to networks and branches.
    Private,
}

/// A routing policy.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoutingPolicyFact {
    /// What it is for.
    pub policy: RoutingPolicy,
    /// The destinations of the routes that connected networks learn because of it.
    #[serde(deserialize_with = "parsed_list")]
    pub prefixes: Vec<IpNet>,
    /// The clouds in which it can be had.
    #[serde(deserialize_with = "parsed_list")]
    pub clouds: Vec<Cloud>,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

cited!(RoutingPolicyFact);
