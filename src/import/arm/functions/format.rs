//! Composite format strings of .NET.
//!
//! Source: MicrosoftDocs/azure-docs, articles/azure-resource-manager/templates/template-functions-string.md, format;
//! dotnet/docs, docs/standard/base-types/composite-formatting.md and standard-numeric-format-strings.md.

use std::sync::Arc;

use crate::base::grouped;
use crate::import::{Data, Part, Text, Value, Why};

use super::call::{Call, MAX_TEXT, Outcome, Stop, TOO_LARGE};
use super::{symbol_of, texts};

/// `format(text, value, …)`
pub(super) fn format(call: &Call<'_>) -> Outcome {
    let pattern = call.known_text(0)?;
    let mut pieces: Vec<Text> = Vec::new();
    let mut rest = pattern.as_str();
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        pieces.push(before.into());
        rest = if let Some(behind) = from.strip_prefix("{{") {
            pieces.push("{".into());
            behind
        } else if let Some(behind) = from.strip_prefix("}}") {
            pieces.push("}".into());
            behind
        } else {
            let item = from
                .strip_prefix('{')
                .and_then(|inside| inside.split_once('}'));
            let Some((item, behind)) = item else {
                return Err(call.wrong(format!("finds a single brace in `{pattern}`")));
            };
            pieces.push(inserted(call, item)?);
            behind
        };
    }
    pieces.push(rest.into());
    Ok(call.text_value(texts::joined(&pieces)?))
}

/// What stands in place of `{item}`: `INDEX[,WIDTH][:FORMAT]`.
fn inserted(call: &Call<'_>, item: &str) -> Result<Text, Stop> {
    let malformed = || call.wrong(format!("does not understand `{{{item}}}`"));
    let (front, format) = match item.split_once(':') {
        Some((front, format)) => (front, format),
        None => (item, ""),
    };
    let (index, width) = match front.split_once(',') {
        Some((index, width)) => (index, width.trim().parse::<i32>().map_err(|_| malformed())?),
        None => (front, 0),
    };
    let digits = index.trim_end();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(malformed());
    }
    let at = digits.parse::<usize>().map_err(|_| malformed())?;
    let Some(value) = at.checked_add(1).and_then(|at| call.arguments.get(at)) else {
        let given = call.arguments.len().saturating_sub(1);
        return Err(call.wrong(format!(
            "has no value for `{{{item}}}`, only {given} of them"
        )));
    };
    let left_to_azure = |why: Why| {
        // The item alone, so that the same one gives the same symbol wherever it stands.
        let alone = ["{0", item.strip_prefix(digits).unwrap_or(item), "}"].concat();
        let alone = Value::new(Data::Text(alone.as_str().into()), call.span);
        let hole = symbol_of(call.name, &[alone, value.clone()], why);
        Text::from_parts([Part::Hole(hole)])
    };
    let text = match formatted(value, format) {
        Some(text) => text,
        None => {
            return Ok(left_to_azure(
                value.unknown().map_or(Why::RunTime, |s| s.why.clone()),
            ));
        }
    };
    match (width, &text) {
        (0, _) => Ok(text),
        (width, Text::Known(known)) => aligned(known, width),
        (_, mixed) => Ok(left_to_azure(texts::why(mixed))),
    }
}

/// A value in a format; nothing for what is not known or not documented.
fn formatted(value: &Value, format: &str) -> Option<Text> {
    match &value.data {
        // Strings have no formats.
        Data::Text(text) => Some(text.clone()),
        Data::Bool(true) => Some("True".into()),
        Data::Bool(false) => Some("False".into()),
        Data::Null => Some("".into()),
        Data::Int(number) => number_in(*number, format).map(|text| text.as_str().into()),
        Data::Unknown(symbol) if format.is_empty() => {
            Some(Text::from_parts([Part::Hole(Arc::clone(symbol))]))
        }
        Data::Unknown(_) | Data::Float(_) | Data::Array(_) | Data::Object(_) => None,
    }
}

fn aligned(text: &str, width: i32) -> Result<Text, Stop> {
    let wanted = width.unsigned_abs() as usize;
    if wanted > MAX_TEXT {
        return Err(TOO_LARGE);
    }
    let spaces = " ".repeat(wanted.saturating_sub(texts::length(text)));
    let text = if width < 0 {
        format!("{text}{spaces}")
    } else {
        format!("{spaces}{text}")
    };
    Ok(text.as_str().into())
}

/// The most digits that are asked for in practice; more are left to Azure.
const MOST_DIGITS: usize = 99;

/// A whole number in a standard format, or in one of zeros only.
fn number_in(number: i64, format: &str) -> Option<String> {
    let mut letters = format.chars();
    let Some(kind) = letters.next() else {
        return Some(number.to_string());
    };
    let digits = letters.as_str();
    let sign = if number < 0 { "-" } else { "" };
    let size = number.unsigned_abs();
    if format.bytes().all(|byte| byte == b'0') && format.len() <= MOST_DIGITS {
        return Some(format!("{sign}{size:0>width$}", width = format.len()));
    }
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || digits.len() > 2 {
        return None;
    }
    let asked: Option<usize> = digits.parse().ok();
    let decimals = || match asked.unwrap_or(2) {
        0 => String::new(),
        count => format!(".{}", "0".repeat(count)),
    };
    let least = asked.unwrap_or(1);
    match kind {
        'D' | 'd' => Some(format!("{sign}{size:0>least$}")),
        'N' | 'n' => Some(format!("{sign}{}{}", grouped(size), decimals())),
        'F' | 'f' => Some(format!("{sign}{size}{}", decimals())),
        'X' => Some(format!("{number:0>least$X}")),
        'x' => Some(format!("{number:0>least$x}")),
        'G' | 'g' if asked.is_none() => Some(number.to_string()),
        _ => None,
    }
}
