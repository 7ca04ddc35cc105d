//! Public addresses, and what forwards or translates: NAT gateways, load balancers, gateways, appliances.

use smol_str::SmolStr;

use crate::base::{Origin, Spanned};
use crate::estate::{Allowed, Appliance, ApplianceFilter, GatewayKind, Id, Ref, Subnet};
use crate::net::Destination;
use crate::syntax::tree::{self, Word};

use super::{Lowering, Once};

impl Lowering<'_> {
    pub(super) fn define_public_ip(
        &mut self,
        id: Id<crate::estate::PublicIp>,
        ip: &tree::PublicIp,
    ) {
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

    pub(super) fn define_nat_gateway(
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

    pub(super) fn define_load_balancer(
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
                tree::LoadBalancerClause::Ports(words) => {
                    let ports: Vec<_> = words.iter().filter_map(|word| self.port(word)).collect();
                    self.estate.load_balancers[id].ports.extend(ports);
                }
                tree::LoadBalancerClause::Common(common) => {
                    if let Some(home) = self.common(common, &mut once, block.body.span) {
                        self.estate.load_balancers[id].meta.home = home;
                    }
                }
            }
        }
    }

    pub(super) fn define_gateway(
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

    pub(super) fn define_appliance(
        &mut self,
        id: Id<crate::estate::Appliance>,
        block: &tree::Placed<tree::ApplianceClause>,
    ) {
        if let Some(subnet) = self.appliance_place(&block.place) {
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
                        self.estate.appliances[id].forwarding_text = Some(word.span);
                    }
                }
                tree::ApplianceClause::PublicIp(word) => {
                    if self.first_time(&mut once, "public-ip", word.span) {
                        self.estate.appliances[id].public_ip = self.public_address(word);
                    }
                }
                tree::ApplianceClause::Snat(word) => {
                    if self.first_time(&mut once, "snat", word.span)
                        && let Some(switch) = self.switch(word)
                    {
                        self.estate.appliances[id].snat = switch.value;
                    }
                }
                tree::ApplianceClause::Common(common) => {
                    if let Some(home) = self.common(common, &mut once, block.body.span) {
                        self.estate.appliances[id].meta.home = home;
                    }
                }
                tree::ApplianceClause::Allow { .. } => {}
            }
        }
    }

    /// What an appliance lets through. It comes with the rules, because it may name groups.
    pub(super) fn define_appliance_filter(
        &mut self,
        id: Id<Appliance>,
        block: &tree::Placed<tree::ApplianceClause>,
    ) {
        let mut allowed = Vec::new();
        let mut stated = false;
        for clause in &block.body.clauses {
            let tree::ApplianceClause::Allow {
                keyword,
                targets,
                services,
            } = clause
            else {
                continue;
            };
            stated = true;
            let origin = Origin::from(keyword.span);
            if is_requirements(targets) && services.is_empty() {
                self.estate.appliances[id].compiled = Some(origin);
                continue;
            }
            let destinations = self.known_destinations(targets);
            let services = self.services(services);
            if destinations.is_empty() {
                continue;
            }
            allowed.push(Allowed {
                name: SmolStr::default(),
                sources: Vec::new(),
                destinations: destinations.into_iter().map(|it| it.value).collect(),
                services: services.into_iter().map(|it| it.value).collect(),
                reason: String::new(),
                origin,
            });
        }
        if !stated {
            return;
        }
        let is_open = |it: &Allowed| {
            it.services.is_empty() && it.destinations.contains(&Destination::Anywhere)
        };
        self.estate.appliances[id].filter = if allowed.iter().any(is_open) {
            ApplianceFilter::Everything
        } else {
            ApplianceFilter::Only(allowed)
        };
    }
}

/// Whether the word `requirements` stands for what is let through.
fn is_requirements(targets: &[tree::Target]) -> bool {
    let [target] = targets else { return false };
    target.kind == tree::TargetKind::Plain && target.word.value == "requirements"
}
