//! Small edits of policies that fixes are made of.

use crate::base::Span;
use crate::diag::Edit;
use crate::estate::{Meta, Subnet};

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

/// Adds a value to a list, behind its last one.
pub(crate) fn append(last: Span, value: impl std::fmt::Display) -> Edit {
    replace(last.after(), format!(", {value}"))
}

/// Takes words away.
pub(crate) fn remove(span: Span) -> Edit {
    replace(span, "")
}

/// Adds a statement behind the block of a resource.
pub(crate) fn add_statement(meta: &Meta, statement: &str) -> Option<Edit> {
    Some(replace(meta.body?.after(), format!("\n\n{statement}")))
}

/// Adds a clause to a subnet, with a block for it when there is none.
pub(crate) fn add_to_subnet(subnet: &Subnet, clause: &str) -> Option<Edit> {
    add_clause(&subnet.meta, clause).or_else(|| {
        let last = subnet.prefixes.last()?;
        Some(replace(last.span.after(), format!(" {{ {clause} }}")))
    })
}
