//! How long one flow takes to follow through a large estate, once that is loaded.
//!
//! A flow must not cost more the more rules there are that have nothing to do with it.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run should say so and stop"
)]

use std::fmt::Debug;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tidegate::azure::facts::Facts;
use tidegate::azure::{Announced, Dataplane, Flow, Sender, Target, Verdict};
use tidegate::base::{FileId, Span, Spanned};
use tidegate::estate::{
    Access, Action, ApplicationRule, Direction, DnsServers, Endpoint, Estate, Firewall,
    FirewallPolicy, FirewallSettings, Home, Id, Meta, NetworkRule, NextHop, Nsg, Peering,
    PeeringState, PrivateEndpointPolicies, PublicAddress, Ref, Route, RouteDestination, RouteTable,
    RuleCollection, RuleCollectionGroup, RuleInfo, Rules, SecurityRule, Subnet, Tier, Vnet,
};
use tidegate::net::{AppProtocol, Destination, PortRange, ServiceTag, Transport};

/// Networks around the hub.
const SPOKES: u32 = 200;
/// Route tables, each of several spokes.
const TABLES: u32 = 50;
/// Routes of one table.
const ROUTES: u32 = 400;
/// Rules of one security group.
const SECURITY_RULES: u32 = 200;
/// Rules of one rule collection.
const COLLECTION: usize = 500;

fn span() -> Span {
    Span {
        file: FileId::default(),
        start: 0,
        end: 0,
    }
}

fn put<T>(value: T) -> Spanned<T> {
    Spanned::new(value, span())
}

fn parsed<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn meta(name: String) -> Meta {
    Meta {
        name: name.into(),
        origin: span().into(),
        body: None,
        home: Home::Deployed,
    }
}

fn to<T>(id: Id<T>) -> Ref<T> {
    Ref::known(id, "named", span())
}

fn info(name: String) -> RuleInfo {
    RuleInfo {
        name: name.into(),
        origin: span().into(),
        description: String::new(),
        written: None,
    }
}

fn from_clusters() -> Vec<Endpoint> {
    vec![Endpoint::Plain(Destination::Prefix(parsed("10.0.0.0/8")))]
}

/// Half of the rules are network rules, half application rules; the last of each lets the flows of [`flows`] through.
fn collections(rules: usize) -> Vec<RuleCollection> {
    let half = rules / 2;
    let network: Vec<NetworkRule> = (0..half)
        .map(|at| {
            let (third, fourth) = (at / 250 % 250, at % 250);
            let destination = match at {
                last if last + 1 == half => Destination::Prefix(parsed("20.60.0.7/32")),
                tag if tag % 10 == 3 => {
                    Destination::ServiceTag(ServiceTag::new(format!("Service{}", tag % 200)))
                }
                _ => Destination::Prefix(parsed(&format!("192.168.{third}.{fourth}/32"))),
            };
            NetworkRule {
                info: info(format!("network-{at}")),
                sources: from_clusters(),
                destinations: vec![Endpoint::Plain(destination)],
                transports: vec![Transport::Tcp],
                ports: vec![PortRange::single(if at % 10 == 3 { 1433 } else { 9092 })],
            }
        })
        .collect();
    let application: Vec<ApplicationRule> = (0..half)
        .map(|at| {
            let name = match at {
                last if last + 1 == half => "registry.contoso.com".to_owned(),
                wild if wild % 10 == 7 => format!("*.service-{wild}.example.com"),
                _ => format!("host-{at}.example.com"),
            };
            ApplicationRule {
                info: info(format!("application-{at}")),
                sources: from_clusters(),
                destinations: vec![Endpoint::Plain(Destination::Fqdn(parsed(&name)))],
                protocols: vec![(AppProtocol::Https, 443)],
                terminate_tls: None,
                web_categories: Vec::new(),
            }
        })
        .collect();
    let network = network
        .chunks(COLLECTION)
        .map(|rules| Rules::Network(rules.to_vec()));
    let application = application
        .chunks(COLLECTION)
        .map(|rules| Rules::Application(rules.to_vec()));
    network
        .chain(application)
        .zip(0_u32..)
        .map(|(rules, at)| RuleCollection {
            name: format!("collection-{at}").into(),
            origin: span().into(),
            priority: put(100 + at),
            action: Action::Allow,
            rules,
        })
        .collect()
}

/// A hub with a firewall, and spokes whose default routes lead to it.
fn estate(rules: usize) -> Estate {
    let mut estate = Estate::default();
    let subnet = |vnet, name: &str, prefix: &str| Subnet {
        meta: meta(name.to_owned()),
        vnet,
        prefixes: vec![put(parsed(prefix))],
        route_table: None,
        nsg: None,
        nat_gateway: None,
        service_endpoints: Vec::new(),
        delegations: Vec::new(),
        private_endpoint_policies: PrivateEndpointPolicies::default(),
        default_outbound: None,
        endpoint_policy: None,
    };
    let vnet = |name: String, prefix: &str| Vnet {
        meta: meta(name),
        prefixes: vec![put(parsed(prefix))],
        dns: DnsServers::Azure,
        site: None,
    };
    let hub = estate.vnets.push(vnet("hub".to_owned(), "10.255.0.0/16"));
    let place = subnet(hub, "AzureFirewallSubnet", "10.255.0.0/26");
    estate.subnets.push(place);
    let policy = estate.firewall_policies.push(FirewallPolicy {
        meta: meta("policy".to_owned()),
        tier: put(Tier::Standard),
        parent: None,
        settings: FirewallSettings::default(),
        groups: vec![RuleCollectionGroup {
            name: "group".into(),
            origin: span().into(),
            priority: put(100),
            collections: collections(rules),
            needs_parameter: None,
        }],
    });
    let firewall = estate.firewalls.push(Firewall {
        meta: meta("fw".to_owned()),
        vnet: to(hub),
        tier: put(Tier::Standard),
        private_ip: Some(put(parsed("10.255.0.4"))),
        public_ips: vec![PublicAddress::Literal(put(parsed("20.50.0.1")))],
        managed_public_ips: None,
        management_ip: None,
        policy: Some(to(policy)),
        settings: FirewallSettings::default(),
        collections: Vec::new(),
        zones: Vec::new(),
    });
    let tables: Vec<Id<RouteTable>> = (0..TABLES)
        .map(|table| {
            let route = |at: u32| {
                let destination = match at {
                    0 => "0.0.0.0/0".to_owned(),
                    _ => format!("192.168.{}.{}/32", at / 250, at % 250),
                };
                Route {
                    name: format!("route-{at}").into(),
                    origin: span().into(),
                    destination: put(RouteDestination::Prefix(parsed(&destination))),
                    next_hop: put(NextHop::Firewall(to(firewall))),
                }
            };
            estate.route_tables.push(RouteTable {
                meta: meta(format!("table-{table}")),
                routes: (0..ROUTES).map(route).collect(),
                gateway_propagation: true,
            })
        })
        .collect();
    for (spoke, table) in (0..SPOKES).zip(tables.iter().cycle()) {
        let net = estate.vnets.push(vnet(
            format!("spoke-{spoke}"),
            &format!("10.{spoke}.0.0/16"),
        ));
        let nsg = estate.nsgs.push(security_group(spoke));
        estate.subnets.push(Subnet {
            route_table: Some(to(*table)),
            nsg: Some(to(nsg)),
            ..subnet(net, "nodes", &format!("10.{spoke}.0.0/20"))
        });
        for (from, other) in [(net, hub), (hub, net)] {
            estate.peerings.push(Peering {
                origin: span().into(),
                from: to(from),
                to: to(other),
                state: PeeringState::Connected,
                access: true,
                forwarded_traffic: true,
                gateway_transit: false,
                remote_gateways: false,
                existing: false,
                body: None,
                forwarded_text: None,
            });
        }
    }
    estate
}

/// The last rule lets HTTPS out; those before are about other places.
fn security_group(spoke: u32) -> Nsg {
    let rule = |at: u32| {
        let last = at + 1 == SECURITY_RULES;
        let destination = if last {
            Destination::Anywhere
        } else {
            Destination::Prefix(parsed(&format!("192.168.{}.{}/32", at / 250, at % 250)))
        };
        SecurityRule {
            name: format!("rule-{at}").into(),
            origin: span().into(),
            description: String::new(),
            priority: put(100 + at),
            direction: Direction::Outbound,
            access: Access::Allow,
            transport: Transport::Tcp,
            sources: from_clusters(),
            source_ports: vec![PortRange::ALL],
            destinations: vec![Endpoint::Plain(destination)],
            destination_ports: vec![PortRange::ALL],
            written: None,
        }
    };
    Nsg {
        meta: meta(format!("nsg-{spoke}")),
        rules: (0..SECURITY_RULES).map(rule).collect(),
    }
}

/// What a flow meets at the firewall.
#[derive(Debug, Clone, Copy)]
enum Meets {
    LastNetworkRule,
    LastApplicationRule,
    Nothing,
}

impl Meets {
    const ALL: [(&'static str, Self); 3] = [
        ("last network rule", Self::LastNetworkRule),
        ("last application rule", Self::LastApplicationRule),
        ("no rule", Self::Nothing),
    ];

    fn verdict(self) -> Verdict {
        match self {
            Self::LastNetworkRule | Self::LastApplicationRule => Verdict::Allowed,
            Self::Nothing => Verdict::Denied,
        }
    }
}

fn flow(estate: &Estate, spoke: u32, meets: Meets) -> Flow {
    let subnets = estate.subnets.ids();
    // The first subnet is the firewall's.
    let subnet = subnets.skip(1).nth(spoke as usize).unwrap();
    let address = IpAddr::V4(Ipv4Addr::new(10, u8::try_from(spoke).unwrap(), 0, 4));
    let (name, to, port) = match meets {
        Meets::LastNetworkRule => (None, Some("20.60.0.7"), 9092),
        Meets::LastApplicationRule => (Some("registry.contoso.com"), None, 443),
        Meets::Nothing => (Some("somewhere.fabrikam.com"), None, 443),
    };
    Flow {
        from: Sender::Inside { subnet, address },
        to: Target {
            name: name.map(parsed),
            address: to.map(parsed),
            tags: Vec::new(),
        },
        transport: Transport::Tcp,
        port,
        announced: Announced::Target,
        at_once: None,
    }
}

fn benchmark(criterion: &mut Criterion) {
    let facts = Facts::builtin();
    let mut group = criterion.benchmark_group("explain");
    group.sample_size(20);
    for rules in [1_000, 10_000, 100_000] {
        let estate = estate(rules);
        group.bench_with_input(
            BenchmarkId::new("load", rules),
            &estate,
            |bencher, estate| {
                let new = || Dataplane::new(black_box(estate), facts, None);
                bencher.iter_batched(|| (), |()| new(), BatchSize::PerIteration);
            },
        );
        let plane = Dataplane::new(&estate, facts, None);
        for (name, meets) in Meets::ALL {
            let flow = flow(&estate, 7, meets);
            assert_eq!(plane.trace(&flow).verdict, meets.verdict(), "{name}");
            group.bench_with_input(BenchmarkId::new(name, rules), &flow, |bencher, flow| {
                bencher.iter(|| plane.trace(black_box(flow)));
            });
        }
        let denied = flow(&estate, 7, Meets::Nothing);
        group.bench_function(
            BenchmarkId::new("no rule, with remedies", rules),
            |bencher| {
                bencher.iter(|| tidegate::explain::explain(&plane, black_box(&denied)));
            },
        );
    }
    let estate = estate(10_000);
    let flows: Vec<Flow> = (0..10_000)
        .zip(Meets::ALL.into_iter().cycle())
        .map(|(at, (_, meets))| flow(&estate, at % SPOKES, meets))
        .collect();
    group.sample_size(10);
    group.throughput(Throughput::Elements(flows.len() as u64));
    group.bench_function("10,000 flows", |bencher| {
        bencher.iter(|| {
            let plane = Dataplane::new(&estate, facts, None);
            let allowed = flows
                .iter()
                .filter(|flow| plane.trace(flow).verdict == Verdict::Allowed);
            allowed.count()
        });
    });
    group.finish();
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
