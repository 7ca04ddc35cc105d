//! Platform services: how names, kinds, service endpoints and private link zones belong together.

use serde::Deserialize;

use crate::net::{Cloud, Fqdn};

use super::SourceId;
use super::by_name::Named;
use super::document::{cited, parsed};

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
    /// The cloud whose names have this end.
    #[serde(default, deserialize_with = "parsed")]
    pub cloud: Cloud,
}

impl PlatformServiceFact {
    /// What its public names end with in a cloud.
    pub fn names_in(&self, cloud: Cloud) -> impl Iterator<Item = &PrivateLinkName> {
        self.names.iter().filter(move |name| name.cloud == cloud)
    }
}

impl PrivateLinkName {
    /// Whether a name is below this end.
    #[must_use]
    pub fn ends(&self, name: &Fqdn) -> bool {
        let before = name.as_str().strip_suffix(self.suffix.as_str());
        before.is_some_and(|before| before.ends_with('.'))
    }

    /// The name in the private zone that public DNS sends a name with this end on to, when there are private endpoints.
    #[must_use]
    pub fn private_name(&self, name: &Fqdn) -> Option<Fqdn> {
        let host = name.as_str().strip_suffix(self.suffix.as_str())?;
        format!("{host}{}", self.zone).parse().ok()
    }
}

cited!(PlatformServiceFact);

impl Named for PlatformServiceFact {
    fn name(&self) -> &str {
        &self.name
    }
}
