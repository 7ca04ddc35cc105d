//! Networks that exist: what `lint`, `explain --estate` and `import` have in common.

use camino::{Utf8Path, Utf8PathBuf};

use ignore::overrides::Override;

use crate::azure::Dataplane;
use crate::azure::facts::Facts;
use crate::base::SourceMap;
use crate::diag::{self, Finding, Id, Severity};
use crate::import::{self, Deployment, File, Join, Kind, json, read_file};
use crate::intent::Intent;
use crate::lint;
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
    let chosen = |template: &Utf8Path| parameters_of(template, &files, &deploying.parameters, None);
    let options = import::Options {
        reader: &Disk,
        parameters: &chosen,
        deployment: &deployment(deploying),
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
    let plane = Dataplane::new(&network.estate, Facts::builtin(), None);
    findings.extend(lint::differences(&plane));
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
    let mut files = Vec::new();
    gaps.extend(uncompiled(inputs));
    for input in inputs {
        if input.ends_with("egress") || input.ends_with("bicep") {
            continue;
        }
        match json::decode(input.bytes.clone()) {
            Ok(text) => files.push(read_file(sources, &input.path, text, input.found, findings)),
            Err(error) => findings.push(unreadable(sources, &input.path, &error.to_string())),
        }
    }
    files
}

/// Bicep files beside which no compiled template lies: what they deploy is not looked at.
fn uncompiled(inputs: &[Input]) -> Option<Gap> {
    let compiled = |path: &Utf8Path| {
        let template = path.with_extension("json");
        inputs.iter().any(|input| input.path == template)
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

/// The parameter files of a template: those that the command line names; else those of the configuration; else the
/// one beside it that is named after it.
pub(super) fn parameters_of(
    template: &Utf8Path,
    files: &[File],
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
    let known = |path: &Utf8PathBuf| {
        let mut files = files.iter();
        files.any(|file| file.kind == Kind::Parameters && file.path == *path)
    };
    beside.into_iter().filter(known).collect()
}
