//! The service at the other end judges by who asks: authorized ranges, network rules, service endpoint policies.

use std::net::IpAddr;

use crate::estate::{Id, OutboundType, PlatformService, Pool, ServiceEndpointPolicy, Subnet};

use super::super::cause::Cause;
use super::super::flow::{Element, Site, Stage};
use super::super::gaps;
use super::super::packet::Packet;
use super::Walk;

/// By what a service knows the sender.
#[derive(Debug, Clone)]
pub(super) enum Identity {
    /// By the public addresses it may leave with; empty when they are not known.
    Public(Vec<IpAddr>),
    /// By its subnet, over a service endpoint.
    Subnet(Id<Subnet>),
    /// By nothing but its region.
    Region,
}

impl<'w> Walk<'w> {
    /// The platform service that a packet goes to, by name or address.
    pub(super) fn service_at(&self, packet: &Packet) -> Option<Id<PlatformService>> {
        let mut services = self.plane.estate.services.iter();
        services
            .find(|(_, service)| {
                let by_address = service
                    .addresses
                    .iter()
                    .any(|address| Some(address.value) == packet.destination.address);
                by_address || Some(&service.fqdn.value) == self.name.as_ref()
            })
            .map(|(id, _)| id)
    }

    /// What the service endpoints of a subnet call the service that a packet goes to, as far as its name or
    /// description tells.
    pub(super) fn service_kind(&self, packet: &Packet) -> Option<&'w str> {
        let facts = self.plane.facts;
        if let Some(id) = self.service_at(packet) {
            let service = &self.plane.estate.services[id];
            let kind = service.kind.as_ref();
            let by_kind = kind.and_then(|kind| {
                let mut known = facts.platform_services();
                known.find(|fact| fact.kinds.iter().any(|name| kind.value == *name))
            });
            if let Some(fact) = by_kind {
                return Some(&fact.name);
            }
        }
        if !packet.destination.tags.is_empty() {
            return None;
        }
        let name = self.name.as_ref()?;
        let service = facts.service_of(name, self.plane.estate.cloud);
        // A name that belongs to no such service belongs to no service endpoint either.
        Some(service.map_or("", |(fact, _)| fact.name.as_str()))
    }

    /// Asks whatever stands at the other end.
    pub(super) fn ask_service(&mut self, identity: Identity, packet: &Packet) {
        if let Identity::Subnet(subnet) = identity {
            self.ask_endpoint_policy(subnet, packet);
            if self.is_stopped() {
                return;
            }
        }
        if let Some((id, pool)) = self.api_server(packet) {
            self.ask_api_server(id, pool, &identity);
        }
        if let Some(service) = self.service_at(packet) {
            self.ask_platform_service(service, &identity);
        }
    }

    /// An API server lets in its authorized ranges. AKS adds the cluster's own address only when it owns that address,
    /// which is so for its load balancer (MicrosoftDocs/azure-aks-docs, api-server-authorized-ip-ranges.md).
    fn ask_api_server(&mut self, id: Id<Pool>, pool: &Pool, identity: &Identity) {
        let Some(ranges) = &pool.api_server.authorized_ranges else {
            return;
        };
        let element = Element {
            name: format!("authorized ranges of pool `{}`", pool.meta.name),
            origin: ranges.origin,
            site: Site::Pool(id),
        };
        let Identity::Public(addresses) = identity else {
            return;
        };
        let holds = |address: &IpAddr| {
            let mut prefixes = ranges.prefixes.iter();
            prefixes.any(|prefix| prefix.value.contains(address))
        };
        let from_pool = match &self.flow.from {
            super::Sender::Inside { subnet, .. } => {
                self.pool_in(*subnet).is_some_and(|(other, _)| other == id)
            }
            super::Sender::Outside { .. } => false,
        };
        let through_own_balancer = self.devices.is_empty()
            && matches!(
                pool.outbound.value,
                OutboundType::LoadBalancer | OutboundType::ManagedNatGateway
            );
        if from_pool && through_own_balancer {
            if pool.outbound.value == OutboundType::ManagedNatGateway {
                self.note(
                    "AKS adds the address of the NAT gateway it made to the authorized ranges",
                );
            }
            self.pass(
                Stage::Service,
                element,
                "AKS adds the cluster's own outbound address itself",
            );
            return;
        }
        if addresses.is_empty() {
            self.doubt(
                Stage::Service,
                Cause::AuthorizedRangesExcludeEgress,
                element,
                "are set, and with which public address the flow leaves is not known",
            );
            return;
        }
        let missing: Vec<String> = addresses
            .iter()
            .filter(|address| !holds(address))
            .map(ToString::to_string)
            .collect();
        if missing.is_empty() {
            self.pass(
                Stage::Service,
                element,
                "hold the address the flow leaves with",
            );
        } else if missing.len() == addresses.len() {
            self.block(
                Stage::Service,
                Cause::AuthorizedRangesExcludeEgress,
                element,
                format!(
                    "do not hold {}, the address that the flow arrives with",
                    missing.join(" or ")
                ),
            );
        } else {
            self.doubt(
                Stage::Service,
                Cause::AuthorizedRangesExcludeEgress,
                element,
                format!(
                    "do not hold {}, one of the addresses that the flow may arrive with",
                    missing.join(" or ")
                ),
            );
        }
    }

    /// A platform service refuses whom its network rules do not name. Storage of the same region sees private
    /// addresses, so entries with public prefixes do not help there.
    fn ask_platform_service(&mut self, id: Id<PlatformService>, identity: &Identity) {
        let service = &self.plane.estate.services[id];
        let element = |origin| Element {
            name: format!("service `{}`", service.meta.name),
            origin,
            site: Site::Service(id),
        };
        self.rest_on(element(service.meta.origin));
        if let Some(origin) = service.public_access_off {
            self.block(
                Stage::Service,
                Cause::ServiceAccessControl,
                element(origin),
                "takes private endpoints only (public network access is off)",
            );
            return;
        }
        if let Some(text) = gaps::service_access(self.plane.estate, id) {
            let element = element(service.meta.origin);
            self.doubt(Stage::Service, Cause::ServiceAccessControl, element, text);
            return;
        }
        let Some(acl) = service.acl.as_ref().filter(|acl| acl.default_deny) else {
            return;
        };
        let holds = |address: &IpAddr| {
            let mut prefixes = acl.prefixes.iter();
            prefixes.any(|prefix| prefix.value.contains(address))
        };
        let refused = match identity {
            Identity::Subnet(subnet) => {
                let listed = acl.subnets.iter().any(|known| known.id == Some(*subnet));
                (!listed).then(|| {
                    format!(
                        "network rules do not name subnet `{}`, by which a service endpoint shows",
                        self.plane.estate.subnet_path(*subnet)
                    )
                })
            }
            Identity::Region => Some(
                "network rules let in public addresses and subnets, and storage of the same region sees neither"
                    .to_owned(),
            ),
            Identity::Public(_) if self.is_same_region_storage(service) => Some(
                "network rules with public addresses do not apply to clients in the same region".to_owned(),
            ),
            Identity::Public(_) if self.may_be_same_region_storage(service) => {
                self.doubt(
                    Stage::Service,
                    Cause::ServiceAccessControl,
                    element(acl.origin),
                    "network rules with public addresses do not apply to clients in the same region, and whether \
                     these are is not known",
                );
                return;
            }
            Identity::Public(addresses) if addresses.is_empty() => {
                self.doubt(
                    Stage::Service,
                    Cause::ServiceAccessControl,
                    element(acl.origin),
                    "lets in certain public addresses, and with which the flow arrives is not known",
                );
                return;
            }
            Identity::Public(addresses) => {
                let missing: Vec<String> = addresses
                    .iter()
                    .filter(|address| !holds(address))
                    .map(ToString::to_string)
                    .collect();
                if !missing.is_empty() && missing.len() < addresses.len() {
                    self.doubt(
                        Stage::Service,
                        Cause::ServiceAccessControl,
                        element(acl.origin),
                        format!("network rules do not hold {}", missing.join(" or ")),
                    );
                    return;
                }
                (!missing.is_empty())
                    .then(|| format!("network rules do not hold {}", missing.join(" or ")))
            }
        };
        match refused {
            Some(text) => self.block(
                Stage::Service,
                Cause::ServiceAccessControl,
                element(acl.origin),
                text,
            ),
            None => self.pass(
                Stage::Service,
                element(acl.origin),
                "lets the sender in by its network rules",
            ),
        }
    }

    fn is_same_region_storage(&self, service: &PlatformService) -> bool {
        let crate::estate::Region::Named(region) = &self.plane.estate.region else {
            return false;
        };
        let storage = service
            .kind
            .as_ref()
            .is_some_and(|kind| kind.value == "storage");
        let inside = matches!(self.flow.from, super::Sender::Inside { .. });
        storage
            && inside
            && service
                .region
                .as_ref()
                .is_some_and(|place| place.value.eq_ignore_ascii_case(region))
    }

    /// Whether storage may be in the region of the networks: of a part of an estate that region is seldom known.
    fn may_be_same_region_storage(&self, service: &PlatformService) -> bool {
        let storage = service.kind.as_ref();
        let inside = matches!(self.flow.from, super::Sender::Inside { .. });
        let named = matches!(self.plane.estate.region, crate::estate::Region::Named(_))
            && service.region.is_some();
        gaps::is_part(self.plane.estate)
            && storage.is_some_and(|kind| kind.value == "storage")
            && inside
            && !named
    }

    fn ask_endpoint_policy(&mut self, subnet: Id<Subnet>, packet: &Packet) {
        let Some(ServiceEndpointPolicy { origin, allowed }) =
            &self.plane.estate.subnets[subnet].endpoint_policy
        else {
            return;
        };
        let unknown = gaps::service_endpoints(self.plane.estate, subnet);
        let open = unknown.is_some() || allowed.iter().any(|known| known.id.is_none());
        let service = self.service_at(packet);
        let listed = service.is_some() && allowed.iter().any(|known| known.id == service);
        let element = Element {
            name: format!(
                "service endpoint policy of subnet `{}`",
                self.plane.estate.subnet_path(subnet)
            ),
            origin: *origin,
            site: Site::Subnet(subnet),
        };
        if listed {
            self.pass(Stage::Service, element, "names the resource");
        } else if open {
            let text = unknown.unwrap_or_else(|| {
                "names something of which it is not known what belongs to it".to_owned()
            });
            self.doubt(Stage::Service, Cause::ServiceAccessControl, element, text);
        } else {
            let what = self
                .name
                .as_ref()
                .map_or_else(|| packet.destination.words(), ToString::to_string);
            self.block(
                Stage::Service,
                Cause::ServiceAccessControl,
                element,
                format!("does not name {what}"),
            );
        }
    }
}
