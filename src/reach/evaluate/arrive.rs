//! Flows arrive inside the networks: at machines, behind internal load balancers, at private endpoints.

use crate::azure::gaps;
use crate::azure::next_hop::Holder;
use crate::estate::{Direction, Id, PrivateEndpoint, PrivateEndpointPolicies, Subnet, Vnet};
use crate::space::{Side, TooLarge};

use super::Evaluator;
use super::map::Piece;
use super::packet::{From, Packet, To};
use super::topology::Addresses;

impl<'a> Evaluator<'a> {
    /// Flows arrive at addresses inside the own network or a peered one.
    pub(super) fn arrive(&mut self, packet: Packet<'a>) -> Result<Vec<Piece>, TooLarge> {
        let mut endpoints = self.plane.estate.private_endpoints.iter();
        let endpoint = packet.address().and_then(|address| {
            endpoints.find(|(_, it)| it.addresses.iter().any(|own| own.value == address))
        });
        match endpoint {
            Some((id, _)) => self.arrive_at_endpoint(id, packet),
            None => self.arrive_by_address(packet),
        }
    }

    /// Flows arrive at whatever holds their addresses.
    pub(super) fn arrive_by_address(
        &mut self,
        mut packet: Packet<'a>,
    ) -> Result<Vec<Piece>, TooLarge> {
        let estate = self.plane.estate;
        if matches!(packet.to, To::Somewhere { .. }) {
            return Ok(vec![packet.finished()]);
        }
        let mut balancers = estate.load_balancers.iter();
        let balancer = packet.address().and_then(|address| {
            balancers.find(|(_, it)| it.private_ips.iter().any(|own| own.value == address))
        });
        if let Some((_, balancer)) = balancer {
            self.touch(&mut packet, balancer.meta.origin);
            // What a load balancer hands on shows the machine as its destination.
            if let Some(backend) = balancer.backends.iter().find_map(|backend| backend.id) {
                if let Some(address) = self.plane.some_address(backend) {
                    packet.to = To::At(address);
                }
                return self.arrive_in(backend, packet);
            }
        }
        let mut pieces = Vec::new();
        let mut left = Some(packet);
        for (subnet, addresses) in self.topology.held.clone() {
            let Some(packet) = left.take() else { break };
            if let Some(here) = packet.towards(&addresses) {
                pieces.extend(self.arrive_in(subnet, here)?);
            }
            left = packet.not_towards(&addresses);
        }
        // What is at an address that no subnet holds is not known; it takes the flow.
        pieces.extend(left.map(Packet::finished));
        Ok(pieces)
    }

    fn arrive_in(
        &mut self,
        subnet: Id<Subnet>,
        packet: Packet<'a>,
    ) -> Result<Vec<Piece>, TooLarge> {
        let receiver = self.plane.estate.subnets[subnet].vnet;
        let packet = match packet.devices.last().copied() {
            Some(device) => self.accepted(&packet, device.holder, receiver),
            None => Some(packet),
        };
        let Some(mut packet) = packet else {
            return Ok(Vec::new());
        };
        self.touch(&mut packet, self.plane.estate.subnets[subnet].meta.origin);
        let mut pieces = Vec::new();
        for (packet, interface) in self.by_interface(packet, Side::Destination) {
            let mut packets = vec![packet];
            let mut groups = self.groups_of(subnet, interface);
            groups.reverse();
            for nsg in groups {
                let mut next = Vec::new();
                for packet in packets {
                    next.extend(self.ask_group(nsg, Direction::Inbound, subnet, packet)?);
                }
                packets = next;
            }
            for mut packet in packets {
                self.doubt_group(subnet, interface, &mut packet);
                pieces.extend(self.reply_from_subnet(subnet, packet));
            }
        }
        Ok(pieces)
    }

    /// The flows that another network's side of the peering accepts from a device, which may only forward them.
    fn accepted(
        &self,
        packet: &Packet<'a>,
        device: Holder,
        receiver: Id<Vnet>,
    ) -> Option<Packet<'a>> {
        let Some(home) = self.refusing(device, receiver) else {
            return Some(packet.clone());
        };
        match packet.from {
            From::Own => packet.sent_by(&home),
            From::Device(Some(address)) => home.holds(address).then(|| packet.clone()),
            From::Device(None) => None,
        }
    }

    /// Where a network takes only what a device sends itself: the addresses of the device's own network.
    pub(super) fn refusing(&self, device: Holder, receiver: Id<Vnet>) -> Option<Addresses> {
        let estate = self.plane.estate;
        let home = self.topology.vnet_of(estate, device)?;
        if home == receiver {
            return None;
        }
        let direction = self.topology.direction(receiver, home)?;
        let prefixes = estate.vnets[home]
            .prefixes
            .iter()
            .map(|prefix| prefix.value);
        (!direction.forwarded_traffic).then(|| Addresses::of(prefixes.collect::<Vec<_>>()))
    }

    /// A private endpoint obeys security groups only where its subnet says so, and its replies never obey routes
    /// (articles/private-link/disable-private-endpoint-network-policy.md, inspect-traffic-with-azure-firewall.md).
    pub(super) fn arrive_at_endpoint(
        &mut self,
        id: Id<PrivateEndpoint>,
        mut packet: Packet<'a>,
    ) -> Result<Vec<Piece>, TooLarge> {
        let estate = self.plane.estate;
        let endpoint = &estate.private_endpoints[id];
        self.touch(&mut packet, endpoint.meta.origin);
        let mut packets = vec![packet];
        if let Some(subnet) = endpoint.subnet.id {
            let host = &estate.subnets[subnet];
            if let Some(why) = gaps::endpoint_policies(estate, subnet) {
                packets
                    .iter_mut()
                    .for_each(|packet| packet.doubt(why.clone()));
            }
            let guarded = matches!(
                host.private_endpoint_policies,
                PrivateEndpointPolicies::Enabled | PrivateEndpointPolicies::SecurityGroups
            );
            let group = host.nsg.as_ref().and_then(|nsg| nsg.id);
            if let Some(nsg) = group.filter(|_| guarded) {
                let mut next = Vec::new();
                for packet in packets {
                    next.extend(self.ask_group(nsg, Direction::Inbound, subnet, packet)?);
                }
                packets = next;
            }
        }
        let lost = |packet: &Packet<'a>| {
            let mut devices = packet.devices.iter();
            devices.any(|it| !it.translated && matches!(it.holder, Holder::Firewall(_)))
        };
        let finished = packets.into_iter().map(|mut packet| {
            packet.no_return |= lost(&packet);
            packet.finished()
        });
        Ok(finished.collect())
    }
}
