//! What was seen, as files tell it: which of the three kinds a file is of shows in its shape.

use serde_json::Value;

use super::seen::{Observed, Tried};
use super::{connectivity, node_check, probe};

/// Why a text tells nothing that was seen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObservedError {
    /// It is none of the kinds that are read.
    #[error(
        "it is none of the three that are read: what `tidegate probe --format json` writes ({schema}), the JSON of `az network watcher test-connectivity`, the output of `az aks check-network outbound`",
        schema = probe::SCHEMA
    )]
    Shape,
    /// It is JSON that is malformed, or lacks something.
    #[error("{0}")]
    Json(String),
    /// Another schema.
    #[error(
        "the schema is `{0}`; this program reads {schema}, which `tidegate probe --format json` writes",
        schema = probe::SCHEMA
    )]
    Schema(String),
    /// A value that its place does not have.
    #[error("`{value}` is no {what} ({place})")]
    Value {
        /// What is written.
        value: String,
        /// What should be.
        what: &'static str,
        /// Where, in words.
        place: String,
    },
    /// Part of a document that was cut off when it was written.
    #[error(
        "`{value}` is no {what} ({place}): it was cut off when it was written; in PowerShell write it with ConvertTo-Json -Depth 10"
    )]
    CutOff {
        /// What is written.
        value: String,
        /// What should be.
        what: &'static str,
        /// Where, in words.
        place: String,
    },
    /// Nothing that connectivity checks speak.
    #[error("connectivity checks speak TCP and ICMP, and not {0}")]
    Transport(&'static str),
    /// What was tried has to be said.
    #[error(
        "a connectivity check does not tell which name and port were tried; --to says it, as in --to {0}"
    )]
    Untold(String),
    /// What was tried is said twice.
    #[error("the file tells itself what was tried; --to is for connectivity checks")]
    ToldTwice,
    /// A check went elsewhere than is said.
    #[error("check {check} went to {seen}, and not to {said} as --to says")]
    OtherTarget {
        /// The number of the check, from 1.
        check: usize,
        /// Where it went.
        seen: String,
        /// Where it should have gone.
        said: String,
    },
}

impl Observed {
    /// Reads what was seen. What a connectivity check tried has to be said.
    ///
    /// # Errors
    /// What is wrong with the text, with its place.
    pub fn read(text: &str, tried: Option<&Tried>) -> Result<Self, ObservedError> {
        match recognised(text)? {
            Kind::Checks(checks) => connectivity::read(&checks, tried),
            Kind::Probe(_) | Kind::NodeCheck(_) if tried.is_some() => Err(ObservedError::ToldTwice),
            Kind::Probe(schema) => probe::read(&schema, text),
            Kind::NodeCheck(lines) => Ok(node_check::read(&lines)),
        }
    }
}

/// A text by its shape.
enum Kind {
    /// A probe: its schema.
    Probe(Value),
    /// Connectivity checks: each a document with the keys in small letters.
    Checks(Vec<Value>),
    /// The network check of a node: its text.
    NodeCheck(String),
}

fn recognised(text: &str) -> Result<Kind, ObservedError> {
    if !is_json(text) {
        return match node_check::is_told_by(text) {
            true => Ok(Kind::NodeCheck(text.to_owned())),
            false => Err(ObservedError::Shape),
        };
    }
    let documents = documents(text)?;
    if let [Value::Object(only)] = documents.as_slice()
        && let Some(schema) = only.get("schema")
    {
        return Ok(Kind::Probe(schema.clone()));
    }
    let documents: Vec<Value> = documents.into_iter().map(with_small_keys).collect();
    if documents.iter().any(connectivity::is_check) {
        return Ok(Kind::Checks(documents));
    }
    match node_check::messages(&documents).filter(|text| node_check::is_told_by(text)) {
        Some(text) => Ok(Kind::NodeCheck(text)),
        None => Err(ObservedError::Shape),
    }
}

/// A text of a run command begins with `[stdout]`, which is no list.
fn is_json(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with(['{', '[']) && !text.starts_with("[std")
}

/// The documents of a text, one after the other; those of a list are documents themselves.
fn documents(text: &str) -> Result<Vec<Value>, ObservedError> {
    let mut all = Vec::new();
    for document in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        match document.map_err(|error| ObservedError::Json(error.to_string()))? {
            Value::Array(several) => all.extend(several),
            one => all.push(one),
        }
    }
    Ok(all)
}

/// The same value with the keys of its objects in small letters: PowerShell begins them with capitals.
fn with_small_keys(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(with_small_keys).collect()),
        Value::Object(members) => {
            let members = members.into_iter();
            let members =
                members.map(|(key, value)| (key.to_ascii_lowercase(), with_small_keys(value)));
            Value::Object(members.collect())
        }
        other => other,
    }
}
