//! The comparison for people: contradictions first.

use crate::azure::Trace;
use crate::explain::Compared;
use crate::report::wrap::paragraph;

use super::{KINDS, View};

/// The comparison as text.
#[must_use]
pub fn text(view: &View<'_>) -> String {
    let observed = view.observed;
    let mut out = format!("pool {}\n", observed.pool);
    let servers = match observed.servers.as_slice() {
        [] => String::new(),
        servers => format!(", names from {}", servers.join(", ")),
    };
    let seen = format!("{} of {}{servers}", view.file, observed.started);
    paragraph(&mut out, "  observed       ", &seen, view.width);
    for (kind, word, _) in KINDS {
        let some = view.compared.iter().filter(|it| it.comparison == kind);
        let words = match some.count() {
            0 => "none".to_owned(),
            some => format!("{some} of {}", view.compared.len()),
        };
        paragraph(&mut out, &format!("  {word:<15}"), &words, view.width);
    }
    for (kind, word, _) in KINDS {
        let rows = view.compared.iter().filter(|it| it.comparison == kind);
        for (index, row) in rows.enumerate() {
            if index == 0 {
                out.push_str(&format!("\n{word}\n"));
            }
            write(&mut out, row, view.width);
        }
    }
    out
}

fn write(out: &mut String, row: &Compared<'_>, width: usize) {
    let seen = row.observation;
    let head = format!("{} (needed by {})", seen.endpoint, seen.requirement);
    paragraph(out, "  ", &head, width);
    if let Some(trace) = &row.expected {
        paragraph(out, "    expected  ", &expected(trace), width);
    }
    let words = format!("{}: {}", seen.class.word(), seen.detail);
    paragraph(out, "    seen      ", &words, width);
    for explanation in &row.explanations {
        paragraph(out, "    maybe     ", explanation, width);
    }
}

/// What is expected, and what decides it.
pub(super) fn expected(trace: &Trace) -> String {
    let verdict = crate::report::explanation::verdict(trace.verdict);
    match trace.decisive() {
        None => verdict.to_owned(),
        Some(blocker) => format!("{verdict}: {} {}", blocker.element.name, blocker.text),
    }
}
