//! Estates built by hand, for tests.

use crate::base::{SourceMap, Span, Spanned};
use crate::estate::{
    ApiServer, DeniedPrincipals, DenyAssignment, DnsServers, Estate, Firewall, FirewallPolicy,
    FirewallSettings, Home, Id, Identity, Meta, NatGateway, NetworkPlugin, NextHop, NodeSettings,
    Nsg, OutboundType, Pool, PoolIdentity, Principal, PrivateDnsZone, PrivateEndpointPolicies,
    PublicIp, Ref, RoleAssignment, Route, RouteDestination, RouteTable, Scope, Subnet, Tier, Vnet,
};

/// An estate with short ways to add to it. Every element has a place of its own.
pub(crate) struct Builder {
    pub(crate) estate: Estate,
    sources: SourceMap,
    file: crate::base::FileId,
    places: std::cell::Cell<usize>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        let mut sources = SourceMap::default();
        let file = sources.add("test", " ".repeat(10_000));
        Self {
            estate: Estate::default(),
            sources,
            file,
            places: std::cell::Cell::new(0),
        }
    }

    /// A new place.
    pub(crate) fn at(&self) -> Span {
        let start = self.places.get();
        self.places.set(start + 1);
        self.sources.span(self.file, start, start + 1)
    }

    pub(crate) fn put<T>(&self, value: T) -> Spanned<T> {
        Spanned::new(value, self.at())
    }

    pub(crate) fn to<T>(&self, id: Id<T>) -> Ref<T> {
        Ref::known(id, "named", self.at())
    }

    pub(crate) fn to_nothing<T>(&self, name: &str) -> Ref<T> {
        Ref {
            id: None,
            name: name.into(),
            origin: self.at().into(),
        }
    }

    pub(crate) fn meta(&self, name: &str) -> Meta {
        Meta {
            name: name.into(),
            origin: self.at().into(),
            body: None,
            home: Home::Deployed,
        }
    }

    pub(crate) fn home(resource_group: &str, subscription: &str) -> Home {
        let some = |text: &str| (!text.is_empty()).then(|| text.into());
        Home::Existing {
            resource_group: some(resource_group),
            subscription: some(subscription),
        }
    }

    pub(crate) fn vnet(&mut self, name: &str, prefix: &str) -> Id<Vnet> {
        let vnet = Vnet {
            meta: self.meta(name),
            prefixes: vec![self.put(prefix.parse().unwrap())],
            dns: DnsServers::Azure,
            site: None,
        };
        self.estate.vnets.push(vnet)
    }

    pub(crate) fn subnet(&mut self, vnet: Id<Vnet>, name: &str, prefix: &str) -> Id<Subnet> {
        let subnet = Subnet {
            meta: self.meta(name),
            vnet,
            prefixes: vec![self.put(prefix.parse().unwrap())],
            route_table: None,
            nsg: None,
            nat_gateway: None,
            service_endpoints: Vec::new(),
            delegations: Vec::new(),
            private_endpoint_policies: PrivateEndpointPolicies::default(),
            default_outbound: None,
            endpoint_policy: None,
        };
        self.estate.subnets.push(subnet)
    }

    pub(crate) fn table(&mut self, name: &str, routes: &[(&str, NextHop)]) -> Id<RouteTable> {
        let route = |(prefix, next_hop): &(&str, NextHop)| Route {
            name: "default".into(),
            origin: self.at().into(),
            destination: self.put(RouteDestination::Prefix(prefix.parse().unwrap())),
            next_hop: self.put(next_hop.clone()),
        };
        let table = RouteTable {
            meta: self.meta(name),
            routes: routes.iter().map(route).collect(),
            gateway_propagation: true,
        };
        self.estate.route_tables.push(table)
    }

    /// Puts a table with these routes on a subnet.
    pub(crate) fn routes(
        &mut self,
        subnet: Id<Subnet>,
        routes: &[(&str, NextHop)],
    ) -> Id<RouteTable> {
        let table = self.table("rt", routes);
        self.estate.subnets[subnet].route_table = Some(self.to(table));
        table
    }

    pub(crate) fn nsg(&mut self, subnet: Id<Subnet>) -> Id<Nsg> {
        let nsg = Nsg {
            meta: self.meta("nsg"),
            rules: Vec::new(),
        };
        let nsg = self.estate.nsgs.push(nsg);
        self.estate.subnets[subnet].nsg = Some(self.to(nsg));
        nsg
    }

    pub(crate) fn nat_gateway(&mut self, addresses: usize) -> Id<NatGateway> {
        let mut public_ips = Vec::new();
        for _ in 0..addresses {
            let ip = PublicIp {
                meta: self.meta("ip"),
                address: None,
                zones: Vec::new(),
            };
            let ip = self.estate.public_ips.push(ip);
            public_ips.push(self.to(ip));
        }
        let gateway = NatGateway {
            meta: self.meta("nat"),
            public_ips,
            idle_timeout: None,
        };
        self.estate.nat_gateways.push(gateway)
    }

    pub(crate) fn policy(&mut self, name: &str) -> Id<FirewallPolicy> {
        let policy = FirewallPolicy {
            meta: self.meta(name),
            tier: self.put(Tier::Standard),
            parent: None,
            settings: FirewallSettings::default(),
            groups: Vec::new(),
        };
        self.estate.firewall_policies.push(policy)
    }

    pub(crate) fn firewall(
        &mut self,
        vnet: Id<Vnet>,
        policy: Option<Id<FirewallPolicy>>,
    ) -> Id<Firewall> {
        let firewall = Firewall {
            meta: self.meta("fw"),
            vnet: self.to(vnet),
            tier: self.put(Tier::Standard),
            private_ip: Some(self.put("10.9.0.4".parse().unwrap())),
            public_ips: Vec::new(),
            managed_public_ips: None,
            management_ip: None,
            policy: policy.map(|policy| self.to(policy)),
            settings: FirewallSettings::default(),
            collections: Vec::new(),
            zones: Vec::new(),
        };
        self.estate.firewalls.push(firewall)
    }

    pub(crate) fn zone(&mut self, domain: &str, links: &[Id<Vnet>]) -> Id<PrivateDnsZone> {
        let link = |vnet: &Id<Vnet>| crate::estate::ZoneLink {
            origin: self.at().into(),
            vnet: self.to(*vnet),
            registration: false,
            resolution: crate::estate::ResolutionPolicy::Default,
        };
        let zone = PrivateDnsZone {
            meta: self.meta(domain),
            domain: domain.parse().unwrap(),
            links: links.iter().map(link).collect(),
            records: Vec::new(),
        };
        self.estate.dns_zones.push(zone)
    }

    pub(crate) fn identity(&mut self, name: &str) -> Id<Identity> {
        let identity = Identity {
            meta: self.meta(name),
            principal: Principal::FromResource,
            groups: Vec::new(),
        };
        self.estate.identities.push(identity)
    }

    pub(crate) fn assign(&mut self, identity: Id<Identity>, role: &str, scope: Scope) {
        let assignment = RoleAssignment {
            origin: self.at().into(),
            identity,
            role: self.put(role.into()),
            scope: self.put(scope),
            existing: true,
        };
        self.estate.role_assignments.push(assignment);
    }

    /// Forbids actions to everybody at a scope.
    pub(crate) fn deny(&mut self, scope: Scope, actions: &[&str]) -> Id<DenyAssignment> {
        let denial = DenyAssignment {
            name: "stack".into(),
            origin: self.at().into(),
            scope: self.put(scope),
            principals: DeniedPrincipals::Everyone,
            excluded: Vec::new(),
            actions: actions
                .iter()
                .map(|action| self.put((*action).into()))
                .collect(),
            not_actions: Vec::new(),
            scope_only: false,
        };
        self.estate.deny_assignments.push(denial)
    }

    pub(crate) fn pool(&mut self, subnets: &[Id<Subnet>], outbound: OutboundType) -> Id<Pool> {
        let pool = Pool {
            meta: self.meta("p"),
            kind: None,
            subnets: subnets.iter().map(|subnet| self.to(*subnet)).collect(),
            outbound: self.put(outbound),
            via: None,
            network_plugin: Some(self.put(NetworkPlugin::AzureOverlay)),
            pod_prefixes: Vec::new(),
            private_cluster: None,
            private_ingress: None,
            identity: None,
            workload_identity: None,
            api_server: ApiServer::default(),
            nodes: NodeSettings::default(),
            http_proxy: None,
            bootstrap: None,
            properties: Vec::new(),
            management_inbound: None,
        };
        self.estate.pools.push(pool)
    }

    pub(crate) fn kubenet(&mut self, pool: Id<Pool>) {
        self.estate.pools[pool].network_plugin = Some(self.put(NetworkPlugin::Kubenet));
    }

    /// Gives a pool an identity made beforehand.
    pub(crate) fn user_assigned(&mut self, pool: Id<Pool>) -> Id<Identity> {
        let identity = self.identity("id");
        self.estate.pools[pool].identity = Some(PoolIdentity::UserAssigned(self.to(identity)));
        identity
    }
}

/// An appliance of no estate.
pub(crate) fn appliance() -> NextHop {
    NextHop::Addresses(vec!["10.0.1.4".parse().unwrap()])
}
