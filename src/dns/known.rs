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

/// An answer, and who gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said<'n> {
    /// The servers. Of several of the first answer the file does not tell which one answered, unless they were compared.
    pub servers: Vec<&'n String>,
    /// The answer.
    pub locked: &'n Locked,
}

impl Said<'_> {
    /// Who answered, in words.
    #[must_use]
    pub fn by(&self) -> String {
        let servers: Vec<&str> = self.servers.iter().map(|it| it.as_str()).collect();
        match servers.as_slice() {
            [] => "a server that the file does not name".to_owned(),
            [one] => (*one).to_owned(),
            several => format!("one of {}", several.join(", ")),
        }
    }
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

    /// What was answered for a name: first what the file keeps, with those that may have said so, then what contradicts
    /// it.
    #[must_use]
    pub fn said(&self, name: &Fqdn) -> Vec<Said<'_>> {
        let Some(locked) = self.lock.names.get(name) else {
            return Vec::new();
        };
        let others = self.lock.views.get(name).map_or(&[][..], Vec::as_slice);
        let said: Vec<&String> = others.iter().flat_map(|view| &view.servers).collect();
        let servers = self.lock.servers.iter();
        let first = Said {
            servers: servers.filter(|server| !said.contains(server)).collect(),
            locked,
        };
        let others = others.iter().map(|view| Said {
            servers: view.servers.iter().collect(),
            locked: &view.locked,
        });
        std::iter::once(first).chain(others).collect()
    }

    /// What a name led to, and where the file says so.
    #[must_use]
    pub fn get(&self, name: &Fqdn) -> Option<(&Locked, Span)> {
        let locked = self.lock.names.get(name)?;
        Some((locked, *self.places.get(name)?))
    }
}
