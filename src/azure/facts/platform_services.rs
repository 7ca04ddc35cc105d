//! Platform services: how names, kinds, service endpoints and private link zones belong together.

use serde::Deserialize;

use super::SourceId;
use super::by_name::Named;
use super::document::cited;

/// A platform service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlatformServiceFact {
    /// Its name in the service endpoints of a subnet, such as `Microsoft.Storage`.
    pub name: String,
    /// What descriptions of one of its resources call it.
    pub kinds: Vec<String>,
    /// The type of its resources, where templates and exports are read for them.
    pub resource: Option<String>,
    /// The property of a resource that its public names begin with; its own name when not given.
    pub named_by: Option<String>,
    /// The service tag whose prefixes the routes of its service endpoints have.
    pub service_tag: String,
    /// What its public names end with.
    pub names: Vec<PrivateLinkName>,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

/// The end of public names, and where private endpoints of such names are kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrivateLinkName {
    /// The end of a public name, without a leading dot.
    pub suffix: String,
    /// The private DNS zone.
    pub zone: String,
    /// What private endpoints call it, where every resource of the service has such a name.
    pub group: Option<String>,
}

impl PlatformServiceFact {
    /// The end of its public names that a name has.
    #[must_use]
    pub fn name_of(&self, name: &str) -> Option<&PrivateLinkName> {
        self.names.iter().find(|known| {
            name.strip_suffix(known.suffix.as_str())
                .is_some_and(|before| before.ends_with('.'))
        })
    }
}

cited!(PlatformServiceFact);

impl Named for PlatformServiceFact {
    fn name(&self) -> &str {
        &self.name
    }
}
