//! A packet arrives inside the networks: at a machine, behind an internal load balancer, or at a private endpoint.

use std::net::IpAddr;

use crate::estate::{Direction, Id, PrivateEndpoint, PrivateEndpointPolicies, Subnet};

use super::super::cause::Cause;
use super::super::flow::{Element, Site, Stage};
use super::super::gaps;
use super::super::next_hop::Holder;
use super::super::packet::{End, Packet};
use super::Walk;

impl Walk<'_> {
    /// The packet arrives at an address inside the own network or a peered one.
    pub(super) fn arrive(&mut self, from: Id<Subnet>, packet: Packet) {
        if let Some(endpoint) = self.endpoint_at(packet.destination.address) {
            self.arrive_at_endpoint(from, endpoint, packet);
            return;
        }
        self.arrive_by_address(packet);
    }

    /// The packet arrives at whatever holds its address.
    pub(super) fn arrive_by_address(&mut self, mut packet: Packet) {
        let estate = self.plane.estate;
        let Some(address) = packet.destination.address else {
            return;
        };
        // What a load balancer hands on shows the machine as its destination.
        let balancer = estate
            .load_balancers
            .iter()
            .find(|(_, balancer)| balancer.private_ips.iter().any(|ip| ip.value == address));
        let mut subnet = self.subnet_holding(address);
        if let Some((id, balancer)) = balancer {
            self.pass(
                Stage::Route,
                Element {
                    name: format!("load balancer `{}`", balancer.meta.name),
                    origin: balancer.meta.origin,
                    site: Site::LoadBalancer(id),
                },
                "hands the flow to a machine behind it",
            );
            if let Some(backend) = balancer.backends.iter().find_map(|subnet| subnet.id) {
                subnet = Some(backend);
                packet.destination = End {
                    address: self.plane.some_address(backend),
                    tags: Vec::new(),
                    ..End::default()
                };
            }
        }
        let Some(subnet) = subnet else {
            self.note(format!(
                "no subnet of this estate holds {address}; what is there is not known"
            ));
            return;
        };
        self.path.push(self.subnet_element(subnet));
        if let Some(device) = self.devices.last().copied() {
            let receiver = estate.subnets[subnet].vnet;
            if let Some(peering) = self.forwarded(device.holder, receiver, packet.source.address) {
                self.block(
                    Stage::Route,
                    Cause::NextHopUnreachable,
                    peering,
                    format!(
                        "does not accept packets that {} only forwards (forwarded traffic is off)",
                        self.device_element(device.holder).name
                    ),
                );
                return;
            }
        }
        if !self.enter(subnet, &packet) {
            return;
        }
        self.reply_from_subnet(subnet, &packet);
    }

    /// Asks the security groups of a subnet and its interfaces; whether the packet certainly ends here.
    pub(super) fn enter(&mut self, subnet: Id<Subnet>, packet: &Packet) -> bool {
        let machine = packet.destination.address;
        for nsg in self.groups_inbound(subnet, machine) {
            self.ask_group(nsg, Direction::Inbound, subnet, packet);
            if self.is_stopped() {
                return false;
            }
        }
        self.doubt_group(subnet, machine, Cause::NsgIntraClusterDeny);
        true
    }

    pub(super) fn subnet_holding(&self, address: IpAddr) -> Option<Id<Subnet>> {
        let subnets = self.plane.estate.subnets.iter();
        let holding = subnets.filter_map(|(id, subnet)| {
            let mut prefixes = subnet.prefixes.iter();
            let prefix = prefixes.find(|prefix| prefix.value.contains(&address))?;
            Some((prefix.value.prefix_len(), id))
        });
        holding.max_by_key(|(length, _)| *length).map(|(_, id)| id)
    }

    pub(super) fn endpoint_at(&self, address: Option<IpAddr>) -> Option<Id<PrivateEndpoint>> {
        let address = address?;
        let mut endpoints = self.plane.estate.private_endpoints.iter();
        endpoints
            .find(|(_, endpoint)| endpoint.addresses.iter().any(|ip| ip.value == address))
            .map(|(id, _)| id)
    }

    /// A private endpoint obeys the security groups of its subnet only when the subnet's network policies say so, and
    /// its replies never obey routes (MicrosoftDocs/azure-docs, articles/private-link/disable-private-endpoint-network-policy.md
    /// and inspect-traffic-with-azure-firewall.md).
    pub(super) fn arrive_at_endpoint(
        &mut self,
        _from: Id<Subnet>,
        id: Id<PrivateEndpoint>,
        packet: Packet,
    ) {
        let estate = self.plane.estate;
        let endpoint = &estate.private_endpoints[id];
        let element = Element {
            name: format!("private endpoint `{}`", endpoint.meta.name),
            origin: endpoint.meta.origin,
            site: Site::PrivateEndpoint(id),
        };
        self.path.push(element.clone());
        if let Some(subnet) = endpoint.subnet.id {
            let policies = estate.subnets[subnet].private_endpoint_policies;
            let guarded = matches!(
                policies,
                PrivateEndpointPolicies::Enabled | PrivateEndpointPolicies::SecurityGroups
            );
            if let Some(text) = gaps::endpoint_policies(estate, subnet) {
                let host = self.subnet_element(subnet);
                self.doubt(Stage::Nsg, Cause::NsgIntraClusterDeny, host, text);
            }
            let own = estate.subnets[subnet].nsg.as_ref().and_then(|nsg| nsg.id);
            if guarded && let Some(nsg) = own {
                self.ask_group(nsg, Direction::Inbound, subnet, &packet);
                if self.is_stopped() {
                    return;
                }
            }
        }
        self.pass(Stage::Service, element.clone(), "takes the flow");
        let untranslated = self
            .devices
            .iter()
            .find(|device| !device.translated && matches!(device.holder, Holder::Firewall(_)))
            .copied();
        if let Some(device) = untranslated {
            let firewall = self.device_element(device.holder);
            self.lose_reply(
                Cause::AsymmetricReturn,
                firewall,
                format!(
                    "saw the request, but the reply of {} ignores routes and goes straight back; only a translated \
                     source (an application rule, or SNAT for the destination) brings it through the firewall",
                    element.name
                ),
            );
        }
    }
}
