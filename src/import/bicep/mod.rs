//! Bicep's own files, as far as findings need them: what a file uses, and where what a compiled template says is
//! written.
//!
//! Nothing here compiles Bicep, and nothing fails: a file is read as words, texts and brackets, and where its shape is
//! not the expected one there is no place. A place is given only when it follows from the file, never because it is
//! likely.

mod diagnostics;
mod lexer;
mod matching;
mod outline;
mod places;
mod source_map;

pub use diagnostics::{Diagnostic, diagnostics};
pub use outline::{Declares, Outline, local_references, parameters_of_whom};
pub use places::Places;
pub use source_map::{SourceMap, is_source_map};

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use super::json::{Document, Json};

/// Whether Bicep wrote a template: it says so in the template's metadata.
#[must_use]
pub fn is_compiled(document: &Document) -> bool {
    document.root().is_some_and(is_compiled_template)
}

fn is_compiled_template(template: Json<'_>) -> bool {
    let name = template.at(&["metadata", "_generator", "name"]);
    name.is_some_and(|name| name.is_text("bicep"))
}

/// The Bicep file that a compiled template of this name comes from: `main.bicep` for `main.json`.
#[must_use]
pub fn source_of(template: &Utf8Path) -> Utf8PathBuf {
    let stem = template.with_extension("");
    match stem.extension() {
        Some("bicep") => stem,
        _ => template.with_extension("bicep"),
    }
}

/// A path as one would write it: `infra/../modules/a.bicep` is `modules/a.bicep`.
#[must_use]
pub fn straight(path: &Utf8Path) -> Utf8PathBuf {
    let mut out = Utf8PathBuf::new();
    for component in path.components() {
        match component {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => match out.components().next_back() {
                Some(Utf8Component::Normal(_)) => {
                    out.pop();
                }
                _ => out.push(".."),
            },
            other => out.push(other.as_str()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_named_after_their_source() {
        for (template, source) in [
            ("main.json", "main.bicep"),
            ("infra/main.bicep.json", "infra/main.bicep"),
            ("infra/hub.v2.json", "infra/hub.v2.bicep"),
        ] {
            assert_eq!(source_of(Utf8Path::new(template)), source);
        }
    }

    #[test]
    fn paths_lose_their_detours() {
        for (path, short) in [
            ("infra/../modules/a.bicep", "modules/a.bicep"),
            ("./a.bicep", "a.bicep"),
            ("../../a.bicep", "../../a.bicep"),
            ("/x/./y/../a.bicep", "/x/a.bicep"),
        ] {
            assert_eq!(straight(Utf8Path::new(path)), short);
        }
    }
}
