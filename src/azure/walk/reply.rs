//! The reply is a flow of its own: addresses swapped, routes looked up again. A stateful device that did not see the
//! request drops it (MicrosoftDocs/azure-docs, articles/firewall/integrate-lb.md).

use std::net::IpAddr;

use crate::estate::{Gateway, Id, Subnet};

use super::super::cause::Cause;
use super::super::flow::{Element, Sender, Stage};
use super::super::gaps;
use super::super::next_hop::Holder;
use super::super::nsg::is_platform;
use super::super::packet::{End, Packet, is_public};
use super::super::routing::{EffectiveRoute, Hop};
use super::{Hindrance, Walk};

impl<'w> Walk<'w> {
    pub(super) fn lose_reply(&mut self, cause: Cause, element: Element, text: impl Into<String>) {
        self.hinder(Hindrance {
            on_reply: true,
            ..Hindrance::new(Stage::Reply, cause, element, text)
        });
    }

    /// Says that it is not known which way the reply takes.
    fn doubt_reply(&mut self, element: Element, text: impl Into<String>) {
        self.hinder(Hindrance {
            on_reply: true,
            outcome: super::Outcome::Unclear,
            ..Hindrance::new(Stage::Reply, Cause::AsymmetricReturn, element, text)
        });
    }

    /// The reply of a machine in a subnet to what it saw as the sender.
    pub(super) fn reply_from_subnet(&mut self, subnet: Id<Subnet>, packet: &Packet) {
        let Some(source) = packet.source.address else {
            return;
        };
        if is_platform(self.plane, source) {
            return;
        }
        let last = self.devices.last().copied();
        if last.is_some_and(|device| device.translated) {
            // The device is the sender now. It is in a network or peered with it, and takes the reply back.
            self.reply_along_devices(&End::at(source));
            return;
        }
        self.by_each_route(subnet, packet, |walk, route, holders| {
            walk.reply_by(subnet, packet, source, route, holders);
        });
    }

    /// Takes every route that a subnet may choose for the reply.
    fn by_each_route(
        &mut self,
        subnet: Id<Subnet>,
        packet: &Packet,
        take: impl Fn(&mut Self, &EffectiveRoute, &[Holder]),
    ) {
        if let Some(text) = gaps::routes(self.plane.estate, subnet) {
            let element = self.table_or_subnet(subnet);
            self.doubt_reply(element, text);
            return;
        }
        let routes = self.next_devices(subnet, &packet.source);
        match routes.as_slice() {
            [] => {}
            [(route, holders)] => take(self, route, holders),
            several => self.each_way(several, |walk, (route, holders)| take(walk, route, holders)),
        }
    }

    /// The reply of a machine takes one route.
    fn reply_by(
        &mut self,
        subnet: Id<Subnet>,
        packet: &Packet,
        source: IpAddr,
        route: &EffectiveRoute,
        holders: &[Holder],
    ) {
        let last = self.devices.last().copied();
        let element = route.element(self.plane.estate);
        if let Hop::Unknown(unknown) = &route.hop {
            let text =
                format!("leads the reply to an appliance whose address is not known: {unknown}");
            self.doubt_reply(element, text);
            return;
        }
        match (last, holders) {
            (Some(device), _) if holders.contains(&device.holder) => {
                self.pass(
                    Stage::Reply,
                    element,
                    format!(
                        "brings the reply back through {}",
                        self.device_element(device.holder).name
                    ),
                );
                self.reply_along_devices(&packet.destination);
            }
            (Some(device), _) => {
                let device = self.device_element(device.holder);
                let how = if holders.is_empty() {
                    "straight back".to_owned()
                } else {
                    "to another device".to_owned()
                };
                self.lose_reply(
                    Cause::AsymmetricReturn,
                    element,
                    format!(
                        "sends the reply to {source} {how}, past {}, which saw the request and drops what follows",
                        device.name
                    ),
                );
            }
            (None, []) => match route.hop {
                Hop::Drop => self.lose_reply(
                    Cause::AsymmetricReturn,
                    element,
                    format!("drops the reply to {source}"),
                ),
                _ => self.pass(
                    Stage::Reply,
                    element,
                    format!("brings the reply to {source} back"),
                ),
            },
            (None, [holder, ..]) => {
                let device = self.device_element(*holder);
                let text = format!(
                    "never saw the request and drops its reply; {} leads there for {source}",
                    element.name
                );
                if matches!(holder, Holder::Firewall(_)) {
                    self.lose_reply(self.asymmetry(subnet, packet), device, text);
                } else {
                    self.hinder(Hindrance {
                        on_reply: true,
                        outcome: super::Outcome::Unclear,
                        ..Hindrance::new(
                            Stage::Reply,
                            self.asymmetry(subnet, packet),
                            device,
                            format!("{text}, if it keeps state"),
                        )
                    });
                }
            }
        }
    }

    fn asymmetry(&self, subnet: Id<Subnet>, packet: &Packet) -> Cause {
        if self.is_management(subnet, packet) {
            Cause::ManagementPath
        } else {
            Cause::AsymmetricReturn
        }
    }

    /// The reply from the Internet comes back to the public address, and from the last device to the client.
    pub(super) fn reply_from_internet(&mut self) {
        self.reply_along_devices(&End::default());
    }

    /// The reply on its way from the last device to the first, each of which looks its next hop up in its own subnet.
    fn reply_along_devices(&mut self, sender: &End) {
        let Sender::Inside { address, .. } = &self.flow.from else {
            return;
        };
        let client = End::at(*address);
        let devices = self.devices.clone();
        let pairs = devices.iter().zip(devices.iter().skip(1)).rev();
        for (before, device) in pairs.filter(|(before, _)| !before.translated) {
            let found = self.next_from_device(device.holder, &client);
            if let Some((route, holders)) = found
                && !holders.contains(&before.holder)
            {
                let (element, before) = (
                    route.element(self.plane.estate),
                    self.device_element(before.holder),
                );
                let text = format!(
                    "does not bring the reply from {} back to {}, which saw the request",
                    self.device_element(device.holder).name,
                    before.name
                );
                self.lose_reply(Cause::AsymmetricReturn, element, text);
                return;
            }
        }
        let Some(first) = devices.first() else {
            return;
        };
        if let Some((route, _)) = self.next_from_device(first.holder, &client)
            && matches!(route.hop, Hop::Drop | Hop::Internet)
            && !is_public(*address, self.plane.facts.private_ranges())
        {
            let text = format!(
                "does not bring the reply from {} back to {address}",
                self.device_element(first.holder).name
            );
            let element = route.element(self.plane.estate);
            self.lose_reply(Cause::AsymmetricReturn, element, text);
            return;
        }
        self.reply_to_client(first.holder, sender);
    }

    /// What the subnet of a device chooses for a client's address. No service tag holds such an address, so the choice
    /// is certain.
    fn next_from_device(
        &mut self,
        device: Holder,
        to: &End,
    ) -> Option<(&'w EffectiveRoute, Vec<Holder>)> {
        let subnet = match device {
            Holder::Firewall(id) => self.firewall_subnet(id),
            Holder::Appliance(id) => self.plane.estate.appliances[id].subnet.id,
            Holder::LoadBalancer(_) | Holder::Nobody => None,
        }?;
        self.next_devices(subnet, to).into_iter().next()
    }

    /// The last part of the reply's way: from the first device to the client's own network.
    fn reply_to_client(&mut self, device: Holder, sender: &End) {
        let Sender::Inside { subnet, .. } = &self.flow.from else {
            return;
        };
        let receiver = self.plane.estate.subnets[*subnet].vnet;
        if let Some(peering) = self.forwarded(device, receiver, sender.address) {
            let device = self.device_element(device);
            let text = format!(
                "may not accept the replies that {} only forwards: forwarded traffic is off, and whether replies of \
                 a flow that went out the other way need it, Azure's pages do not say",
                device.name
            );
            self.hinder(Hindrance {
                on_reply: true,
                outcome: super::Outcome::Unclear,
                ..Hindrance::new(Stage::Reply, Cause::NextHopUnreachable, peering, text)
            });
        }
    }

    /// The reply of a machine behind a gateway comes in by the routes of the gateway's subnet.
    pub(super) fn reply_from_gateway(&mut self, id: Id<Gateway>, packet: &Packet) {
        let estate = self.plane.estate;
        let Some(vnet) = estate.gateways[id].vnet.id else {
            return;
        };
        let last = self.devices.last().copied();
        if last.is_some_and(|device| device.translated) {
            return;
        }
        let Some(subnet) = estate.subnet_named(vnet, "GatewaySubnet") else {
            self.note(format!(
                "replies through gateway `{}` take the way of the request; its subnet is not part of the estate",
                estate.gateways[id].meta.name
            ));
            return;
        };
        self.by_each_route(subnet, packet, |walk, route, holders| {
            walk.gateway_reply_by(subnet, packet, route, holders);
        });
    }

    /// The reply that came in through a gateway takes one route of the gateway's subnet.
    fn gateway_reply_by(
        &mut self,
        subnet: Id<Subnet>,
        packet: &Packet,
        route: &EffectiveRoute,
        holders: &[Holder],
    ) {
        let estate = self.plane.estate;
        let last = self.devices.last().copied();
        let element = route.element(estate);
        let gateway = &estate.subnets[subnet];
        let unstated = gateway.meta.home.is_existing() && gateway.route_table.is_none();
        match last {
            Some(device) if unstated && !holders.contains(&device.holder) => {
                let device = self.device_element(device.holder);
                let place = self.subnet_element(subnet);
                self.hinder(Hindrance {
                    on_reply: true,
                    outcome: super::Outcome::Unclear,
                    ..Hindrance::new(
                        Stage::Reply,
                        Cause::AsymmetricReturn,
                        place,
                        format!(
                            "exists, and its route table is not stated: replies have to come back through {} and need \
                             a route to it there",
                            device.name
                        ),
                    )
                });
            }
            Some(device) if holders.contains(&device.holder) => {
                self.pass(
                    Stage::Reply,
                    element,
                    format!(
                        "brings the reply back through {}",
                        self.device_element(device.holder).name
                    ),
                );
                self.reply_along_devices(&packet.destination);
            }
            Some(device) => {
                let device = self.device_element(device.holder);
                self.lose_reply(
                    Cause::AsymmetricReturn,
                    element,
                    format!(
                        "brings the reply straight back, past {}, which saw the request and drops what follows",
                        device.name
                    ),
                );
            }
            None => match holders.first() {
                None => self.pass(Stage::Reply, element, "brings the reply straight back"),
                Some(holder) => {
                    let device = self.device_element(*holder);
                    self.lose_reply(
                        Cause::AsymmetricReturn,
                        device,
                        format!(
                            "never saw the request and drops its reply; {} leads there from the gateway",
                            element.name
                        ),
                    );
                }
            },
        }
    }
}
