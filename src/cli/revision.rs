//! Files as they are on disk or were in a revision of git: `infra/`, `main:infra/`.
//!
//! What a revision holds is laid out in a temporary folder and read from there, since templates link to others and
//! policies use others. It is shown as git names it.

use std::time::Duration;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use tempfile::TempDir;

use crate::base::SourceMap;

use super::bicep::Kept;
use super::process::{Program, Ran, run};

/// How long one run of git may take.
const LIMIT: Duration = Duration::from_secs(60);

/// How many bytes the files of a revision may have.
const MOST: u64 = 512 << 20;

/// Up to how many bytes a file may have that is laid out only because Bicep may take it in.
const MOST_TAKEN_IN: u64 = 1 << 20;

/// Endings of files that may be read, or that say which are left out.
const ENDINGS: [&str; 9] = [
    "json",
    "jsonc",
    "ndjson",
    "jsonl",
    "egress",
    "bicep",
    "bicepparam",
    "gitignore",
    "ignore",
];

/// Something to read.
#[derive(Debug)]
pub(super) struct Given {
    /// Where it is now.
    pub(super) path: Utf8PathBuf,
    laid_out: Option<LaidOut>,
}

/// Files of a revision.
#[derive(Debug)]
struct LaidOut {
    /// Goes away with this value.
    _folder: TempDir,
    root: Utf8PathBuf,
    revision: String,
}

impl Given {
    /// Takes what somebody wrote: a path, or a revision and a path. A path that exists is no revision.
    ///
    /// # Errors
    /// When git cannot give the files, with the reason.
    pub(super) fn of(written: &Utf8Path) -> Result<Self, String> {
        match revision_of(written) {
            Some((revision, path)) => lay_out(revision, path),
            None => Ok(Self {
                path: written.to_owned(),
                laid_out: None,
            }),
        }
    }

    /// Where its files are, for Bicep.
    pub(super) fn kept(&self) -> Kept {
        match self.laid_out {
            Some(_) => Kept::InRevision,
            None => Kept::AtHand,
        }
    }

    /// Shows the files that were read as git names them.
    pub(super) fn name(&self, sources: &mut SourceMap) {
        if let Some(laid_out) = &self.laid_out {
            sources.rename(|path| {
                let below = path.strip_prefix(&laid_out.root).ok()?;
                Some(format!("{}:{below}", laid_out.revision).into())
            });
        }
    }

    /// A message with files as git names them.
    pub(super) fn named(&self, message: &str) -> String {
        let Some(laid_out) = &self.laid_out else {
            return message.to_owned();
        };
        let revision = &laid_out.revision;
        message
            .replace(&format!("{}/", laid_out.root), &format!("{revision}:"))
            .replace(laid_out.root.as_str(), &format!("{revision}:"))
    }
}

/// Revision and path, unless it is a path. A single letter is a drive.
fn revision_of(written: &Utf8Path) -> Option<(&str, &str)> {
    let (revision, path) = written.as_str().split_once(':')?;
    let is_drive = revision.len() == 1 && revision.starts_with(|c: char| c.is_ascii_alphabetic());
    (!is_drive && !written.exists()).then_some((revision, path))
}

/// A file of a revision.
struct Entry<'o> {
    object: &'o str,
    size: u64,
    path: &'o Utf8Path,
}

fn lay_out(revision: &str, path: &str) -> Result<Given, String> {
    let written = format!("{revision}:{path}");
    if revision.is_empty() || revision.starts_with('-') {
        return Err(format!(
            "cannot read {written}: no such path, and `{revision}` is no revision"
        ));
    }
    let prefix = git(&["rev-parse", "--show-prefix"], Vec::new())
        .map_err(|why| format!("cannot read {written}: {why}"))?;
    let prefix = String::from_utf8_lossy(&prefix);
    let path = inside(prefix.trim_end_matches('\n'), path)
        .ok_or_else(|| format!("cannot read {written}: the path leads out of the repository"))?;
    let tree = format!("{revision}^{{tree}}");
    let tree = git(&["rev-parse", "--verify", "--quiet", &tree], Vec::new())
        .map_err(|_| format!("cannot read {written}: git knows no revision `{revision}`"))?;
    let tree = String::from_utf8_lossy(&tree).trim().to_owned();
    let fault = |why: String| format!("cannot read {written}: {why}");
    let listed = git(
        &["ls-tree", "-r", "-z", "--long", "--full-tree", &tree],
        Vec::new(),
    )
    .map_err(fault)?;
    let listed = String::from_utf8_lossy(&listed);
    let entries: Vec<Entry<'_>> = listed.split('\0').filter_map(entry).collect();
    let asked: Vec<&Entry<'_>> = entries
        .iter()
        .filter(|entry| entry.path.starts_with(&path))
        .collect();
    if asked.is_empty() {
        return Err(fault(format!(
            "there is no `{path}` in revision `{revision}`"
        )));
    }
    let has_bicep = asked.iter().any(|entry| {
        let extension = entry.path.extension();
        matches!(extension, Some("bicep" | "bicepparam"))
    });
    let is_wanted = |entry: &&Entry<'_>| {
        let name = entry.path.file_name().unwrap_or_default();
        let ending = name.rsplit('.').next().unwrap_or_default();
        let ending = ending.to_ascii_lowercase();
        entry.path == path
            || ENDINGS.contains(&ending.as_str())
            || (has_bicep && entry.size <= MOST_TAKEN_IN)
    };
    let wanted: Vec<&Entry<'_>> = entries.iter().filter(is_wanted).collect();
    if wanted.iter().map(|entry| entry.size).sum::<u64>() > MOST {
        return Err(fault(format!(
            "the files of the revision have more than {} MiB",
            MOST >> 20
        )));
    }
    let folder = tempfile::Builder::new()
        .prefix("tidegate-")
        .tempdir()
        .map_err(|error| fault(format!("there is no place for its files: {error}")))?;
    let root = Utf8PathBuf::from_path_buf(folder.path().to_owned())
        .map_err(|_| fault("the folder for temporary files has a name that is no text".into()))?;
    write(&wanted, &root).map_err(fault)?;
    let is_file = asked.iter().any(|entry| entry.path == path);
    let path = if path.as_str().is_empty() {
        root.clone()
    } else {
        root.join(path)
    };
    if !is_file {
        // A folder is there too when nothing in it was worth laying out.
        std::fs::create_dir_all(&path)
            .map_err(|error| fault(format!("there is no place for its files: {error}")))?;
    }
    Ok(Given {
        path,
        laid_out: Some(LaidOut {
            _folder: folder,
            root,
            revision: revision.to_owned(),
        }),
    })
}

/// A line of `ls-tree --long`: mode, kind, object, size, and behind a tab the path. Links and submodules are no files, and
/// a path that leads elsewhere is nobody's.
fn entry(line: &str) -> Option<Entry<'_>> {
    let (about, path) = line.split_once('\t')?;
    let mut about = about.split_ascii_whitespace();
    let (mode, kind, object) = (about.next()?, about.next()?, about.next()?);
    let path = Utf8Path::new(path);
    let is_plain = |part: Utf8Component<'_>| matches!(part, Utf8Component::Normal(_));
    let is_file = kind == "blob" && mode.starts_with("100");
    (is_file && path.components().all(is_plain)).then_some(Entry {
        object,
        size: about.next()?.parse().ok()?,
        path,
    })
}

/// The path from the root of the repository. As git has it, a path counts from there unless it begins with a dot.
fn inside(prefix: &str, path: &str) -> Option<Utf8PathBuf> {
    let is_relative =
        path == "." || path == ".." || path.starts_with("./") || path.starts_with("../");
    let from = if is_relative { prefix } else { "" };
    let mut straight = Utf8PathBuf::new();
    for part in Utf8Path::new(from).join(path).components() {
        match part {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => {
                if !straight.pop() {
                    return None;
                }
            }
            Utf8Component::Normal(part) => straight.push(part),
            Utf8Component::RootDir | Utf8Component::Prefix(_) => return None,
        }
    }
    Some(straight)
}

/// Writes files below a folder, as git gives them: of each a line with its size, its content, and the end of a line.
fn write(files: &[&Entry<'_>], root: &Utf8Path) -> Result<(), String> {
    if files.is_empty() {
        return Ok(());
    }
    let objects: String = files.iter().map(|it| format!("{}\n", it.object)).collect();
    let printed = git(&["cat-file", "--batch"], objects.into_bytes())?;
    let mut rest = printed.as_slice();
    for file in files {
        let ends = rest.iter().position(|byte| *byte == b'\n');
        let head = ends.and_then(|at| rest.split_at_checked(at + 1));
        let size = usize::try_from(file.size).unwrap_or(usize::MAX);
        let content = head.and_then(|(_, rest)| rest.split_at_checked(size));
        let Some((content, behind)) = content else {
            return Err(format!("git does not give `{}`", file.path));
        };
        rest = behind.strip_prefix(b"\n").unwrap_or(behind);
        let path = root.join(file.path);
        let folder = path.parent().unwrap_or(root);
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&path, content))
            .map_err(|error| format!("`{}` cannot be laid out: {error}", file.path))?;
    }
    Ok(())
}

/// What git prints.
fn git(arguments: &[&str], input: Vec<u8>) -> Result<Vec<u8>, String> {
    let ran = run(Program {
        name: "git",
        arguments,
        input,
        limit: LIMIT,
        most: MOST + (64 << 20),
    });
    match ran {
        Ran::NotInstalled => Err("there is no `git` in the PATH".to_owned()),
        Ran::Failed(why) => Err(why),
        Ran::Ended {
            succeeded: true,
            output,
            ..
        } => Ok(output),
        Ran::Ended { messages, .. } => {
            let messages = String::from_utf8_lossy(&messages);
            let first = messages.lines().next().unwrap_or_default();
            if first.contains("not a git repository") {
                return Err("no such path, and this folder is in no git repository".to_owned());
            }
            Err(format!("git: {}", first.trim_start_matches("fatal: ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revisions_are_told_from_paths() {
        for (written, expected) in [
            ("main:infra/", Some(("main", "infra/"))),
            ("HEAD~1:net.json", Some(("HEAD~1", "net.json"))),
            ("v1.2:", Some(("v1.2", ""))),
            (
                "origin/main:./a:b.json",
                Some(("origin/main", "./a:b.json")),
            ),
            ("infra/", None),
            ("C:\\infra", None),
            ("c:infra", None),
            (":net.json", Some(("", "net.json"))),
        ] {
            assert_eq!(revision_of(Utf8Path::new(written)), expected, "{written}");
        }
    }

    #[test]
    fn paths_count_from_the_root_unless_they_begin_with_a_dot() {
        for (prefix, path, expected) in [
            ("", "infra/", Some("infra")),
            ("", "", Some("")),
            ("", ".", Some("")),
            ("sub/", "infra/net.json", Some("infra/net.json")),
            ("sub/", "./net.json", Some("sub/net.json")),
            ("sub/", "../net.json", Some("net.json")),
            ("sub/", "../../net.json", None),
            ("", "/etc", None),
        ] {
            let found = inside(prefix, path);
            assert_eq!(found.as_deref().map(Utf8Path::as_str), expected, "{path}");
        }
    }

    #[test]
    fn links_submodules_and_ways_out_are_no_files() {
        for (line, expected) in [
            (
                "100644 blob 0a1b      12\tinfra/net.json",
                Some("infra/net.json"),
            ),
            ("100755 blob 0a1b       0\ta b.json", Some("a b.json")),
            ("120000 blob 0a1b      12\tlink.json", None),
            ("160000 commit 0a1b       -\tmodule", None),
            ("100644 blob 0a1b      12\t../out.json", None),
            ("", None),
        ] {
            let path = entry(line).map(|entry| entry.path.as_str());
            assert_eq!(path, expected, "{line}");
        }
    }
}
