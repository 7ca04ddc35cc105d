//! What a firewall that is not Azure's has to let through, as files that it or its owner can read.
//!
//! Service tags are replaced by their prefixes, since nobody but Azure knows them. What is written can be read again, so
//! that it can be held against what was meant.

mod dynamic_list;
mod plain;
mod table;

use ipnet::IpNet;
use smol_str::SmolStr;

use crate::azure::ServiceTags;
use crate::base::Origin;
use crate::estate::Allowed;
use crate::net::{AddressRange, Destination, FqdnPattern, Service, parse_prefix};

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListFormat {
    /// One line for each destination and service: `NAME.allowlist.txt`.
    Plain,
    /// A table with a header: `NAME.csv`.
    Csv,
    /// External dynamic lists of Palo Alto Networks, one for each service and kind of destination, and a table that
    /// says which rule needs which: `NAME.lists.csv`.
    PaloAlto,
}

/// A file to write: its name, and its text.
pub type File = (String, String);

/// A line of a list: one destination over one service.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// From where; from everywhere when empty.
    sources: Vec<IpNet>,
    /// To where: a name, a pattern, a prefix or a range.
    destination: Destination,
    /// Over what; over everything when `None`.
    service: Option<Service>,
    /// What needs it.
    needed_for: Vec<SmolStr>,
    /// Why, by the first that needs it.
    reason: String,
}

/// Why a list cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// A service tag whose prefixes nobody gave.
    #[error(
        "{needed_for}: service tag {tag} means something to Azure only; give its prefixes with --service-tags"
    )]
    Tag {
        /// The tag.
        tag: SmolStr,
        /// What needs it.
        needed_for: SmolStr,
    },
    /// A service tag that the file of service tags does not have.
    #[error("{needed_for}: the file of service tags has no tag {tag}")]
    NoSuchTag {
        /// The tag.
        tag: SmolStr,
        /// What needs it.
        needed_for: SmolStr,
    },
    /// A pattern that the format has no way to say.
    #[error(
        "{needed_for}: a list in this format cannot say `{pattern}` over {service}: its asterisk stands for whole labels, of names over HTTP and TLS"
    )]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What runs over it.
        service: String,
        /// What needs it.
        needed_for: SmolStr,
    },
}

/// The files of a list for a firewall of that name.
///
/// # Errors
/// What cannot be written.
pub fn files(
    name: &str,
    entries: &[Allowed],
    format: ListFormat,
    tags: Option<&ServiceTags>,
) -> Result<Vec<File>, Vec<Unwritable>> {
    let rows = rows(entries, tags)?;
    let stem = file_stem(name);
    match format {
        ListFormat::Plain => Ok(vec![(
            format!("{stem}.allowlist.txt"),
            plain::write(name, &rows),
        )]),
        ListFormat::Csv => Ok(vec![(format!("{stem}.csv"), table::write(&rows))]),
        ListFormat::PaloAlto => dynamic_list::write(&stem, &rows),
    }
}

/// Reads the files of a list again.
///
/// # Errors
/// Which line is not understood.
pub fn read(files: &[File], format: ListFormat) -> Result<Vec<Allowed>, String> {
    let rows = match (format, files) {
        (ListFormat::Plain, [(_, text)]) => plain::read(text)?,
        (ListFormat::Csv, [(_, text)]) => table::read(text)?,
        (ListFormat::PaloAlto, files) => dynamic_list::read(files)?,
        (ListFormat::Plain | ListFormat::Csv, _) => return Err("not one file".to_owned()),
    };
    let allowed = |row: Row| Allowed {
        name: row.needed_for.first().cloned().unwrap_or_default(),
        sources: row.sources,
        destinations: vec![row.destination],
        services: row.service.into_iter().collect(),
        reason: row.reason,
        origin: Origin::Platform,
    };
    Ok(rows.into_iter().map(allowed).collect())
}

/// One line for each destination and service, each once, in the order of the entries.
fn rows(entries: &[Allowed], tags: Option<&ServiceTags>) -> Result<Vec<Row>, Vec<Unwritable>> {
    let mut rows: Vec<Row> = Vec::new();
    let mut unwritable = Vec::new();
    let mut seen = rustc_hash::FxHashMap::default();
    for entry in entries {
        for destination in &entry.destinations {
            let plain = match spelled_out(destination, &entry.name, tags) {
                Ok(plain) => plain,
                Err(reason) => {
                    unwritable.push(reason);
                    continue;
                }
            };
            for destination in plain {
                for service in services(entry) {
                    let key = format!(
                        "{:?} {destination} {:?}",
                        entry.sources,
                        service.map(|it| it.to_string())
                    );
                    let at = *seen.entry(key).or_insert(rows.len());
                    match rows.get_mut(at) {
                        Some(row) if row.needed_for.contains(&entry.name) => {}
                        Some(row) => row.needed_for.push(entry.name.clone()),
                        None => rows.push(Row {
                            sources: entry.sources.clone(),
                            destination: destination.clone(),
                            service,
                            needed_for: vec![entry.name.clone()],
                            reason: entry.reason.clone(),
                        }),
                    }
                }
            }
        }
    }
    unwritable.dedup();
    if unwritable.is_empty() {
        Ok(rows)
    } else {
        Err(unwritable)
    }
}

fn services(entry: &Allowed) -> Vec<Option<Service>> {
    if entry.services.is_empty() {
        return vec![None];
    }
    entry.services.iter().copied().map(Some).collect()
}

/// What a destination is to somebody who does not know Azure's tags.
fn spelled_out(
    destination: &Destination,
    needed_for: &SmolStr,
    tags: Option<&ServiceTags>,
) -> Result<Vec<Destination>, Unwritable> {
    let Destination::ServiceTag(tag) = destination else {
        return Ok(vec![destination.clone()]);
    };
    let name = || SmolStr::new(tag.as_str());
    let needed_for = needed_for.clone();
    let Some(tags) = tags else {
        return Err(Unwritable::Tag {
            tag: name(),
            needed_for,
        });
    };
    let Some(prefixes) = tags.prefixes(tag) else {
        return Err(Unwritable::NoSuchTag {
            tag: name(),
            needed_for,
        });
    };
    Ok(prefixes.map(Destination::Prefix).collect())
}

/// A name as the beginning of a file's name.
fn file_stem(name: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.chars()
        .map(|c| if fits(c) { c } else { '-' })
        .collect()
}

/// A destination as it is written in a list.
fn read_destination(text: &str) -> Option<Destination> {
    if text == "any" {
        return Some(Destination::Anywhere);
    }
    if let Some(range) = AddressRange::parse(text) {
        return Some(Destination::Range(range));
    }
    if let Ok(prefix) = parse_prefix(text) {
        return Some(Destination::Prefix(prefix));
    }
    let pattern: FqdnPattern = text.parse().ok()?;
    Some(Destination::Fqdn(pattern))
}

/// A service as it is written in a list; `any` is every one.
fn read_service(text: &str) -> Option<Option<Service>> {
    if text == "any" {
        return Some(None);
    }
    text.parse().ok().map(Some)
}

fn service_text(service: Option<Service>) -> String {
    service.map_or_else(|| "any".to_owned(), |service| service.to_string())
}

fn sources_text(sources: &[IpNet]) -> String {
    let texts: Vec<String> = sources.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

fn read_sources(text: &str) -> Option<Vec<IpNet>> {
    let parts = text.split(',').map(str::trim).filter(|it| !it.is_empty());
    parts.map(|part| parse_prefix(part).ok()).collect()
}

#[cfg(test)]
mod tests;
