//! The ends of rules, and which part of a packet's ends they hold.

use std::net::IpAddr;

use crate::azure::gaps;
use crate::estate::{Endpoint, Gap, Id, NextHop, RouteDestination, Subnet};
use crate::net::{Destination, ServiceTag};
use crate::space::{Known, Side, every_v4};

use super::Evaluator;
use super::places::Place;
use super::topology::Addresses;

/// What of the public addresses that nobody knows an end holds: a bit for each place where they may lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Somewhere {
    /// Those behind names of Microsoft's.
    microsoft: u128,
    /// All others.
    others: u128,
}

impl Somewhere {
    const NONE: Self = Self::of(0, 0);
    const MICROSOFT: Self = Self::of(u128::MAX, 0);
    const ALL: Self = Self::of(u128::MAX, u128::MAX);

    const fn of(microsoft: u128, others: u128) -> Self {
        Self { microsoft, others }
    }

    fn and(self, other: Self) -> Self {
        Self::of(self.microsoft & other.microsoft, self.others & other.others)
    }

    fn minus(self, other: Self) -> Self {
        Self::of(
            self.microsoft & !other.microsoft,
            self.others & !other.others,
        )
    }

    /// Whether it holds an address at a place.
    pub(super) fn holds(self, microsoft: bool, place: Place) -> bool {
        let own = if microsoft {
            self.microsoft
        } else {
            self.others
        };
        own & place.bit() != 0
    }

    /// Whether it holds an address of which nothing at all is known.
    pub(super) fn holds_unplaced(self) -> bool {
        self.holds(true, Place::ANY) || self.holds(false, Place::ANY)
    }
}

/// Addresses that an end of a rule holds, under a condition.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) addresses: Addresses,
    pub(super) somewhere: Somewhere,
    pub(super) known: Known,
}

impl Part {
    /// Addresses that are known one by one, or from a file.
    pub(super) fn of(addresses: Addresses) -> Self {
        Self {
            addresses,
            somewhere: Somewhere::NONE,
            known: Known::default(),
        }
    }

    fn everything(known: Known) -> Self {
        Self {
            addresses: Addresses::every(),
            somewhere: Somewhere::ALL,
            known,
        }
    }
}

/// Who reads a rule, and what its tags mean there.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reader {
    /// A security group on a subnet.
    Group(Id<Subnet>),
    /// A firewall.
    Firewall,
}

/// Whether a tag is that of all of Azure's addresses, or of a region's.
pub(super) fn is_whole_cloud(tag: &ServiceTag) -> bool {
    tag.as_str().to_ascii_lowercase().starts_with("azurecloud")
}

fn is(tag: &ServiceTag, name: &str) -> bool {
    tag.as_str().eq_ignore_ascii_case(name)
}

impl Evaluator<'_> {
    /// What one side of a rule holds. Names are no addresses.
    pub(super) fn parts(
        &mut self,
        endpoints: &[Endpoint],
        side: Side,
        reader: Reader,
    ) -> Vec<Part> {
        let estate = self.plane.estate;
        let mut plain = Addresses::default();
        let mut parts = Vec::new();
        for endpoint in endpoints {
            match endpoint {
                Endpoint::Plain(Destination::Anywhere) => plain = Addresses::every(),
                Endpoint::Plain(Destination::Prefix(prefix)) => {
                    plain = plain.or(&Addresses::of([*prefix]));
                }
                Endpoint::Plain(Destination::Range(range)) => {
                    let (first, last) = range.bounds();
                    plain = plain.or(&Addresses::between(first, last));
                }
                Endpoint::Plain(Destination::ServiceTag(tag)) => {
                    parts.extend(self.tag_parts(tag, side, reader));
                }
                Endpoint::Plain(Destination::Open(open)) => {
                    let waits = matches!(reader, Reader::Firewall) && !gaps::is_part(estate);
                    // A rule of a firewall that waits for a value is deployed once it has one.
                    if !waits {
                        let words = format!("{} is the other end", open.parameter);
                        parts.push(Part::everything(self.symbols.that(side, words)));
                    }
                }
                Endpoint::Plain(Destination::Fqdn(_) | Destination::FqdnTag(_)) => {}
                Endpoint::IpGroup(group) => {
                    if !matches!(reader, Reader::Firewall) {
                        continue;
                    }
                    let Some(id) = group.id else {
                        let words = format!("IP group {} holds the address", group.name);
                        parts.push(Part::everything(self.symbols.that(side, words)));
                        continue;
                    };
                    let members = &estate.ip_groups[id];
                    let prefixes = members.prefixes.iter().map(|it| it.value);
                    plain = plain.or(&Addresses::of(prefixes.collect::<Vec<_>>()));
                    for range in &members.ranges {
                        let (first, last) = range.value.bounds();
                        plain = plain.or(&Addresses::between(first, last));
                    }
                    if !estate.gaps.at(Gap::Members(id)).is_empty() {
                        let name = &members.meta.name;
                        let words = format!("IP group {name} holds the address too");
                        parts.push(Part::everything(self.symbols.that(side, words)));
                    }
                }
                Endpoint::SecurityGroup(group) => {
                    if matches!(reader, Reader::Firewall) {
                        continue;
                    }
                    let members = group.id.map(|id| &estate.security_groups[id].members);
                    if let Some(Some(members)) = members {
                        for member in members {
                            plain = plain.or(&Addresses::between(member.value, member.value));
                        }
                    } else {
                        let name = &group.name;
                        let words = format!("application security group {name} holds the machine");
                        parts.push(Part::everything(self.symbols.that(side, words)));
                    }
                }
            }
        }
        if !plain.is_empty() {
            parts.push(self.named(plain));
        }
        parts
    }

    fn tag_parts(&mut self, tag: &ServiceTag, side: Side, reader: Reader) -> Vec<Part> {
        let lower = tag.as_str().to_ascii_lowercase();
        match reader {
            Reader::Group(subnet) if is(tag, "VirtualNetwork") => {
                return self.in_network(subnet, side);
            }
            Reader::Group(subnet) if is(tag, "Internet") => return self.internet(subnet, side),
            Reader::Group(_) if is(tag, "AzureLoadBalancer") => {
                let probes = self.plane.facts.azure_dns().map(|fact| fact.prefix);
                let probes = Addresses::of(probes.into_iter().collect::<Vec<_>>());
                return vec![Part::of(probes)];
            }
            Reader::Group(_) if lower.starts_with("azureplatform") => return Vec::new(),
            _ => {}
        }
        let network_decides = [
            "virtualnetwork",
            "internet",
            "azureloadbalancer",
            "azureplatformdns",
            "azureplatformimds",
            "azureplatformlkm",
        ];
        let somewhere = if is_whole_cloud(tag) {
            Somewhere::ALL
        } else {
            Somewhere::MICROSOFT
        };
        if network_decides.contains(&lower.as_str()) {
            return vec![Part {
                somewhere,
                ..Part::everything(self.symbols.in_tag(tag, side))
            }];
        }
        let known = self.symbols.in_tag(tag, side);
        let file = self.plane.tags.and_then(|file| file.prefixes(tag));
        match file {
            Some(prefixes) => vec![
                Part::of(Addresses::of(prefixes.collect::<Vec<_>>())),
                Part {
                    addresses: Addresses::default(),
                    somewhere,
                    known,
                },
            ],
            None => vec![Part {
                addresses: self.topology.serviceable.clone(),
                somewhere,
                known,
            }],
        }
    }

    /// Addresses that routes, rules and networks name by prefixes, with the places that they hold of those that nobody
    /// knows.
    pub(super) fn named(&self, addresses: Addresses) -> Part {
        // Whoever holds every address holds one that nobody knows.
        let somewhere = if addresses.v4 == every_v4() {
            Somewhere::ALL
        } else {
            let places = self.places.iter();
            let held = places.filter(|(_, about)| addresses.holds(IpAddr::V4(*about)));
            let bits = held.fold(0, |bits, (place, _)| bits | place.bit());
            Somewhere::of(bits, bits)
        };
        Part {
            somewhere,
            ..Part::of(addresses)
        }
    }

    /// What certainly lies in the network of a subnet, peered and connected ones.
    fn network(&self, subnet: Id<Subnet>) -> Addresses {
        let estate = self.plane.estate;
        let vnet = estate.subnets[subnet].vnet;
        let near = estate
            .vnets
            .iter()
            .filter(|(other, _)| *other == vnet || self.topology.are_peered(vnet, *other));
        let near = near.flat_map(|(_, vnet)| &vnet.prefixes);
        let gateways = self.topology.gateways(estate, vnet).into_iter();
        let learned = gateways.flat_map(|id| &estate.gateways[id].learned);
        let learned = learned.filter(|prefix| prefix.value.prefix_len() > 0);
        let all: Vec<_> = near.chain(learned).map(|prefix| prefix.value).collect();
        Addresses::of(all).or(&self.topology.platform)
    }

    /// What user routes of a subnet's table send to an appliance or a gateway: prefixes, and service tags.
    fn sent_inward(&self, subnet: Id<Subnet>) -> (Addresses, Vec<ServiceTag>) {
        let estate = self.plane.estate;
        let table = estate.subnets[subnet].route_table.as_ref();
        let table = table
            .and_then(|table| table.id)
            .map(|id| &estate.route_tables[id]);
        let mut prefixes = Vec::new();
        let mut tags = Vec::new();
        for route in table.into_iter().flat_map(|table| &table.routes) {
            if matches!(route.next_hop.value, NextHop::Internet | NextHop::Drop) {
                continue;
            }
            match &route.destination.value {
                RouteDestination::Prefix(prefix) => prefixes.push(*prefix),
                RouteDestination::ServiceTag(tag) => tags.push(tag.clone()),
            }
        }
        (Addresses::of(prefixes), tags)
    }

    /// The tag `VirtualNetwork`, seen from a subnet (service-tags-overview.md; MicrosoftDocs/azure-docs#22178).
    pub(super) fn in_network(&mut self, subnet: Id<Subnet>, side: Side) -> Vec<Part> {
        let (by_route, tags) = self.sent_inward(subnet);
        let mut parts = vec![self.named(self.network(subnet).or(&by_route))];
        for tag in &tags {
            parts.extend(self.tag_parts(tag, side, Reader::Firewall));
        }
        parts
    }

    /// The tag `Internet`, seen from a subnet. Whether it still holds what a user route sends to an appliance, Azure
    /// does not say (MicrosoftDocs/azure-docs#94454).
    fn internet(&mut self, subnet: Id<Subnet>, side: Side) -> Vec<Part> {
        let (by_route, tags) = self.sent_inward(subnet);
        let outside = self.topology.public.minus(&self.network(subnet));
        let rerouted = outside.and(&by_route);
        let straight = outside.minus(&by_route);
        let anywhere = Somewhere::ALL.minus(self.named(by_route.clone()).somewhere);
        let words = "the tag Internet holds what a user route sends to an appliance";
        let still = self.symbols.that(side, words);
        let mut parts = Vec::new();
        let mut left = vec![Part {
            addresses: straight,
            somewhere: anywhere,
            known: Known::default(),
        }];
        for tag in &tags {
            for inside in self.tag_parts(tag, side, Reader::Firewall) {
                let mut next = Vec::new();
                for part in left {
                    let (both, rest) = self.parted(&part, &inside);
                    next.extend(rest);
                    for mut part in both {
                        if let Some(known) = part.known.both(&still, &self.symbols.atoms) {
                            part.known = known;
                            parts.push(part);
                        }
                    }
                }
                left = next;
            }
        }
        parts.extend(left);
        parts.push(Part {
            addresses: rerouted,
            somewhere: Somewhere::ALL.minus(anywhere),
            known: still,
        });
        parts
    }

    /// What of a part lies in another one, and what does not.
    fn parted(&self, part: &Part, other: &Part) -> (Vec<Part>, Vec<Part>) {
        let atoms = &self.symbols.atoms;
        let both = Part {
            addresses: part.addresses.and(&other.addresses),
            somewhere: part.somewhere.and(other.somewhere),
            known: part.known.clone(),
        };
        let mut rest = vec![Part {
            addresses: part.addresses.minus(&other.addresses),
            somewhere: part.somewhere.minus(other.somewhere),
            known: part.known.clone(),
        }];
        for (atom, inside) in other.known.all() {
            let opposite = Known::that(*atom, !inside);
            let known = both.known.both(&opposite, atoms);
            rest.extend(known.map(|known| Part {
                known,
                ..both.clone()
            }));
        }
        let known = both.known.both(&other.known, atoms);
        let both = known.map(|known| Part { known, ..both });
        let some = |part: &Part| !part.addresses.is_empty() || part.somewhere != Somewhere::NONE;
        let both: Vec<Part> = both.into_iter().filter(some).collect();
        rest.retain(some);
        (both, rest)
    }
}
