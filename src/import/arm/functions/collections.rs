//! What works on strings and arrays, some of it on objects too.
//!
//! Source: MicrosoftDocs/azure-docs, articles/azure-resource-manager/templates/template-functions-array.md and
//! template-functions-string.md.

use crate::import::{Data, Text, Value};

use super::call::{Call, ONLY_AZURE_KNOWS, Outcome, Stop};
use super::equality::equal;
use super::texts;

/// `concat(a, b, …)`: all texts, or all lists.
pub(super) fn concat(call: &Call<'_>) -> Outcome {
    if let [only] = call.arguments
        && matches!(only.data, Data::Unknown(_) | Data::Text(_) | Data::Array(_))
    {
        return Ok(call.taken(only));
    }
    let is_array = |value: &Value| matches!(value.data, Data::Array(_));
    if call.arguments.iter().any(is_array) {
        return concat_arrays(call);
    }
    let first = call.arguments.iter().find_map(|value| match &value.data {
        Data::Unknown(symbol) => Some(symbol),
        _ => None,
    });
    match first {
        // Nothing says whether these are texts or lists.
        Some(symbol)
            if call
                .arguments
                .iter()
                .all(|a| matches!(a.data, Data::Unknown(_))) =>
        {
            Err(Stop::unknown(symbol))
        }
        _ => {
            let pieces = (0..call.arguments.len()).map(|at| texts::piece(call, at));
            let pieces = pieces.collect::<Result<Vec<_>, _>>()?;
            Ok(call.text_value(texts::joined(&pieces)?))
        }
    }
}

fn concat_arrays(call: &Call<'_>) -> Outcome {
    let mut items = Vec::new();
    for at in 0..call.arguments.len() {
        items.extend_from_slice(call.items(at)?);
    }
    call.array_value(items)
}

/// `contains(container, item)`: the case of texts counts, that of keys does not.
pub(super) fn contains(call: &Call<'_>) -> Outcome {
    let item = call.argument(1)?;
    let found = match &call.argument(0)?.data {
        Data::Array(items) => array_contains(items, item)?,
        Data::Object(object) => {
            let key = texts::piece(call, 1)?;
            let key = key.known().ok_or_else(|| Stop::Unknown(texts::why(&key)))?;
            let symbolic = object.members.iter().any(|m| m.key.contains("${"));
            match object.get(key) {
                Some(_) => true,
                None if symbolic => return Err(ONLY_AZURE_KNOWS),
                None => false,
            }
        }
        Data::Text(text) => text_contains(call, text)?,
        _ => return Err(call.mistyped(0, "an array, an object or a string")),
    };
    Ok(call.value(Data::Bool(found)))
}

fn array_contains(items: &[Value], item: &Value) -> Result<bool, Stop> {
    let mut doubt = None;
    for candidate in items {
        match equal(candidate, item) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(why) => doubt = doubt.or(Some(why)),
        }
    }
    doubt.map_or(Ok(false), |why| Err(Stop::Unknown(why)))
}

fn text_contains(call: &Call<'_>, text: &Text) -> Result<bool, Stop> {
    let needle = texts::piece(call, 1)?;
    let Some(needle) = needle.known() else {
        return Err(Stop::Unknown(texts::why(&needle)));
    };
    match text {
        Text::Known(known) => Ok(known.contains(needle.as_str())),
        mixed if texts::known_parts(mixed).any(|part| part.contains(needle.as_str())) => Ok(true),
        mixed => Err(Stop::Unknown(texts::why(mixed))),
    }
}

/// `empty(item)`
pub(super) fn empty(call: &Call<'_>) -> Outcome {
    let empty = match &call.argument(0)?.data {
        Data::Null => true,
        Data::Array(items) => items.is_empty(),
        Data::Object(object) => object.members.is_empty(),
        Data::Text(Text::Known(known)) => known.is_empty(),
        Data::Text(mixed) if texts::known_length(mixed) > 0 => false,
        _ => return Err(call.mistyped(0, "an array, an object or a string")),
    };
    Ok(call.value(Data::Bool(empty)))
}

/// `length(item)`: elements, members or characters.
pub(super) fn length(call: &Call<'_>) -> Outcome {
    let length = match &call.argument(0)?.data {
        Data::Array(items) => items.len(),
        Data::Object(object) => object.members.len(),
        Data::Text(Text::Known(known)) => texts::length(known),
        _ => return Err(call.mistyped(0, "an array, an object or a string")),
    };
    count(call, length)
}

fn count(call: &Call<'_>, number: usize) -> Outcome {
    let number = i64::try_from(number).map_err(|_| ONLY_AZURE_KNOWS)?;
    Ok(call.value(Data::Int(number)))
}

/// `first(item)`: an element or a character; of nothing, nothing.
pub(super) fn first(call: &Call<'_>) -> Outcome {
    match &call.argument(0)?.data {
        Data::Array(items) => Ok(items
            .first()
            .map_or(call.value(Data::Null), |item| call.taken(item))),
        Data::Text(text) => character(call, text, texts::prefix(text).chars().next()),
        _ => Err(call.mistyped(0, "an array or a string")),
    }
}

/// `last(item)`: an element or a character; of nothing, nothing.
pub(super) fn last(call: &Call<'_>) -> Outcome {
    match &call.argument(0)?.data {
        Data::Array(items) => Ok(items
            .last()
            .map_or(call.value(Data::Null), |item| call.taken(item))),
        Data::Text(text) => character(call, text, texts::suffix(text).chars().next_back()),
        _ => Err(call.mistyped(0, "an array or a string")),
    }
}

fn character(call: &Call<'_>, text: &Text, found: Option<char>) -> Outcome {
    match (found, text) {
        (Some(character), _) if character.len_utf16() == 1 => {
            call.string_value(character.to_string())
        }
        // Half a character.
        (Some(_), _) => Err(ONLY_AZURE_KNOWS),
        (None, Text::Known(_)) => call.string_value(""),
        (None, mixed) => Err(Stop::Unknown(texts::why(mixed))),
    }
}

/// `skip(item, count)`: without the first ones; a count below zero is zero.
pub(super) fn skip(call: &Call<'_>) -> Outcome {
    let count = usize::try_from(call.int(1)?).unwrap_or(0);
    match &call.argument(0)?.data {
        Data::Array(items) => call.array_value(items.get(count..).unwrap_or_default().to_vec()),
        Data::Text(text) => {
            let known = texts::prefix(text);
            let at = match texts::byte_of(known, count) {
                Some(at) => at,
                None if text.known().is_some() && texts::length(known) < count => known.len(),
                None => return Err(call.inside(text)),
            };
            let rest = known.get(at..).unwrap_or_default();
            Ok(call.text_value(texts::with_prefix(text, rest)))
        }
        _ => Err(call.mistyped(0, "an array or a string")),
    }
}

/// `take(item, count)`: the first ones; a count below zero is zero.
pub(super) fn take(call: &Call<'_>) -> Outcome {
    let count = usize::try_from(call.int(1)?).unwrap_or(0);
    match &call.argument(0)?.data {
        Data::Array(items) => {
            let end = count.min(items.len());
            call.array_value(items.get(..end).unwrap_or_default().to_vec())
        }
        Data::Text(text) => {
            let known = texts::prefix(text);
            let end = match texts::byte_of(known, count) {
                Some(end) => end,
                None if text.known().is_some() && texts::length(known) < count => known.len(),
                None => return Err(call.inside(text)),
            };
            call.string_value(known.get(..end).unwrap_or_default())
        }
        _ => Err(call.mistyped(0, "an array or a string")),
    }
}

impl Call<'_> {
    /// A place that is in a hole, or in the middle of a character.
    pub(super) fn inside(&self, text: &Text) -> Stop {
        Stop::Unknown(texts::why(text))
    }
}

/// `indexOf(item, wanted)`: the first place. The case of elements counts, that of a part of a text does not.
pub(super) fn index_of(call: &Call<'_>) -> Outcome {
    let Data::Array(items) = &call.argument(0)?.data else {
        let (text, wanted) = folded(call)?;
        return position(call, &text, text.find(&wanted));
    };
    let wanted = call.argument(1)?;
    found(call, items.iter().enumerate(), wanted)
}

/// `lastIndexOf(item, wanted)`: the last place.
pub(super) fn last_index_of(call: &Call<'_>) -> Outcome {
    let Data::Array(items) = &call.argument(0)?.data else {
        let (text, wanted) = folded(call)?;
        if wanted.is_empty() {
            // Versions of .NET differ here.
            return Err(ONLY_AZURE_KNOWS);
        }
        return position(call, &text, text.rfind(&wanted));
    };
    let wanted = call.argument(1)?;
    found(call, items.iter().enumerate().rev(), wanted)
}

fn folded(call: &Call<'_>) -> Result<(String, String), Stop> {
    if !matches!(call.argument(0)?.data, Data::Text(_)) {
        return Err(call.mistyped(0, "an array or a string"));
    }
    let (text, wanted) = (call.known_text(0)?, call.known_text(1)?);
    Ok((texts::lower(text), texts::lower(wanted)))
}

fn position(call: &Call<'_>, text: &str, at: Option<usize>) -> Outcome {
    match at {
        Some(at) => count(call, texts::length(text.get(..at).unwrap_or_default())),
        None => Ok(call.value(Data::Int(-1))),
    }
}

fn found<'v>(
    call: &Call<'_>,
    items: impl Iterator<Item = (usize, &'v Value)>,
    wanted: &Value,
) -> Outcome {
    for (at, item) in items {
        if equal(item, wanted).map_err(Stop::Unknown)? {
            return count(call, at);
        }
    }
    Ok(call.value(Data::Int(-1)))
}
