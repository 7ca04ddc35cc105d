//! Changes of resources that proposals are made of, in the words of Azure's interface
//! (learn.microsoft.com/azure/templates/microsoft.network).

use std::net::IpAddr;

use crate::base::{Origin, Span};
use crate::diag::{Change, Path, Setting};
use crate::estate::{NextHop, Route};

/// A route table takes in no routes of gateways.
pub(in crate::lint) const NO_PROPAGATION: Path = &["properties", "disableBgpRoutePropagation"];
/// A network interface forwards.
pub(in crate::lint) const FORWARDS: Path = &["properties", "enableIPForwarding"];
/// A peering lends the gateway of its network.
pub(in crate::lint) const LENDS_GATEWAY: Path = &["properties", "allowGatewayTransit"];
/// A peering uses the gateway of the other network.
pub(in crate::lint) const USES_GATEWAY: Path = &["properties", "useRemoteGateways"];
/// The security group of a subnet.
pub(in crate::lint) const SECURITY_GROUP: Path = &["properties", "networkSecurityGroup"];
/// The mode of threat intelligence, of a policy and of a firewall with classic rules.
pub(in crate::lint) const THREAT_INTELLIGENCE: Path = &["properties", "threatIntelMode"];
/// The mode of intrusion detection.
pub(in crate::lint) const INTRUSION_DETECTION: Path = &["properties", "intrusionDetection", "mode"];
/// The DNS proxy of a policy.
pub(in crate::lint) const DNS_PROXY: Path = &["properties", "dnsSettings", "enableProxy"];
/// The DNS servers of a network.
pub(in crate::lint) const DNS_SERVERS: Path = &["properties", "dhcpOptions", "dnsServers"];
/// The ranges of a policy whose sources are kept.
pub(in crate::lint) const KEPT_RANGES: Path = &["properties", "snat", "privateRanges"];
/// The names of an application rule.
pub(in crate::lint) const NAMES: Path = &["targetFqdns"];
/// The ports of a network rule.
pub(in crate::lint) const PORTS: Path = &["destinationPorts"];

/// The protocols of a network rule of a policy.
pub(in crate::lint) const PROTOCOLS: Path = &["ipProtocols"];
/// The protocols of a classic network rule.
pub(in crate::lint) const CLASSIC_PROTOCOLS: Path = &["protocols"];

const HOP_TYPE: Path = &["properties", "nextHopType"];
const HOP_ADDRESS: Path = &["properties", "nextHopIpAddress"];

/// Another value where one is used.
pub(in crate::lint) fn value(at: Span, to: impl Into<Setting>) -> Option<Change> {
    let to = to.into();
    Some(Change::Value { at, to })
}

/// A property of an element, stated already or not.
pub(in crate::lint) fn set(of: Origin, path: Path, to: impl Into<Setting>) -> Option<Change> {
    let (of, to) = (of.span()?, to.into());
    Some(Change::Property { of, path, to })
}

/// One more string in a list that an element has.
pub(in crate::lint) fn more(of: Origin, path: Path, text: impl ToString) -> Option<Change> {
    let (of, text) = (of.span()?, text.to_string());
    Some(Change::More { of, path, text })
}

/// A property of an element goes.
pub(in crate::lint) fn unset(of: Origin, path: Path) -> Option<Change> {
    let of = of.span()?;
    Some(Change::Unset { of, path })
}

/// An element of a list goes.
pub(in crate::lint) fn without(at: Origin) -> Option<Change> {
    let at = at.span()?;
    Some(Change::Without { at })
}

/// A route leads to an appliance.
pub(in crate::lint) fn lead_to(route: &Route, address: Option<IpAddr>) -> Vec<Change> {
    let address = address.map(|address| Setting::Text(address.to_string()));
    let changes = address.and_then(|address| {
        Some(vec![
            set(route.origin, HOP_TYPE, "VirtualAppliance")?,
            set(route.origin, HOP_ADDRESS, address)?,
        ])
    });
    // Several addresses stand under another name.
    changes.filter(|_| !is_shared(route)).unwrap_or_default()
}

/// A route leads to the Internet, by no address.
pub(in crate::lint) fn lead_to_internet(route: &Route) -> Vec<Change> {
    let mut changes: Vec<Change> = set(route.origin, HOP_TYPE, "Internet")
        .into_iter()
        .collect();
    match &route.next_hop.value {
        NextHop::Gateway | NextHop::VnetLocal | NextHop::Drop => {}
        _ if is_shared(route) => changes.clear(),
        _ => changes.extend(unset(route.origin, HOP_ADDRESS)),
    }
    changes
}

/// A network resolves through one server.
pub(in crate::lint) fn dns_server(of: Origin, server: IpAddr) -> Option<Change> {
    set(of, DNS_SERVERS, Setting::Texts(vec![server.to_string()]))
}

/// Whether several appliances share the load of a route.
fn is_shared(route: &Route) -> bool {
    matches!(&route.next_hop.value, NextHop::Addresses(addresses) if addresses.len() > 1)
}
