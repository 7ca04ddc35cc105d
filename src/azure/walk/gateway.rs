//! A next hop is a gateway or a virtual WAN hub.

use crate::estate::{Estate, Id, Subnet, VirtualHub, Vnet};

use super::super::cause::Cause;
use super::super::flow::{Element, Site, Stage};
use super::super::packet::{Packet, is_public};
use super::super::routing::{EffectiveRoute, RouteSource, destination_words, direction};
use super::super::truth::Truth;
use super::Walk;
use super::appliance::{broken_peering, peering_element};

impl<'w> Walk<'w> {
    pub(super) fn reach_gateway(
        &mut self,
        subnet: Id<Subnet>,
        packet: Packet,
        gateway: Option<Id<crate::estate::Gateway>>,
        route: Element,
        chosen: &EffectiveRoute,
    ) {
        let estate = self.plane.estate;
        let vnet = estate.subnets[subnet].vnet;
        let prefix = destination_words(&chosen.destination);
        let Some(id) = gateway else {
            let learned = chosen.source == RouteSource::Bgp;
            if learned && chosen.is_default() {
                let text = "sends Internet traffic to the network behind a gateway that is not part of the input; \
                            whether that lets it out is not known";
                self.doubt(
                    Stage::Route,
                    Cause::OverrideOrBypass,
                    route,
                    text.to_owned(),
                );
                return;
            }
            // A learned route is proof of a gateway.
            if learned || estate.gateways.is_empty() {
                self.note(
                    "the virtual network gateway is not part of this estate and carries the flow",
                );
                self.pass(
                    Stage::Route,
                    route,
                    format!("{prefix} -> VirtualNetworkGateway"),
                );
                self.path.push(Element {
                    name: "VirtualNetworkGateway".to_owned(),
                    origin: crate::base::Origin::Platform,
                    site: Site::Platform,
                });
            } else {
                let element =
                    transit_not_given(estate, vnet).unwrap_or_else(|| self.next_hop_element(route));
                self.block_if_whole(
                    Stage::Route,
                    Cause::NextHopUnreachable,
                    element,
                    format!(
                        "{prefix} -> VirtualNetworkGateway, but vnet `{}` has none and uses none of a peer (remote \
                         gateways, gateway transit)",
                        estate.vnets[vnet].meta.name
                    ),
                );
            }
            return;
        };
        let meta = &estate.gateways[id].meta;
        self.pass(
            Stage::Route,
            route.clone(),
            format!("{prefix} -> gateway `{}`", meta.name),
        );
        let element = Element {
            name: format!("gateway `{}`", meta.name),
            origin: meta.origin,
            site: Site::Gateway(id),
        };
        self.path.push(element.clone());
        let learned = estate.gateways[id].learned.iter().any(|prefix| {
            prefix.value.prefix_len() > 0 && packet.destination.is_in(prefix.value) == Truth::Yes
        });
        let public = packet
            .destination
            .address
            .is_none_or(|address| is_public(address, self.plane.facts.private_ranges()));
        if public && !learned {
            self.doubt(
                Stage::Route,
                Cause::OverrideOrBypass,
                route,
                format!(
                    "sends Internet traffic to the network behind gateway `{}`; whether that lets it out is not known",
                    meta.name
                ),
            );
            return;
        }
        self.note(format!(
            "the network behind gateway `{}` delivers packets to {} and their replies",
            meta.name,
            packet.destination.words()
        ));
        self.reply_from_gateway(id, &packet);
    }

    /// A virtual WAN hub: its firewall when traffic is routed through it, else straight to the other network. Where the
    /// hub has a default route without a firewall that is known, what is behind it is assumed to let traffic out or not.
    pub(super) fn reach_hub(
        &mut self,
        subnet: Id<Subnet>,
        packet: Packet,
        id: Id<VirtualHub>,
        route: Element,
    ) {
        let hub = &self.plane.estate.hubs[id];
        self.pass(Stage::Route, route.clone(), "takes the packet");
        let public = packet
            .destination
            .address
            .is_none_or(|address| is_public(address, self.plane.facts.private_ranges()));
        let secured = if public {
            hub.internet_routing
        } else {
            hub.private_routing
        };
        let firewall = hub.firewall.as_ref().and_then(|firewall| firewall.id);
        match firewall.filter(|_| secured) {
            Some(firewall) => self.through_firewall(subnet, packet, firewall),
            None if public => self.doubt(
                Stage::Route,
                Cause::OverrideOrBypass,
                route,
                format!(
                    "takes Internet traffic without a firewall that is known; whether whatever is behind hub `{}` \
                     lets it out is not known",
                    hub.meta.name
                ),
            ),
            None => self.arrive_by_address(packet),
        }
    }
}

/// The peering to a network with a gateway that does not use it, or does not lend it.
fn transit_not_given(estate: &Estate, here: Id<Vnet>) -> Option<Element> {
    estate.gateways.iter().find_map(|(_, gateway)| {
        let there = gateway.vnet.id.filter(|there| *there != here)?;
        let (Some((out, own)), Some((back, other))) = (
            direction(estate, here, there),
            direction(estate, there, here),
        ) else {
            return broken_peering(estate, here, there);
        };
        Some(if own.remote_gateways {
            peering_element(back, other)
        } else {
            peering_element(out, own)
        })
    })
}
