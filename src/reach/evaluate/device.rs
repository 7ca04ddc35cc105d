//! Next hops that are devices: firewalls, other appliances, gateways, hubs.

use std::net::IpAddr;

use crate::azure::gaps;
use crate::azure::next_hop::Holder;
use crate::estate::{
    Allowed, Appliance, ApplianceFilter, Direction, FIREWALL_SUBNET, Firewall, Gateway, Id, Subnet,
    VirtualHub, Vnet,
};
use crate::net::Destination;
use crate::space::{Names, Targets, TooLarge, every_port, ports_of};

use super::Evaluator;
use super::firewall::Kind;
use super::groups::{protocols_of, with_these_ports};
use super::map::Piece;
use super::packet::{Device, From, Packet, To};
use super::routes::{Maker, Route};
use super::topology::Addresses;

/// A next hop: who holds it, and its address.
type Candidate = (Holder, Option<IpAddr>);

impl<'a> Evaluator<'a> {
    pub(super) fn reach_appliance(
        &mut self,
        subnet: Id<Subnet>,
        packet: Packet<'a>,
        (holder, address): Candidate,
    ) -> Result<Vec<Piece>, TooLarge> {
        let estate = self.plane.estate;
        let here = estate.subnets[subnet].vnet;
        let Some(mut packet) = self.not_in_a_circle(subnet, packet, holder, address) else {
            return Ok(Vec::new());
        };
        if holder == Holder::Nobody {
            let open = self.nobody_there(here, address);
            return Ok(open
                .map(|why| {
                    packet.doubt(why);
                    packet.finished()
                })
                .into_iter()
                .collect());
        }
        if let Holder::Firewall(id) = holder
            && let Some(hub) = estate.hub_of(id)
        {
            return self.enter_hub(subnet, packet, id, hub);
        }
        let Some(there) = self.topology.vnet_of(estate, holder) else {
            packet.doubt("in which network the next hop is, is not known");
            return Ok(vec![packet.finished()]);
        };
        if there != here && !self.topology.are_peered(here, there) {
            if !gaps::is_part(estate) || self.topology.is_written(here, there) {
                return Ok(Vec::new());
            }
            packet.doubt("whether the networks of subnet and next hop are peered");
            return Ok(vec![packet.finished()]);
        }
        self.doubt_peering(&mut packet, here, there);
        if packet.devices.iter().any(|device| device.holder == holder) {
            return Ok(Vec::new());
        }
        match holder {
            Holder::Firewall(id) => self.through_firewall(subnet, packet, id),
            Holder::Appliance(id) => self.through_appliance(packet, id),
            // The appliances behind it are taken to let everything through.
            Holder::LoadBalancer(id) => {
                self.touch(&mut packet, estate.load_balancers[id].meta.origin);
                Ok(vec![packet.finished()])
            }
            Holder::Nobody => Ok(Vec::new()),
        }
    }

    /// A user route leads to the firewall inside of a hub, which networks reach that are connected to the hub.
    fn enter_hub(
        &mut self,
        subnet: Id<Subnet>,
        mut packet: Packet<'a>,
        firewall: Id<Firewall>,
        hub: Id<VirtualHub>,
    ) -> Result<Vec<Piece>, TooLarge> {
        let estate = self.plane.estate;
        let here = estate.subnets[subnet].vnet;
        let holder = Holder::Firewall(firewall);
        let mut connected = estate.hubs[hub].connections.iter();
        if !connected.any(|vnet| vnet.id == Some(here)) {
            let why = gaps::hub(estate, hub, here);
            let part = gaps::is_part(estate)
                .then(|| "whether the network is connected to the hub of its next hop".to_owned());
            return Ok(why
                .or(part)
                .map(|why| {
                    packet.doubt(why);
                    packet.finished()
                })
                .into_iter()
                .collect());
        }
        self.touch(&mut packet, estate.hubs[hub].meta.origin);
        if packet.devices.iter().any(|device| device.holder == holder) {
            return Ok(Vec::new());
        }
        self.through_firewall(subnet, packet, firewall)
    }

    fn doubt_peering(&mut self, packet: &mut Packet<'a>, here: Id<Vnet>, there: Id<Vnet>) {
        for (a, b) in [(here, there), (there, here)] {
            if let Some(direction) = self.topology.direction(a, b) {
                self.touch(packet, direction.origin);
            }
        }
    }

    /// A next hop in the routed subnet itself gets its own packets back, unless it sends them.
    fn not_in_a_circle(
        &self,
        subnet: Id<Subnet>,
        packet: Packet<'a>,
        holder: Holder,
        address: Option<IpAddr>,
    ) -> Option<Packet<'a>> {
        let Some(address) = address else {
            return Some(packet);
        };
        let mut own = self.plane.estate.subnets[subnet].prefixes.iter();
        let inside = own.any(|prefix| prefix.value.contains(&address));
        // A router on premises has an address in each of its networks.
        let home = self.plane.estate.subnets[subnet].vnet;
        let on_premises = self.plane.estate.vnets[home].site.is_some();
        if matches!(holder, Holder::Firewall(_)) || !inside || on_premises {
            return Some(packet);
        }
        match packet.from {
            From::Own => packet.sent_by(&Addresses::between(address, address)),
            From::Device(sender) => (sender == Some(address)).then_some(packet),
        }
    }

    /// Nobody holds a next hop; why that is not certain, if it is not.
    fn nobody_there(&self, here: Id<Vnet>, address: Option<IpAddr>) -> Option<String> {
        let estate = self.plane.estate;
        let part = gaps::is_part(estate);
        let Some(address) = address else {
            return Some("a route leads to an appliance that is not known".to_owned());
        };
        let why = format!("whether an appliance has the next hop {address}");
        let holding = estate.vnets.iter().find(|(_, vnet)| {
            let mut prefixes = vnet.prefixes.iter();
            prefixes.any(|prefix| prefix.value.contains(&address))
        });
        let Some((there, vnet)) = holding else {
            return part.then_some(why);
        };
        if there != here && !self.topology.are_peered(here, there) {
            let open = part && !self.topology.is_written(here, there);
            return open.then_some(why);
        }
        let mut firewalls = estate.firewalls.iter();
        let firewall =
            firewalls.any(|(_, it)| it.vnet.id == Some(there) && it.private_ip.is_some());
        let place = estate.subnet_named(there, FIREWALL_SUBNET);
        let of_firewall = place.is_some_and(|place| {
            let mut prefixes = estate.subnets[place].prefixes.iter();
            prefixes.any(|prefix| prefix.value.contains(&address))
        });
        let unstated = vnet.meta.home.is_existing() && !of_firewall;
        (unstated || (part && !firewall)).then_some(why)
    }

    pub(super) fn through_firewall(
        &mut self,
        client: Id<Subnet>,
        packet: Packet<'a>,
        id: Id<Firewall>,
    ) -> Result<Vec<Piece>, TooLarge> {
        let estate = self.plane.estate;
        let client = estate.subnets[client].vnet;
        let mut pieces = Vec::new();
        let own = estate.firewalls[id].private_ip.map(|ip| ip.value);
        let own = own.filter(|_| estate.hub_of(id).is_some());
        let own = own.map(|own| Addresses::between(own, own));
        // In a network, routes of the network lead to the firewall itself.
        let packet = match own {
            None => packet,
            Some(own) => {
                pieces.extend(packet.towards(&own).map(Packet::finished));
                match packet.not_towards(&own) {
                    None => return Ok(pieces),
                    Some(rest) => rest,
                }
            }
        };
        for (packet, kind) in self.ask_firewall(id, client, packet)? {
            pieces.extend(self.onward(id, packet, kind)?);
        }
        Ok(pieces)
    }

    /// Flows that a firewall let through go on, with its address or their own
    /// (articles/firewall/snat-private-range.md).
    fn onward(
        &mut self,
        id: Id<Firewall>,
        packet: Packet<'a>,
        kind: Kind,
    ) -> Result<Vec<Piece>, TooLarge> {
        let estate = self.plane.estate;
        let settings = estate.settings_of(&estate.firewalls[id]);
        let kept: Vec<_> = match (kind, settings.snat_private_ranges.as_slice()) {
            (Kind::Application, _) => Vec::new(),
            (Kind::Network, []) => self.plane.facts.private_ranges().collect(),
            (Kind::Network, ranges) => ranges.iter().map(|range| range.value).collect(),
        };
        let kept = Addresses::of(kept);
        let everywhere = self.named(kept.clone()).somewhere;
        let (own, translated) = match packet.to {
            To::Somewhere { microsoft, place } if everywhere.holds(microsoft, place) => {
                (Some(packet), None)
            }
            To::Somewhere { .. } => (None, Some(packet)),
            To::Own | To::At(_) => (packet.towards(&kept), packet.not_towards(&kept)),
        };
        let private_ip = estate.firewalls[id].private_ip.map(|ip| ip.value);
        let translated = translated.map(|mut packet| {
            packet.from = From::Device(private_ip);
            packet
        });
        let both = own.map(|packet| (packet, false)).into_iter();
        let both = both.chain(translated.map(|packet| (packet, true)));
        let mut pieces = Vec::new();
        for (mut packet, translated) in both.collect::<Vec<_>>() {
            self.pass_device(&mut packet, Holder::Firewall(id), translated);
            match self.topology.firewall_subnet(estate.firewalls[id].vnet.id) {
                Some(subnet) => pieces.extend(self.leave(subnet, packet)?),
                None => {
                    let (public, private) = self.by_publicity(packet);
                    if let Some(packet) = public {
                        pieces.extend(self.firewall_to_internet(id, None, packet)?);
                    }
                    let (private, lost) = match (private, estate.hub_of(id)) {
                        (Some(packet), Some(hub)) => self.connected_to(hub, packet),
                        (private, _) => (private, None),
                    };
                    pieces.extend(lost);
                    if let Some(packet) = private {
                        pieces.extend(self.arrive_by_address(packet)?);
                    }
                }
            }
        }
        Ok(pieces)
    }

    /// Flows that a hub can bring to their network. The others are lost, or it is not known whether they are.
    fn connected_to(
        &mut self,
        id: Id<VirtualHub>,
        packet: Packet<'a>,
    ) -> (Option<Packet<'a>>, Option<Piece>) {
        let estate = self.plane.estate;
        let hub = &estate.hubs[id];
        let (mut near, mut far) = (Vec::new(), Vec::new());
        let mut why = None;
        for (vnet, network) in estate.vnets.iter() {
            let mut connections = hub.connections.iter();
            let side = if connections.any(|it| it.id == Some(vnet)) {
                &mut near
            } else {
                why = why.or_else(|| gaps::hub(estate, id, vnet));
                &mut far
            };
            side.extend(network.prefixes.iter().map(|prefix| prefix.value));
        }
        let far = Addresses::of(far).minus(&Addresses::of(near));
        let part = gaps::is_part(estate)
            .then(|| "whether the network is connected to the hub of the firewall".to_owned());
        let lost = why.or(part).and_then(|why| {
            let mut lost = packet.towards(&far)?;
            lost.doubt(why);
            Some(lost.finished())
        });
        (packet.not_towards(&far), lost)
    }

    /// Flows pass a device. One that is in another network is only reached as long as the own one has the peers that
    /// are stated.
    fn pass_device(&mut self, packet: &mut Packet<'a>, holder: Holder, translated: bool) {
        let estate = self.plane.estate;
        packet.devices.push(Device { holder, translated });
        let home = estate.subnets[packet.home].vnet;
        let there = self.topology.vnet_of(estate, holder);
        if there.is_some_and(|there| there != home)
            && let Some(why) = gaps::peers(estate, home)
        {
            self.unsettle(packet, why);
        }
    }

    /// Flows to addresses of the Internet, and all others.
    fn by_publicity(&self, packet: Packet<'a>) -> (Option<Packet<'a>>, Option<Packet<'a>>) {
        match packet.to {
            To::Somewhere { .. } => (Some(packet), None),
            To::Own | To::At(_) => {
                let public = &self.topology.public;
                (packet.towards(public), packet.not_towards(public))
            }
        }
    }

    fn through_appliance(
        &mut self,
        mut packet: Packet<'a>,
        id: Id<Appliance>,
    ) -> Result<Vec<Piece>, TooLarge> {
        let estate = self.plane.estate;
        let appliance = &estate.appliances[id];
        self.touch(&mut packet, appliance.meta.origin);
        if !appliance.ip_forwarding {
            return Ok(Vec::new());
        }
        let passed = match &appliance.filter {
            ApplianceFilter::Everything | ApplianceFilter::Unstated => vec![packet],
            ApplianceFilter::Only(allowed) => {
                let mut passed = Vec::new();
                for entry in allowed {
                    for packet in self.in_scope(entry, &packet) {
                        passed.extend(self.passed_by(&entry.destinations, &packet));
                    }
                }
                passed
            }
        };
        let mut pieces = Vec::new();
        for packet in passed {
            for mut packet in self.past_guard(id, packet)? {
                self.pass_device(&mut packet, Holder::Appliance(id), appliance.snat);
                if appliance.snat {
                    let own = appliance.private_ips.first();
                    packet.from = From::Device(own.map(|ip| ip.value));
                }
                match appliance.subnet.id {
                    Some(subnet) => pieces.extend(self.leave(subnet, packet)?),
                    None => pieces.push(packet.finished()),
                }
            }
        }
        Ok(pieces)
    }

    /// Flows from the senders and over the services of an entry.
    fn in_scope(&self, entry: &Allowed, packet: &Packet<'a>) -> Vec<Packet<'a>> {
        let sources = Addresses::of(entry.sources.iter().copied());
        let sent = match packet.from {
            _ if entry.sources.is_empty() => Some(packet.clone()),
            From::Own => packet.sent_by(&sources),
            From::Device(Some(address)) => sources.holds(address).then(|| packet.clone()),
            From::Device(None) => None,
        };
        let Some(sent) = sent else { return Vec::new() };
        if entry.services.is_empty() {
            return vec![sent];
        }
        let mut within = Vec::new();
        for service in &entry.services {
            let (transport, ports) = service.transport_ports();
            let over = sent.over(&protocols_of(transport));
            let blocks = over
                .iter()
                .flat_map(|it| with_these_ports(&it.flows, &ports_of(&[ports]), &every_port()));
            within.extend(blocks.map(|flows| Packet {
                flows,
                ..sent.clone()
            }));
        }
        within
    }

    /// What an appliance lets through that names its destinations.
    fn passed_by(&mut self, allowed: &[Destination], packet: &Packet<'a>) -> Vec<Packet<'a>> {
        use crate::estate::Endpoint;
        let mut names = Names::none();
        let mut open = false;
        let mut plain: Vec<Endpoint> = Vec::new();
        for destination in allowed {
            match destination {
                Destination::Fqdn(pattern) => names = names.or(&Names::of(pattern)),
                Destination::FqdnTag(_) | Destination::Open(_) => open = true,
                Destination::Anywhere
                | Destination::Prefix(_)
                | Destination::Range(_)
                | Destination::ServiceTag(_) => plain.push(Endpoint::Plain(destination.clone())),
            }
        }
        let side = crate::space::Side::Destination;
        let parts = self.parts(&plain, side, super::ends::Reader::Firewall);
        let mut passed = Vec::new();
        for part in &parts {
            let block = packet.cut_target(packet.flows.clone(), part);
            let block = block.map(|flows| Packet {
                flows,
                ..packet.clone()
            });
            passed.extend(block.and_then(|packet| self.under(packet, &part.known)));
        }
        if let Targets::Names(own) = &packet.flows.targets {
            let both = own.and(&names);
            if !both.is_empty() {
                let mut named = packet.clone();
                named.flows.targets = Targets::Names(both);
                passed.push(named);
            }
        }
        if open {
            let words = "the appliance lets the destination through";
            let known = self.symbols.that(side, words);
            passed.extend(self.under(packet.clone(), &known));
        }
        passed
    }

    /// The group on an appliance's interface sees what it only forwards; what that may stop is in doubt.
    fn past_guard(
        &mut self,
        id: Id<Appliance>,
        mut packet: Packet<'a>,
    ) -> Result<Vec<Packet<'a>>, TooLarge> {
        let estate = self.plane.estate;
        let appliance = &estate.appliances[id];
        let Some(subnet) = appliance.subnet.id else {
            return Ok(vec![packet]);
        };
        let own = |address: IpAddr| appliance.private_ips.iter().any(|ip| ip.value == address);
        let mut interfaces = estate.interfaces.iter();
        let guarded = interfaces.find(|(_, it)| it.addresses.iter().any(|ip| own(ip.value)));
        let Some(group) = guarded.and_then(|(_, interface)| interface.nsg.as_ref()) else {
            return Ok(vec![packet]);
        };
        let why = format!(
            "the group {} on the interface of appliance {} may stop what it forwards",
            group.name, appliance.meta.name
        );
        let Some(nsg) = group.id else {
            packet.doubt(why);
            return Ok(vec![packet]);
        };
        let mut free = vec![packet.clone()];
        for direction in [Direction::Inbound, Direction::Outbound] {
            let mut next = Vec::new();
            for packet in free {
                next.extend(self.ask_group(nsg, direction, subnet, packet)?);
            }
            free = next;
        }
        let mut rest = crate::space::Flows::of(packet.flows.clone());
        for part in &free {
            let part = crate::space::Flows::of(part.flows.clone());
            rest = rest.minus(&part, &mut self.work())?;
        }
        let stopped = rest.blocks().iter().map(|block| {
            let mut stopped = Packet {
                flows: block.clone(),
                ..packet.clone()
            };
            stopped.doubt(why.clone());
            stopped
        });
        free.extend(stopped);
        Ok(free)
    }

    pub(super) fn reach_gateway(
        &mut self,
        subnet: Id<Subnet>,
        mut packet: Packet<'a>,
        gateway: Option<Id<Gateway>>,
        route: &Route,
    ) -> Result<Vec<Piece>, TooLarge> {
        let estate = self.plane.estate;
        let Some(id) = gateway else {
            let learned = route.maker == Maker::Learned;
            if learned && route.is_default() {
                packet.doubt("whether the network behind a gateway lets Internet traffic out");
                return Ok(vec![packet.finished()]);
            }
            // A learned route is proof of a gateway.
            if learned || estate.gateways.is_empty() {
                return Ok(vec![packet.finished()]);
            }
            let vnet = estate.subnets[subnet].vnet;
            if gaps::is_part(estate) {
                let name = &estate.vnets[vnet].meta.name;
                packet.doubt(format!("whether vnet {name} has a gateway"));
                return Ok(vec![packet.finished()]);
            }
            return Ok(Vec::new());
        };
        let behind = &estate.gateways[id];
        self.touch(&mut packet, behind.meta.origin);
        let learned = behind.learned.iter().map(|prefix| prefix.value);
        let learned = learned.filter(|prefix| prefix.prefix_len() > 0);
        let learned = Addresses::of(learned.collect::<Vec<_>>());
        let outside = self.topology.public.minus(&learned);
        let mut pieces = Vec::new();
        let nearby = self.named(learned).somewhere;
        let (outward, inward) = match packet.to {
            To::Somewhere { microsoft, place } if nearby.holds(microsoft, place) => {
                (None, Some(packet))
            }
            To::Somewhere { .. } => (Some(packet), None),
            To::Own | To::At(_) => (packet.towards(&outside), packet.not_towards(&outside)),
        };
        pieces.extend(outward.map(|mut packet| {
            let name = &behind.meta.name;
            packet.doubt(format!(
                "whether the network behind gateway {name} lets Internet traffic out"
            ));
            packet.finished()
        }));
        if let Some(packet) = inward {
            pieces.extend(self.reply_from_gateway(id, packet));
        }
        Ok(pieces)
    }

    pub(super) fn reach_hub(
        &mut self,
        subnet: Id<Subnet>,
        mut packet: Packet<'a>,
        id: Id<VirtualHub>,
    ) -> Result<Vec<Piece>, TooLarge> {
        let hub = &self.plane.estate.hubs[id];
        self.touch(&mut packet, hub.meta.origin);
        let firewall = hub.firewall.as_ref().and_then(|firewall| firewall.id);
        let (public, private) = self.by_publicity(packet);
        let mut pieces = Vec::new();
        if let Some(mut packet) = public {
            match firewall.filter(|_| hub.internet_routing) {
                Some(firewall) => pieces.extend(self.through_firewall(subnet, packet, firewall)?),
                None => {
                    let name = &hub.meta.name;
                    packet.doubt(format!(
                        "whether what is behind hub {name} lets Internet traffic out"
                    ));
                    pieces.push(packet.finished());
                }
            }
        }
        if let Some(packet) = private {
            pieces.extend(match firewall.filter(|_| hub.private_routing) {
                Some(firewall) => self.through_firewall(subnet, packet, firewall)?,
                None => self.arrive_by_address(packet)?,
            });
        }
        Ok(pieces)
    }
}
