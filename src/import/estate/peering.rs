//! Peerings of virtual networks.

use crate::estate::{Peering, PeeringState};

use super::Builder;
use super::entity::Entity;
use super::gap::Part;
use super::slot::Slot;

impl<'e> Builder<'e> {
    pub(super) fn define_peering(&mut self, entity: &'e Entity<'e>) {
        let Some(parent) = entity.parent else { return };
        let Some(vnet) = self.slot_of(parent) else {
            return;
        };
        let slot = Slot::Vnet(vnet);
        let Some(to) = entity
            .property(&["remoteVirtualNetwork"])
            .and_then(|value| self.reference(value))
        else {
            return;
        };
        let mut peering = Peering {
            origin: entity.name_span.into(),
            from: self.ref_of(parent, entity.name_span),
            to,
            state: PeeringState::Connected,
            // Access is given unless it is taken away, the other switches are off unless they are on
            // (MicrosoftDocs/azure-docs, articles/virtual-network/virtual-network-manage-peering.md).
            access: true,
            forwarded_traffic: false,
            body: None,
            forwarded_text: None,
            gateway_transit: false,
            remote_gateways: false,
            existing: entity.is_existing(),
        };
        let switches = [
            ("allowVirtualNetworkAccess", &mut peering.access),
            ("allowForwardedTraffic", &mut peering.forwarded_traffic),
            ("allowGatewayTransit", &mut peering.gateway_transit),
            ("useRemoteGateways", &mut peering.remote_gateways),
        ];
        for (name, field) in switches {
            if let Some(value) = entity.property(&[name]) {
                let read = self.switch(value);
                if let Some(switch) = self.or_gap(slot, Part::Peering, read) {
                    *field = switch.value;
                }
            }
        }
        if let Some(value) = entity.property(&["allowForwardedTraffic"]) {
            peering.forwarded_text = Some(value.span);
        }
        let states = [
            ("Connected", PeeringState::Connected),
            ("Initiated", PeeringState::Initiated),
            ("Disconnected", PeeringState::Disconnected),
        ];
        if let Some(value) = entity.property(&["peeringState"]) {
            let read = self.choice(value, &states);
            if let Some(state) = self.or_gap(slot, Part::Peering, read) {
                peering.state = state.value;
            }
        }
        self.estate.peerings.push(peering);
    }
}
