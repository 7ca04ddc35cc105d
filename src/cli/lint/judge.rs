//! What is wrong with a set of files. Pure but for the [`FileReader`]: tests and benchmarks run it on files in memory.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::azure::Dataplane;
use crate::azure::facts::Facts;
use crate::base::{Date, FileId, FileReader, ReadError, SourceMap};
use crate::diag::{Confidence, Finding, Id, Severity};
use crate::dns::KnownNames;
use crate::estate::Estate;
use crate::import::bicep::{Places, source_of};
use crate::import::{self, Deployment, File, Imported, Join, Kind, Templates};
use crate::intent::Intent;
use crate::intent::catalog::{Library, Regions};
use crate::lint;
use crate::report::Gap;
use crate::syntax;

use super::collect::Input;
use crate::cli::age::of_lock;
use crate::cli::assertions::Asserting;
use crate::cli::bicep::{Builds, Telling};
use crate::cli::estates::{
    cloud_of_region, parameter_files, parameters_of, read_inputs, service_forms,
};
use crate::cli::lock::take_into;
use crate::cli::pipeline::{self, Options};

/// Everything that was found, before anybody accepts some of it.
#[derive(Debug, Default)]
pub struct Linted {
    /// The files read.
    pub sources: SourceMap,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What was not looked at.
    pub gaps: Vec<Gap>,
    /// Whether the rules ran on everything.
    pub rules_ran: bool,
    /// The networks that were read.
    pub imported: Vec<Imported>,
}

/// What templates are deployed with.
#[derive(Debug, Clone, Copy)]
pub struct Deploying<'a> {
    /// The parameter files of every template.
    pub all: &'a [Utf8PathBuf],
    /// The parameter files of certain templates.
    pub of_templates: &'a BTreeMap<Utf8PathBuf, Vec<Utf8PathBuf>>,
    /// Where templates are deployed, as far as it is known.
    pub deployment: &'a Deployment,
    /// What came of Bicep files.
    pub builds: &'a Builds,
}

/// Looks at files: policies, templates, exports.
#[must_use]
pub fn lint_inputs(
    inputs: &[Input],
    reader: &dyn FileReader,
    settings: &Options,
    deploying: &Deploying<'_>,
) -> Linted {
    let mut sources = SourceMap::default();
    // Catalogs are for policies; reading them takes longer than judging a template.
    let policies = inputs.iter().any(|input| input.ends_with("egress"));
    let (library, problems) = if policies || !settings.catalogs.is_empty() {
        pipeline::library(&mut sources, settings)
    } else {
        Default::default()
    };
    let asserting = Asserting::new(&settings.assertions, &mut sources);
    let names = settings.lock.as_ref().map(|lock| lock.among(&mut sources));
    let age = |names| of_lock(names, settings.today, settings.max_age);
    let old = names.as_ref().and_then(age);
    let mut linted = Linted {
        sources,
        findings: problems.iter().cloned().chain(old).collect(),
        gaps: Vec::new(),
        rules_ran: true,
        imported: Vec::new(),
    };
    let reader = Overlay::new(inputs, reader);
    judge_policies(
        &reader,
        &library,
        &problems,
        names.as_ref(),
        settings,
        &asserting,
        &mut linted,
    );
    let read = read_inputs(inputs, deploying.builds, &mut telling(&mut linted, &reader));
    let catalogs = Some(&library).filter(|library| library.names().next().is_some());
    let beside = Beside {
        settings,
        catalogs,
        names: names.as_ref(),
        asserting: &asserting,
    };
    judge_networks(&read.files, &reader, deploying, beside, &mut linted);
    let places = read.places(&mut telling(&mut linted, &reader));
    show_in_bicep(&places, deploying.builds, settings.today, &mut linted);
    linted.gaps.extend(asserting.idle());
    linted
}

fn telling<'a>(linted: &'a mut Linted, reader: &'a Overlay<'_>) -> Telling<'a> {
    Telling {
        sources: &mut linted.sources,
        findings: &mut linted.findings,
        gaps: &mut linted.gaps,
        reader,
    }
}

/// Moves findings of compiled templates to Bicep, where the way is known, and takes out what comments there silence.
fn show_in_bicep(places: &Places, builds: &Builds, today: Date, linted: &mut Linted) {
    for finding in &mut linted.findings {
        places.apply(finding, &linted.sources);
        let place = finding.primary.as_ref();
        let file = place.and_then(|label| linted.sources.get(label.span.file));
        if let Some(source) = file.and_then(|file| builds.source_beside(file.path())) {
            let line = format!("the template is compiled from {source}: change it there");
            finding.help.push(line);
        }
    }
    let ignores = places.ignores(&mut linted.findings, &linted.sources);
    lint::silence(&ignores, today, &mut linted.findings);
}

/// The inputs, and behind them whatever else there is.
struct Overlay<'a> {
    inputs: &'a [Input],
    by_path: FxHashMap<&'a Utf8Path, &'a Input>,
    reader: &'a dyn FileReader,
}

impl<'a> Overlay<'a> {
    fn new(inputs: &'a [Input], reader: &'a dyn FileReader) -> Self {
        let by_path = inputs.iter().map(|input| (input.path.as_path(), input));
        Self {
            inputs,
            by_path: by_path.collect(),
            reader,
        }
    }
}

impl FileReader for Overlay<'_> {
    fn read(&self, path: &Utf8Path) -> Result<String, ReadError> {
        match self.by_path.get(path) {
            Some(input) => import::json::decode(input.bytes.clone())
                .map_err(|error| ReadError(error.to_string())),
            None => self.reader.read(path),
        }
    }
}

/// Policies are judged one by one. One that another uses is a part of that one.
fn judge_policies(
    reader: &Overlay<'_>,
    library: &Library,
    problems: &[Finding],
    names: Option<&KnownNames>,
    settings: &Options,
    asserting: &Asserting<'_>,
    linted: &mut Linted,
) {
    let asserted = |estate: &Estate| asserting.about(estate, Facts::builtin());
    let mut used: Vec<Utf8PathBuf> = Vec::new();
    let mut loaded = Vec::new();
    for input in reader
        .inputs
        .iter()
        .filter(|input| input.ends_with("egress"))
    {
        match syntax::load(&mut linted.sources, reader, &input.path) {
            Ok(policy) => {
                let files = policy.files.iter();
                let paths = files.filter_map(|file| linted.sources.get(file.file));
                let others = paths.map(|file| file.path().to_owned());
                used.extend(others.filter(|path| *path != input.path));
                loaded.push((&input.path, policy));
            }
            Err(error) => linted.findings.push(Finding::new(
                Id::TG0013,
                format!("cannot read {}: {error}", input.path),
            )),
        }
    }
    loaded.retain(|(path, _)| !used.contains(path));
    for (path, policy) in loaded {
        let judged = pipeline::judge(
            policy,
            library,
            problems.to_vec(),
            names,
            settings,
            &asserted,
        );
        if judged.rules_skipped {
            linted.rules_ran = false;
            linted.gaps.push(Gap {
                severity: Severity::Error,
                message: format!(
                    "the rules have not run on {path}: they need a policy without mistakes"
                ),
                place: None,
            });
        }
        linted.findings.extend(judged.findings);
    }
}

/// What an export shows, Azure has taken: that it would refuse it is certainly not so.
fn soften_what_azure_took(finding: &mut Finding, exports: &FxHashSet<FileId>) {
    let place = finding.primary.as_ref().map(|label| label.span.file);
    if finding.severity == Severity::Error
        && finding.id.is_refusal()
        && place.is_some_and(|file| exports.contains(&file))
    {
        finding.severity = Severity::Warning;
        finding.confidence = Confidence::Assumed;
        finding.help.push(
            "Azure shows it, so it took it once: a template that states it may be refused"
                .to_owned(),
        );
    }
}

fn judge_networks(
    files: &[File],
    reader: &Overlay<'_>,
    deploying: &Deploying<'_>,
    beside: Beside<'_>,
    linted: &mut Linted,
) {
    let known = parameter_files(files);
    let chosen = |template: &Utf8Path| {
        let of_templates = deploying.of_templates;
        let configured = of_templates.get(template);
        let configured = configured.or_else(|| of_templates.get(&source_of(template)));
        parameters_of(
            template,
            &known,
            deploying.builds,
            deploying.all,
            configured,
        )
    };
    let options = import::Options {
        reader,
        parameters: &chosen,
        deployment: deploying.deployment,
        services: &service_forms(),
        cloud_of: &cloud_of_region,
    };
    let mut networks = import::import(&mut linted.sources, files, &options, Join::ByFolder);
    if let Some(names) = beside.names {
        let estates = networks.iter_mut().map(|network| &mut network.estate);
        estates.for_each(|estate| take_into(estate, names));
    }
    let exports: FxHashSet<FileId> = files
        .iter()
        .filter(|file| file.kind == Kind::Export)
        .map(|file| file.id)
        .collect();
    let sources = &linted.sources;
    let judged: Vec<Vec<Finding>> = networks
        .par_iter()
        .map(|network| {
            let mut templates = Templates::new(sources, files);
            judge_network(network, beside, &exports, &mut templates)
        })
        .collect();
    linted.findings.extend(judged.into_iter().flatten());
    linted.imported = networks;
}

/// What networks are judged with, beside their files.
#[derive(Clone, Copy)]
struct Beside<'a> {
    settings: &'a Options,
    catalogs: Option<&'a Library>,
    names: Option<&'a KnownNames>,
    asserting: &'a Asserting<'a>,
}

fn judge_network(
    network: &Imported,
    beside: Beside<'_>,
    exports: &FxHashSet<FileId>,
    templates: &mut Templates<'_>,
) -> Vec<Finding> {
    let facts = Facts::builtin();
    let intent = Intent {
        ignores: network.ignores.clone(),
        assertions: beside.asserting.about(&network.estate, facts),
        ..Intent::default()
    };
    let context = lint::Context {
        estate: &network.estate,
        intent: &intent,
        facts,
        plane: &Dataplane::new(&network.estate, facts, None),
        regions: Regions::builtin(),
        catalogs: beside.catalogs,
        names: beside.names,
        today: beside.settings.today,
    };
    let asserted_in = beside.asserting.file();
    let mut findings = lint::lint(&context, network.findings.clone());
    findings.retain(|finding| {
        let place = finding.primary.as_ref().map(|label| label.span.file);
        place.is_none_or(|file| network.files.contains(&file) || asserted_in == Some(file))
    });
    for finding in &mut findings {
        network.tell_where_written(finding);
        network.fix(finding, templates);
        soften_what_azure_took(finding, exports);
    }
    findings
}
