//! The lock file: what names led to on a day, as people review it.
//!
//! One block a name, in the order of the alphabet, and nothing that changes while the answers stay the same but the day:
//! of the times for which answers may be kept the longest is written that was seen, because servers count them down.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;

use serde::Deserialize;

use crate::base::Date;
use crate::net::Fqdn;

use super::{Answer, Failure, Views, compare};

/// The schema that a lock file declares.
const SCHEMA: &str = "egress-lock/1";

/// What names led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// The day on which they were asked for.
    pub date: Date,
    /// Who was asked.
    pub servers: Vec<String>,
    /// What was answered.
    pub names: BTreeMap<Fqdn, Locked>,
    /// What other servers answered, where each was asked for itself and they disagree.
    pub views: BTreeMap<Fqdn, Vec<OtherView>>,
}

/// What other servers say of a name than the first one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherView {
    /// The servers, which agree.
    pub servers: Vec<String>,
    /// What they answered.
    pub locked: Locked,
}

/// What a name led to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Locked {
    /// The names that it stands for, in the order in which they lead on.
    pub aliases: Vec<Fqdn>,
    /// The addresses of the last one, IPv4 before IPv6, in ascending order, each once.
    pub addresses: Vec<IpAddr>,
    /// The shortest time in seconds for which anything of it may be kept.
    pub ttl: Option<u32>,
    /// Why there are no addresses.
    pub failure: Option<Failure>,
}

/// Why a text is no lock file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// It is not the YAML of a lock file.
    #[error("{0}")]
    Yaml(String),
    /// Another schema.
    #[error("the schema is `{0}`; this program reads {SCHEMA}")]
    Schema(String),
    /// A value that is not what its place asks for.
    #[error("`{value}` is no {what}{place}")]
    Value {
        /// What is written.
        value: String,
        /// What should be.
        what: &'static str,
        /// The name whose block it is in.
        place: String,
    },
    /// A name without an address has to say why, and one with an address cannot fail.
    #[error("`{0}` has to have either addresses or a failure")]
    Neither(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    schema: String,
    date: String,
    servers: Vec<String>,
    names: BTreeMap<String, RawLocked>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLocked {
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    addresses: Vec<String>,
    ttl: Option<u32>,
    failure: Option<String>,
    #[serde(default)]
    views: Vec<RawView>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawView {
    servers: Vec<String>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    addresses: Vec<String>,
    ttl: Option<u32>,
    failure: Option<String>,
}

impl Locked {
    /// What is kept of an answer; the aliases and addresses that were known before tell how long answers may be kept at
    /// most.
    #[must_use]
    pub fn of(answer: &Answer, before: Option<&Self>) -> Self {
        let locked = Self {
            aliases: answer.aliases.iter().map(|it| it.name.clone()).collect(),
            addresses: answer.addresses.iter().map(|it| it.ip).collect(),
            ttl: answer.ttl(),
            failure: answer.failure.clone(),
        };
        locked.since(before)
    }

    /// The same, with the longest time that was seen of it.
    fn since(mut self, before: Option<&Self>) -> Self {
        let same = before.filter(|it| it.says_the_same(&self));
        self.ttl = self.ttl.max(same.and_then(|it| it.ttl));
        self
    }

    /// Whether it says something of the name, and not of the servers or the way to them.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        self.failure.as_ref().is_none_or(Failure::is_of_name)
    }

    /// Whether two answers are the same; for how long they may be kept does not count.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        (&self.aliases, &self.addresses, &self.failure)
            == (&other.aliases, &other.addresses, &other.failure)
    }
}

impl Lock {
    /// What is kept of answers.
    #[must_use]
    pub fn of(date: Date, servers: Vec<String>, answers: &[Answer], before: Option<&Self>) -> Self {
        let names = answers.iter().map(|answer| {
            let before = before.and_then(|lock| lock.names.get(&answer.name));
            (answer.name.clone(), Locked::of(answer, before))
        });
        Self {
            date,
            servers,
            names: names.collect(),
            views: BTreeMap::new(),
        }
    }

    /// The names that no server said anything of.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        self.names.values().filter(|it| !it.is_answer()).count()
    }

    /// What is kept of several servers that were each asked for themselves: the answers of the first one that answered
    /// for a name, and those of others that disagree with it.
    #[must_use]
    pub fn of_views(views: &Views, before: Option<&Self>) -> Option<Self> {
        let (_, first) = views.all.first()?;
        let mut lock = first.clone();
        lock.servers = views.all.iter().map(|(server, _)| server.clone()).collect();
        for (name, locked) in &mut lock.names {
            let mut all = views.all.iter().filter_map(|(_, it)| it.names.get(name));
            if let Some(answer) = all.find(|it| it.is_answer()) {
                *locked = answer.clone();
            }
            let before = before.and_then(|lock| lock.names.get(name));
            *locked = std::mem::take(locked).since(before);
        }
        for difference in compare(views) {
            let known = before.and_then(|lock| lock.views.get(difference.name));
            // The first view is that of the first server that answered.
            let others = difference.views.iter().skip(1).map(|(servers, locked)| {
                let mut known = known.into_iter().flatten().map(|view| &view.locked);
                let before = known.find(|it| it.says_the_same(locked));
                OtherView {
                    servers: servers.iter().map(|server| (*server).to_owned()).collect(),
                    locked: (*locked).clone().since(before),
                }
            });
            lock.views.insert(difference.name.clone(), others.collect());
        }
        Some(lock)
    }

    /// Reads a lock file.
    ///
    /// # Errors
    /// What is wrong with it, with its place where the YAML tells one.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        let raw: Raw =
            serde_saphyr::from_str(text).map_err(|error| LockError::Yaml(error.to_string()))?;
        if raw.schema != SCHEMA {
            return Err(LockError::Schema(raw.schema));
        }
        let mut names = BTreeMap::new();
        let mut views = BTreeMap::new();
        for (name, mut raw) in raw.names {
            let key: Fqdn = value(&name, "name", "")?;
            let others = std::mem::take(&mut raw.views).into_iter();
            let others: Vec<OtherView> = others
                .map(|view| view.checked(&name))
                .collect::<Result<_, _>>()?;
            if !others.is_empty() {
                views.insert(key.clone(), others);
            }
            names.insert(key, raw.checked(&name)?);
        }
        Ok(Self {
            date: value(&raw.date, "date", "")?,
            servers: raw.servers,
            names,
            views,
        })
    }

    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = format!("schema: {SCHEMA}\ndate: {}\n", self.date);
        list(
            &mut out,
            "",
            "servers",
            self.servers.iter().map(|it| quoted(it)),
        );
        if self.names.is_empty() {
            out.push_str("names: {}\n");
            return out;
        }
        out.push_str("names:\n");
        for (name, locked) in &self.names {
            let _ = writeln!(out, "  {}:", name.as_str());
            write_answer(&mut out, "    ", locked);
            let others = self.views.get(name).map_or(&[][..], Vec::as_slice);
            if !others.is_empty() {
                out.push_str("    views:\n");
            }
            for view in others {
                let mut block = String::new();
                let servers = view.servers.iter().map(|it| quoted(it));
                list(&mut block, "      ", "servers", servers);
                write_answer(&mut block, "      ", &view.locked);
                out.push_str("    - ");
                out.push_str(block.trim_start());
            }
        }
        out
    }
}

fn write_answer(out: &mut String, indent: &str, locked: &Locked) {
    if !locked.aliases.is_empty() {
        let aliases = locked.aliases.iter().map(|it| it.as_str().to_owned());
        list(out, indent, "aliases", aliases);
    }
    if !locked.addresses.is_empty() {
        let addresses = locked.addresses.iter().map(|ip| match ip {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => quoted(&ip.to_string()),
        });
        list(out, indent, "addresses", addresses);
    }
    if let Some(failure) = &locked.failure {
        let _ = writeln!(out, "{indent}failure: {}", quoted(&failure.word()));
    }
    if let Some(ttl) = locked.ttl {
        let _ = writeln!(out, "{indent}ttl: {ttl}");
    }
}

impl RawView {
    fn checked(self, name: &str) -> Result<OtherView, LockError> {
        let answer = RawLocked {
            aliases: self.aliases,
            addresses: self.addresses,
            ttl: self.ttl,
            failure: self.failure,
            views: Vec::new(),
        };
        Ok(OtherView {
            servers: self.servers,
            locked: answer.checked(name)?,
        })
    }
}

impl RawLocked {
    fn checked(self, name: &str) -> Result<Locked, LockError> {
        let place = format!(" (of `{name}`)");
        let mut addresses = Vec::new();
        for address in &self.addresses {
            addresses.push(value(address, "address", &place)?);
        }
        addresses.sort();
        addresses.dedup();
        let mut aliases = Vec::new();
        for alias in &self.aliases {
            aliases.push(value(alias, "name", &place)?);
        }
        let failure = self.failure.map(|word| {
            Failure::from_word(&word).ok_or(LockError::Value {
                value: word,
                what: "failure",
                place,
            })
        });
        let failure = failure.transpose()?;
        if addresses.is_empty() != failure.is_some() {
            return Err(LockError::Neither(name.to_owned()));
        }
        Ok(Locked {
            aliases,
            addresses,
            ttl: self.ttl,
            failure,
        })
    }
}

fn value<T: std::str::FromStr>(
    text: &str,
    what: &'static str,
    place: &str,
) -> Result<T, LockError> {
    text.parse().map_err(|_| LockError::Value {
        value: text.to_owned(),
        what,
        place: place.to_owned(),
    })
}

fn list(out: &mut String, indent: &str, key: &str, items: impl Iterator<Item = String>) {
    let items: Vec<String> = items.collect();
    if items.is_empty() {
        let _ = writeln!(out, "{indent}{key}: []");
        return;
    }
    let _ = writeln!(out, "{indent}{key}:");
    for item in items {
        let _ = writeln!(out, "{indent}- {item}");
    }
}

/// A text that YAML cannot mistake for anything else.
fn quoted(text: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let plain = text.bytes().all(safe) && text.starts_with(|it: char| it.is_ascii_alphabetic());
    if plain {
        return text.to_owned();
    }
    let text: String = text.chars().filter(|it| !it.is_control()).collect();
    format!("'{}'", text.replace('\'', "''"))
}
