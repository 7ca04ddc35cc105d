//! The service tags that an intent names.

use crate::intent::Intent;
use crate::net::{Destination, ServiceTag};

/// Every service tag among what is required and asserted.
pub(super) fn tags_of(intent: &Intent) -> Vec<ServiceTag> {
    let required = intent.requirements.iter().flat_map(|it| &it.destinations);
    let asserted = intent.assertions.iter().flat_map(|it| &it.destinations);
    let tags = required.chain(asserted).filter_map(|it| match &it.value {
        Destination::ServiceTag(tag) => Some(tag.clone()),
        _ => None,
    });
    tags.collect()
}
