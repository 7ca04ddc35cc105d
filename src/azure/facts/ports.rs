//! Ports of remote management, and ports that clusters use inside themselves.

use serde::Deserialize;

use crate::net::Service;

use super::SourceId;
use super::by_name::Named;
use super::document::{cited, parsed_list};

/// What ports are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PortUse {
    /// Machines are managed there; nobody on the Internet should reach it.
    Management,
    /// Nodes of a cluster reach it among themselves.
    Cluster,
    /// Load balancers ask there whether a node is well.
    Probe,
}

/// Ports with a known use.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownPorts {
    /// Who listens.
    pub name: String,
    /// What for.
    #[serde(rename = "use")]
    pub purpose: PortUse,
    /// On which ports.
    #[serde(deserialize_with = "parsed_list")]
    pub services: Vec<Service>,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

cited!(KnownPorts);

impl Named for KnownPorts {
    fn name(&self) -> &str {
        &self.name
    }
}
