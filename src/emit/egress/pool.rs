//! Pools and clusters.

use crate::base::Spanned;
use crate::estate::{
    ApiServer, HttpProxy, Id, NetworkPlugin, NodeSettings, OutboundType, Pool, PoolIdentity,
    PrivateZone, ProxyEndpoint,
};
use crate::intent::CatalogChoices;

use super::names::Taken;
use super::page::{Block, Body, Clause, is_word, quoted};
use super::{Writer, prefix_text, prefixes, switch};

impl Writer<'_> {
    pub(super) fn pools(&mut self) -> Body {
        let mut body = Body::default();
        for (id, pool) in self.estate.pools.iter() {
            body.block(self.pool(id, pool));
        }
        body
    }

    fn pool(&mut self, id: Id<Pool>, pool: &Pool) -> Block {
        let name = self.names.pools.of(id).clone();
        let mut above = Body::default();
        let mut subnets = self.subnet_paths(&mut above, &pool.subnets);
        if subnets.is_empty() && !pool.subnets.is_empty() {
            let what = format!("the subnet of pool `{}`", pool.meta.name);
            self.not_known(&mut above, pool.meta.origin, what);
            subnets = vec![self.open(&name, "subnet")];
        }
        // Without a subnet it is in a network of the service.
        let head = if subnets.is_empty() {
            format!("pool {name}").into()
        } else {
            Clause::listing(format!("pool {name} in"), &subnets)
        };
        let mut block = self.resource(head, "pool", &pool.meta, &name);
        block.above.append(above);
        let body = &mut block.body;
        self.catalog(body, id, pool);
        match pool.outbound.value {
            // The kind of the pool says so.
            OutboundType::OfSubnet if pool.kind.is_some() => {}
            OutboundType::OfSubnet => {
                let what = "an outbound type, of which this service has none".to_owned();
                self.not_said(body, pool.outbound.span.into(), what);
                body.clause(format!("outbound {}", OutboundType::None.name()));
            }
            outbound => body.clause(format!("outbound {}", outbound.name())),
        }
        self.reference(body, "via", pool.via.as_ref(), |n| &n.firewalls);
        if let Some(plugin) = pool.network_plugin {
            body.clause(format!("network-plugin {}", plugin_keyword(plugin.value)));
        }
        body.list("pod-cidr", &prefixes(&pool.pod_prefixes));
        if pool.private_cluster.is_some() {
            body.clause("private-cluster");
        }
        if pool.private_ingress.is_some() {
            body.clause("private-ingress");
        }
        match &pool.identity {
            None => {}
            Some(PoolIdentity::SystemAssigned(_)) => body.clause("identity system-assigned"),
            Some(PoolIdentity::UserAssigned(identity)) => {
                self.reference(body, "identity", Some(identity), |n| &n.identities);
            }
        }
        if let Some(identity) = &pool.workload_identity {
            self.reference(body, "workload-identity", Some(identity), |n| &n.identities);
        }
        self.cluster(body, pool);
        self.ignores(body, pool.meta.body);
        block
    }

    /// The catalog, and what the pool chose of it.
    fn catalog(&mut self, body: &mut Body, id: Id<Pool>, pool: &Pool) {
        let Some(kind) = &pool.kind else { return };
        let kinds = std::iter::once(&kind.value);
        let words = self.words(body, "kind", kind.span.into(), kinds);
        if words.is_empty() {
            return;
        }
        body.list("kind", &words);
        match self.intent.pools.iter().find(|summary| summary.pool == id) {
            Some(summary) => self.choices(body, &summary.choices),
            None => {
                let what = format!(
                    "which features, cluster types and values of catalog `{}` it has",
                    kind.value
                );
                self.not_known(body, pool.meta.origin, what);
            }
        }
    }

    fn choices(&mut self, body: &mut Body, choices: &CatalogChoices) {
        let texts = |words: &[smol_str::SmolStr]| -> Vec<String> {
            words.iter().map(ToString::to_string).collect()
        };
        body.list("also", &texts(&choices.also));
        if let Some(version) = &choices.version {
            body.clause(format!("version {version}"));
        }
        body.list("clusters", &texts(&choices.clusters));
        body.list("features", &texts(&choices.features));
        let levels = choices.include.iter();
        let levels: Vec<String> = levels.map(|level| level.keyword().to_owned()).collect();
        body.list("include", &levels);
        for (name, value) in &choices.values {
            let value = if is_word(value) {
                value.to_string()
            } else {
                quoted(value)
            };
            body.clause(format!("set {name} = {value}"));
        }
    }

    /// What is known of the network of the cluster.
    fn cluster(&mut self, body: &mut Body, pool: &Pool) {
        self.api_server(body, &pool.api_server);
        let nodes = &pool.nodes;
        self.subnet_clause(body, "pod-subnet", nodes.pod_subnet.as_ref());
        if let Some(prefix) = nodes.service_prefix {
            body.clause(format!("service-cidr {}", prefix_text(prefix.value)));
        }
        if let Some(address) = nodes.dns_service_ip {
            body.clause(format!("dns-service-ip {}", address.value));
        }
        self.nodes(body, nodes);
        let nsg = nodes.interface_nsg.as_ref();
        self.reference(body, "node-nsg", nsg, |n| &n.nsgs);
        let said = [
            ("node-public-ips", nodes.public_ips),
            ("load-balancer-profile", nodes.load_balancer_profile),
            ("basic-load-balancer", nodes.basic_load_balancer),
            ("dual-stack", nodes.dual_stack),
        ];
        for (keyword, _) in said.into_iter().filter(|(_, said)| said.is_some()) {
            body.clause(keyword);
        }
        let counts = [
            ("control-plane-nodes", nodes.control_plane_nodes),
            ("services", nodes.services),
            ("max-nodes", nodes.max_nodes),
            ("max-surge", nodes.max_surge),
            ("max-pods", nodes.max_pods),
        ];
        for (keyword, count) in counts {
            if let Some(count) = count {
                body.clause(format!("{keyword} {}", count.value));
            }
        }
        if let Some(on) = nodes.outbound_rule {
            body.clause(format!("outbound-rule {}", switch(on.value)));
        }
        if let Some(proxy) = &pool.http_proxy {
            self.http_proxy(body, proxy);
        }
        if let Some(bootstrap) = &pool.bootstrap {
            match &bootstrap.registry {
                None => body.clause("bootstrap-registry managed"),
                Some(registry) => {
                    self.reference(body, "bootstrap-registry", Some(registry), |n| &n.services);
                }
            }
        }
        if let Some(inbound) = pool.management_inbound {
            let way = if inbound.value { "inbound" } else { "outbound" };
            body.clause(format!("management {way}"));
        }
    }

    fn nodes(&mut self, body: &mut Body, nodes: &NodeSettings) {
        let mut taken = Taken::words(nodes.nodes.iter().map(|node| &node.name));
        for node in &nodes.nodes {
            let name = self.local_name(body, &mut taken, "node", &node.name, node.origin);
            let pods = node.pods.map(|pods| format!(" pods {}", prefix_text(pods)));
            let pods = pods.unwrap_or_default();
            body.clause(format!("node {name} {}{pods}", node.address));
        }
    }

    fn api_server(&mut self, body: &mut Body, server: &ApiServer) {
        let mut block = Block::with_braces("api-server");
        let inner = &mut block.body;
        if let Some(name) = &server.fqdn {
            inner.clause(format!("fqdn {}", name.value));
        }
        if let Some(address) = server.public_ip {
            inner.clause(format!("public-ip {}", address.value));
        }
        if let Some(ranges) = &server.authorized_ranges {
            if ranges.prefixes.is_empty() {
                let what = "the prefixes that it lets in".to_owned();
                self.not_known(inner, ranges.origin, what);
            }
            inner.list("authorized-ranges", &prefixes(&ranges.prefixes));
        }
        let zone = match server.private_zone.as_ref().map(|zone| &zone.value) {
            None => None,
            Some(PrivateZone::System) => Some("system".to_owned()),
            Some(PrivateZone::None) => Some("none".to_owned()),
            Some(PrivateZone::Own(zone)) => self.zone_name(inner, zone),
        };
        if let Some(zone) = zone {
            inner.clause(format!("private-dns-zone {zone}"));
        }
        if let Some(on) = server.public_name {
            inner.clause(format!("public-name {}", switch(on.value)));
        }
        self.subnet_clause(inner, "subnet", server.subnet.as_ref());
        if !inner.is_empty() {
            body.block(block);
        }
    }

    /// The language names one proxy, which the policy describes, for HTTP and HTTPS.
    fn http_proxy(&mut self, body: &mut Body, settings: &HttpProxy) {
        let endpoints = [settings.http.as_ref(), settings.https.as_ref()];
        let described = settings
            .http
            .as_ref()
            .filter(|_| settings.http == settings.https)
            .and_then(|endpoint| self.proxy_at(endpoint));
        let Some(proxy) = described else {
            let places: Vec<String> = endpoints
                .into_iter()
                .flatten()
                .map(|endpoint| format!("`{}:{}`", endpoint.value.host, endpoint.value.port))
                .collect();
            let what = match places.is_empty() {
                true => "which HTTP proxy it uses".to_owned(),
                false => format!("that it uses the HTTP proxy {}", places.join(" and ")),
            };
            return self.not_said(body, settings.origin, what);
        };
        let mut block = Block::new(format!("http-proxy {}", self.names.proxies.of(proxy)));
        let around = settings.no_proxy.iter().map(|it| &it.value);
        let around = self.words(&mut block.body, "no-proxy", settings.origin, around);
        block.body.list("no-proxy", &around);
        body.block(block);
    }

    fn proxy_at(&self, endpoint: &Spanned<ProxyEndpoint>) -> Option<Id<crate::estate::Proxy>> {
        let ProxyEndpoint { host, port } = &endpoint.value;
        let mut proxies = self.estate.proxies.iter();
        let found = proxies
            .find(|(_, proxy)| proxy.port == *port && *host == proxy.address.value.to_string());
        found.map(|(id, _)| id)
    }
}

fn plugin_keyword(plugin: NetworkPlugin) -> &'static str {
    let mut keywords = NetworkPlugin::KEYWORDS.iter();
    let found = keywords.find(|(_, known)| *known == plugin);
    found.map_or("none", |(keyword, _)| keyword)
}
