//! Findings one to a line, as editors and `grep` like them.

use crate::base::SourceMap;
use crate::diag::Finding;

use super::Run;

/// All of a run: findings, and what was not done, a line each.
pub(super) fn run(run: &Run<'_>) -> String {
    let mut out = concise(run.findings, run.sources);
    for gap in run.gaps {
        if let Some(place) = gap.place {
            out.push_str(&format!("{}: ", run.sources.describe(place)));
        }
        out.push_str(&format!("{}: {}\n", gap.severity, gap.message));
    }
    out
}

/// `path:line:column: severity[ID] message`, a line each, in the order given.
#[must_use]
pub fn concise(findings: &[Finding], sources: &SourceMap) -> String {
    let mut out = String::new();
    for finding in findings {
        if let Some(primary) = &finding.primary {
            out.push_str(&sources.describe(primary.span));
            out.push_str(": ");
        }
        out.push_str(&format!(
            "{}[{}] {}\n",
            finding.severity, finding.id, finding.message
        ));
    }
    out
}
