//! Which public addresses the ends of a rule take in, however they are written.

use ipnet::IpNet;

use crate::azure::facts::Facts;
use crate::estate::Endpoint;
use crate::net::{AddressRange, Destination, ServiceTag};
use crate::space::{Ranges, as_v4, every_v4, v4_of, v6_of};

/// IPv4 addresses that are nobody's on the Internet: this network, loopback, link-local, multicast and reserved
/// (RFC 6890).
const SPECIAL: [&str; 4] = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"];

/// Addresses that are given out on the Internet in IPv6 (RFC 4291).
const GLOBAL_V6: &str = "2000::/3";

/// From a quarter of the Internet on, a list of prefixes is meant for anybody.
const FEW: u128 = 4;

/// The public addresses of IPv4.
pub(in crate::lint) fn public_v4(facts: &Facts) -> Ranges {
    let special = SPECIAL.iter().filter_map(|text| text.parse::<IpNet>().ok());
    every_v4().minus(&v4_of(special.chain(facts.private_ranges())))
}

fn prefixes(endpoint: &Endpoint) -> Vec<IpNet> {
    match endpoint {
        Endpoint::Plain(Destination::Prefix(prefix)) => vec![*prefix],
        Endpoint::Plain(Destination::Range(range)) => range.prefixes(),
        _ => Vec::new(),
    }
}

/// Whether an end is the tag of that name.
pub(in crate::lint) fn is_tag(endpoint: &Endpoint, name: &str) -> bool {
    matches!(endpoint, Endpoint::Plain(Destination::ServiceTag(tag)) if tag.as_str().eq_ignore_ascii_case(name))
}

/// How many of the Internet's addresses a side takes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lint) enum Reach {
    /// All of them.
    Everybody,
    /// A large part.
    Many,
    /// Chosen ones, none, or nobody knows.
    Few,
}

/// How many of the Internet's addresses a side of a rule takes in: `*`, the tag `Internet`, `0.0.0.0/0`, its halves and
/// every other list of prefixes that is as much.
pub(in crate::lint) fn reach(endpoints: &[Endpoint], facts: &Facts) -> Reach {
    let everybody = endpoints.iter().any(|end| {
        matches!(end, Endpoint::Plain(Destination::Anywhere)) || is_tag(end, "Internet")
    });
    let global: Option<IpNet> = GLOBAL_V6.parse().ok();
    let named = || endpoints.iter().flat_map(prefixes);
    let every_v6 = v6_of(global).is_within(&v6_of(named()));
    let public = public_v4(facts);
    let missing = public.minus(&v4_of(named()));
    if everybody || every_v6 || missing.is_empty() {
        return Reach::Everybody;
    }
    let held = public.count() - missing.count();
    if held.saturating_mul(FEW) >= public.count() {
        Reach::Many
    } else {
        Reach::Few
    }
}

/// Whether a prefix holds public addresses of IPv4.
pub(in crate::lint) fn holds_public(prefix: IpNet, facts: &Facts) -> bool {
    v4_of([prefix]).meets(&public_v4(facts))
}

/// The public addresses that a side takes in, as ends of a rule: all of them for `*` and the tag `Internet`.
pub(in crate::lint) fn public_ends(endpoints: &[Endpoint], facts: &Facts) -> Vec<Endpoint> {
    let public = public_v4(facts);
    let held = match reach(endpoints, facts) {
        Reach::Everybody => public,
        Reach::Many | Reach::Few => public.and(&v4_of(endpoints.iter().flat_map(prefixes))),
    };
    as_v4(&held)
        .filter_map(|(first, last)| AddressRange::new(first.into(), last.into()))
        .map(|range| Destination::Range(range).into())
        .collect()
}

/// The tag `Internet` as an end of a rule.
pub(in crate::lint) fn internet() -> Endpoint {
    Destination::ServiceTag(ServiceTag::new("Internet")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(texts: &[&str]) -> Vec<Endpoint> {
        let end = |text: &&str| match text.parse::<IpNet>() {
            Ok(prefix) => Destination::Prefix(prefix).into(),
            Err(_) if *text == "*" => Destination::Anywhere.into(),
            Err(_) => match AddressRange::parse(text) {
                Some(range) => Destination::Range(range).into(),
                None => Destination::ServiceTag(ServiceTag::new(*text)).into(),
            },
        };
        texts.iter().map(end).collect()
    }

    #[test]
    fn everywhere_has_many_spellings() {
        for spelling in [
            &["*"][..],
            &["internet"],
            &["0.0.0.0/0"],
            &["::/0"],
            &["0.0.0.0/1", "128.0.0.0/1"],
            &["0.0.0.0-255.255.255.255"],
            &["1.0.0.0-9.255.255.255", "11.0.0.0-223.255.255.255"],
        ] {
            let reach = reach(&ends(spelling), Facts::builtin());
            assert_eq!(reach, Reach::Everybody, "{spelling:?}");
        }
    }

    #[test]
    fn parts_of_it_count_from_a_quarter_on() {
        let of = |texts: &[&str]| reach(&ends(texts), Facts::builtin());
        assert_eq!(of(&["0.0.0.0/1"]), Reach::Many);
        assert_eq!(of(&["64.0.0.0/2", "32.0.0.0/3"]), Reach::Many);
        assert_eq!(of(&["20.0.0.0/8"]), Reach::Few);
        assert_eq!(of(&["10.0.0.0/8", "VirtualNetwork"]), Reach::Few);
        assert_eq!(of(&[]), Reach::Few);
    }
}
