//! Requirements, and the targets that they, rules and assertions name.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, opt};
use nom::sequence::preceded;

use crate::syntax::tree::{Require, Target, TargetKind, Word};

use super::input::{
    Step, Tokens, arrow, keyword, keyword_on_line, list, text, value, value_or_text, values,
};
use super::network::clause_span;

/// One target: a word, with a keyword before it where the word alone would not tell.
pub(super) fn target(input: Tokens<'_>) -> Step<'_, Target> {
    fn kind<'a>(
        word: &'static str,
        what: &'static str,
        kind: TargetKind,
    ) -> impl Parser<Tokens<'a>, Output = Target, Error = super::input::Failure> {
        preceded(keyword_on_line(word), cut(value(what))).map(move |word| Target { kind, word })
    }
    alt((
        kind("tag", "the name of a service tag", TargetKind::ServiceTag),
        kind("fqdn-tag", "the name of an FQDN tag", TargetKind::FqdnTag),
        kind(
            "web-category",
            "the name of a web category",
            TargetKind::WebCategory,
        ),
        kind("ip-group", "the name of an IP group", TargetKind::IpGroup),
        kind(
            "security-group",
            "the name of an application security group",
            TargetKind::SecurityGroup,
        ),
        value("an address, a name or a group").map(|word| Target {
            kind: TargetKind::Plain,
            word,
        }),
    ))
    .parse(input)
}

/// Targets with commas between.
pub(super) fn targets(input: Tokens<'_>) -> Step<'_, Vec<Target>> {
    list(|| target).parse(input)
}

pub(super) fn require(head: Word, input: Tokens<'_>) -> Step<'_, Require> {
    let (rest, (pool, (), to, services, reason, owner, ticket, expires)) = (
        value("the name of a pool"),
        arrow(),
        cut(targets),
        cut(values("a service such as https or tcp/9092-9094")),
        opt(text("the reason in quotes")),
        opt(preceded(
            keyword("owner"),
            cut(value_or_text("who answers for it")),
        )),
        opt(preceded(
            keyword("ticket"),
            cut(value_or_text("where it was agreed")),
        )),
        opt(preceded(
            keyword("expires"),
            cut(value("a date such as 2027-01-31")),
        )),
    )
        .parse(input)?;
    let span = clause_span(&head, rest);
    Ok((
        rest,
        Require {
            pool,
            to,
            services,
            reason,
            owner,
            ticket,
            expires,
            span,
        },
    ))
}
