//! Maps from lines of a compiled template to lines of Bicep.
//!
//! Bicep's library makes them when its feature `sourceMapping` is on; none of its commands writes one, so whoever wants
//! one writes it with the library. The form is that of the records `SourceMap`, `SourceMapFileEntry` and
//! `SourceMapEntry` in Azure/bicep, src/Bicep.Core/Emit/SourceAwareJsonTextWriter.cs: lines count from 0, paths from
//! the folder of the entry point. In the baselines of that repository the map of `main.json` is called
//! `main.sourcemap.json`.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::import::json::{Document, Json};

use super::straight;

/// A map, by the lines of the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceMap {
    lines: BTreeMap<u32, (Utf8PathBuf, u32)>,
}

/// Whether a value has the shape of a map.
#[must_use]
pub fn is_source_map(root: Json<'_>) -> bool {
    root.get("entrypoint")
        .is_some_and(|entry| entry.as_str().is_some())
        && root.get("entries").is_some_and(|entries| {
            entries.is_array() && entries.items().all(|one| one.get("sourceMap").is_some())
        })
}

impl SourceMap {
    /// Where the map of a template is looked for.
    #[must_use]
    pub fn path_for(template: &Utf8Path) -> Utf8PathBuf {
        template.with_extension("sourcemap.json")
    }

    /// Reads a map that lies in `folder`; `None` when it is none.
    #[must_use]
    pub fn read(document: &Document, folder: &Utf8Path) -> Option<Self> {
        let root = document.root().filter(|root| is_source_map(*root))?;
        let mut lines = BTreeMap::new();
        for entry in root.get("entries")?.items() {
            let path = entry.get("filePath")?.as_str()?.replace('\\', "/");
            let path = straight(&folder.join(path));
            for pair in entry.get("sourceMap")?.items() {
                let target = number(pair, "targetLine")?;
                lines.insert(target, (path.clone(), number(pair, "sourceLine")?));
            }
        }
        Some(Self { lines })
    }

    /// The file and line (from 0) of a line of the template (from 0).
    #[must_use]
    pub fn source(&self, line: u32) -> Option<(&Utf8Path, u32)> {
        let (path, line) = self.lines.get(&line)?;
        Some((path, *line))
    }

    /// The files that it leads to.
    pub(super) fn files(&self) -> impl Iterator<Item = &Utf8PathBuf> {
        let files: std::collections::BTreeSet<&Utf8PathBuf> =
            self.lines.values().map(|(path, _)| path).collect();
        files.into_iter()
    }

    /// All pairs: a line of the template, the file, its line.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (u32, &Utf8PathBuf, u32)> {
        let lines = self.lines.iter();
        lines.map(|(target, (path, source))| (*target, path, *source))
    }
}

fn number(pair: Json<'_>, key: &str) -> Option<u32> {
    pair.get(key)?.source().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::base::FileId;

    fn read(text: &str) -> Option<SourceMap> {
        let document = crate::import::json::parse(FileId::default(), &Arc::from(text)).unwrap();
        SourceMap::read(&document, Utf8Path::new("infra"))
    }

    #[test]
    fn lines_lead_to_files_beside_the_map() {
        let map = read(
            r#"{"Entrypoint": "main.bicep", "Entries": [
                {"FilePath": "main.bicep", "SourceMap": [{"SourceLine": 2, "TargetLine": 11}]},
                {"FilePath": "../lib/a.bicep", "SourceMap": [{"SourceLine": 0, "TargetLine": 12}]}]}"#,
        )
        .unwrap();
        assert_eq!(map.source(11), Some((Utf8Path::new("infra/main.bicep"), 2)));
        assert_eq!(map.source(12), Some((Utf8Path::new("lib/a.bicep"), 0)));
        assert_eq!(map.source(13), None);
    }

    #[test]
    fn what_is_no_map_is_none() {
        for text in [
            "{}",
            "[]",
            r#"{"version": 3, "sources": [], "mappings": ""}"#,
            r#"{"entrypoint": "a", "entries": [{"sourceMap": [{"sourceLine": -1, "targetLine": 2}]}]}"#,
            r#"{"entrypoint": "a", "entries": [{"filePath": "a", "sourceMap": [{"sourceLine": 1.5, "targetLine": 2}]}]}"#,
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
