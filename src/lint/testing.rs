//! How tests of rules look at policies.

use std::sync::OnceLock;

use crate::azure::Dataplane;
use crate::azure::facts::Facts;
use crate::base::SourceMap;
use crate::diag::{Edit, Finding, Id, Severity};
use crate::dns::{KnownNames, Lock};
use crate::intent::catalog::Library;
use crate::syntax::{Lowered, Parameters, lower, parse};

use super::{Context, lint};

/// The day on which tests are run.
const TODAY: &str = "2026-07-01";

fn library() -> &'static (SourceMap, Library) {
    static LIBRARY: OnceLock<(SourceMap, Library)> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let mut sources = SourceMap::default();
        let (library, findings) = Library::builtin(&mut sources);
        assert!(findings.is_empty(), "{findings:?}");
        (sources, library)
    })
}

/// What the rules say of a policy, without what reading it says, and the files to find places in.
pub(super) fn run(policy: &str) -> (SourceMap, Vec<Finding>) {
    run_with(policy, None)
}

/// What the rules say of a policy and of a lock file.
fn run_with(policy: &str, lock: Option<&str>) -> (SourceMap, Vec<Finding>) {
    let (mut sources, lowered) = read(policy);
    let names = lock.map(|text| {
        let file = sources.add("egress.lock", text.to_owned());
        KnownNames::new(Lock::parse(text).unwrap(), file, &sources)
    });
    let facts = Facts::builtin();
    let context = Context {
        estate: &lowered.estate,
        intent: &lowered.intent,
        facts,
        plane: &Dataplane::new(&lowered.estate, facts, None),
        regions: library().1.regions(),
        catalogs: Some(&library().1),
        names: names.as_ref(),
        today: TODAY.parse().unwrap(),
    };
    (sources, lint(&context, Vec::new()))
}

/// The meaning of a policy that has no mistakes of language.
pub(super) fn read(policy: &str) -> (SourceMap, Lowered) {
    let (sources, library) = library();
    let mut sources = sources.clone();
    let file = sources.add("test.egress", policy.to_owned());
    let parsed = parse(&sources, file);
    assert!(parsed.findings.is_empty(), "{:#?}", parsed.findings);
    let lowered = lower(&[parsed], library, &Parameters::default());
    let broken = |finding: &&Finding| matches!(finding.id, Id::TG0004 | Id::TG0008 | Id::TG0009);
    assert_eq!(lowered.findings.iter().find(broken), None);
    (sources, lowered)
}

/// The findings of one id.
pub(super) fn findings(id: Id, policy: &str) -> Vec<Finding> {
    let (_, findings) = run(policy);
    findings
        .into_iter()
        .filter(|found| found.id == id)
        .collect()
}

/// The findings of one id as `line:column message`.
pub(super) fn found(id: Id, policy: &str) -> Vec<String> {
    let (sources, findings) = run(policy);
    let of_id = findings.iter().filter(|finding| finding.id == id);
    of_id
        .map(|finding| {
            let place = finding.primary.as_ref().map(|label| label.span);
            let place = place.map_or_else(String::new, |span| sources.describe(span));
            let place = place.trim_start_matches("test.egress:");
            format!("{place} {}", finding.message)
        })
        .collect()
}

/// The findings of one id about a policy and a lock file: severity, message and help.
pub(super) fn told(id: Id, policy: &str, lock: &str) -> Vec<(Severity, String, String)> {
    let (_, findings) = run_with(policy, Some(lock));
    let of_id = findings.into_iter().filter(|finding| finding.id == id);
    of_id
        .map(|it| (it.severity, it.message, it.help.join("; ")))
        .collect()
}

/// The policy after the first fix of the first finding of an id, which must have one.
pub(super) fn fixed(id: Id, policy: &str) -> String {
    let found = findings(id, policy);
    let fix = found.first().and_then(|finding| finding.fixes.first());
    let mut edits: Vec<Edit> = fix.expect("a fix").edits.clone();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
    let mut text = policy.to_owned();
    for edit in edits {
        text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
    }
    text
}
