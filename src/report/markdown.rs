//! Findings as a comment on a pull request, in the Markdown of GitHub, GitLab and Azure Repos.
//!
//! A comment on GitHub holds 65,536 characters. What does not fit is left out with a notice: first the details of
//! findings, then findings, the least severe first.

use std::collections::BTreeMap;

use crate::base::{SourceMap, grouped};
use crate::diag::{Finding, Id, Label, Severity};

use super::words::{azure_answer, describe, sentence};
use super::{Run, place};

/// How many characters a comment may have.
pub(super) const COMMENT: usize = 65_536;

/// The first line, by which a workflow finds the comment that it wrote before.
pub(super) const MARK: &str = "<!-- tidegate -->";

/// How many things that were not done are shown.
const GAPS: usize = 20;

/// Room for the notice about what was left out.
const NOTICE: usize = 200;

/// A run as a comment.
pub(super) fn markdown(run: &Run<'_>) -> String {
    within(run, COMMENT)
}

fn within(run: &Run<'_>, most: usize) -> String {
    let head = head(run);
    let full = body(run, |finding| {
        Some(entry(run, finding) + &details(run, finding))
    });
    if length(&head) + length(&full) <= most {
        return head + &full;
    }
    let room = most.saturating_sub(length(&head) + NOTICE);
    let brief = body(run, |finding| Some(entry(run, finding)));
    if length(&brief) <= room {
        return format!("{head}> Details are left out, for a comment holds no more.\n{brief}");
    }
    let kept = kept(run, room);
    let left_out = run.findings.len() - kept.iter().filter(|kept| **kept).count();
    let left_out = grouped(u64::try_from(left_out).unwrap_or(u64::MAX));
    let mut keep = kept.into_iter();
    let some = body(run, |finding| {
        keep.next().unwrap_or(false).then(|| entry(run, finding))
    });
    format!(
        "{head}> Left out, for a comment holds no more: all details, and findings: {left_out}.\n{some}"
    )
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// Which findings fit, the most severe first.
fn kept(run: &Run<'_>, mut room: usize) -> Vec<bool> {
    let mut order: Vec<(usize, &Finding)> = run.findings.iter().enumerate().collect();
    order.sort_by_key(|(_, finding)| std::cmp::Reverse(finding.severity));
    let mut kept = vec![false; run.findings.len()];
    for (place, finding) in order {
        let heading = length(&file_heading(&file_of(run, finding)));
        let needed = length(&entry(run, finding)) + heading;
        let Some(left) = room.checked_sub(needed) else {
            continue;
        };
        room = left;
        if let Some(kept) = kept.get_mut(place) {
            *kept = true;
        }
    }
    kept
}

/// Heading, what was not done, and how many findings each rule has.
fn head(run: &Run<'_>) -> String {
    let counts = run.counts();
    let title = if counts.is_empty() {
        "no findings"
    } else {
        &counts
    };
    let mut out = format!("{MARK}\n### tidegate: {title}\n\n");
    for gap in run.gaps.iter().take(GAPS) {
        out.push_str(&format!(
            "> **{}**: {}\n\n",
            gap.severity,
            inline(&sentence(&gap.message))
        ));
    }
    if let Some(more) = run.gaps.len().checked_sub(GAPS + 1) {
        out.push_str(&format!("> And {} more like these.\n\n", more + 1));
    }
    if !run.accepted.is_empty() {
        out.push_str(&format!(
            "{} accepted with a reason.\n\n",
            run.accepted.len()
        ));
    }
    let mut by_rule: BTreeMap<(std::cmp::Reverse<Severity>, Id), usize> = BTreeMap::new();
    for finding in run.findings {
        let key = (std::cmp::Reverse(finding.severity), finding.id);
        *by_rule.entry(key).or_default() += 1;
    }
    if by_rule.is_empty() {
        return out;
    }
    out.push_str("| | rule | findings |\n|---|---|---:|\n");
    for ((severity, id), count) in by_rule {
        let title = inline(id.title());
        out.push_str(&format!("| {} | `{id}` {title} | {count} |\n", severity.0));
    }
    out.push('\n');
    out
}

/// The findings grouped by file, in their order.
fn body<'a>(run: &Run<'a>, mut show: impl FnMut(&'a Finding) -> Option<String>) -> String {
    let mut out = String::new();
    let mut last: Option<String> = None;
    for finding in run.findings {
        let Some(text) = show(finding) else { continue };
        let file = file_of(run, finding);
        if last.as_ref() != Some(&file) {
            out.push_str(&file_heading(&file));
            last = Some(file);
        }
        out.push_str(&text);
    }
    out
}

fn file_of(run: &Run<'_>, finding: &Finding) -> String {
    let file = finding.primary.as_ref().map(|label| label.span.file);
    file.and_then(|file| place::path(run, file))
        .unwrap_or_default()
}

fn file_heading(file: &str) -> String {
    if file.is_empty() {
        return "\n#### Without a place\n".to_owned();
    }
    format!("\n#### {}\n", code(file))
}

/// What is wrong, and what to do about it.
fn entry(run: &Run<'_>, finding: &Finding) -> String {
    let line = finding
        .primary
        .as_ref()
        .and_then(|label| place::range(run.sources, label.span))
        .map_or_else(String::new, |range| format!(" line {}", range.start.line));
    let message = inline(&sentence(&finding.message));
    let mut out = format!(
        "\n**{}** `{}`{line}: {message}\n",
        finding.severity, finding.id
    );
    if !finding.help.is_empty() {
        out.push('\n');
    }
    for help in &finding.help {
        out.push_str(&format!("- {}\n", inline(&sentence(help))));
    }
    out
}

/// The places, Azure's answer and repairs, folded; empty when there are none.
fn details(run: &Run<'_>, finding: &Finding) -> String {
    let mut lines: Vec<String> = Vec::new();
    let primary = finding
        .primary
        .iter()
        .filter(|label| !label.text.is_empty());
    let labels = primary.chain(&finding.related);
    lines.extend(labels.map(|label| place_line(label, run.sources)));
    let way = finding
        .path
        .iter()
        .map(|label| place_line(label, run.sources));
    lines.extend(way.map(|line| format!("way: {line}")));
    lines.extend(azure_answer(finding).map(|answer| inline(&sentence(&answer))));
    let fixes = finding.fixes.iter();
    lines.extend(fixes.map(|fix| inline(&sentence(&describe(fix, run.sources)))));
    if lines.is_empty() {
        return String::new();
    }
    let lines: String = lines.iter().map(|line| format!("- {line}\n")).collect();
    format!("\n<details><summary>places and fixes</summary>\n\n{lines}\n</details>\n")
}

fn place_line(label: &Label, sources: &SourceMap) -> String {
    format!(
        "{} {}",
        code(&sources.describe(label.span)),
        inline(&label.text)
    )
}

/// A text in which only what stands between backticks has a meaning, that of code.
pub(super) fn inline(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let last = parts.len() - 1;
    // With an odd number of backticks the last one opens nothing.
    let unpaired = last % 2 == 1;
    let mut out = String::new();
    for (index, part) in parts.into_iter().enumerate() {
        if index % 2 == 1 && !(unpaired && index == last) {
            out.push_str(&code(part));
            continue;
        }
        if unpaired && index == last {
            out.push_str("\\`");
        }
        for c in part.chars() {
            match c {
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '&' => out.push_str("&amp;"),
                // No mentions, no references to issues.
                '@' => out.push_str("&#64;"),
                '#' => out.push_str("&#35;"),
                '\\' | '*' | '_' | '[' | ']' | '~' | '|' => out.extend(['\\', c]),
                '\r' | '\n' => out.push(' '),
                _ => out.push(c),
            }
        }
    }
    out
}

/// A text as code. One without anything but blanks is no code.
pub(super) fn code(text: &str) -> String {
    let text = text.replace(['\r', '\n'], " ");
    if text.trim().is_empty() {
        return text;
    }
    match text.contains('`') {
        true => format!("`` {text} ``"),
        false => format!("`{text}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_no_meaning_but_code() {
        assert_eq!(
            inline("a <b> & `c*<d>` @e #1 [x](y) *z* _w_\nend"),
            "a &lt;b&gt; &amp; `c*<d>` &#64;e &#35;1 \\[x\\](y) \\*z\\* \\_w\\_ end"
        );
        assert_eq!(inline("`a` and `b"), "`a` and \\`b");
        assert_eq!(inline("nothing `` here"), "nothing  here");
    }

    #[test]
    fn what_does_not_fit_is_said_and_the_worst_stays() {
        let mut sources = SourceMap::default();
        let file = sources.add("a.egress", "x\n".repeat(3_000));
        let finding = |line: usize| {
            let id = if line.is_multiple_of(100) {
                Id::TG1001
            } else {
                Id::TG8001
            };
            let place = sources.span(file, line * 2, line * 2 + 1);
            Finding::new(id, format!("finding {line}")).at(place, "here")
        };
        for (count, details, says) in [
            (100, true, ""),
            (1_000, false, "> Details are left out"),
            (3_000, false, "all details, and findings: "),
        ] {
            let findings: Vec<Finding> = (0..count).map(finding).collect();
            let text = markdown(&Run::new(&findings, &sources));
            assert!(length(&text) <= COMMENT, "{count}: {}", length(&text));
            assert_eq!(text.contains("<details>"), details, "{count}");
            assert!(text.contains(says), "{count}");
            let errors = text.matches("**error**").count();
            assert_eq!(errors, count / 100, "every error is there");
        }
    }
}
