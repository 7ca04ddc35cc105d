//! IP groups, firewall policies and firewalls of a topology.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;
use smol_str::SmolStr;
use tidegate::base::Spanned;
use tidegate::estate::{
    Action, ApplicationRule, Endpoint, Firewall, FirewallPolicy, FirewallSettings, Home, Id,
    IpGroup, Meta, NatRule, NetworkRule, Ref, RuleCollection, RuleCollectionGroup, RuleInfo, Rules,
    ThreatIntel, Tier, Translated, Vnet,
};
use tidegate::net::{
    AddressRange, AppProtocol, Destination, FqdnPattern, FqdnTag, PortRange, Transport,
};

use super::build::{Builder, by_name, endpoints, ports, prefix, transport};
use super::document::Fields;
use super::network::vnet_of;

pub(super) fn build(builder: &mut Builder, topology: &Fields<'_>) {
    for fields in topology.items("ip_groups") {
        ip_group(builder, &fields);
    }
    let mut parents = Vec::new();
    for fields in topology.items("firewall_policies") {
        let id = policy(builder, &fields);
        if let Some(parent) = fields.text("parent") {
            parents.push((id, fields, parent));
        }
    }
    for (id, fields, parent) in parents {
        let found = by_name(&builder.estate.firewall_policies, &parent, |policy| {
            &policy.meta
        });
        let parent = builder.reference(&fields, "parent", &parent, found);
        builder.estate.firewall_policies[id].parent = Some(parent);
    }
    for fields in topology.items("firewalls") {
        let subnet = fields.text("subnet");
        let vnet = fields.text("vnet");
        let subnet = subnet.and_then(|subnet| {
            let found = builder.subnet(&subnet, vnet.as_deref());
            builder.reference(&fields, "subnet", &subnet, found).id
        });
        let vnet = vnet_of(builder, &fields, vnet, subnet);
        let name = fields.name();
        firewall(builder, &fields, &name, vnet);
    }
}

fn ip_group(builder: &mut Builder, fields: &Fields<'_>) {
    let meta = builder.meta(fields, fields.name());
    let mut prefixes: Vec<Spanned<IpNet>> = Vec::new();
    let mut ranges = Vec::new();
    for text in fields.texts("addresses") {
        let span = builder.span(&format!("{}[{text}]", fields.path_of("addresses")));
        match (prefix(&text), AddressRange::parse(&text)) {
            (Some(prefix), _) => prefixes.push(Spanned::new(prefix, span)),
            (None, Some(range)) => ranges.push(Spanned::new(range, span)),
            (None, None) => fields.problem("addresses", format_args!("`{text}` is none")),
        }
    }
    builder.estate.ip_groups.push(IpGroup {
        meta,
        prefixes,
        ranges,
    });
}

/// A firewall in a network, or in a hub.
pub(super) fn firewall(
    builder: &mut Builder,
    fields: &Fields<'_>,
    name: &str,
    vnet: Ref<Vnet>,
) -> Id<Firewall> {
    let meta = builder.meta(fields, name);
    let private_ip = builder.one::<IpAddr>(fields, "private_ip");
    let public_ips = builder.public_addresses(fields, "public_ips");
    let management_ip = builder.public_addresses(fields, "management_ip").pop();
    let policy = fields.text("policy").map(|policy| {
        if policy == "allow-any" {
            let id = allow_any(builder, fields);
            let origin = builder.origin(&fields.path_of("policy"));
            return Ref::known(id, policy, origin);
        }
        let found = by_name(&builder.estate.firewall_policies, &policy, |policy| {
            &policy.meta
        });
        builder.reference(fields, "policy", &policy, found)
    });
    let own = tier(builder, fields);
    let tier = own.unwrap_or_else(|| {
        let of_policy = policy.as_ref().and_then(|policy| policy.id);
        match of_policy {
            Some(id) => builder.estate.firewall_policies[id].tier,
            None => builder.at(fields, "sku", Tier::default()),
        }
    });
    let zones = fields.texts("zones");
    let zones = zones.iter().filter_map(|zone| zone.parse().ok());
    let zones: Vec<u8> = zones.collect();
    let zones = zones
        .into_iter()
        .map(|zone| builder.at(fields, "zones", zone));
    let zones = zones.collect();
    builder.estate.firewalls.push(Firewall {
        meta,
        vnet,
        tier,
        private_ip,
        public_ips,
        managed_public_ips: None,
        management_ip,
        policy,
        settings: FirewallSettings::default(),
        collections: Vec::new(),
        zones,
    })
}

fn tier(builder: &mut Builder, fields: &Fields<'_>) -> Option<Spanned<Tier>> {
    let mut found = None;
    for key in ["sku", "tier"] {
        let Some(text) = fields.text(key) else {
            continue;
        };
        match Tier::ALL.into_iter().find(|tier| tier.name() == text) {
            Some(tier) => found = Some(builder.at(fields, key, tier)),
            None => fields.problem(key, format_args!("unknown: `{text}`")),
        }
    }
    found
}

/// What `policy: allow-any` is short for: one network collection that lets everything through.
fn allow_any(builder: &mut Builder, firewall: &Fields<'_>) -> Id<FirewallPolicy> {
    let span = builder.span(&firewall.path_of("policy"));
    let name = SmolStr::new_static("allow-any");
    let rule = NetworkRule {
        info: RuleInfo {
            name: name.clone(),
            origin: span.into(),
            description: String::new(),
            written: None,
        },
        sources: vec![Destination::Anywhere.into()],
        destinations: vec![Destination::Anywhere.into()],
        transports: vec![Transport::Any],
        ports: vec![PortRange::ALL],
    };
    let collection = RuleCollection {
        name: name.clone(),
        origin: span.into(),
        priority: Spanned::new(100, span),
        action: Action::Allow,
        rules: Rules::Network(vec![rule]),
    };
    let group = RuleCollectionGroup {
        name: name.clone(),
        origin: span.into(),
        priority: Spanned::new(100, span),
        collections: vec![collection],
        needs_parameter: None,
    };
    builder.estate.firewall_policies.push(FirewallPolicy {
        meta: Meta {
            name,
            origin: span.into(),
            body: None,
            home: Home::Deployed,
        },
        tier: Spanned::new(Tier::default(), span),
        parent: None,
        settings: FirewallSettings::default(),
        groups: vec![group],
    })
}

fn policy(builder: &mut Builder, fields: &Fields<'_>) -> Id<FirewallPolicy> {
    let meta = builder.meta(fields, fields.name());
    let tier = tier(builder, fields);
    let tier = tier.unwrap_or_else(|| builder.at(fields, "tier", Tier::default()));
    // The policy above may come later in the file.
    fields.skip(&["parent"]);
    let settings = settings(builder, fields);
    let groups = fields.items("groups");
    let groups = groups.iter().map(|fields| group(builder, fields)).collect();
    builder.estate.firewall_policies.push(FirewallPolicy {
        meta,
        tier,
        parent: None,
        settings,
        groups,
    })
}

fn settings(builder: &mut Builder, fields: &Fields<'_>) -> FirewallSettings {
    let mut settings = FirewallSettings::default();
    if let Some(dns) = fields.map("dns") {
        settings.dns_proxy = builder.flag(&dns, "proxy");
        let azure = matches!(dns.get("servers"), Some(Value::String(text)) if text == "azure");
        if !azure {
            settings.dns_servers = builder.addresses(&dns, "servers");
        }
        settings.names_need_proxy = builder.flag(&dns, "require_proxy_for_network_rules");
    }
    if let Some(mode) = fields.text("threat_intel") {
        let mode = match mode.as_str() {
            "Off" => Some(ThreatIntel::Off),
            "Alert" => Some(ThreatIntel::Alert),
            "Deny" => Some(ThreatIntel::Deny),
            other => {
                fields.problem("threat_intel", format_args!("unknown: `{other}`"));
                None
            }
        };
        settings.threat_intel = mode.map(|mode| builder.at(fields, "threat_intel", mode));
    }
    if let Some(allowed) = fields.map("threat_intel_allowlist") {
        let names = builder.patterns(&allowed, "fqdns").into_iter();
        let prefixes = builder.prefixes(&allowed, "ips").into_iter();
        let names = names.map(|name| name.map(Destination::Fqdn));
        settings.threat_intel_allowed = names
            .chain(prefixes.map(|prefix| prefix.map(Destination::Prefix)))
            .collect();
    }
    if let Some(snat) = fields.map("snat") {
        settings.snat_private_ranges = builder.private_ranges(&snat);
    }
    settings
}

fn group(builder: &mut Builder, fields: &Fields<'_>) -> RuleCollectionGroup {
    let collections = fields.items("collections");
    let collections = collections
        .iter()
        .filter_map(|fields| collection(builder, fields));
    let collections = collections.collect();
    RuleCollectionGroup {
        name: fields.name().into(),
        origin: builder.origin(fields.path()),
        priority: priority(builder, fields),
        collections,
        needs_parameter: None,
    }
}

fn priority(builder: &mut Builder, fields: &Fields<'_>) -> Spanned<u32> {
    builder.one(fields, "priority").unwrap_or_else(|| {
        fields.problem("priority", "missing");
        builder.at(fields, "priority", 100)
    })
}

fn collection(builder: &mut Builder, fields: &Fields<'_>) -> Option<RuleCollection> {
    let name = fields.name();
    let origin = builder.origin(fields.path());
    let priority = priority(builder, fields);
    let kind = fields.text("type").unwrap_or_default().to_ascii_lowercase();
    let items = fields.items("rules");
    let rules = match kind.as_str() {
        "network" => {
            let rules = items.iter().map(|fields| network_rule(builder, fields));
            Some(Rules::Network(rules.collect()))
        }
        "application" => {
            let rules = items.iter().map(|fields| application_rule(builder, fields));
            Some(Rules::Application(rules.collect()))
        }
        "nat" | "dnat" => {
            let rules = items.iter().filter_map(|fields| nat_rule(builder, fields));
            Some(Rules::Nat(rules.collect()))
        }
        other => {
            fields.problem("type", format_args!("unknown: `{other}`"));
            None
        }
    };
    let action = fields
        .text("action")
        .map(|action| action.to_ascii_lowercase());
    let action = match (action.as_deref(), &rules) {
        (None | Some("dnat"), Some(Rules::Nat(_))) => Some(Action::Dnat),
        (Some("allow"), _) => Some(Action::Allow),
        (Some("deny"), _) => Some(Action::Deny),
        (other, _) => {
            fields.problem("action", format_args!("unknown: {other:?}"));
            None
        }
    };
    Some(RuleCollection {
        name: name.into(),
        origin,
        priority,
        action: action?,
        rules: rules?,
    })
}

fn info(builder: &mut Builder, fields: &Fields<'_>) -> RuleInfo {
    RuleInfo {
        name: fields.name().into(),
        origin: builder.origin(fields.path()),
        description: String::new(),
        written: None,
    }
}

/// One side of a rule: addresses and IP groups.
fn side(
    builder: &mut Builder,
    fields: &Fields<'_>,
    plain: &'static str,
    groups: &'static str,
) -> Vec<Endpoint> {
    let mut side = endpoints(fields, plain);
    for name in fields.texts(groups) {
        let found = by_name(&builder.estate.ip_groups, &name, |group| &group.meta);
        side.push(Endpoint::IpGroup(
            builder.reference(fields, groups, &name, found),
        ));
    }
    side
}

fn names(builder: &mut Builder, fields: &Fields<'_>) -> Vec<Endpoint> {
    let names = builder.patterns(fields, "fqdns").into_iter();
    names
        .map(|name| Destination::Fqdn(name.value).into())
        .collect()
}

fn transports(fields: &Fields<'_>) -> Vec<Transport> {
    let mut transports = Vec::new();
    for text in fields.texts("protocols") {
        match transport(&text) {
            Some(transport) => transports.push(transport),
            None => fields.problem("protocols", format_args!("`{text}` is none")),
        }
    }
    transports
}

fn network_rule(builder: &mut Builder, fields: &Fields<'_>) -> NetworkRule {
    let mut destinations = side(builder, fields, "destinations", "destination_ip_groups");
    destinations.extend(names(builder, fields));
    NetworkRule {
        info: info(builder, fields),
        sources: side(builder, fields, "sources", "source_ip_groups"),
        destinations,
        transports: transports(fields),
        ports: ports(fields, "ports").unwrap_or_else(|| vec![PortRange::ALL]),
    }
}

fn application_rule(builder: &mut Builder, fields: &Fields<'_>) -> ApplicationRule {
    let mut destinations = names(builder, fields);
    let tags = fields.texts("fqdn_tags").into_iter();
    destinations.extend(tags.map(|tag| Destination::FqdnTag(FqdnTag::new(tag)).into()));
    let mut protocols = Vec::new();
    for text in fields.texts("protocols") {
        let (word, port) = match text.split_once(':') {
            Some((word, port)) => (word, Some(port)),
            None => (text.as_str(), None),
        };
        let mut known = AppProtocol::ALL.into_iter();
        let protocol = known.find(|protocol| protocol.keyword().eq_ignore_ascii_case(word));
        let port = match (port, protocol) {
            (Some(port), _) => port.parse().ok(),
            (None, Some(protocol)) => Some(protocol.default_port()),
            (None, None) => None,
        };
        match (protocol, port) {
            (Some(protocol), Some(port)) => protocols.push((protocol, port)),
            _ => fields.problem("protocols", format_args!("`{text}` is none")),
        }
    }
    let on = fields.flag("terminate_tls").unwrap_or(false);
    ApplicationRule {
        info: info(builder, fields),
        sources: side(builder, fields, "sources", "source_ip_groups"),
        destinations,
        protocols,
        terminate_tls: on.then(|| builder.origin(&fields.path_of("terminate_tls"))),
        web_categories: builder.words(fields, "web_categories"),
    }
}

fn nat_rule(builder: &mut Builder, fields: &Fields<'_>) -> Option<NatRule> {
    let info = info(builder, fields);
    let sources = side(builder, fields, "sources", "source_ip_groups");
    let destinations = endpoints(fields, "destinations");
    let transports = transports(fields);
    let port = [ports(fields, "ports"), ports(fields, "port")];
    let port = port.into_iter().flatten().flatten().next();
    let port = port.map(|range| range.bounds().0);
    let to = fields.text_any(&["translated_address", "translated_ip", "translated_fqdn"]);
    let translated = to.as_deref().and_then(|text| match text.parse::<IpAddr>() {
        Ok(address) => Some(Translated::Address(address)),
        Err(_) => match text.parse() {
            Ok(FqdnPattern::Exact(name)) => Some(Translated::Fqdn(name)),
            _ => None,
        },
    });
    let translated_port = fields.parse("translated_port").or(port);
    if port.is_none() || translated.is_none() {
        fields.problem(
            "translated_address",
            "port or translated address is missing",
        );
    }
    Some(NatRule {
        info,
        sources,
        destinations,
        transports,
        port: port?,
        translated: translated?,
        translated_port: translated_port?,
    })
}
