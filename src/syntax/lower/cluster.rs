//! What a pool's block says about the network of its cluster: the API server, the nodes, the proxy.

use std::collections::BTreeMap;
use std::net::IpAddr;

use smol_str::format_smolstr;

use crate::base::{Origin, Spanned};
use crate::diag::{Finding, Id as FindingId};
use crate::estate::{
    AuthorizedRanges, Bootstrap, HttpProxy, Id, Node, Pool, PrivateZone, ProxyEndpoint,
};
use crate::syntax::tree::{ApiServerClause, Body, ClusterClause, HttpProxyClause, Word};

use super::network::outside;
use super::{Lowering, Once};

/// What stands behind `max-nodes` and `max-surge`.
const NODES: &str = "a number of nodes, such as 50";

impl Lowering<'_> {
    pub(super) fn cluster_clause(&mut self, id: Id<Pool>, clause: &ClusterClause, once: &mut Once) {
        match clause {
            ClusterClause::ApiServer { keyword, body } => {
                if self.first_time(once, "api-server", keyword.span) {
                    self.api_server(id, body);
                }
            }
            ClusterClause::PodSubnet(word) => {
                if self.first_time(once, "pod-subnet", word.span) {
                    self.estate.pools[id].nodes.pod_subnet = self.subnet(word);
                }
            }
            ClusterClause::ServiceCidr(word) => {
                if self.first_time(once, "service-cidr", word.span) {
                    self.estate.pools[id].nodes.service_prefix = self.prefix(word);
                }
            }
            ClusterClause::DnsServiceIp(word) => {
                if self.first_time(once, "dns-service-ip", word.span) {
                    self.estate.pools[id].nodes.dns_service_ip = self.address(word);
                }
            }
            ClusterClause::NodeNsg(word) => {
                if self.first_time(once, "node-nsg", word.span) {
                    let nsg = self.reference(word, |names| &names.nsgs);
                    self.estate.pools[id].nodes.interface_nsg = nsg;
                }
            }
            ClusterClause::NodePublicIps(word) => {
                if self.first_time(once, "node-public-ips", word.span) {
                    self.estate.pools[id].nodes.public_ips = Some(word.span.into());
                }
            }
            ClusterClause::LoadBalancerProfile(word) => {
                if self.first_time(once, "load-balancer-profile", word.span) {
                    self.estate.pools[id].nodes.load_balancer_profile = Some(word.span.into());
                }
            }
            ClusterClause::BasicLoadBalancer(word) => {
                if self.first_time(once, "basic-load-balancer", word.span) {
                    self.estate.pools[id].nodes.basic_load_balancer = Some(word.span.into());
                }
            }
            ClusterClause::OutboundRule(word) => {
                if self.first_time(once, "outbound-rule", word.span) {
                    self.estate.pools[id].nodes.outbound_rule = self.switch(word);
                }
            }
            ClusterClause::DualStack(word) => {
                if self.first_time(once, "dual-stack", word.span) {
                    self.estate.pools[id].nodes.dual_stack = Some(word.span.into());
                }
            }
            ClusterClause::ControlPlaneNodes(word) => {
                if self.first_time(once, "control-plane-nodes", word.span) {
                    self.estate.pools[id].nodes.control_plane_nodes = self.number(word, NODES);
                }
            }
            ClusterClause::Services(word) => {
                if self.first_time(once, "services", word.span) {
                    self.estate.pools[id].nodes.services =
                        self.number(word, "a number of services, such as 10");
                }
            }
            ClusterClause::MaxNodes(word) => {
                if self.first_time(once, "max-nodes", word.span) {
                    self.estate.pools[id].nodes.max_nodes = self.number(word, NODES);
                }
            }
            ClusterClause::MaxSurge(word) => {
                if self.first_time(once, "max-surge", word.span) {
                    self.estate.pools[id].nodes.max_surge = self.number(word, NODES);
                }
            }
            ClusterClause::MaxPods(word) => {
                if self.first_time(once, "max-pods", word.span) {
                    self.estate.pools[id].nodes.max_pods =
                        self.number(word, "a number of pods, such as 30");
                }
            }
            ClusterClause::HttpProxy { proxy, body } => {
                if self.first_time(once, "http-proxy", proxy.span) {
                    self.estate.pools[id].http_proxy = Some(self.http_proxy(proxy, body));
                }
            }
            ClusterClause::BootstrapRegistry(word) => {
                if self.first_time(once, "bootstrap-registry", word.span)
                    && let Some(word) = self.word(word, "a registry")
                {
                    let managed = word.value == "managed";
                    let registry = if managed {
                        None
                    } else {
                        self.reference(&word, |names| &names.services)
                    };
                    self.estate.pools[id].bootstrap = Some(Bootstrap {
                        origin: word.span.into(),
                        registry,
                    });
                }
            }
            ClusterClause::Management(word) => {
                if self.first_time(once, "management", word.span) {
                    let inbound = Spanned::new(word.value == "inbound", word.span);
                    self.estate.pools[id].management_inbound = Some(inbound);
                }
            }
            ClusterClause::Node {
                name,
                address,
                pods,
            } => {
                let text = self.name(name);
                let address = self.address(address);
                let pods = pods.as_ref().and_then(|word| self.prefix(word));
                if let Some(address) = address {
                    self.node_must_fit(id, address);
                    self.estate.pools[id].nodes.nodes.push(Node {
                        name: text,
                        origin: name.span.into(),
                        address: address.value,
                        pods: pods.map(|prefix| prefix.value),
                    });
                }
            }
        }
    }

    fn api_server(&mut self, id: Id<Pool>, body: &Body<ApiServerClause>) {
        let mut once = Once::default();
        for clause in &body.clauses {
            match clause {
                ApiServerClause::Fqdn(word) => {
                    if self.first_time(&mut once, "fqdn", word.span) {
                        self.estate.pools[id].api_server.fqdn = self.domain(word);
                    }
                }
                ApiServerClause::PublicIp(word) => {
                    if self.first_time(&mut once, "public-ip", word.span) {
                        self.estate.pools[id].api_server.public_ip = self.address(word);
                    }
                }
                ApiServerClause::AuthorizedRanges { keyword, prefixes } => {
                    if self.first_time(&mut once, "authorized-ranges", keyword.span) {
                        let prefixes = self.prefixes(prefixes);
                        let origin = keyword.span.into();
                        self.estate.pools[id].api_server.authorized_ranges =
                            Some(AuthorizedRanges { origin, prefixes });
                    }
                }
                ApiServerClause::PrivateDnsZone(word) => {
                    if self.first_time(&mut once, "private-dns-zone", word.span) {
                        self.estate.pools[id].api_server.private_zone = self.private_zone(word);
                    }
                }
                ApiServerClause::PublicName(word) => {
                    if self.first_time(&mut once, "public-name", word.span) {
                        self.estate.pools[id].api_server.public_name = self.switch(word);
                    }
                }
                ApiServerClause::Subnet(word) => {
                    if self.first_time(&mut once, "subnet", word.span) {
                        self.estate.pools[id].api_server.subnet = self.subnet(word);
                    }
                }
            }
        }
    }

    fn private_zone(&mut self, word: &Word) -> Option<Spanned<PrivateZone>> {
        let word = self.word(word, "a private DNS zone")?;
        let zone = match word.value.as_str() {
            "system" => PrivateZone::System,
            "none" => PrivateZone::None,
            _ => PrivateZone::Own(self.reference(&word, |names| &names.dns_zones)?),
        };
        Some(Spanned::new(zone, word.span))
    }

    fn http_proxy(&mut self, proxy: &Word, body: &Body<HttpProxyClause>) -> HttpProxy {
        let reference = self.reference(proxy, |names| &names.proxies);
        let known = reference.and_then(|reference| reference.id);
        let endpoint = known.map(|known| {
            let known = &self.estate.proxies[known];
            let endpoint = ProxyEndpoint {
                host: format_smolstr!("{}", known.address.value),
                port: known.port,
            };
            Spanned::new(endpoint, proxy.span)
        });
        let mut no_proxy = Vec::new();
        for clause in &body.clauses {
            let HttpProxyClause::NoProxy(words) = clause;
            let words = words.iter();
            no_proxy.extend(words.filter_map(|word| self.word(word, "what goes around the proxy")));
        }
        HttpProxy {
            origin: proxy.span.into(),
            http: endpoint.clone(),
            https: endpoint,
            no_proxy,
        }
    }

    /// A node is in one of the subnets of its pool.
    fn node_must_fit(&mut self, id: Id<Pool>, address: Spanned<IpAddr>) {
        let pool = &self.estate.pools[id];
        let mut prefixes = Vec::new();
        let mut paths = Vec::new();
        for subnet in &pool.subnets {
            // What is unknown may hold anything.
            let Some(subnet) = subnet.id else { return };
            prefixes.extend(self.estate.subnets[subnet].prefixes.iter().copied());
            paths.push(self.estate.subnet_path(subnet));
        }
        let finding = outside(address, "subnet", &paths.join("` or `"), &prefixes);
        self.findings.extend(finding);
    }

    /// Clauses that contradict each other.
    pub(super) fn check_cluster(&mut self, id: Id<Pool>) {
        let mut findings = Vec::new();
        let pool = &self.estate.pools[id];
        let server = &pool.api_server;
        let public_only = [
            server.authorized_ranges.as_ref().map(|ranges| {
                let what = "authorized ranges are for the public address of an API server";
                (ranges.origin, what)
            }),
            server.public_ip.map(|ip| {
                let what = "the API server of a private cluster has no public address";
                (Origin::from(ip.span), what)
            }),
        ];
        let private_only = [
            server.private_zone.as_ref().map(|zone| {
                let what = "only a private cluster keeps its name in a private DNS zone";
                (Origin::from(zone.span), what)
            }),
            server.public_name.map(|name| {
                let what = "only a private cluster can do without a public name";
                (Origin::from(name.span), what)
            }),
        ];
        match pool.private_cluster {
            Some(private) => {
                for (origin, what) in public_only.into_iter().flatten() {
                    findings.push(
                        Finding::new(FindingId::TG0023, what)
                            .at(origin, "of a public API server")
                            .related(private, "but the cluster is private")
                            .help("keep one of the two"),
                    );
                }
            }
            None => {
                for (origin, what) in private_only.into_iter().flatten() {
                    findings.push(
                        Finding::new(FindingId::TG0023, what)
                            .at(origin, "of a private API server")
                            .help("write `private-cluster` too, or remove this clause"),
                    );
                }
            }
        }
        if let (Some(zone), Some(name)) = (&server.private_zone, server.public_name)
            && zone.value == PrivateZone::None
            && !name.value
        {
            findings.push(
                Finding::new(
                    FindingId::TG0023,
                    "an API server without a private DNS zone needs its public name",
                )
                .at(name.span, "no public name")
                .related(zone.span, "and no zone with a private one")
                .help("write `public-name on`, or `private-dns-zone system`")
                .azure("NonePrivateDNSZonePublicFQDNDisabledError", None),
            );
        }
        if let (Some(prefix), Some(address)) =
            (pool.nodes.service_prefix, pool.nodes.dns_service_ip)
            && !prefix.value.contains(&address.value)
        {
            findings.push(
                Finding::new(
                    FindingId::TG0017,
                    format!("{} does not lie in `service-cidr`", address.value),
                )
                .at(address.span, "outside the addresses of services")
                .related(prefix.span, "the addresses of services"),
            );
        }
        for node in &pool.nodes.nodes {
            let Some((pods, first)) = node.pods.zip(pool.pod_prefixes.first()) else {
                continue;
            };
            if !pool.pod_prefixes.iter().any(|it| it.value.contains(&pods)) {
                findings.push(
                    Finding::new(
                        FindingId::TG0017,
                        format!(
                            "the pods of node `{}`, {pods}, do not lie in the pods' addresses",
                            node.name
                        ),
                    )
                    .at(node.origin, "of this node")
                    .related(first.span, format!("`pod-cidr` is {}", first.value)),
                );
            }
        }
        let mut names = BTreeMap::new();
        for node in &pool.nodes.nodes {
            if let Some(first) = names.insert(node.name.to_ascii_lowercase(), node.origin) {
                findings.push(
                    Finding::new(
                        FindingId::TG0007,
                        format!("node `{}` is declared twice", node.name),
                    )
                    .at(node.origin, "declared again here")
                    .related(first, "declared first here"),
                );
            }
        }
        self.findings.extend(findings);
    }
}
