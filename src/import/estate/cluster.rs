//! Clusters of Azure Kubernetes Service: pools.
//!
//! Names and meanings of properties: Azure/bicep-types-az, generated/containerservice/microsoft.containerservice. A
//! cluster whose way out is not known becomes no pool, so that no rule judges it; the gap says why. Nor does one whose
//! network is Azure's own, because nothing of that network is stated.

use smol_str::SmolStr;

use crate::base::{Origin, Spanned};
use crate::estate::{
    ApiServer, AuthorizedRanges, Bootstrap, HttpProxy, Id, NetworkPlugin, NodeSettings,
    OutboundType, Pool, PoolIdentity, PoolSetting, PrivateZone, ProxyEndpoint, Ref, Subnet,
    Unknown,
};
use crate::import::{Data, ResourceId, Text, Value};
use crate::net::Fqdn;

use super::Builder;
use super::agent_pool::AgentPool;
use super::entity::{Entity, Found};
use super::gap::{Part, not_known};
use super::read::Read;
use super::slot::Slot;

/// The properties below which add-ons and the like are switched on.
const SWITCHES: [&str; 5] = [
    "addonProfiles",
    "azureMonitorProfile",
    "metricsProfile",
    "securityProfile",
    "ingressProfile",
];

/// The name of the catalog of these clusters.
const KIND: &str = "aks";

impl<'e> Builder<'e> {
    pub(super) fn define_cluster(&mut self, entity: &'e Entity<'e>) {
        let before = self.gaps.len();
        let agents = self.agent_pools(entity);
        let mut subnets: Vec<Ref<Subnet>> = Vec::new();
        for subnet in agents.iter().filter_map(|agent| agent.subnet.as_ref()) {
            let known = |other: &Ref<Subnet>| match subnet.id {
                Some(id) => other.id == Some(id),
                None => other.name == subnet.name,
            };
            if !subnets.iter().any(known) {
                subnets.push(subnet.clone());
            }
        }
        if subnets.is_empty() {
            return;
        }
        for subnet in subnets.iter().filter_map(|subnet| subnet.id) {
            self.unknown_exits(subnet, before);
        }
        let outbound = match self.outbound_type(entity) {
            Ok(outbound) => outbound,
            Err(unknown) => {
                for subnet in subnets.iter().filter_map(|subnet| subnet.id) {
                    self.gap(Slot::Subnet(subnet), Part::Exit, unknown.clone());
                }
                self.gap(None, Part::Settings, unknown);
                return;
            }
        };
        let profile = Profile(entity);
        let private = profile.access("enablePrivateCluster");
        let pool = Pool {
            meta: self.meta(entity),
            kind: Some(Spanned::new(KIND.into(), entity.name_span)),
            subnets,
            outbound,
            via: None,
            network_plugin: self.network_plugin(entity),
            pod_prefixes: self.pod_prefixes(entity),
            private_cluster: self.when_on(PoolSetting::PrivateCluster, private),
            private_ingress: None,
            identity: self.cluster_identity(entity),
            workload_identity: None,
            api_server: self.api_server(entity),
            nodes: self.node_settings(entity, &agents),
            http_proxy: self.http_proxy(entity),
            bootstrap: self.bootstrap(entity),
            management_inbound: None,
            properties: switched_on(entity, agents),
        };
        self.add_pool(pool, before);
    }

    /// Adds a pool; what is not known of its settings, from this place of the list on, is noted as its.
    pub(super) fn add_pool(&mut self, pool: Pool, before: usize) {
        let id = self.estate.pools.push(pool);
        for gap in self.gaps.iter_mut().skip(before) {
            if matches!(gap.part, Part::Pool(_)) {
                gap.of = Some(Slot::Pool(id));
            }
        }
    }

    /// Public addresses that nodes may have are a way out of their subnet.
    fn unknown_exits(&mut self, subnet: Id<Subnet>, before: usize) {
        let public = self.gaps.iter().skip(before);
        let public = public.filter(|gap| gap.part == Part::Pool(PoolSetting::NodePublicIps));
        let unknown: Vec<Unknown> = public.map(|gap| gap.unknown.clone()).collect();
        self.gaps(Slot::Subnet(subnet), Part::Exit, unknown);
    }

    /// The value of a setting when it is known; else the gap is noted.
    pub(super) fn setting<T>(
        &mut self,
        setting: PoolSetting,
        read: Result<T, Unknown>,
    ) -> Option<T> {
        self.or_gap_of_none(Part::Pool(setting), read)
    }

    pub(super) fn setting_gaps(&mut self, setting: PoolSetting, unknown: Vec<Unknown>) {
        for unknown in unknown {
            self.gap(None, Part::Pool(setting), unknown);
        }
    }

    /// Where a switch is on. One that is not known is neither on nor off.
    pub(super) fn when_on(
        &mut self,
        setting: PoolSetting,
        value: Option<&Value>,
    ) -> Option<Origin> {
        let read = self.switch(value?);
        let switch = self.setting(setting, read)?;
        switch.value.then(|| switch.span.into())
    }

    /// How it leaves; `loadBalancer` where nothing says otherwise
    /// (MicrosoftDocs/azure-aks-docs, articles/aks/egress-outboundtype.md).
    fn outbound_type(&mut self, entity: &'e Entity<'e>) -> Read<OutboundType> {
        let Some(value) = entity.property(&["networkProfile", "outboundType"]) else {
            return Ok(Spanned::new(OutboundType::LoadBalancer, entity.name_span));
        };
        let mut choices: Vec<_> = OutboundType::ALL.map(|it| (it.name(), it)).to_vec();
        // A newer NAT gateway, made with the cluster in the same way.
        choices.push(("managedNATGatewayV2", OutboundType::ManagedNatGateway));
        self.choice(value, &choices)
    }

    fn network_plugin(&mut self, entity: &'e Entity<'e>) -> Option<Spanned<NetworkPlugin>> {
        let value = entity.property(&["networkProfile", "networkPlugin"])?;
        let plugins = [
            ("azure", NetworkPlugin::Azure),
            ("kubenet", NetworkPlugin::Kubenet),
            ("none", NetworkPlugin::None),
        ];
        let read = self.choice(value, &plugins);
        let plugin = self.setting(PoolSetting::Pods, read)?;
        // The empty text says nothing: published templates give it where there is no mode.
        let mode = entity.property(&["networkProfile", "networkPluginMode"]);
        let Some(mode) = mode.filter(|mode| !is_empty_text(mode)) else {
            return Some(plugin);
        };
        if plugin.value != NetworkPlugin::Azure {
            return Some(plugin);
        }
        // Without the mode it is not known where pods get their addresses.
        let read = self.choice(mode, &[("overlay", NetworkPlugin::AzureOverlay)]);
        let mode = self.setting(PoolSetting::Pods, read)?;
        Some(Spanned::new(mode.value, plugin.span))
    }

    fn pod_prefixes(&mut self, entity: &'e Entity<'e>) -> Vec<Spanned<ipnet::IpNet>> {
        let many = entity
            .property(&["networkProfile", "podCidrs"])
            .filter(|value| value.items().is_none_or(|items| !items.is_empty()));
        if many.is_some() {
            let (known, unknown) = self.list(many, Self::prefix);
            self.setting_gaps(PoolSetting::Pods, unknown);
            return known;
        }
        let one = entity.property(&["networkProfile", "podCidr"]);
        let one = one.filter(|value| !is_empty_text(value));
        let read = one.map(|value| self.prefix(value));
        let known = read.and_then(|read| self.setting(PoolSetting::Pods, read));
        known.into_iter().collect()
    }

    pub(super) fn settings_gaps(&mut self, unknown: Vec<Unknown>) {
        for unknown in unknown {
            self.gap(None, Part::Settings, unknown);
        }
    }

    /// The identity of the control plane. That of a service principal is not known.
    fn cluster_identity(&mut self, entity: &'e Entity<'e>) -> Option<PoolIdentity> {
        let Some(identity) = entity.beside(&["identity"]) else {
            let principal = entity.property(&["servicePrincipalProfile", "clientId"])?;
            let name = principal.text().map(|text| text.to_string());
            let nothing = self.nothing(name.unwrap_or_default(), principal.span);
            return Some(PoolIdentity::UserAssigned(nothing));
        };
        let Some(kind) = identity.reach(&["type"]) else {
            return Some(PoolIdentity::UserAssigned(self.nothing("", identity.span)));
        };
        if let Some(symbol) = kind.unknown() {
            let unknown = self.unknown(kind, symbol);
            self.gap(None, Part::Pool(PoolSetting::Identity), unknown);
        }
        self.place(kind);
        match kind.known_text().map(|text| text.to_ascii_lowercase()) {
            Some(kind_name) if kind_name == "systemassigned" => {
                Some(PoolIdentity::SystemAssigned(kind.span.into()))
            }
            Some(kind_name) if kind_name == "none" => None,
            _ => Some(PoolIdentity::UserAssigned(self.assigned_identity(identity))),
        }
    }

    /// The identity whose id is the key of `userAssignedIdentities`: that of the control plane, which joins nodes to
    /// the network. The kubelet's, in `identityProfile`, only pulls images. A control plane takes one; which of several
    /// it would be is not known.
    fn assigned_identity(&mut self, identity: &'e Value) -> Ref<crate::estate::Identity> {
        let listed = identity.reach(&["userAssignedIdentities"]);
        let members = match listed.map(|it| &it.data) {
            Some(Data::Object(object)) => object.members.as_slice(),
            _ => &[],
        };
        let [member] = members else {
            let place = listed.map_or(identity.span, |listed| listed.span);
            let unknown = match (listed, members.len()) {
                (Some(listed), 0) => listed.unknown().map(|it| self.unknown(listed, it)),
                (_, 0) => None,
                (_, count) => Some(not_known(format!("which of {count} identities"), place)),
            };
            let name = unknown.as_ref().map(|unknown| unknown.text.clone());
            self.setting_gaps(PoolSetting::Identity, unknown.into_iter().collect());
            return self.nothing(name.unwrap_or_default(), place);
        };
        let id = ResourceId::parse(&Text::from(member.key.clone()));
        let found = id
            .as_ref()
            .map(|id| self.entities.find(id, member.key_span.file));
        match (found, id) {
            (Some(Found::One(index)), _) => self.ref_of(index, member.key_span),
            (_, Some(id)) => self.nothing(id.to_string(), member.key_span),
            (_, None) => self.nothing(member.key.clone(), member.key_span),
        }
    }

    fn api_server(&mut self, entity: &'e Entity<'e>) -> ApiServer {
        let profile = Profile(entity);
        let name = entity
            .property(&["fqdn"])
            .or(entity.property(&["privateFQDN"]));
        let fqdn = name.and_then(|name| {
            let read = self.parsed(name, "a domain name", |text| text.parse::<Fqdn>().ok());
            self.setting(PoolSetting::ApiServerName, read)
        });
        let public_name = profile
            .access("enablePrivateClusterPublicFQDN")
            .and_then(|value| {
                let read = self.switch(value);
                self.setting(PoolSetting::ApiServerName, read)
            });
        ApiServer {
            fqdn,
            public_ip: None,
            authorized_ranges: self.authorized_ranges(profile.access("authorizedIPRanges")),
            private_zone: self.private_zone(profile.access("privateDNSZone")),
            public_name,
            subnet: profile
                .access("subnetId")
                .filter(|value| !is_empty_text(value))
                .and_then(|value| {
                    let read = self.unless_open(value);
                    self.setting(PoolSetting::ApiServerName, read).flatten()
                }),
        }
    }

    /// Unless all are known, none are kept: a client that no known prefix holds may be let in all the same.
    fn authorized_ranges(&mut self, value: Option<&'e Value>) -> Option<AuthorizedRanges> {
        let value = value?;
        let (prefixes, unknown) = self.list(Some(value), Self::prefix);
        let known = unknown.is_empty() && !prefixes.is_empty();
        self.setting_gaps(PoolSetting::AuthorizedRanges, unknown);
        known.then(|| AuthorizedRanges {
            origin: value.span.into(),
            prefixes,
        })
    }

    fn private_zone(&mut self, value: Option<&'e Value>) -> Option<Spanned<PrivateZone>> {
        let value = value.filter(|value| !is_empty_text(value))?;
        let is = |word: &str| {
            value
                .known_text()
                .is_some_and(|text| text.eq_ignore_ascii_case(word))
        };
        let zone = if is("system") {
            PrivateZone::System
        } else if is("none") {
            PrivateZone::None
        } else {
            let read = self.unless_open(value);
            PrivateZone::Own(self.setting(PoolSetting::ApiServerName, read)??)
        };
        self.place(value);
        Some(Spanned::new(zone, value.span))
    }

    fn node_settings(&mut self, entity: &'e Entity<'e>, agents: &[AgentPool]) -> NodeSettings {
        let network = |key| entity.property(&["networkProfile", key]);
        let service_prefix = network("serviceCidr").and_then(|value| {
            let read = self.prefix(value);
            self.setting(PoolSetting::ServiceAddresses, read)
        });
        let dns_service_ip = network("dnsServiceIP").and_then(|value| {
            let read = self.address(value);
            self.setting(PoolSetting::ServiceAddresses, read)
        });
        let basic = network("loadBalancerSku").and_then(|value| {
            let read = self.text(value, "`standard` or `basic`");
            let sku = self.setting(PoolSetting::LoadBalancer, read)?;
            sku.value.eq_ignore_ascii_case("basic").then_some(sku.span)
        });
        let (families, unknown) = self.list(network("ipFamilies"), |builder, item| {
            builder.text(item, "`IPv4` or `IPv6`")
        });
        self.setting_gaps(PoolSetting::Families, unknown);
        let v6 = families
            .iter()
            .find(|family| family.value.eq_ignore_ascii_case("ipv6"));
        let profile = network("loadBalancerProfile").and_then(|value| {
            let read = match &value.data {
                Data::Unknown(symbol) => Err(self.unknown(value, symbol)),
                _ => Ok(value.span),
            };
            self.setting(PoolSetting::LoadBalancer, read)
        });
        NodeSettings {
            pod_subnet: agents.iter().find_map(|agent| agent.pod_subnet.clone()),
            service_prefix,
            dns_service_ip,
            public_ips: agents.iter().find_map(|agent| agent.public_ips),
            load_balancer_profile: profile.map(Into::into),
            basic_load_balancer: basic.map(Into::into),
            dual_stack: v6.map(|family| family.span.into()),
            max_nodes: AgentPool::most_nodes(agents),
            max_surge: AgentPool::most_surge(agents),
            max_pods: AgentPool::fewest_pods(agents),
            ..NodeSettings::default()
        }
    }

    fn http_proxy(&mut self, entity: &'e Entity<'e>) -> Option<HttpProxy> {
        let config = entity.property(&["httpProxyConfig"])?;
        let open = [Some(config), config.get("enabled")];
        for value in open.into_iter().flatten() {
            if let Some(symbol) = value.unknown() {
                let unknown = self.unknown(value, symbol);
                self.gap(None, Part::Pool(PoolSetting::HttpProxy), unknown);
                return None;
            }
        }
        if config.get("enabled").and_then(Value::known_bool) == Some(false) {
            return None;
        }
        let mut endpoint = |key| {
            let value = config.get(key)?;
            let read = self.text(value, "the address of a proxy");
            let text = self.setting(PoolSetting::HttpProxy, read)?;
            let read = match proxy_endpoint(&text.value) {
                Some((host, Some(port))) => Ok(ProxyEndpoint { host, port }),
                Some((_, None)) => Err(not_known("the port of a proxy", text.span)),
                None => Err(self.refuse(value, "the address of a proxy")),
            };
            let endpoint = self.setting(PoolSetting::HttpProxy, read)?;
            Some(Spanned::new(endpoint, text.span))
        };
        let (http, https) = (endpoint("httpProxy"), endpoint("httpsProxy"));
        let (no_proxy, unknown) = self.list(config.get("noProxy"), |builder, item| {
            builder.text(item, "a name or prefix")
        });
        self.setting_gaps(PoolSetting::HttpProxy, unknown);
        Some(HttpProxy {
            origin: config.span.into(),
            http,
            https,
            no_proxy,
        })
    }

    fn bootstrap(&mut self, entity: &'e Entity<'e>) -> Option<Bootstrap> {
        let profile = entity.property(&["bootstrapProfile"])?;
        let source = profile.reach(&["artifactSource"])?;
        let read = self.choice(source, &[("Cache", true), ("Direct", false)]);
        let cached = self.setting(PoolSetting::Bootstrap, read)?;
        cached.value.then(|| Bootstrap {
            origin: profile.span.into(),
            registry: profile
                .get("containerRegistryId")
                .and_then(|id| self.quiet_reference(id)),
        })
    }
}

/// The settings of the API server.
struct Profile<'e>(&'e Entity<'e>);

impl<'e> Profile<'e> {
    fn access(&self, key: &str) -> Option<&'e Value> {
        let old = (key == "authorizedIPRanges").then_some("apiServerAuthorizedIPRanges");
        self.0
            .property(&["apiServerAccessProfile", key])
            .or_else(|| self.0.property(&[old?]))
    }
}

fn says(value: &Value, word: &str) -> bool {
    value
        .known_text()
        .is_some_and(|text| text.eq_ignore_ascii_case(word))
}

pub(super) fn is_empty_text(value: &Value) -> bool {
    says(value, "")
}

/// The host of `http://proxy.contoso.com:3128/`, and the port where one is written. What goes out by a proxy without a
/// port differs from client to client: curl takes 1080 (curl.se, docs/manpage.html, `--proxy`), Go the one of the
/// scheme (golang/go, src/net/http/transport.go, `canonicalAddr`).
fn proxy_endpoint(text: &str) -> Option<(SmolStr, Option<u16>)> {
    let (_, rest) = text.trim().split_once("://")?;
    let authority = rest.split('/').next()?;
    let host_port = authority.rsplit('@').next()?;
    let (host, port) = match host_port.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().ok()?)),
        _ => (host_port, None),
    };
    let host = host.trim_matches(['[', ']']);
    (!host.is_empty()).then(|| (SmolStr::new(host), port))
}

/// What is on, by the paths of the switches, and what the node pools are made of.
fn switched_on(cluster: &Entity<'_>, agents: Vec<AgentPool>) -> Vec<Spanned<SmolStr>> {
    let mut found = Vec::new();
    for key in SWITCHES {
        if let Some(value) = cluster.property(&[key]) {
            switches(key, value, &mut found);
        }
    }
    found.extend(agents.into_iter().flat_map(|agent| agent.words));
    found
}

fn switches(path: &str, value: &Value, found: &mut Vec<Spanned<SmolStr>>) {
    match &value.data {
        Data::Bool(true) => found.push(Spanned::new(path.into(), value.span)),
        Data::Object(object) => {
            for member in &object.members {
                switches(&format!("{path}.{}", member.key), &member.value, found);
            }
        }
        _ => {}
    }
}
