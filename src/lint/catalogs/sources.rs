//! TG0054: sources of which nobody can tell how old they are.

use crate::diag::{Finding, Id, Severity};
use crate::intent::catalog::Catalog;

pub(super) fn check(catalog: &Catalog, findings: &mut Vec<Finding>) {
    for source in catalog
        .sources
        .iter()
        .filter(|source| source.date().is_none())
    {
        let message = format!("source `{}` has no date", source.id);
        let finding = Finding::new(Id::TG0054, message);
        let finding = match source.short_commit() {
            // Whoever wants to know can look the commit up.
            Some(_) => finding.severity(Severity::Note),
            None => finding,
        };
        findings.push(
            finding
                .at(source.span, "how old is it?")
                .help("give `doc_date` or `commit_date`, such as '2027-01-31'"),
        );
    }
}
