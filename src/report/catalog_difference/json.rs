//! Two catalogs held against each other, for programs.

use serde::Serialize;

use crate::base::SourceMap;
use crate::intent::catalog::{Entry, FieldChange};

use super::EntriesView;

#[derive(Serialize)]
struct Root<'v> {
    version: u32,
    kind: &'static str,
    before: &'v str,
    after: &'v str,
    result: &'static str,
    added: Vec<EntryJson<'v>>,
    removed: Vec<EntryJson<'v>>,
    renamed: Vec<RenamedJson<'v>>,
    changed: Vec<ChangedJson<'v>>,
    reworded: Vec<NamedJson<'v>>,
    alike: usize,
}

#[derive(Serialize)]
struct NamedJson<'v> {
    kind: String,
    id: &'v str,
    place: String,
}

#[derive(Serialize)]
struct EntryJson<'v> {
    #[serde(flatten)]
    entry: NamedJson<'v>,
    fields: Vec<FieldJson<'v>>,
}

#[derive(Serialize)]
struct FieldJson<'v> {
    field: &'static str,
    values: Vec<&'v str>,
}

#[derive(Serialize)]
struct RenamedJson<'v> {
    before: NamedJson<'v>,
    after: NamedJson<'v>,
}

#[derive(Serialize)]
struct ChangedJson<'v> {
    #[serde(flatten)]
    entry: NamedJson<'v>,
    changes: Vec<ChangeJson<'v>>,
}

#[derive(Serialize)]
struct ChangeJson<'v> {
    field: &'static str,
    gained: Vec<&'v str>,
    lost: Vec<&'v str>,
}

/// What differs as JSON.
#[must_use]
pub fn entries_json(view: &EntriesView<'_>) -> String {
    let difference = view.difference;
    let sources = view.sources;
    let whole = |entry| entry_json(entry, sources);
    let renamed = difference.renamed.iter().map(|(old, new)| RenamedJson {
        before: named(old, sources),
        after: named(new, sources),
    });
    let changed = difference
        .changed
        .iter()
        .map(|(entry, changes)| ChangedJson {
            entry: named(entry, sources),
            changes: changes.iter().map(change_json).collect(),
        });
    let root = Root {
        version: 1,
        kind: "entries",
        before: view.names.0,
        after: view.names.1,
        result: match difference.is_change() {
            true => "changes",
            false => "no_change",
        },
        added: difference.added.iter().map(whole).collect(),
        removed: difference.removed.iter().map(whole).collect(),
        renamed: renamed.collect(),
        changed: changed.collect(),
        reworded: difference
            .reworded
            .iter()
            .map(|it| named(it, sources))
            .collect(),
        alike: difference.alike,
    };
    let text = serde_json::to_string_pretty(&root).unwrap_or_default();
    text + "\n"
}

fn named<'v>(entry: &'v Entry, sources: &SourceMap) -> NamedJson<'v> {
    NamedJson {
        kind: entry.kind.to_string(),
        id: &entry.id,
        place: sources.describe(entry.span),
    }
}

fn entry_json<'v>(entry: &'v Entry, sources: &SourceMap) -> EntryJson<'v> {
    EntryJson {
        entry: named(entry, sources),
        fields: entry
            .fields
            .iter()
            .map(|(field, values)| FieldJson {
                field: field.name(),
                values: values.iter().map(String::as_str).collect(),
            })
            .collect(),
    }
}

fn change_json(change: &FieldChange) -> ChangeJson<'_> {
    ChangeJson {
        field: change.field.name(),
        gained: change.gained.iter().map(String::as_str).collect(),
        lost: change.lost.iter().map(String::as_str).collect(),
    }
}
