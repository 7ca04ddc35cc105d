//! Clauses that every resource may have.

use nom::Parser;
use nom::combinator::{cut, opt};
use nom::sequence::preceded;

use crate::syntax::tree::{CommonClause, Existing, Ignore, Word};

use super::block::Form;
use super::input::{Step, Tokens, keyword, text, value};

pub(super) static COMMON: &[Form<CommonClause>] = &[
    Form {
        keyword: "existing",
        usage: "existing [resource-group NAME] [subscription ID]",
        parse: existing,
    },
    Form {
        keyword: "ignore",
        usage: "ignore TG0000 \"why\" [until 2027-01-31]",
        parse: |head, input| {
            ignore(head, input).map(|(rest, ignore)| (rest, CommonClause::Ignore(ignore)))
        },
    },
];

fn existing(keyword_word: Word, input: Tokens<'_>) -> Step<'_, CommonClause> {
    (
        opt(preceded(
            keyword("resource-group"),
            cut(value("the name of a resource group")),
        )),
        opt(preceded(
            keyword("subscription"),
            cut(value("the id of a subscription")),
        )),
    )
        .map(|(resource_group, subscription)| {
            CommonClause::Existing(Existing {
                keyword: keyword_word.clone(),
                resource_group,
                subscription,
            })
        })
        .parse(input)
}

pub(super) fn ignore(_: Word, input: Tokens<'_>) -> Step<'_, Ignore> {
    (
        value("the id of a finding"),
        text("the reason in quotes"),
        opt(preceded(
            keyword("until"),
            cut(value("a date such as 2027-01-31")),
        )),
    )
        .map(|(id, reason, until)| Ignore { id, reason, until })
        .parse(input)
}
