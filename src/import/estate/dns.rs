//! Private DNS zones, their links and records.

use std::net::IpAddr;

use crate::base::Spanned;
use crate::estate::{DnsRecord, Meta, PrivateDnsZone, Ref, ResolutionPolicy, Vnet, ZoneLink};
use crate::net::Fqdn;

use super::Builder;
use super::endpoint::items;
use super::entity::{Entity, body};
use super::gap::{Part, not_known};
use super::slot::Slot;

/// A zone. One whose domain is not known, or is none, is no element.
pub(super) fn blank(meta: Meta) -> Option<PrivateDnsZone> {
    let domain = meta.name.parse::<Fqdn>().ok()?;
    Some(PrivateDnsZone {
        meta,
        domain,
        links: Vec::new(),
        records: Vec::new(),
    })
}

impl<'e> Builder<'e> {
    pub(super) fn define_dns_zone(&mut self, index: usize, entity: &'e Entity<'e>) {
        let Some(id) = self.slot_of::<PrivateDnsZone>(index) else {
            let unknown = not_known(format!("zone `{}`", entity.name()), entity.name_span);
            self.gap(None, Part::Records, unknown);
            return;
        };
        let slot = Slot::DnsZone(id);
        // Records and links are resources of their own: who has only the zone knows none of them.
        self.is_only_named(slot, entity, &[Part::Records, Part::Links]);
        if let Some(links) = entity.property(&["virtualNetworkLinks"]) {
            let unknown = self.unknown_elements(links);
            self.gaps(slot, Part::Links, unknown);
        }
        let entities = self.entities;
        for (_, child) in entities.children(entity, "virtualnetworklinks") {
            if let Some(link) = self.zone_link(slot, child) {
                self.estate.dns_zones[id].links.push(link);
            }
        }
        let kinds = [
            ("a", "aRecords", "ipv4Address"),
            ("aaaa", "aaaaRecords", "ipv6Address"),
        ];
        for (part, list, key) in kinds {
            for (_, child) in entities.children(entity, part) {
                let addresses = self.record_addresses(slot, child, list, key);
                self.open_record(slot, child);
                if addresses.is_empty() {
                    continue;
                }
                self.estate.dns_zones[id].records.push(DnsRecord {
                    origin: child.name_span.into(),
                    name: child.name(),
                    addresses,
                    cname: None,
                });
            }
        }
        for (_, child) in entities.children(entity, "cname") {
            let Some(value) = child.property(&["cnameRecord", "cname"]) else {
                continue;
            };
            self.open_record(slot, child);
            let read = self.parsed(value, "a domain name", |text| text.parse::<Fqdn>().ok());
            if let Some(alias) = self.or_gap(slot, Part::Records, read) {
                self.estate.dns_zones[id].records.push(DnsRecord {
                    origin: child.name_span.into(),
                    name: child.name(),
                    addresses: Vec::new(),
                    cname: Some(alias),
                });
            }
        }
    }

    fn zone_link(&mut self, slot: Slot, entity: &'e Entity<'e>) -> Option<ZoneLink> {
        let vnet = entity.property(&["virtualNetwork"])?;
        let vnet = self.unless_open(vnet);
        let vnet = self.or_gap(slot, Part::Links, vnet)??;
        self.links_to_open_name(slot, &vnet);
        let mut link = ZoneLink {
            origin: entity.name_span.into(),
            vnet,
            registration: false,
            resolution: ResolutionPolicy::Default,
        };
        if let Some(value) = entity.property(&["registrationEnabled"]) {
            let read = self.switch(value);
            if let Some(switch) = self.or_gap(slot, Part::Links, read) {
                link.registration = switch.value;
            }
        }
        let policies = [
            ("Default", ResolutionPolicy::Default),
            ("NxDomainRedirect", ResolutionPolicy::NxDomainRedirect),
        ];
        if let Some(value) = entity.property(&["resolutionPolicy"]) {
            let read = self.choice(value, &policies);
            if let Some(policy) = self.or_gap(slot, Part::Links, read) {
                link.resolution = policy.value;
            }
        }
        Some(link)
    }

    /// A record whose name is not known may be one of any name.
    fn open_record(&mut self, slot: Slot, record: &Entity<'_>) {
        if record.id.name().known().is_none() {
            let unknown = not_known(format!("record `{}`", record.name()), record.name_span);
            self.gap(slot, Part::Records, unknown);
        }
    }

    /// A link to a network whose id is known in part only may be one to any network.
    fn links_to_open_name(&mut self, slot: Slot, vnet: &Ref<Vnet>) {
        if let (None, true, Some(span)) = (vnet.id, vnet.name.contains("${"), vnet.origin.span()) {
            self.gap(slot, Part::Links, not_known(vnet.name.clone(), span));
        }
    }

    fn record_addresses(
        &mut self,
        slot: Slot,
        entity: &'e Entity<'e>,
        list: &str,
        key: &str,
    ) -> Vec<Spanned<IpAddr>> {
        let list = entity.property(&[list]);
        if let Some(list) = list {
            let unknown = self.unknown_elements(list);
            self.gaps(slot, Part::Records, unknown);
        }
        let mut addresses = Vec::new();
        for item in items(list) {
            if let Some(value) = body(item).get(key) {
                let read = self.address(value);
                addresses.extend(self.or_gap(slot, Part::Records, read));
            }
        }
        addresses
    }
}
