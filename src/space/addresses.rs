//! Addresses and ports as numbers.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use crate::net::PortRange;

use super::ranges::Ranges;

/// The number of an address, in its own family.
#[must_use]
pub fn number_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// Every IPv4 address.
#[must_use]
pub fn every_v4() -> Ranges {
    Ranges::span(0, u128::from(u32::MAX))
}

/// Every IPv6 address.
#[must_use]
pub fn every_v6() -> Ranges {
    Ranges::span(0, u128::MAX)
}

/// The IPv4 addresses of some prefixes.
#[must_use]
pub fn v4_of(prefixes: impl IntoIterator<Item = IpNet>) -> Ranges {
    bounds(prefixes, |prefix| prefix.addr().is_ipv4())
}

/// The IPv6 addresses of some prefixes.
#[must_use]
pub fn v6_of(prefixes: impl IntoIterator<Item = IpNet>) -> Ranges {
    bounds(prefixes, |prefix| prefix.addr().is_ipv6())
}

fn bounds(prefixes: impl IntoIterator<Item = IpNet>, wanted: impl Fn(&IpNet) -> bool) -> Ranges {
    let prefixes = prefixes.into_iter().filter(wanted);
    Ranges::of(prefixes.map(|prefix| (number_of(prefix.network()), number_of(prefix.broadcast()))))
}

/// Ranges of numbers as ranges of IPv4 addresses.
pub fn as_v4(ranges: &Ranges) -> impl Iterator<Item = (Ipv4Addr, Ipv4Addr)> {
    ranges.ranges().iter().filter_map(|(first, last)| {
        let address = |number: u128| u32::try_from(number).ok().map(Ipv4Addr::from);
        Some((address(*first)?, address(*last)?))
    })
}

/// Every port. Port 0 is the port of no flow.
#[must_use]
pub fn every_port() -> Ranges {
    Ranges::span(1, u128::from(u16::MAX))
}

/// The ports of some ranges; every one when there is none, as rules mean it.
#[must_use]
pub fn ports_of(ports: &[PortRange]) -> Ranges {
    if ports.is_empty() {
        return every_port();
    }
    Ranges::of(ports.iter().map(|range| {
        let (first, last) = range.bounds();
        (u128::from(first.max(1)), u128::from(last))
    }))
}
