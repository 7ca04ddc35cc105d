//! Strings as .NET counts and compares them, and what is certain about strings with holes.

use std::sync::Arc;

use crate::import::{Data, Part, Symbol, Text, Value, Why};

use super::call::{Call, MAX_ITEMS, MAX_TEXT, Stop, TOO_LARGE};
use super::symbol_of;

/// How many parts a text may have.
const MAX_PARTS: usize = 1_000;

/// Puts texts together, within the bounds.
pub(super) fn joined<'t>(texts: impl IntoIterator<Item = &'t Text>) -> Result<Text, Stop> {
    let mut parts = Vec::new();
    let mut length = 0;
    for text in texts {
        match text {
            Text::Known(known) => parts.push(Part::Known(known.clone())),
            Text::Mixed(mixed) => parts.extend_from_slice(mixed),
        }
        length += known_length(text);
        if length > MAX_TEXT || parts.len() > MAX_ITEMS {
            return Err(TOO_LARGE);
        }
    }
    bounded(Text::from_parts(parts))
}

/// A text, unless it has too many parts.
pub(super) fn bounded(text: Text) -> Result<Text, Stop> {
    match &text {
        Text::Mixed(parts) if parts.len() > MAX_PARTS => Err(TOO_LARGE),
        _ => Ok(text),
    }
}

/// How many bytes are known, which is the least that the whole has.
pub(super) fn known_length(text: &Text) -> usize {
    match text {
        Text::Known(known) => known.len(),
        Text::Mixed(parts) => parts.iter().map(|part| known_part(part).len()).sum(),
    }
}

fn known_part(part: &Part) -> &str {
    match part {
        Part::Known(known) => known,
        Part::Hole(_) => "",
    }
}

/// What a text certainly begins with: all of it when it is known.
pub(super) fn prefix(text: &Text) -> &str {
    match text {
        Text::Known(known) => known,
        Text::Mixed(parts) => parts.first().map_or("", known_part),
    }
}

/// What a text certainly ends with: all of it when it is known.
pub(super) fn suffix(text: &Text) -> &str {
    match text {
        Text::Known(known) => known,
        Text::Mixed(parts) => parts.last().map_or("", known_part),
    }
}

/// Why a text is not known.
pub(super) fn why(text: &Text) -> Why {
    text.hole().map_or(Why::RunTime, |hole| hole.why.clone())
}

/// Does something to each known part, and wraps each hole in a call that does the same.
pub(super) fn mapped(
    text: &Text,
    known: impl Fn(&str) -> String,
    hole: impl Fn(&Arc<Symbol>) -> Arc<Symbol>,
) -> Text {
    let parts = text.parts().into_iter().map(|part| match part {
        Part::Known(text) => Part::Known(known(&text).into()),
        Part::Hole(symbol) => Part::Hole(hole(&symbol)),
    });
    Text::from_parts(parts)
}

/// A call whose first argument is a hole.
pub(super) fn wrapped(
    name: &str,
    hole: &Arc<Symbol>,
    first: &Value,
    rest: &[Value],
) -> Arc<Symbol> {
    let mut arguments = vec![Value {
        data: Data::Unknown(Arc::clone(hole)),
        ..first.clone()
    }];
    arguments.extend_from_slice(rest);
    symbol_of(name, &arguments, hole.why.clone())
}

/// How long a string is for .NET, which counts UTF-16 units.
pub(super) fn length(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.encode_utf16().count()
    }
}

/// Where in bytes a number of UTF-16 units ends; nothing in the middle of a character or behind the end.
pub(super) fn byte_of(text: &str, units: usize) -> Option<usize> {
    if text.is_ascii() {
        return (units <= text.len()).then_some(units);
    }
    let mut passed = 0;
    for (at, character) in text.char_indices() {
        if passed >= units {
            return (passed == units).then_some(at);
        }
        passed += character.len_utf16();
    }
    (passed == units).then_some(text.len())
}

/// Lower case as .NET makes it: character by character, each to one.
pub(super) fn lower(text: &str) -> String {
    each(text, |character| {
        let mut mapped = character.to_lowercase();
        (mapped.len() == 1).then(|| mapped.next()).flatten()
    })
}

/// Upper case as .NET makes it: character by character, each to one.
pub(super) fn upper(text: &str) -> String {
    each(text, |character| {
        let mut mapped = character.to_uppercase();
        (mapped.len() == 1).then(|| mapped.next()).flatten()
    })
}

fn each(text: &str, map: impl Fn(char) -> Option<char>) -> String {
    text.chars()
        .map(|character| map(character).unwrap_or(character))
        .collect()
}

/// The known parts of a text.
pub(super) fn known_parts(text: &Text) -> impl Iterator<Item = &str> {
    let (known, mixed) = match text {
        Text::Known(known) => (Some(known.as_str()), &[][..]),
        Text::Mixed(parts) => (None, &**parts),
    };
    known
        .into_iter()
        .chain(mixed.iter().map(known_part))
        .filter(|part| !part.is_empty())
}

/// A text with something else in place of what it certainly begins with.
pub(super) fn with_prefix(text: &Text, prefix: &str) -> Text {
    let first = Part::Known(prefix.into());
    match text {
        Text::Known(_) => Text::from_parts([first]),
        Text::Mixed(parts) => {
            let rest = match &**parts {
                [Part::Known(_), rest @ ..] => rest,
                all => all,
            };
            Text::from_parts(std::iter::once(first).chain(rest.iter().cloned()))
        }
    }
}

/// An argument as a piece of a text: a text, or a number in digits. How Azure writes others is not documented, so they
/// are holes; lists and objects are refused.
pub(super) fn piece(call: &Call<'_>, at: usize) -> Result<Text, Stop> {
    let value = call.argument(at)?;
    match &value.data {
        Data::Text(text) => Ok(text.clone()),
        Data::Int(number) => Ok(Text::Known(number.to_string().into())),
        Data::Unknown(symbol) => Ok(Text::from_parts([Part::Hole(Arc::clone(symbol))])),
        Data::Bool(_) | Data::Float(_) | Data::Null => {
            let hole = symbol_of("string", std::slice::from_ref(value), Why::RunTime);
            Ok(Text::from_parts([Part::Hole(hole)]))
        }
        Data::Array(_) | Data::Object(_) => Err(call.mistyped(at, "a string")),
    }
}
