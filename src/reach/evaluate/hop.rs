//! Machines of a subnet send, and subnets choose next hops.

use crate::azure::gaps;
use crate::estate::{Direction, Id, PoolSetting, RouteDestination, Subnet};
use crate::space::{Block, Kind, Known, Names, Ranges, Side, Targets, TooLarge, every_port};

use super::super::protocols::TCP;
use super::map::Piece;
use super::packet::{From, Packet, To};
use super::places::Place;
use super::routes::{Hop, Maker, Route};
use super::topology::Addresses;
use super::{Evaluator, FlowMap, MOST_HOPS, every_protocol};

impl<'a> Evaluator<'a> {
    /// What becomes of every flow that machines of a subnet may start.
    ///
    /// # Errors
    /// When there is too much to compare.
    pub fn from_subnet(&mut self, subnet: Id<Subnet>) -> Result<FlowMap, TooLarge> {
        let sources = self.addresses_of(subnet);
        let mut pieces = Vec::new();
        self.unsettled.clear();
        for packet in self.started(subnet, &sources) {
            pieces.extend(self.send(subnet, packet)?);
        }
        pieces.append(&mut self.unsettled);
        Ok(FlowMap::of(subnet, pieces))
    }

    /// The flows from anywhere that the security groups of a subnet let in, whatever way they come.
    ///
    /// # Errors
    /// When there is too much to compare.
    pub fn let_in(&mut self, subnet: Id<Subnet>) -> Result<Vec<Block>, TooLarge> {
        let own = self.addresses_of(subnet);
        let mut blocks = Vec::new();
        for mut packet in self.started(subnet, &Addresses::every()) {
            packet.doubts.clear();
            let Some(packet) = packet.towards(&own) else {
                continue;
            };
            for (packet, interface) in self.by_interface(packet, Side::Destination) {
                let mut packets = vec![packet];
                for nsg in self.groups_of(subnet, interface) {
                    let mut next = Vec::new();
                    for packet in packets {
                        next.extend(self.ask_group(nsg, Direction::Inbound, subnet, packet)?);
                    }
                    packets = next;
                }
                blocks.extend(packets.into_iter().map(|packet| packet.flows));
            }
        }
        Ok(blocks)
    }

    /// All flows from some machines, parted by what is known of their destinations.
    fn started(&mut self, subnet: Id<Subnet>, sources: &Addresses) -> Vec<Packet<'a>> {
        let singles = self.known_single_addresses();
        let plain = Addresses::every().minus(&Self::as_set(&singles));
        let packet = |kind: Kind, targets: Targets, to: To| Packet {
            flows: Block {
                kind,
                protocols: every_protocol(),
                ports: every_port(),
                targets,
                sources: super::packet::of_family(kind, sources).clone(),
                source_ports: every_port(),
                known: Known::default(),
            },
            home: subnet,
            from: From::Own,
            to,
            name: None,
            kind: None,
            doubts: Vec::new(),
            reply_doubts: Vec::new(),
            no_return: false,
            devices: Vec::new(),
            hops: 0,
            by: Vec::new(),
        };
        let mut packets = vec![
            packet(Kind::V4, Targets::Addresses(plain.v4.clone()), To::Own),
            packet(Kind::V6, Targets::Addresses(plain.v6.clone()), To::Own),
        ];
        for address in singles {
            let own = Addresses::between(address, address);
            let (kind, ranges) = if address.is_ipv4() {
                (Kind::V4, own.v4)
            } else {
                (Kind::V6, own.v6)
            };
            packets.push(packet(kind, Targets::Addresses(ranges), To::At(address)));
        }
        for led in self.led(subnet).iter() {
            let mut named = packet(Kind::V4ToName, Targets::Names(led.names.clone()), led.to);
            named.name = led.name.clone();
            named.kind = Some(led.kind);
            named.doubts = led.doubts.clone();
            for packet in self.by_address(named, &led.alternatives) {
                packets.extend(self.by_place(packet));
            }
        }
        let estate = self.plane.estate;
        let proxied = self.topology.pool_in(subnet).is_some_and(|id| {
            let unknown = gaps::pool(estate, id, PoolSetting::HttpProxy).is_some();
            unknown || estate.pools[id].http_proxy.is_some()
        });
        if proxied {
            // A proxy gets names as they are, also those that the machines cannot resolve.
            let everywhere = To::Somewhere {
                microsoft: true,
                place: Place::ANY,
            };
            let names = Targets::Names(Names::all());
            let (web, _) = web_of(&packet(Kind::V4ToName, names, everywhere));
            packets.extend(web);
        }
        packets.retain(|packet| !packet.flows.is_empty());
        packets
    }

    /// Flows leave their machines: what is not known of their ends, then the groups, then a next hop.
    fn send(&mut self, subnet: Id<Subnet>, packet: Packet<'a>) -> Result<Vec<Piece>, TooLarge> {
        let mut pieces = Vec::new();
        for packet in self.doubt_ends(subnet, packet) {
            let (Some(packet), more) = self.without_pods(subnet, packet) else {
                continue;
            };
            pieces.extend(more);
            for (packet, unfollowed) in self.without_proxy(subnet, packet) {
                if unfollowed {
                    pieces.push(packet.finished());
                    continue;
                }
                for (packet, interface) in self.by_interface(packet, Side::Source) {
                    let mut packets = vec![packet];
                    for nsg in self.groups_of(subnet, interface) {
                        let mut next = Vec::new();
                        for packet in packets {
                            next.extend(self.ask_group(
                                nsg,
                                Direction::Outbound,
                                subnet,
                                packet,
                            )?);
                        }
                        packets = next;
                    }
                    for mut packet in packets {
                        self.doubt_group(subnet, interface, &mut packet);
                        pieces.extend(self.leave_machine(subnet, packet)?);
                    }
                }
            }
        }
        Ok(pieces)
    }

    fn leave_machine(
        &mut self,
        subnet: Id<Subnet>,
        packet: Packet<'a>,
    ) -> Result<Vec<Piece>, TooLarge> {
        let mut pieces = Vec::new();
        let platform = self.topology.platform.clone();
        // The Azure host answers these itself; no route leads there or away.
        pieces.extend(packet.towards(&platform).map(Packet::finished));
        if let Some(packet) = packet.not_towards(&platform) {
            pieces.extend(self.leave(subnet, packet)?);
        }
        Ok(pieces)
    }

    /// What the whole way rests on and is not known: the private addresses of the networks, settings of the pool, hubs.
    fn doubt_ends(&mut self, subnet: Id<Subnet>, packet: Packet<'a>) -> Vec<Packet<'a>> {
        let estate = self.plane.estate;
        let public = self.topology.public.clone();
        let space = gaps::space(estate, estate.subnets[subnet].vnet);
        let pool = self.topology.pool_in(subnet);
        let pods = pool.and_then(|id| gaps::pool(estate, id, PoolSetting::Pods));
        let mut packets = Vec::new();
        if space.is_none() && pods.is_none() {
            packets.push(packet);
        } else {
            packets.extend(packet.towards(&public));
            if matches!(packet.to, To::Somewhere { .. }) {
                packets.push(packet.clone());
            }
            let private = Addresses::every().minus(&public);
            let mut held = Addresses::default();
            for (_, addresses) in &self.topology.held {
                held = held.or(addresses);
            }
            let own = self.addresses_of(subnet);
            // An address of the own subnet is nobody else's.
            packets.extend(packet.towards(&private.and(&own)));
            if let Some(mut private) = packet.towards(&private.minus(&own)) {
                if let Some(why) = &space {
                    self.unsettle(&mut private, why.clone());
                }
                packets.extend(private.towards(&held));
                if let Some(mut unheld) = private.not_towards(&held) {
                    if let Some(why) = &pods {
                        self.unsettle(&mut unheld, why.clone());
                    }
                    packets.push(unheld);
                }
            }
        }
        if let Some(why) = pool.and_then(|id| gaps::pool(estate, id, PoolSetting::HttpProxy)) {
            packets = packets
                .into_iter()
                .flat_map(|packet| {
                    let (web, rest) = web_of(&packet);
                    let web = web.map(|mut web| {
                        self.unsettle(&mut web, why.clone());
                        web
                    });
                    web.into_iter().chain(rest)
                })
                .collect();
        }
        for packet in &mut packets {
            self.doubt_api_server(packet);
        }
        packets
    }

    /// Without flows to pods of the own pool that no subnet holds; the cluster carries them, and they are not followed.
    fn without_pods(
        &self,
        subnet: Id<Subnet>,
        packet: Packet<'a>,
    ) -> (Option<Packet<'a>>, Option<Piece>) {
        let estate = self.plane.estate;
        let Some(pool) = self.topology.pool_in(subnet).map(|id| &estate.pools[id]) else {
            return (Some(packet), None);
        };
        let prefixes = pool.pod_prefixes.iter().map(|prefix| prefix.value);
        let mut pods = Addresses::of(prefixes.collect::<Vec<_>>());
        for (_, held) in &self.topology.held {
            pods = pods.minus(held);
        }
        let inside = packet.towards(&pods).map(|mut inside| {
            inside.doubt("flows between pods are not followed as sets");
            inside.finished()
        });
        match packet.not_towards(&pods) {
            Some(rest) => (Some(rest), inside),
            None => (None, inside),
        }
    }

    /// Flows that the HTTP proxy of their pool takes, which are not followed, and all others.
    fn without_proxy(&self, subnet: Id<Subnet>, packet: Packet<'a>) -> Vec<(Packet<'a>, bool)> {
        let estate = self.plane.estate;
        let pool = self.topology.pool_in(subnet).map(|id| &estate.pools[id]);
        if pool.is_none_or(|pool| pool.http_proxy.is_none()) {
            return vec![(packet, false)];
        }
        let (web, rest) = web_of(&packet);
        let web = web.map(|mut web| {
            web.doubt("flows through the HTTP proxy of the nodes are not followed as sets");
            (web, true)
        });
        web.into_iter()
            .chain(rest.into_iter().map(|rest| (rest, false)))
            .collect()
    }

    /// Flows leave a subnet by the routes that their destinations choose.
    pub(super) fn leave(
        &mut self,
        subnet: Id<Subnet>,
        mut packet: Packet<'a>,
    ) -> Result<Vec<Piece>, TooLarge> {
        packet.hops += 1;
        if packet.hops > MOST_HOPS {
            return Ok(Vec::new());
        }
        self.step(1)?;
        let estate = self.plane.estate;
        self.touch(&mut packet, estate.subnets[subnet].meta.origin);
        if let Some(why) = gaps::routes(estate, subnet) {
            packet.doubt(why);
            return Ok(vec![packet.finished()]);
        }
        let mut pieces = Vec::new();
        let service = self.service_kind(&packet);
        let mut packet = Some(packet);
        if let Some(why) = gaps::service_endpoints(estate, subnet)
            && service != Some("")
        {
            // What has a private address goes by no service endpoint.
            let public = self.topology.public.clone();
            if let Some(all) = packet.take() {
                let somewhere = matches!(all.to, To::Somewhere { .. });
                let open = if somewhere {
                    Some(all.clone())
                } else {
                    all.towards(&public)
                };
                pieces.extend(open.map(|mut open| {
                    open.doubt(why);
                    open.finished()
                }));
                packet = all.not_towards(&public).filter(|_| !somewhere);
            }
        }
        let Some(packet) = packet else {
            return Ok(pieces);
        };
        let routes = self.routes(subnet);
        let wanted = packet.wanted();
        for cell in self.choose(&routes, &wanted, service, Side::Destination) {
            let atoms = &self.symbols.atoms;
            let Some(packet) = packet.in_cell(&cell.wanted, &cell.known, atoms) else {
                continue;
            };
            let mut packet = packet;
            let written = cell.route.as_ref().map(|route| route.maker) == Some(Maker::User);
            if packet.hops == 1 && !written {
                self.doubt_hubs(subnet, &mut packet);
            }
            if let Some(route) = &cell.route {
                pieces.extend(self.follow(subnet, packet, route)?);
            }
        }
        Ok(pieces)
    }

    /// What hubs may tell a subnet beats what Azure itself has, and nothing that somebody wrote.
    fn doubt_hubs(&mut self, subnet: Id<Subnet>, packet: &mut Packet<'a>) {
        let estate = self.plane.estate;
        let home = estate.subnets[subnet].vnet;
        for hub in estate.hubs.ids() {
            if let Some(why) = gaps::hub(estate, hub, home) {
                self.unsettle(packet, why);
            }
        }
    }

    fn follow(
        &mut self,
        subnet: Id<Subnet>,
        mut packet: Packet<'a>,
        route: &Route,
    ) -> Result<Vec<Piece>, TooLarge> {
        self.touch(&mut packet, route.origin);
        if route.maker == Maker::User {
            packet.by.push(route.origin);
        }
        match &route.hop {
            Hop::Drop => Ok(Vec::new()),
            Hop::VnetLocal | Hop::Peering => {
                let near = match (route.maker, &packet.to) {
                    // A public address that nobody knows lies outside of all networks.
                    (Maker::User, To::Somewhere { .. }) => None,
                    (Maker::User, _) => packet.towards(&self.near(subnet)),
                    _ => Some(packet),
                };
                near.map_or(Ok(Vec::new()), |packet| self.arrive(packet))
            }
            Hop::PrivateEndpoint(id) => self.arrive_at_endpoint(*id, packet),
            Hop::ServiceEndpoint(_) => {
                let asked = self.ask_service(super::service::Identity::Subnet(subnet), packet);
                Ok(asked.map(Packet::finished).into_iter().collect())
            }
            Hop::Internet => self.reach_internet(subnet, packet),
            Hop::Unknown(text) => {
                packet.doubt(format!(
                    "a route leads to an appliance that is not known: {text}"
                ));
                Ok(vec![packet.finished()])
            }
            Hop::Gateway(gateway) => self.reach_gateway(subnet, packet, *gateway, route),
            Hop::Hub(hub, _) => self.reach_hub(subnet, packet, *hub),
            Hop::Appliances(candidates) => {
                // In another estate that has the same route the ways are called the same, in whatever order they are told.
                let mut candidates = candidates.clone();
                candidates.sort_by_key(|(_, address)| *address);
                let to = match &route.to {
                    RouteDestination::Prefix(prefix) => prefix.to_string(),
                    RouteDestination::ServiceTag(tag) => tag.to_string(),
                };
                let of = format!("{to} from {}", self.plane.estate.subnet_path(subnet));
                let words = |way: usize| {
                    let candidate = way.checked_sub(1).and_then(|at| candidates.get(at));
                    match candidate.and_then(|(_, address)| *address) {
                        Some(address) => format!("the next hop to {of} is {address}").into(),
                        None => format!("the next hop to {of} is number {way}").into(),
                    }
                };
                let ways = self.by_chance(&packet, candidates.len(), words);
                let mut pieces = Vec::new();
                for (packet, candidate) in ways.into_iter().zip(&candidates) {
                    pieces.extend(self.reach_appliance(subnet, packet, *candidate)?);
                }
                Ok(pieces)
            }
        }
    }

    /// The same, with the pods of the pool in the subnet, what the Azure host answers, and what never leaves a network:
    /// link-local and multicast addresses.
    pub(in crate::reach) fn near_addresses(&self, subnet: Id<Subnet>) -> Addresses {
        let estate = self.plane.estate;
        let pool = self.topology.pool_in(subnet).map(|id| &estate.pools[id]);
        let pods = pool.into_iter().flat_map(|pool| &pool.pod_prefixes);
        let pods = Addresses::of(pods.map(|prefix| prefix.value).collect::<Vec<_>>());
        self.near(subnet)
            .or(&pods)
            .or(&self.topology.platform)
            .or(&self.topology.unroutable)
    }

    /// The addresses of the network of a subnet and of those peered with it.
    fn near(&self, subnet: Id<Subnet>) -> Addresses {
        let estate = self.plane.estate;
        let here = estate.subnets[subnet].vnet;
        let near = estate
            .vnets
            .iter()
            .filter(|(other, _)| *other == here || self.topology.are_peered(here, *other));
        let prefixes = near.flat_map(|(_, vnet)| vnet.prefixes.iter().map(|it| it.value));
        Addresses::of(prefixes.collect::<Vec<_>>())
    }
}

/// The flows to the ports of HTTP and HTTPS, and the others.
fn web_of<'a>(packet: &Packet<'a>) -> (Option<Packet<'a>>, Vec<Packet<'a>>) {
    let web = Ranges::of([(80, 80), (443, 443)]);
    let tcp = Ranges::span(TCP, TCP);
    let part = |protocols: Ranges, ports: Ranges| {
        let mut part = packet.clone();
        part.flows.protocols = protocols;
        part.flows.ports = ports;
        (!part.flows.is_empty()).then_some(part)
    };
    let flows = &packet.flows;
    let inside = part(flows.protocols.and(&tcp), flows.ports.and(&web));
    let rest = [
        part(flows.protocols.and(&tcp), flows.ports.minus(&web)),
        part(flows.protocols.minus(&tcp), flows.ports.clone()),
    ];
    (inside, rest.into_iter().flatten().collect())
}
