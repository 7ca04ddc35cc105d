//! The services that facts are about.

use serde::Deserialize;

/// A service, or the part of Azure that answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Product {
    /// Azure Kubernetes Service.
    Aks,
    /// HDInsight on AKS.
    HdinsightOnAks,
    /// HDInsight.
    Hdinsight,
    /// Anything else whose machines stand in a network, such as clusters on premises.
    Other,
    /// The network resource provider.
    Network,
    /// Azure Resource Manager.
    ResourceManager,
}
