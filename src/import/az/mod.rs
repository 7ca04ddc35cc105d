//! Exports → resources: output of `az`, REST bodies, rows of Resource Graph, PowerShell's JSON.
//!
//! All of them hold objects with the id of a resource. `az` puts the members of `properties` beside the name, the
//! others leave them where they are; the builder of estates reads both. Values are literals: a string that begins
//! with a bracket is no expression here.

mod find;
mod literal;
mod wrapping;

#[cfg(test)]
mod tests;

use crate::base::Span;
use crate::diag::{Finding, Id};

use super::json::{Document, Json};
use super::resource::{Resource, ResourceId};
use super::value::Value;

use find::{Shape, shape_of};

/// Whether a value holds resources as Azure shows them, or something else that this program knows by its shape.
#[must_use]
pub fn is_export(value: Json<'_>) -> bool {
    shape_of(value) != Shape::Other
}

/// What an export holds, in the order in which it is written.
#[derive(Debug, Default)]
pub struct Exported {
    /// Resources.
    pub resources: Vec<Resource>,
    /// What Azure showed to be in force on interfaces.
    pub shown: Vec<Shown>,
}

/// What Azure showed to be in force on an interface.
#[derive(Debug)]
pub struct Shown {
    /// Routes or rules.
    pub of: InForce,
    /// The list as it stands.
    pub list: Value,
    /// Where it begins.
    pub head: Span,
    /// The interface, where what lies around the list names it.
    pub interface: Option<ResourceId>,
}

/// What is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InForce {
    /// Routes: a list of them.
    Routes,
    /// Security rules: one group of them.
    Rules,
}

/// Adds what an export holds.
pub fn read(document: &Document, exported: &mut Exported, findings: &mut Vec<Finding>) {
    for root in document.roots() {
        find::collect(root, exported, findings);
    }
}

/// Something that is recognised, and not used.
fn not_used(what: &str, why: &str, span: Span) -> Finding {
    Finding::new(Id::TG0034, format!("{what} are recognised and not used"))
        .at(span, "left out")
        .help(why)
}
