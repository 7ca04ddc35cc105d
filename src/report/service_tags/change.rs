//! What changed between two files, for people.

use crate::base::grouped;
use crate::report::markdown::{COMMENT, MARK, code, inline};
use crate::report::wrap::paragraph;
use crate::verify::Detail;
use crate::verify::service_tags::{Addresses, Alone, Changed, TagsDifference};

use super::{FileView, counted, listed, prefixes_word, uses_words};

/// How many tags of a kind are told one by one unless all are wanted.
const TAGS: usize = 20;

/// Room for the notice about what a comment left out.
const NOTICE: usize = 200;

/// Two files and what changed.
#[derive(Debug, Clone, Copy)]
pub struct ChangeView<'v> {
    /// What changed.
    pub difference: &'v TagsDifference,
    /// The old file.
    pub before: FileView<'v>,
    /// The new file.
    pub after: FileView<'v>,
    /// Whether long lists are cut.
    pub detail: Detail,
    /// How many characters a line has.
    pub width: usize,
}

/// How many prefixes or names a list shows unless all are wanted.
const MOST: usize = 12;

/// Tags that are told together.
struct Section {
    title: &'static str,
    tags: Vec<Told>,
}

/// A tag, what is said beside its name, and lines of a word and a text.
struct Told {
    name: String,
    beside: String,
    lines: Vec<(&'static str, String)>,
}

/// What changed as text.
#[must_use]
pub fn change_text(view: &ChangeView<'_>) -> String {
    let difference = view.difference;
    let mut out = String::new();
    let mut line = |title: &str, text: &str| {
        paragraph(&mut out, &format!("{title:<9}"), text, view.width);
    };
    line("before", &view.before.words());
    line("after", &view.after.words());
    line("result", &summary(difference));
    for warning in warnings(difference) {
        line("warning", warning);
    }
    for section in sections(view) {
        out.push_str(&format!("\n{}\n", section.title));
        let (tags, more) = few(&section.tags, view.detail);
        for tag in tags {
            paragraph(
                &mut out,
                &format!("  {}  ", tag.name),
                &tag.beside,
                view.width,
            );
            for (word, text) in &tag.lines {
                paragraph(&mut out, &format!("    {word:<11}"), text, view.width);
            }
        }
        if more > 0 {
            out.push_str(&format!("  and {} more (--all)\n", grouped(more as u64)));
        }
    }
    if !difference.rewritten.is_empty() {
        out.push_str("\nthe same addresses in other prefixes\n");
        let names = listed(&difference.rewritten, MOST, view.detail);
        paragraph(&mut out, "  ", &names, view.width);
    }
    out
}

/// What changed as Markdown for a comment. What a comment does not hold is left out with a notice.
#[must_use]
pub fn change_markdown(view: &ChangeView<'_>) -> String {
    let mut out = format!(
        "{MARK}\n### Service tags from {} to {}\n\n{}; {}\n\n**{}**\n",
        code(view.before.path),
        code(view.after.path),
        inline(&view.before.facts()),
        inline(&view.after.facts()),
        inline(&summary(view.difference))
    );
    for warning in warnings(view.difference) {
        out.push_str(&format!("\n> {}\n", inline(warning)));
    }
    let mut left_out = 0;
    for section in sections(view) {
        let (tags, more) = few(&section.tags, view.detail);
        let mut rest = more;
        out.push_str(&format!(
            "\n#### {}: {}\n\n",
            section.title,
            section.tags.len()
        ));
        for tag in tags {
            let beside = (!tag.beside.is_empty()).then(|| inline(&tag.beside));
            let lines = tag.lines.iter();
            let lines = lines.map(|(word, text)| format!("{word} {}", inline(text)));
            let lines: Vec<String> = beside.into_iter().chain(lines).collect();
            let item = format!("- {}: {}\n", code(&tag.name), lines.join("; "));
            if out.chars().count() + item.chars().count() + NOTICE > COMMENT {
                rest += 1;
                continue;
            }
            out.push_str(&item);
        }
        left_out += rest;
    }
    if left_out > 0 {
        let count = grouped(left_out as u64);
        out.push_str(&format!("\n> Left out: {count} more tags.\n"));
    }
    out
}

/// The answer in one line.
fn summary(difference: &TagsDifference) -> String {
    let rewritten = difference.rewritten.len();
    let mut parts = Vec::new();
    let counts = [
        (difference.added.len(), "added"),
        (difference.removed.len(), "removed"),
        (difference.changed.len(), "changed"),
    ];
    for (count, word) in counts.iter().filter(|(count, _)| *count > 0) {
        parts.push(format!("{} {word}", tags(*count)));
    }
    let mut text = match parts.as_slice() {
        [] => "no change".to_owned(),
        parts => parts.join(", "),
    };
    let unchanged = difference.alike + rewritten;
    text.push_str(&format!("; {} without a change", tags(unchanged)));
    if rewritten > 0 {
        let written = grouped(rewritten as u64);
        text.push_str(&format!(
            ", {written} of them with the same addresses in other prefixes"
        ));
    }
    text
}

fn tags(count: usize) -> String {
    match count {
        1 => "1 tag".to_owned(),
        count => format!("{} tags", grouped(count as u64)),
    }
}

/// What makes the answer worth less.
fn warnings(difference: &TagsDifference) -> impl Iterator<Item = &'static str> {
    let other_cloud = "the files are about different clouds";
    let reversed = "by its change number the first file is the newer one: added and removed are the wrong way round";
    let warnings = [
        (difference.other_cloud, other_cloud),
        (difference.reversed, reversed),
    ];
    let warnings = warnings.into_iter().filter(|(holds, _)| *holds);
    warnings.map(|(_, text)| text)
}

/// Those that are told one by one, and how many are not.
fn few<T>(all: &[T], detail: Detail) -> (impl Iterator<Item = &T>, usize) {
    let most = match detail {
        Detail::Short => TAGS,
        Detail::Full => usize::MAX,
    };
    (all.iter().take(most), all.len().saturating_sub(most))
}

fn sections(view: &ChangeView<'_>) -> Vec<Section> {
    let difference = view.difference;
    let mut changed: Vec<&Changed> = difference.changed.iter().collect();
    // The sort is stable, so tags with as many stay in the order of their names.
    changed.sort_by_key(|it| std::cmp::Reverse(it.gained.v4_count() + it.lost.v4_count()));
    let sections = [
        Section {
            title: "added",
            tags: difference.added.iter().map(alone).collect(),
        },
        Section {
            title: "removed",
            tags: difference.removed.iter().map(alone).collect(),
        },
        Section {
            title: "changed",
            tags: changed
                .into_iter()
                .map(|it| change(it, view.detail))
                .collect(),
        },
    ];
    let sections = sections.into_iter();
    sections
        .filter(|section| !section.tags.is_empty())
        .collect()
}

fn alone(tag: &Alone) -> Told {
    let addresses = match tag.prefixes {
        0 => counted(&tag.addresses),
        prefixes => format!("{} in {}", counted(&tag.addresses), prefixes_word(prefixes)),
    };
    Told {
        name: tag.name.clone(),
        beside: format!("{addresses}; {}", uses_words(&tag.statement.features)),
        lines: Vec::new(),
    }
}

fn change(tag: &Changed, detail: Detail) -> Told {
    let mut lines = Vec::new();
    let sets = [("gained", &tag.gained), ("lost", &tag.lost)];
    for (word, set) in sets.iter().filter(|(_, set)| !set.is_empty()) {
        lines.push((*word, set_words(set, detail)));
    }
    let uses = [
        ("usable now", &tag.features_gained),
        ("no longer", &tag.features_lost),
    ];
    for (word, features) in uses.iter().filter(|(_, features)| !features.is_empty()) {
        lines.push((*word, uses_words(features)));
    }
    let (was, is) = &tag.statements;
    let words = [
        ("region", &was.region, &is.region),
        ("service", &was.system_service, &is.system_service),
    ];
    for (word, was, is) in words.iter().filter(|(_, was, is)| was != is) {
        lines.push((*word, format!("`{was}` became `{is}`")));
    }
    if let (Some(was), Some(is)) = (was.change_number, is.change_number) {
        lines.push(("number", format!("{was} became {is}")));
    }
    Told {
        name: tag.name.clone(),
        beside: String::new(),
        lines,
    }
}

fn set_words(set: &Addresses, detail: Detail) -> String {
    format!(
        "{}: {}",
        counted(set),
        listed(&set.prefixes(), MOST, detail)
    )
}
