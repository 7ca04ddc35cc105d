//! Security groups and IP groups.

use nom::Parser;
use nom::combinator::{cut, opt};
use nom::sequence::preceded;

use crate::syntax::tree::{
    Block, CommonClause, IpGroup, NsgClause, SecurityGroupClause, SecurityRule, Word,
};

use super::block::{Form, Forms, optional_body, usages_of};
use super::input::{Step, Tokens, equals, keyword, one_of, text, value, values};
use super::intent::targets;
use super::network::{clause_span, named_block};

pub(super) fn usages() -> Vec<(&'static str, &'static str)> {
    usages_of(&NSG).chain(usages_of(&SECURITY_GROUP)).collect()
}

pub(super) fn nsg(input: Tokens<'_>) -> Step<'_, Block<NsgClause>> {
    named_block("the name of an NSG", &NSG, input)
}

static NSG: Forms<NsgClause> = Forms {
    block: "an NSG",
    common: Some(NsgClause::Common),
    own: &[Form {
        keyword: "rule",
        usage: "rule NAME PRIORITY inbound|outbound allow|deny from TARGET, … to TARGET, … SERVICE, … [source-ports PORT, …] [\"description\"]",
        parse: security_rule,
    }],
};

fn security_rule(head: Word, input: Tokens<'_>) -> Step<'_, NsgClause> {
    let (rest, (name, priority, direction, access, from, to, services, source_ports, description)) =
        (
            value("the name of a rule"),
            value("a priority from 100 to 4096"),
            one_of(&["inbound", "outbound"]),
            one_of(&["allow", "deny"]),
            preceded(keyword("from"), cut(targets)),
            preceded(keyword("to"), cut(targets)),
            values("a service such as tcp/443"),
            opt(preceded(
                keyword("source-ports"),
                cut(values("a port or a range of ports")),
            )),
            opt(text("a description in quotes")),
        )
            .parse(input)?;
    let rule = SecurityRule {
        span: clause_span(&head, rest),
        name,
        priority,
        direction,
        access,
        from,
        to,
        services,
        source_ports: source_ports.unwrap_or_default(),
        description,
    };
    Ok((rest, NsgClause::Rule(Box::new(rule))))
}

pub(super) fn ip_group(input: Tokens<'_>) -> Step<'_, IpGroup> {
    (
        value("the name of an IP group"),
        preceded(equals(), cut(values("a prefix or a range of addresses"))),
        optional_body(&RESOURCE),
    )
        .map(|(name, members, body)| IpGroup {
            name,
            members,
            body,
        })
        .parse(input)
}

/// Blocks of resources that have no clauses of their own.
static RESOURCE: Forms<CommonClause> = Forms {
    block: "this block",
    common: Some(|clause| clause),
    own: &[],
};

pub(super) fn security_group(input: Tokens<'_>) -> Step<'_, Block<SecurityGroupClause>> {
    named_block(
        "the name of an application security group",
        &SECURITY_GROUP,
        input,
    )
}

static SECURITY_GROUP: Forms<SecurityGroupClause> = Forms {
    block: "an application security group",
    common: Some(SecurityGroupClause::Common),
    own: &[Form {
        keyword: "members",
        usage: "members ADDRESS, …",
        parse: |head, input| {
            values("the address of an interface")
                .map(|addresses| SecurityGroupClause::Members {
                    keyword: head.clone(),
                    addresses,
                })
                .parse(input)
        },
    }],
};
