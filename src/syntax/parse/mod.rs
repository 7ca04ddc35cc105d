//! From tokens to the tree. Every mistake is reported once; parsing goes on after it.

mod assertion;
mod block;
mod cluster;
mod denial;
mod description;
mod device;
mod dns;
mod firewall;
mod identity;
mod input;
mod intent;
mod item;
mod network;
mod resource;
mod routing;
mod security;
mod site;

use std::cell::{Cell, RefCell};

use smol_str::SmolStr;

use crate::base::{FileId, SourceMap};
use crate::diag::Finding;

use self::block::{Clauses, stray_brace};
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
    /// Names that statements seem to declare which could not be read.
    pub(super) unread: Vec<SmolStr>,
    /// A file that it uses could not be read.
    pub(super) incomplete: bool,
}

impl Parsed {
    /// The tokens of the file in order, white space and comments too: joined, they are its text.
    pub fn tokens<'a>(&self, sources: &'a SourceMap) -> impl Iterator<Item = &'a str> {
        let text = sources.get(self.file).map_or("", |source| source.text());
        self.tokens.iter().map(move |token| token.text(text))
    }
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
        unread: RefCell::new(Vec::new()),
        open_blocks: RefCell::new(Vec::new()),
        unclosed: Cell::new(unclosed(&tokens)),
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
        unread: context.unread.into_inner(),
        incomplete: false,
    }
}

/// How many more braces open than close.
fn unclosed(tokens: &[Token]) -> i64 {
    tokens
        .iter()
        .map(|token| match token.kind {
            Kind::Open => 1,
            Kind::Close => -1,
            _ => 0,
        })
        .sum()
}

fn items(mut rest: Tokens<'_>) -> Vec<Item> {
    let context = rest.context;
    context.open_blocks.borrow_mut().push(&item::POLICY);
    let mut clauses = Clauses::of(&item::POLICY);
    loop {
        rest = match rest.kind() {
            Kind::End => return clauses.read,
            Kind::Close => stray_brace(rest),
            _ => clauses.step(rest),
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
            first_on_line: new_line,
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
    let mut all: Vec<(&'static str, &'static str)> = item::POLICY
        .usages()
        .map(|usage| (item::POLICY.block, usage))
        .collect();
    all.extend(
        resource::COMMON
            .iter()
            .map(|form| ("any resource", form.usage)),
    );
    all.extend(network::usages());
    all.extend(site::usages());
    all.extend(routing::usages());
    all.extend(security::usages());
    all.extend(device::usages());
    all.extend(dns::usages());
    all.extend(identity::usages());
    all.extend(denial::usages());
    all.extend(description::usages());
    all.extend(firewall::usages());
    all.extend(cluster::usages());
    all
}
