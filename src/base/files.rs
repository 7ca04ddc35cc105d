//! How the library asks for the text of a file. Only `cli/` reads real ones.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

/// Why a file could not be read, in words for a user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ReadError(pub String);

/// Something that can tell the text of a file.
pub trait FileReader: Sync {
    /// The text of the file at `path`.
    ///
    /// # Errors
    /// When the file is missing, unreadable or not UTF-8.
    fn read(&self, path: &Utf8Path) -> Result<String, ReadError>;
}

/// Files held in memory: what tests and embedders use.
#[derive(Debug, Clone, Default)]
pub struct MemoryFiles(pub BTreeMap<Utf8PathBuf, String>);

impl FileReader for MemoryFiles {
    fn read(&self, path: &Utf8Path) -> Result<String, ReadError> {
        self.0
            .get(path)
            .cloned()
            .ok_or_else(|| ReadError("no such file".to_owned()))
    }
}
