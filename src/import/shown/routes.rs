//! Effective routes as Azure shows them.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::base::{Span, Spanned};
use crate::estate::{ShownHop, ShownRoute, ShownSource};
use crate::import::Value;
use crate::net::{PrefixError, ServiceTag, parse_address, parse_prefix};

/// A value that no effective route has.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// The value.
    pub(super) text: String,
    /// What belongs there.
    pub(super) expected: &'static str,
    /// Where it stands.
    pub(super) place: Span,
}

/// Reads a list. One value that is not understood spoils it: what is not in a list counts as not in force.
pub(super) fn read(list: &Value) -> Result<Vec<ShownRoute>, Wrong> {
    let items = list.items().unwrap_or_default();
    items.iter().map(route).collect()
}

fn route(value: &Value) -> Result<ShownRoute, Wrong> {
    let text = |key: &str| value.get(key).and_then(Value::known_text).cloned();
    let source = match text("source")
        .unwrap_or_default()
        .to_ascii_lowercase()
        .as_str()
    {
        "default" => ShownSource::Default,
        "user" => ShownSource::User,
        "virtualnetworkgateway" => ShownSource::Gateway,
        _ => ShownSource::Unknown,
    };
    let prefixes = every(value.get("addressPrefix"), "prefix", prefix)?;
    let addresses = every(value.get("nextHopIpAddress"), "address", parse_address)?;
    let addresses = addresses.into_iter().map(|address| address.value).collect();
    let tags = every(value.get("destinationServiceTags"), "service tag", |text| {
        Some(ServiceTag::new(text))
    })?;
    // Older versions of `az` put what they did not know under `additionalProperties`.
    let off = value
        .get("disableBgpRoutePropagation")
        .or_else(|| value.at(&["additionalProperties", "disableBgpRoutePropagation"]));
    Ok(ShownRoute {
        name: text("name").unwrap_or_default(),
        origin: place_of(value).into(),
        source,
        active: text("state").is_none_or(|state| state.eq_ignore_ascii_case("active")),
        prefixes,
        tags: tags.into_iter().map(|tag| tag.value).collect(),
        hop: hop(&text("nextHopType").unwrap_or_default(), addresses),
        propagation_off: off.and_then(Value::known_bool) == Some(true),
    })
}

/// Where a route is shown: at its prefix, or its first one.
fn place_of(route: &Value) -> Span {
    let Some(prefix) = route.get("addressPrefix") else {
        return route.span;
    };
    let first = prefix.items().and_then(|items| items.first());
    first.map_or(prefix.span, |first| first.span)
}

fn prefix(text: &str) -> Option<IpNet> {
    match parse_prefix(text) {
        Ok(prefix) | Err(PrefixError::HostBits(prefix)) => Some(prefix),
        Err(PrefixError::Malformed) => None,
    }
}

/// What one string or a list of them holds. Empty strings are none.
fn every<T>(
    value: Option<&Value>,
    expected: &'static str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Vec<Spanned<T>>, Wrong> {
    let Some(value) = value else {
        return Ok(Vec::new());
    };
    let items = value.items().unwrap_or(std::slice::from_ref(value));
    let mut all = Vec::new();
    for item in items.iter().filter(|item| !item.is_null()) {
        let text = item.known_text().map(|text| text.trim());
        if text == Some("") {
            continue;
        }
        match text.and_then(&read) {
            Some(read) => all.push(Spanned::new(read, item.span)),
            None => {
                return Err(Wrong {
                    text: text.unwrap_or("…").to_owned(),
                    expected,
                    place: item.span,
                });
            }
        }
    }
    Ok(all)
}

fn hop(kind: &str, addresses: Vec<IpAddr>) -> ShownHop {
    match kind.to_ascii_lowercase().as_str() {
        "vnetlocal" => ShownHop::VnetLocal,
        "vnetpeering" | "vnetglobalpeering" => ShownHop::Peering,
        "internet" => ShownHop::Internet,
        "none" => ShownHop::Drop,
        "virtualnetworkgateway" => ShownHop::Gateway(addresses),
        "virtualappliance" | "virtualapplianceecmp" => ShownHop::Appliances(addresses),
        "virtualnetworkserviceendpoint" => ShownHop::ServiceEndpoint,
        "interfaceendpoint" => ShownHop::PrivateEndpoint,
        _ => ShownHop::Other(kind.into()),
    }
}
