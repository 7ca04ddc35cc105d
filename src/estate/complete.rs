//! What one estate refers to and another one states.
//!
//! A template states what it deploys and only refers to what exists already. Whoever knows what exists completes it:
//! elements are the same when they have the same name, whatever its case.

use super::{
    DnsServers, Endpoint, Estate, Extent, Firewall, FirewallPolicy, Gap, Id, IpGroup, Meta,
    NatGateway, NextHop, Nsg, Peering, PrivateDnsZone, PrivateEndpoint, PublicAddress, PublicIp,
    Ref, RouteTable, Rules, Subnet, Table, VirtualHub, VirtualWan, Vnet,
};

/// Elements that have a name.
trait Called {
    fn meta(&self) -> &Meta;
}

macro_rules! called {
    ($($kind:ty),* $(,)?) => {
        $(impl Called for $kind {
            fn meta(&self) -> &Meta {
                &self.meta
            }
        })*
    };
}

called!(
    Vnet,
    RouteTable,
    Nsg,
    NatGateway,
    PublicIp,
    IpGroup,
    Firewall,
    FirewallPolicy,
    PrivateDnsZone,
    VirtualHub,
    VirtualWan,
    super::ApplicationSecurityGroup,
    super::Appliance,
    super::PlatformService,
    super::Identity,
);

fn find<T: Called>(table: &Table<T>, name: &str) -> Option<Id<T>> {
    let mut all = table.iter();
    let found = all.find(|(_, it)| it.meta().name.eq_ignore_ascii_case(name));
    found.map(|(id, _)| id)
}

/// Gives a reference the element of its name, unless it has one.
fn settle<T: Called>(reference: &mut Ref<T>, table: &Table<T>) {
    if reference.id.is_none() {
        reference.id = find(table, &reference.name);
    }
}

/// A reference of another estate, here.
fn moved<T: Called>(reference: &Ref<T>, from: &Table<T>, to: &Table<T>) -> Ref<T> {
    let name = reference
        .id
        .map_or(&reference.name, |id| &from[id].meta().name);
    Ref {
        id: find(to, name),
        name: name.clone(),
        origin: reference.origin,
    }
}

fn moved_subnet(reference: &Ref<Subnet>, from: &Estate, to: &Estate) -> Ref<Subnet> {
    let path = reference.id.map(|id| from.subnet_path(id));
    Ref {
        id: path.as_ref().and_then(|path| to.subnet_at(path)),
        name: reference.name.clone(),
        origin: reference.origin,
    }
}

impl Estate {
    /// The subnet at `vnet/subnet`, whatever the case.
    #[must_use]
    pub fn subnet_at(&self, path: &str) -> Option<Id<Subnet>> {
        let mut subnets = self.subnets.ids();
        subnets.find(|id| self.subnet_path(*id).eq_ignore_ascii_case(path))
    }

    /// Takes over from another estate what exists already, and what no template deploys: gateways, appliances, load
    /// balancers, services, DNS servers. References to it find it. The estate is whole afterwards: what neither states
    /// does not exist.
    pub fn complete(&mut self, known: &Self) {
        self.region = known.region.clone();
        self.cloud = known.cloud;
        self.take_named(known);
        self.take_networks(known);
        self.take_firewalls(known);
        self.settle_references();
        self.take_surroundings(known);
        self.gaps.extent = Extent::Whole;
        self.gaps.conditions.clear();
    }

    /// Elements that refer to nothing.
    fn take_named(&mut self, known: &Self) {
        fn take<T: Called + Clone>(own: &mut Table<T>, known: &Table<T>) -> Vec<Id<T>> {
            let existing = known.iter().filter(|(_, it)| it.meta().home.is_existing());
            let taken = existing.map(|(_, element)| match find(own, &element.meta().name) {
                Some(id) => {
                    own[id] = element.clone();
                    id
                }
                None => own.push(element.clone()),
            });
            taken.collect()
        }
        let groups = take(&mut self.nsgs, &known.nsgs);
        self.gaps
            .forget(|gap| matches!(gap, Gap::SecurityRules(id) if groups.contains(&id)));
        let ip_groups = take(&mut self.ip_groups, &known.ip_groups);
        self.gaps
            .forget(|gap| matches!(gap, Gap::Members(id) if ip_groups.contains(&id)));
        take(&mut self.public_ips, &known.public_ips);
        take(&mut self.security_groups, &known.security_groups);
        let tables = take(&mut self.route_tables, &known.route_tables);
        self.gaps
            .forget(|gap| matches!(gap, Gap::Routes(id) if tables.contains(&id)));
        let gateways = take(&mut self.nat_gateways, &known.nat_gateways);
        self.gaps
            .forget(|gap| matches!(gap, Gap::NatGateway(id) if gateways.contains(&id)));
        for id in gateways {
            let mut addresses = self.nat_gateways[id].public_ips.clone();
            for ip in &mut addresses {
                *ip = moved(ip, &known.public_ips, &self.public_ips);
            }
            self.nat_gateways[id].public_ips = addresses;
        }
        take(&mut self.dns_zones, &known.dns_zones);
    }

    fn take_networks(&mut self, known: &Self) {
        for (_, vnet) in known
            .vnets
            .iter()
            .filter(|(_, it)| it.meta.home.is_existing())
        {
            let id = match find(&self.vnets, &vnet.meta.name) {
                Some(id) => {
                    self.vnets[id] = vnet.clone();
                    id
                }
                None => self.vnets.push(vnet.clone()),
            };
            self.gaps.forget(|gap| {
                gap == Gap::VnetAddresses(id)
                    || gap == Gap::VnetSettings(id)
                    || gap == Gap::Subnets(id)
            });
        }
        for (id, subnet) in known
            .subnets
            .iter()
            .filter(|(_, it)| it.meta.home.is_existing())
        {
            let Some(vnet) = find(&self.vnets, &known.vnets[subnet.vnet].meta.name) else {
                continue;
            };
            let mut taken = subnet.clone();
            taken.vnet = vnet;
            let own = taken.route_table.as_mut();
            own.into_iter()
                .for_each(|it| *it = moved(it, &known.route_tables, &self.route_tables));
            let own = taken.nsg.as_mut();
            own.into_iter()
                .for_each(|it| *it = moved(it, &known.nsgs, &self.nsgs));
            let own = taken.nat_gateway.as_mut();
            own.into_iter()
                .for_each(|it| *it = moved(it, &known.nat_gateways, &self.nat_gateways));
            let id = match self.subnet_at(&known.subnet_path(id)) {
                Some(id) => {
                    self.subnets[id] = taken;
                    id
                }
                None => self.subnets.push(taken),
            };
            self.gaps.forget(|gap| {
                gap == Gap::SubnetSettings(id)
                    || gap == Gap::SubnetAddresses(id)
                    || gap == Gap::ServiceEndpoints(id)
            });
        }
        for (_, peering) in known.peerings.iter().filter(|(_, it)| it.existing) {
            let taken = Peering {
                from: moved(&peering.from, &known.vnets, &self.vnets),
                to: moved(&peering.to, &known.vnets, &self.vnets),
                ..peering.clone()
            };
            let is_there = self
                .peerings
                .iter()
                .any(|(_, it)| it.from.id == taken.from.id && it.to.id == taken.to.id);
            if !is_there {
                self.peerings.push(taken);
            }
        }
    }

    /// Rule collection groups of a policy that exists may be deployed: those that a template states stay.
    fn take_firewalls(&mut self, known: &Self) {
        let policies = known.firewall_policies.iter();
        for (_, policy) in policies.filter(|(_, it)| it.meta.home.is_existing()) {
            let mut taken = policy.clone();
            taken.groups.clear();
            let id = match find(&self.firewall_policies, &policy.meta.name) {
                Some(id) => {
                    taken.groups = std::mem::take(&mut self.firewall_policies[id].groups);
                    self.firewall_policies[id] = taken;
                    id
                }
                None => self.firewall_policies.push(taken),
            };
            self.gaps
                .forget(|gap| gap == Gap::PolicyRules(id) || gap == Gap::PolicySettings(id));
        }
        let firewalls = known.firewalls.iter();
        for (_, firewall) in firewalls.filter(|(_, it)| it.meta.home.is_existing()) {
            let mut taken = firewall.clone();
            taken.vnet = moved(&taken.vnet, &known.vnets, &self.vnets);
            let policy = taken.policy.as_ref();
            taken.policy =
                policy.map(|it| moved(it, &known.firewall_policies, &self.firewall_policies));
            for ip in &mut taken.public_ips {
                if let PublicAddress::Resource(resource) = ip {
                    *resource = moved(resource, &known.public_ips, &self.public_ips);
                }
            }
            let id = match find(&self.firewalls, &firewall.meta.name) {
                Some(id) => {
                    self.firewalls[id] = taken;
                    id
                }
                None => self.firewalls.push(taken),
            };
            self.gaps.forget(|gap| {
                gap == Gap::FirewallRules(id)
                    || gap == Gap::FirewallSettings(id)
                    || gap == Gap::FirewallAddresses(id)
            });
        }
        // References among what exists.
        let vnets: Vec<Id<Vnet>> = self.vnets.ids().collect();
        for id in vnets {
            if let DnsServers::Firewall(firewall) = &self.vnets[id].dns {
                let mut firewall = firewall.clone();
                firewall.id = find(&self.firewalls, &firewall.name);
                self.vnets[id].dns = DnsServers::Firewall(firewall);
            }
        }
        let policies: Vec<Id<FirewallPolicy>> = self.firewall_policies.ids().collect();
        for id in policies {
            let parent = self.firewall_policies[id].parent.clone();
            if let Some(mut parent) = parent {
                parent.id = find(&self.firewall_policies, &parent.name);
                self.firewall_policies[id].parent = Some(parent);
            }
        }
        let tables: Vec<Id<RouteTable>> = self.route_tables.ids().collect();
        for id in tables {
            let source = find(&known.route_tables, &self.route_tables[id].meta.name);
            if !source.is_some_and(|it| known.route_tables[it].meta.home.is_existing()) {
                continue;
            }
            let mut table = self.route_tables[id].clone();
            for route in &mut table.routes {
                match &mut route.next_hop.value {
                    NextHop::Firewall(it) => *it = moved(it, &known.firewalls, &self.firewalls),
                    NextHop::Appliance(it) => *it = moved(it, &known.appliances, &self.appliances),
                    _ => {}
                }
            }
            self.route_tables[id] = table;
        }
    }

    /// References that the estate left open, to what it has now.
    fn settle_references(&mut self) {
        let subnets: Vec<Id<Subnet>> = self.subnets.ids().collect();
        for id in subnets {
            let mut subnet = self.subnets[id].clone();
            subnet
                .route_table
                .iter_mut()
                .for_each(|it| settle(it, &self.route_tables));
            subnet.nsg.iter_mut().for_each(|it| settle(it, &self.nsgs));
            subnet
                .nat_gateway
                .iter_mut()
                .for_each(|it| settle(it, &self.nat_gateways));
            self.subnets[id] = subnet;
        }
        let peerings: Vec<Id<Peering>> = self.peerings.ids().collect();
        for id in peerings {
            let mut peering = self.peerings[id].clone();
            settle(&mut peering.from, &self.vnets);
            settle(&mut peering.to, &self.vnets);
            self.peerings[id] = peering;
        }
        let firewalls: Vec<Id<Firewall>> = self.firewalls.ids().collect();
        for id in firewalls {
            let mut firewall = self.firewalls[id].clone();
            settle(&mut firewall.vnet, &self.vnets);
            firewall
                .policy
                .iter_mut()
                .for_each(|it| settle(it, &self.firewall_policies));
            for collection in &mut firewall.collections {
                settle_rules(&mut collection.rules, &self.ip_groups);
            }
            self.firewalls[id] = firewall;
        }
        let policies: Vec<Id<FirewallPolicy>> = self.firewall_policies.ids().collect();
        for id in policies {
            let mut policy = self.firewall_policies[id].clone();
            policy
                .parent
                .iter_mut()
                .for_each(|it| settle(it, &self.firewall_policies));
            for collection in policy
                .groups
                .iter_mut()
                .flat_map(|group| &mut group.collections)
            {
                settle_rules(&mut collection.rules, &self.ip_groups);
            }
            self.firewall_policies[id] = policy;
        }
        let groups: Vec<Id<Nsg>> = self.nsgs.ids().collect();
        for id in groups {
            let mut nsg = self.nsgs[id].clone();
            for rule in &mut nsg.rules {
                for endpoint in rule.sources.iter_mut().chain(&mut rule.destinations) {
                    if let Endpoint::SecurityGroup(group) = endpoint {
                        settle(group, &self.security_groups);
                    }
                }
            }
            self.nsgs[id] = nsg;
        }
    }

    /// Hubs that exist, and networks that exist behind hubs that are deployed.
    fn take_hubs(&mut self, known: &Self) {
        for (_, wan) in known.wans.iter() {
            if wan.meta.home.is_existing() && find(&self.wans, &wan.meta.name).is_none() {
                self.wans.push(wan.clone());
            }
        }
        let own: Vec<Id<VirtualHub>> = self.hubs.ids().collect();
        for id in own {
            let mut hub = self.hubs[id].clone();
            let connections = hub.connections.iter_mut();
            connections
                .chain(&mut hub.without_default)
                .for_each(|it| settle(it, &self.vnets));
            hub.wan.iter_mut().for_each(|it| settle(it, &self.wans));
            self.hubs[id] = hub;
        }
        for (_, hub) in known.hubs.iter() {
            if !hub.meta.home.is_existing() {
                continue;
            }
            let mut taken = hub.clone();
            let connections = taken.connections.iter_mut();
            connections
                .chain(&mut taken.without_default)
                .for_each(|it| *it = moved(it, &known.vnets, &self.vnets));
            if let Some(wan) = &taken.wan {
                taken.wan = Some(moved(wan, &known.wans, &self.wans));
            }
            if let Some(firewall) = &taken.firewall {
                taken.firewall = Some(moved(firewall, &known.firewalls, &self.firewalls));
            }
            let id = match find(&self.hubs, &hub.meta.name) {
                Some(id) => {
                    self.hubs[id] = taken;
                    id
                }
                None => self.hubs.push(taken),
            };
            self.gaps
                .forget(|gap| gap == Gap::HubConnections(id) || gap == Gap::HubRouting(id));
        }
    }

    /// What no template of ours deploys.
    fn take_surroundings(&mut self, known: &Self) {
        for (_, gateway) in known.gateways.iter() {
            let mut taken = gateway.clone();
            taken.vnet = moved(&taken.vnet, &known.vnets, &self.vnets);
            self.gateways.push(taken);
        }
        for (_, appliance) in known.appliances.iter() {
            let mut taken = appliance.clone();
            taken.subnet = moved_subnet(&taken.subnet, known, self);
            self.appliances.push(taken);
        }
        for (_, balancer) in known.load_balancers.iter() {
            let mut taken = balancer.clone();
            for backend in &mut taken.backends {
                *backend = moved_subnet(backend, known, self);
            }
            for ip in &mut taken.public_ips {
                *ip = moved(ip, &known.public_ips, &self.public_ips);
            }
            self.load_balancers.push(taken);
        }
        for (_, service) in known.services.iter() {
            let mut taken = service.clone();
            let subnets = taken.acl.iter_mut().flat_map(|acl| &mut acl.subnets);
            subnets.for_each(|subnet| *subnet = moved_subnet(subnet, known, self));
            self.services.push(taken);
        }
        for (_, endpoint) in known.private_endpoints.iter() {
            let taken = PrivateEndpoint {
                subnet: moved_subnet(&endpoint.subnet, known, self),
                zone: endpoint
                    .zone
                    .as_ref()
                    .map(|it| moved(it, &known.dns_zones, &self.dns_zones)),
                target: endpoint
                    .target
                    .as_ref()
                    .map(|it| moved(it, &known.services, &self.services)),
                ..endpoint.clone()
            };
            self.private_endpoints.push(taken);
        }
        for (_, server) in known.dns_servers.iter() {
            let mut taken = server.clone();
            let own = taken.vnet.as_mut();
            own.into_iter()
                .for_each(|it| *it = moved(it, &known.vnets, &self.vnets));
            self.dns_servers.push(taken);
        }
        for (_, proxy) in known.proxies.iter() {
            let mut taken = proxy.clone();
            let own = taken.subnet.as_ref();
            taken.subnet = own.map(|it| moved_subnet(it, known, self));
            self.proxies.push(taken);
        }
        self.take_hubs(known);
        let zones: Vec<Id<PrivateDnsZone>> = self.dns_zones.ids().collect();
        for id in zones {
            let mut zone = self.dns_zones[id].clone();
            for link in &mut zone.links {
                let name = link.vnet.name.clone();
                link.vnet.id = link
                    .vnet
                    .id
                    .filter(|_| !zone.meta.home.is_existing())
                    .or_else(|| find(&self.vnets, &name));
            }
            self.dns_zones[id] = zone;
        }
    }
}

fn settle_rules(rules: &mut Rules, groups: &Table<IpGroup>) {
    let each = |endpoints: &mut Vec<Endpoint>| {
        for endpoint in endpoints {
            if let Endpoint::IpGroup(group) = endpoint {
                settle(group, groups);
            }
        }
    };
    match rules {
        Rules::Network(rules) => rules.iter_mut().for_each(|rule| {
            each(&mut rule.sources);
            each(&mut rule.destinations);
        }),
        Rules::Application(rules) => rules.iter_mut().for_each(|rule| each(&mut rule.sources)),
        Rules::Nat(rules) => rules.iter_mut().for_each(|rule| each(&mut rule.sources)),
    }
}
