//! The comparison for programs.

use std::net::IpAddr;

use serde::Serialize;

use super::text::expected;
use super::{KINDS, View};

#[derive(Serialize)]
struct Root<'v> {
    version: u32,
    kind: &'static str,
    source: &'static str,
    pool: &'v str,
    observed: Option<&'v str>,
    remarks: &'v [String],
    not_understood: Vec<Line<'v>>,
    rows: Vec<Row<'v>>,
}

#[derive(Serialize)]
struct Line<'v> {
    line: usize,
    text: &'v str,
}

#[derive(Serialize)]
struct Row<'v> {
    requirement: Option<&'v str>,
    endpoint: &'v str,
    from: Option<IpAddr>,
    comparison: &'static str,
    expected: Option<&'static str>,
    because: Option<String>,
    class: &'static str,
    detail: &'v str,
    explanations: &'v [String],
    notes: &'v [String],
}

/// The comparison as JSON.
#[must_use]
pub fn json(view: &View<'_>) -> String {
    let rows = view.compared.iter().map(|row| {
        let kind = KINDS.iter().find(|(kind, ..)| *kind == row.comparison);
        Row {
            requirement: row.observation.requirement.as_deref(),
            endpoint: &row.observation.endpoint,
            from: row.observation.from,
            comparison: kind.map_or("", |(.., word)| word),
            expected: row.expected.as_ref().map(|trace| trace.verdict.keyword()),
            because: row.expected.as_ref().map(expected),
            class: row.observation.ending.word(),
            detail: &row.observation.detail,
            explanations: &row.explanations,
            notes: &row.notes,
        }
    });
    let unread = view.observed.unread.iter();
    let unread = unread.map(|line| Line {
        line: line.number,
        text: &line.text,
    });
    let root = Root {
        version: 1,
        kind: "observed",
        source: view.observed.by.word(),
        pool: view.pool,
        observed: view.observed.started.as_deref(),
        remarks: &view.observed.remarks,
        not_understood: unread.collect(),
        rows: rows.collect(),
    };
    let text = serde_json::to_string_pretty(&root).unwrap_or_default();
    text + "\n"
}
