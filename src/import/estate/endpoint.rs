//! Private endpoints.

use crate::base::{Span, Spanned};
use crate::estate::{Meta, PrivateEndpoint, Ref};
use crate::import::Value;
use crate::net::Fqdn;

use super::Builder;
use super::entity::{Entity, Found, body};
use super::gap::Part;
use super::reference::parse_id;
use super::service::groups_of;
use super::slot::Slot;

pub(super) fn blank(meta: Meta, place: Span) -> PrivateEndpoint {
    PrivateEndpoint {
        meta,
        subnet: Ref {
            id: None,
            name: smol_str::SmolStr::default(),
            origin: place.into(),
        },
        addresses: Vec::new(),
        names: Vec::new(),
        zone: None,
        target: None,
    }
}

impl<'e> Builder<'e> {
    pub(super) fn define_private_endpoint(&mut self, index: usize, entity: &'e Entity<'e>) {
        let Some(id) = self.slot_of::<PrivateEndpoint>(index) else {
            return;
        };
        let slot = Slot::PrivateEndpoint(id);
        if let Some(subnet) = entity
            .property(&["subnet"])
            .and_then(|subnet| self.reference(subnet))
        {
            self.estate.private_endpoints[id].subnet = subnet;
        }
        for item in items(entity.property(&["customDnsConfigs"])) {
            self.endpoint_name(slot, body(item).get("fqdn"));
            for address in items(body(item).get("ipAddresses")) {
                self.endpoint_address(slot, Some(address));
            }
        }
        for item in items(entity.property(&["ipConfigurations"])) {
            self.endpoint_address(slot, body(item).get("privateIPAddress"));
        }
        for item in items(entity.property(&["networkInterfaces"])) {
            self.endpoint_interface(slot, item);
        }
        let lists = [
            "privateLinkServiceConnections",
            "manualPrivateLinkServiceConnections",
        ];
        for list in lists {
            for item in items(entity.property(&[list])) {
                if let Some(target) = body(item).get("privateLinkServiceId") {
                    self.endpoint_target(slot, item, target);
                }
            }
        }
        self.endpoint_zone(slot, entity);
    }

    /// What lies behind the endpoint, and the public names that lead to it.
    fn endpoint_target(&mut self, slot: Slot, connection: &'e Value, target: &'e Value) {
        let Slot::PrivateEndpoint(id) = slot else {
            return;
        };
        let groups = groups_of(connection);
        let mut services = self.services_at(target, &groups);
        if services.is_empty() {
            services = self.services_at(target, &[]);
        }
        self.estate.private_endpoints[id].target = services.into_iter().next();
        if let Some(named) = parse_id(target) {
            for name in self.public_names(&named, &groups) {
                self.add_name(slot, Spanned::new(name, target.span));
            }
        }
    }

    fn add_name(&mut self, slot: Slot, name: Spanned<Fqdn>) {
        let Slot::PrivateEndpoint(id) = slot else {
            return;
        };
        let names = &mut self.estate.private_endpoints[id].names;
        if !names.iter().any(|known| known.value == name.value) {
            names.push(name);
        }
    }

    fn endpoint_address(&mut self, slot: Slot, value: Option<&'e Value>) {
        let (Slot::PrivateEndpoint(id), Some(value)) = (slot, value) else {
            return;
        };
        let read = self.address(value);
        if let Some(address) = self.or_gap(slot, Part::Addresses, read) {
            let addresses = &mut self.estate.private_endpoints[id].addresses;
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
    }

    fn endpoint_name(&mut self, slot: Slot, value: Option<&'e Value>) {
        let Some(value) = value else {
            return;
        };
        let read = self.parsed(value, "a domain name", |text| text.parse::<Fqdn>().ok());
        if let Some(name) = self.or_gap(slot, Part::Addresses, read) {
            self.add_name(slot, name);
        }
    }

    /// An export of the interface that Azure made for the endpoint tells its address and names.
    fn endpoint_interface(&mut self, slot: Slot, item: &'e Value) {
        let Some(id) = parse_id(item) else { return };
        let entities = self.entities;
        let Found::One(index) = entities.find(&id, item.span.file) else {
            return;
        };
        let configurations = entities
            .get(index)
            .and_then(|entity| entity.property(&["ipConfigurations"]));
        for item in items(configurations) {
            self.endpoint_address(slot, body(item).get("privateIPAddress"));
            let names = body(item).at(&["privateLinkConnectionProperties", "fqdns"]);
            for name in items(names) {
                self.endpoint_name(slot, Some(name));
            }
        }
    }

    fn endpoint_zone(&mut self, slot: Slot, entity: &'e Entity<'e>) {
        let Slot::PrivateEndpoint(id) = slot else {
            return;
        };
        let entities = self.entities;
        for (_, group) in entities.children(entity, "privatednszonegroups") {
            for item in items(group.property(&["privateDnsZoneConfigs"])) {
                if let Some(zone) = body(item).get("privateDnsZoneId") {
                    let zone = self.reference(zone);
                    let place = &mut self.estate.private_endpoints[id].zone;
                    if place.is_none() {
                        *place = zone;
                    }
                }
                for set in items(body(item).get("recordSets")) {
                    self.endpoint_name(slot, set.get("fqdn"));
                    for address in items(set.get("ipAddresses")) {
                        self.endpoint_address(slot, Some(address));
                    }
                }
            }
        }
    }
}

/// The known elements of a list.
pub(super) fn items(list: Option<&Value>) -> impl Iterator<Item = &Value> {
    let items = list.and_then(Value::items).unwrap_or_default().iter();
    items.filter(|item| !item.is_null() && item.unknown().is_none())
}
