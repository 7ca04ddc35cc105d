//! Lists of addresses, names and ports in fewer entries that mean the same.

use ipnet::IpNet;
use rustc_hash::FxHashSet;

use crate::estate::Endpoint;
use crate::net::{Destination, FqdnPattern, PortRange};
use crate::space::Ranges;

/// An endpoint as a text, by which two that are the same have the same.
pub(super) fn key(endpoint: &Endpoint) -> String {
    match endpoint {
        Endpoint::Plain(destination) => destination.to_string().to_ascii_lowercase(),
        Endpoint::IpGroup(group) => format!("ip-group {} {:?}", group.name, group.id),
        Endpoint::SecurityGroup(group) => format!("security-group {} {:?}", group.name, group.id),
    }
}

/// Says the same with fewer endpoints: what others hold goes, and prefixes that are neighbours become one.
pub(super) fn shorten_endpoints(endpoints: &mut Vec<Endpoint>) {
    let mut seen = FxHashSet::default();
    endpoints.retain(|endpoint| seen.insert(key(endpoint)));
    if endpoints.contains(&Endpoint::Plain(Destination::Anywhere)) {
        // It does not hold the tags of the Azure host, so tags stay.
        endpoints.retain(|endpoint| prefix(endpoint).is_none() && range(endpoint).is_empty());
    } else {
        shorten_addresses(endpoints);
    }
    shorten_names(endpoints);
}

fn prefix(endpoint: &Endpoint) -> Option<IpNet> {
    match endpoint {
        Endpoint::Plain(Destination::Prefix(prefix)) => Some(*prefix),
        _ => None,
    }
}

/// The prefixes of a range of addresses; none for anything else.
fn range(endpoint: &Endpoint) -> Vec<IpNet> {
    match endpoint {
        Endpoint::Plain(Destination::Range(range)) => range.prefixes(),
        _ => Vec::new(),
    }
}

fn shorten_addresses(endpoints: &mut Vec<Endpoint>) {
    let written: Vec<IpNet> = endpoints.iter().filter_map(prefix).collect();
    let together = IpNet::aggregate(&written);
    let held = |part: &IpNet| together.iter().any(|prefix| prefix.contains(part));
    // A part of several neighbours is a part of the one that they became.
    endpoints.retain(|endpoint| {
        let parts = range(endpoint);
        parts.is_empty() || !parts.iter().all(held)
    });
    if together.len() == written.len() {
        return;
    }
    let at = endpoints.iter().position(|it| prefix(it).is_some());
    endpoints.retain(|endpoint| prefix(endpoint).is_none());
    let together = together.into_iter().map(Destination::Prefix);
    let at = at.unwrap_or(0);
    endpoints.splice(at..at, together.map(Endpoint::Plain));
}

fn shorten_names(endpoints: &mut Vec<Endpoint>) {
    let pattern = |endpoint: &Endpoint| match endpoint {
        Endpoint::Plain(Destination::Fqdn(FqdnPattern::Exact(_))) => None,
        Endpoint::Plain(Destination::Fqdn(pattern)) => Some(ending(pattern)),
        _ => None,
    };
    let patterns: FxHashSet<String> = endpoints.iter().filter_map(pattern).collect();
    if patterns.is_empty() {
        return;
    }
    endpoints.retain(|endpoint| {
        let Endpoint::Plain(Destination::Fqdn(name)) = endpoint else {
            return true;
        };
        let text = ending(name);
        let is_exact = matches!(name, FqdnPattern::Exact(_));
        let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
        // A pattern holds itself, and is not there twice.
        !ends.any(|at| {
            let end = text.get(at..).unwrap_or_default();
            (at > 0 || is_exact) && patterns.contains(end)
        })
    });
}

/// What all names of a pattern end with.
fn ending(pattern: &FqdnPattern) -> String {
    match pattern {
        FqdnPattern::Any => String::new(),
        FqdnPattern::Exact(name) => name.as_str().to_owned(),
        FqdnPattern::Below(name) => format!(".{name}"),
        FqdnPattern::Suffix(text) => text.to_string(),
    }
}

/// Says the same with fewer ranges of ports.
pub(super) fn shorten_ports(ports: &mut Vec<PortRange>) {
    if ports.contains(&PortRange::ALL) {
        *ports = vec![PortRange::ALL];
        return;
    }
    let bounds = ports.iter().map(|range| range.bounds());
    let together = Ranges::of(bounds.map(|(first, last)| (first.into(), last.into())));
    let port = |number: u128| u16::try_from(number).ok();
    let ranges = together.ranges().iter();
    let ranges = ranges.map(|(first, last)| PortRange::new(port(*first)?, port(*last)?));
    let ranges: Option<Vec<PortRange>> = ranges.collect();
    if let Some(fewer) = ranges.filter(|ranges| ranges.len() < ports.len()) {
        *ports = fewer;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints(texts: &[&str]) -> Vec<Endpoint> {
        let read = |text: &&str| {
            let prefix = crate::net::parse_prefix(text).map(Destination::Prefix);
            let range = || crate::net::AddressRange::parse(text).map(Destination::Range);
            let tag = || {
                let tag = text.strip_prefix("tag ")?;
                Some(Destination::ServiceTag(crate::net::ServiceTag::new(tag)))
            };
            let name = || Destination::Fqdn(text.parse().unwrap());
            let any = || (*text == "any").then_some(Destination::Anywhere);
            let other = any().or_else(tag).or_else(range);
            Endpoint::Plain(prefix.ok().or(other).unwrap_or_else(name))
        };
        texts.iter().map(read).collect()
    }

    #[test]
    fn endpoints_say_the_same_in_fewer_words() {
        for (long, short) in [
            (&["10.0.0.0/25", "10.0.0.128/25"][..], &["10.0.0.0/24"][..]),
            (&["10.0.0.0/24", "10.0.0.7"], &["10.0.0.0/24"]),
            (&["10.0.0.0/24", "10.0.0.7-10.0.0.9"], &["10.0.0.0/24"]),
            (
                &["10.0.0.0/24", "10.0.0.7-10.0.1.9"],
                &["10.0.0.0/24", "10.0.0.7-10.0.1.9"],
            ),
            (
                &["any", "10.0.0.0/24", "tag Sql", "1.2.3.4-1.2.3.9"],
                &["any", "tag Sql"],
            ),
            (&["tag Sql", "tag SQL"], &["tag Sql"]),
            (
                &["a.contoso.com", "*.contoso.com", "contoso.com"],
                &["*.contoso.com", "contoso.com"],
            ),
            (&["*.a.contoso.com", "*contoso.com"], &["*contoso.com"]),
            (
                &["10.0.0.0/24", "10.0.2.0/24"],
                &["10.0.0.0/24", "10.0.2.0/24"],
            ),
            (
                &["10.9.0.1", "tag Sql", "10.0.0.0/25", "10.0.0.128/25"],
                &["10.0.0.0/24", "10.9.0.1", "tag Sql"],
            ),
            (
                &["a.contoso.com", "b.contoso.com"],
                &["a.contoso.com", "b.contoso.com"],
            ),
        ] {
            let mut shortened = endpoints(long);
            shorten_endpoints(&mut shortened);
            assert_eq!(shortened, endpoints(short), "{long:?}");
        }
    }

    #[test]
    fn ports_say_the_same_in_fewer_words() {
        for (long, short) in [
            (&["80", "81-90"][..], &["80-90"][..]),
            (&["443", "80", "443"], &["80", "443"]),
            (&["443", "80"], &["443", "80"]),
            (&["443", "*"], &["*"]),
            (&[], &[]),
        ] {
            let read = |texts: &[&str]| -> Vec<PortRange> {
                texts.iter().map(|text| text.parse().unwrap()).collect()
            };
            let mut shortened = read(long);
            shorten_ports(&mut shortened);
            assert_eq!(shortened, read(short), "{long:?}");
        }
    }
}
