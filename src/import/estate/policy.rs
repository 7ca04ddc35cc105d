//! Firewall policies and their rule collection groups.

use crate::base::{Span, Spanned};
use crate::estate::{
    FirewallPolicy, FirewallSettings, Idps, Meta, RuleCollectionGroup, ThreatIntel, Tier,
};
use crate::import::Value;
use crate::net::Destination;

use super::Builder;
use super::entity::{Entity, body};
use super::gap::{Part, not_known};
use super::side::Block;
use super::slot::Slot;
use crate::estate::Unknown;

pub(super) const TIERS: [(&str, Tier); 3] = [
    ("Basic", Tier::Basic),
    ("Standard", Tier::Standard),
    ("Premium", Tier::Premium),
];

const MODES: [(&str, ThreatIntel); 3] = [
    ("Off", ThreatIntel::Off),
    ("Alert", ThreatIntel::Alert),
    ("Deny", ThreatIntel::Deny),
];

const IDPS_MODES: [(&str, Idps); 3] = [
    ("Off", Idps::Off),
    ("Alert", Idps::Alert),
    ("Deny", Idps::Deny),
];

/// Azure's word for the ranges that are not translated when none are stated
/// (MicrosoftDocs/azure-docs, articles/firewall/snat-private-range.md).
pub(super) const DEFAULT_RANGES: &str = "IANAPrivateRanges";

pub(super) fn blank(meta: Meta, place: Span) -> FirewallPolicy {
    FirewallPolicy {
        meta,
        tier: Spanned::new(Tier::default(), place),
        parent: None,
        settings: FirewallSettings::default(),
        groups: Vec::new(),
    }
}

impl<'e> Builder<'e> {
    pub(super) fn define_policy(&mut self, index: usize, entity: &'e Entity<'e>) {
        let Some(id) = self.slot_of::<FirewallPolicy>(index) else {
            return;
        };
        let slot = Slot::FirewallPolicy(id);
        self.is_only_named(slot, entity, &[Part::Groups, Part::Settings]);
        if let Some(tier) = entity.property(&["sku", "tier"]) {
            let read = self.choice(tier, &TIERS);
            if let Some(tier) = self.or_gap(slot, Part::Settings, read) {
                self.estate.firewall_policies[id].tier = tier;
            }
        }
        self.estate.firewall_policies[id].parent = entity
            .property(&["basePolicy"])
            .and_then(|value| self.reference(value));
        let settings = self.policy_settings(slot, entity);
        self.estate.firewall_policies[id].settings = settings;
        let entities = self.entities;
        for part in ["rulecollectiongroups", "rulegroups"] {
            for (_, child) in entities.children(entity, part) {
                let at = self.estate.firewall_policies[id].groups.len();
                let read = self.group(slot, at, child);
                if let Some(group) = self.or_gap(slot, Part::Groups, read) {
                    self.estate.firewall_policies[id].groups.push(group);
                }
            }
        }
    }

    fn policy_settings(&mut self, slot: Slot, entity: &'e Entity<'e>) -> FirewallSettings {
        let mut settings = FirewallSettings::default();
        if let Some(value) = entity.property(&["dnsSettings", "enableProxy"]) {
            let read = self.switch(value);
            settings.dns_proxy = self.or_gap(slot, Part::Settings, read);
        }
        if let Some(value) = entity.property(&["dnsSettings", "requireProxyForNetworkRules"]) {
            let read = self.switch(value);
            settings.names_need_proxy = self.or_gap(slot, Part::Settings, read);
        }
        let dns = entity.property(&["dnsSettings"]);
        if let Some(symbol) = dns.and_then(Value::unknown)
            && let Some(dns) = dns
        {
            let unknown = self.unknown(dns, symbol);
            self.gap(slot, Part::Settings, unknown);
        }
        let (servers, unknown) =
            self.list(entity.property(&["dnsSettings", "servers"]), Self::address);
        settings.dns_servers = servers;
        self.gaps(slot, Part::Settings, unknown);
        settings.threat_intel = self.threat_intel(slot, entity);
        if let Some(value) = entity.property(&["intrusionDetection", "mode"]) {
            let read = self.choice(value, &IDPS_MODES);
            settings.idps = self.or_gap(slot, Part::Settings, read);
        }
        if let Some(value) = entity.property(&["sql", "allowSqlRedirect"]) {
            let read = self.switch(value);
            settings.sql_redirect = self.or_gap(slot, Part::Settings, read);
        }
        self.threat_intel_allowed(
            slot,
            entity.property(&["threatIntelWhitelist"]),
            &mut settings,
        );
        self.private_ranges(
            slot,
            entity.property(&["snat", "privateRanges"]),
            &mut settings,
        );
        settings
    }

    pub(super) fn threat_intel(
        &mut self,
        slot: Slot,
        entity: &'e Entity<'e>,
    ) -> Option<Spanned<ThreatIntel>> {
        let value = entity.property(&["threatIntelMode"])?;
        let read = self.choice(value, &MODES);
        self.or_gap(slot, Part::Settings, read)
    }

    fn threat_intel_allowed(
        &mut self,
        slot: Slot,
        allowed: Option<&'e Value>,
        settings: &mut FirewallSettings,
    ) {
        let names = allowed.and_then(|allowed| allowed.get("fqdns"));
        let (names, unknown) = self.list(names, |builder, item| {
            builder.parsed(item, "a domain name", |text| {
                text.parse().ok().map(Destination::Fqdn)
            })
        });
        settings.threat_intel_allowed.extend(names);
        self.gaps(slot, Part::Settings, unknown);
        let addresses = allowed.and_then(|allowed| allowed.get("ipAddresses"));
        let (addresses, unknown) = self.list(addresses, |builder, item| {
            builder.parsed(item, "an address, prefix or range", |text| {
                Some(match Block::parse(text)? {
                    Block::Prefix(prefix) => Destination::Prefix(prefix),
                    Block::Range(range) => Destination::Range(range),
                })
            })
        });
        settings.threat_intel_allowed.extend(addresses);
        self.gaps(slot, Part::Settings, unknown);
    }

    /// Ranges that are not translated. Azure's word alone means its default.
    fn private_ranges(
        &mut self,
        slot: Slot,
        ranges: Option<&'e Value>,
        settings: &mut FirewallSettings,
    ) {
        let items = ranges.and_then(Value::items).unwrap_or_default();
        let is_default = |item: &Value| {
            let text = item.known_text();
            text.is_some_and(|text| text.eq_ignore_ascii_case(DEFAULT_RANGES))
        };
        if let [only] = items
            && is_default(only)
        {
            return;
        }
        let (known, unknown) = self.list(ranges, |builder, item| {
            if is_default(item) {
                return Err(not_known(DEFAULT_RANGES, item.span));
            }
            match builder.parsed(item, "a prefix", Block::parse)? {
                Spanned {
                    value: Block::Prefix(prefix),
                    span,
                } => Ok(Spanned::new(prefix, span)),
                Spanned { span, .. } => Err(not_known("a range of addresses", span)),
            }
        });
        settings.snat_private_ranges = known;
        self.gaps(slot, Part::Settings, unknown);
    }

    /// A rule collection group; what is not known of its collections and rules is noted.
    fn group(
        &mut self,
        slot: Slot,
        at: usize,
        entity: &'e Entity<'e>,
    ) -> Result<RuleCollectionGroup, Unknown> {
        let place = entity.name_span;
        let priority = match entity.property(&["priority"]) {
            Some(value) => self.number(value, "a priority from 100 to 65000"),
            None => Err(not_known(
                format!("rule collection group `{}`", entity.name()),
                place,
            )),
        }?;
        let list = entity
            .property(&["ruleCollections"])
            .or_else(|| entity.property(&["rules"]));
        if let Some(list) = list {
            let unknown = self.unknown_elements(list);
            self.gaps(slot, Part::Group(at), unknown);
        }
        let mut collections = Vec::new();
        for item in list.and_then(Value::items).unwrap_or_default() {
            if item.unknown().is_some() || item.is_null() {
                continue;
            }
            let (known, unknown) = self.collection(item, policy_kind(item));
            collections.extend(known);
            self.gaps(slot, Part::Group(at), unknown);
        }
        Ok(RuleCollectionGroup {
            name: entity.name(),
            origin: place.into(),
            priority,
            collections,
            needs_parameter: None,
        })
    }
}

/// What the type of a collection says of its rules: only that they translate.
fn policy_kind(item: &Value) -> Option<super::rule::Kind> {
    let stated = body(item)
        .get("ruleCollectionType")
        .or_else(|| body(item).get("ruleType"))?;
    let nat = ["FirewallPolicyNatRuleCollection", "FirewallPolicyNatRule"];
    let is_nat = stated
        .known_text()
        .is_some_and(|text| nat.iter().any(|nat| text.eq_ignore_ascii_case(nat)));
    is_nat.then_some(super::rule::Kind::Nat)
}
