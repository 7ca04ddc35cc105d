//! Policies in memory, compiled without reading the catalogs again.

use camino::Utf8Path;
use tidegate::azure::Dataplane;
use tidegate::azure::facts::Facts;
use tidegate::base::{MemoryFiles, SourceMap};
use tidegate::compile::{Delivery, FirewallModel, compile};
use tidegate::diag::{Finding, Id, Severity};
use tidegate::estate::Estate;
use tidegate::explain::fqdn_tag_contents;
use tidegate::intent::Intent;
use tidegate::lint::{Context, lint};
use tidegate::syntax::{Parameters, load, lower};
use tidegate::verify::{Held, hold, place};

use super::super::policy::{built_in, lines};
use super::super::support::TODAY;

/// A policy, understood, compiled and judged.
pub(super) struct Compiled {
    pub(super) text: String,
    pub(super) sources: SourceMap,
    pub(super) estate: Estate,
    pub(super) intent: Intent,
    pub(super) deliveries: Vec<Delivery>,
    pub(super) findings: Vec<Finding>,
}

impl Compiled {
    /// Does what `compile` does. A policy with mistakes is not compiled, and has no deliveries.
    pub(super) fn of(text: String, model: FirewallModel) -> Self {
        let (mut sources, library) = built_in();
        let path = Utf8Path::new("policy.egress");
        let files = MemoryFiles([(path.to_owned(), text.clone())].into());
        let loaded = load(&mut sources, &files, path).unwrap();
        let lowered = lower(&loaded.files, library, &Parameters::new());
        let mut findings = loaded.findings;
        findings.extend(loaded.files.iter().flat_map(|file| file.findings.clone()));
        findings.extend(lowered.findings);
        let mut done = Self {
            text,
            sources,
            estate: lowered.estate,
            intent: lowered.intent,
            deliveries: Vec::new(),
            findings,
        };
        if done.errors().next().is_some() {
            return done;
        }
        let facts = Facts::builtin();
        let fqdn_tags = fqdn_tag_contents(library, &done.estate);
        let compiled = compile(done.estate, &done.intent, facts, &fqdn_tags, model);
        done.findings.extend(compiled.findings);
        let plane = Dataplane::new(&compiled.estate, facts, None).with_fqdn_tags(fqdn_tags);
        let context = Context {
            estate: &compiled.estate,
            intent: &done.intent,
            facts,
            plane: &plane,
            regions: library.regions(),
            catalogs: Some(library),
            names: None,
            today: TODAY.parse().unwrap(),
        };
        done.findings = lint(&context, done.findings);
        // Where documents disagree is told in the summary.
        done.findings.retain(|finding| finding.id != Id::TG7030);
        done.estate = compiled.estate;
        done.deliveries = compiled.deliveries;
        done
    }

    pub(super) fn errors(&self) -> impl Iterator<Item = &Finding> {
        let findings = self.findings.iter();
        findings.filter(|finding| finding.severity == Severity::Error)
    }

    /// What was compiled, held against the policy as `verify` does.
    pub(super) fn held(&self) -> Held {
        let (_, library) = built_in();
        let mut network = self.estate.clone();
        let placed = place(&self.estate, &mut network);
        let plane = Dataplane::new(&network, Facts::builtin(), None)
            .with_fqdn_tags(fqdn_tag_contents(library, &self.estate));
        hold(&plane, &self.intent, &placed)
    }

    /// The policy and its findings, to show beside what went wrong.
    pub(super) fn shown(&self) -> String {
        format!("{}\n{}", self.text, lines(&self.sources, &self.findings))
    }
}
