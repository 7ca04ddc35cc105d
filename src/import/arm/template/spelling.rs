//! Values as they would be written in an expression, so that equal symbols have equal texts.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::base::{FileId, Span};
use crate::import::arm::{expression, functions};
use crate::import::{Data, Symbol, Text, Value};

/// What stands for a value that is too large to be written.
const TOO_LARGE: &str = "…";

/// A value as an expression.
pub(super) fn spell(value: &Value) -> SmolStr {
    functions::spelled(value).unwrap_or_else(|| TOO_LARGE.into())
}

/// A string as an expression.
pub(super) fn spell_text(text: &Text) -> SmolStr {
    // A spelling has no place, so any will do.
    let nowhere = Span {
        file: FileId::default(),
        start: 0,
        end: 0,
    };
    spell(&Value::new(Data::Text(text.clone()), nowhere))
}

/// A call as an expression.
pub(super) fn spell_call(name: &str, arguments: &[Value]) -> SmolStr {
    let name = expression::documented_spelling(name).unwrap_or(name);
    let arguments: Vec<SmolStr> = arguments.iter().map(spell).collect();
    format!("{name}({})", arguments.join(", ")).into()
}

/// A symbol that stands for a call, for the reason of an argument that is not known.
pub(super) fn symbolic_call(name: &str, arguments: &[Value], because: &Symbol) -> Arc<Symbol> {
    Symbol::new(spell_call(name, arguments), because.why.clone())
}

/// Two conditions that must both hold.
pub(super) fn both(
    first: Option<&Arc<Symbol>>,
    second: Option<&Arc<Symbol>>,
) -> Option<Arc<Symbol>> {
    match (first, second) {
        (Some(first), Some(second)) if first != second => {
            let text = format!("and({first}, {second})");
            Some(Symbol::new(text, first.why.clone()))
        }
        (Some(one), _) | (None, Some(one)) => Some(Arc::clone(one)),
        (None, None) => None,
    }
}
