//! What is random about an estate and a flow, as plain choices. Most of them are good ones, so that one to three
//! obstacles stand in the way of a flow and not twenty.
//!
//! Public addresses are none of the ranges for documentation: in those no service can be, and the evaluator knows it.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use tidegate::estate::{
    Access, Action, Direction, PeeringState, PrivateEndpointPolicies, ThreatIntel,
};
use tidegate::net::Transport;

/// A hub with a firewall, two spokes, what hangs on them, and a flow.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) firewall: FirewallPlan,
    pub(super) spokes: Vec<SpokePlan>,
    pub(super) hub_table: Option<TablePlan>,
    pub(super) gateway: Option<GatewayPlan>,
    pub(super) endpoint: Option<EndpointPlan>,
    pub(super) balancer: Option<BalancerPlan>,
    pub(super) storage: StoragePlan,
    pub(super) pool: Option<PoolPlan>,
    /// Members of the application security group, once somebody states them.
    pub(super) members: Option<Vec<Machine>>,
    pub(super) flow: FlowPlan,
}

#[derive(Debug, Clone)]
pub(super) struct FirewallPlan {
    pub(super) owner: RuleOwner,
    pub(super) proxy: bool,
    pub(super) intelligence: Option<ThreatIntel>,
    pub(super) intelligence_above: Option<ThreatIntel>,
    pub(super) public_ips: usize,
    pub(super) never_translates: bool,
    pub(super) collections: Vec<CollectionPlan>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RuleOwner {
    Firewall,
    Policy,
    PolicyWithParent,
}

#[derive(Debug, Clone)]
pub(super) struct CollectionPlan {
    pub(super) above: bool,
    pub(super) group: u32,
    pub(super) action: Action,
    pub(super) application: bool,
    pub(super) rules: Vec<RulePlan>,
}

#[derive(Debug, Clone)]
pub(super) struct RulePlan {
    pub(super) source: Place,
    pub(super) destination: Wanted,
    pub(super) transport: Transport,
    pub(super) port: Option<u16>,
}

/// What a firewall rule names.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wanted {
    Place(Place),
    Name(&'static str),
}

/// What a rule or route names by address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Anywhere,
    Prefix(&'static str),
    Tag(&'static str),
    /// The application security group in security rules, the IP group in firewall rules.
    Group,
}

#[derive(Debug, Clone)]
pub(super) struct SpokePlan {
    pub(super) to_hub: Option<SidePlan>,
    pub(super) from_hub: Option<SidePlan>,
    pub(super) table: Option<TablePlan>,
    pub(super) nsg: Option<Vec<SecurityPlan>>,
    pub(super) nat: bool,
    pub(super) default_outbound: Option<bool>,
    pub(super) storage_endpoint: bool,
    pub(super) dns: DnsPlan,
}

#[derive(Debug, Clone)]
pub(super) struct SidePlan {
    pub(super) state: PeeringState,
    pub(super) access: bool,
    pub(super) forwarded: bool,
    pub(super) gateway: bool,
}

#[derive(Debug, Clone)]
pub(super) struct TablePlan {
    pub(super) routes: Vec<(&'static str, HopPlan)>,
    pub(super) propagation: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HopPlan {
    Firewall,
    FirewallAddress,
    WrongAddress,
    Internet,
    Drop,
    Gateway,
    Local,
}

#[derive(Debug, Clone)]
pub(super) struct SecurityPlan {
    pub(super) direction: Direction,
    pub(super) access: Access,
    pub(super) transport: Transport,
    pub(super) source: Place,
    pub(super) destination: Place,
    pub(super) port: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DnsPlan {
    Azure,
    Firewall,
    Server,
    ServerAndAzure,
}

#[derive(Debug, Clone)]
pub(super) struct GatewayPlan {
    pub(super) subnet: bool,
    pub(super) returns_through_firewall: bool,
}

#[derive(Debug, Clone)]
pub(super) struct EndpointPlan {
    pub(super) linked: Vec<usize>,
    pub(super) record: bool,
    pub(super) policies: PrivateEndpointPolicies,
}

#[derive(Debug, Clone)]
pub(super) struct BalancerPlan {
    pub(super) public: bool,
    pub(super) outbound_rule: bool,
    pub(super) spoke: usize,
}

#[derive(Debug, Clone)]
pub(super) struct StoragePlan {
    pub(super) closed: bool,
    pub(super) acl: Option<bool>,
    pub(super) tagged: bool,
    /// It has a second address, which other prefixes hold.
    pub(super) second: bool,
}

#[derive(Debug, Clone)]
pub(super) struct PoolPlan {
    pub(super) ranges: Option<&'static str>,
    pub(super) interface_nsg: bool,
}

/// A machine that rules or flows are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Machine {
    Nodes(usize),
    Data(usize),
    Hub,
    Premises,
    Client,
}

impl Machine {
    pub(super) fn address(self) -> String {
        match self {
            Self::Nodes(spoke) => format!("10.{}.0.4", spoke + 1),
            Self::Data(spoke) => format!("10.{}.1.4", spoke + 1),
            Self::Hub => "10.0.2.5".to_owned(),
            Self::Premises => "192.168.5.5".to_owned(),
            Self::Client => "20.50.1.200".to_owned(),
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct FlowPlan {
    pub(super) from: Machine,
    pub(super) name: Option<&'static str>,
    pub(super) address: Option<&'static str>,
    pub(super) transport: Transport,
    pub(super) port: u16,
    pub(super) announced: Option<Option<&'static str>>,
    pub(super) at_once: Option<u32>,
}

pub(super) const STORAGE: &str = "account.blob.core.windows.net";
pub(super) const API_SERVER: &str = "cluster.hcp.westeurope.azmk8s.io";
const HOSTILE: &str = "testmaliciousdomain.eastus.cloudapp.azure.com";
const NAMES: [&str; 5] = [
    "api.example.com",
    "unknown.example.net",
    STORAGE,
    API_SERVER,
    HOSTILE,
];
const PORTS: [u16; 5] = [443, 443, 80, 1194, 22];

/// The good choice mostly, and any other at times.
fn mostly<T: Clone + std::fmt::Debug + 'static>(
    good: T,
    other: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<T> {
    prop_oneof![5 => Just(good), 2 => other].boxed()
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        2 => Just(Place::Anywhere),
        4 => select(vec![
            "10.0.0.0/8", "10.1.0.0/16", "10.1.0.4/32", "10.2.0.0/16", "192.168.0.0/16",
            "20.50.1.0/24", "20.150.0.0/24", "0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1",
        ])
        .prop_map(Place::Prefix),
        2 => select(vec!["Storage", "VirtualNetwork", "Internet", "AzureLoadBalancer", "AzureCloud"])
            .prop_map(Place::Tag),
        1 => Just(Place::Group),
    ]
}

/// A source as firewall rules take it: without tags.
fn source() -> impl Strategy<Value = Place> {
    mostly(Place::Anywhere, place()).prop_map(|place| match place {
        Place::Tag(_) => Place::Prefix("10.1.0.0/16"),
        other => other,
    })
}

fn transport() -> impl Strategy<Value = Transport> {
    mostly(
        Transport::Tcp,
        select(vec![
            Transport::Udp,
            Transport::Icmp,
            Transport::Esp,
            Transport::Any,
        ]),
    )
}

fn rule() -> impl Strategy<Value = RulePlan> {
    let name = select(vec![
        NAMES[0],
        NAMES[1],
        NAMES[2],
        NAMES[3],
        NAMES[4],
        "*.example.com",
        "*example.com",
        "*.windows.net",
        "*",
    ]);
    let destination = prop_oneof![place().prop_map(Wanted::Place), name.prop_map(Wanted::Name)];
    let port = option::weighted(0.6, select(PORTS.to_vec()));
    (source(), destination, transport(), port).prop_map(|(source, destination, transport, port)| {
        RulePlan {
            source,
            destination,
            transport,
            port,
        }
    })
}

fn collections() -> impl Strategy<Value = Vec<CollectionPlan>> {
    let action = mostly(Action::Allow, Just(Action::Deny));
    let collection = (
        any::<bool>(),
        0..3_u32,
        action,
        any::<bool>(),
        vec(rule(), 1..4),
    )
        .prop_map(
            |(above, group, action, application, rules)| CollectionPlan {
                above,
                group,
                action,
                application,
                rules,
            },
        );
    let open = CollectionPlan {
        above: false,
        group: 1,
        action: Action::Allow,
        application: false,
        rules: vec![RulePlan {
            source: Place::Anywhere,
            destination: Wanted::Place(Place::Anywhere),
            transport: Transport::Any,
            port: None,
        }],
    };
    (vec(collection, 0..4), any::<bool>()).prop_map(move |(mut collections, opened)| {
        if opened {
            collections.push(open.clone());
        }
        collections
    })
}

fn firewall() -> impl Strategy<Value = FirewallPlan> {
    let intelligence = || {
        option::of(select(vec![
            ThreatIntel::Off,
            ThreatIntel::Alert,
            ThreatIntel::Deny,
        ]))
    };
    (
        select(vec![
            RuleOwner::Firewall,
            RuleOwner::Policy,
            RuleOwner::PolicyWithParent,
        ]),
        any::<bool>(),
        intelligence(),
        intelligence(),
        mostly(1, 0..3_usize),
        mostly(false, Just(true)),
        collections(),
    )
        .prop_map(
            |(owner, proxy, intelligence, intelligence_above, public_ips, never, collections)| {
                FirewallPlan {
                    owner,
                    proxy,
                    intelligence,
                    intelligence_above,
                    public_ips,
                    never_translates: never,
                    collections,
                }
            },
        )
}

fn side() -> impl Strategy<Value = Option<SidePlan>> {
    let state = mostly(
        PeeringState::Connected,
        select(vec![PeeringState::Initiated, PeeringState::Disconnected]),
    );
    let side = (
        state,
        mostly(true, Just(false)),
        mostly(true, Just(false)),
        any::<bool>(),
    )
        .prop_map(|(state, access, forwarded, gateway)| SidePlan {
            state,
            access,
            forwarded,
            gateway,
        });
    option::weighted(0.95, side)
}

fn table() -> impl Strategy<Value = TablePlan> {
    let hop = || {
        mostly(
            HopPlan::Firewall,
            select(vec![
                HopPlan::FirewallAddress,
                HopPlan::WrongAddress,
                HopPlan::Internet,
                HopPlan::Drop,
                HopPlan::Gateway,
                HopPlan::Local,
            ]),
        )
    };
    let more = select(vec![
        "192.168.0.0/16",
        "20.150.0.0/24",
        "20.50.1.0/24",
        "10.0.0.0/8",
        "10.1.0.0/16",
        "10.2.0.0/16",
        "10.2.1.0/24",
        "Storage",
        "AzureCloud",
        "::/0",
        "0.0.0.0/1",
        "128.0.0.0/1",
        "192.0.0.0/2",
    ]);
    let default = option::weighted(0.85, hop());
    (default, vec((more, hop()), 0..3), mostly(true, Just(false))).prop_map(
        |(default, more, propagation)| {
            let mut routes: Vec<(&str, HopPlan)> = Vec::new();
            let default = default.map(|hop| ("0.0.0.0/0", hop));
            for (to, hop) in default.into_iter().chain(more) {
                if routes.iter().all(|(known, _)| *known != to) {
                    routes.push((to, hop));
                }
            }
            TablePlan {
                routes,
                propagation,
            }
        },
    )
}

pub(super) fn nsg() -> impl Strategy<Value = Vec<SecurityPlan>> {
    let direction = select(vec![
        Direction::Outbound,
        Direction::Outbound,
        Direction::Inbound,
    ]);
    let access = select(vec![Access::Allow, Access::Deny]);
    let port = option::weighted(0.5, select(PORTS.to_vec()));
    let rule = (direction, access, transport(), place(), place(), port).prop_map(
        |(direction, access, transport, source, destination, port)| SecurityPlan {
            direction,
            access,
            transport,
            source,
            destination,
            port,
        },
    );
    vec(rule, 0..5)
}

fn spoke() -> impl Strategy<Value = SpokePlan> {
    let dns = mostly(
        DnsPlan::Azure,
        select(vec![
            DnsPlan::Firewall,
            DnsPlan::Firewall,
            DnsPlan::Server,
            DnsPlan::ServerAndAzure,
        ]),
    );
    (
        side(),
        side(),
        option::weighted(0.85, table()),
        option::weighted(0.5, nsg()),
        mostly(false, Just(true)),
        option::of(any::<bool>()),
        mostly(false, Just(true)),
        dns,
    )
        .prop_map(
            |(to_hub, from_hub, table, nsg, nat, default_outbound, storage_endpoint, dns)| {
                SpokePlan {
                    to_hub,
                    from_hub,
                    table,
                    nsg,
                    nat,
                    default_outbound,
                    storage_endpoint,
                    dns,
                }
            },
        )
}

fn flow() -> impl Strategy<Value = FlowPlan> {
    let from = prop_oneof![
        12 => Just(Machine::Nodes(0)),
        3 => select(vec![
            Machine::Nodes(1), Machine::Data(0), Machine::Hub, Machine::Premises, Machine::Client,
        ]),
    ];
    let name = select(NAMES.to_vec()).prop_map(|name| (Some(name), None));
    let address = select(vec![
        "20.50.1.7",
        "20.150.0.10",
        "10.2.1.4",
        "10.1.1.4",
        "10.2.1.9",
        "10.0.2.5",
        "10.2.0.200",
        "192.168.5.5",
        "172.31.0.1",
        "168.63.129.16",
        "20.50.1.90",
        "20.50.1.91",
        "2603:1000::5",
    ])
    .prop_map(|address| (None, Some(address)));
    let both = Just((Some(NAMES[0]), Some("20.50.1.7")));
    let to = prop_oneof![4 => name, 4 => address, 1 => both];
    let announced = prop_oneof![
        6 => Just(None),
        1 => Just(Some(None)),
        1 => select(NAMES.to_vec()).prop_map(|name| Some(Some(name))),
    ];
    let transport = mostly(
        Transport::Tcp,
        select(vec![Transport::Udp, Transport::Icmp, Transport::Esp]),
    );
    let port = mostly(443, select(vec![0, 22, 80, 1194, 1433, u16::MAX]));
    let at_once = option::weighted(0.1, select(vec![10, 4_000, 900_000]));
    (from, to, transport, port, announced, at_once).prop_map(
        |(from, (name, address), transport, port, announced, at_once)| FlowPlan {
            from,
            name,
            address,
            transport,
            port,
            announced,
            at_once,
        },
    )
}

/// Machines that a security group may have.
pub(super) fn members() -> impl Strategy<Value = Vec<Machine>> {
    vec(
        select(vec![
            Machine::Nodes(0),
            Machine::Nodes(1),
            Machine::Data(1),
            Machine::Premises,
        ]),
        0..3,
    )
}

/// Any estate and flow.
pub(super) fn plan() -> impl Strategy<Value = Plan> {
    let gateway = (any::<bool>(), any::<bool>()).prop_map(|(subnet, returns)| GatewayPlan {
        subnet,
        returns_through_firewall: returns,
    });
    let policies = select(vec![
        PrivateEndpointPolicies::Disabled,
        PrivateEndpointPolicies::Enabled,
        PrivateEndpointPolicies::SecurityGroups,
        PrivateEndpointPolicies::RouteTables,
    ]);
    let linked = proptest::sample::subsequence(vec![0, 1, 2], 0..=3);
    let endpoint =
        (linked, any::<bool>(), policies).prop_map(|(linked, record, policies)| EndpointPlan {
            linked,
            record,
            policies,
        });
    let balancer =
        (any::<bool>(), any::<bool>(), 0..2_usize).prop_map(|(public, outbound_rule, spoke)| {
            BalancerPlan {
                public,
                outbound_rule,
                spoke,
            }
        });
    let storage = (
        mostly(false, Just(true)),
        option::weighted(0.3, any::<bool>()),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(closed, acl, tagged, second)| StoragePlan {
            closed,
            acl,
            tagged,
            second,
        });
    let ranges = option::of(select(vec!["20.50.1.64/26", "192.0.2.0/24"]));
    let pool = (ranges, mostly(false, Just(true))).prop_map(|(ranges, interface_nsg)| PoolPlan {
        ranges,
        interface_nsg,
    });
    (
        firewall(),
        vec(spoke(), 2),
        option::weighted(0.2, table()),
        option::weighted(0.4, gateway),
        option::weighted(0.3, endpoint),
        option::weighted(0.25, balancer),
        storage,
        option::weighted(0.6, pool),
        option::of(members()),
        flow(),
    )
        .prop_map(
            |(
                firewall,
                spokes,
                hub_table,
                gateway,
                endpoint,
                balancer,
                storage,
                pool,
                members,
                flow,
            )| {
                Plan {
                    firewall,
                    spokes,
                    hub_table,
                    gateway,
                    endpoint,
                    balancer,
                    storage,
                    pool,
                    members,
                    flow,
                }
            },
        )
}
