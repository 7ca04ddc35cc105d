//! One call: its arguments by type, and the ways in which it ends early.

use std::ops::RangeInclusive;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::base::Span;
use crate::import::{Data, Object, Symbol, Text, Value, Why};

/// How many elements a result may have. Azure's own templates end long before, at four megabytes.
pub(super) const MAX_ITEMS: usize = 100_000;

/// How many bytes a result may have.
pub(super) const MAX_TEXT: usize = 1 << 20;

/// How deep values may lie in one another in a result; what is written as JSON may be deeper.
const MAX_NESTING: usize = 64;

/// A call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    /// The documented name.
    pub(super) name: &'static str,
    pub(super) arguments: &'a [Value],
    /// Where the result is used.
    pub(super) span: Span,
}

/// Why a call gives no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stop {
    /// It is wrong.
    Wrong(String),
    /// The value is not known.
    Unknown(Why),
}

/// What a call gives.
pub(super) type Outcome = Result<Value, Stop>;

/// What Azure's documents leave open, or what only Azure computes.
pub(super) const ONLY_AZURE_KNOWS: Stop = Stop::Unknown(Why::RunTime);

/// The result would be larger than any that Azure takes.
pub(super) const TOO_LARGE: Stop = Stop::Unknown(Why::TooLarge);

impl Stop {
    /// For what a symbol stands for.
    pub(super) fn unknown(symbol: &Symbol) -> Self {
        Self::Unknown(symbol.why.clone())
    }
}

/// A list or the elements of which it is made.
#[derive(Debug, Clone, Copy)]
pub(super) enum Container<'a> {
    Array(&'a [Value]),
    Object(&'a Arc<Object>),
}

impl<'a> Call<'a> {
    /// The result, at the place of the call.
    pub(super) fn value(&self, data: Data) -> Value {
        Value::new(data, self.span)
    }

    pub(super) fn text_value(&self, text: impl Into<Text>) -> Value {
        self.value(Data::Text(text.into()))
    }

    /// A known text, unless it is too large.
    pub(super) fn string_value(&self, text: impl AsRef<str>) -> Outcome {
        let text = text.as_ref();
        if text.len() > MAX_TEXT {
            return Err(TOO_LARGE);
        }
        Ok(self.text_value(text))
    }

    pub(super) fn array_value(&self, items: Vec<Value>) -> Outcome {
        if items.len() > MAX_ITEMS {
            return Err(TOO_LARGE);
        }
        Ok(self.value(Data::Array(items.into())))
    }

    pub(super) fn object_value(&self, object: Object) -> Outcome {
        if object.members.len() > MAX_ITEMS {
            return Err(TOO_LARGE);
        }
        Ok(self.value(Data::Object(Arc::new(object))))
    }

    /// A part of an argument as the result: used here, written where it was.
    pub(super) fn taken(&self, value: &Value) -> Value {
        let elsewhere = (value.span != self.span).then_some(value.span);
        Value {
            data: value.data.clone(),
            span: self.span,
            written: value.written.or(elsewhere),
        }
    }

    pub(super) fn counted(&self, counts: &RangeInclusive<usize>) -> Result<(), Stop> {
        let count = self.arguments.len();
        if counts.contains(&count) {
            return Ok(());
        }
        let (least, most) = (*counts.start(), *counts.end());
        let wanted = match (least, most) {
            (0, 0) => "no arguments".into(),
            (1, 1) => "1 argument".into(),
            _ if least == most => format!("{least} arguments"),
            (1, usize::MAX) => "at least 1 argument".into(),
            (_, usize::MAX) => format!("at least {least} arguments"),
            _ if least + 1 == most => format!("{least} or {most} arguments"),
            _ => format!("{least} to {most} arguments"),
        };
        Err(self.wrong(format!("takes {wanted}, not {count}")))
    }

    /// The call is wrong; the words go on behind the function's name.
    pub(super) fn wrong(&self, what: impl AsRef<str>) -> Stop {
        Stop::Wrong(format!("`{}` {}", self.name, what.as_ref()))
    }

    /// An argument is of a wrong type; or it is not known, and so is the result.
    pub(super) fn mistyped(&self, at: usize, wanted: &str) -> Stop {
        let Some(value) = self.arguments.get(at) else {
            return self.wrong(format!("wants {wanted} as argument {}", at + 1));
        };
        match value.unknown() {
            Some(symbol) => Stop::unknown(symbol),
            None => self.wrong(format!(
                "wants {wanted} as argument {}, not {}",
                at + 1,
                described(&value.data)
            )),
        }
    }

    /// An argument that the count of arguments promises.
    pub(super) fn argument(&self, at: usize) -> Result<&'a Value, Stop> {
        self.arguments
            .get(at)
            .ok_or_else(|| self.mistyped(at, "a value"))
    }

    /// A text, maybe with holes; of an argument that is wholly unknown, one hole.
    pub(super) fn text(&self, at: usize) -> Result<Text, Stop> {
        let value = self.argument(at)?;
        value.text().ok_or_else(|| self.mistyped(at, "a string"))
    }

    /// A text that is wholly known.
    pub(super) fn known_text(&self, at: usize) -> Result<&'a SmolStr, Stop> {
        let value = self.argument(at)?;
        value
            .known_text()
            .ok_or_else(|| self.mistyped(at, "a string"))
    }

    pub(super) fn int(&self, at: usize) -> Result<i64, Stop> {
        let value = self.argument(at)?;
        value
            .known_int()
            .ok_or_else(|| self.mistyped(at, "an integer"))
    }

    pub(super) fn items(&self, at: usize) -> Result<&'a [Value], Stop> {
        let value = self.argument(at)?;
        value.items().ok_or_else(|| self.mistyped(at, "an array"))
    }

    pub(super) fn object(&self, at: usize) -> Result<&'a Arc<Object>, Stop> {
        match &self.argument(at)?.data {
            Data::Object(object) => Ok(object),
            _ => Err(self.mistyped(at, "an object")),
        }
    }

    /// Stops when values would lie too deep in one another, so that whoever walks them may recurse.
    pub(super) fn check_nesting(&self, values: &[Value]) -> Result<(), Stop> {
        let mut left = MAX_ITEMS;
        if values.iter().all(|value| is_shallow(value, 1, &mut left)) {
            Ok(())
        } else {
            Err(TOO_LARGE)
        }
    }
}

/// Whether a value lies within the bound; looks at so many values at most.
fn is_shallow(value: &Value, depth: usize, left: &mut usize) -> bool {
    if depth > MAX_NESTING || *left == 0 {
        return false;
    }
    *left -= 1;
    match &value.data {
        Data::Array(items) => items.iter().all(|item| is_shallow(item, depth + 1, left)),
        Data::Object(object) => {
            let mut members = object.members.iter();
            members.all(|member| is_shallow(&member.value, depth + 1, left))
        }
        _ => true,
    }
}

/// What kind of value it is, as messages say it.
pub(super) fn described(data: &Data) -> &'static str {
    match data {
        Data::Null => "null",
        Data::Bool(_) => "a boolean",
        Data::Int(_) => "an integer",
        Data::Float(_) => "a number with a fraction",
        Data::Text(_) => "a string",
        Data::Array(_) => "an array",
        Data::Object(_) => "an object",
        Data::Unknown(_) => "something unknown",
    }
}
