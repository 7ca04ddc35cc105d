//! Values as they would be written in an expression, so that equal symbols have equal texts.

use std::fmt::Write;

use smol_str::SmolStr;

use crate::import::{Data, Part, Symbol, Text, Value};

/// How long a spelling gets before it is cut off. What is cut off is told apart by a hash.
const MAX_LENGTH: usize = 400;

/// A value as an expression.
pub(super) fn spell(value: &Value) -> SmolStr {
    let mut out = String::new();
    write_value(&mut out, value, 0);
    bounded(out)
}

/// A string as an expression.
pub(super) fn spell_text(text: &Text) -> SmolStr {
    let mut out = String::new();
    write_text(&mut out, text);
    bounded(out)
}

/// A call as an expression.
pub(super) fn spell_call(name: &str, arguments: &[Value]) -> SmolStr {
    let mut out = format!("{name}(");
    write_list(&mut out, arguments, 0);
    out.push(')');
    bounded(out)
}

/// A symbol that stands for a call, for the reason of the first argument that is not known.
pub(super) fn symbolic_call(
    name: &str,
    arguments: &[Value],
    because: &Symbol,
) -> std::sync::Arc<Symbol> {
    Symbol::new(spell_call(name, arguments), because.why.clone())
}

fn bounded(mut text: String) -> SmolStr {
    if text.len() > MAX_LENGTH {
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        text.truncate(text.floor_char_boundary(MAX_LENGTH));
        let _ = write!(text, "…{hash:016x}");
    }
    text.into()
}

fn write_list(out: &mut String, values: &[Value], depth: usize) {
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write_value(out, value, depth);
        if out.len() > 16 * MAX_LENGTH {
            break;
        }
    }
}

fn write_value(out: &mut String, value: &Value, depth: usize) {
    if depth > 16 {
        out.push('…');
        return;
    }
    match &value.data {
        Data::Null => out.push_str("null()"),
        Data::Bool(value) => out.push_str(if *value { "true()" } else { "false()" }),
        Data::Int(value) => {
            let _ = write!(out, "{value}");
        }
        Data::Float(value) => {
            let _ = write!(out, "json('{value}')");
        }
        Data::Text(text) => write_text(out, text),
        Data::Array(items) => {
            out.push_str("createArray(");
            write_list(out, items, depth + 1);
            out.push(')');
        }
        Data::Object(object) => {
            out.push_str("createObject(");
            for (index, member) in object.members.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_known(out, &member.key);
                out.push_str(", ");
                write_value(out, &member.value, depth + 1);
                if out.len() > 16 * MAX_LENGTH {
                    break;
                }
            }
            out.push(')');
        }
        Data::Unknown(symbol) => out.push_str(&symbol.text),
    }
}

fn write_text(out: &mut String, text: &Text) {
    match text {
        Text::Known(known) => write_known(out, known),
        Text::Mixed(parts) => match &**parts {
            [Part::Hole(symbol)] => out.push_str(&symbol.text),
            parts => {
                out.push_str("concat(");
                for (index, part) in parts.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    match part {
                        Part::Known(known) => write_known(out, known),
                        Part::Hole(symbol) => out.push_str(&symbol.text),
                    }
                }
                out.push(')');
            }
        },
    }
}

fn write_known(out: &mut String, text: &str) {
    out.push('\'');
    out.push_str(&text.replace('\'', "''"));
    out.push('\'');
}
