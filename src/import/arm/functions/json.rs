//! JSON in strings, read and written.

use std::fmt::Write;
use std::sync::Arc;

use crate::base::{FileId, Span};
use crate::import::json::{self, Json, Kind};
use crate::import::{Data, Member, Object, Value};

use super::call::{Call, MAX_TEXT, Outcome, Stop, TOO_LARGE};

/// Reads JSON. Azure takes single quotes as well: its example of `base64ToJson` has them.
pub(super) fn parse(call: &Call<'_>, text: &str) -> Outcome {
    let read = |text: &str| json::parse(FileId::default(), &Arc::from(text));
    let document = read(text).or_else(|problem| {
        let quoted = text.contains('\'').then(|| with_double_quotes(text));
        quoted.map_or(Err(problem), |quoted| read(&quoted))
    });
    let document = document.map_err(|problem| {
        call.wrong(format!(
            "finds no JSON: {}",
            problem.message.replace("the file", "the text")
        ))
    })?;
    let mut roots = document.roots();
    match (roots.next(), roots.next()) {
        (Some(root), None) => Ok(value(root, call.span)),
        _ => Err(call.wrong("wants one JSON value")),
    }
}

/// Strings in single quotes become strings in double quotes; all else stays.
fn with_double_quotes(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None, '\'' | '"') => {
                quote = Some(character);
                result.push('"');
            }
            (Some(open), _) if open == character => {
                quote = None;
                result.push('"');
            }
            (Some('\''), '"') => result.push_str("\\\""),
            (Some(_), '\\') => match characters.next() {
                Some('\'') => result.push('\''),
                Some(other) => result.extend(['\\', other]),
                None => result.push('\\'),
            },
            _ => result.push(character),
        }
    }
    result
}

/// The reader bounds the depth, so this may recurse.
fn value(json: Json<'_>, span: Span) -> Value {
    let data = match json.kind() {
        Kind::Null => Data::Null,
        Kind::True => Data::Bool(true),
        Kind::False => Data::Bool(false),
        Kind::Number => number(json.source()),
        Kind::String | Kind::EscapedString => {
            Data::Text(json.as_str().unwrap_or_default().as_ref().into())
        }
        Kind::Array => Data::Array(json.items().map(|item| value(item, span)).collect()),
        Kind::Object => Data::Object(Arc::new(Object {
            members: json
                .members()
                .map(|(key, inner)| Member {
                    key: key.as_str().unwrap_or_default().as_ref().into(),
                    key_span: span,
                    value: value(inner, span),
                })
                .collect(),
        })),
    };
    Value::new(data, span)
}

fn number(source: &str) -> Data {
    match source.parse() {
        Ok(whole) => Data::Int(whole),
        Err(_) => Data::Float(source.parse().unwrap_or(f64::NAN)),
    }
}

/// Writes JSON without spaces, as Azure's example of `string` has it.
pub(super) fn write(value: &Value) -> Result<String, Stop> {
    let mut text = String::new();
    write_value(&mut text, value)?;
    Ok(text)
}

fn write_value(text: &mut String, value: &Value) -> Result<(), Stop> {
    if text.len() > MAX_TEXT {
        return Err(TOO_LARGE);
    }
    match &value.data {
        Data::Null => text.push_str("null"),
        Data::Bool(truth) => text.push_str(if *truth { "true" } else { "false" }),
        Data::Int(number) => text.push_str(&number.to_string()),
        Data::Float(_) => return Err(super::call::ONLY_AZURE_KNOWS),
        Data::Text(string) => match string.known() {
            Some(known) => write_string(text, known),
            None => return Err(Stop::Unknown(super::texts::why(string))),
        },
        Data::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_value(text, item)?;
            }
            text.push(']');
        }
        Data::Object(object) => {
            text.push('{');
            for (index, member) in object.members.iter().enumerate() {
                if member.key.contains("${") {
                    return Err(super::call::ONLY_AZURE_KNOWS);
                }
                if index > 0 {
                    text.push(',');
                }
                write_string(text, &member.key);
                text.push(':');
                write_value(text, &member.value)?;
            }
            text.push('}');
        }
        Data::Unknown(symbol) => return Err(Stop::unknown(symbol)),
    }
    Ok(())
}

fn write_string(text: &mut String, string: &str) {
    text.push('"');
    for character in string.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            // Writing to a string never fails.
            control if control < ' ' => drop(write!(text, "\\u{:04x}", u32::from(control))),
            other => text.push(other),
        }
    }
    text.push('"');
}
