//! Networks outside Azure.

use nom::Parser;

use crate::syntax::tree::{Site, SiteClause, SiteNetwork, SiteNetworkClause};

use super::block::{Form, Forms, optional_body, usages_of};
use super::input::{Step, Tokens, addresses, one_of, value, values};
use super::resource;
use super::routing::route;

pub(super) fn usages() -> Vec<(&'static str, &'static str)> {
    usages_of(&SITE).chain(usages_of(&NETWORK)).collect()
}

pub(super) fn site(input: Tokens<'_>) -> Step<'_, Site> {
    (
        value("the name of a site"),
        values("a prefix such as 192.168.0.0/16"),
        optional_body(&SITE),
    )
        .map(|(name, prefixes, body)| Site {
            name,
            prefixes,
            body,
        })
        .parse(input)
}

static SITE: Forms<SiteClause> = Forms {
    block: "a site",
    common: None,
    own: &[
        Form {
            keyword: "dns",
            usage: "dns ADDRESS, …",
            parse: |head, input| {
                addresses("the address of a DNS server")
                    .map(|servers| SiteClause::Dns {
                        keyword: head.clone(),
                        servers,
                    })
                    .parse(input)
            },
        },
        Form {
            keyword: "network",
            usage: "network NAME PREFIX, … { … }",
            parse: |_, input| network.map(SiteClause::Network).parse(input),
        },
        Form {
            keyword: "route",
            usage: "route NAME PREFIX -> appliance NAME",
            parse: |head, input| route(head, input).map(|(rest, it)| (rest, SiteClause::Route(it))),
        },
        Form {
            keyword: "ignore",
            usage: "ignore TG0000 \"why\" [until 2027-01-31]",
            parse: |head, input| {
                resource::ignore(head, input).map(|(rest, it)| (rest, SiteClause::Ignore(it)))
            },
        },
    ],
};

fn network(input: Tokens<'_>) -> Step<'_, SiteNetwork> {
    (
        value("the name of a network"),
        values("a prefix such as 192.168.10.0/24"),
        optional_body(&NETWORK),
    )
        .map(|(name, prefixes, body)| SiteNetwork {
            name,
            prefixes,
            body,
        })
        .parse(input)
}

static NETWORK: Forms<SiteNetworkClause> = Forms {
    block: "a network of a site",
    common: None,
    own: &[
        Form {
            keyword: "addresses",
            usage: "addresses static | dhcp | vip | management RANGE, …",
            parse: |_, input| {
                (
                    one_of(&["static", "dhcp", "vip", "management"]),
                    values("a range such as 192.168.10.10-192.168.10.99"),
                )
                    .map(|(purpose, ranges)| SiteNetworkClause::Addresses { purpose, ranges })
                    .parse(input)
            },
        },
        Form {
            keyword: "ignore",
            usage: "ignore TG0000 \"why\" [until 2027-01-31]",
            parse: |head, input| {
                resource::ignore(head, input)
                    .map(|(rest, it)| (rest, SiteNetworkClause::Ignore(it)))
            },
        },
    ],
};
