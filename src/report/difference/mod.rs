//! Two networks held against each other, as text, Markdown and JSON.

mod json;
mod markdown;
mod text;

pub use json::json;
pub use markdown::markdown;
pub use text::text;

use crate::azure::Verdict;
use crate::base::SourceMap;
use crate::verify::{Change, Difference, Direction, Told};

use super::explanation::{placed, said_placed};
use super::held::measures;

/// How many changes of a kind are shown one by one.
const MOST: usize = 20;

/// How many characters of one line are shown.
const LINE: usize = 240;

/// What an answer is shown with.
#[derive(Debug, Clone, Copy)]
pub struct View<'v> {
    /// The answer.
    pub difference: &'v Difference,
    /// How the two networks were called.
    pub names: (&'v str, &'v str),
    /// The sources of the first network.
    pub before: &'v SourceMap,
    /// The sources of the second network.
    pub after: &'v SourceMap,
    /// How many characters a line has.
    pub width: usize,
}

/// Changes that are told together.
struct Section<'v> {
    title: &'static str,
    changes: Vec<&'v Change>,
}

/// What is told, in order, without what is empty.
fn sections<'v>(difference: &'v Difference) -> Vec<Section<'v>> {
    let mut sections = Vec::new();
    for direction in Direction::ALL {
        for certain in [true, false] {
            let title = match (direction, certain) {
                (Direction::Opened, true) => "allowed now",
                (Direction::Opened, false) => "perhaps allowed now",
                (Direction::Closed, true) => "no longer allowed",
                (Direction::Closed, false) => "perhaps no longer allowed",
                (Direction::OneWay, true) => "without a reply, and changed on the way there",
                (Direction::OneWay, false) => {
                    "without a reply, and perhaps changed on the way there"
                }
                (Direction::Unclear, _) => "not known any more",
                (Direction::Clear, _) => "known now",
            };
            let changes: Vec<&Change> = difference.of(direction, certain).collect();
            if !changes.is_empty() {
                sections.push(Section { title, changes });
            }
        }
    }
    sections
}

/// The answer in one line.
fn summary(difference: &Difference) -> String {
    let mut parts: Vec<String> = sections(difference)
        .iter()
        .map(|section| format!("{} {}", section.changes.len(), section.title))
        .collect();
    let lone = [
        (&difference.only_before, "only before"),
        (&difference.only_after, "only after"),
    ];
    for (subnets, when) in lone {
        match subnets.len() {
            0 => {}
            1 => parts.push(format!("1 subnet {when}")),
            many => parts.push(format!("{many} subnets {when}")),
        }
    }
    let open = difference.too_large.len();
    if open > 0 {
        parts.push(format!("{open} too large to decide"));
    }
    let compared = match difference.compared.len() {
        1 => "1 subnet compared".to_owned(),
        many => format!("{many} subnets compared"),
    };
    if parts.is_empty() {
        let known = match difference.doubted.is_empty() {
            true => "no change",
            false => "no change that is known",
        };
        return format!("{known}; {compared}");
    }
    format!("{}; {compared}", parts.join(", "))
}

/// What becomes of a flow on one side and because of what: `allowed by rule a (net.json:3:5)`.
fn told(told: &Told, sources: &SourceMap) -> String {
    let verdict = word(told.verdict);
    if let (Some((cause, text)), Some(element)) = (&told.blocker, told.elements.first()) {
        let said = said_placed(sources, element, text);
        return format!("{verdict}: {said} [{cause}]");
    }
    match told.elements.as_slice() {
        [] if told.verdict == Verdict::Denied => {
            format!("{verdict}: no machine of the subnet has the address")
        }
        [] => format!("{verdict}: nothing stands in the way"),
        [first, ..] => format!("{verdict} by {}", placed(sources, first)),
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allowed => "allowed",
        Verdict::Denied => "denied",
        Verdict::NoReturn => "without a reply",
        Verdict::Uncertain => "not known",
    }
}

/// Why a change is not certain, where that is not said by its title.
fn note(change: &Change) -> Option<String> {
    if change.certain || matches!(change.direction, Direction::Unclear | Direction::Clear) {
        return None;
    }
    Some(match &change.example {
        Some(_) => format!(
            "taken as sets the flows were {} and are {}; the flow followed alone does not show it",
            word(change.was),
            word(change.is)
        ),
        None => format!(
            "taken as sets the flows were {} and are {}; none was followed alone",
            word(change.was),
            word(change.is)
        ),
    })
}

/// How much a change is, in words.
fn measured(change: &Change) -> Vec<String> {
    let mut measured = measures(&change.openness);
    if change.unlisted {
        measured.push("how much a condition holds is not known".to_owned());
    }
    measured
}

/// What was assumed on either side.
fn assumed(change: &Change) -> Vec<&str> {
    let example = change.example.iter();
    let mut assumed: Vec<&str> = example
        .flat_map(|it| it.before.assumed.iter().chain(&it.after.assumed))
        .map(String::as_str)
        .collect();
    assumed.sort_unstable();
    assumed.dedup();
    assumed
}

/// From where, in words.
fn from(change: &Change) -> String {
    const FEW: usize = 6;
    let shown: Vec<&str> = change
        .subnets
        .iter()
        .take(FEW)
        .map(String::as_str)
        .collect();
    match change.subnets.len().saturating_sub(FEW) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
