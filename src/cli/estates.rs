//! Networks that exist: what `lint`, `explain --estate` and `import` have in common.

use camino::{Utf8Path, Utf8PathBuf};

use ignore::overrides::Override;
use rustc_hash::FxHashSet;

use crate::azure::facts::Facts;
use crate::base::SourceMap;
use crate::diag::{self, Finding, Id, Severity};
use crate::import::{self, Deployment, File, Join, Kind, PublicName, ServiceForm, json, read_file};
use crate::intent::Intent;
use crate::report::Gap;

use super::arguments::DeploymentOptions;
use super::lint::collect::{Input, collect};
use super::output::Disk;
use super::pipeline::{Analysis, Options, library};

/// Reads templates and exports as one network. What is wrong with the files is among the findings.
///
/// # Errors
/// When something that was named cannot be read, or holds no network.
pub(super) fn read_network(
    paths: &[Utf8PathBuf],
    deploying: &DeploymentOptions,
    settings: &Options,
) -> Result<Analysis, String> {
    let inputs = collect(paths, &Override::empty())?;
    let mut sources = SourceMap::default();
    let (catalogs, mut findings) = library(&mut sources, settings);
    let mut gaps = Vec::new();
    let files = read_inputs(&inputs, &mut sources, &mut findings, &mut gaps);
    let known = parameter_files(&files);
    let chosen = |template: &Utf8Path| parameters_of(template, &known, &deploying.parameters, None);
    let options = import::Options {
        reader: &Disk,
        parameters: &chosen,
        deployment: &deployment(deploying),
        services: &service_forms(),
    };
    let mut networks = import::import(&mut sources, &files, &options, Join::All);
    let Some(network) = networks.pop() else {
        let named: Vec<&str> = paths.iter().map(|path| path.as_str()).collect();
        return Err(format!(
            "there is no template and no export of Azure resources in {}",
            named.join(", ")
        ));
    };
    findings.extend(network.findings);
    diag::sort(&mut findings);
    Ok(Analysis {
        sources,
        estate: network.estate,
        intent: Intent::default(),
        deliveries: Vec::new(),
        findings,
        rules_skipped: false,
        catalogs,
    })
}

/// How platform services are called in public, for the readers of templates and exports.
#[must_use]
pub fn service_forms() -> Vec<ServiceForm> {
    let known = Facts::builtin().platform_services();
    known
        .filter_map(|fact| {
            let names = fact.names.iter().filter_map(|name| {
                Some(PublicName {
                    suffix: name.suffix.as_str().into(),
                    group: name.group.as_deref()?.into(),
                })
            });
            Some(ServiceForm {
                resource: fact.resource.as_ref()?.to_ascii_lowercase().into(),
                kind: fact.kinds.first()?.as_str().into(),
                named_by: fact.named_by.as_deref().map(Into::into),
                names: names.collect(),
            })
        })
        .collect()
}

/// Where templates are deployed, as the command line says.
pub(super) fn deployment(options: &DeploymentOptions) -> Deployment {
    let given = |text: &Option<String>| text.as_deref().map(Into::into);
    Deployment {
        subscription: given(&options.subscription),
        group: given(&options.resource_group),
        location: given(&options.location),
    }
}

/// Reads every JSON file of the inputs.
pub(super) fn read_inputs(
    inputs: &[Input],
    sources: &mut SourceMap,
    findings: &mut Vec<Finding>,
    gaps: &mut Vec<Gap>,
) -> Vec<File> {
    gaps.extend(uncompiled(inputs));
    let read = sources.each(inputs, |sources, input| {
        let mut found = Vec::new();
        if input.ends_with("egress") || input.ends_with("bicep") {
            return (None, found);
        }
        let file = match json::decode(input.bytes.clone()) {
            Ok(text) => Some(read_file(
                sources,
                &input.path,
                text,
                input.found,
                &mut found,
            )),
            Err(error) => {
                found.push(unreadable(sources, &input.path, &error.to_string()));
                None
            }
        };
        (file, found)
    });
    let mut files = Vec::new();
    for (file, found) in read {
        files.extend(file);
        findings.extend(found);
    }
    files
}

/// Bicep files beside which no compiled template lies: what they deploy is not looked at.
fn uncompiled(inputs: &[Input]) -> Option<Gap> {
    let paths: FxHashSet<&Utf8Path> = inputs.iter().map(|input| input.path.as_path()).collect();
    let compiled = |path: &Utf8Path| {
        let template = path.with_extension("json");
        paths.contains(template.as_path())
    };
    let sources = inputs.iter().filter(|input| input.ends_with("bicep"));
    let left_out: Vec<&Input> = sources.filter(|input| !compiled(&input.path)).collect();
    let first = left_out.first()?;
    let (many, verb) = match left_out.len() {
        1 => (format!("Bicep file `{}` is", first.path), "it"),
        count => (
            format!("{count} Bicep files, such as `{}`, are", first.path),
            "them",
        ),
    };
    Some(Gap {
        severity: Severity::Warning,
        message: format!(
            "{many} not read: compile {verb} with `bicep build`, and the template is read"
        ),
        place: None,
    })
}

fn unreadable(sources: &mut SourceMap, path: &Utf8Path, error: &str) -> Finding {
    let file = sources.add(path, String::new());
    let span = sources.span(file, 0, 0);
    Finding::new(Id::TG0025, error.to_owned()).at(span, "no text")
}

/// The parameter files among the files that were read.
pub(super) fn parameter_files(files: &[File]) -> FxHashSet<&Utf8Path> {
    let files = files.iter().filter(|file| file.kind == Kind::Parameters);
    files.map(|file| file.path.as_path()).collect()
}

/// The parameter files of a template: those that the command line names; else those of the configuration; else the
/// one beside it that is named after it.
pub(super) fn parameters_of(
    template: &Utf8Path,
    known: &FxHashSet<&Utf8Path>,
    named: &[Utf8PathBuf],
    configured: Option<&Vec<Utf8PathBuf>>,
) -> Vec<Utf8PathBuf> {
    if !named.is_empty() {
        return named.to_vec();
    }
    if let Some(configured) = configured {
        return configured.clone();
    }
    let stem = template.file_stem().unwrap_or_default();
    let beside =
        ["parameters", "params"].map(|word| template.with_file_name(format!("{stem}.{word}.json")));
    let read = |path: &Utf8PathBuf| known.contains(path.as_path());
    beside.into_iter().filter(read).collect()
}
