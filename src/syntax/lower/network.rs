//! Networks, subnets, peerings; the order in which other resources are filled in.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::base::Spanned;
use crate::diag::{Finding, Id as FindingId};
use crate::estate::{
    DnsServers, Id, Peering, PeeringState, PrivateEndpointPolicies, Ref, ServiceEndpointPolicy,
    Subnet, Vnet,
};
use crate::syntax::tree::{self, Word};

use super::declare::Declared;
use super::{Lowering, Once};

impl Lowering<'_> {
    pub(super) fn define_networks(&mut self, declared: &[Declared<'_>]) {
        for item in declared {
            match item {
                Declared::Vnet(id, vnet) => self.define_vnet(*id, vnet),
                Declared::Site(id, site) => self.define_site(*id, site),
                Declared::Subnet(id, subnet) => self.define_subnet(*id, subnet),
                Declared::Peering(peering) => self.define_peering(peering),
                _ => {}
            }
        }
        self.report_subnets_before_their_vnet();
    }

    /// A subnet cannot exist when its vnet does not.
    fn report_subnets_before_their_vnet(&mut self) {
        let estate = &self.estate;
        let too_early = estate.subnets.iter().filter(|(_, subnet)| {
            subnet.meta.home.is_existing() && !estate.vnets[subnet.vnet].meta.home.is_existing()
        });
        let findings: Vec<Finding> = too_early
            .map(|(id, subnet)| {
                let vnet = &estate.vnets[subnet.vnet].meta;
                let message = format!(
                    "subnet `{}` exists, but its vnet is still to be deployed",
                    estate.subnet_path(id)
                );
                Finding::new(FindingId::TG0023, message)
                    .at(subnet.meta.origin, "declared `existing`")
                    .related(vnet.origin, "declared without `existing`")
                    .help("write `existing` in the vnet too, or take it out of the subnet")
            })
            .collect();
        self.findings.extend(findings);
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
            tree::Dns::Servers(words) => match self.addresses(words) {
                // Of servers without addresses a catalog would say that it cannot ask for them.
                none if none.is_empty() => return None,
                servers => DnsServers::Custom(servers),
            },
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
                tree::SubnetClause::ServiceEndpointPolicy { keyword, services } => {
                    if self.first_time(&mut once, "service-endpoint-policy", keyword.span) {
                        let allowed = self.references(services, |names| &names.services);
                        let policy = ServiceEndpointPolicy {
                            origin: keyword.span.into(),
                            allowed,
                        };
                        self.estate.subnets[id].endpoint_policy = Some(policy);
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
            state: PeeringState::Connected,
            access: true,
            forwarded_traffic: false,
            body: peering.body.span,
            forwarded_text: None,
            gateway_transit: false,
            remote_gateways: false,
            existing: false,
        };
        let mut once = Once::default();
        let mut state = None;
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
                tree::PeeringClause::Access(word) => ("access", word, &mut forward.access),
                tree::PeeringClause::State(word) => {
                    if self.first_time(&mut once, "state", word.span) {
                        state = Some(word.span);
                        forward.state = match word.value.as_str() {
                            "initiated" => PeeringState::Initiated,
                            "disconnected" => PeeringState::Disconnected,
                            _ => PeeringState::Connected,
                        };
                    }
                    continue;
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
                if keyword == "forwarded-traffic" {
                    forward.forwarded_text = Some(word.span);
                }
            }
        }
        if let Some(state) = state
            && !forward.existing
            && !self.unread.lies_in(peering.body.span)
        {
            let finding = Finding::new(
                FindingId::TG0023,
                format!(
                    "the peering of `{}` with `{}` is still to be made and has no state",
                    from.name, to.name
                ),
            )
            .at(state, "Azure sets it")
            .help("write `existing` too, or remove this clause");
            self.report(finding);
        }
        let same = |from: &Ref<Vnet>, to: &Ref<Vnet>| {
            let known = from.id.is_some() && to.id.is_some();
            let mut all = self.estate.peerings.iter().map(|(_, peering)| peering);
            let twin = all.find(|it| it.from.id == from.id && it.to.id == to.id);
            twin.filter(|_| known).map(|twin| twin.origin)
        };
        let first = same(&from, &to).or_else(|| {
            let backward = same(&to, &from);
            backward.filter(|_| peering.both_ways)
        });
        if let Some(first) = first {
            let finding = Finding::new(
                FindingId::TG0007,
                format!("`{}` is peered with `{}` twice", from.name, to.name),
            )
            .at(span, "peered again here")
            .related(first, "peered first here");
            self.report(finding);
            return;
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
                Declared::SecurityGroup(id, block) => self.define_security_group(*id, block),
                Declared::IpGroup(id, group) => self.define_ip_group(*id, group),
                Declared::PublicIp(id, ip) => self.define_public_ip(*id, ip),
                Declared::NatGateway(id, block) => self.define_nat_gateway(*id, block),
                Declared::LoadBalancer(id, block) => self.define_load_balancer(*id, block),
                Declared::Gateway(id, block) => self.define_gateway(*id, block),
                Declared::VirtualWan(id, block) => self.define_virtual_wan(*id, block),
                Declared::VirtualHub(id, hub) => self.define_virtual_hub(*id, hub),
                Declared::Appliance(id, block) => self.define_appliance(*id, block),
                Declared::PrivateEndpoint(id, block) => self.define_private_endpoint(*id, block),
                Declared::DnsZone(id, block) => self.define_dns_zone(*id, block),
                Declared::DnsServer(id, block) => self.define_dns_server(*id, block),
                Declared::Service(id, block) => self.define_service(*id, block),
                Declared::Proxy(id, block) => self.define_proxy(*id, block),
                Declared::Firewall(id, block) => self.define_firewall(*id, block),
                Declared::FirewallPolicy(id, block) => self.define_firewall_policy(*id, block),
                _ => {}
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
        addresses: &[Spanned<IpAddr>],
        subnet: Option<Id<Subnet>>,
    ) {
        let Some(subnet) = subnet else { return };
        let path = self.estate.subnet_path(subnet);
        let prefixes = &self.estate.subnets[subnet].prefixes;
        let outside = addresses
            .iter()
            .filter_map(|address| outside(*address, "subnet", &path, prefixes));
        self.findings.extend(outside);
    }
}

/// The finding for an address that lies in none of the prefixes of something.
pub(super) fn outside(
    address: Spanned<IpAddr>,
    kind: &str,
    name: &str,
    prefixes: &[Spanned<IpNet>],
) -> Option<Finding> {
    let first = prefixes.first()?;
    if prefixes
        .iter()
        .any(|prefix| prefix.value.contains(&address.value))
    {
        return None;
    }
    let finding = Finding::new(
        FindingId::TG0017,
        format!("{} does not lie in {kind} `{name}`", address.value),
    )
    .at(address.span, format!("outside the {kind}"))
    .related(first.span, format!("`{name}` is {}", first.value));
    Some(finding)
}
