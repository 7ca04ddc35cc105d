//! The same names as several servers see them.

use std::collections::BTreeSet;

use crate::net::Fqdn;

use super::{Lock, Locked};

/// What several servers answered, each in a lock of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Views {
    /// The servers and what they answered, in the order in which they were named.
    pub all: Vec<(String, Lock)>,
}

/// A name of which servers say different things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference<'v> {
    /// The name.
    pub name: &'v Fqdn,
    /// What each server says of it, servers that agree together, in the order of the first.
    pub views: Vec<(Vec<&'v str>, &'v Locked)>,
}

/// The names that servers do not agree about. For how long answers may be kept does not count, and neither do servers
/// that gave no answer of the name.
#[must_use]
pub fn compare(views: &Views) -> Vec<Difference<'_>> {
    let names: BTreeSet<&Fqdn> = views
        .all
        .iter()
        .flat_map(|(_, it)| it.names.keys())
        .collect();
    let mut differences = Vec::new();
    for name in names {
        let mut apart: Vec<(Vec<&str>, &Locked)> = Vec::new();
        for (server, lock) in &views.all {
            let Some(locked) = lock.names.get(name).filter(|it| it.is_answer()) else {
                continue;
            };
            let mut known = apart.iter_mut();
            match known.find(|(_, other)| other.says_the_same(locked)) {
                Some((servers, _)) => servers.push(server),
                None => apart.push((vec![server], locked)),
            }
        }
        if apart.len() > 1 {
            differences.push(Difference { name, views: apart });
        }
    }
    differences
}
