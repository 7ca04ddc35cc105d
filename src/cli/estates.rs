//! Networks that exist: what `lint`, `explain --estate` and `import` have in common.

use std::collections::BTreeMap;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use ignore::overrides::Override;
use rustc_hash::FxHashSet;

use crate::azure::Dataplane;
use crate::azure::facts::Facts;
use crate::base::{FileId, SourceMap};
use crate::diag::{self, Finding, Id, Severity};
use crate::import::bicep::{self, Places};
use crate::import::{self, Deployment, File, Join, Kind, PublicName, ServiceForm, json, read_file};
use crate::intent::Intent;
use crate::intent::catalog::Regions;
use crate::lint;
use crate::net::Cloud;
use crate::report::{self, Gap};

use super::age::of_lock;
use super::arguments::DeploymentOptions;
use super::bicep::{Builds, Kept, Telling, Use, build};
use super::lint::collect::{Input, collect};
use super::lock::take_into;
use super::output::{Disk, print_error};
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
    read_network_telling(paths, Kept::AtHand, deploying, settings, &print_error)
}

/// As [`read_network`], of files that may be in a revision, with another way to tell what was not done.
pub(super) fn read_network_telling(
    paths: &[Utf8PathBuf],
    kept: Kept,
    deploying: &DeploymentOptions,
    settings: &Options,
    tell: &dyn Fn(&str),
) -> Result<Analysis, String> {
    let mut inputs = collect(paths, &Override::empty())?;
    let named: Vec<&Utf8PathBuf> = deploying.parameters.iter().collect();
    let using = Use {
        kept,
        ..use_of_bicep(deploying)
    };
    let builds = build(&mut inputs, &named, using)?;
    let mut sources = SourceMap::default();
    let (catalogs, mut findings) = library(&mut sources, settings);
    let mut gaps = Vec::new();
    let mut telling = Telling {
        sources: &mut sources,
        findings: &mut findings,
        gaps: &mut gaps,
        reader: &Disk,
    };
    let read = read_inputs(&inputs, &builds, &mut telling);
    let places = read.places(&mut telling);
    let files = &read.files;
    let known = parameter_files(files);
    let chosen =
        |template: &Utf8Path| parameters_of(template, &known, &builds, &deploying.parameters, None);
    let options = import::Options {
        reader: &Disk,
        parameters: &chosen,
        deployment: &deployment(deploying),
        services: &service_forms(),
        cloud_of: &cloud_of_region,
    };
    for gap in &gaps {
        tell(&format!("{}: {}\n", gap.severity, gap.message));
    }
    // What is said of a network of which a part was meant and not read would mislead.
    let unread = |finding: &Finding| matches!(finding.id, Id::TG0013 | Id::TG0037);
    if findings.iter().any(unread) {
        tell(&report::concise(&findings, &sources));
        return Err("a part of the network cannot be read".to_owned());
    }
    let mut networks = import::import(&mut sources, files, &options, Join::All);
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
    for finding in &mut findings {
        places.apply(finding, &sources);
    }
    let mut estate = network.estate;
    if let Some(lock) = &settings.lock {
        let names = lock.among(&mut sources);
        take_into(&mut estate, &names);
        findings.extend(of_lock(&names, settings.today, settings.max_age));
    }
    diag::sort(&mut findings);
    Ok(Analysis {
        sources,
        estate,
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
                    cloud: name.cloud,
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

/// The cloud that a region is in, for the readers of templates and exports.
#[must_use]
pub fn cloud_of_region(name: &str) -> Option<Cloud> {
    let region = Regions::builtin().get(name)?;
    Some(region.cloud)
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

/// The files of the inputs, read.
pub(super) struct Read {
    /// Templates, parameters and exports, those too that Bicep made.
    pub(super) files: Vec<File>,
    /// The Bicep file that a file was made from in this run.
    made_from: BTreeMap<FileId, Utf8PathBuf>,
}

/// Reads every JSON file of the inputs, and what Bicep made of others.
pub(super) fn read_inputs(inputs: &[Input], builds: &Builds, telling: &mut Telling<'_>) -> Read {
    let others = ["egress", "bicep", "bicepparam"];
    let read = telling.sources.each(inputs, |sources, input| {
        let mut found = Vec::new();
        if others.iter().any(|ending| input.ends_with(ending)) {
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
        telling.findings.extend(found);
    }
    let mut made_from = BTreeMap::new();
    for (file, source) in builds.read(inputs, telling) {
        made_from.insert(file.id, source);
        files.push(file);
    }
    Read { files, made_from }
}

impl Read {
    /// The ways from compiled templates to Bicep. A map that does not fit is told.
    pub(super) fn places(&self, telling: &mut Telling<'_>) -> Places {
        let mut places = Places::default();
        for file in &self.files {
            let Some(document) = &file.document else {
                continue;
            };
            if let Some(source) = self.made_from.get(&file.id) {
                places.add_compiled(document, source, telling.sources, telling.reader);
            } else if file.kind == Kind::Template && bicep::is_compiled(document) {
                let path = bicep::SourceMap::path_for(&file.path);
                let Some(map) = source_map(&path, telling) else {
                    continue;
                };
                let added = places.add_mapped(document, map, telling.sources, telling.reader);
                if let Err(why) = added {
                    telling.gaps.push(Gap {
                        severity: Severity::Warning,
                        message: format!(
                            "`{path}` does not fit `{}`, so its findings are shown in the template: {why}",
                            file.path
                        ),
                        place: None,
                    });
                }
            }
        }
        places
    }
}

fn source_map(path: &Utf8Path, telling: &Telling<'_>) -> Option<bicep::SourceMap> {
    let folder = path.parent().unwrap_or(Utf8Path::new(""));
    let text = telling.reader.read(path).ok()?;
    let document = json::parse(FileId::default(), &text.into()).ok()?;
    bicep::SourceMap::read(&document, folder)
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

/// How the command line wants Bicep to be used.
pub(super) fn use_of_bicep(options: &DeploymentOptions) -> Use {
    Use {
        allowed: !options.no_bicep,
        limit: Duration::from_secs(options.bicep_timeout),
        kept: Kept::default(),
    }
}

/// The parameter files of a template: those that the command line names; else those of the configuration; else the
/// one beside it that is named after it.
pub(super) fn parameters_of(
    template: &Utf8Path,
    known: &FxHashSet<&Utf8Path>,
    builds: &Builds,
    named: &[Utf8PathBuf],
    configured: Option<&Vec<Utf8PathBuf>>,
) -> Vec<Utf8PathBuf> {
    let known = |path: &Utf8PathBuf| known.contains(path.as_path());
    // Of a Bicep parameter file that could not be made there is a finding already.
    let readable = |path: &&Utf8PathBuf| path.extension() != Some("bicepparam") || known(path);
    let source = bicep::source_of(template);
    let chosen = match (named, configured) {
        ([], None) => None,
        ([], Some(configured)) => Some(configured.as_slice()),
        (named, _) => Some(named),
    };
    if let Some(chosen) = chosen {
        return chosen.iter().filter(readable).cloned().collect();
    }
    let of_template = builds.parameters_of(template);
    let of_source = of_template.or_else(|| builds.parameters_of(&source));
    if let Some(path) = of_source.filter(|path| known(path)) {
        return vec![path.clone()];
    }
    let stem = source.file_stem().unwrap_or_default();
    let beside =
        ["parameters", "params"].map(|word| template.with_file_name(format!("{stem}.{word}.json")));
    beside.into_iter().filter(known).collect()
}
