//! The token stream as nom input, and the smallest parsers over it.
//!
//! This is the only place that knows nom's traits.

use std::cell::{Cell, RefCell};
use std::iter::Enumerate;

use nom::combinator::cut;
use nom::error::{ErrorKind, ParseError};
use nom::multi::many0;
use nom::sequence::preceded;
use nom::{Err, IResult, Input, Needed, Parser};
use smol_str::SmolStr;

use crate::base::{FileId, Span, Spanned};
use crate::diag::Finding;
use crate::syntax::token::{Kind, Token, unquote};
use crate::syntax::tree::Word;

/// A token with meaning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Significant {
    pub(super) token: Token,
    /// It is the first on its line.
    pub(super) first_on_line: bool,
    /// It begins a line, and the line before does not ask to be continued by a comma, an arrow or an equals sign.
    pub(super) fresh_line: bool,
}

/// The first words that mean something in a block.
pub(super) trait Vocabulary {
    fn knows(&self, word: &str) -> bool;
}

/// What a parse shares: the text, and what it finds along the way.
pub(super) struct Context<'a> {
    pub(super) text: &'a str,
    pub(super) file: FileId,
    pub(super) findings: RefCell<Vec<Finding>>,
    /// Where statements and clauses begin, for the formatter.
    pub(super) starts: RefCell<Vec<u32>>,
    /// The names after first words of statements that could not be read.
    pub(super) unread: RefCell<Vec<SmolStr>>,
    /// The blocks around the place at hand, the whole file first.
    pub(super) open_blocks: RefCell<Vec<&'static dyn Vocabulary>>,
    /// How many braces open without closing and have not been reported; negative when more close than open.
    pub(super) unclosed: Cell<i64>,
}

impl Context<'_> {
    /// The text under a span of the file.
    pub(super) fn source(&self, span: Span) -> &str {
        let range = span.start as usize..span.end as usize;
        self.text.get(range).unwrap_or("")
    }
}

/// The rest of the tokens. Copying it is free, so backtracking is too.
#[derive(Clone, Copy)]
pub(super) struct Tokens<'a> {
    all: &'a [Significant],
    position: usize,
    end: usize,
    pub(super) context: &'a Context<'a>,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(all: &'a [Significant], context: &'a Context<'a>) -> Self {
        Self {
            all,
            position: 0,
            end: all.len(),
            context,
        }
    }

    /// The next token. The last token is the end of the file, which no parser consumes.
    pub(super) fn peek(&self) -> Option<&'a Significant> {
        self.all.get(self.position..self.end)?.first()
    }

    pub(super) fn kind(&self) -> Kind {
        self.peek().map_or(Kind::End, |next| next.token.kind)
    }

    pub(super) fn text(&self) -> &'a str {
        self.peek()
            .map_or("", |next| next.token.text(self.context.text))
    }

    pub(super) fn is_fresh_line(&self) -> bool {
        self.peek().is_some_and(|next| next.fresh_line)
    }

    /// How many bytes stand before the next token on its line.
    pub(super) fn column(&self) -> usize {
        let before = self.context.text.get(..self.span().start as usize);
        before.map_or(0, |text| {
            text.len() - text.rfind('\n').map_or(0, |end| end + 1)
        })
    }

    pub(super) fn is_first_on_line(&self) -> bool {
        self.peek().is_some_and(|next| next.first_on_line)
    }

    /// Whether a statement or clause begins here, whatever the line before asks for: a line that begins with a
    /// keyword is never the continuation of a list.
    pub(super) fn begins_statement(&self) -> bool {
        self.is_fresh_line()
            || (self.is_first_on_line() && self.kind() == Kind::Word && self.is_keyword())
    }

    /// Whether the next word is the first of a clause of a block around, or of a statement.
    pub(super) fn is_keyword(&self) -> bool {
        let text = self.text();
        let blocks = self.context.open_blocks.borrow();
        blocks.iter().any(|block| block.knows(text))
    }

    /// The place of the next token.
    pub(super) fn span(&self) -> Span {
        let (start, end) = self
            .peek()
            .map_or((0, 0), |next| (next.token.start, next.token.end));
        Span {
            file: self.context.file,
            start,
            end,
        }
    }

    /// The place of the token before the next.
    pub(super) fn previous_span(&self) -> Option<Span> {
        let token = self.all.get(self.position.checked_sub(1)?)?.token;
        Some(Span {
            file: self.context.file,
            start: token.start,
            end: token.end,
        })
    }

    pub(super) fn advance(mut self) -> Self {
        if self.kind() != Kind::End {
            self.position += 1;
        }
        self
    }

    /// The word behind the next one, where both are on one line and it begins nothing new.
    pub(super) fn next_on_line(&self) -> Option<&'a str> {
        let next = self.advance();
        let goes_on = next.kind() == Kind::Word && !next.begins_statement() && !next.is_keyword();
        (self.kind() == Kind::Word && goes_on).then(|| next.text())
    }

    fn word(&self) -> Word {
        Spanned::new(SmolStr::new(self.text()), self.span())
    }
}

impl<'a> Input for Tokens<'a> {
    type Item = &'a Significant;
    type Iter = std::slice::Iter<'a, Significant>;
    type IterIndices = Enumerate<Self::Iter>;

    fn input_len(&self) -> usize {
        self.end - self.position
    }

    fn take(&self, count: usize) -> Self {
        Self {
            end: (self.position + count).min(self.end),
            ..*self
        }
    }

    fn take_from(&self, count: usize) -> Self {
        Self {
            position: (self.position + count).min(self.end),
            ..*self
        }
    }

    fn take_split(&self, count: usize) -> (Self, Self) {
        (self.take_from(count), self.take(count))
    }

    fn position<P: Fn(Self::Item) -> bool>(&self, predicate: P) -> Option<usize> {
        self.iter_elements().position(predicate)
    }

    fn iter_elements(&self) -> Self::Iter {
        self.all
            .get(self.position..self.end)
            .unwrap_or_default()
            .iter()
    }

    fn iter_indices(&self) -> Self::IterIndices {
        self.iter_elements().enumerate()
    }

    fn slice_index(&self, count: usize) -> Result<usize, Needed> {
        if count <= self.input_len() {
            Ok(count)
        } else {
            Err(Needed::new(count - self.input_len()))
        }
    }
}

/// What was expected, and where something else stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) position: usize,
    pub(super) expected: Vec<&'static str>,
}

impl ParseError<Tokens<'_>> for Failure {
    fn from_error_kind(input: Tokens<'_>, _: ErrorKind) -> Self {
        Self {
            position: input.position,
            expected: Vec::new(),
        }
    }

    fn append(_: Tokens<'_>, _: ErrorKind, other: Self) -> Self {
        other
    }

    /// Of two ways that failed, the one that came further knows more.
    fn or(mut self, other: Self) -> Self {
        match self.position.cmp(&other.position) {
            std::cmp::Ordering::Greater => self,
            std::cmp::Ordering::Less => other,
            std::cmp::Ordering::Equal => {
                self.expected.extend(other.expected);
                self
            }
        }
    }
}

pub(super) type Step<'a, T> = IResult<Tokens<'a>, T, Failure>;

impl Failure {
    /// The tokens from the place of the failure on.
    pub(super) fn rest<'a>(&self, tokens: Tokens<'a>) -> Tokens<'a> {
        Tokens {
            position: self.position,
            ..tokens
        }
    }
}

/// Says what was expected here.
pub(super) fn fail<'a, T>(input: Tokens<'a>, expected: &'static str) -> Step<'a, T> {
    Err(Err::Error(Failure {
        position: input.position,
        expected: vec![expected],
    }))
}

/// This very word.
pub(super) fn keyword<'a>(
    text: &'static str,
) -> impl Parser<Tokens<'a>, Output = Word, Error = Failure> {
    move |input: Tokens<'a>| {
        if input.kind() == Kind::Word && input.text() == text {
            Ok((input.advance(), input.word()))
        } else {
            fail(input, text)
        }
    }
}

/// This very word, on the same line.
pub(super) fn keyword_on_line<'a>(
    text: &'static str,
) -> impl Parser<Tokens<'a>, Output = Word, Error = Failure> {
    move |input: Tokens<'a>| {
        if input.is_fresh_line() {
            fail(input, text)
        } else {
            keyword(text).parse(input)
        }
    }
}

/// One of these words.
pub(super) fn one_of<'a>(
    words: &'static [&'static str],
) -> impl Parser<Tokens<'a>, Output = Word, Error = Failure> {
    move |input: Tokens<'a>| {
        if input.kind() == Kind::Word && !input.is_fresh_line() && words.contains(&input.text()) {
            Ok((input.advance(), input.word()))
        } else {
            Err(Err::Error(Failure {
                position: input.position,
                expected: words.to_vec(),
            }))
        }
    }
}

/// Any word on the same line; `what` says what it stands for.
pub(super) fn value<'a>(
    what: &'static str,
) -> impl Parser<Tokens<'a>, Output = Word, Error = Failure> {
    move |input: Tokens<'a>| {
        if input.kind() == Kind::Word && !input.begins_statement() {
            Ok((input.advance(), input.word()))
        } else {
            fail(input, what)
        }
    }
}

/// A text in quotes. It may stand on a line of its own.
pub(super) fn text<'a>(
    what: &'static str,
) -> impl Parser<Tokens<'a>, Output = Word, Error = Failure> {
    move |input: Tokens<'a>| {
        if input.kind() == Kind::Text {
            let word = input.word();
            Ok((
                input.advance(),
                word.map(|quoted| SmolStr::from(unquote(&quoted))),
            ))
        } else {
            fail(input, what)
        }
    }
}

/// A word or a text.
pub(super) fn value_or_text<'a>(
    what: &'static str,
) -> impl Parser<Tokens<'a>, Output = Word, Error = Failure> {
    nom::branch::alt((value(what), text(what)))
}

fn punctuation<'a>(
    kind: Kind,
    shown: &'static str,
) -> impl Parser<Tokens<'a>, Output = (), Error = Failure> {
    move |input: Tokens<'a>| {
        if input.kind() == kind {
            Ok((input.advance(), ()))
        } else {
            fail(input, shown)
        }
    }
}

pub(super) fn comma<'a>() -> impl Parser<Tokens<'a>, Output = (), Error = Failure> {
    punctuation(Kind::Comma, ",")
}

pub(super) fn equals<'a>() -> impl Parser<Tokens<'a>, Output = (), Error = Failure> {
    punctuation(Kind::Equals, "=")
}

pub(super) fn arrow<'a>() -> impl Parser<Tokens<'a>, Output = (), Error = Failure> {
    punctuation(Kind::Arrow, "->")
}

pub(super) fn both_ways<'a>() -> impl Parser<Tokens<'a>, Output = (), Error = Failure> {
    punctuation(Kind::BothWays, "<->")
}

/// One or more, with commas between. After a comma another must follow.
pub(super) fn list<'a, T, P>(
    element: impl Fn() -> P,
) -> impl Parser<Tokens<'a>, Output = Vec<T>, Error = Failure>
where
    P: Parser<Tokens<'a>, Output = T, Error = Failure>,
{
    (element(), many0(preceded(comma(), cut(element())))).map(|(first, mut rest): (T, Vec<T>)| {
        rest.insert(0, first);
        rest
    })
}

/// A list of values.
pub(super) fn values<'a>(
    what: &'static str,
) -> impl Parser<Tokens<'a>, Output = Vec<Word>, Error = Failure> {
    list(move || value(what))
}

/// A list of addresses. A word that is none and has another word behind it is a slip in a keyword before a name.
pub(super) fn addresses<'a>(
    what: &'static str,
) -> impl Parser<Tokens<'a>, Output = Vec<Word>, Error = Failure> {
    move |input: Tokens<'a>| {
        if input.next_on_line().is_some() && !input.text().contains(['.', ':']) {
            fail(input, what)
        } else {
            values(what).parse(input)
        }
    }
}
