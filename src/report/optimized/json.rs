//! The answer for programs.

use serde::Serialize;

use crate::verify::{List, Named, Step, What};

use super::{View, name, place, rules, why};

#[derive(Serialize)]
struct Root<'v> {
    version: u32,
    network: &'v str,
    result: &'static str,
    rules: Counted,
    entries: Counted,
    lists: Vec<Listed<'v>>,
    compared: &'v [String],
    too_large: &'v [String],
    policy: String,
}

#[derive(Serialize)]
struct Counted {
    before: usize,
    after: usize,
}

#[derive(Serialize)]
struct Listed<'v> {
    name: String,
    rules: Counted,
    entries: Counted,
    steps: Vec<Told<'v>>,
    left_because: Option<String>,
}

#[derive(Serialize)]
struct Told<'v> {
    rule: Place<'v>,
    what: &'static str,
    by: Vec<Place<'v>>,
    entries: Option<Counted>,
}

#[derive(Serialize)]
struct Place<'v> {
    name: &'v str,
    at: Option<String>,
}

/// An answer as JSON. It leaves nothing out.
#[must_use]
pub fn json(view: &View<'_>) -> String {
    let optimized = view.optimized;
    let lists = optimized.lists.iter();
    let root = Root {
        version: 1,
        network: view.name,
        result: if optimized.is_smaller() {
            "smaller"
        } else {
            "no_change"
        },
        rules: counted(optimized.rules()),
        entries: counted(optimized.entries()),
        lists: lists.map(|list| listed(view, list)).collect(),
        compared: &optimized.difference.compared,
        too_large: &optimized.difference.too_large,
        policy: rules(view),
    };
    let text = serde_json::to_string_pretty(&root).unwrap_or_default();
    text + "\n"
}

fn counted((before, after): (usize, usize)) -> Counted {
    Counted { before, after }
}

fn listed<'v>(view: &View<'v>, list: &'v List) -> Listed<'v> {
    Listed {
        name: name(view, list),
        rules: counted((list.before.0, list.after.0)),
        entries: counted((list.before.1, list.after.1)),
        steps: list.steps.iter().map(|step| told(view, step)).collect(),
        left_because: list.left.as_ref().map(|left| why(view, left)),
    }
}

fn told<'v>(view: &View<'v>, step: &'v Step) -> Told<'v> {
    let (what, by, entries) = match &step.what {
        What::NeverAsked { by } => ("never_asked", by.as_slice(), None),
        What::DecidedBefore { by } => ("decided_by_network_rules", by.as_slice(), None),
        What::SaidLater { by } => ("said_later", by.as_slice(), None),
        What::Joined { into } => ("joined", std::slice::from_ref(into), None),
        What::Shortened { from, to } => ("shortened", &[][..], Some(counted((*from, *to)))),
    };
    Told {
        rule: named(view, &step.rule),
        what,
        by: by.iter().map(|rule| named(view, rule)).collect(),
        entries,
    }
}

fn named<'v>(view: &View<'v>, rule: &'v Named) -> Place<'v> {
    Place {
        name: &rule.name,
        at: place(view, rule.origin),
    }
}
