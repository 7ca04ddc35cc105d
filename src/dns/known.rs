//! A lock file among the files that are read: what it says, and where.

use std::collections::BTreeMap;

use crate::base::{FileId, SourceMap, Span};
use crate::net::Fqdn;

use super::{Lock, Locked};

/// What names led to, with the places where the lock file says so.
#[derive(Debug, Clone)]
pub struct KnownNames {
    /// What the file says.
    pub lock: Lock,
    /// Where its date stands; its beginning where it is laid out in another way.
    pub date: Span,
    places: BTreeMap<Fqdn, Span>,
}

impl KnownNames {
    /// A lock file that was read, and the file among the sources that it is the text of.
    #[must_use]
    pub fn new(lock: Lock, file: FileId, sources: &SourceMap) -> Self {
        let text = sources.get(file).map_or("", |file| file.text());
        let at = |start: usize, length: usize| sources.span(file, start, start + length);
        let places = lock.names.keys().map(|name| {
            let block = format!("\n  {name}:");
            let place = match text.find(&block) {
                Some(before) => at(before + 3, name.as_str().len()),
                None => at(0, 0),
            };
            (name.clone(), place)
        });
        let places = places.collect();
        let date = match text.find("\ndate: ") {
            Some(before) => at(before + 1, "date: 2026-11-30".len()),
            None => at(0, 0),
        };
        Self { lock, date, places }
    }

    /// What a name led to, and where the file says so.
    #[must_use]
    pub fn get(&self, name: &Fqdn) -> Option<(&Locked, Span)> {
        let locked = self.lock.names.get(name)?;
        Some((locked, *self.places.get(name)?))
    }
}
