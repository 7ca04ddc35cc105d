//! What a page named at one day and at another, for programs.

use serde::Serialize;

use crate::intent::catalog::{DocumentedName, Event, EventKind};

use super::HistoryView;

#[derive(Serialize)]
struct Root<'v> {
    version: u32,
    kind: &'static str,
    catalog: &'v str,
    from: String,
    to: String,
    result: &'static str,
    history: HistoryJson<'v>,
    added: Vec<NameJson<'v>>,
    dropped: Vec<NameJson<'v>>,
    kept: usize,
    cancelled: usize,
}

#[derive(Serialize)]
struct HistoryJson<'v> {
    repo: &'v str,
    pages: Vec<&'v str>,
    first: String,
    last: String,
    commit: &'v str,
    complete: bool,
    basis: &'v str,
    caveats: &'v [String],
}

#[derive(Serialize)]
struct NameJson<'v> {
    name: &'v str,
    event: &'static str,
    date: String,
    commit: &'v str,
    file: &'v str,
    entries: Vec<EntryJson<'v>>,
}

#[derive(Serialize)]
struct EntryJson<'v> {
    id: &'v str,
    requirement: &'static str,
    /// The wider name that it has; null when it has the name itself.
    wider: Option<&'v str>,
    /// It is retired or superseded.
    outgoing: bool,
}

/// What changed as JSON.
#[must_use]
pub fn history_json(view: &HistoryView<'_>) -> String {
    let history = view.history;
    let (from, to) = view.days;
    let root = Root {
        version: 1,
        kind: "history",
        catalog: &view.catalog.name,
        from: from.to_string(),
        to: to.to_string(),
        result: match view.difference.is_change() {
            true => "changes",
            false => "no_change",
        },
        history: HistoryJson {
            repo: &history.repo,
            pages: history
                .pages
                .iter()
                .map(|page| page.path.as_str())
                .collect(),
            first: history.first.to_string(),
            last: history.head.date.to_string(),
            commit: &history.head.commit,
            complete: from.max(to) <= history.head.date,
            basis: &history.basis,
            caveats: &history.caveats,
        },
        added: names(view, &view.difference.added),
        dropped: names(view, &view.difference.dropped),
        kept: view.difference.kept,
        cancelled: view.difference.cancelled,
    };
    let text = serde_json::to_string_pretty(&root).unwrap_or_default();
    text + "\n"
}

fn names<'v>(
    view: &HistoryView<'v>,
    list: &[(&'v DocumentedName, &'v Event)],
) -> Vec<NameJson<'v>> {
    let name = |(name, event): &(&'v DocumentedName, &'v Event)| NameJson {
        name: &name.fqdn,
        event: match event.kind {
            EventKind::Added => "added",
            EventKind::Removed => "dropped",
        },
        date: event.date.to_string(),
        commit: &event.commit,
        file: &event.file,
        entries: view
            .catalog
            .holding(&name.fqdn)
            .iter()
            .map(|holding| EntryJson {
                id: &holding.endpoint.id,
                requirement: holding.endpoint.level.keyword(),
                wider: holding.wider,
                outgoing: holding.is_outgoing(),
            })
            .collect(),
    };
    list.iter().map(name).collect()
}
