//! Making objects and looking into them.
//!
//! Source: MicrosoftDocs/azure-docs, articles/azure-resource-manager/templates/template-functions-object.md.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::base::Span;
use crate::import::{Data, Member, Object, Part, Symbol, Text, Value, Why};

use super::arrays::from_end;
use super::call::{Call, Outcome, Stop};
use super::json;

/// An object of keys and values, as `toObject` gives it.
pub(crate) fn object_of(pairs: impl IntoIterator<Item = (Text, Value)>, span: Span) -> Object {
    let members = pairs.into_iter().map(|(key, value)| Member {
        key: SmolStr::from(key.to_string()),
        key_span: span,
        value,
    });
    Object {
        members: members.collect(),
    }
}

/// `createObject(key, value, …)`
pub(super) fn create_object(call: &Call<'_>) -> Outcome {
    let (pairs, rest) = call.arguments.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(call.wrong("wants a value after each key"));
    }
    call.check_nesting(call.arguments)?;
    let mut members = Vec::with_capacity(pairs.len());
    for (index, [key, value]) in pairs.iter().enumerate() {
        let key = call.text(2 * index).map(|text| (text, key.span))?;
        members.push(Member {
            key: key.0.to_string().into(),
            key_span: key.1,
            value: value.clone(),
        });
    }
    call.object_value(Object { members })
}

/// `items(object)`: pairs of `key` and `value`, in the order of the keys.
pub(super) fn items(call: &Call<'_>) -> Outcome {
    let object = call.object(0)?;
    let mut members: Vec<&Member> = object.members.iter().collect();
    members.sort_by_cached_key(|member| (member.key.to_lowercase(), member.key.clone()));
    let pairs = members.into_iter().map(|member| {
        let key = Value::new(Data::Text(key_text(&member.key)), member.key_span);
        let pair = object_of(
            [("key".into(), key), ("value".into(), member.value.clone())],
            call.span,
        );
        call.value(Data::Object(Arc::new(pair)))
    });
    let pairs: Vec<Value> = pairs.collect();
    call.check_nesting(&pairs)?;
    call.array_value(pairs)
}

/// `objectKeys(object)`
pub(super) fn object_keys(call: &Call<'_>) -> Outcome {
    let keys = call.object(0)?.members.iter();
    let keys = keys.map(|member| Value::new(Data::Text(key_text(&member.key)), member.key_span));
    call.array_value(keys.collect())
}

/// A key as a text: its symbolic parts are written as `${…}`.
fn key_text(key: &SmolStr) -> Text {
    let mut parts = Vec::new();
    let mut rest = key.as_str();
    while let Some((before, inside)) = rest.split_once("${") {
        let mut quoted = false;
        let end = inside.find(|character| {
            quoted ^= character == '\'';
            character == '}' && !quoted
        });
        let Some((symbol, behind)) = end.and_then(|end| inside.split_at_checked(end)) else {
            break;
        };
        parts.push(Part::Known(before.into()));
        parts.push(Part::Hole(Symbol::new(symbol, Why::RunTime)));
        rest = behind.strip_prefix('}').unwrap_or(behind);
    }
    if parts.is_empty() {
        return Text::Known(key.clone());
    }
    parts.push(Part::Known(rest.into()));
    Text::from_parts(parts)
}

/// `json(text)`
pub(super) fn json(call: &Call<'_>) -> Outcome {
    json::parse(call, call.known_text(0)?)
}

/// `null()`
pub(super) fn null(call: &Call<'_>) -> Outcome {
    Ok(call.value(Data::Null))
}

/// `tryGet(item, key, …)`: what lies at the end of the keys, or nothing. A key is a name, a number, or an object such
/// as `{value: 1, fromEnd: true}`, as Bicep writes it.
pub(super) fn try_get(call: &Call<'_>) -> Outcome {
    let mut value = call.argument(0)?;
    for (at, key) in call.arguments.iter().enumerate().skip(1) {
        if let Data::Unknown(symbol) = &value.data {
            return Err(Stop::unknown(symbol));
        }
        match step(call, value, at, key)? {
            Some(inner) => value = inner,
            None => return Ok(call.value(Data::Null)),
        }
    }
    Ok(call.taken(value))
}

fn step<'v>(
    call: &Call<'_>,
    value: &'v Value,
    at: usize,
    key: &Value,
) -> Result<Option<&'v Value>, Stop> {
    match (&value.data, &key.data) {
        (_, Data::Unknown(symbol)) => Err(Stop::unknown(symbol)),
        (Data::Object(object), Data::Text(Text::Known(name))) => match object.get(name) {
            None if object.members.iter().any(|m| m.key.contains("${")) => {
                Err(Stop::Unknown(Why::RunTime))
            }
            found => Ok(found),
        },
        (Data::Array(items), Data::Int(index)) => {
            Ok(usize::try_from(*index).ok().and_then(|at| items.get(at)))
        }
        (Data::Array(items), Data::Object(place)) => {
            let index = place.get("value").and_then(Value::known_int);
            let backwards = place.get("fromEnd").and_then(Value::known_bool);
            let Some(index) = index else {
                return Err(call.mistyped(at, "a key or an index"));
            };
            Ok(match backwards {
                Some(true) => from_end(items, index),
                _ => usize::try_from(index).ok().and_then(|at| items.get(at)),
            })
        }
        (Data::Object(_) | Data::Array(_), _) => Err(call.mistyped(at, "a key or an index")),
        _ => Ok(None),
    }
}
