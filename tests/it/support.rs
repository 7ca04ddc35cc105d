//! What several tests share: the files of this project, and policies compiled from them.

use camino::{Utf8Path, Utf8PathBuf};
use tidegate::base::{FileReader, ReadError};
use tidegate::cli::{Analysis, Assertions, Options, analyse};
use tidegate::compile::FirewallModel;
use tidegate::syntax::Parameters;

/// The day on which tests judge expiry.
pub(crate) const TODAY: &str = "2026-12-01";

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

/// The names, without ending and in order, of the policies of a folder of this project.
pub(crate) fn policies_in(folder: &str) -> Vec<String> {
    let name = |path: &Utf8PathBuf| {
        let name = path.strip_prefix(folder).ok()?.as_str();
        let name = name.strip_suffix(".egress")?;
        (!name.contains('/')).then(|| name.to_owned())
    };
    let names: Vec<String> = files(folder, ".egress").iter().filter_map(name).collect();
    assert!(!names.is_empty(), "there are policies in {folder}");
    names
}

/// Reads files of this project.
pub(crate) struct Project;

impl FileReader for Project {
    fn read(&self, path: &Utf8Path) -> Result<String, ReadError> {
        std::fs::read_to_string(project(path.as_str()))
            .map_err(|_| ReadError("no such file".to_owned()))
    }
}

/// How tests analyse: without parameters and further catalogs.
pub(crate) fn options(firewall_model: FirewallModel) -> Options {
    Options {
        parameters: Parameters::new(),
        firewall_model,
        today: TODAY.parse().unwrap(),
        max_age: Default::default(),
        catalogs: Vec::new(),
        assertions: Assertions::default(),
        strict: false,
        lock: None,
    }
}

/// Compiles a policy of this project, given by its path from the root, without parameters.
pub(crate) fn compiled(path: &Utf8Path, firewall_model: FirewallModel) -> Result<Analysis, String> {
    analyse(path, &Project, &options(firewall_model)).map_err(|error| format!("{path}: {error}"))
}
