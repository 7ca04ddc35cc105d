//! Reading YAML into structs, with the place of every value. The only file that knows the YAML library.
//!
//! Whatever is wrong with the text becomes one finding at its place; the library's own words are used only where
//! there are no better ones.

use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_saphyr::{DefaultMessageFormatter, Error, MessageFormatter};

use crate::base::{FileId, SourceMap, Span, did_you_mean_help};
use crate::diag::{Finding, Id};

/// A value and the bytes it was read from, in a file that the reader knows.
#[derive(Debug, Clone)]
pub(super) struct At<T> {
    pub(super) value: T,
    start: usize,
    end: usize,
}

impl<T> At<T> {
    /// Its place in the file that was read.
    pub(super) fn span(&self, sources: &SourceMap, file: FileId) -> Span {
        sources.span(file, self.start, self.end)
    }

    /// Another value at the same place.
    pub(super) fn with<U>(&self, value: U) -> At<U> {
        At {
            value,
            start: self.start,
            end: self.end,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = serde_saphyr::Spanned::<T>::deserialize(deserializer)?;
        let (start, end) = byte_range(spanned.referenced);
        Ok(Self {
            value: spanned.value,
            start,
            end,
        })
    }
}

fn byte_range(location: serde_saphyr::Location) -> (usize, usize) {
    let span = location.span();
    let narrow = |offset: Option<u64>| usize::try_from(offset.unwrap_or(0)).unwrap_or(usize::MAX);
    let start = narrow(span.byte_offset());
    (start, start.saturating_add(narrow(span.byte_len())))
}

/// Reads a whole file whose first key `schema` must name `schema`.
pub(super) fn read<T: DeserializeOwned>(
    sources: &SourceMap,
    file: FileId,
    schema: &str,
) -> Result<T, Box<Finding>> {
    let text = sources.get(file).map_or("", |file| file.text());
    serde_saphyr::from_str(text).map_err(|error| {
        // A file of another schema fails at some key of its own; its real fault is the schema.
        Box::new(match serde_saphyr::from_str::<Header>(text) {
            Ok(header) if header.schema.value != schema => {
                wrong_schema(&header.schema, schema, sources, file)
            }
            _ => explain(error.without_snippet(), sources, file),
        })
    })
}

/// The one key that every file has, read without regard to the others.
#[derive(Debug, serde::Deserialize)]
struct Header {
    schema: At<String>,
}

/// The finding for a file of another schema than the one expected.
pub(super) fn wrong_schema(
    found: &At<String>,
    expected: &str,
    sources: &SourceMap,
    file: FileId,
) -> Finding {
    Finding::new(
        Id::TG0019,
        format!("unknown schema `{}`: expected `{expected}`", found.value),
    )
    .at(found.span(sources, file), "not a schema this tool knows")
}

fn explain(error: &Error, sources: &SourceMap, file: FileId) -> Finding {
    let span = error_span(error, sources, file);
    let finding = |message: String, label: &str| Finding::new(Id::TG0019, message).at(span, label);
    match error {
        Error::SerdeUnknownField {
            field, expected, ..
        } => {
            let known = expected
                .iter()
                .map(|key| format!("`{key}`"))
                .collect::<Vec<_>>()
                .join(", ");
            finding(format!("unknown key `{field}`"), "not a key of this entry")
                .maybe_help(did_you_mean_help(field, expected.iter().copied()))
                .help(format!("the keys here are {known}"))
        }
        Error::SerdeMissingField { field, .. } => finding(
            format!("key `{field}` is missing"),
            "in the entry around this place",
        ),
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            finding(format!("key `{key}` is given twice"), "the second time")
        }
        Error::SerdeInvalidType {
            unexpected,
            expected,
            ..
        } => finding(
            format!("expected {expected}, found {unexpected}"),
            "of the wrong type",
        ),
        Error::Unexpected { expected, .. } => finding(
            format!("expected {}", plain_words(expected)),
            "of the wrong shape",
        ),
        other => {
            let message = DefaultMessageFormatter.format_message(other);
            let line = message.lines().next().unwrap_or("malformed text");
            finding(
                format!("YAML that does not read: {}", line.trim_end_matches('.')),
                "here",
            )
        }
    }
}

/// The place of an error. Errors of syntax have a line and a column but no byte offset.
fn error_span(error: &Error, sources: &SourceMap, file: FileId) -> Span {
    let location = error.location().unwrap_or(serde_saphyr::Location::UNKNOWN);
    if location.span().byte_offset().is_some() {
        let (start, end) = byte_range(location);
        return sources.span(file, start, end);
    }
    let Some(source) = sources.get(file) else {
        return sources.span(file, 0, 0);
    };
    let narrow = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let line = u32::try_from(location.line()).unwrap_or(u32::MAX);
    let line_start = source.line_start(line) as usize;
    let line_text = source.text().get(line_start..).unwrap_or("");
    let before = line_text
        .chars()
        .take(narrow(location.column()).saturating_sub(1))
        .take_while(|&c| c != '\n')
        .map(char::len_utf8)
        .sum::<usize>();
    sources.span(file, line_start + before, line_start + before)
}

/// The YAML library's terms for shapes, in words that a writer of YAML uses.
fn plain_words(expected: &str) -> &str {
    match expected {
        "sequence start" => "a list, one `- ` an item",
        "mapping start" => "keys with values",
        "string scalar" => "a text",
        other => other,
    }
}
