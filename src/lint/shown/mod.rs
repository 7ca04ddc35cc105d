//! What Azure shows to be in force, held against what follows from the files.
//!
//! These are no rules: nothing is wrong with the network. One of two files is older than the other, or this program is
//! wrong about Azure.

mod routes;
mod rules;

use crate::azure::Dataplane;
use crate::diag::Finding;

/// The differences between what Azure showed and what follows from the rest of the estate.
#[must_use]
pub fn differences(plane: &Dataplane<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, shown) in plane.estate.shown_routes.iter() {
        routes::compare(plane, shown, &mut findings);
    }
    for (_, shown) in plane.estate.shown_rules.iter() {
        rules::compare(plane.estate, shown, &mut findings);
    }
    findings
}
