//! A flow as an element on its way sees it, and how addresses, tags and transports match it.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use crate::net::{AddressRange, Fqdn, PortRange, ServiceTag, Transport};

use super::flow::Assumption;
use super::truth::Truth;
use super::whereabouts::is_wide;

/// What has been assumed so far.
pub(super) type Notes = BTreeSet<Assumption>;

/// Adds an assumption.
pub(super) fn note(notes: &mut Notes, text: impl Into<String>) {
    notes.insert(Assumption { text: text.into() });
}

/// One end of a packet.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct End {
    /// The address; `None` for a public one that nobody knows.
    pub(super) address: Option<IpAddr>,
    /// Service tags that are known to hold it.
    pub(super) tags: Vec<ServiceTag>,
    /// The name that leads to it, when the address is not known.
    pub(super) name: Option<Fqdn>,
    /// An address of the region that one that nobody knows is taken to lie in.
    pub(super) about: Option<Ipv4Addr>,
}

impl End {
    /// An address and nothing more.
    pub(super) fn at(address: IpAddr) -> Self {
        Self {
            address: Some(address),
            ..Self::default()
        }
    }

    /// Whether a prefix holds it. A public address that is not known is taken to lie outside every prefix but the
    /// whole family and those that hold its region; whoever makes such an end notes the assumption.
    pub(super) fn is_in(&self, prefix: IpNet) -> Truth {
        let region = self.about.filter(|_| is_wide(prefix)).map(IpAddr::V4);
        match self.address.or(region) {
            Some(address) => prefix.contains(&address).into(),
            None => (prefix.prefix_len() == 0 && prefix.addr().is_ipv4()).into(),
        }
    }

    /// Whether a range holds it.
    pub(super) fn is_between(&self, range: AddressRange) -> Truth {
        let (first, last) = range.bounds();
        let region = || {
            let mut prefixes = range.prefixes().into_iter();
            let about = self.about.map(IpAddr::V4);
            about.filter(|_| prefixes.any(is_wide))
        };
        self.address
            .or_else(region)
            .is_some_and(|address| first <= address && address <= last)
            .into()
    }

    /// The address in words.
    pub(super) fn words(&self) -> String {
        self.address
            .map_or_else(|| "a public address".to_owned(), |ip| ip.to_string())
    }
}

/// A packet of a flow on its way.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Packet {
    /// From where.
    pub(super) source: End,
    /// To where.
    pub(super) destination: End,
    /// Over what.
    pub(super) transport: Transport,
    /// To which port.
    pub(super) port: u16,
}

impl Packet {
    /// What the packet runs over, such as `TCP 443`.
    pub(super) fn service_words(&self) -> String {
        let transport = self.transport.keyword().to_ascii_uppercase();
        if self.transport.has_ports() {
            format!("{transport} {}", self.port)
        } else {
            transport
        }
    }

    /// Whether a port list holds its destination port. Transports without ports ignore ports.
    pub(super) fn port_in(&self, ports: &[PortRange]) -> bool {
        !self.transport.has_ports()
            || ports.iter().any(|range| {
                let (first, last) = range.bounds();
                first <= self.port && self.port <= last
            })
    }
}

/// Whether an address is one of the Internet's: not private, not shared, not of a host or link.
pub(super) fn is_public(address: IpAddr, private: impl IntoIterator<Item = IpNet>) -> bool {
    let special = match address {
        IpAddr::V4(v4) => {
            v4.is_loopback()
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.is_broadcast()
                || v4.is_unspecified()
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unicast_link_local()
                || v6.is_unique_local()
                || v6.is_multicast()
                || v6.is_unspecified()
        }
    };
    !special && !private.into_iter().any(|prefix| prefix.contains(&address))
}
