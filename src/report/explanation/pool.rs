//! A pool explained, for a terminal.

use std::collections::BTreeSet;

use crate::azure::preflight::Refusal;
use crate::azure::{Assumption, Verdict};
use crate::explain::{EndpointResult, PoolReport, Remedy};

use super::super::human::excerpt;
use super::super::wrap::paragraph;
use super::flow::assumptions;
use super::{View, words};

/// A pool explained: what the resource provider says, what it cannot reach, what its identity lacks.
#[must_use]
pub fn pool(report: &PoolReport<'_>, view: &View<'_>) -> String {
    let name = &view.estate.pools[report.pool].meta.name;
    let mut out = format!("pool {name}\n\n");
    preflight(&mut out, report, view);
    if let Some(failure) = &report.first_failure {
        let shown = words::symptoms(&failure.symptoms);
        let text = format!(
            "{} the one that {} ({}): {}",
            if report.preflight.refusals.is_empty() {
                "the first step of a node to fail is"
            } else {
                "were it not refused, the first step of a node to fail would be"
            },
            failure.step.does,
            failure.host,
            shown.join("; or ")
        );
        paragraph(&mut out, "nodes       ", &text, view.width);
    }
    endpoints(&mut out, report, view);
    permissions(&mut out, report, view);
    let mut assumed: BTreeSet<&Assumption> = report.preflight.assumptions.iter().collect();
    for endpoint in &report.endpoints {
        assumed.extend(&endpoint.explanation.trace.assumptions);
    }
    let assumed: Vec<Assumption> = assumed.into_iter().cloned().collect();
    assumptions(&mut out, &assumed, view.width);
    out
}

fn preflight(out: &mut String, report: &PoolReport<'_>, view: &View<'_>) {
    let said = &report.preflight;
    let verdict = match said.refusals.len() {
        0 if said.warnings.is_empty() && report.verdict() != Verdict::Allowed => {
            "Azure accepts the cluster; it does not look at next hops, rules, names or replies"
                .to_owned()
        }
        0 if said.warnings.is_empty() => "Azure accepts the cluster".to_owned(),
        0 if said.warnings.len() == 1 => {
            "Azure accepts the cluster, but there is a warning".to_owned()
        }
        0 => format!(
            "Azure accepts the cluster, but there are {} warnings",
            said.warnings.len()
        ),
        1 => "Azure refuses the cluster".to_owned(),
        more => format!("Azure refuses the cluster, for {more} reasons"),
    };
    paragraph(out, "preflight   ", &verdict, view.width);
    let refusals = said.refusals.iter().map(|refusal| ("cause", refusal));
    let warnings = said.warnings.iter().map(|warning| ("warning", warning));
    for ((word, refusal), fixes) in refusals.chain(warnings).zip(&report.fixes) {
        out.push('\n');
        refusal_text(out, word, refusal, fixes, view);
    }
    out.push('\n');
}

/// One reason to refuse the cluster: where, what Azure answers, what to do.
fn refusal_text(
    out: &mut String,
    word: &'static str,
    refusal: &Refusal,
    fixes: &[Remedy],
    view: &View<'_>,
) {
    // What an identity lacks is one thing, and why its roles do not give it another.
    let (text, why) = match refusal.text.split_once(": ") {
        Some((text, why)) if !refusal.missing_actions.is_empty() => (text, Some(why)),
        _ => (refusal.text.as_str(), None),
    };
    let message = words::said(&refusal.element.name, text);
    match refusal.element.origin.span() {
        Some(span) => out.push_str(&excerpt(
            (word, refusal.cause.slug()),
            &message,
            (span, "decides"),
            view.sources,
            view.color,
        )),
        None => out.push_str(&format!("[{}] {word}: {message}\n", refusal.cause)),
    }
    if let Some(why) = why {
        paragraph(out, "  because ", why, view.width);
    }
    let azure = match (&refusal.code, &refusal.message) {
        (Some(code), Some(message)) => Some(format!("{code}: \"{message}\"")),
        (Some(code), None) => Some(code.clone()),
        (None, Some(message)) => Some(format!("\"{message}\"")),
        (None, None) if word == "cause" => {
            Some("how Azure words this refusal is not known".to_owned())
        }
        (None, None) => None,
    };
    if let Some(azure) = azure {
        paragraph(out, "  azure   ", &azure, view.width);
    }
    for (number, remedy) in fixes.iter().take(3).enumerate() {
        let first = if number == 0 {
            "  fix     "
        } else {
            "  or      "
        };
        let settled = match (remedy.rewritten, word) {
            (Some(Verdict::Allowed), "cause") => " (policy edited and read again: not refused)",
            (Some(Verdict::Allowed), _) => " (policy edited and read again: no warning)",
            _ => "",
        };
        paragraph(
            out,
            first,
            &format!("{}{settled}", remedy.title),
            view.width,
        );
        for edit in &remedy.edits {
            let text = words::edit(view.sources, edit);
            paragraph(out, "            ", &text, view.width);
        }
    }
    if fixes.is_empty() {
        let page = format!(
            "no single change is known here; `tidegate explain --cause {}` tells what to look at",
            refusal.cause
        );
        paragraph(out, "  fix     ", &page, view.width);
    }
}

fn endpoints(out: &mut String, report: &PoolReport<'_>, view: &View<'_>) {
    let count = |verdict| {
        let endpoints = report.endpoints.iter();
        endpoints
            .filter(|endpoint| endpoint.explanation.trace.verdict == verdict)
            .count()
    };
    let words: Vec<String> = [
        Verdict::Denied,
        Verdict::NoReturn,
        Verdict::Uncertain,
        Verdict::Allowed,
    ]
    .into_iter()
    .filter(|verdict| count(*verdict) > 0)
    .map(|verdict| format!("{} {}", count(verdict), words::counted(verdict)))
    .collect();
    if report.endpoints.is_empty() && report.open.is_empty() {
        let text = "the policy states none that this pool needs";
        paragraph(out, "endpoints   ", text, view.width);
        return;
    }
    if let Some(why) = one_reason(report) {
        let total = report.open.len();
        let text = format!("{total} needed, none of which can be followed: {why}");
        paragraph(out, "endpoints   ", &text, view.width);
        return;
    }
    let waiting = match report.open.len() {
        0 => String::new(),
        1 => "; 1 cannot be asked about yet".to_owned(),
        more => format!("; {more} cannot be asked about yet"),
    };
    let total = report.endpoints.len();
    paragraph(
        out,
        "endpoints   ",
        &format!("{total} needed: {}{waiting}", words.join(", ")),
        view.width,
    );
    for group in groups(&report.endpoints) {
        group_text(out, &group, view);
    }
    for (requirement, why) in &report.open {
        paragraph(
            out,
            "  open      ",
            &format!("{}: {why}", requirement.name),
            view.width,
        );
    }
}

/// Why nothing can be asked about, when that is one thing.
fn one_reason<'r>(report: &'r PoolReport<'_>) -> Option<&'r str> {
    let (_, first) = report.open.first()?;
    let all = report.endpoints.is_empty() && report.open.iter().all(|(_, why)| why == first);
    all.then_some(first.as_str())
}

/// Endpoints that fail for one reason.
struct Group<'g> {
    first: &'g EndpointResult<'g>,
    members: Vec<&'g EndpointResult<'g>>,
}

/// The endpoints that do not pass, put together by the one element that decides.
fn groups<'g>(endpoints: &'g [EndpointResult<'g>]) -> Vec<Group<'g>> {
    let mut groups: Vec<Group<'g>> = Vec::new();
    for endpoint in endpoints {
        let trace = &endpoint.explanation.trace;
        if trace.verdict == Verdict::Allowed {
            continue;
        }
        let decisive = trace.decisive();
        let same = groups.iter_mut().find(|group| {
            let other = &group.first.explanation.trace;
            other.verdict == trace.verdict
                && other
                    .decisive()
                    .map(|b| (b.cause, &b.element.site, &b.element.name))
                    == decisive.map(|b| (b.cause, &b.element.site, &b.element.name))
        });
        match same {
            Some(group) => group.members.push(endpoint),
            None => groups.push(Group {
                first: endpoint,
                members: vec![endpoint],
            }),
        }
    }
    groups
}

fn group_text(out: &mut String, group: &Group<'_>, view: &View<'_>) {
    let explanation = &group.first.explanation;
    let Some(blocker) = explanation.trace.decisive() else {
        return;
    };
    out.push('\n');
    let several = group.members.len() > 1;
    // The sentence of one flow names that flow; of several the element speaks for all.
    let head = format!(
        "{} [{}]: {}",
        words::verdict(explanation.trace.verdict),
        blocker.cause,
        if several {
            format!(
                "{} stands in the way, as here: {}",
                words::placed(view.sources, &blocker.element),
                blocker.text
            )
        } else {
            words::said_placed(view.sources, &blocker.element, &blocker.text)
        }
    );
    paragraph(out, "  ", &head, view.width);
    for (required, word) in [(true, "breaks, required: "), (false, "breaks, optional: ")] {
        let members: Vec<String> = group
            .members
            .iter()
            .filter(|endpoint| endpoint.is_required() == required)
            .map(|endpoint| format!("{} {}", endpoint.destination, endpoint.service))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        if !members.is_empty() {
            paragraph(out, &format!("    {word}"), &members.join(", "), view.width);
        }
    }
    for near in blocker.near.iter().take(1) {
        let text = format!(
            "{}: {}",
            words::placed(view.sources, &near.element),
            near.text
        );
        paragraph(out, "    nearly: ", &text, view.width);
    }
    let reason = explanation.reasons.first();
    if let Some(remedy) = reason.and_then(|reason| reason.remedies.first()) {
        let checked = remedy
            .rewritten
            .or(remedy.alone)
            .map_or_else(String::new, |verdict| {
                format!(" (re-checked: {})", words::verdict(verdict))
            });
        paragraph(
            out,
            "    fix: ",
            &format!("{}{checked}", remedy.title),
            view.width,
        );
        for edit in &remedy.edits {
            paragraph(out, "      ", &words::edit(view.sources, edit), view.width);
        }
    }
}

fn permissions(out: &mut String, report: &PoolReport<'_>, view: &View<'_>) {
    out.push('\n');
    let missing = report.missing_permissions();
    if missing.is_empty() {
        paragraph(
            out,
            "permissions ",
            "nothing is known to be missing",
            view.width,
        );
    }
    for refusal in missing {
        let text = format!(
            "{} lacks {}",
            words::placed(view.sources, &refusal.element),
            refusal.missing_actions.join(", ")
        );
        paragraph(out, "permissions ", &text, view.width);
    }
}
