//! Private endpoints and private DNS zones.

use nom::Parser;
use nom::combinator::opt;

use crate::syntax::tree::{Block, DnsZoneClause, Placed, PrivateEndpointClause};

use super::block::{Form, Forms, usages_of};
use super::input::{Step, Tokens, keyword, value, values};
use super::network::{named_block, placed_block};

pub(super) fn usages() -> Vec<(&'static str, &'static str)> {
    usages_of(&PRIVATE_ENDPOINT)
        .chain(usages_of(&DNS_ZONE))
        .collect()
}

pub(super) fn private_endpoint(input: Tokens<'_>) -> Step<'_, Placed<PrivateEndpointClause>> {
    placed_block(
        "the name of a private endpoint",
        "a subnet as vnet.subnet",
        &PRIVATE_ENDPOINT,
        input,
    )
}

static PRIVATE_ENDPOINT: Forms<PrivateEndpointClause> = Forms {
    block: "a private endpoint",
    common: Some(PrivateEndpointClause::Common),
    own: &[
        Form {
            keyword: "private-ip",
            usage: "private-ip ADDRESS, …",
            parse: |_, input| {
                values("an address")
                    .map(PrivateEndpointClause::PrivateIp)
                    .parse(input)
            },
        },
        Form {
            keyword: "for",
            usage: "for FQDN, …",
            parse: |_, input| {
                values("a domain name")
                    .map(PrivateEndpointClause::For)
                    .parse(input)
            },
        },
        Form {
            keyword: "zone",
            usage: "zone NAME",
            parse: |_, input| {
                value("the name of a private DNS zone")
                    .map(PrivateEndpointClause::Zone)
                    .parse(input)
            },
        },
    ],
};

pub(super) fn dns_zone(input: Tokens<'_>) -> Step<'_, Block<DnsZoneClause>> {
    named_block("the domain of a private DNS zone", &DNS_ZONE, input)
}

static DNS_ZONE: Forms<DnsZoneClause> = Forms {
    block: "a private DNS zone",
    common: Some(DnsZoneClause::Common),
    own: &[
        Form {
            keyword: "link",
            usage: "link VNET [registration] [nxdomain-redirect]",
            parse: |_, input| {
                (
                    value("the name of a vnet"),
                    opt(keyword("registration")),
                    opt(keyword("nxdomain-redirect")),
                )
                    .map(|(vnet, registration, redirect)| DnsZoneClause::Link {
                        vnet,
                        registration: registration.is_some(),
                        nxdomain_redirect: redirect.is_some(),
                    })
                    .parse(input)
            },
        },
        Form {
            keyword: "record",
            usage: "record NAME ADDRESS, …",
            parse: |_, input| {
                (value("a name inside the zone, or @"), values("an address"))
                    .map(|(name, addresses)| DnsZoneClause::Record { name, addresses })
                    .parse(input)
            },
        },
    ],
};
