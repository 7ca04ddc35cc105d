//! One line of the script: what it says, in any of the versions that were published.

use std::net::IpAddr;

use crate::net::{Fqdn, parse_address};

/// What stands around the output of a command that was run on a node.
const AROUND: [&str; 3] = ["[stdout]", "[stderr]", "Enable succeeded:"];

/// What begins the output of other programs.
const PRINTS: [&str; 2] = [
    "Trace DNS request for ",
    "Checking resolv.conf for nameserver",
];

/// The port of HTTPS, which the script always uses.
const PORT: u16 = 443;

/// A line by what it says.
pub(super) enum Line {
    /// Something of an endpoint.
    Tells(Told),
    /// Something else, worth telling.
    Remark(String),
    /// What other programs print about a name follows.
    Prints(Option<Host>),
    /// Nothing of use.
    Nothing,
    /// It is not understood.
    Other,
}

/// What a line says of an endpoint.
pub(super) struct Told {
    pub(super) host: Host,
    pub(super) what: What,
    /// What it says beside that.
    pub(super) remark: Option<String>,
}

pub(super) enum What {
    /// The name resolved.
    Name,
    /// It did not.
    NoName,
    /// It could not be tried.
    Untried,
    /// The status of the answer; 0 is none.
    Status(u16),
}

/// Where a request went.
#[derive(Clone, PartialEq)]
pub(super) struct Host {
    pub(super) name: Option<Fqdn>,
    pub(super) address: Option<IpAddr>,
    pub(super) port: u16,
}

impl Line {
    pub(super) fn of(line: &str) -> Self {
        let line = bare(line);
        if line.is_empty() || AROUND.contains(&line) || line == "Checking additional endpoints ..."
        {
            return Self::Nothing;
        }
        if let Some(rest) = PRINTS.iter().find_map(|begin| line.strip_prefix(begin)) {
            return Self::Prints(Host::first_of(rest).map(|(host, _)| host));
        }
        match levelled(line) {
            None => Self::Other,
            Some(("INFO", _)) => Self::Nothing,
            Some(("WARNING" | "FAILURE", sentence)) => Self::Remark(sentence.to_owned()),
            Some(("SUCCESS" | "ERROR", sentence)) => sentence_of(sentence),
            Some(_) => Self::Other,
        }
    }
}

/// A line without what stands around it: old versions print the quotes of their own command.
fn bare(line: &str) -> &str {
    line.trim().trim_matches('\'').trim()
}

/// The level of a line, known or not.
pub(super) fn level_of(line: &str) -> Option<&str> {
    levelled(bare(line)).map(|(level, _)| level)
}

/// The level of a line, known or not, and its sentence: `DATE - LEVEL: SENTENCE`, or without the date.
fn levelled(line: &str) -> Option<(&str, &str)> {
    let is_level =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase());
    let (before, sentence) = line.split_once(": ")?;
    let level = match before.rsplit_once(" - ") {
        Some((_, level)) => level,
        None => before,
    };
    is_level(level).then_some((level, sentence))
}

fn sentence_of(sentence: &str) -> Line {
    let after = |begins: &[&str]| begins.iter().find_map(|it| sentence.strip_prefix(it));
    if after(&[
        "Successfully retrieved access token",
        "Successfully sent metadata endpoint request",
    ])
    .is_some()
    {
        return Line::Nothing;
    }
    if after(&[
        "Failed to retrieve access token",
        "Failed to send metadata endpoint request",
    ])
    .is_some()
    {
        let untried = sentence.rsplit_once("Can't check access to ");
        return match untried.and_then(|(_, rest)| Host::first_of(rest)) {
            Some((host, _)) => Line::Tells(Told {
                host,
                what: What::Untried,
                remark: Some(sentence.to_owned()),
            }),
            None => Line::Remark(sentence.to_owned()),
        };
    }
    let (rest, names) = match (
        after(&["Successfully tested DNS resolution to "]),
        after(&["Failed to test DNS resolution to "]),
    ) {
        (Some(rest), _) => (rest, Some(What::Name)),
        (None, Some(rest)) => (rest, Some(What::NoName)),
        (None, None) => {
            let requests = [
                "Successfully tested ",
                "Successfully curled ",
                "Failed to curl ",
                "Failed to test ",
            ];
            match after(&requests) {
                Some(rest) => (rest, None),
                None => return Line::Other,
            }
        }
    };
    let rest = ["endpoint ", "apiserver "]
        .iter()
        .find_map(|word| rest.strip_prefix(word))
        .unwrap_or(rest);
    let Some((host, rest)) = Host::first_of(rest) else {
        return Line::Other;
    };
    match names.or_else(|| status_of(rest).map(What::Status)) {
        Some(what) => Line::Tells(Told {
            host,
            what,
            remark: None,
        }),
        None => Line::Other,
    }
}

fn status_of(rest: &str) -> Option<u16> {
    let (_, after) = rest.split_once("with returned status code ")?;
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

impl Host {
    /// The host at the beginning of a text, which may stand there as part of a URL, and what follows it.
    fn first_of(text: &str) -> Option<(Self, &str)> {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let word = word.strip_prefix("https://").unwrap_or(word);
        let word = word.split(['/', '?']).next().unwrap_or(word);
        let word = word.trim_end_matches(['.', ',']);
        let (host, port) = match word.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') => (host, port.parse().ok()?),
            _ => (word, PORT),
        };
        let address = parse_address(host);
        let name = match address {
            Some(_) => None,
            None => Some(host.parse().ok()?),
        };
        Some((
            Self {
                name,
                address,
                port,
            },
            rest,
        ))
    }

    pub(super) fn words(&self) -> String {
        let name = self.name.as_ref().map(ToString::to_string);
        let host = name.or(self.address.map(|it| it.to_string()));
        let host = host.unwrap_or_default();
        match self.port {
            PORT => format!("{host} https"),
            port => format!("{host} tcp/{port}"),
        }
    }
}
