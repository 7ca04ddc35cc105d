//! Findings as logging commands of Azure Pipelines.
//!
//! Source: MicrosoftDocs/azure-devops-docs, docs/pipelines/scripts/logging-commands.md; microsoft/azure-pipelines-task-lib,
//! node/taskcommand.ts for what is escaped.

use crate::base::Span;
use crate::diag::Severity;

use super::words::{advice, sentence};
use super::{Run, place};

/// A run as logging commands, a line each; the last one says how the task ended.
pub(super) fn azure(run: &Run<'_>) -> String {
    let mut out = String::new();
    for finding in run.findings {
        let mut lines = vec![sentence(&finding.message)];
        let advice = advice(finding, run.sources);
        lines.extend(advice.iter().map(|line| sentence(line.text())));
        let place = finding.primary.as_ref().map(|label| label.span);
        let mut properties = place.map_or_else(Vec::new, |span| place_properties(run, span));
        properties.push(("code", finding.id.to_string()));
        out.push_str(&issue(finding.severity, properties, &lines.join("\n")));
    }
    for gap in run.gaps {
        let properties = gap
            .place
            .map_or_else(Vec::new, |span| place_properties(run, span));
        out.push_str(&issue(gap.severity, properties, &sentence(&gap.message)));
    }
    out.push_str(&ending(run));
    out
}

/// Failed, succeeded with issues, or nothing at all.
fn ending(run: &Run<'_>) -> String {
    let fails = run.findings.iter().any(|finding| run.fails(finding)) || !run.is_complete();
    let warns = run.count(Severity::Warning) + run.count(Severity::Error) > 0;
    let result = match (fails, warns) {
        (true, _) => "Failed",
        (false, true) => "SucceededWithIssues",
        (false, false) => return String::new(),
    };
    let counts = run.counts();
    format!(
        "##vso[task.complete result={result};]tidegate: {}\n",
        if counts.is_empty() {
            "the check is incomplete"
        } else {
            &counts
        }
    )
}

fn place_properties(run: &Run<'_>, span: Span) -> Vec<(&'static str, String)> {
    let (Some(path), Some(range)) = (place::path(run, span.file), place::range(run.sources, span))
    else {
        return Vec::new();
    };
    vec![
        ("sourcepath", path),
        ("linenumber", range.start.line.to_string()),
        ("columnnumber", range.start.column.to_string()),
    ]
}

/// An issue. There are errors and warnings only, so a note is a plain line of the log.
fn issue(severity: Severity, properties: Vec<(&str, String)>, message: &str) -> String {
    if severity == Severity::Note {
        let value = |wanted: &str| {
            let mut properties = properties.iter();
            let found = properties.find(|(key, _)| *key == wanted);
            found.map_or("", |(_, value)| value.as_str())
        };
        let line = format!(
            "note {} {}:{}: {message}",
            value("code"),
            value("sourcepath"),
            value("linenumber")
        );
        return format!("{}\n", plain(&line));
    }
    let kind = ("type", severity.to_string());
    let properties: String = std::iter::once(kind)
        .chain(properties)
        .map(|(key, value)| format!("{key}={};", escape_property(&value)))
        .collect();
    format!("##vso[task.logissue {properties}]{}\n", escape(message))
}

/// A line that is no command, whatever is in it.
fn plain(text: &str) -> String {
    let line: Vec<&str> = text
        .split(['\r', '\n'])
        .filter(|part| !part.is_empty())
        .collect();
    line.join(" ").replace("##", "# #")
}

fn escape(text: &str) -> String {
    text.replace('%', "%AZP25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape(text).replace(']', "%5D").replace(';', "%3B")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SourceMap;
    use crate::diag::{Finding, Id};

    #[test]
    fn nothing_ends_a_command_early() {
        let mut sources = SourceMap::default();
        let file = sources.add("a;b].egress", "one\n".to_owned());
        let findings = [
            Finding::new(
                Id::TG8001,
                "100% of `a`\n##vso[task.complete result=Succeeded;]",
            )
            .at(sources.span(file, 1, 2), "here"),
            Finding::new(Id::TG8001, "see\n##vso[task.complete]")
                .severity(Severity::Note)
                .at(sources.span(file, 1, 2), "here"),
        ];
        assert_eq!(
            azure(&Run::new(&findings, &sources)),
            "##vso[task.logissue type=warning;sourcepath=a%3Bb%5D.egress;linenumber=1;columnnumber=2;code=TG8001;]100%AZP25 \
             of `a`%0A##vso[task.complete result=Succeeded;].\n\
             note TG8001 a;b].egress:1: See # #vso[task.complete].\n\
             ##vso[task.complete result=SucceededWithIssues;]tidegate: 1 warning, 1 note\n"
        );
    }

    #[test]
    fn the_ending_follows_the_threshold() {
        let sources = SourceMap::default();
        let findings = [Finding::new(Id::TG8001, "unused")];
        let run = Run::new(&findings, &sources);
        let strict = Run {
            fail_on: Severity::Warning,
            ..run
        };
        assert!(ending(&run).contains("SucceededWithIssues"));
        assert!(ending(&strict).contains("Failed"));
        assert_eq!(ending(&Run::new(&[], &sources)), "");
    }
}
