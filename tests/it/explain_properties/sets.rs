//! The evaluator of single flows and that of sets of flows, held against each other: random estates, and of each the
//! flows at every boundary of what its rules and routes name.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tidegate::azure::facts::Facts;
use tidegate::azure::{Announced, Dataplane, Flow, Sender, Target, Verdict};
use tidegate::estate::{Estate, Id, Subnet};
use tidegate::net::{Fqdn, Transport};
use tidegate::reach::{Evaluator, FlowMap, Standing};
use tidegate::space::{Block, Kind, Known, Names, Ranges, Targets, every_port, number_of};

use super::build::{self, Order};
use super::plan::{API_SERVER, STORAGE, plan};

const STEPS: u64 = 2_000_000;

/// Flows from one subnet.
struct Corners {
    sources: Vec<Ipv4Addr>,
    addresses: Vec<Ipv4Addr>,
    names: Vec<&'static str>,
}

fn corners() -> Corners {
    let prefixes = [
        "10.0.0.0/8",
        "10.0.0.0/16",
        "10.0.0.0/26",
        "10.0.1.0/27",
        "10.0.2.0/24",
        "10.1.0.0/16",
        "10.1.0.0/24",
        "10.1.1.0/24",
        "10.2.0.0/16",
        "10.2.0.0/24",
        "10.2.1.0/24",
        "192.168.0.0/16",
        "172.16.0.0/12",
        "100.64.0.0/10",
        "20.50.1.0/24",
        "20.150.0.0/24",
        "0.0.0.0/0",
    ];
    let mut addresses: BTreeSet<Ipv4Addr> = BTreeSet::new();
    for prefix in prefixes {
        let prefix: ipnet::Ipv4Net = prefix.parse().unwrap();
        let (first, last) = (u32::from(prefix.network()), u32::from(prefix.broadcast()));
        for number in [first.wrapping_sub(1), first, last, last.wrapping_add(1)] {
            addresses.insert(number.into());
        }
    }
    for address in [
        "20.50.1.7",
        "20.150.0.10",
        "10.2.1.4",
        "10.1.0.4",
        "10.1.1.4",
        "10.2.1.9",
        "10.0.2.5",
        "10.0.0.4",
        "10.2.0.200",
        "192.168.5.5",
        "172.31.0.1",
        "168.63.129.16",
        "169.254.169.254",
        "20.50.1.80",
        "20.50.1.90",
        "8.8.8.8",
        "224.0.0.1",
    ] {
        addresses.insert(address.parse().unwrap());
    }
    Corners {
        sources: vec!["10.1.0.4".parse().unwrap(), "10.1.0.5".parse().unwrap()],
        addresses: addresses.into_iter().collect(),
        names: vec![
            "api.example.com",
            "example.com",
            "a.b.example.com",
            "evilexample.com",
            "unknown.example.net",
            STORAGE,
            API_SERVER,
            "testmaliciousdomain.eastus.cloudapp.azure.com",
            "other.blob.core.windows.net",
            "contoso.database.windows.net",
            "account.privatelink.blob.core.windows.net",
            "mcr.microsoft.com",
            "x.internal.cloudapp.net",
        ],
    }
}

fn services() -> Vec<(Transport, u16)> {
    let mut all = vec![(Transport::Icmp, 0), (Transport::Esp, 0)];
    for port in [22, 80, 443, 1194, 1433, 65535] {
        all.extend([(Transport::Tcp, port), (Transport::Udp, port)]);
    }
    all
}

fn protocol(transport: Transport) -> u128 {
    match transport {
        Transport::Icmp => 1,
        Transport::Tcp => 6,
        Transport::Udp => 17,
        Transport::Esp => 50,
        Transport::Ah => 51,
        Transport::Any => unreachable!(),
    }
}

/// The flow as a set: from any source port, and whatever is not known.
fn as_block(flow: &Flow) -> Block {
    let one = |number: u128| Ranges::span(number, number);
    let (kind, targets) = match (&flow.to.name, flow.to.address) {
        (Some(name), _) => (
            Kind::V4ToName,
            Targets::Names(Names::exactly(name.as_str())),
        ),
        (None, Some(address)) => (Kind::V4, Targets::Addresses(one(number_of(address)))),
        (None, None) => unreachable!(),
    };
    Block {
        kind,
        protocols: one(protocol(flow.transport)),
        ports: if flow.transport.has_ports() {
            one(flow.port.into())
        } else {
            every_port()
        },
        targets,
        sources: one(number_of(flow.from.address())),
        source_ports: every_port(),
        known: Known::default(),
    }
}

fn flows(subnet: Id<Subnet>, source: Ipv4Addr, corners: &Corners) -> Vec<Flow> {
    let flow = |to: Target, announced: Announced, (transport, port): (Transport, u16)| Flow {
        from: Sender::Inside {
            subnet,
            address: source.into(),
        },
        to,
        transport,
        port,
        announced,
        at_once: None,
    };
    let mut all = Vec::new();
    for service in services() {
        for address in &corners.addresses {
            let to = Target {
                address: Some(IpAddr::V4(*address)),
                ..Target::default()
            };
            all.push(flow(to, Announced::Nothing, service));
        }
        for name in &corners.names {
            let name: Fqdn = name.parse().unwrap();
            let to = Target {
                name: Some(name),
                ..Target::default()
            };
            all.push(flow(to, Announced::Target, service));
        }
    }
    all
}

fn nodes(estate: &Estate) -> Id<Subnet> {
    let found = estate
        .subnets
        .ids()
        .find(|id| estate.subnet_path(*id) == "spoke-1/nodes");
    found.unwrap()
}

/// What two verdicts differ in, when they do.
fn difference(verdict: Verdict, standing: &Standing) -> Option<String> {
    let agree = match (verdict, standing) {
        (Verdict::Uncertain, Standing::Mixed | Standing::All(Verdict::Uncertain)) => true,
        (verdict, Standing::All(other)) => verdict == *other,
        _ => false,
    };
    (!agree).then(|| format!("single {verdict:?}, sets {standing:?}"))
}

#[test]
fn explore() {
    let cases: usize = std::env::var("CASES").map_or(200, |it| it.parse().unwrap());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let corners = corners();
    let mut counts: std::collections::BTreeMap<String, (usize, String)> = Default::default();
    let mut total = 0;
    let (mut concrete, mut symbolic, mut asked) = (0.0, 0.0, 0.0);
    for case in 0..cases {
        let plan = plan().new_tree(&mut runner).unwrap().current();
        let estate = build::estate(&plan, Order(0));
        let plane = Dataplane::new(&estate, Facts::builtin(), None);
        let subnet = nodes(&estate);
        let start = std::time::Instant::now();
        let mut evaluator = Evaluator::new(&plane, &[]);
        let map: FlowMap = evaluator.from_subnet(subnet).unwrap();
        symbolic += start.elapsed().as_secs_f64();
        for source in &corners.sources[..1] {
            for flow in flows(subnet, *source, &corners) {
                let start = std::time::Instant::now();
                let trace = plane.trace(&flow);
                concrete += start.elapsed().as_secs_f64();
                let start = std::time::Instant::now();
                let standing = map
                    .standing(&as_block(&flow), evaluator.atoms(), STEPS)
                    .unwrap();
                asked += start.elapsed().as_secs_f64();
                total += 1;
                if let Some(text) = difference(trace.verdict, &standing) {
                    let decisive = trace
                        .decisive()
                        .map(|b| format!("{} {} {}", b.cause, b.element, b.text));
                    let to = flow
                        .to
                        .name
                        .as_ref()
                        .map_or_else(|| flow.to.address.unwrap().to_string(), ToString::to_string);
                    if std::env::var("SHOW").is_ok_and(|it| it == case.to_string())
                        && counts.len() < 3
                    {
                        println!("{plan:#?}");
                        println!("{:#?}", trace.blockers);
                        for piece in map
                            .pieces
                            .iter()
                            .filter(|it| it.flows.meets(&as_block(&flow), evaluator.atoms()))
                        {
                            println!("{piece:?}");
                        }
                    }
                    let detail = format!(
                        "case {case}: {to} {:?} {}: {decisive:?}",
                        flow.transport, flow.port
                    );
                    let cause = trace.decisive().map(|b| b.cause.to_string());
                    let entry = counts
                        .entry(format!("{text} {cause:?}"))
                        .or_insert((0, detail));
                    entry.0 += 1;
                }
            }
        }
    }
    println!("total {total} concrete {concrete:.1} symbolic {symbolic:.1} asked {asked:.1}");
    for (text, (count, detail)) in &counts {
        println!("{count:7} {text}\n          {detail}");
    }
}
