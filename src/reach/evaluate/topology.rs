//! What is next to what: peerings, gateways, holders of addresses, subnets. Read once from an estate.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::azure::facts::Facts;
use crate::azure::next_hop::Holder;
use crate::base::Origin;
use crate::estate::{
    Estate, FIREWALL_SUBNET, Gateway, Id, Peering, PeeringState, Pool, Subnet, Vnet,
};
use crate::space::{Ranges, every_v4, every_v6, number_of, v4_of, v6_of};

/// Addresses of both families.
#[derive(Debug, Clone, Default)]
pub(in crate::reach) struct Addresses {
    pub(in crate::reach) v4: Ranges,
    pub(in crate::reach) v6: Ranges,
}

impl Addresses {
    pub(in crate::reach) fn every() -> Self {
        Self {
            v4: every_v4(),
            v6: every_v6(),
        }
    }

    pub(in crate::reach) fn of(prefixes: impl IntoIterator<Item = IpNet> + Clone) -> Self {
        Self {
            v4: v4_of(prefixes.clone()),
            v6: v6_of(prefixes),
        }
    }

    /// All from the first to the last.
    pub(in crate::reach) fn between(first: IpAddr, last: IpAddr) -> Self {
        let range = Ranges::span(number_of(first), number_of(last));
        if first.is_ipv4() {
            Self {
                v4: range,
                ..Self::default()
            }
        } else {
            Self {
                v6: range,
                ..Self::default()
            }
        }
    }

    pub(in crate::reach) fn or(&self, other: &Self) -> Self {
        Self {
            v4: self.v4.or(&other.v4),
            v6: self.v6.or(&other.v6),
        }
    }

    pub(in crate::reach) fn and(&self, other: &Self) -> Self {
        Self {
            v4: self.v4.and(&other.v4),
            v6: self.v6.and(&other.v6),
        }
    }

    pub(in crate::reach) fn minus(&self, other: &Self) -> Self {
        Self {
            v4: self.v4.minus(&other.v4),
            v6: self.v6.minus(&other.v6),
        }
    }

    pub(in crate::reach) fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    pub(in crate::reach) fn holds(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(v4) => self.v4.holds(u128::from(v4.to_bits())),
            IpAddr::V6(v6) => self.v6.holds(v6.to_bits()),
        }
    }
}

/// One direction of a peering that is in force.
#[derive(Debug, Clone, Copy)]
pub(super) struct Direction {
    pub(super) origin: Origin,
    pub(super) forwarded_traffic: bool,
    gateway_transit: bool,
    remote_gateways: bool,
}

#[derive(Debug)]
pub(super) struct Topology {
    directions: FxHashMap<(Id<Vnet>, Id<Vnet>), Direction>,
    /// Peerings that are written down, in force or not.
    written: FxHashSet<(Id<Vnet>, Id<Vnet>)>,
    holders: BTreeMap<IpAddr, Holder>,
    /// The addresses that a subnet holds and no longer prefix does.
    pub(super) held: Vec<(Id<Subnet>, Addresses)>,
    /// Addresses that somewhere in the Internet may have.
    pub(super) public: Addresses,
    /// Those that a service of Azure's may have.
    pub(super) serviceable: Addresses,
    pub(super) platform: Addresses,
    /// Addresses that no router forwards to.
    pub(super) unroutable: Addresses,
    pools: FxHashMap<Id<Subnet>, Id<Pool>>,
    firewall_subnets: FxHashMap<Id<Vnet>, Id<Subnet>>,
    gateway_subnets: FxHashMap<Id<Vnet>, Id<Subnet>>,
}

/// Ranges that no host of the Internet has: loopback, link-local, multicast, broadcast, the unspecified address, and
/// of IPv6 the local ones too (RFC 6890, RFC 4291, RFC 4193).
fn unroutable() -> Addresses {
    Addresses::of(
        [
            "127.0.0.0/8",
            "169.254.0.0/16",
            "224.0.0.0/4",
            "255.255.255.255/32",
            "0.0.0.0/32",
            "::1/128",
            "fe80::/10",
            "fc00::/7",
            "ff00::/8",
            "::/128",
        ]
        .into_iter()
        .filter_map(|prefix| prefix.parse().ok())
        .collect::<Vec<IpNet>>(),
    )
}

/// Ranges that no service has: loopback, link-local, multicast, for documentation (RFC 5737, RFC 3849).
fn without_services() -> Addresses {
    Addresses::of(
        [
            "127.0.0.0/8",
            "169.254.0.0/16",
            "224.0.0.0/4",
            "192.0.2.0/24",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "::1/128",
            "fe80::/10",
            "fc00::/7",
            "ff00::/8",
            "2001:db8::/32",
        ]
        .into_iter()
        .filter_map(|prefix| prefix.parse().ok())
        .collect::<Vec<IpNet>>(),
    )
}

impl Topology {
    pub(super) fn of(estate: &Estate, facts: &Facts) -> Self {
        let private = Addresses::of(facts.private_ranges().collect::<Vec<_>>());
        let platform = facts.platform_addresses().iter().map(|fact| fact.prefix);
        let platform = Addresses::of(platform.collect::<Vec<_>>());
        let mut topology = Self {
            directions: FxHashMap::default(),
            written: FxHashSet::default(),
            holders: holders(estate),
            held: held(estate),
            public: Addresses::every().minus(&unroutable()).minus(&private),
            serviceable: Addresses::every()
                .minus(&without_services())
                .minus(&private)
                .minus(&platform),
            platform,
            unroutable: unroutable(),
            pools: FxHashMap::default(),
            firewall_subnets: FxHashMap::default(),
            gateway_subnets: FxHashMap::default(),
        };
        for (_, peering) in estate.peerings.iter() {
            topology.add_peering(peering);
        }
        for (id, pool) in estate.pools.iter() {
            for subnet in pool.subnets.iter().filter_map(|subnet| subnet.id) {
                topology.pools.entry(subnet).or_insert(id);
            }
        }
        for (id, subnet) in estate.subnets.iter() {
            let named = match subnet.meta.name.as_str() {
                FIREWALL_SUBNET => &mut topology.firewall_subnets,
                "GatewaySubnet" => &mut topology.gateway_subnets,
                _ => continue,
            };
            named.entry(subnet.vnet).or_insert(id);
        }
        topology
    }

    fn add_peering(&mut self, peering: &Peering) {
        let (Some(from), Some(to)) = (peering.from.id, peering.to.id) else {
            return;
        };
        self.written.insert((from, to));
        if peering.state == PeeringState::Connected && peering.access {
            self.directions.entry((from, to)).or_insert(Direction {
                origin: peering.origin,
                forwarded_traffic: peering.forwarded_traffic,
                gateway_transit: peering.gateway_transit,
                remote_gateways: peering.remote_gateways,
            });
        }
    }

    pub(super) fn direction(&self, from: Id<Vnet>, to: Id<Vnet>) -> Option<Direction> {
        self.directions.get(&(from, to)).copied()
    }

    /// Both directions are in force.
    pub(super) fn are_peered(&self, a: Id<Vnet>, b: Id<Vnet>) -> bool {
        self.directions.contains_key(&(a, b)) && self.directions.contains_key(&(b, a))
    }

    /// A peering between them is written down in one direction at least.
    pub(super) fn is_written(&self, a: Id<Vnet>, b: Id<Vnet>) -> bool {
        self.written.contains(&(a, b)) || self.written.contains(&(b, a))
    }

    pub(super) fn holder(&self, address: IpAddr) -> Holder {
        self.holders
            .get(&address)
            .copied()
            .unwrap_or(Holder::Nobody)
    }

    /// The gateways that a network uses: its own, then those that peers lend it.
    pub(super) fn gateways(&self, estate: &Estate, vnet: Id<Vnet>) -> Vec<Id<Gateway>> {
        let mut own = Vec::new();
        let mut lent = Vec::new();
        for (id, gateway) in estate.gateways.iter() {
            match gateway.vnet.id {
                Some(there) if there == vnet => own.push(id),
                Some(there) => {
                    let used = self
                        .direction(vnet, there)
                        .is_some_and(|d| d.remote_gateways);
                    let given = self
                        .direction(there, vnet)
                        .is_some_and(|d| d.gateway_transit);
                    lent.extend((used && given).then_some(id));
                }
                None => {}
            }
        }
        own.extend(lent);
        own
    }

    pub(super) fn vnet_of(&self, estate: &Estate, holder: Holder) -> Option<Id<Vnet>> {
        match holder {
            Holder::Firewall(id) => estate.firewalls[id].vnet.id,
            Holder::Appliance(id) => {
                let subnet = estate.appliances[id].subnet.id?;
                Some(estate.subnets[subnet].vnet)
            }
            Holder::LoadBalancer(id) => {
                let backend = estate.load_balancers[id].backends.first()?.id?;
                Some(estate.subnets[backend].vnet)
            }
            Holder::Nobody => None,
        }
    }

    /// The pool whose nodes are in a subnet.
    pub(super) fn pool_in(&self, subnet: Id<Subnet>) -> Option<Id<Pool>> {
        self.pools.get(&subnet).copied()
    }

    pub(super) fn firewall_subnet(&self, vnet: Option<Id<Vnet>>) -> Option<Id<Subnet>> {
        self.firewall_subnets.get(&vnet?).copied()
    }

    pub(super) fn gateway_subnet(&self, vnet: Id<Vnet>) -> Option<Id<Subnet>> {
        self.gateway_subnets.get(&vnet).copied()
    }
}

/// Of several that claim one address the first: firewalls, then appliances, then load balancers.
fn holders(estate: &Estate) -> BTreeMap<IpAddr, Holder> {
    let mut holders = BTreeMap::new();
    for (id, firewall) in estate.firewalls.iter() {
        if let Some(address) = &firewall.private_ip {
            holders.entry(address.value).or_insert(Holder::Firewall(id));
        }
    }
    for (id, appliance) in estate.appliances.iter() {
        for address in &appliance.private_ips {
            holders
                .entry(address.value)
                .or_insert(Holder::Appliance(id));
        }
    }
    for (id, balancer) in estate.load_balancers.iter() {
        for address in &balancer.private_ips {
            let holder = Holder::LoadBalancer(id);
            holders.entry(address.value).or_insert(holder);
        }
    }
    holders
}

/// The addresses of each subnet, as far as no longer prefix of another one holds them; of equal ones the last counts.
fn held(estate: &Estate) -> Vec<(Id<Subnet>, Addresses)> {
    let mut prefixes: Vec<(u8, Id<Subnet>, IpNet)> = Vec::new();
    for (id, subnet) in estate.subnets.iter() {
        let own = subnet.prefixes.iter();
        prefixes.extend(own.map(|prefix| (prefix.value.prefix_len(), id, prefix.value)));
    }
    prefixes.sort_by_key(|(length, id, _)| std::cmp::Reverse((*length, *id)));
    let mut taken = Addresses::default();
    let mut held: BTreeMap<Id<Subnet>, Addresses> = BTreeMap::new();
    for (_, id, prefix) in prefixes {
        let own = Addresses::of([prefix]).minus(&taken);
        taken = taken.or(&own);
        let all = held.entry(id).or_default();
        *all = all.or(&own);
    }
    held.into_iter().collect()
}
