//! `ignore`: silences findings, and is reported itself when it has expired or silences nothing.

use crate::base::Date;
use crate::diag::{Finding, Id};
use crate::intent::Ignore;

/// Takes out the findings that an ignore in force covers, and reports ignores that do no work.
pub(super) fn apply(ignores: &[Ignore], today: Date, findings: &mut Vec<Finding>) {
    let mut reports = Vec::new();
    for ignore in ignores {
        if let Some(until) = ignore.until.filter(|until| until.value < today) {
            let finding = Finding::new(
                Id::TG0021,
                format!("this ignore of {} ended on {}", ignore.id, until.value),
            )
            .at(ignore.span, "no longer in force")
            .related(until.span, "its last day")
            .help("fix the finding, or agree on another day");
            reports.push(finding);
            continue;
        }
        let before = findings.len();
        findings.retain(|finding| !covers(ignore, finding));
        if findings.len() == before {
            let finding = Finding::new(
                Id::TG0020,
                format!("this ignore of {} silences nothing", ignore.id),
            )
            .at(ignore.span, "no such finding here")
            .help("remove it");
            reports.push(finding);
        }
    }
    findings.extend(reports);
}

/// A finding is covered when its first place lies in the block, or another of its places does.
fn covers(ignore: &Ignore, finding: &Finding) -> bool {
    finding.id == ignore.id && finding.places().any(|place| ignore.scope.contains(place))
}
