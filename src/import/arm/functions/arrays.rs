//! Making arrays and taking from them.
//!
//! Source: MicrosoftDocs/azure-docs, articles/azure-resource-manager/templates/template-functions-array.md.

use crate::import::{Data, Value};

use super::call::{Call, Outcome, Stop};

/// `array(value)`: a list as it is, anything else as a list of one.
pub(super) fn array(call: &Call<'_>) -> Outcome {
    let value = call.argument(0)?;
    match &value.data {
        Data::Array(_) => Ok(call.taken(value)),
        // It may be a list already.
        Data::Unknown(symbol) => Err(Stop::unknown(symbol)),
        _ => create_array(call),
    }
}

/// `createArray(a, b, …)`
pub(super) fn create_array(call: &Call<'_>) -> Outcome {
    call.check_nesting(call.arguments)?;
    call.array_value(call.arguments.to_vec())
}

/// `flatten(arrays)`: one level less.
pub(super) fn flatten(call: &Call<'_>) -> Outcome {
    let mut flat = Vec::new();
    for item in call.items(0)? {
        match &item.data {
            Data::Array(inner) => flat.extend_from_slice(inner),
            Data::Unknown(symbol) => return Err(Stop::unknown(symbol)),
            _ => return Err(call.wrong("wants an array of arrays")),
        }
    }
    call.array_value(flat)
}

/// `indexFromEnd(array, index)`: 1 is the last element.
pub(super) fn index_from_end(call: &Call<'_>) -> Outcome {
    let items = call.items(0)?;
    let index = call.int(1)?;
    match from_end(items, index) {
        Some(item) => Ok(call.taken(item)),
        None => Err(call.wrong(format!(
            "finds no element {index} from the end of {}",
            elements(items.len())
        ))),
    }
}

/// `tryIndexFromEnd(array, index)`: the same, or nothing.
pub(super) fn try_index_from_end(call: &Call<'_>) -> Outcome {
    if call.argument(0)?.is_null() {
        return Ok(call.value(Data::Null));
    }
    let item = from_end(call.items(0)?, call.int(1)?);
    Ok(item.map_or(call.value(Data::Null), |item| call.taken(item)))
}

fn elements(count: usize) -> String {
    match count {
        1 => "1 element".into(),
        count => format!("{count} elements"),
    }
}

/// The element at a place counted from 1 at the end.
pub(super) fn from_end(items: &[Value], index: i64) -> Option<&Value> {
    let index = usize::try_from(index).ok()?;
    items.get(items.len().checked_sub(index)?)
}

/// `max(numbers)`: of a list or of the arguments.
pub(super) fn max(call: &Call<'_>) -> Outcome {
    extreme(call, Iterator::max)
}

/// `min(numbers)`: of a list or of the arguments.
pub(super) fn min(call: &Call<'_>) -> Outcome {
    extreme(call, Iterator::min)
}

fn extreme(call: &Call<'_>, choose: fn(std::vec::IntoIter<i64>) -> Option<i64>) -> Outcome {
    let numbers = match call.arguments {
        [only] if matches!(only.data, Data::Array(_) | Data::Unknown(_)) => call.items(0)?,
        all => all,
    };
    let numbers = numbers.iter().map(|value| match &value.data {
        Data::Unknown(symbol) => Err(Stop::unknown(symbol)),
        _ => value
            .known_int()
            .ok_or_else(|| call.wrong("wants integers")),
    });
    let numbers = numbers.collect::<Result<Vec<_>, _>>()?;
    match choose(numbers.into_iter()) {
        Some(number) => Ok(call.value(Data::Int(number))),
        None => Err(call.wrong("wants at least one integer")),
    }
}

/// The most elements of a range, and its largest number.
const MOST_IN_RANGE: i64 = 10_000;
const LARGEST_IN_RANGE: i64 = 2_147_483_647;

/// `range(start, count)`
pub(super) fn range(call: &Call<'_>) -> Outcome {
    let (start, count) = (call.int(0)?, call.int(1)?);
    if !(0..=MOST_IN_RANGE).contains(&count) {
        return Err(call.wrong(format!("gives 0 to {MOST_IN_RANGE} numbers, not {count}")));
    }
    let end = start.checked_add(count);
    match end.filter(|end| *end <= LARGEST_IN_RANGE) {
        Some(end) => call.array_value((start..end).map(|n| call.value(Data::Int(n))).collect()),
        None => Err(call.wrong(format!("goes no further than {LARGEST_IN_RANGE}"))),
    }
}
