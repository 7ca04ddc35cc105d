//! Interfaces, machines and scale sets. A machine becomes an appliance when it forwards packets, or when a route
//! names one of its addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::base::{Span, Spanned};
use crate::estate::{
    self, Appliance, ApplianceFilter, ApplicationSecurityGroup, LoadBalancer, Nsg, PublicAddress,
    Ref, Subnet,
};
use crate::import::{ResourceId, Value};
use crate::net::parse_address;

use super::Builder;
use super::application_group::Members;
use super::entity::{Entity, Found, body};
use super::gap::{Part, not_known};
use super::next_hop::Holder;
use super::reference::{parse_id, read_of};
use super::short_kind;
use super::slot::Slot;
use crate::estate::Unknown;

/// A network interface, of its own or inside a scale set.
#[derive(Debug)]
pub(super) struct Interface {
    /// The interface, or the scale set.
    index: usize,
    /// Where its name is written; nowhere inside a scale set.
    place: Option<Span>,
    forwards: bool,
    addresses: Vec<Spanned<IpAddr>>,
    /// Why an address is not known, when one is not.
    unknown: Option<Unknown>,
    subnet: Option<Ref<Subnet>>,
    public: Option<PublicAddress>,
    /// Its security group, or why it is not known whether it has one.
    nsg: Result<Option<Ref<Nsg>>, Unknown>,
    groups: Vec<Ref<ApplicationSecurityGroup>>,
    /// Load balancers in front of it.
    balancers: Vec<usize>,
}

/// What routes name as next hops.
#[derive(Debug, Default)]
struct Routed {
    addresses: BTreeSet<IpAddr>,
    entities: BTreeSet<usize>,
}

impl<'e> Builder<'e> {
    /// Reads interfaces, machines and scale sets, and what lies in front of them.
    pub(super) fn define_interfaces(&mut self) {
        let interfaces = self.interfaces();
        let mut members = Members::default();
        for interface in &interfaces {
            for group in interface.groups.iter().filter_map(|group| group.id) {
                members.add(group, &interface.addresses, interface.unknown.as_ref());
            }
            for balancer in &interface.balancers {
                self.serves(*balancer, interface.subnet.as_ref());
            }
            self.guard(interface);
        }
        self.set_members(members);
        self.backends_by_pools(&interfaces);
        let owners = self.owners();
        let mut machines: BTreeMap<usize, Vec<Interface>> = BTreeMap::new();
        for interface in interfaces {
            let owner = owners.get(&interface.index);
            let machine = owner.copied().unwrap_or(interface.index);
            machines.entry(machine).or_default().push(interface);
        }
        let routed = self.routed();
        for (machine, interfaces) in machines {
            self.define_machine(machine, &interfaces, &routed);
        }
    }

    /// Keeps an interface. Where the address of one with a security group is not known, any machine of the subnet may
    /// be it.
    fn guard(&mut self, interface: &Interface) {
        let (Some(entity), Some(subnet)) = (self.entities.get(interface.index), &interface.subnet)
        else {
            return;
        };
        let slot = subnet.id.map(Slot::Subnet);
        match &interface.nsg {
            Err(unknown) => self.gap(slot, Part::InterfaceGroup, unknown.clone()),
            Ok(nsg) => {
                if interface.unknown.is_some() && nsg.is_some() {
                    let text = format!("`{}` has one, at an address that is not known", entity.id);
                    self.gap(
                        slot,
                        Part::InterfaceGroup,
                        not_known(text, entity.name_span),
                    );
                }
                let element = estate::Interface {
                    meta: self.meta(entity),
                    subnet: subnet.clone(),
                    addresses: interface.addresses.clone(),
                    all_known: interface.unknown.is_none(),
                    nsg: nsg.clone(),
                    public_ip: interface.public.clone(),
                };
                self.estate.interfaces.push(element);
            }
        }
    }

    fn interfaces(&mut self) -> Vec<Interface> {
        let entities = self.entities;
        let mut interfaces = Vec::new();
        for (index, entity) in entities.iter() {
            if short_kind(entity) == "networkinterfaces" {
                if let Some(statement) = entity.statements.first() {
                    interfaces.push(self.interface(index, body(statement.whole), entity));
                }
            } else if entity.id.is("microsoft.compute/virtualmachinescalesets") {
                let path = [
                    "virtualMachineProfile",
                    "networkProfile",
                    "networkInterfaceConfigurations",
                ];
                let list = entity.property(&path).and_then(Value::items);
                for item in list.unwrap_or_default() {
                    let mut interface = self.interface(index, body(item), entity);
                    interface.place = None;
                    // Azure gives every machine of the set an address of its own.
                    interface.unknown.get_or_insert_with(|| {
                        not_known("addresses of a scale set", entity.name_span)
                    });
                    interfaces.push(interface);
                }
            }
        }
        interfaces
    }

    fn interface(&mut self, index: usize, whole: &'e Value, entity: &Entity<'_>) -> Interface {
        let mut interface = Interface {
            index,
            place: Some(entity.name_span),
            forwards: false,
            addresses: Vec::new(),
            unknown: None,
            subnet: None,
            public: None,
            nsg: match whole.get("networkSecurityGroup") {
                Some(group) => self.unless_open(group),
                None => Ok(None),
            },
            groups: Vec::new(),
            balancers: Vec::new(),
        };
        if let Some(value) = whole.get("enableIPForwarding") {
            let read = self.switch(value);
            // What is not known may be on.
            interface.forwards = self
                .or_gap_of_none(Part::Attachments, read)
                .is_none_or(|switch| switch.value);
        }
        let configurations = whole.get("ipConfigurations").and_then(Value::items);
        for item in configurations.unwrap_or_default() {
            self.configuration(body(item), &mut interface, entity);
        }
        interface
    }

    fn configuration(&mut self, item: &'e Value, interface: &mut Interface, entity: &Entity<'_>) {
        match item.get("privateIPAddress") {
            Some(address) => match self.address(address) {
                Ok(address) => interface.addresses.push(address),
                Err(unknown) => interface.unknown = Some(unknown),
            },
            None => {
                let unknown = not_known("an address that Azure gives", entity.name_span);
                interface.unknown = Some(unknown);
            }
        }
        if interface.subnet.is_none() {
            interface.subnet = item.get("subnet").and_then(|it| self.reference(it));
        }
        if interface.public.is_none()
            && let Some(public) = item.get("publicIPAddress")
        {
            interface.public = self.reference(public).map(PublicAddress::Resource);
        }
        // Every machine of a scale set gets one of its own.
        if interface.public.is_none()
            && let Some(public) = item.get("publicIPAddressConfiguration")
        {
            let nobody = self.nothing("", public.span);
            interface.public = Some(PublicAddress::Resource(nobody));
        }
        let groups = self.references(item.get("applicationSecurityGroups"));
        interface.groups.extend(groups);
        let pools = item
            .get("loadBalancerBackendAddressPools")
            .and_then(Value::items);
        for pool in pools.unwrap_or_default() {
            let balancer = parse_id(pool).and_then(|id| id.parent());
            if let Some(balancer) = balancer
                && let Found::One(index) = self.entities.find(&balancer, pool.span.file)
            {
                interface.balancers.push(index);
            }
        }
    }

    /// The machine of each interface.
    fn owners(&self) -> BTreeMap<usize, usize> {
        let mut owners = BTreeMap::new();
        for (index, entity) in self.entities.iter() {
            if !entity.id.is("microsoft.compute/virtualmachines") {
                continue;
            }
            let list = entity.property(&["networkProfile", "networkInterfaces"]);
            for item in list.and_then(Value::items).unwrap_or_default() {
                if let Some(id) = parse_id(item)
                    && let Found::One(interface) = self.entities.find(&id, item.span.file)
                {
                    owners.insert(interface, index);
                }
            }
        }
        owners
    }

    /// What routes name as next hops.
    fn routed(&self) -> Routed {
        let mut routed = Routed::default();
        for (_, entity) in self.entities.iter() {
            if short_kind(entity) != "routetables/routes" {
                continue;
            }
            let several = entity.property(&["nextHop", "nextHopIpAddresses"]);
            let several = several.and_then(Value::items).unwrap_or_default();
            for value in entity
                .property(&["nextHopIpAddress"])
                .into_iter()
                .chain(several)
            {
                let address = value.known_text().and_then(|text| parse_address(text));
                routed.addresses.extend(address);
                if let Some((id, _)) = value.unknown().and_then(|symbol| read_of(symbol))
                    && let Found::One(index) = self.entities.find(&id, value.span.file)
                {
                    routed.entities.insert(index);
                }
            }
        }
        routed
    }

    fn define_machine(&mut self, machine: usize, interfaces: &[Interface], routed: &Routed) {
        let fronts: Vec<Spanned<IpAddr>> = interfaces
            .iter()
            .flat_map(|interface| &interface.balancers)
            .filter_map(|balancer| self.slot_of::<LoadBalancer>(*balancer))
            .flat_map(|id| self.estate.load_balancers[id].private_ips.iter().copied())
            .collect();
        let is_routed = |interface: &Interface| {
            routed.entities.contains(&interface.index)
                || routed.entities.contains(&machine)
                || interface
                    .addresses
                    .iter()
                    .any(|address| routed.addresses.contains(&address.value))
        };
        let behind_routed = fronts
            .iter()
            .any(|address| routed.addresses.contains(&address.value));
        let forwards = interfaces.iter().any(|interface| interface.forwards);
        if !forwards && !behind_routed && !interfaces.iter().any(is_routed) {
            return;
        }
        let main = interfaces
            .iter()
            .find(|interface| is_routed(interface))
            .or_else(|| interfaces.iter().find(|interface| interface.forwards))
            .or_else(|| interfaces.first());
        let (Some(main), Some(entity)) = (main, self.entities.get(machine)) else {
            return;
        };
        let mut private_ips: Vec<Spanned<IpAddr>> = Vec::new();
        for address in interfaces
            .iter()
            .flat_map(|it| &it.addresses)
            .chain(&fronts)
        {
            if !private_ips.contains(address) {
                private_ips.push(*address);
            }
        }
        let mut publics = interfaces.iter().filter_map(|it| it.public.clone());
        let appliance = Appliance {
            meta: self.meta(entity),
            subnet: main
                .subnet
                .clone()
                .unwrap_or_else(|| self.nothing("", entity.name_span)),
            private_ips,
            ip_forwarding: main.forwards,
            forwarding_text: None,
            interface: main.place,
            public_ip: main.public.clone().or_else(|| publics.next()),
            snat: false,
            filter: ApplianceFilter::Unstated,
            compiled: None,
        };
        let id = self.estate.appliances.push(appliance);
        let slot = Slot::Appliance(id);
        self.set_slot(machine, Some(slot));
        for interface in interfaces {
            self.set_slot(interface.index, Some(slot));
            if let Some(unknown) = &interface.unknown {
                self.gap(slot, Part::Addresses, unknown.clone());
            }
            for address in &interface.addresses {
                self.holds(address.value, Holder::Appliance(machine));
            }
        }
        for address in fronts {
            // Machines behind one load balancer are alike: the first stands for all.
            self.holders
                .entry(address.value)
                .or_insert(Holder::Appliance(machine));
        }
    }

    /// Notes that a load balancer serves a subnet.
    fn serves(&mut self, balancer: usize, subnet: Option<&Ref<Subnet>>) {
        let Some(id) = self.slot_of::<LoadBalancer>(balancer) else {
            return;
        };
        let backends = &self.estate.load_balancers[id].backends;
        if let Some(subnet) = subnet.filter(|subnet| !backends.contains(subnet)) {
            let subnet = subnet.clone();
            self.estate.load_balancers[id].backends.push(subnet);
        }
    }

    /// What exports of pools say of the interfaces in them.
    fn backends_by_pools(&mut self, interfaces: &[Interface]) {
        let subnets: BTreeMap<usize, Ref<Subnet>> = interfaces
            .iter()
            .filter_map(|it| Some((it.index, it.subnet.clone()?)))
            .collect();
        let entities = self.entities;
        for (_, pool) in entities.iter() {
            let Some(balancer) = pool
                .parent
                .filter(|_| short_kind(pool) == "loadbalancers/backendaddresspools")
            else {
                continue;
            };
            let list = pool.property(&["backendIPConfigurations"]);
            for item in list.and_then(Value::items).unwrap_or_default() {
                let holder = parse_id(item).and_then(|id| self.interface_of(&id, item));
                let subnet = holder.and_then(|holder| subnets.get(&holder));
                self.serves(balancer, subnet);
            }
            let list = pool.property(&["loadBalancerBackendAddresses"]);
            for item in list.and_then(Value::items).unwrap_or_default() {
                if let Some(subnet) = body(item).get("subnet") {
                    let subnet = self.reference(subnet);
                    self.serves(balancer, subnet.as_ref());
                }
            }
        }
    }

    /// The interface or scale set that an IP configuration is a part of.
    fn interface_of(&self, id: &ResourceId, place: &Value) -> Option<usize> {
        let mut ancestors = std::iter::successors(id.parent(), ResourceId::parent);
        ancestors.find_map(|id| match self.entities.find(&id, place.span.file) {
            Found::One(index) => Some(index),
            Found::Several | Found::None => None,
        })
    }
}
