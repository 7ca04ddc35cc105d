//! Values of templates and exports: known ones, and those that only the deployment will tell.

use std::fmt;
use std::sync::Arc;

use smol_str::{SmolStr, SmolStrBuilder};

use crate::base::Span;

/// A value and where it comes from.
#[derive(Debug, Clone)]
pub struct Value {
    /// What it is.
    pub data: Data,
    /// Where it is used: the property that has it. Of a string, what lies between its quotes.
    pub span: Span,
    /// Where it is written, when that is elsewhere: the default of a parameter, a variable, a parameter file.
    pub written: Option<Span>,
}

/// What a value is.
#[derive(Debug, Clone)]
pub enum Data {
    /// `null`, or nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// A string, maybe with parts that are not known.
    Text(Text),
    /// A list.
    Array(Arc<[Value]>),
    /// An object.
    Object(Arc<Object>),
    /// Something that is not known.
    Unknown(Arc<Symbol>),
}

/// An object; Azure does not distinguish the case of keys.
#[derive(Debug, Clone, Default)]
pub struct Object {
    /// Its members in order.
    pub members: Vec<Member>,
}

/// A key and its value.
#[derive(Debug, Clone)]
pub struct Member {
    /// The key as written; symbolic parts as `${…}`.
    pub key: SmolStr,
    /// Where the key is written, without its quotes.
    pub key_span: Span,
    /// The value.
    pub value: Value,
}

/// A string, maybe with parts that are not known. Neighbouring known parts are one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Text {
    /// Wholly known.
    Known(SmolStr),
    /// Known parts and holes.
    Mixed(Arc<[Part]>),
}

/// A part of a string.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Part {
    /// Known.
    Known(SmolStr),
    /// Not known.
    Hole(Arc<Symbol>),
}

/// Something that is not known, by the expression that gives it.
///
/// Two are equal when their expressions are: the same expression gives the same value wherever it stands.
#[derive(Debug, Clone)]
pub struct Symbol {
    /// The expression in canonical spelling, such as `parameters('prefix')`.
    pub text: SmolStr,
    /// Why it is not known.
    pub why: Why,
    /// What it reads, when it is a property of a resource.
    pub reference: Option<Reference>,
}

/// Why a value is not known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Why {
    /// A parameter without a value.
    NoValue {
        /// Its name.
        parameter: SmolStr,
        /// Where it is declared.
        declared: Option<Span>,
    },
    /// Only Azure knows it when the template runs: `reference()`, `listKeys()`, the subscription.
    RunTime,
    /// Another one each time: `newGuid()`, `utcNow()`.
    Unrepeatable,
    /// A linked template that was not found.
    NotFound,
    /// The expression is wrong, and Azure refuses it; there is a finding about it.
    Wrong,
    /// The expression uses something that this program does not know; there is a finding about it.
    NotUnderstood,
    /// A bound was hit; there is a finding about it.
    TooLarge,
}

/// A property of a resource, read when the template runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    /// The id of the resource.
    pub target: Text,
    /// The path inside what `reference()` gives, such as `ipConfigurations`, `0`, `properties`, `privateIPAddress`.
    pub path: Vec<SmolStr>,
}

impl PartialEq for Symbol {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Symbol {}

impl std::hash::Hash for Symbol {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Symbol {
    /// A symbol without a resource behind it.
    #[must_use]
    pub fn new(text: impl Into<SmolStr>, why: Why) -> Arc<Self> {
        Arc::new(Self {
            text: text.into(),
            why,
            reference: None,
        })
    }
}

impl Text {
    /// Puts parts together.
    #[must_use]
    pub fn from_parts(parts: impl IntoIterator<Item = Part>) -> Self {
        let mut joined: Vec<Part> = Vec::new();
        for part in parts {
            match (joined.last_mut(), part) {
                (_, Part::Known(text)) if text.is_empty() => {}
                (Some(Part::Known(last)), Part::Known(text)) => {
                    let mut both = SmolStrBuilder::new();
                    both.push_str(last);
                    both.push_str(&text);
                    *last = both.finish();
                }
                (_, part) => joined.push(part),
            }
        }
        match joined.as_slice() {
            [] => Self::Known(SmolStr::default()),
            [Part::Known(text)] => Self::Known(text.clone()),
            _ => Self::Mixed(joined.into()),
        }
    }

    /// Its parts.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        match self {
            Self::Known(text) => vec![Part::Known(text.clone())],
            Self::Mixed(parts) => parts.to_vec(),
        }
    }

    /// The string, when it is wholly known.
    #[must_use]
    pub fn known(&self) -> Option<&SmolStr> {
        match self {
            Self::Known(text) => Some(text),
            Self::Mixed(_) => None,
        }
    }

    /// The first hole.
    #[must_use]
    pub fn hole(&self) -> Option<&Arc<Symbol>> {
        match self {
            Self::Known(_) => None,
            Self::Mixed(parts) => parts.iter().find_map(|part| match part {
                Part::Hole(symbol) => Some(symbol),
                Part::Known(_) => None,
            }),
        }
    }

    /// Splits at a character of the known parts. A hole is never split.
    #[must_use]
    pub fn split(&self, separator: char) -> Vec<Self> {
        if let Self::Known(text) = self {
            return text.split(separator).map(Self::from).collect();
        }
        let mut pieces: Vec<Vec<Part>> = vec![Vec::new()];
        for part in self.parts() {
            match part {
                Part::Known(text) => {
                    for (index, piece) in text.split(separator).enumerate() {
                        if index > 0 {
                            pieces.push(Vec::new());
                        }
                        if let Some(last) = pieces.last_mut() {
                            last.push(Part::Known(piece.into()));
                        }
                    }
                }
                hole @ Part::Hole(_) => {
                    if let Some(last) = pieces.last_mut() {
                        last.push(hole);
                    }
                }
            }
        }
        pieces.into_iter().map(Self::from_parts).collect()
    }

    /// The name to compare by: lower case, holes by their expressions.
    #[must_use]
    pub fn key(&self) -> SmolStr {
        SmolStr::from(self.to_string().to_ascii_lowercase())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::Known(text.into())
    }
}

impl From<SmolStr> for Text {
    fn from(text: SmolStr) -> Self {
        Self::Known(text)
    }
}

/// Holes are written as `${…}`.
impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(text) => f.write_str(text),
            Self::Mixed(parts) => parts.iter().try_for_each(|part| match part {
                Part::Known(text) => f.write_str(text),
                Part::Hole(symbol) => write!(f, "${{{symbol}}}"),
            }),
        }
    }
}

impl Object {
    /// The value of a key, in any case; of several, the last one counts.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.member(key).map(|member| &member.value)
    }

    /// A key and its value, in any case.
    #[must_use]
    pub fn member(&self, key: &str) -> Option<&Member> {
        let mut members = self.members.iter().rev();
        members.find(|member| member.key.eq_ignore_ascii_case(key))
    }
}

impl Value {
    /// A value at its place.
    #[must_use]
    pub fn new(data: Data, span: Span) -> Self {
        Self {
            data,
            span,
            written: None,
        }
    }

    /// The member of an object. Nothing for anything else, and for `null`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.data {
            Data::Object(object) => object.get(key).filter(|value| !value.is_null()),
            _ => None,
        }
    }

    /// The value at the end of a path of keys.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The value at the end of a path of keys; or what lies on the way to it, when that is not known.
    #[must_use]
    pub fn reach(&self, path: &[&str]) -> Option<&Self> {
        let mut value = self;
        for key in path {
            if matches!(value.data, Data::Unknown(_)) {
                break;
            }
            value = value.get(key)?;
        }
        Some(value)
    }

    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self.data, Data::Null)
    }

    /// The elements, when it is a list.
    #[must_use]
    pub fn items(&self) -> Option<&[Self]> {
        match &self.data {
            Data::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The string, known or not, when it is one. A value that is not known may be a string: then it is one hole.
    #[must_use]
    pub fn text(&self) -> Option<Text> {
        match &self.data {
            Data::Text(text) => Some(text.clone()),
            Data::Unknown(symbol) => Some(Text::from_parts([Part::Hole(Arc::clone(symbol))])),
            _ => None,
        }
    }

    /// The string, when it is wholly known.
    #[must_use]
    pub fn known_text(&self) -> Option<&SmolStr> {
        match &self.data {
            Data::Text(text) => text.known(),
            _ => None,
        }
    }

    /// The truth value, when it is known. Azure takes the strings `true` and `false` too.
    #[must_use]
    pub fn known_bool(&self) -> Option<bool> {
        match &self.data {
            Data::Bool(value) => Some(*value),
            Data::Text(Text::Known(text)) if text.eq_ignore_ascii_case("true") => Some(true),
            Data::Text(Text::Known(text)) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    /// The whole number, when it is known. Azure takes digits in a string too.
    #[must_use]
    pub fn known_int(&self) -> Option<i64> {
        match &self.data {
            Data::Int(value) => Some(*value),
            Data::Text(Text::Known(text)) => text.parse().ok(),
            _ => None,
        }
    }

    /// What makes it not known: itself, or the first hole of its text. Members and elements have their own.
    #[must_use]
    pub fn unknown(&self) -> Option<&Arc<Symbol>> {
        match &self.data {
            Data::Unknown(symbol) => Some(symbol),
            Data::Text(text) => text.hole(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hole(text: &str) -> Part {
        Part::Hole(Symbol::new(text, Why::RunTime))
    }

    #[test]
    fn texts_join_and_split_around_holes() {
        let text = Text::from_parts([
            Part::Known("a/".into()),
            Part::Known("b-".into()),
            hole("parameters('x/y')"),
            Part::Known("/c".into()),
        ]);
        assert_eq!(text.to_string(), "a/b-${parameters('x/y')}/c");
        let pieces: Vec<String> = text.split('/').iter().map(Text::to_string).collect();
        assert_eq!(pieces, ["a", "b-${parameters('x/y')}", "c"]);
        assert_eq!(Text::from_parts([]), Text::from(""));
        assert_eq!(text.hole().unwrap().to_string(), "parameters('x/y')");
    }
}
