//! Resources → estate.
//!
//! Resources are gathered first, so that what several files state about one resource is one. Every resource of a
//! kind that the estate knows then gets its element, and at last elements are filled in, so that references lead
//! forward and back. What is not known is noted as a gap of its element, never left out in silence.

mod agent_pool;
mod appliance;
mod application_group;
mod cluster;
mod conflict;
mod denial;
mod dns;
mod endpoint;
mod entity;
mod firewall;
mod gap;
mod gateway;
mod hdinsight;
mod hub;
mod identity;
mod ip_group;
mod known;
mod load_balancer;
mod managed;
mod network;
mod next_hop;
mod peering;
mod policy;
mod public;
mod read;
mod reference;
mod resolver;
mod route;
mod rule;
mod security;
mod service;
mod side;
mod slot;

#[cfg(test)]
mod tests;

pub use gap::{Gap, Part};
pub use slot::Slot;

use std::collections::BTreeMap;
use std::net::IpAddr;

use smol_str::SmolStr;

use crate::base::Span;
use crate::diag::Finding;
use crate::estate::{Condition, Estate, Extent, Home, Meta, Unknown, VirtualWan};
use crate::import::{Resource, ResourceId, ServiceForm, Text};
use crate::net::Cloud;

use entity::{Entities, Entity};
use service::region;

/// The type of managed identities.
const IDENTITIES: &str = "microsoft.managedidentity/userassignedidentities";

/// What resources came to.
#[derive(Debug)]
pub struct Built {
    /// The estate.
    pub estate: Estate,
    /// What is wrong with the resources, and what they refer to outside the input.
    pub findings: Vec<Finding>,
    /// Where a value is written, by the place where it is used, when the two differ.
    pub places: BTreeMap<Span, Span>,
    /// The names of resources that are stated in several places, or several of which one place states, or that are only
    /// referred to, in order. A change at one of them would be a change of more, or of less, than it seems.
    pub shared: Vec<Span>,
    /// Everything that is not known, with what the estate's own gaps have no place for.
    pub gaps: Vec<Gap>,
    /// How often each property was met that this program neither reads nor knows to be without effect on what goes
    /// out, by type of resource and name of the property.
    pub unread: BTreeMap<(SmolStr, SmolStr), usize>,
    /// How many resources of each type were met of which the estate keeps nothing.
    pub without_element: BTreeMap<SmolStr, usize>,
    /// The subnets and security groups by their ids.
    pub elements: Vec<(ResourceId, Slot)>,
}

/// Whether resources of a type, given in lower case, can matter to a network. Others need not be evaluated.
#[must_use]
pub fn is_wanted(kind: &str) -> bool {
    const PROVIDERS: [&str; 5] = [
        "microsoft.network/",
        "microsoft.hdinsight/",
        "microsoft.managedidentity/",
        "microsoft.authorization/",
        "microsoft.containerservice/managedclusters",
    ];
    const TYPES: [&str; 9] = [
        "microsoft.compute/virtualmachines",
        "microsoft.compute/virtualmachinescalesets",
        "microsoft.storage/storageaccounts",
        "microsoft.containerregistry/registries",
        "microsoft.keyvault/vaults",
        "microsoft.sql/servers",
        "microsoft.eventhub/namespaces",
        "microsoft.operationalinsights/workspaces",
        "microsoft.documentdb/databaseaccounts",
    ];
    PROVIDERS.iter().any(|provider| kind.starts_with(provider)) || TYPES.contains(&kind)
}

/// Makes the estate that resources state; how platform services are called in public and which cloud a region is in is
/// told along. The cloud is that of the first region known.
#[must_use]
pub fn build(
    resources: &[Resource],
    forms: &[ServiceForm],
    cloud_of: &dyn Fn(&str) -> Option<Cloud>,
) -> Built {
    let entities = Entities::gather(resources);
    let mut builder = Builder::new(&entities, forms);
    let mut regions = entities.iter().filter_map(|(_, entity)| region(entity));
    let cloud = regions.find_map(|region| cloud_of(&region.value));
    builder.estate.cloud = cloud.unwrap_or_default();
    builder.declare();
    builder.define();
    builder.finish()
}

/// An estate being built.
struct Builder<'e> {
    entities: &'e Entities<'e>,
    /// How platform services are called in public.
    forms: &'e [ServiceForm],
    /// The elements of each platform service, by its place in `entities`.
    services: BTreeMap<usize, service::Named>,
    /// The element of each resource, by its place in `entities`.
    slots: Vec<Option<Slot>>,
    estate: Estate,
    findings: Vec<Finding>,
    places: BTreeMap<Span, Span>,
    gaps: Vec<Gap>,
    /// Resources outside the input, by key, with the place of their note among the findings.
    missing: BTreeMap<SmolStr, usize>,
    /// Who answers at private addresses.
    holders: BTreeMap<IpAddr, next_hop::Holder>,
}

impl<'e> Builder<'e> {
    fn new(entities: &'e Entities<'e>, forms: &'e [ServiceForm]) -> Self {
        Self {
            entities,
            forms,
            services: BTreeMap::new(),
            slots: vec![None; entities.iter().count()],
            estate: Estate::default(),
            findings: Vec::new(),
            places: BTreeMap::new(),
            gaps: Vec::new(),
            missing: BTreeMap::new(),
            holders: BTreeMap::new(),
        }
    }

    /// Gives every resource its element, parents first: a part is met after its whole.
    fn declare(&mut self) {
        let entities = self.entities;
        for (index, entity) in entities.iter() {
            let slot = match self.form_of(&entity.id) {
                Some(form) => self.declare_service(index, entity, form),
                None => self.declared(entity),
            };
            self.set_slot(index, slot);
        }
    }

    fn declared(&mut self, entity: &Entity<'_>) -> Option<Slot> {
        let meta = self.meta(entity);
        let estate = &mut self.estate;
        if entity.id.is(IDENTITIES) {
            return Some(Slot::Identity(
                estate.identities.push(identity::blank(meta)),
            ));
        }
        let kind = short_kind(entity);
        Some(match kind {
            "virtualnetworks" => Slot::Vnet(estate.vnets.push(network::blank_vnet(meta))),
            "virtualnetworks/subnets" => {
                let vnet = self.slot_of::<crate::estate::Vnet>(entity.parent?)?;
                let subnet = network::blank_subnet(meta, vnet);
                Slot::Subnet(self.estate.subnets.push(subnet))
            }
            "routetables" => Slot::RouteTable(estate.route_tables.push(route::blank(meta))),
            "networksecuritygroups" => Slot::Nsg(estate.nsgs.push(security::blank(meta))),
            "applicationsecuritygroups" => {
                let group = application_group::blank(meta);
                Slot::SecurityGroup(estate.security_groups.push(group))
            }
            "azurefirewalls" => {
                let firewall = firewall::blank(meta, entity.name_span);
                Slot::Firewall(estate.firewalls.push(firewall))
            }
            "firewallpolicies" => {
                let policy = policy::blank(meta, entity.name_span);
                Slot::FirewallPolicy(estate.firewall_policies.push(policy))
            }
            "ipgroups" => Slot::IpGroup(estate.ip_groups.push(ip_group::blank(meta))),
            "publicipaddresses" | "publicipprefixes" => {
                Slot::PublicIp(estate.public_ips.push(public::blank_ip(meta)))
            }
            "natgateways" => Slot::NatGateway(estate.nat_gateways.push(public::blank_nat(meta))),
            "loadbalancers" => {
                Slot::LoadBalancer(estate.load_balancers.push(load_balancer::blank(meta)))
            }
            "virtualnetworkgateways" => {
                let gateway = gateway::blank(meta, entity.name_span);
                Slot::Gateway(estate.gateways.push(gateway))
            }
            "privateendpoints" => {
                let endpoint = endpoint::blank(meta, entity.name_span);
                Slot::PrivateEndpoint(estate.private_endpoints.push(endpoint))
            }
            "privatednszones" => {
                let zone = dns::blank(meta)?;
                Slot::DnsZone(estate.dns_zones.push(zone))
            }
            "virtualwans" => Slot::Wan(estate.wans.push(VirtualWan { meta })),
            "virtualhubs" => Slot::Hub(estate.hubs.push(hub::blank(meta))),
            _ => return None,
        })
    }

    /// Fills elements in. Whoever holds an address comes before those who name it.
    fn define(&mut self) {
        let entities = self.entities;
        for (index, entity) in entities.iter() {
            match short_kind(entity) {
                "azurefirewalls" => self.define_firewall(index, entity),
                "loadbalancers" => self.define_load_balancer(index, entity),
                "publicipaddresses" | "publicipprefixes" => self.define_public_ip(index, entity),
                _ => {}
            }
        }
        self.define_interfaces();
        self.define_resolvers();
        for (index, entity) in entities.iter() {
            match short_kind(entity) {
                "virtualnetworks" => self.define_vnet(index, entity),
                "virtualnetworks/subnets" => self.define_subnet(index, entity),
                "virtualnetworks/virtualnetworkpeerings" => self.define_peering(entity),
                "natgateways" => self.define_nat_gateway(index, entity),
                "virtualnetworkgateways" => self.define_gateway(index, entity),
                "privateendpoints" => self.define_private_endpoint(index, entity),
                "privatednszones" => self.define_dns_zone(index, entity),
                "virtualhubs" => self.define_hub(index, entity),
                "ipgroups" => self.define_ip_group(index, entity),
                _ => {}
            }
        }
        self.note_firewall_addresses();
        for (index, entity) in entities.iter() {
            match short_kind(entity) {
                "virtualnetworks" => self.define_dns_servers(index, entity),
                "routetables" => self.define_route_table(index, entity),
                "networksecuritygroups" => self.define_nsg(index, entity),
                "firewallpolicies" => self.define_policy(index, entity),
                _ => {}
            }
        }
        self.define_workloads();
    }

    /// Clusters and who may do what: they refer to networks, and no network refers to them.
    fn define_workloads(&mut self) {
        let entities = self.entities;
        for (index, entity) in entities.iter() {
            self.define_service(index, entity);
            match entity.id.kind.as_str() {
                IDENTITIES => self.define_identity(index, entity),
                "microsoft.authorization/roledefinitions" => self.define_role_definition(entity),
                _ => {}
            }
        }
        for (_, entity) in entities.iter() {
            match entity.id.kind.as_str() {
                "microsoft.containerservice/managedclusters" => self.define_cluster(entity),
                "microsoft.hdinsight/clusterpools" => self.define_cluster_pool(entity),
                "microsoft.hdinsight/clusters" => self.define_hdinsight_cluster(entity),
                "microsoft.authorization/roleassignments" => self.define_role_assignment(entity),
                "microsoft.authorization/denyassignments" => self.define_deny_assignment(entity),
                _ => {}
            }
        }
    }

    fn finish(mut self) -> Built {
        let gaps = &mut self.estate.gaps;
        gaps.extent = Extent::Part;
        let conditions = self.entities.conditions.iter();
        gaps.conditions.extend(conditions.map(|it| Condition {
            resource: it.span,
            text: it.symbol.text.clone(),
        }));
        for gap in &self.gaps {
            if let Some(place) = gap::place_of(gap.of, gap.part) {
                gaps.add(place, gap.unknown.clone());
            }
        }
        self.note_what_a_manager_decides();
        for (_, entity) in self.entities.iter() {
            let conflicts = entity.conflicts.iter();
            self.findings
                .extend(conflicts.filter_map(|it| it.finding(entity)));
        }
        let (unread, without_element) = known::survey(self.entities);
        let slots = self.entities.iter().zip(&self.slots);
        let elements = slots.filter_map(|((_, entity), slot)| match slot {
            Some(slot @ (Slot::Subnet(_) | Slot::Nsg(_))) => Some((entity.id.clone(), *slot)),
            _ => None,
        });
        let elements = elements.collect();
        Built {
            elements,
            estate: self.estate,
            findings: self.findings,
            places: self.places,
            shared: self.entities.shared_names(),
            gaps: self.gaps,
            unread,
            without_element,
        }
    }

    fn meta(&self, entity: &Entity<'_>) -> Meta {
        let stated = |text: &Option<Text>| text.as_ref().and_then(Text::known).cloned();
        let home = if entity.is_existing() {
            Home::Existing {
                resource_group: stated(&entity.id.group),
                subscription: stated(&entity.id.subscription),
            }
        } else {
            Home::Deployed
        };
        Meta {
            name: entity.name(),
            origin: entity.name_span.into(),
            body: None,
            home,
        }
    }

    fn set_slot(&mut self, index: usize, slot: Option<Slot>) {
        if let Some(place) = self.slots.get_mut(index) {
            *place = slot;
        }
    }

    fn slot(&self, index: usize) -> Option<Slot> {
        self.slots.get(index).copied().flatten()
    }

    fn slot_of<T: slot::Element>(&self, index: usize) -> Option<crate::estate::Id<T>> {
        T::of(self.slot(index)?)
    }

    /// Notes what is not known.
    fn gap(&mut self, of: impl Into<Option<Slot>>, part: Part, unknown: Unknown) {
        let of = of.into();
        let gap = Gap { of, part, unknown };
        if self.gaps.last() != Some(&gap) {
            self.gaps.push(gap);
        }
    }

    fn gaps(&mut self, of: Slot, part: Part, unknown: Vec<Unknown>) {
        for unknown in unknown {
            self.gap(of, part, unknown);
        }
    }

    /// As `or_gap`, for what became no element.
    fn or_gap_of_none<T>(&mut self, part: Part, read: Result<T, Unknown>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(unknown) => {
                self.gap(None, part, unknown);
                None
            }
        }
    }

    /// The value when it is known; else the gap is noted.
    fn or_gap<T>(&mut self, of: Slot, part: Part, read: Result<T, Unknown>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(unknown) => {
                self.gap(of, part, unknown);
                None
            }
        }
    }
}

/// The type without the provider, when that is the one of networks.
fn short_kind<'s>(entity: &'s Entity<'_>) -> &'s str {
    let kind = entity.id.kind.strip_prefix("microsoft.network/");
    kind.unwrap_or_default()
}
