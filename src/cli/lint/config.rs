//! `tidegate.yaml`: what a team has agreed on. The only file here that reads YAML.
//!
//! ```yaml
//! rules:
//!   TG4007: off          # one rule
//!   TG20*: warning       # all whose id begins so
//! paths:
//!   include: ["infra/**"]
//!   exclude: ["**/samples/**"]
//! parameters:
//!   infra/main.json: [infra/prod.parameters.json]
//! catalogs: [our-catalog.yaml]
//! baseline: .tidegate-baseline.json
//! lock: egress.lock
//! fail-on: warning
//! assertions:            # what must hold in every network
//!   - from: ["snet-*"]
//!     never-reaches: [0.0.0.0/0]
//!     over: [tcp/22]
//! ```

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use ignore::overrides::{Override, OverrideBuilder};
use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::cli::assertions::{self, Assertions, Place, Word};
use crate::diag::{Finding, Id, Severity};

/// The names under which a configuration is looked for, from the input's folder upwards.
pub(super) const NAMES: [&str; 2] = ["tidegate.yaml", "tidegate.yml"];

/// What a configuration says of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    Off,
    Note,
    Warning,
    Error,
}

impl Level {
    fn severity(self) -> Option<Severity> {
        match self {
            Self::Off => None,
            Self::Note => Some(Severity::Note),
            Self::Warning => Some(Severity::Warning),
            Self::Error => Some(Severity::Error),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    rules: BTreeMap<String, Spanned<Level>>,
    paths: Paths,
    parameters: BTreeMap<String, Vec<String>>,
    catalogs: Vec<String>,
    baseline: Option<String>,
    lock: Option<String>,
    fail_on: Option<Level>,
    assertions: Vec<WrittenAssertion>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenAssertion {
    from: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    reaches: Vec<Spanned<String>>,
    #[serde(default)]
    never_reaches: Vec<Spanned<String>>,
    #[serde(default)]
    only_reaches: Vec<Spanned<String>>,
    via: Option<Spanned<String>>,
    #[serde(default)]
    over: Vec<Spanned<String>>,
    because: Option<String>,
    severity: Option<AssertionLevel>,
}

/// How bad it is where an assertion does not hold.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum AssertionLevel {
    Note,
    Warning,
    Error,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Paths {
    include: Vec<String>,
    exclude: Vec<String>,
}

/// A configuration. Without a file everything is as usual.
#[derive(Debug)]
pub(super) struct Config {
    levels: Vec<(String, Level)>,
    chosen: Override,
    /// The parameter files of templates.
    pub(super) parameters: BTreeMap<Utf8PathBuf, Vec<Utf8PathBuf>>,
    /// Further catalogs.
    pub(super) catalogs: Vec<Utf8PathBuf>,
    /// Findings that are accepted for now.
    pub(super) baseline: Option<Utf8PathBuf>,
    /// What names led to.
    pub(super) lock: Option<Utf8PathBuf>,
    /// The least severity that makes the command fail.
    pub(super) fail_on: Option<Severity>,
    /// What must hold in every network.
    pub(super) assertions: Assertions,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            levels: Vec::new(),
            chosen: Override::empty(),
            parameters: BTreeMap::new(),
            catalogs: Vec::new(),
            baseline: None,
            lock: None,
            fail_on: None,
            assertions: Assertions::default(),
        }
    }
}

impl Config {
    /// Reads a configuration. Paths in it count from its own folder.
    ///
    /// # Errors
    /// One message with its place.
    pub(super) fn parse(path: &Utf8Path, text: &str) -> Result<Self, String> {
        let written: Option<Written> = serde_saphyr::from_str(text).map_err(|error| {
            let place = error.location().map_or_else(String::new, |location| {
                format!(":{}:{}", location.line(), location.column())
            });
            let message = error.without_snippet().to_string();
            let message = message
                .split(" at line ")
                .next()
                .unwrap_or(&message)
                .to_owned();
            format!("{path}{place}: {message}")
        })?;
        let written = written.unwrap_or_default();
        let folder = match path.parent() {
            Some(folder) if !folder.as_str().is_empty() => folder,
            _ => Utf8Path::new("."),
        };
        let here = |name: &String| match folder.as_str() {
            "." => Utf8PathBuf::from(name),
            _ => folder.join(name),
        };
        let parameters = written.parameters.iter();
        Ok(Self {
            levels: levels(path, &written.rules)?,
            chosen: chosen(path, folder, &written.paths)?,
            parameters: parameters
                .map(|(template, files)| (here(template), files.iter().map(here).collect()))
                .collect(),
            catalogs: written.catalogs.iter().map(here).collect(),
            baseline: written.baseline.as_ref().map(here),
            lock: written.lock.as_ref().map(here),
            fail_on: written.fail_on.and_then(Level::severity),
            assertions: Assertions::parse(
                path,
                text,
                written.assertions.into_iter().map(asserted),
            )?,
        })
    }

    /// The files that the configuration chooses.
    pub(super) fn overrides(&self) -> Override {
        self.chosen.clone()
    }

    /// Gives findings the severities that the team wants, and drops those that are off. The longest pattern that fits
    /// an id counts.
    pub(super) fn apply(&self, findings: &mut Vec<Finding>) {
        findings.retain_mut(|finding| match self.level(finding.id) {
            None => true,
            Some(level) => match level.severity() {
                Some(severity) => {
                    finding.severity = severity;
                    true
                }
                None => false,
            },
        });
    }

    fn level(&self, id: Id) -> Option<Level> {
        let fits = |(pattern, _): &&(String, Level)| match pattern.strip_suffix('*') {
            Some(start) => id.code().starts_with(start),
            None => id.code() == pattern,
        };
        let fitting = self.levels.iter().filter(fits);
        let best = fitting.max_by_key(|(pattern, _)| pattern.len());
        best.map(|(_, level)| *level)
    }
}

fn asserted(written: WrittenAssertion) -> assertions::Written {
    let word = |word: Spanned<String>| Word {
        place: place_of(&word),
        text: word.value,
    };
    let words = |words: Vec<Spanned<String>>| words.into_iter().map(word).collect();
    assertions::Written {
        place: place_of(&written.from),
        from: words(written.from.value),
        reaches: words(written.reaches),
        never_reaches: words(written.never_reaches),
        only_reaches: words(written.only_reaches),
        via: written.via.map(word),
        over: words(written.over),
        because: written.because,
        severity: match written.severity {
            None | Some(AssertionLevel::Error) => Severity::Error,
            Some(AssertionLevel::Warning) => Severity::Warning,
            Some(AssertionLevel::Note) => Severity::Note,
        },
    }
}

fn place_of<T>(spanned: &Spanned<T>) -> Place {
    let narrow = |number: u64| u32::try_from(number).unwrap_or(1);
    let place = spanned.referenced;
    (narrow(place.line()), narrow(place.column()))
}

fn levels(
    path: &Utf8Path,
    rules: &BTreeMap<String, Spanned<Level>>,
) -> Result<Vec<(String, Level)>, String> {
    let mut levels = Vec::new();
    for (pattern, level) in rules {
        let code = pattern.to_ascii_uppercase();
        let known = match code.strip_suffix('*') {
            Some(start) => Id::ALL.iter().any(|id| id.code().starts_with(start)),
            None => Id::from_code(&code).is_some(),
        };
        if !known {
            let (line, column) = (level.referenced.line(), level.referenced.column());
            let suggestion = crate::base::did_you_mean(&code, Id::ALL.iter().map(|id| id.code()));
            let suggestion =
                suggestion.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            return Err(format!(
                "{path}:{line}:{column}: there is no rule `{pattern}`{suggestion}"
            ));
        }
        levels.push((code, level.value));
    }
    Ok(levels)
}

fn chosen(path: &Utf8Path, folder: &Utf8Path, paths: &Paths) -> Result<Override, String> {
    let mut builder = OverrideBuilder::new(folder);
    let included = paths.include.iter().cloned();
    let excluded = paths.exclude.iter().map(|glob| format!("!{glob}"));
    for glob in included.chain(excluded) {
        builder
            .add(&glob)
            .map_err(|error| format!("{path}: {error}"))?;
    }
    builder.build().map_err(|error| format!("{path}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(Utf8Path::new("ci/tidegate.yaml"), text)
    }

    #[test]
    fn the_longest_pattern_counts() {
        let config = parse("rules:\n  TG4*: off\n  TG4002: warning\n  tg9001: note\n").unwrap();
        assert_eq!(config.level(Id::TG4001), Some(Level::Off));
        assert_eq!(config.level(Id::TG4002), Some(Level::Warning));
        assert_eq!(config.level(Id::TG9001), Some(Level::Note));
        assert_eq!(config.level(Id::TG1001), None);
        let mut findings = vec![Finding::new(Id::TG4001, "a"), Finding::new(Id::TG4002, "b")];
        config.apply(&mut findings);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Warning);
    }

    #[test]
    fn paths_count_from_the_file() {
        let config =
            parse("baseline: base.json\nparameters:\n  main.json: [a.json]\nfail-on: note\n")
                .unwrap();
        assert_eq!(
            config.baseline.as_deref(),
            Some(Utf8Path::new("ci/base.json"))
        );
        assert_eq!(
            config.parameters.get(Utf8Path::new("ci/main.json")),
            Some(&vec!["ci/a.json".into()])
        );
        assert_eq!(config.fail_on, Some(Severity::Note));
        assert!(parse("").is_ok() && parse("# nothing\n").is_ok());
    }

    #[test]
    fn mistakes_have_their_place() {
        for (text, start) in [
            (
                "rules:\n  TG1: off\n",
                "ci/tidegate.yaml:2:8: there is no rule `TG1`",
            ),
            ("rules:\n  TG1001: loud\n", "ci/tidegate.yaml:2:11: "),
            ("rulez: {}\n", "ci/tidegate.yaml:1:1: "),
            ("paths:\n  exclude: [\"a[\"]\n", "ci/tidegate.yaml: "),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(start), "{error}");
        }
    }
}
