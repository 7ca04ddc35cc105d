//! Replies are flows of their own: a stateful device that did not see the request drops them
//! (MicrosoftDocs/azure-docs, articles/firewall/integrate-lb.md).

use std::net::IpAddr;

use crate::azure::gaps;
use crate::azure::next_hop::Holder;
use crate::estate::{Gateway, Id, Subnet};
use crate::space::Side;

use super::Evaluator;
use super::map::Piece;
use super::packet::{From, Packet, To};
use super::routes::{Hop, Route, Wanted};
use super::topology::Addresses;

/// Who a reply is from, as the peering on its last part sees it.
#[derive(Debug, Clone, Copy)]
enum Replier {
    /// Somebody in the Internet.
    Internet,
    /// Whoever the flow went to.
    Target,
    /// A device.
    Device(IpAddr),
}

impl<'a> Evaluator<'a> {
    /// The replies of machines in a subnet to what they saw as the sender.
    pub(super) fn reply_from_subnet(
        &mut self,
        subnet: Id<Subnet>,
        packet: Packet<'a>,
    ) -> Vec<Piece> {
        if packet.from == From::Device(None) {
            return vec![packet.finished()];
        }
        if let (Some(device), From::Device(Some(address))) = (packet.devices.last(), packet.from)
            && device.translated
        {
            return self.along_devices(packet, Replier::Device(address));
        }
        let mut pieces = Vec::new();
        for (packet, route) in self.by_reply_route(subnet, packet) {
            match route {
                Some(route) => pieces.extend(self.reply_by(packet, &route)),
                None => pieces.push(packet.finished()),
            }
        }
        pieces
    }

    /// Flows parted by the route of a subnet that their replies take.
    fn by_reply_route(
        &mut self,
        subnet: Id<Subnet>,
        mut packet: Packet<'a>,
    ) -> Vec<(Packet<'a>, Option<Route>)> {
        if let Some(why) = gaps::routes(self.plane.estate, subnet) {
            packet.doubt_reply(why);
            return vec![(packet, None)];
        }
        match packet.from {
            From::Device(None) => vec![(packet, None)],
            From::Own => self.by_route_to_sender(subnet, packet),
            From::Device(Some(address)) => {
                let routes = self.routes(subnet);
                let wanted = Wanted::Any(Addresses::between(address, address));
                let cells = self.choose(&routes, &wanted, None, Side::Source);
                let parts = cells.into_iter().filter_map(|cell| {
                    let packet = self.under(packet.clone(), &cell.known)?;
                    Some((packet, cell.route))
                });
                parts.collect()
            }
        }
    }

    /// Flows parted by the route of a subnet to the machines that sent them.
    fn by_route_to_sender(
        &mut self,
        subnet: Id<Subnet>,
        packet: Packet<'a>,
    ) -> Vec<(Packet<'a>, Option<Route>)> {
        let routes = self.routes(subnet);
        let wanted = Wanted::Any(packet.own_sources());
        let cells = self.choose(&routes, &wanted, None, Side::Source);
        let parts = cells.into_iter().filter_map(|cell| {
            let Wanted::Any(sources) = &cell.wanted else {
                return None;
            };
            let part = self.under(packet.sent_by(sources)?, &cell.known)?;
            Some((part, cell.route))
        });
        parts.collect()
    }

    /// The replies of machines take one route.
    fn reply_by(&mut self, mut packet: Packet<'a>, route: &Route) -> Vec<Piece> {
        if let Hop::Unknown(text) = &route.hop {
            packet.doubt_reply(format!(
                "a route leads the reply to an appliance that is not known: {text}"
            ));
            return vec![packet.finished()];
        }
        match (packet.devices.last().copied(), route.first_holder()) {
            (Some(device), _) if route.leads_to(device.holder) => {
                return self.along_devices(packet, Replier::Target);
            }
            (Some(_), _) => packet.no_return = true,
            (None, None) => packet.no_return |= route.hop == Hop::Drop,
            (None, Some(Holder::Firewall(_))) => packet.no_return = true,
            (None, Some(_)) => {
                packet.doubt_reply("whether the device that the reply meets keeps state");
            }
        }
        vec![packet.finished()]
    }

    /// Replies from the Internet come back to the public address, and from the last device to the client.
    pub(super) fn reply_from_internet(&mut self, packet: Packet<'a>) -> Vec<Piece> {
        self.along_devices(packet, Replier::Internet)
    }

    /// Replies on their way from the last device to the first, each of which asks its own subnet for the next hop.
    fn along_devices(&mut self, packet: Packet<'a>, replier: Replier) -> Vec<Piece> {
        let devices = packet.devices.clone();
        let mut waiting = vec![packet];
        let mut pieces = Vec::new();
        let pairs = devices.iter().zip(devices.iter().skip(1)).rev();
        for (before, device) in pairs.filter(|(before, _)| !before.translated) {
            let Some(subnet) = self.subnet_of(device.holder) else {
                continue;
            };
            let mut next = Vec::new();
            for packet in waiting {
                for (mut packet, route) in self.by_route_to_sender(subnet, packet) {
                    if route.is_some_and(|route| !route.leads_to(before.holder)) {
                        packet.no_return = true;
                        pieces.push(packet.finished());
                    } else {
                        next.push(packet);
                    }
                }
            }
            waiting = next;
        }
        let Some(first) = devices.first() else {
            pieces.extend(waiting.into_iter().map(Packet::finished));
            return pieces;
        };
        if let Some(subnet) = self.subnet_of(first.holder) {
            let mut next = Vec::new();
            for packet in waiting {
                for (packet, route) in self.by_route_to_sender(subnet, packet) {
                    let away = route.is_some_and(|it| matches!(it.hop, Hop::Drop | Hop::Internet));
                    let private = Addresses::every().minus(&self.topology.public);
                    let lost = packet.sent_by(&private).filter(|_| away);
                    pieces.extend(lost.map(|mut lost| {
                        lost.no_return = true;
                        lost.finished()
                    }));
                    if away {
                        next.extend(packet.sent_by(&self.topology.public));
                    } else {
                        next.push(packet);
                    }
                }
            }
            waiting = next;
        }
        for packet in waiting {
            pieces.extend(self.to_client(packet, first.holder, replier));
        }
        pieces
    }

    /// The last part: from the first device to the client's own network, whose side of the peering may not take what
    /// the device only forwards. Whether it matters for replies Azure's pages do not say.
    fn to_client(&self, packet: Packet<'a>, device: Holder, replier: Replier) -> Vec<Piece> {
        let receiver = self.plane.estate.subnets[packet.home].vnet;
        let Some(home) = self.refusing(device, receiver) else {
            return vec![packet.finished()];
        };
        let (taken, rest) = match replier {
            Replier::Internet => (None, Some(packet)),
            Replier::Device(address) if home.holds(address) => (Some(packet), None),
            Replier::Device(_) => (None, Some(packet)),
            Replier::Target if matches!(packet.to, To::Somewhere { .. }) => (None, Some(packet)),
            Replier::Target => (packet.towards(&home), packet.not_towards(&home)),
        };
        let rest = rest.map(|mut rest| {
            rest.doubt_reply(
                "whether a network that takes no forwarded traffic takes such replies",
            );
            rest
        });
        taken
            .into_iter()
            .chain(rest)
            .map(Packet::finished)
            .collect()
    }

    fn subnet_of(&self, device: Holder) -> Option<Id<Subnet>> {
        let estate = self.plane.estate;
        match device {
            Holder::Firewall(id) => self.topology.firewall_subnet(estate.firewalls[id].vnet.id),
            Holder::Appliance(id) => estate.appliances[id].subnet.id,
            Holder::LoadBalancer(_) | Holder::Nobody => None,
        }
    }

    /// Replies of machines behind a gateway come in by the routes of the gateway's subnet.
    pub(super) fn reply_from_gateway(&mut self, id: Id<Gateway>, packet: Packet<'a>) -> Vec<Piece> {
        let estate = self.plane.estate;
        let subnet = estate.gateways[id].vnet.id;
        let subnet = subnet.and_then(|vnet| self.topology.gateway_subnet(vnet));
        let translated = packet
            .devices
            .last()
            .is_some_and(|device| device.translated);
        let Some(subnet) = subnet.filter(|_| !translated) else {
            return vec![packet.finished()];
        };
        let place = &estate.subnets[subnet];
        let unstated = place.meta.home.is_existing() && place.route_table.is_none();
        let mut pieces = Vec::new();
        for (mut packet, route) in self.by_reply_route(subnet, packet) {
            let Some(route) = route else {
                pieces.push(packet.finished());
                continue;
            };
            match packet.devices.last().copied() {
                Some(device) if route.leads_to(device.holder) => {
                    pieces.extend(self.along_devices(packet, Replier::Target));
                    continue;
                }
                Some(_) if unstated => {
                    packet.doubt_reply("the route table of the gateway's subnet is not stated");
                }
                Some(_) => packet.no_return = true,
                None => packet.no_return |= route.first_holder().is_some(),
            }
            pieces.push(packet.finished());
        }
        pieces
    }
}
