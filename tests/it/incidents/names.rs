//! Platform services, private endpoints, private zones and DNS servers of a topology.

use std::net::IpAddr;

use serde_json::Value;
use tidegate::base::Spanned;
use tidegate::estate::{
    ConditionalForwarder, DnsRecord, DnsServer, Meta, NetworkAcl, PlatformService, PrivateDnsZone,
    PrivateEndpoint, Ref, ResolutionPolicy, ServiceEndpointPolicy, ZoneLink,
};
use tidegate::net::{Fqdn, ServiceTag};

use super::build::{Builder, by_name};
use super::document::{Fields, text_of};

pub(super) fn build(builder: &mut Builder, topology: &Fields<'_>) {
    for fields in topology.items("services") {
        service(builder, &fields);
    }
    endpoint_policies(builder, topology);
    for fields in topology.items("private_dns_zones") {
        zone(builder, &fields);
    }
    for fields in topology.items("private_endpoints") {
        private_endpoint(builder, &fields);
    }
    for fields in topology.items("dns_servers_vm") {
        dns_server(builder, &fields);
    }
}

fn service(builder: &mut Builder, fields: &Fields<'_>) {
    let name = fields.name();
    let meta = builder.meta(fields, name);
    let kind = builder.words(fields, "kind").pop();
    let fqdn = builder.one::<Fqdn>(fields, "fqdn");
    let cname = builder.one::<Fqdn>(fields, "cname");
    let mut addresses = builder.addresses(fields, "ip");
    addresses.extend(builder.addresses(fields, "ips"));
    let mut tags = fields.texts("service_tag");
    tags.extend(fields.texts("service_tags"));
    let region = builder.words(fields, "region").pop();
    let off = fields.flag("public_access") == Some(false);
    let public_access_off = off.then(|| builder.origin(&fields.path_of("public_access")));
    let acl = fields.map("network_acl").map(|acl| {
        let deny = match acl.text("default").as_deref() {
            Some("Deny" | "deny") => true,
            Some("Allow" | "allow") | None => false,
            Some(other) => {
                acl.problem("default", format_args!("unknown: `{other}`"));
                false
            }
        };
        let mut subnets = Vec::new();
        for name in acl.texts("subnets") {
            let found = builder.subnet(&name, None);
            subnets.push(builder.reference(&acl, "subnets", &name, found));
        }
        NetworkAcl {
            origin: builder.origin(acl.path()),
            default_deny: deny,
            prefixes: builder.prefixes(&acl, "ips"),
            subnets,
        }
    });
    let Some(fqdn) = fqdn else {
        fields.problem("fqdn", "missing");
        return;
    };
    builder.estate.services.push(PlatformService {
        meta,
        kind,
        fqdn,
        cname,
        addresses,
        resolved: None,
        tags: tags.into_iter().map(ServiceTag::new).collect(),
        region,
        public_access_off,
        acl,
    });
}

/// The service endpoint policies of subnets: in place, or by the name of one of the topology.
fn endpoint_policies(builder: &mut Builder, topology: &Fields<'_>) {
    let policies = topology.items("service_endpoint_policies");
    let allowed = |builder: &mut Builder, fields: &Fields<'_>| {
        fields.skip(&["name"]);
        let mut allowed = Vec::new();
        for key in ["allowed", "allow", "services", "resources"] {
            for name in fields.texts(key) {
                let found = by_name(&builder.estate.services, &name, |service| &service.meta);
                allowed.push(builder.reference(fields, key, &name, found));
            }
        }
        ServiceEndpointPolicy {
            origin: builder.origin(fields.path()),
            allowed,
        }
    };
    let mut named = Vec::new();
    for fields in &policies {
        let policy = allowed(builder, fields);
        named.push((fields.name(), policy));
    }
    let Some(Value::Array(vnets)) = topology.get("vnets") else {
        return;
    };
    for (id, at) in subnets_with_policy(builder, vnets) {
        let policy = match at {
            Value::String(name) => {
                let policy = named.iter().find(|(own, _)| own == name);
                if policy.is_none() {
                    topology.problem("service_endpoint_policies", format_args!("no `{name}`"));
                }
                policy.map(|(_, policy)| policy.clone())
            }
            value => {
                let name = &builder.estate.subnets[id].meta.name;
                let path = format!("subnet {name}.service_endpoint_policy");
                topology
                    .nested(value, &path)
                    .map(|fields| allowed(builder, &fields))
            }
        };
        builder.estate.subnets[id].endpoint_policy = policy;
    }
}

/// The subnets that have a service endpoint policy, and what is written there.
fn subnets_with_policy<'a>(
    builder: &Builder,
    vnets: &'a [Value],
) -> Vec<(tidegate::estate::Id<tidegate::estate::Subnet>, &'a Value)> {
    let mut found = Vec::new();
    for vnet in vnets {
        let name = vnet.get("name").and_then(text_of);
        let subnets = vnet.get("subnets").and_then(Value::as_array);
        for subnet in subnets.into_iter().flatten() {
            let policy = subnet.get("service_endpoint_policy");
            let own = subnet.get("name").and_then(text_of).unwrap_or_default();
            if let Some(policy) = policy.filter(|policy| !policy.is_null())
                && let Some(id) = builder.subnet(&own, name.as_deref())
            {
                found.push((id, policy));
            }
        }
    }
    found
}

fn resolution(fields: &Fields<'_>) -> Option<ResolutionPolicy> {
    match fields.text("resolution_policy").as_deref() {
        None => None,
        Some("Default") => Some(ResolutionPolicy::Default),
        Some("NxDomainRedirect") => Some(ResolutionPolicy::NxDomainRedirect),
        Some(other) => {
            fields.problem("resolution_policy", format_args!("unknown: `{other}`"));
            None
        }
    }
}

fn zone(builder: &mut Builder, fields: &Fields<'_>) {
    let name = fields.name();
    let meta = builder.meta(fields, name.as_str());
    let of_all = resolution(fields).unwrap_or_default();
    let mut links = Vec::new();
    for value in fields.list("links") {
        let (vnet, registration, own) = match value {
            Value::Object(_) => {
                let path = fields.path_of("links");
                let Some(link) = fields.nested(value, &path) else {
                    continue;
                };
                link.skip(&["name"]);
                let registration = link
                    .flag("registration")
                    .or(link.flag("registration_enabled"));
                (link.text("vnet"), registration, resolution(&link))
            }
            _ => (text_of(value), None, None),
        };
        let Some(vnet) = vnet else {
            fields.problem("links", format_args!("{value} names no network"));
            continue;
        };
        let found = by_name(&builder.estate.vnets, &vnet, |vnet| &vnet.meta);
        let path = format!("{}[{vnet}]", fields.path_of("links"));
        links.push(ZoneLink {
            origin: builder.origin(&path),
            vnet: builder.reference(fields, "links", &vnet, found),
            registration: registration.unwrap_or(false),
            resolution: own.unwrap_or(of_all),
        });
    }
    let records = fields.items("records");
    let records = records.iter().filter_map(|fields| record(builder, fields));
    let records = records.collect();
    let Ok(domain) = name.parse() else {
        fields.problem("name", format_args!("`{name}` is no domain"));
        return;
    };
    builder.estate.dns_zones.push(PrivateDnsZone {
        meta,
        domain,
        links,
        records,
    });
}

fn record(builder: &mut Builder, fields: &Fields<'_>) -> Option<DnsRecord> {
    let name = fields.name();
    let mut addresses = builder.addresses(fields, "ip");
    addresses.extend(builder.addresses(fields, "ips"));
    let cname = builder.one::<Fqdn>(fields, "cname");
    let cname = cname.or(builder.one::<Fqdn>(fields, "target"));
    match fields.text("type").as_deref() {
        Some("A" | "AAAA") if !addresses.is_empty() => {}
        Some("CNAME") if cname.is_some() => {}
        None if cname.is_some() || !addresses.is_empty() => {}
        other => {
            fields.problem("type", format_args!("{other:?} without what belongs to it"));
            return None;
        }
    }
    Some(DnsRecord {
        origin: builder.origin(fields.path()),
        name: name.into(),
        addresses,
        cname,
    })
}

fn private_endpoint(builder: &mut Builder, fields: &Fields<'_>) {
    let meta = builder.meta(fields, fields.name());
    let vnet = fields.text("vnet");
    let subnet = builder.subnet_ref(fields, "subnet", vnet.as_deref());
    let mut addresses = builder.addresses(fields, "ip");
    addresses.extend(builder.addresses(fields, "ips"));
    let mut names = builder.fqdns(fields, "fqdn");
    names.extend(builder.fqdns(fields, "fqdns"));
    let zone = fields.text("zone").map(|name| {
        let found = by_name(&builder.estate.dns_zones, &name, |zone| &zone.meta);
        builder.reference(fields, "zone", &name, found)
    });
    let target = fields.text("target").map(|name| {
        let found = by_name(&builder.estate.services, &name, |service| &service.meta);
        builder.reference(fields, "target", &name, found)
    });
    let Some(subnet) = subnet else {
        fields.problem("subnet", "missing");
        return;
    };
    builder.estate.private_endpoints.push(PrivateEndpoint {
        meta,
        subnet,
        addresses,
        names,
        zone,
        target,
    });
}

fn dns_server(builder: &mut Builder, fields: &Fields<'_>) {
    let name = fields.text("name").or_else(|| fields.text("ip"));
    let meta: Meta = builder.meta(fields, name.unwrap_or_default());
    let address = builder.one::<IpAddr>(fields, "ip");
    let vnet_name = fields.text("vnet");
    let vnet = vnet_name.as_deref().filter(|name| *name != "on-premises");
    let vnet = vnet.map(|name| {
        let found = by_name(&builder.estate.vnets, name, |vnet| &vnet.meta);
        builder.reference(fields, "vnet", name, found)
    });
    builder.subnet_ref(fields, "subnet", vnet_name.as_deref());
    let stated = fields.get("forwarders").is_some();
    let forwarders = builder.addresses(fields, "forwarders");
    let mut conditional = Vec::new();
    for key in ["conditional", "conditional_forwarders"] {
        match fields.get(key) {
            Some(Value::Object(map)) => {
                for (domain, servers) in map {
                    let texts = match servers {
                        Value::Array(list) => list.iter().filter_map(text_of).collect(),
                        one => text_of(one).into_iter().collect::<Vec<_>>(),
                    };
                    conditional.extend(forwarder(builder, fields, key, domain, &texts));
                }
            }
            Some(_) => {
                for item in fields.items(key) {
                    let domain = item.text_any(&["domain", "zone", "name"]);
                    let mut servers = item.texts("servers");
                    servers.extend(item.texts("forwarders"));
                    servers.extend(item.texts("to"));
                    let domain = domain.unwrap_or_default();
                    conditional.extend(forwarder(builder, fields, key, &domain, &servers));
                }
            }
            None => {}
        }
    }
    let Some(address) = address else {
        fields.problem("ip", "missing");
        return;
    };
    builder.estate.dns_servers.push(DnsServer {
        meta,
        address,
        vnet,
        forwarders: stated.then_some(forwarders),
        conditional,
    });
}

fn forwarder(
    builder: &mut Builder,
    fields: &Fields<'_>,
    key: &'static str,
    domain: &str,
    servers: &[String],
) -> Option<ConditionalForwarder> {
    let path = format!("{}[{domain}]", fields.path_of(key));
    let span = builder.span(&path);
    let mut addresses = Vec::new();
    for text in servers {
        match text.parse() {
            Ok(address) => addresses.push(Spanned::new(address, span)),
            Err(_) => fields.problem(key, format_args!("`{text}` is no address")),
        }
    }
    match domain.parse() {
        Ok(domain) => Some(ConditionalForwarder {
            origin: span.into(),
            domain,
            servers: addresses,
        }),
        Err(_) => {
            fields.problem(key, format_args!("`{domain}` is no domain"));
            None
        }
    }
}

/// The service of that name.
pub(super) fn service_ref(
    builder: &mut Builder,
    fields: &Fields<'_>,
    key: &'static str,
) -> Option<Ref<PlatformService>> {
    let name = fields.text(key)?;
    let found = by_name(&builder.estate.services, &name, |service| &service.meta);
    Some(builder.reference(fields, key, &name, found))
}
