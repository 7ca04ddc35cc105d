//! Clusters of Azure Kubernetes Service: pools.
//!
//! Names and meanings of properties: Azure/bicep-types-az, generated/containerservice/microsoft.containerservice. A
//! cluster whose way out is not known becomes no pool, so that no rule judges it; the gap says why. Nor does one whose
//! network is Azure's own, because nothing of that network is stated.

use smol_str::SmolStr;

use crate::base::Spanned;
use crate::estate::{
    ApiServer, AuthorizedRanges, Bootstrap, HttpProxy, NetworkPlugin, NodeSettings, OutboundType,
    Pool, PoolIdentity, PrivateZone, ProxyEndpoint, Ref, Subnet, Unknown,
};
use crate::import::{Data, ResourceId, Text, Value};
use crate::net::Fqdn;

use super::Builder;
use super::agent_pool::AgentPool;
use super::entity::{Entity, Found};
use super::gap::Part;

/// The name of the catalog of these clusters.
const KIND: &str = "aks";

impl<'e> Builder<'e> {
    pub(super) fn define_cluster(&mut self, entity: &'e Entity<'e>) {
        let (agents, unknown) = self.agent_pools(entity);
        for unknown in unknown {
            self.gap(None, Part::Settings, unknown);
        }
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
        let Some(outbound) = self.outbound_type(entity) else {
            return;
        };
        let profile = Profile(entity);
        let access = profile.access("enablePrivateCluster");
        let pool = Pool {
            meta: self.meta(entity),
            kind: Some(Spanned::new(KIND.into(), entity.name_span)),
            subnets,
            outbound,
            via: None,
            network_plugin: self.network_plugin(entity),
            pod_prefixes: self.pod_prefixes(entity),
            private_cluster: access
                .filter(|value| value.known_bool() == Some(true))
                .map(|value| value.span.into()),
            private_ingress: None,
            identity: self.cluster_identity(entity),
            api_server: self.api_server(entity),
            nodes: self.node_settings(entity, &agents),
            http_proxy: self.http_proxy(entity),
            bootstrap: self.bootstrap(entity),
            management_inbound: None,
        };
        self.estate.pools.push(pool);
    }

    /// How it leaves; `loadBalancer` where nothing says otherwise
    /// (MicrosoftDocs/azure-aks-docs, articles/aks/egress-outboundtype.md).
    fn outbound_type(&mut self, entity: &'e Entity<'e>) -> Option<Spanned<OutboundType>> {
        let whole = entity.property(&["networkProfile"]);
        let open = whole.filter(|value| value.unknown().is_some());
        let Some(value) = entity
            .property(&["networkProfile", "outboundType"])
            .or(open)
        else {
            return Some(Spanned::new(OutboundType::LoadBalancer, entity.name_span));
        };
        let mut choices: Vec<_> = OutboundType::ALL.map(|it| (it.name(), it)).to_vec();
        // A newer NAT gateway, made with the cluster in the same way.
        choices.push(("managedNATGatewayV2", OutboundType::ManagedNatGateway));
        let read = self.choice(value, &choices);
        self.or_gap_of_none(Part::Settings, read)
    }

    fn network_plugin(&mut self, entity: &'e Entity<'e>) -> Option<Spanned<NetworkPlugin>> {
        let value = entity.property(&["networkProfile", "networkPlugin"])?;
        let plugins = [
            ("azure", NetworkPlugin::Azure),
            ("kubenet", NetworkPlugin::Kubenet),
            ("none", NetworkPlugin::None),
        ];
        let read = self.choice(value, &plugins);
        let plugin = self.or_gap_of_none(Part::Settings, read)?;
        let Some(mode) = entity.property(&["networkProfile", "networkPluginMode"]) else {
            return Some(plugin);
        };
        if plugin.value != NetworkPlugin::Azure {
            return Some(plugin);
        }
        // Without the mode it is not known where pods get their addresses.
        let read = self.choice(mode, &[("overlay", NetworkPlugin::AzureOverlay)]);
        let mode = self.or_gap_of_none(Part::Settings, read)?;
        Some(Spanned::new(mode.value, plugin.span))
    }

    fn pod_prefixes(&mut self, entity: &'e Entity<'e>) -> Vec<Spanned<ipnet::IpNet>> {
        let many = entity
            .property(&["networkProfile", "podCidrs"])
            .filter(|value| value.items().is_none_or(|items| !items.is_empty()));
        if many.is_some() {
            let (known, unknown) = self.list(many, Self::prefix);
            self.settings_gaps(unknown);
            return known;
        }
        let one = entity.property(&["networkProfile", "podCidr"]);
        let one = one.filter(|value| !is_empty_text(value));
        let read = one.map(|value| self.prefix(value));
        let known = read.and_then(|read| self.or_gap_of_none(Part::Settings, read));
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
        let Some(kind) = identity.get("type") else {
            return Some(PoolIdentity::UserAssigned(self.nothing("", identity.span)));
        };
        self.place(kind);
        match kind.known_text().map(|text| text.to_ascii_lowercase()) {
            Some(kind_name) if kind_name == "systemassigned" => {
                Some(PoolIdentity::SystemAssigned(kind.span.into()))
            }
            Some(kind_name) if kind_name == "none" => None,
            _ => Some(PoolIdentity::UserAssigned(self.assigned_identity(identity))),
        }
    }

    /// The identity whose id is the key of `userAssignedIdentities`.
    fn assigned_identity(&mut self, identity: &'e Value) -> Ref<crate::estate::Identity> {
        let members = match identity.get("userAssignedIdentities").map(|it| &it.data) {
            Some(Data::Object(object)) => object.members.as_slice(),
            _ => &[],
        };
        let Some(member) = members.first() else {
            return self.nothing("", identity.span);
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
            self.or_gap_of_none(Part::Settings, read)
        });
        let public_name = profile
            .access("enablePrivateClusterPublicFQDN")
            .and_then(|value| {
                let read = self.switch(value);
                self.or_gap_of_none(Part::Settings, read)
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
                .and_then(|value| self.reference(value)),
        }
    }

    /// Unless all are known, none are kept: a client that no known prefix holds may be let in all the same.
    fn authorized_ranges(&mut self, value: Option<&'e Value>) -> Option<AuthorizedRanges> {
        let value = value?;
        let (prefixes, unknown) = self.list(Some(value), Self::prefix);
        let known = unknown.is_empty() && !prefixes.is_empty();
        self.settings_gaps(unknown);
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
            PrivateZone::Own(self.reference(value)?)
        };
        self.place(value);
        Some(Spanned::new(zone, value.span))
    }

    fn node_settings(&mut self, entity: &'e Entity<'e>, agents: &[AgentPool]) -> NodeSettings {
        let network = |key| entity.property(&["networkProfile", key]);
        let service_prefix = network("serviceCidr").and_then(|value| {
            let read = self.prefix(value);
            self.or_gap_of_none(Part::Settings, read)
        });
        let dns_service_ip = network("dnsServiceIP").and_then(|value| {
            let read = self.address(value);
            self.or_gap_of_none(Part::Settings, read)
        });
        let basic = network("loadBalancerSku").filter(|value| says(value, "basic"));
        let families = network("ipFamilies").and_then(Value::items);
        let v6 = families
            .unwrap_or_default()
            .iter()
            .find(|it| says(it, "ipv6"));
        NodeSettings {
            pod_subnet: agents.iter().find_map(|agent| agent.pod_subnet.clone()),
            service_prefix,
            dns_service_ip,
            public_ips: agents.iter().find_map(|agent| agent.public_ips),
            load_balancer_profile: network("loadBalancerProfile").map(|value| value.span.into()),
            basic_load_balancer: basic.map(|value| value.span.into()),
            dual_stack: v6.map(|value| value.span.into()),
            max_nodes: AgentPool::most_nodes(agents),
            max_pods: AgentPool::fewest_pods(agents),
            ..NodeSettings::default()
        }
    }

    fn http_proxy(&mut self, entity: &'e Entity<'e>) -> Option<HttpProxy> {
        let config = entity.property(&["httpProxyConfig"])?;
        if config.get("enabled").and_then(Value::known_bool) == Some(false) {
            return None;
        }
        let mut endpoint = |key| {
            let value = config.get(key)?;
            let read = self.parsed(value, "the address of a proxy", proxy_endpoint);
            self.or_gap_of_none(Part::Settings, read)
        };
        let (http, https) = (endpoint("httpProxy"), endpoint("httpsProxy"));
        let (no_proxy, unknown) = self.list(config.get("noProxy"), |builder, item| {
            builder.text(item, "a name or prefix")
        });
        self.settings_gaps(unknown);
        Some(HttpProxy {
            origin: config.span.into(),
            http,
            https,
            no_proxy,
        })
    }

    fn bootstrap(&mut self, entity: &'e Entity<'e>) -> Option<Bootstrap> {
        let profile = entity.property(&["bootstrapProfile"])?;
        let source = profile.get("artifactSource");
        source.filter(|value| says(value, "cache"))?;
        Some(Bootstrap {
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

/// `http://proxy.contoso.com:3128/`. Without a port it is that of the scheme.
fn proxy_endpoint(text: &str) -> Option<ProxyEndpoint> {
    let (scheme, rest) = text.split_once("://")?;
    let authority = rest.split('/').next()?;
    let host_port = authority.rsplit('@').next()?;
    let default = if scheme.eq_ignore_ascii_case("https") {
        443
    } else {
        80
    };
    let (host, port) = match host_port.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (host_port, default),
    };
    let host = host.trim_matches(['[', ']']);
    (!host.is_empty()).then(|| ProxyEndpoint {
        host: SmolStr::new(host),
        port,
    })
}
