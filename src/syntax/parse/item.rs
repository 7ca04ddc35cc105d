//! Statements at the top of a file.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, opt};
use nom::sequence::preceded;

use crate::syntax::tree::Item;

use super::block::{Form, Forms};
use super::input::{equals, text, value, value_or_text, values};
use super::{
    assertion, cluster, denial, description, device, dns, firewall, identity, intent, network,
    resource, routing, security, site,
};

/// The statements of a policy.
pub(super) static POLICY: Forms<Item> = Forms {
    block: "a policy",
    common: None,
    own: STATEMENTS,
};

static STATEMENTS: &[Form<Item>] = &[
    Form {
        keyword: "egress",
        usage: "egress 1",
        parse: |_, input| {
            value("the version of the language, 1")
                .map(Item::Version)
                .parse(input)
        },
    },
    Form {
        keyword: "cloud",
        usage: "cloud AzureCloud | AzureChinaCloud | AzureUSGovernment",
        parse: |_, input| value("the name of a cloud").map(Item::Cloud).parse(input),
    },
    Form {
        keyword: "region",
        usage: "region NAME",
        parse: |_, input| value("the name of a region").map(Item::Region).parse(input),
    },
    Form {
        keyword: "use",
        usage: "use CATALOG | use \"file.egress\"",
        parse: |_, input| {
            alt((
                text("a file in quotes").map(Item::UseFile),
                value("the name of a catalog").map(Item::UseCatalog),
            ))
            .parse(input)
        },
    },
    Form {
        keyword: "param",
        usage: "param NAME [= VALUE]",
        parse: |_, input| {
            (
                value("the name of a parameter"),
                opt(preceded(equals(), cut(value_or_text("a value")))),
            )
                .map(|(name, default)| Item::Param { name, default })
                .parse(input)
        },
    },
    Form {
        keyword: "vnet",
        usage: "vnet NAME PREFIX, … { … }",
        parse: |_, input| network::vnet.map(Item::Vnet).parse(input),
    },
    Form {
        keyword: "site",
        usage: "site NAME PREFIX, … { … }",
        parse: |_, input| site::site.map(Item::Site).parse(input),
    },
    Form {
        keyword: "peering",
        usage: "peering VNET -> VNET { … } | peering VNET <-> VNET { … }",
        parse: |_, input| network::peering.map(Item::Peering).parse(input),
    },
    Form {
        keyword: "firewall",
        usage: "firewall NAME in VNET-OR-HUB { … }",
        parse: |_, input| firewall::firewall.map(Item::Firewall).parse(input),
    },
    Form {
        keyword: "firewall-policy",
        usage: "firewall-policy NAME { … }",
        parse: |_, input| {
            firewall::firewall_policy
                .map(Item::FirewallPolicy)
                .parse(input)
        },
    },
    Form {
        keyword: "route-table",
        usage: "route-table NAME { … }",
        parse: |_, input| routing::route_table.map(Item::RouteTable).parse(input),
    },
    Form {
        keyword: "nsg",
        usage: "nsg NAME { … }",
        parse: |_, input| security::nsg.map(Item::Nsg).parse(input),
    },
    Form {
        keyword: "ip-group",
        usage: "ip-group NAME = PREFIX, … { … }",
        parse: |_, input| security::ip_group.map(Item::IpGroup).parse(input),
    },
    Form {
        keyword: "security-group",
        usage: "security-group NAME { … }",
        parse: |_, input| {
            security::security_group
                .map(Item::SecurityGroup)
                .parse(input)
        },
    },
    Form {
        keyword: "public-ip",
        usage: "public-ip NAME [ADDRESS] { … }",
        parse: |_, input| device::public_ip.map(Item::PublicIp).parse(input),
    },
    Form {
        keyword: "nat-gateway",
        usage: "nat-gateway NAME { … }",
        parse: |_, input| device::nat_gateway.map(Item::NatGateway).parse(input),
    },
    Form {
        keyword: "load-balancer",
        usage: "load-balancer NAME { … }",
        parse: |_, input| device::load_balancer.map(Item::LoadBalancer).parse(input),
    },
    Form {
        keyword: "gateway",
        usage: "gateway NAME in VNET { … }",
        parse: |_, input| device::gateway.map(Item::Gateway).parse(input),
    },
    Form {
        keyword: "virtual-wan",
        usage: "virtual-wan NAME { … }",
        parse: |_, input| device::virtual_wan.map(Item::VirtualWan).parse(input),
    },
    Form {
        keyword: "virtual-hub",
        usage: "virtual-hub NAME PREFIX { … }",
        parse: |_, input| device::virtual_hub.map(Item::VirtualHub).parse(input),
    },
    Form {
        keyword: "appliance",
        usage: "appliance NAME in VNET.SUBNET | SITE { … }",
        parse: |_, input| device::appliance.map(Item::Appliance).parse(input),
    },
    Form {
        keyword: "private-endpoint",
        usage: "private-endpoint NAME in VNET.SUBNET { … }",
        parse: |_, input| {
            dns::private_endpoint
                .map(Item::PrivateEndpoint)
                .parse(input)
        },
    },
    Form {
        keyword: "private-dns-zone",
        usage: "private-dns-zone DOMAIN { … }",
        parse: |_, input| dns::dns_zone.map(Item::DnsZone).parse(input),
    },
    Form {
        keyword: "dns-server",
        usage: "dns-server NAME [in VNET] { … }",
        parse: |_, input| dns::dns_server.map(Item::DnsServer).parse(input),
    },
    Form {
        keyword: "service",
        usage: "service NAME { … }",
        parse: |_, input| description::service.map(Item::Service).parse(input),
    },
    Form {
        keyword: "proxy",
        usage: "proxy NAME [in VNET.SUBNET] { … }",
        parse: |_, input| description::proxy.map(Item::Proxy).parse(input),
    },
    Form {
        keyword: "identity",
        usage: "identity NAME { … }",
        parse: |_, input| identity::identity.map(Item::Identity).parse(input),
    },
    Form {
        keyword: "role",
        usage: "role \"NAME\" { … }",
        parse: |_, input| identity::role.map(Item::Role).parse(input),
    },
    Form {
        keyword: "deny-assignment",
        usage: "deny-assignment NAME on SCOPE { … }",
        parse: |_, input| {
            denial::deny_assignment
                .map(Item::DenyAssignment)
                .parse(input)
        },
    },
    Form {
        keyword: "azure-policy",
        usage: "azure-policy NAME on SCOPE { … }",
        parse: |_, input| denial::azure_policy.map(Item::AzurePolicy).parse(input),
    },
    Form {
        keyword: "pool",
        usage: "pool NAME [in VNET.SUBNET, …] { … }",
        parse: |_, input| cluster::pool.map(Item::Pool).parse(input),
    },
    Form {
        keyword: "group",
        usage: "group NAME = TARGET, …",
        parse: |_, input| {
            (
                value("the name of a group"),
                preceded(equals(), cut(intent::targets)),
            )
                .map(|(name, members)| Item::Group { name, members })
                .parse(input)
        },
    },
    Form {
        keyword: "sample",
        usage: "sample WILDCARD = NAME, …",
        parse: |_, input| {
            (
                value("a wildcard such as *.contoso.com"),
                preceded(equals(), cut(values("a name that it stands for"))),
            )
                .map(|(wildcard, names)| Item::Sample { wildcard, names })
                .parse(input)
        },
    },
    Form {
        keyword: "require",
        usage: "require POOL -> TARGET, … SERVICE, … [\"reason\"] [owner WHO] [ticket ID] [expires DATE]",
        parse: |head, input| {
            intent::require(head, input).map(|(rest, it)| (rest, Item::Require(it)))
        },
    },
    Form {
        keyword: "assert",
        usage: "assert POOL [never | only] reaches TARGET, … [SERVICE, …] [via firewall NAME | via appliance NAME]",
        parse: |head, input| {
            assertion::assert(head, input).map(|(rest, it)| (rest, Item::Assert(it)))
        },
    },
    Form {
        keyword: "ignore",
        usage: "ignore TG0000 \"why\" [until 2027-01-31]",
        parse: |head, input| {
            resource::ignore(head, input).map(|(rest, it)| (rest, Item::Ignore(it)))
        },
    },
];
