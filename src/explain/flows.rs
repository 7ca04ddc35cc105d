//! Many flows at once: a table in CSV or JSON, one flow a row.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;

use crate::azure::{Announced, Flow, Sender, Target};
use crate::estate::{Estate, Id, Subnet};
use crate::net::{Fqdn, ServiceTag, parse_address};

use super::query::{QueryError, parse_port, parse_sender, parse_transport};

/// The columns of a table of flows.
const COLUMNS: [&str; 8] = [
    "from", "from_ip", "to", "port", "protocol", "name", "sni", "tag",
];

/// A row of a table of flows.
#[derive(Debug, Clone)]
pub struct FlowRow {
    /// Its number, from 1.
    pub number: usize,
    /// The values as written, by column.
    pub written: BTreeMap<String, Option<String>>,
    /// The flow, or why it cannot be understood.
    pub flow: Result<Flow, String>,
}

/// A table of flows that cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum FlowsError {
    /// The CSV is malformed.
    #[error("{0}")]
    Csv(#[from] csv::Error),
    /// The JSON is malformed.
    #[error("expected a list of objects with the columns of a flow: {0}")]
    Json(#[from] serde_json::Error),
    /// A column that no flow has.
    #[error(
        "unknown column `{0}`; the columns are from, from_ip, to, port, protocol, name, sni, tag"
    )]
    Column(String),
    /// A column that every flow needs.
    #[error("there is no column `{0}`")]
    Missing(&'static str),
}

/// Reads flows from CSV: a line of column names, then one flow a line.
///
/// # Errors
/// When the table is malformed. A row that cannot be understood is a row with an error, not the end.
pub fn flows_from_csv(
    text: &str,
    estate: &Estate,
    address_of: impl Fn(Id<Subnet>) -> Option<IpAddr>,
) -> Result<Vec<FlowRow>, FlowsError> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let columns: Vec<String> = reader
        .headers()?
        .iter()
        .map(str::to_ascii_lowercase)
        .collect();
    check_columns(columns.iter().map(String::as_str))?;
    let mut rows = Vec::new();
    for (index, record) in reader.records().enumerate() {
        let record = record?;
        let written = columns.iter().cloned().zip(
            record
                .iter()
                .map(|value| (!value.is_empty()).then(|| value.to_owned())),
        );
        // An empty cell says nothing; what a client leaves out on purpose is written `-`.
        let written = written.filter(|(_, value)| value.is_some());
        rows.push(row(index + 1, written.collect(), estate, &address_of));
    }
    Ok(rows)
}

/// Reads flows from JSON: a list of objects. `"sni": null` is a client that tells no name.
///
/// # Errors
/// When the text is no such list. A row that cannot be understood is a row with an error, not the end.
pub fn flows_from_json(
    text: &str,
    estate: &Estate,
    address_of: impl Fn(Id<Subnet>) -> Option<IpAddr>,
) -> Result<Vec<FlowRow>, FlowsError> {
    let objects: Vec<BTreeMap<String, Cell>> = serde_json::from_str(text)?;
    let mut rows = Vec::new();
    for (index, object) in objects.into_iter().enumerate() {
        for column in object.keys() {
            if !COLUMNS.contains(&column.as_str()) {
                return Err(FlowsError::Column(column.clone()));
            }
        }
        let written = object
            .into_iter()
            .map(|(column, cell)| (column, cell.text()))
            .collect();
        rows.push(row(index + 1, written, estate, &address_of));
    }
    Ok(rows)
}

/// A value of a JSON row.
#[derive(Deserialize)]
#[serde(untagged)]
enum Cell {
    Null(()),
    Number(u64),
    Text(String),
}

impl Cell {
    fn text(self) -> Option<String> {
        match self {
            Self::Null(()) => None,
            Self::Number(number) => Some(number.to_string()),
            Self::Text(text) => Some(text),
        }
    }
}

fn check_columns<'c>(columns: impl Iterator<Item = &'c str>) -> Result<(), FlowsError> {
    let columns: Vec<&str> = columns.collect();
    if let Some(unknown) = columns.iter().find(|column| !COLUMNS.contains(column)) {
        return Err(FlowsError::Column((*unknown).to_owned()));
    }
    for needed in ["from", "to"] {
        if !columns.contains(&needed) {
            return Err(FlowsError::Missing(needed));
        }
    }
    Ok(())
}

fn row(
    number: usize,
    written: BTreeMap<String, Option<String>>,
    estate: &Estate,
    address_of: &impl Fn(Id<Subnet>) -> Option<IpAddr>,
) -> FlowRow {
    let flow = flow(&written, estate, address_of);
    FlowRow {
        number,
        written,
        flow,
    }
}

fn flow(
    written: &BTreeMap<String, Option<String>>,
    estate: &Estate,
    address_of: &impl Fn(Id<Subnet>) -> Option<IpAddr>,
) -> Result<Flow, String> {
    let cell = |column: &str| written.get(column).and_then(Option::as_deref);
    let from = cell("from").or(cell("from_ip")).ok_or("no `from`")?;
    let words = |error: QueryError| error.to_string();
    let mut from = parse_sender(estate, from, address_of).map_err(words)?;
    if let Some(text) = cell("from_ip") {
        let address = parse_address(text).ok_or_else(|| format!("`{text}` is no address"))?;
        from = at(estate, from, address)?;
    }
    let transport = parse_transport(cell("protocol"))?;
    let port = match cell("port") {
        Some(text) => {
            parse_port(text).ok_or_else(|| format!("`{text}` is no port from 1 to 65535"))?
        }
        None if transport.has_ports() => return Err("no `port`".to_owned()),
        None => 0,
    };
    let to = cell("to").or(cell("name")).ok_or("no `to`")?;
    let name = |text: &str| {
        text.parse::<Fqdn>()
            .map_err(|error| format!("`{text}` is no name: {error}"))
    };
    let mut target = match parse_address(to) {
        Some(address) => Target {
            name: None,
            address: Some(address),
            tags: Vec::new(),
        },
        None => Target {
            name: Some(name(to)?),
            address: None,
            tags: Vec::new(),
        },
    };
    if let Some(text) = cell("name") {
        target.name = Some(name(text)?);
    }
    target.tags.extend(cell("tag").map(ServiceTag::new));
    let announced = match written.get("sni") {
        None => Announced::Target,
        Some(None) => Announced::Nothing,
        Some(Some(text)) if text == "-" => Announced::Nothing,
        Some(Some(text)) => Announced::Name(name(text)?),
    };
    Ok(Flow {
        from,
        to: target,
        transport,
        port,
        announced,
        at_once: None,
    })
}

/// The same sender at a certain address, which its subnet has to hold.
fn at(estate: &Estate, from: Sender, address: IpAddr) -> Result<Sender, String> {
    match from {
        Sender::Inside { subnet, .. } => {
            let mut prefixes = estate.subnets[subnet].prefixes.iter();
            if prefixes.any(|prefix| prefix.value.contains(&address)) {
                Ok(Sender::Inside { subnet, address })
            } else {
                Err(format!(
                    "subnet `{}` does not hold {address}",
                    estate.subnet_path(subnet)
                ))
            }
        }
        Sender::Outside { tags, .. } => Ok(Sender::Outside { address, tags }),
    }
}
