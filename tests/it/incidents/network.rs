//! Virtual networks, subnets, peerings, routes and security groups of a topology.

use serde_json::Value;
use smol_str::SmolStr;
use tidegate::base::Spanned;
use tidegate::estate::{
    Access, ApplicationSecurityGroup, Direction, DnsServers, Endpoint, Home, Id, Meta, NatGateway,
    NextHop, Nsg, Peering, PeeringState, PrivateEndpointPolicies, PublicIp, Ref, Route,
    RouteDestination, RouteTable, SecurityRule, Subnet, Vnet,
};
use tidegate::net::{PortRange, ServiceTag};

use super::build::{Builder, OR, by_name, endpoints, is_tag, ports, prefix, transport};
use super::document::Fields;

/// Everything that subnets refer to, then the subnets, then what joins networks.
pub(super) fn build(builder: &mut Builder, topology: &Fields<'_>) {
    for fields in topology.items("public_ips") {
        public_ip(builder, &fields);
    }
    for fields in topology.items("asgs") {
        let meta = builder.meta(&fields, fields.name());
        let stated = fields.get("members").is_some();
        let members = builder.addresses(&fields, "members");
        builder
            .estate
            .security_groups
            .push(ApplicationSecurityGroup {
                meta,
                members: stated.then_some(members),
            });
    }
    for fields in topology.items("nsgs") {
        let name = fields.name();
        nsg(builder, &fields, name);
    }
    for fields in topology.items("route_tables") {
        route_table(builder, &fields);
    }
    for fields in topology.items("nat_gateways") {
        let meta = builder.meta(&fields, fields.name());
        let mut public_ips = builder.public_ips(&fields, "public_ips");
        public_ips.extend(builder.public_ips(&fields, "public_ip_prefixes"));
        let idle_timeout = builder.one(&fields, "idle_timeout");
        builder.estate.nat_gateways.push(NatGateway {
            meta,
            public_ips,
            idle_timeout,
        });
    }
    for fields in topology.items("vnets") {
        vnet(builder, &fields);
    }
    for fields in topology.items("peerings") {
        peering(builder, &fields);
    }
}

fn public_ip(builder: &mut Builder, fields: &Fields<'_>) {
    let meta = builder.meta(fields, fields.name());
    let address = builder.one(fields, "ip").or(builder.one(fields, "address"));
    builder.estate.public_ips.push(PublicIp {
        meta,
        address,
        zones: Vec::new(),
    });
}

/// A security group, in the topology or on the interfaces of a cluster.
pub(super) fn nsg(builder: &mut Builder, fields: &Fields<'_>, name: String) -> Id<Nsg> {
    fields.skip(&["managed_by"]);
    let meta = builder.meta(fields, name);
    let rules = fields.items("rules");
    let rules = rules.iter().filter_map(|rule| security_rule(builder, rule));
    let rules = rules.collect();
    builder.estate.nsgs.push(Nsg { meta, rules })
}

fn security_rule(builder: &mut Builder, fields: &Fields<'_>) -> Option<SecurityRule> {
    let name = fields.name();
    let origin = builder.origin(fields.path());
    let priority = builder.one(fields, "priority");
    let direction = match fields.text("direction").as_deref() {
        Some("Inbound") => Some(Direction::Inbound),
        Some("Outbound") => Some(Direction::Outbound),
        other => {
            fields.problem("direction", format_args!("unknown: {other:?}"));
            None
        }
    };
    let access = match fields.text("access").as_deref() {
        Some("Allow") => Some(Access::Allow),
        Some("Deny") => Some(Access::Deny),
        other => {
            fields.problem("access", format_args!("unknown: {other:?}"));
            None
        }
    };
    let protocol = fields.text("protocol").unwrap_or_else(|| "*".to_owned());
    let transport = transport(&protocol);
    if transport.is_none() {
        fields.problem("protocol", format_args!("`{protocol}` is none"));
    }
    let sources = side(builder, fields, "src", "src_asgs");
    let destinations = side(builder, fields, "dst", "dst_asgs");
    let source_ports = ports(fields, "src_ports").unwrap_or_else(|| vec![PortRange::ALL]);
    let destination_ports = ports(fields, "dst_ports").unwrap_or_else(|| vec![PortRange::ALL]);
    if priority.is_none() {
        fields.problem("priority", "missing");
    }
    Some(SecurityRule {
        name: name.into(),
        origin,
        description: String::new(),
        priority: priority?,
        direction: direction?,
        access: access?,
        transport: transport?,
        sources,
        source_ports,
        destinations,
        destination_ports,
        written: None,
    })
}

/// One side of a security rule: addresses, or application security groups.
fn side(
    builder: &mut Builder,
    fields: &Fields<'_>,
    plain: &'static str,
    groups: &'static str,
) -> Vec<Endpoint> {
    let mut side = endpoints(fields, plain);
    for name in fields.texts(groups) {
        let found = by_name(&builder.estate.security_groups, &name, |group| &group.meta);
        let group = builder.reference(fields, groups, &name, found);
        side.push(Endpoint::SecurityGroup(group));
    }
    if side.is_empty() {
        fields.problem(plain, "missing");
    }
    side
}

fn route_table(builder: &mut Builder, fields: &Fields<'_>) {
    let meta = builder.meta(fields, fields.name());
    let gateway_propagation = fields.flag("propagate_gateway_routes").unwrap_or(true);
    let routes = fields.items("routes");
    let routes = routes.iter().filter_map(|fields| route(builder, fields));
    let routes = routes.collect();
    builder.estate.route_tables.push(RouteTable {
        meta,
        routes,
        gateway_propagation,
    });
}

fn route(builder: &mut Builder, fields: &Fields<'_>) -> Option<Route> {
    let name = fields.name();
    let origin = builder.origin(fields.path());
    let text = fields.text("prefix").unwrap_or_default();
    let destination = match prefix(&text) {
        Some(prefix) => Some(RouteDestination::Prefix(prefix)),
        None => is_tag(&text).then(|| RouteDestination::ServiceTag(ServiceTag::new(text.as_str()))),
    };
    if destination.is_none() {
        fields.problem("prefix", format_args!("`{text}` is none"));
    }
    let kind = fields.text("next_hop_type").unwrap_or_default();
    let mut addresses = Vec::new();
    for text in [fields.texts("next_hop_ip"), fields.texts("next_hop_ips")].concat() {
        match text.parse() {
            Ok(address) => addresses.push(address),
            Err(_) => fields.problem("next_hop_ip", format_args!("`{text}` is no address")),
        }
    }
    let next_hop = match kind.as_str() {
        "VirtualAppliance" | "VirtualApplianceEcmp" => {
            if addresses.is_empty() {
                fields.problem("next_hop_ip", "missing");
            }
            Some(NextHop::Addresses(addresses))
        }
        "VirtualNetworkGateway" => Some(NextHop::Gateway),
        "Internet" => Some(NextHop::Internet),
        "VnetLocal" | "VNetLocal" => Some(NextHop::VnetLocal),
        "None" => Some(NextHop::Drop),
        other => {
            fields.problem("next_hop_type", format_args!("unknown: `{other}`"));
            None
        }
    };
    let paths = ["next_hop_type", "next_hop_ip", "next_hop_ips"].map(|key| fields.path_of(key));
    let span = builder.span(&paths.join(OR));
    Some(Route {
        name: name.into(),
        origin,
        destination: builder.at(fields, "prefix", destination?),
        next_hop: Spanned::new(next_hop?, span),
    })
}

fn vnet(builder: &mut Builder, fields: &Fields<'_>) {
    let name = fields.name();
    let meta = builder.meta(fields, name);
    let prefixes = builder.prefixes(fields, "cidrs");
    let azure = matches!(fields.get("dns_servers"), Some(Value::String(text)) if text == "azure");
    let dns = if azure || fields.list("dns_servers").is_empty() {
        DnsServers::Azure
    } else {
        let servers = fields.texts("dns_servers");
        let mut addresses = Vec::new();
        for text in servers {
            match text.parse() {
                Ok(address) => addresses.push(builder.at(fields, "dns_servers", address)),
                Err(_) => fields.problem("dns_servers", format_args!("`{text}` is no address")),
            }
        }
        DnsServers::Custom(addresses)
    };
    let home = meta.home.clone();
    let id = builder.estate.vnets.push(Vnet {
        meta,
        prefixes,
        dns,
        site: None,
    });
    for fields in fields.items("subnets") {
        subnet(builder, &fields, id, &home);
    }
}

fn subnet(builder: &mut Builder, fields: &Fields<'_>, vnet: Id<Vnet>, home: &Home) {
    let meta = Meta {
        home: home.clone(),
        ..builder.meta(fields, fields.name())
    };
    let mut prefixes = builder.prefixes(fields, "cidr");
    prefixes.extend(builder.prefixes(fields, "cidr_v6"));
    let route_table = fields.text("route_table").map(|name| {
        let found = by_name(&builder.estate.route_tables, &name, |table| &table.meta);
        builder.reference(fields, "route_table", &name, found)
    });
    let nsg = fields.text("nsg").map(|name| {
        let found = by_name(&builder.estate.nsgs, &name, |nsg| &nsg.meta);
        builder.reference(fields, "nsg", &name, found)
    });
    let nat_gateway = fields.text("nat_gateway").map(|name| {
        let found = by_name(&builder.estate.nat_gateways, &name, |gateway| &gateway.meta);
        builder.reference(fields, "nat_gateway", &name, found)
    });
    let service_endpoints = builder.words(fields, "service_endpoints");
    let mut delegations = builder.words(fields, "delegations");
    delegations.extend(builder.words(fields, "delegation"));
    let policies = fields.text("private_endpoint_network_policies");
    let private_endpoint_policies = match policies.as_deref() {
        None | Some("Disabled") => PrivateEndpointPolicies::Disabled,
        Some("Enabled") => PrivateEndpointPolicies::Enabled,
        Some("NetworkSecurityGroupEnabled") => PrivateEndpointPolicies::SecurityGroups,
        Some("RouteTableEnabled") => PrivateEndpointPolicies::RouteTables,
        Some(other) => {
            fields.problem(
                "private_endpoint_network_policies",
                format_args!("unknown: `{other}`"),
            );
            PrivateEndpointPolicies::Disabled
        }
    };
    // Which resources a policy allows is known once there are services.
    fields.skip(&["service_endpoint_policy"]);
    let default_outbound = builder.flag(fields, "default_outbound_access");
    builder.estate.subnets.push(Subnet {
        meta,
        vnet,
        prefixes,
        route_table,
        nsg,
        nat_gateway,
        service_endpoints,
        delegations,
        private_endpoint_policies,
        default_outbound,
        endpoint_policy: None,
    });
}

fn peering(builder: &mut Builder, fields: &Fields<'_>) {
    let mut end = |key: &'static str| {
        let name = fields.text(key).unwrap_or_default();
        let found = by_name(&builder.estate.vnets, &name, |vnet| &vnet.meta);
        builder.reference(fields, key, &name, found)
    };
    let (from, to): (Ref<Vnet>, Ref<Vnet>) = (end("from"), end("to"));
    let state = match fields.text("state").as_deref() {
        None | Some("Connected") => PeeringState::Connected,
        Some("Initiated") => PeeringState::Initiated,
        Some("Disconnected") => PeeringState::Disconnected,
        Some(other) => {
            fields.problem("state", format_args!("unknown: `{other}`"));
            PeeringState::Disconnected
        }
    };
    fields.skip(&["name"]);
    let access = fields.flag("allow_virtual_network_access");
    let peering = Peering {
        origin: builder.origin(fields.path()),
        from,
        to,
        state,
        access: access.or(fields.flag("allow_vnet_access")).unwrap_or(true),
        forwarded_traffic: fields.flag("allow_forwarded_traffic").unwrap_or(false),
        body: None,
        forwarded_text: None,
        gateway_transit: fields.flag("allow_gateway_transit").unwrap_or(false),
        remote_gateways: fields.flag("use_remote_gateways").unwrap_or(false),
        existing: false,
    };
    builder.estate.peerings.push(peering);
}

/// The virtual network of an element: the one it names, or that of its subnet.
pub(super) fn vnet_of(
    builder: &mut Builder,
    fields: &Fields<'_>,
    name: Option<String>,
    subnet: Option<Id<Subnet>>,
) -> Ref<Vnet> {
    if let Some(name) = name {
        let found = by_name(&builder.estate.vnets, &name, |vnet| &vnet.meta);
        return builder.reference(fields, "vnet", &name, found);
    }
    let origin = builder.origin(&fields.path_of("vnet"));
    match subnet {
        Some(subnet) => {
            let id = builder.estate.subnets[subnet].vnet;
            let name: SmolStr = builder.estate.vnets[id].meta.name.clone();
            Ref::known(id, name, origin)
        }
        None => {
            fields.problem("vnet", "missing");
            Ref {
                id: None,
                name: SmolStr::default(),
                origin,
            }
        }
    }
}
