//! Virtual networks and subnets.

use crate::estate::{
    DnsServers, Id, Meta, PrivateEndpointPolicies, ServiceEndpointPolicy, Subnet, Unknown, Vnet,
};
use crate::import::Value;

use super::Builder;
use super::entity::{Entity, body};
use super::gap::{Part, not_known};
use super::next_hop::Holder;
use super::reference::{Target, read_of};
use super::slot::Slot;

pub(super) fn blank_vnet(meta: Meta) -> Vnet {
    Vnet {
        meta,
        prefixes: Vec::new(),
        dns: DnsServers::Azure,
        site: None,
    }
}

pub(super) fn blank_subnet(meta: Meta, vnet: Id<Vnet>) -> Subnet {
    Subnet {
        meta,
        vnet,
        prefixes: Vec::new(),
        route_table: None,
        nsg: None,
        nat_gateway: None,
        service_endpoints: Vec::new(),
        delegations: Vec::new(),
        private_endpoint_policies: PrivateEndpointPolicies::default(),
        default_outbound: None,
        endpoint_policy: None,
    }
}

impl<'e> Builder<'e> {
    pub(super) fn define_vnet(&mut self, index: usize, entity: &'e Entity<'e>) {
        let Some(id) = self.slot_of::<Vnet>(index) else {
            return;
        };
        let slot = Slot::Vnet(id);
        if self.is_only_named(
            slot,
            entity,
            &[Part::Prefixes, Part::Peering, Part::DnsServers],
        ) {
            let unknown = only_referred(entity);
            self.estate.vnets[id].dns = DnsServers::Unknown(unknown);
            return;
        }
        let prefixes = entity.property(&["addressSpace", "addressPrefixes"]);
        let whole = entity.property(&["addressSpace"]);
        let pools = entity.property(&["addressSpace", "ipamPoolPrefixAllocations"]);
        let (known, unknown) = self.list(
            prefixes.or(whole.filter(|it| it.unknown().is_some())),
            Self::prefix,
        );
        if known.is_empty()
            && unknown.is_empty()
            && let Some(pools) = pools
        {
            let unknown = not_known("addresses of an IPAM pool", pools.span);
            self.gap(slot, Part::Prefixes, unknown);
        }
        self.estate.vnets[id].prefixes = known;
        self.gaps(slot, Part::Prefixes, unknown);
        if let Some(subnets) = entity.property(&["subnets"]) {
            let unknown = self.unknown_elements(subnets);
            self.gaps(slot, Part::Subnets, unknown);
        }
        if let Some(peerings) = entity.property(&["virtualNetworkPeerings"]) {
            let unknown = self.unknown_elements(peerings);
            self.gaps(slot, Part::Peering, unknown);
        }
    }

    /// Notes that nothing is known of a resource that only its parts tell of.
    pub(super) fn is_only_named(
        &mut self,
        slot: Slot,
        entity: &Entity<'_>,
        parts: &[Part],
    ) -> bool {
        let nothing = entity
            .statements
            .iter()
            .all(|statement| is_bare(statement.whole));
        if nothing {
            for part in parts {
                self.gap(slot, *part, only_referred(entity));
            }
        }
        nothing
    }

    /// Servers are known by the address of a firewall of the input too.
    pub(super) fn define_dns_servers(&mut self, index: usize, entity: &'e Entity<'e>) {
        let Some(id) = self.slot_of::<Vnet>(index) else {
            return;
        };
        let options = entity.property(&["dhcpOptions"]);
        let servers = entity
            .property(&["dhcpOptions", "dnsServers"])
            .or(options.filter(|it| it.unknown().is_some()));
        let Some(servers) = servers else { return };
        if let Some(first) = servers.items().and_then(|items| match items {
            [only] => Some(only),
            _ => None,
        }) && let Some(Holder::Firewall(index)) = self.holder_of(first)
        {
            self.place(first);
            self.estate.vnets[id].dns = DnsServers::Firewall(self.ref_of(index, first.span));
            return;
        }
        let (known, unknown) = self.list(Some(servers), Self::address);
        // Who answers is not known as soon as one server is not.
        if let Some(first) = unknown.first() {
            self.estate.vnets[id].dns = DnsServers::Unknown(first.clone());
        } else if !known.is_empty() {
            self.estate.vnets[id].dns = DnsServers::Custom(known);
        }
        self.gaps(Slot::Vnet(id), Part::DnsServers, unknown);
    }

    pub(super) fn define_subnet(&mut self, index: usize, entity: &'e Entity<'e>) {
        let Some(id) = self.slot_of::<Subnet>(index) else {
            return;
        };
        let slot = Slot::Subnet(id);
        if self.is_only_named(slot, entity, &[Part::Prefixes, Part::Attachments]) {
            return;
        }
        self.subnet_prefixes(id, entity);
        self.estate.subnets[id].route_table = entity
            .property(&["routeTable"])
            .and_then(|value| self.reference(value));
        self.estate.subnets[id].nsg = entity
            .property(&["networkSecurityGroup"])
            .and_then(|value| self.reference(value));
        if let Some(value) = entity.property(&["natGateway"]) {
            match self.unless_open(value) {
                Ok(gateway) => self.estate.subnets[id].nat_gateway = gateway,
                Err(unknown) => self.gap(slot, Part::Exit, unknown),
            }
        }
        let (endpoints, unknown) = self.list(
            entity.property(&["serviceEndpoints"]),
            |builder, item| match item.get("service") {
                Some(service) => builder.text(service, "the name of a service"),
                None => builder.text(item, "a service endpoint"),
            },
        );
        self.estate.subnets[id].service_endpoints = endpoints;
        self.gaps(slot, Part::ServiceEndpoints, unknown);
        let (delegations, unknown) = self.list(
            entity.property(&["delegations"]),
            |builder, item| match body(item).get("serviceName") {
                Some(service) => builder.text(service, "the name of a service"),
                None => builder.text(item, "a delegation"),
            },
        );
        self.estate.subnets[id].delegations = delegations;
        self.gaps(slot, Part::Delegations, unknown);
        self.subnet_switches(id, entity);
        self.estate.subnets[id].endpoint_policy = entity
            .property(&["serviceEndpointPolicies"])
            .and_then(|policies| self.endpoint_policy(slot, policies));
    }

    fn subnet_prefixes(&mut self, id: Id<Subnet>, entity: &'e Entity<'e>) {
        let slot = Slot::Subnet(id);
        let many = entity
            .property(&["addressPrefixes"])
            .filter(|value| value.items().is_none_or(|items| !items.is_empty()));
        let (mut known, unknown) = self.list(many, Self::prefix);
        let nothing = known.is_empty() && unknown.is_empty();
        self.gaps(slot, Part::Prefixes, unknown);
        match entity.property(&["addressPrefix"]) {
            Some(one) if nothing => {
                let read = self.prefix(one);
                known.extend(self.or_gap(slot, Part::Prefixes, read));
            }
            None if nothing => {
                let unknown = not_known("no prefix is stated", entity.name_span);
                self.gap(slot, Part::Prefixes, unknown);
            }
            _ => {}
        }
        self.estate.subnets[id].prefixes = known;
    }

    fn subnet_switches(&mut self, id: Id<Subnet>, entity: &'e Entity<'e>) {
        let slot = Slot::Subnet(id);
        let policies = [
            ("Disabled", PrivateEndpointPolicies::Disabled),
            ("Enabled", PrivateEndpointPolicies::Enabled),
            (
                "NetworkSecurityGroupEnabled",
                PrivateEndpointPolicies::SecurityGroups,
            ),
            ("RouteTableEnabled", PrivateEndpointPolicies::RouteTables),
        ];
        if let Some(value) = entity.property(&["privateEndpointNetworkPolicies"]) {
            let read = self.choice(value, &policies);
            if let Some(policies) = self.or_gap(slot, Part::EndpointPolicies, read) {
                self.estate.subnets[id].private_endpoint_policies = policies.value;
            }
        }
        if let Some(value) = entity.property(&["defaultOutboundAccess"]) {
            let read = self.switch(value);
            self.estate.subnets[id].default_outbound = self.or_gap(slot, Part::Exit, read);
        }
    }

    fn endpoint_policy(
        &mut self,
        slot: Slot,
        policies: &'e Value,
    ) -> Option<ServiceEndpointPolicy> {
        let mut allowed = Vec::new();
        let unknown = self.unknown_elements(policies);
        self.gaps(slot, Part::ServiceEndpoints, unknown);
        let items = policies.items()?;
        for policy in items {
            let stated = match self.target(policy) {
                Some((Target::Entity(index), _)) => self.entities.get(index),
                _ => None,
            };
            let Some(entity) = stated.filter(|entity| !entity.statements.is_empty()) else {
                let text = "a service endpoint policy that is not part of the input";
                self.gap(slot, Part::ServiceEndpoints, not_known(text, policy.span));
                continue;
            };
            let definitions = self
                .entities
                .children(entity, "serviceendpointpolicydefinitions");
            for (_, definition) in definitions {
                let resources = definition.property(&["serviceResources"]);
                if let Some(resources) = resources {
                    let unknown = self.unknown_elements(resources);
                    self.gaps(slot, Part::ServiceEndpoints, unknown);
                }
                for resource in resources.and_then(Value::items).unwrap_or_default() {
                    allowed.extend(self.services_at(resource, &[]));
                }
            }
        }
        let first = items.first()?;
        Some(ServiceEndpointPolicy {
            origin: first.span.into(),
            allowed,
        })
    }

    /// Who holds an address that a property names, literally or by `reference()`.
    pub(super) fn holder_of(&self, value: &Value) -> Option<Holder> {
        if let Some(text) = value.known_text() {
            let address = crate::net::parse_address(text.trim())?;
            return self.holders.get(&address).copied();
        }
        let (id, path) = read_of(value.unknown()?)?;
        self.holder_by_read(&id, path, value.span)
    }
}

/// Why nothing is known of a resource.
fn only_referred(entity: &Entity<'_>) -> Unknown {
    let text = format!("`{}` is only referred to", entity.id);
    not_known(text, entity.name_span)
}

/// Whether an object states nothing but who it is.
fn is_bare(whole: &Value) -> bool {
    match &whole.data {
        crate::import::Data::Object(object) => object.members.iter().all(|member| {
            ["id", "name", "type", "resourceGroup", "apiVersion", "scope"]
                .iter()
                .any(|key| member.key.eq_ignore_ascii_case(key))
        }),
        _ => false,
    }
}
