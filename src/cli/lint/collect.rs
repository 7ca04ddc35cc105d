//! Which files to look at: those that are named, and those that lie in named folders.

use std::io::Read;

use camino::{Utf8Path, Utf8PathBuf};
use ignore::WalkBuilder;
use ignore::overrides::Override;

use crate::import::Found;

/// The name under which standard input is shown.
pub(super) const STANDARD_INPUT: &str = "<stdin>";

/// Endings of files that may be of interest. Content decides what they are.
const ENDINGS: [&str; 7] = [
    "json",
    "jsonc",
    "ndjson",
    "jsonl",
    "egress",
    "bicep",
    "bicepparam",
];

/// A file to look at.
#[derive(Debug)]
pub struct Input {
    /// Its name.
    pub path: Utf8PathBuf,
    /// Its content.
    pub bytes: Vec<u8>,
    /// How it came here.
    pub found: Found,
}

impl Input {
    /// Whether its name ends so.
    pub(in crate::cli) fn ends_with(&self, ending: &str) -> bool {
        let extension = self.path.extension();
        extension.is_some_and(|extension| extension.eq_ignore_ascii_case(ending))
    }
}

/// Reads all inputs, in the order of their names.
///
/// # Errors
/// When something that was named cannot be read.
pub(in crate::cli) fn collect(
    paths: &[Utf8PathBuf],
    chosen: &Override,
) -> Result<Vec<Input>, String> {
    let mut inputs = Vec::new();
    for path in paths {
        if path == "-" {
            inputs.push(standard_input()?);
        } else if path.is_dir() {
            for file in walk(path, chosen)? {
                inputs.push(read(&file, Found::Walking)?);
            }
        } else {
            inputs.push(read(path, Found::Named)?);
        }
    }
    // A file may be named and lie in a named folder.
    let mut seen = std::collections::BTreeSet::new();
    inputs.retain(|input| seen.insert(input.path.clone()));
    Ok(inputs)
}

fn standard_input() -> Result<Input, String> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .read_to_end(&mut bytes)
        .map_err(|error| format!("cannot read standard input: {error}"))?;
    Ok(Input {
        path: STANDARD_INPUT.into(),
        bytes,
        found: Found::Named,
    })
}

/// Reads one file.
///
/// # Errors
/// When it cannot be read.
pub(in crate::cli) fn read(path: &Utf8Path, found: Found) -> Result<Input, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("cannot read {path}: {error}"))?;
    Ok(Input {
        path: without_dot(path),
        bytes,
        found,
    })
}

/// `./infra/main.json` as `infra/main.json`.
fn without_dot(path: &Utf8Path) -> Utf8PathBuf {
    path.strip_prefix("./").unwrap_or(path).to_owned()
}

/// The files of a folder that may be of interest, without those that `.gitignore` and the configuration leave out.
fn walk(folder: &Utf8Path, chosen: &Override) -> Result<Vec<Utf8PathBuf>, String> {
    let mut builder = WalkBuilder::new(folder);
    builder.require_git(false).overrides(chosen.clone());
    let mut files = Vec::new();
    for entry in builder.build() {
        let entry = entry.map_err(|error| format!("cannot walk {folder}: {error}"))?;
        if !entry.file_type().is_some_and(|kind| kind.is_file()) {
            continue;
        }
        let Ok(path) = Utf8PathBuf::from_path_buf(entry.into_path()) else {
            continue;
        };
        let ending = path.extension().map(str::to_ascii_lowercase);
        if ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str())) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
