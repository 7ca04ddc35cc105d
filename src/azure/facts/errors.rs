//! What Azure answers when it refuses or fails, in its own words.

use serde::Deserialize;

use super::SourceId;
use super::by_name::{ByName, Named};
use super::document::cited;
use super::product::Product;

/// When an error shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorPhase {
    /// Before anything is built.
    Validation,
    /// While nodes come up.
    NodeProvisioning,
    /// During a later operation.
    Operation,
}

/// What is known about an error.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorFact {
    /// The code, such as `RouteTableInvalidNextHop`.
    pub code: String,
    /// Older or newer codes of the same error.
    #[serde(default)]
    pub also: Vec<String>,
    /// Who answers.
    pub product: Product,
    /// When.
    pub phase: ErrorPhase,
    /// The HTTP status, where known.
    pub http: Option<u16>,
    /// The exit code of the node's provisioning script, where there is one.
    pub exit_code: Option<u16>,
    /// The condition in a few words.
    pub condition: String,
    /// The wordings seen, with placeholders in braces.
    #[serde(default)]
    messages: Vec<Template>,
    /// The causes behind it, by slug, the likeliest first.
    #[serde(default)]
    pub causes: Vec<String>,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

impl ErrorFact {
    /// Azure's message with values for its placeholders, when any wording is known.
    ///
    /// Of several wordings it is the first whose placeholders all have a value. When there is none it is the first
    /// wording, and a placeholder without a value stands as its words in angle brackets, such as `<route table>`.
    #[must_use]
    pub fn message(&self, values: &[(&str, &str)]) -> Option<String> {
        let complete = |template: &&Template| {
            let mut placeholders = template.placeholders();
            placeholders.all(|name| value_of(values, name).is_some())
        };
        let template = self.messages.iter().find(complete);
        template.or(self.messages.first()).map(|t| t.fill(values))
    }

    /// Whether a text holds the words of one of its messages, placeholders and case aside.
    #[must_use]
    pub fn words_occur_in(&self, text: &str) -> bool {
        let text = text.to_ascii_lowercase();
        self.messages.iter().any(|message| message.occurs_in(&text))
    }

    /// The placeholders of all wordings.
    pub fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.messages.iter().flat_map(Template::placeholders)
    }
}

cited!(ErrorFact);

impl Named for ErrorFact {
    fn name(&self) -> &str {
        &self.code
    }
}

/// The error of that code, old or new.
pub(super) fn find<'facts>(
    errors: &'facts ByName<ErrorFact>,
    code: &str,
) -> Option<&'facts ErrorFact> {
    let also = |error: &&ErrorFact| {
        error
            .also
            .iter()
            .any(|other| other.eq_ignore_ascii_case(code))
    };
    errors.get(code).or_else(|| errors.iter().find(also))
}

fn value_of<'a>(values: &[(&str, &'a str)], name: &str) -> Option<&'a str> {
    let value = values.iter().find(|(placeholder, _)| *placeholder == name);
    value.map(|(_, value)| *value)
}

/// A text with placeholders such as `{route_table}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
struct Template(Vec<Piece>);

#[derive(Debug, Clone)]
enum Piece {
    Text(String),
    Placeholder(String),
}

impl TryFrom<String> for Template {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let fault = || format!("`{text}` is no text with placeholders such as {{route_table}}");
        let mut pieces = Vec::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or_else(fault)?;
            let well_formed = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
            if name.is_empty() || !name.bytes().all(well_formed) || before.contains('}') {
                return Err(fault());
            }
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(Piece::Placeholder(name.to_owned()));
            rest = after;
        }
        if rest.contains('}') {
            return Err(fault());
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self(pieces))
    }
}

impl Template {
    fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Placeholder(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// Whether the pieces between placeholders occur in a lower-case text, one after another.
    fn occurs_in(&self, text: &str) -> bool {
        let mut rest = text;
        let mut pieces = self.0.iter().filter_map(|piece| match piece {
            Piece::Text(words) if words.trim().len() > 3 => Some(words.trim().to_ascii_lowercase()),
            Piece::Text(_) | Piece::Placeholder(_) => None,
        });
        let mut any = false;
        pieces.all(|words| {
            any = true;
            match rest.split_once(words.as_str()) {
                Some((_, after)) => {
                    rest = after;
                    true
                }
                None => false,
            }
        }) && any
    }

    fn fill(&self, values: &[(&str, &str)]) -> String {
        let mut filled = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Placeholder(name) => match value_of(values, name) {
                    Some(value) => filled.push_str(value),
                    None => filled.push_str(&format!("<{}>", name.replace('_', " "))),
                },
            }
        }
        filled
    }
}
