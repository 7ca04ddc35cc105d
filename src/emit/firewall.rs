//! Firewalls, policies, rule collection groups.

use crate::estate::{
    Action, ApplicationRule, Endpoint, FIREWALL_SUBNET, Firewall, FirewallPolicy, FirewallSettings,
    Id, Idps, IpGroup, MANAGEMENT_SUBNET, NatRule, NetworkRule, PublicAddress, RuleCollection,
    RuleCollectionGroup, RuleInfo, Rules, ThreatIntel, Translated, VirtualHub,
};
use crate::net::{AppProtocol, Destination, OpenKind, Transport};

use super::network::is_deployed;
use super::security::address_texts;
use super::template::{Expr, Output, Parameter, Resource, Target, Value};
use super::{Builder, target};

pub(super) fn add(builder: &mut Builder<'_>) {
    let estate = builder.estate;
    for (id, policy) in estate.firewall_policies.iter() {
        if policy.meta.home.is_elsewhere() {
            continue;
        }
        if !policy.meta.home.is_existing() {
            builder.deployed_policy(id, policy);
        }
        builder.groups(id, policy);
    }
    for (id, firewall) in estate.firewalls.iter() {
        if firewall.meta.home.is_existing() {
            builder.unattached_policy(firewall);
        } else {
            builder.deployed_firewall(id, firewall);
        }
    }
}

impl Builder<'_> {
    fn policy(&self, id: Id<FirewallPolicy>) -> Target {
        target(
            "Microsoft.Network/firewallPolicies",
            "firewallPolicy",
            &self.estate.firewall_policies[id].meta,
        )
    }

    pub(super) fn firewall(&self, id: Id<Firewall>) -> Target {
        target(
            "Microsoft.Network/azureFirewalls",
            "firewall",
            &self.estate.firewalls[id].meta,
        )
    }

    /// A firewall that exists is not changed, so a policy deployed for it must be attached by hand.
    fn unattached_policy(&mut self, firewall: &Firewall) {
        if let Some(policy) = self.estate.policy_of(firewall)
            && !policy.meta.home.is_existing()
        {
            self.template.not_deployed.push(format!(
                "policy `{}` on firewall `{}`, which exists: attach it yourself",
                policy.meta.name, firewall.meta.name
            ));
        }
    }

    fn deployed_policy(&mut self, id: Id<FirewallPolicy>, policy: &FirewallPolicy) {
        let mut resource = self.resource(self.policy(id), policy.meta.origin);
        resource.location = Some(self.location());
        resource.properties = vec![(
            "sku",
            Value::Object(vec![("tier", Value::text(policy.tier.value.name()))]),
        )];
        if let Some(parent) = policy.parent.as_ref().and_then(|parent| parent.id) {
            let parent = self.policy(parent);
            resource
                .depends_on
                .extend(is_deployed(&parent).then(|| parent.clone()));
            resource
                .properties
                .push(("basePolicy", Value::reference(parent)));
        }
        let settings = &policy.settings;
        if let Some(mode) = settings.threat_intel {
            resource
                .properties
                .push(("threatIntelMode", Value::text(threat_intel(mode.value))));
        }
        let (names, addresses) = allowed_by_threat_intel(settings);
        let mut allowed = Vec::new();
        push_list(
            &mut allowed,
            "fqdns",
            names.iter().map(Value::text).collect(),
        );
        push_list(
            &mut allowed,
            "ipAddresses",
            addresses.iter().map(Value::text).collect(),
        );
        if !allowed.is_empty() {
            resource
                .properties
                .push(("threatIntelWhitelist", Value::Object(allowed)));
        }
        let mut dns = Vec::new();
        if !settings.dns_servers.is_empty() {
            dns.push((
                "servers",
                Value::texts(settings.dns_servers.iter().map(|server| server.value)),
            ));
        }
        dns.extend(
            settings
                .dns_proxy
                .map(|proxy| ("enableProxy", Value::Bool(proxy.value))),
        );
        dns.extend(
            settings
                .names_need_proxy
                .map(|needed| ("requireProxyForNetworkRules", Value::Bool(needed.value))),
        );
        if !dns.is_empty() {
            resource
                .properties
                .push(("dnsSettings", Value::Object(dns)));
        }
        if !settings.snat_private_ranges.is_empty() {
            let ranges = Value::texts(settings.snat_private_ranges.iter().map(|range| range.value));
            resource
                .properties
                .push(("snat", Value::Object(vec![("privateRanges", ranges)])));
        }
        if let Some(mode) = settings.idps {
            let mode = Value::text(idps(mode.value));
            resource
                .properties
                .push(("intrusionDetection", Value::Object(vec![("mode", mode)])));
        }
        if let Some(redirect) = settings.sql_redirect {
            let allowed = Value::Bool(redirect.value);
            resource
                .properties
                .push(("sql", Value::Object(vec![("allowSqlRedirect", allowed)])));
        }
        self.push(resource);
    }

    /// Groups are deployed one after the other: a policy takes one change at a time.
    fn groups(&mut self, id: Id<FirewallPolicy>, policy: &FirewallPolicy) {
        for (index, group) in policy.groups.iter().enumerate() {
            let target = group_target(&self.policy(id), group);
            let mut resource = self.resource(target, group.origin);
            resource.condition = group
                .needs_parameter
                .as_ref()
                .map(|name| Expr::HasValue(name.to_string()));
            resource.depends_on = self.after_groups(id, index);
            let groups = group
                .collections
                .iter()
                .flat_map(|collection| ip_groups(&collection.rules));
            self.depend_on_ip_groups(&mut resource.depends_on, groups);
            let collections = group
                .collections
                .iter()
                .map(|collection| self.policy_collection(collection))
                .collect();
            resource.properties = vec![
                ("priority", Value::Integer(group.priority.value)),
                ("ruleCollections", Value::List(collections)),
            ];
            self.push(resource);
        }
    }

    fn depend_on_ip_groups<'e>(
        &self,
        targets: &mut Vec<Target>,
        groups: impl Iterator<Item = Id<IpGroup>> + 'e,
    ) {
        for group in groups {
            let group = self.ip_group(group);
            if is_deployed(&group) && !targets.contains(&group) {
                targets.push(group);
            }
        }
    }

    fn policy_collection(&self, collection: &RuleCollection) -> Value {
        let (kind, action) = match collection.action {
            Action::Allow => ("FirewallPolicyFilterRuleCollection", "Allow"),
            Action::Deny => ("FirewallPolicyFilterRuleCollection", "Deny"),
            Action::Dnat => ("FirewallPolicyNatRuleCollection", "DNAT"),
        };
        let rules = match &collection.rules {
            Rules::Network(rules) => rules
                .iter()
                .map(|rule| self.network_rule(rule, Model::Policy))
                .collect(),
            Rules::Application(rules) => rules
                .iter()
                .map(|rule| self.application_rule(rule, Model::Policy))
                .collect(),
            Rules::Nat(rules) => rules
                .iter()
                .map(|rule| self.nat_rule(rule, Model::Policy))
                .collect(),
        };
        Value::Object(vec![
            ("ruleCollectionType", Value::text(kind)),
            ("name", Value::text(collection.name.as_str())),
            ("priority", Value::Integer(collection.priority.value)),
            ("action", Value::Object(vec![("type", Value::text(action))])),
            ("rules", Value::List(rules)),
        ])
    }

    fn network_rule(&self, rule: &NetworkRule, model: Model) -> Value {
        let mut fields = model.frame("NetworkRule", &rule.info);
        fields.push((
            model.protocols(),
            Value::texts(rule.transports.iter().copied().map(transport)),
        ));
        fields.extend(self.sources(&rule.sources));
        let addresses = self.addresses(&rule.destinations);
        let groups = self.groups_of(&rule.destinations);
        let names = self.names(&rule.destinations);
        push_list(&mut fields, "destinationAddresses", addresses);
        push_list(&mut fields, "destinationIpGroups", groups);
        push_list(&mut fields, "destinationFqdns", names);
        fields.push(("destinationPorts", Value::texts(rule.ports.iter())));
        Value::Object(fields)
    }

    fn application_rule(&self, rule: &ApplicationRule, model: Model) -> Value {
        let mut fields = model.frame("ApplicationRule", &rule.info);
        let protocols = rule.protocols.iter().map(|(protocol, port)| {
            Value::Object(vec![
                ("protocolType", Value::text(app_protocol(*protocol))),
                ("port", Value::Integer((*port).into())),
            ])
        });
        fields.push(("protocols", Value::List(protocols.collect())));
        fields.extend(self.sources(&rule.sources));
        let tags = rule
            .destinations
            .iter()
            .filter_map(|endpoint| match endpoint {
                Endpoint::Plain(Destination::FqdnTag(tag)) => Some(Value::text(tag.as_str())),
                _ => None,
            });
        push_list(&mut fields, "targetFqdns", self.names(&rule.destinations));
        push_list(&mut fields, "fqdnTags", tags.collect());
        let categories = rule.web_categories.iter();
        let categories = categories.map(|category| Value::text(category.value.as_str()));
        push_list(&mut fields, "webCategories", categories.collect());
        if rule.terminate_tls.is_some() {
            fields.push(("terminateTLS", Value::Bool(true)));
        }
        Value::Object(fields)
    }

    fn nat_rule(&self, rule: &NatRule, model: Model) -> Value {
        let mut fields = model.frame("NatRule", &rule.info);
        fields.push((
            model.protocols(),
            Value::texts(rule.transports.iter().copied().map(transport)),
        ));
        fields.extend(self.sources(&rule.sources));
        push_list(
            &mut fields,
            "destinationAddresses",
            self.addresses(&rule.destinations),
        );
        fields.push(("destinationPorts", Value::texts([rule.port])));
        fields.push(match &rule.translated {
            Translated::Address(address) => ("translatedAddress", Value::text(address.to_string())),
            Translated::Fqdn(name) => ("translatedFqdn", Value::text(name.to_string())),
        });
        fields.push((
            "translatedPort",
            Value::text(rule.translated_port.to_string()),
        ));
        Value::Object(fields)
    }

    fn sources(&self, sources: &[Endpoint]) -> Vec<(&'static str, Value)> {
        let mut fields = Vec::new();
        push_list(&mut fields, "sourceAddresses", self.addresses(sources));
        push_list(&mut fields, "sourceIpGroups", self.groups_of(sources));
        fields
    }

    fn addresses(&self, endpoints: &[Endpoint]) -> Vec<Value> {
        let mut out = Vec::new();
        for endpoint in endpoints {
            match endpoint {
                Endpoint::Plain(Destination::Open(open)) if open.kind == OpenKind::Address => {
                    out.push(Value::Expr(Expr::Parameter(open.parameter.to_string())));
                }
                // A firewall rule takes ranges as they are written.
                Endpoint::Plain(Destination::Range(range)) => {
                    out.push(Value::text(range.to_string()));
                }
                Endpoint::Plain(
                    Destination::Anywhere | Destination::Prefix(_) | Destination::ServiceTag(_),
                ) => out.extend(address_texts(endpoint).into_iter().map(Value::Text)),
                _ => {}
            }
        }
        out
    }

    fn names(&self, endpoints: &[Endpoint]) -> Vec<Value> {
        let name = |endpoint: &Endpoint| match endpoint {
            Endpoint::Plain(Destination::Fqdn(pattern)) => Some(Value::text(pattern.to_string())),
            Endpoint::Plain(Destination::Open(open)) if open.kind == OpenKind::Name => {
                Some(Value::Expr(Expr::Parameter(open.parameter.to_string())))
            }
            _ => None,
        };
        endpoints.iter().filter_map(name).collect()
    }

    fn groups_of(&self, endpoints: &[Endpoint]) -> Vec<Value> {
        let group = |endpoint: &Endpoint| match endpoint {
            Endpoint::IpGroup(group) => Some(Value::id(self.ip_group(group.id?))),
            Endpoint::Plain(_) | Endpoint::SecurityGroup(_) => None,
        };
        endpoints.iter().filter_map(group).collect()
    }

    /// The private address of a firewall that is deployed into a virtual hub: Azure gives it, and the deployment reads
    /// it.
    pub(super) fn address_in_hub(&self, id: Id<Firewall>) -> Option<Expr> {
        self.estate.hub_of(id)?;
        let target = self.firewall(id);
        is_deployed(&target).then_some(Expr::HubFirewallPrivateIp(target))
    }

    /// What reads the address of a firewall in a hub waits for it.
    pub(super) fn wait_for_address(&self, id: Id<Firewall>, resource: &mut Resource) {
        let firewall = self.firewall(id);
        if self.estate.hub_of(id).is_some()
            && is_deployed(&firewall)
            && !resource.depends_on.contains(&firewall)
        {
            resource.depends_on.push(firewall);
        }
    }

    /// A firewall in a virtual hub: no subnet, addresses that Azure keeps or that are one's own
    /// (azure-docs, firewall/secured-hub-customer-public-ip.md).
    fn firewall_in_hub(&mut self, id: Id<Firewall>, firewall: &Firewall, hub: Id<VirtualHub>) {
        let named = firewall.public_ips.iter().enumerate();
        let named: Vec<_> = named
            .filter(|(_, ip)| matches!(ip, PublicAddress::Resource(_)))
            .map(|(index, ip)| self.public_address(firewall, ip, &(index + 1).to_string()))
            .collect();
        let kept = self.estate.public_addresses(
            &firewall
                .public_ips
                .iter()
                .filter(|ip| matches!(ip, PublicAddress::Literal(_)))
                .cloned()
                .collect::<Vec<_>>(),
        );
        let mut resource = self.resource(self.firewall(id), firewall.meta.origin);
        resource.location = Some(self.location());
        if !firewall.zones.is_empty() {
            let zones = firewall.zones.iter().map(|zone| zone.value);
            resource.top_level.push(("zones", Value::texts(zones)));
        }
        let hub = self.hub(hub);
        let ips = named.iter().filter_map(|(target, _)| target.clone());
        let before = std::iter::once(hub.clone()).chain(ips);
        resource.depends_on = before.filter(is_deployed).collect();
        let sku = vec![
            ("name", Value::text("AZFW_Hub")),
            ("tier", Value::text(firewall.tier.value.name())),
        ];
        resource.properties = vec![
            ("sku", Value::Object(sku)),
            ("virtualHub", Value::reference(hub)),
        ];
        let count = firewall.managed_public_ips.map_or(0, |count| count.value);
        let count = count.max(u32::try_from(kept.len()).unwrap_or(u32::MAX));
        if count > 0 {
            let mut public = vec![("count", Value::Integer(count))];
            if !kept.is_empty() {
                let addresses = kept.iter();
                let addresses = addresses
                    .map(|ip| Value::Object(vec![("address", Value::text(ip.to_string()))]));
                public.push(("addresses", Value::List(addresses.collect())));
            }
            resource.properties.push((
                "hubIPAddresses",
                Value::Object(vec![("publicIPs", Value::Object(public))]),
            ));
        }
        if !named.is_empty() {
            let numbered = named.into_iter().enumerate();
            let configurations = numbered.map(|(index, (_, address))| {
                let id = Value::Object(vec![("id", address)]);
                configuration(
                    &format!("configuration-{}", index + 1),
                    vec![("publicIPAddress", id)],
                )
            });
            let configurations = Value::List(configurations.collect());
            resource
                .properties
                .push(("ipConfigurations", configurations));
        }
        if let Some(policy) = firewall.policy.as_ref().and_then(|policy| policy.id) {
            self.attach(policy, &mut resource);
        }
        self.template.outputs.push(Output {
            name: format!("{}_private_ip", resource.target.symbol),
            value: Expr::HubFirewallPrivateIp(resource.target.clone()),
        });
        self.push(resource);
    }

    /// A firewall is attached to its policy when that is complete.
    fn attach(&self, policy: Id<FirewallPolicy>, resource: &mut Resource) {
        resource
            .properties
            .push(("firewallPolicy", Value::reference(self.policy(policy))));
        if !self.estate.firewall_policies[policy]
            .meta
            .home
            .is_elsewhere()
        {
            resource
                .depends_on
                .extend(self.after_groups(policy, usize::MAX));
        }
    }

    fn deployed_firewall(&mut self, id: Id<Firewall>, firewall: &Firewall) {
        if let Some(hub) = self.estate.hub_of(id) {
            return self.firewall_in_hub(id, firewall, hub);
        }
        let Some(vnet) = firewall.vnet.id else { return };
        let public_ips = self.public_ips_of(firewall);
        let management_ip = firewall
            .management_ip
            .as_ref()
            .map(|ip| self.public_address(firewall, ip, "management"));
        let mut resource = self.resource(self.firewall(id), firewall.meta.origin);
        resource.location = Some(self.location());
        if !firewall.zones.is_empty() {
            resource.top_level.push((
                "zones",
                Value::texts(firewall.zones.iter().map(|zone| zone.value)),
            ));
        }
        let vnet_target = self.vnet(vnet);
        let candidates = std::iter::once(vnet_target.clone()).chain(
            public_ips
                .iter()
                .chain(&management_ip)
                .filter_map(|(target, _)| target.clone()),
        );
        resource.depends_on = candidates.filter(is_deployed).collect();

        let subnet = |name: &str| match self.estate.subnet_named(vnet, name) {
            Some(id) => self.subnet(id),
            None => {
                let mut target = Target::new(
                    "Microsoft.Network/virtualNetworks/subnets",
                    "subnet",
                    &[self.estate.vnets[vnet].meta.name.as_str(), name],
                    &vnet_target.home,
                );
                target.inside = Some((Box::new(vnet_target.clone()), format!("subnets/{name}")));
                target
            }
        };
        let own_subnet = subnet(FIREWALL_SUBNET);
        let management_subnet = management_ip.is_some().then(|| subnet(MANAGEMENT_SUBNET));
        let subnets = std::iter::once(&own_subnet).chain(&management_subnet);
        let on_their_own = subnets.filter(|subnet| subnet.inside.is_none() && is_deployed(subnet));
        resource.depends_on.extend(on_their_own.cloned());
        let sku = vec![
            ("name", Value::text("AZFW_VNet")),
            ("tier", Value::text(firewall.tier.value.name())),
        ];
        resource.properties = vec![("sku", Value::Object(sku))];
        let mut configurations = Vec::new();
        for (index, (_, address)) in public_ips.iter().enumerate() {
            let mut properties = Vec::new();
            if index == 0 {
                properties.push(("subnet", Value::reference(own_subnet.clone())));
            }
            properties.push((
                "publicIPAddress",
                Value::Object(vec![("id", address.clone())]),
            ));
            configurations.push(configuration(
                &format!("configuration-{}", index + 1),
                properties,
            ));
        }
        if public_ips.is_empty() {
            let properties = vec![("subnet", Value::reference(own_subnet))];
            configurations.push(configuration("configuration-1", properties));
        }
        resource
            .properties
            .push(("ipConfigurations", Value::List(configurations)));
        if let (Some((_, address)), Some(subnet)) = (&management_ip, management_subnet) {
            let properties = vec![
                ("subnet", Value::reference(subnet)),
                (
                    "publicIPAddress",
                    Value::Object(vec![("id", address.clone())]),
                ),
            ];
            resource.properties.push((
                "managementIpConfiguration",
                configuration("management", properties),
            ));
        }
        match firewall.policy.as_ref().and_then(|policy| policy.id) {
            Some(policy) => self.attach(policy, &mut resource),
            None => self.classic(&mut resource.properties, &mut resource.depends_on, firewall),
        }
        self.template.outputs.push(Output {
            name: format!("{}_private_ip", resource.target.symbol),
            value: Expr::FirewallPrivateIp(resource.target.clone()),
        });
        self.push(resource);
    }

    /// What to wait for to come after the first `count` groups of a policy.
    ///
    /// Azure drops a dependency on a group that its condition leaves out
    /// (azure-resource-manager/templates/resource-dependency.md), and with it the way to what that group waits for.
    /// So one waits for every such group, and for the last thing before them that is always deployed.
    fn after_groups(&self, id: Id<FirewallPolicy>, count: usize) -> Vec<Target> {
        let policy = &self.estate.firewall_policies[id];
        let mut targets = Vec::new();
        for group in policy.groups.iter().take(count).rev() {
            targets.push(group_target(&self.policy(id), group));
            if group.needs_parameter.is_none() {
                return targets;
            }
        }
        targets.extend(Some(self.policy(id)).filter(is_deployed));
        targets
    }

    /// The public addresses of a firewall: resource (when known) and id.
    fn public_ips_of(&mut self, firewall: &Firewall) -> Vec<(Option<Target>, Value)> {
        let numbered = firewall.public_ips.iter().enumerate();
        numbered
            .map(|(index, ip)| self.public_address(firewall, ip, &(index + 1).to_string()))
            .collect()
    }

    /// A public address by its resource; one written as an address belongs to a resource only the deployer knows.
    fn public_address(
        &mut self,
        firewall: &Firewall,
        ip: &PublicAddress,
        which: &str,
    ) -> (Option<Target>, Value) {
        match ip {
            PublicAddress::Resource(reference) => match reference.id {
                Some(id) => {
                    let target = self.public_ip(id);
                    (Some(target.clone()), Value::id(target))
                }
                None => (None, Value::text(reference.name.as_str())),
            },
            PublicAddress::Literal(address) => {
                let symbol: String = firewall
                    .meta
                    .name
                    .chars()
                    .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
                    .collect();
                let name = format!("{symbol}_public_ip_{which}_id");
                self.template.parameters.push(Parameter {
                    name: name.clone(),
                    default: None,
                    description: format!(
                        "Resource id of the public IP {} of firewall {}.",
                        address.value, firewall.meta.name
                    ),
                });
                (None, Value::Expr(Expr::Parameter(name)))
            }
        }
    }

    fn classic(
        &self,
        properties: &mut Vec<(&'static str, Value)>,
        depends_on: &mut Vec<Target>,
        firewall: &Firewall,
    ) {
        if let Some(mode) = firewall.settings.threat_intel {
            properties.push(("threatIntelMode", Value::text(threat_intel(mode.value))));
        }
        let additional = additional_properties(&firewall.settings);
        if !additional.is_empty() {
            properties.push(("additionalProperties", Value::Object(additional)));
        }
        let groups = firewall
            .collections
            .iter()
            .flat_map(|collection| ip_groups(&collection.rules));
        self.depend_on_ip_groups(depends_on, groups);
        let (mut network, mut application, mut nat) = (Vec::new(), Vec::new(), Vec::new());
        for collection in &firewall.collections {
            let (list, rules) = match &collection.rules {
                Rules::Network(rules) => (
                    &mut network,
                    rules
                        .iter()
                        .map(|rule| self.network_rule(rule, Model::Classic))
                        .collect(),
                ),
                Rules::Application(rules) => (
                    &mut application,
                    rules
                        .iter()
                        .map(|rule| self.application_rule(rule, Model::Classic))
                        .collect(),
                ),
                Rules::Nat(rules) => (
                    &mut nat,
                    rules
                        .iter()
                        .map(|rule| self.nat_rule(rule, Model::Classic))
                        .collect(),
                ),
            };
            let action = match collection.action {
                Action::Allow => "Allow",
                Action::Deny => "Deny",
                Action::Dnat => "Dnat",
            };
            list.push(configuration(
                &collection.name,
                vec![
                    ("priority", Value::Integer(collection.priority.value)),
                    ("action", Value::Object(vec![("type", Value::text(action))])),
                    ("rules", Value::List(rules)),
                ],
            ));
        }
        push_list(properties, "networkRuleCollections", network);
        push_list(properties, "applicationRuleCollections", application);
        push_list(properties, "natRuleCollections", nat);
    }
}

/// The two ways in which Azure writes rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Model {
    Policy,
    Classic,
}

impl Model {
    /// What a rule begins with.
    fn frame(self, rule_type: &str, info: &RuleInfo) -> Vec<(&'static str, Value)> {
        let mut fields = Vec::new();
        if self == Self::Policy {
            fields.push(("ruleType", Value::text(rule_type)));
        }
        fields.push(("name", Value::text(info.name.as_str())));
        if !info.description.is_empty() {
            fields.push(("description", Value::text(&info.description)));
        }
        fields
    }

    /// The key of a network or DNAT rule's protocols.
    fn protocols(self) -> &'static str {
        match self {
            Self::Policy => "ipProtocols",
            Self::Classic => "protocols",
        }
    }
}

fn group_target(policy: &Target, group: &RuleCollectionGroup) -> Target {
    policy.child(
        "Microsoft.Network/firewallPolicies/ruleCollectionGroups",
        "rules",
        &group.name,
    )
}

/// `{ name, properties }`
fn configuration(name: &str, properties: Vec<(&'static str, Value)>) -> Value {
    Value::Object(vec![
        ("name", Value::text(name)),
        ("properties", Value::Object(properties)),
    ])
}

fn push_list(fields: &mut Vec<(&'static str, Value)>, key: &'static str, items: Vec<Value>) {
    if !items.is_empty() {
        fields.push((key, Value::List(items)));
    }
}

fn ip_groups(rules: &Rules) -> Vec<Id<IpGroup>> {
    let of = |endpoints: &[Endpoint]| -> Vec<Id<IpGroup>> {
        endpoints
            .iter()
            .filter_map(|endpoint| {
                if let Endpoint::IpGroup(group) = endpoint {
                    group.id
                } else {
                    None
                }
            })
            .collect()
    };
    match rules {
        Rules::Network(rules) => rules
            .iter()
            .flat_map(|rule| of(&rule.sources).into_iter().chain(of(&rule.destinations)))
            .collect(),
        Rules::Application(rules) => rules.iter().flat_map(|rule| of(&rule.sources)).collect(),
        Rules::Nat(rules) => rules.iter().flat_map(|rule| of(&rule.sources)).collect(),
    }
}

/// Names and addresses that threat intelligence leaves alone.
fn allowed_by_threat_intel(settings: &FirewallSettings) -> (Vec<String>, Vec<String>) {
    let allowed = settings.threat_intel_allowed.iter();
    let (names, addresses): (Vec<_>, Vec<_>) =
        allowed.partition(|destination| destination.value.is_name());
    let texts = |destinations: Vec<&crate::base::Spanned<Destination>>| {
        let texts = destinations.into_iter().map(|it| it.value.to_string());
        texts.collect()
    };
    (texts(names), texts(addresses))
}

/// DNS, SNAT and threat intelligence settings of a firewall without policy (terraform-provider-azurerm,
/// firewall_resource.go; azure-cli-extensions, azure-firewall; azure-powershell, NetworkResourceManagerProfile.cs).
fn additional_properties(settings: &FirewallSettings) -> Vec<(&'static str, Value)> {
    let mut additional = Vec::new();
    if let Some(proxy) = settings.dns_proxy {
        additional.push((
            "Network.DNS.EnableProxy",
            Value::text(proxy.value.to_string()),
        ));
    }
    let join = |items: Vec<String>| Value::text(items.join(","));
    if !settings.dns_servers.is_empty() {
        let servers = settings
            .dns_servers
            .iter()
            .map(|server| server.value.to_string())
            .collect();
        additional.push(("Network.DNS.Servers", join(servers)));
    }
    if !settings.snat_private_ranges.is_empty() {
        let ranges = settings
            .snat_private_ranges
            .iter()
            .map(|range| range.value.to_string())
            .collect();
        additional.push(("Network.SNAT.PrivateRanges", join(ranges)));
    }
    if let Some(needed) = settings.names_need_proxy {
        additional.push((
            "Network.DNS.RequireProxyForNetworkRules",
            Value::text(needed.value.to_string()),
        ));
    }
    let (names, addresses) = allowed_by_threat_intel(settings);
    if !names.is_empty() {
        additional.push(("ThreatIntel.Whitelist.FQDNs", join(names)));
    }
    if !addresses.is_empty() {
        additional.push(("ThreatIntel.Whitelist.IpAddresses", join(addresses)));
    }
    additional
}

fn transport(transport: Transport) -> &'static str {
    match transport {
        Transport::Tcp => "TCP",
        Transport::Udp => "UDP",
        Transport::Icmp => "ICMP",
        // A firewall rule cannot name these two alone; compiling refuses them before.
        Transport::Any | Transport::Esp | Transport::Ah => "Any",
    }
}

fn app_protocol(protocol: AppProtocol) -> &'static str {
    match protocol {
        AppProtocol::Http => "Http",
        AppProtocol::Https => "Https",
        AppProtocol::Mssql => "Mssql",
    }
}

fn idps(mode: Idps) -> &'static str {
    match mode {
        Idps::Off => "Off",
        Idps::Alert => "Alert",
        Idps::Deny => "Deny",
    }
}

fn threat_intel(mode: ThreatIntel) -> &'static str {
    match mode {
        ThreatIntel::Off => "Off",
        ThreatIntel::Alert => "Alert",
        ThreatIntel::Deny => "Deny",
    }
}
