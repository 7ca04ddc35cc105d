//! Findings as data for programs. The shape is documented in `docs/outputs.md`.

use serde::Serialize;

use crate::base::{SourceMap, Span};
use crate::diag::{Edit, Finding, Fix, Label, Safety, Severity};

use super::fingerprint::fingerprints;
use super::{Accepted, AcceptedBy, Gap, Run};

/// The version of the shape. It changes when a field changes its meaning or goes away.
pub const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    errors: usize,
    warnings: usize,
    notes: usize,
    complete: bool,
    findings: Vec<FindingJson<'a>>,
    accepted: Vec<AcceptedJson<'a>>,
    gaps: Vec<GapJson<'a>>,
}

#[derive(Serialize)]
struct AcceptedJson<'a> {
    by: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    finding: FindingJson<'a>,
}

#[derive(Serialize)]
struct GapJson<'a> {
    severity: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<PlaceJson<'a>>,
}

#[derive(Serialize)]
struct FindingJson<'a> {
    id: &'static str,
    title: &'static str,
    severity: &'static str,
    confidence: &'static str,
    message: &'a str,
    fingerprint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary: Option<LabelJson<'a>>,
    related: Vec<LabelJson<'a>>,
    path: Vec<LabelJson<'a>>,
    help: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    azure: Option<AzureJson<'a>>,
    fixes: Vec<FixJson<'a>>,
}

#[derive(Serialize)]
struct LabelJson<'a> {
    #[serde(flatten)]
    place: PlaceJson<'a>,
    text: &'a str,
}

#[derive(Serialize)]
struct PlaceJson<'a> {
    path: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    start_byte: u32,
    end_byte: u32,
}

#[derive(Serialize)]
struct AzureJson<'a> {
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

#[derive(Serialize)]
struct FixJson<'a> {
    title: &'a str,
    safe: bool,
    edits: Vec<EditJson<'a>>,
}

#[derive(Serialize)]
struct EditJson<'a> {
    #[serde(flatten)]
    place: PlaceJson<'a>,
    text: &'a str,
}

/// A run as JSON.
pub(super) fn json(run: &Run<'_>) -> String {
    let accepted = run.accepted.iter().map(|accepted| &accepted.finding);
    let mut prints = fingerprints(run.findings.iter().chain(accepted), run.sources).into_iter();
    let mut shown = |finding| finding_json(finding, run.sources, prints.next());
    let document = Document {
        version: VERSION,
        errors: run.count(Severity::Error),
        warnings: run.count(Severity::Warning),
        notes: run.count(Severity::Note),
        complete: run.is_complete(),
        findings: run.findings.iter().map(&mut shown).collect(),
        accepted: run
            .accepted
            .iter()
            .map(|accepted| accepted_json(accepted, shown(&accepted.finding)))
            .collect(),
        gaps: run
            .gaps
            .iter()
            .map(|gap| gap_json(gap, run.sources))
            .collect(),
    };
    // Every key is a text, so this cannot fail.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn accepted_json<'a>(accepted: &'a Accepted, finding: FindingJson<'a>) -> AcceptedJson<'a> {
    AcceptedJson {
        by: match accepted.by {
            AcceptedBy::Source => "source",
            AcceptedBy::Outside => "outside",
        },
        reason: accepted.reason.as_deref(),
        finding,
    }
}

fn gap_json<'a>(gap: &'a Gap, sources: &'a SourceMap) -> GapJson<'a> {
    GapJson {
        severity: gap.severity.keyword(),
        message: &gap.message,
        place: gap.place.map(|span| place_json(span, sources)),
    }
}

fn finding_json<'a>(
    finding: &'a Finding,
    sources: &'a SourceMap,
    fingerprint: Option<String>,
) -> FindingJson<'a> {
    let labels = |labels: &'a [Label]| -> Vec<LabelJson<'a>> {
        let labels = labels.iter();
        labels.map(|label| label_json(label, sources)).collect()
    };
    FindingJson {
        id: finding.id.code(),
        title: finding.id.title(),
        severity: finding.severity.keyword(),
        confidence: finding.confidence.keyword(),
        message: &finding.message,
        fingerprint: fingerprint.unwrap_or_default(),
        primary: finding
            .primary
            .as_ref()
            .map(|label| label_json(label, sources)),
        related: labels(&finding.related),
        path: labels(&finding.path),
        help: &finding.help,
        azure: finding.azure_error.as_ref().map(|error| AzureJson {
            code: &error.code,
            message: error.message.as_deref(),
        }),
        fixes: finding
            .fixes
            .iter()
            .map(|fix| fix_json(fix, sources))
            .collect(),
    }
}

fn label_json<'a>(label: &'a Label, sources: &'a SourceMap) -> LabelJson<'a> {
    LabelJson {
        place: place_json(label.span, sources),
        text: &label.text,
    }
}

fn fix_json<'a>(fix: &'a Fix, sources: &'a SourceMap) -> FixJson<'a> {
    let edit = |edit: &'a Edit| EditJson {
        place: place_json(edit.span, sources),
        text: &edit.text,
    };
    FixJson {
        title: &fix.title,
        safe: fix.safety == Safety::Safe,
        edits: fix.edits.iter().map(edit).collect(),
    }
}

fn place_json(span: Span, sources: &SourceMap) -> PlaceJson<'_> {
    let file = sources.get(span.file);
    let at = |offset| {
        file.map_or((0, 0), |file| {
            let place = file.line_column(offset);
            (place.line, place.column)
        })
    };
    let (line, column) = at(span.start);
    let (end_line, end_column) = at(span.end);
    PlaceJson {
        path: file.map_or("", |file| file.path().as_str()),
        line,
        column,
        end_line,
        end_column,
        start_byte: span.start,
        end_byte: span.end,
    }
}
