//! The estate made ready to follow flows through it.

use crate::estate::Estate;

use super::facts::Facts;
use super::service_tags::ServiceTags;

/// An estate, what is known about Azure, and what is known about the addresses of service tags.
#[derive(Debug)]
pub struct Dataplane<'a> {
    /// The estate.
    pub estate: &'a Estate,
    /// What is known about Azure.
    pub facts: &'a Facts,
    /// The addresses of service tags; tags are symbolic without them.
    pub tags: Option<&'a ServiceTags>,
}

impl<'a> Dataplane<'a> {
    /// Makes an estate ready.
    #[must_use]
    pub fn new(estate: &'a Estate, facts: &'a Facts, tags: Option<&'a ServiceTags>) -> Self {
        Self {
            estate,
            facts,
            tags,
        }
    }
}
