//! The functions of the template language whose value follows from their arguments.

use crate::base::Span;
use crate::import::Value;

/// Why a call is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct CallError {
    /// What is wrong.
    pub(crate) message: String,
}

/// Calls a function, by its name in any case. Nothing for one that is not here.
pub(crate) fn call(
    name: &str,
    arguments: &[Value],
    span: Span,
) -> Option<Result<Value, CallError>> {
    let _ = (name, arguments, span);
    None
}
