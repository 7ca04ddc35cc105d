//! From tokens to the tree. Every mistake is reported once; parsing goes on after it.

mod block;
mod firewall;
mod input;
mod intent;
mod item;
mod network;
mod resource;

use std::cell::RefCell;

use crate::base::{FileId, SourceMap};
use crate::diag::{Finding, Id};

use self::block::{head, report_failure, report_unknown};
use self::input::{Context, Significant, Tokens};
use super::token::{Kind, Token, tokenize};
use super::tree::Item;

/// A file as far as it could be understood.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// The file.
    pub file: FileId,
    /// Its statements.
    pub items: Vec<Item>,
    /// What is wrong with the rest.
    pub findings: Vec<Finding>,
    /// All tokens, white space and comments too.
    pub(super) tokens: Vec<Token>,
    /// Where statements and clauses begin, in bytes, in ascending order.
    pub(super) starts: Vec<u32>,
}

/// Parses a file of the map.
#[must_use]
pub fn parse(sources: &SourceMap, file: FileId) -> Parsed {
    parse_text(file, sources.get(file).map_or("", |source| source.text()))
}

/// Parses a text as that of `file`.
pub(super) fn parse_text(file: FileId, text: &str) -> Parsed {
    let tokens = tokenize(text);
    let significant = significant(&tokens, text);
    let context = Context {
        text,
        file,
        findings: RefCell::new(Vec::new()),
        starts: RefCell::new(Vec::new()),
    };
    let items = items(Tokens::new(&significant, &context));
    let mut starts = context.starts.into_inner();
    starts.sort_unstable();
    Parsed {
        file,
        items,
        findings: context.findings.into_inner(),
        tokens,
        starts,
    }
}

fn items(mut rest: Tokens<'_>) -> Vec<Item> {
    let mut items = Vec::new();
    loop {
        match rest.kind() {
            Kind::End => return items,
            Kind::Close => {
                let finding = Finding::new(Id::TG0001, "unexpected `}`")
                    .at(rest.span(), "closes no block")
                    .help("remove it, or add the `{` it belongs to");
                rest.context.findings.borrow_mut().push(finding);
                rest = rest.advance();
                continue;
            }
            _ => {}
        }
        let form = item::FORMS.iter().find(|form| form.keyword == rest.text());
        match head(rest).zip(form) {
            Some(((after, head), form)) => match (form.parse)(head, after) {
                Ok((next, item)) => {
                    rest.context.starts.borrow_mut().push(rest.span().start);
                    items.push(item);
                    rest = next;
                }
                Err(error) => rest = report_failure(rest, error, form.usage),
            },
            None => {
                let keywords: Vec<&'static str> =
                    item::FORMS.iter().map(|form| form.keyword).collect();
                rest = report_unknown(rest, "a policy", &keywords);
            }
        }
    }
}

fn significant(tokens: &[Token], text: &str) -> Vec<Significant> {
    let mut out = Vec::with_capacity(tokens.len() / 2 + 1);
    let mut new_line = true;
    let mut continued = false;
    for token in tokens {
        if !token.is_significant() {
            new_line |= token.text(text).contains('\n');
            continue;
        }
        out.push(Significant {
            token: *token,
            fresh_line: new_line && !continued,
        });
        new_line = false;
        continued = matches!(
            token.kind,
            Kind::Comma | Kind::Equals | Kind::Arrow | Kind::BothWays
        );
    }
    out
}

/// How every statement and clause of the language reads, with the block it belongs to.
#[must_use]
pub fn usages() -> Vec<(&'static str, &'static str)> {
    let mut all: Vec<(&'static str, &'static str)> = item::FORMS
        .iter()
        .map(|form| ("a policy", form.usage))
        .collect();
    all.extend(
        resource::COMMON
            .iter()
            .map(|form| ("any resource", form.usage)),
    );
    all.extend(network::usages());
    all.extend(firewall::usages());
    all.extend(intent::usages());
    all
}
