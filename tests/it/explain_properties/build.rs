//! An estate and a flow from a plan, declared in any order.

use std::collections::BTreeMap;

use smol_str::SmolStr;
use tidegate::azure::{Announced, Flow, Sender, Target};
use tidegate::base::{FileId, Origin, Span, Spanned};
use tidegate::estate::{
    Action, ApiServer, ApplicationRule, ApplicationSecurityGroup, AuthorizedRanges, DnsRecord,
    DnsServer, DnsServers, Endpoint, Estate, Firewall, FirewallPolicy, FirewallSettings, Gateway,
    GatewayKind, Home, Id, Identity, IpGroup, LoadBalancer, Meta, NatGateway, NetworkAcl,
    NetworkRule, NextHop, NodeSettings, Nsg, OutboundType, Peering, PlatformService, Pool,
    Principal, PrivateDnsZone, PrivateEndpoint, PublicAddress, PublicIp, Ref, ResolutionPolicy,
    Route, RouteDestination, RouteTable, RuleCollection, RuleCollectionGroup, RuleInfo, Rules,
    SecurityRule, Subnet, ThreatIntel, Tier, Vnet, ZoneLink,
};
use tidegate::net::{
    AppProtocol, Destination, Fqdn, FqdnPattern, PortRange, ServiceTag, Transport,
};

use super::plan::{
    API_SERVER, CollectionPlan, DnsPlan, FlowPlan, HopPlan, Machine, Place, Plan, RuleOwner,
    RulePlan, STORAGE, SecurityPlan, SidePlan, TablePlan, Wanted,
};

/// The address of the firewall inside the hub.
const FIREWALL: &str = "10.0.0.4";
/// The zone of the private endpoint.
const ZONE: &str = "privatelink.blob.core.windows.net";

/// The order in which what has no order is declared; the order of the plan with 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Order(pub(super) u64);

impl Order {
    fn of<T>(self, mut items: Vec<T>) -> Vec<T> {
        let mut state = self.0;
        for at in (1..items.len()).rev().filter(|_| self.0 != 0) {
            // A linear congruential generator is random enough to shuffle.
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let other = (state >> 33) % (at as u64 + 1);
            items.swap(at, usize::try_from(other).unwrap());
        }
        items
    }
}

pub(super) fn span() -> Span {
    Span {
        file: FileId::default(),
        start: 0,
        end: 0,
    }
}

fn origin() -> Origin {
    span().into()
}

pub(super) fn put<T>(value: T) -> Spanned<T> {
    Spanned::new(value, span())
}

pub(super) fn meta(name: &str) -> Meta {
    Meta {
        name: name.into(),
        origin: origin(),
        body: None,
        home: Home::Deployed,
    }
}

pub(super) fn parsed<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().unwrap()
}

/// Ids by name.
#[derive(Debug)]
struct Names<T>(BTreeMap<SmolStr, Id<T>>);

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Names<T> {
    fn id(&self, name: &str) -> Id<T> {
        self.0[name]
    }

    fn to(&self, name: &str) -> Ref<T> {
        Ref::known(self.id(name), name, span())
    }
}

/// Declares resources and remembers their ids.
fn declare<T: Clone>(
    order: Order,
    table: &mut tidegate::estate::Table<T>,
    items: Vec<(String, T)>,
) -> Names<T> {
    let mut names = Names::default();
    for (name, item) in order.of(items) {
        let id = table.push(item);
        names.0.insert(name.into(), id);
    }
    names
}

fn vnet_name(index: usize) -> String {
    match index {
        0 => "hub".to_owned(),
        spoke => format!("spoke-{spoke}"),
    }
}

/// The estate of a plan.
pub(super) fn estate(plan: &Plan, order: Order) -> Estate {
    let mut estate = Estate {
        region: tidegate::estate::Region::Named("westeurope".into()),
        ..Estate::default()
    };
    let vnets = (0..3).map(|index| {
        let name = vnet_name(index);
        let vnet = Vnet {
            meta: meta(&name),
            prefixes: vec![put(parsed(&format!("10.{index}.0.0/16")))],
            dns: DnsServers::Azure,
            site: None,
        };
        (name, vnet)
    });
    let vnets = declare(order, &mut estate.vnets, vnets.collect());
    let addresses = ["20.50.1.90", "20.50.1.91", "20.50.1.92", "20.50.1.93"];
    let ips = addresses.map(|address| {
        let ip = PublicIp {
            meta: meta(address),
            address: Some(put(parsed(address))),
            zones: Vec::new(),
        };
        (address.to_owned(), ip)
    });
    let ips = declare(order, &mut estate.public_ips, ips.into());
    let asg = ApplicationSecurityGroup {
        meta: meta("machines"),
        members: plan.members.as_ref().map(|members| addresses_of(members)),
    };
    let asgs = declare(
        order,
        &mut estate.security_groups,
        vec![("machines".to_owned(), asg)],
    );
    let group = IpGroup {
        meta: meta("addresses"),
        prefixes: vec![put(parsed("20.150.0.0/24")), put(parsed("10.1.0.0/24"))],
        ranges: Vec::new(),
    };
    let ip_groups = declare(
        order,
        &mut estate.ip_groups,
        vec![("addresses".to_owned(), group)],
    );
    let firewalls = firewall(plan, order, &mut estate, &vnets, &ips, &ip_groups);
    dns(plan, &mut estate, &vnets, &firewalls);
    subnets(plan, order, &mut estate, &vnets, &firewalls, &ips, &asgs);
    around(plan, order, &mut estate, &vnets, &ips);
    estate
}

fn addresses_of(machines: &[Machine]) -> Vec<Spanned<std::net::IpAddr>> {
    let addresses = machines.iter().map(|machine| parsed(&machine.address()));
    addresses.map(put).collect()
}

fn firewall(
    plan: &Plan,
    order: Order,
    estate: &mut Estate,
    vnets: &Names<Vnet>,
    ips: &Names<PublicIp>,
    groups: &Names<IpGroup>,
) -> Names<Firewall> {
    let plan = &plan.firewall;
    let settings = |intelligence: Option<ThreatIntel>| FirewallSettings {
        dns_proxy: plan.proxy.then(|| put(true)),
        threat_intel: intelligence.map(put),
        snat_private_ranges: if plan.never_translates {
            vec![put(parsed("0.0.0.0/0"))]
        } else {
            Vec::new()
        },
        ..FirewallSettings::default()
    };
    let numbered: Vec<(usize, &CollectionPlan)> = plan.collections.iter().enumerate().collect();
    let with_parent = plan.owner == RuleOwner::PolicyWithParent;
    let grouped = |above: bool| {
        let mine = numbered
            .iter()
            .filter(|(_, collection)| (collection.above && with_parent) == above);
        let mut by_group: BTreeMap<u32, Vec<RuleCollection>> = BTreeMap::new();
        for (number, plan) in mine {
            let collection = rule_collection(*number, plan, groups);
            by_group.entry(plan.group).or_default().push(collection);
        }
        let by_group = by_group
            .into_iter()
            .map(|(group, collections)| RuleCollectionGroup {
                name: format!("group-{group}").into(),
                origin: origin(),
                priority: put(200 + group),
                collections: order.of(collections),
                needs_parameter: None,
            });
        order.of(by_group.collect())
    };
    let policy = |name: &str, intelligence, groups| FirewallPolicy {
        meta: meta(name),
        tier: put(Tier::Standard),
        parent: None,
        settings: settings(intelligence),
        groups,
    };
    let mut policies = Vec::new();
    if plan.owner != RuleOwner::Firewall {
        let child = policy("child", plan.intelligence, grouped(false));
        policies.push(("child".to_owned(), child));
    }
    if with_parent {
        let parent = policy("parent", plan.intelligence_above, grouped(true));
        policies.push(("parent".to_owned(), parent));
    }
    let policies = declare(order, &mut estate.firewall_policies, policies);
    if with_parent {
        estate.firewall_policies[policies.id("child")].parent = Some(policies.to("parent"));
    }
    let classic = plan.owner == RuleOwner::Firewall;
    let collections = numbered
        .iter()
        .filter(|_| classic)
        .map(|(number, plan)| rule_collection(*number, plan, groups));
    let public_ips = ["20.50.1.90", "20.50.1.91"];
    let firewall = Firewall {
        meta: meta("fw"),
        vnet: vnets.to("hub"),
        tier: put(Tier::Standard),
        private_ip: Some(put(parsed(FIREWALL))),
        public_ips: public_ips
            .iter()
            .take(plan.public_ips)
            .map(|ip| PublicAddress::Resource(ips.to(ip)))
            .collect(),
        managed_public_ips: None,
        management_ip: None,
        policy: (!classic).then(|| policies.to("child")),
        settings: settings(plan.intelligence),
        collections: order.of(collections.collect()),
        zones: Vec::new(),
    };
    declare(
        order,
        &mut estate.firewalls,
        vec![("fw".to_owned(), firewall)],
    )
}

fn rule_collection(
    number: usize,
    plan: &CollectionPlan,
    groups: &Names<IpGroup>,
) -> RuleCollection {
    let info = |at: usize| RuleInfo {
        name: format!("rule-{number}-{at}").into(),
        origin: origin(),
        description: String::new(),
        written: None,
    };
    let rules = plan.rules.iter().enumerate();
    let place = |place: Place| match place {
        Place::Group => Endpoint::IpGroup(groups.to("addresses")),
        other => plain(other),
    };
    let destination = |wanted: Wanted| match wanted {
        Wanted::Place(to) => place(to),
        Wanted::Name(name) => Endpoint::Plain(Destination::Fqdn(parsed(name))),
    };
    let rules = if plan.application {
        let rule = |(at, rule): (usize, &RulePlan)| ApplicationRule {
            info: info(at),
            sources: vec![place(rule.source)],
            destinations: vec![match rule.destination {
                Wanted::Name(_) => destination(rule.destination),
                Wanted::Place(_) => Endpoint::Plain(Destination::Fqdn(FqdnPattern::Any)),
            }],
            protocols: vec![match rule.port {
                Some(80) => (AppProtocol::Http, 80),
                Some(1194) => (AppProtocol::Mssql, 1433),
                Some(22) => (AppProtocol::Https, 22),
                _ => (AppProtocol::Https, 443),
            }],
            terminate_tls: None,
            web_categories: Vec::new(),
        };
        Rules::Application(rules.map(rule).collect())
    } else {
        let rule = |(at, rule): (usize, &RulePlan)| NetworkRule {
            info: info(at),
            sources: vec![place(rule.source)],
            destinations: vec![match rule.destination {
                // Network rules take exact names only.
                Wanted::Name(name) if name.starts_with('*') => {
                    Endpoint::Plain(Destination::Anywhere)
                }
                other => destination(other),
            }],
            transports: vec![rule.transport],
            ports: vec![rule.port.map_or(PortRange::ALL, PortRange::single)],
        };
        Rules::Network(rules.map(rule).collect())
    };
    RuleCollection {
        name: format!("collection-{number}").into(),
        origin: origin(),
        priority: put(100 + 10 * u32::try_from(number).unwrap()),
        action: plan.action,
        rules,
    }
}

fn plain(place: Place) -> Endpoint {
    Endpoint::Plain(match place {
        Place::Anywhere | Place::Group => Destination::Anywhere,
        Place::Prefix(prefix) => Destination::Prefix(parsed(prefix)),
        Place::Tag(tag) => Destination::ServiceTag(ServiceTag::new(tag)),
    })
}

fn dns(plan: &Plan, estate: &mut Estate, vnets: &Names<Vnet>, firewalls: &Names<Firewall>) {
    for (index, spoke) in plan.spokes.iter().enumerate() {
        let servers = |texts: &[&str]| {
            DnsServers::Custom(texts.iter().map(|text| put(parsed(text))).collect())
        };
        estate.vnets[vnets.id(&vnet_name(index + 1))].dns = match spoke.dns {
            DnsPlan::Azure => DnsServers::Azure,
            DnsPlan::Firewall => DnsServers::Firewall(firewalls.to("fw")),
            DnsPlan::Server => servers(&["10.0.2.53"]),
            DnsPlan::ServerAndAzure => servers(&["10.0.2.53", "168.63.129.16"]),
        };
    }
    estate.dns_servers.push(DnsServer {
        meta: meta("resolver"),
        address: put(parsed("10.0.2.53")),
        vnet: Some(vnets.to("hub")),
        forwarders: Some(vec![put(parsed("168.63.129.16"))]),
        conditional: Vec::new(),
    });
}

fn route_table(
    name: &str,
    plan: &TablePlan,
    order: Order,
    firewalls: &Names<Firewall>,
) -> RouteTable {
    let address = |text: &str| NextHop::Addresses(vec![parsed(text)]);
    let routes = plan.routes.iter().map(|(to, hop)| Route {
        name: format!("to-{to}").into(),
        origin: origin(),
        destination: put(match to.parse() {
            Ok(prefix) => RouteDestination::Prefix(prefix),
            Err(_) => RouteDestination::ServiceTag(ServiceTag::new(*to)),
        }),
        next_hop: put(match hop {
            HopPlan::Firewall => NextHop::Firewall(firewalls.to("fw")),
            HopPlan::FirewallAddress => address(FIREWALL),
            HopPlan::WrongAddress => address("10.0.0.99"),
            HopPlan::Internet => NextHop::Internet,
            HopPlan::Drop => NextHop::Drop,
            HopPlan::Gateway => NextHop::Gateway,
            HopPlan::Local => NextHop::VnetLocal,
        }),
    });
    RouteTable {
        meta: meta(name),
        routes: order.of(routes.collect()),
        gateway_propagation: plan.propagation,
    }
}

fn security_group(
    name: &str,
    rules: &[SecurityPlan],
    order: Order,
    asgs: &Names<ApplicationSecurityGroup>,
) -> Nsg {
    let mut group = group_of(name, rules, &asgs.to("machines"));
    group.rules = order.of(group.rules);
    group
}

/// A security group whose rules name an application security group.
pub(super) fn group_of(
    name: &str,
    rules: &[SecurityPlan],
    machines: &Ref<ApplicationSecurityGroup>,
) -> Nsg {
    let place = |place: Place| match place {
        Place::Group => Endpoint::SecurityGroup(machines.clone()),
        other => plain(other),
    };
    let rules = rules.iter().zip(0_u32..).map(|(rule, at)| SecurityRule {
        name: format!("rule-{at}").into(),
        origin: origin(),
        description: String::new(),
        written: None,
        priority: put(200 + at * 10),
        direction: rule.direction,
        access: rule.access,
        transport: rule.transport,
        sources: vec![place(rule.source)],
        source_ports: vec![PortRange::ALL],
        destinations: vec![place(rule.destination)],
        destination_ports: vec![rule.port.map_or(PortRange::ALL, PortRange::single)],
    });
    Nsg {
        meta: meta(name),
        rules: rules.collect(),
    }
}

fn subnets(
    plan: &Plan,
    order: Order,
    estate: &mut Estate,
    vnets: &Names<Vnet>,
    firewalls: &Names<Firewall>,
    ips: &Names<PublicIp>,
    asgs: &Names<ApplicationSecurityGroup>,
) {
    let mut tables = Vec::new();
    let mut nsgs = Vec::new();
    for (index, spoke) in plan.spokes.iter().enumerate() {
        let name = vnet_name(index + 1);
        let rt = spoke.table.as_ref();
        tables.extend(rt.map(|rt| (name.clone(), route_table(&name, rt, order, firewalls))));
        let nsg = spoke.nsg.as_ref();
        nsgs.extend(nsg.map(|nsg| (name.clone(), security_group(&name, nsg, order, asgs))));
    }
    let hub = plan.hub_table.as_ref();
    tables.extend(hub.map(|rt| ("hub".to_owned(), route_table("hub", rt, order, firewalls))));
    let returns = plan
        .gateway
        .as_ref()
        .is_some_and(|gateway| gateway.returns_through_firewall);
    if returns {
        let plan = TablePlan {
            routes: vec![
                ("10.1.0.0/16", HopPlan::Firewall),
                ("10.2.0.0/16", HopPlan::Firewall),
            ],
            propagation: true,
        };
        let table = route_table("gateway", &plan, order, firewalls);
        tables.push(("gateway".to_owned(), table));
    }
    if plan.pool.as_ref().is_some_and(|pool| pool.interface_nsg) {
        let rules = [SecurityPlan {
            direction: tidegate::estate::Direction::Outbound,
            access: tidegate::estate::Access::Deny,
            transport: Transport::Any,
            source: Place::Anywhere,
            destination: Place::Tag("Internet"),
            port: None,
        }];
        let nsg = security_group("interfaces", &rules, order, asgs);
        nsgs.push(("interfaces".to_owned(), nsg));
    }
    let tables = declare(order, &mut estate.route_tables, tables);
    let nsgs = declare(order, &mut estate.nsgs, nsgs);
    let nat = NatGateway {
        meta: meta("nat"),
        public_ips: vec![ips.to("20.50.1.92")],
        idle_timeout: None,
    };
    let nats = declare(
        order,
        &mut estate.nat_gateways,
        vec![("nat".to_owned(), nat)],
    );
    let subnet = |vnet: &str, name: &str, prefix: &str| Subnet {
        meta: meta(name),
        vnet: vnets.id(vnet),
        prefixes: vec![put(parsed(prefix))],
        route_table: None,
        nsg: None,
        nat_gateway: None,
        service_endpoints: Vec::new(),
        delegations: Vec::new(),
        private_endpoint_policies: Default::default(),
        default_outbound: None,
        endpoint_policy: None,
    };
    let table = |name: &str| tables.0.contains_key(name).then(|| tables.to(name));
    let nsg = |name: &str| nsgs.0.contains_key(name).then(|| nsgs.to(name));
    let mut subnets = vec![
        (
            "AzureFirewallSubnet".to_owned(),
            subnet("hub", "AzureFirewallSubnet", "10.0.0.0/26"),
        ),
        (
            "shared".to_owned(),
            Subnet {
                route_table: table("hub"),
                ..subnet("hub", "shared", "10.0.2.0/24")
            },
        ),
    ];
    if plan.gateway.as_ref().is_some_and(|gateway| gateway.subnet) {
        let place = Subnet {
            route_table: table("gateway"),
            ..subnet("hub", "GatewaySubnet", "10.0.1.0/27")
        };
        subnets.push(("GatewaySubnet".to_owned(), place));
    }
    for (index, spoke) in plan.spokes.iter().enumerate() {
        let name = vnet_name(index + 1);
        let nodes = Subnet {
            route_table: table(&name),
            nsg: nsg(&name),
            nat_gateway: spoke.nat.then(|| nats.to("nat")),
            service_endpoints: spoke
                .storage_endpoint
                .then(|| put("Microsoft.Storage".into()))
                .into_iter()
                .collect(),
            default_outbound: spoke.default_outbound.map(put),
            ..subnet(&name, "nodes", &format!("10.{}.0.0/24", index + 1))
        };
        let data = Subnet {
            route_table: table(&name),
            nsg: nsg(&name),
            private_endpoint_policies: plan
                .endpoint
                .as_ref()
                .map_or(Default::default(), |endpoint| endpoint.policies),
            ..subnet(&name, "data", &format!("10.{}.1.0/24", index + 1))
        };
        subnets.push((format!("nodes-{}", index + 1), nodes));
        subnets.push((format!("data-{}", index + 1), data));
    }
    declare(order, &mut estate.subnets, subnets);
}

fn subnet_ref(estate: &Estate, vnet: &str, name: &str) -> Ref<Subnet> {
    let found = estate.subnets.iter().find(|(_, subnet)| {
        subnet.meta.name == name && estate.vnets[subnet.vnet].meta.name == vnet
    });
    let (id, _) = found.unwrap();
    Ref::known(id, format!("{vnet}/{name}"), span())
}

fn around(
    plan: &Plan,
    order: Order,
    estate: &mut Estate,
    vnets: &Names<Vnet>,
    ips: &Names<PublicIp>,
) {
    let side = |from: &str, to: &str, side: &SidePlan| {
        let peering = Peering {
            origin: origin(),
            from: vnets.to(from),
            to: vnets.to(to),
            state: side.state,
            access: side.access,
            forwarded_traffic: side.forwarded,
            gateway_transit: from == "hub" && side.gateway,
            remote_gateways: from != "hub" && side.gateway,
            existing: false,
            body: None,
            forwarded_text: None,
        };
        (format!("{from}-{to}"), peering)
    };
    let mut peerings = Vec::new();
    for (index, spoke) in plan.spokes.iter().enumerate() {
        let name = vnet_name(index + 1);
        peerings.extend(spoke.to_hub.as_ref().map(|plan| side(&name, "hub", plan)));
        peerings.extend(spoke.from_hub.as_ref().map(|plan| side("hub", &name, plan)));
    }
    declare(order, &mut estate.peerings, peerings);
    if plan.gateway.is_some() {
        estate.gateways.push(Gateway {
            meta: meta("gateway"),
            vnet: vnets.to("hub"),
            kind: put(GatewayKind::Vpn),
            learned: vec![put(parsed("192.168.0.0/16"))],
        });
    }
    if let Some(balancer) = &plan.balancer {
        let spoke = vnet_name(balancer.spoke + 1);
        let backend = subnet_ref(estate, &spoke, "nodes");
        estate.load_balancers.push(LoadBalancer {
            meta: meta("balancer"),
            public_ips: balancer
                .public
                .then(|| ips.to("20.50.1.93"))
                .into_iter()
                .collect(),
            private_ips: (!balancer.public)
                .then(|| put(parsed("10.2.0.200")))
                .into_iter()
                .collect(),
            backends: vec![backend],
            outbound_rule: balancer.outbound_rule,
            ports: Vec::new(),
        });
    }
    services(plan, order, estate);
    if let Some(endpoint) = &plan.endpoint {
        let record = DnsRecord {
            origin: origin(),
            name: "account".into(),
            addresses: vec![put(parsed("10.2.1.9"))],
            cname: None,
        };
        let link = |index: &usize| ZoneLink {
            origin: origin(),
            vnet: vnets.to(&vnet_name(*index)),
            registration: false,
            resolution: ResolutionPolicy::Default,
        };
        let zone = estate.dns_zones.push(PrivateDnsZone {
            meta: meta(ZONE),
            domain: parsed(ZONE),
            links: order.of(endpoint.linked.iter().map(link).collect()),
            records: endpoint.record.then_some(record).into_iter().collect(),
        });
        let target = estate
            .services
            .iter()
            .find(|(_, service)| service.meta.name == "account")
            .map(|(id, _)| Ref::known(id, "account", span()));
        estate.private_endpoints.push(PrivateEndpoint {
            meta: meta("endpoint"),
            subnet: subnet_ref(estate, "spoke-2", "data"),
            addresses: vec![put(parsed("10.2.1.9"))],
            names: vec![put(parsed(STORAGE))],
            zone: Some(Ref::known(zone, ZONE, span())),
            target,
        });
    }
    if let Some(pool) = &plan.pool {
        let nsg = estate
            .nsgs
            .iter()
            .find(|(_, nsg)| nsg.meta.name == "interfaces");
        let interface_nsg = nsg.map(|(id, _)| Ref::known(id, "interfaces", span()));
        estate.pools.push(Pool {
            meta: meta("pool"),
            kind: None,
            subnets: vec![subnet_ref(estate, "spoke-1", "nodes")],
            outbound: put(OutboundType::UserDefinedRouting),
            via: None,
            network_plugin: None,
            pod_prefixes: Vec::new(),
            private_cluster: None,
            private_ingress: None,
            identity: None,
            workload_identity: None,
            api_server: ApiServer {
                fqdn: Some(put(parsed(API_SERVER))),
                public_ip: Some(put(parsed("20.50.1.80"))),
                authorized_ranges: pool.ranges.map(|ranges| AuthorizedRanges {
                    origin: origin(),
                    prefixes: vec![put(parsed(ranges))],
                }),
                ..ApiServer::default()
            },
            nodes: NodeSettings {
                interface_nsg,
                ..NodeSettings::default()
            },
            http_proxy: None,
            bootstrap: None,
            properties: Vec::new(),
            management_inbound: None,
        });
    }
}

fn service(name: &str, fqdn: &str, addresses: &[&str]) -> PlatformService {
    PlatformService {
        meta: meta(name),
        kind: None,
        fqdn: put(parsed(fqdn)),
        cname: None,
        addresses: addresses.iter().map(|it| put(parsed(it))).collect(),
        resolved: None,
        tags: Vec::new(),
        region: None,
        public_access_off: None,
        acl: None,
    }
}

fn services(plan: &Plan, order: Order, estate: &mut Estate) {
    let addresses: &[&str] = match plan.storage.second {
        true => &["20.150.0.10", "20.50.1.9"],
        false => &["20.150.0.10"],
    };
    let storage = PlatformService {
        kind: Some(put("storage".into())),
        cname: plan
            .endpoint
            .is_some()
            .then(|| put(parsed("account.privatelink.blob.core.windows.net"))),
        tags: plan
            .storage
            .tagged
            .then(|| ServiceTag::new("Storage"))
            .into_iter()
            .collect(),
        public_access_off: plan.storage.closed.then(origin),
        acl: plan.storage.acl.map(|admits_nodes| NetworkAcl {
            origin: origin(),
            default_deny: true,
            prefixes: Vec::new(),
            subnets: admits_nodes
                .then(|| subnet_ref(estate, "spoke-1", "nodes"))
                .into_iter()
                .collect(),
        }),
        ..service("account", STORAGE, addresses)
    };
    let api = service("api", "api.example.com", &["20.50.1.7"]);
    let services = vec![("account".to_owned(), storage), ("api".to_owned(), api)];
    declare(order, &mut estate.services, services);
}

/// The flow of a plan, in an estate made from it.
pub(super) fn flow(plan: &FlowPlan, estate: &Estate) -> Flow {
    let address = parsed(&plan.from.address());
    let inside = |vnet: &str, name: &str| Sender::Inside {
        subnet: subnet_ref(estate, vnet, name).id.unwrap(),
        address,
    };
    let from = match plan.from {
        Machine::Nodes(spoke) => inside(&vnet_name(spoke + 1), "nodes"),
        Machine::Data(spoke) => inside(&vnet_name(spoke + 1), "data"),
        Machine::Hub => inside("hub", "shared"),
        Machine::Premises | Machine::Client => Sender::Outside {
            address,
            tags: Vec::new(),
        },
    };
    let name = |name: &str| -> Fqdn { parsed(name) };
    Flow {
        from,
        to: Target {
            name: plan.name.map(name),
            address: plan.address.map(parsed),
            tags: Vec::new(),
        },
        transport: plan.transport,
        port: plan.port,
        announced: match plan.announced {
            None => Announced::Target,
            Some(None) => Announced::Nothing,
            Some(Some(other)) => Announced::Name(name(other)),
        },
        at_once: plan.at_once,
    }
}

/// Adds resources that no flow of a plan has to do with: another network with all that belongs to one.
pub(super) fn add_strangers(estate: &mut Estate) {
    let vnet = estate.vnets.push(Vnet {
        meta: meta("stranger"),
        prefixes: vec![put(parsed("172.30.0.0/16"))],
        dns: DnsServers::Azure,
        site: None,
    });
    let vnet_ref = || Ref::known(vnet, "stranger", span());
    let collection = RuleCollection {
        name: "nothing".into(),
        origin: origin(),
        priority: put(100),
        action: Action::Deny,
        rules: Rules::Network(vec![NetworkRule {
            info: RuleInfo {
                name: "nothing".into(),
                origin: origin(),
                description: String::new(),
                written: None,
            },
            sources: vec![Endpoint::Plain(Destination::Anywhere)],
            destinations: vec![Endpoint::Plain(Destination::Anywhere)],
            transports: vec![Transport::Any],
            ports: vec![PortRange::ALL],
        }]),
    };
    let firewall = estate.firewalls.push(Firewall {
        meta: meta("strange-firewall"),
        vnet: vnet_ref(),
        tier: put(Tier::Standard),
        private_ip: Some(put(parsed("172.30.0.4"))),
        public_ips: vec![PublicAddress::Literal(put(parsed("192.0.2.77")))],
        managed_public_ips: None,
        management_ip: None,
        policy: None,
        settings: FirewallSettings::default(),
        collections: vec![collection],
        zones: Vec::new(),
    });
    let table = estate.route_tables.push(RouteTable {
        meta: meta("strange-routes"),
        routes: vec![Route {
            name: "default".into(),
            origin: origin(),
            destination: put(RouteDestination::Prefix(parsed("0.0.0.0/0"))),
            next_hop: put(NextHop::Firewall(Ref::known(
                firewall,
                "strange-firewall",
                span(),
            ))),
        }],
        gateway_propagation: false,
    });
    let nsg = estate.nsgs.push(Nsg {
        meta: meta("strange-group"),
        rules: Vec::new(),
    });
    estate.subnets.push(Subnet {
        meta: meta("AzureFirewallSubnet"),
        vnet,
        prefixes: vec![put(parsed("172.30.0.0/26"))],
        route_table: Some(Ref::known(table, "strange-routes", span())),
        nsg: Some(Ref::known(nsg, "strange-group", span())),
        nat_gateway: None,
        service_endpoints: Vec::new(),
        delegations: Vec::new(),
        private_endpoint_policies: Default::default(),
        default_outbound: None,
        endpoint_policy: None,
    });
    estate.dns_zones.push(PrivateDnsZone {
        meta: meta("stranger.internal"),
        domain: parsed("stranger.internal"),
        links: Vec::new(),
        records: Vec::new(),
    });
    estate.identities.push(Identity {
        meta: meta("strange-identity"),
        principal: Principal::FromResource,
        groups: Vec::new(),
    });
    estate
        .services
        .push(service("strange", "strange.example.org", &["192.0.2.99"]));
}
