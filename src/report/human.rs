//! Findings for people, with the source around every place involved.
//!
//! The only place that knows ariadne.

use std::collections::HashMap;
use std::ops::Range;

use ariadne::{Cache, CharSet, Config, IndexType, Label, Report, ReportKind, Source};

use crate::base::{FileId, SourceMap, Span};
use crate::diag::{Finding, Severity};

use super::Run;
use super::words::{Advice, advice, sentence};

/// Whether to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// With escape sequences for a terminal.
    Always,
    /// Plain text.
    Never,
}

/// All of a run: findings, how many there are, and what was not done.
pub(super) fn run(run: &Run<'_>, color: Color) -> String {
    let mut text = human(run.findings, run.sources, color);
    let counts = run.counts();
    if !counts.is_empty() {
        text.push_str(&counts);
        text.push('\n');
    }
    for gap in run.gaps {
        if let Some(place) = gap.place {
            text.push_str(&format!("{}: ", run.sources.describe(place)));
        }
        text.push_str(&sentence(&gap.message));
        text.push('\n');
    }
    text
}

/// Findings as a terminal shows them, in the order given.
#[must_use]
pub fn human(findings: &[Finding], sources: &SourceMap, color: Color) -> String {
    let mut cache = Files {
        sources,
        parsed: HashMap::new(),
    };
    let mut out = Vec::new();
    for finding in findings {
        match &finding.primary {
            // Writing to memory does not fail.
            Some(_) => drop(report(finding, sources, color).write(&mut cache, &mut out)),
            None => out.extend(without_place(finding).into_bytes()),
        }
        out.push(b'\n');
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A heading with the source around one place: what stands in a flow's way, where it is written.
pub(super) fn excerpt(
    (word, code): (&str, &str),
    message: &str,
    (span, label): (Span, &str),
    sources: &SourceMap,
    color: Color,
) -> String {
    let mut cache = Files {
        sources,
        parsed: HashMap::new(),
    };
    let config = Config::default()
        .with_color(color == Color::Always)
        .with_index_type(IndexType::Byte)
        .with_char_set(CharSet::Unicode);
    let mut report = Report::build(ReportKind::Custom(word, ariadne::Color::Red), place(span))
        .with_config(config)
        .with_code(code)
        .with_message(message);
    report.add_label(
        Label::new(place(span))
            .with_message(label)
            .with_color(ariadne::Color::Red),
    );
    let mut out = Vec::new();
    // Writing to memory does not fail.
    drop(report.finish().write(&mut cache, &mut out));
    String::from_utf8_lossy(&out).into_owned()
}

type Place = (FileId, Range<usize>);

fn place(span: Span) -> Place {
    (span.file, span.start as usize..span.end as usize)
}

fn report<'a>(finding: &Finding, sources: &SourceMap, color: Color) -> Report<'a, Place> {
    let config = Config::default()
        .with_color(color == Color::Always)
        .with_index_type(IndexType::Byte)
        .with_char_set(CharSet::Unicode);
    let (kind, primary_color) = match finding.severity {
        Severity::Error => (ReportKind::Error, ariadne::Color::Red),
        Severity::Warning => (ReportKind::Warning, ariadne::Color::Yellow),
        Severity::Note => (ReportKind::Advice, ariadne::Color::Cyan),
    };
    let at = finding
        .places()
        .next()
        .map_or_else(|| (FileId::default(), 0..0), place);
    let mut report = Report::build(kind, at)
        .with_config(config)
        .with_code(finding.id)
        .with_message(&finding.message);
    for (label, color) in labels(finding, primary_color) {
        report.add_label(
            Label::new(place(label.span))
                .with_message(&label.text)
                .with_color(color),
        );
    }
    for line in advice(finding, sources) {
        match line {
            Advice::Help(text) => report.add_help(text),
            Advice::Azure(text) => report.add_note(text),
        }
    }
    report.finish()
}

/// The labels with their colours: those of the primary file first, and in each file from top to bottom, because
/// ariadne begins a new excerpt whenever the lines go back.
fn labels(
    finding: &Finding,
    primary_color: ariadne::Color,
) -> Vec<(&crate::diag::Label, ariadne::Color)> {
    let first = finding.primary.as_ref().map(|label| label.span.file);
    let primary = finding.primary.iter().map(|label| (label, primary_color));
    let related = finding
        .related
        .iter()
        .map(|label| (label, ariadne::Color::Blue));
    let mut labels: Vec<_> = primary.chain(related).collect();
    labels.sort_by_key(|(label, _)| {
        (
            Some(label.span.file) != first,
            label.span.file,
            label.span.start,
        )
    });
    labels
}

/// A finding that points nowhere, in the same shape.
fn without_place(finding: &Finding) -> String {
    let mut out = format!(
        "[{}] {}: {}\n",
        finding.id,
        title(finding.severity),
        finding.message
    );
    for line in &finding.help {
        out.push_str(&format!("  Help: {line}\n"));
    }
    out
}

fn title(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "Error",
        Severity::Warning => "Warning",
        Severity::Note => "Advice",
    }
}

/// The files behind the findings; each is cut into lines once, and only when a finding points into it.
struct Files<'a> {
    sources: &'a SourceMap,
    parsed: HashMap<FileId, Source<&'a str>>,
}

impl<'a> Cache<FileId> for &mut Files<'a> {
    type Storage = &'a str;

    fn fetch(&mut self, id: &FileId) -> Result<&Source<&'a str>, impl std::fmt::Debug> {
        let sources = self.sources;
        let text = sources.get(*id).map_or("", |file| file.text());
        Ok::<_, std::convert::Infallible>(
            self.parsed.entry(*id).or_insert_with(|| Source::from(text)),
        )
    }

    fn display<'b>(&self, id: &'b FileId) -> Option<impl std::fmt::Display + 'b> {
        self.sources.get(*id).map(|file| file.path().to_string())
    }
}
