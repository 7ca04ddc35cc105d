//! One flow explained, for a terminal.

use crate::azure::{Blocker, Cause, Flow, Outcome, Stage, Step, Verdict};
use crate::explain::{Explanation, Reason, Remedy};
use crate::net::Transport;

use super::super::human::excerpt;
use super::super::wrap::paragraph;
use super::{View, words};

/// A flow explained: its way, what becomes of it, and what to do.
#[must_use]
pub fn flow(explanation: &Explanation, view: &View<'_>) -> String {
    let mut out = format!(
        "{} -> {}: {}\n\n",
        words::sender(view.estate, &explanation.flow.from),
        words::target(&explanation.flow),
        words::verdict(explanation.trace.verdict)
    );
    for step in &explanation.trace.steps {
        out.push_str(&step_line(step, view));
    }
    if explanation.trace.verdict == Verdict::Allowed {
        for element in &explanation.trace.overruled {
            paragraph(
                &mut out,
                "  note: ",
                &format!(
                    "{} would deny it and is not asked, because another rule decides first",
                    words::placed(view.sources, element)
                ),
                view.width,
            );
        }
    }
    for (index, reason) in explanation.reasons.iter().enumerate() {
        out.push('\n');
        out.push_str(&reason_text(reason, index, explanation, view));
    }
    if let Some(text) = outlook(explanation) {
        out.push('\n');
        paragraph(&mut out, "", &text, view.width);
    }
    assumptions(&mut out, &explanation.trace.assumptions, view.width);
    out
}

fn step_line(step: &Step, view: &View<'_>) -> String {
    let mark = match step.outcome {
        Outcome::Passes => ' ',
        Outcome::Unclear => '?',
        Outcome::Blocks => 'x',
    };
    let place = words::place(view.sources, step.element.origin)
        .map_or_else(String::new, |place| format!("  [{place}]"));
    let mut out = String::new();
    let first = format!("{mark} {:<9}", step.stage.keyword());
    let text = format!("{}{place}", words::said(&step.element.name, &step.text));
    paragraph(&mut out, &first, &text, view.width);
    out
}

/// One thing that stands in the way: where, what nearly applied, what Azure says, what to do.
fn reason_text(
    reason: &Reason,
    index: usize,
    explanation: &Explanation,
    view: &View<'_>,
) -> String {
    let blocker = &reason.blocker;
    let message = words::said(&blocker.element.name, &blocker.text);
    let word = match (index, blocker.outcome) {
        (0, Outcome::Unclear) => "unclear",
        (0, _) => "cause",
        (_, Outcome::Unclear) => "then unclear",
        (_, _) => "and behind it",
    };
    let mut out = match blocker.element.origin.span() {
        Some(span) => excerpt(
            (word, blocker.cause.slug()),
            &message,
            (span, "decides"),
            view.sources,
            view.color,
        ),
        None => format!("[{}] {word}: {message}\n", blocker.cause),
    };
    for near in &blocker.near {
        let text = format!(
            "{}: {}",
            words::placed(view.sources, &near.element),
            near.text
        );
        paragraph(&mut out, "  nearly  ", &text, view.width);
    }
    for element in &blocker.shadowed {
        let text = format!(
            "{} would allow it and is not asked",
            words::placed(view.sources, element)
        );
        paragraph(&mut out, "  beaten  ", &text, view.width);
    }
    if index == 0 {
        azure_words(&mut out, explanation, view);
    }
    if let Some(log) = &blocker.log {
        paragraph(&mut out, "  log     ", log, view.width);
    }
    for (number, remedy) in reason.remedies.iter().take(3).enumerate() {
        let first = if number == 0 {
            "  fix     "
        } else {
            "  or      "
        };
        paragraph(&mut out, first, &remedy_text(remedy), view.width);
        for edit in &remedy.edits {
            paragraph(
                &mut out,
                "            ",
                &words::edit(view.sources, edit),
                view.width,
            );
        }
    }
    if reason.remedies.is_empty() {
        paragraph(
            &mut out,
            "  fix     ",
            &format!(
                "no single change is known here; `tidegate explain --cause {}` tells what to look at",
                blocker.cause
            ),
            view.width,
        );
    }
    out
}

pub(super) fn remedy_text(remedy: &Remedy) -> String {
    let mut text = remedy.title.clone();
    if remedy.wide {
        text.push_str(", which lets more through than this flow");
    }
    match (remedy.rewritten, remedy.alone) {
        (Some(verdict), _) => {
            text.push_str(&format!(
                " (policy edited and read again: {})",
                words::verdict(verdict)
            ));
        }
        (None, Some(verdict)) => {
            text.push_str(&format!(" (with this alone: {})", words::verdict(verdict)));
        }
        (None, None) => {}
    }
    text
}

/// What Azure shows, or that it shows nothing.
fn azure_words(out: &mut String, explanation: &Explanation, view: &View<'_>) {
    let shown = words::symptoms(&explanation.symptoms);
    for (index, line) in shown.iter().enumerate() {
        let first = if index == 0 {
            "  azure   "
        } else {
            "    or    "
        };
        paragraph(out, first, line, view.width);
    }
    let Some(blocker) = explanation.trace.decisive() else {
        return;
    };
    if shown.is_empty() {
        let text = format!("reports nothing; {}", felt(blocker, &explanation.flow));
        paragraph(out, "  azure   ", &text, view.width);
    }
}

/// What the client sees of what stands in its way.
fn felt(blocker: &Blocker, flow: &Flow) -> &'static str {
    if blocker.on_reply {
        return "the request arrives and its answer does not, so the client waits until it gives up";
    }
    if blocker.outcome == Outcome::Unclear {
        return "connections may time out, now and then or always";
    }
    if blocker.cause == Cause::ManagementPath {
        return "load balancers take the machine for dead, or the platform cannot manage the cluster";
    }
    match blocker.stage {
        Stage::Dns => {
            "the name does not resolve for the client, or leads to an address that does not answer"
        }
        Stage::Proxy => "the proxy refuses, mostly with 403, or does not answer",
        Stage::Service if blocker.cause == Cause::ServiceAccessControl => {
            "the connection is made, and the service refuses the request, mostly with 403"
        }
        Stage::Firewall
            if flow.transport == Transport::Tcp && matches!(flow.port, 80 | 443 | 1433) =>
        {
            "a TCP probe may succeed, because the firewall answers it first; then it resets the connection"
        }
        _ => "the client's connection times out",
    }
}

/// What the fixes lead to, taken together.
fn outlook(explanation: &Explanation) -> Option<String> {
    let count = explanation.reasons.len();
    match (count, explanation.after) {
        (0, _) => None,
        (1, Some(_)) => None,
        (1, None) => None,
        (_, Some(Verdict::Allowed)) => Some(format!(
            "{count} things stand in the way, one behind another; with the first fix of each the flow is reachable."
        )),
        (_, Some(verdict)) => Some(format!(
            "{count} things stand in the way, one behind another; with the first fix of each the flow is still {}.",
            words::verdict(verdict)
        )),
        (_, None) => Some(format!(
            "{count} things stand in the way, one behind another; for the last no change is known, so what lies \
             behind it cannot be looked at."
        )),
    }
}

pub(super) fn assumptions(
    out: &mut String,
    assumptions: &[crate::azure::Assumption],
    width: usize,
) {
    if assumptions.is_empty() {
        return;
    }
    out.push_str("\nassuming\n");
    for assumption in assumptions {
        paragraph(out, "  - ", &assumption.text, width);
    }
}
