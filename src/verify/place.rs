//! Where the pools of a policy are in a network that exists.

use crate::estate::{Estate, Id, Pool, PoolIdentity, Ref, Subnet};

/// A pool of a policy, found in a network.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The pool, in the estate of the policy.
    pub pool: Id<Pool>,
    /// Its subnets, in the network.
    pub subnets: Vec<Id<Subnet>>,
    /// Subnets of the policy that the network does not show: `vnet/subnet`.
    pub absent: Vec<String>,
}

/// Finds the pools of a policy in a network by the names of their networks and subnets, whatever their case. A pool that
/// the network does not show in such a subnet is added to it as the policy describes it, since how it leaves and where
/// its pods are decides about its flows.
#[must_use]
pub fn place(policy: &Estate, network: &mut Estate) -> Vec<Placed> {
    let mut all = Vec::new();
    for (id, pool) in policy.pools.iter() {
        let mut placed = Placed {
            pool: id,
            subnets: Vec::new(),
            absent: Vec::new(),
        };
        for subnet in pool.subnets.iter().filter_map(|subnet| subnet.id) {
            let path = policy.subnet_path(subnet);
            let mut subnets = network.subnets.ids();
            let found = subnets.find(|it| network.subnet_path(*it).eq_ignore_ascii_case(&path));
            match found {
                Some(found) => placed.subnets.push(found),
                None => placed.absent.push(path),
            }
        }
        let is_shown = network.pools.iter().any(|(_, pool)| {
            let mut known = pool.subnets.iter().filter_map(|subnet| subnet.id);
            known.any(|id| placed.subnets.contains(&id))
        });
        if !is_shown && !placed.subnets.is_empty() {
            let pool = moved(pool, policy, network, &placed.subnets);
            network.pools.push(pool);
        }
        all.push(placed);
    }
    all
}

/// A pool with what it refers to in the network. What the network lacks is not known there.
fn moved(pool: &Pool, policy: &Estate, network: &Estate, subnets: &[Id<Subnet>]) -> Pool {
    let subnet = |id: &Id<Subnet>| {
        let path = network.subnet_path(*id);
        Ref::known(*id, path, network.subnets[*id].meta.origin)
    };
    let mut moved = pool.clone();
    moved.subnets = subnets.iter().map(subnet).collect();
    moved.via = None;
    if let Some(PoolIdentity::UserAssigned(identity)) = &mut moved.identity {
        let name = identity
            .id
            .map_or(&identity.name, |id| &policy.identities[id].meta.name);
        let mut known = network.identities.iter();
        let found = known.find(|(_, it)| it.meta.name.eq_ignore_ascii_case(name));
        identity.id = found.map(|(id, _)| id);
    }
    moved.bootstrap = None;
    moved.nodes.interface_nsg = None;
    let elsewhere = |place: &mut Option<Ref<Subnet>>| {
        let path = place
            .as_ref()
            .and_then(|it| it.id)
            .map(|it| policy.subnet_path(it));
        let mut subnets = network.subnets.ids();
        let found = path.and_then(|path| {
            subnets.find(|it| network.subnet_path(*it).eq_ignore_ascii_case(&path))
        });
        *place = found.as_ref().map(subnet);
    };
    elsewhere(&mut moved.nodes.pod_subnet);
    elsewhere(&mut moved.api_server.subnet);
    moved.api_server.private_zone = None;
    moved
}
