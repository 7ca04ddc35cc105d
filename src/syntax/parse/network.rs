//! Networks, routes, security groups, DNS, identities.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, not, opt, peek};
use nom::sequence::{preceded, terminated};

use crate::syntax::token::Kind;
use crate::syntax::tree::{
    ApplianceClause, Block, CommonClause, Dns, DnsZoneClause, GatewayClause, IdentityClause,
    IpGroup, LoadBalancerClause, NatGatewayClause, NextHop, NsgClause, Peering, PeeringClause,
    Place, Placed, PrivateEndpointClause, PublicIp, PublicIpClause, RoleClause, RouteTableClause,
    Scope, SecurityRule, Subnet, SubnetClause, Vnet, VnetClause, Word,
};

use super::block::{Form, Forms, body, optional_body};
use super::input::{
    Step, Tokens, arrow, both_ways, equals, keyword, keyword_on_line, one_of, text, value,
    value_or_text, values,
};
use super::intent::{target, targets};

pub(super) const SWITCH: &[&str] = &["on", "off"];

pub(super) fn usages() -> Vec<(&'static str, &'static str)> {
    fn of<C>(forms: &'static Forms<C>) -> impl Iterator<Item = (&'static str, &'static str)> {
        forms.usages().map(|usage| (forms.block, usage))
    }
    of(&VNET)
        .chain(of(&SUBNET))
        .chain(of(&PEERING))
        .chain(of(&ROUTE_TABLE))
        .chain(of(&NSG))
        .chain(of(&PUBLIC_IP))
        .chain(of(&NAT_GATEWAY))
        .chain(of(&LOAD_BALANCER))
        .chain(of(&GATEWAY))
        .chain(of(&APPLIANCE))
        .chain(of(&PRIVATE_ENDPOINT))
        .chain(of(&DNS_ZONE))
        .chain(of(&IDENTITY))
        .chain(of(&ROLE))
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

fn named_block<'a, C>(
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
        values("the address of a DNS server").map(Dns::Servers),
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
    ],
};

pub(super) fn route_table(input: Tokens<'_>) -> Step<'_, Block<RouteTableClause>> {
    named_block("the name of a route table", &ROUTE_TABLE, input)
}

static ROUTE_TABLE: Forms<RouteTableClause> = Forms {
    block: "a route table",
    common: Some(RouteTableClause::Common),
    own: &[
        Form {
            keyword: "route",
            usage: "route NAME PREFIX -> firewall NAME | appliance NAME | ADDRESS, … | gateway | internet | vnet-local | none",
            parse: route,
        },
        Form {
            keyword: "gateway-propagation",
            usage: "gateway-propagation on | off",
            parse: |_, input| {
                one_of(SWITCH)
                    .map(RouteTableClause::GatewayPropagation)
                    .parse(input)
            },
        },
    ],
};

fn route(head: Word, input: Tokens<'_>) -> Step<'_, RouteTableClause> {
    let (rest, (name, destination, (), next_hop)) =
        (value("the name of a route"), target, arrow(), cut(next_hop)).parse(input)?;
    let span = clause_span(&head, rest);
    Ok((
        rest,
        RouteTableClause::Route {
            name,
            destination,
            next_hop,
            span,
        },
    ))
}

fn next_hop(input: Tokens<'_>) -> Step<'_, NextHop> {
    alt((
        preceded(
            keyword_on_line("firewall"),
            cut(value("the name of a firewall")),
        )
        .map(NextHop::Firewall),
        preceded(
            keyword_on_line("appliance"),
            cut(value("the name of an appliance")),
        )
        .map(NextHop::Appliance),
        one_of(&["gateway", "internet", "vnet-local", "none"]).map(NextHop::Keyword),
        values("the address of an appliance").map(NextHop::Addresses),
    ))
    .parse(input)
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

fn security_rule(_: Word, input: Tokens<'_>) -> Step<'_, NsgClause> {
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
        .map(
            |(name, priority, direction, access, from, to, services, source_ports, description)| {
                NsgClause::Rule(Box::new(SecurityRule {
                    name,
                    priority,
                    direction,
                    access,
                    from,
                    to,
                    services,
                    source_ports: source_ports.unwrap_or_default(),
                    description,
                }))
            },
        )
        .parse(input)
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

pub(super) fn security_group(input: Tokens<'_>) -> Step<'_, Block<CommonClause>> {
    named_block(
        "the name of an application security group",
        &RESOURCE,
        input,
    )
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
    ],
};

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

fn scope(input: Tokens<'_>) -> Step<'_, Scope> {
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
