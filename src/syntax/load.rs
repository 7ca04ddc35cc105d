//! Joins the files of a policy: follows `use "other.egress"`.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use crate::base::{FileReader, ReadError, SourceMap, Span};
use crate::diag::{Finding, Id};

use super::parse::{Parsed, parse};
use super::tree::{Item, Word};

/// How deep files may use each other: a bound, far above what anybody writes.
const MAX_DEPTH: usize = 64;

/// All files of a policy, a used file before the one that uses it.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The parsed files.
    pub files: Vec<Parsed>,
    /// Circles, files used twice, files that cannot be read. Mistakes inside files stay with the files.
    pub findings: Vec<Finding>,
}

/// Reads the policy at `path` and everything it uses.
///
/// # Errors
/// When the policy itself cannot be read. A used file that cannot be read is a finding.
pub fn load(
    sources: &mut SourceMap,
    reader: &dyn FileReader,
    path: &Utf8Path,
) -> Result<Loaded, ReadError> {
    let mut loader = Loader {
        sources,
        reader,
        seen: Vec::new(),
        out: Loaded::default(),
    };
    let path = normalize(path);
    let text = reader.read(&path)?;
    loader.enter(path, text, None);
    Ok(loader.out)
}

struct Loader<'a> {
    sources: &'a mut SourceMap,
    reader: &'a dyn FileReader,
    seen: Vec<Seen>,
    out: Loaded,
}

struct Seen {
    path: Utf8PathBuf,
    used_at: Option<Span>,
    /// It is being read, that is, it uses the file at hand directly or through others.
    open: bool,
}

impl Loader<'_> {
    fn enter(&mut self, path: Utf8PathBuf, text: String, used_at: Option<Span>) {
        let index = self.seen.len();
        self.seen.push(Seen {
            path: path.clone(),
            used_at,
            open: true,
        });
        let file = self.sources.add(path.clone(), text);
        let mut parsed = parse(self.sources, file);
        let uses: Vec<Word> = parsed
            .items
            .iter()
            .filter_map(|item| {
                if let Item::UseFile(target) = item {
                    Some(target.clone())
                } else {
                    None
                }
            })
            .collect();
        let folder = path.parent().map(Utf8Path::to_path_buf).unwrap_or_default();
        for target in uses {
            let path = normalize(&folder.join(target.value.as_str()));
            parsed.incomplete |= !self.follow(path, &target);
        }
        self.out.files.push(parsed);
        if let Some(seen) = self.seen.get_mut(index) {
            seen.open = false;
        }
    }

    /// Reads a used file, unless it has been read, and tells whether it could.
    fn follow(&mut self, path: Utf8PathBuf, target: &Word) -> bool {
        if let Some(index) = self.seen.iter().position(|seen| seen.path == path)
            && let Some((seen, later)) = self.seen.get(index..).and_then(<[Seen]>::split_first)
        {
            let finding = if seen.open {
                let circle = Finding::new(
                    Id::TG0011,
                    format!("`{path}` uses itself, directly or through others"),
                )
                .at(target.span, "closes the circle")
                .help("move what both files need into a third one");
                let way = later.iter().filter(|seen| seen.open);
                way.filter_map(|seen| seen.used_at)
                    .fold(circle, |circle, step| {
                        circle.related(step, "on the way there")
                    })
            } else {
                Finding::new(Id::TG0012, format!("`{path}` is used twice"))
                    .at(target.span, "used again here")
            };
            let finding = match seen.used_at {
                Some(first) => finding.related(first, "first used here"),
                None => finding,
            };
            self.out.findings.push(finding);
            return true;
        }
        if self.seen.iter().filter(|seen| seen.open).count() >= MAX_DEPTH {
            let message = format!("policies use each other more than {MAX_DEPTH} files deep");
            self.out
                .findings
                .push(Finding::new(Id::TG0011, message).at(target.span, "not followed"));
            return false;
        }
        match self.reader.read(&path) {
            Ok(text) => {
                self.enter(path, text, Some(target.span));
                true
            }
            Err(error) => {
                let message = format!("cannot read `{path}`: {error}");
                self.out
                    .findings
                    .push(Finding::new(Id::TG0013, message).at(target.span, "used here"));
                false
            }
        }
    }
}

/// Takes `.` and `..` out of a path, as text.
fn normalize(path: &Utf8Path) -> Utf8PathBuf {
    let mut out = Utf8PathBuf::new();
    for component in path.components() {
        match component {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir if out.file_name().is_some() => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}
