//! What readers of templates and exports have to be told of platform services: how their names look is a fact that
//! Azure may change, and facts are no business of theirs.

use smol_str::SmolStr;

use crate::net::Cloud;

/// How the resources of one type are called in public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceForm {
    /// The type, in lower case.
    pub resource: SmolStr,
    /// What descriptions of such a resource call it.
    pub kind: SmolStr,
    /// The property that a public name begins with; the name of the resource when `None`.
    pub named_by: Option<SmolStr>,
    /// The public names of one resource, of every cloud.
    pub names: Vec<PublicName>,
}

impl ServiceForm {
    /// The public names of one resource in a cloud.
    pub(super) fn names_in(&self, cloud: Cloud) -> impl Iterator<Item = &PublicName> {
        self.names.iter().filter(move |name| name.cloud == cloud)
    }
}

/// A public name of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicName {
    /// What follows the name of the resource, without a leading dot.
    pub suffix: SmolStr,
    /// What private endpoints call it.
    pub group: SmolStr,
    /// The cloud whose names have this end.
    pub cloud: Cloud,
}
