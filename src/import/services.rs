//! What readers of templates and exports have to be told of platform services: how their names look is a fact that
//! Azure may change, and facts are no business of theirs.

use smol_str::SmolStr;

/// How the resources of one type are called in public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceForm {
    /// The type, in lower case.
    pub resource: SmolStr,
    /// What descriptions of such a resource call it.
    pub kind: SmolStr,
    /// The property that a public name begins with; the name of the resource when `None`.
    pub named_by: Option<SmolStr>,
    /// The public names of one resource.
    pub names: Vec<PublicName>,
}

/// A public name of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicName {
    /// What follows the name of the resource, without a leading dot.
    pub suffix: SmolStr,
    /// What private endpoints call it.
    pub group: SmolStr,
}
