//! How much of each of Azure's limits an estate uses
//! (MicrosoftDocs/azure-docs, includes/azure-virtual-network-limits.md and includes/firewall-limits.md).

use std::collections::{BTreeMap, BTreeSet};

use crate::base::Origin;
use crate::estate::{
    DnsServers, Endpoint, Estate, Firewall, FirewallPolicy, Id, Meta, PublicAddress,
    RouteDestination, RouteTable, Vnet,
};

use super::facts::{Bound, Facts, Limit, LimitFact, LimitState};
use super::rule_sets::{self, RuleSet, with_parents};

/// A count that Azure limits.
#[derive(Debug, Clone)]
pub struct Usage<'a> {
    /// What has them, such as ``route table `to-fw` ``.
    pub holder: String,
    /// What is counted, such as `routes`.
    pub counted: &'static str,
    /// How many there are.
    pub count: u64,
    /// The limit.
    pub limit: Limit,
    /// What is known about it.
    pub fact: &'a LimitFact,
    /// Where the holder is declared.
    pub origin: Origin,
    /// The first element with which the count goes over the value of the limit.
    pub over: Option<Origin>,
}

impl Usage<'_> {
    /// How the count stands to the limit.
    #[must_use]
    pub fn state(&self) -> LimitState {
        self.fact.state(self.count)
    }
}

/// Counts that Azure limits, of everything that has any. Lengths of names are apart, in [`name_lengths`].
#[must_use]
pub fn usage<'a>(estate: &Estate, facts: &'a Facts) -> Vec<Usage<'a>> {
    let mut counter = Counter {
        facts,
        usages: Vec::new(),
    };
    networks(estate, &mut counter);
    security_groups(estate, &mut counter);
    for (_, group) in estate.ip_groups.iter() {
        let prefixes = group.prefixes.iter().map(|prefix| prefix.span);
        let ranges = group.ranges.iter().map(|range| range.span);
        let entries = prefixes.chain(ranges).map(Origin::from);
        let holder = Holder::new("IP group", &group.meta);
        counter.each(
            &holder,
            "entries",
            Limit::FirewallEntriesPerIpGroup,
            entries,
        );
    }
    firewalls(estate, &mut counter);
    counter.usages
}

/// The element, in the order of the sources, with which the sum of shares goes over a limit. Compiled rules stand in
/// another order, which tells nothing to whoever has to take some away.
fn first_over(elements: &mut [(Origin, u64)], limit: u64) -> Option<Origin> {
    elements.sort_by_key(|(origin, _)| origin.span());
    let mut sum: u64 = 0;
    let over = elements.iter().find(|(_, share)| {
        sum = sum.saturating_add(*share);
        sum > limit
    });
    over.map(|(origin, _)| *origin)
}

/// What has a count.
struct Holder {
    words: String,
    origin: Origin,
}

impl Holder {
    fn new(kind: &str, meta: &Meta) -> Self {
        Self {
            words: format!("{kind} `{}`", meta.name),
            origin: meta.origin,
        }
    }
}

struct Counter<'a> {
    facts: &'a Facts,
    usages: Vec<Usage<'a>>,
}

impl Counter<'_> {
    /// Counts one for each element.
    fn each(
        &mut self,
        holder: &Holder,
        counted: &'static str,
        limit: Limit,
        elements: impl IntoIterator<Item = Origin>,
    ) {
        let elements = elements.into_iter().map(|origin| (origin, 1));
        self.sum(holder, counted, limit, elements);
    }

    /// Adds up what each element counts for. A count of nothing is not kept.
    fn sum(
        &mut self,
        holder: &Holder,
        counted: &'static str,
        limit: Limit,
        elements: impl IntoIterator<Item = (Origin, u64)>,
    ) {
        let fact = self.facts.limit(limit);
        let mut elements: Vec<(Origin, u64)> = elements.into_iter().collect();
        let count = elements
            .iter()
            .fold(0u64, |sum, (_, share)| sum.saturating_add(*share));
        let exceeded = fact.bound == Bound::Maximum && count > fact.value;
        let over = exceeded
            .then(|| first_over(&mut elements, fact.value))
            .flatten();
        if count > 0 {
            self.usages.push(Usage {
                holder: holder.words.clone(),
                counted,
                count,
                limit,
                fact,
                origin: holder.origin,
                over,
            });
        }
    }
}

fn networks(estate: &Estate, counter: &mut Counter<'_>) {
    let subnets = estate.subnets.iter();
    let subnets = by_vnet(subnets.map(|(_, it)| (Some(it.vnet), it.meta.origin)));
    let peerings = estate.peerings.iter();
    let peerings = by_vnet(peerings.map(|(_, it)| (it.from.id, it.origin)));
    let of = |origins: &BTreeMap<Id<Vnet>, Vec<Origin>>, id| {
        origins.get(&id).cloned().unwrap_or_default()
    };
    let in_azure = estate.vnets.iter().filter(|(_, vnet)| vnet.site.is_none());
    for (id, vnet) in in_azure {
        let holder = Holder::new("vnet", &vnet.meta);
        let limit = Limit::SubnetsPerVirtualNetwork;
        counter.each(&holder, "subnets", limit, of(&subnets, id));
        let limit = Limit::PeeringsPerVirtualNetwork;
        counter.each(&holder, "peerings", limit, of(&peerings, id));
        if let DnsServers::Custom(servers) = &vnet.dns {
            let servers = servers.iter().map(|server| server.span.into());
            counter.each(
                &holder,
                "DNS servers",
                Limit::DnsServersPerVirtualNetwork,
                servers,
            );
        }
    }
    let of_sites: BTreeSet<Id<RouteTable>> = estate
        .subnets
        .iter()
        .filter(|(id, _)| estate.is_on_premises(*id))
        .filter_map(|(_, subnet)| subnet.route_table.as_ref()?.id)
        .collect();
    let tables = estate.route_tables.iter();
    for (_, table) in tables.filter(|(id, _)| !of_sites.contains(id)) {
        let holder = Holder::new("route table", &table.meta);
        let routes = table.routes.iter().map(|route| route.origin);
        counter.each(&holder, "routes", Limit::RoutesPerRouteTable, routes);
        let tagged = table
            .routes
            .iter()
            .filter(|route| matches!(route.destination.value, RouteDestination::ServiceTag(_)));
        let tagged = tagged.map(|route| route.origin);
        let limit = Limit::ServiceTagRoutesPerRouteTable;
        counter.each(&holder, "routes with a service tag", limit, tagged);
    }
    for (_, gateway) in estate.nat_gateways.iter() {
        let holder = Holder::new("NAT gateway", &gateway.meta);
        let addresses = gateway.public_ips.iter().map(|ip| ip.origin);
        let limit = Limit::PublicAddressesPerNatGateway;
        counter.each(&holder, "public addresses", limit, addresses);
    }
}

fn by_vnet(
    origins: impl Iterator<Item = (Option<Id<Vnet>>, Origin)>,
) -> BTreeMap<Id<Vnet>, Vec<Origin>> {
    let mut by_vnet: BTreeMap<Id<Vnet>, Vec<Origin>> = BTreeMap::new();
    for (vnet, origin) in origins {
        if let Some(vnet) = vnet {
            by_vnet.entry(vnet).or_default().push(origin);
        }
    }
    by_vnet
}

fn security_groups(estate: &Estate, counter: &mut Counter<'_>) {
    for (_, nsg) in estate.nsgs.iter() {
        let holder = Holder::new("NSG", &nsg.meta);
        let rules = nsg.rules.iter().map(|rule| rule.origin);
        counter.each(&holder, "rules", Limit::RulesPerNetworkSecurityGroup, rules);
        let sources = nsg
            .rules
            .iter()
            .map(|rule| (rule.origin, addresses(&rule.sources)));
        let limit = Limit::SourceAddressesPerNetworkSecurityGroup;
        counter.sum(&holder, "source addresses", limit, sources);
        let destinations = nsg.rules.iter();
        let destinations = destinations.map(|rule| (rule.origin, addresses(&rule.destinations)));
        let limit = Limit::DestinationAddressesPerNetworkSecurityGroup;
        counter.sum(&holder, "destination addresses", limit, destinations);
    }
}

/// Ends that are addresses; groups are limited apart.
fn addresses(ends: &[Endpoint]) -> u64 {
    let plain = ends.iter().filter(|end| matches!(end, Endpoint::Plain(_)));
    as_count(plain.count())
}

fn as_count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn firewalls(estate: &Estate, counter: &mut Counter<'_>) {
    for (id, policy) in estate.firewall_policies.iter() {
        let holder = Holder::new("firewall policy", &policy.meta);
        let groups = policy.groups.iter().map(|group| group.origin);
        let limit = Limit::FirewallRuleCollectionGroupsPerPolicy;
        counter.each(&holder, "rule collection groups", limit, groups);
        let servers = policy.settings.dns_servers.iter();
        let servers = servers.map(|server| server.span.into());
        counter.each(&holder, "DNS servers", Limit::FirewallDnsServers, servers);
        if is_loose(estate, id) {
            rules(&holder, &with_parents(estate, id), &[], counter);
        }
    }
    for (id, firewall) in estate.firewalls.iter() {
        let holder = Holder::new("firewall", &firewall.meta);
        let servers = firewall.settings.dns_servers.iter();
        let servers = servers.map(|server| server.span.into());
        counter.each(&holder, "DNS servers", Limit::FirewallDnsServers, servers);
        let addresses = public_addresses(firewall);
        let limit = Limit::FirewallPublicAddresses;
        counter.each(
            &holder,
            "public addresses",
            limit,
            addresses.iter().copied(),
        );
        rules(
            &holder,
            &rule_sets::of_firewall(estate, id),
            &addresses,
            counter,
        );
    }
}

fn public_addresses(firewall: &Firewall) -> Vec<Origin> {
    let origin = |address: &PublicAddress| match address {
        PublicAddress::Resource(ip) => ip.origin,
        PublicAddress::Literal(ip) => ip.span.into(),
    };
    firewall.public_ips.iter().map(origin).collect()
}

/// Whether a policy belongs to no firewall and is above no other policy, so that nobody else counts its rules.
fn is_loose(estate: &Estate, id: Id<FirewallPolicy>) -> bool {
    let mut firewalls = estate.firewalls.iter();
    let mut policies = estate.firewall_policies.iter();
    let attached = firewalls
        .any(|(_, firewall)| firewall.policy.as_ref().and_then(|policy| policy.id) == Some(id));
    let above =
        policies.any(|(_, policy)| policy.parent.as_ref().and_then(|parent| parent.id) == Some(id));
    !attached && !above
}

/// What Azure counts of all rules of a firewall together.
fn rules(holder: &Holder, sets: &[RuleSet<'_>], addresses: &[Origin], counter: &mut Counter<'_>) {
    let collections = sets.iter().flat_map(RuleSet::collections);
    let collections = collections.map(|collection| collection.origin);
    let limit = Limit::FirewallRuleCollections;
    counter.each(holder, "rule collections", limit, collections);

    let network = || {
        sets.iter()
            .flat_map(RuleSet::network_rules)
            .map(|placed| placed.rule)
    };
    let application = || {
        sets.iter()
            .flat_map(RuleSet::application_rules)
            .map(|placed| placed.rule)
    };
    let nat = || {
        sets.iter()
            .flat_map(RuleSet::nat_rules)
            .map(|placed| placed.rule)
    };

    let limit = Limit::FirewallUniqueSourcesDestinations;
    let pairs = network().map(|rule| {
        let pairs = distinct(&rule.sources).saturating_mul(distinct(&rule.destinations));
        (rule.info.origin, pairs)
    });
    counter.sum(
        holder,
        "source and destination pairs in network rules",
        limit,
        pairs,
    );
    let rules = application().map(|rule| rule.info.origin);
    counter.each(holder, "application rules", limit, rules);

    let names = network().flat_map(|rule| {
        let names = rule.destinations.iter().filter_map(name_of);
        names.map(|name| (name, rule.info.origin))
    });
    let limit = Limit::FirewallNamesInNetworkRules;
    counter.each(
        holder,
        "domain names in network rules",
        limit,
        first_of_each(names),
    );

    let targets = nat().flat_map(|rule| {
        let transports = rule.transports.iter();
        transports.flat_map(move |transport| {
            let destinations = rule.destinations.iter();
            destinations.map(move |to| ((words(to), rule.port, *transport), rule.info.origin))
        })
    });
    let targets = first_of_each(targets).into_iter();
    let limit = Limit::FirewallDnatUniqueDestinations;
    if nat().next().is_some() {
        let all = addresses.iter().copied().chain(targets);
        counter.each(holder, "public addresses and DNAT destinations", limit, all);
    }

    let of_network = network().map(|rule| (rule.info.origin, &rule.sources, &rule.destinations));
    let of_application =
        application().map(|rule| (rule.info.origin, &rule.sources, &rule.destinations));
    let of_nat = nat().map(|rule| (rule.info.origin, &rule.sources, &rule.destinations));
    let groups = of_network.chain(of_application).chain(of_nat);
    let groups = groups.flat_map(|(origin, sources, destinations)| {
        let groups = sources.iter().chain(destinations).filter_map(group_of);
        groups.map(move |group| (group, origin))
    });
    counter.each(
        holder,
        "IP groups",
        Limit::FirewallIpGroups,
        first_of_each(groups),
    );
}

/// How many different ends there are; an IP group is one.
fn distinct(ends: &[Endpoint]) -> u64 {
    match ends {
        [] => 0,
        [_] => 1,
        _ => as_count(ends.iter().map(words).collect::<BTreeSet<String>>().len()),
    }
}

/// An end as text; the kind comes first, so that a group and an address are never the same.
fn words(end: &Endpoint) -> String {
    match end {
        Endpoint::Plain(destination) => destination.to_string(),
        Endpoint::IpGroup(group) => format!("ip-group {}", group.name.to_ascii_lowercase()),
        Endpoint::SecurityGroup(group) => {
            format!("security-group {}", group.name.to_ascii_lowercase())
        }
    }
}

fn name_of(end: &Endpoint) -> Option<String> {
    match end {
        Endpoint::Plain(destination) if destination.is_name() => Some(destination.to_string()),
        _ => None,
    }
}

fn group_of(end: &Endpoint) -> Option<String> {
    match end {
        Endpoint::IpGroup(group) => Some(group.name.to_ascii_lowercase()),
        Endpoint::Plain(_) | Endpoint::SecurityGroup(_) => None,
    }
}

/// The places at which each value stands for the first time.
fn first_of_each<K: Ord>(values: impl IntoIterator<Item = (K, Origin)>) -> Vec<Origin> {
    let mut seen = BTreeSet::new();
    let values = values.into_iter();
    values
        .filter_map(|(value, origin)| seen.insert(value).then_some(origin))
        .collect()
}

/// The lengths of names, where Azure limits them.
#[must_use]
pub fn name_lengths<'a>(estate: &Estate, facts: &'a Facts) -> Vec<Usage<'a>> {
    let mut usages = Vec::new();
    let mut take = |kind: &str, name: &str, origin: Origin, limits: &[Limit]| {
        for limit in limits {
            usages.push(Usage {
                holder: format!("the name of {kind} `{name}`"),
                counted: "characters",
                count: as_count(name.chars().count()),
                limit: *limit,
                fact: facts.limit(*limit),
                origin,
                over: None,
            });
        }
    };
    let general = [Limit::NameLengthNetworkResource];
    let vnet = [
        Limit::NameLengthVirtualNetworkMinimum,
        Limit::NameLengthVirtualNetwork,
    ];
    let endpoint = [
        Limit::NameLengthPrivateEndpointMinimum,
        Limit::NameLengthPrivateEndpoint,
    ];
    let identity = [Limit::NameLengthIdentityMinimum, Limit::NameLengthIdentity];
    let mut resource = |kind, meta: &Meta, limits: &[Limit]| {
        if meta.has_known_name() {
            take(kind, &meta.name, meta.origin, limits);
        }
    };
    macro_rules! tables {
        ($($table:ident $kind:literal $limits:expr;)*) => {
            $(for (_, element) in estate.$table.iter() {
                resource($kind, &element.meta, $limits);
            })*
        };
    }
    tables! {
        vnets "vnet" &vnet;
        subnets "subnet" &general;
        route_tables "route table" &general;
        nsgs "NSG" &general;
        firewalls "firewall" &[Limit::NameLengthFirewall];
        firewall_policies "firewall policy" &general;
        ip_groups "IP group" &general;
        public_ips "public IP" &general;
        nat_gateways "NAT gateway" &general;
        private_endpoints "private endpoint" &endpoint;
        identities "identity" &identity;
    }
    for (_, pool) in estate.pools.iter() {
        let limit = match pool.kind.as_ref().map(|kind| kind.value.as_str()) {
            Some("aks") => Limit::NameLengthAksCluster,
            Some("hdinsight-on-aks") => Limit::NameLengthHdinsightOnAksPool,
            _ => continue,
        };
        resource("pool", &pool.meta, &[limit]);
    }
    for set in rule_sets::rule_sets(estate) {
        for group in set.groups() {
            take("rule collection group", &group.name, group.origin, &general);
        }
        for collection in set.collections() {
            let limits = [Limit::NameLengthRuleCollection];
            take(
                "rule collection",
                &collection.name,
                collection.origin,
                &limits,
            );
        }
    }
    for route in estate
        .route_tables
        .iter()
        .flat_map(|(_, table)| &table.routes)
    {
        take("route", &route.name, route.origin, &general);
    }
    for rule in estate.nsgs.iter().flat_map(|(_, nsg)| &nsg.rules) {
        take("security rule", &rule.name, rule.origin, &general);
    }
    usages
}
