//! What is wrong with a set of files. Pure but for the [`FileReader`]: tests and benchmarks run it on files in memory.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::azure::Dataplane;
use crate::azure::facts::Facts;
use crate::base::{FileReader, ReadError, SourceMap};
use crate::diag::{Confidence, Finding, Id, Severity};
use crate::import::{self, Deployment, File, Imported, Join, Kind};
use crate::intent::Intent;
use crate::intent::catalog::{Library, Regions};
use crate::lint;
use crate::report::Gap;
use crate::syntax;

use super::collect::Input;
use crate::cli::estates::{parameters_of, read_inputs};
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
    let mut linted = Linted {
        sources,
        findings: problems.clone(),
        gaps: Vec::new(),
        rules_ran: true,
        imported: Vec::new(),
    };
    let reader = Overlay { inputs, reader };
    judge_policies(&reader, &library, &problems, settings, &mut linted);
    let files = read_inputs(
        inputs,
        &mut linted.sources,
        &mut linted.findings,
        &mut linted.gaps,
    );
    let catalogs = Some(&library).filter(|library| library.names().next().is_some());
    judge_networks(&files, &reader, deploying, settings, catalogs, &mut linted);
    linted
}

/// The inputs, and behind them whatever else there is.
struct Overlay<'a> {
    inputs: &'a [Input],
    reader: &'a dyn FileReader,
}

impl FileReader for Overlay<'_> {
    fn read(&self, path: &Utf8Path) -> Result<String, ReadError> {
        let mut inputs = self.inputs.iter();
        match inputs.find(|input| input.path == path) {
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
    settings: &Options,
    linted: &mut Linted,
) {
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
        let judged = pipeline::judge(policy, library, problems.to_vec(), settings);
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
fn soften_what_azure_took(finding: &mut Finding, files: &[File]) {
    let place = finding.primary.as_ref().map(|label| label.span.file);
    let mut exports = files.iter().filter(|file| file.kind == Kind::Export);
    if finding.severity == Severity::Error
        && finding.id.is_refusal()
        && exports.any(|file| Some(file.id) == place)
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
    settings: &Options,
    catalogs: Option<&Library>,
    linted: &mut Linted,
) {
    let chosen = |template: &Utf8Path| {
        let configured = deploying.of_templates.get(template);
        parameters_of(template, files, deploying.all, configured)
    };
    let options = import::Options {
        reader,
        parameters: &chosen,
        deployment: deploying.deployment,
    };
    let networks = import::import(&mut linted.sources, files, &options, Join::ByFolder);
    let mut templates = import::Templates::new(&linted.sources, files);
    for network in networks {
        let intent = Intent {
            ignores: network.ignores.clone(),
            ..Intent::default()
        };
        let facts = Facts::builtin();
        let context = lint::Context {
            estate: &network.estate,
            intent: &intent,
            facts,
            plane: &Dataplane::new(&network.estate, facts, None),
            regions: Regions::builtin(),
            catalogs,
            today: settings.today,
        };
        let mut findings = lint::lint(&context, network.findings.clone());
        findings.retain(|finding| {
            let place = finding.primary.as_ref().map(|label| label.span.file);
            place.is_none_or(|file| network.files.contains(&file))
        });
        for finding in &mut findings {
            network.tell_where_written(finding);
            network.fix(finding, &mut templates);
            soften_what_azure_took(finding, files);
        }
        linted.findings.extend(findings);
        linted.imported.push(network);
    }
}
