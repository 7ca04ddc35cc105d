//! Subnets with a reserved name or use, and addresses that cannot be used.

use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net};
use serde::Deserialize;

use super::SourceId;
use super::by_name::{ByName, Named};
use super::document::{Cited, Entries, cited};
use super::platform::prefix;
use super::product::Product;

/// Whether something may be attached to a reserved subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Attachment {
    /// It may.
    #[default]
    Allowed,
    /// It may when it keeps to rules, which the note tells.
    Restricted,
    /// It may not.
    Unsupported,
    /// The sources do not say.
    Unknown,
}

/// What a user-defined 0.0.0.0/0 on a reserved subnet may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DefaultRouteRule {
    /// Lead to the Internet; elsewhere only when the firewall has a management interface.
    InternetUnlessManagementInterface,
    /// Lead to the Internet.
    InternetOnly,
    /// Nothing: there may be none.
    Unsupported,
    /// The sources do not say.
    Unknown,
}

/// Whether routes of a gateway may reach a reserved subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GatewayPropagation {
    /// As one likes.
    Free,
    /// They must.
    MustBeOn,
    /// They must not.
    MustBeOff,
}

/// A subnet whose name Azure reserves.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReservedSubnet {
    /// The name.
    pub name: String,
    /// The longest prefix length, so the smallest size: 26 means /26 or larger.
    pub longest_prefix: Option<u8>,
    /// Whether it may have a network security group.
    pub network_security_group: Attachment,
    /// Whether it may have a route table.
    pub route_table: Attachment,
    /// What a default route on it may do.
    pub default_route: DefaultRouteRule,
    /// Whether gateway routes may reach it.
    pub gateway_propagation: GatewayPropagation,
    /// Whether it may have a NAT gateway.
    #[serde(default)]
    pub nat_gateway: Attachment,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

/// A subnet handed to a service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DelegatedSubnet {
    /// The service that it is delegated to.
    pub delegation: String,
    /// What for.
    pub purpose: String,
    /// The longest prefix length, so the smallest size.
    pub longest_prefix: u8,
    /// How many addresses the service takes at least.
    pub addresses_reserved: u8,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

/// Addresses at both ends of every subnet that Azure keeps.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReservedAddresses {
    /// How many at its start.
    pub first: u8,
    /// How many at its end.
    pub last: u8,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

impl ReservedAddresses {
    /// How many in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        u64::from(self.first) + u64::from(self.last)
    }

    /// How many IPv4 addresses subnets of these prefixes have for machines.
    pub fn usable_v4(&self, prefixes: impl IntoIterator<Item = IpNet>) -> u64 {
        let sizes = prefixes.into_iter().filter_map(|prefix| match prefix {
            IpNet::V4(prefix) => {
                let size = 1u64 << (32 - u32::from(prefix.prefix_len()));
                Some(size.saturating_sub(self.total()))
            }
            IpNet::V6(_) => None,
        });
        sizes.sum()
    }

    /// Whether Azure keeps an address of this subnet for itself.
    #[must_use]
    pub fn contain(&self, subnet: Ipv4Net, address: Ipv4Addr) -> bool {
        let address = u32::from(address);
        let from_start = address.checked_sub(subnet.network().into());
        let from_end = u32::from(subnet.broadcast()).checked_sub(address);
        from_start.is_some_and(|distance| distance < self.first.into())
            || from_end.is_some_and(|distance| distance < self.last.into())
    }
}

/// A range that a service cannot live with.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReservedRange {
    /// The range.
    #[serde(deserialize_with = "prefix")]
    pub prefix: IpNet,
    /// The service.
    pub product: Product,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

cited!(
    ReservedSubnet,
    DelegatedSubnet,
    ReservedAddresses,
    ReservedRange
);

impl Named for ReservedSubnet {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Named for DelegatedSubnet {
    fn name(&self) -> &str {
        &self.delegation
    }
}

/// The subnets file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Subnets {
    pub(super) reserved: ByName<ReservedSubnet>,
    pub(super) delegated: ByName<DelegatedSubnet>,
    pub(super) reserved_addresses: ReservedAddresses,
    pub(super) reserved_ranges: Vec<ReservedRange>,
}

impl Entries for Subnets {
    fn citations(&self) -> Vec<&SourceId> {
        let mut citations = self.reserved.citations();
        citations.extend(self.delegated.citations());
        citations.push(self.reserved_addresses.source());
        citations.extend(self.reserved_ranges.citations());
        citations
    }
}

/// Stands in when the file does not load: nothing is kept.
pub(super) static NO_RESERVED_ADDRESSES: ReservedAddresses = ReservedAddresses {
    first: 0,
    last: 0,
    source: SourceId::NONE,
    note: None,
};
