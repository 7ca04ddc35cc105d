//! Estates with more on them than those of plans: appliances, hubs, proxies, pods, addresses of version 6, and whatever
//! templates leave unknown.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use tidegate::azure::{FqdnTagContent, FqdnTagContents};
use tidegate::base::{FileId, Span, Spanned};
use tidegate::estate::{
    Action, Allowed, Appliance, ApplianceFilter, ApplicationRule, Condition, Endpoint, Estate,
    Extent, Firewall, FirewallPolicy, Gap, Home, HttpProxy, Interface, LoadBalancer, NetworkPlugin,
    NextHop, OutboundType, PoolSetting, Proxy, ProxyEndpoint, PublicAddress, Ref, Route,
    RouteDestination, RuleCollection, RuleCollectionGroup, RuleInfo, Rules, ServiceEndpointPolicy,
    Tier, Unknown, VirtualHub,
};
use tidegate::net::{AppProtocol, Destination, FqdnTag};

use super::super::build::{self, Order, meta, parsed, put, span};
use super::super::plan::{Plan, SecurityPlan, nsg, plan};
use super::subnet;

/// A plan, and what is added to it.
#[derive(Debug, Clone)]
pub(super) struct Wider {
    plan: Plan,
    interfaces: Vec<InterfacePlan>,
    appliance: Option<AppliancePlan>,
    balancer: bool,
    routes: Vec<(Index, &'static str, HopPlan)>,
    hub: Option<HubPlan>,
    pool: PoolPlan,
    applications: Vec<ApplicationPlan>,
    tier: Tier,
    endpoint_policy: Option<PolicyPlan>,
    six: bool,
    same_region: bool,
    unknown: UnknownPlan,
}

#[derive(Debug, Clone)]
struct InterfacePlan {
    place: (&'static str, &'static str),
    /// The security group, one that is not part of the input, or none.
    rules: Option<Option<Vec<SecurityPlan>>>,
    public: bool,
    all_known: bool,
}

/// What an appliance lets through: empty texts stand for everything.
#[derive(Debug, Clone)]
struct AllowedPlan {
    to: &'static str,
    service: &'static str,
    from: &'static str,
}

#[derive(Debug, Clone)]
struct AppliancePlan {
    place: Option<(&'static str, &'static str)>,
    forwards: bool,
    translates: bool,
    public: bool,
    filter: Option<Option<Vec<AllowedPlan>>>,
}

#[derive(Debug, Clone, Copy)]
enum HopPlan {
    Appliance,
    ApplianceAddress,
    Balancer,
    FirewallOrAppliance,
    Unknown,
    Own,
}

#[derive(Debug, Clone)]
struct HubPlan {
    connected: Vec<&'static str>,
    firewall: bool,
    /// The firewall is inside of the hub, and Azure keeps so many addresses for it.
    inside: Option<u32>,
    /// The first network does not take the default route.
    without_default: bool,
    internet: bool,
    private: bool,
}

#[derive(Debug, Clone)]
struct PoolPlan {
    outbound: OutboundType,
    proxy: Option<&'static str>,
    pods: Option<(NetworkPlugin, &'static str)>,
    public_nodes: bool,
}

#[derive(Debug, Clone)]
struct ApplicationPlan {
    action: Action,
    what: &'static str,
    opens: bool,
    port: u16,
}

#[derive(Debug, Clone, Copy)]
enum PolicyPlan {
    Storage,
    Nothing,
    Unknown,
}

#[derive(Debug, Clone)]
struct UnknownPlan {
    part: bool,
    gaps: Vec<Index>,
    conditions: Vec<Index>,
    existing: Vec<Index>,
    absent_peer: bool,
}

fn rarely<T: Clone + std::fmt::Debug + 'static>(
    usual: T,
    other: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<T> {
    prop_oneof![4 => Just(usual), 1 => other].boxed()
}

fn interface() -> impl Strategy<Value = InterfacePlan> {
    let place = select(vec![
        ("spoke-1/nodes", "10.1.0.4"),
        ("spoke-1/data", "10.1.1.4"),
        ("spoke-2/nodes", "10.2.0.4"),
        ("hub/shared", "10.0.2.6"),
    ]);
    let rules = option::of(option::weighted(0.9, nsg()));
    (place, rules, any::<bool>(), any::<bool>()).prop_map(|(place, rules, public, all_known)| {
        InterfacePlan {
            place,
            rules,
            public,
            all_known,
        }
    })
}

fn appliance() -> impl Strategy<Value = AppliancePlan> {
    let place = option::weighted(
        0.9,
        select(vec![
            ("hub/shared", "10.0.2.6"),
            ("spoke-1/data", "10.1.1.4"),
            ("spoke-2/data", "10.2.1.6"),
        ]),
    );
    let allowed = select(vec![
        "20.50.1.0/24",
        "10.0.0.0/8",
        "*.example.com",
        "tag Storage",
        "fqdn-tag WindowsUpdate",
    ]);
    let service = select(vec![
        "",
        "",
        "tcp/443",
        "udp/*",
        "any",
        "https",
        "tcp/20-90",
    ]);
    let source = select(vec!["", "", "10.0.0.0/8", "10.1.1.0/24"]);
    let allowed = (allowed, service, source).prop_map(|(to, service, from)| AllowedPlan {
        to,
        service,
        from,
    });
    let filter = option::of(option::of(vec(allowed, 0..3)));
    let yes = || rarely(true, Just(false));
    (place, yes(), any::<bool>(), any::<bool>(), filter).prop_map(
        |(place, forwards, translates, public, filter)| AppliancePlan {
            place,
            forwards,
            translates,
            public,
            filter,
        },
    )
}

fn pool() -> impl Strategy<Value = PoolPlan> {
    let outbound = rarely(
        OutboundType::UserDefinedRouting,
        select(vec![
            OutboundType::LoadBalancer,
            OutboundType::ManagedNatGateway,
            OutboundType::None,
        ]),
    );
    let proxy = rarely(
        None,
        select(vec![Some("10.0.2.8"), Some("proxy.example.com")]),
    );
    let plugin = select(vec![
        NetworkPlugin::AzureOverlay,
        NetworkPlugin::Kubenet,
        NetworkPlugin::Azure,
    ]);
    let range = select(vec!["10.244.0.0/16", "10.1.1.0/25", "192.168.0.0/17"]);
    let pods = rarely(None, (plugin, range).prop_map(Some));
    (outbound, proxy, pods, rarely(false, Just(true))).prop_map(
        |(outbound, proxy, pods, public_nodes)| PoolPlan {
            outbound,
            proxy,
            pods,
            public_nodes,
        },
    )
}

fn unknown() -> impl Strategy<Value = UnknownPlan> {
    let few = || vec(any::<Index>(), 0..2);
    let some = (
        any::<bool>(),
        few(),
        few(),
        few(),
        rarely(false, Just(true)),
    )
        .prop_map(
            |(part, gaps, conditions, existing, absent_peer)| UnknownPlan {
                part,
                gaps,
                conditions,
                existing,
                absent_peer,
            },
        );
    let none = UnknownPlan {
        part: false,
        gaps: Vec::new(),
        conditions: Vec::new(),
        existing: Vec::new(),
        absent_peer: false,
    };
    prop_oneof![1 => Just(none), 1 => some]
}

/// Any estate with something more on it.
pub(super) fn wider() -> impl Strategy<Value = Wider> {
    let hop = select(vec![
        HopPlan::Appliance,
        HopPlan::ApplianceAddress,
        HopPlan::ApplianceAddress,
        HopPlan::Balancer,
        HopPlan::FirewallOrAppliance,
        HopPlan::Unknown,
        HopPlan::Own,
    ]);
    let to = select(vec![
        "0.0.0.0/0",
        "20.50.1.0/24",
        "10.2.0.0/16",
        "10.1.0.0/16",
        "192.168.0.0/16",
        "::/0",
        "fd00:2::/64",
    ]);
    let routes = vec((any::<Index>(), to, hop), 0..3);
    let networks = proptest::sample::subsequence(vec!["hub", "spoke-1", "spoke-2"], 0..=3);
    let inside = option::of(0u32..3);
    let switches = [(); 4].map(|()| any::<bool>());
    let hub = (networks, inside, switches).prop_map(
        |(connected, inside, [firewall, without_default, internet, private])| HubPlan {
            connected,
            firewall,
            inside,
            without_default,
            internet,
            private,
        },
    );
    let what = select(vec![
        "fqdn-tag AzureKubernetesService",
        "fqdn-tag WindowsUpdate",
        "category Weather",
        "*.example.com",
        "mcr.microsoft.com",
        "10.0.0.0/8",
    ]);
    let action = rarely(Action::Allow, Just(Action::Deny));
    let port = select(vec![443, 443, 80, 22]);
    let application =
        (action, what, any::<bool>(), port).prop_map(|(action, what, opens, port)| {
            ApplicationPlan {
                action,
                what,
                opens,
                port,
            }
        });
    let policy = select(vec![
        PolicyPlan::Storage,
        PolicyPlan::Nothing,
        PolicyPlan::Unknown,
    ]);
    let tier = select(vec![
        Tier::Premium,
        Tier::Premium,
        Tier::Standard,
        Tier::Basic,
    ]);
    (
        plan(),
        vec(interface(), 0..3),
        (option::of(appliance()), rarely(false, Just(true)), routes),
        option::weighted(0.25, hub),
        pool(),
        vec(application, 0..3),
        tier,
        option::weighted(0.3, policy),
        (any::<bool>(), rarely(false, Just(true))),
        unknown(),
    )
        .prop_map(
            |(
                plan,
                interfaces,
                (appliance, balancer, routes),
                hub,
                pool,
                applications,
                tier,
                endpoint_policy,
                (six, same_region),
                unknown,
            )| Wider {
                plan,
                interfaces,
                appliance,
                balancer,
                routes,
                hub,
                pool,
                applications,
                tier,
                endpoint_policy,
                six,
                same_region,
                unknown,
            },
        )
}

/// What is known of FQDN tags in these estates.
pub(super) fn fqdn_tags() -> FqdnTagContents {
    FqdnTagContents {
        tags: vec![FqdnTagContent {
            names: vec!["AzureKubernetesService".into()],
            patterns: vec![
                parsed("mcr.microsoft.com"),
                parsed("*.blob.core.windows.net"),
            ],
            disputed: vec![parsed("*.example.com"), parsed("mcr.microsoft.com")],
            basis: "written down".to_owned(),
        }],
    }
}

pub(super) fn destination(text: &str) -> Destination {
    if let Some(tag) = text.strip_prefix("tag ") {
        return Destination::ServiceTag(tidegate::net::ServiceTag::new(tag));
    }
    if let Some(tag) = text.strip_prefix("fqdn-tag ") {
        return Destination::FqdnTag(FqdnTag::new(tag));
    }
    match text.parse() {
        Ok(prefix) => Destination::Prefix(prefix),
        Err(_) => Destination::Fqdn(parsed(text)),
    }
}

/// The estate of a plan.
pub(super) fn estate(wider: &Wider) -> Estate {
    let mut estate = build::estate(&wider.plan, Order(0));
    if wider.six {
        six(&mut estate);
    }
    interfaces(wider, &mut estate);
    appliances(wider, &mut estate);
    routes(wider, &mut estate);
    if let Some(hub) = &wider.hub {
        let connections = estate.vnets.iter();
        let connections = connections.filter(|(_, vnet)| {
            let mut names = hub.connected.iter();
            names.any(|name| vnet.meta.name == *name)
        });
        let connections =
            connections.map(|(id, vnet)| Ref::known(id, vnet.meta.name.clone(), span()));
        let connections: Vec<_> = connections.collect();
        let without_default = connections.first().filter(|_| hub.without_default);
        let without_default = without_default.into_iter().cloned().collect();
        let firewall = estate.firewalls.iter().next();
        let firewall = firewall.map(|(id, _)| Ref::known(id, "fw", span()));
        if let Some(id) = firewall
            .as_ref()
            .and_then(|it| it.id)
            .filter(|_| hub.firewall)
            && let Some(kept) = hub.inside
        {
            estate.firewalls[id].vnet = Ref {
                id: None,
                name: "virtual-hub".into(),
                origin: span().into(),
            };
            estate.firewalls[id].managed_public_ips = (kept > 0).then(|| put(kept));
        }
        estate.hubs.push(VirtualHub {
            meta: meta("virtual-hub"),
            wan: None,
            prefix: hub.inside.map(|_| put(parsed("10.0.0.0/26"))),
            without_default,
            connections,
            firewall: firewall.filter(|_| hub.firewall),
            internet_routing: hub.internet,
            private_routing: hub.private,
            intent: None,
        });
    }
    pools(&wider.pool, &mut estate);
    firewalls(wider, &mut estate);
    services(wider, &mut estate);
    unknowns(&wider.unknown, &mut estate);
    estate
}

/// Addresses of version 6 for all networks.
fn six(estate: &mut Estate) {
    let ids: Vec<_> = estate.vnets.ids().collect();
    for (at, id) in ids.into_iter().enumerate() {
        let prefix = format!("fd00:{at}::/48");
        estate.vnets[id].prefixes.push(put(parsed(&prefix)));
    }
    let ids: Vec<_> = estate.subnets.ids().collect();
    for (at, id) in ids.into_iter().enumerate() {
        let vnet = estate.subnets[id].vnet.index();
        let prefix = format!("fd00:{vnet}:0:{at}::/64");
        estate.subnets[id].prefixes.push(put(parsed(&prefix)));
    }
}

fn interfaces(wider: &Wider, estate: &mut Estate) {
    for (at, plan) in wider.interfaces.iter().enumerate() {
        let (place, address) = plan.place;
        let mut earlier = wider.interfaces.iter().take(at);
        if earlier.any(|other| other.place == plan.place) {
            // Two interfaces never have one address.
            continue;
        }
        let six = format!("fd00:1:0:2::{}", at + 4);
        let nsg = plan.rules.as_ref().map(|rules| match rules {
            Some(rules) => {
                let group = estate.security_groups.iter().next();
                let group = group.map(|(id, _)| Ref::known(id, "machines", span()));
                let name = format!("interface-{at}");
                let nsg = build::group_of(&name, rules, &group.unwrap());
                Ref::known(estate.nsgs.push(nsg), name, span())
            }
            None => absent("elsewhere"),
        });
        let addresses = [Some(address), wider.six.then_some(six.as_str())];
        estate.interfaces.push(Interface {
            meta: meta(&format!("interface-{at}")),
            subnet: Ref::known(subnet(estate, place), place, span()),
            addresses: addresses
                .into_iter()
                .flatten()
                .map(|it| put(parsed(it)))
                .collect(),
            all_known: plan.all_known,
            nsg,
            public_ip: plan
                .public
                .then(|| PublicAddress::Literal(put(parsed("20.50.1.94")))),
        });
    }
}

fn absent<T>(name: &str) -> Ref<T> {
    Ref {
        id: None,
        name: name.into(),
        origin: span().into(),
    }
}

fn appliances(wider: &Wider, estate: &mut Estate) {
    if let Some(plan) = &wider.appliance {
        let place = plan
            .place
            .map(|(place, _)| Ref::known(subnet(estate, place), place, span()));
        let filter = match &plan.filter {
            None => ApplianceFilter::Unstated,
            Some(None) => ApplianceFilter::Everything,
            Some(Some(allowed)) => {
                let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
                let allowed = allowed.iter().map(|plan| Allowed {
                    name: "".into(),
                    sources: some(plan.from).iter().map(|it| parsed(it)).collect(),
                    destinations: vec![destination(plan.to)],
                    services: some(plan.service).iter().map(|it| parsed(it)).collect(),
                    reason: String::new(),
                    origin: span().into(),
                });
                ApplianceFilter::Only(allowed.collect())
            }
        };
        estate.appliances.push(Appliance {
            meta: meta("appliance"),
            subnet: place.unwrap_or_else(|| absent("elsewhere/appliances")),
            private_ips: vec![put(parsed(plan.place.map_or("10.0.2.6", |(_, it)| it)))],
            ip_forwarding: plan.forwards,
            forwarding_text: None,
            interface: None,
            public_ip: plan
                .public
                .then(|| PublicAddress::Literal(put(parsed("20.50.1.95")))),
            snat: plan.translates,
            filter,
            compiled: None,
        });
    }
    if wider.balancer {
        let backend = Ref::known(subnet(estate, "hub/shared"), "hub/shared", span());
        estate.load_balancers.push(LoadBalancer {
            meta: meta("inner"),
            public_ips: Vec::new(),
            private_ips: vec![put(parsed("10.0.2.7"))],
            backends: vec![backend],
            outbound_rule: false,
            ports: Vec::new(),
        });
    }
}

fn routes(wider: &Wider, estate: &mut Estate) {
    let ids: Vec<_> = estate.route_tables.ids().collect();
    let appliance = estate.appliances.iter().next();
    let appliance =
        appliance.map(|(id, it)| (Ref::known(id, "appliance", span()), it.private_ips[0].value));
    let held = appliance
        .as_ref()
        .map_or(parsed("10.0.2.6"), |(_, address)| *address);
    for (table, to, hop) in wider.routes.iter().filter(|_| !ids.is_empty()) {
        let next_hop = match hop {
            HopPlan::Appliance => match &appliance {
                Some((appliance, _)) => NextHop::Appliance(appliance.clone()),
                None => NextHop::Appliance(absent("appliance")),
            },
            HopPlan::ApplianceAddress => NextHop::Addresses(vec![held]),
            HopPlan::Balancer => NextHop::Addresses(vec![parsed("10.0.2.7")]),
            HopPlan::FirewallOrAppliance => NextHop::Addresses(vec![parsed("10.0.0.4"), held]),
            HopPlan::Unknown => NextHop::Unknown(unstated("parameters('hop')")),
            HopPlan::Own => NextHop::Addresses(vec![parsed("10.1.0.4")]),
        };
        let routes = &mut estate.route_tables[*table.get(&ids)].routes;
        let to = RouteDestination::Prefix(parsed(to));
        routes.retain(|route| route.destination.value != to);
        routes.push(Route {
            name: "more".into(),
            origin: span().into(),
            destination: put(to),
            next_hop: put(next_hop),
        });
    }
}

fn unstated(text: &str) -> Unknown {
    Unknown {
        text: text.into(),
        origin: span().into(),
    }
}

fn pools(plan: &PoolPlan, estate: &mut Estate) {
    let Some(id) = estate.pools.ids().next() else {
        return;
    };
    if let Some(host) = plan.proxy {
        let place = Ref::known(subnet(estate, "hub/shared"), "hub/shared", span());
        estate.proxies.push(Proxy {
            meta: meta("proxy"),
            subnet: Some(place),
            address: put(parsed("10.0.2.8")),
            port: 3128,
            allowed: None,
        });
        estate.pools[id].http_proxy = Some(HttpProxy {
            origin: span().into(),
            http: Some(put(ProxyEndpoint {
                host: host.into(),
                port: 3128,
            })),
            https: None,
            no_proxy: vec![put("example.com".into()), put("10.0.0.0/8".into())],
        });
    }
    let pool = &mut estate.pools[id];
    pool.outbound = put(plan.outbound);
    pool.nodes.public_ips = plan.public_nodes.then(|| span().into());
    if let Some((plugin, range)) = plan.pods {
        pool.network_plugin = Some(put(plugin));
        pool.pod_prefixes = vec![put(parsed(range))];
    }
}

fn firewalls(wider: &Wider, estate: &mut Estate) {
    let rule = |(at, plan): (usize, &ApplicationPlan)| {
        let category = plan.what.strip_prefix("category ");
        let rule = ApplicationRule {
            info: RuleInfo {
                name: format!("more-{at}").into(),
                origin: span().into(),
                description: String::new(),
                written: None,
            },
            sources: vec![Endpoint::Plain(Destination::Anywhere)],
            destinations: match category {
                Some(_) => Vec::new(),
                None => vec![Endpoint::Plain(destination(plan.what))],
            },
            protocols: vec![match plan.port {
                80 => (AppProtocol::Http, 80),
                port => (AppProtocol::Https, port),
            }],
            terminate_tls: plan.opens.then(|| span().into()),
            web_categories: category.map(|it| put(it.into())).into_iter().collect(),
        };
        RuleCollection {
            name: format!("more-{at}").into(),
            origin: span().into(),
            priority: put(150 + u32::try_from(at).unwrap()),
            action: plan.action,
            rules: Rules::Application(vec![rule]),
        }
    };
    let collections: Vec<_> = wider.applications.iter().enumerate().map(rule).collect();
    let Some(id) = estate.firewalls.ids().next() else {
        return;
    };
    estate.firewalls[id].tier = put(wider.tier);
    match estate.firewalls[id].policy.as_ref().and_then(|it| it.id) {
        None => estate.firewalls[id].collections.extend(collections),
        Some(policy) => estate.firewall_policies[policy]
            .groups
            .push(RuleCollectionGroup {
                name: "more".into(),
                origin: span().into(),
                priority: put(201),
                collections,
                needs_parameter: None,
            }),
    }
}

fn services(wider: &Wider, estate: &mut Estate) {
    let storage = estate.services.iter().find(|(_, it)| it.kind.is_some());
    let Some((storage, _)) = storage else { return };
    if wider.same_region {
        estate.services[storage].region = Some(put("westeurope".into()));
    }
    if let Some(policy) = wider.endpoint_policy {
        let nodes = subnet(estate, "spoke-1/nodes");
        estate.subnets[nodes].endpoint_policy = Some(ServiceEndpointPolicy {
            origin: span().into(),
            allowed: match policy {
                PolicyPlan::Storage => vec![Ref::known(storage, "account", span())],
                PolicyPlan::Nothing => Vec::new(),
                PolicyPlan::Unknown => vec![absent("a whole resource group")],
            },
        });
    }
}

fn unknowns(plan: &UnknownPlan, estate: &mut Estate) {
    let places = place(estate);
    if plan.part {
        estate.gaps.extent = Extent::Part;
    }
    let gaps = all_gaps(estate);
    for index in &plan.gaps {
        let gap = *index.get(&gaps);
        estate.gaps.add(gap, unstated("parameters('gap')"));
    }
    for (at, index) in plan.conditions.iter().enumerate() {
        estate.gaps.conditions.push(Condition {
            resource: *index.get(&places),
            text: format!("parameters('condition{at}')").into(),
        });
    }
    let existing = Home::Existing {
        resource_group: None,
        subscription: None,
    };
    let vnets: Vec<_> = estate.vnets.ids().collect();
    for index in &plan.existing {
        estate.vnets[*index.get(&vnets)].meta.home = existing.clone();
        if let Some(firewall) = estate.firewalls.ids().next() {
            estate.firewalls[firewall].meta.home = existing.clone();
        }
    }
    if plan.absent_peer
        && let Some(id) = estate.peerings.ids().last()
    {
        estate.peerings[id].to = absent("elsewhere");
    }
}

/// Everything of an estate that may not be known.
fn all_gaps(estate: &Estate) -> Vec<Gap> {
    let mut gaps = Vec::new();
    for id in estate.vnets.ids() {
        gaps.extend([
            Gap::VnetAddresses(id),
            Gap::VnetSettings(id),
            Gap::Subnets(id),
            Gap::Forwarding(id),
        ]);
    }
    for id in estate.subnets.ids() {
        gaps.extend([
            Gap::SubnetSettings(id),
            Gap::ServiceEndpoints(id),
            Gap::EndpointPolicies(id),
            Gap::Exit(id),
            Gap::InterfaceGroup(id),
        ]);
    }
    gaps.extend(estate.route_tables.ids().map(Gap::Routes));
    gaps.extend(estate.nsgs.ids().map(Gap::SecurityRules));
    for id in estate.firewall_policies.ids() {
        gaps.extend([Gap::PolicyRules(id), Gap::PolicySettings(id)]);
    }
    for id in estate.firewalls.ids() {
        gaps.extend([
            Gap::FirewallRules(id),
            Gap::FirewallSettings(id),
            Gap::FirewallAddresses(id),
        ]);
    }
    gaps.extend(estate.ip_groups.ids().map(Gap::Members));
    gaps.extend(estate.nat_gateways.ids().map(Gap::NatGateway));
    gaps.extend(estate.load_balancers.ids().map(Gap::LoadBalancer));
    for id in estate.dns_zones.ids() {
        gaps.extend([Gap::ZoneLinks(id), Gap::ZoneRecords(id)]);
    }
    for id in estate.hubs.ids() {
        gaps.extend([Gap::HubConnections(id), Gap::HubRouting(id)]);
    }
    gaps.extend(estate.services.ids().map(Gap::ServiceAccess));
    let settings = [
        PoolSetting::PrivateCluster,
        PoolSetting::ApiServerName,
        PoolSetting::AuthorizedRanges,
        PoolSetting::Pods,
        PoolSetting::HttpProxy,
    ];
    for id in estate.pools.ids() {
        gaps.extend(settings.map(|setting| Gap::Pool(id, setting)));
    }
    gaps
}

/// Gives every element a place of its own, and says which places a condition may hold: whole resources, and single
/// routes and rules.
fn place(estate: &mut Estate) -> Vec<Span> {
    let mut next = 1_000;
    let mut resources = Vec::new();
    macro_rules! each {
        ($table:ident, |$item:ident, $place:ident| $inside:expr) => {
            let ids: Vec<_> = estate.$table.ids().collect();
            for id in ids {
                let start = next;
                let mut $place = || {
                    next += 1;
                    at(next)
                };
                let $item = &mut estate.$table[id];
                $item.meta.origin = $place().into();
                $inside;
                next += 1;
                resources.push(Span {
                    end: next,
                    ..at(start)
                });
            }
        };
    }
    each!(
        route_tables,
        |table, place| for route in &mut table.routes {
            let own = place();
            route.origin = own.into();
            route.next_hop.span = own;
        }
    );
    each!(nsgs, |nsg, place| for rule in &mut nsg.rules {
        rule.origin = place().into();
    });
    each!(subnets, |subnet, place| {
        let own = place();
        subnet
            .nat_gateway
            .iter_mut()
            .for_each(|it| it.origin = own.into());
        subnet
            .default_outbound
            .iter_mut()
            .for_each(|it| it.span = own);
        subnet
            .endpoint_policy
            .iter_mut()
            .for_each(|it| it.origin = own.into());
    });
    each!(firewalls, |firewall, place| {
        let own = place();
        of_firewall(firewall, own);
        rules(&mut firewall.collections, &mut place);
    });
    each!(firewall_policies, |policy, place| {
        let own = place();
        of_policy(policy, own);
        for group in &mut policy.groups {
            rules(&mut group.collections, &mut place);
        }
    });
    each!(services, |service, place| {
        let own = place();
        service.acl.iter_mut().for_each(|it| it.origin = own.into());
        service
            .public_access_off
            .iter_mut()
            .for_each(|it| *it = own.into());
    });
    each!(nat_gateways, |_nat, place| place());
    each!(load_balancers, |_balancer, place| place());
    each!(gateways, |_gateway, place| place());
    each!(appliances, |_appliance, place| place());
    each!(interfaces, |_interface, place| place());
    each!(private_endpoints, |_endpoint, place| place());
    each!(hubs, |_hub, place| place());
    let ids: Vec<_> = estate.peerings.ids().collect();
    for id in ids {
        next += 1;
        estate.peerings[id].origin = at(next).into();
        resources.push(at(next));
    }
    let tables = estate.route_tables.iter();
    let routes = tables.flat_map(|(_, table)| &table.routes);
    resources.extend(routes.filter_map(|route| route.origin.span()));
    let nsgs = estate.nsgs.iter().flat_map(|(_, nsg)| &nsg.rules);
    resources.extend(nsgs.filter_map(|rule| rule.origin.span()));
    resources
}

fn at(place: u32) -> Span {
    Span {
        file: FileId::default(),
        start: place,
        end: place + 1,
    }
}

fn of_firewall(firewall: &mut Firewall, own: Span) {
    for ip in &mut firewall.public_ips {
        match ip {
            PublicAddress::Resource(resource) => resource.origin = own.into(),
            PublicAddress::Literal(Spanned { span, .. }) => *span = own,
        }
    }
    let mode = firewall.settings.threat_intel.iter_mut();
    mode.for_each(|mode| mode.span = own);
}

fn of_policy(policy: &mut FirewallPolicy, own: Span) {
    let mode = policy.settings.threat_intel.iter_mut();
    mode.for_each(|mode| mode.span = own);
}

fn rules(collections: &mut [RuleCollection], place: &mut impl FnMut() -> Span) {
    for collection in collections {
        match &mut collection.rules {
            Rules::Network(rules) => {
                rules
                    .iter_mut()
                    .for_each(|rule| rule.info.origin = place().into());
            }
            Rules::Application(rules) => {
                rules
                    .iter_mut()
                    .for_each(|rule| rule.info.origin = place().into());
            }
            Rules::Nat(_) => {}
        }
    }
}
