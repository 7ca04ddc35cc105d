//! Strings.
//!
//! Source: MicrosoftDocs/azure-docs, articles/azure-resource-manager/templates/template-functions-string.md. Positions
//! and lengths are those of .NET, in UTF-16 units.

use smol_str::SmolStr;

use crate::import::{Data, Part, Text};

use super::call::{Call, MAX_TEXT, ONLY_AZURE_KNOWS, Outcome, Stop, TOO_LARGE};
use super::{json, texts};

/// `toLower(text)`: of a text with holes, the known parts.
pub(super) fn to_lower(call: &Call<'_>) -> Outcome {
    cased(call, texts::lower)
}

/// `toUpper(text)`: of a text with holes, the known parts.
pub(super) fn to_upper(call: &Call<'_>) -> Outcome {
    cased(call, texts::upper)
}

fn cased(call: &Call<'_>, map: fn(&str) -> String) -> Outcome {
    let value = call.argument(0)?;
    let Data::Text(text) = &value.data else {
        return Err(call.mistyped(0, "a string"));
    };
    let opening = format!("{}(", call.name);
    let already = |hole: &str| hole.starts_with(&opening) && hole.ends_with(')');
    Ok(call.text_value(texts::mapped(text, map, |hole| {
        if already(&hole.text) {
            hole.clone()
        } else {
            texts::wrapped(call.name, hole, value, &[])
        }
    })))
}

/// `trim(text)`
pub(super) fn trim(call: &Call<'_>) -> Outcome {
    call.string_value(call.known_text(0)?.trim())
}

/// `startsWith(text, start)`: case does not matter.
pub(super) fn starts_with(call: &Call<'_>) -> Outcome {
    begins(call, texts::prefix, |text| text)
}

/// `endsWith(text, end)`: case does not matter.
pub(super) fn ends_with(call: &Call<'_>) -> Outcome {
    begins(call, texts::suffix, |text| text.chars().rev().collect())
}

/// Whether what is certain at one end of a text begins with another text, once both are turned the same way.
fn begins(call: &Call<'_>, end: fn(&Text) -> &str, turned: fn(String) -> String) -> Outcome {
    let text = call.text(0)?;
    let certain = turned(texts::lower(end(&text)));
    let wanted = turned(texts::lower(call.known_text(1)?));
    let answer = certain.starts_with(&wanted);
    // What is certain may go on with anything.
    if !answer && text.known().is_none() && wanted.starts_with(&certain) {
        return Err(call.inside(&text));
    }
    Ok(call.value(Data::Bool(answer)))
}

/// `padLeft(value, length, character)`
pub(super) fn pad_left(call: &Call<'_>) -> Outcome {
    let text = texts::piece(call, 0)?;
    let total = call.int(1)?;
    let Ok(total) = usize::try_from(total) else {
        return Err(call.wrong(format!("wants a length of 0 or more, not {total}")));
    };
    if total > MAX_TEXT {
        return Err(TOO_LARGE);
    }
    let padding = match call.arguments.get(2) {
        None => " ",
        Some(_) => call.known_text(2)?.as_str(),
    };
    if padding.chars().count() != 1 {
        return Err(call.wrong(format!("pads with one character, not `{padding}`")));
    }
    match &text {
        Text::Known(known) => {
            let missing = total.saturating_sub(texts::length(known));
            call.string_value(format!("{}{known}", padding.repeat(missing)))
        }
        mixed if texts::known_parts(mixed).map(texts::length).sum::<usize>() >= total => {
            Ok(call.text_value(text))
        }
        mixed => Err(call.inside(mixed)),
    }
}

/// `replace(text, old, new)`: case counts. One character is replaced in the known parts of a text with holes, as
/// nothing of it can lie over the edge of a hole.
pub(super) fn replace(call: &Call<'_>) -> Outcome {
    let value = call.argument(0)?;
    let old = call.known_text(1)?;
    if old.is_empty() {
        return Err(call.wrong("wants something to replace"));
    }
    match &value.data {
        Data::Text(Text::Known(text)) => {
            let new = call.text(2)?;
            let mut pieces = Vec::new();
            for (index, piece) in text.split(old.as_str()).enumerate() {
                if index > 0 {
                    pieces.push(new.clone());
                }
                pieces.push(Text::from(piece));
            }
            Ok(call.text_value(texts::joined(&pieces)?))
        }
        Data::Text(mixed) if old.chars().count() == 1 => {
            let new = call.known_text(2)?;
            let rest = call.arguments.get(1..).unwrap_or_default();
            let text = texts::mapped(
                mixed,
                |known| known.replace(old.as_str(), new),
                |hole| texts::wrapped(call.name, hole, value, rest),
            );
            if texts::known_length(&text) > MAX_TEXT {
                return Err(TOO_LARGE);
            }
            Ok(call.text_value(text))
        }
        _ => Err(call.mistyped(0, "a string")),
    }
}

/// `split(text, delimiters)`: one text or a list of them.
pub(super) fn split(call: &Call<'_>) -> Outcome {
    let Data::Text(text) = &call.argument(0)?.data else {
        return Err(call.mistyped(0, "a string"));
    };
    let delimiters = delimiters(call)?;
    let pieces = match text {
        Text::Known(known) => split_known(known, &delimiters),
        Text::Mixed(parts) => {
            if !parts.iter().all(|part| is_certain(part, &delimiters)) {
                return Err(call.inside(text));
            }
            split_mixed(parts, &delimiters)
        }
    };
    call.array_value(
        pieces
            .into_iter()
            .map(|piece| call.text_value(piece))
            .collect(),
    )
}

fn delimiters<'a>(call: &Call<'a>) -> Result<Vec<&'a SmolStr>, Stop> {
    match &call.argument(1)?.data {
        Data::Array(items) => {
            let texts = items.iter().map(|item| match item.known_text() {
                Some(text) => Ok(text),
                None => match item.unknown() {
                    Some(symbol) => Err(Stop::unknown(symbol)),
                    None => Err(call.wrong("wants strings as delimiters")),
                },
            });
            texts.collect()
        }
        _ => Ok(vec![call.known_text(1)?]),
    }
}

/// Pieces of a text between delimiters; of several that match at one place, the first one counts. An empty one never
/// matches.
fn split_known(text: &str, delimiters: &[&SmolStr]) -> Vec<Text> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut at = 0;
    while let Some(tail) = rest.get(at..).filter(|tail| !tail.is_empty()) {
        let matching = |d: &&&SmolStr| !d.is_empty() && tail.starts_with(d.as_str());
        if let Some(delimiter) = delimiters.iter().find(matching) {
            pieces.push(Text::from(rest.get(..at).unwrap_or_default()));
            rest = tail.get(delimiter.len()..).unwrap_or_default();
            at = 0;
        } else {
            at += tail.chars().next().map_or(1, char::len_utf8);
        }
    }
    pieces.push(Text::from(rest));
    pieces
}

fn split_mixed(parts: &[Part], delimiters: &[&SmolStr]) -> Vec<Text> {
    let mut pieces: Vec<Vec<Part>> = vec![Vec::new()];
    for part in parts {
        let split = match part {
            Part::Known(known) => split_known(known, delimiters),
            Part::Hole(_) => vec![Text::from_parts([part.clone()])],
        };
        for (index, piece) in split.into_iter().enumerate() {
            if index > 0 {
                pieces.push(Vec::new());
            }
            if let Some(last) = pieces.last_mut() {
                last.extend(piece.parts());
            }
        }
    }
    pieces.into_iter().map(Text::from_parts).collect()
}

/// Whether a part certainly has no delimiter inside or over its edge: a known part when delimiters are single
/// characters, a hole when it is an id or a hash, which have only letters, digits and `-`, or the name of a resource
/// group, which has `_`, `.`, `(` and `)` as well.
///
/// Source: MicrosoftDocs/azure-docs, articles/azure-resource-manager/management/resource-name-rules.md.
fn is_certain(part: &Part, delimiters: &[&SmolStr]) -> bool {
    let outside = |d: &&SmolStr| matches!(d.as_str(), "/" | "," | ";" | ":" | "|" | "@" | " ");
    if !delimiters.iter().all(outside) {
        return false;
    }
    match part {
        Part::Known(_) => true,
        Part::Hole(symbol) => {
            let hash = ["uniqueString(", "guid("];
            matches!(
                symbol.text.as_str(),
                "subscription().subscriptionId"
                    | "subscription().tenantId"
                    | "resourceGroup().name"
            ) || (hash.iter().any(|start| symbol.text.starts_with(start))
                && symbol.text.ends_with(')'))
        }
    }
}

/// `join(items, delimiter)`
pub(super) fn join(call: &Call<'_>) -> Outcome {
    let items = call.items(0)?;
    let delimiter = texts::piece(call, 1)?;
    let inner = Call {
        arguments: items,
        ..*call
    };
    let mut pieces = Vec::new();
    for at in 0..items.len() {
        if at > 0 {
            pieces.push(delimiter.clone());
        }
        pieces.push(texts::piece(&inner, at)?);
    }
    Ok(call.text_value(texts::joined(&pieces)?))
}

/// `string(value)`: lists and objects as JSON.
pub(super) fn string(call: &Call<'_>) -> Outcome {
    let value = call.argument(0)?;
    match &value.data {
        Data::Text(_) => Ok(call.taken(value)),
        Data::Int(number) => call.string_value(number.to_string()),
        Data::Array(_) | Data::Object(_) => call.string_value(json::write(value)?),
        Data::Unknown(symbol) => Err(Stop::unknown(symbol)),
        Data::Null | Data::Bool(_) | Data::Float(_) => Err(ONLY_AZURE_KNOWS),
    }
}

/// `substring(text, start, length)`: it must lie within the text.
pub(super) fn substring(call: &Call<'_>) -> Outcome {
    let text = call.text(0)?;
    let (start, length) = (call.int_or(1, Some(0))?, call.int_or(2, None)?);
    let known = texts::prefix(&text);
    let whole = texts::length(known);
    let start = start.unwrap_or(0);
    let end = match length {
        Some(length) => start.saturating_add(length),
        None if text.known().is_some() => i64::try_from(whole).unwrap_or(i64::MAX),
        None => return Err(call.inside(&text)),
    };
    let (Ok(from), Ok(to)) = (usize::try_from(start), usize::try_from(end)) else {
        return Err(call.wrong("wants a start and a length of 0 or more"));
    };
    if to < from {
        return Err(call.wrong(match length {
            Some(_) => "wants a length of 0 or more".into(),
            None => format!("starts at {from}, behind the {whole} characters of the text"),
        }));
    }
    if to > whole && text.known().is_some() {
        return Err(call.wrong(format!(
            "reaches to character {to} of a text of {whole} characters"
        )));
    }
    match (texts::byte_of(known, from), texts::byte_of(known, to)) {
        (Some(from), Some(to)) => call.string_value(known.get(from..to).unwrap_or_default()),
        _ => Err(call.inside(&text)),
    }
}

impl Call<'_> {
    /// A number that may be left out.
    fn int_or(&self, at: usize, default: Option<i64>) -> Result<Option<i64>, Stop> {
        match self.arguments.get(at) {
            None => Ok(default),
            Some(_) => self.int(at).map(Some),
        }
    }
}
