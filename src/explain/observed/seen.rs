//! What was seen of endpoints, whoever tried them.

use std::net::IpAddr;

use crate::azure::Target;
use crate::estate::Direction;
use crate::net::{Fqdn, Transport};
use crate::probe::{Class, Standing};

use super::super::query::{QueryError, parse_place};

/// What was seen from a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// Who looked.
    pub by: SeenBy,
    /// The pool, where the file names it.
    pub pool: Option<String>,
    /// The day, where the file tells it.
    pub started: Option<String>,
    /// The DNS servers that were asked, where the file tells them.
    pub servers: Vec<String>,
    /// Each endpoint that was tried, or should have been.
    pub rows: Vec<Observation>,
    /// What the file says beside its endpoints.
    pub remarks: Vec<String>,
    /// The lines of the file that were not understood.
    pub unread: Vec<UnreadLine>,
}

/// Who looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeenBy {
    /// `tidegate probe`.
    Probe,
    /// Network Watcher, from a machine.
    ConnectivityCheck,
    /// The script of AKS that checks the network of a node.
    NodeCheck,
}

impl SeenBy {
    /// The word for programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::ConnectivityCheck => "connectivity_check",
            Self::NodeCheck => "aks_check_network",
        }
    }

    /// Who it was, for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Probe => "tidegate probe",
            Self::ConnectivityCheck => "the connectivity check of Network Watcher",
            Self::NodeCheck => "the network check of AKS on a node",
        }
    }
}

/// A line that was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadLine {
    /// Its number, from 1.
    pub number: usize,
    /// Its beginning.
    pub text: String,
}

/// What was seen of one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The requirement, where the file names it.
    pub requirement: Option<String>,
    /// The endpoint as the file or the requirement writes it.
    pub endpoint: String,
    /// The address that it was tried from, where the file tells it.
    pub from: Option<IpAddr>,
    /// The name that was tried.
    pub name: Option<Fqdn>,
    /// The address that was tried.
    pub address: Option<IpAddr>,
    /// What ran over it, and the port that was tried; `None` when nothing was.
    pub service: Option<(Transport, u16)>,
    /// How it ended.
    pub ending: Ending,
    /// What that shows.
    pub standing: Standing,
    /// What was seen, in words.
    pub detail: String,
    /// What Network Watcher tells of the way. With it nothing but a connection was made.
    pub check: Option<Check>,
}

/// How trying an endpoint ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// As a probe tells it apart.
    Probed(Class),
    /// No connection was made, and it is not told in which way it failed.
    Unreachable,
    /// The name led somewhere and no answer of HTTP came; the connection, TLS or the time may be why.
    Unanswered,
    /// It is not told.
    Untold,
}

impl Ending {
    /// The word for programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Probed(class) => class.word(),
            Self::Unreachable => "unreachable",
            Self::Unanswered => "unanswered",
            Self::Untold => "untold",
        }
    }

    /// Whether it ended at the name already.
    #[must_use]
    pub fn is_of_name(self) -> bool {
        matches!(self, Self::Probed(Class::NoSuchName | Class::DnsFailure))
    }
}

/// What Network Watcher tells of the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The hops in their order.
    pub hops: Vec<Hop>,
    /// What it found wrong, in the order of the hops.
    pub issues: Vec<Issue>,
}

/// A hop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// What it is.
    pub kind: HopKind,
    /// Its address.
    pub address: Option<IpAddr>,
}

/// What a hop is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HopKind {
    /// The machine that the check starts at.
    Source,
    /// A next hop that is an appliance.
    Appliance,
    /// Anything else.
    Other,
}

/// Something that Network Watcher found wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// What it holds responsible.
    pub blamed: Blamed,
    /// How bad it is.
    pub severity: IssueSeverity,
    /// Which way, where Azure says so.
    pub direction: Option<Direction>,
    /// Where: the direction and the address of the hop, in words.
    pub place: String,
}

/// How bad something is that Network Watcher found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueSeverity {
    /// It stops the connection.
    Error,
    /// It may.
    Warning,
}

/// What Network Watcher holds responsible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blamed {
    /// A security rule that somebody wrote.
    SecurityRule(String),
    /// A security rule that Azure adds to every group.
    DefaultRule(String),
    /// A security rule without its name.
    SomeSecurityRule,
    /// A route, or that there is none; in words.
    Route(String),
    /// The name did not resolve.
    Resolution,
    /// The machine, or the platform below it: no part of the network.
    Machine(&'static str),
    /// Something else, in Azure's word.
    Other(String),
}

impl Blamed {
    /// What it is, in words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::SecurityRule(name) => format!("security rule `{name}`"),
            Self::DefaultRule(name) => format!("default security rule `{name}`"),
            Self::SomeSecurityRule => "a security rule".to_owned(),
            Self::Route(words) => words.clone(),
            Self::Resolution => "the resolution of the name".to_owned(),
            Self::Machine(words) => (*words).to_owned(),
            Self::Other(word) if word == "Unknown" => "something that it does not know".to_owned(),
            Self::Other(word) => format!("something of type `{word}`"),
        }
    }
}

/// What a check tried that does not tell it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// Where to.
    pub to: Target,
    /// Over what.
    pub transport: Transport,
    /// To which port.
    pub port: u16,
}

impl Tried {
    /// What was tried as it is written: `HOST[:PORT][/PROTOCOL]`.
    ///
    /// # Errors
    /// When a part is malformed.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let (to, transport, port) = parse_place(text)?;
        Ok(Self {
            to,
            transport,
            port,
        })
    }
}
