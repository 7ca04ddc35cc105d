//! What is answered for a name.

use std::fmt;
use std::net::IpAddr;

use crate::net::Fqdn;

/// Everything that servers say of one name: its aliases one after the other, and the addresses of the last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The name that was asked for.
    pub name: Fqdn,
    /// The names that it stands for, in the order in which they lead on.
    pub aliases: Vec<Alias>,
    /// The addresses of the last name, IPv4 before IPv6, in ascending order, each once.
    pub addresses: Vec<Address>,
    /// Why there are no addresses.
    pub failure: Option<Failure>,
}

/// A name that another one stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// The name that is led to.
    pub name: Fqdn,
    /// For how many seconds that may be kept.
    pub ttl: u32,
}

/// An address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The address.
    pub ip: IpAddr,
    /// For how many seconds it may be kept.
    pub ttl: u32,
}

/// Why a name has no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The name, or the last of its aliases, does not exist (NXDOMAIN).
    NoSuchName,
    /// The name exists and has no address.
    NoAddress,
    /// The server failed (SERVFAIL).
    ServerFailure,
    /// The server does not answer such questions (REFUSED).
    Refused,
    /// Answers were cut off, over TCP too.
    Truncated,
    /// Nobody answered in time.
    Timeout,
    /// No server could be reached.
    Unreachable(String),
    /// The server showed a certificate over TLS that is not believed; why not.
    Untrusted(String),
    /// Aliases lead back to this name.
    Loop(Fqdn),
    /// There are more aliases than resolvers follow.
    TooManyAliases,
    /// Anything else, as it was told.
    Other(String),
}

impl Failure {
    /// The failures without a text, by the word that files use.
    const WORDS: [(&'static str, Self); 7] = [
        ("no-such-name", Self::NoSuchName),
        ("no-address", Self::NoAddress),
        ("server-failure", Self::ServerFailure),
        ("refused", Self::Refused),
        ("truncated", Self::Truncated),
        ("timeout", Self::Timeout),
        ("too-many-aliases", Self::TooManyAliases),
    ];

    /// Whether it says something of the name, and not of the servers or the way to them.
    #[must_use]
    pub fn is_of_name(&self) -> bool {
        matches!(
            self,
            Self::NoSuchName | Self::NoAddress | Self::Loop(_) | Self::TooManyAliases
        )
    }

    /// How files write it.
    #[must_use]
    pub fn word(&self) -> String {
        let mut words = Self::WORDS.iter();
        match (words.find(|(_, failure)| failure == self), self) {
            (Some((word, _)), _) => (*word).to_owned(),
            (None, Self::Loop(name)) => format!("loop at {}", name.as_str()),
            (None, Self::Unreachable(text)) => format!("unreachable: {text}"),
            (None, Self::Untrusted(text)) => format!("untrusted: {text}"),
            (None, Self::Other(text)) => format!("other: {text}"),
            (None, _) => String::new(),
        }
    }

    /// What files wrote so.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        if let Some((_, failure)) = Self::WORDS.iter().find(|(known, _)| *known == word) {
            return Some(failure.clone());
        }
        if let Some(name) = word.strip_prefix("loop at ") {
            return name.parse().ok().map(Self::Loop);
        }
        if let Some(text) = word.strip_prefix("unreachable: ") {
            return Some(Self::Unreachable(text.to_owned()));
        }
        if let Some(text) = word.strip_prefix("untrusted: ") {
            return Some(Self::Untrusted(text.to_owned()));
        }
        let text = word.strip_prefix("other: ")?;
        Some(Self::Other(text.to_owned()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchName => f.write_str("no such name (NXDOMAIN)"),
            Self::NoAddress => f.write_str("the name exists and has no address"),
            Self::ServerFailure => f.write_str("the server failed (SERVFAIL)"),
            Self::Refused => f.write_str("the server refused to answer (REFUSED)"),
            Self::Truncated => f.write_str("the answer was cut off, over TCP too"),
            Self::Timeout => f.write_str("no answer in time"),
            Self::Unreachable(text) => write!(f, "no server could be reached: {text}"),
            Self::Untrusted(text) => {
                write!(f, "the certificate of the server is not believed: {text}")
            }
            Self::Loop(name) => write!(f, "its aliases lead back to {}", name.as_str()),
            Self::TooManyAliases => f.write_str("more aliases than resolvers follow"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl Answer {
    /// The shortest time in seconds for which anything of it may be kept; `None` when there is nothing.
    #[must_use]
    pub fn ttl(&self) -> Option<u32> {
        let aliases = self.aliases.iter().map(|alias| alias.ttl);
        let addresses = self.addresses.iter().map(|address| address.ttl);
        aliases.chain(addresses).min()
    }

    /// The name that the addresses belong to.
    #[must_use]
    pub fn last_name(&self) -> &Fqdn {
        self.aliases.last().map_or(&self.name, |alias| &alias.name)
    }
}
