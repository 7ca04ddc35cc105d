//! Who answers at an address that a route or a network names.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::base::{Span, Spanned};
use crate::estate::{Appliance, FIREWALL_SUBNET, Firewall, NextHop};
use crate::import::{ResourceId, Value};

use super::Builder;
use super::entity::Found;
use super::read::Read;
use super::reference::read_of;

/// Who holds an address, by the place among the resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    /// A firewall.
    Firewall(usize),
    /// A machine or interface that became an appliance.
    Appliance(usize),
    /// More than one, in networks with the same addresses.
    Several,
}

impl<'e> Builder<'e> {
    /// Notes who holds an address.
    pub(super) fn holds(&mut self, address: IpAddr, holder: Holder) {
        self.holders
            .entry(address)
            .and_modify(|known| {
                if *known != holder {
                    *known = Holder::Several;
                }
            })
            .or_insert(holder);
    }

    /// A firewall whose address nobody states gets the first one of its subnet that Azure gives away: the first four
    /// are Azure's own (MicrosoftDocs/azure-docs, articles/virtual-network/virtual-networks-faq.md). Only a route or
    /// network that names just this address is taken to mean the firewall.
    pub(super) fn note_firewall_addresses(&mut self) {
        let mut found = Vec::new();
        for (index, entity) in self.entities.iter() {
            let Some(id) = self.slot_of::<Firewall>(index) else {
                continue;
            };
            let firewall = &self.estate.firewalls[id];
            if let Some(address) = firewall.private_ip {
                found.push((address.value, index));
                continue;
            }
            let first = firewall.vnet.id.and_then(|vnet| {
                let subnet = self
                    .estate
                    .subnets_of(vnet)
                    .find(|(_, subnet)| subnet.meta.name.eq_ignore_ascii_case(FIREWALL_SUBNET))?;
                first_usable(subnet.1.prefixes.first()?.value)
            });
            if let Some(first) = first.filter(|_| !entity.statements.is_empty()) {
                found.push((first, index));
            }
        }
        for (address, index) in found {
            self.holds(address, Holder::Firewall(index));
        }
    }

    /// The next hop of a route to an appliance.
    pub(super) fn appliance_hop(&mut self, value: &Value) -> Read<NextHop> {
        self.place(value);
        match self.holder_of(value) {
            Some(Holder::Firewall(index)) => {
                let firewall = self.ref_of(index, value.span);
                return Ok(Spanned::new(NextHop::Firewall(firewall), value.span));
            }
            Some(Holder::Appliance(index)) => {
                let appliance = self.ref_of::<Appliance>(index, value.span);
                return Ok(Spanned::new(NextHop::Appliance(appliance), value.span));
            }
            Some(Holder::Several) | None => {}
        }
        if let Some((id, _)) = value.unknown().and_then(|symbol| read_of(symbol))
            && id.is("microsoft.network/azurefirewalls")
        {
            // A firewall outside the input: which one it is, is known all the same.
            let firewall = self.nothing(id.to_string(), value.span);
            return Ok(Spanned::new(NextHop::Firewall(firewall), value.span));
        }
        match self.address(value) {
            Ok(address) => Ok(address.map(|address| NextHop::Addresses(vec![address]))),
            Err(unknown) => Ok(Spanned::new(NextHop::Unknown(unknown), value.span)),
        }
    }

    /// Who holds the address that `reference()` reads from a resource.
    pub(super) fn holder_by_read(
        &self,
        id: &ResourceId,
        path: &[smol_str::SmolStr],
        place: Span,
    ) -> Option<Holder> {
        let last = path.last()?;
        if !last.eq_ignore_ascii_case("privateIPAddress") {
            return None;
        }
        let Found::One(index) = self.entities.find(id, place.file) else {
            return None;
        };
        if self.slot_of::<Firewall>(index).is_some() {
            return Some(Holder::Firewall(index));
        }
        self.slot_of::<Appliance>(index)
            .map(|_| Holder::Appliance(index))
    }
}

/// The first address of a subnet that Azure gives away.
fn first_usable(prefix: IpNet) -> Option<IpAddr> {
    match prefix {
        IpNet::V4(prefix) => prefix.hosts().nth(3).map(IpAddr::V4),
        IpNet::V6(_) => None,
    }
}
