//! Whether two values are equal, as far as that is certain.

use std::sync::Arc;

use crate::import::{Data, Object, Part, Symbol, Text, Value, Why};

use super::texts;

/// How many values one comparison looks at. Values share their parts, so a small one can take long to walk.
const MOST: usize = 1_000_000;

/// Whether two values are equal; or why that is not known.
///
/// The same symbol is the same value, unless it is another one each time. Texts with holes differ when what is known
/// of them does. Source: MicrosoftDocs/azure-docs,
/// articles/azure-resource-manager/templates/template-functions-comparison.md, equals.
pub(crate) fn equal(a: &Value, b: &Value) -> Result<bool, Why> {
    values(a, b, &mut { MOST })
}

fn values(a: &Value, b: &Value, left: &mut usize) -> Result<bool, Why> {
    spend(left, 1)?;
    match (&a.data, &b.data) {
        (Data::Null, Data::Null) => Ok(true),
        (Data::Bool(a), Data::Bool(b)) => Ok(a == b),
        (Data::Int(a), Data::Int(b)) => Ok(a == b),
        (Data::Float(a), Data::Float(b)) => Ok(a == b),
        (Data::Int(whole), Data::Float(other)) | (Data::Float(other), Data::Int(whole)) => {
            // Whether 1 and 1.0 are equal is not documented.
            if *whole as f64 == *other {
                Err(Why::RunTime)
            } else {
                Ok(false)
            }
        }
        (Data::Array(a), Data::Array(b)) => arrays(a, b, left),
        (Data::Object(a), Data::Object(b)) => objects(a, b, left),
        _ => match (lone_hole(a), lone_hole(b)) {
            (Some(a), Some(b)) => same(a, b),
            (Some(hole), None) | (None, Some(hole)) => Err(hole.why.clone()),
            (None, None) => match (&a.data, &b.data) {
                (Data::Text(a), Data::Text(b)) => equal_texts(a, b),
                _ => Ok(false),
            },
        },
    }
}

fn spend(left: &mut usize, count: usize) -> Result<(), Why> {
    *left = left.checked_sub(count).ok_or(Why::TooLarge)?;
    Ok(())
}

/// What is wholly unknown, so that it may be anything.
fn lone_hole(value: &Value) -> Option<&Arc<Symbol>> {
    match &value.data {
        Data::Unknown(symbol) => Some(symbol),
        Data::Text(Text::Mixed(parts)) => match &**parts {
            [Part::Hole(symbol)] => Some(symbol),
            _ => None,
        },
        _ => None,
    }
}

fn same(a: &Symbol, b: &Symbol) -> Result<bool, Why> {
    if a == b && is_repeatable(a) && is_repeatable(b) {
        Ok(true)
    } else {
        Err(a.why.clone())
    }
}

/// Whether the same spelling is the same value.
fn is_repeatable(symbol: &Symbol) -> bool {
    !matches!(symbol.why, Why::Unrepeatable | Why::TooLarge)
}

fn equal_texts(a: &Text, b: &Text) -> Result<bool, Why> {
    if let (Text::Known(a), Text::Known(b)) = (a, b) {
        return Ok(a == b);
    }
    let why = texts::why(if a.hole().is_some() { a } else { b });
    let (a, b) = without_common_ends(&a.parts(), &b.parts());
    if let (Text::Known(a), Text::Known(b)) = (&a, &b) {
        return Ok(a == b);
    }
    let agree = |a: &str, b: &str| a.starts_with(b) || b.starts_with(a);
    let agree_at_end = |a: &str, b: &str| a.ends_with(b) || b.ends_with(a);
    let fits = |a: &Text, b: &Text| match a {
        Text::Known(known) => known.len() >= texts::known_length(b),
        Text::Mixed(_) => true,
    };
    if agree(texts::prefix(&a), texts::prefix(&b))
        && agree_at_end(texts::suffix(&a), texts::suffix(&b))
        && fits(&a, &b)
        && fits(&b, &a)
    {
        Err(why)
    } else {
        Ok(false)
    }
}

/// What is left of two texts without the parts that both begin or end with.
fn without_common_ends(mut a: &[Part], mut b: &[Part]) -> (Text, Text) {
    while let ([first_a, rest_a @ ..], [first_b, rest_b @ ..]) = (a, b) {
        if !same_part(first_a, first_b) {
            break;
        }
        (a, b) = (rest_a, rest_b);
    }
    while let ([rest_a @ .., last_a], [rest_b @ .., last_b]) = (a, b) {
        if !same_part(last_a, last_b) {
            break;
        }
        (a, b) = (rest_a, rest_b);
    }
    let text = |parts: &[Part]| Text::from_parts(parts.iter().cloned());
    (text(a), text(b))
}

fn same_part(a: &Part, b: &Part) -> bool {
    match (a, b) {
        (Part::Known(a), Part::Known(b)) => a == b,
        (Part::Hole(a), Part::Hole(b)) => same(a, b).is_ok(),
        _ => false,
    }
}

fn arrays(a: &[Value], b: &[Value], left: &mut usize) -> Result<bool, Why> {
    if a.len() != b.len() {
        return Ok(false);
    }
    let mut doubt = None;
    for (a, b) in a.iter().zip(b) {
        match values(a, b, left) {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(why) => doubt = doubt.or(Some(why)),
        }
    }
    doubt.map_or(Ok(true), Err)
}

fn objects(a: &Object, b: &Object, left: &mut usize) -> Result<bool, Why> {
    let symbolic = |object: &Object| object.members.iter().any(|m| m.key.contains("${"));
    let certain = |answer: bool| {
        if symbolic(a) || symbolic(b) {
            Err(Why::RunTime)
        } else {
            Ok(answer)
        }
    };
    spend(left, 2 * a.members.len() * b.members.len())?;
    let lacks = |a: &Object, b: &Object| b.members.iter().any(|m| a.member(&m.key).is_none());
    if lacks(a, b) || lacks(b, a) {
        return certain(false);
    }
    let mut doubt = None;
    for member in &a.members {
        let (own, other) = (a.member(&member.key), b.member(&member.key));
        // Of several members with one key, the last one counts.
        if !own.is_some_and(|own| std::ptr::eq(own, member)) {
            continue;
        }
        let Some(other) = other else {
            return certain(false);
        };
        match values(&member.value, &other.value, left) {
            // Whether the case of keys counts here is not documented.
            Ok(true) if member.key != other.key => doubt = doubt.or(Some(Why::RunTime)),
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(why) => doubt = doubt.or(Some(why)),
        }
    }
    doubt.map_or(Ok(true), Err)
}
