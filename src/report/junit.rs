//! Findings as JUnit XML, for the test views of Jenkins, GitLab and Azure Pipelines.
//!
//! A file is a suite and each of its findings a case; a rule that ran and found nothing is a case that passed, so that a
//! clean run is not an empty report. Findings below the threshold pass, with their words as output.

use std::collections::BTreeMap;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::diag::{Finding, Severity};

use super::words::advice;
use super::{Gap, Run, place};

/// The suite of findings without a place and of what was not done.
const INPUT: &str = "input";
const RULES: &str = "rules";

/// A run as JUnit XML.
pub(super) fn junit(run: &Run<'_>) -> String {
    let mut report = Report::new("tidegate");
    let mut suites: BTreeMap<String, Vec<TestCase>> = BTreeMap::new();
    for finding in run.findings {
        let suite = suite_of(run, finding);
        let case = case(run, finding, &suite);
        suites.entry(suite).or_default().push(case);
    }
    for accepted in run.accepted {
        let suite = suite_of(run, &accepted.finding);
        let mut status = TestCaseStatus::skipped();
        status.set_message(accepted.reason.as_deref().unwrap_or("accepted"));
        let case = with_status(run, &accepted.finding, &suite, status);
        suites.entry(suite).or_default().push(case);
    }
    let gaps = run.gaps.iter().map(gap_case);
    let gaps: Vec<TestCase> = gaps.collect();
    if !gaps.is_empty() {
        suites.entry(INPUT.to_owned()).or_default().extend(gaps);
    }
    for (name, cases) in suites {
        let mut suite = TestSuite::new(name);
        suite.add_test_cases(cases);
        report.add_test_suite(suite);
    }
    let clean: Vec<TestCase> = run
        .clean()
        .map(|id| {
            let mut case =
                TestCase::new(format!("{id}: {}", id.title()), TestCaseStatus::success());
            case.set_classname(RULES);
            case
        })
        .collect();
    if !clean.is_empty() {
        let mut suite = TestSuite::new(RULES);
        suite.add_test_cases(clean);
        report.add_test_suite(suite);
    }
    // Writing to memory does not fail.
    let mut text = report.to_string().unwrap_or_default();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn suite_of(run: &Run<'_>, finding: &Finding) -> String {
    let file = finding.primary.as_ref().map(|label| label.span.file);
    file.and_then(|file| place::path(run, file))
        .unwrap_or_else(|| INPUT.to_owned())
}

fn case(run: &Run<'_>, finding: &Finding, suite: &str) -> TestCase {
    let lines = text(run, finding);
    if !run.fails(finding) {
        let mut case = with_status(run, finding, suite, TestCaseStatus::success());
        case.set_system_out(lines);
        return case;
    }
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status
        .set_type(finding.severity.keyword())
        .set_message(finding.message.as_str())
        .set_description(lines);
    with_status(run, finding, suite, status)
}

/// The name holds no line, so that a case keeps its history when lines move.
fn with_status(run: &Run<'_>, finding: &Finding, suite: &str, status: TestCaseStatus) -> TestCase {
    let name = format!("{}: {}", finding.id, finding.message);
    let mut case = TestCase::new(name, status);
    case.set_classname(suite);
    if let Some(primary) = &finding.primary
        && let Some(range) = place::range(run.sources, primary.span)
    {
        case.extra.insert("file".into(), suite.into());
        let line = range.start.line.to_string();
        case.extra.insert("line".into(), line.into());
    }
    case
}

/// Place, message, and everything below it.
fn text(run: &Run<'_>, finding: &Finding) -> String {
    let mut lines = Vec::new();
    let message = format!("{}[{}] {}", finding.severity, finding.id, finding.message);
    lines.push(match &finding.primary {
        Some(primary) => format!("{}: {message}", run.sources.describe(primary.span)),
        None => message,
    });
    for label in &finding.related {
        lines.push(format!(
            "{}: {}",
            run.sources.describe(label.span),
            label.text
        ));
    }
    let advice = advice(finding, run.sources);
    lines.extend(advice.iter().map(|line| line.text().to_owned()));
    lines.join("\n")
}

/// What was not done: an error when much is missing, else a case that was skipped.
fn gap_case(gap: &Gap) -> TestCase {
    let mut status = match gap.severity {
        Severity::Error => TestCaseStatus::non_success(NonSuccessKind::Error),
        Severity::Warning | Severity::Note => TestCaseStatus::skipped(),
    };
    status.set_message(gap.message.as_str());
    let mut case = TestCase::new(gap.message.as_str(), status);
    case.set_classname(INPUT);
    case
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SourceMap;
    use crate::diag::Id;

    #[test]
    fn the_threshold_decides_what_fails() {
        let mut sources = SourceMap::default();
        let file = sources.add("a.egress", "one\n".to_owned());
        let findings = [
            Finding::new(Id::TG1001, "wrong & <bad>\u{1b}[31m").at(sources.span(file, 0, 1), ""),
            Finding::new(Id::TG8001, "unused").at(sources.span(file, 1, 2), ""),
        ];
        let run = Run {
            ran: &[Id::TG1001, Id::TG1002, Id::TG8001],
            ..Run::new(&findings, &sources)
        };
        let xml = junit(&run);
        let read = Report::deserialize_from_str(&xml).unwrap();
        assert_eq!((read.tests, read.failures, read.errors), (3, 1, 0), "{xml}");
        let strict = junit(&Run {
            fail_on: Severity::Note,
            ..run
        });
        let read = Report::deserialize_from_str(&strict).unwrap();
        assert_eq!((read.tests, read.failures), (3, 2), "{strict}");
        assert!(xml.contains("wrong &amp; &lt;bad&gt;"), "{xml}");
        assert!(!xml.contains('\u{1b}'), "{xml}");
    }

    #[test]
    fn what_was_not_done_is_an_error_or_skipped() {
        let sources = SourceMap::default();
        let gap = |severity| Gap {
            severity,
            message: "not done".to_owned(),
            place: None,
        };
        let gaps = [gap(Severity::Error), gap(Severity::Note)];
        let run = Run {
            gaps: &gaps,
            ..Run::new(&[], &sources)
        };
        let xml = junit(&run);
        let read = Report::deserialize_from_str(&xml).unwrap();
        assert_eq!((read.tests, read.errors), (2, 1), "{xml}");
        assert!(xml.contains("<skipped"), "{xml}");
    }
}
