//! Name resolution: which server a client asks, in which network that server sits, and which zones that network sees
//! (MicrosoftDocs/azure-docs, articles/dns/private-dns-virtual-network-links.md, articles/firewall/dns-settings.md,
//! articles/private-link/private-endpoint-dns.md).

use std::net::IpAddr;

use crate::estate::{
    DnsServer, DnsServers, Firewall, Id, Pool, PrivateDnsZone, PrivateZone, ResolutionPolicy,
    Subnet, Vnet,
};
use crate::net::{Fqdn, Transport};

use super::cause::Cause;
use super::dataplane::Dataplane;
use super::facts::FirewallFeature;
use super::firewall::{firewall_element, setting_element};
use super::flow::{
    Announced, Assumption, Blocker, Element, Flow, Outcome, Sender, Site, Stage, Step, Target,
    Verdict,
};
use super::nsg::is_platform;
use super::packet::{Notes, is_public, note};
use super::rule_sets::{Owner, of_firewall, proxies_dns};

/// The port of DNS.
const PORT: u16 = 53;

/// How many servers may ask each other before it counts as a circle.
const MOST_HOPS: usize = 6;

/// What a look-up answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// An address inside the networks; `None` when the cluster makes it later.
    Private(Option<IpAddr>),
    /// A public address; `None` when the estate does not tell which.
    Public(Option<IpAddr>),
    /// The name does not exist, or nobody answers.
    None,
    /// What the server does is not known.
    Unknown,
}

impl Answer {
    /// The address, where it is known.
    #[must_use]
    pub fn address(self) -> Option<IpAddr> {
        match self {
            Self::Private(address) | Self::Public(address) => address,
            Self::None | Self::Unknown => None,
        }
    }
}

/// A look-up, step by step.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolution {
    /// What it answers.
    pub answer: Answer,
    /// Whether the client gets an address it can use.
    pub outcome: Outcome,
    /// What stands in the way.
    pub blockers: Vec<Blocker>,
    /// Every step taken.
    pub steps: Vec<Step>,
    /// What was assumed.
    pub assumptions: Vec<Assumption>,
}

impl Dataplane<'_> {
    /// Looks a name up as a machine in a subnet does.
    #[must_use]
    pub fn look_up(&self, subnet: Id<Subnet>, name: &Fqdn) -> Resolution {
        let mut look_up = LookUp {
            plane: self,
            notes: Notes::new(),
            steps: Vec::new(),
        };
        let client = self.some_address(subnet);
        let reply = look_up.ask_vnet(subnet, client, name);
        let reply = look_up.usable(reply, name);
        Resolution {
            answer: reply.answer,
            outcome: reply.outcome,
            blockers: reply.blocker.into_iter().collect(),
            steps: look_up.steps,
            assumptions: look_up.notes.into_iter().collect(),
        }
    }

    /// An address that a machine in a subnet may have.
    #[must_use]
    pub fn some_address(&self, subnet: Id<Subnet>) -> Option<IpAddr> {
        let reserved = self.facts.reserved_addresses().first;
        let prefix = self.estate.subnets[subnet].prefixes.first()?.value;
        match prefix.network() {
            IpAddr::V4(v4) => {
                let first = u32::from(v4).checked_add(u32::from(reserved))?;
                Some(IpAddr::V4(first.into()))
            }
            IpAddr::V6(v6) => {
                let first = u128::from(v6).checked_add(u128::from(reserved))?;
                Some(IpAddr::V6(first.into()))
            }
        }
    }

    /// The addresses that the estate states for a name.
    pub(super) fn known_addresses(&self, name: &Fqdn) -> Vec<IpAddr> {
        let services = self.estate.services.iter();
        let services = services
            .filter(|(_, service)| service.fqdn.value == *name)
            .flat_map(|(_, service)| service.addresses.iter().map(|address| address.value));
        let pools = self.estate.pools.iter().filter_map(|(_, pool)| {
            let fqdn = pool.api_server.fqdn.as_ref()?;
            let address = pool.api_server.public_ip?;
            (fqdn.value == *name).then_some(address.value)
        });
        services.chain(pools).collect()
    }

    /// Whether machines of a network ask the DNS proxy of a firewall and nobody else.
    pub(super) fn asks_only(&self, vnet: Id<Vnet>, firewall: Id<Firewall>) -> bool {
        let private_ip = self.estate.firewalls[firewall]
            .private_ip
            .map(|ip| ip.value);
        match &self.estate.vnets[vnet].dns {
            DnsServers::Azure => false,
            DnsServers::Firewall(other) => other.id == Some(firewall),
            DnsServers::Custom(servers) => {
                !servers.is_empty()
                    && servers
                        .iter()
                        .all(|server| Some(server.value) == private_ip)
            }
        }
    }

    /// The DNS servers of a network as an element.
    pub(super) fn dns_element(&self, vnet: Id<Vnet>) -> Element {
        let network = &self.estate.vnets[vnet];
        let origin = match &network.dns {
            DnsServers::Azure => network.meta.origin,
            DnsServers::Firewall(firewall) => firewall.origin,
            DnsServers::Custom(servers) => servers
                .first()
                .map_or(network.meta.origin, |server| server.span.into()),
        };
        Element {
            name: format!("DNS servers of vnet `{}`", network.meta.name),
            origin,
            site: Site::Vnet(vnet),
        }
    }
}

struct LookUp<'l> {
    plane: &'l Dataplane<'l>,
    notes: Notes,
    steps: Vec<Step>,
}

struct Reply {
    answer: Answer,
    outcome: Outcome,
    blocker: Option<Blocker>,
}

impl Reply {
    fn good(answer: Answer) -> Self {
        Self {
            answer,
            outcome: Outcome::Passes,
            blocker: None,
        }
    }

    fn bad(answer: Answer, outcome: Outcome, cause: Cause, element: Element, text: String) -> Self {
        let blocker = Blocker {
            cause,
            stage: Stage::Dns,
            element,
            text,
            outcome,
            on_reply: false,
            near: Vec::new(),
            shadowed: Vec::new(),
            log: None,
        };
        Self {
            answer,
            outcome,
            blocker: Some(blocker),
        }
    }
}

impl LookUp<'_> {
    fn step(&mut self, element: Element, text: impl Into<String>, outcome: Outcome) {
        self.steps.push(Step {
            stage: Stage::Dns,
            element,
            text: text.into(),
            outcome,
        });
    }

    /// Asks as a machine of a subnet does: the DNS servers of its network.
    fn ask_vnet(&mut self, subnet: Id<Subnet>, client: Option<IpAddr>, name: &Fqdn) -> Reply {
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
    fn ask_all(
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

    fn ask_server(
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
            return self.unknown_server(element.clone(), name, &server.to_string());
        };
        if let Some(reply) = self.path_to(asker, server) {
            return reply;
        }
        self.ask_known(server, known, name, depth)
    }

    fn ask_known(&mut self, server: IpAddr, known: &DnsServer, name: &Fqdn, depth: usize) -> Reply {
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
                    Reply::good(self.public(name))
                }
            }
            None => self.unknown_server(element, name, &server.to_string()),
        }
    }

    /// The DNS proxy of a firewall, if it is on and can be reached.
    fn ask_firewall(&mut self, asker: Asker, id: Id<Firewall>, name: &Fqdn, depth: usize) -> Reply {
        let estate = self.plane.estate;
        let element = firewall_element(estate, id);
        let sets = of_firewall(estate, id);
        let proxied = sets.first().is_some_and(|set| proxies_dns(estate, set));
        if !proxied {
            if sets.is_empty() {
                return self.unknown_server(element, name, "a firewall whose policy is not known");
            }
            let owner = sets.first().map_or(Owner::Firewall(id), |set| set.owner);
            let setting = sets.first().and_then(|set| set.settings.dns_proxy);
            let element = match setting {
                Some(setting) => setting_element(estate, owner, "DNS proxy", setting.span),
                None => setting_element(estate, owner, "DNS proxy", element.origin),
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
            super::facts::FirewallTier::Standard,
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
    fn path_to(&mut self, asker: Asker, server: IpAddr) -> Option<Reply> {
        let subnet = asker.subnet?;
        let client = asker.client?;
        let flow = Flow {
            from: Sender::Inside {
                subnet,
                address: client,
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
        let trace = self.plane.trace(&flow);
        if trace.verdict == Verdict::Allowed {
            self.notes.extend(trace.assumptions);
            return None;
        }
        let blocker = trace.decisive()?.clone();
        let outcome = blocker.outcome;
        let unheard = match outcome {
            Outcome::Blocks => "is never asked",
            _ => "may not be asked",
        };
        let text = format!("{}, so DNS server {server} {unheard}", blocker.text);
        self.notes.extend(trace.assumptions);
        Some(Reply {
            answer: if outcome == Outcome::Blocks {
                Answer::None
            } else {
                Answer::Unknown
            },
            outcome,
            blocker: Some(Blocker {
                cause: Cause::DnsPathOrServers,
                stage: Stage::Dns,
                text,
                ..blocker
            }),
        })
    }

    /// A server of which nothing is known. Public names are taken to resolve; for private ones it decides.
    fn unknown_server(&mut self, element: Element, name: &Fqdn, server: &str) -> Reply {
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
        Reply::good(self.public(name))
    }

    /// Azure DNS answers with the zones linked to the network that the query comes from.
    fn ask_azure(&mut self, asker: Asker, name: &Fqdn) -> Reply {
        let Some(vnet) = asker.vnet else {
            if self.is_private(name) {
                return Reply::bad(
                    Answer::Unknown,
                    Outcome::Unclear,
                    self.cause_of(name),
                    Element {
                        name: "Azure DNS".to_owned(),
                        origin: crate::base::Origin::Platform,
                        site: Site::Platform,
                    },
                    "from which network the last server asks is not known".to_owned(),
                );
            }
            return Reply::good(self.public(name));
        };
        if let Some(subnet) = asker.subnet
            && let Some(reply) = self.platform_dns(subnet, asker.client)
        {
            return reply;
        }
        let mut current = name.clone();
        for _ in 0..MOST_HOPS {
            if let Some(reply) = self.system_zone(vnet, &current) {
                return reply;
            }
            match self.linked_zone(vnet, &current) {
                Some((id, resolution)) => match self.record(id, &current) {
                    Some(Record::Addresses(addresses)) => {
                        return self.private_answer(id, &current, &addresses);
                    }
                    Some(Record::Alias(target)) => {
                        let zone = self.zone_element(id);
                        self.step(zone, format!("{current} is {target}"), Outcome::Passes);
                        current = target;
                    }
                    None if resolution == ResolutionPolicy::NxDomainRedirect
                        && is_privatelink(&self.plane.estate.dns_zones[id]) =>
                    {
                        let zone = self.zone_element(id);
                        let text = format!("has no record for {current}; the link asks public DNS");
                        self.step(zone, text, Outcome::Passes);
                        return Reply::good(self.public_end(&current));
                    }
                    None => return self.no_record(id, &current, vnet),
                },
                None => match self.public_alias(&current) {
                    Some(target) => current = target,
                    None => return self.unlinked(vnet, &current),
                },
            }
        }
        Reply::bad(
            Answer::None,
            Outcome::Blocks,
            Cause::PrivateZoneUnresolvable,
            self.plane.dns_element(vnet),
            format!("{name} leads from alias to alias without end"),
        )
    }

    /// A security rule can forbid Azure DNS by its tag.
    fn platform_dns(&mut self, subnet: Id<Subnet>, client: Option<IpAddr>) -> Option<Reply> {
        let server = self.plane.facts.platform_addresses().first()?.prefix.addr();
        let asker = Asker {
            subnet: Some(subnet),
            vnet: None,
            client,
        };
        self.path_to(asker, server)
    }

    /// The zone that a private cluster brings along, linked to the network of its nodes only.
    fn system_zone(&mut self, vnet: Id<Vnet>, name: &Fqdn) -> Option<Reply> {
        let estate = self.plane.estate;
        let pool = self.system_pool(name)?;
        let nodes = &estate.pools[pool];
        let home = nodes
            .subnets
            .iter()
            .find_map(|subnet| subnet.id)
            .map(|subnet| estate.subnets[subnet].vnet);
        let element = Element {
            name: format!("pool `{}`", nodes.meta.name),
            origin: nodes.meta.origin,
            site: Site::Pool(pool),
        };
        let endpoint = estate.private_endpoints.iter().find(|(_, endpoint)| {
            endpoint.names.iter().any(|known| known.value == *name)
                || endpoint.meta.name.contains("apiserver")
        });
        let address = endpoint
            .and_then(|(_, endpoint)| endpoint.addresses.first())
            .map(|address| address.value);
        if home == Some(vnet) {
            self.step(
                element,
                "brings a private zone along, linked to this network",
                Outcome::Passes,
            );
            return Some(Reply::good(Answer::Private(address)));
        }
        Some(Reply::bad(
            Answer::None,
            Outcome::Blocks,
            Cause::PrivateZoneUnresolvable,
            element,
            format!(
                "brings its private zone along linked to the network of its nodes only; the \
                 resolver sits in vnet `{}`",
                estate.vnets[vnet].meta.name
            ),
        ))
    }

    /// The pool whose own private zone holds a name, unless a zone of the estate does.
    fn system_pool(&self, name: &Fqdn) -> Option<Id<Pool>> {
        let estate = self.plane.estate;
        let declared = |(_, zone): (_, &PrivateDnsZone)| is_under(name, zone.domain.as_str());
        if estate.dns_zones.iter().any(declared) {
            return None;
        }
        let mut pools = estate.pools.iter();
        pools
            .find(|(_, pool)| {
                let zone = pool.api_server.private_zone.as_ref();
                let system = zone.is_none_or(|zone| zone.value == PrivateZone::System);
                let named = pool.api_server.fqdn.as_ref();
                let api = named.is_some_and(|fqdn| fqdn.value == *name);
                pool.private_cluster.is_some()
                    && system
                    && api
                    && name.as_str().contains(".privatelink.")
            })
            .map(|(id, _)| id)
    }

    /// The zone linked to a network that holds a name: the longest.
    fn linked_zone(
        &self,
        vnet: Id<Vnet>,
        name: &Fqdn,
    ) -> Option<(Id<PrivateDnsZone>, ResolutionPolicy)> {
        let zones = self.plane.estate.dns_zones.iter();
        zones
            .filter(|(_, zone)| is_under(name, zone.domain.as_str()))
            .filter_map(|(id, zone)| {
                let mut links = zone.links.iter();
                let link = links.find(|link| link.vnet.id == Some(vnet))?;
                Some((id, link.resolution))
            })
            .max_by_key(|(id, _)| self.plane.estate.dns_zones[*id].domain.as_str().len())
    }

    fn record(&self, id: Id<PrivateDnsZone>, name: &Fqdn) -> Option<Record> {
        let zone = &self.plane.estate.dns_zones[id];
        let host = name
            .as_str()
            .strip_suffix(zone.domain.as_str())
            .map(|host| host.trim_end_matches('.'))?;
        let host = if host.is_empty() { "@" } else { host };
        let exact = zone
            .records
            .iter()
            .find(|record| record.name.eq_ignore_ascii_case(host));
        let record = exact.or_else(|| zone.records.iter().find(|record| record.name == "*"));
        if let Some(record) = record {
            if let Some(target) = &record.cname {
                return Some(Record::Alias(target.value.clone()));
            }
            let addresses = record.addresses.iter().map(|address| address.value);
            return Some(Record::Addresses(addresses.collect()));
        }
        let endpoint = self.plane.estate.private_endpoints.iter();
        let kept = endpoint
            .filter(|(_, endpoint)| endpoint.zone.as_ref().and_then(|zone| zone.id) == Some(id));
        let mut named = kept.filter(|(_, endpoint)| {
            endpoint.names.iter().any(|known| {
                known.value == *name
                    || private_name(self.plane, &known.value).as_ref() == Some(name)
            })
        });
        let (_, endpoint) = named.next()?;
        let addresses = endpoint.addresses.iter().map(|address| address.value);
        Some(Record::Addresses(addresses.collect()))
    }

    fn private_answer(
        &mut self,
        id: Id<PrivateDnsZone>,
        name: &Fqdn,
        addresses: &[IpAddr],
    ) -> Reply {
        let zone = self.zone_element(id);
        let Some(address) = addresses.first().copied() else {
            return Reply::bad(
                Answer::None,
                Outcome::Blocks,
                self.cause_of(name),
                zone,
                format!("has a record for {name} without an address"),
            );
        };
        self.step(zone, format!("{name} is {address}"), Outcome::Passes);
        if is_public(address, self.plane.facts.private_ranges()) {
            Reply::good(Answer::Public(Some(address)))
        } else {
            Reply::good(Answer::Private(Some(address)))
        }
    }

    /// A linked zone without the record answers that the name does not exist, whatever public DNS knows.
    fn no_record(&mut self, id: Id<PrivateDnsZone>, name: &Fqdn, vnet: Id<Vnet>) -> Reply {
        let zone = &self.plane.estate.dns_zones[id];
        let registered = zone
            .links
            .iter()
            .any(|link| link.vnet.id == Some(vnet) && link.registration);
        let element = self.zone_element(id);
        if registered {
            return Reply::bad(
                Answer::Unknown,
                Outcome::Unclear,
                self.cause_of(name),
                element,
                format!("machines enter themselves; whether {name} did is not known"),
            );
        }
        if self.makes_record_later(id, name) {
            note(
                &mut self.notes,
                format!("the cluster enters {name} in its private zone when it is made"),
            );
            return Reply::good(Answer::Private(None));
        }
        Reply::bad(
            Answer::None,
            Outcome::Blocks,
            self.cause_of(name),
            element,
            format!(
                "is linked to vnet `{}` and has no record for {name}, so the answer is that the \
                 name does not exist",
                self.plane.estate.vnets[vnet].meta.name
            ),
        )
    }

    /// Whether a private cluster that is still to be made enters its API server in this zone.
    fn makes_record_later(&self, id: Id<PrivateDnsZone>, name: &Fqdn) -> bool {
        let zone = &self.plane.estate.dns_zones[id];
        let mut pools = self.plane.estate.pools.iter();
        zone.records.is_empty()
            && pools.any(|(_, pool)| {
                let named = pool.api_server.fqdn.as_ref();
                named.is_some_and(|fqdn| fqdn.value == *name)
            })
    }

    /// Public DNS sends the name of a service with private endpoints on to its name under `privatelink`.
    fn public_alias(&mut self, name: &Fqdn) -> Option<Fqdn> {
        let estate = self.plane.estate;
        let mut services = estate.services.iter();
        let service = services.find(|(_, service)| service.fqdn.value == *name);
        let alias = match service {
            Some((id, service)) => service
                .cname
                .as_ref()
                .map(|cname| cname.value.clone())
                .or_else(|| {
                    let mut endpoints = estate.private_endpoints.iter();
                    let linked = endpoints.any(|(_, endpoint)| {
                        endpoint.target.as_ref().and_then(|target| target.id) == Some(id)
                    });
                    linked.then(|| private_name(self.plane, name)).flatten()
                }),
            None => {
                let mut endpoints = estate.private_endpoints.iter();
                let named = endpoints
                    .any(|(_, endpoint)| endpoint.names.iter().any(|known| known.value == *name));
                named.then(|| private_name(self.plane, name)).flatten()
            }
        };
        let alias = alias.filter(|alias| alias != name)?;
        self.step(
            Element {
                name: "public DNS".to_owned(),
                origin: crate::base::Origin::Platform,
                site: Site::Platform,
            },
            format!("{name} is {alias}"),
            Outcome::Passes,
        );
        Some(alias)
    }

    /// No zone that holds the name is linked to the network.
    fn unlinked(&mut self, vnet: Id<Vnet>, name: &Fqdn) -> Reply {
        let estate = self.plane.estate;
        let here = &estate.vnets[vnet].meta.name;
        let elsewhere = estate
            .dns_zones
            .iter()
            .filter(|(_, zone)| is_under(name, zone.domain.as_str()))
            .max_by_key(|(_, zone)| zone.domain.as_str().len());
        let service = self.service_of_alias(name);
        if let Some((id, zone)) = elsewhere
            && service.is_none()
        {
            let linked: Vec<String> = zone
                .links
                .iter()
                .map(|link| format!("`{}`", link.vnet.name))
                .collect();
            let links = if linked.is_empty() {
                "no network".to_owned()
            } else {
                linked.join(", ")
            };
            return Reply::bad(
                Answer::None,
                Outcome::Blocks,
                self.cause_of(name),
                self.zone_element(id),
                format!(
                    "holds {name} and is linked to {links}; the resolver sits in vnet `{here}`, \
                     which is not linked"
                ),
            );
        }
        if self.is_private(name) && service.is_none() {
            return Reply::bad(
                Answer::None,
                Outcome::Blocks,
                self.cause_of(name),
                self.plane.dns_element(vnet),
                format!(
                    "no private zone for {name} is linked to vnet `{here}`, and public DNS does not know the name"
                ),
            );
        }
        Reply::good(self.public_end(name))
    }

    /// The public address behind a name or an alias under `privatelink`.
    fn public_end(&self, name: &Fqdn) -> Answer {
        match self.service_of_alias(name) {
            Some(service) => Answer::Public(
                self.plane.estate.services[service]
                    .addresses
                    .first()
                    .map(|address| address.value),
            ),
            None => self.public(name),
        }
    }

    fn service_of_alias(&self, name: &Fqdn) -> Option<Id<crate::estate::PlatformService>> {
        let mut services = self.plane.estate.services.iter();
        services
            .find(|(_, service)| {
                let alias = service.cname.as_ref().map(|cname| &cname.value);
                alias == Some(name)
                    || service.fqdn.value == *name
                    || private_name(self.plane, &service.fqdn.value).as_ref() == Some(name)
            })
            .map(|(id, _)| id)
    }

    fn public(&self, name: &Fqdn) -> Answer {
        let private_api = self.plane.estate.pools.iter().any(|(_, pool)| {
            let named = pool.api_server.fqdn.as_ref();
            pool.private_cluster.is_some() && named.is_some_and(|fqdn| fqdn.value == *name)
        });
        if private_api {
            // The public name of a private cluster leads to its private address.
            return Answer::Private(None);
        }
        Answer::Public(self.plane.known_addresses(name).first().copied())
    }

    /// Whether public DNS does not know a name: it belongs to a private zone or to machines of a network.
    fn is_private(&self, name: &Fqdn) -> bool {
        let text = name.as_str();
        let zones = self.plane.estate.dns_zones.iter();
        let mut zones = zones.filter(|(_, zone)| is_under(name, zone.domain.as_str()));
        let aliased = self.service_of_alias(name).is_some();
        zones.next().is_some()
            || (text.contains(".privatelink.") && !aliased)
            || text.ends_with(".internal.cloudapp.net")
            || self.has_private_endpoint(name)
    }

    fn has_private_endpoint(&self, name: &Fqdn) -> bool {
        let estate = self.plane.estate;
        estate.private_endpoints.iter().any(|(_, endpoint)| {
            let named = endpoint.names.iter().any(|known| known.value == *name);
            let target = endpoint.target.as_ref().and_then(|target| target.id);
            named || target.is_some_and(|id| estate.services[id].fqdn.value == *name)
        })
    }

    /// What the cause of a name's failure is: the cluster's own zone, or a dependency behind a private endpoint.
    fn cause_of(&self, name: &Fqdn) -> Cause {
        let text = name.as_str();
        let cluster = text.ends_with(".azmk8s.io")
            || text.ends_with(".hdinsightaks.net")
            || self.plane.estate.pools.iter().any(|(_, pool)| {
                let named = pool.api_server.fqdn.as_ref();
                named.is_some_and(|fqdn| fqdn.value == *name)
            });
        let dependency = self.plane.facts.platform_services().any(|service| {
            service
                .names
                .iter()
                .any(|known| is_under(name, &known.zone) || is_under(name, &known.suffix))
        });
        if dependency && !cluster {
            Cause::PrivateLinkDependency
        } else {
            Cause::PrivateZoneUnresolvable
        }
    }

    fn zone_element(&self, id: Id<PrivateDnsZone>) -> Element {
        let zone = &self.plane.estate.dns_zones[id];
        Element {
            name: format!("private DNS zone `{}`", zone.meta.name),
            origin: zone.meta.origin,
            site: Site::DnsZone(id),
        }
    }

    /// Whether an answer is any use: a service that takes private endpoints only has to resolve to one, and a record
    /// has to lead to an endpoint that is there.
    fn usable(&mut self, reply: Reply, name: &Fqdn) -> Reply {
        let estate = self.plane.estate;
        let mut services = estate.services.iter();
        let Some((id, service)) = services.find(|(_, service)| service.fqdn.value == *name) else {
            return reply;
        };
        let endpoints: Vec<_> = estate
            .private_endpoints
            .iter()
            .filter(|(_, endpoint)| {
                endpoint.target.as_ref().and_then(|target| target.id) == Some(id)
            })
            .collect();
        if reply.outcome != Outcome::Passes || endpoints.is_empty() {
            return reply;
        }
        let zone = service
            .cname
            .as_ref()
            .map(|cname| cname.value.clone())
            .or_else(|| private_name(self.plane, name));
        let zone = zone.and_then(|alias| {
            let zones = estate.dns_zones.iter();
            let mut zones = zones.filter(|(_, zone)| is_under(&alias, zone.domain.as_str()));
            zones.next().map(|(id, _)| self.zone_element(id))
        });
        match reply.answer {
            Answer::Public(address) if service.public_access_off.is_some() => {
                let endpoint = endpoints.first().map(|(_, endpoint)| &endpoint.meta);
                let element = zone.unwrap_or_else(|| Element {
                    name: endpoint.map_or_else(
                        || format!("service `{}`", service.meta.name),
                        |meta| format!("private endpoint `{}`", meta.name),
                    ),
                    origin: endpoint.map_or(service.meta.origin, |meta| meta.origin),
                    site: Site::Service(id),
                });
                Reply::bad(
                    Answer::Public(address),
                    Outcome::Blocks,
                    Cause::PrivateLinkDependency,
                    element,
                    format!(
                        "{name} resolves to its public address, which takes nobody in; the \
                         resolver does not see the zone of its private endpoint"
                    ),
                )
            }
            Answer::Private(Some(address)) => {
                let held = endpoints.iter().any(|(_, endpoint)| {
                    endpoint
                        .addresses
                        .iter()
                        .any(|known| known.value == address)
                });
                if held {
                    return reply;
                }
                let element = zone.unwrap_or_else(|| Element {
                    name: format!("service `{}`", service.meta.name),
                    origin: service.meta.origin,
                    site: Site::Service(id),
                });
                Reply::bad(
                    Answer::Private(Some(address)),
                    Outcome::Blocks,
                    Cause::PrivateLinkDependency,
                    element,
                    format!(
                        "{name} is {address} there, and its private endpoint is not at that address"
                    ),
                )
            }
            _ => reply,
        }
    }
}

/// Who asks, and from where.
#[derive(Debug, Clone, Copy)]
struct Asker {
    subnet: Option<Id<Subnet>>,
    vnet: Option<Id<Vnet>>,
    client: Option<IpAddr>,
}

enum Record {
    Addresses(Vec<IpAddr>),
    Alias(Fqdn),
}

/// Whether a name is a domain or below it.
fn is_under(name: &Fqdn, domain: &str) -> bool {
    name.as_str()
        .strip_suffix(domain)
        .is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

fn is_privatelink(zone: &PrivateDnsZone) -> bool {
    let domain = zone.domain.as_str();
    domain.starts_with("privatelink.") || domain.contains(".privatelink.")
}

/// The name under `privatelink` that public DNS sends the name of a service with private endpoints on to.
fn private_name(plane: &Dataplane<'_>, name: &Fqdn) -> Option<Fqdn> {
    let mut services = plane.facts.platform_services();
    let known = services.find_map(|service| service.name_of(name.as_str()))?;
    let host = name.as_str().strip_suffix(known.suffix.as_str())?;
    format!("{host}{}", known.zone).parse().ok()
}

fn list(servers: &[IpAddr]) -> String {
    let servers: Vec<String> = servers.iter().map(ToString::to_string).collect();
    servers.join(", ")
}

fn answered_fewer(replies: &[(IpAddr, Reply)]) -> bool {
    replies.len() > 1
        && replies
            .iter()
            .any(|(_, reply)| reply.answer == Answer::None && reply.blocker.is_some())
}
