//! What came of Bicep files: files to import, findings, and what was left out.

use camino::{Utf8Path, Utf8PathBuf};

use crate::base::{FileReader, SourceMap, Span};
use crate::diag::{Finding, Id, Severity};
use crate::import::bicep::{Diagnostic, straight};
use crate::import::{File, Found, Kind, read_file};
use crate::report::Gap;

use super::{Builds, Built, Kept, Made, is_parameters};
use crate::cli::lint::collect::Input;
use crate::cli::output::working_folder;

/// How many files a message names.
const MOST_NAMED: usize = 10;

/// How many lines of a failure are shown.
const MOST_LINES: usize = 3;

/// Where findings and gaps go, and the files that they are about.
pub(in crate::cli) struct Telling<'a> {
    pub(in crate::cli) sources: &'a mut SourceMap,
    pub(in crate::cli) findings: &'a mut Vec<Finding>,
    pub(in crate::cli) gaps: &'a mut Vec<Gap>,
    pub(in crate::cli) reader: &'a dyn FileReader,
}

impl Builds {
    /// The templates and parameter files that Bicep made, with the file that each was made from. What could not be made
    /// is told.
    pub(in crate::cli) fn read(
        &self,
        inputs: &[Input],
        telling: &mut Telling<'_>,
    ) -> Vec<(File, Utf8PathBuf)> {
        let mut read = Vec::new();
        for built in self.templates.iter().chain(&self.parameters) {
            match &built.made {
                Made::Text(text) => read.extend(read_made(built, text.clone(), inputs, telling)),
                Made::Failed(why) => telling.findings.push(Finding::new(
                    Id::TG0013,
                    format!("cannot compile {}: {why}", built.path),
                )),
                Made::Refused { diagnostics, other } => {
                    refused(built, (diagnostics, other), self.kept, inputs, telling);
                }
                Made::LeftOut => {}
            }
        }
        self.tell_left_out(telling);
        self.tell_beside(inputs, telling);
        read
    }

    /// One message for all files that nothing was made of because there is no Bicep.
    fn tell_left_out(&self, telling: &mut Telling<'_>) {
        let built = self.templates.iter().chain(&self.parameters);
        let left_out: Vec<&Built> = built.filter(|built| built.made == Made::LeftOut).collect();
        let Some(first) = left_out.first() else {
            return;
        };
        let verb = if left_out.len() == 1 { "is" } else { "are" };
        let why = if self.forbidden {
            "`--no-bicep` was given"
        } else {
            "there is no `bicep` on the PATH"
        };
        let message = format!("{} {verb} left out: {why}", names(&left_out));
        let command = if is_parameters(&first.path) {
            "build-params"
        } else {
            "build"
        };
        let advice = match self.kept {
            Kept::AtHand => format!(
                "`az bicep {command} --file {}` writes the JSON that is read in its place",
                first.path
            ),
            Kept::InRevision => {
                "JSON compiled from it is read in its place where the revision has it".to_owned()
            }
        };
        let message = format!("{message}; {advice}");
        if left_out.iter().any(|built| built.found == Found::Named) {
            telling.findings.push(Finding::new(Id::TG0013, message));
        } else {
            telling.gaps.push(Gap {
                severity: Severity::Warning,
                message,
                place: None,
            });
        }
    }

    /// Somebody who names a Bicep file may not expect that an older template beside it is looked at.
    fn tell_beside(&self, inputs: &[Input], telling: &mut Telling<'_>) {
        for (source, template) in &self.beside {
            let mut inputs = inputs.iter();
            if inputs.any(|input| input.path == *source && input.found == Found::Named) {
                telling.gaps.push(Gap {
                    severity: Severity::Note,
                    message: format!(
                        "`{template}`, which lies beside `{source}`, is read in its place: compile it again after a change"
                    ),
                    place: None,
                });
            }
        }
    }
}

fn names(left_out: &[&Built]) -> String {
    let named = left_out.iter().take(MOST_NAMED);
    let mut names: Vec<String> = named.map(|built| format!("`{}`", built.path)).collect();
    match left_out.len() - names.len() {
        0 => {}
        more => names.push(format!("{more} more")),
    }
    match names.pop() {
        Some(last) if names.is_empty() => last,
        Some(last) => format!("{} and {last}", names.join(", ")),
        None => String::new(),
    }
}

/// The name under which what was made is shown: that of the file which Bicep would write, unless there is another one of
/// that name.
fn name_of(built: &Built, inputs: &[Input]) -> Utf8PathBuf {
    if is_parameters(&built.path) {
        return built.path.with_extension("parameters.json");
    }
    let usual = built.path.with_extension("json");
    if inputs.iter().any(|input| input.path == usual) {
        return built.path.with_extension("bicep.json");
    }
    usual
}

fn read_made(
    built: &Built,
    text: String,
    inputs: &[Input],
    telling: &mut Telling<'_>,
) -> Option<(File, Utf8PathBuf)> {
    let name = name_of(built, inputs);
    let mut problems = Vec::new();
    let mut file = read_file(telling.sources, &name, text, Found::Named, &mut problems);
    let wanted = if is_parameters(&built.path) {
        Kind::Parameters
    } else {
        Kind::Template
    };
    if file.kind != wanted {
        telling.findings.push(Finding::new(
            Id::TG0013,
            format!(
                "cannot compile {}: what `bicep` printed is no template",
                built.path
            ),
        ));
        return None;
    }
    telling.findings.extend(problems);
    if is_parameters(&built.path) {
        // A template asks for its parameters by the name of the file that was given.
        file.path.clone_from(&built.path);
    }
    Some((file, built.path.clone()))
}

fn refused(
    built: &Built,
    (diagnostics, other): (&[Diagnostic], &[String]),
    kept: Kept,
    inputs: &[Input],
    telling: &mut Telling<'_>,
) {
    let errors: Vec<&Diagnostic> = diagnostics
        .iter()
        .filter(|one| one.severity == Severity::Error)
        .collect();
    if errors.is_empty() {
        let lines: Vec<&str> = other.iter().take(MOST_LINES).map(String::as_str).collect();
        let said = match lines.join("; ") {
            nothing if nothing.is_empty() => "it does not say why".to_owned(),
            said => said,
        };
        telling.findings.push(Finding::new(
            Id::TG0013,
            format!("cannot compile {}: `bicep` failed: {said}", built.path),
        ));
        return;
    }
    let only_modules = errors.iter().all(|error| error.is_unrestored());
    for error in errors {
        let path = shown(&error.path, built, inputs);
        let span = place(&path, error, telling);
        let message = error.message.trim_end_matches('.');
        let finding = if only_modules {
            let why = format!("cannot compile {}: {}: {message}", built.path, error.code);
            let fetching = match kept {
                Kept::AtHand => format!("`bicep restore {}`", built.path),
                Kept::InRevision => "`bicep restore` where the revision is checked out".to_owned(),
            };
            Finding::new(Id::TG0013, why).help(format!(
                "{fetching} fetches what it uses; nothing is fetched here"
            ))
        } else if span.is_some() {
            Finding::new(Id::TG0037, format!("{}: {message}", error.code))
        } else {
            let place = format!("{path}:{}:{}", error.line, error.column);
            Finding::new(Id::TG0037, format!("{place}: {}: {message}", error.code))
        };
        telling.findings.push(match span {
            Some(span) => finding.at(span, "here"),
            None => finding,
        });
    }
}

/// The file of a diagnostic as the user would write it. Bicep gives absolute paths.
fn shown(written: &str, built: &Built, inputs: &[Input]) -> Utf8PathBuf {
    let written = written.strip_prefix("file://").unwrap_or(written);
    let written = written.replace("%20", " ");
    let path = straight(Utf8Path::new(&written));
    let here = working_folder().unwrap_or_default();
    let known = std::iter::once(&built.path).chain(inputs.iter().map(|input| &input.path));
    for known in known {
        if straight(&here.join(known)) == path {
            return known.clone();
        }
    }
    match path.strip_prefix(&here) {
        Ok(below) => below.to_owned(),
        // The folder may have another name, as through a link.
        Err(_) if path.ends_with(&built.path) => built.path.clone(),
        Err(_) => path,
    }
}

/// The place of a diagnostic: the word that begins there.
fn place(path: &Utf8Path, error: &Diagnostic, telling: &mut Telling<'_>) -> Option<Span> {
    let file = match telling.sources.find(path) {
        Some(file) => file,
        None => {
            let text = telling.reader.read(path).ok()?;
            telling.sources.add(path, text)
        }
    };
    let source = telling.sources.get(file)?;
    let start = source.line_start(error.line) as usize;
    let line = source.text().get(start..)?.lines().next().unwrap_or("");
    let mut before = 0;
    let mut units = 1;
    for character in line.chars() {
        if units >= error.column {
            break;
        }
        units += u32::try_from(character.len_utf16()).unwrap_or(1);
        before += character.len_utf8();
    }
    let rest = line.get(before..).unwrap_or("");
    let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
    let length = match word {
        Some(0) => rest.chars().next().map_or(0, char::len_utf8),
        Some(length) => length,
        None => rest.len(),
    };
    let start = start + before;
    Some(telling.sources.span(file, start, start + length))
}
