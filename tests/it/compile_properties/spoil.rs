//! One thing of an estate made other than it was: what a faulty emitter or a hand could do to it.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use tidegate::base::Spanned;
use tidegate::estate::{
    Access, Action, ApplicationRule, Direction, DnsServers, Endpoint, Estate, Firewall,
    FirewallPolicy, Id, NetworkRule, NextHop, Nsg, Route, RouteDestination, RuleCollection, Rules,
    SecurityRule, Subnet,
};
use tidegate::net::{Destination, FqdnPattern, PortRange, ServiceTag, Transport};

/// What is done, and to which of all that it can be done to.
#[derive(Debug, Clone)]
pub(super) struct Spoil {
    pub(super) kind: Kind,
    place: Index,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    RouteLost,
    RouteHalved,
    RouteToInternet,
    RouteToNothing,
    RouteAdded,
    TableLost,
    GroupLost,
    SecurityRuleLost,
    SecurityRuleTurned,
    SecurityRuleLast,
    DeniedOut,
    LetIn,
    ServiceEndpointAdded,
    DnsOfAzure,
    CollectionLost,
    CollectionTurned,
    CollectionLast,
    RuleLost,
    DestinationLost,
    DestinationWider,
    DestinationOther,
    PortAdded,
    PortOther,
    TransportOther,
    SourceOther,
}

const KINDS: [Kind; 25] = [
    Kind::RouteLost,
    Kind::RouteHalved,
    Kind::RouteToInternet,
    Kind::RouteToNothing,
    Kind::RouteAdded,
    Kind::TableLost,
    Kind::GroupLost,
    Kind::SecurityRuleLost,
    Kind::SecurityRuleTurned,
    Kind::SecurityRuleLast,
    Kind::DeniedOut,
    Kind::LetIn,
    Kind::ServiceEndpointAdded,
    Kind::DnsOfAzure,
    Kind::CollectionLost,
    Kind::CollectionTurned,
    Kind::CollectionLast,
    Kind::RuleLost,
    Kind::DestinationLost,
    Kind::DestinationWider,
    Kind::DestinationOther,
    Kind::PortAdded,
    Kind::PortOther,
    Kind::TransportOther,
    Kind::SourceOther,
];

/// Anything that can be done.
pub(super) fn spoil() -> impl Strategy<Value = Spoil> {
    (select(KINDS.to_vec()), any::<Index>()).prop_map(|(kind, place)| Spoil { kind, place })
}

impl Spoil {
    /// Does it, where there is something that it can be done to.
    pub(super) fn apply(&self, estate: &mut Estate) {
        match self.kind {
            Kind::RouteLost
            | Kind::RouteHalved
            | Kind::RouteToInternet
            | Kind::RouteToNothing
            | Kind::RouteAdded => self.routes(estate),
            Kind::TableLost | Kind::GroupLost | Kind::ServiceEndpointAdded => self.subnet(estate),
            Kind::SecurityRuleLost
            | Kind::SecurityRuleTurned
            | Kind::SecurityRuleLast
            | Kind::DeniedOut
            | Kind::LetIn => self.security(estate),
            Kind::DnsOfAzure => {
                let vnets: Vec<_> = estate.vnets.ids().collect();
                estate.vnets[*self.place.get(&vnets)].dns = DnsServers::Azure;
            }
            Kind::CollectionLost | Kind::CollectionTurned | Kind::CollectionLast => {
                self.collections(estate);
            }
            Kind::RuleLost
            | Kind::DestinationLost
            | Kind::DestinationWider
            | Kind::DestinationOther
            | Kind::PortAdded
            | Kind::PortOther
            | Kind::TransportOther
            | Kind::SourceOther => self.rule(estate),
        }
    }

    fn routes(&self, estate: &mut Estate) {
        let tables: Vec<_> = estate.route_tables.ids().collect();
        if tables.is_empty() {
            return;
        }
        let routes = &mut estate.route_tables[*self.place.get(&tables)].routes;
        let Some(first) = routes.first().cloned() else {
            return;
        };
        let prefix = |text: &str| RouteDestination::Prefix(text.parse().unwrap());
        match self.kind {
            Kind::RouteLost => routes.clear(),
            Kind::RouteAdded => routes.push(Route {
                name: "more".into(),
                destination: Spanned::new(prefix("20.0.0.0/8"), first.destination.span),
                next_hop: Spanned::new(NextHop::Internet, first.next_hop.span),
                ..first
            }),
            Kind::RouteHalved => routes[0].destination.value = prefix("128.0.0.0/1"),
            Kind::RouteToInternet => routes[0].next_hop.value = NextHop::Internet,
            _ => routes[0].next_hop.value = NextHop::Drop,
        }
    }

    fn subnet(&self, estate: &mut Estate) {
        let all: Vec<_> = estate.subnets.ids().collect();
        let routed = all
            .into_iter()
            .filter(|id| estate.subnets[*id].route_table.is_some());
        let routed: Vec<_> = routed.collect();
        if routed.is_empty() {
            return;
        }
        let subnet: &mut Subnet = &mut estate.subnets[*self.place.get(&routed)];
        match self.kind {
            Kind::TableLost => subnet.route_table = None,
            Kind::GroupLost => subnet.nsg = None,
            _ => {
                let span = subnet.prefixes[0].span;
                let storage = Spanned::new("Microsoft.Storage".into(), span);
                subnet.service_endpoints.push(storage);
            }
        }
    }

    fn security(&self, estate: &mut Estate) {
        let groups: Vec<_> = estate.nsgs.ids().collect();
        if groups.is_empty() {
            return;
        }
        let nsg: &mut Nsg = &mut estate.nsgs[*self.place.get(&groups)];
        let Some(first) = nsg.rules.first().cloned() else {
            return;
        };
        let span = first.priority.span;
        let added = |direction, access, to: Destination| SecurityRule {
            name: "more".into(),
            priority: Spanned::new(101, span),
            direction,
            access,
            transport: Transport::Tcp,
            sources: vec![Endpoint::Plain(Destination::Anywhere)],
            destinations: vec![Endpoint::Plain(to)],
            destination_ports: vec![PortRange::single(443)],
            ..first.clone()
        };
        let at = self.place.index(nsg.rules.len());
        match self.kind {
            Kind::DeniedOut => {
                let to = Destination::ServiceTag(ServiceTag::new("Internet"));
                nsg.rules.push(added(Direction::Outbound, Access::Deny, to));
            }
            Kind::LetIn => {
                let rule = added(Direction::Inbound, Access::Allow, Destination::Anywhere);
                nsg.rules.push(rule);
            }
            Kind::SecurityRuleLost => {
                nsg.rules.remove(at);
            }
            Kind::SecurityRuleTurned => {
                let rule = &mut nsg.rules[at];
                rule.access = match rule.access {
                    Access::Allow => Access::Deny,
                    Access::Deny => Access::Allow,
                };
            }
            _ => nsg.rules[at].priority.value = 4_096,
        }
    }

    /// One of all collections that there are.
    fn collection(&self, estate: &Estate) -> Option<(List, usize)> {
        let mut all = Vec::new();
        for list in lists(estate) {
            all.extend((0..list.of(estate).len()).map(|at| (list, at)));
        }
        (!all.is_empty()).then(|| *self.place.get(&all))
    }

    fn collections(&self, estate: &mut Estate) {
        let Some((list, at)) = self.collection(estate) else {
            return;
        };
        let list = list.of_mut(estate);
        match self.kind {
            Kind::CollectionLost => {
                list.remove(at);
            }
            Kind::CollectionTurned => {
                list[at].action = match list[at].action {
                    Action::Allow => Action::Deny,
                    Action::Deny | Action::Dnat => Action::Allow,
                };
            }
            _ => list[at].priority.value = 64_999,
        }
    }

    fn rule(&self, estate: &mut Estate) {
        let Some((list, at)) = self.collection(estate) else {
            return;
        };
        let collection = &mut list.of_mut(estate)[at];
        match &mut collection.rules {
            Rules::Network(rules) => self.network_rule(rules),
            Rules::Application(rules) => self.application_rule(rules),
            Rules::Nat(_) => {}
        }
    }

    fn network_rule(&self, rules: &mut Vec<NetworkRule>) {
        if rules.is_empty() {
            return;
        }
        let at = self.place.index(rules.len());
        let rule = &mut rules[at];
        match self.kind {
            Kind::PortAdded => rule.ports.push(PortRange::single(40_000)),
            Kind::PortOther => rule.ports = vec![PortRange::single(9)],
            Kind::TransportOther => {
                let is_tcp = rule.transports.contains(&Transport::Tcp);
                rule.transports = vec![if is_tcp {
                    Transport::Udp
                } else {
                    Transport::Tcp
                }];
            }
            Kind::SourceOther => rule.sources = vec![elsewhere()],
            Kind::RuleLost => {
                rules.remove(at);
            }
            _ => self.destination(&mut rule.destinations),
        }
    }

    fn application_rule(&self, rules: &mut Vec<ApplicationRule>) {
        if rules.is_empty() {
            return;
        }
        let at = self.place.index(rules.len());
        let rule = &mut rules[at];
        match self.kind {
            Kind::PortAdded => {
                let (protocol, _) = rule.protocols[0];
                rule.protocols.push((protocol, 4_443));
            }
            Kind::PortOther | Kind::TransportOther => rule.protocols[0].1 = 4_443,
            Kind::SourceOther => rule.sources = vec![elsewhere()],
            Kind::RuleLost => {
                rules.remove(at);
            }
            _ => self.destination(&mut rule.destinations),
        }
    }

    fn destination(&self, destinations: &mut Vec<Endpoint>) {
        if destinations.is_empty() {
            return;
        }
        let at = self.place.index(destinations.len());
        if matches!(self.kind, Kind::DestinationLost) && destinations.len() > 1 {
            destinations.remove(at);
            return;
        }
        match (self.kind, &mut destinations[at]) {
            (Kind::DestinationWider, Endpoint::Plain(Destination::Prefix(prefix))) => {
                let shorter = prefix.supernet();
                *prefix = shorter.unwrap_or(*prefix);
            }
            (Kind::DestinationWider, Endpoint::Plain(Destination::Fqdn(pattern))) => {
                *pattern = match pattern.clone() {
                    FqdnPattern::Exact(name) => FqdnPattern::Below(name),
                    FqdnPattern::Below(name) => FqdnPattern::Suffix(name.as_str().into()),
                    FqdnPattern::Suffix(_) | FqdnPattern::Any => FqdnPattern::Any,
                };
            }
            (Kind::DestinationWider, Endpoint::Plain(Destination::ServiceTag(tag))) => {
                *tag = ServiceTag::new("Sql");
            }
            (_, destination) => *destination = elsewhere(),
        }
    }
}

/// A prefix that no policy names.
fn elsewhere() -> Endpoint {
    Endpoint::Plain(Destination::Prefix("10.250.0.0/24".parse().unwrap()))
}

/// A list of collections: a group of a policy's, or what a classic firewall has.
#[derive(Debug, Clone, Copy)]
enum List {
    Group(Id<FirewallPolicy>, usize),
    Firewall(Id<Firewall>),
}

impl List {
    fn of(self, estate: &Estate) -> &Vec<RuleCollection> {
        match self {
            Self::Group(policy, at) => &estate.firewall_policies[policy].groups[at].collections,
            Self::Firewall(firewall) => &estate.firewalls[firewall].collections,
        }
    }

    fn of_mut(self, estate: &mut Estate) -> &mut Vec<RuleCollection> {
        match self {
            Self::Group(policy, at) => &mut estate.firewall_policies[policy].groups[at].collections,
            Self::Firewall(firewall) => &mut estate.firewalls[firewall].collections,
        }
    }
}

fn lists(estate: &Estate) -> Vec<List> {
    let policies = estate.firewall_policies.iter();
    let groups = policies
        .flat_map(|(id, policy)| (0..policy.groups.len()).map(move |at| List::Group(id, at)));
    groups
        .chain(estate.firewalls.ids().map(List::Firewall))
        .collect()
}
