//! Azure's message decoded, and the pages of causes, for a terminal.

use serde_json::json;

use crate::azure::Cause;
use crate::explain::Decoded;

use super::super::wrap::paragraph;
use super::View;

/// A decoded message, and which of its causes the policy shows.
#[derive(Debug)]
pub struct MessageView<'m> {
    /// What the message tells.
    pub decoded: &'m Decoded<'m>,
    /// The causes that fit and that the estate shows, with a sentence each.
    pub found: &'m [(Cause, String)],
    /// Whether an estate was asked.
    pub asked: bool,
}

/// A page of a cause, or the list of all.
#[must_use]
pub fn cause(cause: Option<Cause>) -> String {
    match cause {
        Some(cause) => format!("{}\n\n{}\n", cause.slug(), cause.doc().trim_end()),
        None => {
            let mut out = String::new();
            for cause in Cause::ALL {
                paragraph(
                    &mut out,
                    &format!("{:<42}", cause.slug()),
                    cause.summary(),
                    super::super::catalog::DEFAULT_WIDTH,
                );
            }
            out
        }
    }
}

/// A decoded message.
#[must_use]
pub fn message(message: &MessageView<'_>, view: Option<&View<'_>>) -> String {
    let width = view.map_or(super::super::catalog::DEFAULT_WIDTH, |view| view.width);
    let decoded = message.decoded;
    let mut out = String::new();
    if decoded.errors.is_empty() && decoded.steps.is_empty() {
        paragraph(
            &mut out,
            "",
            "no error code, exit code or wording of Azure that is known here",
            width,
        );
        return out;
    }
    for error in &decoded.errors {
        let exit = error
            .exit_code
            .map_or_else(String::new, |exit| format!(" (exit {exit})"));
        paragraph(
            &mut out,
            "error       ",
            &format!("{}{exit}: {}", error.code, error.condition),
            width,
        );
        if let Some(note) = &error.note {
            paragraph(&mut out, "            ", note, width);
        }
    }
    for step in &decoded.steps {
        let hosts = step.hosts.join(", ");
        paragraph(
            &mut out,
            "step        ",
            &format!("a node {}: TCP {} to {hosts}", step.does, step.port),
            width,
        );
        if let Some(note) = &step.note {
            paragraph(&mut out, "            ", note, width);
        }
    }
    out.push_str("\ncauses that fit\n");
    for cause in &decoded.causes {
        let found = message.found.iter().find(|(found, _)| found == cause);
        let mark = if found.is_some() { "x " } else { "  " };
        paragraph(
            &mut out,
            &format!("{mark}{:<42}", cause.slug()),
            cause.summary(),
            width,
        );
        if let Some((_, text)) = found {
            paragraph(&mut out, "      here: ", text, width);
        }
    }
    if message.asked && message.found.is_empty() {
        paragraph(&mut out, "\n", "This policy shows none of them.", width);
    }
    out.push_str("\n`tidegate explain --cause NAME` tells more about each.\n");
    out
}

/// The same as JSON.
#[must_use]
pub fn message_json(message: &MessageView<'_>) -> String {
    let decoded = message.decoded;
    let errors: Vec<_> = decoded
        .errors
        .iter()
        .map(|error| json!({"code": error.code, "exit": error.exit_code, "condition": error.condition}))
        .collect();
    let steps: Vec<_> = decoded
        .steps
        .iter()
        .map(|step| json!({"does": step.does, "hosts": step.hosts, "port": step.port, "exits": step.exits}))
        .collect();
    let causes: Vec<_> = decoded
        .causes
        .iter()
        .map(|cause| {
            let found = message.found.iter().find(|(found, _)| found == cause);
            json!({
                "cause": cause.slug(),
                "summary": cause.summary(),
                "found": found.map(|(_, text)| text),
            })
        })
        .collect();
    let document = json!({
        "version": super::json::VERSION,
        "kind": "message",
        "exit": decoded.exit,
        "errors": errors,
        "steps": steps,
        "causes": causes,
    });
    super::json::text(&document)
}
