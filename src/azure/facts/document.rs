//! What every fact file has in common: a schema, a title, sources, and entries that each cite a source.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};

use crate::base::Date;
use crate::diag::{Finding, Id};

use super::subject::Subject;
use super::yaml;

/// The schema that a fact file must declare.
const SCHEMA: &str = "azure-facts/1";

/// The short name of a source within its file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct SourceId(String);

impl SourceId {
    /// The name of no source, for what stands in when a file does not load.
    pub(super) const NONE: Self = Self(String::new());

    /// The short name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where facts were read.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Its short name within the file.
    pub id: SourceId,
    /// The public repository.
    pub repo: Option<String>,
    /// The path in that repository.
    pub path: Option<String>,
    /// What it is, when it has no repository.
    pub title: Option<String>,
    /// The date of the revision that was read, or else of reading it.
    #[serde(deserialize_with = "parsed")]
    pub date: Date,
    /// What to know about it.
    pub note: Option<String>,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [&self.repo, &self.path, &self.title];
        let words: Vec<&str> = words.into_iter().flatten().map(String::as_str).collect();
        write!(f, "{} ({})", words.join(" "), self.date)
    }
}

/// What a fact file says about itself.
#[derive(Debug, Clone)]
pub struct Header {
    /// What it is about.
    pub title: String,
    /// Where its facts were read.
    pub sources: Vec<Source>,
}

/// A fact file as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<E> {
    schema: String,
    title: String,
    sources: Vec<Source>,
    entries: E,
}

/// The entries of a fact file.
pub(super) trait Entries {
    /// Every source cited, one per entry.
    fn citations(&self) -> Vec<&SourceId>;

    /// What is wrong with them as a whole, beyond what their types say.
    fn fault(&self) -> Option<String> {
        None
    }
}

/// One entry.
pub(super) trait Cited {
    /// Its source.
    fn source(&self) -> &SourceId;

    /// Those of its parts.
    fn further(&self) -> Vec<&SourceId> {
        Vec::new()
    }
}

impl<T: Cited> Entries for Vec<T> {
    fn citations(&self) -> Vec<&SourceId> {
        self.iter().map(Cited::source).collect()
    }
}

impl<K, T: Cited> Entries for BTreeMap<K, T> {
    fn citations(&self) -> Vec<&SourceId> {
        self.values().map(Cited::source).collect()
    }
}

macro_rules! cited {
    ($($entry:ty),* $(,)?) => {
        $(impl $crate::azure::facts::document::Cited for $entry {
            fn source(&self) -> &$crate::azure::facts::SourceId {
                &self.source
            }
        })*
    };
}
pub(super) use cited;

/// A fact file, read when first needed.
#[derive(Debug)]
pub(super) struct Section<E> {
    subject: Subject,
    text: &'static str,
    loaded: OnceLock<Result<(Header, E), Box<Finding>>>,
}

impl<E: DeserializeOwned + Entries> Section<E> {
    pub(super) const fn new(subject: Subject) -> Self {
        Self::with_text(subject, subject.text())
    }

    pub(super) const fn with_text(subject: Subject, text: &'static str) -> Self {
        Self {
            subject,
            text,
            loaded: OnceLock::new(),
        }
    }

    fn load(&self) -> &Result<(Header, E), Box<Finding>> {
        self.loaded.get_or_init(|| {
            parse(self.text).map_err(|fault| {
                let message = format!("`{}` does not load: {fault}", self.subject.path());
                Box::new(Finding::new(Id::TG0019, message))
            })
        })
    }

    /// The entries; `None` when the file does not load, which [`Self::problem`] then tells.
    pub(super) fn entries(&self) -> Option<&E> {
        self.load().as_ref().ok().map(|(_, entries)| entries)
    }

    pub(super) fn header(&self) -> Option<&Header> {
        self.load().as_ref().ok().map(|(header, _)| header)
    }

    /// Why the file does not load. A file that was not needed yet has no problem.
    pub(super) fn problem(&self) -> Option<&Finding> {
        self.loaded.get()?.as_ref().err().map(AsRef::as_ref)
    }
}

/// Reads a fact file and holds it to what all have in common; the error says what is wrong.
pub(super) fn parse<E: DeserializeOwned + Entries>(text: &str) -> Result<(Header, E), String> {
    let document: Document<E> = yaml::read(text)?;
    let fault = schema_fault(&document.schema)
        .or_else(|| sources_fault(&document.sources))
        .or_else(|| citations_fault(&document))
        .or_else(|| document.entries.fault());
    if let Some(fault) = fault {
        return Err(fault);
    }
    let header = Header {
        title: document.title,
        sources: document.sources,
    };
    Ok((header, document.entries))
}

fn schema_fault(schema: &str) -> Option<String> {
    (schema != SCHEMA).then(|| format!("its schema is `{schema}`, expected `{SCHEMA}`"))
}

fn sources_fault(sources: &[Source]) -> Option<String> {
    sources.iter().enumerate().find_map(|(position, source)| {
        let id = source.id.as_str();
        if sources.iter().take(position).any(|s| s.id == source.id) {
            return Some(format!("source `{id}` is listed twice"));
        }
        let nameless = source.repo.is_none() && source.title.is_none();
        nameless.then(|| format!("source `{id}` has neither repository nor title"))
    })
}

fn citations_fault<E: Entries>(document: &Document<E>) -> Option<String> {
    let known = |cited: &SourceId| document.sources.iter().any(|s| s.id == *cited);
    let mut citations = document.entries.citations().into_iter();
    let unknown = citations.find(|cited| !known(cited))?;
    Some(format!("source `{}` is not listed", unknown.as_str()))
}

/// A value written as the text of its type.
pub(super) fn parsed<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    String::deserialize(deserializer)?
        .parse()
        .map_err(D::Error::custom)
}
/// A list of such values.
pub(super) fn parsed_list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    let parse = |text: String| text.parse().map_err(D::Error::custom);
    Vec::deserialize(deserializer)?
        .into_iter()
        .map(parse)
        .collect()
}
