//! What ways out without a filter by name leave open: the ports of wanted names, to the whole Internet.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net};
use tidegate::azure::{Site, Verdict};
use tidegate::intent::Requirement;
use tidegate::net::{Destination, Transport};
use tidegate::verify::PoolHeld;

use super::compiled::Compiled;

/// What is no public address: private and shared ranges, the machine itself, link-local addresses, multicast, the two ends
/// that are nobody's and everybody's, and the address of the Azure host.
const NOT_PUBLIC: &[&str] = &[
    "0.0.0.0/32",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/4",
    "255.255.255.255/32",
];

type Port = (Transport, u16);

/// Every port of a requirement.
fn ports(requirement: &Requirement) -> impl Iterator<Item = Port> + '_ {
    requirement.services.iter().flat_map(|service| {
        let (transport, range) = service.value.transport_ports();
        let (first, last) = range.bounds();
        (first..=last).map(move |port| (transport, port))
    })
}

/// Holds the excess against what security groups must leave open, so that names are reached: on each of their ports every
/// public address, but for those that are needed themselves.
pub(super) fn hold_left_open(done: &Compiled, pool: &PoolHeld) -> Result<(), String> {
    let mut open: BTreeSet<Port> = BTreeSet::new();
    let mut everywhere: BTreeSet<Port> = BTreeSet::new();
    let mut needed: BTreeMap<Port, Vec<Ipv4Net>> = BTreeMap::new();
    for requirement in &done.intent.requirements {
        for destination in &requirement.destinations {
            match &destination.value {
                Destination::Anywhere => everywhere.extend(ports(requirement)),
                Destination::Prefix(IpNet::V4(prefix)) => {
                    for port in ports(requirement) {
                        needed.entry(port).or_default().push(*prefix);
                    }
                }
                name if name.is_name() => open.extend(ports(requirement)),
                _ => {}
            }
        }
    }
    let open = &open - &everywhere;
    // What only comes in gets replies, which security groups let out by themselves. A service tag may hold it.
    let mut wanted = done.intent.requirements.iter();
    let has_tag = wanted.any(|it| {
        let mut to = it.destinations.iter();
        to.any(|it| matches!(it.value, Destination::ServiceTag(_)))
    });
    let replies = done.intent.routes.iter();
    let replies = replies.filter(|it| it.replies_only && !has_tag);
    let replies: Vec<Ipv4Net> = replies.filter_map(|it| as_v4(it.prefix)).collect();
    let expected: u128 = open
        .iter()
        .map(|port| addresses(needed.get(port).into_iter().chain([&replies]).flatten()))
        .sum();
    let told: u128 = pool.excesses.iter().map(|it| it.openness.pairs).sum();
    if told != expected {
        let flows: Vec<_> = pool
            .excesses
            .iter()
            .map(|it| (&it.flows, &it.openness.addresses, it.openness.pairs))
            .collect();
        return Err(format!(
            "{told} pairs of address and port are left open instead of {expected} on {open:?}: {flows:?}"
        ));
    }
    for excess in &pool.excesses {
        let by_group = matches!(
            excess.by.first().map(|it| &it.site),
            Some(Site::SecurityRule(..))
        );
        if !by_group || excess.verdict != Verdict::Allowed {
            return Err(format!("left open by {:?}: {:?}", excess.by, excess.flows));
        }
    }
    Ok(())
}

fn as_v4(prefix: IpNet) -> Option<Ipv4Net> {
    match prefix {
        IpNet::V4(prefix) => Some(prefix),
        IpNet::V6(_) => None,
    }
}

/// How many public addresses there are besides these.
fn addresses<'a>(besides: impl IntoIterator<Item = &'a Ipv4Net>) -> u128 {
    let not_public = NOT_PUBLIC.iter().map(|it| it.parse().unwrap());
    let taken: Vec<Ipv4Net> = not_public.chain(besides.into_iter().copied()).collect();
    let taken = Ipv4Net::aggregate(&taken);
    let size = |prefix: &Ipv4Net| 1_u128 << (32 - prefix.prefix_len());
    (1_u128 << 32) - taken.iter().map(size).sum::<u128>()
}

#[test]
fn public_addresses_are_counted() {
    let all = addresses(&[]);
    let one = Ipv4Net::from(Ipv4Addr::new(20, 1, 2, 3));
    assert_eq!(addresses(&[one]), all - 1);
    assert_eq!(addresses(&["10.1.0.0/16".parse().unwrap()]), all);
}
