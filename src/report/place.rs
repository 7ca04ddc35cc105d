//! Places as other tools want them: relative paths, addresses, lines and columns.

use camino::{Utf8Component, Utf8Path};

use crate::base::{FileId, LineColumn, SourceMap, Span};

use super::Run;

/// A range in a file; all numbers count from 1 and columns count UTF-16 code units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) start: LineColumn,
    pub(super) end: LineColumn,
}

/// The range of a span; `None` when its file is not there.
pub(super) fn range(sources: &SourceMap, span: Span) -> Option<Range> {
    let file = sources.get(span.file)?;
    Some(Range {
        start: file.line_column_utf16(span.start),
        end: file.line_column_utf16(span.end),
    })
}

/// The path of a file: with forward slashes, without detours, relative to the root of the run when it lies below.
pub(super) fn path(run: &Run<'_>, file: FileId) -> Option<String> {
    let path = run.sources.get(file)?.path();
    let below_root = run.root.and_then(|root| path.strip_prefix(root).ok());
    Some(straight(below_root.unwrap_or(path)))
}

fn straight(path: &Utf8Path) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let mut start = String::new();
    for component in path.components() {
        match component {
            Utf8Component::Prefix(prefix) => start.push_str(prefix.as_str()),
            Utf8Component::RootDir => start.push('/'),
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => match parts.last() {
                Some(last) if *last != ".." => drop(parts.pop()),
                _ => parts.push(".."),
            },
            Utf8Component::Normal(part) => parts.push(part),
        }
    }
    start + &parts.join("/")
}

/// The path as a reference to a file in an address: what is no plain character is percent-encoded.
pub(super) fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    if path.starts_with('/') {
        out.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_straight_and_relative() {
        for (root, given, expected) in [
            ("/repo", "infra/./net.json", "infra/net.json"),
            ("/repo", "./a/../b.egress", "b.egress"),
            ("/repo", "../shared/b.egress", "../shared/b.egress"),
            ("/repo", "/repo/infra/net.json", "infra/net.json"),
            ("/repo", "/elsewhere/net.json", "/elsewhere/net.json"),
        ] {
            let mut sources = SourceMap::default();
            let file = sources.add(given, String::new());
            let run = Run {
                root: Some(Utf8Path::new(root)),
                ..Run::new(&[], &sources)
            };
            assert_eq!(path(&run, file).as_deref(), Some(expected), "{given}");
        }
    }

    #[test]
    fn addresses_are_encoded() {
        assert_eq!(uri("infra/net.json"), "infra/net.json");
        assert_eq!(uri("über/a b#1.json"), "%C3%BCber/a%20b%231.json");
        assert_eq!(uri("a:b?c%d.json"), "a%3Ab%3Fc%25d.json");
        assert_eq!(uri("/x/y.json"), "file:///x/y.json");
    }
}
