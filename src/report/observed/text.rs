//! The comparison for people: contradictions first.

use crate::azure::Trace;
use crate::explain::{Compared, SeenBy, UnreadLine};
use crate::report::wrap::paragraph;

use super::{KINDS, View};

/// The comparison as text.
#[must_use]
pub fn text(view: &View<'_>) -> String {
    let mut out = format!("pool {}\n", view.pool);
    paragraph(&mut out, "  observed       ", &seen(view), view.width);
    for remark in &view.observed.remarks {
        paragraph(&mut out, "  remark         ", remark, view.width);
    }
    paragraph_of_unread(&mut out, &view.observed.unread, view.width);
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

/// What the file is, of which day, and who was asked for names.
fn seen(view: &View<'_>) -> String {
    let observed = view.observed;
    let by = match observed.by {
        SeenBy::Probe => String::new(),
        by => format!(", {}", by.words()),
    };
    let day = observed.started.as_ref();
    let day = day.map_or_else(String::new, |day| format!(" of {day}"));
    let servers = match observed.servers.as_slice() {
        [] => String::new(),
        servers => format!(", names from {}", servers.join(", ")),
    };
    format!("{}{by}{day}{servers}", view.file)
}

fn paragraph_of_unread(out: &mut String, unread: &[UnreadLine], width: usize) {
    let Some(first) = unread.first() else {
        return;
    };
    let lines = match unread.len() {
        1 => "1 line was not understood".to_owned(),
        several => format!("{several} lines were not understood, the first"),
    };
    let words = format!("{lines}: line {} `{}`", first.number, first.text);
    paragraph(out, "  not understood ", &words, width);
}

fn write(out: &mut String, row: &Compared<'_>, width: usize) {
    let seen = row.observation;
    let from = seen.from;
    let from = from.map_or_else(String::new, |from| format!(" from {from}"));
    let needed = seen.requirement.as_ref();
    let needed = needed.map_or_else(String::new, |need| format!(" (needed by {need})"));
    let head = format!("{}{from}{needed}", seen.endpoint);
    paragraph(out, "  ", &head, width);
    if let Some(trace) = &row.expected {
        paragraph(out, "    expected  ", &expected(trace), width);
    }
    let words = format!("{}: {}", seen.ending.word(), seen.detail);
    paragraph(out, "    seen      ", &words, width);
    for explanation in &row.explanations {
        paragraph(out, "    maybe     ", explanation, width);
    }
    for note in &row.notes {
        paragraph(out, "    note      ", note, width);
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
