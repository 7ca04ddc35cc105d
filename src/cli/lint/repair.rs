//! Fixes tried before they are made: after each round the files are read and judged again, and only what mends its
//! finding and breaks nothing is kept.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{FileId, SourceMap};
use crate::diag::{Finding, Safety, Severity};
use crate::import::json;
use crate::lint::RULES;

use super::fix::{self, Planned, Texts, Told};
use super::judge::Linted;

/// How often the files are judged again.
const MOST_TRIES: usize = 48;

/// What fixes came to.
#[derive(Debug, Default)]
pub(super) struct Repaired {
    /// The files that change.
    pub(super) texts: Texts,
    /// How many findings were fixed.
    pub(super) made: usize,
    /// The findings whose fixes do not hold.
    pub(super) refused: BTreeSet<Told>,
    /// There may be more to fix.
    pub(super) unfinished: bool,
}

/// Makes fixes of the wanted kind, in rounds, as long as there are some.
///
/// # Errors
/// When the changed files cannot be judged.
pub(super) fn repair(
    first: &Linted,
    least: Safety,
    examine: impl Fn(&Texts) -> Result<Linted, String>,
) -> Result<Repaired, String> {
    let mut repaired = Repaired::default();
    let mut current: Option<Linted> = None;
    // Where fixes do not hold together, fewer are tried, so that the ones to blame are found in a few steps.
    let mut most = usize::MAX;
    for _ in 0..MOST_TRIES {
        let before = current.as_ref().unwrap_or(first);
        let planned = fix::plan(before, least, &repaired.refused, most);
        if planned.is_empty() {
            return Ok(repaired);
        }
        let changed = fix::apply(&planned, &before.sources);
        let mut texts = repaired.texts.clone();
        texts.extend(changed.clone());
        let after = examine(&texts)?;
        if changed
            .iter()
            .all(|(path, text)| is_sound(path.as_str(), text))
            && hold(&planned, before, &after)
        {
            repaired.made += planned.len();
            repaired.texts = texts;
            current = Some(after);
            most = most.saturating_mul(2);
        } else if let [only] = planned.as_slice() {
            repaired.refused.insert(only.finding.clone());
            most = usize::MAX;
        } else {
            most = planned.len() / 2;
        }
    }
    repaired.unfinished = true;
    Ok(repaired)
}

/// Whether a text that should be JSON still is.
fn is_sound(path: &str, text: &str) -> bool {
    path.ends_with(".egress") || json::parse(FileId::default(), &text.into()).is_ok()
}

/// Whether fixes have mended what they were for, and broken nothing.
fn hold(planned: &[Planned<'_>], before: &Linted, after: &Linted) -> bool {
    let told_before = count(&before.findings, &before.sources, |_| true);
    let told_after = count(&after.findings, &after.sources, |_| true);
    let of = |told: &BTreeMap<Told, usize>, one: &Told| told.get(one).copied().unwrap_or(0);
    let mut mended: BTreeMap<&Told, usize> = BTreeMap::new();
    for fix in planned {
        *mended.entry(&fix.finding).or_default() += 1;
    }
    let all_mended = mended
        .iter()
        .all(|(one, times)| of(&told_after, one) + times <= of(&told_before, one));
    // Where a policy had mistakes, its rules run for the first time now: what they say was true before.
    let read_at_last = before
        .gaps
        .iter()
        .filter(|gap| gap.severity == Severity::Error)
        .any(|gap| !after.gaps.iter().any(|it| it.message == gap.message));
    let errors = count(&after.findings, &after.sources, |finding| {
        finding.severity == Severity::Error
    });
    let excused = |one: &Told| read_at_last && RULES.iter().any(|rule| rule.id == one.id());
    let nothing_new = errors
        .iter()
        .all(|(one, times)| excused(one) || *times <= of(&told_before, one));
    all_mended && nothing_new
}

fn count(
    findings: &[Finding],
    sources: &SourceMap,
    counts: impl Fn(&Finding) -> bool,
) -> BTreeMap<Told, usize> {
    let mut told = BTreeMap::new();
    for finding in findings.iter().filter(|finding| counts(finding)) {
        *told.entry(Told::of(finding, sources)).or_default() += 1;
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Edit, Id};

    /// A judge for whom every number is a fault that its digit mends, all but `two`, whose digit is an error, and
    /// `three`, whose digit mends nothing.
    fn judged(text: &str) -> Linted {
        let mut linted = Linted::default();
        let file = linted.sources.add("a.egress", text.to_owned());
        for (word, digit) in [("one", "1"), ("two", "2"), ("three", "3"), ("four", "4")] {
            if let Some(at) = text.find(word) {
                let span = linted.sources.span(file, at, at + word.len());
                let edit = Edit {
                    span,
                    text: digit.to_owned(),
                };
                let finding = Finding::new(Id::TG3010, word).at(span, "here");
                let finding = finding.fix("count", Safety::Safe, vec![edit]);
                linted.findings.push(finding);
            }
        }
        let mut say = |id, message, digit| {
            if let Some(at) = text.find(digit) {
                let span = linted.sources.span(file, at, at + 1);
                let finding = Finding::new(id, message).at(span, "here");
                linted.findings.push(finding);
            }
        };
        say(Id::TG1001, "2 is wrong", '2');
        say(Id::TG3010, "three", '3');
        linted
    }

    #[test]
    fn what_does_not_hold_is_taken_back_and_the_rest_is_kept() {
        let text_of = |texts: &Texts| texts.values().next().cloned().unwrap_or_default();
        for (before, after, made) in [
            ("one four", "1 4", 2),
            ("one two three four", "1 two three 4", 2),
            ("two", "", 0),
            ("nothing", "", 0),
        ] {
            let first = judged(before);
            let examine = |texts: &Texts| Ok(judged(&text_of(texts)));
            let repaired = repair(&first, Safety::Safe, examine).unwrap();
            assert_eq!(text_of(&repaired.texts), after, "{before}");
            assert_eq!(repaired.made, made, "{before}");
            let refused: Vec<String> = repaired.refused.iter().map(Told::to_string).collect();
            let wanted: Vec<String> = ["three", "two"]
                .iter()
                .filter(|word| before.contains(**word))
                .map(|word| format!("a.egress: TG3010: {word}"))
                .collect();
            assert_eq!(refused, wanted, "{before}");
            assert!(!repaired.unfinished);
        }
    }

    #[test]
    fn broken_json_is_no_repair() {
        assert!(is_sound("a.json", "{\"a\": [1,]}"));
        assert!(!is_sound("a.json", "{\"a\": [1}"));
        assert!(is_sound("a.egress", "egress 1"));
    }
}
