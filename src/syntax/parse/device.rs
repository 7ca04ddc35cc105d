//! Public addresses, and what forwards or translates: NAT gateways, load balancers, gateways, virtual WAN hubs,
//! appliances.

use nom::Parser;
use nom::combinator::opt;

use crate::net::Service;
use crate::syntax::tree::{
    ApplianceClause, Block, GatewayClause, LoadBalancerClause, NatGatewayClause, Placed, PublicIp,
    PublicIpClause, VirtualHub, VirtualHubClause, VirtualWanClause, Word,
};

use super::block::{Form, Forms, optional_body, usages_of};
use super::input::{Step, Tokens, keyword_on_line, one_of, value, values};
use super::intent::targets;
use super::network::{SWITCH, named_block, placed_block};

pub(super) fn usages() -> Vec<(&'static str, &'static str)> {
    usages_of(&PUBLIC_IP)
        .chain(usages_of(&NAT_GATEWAY))
        .chain(usages_of(&LOAD_BALANCER))
        .chain(usages_of(&GATEWAY))
        .chain(usages_of(&VIRTUAL_WAN))
        .chain(usages_of(&VIRTUAL_HUB))
        .chain(usages_of(&APPLIANCE))
        .collect()
}

pub(super) fn public_ip(input: Tokens<'_>) -> Step<'_, PublicIp> {
    (
        value("the name of a public IP"),
        opt(value("an address")),
        optional_body(&PUBLIC_IP),
    )
        .map(|(name, address, body)| PublicIp {
            name,
            address,
            body,
        })
        .parse(input)
}

static PUBLIC_IP: Forms<PublicIpClause> = Forms {
    block: "a public IP",
    common: Some(PublicIpClause::Common),
    own: &[Form {
        keyword: "zones",
        usage: "zones N, …",
        parse: |_, input| {
            values("the number of a zone")
                .map(PublicIpClause::Zones)
                .parse(input)
        },
    }],
};

pub(super) fn nat_gateway(input: Tokens<'_>) -> Step<'_, Block<NatGatewayClause>> {
    named_block("the name of a NAT gateway", &NAT_GATEWAY, input)
}

static NAT_GATEWAY: Forms<NatGatewayClause> = Forms {
    block: "a NAT gateway",
    common: Some(NatGatewayClause::Common),
    own: &[
        Form {
            keyword: "public-ip",
            usage: "public-ip NAME, …",
            parse: |_, input| {
                values("the name of a public IP")
                    .map(NatGatewayClause::PublicIp)
                    .parse(input)
            },
        },
        Form {
            keyword: "idle-timeout",
            usage: "idle-timeout MINUTES",
            parse: |_, input| {
                value("minutes")
                    .map(NatGatewayClause::IdleTimeout)
                    .parse(input)
            },
        },
    ],
};

pub(super) fn load_balancer(input: Tokens<'_>) -> Step<'_, Block<LoadBalancerClause>> {
    named_block("the name of a load balancer", &LOAD_BALANCER, input)
}

static LOAD_BALANCER: Forms<LoadBalancerClause> = Forms {
    block: "a load balancer",
    common: Some(LoadBalancerClause::Common),
    own: &[
        Form {
            keyword: "public-ip",
            usage: "public-ip NAME, …",
            parse: |_, input| {
                values("the name of a public IP")
                    .map(LoadBalancerClause::PublicIp)
                    .parse(input)
            },
        },
        Form {
            keyword: "private-ip",
            usage: "private-ip ADDRESS, …",
            parse: |_, input| {
                values("an address")
                    .map(LoadBalancerClause::PrivateIp)
                    .parse(input)
            },
        },
        Form {
            keyword: "backend",
            usage: "backend VNET.SUBNET, …",
            parse: |_, input| {
                values("a subnet as vnet.subnet")
                    .map(LoadBalancerClause::Backend)
                    .parse(input)
            },
        },
        Form {
            keyword: "outbound-rule",
            usage: "outbound-rule on | off",
            parse: |_, input| {
                one_of(SWITCH)
                    .map(LoadBalancerClause::OutboundRule)
                    .parse(input)
            },
        },
        Form {
            keyword: "ports",
            usage: "ports PORT, …",
            parse: |_, input| values("a port").map(LoadBalancerClause::Ports).parse(input),
        },
    ],
};

pub(super) fn gateway(input: Tokens<'_>) -> Step<'_, Placed<GatewayClause>> {
    placed_block(
        "the name of a gateway",
        "the name of a vnet",
        &GATEWAY,
        input,
    )
}

static GATEWAY: Forms<GatewayClause> = Forms {
    block: "a gateway",
    common: Some(GatewayClause::Common),
    own: &[
        Form {
            keyword: "type",
            usage: "type vpn | expressroute",
            parse: |_, input| {
                one_of(&["vpn", "expressroute"])
                    .map(GatewayClause::Type)
                    .parse(input)
            },
        },
        Form {
            keyword: "learned",
            usage: "learned PREFIX, …",
            parse: |_, input| values("a prefix").map(GatewayClause::Learned).parse(input),
        },
    ],
};

fn allow(keyword: Word, input: Tokens<'_>) -> Step<'_, ApplianceClause> {
    let (rest, targets) = targets(input)?;
    // Another clause may follow on the same line; of a word that is no service it is taken to be one.
    let (rest, services) = if rest.text().parse::<Service>().is_ok() && !rest.is_fresh_line() {
        values("a service such as https or tcp/22").parse(rest)?
    } else {
        (rest, Vec::new())
    };
    let allow = ApplianceClause::Allow {
        keyword,
        targets,
        services,
    };
    Ok((rest, allow))
}

pub(super) fn virtual_wan(input: Tokens<'_>) -> Step<'_, Block<VirtualWanClause>> {
    named_block("the name of a virtual WAN", &VIRTUAL_WAN, input)
}

static VIRTUAL_WAN: Forms<VirtualWanClause> = Forms {
    block: "a virtual WAN",
    common: Some(VirtualWanClause::Common),
    own: &[],
};

pub(super) fn virtual_hub(input: Tokens<'_>) -> Step<'_, VirtualHub> {
    (
        value("the name of a virtual hub"),
        value("a prefix"),
        optional_body(&VIRTUAL_HUB),
    )
        .map(|(name, prefix, body)| VirtualHub { name, prefix, body })
        .parse(input)
}

static VIRTUAL_HUB: Forms<VirtualHubClause> = Forms {
    block: "a virtual hub",
    common: Some(VirtualHubClause::Common),
    own: &[
        Form {
            keyword: "wan",
            usage: "wan NAME",
            parse: |_, input| {
                value("the name of a virtual WAN")
                    .map(VirtualHubClause::Wan)
                    .parse(input)
            },
        },
        Form {
            keyword: "connect",
            usage: "connect VNET, … [without-default-route]",
            parse: |_, input| {
                (
                    values("the name of a vnet"),
                    opt(keyword_on_line("without-default-route")),
                )
                    .map(|(vnets, without_default)| VirtualHubClause::Connect {
                        vnets,
                        without_default,
                    })
                    .parse(input)
            },
        },
        Form {
            keyword: "internet-routing",
            usage: "internet-routing on | off",
            parse: |_, input| {
                one_of(SWITCH)
                    .map(VirtualHubClause::InternetRouting)
                    .parse(input)
            },
        },
        Form {
            keyword: "private-routing",
            usage: "private-routing on | off",
            parse: |_, input| {
                one_of(SWITCH)
                    .map(VirtualHubClause::PrivateRouting)
                    .parse(input)
            },
        },
    ],
};

pub(super) fn appliance(input: Tokens<'_>) -> Step<'_, Placed<ApplianceClause>> {
    placed_block(
        "the name of an appliance",
        "a subnet as vnet.subnet",
        &APPLIANCE,
        input,
    )
}

static APPLIANCE: Forms<ApplianceClause> = Forms {
    block: "an appliance",
    common: Some(ApplianceClause::Common),
    own: &[
        Form {
            keyword: "private-ip",
            usage: "private-ip ADDRESS, …",
            parse: |_, input| {
                values("an address")
                    .map(ApplianceClause::PrivateIp)
                    .parse(input)
            },
        },
        Form {
            keyword: "ip-forwarding",
            usage: "ip-forwarding on | off",
            parse: |_, input| {
                one_of(SWITCH)
                    .map(ApplianceClause::IpForwarding)
                    .parse(input)
            },
        },
        Form {
            keyword: "public-ip",
            usage: "public-ip NAME-OR-ADDRESS",
            parse: |_, input| {
                value("the name of a public IP, or an address")
                    .map(ApplianceClause::PublicIp)
                    .parse(input)
            },
        },
        Form {
            keyword: "snat",
            usage: "snat on | off",
            parse: |_, input| one_of(SWITCH).map(ApplianceClause::Snat).parse(input),
        },
        Form {
            keyword: "allow",
            usage: "allow requirements | allow any | allow TARGET, … [SERVICE, …]",
            parse: allow,
        },
    ],
};
