//! The file of service tags that a command is given.

use camino::Utf8Path;

use crate::azure::ServiceTags;
use crate::base::FileReader;

use super::Outcome;
use super::output::{Disk, refuse};

/// Reads a file of service tags; none unless one is given.
///
/// # Errors
/// The outcome, when the file cannot be read or understood; a message has been printed.
pub(super) fn service_tags(path: Option<&Utf8Path>) -> Result<Option<ServiceTags>, Outcome> {
    let Some(path) = path else {
        return Ok(None);
    };
    let text = Disk
        .read(path)
        .map_err(|error| refuse(&format!("cannot read {path}: {error}")))?;
    let tags = ServiceTags::parse(&text).map_err(|error| refuse(&format!("{path}: {error}")))?;
    Ok(Some(tags))
}
