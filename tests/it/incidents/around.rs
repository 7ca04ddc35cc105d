//! What surrounds the subnets of a topology: appliances, gateways, load balancers, hubs, proxies.

use std::net::IpAddr;

use serde_json::Value;
use tidegate::base::Spanned;
use tidegate::estate::{
    Allowed, Appliance, ApplianceFilter, Gateway, GatewayKind, LoadBalancer, Proxy, Ref,
    VirtualHub, Vnet,
};
use tidegate::net::{Destination, FqdnPattern};

use super::build::{Builder, by_name, destination};
use super::document::{Fields, text_of};
use super::firewall;
use super::network::vnet_of;

pub(super) fn build(builder: &mut Builder, topology: &Fields<'_>) {
    for fields in topology.items("load_balancers") {
        load_balancer(builder, &fields);
    }
    for fields in topology.items("gateways") {
        gateway(builder, &fields);
    }
    for fields in topology.items("nvas") {
        appliance(builder, &fields);
    }
    for fields in topology.items("proxies") {
        proxy(builder, &fields);
    }
    for fields in topology.items("vwan_hubs") {
        hub(builder, &fields);
    }
}

fn load_balancer(builder: &mut Builder, fields: &Fields<'_>) {
    fields.skip(&["sku"]);
    let meta = builder.meta(fields, fields.name());
    let (mut public_ips, mut private_ips) = (Vec::new(), Vec::new());
    let frontend = fields.texts("frontend");
    let private = |text: &String| matches!(text.parse(), Ok(IpAddr::V4(ip)) if ip.is_private());
    match fields.text("type").as_deref() {
        Some("internal" | "private") => private_ips = builder.addresses(fields, "frontend"),
        None if frontend.iter().all(private) => {
            private_ips = builder.addresses(fields, "frontend");
        }
        None | Some("public") => public_ips = builder.public_ips(fields, "frontend"),
        other => fields.problem("type", format_args!("unknown: {other:?}")),
    }
    let mut backends = Vec::new();
    for key in ["backend_subnet", "backend_subnets"] {
        for name in fields.texts(key) {
            let found = builder.subnet(&name, None);
            backends.push(builder.reference(fields, key, &name, found));
        }
    }
    let mut ports = Vec::new();
    for rule in fields.items("rules") {
        rule.skip(&["name", "protocol", "backend_port"]);
        match builder.one::<u16>(&rule, "port") {
            Some(port) => ports.push(port),
            None => rule.problem("port", "missing"),
        }
    }
    let outbound = fields.list("outbound_rules");
    for rule in outbound {
        let path = fields.path_of("outbound_rules");
        if let Value::Object(map) = rule {
            for key in map.keys() {
                if !["name", "protocol", "frontend", "ports"].contains(&key.as_str()) {
                    fields.problem("outbound_rules", format_args!("unknown key {path}.{key}"));
                }
            }
        }
    }
    builder.estate.load_balancers.push(LoadBalancer {
        meta,
        public_ips,
        private_ips,
        backends,
        outbound_rule: !outbound.is_empty(),
        ports,
    });
}

fn gateway(builder: &mut Builder, fields: &Fields<'_>) {
    let meta = builder.meta(fields, fields.name());
    let vnet = fields.text("vnet");
    let subnet = builder.subnet_ref(fields, "subnet", vnet.as_deref());
    let vnet = vnet_of(builder, fields, vnet, subnet.and_then(|subnet| subnet.id));
    let kind = match fields.text("type").as_deref() {
        Some("Vpn" | "VPN") => GatewayKind::Vpn,
        Some("ExpressRoute") => GatewayKind::ExpressRoute,
        other => {
            fields.problem("type", format_args!("unknown: {other:?}"));
            GatewayKind::Vpn
        }
    };
    let kind = builder.at(fields, "type", kind);
    let learned = builder.prefixes(fields, "learned");
    builder.estate.gateways.push(Gateway {
        meta,
        vnet,
        kind,
        learned,
    });
}

fn appliance(builder: &mut Builder, fields: &Fields<'_>) {
    let meta = builder.meta(fields, fields.name());
    let vnet = fields.text("vnet");
    let subnet = builder.subnet_ref(fields, "subnet", vnet.as_deref());
    let subnet = subnet.unwrap_or_else(|| {
        fields.problem("subnet", "missing");
        Ref {
            id: None,
            name: "".into(),
            origin: builder.origin(&fields.path_of("subnet")),
        }
    });
    let mut private_ips = builder.addresses(fields, "private_ip");
    private_ips.extend(builder.addresses(fields, "private_ips"));
    let public_ip = builder.public_addresses(fields, "public_ip").pop();
    let filter = match fields.get("allow") {
        None => ApplianceFilter::Unstated,
        Some(Value::String(text)) if text == "any" => ApplianceFilter::Everything,
        Some(_) => {
            let mut only = Vec::new();
            for text in fields.texts("allow") {
                let name = || text.parse::<FqdnPattern>().ok().map(Destination::Fqdn);
                match destination(&text).or_else(name) {
                    Some(destination) => only.push(Allowed {
                        name: "".into(),
                        sources: Vec::new(),
                        destinations: vec![destination],
                        services: Vec::new(),
                        reason: String::new(),
                        origin: meta.origin,
                    }),
                    None => fields.problem("allow", format_args!("`{text}` is none")),
                }
            }
            ApplianceFilter::Only(only)
        }
    };
    builder.estate.appliances.push(Appliance {
        meta,
        subnet,
        private_ips,
        ip_forwarding: fields.flag("ip_forwarding").unwrap_or(false),
        forwarding_text: None,
        interface: None,
        public_ip,
        snat: fields.flag("snat").unwrap_or(false),
        filter,
        compiled: None,
    });
}

fn proxy(builder: &mut Builder, fields: &Fields<'_>) {
    let meta = builder.meta(fields, fields.name());
    let vnet = fields.text("vnet");
    let subnet = builder.subnet_ref(fields, "subnet", vnet.as_deref());
    let address = builder.one::<IpAddr>(fields, "ip");
    let port = fields.parse("port");
    let stated = fields.get("allow").is_some();
    let any = matches!(fields.get("allow"), Some(Value::String(text)) if text == "any");
    let allowed = if any {
        vec![builder.at(fields, "allow", FqdnPattern::Any)]
    } else {
        builder.patterns(fields, "allow")
    };
    let (Some(address), Some(port)) = (address, port) else {
        fields.problem("ip", "address or port is missing");
        return;
    };
    builder.estate.proxies.push(Proxy {
        meta,
        subnet,
        address,
        port,
        allowed: stated.then_some(allowed),
    });
}

/// A hub. Its networks, its firewall and its routing have several spellings.
fn hub(builder: &mut Builder, fields: &Fields<'_>) {
    fields.skip(&["cidr", "address_prefix", "vwan"]);
    let name = fields.name();
    let meta = builder.meta(fields, name.as_str());
    let mut connections: Vec<Ref<Vnet>> = Vec::new();
    for key in ["connections", "connected_vnets", "vnets"] {
        for value in fields.list(key) {
            let Some(name) = text_of(value).or_else(|| value.get("vnet").and_then(text_of)) else {
                fields.problem(key, format_args!("{value} names no network"));
                continue;
            };
            let found = by_name(&builder.estate.vnets, &name, |vnet| &vnet.meta);
            connections.push(builder.reference(fields, key, &name, found));
        }
    }
    let own_firewall = match fields.get("firewall") {
        None => None,
        Some(Value::String(firewall)) => {
            let found = by_name(&builder.estate.firewalls, firewall, |firewall| {
                &firewall.meta
            });
            Some(builder.reference(fields, "firewall", firewall, found))
        }
        Some(_) => fields.map("firewall").map(|own| {
            let origin = builder.origin(fields.path());
            let called = own.text("name").unwrap_or_else(|| name.clone());
            let network = Ref {
                id: None,
                name: name.as_str().into(),
                origin,
            };
            let id = firewall::firewall(builder, &own, &called, network);
            Ref::known(id, called, origin)
        }),
    };
    let (mut internet, mut private) = (false, false);
    match fields.get("routing_intent") {
        None => {}
        Some(Value::Object(_)) => {
            // The value may name the firewall that takes the traffic.
            if let Some(intent) = fields.map("routing_intent") {
                internet = builder.present(&intent, "internet").is_some();
                private = builder.present(&intent, "private").is_some();
            }
        }
        Some(_) => {
            for word in fields.texts("routing_intent") {
                match word.to_ascii_lowercase().as_str() {
                    "internet" | "internettraffic" => internet = true,
                    "private" | "privatetraffic" => private = true,
                    _ => fields.problem("routing_intent", format_args!("unknown: `{word}`")),
                }
            }
        }
    }
    for key in [
        "internet_routing",
        "secure_internet",
        "propagate_default_route",
    ] {
        internet |= fields.flag(key).unwrap_or(false);
    }
    for key in ["private_routing", "secure_private"] {
        private |= fields.flag(key).unwrap_or(false);
    }
    builder.estate.hubs.push(VirtualHub {
        meta,
        wan: None,
        prefix: None,
        without_default: Vec::new(),
        connections,
        firewall: own_firewall,
        internet_routing: internet,
        private_routing: private,
        intent: None,
    });
}

/// A host and port of a proxy, from a URL or `host:port`.
pub(super) fn host_and_port(text: &str) -> Option<(String, u16)> {
    let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
    let bare = bare.trim_end_matches('/');
    let (host, port) = bare.rsplit_once(':')?;
    Some((host.to_owned(), port.parse().ok()?))
}

/// A value with the place of another.
pub(super) fn like<T, U>(place: &Spanned<T>, value: U) -> Spanned<U> {
    Spanned::new(value, place.span)
}
