//! Two catalogs held against each other, for people.

use std::collections::BTreeSet;

use crate::base::{SourceMap, grouped};
use crate::intent::catalog::{CatalogDifference, Entry, EntryKind, Field, FieldChange};
use crate::report::markdown::{COMMENT, MARK, code, inline};
use crate::report::wrap::paragraph;

/// Room for the notice about what a comment left out.
const NOTICE: usize = 200;

/// Two catalogs and what differs.
#[derive(Debug, Clone, Copy)]
pub struct EntriesView<'v> {
    /// What differs.
    pub difference: &'v CatalogDifference,
    /// How the two catalogs were called.
    pub names: (&'v str, &'v str),
    /// Where their entries stand.
    pub sources: &'v SourceMap,
    /// How many characters a line has.
    pub width: usize,
}

/// An entry in words: what it is called, where it stands, and lines of a word and a text.
struct Told {
    title: String,
    place: String,
    lines: Vec<(&'static str, String)>,
}

/// What differs as text.
#[must_use]
pub fn entries_text(view: &EntriesView<'_>) -> String {
    let mut out = String::new();
    let mut line = |title: &str, text: &str| {
        paragraph(&mut out, &format!("{title:<9}"), text, view.width);
    };
    line("before", view.names.0);
    line("after", view.names.1);
    line("result", &summary(view.difference));
    for (title, entries) in sections(view) {
        out.push_str(&format!("\n{title}\n"));
        for told in entries {
            let place = format!("at {}", told.place);
            paragraph(&mut out, &format!("  {} ", told.title), &place, view.width);
            for (word, text) in told.lines {
                paragraph(&mut out, &format!("    {word:<13}"), &text, view.width);
            }
        }
    }
    if !view.difference.reworded.is_empty() {
        out.push_str("\nother words only\n");
        let titles: Vec<String> = view.difference.reworded.iter().map(title).collect();
        paragraph(&mut out, "  ", &titles.join(", "), view.width);
    }
    out
}

/// What differs as Markdown for a comment. What a comment does not hold is left out with a notice.
#[must_use]
pub fn entries_markdown(view: &EntriesView<'_>) -> String {
    let mut out = format!(
        "{MARK}\n### Catalog {} to {}\n\n**{}**\n",
        code(view.names.0),
        code(view.names.1),
        inline(&summary(view.difference))
    );
    let mut left_out = 0;
    for (title, entries) in sections(view) {
        out.push_str(&format!("\n#### {title}: {}\n\n", entries.len()));
        for told in entries {
            let lines = told.lines.iter();
            let lines: Vec<String> = lines
                .map(|(word, text)| format!("  - {word}: {}\n", inline(text)))
                .collect();
            let item = format!(
                "- {} ({})\n{}",
                inline(&told.title),
                inline(&told.place),
                lines.join("")
            );
            if out.chars().count() + item.chars().count() + NOTICE > COMMENT {
                left_out += 1;
                continue;
            }
            out.push_str(&item);
        }
    }
    if left_out > 0 {
        out.push_str(&format!("\n> Left out: {left_out} more entries.\n"));
    }
    out
}

/// The answer in one line.
fn summary(difference: &CatalogDifference) -> String {
    let counts = [
        (difference.added.len(), "added"),
        (difference.removed.len(), "removed"),
        (difference.renamed.len(), "renamed"),
        (difference.changed.len(), "changed"),
        (difference.reworded.len(), "in other words only"),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let mut parts: Vec<String> = counts
        .map(|(count, word)| format!("{} {word}", grouped(count as u64)))
        .collect();
    if !difference.is_change() {
        parts.insert(0, "no change".to_owned());
    }
    parts.push(format!("{} alike", grouped(difference.alike as u64)));
    parts.join(", ")
}

fn sections(view: &EntriesView<'_>) -> Vec<(&'static str, Vec<Told>)> {
    let difference = view.difference;
    let whole = |entry: &Entry| told(view, title(entry), entry, fields(entry));
    let renamed = difference.renamed.iter().map(|(old, new)| {
        let title = format!("{} is now {}", title(old), new.id);
        told(view, title, new, Vec::new())
    });
    let changed = difference.changed.iter().map(|(entry, changes)| {
        let lines = changes.iter().map(|it| (it.field.name(), change(it)));
        told(view, title(entry), entry, lines.collect())
    });
    let sections = [
        ("added", difference.added.iter().map(whole).collect()),
        ("removed", difference.removed.iter().map(whole).collect()),
        ("renamed", renamed.collect()),
        ("changed", changed.collect::<Vec<Told>>()),
    ];
    let sections = sections.into_iter();
    sections
        .filter(|(_, entries)| !entries.is_empty())
        .collect()
}

fn told(
    view: &EntriesView<'_>,
    title: String,
    entry: &Entry,
    lines: Vec<(&'static str, String)>,
) -> Told {
    let file = view.sources.get(entry.span.file);
    let place = file.map(|file| {
        format!(
            "{}:{}",
            file.path(),
            file.line_column(entry.span.start).line
        )
    });
    Told {
        title,
        place: place.unwrap_or_default(),
        lines,
    }
}

/// What an entry is called.
fn title(entry: &Entry) -> String {
    match (entry.kind, entry.id.as_str()) {
        (EntryKind::Endpoint, id) => id.to_owned(),
        (kind, "") => kind.to_string(),
        (kind, id) => format!("{kind} {id}"),
    }
}

/// What an entry that only one catalog has says.
fn fields(entry: &Entry) -> Vec<(&'static str, String)> {
    let fields = entry.fields.iter();
    fields
        .map(|(field, values)| (field.name(), list(values)))
        .collect()
}

/// A field that differs: `tcp/443 became tcp/8443`, or what came and what went.
fn change(change: &FieldChange) -> String {
    let (lost, gained) = (list(&change.lost), list(&change.gained));
    let lists = matches!(
        change.field,
        Field::Destinations | Field::Services | Field::Clouds | Field::Features | Field::Parameters
    );
    match (change.lost.is_empty(), change.gained.is_empty()) {
        (true, _) => format!("also {gained}"),
        (_, true) => format!("no longer {lost}"),
        _ if lists => format!("{gained} instead of {lost}"),
        _ => format!("{lost} became {gained}"),
    }
}

fn list(values: &BTreeSet<String>) -> String {
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    values.join(", ")
}
