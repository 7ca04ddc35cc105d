//! Requirements, and the targets that they, rules and assertions name.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, opt};
use nom::sequence::preceded;

use crate::base::did_you_mean;
use crate::net::{AppProtocol, Transport};
use crate::syntax::tree::{Require, Target, TargetKind, Word};

use super::input::{
    Step, Tokens, arrow, fail, keyword, keyword_on_line, list, text, value, value_or_text, values,
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
        kind("api-server", "the name of a pool", TargetKind::ApiServer),
        plain,
    ))
    .parse(input)
}

fn plain(input: Tokens<'_>) -> Step<'_, Target> {
    const WHAT: &str = "an address, a name or a group";
    if is_slip_in_kind(input) {
        return fail(input, WHAT);
    }
    let target = |word| Target {
        kind: TargetKind::Plain,
        word,
    };
    value(WHAT).map(target).parse(input)
}

/// The words that may stand before a target.
const KINDS: [&str; 6] = [
    "tag",
    "fqdn-tag",
    "web-category",
    "ip-group",
    "security-group",
    "api-server",
];

/// Whether a word is nearly one of those that may stand before a target, and has one behind it: neither a service, nor
/// what goes on after a target.
fn is_slip_in_kind(input: Tokens<'_>) -> bool {
    let is_service = |word: &str| {
        let name = word.split('/').next().unwrap_or(word);
        let protocols = AppProtocol::ALL.map(AppProtocol::keyword).into_iter();
        let transports = Transport::ALL.map(Transport::keyword).into_iter();
        did_you_mean(name, protocols.chain(transports)).is_some()
    };
    let next = input.next_on_line();
    next.is_some_and(|next| !is_service(next) && !["to", "via"].contains(&next))
        && did_you_mean(input.text(), KINDS).is_some()
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
