//! Texts with `{placeholder}`s, such as `*.hcp.{region}.azmk8s.io`.
//!
//! A template that exists is well formed: every brace is closed and every placeholder has a name.

use std::fmt;

use smol_str::SmolStr;

use crate::base::Span;

/// What a template becomes once it is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TemplateKind {
    /// A domain name or a pattern of names.
    Fqdn,
    /// An FQDN tag of Azure Firewall.
    FqdnTag,
    /// A service tag.
    ServiceTag,
    /// An address, a prefix, or `*` for everywhere.
    Address,
}

/// A text with placeholders, and where it was written.
///
/// Two are equal when they read the same and become the same, wherever they stand.
#[derive(Debug, Clone)]
pub struct Template {
    kind: TemplateKind,
    text: SmolStr,
    segments: Vec<Segment>,
    span: Span,
}

#[derive(Debug, Clone)]
enum Segment {
    Literal(SmolStr),
    Placeholder(SmolStr),
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// `{` without `}`.
    #[error("`{{` without its `}}`")]
    Unclosed,
    /// `}` without `{`.
    #[error("`}}` without its `{{`")]
    Unopened,
    /// Between the braces stands no name.
    #[error("`{{{0}}}` names no parameter: use lower-case letters, digits and underscores")]
    BadName(SmolStr),
    /// Nothing is there.
    #[error("the text is empty")]
    Empty,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// When braces do not match, or hold no name.
    pub fn parse(kind: TemplateKind, text: &str, span: Span) -> Result<Self, TemplateError> {
        if text.is_empty() {
            return Err(TemplateError::Empty);
        }
        let mut segments = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (literal, tail) = match rest.split_once('{') {
                Some((literal, tail)) => (literal, Some(tail)),
                None => (rest, None),
            };
            if literal.contains('}') {
                return Err(TemplateError::Unopened);
            }
            if !literal.is_empty() {
                segments.push(Segment::Literal(literal.into()));
            }
            let Some(tail) = tail else { break };
            let (name, tail) = tail.split_once('}').ok_or(TemplateError::Unclosed)?;
            let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
            if name.is_empty() || !name.bytes().all(word) {
                return Err(TemplateError::BadName(name.into()));
            }
            segments.push(Segment::Placeholder(name.into()));
            rest = tail;
        }
        Ok(Self {
            kind,
            text: text.into(),
            segments,
            span,
        })
    }

    /// What it becomes.
    #[must_use]
    pub fn kind(&self) -> TemplateKind {
        self.kind
    }

    /// The text as written, placeholders in braces.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where it was written.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// The names of its placeholders, in order, repetitions included.
    pub fn placeholders(&self) -> impl Iterator<Item = &SmolStr> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Placeholder(name) => Some(name),
            Segment::Literal(_) => None,
        })
    }

    /// The placeholder, when the whole text is nothing else.
    #[must_use]
    pub fn sole_placeholder(&self) -> Option<&SmolStr> {
        match self.segments.as_slice() {
            [Segment::Placeholder(name)] => Some(name),
            _ => None,
        }
    }

    /// The text with every placeholder replaced that `value` knows; the others keep their braces.
    #[must_use]
    pub fn fill<'v>(&self, value: impl Fn(&str) -> Option<&'v str>) -> String {
        let mut text = String::new();
        for segment in &self.segments {
            match segment {
                Segment::Literal(literal) => text.push_str(literal),
                Segment::Placeholder(name) => match value(name) {
                    Some(value) => text.push_str(value),
                    None => {
                        text.push('{');
                        text.push_str(name);
                        text.push('}');
                    }
                },
            }
        }
        text
    }
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.text == other.text
    }
}

impl Eq for Template {}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SourceMap;

    fn template(text: &str) -> Result<Template, TemplateError> {
        let mut sources = SourceMap::default();
        let file = sources.add("t", text.to_owned());
        Template::parse(TemplateKind::Fqdn, text, sources.span(file, 0, text.len()))
    }

    #[test]
    fn placeholders_are_found_and_filled() {
        let hcp = template("*.hcp.{region}.azmk8s.io").unwrap();
        assert_eq!(hcp.placeholders().collect::<Vec<_>>(), ["region"]);
        assert_eq!(hcp.sole_placeholder(), None);
        assert_eq!(
            hcp.fill(|name| (name == "region").then_some("westeurope")),
            "*.hcp.westeurope.azmk8s.io"
        );
        assert_eq!(hcp.fill(|_| None), "*.hcp.{region}.azmk8s.io");
        let name = template("{api_server_fqdn}").unwrap();
        assert_eq!(name.sole_placeholder().unwrap(), "api_server_fqdn");
        assert_eq!(
            template("{a}.{b}").unwrap().placeholders().count(),
            2,
            "two in one text"
        );
    }

    #[test]
    fn braces_match() {
        assert_eq!(template("a{b").unwrap_err(), TemplateError::Unclosed);
        assert_eq!(template("a}b").unwrap_err(), TemplateError::Unopened);
        assert_eq!(template("").unwrap_err(), TemplateError::Empty);
        assert_eq!(
            template("{Region}").unwrap_err().to_string(),
            "`{Region}` names no parameter: use lower-case letters, digits and underscores"
        );
        assert!(template("{a{b}}").is_err());
        assert!(template("{}").is_err());
    }
}
