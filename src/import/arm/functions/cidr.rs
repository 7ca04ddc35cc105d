//! Address ranges.
//!
//! Source: MicrosoftDocs/azure-docs, articles/azure-resource-manager/templates/template-functions-cidr.md. What the page
//! leaves open is left to Azure: ranges with host bits, and hosts of ranges that have no network address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::import::{Data, Object, Value};
use crate::net::{PrefixError, parse_prefix};

use super::call::{Call, ONLY_AZURE_KNOWS, Outcome, Stop};
use super::objects::object_of;

/// `parseCidr(network)`: its network, netmask, broadcast (IPv4 only), first and last usable address, and length.
pub(super) fn parse_cidr(call: &Call<'_>) -> Outcome {
    let network = network(call)?;
    let text = |address: IpAddr| call.text_value(address.to_string().as_str());
    let length = call.value(Data::Int(i64::from(network.prefix_len())));
    let (first, last) = usable(network)?;
    let mut fields: Vec<(&str, Value)> = vec![
        ("network", text(network.network())),
        ("netmask", text(network.netmask())),
    ];
    if let IpNet::V4(v4) = network {
        fields.push(("broadcast", text(IpAddr::V4(v4.broadcast()))));
    }
    fields.extend([
        ("firstUsable", text(first)),
        ("lastUsable", text(last)),
        ("cidr", length),
    ]);
    let fields = fields.into_iter().map(|(key, value)| (key.into(), value));
    let object: Object = object_of(fields, call.span);
    call.object_value(object)
}

/// `cidrSubnet(network, newCIDR, subnetIndex)`
pub(super) fn cidr_subnet(call: &Call<'_>) -> Outcome {
    let network = network(call)?;
    let (length, index) = (call.int(1)?, call.int(2)?);
    let old = i64::from(network.prefix_len());
    let longest = i64::from(network.max_prefix_len());
    if !(old..=longest).contains(&length) {
        return Err(call.wrong(format!(
            "divides `{network}` into subnets of /{old} to /{longest}, not /{length}"
        )));
    }
    let count = 1_u128
        .checked_shl(u32::try_from(length - old).unwrap_or(u32::MAX))
        .unwrap_or(u128::MAX);
    let place = u128::try_from(index).ok().filter(|place| *place < count);
    let Some(place) = place else {
        return Err(call.wrong(format!(
            "finds no subnet {index} of /{length} in `{network}`, which has {count} of them, counted from 0"
        )));
    };
    let shift = u32::try_from(longest - length).unwrap_or(0);
    let offset = place.checked_shl(shift).unwrap_or(0);
    let first = offset_by(network.network(), offset).ok_or(ONLY_AZURE_KNOWS)?;
    call.string_value(format!("{first}/{length}"))
}

/// `cidrHost(network, hostIndex)`: 0 is the first address behind that of the network.
pub(super) fn cidr_host(call: &Call<'_>) -> Outcome {
    let network = network(call)?;
    let index = call.int(1)?;
    let (_, last) = usable(network)?;
    let offset = u128::try_from(index)
        .ok()
        .and_then(|index| index.checked_add(1));
    let host = offset.and_then(|offset| offset_by(network.network(), offset));
    match host.filter(|host| *host <= last) {
        Some(host) => call.string_value(host.to_string()),
        None => Err(call.wrong(format!("finds no host {index} in `{network}`"))),
    }
}

fn network(call: &Call<'_>) -> Result<IpNet, Stop> {
    let text = call.known_text(0)?;
    if !text.contains('/') {
        return Err(not_cidr(call, text));
    }
    match parse_prefix(text) {
        Ok(network) => Ok(network),
        Err(PrefixError::HostBits(_)) => Err(ONLY_AZURE_KNOWS),
        Err(PrefixError::Malformed) => Err(not_cidr(call, text)),
    }
}

fn not_cidr(call: &Call<'_>, text: &str) -> Stop {
    call.wrong(format!("wants a range such as `10.0.0.0/16`, not `{text}`"))
}

/// First and last usable address. IPv4 has a network and a broadcast address; Azure's example for IPv6 has neither.
fn usable(network: IpNet) -> Result<(IpAddr, IpAddr), Stop> {
    if network.prefix_len() + 1 >= network.max_prefix_len() {
        return Err(ONLY_AZURE_KNOWS);
    }
    match network {
        IpNet::V4(v4) => {
            let first = u32::from(v4.network()).saturating_add(1);
            let last = u32::from(v4.broadcast()).saturating_sub(1);
            Ok((IpAddr::V4(first.into()), IpAddr::V4(last.into())))
        }
        IpNet::V6(v6) => Ok((IpAddr::V6(v6.network()), IpAddr::V6(v6.broadcast()))),
    }
}

fn offset_by(address: IpAddr, offset: u128) -> Option<IpAddr> {
    match address {
        IpAddr::V4(v4) => {
            let sum = u32::from(v4).checked_add(u32::try_from(offset).ok()?)?;
            Some(IpAddr::V4(Ipv4Addr::from(sum)))
        }
        IpAddr::V6(v6) => {
            let sum = u128::from(v6).checked_add(offset)?;
            Some(IpAddr::V6(Ipv6Addr::from(sum)))
        }
    }
}
