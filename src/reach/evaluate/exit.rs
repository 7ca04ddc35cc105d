//! Flows go to the Internet: with which public address, if any
//! (MicrosoftDocs/azure-docs, articles/nat-gateway/nat-overview.md and ip-services/default-outbound-access.md).

use std::net::IpAddr;

use crate::azure::gaps;
use crate::azure::next_hop::Holder;
use crate::estate::{
    Appliance, ApplianceFilter, Firewall, Gap, Id, NatGateway, OutboundType, PublicAddress,
    PublicIp, Ref, Region, Subnet,
};
use crate::space::{Ranges, TooLarge};

use super::super::protocols::ICMP;
use super::Evaluator;
use super::groups::with_ports;
use super::map::Piece;
use super::packet::{From, Packet};
use super::service::Identity;
use super::topology::Addresses;

/// How packets get a public address.
struct Exit {
    /// Which; none when they are not known.
    addresses: Vec<IpAddr>,
    tcp_and_udp_only: bool,
}

impl Exit {
    fn unknown(tcp_and_udp_only: bool) -> Self {
        Self {
            addresses: Vec::new(),
            tcp_and_udp_only,
        }
    }
}

impl<'a> Evaluator<'a> {
    /// Flows whose next hop is the Internet leave with a public address of their subnet or device.
    pub(super) fn reach_internet(
        &mut self,
        subnet: Id<Subnet>,
        mut packet: Packet<'a>,
    ) -> Result<Vec<Piece>, TooLarge> {
        let estate = self.plane.estate;
        match packet.devices.last().map(|device| device.holder) {
            Some(Holder::Firewall(id))
                if self.topology.firewall_subnet(estate.firewalls[id].vnet.id) == Some(subnet) =>
            {
                return self.firewall_to_internet(id, Some(subnet), packet);
            }
            Some(Holder::Appliance(id)) if estate.appliances[id].subnet.id == Some(subnet) => {
                return Ok(self.appliance_to_internet(id, subnet, packet));
            }
            _ => {}
        }
        let nat = estate.subnets[subnet].nat_gateway.as_ref();
        if nat
            .and_then(|nat| nat.id)
            .is_some_and(|nat| self.is_empty(nat))
        {
            return Ok(Vec::new());
        }
        if let Some(why) = gaps::exit(estate, subnet).filter(|_| nat.is_none()) {
            packet.doubt(why);
            let asked = self.ask_service(Identity::Public(Vec::new()), packet);
            return Ok(asked.map(Packet::finished).into_iter().collect());
        }
        let mut pieces = Vec::new();
        for (packet, exit) in self.exits(subnet, packet) {
            match exit {
                Some(exit) => pieces.extend(self.leave_with(&exit, packet)),
                None => pieces.extend(self.without_exit(subnet, packet)),
            }
        }
        Ok(pieces)
    }

    fn without_exit(&mut self, subnet: Id<Subnet>, mut packet: Packet<'a>) -> Option<Piece> {
        let mut interfaces = self.plane.estate.interfaces.iter();
        let open = interfaces
            .any(|(_, it)| it.subnet.id == Some(subnet) && it.public_ip.is_some() && !it.all_known);
        if open {
            packet.doubt("whether the sender is a machine with a public address of its own");
            return Some(packet.finished());
        }
        if self.is_storage_of_the_region(&packet) {
            return self
                .ask_service(Identity::Region, packet)
                .map(Packet::finished);
        }
        None
    }

    fn leave_with(&mut self, exit: &Exit, packet: Packet<'a>) -> Vec<Piece> {
        let packet = if exit.tcp_and_udp_only {
            packet.over(&with_ports())
        } else {
            Some(packet)
        };
        let identity = Identity::Public(exit.addresses.clone());
        let asked = packet.and_then(|packet| self.ask_service(identity, packet));
        asked.map_or_else(Vec::new, |packet| self.reply_from_internet(packet))
    }

    /// The order in which a subnet's packets take a public address: NAT gateway, their machine's own, a load
    /// balancer's outbound rule, Azure's default.
    fn exits(
        &mut self,
        subnet: Id<Subnet>,
        mut packet: Packet<'a>,
    ) -> Vec<(Packet<'a>, Option<Exit>)> {
        let estate = self.plane.estate;
        let place = &estate.subnets[subnet];
        if let Some(nat) = &place.nat_gateway {
            self.touch(&mut packet, nat.origin);
            let exit = match nat.id {
                Some(id) => {
                    self.touch(&mut packet, estate.nat_gateways[id].meta.origin);
                    self.nat_exit(id)
                }
                None => Exit::unknown(true),
            };
            return vec![(packet, Some(exit))];
        }
        let (mut parts, rest) = self.by_own_address(packet);
        for packet in rest {
            parts.extend(self.shared_exit(subnet, packet));
        }
        parts
    }

    /// Flows of machines that have a public address of their own, and all others.
    fn by_own_address(
        &mut self,
        packet: Packet<'a>,
    ) -> (Vec<(Packet<'a>, Option<Exit>)>, Vec<Packet<'a>>) {
        let estate = self.plane.estate;
        let mut left = Some(packet);
        let mut own = Vec::new();
        let mut others = Vec::new();
        for (_, interface) in estate.interfaces.iter() {
            for address in interface.addresses.iter().map(|address| address.value) {
                let Some(packet) = left.take() else { break };
                let one = Addresses::between(address, address);
                let (here, rest) = match packet.from {
                    From::Own => {
                        let others = Addresses::every().minus(&one);
                        (packet.sent_by(&one), packet.sent_by(&others))
                    }
                    From::Device(sender) if sender == Some(address) => (Some(packet), None),
                    From::Device(_) => (None, Some(packet)),
                };
                left = rest;
                let Some(mut here) = here else { continue };
                match &interface.public_ip {
                    Some(public) => {
                        self.touch(&mut here, interface.meta.origin);
                        let exit = Exit {
                            addresses: estate.public_addresses(std::slice::from_ref(public)),
                            tcp_and_udp_only: false,
                        };
                        own.push((here, Some(exit)));
                    }
                    None => others.push(here),
                }
            }
        }
        others.extend(left);
        (own, others)
    }

    /// What machines of a subnet without addresses of their own share.
    fn shared_exit(
        &mut self,
        subnet: Id<Subnet>,
        mut packet: Packet<'a>,
    ) -> Vec<(Packet<'a>, Option<Exit>)> {
        let estate = self.plane.estate;
        let pool = self.topology.pool_in(subnet).map(|id| &estate.pools[id]);
        let outbound = pool.map(|pool| pool.outbound.value);
        if outbound == Some(OutboundType::ManagedNatGateway) {
            return vec![(packet, Some(Exit::unknown(true)))];
        }
        if pool.is_some_and(|pool| pool.nodes.public_ips.is_some()) {
            return vec![(packet, Some(Exit::unknown(false)))];
        }
        let balancers = estate.load_balancers.iter().map(|(_, balancer)| balancer);
        let serving: Vec<_> = balancers
            .filter(|balancer| {
                let mut backends = balancer.backends.iter();
                !balancer.public_ips.is_empty() && backends.any(|it| it.id == Some(subnet))
            })
            .collect();
        if let Some(balancer) = serving.iter().find(|balancer| balancer.outbound_rule) {
            self.touch(&mut packet, balancer.meta.origin);
            let exit = Exit {
                addresses: self.public_addresses_of(&balancer.public_ips),
                tcp_and_udp_only: false,
            };
            return vec![(packet, Some(exit))];
        }
        let own_rule = pool.is_some_and(|pool| {
            let rule = pool.nodes.outbound_rule;
            pool.outbound.value == OutboundType::LoadBalancer && rule.is_none_or(|it| it.value)
        });
        if own_rule && serving.is_empty() {
            return vec![(packet, Some(Exit::unknown(false)))];
        }
        let lent = match estate.subnets[subnet].default_outbound {
            Some(setting) => setting.value,
            // A machine behind a Standard load balancer loses the default.
            None => serving.is_empty(),
        };
        if !lent {
            return vec![(packet, None)];
        }
        let icmp = Ranges::span(ICMP, ICMP);
        let carried = packet.over(&super::every_protocol().minus(&icmp));
        let carried = carried.map(|packet| (packet, Some(Exit::unknown(false))));
        let icmp = packet.over(&icmp).map(|packet| (packet, None));
        carried.into_iter().chain(icmp).collect()
    }

    fn is_empty(&self, nat: Id<NatGateway>) -> bool {
        let estate = self.plane.estate;
        let gateway = &estate.nat_gateways[nat];
        let known = estate.gaps.at(Gap::NatGateway(nat)).is_empty();
        gateway.public_ips.is_empty() && !gateway.meta.home.is_existing() && known
    }

    fn nat_exit(&self, nat: Id<NatGateway>) -> Exit {
        let estate = self.plane.estate;
        let known = estate.gaps.at(Gap::NatGateway(nat)).is_empty();
        let addresses =
            known.then(|| self.public_addresses_of(&estate.nat_gateways[nat].public_ips));
        Exit {
            addresses: addresses.unwrap_or_default(),
            tcp_and_udp_only: true,
        }
    }

    /// The addresses of public address resources; of a part of an estate none, unless all are known.
    fn public_addresses_of(&self, ips: &[Ref<PublicIp>]) -> Vec<IpAddr> {
        let estate = self.plane.estate;
        let address = |ip: &Ref<PublicIp>| Some(estate.public_ips[ip.id?].address?.value);
        let known: Vec<IpAddr> = ips.iter().filter_map(address).collect();
        if gaps::is_part(estate) && known.len() < ips.len() {
            return Vec::new();
        }
        known
    }

    /// A firewall sends to the Internet: with the NAT gateway of its subnet, or with its own public addresses.
    pub(super) fn firewall_to_internet(
        &mut self,
        id: Id<Firewall>,
        subnet: Option<Id<Subnet>>,
        mut packet: Packet<'a>,
    ) -> Result<Vec<Piece>, TooLarge> {
        let estate = self.plane.estate;
        let firewall = &estate.firewalls[id];
        let translated = packet
            .devices
            .iter()
            .any(|device| device.holder == Holder::Firewall(id) && device.translated);
        if !translated {
            // Nothing comes back from the Internet to a private source.
            return Ok(Vec::new());
        }
        let nat = subnet.and_then(|subnet| estate.subnets[subnet].nat_gateway.as_ref());
        if let Some(nat) = nat.and_then(|nat| nat.id) {
            self.touch(&mut packet, estate.nat_gateways[nat].meta.origin);
            let exit = self.nat_exit(nat);
            return Ok(self.leave_with(&exit, packet));
        }
        let unknown = !estate.gaps.at(Gap::FirewallAddresses(id)).is_empty();
        let managed = firewall.managed_public_ips.map_or(0, |count| count.value);
        let none = firewall.public_ips.is_empty() && managed == 0;
        if none && !firewall.meta.home.is_existing() && !unknown {
            return Ok(Vec::new());
        }
        for ip in &firewall.public_ips {
            if let PublicAddress::Resource(resource) = ip {
                self.touch(&mut packet, resource.origin);
            }
        }
        let addresses = estate.public_addresses(&firewall.public_ips);
        let all = addresses.len() == firewall.public_ips.len() || !gaps::is_part(estate);
        let kept = usize::try_from(managed).unwrap_or(usize::MAX);
        let all = all && kept <= firewall.public_ips.len();
        let exit = Exit {
            addresses: if all && !unknown {
                addresses
            } else {
                Vec::new()
            },
            tcp_and_udp_only: true,
        };
        Ok(self.leave_with(&exit, packet))
    }

    fn appliance_to_internet(
        &mut self,
        id: Id<Appliance>,
        subnet: Id<Subnet>,
        packet: Packet<'a>,
    ) -> Vec<Piece> {
        let estate = self.plane.estate;
        let appliance = &estate.appliances[id];
        let stated = !matches!(appliance.filter, ApplianceFilter::Unstated);
        if stated && !appliance.snat {
            return Vec::new();
        }
        if let Some(own) = &appliance.public_ip {
            let exit = Exit {
                addresses: estate.public_addresses(std::slice::from_ref(own)),
                tcp_and_udp_only: false,
            };
            return self.leave_with(&exit, packet);
        }
        if !stated {
            let asked = self.ask_service(Identity::Public(Vec::new()), packet);
            return asked.map_or_else(Vec::new, |packet| self.reply_from_internet(packet));
        }
        let mut pieces = Vec::new();
        for (packet, exit) in self.exits(subnet, packet) {
            if let Some(exit) = exit {
                pieces.extend(self.leave_with(&exit, packet));
            }
        }
        pieces
    }

    /// Storage accounts of the same region are reached from a private subnet without a public address.
    fn is_storage_of_the_region(&self, packet: &Packet<'a>) -> bool {
        let estate = self.plane.estate;
        let Region::Named(region) = &estate.region else {
            return false;
        };
        self.service_at(packet).is_some_and(|id| {
            let service = &estate.services[id];
            let storage = service
                .kind
                .as_ref()
                .is_some_and(|it| it.value == "storage");
            let place = service.region.as_ref();
            storage && place.is_some_and(|it| it.value.eq_ignore_ascii_case(region))
        })
    }
}
