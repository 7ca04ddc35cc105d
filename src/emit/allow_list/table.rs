//! A table with a header, for spreadsheets and for tools that import them.

use smol_str::SmolStr;

use crate::net::{Destination, FqdnPattern, Service};

use super::{Row, read_destination, read_service, read_sources, service_text, sources_text};

const HEADER: [&str; 8] = [
    "source",
    "destination",
    "type",
    "service",
    "protocol",
    "port",
    "needed for",
    "reason",
];

pub(super) fn write(rows: &[Row]) -> String {
    let mut table = csv::Writer::from_writer(Vec::new());
    let mut lines = vec![HEADER.map(str::to_owned).to_vec()];
    lines.extend(rows.iter().map(cells));
    for line in lines {
        // Writing to memory does not fail.
        let _ = table.write_record(&line);
    }
    let bytes = table.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

fn cells(row: &Row) -> Vec<String> {
    let (protocol, port) = match row.service.map(Service::transport_ports) {
        None => ("any".to_owned(), "any".to_owned()),
        Some((transport, _)) if !transport.has_ports() => {
            (transport.keyword().to_owned(), String::new())
        }
        Some((transport, ports)) => (transport.keyword().to_owned(), ports.to_string()),
    };
    vec![
        sources_text(&row.sources),
        row.destination.to_string(),
        kind_of(&row.destination).to_owned(),
        service_text(row.service),
        protocol,
        port,
        row.needed_for.join(", "),
        row.reason.clone(),
    ]
}

/// What a destination is, in a word.
pub(super) fn kind_of(destination: &Destination) -> &'static str {
    match destination {
        Destination::Fqdn(FqdnPattern::Exact(_)) => "name",
        Destination::Fqdn(_) => "wildcard",
        Destination::Range(_) => "range",
        Destination::Anywhere => "any",
        _ => "prefix",
    }
}

pub(super) fn read(text: &str) -> Result<Vec<Row>, String> {
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in table.records() {
        let record = record.map_err(|error| error.to_string())?;
        let cell = |index: usize| record.get(index).unwrap_or("");
        let not_understood = || format!("a row is not understood: {}", cell(1));
        rows.push(Row {
            sources: read_sources(cell(0)).ok_or_else(not_understood)?,
            destination: read_destination(cell(1)).ok_or_else(not_understood)?,
            service: read_service(cell(3)).ok_or_else(not_understood)?,
            needed_for: cell(6)
                .split(',')
                .map(|it| SmolStr::new(it.trim()))
                .collect(),
            reason: cell(7).to_owned(),
        });
    }
    Ok(rows)
}
