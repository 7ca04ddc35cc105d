//! Text for the terminal.

use crate::report::wrap::paragraph;
use crate::verify::{List, Named, Step, What};

use super::{View, name, place, rules, why};

/// How many changes of one list are shown one by one.
const MOST: usize = 40;

/// How many rules are named as a reason.
const FEW: usize = 3;

/// An answer as text.
#[must_use]
pub fn text(view: &View<'_>) -> String {
    let mut out = String::new();
    paragraph(&mut out, "network  ", view.name, view.width);
    paragraph(&mut out, "result   ", &summary(view), view.width);
    let lists = view.optimized.lists.iter();
    for list in lists.clone().filter(|list| list.is_smaller()) {
        write_list(&mut out, view, list);
    }
    let left = lists.filter_map(|list| Some((list, list.left.as_ref()?)));
    let left: Vec<_> = left.collect();
    if !left.is_empty() {
        out.push_str("\nleft as they are\n");
    }
    for (list, reason) in left {
        let words = format!("{}: {}", name(view, list), why(view, reason));
        paragraph(&mut out, "  ", &words, view.width);
    }
    if view.optimized.is_smaller() {
        out.push('\n');
        paragraph(&mut out, "proved   ", &proof(view), view.width);
        out.push('\n');
        out.push_str(&rules(view));
    }
    out
}

fn summary(view: &View<'_>) -> String {
    let optimized = view.optimized;
    let (before, after) = optimized.rules();
    let (entries_before, entries_after) = optimized.entries();
    if !optimized.is_smaller() {
        return match before {
            0 => "there are no rules".to_owned(),
            1 => "nothing to take away from 1 rule".to_owned(),
            many => format!("nothing to take away from {many} rules"),
        };
    }
    format!(
        "{after} of {before} rules do the same, with {entries_after} of {entries_before} addresses, names and ports"
    )
}

fn proof(view: &View<'_>) -> String {
    let difference = &view.optimized.difference;
    let mut words =
        "every list of rules does with each flow what it did, whatever tags and groups hold"
            .to_owned();
    match difference.compared.len() {
        0 => {}
        1 => words.push_str("; nothing changes for the flows from 1 subnet"),
        many => words.push_str(&format!(
            "; nothing changes for the flows from {many} subnets"
        )),
    }
    if !difference.too_large.is_empty() {
        let which = difference.too_large.join(", ");
        words.push_str(&format!(
            "; the flows from {which} are too many to be compared as a whole"
        ));
    }
    words
}

fn write_list(out: &mut String, view: &View<'_>, list: &List) {
    let head = format!(
        "{}: {} of {} rules, {} of {} entries",
        name(view, list),
        list.after.0,
        list.before.0,
        list.after.1,
        list.before.1
    );
    out.push('\n');
    paragraph(out, "", &head, view.width);
    for step in list.steps.iter().take(MOST) {
        let place = place(view, step.rule.origin);
        let place = place.map_or_else(String::new, |place| format!(" ({place})"));
        out.push_str(&format!("  {}: {}{place}\n", step.rule.name, words(step)));
    }
    let more = list.steps.len().saturating_sub(MOST);
    if more > 0 {
        out.push_str(&format!("  and {more} more\n"));
    }
}

fn words(step: &Step) -> String {
    match &step.what {
        What::NeverAsked { by } => {
            format!("goes, because {} all of it before", together(by, "decide"))
        }
        What::DecidedBefore { by } => {
            let all = "all of it before any application rule";
            format!("goes, because network {} {all}", together(by, "decide"))
        }
        What::SaidLater { by } => {
            format!("goes, because {} the same behind it", together(by, "do"))
        }
        What::Joined { into } => format!("becomes a part of {}", into.name),
        What::Shortened { from, to } => format!("{to} entries instead of {from} say the same"),
    }
}

/// `rule a decides`, `rules a and b together decide`.
fn together(by: &[Named], verb: &str) -> String {
    let names: Vec<&str> = by.iter().take(FEW).map(|rule| rule.name.as_str()).collect();
    let more = by.len().saturating_sub(FEW);
    let names = match names.as_slice() {
        [one] => {
            let ending = if verb == "do" { "es" } else { "s" };
            return format!("rule {one} {verb}{ending}");
        }
        [all @ .., last] if more == 0 => format!("{} and {last}", all.join(", ")),
        all => format!("{} and {more} more", all.join(", ")),
    };
    format!("rules {names} together {verb}")
}
