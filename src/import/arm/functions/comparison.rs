//! Comparing values.
//!
//! Source: MicrosoftDocs/azure-docs, articles/azure-resource-manager/templates/template-functions-comparison.md.

use std::cmp::Ordering;

use crate::import::{Data, Value};

use super::call::{Call, ONLY_AZURE_KNOWS, Outcome, Stop};
use super::equality::equal;

/// `coalesce(a, b, …)`: the first that is not null.
pub(super) fn coalesce(call: &Call<'_>) -> Outcome {
    let is_null = |value: &Value| matches!(value.data, Data::Null);
    let nulls = call.arguments.iter().take_while(|value| is_null(value));
    let rest = call.arguments.get(nulls.count()..).unwrap_or_default();
    match rest {
        [] => Ok(call.value(Data::Null)),
        [first, _, ..] if matches!(first.data, Data::Unknown(_)) => Ok(unknown(call, rest)),
        [first, ..] => Ok(call.taken(first)),
    }
}

/// The call without the nulls in front, which change nothing.
fn unknown(call: &Call<'_>, rest: &[Value]) -> Value {
    let shorter = Call {
        arguments: rest,
        ..*call
    };
    let why = rest.first().and_then(Value::unknown).map(|s| s.why.clone());
    shorter.unknown(why.unwrap_or(crate::import::Why::RunTime))
}

/// `equals(a, b)`: the case of texts counts.
pub(super) fn equals(call: &Call<'_>) -> Outcome {
    let answer = equal(call.argument(0)?, call.argument(1)?).map_err(Stop::Unknown)?;
    Ok(call.value(Data::Bool(answer)))
}

/// `greater(a, b)`
pub(super) fn greater(call: &Call<'_>) -> Outcome {
    ordered(call, Ordering::is_gt)
}

/// `greaterOrEquals(a, b)`
pub(super) fn greater_or_equals(call: &Call<'_>) -> Outcome {
    ordered(call, Ordering::is_ge)
}

/// `less(a, b)`
pub(super) fn less(call: &Call<'_>) -> Outcome {
    ordered(call, Ordering::is_lt)
}

/// `lessOrEquals(a, b)`
pub(super) fn less_or_equals(call: &Call<'_>) -> Outcome {
    ordered(call, Ordering::is_le)
}

fn ordered(call: &Call<'_>, holds: fn(Ordering) -> bool) -> Outcome {
    let is_int = |value: &Value| matches!(value.data, Data::Int(_));
    let ordering = if call.arguments.iter().any(is_int) {
        call.int(0)?.cmp(&call.int(1)?)
    } else {
        let texts = (call.ordinary_text(0)?, call.ordinary_text(1)?);
        compare(texts.0, texts.1).ok_or(ONLY_AZURE_KNOWS)?
    };
    Ok(call.value(Data::Bool(holds(ordering))))
}

impl<'a> Call<'a> {
    fn ordinary_text(&self, at: usize) -> Result<&'a str, Stop> {
        let text = self.argument(at)?.known_text();
        let text = text.ok_or_else(|| self.mistyped(at, "an integer or a string"))?;
        Ok(text.as_str())
    }
}

/// The order of two texts by the rules of language: `A` is greater than `a`, as Azure's example has it, and less than
/// `b`. For anything but ASCII letters and digits those rules are too many to say.
fn compare(a: &str, b: &str) -> Option<Ordering> {
    if a == b {
        return Some(Ordering::Equal);
    }
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !plain(a) || !plain(b) {
        return None;
    }
    let lower = |text: &str| text.to_ascii_lowercase();
    // In ASCII capitals come first, so the other way round.
    Some(lower(a).cmp(&lower(b)).then_with(|| b.cmp(a)))
}
