//! Firewalls, their policies, rule collections, IP groups.

use crate::estate::{
    Action, ApplicationRule, Firewall, FirewallPolicy, FirewallSettings, Id, Idps, NatRule,
    NetworkRule, RuleCollection, RuleCollectionGroup, RuleInfo, Rules, ThreatIntel, Tier,
    Translated,
};
use crate::net::{Destination, FqdnPattern, PortRange, Service, Transport};

use super::names::Taken;
use super::page::{Block, Body, Clause};
use super::target::{Place, has_form_of_name, services};
use super::{Writer, prefixes, switch, texts};

impl Writer<'_> {
    pub(super) fn firewalls(&mut self) -> Body {
        let estate = self.estate;
        let mut body = Body::default();
        for (id, firewall) in estate.firewalls.iter() {
            body.block(self.firewall(id, firewall));
        }
        for (id, policy) in estate.firewall_policies.iter() {
            body.block(self.firewall_policy(id, policy));
        }
        for (id, group) in estate.ip_groups.iter() {
            body.block(self.ip_group(id, group));
        }
        body
    }

    pub(super) fn firewall(&mut self, id: Id<Firewall>, firewall: &Firewall) -> Block {
        let name = self.names.firewalls.of(id).clone();
        let mut above = Body::default();
        let vnet = match self.estate.hub_of(id) {
            Some(hub) => self.names.hubs.of(hub).to_string(),
            None => self.vnet_of(&mut above, "firewall", &name, &firewall.vnet),
        };
        let head = format!("firewall {name} in {vnet}").into();
        let mut block = self.resource(head, "firewall", &firewall.meta, &name);
        block.above.append(above);
        let body = &mut block.body;
        self.common(body, &firewall.meta);
        body.clause(format!("sku {}", firewall.tier.value));
        if let Some(address) = firewall.private_ip {
            body.clause(format!("private-ip {}", address.value));
        }
        let ips = self.public_addresses(body, &firewall.public_ips);
        body.list("public-ip", &ips);
        if let Some(count) = firewall.managed_public_ips {
            body.clause(format!("managed-public-ips {}", count.value));
        }
        let management = firewall.management_ip.as_slice();
        let management = self.public_addresses(body, management);
        body.list("management-ip", &management);
        let policy = firewall.policy.as_ref();
        self.reference(body, "policy", policy, |n| &n.firewall_policies);
        body.list("zones", &texts(&firewall.zones));
        self.settings(body, &firewall.settings);
        for collection in &firewall.collections {
            let inner = self.collection(body, collection);
            body.block(inner);
        }
        block
    }

    pub(super) fn firewall_policy(
        &mut self,
        id: Id<FirewallPolicy>,
        policy: &FirewallPolicy,
    ) -> Block {
        let name = self.names.firewall_policies.of(id).clone();
        let head = format!("firewall-policy {name}").into();
        let mut block = self.resource(head, "firewall policy", &policy.meta, &name);
        let body = &mut block.body;
        self.common(body, &policy.meta);
        let parent = policy.parent.as_ref();
        self.reference(body, "parent", parent, |n| &n.firewall_policies);
        if policy.tier.value != Tier::default() || policy.parent.is_none() {
            body.clause(format!("sku {}", policy.tier.value));
        }
        self.settings(body, &policy.settings);
        policy_settings(body, &policy.settings);
        let mut taken = Taken::words(policy.groups.iter().map(|group| &group.name));
        for group in &policy.groups {
            self.rule_collection_group(body, &mut taken, group);
        }
        block
    }

    fn settings(&mut self, body: &mut Body, settings: &FirewallSettings) {
        if let Some(on) = settings.dns_proxy {
            body.clause(format!("dns-proxy {}", switch(on.value)));
        }
        body.list("dns-servers", &texts(&settings.dns_servers));
        if let Some(needed) = settings.names_need_proxy {
            body.clause(format!("names-need-proxy {}", switch(needed.value)));
        }
        if let Some(mode) = settings.threat_intel {
            let mode = match mode.value {
                ThreatIntel::Off => "off",
                ThreatIntel::Alert => "alert",
                ThreatIntel::Deny => "deny",
            };
            body.clause(format!("threat-intel {mode}"));
        }
        let mut allowed = Vec::new();
        for destination in &settings.threat_intel_allowed {
            let said = match &destination.value {
                Destination::Fqdn(FqdnPattern::Exact(name)) => has_form_of_name(name),
                Destination::Fqdn(_) | Destination::Prefix(_) | Destination::Range(_) => true,
                _ => false,
            };
            let text = destination.value.to_string();
            if said {
                allowed.push(text);
            } else {
                let what = format!("`{text}`, which threat intelligence leaves alone");
                self.not_said(body, destination.span.into(), what);
            }
        }
        body.list("threat-intel-allow", &allowed);
        body.list(
            "snat-private-ranges",
            &prefixes(&settings.snat_private_ranges),
        );
    }

    fn rule_collection_group(
        &mut self,
        body: &mut Body,
        taken: &mut Taken,
        group: &RuleCollectionGroup,
    ) {
        self.condition(body, group.origin);
        if let Some(parameter) = &group.needs_parameter {
            let what = format!("that the next group waits for a value of `{parameter}`");
            self.not_said(body, group.origin, what);
        }
        let kind = "rule collection group";
        let name = self.local_name(body, taken, kind, &group.name, group.origin);
        let head = format!("rule-collection-group {name} {}", group.priority.value);
        let mut block = Block::with_braces(head);
        for collection in &group.collections {
            let inner = self.collection(&mut block.body, collection);
            block.body.block(inner);
        }
        body.block(block);
    }

    /// A collection. What has to be said about its name stands before it, in `around`.
    fn collection(&mut self, around: &mut Body, collection: &RuleCollection) -> Block {
        let (keyword, action) = match (&collection.rules, collection.action) {
            (Rules::Nat(_), _) => ("dnat-rules", ""),
            (Rules::Network(_), Action::Deny) => ("network-rules", " deny"),
            (Rules::Network(_), _) => ("network-rules", " allow"),
            (Rules::Application(_), Action::Deny) => ("application-rules", " deny"),
            (Rules::Application(_), _) => ("application-rules", " allow"),
        };
        let mut taken = Taken::default();
        let kind = "rule collection";
        let origin = collection.origin;
        let name = self.local_name(around, &mut taken, kind, &collection.name, origin);
        let priority = collection.priority.value;
        let mut block = Block::with_braces(format!("{keyword} {name} {priority}{action}"));
        let body = &mut block.body;
        match &collection.rules {
            Rules::Network(rules) => {
                let mut taken = Taken::words(rules.iter().map(|rule| &rule.info.name));
                for rule in rules {
                    self.network_rule(body, &mut taken, rule);
                }
            }
            Rules::Application(rules) => {
                let mut taken = Taken::words(rules.iter().map(|rule| &rule.info.name));
                for rule in rules {
                    self.application_rule(body, &mut taken, rule);
                }
            }
            Rules::Nat(rules) => {
                let mut taken = Taken::words(rules.iter().map(|rule| &rule.info.name));
                for rule in rules {
                    self.nat_rule(body, &mut taken, rule);
                }
            }
        }
        block
    }

    fn network_rule(&mut self, body: &mut Body, taken: &mut Taken, rule: &NetworkRule) {
        let place = (rule.info.name.as_str(), rule.info.origin);
        let from = self.endpoints(body, Place::FirewallRule, place, &rule.sources);
        let to = self.endpoints(body, Place::FirewallRule, place, &rule.destinations);
        let over = network_services(&rule.transports, &rule.ports);
        let first = over.first().map_or(&[][..], Vec::as_slice);
        if self.lacks_part(body, place, &from, &to, first) {
            return;
        }
        let name = self.rule_name(body, taken, &rule.info);
        for (index, over) in over.iter().enumerate() {
            let name = match index {
                0 => name.clone(),
                _ => {
                    let what = format!("rule `{name}` in one: its protocols have other ports");
                    self.not_said(body, rule.info.origin, what);
                    taken.free(name.clone())
                }
            };
            let clause = Clause::new(format!("rule {name}"))
                .part("from", &[&from])
                .part("to", &[&to, over])
                .text(&rule.info.description);
            body.clause(clause);
        }
    }

    fn application_rule(&mut self, body: &mut Body, taken: &mut Taken, rule: &ApplicationRule) {
        let place = (rule.info.name.as_str(), rule.info.origin);
        let from = self.endpoints(body, Place::FirewallRule, place, &rule.sources);
        let mut to = self.endpoints(body, Place::ApplicationRule, place, &rule.destinations);
        let categories = rule.web_categories.iter().map(|it| &it.value);
        let categories = self.words(body, "web category", place.1, categories);
        to.extend(categories.iter().map(|it| format!("web-category {it}")));
        let protocols = rule.protocols.iter().filter(|(_, port)| *port > 0);
        let over: Vec<String> = protocols
            .map(|(protocol, port)| {
                let (protocol, port) = (*protocol, *port);
                Service::App { protocol, port }.to_string()
            })
            .collect();
        if self.lacks_part(body, place, &from, &to, &over) {
            return;
        }
        let name = self.rule_name(body, taken, &rule.info);
        let mut clause = Clause::new(format!("rule {name}"))
            .part("from", &[&from])
            .part("to", &[&to, &over]);
        if rule.terminate_tls.is_some() {
            clause = clause.word("tls-inspection");
        }
        body.clause(clause.text(&rule.info.description));
    }

    /// A DNAT rule has one destination in the language, so that several are several rules.
    fn nat_rule(&mut self, body: &mut Body, taken: &mut Taken, rule: &NatRule) {
        let place = (rule.info.name.as_str(), rule.info.origin);
        let from = self.endpoints(body, Place::FirewallRule, place, &rule.sources);
        let to = self.endpoints(body, Place::FirewallRule, place, &rule.destinations);
        let over = match (rule.port, rule.translated_port) {
            (0, _) | (_, 0) => Vec::new(),
            (port, _) => services(&rule.transports, &[PortRange::single(port)]),
        };
        if self.lacks_part(body, place, &from, &to, &over) {
            return;
        }
        let translated = match &rule.translated {
            Translated::Address(address) => address.to_string(),
            Translated::Fqdn(name) => name.to_string(),
        };
        let first = self.rule_name(body, taken, &rule.info);
        for (index, to) in to.iter().enumerate() {
            let name = match index {
                0 => first.clone(),
                _ => taken.free(first.clone()),
            };
            let to = std::slice::from_ref(to);
            let clause = Clause::new(format!("rule {name}"))
                .part("from", &[&from])
                .part("to", &[to, &over])
                .word(&format!("-> {translated} port {}", rule.translated_port))
                .text(&rule.info.description);
            body.clause(clause);
        }
    }

    fn rule_name(
        &mut self,
        body: &mut Body,
        taken: &mut Taken,
        info: &RuleInfo,
    ) -> smol_str::SmolStr {
        self.local_name(body, taken, "rule", &info.name, info.origin)
    }
}

/// The services of a network rule, in as many rules as it takes: protocols without ports stand beside others in one
/// rule only where those have every port.
fn network_services(transports: &[Transport], ports: &[PortRange]) -> Vec<Vec<String>> {
    if ports == [PortRange::ALL] || transports.iter().all(|it| it.has_ports()) {
        let all = services(transports, ports);
        return if all.is_empty() {
            Vec::new()
        } else {
            vec![all]
        };
    }
    let (with, without): (Vec<Transport>, Vec<Transport>) =
        transports.iter().partition(|it| it.has_ports());
    let parts = [
        services(&with, ports),
        services(&without, &[PortRange::ALL]),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect()
}

/// What only policies can set.
fn policy_settings(body: &mut Body, settings: &FirewallSettings) {
    if let Some(mode) = settings.idps {
        let mode = match mode.value {
            Idps::Off => "off",
            Idps::Alert => "alert",
            Idps::Deny => "deny",
        };
        body.clause(format!("idps {mode}"));
    }
    if let Some(redirect) = settings.sql_redirect {
        body.clause(format!("sql-redirect {}", switch(redirect.value)));
    }
}
