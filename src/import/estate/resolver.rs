//! Private resolvers and their forwarding rule sets.
//!
//! An inbound endpoint is a server that machines and other servers ask. It asks Azure, and the rule sets linked to
//! its network apply (MicrosoftDocs/azure-docs, articles/dns/private-resolver-endpoints-rulesets.md).

use std::net::IpAddr;

use crate::base::Spanned;
use crate::estate::{ConditionalForwarder, DnsServer, Ref, Vnet};
use crate::net::Fqdn;

use super::Builder;
use super::endpoint::items;
use super::entity::{Entity, body};
use super::gap::{Part, not_known};
use super::short_kind;
use super::slot::Slot;

/// The rules of a rule set.
#[derive(Debug, Default)]
struct RuleSet {
    vnets: Vec<Ref<Vnet>>,
    conditional: Vec<ConditionalForwarder>,
    /// The servers for every other domain.
    rest: Option<Vec<Spanned<IpAddr>>>,
}

impl<'e> Builder<'e> {
    pub(super) fn define_resolvers(&mut self) {
        let entities = self.entities;
        let mut sets = Vec::new();
        for (_, entity) in entities.iter() {
            if short_kind(entity) == "dnsforwardingrulesets" {
                sets.push(self.rule_set(entity));
            }
        }
        for (index, entity) in entities.iter() {
            if short_kind(entity) == "dnsresolvers/inboundendpoints" {
                self.inbound_endpoint(index, entity, &sets);
            }
        }
        for set in &sets {
            for vnet in &set.vnets {
                if let (Some(id), Some(span)) = (vnet.id, vnet.origin.span()) {
                    let unknown = not_known("a forwarding rule set is linked to it", span);
                    self.gap(Slot::Vnet(id), Part::Forwarding, unknown);
                }
            }
        }
    }

    fn rule_set(&mut self, entity: &'e Entity<'e>) -> RuleSet {
        let entities = self.entities;
        let mut set = RuleSet::default();
        for (_, link) in entities.children(entity, "virtualnetworklinks") {
            let vnet = link.property(&["virtualNetwork"]);
            set.vnets.extend(vnet.and_then(|vnet| self.reference(vnet)));
        }
        for (_, rule) in entities.children(entity, "forwardingrules") {
            let disabled = rule
                .property(&["forwardingRuleState"])
                .and_then(|state| state.known_text())
                .is_some_and(|state| state.eq_ignore_ascii_case("Disabled"));
            let Some(domain) = rule.property(&["domainName"]).filter(|_| !disabled) else {
                continue;
            };
            let mut servers = Vec::new();
            for item in items(rule.property(&["targetDnsServers"])) {
                if let Some(address) = body(item).get("ipAddress") {
                    let read = self.address(address);
                    servers.extend(self.or_gap_of_none(Part::Forwarding, read));
                }
            }
            if domain.known_text().is_some_and(|text| text == ".") {
                set.rest = Some(servers);
                continue;
            }
            let read = self.parsed(domain, "a domain name", |text| text.parse::<Fqdn>().ok());
            if let Some(domain) = self.or_gap_of_none(Part::Forwarding, read) {
                set.conditional.push(ConditionalForwarder {
                    origin: rule.name_span.into(),
                    domain: domain.value,
                    servers,
                });
            }
        }
        set
    }

    fn inbound_endpoint(&mut self, index: usize, entity: &'e Entity<'e>, sets: &[RuleSet]) {
        let resolver = entity.parent.and_then(|parent| self.entities.get(parent));
        let vnet: Option<Ref<Vnet>> = resolver
            .and_then(|resolver| resolver.property(&["virtualNetwork"]))
            .and_then(|vnet| self.reference(vnet));
        let configurations = entity.property(&["ipConfigurations"]);
        let mut configurations = items(configurations);
        let address = configurations.find_map(|item| body(item).get("privateIpAddress"));
        let read = match address {
            Some(address) => self.address(address),
            None => Err(not_known(
                format!("the address of `{}`", entity.id),
                entity.name_span,
            )),
        };
        let Some(address) = self.or_gap_of_none(Part::Addresses, read) else {
            return;
        };
        let id = vnet.as_ref().and_then(|vnet| vnet.id);
        let linked: Vec<&RuleSet> = sets
            .iter()
            .filter(|set| id.is_some() && set.vnets.iter().any(|vnet| vnet.id == id))
            .collect();
        let server = DnsServer {
            meta: self.meta(entity),
            address,
            vnet,
            forwarders: linked.iter().find_map(|set| set.rest.clone()),
            conditional: linked
                .iter()
                .flat_map(|set| set.conditional.iter().cloned())
                .collect(),
        };
        let id = self.estate.dns_servers.push(server);
        self.set_slot(index, Some(Slot::DnsServer(id)));
    }
}
