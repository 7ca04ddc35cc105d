//! The ends of firewall rules and what runs between them, as sets that can be compared.
//!
//! What is not known neither covers anything nor is covered: an open value, a group that is not in the input, an empty
//! list, an IPv6 address (Azure Firewall takes none; MicrosoftDocs/azure-docs,
//! articles/firewall/firewall-known-issues.md).

use std::sync::OnceLock;

use smol_str::SmolStr;

use crate::azure::facts::Facts;
use crate::azure::{Membership, membership};
use crate::estate::{ApplicationRule, Endpoint, Estate, Gap, NatRule, NetworkRule};
use crate::net::{
    AppProtocol, Destination, Fqdn, FqdnPattern, PortRange, Service, ServiceTag, Transport,
};

use super::range_set::{RangeSet, prefix_bounds, range_bounds};

/// The name of the service tag of all addresses outside the network.
const INTERNET: &str = "Internet";

/// One end of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(in crate::lint) struct Ends {
    /// Addresses written out or in groups.
    pub(in crate::lint) addresses: RangeSet,
    /// Service tags, in lower case.
    pub(in crate::lint) tags: Vec<SmolStr>,
    /// Names.
    pub(in crate::lint) names: Vec<FqdnPattern>,
    /// FQDN tags, in lower case.
    pub(in crate::lint) fqdn_tags: Vec<SmolStr>,
    /// Web categories, in lower case.
    pub(in crate::lint) categories: Vec<SmolStr>,
    /// Something of it is not known.
    pub(in crate::lint) unknown: bool,
}

impl Ends {
    /// The sources of any rule, or the destinations of a network or DNAT rule.
    pub(in crate::lint) fn of_addresses(estate: &Estate, endpoints: &[Endpoint]) -> Self {
        let mut ends = Self::default();
        let mut ranges = Vec::with_capacity(endpoints.len());
        for endpoint in endpoints {
            ends.add(estate, endpoint, &mut ranges);
        }
        ends.addresses = RangeSet::new(ranges);
        ends.tidy()
    }

    /// The destinations of an application rule: names only.
    pub(in crate::lint) fn of_names(rule: &ApplicationRule) -> Self {
        let mut ends = Self::default();
        for endpoint in &rule.destinations {
            match endpoint {
                Endpoint::Plain(Destination::Anywhere) => ends.names.push(FqdnPattern::Any),
                Endpoint::Plain(Destination::Fqdn(pattern)) => ends.names.push(pattern.clone()),
                Endpoint::Plain(Destination::FqdnTag(tag)) => {
                    ends.fqdn_tags.push(lower(tag.as_str()));
                }
                _ => ends.unknown = true,
            }
        }
        let categories = rule.web_categories.iter();
        ends.categories = categories.map(|category| lower(&category.value)).collect();
        ends.tidy()
    }

    /// Every address.
    pub(in crate::lint) fn everywhere() -> Self {
        Self {
            addresses: RangeSet::everything(),
            ..Self::default()
        }
    }

    /// One name.
    pub(in crate::lint) fn of_name(name: Fqdn) -> Self {
        Self {
            names: vec![FqdnPattern::Exact(name)],
            ..Self::default()
        }
    }

    fn add(&mut self, estate: &Estate, endpoint: &Endpoint, ranges: &mut Vec<(u32, u32)>) {
        let mut add = |bounds: Option<(u32, u32)>| match bounds {
            Some(bounds) => ranges.push(bounds),
            None => self.unknown = true,
        };
        match endpoint {
            Endpoint::Plain(Destination::Anywhere) => add(Some((0, u32::MAX))),
            Endpoint::Plain(Destination::Prefix(prefix)) => add(prefix_bounds(*prefix)),
            Endpoint::Plain(Destination::Range(range)) => add(range_bounds(*range)),
            Endpoint::Plain(Destination::ServiceTag(tag)) => self.tags.push(lower(tag.as_str())),
            Endpoint::Plain(Destination::Fqdn(pattern @ FqdnPattern::Exact(_))) => {
                self.names.push(pattern.clone());
            }
            // Azure refuses names with wildcards and FQDN tags here.
            Endpoint::Plain(
                Destination::Fqdn(_) | Destination::FqdnTag(_) | Destination::Open(_),
            )
            | Endpoint::SecurityGroup(_) => self.unknown = true,
            Endpoint::IpGroup(group) => {
                let Some(id) = group.id else {
                    self.unknown = true;
                    return;
                };
                let group = &estate.ip_groups[id];
                group
                    .prefixes
                    .iter()
                    .for_each(|prefix| add(prefix_bounds(prefix.value)));
                group
                    .ranges
                    .iter()
                    .for_each(|range| add(range_bounds(range.value)));
                // Azure leaves out a rule with an empty group; or its members are not in the input.
                let empty = group.prefixes.is_empty() && group.ranges.is_empty();
                self.unknown |= empty || !estate.gaps.at(Gap::Members(id)).is_empty();
            }
        }
    }

    /// Equal sets become equal values: in order, each once, and nothing beside everything.
    fn tidy(mut self) -> Self {
        for list in [&mut self.tags, &mut self.fqdn_tags, &mut self.categories] {
            list.sort_unstable();
            list.dedup();
        }
        self.names.sort_unstable();
        self.names.dedup();
        if self.addresses.is_everything() {
            self.tags.clear();
            self.names.clear();
        }
        if self.names.contains(&FqdnPattern::Any) {
            self.names = vec![FqdnPattern::Any];
            self.fqdn_tags.clear();
            self.categories.clear();
        }
        let empty = self.addresses.is_empty() && self.tags.is_empty() && self.names.is_empty();
        self.unknown |= empty && self.fqdn_tags.is_empty() && self.categories.is_empty();
        self
    }

    /// Whether it is every address or every name.
    pub(in crate::lint) fn is_everything(&self) -> bool {
        self.addresses.is_everything() || self.names.contains(&FqdnPattern::Any)
    }

    /// Whether it certainly holds all of another.
    pub(in crate::lint) fn covers(&self, other: &Self, facts: &Facts) -> bool {
        if self.unknown || other.unknown {
            return false;
        }
        if self.is_everything() {
            return true;
        }
        self.addresses.contains(&other.addresses)
            && other.tags.iter().all(|tag| self.holds_tag(tag, facts))
            && other.names.iter().all(|name| self.holds_name(name))
            && is_part(&other.fqdn_tags, &self.fqdn_tags)
            && is_part(&other.categories, &self.categories)
    }

    fn holds_tag(&self, tag: &SmolStr, facts: &Facts) -> bool {
        let inner = [ServiceTag::new(tag.clone())];
        self.tags.iter().any(|own| {
            own == tag || {
                let own = ServiceTag::new(own.clone());
                membership(&own, None, &inner, None, facts).membership == Membership::Yes
            }
        })
    }

    fn holds_name(&self, name: &FqdnPattern) -> bool {
        self.names.iter().any(|own| pattern_covers(own, name))
    }

    /// Whether it certainly shares something with another.
    pub(in crate::lint) fn overlaps(&self, other: &Self) -> bool {
        let (names, theirs) = (&self.names, &other.names);
        self.is_everything()
            || other.is_everything()
            || self.addresses.overlaps(&other.addresses)
            || self.tags.iter().any(|tag| other.tags.contains(tag))
            || self
                .fqdn_tags
                .iter()
                .any(|tag| other.fqdn_tags.contains(tag))
            || names.iter().any(|a| {
                let mut theirs = theirs.iter();
                theirs.any(|b| pattern_covers(a, b) || pattern_covers(b, a))
            })
    }

    /// Whether the two certainly share nothing.
    pub(in crate::lint) fn is_apart_from(&self, other: &Self) -> bool {
        let plain = |ends: &Self| {
            !ends.unknown
                && ends.tags.is_empty()
                && ends.fqdn_tags.is_empty()
                && ends.categories.is_empty()
                && (ends.addresses.is_empty() || ends.names.is_empty())
        };
        plain(self) && plain(other) && !self.overlaps(other)
            // Addresses and names may meet.
            && self.addresses.is_empty() == other.addresses.is_empty()
    }

    /// The public addresses among those written out; all of them for the tag of the Internet.
    pub(in crate::lint) fn public_addresses(&self, facts: &Facts) -> RangeSet {
        let internet = self
            .tags
            .iter()
            .any(|tag| tag.eq_ignore_ascii_case(INTERNET));
        let all = RangeSet::everything();
        let addresses = if internet { &all } else { &self.addresses };
        addresses.without(not_public(facts))
    }

    /// Whether a public address is certainly among them.
    pub(in crate::lint) fn is_public(&self, facts: &Facts) -> bool {
        let tag_is_public = |tag: &SmolStr| !tag.eq_ignore_ascii_case("VirtualNetwork");
        self.tags.iter().any(tag_is_public) || !self.public_addresses(facts).is_empty()
    }
}

/// What no machine on the Internet has: the private ranges, and those of RFC 6890 for special purposes. It is asked for
/// every rule and made once: there are no facts but the built-in ones.
fn not_public(facts: &Facts) -> &'static RangeSet {
    static NOT_PUBLIC: OnceLock<RangeSet> = OnceLock::new();
    NOT_PUBLIC.get_or_init(|| outside_the_internet(facts))
}

fn outside_the_internet(facts: &Facts) -> RangeSet {
    let special = [
        (0x0000_0000, 0x00ff_ffff),
        (0x7f00_0000, 0x7fff_ffff),
        (0xa9fe_0000, 0xa9fe_ffff),
        (0xe000_0000, 0xffff_ffff),
    ];
    let private = facts.private_ranges().filter_map(prefix_bounds);
    RangeSet::new(special.into_iter().chain(private))
}

fn is_part(part: &[SmolStr], whole: &[SmolStr]) -> bool {
    part.iter().all(|it| whole.contains(it))
}

fn lower(text: &str) -> SmolStr {
    SmolStr::from(text.to_ascii_lowercase())
}

/// Whether every name that the second pattern matches is matched by the first.
pub(in crate::lint) fn pattern_covers(outer: &FqdnPattern, inner: &FqdnPattern) -> bool {
    let below = |name: &str, parent: &str| {
        name.strip_suffix(parent)
            .is_some_and(|before| before.len() > 1 && before.ends_with('.'))
    };
    match (outer, inner) {
        (FqdnPattern::Any, _) => true,
        (_, FqdnPattern::Any) => false,
        (outer, FqdnPattern::Exact(name)) => outer.covers(name),
        (FqdnPattern::Exact(_), _) => false,
        (FqdnPattern::Below(parent), FqdnPattern::Below(inner)) => {
            parent == inner || below(inner.as_str(), parent.as_str())
        }
        (FqdnPattern::Below(parent), FqdnPattern::Suffix(end)) => below(end, parent.as_str()),
        (FqdnPattern::Suffix(end), FqdnPattern::Below(inner)) => {
            format!(".{inner}").ends_with(end.as_str())
        }
        (FqdnPattern::Suffix(end), FqdnPattern::Suffix(inner)) => inner.ends_with(end.as_str()),
    }
}

/// What runs over the flows of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(in crate::lint) struct Services {
    /// TCP ports.
    pub(in crate::lint) tcp: RangeSet,
    /// UDP ports.
    pub(in crate::lint) udp: RangeSet,
    /// ICMP.
    pub(in crate::lint) icmp: bool,
    /// Every other protocol.
    pub(in crate::lint) other: bool,
    /// Application protocols with their ports.
    pub(in crate::lint) apps: Vec<(AppProtocol, u16)>,
    /// Something of it is not known.
    unknown: bool,
}

impl Services {
    /// Those of a network rule. `Any` with ports means TCP and UDP, without any protocol
    /// (MicrosoftDocs/azure-docs, articles/firewall/rule-processing.md).
    pub(in crate::lint) fn of_network(rule: &NetworkRule) -> Self {
        Self::of(&rule.transports, &rule.ports)
    }

    /// Those of a DNAT rule.
    pub(in crate::lint) fn of_nat(rule: &NatRule) -> Self {
        Self::of(&rule.transports, &[PortRange::single(rule.port)])
    }

    /// Those of an application rule.
    pub(in crate::lint) fn of_application(rule: &ApplicationRule) -> Self {
        let mut apps = rule.protocols.clone();
        apps.sort_unstable();
        apps.dedup();
        Self {
            unknown: apps.is_empty(),
            apps,
            ..Self::default()
        }
    }

    /// Those of transports on ports.
    pub(in crate::lint) fn of(transports: &[Transport], ports: &[PortRange]) -> Self {
        let ports = RangeSet::ports(ports);
        let every = ports == RangeSet::ports(&[PortRange::ALL]);
        let mut services = Self::default();
        for transport in transports {
            match transport {
                Transport::Tcp => services.tcp = ports.clone(),
                Transport::Udp => services.udp = ports.clone(),
                Transport::Icmp => services.icmp = true,
                Transport::Esp | Transport::Ah => services.unknown = true,
                Transport::Any => {
                    services.tcp = ports.clone();
                    services.udp = ports.clone();
                    services.icmp |= every;
                    services.other |= every;
                }
            }
        }
        let portless = services.tcp.is_empty() && services.udp.is_empty();
        services.unknown |= portless && !services.icmp;
        services
    }

    /// Those of transports with their ports, together.
    pub(in crate::lint) fn of_list(list: &[Service]) -> Self {
        let (mut tcp, mut udp) = (Vec::new(), Vec::new());
        let mut all = Self::default();
        for service in list {
            let (transport, ports) = service.transport_ports();
            match transport {
                Transport::Tcp => tcp.push(ports),
                Transport::Udp => udp.push(ports),
                _ => all.unknown = true,
            }
        }
        all.tcp = RangeSet::ports(&tcp);
        all.udp = RangeSet::ports(&udp);
        all
    }

    /// The flows of an application rule as a network rule sees them.
    pub(in crate::lint) fn as_tcp(&self) -> Self {
        let ports = self.apps.iter().map(|(_, port)| u32::from(*port));
        Self {
            tcp: RangeSet::new(ports.map(|port| (port, port))),
            unknown: self.unknown,
            ..Self::default()
        }
    }

    /// Whether it is every TCP or every UDP port.
    pub(in crate::lint) fn is_any_port(&self) -> bool {
        let every = RangeSet::ports(&[PortRange::ALL]);
        self.tcp == every || self.udp == every
    }

    /// Whether it certainly holds all of another.
    pub(in crate::lint) fn covers(&self, other: &Self) -> bool {
        !self.unknown
            && !other.unknown
            && self.tcp.contains(&other.tcp)
            && self.udp.contains(&other.udp)
            && (self.icmp || !other.icmp)
            && (self.other || !other.other)
            && other.apps.iter().all(|app| self.apps.contains(app))
    }

    /// Whether it may share something with another.
    pub(in crate::lint) fn overlaps(&self, other: &Self) -> bool {
        self.tcp.overlaps(&other.tcp)
            || self.udp.overlaps(&other.udp)
            || (self.icmp && other.icmp)
            || (self.other && other.other)
            || self.apps.iter().any(|app| other.apps.contains(app))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_what_their_names_cover() {
        let patterns = [
            "*",
            "a.com",
            "*.com",
            "*com",
            "*a.com",
            "*.a.com",
            "x.a.com",
            "*.x.a.com",
            "*x.a.com",
            "b.x.a.com",
            "xa.com",
            "com",
            "*.b.x.a.com",
        ]
        .map(|text| text.parse::<FqdnPattern>().unwrap());
        let names = [
            "com",
            "a.com",
            "xa.com",
            "x.a.com",
            "b.x.a.com",
            "c.b.x.a.com",
            "zx.a.com",
            "a.org",
            "z.xa.com",
            "q.zx.a.com",
        ]
        .map(|text| text.parse().unwrap());
        for outer in &patterns {
            for inner in &patterns {
                if pattern_covers(outer, inner) {
                    for name in &names {
                        let both = !inner.covers(name) || outer.covers(name);
                        assert!(both, "{outer} {inner} {name}");
                    }
                }
            }
        }
        let covers = |outer: &str, inner: &str| {
            pattern_covers(&outer.parse().unwrap(), &inner.parse().unwrap())
        };
        assert!(
            covers("*a.com", "*.a.com") && covers("*.a.com", "*x.a.com") && covers("*com", "*.com")
        );
        assert!(
            !covers("*.a.com", "*a.com")
                && !covers("*.a.com", "a.com")
                && !covers("*.x.a.com", "*.a.com")
        );
    }

    #[test]
    fn any_with_ports_is_tcp_and_udp() {
        let any = |ports: &str| Services::of(&[Transport::Any], &[ports.parse().unwrap()]);
        let icmp = Services::of(&[Transport::Icmp], &[PortRange::ALL]);
        assert!(any("*").covers(&icmp) && !any("443").covers(&icmp));
        assert!(any("1-65535").covers(&any("*")));
        assert!(any("*").is_any_port() && !any("2-65535").is_any_port());
    }
}
