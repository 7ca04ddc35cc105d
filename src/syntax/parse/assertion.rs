//! Assertions: what must be so of the result.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, opt};
use nom::sequence::{preceded, terminated};

use crate::base::did_you_mean;
use crate::syntax::token::Kind;
use crate::syntax::tree::{Assert, AssertKind, AssertVia, Place, Word};

use super::input::{Failure, Step, Tokens, keyword, keyword_on_line, value, values};
use super::intent::targets;
use super::network::clause_span;

const VIA: &str = "via";

pub(super) fn assert(head: Word, input: Tokens<'_>) -> Step<'_, Assert> {
    let (rest, (pool, kind, to)) =
        (value("the name of a pool"), kind(), cut(targets)).parse(input)?;
    // Services may be left out, so the word here may also say by what way.
    let (rest, services) = if begins_way(rest) {
        (rest, None)
    } else {
        opt(values("a service such as https or tcp/22")).parse(rest)?
    };
    let (rest, via) = if begins_way(rest) {
        cut(via).map(Some).parse(rest)?
    } else {
        (rest, None)
    };
    let span = clause_span(&head, rest);
    let services = services.unwrap_or_default();
    Ok((
        rest,
        Assert {
            pool,
            kind,
            to,
            services,
            via,
            span,
        },
    ))
}

fn kind<'a>() -> impl Parser<Tokens<'a>, Output = AssertKind, Error = Failure> {
    let before = |word: &'static str| terminated(keyword(word), cut(keyword("reaches")));
    alt((
        before("never").map(|_| AssertKind::NeverReaches),
        before("only").map(|_| AssertKind::OnlyReaches),
        keyword("reaches").map(|_| AssertKind::Reaches),
    ))
}

fn via(input: Tokens<'_>) -> Step<'_, (AssertVia, Place)> {
    let (rest, (word, device)) = (
        keyword(VIA),
        alt((
            preceded(
                keyword_on_line("firewall"),
                cut(value("the name of a firewall")),
            )
            .map(AssertVia::Firewall),
            preceded(
                keyword_on_line("appliance"),
                cut(value("the name of an appliance")),
            )
            .map(AssertVia::Appliance),
        )),
    )
        .parse(input)?;
    let place = clause_span(&word, rest);
    Ok((rest, (device, place)))
}

/// Whether `via` stands here, or a slip of it: what comes next tells that from a service.
fn begins_way(input: Tokens<'_>) -> bool {
    let word = input.text();
    let is_slip = || {
        let names_a_device = matches!(input.advance().text(), "firewall" | "appliance");
        names_a_device && !input.is_fresh_line() && did_you_mean(word, [VIA]).is_some()
    };
    input.kind() == Kind::Word && (word == VIA || is_slip())
}
