//! From files to estates: which files belong together, and what each group of them says.
//!
//! All exports together are one estate. The templates of one folder are one estate, unless two of them state the same
//! resource: then each is one of its own. Exports stand beside every template, so that what a template refers to is
//! found there. A template that another one links is a part of that one.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::base::{FileId, FileReader, SourceMap, Span};
use crate::diag::{Finding, Id, Label, Safety};
use crate::estate::{Estate, Extent};
use crate::intent::Ignore;
use crate::net::Cloud;

use super::arm::template::{Counts, Deployment, ExpandOptions, Expanded, expand};
use super::beside::Exports;
use super::json::{self, Document};
use super::kind::{Kind, kind_of};
use super::resource::Resource;
use super::services::ServiceForm;
use super::shown::{self, Seen};
use super::{az, estate, ignores, unknowns};

/// A JSON file that was read.
#[derive(Debug)]
pub struct File {
    /// The file.
    pub id: FileId,
    /// Its name.
    pub path: Utf8PathBuf,
    /// What it is.
    pub kind: Kind,
    /// Its content, unless it is no JSON.
    pub document: Option<Document>,
}

/// Whether somebody named a file, or it was found in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// It was named: whatever is wrong with it is worth a message.
    Named,
    /// It was found: files that are not Azure's are passed over.
    Walking,
}

/// Reads a JSON file.
pub fn read_file(
    sources: &mut SourceMap,
    path: &Utf8Path,
    text: String,
    found: Found,
    findings: &mut Vec<Finding>,
) -> File {
    let ours = found == Found::Named || speaks_of_azure(&text);
    let id = sources.add(path, text);
    let text = sources.get(id).map(crate::base::SourceFile::shared_text);
    let parsed = json::parse(id, &text.unwrap_or_default());
    let (kind, document) = match parsed {
        Ok(document) => (kind_of(&document), Some(document)),
        Err(problem) => {
            if ours {
                findings.push(no_json(problem));
            }
            (Kind::Other, None)
        }
    };
    match &document {
        Some(document) if kind != Kind::Other => findings.extend(duplicates(document, kind)),
        Some(_) if found == Found::Named => {
            let span = sources.span(id, 0, 0);
            let message = format!(
                "`{path}` is no template, no parameter file and no export of Azure resources"
            );
            findings.push(Finding::new(Id::TG0034, message).at(span, "left out").help(
                "templates have `resources`; exports have an `id` or `type` on every resource",
            ));
        }
        _ => {}
    }
    File {
        id,
        path: path.to_owned(),
        kind,
        document,
    }
}

/// Whether a text that is no JSON was meant for Azure.
fn speaks_of_azure(text: &str) -> bool {
    [
        "schema.management.azure.com",
        "\"Microsoft.Network/",
        "/providers/Microsoft.",
    ]
    .iter()
    .any(|word| text.contains(word))
}

pub(super) fn no_json(problem: json::Problem) -> Finding {
    let finding = Finding::new(Id::TG0025, problem.message).at(problem.span, "here");
    match problem.related {
        Some((span, what)) => finding.related(span, what),
        None => finding,
    }
}

fn duplicates(document: &Document, kind: Kind) -> impl Iterator<Item = Finding> {
    let duplicates = document.duplicates().iter();
    duplicates.map(move |duplicate| {
        let range = duplicate.second.start as usize..duplicate.second.end as usize;
        let key = document.text().get(range).unwrap_or("").trim_matches('"');
        let finding = Finding::new(Id::TG0026, format!("key `{key}` is given twice"))
            .at(duplicate.second, "this one counts")
            .related(duplicate.first, "has no effect")
            .help("take the first one out");
        // Loops are written so by people who mean both, and what is written may be what somebody meant.
        let may_go = kind != Kind::Export && !key.eq_ignore_ascii_case("copy");
        match json::edit::remove_member(document, duplicate.first).filter(|_| may_go) {
            Some(edits) => finding.fix("take the first one out", Safety::Unsafe, edits),
            None => finding,
        }
    })
}

/// How files are imported.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Reads the templates that others link.
    pub reader: &'a dyn FileReader,
    /// The parameter files of a template, later ones before earlier ones in what they give.
    pub parameters: &'a (dyn Fn(&Utf8Path) -> Vec<Utf8PathBuf> + Sync),
    /// Where templates are deployed, as far as it is known.
    pub deployment: &'a Deployment,
    /// How platform services are called in public.
    pub services: &'a [ServiceForm],
    /// The cloud that a region is in, by its name in lower case.
    pub cloud_of: &'a (dyn Fn(&str) -> Option<Cloud> + Sync),
}

impl std::fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Options")
    }
}

/// How files are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// By folder, as the module says: for looking at many networks.
    ByFolder,
    /// All into one: for questions about one network.
    All,
}

/// One estate, and what it was read from.
#[derive(Debug)]
pub struct Imported {
    /// The estate.
    pub estate: Estate,
    /// What is silenced.
    pub ignores: Vec<Ignore>,
    /// What is wrong with the files.
    pub findings: Vec<Finding>,
    /// Where values are written, by the place where they are used.
    pub written: BTreeMap<Span, Span>,
    /// The names that stand for more than one statement of one resource, or for one that is not deployed, in order.
    pub shared: Vec<Span>,
    /// The files that it was made from, and that findings about it are reported in. Exports that only stand beside
    /// templates are not among them.
    pub files: BTreeSet<FileId>,
    /// How many expressions were met and understood.
    pub counts: Counts,
    /// How many resources of each type there are.
    pub kinds: BTreeMap<SmolStr, usize>,
}

impl Imported {
    /// Adds the place where a value is written to a finding about its use.
    pub fn tell_where_written(&self, finding: &mut Finding) {
        let Some(used) = finding.primary.as_ref().map(|label| label.span) else {
            return;
        };
        if let Some(span) = self.written.get(&used) {
            finding.related.push(Label {
                span: *span,
                text: "the value is written here".to_owned(),
            });
        }
    }
}

/// A template, expanded.
struct Template<'f> {
    file: &'f File,
    expanded: Expanded,
}

/// Imports files.
#[must_use]
pub fn import(
    sources: &mut SourceMap,
    files: &[File],
    options: &Options<'_>,
    join: Join,
) -> Vec<Imported> {
    let written: Vec<(&File, &Document)> = files
        .iter()
        .filter(|file| file.kind == Kind::Template)
        .filter_map(|file| Some((file, file.document.as_ref()?)))
        .collect();
    let by_path: FxHashMap<&Utf8Path, &File> = files
        .iter()
        .map(|file| (file.path.as_path(), file))
        .collect();
    let mut templates = sources.each(&written, |sources, (file, document)| Template {
        file,
        expanded: expand_file(sources, file, document, &by_path, options),
    });
    let links = templates
        .iter()
        .flat_map(|template| &template.expanded.linked);
    let linked: BTreeSet<Utf8PathBuf> = links
        .filter_map(|document| sources.get(document.file()))
        .map(|file| file.path().to_owned())
        .collect();
    templates.retain(|template| !linked.contains(&template.file.path));
    let exports: Vec<&File> = files
        .iter()
        .filter(|file| file.kind == Kind::Export)
        .collect();
    let Exported {
        resources,
        seen,
        mut findings,
    } = read_exports(&exports);
    let lone = resources.is_empty();
    let exported = Exports::new(resources);
    let mut groups = match join {
        Join::ByFolder => by_folder(templates),
        Join::All => vec![templates],
    };
    groups.retain(|group| !group.is_empty());
    // What is in force is in force on what is exported; without exports on the one network that there is.
    let joined = match join {
        Join::All => !groups.is_empty(),
        Join::ByFolder => lone && !seen.is_empty() && groups.len() == 1,
    };
    let mut imported = Vec::new();
    if !exports.is_empty() && !joined {
        let (all, found) = (exported.all().to_vec(), std::mem::take(&mut findings));
        imported.push(build(all, Vec::new(), &exports, &seen, found, options));
    }
    let built = groups.into_par_iter().map(|group| {
        if joined {
            let all = exported.all().to_vec();
            let findings = findings.clone();
            return build(all, group, &exports, &seen, findings, options);
        }
        let resources = group
            .iter()
            .flat_map(|template| &template.expanded.resources);
        let beside = exported.beside(resources);
        build(beside, group, &[], &[], Vec::new(), options)
    });
    imported.par_extend(built);
    imported
}

/// What all exports hold.
struct Exported {
    resources: Vec<Resource>,
    seen: Vec<Seen>,
    findings: Vec<Finding>,
}

fn read_exports(exports: &[&File]) -> Exported {
    let mut findings = Vec::new();
    let (mut resources, mut seen) = (Vec::new(), Vec::new());
    for file in exports {
        let Some(document) = &file.document else {
            continue;
        };
        let mut read = az::Exported::default();
        az::read(document, &mut read, &mut findings);
        resources.extend(read.resources);
        seen.extend(read.shown.into_iter().map(|shown| Seen {
            path: file.path.clone(),
            shown,
        }));
    }
    Exported {
        resources,
        seen,
        findings,
    }
}

fn expand_file(
    sources: &mut SourceMap,
    file: &File,
    document: &Document,
    files: &FxHashMap<&Utf8Path, &File>,
    options: &Options<'_>,
) -> Expanded {
    let mut findings = Vec::new();
    let mut values: Vec<Document> = Vec::new();
    for path in (options.parameters)(&file.path) {
        match files.get(path.as_path()).map(|file| &file.document) {
            Some(Some(document)) => values.push(document.clone()),
            Some(None) => {}
            None => match options.reader.read(&path) {
                Ok(text) => {
                    let read = read_file(sources, &path, text, Found::Named, &mut findings);
                    values.extend(read.document);
                }
                Err(error) => findings.push(Finding::new(
                    Id::TG0013,
                    format!("cannot read parameter file {path}: {error}"),
                )),
            },
        }
    }
    let mut expanded = expand(
        sources,
        document,
        &ExpandOptions {
            parameter_files: &values,
            reader: options.reader,
            wanted: estate::is_wanted,
            deployment: options.deployment,
        },
    );
    expanded.findings.extend(findings);
    expanded
}

/// Templates of one folder belong together unless they state the same resource.
fn by_folder(templates: Vec<Template<'_>>) -> Vec<Vec<Template<'_>>> {
    let mut folders: BTreeMap<Utf8PathBuf, Vec<Template<'_>>> = BTreeMap::new();
    for template in templates {
        let folder = template.file.path.parent().unwrap_or(Utf8Path::new(""));
        folders.entry(folder.to_owned()).or_default().push(template);
    }
    let mut groups = Vec::new();
    for (_, together) in folders {
        if states_twice(&together) {
            groups.extend(together.into_iter().map(|template| vec![template]));
        } else {
            groups.push(together);
        }
    }
    groups
}

fn states_twice(templates: &[Template<'_>]) -> bool {
    let mut stated: BTreeMap<SmolStr, FileId> = BTreeMap::new();
    templates.iter().any(|template| {
        let resources = template.expanded.resources.iter();
        let mut deployed = resources.filter(|resource| !resource.existing);
        deployed.any(|resource| {
            let first = stated.entry(resource.id.key()).or_insert(template.file.id);
            *first != template.file.id
        })
    })
}

fn build(
    exported: Vec<Resource>,
    templates: Vec<Template<'_>>,
    exports: &[&File],
    seen: &[Seen],
    mut findings: Vec<Finding>,
    options: &Options<'_>,
) -> Imported {
    let mut files: BTreeSet<FileId> = exports.iter().map(|file| file.id).collect();
    let mut silenced = Vec::new();
    for document in exports.iter().filter_map(|file| file.document.as_ref()) {
        silenced.extend(ignores::read(document, &mut findings));
    }
    let mut resources = exported;
    let mut counts = Counts::default();
    for template in templates {
        files.insert(template.file.id);
        for document in template
            .file
            .document
            .iter()
            .chain(&template.expanded.linked)
        {
            files.insert(document.file());
            silenced.extend(ignores::read(document, &mut findings));
        }
        findings.extend(template.expanded.findings);
        counts += template.expanded.counts;
        resources.extend(template.expanded.resources);
    }
    let mut kinds: BTreeMap<SmolStr, usize> = BTreeMap::new();
    for resource in &resources {
        *kinds.entry(resource.id.kind.clone()).or_default() += 1;
    }
    findings.extend(unknowns::findings(&resources));
    resources.extend(shown::groups(seen, &resources));
    let mut built = estate::build(&resources, options.services, options.cloud_of);
    shown::attach(seen, &resources, &mut built);
    findings.extend(built.findings);
    let mut estate = built.estate;
    estate.gaps.extent = Extent::Part;
    Imported {
        estate,
        ignores: silenced,
        findings,
        written: built.places,
        shared: built.shared,
        files,
        counts,
        kinds,
    }
}
