//! Text → tokens, one at a time.

use smol_str::{SmolStr, SmolStrBuilder};

use super::{ExpressionError, in_names};

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Text(SmolStr),
    Int(i64),
    Word(SmolStr),
    /// One of `( ) [ ] , .`.
    Mark(char),
    /// Behind the last one.
    End,
}

/// What is left of a text.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    rest: &'a str,
    /// Where the rest begins.
    offset: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            rest: text,
            offset: 0,
        }
    }

    /// The next token and where it begins.
    pub(super) fn next(&mut self) -> Result<(Token, usize), ExpressionError> {
        self.take_while(char::is_whitespace);
        let start = self.offset;
        let token = match self.rest.chars().next() {
            None => Token::End,
            Some('\'') => Token::Text(self.quoted(start)?),
            Some('-' | '0'..='9') => Token::Int(self.number(start)?),
            Some(mark @ ('(' | ')' | '[' | ']' | ',' | '.')) => {
                self.skip(mark);
                Token::Mark(mark)
            }
            Some(character) if in_names(character) => Token::Word(self.take_while(in_names).into()),
            Some('"') => {
                return Err(error("strings stand in single quotes", start));
            }
            Some(other) => {
                let shown = other.escape_debug();
                return Err(error(format!("`{shown}` means nothing here"), start));
            }
        };
        Ok((token, start))
    }

    /// A string; a quote in it is written twice.
    fn quoted(&mut self, start: usize) -> Result<SmolStr, ExpressionError> {
        self.skip('\'');
        let first = self.take_while(|character| character != '\'');
        if self.skip('\'') && !self.rest.starts_with('\'') {
            return Ok(first.into());
        }
        let mut text = SmolStrBuilder::new();
        text.push_str(first);
        while self.skip('\'') {
            text.push('\'');
            text.push_str(self.take_while(|character| character != '\''));
            if self.skip('\'') && !self.rest.starts_with('\'') {
                return Ok(text.finish());
            }
        }
        Err(error("the string has no closing quote", start))
    }

    fn number(&mut self, start: usize) -> Result<i64, ExpressionError> {
        let before = self.rest;
        self.skip('-');
        self.take_while(|character| character.is_ascii_digit());
        let digits = before.strip_suffix(self.rest).unwrap_or_default();
        match digits.parse() {
            Ok(number) => Ok(number),
            Err(_) if digits == "-" => Err(error("expected digits after `-`", start)),
            Err(_) => Err(error(format!("the number `{digits}` is too large"), start)),
        }
    }

    /// Goes over a character, if it is the next one.
    fn skip(&mut self, character: char) -> bool {
        match self.rest.strip_prefix(character) {
            Some(rest) => {
                self.rest = rest;
                self.offset += character.len_utf8();
                true
            }
            None => false,
        }
    }

    /// Goes over the characters that are wanted, and gives them.
    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self
            .rest
            .find(|character| !wanted(character))
            .unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        self.offset += taken.len();
        taken
    }
}

pub(super) fn error(message: impl Into<String>, offset: usize) -> ExpressionError {
    ExpressionError {
        message: message.into(),
        offset,
    }
}
