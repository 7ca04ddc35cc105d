//! The functions of the template language whose value follows from their arguments.
//!
//! Arguments need not be known. A function says what it can all the same: a value where the unknown does not matter, a
//! text with holes where it can be kept as one, else a symbol that is the call itself. What Azure's documents leave
//! open is a symbol too, never a guess. A result that would be too large is a symbol with [`Why::TooLarge`].
//!
//! Results stand at the place of the call. What lies inside them keeps the places that it had in the arguments.
//!
//! Source: MicrosoftDocs/azure-docs, articles/azure-resource-manager/templates/template-functions.md and the page of
//! each subject beside it.

mod arrays;
mod base64;
mod call;
mod cidr;
mod collections;
mod comparison;
mod dates;
mod encoding;
mod equality;
mod format;
mod ids;
mod json;
mod logic;
mod numbers;
mod objects;
mod opaque;
mod sets;
mod spelling;
mod strings;
mod table;
mod texts;
mod uris;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::base::Span;
use crate::import::{Data, Symbol, Value, Why};

use call::{Call, Stop};

pub(crate) use ids::{Scope, resource_id};
pub(crate) use spelling::spelled;

/// Why a call is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct CallError {
    /// What is wrong.
    pub(crate) message: String,
}

/// Calls a function, by its name in any case. Nothing for one that is not here.
///
/// Of functions that Azure evaluates lazily (`if`, `and`, `or`, `coalesce`, `tryGet`), it is what they give once their
/// arguments are values.
pub(crate) fn call(
    name: &str,
    arguments: &[Value],
    span: Span,
) -> Option<Result<Value, CallError>> {
    let function = table::find(name)?;
    let call = Call {
        name: function.name,
        arguments,
        span,
    };
    let result = match call.counted(&function.counts) {
        Ok(()) => (function.apply)(&call),
        Err(stop) => Err(stop),
    };
    Some(match result {
        Ok(value) => Ok(value),
        Err(Stop::Wrong(message)) => Err(CallError { message }),
        Err(Stop::Unknown(why)) => Ok(call.unknown(why)),
    })
}

/// The symbol of a call with its reason; [`Why::TooLarge`] when even its spelling is.
fn symbol_of(name: &str, arguments: &[Value], why: Why) -> Arc<Symbol> {
    match spelling::call(name, arguments) {
        Some(text) => Symbol::new(text, why),
        None => Symbol::new(format!("{name}(…)"), Why::TooLarge),
    }
}

impl Call<'_> {
    /// The call itself as a symbol.
    fn unknown(&self, why: Why) -> Value {
        self.value(Data::Unknown(symbol_of(self.name, self.arguments, why)))
    }
}
