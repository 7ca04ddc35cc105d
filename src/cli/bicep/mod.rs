//! Bicep files among the inputs: which of them are compiled, in which order, and what came of it.
//!
//! A file is compiled by `bicep` of the PATH, without the network, unless its compiled template lies beside it. A
//! module is a part of the templates that use it: it is not compiled for itself, unless it was named or nothing that
//! uses it could be compiled.

mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use crate::base::FileId;
use crate::import::bicep::{
    Diagnostic, diagnostics, is_compiled, local_references, parameters_of_whom,
};
use crate::import::{Found, json};

use super::lint::collect::Input;
use super::process::{self, Program, Ran};

pub(super) use self::report::Telling;

/// What Bicep may print in bytes. Azure takes templates of 4 MiB.
const MAX_OUTPUT: u64 = 64 << 20;

/// How Bicep is used.
#[derive(Debug, Clone, Copy)]
pub(super) struct Use {
    /// Whether it may be started at all.
    pub(super) allowed: bool,
    /// How long one file may take.
    pub(super) limit: Duration,
    /// Where the files are.
    pub(super) kept: Kept,
}

/// Where files are that are given to Bicep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Kept {
    /// On disk, where somebody can compile them by hand.
    #[default]
    AtHand,
    /// In a revision; they are laid out for this run only.
    InRevision,
}

/// What came of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Made {
    /// A template, or the parameters of one.
    Text(String),
    /// Nothing: Bicep finds mistakes in it, or says that it failed.
    Refused {
        diagnostics: Vec<Diagnostic>,
        other: Vec<String>,
    },
    /// Nothing, because Bicep did not do its work.
    Failed(String),
    /// Nothing, because there is no Bicep, or it may not be used.
    LeftOut,
}

/// A file that was given to Bicep.
#[derive(Debug, Clone)]
struct Built {
    path: Utf8PathBuf,
    found: Found,
    made: Made,
}

/// What came of the Bicep files among the inputs.
#[derive(Debug, Default)]
pub struct Builds {
    /// Templates.
    templates: Vec<Built>,
    /// Parameter files.
    parameters: Vec<Built>,
    /// The parameter files of templates, by the Bicep file of the template.
    belonging: BTreeMap<Utf8PathBuf, Utf8PathBuf>,
    /// Compiled templates that lie beside their source.
    beside: BTreeMap<Utf8PathBuf, Utf8PathBuf>,
    /// Bicep may not be used.
    forbidden: bool,
    kept: Kept,
}

impl Builds {
    /// The parameter file that was found for a Bicep file.
    pub(super) fn parameters_of(&self, source: &Utf8Path) -> Option<&Utf8PathBuf> {
        self.belonging.get(source)
    }

    /// The Bicep file among the inputs that a template lies beside.
    pub(super) fn source_beside(&self, template: &Utf8Path) -> Option<&Utf8PathBuf> {
        let mut beside = self.beside.iter();
        let found = beside.find(|(_, compiled)| *compiled == template);
        found.map(|(source, _)| source)
    }

    /// The files that Bicep made a template of in this run.
    fn compiled(&self) -> impl Iterator<Item = (&Built, &String)> {
        self.templates.iter().filter_map(|built| match &built.made {
            Made::Text(text) => Some((built, text)),
            _ => None,
        })
    }
}

/// Compiles what is to be compiled. Parameter files that `named` names are made too; they stand in for those found
/// beside a template. Inputs may grow: by what parameter files are for, and by compiled templates beside a named file.
///
/// # Errors
/// When a parameter file was named that says of no template that it is for, or two for the same.
pub(super) fn build(
    inputs: &mut Vec<Input>,
    named: &[&Utf8PathBuf],
    using: Use,
) -> Result<Builds, String> {
    let mut builds = Builds {
        forbidden: !using.allowed,
        kept: using.kept,
        ..Builds::default()
    };
    take_in_templates_of_parameters(inputs, &mut builds)?;
    let sources: Vec<(Utf8PathBuf, Found)> = inputs
        .iter()
        .filter(|input| input.ends_with("bicep"))
        .map(|input| (input.path.clone(), input.found))
        .collect();
    if sources.is_empty() && !named.iter().any(|path| is_parameters(path)) {
        return Ok(builds);
    }
    for (source, found) in &sources {
        if let Some(template) = compiled_beside(inputs, source, *found) {
            builds.beside.insert(source.clone(), template);
        }
    }
    compile_all(inputs, &sources, using, &mut builds);
    make_parameters(inputs, named, using, &mut builds);
    Ok(builds)
}

fn is_parameters(path: &Utf8Path) -> bool {
    let extension = path.extension();
    extension.is_some_and(|extension| extension.eq_ignore_ascii_case("bicepparam"))
}

fn text_of(input: &Input) -> String {
    json::decode(input.bytes.clone()).unwrap_or_default()
}

/// A parameter file that was named stands for its template with these values. One that was found belongs to the
/// template that is called like it.
fn take_in_templates_of_parameters(
    inputs: &mut Vec<Input>,
    builds: &mut Builds,
) -> Result<(), String> {
    let parameters: Vec<(Utf8PathBuf, Found, String)> = inputs
        .iter()
        .filter(|input| is_parameters(&input.path))
        .map(|input| (input.path.clone(), input.found, text_of(input)))
        .collect();
    for (path, found, text) in parameters {
        let template = match (parameters_of_whom(&path, &text), found) {
            (Ok(template), _) => template,
            (Err(_), Found::Walking) => continue,
            (Err(written), Found::Named) if written.is_empty() => {
                return Err(format!(
                    "{path} names no template: it has no `using` with a file"
                ));
            }
            (Err(written), Found::Named) => {
                return Err(format!(
                    "{path} is for {written}, which is no file: name the template, and give the values with --parameters"
                ));
            }
        };
        if found == Found::Walking {
            let called_alike = template.with_extension("") == path.with_extension("");
            let has_json = ["parameters.json", "params.json"].iter().any(|ending| {
                let beside = template.with_extension(ending);
                inputs.iter().any(|input| input.path == beside)
            });
            if called_alike && !has_json {
                builds.belonging.entry(template).or_insert(path);
            }
            continue;
        }
        let missing = !inputs.iter().any(|input| input.path == template);
        if missing {
            inputs.push(super::lint::collect::read(&template, Found::Named)?);
        }
        if let Some(other) = builds.belonging.insert(template.clone(), path.clone()) {
            let was_named = inputs
                .iter()
                .any(|input| input.path == other && input.found == Found::Named);
            if was_named && other != path {
                return Err(format!(
                    "{other} and {path} are both for {template}: look at them one after the other"
                ));
            }
        }
    }
    Ok(())
}

/// The compiled template that lies beside a Bicep file, read in unless it is an input already.
fn compiled_beside(
    inputs: &mut Vec<Input>,
    source: &Utf8Path,
    found: Found,
) -> Option<Utf8PathBuf> {
    let template = source.with_extension("json");
    let known = inputs.iter().position(|input| input.path == template);
    let read = match known {
        Some(_) => None,
        None => Some(super::lint::collect::read(&template, found).ok()?),
    };
    let input = match &read {
        Some(read) => Some(read),
        None => known.and_then(|at| inputs.get(at)),
    };
    let is_compiled = input.is_some_and(|input| {
        let text = text_of(input);
        // Most templates are written by hand; they need not be parsed for this.
        text.contains("_generator")
            && json::parse(FileId::default(), &text.into())
                .is_ok_and(|document| is_compiled(&document))
    });
    if is_compiled {
        inputs.extend(read);
    }
    is_compiled.then_some(template)
}

/// Compiles the files that no other one uses first, then what remains.
fn compile_all(
    inputs: &[Input],
    sources: &[(Utf8PathBuf, Found)],
    using: Use,
    builds: &mut Builds,
) {
    let users = users_of(inputs);
    // Files whose content is in a template that is read: compiled, or a part of one.
    let mut covered: BTreeSet<&Utf8PathBuf> = builds.beside.keys().collect();
    let mut templates: Vec<Built> = Vec::new();
    let mut left: Vec<&(Utf8PathBuf, Found)> = sources
        .iter()
        .filter(|(path, _)| !builds.beside.contains_key(path))
        .collect();
    while !left.is_empty() {
        let used_by = |path: &Utf8PathBuf| users.get(path).into_iter().flatten();
        let inlined: Vec<&Utf8PathBuf> = left
            .iter()
            .filter(|(path, found)| {
                *found == Found::Walking && used_by(path).any(|user| covered.contains(user))
            })
            .map(|(path, _)| path)
            .collect();
        if !inlined.is_empty() {
            left.retain(|(path, _)| !inlined.contains(&path));
            covered.extend(inlined);
            continue;
        }
        let open: BTreeSet<&Utf8PathBuf> = left.iter().map(|(path, _)| path).collect();
        let mut ready: Vec<&(Utf8PathBuf, Found)> = left
            .iter()
            .filter(|(path, found)| {
                let mut users = used_by(path).filter(|user| *user != path);
                *found == Found::Named || !users.any(|user| open.contains(user))
            })
            .copied()
            .collect();
        if ready.is_empty() {
            // Files that use each other in a circle; Bicep says so of each.
            ready.clone_from(&left);
        }
        for built in make("build", &ready, using) {
            if let (Made::Text(_), Some((path, _))) = (
                &built.made,
                sources.iter().find(|(path, _)| *path == built.path),
            ) {
                covered.insert(path);
            }
            templates.push(built);
        }
        left.retain(|one| !ready.contains(one));
    }
    templates.sort_by(|a, b| a.path.cmp(&b.path));
    builds.templates = templates;
}

/// Which Bicep files among the inputs use a file.
fn users_of(inputs: &[Input]) -> BTreeMap<Utf8PathBuf, BTreeSet<Utf8PathBuf>> {
    let mut users: BTreeMap<Utf8PathBuf, BTreeSet<Utf8PathBuf>> = BTreeMap::new();
    for input in inputs.iter().filter(|input| input.ends_with("bicep")) {
        for used in local_references(&input.path, &text_of(input)) {
            users.entry(used).or_default().insert(input.path.clone());
        }
    }
    users
}

/// Makes the parameter files that are named, and those that belong to templates that were read.
fn make_parameters(inputs: &[Input], named: &[&Utf8PathBuf], using: Use, builds: &mut Builds) {
    let read: BTreeSet<&Utf8PathBuf> = builds
        .compiled()
        .map(|(built, _)| &built.path)
        .chain(builds.beside.keys())
        .collect();
    let belonging = builds.belonging.iter();
    let belonging: Vec<&Utf8PathBuf> = belonging
        .filter(|(template, _)| read.contains(template) || template.extension() == Some("json"))
        .map(|(_, parameters)| parameters)
        .collect();
    let mut wanted: BTreeMap<Utf8PathBuf, Found> = BTreeMap::new();
    for path in belonging {
        let mut inputs = inputs.iter();
        let found = inputs.find(|input| input.path == *path);
        wanted.insert(
            path.clone(),
            found.map_or(Found::Named, |input| input.found),
        );
    }
    for path in named.iter().filter(|path| is_parameters(path)) {
        wanted.insert((*path).clone(), Found::Named);
    }
    let wanted: Vec<(Utf8PathBuf, Found)> = wanted.into_iter().collect();
    let mut made = make("build-params", &wanted.iter().collect::<Vec<_>>(), using);
    for built in &mut made {
        if let Made::Text(text) = &built.made {
            built.made = parameters_in(text);
        }
    }
    builds.parameters = made;
}

/// What `build-params --stdout` prints is an object with the parameter file as a text: the record `BuildParamsStdout` of
/// Azure/bicep, src/Bicep.Cli/Models.
fn parameters_in(printed: &str) -> Made {
    let parsed: Option<serde_json::Value> = serde_json::from_str(printed).ok();
    let parameters = parsed
        .as_ref()
        .and_then(|printed| printed.get("parametersJson")?.as_str());
    match parameters {
        Some(text) => Made::Text(text.to_owned()),
        None => Made::Failed("`bicep build-params` printed no parameters".to_owned()),
    }
}

/// Gives files to Bicep, as many at a time as there are cores; the results are in the order of the files.
fn make(command: &str, files: &[&(Utf8PathBuf, Found)], using: Use) -> Vec<Built> {
    files
        .par_iter()
        .map(|(path, found)| Built {
            path: path.clone(),
            found: *found,
            made: make_one(command, path, using),
        })
        .collect()
}

fn make_one(command: &str, path: &Utf8Path, using: Use) -> Made {
    if !using.allowed {
        return Made::LeftOut;
    }
    // A path that begins with a dash is no option.
    let path = match path.as_str() {
        name if name.starts_with('-') => Utf8Path::new(".").join(path),
        _ => path.to_owned(),
    };
    let arguments = [command, path.as_str(), "--stdout", "--no-restore"];
    let ran = process::run(Program {
        name: "bicep",
        arguments: &arguments,
        input: Vec::new(),
        limit: using.limit,
        most: MAX_OUTPUT,
    });
    match ran {
        Ran::NotInstalled => Made::LeftOut,
        Ran::Failed(why) => Made::Failed(why),
        Ran::Ended {
            succeeded,
            output,
            messages,
        } => {
            let messages = String::from_utf8_lossy(&messages);
            let (diagnostics, other) = diagnostics(&messages);
            let text = json::decode(output).unwrap_or_default();
            if succeeded && !text.trim().is_empty() {
                return Made::Text(text);
            }
            if succeeded {
                return Made::Failed(format!(
                    "`bicep {command}` printed nothing that can be read"
                ));
            }
            Made::Refused {
                diagnostics,
                other: other.into_iter().map(str::to_owned).collect(),
            }
        }
    }
}
