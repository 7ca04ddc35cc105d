//! The addresses of service tags, from the file that Microsoft publishes every week.

use std::net::IpAddr;

use crate::net::ServiceTag;

/// The addresses of service tags.
#[derive(Debug, Clone, Default)]
pub struct ServiceTags {}

impl ServiceTags {
    /// The longest prefix of a tag that holds an address.
    #[must_use]
    pub fn longest_prefix(&self, _tag: &ServiceTag, _address: IpAddr) -> Option<ipnet::IpNet> {
        None
    }

    /// Whether a tag holds an address; `None` when the file has no such tag.
    #[must_use]
    pub fn holds(&self, _tag: &ServiceTag, _address: IpAddr) -> Option<bool> {
        None
    }
}
