//! The cluster of an incident as a pool.

use ipnet::IpNet;
use serde_json::Value;
use smol_str::SmolStr;
use tidegate::base::{Origin, Spanned};
use tidegate::estate::{
    ApiServer, AuthorizedRanges, Bootstrap, HttpProxy, Id, Meta, NetworkPlugin, Node, NodeSettings,
    OutboundType, Pool, PoolIdentity, PrivateZone, ProxyEndpoint, Ref,
};
use tidegate::net::Fqdn;

use super::around::{host_and_port, like};
use super::build::{Builder, by_name};
use super::document::{Fields, text_of};
use super::names::service_ref;
use super::network;

/// Keys that say what a cluster has, which only decides what it must reach.
pub(super) const FEATURES: [&str; 14] = [
    "konnectivity",
    "tunnel",
    "workloads",
    "addons",
    "add_ons",
    "extensions",
    "features",
    "monitoring",
    "windows",
    "gpu",
    "defender",
    "azure_policy",
    "workload_identity",
    "key_vault_csi",
];

pub(super) fn build(builder: &mut Builder, fields: &Fields<'_>, product: &str) -> Id<Pool> {
    fields.skip(&FEATURES);
    // How it was deployed, and in which cloud and region, is told apart from the pool.
    fields.skip(&[
        "cloud",
        "region",
        "resource_group",
        "deployed_with",
        "kubernetes_version",
    ]);
    let kind = fields.text("kind").unwrap_or_else(|| product.to_owned());
    // Incidents name products, pools the catalog of one.
    let kind = if kind == "hdinsight" {
        "hdinsight-classic".to_owned()
    } else {
        kind
    };
    let origin = builder.origin(fields.path());
    let meta = Meta {
        name: fields
            .text("name")
            .unwrap_or_else(|| "cluster".to_owned())
            .into(),
        origin,
        body: None,
        home: builder.own_home(),
    };
    let kind = builder.at(fields, "kind", SmolStr::from(kind));
    let vnet = fields.text("vnet");
    let mut subnets = Vec::new();
    for key in ["subnet", "subnets"] {
        for name in fields.texts(key) {
            let found = builder.subnet(&name, vnet.as_deref());
            subnets.push(builder.reference(fields, key, &name, found));
        }
    }
    let outbound = outbound(builder, fields, &kind.value);
    let pool = Pool {
        meta,
        kind: Some(kind),
        subnets,
        outbound,
        via: None,
        network_plugin: network_plugin(builder, fields),
        pod_prefixes: builder.prefixes(fields, "pod_cidr"),
        private_cluster: builder.present(fields, "private"),
        private_ingress: builder.present(fields, "private_ingress"),
        identity: identity(builder, fields),
        workload_identity: None,
        api_server: api_server(builder, fields),
        nodes: nodes(builder, fields),
        http_proxy: http_proxy(builder, fields),
        properties: Vec::new(),
        bootstrap: bootstrap(builder, fields),
        management_inbound: management(builder, fields),
    };
    builder.estate.pools.push(pool)
}

fn outbound(builder: &mut Builder, fields: &Fields<'_>, kind: &str) -> Spanned<OutboundType> {
    let text = fields.text("outbound_type");
    let outbound = match text.as_deref() {
        // The machines of HDInsight leave as their subnet does.
        None if kind == "hdinsight-classic" => OutboundType::OfSubnet,
        None => OutboundType::LoadBalancer,
        Some(text) => {
            let known = OutboundType::ALL.into_iter();
            let mut known = known.filter(|outbound| outbound.name().eq_ignore_ascii_case(text));
            known.next().unwrap_or_else(|| {
                fields.problem("outbound_type", format_args!("unknown: `{text}`"));
                OutboundType::LoadBalancer
            })
        }
    };
    builder.at(fields, "outbound_type", outbound)
}

fn network_plugin(builder: &mut Builder, fields: &Fields<'_>) -> Option<Spanned<NetworkPlugin>> {
    let text = fields.text("network_plugin")?;
    let mut known = NetworkPlugin::KEYWORDS.into_iter();
    let Some((_, plugin)) = known.find(|(keyword, _)| *keyword == text) else {
        fields.problem("network_plugin", format_args!("unknown: `{text}`"));
        return None;
    };
    let overlay = fields.text("network_plugin_mode").as_deref() == Some("overlay");
    let plugin = match plugin {
        NetworkPlugin::Azure if overlay => NetworkPlugin::AzureOverlay,
        plugin => plugin,
    };
    Some(builder.at(fields, "network_plugin", plugin))
}

fn identity(builder: &mut Builder, fields: &Fields<'_>) -> Option<PoolIdentity> {
    let identity = fields.map("identity")?;
    let origin = builder.origin(identity.path());
    let kind = identity.text("type");
    let name = identity.text("name");
    match (kind.as_deref(), name) {
        (Some("SystemAssigned"), _) => Some(PoolIdentity::SystemAssigned(origin)),
        (Some("UserAssigned" | "ServicePrincipal") | None, Some(name)) => {
            let id = by_name(&builder.estate.identities, &name, |identity| &identity.meta);
            Some(PoolIdentity::UserAssigned(Ref {
                id,
                name: name.into(),
                origin,
            }))
        }
        (other, _) => {
            identity.problem("type", format_args!("unknown: {other:?}"));
            None
        }
    }
}

fn api_server(builder: &mut Builder, fields: &Fields<'_>) -> ApiServer {
    let mut server = ApiServer::default();
    if let Some(own) = fields.map("api_server") {
        server.fqdn = builder.one::<Fqdn>(&own, "fqdn");
        server.public_ip = builder.one(&own, "public_ip");
        server.subnet = builder.subnet_ref(&own, "subnet", None);
    }
    let ranges = builder.prefixes(fields, "authorized_ip_ranges");
    if !ranges.is_empty() {
        server.authorized_ranges = Some(AuthorizedRanges {
            origin: builder.origin(&fields.path_of("authorized_ip_ranges")),
            prefixes: ranges,
        });
    }
    if let Some(zone) = fields.text("private_dns_zone") {
        let kept = match zone.as_str() {
            "system" => PrivateZone::System,
            "none" => PrivateZone::None,
            name => {
                let found = by_name(&builder.estate.dns_zones, name, |zone| &zone.meta);
                PrivateZone::Own(builder.reference(fields, "private_dns_zone", name, found))
            }
        };
        server.private_zone = Some(builder.at(fields, "private_dns_zone", kept));
    }
    server.public_name = builder.flag(fields, "public_fqdn");
    server
}

fn nodes(builder: &mut Builder, fields: &Fields<'_>) -> NodeSettings {
    let mut list = Vec::new();
    for node in fields.items("nodes") {
        let pods = builder.prefixes(&node, "pod_cidr").pop();
        let Some(address) = node.parse("ip") else {
            node.problem("ip", "missing");
            continue;
        };
        list.push(Node {
            name: node.name().into(),
            origin: builder.origin(node.path()),
            address,
            pods: pods.map(|pods: Spanned<IpNet>| pods.value),
        });
    }
    let interface_nsg = match fields.get("nic_nsg") {
        Some(Value::String(name)) => {
            let found = by_name(&builder.estate.nsgs, name, |nsg| &nsg.meta);
            Some(builder.reference(fields, "nic_nsg", name, found))
        }
        _ => fields.map("nic_nsg").map(|own| {
            let name = own.text("name").unwrap_or_else(|| "nic_nsg".to_owned());
            let id = network::nsg(builder, &own, name.clone());
            Ref::known(id, name, builder.origin(own.path()))
        }),
    };
    let sku = fields.text("load_balancer_sku").unwrap_or_default();
    let basic = sku.eq_ignore_ascii_case("basic");
    let families = fields.texts("ip_families");
    let dual = families
        .iter()
        .any(|family| family.eq_ignore_ascii_case("ipv6"));
    NodeSettings {
        pod_subnet: builder.subnet_ref(fields, "pod_subnet", None),
        service_prefix: builder.prefixes(fields, "service_cidr").pop(),
        dns_service_ip: builder.one(fields, "dns_service_ip"),
        nodes: list,
        interface_nsg,
        public_ips: builder
            .present(fields, "node_public_ip")
            .or(builder.present(fields, "node_public_ips")),
        load_balancer_profile: builder.profile(fields, "load_balancer_profile"),
        basic_load_balancer: basic.then(|| builder.origin(&fields.path_of("load_balancer_sku"))),
        outbound_rule: builder.flag(fields, "load_balancer_outbound_rule"),
        dual_stack: dual.then(|| builder.origin(&fields.path_of("ip_families"))),
        ..NodeSettings::default()
    }
}

impl Builder {
    /// A part of the cluster of which only its presence counts.
    fn profile(&mut self, fields: &Fields<'_>, key: &'static str) -> Option<Origin> {
        self.present(fields, key)
    }
}

fn http_proxy(builder: &mut Builder, fields: &Fields<'_>) -> Option<HttpProxy> {
    let proxy = fields.map("http_proxy")?;
    let mut endpoint = |key: &'static str| {
        let text = proxy.text(key)?;
        let Some((host, port)) = host_and_port(&text) else {
            proxy.problem(key, format_args!("`{text}` is no host with a port"));
            return None;
        };
        let endpoint = ProxyEndpoint {
            host: host.into(),
            port,
        };
        Some(builder.at(&proxy, key, endpoint))
    };
    let (http, https) = (endpoint("http"), endpoint("https"));
    Some(HttpProxy {
        origin: builder.origin(proxy.path()),
        http,
        https,
        no_proxy: builder.words(&proxy, "no_proxy"),
    })
}

fn bootstrap(builder: &mut Builder, fields: &Fields<'_>) -> Option<Bootstrap> {
    let own = fields.map("bootstrap")?;
    let source = own.text("artifact_source");
    let registry = service_ref(builder, &own, "registry");
    let origin = builder.origin(own.path());
    match source.as_deref() {
        Some("Cache") => Some(Bootstrap { origin, registry }),
        Some("Direct") => None,
        other => {
            own.problem("artifact_source", format_args!("unknown: {other:?}"));
            None
        }
    }
}

fn management(builder: &mut Builder, fields: &Fields<'_>) -> Option<Spanned<bool>> {
    let text = builder
        .words(fields, "resource_provider_connection")
        .pop()?;
    match text.value.as_str() {
        "Inbound" => Some(like(&text, true)),
        "Outbound" => Some(like(&text, false)),
        other => {
            fields.problem(
                "resource_provider_connection",
                format_args!("unknown: `{other}`"),
            );
            None
        }
    }
}

/// A text of the cluster, read without regard to its other keys.
pub(super) fn text(cluster: Option<&Value>, key: &str) -> Option<String> {
    cluster?.get(key).and_then(text_of)
}
