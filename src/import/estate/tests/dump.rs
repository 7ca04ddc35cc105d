//! An estate as lines that people can read.

use std::fmt::{Debug, Write as _};

use crate::base::{Origin, SourceMap};
use crate::estate::{
    Endpoint, Estate, Firewall, FirewallPolicy, FirewallSettings, Meta, NextHop, Nsg, RouteTable,
    Rules,
};

use crate::net::Cloud;

use super::super::{Built, Slot};

pub(super) fn dump(built: &Built, sources: &SourceMap) -> String {
    let mut out = Dump {
        text: String::new(),
        sources,
    };
    let estate = &built.estate;
    if estate.cloud != Cloud::default() {
        out.line(0, format!("cloud {}", estate.cloud));
    }
    out.networks(estate);
    for (_, table) in estate.route_tables.iter() {
        out.route_table(table);
    }
    for (_, nsg) in estate.nsgs.iter() {
        out.nsg(nsg);
    }
    for (_, firewall) in estate.firewalls.iter() {
        out.firewall(firewall);
    }
    for (_, policy) in estate.firewall_policies.iter() {
        out.policy(policy);
    }
    out.addresses(estate);
    out.names(estate);
    out.workloads(estate);
    for gap in &built.gaps {
        let of = gap.of.map_or("-".to_owned(), |slot| name(estate, slot));
        let place = out.place(gap.unknown.origin);
        out.line(
            0,
            format!(
                "unknown {:?} of {of}: {} ({place})",
                gap.part, gap.unknown.text
            ),
        );
    }
    for condition in &estate.gaps.conditions {
        let at = sources.describe(condition.resource);
        out.line(0, format!("condition at {at}: {}", condition.text));
    }
    for ((kind, property), count) in &built.unread {
        out.line(0, format!("unread {kind} {property} {count}"));
    }
    for (kind, count) in &built.without_element {
        out.line(0, format!("without element {kind} {count}"));
    }
    for finding in &built.findings {
        let primary = finding.primary.as_ref().unwrap();
        let place = out.place(Origin::Written(primary.span));
        let mut line = format!(
            "{} {} {} ({}; {place})",
            finding.id, finding.severity, finding.message, primary.text
        );
        for help in &finding.help {
            write!(line, " help: {help}").unwrap();
        }
        for related in &finding.related {
            let place = out.place(Origin::Written(related.span));
            write!(line, " related: {} ({place})", related.text).unwrap();
        }
        out.line(0, line);
    }
    out.text
}

fn name(estate: &Estate, slot: Slot) -> String {
    match slot {
        Slot::Vnet(id) => format!("vnet {}", estate.vnets[id].meta.name),
        Slot::Subnet(id) => format!("subnet {}", estate.subnet_path(id)),
        Slot::RouteTable(id) => format!("route table {}", estate.route_tables[id].meta.name),
        Slot::Nsg(id) => format!("nsg {}", estate.nsgs[id].meta.name),
        Slot::Firewall(id) => format!("firewall {}", estate.firewalls[id].meta.name),
        Slot::FirewallPolicy(id) => {
            format!("policy {}", estate.firewall_policies[id].meta.name)
        }
        other => format!("{other:?}"),
    }
}

struct Dump<'s> {
    text: String,
    sources: &'s SourceMap,
}

impl Dump<'_> {
    fn line(&mut self, depth: usize, line: impl AsRef<str>) {
        writeln!(self.text, "{}{}", "  ".repeat(depth), line.as_ref()).unwrap();
    }

    fn place(&self, origin: Origin) -> String {
        let span = origin.span().unwrap();
        let place = self.sources.describe(span);
        let text = self.sources.text(span);
        let short: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("{place} `{}`", short.chars().take(40).collect::<String>())
    }

    fn head(&mut self, kind: &str, meta: &Meta) {
        let place = self.sources.describe(meta.origin.span().unwrap());
        let home = if meta.home.is_existing() {
            format!(" {:?}", meta.home)
        } else {
            String::new()
        };
        self.line(0, format!("{kind} {} at {place}{home}", meta.name));
    }

    fn field(&mut self, name: &str, value: &dyn Debug) {
        let text = format!("{value:?}");
        if !["None", "[]", "false", "Disabled", "Azure"].contains(&text.as_str()) {
            self.line(1, format!("{name} {text}"));
        }
    }

    fn workloads(&mut self, estate: &Estate) {
        for (_, identity) in estate.identities.iter() {
            self.head("identity", &identity.meta);
            self.line(1, format!("principal {:?}", identity.principal));
        }
        for (_, role) in estate.role_definitions.iter() {
            self.line(
                0,
                format!(
                    "role {} may {:?} not {:?}",
                    role.name, role.actions, role.not_actions
                ),
            );
        }
        for (_, role) in estate.role_assignments.iter() {
            let identity = &estate.identities[role.identity].meta.name;
            self.line(
                0,
                format!(
                    "assignment {identity} {:?} on {:?} existing {}",
                    role.role, role.scope, role.existing
                ),
            );
        }
        for (_, pool) in estate.pools.iter() {
            self.head("pool", &pool.meta);
            self.field("kind", &pool.kind);
            self.field("subnets", &pool.subnets);
            self.field("outbound", &pool.outbound);
            self.field("plugin", &pool.network_plugin);
            self.field("pods", &pool.pod_prefixes);
            self.field("private", &pool.private_cluster.is_some());
            self.field("identity", &pool.identity);
            self.field("api server", &pool.api_server);
            self.field("nodes", &pool.nodes);
            self.field("proxy", &pool.http_proxy);
            self.field("bootstrap", &pool.bootstrap);
        }
    }

    fn networks(&mut self, estate: &Estate) {
        for (id, vnet) in estate.vnets.iter() {
            self.head("vnet", &vnet.meta);
            self.field("prefixes", &vnet.prefixes);
            self.field("dns", &vnet.dns);
            for (_, subnet) in estate.subnets_of(id) {
                self.head(" subnet", &subnet.meta);
                self.field("  prefixes", &subnet.prefixes);
                self.field("  route table", &subnet.route_table);
                self.field("  nsg", &subnet.nsg);
                self.field("  nat gateway", &subnet.nat_gateway);
                self.field("  service endpoints", &subnet.service_endpoints);
                self.field("  delegations", &subnet.delegations);
                self.field("  private endpoints", &subnet.private_endpoint_policies);
                self.field("  default outbound", &subnet.default_outbound);
                let allowed = subnet.endpoint_policy.as_ref().map(|it| &it.allowed);
                self.field("  endpoint policy", &allowed);
            }
        }
        for (_, it) in estate.peerings.iter() {
            self.line(
                0,
                format!(
                    "peering {:?} -> {:?} {:?} access {} forwarded {} transit {} remote {}",
                    it.from,
                    it.to,
                    it.state,
                    it.access,
                    it.forwarded_traffic,
                    it.gateway_transit,
                    it.remote_gateways
                ),
            );
        }
    }

    fn route_table(&mut self, table: &RouteTable) {
        self.head("route table", &table.meta);
        if !table.gateway_propagation {
            self.line(1, "no propagation");
        }
        for route in &table.routes {
            let place = self.place(route.origin);
            let hop = match &route.next_hop.value {
                NextHop::Unknown(unknown) => format!("unknown {}", unknown.text),
                known => format!("{known:?}"),
            };
            let line = format!("{} {:?} -> {hop} ({place})", route.name, route.destination);
            self.line(1, line);
        }
    }

    fn nsg(&mut self, nsg: &Nsg) {
        self.head("nsg", &nsg.meta);
        for rule in &nsg.rules {
            let line = format!(
                "{} {:?} {:?} {:?} {:?} from {} {} to {} {} {}",
                rule.name,
                rule.priority,
                rule.direction,
                rule.access,
                rule.transport,
                ends(&rule.sources),
                list(&rule.source_ports),
                ends(&rule.destinations),
                list(&rule.destination_ports),
                rule.description,
            );
            self.line(1, line.trim_end());
        }
    }

    fn settings(&mut self, settings: &FirewallSettings) {
        self.field("dns proxy", &settings.dns_proxy);
        self.field("dns servers", &settings.dns_servers);
        self.field("threat intelligence", &settings.threat_intel);
        self.field("private ranges", &settings.snat_private_ranges);
        self.field("threat allowed", &settings.threat_intel_allowed);
        self.field("names need proxy", &settings.names_need_proxy);
    }

    fn firewall(&mut self, firewall: &Firewall) {
        self.head("firewall", &firewall.meta);
        self.field("vnet", &firewall.vnet);
        self.field("tier", &firewall.tier);
        self.field("private", &firewall.private_ip);
        self.field("public", &firewall.public_ips);
        self.field("management", &firewall.management_ip);
        self.field("policy", &firewall.policy);
        self.field("zones", &firewall.zones);
        self.settings(&firewall.settings);
        for collection in &firewall.collections {
            self.collection(1, collection);
        }
    }

    fn policy(&mut self, policy: &FirewallPolicy) {
        self.head("policy", &policy.meta);
        self.field("tier", &policy.tier);
        self.field("parent", &policy.parent);
        self.settings(&policy.settings);
        for group in &policy.groups {
            self.line(1, format!("group {} {:?}", group.name, group.priority));
            for collection in &group.collections {
                self.collection(2, collection);
            }
        }
    }

    fn collection(&mut self, depth: usize, collection: &crate::estate::RuleCollection) {
        self.line(
            depth,
            format!(
                "collection {} {:?} {:?}",
                collection.name, collection.priority, collection.action
            ),
        );
        let depth = depth + 1;
        match &collection.rules {
            Rules::Network(rules) => {
                for it in rules {
                    let line = format!(
                        "network {} from {} to {} over {:?} {} {}",
                        it.info.name,
                        ends(&it.sources),
                        ends(&it.destinations),
                        it.transports,
                        list(&it.ports),
                        it.info.description
                    );
                    self.line(depth, line.trim_end());
                }
            }
            Rules::Application(rules) => {
                for it in rules {
                    let tls = if it.terminate_tls.is_some() {
                        " tls"
                    } else {
                        ""
                    };
                    self.line(
                        depth,
                        format!(
                            "application {} from {} to {} {:?} over {:?}{tls}",
                            it.info.name,
                            ends(&it.sources),
                            ends(&it.destinations),
                            it.web_categories,
                            it.protocols
                        ),
                    );
                }
            }
            Rules::Nat(rules) => {
                for it in rules {
                    self.line(
                        depth,
                        format!(
                            "nat {} from {} to {} over {:?} {} -> {:?} {}",
                            it.info.name,
                            ends(&it.sources),
                            ends(&it.destinations),
                            it.transports,
                            it.port,
                            it.translated,
                            it.translated_port
                        ),
                    );
                }
            }
        }
    }

    fn addresses(&mut self, estate: &Estate) {
        for (_, it) in estate.ip_groups.iter() {
            self.head("ip group", &it.meta);
            self.field("prefixes", &it.prefixes);
            self.line(
                1,
                format!("ranges {}", list(it.ranges.iter().map(|it| it.value))),
            );
        }
        for (_, it) in estate.security_groups.iter() {
            self.head("application security group", &it.meta);
            self.field("members", &it.members);
        }
        for (_, it) in estate.public_ips.iter() {
            self.head("public ip", &it.meta);
            self.field("address", &it.address);
            self.field("zones", &it.zones);
        }
        for (_, it) in estate.nat_gateways.iter() {
            self.head("nat gateway", &it.meta);
            self.field("public", &it.public_ips);
            self.field("timeout", &it.idle_timeout);
        }
        for (_, it) in estate.load_balancers.iter() {
            self.head("load balancer", &it.meta);
            self.field("public", &it.public_ips);
            self.field("private", &it.private_ips);
            self.field("backends", &it.backends);
            self.field("outbound rule", &it.outbound_rule);
            self.field("ports", &it.ports);
        }
        for (_, it) in estate.gateways.iter() {
            self.head("gateway", &it.meta);
            self.field("vnet", &it.vnet);
            self.field("kind", &it.kind);
        }
        for (_, it) in estate.appliances.iter() {
            self.head("appliance", &it.meta);
            self.field("subnet", &it.subnet);
            self.field("private", &it.private_ips);
            self.field("forwards", &it.ip_forwarding);
            self.field("public", &it.public_ip);
        }
        for (_, it) in estate.hubs.iter() {
            self.head("hub", &it.meta);
            self.field("connections", &it.connections);
            self.field("firewall", &it.firewall);
            self.field("internet", &it.internet_routing);
            self.field("private", &it.private_routing);
        }
    }

    fn names(&mut self, estate: &Estate) {
        for (_, it) in estate.services.iter() {
            self.head("service", &it.meta);
            self.field("fqdn", &it.fqdn);
            self.field("region", &it.region);
            if let Some(origin) = it.public_access_off {
                let place = self.place(origin);
                self.line(1, format!("public access off at {place}"));
            }
            if let Some(acl) = &it.acl {
                self.field("denies others", &acl.default_deny);
                self.field("prefixes", &acl.prefixes);
                self.field("subnets", &acl.subnets);
            }
        }
        for (_, it) in estate.interfaces.iter() {
            self.head("interface", &it.meta);
            self.field("subnet", &it.subnet);
            self.field("addresses", &it.addresses);
            self.field("nsg", &it.nsg);
            self.field("public", &it.public_ip);
        }
        for (_, it) in estate.deny_assignments.iter() {
            let place = self.place(it.origin);
            self.line(0, format!("deny assignment {} at {place}", it.name));
            self.field("scope", &it.scope.value);
            self.field("principals", &it.principals);
            self.field("excluded", &it.excluded);
            self.field("actions", &it.actions);
            self.field("not actions", &it.not_actions);
            self.field("scope only", &it.scope_only);
        }
        for (_, it) in estate.private_endpoints.iter() {
            self.head("private endpoint", &it.meta);
            self.field("subnet", &it.subnet);
            self.field("addresses", &it.addresses);
            self.field("names", &it.names);
            self.field("zone", &it.zone);
            self.field("target", &it.target);
        }
        for (_, it) in estate.dns_zones.iter() {
            self.head("zone", &it.meta);
            for link in &it.links {
                self.line(
                    1,
                    format!(
                        "link {:?} registration {} {:?}",
                        link.vnet, link.registration, link.resolution
                    ),
                );
            }
            for record in &it.records {
                self.line(
                    1,
                    format!("{} {:?} {:?}", record.name, record.addresses, record.cname),
                );
            }
        }
        for (_, it) in estate.dns_servers.iter() {
            self.head("dns server", &it.meta);
            self.field("address", &it.address);
            self.field("vnet", &it.vnet);
            self.field("forwarders", &it.forwarders);
            for rule in &it.conditional {
                self.line(1, format!("{} -> {:?}", rule.domain, rule.servers));
            }
        }
    }
}

fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|it| it.to_string()).collect();
    format!("[{}]", items.join(", "))
}

fn ends(endpoints: &[Endpoint]) -> String {
    list(endpoints.iter().map(|endpoint| match endpoint {
        Endpoint::Plain(destination) => destination.to_string(),
        Endpoint::IpGroup(group) => format!("group {group:?}"),
        Endpoint::SecurityGroup(group) => format!("asg {group:?}"),
    }))
}
