//! Text for the terminal.

use crate::report::held::flow_words;
use crate::report::shortened::shortened;
use crate::report::wrap::paragraph;
use crate::verify::Change;

use super::{LINE, MOST, View, assumed, from, measured, note, sections, summary, told};

/// An answer as text.
#[must_use]
pub fn text(view: &View<'_>) -> String {
    let difference = view.difference;
    let mut out = String::new();
    paragraph(&mut out, "before  ", view.names.0, view.width);
    paragraph(&mut out, "after   ", view.names.1, view.width);
    paragraph(&mut out, "result  ", &summary(difference), view.width);
    for section in sections(difference) {
        out.push_str(&format!("\n{}\n", section.title));
        for (at, change) in section.changes.iter().take(MOST).enumerate() {
            write_change(&mut out, view, at + 1, change);
        }
        let more = section.changes.len().saturating_sub(MOST);
        if more > 0 {
            out.push_str(&format!("     and {more} more\n"));
        }
    }
    let lone = [
        (&difference.only_before, "only before"),
        (&difference.only_after, "only after"),
    ];
    for (subnets, when) in lone.iter().filter(|(subnets, _)| !subnets.is_empty()) {
        out.push_str(&format!("\n{when}\n"));
        write_subnets(&mut out, subnets, view.width);
    }
    if !difference.too_large.is_empty() {
        out.push_str("\ntoo large to decide\n");
        write_subnets(&mut out, &difference.too_large, view.width);
    }
    for doubted in difference.doubted.iter().take(MOST) {
        out.push_str(&format!(
            "\nnot known on either side, for different reasons: {}\n",
            doubted.subnet
        ));
        for (word, doubts) in [("before", &doubted.before), ("after", &doubted.after)] {
            for doubt in doubts.iter().take(MOST) {
                paragraph(&mut out, &format!("  {word:<7}"), doubt, view.width);
            }
        }
    }
    if difference.unknown_on_both {
        let words =
            "of some flows it is known on neither side what becomes of them, for the same reasons";
        out.push('\n');
        paragraph(&mut out, "note    ", words, view.width);
    }
    out
}

fn write_subnets(out: &mut String, subnets: &[String], width: usize) {
    for subnet in subnets.iter().take(MOST) {
        paragraph(out, "  subnet ", subnet, width);
    }
    let more = subnets.len().saturating_sub(MOST);
    if more > 0 {
        out.push_str(&format!("  and {more} more\n"));
    }
}

fn write_change(out: &mut String, view: &View<'_>, at: usize, change: &Change) {
    let mut first = format!("  {at:>2}. ");
    for line in &change.flows {
        paragraph(out, &first, &shortened(line, LINE), view.width);
        first = "      ".to_owned();
    }
    paragraph(out, "      from:    ", &from(change), view.width);
    if let Some(example) = &change.example {
        let flow = flow_words(&example.flow);
        paragraph(out, "      such as: ", &flow, view.width);
        let before = told(&example.before, view.before);
        paragraph(out, "      before:  ", &before, view.width);
        let after = told(&example.after, view.after);
        paragraph(out, "      after:   ", &after, view.width);
    }
    let measures = measured(change);
    if !measures.is_empty() {
        paragraph(out, "      measure: ", &measures.join("; "), view.width);
    }
    if let Some(note) = note(change) {
        paragraph(out, "      note:    ", &note, view.width);
    }
    for assumed in assumed(change) {
        paragraph(out, "      assumed: ", assumed, view.width);
    }
}
