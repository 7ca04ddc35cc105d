//! Networks that a rule must find something in, and the nearest ones in which it must not: `fixtures/lint/ID/`.
//!
//! Every line on which a finding of the rule must have its place ends with the comment `// ID`. What is found and what
//! is marked must be the same lines, in policies and in templates alike.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use tidegate::cli::{Builds, Deploying, Input, Linted, LockFile, Options, lint_inputs};
use tidegate::compile::FirewallModel;
use tidegate::diag::Id;
use tidegate::lint::RULES;

use tidegate::import::{Deployment, Found};

use super::support::{Project, files, options, project};

/// Rules that find something in policies only, and why.
const POLICY_ONLY: &[(Id, &str)] = &[
    (Id::TG4001, "templates state no requirements"),
    (Id::TG4004, "templates state no requirements"),
    (
        Id::TG6002,
        "templates name roles by id, and Azure has more of them than are known here",
    ),
    (
        Id::TG6010,
        "templates do not say who the workloads of a cluster are",
    ),
    (
        Id::TG7031,
        "templates say nothing of networks outside Azure",
    ),
    (Id::TG7001, "templates state no requirements"),
    (Id::TG7002, "templates state no requirements"),
    (Id::TG7010, "templates state no requirements"),
    (
        Id::TG7011,
        "templates state no assertions; `tidegate.yaml` does",
    ),
    (Id::TG8002, "templates state no requirements"),
];

/// Rules that find something in templates and exports only, and why.
pub(crate) const TEMPLATES_ONLY: &[(Id, &str)] = &[(
    Id::TG3033,
    "what the catalog of a policy's pool needs gets rules when the policy is compiled",
)];

/// Rules about what DNS answers, which find nothing without a lock file.
const OF_ANSWERS: [Id; 3] = [Id::TG3034, Id::TG5006, Id::TG5007];

/// The fixtures of each rule.
pub(crate) fn fixtures() -> BTreeMap<Id, Vec<Utf8PathBuf>> {
    let mut fixtures: BTreeMap<Id, Vec<Utf8PathBuf>> = BTreeMap::new();
    for file in [".egress", ".json"]
        .iter()
        .flat_map(|ending| files("fixtures/lint", ending))
    {
        let folder = file.parent().and_then(Utf8Path::file_name).unwrap();
        let id = Id::from_code(folder).unwrap_or_else(|| panic!("{file}: no such rule"));
        fixtures.entry(id).or_default().push(file);
    }
    fixtures
}

pub(crate) fn lint_file(path: &Utf8Path, text: String) -> Linted {
    let lock = project(path.with_extension("lock").as_str());
    let lock = lock
        .exists()
        .then(|| std::fs::read_to_string(lock).unwrap());
    lint_with(path, text, lock)
}

/// Lints a file, with what a lock file says of names.
pub(crate) fn lint_with(path: &Utf8Path, text: String, lock: Option<String>) -> Linted {
    let input = Input {
        path: path.to_owned(),
        bytes: text.into_bytes(),
        found: Found::Named,
    };
    let parameters = Deploying {
        all: &[],
        of_templates: &BTreeMap::new(),
        deployment: &Deployment::default(),
        builds: &Builds::default(),
    };
    let lock = lock.map(|text| LockFile::of("egress.lock".into(), text).unwrap());
    let settings = Options {
        lock,
        ..options(FirewallModel::Policy)
    };
    lint_inputs(&[input], &Project, &settings, &parameters)
}

/// The lines that end with the comment of an id.
fn marked(text: &str, id: Id) -> BTreeSet<u32> {
    let mark = format!("// {id}");
    let lines = text.lines().zip(1..);
    lines
        .filter(|(line, _)| line.trim_end().ends_with(&mark))
        .map(|(_, number)| number)
        .collect()
}

#[test]
fn findings_are_where_the_fixtures_mark_them() {
    let mut wrong = Vec::new();
    let mut looked_at = 0;
    for (id, paths) in fixtures() {
        for path in paths {
            let text = std::fs::read_to_string(project(path.as_str())).unwrap();
            let wanted = marked(&text, id);
            let fires = path.file_name().unwrap().starts_with("fires");
            assert_eq!(
                fires,
                !wanted.is_empty(),
                "{path}: files that fire mark where, others do not"
            );
            let lock = project(path.with_extension("lock").as_str());
            assert!(
                lock.exists() || !OF_ANSWERS.contains(&id),
                "{path}: no lock file"
            );
            let linted = lint_file(&path, text);
            let Linted {
                sources, findings, ..
            } = linted;
            let found: BTreeSet<u32> = findings
                .iter()
                .filter(|finding| finding.id == id)
                .map(|finding| {
                    let span = finding.primary.as_ref().expect("a place").span;
                    sources.get(span.file).unwrap().line_column(span.start).line
                })
                .collect();
            if found != wanted {
                let rest: Vec<String> = findings
                    .iter()
                    .map(|finding| format!("{} {}", finding.id, finding.message))
                    .collect();
                wrong.push(format!(
                    "{path}: marked {wanted:?}, found {found:?}; all: {rest:#?}"
                ));
            }
            let misread = findings.iter().find(|finding| {
                let code = finding.id.code();
                code < "TG0031" && code != "TG0024" && finding.id != id
            });
            if let Some(misread) = misread {
                wrong.push(format!("{path}: {} {}", misread.id, misread.message));
            }
            looked_at += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(looked_at > 0);
}

#[test]
fn every_rule_has_fixtures_of_both_kinds_in_both_languages() {
    let fixtures = fixtures();
    let mut missing = Vec::new();
    for rule in RULES {
        let names: BTreeSet<String> = fixtures
            .get(&rule.id)
            .into_iter()
            .flatten()
            .filter_map(|path| path.file_name().map(str::to_owned))
            .collect();
        for wanted in ["fires.egress", "quiet.egress", "fires.json", "quiet.json"] {
            let policy_only = POLICY_ONLY.iter().any(|(id, _)| *id == rule.id);
            let templates_only = TEMPLATES_ONLY.iter().any(|(id, _)| *id == rule.id);
            if templates_only && wanted.ends_with(".egress") {
                continue;
            }
            if policy_only && wanted.ends_with(".json") {
                continue;
            }
            if !names.contains(wanted) {
                missing.push(format!("fixtures/lint/{}/{wanted}", rule.id));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
