//! Virtual network gateways.

use crate::base::{Span, Spanned};
use crate::estate::{Gateway, GatewayKind, Meta, Ref};
use crate::import::Value;

use super::Builder;
use super::entity::{Entity, body};
use super::gap::Part;
use super::slot::Slot;

pub(super) fn blank(meta: Meta, place: Span) -> Gateway {
    Gateway {
        meta,
        vnet: Ref {
            id: None,
            name: smol_str::SmolStr::default(),
            origin: place.into(),
        },
        kind: Spanned::new(GatewayKind::Vpn, place),
        learned: Vec::new(),
    }
}

impl<'e> Builder<'e> {
    pub(super) fn define_gateway(&mut self, index: usize, entity: &'e Entity<'e>) {
        let Some(id) = self.slot_of::<Gateway>(index) else {
            return;
        };
        let slot = Slot::Gateway(id);
        let kinds = [
            ("Vpn", GatewayKind::Vpn),
            ("ExpressRoute", GatewayKind::ExpressRoute),
        ];
        if let Some(kind) = entity.property(&["gatewayType"]) {
            // Others, such as `LocalGateway`, are of another use.
            let other = kind.known_text().is_some_and(|text| {
                !kinds
                    .iter()
                    .any(|(name, _)| name.eq_ignore_ascii_case(text))
            });
            if !other {
                let read = self.choice(kind, &kinds);
                if let Some(kind) = self.or_gap(slot, Part::Attachments, read) {
                    self.estate.gateways[id].kind = kind;
                }
            }
        }
        let configurations = entity.property(&["ipConfigurations"]);
        let first = configurations.and_then(Value::items).unwrap_or_default();
        let subnet = first.iter().find_map(|item| body(item).get("subnet"));
        if let Some(vnet) = subnet.and_then(|subnet| self.vnet_of_subnet(subnet)) {
            self.estate.gateways[id].vnet = vnet;
        }
        if let Some(list) = configurations {
            let unknown = self.unknown_elements(list);
            self.gaps(slot, Part::Attachments, unknown);
        }
    }
}
