//! Route tables, security groups, IP groups.

use crate::estate::{
    Access, ApplicationSecurityGroup, Direction, Endpoint, Id, IpGroup, NextHop, Nsg, Ref, Route,
    RouteDestination, RouteTable, SecurityRule,
};
use crate::net::{Destination, PortRange, Transport};

use super::template::{Target, Value};
use super::{Builder, target};

pub(super) fn add(builder: &mut Builder<'_>) {
    let estate = builder.estate;
    for (_, group) in estate
        .security_groups
        .iter()
        .filter(|(_, group)| !group.meta.home.is_existing())
    {
        let mut resource = builder.resource(
            target(
                "Microsoft.Network/applicationSecurityGroups",
                "asg",
                &group.meta,
            ),
            group.meta.origin,
        );
        resource.location = Some(builder.location());
        builder.push(resource);
    }
    for (id, table) in estate
        .route_tables
        .iter()
        .filter(|(_, table)| !table.meta.home.is_existing())
    {
        let mut resource = builder.resource(builder.route_table(id), table.meta.origin);
        resource.location = Some(builder.location());
        for route in &table.routes {
            if let NextHop::Firewall(firewall) = &route.next_hop.value
                && let Some(id) = firewall.id
            {
                builder.wait_for_address(id, &mut resource);
            }
        }
        resource.properties = vec![
            (
                "disableBgpRoutePropagation",
                Value::Bool(!table.gateway_propagation),
            ),
            (
                "routes",
                Value::List(
                    table
                        .routes
                        .iter()
                        .map(|route| builder.route(route))
                        .collect(),
                ),
            ),
        ];
        builder.push(resource);
    }
    for (id, nsg) in estate
        .nsgs
        .iter()
        .filter(|(_, nsg)| !nsg.meta.home.is_existing())
    {
        let mut resource = builder.resource(builder.nsg(id), nsg.meta.origin);
        resource.location = Some(builder.location());
        resource.depends_on = security_groups(nsg)
            .filter(|group| {
                group
                    .id
                    .is_some_and(|id| !estate.security_groups[id].meta.home.is_existing())
            })
            .map(|group| builder.security_group(group))
            .fold(Vec::new(), |mut seen, target| {
                if !seen.contains(&target) {
                    seen.push(target);
                }
                seen
            });
        let rules = nsg
            .rules
            .iter()
            .map(|rule| builder.security_rule(rule))
            .collect();
        resource.properties = vec![("securityRules", Value::List(rules))];
        builder.push(resource);
    }
    for (id, group) in estate
        .ip_groups
        .iter()
        .filter(|(_, group)| !group.meta.home.is_existing())
    {
        let mut resource = builder.resource(builder.ip_group(id), group.meta.origin);
        resource.location = Some(builder.location());
        let prefixes = group
            .prefixes
            .iter()
            .map(|prefix| Destination::Prefix(prefix.value).to_string());
        let ranges = group.ranges.iter().map(|range| range.value.to_string());
        resource.properties = vec![("ipAddresses", Value::texts(prefixes.chain(ranges)))];
        builder.push(resource);
    }
}

fn security_groups(nsg: &Nsg) -> impl Iterator<Item = &Ref<ApplicationSecurityGroup>> {
    let endpoints = nsg
        .rules
        .iter()
        .flat_map(|rule| rule.sources.iter().chain(&rule.destinations));
    endpoints.filter_map(|endpoint| match endpoint {
        Endpoint::SecurityGroup(group) => Some(group),
        Endpoint::Plain(_) | Endpoint::IpGroup(_) => None,
    })
}

impl Builder<'_> {
    pub(super) fn route_table(&self, id: Id<RouteTable>) -> Target {
        target(
            "Microsoft.Network/routeTables",
            "routeTable",
            &self.estate.route_tables[id].meta,
        )
    }

    pub(super) fn nsg(&self, id: Id<Nsg>) -> Target {
        target(
            "Microsoft.Network/networkSecurityGroups",
            "nsg",
            &self.estate.nsgs[id].meta,
        )
    }

    pub(super) fn ip_group(&self, id: Id<IpGroup>) -> Target {
        target(
            "Microsoft.Network/ipGroups",
            "ipGroup",
            &self.estate.ip_groups[id].meta,
        )
    }

    fn security_group(&self, group: &Ref<ApplicationSecurityGroup>) -> Target {
        let kind = "Microsoft.Network/applicationSecurityGroups";
        match group.id {
            Some(id) => target(kind, "asg", &self.estate.security_groups[id].meta),
            None => Target::new(kind, "asg", &[group.name.as_str()], &Default::default()),
        }
    }

    fn route(&self, route: &Route) -> Value {
        let prefix = match &route.destination.value {
            RouteDestination::Prefix(prefix) => prefix.to_string(),
            RouteDestination::ServiceTag(tag) => tag.to_string(),
        };
        let hop = &route.next_hop.value;
        let mut properties = vec![
            ("addressPrefix", Value::text(prefix)),
            ("nextHopType", Value::text(hop.azure_type())),
        ];
        // In a network nobody can look the address up: the firewall waits for the network, and that for the route.
        if let NextHop::Firewall(firewall) = hop
            && let Some(address) = firewall.id.and_then(|id| self.address_in_hub(id))
        {
            properties.push(("nextHopIpAddress", Value::Expr(address)));
            return Value::Object(vec![
                ("name", Value::text(route.name.as_str())),
                ("properties", Value::Object(properties)),
            ]);
        }
        let addresses: Vec<String> = match hop {
            NextHop::Firewall(firewall) => firewall
                .id
                .and_then(|id| self.estate.firewalls[id].private_ip)
                .map(|address| address.value.to_string())
                .into_iter()
                .collect(),
            NextHop::Appliance(appliance) => appliance
                .id
                .map(|id| {
                    self.estate.appliances[id]
                        .private_ips
                        .iter()
                        .map(|ip| ip.value.to_string())
                        .collect()
                })
                .unwrap_or_default(),
            NextHop::Addresses(addresses) => addresses.iter().map(ToString::to_string).collect(),
            NextHop::Gateway
            | NextHop::Internet
            | NextHop::VnetLocal
            | NextHop::Drop
            | NextHop::Unknown(_) => Vec::new(),
        };
        match addresses.as_slice() {
            [] => {}
            [only] => properties.push(("nextHopIpAddress", Value::text(only.as_str()))),
            many => {
                let addresses = Value::texts(many.iter());
                properties.push((
                    "nextHop",
                    Value::Object(vec![("nextHopIpAddresses", addresses)]),
                ));
            }
        }
        Value::Object(vec![
            ("name", Value::text(route.name.as_str())),
            ("properties", Value::Object(properties)),
        ])
    }

    fn security_rule(&self, rule: &SecurityRule) -> Value {
        let mut properties = Vec::new();
        if !rule.description.is_empty() {
            properties.push(("description", Value::text(&rule.description)));
        }
        properties.push(("priority", Value::Integer(rule.priority.value)));
        properties.push(("direction", Value::text(direction(rule.direction))));
        properties.push(("access", Value::text(access(rule.access))));
        properties.push(("protocol", Value::text(protocol(rule.transport))));
        properties.push(self.side(
            &rule.sources,
            [
                "sourceAddressPrefix",
                "sourceAddressPrefixes",
                "sourceApplicationSecurityGroups",
            ],
        ));
        properties.push(ports(
            &rule.source_ports,
            ["sourcePortRange", "sourcePortRanges"],
        ));
        properties.push(self.side(
            &rule.destinations,
            [
                "destinationAddressPrefix",
                "destinationAddressPrefixes",
                "destinationApplicationSecurityGroups",
            ],
        ));
        properties.push(ports(
            &rule.destination_ports,
            ["destinationPortRange", "destinationPortRanges"],
        ));
        Value::Object(vec![
            ("name", Value::text(rule.name.as_str())),
            ("properties", Value::Object(properties)),
        ])
    }

    /// One side of a security rule in the one of its three fields that fits: a rule that mixes them is refused.
    fn side(
        &self,
        endpoints: &[Endpoint],
        [single, several, groups]: [&'static str; 3],
    ) -> (&'static str, Value) {
        let members: Vec<Value> = endpoints
            .iter()
            .filter_map(|endpoint| match endpoint {
                Endpoint::SecurityGroup(group) => {
                    Some(Value::reference(self.security_group(group)))
                }
                Endpoint::Plain(_) | Endpoint::IpGroup(_) => None,
            })
            .collect();
        if !members.is_empty() {
            return (groups, Value::List(members));
        }
        let mut texts: Vec<String> = endpoints.iter().flat_map(address_texts).collect();
        match texts.len() {
            0 => (single, Value::text("*")),
            1 => (single, Value::text(texts.pop().unwrap_or_default())),
            _ => (several, Value::texts(texts)),
        }
    }
}

/// An endpoint as Azure writes it in a list of addresses.
pub(super) fn address_texts(endpoint: &Endpoint) -> Vec<String> {
    match endpoint {
        Endpoint::Plain(Destination::Anywhere) => vec!["*".to_owned()],
        Endpoint::Plain(Destination::ServiceTag(tag)) => vec![tag.to_string()],
        Endpoint::Plain(Destination::Range(range)) => {
            range.prefixes().iter().map(ToString::to_string).collect()
        }
        Endpoint::Plain(other) => vec![other.to_string()],
        Endpoint::IpGroup(_) | Endpoint::SecurityGroup(_) => Vec::new(),
    }
}

fn ports(ports: &[PortRange], [single, several]: [&'static str; 2]) -> (&'static str, Value) {
    match ports {
        [] => (single, Value::text("*")),
        [only] => (single, Value::text(only.to_string())),
        many => (several, Value::texts(many.iter())),
    }
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "Inbound",
        Direction::Outbound => "Outbound",
    }
}

fn access(access: Access) -> &'static str {
    match access {
        Access::Allow => "Allow",
        Access::Deny => "Deny",
    }
}

fn protocol(transport: Transport) -> &'static str {
    match transport {
        Transport::Tcp => "Tcp",
        Transport::Udp => "Udp",
        Transport::Icmp => "Icmp",
        Transport::Esp => "Esp",
        Transport::Ah => "Ah",
        Transport::Any => "*",
    }
}
