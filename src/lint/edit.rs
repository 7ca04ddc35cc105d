//! Small edits of policies that fixes are made of.

use crate::base::Span;
use crate::diag::Edit;
use crate::estate::Meta;

/// Adds a clause to the block of a resource: before its closing brace, or in braces of its own after its name.
///
/// `None` when the resource is not written in a policy. Only for blocks whose braces follow the name directly.
pub(super) fn add_clause(meta: &Meta, clause: &str) -> Option<Edit> {
    if let Some(body) = meta.body {
        let brace = Span {
            start: body.end.saturating_sub(1),
            ..body
        };
        return Some(Edit {
            span: Span {
                end: brace.start,
                ..brace
            },
            text: format!("  {clause}\n"),
        });
    }
    Some(Edit {
        span: meta.origin.span()?.after(),
        text: format!(" {{\n  {clause}\n}}"),
    })
}

/// Puts other words in the place of some.
pub(super) fn replace(span: Span, text: impl Into<String>) -> Edit {
    Edit {
        span,
        text: text.into(),
    }
}
