//! Random security groups, as a policy and as rules of the kernel's packet filter.
//!
//! A client in one namespace sends to a server in another, which has every address. Before a packet
//! reaches the server it meets the rules of the sender's subnet, then those of the receiver's. A rule that allows lets
//! it on, one that denies answers that this is prohibited, and each counts what it decides.
//!
//! What tags hold follows Azure's documentation (articles/virtual-network/service-tags-overview.md), and for user
//! routes MicrosoftDocs/azure-docs#22178. Where that leaves something open, the kernel is asked about every
//! possibility, and the evaluator may be certain only of what is the same in all.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddrV4};

use ipnet::Ipv4Net;
use tidegate::azure::{Announced, Dataplane, Flow, Outcome, Sender, Site, Stage, Target};
use tidegate::estate::Direction;

use super::probe::{Packet, Probe, Transport};
use super::random::Random;
use super::routes::{Peered, is_apart};
use super::{Policy, net};
use crate::namespace::Namespace;

const PRIVATE: [&str; 4] = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
];
const HOST: [&str; 2] = ["168.63.129.16/32", "169.254.169.254/32"];
const PROBES: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);
const PORTS: [u16; 10] = [1, 22, 53, 80, 443, 1024, 1433, 8080, 32768, 65535];

/// Azure's default rules: name, from, to, whether it allows.
type Default = (&'static str, Side, Side, bool);
const INBOUND: [Default; 3] = [
    (
        "AllowVnetInBound",
        Side::VirtualNetwork,
        Side::VirtualNetwork,
        true,
    ),
    (
        "AllowAzureLoadBalancerInBound",
        Side::LoadBalancer,
        Side::Any,
        true,
    ),
    ("DenyAllInBound", Side::Any, Side::Any, false),
];
const OUTBOUND: [Default; 3] = [
    (
        "AllowVnetOutBound",
        Side::VirtualNetwork,
        Side::VirtualNetwork,
        true,
    ),
    ("AllowInternetOutBound", Side::Any, Side::Internet, true),
    ("DenyAllOutBound", Side::Any, Side::Any, false),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Any,
    Prefix(Ipv4Net),
    VirtualNetwork,
    Internet,
    LoadBalancer,
    /// The application security group.
    Members,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Tcp,
    Udp,
    Icmp,
    Any,
}

type Ports = (u16, u16);
const ALL_PORTS: Ports = (0, u16::MAX);

#[derive(Debug)]
struct Rule {
    priority: u32,
    inbound: bool,
    allows: bool,
    protocol: Protocol,
    ports: Vec<Ports>,
    source_ports: Option<Ports>,
    sources: Vec<Side>,
    destinations: Vec<Side>,
}

#[derive(Debug)]
struct Place {
    prefix: Ipv4Net,
    vnet: usize,
    group: Option<usize>,
    /// User routes; whether what they lead to belongs to the network.
    routes: Vec<(Ipv4Net, &'static str, bool)>,
}

#[derive(Debug)]
pub(super) struct Plan {
    /// The address spaces of two networks.
    vnets: [Vec<Ipv4Net>; 2],
    peered: Peered,
    /// What the gateway of the first network learned.
    learned: Vec<Ipv4Net>,
    places: Vec<Place>,
    groups: Vec<Vec<Rule>>,
    members: Vec<Ipv4Addr>,
    flows: Vec<Question>,
}

/// A flow, and the packets that may stand for it.
#[derive(Debug, Clone)]
struct Question {
    packets: Vec<Packet>,
}

/// What was asked and how it was answered.
#[derive(Debug, Default)]
pub(super) struct Counts {
    flows: usize,
    packets: usize,
    denied: usize,
    rules: usize,
    left_open: usize,
    cautious: usize,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} flows, {} packets of which {} denied, {} deciding rules compared, {} flows left open ({} of them \
             although nothing hung on what is open)",
            self.flows, self.packets, self.denied, self.rules, self.left_open, self.cautious
        )
    }
}

impl Plan {
    pub(super) fn random(random: &mut Random, flows: usize) -> Self {
        let any_prefix = |random: &mut Random, outer: &str, least, most| {
            let length = random.between(least, most) as u8;
            random.prefix_in(net(outer), length)
        };
        let mut own = vec![any_prefix(random, "10.0.0.0/9", 12, 20)];
        if random.chance(30) {
            own.push(any_prefix(random, "172.16.0.0/13", 15, 22));
        }
        let other = vec![any_prefix(random, "10.128.0.0/10", 12, 20)];
        let mut learned = Vec::new();
        if random.chance(40) {
            learned.push(any_prefix(random, "192.168.0.0/17", 18, 24));
            if random.chance(50) {
                learned.push(any_prefix(random, "100.64.0.0/11", 12, 24));
            }
        }
        let vnets = [own, other];
        let mut places: Vec<Place> = Vec::new();
        while places.len() < 3 {
            let vnet = places.len() / 2;
            let range = random.pick(&vnets[vnet]);
            let length = random.between(23, 28) as u8;
            let prefix = random.prefix_in(range, length);
            let others: Vec<Ipv4Net> = places.iter().map(|place| place.prefix).collect();
            if is_apart(prefix, &others) {
                let group = (vnet == 0 || random.chance(70)).then(|| random.between(0, 1) as usize);
                places.push(Place {
                    prefix,
                    vnet,
                    group,
                    routes: Vec::new(),
                });
            }
        }
        let mut plan = Self {
            vnets,
            peered: Peered::any(random),
            learned,
            places,
            groups: Vec::new(),
            members: Vec::new(),
            flows: Vec::new(),
        };
        let ends = Ends::random(random, &plan);
        let all: Vec<Ipv4Addr> = ends.all().collect();
        for _ in 0..random.between(0, 4) {
            plan.members.push(random.pick(&all));
        }
        plan.members.sort_unstable();
        plan.members.dedup();
        for index in 0..plan.places.len() {
            if random.chance(25) {
                plan.places[index].routes = plan.user_routes(random, &all);
            }
        }
        let with_source_ports = random.chance(20);
        plan.groups = (0..2)
            .map(|_| plan.rules(random, &all, with_source_ports))
            .collect();
        plan.flows = (0..flows).map(|_| plan.question(random, &ends)).collect();
        plan
    }

    /// Routes that lead nothing astray that stays inside the networks.
    fn user_routes(
        &self,
        random: &mut Random,
        around: &[Ipv4Addr],
    ) -> Vec<(Ipv4Net, &'static str, bool)> {
        let mut routes: Vec<(Ipv4Net, &'static str, bool)> = Vec::new();
        for _ in 0..random.between(1, 4) {
            let near = random.pick(around);
            let prefix = if random.chance(30) {
                net("0.0.0.0/0")
            } else {
                random.prefix_around(near, 1, 30)
            };
            let inside = self
                .vnets
                .iter()
                .flatten()
                .any(|range| range.contains(&prefix));
            if !inside && !routes.iter().any(|(other, ..)| *other == prefix) {
                let (hop, inward) = random.pick(&[
                    ("appliance", true),
                    ("appliance", true),
                    ("gateway", true),
                    ("vnet-local", true),
                    ("internet", false),
                    ("none", false),
                ]);
                routes.push((prefix, hop, inward));
            }
        }
        routes
    }

    fn rules(
        &self,
        random: &mut Random,
        around: &[Ipv4Addr],
        with_source_ports: bool,
    ) -> Vec<Rule> {
        let mut rules: Vec<Rule> = Vec::new();
        for _ in 0..random.between(0, 16) {
            let priority = random.between(100, 4096);
            let inbound = random.chance(50);
            if rules
                .iter()
                .any(|rule| (rule.priority, rule.inbound) == (priority, inbound))
            {
                continue;
            }
            let protocol = random.pick(&[
                Protocol::Tcp,
                Protocol::Tcp,
                Protocol::Udp,
                Protocol::Udp,
                Protocol::Any,
                Protocol::Any,
                Protocol::Icmp,
            ]);
            let ports = match protocol {
                Protocol::Icmp => vec![ALL_PORTS],
                _ => (0..random.between(1, 2))
                    .map(|_| some_ports(random))
                    .collect(),
            };
            rules.push(Rule {
                priority,
                inbound,
                allows: random.chance(50),
                protocol,
                ports,
                source_ports: (with_source_ports
                    && protocol != Protocol::Icmp
                    && random.chance(40))
                .then(|| {
                    random.pick(&[
                        (1024, 2000),
                        (40_000, 50_000),
                        (1, 32_767),
                        (60_000, 65_535),
                    ])
                }),
                sources: self.sides(random, around),
                destinations: self.sides(random, around),
            });
        }
        rules
    }

    fn sides(&self, random: &mut Random, around: &[Ipv4Addr]) -> Vec<Side> {
        let one = match random.between(0, 9) {
            0 | 1 => Side::Any,
            2 => Side::VirtualNetwork,
            3 => Side::Internet,
            4 if random.chance(30) => Side::LoadBalancer,
            5 if !self.members.is_empty() => Side::Members,
            _ => {
                let prefixes = (0..random.between(1, 3)).map(|_| {
                    let near = random.pick(around);
                    Side::Prefix(random.prefix_around(near, 1, 32))
                });
                return prefixes.collect();
            }
        };
        vec![one]
    }

    fn place_of(&self, address: Ipv4Addr) -> Option<usize> {
        self.places
            .iter()
            .position(|place| place.prefix.contains(&address))
    }

    /// Whether a flow between two addresses is one about security rules alone.
    fn is_plain(&self, from: Ipv4Addr, to: Ipv4Addr) -> bool {
        match (self.place_of(from), self.place_of(to)) {
            (None, None) => false,
            (Some(from), Some(to)) => {
                let (from, to) = (&self.places[from], &self.places[to]);
                from.vnet == to.vnet || self.peered == Peered::Yes
            }
            _ => true,
        }
    }

    fn question(&self, random: &mut Random, ends: &Ends) -> Question {
        let to = random.pick(&ends.destinations);
        let transport = random.pick(&[Transport::Tcp, Transport::Udp]);
        let sources: Vec<Ipv4Addr> = match transport {
            Transport::Tcp => vec![ends.by_route[&to]],
            Transport::Udp => {
                let sources = ends.sources.iter().copied();
                sources.filter(|from| self.is_plain(*from, to)).collect()
            }
        };
        let from = random.pick(&sources);
        let rules = || self.groups.iter().flatten();
        let bounds: Vec<Ports> = rules()
            .flat_map(|rule| rule.ports.iter().copied())
            .collect();
        let port = match random.between(0, 3) {
            0 => random.port(1, u16::MAX),
            1 => random.pick(&PORTS),
            _ if bounds.is_empty() => random.pick(&PORTS),
            _ => {
                let (first, last) = random.pick(&bounds);
                random
                    .pick(&[first.saturating_sub(1), first, last, last.saturating_add(1)])
                    .max(1)
            }
        };
        let mut source_ports = vec![0];
        if transport == Transport::Udp && rules().any(|rule| rule.source_ports.is_some()) {
            source_ports = vec![1500, 45_000, 33_000, 61_000];
        }
        let packet = |source_port| Packet {
            transport,
            from: SocketAddrV4::new(from, source_port),
            to: SocketAddrV4::new(to, port),
        };
        Question {
            packets: source_ports.into_iter().map(packet).collect(),
        }
    }

    fn policy(&self) -> String {
        let list = |items: &[Ipv4Net]| {
            items
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        };
        let mut text = "egress 1\nregion westeurope\n".to_owned();
        for (vnet, ranges) in self.vnets.iter().enumerate() {
            writeln!(text, "vnet v{vnet} {} {{", list(ranges)).unwrap();
            for (index, place) in self
                .places
                .iter()
                .enumerate()
                .filter(|(_, place)| place.vnet == vnet)
            {
                let group = place
                    .group
                    .map(|group| format!("nsg g{group} "))
                    .unwrap_or_default();
                let table = if place.routes.is_empty() {
                    String::new()
                } else {
                    format!("route-table r{index} ")
                };
                writeln!(
                    text,
                    "  subnet s{index} {} {{ {group}{table}}}",
                    place.prefix
                )
                .unwrap();
            }
            text += "}\n";
        }
        text += &self.peered.text("v0", "v1", "");
        if !self.learned.is_empty() {
            writeln!(
                text,
                "gateway gw in v0 {{ learned {} }}",
                list(&self.learned)
            )
            .unwrap();
        }
        for (index, place) in self
            .places
            .iter()
            .enumerate()
            .filter(|(_, place)| !place.routes.is_empty())
        {
            writeln!(text, "route-table r{index} {{").unwrap();
            for (number, (prefix, hop, _)) in place.routes.iter().enumerate() {
                let appliance = self.vnets[0][0].broadcast().to_string();
                let hop = if *hop == "appliance" {
                    &appliance
                } else {
                    *hop
                };
                writeln!(text, "  route u{number} {prefix} -> {hop}").unwrap();
            }
            text += "}\n";
        }
        if !self.members.is_empty() {
            let members: Vec<String> = self.members.iter().map(ToString::to_string).collect();
            writeln!(
                text,
                "security-group members {{ members {} }}",
                members.join(", ")
            )
            .unwrap();
        }
        for (group, rules) in self.groups.iter().enumerate() {
            writeln!(text, "nsg g{group} {{").unwrap();
            for (index, rule) in rules.iter().enumerate() {
                writeln!(text, "  rule n{index} {}", rule.text()).unwrap();
            }
            text += "}\n";
        }
        text
    }

    /// Whether Azure leaves open which addresses the tag `Internet` holds here.
    fn has_open_tags(&self) -> bool {
        let mut inward = self
            .places
            .iter()
            .flat_map(|place| &place.routes)
            .filter(|(.., inward)| *inward);
        inward.any(|(prefix, ..)| !PRIVATE.map(net).iter().any(|range| range.contains(prefix)))
    }

    fn has_source_ports(&self) -> bool {
        self.groups
            .iter()
            .flatten()
            .any(|rule| rule.source_ports.is_some())
    }

    /// The rules of the kernel. `narrow` is whether the tag `Internet` loses what user routes take.
    fn ruleset(&self, narrow: bool) -> String {
        let mut sets = String::new();
        let mut chains = String::new();
        let mut jumps = [String::new(), String::new()];
        for (index, place) in self.places.iter().enumerate() {
            let Some(group) = place.group else { continue };
            let mut network: Vec<Ipv4Net> = self.vnets[place.vnet].clone();
            if self.peered == Peered::Yes {
                network.extend(&self.vnets[1 - place.vnet]);
            }
            if place.vnet == 0 {
                network.extend(&self.learned);
            }
            network.extend(HOST.map(net));
            let mut not_internet: Vec<Ipv4Net> = PRIVATE.map(net).to_vec();
            not_internet.extend(&network);
            let inward = place.routes.iter().filter(|(.., inward)| *inward);
            network.extend(inward.map(|(prefix, ..)| *prefix));
            if narrow {
                not_internet.extend(&network);
            }
            for (name, prefixes) in [("network", network), ("not_internet", not_internet)] {
                writeln!(
                    sets,
                    " set s{index}_{name} {{ type ipv4_addr; flags interval; auto-merge; elements = {{ {} }}; }}",
                    prefixes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
                )
                .unwrap();
            }
            for inbound in [false, true] {
                let (way, end) = if inbound {
                    ("into", "daddr")
                } else {
                    ("from", "saddr")
                };
                let chain = format!("s{index}_{way}");
                writeln!(
                    jumps[usize::from(inbound)],
                    "  ip {end} {} jump {chain}",
                    place.prefix
                )
                .unwrap();
                let mut lines = String::new();
                let mut ordered: Vec<(usize, &Rule)> =
                    self.groups[group].iter().enumerate().collect();
                ordered.sort_by_key(|(_, rule)| rule.priority);
                for (number, rule) in ordered
                    .into_iter()
                    .filter(|(_, rule)| rule.inbound == inbound)
                {
                    let counter = format!("{chain}_n{number}");
                    writeln!(sets, " counter {counter} {{ }}").unwrap();
                    for line in rule.matches(index, &self.members) {
                        writeln!(lines, "  {line} {}", verdict(&counter, rule.allows)).unwrap();
                    }
                }
                for (name, source, destination, allows) in if inbound { INBOUND } else { OUTBOUND }
                {
                    let counter = format!("{chain}_{name}");
                    writeln!(sets, " counter {counter} {{ }}").unwrap();
                    let source = source.matches("saddr", index, &self.members);
                    let destination = destination.matches("daddr", index, &self.members);
                    writeln!(
                        lines,
                        "  {source} {destination} {}",
                        verdict(&counter, allows)
                    )
                    .unwrap();
                }
                writeln!(chains, " chain {chain} {{\n{lines} }}").unwrap();
            }
        }
        let base = |name: &str, priority: u32, jumps: &str| {
            // Flows are judged by their first packet.
            format!(
                " chain {name} {{\n  type filter hook input priority {priority}; policy accept;\n  \
                 ip protocol icmp accept\n  tcp flags & (syn | ack) != syn accept\n{jumps} }}\n"
            )
        };
        let bases = base("outbound", 0, &jumps[0]) + &base("inbound", 10, &jumps[1]);
        format!("flush ruleset\ntable ip nsg {{\n{sets}{chains}{bases}}}\n")
    }

    /// Asks the kernel and the evaluator about every flow: the first disagreement.
    pub(super) fn compare(
        &self,
        client: &Namespace,
        server: &Namespace,
        probe: &mut Probe,
        counts: &mut Counts,
    ) -> Option<String> {
        let policy = self.policy();
        let estate = Policy::read(&policy);
        let plane = estate.plane(None);
        let ours: Vec<Opinion> = self
            .flows
            .iter()
            .map(|flow| self.opinion(&estate, &plane, flow.packets[0]))
            .collect();
        self.address(client, server);
        let exact = !self.has_open_tags() && !self.has_source_ports();
        let worlds: &[bool] = if self.has_open_tags() {
            &[false, true]
        } else {
            &[false]
        };
        let packets: Vec<Packet> = self
            .flows
            .iter()
            .flat_map(|flow| flow.packets.clone())
            .collect();
        let mut theirs: Vec<Vec<bool>> = vec![Vec::new(); self.flows.len()];
        let mut counted = BTreeMap::new();
        for narrow in worlds {
            server
                .run(&["nft", "-f", "-"], &self.ruleset(*narrow))
                .unwrap();
            let mut passed = probe.send(&packets).into_iter();
            for (flow, theirs) in self.flows.iter().zip(&mut theirs) {
                theirs.extend(passed.by_ref().take(flow.packets.len()));
            }
            counted = counters(server);
        }
        counts.flows += self.flows.len();
        counts.packets += packets.len() * worlds.len();
        counts.denied += theirs.iter().flatten().filter(|passed| !**passed).count();
        let wrong = self
            .flows
            .iter()
            .zip(ours.iter().zip(&theirs))
            .find(|(_, (ours, theirs))| {
                let first = theirs[0];
                let unanimous = theirs.iter().all(|passed| *passed == first);
                match ours.verdict {
                    Some(verdict) => !unanimous || verdict != first,
                    None => {
                        counts.left_open += 1;
                        counts.cautious += usize::from(unanimous);
                        exact
                    }
                }
            });
        let mut found = wrong.map(|(flow, (ours, theirs))| {
            format!("{flow:?}: the kernel lets it pass: {theirs:?}; we say {ours:?}")
        });
        if exact && found.is_none() {
            let mut expected: BTreeMap<String, u64> = BTreeMap::new();
            for decider in ours.iter().flat_map(|opinion| &opinion.rules) {
                *expected.entry(decider.clone()).or_default() += 1;
                counts.rules += 1;
            }
            if expected != counted {
                found = Some(self.differing_rule(server, probe, &ours));
            }
        }
        self.unaddress(client, server);
        found.map(|found| format!("{found}\n{policy}"))
    }

    /// The first flow over which other rules decided than the evaluator says.
    fn differing_rule(&self, server: &Namespace, probe: &mut Probe, ours: &[Opinion]) -> String {
        for (flow, opinion) in self.flows.iter().zip(ours) {
            server.run(&["nft", "reset", "counters"], "").unwrap();
            probe.send(&flow.packets);
            let theirs: Vec<String> = counters(server).into_keys().collect();
            let mut rules = opinion.rules.clone();
            rules.sort_unstable();
            if theirs != rules {
                return format!("{flow:?}: in the kernel {theirs:?} decide, we say {opinion:?}");
            }
        }
        "rules decided over other numbers of flows, but not one by one".to_owned()
    }

    /// Gives client and server their addresses. Over TCP the client's depends on the destination.
    fn address(&self, client: &Namespace, server: &Namespace) {
        let packets = || self.flows.iter().map(|flow| flow.packets[0]);
        let addresses = |addresses: BTreeSet<Ipv4Addr>| -> String {
            let addresses = addresses.iter();
            addresses
                .map(|address| format!("addr add {address}/32 dev lo\n"))
                .collect()
        };
        let mut commands = addresses(packets().map(|packet| *packet.from.ip()).collect());
        let mut by_destination: BTreeMap<Ipv4Addr, Packet> = BTreeMap::new();
        for packet in packets() {
            let place = by_destination.entry(*packet.to.ip()).or_insert(packet);
            if packet.transport == Transport::Tcp {
                *place = packet;
            }
        }
        for (to, packet) in &by_destination {
            let from = packet.from.ip();
            writeln!(
                commands,
                "route add {to}/32 via {GATE} dev wire onlink src {from}"
            )
            .unwrap();
        }
        client.ip(&commands);
        server.ip(&addresses(by_destination.into_keys().collect()));
    }

    fn unaddress(&self, client: &Namespace, server: &Namespace) {
        client.ip("route flush table main\naddr flush dev lo");
        server.ip("addr flush dev lo");
    }

    fn opinion(&self, estate: &Policy, plane: &Dataplane<'_>, packet: Packet) -> Opinion {
        let (from, to) = (*packet.from.ip(), *packet.to.ip());
        let sender = match self.place_of(from) {
            Some(place) => Sender::Inside {
                subnet: estate.subnet(&format!("s{place}")),
                address: from.into(),
            },
            None => Sender::Outside {
                address: from.into(),
                tags: Vec::new(),
            },
        };
        let trace = plane.trace(&Flow {
            from: sender,
            to: Target {
                name: None,
                address: Some(to.into()),
                tags: Vec::new(),
            },
            transport: match packet.transport {
                Transport::Tcp => tidegate::net::Transport::Tcp,
                Transport::Udp => tidegate::net::Transport::Udp,
            },
            port: packet.to.port(),
            announced: Announced::Nothing,
            at_once: None,
        });
        let steps: Vec<_> = trace
            .steps
            .iter()
            .filter(|step| step.stage == Stage::Nsg)
            .collect();
        let rules = steps.iter().map(|step| {
            let (direction, rule) = match step.element.site {
                Site::SecurityRule(group, index) => (
                    estate.estate.nsgs[group].rules[index].direction,
                    format!("n{index}"),
                ),
                Site::DefaultRule(_, direction) => (
                    direction,
                    step.element.name.split('`').nth(1).unwrap().to_owned(),
                ),
                _ => panic!("{step:?}"),
            };
            let (way, end) = match direction {
                Direction::Inbound => ("into", to),
                Direction::Outbound => ("from", from),
            };
            format!("s{}_{way}_{rule}", self.place_of(end).unwrap())
        });
        let rules = rules.collect();
        let verdict = if steps.iter().any(|step| step.outcome == Outcome::Blocks) {
            Some(false)
        } else {
            steps
                .iter()
                .all(|step| step.outcome == Outcome::Passes)
                .then_some(true)
        };
        Opinion { verdict, rules }
    }
}

/// What the evaluator says of a flow: whether it passes, when that is certain, and which rules decide.
#[derive(Debug)]
struct Opinion {
    verdict: Option<bool>,
    rules: Vec<String>,
}

/// Addresses to send from and to. None is both, and over TCP the destination has one source.
struct Ends {
    sources: Vec<Ipv4Addr>,
    destinations: Vec<Ipv4Addr>,
    by_route: BTreeMap<Ipv4Addr, Ipv4Addr>,
}

impl Ends {
    fn random(random: &mut Random, plan: &Plan) -> Self {
        let mut prefixes: Vec<Ipv4Net> = Vec::new();
        for place in &plan.places {
            prefixes.extend([place.prefix, place.prefix]);
        }
        prefixes.extend(plan.vnets.iter().map(|ranges| ranges[0]));
        prefixes.extend(&plan.learned);
        // Nobody's: on the Internet, and private ones of no network here.
        prefixes.extend(
            [
                "192.0.2.0/24",
                "198.51.100.0/24",
                "203.0.113.0/24",
                "10.192.0.0/11",
                "192.168.128.0/17",
            ]
            .map(net),
        );
        let mut address = |prefix: &Ipv4Net, odd: u32| {
            let address = random.inner_address(*prefix);
            Ipv4Addr::from((u32::from(address) & !1) | odd)
        };
        let mut sources: Vec<Ipv4Addr> = prefixes.iter().map(|prefix| address(prefix, 0)).collect();
        let mut destinations: Vec<Ipv4Addr> =
            prefixes.iter().map(|prefix| address(prefix, 1)).collect();
        sources.push(PROBES);
        sources.sort_unstable();
        sources.dedup();
        destinations.sort_unstable();
        destinations.dedup();
        let by_route = destinations.iter().map(|to| {
            let mut fitting = sources.clone();
            fitting.retain(|from| plan.is_plain(*from, *to));
            (*to, random.pick(&fitting))
        });
        let by_route = by_route.collect();
        Self {
            sources,
            destinations,
            by_route,
        }
    }

    fn all(&self) -> impl Iterator<Item = Ipv4Addr> {
        self.sources.iter().chain(&self.destinations).copied()
    }
}

fn some_ports(random: &mut Random) -> Ports {
    let port = random.pick(&PORTS);
    match random.between(0, 3) {
        0 => ALL_PORTS,
        1 => (port, port),
        2 => (port, port.saturating_add(random.port(0, 2000))),
        _ => {
            let ends = [random.port(1, u16::MAX), random.port(1, u16::MAX)];
            (ends[0].min(ends[1]), ends[0].max(ends[1]))
        }
    }
}

impl Side {
    fn text(self) -> String {
        match self {
            Self::Any => "any".to_owned(),
            Self::Prefix(prefix) => prefix.to_string(),
            Self::VirtualNetwork => "tag VirtualNetwork".to_owned(),
            Self::Internet => "tag Internet".to_owned(),
            Self::LoadBalancer => "tag AzureLoadBalancer".to_owned(),
            Self::Members => "security-group members".to_owned(),
        }
    }

    /// How the kernel matches it, for an end of the packet as seen from a subnet.
    fn matches(self, end: &str, place: usize, members: &[Ipv4Addr]) -> String {
        match self {
            Self::Any => String::new(),
            Self::Prefix(prefix) => format!("ip {end} {prefix}"),
            Self::VirtualNetwork => format!("ip {end} @s{place}_network"),
            Self::Internet => format!("ip {end} != @s{place}_not_internet"),
            Self::LoadBalancer => format!("ip {end} {PROBES}"),
            Self::Members => {
                let members: Vec<String> = members.iter().map(ToString::to_string).collect();
                format!("ip {end} {{ {} }}", members.join(", "))
            }
        }
    }
}

impl Rule {
    fn text(&self) -> String {
        let sides = |sides: &[Side]| {
            sides
                .iter()
                .map(|side| side.text())
                .collect::<Vec<_>>()
                .join(", ")
        };
        let word = match self.protocol {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
            Protocol::Icmp => "icmp",
            Protocol::Any => "any",
        };
        let services = self
            .ports
            .iter()
            .map(|ports| match (self.protocol, *ports) {
                (Protocol::Icmp, _) => word.to_owned(),
                (_, ALL_PORTS) => format!("{word}/*"),
                (_, (first, last)) => format!("{word}/{first}-{last}"),
            });
        let services: Vec<String> = services.collect();
        let mut text = format!(
            "{} {} {} from {} to {} {}",
            self.priority,
            if self.inbound { "inbound" } else { "outbound" },
            if self.allows { "allow" } else { "deny" },
            sides(&self.sources),
            sides(&self.destinations),
            services.join(", ")
        );
        if let Some((first, last)) = self.source_ports {
            write!(text, " source-ports {first}-{last}").unwrap();
        }
        text
    }

    /// How the kernel matches it, one line for each combination.
    fn matches(&self, place: usize, members: &[Ipv4Addr]) -> Vec<String> {
        let carried = match self.protocol {
            Protocol::Tcp => "meta l4proto tcp",
            Protocol::Udp => "meta l4proto udp",
            Protocol::Icmp => "meta l4proto icmp",
            Protocol::Any => "meta l4proto { tcp, udp }",
        };
        let ports = |name: &str, ports: Ports| match ports {
            ALL_PORTS => String::new(),
            (first, last) => format!("th {name} {first}-{last}"),
        };
        let mut lines = Vec::new();
        for source in &self.sources {
            for destination in &self.destinations {
                for destination_ports in &self.ports {
                    lines.push(format!(
                        "{} {} {carried} {} {}",
                        source.matches("saddr", place, members),
                        destination.matches("daddr", place, members),
                        ports("dport", *destination_ports),
                        ports("sport", self.source_ports.unwrap_or(ALL_PORTS)),
                    ));
                }
            }
        }
        lines
    }
}

fn verdict(counter: &str, allows: bool) -> String {
    let verdict = if allows {
        "accept"
    } else {
        "reject with icmp type admin-prohibited"
    };
    format!("counter name {counter} {verdict}")
}

/// The counters that counted anything.
fn counters(server: &Namespace) -> BTreeMap<String, u64> {
    let json = server.run(&["nft", "-j", "list", "counters"], "").unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let objects = json["nftables"].as_array().unwrap().iter();
    let counter = |object: &serde_json::Value| {
        let counter = object.get("counter")?;
        let name = counter["name"].as_str()?.to_owned();
        let packets = counter["packets"].as_u64()?;
        (packets > 0).then_some((name, packets))
    };
    objects.filter_map(counter).collect()
}

const GATE: &str = "198.18.0.1";

/// Joins client and server.
pub(super) fn prepare(client: &Namespace, server: &Namespace) {
    let (near, far) = ("02:00:00:00:00:01", "02:00:00:00:00:02");
    client.ip(&format!(
        "link add wire address {near} type veth peer name wire address {far} netns {}\n\
         link set lo up\nlink set wire up\nneigh add {GATE} lladdr {far} dev wire nud permanent",
        server.name
    ));
    server.ip(&format!(
        "link set lo up\nlink set wire up\nneigh add {GATE} lladdr {near} dev wire nud permanent\n\
         route add default via {GATE} dev wire onlink"
    ));
    // Every denial is answered.
    server.set(&[
        ("conf/all/rp_filter", 0),
        ("conf/wire/rp_filter", 0),
        ("icmp_ratelimit", 0),
        ("icmp_ratemask", 0),
    ]);
    client.set(&[("conf/all/rp_filter", 0), ("conf/wire/rp_filter", 0)]);
}
