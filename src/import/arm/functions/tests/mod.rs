//! Tables of calls and what they give.
//!
//! A value is shown as JSON with single quotes, holes in texts as `${…}`, what is not known as `<…>`, a mistake as
//! `! message`.

mod arrays;
mod bounds;
mod cidr;
mod dates;
mod encoding;
mod format;
mod ids;
mod logic;
mod numbers;
mod objects;
mod opaque;
mod places;
mod strings;
mod uris;

use crate::base::FileId;
use crate::import::arm::expression::{self, Expression, Node, documented_spelling};

use super::*;

/// Checks a table of expressions and what they give.
#[track_caller]
fn check(table: &[(&str, &str)]) {
    for (text, expected) in table {
        assert_eq!(result(text), *expected, "{text}");
    }
}

fn result(text: &str) -> String {
    match evaluate(text) {
        Ok(value) => shown(&value),
        Err(error) => format!("! {}", error.message),
    }
}

fn span(start: u32) -> Span {
    Span {
        file: FileId::default(),
        start,
        end: start + 1,
    }
}

/// Literals and calls; `parameters`, `reference` and what else is no function here are unknown.
fn evaluate(text: &str) -> Result<Value, CallError> {
    value_of(&expression::parse(text).unwrap())
}

fn value_of(expression: &Expression) -> Result<Value, CallError> {
    let at = span(expression.offset);
    let data = match &expression.node {
        Node::Text(text) => Data::Text(text.clone().into()),
        Node::Int(number) => Data::Int(*number),
        Node::Call {
            name, arguments, ..
        } => {
            let arguments = arguments.iter().map(value_of);
            let arguments = arguments.collect::<Result<Vec<_>, _>>()?;
            match call(name, &arguments, at) {
                Some(result) => return result,
                None => unknown(expression),
            }
        }
        _ => unknown(expression),
    };
    Ok(Value::new(data, at))
}

fn unknown(expression: &Expression) -> Data {
    let text = expression.to_string();
    let why = if text.starts_with("parameters(") {
        Why::NoValue {
            parameter: "p".into(),
            declared: None,
        }
    } else {
        Why::RunTime
    };
    Data::Unknown(Symbol::new(text, why))
}

fn shown(value: &Value) -> String {
    match &value.data {
        Data::Null => "null".into(),
        Data::Bool(value) => value.to_string(),
        Data::Int(value) => value.to_string(),
        Data::Float(value) => format!("{value:?}"),
        Data::Text(text) => format!("'{text}'"),
        Data::Array(items) => {
            let items: Vec<String> = items.iter().map(shown).collect();
            format!("[{}]", items.join(", "))
        }
        Data::Object(object) => {
            let members = object.members.iter();
            let members: Vec<String> = members
                .map(|member| format!("{}: {}", member.key, shown(&member.value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        Data::Unknown(symbol) => format!("<{symbol}>"),
    }
}

#[test]
fn names_are_the_documented_ones_in_any_case() {
    assert!(table::FUNCTIONS.is_sorted_by_key(|function| function.name.to_ascii_lowercase()));
    for function in table::FUNCTIONS {
        assert_eq!(documented_spelling(function.name), Some(function.name));
        let found = table::find(&function.name.to_ascii_uppercase()).unwrap();
        assert_eq!(found.name, function.name);
    }
    assert!(call("reference", &[], span(0)).is_none());
    assert!(call("", &[], span(0)).is_none());
}

#[test]
fn a_symbol_says_why_its_first_unknown_argument_is_not_known() {
    for (text, expected) in [
        ("add(parameters('p'), reference('x'))", "no value"),
        ("add(reference('x'), parameters('p'))", "run time"),
        ("toLower(concat('a', parameters('p')))", "no value"),
        ("string(createArray(1, parameters('p')))", "no value"),
        ("newGuid()", "unrepeatable"),
        ("guid(newGuid())", "run time"),
    ] {
        let value = evaluate(text).unwrap();
        let shown = match value.unknown().map(|symbol| &symbol.why) {
            Some(Why::NoValue { .. }) => "no value",
            Some(Why::RunTime) => "run time",
            Some(Why::Unrepeatable) => "unrepeatable",
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(shown, expected, "{text}");
    }
}
