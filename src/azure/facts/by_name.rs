//! Entries found by name. Azure compares names without regard to case, so names that differ in case only are one.

use std::cmp::Ordering;

use serde::Deserialize;

use super::SourceId;
use super::document::{Cited, Entries};

/// An entry with a name.
pub(super) trait Named {
    fn name(&self) -> &str;
}

/// Entries in the order of their names, each name once.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Vec<T>", bound = "T: Deserialize<'de> + Named")]
pub(super) struct ByName<T>(Vec<T>);

impl<T: Named> TryFrom<Vec<T>> for ByName<T> {
    type Error = String;

    fn try_from(mut entries: Vec<T>) -> Result<Self, String> {
        entries.sort_by(|a, b| compare(a.name(), b.name()));
        for pair in entries.windows(2) {
            if let [first, second] = pair
                && first.name().eq_ignore_ascii_case(second.name())
            {
                return Err(format!("`{}` is listed twice", second.name()));
            }
        }
        Ok(Self(entries))
    }
}

impl<T: Named> ByName<T> {
    /// The entry of that name, in any case.
    pub(super) fn get(&self, name: &str) -> Option<&T> {
        let position = self.0.binary_search_by(|entry| compare(entry.name(), name));
        self.0.get(position.ok()?)
    }

    /// All entries.
    pub(super) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }
}

impl<T: Cited> Entries for ByName<T> {
    fn citations(&self) -> Vec<&SourceId> {
        let entries = self.0.iter();
        entries
            .flat_map(|entry| std::iter::once(entry.source()).chain(entry.further()))
            .collect()
    }
}

fn compare(a: &str, b: &str) -> Ordering {
    let folded = |byte: u8| byte.to_ascii_lowercase();
    a.bytes().map(folded).cmp(b.bytes().map(folded))
}
