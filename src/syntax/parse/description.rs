//! Services and proxies.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, opt};
use nom::sequence::preceded;

use crate::syntax::tree::{Admitted, Block, Proxy, ProxyClause, ServiceClause, Word};

use super::block::{Form, Forms, optional_body, usages_of};
use super::input::{Step, Tokens, keyword, keyword_on_line, list, one_of, value, values};
use super::network::{SWITCH, named_block};

pub(super) fn usages() -> Vec<(&'static str, &'static str)> {
    usages_of(&SERVICE).chain(usages_of(&PROXY)).collect()
}

pub(super) fn service(input: Tokens<'_>) -> Step<'_, Block<ServiceClause>> {
    named_block("the name of a service", &SERVICE, input)
}

static SERVICE: Forms<ServiceClause> = Forms {
    block: "a service",
    common: Some(ServiceClause::Common),
    own: &[
        Form {
            keyword: "fqdn",
            usage: "fqdn FQDN",
            parse: |_, input| value("a domain name").map(ServiceClause::Fqdn).parse(input),
        },
        Form {
            keyword: "kind",
            usage: "kind KIND",
            parse: |_, input| {
                value("a kind of service such as storage")
                    .map(ServiceClause::Kind)
                    .parse(input)
            },
        },
        Form {
            keyword: "region",
            usage: "region NAME",
            parse: |_, input| {
                value("the name of a region")
                    .map(ServiceClause::Region)
                    .parse(input)
            },
        },
        Form {
            keyword: "alias",
            usage: "alias FQDN",
            parse: |_, input| {
                value("a domain name")
                    .map(ServiceClause::Alias)
                    .parse(input)
            },
        },
        Form {
            keyword: "address",
            usage: "address ADDRESS, …",
            parse: |_, input| {
                values("an address")
                    .map(ServiceClause::Address)
                    .parse(input)
            },
        },
        Form {
            keyword: "tag",
            usage: "tag NAME, …",
            parse: |_, input| {
                values("the name of a service tag")
                    .map(ServiceClause::Tag)
                    .parse(input)
            },
        },
        Form {
            keyword: "public-access",
            usage: "public-access on | off",
            parse: |_, input| one_of(SWITCH).map(ServiceClause::PublicAccess).parse(input),
        },
        Form {
            keyword: "admit",
            usage: "admit PREFIX, subnet VNET.SUBNET, … | admit none",
            parse: admit,
        },
    ],
};

fn admit(head: Word, input: Tokens<'_>) -> Step<'_, ServiceClause> {
    alt((
        keyword_on_line("none").map(|_| Vec::new()),
        list(|| admitted),
    ))
    .map(|admitted| ServiceClause::Admit {
        keyword: head.clone(),
        admitted,
    })
    .parse(input)
}

fn admitted(input: Tokens<'_>) -> Step<'_, Admitted> {
    alt((
        preceded(
            keyword_on_line("subnet"),
            cut(value("a subnet as vnet.subnet")),
        )
        .map(Admitted::Subnet),
        value("a prefix").map(Admitted::Prefix),
    ))
    .parse(input)
}

pub(super) fn proxy(input: Tokens<'_>) -> Step<'_, Proxy> {
    (
        value("the name of a proxy"),
        opt(preceded(
            keyword("in"),
            cut(value("a subnet as vnet.subnet")),
        )),
        optional_body(&PROXY),
    )
        .map(|(name, subnet, body)| Proxy { name, subnet, body })
        .parse(input)
}

static PROXY: Forms<ProxyClause> = Forms {
    block: "a proxy",
    common: Some(ProxyClause::Common),
    own: &[
        Form {
            keyword: "address",
            usage: "address ADDRESS",
            parse: |_, input| value("an address").map(ProxyClause::Address).parse(input),
        },
        Form {
            keyword: "port",
            usage: "port PORT",
            parse: |_, input| value("a port").map(ProxyClause::Port).parse(input),
        },
        Form {
            keyword: "allow",
            usage: "allow any | allow FQDN, …",
            parse: |_, input| {
                values("a domain name, or any")
                    .map(ProxyClause::Allow)
                    .parse(input)
            },
        },
    ],
};
