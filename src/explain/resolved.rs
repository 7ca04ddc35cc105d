//! What the answer of DNS for a name means in a network.

use std::net::IpAddr;

use crate::azure::Dataplane;
use crate::dns::Locked;
use crate::estate::{Estate, PrivateEndpoint};
use crate::net::{Fqdn, leads_nowhere};

use super::treated::treated;

/// What is worth knowing of an answer, a sentence each.
#[must_use]
pub fn resolved(plane: &Dataplane<'_>, name: &Fqdn, locked: &Locked) -> Vec<String> {
    let mut notes = Vec::new();
    let (public, private): (Vec<IpAddr>, Vec<IpAddr>) = locked
        .addresses
        .iter()
        .partition(|ip| !plane.facts.is_private(**ip));
    if let Some(address) = locked.addresses.iter().find(|ip| leads_nowhere(**ip)) {
        notes.push(format!(
            "{address} leads nowhere: a filter of names answers so for what it blocks"
        ));
        return notes;
    }
    for address in private {
        notes.push(format!("{address} is {}", holder(plane.estate, address)));
    }
    let endpoint = endpoint_for(plane.estate, name);
    let zone = locked.aliases.iter().find(|alias| is_private_link(alias));
    match (endpoint, zone, public.first()) {
        (Some(endpoint), _, Some(address)) => notes.push(format!(
            "private endpoint `{}` is for this name, and the servers that were asked lead past it to {address}",
            endpoint.meta.name
        )),
        (None, Some(zone), Some(address)) => notes.push(format!(
            "the name has private endpoints somewhere ({zone}), and the servers that were asked lead to its public address {address}"
        )),
        (Some(endpoint), _, None) if locked.addresses.is_empty() => notes.push(format!(
            "private endpoint `{}` is for this name, and nothing answers with its address",
            endpoint.meta.name
        )),
        _ => {}
    }
    for address in public {
        notes.extend(treated(plane, address));
    }
    notes
}

/// Whether a name is in a zone that private endpoints are kept in.
fn is_private_link(name: &Fqdn) -> bool {
    name.as_str().split('.').any(|label| label == "privatelink")
}

fn endpoint_for<'e>(estate: &'e Estate, name: &Fqdn) -> Option<&'e PrivateEndpoint> {
    let mut endpoints = estate.private_endpoints.iter().map(|(_, it)| it);
    endpoints.find(|endpoint| estate.endpoint_names(endpoint).contains(&name))
}

/// What a private address belongs to.
fn holder(estate: &Estate, address: IpAddr) -> String {
    let mut endpoints = estate.private_endpoints.iter();
    let endpoint = endpoints.find(|(_, it)| it.addresses.iter().any(|ip| ip.value == address));
    if let Some((_, endpoint)) = endpoint {
        return format!("private endpoint `{}`", endpoint.meta.name);
    }
    let mut subnets = estate.subnets.iter();
    let subnet = subnets.find(|(_, it)| it.prefixes.iter().any(|to| to.value.contains(&address)));
    match subnet {
        Some((id, _)) => format!("an address of subnet `{}`", estate.subnet_path(id)),
        None => "private, and no subnet of the policy has it".to_owned(),
    }
}
