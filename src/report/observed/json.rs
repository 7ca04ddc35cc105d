//! The comparison for programs.

use serde::Serialize;

use super::text::expected;
use super::{KINDS, View};

#[derive(Serialize)]
struct Root<'v> {
    version: u32,
    pool: &'v str,
    observed: &'v str,
    rows: Vec<Row<'v>>,
}

#[derive(Serialize)]
struct Row<'v> {
    requirement: &'v str,
    endpoint: &'v str,
    comparison: &'static str,
    expected: Option<&'static str>,
    because: Option<String>,
    class: &'static str,
    detail: &'v str,
    explanations: &'v [String],
}

/// The comparison as JSON.
#[must_use]
pub fn json(view: &View<'_>) -> String {
    let rows = view.compared.iter().map(|row| {
        let kind = KINDS.iter().find(|(kind, ..)| *kind == row.comparison);
        Row {
            requirement: &row.observation.requirement,
            endpoint: &row.observation.endpoint,
            comparison: kind.map_or("", |(.., word)| word),
            expected: row.expected.as_ref().map(|trace| trace.verdict.keyword()),
            because: row.expected.as_ref().map(expected),
            class: row.observation.class.word(),
            detail: &row.observation.detail,
            explanations: &row.explanations,
        }
    });
    let root = Root {
        version: 1,
        pool: &view.observed.pool,
        observed: &view.observed.started,
        rows: rows.collect(),
    };
    let text = serde_json::to_string_pretty(&root).unwrap_or_default();
    text + "\n"
}
