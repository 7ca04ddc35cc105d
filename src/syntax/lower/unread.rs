//! What the parser could not read, so that findings that only follow from it are not reported as well.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use crate::base::Span;
use crate::syntax::parse::Parsed;

/// The gaps in a policy.
#[derive(Debug, Default)]
pub(super) struct Unread {
    names: BTreeSet<String>,
    places: Vec<Span>,
    files: bool,
}

impl Unread {
    pub(super) fn of(files: &[Parsed]) -> Self {
        let names = files.iter().flat_map(|file| &file.unread);
        let findings = files.iter().flat_map(|file| &file.findings);
        Self {
            names: names.map(|name| name.to_ascii_lowercase()).collect(),
            places: findings.flat_map(|finding| finding.places()).collect(),
            files: files.iter().any(|file| file.incomplete),
        }
    }

    /// Whether all of the policy could be read.
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty() && self.places.is_empty() && !self.files
    }

    /// Whether a statement that could not be read may have declared this name, or a network in `network.subnet`.
    pub(super) fn may_declare(&self, name: &SmolStr) -> bool {
        let name = name.to_ascii_lowercase();
        self.files
            || self.names.contains(&name)
            || name.split_once('.').is_some_and(|(network, subnet)| {
                self.names.contains(network) || self.names.contains(subnet)
            })
    }

    /// Whether something in this block could not be read.
    pub(super) fn lies_in(&self, block: Option<Span>) -> bool {
        block.is_some_and(|block| self.places.iter().any(|place| block.contains(*place)))
    }

    /// Notes that the declaration of a name was left out.
    pub(super) fn note(&mut self, name: &SmolStr) {
        self.names.insert(name.to_ascii_lowercase());
    }
}
