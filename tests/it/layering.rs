//! Folders are layers: each uses only those below it, and what touches the outside stays in its place.
//!
//! The tables at the top are the rules; the test reads the paths in every source file and holds them to the rules.

use std::fmt;

use super::support::{files, project};

/// The folders of `src/`, lowest first: each may use those before it.
const LAYERS: [&str; 19] = [
    "base", "diag", "net", "dns", "space", "estate", "intent", "probe", "syntax", "import",
    "azure", "reach", "compile", "emit", "lint", "explain", "verify", "report", "cli",
];

/// Folders that may use less than the order allows.
enum Narrow {
    /// Nothing but these.
    Only(&'static str, &'static [&'static str]),
    /// Not these.
    Without(&'static str, &'static [&'static str]),
}

const NARROW: &[Narrow] = &[
    Narrow::Only("diag", &["base"]),
    Narrow::Only("net", &["base"]),
    Narrow::Only("dns", &["base", "net"]),
    Narrow::Only("probe", &["base", "net", "dns", "intent"]),
    // The concrete evaluator is the oracle of the symbolic one, so they share no sets.
    Narrow::Only("azure", &["base", "diag", "net", "estate"]),
    Narrow::Only(
        "compile",
        &["base", "diag", "net", "estate", "intent", "azure"],
    ),
    Narrow::Without("emit", &["intent", "syntax", "compile"]),
    Narrow::Without("lint", &["syntax", "emit", "compile"]),
];

/// Parts of folders that may use what the rest of their folder may not.
const WIDER: &[(&str, &str)] = &[
    // A policy says what is wanted; templates know nothing of it.
    ("src/emit/egress/", "intent"),
];

/// Something that belongs into certain files.
struct Kept {
    what: What,
    inside: &'static [&'static str],
}

enum What {
    /// A path, and all below it.
    Path(&'static str),
    /// A word as any part of a path.
    Word(&'static str),
}

const CLI: &[&str] = &["src/cli/", "src/main.rs"];

const KEPT: &[Kept] = &[
    Kept {
        what: What::Path("std::fs"),
        inside: CLI,
    },
    Kept {
        what: What::Path("std::env"),
        inside: CLI,
    },
    Kept {
        what: What::Path("std::process"),
        inside: CLI,
    },
    Kept {
        what: What::Path("std::time::SystemTime"),
        inside: CLI,
    },
    Kept {
        what: What::Path("std::time::Instant"),
        inside: CLI,
    },
    Kept {
        what: What::Path("std::net::TcpStream"),
        inside: &[],
    },
    Kept {
        what: What::Path("std::net::TcpListener"),
        inside: &[],
    },
    Kept {
        what: What::Path("std::net::UdpSocket"),
        inside: &[],
    },
    Kept {
        what: What::Path("std::net::ToSocketAddrs"),
        inside: &[],
    },
    Kept {
        what: What::Path("tokio"),
        inside: &["src/dns/", "src/probe/"],
    },
    Kept {
        what: What::Path("rustls"),
        inside: &["src/dns/", "src/probe/"],
    },
    Kept {
        what: What::Word("Serialize"),
        inside: &["src/emit/", "src/report/", "src/cli/lint/baseline.rs"],
    },
    Kept {
        what: What::Path("serde_saphyr"),
        inside: &[
            "src/azure/facts/yaml.rs",
            "src/cli/lint/config.rs",
            "src/dns/lock.rs",
            "src/intent/catalog/yaml.rs",
            "src/syntax/parameter_file.rs",
        ],
    },
    Kept {
        what: What::Path("ariadne"),
        inside: &["src/report/human.rs"],
    },
    Kept {
        what: What::Path("quick_junit"),
        inside: &["src/report/junit.rs"],
    },
    // What asks others over a network has one place, so that everything else is known to be offline.
    Kept {
        what: What::Path("hickory_resolver"),
        inside: &["src/dns/"],
    },
    Kept {
        what: What::Path("nom"),
        inside: &["src/syntax/parse/"],
    },
];

/// What is wrong with a source file.
#[derive(Debug, PartialEq, Eq)]
enum Violation {
    /// Its folder is not among the layers.
    UnknownLayer(String),
    /// It uses a folder that it may not use.
    Reaches { from: String, to: String },
    /// A chain of `super` leads out of its folder, past the rules.
    LeavesLayer(String),
    /// It uses what belongs elsewhere.
    Kept(String),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownLayer(layer) => write!(f, "`{layer}` is not among the layers"),
            Self::Reaches { from, to } => write!(f, "`{from}` may not use `{to}`"),
            Self::LeavesLayer(path) => write!(f, "`{path}` leaves its folder: write `crate::`"),
            Self::Kept(path) => write!(f, "`{path}` may not be used here"),
        }
    }
}

#[test]
fn every_source_file_keeps_to_its_layer() {
    let sources = files("src", ".rs");
    assert!(sources.len() > 50, "the sources are found");
    let mut found = Vec::new();
    for path in sources {
        let text = std::fs::read_to_string(project(path.as_str())).unwrap();
        let violations = violations(path.as_str(), shipped(path.as_str(), &text)).into_iter();
        found.extend(violations.map(|violation| format!("{path}: {violation}")));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The part of a source file that is not only for its tests, which may use whatever helps them.
fn shipped<'a>(path: &str, text: &'a str) -> &'a str {
    if path.ends_with("/testing.rs") || path.ends_with("/tests.rs") {
        return "";
    }
    text.split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or(text)
}

/// All that a file at this path from the project's root does against the rules.
fn violations(path: &str, text: &str) -> Vec<Violation> {
    let place: Vec<&str> = path
        .trim_start_matches("src/")
        .trim_end_matches(".rs")
        .split('/')
        .collect();
    let layer = match place.as_slice() {
        [layer, _, ..] => Some(*layer),
        _ => None,
    };
    let depth = place.iter().filter(|part| **part != "mod").count();
    let mut found = Vec::new();
    if let Some(layer) = layer.filter(|layer| !LAYERS.contains(layer)) {
        found.push(Violation::UnknownLayer(layer.to_owned()));
    }
    for used in paths(text) {
        if let Some(layer) = layer {
            let wider = WIDER.iter().any(|(part, to)| {
                path.starts_with(part) && used.segments.get(1).is_some_and(|used| used == to)
            });
            found.extend(against_layers(layer, &used.segments).filter(|_| !wider));
        }
        let supers = used
            .segments
            .iter()
            .take_while(|segment| *segment == "super")
            .count();
        // A lone `super` is the reach of a `pub(super)`.
        let leaves = supers > 0 && supers >= depth + used.modules_around;
        if leaves && supers < used.segments.len() {
            found.push(Violation::LeavesLayer(used.segments.join("::")));
        }
        let kept = KEPT.iter().filter(|kept| kept.what.is(&used.segments));
        if kept
            .into_iter()
            .any(|kept| !kept.inside.iter().any(|place| path.starts_with(place)))
        {
            found.push(Violation::Kept(used.segments.join("::")));
        }
    }
    found
}

fn against_layers(from: &str, path: &[String]) -> Option<Violation> {
    let [root, to, ..] = path else { return None };
    if root != "crate" || to == from {
        return None;
    }
    let position = |layer: &str| LAYERS.iter().position(|known| *known == layer);
    let Some(place) = position(to) else {
        return Some(Violation::UnknownLayer(to.clone()));
    };
    let in_order = position(from).is_some_and(|own| place < own);
    let not_narrowed = NARROW.iter().all(|narrow| match narrow {
        Narrow::Only(layer, allowed) => *layer != from || allowed.contains(&to.as_str()),
        Narrow::Without(layer, forbidden) => *layer != from || !forbidden.contains(&to.as_str()),
    });
    (!in_order || !not_narrowed).then(|| Violation::Reaches {
        from: from.to_owned(),
        to: to.clone(),
    })
}

impl What {
    fn is(&self, path: &[String]) -> bool {
        match self {
            Self::Word(word) => path.iter().any(|segment| segment == word),
            Self::Path(wanted) => {
                let wanted: Vec<&str> = wanted.split("::").collect();
                let same = |(wanted, found): (&&str, &String)| wanted == found || found == "*";
                let reaches =
                    path.len() >= wanted.len() || path.last().is_some_and(|last| last == "*");
                reaches && wanted.iter().zip(path).all(same)
            }
        }
    }
}

/// A path in a source file, in full: the members of a group in braces each have their own.
struct Used {
    segments: Vec<String>,
    /// How many `mod … { }` it stands in.
    modules_around: usize,
}

/// Every path in a source file, a single word being one too; comments and texts hold none.
fn paths(text: &str) -> Vec<Used> {
    let tokens = tokens(text);
    let mut reader = Reader { rest: &tokens };
    let mut found = Vec::new();
    // For every open brace, whether it is that of a module.
    let mut braces = Vec::new();
    let mut before: [&str; 2] = ["", ""];
    while let Some(token) = reader.peek() {
        match token {
            "{" => braces.push(before[0] == "mod"),
            "}" => drop(braces.pop()),
            _ => {}
        }
        let modules_around = braces.iter().filter(|module| **module).count();
        if is_word(token) {
            let mut trees = Vec::new();
            reader.tree(&[], &mut trees);
            before = [before[1], token];
            found.extend(trees.into_iter().map(|segments| Used {
                segments,
                modules_around,
            }));
        } else {
            before = [before[1], token];
            reader.next();
        }
    }
    found
}

struct Reader<'t> {
    rest: &'t [String],
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<&'t str> {
        self.rest.first().map(String::as_str)
    }

    fn next(&mut self) -> Option<&'t str> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    /// A path, or the tree of paths of a `use`, below a prefix.
    fn tree(&mut self, prefix: &[String], found: &mut Vec<Vec<String>>) {
        let mut path = prefix.to_vec();
        loop {
            match self.peek() {
                Some("{") if !prefix.is_empty() || !path.is_empty() => {
                    self.next();
                    while self.peek().is_some_and(|token| token != "}") {
                        if self
                            .peek()
                            .is_some_and(|token| is_word(token) || token == "*" || token == "{")
                        {
                            self.tree(&path, found);
                        } else {
                            self.next();
                        }
                    }
                    self.next();
                    return;
                }
                Some(token) if is_word(token) || token == "*" => {
                    path.push(token.trim_start_matches("r#").to_owned());
                    self.next();
                }
                _ => break,
            }
            if self.peek() != Some("::") {
                break;
            }
            self.next();
        }
        found.push(path);
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// The words and marks of a source file, without comments, texts, characters and lifetimes.
fn tokens(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = after_skipped(rest) {
            rest = after;
            continue;
        }
        let length = if is_word(rest) {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
            end.unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            c.len_utf8()
        };
        let (token, after) = rest.split_at(length);
        found.extend((!c.is_whitespace()).then(|| token.to_owned()));
        rest = after;
    }
    found
}

/// What follows the comment, text, character or lifetime that a text begins with; `None` when it begins with none.
fn after_skipped(text: &str) -> Option<&str> {
    if let Some(comment) = text.strip_prefix("//") {
        return Some(past(comment, "\n"));
    }
    if let Some(comment) = text.strip_prefix("/*") {
        return Some(past(comment, "*/"));
    }
    let literal = text.strip_prefix('b').unwrap_or(text);
    if let Some(marked) = literal.strip_prefix('r') {
        let raw = marked.trim_start_matches('#');
        let marks = "#".repeat(marked.len() - raw.len());
        if let Some(raw) = raw.strip_prefix('"') {
            return Some(past(raw, &format!("\"{marks}")));
        }
    }
    if let Some(rest) = literal.strip_prefix('"') {
        return Some(past_quote(rest, '"'));
    }
    let rest = literal.strip_prefix('\'')?;
    let mut characters = rest.chars();
    let is_lifetime = characters.next() != Some('\\') && characters.next() != Some('\'');
    Some(if is_lifetime {
        rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_')
    } else {
        past_quote(rest, '\'')
    })
}

fn past<'a>(text: &'a str, end: &str) -> &'a str {
    text.split_once(end).map_or("", |(_, after)| after)
}

/// What follows the next quote without a backslash before it.
fn past_quote(text: &str, quote: char) -> &str {
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => drop(rest.next()),
            _ if c == quote => break,
            _ => {}
        }
    }
    rest.as_str()
}

#[test]
fn every_kind_of_violation_is_noticed() {
    let reaches = |from: &str, to: &str| Violation::Reaches {
        from: from.to_owned(),
        to: to.to_owned(),
    };
    let kept = |path: &str| Violation::Kept(path.to_owned());
    let cases = [
        (
            "src/net/x.rs",
            "use crate::estate::Vnet;",
            vec![reaches("net", "estate")],
        ),
        (
            "src/net/x.rs",
            "use crate::{base::Span, diag};",
            vec![reaches("net", "diag")],
        ),
        (
            "src/diag/x.rs",
            "use crate::{base, net::{self, Port}};",
            vec![reaches("diag", "net")],
        ),
        (
            "src/azure/x.rs",
            "fn f(it: &crate::space::Set) {}",
            vec![reaches("azure", "space")],
        ),
        (
            "src/azure/facts/x.rs",
            "use crate::intent::Intent;",
            vec![reaches("azure", "intent")],
        ),
        (
            "src/emit/x.rs",
            "pub use crate::compile::Plan as P;",
            vec![reaches("emit", "compile")],
        ),
        (
            "src/compile/x.rs",
            "mod tests { use crate::syntax::parse; }",
            vec![reaches("compile", "syntax")],
        ),
        (
            "src/lint/x.rs",
            "use crate :: /* so */ emit::*;",
            vec![reaches("lint", "emit")],
        ),
        (
            "src/syntax/x.rs",
            "let f = crate::azure::facts::f;",
            vec![reaches("syntax", "azure")],
        ),
        (
            "src/report/x.rs",
            "use crate::cli::main;",
            vec![reaches("report", "cli")],
        ),
        (
            "src/other/x.rs",
            "",
            vec![Violation::UnknownLayer("other".to_owned())],
        ),
        (
            "src/cli/x.rs",
            "use crate::other::f;",
            vec![Violation::UnknownLayer("other".to_owned())],
        ),
        (
            "src/net/x.rs",
            "use super::super::azure;",
            vec![Violation::LeavesLayer("super::super::azure".to_owned())],
        ),
        (
            "src/net/mod.rs",
            "use super::azure;",
            vec![Violation::LeavesLayer("super::azure".to_owned())],
        ),
        (
            "src/emit/x.rs",
            "let text = std::fs::read(path);",
            vec![kept("std::fs::read")],
        ),
        (
            "src/emit/x.rs",
            "use std::{fmt, fs};",
            vec![kept("std::fs")],
        ),
        ("src/lint/x.rs", "use std::env;", vec![kept("std::env")]),
        (
            "src/lint/x.rs",
            "std::process::exit(1)",
            vec![kept("std::process::exit")],
        ),
        (
            "src/lint/x.rs",
            "use std::time::{Duration, SystemTime};",
            vec![kept("std::time::SystemTime")],
        ),
        (
            "src/net/x.rs",
            "use std::net::{IpAddr, TcpStream};",
            vec![kept("std::net::TcpStream")],
        ),
        (
            "src/net/x.rs",
            "use std::net::*;",
            vec![kept("std::net::*")],
        ),
        (
            "src/estate/x.rs",
            "#[derive(Debug, Serialize)]",
            vec![kept("Serialize")],
        ),
        (
            "src/estate/x.rs",
            "impl serde::Serialize for Estate {}",
            vec![kept("serde::Serialize")],
        ),
        (
            "src/intent/x.rs",
            "use serde_saphyr as yaml;",
            vec![kept("serde_saphyr")],
        ),
        (
            "src/report/x.rs",
            "use ariadne::Report;",
            vec![kept("ariadne::Report")],
        ),
        (
            "src/syntax/x.rs",
            "use nom::branch::alt;",
            vec![kept("nom::branch::alt")],
        ),
    ];
    for (path, text, expected) in cases {
        let mut found = violations(path, text);
        found.dedup();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn what_is_allowed_is_not_reported() {
    let cases = [
        (
            "src/emit/x.rs",
            "use crate::{azure::facts::Facts, base::Span, estate::*};",
        ),
        (
            "src/emit/x.rs",
            "// use crate::compile::Plan;\nlet text = \"crate::intent \\\" crate::intent\";",
        ),
        (
            "src/emit/x.rs",
            "let text = r#\"a \" crate::intent\"#; let c = '\"'; let l: &'static str; /* std::fs */",
        ),
        ("src/emit/egress/x.rs", "use crate::intent::Intent;"),
        (
            "src/net/x.rs",
            "use std::net::IpAddr; use super::port; mod tests { use super::super::port; }",
        ),
        ("src/net/mod.rs", "mod tests { use super::*; }"),
        (
            "src/cli/x.rs",
            "use std::{env, fs}; use crate::report::json;",
        ),
        ("src/main.rs", "use std::process::ExitCode;"),
        (
            "src/emit/arm.rs",
            "use serde::Serialize; env!(\"CARGO_PKG_VERSION\");",
        ),
        ("src/syntax/parse/x.rs", "use nom::Parser;"),
    ];
    for (path, text) in cases {
        assert_eq!(violations(path, text), [], "{text}");
    }
}
