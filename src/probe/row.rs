//! What became of an endpoint.

use std::net::IpAddr;
use std::time::Duration;

use smol_str::SmolStr;

use crate::net::{Fqdn, Service};

/// What became of one endpoint of a requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The requirement.
    pub requirement: SmolStr,
    /// The destination as the requirement writes it.
    pub destination: String,
    /// The service of the requirement.
    pub service: Service,
    /// The name that was tried.
    pub name: Option<Fqdn>,
    /// The address that was tried.
    pub address: Option<IpAddr>,
    /// The port that was tried.
    pub port: Option<u16>,
    /// How it ended.
    pub ended: Ended,
    /// What was done, in order.
    pub steps: Vec<Step>,
}

/// How trying an endpoint ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// What it amounts to.
    pub class: Class,
    /// Whether it shows that the endpoint can be reached, or that it cannot.
    pub evidence: bool,
    /// What was seen, in words.
    pub detail: String,
}

impl Ended {
    /// What is known of the endpoint.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.class.standing(self.evidence)
    }

    /// An end that shows whether the endpoint can be reached.
    pub(super) fn shown(class: Class, detail: impl Into<String>) -> Self {
        Self {
            class,
            evidence: true,
            detail: detail.into(),
        }
    }

    /// An end that shows nothing of the endpoint.
    pub(super) fn unclear(class: Class, detail: impl Into<String>) -> Self {
        Self {
            class,
            evidence: false,
            detail: detail.into(),
        }
    }
}

/// What is known of an endpoint after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It certainly cannot be reached as it should be.
    Failed,
    /// Nothing certain.
    Unknown,
    /// It certainly can be reached.
    Reached,
}

/// What the end of a row amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// It can be reached.
    Ok,
    /// The name does not exist.
    NoSuchName,
    /// The name led to no address, for another reason.
    DnsFailure,
    /// The name led to a public address where it should to a private one, or the other way round.
    WrongView,
    /// Nothing left this machine: it has no way there, or its own packet filter forbids it.
    NotSent,
    /// Nobody answered the TCP connection.
    Timeout,
    /// Somebody turned it away: a TCP reset or an ICMP error.
    Refused,
    /// The connection was accepted, and reset, closed or left without an answer once the client had spoken.
    ResetAfterHello,
    /// A firewall answered in the server's place, and says that it denies.
    Denied,
    /// TLS was answered, and not by a certificate that the roots vouch for.
    TlsIntercepted,
    /// A proxy or a filter answered in the server's place.
    ProxyNeeded,
    /// Some addresses of the name can be reached, and others cannot.
    Partial,
    /// Nobody answered a datagram, which says nothing.
    NoAnswer,
    /// It was not tried.
    NotProbed,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Ok,
        Self::NoSuchName,
        Self::DnsFailure,
        Self::WrongView,
        Self::NotSent,
        Self::Timeout,
        Self::Refused,
        Self::ResetAfterHello,
        Self::Denied,
        Self::TlsIntercepted,
        Self::ProxyNeeded,
        Self::Partial,
        Self::NoAnswer,
        Self::NotProbed,
    ];

    /// What a row shows that ended so, with evidence or without.
    #[must_use]
    pub fn standing(self, evidence: bool) -> Standing {
        match (evidence, self) {
            (false, _) => Standing::Unknown,
            (true, Self::Ok) => Standing::Reached,
            (true, _) => Standing::Failed,
        }
    }

    /// The class of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.word() == word)
    }

    /// The word for programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NoSuchName => "no_such_name",
            Self::DnsFailure => "dns_failure",
            Self::WrongView => "wrong_view",
            Self::NotSent => "not_sent",
            Self::Timeout => "timeout",
            Self::Refused => "refused",
            Self::ResetAfterHello => "reset_after_hello",
            Self::Denied => "denied",
            Self::TlsIntercepted => "tls_intercepted",
            Self::ProxyNeeded => "proxy_needed",
            Self::Partial => "partial",
            Self::NoAnswer => "no_answer",
            Self::NotProbed => "not_probed",
        }
    }
}

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What.
    pub kind: StepKind,
    /// How long it took.
    pub took: Duration,
    /// What came of it, in words.
    pub result: String,
}

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepKind {
    /// A name is asked for.
    Resolve,
    /// A TCP connection is made.
    Connect,
    /// An HTTP proxy is asked for a way to the server.
    Proxy,
    /// The handshake of TLS.
    Tls,
    /// A request of HTTP.
    Http,
    /// The pre-login of SQL Server.
    Mssql,
    /// A request for the time.
    Ntp,
    /// A datagram.
    Udp,
}

impl StepKind {
    /// The word for programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Proxy => "proxy",
            Self::Tls => "tls",
            Self::Http => "http",
            Self::Mssql => "mssql",
            Self::Ntp => "ntp",
            Self::Udp => "udp",
        }
    }
}
