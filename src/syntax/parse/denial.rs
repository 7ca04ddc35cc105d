//! Deny assignments and assignments of Azure Policy.

use nom::Parser;
use nom::combinator::cut;
use nom::sequence::preceded;

use crate::syntax::tree::{AzurePolicyClause, Denial, DenyAssignmentClause};

use super::block::{Form, Forms, optional_body, usages_of};
use super::identity::scope;
use super::input::{Step, Tokens, keyword, value, value_or_text, values};
use super::resource;

pub(super) fn usages() -> Vec<(&'static str, &'static str)> {
    usages_of(&DENY_ASSIGNMENT)
        .chain(usages_of(&AZURE_POLICY))
        .collect()
}

fn denial<'a, C>(
    what: &'static str,
    forms: &'static Forms<C>,
    input: Tokens<'a>,
) -> Step<'a, Denial<C>> {
    (
        value_or_text(what),
        preceded(keyword("on"), cut(scope)),
        optional_body(forms),
    )
        .map(|(name, scope, body)| Denial { name, scope, body })
        .parse(input)
}

pub(super) fn deny_assignment(input: Tokens<'_>) -> Step<'_, Denial<DenyAssignmentClause>> {
    denial("the name of a deny assignment", &DENY_ASSIGNMENT, input)
}

static DENY_ASSIGNMENT: Forms<DenyAssignmentClause> = Forms {
    block: "a deny assignment",
    common: None,
    own: &[
        Form {
            keyword: "actions",
            usage: "actions ACTION, …",
            parse: |_, input| {
                values("an action such as Microsoft.Network/routeTables/write")
                    .map(DenyAssignmentClause::Actions)
                    .parse(input)
            },
        },
        Form {
            keyword: "not-actions",
            usage: "not-actions ACTION, …",
            parse: |_, input| {
                values("an action such as Microsoft.Network/routeTables/write")
                    .map(DenyAssignmentClause::NotActions)
                    .parse(input)
            },
        },
        Form {
            keyword: "principals",
            usage: "principals IDENTITY, …",
            parse: |_, input| {
                values("the name of an identity")
                    .map(DenyAssignmentClause::Principals)
                    .parse(input)
            },
        },
        Form {
            keyword: "except",
            usage: "except IDENTITY, …",
            parse: |_, input| {
                values("the name of an identity")
                    .map(DenyAssignmentClause::Except)
                    .parse(input)
            },
        },
        Form {
            keyword: "scope-only",
            usage: "scope-only",
            parse: |head, input| Ok((input, DenyAssignmentClause::ScopeOnly(head))),
        },
        Form {
            keyword: "ignore",
            usage: "ignore TG0000 \"why\" [until 2027-01-31]",
            parse: |head, input| {
                resource::ignore(head, input)
                    .map(|(rest, ignore)| (rest, DenyAssignmentClause::Ignore(ignore)))
            },
        },
    ],
};

pub(super) fn azure_policy(input: Tokens<'_>) -> Step<'_, Denial<AzurePolicyClause>> {
    denial(
        "the name of an assignment of Azure Policy",
        &AZURE_POLICY,
        input,
    )
}

static AZURE_POLICY: Forms<AzurePolicyClause> = Forms {
    block: "an assignment of Azure Policy",
    common: None,
    own: &[
        Form {
            keyword: "effect",
            usage: "effect EFFECT",
            parse: |_, input| {
                value("an effect such as deny")
                    .map(AzurePolicyClause::Effect)
                    .parse(input)
            },
        },
        Form {
            keyword: "resource-types",
            usage: "resource-types TYPE, …",
            parse: |_, input| {
                values("a resource type such as Microsoft.Network/publicIPAddresses")
                    .map(AzurePolicyClause::ResourceTypes)
                    .parse(input)
            },
        },
        Form {
            keyword: "ignore",
            usage: "ignore TG0000 \"why\" [until 2027-01-31]",
            parse: |head, input| {
                resource::ignore(head, input)
                    .map(|(rest, ignore)| (rest, AzurePolicyClause::Ignore(ignore)))
            },
        },
    ],
};
