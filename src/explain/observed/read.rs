//! What was seen, as files tell it.

use std::net::IpAddr;

use serde::Deserialize;

use crate::net::{Fqdn, Transport};
use crate::probe::{Class, Standing};

/// The schema of what `tidegate probe` writes.
const SCHEMA: &str = "egress-probe/1";

/// What was seen from a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The pool.
    pub pool: String,
    /// The day.
    pub started: String,
    /// The DNS servers that were asked.
    pub servers: Vec<String>,
    /// Each endpoint that was tried, or should have been.
    pub rows: Vec<Observation>,
}

/// What was seen of one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The requirement.
    pub requirement: String,
    /// The destination and the service, as the requirement writes them.
    pub endpoint: String,
    /// The name that was tried.
    pub name: Option<Fqdn>,
    /// The address that was tried.
    pub address: Option<IpAddr>,
    /// What ran over it, and the port that was tried; `None` when nothing was.
    pub service: Option<(Transport, u16)>,
    /// How it ended.
    pub class: Class,
    /// What that shows.
    pub standing: Standing,
    /// What was seen, in words.
    pub detail: String,
}

/// Why a text tells nothing that was seen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObservedError {
    /// It is not the JSON of a probe.
    #[error("{0}")]
    Json(String),
    /// Another schema.
    #[error(
        "the schema is `{0}`; this program reads {SCHEMA}, which `tidegate probe --format json` writes"
    )]
    Schema(String),
    /// A value that its place does not have.
    #[error("`{value}` is no {what} (row {row})")]
    Value {
        /// What is written.
        value: String,
        /// What should be.
        what: &'static str,
        /// The number of the row, from 1.
        row: usize,
    },
}

#[derive(Deserialize)]
struct Head {
    schema: String,
}

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

impl Observed {
    /// Reads what a probe wrote.
    ///
    /// # Errors
    /// What is wrong with it, with its place.
    pub fn from_json(text: &str) -> Result<Self, ObservedError> {
        let json = |error: serde_json::Error| ObservedError::Json(error.to_string());
        let head: Head = serde_json::from_str(text).map_err(json)?;
        if head.schema != SCHEMA {
            return Err(ObservedError::Schema(head.schema));
        }
        let raw: Raw = serde_json::from_str(text).map_err(json)?;
        let rows = raw.rows.into_iter().zip(1..);
        let rows = rows.map(|(row, number)| row.checked(number));
        Ok(Self {
            pool: raw.pool,
            started: raw.started,
            servers: raw.servers,
            rows: rows.collect::<Result<_, _>>()?,
        })
    }
}

impl RawRow {
    fn checked(self, row: usize) -> Result<Observation, ObservedError> {
        let wrong = |value: &str, what| ObservedError::Value {
            value: value.to_owned(),
            what,
            row,
        };
        let class = Class::from_word(&self.class).ok_or_else(|| wrong(&self.class, "class"))?;
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
            endpoint: format!("{} {}", self.destination, self.service),
            requirement: self.requirement,
            name: name.transpose()?,
            address: address.transpose()?,
            service: self.port.map(|port| (transport, port)),
            class,
            standing: class.standing(self.evidence),
            detail: self.detail,
        })
    }
}
