//! Names that the machines of a pool reach by a private endpoint: they need no firewall rule.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::azure::Dataplane;
use crate::azure::facts::Facts;
use crate::estate::{Estate, Id, Pool};
use crate::intent::Intent;
use crate::net::{Destination, Fqdn, FqdnPattern};

/// The addresses of private endpoints, by the pools that reach them and the names that lead there.
#[derive(Debug, Default)]
pub(super) struct PrivateWays {
    by_name: BTreeMap<(Id<Pool>, Fqdn), BTreeSet<IpAddr>>,
}

impl PrivateWays {
    /// Those of an estate. A name is one of them when every subnet of the pool certainly resolves it to a private endpoint
    /// and goes there straight. What goes through an HTTP proxy is resolved by the proxy.
    pub(super) fn of(estate: &Estate, intent: &Intent, facts: &Facts) -> Self {
        let plane = Dataplane::new(estate, facts, None);
        let mut ways = Self::default();
        for (pool, name) in wanted_names(intent) {
            let element = &estate.pools[pool];
            if element.http_proxy.is_some() || element.subnets.is_empty() {
                continue;
            }
            let endpoints = element.subnets.iter().map(|subnet| {
                let endpoint = plane.private_way(subnet.id?, name)?;
                Some(&estate.private_endpoints[endpoint])
            });
            let Some(endpoints) = endpoints.collect::<Option<Vec<_>>>() else {
                continue;
            };
            let addresses = endpoints.iter().flat_map(|endpoint| &endpoint.addresses);
            let addresses = addresses.map(|address| address.value).collect();
            ways.by_name.insert((pool, name.clone()), addresses);
        }
        ways
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Whether a pool reaches a destination by a private endpoint.
    pub(super) fn lead_to(&self, pool: Id<Pool>, destination: &Destination) -> bool {
        !self.prefixes(pool, destination).is_empty()
    }

    /// The addresses of the private endpoint by which a pool reaches a destination; none when it does not.
    pub(super) fn prefixes(&self, pool: Id<Pool>, destination: &Destination) -> Vec<IpNet> {
        let Destination::Fqdn(FqdnPattern::Exact(name)) = destination else {
            return Vec::new();
        };
        let addresses = self.by_name.get(&(pool, name.clone()));
        addresses
            .into_iter()
            .flatten()
            .map(|address| IpNet::from(*address))
            .collect()
    }
}

/// Whether a name that is wanted may lead to a private endpoint at all.
pub(super) fn is_conceivable(estate: &Estate, intent: &Intent) -> bool {
    if estate.private_endpoints.iter().next().is_none() {
        return false;
    }
    wanted_names(intent).iter().any(|(_, name)| {
        let mut endpoints = estate.private_endpoints.iter();
        endpoints.any(|(_, endpoint)| endpoint.is_for(estate, name))
    })
}

/// The exact names of requirements, each once for a pool.
fn wanted_names(intent: &Intent) -> BTreeSet<(Id<Pool>, &Fqdn)> {
    let requirements = intent.requirements.iter();
    requirements
        .flat_map(|requirement| {
            let destinations = requirement.destinations.iter();
            destinations.filter_map(move |destination| match &destination.value {
                Destination::Fqdn(FqdnPattern::Exact(name)) => Some((requirement.pool, name)),
                _ => None,
            })
        })
        .collect()
}
