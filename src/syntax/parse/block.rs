//! Blocks: clauses between braces, told apart by their first word, with recovery.

use nom::{Err, Parser};

use smol_str::SmolStr;

use crate::base::{Span, did_you_mean, did_you_mean_help};
use crate::diag::{Finding, Id};
use crate::syntax::token::{Kind, unquote};
use crate::syntax::tree::{Body, CommonClause, Word};

use super::input::{Failure, Step, Tokens, Vocabulary, keyword};
use super::{item, resource};

/// One kind of clause: its first word, how it reads, and its parser, which starts after the first word.
pub(super) struct Form<C: 'static> {
    pub(super) keyword: &'static str,
    pub(super) usage: &'static str,
    pub(super) parse: for<'a> fn(Word, Tokens<'a>) -> Step<'a, C>,
}

/// The clauses of one kind of block.
pub(super) struct Forms<C: 'static> {
    /// The block, for messages: `a vnet`.
    pub(super) block: &'static str,
    pub(super) own: &'static [Form<C>],
    /// How the clauses that every resource has become one of this block's.
    pub(super) common: Option<fn(CommonClause) -> C>,
}

impl<C> Forms<C> {
    fn keywords(&self) -> Vec<&'static str> {
        let common = self.common.map_or(&[][..], |_| resource::COMMON);
        self.own
            .iter()
            .map(|form| form.keyword)
            .chain(common.iter().map(|form| form.keyword))
            .collect()
    }

    /// How its clauses read.
    pub(super) fn usages(&self) -> impl Iterator<Item = &'static str> {
        self.own.iter().map(|form| form.usage)
    }

    /// Parses the clause that starts here as one that begins with `keyword`, if there are such.
    fn clause<'a>(&self, keyword: &str, input: Tokens<'a>) -> Option<(Step<'a, C>, &'static str)> {
        let (rest, head) = head(input)?;
        if let Some(form) = self.own.iter().find(|form| form.keyword == keyword) {
            return Some(((form.parse)(head, rest), form.usage));
        }
        let wrap = self.common?;
        let form = resource::COMMON
            .iter()
            .find(|form| form.keyword == keyword)?;
        Some((
            (form.parse)(head, rest).map(|(rest, clause)| (rest, wrap(clause))),
            form.usage,
        ))
    }
}

impl<C> Vocabulary for Forms<C> {
    fn knows(&self, word: &str) -> bool {
        let common = self.common.map_or(&[][..], |_| resource::COMMON);
        self.own.iter().any(|form| form.keyword == word)
            || common.iter().any(|form| form.keyword == word)
    }
}

/// How the clauses of a block read, with the block.
pub(super) fn usages_of<C>(
    forms: &'static Forms<C>,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    forms.usages().map(|usage| (forms.block, usage))
}

/// The word here, wherever on its line it stands.
fn head(input: Tokens<'_>) -> Option<(Tokens<'_>, Word)> {
    (input.kind() == Kind::Word).then(|| {
        (
            input.advance(),
            Word::new(input.text().into(), input.span()),
        )
    })
}

/// `{ clauses }`, or nothing.
pub(super) fn optional_body<'a, C>(
    forms: &'static Forms<C>,
) -> impl Parser<Tokens<'a>, Output = Body<C>, Error = Failure> {
    move |input: Tokens<'a>| match input.kind() {
        Kind::Open => Ok(body_from_brace(forms, input)),
        _ if lacks_brace(input, forms) => Ok(body_without_brace(forms, input)),
        _ => Ok((input, Body::default())),
    }
}

/// `{ clauses }`.
pub(super) fn body<'a, C>(
    forms: &'static Forms<C>,
) -> impl Parser<Tokens<'a>, Output = Body<C>, Error = Failure> {
    move |input: Tokens<'a>| match input.kind() {
        Kind::Open => Ok(body_from_brace(forms, input)),
        _ => keyword("{")
            .parse(input)
            .map(|(rest, _)| (rest, Body::default())),
    }
}

fn body_from_brace<'a, C>(forms: &'static Forms<C>, input: Tokens<'a>) -> (Tokens<'a>, Body<C>) {
    clauses_of_body(forms, input.span(), input.advance())
}

/// Whether the opening brace of a block was forgotten: more braces close than open, and what comes next can stand in
/// this block only.
fn lacks_brace<C>(rest: Tokens<'_>, forms: &'static Forms<C>) -> bool {
    let blocks = rest.context.open_blocks.borrow();
    rest.context.unclosed.get() < 0
        && rest.kind() == Kind::Word
        && rest.is_fresh_line()
        && forms.knows(rest.text())
        && !blocks.iter().any(|around| around.knows(rest.text()))
}

fn body_without_brace<'a, C>(forms: &'static Forms<C>, input: Tokens<'a>) -> (Tokens<'a>, Body<C>) {
    let context = input.context;
    let here = input.previous_span().unwrap_or(input.span()).after();
    let finding = Finding::new(
        Id::TG0001,
        format!("expected `{{`, found {}", describe(input)),
    )
    .at(here, "something is missing here")
    .help("add `{` where the block begins");
    context.findings.borrow_mut().push(finding);
    context.unclosed.set(context.unclosed.get() + 1);
    clauses_of_body(forms, here, input)
}

/// Clauses up to the closing brace. `open` is the place of the opening one.
fn clauses_of_body<'a, C>(
    forms: &'static Forms<C>,
    open: Span,
    mut rest: Tokens<'a>,
) -> (Tokens<'a>, Body<C>) {
    let context = rest.context;
    context.open_blocks.borrow_mut().push(forms);
    let mut clauses = Clauses::of(forms);
    let span = loop {
        rest = match rest.kind() {
            Kind::Close if is_stray(rest, forms) => stray_brace(rest),
            Kind::Close => {
                let span = open.to(rest.span());
                rest = rest.advance();
                break span;
            }
            Kind::End => break open.to(unclosed(rest, open, "the file ends here")),
            _ if leaves_block(rest, forms) => {
                break open.to(unclosed(rest, open, "this belongs outside the block"));
            }
            _ => clauses.step(rest),
        };
    };
    context.open_blocks.borrow_mut().pop();
    let body = Body {
        clauses: clauses.read,
        span: Some(span),
    };
    (rest, body)
}

/// The clauses of a block as they are read, one after the other.
pub(super) struct Clauses<C: 'static> {
    forms: &'static Forms<C>,
    /// What could be read.
    pub(super) read: Vec<C>,
    /// How the clause before reads.
    usage: Option<&'static str>,
}

impl<C> Clauses<C> {
    pub(super) fn of(forms: &'static Forms<C>) -> Self {
        Self {
            forms,
            read: Vec::new(),
            usage: None,
        }
    }

    /// Reads the clause that starts here, or says what is wrong with it; gives the place to go on.
    pub(super) fn step<'a>(&mut self, rest: Tokens<'a>) -> Tokens<'a> {
        match self.forms.clause(rest.text(), rest) {
            Some((Ok((next, clause)), usage)) => self.take(rest, next, clause, usage),
            Some((Err(error), usage)) => {
                self.usage = None;
                report_failure(rest, error, usage)
            }
            None => self.unknown(rest),
        }
    }

    fn take<'a>(
        &mut self,
        start: Tokens<'a>,
        next: Tokens<'a>,
        clause: C,
        usage: &'static str,
    ) -> Tokens<'a> {
        start.context.starts.borrow_mut().push(start.span().start);
        self.read.push(clause);
        self.usage = Some(usage);
        next
    }

    /// Says that no clause begins so, and goes on after it. A slip in a keyword is read as what was meant, so that
    /// the rest of the clause is checked and known.
    fn unknown<'a>(&mut self, rest: Tokens<'a>) -> Tokens<'a> {
        let block = self.forms.block;
        let keywords = self.forms.keywords();
        let is_word = rest.kind() == Kind::Word;
        let meant = did_you_mean(rest.text(), keywords.iter().copied()).filter(|_| is_word);
        let begins = is_word && (rest.is_fresh_line() || at_block_start(rest));
        let elsewhere = || {
            let blocks = rest.context.open_blocks.borrow();
            blocks.iter().any(|around| around.knows(rest.text()))
        };
        let found = describe(rest);
        let finding = if rest.kind() == Kind::OpenText {
            Finding::new(Id::TG0001, "this text is never closed")
                .at(rest.span(), "opened here")
                .help(CLOSE_TEXT)
        } else if begins && elsewhere() {
            Finding::new(Id::TG0002, format!("{found} cannot stand in {block}"))
                .at(rest.span(), "not known here")
                .help("it belongs outside this block: close the block first")
        } else if begins {
            let known = || format!("{block} can hold: {}", keywords.join(", "));
            Finding::new(Id::TG0002, format!("unknown keyword {found} in {block}"))
                .at(rest.span(), "not known here")
                .help(meant.map_or_else(known, suggestion))
        } else {
            let usage = self.usage.map(|usage| format!("write: {usage}"));
            let is_list = self.usage.is_some_and(|usage| usage.contains(", …"));
            let comma = (is_word && is_list).then(|| "is a comma missing before it?".to_owned());
            let finding = Finding::new(Id::TG0001, format!("unexpected {found}"))
                .at(rest.span(), "does not belong here");
            match meant {
                Some(meant) => finding.help(suggestion(meant)),
                None => finding.maybe_help(comma).maybe_help(usage),
            }
        };
        rest.context.findings.borrow_mut().push(finding);
        if let Some(meant) = meant
            && let Some((Ok((next, clause)), usage)) = self.forms.clause(meant, rest)
        {
            return self.take(rest, next, clause, usage);
        }
        self.usage = None;
        if begins {
            note_unread(rest);
        }
        skip_statement(rest, rest.advance())
    }
}

const CLOSE_TEXT: &str = "close the text with `\"` on the same line";

fn suggestion(meant: &str) -> String {
    format!("did you mean `{meant}`?")
}

/// Keeps the name that a statement seems to declare, so that references to it are not reported too.
fn note_unread(start: Tokens<'_>) {
    let name = start.advance();
    if matches!(name.kind(), Kind::Word | Kind::Text) && !name.is_fresh_line() {
        let mut unread = start.context.unread.borrow_mut();
        unread.push(SmolStr::from(unquote(name.text())));
    }
}

/// Whether the closing brace of this block was forgotten: what comes next can stand in a block around only.
///
/// Where it could also stand here, braces that do not match and a line that is not indented decide.
fn leaves_block<C>(rest: Tokens<'_>, forms: &'static Forms<C>) -> bool {
    if rest.kind() != Kind::Word || !rest.is_fresh_line() {
        return false;
    }
    let braces_missing = rest.context.unclosed.get() > 0;
    let outdented = rest.column() == 0;
    if forms.knows(rest.text()) {
        return braces_missing && outdented && item::POLICY.knows(rest.text());
    }
    let blocks = rest.context.open_blocks.borrow();
    (braces_missing || outdented) && blocks.iter().any(|around| around.knows(rest.text()))
}

/// Whether this brace was written once too often: more braces close than open, and what comes next can stand in this
/// block only.
fn is_stray<C>(rest: Tokens<'_>, forms: &'static Forms<C>) -> bool {
    let next = rest.advance();
    rest.context.unclosed.get() < 0
        && next.kind() == Kind::Word
        && forms.knows(next.text())
        && !item::POLICY.knows(next.text())
}

/// Reports a brace that closes nothing, and goes on after it.
pub(super) fn stray_brace(rest: Tokens<'_>) -> Tokens<'_> {
    let finding = Finding::new(Id::TG0001, "unexpected `}`")
        .at(rest.span(), "closes no block")
        .help("remove it, or add the `{` it belongs to");
    let context = rest.context;
    context.findings.borrow_mut().push(finding);
    context.unclosed.set(context.unclosed.get() + 1);
    rest.advance()
}

fn unclosed(rest: Tokens<'_>, open: Span, here: &str) -> Span {
    let finding = Finding::new(Id::TG0003, "this block is never closed")
        .at(open, "opened here")
        .related(rest.span(), here)
        .help("add `}` where the block ends");
    let context = rest.context;
    context.findings.borrow_mut().push(finding);
    context.unclosed.set(context.unclosed.get() - 1);
    rest.previous_span().unwrap_or(open)
}

/// Says what was expected, and goes on after the statement.
pub(super) fn report_failure<'a>(
    start: Tokens<'a>,
    error: Err<Failure>,
    usage: &str,
) -> Tokens<'a> {
    let failure = match error {
        Err::Error(failure) | Err::Failure(failure) => failure,
        // Only streaming parsers are ever incomplete, and there are none here.
        Err::Incomplete(_) => return skip_statement(start, start.advance()),
    };
    let at = failure.rest(start);
    let found = describe(at);
    let mut expected = failure.expected;
    expected.dedup();
    let message = if expected.is_empty() {
        format!("unexpected {found}")
    } else {
        format!("expected {}, found {found}", either(&expected))
    };
    let mut finding = Finding::new(Id::TG0001, message).at(at.span(), format!("found {found}"));
    if let Some(previous) = at.previous_span() {
        if at.is_first_on_line() {
            // What is missing is missing at the end of the line before.
            finding = finding.at(previous.after(), "something is missing here");
        }
        if start.context.source(previous) == "," {
            finding =
                finding.help("a list goes on after a comma: add what follows, or remove the comma");
        }
    }
    if at.kind() == Kind::OpenText {
        finding = finding.help(CLOSE_TEXT);
    } else if at.kind() == Kind::Word {
        finding = finding.maybe_help(did_you_mean_help(at.text(), expected.iter().copied()));
    }
    let finding = finding.help(format!("write: {usage}"));
    start.context.findings.borrow_mut().push(finding);
    note_unread(start);
    let resume = if at.span().start > start.span().start {
        at
    } else {
        start.advance()
    };
    skip_statement(start, resume)
}

fn at_block_start(rest: Tokens<'_>) -> bool {
    rest.previous_span()
        .is_none_or(|previous| rest.context.source(previous) == "{")
}

/// Goes on after the statement that begins at `start`: past lines that are indented deeper and begin with no keyword,
/// and past braces opened on the way, but not past the brace that closes the block around.
fn skip_statement<'a>(start: Tokens<'a>, mut rest: Tokens<'a>) -> Tokens<'a> {
    let continues = |line: Tokens<'a>| {
        start.is_first_on_line() && !line.is_keyword() && line.column() > start.column()
    };
    let mut depth = 0u32;
    loop {
        match rest.kind() {
            Kind::End => return rest,
            Kind::Close if depth == 0 => return rest,
            Kind::Close => depth -= 1,
            _ if depth == 0 && rest.begins_statement() && !continues(rest) => return rest,
            Kind::Open => depth += 1,
            _ => {}
        }
        rest = rest.advance();
    }
}

fn describe(at: Tokens<'_>) -> String {
    match at.kind() {
        Kind::End => "the end of the file".to_owned(),
        Kind::OpenText => "a text without its closing quote".to_owned(),
        Kind::Text => "a text in quotes".to_owned(),
        _ => format!("`{}`", at.text()),
    }
}

/// `a, b or c`, with words of the language in backticks.
fn either(expected: &[&str]) -> String {
    let shown: Vec<String> = expected
        .iter()
        .map(|what| {
            if what.contains(' ') {
                (*what).to_owned()
            } else {
                format!("`{what}`")
            }
        })
        .collect();
    match shown.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
