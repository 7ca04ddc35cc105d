//! Fixes put together: which are made at once, and what files become by them.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use similar::TextDiff;

use crate::base::SourceMap;
use crate::diag::{Edit, Finding, Id, Safety};

use super::judge::Linted;

/// Files by their names, with the text they are to have.
pub(super) type Texts = BTreeMap<Utf8PathBuf, String>;

/// A finding as another reading of the changed files has it again: by what it says and the file that it is in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Told {
    id: Id,
    message: String,
    file: Option<Utf8PathBuf>,
}

impl Told {
    pub(super) fn of(finding: &Finding, sources: &SourceMap) -> Self {
        let label = finding.primary.as_ref();
        let file = label.and_then(|label| sources.get(label.span.file));
        Self {
            id: finding.id,
            message: finding.message.clone(),
            file: file.map(|file| file.path().to_owned()),
        }
    }

    pub(super) fn id(&self) -> Id {
        self.id
    }
}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}: ")?;
        }
        write!(f, "{}: {}", self.id, self.message)
    }
}

/// The fix of one finding.
#[derive(Debug)]
pub(super) struct Planned<'f> {
    pub(super) finding: Told,
    edits: Vec<&'f Edit>,
}

/// The first fix of every finding that has one of the wanted kind, up to a number of them. Of two that touch the same
/// place the first is taken; the other one may still be wanted afterwards.
pub(super) fn plan<'f>(
    found: &'f Linted,
    least: Safety,
    refused: &BTreeSet<Told>,
    most: usize,
) -> Vec<Planned<'f>> {
    let wanted = |safety: Safety| safety == Safety::Safe || least == Safety::Unsafe;
    let mut edits: Vec<&Edit> = Vec::new();
    let mut planned = Vec::new();
    for finding in &found.findings {
        if planned.len() >= most {
            break;
        }
        let mut fixes = finding.fixes.iter();
        let Some(fix) = fixes.find(|fix| wanted(fix.safety)) else {
            continue;
        };
        // What several findings ask for alike is done once and helps them all.
        let new: Vec<&Edit> = fix
            .edits
            .iter()
            .filter(|edit| !edits.contains(edit))
            .collect();
        let taken = |edit: &&Edit| edits.iter().any(|other| overlap(edit, other));
        let told = Told::of(finding, &found.sources);
        if refused.contains(&told) || fix.edits.is_empty() || new.iter().any(taken) {
            continue;
        }
        edits.extend(new);
        planned.push(Planned {
            finding: told,
            edits: fix.edits.iter().collect(),
        });
    }
    planned
}

/// Whether two edits touch the same place. Two insertions at one place do: their order would matter.
fn overlap(a: &Edit, b: &Edit) -> bool {
    let (a, b) = (a.span, b.span);
    a.file == b.file
        && a.start <= b.end
        && b.start <= a.end
        && (a.start < b.end || b.start < a.end || a == b)
}

/// What files become by fixes.
pub(super) fn apply(planned: &[Planned<'_>], sources: &SourceMap) -> Texts {
    let mut edits: Vec<&Edit> = Vec::new();
    for edit in planned.iter().flat_map(|fix| &fix.edits) {
        if !edits.contains(edit) {
            edits.push(edit);
        }
    }
    // From the end to the beginning, so that earlier places stay where they are.
    edits.sort_by_key(|edit| std::cmp::Reverse((edit.span.file, edit.span.start, edit.span.end)));
    let mut texts = Texts::new();
    for edit in edits {
        let Some(file) = sources.get(edit.span.file) else {
            continue;
        };
        let text = texts
            .entry(file.path().to_owned())
            .or_insert_with(|| file.text().to_owned());
        let range = edit.span.start as usize..edit.span.end as usize;
        if text.get(range.clone()).is_some() {
            text.replace_range(range, &edit.text);
        }
    }
    texts
}

/// The changes as a unified diff, as `git apply` and `patch` take it.
pub(super) fn diff(texts: &Texts, sources: &SourceMap) -> String {
    let mut out = String::new();
    for (path, text) in texts {
        let Some(file) = sources.find(path).and_then(|id| sources.get(id)) else {
            continue;
        };
        let path = path.as_str().replace('\\', "/");
        let diff = TextDiff::from_lines(file.text(), text);
        let unified = diff
            .unified_diff()
            .header(&format!("a/{path}"), &format!("b/{path}"))
            .to_string();
        out.push_str(&unified);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixes_are_made_once_and_never_over_one_another() {
        let mut found = Linted::default();
        let file = found.sources.add("a.egress", "one two three\n".to_owned());
        let fix = |start: usize, end: usize, text: &str, safety| {
            let edit = Edit {
                span: found.sources.span(file, start, end),
                text: text.to_owned(),
            };
            Finding::new(Id::TG1002, text).fix("mend", safety, vec![edit])
        };
        found.findings = vec![
            fix(0, 3, "1", Safety::Safe),
            fix(0, 3, "1", Safety::Safe),
            fix(2, 5, "x", Safety::Safe),
            fix(8, 13, "3", Safety::Unsafe),
        ];
        let none = BTreeSet::new();
        let text = |planned: &[Planned<'_>]| {
            let texts = apply(planned, &found.sources);
            texts.into_values().next().unwrap_or_default()
        };
        let safe = plan(&found, Safety::Safe, &none, usize::MAX);
        assert_eq!(
            (safe.len(), text(&safe).as_str()),
            (2, "1 two three\n"),
            "the second says the same, the third lies over the first"
        );
        let first = plan(&found, Safety::Unsafe, &none, 1);
        assert_eq!(first.len(), 1);
        let all = plan(&found, Safety::Unsafe, &none, usize::MAX);
        assert_eq!(
            diff(&apply(&all, &found.sources), &found.sources),
            "--- a/a.egress\n+++ b/a.egress\n@@ -1 +1 @@\n-one two three\n+1 two 3\n"
        );
        let refused = BTreeSet::from([Told::of(&found.findings[0], &found.sources)]);
        let rest = plan(&found, Safety::Safe, &refused, usize::MAX);
        assert_eq!(text(&rest), "onxwo three\n");
    }
}
