//! `ignore`: silences findings, and is reported itself when it has expired or does no work.

use crate::base::Date;
use crate::diag::{Finding, Id};
use crate::intent::Ignore;

/// Takes out the findings that an ignore in force covers, and reports ignores that do no work.
pub fn apply(ignores: &[Ignore], today: Date, findings: &mut Vec<Finding>) {
    let (in_force, over): (Vec<&Ignore>, Vec<&Ignore>) = ignores
        .iter()
        .partition(|ignore| ignore.until.is_none_or(|until| until.value >= today));
    let mut work = vec![Work::default(); in_force.len()];
    findings.retain(|finding| {
        let mut kept = true;
        for (ignore, work) in in_force.iter().zip(&mut work) {
            if covers(ignore, finding) {
                work.covered = true;
                work.silenced |= finding.can_be_ignored();
                kept &= !finding.can_be_ignored();
            }
        }
        kept
    });
    findings.extend(over.into_iter().map(expired));
    let idle = in_force
        .into_iter()
        .zip(work)
        .filter(|(_, work)| !work.silenced);
    findings.extend(idle.map(|(ignore, work)| {
        if work.covered {
            in_vain(ignore)
        } else {
            idle_ignore(ignore)
        }
    }));
}

/// What an ignore did.
#[derive(Debug, Clone, Copy, Default)]
struct Work {
    covered: bool,
    silenced: bool,
}

fn expired(ignore: &Ignore) -> Finding {
    let until = ignore
        .until
        .map(|until| until.value.to_string())
        .unwrap_or_default();
    let finding = Finding::new(
        Id::TG0021,
        format!("this ignore of {} ended on {until}", ignore.id),
    )
    .at(ignore.span, "no longer in force")
    .help("fix the finding, or agree on another day");
    match ignore.until {
        Some(until) => finding.related(until.span, "its last day"),
        None => finding,
    }
}

fn idle_ignore(ignore: &Ignore) -> Finding {
    Finding::new(
        Id::TG0020,
        format!("this ignore of {} silences nothing", ignore.id),
    )
    .at(ignore.span, "no such finding here")
    .help("remove it")
}

fn in_vain(ignore: &Ignore) -> Finding {
    Finding::new(Id::TG0020, format!("an error of {} cannot be ignored", ignore.id))
        .at(ignore.span, "has no effect")
        .help("what would be deployed would be incomplete or refused by Azure: fix it, or take the requirement out")
}

/// A finding is covered when its first place lies in the block, or another of its places does.
fn covers(ignore: &Ignore, finding: &Finding) -> bool {
    finding.id == ignore.id && finding.places().any(|place| ignore.scope.contains(place))
}
