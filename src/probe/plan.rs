//! Requirements as endpoints to try, and what of them cannot be tried.

use std::collections::BTreeSet;
use std::net::IpAddr;

use smol_str::SmolStr;

use crate::intent::Requirement;
use crate::net::{
    AppProtocol, Destination, Fqdn, FqdnPattern, FqdnTag, PortRange, Service, Transport,
};

use super::{ExpectedViews, Sample};

/// How many ports of a range are tried.
const MOST_PORTS: u16 = 4;

/// TCP ports on which TLS is spoken from the first byte.
const TLS_PORTS: [u16; 6] = [443, 636, 853, 5671, 8443, 8883];

/// Everything that a pool needs, in the order of its requirements.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// What is tried, and what is not.
    pub items: Vec<Item>,
    /// Destinations of samples that no requirement has.
    pub unused: Vec<String>,
    /// Where names should lead.
    pub views: ExpectedViews,
}

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// It is tried.
    Probe(Target),
    /// It is not.
    Skip(Skipped),
}

/// An endpoint to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The requirement.
    pub requirement: SmolStr,
    /// The destination as the requirement writes it.
    pub destination: String,
    /// The service of the requirement.
    pub service: Service,
    /// Who is spoken to.
    pub peer: Peer,
    /// On which port.
    pub port: u16,
    /// What is said.
    pub protocol: Protocol,
    /// How certain it is that somebody listens there.
    pub listener: Listener,
    /// The HTTP proxy that carries it.
    pub proxy: Option<Proxy>,
}

impl Target {
    /// Whose address is asked for: the proxy's, which asks for that of the peer itself.
    pub(super) fn first_peer(&self) -> &Peer {
        self.proxy.as_ref().map_or(&self.peer, |proxy| &proxy.peer)
    }
}

/// An HTTP proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Who it is.
    pub peer: Peer,
    /// The port it listens on.
    pub port: u16,
}

/// An endpoint that is not tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The requirement.
    pub requirement: SmolStr,
    /// The destination as the requirement writes it.
    pub destination: String,
    /// The service of the requirement.
    pub service: Service,
    /// Why.
    pub reason: String,
}

/// Who is spoken to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    /// Whoever has this name.
    Name(Fqdn),
    /// Whoever has this address.
    Address(IpAddr),
}

/// How certain it is that somebody listens on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// The requirement asks for this peer and this service.
    Expected,
    /// A list of names is asked for over a list of services, and not every name answers over every service.
    Possible,
}

/// What is said to an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// A hello of TLS with the name.
    Tls,
    /// A request of plain HTTP for the head of `/`.
    Http,
    /// The pre-login of SQL Server.
    Mssql,
    /// A client's request for the time.
    Ntp,
    /// Nothing: a TCP connection is all that can be tried.
    Tcp,
    /// A datagram of no known protocol.
    Udp,
}

/// Says what is tried of requirements.
///
/// What an FQDN tag holds is told by the caller, `None` where it is not published.
#[must_use]
pub fn plan<'r>(
    requirements: impl IntoIterator<Item = &'r Requirement>,
    fqdn_tag: &dyn Fn(&FqdnTag) -> Option<Vec<FqdnPattern>>,
    samples: &[Sample],
) -> Plan {
    let mut planner = Planner {
        fqdn_tag,
        samples,
        used: BTreeSet::new(),
        items: Vec::new(),
    };
    for requirement in requirements {
        for destination in &requirement.destinations {
            let peers = planner.peers(&destination.value);
            for service in &requirement.services {
                let endpoint = Endpoint {
                    requirement: &requirement.name,
                    destination: destination.value.to_string(),
                    service: service.value,
                    listener: match &destination.value {
                        Destination::FqdnTag(_) => Listener::Possible,
                        _ => Listener::Expected,
                    },
                };
                for peer in &peers {
                    planner.add(&endpoint, peer);
                }
            }
        }
    }
    let unused = samples.iter().enumerate();
    let unused = unused.filter(|(at, _)| !planner.used.contains(at));
    Plan {
        unused: unused.map(|(_, it)| it.destination.clone()).collect(),
        items: planner.items,
        views: ExpectedViews::default(),
    }
}

struct Endpoint<'r> {
    requirement: &'r SmolStr,
    destination: String,
    service: Service,
    listener: Listener,
}

struct Planner<'p> {
    fqdn_tag: &'p dyn Fn(&FqdnTag) -> Option<Vec<FqdnPattern>>,
    samples: &'p [Sample],
    /// The samples that stand for something, by their position.
    used: BTreeSet<usize>,
    items: Vec<Item>,
}

impl Planner<'_> {
    /// Who stands for a destination, or why nobody does.
    fn peers(&mut self, destination: &Destination) -> Vec<Result<Peer, String>> {
        let sampled: Vec<_> = self.sampled(destination).into_iter().map(Ok).collect();
        if !sampled.is_empty() {
            return sampled;
        }
        let why = match destination {
            Destination::Fqdn(FqdnPattern::Exact(name)) => {
                return vec![Ok(Peer::Name(name.clone()))];
            }
            Destination::Prefix(prefix) if prefix.prefix_len() == prefix.max_prefix_len() => {
                return vec![Ok(Peer::Address(prefix.addr()))];
            }
            Destination::FqdnTag(tag) => match (self.fqdn_tag)(tag) {
                Some(patterns) if !patterns.is_empty() => {
                    let patterns = patterns.into_iter().map(Destination::Fqdn);
                    return patterns.flat_map(|it| self.peers(&it)).collect();
                }
                _ => format!("what FQDN tag {tag} holds is not published"),
            },
            Destination::Fqdn(pattern) => {
                let example = "name it with --sample";
                format!("no name of {pattern} is known; {example} '{pattern}=NAME'")
            }
            Destination::Prefix(_) | Destination::Range(_) => {
                let example = "name one with --sample";
                format!(
                    "no address in {destination} is known to answer; {example} '{destination}=ADDRESS'"
                )
            }
            Destination::ServiceTag(tag) => {
                format!("service tag {tag} names no server; name one with --sample '{tag}=NAME'")
            }
            Destination::Anywhere => {
                "any destination names no server; name one with --sample 'any=NAME'".to_owned()
            }
            Destination::Open(open) => format!(
                "parameter `{}` has no value yet; give one with --bind",
                open.parameter
            ),
        };
        vec![Err(why)]
    }

    fn sampled(&mut self, destination: &Destination) -> Vec<Peer> {
        let mut found = Vec::new();
        for (at, sample) in self.samples.iter().enumerate() {
            if sample.is_for(destination) {
                self.used.insert(at);
                found.push(sample.peer.clone());
            }
        }
        found
    }

    fn add(&mut self, endpoint: &Endpoint<'_>, peer: &Result<Peer, String>) {
        let peer = match peer {
            Ok(peer) => peer,
            Err(why) => return self.skip(endpoint, why.clone()),
        };
        match endpoint.service {
            Service::App { protocol, port } => {
                let protocol = match protocol {
                    AppProtocol::Http => Protocol::Http,
                    AppProtocol::Https => Protocol::Tls,
                    AppProtocol::Mssql => Protocol::Mssql,
                };
                self.probe(endpoint, peer, port, protocol);
            }
            Service::Net { transport, ports } => match transport {
                Transport::Tcp => self.ports(endpoint, peer, ports, tcp_protocol),
                Transport::Udp => self.ports(endpoint, peer, ports, udp_protocol),
                Transport::Icmp | Transport::Esp | Transport::Ah => {
                    let word = transport.keyword();
                    self.skip(
                        endpoint,
                        format!("{word} cannot be sent without privileges"),
                    );
                }
                Transport::Any => self.skip(
                    endpoint,
                    "any protocol is allowed, and nothing says which one is spoken".to_owned(),
                ),
            },
        }
    }

    fn ports(
        &mut self,
        endpoint: &Endpoint<'_>,
        peer: &Peer,
        ports: PortRange,
        protocol: fn(u16) -> Protocol,
    ) {
        let (first, last) = ports.bounds();
        if ports == PortRange::ALL {
            let why = "any port is allowed, and nothing says which one is used";
            return self.skip(endpoint, why.to_owned());
        }
        let end = last.min(first.saturating_add(MOST_PORTS - 1));
        for port in first..=end {
            self.probe(endpoint, peer, port, protocol(port));
        }
        if end < last {
            let rest = PortRange::new(end + 1, last);
            let rest = rest.map_or_else(String::new, |it| it.to_string());
            let why =
                format!("of a range {MOST_PORTS} ports are tried, and {rest} are not among them");
            self.skip(endpoint, why);
        }
    }

    fn probe(&mut self, endpoint: &Endpoint<'_>, peer: &Peer, port: u16, protocol: Protocol) {
        self.items.push(Item::Probe(Target {
            requirement: endpoint.requirement.clone(),
            destination: endpoint.destination.clone(),
            service: endpoint.service,
            peer: peer.clone(),
            port,
            protocol,
            listener: endpoint.listener,
            proxy: None,
        }));
    }

    fn skip(&mut self, endpoint: &Endpoint<'_>, reason: String) {
        self.items.push(Item::Skip(Skipped {
            requirement: endpoint.requirement.clone(),
            destination: endpoint.destination.clone(),
            service: endpoint.service,
            reason,
        }));
    }
}

/// What is said on a TCP port of which only the number is known.
fn tcp_protocol(port: u16) -> Protocol {
    match port {
        80 => Protocol::Http,
        1433 => Protocol::Mssql,
        port if TLS_PORTS.contains(&port) => Protocol::Tls,
        _ => Protocol::Tcp,
    }
}

/// What is said on a UDP port.
fn udp_protocol(port: u16) -> Protocol {
    match port {
        123 => Protocol::Ntp,
        _ => Protocol::Udp,
    }
}
