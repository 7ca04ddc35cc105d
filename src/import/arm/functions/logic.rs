//! Truth values.
//!
//! Source: MicrosoftDocs/azure-docs, articles/azure-resource-manager/templates/template-functions-logical.md.

use crate::import::{Data, Value};

use super::call::{Call, Outcome, Stop};
use super::equality::equal;

/// `and(a, b, …)`: false as soon as one is, whatever the others are.
pub(super) fn and(call: &Call<'_>) -> Outcome {
    decided(call, false)
}

/// `or(a, b, …)`: true as soon as one is, whatever the others are.
pub(super) fn or(call: &Call<'_>) -> Outcome {
    decided(call, true)
}

/// One such value decides; without it, the others do not matter.
fn decided(call: &Call<'_>, deciding: bool) -> Outcome {
    let mut open: Vec<Value> = Vec::new();
    for (at, value) in call.arguments.iter().enumerate() {
        match value.known_bool() {
            Some(known) if known == deciding => return Ok(call.value(Data::Bool(deciding))),
            Some(_) => {}
            None if value.unknown().is_some() => open.push(value.clone()),
            None => return Err(call.mistyped(at, "a boolean")),
        }
    }
    match open.as_slice() {
        [] => Ok(call.value(Data::Bool(!deciding))),
        [only] => Ok(call.taken(only)),
        [first, ..] => {
            let shorter = Call {
                arguments: &open,
                ..*call
            };
            let why = first.unknown().map(|symbol| symbol.why.clone());
            Ok(shorter.unknown(why.unwrap_or(crate::import::Why::RunTime)))
        }
    }
}

/// `not(a)`
pub(super) fn not(call: &Call<'_>) -> Outcome {
    Ok(call.value(Data::Bool(!call.truth(0)?)))
}

/// `true()`
pub(super) fn yes(call: &Call<'_>) -> Outcome {
    Ok(call.value(Data::Bool(true)))
}

/// `false()`
pub(super) fn no(call: &Call<'_>) -> Outcome {
    Ok(call.value(Data::Bool(false)))
}

/// `if(condition, a, b)`
pub(super) fn choose(call: &Call<'_>) -> Outcome {
    let (a, b) = (call.argument(1)?, call.argument(2)?);
    match call.truth(0) {
        Ok(true) => Ok(call.taken(a)),
        Ok(false) => Ok(call.taken(b)),
        Err(Stop::Unknown(_)) if equal(a, b) == Ok(true) => Ok(call.taken(a)),
        Err(stop) => Err(stop),
    }
}

/// `bool(value)`: of a string or a number.
pub(super) fn bool(call: &Call<'_>) -> Outcome {
    let value = call.argument(0)?;
    let truth = match (&value.data, value.known_bool()) {
        (_, Some(known)) => known,
        (Data::Int(number), _) => *number != 0,
        (Data::Text(crate::import::Text::Known(text)), _) => match text.trim().parse::<i64>() {
            Ok(number) => number != 0,
            Err(_) => return Err(call.wrong(format!("finds no boolean in `{text}`"))),
        },
        _ => return Err(call.mistyped(0, "a string or an integer")),
    };
    Ok(call.value(Data::Bool(truth)))
}

impl Call<'_> {
    fn truth(&self, at: usize) -> Result<bool, Stop> {
        let truth = self.argument(at)?.known_bool();
        truth.ok_or_else(|| self.mistyped(at, "a boolean"))
    }
}
