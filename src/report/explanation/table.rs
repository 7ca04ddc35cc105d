//! Many flows, one line each, for a terminal.

use crate::azure::Trace;
use crate::explain::FlowRow;

use super::{View, words};

/// One line a flow: what becomes of it, why, and where.
#[must_use]
pub fn table(rows: &[(FlowRow, Option<Trace>)], view: &View<'_>) -> String {
    let mut out = String::new();
    for (row, trace) in rows {
        let line = match (&row.flow, trace) {
            (Ok(flow), Some(trace)) => {
                let head = format!(
                    "{:>4}  {:<17} {} -> {}",
                    row.number,
                    words::verdict(trace.verdict),
                    words::sender(view.estate, &flow.from),
                    words::target(flow)
                );
                match trace.decisive() {
                    Some(blocker) => format!(
                        "{head}  [{}] {}",
                        blocker.cause,
                        words::placed(view.sources, &blocker.element)
                    ),
                    None => head,
                }
            }
            (Err(why), _) => format!("{:>4}  {:<17} {why}", row.number, "not understood"),
            (Ok(_), None) => continue,
        };
        out.push_str(&line);
        out.push('\n');
    }
    out
}
