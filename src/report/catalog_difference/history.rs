//! What a page named at one day and at another, for people.

use crate::base::{Date, grouped};
use crate::intent::catalog::{
    Catalog, DocumentedName, Event, EventKind, History, HistoryDifference, Holding,
};
use crate::report::markdown::{COMMENT, MARK, code, inline};
use crate::report::wrap::paragraph;

/// Room for the notice about what a comment left out.
const NOTICE: usize = 200;

/// Two days of a history and what changed between them.
#[derive(Debug, Clone, Copy)]
pub struct HistoryView<'v> {
    /// The history.
    pub history: &'v History,
    /// The catalog that rests on the page.
    pub catalog: &'v Catalog,
    /// What changed.
    pub difference: &'v HistoryDifference<'v>,
    /// The days that are asked about.
    pub days: (Date, Date),
    /// How many characters a line has.
    pub width: usize,
}

/// A name that came or went, in words.
struct Told {
    name: String,
    /// When, and by which commit.
    event: String,
    /// What the catalog says of it.
    catalog: Vec<(&'static str, String)>,
}

/// What changed as text.
#[must_use]
pub fn history_text(view: &HistoryView<'_>) -> String {
    let mut out = String::new();
    for (title, text) in head(view) {
        paragraph(&mut out, &format!("{title:<9}"), &text, view.width);
    }
    for (title, names) in sections(view) {
        out.push_str(&format!("\n{title}\n"));
        for told in names {
            paragraph(&mut out, "  ", &told.name, view.width);
            paragraph(&mut out, "    ", &told.event, view.width);
            for (word, text) in told.catalog {
                paragraph(&mut out, &format!("    {word} "), &text, view.width);
            }
        }
    }
    out.push('\n');
    paragraph(&mut out, "basis    ", &view.history.basis, view.width);
    for caveat in &view.history.caveats {
        paragraph(&mut out, "caveat   ", caveat, view.width);
    }
    out
}

/// What changed as Markdown for a comment. What a comment does not hold is left out with a notice.
#[must_use]
pub fn history_markdown(view: &HistoryView<'_>) -> String {
    let (from, to) = view.days;
    let mut out = format!(
        "{MARK}\n### What the page behind catalog {} named on {from} and on {to}\n\n**{}**\n",
        code(&view.catalog.name),
        inline(&summary(view.difference))
    );
    for note in notes(view) {
        out.push_str(&format!("\n> {}\n", inline(&note)));
    }
    let caveats = view.history.caveats.iter();
    let caveats: String = caveats.map(|it| format!("- {}\n", inline(it))).collect();
    let end = format!("\n{}\n\n{caveats}", inline(&view.history.basis));
    let mut left_out = 0;
    for (title, names) in sections(view) {
        let table = format!(
            "\n#### {title}: {}\n\n| name | when | catalog |\n|---|---|---|\n",
            names.len()
        );
        out.push_str(&table);
        for told in names {
            let catalog = told.catalog.iter();
            let catalog: Vec<String> = catalog
                .map(|(word, text)| format!("{word} {text}"))
                .collect();
            let row = [told.event, catalog.join("; ")].map(|text| cell(&inline(&text)));
            let row = format!("| {} | {} |\n", cell(&code(&told.name)), row.join(" | "));
            let length = out.chars().count() + row.chars().count() + end.chars().count();
            if length + NOTICE > COMMENT {
                left_out += 1;
                continue;
            }
            out.push_str(&row);
        }
    }
    if left_out > 0 {
        out.push_str(&format!("\n> Left out: {left_out} more names.\n"));
    }
    out + &end
}

/// A text in a table, in which a bar ends the cell whatever stands around it.
fn cell(text: &str) -> String {
    text.replace("\\|", "|").replace('|', "\\|")
}

fn head(view: &HistoryView<'_>) -> Vec<(&'static str, String)> {
    let history = view.history;
    let (from, to) = view.days;
    let page = history.pages.last().map_or("", |page| page.path.as_str());
    let mut head = vec![
        ("catalog", view.catalog.name.to_string()),
        ("page", format!("{} {page}", history.repo)),
        ("from", from.to_string()),
        ("to", to.to_string()),
        ("result", summary(view.difference)),
    ];
    head.extend(notes(view).into_iter().map(|note| ("note", note)));
    head
}

/// What is to be known about the days.
fn notes(view: &HistoryView<'_>) -> Vec<String> {
    let (from, to) = view.days;
    let head = &view.history.head;
    let mut notes = Vec::new();
    if from.max(to) > head.date {
        notes.push(format!(
            "the history ends with {} ({}); what the page named after that day is not known",
            head.date,
            short(&head.commit)
        ));
    }
    if from > to {
        notes.push("the first day is the later one".to_owned());
    }
    notes
}

/// The answer in one line.
fn summary(difference: &HistoryDifference<'_>) -> String {
    let names = |count: usize| match count {
        1 => "1 name".to_owned(),
        count => format!("{} names", grouped(count as u64)),
    };
    let mut text = match difference.is_change() {
        false => "no change".to_owned(),
        true => format!(
            "{} added, {} dropped",
            names(difference.added.len()),
            grouped(difference.dropped.len() as u64)
        ),
    };
    text.push_str(&format!("; {} on both days", names(difference.kept)));
    if difference.cancelled > 0 {
        text.push_str(&format!(
            "; {} changed in between and back again",
            names(difference.cancelled)
        ));
    }
    text
}

fn sections(view: &HistoryView<'_>) -> Vec<(&'static str, Vec<Told>)> {
    let told = |list: &[(&DocumentedName, &Event)], is_there: Presence| -> Vec<Told> {
        let mut list = list.to_vec();
        list.sort_by_key(|(_, event)| event.date);
        let names = list.into_iter();
        names
            .map(|(name, event)| tell(view.catalog, name, event, is_there))
            .collect()
    };
    let sections = [
        ("added", told(&view.difference.added, Presence::There)),
        ("dropped", told(&view.difference.dropped, Presence::Gone)),
    ];
    let sections = sections.into_iter();
    sections.filter(|(_, names)| !names.is_empty()).collect()
}

/// Whether the page names a name at the second day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    There,
    Gone,
}

fn tell(catalog: &Catalog, name: &DocumentedName, event: &Event, presence: Presence) -> Told {
    let word = match event.kind {
        EventKind::Added => "added",
        EventKind::Removed => "dropped",
    };
    let holding = catalog.holding(&name.fqdn);
    let (own, wider): (Vec<&Holding<'_>>, Vec<_>) =
        holding.iter().partition(|holding| holding.wider.is_none());
    let mut lines = Vec::new();
    if !own.is_empty() {
        let word = match presence {
            Presence::There => "in",
            Presence::Gone => "still in",
        };
        lines.push((word, entries(&own)));
    }
    match (own.is_empty(), wider.is_empty()) {
        // Who has the name itself needs no wider one.
        (false, _) => {}
        (true, false) => lines.push(("within", entries(&wider))),
        (true, true) => lines.push(("in", "no entry of the catalog".to_owned())),
    }
    Told {
        name: name.fqdn.to_string(),
        event: format!(
            "{word} {}, {} @ {}",
            event.date,
            event.file,
            short(&event.commit)
        ),
        catalog: lines,
    }
}

/// Entries with their level, and what they say of how they end.
fn entries(holding: &[&Holding<'_>]) -> String {
    let words = holding.iter().map(|holding| {
        let endpoint = holding.endpoint;
        let mut facts = vec![endpoint.level.to_string()];
        facts.extend(holding.wider.map(|wider| format!("as {wider}")));
        if let Some(lifecycle) = &endpoint.lifecycle {
            let other = lifecycle.replaced_by.as_ref();
            facts.extend(other.map(|other| format!("superseded by {other}")));
            let retired = lifecycle.retired.as_ref();
            facts.extend(retired.map(|when| format!("retired {when}")));
        }
        format!("{} ({})", endpoint.id, facts.join(", "))
    });
    words.collect::<Vec<_>>().join(", ")
}

/// The first digits of a commit, enough to find it.
fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}
