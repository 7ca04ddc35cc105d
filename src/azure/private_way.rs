//! Names that lead machines to a private endpoint, past every firewall and appliance
//! (MicrosoftDocs/azure-docs, articles/private-link/private-endpoint-dns.md and
//! articles/private-link/disable-private-endpoint-network-policy.md).
//!
//! Certain or nothing: whatever rests on an assumption or on a gap of the estate is no private way.

use std::net::IpAddr;

use crate::estate::{Id, PrivateEndpoint, Subnet};
use crate::net::Fqdn;

use super::dataplane::Dataplane;
use super::dns::{Answer, Resolution};
use super::flow::Outcome;
use super::gaps;
use super::packet::{End, Notes};
use super::routing::{Hop, choose};

impl Dataplane<'_> {
    /// The private endpoint that machines of a subnet reach by a name, past every firewall and appliance; `None` unless
    /// that is certain. Security groups are not asked.
    #[must_use]
    pub fn private_way(&self, subnet: Id<Subnet>, name: &Fqdn) -> Option<Id<PrivateEndpoint>> {
        // Most names are of no endpoint, and a look-up takes longer than this.
        if !self.has_endpoint_for(name) {
            return None;
        }
        let address = certain_address(&self.look_up(subnet, name))?;
        let endpoint = self.endpoint_at(address, name)?;
        self.goes_straight(subnet, endpoint, address)
            .then_some(endpoint)
    }

    /// Whether a private endpoint of the estate is for a name.
    #[must_use]
    pub fn has_endpoint_for(&self, name: &Fqdn) -> bool {
        let mut endpoints = self.estate.private_endpoints.iter();
        endpoints.any(|(_, endpoint)| endpoint.is_for(self.estate, name))
    }

    fn endpoint_at(&self, address: IpAddr, name: &Fqdn) -> Option<Id<PrivateEndpoint>> {
        let mut endpoints = self.estate.private_endpoints.iter();
        let at = |endpoint: &PrivateEndpoint| {
            let mut addresses = endpoint.addresses.iter();
            addresses.any(|known| known.value == address)
        };
        endpoints
            .find(|(_, endpoint)| at(endpoint) && endpoint.is_for(self.estate, name))
            .map(|(id, _)| id)
    }

    /// Whether routes lead to the address of an endpoint without anything in between, and all of them are known.
    fn goes_straight(
        &self,
        subnet: Id<Subnet>,
        endpoint: Id<PrivateEndpoint>,
        address: IpAddr,
    ) -> bool {
        let estate = self.estate;
        let host = estate.private_endpoints[endpoint].subnet.id;
        let is_known = gaps::routes(estate, subnet).is_none()
            && host.is_some_and(|host| gaps::endpoint_policies(estate, host).is_none());
        let mut notes = Notes::new();
        let to = End::at(address);
        let choice = choose(self, self.routes(subnet), &to, None, &mut notes);
        let straight = |hop: &Hop| match hop {
            Hop::PrivateEndpoint(id) => *id == endpoint,
            Hop::VnetLocal | Hop::Peering(_) => true,
            _ => false,
        };
        is_known
            && notes.is_empty()
            && !choice.may_miss
            && !choice.routes.is_empty()
            && choice.routes.iter().all(|route| straight(&route.hop))
    }
}

fn certain_address(resolution: &Resolution) -> Option<IpAddr> {
    match resolution.answer {
        Answer::Private(address)
            if resolution.outcome == Outcome::Passes && resolution.assumptions.is_empty() =>
        {
            address
        }
        _ => None,
    }
}
