//! Addresses, prefixes and ranges. A prefix never has host bits set.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Subnets, Ipv6Subnets};

/// Why a text is no prefix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrefixError {
    /// Not an address, not a prefix.
    #[error("expected an IPv4 or IPv6 prefix such as 10.10.0.0/16 or fd00:10::/64")]
    Malformed,
    /// Bits are set right of the prefix length, so it is unclear which network is meant.
    #[error("host bits are set: the network is {0}")]
    HostBits(IpNet),
}

/// Reads a prefix in CIDR notation; a single address is its own /32 or /128.
///
/// # Errors
/// When the text is neither, or has host bits set.
pub fn parse_prefix(text: &str) -> Result<IpNet, PrefixError> {
    let prefix = match IpNet::from_str(text) {
        Ok(prefix) => prefix,
        Err(_) => IpAddr::from_str(text)
            .map(IpNet::from)
            .map_err(|_| PrefixError::Malformed)?,
    };
    if prefix == prefix.trunc() {
        Ok(prefix)
    } else {
        Err(PrefixError::HostBits(prefix.trunc()))
    }
}

/// Reads a single IPv4 or IPv6 address.
#[must_use]
pub fn parse_address(text: &str) -> Option<IpAddr> {
    IpAddr::from_str(text).ok()
}

/// Whether an address is nobody's on a network: unspecified, this machine itself, the own link, or many at once. Filters
/// of names answer with such addresses for what they block (RFC 6890, RFC 4291).
#[must_use]
pub fn leads_nowhere(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let this_network = v4.octets().first() == Some(&0);
            let own = v4.is_loopback() || v4.is_link_local();
            this_network || own || v4.is_multicast() || v4.is_broadcast()
        }
        IpAddr::V6(v6) => {
            let own = v6.is_loopback() || v6.is_unicast_link_local();
            v6.is_unspecified() || own || v6.is_multicast()
        }
    }
}

/// An inclusive range of addresses of one family, written `10.0.0.4-10.0.0.9`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressRange {
    first: IpAddr,
    last: IpAddr,
}

impl AddressRange {
    /// The range, when both ends are of one family and in order.
    #[must_use]
    pub fn new(first: IpAddr, last: IpAddr) -> Option<Self> {
        (first.is_ipv4() == last.is_ipv4() && first <= last).then_some(Self { first, last })
    }

    /// First and last address.
    #[must_use]
    pub fn bounds(self) -> (IpAddr, IpAddr) {
        (self.first, self.last)
    }

    /// The fewest prefixes that together are the range.
    #[must_use]
    pub fn prefixes(self) -> Vec<IpNet> {
        match (self.first, self.last) {
            (IpAddr::V4(first), IpAddr::V4(last)) => {
                Ipv4Subnets::new(first, last, 0).map(IpNet::V4).collect()
            }
            (IpAddr::V6(first), IpAddr::V6(last)) => {
                Ipv6Subnets::new(first, last, 0).map(IpNet::V6).collect()
            }
            // The constructor takes ends of one family only.
            _ => Vec::new(),
        }
    }

    /// Reads `first-last`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-')?;
        Self::new(parse_address(first)?, parse_address(last)?)
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_keep_no_host_bits() {
        assert_eq!(
            parse_prefix("10.10.0.0/16").unwrap().to_string(),
            "10.10.0.0/16"
        );
        assert_eq!(
            parse_prefix("10.10.0.4").unwrap().to_string(),
            "10.10.0.4/32"
        );
        assert_eq!(parse_prefix("fd00::/64").unwrap().to_string(), "fd00::/64");
        assert_eq!(
            parse_prefix("10.10.0.4/16").unwrap_err().to_string(),
            "host bits are set: the network is 10.10.0.0/16"
        );
        assert_eq!(parse_prefix("10.10.0.0/33"), Err(PrefixError::Malformed));
    }

    #[test]
    fn ranges_are_ordered_and_of_one_family() {
        assert_eq!(
            AddressRange::parse("10.0.0.4-10.0.0.9")
                .unwrap()
                .to_string(),
            "10.0.0.4-10.0.0.9"
        );
        let prefixes = AddressRange::parse("10.0.0.4-10.0.0.9").unwrap().prefixes();
        assert_eq!(
            prefixes.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["10.0.0.4/30", "10.0.0.8/31"]
        );
        assert_eq!(AddressRange::parse("10.0.0.9-10.0.0.4"), None);
        assert_eq!(AddressRange::parse("10.0.0.9-fd00::1"), None);
        assert_eq!(AddressRange::parse("contoso-web.example.com"), None);
    }
}
