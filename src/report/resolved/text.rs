//! The answer for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::dns::{Difference, Drift, Lock, Views};
use crate::explain::resolved;
use crate::net::Fqdn;
use crate::report::words::counted;
use crate::report::wrap::paragraph;

use super::{Kept, View, answer};

/// Everything that was answered.
#[must_use]
pub fn text(view: &View<'_>, lock: &Lock, written: Option<&Kept>) -> String {
    let mut out = String::new();
    for (name, locked) in &lock.names {
        let _ = writeln!(out, "{name}");
        if let Some(needed) = view.names.exact.get(name) {
            let by: Vec<&str> = needed.by.iter().map(smol_str::SmolStr::as_str).collect();
            paragraph(&mut out, "  for   ", &by.join(", "), view.width);
        }
        paragraph(&mut out, "  leads ", &answer(locked), view.width);
        for note in resolved(view.plane, name, locked) {
            paragraph(&mut out, "  note  ", &note, view.width);
        }
    }
    out.push('\n');
    unsampled(view, &mut out);
    summary(view, lock, &mut out);
    kept(view, written, &mut out);
    out
}

/// What has changed since a lock file was written.
#[must_use]
pub fn drift_text(
    view: &View<'_>,
    before: Option<&Lock>,
    after: &Lock,
    changes: &[Drift],
) -> String {
    let mut out = String::new();
    let mut by_name: BTreeMap<&Fqdn, Vec<String>> = BTreeMap::new();
    for (name, words) in changes.iter().map(words) {
        by_name.entry(name).or_default().push(words);
    }
    for (name, changes) in &by_name {
        let _ = writeln!(out, "{name}");
        for words in changes {
            paragraph(&mut out, "  ", words, view.width);
        }
        if let Some(locked) = after.names.get(name) {
            for note in resolved(view.plane, name, locked) {
                paragraph(&mut out, "  note  ", &note, view.width);
            }
        }
    }
    if !changes.is_empty() {
        out.push('\n');
    }
    unsampled(view, &mut out);
    summary(view, after, &mut out);
    let since = before.map_or_else(String::new, |lock| format!(" since {}", lock.date));
    let changed = match by_name.len() {
        0 => format!("nothing{since}"),
        count => format!("{}{since}", counted(count, "name", "names")),
    };
    paragraph(&mut out, "changed   ", &changed, view.width);
    if let Some(lock) = before.filter(|lock| !lock.views.is_empty()) {
        let count = counted(lock.views.len(), "name", "names");
        let text = format!("of other servers, which the file has of {count}; --compare asks them");
        paragraph(&mut out, "not held  ", &text, view.width);
    }
    out
}

/// Where servers disagree.
#[must_use]
pub fn views_text(
    view: &View<'_>,
    views: &Views,
    differences: &[Difference<'_>],
    written: Option<&Kept>,
) -> String {
    let mut out = String::new();
    for difference in differences {
        let _ = writeln!(out, "{}", difference.name);
        for (servers, locked) in &difference.views {
            let first = format!("  {}: ", servers.join(", "));
            paragraph(&mut out, &first, &answer(locked), view.width);
            for note in resolved(view.plane, difference.name, locked) {
                paragraph(&mut out, "    ", &note, view.width);
            }
        }
    }
    if !differences.is_empty() {
        out.push('\n');
    }
    unsampled(view, &mut out);
    let servers: Vec<&str> = views
        .all
        .iter()
        .map(|(server, _)| server.as_str())
        .collect();
    let asked = format!(
        "{} for {}",
        servers.join(", "),
        counted(view.names.exact.len(), "name", "names")
    );
    paragraph(&mut out, "asked     ", &asked, view.width);
    silent(view, views, &mut out);
    let disagree = match differences.len() {
        0 => "nowhere".to_owned(),
        count => format!("about {}", counted(count, "name", "names")),
    };
    paragraph(&mut out, "disagree  ", &disagree, view.width);
    kept(view, written, &mut out);
    out
}

/// What became of the lock file.
fn kept(view: &View<'_>, kept: Option<&Kept>, out: &mut String) {
    match kept {
        None => {}
        Some(Kept { path, lost: 0 }) => paragraph(out, "written   ", path.as_str(), view.width),
        Some(Kept { path, lost }) => {
            let names = counted(*lost, "name that it has", "names that it has");
            let text = format!("{path} stays as it is: nobody answered for {names}");
            paragraph(out, "unwritten ", &text, view.width);
        }
    }
}

/// The servers that said nothing of some names.
fn silent(view: &View<'_>, views: &Views, out: &mut String) {
    for (server, lock) in &views.all {
        let count = lock.unanswered();
        if count > 0 {
            let text = format!("{server} for {}", counted(count, "name", "names"));
            paragraph(out, "no answer ", &text, view.width);
        }
    }
}

fn words(change: &Drift) -> (&Fqdn, String) {
    let list = |addresses: &[std::net::IpAddr]| -> String {
        let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        addresses.join(", ")
    };
    let chain = |names: &[Fqdn]| -> String {
        let names: Vec<&str> = names.iter().map(Fqdn::as_str).collect();
        match names.as_slice() {
            [] => "nothing else".to_owned(),
            names => names.join(" -> "),
        }
    };
    match change {
        Drift::New(name) => (name, "is not in the lock file".to_owned()),
        Drift::Dropped(name) => (
            name,
            "is in the lock file, and nothing asks for it".to_owned(),
        ),
        Drift::Lost(name, failure) => (name, format!("led to addresses; now: {failure}")),
        Drift::Found(name, to) => (name, format!("did not lead anywhere; now to {}", list(to))),
        Drift::FailsOtherwise(name, failure) => (name, format!("still fails; now: {failure}")),
        Drift::Aliases {
            name,
            before,
            after,
        } => (
            name,
            format!(
                "stands for {} now, before for {}",
                chain(after),
                chain(before)
            ),
        ),
        Drift::Addresses {
            name,
            added,
            removed,
        } => {
            let mut parts = Vec::new();
            if !added.is_empty() {
                parts.push(format!("new: {}", list(added)));
            }
            if !removed.is_empty() {
                parts.push(format!("gone: {}", list(removed)));
            }
            (name, parts.join("; "))
        }
    }
}

fn unsampled(view: &View<'_>, out: &mut String) {
    for (wildcard, needed) in &view.names.unsampled {
        let by: Vec<&str> = needed.by.iter().map(smol_str::SmolStr::as_str).collect();
        let text = format!(
            "{wildcard} ({}) is a wildcard of which no name is known; say one: sample {wildcard} = NAME",
            by.join(", ")
        );
        paragraph(out, "not asked ", &text, view.width);
    }
}

fn summary(view: &View<'_>, lock: &Lock, out: &mut String) {
    let servers = match lock.servers.as_slice() {
        [] => "nobody".to_owned(),
        servers => servers.join(", "),
    };
    let asked = format!(
        "{servers} on {} for {}",
        lock.date,
        counted(lock.names.len(), "name", "names")
    );
    paragraph(out, "asked     ", &asked, view.width);
    let mut failures: BTreeMap<String, usize> = BTreeMap::new();
    for failure in lock.names.values().filter_map(|it| it.failure.as_ref()) {
        *failures.entry(failure.to_string()).or_default() += 1;
    }
    let failed: usize = failures.values().sum();
    let mut parts = vec![format!("{} to addresses", lock.names.len() - failed)];
    parts.extend(
        failures
            .iter()
            .map(|(why, count)| format!("{count}: {why}")),
    );
    paragraph(out, "lead      ", &parts.join("; "), view.width);
}
