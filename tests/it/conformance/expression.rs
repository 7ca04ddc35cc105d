//! The part of ARM's expression language that templates are written in.

use std::fmt;

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression {
    Text(String),
    Number(u64),
    Call(String, Vec<Expression>),
    Member(Box<Expression>, String),
    Item(Box<Expression>, Box<Expression>),
}

impl Expression {
    /// Every call in it, the outermost first.
    pub(super) fn calls(&self) -> Vec<(&str, &[Expression])> {
        match self {
            Self::Text(_) | Self::Number(_) => Vec::new(),
            Self::Call(name, arguments) => {
                let mut calls = vec![(name.as_str(), arguments.as_slice())];
                calls.extend(arguments.iter().flat_map(Self::calls));
                calls
            }
            Self::Member(of, _) => of.calls(),
            Self::Item(of, index) => [of.calls(), index.calls()].concat(),
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::Number(number) => write!(f, "{number}"),
            Self::Call(name, arguments) => {
                let arguments: Vec<String> = arguments.iter().map(Self::to_string).collect();
                write!(f, "{name}({})", arguments.join(", "))
            }
            Self::Member(of, name) => write!(f, "{of}.{name}"),
            Self::Item(of, index) => write!(f, "{of}[{index}]"),
        }
    }
}

/// A text as expressions write it.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The expression that a text of a template is; `None` for texts that stand for themselves.
pub(super) fn of_text(text: &str) -> Option<Result<Expression, String>> {
    let inner = text.strip_prefix('[')?;
    if inner.starts_with('[') {
        return None;
    }
    Some(match inner.strip_suffix(']') {
        Some(inner) => Parser { rest: inner }.whole(),
        None => Err("begins with `[` and does not end with `]`".to_owned()),
    })
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn whole(mut self) -> Result<Expression, String> {
        let expression = self.expression()?;
        if self.rest.is_empty() {
            Ok(expression)
        } else {
            Err(format!("expected the end, found `{}`", self.rest))
        }
    }

    fn expression(&mut self) -> Result<Expression, String> {
        let mut expression = self.simple()?;
        loop {
            if self.take('.') {
                expression = Expression::Member(Box::new(expression), self.word()?.to_owned());
            } else if self.take('[') {
                let index = self.expression()?;
                self.expect(']')?;
                expression = Expression::Item(Box::new(expression), Box::new(index));
            } else {
                return Ok(expression);
            }
        }
    }

    fn simple(&mut self) -> Result<Expression, String> {
        if self.take('\'') {
            return self.text();
        }
        let word = self.word()?;
        if let Ok(number) = word.parse() {
            return Ok(Expression::Number(number));
        }
        self.expect('(')?;
        let mut arguments = Vec::new();
        while !self.take(')') {
            if !arguments.is_empty() && !self.take(',') {
                return Err(format!("expected `)` or `,`, found `{}`", self.rest));
            }
            arguments.push(self.expression()?);
        }
        Ok(Expression::Call(word.to_owned(), arguments))
    }

    /// The rest of a text in quotes, where two quotes stand for one.
    fn text(&mut self) -> Result<Expression, String> {
        let mut text = String::new();
        loop {
            let Some((before, after)) = self.rest.split_once('\'') else {
                return Err(format!("a text without its end: `{}`", self.rest));
            };
            text.push_str(before);
            self.rest = after;
            if !after.starts_with('\'') {
                self.rest = after.trim_start();
                return Ok(Expression::Text(text));
            }
            text.push('\'');
            self.rest = after.strip_prefix('\'').unwrap_or(after);
        }
    }

    fn word(&mut self) -> Result<&'a str, String> {
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric());
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        if word.is_empty() {
            return Err(format!("expected a word, found `{}`", self.rest));
        }
        self.rest = rest.trim_start();
        Ok(word)
    }

    fn take(&mut self, c: char) -> bool {
        let rest = self.rest.strip_prefix(c);
        // Blanks inside a text count.
        self.rest = match rest {
            Some(rest) if c == '\'' => rest,
            Some(rest) => rest.trim_start(),
            None => self.rest,
        };
        rest.is_some()
    }

    fn expect(&mut self, c: char) -> Result<(), String> {
        if self.take(c) {
            Ok(())
        } else {
            Err(format!("expected `{c}`, found `{}`", self.rest))
        }
    }
}

#[test]
fn expressions_are_read_as_they_are_written() {
    let text = "[reference(resourceId('A.B/c', 'it''s'), '1').x[0].y]";
    let expression = of_text(text).unwrap().unwrap();
    assert_eq!(format!("[{expression}]"), text);
    let calls = expression.calls();
    assert_eq!(calls[1].0, "resourceId");
    assert_eq!(calls[1].1[1], Expression::Text("it's".to_owned()));
    assert_eq!(of_text("[[no expression]"), None);
    assert_eq!(of_text("plain"), None);
    for wrong in [
        "[f(]",
        "[f()",
        "[f())]",
        "[f('a)]",
        "[f('a' 'b')]",
        "[]",
        "[f]",
    ] {
        assert!(of_text(wrong).unwrap().is_err(), "{wrong}");
    }
}
