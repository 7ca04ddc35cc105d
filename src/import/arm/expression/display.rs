//! The canonical spelling of expressions.

use std::fmt::{self, Display, Formatter, Write};

use super::{Expression, Node, documented_spelling, is_word};

/// A string as an expression writes it.
#[derive(Debug)]
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('\'')?;
        for (index, piece) in self.0.split('\'').enumerate() {
            if index > 0 {
                f.write_str("''")?;
            }
            f.write_str(piece)?;
        }
        f.write_char('\'')
    }
}

/// Documented function names in their documented case, single quotes, one space behind a comma and nowhere else.
impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.node {
            Node::Text(text) => Quoted(text).fmt(f),
            Node::Int(number) => number.fmt(f),
            Node::Call {
                namespace,
                name,
                arguments,
            } => {
                match namespace {
                    Some(namespace) => write!(f, "{namespace}.{name}(")?,
                    None => write!(f, "{}(", documented_spelling(name).unwrap_or(name))?,
                }
                for (index, argument) in arguments.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    argument.fmt(f)?;
                }
                f.write_char(')')
            }
            Node::Property { of, name } if is_word(name) => write!(f, "{of}.{name}"),
            Node::Property { of, name } => write!(f, "{of}[{}]", Quoted(name)),
            Node::Index { of, at } => write!(f, "{of}[{at}]"),
        }
    }
}
