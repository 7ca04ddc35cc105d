//! The answer for programs.

use serde::Serialize;

use crate::azure::{Element, Verdict};
use crate::base::SourceMap;
use crate::report::held::flow_words;
use crate::verify::{Change, Direction, Doubted};

use super::View;

#[derive(Serialize)]
struct Root<'v> {
    version: u32,
    before: &'v str,
    after: &'v str,
    result: &'static str,
    compared: &'v [String],
    only_before: &'v [String],
    only_after: &'v [String],
    too_large: &'v [String],
    changes: Vec<Changed<'v>>,
    doubted: Vec<Doubts<'v>>,
    unknown_on_both: bool,
}

#[derive(Serialize)]
struct Changed<'v> {
    direction: &'static str,
    certain: bool,
    before: &'static str,
    after: &'static str,
    subnets: &'v [String],
    flows: &'v [String],
    example: Option<Example<'v>>,
    addresses: String,
    pairs: String,
    shared_below: &'v [String],
    unlisted: bool,
}

#[derive(Serialize)]
struct Example<'v> {
    flow: String,
    before: Told<'v>,
    after: Told<'v>,
}

#[derive(Serialize)]
struct Told<'v> {
    verdict: &'static str,
    elements: Vec<Place<'v>>,
    cause: Option<&'static str>,
    text: Option<&'v str>,
    assumed: &'v [String],
}

#[derive(Serialize)]
struct Place<'v> {
    name: &'v str,
    at: Option<String>,
}

#[derive(Serialize)]
struct Doubts<'v> {
    subnet: &'v str,
    before: &'v [String],
    after: &'v [String],
}

/// An answer as JSON. It leaves nothing out.
#[must_use]
pub fn json(view: &View<'_>) -> String {
    let difference = view.difference;
    let result = match (difference.is_certain(), difference.is_open()) {
        (true, _) => "changes",
        (false, true) => "not_known",
        (false, false) => "no_change",
    };
    let changes = difference.changes.iter();
    let doubted = difference.doubted.iter();
    let root = Root {
        version: 1,
        before: view.names.0,
        after: view.names.1,
        result,
        compared: &difference.compared,
        only_before: &difference.only_before,
        only_after: &difference.only_after,
        too_large: &difference.too_large,
        changes: changes.map(|it| changed(view, it)).collect(),
        doubted: doubted.map(doubts).collect(),
        unknown_on_both: difference.unknown_on_both,
    };
    let text = serde_json::to_string_pretty(&root).unwrap_or_default();
    text + "\n"
}

fn changed<'v>(view: &View<'v>, change: &'v Change) -> Changed<'v> {
    let example = change.example.as_ref().map(|it| Example {
        flow: flow_words(&it.flow),
        before: told(&it.before, view.before),
        after: told(&it.after, view.after),
    });
    Changed {
        direction: match change.direction {
            Direction::Opened => "opened",
            Direction::Closed => "closed",
            Direction::OneWay => "one_way",
            Direction::Unclear => "unclear",
            Direction::Clear => "clear",
        },
        certain: change.certain,
        before: word(change.was),
        after: word(change.is),
        subnets: &change.subnets,
        flows: &change.flows,
        example,
        // Wider than what every reader of JSON takes for a number.
        addresses: change.openness.addresses.to_string(),
        pairs: change.openness.pairs.to_string(),
        shared_below: &change.openness.shared,
        unlisted: change.unlisted,
    }
}

fn told<'v>(told: &'v crate::verify::Told, sources: &SourceMap) -> Told<'v> {
    let place = |element: &'v Element| Place {
        name: &element.name,
        at: element.origin.span().map(|span| sources.describe(span)),
    };
    Told {
        verdict: word(told.verdict),
        elements: told.elements.iter().map(place).collect(),
        cause: told.blocker.as_ref().map(|(cause, _)| cause.slug()),
        text: told.blocker.as_ref().map(|(_, text)| text.as_str()),
        assumed: &told.assumed,
    }
}

fn doubts(doubted: &Doubted) -> Doubts<'_> {
    Doubts {
        subnet: &doubted.subnet,
        before: &doubted.before,
        after: &doubted.after,
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allowed => "allowed",
        Verdict::Denied => "denied",
        Verdict::NoReturn => "no_return",
        Verdict::Uncertain => "uncertain",
    }
}
