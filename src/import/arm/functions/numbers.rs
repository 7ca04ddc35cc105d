//! Whole numbers.
//!
//! Source: MicrosoftDocs/azure-docs, articles/azure-resource-manager/templates/template-functions-numeric.md.

use crate::import::{Data, Text};

use super::call::{Call, ONLY_AZURE_KNOWS, Outcome};

/// `add(a, b)`
pub(super) fn add(call: &Call<'_>) -> Outcome {
    calculated(call, i64::checked_add)
}

/// `sub(a, b)`
pub(super) fn sub(call: &Call<'_>) -> Outcome {
    calculated(call, i64::checked_sub)
}

/// `mul(a, b)`
pub(super) fn mul(call: &Call<'_>) -> Outcome {
    calculated(call, i64::checked_mul)
}

/// `div(a, b)`: without the fraction.
pub(super) fn div(call: &Call<'_>) -> Outcome {
    divided(call, i64::checked_div)
}

/// `mod(a, b)`: the remainder, with the sign of the first one.
pub(super) fn modulo(call: &Call<'_>) -> Outcome {
    divided(call, i64::checked_rem)
}

fn divided(call: &Call<'_>, calculate: fn(i64, i64) -> Option<i64>) -> Outcome {
    if call.int(1) == Ok(0) {
        return Err(call.wrong("divides by zero"));
    }
    calculated(call, calculate)
}

fn calculated(call: &Call<'_>, calculate: fn(i64, i64) -> Option<i64>) -> Outcome {
    match calculate(call.int(0)?, call.int(1)?) {
        Some(number) => Ok(call.value(Data::Int(number))),
        None => Err(call.wrong("gives a number that is too large")),
    }
}

/// `int(value)`: of a string or a number.
pub(super) fn int(call: &Call<'_>) -> Outcome {
    match &call.argument(0)?.data {
        Data::Int(number) => Ok(call.value(Data::Int(*number))),
        Data::Text(Text::Known(text)) => match text.trim().parse() {
            Ok(number) => Ok(call.value(Data::Int(number))),
            Err(_) => Err(call.wrong(format!("finds no integer in `{text}`"))),
        },
        // Whether it is rounded or cut is not documented.
        Data::Float(_) => Err(ONLY_AZURE_KNOWS),
        _ => Err(call.mistyped(0, "a string or an integer")),
    }
}

/// `float(value)`: of a string or a number.
pub(super) fn float(call: &Call<'_>) -> Outcome {
    let number = match &call.argument(0)?.data {
        Data::Int(number) => *number as f64,
        Data::Float(number) => *number,
        Data::Text(Text::Known(text)) => match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => number,
            _ => return Err(call.wrong(format!("finds no number in `{text}`"))),
        },
        _ => return Err(call.mistyped(0, "a string or an integer")),
    };
    Ok(call.value(Data::Float(number)))
}
