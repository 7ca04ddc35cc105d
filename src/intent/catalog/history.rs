//! What a page of Azure's documents named when: the schema `egress-history/1`.
//!
//! A history tells of names only, and only of a span of days: from the first commit of the page to the one up to which
//! it was read. What was before and what comes after is not known.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;
use smol_str::SmolStr;

use crate::base::{Date, FileId, SourceMap, Span};
use crate::diag::Finding;

use super::check::{Checker, Names};
use super::model::Word;
use super::yaml::{self, At};

const SCHEMA: &str = "egress-history/1";

const PATH: &str = "rules/egress/aks-history.yaml";
const TEXT: &str = include_str!("../../../rules/egress/aks-history.yaml");

/// The history of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// Its own name.
    pub name: SmolStr,
    /// The catalog that rests on the page.
    pub of: SmolStr,
    /// What it is about, in a sentence.
    pub title: String,
    /// The repository of the page, as `owner/name`.
    pub repo: String,
    /// The paths that the page had, the newest last.
    pub pages: Vec<Page>,
    /// How it was read.
    pub basis: String,
    /// What it cannot tell.
    pub caveats: Vec<String>,
    /// The commit up to which the page was read.
    pub head: Head,
    /// The first day of which it tells, that of its first event.
    pub first: Date,
    /// The names, in the order of the file.
    pub names: Vec<DocumentedName>,
}

/// A path of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The path in the repository.
    pub path: String,
    /// The last day on which it was the page; none for the path it has now.
    pub until: Option<Date>,
}

/// The commit up to which the page was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The commit.
    pub commit: String,
    /// Its day: the last one of which the history tells.
    pub date: Date,
}

/// A name of the page and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentedName {
    /// The name as the page writes it, such as `*.hcp.<location>.azmk8s.io`.
    pub fqdn: SmolStr,
    /// Its place in the file.
    pub span: Span,
    /// When it came and went, in turn, in the order of time; never empty.
    pub events: Vec<Event>,
}

/// A name came or went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Which of both.
    pub kind: EventKind,
    /// The day of the commit.
    pub date: Date,
    /// The commit.
    pub commit: String,
    /// The file name of the page.
    pub file: String,
}

/// Whether a name came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// It came.
    Added,
    /// It went.
    Removed,
}

impl Word for EventKind {
    const WHAT: &'static str = "event";
    const WORDS: &'static [(&'static str, Self)] =
        &[("added", Self::Added), ("removed", Self::Removed)];
}

/// What a page named at one day and not at another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HistoryDifference<'h> {
    /// Named at the second day only, each with the event that made it so, in the order of the file.
    pub added: Vec<(&'h DocumentedName, &'h Event)>,
    /// Named at the first day only.
    pub dropped: Vec<(&'h DocumentedName, &'h Event)>,
    /// Names that came and went, or went and came again, between both days.
    pub cancelled: usize,
    /// Names at both days.
    pub kept: usize,
}

impl HistoryDifference<'_> {
    /// Whether the page named other names.
    #[must_use]
    pub fn is_change(&self) -> bool {
        !(self.added.is_empty() && self.dropped.is_empty())
    }
}

impl DocumentedName {
    /// The last event up to the end of a day.
    fn last_event(&self, day: Date) -> Option<&Event> {
        self.events.iter().rev().find(|event| event.date <= day)
    }

    fn is_there(&self, day: Date) -> bool {
        let last = self.last_event(day);
        last.is_some_and(|event| event.kind == EventKind::Added)
    }
}

impl History {
    /// The built-in history of a catalog, read once, for those who ask for data and not for places in its file.
    #[must_use]
    pub fn builtin(catalog: &str) -> Option<&'static Self> {
        static BUILTIN: OnceLock<Option<History>> = OnceLock::new();
        let history = BUILTIN.get_or_init(|| {
            let mut sources = SourceMap::default();
            let file = sources.add(PATH, TEXT.to_owned());
            Self::load(&sources, file).ok()
        });
        history.as_ref().filter(|history| history.of == catalog)
    }

    /// What the page named at the end of one day and of another, in either order.
    #[must_use]
    pub fn between(&self, from: Date, to: Date) -> HistoryDifference<'_> {
        let (early, late) = (from.min(to), from.max(to));
        let mut difference = HistoryDifference::default();
        for name in &self.names {
            let Some(event) = name.last_event(late) else {
                continue;
            };
            match (name.is_there(from), name.is_there(to)) {
                (false, true) => difference.added.push((name, event)),
                (true, false) => difference.dropped.push((name, event)),
                (same, _) => {
                    difference.kept += usize::from(same);
                    difference.cancelled += usize::from(event.date > early);
                }
            }
        }
        difference
    }

    /// Reads the history in a file of the source map.
    ///
    /// # Errors
    /// Everything that is wrong with it. A fault of syntax or an unknown key hides what comes after it.
    pub fn load(sources: &SourceMap, file: FileId) -> Result<Self, Vec<Finding>> {
        let raw: RawHistory = yaml::read(sources, file, SCHEMA).map_err(|error| vec![*error])?;
        let mut loader = Loader {
            check: Checker::new(sources, file),
            pages: BTreeMap::new(),
            last: None,
        };
        let history = loader.history(raw);
        // Without a finding there is a history.
        loader.check.finish(history)?.ok_or_else(Vec::new)
    }
}

struct Loader<'a> {
    check: Checker<'a>,
    /// The last day of each page, by its file name.
    pages: BTreeMap<String, Option<Date>>,
    /// The day of the head.
    last: Option<Date>,
}

impl Loader<'_> {
    fn history(&mut self, raw: RawHistory) -> Option<History> {
        self.check.schema(&raw.schema, SCHEMA);
        self.last = self.date(&raw.head.date);
        let commit = self.commit(&raw.head.commit);
        let pages = self.pages(raw.pages);
        let mut known = Names::default();
        let mut names = Vec::with_capacity(raw.names.len());
        for name in raw.names {
            self.check.declare(&mut known, &name.fqdn, "name");
            names.extend(self.name(name));
        }
        let first = names.iter().filter_map(|name| name.events.first());
        let first = first.map(|event| event.date).min();
        if first.is_none() {
            self.check.problem(
                &raw.catalog,
                "a history without a name tells nothing".to_owned(),
                "no event",
            );
        }
        Some(History {
            name: raw.catalog.value.into(),
            of: raw.of.into(),
            title: raw.title,
            repo: raw.repo,
            pages,
            basis: raw.basis,
            caveats: raw.caveats,
            head: Head {
                commit,
                date: self.last?,
            },
            first: first?,
            names,
        })
    }

    fn pages(&mut self, raw: Vec<RawPage>) -> Vec<Page> {
        let mut names = Names::default();
        let mut pages = Vec::with_capacity(raw.len());
        for page in raw {
            self.check.declare(&mut names, &page.path, "page");
            let until = page.until.and_then(|until| self.date(&until));
            let path = page.path.value;
            let (_, file) = path.rsplit_once('/').unwrap_or(("", &path));
            self.pages.insert(file.to_owned(), until);
            pages.push(Page { path, until });
        }
        pages
    }

    fn name(&mut self, raw: RawName) -> Option<DocumentedName> {
        let mut events: Vec<Event> = Vec::with_capacity(raw.events.len());
        for raw in raw.events {
            let at = raw.event.clone();
            let Some(event) = self.event(raw) else {
                continue;
            };
            let before = events.last();
            let expected = match before {
                Some(before) if before.kind == EventKind::Added => EventKind::Removed,
                _ => EventKind::Added,
            };
            if event.kind != expected {
                let message = match event.kind {
                    EventKind::Added => "a name that is there cannot come",
                    EventKind::Removed => "a name that is not there cannot go",
                };
                self.check.problem(&at, message.to_owned(), "out of turn");
            }
            if before.is_some_and(|before| before.date > event.date) {
                let message = "events stand in the order of time".to_owned();
                self.check.problem(&at, message, "before the one above");
            }
            events.push(event);
        }
        let Some(last) = events.last() else {
            let message = format!("name `{}` has no event", raw.fqdn.value);
            self.check
                .problem(&raw.fqdn, message, "neither came nor went");
            return None;
        };
        if raw.present_at_head.value != (last.kind == EventKind::Added) {
            let message = "the last event says otherwise".to_owned();
            self.check.problem(&raw.present_at_head, message, "not so");
        }
        Some(DocumentedName {
            span: self.check.span(&raw.fqdn),
            fqdn: raw.fqdn.value.into(),
            events,
        })
    }

    fn event(&mut self, raw: RawEvent) -> Option<Event> {
        let kind = self.check.word(&raw.event);
        let date = self.date(&raw.date);
        let commit = self.commit(&raw.commit);
        match (self.pages.get(&raw.file.value), date) {
            (None, _) => {
                let message = format!("`{}` is none of the pages", raw.file.value);
                self.check.problem(&raw.file, message, "no such page");
            }
            (Some(Some(until)), Some(date)) if date > *until => {
                let message = format!("`{}` was the page until {until}", raw.file.value);
                self.check.problem(&raw.date, message, "after that");
            }
            _ => {}
        }
        if let (Some(date), Some(last)) = (date, self.last)
            && date > last
        {
            let message = format!("the page was read until {last}");
            self.check.problem(&raw.date, message, "after that");
        }
        Some(Event {
            kind: kind?,
            date: date?,
            commit,
            file: raw.file.value,
        })
    }

    fn date(&mut self, at: &At<String>) -> Option<Date> {
        match at.value.parse() {
            Ok(date) => Some(date),
            Err(_) => {
                let message = format!("`{}` is no date", at.value);
                self.check
                    .problem(at, message, "expected such as 2027-01-31");
                None
            }
        }
    }

    fn commit(&mut self, at: &At<String>) -> String {
        let is_hash = at.value.len() >= 7 && at.value.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_hash {
            let message = format!("`{}` is no commit", at.value);
            let label = "expected seven or more hexadecimal digits";
            self.check.problem(at, message, label);
        }
        at.value.clone()
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHistory {
    schema: At<String>,
    catalog: At<String>,
    of: String,
    title: String,
    repo: String,
    head: RawHead,
    pages: Vec<RawPage>,
    basis: String,
    #[serde(default)]
    caveats: Vec<String>,
    names: Vec<RawName>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHead {
    commit: At<String>,
    date: At<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPage {
    path: At<String>,
    until: Option<At<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawName {
    fqdn: At<String>,
    present_at_head: At<bool>,
    events: Vec<RawEvent>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEvent {
    event: At<String>,
    date: At<String>,
    commit: At<String>,
    file: At<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "\
schema: egress-history/1
catalog: example-history
of: example
title: An example
repo: contoso/docs
head:
  commit: 0123456789
  date: '2026-01-31'
pages:
  - path: old/egress.md
    until: '2023-12-31'
  - path: new/outbound.md
basis: Read.
caveats: [Names only.]
names:
  - fqdn: a.example.com
    present_at_head: true
    events:
      - { event: added, date: '2020-01-01', commit: aaaaaaa, file: egress.md }
      - { event: removed, date: '2021-01-01', commit: bbbbbbb, file: egress.md }
      - { event: added, date: '2024-01-01', commit: ccccccc, file: outbound.md }
  - fqdn: b.example.com
    present_at_head: false
    events:
      - { event: added, date: '2020-06-01', commit: ddddddd, file: egress.md }
      - { event: removed, date: '2025-01-01', commit: eeeeeee, file: outbound.md }
  - fqdn: c.example.com
    present_at_head: true
    events:
      - { event: added, date: '2025-06-01', commit: fffffff, file: outbound.md }
";

    fn load(text: &str) -> Result<History, Vec<String>> {
        let mut sources = SourceMap::default();
        let file = sources.add("h.yaml", text.to_owned());
        History::load(&sources, file).map_err(|findings| {
            let line = |finding: Finding| {
                let place = finding.primary.map(|label| sources.describe(label.span));
                format!("{} {}", place.unwrap_or_default(), finding.message)
            };
            findings.into_iter().map(line).collect()
        })
    }

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn told(history: &History, from: &str, to: &str) -> String {
        let found = history.between(date(from), date(to));
        let names = |list: &[(&DocumentedName, &Event)]| {
            let words = list
                .iter()
                .map(|(name, event)| format!("{:.1}@{:.1}", name.fqdn, event.commit));
            words.collect::<Vec<_>>().join(" ")
        };
        format!(
            "+{} -{} cancelled {} kept {}",
            names(&found.added),
            names(&found.dropped),
            found.cancelled,
            found.kept
        )
    }

    #[test]
    fn a_span_is_told_by_its_last_events() {
        let history = load(SOUND).unwrap();
        assert_eq!(history.first, date("2020-01-01"));
        let told = |from, to| told(&history, from, to);
        assert_eq!(
            told("2020-01-01", "2020-12-31"),
            "+b@d - cancelled 0 kept 1"
        );
        assert_eq!(told("2020-12-31", "2024-01-01"), "+ - cancelled 1 kept 2");
        assert_eq!(
            told("2020-12-31", "2026-01-31"),
            "+c@f -b@e cancelled 1 kept 1"
        );
        assert_eq!(
            told("2026-01-31", "2020-12-31"),
            "+b@e -c@f cancelled 1 kept 1"
        );
        assert_eq!(told("2024-01-01", "2024-01-01"), "+ - cancelled 0 kept 2");
    }

    #[test]
    fn the_built_in_history_loads() {
        let mut sources = SourceMap::default();
        let file = sources.add(PATH, TEXT.to_owned());
        let history = History::load(&sources, file).unwrap();
        assert_eq!(history.names.len(), 118);
        assert_eq!(History::builtin("aks"), Some(&history));
        assert_eq!(History::builtin("hdinsight-on-aks"), None);
        assert_eq!(
            (history.first, history.head.date),
            (date("2019-04-03"), date("2026-08-21"))
        );
        for name in &history.names {
            assert_eq!(sources.text(name.span).trim_matches('\''), name.fqdn);
        }
        let nothing = history.between(history.head.date, history.head.date);
        assert!(!nothing.is_change());
    }

    #[test]
    fn the_way_back_is_the_opposite() {
        let history = History::builtin("aks").unwrap();
        let days: Vec<Date> = (2019..=2025)
            .flat_map(|year| [format!("{year}-06-30"), format!("{year}-12-31")])
            .map(|day| date(&day))
            .collect();
        for from in &days {
            for to in &days {
                let (there, back) = (history.between(*from, *to), history.between(*to, *from));
                assert_eq!(there.added, back.dropped);
                assert_eq!(there.dropped, back.added);
                assert_eq!((there.cancelled, there.kept), (back.cancelled, back.kept));
            }
        }
    }

    #[test]
    fn no_text_makes_the_loader_panic() {
        let cut = (0..SOUND.len())
            .step_by(11)
            .filter_map(|end| SOUND.get(..end).map(str::to_owned));
        let lines: Vec<&str> = SOUND.lines().collect();
        let without_a_line = (0..lines.len()).map(|skipped| {
            let kept = lines.iter().enumerate().filter(|(at, _)| *at != skipped);
            kept.map(|(_, line)| format!("{line}\n")).collect()
        });
        let odd = ["", "- 1", "&a [*a]", "\0", "é: ["].map(str::to_owned);
        for text in cut.chain(without_a_line).chain(odd) {
            let findings = load(&text).err();
            assert!(
                findings.is_none_or(|findings| !findings.is_empty()),
                "{text}"
            );
        }
    }

    #[test]
    fn every_mistake_is_found_at_its_place() {
        for (from, to, expected) in [
            (
                "of: example",
                "off: example",
                "h.yaml:3:1 unknown key `off`",
            ),
            (
                "date: '2026-01-31'",
                "date: soon",
                "h.yaml:8:9 `soon` is no date",
            ),
            (
                "commit: 0123456789",
                "commit: main",
                "h.yaml:7:11 `main` is no commit",
            ),
            (
                "egress-history/1",
                "egress-catalog/1",
                "h.yaml:1:9 unknown schema `egress-catalog/1`: expected `egress-history/1`",
            ),
            (
                "fqdn: b.example.com",
                "fqdn: a.example.com",
                "h.yaml:22:11 name `a.example.com` is declared twice",
            ),
            (
                "event: added, date: '2020-06-01'",
                "event: removed, date: '2020-06-01'",
                "h.yaml:25:18 a name that is not there cannot go",
            ),
            (
                "'2021-01-01'",
                "'2019-01-01'",
                "h.yaml:20:18 events stand in the order of time",
            ),
            (
                "ccccccc, file: outbound.md",
                "ccccccc, file: other.md",
                "h.yaml:21:68 `other.md` is none of the pages",
            ),
            (
                "'2025-06-01'",
                "'2026-06-01'",
                "h.yaml:30:31 the page was read until 2026-01-31",
            ),
            (
                "ccccccc, file: outbound.md",
                "ccccccc, file: egress.md",
                "h.yaml:21:31 `egress.md` was the page until 2023-12-31",
            ),
            (
                "present_at_head: false",
                "present_at_head: true",
                "h.yaml:23:22 the last event says otherwise",
            ),
            (
                "event: added, date: '2025-06-01'",
                "event: born, date: '2025-06-01'",
                "h.yaml:30:18 unknown event `born`",
            ),
        ] {
            let findings = load(&SOUND.replacen(from, to, 1)).unwrap_err();
            assert!(
                findings.iter().any(|found| found == expected),
                "{to}: {findings:?}"
            );
        }
        let none = SOUND.split("names:").next().unwrap().to_owned() + "names: []\n";
        assert_eq!(
            load(&none).unwrap_err(),
            ["h.yaml:2:10 a history without a name tells nothing"]
        );
    }
}
