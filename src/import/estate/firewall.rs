//! Azure Firewall: the resource and its classic rules.

use crate::base::{Span, Spanned};
use crate::estate::{Firewall, FirewallSettings, Meta, PublicAddress, Ref, Tier};
use crate::import::Value;

use super::Builder;
use super::entity::{Entity, body};
use super::gap::{Part, not_known};
use super::policy::{DEFAULT_RANGES, TIERS};
use super::rule::Kind;
use super::side::{Block, comma_separated};
use super::slot::Slot;

pub(super) fn blank(meta: Meta, place: Span) -> Firewall {
    Firewall {
        meta,
        vnet: Ref {
            id: None,
            name: smol_str::SmolStr::default(),
            origin: place.into(),
        },
        tier: Spanned::new(Tier::default(), place),
        private_ip: None,
        public_ips: Vec::new(),
        managed_public_ips: None,
        management_ip: None,
        policy: None,
        settings: FirewallSettings::default(),
        collections: Vec::new(),
        zones: Vec::new(),
    }
}

impl<'e> Builder<'e> {
    pub(super) fn define_firewall(&mut self, index: usize, entity: &'e Entity<'e>) {
        let Some(id) = self.slot_of::<Firewall>(index) else {
            return;
        };
        let slot = Slot::Firewall(id);
        let parts = [Part::Collections, Part::Settings, Part::Attachments];
        if self.is_only_named(slot, entity, &parts) {
            return;
        }
        if let Some(tier) = entity.property(&["sku", "tier"]) {
            let read = self.choice(tier, &TIERS);
            if let Some(tier) = self.or_gap(slot, Part::Settings, read) {
                self.estate.firewalls[id].tier = tier;
            }
        }
        self.estate.firewalls[id].policy = entity
            .property(&["firewallPolicy"])
            .and_then(|value| self.reference(value));
        self.estate.firewalls[id].zones = self.zones(slot, entity);
        self.firewall_configurations(slot, entity);
        self.hub_addresses(slot, entity);
        let settings = self.firewall_settings(slot, entity);
        self.estate.firewalls[id].settings = settings;
        self.classic_collections(slot, entity);
    }

    /// Availability zones, which are strings of digits.
    pub(super) fn zones(&mut self, slot: Slot, entity: &'e Entity<'e>) -> Vec<Spanned<u8>> {
        let (zones, unknown) = self.list(entity.beside(&["zones"]), |builder, item| {
            builder.parsed(item, "the number of a zone", |text| text.parse().ok())
        });
        self.gaps(slot, Part::Zones, unknown);
        zones
    }

    fn firewall_configurations(&mut self, slot: Slot, entity: &'e Entity<'e>) {
        let Slot::Firewall(id) = slot else { return };
        let list = entity.property(&["ipConfigurations"]);
        if let Some(list) = list {
            let unknown = self.unknown_elements(list);
            self.gaps(slot, Part::Attachments, unknown);
        }
        let items = list.and_then(Value::items).unwrap_or_default();
        for item in items {
            let configuration = body(item);
            if let Some(vnet) = configuration
                .get("subnet")
                .and_then(|subnet| self.vnet_of_subnet(subnet))
            {
                self.estate.firewalls[id].vnet = vnet;
            }
            if let Some(address) = configuration.get("privateIPAddress") {
                let read = self.address(address);
                let address = self.or_gap(slot, Part::Addresses, read);
                if address.is_some() {
                    self.estate.firewalls[id].private_ip = address;
                }
            }
            let public = configuration.get("publicIPAddress");
            // Very old versions of the interface spell it so.
            let public = public.or_else(|| configuration.get("internalPublicIpAddress"));
            if let Some(public) = public.and_then(|public| self.reference(public)) {
                let public = PublicAddress::Resource(public);
                self.estate.firewalls[id].public_ips.push(public);
            }
        }
        let management = entity.property(&["managementIpConfiguration"]);
        let management = management.and_then(|it| body(it).get("publicIPAddress"));
        if let Some(public) = management.and_then(|public| self.reference(public)) {
            self.estate.firewalls[id].management_ip = Some(PublicAddress::Resource(public));
        }
    }

    /// The addresses of a firewall inside a virtual WAN hub, which Azure gives it.
    fn hub_addresses(&mut self, slot: Slot, entity: &'e Entity<'e>) {
        let Slot::Firewall(id) = slot else { return };
        if let Some(hub) = entity.property(&["virtualHub"])
            && let Some(hub_id) = super::reference::parse_id(hub)
        {
            self.estate.firewalls[id].vnet = self.nothing(hub_id.to_string(), hub.span);
        }
        if let Some(address) = entity.property(&["hubIPAddresses", "privateIPAddress"]) {
            let read = self.address(address);
            let address = self.or_gap(slot, Part::Addresses, read);
            if address.is_some() {
                self.estate.firewalls[id].private_ip = address;
            }
        }
        let addresses = entity.property(&["hubIPAddresses", "publicIPs", "addresses"]);
        let (addresses, unknown) = self.list(addresses, |builder, item| {
            builder.address(item.get("address").unwrap_or(item))
        });
        let addresses = addresses.into_iter().map(PublicAddress::Literal);
        self.estate.firewalls[id].public_ips.extend(addresses);
        if let Some(count) = entity.property(&["hubIPAddresses", "publicIPs", "count"]) {
            let read = self.number(count, "a number of addresses");
            let count = self.or_gap(slot, Part::Addresses, read);
            self.estate.firewalls[id].managed_public_ips = count.filter(|count| count.value > 0);
        }
        if let Some(hub) = entity.property(&["virtualHub"])
            && self.estate.firewalls[id].public_ips.is_empty()
            && self.estate.firewalls[id].managed_public_ips.is_none()
        {
            let unknown = not_known("addresses that Azure gives", hub.span);
            self.gap(slot, Part::Addresses, unknown);
        }
        self.gaps(slot, Part::Addresses, unknown);
    }

    /// Settings of a firewall without policy: threat intelligence, and strings under names with dots
    /// (MicrosoftDocs/azure-docs, articles/firewall/snat-private-range.md and dns-settings.md).
    fn firewall_settings(&mut self, slot: Slot, entity: &'e Entity<'e>) -> FirewallSettings {
        let mut settings = FirewallSettings {
            threat_intel: self.threat_intel(slot, entity),
            ..FirewallSettings::default()
        };
        let Some(extra) = entity.property(&["additionalProperties"]) else {
            return settings;
        };
        if let Some(symbol) = extra.unknown() {
            let unknown = self.unknown(extra, symbol);
            self.gap(slot, Part::Settings, unknown);
        }
        if let Some(value) = extra.get("Network.DNS.EnableProxy") {
            let read = self.switch(value);
            settings.dns_proxy = self.or_gap(slot, Part::Settings, read);
        }
        if let Some(value) = extra.get("Network.DNS.Servers") {
            let read = self.parsed(value, "addresses between commas", |text| {
                comma_separated(text).map(super::side::single).collect()
            });
            let servers: Option<Spanned<Vec<_>>> = self.or_gap(slot, Part::Settings, read);
            if let Some(servers) = servers {
                let servers_at = servers.value.into_iter();
                settings.dns_servers = servers_at
                    .map(|address| Spanned::new(address, servers.span))
                    .collect();
            }
        }
        if let Some(value) = extra.get("Network.SNAT.PrivateRanges") {
            self.classic_ranges(slot, value, &mut settings);
        }
        settings
    }

    fn classic_ranges(&mut self, slot: Slot, value: &'e Value, settings: &mut FirewallSettings) {
        let read = self.text(value, "prefixes between commas");
        let Some(text) = self.or_gap(slot, Part::Settings, read) else {
            return;
        };
        if text.value.trim().eq_ignore_ascii_case(DEFAULT_RANGES) {
            return;
        }
        for item in comma_separated(&text.value) {
            match Block::parse(item) {
                Some(Block::Prefix(prefix)) => {
                    let prefix = Spanned::new(prefix, text.span);
                    settings.snat_private_ranges.push(prefix);
                }
                Some(Block::Range(_)) | None => {
                    self.gap(slot, Part::Settings, not_known(item, text.span));
                }
            }
        }
    }

    fn classic_collections(&mut self, slot: Slot, entity: &'e Entity<'e>) {
        let Slot::Firewall(id) = slot else { return };
        let kinds = [
            ("natRuleCollections", Kind::Nat),
            ("networkRuleCollections", Kind::Network),
            ("applicationRuleCollections", Kind::Application),
        ];
        for (name, kind) in kinds {
            let Some(list) = entity.property(&[name]) else {
                continue;
            };
            let unknown = self.unknown_elements(list);
            self.gaps(slot, Part::Collections, unknown);
            for item in list.items().unwrap_or_default() {
                if item.unknown().is_some() || item.is_null() {
                    continue;
                }
                let (known, unknown) = self.collection(item, Some(kind));
                self.estate.firewalls[id].collections.extend(known);
                self.gaps(slot, Part::Collections, unknown);
            }
        }
    }
}
