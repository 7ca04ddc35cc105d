//! Findings as workflow commands, which GitHub Actions shows as annotations of lines.
//!
//! Source: github/docs, content/actions/reference/workflow-commands-for-github-actions.md; actions/toolkit,
//! packages/core/src/command.ts for what is escaped.

use crate::diag::{Finding, Severity};

use super::words::{advice, sentence};
use super::{Gap, Run, place};

/// A run as workflow commands, a line each.
pub(super) fn github(run: &Run<'_>) -> String {
    let findings = run.findings.iter().map(|finding| annotation(run, finding));
    let gaps = run.gaps.iter().map(|gap| gap_annotation(run, gap));
    findings.chain(gaps).collect()
}

fn annotation(run: &Run<'_>, finding: &Finding) -> String {
    let span = finding.primary.as_ref().map(|label| label.span);
    let mut properties = span.map_or_else(Vec::new, |span| place_properties(run, span));
    properties.push(("title", format!("{}: {}", finding.id, finding.id.title())));
    let mut lines = vec![sentence(&finding.message)];
    let advice = advice(finding, run.sources);
    lines.extend(advice.iter().map(|line| sentence(line.text())));
    command(finding.severity, &properties, &lines.join("\n"))
}

fn gap_annotation(run: &Run<'_>, gap: &Gap) -> String {
    let mut properties = gap
        .place
        .map_or_else(Vec::new, |span| place_properties(run, span));
    properties.push(("title", "tidegate".to_owned()));
    command(gap.severity, &properties, &sentence(&gap.message))
}

/// Columns may be given only when all is on one line.
fn place_properties(run: &Run<'_>, span: crate::base::Span) -> Vec<(&'static str, String)> {
    let (Some(path), Some(range)) = (place::path(run, span.file), place::range(run.sources, span))
    else {
        return Vec::new();
    };
    let mut properties = vec![
        ("file", path),
        ("line", range.start.line.to_string()),
        ("endLine", range.end.line.to_string()),
    ];
    if range.start.line == range.end.line {
        properties.push(("col", range.start.column.to_string()));
        properties.push(("endColumn", range.end.column.to_string()));
    }
    properties
}

fn command(severity: Severity, properties: &[(&str, String)], message: &str) -> String {
    let name = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let properties: Vec<String> = properties
        .iter()
        .map(|(key, value)| format!("{key}={}", escape_property(value)))
        .collect();
    format!("::{name} {}::{}\n", properties.join(","), escape(message))
}

fn escape(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SourceMap;
    use crate::diag::Id;

    #[test]
    fn nothing_ends_a_command_early() {
        let mut sources = SourceMap::default();
        let file = sources.add("a:b,c%.egress", "one\ntwo\n".to_owned());
        let findings = [
            Finding::new(Id::TG8001, "100% of `a::b`, unused\r\n::error::x")
                .at(sources.span(file, 1, 6), "here"),
        ];
        assert_eq!(
            github(&Run::new(&findings, &sources)),
            "::warning file=a%3Ab%2Cc%25.egress,line=1,endLine=2,title=TG8001%3A resource that nothing uses::100%25 of \
             `a::b`, unused%0D%0A::error::x.\n"
        );
    }
}
