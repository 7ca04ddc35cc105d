//! The checks that all fact files share: words from a fixed set, names that must be declared, names given twice.
//!
//! A check that fails notes a finding and yields nothing, so that one run reports every mistake.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::base::{FileId, SourceMap, Span, did_you_mean, did_you_mean_help};
use crate::diag::{self, Finding, Id};
use crate::net::PortRange;

use super::model::{Source, SourceRef, Word};
use super::schema::{RawSource, RawSourceRef};
use super::template::{Template, TemplateKind};
use super::yaml::At;

/// One file under check, and what was found wrong with it.
pub(super) struct Checker<'a> {
    sources: &'a SourceMap,
    file: FileId,
    findings: Vec<Finding>,
}

/// Names that were declared, each with its place.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeMap<SmolStr, Span>);

impl Names {
    fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(SmolStr::as_str)
    }
}

impl<'a> Checker<'a> {
    pub(super) fn new(sources: &'a SourceMap, file: FileId) -> Self {
        Self {
            sources,
            file,
            findings: Vec::new(),
        }
    }

    pub(super) fn span<T>(&self, at: &At<T>) -> Span {
        at.span(self.sources, self.file)
    }

    /// Notes a finding.
    pub(super) fn note(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Notes a finding at a value.
    pub(super) fn problem<T>(&mut self, at: &At<T>, message: String, label: &str) {
        let span = self.span(at);
        self.note(Finding::new(Id::TG0019, message).at(span, label));
    }

    /// The value, unless something was found.
    ///
    /// A mistake in a part that several entries share is found with each of them and reported once.
    pub(super) fn finish<T>(mut self, value: T) -> Result<T, Vec<Finding>> {
        diag::sort(&mut self.findings);
        if self.findings.is_empty() {
            Ok(value)
        } else {
            Err(self.findings)
        }
    }

    pub(super) fn schema(&mut self, found: &At<String>, expected: &str) {
        if found.value != expected {
            let finding = super::yaml::wrong_schema(found, expected, self.sources, self.file);
            self.note(finding);
        }
    }

    /// A word of a fixed set.
    pub(super) fn word<W: Word>(&mut self, at: &At<String>) -> Option<W> {
        let known = W::WORDS.iter().find(|(word, _)| *word == at.value);
        if let Some(&(_, meaning)) = known {
            return Some(meaning);
        }
        let words = W::WORDS.iter().map(|(word, _)| *word);
        let finding = Finding::new(Id::TG0019, format!("unknown {} `{}`", W::WHAT, at.value))
            .at(self.span(at), format!("not a {}", W::WHAT));
        self.note(match did_you_mean_help(&at.value, words.clone()) {
            Some(help) => finding.help(help),
            None => finding.help(format!(
                "expected one of {}",
                words
                    .map(|word| format!("`{word}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            )),
        });
        None
    }

    pub(super) fn words<W: Word>(&mut self, list: &[At<String>]) -> Vec<W> {
        list.iter().filter_map(|at| self.word(at)).collect()
    }

    pub(super) fn port(&mut self, at: &At<String>) -> Option<PortRange> {
        match at.value.parse() {
            Ok(range) => Some(range),
            Err(error) => {
                self.problem(at, format!("`{}` is no port", at.value), "malformed");
                self.help_last(error.to_string());
                None
            }
        }
    }

    /// Adds a line of help to the finding noted last.
    pub(super) fn help_last(&mut self, help: String) {
        if let Some(last) = self.findings.last_mut() {
            last.help.push(help);
        }
    }

    /// Declares a name; one that is taken is a finding that shows both places.
    pub(super) fn declare(&mut self, names: &mut Names, at: &At<String>, what: &str) {
        let span = self.span(at);
        let name = SmolStr::new(&at.value);
        if let Some(&first) = names.0.get(&name) {
            self.note(
                Finding::new(Id::TG0019, format!("{what} `{name}` is declared twice"))
                    .at(span, "the second time")
                    .related(first, "the first time"),
            );
            return;
        }
        names.0.insert(name, span);
    }

    /// A name that must have been declared.
    pub(super) fn reference(&mut self, names: &Names, at: &At<String>, what: &str) -> SmolStr {
        if !names.contains(&at.value) {
            let span = self.span(at);
            self.undeclared(names, &at.value, span, what);
        }
        SmolStr::new(&at.value)
    }

    pub(super) fn references(
        &mut self,
        names: &Names,
        list: &[At<String>],
        what: &str,
    ) -> Vec<SmolStr> {
        list.iter()
            .map(|at| self.reference(names, at, what))
            .collect()
    }

    fn undeclared(&mut self, names: &Names, name: &str, span: Span, what: &str) {
        let close = did_you_mean(name, names.iter());
        let finding = Finding::new(Id::TG0019, format!("{what} `{name}` is not declared"))
            .at(span, format!("no such {what} in this file"))
            .maybe_help(close.map(|close| format!("did you mean `{close}`?")));
        let declared = close.and_then(|close| names.0.get(close)).copied();
        self.note(match declared {
            Some(declared) => finding.related(declared, "declared here"),
            None => finding,
        });
    }

    /// A template whose placeholders are all declared.
    pub(super) fn template(
        &mut self,
        parameters: &Names,
        kind: TemplateKind,
        at: &At<String>,
    ) -> Option<Template> {
        let span = self.span(at);
        let template = match Template::parse(kind, &at.value, span) {
            Ok(template) => template,
            Err(error) => {
                self.problem(
                    at,
                    format!("`{}` does not read: {error}", at.value),
                    "malformed",
                );
                return None;
            }
        };
        for name in template.placeholders() {
            if !parameters.contains(name) {
                let place = self.placeholder_span(span, name);
                self.undeclared(parameters, name, place, "parameter");
            }
        }
        Some(template)
    }

    /// The place of a placeholder inside the text that has it; the whole text when YAML escapes hide it.
    fn placeholder_span(&self, text: Span, name: &str) -> Span {
        let written = format!("{{{name}}}");
        match self.sources.text(text).find(&written) {
            Some(at) => {
                let start = text.start as usize + at;
                self.sources.span(self.file, start, start + written.len())
            }
            None => text,
        }
    }

    /// The list of documents, and their ids.
    pub(super) fn documents(&mut self, raw: Vec<RawSource>) -> (Vec<Source>, Names) {
        let mut ids = Names::default();
        let mut documents = Vec::with_capacity(raw.len());
        for entry in raw {
            self.declare(&mut ids, &entry.id, "source");
            documents.push(Source {
                span: self.span(&entry.id),
                id: entry.id.value.into(),
                repo: entry.repo,
                path: entry.path,
                commit: entry.commit,
                doc_date: entry.doc_date,
                commit_date: entry.commit_date,
                last_change: entry.last_change,
                licence: entry.licence,
                note: entry.note,
            });
        }
        (documents, ids)
    }

    pub(super) fn source_refs(
        &mut self,
        documents: &Names,
        raw: Vec<RawSourceRef>,
    ) -> Vec<SourceRef> {
        raw.into_iter()
            .map(|entry| SourceRef {
                source: self.reference(documents, &entry.source, "source"),
                section: entry.section,
            })
            .collect()
    }
}
