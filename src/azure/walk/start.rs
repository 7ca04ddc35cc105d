//! A machine in a subnet starts a flow: it looks the name up, or hands the request to a proxy, and sends.

use std::net::{IpAddr, SocketAddr};

use smol_str::SmolStr;

use crate::base::Spanned;
use crate::estate::{Access, Direction, HttpProxy, Id, Nsg, Proxy, ProxyEndpoint, Subnet};
use crate::net::{Fqdn, Transport};

use super::super::cause::Cause;
use super::super::dns::Answer;
use super::super::firewall::covers;
use super::super::flow::{Announced, Element, Flow, Outcome, Sender, Site, Stage, Target, Verdict};
use super::super::nsg::{self, is_platform};
use super::super::packet::{End, Packet, is_public};
use super::{Hindrance, Walk};

/// The proxy of a pool: its settings, where it listens, and which proxy of the estate that is.
type ProxyInUse<'w> = (&'w HttpProxy, SocketAddr, Option<Id<Proxy>>);

impl<'w> Walk<'w> {
    pub(super) fn start_inside(&mut self, subnet: Id<Subnet>, address: IpAddr) {
        if let Some(proxy) = self.proxy_for(subnet) {
            self.through_proxy(subnet, address, proxy);
            return;
        }
        let Some(destination) = self.resolve(subnet) else {
            return;
        };
        let packet = Packet {
            source: End::at(self.seen_as(subnet, address, &destination)),
            destination,
            transport: self.flow.transport,
            port: self.flow.port,
        };
        self.path.push(self.subnet_element(subnet));
        self.send(subnet, packet);
        self.blame_exemption(subnet);
    }

    /// A name that is exempt from the proxy goes straight to a firewall. Where no rule lets it through and the proxy
    /// would, it is the exemption that is wrong.
    fn blame_exemption(&mut self, subnet: Id<Subnet>) {
        let Some((entry, proxy)) = self.exemption(subnet) else {
            return;
        };
        let allowed = self.plane.estate.proxies[proxy].allowed.as_ref();
        let carries = allowed
            .zip(self.name.as_ref())
            .is_some_and(|(allowed, name)| {
                let mut patterns = allowed.iter();
                patterns.any(|pattern| covers(&pattern.value, name))
            });
        let refused =
            |cause: Cause| matches!(cause, Cause::EndpointNotAllowed | Cause::RuleFieldMismatch);
        for blocker in self.blockers.iter_mut().filter(|_| carries) {
            if refused(blocker.cause) {
                blocker.cause = Cause::Proxy;
                blocker.text = format!(
                    "{} takes the name past the proxy, which would let it through; {}",
                    entry.name, blocker.text
                );
                blocker.element = entry.clone();
            }
        }
    }

    /// The entry that takes a flow past the proxy it would take otherwise, and that proxy.
    fn exemption(&self, subnet: Id<Subnet>) -> Option<(Element, Id<Proxy>)> {
        let (_, pool) = self.pool_in(subnet)?;
        let settings = pool.http_proxy.as_ref()?;
        let (endpoint, known) = self.proxy_of(settings)?;
        let entry = self.exempting_entry(settings)?;
        let listens = self.plane.estate.proxies[known?].port == endpoint.port;
        let element = Element {
            name: format!("the exception `{}`", entry.value),
            origin: entry.span.into(),
            site: Site::Other,
        };
        listens.then_some((element, known?))
    }

    /// Where the flow goes: the address that is asked about, or what the name resolves to. `None` when it has none.
    fn resolve(&mut self, subnet: Id<Subnet>) -> Option<End> {
        let target = &self.flow.to;
        let Some(name) = &target.name else {
            return Some(End {
                address: target.address,
                tags: target.tags.clone(),
                ..End::default()
            });
        };
        let resolution = self.plane.look_up(subnet, name);
        // With an address given, a look-up that may fail says nothing about the flow; one that fails certainly does.
        let given = target.address.is_some();
        // Whoever states the address of a private endpoint that no zone tells of knows it from elsewhere.
        let stated = self.endpoint_at(target.address).is_some()
            && resolution
                .blockers
                .iter()
                .all(|blocker| matches!(blocker.element.site, Site::Service(_)));
        if !given || (resolution.outcome == Outcome::Blocks && !stated) {
            self.notes.extend(resolution.assumptions);
            self.steps.extend(resolution.steps);
            for blocker in resolution.blockers {
                self.steps.push(super::Step {
                    stage: Stage::Dns,
                    element: blocker.element.clone(),
                    text: blocker.text.clone(),
                    outcome: blocker.outcome,
                });
                self.blockers.push(blocker);
            }
        }
        if self.is_stopped() {
            return None;
        }
        if given {
            return Some(End {
                address: target.address,
                tags: target.tags.clone(),
                ..End::default()
            });
        }
        self.resolved = resolution.answer.address();
        match resolution.answer {
            Answer::Private(None) => {
                self.note(format!(
                    "{name} leads to a private address of the cluster's own subnet, which exists once the cluster does"
                ));
                Some(End {
                    address: self.plane.some_address(subnet),
                    tags: Vec::new(),
                    ..End::default()
                })
            }
            Answer::Public(None) => {
                self.note(
                    "public addresses that are not known are taken to lie outside every prefix that routes and rules \
                     name",
                );
                Some(End {
                    address: None,
                    tags: target.tags.clone(),
                    name: Some(name.clone()),
                })
            }
            Answer::Private(address) | Answer::Public(address) => Some(End {
                address,
                tags: target.tags.clone(),
                ..End::default()
            }),
            Answer::None | Answer::Unknown => Some(End {
                address: None,
                tags: target.tags.clone(),
                ..End::default()
            }),
        }
    }

    /// The packet leaves a machine: its interface's security group, then its subnet's, then a next hop.
    pub(super) fn send(&mut self, subnet: Id<Subnet>, packet: Packet) {
        for nsg in self.groups_outbound(subnet) {
            self.ask_group(nsg, Direction::Outbound, subnet, &packet);
            if self.is_stopped() {
                return;
            }
        }
        if packet
            .destination
            .address
            .is_some_and(|address| is_platform(self.plane, address))
        {
            let element = Element {
                name: "the Azure host".to_owned(),
                origin: crate::base::Origin::Platform,
                site: Site::Platform,
            };
            self.pass(
                Stage::Route,
                element,
                "answers this address itself; no route leads there or away",
            );
            return;
        }
        match self.pods_at(subnet, &packet.destination) {
            Some(pool) => self.reach_pod(subnet, pool, &packet),
            None => self.leave(subnet, packet),
        }
    }

    /// The interface's group comes before the subnet's on the way out.
    fn groups_outbound(&self, subnet: Id<Subnet>) -> Vec<Id<Nsg>> {
        let interface = self
            .pool_in(subnet)
            .and_then(|(_, pool)| pool.nodes.interface_nsg.as_ref())
            .and_then(|nsg| nsg.id);
        let own = self.plane.estate.subnets[subnet]
            .nsg
            .as_ref()
            .and_then(|nsg| nsg.id);
        interface.into_iter().chain(own).collect()
    }

    pub(super) fn groups_inbound(&self, subnet: Id<Subnet>) -> Vec<Id<Nsg>> {
        let mut groups = self.groups_outbound(subnet);
        groups.reverse();
        groups
    }

    pub(super) fn ask_group(
        &mut self,
        nsg: Id<Nsg>,
        direction: Direction,
        subnet: Id<Subnet>,
        packet: &Packet,
    ) {
        let judgement = nsg::judge(self.plane, nsg, direction, subnet, packet, &mut self.notes);
        let to = match (&self.name, packet.destination.address) {
            (Some(name), None) => name.to_string(),
            _ => packet.destination.words(),
        };
        let words = format!(
            "{} -> {to} ({})",
            packet.source.words(),
            packet.service_words()
        );
        let by_default = matches!(judgement.rule.site, Site::DefaultRule(..));
        if by_default && self.is_pod_traffic(subnet, packet) {
            self.note("default security rules let the pods and nodes of a cluster talk");
            return;
        }
        if judgement.outcome == Outcome::Passes {
            self.pass(
                Stage::Nsg,
                judgement.rule.clone(),
                format!("allows {words}"),
            );
            self.matched.push(judgement.rule);
            self.overruled.extend(judgement.shadowed);
            return;
        }
        let cause = self.nsg_cause(direction, subnet, packet, judgement.widened_by.is_some());
        let mut text = match (judgement.outcome, judgement.access) {
            (Outcome::Blocks, _) => format!("denies {words}"),
            (_, Access::Deny) => format!("may deny {words}"),
            (_, Access::Allow) => format!("may allow {words}"),
        };
        if let Some(route) = &judgement.widened_by {
            text.push_str(&format!(
                "; under {} the tag VirtualNetwork holds the destination too",
                route.name
            ));
        }
        self.hinder(Hindrance {
            outcome: judgement.outcome,
            near: judgement.near,
            shadowed: judgement.shadowed,
            ..Hindrance::new(Stage::Nsg, cause, judgement.rule, text)
        });
    }

    fn nsg_cause(
        &self,
        direction: Direction,
        subnet: Id<Subnet>,
        packet: &Packet,
        widened: bool,
    ) -> Cause {
        if widened {
            return Cause::NsgServiceTagExpansion;
        }
        if direction == Direction::Inbound && self.is_management(subnet, packet) {
            return Cause::ManagementPath;
        }
        let private = packet
            .destination
            .address
            .is_some_and(|address| !is_public(address, self.plane.facts.private_ranges()));
        if private && (direction == Direction::Inbound || self.is_inside_cluster(subnet, packet)) {
            return Cause::NsgIntraClusterDeny;
        }
        if direction == Direction::Outbound && self.is_storage_or_sql_of_hdinsight(subnet, packet) {
            return Cause::ManagementPath;
        }
        Cause::NsgOutboundDeny
    }

    /// Whether both ends belong to one cluster: its nodes, its pods, its private endpoints.
    fn is_inside_cluster(&self, subnet: Id<Subnet>, packet: &Packet) -> bool {
        let Some((_, pool)) = self.pool_in(subnet) else {
            return false;
        };
        let Some(address) = packet.destination.address else {
            return false;
        };
        let estate = self.plane.estate;
        let subnets = pool
            .subnets
            .iter()
            .chain(&pool.nodes.pod_subnet)
            .chain(&pool.api_server.subnet)
            .filter_map(|subnet| subnet.id);
        let mut prefixes = subnets
            .flat_map(|subnet| estate.subnets[subnet].prefixes.iter())
            .chain(&pool.pod_prefixes);
        prefixes.any(|prefix| prefix.value.contains(&address))
    }

    /// The proxy that a flow of a pool's nodes has to take: it speaks HTTP or HTTPS, and nothing exempts its name.
    fn proxy_for(&self, subnet: Id<Subnet>) -> Option<ProxyInUse<'w>> {
        let (_, pool) = self.pool_in(subnet)?;
        let settings = pool.http_proxy.as_ref()?;
        let (endpoint, known) = self.proxy_of(settings)?;
        if self.is_exempt(settings) {
            return None;
        }
        let address = known
            .map(|id| self.plane.estate.proxies[id].address.value)
            .or_else(|| endpoint.host.parse().ok())?;
        Some((settings, SocketAddr::new(address, endpoint.port), known))
    }

    /// The proxy that settings name for a flow, as far as its port is one of HTTP or HTTPS.
    fn proxy_of(&self, settings: &'w HttpProxy) -> Option<(&'w ProxyEndpoint, Option<Id<Proxy>>)> {
        if self.flow.transport != Transport::Tcp {
            return None;
        }
        let endpoint = match self.flow.port {
            80 => settings.http.as_ref(),
            443 => settings.https.as_ref().or(settings.http.as_ref()),
            _ => None,
        }?;
        let mut proxies = self.plane.estate.proxies.iter();
        let known = proxies.find(|(_, proxy)| {
            proxy.meta.name == endpoint.value.host
                || proxy.address.value.to_string() == endpoint.value.host
        });
        Some((&endpoint.value, known.map(|(id, _)| id)))
    }

    fn is_exempt(&self, settings: &HttpProxy) -> bool {
        let address = self.flow.to.address;
        let cluster = address.is_some_and(|address| is_platform(self.plane, address));
        cluster || self.exempting_entry(settings).is_some()
    }

    /// The entry of the list of exceptions that a flow falls under.
    fn exempting_entry<'s>(&self, settings: &'s HttpProxy) -> Option<&'s Spanned<SmolStr>> {
        let name = self.name.as_ref().map(Fqdn::as_str);
        let address = self.flow.to.address;
        settings.no_proxy.iter().find(|entry| {
            let text = entry.value.as_str().to_ascii_lowercase();
            if text == "*" {
                return true;
            }
            let prefix = crate::net::parse_prefix(&text).ok();
            let covers_address = prefix
                .zip(address)
                .is_some_and(|(prefix, address)| prefix.contains(&address));
            let suffix = text.trim_start_matches("*.").trim_start_matches('.');
            covers_address
                || name.is_some_and(|name| {
                    name == suffix
                        || name
                            .strip_suffix(suffix)
                            .is_some_and(|before| before.ends_with('.'))
                })
        })
    }

    /// The client sends to the proxy, and the proxy to the destination.
    fn through_proxy(
        &mut self,
        subnet: Id<Subnet>,
        address: IpAddr,
        (settings, at, known): ProxyInUse<'_>,
    ) {
        let proxy = known.map(|id| &self.plane.estate.proxies[id]);
        let element = Element {
            name: proxy.map_or_else(
                || format!("HTTP proxy {at}"),
                |proxy| format!("HTTP proxy `{}`", proxy.meta.name),
            ),
            origin: proxy.map_or(settings.origin, |proxy| proxy.meta.origin),
            site: known.map_or(Site::Other, Site::HttpProxy),
        };
        self.pass(
            Stage::Proxy,
            element.clone(),
            format!("takes HTTP and HTTPS of the nodes; they send to {at}"),
        );
        if let Some(proxy) = proxy
            && proxy.port != at.port()
        {
            let text = format!(
                "listens on port {}; the nodes send to {}",
                proxy.port,
                at.port()
            );
            let element = self.proxy_setting(settings, element);
            self.block(Stage::Proxy, Cause::Proxy, element, text);
            return;
        }
        let to_proxy = Flow {
            from: Sender::Inside { subnet, address },
            to: Target {
                name: None,
                address: Some(at.ip()),
                tags: Vec::new(),
            },
            transport: Transport::Tcp,
            port: at.port(),
            announced: Announced::Nothing,
            at_once: self.flow.at_once,
        };
        self.leg(&to_proxy, &element, "the nodes cannot reach the proxy");
        if self.is_stopped() {
            return;
        }
        let Some(proxy) = proxy else {
            self.doubt(
                Stage::Proxy,
                Cause::Proxy,
                element,
                "what the proxy lets through is not known",
            );
            return;
        };
        let name = self.announced.clone().or_else(|| self.name.clone());
        match (&proxy.allowed, name) {
            (None, _) => self.note(format!(
                "HTTP proxy `{}` lets the name through",
                proxy.meta.name
            )),
            (Some(allowed), Some(name))
                if allowed.iter().any(|pattern| covers(&pattern.value, &name)) => {}
            (Some(_), name) => {
                let what = name.map_or_else(|| "the address".to_owned(), |name| name.to_string());
                self.block(
                    Stage::Proxy,
                    Cause::Proxy,
                    element,
                    format!("does not let {what} through"),
                );
                return;
            }
        }
        let Some(home) = proxy.subnet.as_ref().and_then(|subnet| subnet.id) else {
            self.note(format!(
                "HTTP proxy `{}` is outside these networks; what it reaches is its own affair",
                proxy.meta.name
            ));
            return;
        };
        let onward = Flow {
            from: Sender::Inside {
                subnet: home,
                address: proxy.address.value,
            },
            ..self.flow.clone()
        };
        self.leg(&onward, &element, "the proxy cannot reach the destination");
    }

    /// Where the nodes are told of the proxy, named like the proxy.
    fn proxy_setting(&self, settings: &HttpProxy, proxy: Element) -> Element {
        let endpoint = match self.flow.port {
            80 => settings.http.as_ref(),
            _ => settings.https.as_ref().or(settings.http.as_ref()),
        };
        Element {
            origin: endpoint.map_or(settings.origin, |endpoint| endpoint.span.into()),
            ..proxy
        }
    }

    /// One part of a way that is a flow of its own. What stops it belongs to the proxy.
    fn leg(&mut self, flow: &Flow, proxy: &Element, failure: &str) {
        let trace = self.plane.trace(flow);
        self.steps.extend(trace.steps);
        self.notes.extend(trace.assumptions);
        self.path.extend(trace.path);
        self.matched.extend(trace.matched);
        if trace.verdict == Verdict::Allowed {
            self.source_nat = trace.source_nat;
            return;
        }
        let mut blockers = trace.blockers;
        for blocker in &mut blockers {
            blocker.text = format!("{failure} ({}): {}", proxy.name, blocker.text);
            blocker.cause = Cause::Proxy;
            blocker.stage = Stage::Proxy;
        }
        self.blockers.extend(blockers);
    }
}
