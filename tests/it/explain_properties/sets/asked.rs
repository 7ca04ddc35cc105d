//! What somebody asks for: the flows at its corners, and whether a flow is among it, decided without sets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tidegate::azure::{Announced, Dataplane, Flow, FqdnTagContent, Sender, Target};
use tidegate::estate::{Id, Subnet};
use tidegate::net::{Destination, Fqdn, FqdnPattern, FqdnTag, Service, Transport};

use super::corners;
use super::wider::destination;

/// Public addresses that nobody names.
const PUBLIC: [&str; 4] = ["8.8.8.8", "20.60.1.4", "203.12.0.9", "2603:1030::9"];

/// Names that nobody has to have written.
const NAMES: [&str; 3] = [
    "unknown.example.net",
    "mcr.microsoft.com",
    "a.b.contoso.org",
];

/// A destination over a service, and whose it is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ask {
    pub(crate) of: usize,
    pub(crate) destination: Destination,
    pub(crate) service: Service,
}

/// Any few asks of what random estates have and of what they lack.
pub(super) fn asks() -> impl Strategy<Value = Vec<Ask>> {
    let to = select(vec![
        "any",
        "0.0.0.0/0",
        "::/0",
        "8.8.8.8/32",
        "20.50.1.0/24",
        "20.50.1.7/32",
        "20.150.0.0/24",
        "10.2.0.0/16",
        "192.168.0.0/16",
        "2603:1000::/32",
        "api.example.com",
        "unknown.example.net",
        "account.blob.core.windows.net",
        "cluster.hcp.westeurope.azmk8s.io",
        "*.example.com",
        "*example.com",
        "*.windows.net",
        "*",
        "tag Storage",
        "tag AzureCloud",
        "fqdn-tag AzureKubernetesService",
        "fqdn-tag WindowsUpdate",
    ]);
    let service = select(vec![
        "https",
        "https",
        "http",
        "tcp/443",
        "udp/1194",
        "tcp/20-30",
        "tcp/*",
        "mssql",
        "icmp",
        "any",
    ]);
    vec((to, service), 1..5).prop_map(|asks| {
        let asks = asks.into_iter().enumerate();
        let ask = |(of, (to, service)): (usize, (&str, &str))| Ask {
            of,
            destination: match to {
                "any" => Destination::Anywhere,
                other => destination(other),
            },
            service: service.parse().unwrap(),
        };
        asks.map(ask).collect()
    })
}

/// Whether something is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Answer {
    No,
    /// It is not known what is asked for.
    Perhaps,
    Yes,
}

impl Answer {
    pub(super) fn of(is_so: bool) -> Self {
        if is_so { Self::Yes } else { Self::No }
    }
}

impl Ask {
    /// Whether a flow is asked for by the name or address that it is sent to.
    pub(crate) fn has(&self, plane: &Dataplane<'_>, flow: &Flow) -> Answer {
        if !self.is_over(flow) {
            return Answer::No;
        }
        self.leads_to(plane, &flow.to)
    }

    /// Whether the transport and port of a flow are asked for. Any transport is TCP, UDP and ICMP.
    pub(crate) fn is_over(&self, flow: &Flow) -> bool {
        let (transport, ports) = self.service.transport_ports();
        let (first, last) = ports.bounds();
        let is_carried = match transport {
            Transport::Any => matches!(
                flow.transport,
                Transport::Tcp | Transport::Udp | Transport::Icmp
            ),
            other => other == flow.transport,
        };
        let has_no_port = !transport.has_ports() || !flow.transport.has_ports();
        is_carried && (has_no_port || (first..=last).contains(&flow.port))
    }

    pub(crate) fn leads_to(&self, plane: &Dataplane<'_>, to: &Target) -> Answer {
        match &self.destination {
            Destination::Anywhere => to.address.map_or(Answer::Yes, in_internet),
            Destination::Prefix(prefix) if prefix.prefix_len() == 0 => match to.address {
                Some(address) if address.is_ipv4() != prefix.addr().is_ipv4() => Answer::No,
                Some(address) => in_internet(address),
                None => Answer::of(prefix.addr().is_ipv4()),
            },
            Destination::Prefix(prefix) => {
                Answer::of(to.address.is_some_and(|address| prefix.contains(&address)))
            }
            Destination::Range(range) => {
                let (first, last) = range.bounds();
                let within = |address: IpAddr| {
                    address.is_ipv4() == first.is_ipv4() && (first..=last).contains(&address)
                };
                Answer::of(to.address.is_some_and(within))
            }
            Destination::ServiceTag(tag) => {
                let mut tags = to.tags.iter();
                if tags.any(|it| it.as_str().eq_ignore_ascii_case(tag.as_str())) {
                    Answer::Yes
                } else {
                    Answer::Perhaps
                }
            }
            Destination::Fqdn(pattern) => {
                Answer::of(to.name.as_ref().is_some_and(|name| has_name(pattern, name)))
            }
            Destination::FqdnTag(tag) => match (&to.name, content(plane, tag)) {
                (None, _) => Answer::No,
                (Some(_), None) => Answer::Perhaps,
                (Some(name), Some(content)) => {
                    let among = |all: &[FqdnPattern]| all.iter().any(|it| has_name(it, name));
                    if among(&content.patterns) {
                        Answer::Yes
                    } else if among(&content.disputed) {
                        Answer::Perhaps
                    } else {
                        Answer::No
                    }
                }
            },
            Destination::Open(_) => Answer::No,
        }
    }

    /// Flows at the corners of what is asked for, from the corners of a subnet.
    pub(crate) fn flows(&self, plane: &Dataplane<'_>, subnet: Id<Subnet>) -> Vec<Flow> {
        let mut flows = Vec::new();
        let sources = corners::sources(plane.estate, subnet);
        for to in self.targets(plane) {
            let is_ipv4 = to.address.is_none_or(|address| address.is_ipv4());
            for (transport, port) in self.ends() {
                let sources = sources.iter().filter(|it| it.is_ipv4() == is_ipv4);
                flows.extend(sources.map(|address| Flow {
                    from: Sender::Inside {
                        subnet,
                        address: *address,
                    },
                    to: to.clone(),
                    transport,
                    port,
                    announced: match to.name {
                        Some(_) => Announced::Target,
                        None => Announced::Nothing,
                    },
                    at_once: None,
                }));
            }
        }
        flows
    }

    fn ends(&self) -> Vec<(Transport, u16)> {
        let (transport, ports) = self.service.transport_ports();
        let transports = match transport {
            Transport::Any => vec![Transport::Tcp, Transport::Udp, Transport::Icmp],
            other => vec![other],
        };
        let (first, last) = ports.bounds();
        let mut ends: Vec<(Transport, u16)> = transports
            .into_iter()
            .flat_map(|transport| match transport.has_ports() {
                true => [first.max(1), last].map(|port| (transport, port)),
                false => [(transport, 0); 2],
            })
            .collect();
        ends.dedup();
        ends
    }

    fn targets(&self, plane: &Dataplane<'_>) -> Vec<Target> {
        let everything = || {
            let addresses = PUBLIC.iter().map(|it| at(it.parse().unwrap()));
            let names = NAMES.iter().map(|it| named(it));
            addresses.chain(names)
        };
        match &self.destination {
            Destination::Anywhere => everything().collect(),
            Destination::Prefix(prefix) if prefix.prefix_len() == 0 => {
                let is_same = |to: &Target| {
                    to.address
                        .is_none_or(|it| it.is_ipv4() == prefix.addr().is_ipv4())
                };
                let has_names = prefix.addr().is_ipv4();
                everything()
                    .filter(|to| is_same(to) && (has_names || to.name.is_none()))
                    .collect()
            }
            Destination::Prefix(prefix) => ends_of(*prefix).into_iter().map(at).collect(),
            Destination::Range(range) => {
                let (first, last) = range.bounds();
                vec![at(first), at(last)]
            }
            Destination::ServiceTag(tag) => {
                let tagged = |address: &&str| Target {
                    tags: vec![tag.clone()],
                    ..at(address.parse().unwrap())
                };
                PUBLIC.iter().skip(1).map(tagged).collect()
            }
            Destination::Fqdn(pattern) => below(pattern),
            Destination::FqdnTag(tag) => {
                let patterns = content(plane, tag).into_iter().flat_map(|it| &it.patterns);
                patterns.flat_map(below).collect()
            }
            Destination::Open(_) => Vec::new(),
        }
    }
}

/// Whether an address is one of the Internet, which is what everything means.
fn in_internet(address: IpAddr) -> Answer {
    let within = |prefixes: &[&str]| {
        let mut prefixes = prefixes.iter().map(|it| it.parse::<IpNet>().unwrap());
        prefixes.any(|prefix| prefix.contains(&address))
    };
    let private = [
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "fc00::/7",
    ];
    if within(&private) {
        Answer::No
    } else if within(&[
        "0.0.0.0/8",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
    ]) || within(&["192.0.0.0/24", "198.18.0.0/15", "224.0.0.0/3"])
        || (address.is_ipv6() && !within(&["2000::/3"]))
    {
        Answer::Perhaps
    } else {
        Answer::Yes
    }
}

fn at(address: IpAddr) -> Target {
    Target {
        address: Some(address),
        ..Target::default()
    }
}

fn named(name: &str) -> Target {
    Target {
        name: Some(name.parse().unwrap()),
        ..Target::default()
    }
}

fn ends_of(prefix: IpNet) -> [IpAddr; 3] {
    let (first, last) = (prefix.network(), prefix.broadcast());
    let middle = match (first, last) {
        (IpAddr::V4(first), IpAddr::V4(last)) => {
            let (first, last) = (u32::from(first), u32::from(last));
            Ipv4Addr::from(first + (last - first) / 2).into()
        }
        (IpAddr::V6(first), IpAddr::V6(last)) => {
            let (first, last) = (u128::from(first), u128::from(last));
            Ipv6Addr::from(first + (last - first) / 2).into()
        }
        _ => first,
    };
    [first, middle, last]
}

/// Names of a pattern.
fn below(pattern: &FqdnPattern) -> Vec<Target> {
    match pattern {
        FqdnPattern::Any => NAMES.map(named).into(),
        FqdnPattern::Exact(name) => vec![named(name.as_str())],
        FqdnPattern::Below(parent) => ["x", "a.b"]
            .map(|host| named(&format!("{host}.{parent}")))
            .into(),
        FqdnPattern::Suffix(end) => ["x", "a.b"]
            .map(|start| named(&format!("{start}{end}")))
            .into(),
    }
}

fn has_name(pattern: &FqdnPattern, name: &Fqdn) -> bool {
    let name = name.as_str().to_ascii_lowercase();
    match pattern {
        FqdnPattern::Any => true,
        FqdnPattern::Exact(exact) => name == exact.as_str().to_ascii_lowercase(),
        FqdnPattern::Below(parent) => {
            name.ends_with(&format!(".{}", parent.as_str().to_ascii_lowercase()))
        }
        FqdnPattern::Suffix(end) => name.ends_with(&end.to_ascii_lowercase()),
    }
}

fn content<'p>(plane: &'p Dataplane<'_>, tag: &FqdnTag) -> Option<&'p FqdnTagContent> {
    plane.fqdn_tags.tags.iter().find(|content| {
        let mut names = content.names.iter();
        names.any(|name| name.eq_ignore_ascii_case(tag.as_str()))
    })
}
