//! One policy per mistake that only an analysis finds, and what a terminal shows of it.
//!
//! Each file of `fixtures/refused` is the same small policy with one mistake. Its first line names the ids to expect;
//! a second line may name the options of the command line to analyse it with.

use std::collections::BTreeSet;

use camino::Utf8Path;
use tidegate::base::FileReader;
use tidegate::cli::{Analysis, Assertions, Options, analyse};
use tidegate::compile::FirewallModel;
use tidegate::diag::{Id, Severity};
use tidegate::report::{Color, human};

use super::support::{Project, options, policies_in};

const FOLDER: &str = "fixtures/refused";

fn read(file: &str) -> String {
    let path = format!("{FOLDER}/{file}");
    Project.read(Utf8Path::new(&path)).unwrap()
}

/// What a comment at the beginning of a policy says behind its key.
fn comment<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let comments = text.lines().map_while(|line| line.strip_prefix("// "));
    comments
        .filter_map(|comment| comment.strip_prefix(key)?.strip_prefix(": "))
        .next()
}

fn expected(text: &str) -> BTreeSet<Id> {
    let ids = comment(text, "expects").expect("the first line names ids");
    let id = |code| Id::from_code(code).expect(code);
    ids.split(", ").map(id).collect()
}

fn with(text: &str) -> Options {
    let words: Vec<&str> = comment(text, "with").unwrap_or("").split(' ').collect();
    match words.as_slice() {
        [""] => options(FirewallModel::Policy),
        ["--firewall-model", "classic"] => options(FirewallModel::Classic),
        ["--strict"] => Options {
            strict: true,
            ..options(FirewallModel::Policy)
        },
        ["--catalog", file] => Options {
            catalogs: vec![((*file).to_owned(), read(file))],
            assertions: Assertions::default(),
            ..options(FirewallModel::Policy)
        },
        other => panic!("unknown options {other:?}"),
    }
}

/// The analysis of a fixture, and its text.
pub(crate) fn refused(name: &str) -> (Analysis, String) {
    let text = read(&format!("{name}.egress"));
    let path = format!("{FOLDER}/{name}.egress");
    let analysis = analyse(Utf8Path::new(&path), &Project, &with(&text)).unwrap();
    (analysis, text)
}

#[test]
fn every_mistake_is_found_and_explained() {
    let mut wrong = Vec::new();
    for name in policies_in(FOLDER) {
        let (analysis, text) = refused(&name);
        let shown = human(&analysis.findings, &analysis.sources, Color::Never);
        insta::with_settings!({
            snapshot_path => "snapshots/refused",
            omit_expression => true,
            prepend_module_to_snapshot => false,
        }, {
            insta::assert_snapshot!(name.clone(), shown);
        });
        let found: BTreeSet<Id> = analysis.findings.iter().map(|finding| finding.id).collect();
        let expected = expected(&text);
        let unexpected = analysis
            .findings
            .iter()
            .any(|finding| finding.severity == Severity::Error && !expected.contains(&finding.id));
        if unexpected || !expected.is_subset(&found) {
            wrong.push(format!("{name}: expected {expected:?}, found {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
