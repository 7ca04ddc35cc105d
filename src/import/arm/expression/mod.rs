//! The expression language of templates: text → tree → text in canonical spelling.
//!
//! Pure, and bounded on any text: a tree is at most [`MAX_DEPTH`] high, so whoever walks it may recurse.
//!
//! Source: MicrosoftDocs/azure-docs, articles/azure-resource-manager/templates/template-expressions.md.

mod display;
mod lexer;
mod names;
mod parser;

use smol_str::SmolStr;

pub(crate) use display::Quoted;
pub(crate) use names::documented_spelling;
pub use parser::parse;

/// How high the tree of an expression may be.
pub(crate) const MAX_DEPTH: u32 = 64;

/// An expression. Two are equal when their canonical spellings are, wherever they stand.
#[derive(Debug, Clone)]
pub struct Expression {
    /// What it is.
    pub node: Node,
    /// Where it begins, in bytes of the text between the brackets; a property or an index begins at its `.` or `[`.
    pub offset: u32,
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A string in single quotes.
    Text(SmolStr),
    /// A whole number.
    Int(i64),
    /// A function with its arguments.
    Call {
        /// Of a function that the template defines, the word before the point.
        namespace: Option<SmolStr>,
        /// The name as written; its case does not matter.
        name: SmolStr,
        /// The arguments in order.
        arguments: Vec<Expression>,
    },
    /// `of.name`, which `of['name']` is as well when the name is a word.
    Property {
        /// What has the property.
        of: Box<Expression>,
        /// Its name; its case does not matter.
        name: SmolStr,
    },
    /// `of[at]`.
    Index {
        /// What has the element.
        of: Box<Expression>,
        /// Which one.
        at: Box<Expression>,
    },
}

/// Why a text is no expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    /// What is wrong.
    pub message: String,
    /// Where, in bytes of the text, on a character boundary.
    pub offset: usize,
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

impl Eq for Expression {}

/// Whether a string of a template is an expression: in brackets, the first of which is single and stands in front.
pub(crate) fn is_expression(text: &str) -> bool {
    text.starts_with('[') && !text.starts_with("[[") && text.ends_with(']')
}

/// A string that is no expression, without the bracket that kept it from being one: `[[x]` stands for `[x]`. Without
/// the closing bracket there was nothing to escape.
pub(crate) fn unescape_literal(text: &str) -> &str {
    match text.strip_prefix('[') {
        Some(rest) if rest.starts_with('[') && rest.ends_with(']') => rest,
        _ => text,
    }
}

/// Whether a character may stand in a name of a function, a namespace or a property.
fn in_names(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '$')
}

/// Whether a property can be written behind a point.
fn is_word(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_numeric())
        && name.chars().all(in_names)
}

#[cfg(test)]
mod tests;
