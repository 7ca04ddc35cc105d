//! Which server is asked, and whom it asks in turn: those of the network, firewalls, machines, forwarders.

use std::net::IpAddr;

use crate::estate::{DnsServer, DnsServers, Firewall, Id, Subnet};
use crate::net::{Fqdn, Transport};

use super::super::cause::Cause;
use super::super::facts::FirewallFeature;
use super::super::firewall::{firewall_element, setting_element};
use super::super::flow::{
    Announced, Blocker, Element, Flow, Outcome, Sender, Site, Stage, Target, Verdict,
};
use super::super::gaps;
use super::super::nsg::is_platform;
use super::super::packet::{is_public, note};
use super::super::rule_sets::{Owner, of_firewall, proxies_dns};
use super::{Answer, Asker, LookUp, MOST_HOPS, PORT, Reply, answered_fewer, is_under, list};

impl LookUp<'_> {
    /// Asks as a machine of a subnet does: the DNS servers of its network.
    pub(super) fn ask_vnet(
        &mut self,
        subnet: Id<Subnet>,
        client: Option<IpAddr>,
        name: &Fqdn,
    ) -> Reply {
        let vnet = self.plane.estate.subnets[subnet].vnet;
        let element = self.plane.dns_element(vnet);
        let asker = Asker {
            subnet: Some(subnet),
            vnet: Some(vnet),
            client,
        };
        match &self.plane.estate.vnets[vnet].dns {
            DnsServers::Azure => {
                self.step(element, "are Azure's own (168.63.129.16)", Outcome::Passes);
                self.ask_azure(asker, name)
            }
            DnsServers::Firewall(firewall) => match firewall.id {
                Some(id) => {
                    let text = format!("lead to the DNS proxy of firewall `{}`", firewall.name);
                    self.step(element, text, Outcome::Passes);
                    self.ask_firewall(asker, id, name, 0)
                }
                None => self.unknown_server(element, name, "a firewall that is not known"),
            },
            DnsServers::Unknown(unknown) => Reply::bad(
                Answer::Unknown,
                Outcome::Unclear,
                Cause::DnsPathOrServers,
                element,
                format!("are not known: {}", unknown.text),
            ),
            DnsServers::Custom(servers) => {
                let servers: Vec<IpAddr> = servers.iter().map(|server| server.value).collect();
                let list: Vec<String> = servers.iter().map(ToString::to_string).collect();
                self.step(
                    element.clone(),
                    format!("are {}", list.join(", ")),
                    Outcome::Passes,
                );
                self.ask_all(asker, &servers, &element, name, 0)
            }
        }
    }

    /// Asks several servers. A client takes the first that answers and keeps what it said; so servers that answer
    /// differently make the outcome a matter of luck.
    pub(super) fn ask_all(
        &mut self,
        asker: Asker,
        servers: &[IpAddr],
        element: &Element,
        name: &Fqdn,
        depth: usize,
    ) -> Reply {
        let mut replies = Vec::new();
        for server in servers {
            replies.push((
                *server,
                self.ask_server(asker, *server, element, name, depth),
            ));
        }
        let kinds = |reply: &Reply| std::mem::discriminant(&reply.answer);
        let answered: Vec<&(IpAddr, Reply)> = replies
            .iter()
            .filter(|(_, reply)| {
                let silent = reply.blocker.as_ref().is_some_and(|blocker| {
                    blocker.cause == Cause::DnsPathOrServers && reply.answer == Answer::None
                });
                !silent
            })
            .collect();
        let differ = answered
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if kinds(&a.1) != kinds(&b.1)));
        if differ {
            let text = format!(
                "the servers do not answer alike for {name}; which one a client asks is chance"
            );
            return Reply::bad(
                Answer::Unknown,
                Outcome::Unclear,
                Cause::DnsPathOrServers,
                element.clone(),
                text,
            );
        }
        let best = match answered.first() {
            Some((server, _)) => {
                let server = *server;
                replies.iter().position(|(other, _)| *other == server)
            }
            None => None,
        };
        let index = best.unwrap_or(0);
        if index < replies.len() {
            if best.is_some() && answered_fewer(&replies) {
                note(
                    &mut self.notes,
                    "a client that gets no answer from one DNS server asks the next",
                );
            }
            replies.swap_remove(index).1
        } else {
            self.unknown_server(element.clone(), name, "no server")
        }
    }

    pub(super) fn ask_server(
        &mut self,
        asker: Asker,
        server: IpAddr,
        element: &Element,
        name: &Fqdn,
        depth: usize,
    ) -> Reply {
        let estate = self.plane.estate;
        if depth > MOST_HOPS {
            return Reply::bad(
                Answer::None,
                Outcome::Blocks,
                Cause::DnsPathOrServers,
                element.clone(),
                "the DNS servers ask each other in a circle".to_owned(),
            );
        }
        if is_platform(self.plane, server) {
            return self.ask_azure(asker, name);
        }
        let firewall = estate
            .firewalls
            .iter()
            .find(|(_, firewall)| firewall.private_ip.is_some_and(|ip| ip.value == server));
        if let Some((id, _)) = firewall {
            return self.ask_firewall(asker, id, name, depth);
        }
        let known = estate
            .dns_servers
            .iter()
            .find(|(_, known)| known.address.value == server);
        let Some((_, known)) = known else {
            if let Some(reply) = self.path_to(asker, server) {
                return reply;
            }
            if is_public(server, self.plane.facts.private_ranges()) {
                return self.outside_server(element.clone(), name, server);
            }
            return self.unknown_server(element.clone(), name, &server.to_string());
        };
        if let Some(reply) = self.path_to(asker, server) {
            return reply;
        }
        self.ask_known(server, known, name, depth)
    }

    pub(super) fn ask_known(
        &mut self,
        server: IpAddr,
        known: &DnsServer,
        name: &Fqdn,
        depth: usize,
    ) -> Reply {
        let element = Element {
            name: format!("DNS server {server}"),
            origin: known.meta.origin,
            site: Site::Other,
        };
        let vnet = known.vnet.as_ref().and_then(|vnet| vnet.id);
        let subnet = vnet.and_then(|vnet| {
            let mut subnets = self.plane.estate.subnets_of(vnet);
            let holds = |subnet: &Subnet| subnet.prefixes.iter().any(|p| p.value.contains(&server));
            subnets.find(|(_, subnet)| holds(subnet)).map(|(id, _)| id)
        });
        let next = Asker {
            subnet,
            vnet,
            client: Some(server),
        };
        let forward = known
            .conditional
            .iter()
            .filter(|forward| is_under(name, forward.domain.as_str()))
            .max_by_key(|forward| forward.domain.as_str().len());
        if let Some(forward) = forward {
            let servers: Vec<IpAddr> = forward.servers.iter().map(|s| s.value).collect();
            let text = format!("asks {} about {}", list(&servers), forward.domain);
            self.step(element.clone(), text, Outcome::Passes);
            return self.ask_all(next, &servers, &element, name, depth + 1);
        }
        match &known.forwarders {
            Some(forwarders) if !forwarders.is_empty() => {
                let servers: Vec<IpAddr> = forwarders.iter().map(|s| s.value).collect();
                let place = vnet.map_or_else(String::new, |vnet| {
                    format!(" from vnet `{}`", self.plane.estate.vnets[vnet].meta.name)
                });
                self.step(
                    element.clone(),
                    format!("asks {}{place}", list(&servers)),
                    Outcome::Passes,
                );
                self.ask_all(next, &servers, &element, name, depth + 1)
            }
            Some(_) => {
                if self.is_private(name) {
                    Reply::bad(
                        Answer::None,
                        Outcome::Blocks,
                        self.cause_of(name),
                        element,
                        format!("forwards nothing to Azure DNS, which alone knows {name}"),
                    )
                } else {
                    note(
                        &mut self.notes,
                        format!("DNS server {server} resolves public names by itself"),
                    );
                    self.public(name)
                }
            }
            None => self.unknown_server(element, name, &server.to_string()),
        }
    }

    /// The DNS proxy of a firewall, if it is on and can be reached.
    pub(super) fn ask_firewall(
        &mut self,
        asker: Asker,
        id: Id<Firewall>,
        name: &Fqdn,
        depth: usize,
    ) -> Reply {
        let estate = self.plane.estate;
        let element = firewall_element(estate, id);
        let sets = of_firewall(estate, id);
        if let Some(text) = gaps::firewall_settings(estate, id) {
            return Reply::bad(
                Answer::Unknown,
                Outcome::Unclear,
                Cause::DnsPathOrServers,
                element,
                text,
            );
        }
        let proxied = sets.first().is_some_and(|set| proxies_dns(estate, set));
        if !proxied {
            if sets.is_empty() {
                return self.unknown_server(element, name, "a firewall whose policy is not known");
            }
            let owner = sets.first().map_or(Owner::Firewall(id), |set| set.owner);
            let setting = sets.first().and_then(|set| set.settings.dns_proxy);
            let element = match setting {
                Some(setting) => setting_element(estate, owner, "DNS proxy", setting.span),
                None => {
                    let origin = sets.first().map_or(element.origin, |set| set.meta.origin);
                    setting_element(estate, owner, "DNS proxy", origin)
                }
            };
            return Reply::bad(
                Answer::None,
                Outcome::Blocks,
                Cause::DnsPathOrServers,
                element,
                "is off, so the firewall answers no DNS".to_owned(),
            );
        }
        if let Some(address) = estate.firewalls[id].private_ip
            && let Some(reply) = self.path_to(asker, address.value)
        {
            return reply;
        }
        // The settings of the policy itself; whether those of a policy above it are taken over is disputed.
        let servers: Vec<IpAddr> = sets
            .iter()
            .find(|set| !set.settings.dns_servers.is_empty())
            .map(|set| set.settings.dns_servers.iter().map(|s| s.value).collect())
            .unwrap_or_default();
        let inherited = sets
            .first()
            .is_some_and(|own| own.settings.dns_servers.is_empty() && !servers.is_empty());
        if inherited {
            note(
                &mut self.notes,
                "a firewall policy takes over the DNS servers of its parent (Azure's pages disagree)",
            );
        }
        let vnet = estate.firewalls[id].vnet.id;
        let subnet =
            vnet.and_then(|vnet| estate.subnet_named(vnet, crate::estate::FIREWALL_SUBNET));
        let next = Asker {
            subnet,
            vnet,
            client: estate.firewalls[id].private_ip.map(|ip| ip.value),
        };
        let custom = self.plane.facts.sku_has(
            super::super::facts::FirewallTier::Standard,
            FirewallFeature::CustomDns,
        );
        if servers.is_empty() || !custom {
            let place = vnet.map_or_else(String::new, |vnet| {
                format!(" in vnet `{}`", estate.vnets[vnet].meta.name)
            });
            self.step(element, format!("asks Azure DNS{place}"), Outcome::Passes);
            self.ask_azure(next, name)
        } else {
            self.step(
                element.clone(),
                format!("asks {}", list(&servers)),
                Outcome::Passes,
            );
            self.ask_all(next, &servers, &element, name, depth + 1)
        }
    }

    /// Whether the asker reaches a server on port 53; `None` when it does.
    pub(super) fn path_to(&mut self, asker: Asker, server: IpAddr) -> Option<Reply> {
        let subnet = asker.subnet?;
        let flow = Flow {
            from: Sender::Inside {
                subnet,
                address: asker.client?,
            },
            to: Target {
                name: None,
                address: Some(server),
                tags: Vec::new(),
            },
            transport: Transport::Udp,
            port: PORT,
            announced: Announced::Nothing,
            at_once: None,
        };
        let trace = self.plane.trace_of_look_up(subnet, &flow);
        if trace.verdict == Verdict::Allowed {
            self.notes.extend(trace.assumptions.iter().cloned());
            return None;
        }
        let blocker = trace.decisive()?.clone();
        let outcome = blocker.outcome;
        let unheard = match outcome {
            Outcome::Blocks => "is never asked",
            _ => "may not be asked",
        };
        let text = format!("{}, so DNS server {server} {unheard}", blocker.text);
        self.notes.extend(trace.assumptions.iter().cloned());
        Some(Reply {
            answer: if outcome == Outcome::Blocks {
                Answer::None
            } else {
                Answer::Unknown
            },
            addresses: Vec::new(),
            outcome,
            blocker: Some(Blocker {
                cause: Cause::DnsPathOrServers,
                stage: Stage::Dns,
                text,
                ..blocker
            }),
        })
    }

    /// A server with a public address sits outside of every network, so it sees no private zone.
    pub(super) fn outside_server(
        &mut self,
        element: Element,
        name: &Fqdn,
        server: IpAddr,
    ) -> Reply {
        let public = self.service_of_alias(name).is_some() || self.has_private_endpoint(name);
        if self.is_private(name) && !public {
            return Reply::bad(
                Answer::None,
                Outcome::Blocks,
                self.cause_of(name),
                element,
                format!("asks {server}, which is a public server and does not know {name}"),
            );
        }
        note(
            &mut self.notes,
            format!("DNS server {server} resolves public names"),
        );
        self.public_end(name)
    }

    /// A server of which nothing is known. Public names are taken to resolve; for private ones it decides.
    pub(super) fn unknown_server(&mut self, element: Element, name: &Fqdn, server: &str) -> Reply {
        if self.is_private(name) {
            return Reply::bad(
                Answer::Unknown,
                Outcome::Unclear,
                self.cause_of(name),
                element,
                format!(
                    "whether {server} can answer for {name} is not known: it has to ask Azure DNS \
                     from a network that sees the zone"
                ),
            );
        }
        note(
            &mut self.notes,
            format!("DNS server {server}, whose configuration is not known, resolves public names"),
        );
        self.public(name)
    }
}
