//! Identities and roles.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, not, opt, peek};
use nom::sequence::{preceded, terminated};

use crate::syntax::token::Kind;
use crate::syntax::tree::{Block, IdentityClause, RoleClause, Scope, Word};

use super::block::{Form, Forms, body, usages_of};
use super::input::{
    Step, Tokens, keyword, keyword_on_line, list, one_of, value, value_or_text, values,
};
use super::network::{clause_span, named_block};

pub(super) fn usages() -> Vec<(&'static str, &'static str)> {
    usages_of(&IDENTITY).chain(usages_of(&ROLE)).collect()
}

pub(super) fn identity(input: Tokens<'_>) -> Step<'_, Block<IdentityClause>> {
    named_block("the name of an identity", &IDENTITY, input)
}

static IDENTITY: Forms<IdentityClause> = Forms {
    block: "an identity",
    common: Some(IdentityClause::Common),
    own: &[
        Form {
            keyword: "principal-id",
            usage: "principal-id GUID",
            parse: |_, input| {
                value("the object id of a principal")
                    .map(IdentityClause::PrincipalId)
                    .parse(input)
            },
        },
        Form {
            keyword: "member-of",
            usage: "member-of GROUP, …",
            parse: |_, input| {
                list(|| value_or_text("the name or object id of a group"))
                    .map(IdentityClause::MemberOf)
                    .parse(input)
            },
        },
        Form {
            keyword: "role",
            usage: "role \"NAME\" on SCOPE [existing]",
            parse: role_assignment,
        },
    ],
};

fn role_assignment(head: Word, input: Tokens<'_>) -> Step<'_, IdentityClause> {
    let (rest, (role, scope, existing)) = (
        value_or_text("the name of a role in quotes"),
        preceded(keyword("on"), cut(scope)),
        opt(already_existing),
    )
        .parse(input)?;
    let span = clause_span(&head, rest);
    Ok((
        rest,
        IdentityClause::Role {
            role,
            scope,
            existing: existing.is_some(),
            span,
        },
    ))
}

/// `existing` of an assignment, on its line; with more behind it, it is the clause of the identity.
fn already_existing(input: Tokens<'_>) -> Step<'_, Word> {
    terminated(
        keyword_on_line("existing"),
        not(alt((keyword("resource-group"), keyword("subscription")))),
    )
    .parse(input)
}

pub(super) fn scope(input: Tokens<'_>) -> Step<'_, Scope> {
    let own = preceded(
        keyword_on_line("this"),
        cut(one_of(&["resource-group", "subscription"])),
    )
    .map(|kind| Scope { kind, name: None });
    let named = (
        one_of(&[
            "vnet",
            "subnet",
            "route-table",
            "nsg",
            "nat-gateway",
            "public-ip",
            "private-dns-zone",
            "service",
            "resource-group",
            "subscription",
            "management-group",
        ]),
        cut(value("a name")),
    )
        .map(|(kind, name)| Scope {
            kind,
            name: Some(name),
        });
    alt((own, named)).parse(input)
}

pub(super) fn role(input: Tokens<'_>) -> Step<'_, Block<RoleClause>> {
    (
        value_or_text("the name of a role in quotes"),
        peek(open_brace),
        body(&ROLE),
    )
        .map(|(name, (), body)| Block { name, body })
        .parse(input)
}

fn open_brace(input: Tokens<'_>) -> Step<'_, ()> {
    if input.kind() == Kind::Open {
        Ok((input, ()))
    } else {
        keyword("{").map(|_| ()).parse(input)
    }
}

static ROLE: Forms<RoleClause> = Forms {
    block: "a role",
    common: None,
    own: &[
        Form {
            keyword: "actions",
            usage: "actions ACTION, …",
            parse: |_, input| {
                values("an action such as Microsoft.Network/routeTables/read")
                    .map(RoleClause::Actions)
                    .parse(input)
            },
        },
        Form {
            keyword: "not-actions",
            usage: "not-actions ACTION, …",
            parse: |_, input| {
                values("an action such as Microsoft.Network/routeTables/read")
                    .map(RoleClause::NotActions)
                    .parse(input)
            },
        },
    ],
};
