//! What `tidegate probe` writes.

use serde::Deserialize;
use serde_json::Value;

use crate::net::Transport;
use crate::probe::Class;

use super::read::ObservedError;
use super::seen::{Ending, Observation, Observed, SeenBy};

/// The schema of what `tidegate probe` writes.
pub(super) const SCHEMA: &str = "egress-probe/1";

#[derive(Deserialize)]
struct Raw {
    pool: String,
    started: String,
    #[serde(default)]
    servers: Vec<String>,
    rows: Vec<RawRow>,
}

#[derive(Deserialize)]
struct RawRow {
    requirement: String,
    destination: String,
    name: Option<String>,
    address: Option<String>,
    service: String,
    port: Option<u16>,
    class: String,
    evidence: bool,
    detail: String,
}

/// Reads what a probe wrote: the document and the text that it was parsed from, which knows the lines.
pub(super) fn read(schema: &Value, text: &str) -> Result<Observed, ObservedError> {
    if schema != SCHEMA {
        let written = schema
            .as_str()
            .map_or_else(|| schema.to_string(), str::to_owned);
        return Err(ObservedError::Schema(written));
    }
    let raw: Raw =
        serde_json::from_str(text).map_err(|error| ObservedError::Json(error.to_string()))?;
    let rows = raw.rows.into_iter().zip(1..);
    let rows = rows.map(|(row, number)| row.checked(number));
    Ok(Observed {
        by: SeenBy::Probe,
        pool: Some(raw.pool),
        started: Some(raw.started),
        servers: raw.servers,
        rows: rows.collect::<Result<_, _>>()?,
        remarks: Vec::new(),
        unread: Vec::new(),
    })
}

impl RawRow {
    fn checked(self, row: usize) -> Result<Observation, ObservedError> {
        let wrong = |value: &str, what| ObservedError::Value {
            value: value.to_owned(),
            what,
            place: format!("row {row}"),
        };
        let class = Class::from_word(&self.class).ok_or_else(|| wrong(&self.class, "class"))?;
        // One wildcard or tag stands for many names, so the one that was tried is told.
        let own = self
            .name
            .as_deref()
            .filter(|name| *name != self.destination);
        let tried = own.map_or_else(String::new, |name| format!(" ({name})"));
        let name = self
            .name
            .map(|name| name.parse().map_err(|_| wrong(&name, "name")));
        let address = self
            .address
            .map(|it| it.parse().map_err(|_| wrong(&it, "address")));
        let transport = match self.service.split('/').next() {
            Some("udp") => Transport::Udp,
            _ => Transport::Tcp,
        };
        Ok(Observation {
            endpoint: format!("{} {}{tried}", self.destination, self.service),
            requirement: Some(self.requirement),
            from: None,
            name: name.transpose()?,
            address: address.transpose()?,
            service: self.port.map(|port| (transport, port)),
            ending: Ending::Probed(class),
            standing: class.standing(self.evidence),
            detail: self.detail,
            check: None,
        })
    }
}
