//! Networks, peerings, and what hangs on them: public addresses, NAT gateways, load balancers, gateways, appliances.

use crate::base::Origin;
use crate::estate::{
    Allowed, Appliance, ApplianceFilter, DnsServers, Gateway, GatewayKind, Id, LoadBalancer,
    NatGateway, Peering, PeeringState, PrivateEndpointPolicies, PublicAddress, PublicIp, Ref,
    Subnet, VirtualHub, Vnet,
};

use super::page::{Block, Body, Clause};
use super::target::Place;
use super::{Writer, prefix_text, prefixes, switch, texts};

impl Writer<'_> {
    pub(super) fn networks(&mut self) -> Body {
        let estate = self.estate;
        let mut body = Body::default();
        for (id, vnet) in estate.vnets.iter() {
            body.block(match &vnet.site {
                Some(site) => self.site(id, vnet, site),
                None => self.vnet(id, vnet),
            });
        }
        self.peerings(&mut body);
        for (id, ip) in estate.public_ips.iter() {
            body.block(self.public_ip(id, ip));
        }
        for (id, nat) in estate.nat_gateways.iter() {
            body.block(self.nat_gateway(id, nat));
        }
        for (id, balancer) in estate.load_balancers.iter() {
            body.block(self.load_balancer(id, balancer));
        }
        for (id, gateway) in estate.gateways.iter() {
            body.block(self.gateway(id, gateway));
        }
        for (id, wan) in estate.wans.iter() {
            let name = self.names.wans.of(id).clone();
            let head = format!("virtual-wan {name}").into();
            let mut block = self.resource(head, "virtual WAN", &wan.meta, &name);
            self.common(&mut block.body, &wan.meta);
            body.block(block);
        }
        for (id, hub) in estate.hubs.iter() {
            body.block(self.virtual_hub(id, hub));
        }
        for (id, appliance) in estate.appliances.iter() {
            body.block(self.appliance(id, appliance));
        }
        body
    }

    /// The site at whose edge an appliance stands.
    fn site_of(&self, appliance: &Appliance) -> Option<Id<Vnet>> {
        let subnet = appliance.subnet.id?;
        let vnet = self.estate.subnets[subnet].vnet;
        let site = self.estate.vnets[vnet].site.as_ref()?;
        (site.beyond == subnet).then_some(vnet)
    }

    fn vnet(&mut self, id: Id<Vnet>, vnet: &Vnet) -> Block {
        let estate = self.estate;
        let name = self.names.vnets.of(id).clone();
        let mut above = Body::default();
        let mut space = prefixes(&vnet.prefixes);
        if space.is_empty() {
            let what = format!("the address space of vnet `{}`", vnet.meta.name);
            self.not_known(&mut above, vnet.meta.origin, what);
            space = vec![self.open(&name, "prefix")];
        }
        let head = Clause::listing(format!("vnet {name}"), &space);
        let mut block = self.resource(head, "vnet", &vnet.meta, &name);
        block.above.append(above);
        self.common(&mut block.body, &vnet.meta);
        match &vnet.dns {
            DnsServers::Azure => {}
            DnsServers::Firewall(firewall) => {
                let body = &mut block.body;
                self.reference(body, "dns firewall", Some(firewall), |n| &n.firewalls);
            }
            DnsServers::Custom(servers) if servers.is_empty() => {
                let what = "the DNS servers of its own".to_owned();
                self.not_known(&mut block.body, vnet.meta.origin, what);
            }
            DnsServers::Custom(servers) => block.body.list("dns", &texts(servers)),
            DnsServers::Unknown(unknown) => {
                let what = format!("its DNS servers: {}", unknown.text);
                self.not_known(&mut block.body, unknown.origin, what);
            }
        }
        for (id, subnet) in estate.subnets_of(id) {
            let inner = self.subnet(&name, id, subnet);
            block.body.block(inner);
        }
        block
    }

    fn subnet(&mut self, vnet: &str, id: Id<Subnet>, subnet: &Subnet) -> Block {
        let name = self.names.subnets.of(id).clone();
        let mut above = Body::default();
        let mut space = prefixes(&subnet.prefixes);
        if space.is_empty() {
            let what = format!("the prefix of subnet `{}`", subnet.meta.name);
            self.not_known(&mut above, subnet.meta.origin, what);
            space = vec![self.open(&format!("{vnet} {name}"), "prefix")];
        }
        let head = Clause::listing(format!("subnet {name}"), &space);
        let mut block = self.resource(head, "subnet", &subnet.meta, &name);
        block.above.append(above);
        let body = &mut block.body;
        self.common(body, &subnet.meta);
        let table = subnet.route_table.as_ref();
        self.reference(body, "route-table", table, |n| &n.route_tables);
        self.reference(body, "nsg", subnet.nsg.as_ref(), |n| &n.nsgs);
        let nat = subnet.nat_gateway.as_ref();
        self.reference(body, "nat-gateway", nat, |n| &n.nat_gateways);
        self.subnet_services(body, subnet);
        let policies = match subnet.private_endpoint_policies {
            PrivateEndpointPolicies::Disabled => None,
            PrivateEndpointPolicies::Enabled => Some("enabled"),
            PrivateEndpointPolicies::SecurityGroups => Some("nsg"),
            PrivateEndpointPolicies::RouteTables => Some("route-table"),
        };
        if let Some(policies) = policies {
            body.clause(format!("private-endpoint-policies {policies}"));
        }
        if let Some(on) = subnet.default_outbound {
            body.clause(format!("default-outbound {}", switch(on.value)));
        }
        block
    }

    /// Service endpoints, their policy, delegations.
    fn subnet_services(&mut self, body: &mut Body, subnet: &Subnet) {
        let origin = subnet.meta.origin;
        let services = subnet.service_endpoints.iter().map(|it| &it.value);
        let services = self.words(body, "service endpoint", origin, services);
        body.list("service-endpoints", &services);
        if let Some(policy) = &subnet.endpoint_policy {
            let allowed = self.references(body, "service", &policy.allowed, |n| &n.services);
            if allowed.is_empty() {
                let what = "what its service endpoint policy allows".to_owned();
                self.not_known(body, policy.origin, what);
            }
            body.list("service-endpoint-policy", &allowed);
        }
        let delegations = subnet.delegations.iter().map(|it| &it.value);
        for service in self.words(body, "delegation", origin, delegations) {
            body.clause(format!("delegation {service}"));
        }
    }

    /// Two directions that mirror each other are one statement.
    fn peerings(&mut self, body: &mut Body) {
        let all: Vec<&Peering> = self.estate.peerings.iter().map(|(_, it)| it).collect();
        let ends = |it: &Peering| Some((it.from.id?, it.to.id?));
        for (index, peering) in all.iter().enumerate() {
            let Some((from, to)) = ends(peering) else {
                let unknown = if peering.to.id.is_none() {
                    (&peering.to.name, &peering.from.name)
                } else {
                    (&peering.from.name, &peering.to.name)
                };
                let what = format!("vnet `{}`, which is peered with `{}`", unknown.0, unknown.1);
                self.not_known(body, peering.origin, what);
                continue;
            };
            let others = || all.iter().enumerate().filter(|(at, _)| *at != index);
            let before = |it: &Peering| ends(it) == Some((from, to));
            if from == to || others().any(|(at, it)| at < index && before(it)) {
                let what = format!(
                    "another peering of `{}` with `{}`",
                    peering.from.name, peering.to.name
                );
                self.not_said(body, peering.origin, what);
                continue;
            }
            let twin = others().find(|(_, it)| ends(it) == Some((to, from)));
            match twin.filter(|(_, twin)| are_mirrored(peering, twin)) {
                // Written where the second one stands, from the side that lends its gateway.
                Some((at, _)) if at > index => {}
                Some((_, first)) if first.gateway_transit && !peering.gateway_transit => {
                    body.block(self.peering(first, to, "<->", from));
                }
                Some(_) => body.block(self.peering(peering, from, "<->", to)),
                None => body.block(self.peering(peering, from, "->", to)),
            }
        }
    }

    fn peering(&mut self, peering: &Peering, from: Id<Vnet>, arrow: &str, to: Id<Vnet>) -> Block {
        let vnets = &self.names.vnets;
        let head = format!("peering {} {arrow} {}", vnets.of(from), vnets.of(to));
        let mut block = Block::new(head);
        let body = &mut block.body;
        if peering.existing {
            body.clause("existing");
        }
        match peering.state {
            PeeringState::Connected => {}
            PeeringState::Initiated => body.clause("state initiated"),
            PeeringState::Disconnected => body.clause("state disconnected"),
        }
        if !peering.access {
            body.clause("access off");
        }
        let switches = [
            ("forwarded-traffic", peering.forwarded_traffic),
            ("gateway-transit", peering.gateway_transit),
            ("remote-gateways", peering.remote_gateways),
        ];
        for (keyword, _) in switches.into_iter().filter(|(_, on)| *on) {
            body.clause(format!("{keyword} on"));
        }
        self.ignores(body, peering.body);
        block
    }

    fn public_ip(&mut self, id: Id<PublicIp>, ip: &PublicIp) -> Block {
        let name = self.names.public_ips.of(id).clone();
        let address = ip.address.map(|address| format!(" {}", address.value));
        let head = format!("public-ip {name}{}", address.unwrap_or_default());
        let mut block = self.resource(head.into(), "public IP", &ip.meta, &name);
        self.common(&mut block.body, &ip.meta);
        block.body.list("zones", &texts(&ip.zones));
        block
    }

    fn nat_gateway(&mut self, id: Id<NatGateway>, nat: &NatGateway) -> Block {
        let name = self.names.nat_gateways.of(id).clone();
        let head = format!("nat-gateway {name}").into();
        let mut block = self.resource(head, "NAT gateway", &nat.meta, &name);
        let body = &mut block.body;
        self.common(body, &nat.meta);
        let ips = self.references(body, "public IP", &nat.public_ips, |n| &n.public_ips);
        body.list("public-ip", &ips);
        if let Some(minutes) = nat.idle_timeout {
            body.clause(format!("idle-timeout {}", minutes.value));
        }
        block
    }

    fn load_balancer(&mut self, id: Id<LoadBalancer>, balancer: &LoadBalancer) -> Block {
        let name = self.names.load_balancers.of(id).clone();
        let head = format!("load-balancer {name}").into();
        let mut block = self.resource(head, "load balancer", &balancer.meta, &name);
        let body = &mut block.body;
        self.common(body, &balancer.meta);
        let ips = self.references(body, "public IP", &balancer.public_ips, |n| &n.public_ips);
        body.list("public-ip", &ips);
        body.list("private-ip", &texts(&balancer.private_ips));
        let backends = self.subnet_paths(body, &balancer.backends);
        body.list("backend", &backends);
        if balancer.outbound_rule {
            body.clause("outbound-rule on");
        }
        let ports: Vec<_> = balancer
            .ports
            .iter()
            .filter(|port| port.value > 0)
            .collect();
        let ports: Vec<String> = ports.iter().map(|port| port.value.to_string()).collect();
        body.list("ports", &ports);
        block
    }

    fn gateway(&mut self, id: Id<Gateway>, gateway: &Gateway) -> Block {
        let name = self.names.gateways.of(id).clone();
        let mut above = Body::default();
        let vnet = self.vnet_of(&mut above, "gateway", &name, &gateway.vnet);
        let head = format!("gateway {name} in {vnet}").into();
        let mut block = self.resource(head, "gateway", &gateway.meta, &name);
        block.above.append(above);
        self.common(&mut block.body, &gateway.meta);
        let kind = match gateway.kind.value {
            GatewayKind::Vpn => "vpn",
            GatewayKind::ExpressRoute => "expressroute",
        };
        block.body.clause(format!("type {kind}"));
        block.body.list("learned", &prefixes(&gateway.learned));
        block
    }

    fn virtual_hub(&mut self, id: Id<VirtualHub>, hub: &VirtualHub) -> Block {
        let name = self.names.hubs.of(id).clone();
        let mut above = Body::default();
        let prefix = match hub.prefix {
            Some(prefix) => prefix_text(prefix.value),
            None => {
                let what = format!("the addresses of virtual hub `{}`", hub.meta.name);
                self.not_known(&mut above, hub.meta.origin, what);
                self.open(&name, "prefix")
            }
        };
        let head = format!("virtual-hub {name} {prefix}").into();
        let mut block = self.resource(head, "virtual hub", &hub.meta, &name);
        block.above.append(above);
        let body = &mut block.body;
        self.common(body, &hub.meta);
        self.reference(body, "wan", hub.wan.as_ref(), |n| &n.wans);
        let without = |vnet: &Ref<Vnet>| {
            let mut without = hub.without_default.iter();
            without.any(|it| it.id.is_some() && it.id == vnet.id)
        };
        let connections = hub.connections.iter().cloned();
        let (refusing, taking): (Vec<_>, Vec<_>) = connections.partition(without);
        let taking = self.references(body, "vnet", &taking, |n| &n.vnets);
        body.list("connect", &taking);
        let refusing = self.references(body, "vnet", &refusing, |n| &n.vnets);
        if !refusing.is_empty() {
            let clause = Clause::listing("connect", &refusing).word("without-default-route");
            body.clause(clause);
        }
        // A firewall in a hub says so itself.
        let firewall = hub.firewall.as_ref();
        if let Some(firewall) =
            firewall.filter(|it| it.id.is_none_or(|it| self.estate.hub_of(it) != Some(id)))
        {
            let what = format!("its firewall `{}`", firewall.name);
            self.not_said(body, firewall.origin, what);
        }
        if hub.internet_routing {
            body.clause("internet-routing on");
        }
        if hub.private_routing {
            body.clause("private-routing on");
        }
        block
    }

    fn appliance(&mut self, id: Id<Appliance>, appliance: &Appliance) -> Block {
        let name = self.names.appliances.of(id).clone();
        let mut above = Body::default();
        let subnet = match self.site_of(appliance) {
            Some(site) => self.names.vnets.of(site).to_string(),
            None => self.subnet_of(&mut above, "appliance", &name, &appliance.subnet),
        };
        let head = format!("appliance {name} in {subnet}").into();
        let mut block = self.resource(head, "appliance", &appliance.meta, &name);
        block.above.append(above);
        let body = &mut block.body;
        self.common(body, &appliance.meta);
        body.list("private-ip", &texts(&appliance.private_ips));
        if !appliance.ip_forwarding {
            body.clause("ip-forwarding off");
        }
        let ip = self.public_addresses(body, appliance.public_ip.as_slice());
        body.list("public-ip", &ip);
        if appliance.snat {
            body.clause("snat on");
        }
        match &appliance.filter {
            ApplianceFilter::Unstated => {}
            ApplianceFilter::Everything => body.clause("allow any"),
            // What is compiled comes back when the policy is read.
            ApplianceFilter::Only(allowed) => {
                let written = allowed.iter().filter(|it| it.name.is_empty());
                for entry in written {
                    self.allowed(body, appliance, entry);
                }
            }
        }
        if appliance.compiled.is_some() {
            body.clause("allow requirements");
        }
        block
    }

    fn allowed(&mut self, body: &mut Body, appliance: &Appliance, entry: &Allowed) {
        let origin = appliance.meta.origin;
        let destinations = entry.destinations.iter();
        let words = self.destinations(body, Place::Appliance, origin, destinations);
        if words.is_empty() {
            self.not_known(body, origin, "what it lets through".to_owned());
            return;
        }
        let services: Vec<String> = entry.services.iter().map(ToString::to_string).collect();
        body.clause(Clause::default().part("allow", &[&words, &services]));
    }

    /// Names of public address resources, and addresses.
    pub(super) fn public_addresses(
        &mut self,
        body: &mut Body,
        addresses: &[PublicAddress],
    ) -> Vec<String> {
        let mut words = Vec::new();
        for address in addresses {
            match address {
                PublicAddress::Literal(address) => words.push(address.value.to_string()),
                PublicAddress::Resource(ip) => {
                    let ip = std::slice::from_ref(ip);
                    words.extend(self.references(body, "public IP", ip, |n| &n.public_ips));
                }
            }
        }
        words
    }

    /// The network that something is in; a word without a value when it is not known.
    pub(super) fn vnet_of(
        &mut self,
        above: &mut Body,
        kind: &str,
        name: &str,
        vnet: &Ref<Vnet>,
    ) -> String {
        match vnet.id {
            Some(id) => self.names.vnets.of(id).to_string(),
            None => {
                let what = format!("vnet `{}`, which {kind} `{name}` is in", vnet.name);
                self.not_known(above, vnet.origin, what);
                self.open(name, "vnet")
            }
        }
    }

    /// The subnet that something is in; a word without a value when it is not known.
    pub(super) fn subnet_of(
        &mut self,
        above: &mut Body,
        kind: &str,
        name: &str,
        subnet: &Ref<Subnet>,
    ) -> String {
        match subnet.id {
            Some(id) => self.subnet_path(id),
            None => self.unknown_subnet(above, kind, name, &subnet.name, subnet.origin),
        }
    }

    pub(super) fn unknown_subnet(
        &mut self,
        above: &mut Body,
        kind: &str,
        name: &str,
        written: &str,
        origin: Origin,
    ) -> String {
        let what = format!("subnet `{written}`, which {kind} `{name}` is in");
        self.not_known(above, origin, what);
        self.open(name, "subnet")
    }
}

/// Whether one statement with `<->` says both.
fn are_mirrored(one: &Peering, other: &Peering) -> bool {
    one.state == other.state
        && one.access == other.access
        && one.forwarded_traffic == other.forwarded_traffic
        && one.existing == other.existing
        && one.body == other.body
        && one.gateway_transit == other.remote_gateways
        && one.remote_gateways == other.gateway_transit
}
