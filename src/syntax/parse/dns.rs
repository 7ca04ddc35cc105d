//! Private endpoints, private DNS zones, DNS servers.

use nom::Parser;
use nom::combinator::{cut, opt};
use nom::sequence::preceded;

use crate::syntax::tree::{
    Block, DnsServer, DnsServerClause, DnsZoneClause, Placed, PrivateEndpointClause,
};

use super::block::{Form, Forms, optional_body, usages_of};
use super::input::{Step, Tokens, arrow, keyword, value, values};
use super::network::{clause_span, named_block, placed_block};

pub(super) fn usages() -> Vec<(&'static str, &'static str)> {
    usages_of(&PRIVATE_ENDPOINT)
        .chain(usages_of(&DNS_ZONE))
        .chain(usages_of(&DNS_SERVER))
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
        Form {
            keyword: "target",
            usage: "target SERVICE",
            parse: |_, input| {
                value("the name of a service")
                    .map(PrivateEndpointClause::Target)
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
        Form {
            keyword: "alias",
            usage: "alias NAME -> FQDN",
            parse: |_, input| {
                (
                    value("a name inside the zone"),
                    preceded(arrow(), cut(value("a domain name"))),
                )
                    .map(|(name, to)| DnsZoneClause::Alias { name, to })
                    .parse(input)
            },
        },
    ],
};

pub(super) fn dns_server(input: Tokens<'_>) -> Step<'_, DnsServer> {
    (
        value("the name of a DNS server"),
        opt(preceded(keyword("in"), cut(value("the name of a vnet")))),
        optional_body(&DNS_SERVER),
    )
        .map(|(name, vnet, body)| DnsServer { name, vnet, body })
        .parse(input)
}

static DNS_SERVER: Forms<DnsServerClause> = Forms {
    block: "a DNS server",
    common: Some(DnsServerClause::Common),
    own: &[
        Form {
            keyword: "address",
            usage: "address ADDRESS",
            parse: |_, input| {
                value("an address")
                    .map(DnsServerClause::Address)
                    .parse(input)
            },
        },
        Form {
            keyword: "forwarders",
            usage: "forwarders ADDRESS, …",
            parse: |_, input| {
                values("the address of a DNS server")
                    .map(DnsServerClause::Forwarders)
                    .parse(input)
            },
        },
        Form {
            keyword: "forward",
            usage: "forward DOMAIN -> ADDRESS, …",
            parse: |head, input| {
                let (rest, (domain, (), servers)) = (
                    value("a domain name"),
                    arrow(),
                    cut(values("the address of a DNS server")),
                )
                    .parse(input)?;
                let span = clause_span(&head, rest);
                let clause = DnsServerClause::Forward {
                    domain,
                    servers,
                    span,
                };
                Ok((rest, clause))
            },
        },
    ],
};
