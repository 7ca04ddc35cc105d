//! Text for the terminal, and Markdown.

use crate::report::held::measures;
use crate::report::markdown::{code, inline};
use crate::report::shortened::shortened;
use crate::report::wrap::paragraph;
use crate::verify::{Detail, Reach, Reached};

use super::{FATES, View, destinations, fate, via};

/// How many characters of a line are shown, unless everything is.
const LINE: usize = 480;

/// An answer as text.
#[must_use]
pub fn text(view: &View<'_>) -> String {
    let mut out = String::new();
    for (at, reached) in view.reached.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        let subnet = view.estate.subnet_path(reached.subnet);
        out.push_str(&format!("{}\n", title(view, &subnet)));
        for of in FATES {
            let groups: Vec<&Reach> = reached.groups.iter().filter(|it| it.fate == of).collect();
            if groups.is_empty() {
                continue;
            }
            out.push_str(&format!("\n{}\n", fate(of)));
            for group in groups {
                write_group(&mut out, view, group);
            }
        }
        if let Some(note) = note(reached) {
            out.push('\n');
            paragraph(&mut out, "note  ", note, view.width);
        }
    }
    out
}

fn title(view: &View<'_>, subnet: &str) -> String {
    if view.from.replace('.', "/") == subnet {
        format!("from {subnet}")
    } else {
        format!("from {} in {subnet}", view.from)
    }
}

/// What the reader has to know about the whole.
fn note(reached: &Reached) -> Option<&'static str> {
    if reached.too_large {
        Some("there is too much to sum up everything: more may be reached")
    } else if reached.groups.is_empty() {
        Some("nothing that was asked about is reached")
    } else {
        None
    }
}

fn line<'l>(view: &View<'_>, line: &'l str) -> std::borrow::Cow<'l, str> {
    match view.detail {
        Detail::Full => line.into(),
        Detail::Short => shortened(line, LINE).into(),
    }
}

fn write_group(out: &mut String, view: &View<'_>, group: &Reach) {
    let head = format!("{}, {}", destinations(group.to), via(group));
    paragraph(out, "  ", &head, view.width);
    for flows in &group.flows {
        paragraph(out, "    ", &line(view, flows), view.width);
    }
    let measures = measures(&group.openness);
    if !measures.is_empty() {
        paragraph(out, "    measure: ", &measures.join("; "), view.width);
    }
    for doubt in &group.doubts {
        paragraph(out, "    rests on: ", doubt, view.width);
    }
}

/// An answer as Markdown.
#[must_use]
pub fn markdown(view: &View<'_>) -> String {
    let mut out = String::new();
    for reached in view.reached {
        let subnet = view.estate.subnet_path(reached.subnet);
        out.push_str(&format!("### Egress {}\n", inline(&title(view, &subnet))));
        for group in &reached.groups {
            out.push_str(&format!(
                "\n**{}: {}**, {}\n\n",
                fate(group.fate),
                destinations(group.to),
                inline(&via(group))
            ));
            for flows in &group.flows {
                out.push_str(&format!("- {}\n", code(&line(view, flows))));
            }
            for measure in measures(&group.openness) {
                out.push_str(&format!("- {}\n", inline(&measure)));
            }
            for doubt in &group.doubts {
                out.push_str(&format!("- rests on: {}\n", inline(doubt)));
            }
        }
        if let Some(note) = note(reached) {
            out.push_str(&format!("\n> {}\n", inline(note)));
        }
        out.push('\n');
    }
    out
}
