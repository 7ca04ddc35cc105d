//! External dynamic lists of Palo Alto Networks.
//!
//! A list holds names (as URLs) or addresses, and says neither port nor sender: those belong to the rule that uses it.
//! So there is a list for each service and kind, and a table of the rules. An asterisk in a URL list stands for one or
//! more whole labels, and a name without a slash behind it would match longer names too
//! (docs.paloaltonetworks.com, Formatting Guidelines for an External Dynamic List).
//!
//! URLs are those of HTTP and TLS. Names over anything else go into a list of kind `fqdn`, which no firewall fetches: each
//! becomes an address object with that name.

use smol_str::SmolStr;

use crate::net::{AppProtocol, Destination, FqdnPattern, Service};

use super::{
    File, Row, Unwritable, read_destination, read_service, read_sources, service_text, sources_text,
};

const HEADER: [&str; 4] = ["list", "type", "source", "service"];

/// A list of one kind, for one rule.
struct List {
    name: String,
    kind: &'static str,
    sources: String,
    service: String,
    lines: Vec<String>,
}

pub(super) fn write(stem: &str, rows: &[Row]) -> Result<Vec<File>, Vec<Unwritable>> {
    let mut lists: Vec<List> = Vec::new();
    let mut unwritable = Vec::new();
    let mut senders: Vec<String> = rows.iter().map(|row| sources_text(&row.sources)).collect();
    senders.dedup();
    let several = senders.iter().any(|it| Some(it) != senders.first());
    for row in rows {
        let (kind, line) = match line(row) {
            Ok(line) => line,
            Err(reason) => {
                unwritable.push(reason);
                continue;
            }
        };
        let sources = sources_text(&row.sources);
        let service = service_text(row.service);
        let known = lists
            .iter_mut()
            .find(|it| it.kind == kind && it.sources == sources && it.service == service);
        match known {
            Some(list) => list.lines.push(line),
            None => {
                let from = match (several, row.sources.first()) {
                    (true, Some(first)) => format!(".from-{}", first.to_string().replace('/', "_")),
                    (true, None) => ".from-any".to_owned(),
                    (false, _) => String::new(),
                };
                let name = service.replace('/', "-").replace('*', "all");
                lists.push(List {
                    name: format!("{stem}{from}.{name}.{kind}.txt"),
                    kind,
                    sources,
                    service,
                    lines: vec![line],
                });
            }
        }
    }
    if !unwritable.is_empty() {
        return Err(unwritable);
    }
    let mut table = csv::Writer::from_writer(Vec::new());
    // Writing to memory does not fail.
    let _ = table.write_record(HEADER);
    for list in &lists {
        let _ = table.write_record([&list.name, list.kind, &list.sources, &list.service]);
    }
    let table = String::from_utf8(table.into_inner().unwrap_or_default()).unwrap_or_default();
    let mut files = vec![(format!("{stem}.lists.csv"), table)];
    files.extend(lists.into_iter().map(|list| {
        let mut text = list.lines.join("\n");
        text.push('\n');
        (list.name, text)
    }));
    Ok(files)
}

/// The kind of list that a row belongs to, and its line there.
fn line(row: &Row) -> Result<(&'static str, String), Unwritable> {
    let web = matches!(
        row.service,
        Some(Service::App {
            protocol: AppProtocol::Http | AppProtocol::Https,
            ..
        })
    );
    match &row.destination {
        Destination::Fqdn(pattern @ FqdnPattern::Exact(_)) if web => {
            Ok(("url", format!("{pattern}/")))
        }
        Destination::Fqdn(pattern @ FqdnPattern::Exact(_)) => Ok(("fqdn", pattern.to_string())),
        Destination::Fqdn(pattern) if web && pattern.to_string().starts_with("*.") => {
            Ok(("url", format!("{pattern}/")))
        }
        Destination::Fqdn(pattern) => Err(Unwritable::Pattern {
            pattern: pattern.to_string(),
            service: service_text(row.service),
            needed_for: row.needed_for.first().cloned().unwrap_or_default(),
        }),
        Destination::Anywhere => Ok(("ip", format!("0.0.0.0/0 {}", row.needed_for.join(" ")))),
        address => Ok(("ip", format!("{address} {}", row.needed_for.join(" ")))),
    }
}

pub(super) fn read(files: &[File]) -> Result<Vec<Row>, String> {
    let tables = files.iter().find(|(name, _)| name.ends_with(".lists.csv"));
    let (_, table) = tables.ok_or("the table of the lists is missing")?;
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let cell = |index: usize| record.get(index).unwrap_or("");
        let missing = || format!("list {} is missing or not understood", cell(0));
        let (_, text) = files
            .iter()
            .find(|(name, _)| name == cell(0))
            .ok_or_else(missing)?;
        let sources = read_sources(cell(2)).ok_or_else(missing)?;
        let service = read_service(cell(3)).ok_or_else(missing)?;
        for line in text.lines() {
            let not_understood = || format!("{}: `{line}` is not understood", cell(0));
            let (destination, comment) = line.split_once(' ').unwrap_or((line, ""));
            let destination = match cell(1) {
                "url" => destination.strip_suffix('/').ok_or_else(not_understood)?,
                _ => destination,
            };
            let destination = read_destination(destination).ok_or_else(not_understood)?;
            let everywhere = Destination::Prefix(crate::azure::next_hop::default_v4());
            rows.push(Row {
                sources: sources.clone(),
                destination: match destination == everywhere {
                    true => Destination::Anywhere,
                    false => destination,
                },
                service,
                needed_for: comment.split(' ').map(SmolStr::new).collect(),
                reason: String::new(),
            });
        }
    }
    Ok(rows)
}
