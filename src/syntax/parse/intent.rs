//! Pools, requirements, assertions, and the targets that rules and requirements name.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, opt};
use nom::sequence::preceded;

use crate::syntax::tree::{Assert, Pool, PoolClause, Require, Target, TargetKind, Word};

use super::block::{Form, Forms, optional_body, usages_of};
use super::input::{
    Step, Tokens, arrow, equals, keyword, keyword_on_line, list, text, value, value_or_text, values,
};
use super::network::clause_span;
use super::resource;

pub(super) fn usages() -> Vec<(&'static str, &'static str)> {
    usages_of(&POOL).collect()
}

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

pub(super) fn pool(input: Tokens<'_>) -> Step<'_, Pool> {
    (
        value("the name of a pool"),
        preceded(keyword("in"), cut(values("a subnet as vnet.subnet"))),
        optional_body(&POOL),
    )
        .map(|(name, places, body)| Pool { name, places, body })
        .parse(input)
}

static POOL: Forms<PoolClause> = Forms {
    block: "a pool",
    common: None,
    own: &[
        Form {
            keyword: "kind",
            usage: "kind CATALOG",
            parse: |_, input| {
                value("the name of a catalog")
                    .map(PoolClause::Kind)
                    .parse(input)
            },
        },
        Form {
            keyword: "clusters",
            usage: "clusters TYPE, …",
            parse: |_, input| {
                values("a cluster type such as spark")
                    .map(PoolClause::Clusters)
                    .parse(input)
            },
        },
        Form {
            keyword: "features",
            usage: "features NAME, …",
            parse: |_, input| {
                values("a feature of the catalog")
                    .map(PoolClause::Features)
                    .parse(input)
            },
        },
        Form {
            keyword: "include",
            usage: "include recommended, optional, observed, retired",
            parse: |_, input| {
                values("recommended, optional, observed or retired")
                    .map(PoolClause::Include)
                    .parse(input)
            },
        },
        Form {
            keyword: "outbound",
            usage: "outbound loadBalancer | managedNATGateway | userAssignedNATGateway | userDefinedRouting | none | block",
            parse: |_, input| {
                value("an outbound type such as userDefinedRouting")
                    .map(PoolClause::Outbound)
                    .parse(input)
            },
        },
        Form {
            keyword: "via",
            usage: "via FIREWALL",
            parse: |_, input| {
                value("the name of a firewall")
                    .map(PoolClause::Via)
                    .parse(input)
            },
        },
        Form {
            keyword: "network-plugin",
            usage: "network-plugin azure | azure-overlay | kubenet | none",
            parse: |_, input| {
                value("a network plugin such as azure-overlay")
                    .map(PoolClause::NetworkPlugin)
                    .parse(input)
            },
        },
        Form {
            keyword: "pod-cidr",
            usage: "pod-cidr PREFIX, …",
            parse: |_, input| values("a prefix").map(PoolClause::PodCidr).parse(input),
        },
        Form {
            keyword: "private-aks",
            usage: "private-aks",
            parse: |head, input| Ok((input, PoolClause::PrivateCluster(head))),
        },
        Form {
            keyword: "private-cluster",
            usage: "private-cluster",
            parse: |head, input| Ok((input, PoolClause::PrivateCluster(head))),
        },
        Form {
            keyword: "private-ingress",
            usage: "private-ingress",
            parse: |head, input| Ok((input, PoolClause::PrivateIngress(head))),
        },
        Form {
            keyword: "identity",
            usage: "identity NAME | identity system-assigned",
            parse: |_, input| {
                value("the name of an identity, or system-assigned")
                    .map(PoolClause::Identity)
                    .parse(input)
            },
        },
        Form {
            keyword: "set",
            usage: "set NAME = VALUE",
            parse: |_, input| {
                (
                    value("the name of a value in the catalog"),
                    preceded(equals(), cut(value_or_text("a value"))),
                )
                    .map(|(name, value)| PoolClause::Set { name, value })
                    .parse(input)
            },
        },
        Form {
            keyword: "ignore",
            usage: "ignore TG0000 \"why\" [until 2027-01-31]",
            parse: |head, input| {
                resource::ignore(head, input)
                    .map(|(rest, ignore)| (rest, PoolClause::Ignore(ignore)))
            },
        },
    ],
};

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

pub(super) fn assert(head: Word, input: Tokens<'_>) -> Step<'_, Assert> {
    let (rest, (pool, never, _, to, services)) = (
        value("the name of a pool"),
        opt(keyword("never")),
        keyword("reaches"),
        cut(targets),
        opt(values("a service such as https or tcp/22")),
    )
        .parse(input)?;
    let span = clause_span(&head, rest);
    let services = services.unwrap_or_default();
    Ok((
        rest,
        Assert {
            pool,
            never: never.is_some(),
            to,
            services,
            span,
        },
    ))
}
