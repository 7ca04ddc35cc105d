//! A flow takes the HTTP proxy of its cluster, or is exempt from it.

use std::net::{IpAddr, SocketAddr};

use smol_str::SmolStr;

use crate::base::Spanned;
use crate::estate::{HttpProxy, Id, Proxy, ProxyEndpoint, Subnet};
use crate::net::{Fqdn, Transport};

use super::super::cause::Cause;
use super::super::dataplane::Dataplane;
use super::super::flow::{Announced, Element, Flow, Sender, Site, Stage, Target, Verdict};
use super::super::nsg::is_platform;
use super::Walk;

/// The proxy of a pool: its settings, where it listens, and which proxy of the estate that is.
pub(super) type ProxyInUse<'w> = (&'w HttpProxy, SocketAddr, Option<Id<Proxy>>);

impl Dataplane<'_> {
    /// The HTTP proxy that a flow from a subnet takes, with its address where the estate knows it.
    #[must_use]
    pub fn http_proxy(&self, subnet: Id<Subnet>, flow: &Flow) -> Option<ProxyEndpoint> {
        let walk = Walk::new(self, flow);
        let (_, pool) = walk.pool_in(subnet)?;
        let settings = pool.http_proxy.as_ref()?;
        let (endpoint, known) = walk.proxy_of(settings)?;
        if walk.is_exempt(settings) {
            return None;
        }
        let address = known.map(|id| self.estate.proxies[id].address.value);
        Some(ProxyEndpoint {
            host: address.map_or_else(|| endpoint.host.clone(), |it| it.to_string().into()),
            port: endpoint.port,
        })
    }
}

impl<'w> Walk<'w> {
    /// A name that is exempt from the proxy goes straight to a firewall. Where no rule lets it through and the proxy
    /// would, it is the exemption that is wrong.
    pub(super) fn blame_exemption(&mut self, subnet: Id<Subnet>) {
        let Some((entry, proxy)) = self.exemption(subnet) else {
            return;
        };
        let allowed = self.plane.estate.proxies[proxy].allowed.as_ref();
        let carries = allowed
            .zip(self.name.as_ref())
            .is_some_and(|(allowed, name)| {
                let mut patterns = allowed.iter();
                patterns.any(|pattern| pattern.value.covers(name))
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
    pub(super) fn exemption(&self, subnet: Id<Subnet>) -> Option<(Element, Id<Proxy>)> {
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

    /// The proxy that a flow of a pool's nodes has to take: it speaks HTTP or HTTPS, and nothing exempts its name.
    pub(super) fn proxy_for(&self, subnet: Id<Subnet>) -> Option<ProxyInUse<'w>> {
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
    pub(super) fn proxy_of(
        &self,
        settings: &'w HttpProxy,
    ) -> Option<(&'w ProxyEndpoint, Option<Id<Proxy>>)> {
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

    pub(super) fn is_exempt(&self, settings: &HttpProxy) -> bool {
        let address = self.flow.to.address;
        let cluster = address.is_some_and(|address| is_platform(self.plane, address));
        cluster || self.exempting_entry(settings).is_some()
    }

    /// The entry of the list of exceptions that a flow falls under.
    pub(super) fn exempting_entry<'s>(
        &self,
        settings: &'s HttpProxy,
    ) -> Option<&'s Spanned<SmolStr>> {
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
    pub(super) fn through_proxy(
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
                if allowed.iter().any(|pattern| pattern.value.covers(&name)) => {}
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
    pub(super) fn proxy_setting(&self, settings: &HttpProxy, proxy: Element) -> Element {
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
    pub(super) fn leg(&mut self, flow: &Flow, proxy: &Element, failure: &str) {
        let trace = self.plane.trace(flow);
        self.steps.extend(trace.steps);
        self.notes.extend(trace.assumptions);
        self.path.extend(trace.path);
        self.perhaps_passed.extend(trace.perhaps_passed);
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
