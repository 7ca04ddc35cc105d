//! What fuzzing and property tests do with arbitrary input: nothing may panic, hang or answer out of place.

use std::sync::Arc;

use camino::Utf8Path;
use tidegate::base::{Date, FileId, FileReader, MemoryFiles, SourceMap};
use tidegate::cli::{Assertions, Builds, Deploying, Input, Options, lint_inputs};
use tidegate::compile::FirewallModel;
use tidegate::import::{Deployment, Found, arm, json};
use tidegate::intent::catalog::Library;
use tidegate::report::{Color, Format, Run, render};

/// Reads a policy and lays it out; what is laid out reads the same.
pub(crate) fn policy(text: &str) {
    let mut sources = SourceMap::default();
    let file = sources.add("fuzzed.egress", text.to_owned());
    let parsed = tidegate::syntax::parse(&sources, file);
    let run = Run::new(&parsed.findings, &sources);
    let _ = render(Format::Text, &run, Color::Never);
    let _ = tidegate::syntax::format(&sources, &parsed);
}

/// Reads an expression of a template; its canonical spelling means the same.
pub(crate) fn expression(text: &str) {
    let Ok(expression) = arm::expression::parse(text) else {
        return;
    };
    let spelled = expression.to_string();
    let again = arm::expression::parse(&spelled).expect("a canonical spelling is an expression");
    assert_eq!(again.to_string(), spelled);
}

/// Reads bytes as JSON; every place lies in the text.
pub(crate) fn json_text(bytes: &[u8]) {
    let Ok(text) = json::decode(bytes.to_vec()) else {
        return;
    };
    let text: Arc<str> = text.into();
    match json::parse(FileId::default(), &text) {
        Ok(document) => {
            for root in document.roots() {
                let span = root.span();
                assert!(text.get(span.start as usize..span.end as usize).is_some());
            }
        }
        Err(problem) => {
            let span = problem.span;
            assert!(text.get(span.start as usize..span.end as usize).is_some());
        }
    }
}

/// Lints bytes as a template, an export, or whatever they are, and writes what is found.
pub(crate) fn importer(bytes: &[u8]) {
    let input = Input {
        path: "fuzzed.json".into(),
        bytes: bytes.to_vec(),
        found: Found::Named,
    };
    let options = Options {
        parameters: Default::default(),
        firewall_model: FirewallModel::Policy,
        today: Date::new(2027, 1, 1).expect("a day"),
        max_age: Default::default(),
        catalogs: Vec::new(),
        assertions: Assertions::default(),
        strict: false,
        lock: None,
    };
    let deploying = Deploying {
        all: &[],
        of_templates: &Default::default(),
        deployment: &Deployment::default(),
        builds: &Builds::default(),
    };
    let nothing: &dyn FileReader = &MemoryFiles::default();
    let linted = lint_inputs(&[input], nothing, &options, &deploying);
    let run = Run::new(&linted.findings, &linted.sources);
    let _ = render(Format::Text, &run, Color::Never);
    let _ = render(Format::Sarif, &run, Color::Never);
    for network in &linted.imported {
        let written = tidegate::emit::egress::policy_text(&network.estate, &Default::default());
        let mut sources = SourceMap::default();
        let file = sources.add("written.egress", written.text);
        let parsed = tidegate::syntax::parse(&sources, file);
        assert!(parsed.findings.is_empty(), "{:?}", parsed.findings.first());
    }
}

/// Reads a text as a catalog.
pub(crate) fn catalog(text: &str) {
    let mut sources = SourceMap::default();
    let mut library = Library::default();
    let path = Utf8Path::new("fuzzed.yaml");
    let _ = library.add(&mut sources, path, text.to_owned());
}
