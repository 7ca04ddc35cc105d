//! The answer for people: what failed first, then what is not known, then what was reached.

use crate::probe::{Class, Row, Standing};
use crate::report::wrap::paragraph;

use super::View;

/// A probe as text.
#[must_use]
pub fn text(view: &View<'_>) -> String {
    let mut out = format!("pool {}\n", view.pool);
    let of = |standing: Standing| -> Vec<&Row> {
        let rows = view.rows.iter();
        rows.filter(|row| row.ended.standing() == standing)
            .collect()
    };
    let (failed, unknown) = (of(Standing::Failed), of(Standing::Unknown));
    let reached = of(Standing::Reached);
    let all = view.rows.len();
    let words = match view.servers {
        [] => view.started.to_string(),
        servers => format!("{}, names from {}", view.started, servers.join(", ")),
    };
    paragraph(&mut out, "  probed     ", &words, view.width);
    for (word, rows) in [
        ("reached", &reached),
        ("failed", &failed),
        ("not known", &unknown),
    ] {
        let words = match rows.len() {
            0 => "none".to_owned(),
            some => format!("{some} of {all}"),
        };
        paragraph(&mut out, &format!("  {word:<11}"), &words, view.width);
    }
    for (title, rows) in [
        ("failed", failed),
        ("not known", unknown),
        ("reached", reached),
    ] {
        if !rows.is_empty() {
            out.push_str(&format!("\n{title}\n"));
        }
        for row in rows {
            write_row(&mut out, row, view.width);
        }
    }
    out
}

fn write_row(out: &mut String, row: &Row, width: usize) {
    let class = row.ended.class.word();
    let head = format!("{}{} {}", row.destination, stands_for(row), row.service);
    paragraph(out, &format!("  {class:<18}"), &head, width);
    let indent = " ".repeat(20);
    let needed = format!("needed by {}", row.requirement);
    paragraph(out, &indent, &needed, width);
    paragraph(out, &indent, &row.ended.detail, width);
    if !row.ended.evidence && row.ended.class != Class::NotProbed {
        paragraph(out, &indent, "no evidence", width);
    }
    let steps: Vec<String> = row
        .steps
        .iter()
        .map(|step| format!("{} {} ms", step.kind.word(), step.took.as_millis()))
        .collect();
    if !steps.is_empty() {
        paragraph(out, &indent, &steps.join(", "), width);
    }
}

/// Who was tried, where the destination does not say so itself.
fn stands_for(row: &Row) -> String {
    let name = row.name.as_ref().map(|name| name.to_string());
    let address = row.address.map(|address| address.to_string());
    let (_, ports) = row.service.transport_ports();
    let (first, last) = ports.bounds();
    let port = row.port.filter(|_| first != last);
    let port = port.map(|port| format!("port {port}"));
    let parts = [name, address, port].into_iter().flatten();
    let parts: Vec<String> = parts.filter(|it| *it != row.destination).collect();
    match parts.is_empty() {
        true => String::new(),
        false => format!(" ({})", parts.join(", ")),
    }
}
