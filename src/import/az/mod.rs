//! Exports → resources: output of `az`, REST bodies, rows of Resource Graph, PowerShell's JSON.
//!
//! All of them hold objects with the id of a resource. `az` puts the members of `properties` beside the name, the
//! others leave them where they are; the builder of estates reads both. Values are literals: a string that begins
//! with a bracket is no expression here.

mod find;
mod literal;

#[cfg(test)]
mod tests;

use crate::base::Span;
use crate::diag::{Finding, Id};

use super::json::{Document, Json};
use super::resource::Resource;

use find::{Shape, shape_of};

/// Whether a value holds resources as Azure shows them, or something else that this program knows by its shape.
#[must_use]
pub fn is_export(value: Json<'_>) -> bool {
    shape_of(value) != Shape::Other
}

/// The resources of an export, in the order in which they are written.
pub fn resources(document: &Document, findings: &mut Vec<Finding>) -> Vec<Resource> {
    let mut found = Vec::new();
    for root in document.roots() {
        find::collect(root, &mut found, findings);
    }
    found
}

/// Something that is recognised, and not used.
fn not_used(what: &str, why: &str, span: Span) -> Finding {
    Finding::new(Id::TG0034, format!("{what} are recognised and not used"))
        .at(span, "left out")
        .help(why)
}
