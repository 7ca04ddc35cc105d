//! Networks, subnets, peerings, and what blocks have in common.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::cut;
use nom::sequence::preceded;

use crate::syntax::tree::{
    Block, Dns, Peering, PeeringClause, Place, Placed, Subnet, SubnetClause, Vnet, VnetClause, Word,
};

use super::block::{Form, Forms, optional_body, usages_of};
use super::input::{
    Step, Tokens, addresses, arrow, both_ways, keyword, keyword_on_line, one_of, value, values,
};

pub(super) const SWITCH: &[&str] = &["on", "off"];

pub(super) fn usages() -> Vec<(&'static str, &'static str)> {
    usages_of(&VNET)
        .chain(usages_of(&SUBNET))
        .chain(usages_of(&PEERING))
        .collect()
}

/// From the first word of a clause to the last token before `rest`.
pub(super) fn clause_span(head: &Word, rest: Tokens<'_>) -> Place {
    Place::new(
        (),
        rest.previous_span()
            .map_or(head.span, |last| head.span.to(last)),
    )
}

pub(super) fn named_block<'a, C>(
    what: &'static str,
    forms: &'static Forms<C>,
    input: Tokens<'a>,
) -> Step<'a, Block<C>> {
    (value(what), optional_body(forms))
        .map(|(name, body)| Block { name, body })
        .parse(input)
}

pub(super) fn placed_block<'a, C>(
    what: &'static str,
    place: &'static str,
    forms: &'static Forms<C>,
    input: Tokens<'a>,
) -> Step<'a, Placed<C>> {
    (
        value(what),
        preceded(keyword("in"), cut(value(place))),
        optional_body(forms),
    )
        .map(|(name, place, body)| Placed { name, place, body })
        .parse(input)
}

pub(super) fn vnet(input: Tokens<'_>) -> Step<'_, Vnet> {
    (
        value("the name of a vnet"),
        values("a prefix such as 10.10.0.0/16"),
        optional_body(&VNET),
    )
        .map(|(name, prefixes, body)| Vnet {
            name,
            prefixes,
            body,
        })
        .parse(input)
}

static VNET: Forms<VnetClause> = Forms {
    block: "a vnet",
    common: Some(VnetClause::Common),
    own: &[
        Form {
            keyword: "dns",
            usage: "dns azure | dns firewall NAME | dns ADDRESS, …",
            parse: |head, input| {
                dns.map(|servers| VnetClause::Dns {
                    keyword: head.clone(),
                    servers,
                })
                .parse(input)
            },
        },
        Form {
            keyword: "subnet",
            usage: "subnet NAME PREFIX, … { … }",
            parse: |_, input| subnet.map(VnetClause::Subnet).parse(input),
        },
    ],
};

fn dns(input: Tokens<'_>) -> Step<'_, Dns> {
    alt((
        preceded(
            keyword_on_line("firewall"),
            cut(value("the name of a firewall")),
        )
        .map(Dns::Firewall),
        keyword_on_line("azure").map(|_| Dns::Azure),
        addresses("the address of a DNS server").map(Dns::Servers),
    ))
    .parse(input)
}

fn subnet(input: Tokens<'_>) -> Step<'_, Subnet> {
    (
        value("the name of a subnet"),
        values("a prefix such as 10.10.1.0/24"),
        optional_body(&SUBNET),
    )
        .map(|(name, prefixes, body)| Subnet {
            name,
            prefixes,
            body,
        })
        .parse(input)
}

static SUBNET: Forms<SubnetClause> = Forms {
    block: "a subnet",
    common: Some(SubnetClause::Common),
    own: &[
        Form {
            keyword: "route-table",
            usage: "route-table NAME",
            parse: |_, input| {
                value("the name of a route table")
                    .map(SubnetClause::RouteTable)
                    .parse(input)
            },
        },
        Form {
            keyword: "nsg",
            usage: "nsg NAME",
            parse: |_, input| {
                value("the name of an NSG")
                    .map(SubnetClause::Nsg)
                    .parse(input)
            },
        },
        Form {
            keyword: "nat-gateway",
            usage: "nat-gateway NAME",
            parse: |_, input| {
                value("the name of a NAT gateway")
                    .map(SubnetClause::NatGateway)
                    .parse(input)
            },
        },
        Form {
            keyword: "service-endpoints",
            usage: "service-endpoints NAME, …",
            parse: |_, input| {
                values("a service such as Microsoft.Storage")
                    .map(SubnetClause::ServiceEndpoints)
                    .parse(input)
            },
        },
        Form {
            keyword: "delegation",
            usage: "delegation NAME",
            parse: |_, input| {
                value("a service such as Microsoft.ContainerService/managedClusters")
                    .map(SubnetClause::Delegation)
                    .parse(input)
            },
        },
        Form {
            keyword: "private-endpoint-policies",
            usage: "private-endpoint-policies disabled | enabled | nsg | route-table",
            parse: |_, input| {
                one_of(&["disabled", "enabled", "nsg", "route-table"])
                    .map(SubnetClause::PrivateEndpointPolicies)
                    .parse(input)
            },
        },
        Form {
            keyword: "default-outbound",
            usage: "default-outbound on | off",
            parse: |_, input| {
                one_of(SWITCH)
                    .map(SubnetClause::DefaultOutbound)
                    .parse(input)
            },
        },
        Form {
            keyword: "service-endpoint-policy",
            usage: "service-endpoint-policy SERVICE, …",
            parse: |head, input| {
                values("the name of a service")
                    .map(|services| SubnetClause::ServiceEndpointPolicy {
                        keyword: head.clone(),
                        services,
                    })
                    .parse(input)
            },
        },
    ],
};

pub(super) fn peering(input: Tokens<'_>) -> Step<'_, Peering> {
    (
        value("the name of a vnet"),
        alt((both_ways().map(|()| true), arrow().map(|()| false))),
        cut(value("the name of a vnet")),
        optional_body(&PEERING),
    )
        .map(|(from, both_ways, to, body)| Peering {
            from,
            both_ways,
            to,
            body,
        })
        .parse(input)
}

static PEERING: Forms<PeeringClause> = Forms {
    block: "a peering",
    common: Some(PeeringClause::Common),
    own: &[
        Form {
            keyword: "forwarded-traffic",
            usage: "forwarded-traffic on | off",
            parse: |_, input| {
                one_of(SWITCH)
                    .map(PeeringClause::ForwardedTraffic)
                    .parse(input)
            },
        },
        Form {
            keyword: "gateway-transit",
            usage: "gateway-transit on | off",
            parse: |_, input| {
                one_of(SWITCH)
                    .map(PeeringClause::GatewayTransit)
                    .parse(input)
            },
        },
        Form {
            keyword: "remote-gateways",
            usage: "remote-gateways on | off",
            parse: |_, input| {
                one_of(SWITCH)
                    .map(PeeringClause::RemoteGateways)
                    .parse(input)
            },
        },
        Form {
            keyword: "access",
            usage: "access on | off",
            parse: |_, input| one_of(SWITCH).map(PeeringClause::Access).parse(input),
        },
        Form {
            keyword: "state",
            usage: "state connected | initiated | disconnected",
            parse: |_, input| {
                one_of(&["connected", "initiated", "disconnected"])
                    .map(PeeringClause::State)
                    .parse(input)
            },
        },
    ],
};
