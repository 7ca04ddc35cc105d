//! Load balancers.

use crate::estate::{LoadBalancer, Meta};
use crate::import::Value;

use super::Builder;
use super::entity::{Entity, body};
use super::gap::{Part, not_known};
use super::slot::Slot;

pub(super) fn blank(meta: Meta) -> LoadBalancer {
    LoadBalancer {
        meta,
        public_ips: Vec::new(),
        private_ips: Vec::new(),
        backends: Vec::new(),
        outbound_rule: false,
        ports: Vec::new(),
    }
}

impl<'e> Builder<'e> {
    pub(super) fn define_load_balancer(&mut self, index: usize, entity: &'e Entity<'e>) {
        let Some(id) = self.slot_of::<LoadBalancer>(index) else {
            return;
        };
        let slot = Slot::LoadBalancer(id);
        self.is_only_named(slot, entity, &[Part::Attachments]);
        let lists = [
            "frontendIPConfigurations",
            "loadBalancingRules",
            "outboundRules",
            "backendAddressPools",
            "inboundNatRules",
            "inboundNatPools",
        ];
        for list in lists {
            if let Some(list) = entity.property(&[list]) {
                let unknown = self.unknown_elements(list);
                self.gaps(slot, Part::Attachments, unknown);
            }
        }
        for item in elements(entity, "frontendIPConfigurations") {
            self.frontend(slot, body(item));
        }
        for item in elements(entity, "loadBalancingRules") {
            // Port 0 stands for every port of a load balancer for all ports.
            let port = body(item).get("frontendPort");
            if let Some(port) = port.filter(|port| port.known_int() != Some(0)) {
                let read = self.port(port);
                if let Some(port) = self.or_gap(slot, Part::Attachments, read) {
                    self.estate.load_balancers[id].ports.push(port);
                }
            }
        }
        for item in elements(entity, "inboundNatRules") {
            if let Some(port) = body(item).get("frontendPort") {
                let read = self.port(port);
                if let Some(port) = self.or_gap(slot, Part::Attachments, read) {
                    self.estate.load_balancers[id].ports.push(port);
                }
            } else {
                let unknown = not_known("a rule for a range of ports", item.span);
                self.gap(slot, Part::Attachments, unknown);
            }
        }
        if let Some(pools) = elements(entity, "inboundNatPools").next() {
            let unknown = not_known("a rule for a range of ports", pools.span);
            self.gap(slot, Part::Attachments, unknown);
        }
        let outbound = elements(entity, "outboundRules").next().is_some();
        self.estate.load_balancers[id].outbound_rule = outbound || self.translates(slot, entity);
    }

    /// A rule for what comes in translates what its backends send, too, unless it says otherwise
    /// (MicrosoftDocs/azure-docs, articles/load-balancer/load-balancer-outbound-connections.md).
    fn translates(&mut self, slot: Slot, entity: &'e Entity<'e>) -> bool {
        let mut some = false;
        for item in elements(entity, "loadBalancingRules") {
            some |= match body(item).get("disableOutboundSnat") {
                Some(value) => {
                    let read = self.switch(value);
                    let off = self.or_gap(slot, Part::Attachments, read);
                    off.is_some_and(|off| !off.value)
                }
                None => true,
            };
        }
        some
    }

    fn frontend(&mut self, slot: Slot, item: &'e Value) {
        let Slot::LoadBalancer(id) = slot else { return };
        for name in ["publicIPAddress", "publicIPPrefix"] {
            if let Some(public) = item.get(name).and_then(|it| self.reference(it)) {
                self.estate.load_balancers[id].public_ips.push(public);
            }
        }
        if let Some(address) = item.get("privateIPAddress") {
            let read = self.address(address);
            if let Some(address) = self.or_gap(slot, Part::Addresses, read) {
                self.estate.load_balancers[id].private_ips.push(address);
            }
        }
    }
}

fn elements<'e>(entity: &'e Entity<'e>, list: &str) -> impl Iterator<Item = &'e Value> {
    let items = entity.property(&[list]).and_then(Value::items);
    let items = items.unwrap_or_default().iter();
    items.filter(|item| item.unknown().is_none() && !item.is_null())
}
