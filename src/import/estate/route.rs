//! Route tables and routes.

use crate::base::Spanned;
use crate::estate::{Meta, NextHop, Route, RouteDestination, RouteTable};
use crate::import::Value;
use crate::net::{PrefixError, ServiceTag, parse_prefix};

use super::Builder;
use super::entity::Entity;
use super::gap::{Part, not_known};
use super::read::Read;
use super::slot::Slot;
use crate::estate::Unknown;

#[derive(Debug, Clone, Copy)]
enum HopType {
    Appliance,
    Gateway,
    VnetLocal,
    Internet,
    None,
}

const HOP_TYPES: [(&str, HopType); 6] = [
    ("VirtualAppliance", HopType::Appliance),
    ("VirtualNetworkGateway", HopType::Gateway),
    ("VnetLocal", HopType::VnetLocal),
    ("Internet", HopType::Internet),
    ("None", HopType::None),
    ("VirtualApplianceEcmp", HopType::Appliance),
];

pub(super) fn blank(meta: Meta) -> RouteTable {
    RouteTable {
        meta,
        routes: Vec::new(),
        gateway_propagation: true,
    }
}

impl<'e> Builder<'e> {
    pub(super) fn define_route_table(&mut self, index: usize, entity: &'e Entity<'e>) {
        let Some(id) = self.slot_of::<RouteTable>(index) else {
            return;
        };
        let slot = Slot::RouteTable(id);
        self.is_only_named(slot, entity, &[Part::Routes, Part::Propagation]);
        if let Some(value) = entity.property(&["disableBgpRoutePropagation"]) {
            let read = self.switch(value);
            if let Some(off) = self.or_gap(slot, Part::Propagation, read) {
                self.estate.route_tables[id].gateway_propagation = !off.value;
            }
        }
        if let Some(routes) = entity.property(&["routes"]) {
            let unknown = self.unknown_elements(routes);
            self.gaps(slot, Part::Routes, unknown);
        }
        let entities = self.entities;
        for (_, child) in entities.children(entity, "routes") {
            let read = self.route(child);
            if let Some(route) = self.or_gap(slot, Part::Routes, read) {
                self.estate.route_tables[id].routes.push(route);
            }
        }
    }

    fn route(&mut self, entity: &'e Entity<'e>) -> Result<Route, Unknown> {
        let place = entity.name_span;
        let absent = |what: &str| not_known(format!("no {what} is stated"), place);
        // Both are read before either is given up, so that each gets its finding.
        let destination = match entity.property(&["addressPrefix"]) {
            Some(value) => self.route_destination(value),
            None => Err(absent("prefix")),
        };
        let next_hop = match entity.property(&["nextHopType"]) {
            Some(value) => self.next_hop(value, entity),
            None => Err(absent("type of next hop")),
        };
        Ok(Route {
            name: entity.name(),
            origin: place.into(),
            destination: destination?,
            next_hop: next_hop?,
        })
    }

    /// A prefix or a service tag. Bits behind the length of a prefix are taken off.
    fn route_destination(&mut self, value: &Value) -> Read<RouteDestination> {
        let expected = "a prefix such as 0.0.0.0/0, or a service tag";
        self.parsed(value, expected, |text| match parse_prefix(text) {
            Ok(prefix) | Err(PrefixError::HostBits(prefix)) => {
                Some(RouteDestination::Prefix(prefix))
            }
            Err(PrefixError::Malformed) if is_tag(text) => {
                Some(RouteDestination::ServiceTag(ServiceTag::new(text)))
            }
            Err(PrefixError::Malformed) => None,
        })
    }

    fn next_hop(&mut self, kind: &Value, entity: &'e Entity<'e>) -> Read<NextHop> {
        let hop = self.choice(kind, &HOP_TYPES)?;
        Ok(match hop.value {
            HopType::Gateway => hop.map(|_| NextHop::Gateway),
            HopType::VnetLocal => hop.map(|_| NextHop::VnetLocal),
            HopType::Internet => hop.map(|_| NextHop::Internet),
            HopType::None => hop.map(|_| NextHop::Drop),
            HopType::Appliance => {
                let several = entity.property(&["nextHop", "nextHopIpAddresses"]);
                match (several, entity.property(&["nextHopIpAddress"])) {
                    (Some(several), _) if several.items().is_none_or(|it| !it.is_empty()) => {
                        let (known, unknown) = self.list(Some(several), Self::address);
                        if let Some(first) = unknown.into_iter().next() {
                            return Ok(Spanned::new(NextHop::Unknown(first), several.span));
                        }
                        let addresses = known.iter().map(|address| address.value).collect();
                        Spanned::new(NextHop::Addresses(addresses), several.span)
                    }
                    (_, Some(one)) => self.appliance_hop(one)?,
                    (_, None) => hop.map(|_| NextHop::Addresses(Vec::new())),
                }
            }
        })
    }
}

/// Whether a text may be the name of a service tag: letters first, and nothing that addresses have.
pub(super) fn is_tag(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}
