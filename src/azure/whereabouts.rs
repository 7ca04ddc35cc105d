//! Where a public address that nobody knows may lie.
//!
//! It is taken to lie outside every prefix that routes and rules name. Of prefixes that hold a large part of the
//! Internet, such as the two halves that stand in for a default route, that cannot be meant: the address lies in one of
//! them or in another. So the Internet is cut into regions by them, and each is a possibility of its own.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};

use crate::estate::{Endpoint, Estate, Firewall, FirewallPolicy, RouteDestination, Rules};
use crate::net::Destination;

use super::facts::Facts;
use super::packet::is_public;

/// The longest prefix that holds a large part of the Internet.
const WIDE: u8 = 7;

/// A part of the Internet that every wide prefix holds whole or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// The part.
    pub prefix: Ipv4Net,
    /// An address that is in the same wide prefixes as this part, and in no other prefix that routes and rules name.
    /// Parts that are in the same ones have the same address.
    pub address: Ipv4Addr,
}

/// Whether a prefix holds a large part of the Internet, and not all.
#[must_use]
pub fn is_wide(prefix: IpNet) -> bool {
    prefix.addr().is_ipv4() && (1..=WIDE).contains(&prefix.prefix_len())
}

/// The regions that the wide prefixes of an estate cut the Internet into; none when it names no such prefix.
pub(super) fn regions(estate: &Estate, facts: &Facts) -> Vec<Region> {
    let mut wide: BTreeSet<Ipv4Net> = BTreeSet::new();
    each_prefix(estate, &mut |prefix| {
        if let (IpNet::V4(prefix), true) = (prefix, is_wide(prefix)) {
            wide.insert(prefix.trunc());
        }
    });
    if wide.is_empty() {
        return Vec::new();
    }
    let mut narrow: Vec<Ipv4Net> = Vec::new();
    each_prefix(estate, &mut |prefix| {
        if let IpNet::V4(v4) = prefix
            && v4.prefix_len() > WIDE
        {
            narrow.push(v4);
        }
    });
    narrow.extend(facts.private_ranges().filter_map(|prefix| match prefix {
        IpNet::V4(prefix) => Some(prefix),
        IpNet::V6(_) => None,
    }));
    let narrow = Ipv4Net::aggregate(&narrow);
    let mut parts = Vec::new();
    cut(Ipv4Net::default(), &wide, &mut parts);
    let within = |part: &Ipv4Net| -> Vec<Ipv4Net> {
        let around = wide.iter().filter(|prefix| prefix.contains(part));
        around.copied().collect()
    };
    // Parts in the same wide prefixes are alike, and so is one of which other prefixes leave nothing.
    let mut alike: Vec<(Vec<Ipv4Net>, Ipv4Addr)> = Vec::new();
    for part in &parts {
        let own = within(part);
        if !alike.iter().any(|(other, _)| *other == own) {
            let address = address_in(*part, &narrow, facts);
            alike.extend(address.map(|address| (own, address)));
        }
    }
    let Some((_, any)) = alike.first().cloned() else {
        return Vec::new();
    };
    let region = |prefix: Ipv4Net| {
        let own = within(&prefix);
        let same = alike.iter().find(|(other, _)| *other == own);
        Region {
            prefix,
            address: same.map_or(any, |(_, address)| *address),
        }
    };
    parts.into_iter().map(region).collect()
}

/// Cuts a part until every wide prefix holds it whole or not at all.
fn cut(part: Ipv4Net, wide: &BTreeSet<Ipv4Net>, parts: &mut Vec<Ipv4Net>) {
    let is_cut = wide
        .iter()
        .any(|prefix| part.contains(prefix) && *prefix != part);
    match part.subnets(part.prefix_len() + 1) {
        Ok(halves) if is_cut => halves.for_each(|half| cut(half, wide, parts)),
        _ => parts.push(part),
    }
}

/// A public address of a part that none of some prefixes, in order and apart from each other, holds.
fn address_in(part: Ipv4Net, narrow: &[Ipv4Net], facts: &Facts) -> Option<Ipv4Addr> {
    let mut next = part.network();
    loop {
        // Behind it nothing is public: multicast, and what is reserved.
        if !part.contains(&next) || next >= Ipv4Addr::new(224, 0, 0, 0) {
            return None;
        }
        let held = narrow.iter().find(|prefix| prefix.contains(&next));
        let last = match held {
            Some(prefix) => prefix.broadcast(),
            None if is_public(IpAddr::V4(next), facts.private_ranges()) => return Some(next),
            // What is special in IPv4 fills blocks of eight bits.
            None => Ipv4Net::new(next, 8).ok()?.broadcast(),
        };
        next = Ipv4Addr::from_bits(last.to_bits().checked_add(1)?);
    }
}

/// Every prefix that routes, rules and networks of an estate name. A range counts as the prefixes that make it up.
fn each_prefix(estate: &Estate, take: &mut dyn FnMut(IpNet)) {
    fn of(endpoints: &[Endpoint], take: &mut dyn FnMut(IpNet)) {
        for endpoint in endpoints {
            match endpoint {
                Endpoint::Plain(Destination::Prefix(prefix)) => take(*prefix),
                Endpoint::Plain(Destination::Range(range)) => {
                    range.prefixes().into_iter().for_each(&mut *take);
                }
                _ => {}
            }
        }
    }
    for (_, table) in estate.route_tables.iter() {
        for route in &table.routes {
            if let RouteDestination::Prefix(prefix) = route.destination.value {
                take(prefix);
            }
        }
    }
    for (_, vnet) in estate.vnets.iter() {
        vnet.prefixes.iter().for_each(|prefix| take(prefix.value));
    }
    for (_, gateway) in estate.gateways.iter() {
        gateway.learned.iter().for_each(|prefix| take(prefix.value));
    }
    for (_, group) in estate.ip_groups.iter() {
        group.prefixes.iter().for_each(|prefix| take(prefix.value));
        let ranges = group.ranges.iter();
        ranges.for_each(|range| range.value.prefixes().into_iter().for_each(&mut *take));
    }
    for (_, nsg) in estate.nsgs.iter() {
        for rule in &nsg.rules {
            of(&rule.sources, take);
            of(&rule.destinations, take);
        }
    }
    let policies = estate.firewall_policies.iter();
    let policies: Vec<&FirewallPolicy> = policies.map(|(_, policy)| policy).collect();
    let firewalls = estate.firewalls.iter();
    let firewalls: Vec<&Firewall> = firewalls.map(|(_, firewall)| firewall).collect();
    let groups = policies.iter().flat_map(|policy| &policy.groups);
    let classic = firewalls.iter().flat_map(|firewall| &firewall.collections);
    for collection in groups.flat_map(|group| &group.collections).chain(classic) {
        if let Rules::Network(rules) = &collection.rules {
            for rule in rules {
                of(&rule.sources, take);
                of(&rule.destinations, take);
            }
        }
    }
    let settings = policies.iter().map(|policy| &policy.settings);
    for settings in settings.chain(firewalls.iter().map(|firewall| &firewall.settings)) {
        let kept = settings.snat_private_ranges.iter();
        kept.for_each(|prefix| take(prefix.value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut_by(wide: &[&str]) -> Vec<String> {
        let wide = wide.iter().map(|prefix| prefix.parse().unwrap()).collect();
        let mut parts = Vec::new();
        cut(Ipv4Net::default(), &wide, &mut parts);
        parts.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_wide_prefix_holds_a_part_whole_or_not_at_all() {
        assert_eq!(cut_by(&[]), ["0.0.0.0/0"]);
        assert_eq!(cut_by(&["0.0.0.0/1"]), ["0.0.0.0/1", "128.0.0.0/1"]);
        assert_eq!(
            cut_by(&["64.0.0.0/3", "128.0.0.0/1"]),
            ["0.0.0.0/2", "64.0.0.0/3", "96.0.0.0/3", "128.0.0.0/1"]
        );
    }

    #[test]
    fn an_address_is_public_and_in_no_other_prefix() {
        let facts = Facts::builtin();
        let address = |part: &str, narrow: &[&str]| {
            let narrow: Vec<Ipv4Net> = narrow.iter().map(|it| it.parse().unwrap()).collect();
            let found = address_in(part.parse().unwrap(), &narrow, facts);
            found.map(|address| address.to_string())
        };
        assert_eq!(address("0.0.0.0/1", &[]).as_deref(), Some("1.0.0.0"));
        assert_eq!(
            address("0.0.0.0/1", &["1.0.0.0/8", "2.0.0.0/9"]).as_deref(),
            Some("2.128.0.0")
        );
        assert_eq!(address("8.0.0.0/7", &["8.0.0.0/8", "9.0.0.0/8"]), None);
        assert_eq!(address("224.0.0.0/4", &[]), None);
        assert_eq!(address("240.0.0.0/4", &[]), None);
    }
}
