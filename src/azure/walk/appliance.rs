//! A next hop is an appliance: reached or not, a firewall that judges, or another that forwards.

use std::net::IpAddr;

use crate::estate::{
    Allowed, Appliance, ApplianceFilter, Direction, Estate, Firewall, Id, Peering, PeeringState,
    Subnet, VirtualHub, Vnet,
};
use crate::net::{Destination, Transport};

use super::super::cause::Cause;
use super::super::firewall::{self, PassedBy, Request, Snat, firewall_element, translated_source};
use super::super::flow::{Element, Outcome, Site, Stage};
use super::super::gaps;
use super::super::next_hop::{Holder, vnet_of};
use super::super::nsg;
use super::super::packet::{End, Packet, is_public};
use super::super::routing::{Candidate, are_peered, direction};
use super::super::truth::Truth;
use super::{Device, Hindrance, Walk};

impl<'w> Walk<'w> {
    pub(super) fn reach_appliance(
        &mut self,
        subnet: Id<Subnet>,
        packet: Packet,
        candidate: Candidate,
        route: Element,
        prefix: &str,
    ) {
        let estate = self.plane.estate;
        let route = self.next_hop_element(route);
        let words = candidate
            .address
            .map_or_else(|| "its next hop".to_owned(), |address| address.to_string());
        let here = estate.subnets[subnet].vnet;
        if let Some(address) = candidate.address
            && estate.vnets[here].site.is_none()
            && !matches!(candidate.holder, Holder::Firewall(_))
            && estate.subnets[subnet]
                .prefixes
                .iter()
                .any(|own| own.value.contains(&address))
            && packet.source.address != Some(address)
        {
            self.block(
                Stage::Route,
                Cause::NextHopUnreachable,
                route,
                format!("{prefix} -> {words}, which is in the routed subnet itself: packets go round in a circle"),
            );
            return;
        }
        if candidate.holder == Holder::Nobody {
            self.meet_nobody(here, candidate, route, prefix);
            return;
        }
        if let Holder::Firewall(id) = candidate.holder
            && let Some(hub) = estate.hub_of(id)
        {
            self.reach_firewall_in_hub(
                subnet,
                packet,
                (id, hub),
                route,
                &format!("{prefix} -> {words}"),
            );
            return;
        }
        let Some(there) = vnet_of(estate, candidate.holder) else {
            self.doubt(
                Stage::Route,
                Cause::NextHopUnreachable,
                route,
                format!("{prefix} -> {words}; in which network that is, is not known"),
            );
            return;
        };
        if there != here && !are_peered(estate, here, there) {
            let (near, far) = (
                &estate.vnets[here].meta.name,
                &estate.vnets[there].meta.name,
            );
            let element = broken_peering(estate, here, there).unwrap_or(route);
            self.block_unpeered(here, there,
                element,
                format!(
                    "{prefix} -> {words}, which is in vnet `{far}`; no peering with vnet `{near}` is in force, and \
                     a next hop has to be reached directly"
                ),
            );
            return;
        }
        let what = match candidate.holder {
            Holder::Firewall(id) => firewall_element(estate, id).name,
            Holder::Appliance(id) => format!("appliance `{}`", estate.appliances[id].meta.name),
            Holder::LoadBalancer(id) => {
                format!("load balancer `{}`", estate.load_balancers[id].meta.name)
            }
            Holder::Nobody => words.clone(),
        };
        let between = if there == here {
            String::new()
        } else {
            format!(
                ", over the peering to vnet `{}`",
                estate.vnets[there].meta.name
            )
        };
        self.pass(
            Stage::Route,
            route.clone(),
            format!("{prefix} -> {words} = {what}{between}"),
        );
        for (a, b) in [(here, there), (there, here)] {
            if let Some((id, peering)) = direction(estate, a, b) {
                self.rest_on(peering_element(id, peering));
            }
        }
        let seen = |device: &Device| device.holder == candidate.holder;
        if self.devices.iter().any(seen) {
            self.block(
                Stage::Route,
                Cause::NextHopUnreachable,
                route,
                format!("sends the packet back to {what}: it goes round in a circle"),
            );
            return;
        }
        match candidate.holder {
            Holder::Firewall(id) => self.through_firewall(subnet, packet, id),
            Holder::Appliance(id) => self.through_appliance(packet, id),
            Holder::LoadBalancer(id) => {
                let name = &estate.load_balancers[id].meta.name;
                self.note(format!(
                    "the appliances behind internal load balancer `{name}` let the flow through"
                ));
                self.path.push(Element {
                    name: format!("load balancer `{name}`"),
                    origin: estate.load_balancers[id].meta.origin,
                    site: Site::LoadBalancer(id),
                });
            }
            Holder::Nobody => {}
        }
    }

    /// A user route leads to the firewall of a virtual hub. User routes go before what the hub tells, and a route table
    /// beside routing intent is documented (azure-docs, virtual-wan/how-to-routing-policies.md); that the address of the
    /// firewall can be its next hop is not, since elsewhere a next hop has to be reached without a virtual WAN in between.
    fn reach_firewall_in_hub(
        &mut self,
        subnet: Id<Subnet>,
        packet: Packet,
        (id, hub): (Id<Firewall>, Id<VirtualHub>),
        route: Element,
        words: &str,
    ) {
        let estate = self.plane.estate;
        let here = estate.subnets[subnet].vnet;
        let what = firewall_element(estate, id).name;
        let hub_name = &estate.hubs[hub].meta.name;
        let connected = estate.hubs[hub].connections.iter();
        if !connected.into_iter().any(|peer| peer.id == Some(here)) {
            let text = format!(
                "{words} = {what} in virtual hub `{hub_name}`, to which vnet `{}` is not connected",
                estate.vnets[here].meta.name
            );
            match gaps::hub(estate, hub, here) {
                Some(_) => self.doubt(Stage::Route, Cause::NextHopUnreachable, route, text),
                None => self.block_if_whole(Stage::Route, Cause::NextHopUnreachable, route, text),
            }
            return;
        }
        self.note(format!(
            "a user route can lead to the address of the firewall in virtual hub `{hub_name}`; Azure's pages do not say so"
        ));
        self.pass(
            Stage::Route,
            route.clone(),
            format!("{words} = {what} in virtual hub `{hub_name}`"),
        );
        self.rest_on(Element {
            name: format!("virtual hub `{hub_name}`"),
            origin: estate.hubs[hub].meta.origin,
            site: Site::Other,
        });
        let seen = |device: &Device| device.holder == Holder::Firewall(id);
        if self.devices.iter().any(seen) {
            self.block(
                Stage::Route,
                Cause::NextHopUnreachable,
                route,
                format!("sends the packet back to {what}: it goes round in a circle"),
            );
            return;
        }
        self.through_firewall(subnet, packet, id);
    }

    /// Two networks are not peered. Where the estate is only a part of what there is, the peering may be missing in
    /// the input alone; one that is there and not in force is not.
    fn block_unpeered(&mut self, here: Id<Vnet>, there: Id<Vnet>, element: Element, text: String) {
        if broken_peering(self.plane.estate, here, there).is_some() {
            self.block(Stage::Route, Cause::NextHopUnreachable, element, text);
        } else {
            self.block_if_whole(Stage::Route, Cause::NextHopUnreachable, element, text);
        }
    }

    /// The place where a route names its next hop.
    pub(super) fn next_hop_element(&self, route: Element) -> Element {
        let Site::Route(table, index) = route.site else {
            return route;
        };
        let routes = &self.plane.estate.route_tables[table].routes;
        match routes.get(index) {
            Some(written) => Element {
                origin: written.next_hop.span.into(),
                ..route
            },
            None => route,
        }
    }

    /// Nothing of the estate holds the address of a next hop.
    pub(super) fn meet_nobody(
        &mut self,
        here: Id<Vnet>,
        candidate: Candidate,
        route: Element,
        prefix: &str,
    ) {
        let estate = self.plane.estate;
        let Some(address) = candidate.address else {
            self.doubt(
                Stage::Route,
                Cause::NextHopUnreachable,
                route,
                format!("{prefix} leads to an appliance that is not known"),
            );
            return;
        };
        let holding = estate.vnets.iter().find(|(_, vnet)| {
            vnet.prefixes
                .iter()
                .any(|prefix| prefix.value.contains(&address))
        });
        let Some((there, vnet)) = holding else {
            let text = format!(
                "{prefix} -> {address}, which is in no network of this estate, so it is not reached directly"
            );
            self.block_if_whole(Stage::Route, Cause::NextHopUnreachable, route, text);
            return;
        };
        if there != here && !are_peered(estate, here, there) {
            let element = broken_peering(estate, here, there).unwrap_or(route);
            self.block_unpeered(
                here,
                there,
                element,
                format!(
                    "{prefix} -> {address}, which is in vnet `{}`; vnet `{}` is not peered with it",
                    vnet.meta.name, estate.vnets[here].meta.name
                ),
            );
            return;
        }
        let firewall = estate
            .firewalls
            .iter()
            .find(|(_, firewall)| firewall.vnet.id == Some(there) && firewall.private_ip.is_some());
        let in_firewall_subnet = estate
            .subnet_named(there, crate::estate::FIREWALL_SUBNET)
            .is_some_and(|subnet| {
                let prefixes = &estate.subnets[subnet].prefixes;
                prefixes
                    .iter()
                    .any(|prefix| prefix.value.contains(&address))
            });
        let text = match firewall {
            Some((_, firewall)) => format!(
                "{prefix} -> {address}, where nothing listens; firewall `{}` has {}",
                firewall.meta.name,
                firewall
                    .private_ip
                    .map_or_else(String::new, |ip| ip.value.to_string())
            ),
            None => format!("{prefix} -> {address}, where nothing of this estate forwards packets"),
        };
        // Machines of a network that exists already need not be part of the estate.
        let unstated = vnet.meta.home.is_existing() && !in_firewall_subnet;
        // A firewall whose template leaves its address to Azure may have this one.
        if unstated || (gaps::is_part(estate) && firewall.is_none()) {
            self.doubt(Stage::Route, Cause::NextHopUnreachable, route, text);
        } else {
            self.block(Stage::Route, Cause::NextHopUnreachable, route, text);
        }
    }

    /// The firewall judges, translates, and routes on by the routes of its own subnet.
    pub(super) fn through_firewall(
        &mut self,
        client: Id<Subnet>,
        packet: Packet,
        id: Id<Firewall>,
    ) {
        let estate = self.plane.estate;
        let element = firewall_element(estate, id);
        self.path.push(element.clone());
        let own = estate.firewalls[id].private_ip.map(|ip| ip.value);
        if own.is_some() && own == packet.destination.address && estate.hub_of(id).is_some() {
            // In a network, routes of the network lead to it.
            self.pass(Stage::Route, element, "is what the flow is meant for");
            return;
        }
        let policy = estate.firewalls[id].policy.as_ref();
        if let Some(policy) = policy.and_then(|policy| policy.id) {
            let meta = &estate.firewall_policies[policy].meta;
            self.rest_on(Element {
                name: format!("firewall policy `{}`", meta.name),
                origin: meta.origin,
                site: Site::FirewallPolicy(policy),
            });
        }
        let vnet = estate.subnets[client].vnet;
        let client_dns = self.plane.dns_element(vnet);
        let request = Request {
            packet: &packet,
            name: self.name.as_ref(),
            announced: self.announced.as_ref(),
            same_dns: self.plane.asks_only(vnet, id),
            client_dns: Some(&client_dns),
            api_server: self.api_server(&packet).is_some()
                || self
                    .announced
                    .as_ref()
                    .is_some_and(|name| name.as_str().ends_with(".azmk8s.io")),
        };
        let judgement = firewall::judge(self.plane, id, request, &mut self.notes);
        match judgement.outcome {
            Outcome::Passes => {
                let addressed = packet.destination.address.is_some();
                if judgement.passed_by == [PassedBy::Application] && addressed {
                    self.note(
                        "the firewall connects to the address that the client resolved (Azure's pages disagree on \
                         whether it resolves the name again)",
                    );
                }
                self.pass(Stage::Firewall, judgement.element.clone(), judgement.text);
                self.matched.push(judgement.element);
                self.overruled.extend(judgement.shadowed);
            }
            outcome => {
                self.hinder(Hindrance {
                    outcome,
                    near: judgement.near,
                    shadowed: judgement.shadowed,
                    log: judgement.log,
                    ..Hindrance::new(
                        Stage::Firewall,
                        judgement.cause,
                        judgement.element,
                        judgement.text,
                    )
                });
                if outcome == Outcome::Blocks {
                    return;
                }
            }
        }
        // Which kind of rule it is matters only where they translate differently.
        let mut ways: Vec<(Snat, PassedBy)> = Vec::new();
        for kind in judgement.passed_by {
            let snat = translated_source(self.plane, id, &packet, kind);
            if !ways.iter().any(|(known, _)| *known == snat) {
                ways.push((snat, kind));
            }
        }
        self.each_way(&ways, |walk, (_, kind)| {
            walk.onward_from_firewall(id, packet.clone(), *kind);
        });
    }

    /// A flow that a firewall let through goes on.
    pub(super) fn onward_from_firewall(
        &mut self,
        id: Id<Firewall>,
        mut packet: Packet,
        passed_by: PassedBy,
    ) {
        let estate = self.plane.estate;
        let snat = translated_source(self.plane, id, &packet, passed_by);
        let private_ip = estate.firewalls[id].private_ip.map(|ip| ip.value);
        self.devices.push(Device {
            holder: Holder::Firewall(id),
            translated: snat == Snat::Own,
        });
        if snat == Snat::Own {
            packet.source = End {
                address: private_ip,
                tags: Vec::new(),
                ..End::default()
            };
        }
        match self.firewall_subnet(id) {
            Some(subnet) => self.leave(subnet, packet),
            None => {
                let hub = estate.hub_of(id);
                let public = packet
                    .destination
                    .address
                    .is_none_or(|address| is_public(address, self.plane.facts.private_ranges()));
                if public {
                    self.firewall_to_internet(id, None, packet);
                } else if let Some(hub) = hub {
                    self.onward_from_hub(hub, packet);
                } else {
                    self.note(format!(
                        "firewall `{}` reaches {} from its own subnet, which the estate does not show",
                        estate.firewalls[id].meta.name,
                        packet.destination.words()
                    ));
                    self.arrive_by_address(packet);
                }
            }
        }
    }

    /// The firewall of a hub reaches the networks that are connected to the hub.
    fn onward_from_hub(&mut self, hub: Id<VirtualHub>, packet: Packet) {
        let estate = self.plane.estate;
        let connected = |vnet: Id<Vnet>| {
            let mut connections = estate.hubs[hub].connections.iter();
            connections.any(|it| it.id == Some(vnet))
        };
        let holds = |vnet: &Vnet| {
            let mut prefixes = vnet.prefixes.iter();
            prefixes.any(|prefix| packet.destination.is_in(prefix.value) == Truth::Yes)
        };
        let holding = estate.vnets.iter().filter(|(_, vnet)| holds(vnet));
        let holding: Vec<Id<Vnet>> = holding.map(|(id, _)| id).collect();
        let element = Element {
            name: format!("virtual hub `{}`", estate.hubs[hub].meta.name),
            origin: estate.hubs[hub].meta.origin,
            site: Site::Other,
        };
        match holding.first() {
            Some(first) if !holding.iter().any(|vnet| connected(*vnet)) => {
                let text = format!(
                    "is not connected to vnet `{}`, which holds {}",
                    estate.vnets[*first].meta.name,
                    packet.destination.words()
                );
                let cause = Cause::NextHopUnreachable;
                match gaps::hub(estate, hub, *first) {
                    Some(_) => self.doubt(Stage::Route, cause, element, text),
                    None => self.block_if_whole(Stage::Route, cause, element, text),
                }
            }
            _ => {
                let text = format!("brings the packet to {}", packet.destination.words());
                self.pass(Stage::Route, element, text);
                self.arrive_by_address(packet);
            }
        }
    }

    pub(super) fn through_appliance(&mut self, mut packet: Packet, id: Id<Appliance>) {
        let estate = self.plane.estate;
        let appliance = &estate.appliances[id];
        let element = Element {
            name: format!("appliance `{}`", appliance.meta.name),
            origin: appliance.meta.origin,
            site: Site::Appliance(id),
        };
        self.path.push(element.clone());
        if !appliance.ip_forwarding {
            self.block(
                Stage::Route,
                Cause::NextHopUnreachable,
                element,
                "does not forward packets that are meant for others (IP forwarding is off)",
            );
            return;
        }
        self.doubt_guard(id, &packet);
        match &appliance.filter {
            ApplianceFilter::Everything => {
                self.pass(Stage::Firewall, element.clone(), "lets everything through");
            }
            ApplianceFilter::Unstated => {
                self.note(format!(
                    "appliance `{}`, whose rules are not Azure's, lets the flow through",
                    appliance.meta.name
                ));
                self.pass(
                    Stage::Firewall,
                    element.clone(),
                    "is taken to let the flow through",
                );
            }
            ApplianceFilter::Only(allowed) => {
                let truth = Truth::any(allowed.iter().map(|it| self.is_allowed(it, &packet)));
                let name = self.announced.as_ref().or(self.name.as_ref());
                let to = name.map_or_else(|| packet.destination.words(), ToString::to_string);
                let words = format!("{to} ({})", packet.service_words());
                // Of rules that are compiled it is known whose they are, and a requirement adds to them.
                let cause = match (appliance.compiled, name) {
                    (None, _) => Cause::NextHopUnreachable,
                    (Some(_), Some(_)) => Cause::EndpointNotAllowed,
                    (Some(_), None) => Cause::NetworkRuleMissing,
                };
                match truth {
                    Truth::Yes => {
                        self.pass(
                            Stage::Firewall,
                            element.clone(),
                            format!("lets {words} through"),
                        );
                    }
                    Truth::Maybe => self.doubt(
                        Stage::Firewall,
                        cause,
                        element.clone(),
                        format!("may not let {words} through"),
                    ),
                    Truth::No => {
                        self.block(
                            Stage::Firewall,
                            cause,
                            element,
                            format!("does not let {words} through"),
                        );
                        return;
                    }
                }
            }
        }
        self.devices.push(Device {
            holder: Holder::Appliance(id),
            translated: appliance.snat,
        });
        if appliance.snat {
            packet.source = End {
                address: appliance.private_ips.first().map(|ip| ip.value),
                tags: Vec::new(),
                ..End::default()
            };
        }
        match appliance.subnet.id {
            Some(subnet) => self.leave(subnet, packet),
            None => self.note(format!(
                "appliance `{}` reaches {} from its own subnet, which is not known",
                appliance.meta.name,
                packet.destination.words()
            )),
        }
    }

    /// Whether an entry of what an appliance lets through matches.
    fn is_allowed(&self, allowed: &Allowed, packet: &Packet) -> Truth {
        let sources = allowed.sources.iter();
        let source = match allowed.sources.is_empty() {
            true => Truth::Yes,
            false => Truth::any(sources.map(|prefix| packet.source.is_in(*prefix))),
        };
        let service = allowed.services.is_empty()
            || allowed.services.iter().any(|service| {
                let (transport, ports) = service.transport_ports();
                let carries = transport == Transport::Any || transport == packet.transport;
                carries && packet.port_in(&[ports])
            });
        let destinations = allowed.destinations.iter();
        let destination = Truth::any(destinations.map(|destination| {
            match destination {
                Destination::Anywhere => Truth::Yes,
                Destination::Prefix(prefix) => packet.destination.is_in(*prefix),
                Destination::Range(range) => packet.destination.is_between(*range),
                Destination::Fqdn(pattern) => self
                    .announced
                    .as_ref()
                    .or(self.name.as_ref())
                    .is_some_and(|name| pattern.covers(name))
                    .into(),
                Destination::ServiceTag(tag) => self.plane.tag_holds(tag, &packet.destination).0,
                Destination::FqdnTag(_) | Destination::Open(_) => Truth::Maybe,
            }
        }));
        source & service.into() & destination
    }

    /// The security group on an appliance's interface sees what it only forwards, too.
    fn doubt_guard(&mut self, id: Id<Appliance>, packet: &Packet) {
        let estate = self.plane.estate;
        let appliance = &estate.appliances[id];
        let Some(subnet) = appliance.subnet.id else {
            return;
        };
        let own = |address: &IpAddr| appliance.private_ips.iter().any(|ip| ip.value == *address);
        let mut interfaces = estate.interfaces.iter();
        let guarded =
            interfaces.find(|(_, interface)| interface.addresses.iter().any(|ip| own(&ip.value)));
        let Some(group) = guarded.and_then(|(_, interface)| interface.nsg.as_ref()) else {
            return;
        };
        let Some(nsg) = group.id else {
            let element = self.device_element(Holder::Appliance(id));
            let text = format!(
                "network security group `{}` of its interface is not part of the input",
                group.name
            );
            self.doubt(Stage::Nsg, Cause::NsgOutboundDeny, element, text);
            return;
        };
        for direction in [Direction::Inbound, Direction::Outbound] {
            let judgement = nsg::judge(self.plane, nsg, direction, subnet, packet, &mut self.notes);
            if judgement.outcome != Outcome::Passes {
                let text = format!(
                    "is on the interface of appliance `{}` and may not let through what it forwards",
                    appliance.meta.name
                );
                self.doubt(Stage::Nsg, Cause::NsgOutboundDeny, judgement.rule, text);
            }
        }
    }

    /// The way from a device to a client or server in another network: that network's side of the peering has to
    /// accept packets that the device only forwards.
    pub(super) fn forwarded(
        &self,
        device: Holder,
        receiver: Id<Vnet>,
        source: Option<IpAddr>,
    ) -> Option<Element> {
        let estate = self.plane.estate;
        let home = vnet_of(estate, device)?;
        if home == receiver {
            return None;
        }
        let own = source.is_some_and(|address| {
            let prefixes = &estate.vnets[home].prefixes;
            prefixes
                .iter()
                .any(|prefix| prefix.value.contains(&address))
        });
        if own {
            return None;
        }
        let (id, peering) = direction(estate, receiver, home)?;
        (!peering.forwarded_traffic).then(|| peering_element(id, peering))
    }

    /// The name of a device.
    pub(super) fn device_element(&self, holder: Holder) -> Element {
        let estate = self.plane.estate;
        match holder {
            Holder::Firewall(id) => firewall_element(estate, id),
            Holder::Appliance(id) => Element {
                name: format!("appliance `{}`", estate.appliances[id].meta.name),
                origin: estate.appliances[id].meta.origin,
                site: Site::Appliance(id),
            },
            Holder::LoadBalancer(id) => Element {
                name: format!("load balancer `{}`", estate.load_balancers[id].meta.name),
                origin: estate.load_balancers[id].meta.origin,
                site: Site::LoadBalancer(id),
            },
            Holder::Nobody => super::internet(),
        }
    }
}

/// The peering between two networks that is written down and not in force: Connected is only what both sides are.
pub(super) fn broken_peering(estate: &Estate, here: Id<Vnet>, there: Id<Vnet>) -> Option<Element> {
    let towards = |from: Id<Vnet>, to: Id<Vnet>| {
        let mut peerings = estate.peerings.iter();
        peerings
            .find(move |(_, peering)| peering.from.id == Some(from) && peering.to.id == Some(to))
    };
    let works = |(_, peering): &(Id<Peering>, &Peering)| {
        peering.state == PeeringState::Connected && peering.access
    };
    let (out, back) = (towards(here, there), towards(there, here));
    let broken = out
        .filter(|one| !works(one))
        .or(back.filter(|one| !works(one)));
    let (id, peering) = broken.or(out).or(back)?;
    Some(peering_element(id, peering))
}

pub(super) fn peering_element(id: Id<Peering>, peering: &Peering) -> Element {
    Element {
        name: format!("peering `{}` -> `{}`", peering.from.name, peering.to.name),
        origin: peering.origin,
        site: Site::Peering(id),
    }
}
