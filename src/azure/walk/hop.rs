//! A subnet chooses a next hop.

use crate::estate::{
    Estate, Id, PrivateEndpoint, PrivateEndpointPolicies, RouteDestination, Subnet, VirtualHub,
};

use super::super::cause::Cause;
use super::super::flow::Stage;
use super::super::gaps;
use super::super::next_hop::Holder;
use super::super::packet::{End, Packet, is_public};
use super::super::routing::{
    EffectiveRoute, Hop, RouteSource, are_peered, choose, destination_words,
};
use super::super::truth::Truth;
use super::{MOST_HOPS, Walk};

impl<'w> Walk<'w> {
    /// The packet leaves a subnet by the route that its destination chooses.
    pub(super) fn leave(&mut self, subnet: Id<Subnet>, packet: Packet) {
        self.hops += 1;
        if self.hops > MOST_HOPS {
            let element = self.subnet_element(subnet);
            self.block(
                Stage::Route,
                Cause::NextHopUnreachable,
                element,
                "sends the packet round in a circle",
            );
            return;
        }
        let own = self.subnet_element(subnet);
        self.rest_on(own);
        let plane = self.plane;
        let endpoints = || {
            let text = gaps::service_endpoints(plane.estate, subnet)?;
            // What belongs to no service that has them goes by none.
            let address = packet.destination.address;
            let private = plane.facts.private_ranges();
            let public = address.is_none_or(|address| is_public(address, private));
            (public && self.service_kind(&packet) != Some("")).then_some(text)
        };
        if let Some(unknown) = gaps::routes(plane.estate, subnet).or_else(endpoints) {
            let ways = [None, Some(unknown)];
            self.each_way(&ways, |walk, unknown| match unknown {
                None => walk.leave_by_known_routes(subnet, packet.clone()),
                Some(text) => {
                    let element = walk.table_or_subnet(subnet);
                    walk.doubt(Stage::Route, Cause::OverrideOrBypass, element, text);
                }
            });
            return;
        }
        self.leave_by_known_routes(subnet, packet);
    }

    fn leave_by_known_routes(&mut self, subnet: Id<Subnet>, packet: Packet) {
        let plane = self.plane;
        let service = self.service_kind(&packet);
        let choice = choose(
            plane,
            plane.routes(subnet),
            &packet.destination,
            service,
            &mut self.notes,
        );
        match choice.routes.as_slice() {
            [] => self.find_no_route(subnet, &packet),
            [route] if !choice.may_miss => self.follow(subnet, packet, route),
            several => {
                let words: Vec<String> = several
                    .iter()
                    .map(|route| destination_words(&route.destination))
                    .collect();
                self.note(format!(
                    "which of the routes {} takes {} depends on what the service tags hold",
                    words.join(", "),
                    packet.destination.words()
                ));
                let mut ways: Vec<Option<&EffectiveRoute>> =
                    several.iter().map(|route| Some(*route)).collect();
                ways.extend(choice.may_miss.then_some(None));
                self.each_way(&ways, |walk, route| match route {
                    Some(route) => walk.follow(subnet, packet.clone(), route),
                    None => walk.find_no_route(subnet, &packet),
                });
            }
        }
    }

    pub(super) fn find_no_route(&mut self, subnet: Id<Subnet>, packet: &Packet) {
        let element = self.table_or_subnet(subnet);
        self.block(
            Stage::Route,
            Cause::NoDefaultRoute,
            element,
            format!("has no route to {}", packet.destination.words()),
        );
    }

    pub(super) fn follow(&mut self, subnet: Id<Subnet>, packet: Packet, route: &EffectiveRoute) {
        let element = route.element(self.plane.estate);
        let prefix = destination_words(&route.destination);
        self.rest_on(element.clone());
        if matches!(route.source, RouteSource::User) {
            self.matched.push(element.clone());
        }
        let elsewhere = matches!(route.hop, Hop::Internet | Hop::Gateway(_));
        let private = packet
            .destination
            .address
            .is_some_and(|address| !is_public(address, self.plane.facts.private_ranges()));
        if route.source == RouteSource::User && prefix == "0.0.0.0/0" && elsewhere && private {
            self.note(
                "a default route of the user takes away the routes that drop private ranges, whatever its next hop \
                 (Azure's page shows it for an appliance)",
            );
        }
        match &route.hop {
            Hop::Drop => {
                let cause = self.drop_cause(subnet, route);
                self.block(
                    Stage::Route,
                    cause,
                    element,
                    format!(
                        "{prefix} has next hop None: packets to {} are dropped",
                        packet.destination.words()
                    ),
                );
            }
            Hop::VnetLocal if self.is_lost_inside(subnet, &packet, route) => {
                let cause = self.drop_cause(subnet, route);
                let element = self.next_hop_element(element);
                self.block(
                    Stage::Route,
                    cause,
                    element,
                    format!(
                        "{prefix} has next hop VnetLocal, and {} is in no network that the subnet reaches",
                        packet.destination.words()
                    ),
                );
            }
            Hop::VnetLocal | Hop::Peering(_) => {
                let words = match route.hop {
                    Hop::Peering(peer) => format!(
                        "{prefix} leads into peered vnet `{}`",
                        self.plane.estate.vnets[peer].meta.name
                    ),
                    _ => format!("{prefix} stays inside the virtual network"),
                };
                self.pass(Stage::Route, element, words);
                self.arrive(subnet, packet);
            }
            Hop::PrivateEndpoint(endpoint) => {
                self.pass(
                    Stage::Route,
                    element,
                    format!("{prefix} is a private endpoint"),
                );
                self.routes_past(subnet, *endpoint, &packet);
                self.arrive_at_endpoint(subnet, *endpoint, packet);
            }
            Hop::ServiceEndpoint(service) => {
                self.pass(
                    Stage::Route,
                    element,
                    format!("{prefix} goes straight to {service}, past every other route"),
                );
                self.path.push(super::internet());
                self.ask_service(super::service::Identity::Subnet(subnet), &packet);
            }
            Hop::Internet => {
                self.pass(
                    Stage::Route,
                    element.clone(),
                    format!("{prefix} -> Internet"),
                );
                self.reach_internet(subnet, packet, Some(&element));
            }
            Hop::Unknown(text) => {
                let element = self.next_hop_element(element);
                let text =
                    format!("{prefix} leads to an appliance whose address is not known: {text}");
                self.doubt(Stage::Route, Cause::NextHopUnreachable, element, text);
            }
            Hop::Gateway(gateway) => self.reach_gateway(subnet, packet, *gateway, element, route),
            Hop::Hub(hub) => {
                let hub = *hub;
                self.reach_hub(subnet, packet, hub, element);
            }
            Hop::Appliances(candidates) => match candidates.as_slice() {
                [one] => self.reach_appliance(subnet, packet, *one, element, &prefix),
                several => {
                    self.each_way(several, |walk, candidate| {
                        let element = element.clone();
                        walk.reach_appliance(subnet, packet.clone(), *candidate, element, &prefix);
                    });
                }
            },
        }
    }

    /// Tells of the user routes that a private endpoint's own route leaves aside, although somebody wrote them for it:
    /// the network policies of its subnet are off, or the route is shorter than its network
    /// (MicrosoftDocs/azure-docs, articles/private-link/disable-private-endpoint-network-policy.md).
    pub(super) fn routes_past(
        &mut self,
        subnet: Id<Subnet>,
        endpoint: Id<PrivateEndpoint>,
        packet: &Packet,
    ) {
        let plane = self.plane;
        let Some(host) = plane.estate.private_endpoints[endpoint].subnet.id else {
            return;
        };
        let meant = plane.routes(subnet).iter().find(|route| {
            let covers = match &route.destination {
                RouteDestination::Prefix(prefix) => {
                    prefix.prefix_len() > 0 && packet.destination.is_in(*prefix) == Truth::Yes
                }
                RouteDestination::ServiceTag(_) => false,
            };
            covers && route.source == RouteSource::User
        });
        let Some(route) = meant else { return };
        let element = route.element(plane.estate);
        if matches!(
            plane.estate.subnets[host].private_endpoint_policies,
            PrivateEndpointPolicies::Enabled | PrivateEndpointPolicies::RouteTables
        ) {
            let text = "is shorter than the network of the private endpoint, so it does not count";
            self.pass(Stage::Route, element, text);
        } else {
            let text = format!(
                "{} does not count: network policies for routes are off where the private endpoint is",
                element.name
            );
            let host = self.subnet_element(host);
            self.pass(Stage::Route, host, text);
        }
    }

    /// Whether a user route keeps a packet in the virtual network that is for none of its addresses, nor for those of
    /// a peer.
    pub(super) fn is_lost_inside(
        &self,
        subnet: Id<Subnet>,
        packet: &Packet,
        route: &EffectiveRoute,
    ) -> bool {
        let estate = self.plane.estate;
        let here = estate.subnets[subnet].vnet;
        // A public address that is not known lies outside of all networks.
        let near = packet.destination.address.is_some_and(|address| {
            estate.vnets.iter().any(|(id, vnet)| {
                let mut prefixes = vnet.prefixes.iter();
                prefixes.any(|prefix| prefix.value.contains(&address))
                    && (id == here || are_peered(estate, here, id))
            })
        });
        route.source == RouteSource::User && !near
    }

    /// Why a packet meets a route that drops it.
    pub(super) fn drop_cause(&self, subnet: Id<Subnet>, route: &EffectiveRoute) -> Cause {
        if route.source == RouteSource::User {
            let whole = destination_words(&route.destination) == "0.0.0.0/0";
            return if whole {
                Cause::DefaultNextHopType
            } else {
                Cause::OverrideOrBypass
            };
        }
        if !self.devices.is_empty() {
            // The routes of a device's own subnet are part of what it carries.
            return Cause::NextHopUnreachable;
        }
        // Azure's own routes drop private ranges as long as no default route of the user takes them.
        if self.plane.estate.subnets[subnet].route_table.is_some() {
            Cause::NoDefaultRoute
        } else {
            Cause::NoRouteTable
        }
    }

    /// The routes that a subnet may choose for an address, each with the devices it leads to.
    pub(super) fn next_devices(
        &mut self,
        subnet: Id<Subnet>,
        to: &End,
    ) -> Vec<(&'w EffectiveRoute, Vec<Holder>)> {
        let plane = self.plane;
        let choice = choose(plane, plane.routes(subnet), to, None, &mut self.notes);
        let holders = |route: &EffectiveRoute| match &route.hop {
            Hop::Appliances(candidates) => candidates
                .iter()
                .map(|candidate| candidate.holder)
                .collect(),
            Hop::Hub(hub) => private_firewall(plane.estate, *hub).into_iter().collect(),
            _ => Vec::new(),
        };
        let routes = choice.routes.into_iter();
        routes.map(|route| (route, holders(route))).collect()
    }
}

/// The firewall through which a hub sends what goes from network to network.
fn private_firewall(estate: &Estate, hub: Id<VirtualHub>) -> Option<Holder> {
    let hub = &estate.hubs[hub];
    let firewall = hub.firewall.as_ref().filter(|_| hub.private_routing)?;
    firewall.id.map(Holder::Firewall)
}
