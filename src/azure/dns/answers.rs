//! What public DNS knows, and whether an answer is any use.

use crate::estate::{Id, PlatformService, PrivateDnsZone, Vnet};
use crate::net::Fqdn;

use super::super::cause::Cause;
use super::super::flow::{Element, Outcome, Site};
use super::super::packet::note;
use super::{Answer, LookUp, MACHINES, Reply, is_under, private_name};

impl LookUp<'_> {
    pub(super) fn has_address(&self, service: Id<PlatformService>) -> bool {
        !self.plane.estate.services[service].addresses.is_empty()
    }

    /// Azure DNS knows the machines of a network for the network itself only.
    pub(super) fn machine(&mut self, vnet: Id<Vnet>, name: &Fqdn) -> Reply {
        if vnet == self.home {
            note(
                &mut self.notes,
                format!("{name} is a machine of the network that asks"),
            );
            return Reply::good(Answer::Private(None));
        }
        Reply::bad(
            Answer::None,
            Outcome::Blocks,
            Cause::PrivateZoneUnresolvable,
            self.plane.dns_element(self.home),
            format!(
                "lead to vnet `{}`, where Azure DNS does not know the machines of this network",
                self.plane.estate.vnets[vnet].meta.name
            ),
        )
    }

    /// The public addresses behind a name or an alias under `privatelink`.
    pub(super) fn public_end(&mut self, name: &Fqdn) -> Reply {
        let Some(service) = self.service_of_alias(name) else {
            return self.public(name);
        };
        self.tell_resolved(service);
        let addresses = self.plane.estate.services[service].addresses.iter();
        Reply::public(addresses.map(|address| address.value).collect())
    }

    pub(super) fn service_of_alias(&self, name: &Fqdn) -> Option<Id<PlatformService>> {
        let estate = self.plane.estate;
        let stated = estate.services.iter().find(|(_, service)| {
            let alias = service.cname.as_ref().map(|cname| &cname.value);
            alias == Some(name) || service.fqdn.value == *name
        });
        if let Some((id, _)) = stated {
            return Some(id);
        }
        // Most names are no alias of a service, and there may be thousands of services.
        let mut known = self.plane.facts.service_names(estate.cloud);
        if !known.any(|known| is_under(name, &known.zone)) {
            return None;
        }
        let mut services = estate.services.iter();
        let is_alias = |service: &PlatformService| {
            private_name(self.plane, &service.fqdn.value).as_ref() == Some(name)
        };
        services
            .find(|(_, service)| is_alias(service))
            .map(|(id, _)| id)
    }

    pub(super) fn public(&mut self, name: &Fqdn) -> Reply {
        let private_api = self.plane.estate.pools.iter().any(|(_, pool)| {
            let named = pool.api_server.fqdn.as_ref();
            pool.private_cluster.is_some() && named.is_some_and(|fqdn| fqdn.value == *name)
        });
        if private_api {
            // The public name of a private cluster leads to its private address.
            return Reply::good(Answer::Private(None));
        }
        let mut services = self.plane.estate.services.iter();
        let service = services.find(|(_, service)| service.fqdn.value == *name);
        if let Some((service, _)) = service {
            self.tell_resolved(service);
        }
        Reply::public(self.plane.known_addresses(name))
    }

    /// A step for addresses that nobody states and somebody asked for.
    fn tell_resolved(&mut self, id: Id<PlatformService>) {
        let service = &self.plane.estate.services[id];
        let (Some(resolved), Some(first)) = (&service.resolved, service.addresses.first()) else {
            return;
        };
        let element = Element {
            name: format!("the lock file of {}", resolved.date),
            origin: first.span.into(),
            site: Site::Service(id),
        };
        let addresses = service.addresses.iter();
        let addresses: Vec<String> = addresses.map(|it| it.value.to_string()).collect();
        let text = format!(
            "has {} for {}, as {} answered",
            addresses.join(", "),
            service.fqdn.value,
            resolved.servers
        );
        self.step(element, text, Outcome::Passes);
    }

    /// Whether public DNS does not know a name: it belongs to a private zone or to machines of a network.
    pub(super) fn is_private(&self, name: &Fqdn) -> bool {
        let text = name.as_str();
        let zones = self.plane.estate.dns_zones.iter();
        let mut zones = zones.filter(|(_, zone)| is_under(name, zone.domain.as_str()));
        let aliased = self.service_of_alias(name).is_some();
        zones.next().is_some()
            || (text.contains(".privatelink.") && !aliased)
            || text.ends_with(MACHINES)
            || self.has_private_endpoint(name)
    }

    pub(super) fn has_private_endpoint(&self, name: &Fqdn) -> bool {
        let estate = self.plane.estate;
        estate.private_endpoints.iter().any(|(_, endpoint)| {
            let named = endpoint.names.iter().any(|known| known.value == *name);
            let target = endpoint.target.as_ref().and_then(|target| target.id);
            named || target.is_some_and(|id| estate.services[id].fqdn.value == *name)
        })
    }

    /// What the cause of a name's failure is: the cluster's own zone, or a dependency behind a private endpoint.
    pub(super) fn cause_of(&self, name: &Fqdn) -> Cause {
        let text = name.as_str();
        let cluster = text.ends_with(".azmk8s.io")
            || text.ends_with(".hdinsightaks.net")
            || self.plane.estate.pools.iter().any(|(_, pool)| {
                let named = pool.api_server.fqdn.as_ref();
                named.is_some_and(|fqdn| fqdn.value == *name)
            });
        let mut known = self.plane.facts.service_names(self.plane.estate.cloud);
        let dependency =
            known.any(|known| is_under(name, &known.zone) || is_under(name, &known.suffix));
        if dependency && !cluster {
            Cause::PrivateLinkDependency
        } else {
            Cause::PrivateZoneUnresolvable
        }
    }

    pub(super) fn zone_element(&self, id: Id<PrivateDnsZone>) -> Element {
        let zone = &self.plane.estate.dns_zones[id];
        Element {
            name: format!("private DNS zone `{}`", zone.meta.name),
            origin: zone.meta.origin,
            site: Site::DnsZone(id),
        }
    }

    /// Whether an answer is any use: a service that takes private endpoints only has to resolve to one, and a record
    /// has to lead to an endpoint that is there.
    pub(super) fn usable(&mut self, reply: Reply, name: &Fqdn) -> Reply {
        let estate = self.plane.estate;
        let mut services = estate.services.iter();
        let Some((id, service)) = services.find(|(_, service)| service.fqdn.value == *name) else {
            return reply;
        };
        let endpoints: Vec<_> = estate
            .private_endpoints
            .iter()
            .filter(|(_, endpoint)| {
                let target = endpoint.target.as_ref().and_then(|target| target.id);
                target == Some(id) || endpoint.names.iter().any(|known| known.value == *name)
            })
            .collect();
        if reply.outcome != Outcome::Passes || endpoints.is_empty() {
            return reply;
        }
        let zone = service
            .cname
            .as_ref()
            .map(|cname| cname.value.clone())
            .or_else(|| private_name(self.plane, name));
        let zone = zone.and_then(|alias| {
            let zones = estate.dns_zones.iter();
            let mut zones = zones.filter(|(_, zone)| is_under(&alias, zone.domain.as_str()));
            zones.next().map(|(id, _)| self.zone_element(id))
        });
        match reply.answer {
            Answer::Public(address) if service.public_access_off.is_some() => {
                let endpoint = endpoints.first().map(|(_, endpoint)| &endpoint.meta);
                let element = zone.unwrap_or_else(|| Element {
                    name: endpoint.map_or_else(
                        || format!("service `{}`", service.meta.name),
                        |meta| format!("private endpoint `{}`", meta.name),
                    ),
                    origin: endpoint.map_or(service.meta.origin, |meta| meta.origin),
                    site: Site::Service(id),
                });
                Reply::bad(
                    Answer::Public(address),
                    Outcome::Blocks,
                    Cause::PrivateLinkDependency,
                    element,
                    format!(
                        "{name} resolves to its public address, which takes nobody in; the \
                         resolver does not see the zone of its private endpoint"
                    ),
                )
            }
            Answer::Private(Some(address)) => {
                // One whose address is not known may be at any.
                if endpoints
                    .iter()
                    .any(|(_, endpoint)| endpoint.addresses.is_empty())
                {
                    return reply;
                }
                let held = endpoints.iter().any(|(_, endpoint)| {
                    endpoint
                        .addresses
                        .iter()
                        .any(|known| known.value == address)
                });
                if held {
                    return reply;
                }
                let element = zone.unwrap_or_else(|| Element {
                    name: format!("service `{}`", service.meta.name),
                    origin: service.meta.origin,
                    site: Site::Service(id),
                });
                Reply::bad(
                    Answer::Private(Some(address)),
                    Outcome::Blocks,
                    Cause::PrivateLinkDependency,
                    element,
                    format!(
                        "{name} is {address} there, and its private endpoint is not at that address"
                    ),
                )
            }
            _ => reply,
        }
    }
}
