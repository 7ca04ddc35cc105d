//! Networks, routes, security groups, gateways, private DNS.

use crate::base::Spanned;
use crate::diag::{Finding, Id as FindingId};
use crate::estate::{
    Access, Direction, DnsRecord, DnsServers, GatewayKind, Id, NextHop, Nsg, Peering,
    PrivateEndpointPolicies, Ref, ResolutionPolicy, Route, RouteDestination, RouteTable,
    SecurityRule, Subnet, Vnet, ZoneLink,
};
use crate::net::{Destination, PortRange};
use crate::syntax::tree::{self, CommonClause, TargetKind, Word};

use super::declare::Declared;
use super::{Lowering, Once};

impl Lowering<'_> {
    pub(super) fn define_networks(&mut self, declared: &[Declared<'_>]) {
        for item in declared {
            match item {
                Declared::Vnet(id, vnet) => self.define_vnet(*id, vnet),
                Declared::Subnet(id, subnet) => self.define_subnet(*id, subnet),
                Declared::Peering(peering) => self.define_peering(peering),
                _ => {}
            }
        }
    }

    fn define_vnet(&mut self, id: Id<Vnet>, vnet: &tree::Vnet) {
        let mut once = Once::default();
        for clause in &vnet.body.clauses {
            match clause {
                tree::VnetClause::Dns { keyword, servers } => {
                    if self.first_time(&mut once, "dns", keyword.span)
                        && let Some(servers) = self.dns_servers(servers)
                    {
                        self.estate.vnets[id].dns = servers;
                    }
                }
                tree::VnetClause::Common(common) => {
                    if let Some(home) = self.common(common, &mut once, vnet.body.span) {
                        self.estate.vnets[id].meta.home = home;
                    }
                }
                tree::VnetClause::Subnet(_) => {}
            }
        }
    }

    fn dns_servers(&mut self, servers: &tree::Dns) -> Option<DnsServers> {
        Some(match servers {
            tree::Dns::Azure => DnsServers::Azure,
            tree::Dns::Firewall(word) => {
                DnsServers::Firewall(self.reference(word, |names| &names.firewalls)?)
            }
            tree::Dns::Servers(words) => DnsServers::Custom(self.addresses(words)),
        })
    }

    fn define_subnet(&mut self, id: Id<Subnet>, subnet: &tree::Subnet) {
        let mut once = Once::default();
        for clause in &subnet.body.clauses {
            match clause {
                tree::SubnetClause::RouteTable(word) => {
                    if self.first_time(&mut once, "route-table", word.span) {
                        let reference = self.reference(word, |names| &names.route_tables);
                        self.estate.subnets[id].route_table = reference;
                    }
                }
                tree::SubnetClause::Nsg(word) => {
                    if self.first_time(&mut once, "nsg", word.span) {
                        let reference = self.reference(word, |names| &names.nsgs);
                        self.estate.subnets[id].nsg = reference;
                    }
                }
                tree::SubnetClause::NatGateway(word) => {
                    if self.first_time(&mut once, "nat-gateway", word.span) {
                        let reference = self.reference(word, |names| &names.nat_gateways);
                        self.estate.subnets[id].nat_gateway = reference;
                    }
                }
                tree::SubnetClause::ServiceEndpoints(words) => {
                    for word in words {
                        let service = self.word(word, "a service");
                        self.estate.subnets[id].service_endpoints.extend(service);
                    }
                }
                tree::SubnetClause::Delegation(word) => {
                    let service = self.word(word, "a service");
                    self.estate.subnets[id].delegations.extend(service);
                }
                tree::SubnetClause::PrivateEndpointPolicies(word) => {
                    if self.first_time(&mut once, "private-endpoint-policies", word.span) {
                        self.estate.subnets[id].private_endpoint_policies =
                            match word.value.as_str() {
                                "enabled" => PrivateEndpointPolicies::Enabled,
                                "nsg" => PrivateEndpointPolicies::SecurityGroups,
                                "route-table" => PrivateEndpointPolicies::RouteTables,
                                _ => PrivateEndpointPolicies::Disabled,
                            };
                    }
                }
                tree::SubnetClause::DefaultOutbound(word) => {
                    if self.first_time(&mut once, "default-outbound", word.span) {
                        self.estate.subnets[id].default_outbound = self.switch(word);
                    }
                }
                tree::SubnetClause::Common(common) => {
                    if let Some(home) = self.common(common, &mut once, subnet.body.span) {
                        self.estate.subnets[id].meta.home = home;
                    }
                }
            }
        }
    }

    fn define_peering(&mut self, peering: &tree::Peering) {
        let from = self.reference(&peering.from, |names| &names.vnets);
        let to = self.reference(&peering.to, |names| &names.vnets);
        let (Some(from), Some(to)) = (from, to) else {
            return;
        };
        let span = peering.from.span.to(peering.to.span);
        if from.id.is_some() && from.id == to.id {
            let finding = Finding::new(
                FindingId::TG0023,
                format!("vnet `{}` is peered with itself", from.name),
            )
            .at(span, "both ends are one vnet");
            self.report(finding);
            return;
        }
        let mut forward = Peering {
            origin: span.into(),
            from: from.clone(),
            to: to.clone(),
            forwarded_traffic: false,
            gateway_transit: false,
            remote_gateways: false,
            existing: false,
        };
        let mut once = Once::default();
        for clause in &peering.body.clauses {
            let (keyword, word, field) = match clause {
                tree::PeeringClause::ForwardedTraffic(word) => {
                    ("forwarded-traffic", word, &mut forward.forwarded_traffic)
                }
                tree::PeeringClause::GatewayTransit(word) => {
                    ("gateway-transit", word, &mut forward.gateway_transit)
                }
                tree::PeeringClause::RemoteGateways(word) => {
                    ("remote-gateways", word, &mut forward.remote_gateways)
                }
                tree::PeeringClause::Common(common) => {
                    if self.common(common, &mut once, peering.body.span).is_some() {
                        forward.existing = true;
                    }
                    continue;
                }
            };
            if self.first_time(&mut once, keyword, word.span)
                && let Some(switch) = self.switch(word)
            {
                *field = switch.value;
            }
        }
        if peering.both_ways {
            // A gateway is lent by one side and used by the other; the left side lends.
            let backward = Peering {
                from: to,
                to: from,
                gateway_transit: forward.remote_gateways,
                remote_gateways: forward.gateway_transit,
                ..forward.clone()
            };
            self.estate.peerings.push(backward);
        }
        self.estate.peerings.push(forward);
    }

    /// Everything that refers to networks and to other resources, rules excepted.
    pub(super) fn define_resources(&mut self, declared: &[Declared<'_>]) {
        for item in declared {
            match item {
                Declared::RouteTable(id, block) => self.define_route_table(*id, block),
                Declared::SecurityGroup(id, block) => {
                    let mut once = Once::default();
                    for clause in &block.body.clauses {
                        if let Some(home) = self.common(clause, &mut once, block.body.span) {
                            self.estate.security_groups[*id].meta.home = home;
                        }
                    }
                }
                Declared::IpGroup(id, group) => self.define_ip_group(*id, group),
                Declared::PublicIp(id, ip) => self.define_public_ip(*id, ip),
                Declared::NatGateway(id, block) => self.define_nat_gateway(*id, block),
                Declared::LoadBalancer(id, block) => self.define_load_balancer(*id, block),
                Declared::Gateway(id, block) => self.define_gateway(*id, block),
                Declared::Appliance(id, block) => self.define_appliance(*id, block),
                Declared::PrivateEndpoint(id, block) => self.define_private_endpoint(*id, block),
                Declared::DnsZone(id, block) => self.define_dns_zone(*id, block),
                Declared::Firewall(id, block) => self.define_firewall(*id, block),
                Declared::FirewallPolicy(id, block) => self.define_firewall_policy(*id, block),
                _ => {}
            }
        }
    }

    fn define_route_table(
        &mut self,
        id: Id<RouteTable>,
        block: &tree::Block<tree::RouteTableClause>,
    ) {
        let mut once = Once::default();
        for clause in &block.body.clauses {
            match clause {
                tree::RouteTableClause::Route {
                    name,
                    destination,
                    next_hop,
                    span,
                } => {
                    let destination = self.route_destination(destination);
                    let next_hop = self.next_hop(next_hop);
                    if let (Some(destination), Some(next_hop)) = (destination, next_hop) {
                        let name = self.name(name);
                        self.estate.route_tables[id].routes.push(Route {
                            name,
                            origin: span.span.into(),
                            destination,
                            next_hop,
                        });
                    }
                }
                tree::RouteTableClause::GatewayPropagation(word) => {
                    if self.first_time(&mut once, "gateway-propagation", word.span)
                        && let Some(switch) = self.switch(word)
                    {
                        self.estate.route_tables[id].gateway_propagation = switch.value;
                    }
                }
                tree::RouteTableClause::Common(common) => {
                    if let Some(home) = self.common(common, &mut once, block.body.span) {
                        self.estate.route_tables[id].meta.home = home;
                    }
                }
            }
        }
    }

    fn route_destination(&mut self, target: &tree::Target) -> Option<Spanned<RouteDestination>> {
        match target.kind {
            TargetKind::Plain => Some(self.prefix(&target.word)?.map(RouteDestination::Prefix)),
            TargetKind::ServiceTag => {
                let tag = self.word(&target.word, "a service tag")?;
                Some(
                    tag.map(|name| RouteDestination::ServiceTag(crate::net::ServiceTag::new(name))),
                )
            }
            TargetKind::FqdnTag | TargetKind::IpGroup | TargetKind::SecurityGroup => {
                let finding = Finding::new(
                    FindingId::TG0023,
                    "a route leads to a prefix or a service tag",
                )
                .at(target.word.span, "neither");
                self.report(finding);
                None
            }
        }
    }

    fn next_hop(&mut self, next_hop: &tree::NextHop) -> Option<Spanned<NextHop>> {
        match next_hop {
            tree::NextHop::Firewall(word) => {
                let firewall = self.reference(word, |names| &names.firewalls)?;
                Some(Spanned::new(NextHop::Firewall(firewall), word.span))
            }
            tree::NextHop::Appliance(word) => {
                let appliance = self.reference(word, |names| &names.appliances)?;
                Some(Spanned::new(NextHop::Appliance(appliance), word.span))
            }
            tree::NextHop::Addresses(words) => {
                let addresses = self.addresses(words);
                let (first, last) = (addresses.first()?.span, addresses.last()?.span);
                let values = addresses.iter().map(|address| address.value).collect();
                Some(Spanned::new(NextHop::Addresses(values), first.to(last)))
            }
            tree::NextHop::Keyword(word) => {
                let hop = match word.value.as_str() {
                    "gateway" => NextHop::Gateway,
                    "internet" => NextHop::Internet,
                    "vnet-local" => NextHop::VnetLocal,
                    _ => NextHop::Drop,
                };
                Some(Spanned::new(hop, word.span))
            }
        }
    }

    pub(super) fn define_nsg(&mut self, id: Id<Nsg>, block: &tree::Block<tree::NsgClause>) {
        let mut once = Once::default();
        for clause in &block.body.clauses {
            match clause {
                tree::NsgClause::Rule(rule) => {
                    if let Some(rule) = self.security_rule(rule) {
                        self.estate.nsgs[id].rules.push(rule);
                    }
                }
                tree::NsgClause::Common(common) => {
                    if let Some(home) = self.common(common, &mut once, block.body.span) {
                        self.estate.nsgs[id].meta.home = home;
                    }
                }
            }
        }
    }

    fn security_rule(&mut self, rule: &tree::SecurityRule) -> Option<SecurityRule> {
        let priority = self.number(&rule.priority, "expected a priority from 100 to 4096");
        let sources = self.endpoints(&rule.from);
        let destinations = self.endpoints(&rule.to);
        let services = self.services(&rule.services);
        let source_ports: Vec<PortRange> = rule
            .source_ports
            .iter()
            .filter_map(|word| self.parsed(word, "a port"))
            .map(|port| port.value)
            .collect();
        let first = services.first()?;
        let (transport, _) = first.value.transport_ports();
        if let Some(other) = services
            .iter()
            .find(|service| service.value.transport_ports().0 != transport)
        {
            let finding = Finding::new(FindingId::TG0023, "a security rule has one protocol")
                .at(other.span, format!("`{}`", other.value))
                .related(first.span, format!("`{}`", first.value))
                .help("write a rule for each protocol, or use `any`");
            self.report(finding);
        }
        let name_only = |endpoint: &crate::estate::Endpoint| {
            matches!(
                endpoint,
                crate::estate::Endpoint::Plain(
                    Destination::Fqdn(_) | Destination::FqdnTag(_) | Destination::Open(_)
                ) | crate::estate::Endpoint::IpGroup(_)
            )
        };
        if sources.iter().chain(&destinations).any(name_only) {
            let finding = Finding::new(FindingId::TG4002, "a security rule knows addresses and service tags only")
                .at(rule.name.span, "names a domain, an FQDN tag or an IP group")
                .help("names are for the firewall; write prefixes, `tag NAME` or `security-group NAME` here");
            self.report(finding);
            return None;
        }
        Some(SecurityRule {
            name: self.name(&rule.name),
            origin: rule.name.span.into(),
            description: rule
                .description
                .as_ref()
                .map(|text| text.value.to_string())
                .unwrap_or_default(),
            priority: priority?,
            direction: if rule.direction.value == "inbound" {
                Direction::Inbound
            } else {
                Direction::Outbound
            },
            access: if rule.access.value == "deny" {
                Access::Deny
            } else {
                Access::Allow
            },
            transport,
            sources,
            source_ports: if source_ports.is_empty() {
                vec![PortRange::ALL]
            } else {
                source_ports
            },
            destinations,
            destination_ports: services
                .iter()
                .map(|service| service.value.transport_ports().1)
                .collect(),
        })
    }

    fn define_ip_group(&mut self, id: Id<crate::estate::IpGroup>, group: &tree::IpGroup) {
        for member in &group.members {
            match self.prefix_or_range(member) {
                Some(Ok(prefix)) => self.estate.ip_groups[id].prefixes.push(prefix),
                Some(Err(range)) => self.estate.ip_groups[id].ranges.push(range),
                None => {}
            }
        }
        let mut once = Once::default();
        for clause in &group.body.clauses {
            if let Some(home) = self.common(clause, &mut once, group.body.span) {
                self.estate.ip_groups[id].meta.home = home;
            }
        }
    }

    fn define_public_ip(&mut self, id: Id<crate::estate::PublicIp>, ip: &tree::PublicIp) {
        self.estate.public_ips[id].address =
            ip.address.as_ref().and_then(|word| self.address(word));
        let mut once = Once::default();
        for clause in &ip.body.clauses {
            match clause {
                tree::PublicIpClause::Zones(words) => {
                    let zones = self.zones(words);
                    self.estate.public_ips[id].zones.extend(zones);
                }
                tree::PublicIpClause::Common(common) => {
                    if let Some(home) = self.common(common, &mut once, ip.body.span) {
                        self.estate.public_ips[id].meta.home = home;
                    }
                }
            }
        }
    }

    pub(super) fn zones(&mut self, words: &[Word]) -> Vec<Spanned<u8>> {
        words
            .iter()
            .filter_map(|word| self.number(word, "expected the number of a zone"))
            .collect()
    }

    fn define_nat_gateway(
        &mut self,
        id: Id<crate::estate::NatGateway>,
        block: &tree::Block<tree::NatGatewayClause>,
    ) {
        let mut once = Once::default();
        for clause in &block.body.clauses {
            match clause {
                tree::NatGatewayClause::PublicIp(words) => {
                    let ips = self.references(words, |names| &names.public_ips);
                    self.estate.nat_gateways[id].public_ips.extend(ips);
                }
                tree::NatGatewayClause::IdleTimeout(word) => {
                    if self.first_time(&mut once, "idle-timeout", word.span) {
                        let minutes = self.number(word, "expected minutes from 4 to 120");
                        self.estate.nat_gateways[id].idle_timeout = minutes;
                    }
                }
                tree::NatGatewayClause::Common(common) => {
                    if let Some(home) = self.common(common, &mut once, block.body.span) {
                        self.estate.nat_gateways[id].meta.home = home;
                    }
                }
            }
        }
    }

    fn define_load_balancer(
        &mut self,
        id: Id<crate::estate::LoadBalancer>,
        block: &tree::Block<tree::LoadBalancerClause>,
    ) {
        let mut once = Once::default();
        for clause in &block.body.clauses {
            match clause {
                tree::LoadBalancerClause::PublicIp(words) => {
                    let ips = self.references(words, |names| &names.public_ips);
                    self.estate.load_balancers[id].public_ips.extend(ips);
                }
                tree::LoadBalancerClause::PrivateIp(words) => {
                    let ips = self.addresses(words);
                    self.estate.load_balancers[id].private_ips.extend(ips);
                }
                tree::LoadBalancerClause::Backend(words) => {
                    let backends: Vec<Ref<Subnet>> =
                        words.iter().filter_map(|word| self.subnet(word)).collect();
                    self.estate.load_balancers[id].backends.extend(backends);
                }
                tree::LoadBalancerClause::OutboundRule(word) => {
                    if self.first_time(&mut once, "outbound-rule", word.span)
                        && let Some(switch) = self.switch(word)
                    {
                        self.estate.load_balancers[id].outbound_rule = switch.value;
                    }
                }
                tree::LoadBalancerClause::Common(common) => {
                    if let Some(home) = self.common(common, &mut once, block.body.span) {
                        self.estate.load_balancers[id].meta.home = home;
                    }
                }
            }
        }
    }

    fn define_gateway(
        &mut self,
        id: Id<crate::estate::Gateway>,
        block: &tree::Placed<tree::GatewayClause>,
    ) {
        if let Some(vnet) = self.reference(&block.place, |names| &names.vnets) {
            self.estate.gateways[id].vnet = vnet;
        }
        let mut once = Once::default();
        for clause in &block.body.clauses {
            match clause {
                tree::GatewayClause::Type(word) => {
                    if self.first_time(&mut once, "type", word.span) {
                        let kind = if word.value == "vpn" {
                            GatewayKind::Vpn
                        } else {
                            GatewayKind::ExpressRoute
                        };
                        self.estate.gateways[id].kind = Spanned::new(kind, word.span);
                    }
                }
                tree::GatewayClause::Learned(words) => {
                    let learned = self.prefixes(words);
                    self.estate.gateways[id].learned.extend(learned);
                }
                tree::GatewayClause::Common(common) => {
                    if let Some(home) = self.common(common, &mut once, block.body.span) {
                        self.estate.gateways[id].meta.home = home;
                    }
                }
            }
        }
    }

    fn define_appliance(
        &mut self,
        id: Id<crate::estate::Appliance>,
        block: &tree::Placed<tree::ApplianceClause>,
    ) {
        if let Some(subnet) = self.subnet(&block.place) {
            self.estate.appliances[id].subnet = subnet;
        }
        let mut once = Once::default();
        for clause in &block.body.clauses {
            match clause {
                tree::ApplianceClause::PrivateIp(words) => {
                    let addresses = self.addresses(words);
                    let subnet = self.estate.appliances[id].subnet.id;
                    self.must_lie_in(&addresses, subnet);
                    self.estate.appliances[id].private_ips.extend(addresses);
                }
                tree::ApplianceClause::IpForwarding(word) => {
                    if self.first_time(&mut once, "ip-forwarding", word.span)
                        && let Some(switch) = self.switch(word)
                    {
                        self.estate.appliances[id].ip_forwarding = switch.value;
                    }
                }
                tree::ApplianceClause::Common(common) => {
                    if let Some(home) = self.common(common, &mut once, block.body.span) {
                        self.estate.appliances[id].meta.home = home;
                    }
                }
            }
        }
    }

    fn define_private_endpoint(
        &mut self,
        id: Id<crate::estate::PrivateEndpoint>,
        block: &tree::Placed<tree::PrivateEndpointClause>,
    ) {
        if let Some(subnet) = self.subnet(&block.place) {
            self.estate.private_endpoints[id].subnet = subnet;
        }
        let mut once = Once::default();
        for clause in &block.body.clauses {
            match clause {
                tree::PrivateEndpointClause::PrivateIp(words) => {
                    let addresses = self.addresses(words);
                    let subnet = self.estate.private_endpoints[id].subnet.id;
                    self.must_lie_in(&addresses, subnet);
                    self.estate.private_endpoints[id]
                        .addresses
                        .extend(addresses);
                }
                tree::PrivateEndpointClause::For(words) => {
                    let names: Vec<_> = words.iter().filter_map(|word| self.domain(word)).collect();
                    self.estate.private_endpoints[id].names.extend(names);
                }
                tree::PrivateEndpointClause::Zone(word) => {
                    if self.first_time(&mut once, "zone", word.span) {
                        let zone = self.reference(word, |names| &names.dns_zones);
                        self.estate.private_endpoints[id].zone = zone;
                    }
                }
                tree::PrivateEndpointClause::Common(common) => {
                    if let Some(home) = self.common(common, &mut once, block.body.span) {
                        self.estate.private_endpoints[id].meta.home = home;
                    }
                }
            }
        }
    }

    fn define_dns_zone(
        &mut self,
        id: Id<crate::estate::PrivateDnsZone>,
        block: &tree::Block<tree::DnsZoneClause>,
    ) {
        let mut once = Once::default();
        for clause in &block.body.clauses {
            match clause {
                tree::DnsZoneClause::Link {
                    vnet,
                    registration,
                    nxdomain_redirect,
                } => {
                    if let Some(reference) = self.reference(vnet, |names| &names.vnets) {
                        let resolution = if *nxdomain_redirect {
                            ResolutionPolicy::NxDomainRedirect
                        } else {
                            ResolutionPolicy::Default
                        };
                        self.estate.dns_zones[id].links.push(ZoneLink {
                            origin: vnet.span.into(),
                            vnet: reference,
                            registration: *registration,
                            resolution,
                        });
                    }
                }
                tree::DnsZoneClause::Record { name, addresses } => {
                    let addresses = self.addresses(addresses);
                    let text = self.name(name);
                    self.estate.dns_zones[id].records.push(DnsRecord {
                        origin: name.span.into(),
                        name: text,
                        addresses,
                    });
                }
                tree::DnsZoneClause::Common(
                    common @ (CommonClause::Existing(_) | CommonClause::Ignore(_)),
                ) => {
                    if let Some(home) = self.common(common, &mut once, block.body.span) {
                        self.estate.dns_zones[id].meta.home = home;
                    }
                }
            }
        }
    }

    /// The subnet that `vnet.subnet` refers to.
    pub(super) fn subnet(&mut self, word: &Word) -> Option<Ref<Subnet>> {
        let word = &self.word(word, "a subnet")?;
        let unknown = Ref {
            id: None,
            name: word.value.clone(),
            origin: word.span.into(),
        };
        let Some((vnet_name, subnet_name)) = word.value.split_once('.') else {
            let finding = Finding::new(
                FindingId::TG0008,
                format!("`{}` is not a subnet", word.value),
            )
            .at(word.span, "a subnet is written vnet.subnet")
            .maybe_help(self.names.subnets.written().find_map(|path| {
                let (_, subnet) = path.split_once('.')?;
                let same = subnet.eq_ignore_ascii_case(&word.value);
                same.then(|| format!("did you mean `{path}`?"))
            }));
            self.report(finding);
            return Some(unknown);
        };
        let vnet_word = Spanned::new(vnet_name.into(), word.span);
        let (vnet, finding) = self.names.vnets.resolve(&vnet_word);
        self.report_unknown(&word.value, finding);
        let Some(vnet) = vnet.id else {
            return Some(unknown);
        };
        match self.find_subnet(vnet, subnet_name) {
            Some(id) => Some(Ref::known(id, word.value.clone(), word.span)),
            None => {
                let finding = self.unknown_subnet(word, vnet, subnet_name);
                self.report_unknown(&word.value, Some(finding));
                Some(unknown)
            }
        }
    }

    /// Reports each address that lies in none of the subnet's prefixes.
    pub(super) fn must_lie_in(
        &mut self,
        addresses: &[Spanned<std::net::IpAddr>],
        subnet: Option<Id<Subnet>>,
    ) {
        let Some(subnet) = subnet else { return };
        for address in addresses {
            let path = self.estate.subnet_path(subnet);
            let subnet = &self.estate.subnets[subnet];
            let Some(first) = subnet.prefixes.first() else {
                continue;
            };
            if subnet
                .prefixes
                .iter()
                .any(|prefix| prefix.value.contains(&address.value))
            {
                continue;
            }
            let finding = Finding::new(
                FindingId::TG0017,
                format!("{} does not lie in subnet `{path}`", address.value),
            )
            .at(address.span, "outside the subnet")
            .related(first.span, format!("`{path}` is {}", first.value));
            self.report(finding);
        }
    }
}
