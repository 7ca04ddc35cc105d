//! A machine in a subnet starts a flow: it looks the name up, and sends.

use std::net::{IpAddr, Ipv4Addr};

use crate::estate::{Direction, Id, Subnet};

use super::super::cause::Cause;
use super::super::dns::Answer;
use super::super::flow::{Element, Outcome, Site, Stage};
use super::super::gaps;
use super::super::nsg::is_platform;
use super::super::packet::{End, Packet};
use super::Walk;

impl<'w> Walk<'w> {
    pub(super) fn start_inside(&mut self, subnet: Id<Subnet>, address: IpAddr) {
        if let Some(proxy) = self.proxy_for(subnet) {
            self.through_proxy(subnet, address, proxy);
            return;
        }
        let Some(destination) = self.resolve(subnet) else {
            return;
        };
        let packet = Packet {
            source: End::at(self.seen_as(subnet, address, &destination)),
            destination,
            transport: self.flow.transport,
            port: self.flow.port,
        };
        self.path.push(self.subnet_element(subnet));
        let mut regions: Vec<Ipv4Addr> = Vec::new();
        if packet.destination.address.is_none() {
            regions.extend(self.plane.regions().iter().map(|region| region.address));
            regions.sort_unstable();
            regions.dedup();
        }
        if !self.alternatives.is_empty() {
            let alternatives = std::mem::take(&mut self.alternatives);
            self.each_address(subnet, address, &packet, &alternatives);
        } else if regions.is_empty() {
            self.send(subnet, packet);
        } else {
            self.each_way(&regions, |walk, about| {
                let mut packet = packet.clone();
                packet.destination.about = Some(*about);
                walk.send(subnet, packet);
            });
        }
        self.blame_exemption(subnet);
    }

    /// A name with several addresses: a machine takes any of them.
    fn each_address(
        &mut self,
        subnet: Id<Subnet>,
        from: IpAddr,
        packet: &Packet,
        addresses: &[IpAddr],
    ) {
        self.each_way(addresses, |walk, address| {
            let mut packet = packet.clone();
            packet.destination.address = Some(*address);
            walk.resolved = Some(*address);
            packet.source = End::at(walk.seen_as(subnet, from, &packet.destination));
            walk.send(subnet, packet);
        });
        if let (Some(name), false) = (&self.flow.to.name, self.blockers.is_empty()) {
            let all: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            self.note(format!(
                "{name} leads to {}, and a machine takes any of them",
                all.join(", ")
            ));
        }
    }

    /// Where the flow goes: the address that is asked about, or what the name resolves to. `None` when it has none.
    pub(super) fn resolve(&mut self, subnet: Id<Subnet>) -> Option<End> {
        let target = &self.flow.to;
        let Some(name) = &target.name else {
            return Some(End {
                address: target.address,
                tags: target.tags.clone(),
                ..End::default()
            });
        };
        let resolution = self.plane.look_up(subnet, name);
        // With an address given, a look-up that may fail says nothing about the flow; one that fails certainly does.
        let given = target.address.is_some();
        // Whoever states the address of a private endpoint that no zone tells of knows it from elsewhere.
        let stated = self.endpoint_at(target.address).is_some()
            && resolution
                .blockers
                .iter()
                .all(|blocker| matches!(blocker.element.site, Site::Service(_)));
        if !given || (resolution.outcome == Outcome::Blocks && !stated) {
            self.notes.extend(resolution.assumptions);
            self.steps.extend(resolution.steps);
            for mut blocker in resolution.blockers {
                // Links and records are resources of their own: those of a part need not be shown.
                let absent = matches!(blocker.element.site, Site::DnsZone(_) | Site::Vnet(_));
                if absent && gaps::is_part(self.plane.estate) {
                    blocker.outcome = Outcome::Unclear;
                }
                // A name that is not resolved stops the request, also where it is the server's reply that is lost.
                blocker.on_reply = false;
                self.steps.push(super::Step {
                    stage: Stage::Dns,
                    element: blocker.element.clone(),
                    text: blocker.text.clone(),
                    outcome: blocker.outcome,
                });
                self.blockers.push(blocker);
            }
        }
        if self.is_stopped() {
            return None;
        }
        if given {
            return Some(End {
                address: target.address,
                tags: target.tags.clone(),
                ..End::default()
            });
        }
        self.resolved = resolution.answer.address();
        if resolution.addresses.len() > 1 {
            self.alternatives = resolution.addresses;
        }
        match resolution.answer {
            Answer::Private(None) => {
                self.note(format!(
                    "{name} leads to a private address of the cluster's own subnet, which exists once the cluster does"
                ));
                Some(End {
                    address: self.plane.some_address(subnet),
                    tags: Vec::new(),
                    ..End::default()
                })
            }
            Answer::Public(None) => {
                self.note(if self.plane.regions().is_empty() {
                    "public addresses that are not known are taken to lie outside every prefix that routes and rules \
                     name"
                } else {
                    "public addresses that are not known are taken to lie outside every prefix from /8 on that routes \
                     and rules name"
                });
                Some(End {
                    address: None,
                    tags: target.tags.clone(),
                    name: Some(name.clone()),
                    about: None,
                })
            }
            Answer::Private(address) | Answer::Public(address) => Some(End {
                address,
                tags: target.tags.clone(),
                ..End::default()
            }),
            Answer::None | Answer::Unknown => Some(End {
                address: None,
                tags: target.tags.clone(),
                ..End::default()
            }),
        }
    }

    /// The packet leaves a machine: its interface's security group, then its subnet's, then a next hop.
    pub(super) fn send(&mut self, subnet: Id<Subnet>, packet: Packet) {
        let machine = packet.source.address;
        for nsg in self.groups_outbound(subnet, machine) {
            self.ask_group(nsg, Direction::Outbound, subnet, &packet);
            if self.is_stopped() {
                return;
            }
        }
        self.doubt_group(subnet, machine, Cause::NsgOutboundDeny);
        if packet
            .destination
            .address
            .is_some_and(|address| is_platform(self.plane, address))
        {
            let element = Element {
                name: "the Azure host".to_owned(),
                origin: crate::base::Origin::Platform,
                site: Site::Platform,
            };
            self.pass(
                Stage::Route,
                element,
                "answers this address itself; no route leads there or away",
            );
            return;
        }
        match self.pods_at(subnet, &packet.destination) {
            Some(pool) => self.reach_pod(subnet, pool, &packet),
            None => self.leave(subnet, packet),
        }
    }
}
