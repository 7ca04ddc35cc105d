//! Firewalls, policies, rules.

use std::collections::BTreeSet;

use crate::base::Spanned;
use crate::diag::{Finding, Id as FindingId};
use crate::estate::{
    Action, ApplicationRule, Endpoint, FIREWALL_SUBNET, Firewall, FirewallPolicy, FirewallSettings,
    Id, Idps, NatRule, NetworkRule, PublicAddress, RuleCollection, RuleCollectionGroup, RuleInfo,
    RuleText, Rules, ThreatIntel, Tier, Translated,
};
use crate::net::{Destination, FqdnPattern, PortRange, Service, Transport, parse_address};
use crate::syntax::tree::{self, Place, Target, TargetKind, Word};

use super::declare::Declared;
use super::{Lowering, Once};

const PRIORITY: &str = "expected a priority from 100 to 65000";

impl Lowering<'_> {
    pub(super) fn define_firewall(&mut self, id: Id<Firewall>, block: &tree::Firewall) {
        let mut once = Once::default();
        let mut settings = FirewallSettings::default();
        for clause in &block.body.clauses {
            match clause {
                tree::FirewallClause::PrivateIp(word) => {
                    if self.first_time(&mut once, "private-ip", word.span)
                        && let Some(address) = self.address(word)
                    {
                        self.estate.firewalls[id].private_ip = Some(address);
                    }
                }
                tree::FirewallClause::PublicIp(words) => {
                    let ips: Vec<_> = words
                        .iter()
                        .filter_map(|word| self.public_address(word))
                        .collect();
                    self.estate.firewalls[id].public_ips.extend(ips);
                }
                tree::FirewallClause::ManagedPublicIps(word) => {
                    if self.first_time(&mut once, "managed-public-ips", word.span) {
                        let count = self.number(word, "expected a number of addresses");
                        self.estate.firewalls[id].managed_public_ips = count;
                    }
                }
                tree::FirewallClause::ManagementIp(word) => {
                    if self.first_time(&mut once, "management-ip", word.span) {
                        self.estate.firewalls[id].management_ip = self.public_address(word);
                    }
                }
                tree::FirewallClause::Policy(word) => {
                    if self.first_time(&mut once, "policy", word.span) {
                        let policy = self.reference(word, |names| &names.firewall_policies);
                        self.estate.firewalls[id].policy = policy;
                    }
                }
                tree::FirewallClause::Zones(words) => {
                    let zones = self.zones(words);
                    self.estate.firewalls[id].zones.extend(zones);
                }
                tree::FirewallClause::Setting(setting) => {
                    if let Some(tier) = self.setting(setting, &mut once, &mut settings) {
                        self.estate.firewalls[id].tier = tier;
                    }
                }
                tree::FirewallClause::Common(common) => {
                    if let Some(home) = self.common(common, &mut once, block.body.span) {
                        self.estate.firewalls[id].meta.home = home;
                    }
                }
                tree::FirewallClause::Collection(_) => {}
            }
        }
        self.estate.firewalls[id].settings = settings;
        self.place_firewall(id, block);
        if let Some(vnet) = self.estate.firewalls[id].vnet.id {
            let address = self.estate.firewalls[id].private_ip;
            let subnet = self.estate.subnet_named(vnet, FIREWALL_SUBNET);
            self.must_lie_in(address.as_slice(), subnet);
        }
    }

    /// Reports every policy that inherits from itself.
    pub(super) fn report_circles_of_parents(&mut self) {
        let policies = &self.estate.firewall_policies;
        let parent = |id: Id<FirewallPolicy>| policies[id].parent.as_ref();
        let mut findings = Vec::new();
        for (id, policy) in policies.iter() {
            let ancestors = std::iter::successors(parent(id), |it| parent(it.id?));
            // A way longer than the number of policies goes round a circle that this one is not part of.
            let circle = ancestors.take(policies.len()).any(|it| it.id == Some(id));
            if let Some(parent) = parent(id).filter(|_| circle) {
                let message = format!(
                    "firewall policy `{}` inherits from itself",
                    policy.meta.name
                );
                findings.push(
                    Finding::new(FindingId::TG0011, message)
                        .at(parent.origin, "part of the circle")
                        .related(policy.meta.origin, "the policy")
                        .help("the base of all policies has no `parent`"),
                );
            }
        }
        self.findings.extend(findings);
    }

    pub(super) fn define_firewall_policy(
        &mut self,
        id: Id<FirewallPolicy>,
        block: &tree::Block<tree::FirewallPolicyClause>,
    ) {
        let mut once = Once::default();
        let mut settings = FirewallSettings::default();
        for clause in &block.body.clauses {
            match clause {
                tree::FirewallPolicyClause::Parent(word) => {
                    if self.first_time(&mut once, "parent", word.span) {
                        let parent = self.reference(word, |names| &names.firewall_policies);
                        self.estate.firewall_policies[id].parent = parent;
                    }
                }
                tree::FirewallPolicyClause::Setting(setting) => {
                    if let Some(tier) = self.setting(setting, &mut once, &mut settings) {
                        self.estate.firewall_policies[id].tier = tier;
                    }
                }
                tree::FirewallPolicyClause::PolicySetting(setting) => {
                    self.policy_setting(setting, &mut once, &mut settings);
                }
                tree::FirewallPolicyClause::Common(common) => {
                    if let Some(home) = self.common(common, &mut once, block.body.span) {
                        self.estate.firewall_policies[id].meta.home = home;
                    }
                }
                tree::FirewallPolicyClause::Group(_) => {}
            }
        }
        self.estate.firewall_policies[id].settings = settings;
    }

    fn policy_setting(
        &mut self,
        setting: &tree::PolicySetting,
        once: &mut Once,
        settings: &mut FirewallSettings,
    ) {
        match setting {
            tree::PolicySetting::Idps(word) => {
                if self.first_time(once, "idps", word.span) {
                    let modes = [
                        ("off", Idps::Off),
                        ("alert", Idps::Alert),
                        ("deny", Idps::Deny),
                    ];
                    settings.idps = self.choice(word, "a mode of intrusion detection", &modes);
                }
            }
            tree::PolicySetting::SqlRedirect(word) => {
                if self.first_time(once, "sql-redirect", word.span) {
                    settings.sql_redirect = self.switch(word);
                }
            }
        }
    }

    /// Applies a setting; gives the tier when that is what it sets.
    fn setting(
        &mut self,
        setting: &tree::FirewallSetting,
        once: &mut Once,
        settings: &mut FirewallSettings,
    ) -> Option<Spanned<Tier>> {
        match setting {
            tree::FirewallSetting::Sku(word) => {
                if self.first_time(once, "sku", word.span) {
                    return self.choice(word, "a tier", &Tier::ALL.map(|tier| (tier.name(), tier)));
                }
            }
            tree::FirewallSetting::DnsProxy(word) => {
                if self.first_time(once, "dns-proxy", word.span) {
                    settings.dns_proxy = self.switch(word);
                }
            }
            tree::FirewallSetting::DnsServers(words) => {
                settings.dns_servers.extend(self.addresses(words));
            }
            tree::FirewallSetting::ThreatIntel(word) => {
                if self.first_time(once, "threat-intel", word.span) {
                    let modes = [
                        ("off", ThreatIntel::Off),
                        ("alert", ThreatIntel::Alert),
                        ("deny", ThreatIntel::Deny),
                    ];
                    settings.threat_intel = self.choice(word, "a threat intelligence mode", &modes);
                }
            }
            tree::FirewallSetting::ThreatIntelAllow(words) => {
                let allowed = words.iter().filter_map(|word| self.name_or_address(word));
                settings.threat_intel_allowed.extend(allowed);
            }
            tree::FirewallSetting::NamesNeedProxy(word) => {
                if self.first_time(once, "names-need-proxy", word.span) {
                    settings.names_need_proxy = self.switch(word);
                }
            }
            tree::FirewallSetting::SnatPrivateRanges(words) => {
                settings.snat_private_ranges.extend(self.prefixes(words));
            }
        }
        None
    }

    pub(super) fn public_address(&mut self, word: &Word) -> Option<PublicAddress> {
        let text = self.text(word, "a public IP")?;
        match parse_address(&text) {
            Some(address) => Some(PublicAddress::Literal(Spanned::new(address, word.span))),
            None => self
                .reference(word, |names| &names.public_ips)
                .map(PublicAddress::Resource),
        }
    }

    /// Rules come last: what they name may be declared anywhere.
    pub(super) fn define_rules(&mut self, declared: &[Declared<'_>]) {
        for item in declared {
            match item {
                Declared::Nsg(id, block) => self.define_nsg(*id, block),
                Declared::Appliance(id, block) => self.define_appliance_filter(*id, block),
                Declared::Firewall(id, block) => {
                    for clause in &block.body.clauses {
                        if let tree::FirewallClause::Collection(collection) = clause
                            && let Some(collection) = self.collection(collection)
                        {
                            self.estate.firewalls[*id].collections.push(collection);
                        }
                    }
                }
                Declared::FirewallPolicy(id, block) => {
                    for clause in &block.body.clauses {
                        if let tree::FirewallPolicyClause::Group(group) = clause
                            && let Some(group) = self.rule_collection_group(group)
                        {
                            self.estate.firewall_policies[*id].groups.push(group);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn rule_collection_group(
        &mut self,
        group: &tree::RuleCollectionGroup,
    ) -> Option<RuleCollectionGroup> {
        let priority = self.number(&group.priority, PRIORITY);
        let collections = group
            .body
            .clauses
            .iter()
            .filter_map(|collection| self.collection(collection))
            .collect();
        Some(RuleCollectionGroup {
            name: self.name(&group.name),
            origin: group.name.span.into(),
            priority: priority?,
            collections,
            needs_parameter: None,
        })
    }

    fn collection(&mut self, collection: &tree::RuleCollection) -> Option<RuleCollection> {
        let (name, priority, action, rules) = match collection {
            tree::RuleCollection::Network(c) => {
                let rules = c
                    .body
                    .clauses
                    .iter()
                    .filter_map(|rule| self.network_rule(rule))
                    .collect();
                (
                    &c.name,
                    &c.priority,
                    filter_action(&c.action),
                    Rules::Network(rules),
                )
            }
            tree::RuleCollection::Application(c) => {
                let rules = c
                    .body
                    .clauses
                    .iter()
                    .filter_map(|rule| self.application_rule(rule))
                    .collect();
                (
                    &c.name,
                    &c.priority,
                    filter_action(&c.action),
                    Rules::Application(rules),
                )
            }
            tree::RuleCollection::Dnat(c) => {
                let rules = c
                    .body
                    .clauses
                    .iter()
                    .filter_map(|rule| self.nat_rule(rule))
                    .collect();
                (&c.name, &c.priority, Action::Dnat, Rules::Nat(rules))
            }
        };
        let priority = self.number(priority, PRIORITY)?;
        Some(RuleCollection {
            name: self.name(name),
            origin: name.span.into(),
            priority,
            action,
            rules,
        })
    }

    fn network_rule(&mut self, rule: &tree::Rule) -> Option<NetworkRule> {
        let sources = self.endpoints(&rule.from);
        let destinations = self.endpoints(&rule.to);
        let services = self.services(&rule.services);
        if destinations
            .iter()
            .any(|to| matches!(to, Endpoint::Plain(Destination::FqdnTag(_))))
        {
            let finding = Finding::new(
                FindingId::TG3006,
                "an FQDN tag cannot stand in a network rule",
            )
            .at(rule.name.span, "this rule")
            .help("put it into application-rules");
            self.report(finding);
            return None;
        }
        if let Some(tls) = &rule.tls_inspection {
            let finding = Finding::new(FindingId::TG3006, "a network rule cannot look into TLS")
                .at(tls.span, "for application rules only")
                .help("put the rule into application-rules, or leave this out");
            self.report(finding);
        }
        let (transports, ports) = transports_and_ports(&services);
        self.every_pair_is_meant(rule, &services, &transports, &ports);
        Some(NetworkRule {
            info: self.info(&rule.name, rule.description.as_ref(), text_of(rule)),
            sources,
            destinations,
            transports,
            ports,
        })
    }

    /// A network rule lets every protocol through on every port, so `tcp/80, udp/53` would mean four pairs.
    fn every_pair_is_meant(
        &mut self,
        rule: &tree::Rule,
        services: &[Spanned<Service>],
        transports: &[Transport],
        ports: &[PortRange],
    ) {
        let pairs: BTreeSet<_> = services
            .iter()
            .map(|service| service.value.transport_ports())
            .collect();
        if pairs.len() < transports.len() * ports.len() {
            let finding = Finding::new(
                FindingId::TG0023,
                "a network rule lets each of its protocols through on each of its ports",
            )
            .at(
                rule.name.span,
                "these services are not all pairs of its protocols and ports",
            )
            .help("write a rule for each protocol");
            self.report(finding);
        }
    }

    fn application_rule(&mut self, rule: &tree::Rule) -> Option<ApplicationRule> {
        let sources = self.endpoints(&rule.from);
        let (categories, to): (Vec<Target>, Vec<Target>) = rule
            .to
            .iter()
            .cloned()
            .partition(|target| target.kind == TargetKind::WebCategory);
        let web_categories = categories
            .iter()
            .filter_map(|category| self.word(&category.word, "a web category"))
            .collect();
        let mut destinations = self.endpoints(&to);
        for to in &mut destinations {
            // The rule looks at names only, so that everywhere is every name.
            if *to == Endpoint::Plain(Destination::Anywhere) {
                *to = Destination::Fqdn(FqdnPattern::Any).into();
            }
        }
        let services = self.services(&rule.services);
        let names_only = |to: &Endpoint| {
            matches!(
                to,
                Endpoint::Plain(
                    Destination::Fqdn(_) | Destination::FqdnTag(_) | Destination::Open(_)
                )
            )
        };
        if !destinations.iter().all(names_only) {
            let finding = Finding::new(
                FindingId::TG3006,
                "an application rule leads to domain names and FQDN tags only",
            )
            .at(
                rule.name.span,
                "this rule names an address, a service tag or a group of addresses",
            )
            .help("put it into network-rules");
            self.report(finding);
            return None;
        }
        let mut protocols = Vec::with_capacity(services.len());
        for service in &services {
            match service.value {
                Service::App { protocol, port } => protocols.push((protocol, port)),
                Service::Net { .. } => {
                    let finding = Finding::new(
                        FindingId::TG3006,
                        "an application rule knows http, https and mssql only",
                    )
                    .at(service.span, format!("`{}`", service.value))
                    .help("put it into network-rules");
                    self.report(finding);
                }
            }
        }
        Some(ApplicationRule {
            info: self.info(&rule.name, rule.description.as_ref(), text_of(rule)),
            sources,
            destinations,
            protocols,
            terminate_tls: rule.tls_inspection.as_ref().map(|word| word.span.into()),
            web_categories,
        })
    }

    fn nat_rule(&mut self, rule: &tree::NatRule) -> Option<NatRule> {
        let sources = self.endpoints(&rule.from);
        let destinations = self.endpoints(std::slice::from_ref(&rule.to));
        let services = self.services(&rule.services);
        let (transports, ports) = transports_and_ports(&services);
        let port = match ports.as_slice() {
            [one] if one.bounds().0 == one.bounds().1 => one.bounds().0,
            _ => {
                let finding = Finding::new(
                    FindingId::TG3006,
                    "a DNAT rule has exactly one destination port",
                )
                .at(rule.name.span, "this rule has another number of them");
                self.report(finding);
                return None;
            }
        };
        let text = self.text(&rule.translated, "an address")?;
        let translated = match parse_address(&text) {
            Some(address) => Translated::Address(address),
            None => Translated::Fqdn(self.domain(&rule.translated)?.value),
        };
        let translated_port = self.port(&rule.port)?.value;
        Some(NatRule {
            info: {
                let to = std::slice::from_ref(&rule.to);
                let text = rule_text(rule.span, &rule.from, to, &rule.services);
                self.info(&rule.name, rule.description.as_ref(), text)
            },
            sources,
            destinations,
            transports,
            port,
            translated,
            translated_port,
        })
    }

    fn info(
        &mut self,
        name: &Word,
        description: Option<&Word>,
        written: Option<RuleText>,
    ) -> RuleInfo {
        RuleInfo {
            name: self.name(name),
            origin: name.span.into(),
            description: description
                .map(|text| text.value.to_string())
                .unwrap_or_default(),
            written,
        }
    }
}

fn text_of(rule: &tree::Rule) -> Option<RuleText> {
    rule_text(rule.span, &rule.from, &rule.to, &rule.services)
}

fn rule_text(whole: Place, from: &[Target], to: &[Target], services: &[Word]) -> Option<RuleText> {
    Some(RuleText {
        whole: whole.span,
        source: from.last()?.word.span,
        destination: to.last()?.word.span,
        service: services.last()?.span,
    })
}

fn filter_action(word: &Word) -> Action {
    if word.value == "deny" {
        Action::Deny
    } else {
        Action::Allow
    }
}

/// The distinct protocols and the distinct ports of services, in the order in which they appear.
fn transports_and_ports(services: &[Spanned<Service>]) -> (Vec<Transport>, Vec<PortRange>) {
    let mut transports = Vec::new();
    let mut ports = Vec::new();
    for service in services {
        let (transport, port) = service.value.transport_ports();
        if !transports.contains(&transport) {
            transports.push(transport);
        }
        if !ports.contains(&port) {
            ports.push(port);
        }
    }
    (transports, ports)
}
