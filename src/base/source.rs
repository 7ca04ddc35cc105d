//! Source files and spans.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::line_index::{LineColumn, LineIndex};

/// A file of a [`SourceMap`]; the first one by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FileId(u32);

/// A byte range in one file. Both ends lie on character boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// From the start of this span to the end of `other`, which lies in the same file.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self {
            file: self.file,
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// Whether `inner` lies wholly inside this span.
    #[must_use]
    pub fn contains(self, inner: Self) -> bool {
        self.file == inner.file && self.start <= inner.start && inner.end <= self.end
    }

    /// The empty place just after this span.
    #[must_use]
    pub fn after(self) -> Self {
        Self {
            start: self.end,
            ..self
        }
    }
}

/// A value and where it was written.
///
/// Two are equal when their values are: places never take part in comparisons, so trees compare by shape.
#[derive(Clone, Copy)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Puts a value at its place.
    pub const fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }

    /// The same place with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned::new(f(self.value), self.span)
    }
}

impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Spanned<T> {}

impl<T: fmt::Debug> fmt::Debug for Spanned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

/// One file: its name as the user would write it, and its text.
#[derive(Debug, Clone)]
pub struct SourceFile {
    path: Utf8PathBuf,
    text: Arc<str>,
    lines: LineIndex,
}

impl SourceFile {
    /// The name to show.
    #[must_use]
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The whole text, to keep beside the map.
    #[must_use]
    pub fn shared_text(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    /// Line and column of a byte offset.
    #[must_use]
    pub fn line_column(&self, offset: u32) -> LineColumn {
        self.lines.line_column(&self.text, offset)
    }

    /// Line and column of a byte offset, the column in UTF-16 code units.
    #[must_use]
    pub fn line_column_utf16(&self, offset: u32) -> LineColumn {
        self.lines.line_column_utf16(&self.text, offset)
    }

    /// The byte offset at which a line (from 1) starts.
    #[must_use]
    pub fn line_start(&self, line: u32) -> u32 {
        self.lines.line_start(line)
    }
}

/// How many items one map takes when several work at once.
const CHUNK: usize = 32;

/// How many files one chunk of items may add.
const FILES_OF_CHUNK: u32 = 1 << 16;

/// All files of one run, in the order in which they were read.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    files: BTreeMap<FileId, Arc<SourceFile>>,
    /// The first file of every name.
    names: FxHashMap<Utf8PathBuf, FileId>,
    /// The id of the next file.
    next: u32,
}

impl SourceMap {
    /// The largest file accepted, in bytes: offsets are 32 bits wide.
    pub const MAX_FILE_BYTES: usize = u32::MAX as usize - 1;

    /// Takes a file in. Text past [`Self::MAX_FILE_BYTES`] is cut off there; readers refuse such files first.
    pub fn add(&mut self, path: impl Into<Utf8PathBuf>, mut text: String) -> FileId {
        text.truncate(text.floor_char_boundary(Self::MAX_FILE_BYTES));
        let id = FileId(self.next);
        self.next = self.next.saturating_add(1);
        let (path, lines) = (path.into(), LineIndex::new(&text));
        self.names.entry(path.clone()).or_insert(id);
        let text = text.into();
        self.files
            .insert(id, Arc::new(SourceFile { path, text, lines }));
        id
    }

    /// Does something with each of many items on all cores, where that may read further files. Results are in the order
    /// of the items, and the ids of files do not depend on which core was quicker.
    pub fn each<T: Sync, R: Send>(
        &mut self,
        items: &[T],
        work: impl Fn(&mut Self, &T) -> R + Sync,
    ) -> Vec<R> {
        let chunks = items.chunks(CHUNK).zip(1u32..);
        let chunks: Vec<(&[T], u32)> = chunks.collect();
        let ids_needed = u32::try_from(chunks.len())
            .ok()
            .and_then(|chunks| chunks.checked_add(1)?.checked_mul(FILES_OF_CHUNK))
            .and_then(|needed| needed.checked_add(self.next));
        if chunks.len() < 2 || ids_needed.is_none() {
            return items.iter().map(|item| work(self, item)).collect();
        }
        let first = self.next.next_multiple_of(FILES_OF_CHUNK);
        let done: Vec<(Self, Vec<R>)> = chunks
            .into_par_iter()
            .map(|(items, number)| {
                let mut own = self.clone();
                own.next = first + (number - 1) * FILES_OF_CHUNK;
                let results = items.iter().map(|item| work(&mut own, item)).collect();
                (own, results)
            })
            .collect();
        let mut results = Vec::with_capacity(items.len());
        for (own, of_chunk) in done {
            for (id, file) in own.files.range(FileId(first)..) {
                self.names.entry(file.path.clone()).or_insert(*id);
                self.files.insert(*id, Arc::clone(file));
            }
            self.next = self.next.max(own.next);
            results.extend(of_chunk);
        }
        results
    }

    /// Gives files other names to show, where there is one.
    pub fn rename(&mut self, name: impl Fn(&Utf8Path) -> Option<Utf8PathBuf>) {
        self.names.clear();
        for (id, file) in &mut self.files {
            if let Some(path) = name(&file.path) {
                Arc::make_mut(file).path = path;
            }
            self.names.entry(file.path.clone()).or_insert(*id);
        }
    }

    /// The file behind an id of this map.
    #[must_use]
    pub fn get(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(&id).map(Arc::as_ref)
    }

    /// The file already read under this name.
    #[must_use]
    pub fn find(&self, path: &Utf8Path) -> Option<FileId> {
        self.names.get(path).copied()
    }

    /// The text under a span; empty when the span is not of this map.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        self.get(span.file)
            .and_then(|file| file.text.get(span.start as usize..span.end as usize))
            .unwrap_or("")
    }

    /// A span over bytes of a file, moved outwards to character boundaries and inwards to the file's end.
    #[must_use]
    pub fn span(&self, file: FileId, start: usize, end: usize) -> Span {
        let text = self.get(file).map_or("", SourceFile::text);
        let start = text.floor_char_boundary(start);
        let end = text.ceil_char_boundary(end).max(start);
        let narrow = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Span {
            file,
            start: narrow(start),
            end: narrow(end),
        }
    }

    /// A place as `file:line:column`.
    #[must_use]
    pub fn describe(&self, span: Span) -> String {
        match self.get(span.file) {
            Some(file) => {
                let place = file.line_column(span.start);
                format!("{}:{}:{}", file.path, place.line, place.column)
            }
            None => "unknown place".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_snap_to_characters_and_files() {
        let mut map = SourceMap::default();
        let file = map.add("a.egress", "aä€z".to_owned());
        let snapped = map.span(file, 2, 5);
        assert_eq!(map.text(snapped), "ä€");
        assert_eq!(map.text(map.span(file, 90, 95)), "");
        assert_eq!(map.describe(snapped), "a.egress:1:2");
        assert_eq!(map.find(Utf8Path::new("a.egress")), Some(file));
    }

    #[test]
    fn files_get_other_names() {
        let mut map = SourceMap::default();
        let (a, b) = (map.add("x/a", "1".into()), map.add("y/b", "2".into()));
        map.rename(|path| Some(Utf8Path::new("z").join(path.strip_prefix("x").ok()?)));
        assert_eq!(map.find(Utf8Path::new("z/a")), Some(a));
        assert_eq!(map.find(Utf8Path::new("y/b")), Some(b));
        assert_eq!(map.find(Utf8Path::new("x/a")), None);
        assert_eq!(map.describe(map.span(a, 0, 1)), "z/a:1:1");
    }

    #[test]
    fn many_items_read_their_files_in_order() {
        let mut map = SourceMap::default();
        map.add("first", String::new());
        let items: Vec<usize> = (0..200).collect();
        let read = map.each(&items, |own, item| {
            assert!(own.find(Utf8Path::new("first")).is_some());
            own.add(format!("file {item}"), item.to_string())
        });
        assert!(read.is_sorted());
        for (item, id) in items.iter().zip(&read) {
            assert_eq!(map.get(*id).unwrap().text(), item.to_string());
            assert_eq!(map.find(Utf8Path::new(&format!("file {item}"))), Some(*id));
        }
        assert!(map.add("last", String::new()) > read[199]);
    }
}
