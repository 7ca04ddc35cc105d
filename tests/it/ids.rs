//! Every id has a fixture that produces it, and every id that a rule reports has documentation that holds.

use std::collections::BTreeSet;

use camino::Utf8Path;
use tidegate::azure::facts::Facts;
use tidegate::base::SourceMap;
use tidegate::diag::Id;
use tidegate::intent::catalog::Library;
use tidegate::lint::{RULES, lint_catalog};

use super::policy::findings_of;
use super::refused::refused;
use super::support::{files, policies_in, project};

/// Ids without a fixture, and why.
const WITHOUT_FIXTURE: &[(Id, &str)] = &[
    (
        Id::TG0037,
        "needs the program `bicep`; tests/it/bicep.rs tests it",
    ),
    (
        Id::TG0045,
        "needs the option `--max-age`; tests/it/cli.rs tests it",
    ),
    (
        Id::TG0046,
        "needs the option `--service-tags`; tests/it/cli.rs tests it",
    ),
    (
        Id::TG0047,
        "needs the option `--lock`; tests/it/dns/explained.rs tests it",
    ),
    (
        Id::TG0099,
        "needs thousands of findings; src/report/sarif tests it",
    ),
];

fn produced() -> BTreeSet<Id> {
    let mistakes = policies_in("fixtures/errors").into_iter().flat_map(|name| {
        let path = format!("fixtures/errors/{name}.egress");
        findings_of(Utf8Path::new(&path)).unwrap().1
    });
    let faults = policies_in("fixtures/refused")
        .into_iter()
        .flat_map(|name| refused(&name).0.findings);
    let found = mistakes.chain(faults).map(|finding| finding.id);
    // What these fire is held by a test of their own.
    let networks = [".json", ".egress"]
        .iter()
        .flat_map(|ending| files("fixtures/lint", ending))
        .filter_map(|path| {
            let fires = path.file_name()?.starts_with("fires");
            let id = Id::from_code(path.parent()?.file_name()?)?;
            fires.then_some(id)
        });
    let doubts = files("fixtures/catalogs", ".yaml");
    let doubts = doubts.iter().flat_map(|path| doubts_about(path));
    found.chain(networks).chain(doubts).collect()
}

/// What `tidegate catalog check` says of a catalog.
fn doubts_about(path: &Utf8Path) -> Vec<Id> {
    let text = std::fs::read_to_string(project(path.as_str())).unwrap();
    let mut sources = SourceMap::default();
    let (mut library, _) = Library::builtin(&mut sources);
    let names = library.add_all(&mut sources, [(path.to_owned(), text)]);
    let names = names.unwrap_or_else(|findings| panic!("{path} loads: {findings:?}"));
    let catalogs = names.iter().filter_map(|name| library.get(name));
    let findings = catalogs.flat_map(|catalog| lint_catalog(catalog, &library, Facts::builtin()));
    findings.map(|finding| finding.id).collect()
}

#[test]
fn every_id_has_a_fixture() {
    let produced = produced();
    let excepted: BTreeSet<Id> = WITHOUT_FIXTURE.iter().map(|(id, _)| *id).collect();
    let missing: Vec<&Id> = Id::ALL
        .iter()
        .filter(|id| !produced.contains(id) && !excepted.contains(id))
        .collect();
    assert!(missing.is_empty(), "without a fixture: {missing:?}");
}

/// The ids that the files of rules mention where they make findings.
fn reported_by_rules() -> BTreeSet<Id> {
    let mut ids = BTreeSet::new();
    for path in files("src/lint", ".rs") {
        let text = std::fs::read_to_string(project(path.as_str())).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        // What applies `ignore` is no rule: its two findings are about the language.
        let codes = code.split("Id::").skip(1).filter_map(|rest| rest.get(..6));
        ids.extend(
            codes
                .filter_map(Id::from_code)
                .filter(|id| *id >= Id::TG1001),
        );
    }
    assert!(!ids.is_empty(), "rules report findings");
    ids
}

#[test]
fn every_id_of_a_rule_is_documented() {
    let documented: BTreeSet<Id> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(documented.len(), RULES.len(), "each id has one rule");
    let missing: Vec<Id> = reported_by_rules()
        .difference(&documented)
        .copied()
        .collect();
    assert!(missing.is_empty(), "without a rule: {missing:?}");
    for rule in RULES {
        assert!(!rule.doc.trim().is_empty(), "{} has no words", rule.id);
    }
}

#[test]
fn every_id_has_words_of_its_own() {
    for id in Id::ALL {
        let of_rule = RULES.iter().any(|rule| rule.id == *id);
        let of_message = id.doc().is_some_and(|doc| doc.contains(". "));
        assert!(
            of_rule != of_message,
            "{id}: rule {of_rule}, message {of_message}"
        );
    }
}
