//! The addresses of a tag.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use crate::net::AddressRange;
use crate::space::{Ranges, as_v4, v4_of, v6_of};

/// A set of addresses of both families. Equal sets are equal values, in whatever prefixes they were written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addresses {
    v4: Ranges,
    v6: Ranges,
}

impl Addresses {
    /// The addresses of some prefixes.
    #[must_use]
    pub fn of(prefixes: &[IpNet]) -> Self {
        Self {
            v4: v4_of(prefixes.iter().copied()),
            v6: v6_of(prefixes.iter().copied()),
        }
    }

    /// How many IPv4 addresses there are.
    #[must_use]
    pub fn v4_count(&self) -> u128 {
        self.v4.count()
    }

    /// How many IPv6 addresses there are; the largest `u128` when it is all of them.
    #[must_use]
    pub fn v6_count(&self) -> u128 {
        self.v6.count()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Whether the other set has all of them.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.v4.is_within(&other.v4) && self.v6.is_within(&other.v6)
    }

    /// Those that the other set lacks.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        Self {
            v4: self.v4.minus(&other.v4),
            v6: self.v6.minus(&other.v6),
        }
    }

    /// Those of either set.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self {
            v4: self.v4.or(&other.v4),
            v6: self.v6.or(&other.v6),
        }
    }

    /// The fewest prefixes that are the set, IPv4 first, each family in order.
    #[must_use]
    pub fn prefixes(&self) -> Vec<IpNet> {
        let v4 = as_v4(&self.v4).map(|(first, last)| (IpAddr::V4(first), IpAddr::V4(last)));
        let v6 = self.v6.ranges().iter().map(|(first, last)| {
            let address = |number: u128| IpAddr::V6(Ipv6Addr::from_bits(number));
            (address(*first), address(*last))
        });
        v4.chain(v6)
            .filter_map(|(first, last)| AddressRange::new(first, last))
            .flat_map(AddressRange::prefixes)
            .collect()
    }
}
