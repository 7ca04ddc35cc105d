//! Values as expressions: the texts of symbols.
//!
//! Values share their parts, so a small one can have a spelling without end. A long spelling is cut, and a hash of all
//! of it keeps two that differ apart; one beyond the bound has none.

use std::fmt::{self, Write};

use smol_str::SmolStr;

use crate::import::arm::expression::Quoted;
use crate::import::{Data, Part, Text, Value};

/// How many bytes are shown.
const SHOWN: usize = 1_000;

/// How many bytes are read for the hash.
const MOST: usize = 1 << 18;

/// A value as an expression that gives it. Nothing for one that is too large.
pub(crate) fn spelled(value: &Value) -> Option<SmolStr> {
    let mut sink = Sink::default();
    write_value(&mut sink, value).ok()?;
    Some(sink.finish())
}

/// A call in canonical spelling.
pub(super) fn call(name: &str, arguments: &[Value]) -> Option<SmolStr> {
    let mut sink = Sink::default();
    write_call(&mut sink, name, arguments).ok()?;
    Some(sink.finish())
}

/// Keeps the beginning of what is written, hashes all of it, and refuses what is too much.
#[derive(Debug)]
struct Sink {
    shown: String,
    length: usize,
    /// FNV-1a, which is the same everywhere.
    hash: u64,
}

impl Default for Sink {
    fn default() -> Self {
        Self {
            shown: String::new(),
            length: 0,
            hash: 0xcbf2_9ce4_8422_2325,
        }
    }
}

impl Write for Sink {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.length += text.len();
        if self.length > MOST {
            return Err(fmt::Error);
        }
        for byte in text.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
        let room = SHOWN.saturating_sub(self.shown.len());
        let end = text.floor_char_boundary(room.min(text.len()));
        self.shown.push_str(text.get(..end).unwrap_or_default());
        Ok(())
    }
}

impl Sink {
    fn finish(self) -> SmolStr {
        if self.shown.len() == self.length {
            self.shown.into()
        } else {
            format!("{}…#{:016x}", self.shown, self.hash).into()
        }
    }
}

fn write_call(sink: &mut Sink, name: &str, arguments: &[Value]) -> fmt::Result {
    write!(sink, "{name}(")?;
    write_list(sink, arguments)?;
    sink.write_char(')')
}

fn write_list(sink: &mut Sink, values: &[Value]) -> fmt::Result {
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            sink.write_str(", ")?;
        }
        write_value(sink, value)?;
    }
    Ok(())
}

fn write_value(sink: &mut Sink, value: &Value) -> fmt::Result {
    match &value.data {
        Data::Null => sink.write_str("null()"),
        Data::Bool(value) => write!(sink, "{value}()"),
        Data::Int(value) => write!(sink, "{value}"),
        Data::Float(value) => write!(sink, "json('{value}')"),
        Data::Text(text) => write_text(sink, text),
        Data::Array(items) => write_call(sink, "createArray", items),
        Data::Object(object) => {
            sink.write_str("createObject(")?;
            for (index, member) in object.members.iter().enumerate() {
                if index > 0 {
                    sink.write_str(", ")?;
                }
                write!(sink, "{}, ", Quoted(&member.key))?;
                write_value(sink, &member.value)?;
            }
            sink.write_char(')')
        }
        Data::Unknown(symbol) => sink.write_str(&symbol.text),
    }
}

fn write_text(sink: &mut Sink, text: &Text) -> fmt::Result {
    match text {
        Text::Known(known) => write!(sink, "{}", Quoted(known)),
        Text::Mixed(parts) => match &**parts {
            [part] => write_part(sink, part),
            parts => {
                sink.write_str("concat(")?;
                for (index, part) in parts.iter().enumerate() {
                    if index > 0 {
                        sink.write_str(", ")?;
                    }
                    write_part(sink, part)?;
                }
                sink.write_char(')')
            }
        },
    }
}

fn write_part(sink: &mut Sink, part: &Part) -> fmt::Result {
    match part {
        Part::Known(known) => write!(sink, "{}", Quoted(known)),
        Part::Hole(symbol) => sink.write_str(&symbol.text),
    }
}
