//! What a run found: the one input of every writer.

use camino::Utf8Path;

use crate::base::{SourceMap, Span};
use crate::diag::{Finding, Id, Severity};

/// What a run found, and what it could not look at.
///
/// Findings are in the order of [`crate::diag::sort`]; writers keep it unless their format groups by file.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// What is wrong.
    pub findings: &'a [Finding],
    /// What is wrong and accepted. Pass none to writers whose readers would show it as open.
    pub accepted: &'a [Accepted],
    /// Where all of it stands.
    pub sources: &'a SourceMap,
    /// What was not done, beside the findings that say that something was not understood.
    pub gaps: &'a [Gap],
    /// The rules that ran, by id in order.
    pub ran: &'a [Id],
    /// The least severity that makes the command fail.
    pub fail_on: Severity,
    /// What sets this run apart from others over the same files, such as `production`.
    pub category: Option<&'a str>,
    /// The folder from which absolute paths are made relative.
    pub root: Option<&'a Utf8Path>,
}

/// A finding that somebody accepts, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The finding.
    pub finding: Finding,
    /// Where it is accepted.
    pub by: AcceptedBy,
    /// The reason given.
    pub reason: Option<String>,
}

/// Where a finding is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcceptedBy {
    /// In what is judged: an `ignore` or a comment.
    Source,
    /// Elsewhere: a configuration or a baseline.
    Outside,
}

/// Something that was not done, so that no finding about it means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// How much is missing: an error when the result is worth little without it.
    pub severity: Severity,
    /// What, in the style of messages.
    pub message: String,
    /// About what.
    pub place: Option<Span>,
}

impl<'a> Run<'a> {
    /// A run with these findings, nothing accepted, nothing left undone.
    #[must_use]
    pub fn new(findings: &'a [Finding], sources: &'a SourceMap) -> Self {
        Self {
            findings,
            accepted: &[],
            sources,
            gaps: &[],
            ran: &[],
            fail_on: Severity::Error,
            category: None,
            root: None,
        }
    }

    /// How many findings have this severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        let findings = self.findings.iter();
        findings
            .filter(|finding| finding.severity == severity)
            .count()
    }

    /// Whether a finding makes the command fail.
    #[must_use]
    pub fn fails(&self, finding: &Finding) -> bool {
        finding.severity >= self.fail_on
    }

    /// Whether everything was read, and every rule that should run has run.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let unread = |finding: &Finding| {
            finding.id.limits_understanding() && finding.severity == Severity::Error
        };
        let missing = |gap: &Gap| gap.severity == Severity::Error;
        !self.findings.iter().any(unread) && !self.gaps.iter().any(missing)
    }

    /// The rules that ran and found nothing.
    pub(super) fn clean(&self) -> impl Iterator<Item = Id> + '_ {
        let found = |id: Id| self.findings.iter().any(|finding| finding.id == id);
        self.ran.iter().copied().filter(move |id| !found(*id))
    }

    /// `2 errors, 1 warning`; empty without findings.
    #[must_use]
    pub fn counts(&self) -> String {
        let words = [
            (Severity::Error, "error"),
            (Severity::Warning, "warning"),
            (Severity::Note, "note"),
        ];
        let counted = words.map(|(severity, word)| (self.count(severity), word));
        let some = counted.iter().filter(|(count, _)| *count > 0);
        let parts: Vec<String> = some
            .map(|(count, word)| format!("{count} {word}{}", if *count == 1 { "" } else { "s" }))
            .collect();
        parts.join(", ")
    }
}
