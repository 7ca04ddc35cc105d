//! Virtual WAN hubs.

use crate::base::Origin;
use crate::estate::{Firewall, Meta, VirtualHub};
use crate::import::Value;

use super::Builder;
use super::endpoint::items;
use super::entity::{Entity, Found, body};
use super::gap::{Part, not_known};
use super::reference::parse_id;
use super::slot::Slot;

/// The destination of a hub's route that stands for the Internet (and IPv4 has no other default).
const DEFAULT_ROUTE: &str = "0.0.0.0/0";

pub(super) fn blank(meta: Meta) -> VirtualHub {
    VirtualHub {
        meta,
        wan: None,
        prefix: None,
        without_default: Vec::new(),
        connections: Vec::new(),
        firewall: None,
        internet_routing: false,
        private_routing: false,
        intent: None,
    }
}

impl<'e> Builder<'e> {
    pub(super) fn define_hub(&mut self, index: usize, entity: &'e Entity<'e>) {
        let Some(id) = self.slot_of::<VirtualHub>(index) else {
            return;
        };
        let slot = Slot::Hub(id);
        self.is_only_named(slot, entity, &[Part::Attachments, Part::HubRouting]);
        let entities = self.entities;
        for (_, child) in entities.children(entity, "hubvirtualnetworkconnections") {
            let Some(vnet) = child.property(&["remoteVirtualNetwork"]) else {
                continue;
            };
            let read = self.unless_open(vnet);
            let vnet = self.or_gap(slot, Part::Attachments, read).flatten();
            self.estate.hubs[id].connections.extend(vnet.clone());
            if let Some(takes) = child.property(&["enableInternetSecurity"]) {
                let read = self.switch(takes);
                let takes = self.or_gap(slot, Part::HubRouting, read);
                let without = vnet.filter(|_| takes.is_some_and(|takes| !takes.value));
                self.estate.hubs[id].without_default.extend(without);
            }
        }
        if let Some(prefix) = entity.property(&["addressPrefix"])
            && let Ok(prefix) = self.parsed(prefix, "a prefix", |text| text.parse().ok())
        {
            self.estate.hubs[id].prefix = Some(prefix);
        }
        self.estate.hubs[id].wan = entity
            .property(&["virtualWan"])
            .and_then(|wan| self.reference(wan));
        for list in ["virtualNetworkConnections", "hubVirtualNetworkConnections"] {
            if let Some(connections) = entity.property(&[list]) {
                let unknown = self.unknown_elements(connections);
                self.gaps(slot, Part::Attachments, unknown);
            }
        }
        self.hub_firewall(slot, index, entity);
        for (_, child) in entities.children(entity, "routingintent") {
            self.estate.hubs[id].intent = Some(Origin::Written(child.name_span));
            self.unknown_routing(slot, child.property(&["routingPolicies"]));
            for policy in items(child.property(&["routingPolicies"])) {
                self.unknown_routing(slot, body(policy).get("destinations"));
                for word in items(body(policy).get("destinations")) {
                    self.routed_by_hub(slot, word.known_text().map(smol_str::SmolStr::as_str));
                }
            }
        }
        for (_, child) in entities.children(entity, "hubroutetables") {
            self.unknown_routing(slot, child.property(&["routes"]));
            for route in items(child.property(&["routes"])) {
                self.unknown_routing(slot, body(route).get("destinations"));
                for word in items(body(route).get("destinations")) {
                    match word.known_text() {
                        Some(text) if text == DEFAULT_ROUTE => {
                            self.routed_by_hub(slot, Some("Internet"));
                        }
                        Some(text) => {
                            let route = format!("where the route of the hub for {text} leads");
                            self.gap(slot, Part::HubRouting, not_known(route, word.span));
                        }
                        None => {}
                    }
                }
            }
        }
        if let Some(table) = entity.property(&["routeTable", "routes"])
            && table.items().is_none_or(|items| !items.is_empty())
        {
            let unknown = not_known("routes of the hub's own route table", table.span);
            self.gap(slot, Part::HubRouting, unknown);
        }
    }

    fn unknown_routing(&mut self, slot: Slot, list: Option<&'e Value>) {
        if let Some(list) = list {
            let unknown = self.unknown_elements(list);
            self.gaps(slot, Part::HubRouting, unknown);
        }
    }

    fn routed_by_hub(&mut self, slot: Slot, destination: Option<&str>) {
        let Slot::Hub(id) = slot else { return };
        let Some(destination) = destination else {
            return;
        };
        if destination.eq_ignore_ascii_case("Internet") {
            self.estate.hubs[id].internet_routing = true;
        } else if destination.eq_ignore_ascii_case("PrivateTraffic") {
            self.estate.hubs[id].private_routing = true;
        }
    }

    /// The firewall that the hub names, or that names the hub.
    fn hub_firewall(&mut self, slot: Slot, index: usize, entity: &'e Entity<'e>) {
        let Slot::Hub(id) = slot else { return };
        if let Some(firewall) = entity
            .property(&["azureFirewall"])
            .and_then(|firewall| self.reference(firewall))
        {
            self.estate.hubs[id].firewall = Some(firewall);
            return;
        }
        for (at, other) in self.entities.iter() {
            if self.slot_of::<Firewall>(at).is_none() {
                continue;
            }
            let Some(hub) = other.property(&["virtualHub"]) else {
                continue;
            };
            let target = parse_id(hub).map(|hub_id| self.entities.find(&hub_id, hub.span.file));
            if target == Some(Found::One(index)) {
                self.estate.hubs[id].firewall = Some(self.ref_of(at, hub.span));
            }
        }
    }
}
