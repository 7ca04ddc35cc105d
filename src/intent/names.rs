//! The names that a policy is about, for whoever asks DNS.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use crate::base::Origin;
use crate::estate::Estate;
use crate::net::{Destination, Fqdn, FqdnPattern};

use super::Intent;

/// What is to be asked of DNS.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    /// Every name, with where it is named first and who needs it.
    pub exact: BTreeMap<Fqdn, NeededName>,
    /// Wildcards of which no name is known, with who needs them.
    pub unsampled: BTreeMap<String, NeededName>,
}

/// Why a name is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededName {
    /// Where it is named first.
    pub origin: Origin,
    /// The requirements and elements that name it, or a wildcard that it is a sample of.
    pub by: BTreeSet<SmolStr>,
}

/// The names of requirements, platform services, private endpoints and API servers. A wildcard stands for its samples:
/// those of the policy and of catalogs, and the names of services that it covers.
#[must_use]
pub fn names(intent: &Intent, estate: &Estate) -> Names {
    let mut names = Names::default();
    for (_, service) in estate.services.iter() {
        names.add(&service.fqdn.value, service.meta.origin, &service.meta.name);
    }
    for (_, endpoint) in estate.private_endpoints.iter() {
        for name in &endpoint.names {
            names.add(&name.value, endpoint.meta.origin, &endpoint.meta.name);
        }
    }
    for (_, pool) in estate.pools.iter() {
        if let Some(name) = &pool.api_server.fqdn {
            names.add(&name.value, pool.meta.origin, &pool.meta.name);
        }
    }
    let own: Vec<Fqdn> = names.exact.keys().cloned().collect();
    for requirement in &intent.requirements {
        for destination in &requirement.destinations {
            let Destination::Fqdn(pattern) = &destination.value else {
                continue;
            };
            if let FqdnPattern::Exact(name) = pattern {
                names.add(name, requirement.origin, &requirement.name);
                continue;
            }
            let samples = intent.samples.iter().flat_map(|sample| &sample.names);
            let samples = samples.chain(&own).filter(|name| pattern.covers(name));
            let samples: Vec<&Fqdn> = samples.collect();
            for name in &samples {
                names.add(name, requirement.origin, &requirement.name);
            }
            if samples.is_empty() {
                let needed = names.unsampled.entry(pattern.to_string());
                let needed = needed.or_insert_with(|| NeededName::at(requirement.origin));
                needed.by.insert(requirement.name.clone());
            }
        }
    }
    names
}

impl Names {
    fn add(&mut self, name: &Fqdn, origin: Origin, by: &SmolStr) {
        let needed = self.exact.entry(name.clone());
        let needed = needed.or_insert_with(|| NeededName::at(origin));
        needed.by.insert(by.clone());
    }
}

impl NeededName {
    fn at(origin: Origin) -> Self {
        Self {
            origin,
            by: BTreeSet::new(),
        }
    }
}
