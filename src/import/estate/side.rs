//! One side of a rule: addresses, names and ports, each in a singular and a plural property.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::estate::{Endpoint, IpGroup, Ref};
use crate::import::Value;
use crate::net::{
    AddressRange, Destination, FqdnPattern, OpenKind, OpenValue, PortRange, PrefixError,
    ServiceTag, parse_prefix,
};

use super::Builder;
use super::entity::body;
use crate::estate::Unknown;

use super::route::is_tag;

/// Whether names of service tags may stand among addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tags {
    /// They may.
    Taken,
    /// Azure takes addresses only.
    Refused,
}

/// A prefix, range, `*` or tag. Bits behind the length of a prefix are taken off, as Azure does.
fn address(text: &str, tags: Tags) -> Option<Destination> {
    if text == "*" {
        return Some(Destination::Anywhere);
    }
    match parse_prefix(text) {
        Ok(prefix) | Err(PrefixError::HostBits(prefix)) => Some(Destination::Prefix(prefix)),
        Err(PrefixError::Malformed) => {
            AddressRange::parse(text)
                .map(Destination::Range)
                .or_else(|| {
                    let tag = tags == Tags::Taken && is_tag(text);
                    tag.then(|| Destination::ServiceTag(ServiceTag::new(text)))
                })
        }
    }
}

/// A port or range of them. Azure takes 0 here (Azure/bicep-types-az, SecurityRulePropertiesFormat: integer or range
/// between 0 and 65535).
fn ports(text: &str) -> Option<PortRange> {
    if text == "*" {
        return Some(PortRange::ALL);
    }
    let port = |text: &str| {
        let text = text.trim();
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u16>().ok().filter(|_| digits)
    };
    match text.split_once('-') {
        Some((first, last)) => PortRange::new(port(first)?, port(last)?),
        None => Some(PortRange::single(port(text)?)),
    }
}

/// An address of which only the expression is known.
fn open(unknown: &Unknown, kind: OpenKind) -> Endpoint {
    Endpoint::Plain(Destination::Open(OpenValue {
        parameter: unknown.text.clone(),
        kind,
    }))
}

impl<'e> Builder<'e> {
    /// The values of a singular and a plural property; a list that is not known is one value that is not.
    pub(super) fn values(whole: &'e Value, [one, many]: [&str; 2]) -> Vec<&'e Value> {
        let body = body(whole);
        let mut values = Vec::new();
        if let Some(one) = body.get(one)
            && one.known_text().is_none_or(|text| !text.is_empty())
        {
            values.push(one);
        }
        if let Some(many) = body.get(many) {
            match many.items() {
                Some(items) => values.extend(items.iter().filter(|item| !item.is_null())),
                None => values.push(many),
            }
        }
        values
    }

    /// Addresses. What is not known stays an open address; what Azure refuses spoils the rule.
    pub(super) fn addresses(
        &mut self,
        values: &[&'e Value],
        tags: Tags,
    ) -> Result<Vec<Endpoint>, Unknown> {
        let expected = match tags {
            Tags::Taken => "`*`, an address, a prefix, or a service tag",
            Tags::Refused => "`*`, an address, a prefix, or a range of addresses",
        };
        let mut endpoints = Vec::new();
        let mut refused = None;
        for value in values {
            match self.parsed(value, expected, |text| address(text, tags)) {
                Ok(read) => endpoints.push(Endpoint::Plain(read.value)),
                Err(unknown) if value.unknown().is_some() => {
                    endpoints.push(open(&unknown, OpenKind::Address));
                }
                Err(unknown) => refused = Some(unknown),
            }
        }
        refused.map_or(Ok(endpoints), Err)
    }

    /// Names for rules.
    pub(super) fn names(&mut self, values: &[&'e Value]) -> Result<Vec<Endpoint>, Unknown> {
        let mut endpoints = Vec::new();
        let mut refused = None;
        for value in values {
            let expected = "a domain name, or one with an asterisk in front";
            match self.parsed(value, expected, |text| text.parse::<FqdnPattern>().ok()) {
                Ok(read) => endpoints.push(Endpoint::Plain(Destination::Fqdn(read.value))),
                Err(unknown) if value.unknown().is_some() => {
                    endpoints.push(open(&unknown, OpenKind::Name));
                }
                Err(unknown) => refused = Some(unknown),
            }
        }
        refused.map_or(Ok(endpoints), Err)
    }

    /// Ports; all must be known.
    pub(super) fn ports(&mut self, values: &[&'e Value]) -> Result<Vec<PortRange>, Unknown> {
        let mut known = Vec::new();
        let mut problem = None;
        for value in values {
            let expected = "`*`, a port from 0 to 65535, or a range such as 9092-9094";
            match self.parsed(value, expected, ports) {
                Ok(read) => known.push(read.value),
                Err(unknown) => problem = Some(unknown),
            }
        }
        problem.map_or(Ok(known), Err)
    }

    /// IP groups, which are listed by their ids as plain strings.
    pub(super) fn ip_groups(&mut self, values: &[&'e Value]) -> Vec<Endpoint> {
        let groups = values.iter().filter_map(|value| self.reference(value));
        groups
            .map(|group: Ref<IpGroup>| Endpoint::IpGroup(group))
            .collect()
    }
}

/// What an IP group or a list of private ranges holds: a prefix or a range.
#[derive(Debug, Clone, Copy)]
pub(super) enum Block {
    /// A prefix.
    Prefix(IpNet),
    /// A range.
    Range(AddressRange),
}

impl Block {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match address(text, Tags::Refused)? {
            Destination::Prefix(prefix) => Some(Self::Prefix(prefix)),
            Destination::Range(range) => Some(Self::Range(range)),
            _ => None,
        }
    }
}

/// Reads addresses between commas, as the extra properties of a firewall hold them.
pub(super) fn comma_separated(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

/// An address alone.
pub(super) fn single(text: &str) -> Option<IpAddr> {
    crate::net::parse_address(text.trim())
}
