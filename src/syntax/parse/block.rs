//! Blocks: clauses between braces, told apart by their first word, with recovery.

use nom::{Err, Parser};

use crate::base::{Span, did_you_mean_help};
use crate::diag::{Finding, Id};
use crate::syntax::token::Kind;
use crate::syntax::tree::{Body, CommonClause, Word};

use super::input::{Failure, Step, Tokens, keyword};
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

    /// Parses the clause that starts here, if a form begins with this word.
    fn clause<'a>(&self, input: Tokens<'a>) -> Option<(Step<'a, C>, &'static str)> {
        let (rest, head) = head(input)?;
        if let Some(form) = self.own.iter().find(|form| form.keyword == input.text()) {
            return Some(((form.parse)(head, rest), form.usage));
        }
        let wrap = self.common?;
        let form = resource::COMMON
            .iter()
            .find(|form| form.keyword == input.text())?;
        Some((
            (form.parse)(head, rest).map(|(rest, clause)| (rest, wrap(clause))),
            form.usage,
        ))
    }
}

/// The word here, wherever on its line it stands.
pub(super) fn head(input: Tokens<'_>) -> Option<(Tokens<'_>, Word)> {
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
    let open = input.span();
    let mut clauses = Vec::new();
    let mut rest = input.advance();
    loop {
        match rest.kind() {
            Kind::Close => {
                let span = open.to(rest.span());
                return (
                    rest.advance(),
                    Body {
                        clauses,
                        span: Some(span),
                    },
                );
            }
            Kind::End => {
                let end = unclosed(rest, open, "the file ends here");
                return (
                    rest,
                    Body {
                        clauses,
                        span: Some(open.to(end)),
                    },
                );
            }
            _ => {}
        }
        match forms.clause(rest) {
            Some((Ok((next, clause)), _)) => {
                rest.context.starts.borrow_mut().push(rest.span().start);
                clauses.push(clause);
                rest = next;
            }
            Some((Err(error), usage)) => rest = report_failure(rest, error, usage),
            None if rest.is_fresh_line()
                && item::FORMS.iter().any(|form| form.keyword == rest.text()) =>
            {
                let end = unclosed(rest, open, "a statement that belongs outside");
                return (
                    rest,
                    Body {
                        clauses,
                        span: Some(open.to(end)),
                    },
                );
            }
            None => rest = report_unknown(rest, forms.block, &forms.keywords()),
        }
    }
}

fn unclosed(rest: Tokens<'_>, open: Span, here: &str) -> Span {
    let finding = Finding::new(Id::TG0003, "this block is never closed")
        .at(open, "opened here")
        .related(rest.span(), here)
        .help("add `}` where the block ends");
    rest.context.findings.borrow_mut().push(finding);
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
        Err::Incomplete(_) => return skip_statement(start.advance()),
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
    if at.is_fresh_line() {
        // What is missing is missing at the end of the line before.
        if let Some(previous) = at.previous_span() {
            finding = finding.at(previous.after(), "something is missing here");
        }
    }
    if at.kind() == Kind::OpenText {
        finding = finding.help("close the text with `\"` on the same line");
    } else if at.kind() == Kind::Word {
        finding = finding.maybe_help(did_you_mean_help(at.text(), expected.iter().copied()));
    }
    let finding = finding.help(format!("write: {usage}"));
    start.context.findings.borrow_mut().push(finding);
    let resume = if at.span().start > start.span().start {
        at
    } else {
        start.advance()
    };
    skip_statement(resume)
}

/// Says that no clause begins so, and goes on after it.
pub(super) fn report_unknown<'a>(
    rest: Tokens<'a>,
    block: &str,
    keywords: &[&'static str],
) -> Tokens<'a> {
    let found = describe(rest);
    let finding = if rest.kind() == Kind::Word && (rest.is_fresh_line() || at_block_start(rest)) {
        let suggestion = did_you_mean_help(rest.text(), keywords.iter().copied());
        let known = suggestion
            .is_none()
            .then(|| format!("{block} can hold: {}", keywords.join(", ")));
        Finding::new(Id::TG0002, format!("unknown keyword {found} in {block}"))
            .at(rest.span(), "not known here")
            .maybe_help(suggestion)
            .maybe_help(known)
    } else {
        let suggestion = did_you_mean_help(rest.text(), keywords.iter().copied());
        Finding::new(Id::TG0001, format!("unexpected {found}"))
            .at(rest.span(), "does not belong here")
            .maybe_help(suggestion.filter(|_| rest.kind() == Kind::Word))
    };
    rest.context.findings.borrow_mut().push(finding);
    skip_statement(rest.advance())
}

fn at_block_start(rest: Tokens<'_>) -> bool {
    rest.previous_span().is_none_or(|previous| {
        rest.context
            .text
            .get(previous.start as usize..previous.end as usize)
            == Some("{")
    })
}

/// Goes to the next line, past any braces opened on the way, or to the brace that closes the block around.
fn skip_statement(mut rest: Tokens<'_>) -> Tokens<'_> {
    let mut depth = 0u32;
    loop {
        match rest.kind() {
            Kind::End => return rest,
            Kind::Close if depth == 0 => return rest,
            Kind::Close => depth -= 1,
            _ if depth == 0 && rest.is_fresh_line() => return rest,
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
