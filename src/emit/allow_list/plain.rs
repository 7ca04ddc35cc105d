//! One line for each destination and service, for people and scripts.

use smol_str::SmolStr;

use super::{Row, read_destination, read_service, read_sources, service_text, sources_text};

const FROM: &str = "from ";

/// The list as text: a heading for each set of sources, then the lines for them.
pub(super) fn write(name: &str, rows: &[Row]) -> String {
    let mut out = format!(
        "# What {name} has to let through, a destination and a service a line.\n\
         # A name with an asterisk stands for every name that ends so, at any depth.\n"
    );
    let width = |text: fn(&Row) -> String| {
        let widths = rows.iter().map(|row| text(row).chars().count());
        widths.max().unwrap_or(0)
    };
    let first = width(|row| row.destination.to_string());
    let second = width(|row| service_text(row.service));
    let mut sources = None;
    for row in rows {
        if sources != Some(&row.sources) {
            sources = Some(&row.sources);
            let from = match row.sources.as_slice() {
                [] => "any".to_owned(),
                some => sources_text(some),
            };
            out.push_str(&format!("\n{FROM}{from}\n"));
        }
        out.push_str(&format!(
            "  {:first$}  {:second$}  # {}\n",
            row.destination.to_string(),
            service_text(row.service),
            row.needed_for.join(", ")
        ));
    }
    out
}

pub(super) fn read(text: &str) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    let mut sources = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let not_understood = || format!("line {number} is not understood: {line}");
        let (content, comment) = line.split_once('#').unwrap_or((line, ""));
        let content = content.trim();
        if content.is_empty() {
            continue;
        }
        if let Some(from) = content.strip_prefix(FROM) {
            sources = match from {
                "any" => Vec::new(),
                some => read_sources(some).ok_or_else(not_understood)?,
            };
            continue;
        }
        let (destination, service) = content
            .split_once(char::is_whitespace)
            .ok_or_else(not_understood)?;
        rows.push(Row {
            sources: sources.clone(),
            destination: read_destination(destination).ok_or_else(not_understood)?,
            service: read_service(service.trim()).ok_or_else(not_understood)?,
            needed_for: comment
                .split(',')
                .map(|it| SmolStr::new(it.trim()))
                .collect(),
            reason: String::new(),
        });
    }
    Ok(rows)
}
