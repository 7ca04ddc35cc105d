//! Whatever stands where Azure expects addresses and ports can be read back as such.

use tidegate::azure::facts::Facts;
use tidegate::net::{AddressRange, PortRange, parse_address, parse_prefix};

use super::expression;
use super::template::{Template, texts};

/// A form that a value may have.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// `*`
    Everything,
    Address,
    Prefix,
    Range,
    ServiceTag,
    /// Addresses and prefixes with commas between.
    List,
    /// A port or a range of ports.
    Ports,
}

use Form::{Address, Everything, List, Ports, Prefix, Range, ServiceTag};

/// What may stand under which key.
const POSITIONS: &[(&str, &[Form])] = &[
    ("addressPrefix", &[Prefix, ServiceTag]),
    ("addressPrefixes", &[Prefix]),
    (
        "sourceAddressPrefix",
        &[Everything, Address, Prefix, ServiceTag],
    ),
    ("sourceAddressPrefixes", &[Address, Prefix, ServiceTag]),
    (
        "destinationAddressPrefix",
        &[Everything, Address, Prefix, ServiceTag],
    ),
    ("destinationAddressPrefixes", &[Address, Prefix, ServiceTag]),
    ("sourceAddresses", &[Everything, Address, Prefix, Range]),
    (
        "destinationAddresses",
        &[Everything, Address, Prefix, Range, ServiceTag],
    ),
    ("translatedAddress", &[Address]),
    ("ipAddresses", &[Address, Prefix, Range]),
    ("nextHopIpAddress", &[Address]),
    ("nextHopIpAddresses", &[Address]),
    ("dnsServers", &[Address]),
    ("servers", &[Address]),
    ("privateRanges", &[Address, Prefix]),
    ("ipv4Address", &[Address]),
    ("ipv6Address", &[Address]),
    ("Network.DNS.Servers", &[List]),
    ("Network.SNAT.PrivateRanges", &[List]),
    ("sourcePortRange", &[Everything, Ports]),
    ("sourcePortRanges", &[Ports]),
    ("destinationPortRange", &[Everything, Ports]),
    ("destinationPortRanges", &[Ports]),
    ("destinationPorts", &[Everything, Ports]),
    ("translatedPort", &[Ports]),
];

/// Endings of keys that speak of addresses, so that no new one goes unnoticed.
const ENDINGS: [&str; 8] = [
    "Address",
    "Addresses",
    "Prefix",
    "Prefixes",
    "Range",
    "Ranges",
    "Servers",
    "Ports",
];

impl Form {
    fn fits(self, text: &str) -> bool {
        match self {
            Everything => text == "*",
            Address => parse_address(text).is_some(),
            Prefix => text.contains('/') && parse_prefix(text).is_ok(),
            Range => AddressRange::parse(text).is_some(),
            ServiceTag => Facts::builtin().service_tag(text).is_some(),
            List => text.split(',').all(|item| parse_prefix(item).is_ok()),
            Ports => text.parse::<PortRange>().is_ok(),
        }
    }
}

pub(super) fn addresses_parse(template: &Template) -> Vec<String> {
    let mut complaints = Vec::new();
    for resource in template.resources() {
        let path = resource.id().to_string();
        texts(
            &path,
            "",
            &resource.0["properties"],
            &mut |path, key, text| {
                if expression::of_text(text).is_some() {
                    return;
                }
                let forms = POSITIONS.iter().find(|(known, _)| *known == key);
                match forms {
                    Some((_, forms)) if forms.iter().any(|form| form.fits(text)) => {}
                    Some((_, forms)) => {
                        complaints.push(format!("{path}: `{text}` is none of {forms:?}"));
                    }
                    None if ENDINGS.iter().any(|ending| key.ends_with(ending)) => {
                        complaints
                            .push(format!("{path}: `{key}` is not in the table of positions"));
                    }
                    None => {}
                }
            },
        );
    }
    complaints
}
