//! Public addresses, prefixes of them, and NAT gateways.

use crate::estate::{Meta, NatGateway, PublicIp};

use super::Builder;
use super::entity::Entity;
use super::gap::{Part, not_known};
use super::slot::Slot;

pub(super) fn blank_ip(meta: Meta) -> PublicIp {
    PublicIp {
        meta,
        address: None,
        zones: Vec::new(),
    }
}

pub(super) fn blank_nat(meta: Meta) -> NatGateway {
    NatGateway {
        meta,
        public_ips: Vec::new(),
        idle_timeout: None,
    }
}

impl<'e> Builder<'e> {
    pub(super) fn define_public_ip(&mut self, index: usize, entity: &'e Entity<'e>) {
        let Some(id) = self.slot_of::<PublicIp>(index) else {
            return;
        };
        let slot = Slot::PublicIp(id);
        if let Some(address) = entity.property(&["ipAddress"]) {
            let read = self.address(address);
            let address = self.or_gap(slot, Part::Addresses, read);
            self.estate.public_ips[id].address = address;
        }
        if let Some(prefix) = entity.property(&["ipPrefix"]) {
            let unknown = not_known("a prefix of public addresses", prefix.span);
            self.gap(slot, Part::Addresses, unknown);
        }
        self.estate.public_ips[id].zones = self.zones(slot, entity);
    }

    pub(super) fn define_nat_gateway(&mut self, index: usize, entity: &'e Entity<'e>) {
        let Some(id) = self.slot_of::<NatGateway>(index) else {
            return;
        };
        let slot = Slot::NatGateway(id);
        self.is_only_named(slot, entity, &[Part::Attachments]);
        let lists = [
            "publicIpAddresses",
            "publicIpAddressesV6",
            "publicIpPrefixes",
            "publicIpPrefixesV6",
        ];
        for list in lists {
            let value = entity.property(&[list]);
            if let Some(value) = value {
                let unknown = self.unknown_elements(value);
                self.gaps(slot, Part::Attachments, unknown);
            }
            let public = self.references(value);
            self.estate.nat_gateways[id].public_ips.extend(public);
        }
        if let Some(minutes) = entity.property(&["idleTimeoutInMinutes"]) {
            let read = self.parsed(minutes, "a number of minutes", |text| text.parse().ok());
            self.estate.nat_gateways[id].idle_timeout = self.or_gap_of_none(Part::Settings, read);
        }
    }
}
