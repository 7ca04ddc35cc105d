//! Whatever is at the other end judges by who asks: authorized ranges, network rules, service endpoint policies.

use std::net::IpAddr;

use crate::azure::gaps;
use crate::estate::{Id, OutboundType, PlatformService, Pool, PoolSetting, Region, Subnet};

use super::Evaluator;
use super::packet::Packet;

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

/// What a list of those who are let in says of the addresses that a flow may arrive with.
enum Listed {
    All,
    Some,
    None,
}

fn listed(addresses: &[IpAddr], holds: impl Fn(&IpAddr) -> bool) -> Listed {
    let held = addresses.iter().filter(|address| holds(address)).count();
    match held {
        all if all == addresses.len() => Listed::All,
        0 => Listed::None,
        _ => Listed::Some,
    }
}

impl<'a> Evaluator<'a> {
    /// The platform service that flows go to, by name or address.
    pub(super) fn service_at(&self, packet: &Packet<'a>) -> Option<Id<PlatformService>> {
        let address = packet.address();
        let mut services = self.plane.estate.services.iter();
        let found = services.find(|(_, service)| {
            let mut own = service.addresses.iter();
            address.is_some_and(|address| own.any(|ip| ip.value == address))
                || packet.name.as_ref() == Some(&service.fqdn.value)
        });
        found.map(|(id, _)| id)
    }

    /// What service endpoints call the service that flows go to; empty when it is none that has them.
    pub(super) fn service_kind(&self, packet: &Packet<'a>) -> Option<&'a str> {
        let kind = self.service_at(packet).and_then(|id| {
            let kind = self.plane.estate.services[id].kind.as_ref()?;
            let mut known = self.plane.facts.platform_services();
            let fact = known.find(|fact| fact.kinds.iter().any(|name| kind.value == *name))?;
            Some(fact.name.as_str())
        });
        kind.or(packet.kind)
    }

    /// The pool whose API server flows go to.
    pub(super) fn api_server(&self, packet: &Packet<'a>) -> Option<(Id<Pool>, &'a Pool)> {
        let address = packet.address();
        self.plane.estate.pools.iter().find(|(_, pool)| {
            let server = &pool.api_server;
            let named = server.fqdn.as_ref().map(|fqdn| &fqdn.value);
            let addressed = server.public_ip.map(|ip| ip.value);
            (named.is_some() && named == packet.name.as_ref())
                || (addressed.is_some() && addressed == address)
        })
    }

    /// What is not known of the API server that flows go to.
    pub(super) fn doubt_api_server(&mut self, packet: &mut Packet<'a>) {
        let Some((id, _)) = self.api_server(packet) else {
            return;
        };
        for setting in [
            PoolSetting::PrivateCluster,
            PoolSetting::ApiServerName,
            PoolSetting::AuthorizedRanges,
        ] {
            if let Some(why) = gaps::pool(self.plane.estate, id, setting) {
                self.unsettle(packet, why);
            }
        }
    }

    /// Asks whatever is at the other end; flows that it certainly refuses do not come back.
    pub(super) fn ask_service(
        &mut self,
        identity: Identity,
        packet: Packet<'a>,
    ) -> Option<Packet<'a>> {
        let mut packet = packet;
        if let Identity::Subnet(subnet) = identity {
            packet = self.ask_endpoint_policy(subnet, packet)?;
        }
        if let Some((id, pool)) = self.api_server(&packet) {
            packet = self.ask_api_server(id, pool, &identity, packet)?;
        }
        match self.service_at(&packet) {
            Some(service) => self.ask_platform_service(service, &identity, packet),
            None => Some(packet),
        }
    }

    /// An API server lets in its authorized ranges, and the addresses that AKS made for the cluster itself
    /// (MicrosoftDocs/azure-aks-docs, api-server-authorized-ip-ranges.md).
    fn ask_api_server(
        &self,
        id: Id<Pool>,
        pool: &Pool,
        identity: &Identity,
        mut packet: Packet<'a>,
    ) -> Option<Packet<'a>> {
        let (Some(ranges), Identity::Public(addresses)) =
            (&pool.api_server.authorized_ranges, identity)
        else {
            return Some(packet);
        };
        let own = matches!(
            pool.outbound.value,
            OutboundType::LoadBalancer | OutboundType::ManagedNatGateway
        );
        let from_pool = self.topology.pool_in(packet.home) == Some(id);
        if from_pool && own && packet.devices.is_empty() {
            return Some(packet);
        }
        if addresses.is_empty() {
            packet.doubt("whether the authorized ranges of the API server hold the address the flow leaves with");
            return Some(packet);
        }
        let holds = |address: &IpAddr| {
            let mut prefixes = ranges.prefixes.iter();
            prefixes.any(|prefix| prefix.value.contains(address))
        };
        match listed(addresses, holds) {
            Listed::All => {}
            Listed::None => return None,
            Listed::Some => {
                packet.doubt(
                    "with which of several addresses, not all of them authorized, the flow leaves",
                );
            }
        }
        Some(packet)
    }

    /// A platform service refuses whom its network rules do not name. Storage of the same region sees private
    /// addresses, so entries with public prefixes do not help there.
    fn ask_platform_service(
        &mut self,
        id: Id<PlatformService>,
        identity: &Identity,
        mut packet: Packet<'a>,
    ) -> Option<Packet<'a>> {
        let estate = self.plane.estate;
        let service = &estate.services[id];
        self.touch(&mut packet, service.meta.origin);
        if service.public_access_off.is_some() {
            return None;
        }
        if let Some(why) = gaps::service_access(estate, id) {
            packet.doubt(why);
            return Some(packet);
        }
        let Some(acl) = service.acl.as_ref().filter(|acl| acl.default_deny) else {
            return Some(packet);
        };
        let addresses = match identity {
            Identity::Subnet(subnet) => {
                let named = acl.subnets.iter().any(|known| known.id == Some(*subnet));
                return named.then_some(packet);
            }
            Identity::Region => return None,
            Identity::Public(addresses) => addresses,
        };
        let storage = service
            .kind
            .as_ref()
            .is_some_and(|it| it.value == "storage");
        let here = match (&estate.region, &service.region) {
            (Region::Named(here), Some(there)) => Some(there.value.eq_ignore_ascii_case(here)),
            _ => None,
        };
        if storage && here == Some(true) {
            return None;
        }
        if storage && here.is_none() && gaps::is_part(estate) {
            packet.doubt("whether the storage account is in the region of the networks");
            return Some(packet);
        }
        if addresses.is_empty() {
            packet.doubt("whether the service lets in the address the flow leaves with");
            return Some(packet);
        }
        let holds = |address: &IpAddr| {
            let mut prefixes = acl.prefixes.iter();
            prefixes.any(|prefix| prefix.value.contains(address))
        };
        match listed(addresses, holds) {
            Listed::All => {}
            Listed::None => return None,
            Listed::Some => {
                packet.doubt(
                    "with which of several addresses, not all of them let in, the flow leaves",
                );
            }
        }
        Some(packet)
    }

    fn ask_endpoint_policy(
        &self,
        subnet: Id<Subnet>,
        mut packet: Packet<'a>,
    ) -> Option<Packet<'a>> {
        let estate = self.plane.estate;
        let Some(policy) = &estate.subnets[subnet].endpoint_policy else {
            return Some(packet);
        };
        let service = self.service_at(&packet);
        if service.is_some() && policy.allowed.iter().any(|known| known.id == service) {
            return Some(packet);
        }
        let unknown = gaps::service_endpoints(estate, subnet);
        if unknown.is_some() || policy.allowed.iter().any(|known| known.id.is_none()) {
            packet.doubt("whether the service endpoint policy names the resource");
            return Some(packet);
        }
        None
    }
}
