//! Small edits of policies that fixes are made of.

use crate::base::Span;
use crate::diag::Edit;
use crate::estate::Meta;

/// Adds a clause to the block of a resource, before its closing brace. `None` when it has no braces in a policy.
pub(crate) fn add_clause(meta: &Meta, clause: &str) -> Option<Edit> {
    let body = meta.body?;
    let brace = body.end.saturating_sub(1);
    Some(Edit {
        span: Span {
            start: brace,
            end: brace,
            ..body
        },
        text: format!("  {clause}\n"),
    })
}

/// Puts other words in the place of some.
pub(crate) fn replace(span: Span, text: impl Into<String>) -> Edit {
    Edit {
        span,
        text: text.into(),
    }
}
