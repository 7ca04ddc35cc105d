//! Findings one to a line, as editors and `grep` like them.

use crate::base::SourceMap;
use crate::diag::Finding;

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
