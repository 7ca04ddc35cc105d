//! Random networks and route tables, as a policy and as routes of the kernel.
//!
//! What the kernel gets follows Azure's documentation (articles/virtual-network/virtual-networks-udr-overview.md and
//! articles/private-link/disable-private-endpoint-network-policy.md): of routes of one prefix a user's comes before a
//! learned one before Azure's, which metrics say; the longest prefix is the kernel's own affair.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use tidegate::azure::{Announced, Dataplane, Flow, Sender, ServiceTags, Site, Stage, Target};
use tidegate::net::Transport;

use super::random::Random;
use super::{Policy, net};
use crate::namespace::Namespace;

/// What Azure drops as long as nobody routes it.
const RESERVED: [&str; 4] = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
];

/// Routes as they are, and for asking which of several that drop was chosen.
const TABLE: u32 = 101;
const SHADOW: u32 = 102;

/// Who made a route, in the order in which Azure prefers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Maker {
    User(usize),
    Gateway,
    Azure,
    Peering,
    Endpoint,
    Service,
}

/// A route: what makes it differ from every other one. Routes to tags have many prefixes.
type Key = (Maker, Option<Ipv4Net>);

/// A route of the kernel.
#[derive(Debug, Clone, Copy)]
struct Loaded {
    key: Key,
    prefix: Ipv4Net,
    metric: u32,
    drops: bool,
}

/// What a user route applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Destination {
    Prefix(Ipv4Net),
    /// A tag by its place in [`TAGS`].
    Tag(usize),
}

/// Service tags in the order in which their routes to one prefix are preferred.
const TAGS: [&str; 4] = [
    "Storage.WestEurope",
    "Storage",
    "AzureCloud.westeurope",
    "AzureCloud",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hop {
    Appliance(Ipv4Addr),
    Gateway,
    Internet,
    Local,
    Drop,
}

/// Whether the two directions of a peering are in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peered {
    Yes,
    NoAccess,
    OneSided,
    Initiated,
}

impl Peered {
    pub(super) fn any(random: &mut Random) -> Self {
        random.pick(&[
            Self::Yes,
            Self::Yes,
            Self::Yes,
            Self::NoAccess,
            Self::OneSided,
            Self::Initiated,
        ])
    }

    /// The peering of two networks as a policy says it.
    pub(super) fn text(self, from: &str, to: &str, more: &str) -> String {
        match self {
            Self::Yes => format!("peering {from} <-> {to} {{ {more} }}\n"),
            Self::NoAccess => format!("peering {from} <-> {to} {{ access off {more} }}\n"),
            Self::OneSided => format!("peering {from} -> {to} {{ {more} }}\n"),
            Self::Initiated => {
                format!("peering {from} <-> {to} {{ existing state initiated {more} }}\n")
            }
        }
    }
}

#[derive(Debug)]
struct Peer {
    range: Ipv4Net,
    peered: Peered,
}

/// Where the gateway is that the network uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GatewayAt {
    Nowhere,
    Own,
    /// In the first peer, which lends it.
    Lent,
    /// In the first peer, which does not.
    Kept,
}

#[derive(Debug)]
struct PrivateEndpoint {
    address: Ipv4Addr,
    range: Ipv4Net,
    reachable: bool,
    policies: &'static str,
    subnet: Ipv4Net,
    vnet: String,
}

#[derive(Debug)]
pub(super) struct Plan {
    ranges: Vec<Ipv4Net>,
    subnet: Ipv4Net,
    peers: Vec<Peer>,
    gateway: GatewayAt,
    learned: Vec<Ipv4Net>,
    propagation: bool,
    routes: Option<Vec<(Destination, Hop)>>,
    /// What the tags hold.
    tags: [Vec<Ipv4Net>; 4],
    /// Whether the subnet reaches storage by service endpoint.
    service: bool,
    endpoint: Option<PrivateEndpoint>,
    pub(super) destinations: Vec<Ipv4Addr>,
}

impl Plan {
    pub(super) fn random(random: &mut Random, destinations: usize) -> Self {
        let ranges = own_ranges(random);
        let subnet = random.prefix_in(ranges[0], 27);
        let peers = peers(random, &ranges);
        let gateway = match (random.between(0, 4), peers.is_empty()) {
            (0, _) => GatewayAt::Nowhere,
            (1, false) => GatewayAt::Lent,
            (2, false) => GatewayAt::Kept,
            _ => GatewayAt::Own,
        };
        let mut around: Vec<Ipv4Net> = RESERVED.map(net).to_vec();
        around.extend(
            [
                "0.0.0.0/1",
                "128.0.0.0/1",
                "198.51.100.0/24",
                "203.0.113.0/24",
            ]
            .map(net),
        );
        around.extend(&ranges);
        around.push(subnet);
        around.extend(peers.iter().map(|peer| peer.range));
        let tags = some_tags(random);
        around.extend(tags.iter().flatten());
        let mut learned = Vec::new();
        if gateway != GatewayAt::Nowhere {
            learned = some_prefixes(random, &around, 6);
        }
        around.extend(&learned);
        let mut plan = Self {
            endpoint: random.chance(40).then(|| endpoint(random, &ranges, &peers)),
            ranges,
            subnet,
            peers,
            gateway,
            learned,
            propagation: random.chance(75),
            routes: None,
            tags,
            service: random.chance(20),
            destinations: Vec::new(),
        };
        if let Some(endpoint) = &plan.endpoint {
            around.extend([Ipv4Net::from(endpoint.address), endpoint.range]);
        }
        if random.chance(90) {
            let mut prefixes = some_prefixes(random, &around, 12);
            if random.chance(50) {
                prefixes.push(net("0.0.0.0/0"));
            }
            // The one that a private endpoint may give way to.
            prefixes.extend(
                plan.endpoint
                    .iter()
                    .map(|endpoint| endpoint.range)
                    .filter(|_| random.chance(30)),
            );
            let mut targets: Vec<Destination> =
                prefixes.into_iter().map(Destination::Prefix).collect();
            targets.extend(
                (0..TAGS.len())
                    .filter(|_| random.chance(30))
                    .map(Destination::Tag),
            );
            targets.sort_unstable();
            targets.dedup();
            random.shuffle(&mut targets);
            let routes = targets
                .into_iter()
                .map(|target| (target, plan.any_hop(random)));
            plan.routes = Some(routes.collect());
        }
        around.extend(plan.prefixes());
        plan.destinations
            .extend(plan.endpoint.iter().map(|endpoint| endpoint.address));
        while plan.destinations.len() < destinations {
            let address = match random.between(0, 9) {
                0 => Ipv4Addr::from(random.word()),
                1 => {
                    // Just outside.
                    let prefix = random.pick(&around);
                    let last = u32::from(prefix.broadcast());
                    let first = u32::from(prefix.network());
                    Ipv4Addr::from(random.pick(&[first.wrapping_sub(1), last.wrapping_add(1)]))
                }
                _ => {
                    let prefix = random.pick(&around);
                    random.address_in(prefix)
                }
            };
            if is_routed(address) {
                plan.destinations.push(address);
            }
        }
        plan
    }

    /// The prefixes that user routes name.
    fn prefixes(&self) -> impl Iterator<Item = Ipv4Net> {
        self.routes
            .iter()
            .flatten()
            .filter_map(|(target, _)| match target {
                Destination::Prefix(prefix) => Some(*prefix),
                Destination::Tag(_) => None,
            })
    }

    fn any_hop(&self, random: &mut Random) -> Hop {
        match random.between(0, 6) {
            0 => Hop::Internet,
            1 => Hop::Local,
            2 | 3 => Hop::Drop,
            4 if self.gateway_is_used() => Hop::Gateway,
            _ => Hop::Appliance(random.inner_address(self.ranges[0])),
        }
    }

    fn gateway_is_used(&self) -> bool {
        match self.gateway {
            GatewayAt::Own => true,
            GatewayAt::Lent => self.peers[0].peered == Peered::Yes,
            GatewayAt::Nowhere | GatewayAt::Kept => false,
        }
    }

    pub(super) fn policy(&self) -> String {
        let mut text = "egress 1\nregion westeurope\n".to_owned();
        let ranges: Vec<String> = self.ranges.iter().map(ToString::to_string).collect();
        let table = if self.routes.is_some() {
            "route-table rt"
        } else {
            ""
        };
        let service = if self.service {
            "service-endpoints Microsoft.Storage"
        } else {
            ""
        };
        let endpoints = |vnet: &str| match &self.endpoint {
            Some(endpoint) if endpoint.vnet == vnet => format!(
                "  subnet endpoints {} {{ private-endpoint-policies {} }}\n",
                endpoint.subnet, endpoint.policies
            ),
            _ => String::new(),
        };
        writeln!(
            text,
            "vnet own {} {{\n  subnet here {} {{ {table} {service} }}\n{}}}",
            ranges.join(", "),
            self.subnet,
            endpoints("own")
        )
        .unwrap();
        for (index, peer) in self.peers.iter().enumerate() {
            let name = format!("peer{index}");
            writeln!(
                text,
                "vnet {name} {} {{\n{}}}",
                peer.range,
                endpoints(&name)
            )
            .unwrap();
            let borrows = index == 0 && self.gateway == GatewayAt::Lent;
            let more = if borrows { "remote-gateways on" } else { "" };
            text += &peer.peered.text("own", &name, more);
        }
        let home = match self.gateway {
            GatewayAt::Nowhere => None,
            GatewayAt::Own => Some("own"),
            GatewayAt::Lent | GatewayAt::Kept => Some("peer0"),
        };
        if let Some(home) = home {
            let learned: Vec<String> = self.learned.iter().map(ToString::to_string).collect();
            let learned = match learned.as_slice() {
                [] => String::new(),
                some => format!("learned {}", some.join(", ")),
            };
            writeln!(text, "gateway gw in {home} {{ {learned} }}").unwrap();
        }
        if let Some(endpoint) = &self.endpoint {
            let PrivateEndpoint { vnet, address, .. } = endpoint;
            writeln!(
                text,
                "private-endpoint pe in {vnet}.endpoints {{ private-ip {address} for store.blob.core.windows.net }}"
            )
            .unwrap();
        }
        if let Some(routes) = &self.routes {
            let propagation = if self.propagation { "on" } else { "off" };
            writeln!(
                text,
                "route-table rt {{\n  gateway-propagation {propagation}"
            )
            .unwrap();
            for (index, (target, hop)) in routes.iter().enumerate() {
                let target = match target {
                    Destination::Prefix(prefix) => prefix.to_string(),
                    Destination::Tag(tag) => format!("tag {}", TAGS[*tag]),
                };
                let hop = match hop {
                    Hop::Appliance(address) => address.to_string(),
                    Hop::Gateway => "gateway".to_owned(),
                    Hop::Internet => "internet".to_owned(),
                    Hop::Local => "vnet-local".to_owned(),
                    Hop::Drop => "none".to_owned(),
                };
                writeln!(text, "  route u{index} {target} -> {hop}").unwrap();
            }
            text += "}\n";
        }
        text
    }

    /// The file with what the tags hold.
    pub(super) fn tag_file(&self) -> String {
        let tags = TAGS.iter().zip(&self.tags).map(|(name, prefixes)| {
            let prefixes: Vec<String> = prefixes.iter().map(ToString::to_string).collect();
            serde_json::json!({"name": name, "id": name, "properties": {"addressPrefixes": prefixes}})
        });
        let tags: Vec<serde_json::Value> = tags.collect();
        serde_json::json!({"changeNumber": 1, "cloud": "Public", "values": tags}).to_string()
    }

    /// The routes that Azure puts on the subnet.
    fn effective(&self) -> Vec<Loaded> {
        let (service, user, tag, learned, azure) = (1, 2, 3, 10, 11);
        let mut all: Vec<Loaded> = Vec::new();
        let mut push = |maker, prefix, metric, drops| {
            let key = (maker, Some(prefix));
            all.push(Loaded {
                key,
                prefix,
                metric,
                drops,
            });
        };
        let peers = self.peers.iter().filter(|peer| peer.peered == Peered::Yes);
        let peers: Vec<Ipv4Net> = peers.map(|peer| peer.range).collect();
        // Routes into the network and its peers are preferred even over longer learned ones.
        let inside = |prefix: &Ipv4Net| {
            let mut ranges = self.ranges.iter().chain(&peers);
            ranges.any(|range| range.contains(prefix))
        };
        let propagates = self.routes.is_none() || self.propagation;
        if propagates && self.gateway_is_used() {
            for prefix in self.learned.iter().filter(|prefix| !inside(prefix)) {
                push(Maker::Gateway, *prefix, learned, false);
            }
        }
        push(Maker::Azure, net("0.0.0.0/0"), azure, false);
        for range in &self.ranges {
            push(Maker::Azure, *range, azure, false);
        }
        for range in &peers {
            push(Maker::Peering, *range, azure, false);
        }
        // A user's default route takes the reserved ranges away; one that the network has itself, or lies inside one
        // of its ranges, is the network's.
        if !self.prefixes().any(|prefix| prefix.prefix_len() == 0) {
            for reserved in RESERVED.map(net) {
                if !self.ranges.iter().any(|range| range.contains(&reserved)) {
                    push(Maker::Azure, reserved, azure, true);
                }
            }
        }
        if let Some(endpoint) = self.endpoint.as_ref().filter(|endpoint| endpoint.reachable) {
            let length = endpoint.range.prefix_len();
            let obeys = matches!(endpoint.policies, "enabled" | "route-table");
            let replaces = |prefix: Ipv4Net| {
                prefix.contains(&endpoint.address) && prefix.prefix_len() >= length
            };
            if !(obeys && self.prefixes().any(replaces)) {
                push(
                    Maker::Endpoint,
                    Ipv4Net::from(endpoint.address),
                    azure,
                    false,
                );
            }
        }
        for (index, (target, hop)) in self.routes.iter().flatten().enumerate() {
            if let Destination::Prefix(prefix) = target {
                push(Maker::User(index), *prefix, user, *hop == Hop::Drop);
            }
        }
        for (index, (target, hop)) in self.routes.iter().flatten().enumerate() {
            if let Destination::Tag(place) = target {
                all.extend(self.tags[*place].iter().map(|prefix| Loaded {
                    key: (Maker::User(index), None),
                    prefix: *prefix,
                    metric: tag + *place as u32,
                    drops: *hop == Hop::Drop,
                }));
            }
        }
        // Nothing beats a service endpoint, however long.
        if self.service {
            let storage = &self.tags[1];
            all.retain(|route| !storage.iter().any(|own| own.contains(&route.prefix)));
            all.extend(storage.iter().map(|prefix| Loaded {
                key: (Maker::Service, None),
                prefix: *prefix,
                metric: service,
                drops: false,
            }));
        }
        all
    }

    /// What the kernel says: for each destination the route, and whether it drops.
    pub(super) fn ask_kernel(&self, namespace: &Namespace) -> (Vec<Choice>, String) {
        let routes = self.effective();
        let mut commands = String::new();
        for (place, route) in routes.iter().enumerate() {
            let Loaded {
                prefix,
                metric,
                drops,
                ..
            } = route;
            let via = Ipv4Addr::from(u32::from(Ipv4Addr::new(198, 18, 1, 0)) + place as u32);
            let rest = format!("via {via} dev out onlink metric {metric}");
            if *drops {
                writeln!(
                    commands,
                    "route add blackhole {prefix} metric {metric} table {TABLE}"
                )
                .unwrap();
            } else {
                writeln!(commands, "route add {prefix} {rest} table {TABLE}").unwrap();
            }
            writeln!(commands, "route add {prefix} {rest} table {SHADOW}").unwrap();
        }
        namespace.ip(&commands);
        let mut gets = String::new();
        for address in &self.destinations {
            for table in [TABLE, SHADOW] {
                writeln!(gets, "route get {address} mark {table}").unwrap();
            }
        }
        let (answers, complaints) = namespace.ask(&gets);
        namespace.ip(&format!(
            "route flush table {TABLE}\nroute flush table {SHADOW}"
        ));
        // A route that drops answers with "invalid argument"; "unreachable" would be no route at all.
        assert!(
            !complaints.contains("unreachable"),
            "{complaints}\n{commands}"
        );
        let mut chosen: BTreeMap<(Ipv4Addr, u32), usize> = BTreeMap::new();
        for line in answers.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let after = |word| {
                let at = words.iter().position(|it| *it == word);
                words[at.unwrap_or_else(|| panic!("{line}")) + 1]
            };
            let via: Ipv4Addr = after("via").parse().unwrap();
            let place = u32::from(via) - u32::from(Ipv4Addr::new(198, 18, 1, 0));
            let key = (
                words[0].parse().unwrap(),
                after("mark").trim_start_matches("0x"),
            );
            let key = (key.0, u32::from_str_radix(key.1, 16).unwrap());
            chosen.insert(key, place as usize);
        }
        let choice = |address: &Ipv4Addr| {
            let place = chosen[&(*address, SHADOW)];
            let dropped = match chosen.get(&(*address, TABLE)) {
                None => true,
                Some(other) => {
                    assert_eq!(*other, place, "{address}\n{commands}");
                    false
                }
            };
            assert_eq!(dropped, routes[place].drops, "{address}\n{commands}");
            Choice {
                route: routes[place].key,
                dropped,
            }
        };
        (self.destinations.iter().map(choice).collect(), commands)
    }

    /// What the evaluator says.
    pub(super) fn ask_evaluator(&self, policy: &Policy) -> Vec<Choice> {
        let tags = ServiceTags::parse(&self.tag_file()).unwrap();
        let plane = policy.plane(Some(&tags));
        let subnet = policy.subnet("here");
        let source = random_host(self.subnet);
        let trace = |address: &Ipv4Addr| {
            choice(
                &plane,
                Flow {
                    from: Sender::Inside {
                        subnet,
                        address: source.into(),
                    },
                    to: Target {
                        name: None,
                        address: Some((*address).into()),
                        tags: Vec::new(),
                    },
                    transport: Transport::Udp,
                    port: 53,
                    announced: Announced::Nothing,
                    at_once: None,
                },
            )
        };
        self.destinations.iter().map(trace).collect()
    }
}

/// The route that a destination chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Choice {
    route: Key,
    pub(super) dropped: bool,
}

impl Choice {
    /// Who made the route, as a word.
    pub(super) fn maker(self) -> &'static str {
        match self.route.0 {
            Maker::User(_) => "user",
            Maker::Gateway => "learned",
            Maker::Azure => "system",
            Maker::Peering => "peering",
            Maker::Endpoint => "private endpoint",
            Maker::Service => "service endpoint",
        }
    }
}

/// The first route on the way of a flow.
fn choice(plane: &Dataplane<'_>, flow: Flow) -> Choice {
    let trace = plane.trace(&flow);
    let step = trace.steps.iter().find(|step| step.stage == Stage::Route);
    let step = step.unwrap_or_else(|| panic!("no route: {flow:?}: {trace:?}"));
    let maker = match step.element.site {
        Site::Route(_, index) => Maker::User(index),
        Site::Gateway(_) => Maker::Gateway,
        Site::Peering(_) => Maker::Peering,
        Site::PrivateEndpoint(_) => Maker::Endpoint,
        Site::Platform => Maker::Azure,
        Site::Subnet(_) => Maker::Service,
        _ => panic!("{step:?}"),
    };
    let prefix = step
        .text
        .split(' ')
        .next()
        .and_then(|word| word.parse().ok());
    Choice {
        route: (maker, prefix),
        dropped: step.text.contains("next hop None"),
    }
}

fn random_host(subnet: Ipv4Net) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(subnet.network()) + 4)
}

/// Whether routes decide over an address: it is no host's own, no link's, no group's, and not Azure's host.
fn is_routed(address: Ipv4Addr) -> bool {
    let [first, ..] = address.octets();
    (1..=223).contains(&first)
        && first != 127
        && !address.is_link_local()
        && address != Ipv4Addr::new(168, 63, 129, 16)
}

/// The address space of a network: ordinary ranges, at times a reserved one or one around it.
fn own_ranges(random: &mut Random) -> Vec<Ipv4Net> {
    let mut ranges = Vec::new();
    for _ in 0..random.between(1, 3) {
        let range = match random.between(0, 6) {
            0 => net(random.pick(&RESERVED)),
            1 => net(random.pick(&["8.0.0.0/5", "172.0.0.0/8", "192.160.0.0/12", "100.0.0.0/8"])),
            2 => random.prefix_in(net("203.0.113.0/24"), 26),
            _ => {
                let length = random.between(12, 24) as u8;
                let outer = net(random.pick(&RESERVED));
                random.prefix_in(outer, length)
            }
        };
        if is_apart(range, &ranges) {
            ranges.push(range);
        }
    }
    ranges
}

fn peers(random: &mut Random, own: &[Ipv4Net]) -> Vec<Peer> {
    let mut peers: Vec<Peer> = Vec::new();
    for _ in 0..random.between(0, 3) {
        let length = random.between(14, 24) as u8;
        let outer = net(random.pick(&RESERVED));
        // What a peer with the very range that Azure drops would mean is not documented.
        let range = random.prefix_in(outer, length.max(outer.prefix_len() + 1));
        let others: Vec<Ipv4Net> = peers.iter().map(|peer| peer.range).collect();
        if is_apart(range, own) && is_apart(range, &others) {
            peers.push(Peer {
                range,
                peered: Peered::any(random),
            });
        }
    }
    peers
}

pub(super) fn is_apart(range: Ipv4Net, others: &[Ipv4Net]) -> bool {
    !others
        .iter()
        .any(|other| other.contains(&range) || range.contains(other))
}

fn endpoint(random: &mut Random, ranges: &[Ipv4Net], peers: &[Peer]) -> PrivateEndpoint {
    let policies = random.pick(&["disabled", "enabled", "nsg", "route-table"]);
    let reachable = |peered| peered == Peered::Yes;
    let (range, vnet, reachable) = if peers.is_empty() || random.chance(50) {
        (random.pick(ranges), "own".to_owned(), true)
    } else {
        let index = random.between(0, peers.len() as u32 - 1) as usize;
        (
            peers[index].range,
            format!("peer{index}"),
            reachable(peers[index].peered),
        )
    };
    let subnet = random.prefix_in(range, 28);
    let address = random.inner_address(subnet);
    PrivateEndpoint {
        address,
        range,
        reachable,
        policies,
        subnet,
        vnet,
    }
}

/// Prefixes that lie in, around or exactly on others, each once.
fn some_prefixes(random: &mut Random, around: &[Ipv4Net], most: u32) -> Vec<Ipv4Net> {
    let mut found: Vec<Ipv4Net> = Vec::new();
    for _ in 0..random.between(0, most) {
        let near = if found.is_empty() || random.chance(70) {
            random.pick(around)
        } else {
            random.pick(&found)
        };
        let prefix = match random.between(0, 3) {
            0 => near,
            1 => {
                let address = random.address_in(near);
                random.prefix_around(address, 1, 32)
            }
            2 => {
                let length = (near.prefix_len() + random.between(1, 6) as u8).min(32);
                let address = random.address_in(near);
                random.prefix_around(address, length, length)
            }
            _ => {
                let length = near
                    .prefix_len()
                    .saturating_sub(random.between(1, 3) as u8)
                    .max(1);
                random.prefix_around(near.network(), length, length)
            }
        };
        if !found.contains(&prefix) {
            found.push(prefix);
        }
    }
    found
}

/// A device that routes can lead to, and the tables.
pub(super) fn prepare(namespace: &Namespace) {
    namespace.ip(&format!(
        "link add out type veth peer name end\nlink set lo up\nlink set out up\nlink set end up\n\
         rule add fwmark {TABLE} table {TABLE}\nrule add fwmark {SHADOW} table {SHADOW}"
    ));
}

/// What the tags hold: the region's part is in both of the others' and all is in the last, each with more of its own.
fn some_tags(random: &mut Random) -> [Vec<Ipv4Net>; 4] {
    let mut more = |held: &[&Vec<Ipv4Net>]| {
        let mut prefixes: Vec<Ipv4Net> = held.iter().copied().flatten().copied().collect();
        for _ in 0..random.between(1, 3) {
            let near = match prefixes.is_empty() || random.chance(50) {
                true => net(random.pick(&["20.0.0.0/10", "52.128.0.0/12"])),
                false => random.pick(&prefixes),
            };
            let length = near.prefix_len() + random.between(0, 6) as u8;
            prefixes.push(random.prefix_in(near, length.min(32)));
        }
        prefixes.sort_unstable();
        prefixes.dedup();
        prefixes
    };
    let region = more(&[]);
    let storage = more(&[&region]);
    let cloud_region = more(&[&region]);
    let cloud = more(&[&storage, &cloud_region]);
    [region, storage, cloud_region, cloud]
}
