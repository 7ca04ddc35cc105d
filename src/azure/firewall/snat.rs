//! Which source address a flow has behind a firewall
//! (MicrosoftDocs/azure-docs, articles/firewall/snat-private-range.md).

use ipnet::IpNet;

use crate::estate::{Estate, Firewall, Id};

use super::super::dataplane::Dataplane;
use super::super::flow::Element;
use super::super::packet::Packet;
use super::super::rule_sets::of_firewall;
use super::super::truth::Truth;
use super::PassedBy;
use super::order::{firewall_element, setting_element};

/// What a firewall does with the source of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::azure) enum Snat {
    /// It leaves the source alone.
    None,
    /// It takes an address of its own.
    Own,
}

/// Whether a firewall translates the source of a flow that it let through: always for application rules; for network
/// rules unless the destination is in the private ranges of its settings.
pub(in crate::azure) fn translated_source(
    plane: &Dataplane<'_>,
    firewall: Id<Firewall>,
    packet: &Packet,
    passed_by: PassedBy,
) -> Snat {
    if passed_by == PassedBy::Application {
        return Snat::Own;
    }
    let settings = plane.estate.settings_of(&plane.estate.firewalls[firewall]);
    let holds = |prefix: IpNet| packet.destination.is_in(prefix) == Truth::Yes;
    let private = if settings.snat_private_ranges.is_empty() {
        plane.facts.private_ranges().any(holds)
    } else {
        let mut ranges = settings.snat_private_ranges.iter();
        ranges.any(|range| holds(range.value))
    };
    if private { Snat::None } else { Snat::Own }
}

/// What makes a firewall leave sources alone: the ranges of its settings, or the firewall where it states none.
pub(in crate::azure) fn snat_element(estate: &Estate, firewall: Id<Firewall>) -> Element {
    let sets = of_firewall(estate, firewall);
    let stated = sets.iter().find_map(|set| {
        let range = set.settings.snat_private_ranges.first()?;
        Some((set.owner, range.span))
    });
    match stated {
        Some((owner, span)) => setting_element(estate, owner, "SNAT ranges", span),
        None => firewall_element(estate, firewall),
    }
}
