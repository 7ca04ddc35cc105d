//! From files to an analysed estate: what `check` and `compile` have in common.
//!
//! Pure but for the [`FileReader`]: tests and benchmarks run it on files in memory.

use camino::Utf8Path;

use crate::azure::Dataplane;
use crate::azure::facts::Facts;
use crate::base::{Date, FileReader, ReadError, SourceMap};
use crate::compile::{Delivery, FirewallModel, compile};
use crate::diag::{self, Finding, Id, Severity};
use crate::dns::KnownNames;
use crate::estate::Estate;
use crate::explain::fqdn_tag_contents;
use crate::intent::catalog::Library;
use crate::intent::{Assertion, Intent};
use crate::lint::{self, lint};
use crate::report::Gap;
use crate::syntax::{self, Parameters};

use super::age::{MaxAge, of_catalogs, of_lock};
use super::assertions::Assertions;
use super::lock::{LockFile, take_into};

/// What an analysis needs beside the policy.
#[derive(Debug, Clone)]
pub struct Options {
    /// Values of parameters.
    pub parameters: Parameters,
    /// Where firewall rules live.
    pub firewall_model: FirewallModel,
    /// The day on which expiry is judged.
    pub today: Date,
    /// How old the facts may be that are used.
    pub max_age: MaxAge,
    /// Catalogs beside the built-in ones: names to show, and texts.
    pub catalogs: Vec<(String, String)>,
    /// What must hold in every network that is linted.
    pub assertions: Assertions,
    /// Whether to refuse a choice where documents disagree, unless the policy accepts it.
    pub strict: bool,
    /// What names led to.
    pub lock: Option<LockFile>,
}

/// A policy, understood and judged.
#[derive(Debug, Clone)]
pub struct Analysis {
    /// The files read.
    pub sources: SourceMap,
    /// What is there, with what compiling added.
    pub estate: Estate,
    /// What is wanted.
    pub intent: Intent,
    /// How what is wanted is met.
    pub deliveries: Vec<Delivery>,
    /// What is wrong, in the order of the places.
    pub findings: Vec<Finding>,
    /// The rules did not run, because the policy has mistakes.
    pub rules_skipped: bool,
    /// The catalogs.
    pub catalogs: Library,
}

impl Analysis {
    /// Whether there is a finding of this severity or worse.
    #[must_use]
    pub fn has(&self, least: Severity) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.severity >= least)
    }

    /// What was not done.
    #[must_use]
    pub fn gaps(&self) -> Vec<Gap> {
        let skipped = Gap {
            severity: Severity::Error,
            message: "the rules have not run: they need a policy without mistakes".to_owned(),
            place: None,
        };
        self.rules_skipped.then_some(skipped).into_iter().collect()
    }

    /// The rules that ran, in order.
    #[must_use]
    pub fn rules_that_ran(&self) -> Vec<Id> {
        let rules = lint::RULES.iter().filter(|_| !self.rules_skipped);
        rules.map(|rule| rule.id).collect()
    }
}

/// Reads a policy and all it uses, and judges it.
///
/// # Errors
/// When the policy itself cannot be read. Everything else is a finding.
pub fn analyse(
    path: &Utf8Path,
    reader: &dyn FileReader,
    options: &Options,
) -> Result<Analysis, ReadError> {
    let mut sources = SourceMap::default();
    let loaded = syntax::load(&mut sources, reader, path)?;
    let (library, problems) = library(&mut sources, options);
    let names = options.lock.as_ref().map(|lock| lock.among(&mut sources));
    let mut judged = judge(loaded, &library, problems, names.as_ref(), options, &|_| {
        Vec::new()
    });
    if let Some(old) = names.and_then(|names| of_lock(&names, options.today, options.max_age)) {
        judged.findings.push(old);
        diag::sort(&mut judged.findings);
    }
    Ok(Analysis {
        sources,
        estate: judged.estate,
        intent: judged.intent,
        deliveries: judged.deliveries,
        findings: judged.findings,
        rules_skipped: judged.rules_skipped,
        catalogs: library,
    })
}

/// The built-in catalogs and those of the options, with what is wrong with them.
pub(super) fn library(sources: &mut SourceMap, options: &Options) -> (Library, Vec<Finding>) {
    let (mut library, mut findings) = Library::builtin(sources);
    let catalogs = options.catalogs.iter();
    let catalogs = catalogs.map(|(name, text)| (name.into(), text.clone()));
    if let Err(problems) = library.add_all(sources, catalogs) {
        findings.extend(problems);
    }
    (library, findings)
}

/// What a policy says, and what is wrong with it.
pub(super) struct Judged {
    pub(super) estate: Estate,
    pub(super) intent: Intent,
    deliveries: Vec<Delivery>,
    pub(super) findings: Vec<Finding>,
    pub(super) rules_skipped: bool,
}

impl Judged {
    /// The rules did not run.
    fn unfit(estate: Estate, intent: Intent, mut findings: Vec<Finding>) -> Self {
        diag::sort(&mut findings);
        Self {
            estate,
            intent,
            deliveries: Vec::new(),
            findings,
            rules_skipped: true,
        }
    }
}

/// Judges a policy, on top of what is wrong with the catalogs. What must hold besides what the policy asserts depends on
/// its estate.
pub(super) fn judge(
    loaded: syntax::Loaded,
    library: &Library,
    mut findings: Vec<Finding>,
    names: Option<&KnownNames>,
    options: &Options,
    asserted: &dyn Fn(&Estate) -> Vec<Assertion>,
) -> Judged {
    let catalogs_are_broken = has_errors(&findings);
    findings.extend(loaded.findings);
    let of_files = loaded.files.iter().flat_map(|file| &file.findings);
    findings.extend(of_files.cloned());
    if catalogs_are_broken {
        // What a policy asks of a catalog that did not load would be reported as unknown.
        return Judged::unfit(Estate::default(), Intent::default(), findings);
    }
    let mut lowered = syntax::lower(&loaded.files, library, &options.parameters);
    findings.extend(lowered.findings);
    if has_errors(&findings) {
        findings.retain(|finding| finding.id != Id::TG7030);
        return Judged::unfit(lowered.estate, lowered.intent, findings);
    }
    if let Some(names) = names {
        take_into(&mut lowered.estate, names);
    }
    findings.extend(of_catalogs(
        &lowered.estate,
        &lowered.intent,
        library,
        options.today,
        options.max_age,
    ));
    let facts = Facts::builtin();
    let fqdn_tags = fqdn_tag_contents(library, &lowered.estate);
    let compiled = compile(
        lowered.estate,
        &lowered.intent,
        facts,
        &fqdn_tags,
        options.firewall_model,
    );
    findings.extend(compiled.findings);
    lowered.intent.assertions.extend(asserted(&compiled.estate));
    let context = lint::Context {
        estate: &compiled.estate,
        intent: &lowered.intent,
        facts,
        plane: &Dataplane::new(&compiled.estate, facts, None).with_fqdn_tags(fqdn_tags),
        regions: library.regions(),
        catalogs: Some(library),
        names,
        today: options.today,
    };
    let mut findings = lint(&context, findings);
    findings.extend(facts.problems());
    // Without strictness they are told in the summary, and an `ignore` of them silences something all the same.
    findings.retain(|finding| options.strict || finding.id != Id::TG7030);
    let choices = findings.iter_mut().filter(|it| it.id == Id::TG7030);
    choices.for_each(|finding| finding.severity = Severity::Error);
    diag::sort(&mut findings);
    Judged {
        estate: compiled.estate,
        intent: lowered.intent,
        deliveries: compiled.deliveries,
        findings,
        rules_skipped: false,
    }
}

fn has_errors(findings: &[Finding]) -> bool {
    findings
        .iter()
        .any(|finding| finding.severity == Severity::Error)
}
