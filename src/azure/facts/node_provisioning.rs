//! What a node reaches for while it comes up, in order.

use serde::Deserialize;

use super::SourceId;
use super::document::cited;

/// The host of a step that stands for the cluster's own API server.
pub const API_SERVER: &str = "api-server";

/// The host of a step that stands for the bootstrap registry of a network isolated cluster.
pub const REGISTRY: &str = "registry";

/// A step of a node's provisioning script.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvisioningStep {
    /// Its short name.
    pub name: String,
    /// What the node does, in words.
    pub does: String,
    /// The names it reaches for, or one of [`API_SERVER`] and [`REGISTRY`].
    pub hosts: Vec<String>,
    /// The port.
    pub port: u16,
    /// How the script ends when it fails.
    pub exits: Vec<u16>,
    /// It fails when the name does not resolve, before anything is sent.
    #[serde(default)]
    pub lookup: bool,
    /// It runs on every node.
    pub always: bool,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

cited!(ProvisioningStep);
