//! Tokens → tree, by descent.

use smol_str::SmolStr;

use super::lexer::{Lexer, Token, error};
use super::{Expression, ExpressionError, MAX_DEPTH, Node, is_word};

/// An expression and how high its tree is.
struct Grown {
    expression: Expression,
    height: u32,
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    /// The token that comes next, and where it begins.
    token: Token,
    at: usize,
}

/// Reads the text between `[` and `]`.
pub fn parse(text: &str) -> Result<Expression, ExpressionError> {
    let mut lexer = Lexer::new(text);
    let (token, at) = lexer.next()?;
    let mut parser = Parser { lexer, token, at };
    let parsed = parser.expression(0)?;
    match parser.token {
        Token::End => Ok(parsed.expression),
        _ => Err(parser.unexpected("nothing more")),
    }
}

impl Parser<'_> {
    fn expression(&mut self, level: u32) -> Result<Grown, ExpressionError> {
        let mut parsed = self.primary(level)?;
        loop {
            let start = self.at;
            let (node, height) = match self.token {
                Token::Mark('.') => {
                    self.advance()?;
                    let name = self.word("a property's name")?;
                    let of = Box::new(parsed.expression);
                    (Node::Property { of, name }, parsed.height)
                }
                Token::Mark('[') => {
                    self.advance()?;
                    let at = self.nested(level)?;
                    self.expect(']')?;
                    let height = parsed.height.max(at.height);
                    (element(parsed.expression, at.expression), height)
                }
                _ => return Ok(parsed),
            };
            parsed = grown(node, start, height + 1)?;
        }
    }

    fn primary(&mut self, level: u32) -> Result<Grown, ExpressionError> {
        let start = self.at;
        let token = std::mem::replace(&mut self.token, Token::End);
        let (node, height) = match token {
            Token::Text(text) => {
                self.advance()?;
                (Node::Text(text), 0)
            }
            Token::Int(number) => {
                self.advance()?;
                (Node::Int(number), 0)
            }
            Token::Word(name) => {
                self.advance()?;
                self.call(name, level)?
            }
            other => {
                self.token = other;
                return Err(self.unexpected("a function, a string or a number"));
            }
        };
        grown(node, start, height + 1)
    }

    /// What stands behind the first word of a call; the call, and how high its arguments are.
    fn call(&mut self, word: SmolStr, level: u32) -> Result<(Node, u32), ExpressionError> {
        let (namespace, name) = if self.token == Token::Mark('.') {
            self.advance()?;
            (Some(word), self.word("a function's name")?)
        } else {
            (None, word)
        };
        if self.token != Token::Mark('(') {
            return Err(self.unexpected(&format!("`(` after `{name}`")));
        }
        self.advance()?;
        let mut arguments = Vec::new();
        let mut height = 0;
        while self.token != Token::Mark(')') {
            if !arguments.is_empty() {
                if self.token != Token::Mark(',') {
                    return Err(self.unexpected("`,` or `)`"));
                }
                self.advance()?;
            }
            let argument = self.nested(level)?;
            height = height.max(argument.height);
            arguments.push(argument.expression);
        }
        self.advance()?;
        let call = Node::Call {
            namespace,
            name,
            arguments,
        };
        Ok((call, height))
    }

    /// An expression inside another one.
    fn nested(&mut self, level: u32) -> Result<Grown, ExpressionError> {
        if level >= MAX_DEPTH {
            return Err(too_deep(self.at));
        }
        self.expression(level + 1)
    }

    fn word(&mut self, what: &str) -> Result<SmolStr, ExpressionError> {
        match std::mem::replace(&mut self.token, Token::End) {
            Token::Word(word) => {
                self.advance()?;
                Ok(word)
            }
            other => {
                self.token = other;
                Err(self.unexpected(what))
            }
        }
    }

    fn expect(&mut self, mark: char) -> Result<(), ExpressionError> {
        if self.token != Token::Mark(mark) {
            return Err(self.unexpected(&format!("`{mark}`")));
        }
        self.advance()
    }

    fn advance(&mut self) -> Result<(), ExpressionError> {
        (self.token, self.at) = self.lexer.next()?;
        Ok(())
    }

    fn unexpected(&self, wanted: &str) -> ExpressionError {
        let found = match &self.token {
            Token::Text(_) => "a string".into(),
            Token::Int(number) => format!("`{number}`"),
            Token::Word(word) => format!("`{word}`"),
            Token::Mark(mark) => format!("`{mark}`"),
            Token::End => "the end of the expression".into(),
        };
        error(format!("expected {wanted}, found {found}"), self.at)
    }
}

/// An element, or the property that it is.
fn element(of: Expression, at: Expression) -> Node {
    let of = Box::new(of);
    match at.node {
        Node::Text(name) if is_word(&name) => Node::Property { of, name },
        _ => Node::Index {
            of,
            at: Box::new(at),
        },
    }
}

fn grown(node: Node, start: usize, height: u32) -> Result<Grown, ExpressionError> {
    if height > MAX_DEPTH {
        return Err(too_deep(start));
    }
    let offset =
        u32::try_from(start).map_err(|_| error("the expression is longer than 4 GB", start))?;
    Ok(Grown {
        expression: Expression { node, offset },
        height,
    })
}

fn too_deep(at: usize) -> ExpressionError {
    error(
        format!("the expression is nested more than {MAX_DEPTH} levels deep"),
        at,
    )
}
