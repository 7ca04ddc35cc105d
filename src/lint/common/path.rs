//! The way of a flow as places of a finding: for formats that show it step by step.

use crate::azure::Trace;
use crate::base::Origin;
use crate::diag::Finding;
use crate::estate::{Estate, Id, Subnet};

/// Adds the places that a flow from a subnet passes, up to where it ends.
pub(in crate::lint) fn along(
    finding: Finding,
    estate: &Estate,
    from: Id<Subnet>,
    trace: &Trace,
) -> Finding {
    let start = estate.subnets[from].meta.origin;
    let text = format!("leaves from subnet `{}`", estate.subnet_path(from));
    let mut last: Option<Origin> = Some(start);
    let mut finding = finding.step(start, text);
    for step in &trace.steps {
        let here = step.element.origin;
        // What happens at one place twice in a row is told once, by what comes of it.
        if last == Some(here) && here.span().is_some() && finding.path.len() > 1 {
            finding.path.pop();
        }
        finding = finding.step(here, format!("{} {}", step.element.name, step.text));
        last = Some(here);
    }
    finding
}
