//! What several tests share: the files of this project, and policies compiled from them.

use camino::{Utf8Path, Utf8PathBuf};
use tidegate::base::{FileReader, ReadError};
use tidegate::cli::{Analysis, Options, analyse};
use tidegate::compile::FirewallModel;
use tidegate::syntax::Parameters;

/// The day on which tests judge expiry.
pub(crate) const TODAY: &str = "2026-09-01";

/// A path of this project.
pub(crate) fn project(path: &str) -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Every file below a folder of this project whose name has this ending, by its path from the project's root.
pub(crate) fn files(folder: &str, ending: &str) -> Vec<Utf8PathBuf> {
    fn walk(folder: &Utf8Path, ending: &str, found: &mut Vec<Utf8PathBuf>) {
        let entries = project(folder.as_str()).read_dir_utf8();
        for entry in entries.into_iter().flatten().flatten() {
            let path = folder.join(entry.file_name());
            if entry.path().is_dir() {
                walk(&path, ending, found);
            } else if path.as_str().ends_with(ending) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(Utf8Path::new(folder), ending, &mut found);
    found.sort();
    found
}

/// Reads files of this project.
struct Project;

impl FileReader for Project {
    fn read(&self, path: &Utf8Path) -> Result<String, ReadError> {
        std::fs::read_to_string(project(path.as_str()))
            .map_err(|error| ReadError(error.to_string()))
    }
}

/// Compiles a policy of this project, given by its path from the root, without parameters.
pub(crate) fn compiled(path: &Utf8Path, firewall_model: FirewallModel) -> Result<Analysis, String> {
    let options = Options {
        parameters: Parameters::new(),
        firewall_model,
        today: TODAY.parse().map_err(|error| format!("{error}"))?,
        catalogs: Vec::new(),
    };
    analyse(path, &Project, &options).map_err(|error| format!("{path}: {error}"))
}
