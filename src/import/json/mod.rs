//! JSON whose every value knows its place.
//!
//! A document is one vector of nodes in reading order; values are views into it. What Azure's tools take beyond
//! strict JSON is taken: comments, commas before a closing bracket, line breaks in strings. Several values one after
//! another make one document, as in newline-delimited JSON. Nothing recurses, so depth costs no stack.

mod decode;
pub(in crate::import) mod edit;
mod parse;

pub use decode::{DecodeError, decode, encode_like};
pub use parse::parse;

use std::borrow::Cow;
use std::sync::Arc;

use crate::base::{FileId, Span};

/// How deep values may lie in one another. Azure's own templates stay below a hundred.
pub const MAX_DEPTH: usize = 256;

/// What is wrong with a text that should be JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What was expected, or what stands there.
    pub message: String,
    /// Where.
    pub span: Span,
    /// A place that belongs to it, such as the bracket that was never closed, and what it is.
    pub related: Option<(Span, &'static str)>,
}

/// A key that stands twice in one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duplicate {
    /// The first one.
    pub first: Span,
    /// The second one.
    pub second: Span,
}

/// What kind of value stands somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `false`
    False,
    /// `true`
    True,
    /// A number.
    Number,
    /// A string without escapes.
    String,
    /// A string with escapes.
    EscapedString,
    /// A list.
    Array,
    /// An object; its children are keys and values by turns.
    Object,
}

/// One value. `end` and `next` are those of the whole value with all that lies in it.
#[derive(Debug, Clone, Copy)]
struct Node {
    kind: Kind,
    start: u32,
    end: u32,
    next: u32,
}

/// A text, read.
#[derive(Debug, Clone)]
pub struct Document {
    file: FileId,
    text: Arc<str>,
    nodes: Vec<Node>,
    comments: Vec<Span>,
    duplicates: Vec<Duplicate>,
}

impl Document {
    /// The values of the text, one for an ordinary file.
    pub fn roots(&self) -> impl Iterator<Item = Json<'_>> {
        Siblings {
            document: self,
            at: 0,
            end: self.nodes.len(),
        }
    }

    /// The first value.
    #[must_use]
    pub fn root(&self) -> Option<Json<'_>> {
        self.roots().next()
    }

    /// Comments in order, with their slashes.
    #[must_use]
    pub fn comments(&self) -> &[Span] {
        &self.comments
    }

    /// Keys that stand twice in one object.
    #[must_use]
    pub fn duplicates(&self) -> &[Duplicate] {
        &self.duplicates
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> FileId {
        self.file
    }
}

/// A value in a document.
#[derive(Clone, Copy)]
pub struct Json<'d> {
    document: &'d Document,
    at: usize,
}

impl std::fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.source())
    }
}

impl<'d> Json<'d> {
    fn node(self) -> Node {
        // Views are made from nodes that are there, and documents never change.
        self.document.nodes.get(self.at).copied().unwrap_or(Node {
            kind: Kind::Null,
            start: 0,
            end: 0,
            next: 0,
        })
    }

    /// Where it stands in its document: equal for the same value, different for any two.
    #[must_use]
    pub fn index(self) -> usize {
        self.at
    }

    /// Whether it is the very same value of the same document.
    #[must_use]
    pub fn is_same(self, other: Self) -> bool {
        self.at == other.at && std::ptr::eq(self.document, other.document)
    }

    /// The document it stands in.
    #[must_use]
    pub fn document(self) -> &'d Document {
        self.document
    }

    /// What it is.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.node().kind
    }

    /// Where it is written: all of it, a string with its quotes.
    #[must_use]
    pub fn span(self) -> Span {
        let Node { start, end, .. } = self.node();
        Span {
            file: self.document.file,
            start,
            end,
        }
    }

    /// Where it is written: of a string, what lies between its quotes.
    #[must_use]
    pub fn content_span(self) -> Span {
        let span = self.span();
        match self.kind() {
            Kind::String | Kind::EscapedString => Span {
                start: span.start + 1,
                end: span.end.saturating_sub(1).max(span.start + 1),
                ..span
            },
            _ => span,
        }
    }

    /// As it is written.
    #[must_use]
    pub fn source(self) -> &'d str {
        let Node { start, end, .. } = self.node();
        let range = start as usize..end as usize;
        self.document.text.get(range).unwrap_or("")
    }

    /// The string, when it is one.
    #[must_use]
    pub fn as_str(self) -> Option<Cow<'d, str>> {
        let span = self.content_span();
        let range = span.start as usize..span.end as usize;
        let text = self.document.text.get(range).unwrap_or("");
        match self.kind() {
            Kind::String => Some(Cow::Borrowed(text)),
            Kind::EscapedString => Some(Cow::Owned(parse::unescape(text))),
            _ => None,
        }
    }

    /// The truth value, when it is one.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        match self.kind() {
            Kind::True => Some(true),
            Kind::False => Some(false),
            _ => None,
        }
    }

    /// Whether it is an object.
    #[must_use]
    pub fn is_object(self) -> bool {
        self.kind() == Kind::Object
    }

    /// Whether it is a list.
    #[must_use]
    pub fn is_array(self) -> bool {
        self.kind() == Kind::Array
    }

    /// The elements of a list; none for anything else.
    pub fn items(self) -> impl Iterator<Item = Json<'d>> {
        self.children(Kind::Array)
    }

    /// Keys and values of an object, in order; none for anything else.
    pub fn members(self) -> impl Iterator<Item = (Json<'d>, Json<'d>)> {
        let mut children = self.children(Kind::Object);
        std::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }

    fn children(self, kind: Kind) -> Siblings<'d> {
        let node = self.node();
        let end = if node.kind == kind {
            node.next as usize
        } else {
            self.at + 1
        };
        Siblings {
            document: self.document,
            at: self.at + 1,
            end,
        }
    }

    /// The value of a key. Azure does not distinguish case; of several, the last one counts.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Json<'d>> {
        self.member(key).map(|(_, value)| value)
    }

    /// A key and its value.
    #[must_use]
    pub fn member(self, key: &str) -> Option<(Json<'d>, Json<'d>)> {
        self.members().filter(|(name, _)| name.is_text(key)).last()
    }

    /// The value at the end of a path of keys.
    #[must_use]
    pub fn at(self, path: &[&str]) -> Option<Json<'d>> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    /// Whether it is this string, in any case.
    #[must_use]
    pub fn is_text(self, text: &str) -> bool {
        let Node {
            kind, start, end, ..
        } = self.node();
        match kind {
            // Most keys that are looked at have another length.
            Kind::String if (end - start) as usize != text.len() + 2 => false,
            _ => self
                .as_str()
                .is_some_and(|own| own.eq_ignore_ascii_case(text)),
        }
    }
}

struct Siblings<'d> {
    document: &'d Document,
    at: usize,
    end: usize,
}

impl<'d> Iterator for Siblings<'d> {
    type Item = Json<'d>;

    fn next(&mut self) -> Option<Json<'d>> {
        if self.at >= self.end {
            return None;
        }
        let value = Json {
            document: self.document,
            at: self.at,
        };
        // A node always ends behind itself, so this ends.
        self.at = (value.node().next as usize).max(self.at + 1);
        Some(value)
    }
}
