//! Whether an address belongs to a service tag, with or without Microsoft's file.

use std::net::IpAddr;

use crate::net::ServiceTag;

use super::facts::Facts;
use super::service_tags::ServiceTags;

/// Whether a tag holds an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Membership {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// Nobody knows.
    Unknown,
}

/// Whether a tag holds an address, and what had to be assumed.
#[must_use]
pub(super) fn membership(
    tag: &ServiceTag,
    address: Option<IpAddr>,
    stated: &[ServiceTag],
    file: Option<&ServiceTags>,
    facts: &Facts,
) -> (Membership, Option<String>) {
    if let (Some(file), Some(address)) = (file, address)
        && let Some(holds) = file.holds(tag, address)
    {
        return (
            if holds {
                Membership::Yes
            } else {
                Membership::No
            },
            None,
        );
    }
    if !stated.is_empty() {
        let yes = stated.iter().any(|s| {
            s == tag
                || s.as_str()
                    .to_ascii_lowercase()
                    .starts_with(&format!("{}.", tag.as_str().to_ascii_lowercase()))
                || tag.as_str().eq_ignore_ascii_case("AzureCloud")
        });
        return (if yes { Membership::Yes } else { Membership::No }, None);
    }
    let Some(address) = address else {
        return (Membership::Unknown, None);
    };
    let documentation = match address {
        IpAddr::V4(v4) => v4.is_documentation(),
        IpAddr::V6(_) => false,
    };
    if documentation
        || facts
            .private_ranges()
            .any(|prefix| prefix.contains(&address))
    {
        return (Membership::No, None);
    }
    (Membership::Unknown, None)
}
