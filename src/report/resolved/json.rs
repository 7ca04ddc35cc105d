//! The answer for programs.

use std::net::IpAddr;

use serde::Serialize;

use crate::dns::{Difference, Drift, Lock, Locked, Views};
use crate::explain::resolved;
use crate::net::Fqdn;

use super::View;

#[derive(Serialize)]
struct Root<'v> {
    version: u32,
    date: String,
    servers: &'v [String],
    names: Vec<Name<'v>>,
    not_asked: Vec<Wildcard<'v>>,
}

#[derive(Serialize)]
struct Name<'v> {
    name: &'v str,
    needed_by: Vec<&'v str>,
    #[serde(flatten)]
    answer: Answer<'v>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct Answer<'v> {
    aliases: Vec<&'v str>,
    addresses: &'v [IpAddr],
    ttl: Option<u32>,
    failure: Option<String>,
}

#[derive(Serialize)]
struct Wildcard<'v> {
    wildcard: &'v str,
    needed_by: Vec<&'v str>,
}

#[derive(Serialize)]
struct Changes<'v> {
    version: u32,
    date: String,
    changes: Vec<Change<'v>>,
}

#[derive(Serialize)]
struct Change<'v> {
    name: &'v str,
    change: &'static str,
    added: Vec<String>,
    removed: Vec<String>,
    failure: Option<String>,
}

/// A server that said nothing of some names.
#[derive(Serialize)]
struct Silent<'v> {
    server: &'v str,
    names: usize,
}

#[derive(Serialize)]
struct Compared<'v> {
    version: u32,
    servers: Vec<&'v str>,
    differences: Vec<Apart<'v>>,
    unanswered: Vec<Silent<'v>>,
}

#[derive(Serialize)]
struct Apart<'v> {
    name: &'v str,
    views: Vec<Seen<'v>>,
}

#[derive(Serialize)]
struct Seen<'v> {
    servers: &'v [&'v str],
    #[serde(flatten)]
    answer: Answer<'v>,
    notes: Vec<String>,
}

fn answer(locked: &Locked) -> Answer<'_> {
    Answer {
        aliases: locked.aliases.iter().map(Fqdn::as_str).collect(),
        addresses: &locked.addresses,
        ttl: locked.ttl,
        failure: locked.failure.as_ref().map(ToString::to_string),
    }
}

/// Everything that was answered.
#[must_use]
pub fn json(view: &View<'_>, lock: &Lock) -> String {
    let needed_by = |name: &Fqdn| {
        let needed = view.names.exact.get(name).into_iter();
        needed.flat_map(|it| &it.by).map(|it| it.as_str()).collect()
    };
    let names = lock.names.iter().map(|(name, locked)| Name {
        name: name.as_str(),
        needed_by: needed_by(name),
        answer: answer(locked),
        notes: resolved(view.plane, name, locked),
    });
    let wildcards = view.names.unsampled.iter().map(|(text, needed)| Wildcard {
        wildcard: text,
        needed_by: needed.by.iter().map(|it| it.as_str()).collect(),
    });
    written(&Root {
        version: 1,
        date: lock.date.to_string(),
        servers: &lock.servers,
        names: names.collect(),
        not_asked: wildcards.collect(),
    })
}

/// What has changed.
#[must_use]
pub fn drift_json(lock: &Lock, changes: &[Drift]) -> String {
    written(&Changes {
        version: 1,
        date: lock.date.to_string(),
        changes: changes.iter().map(change).collect(),
    })
}

fn change(change: &Drift) -> Change<'_> {
    let texts = |addresses: &[IpAddr]| addresses.iter().map(ToString::to_string).collect();
    let names = |names: &[Fqdn]| names.iter().map(ToString::to_string).collect();
    let of = |name, change, added, removed, failure: Option<String>| Change {
        name,
        change,
        added,
        removed,
        failure,
    };
    let none = Vec::new;
    match change {
        Drift::New(name) => of(name.as_str(), "new", none(), none(), None),
        Drift::Dropped(name) => of(name.as_str(), "dropped", none(), none(), None),
        Drift::Lost(name, why) => of(name.as_str(), "lost", none(), none(), Some(why.to_string())),
        Drift::Found(name, to) => of(name.as_str(), "found", texts(to), none(), None),
        Drift::FailsOtherwise(name, why) => {
            let why = Some(why.to_string());
            of(name.as_str(), "fails-otherwise", none(), none(), why)
        }
        Drift::Aliases {
            name,
            before,
            after,
        } => of(name.as_str(), "aliases", names(after), names(before), None),
        Drift::Addresses {
            name,
            added,
            removed,
        } => of(
            name.as_str(),
            "addresses",
            texts(added),
            texts(removed),
            None,
        ),
    }
}

/// Where servers disagree.
#[must_use]
pub fn views_json(view: &View<'_>, views: &Views, differences: &[Difference<'_>]) -> String {
    let apart = differences.iter().map(|difference| Apart {
        name: difference.name.as_str(),
        views: difference
            .views
            .iter()
            .map(|(servers, locked)| Seen {
                servers,
                answer: answer(locked),
                notes: resolved(view.plane, difference.name, locked),
            })
            .collect(),
    });
    written(&Compared {
        version: 1,
        servers: views
            .all
            .iter()
            .map(|(server, _)| server.as_str())
            .collect(),
        differences: apart.collect(),
        unanswered: views
            .all
            .iter()
            .map(|(server, lock)| Silent {
                server,
                names: lock.unanswered(),
            })
            .filter(|silent| silent.names > 0)
            .collect(),
    })
}

fn written<T: Serialize>(root: &T) -> String {
    let mut text = serde_json::to_string_pretty(root).unwrap_or_default();
    text.push('\n');
    text
}
