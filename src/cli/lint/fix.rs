//! Applying fixes to files, and showing what they would change.

use std::collections::BTreeMap;

use similar::TextDiff;

use crate::base::{FileId, SourceMap};
use crate::diag::{Edit, Finding, Safety};

/// The files that fixes change, with their new text.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// The new texts.
    pub(super) texts: BTreeMap<FileId, String>,
    /// How many fixes were made.
    pub(super) made: usize,
    /// How many were left out, because another one changes the same place.
    pub(super) overlapping: usize,
}

/// Makes the first fix of every finding that has one of the wanted kind.
pub(super) fn apply(findings: &[Finding], sources: &SourceMap, least: Safety) -> Changes {
    let mut changes = Changes::default();
    let mut edits: Vec<&Edit> = Vec::new();
    let wanted = |safety: Safety| safety == Safety::Safe || least == Safety::Unsafe;
    for finding in findings {
        let mut fixes = finding.fixes.iter();
        let Some(fix) = fixes.find(|fix| wanted(fix.safety)) else {
            continue;
        };
        let new: Vec<&Edit> = fix
            .edits
            .iter()
            .filter(|edit| !edits.contains(edit))
            .collect();
        if new.is_empty() {
            continue;
        }
        if new
            .iter()
            .any(|edit| edits.iter().any(|other| overlap(edit, other)))
        {
            changes.overlapping += 1;
            continue;
        }
        edits.extend(new);
        changes.made += 1;
    }
    // From the end to the beginning, so that earlier places stay where they are.
    edits.sort_by_key(|edit| std::cmp::Reverse((edit.span.file, edit.span.start, edit.span.end)));
    for edit in edits {
        let Some(file) = sources.get(edit.span.file) else {
            continue;
        };
        let text = changes
            .texts
            .entry(edit.span.file)
            .or_insert_with(|| file.text().to_owned());
        let range = edit.span.start as usize..edit.span.end as usize;
        if text.get(range.clone()).is_some() {
            text.replace_range(range, &edit.text);
        }
    }
    changes
}

/// Whether two edits touch the same place. Two insertions at one place do: their order would matter.
fn overlap(a: &Edit, b: &Edit) -> bool {
    let (a, b) = (a.span, b.span);
    a.file == b.file
        && a.start <= b.end
        && b.start <= a.end
        && (a.start < b.end || b.start < a.end || a == b)
}

/// The changes as a unified diff, as `git apply` and `patch` take it.
pub(super) fn diff(changes: &Changes, sources: &SourceMap) -> String {
    let mut out = String::new();
    for (id, text) in &changes.texts {
        let Some(file) = sources.get(*id) else {
            continue;
        };
        let path = file.path().as_str().replace('\\', "/");
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
    use crate::diag::Id;

    #[test]
    fn fixes_are_made_once_and_never_over_one_another() {
        let mut sources = SourceMap::default();
        let file = sources.add("a.egress", "one two three\n".to_owned());
        let fix = |start: usize, end: usize, text: &str, safety| {
            let edit = Edit {
                span: sources.span(file, start, end),
                text: text.to_owned(),
            };
            Finding::new(Id::TG1002, text).fix("mend", safety, vec![edit])
        };
        let findings = [
            fix(0, 3, "1", Safety::Safe),
            fix(0, 3, "1", Safety::Safe),
            fix(2, 5, "x", Safety::Safe),
            fix(8, 13, "3", Safety::Unsafe),
        ];
        let changes = apply(&findings, &sources, Safety::Safe);
        assert_eq!((changes.made, changes.overlapping), (1, 1));
        assert_eq!(changes.texts[&file], "1 two three\n");
        let all = apply(&findings, &sources, Safety::Unsafe);
        assert_eq!(
            diff(&all, &sources),
            "--- a/a.egress\n+++ b/a.egress\n@@ -1 +1 @@\n-one two three\n+1 two 3\n"
        );
    }
}
