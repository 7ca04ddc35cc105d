//! TG1007: next hops in networks that cannot be reached directly.

use std::collections::{BTreeMap, BTreeSet};

use crate::azure::next_hop::{Holder, held_addresses, peering, vnet_of};
use crate::azure::routing::direction;
use crate::diag::{Finding, Id, Severity};
use crate::estate::{Estate, Extent, Id as ElementId, NextHop, Route, Subnet, Vnet};
use crate::lint::Context;

use super::way::users_of_tables;

rule! {
    /// The next hop of a route is in a network that the routed subnet does not reach directly.
    ///
    /// A firewall or appliance that a route names must be in the network of the subnet, or in one peered with it. Each
    /// network has its own side of a peering, and packets pass when both are connected and allow access. Peerings do
    /// not add up: a network behind the peered one is out of reach, and so is one behind a gateway.
    ///
    /// Reported are:
    ///
    /// - a next hop in a network that is not peered, peered on one side only, or whose peering is not in force. It is a
    ///   warning where one of the networks exists already or only some files of a deployment are read, as the peering may
    ///   be there, unwritten;
    /// - as a warning, a peering that does not accept forwarded traffic on the side of the subnet: what the firewall
    ///   sends back comes from elsewhere than its own network, so replies are lost.
    ///
    /// ```egress
    /// vnet hub 10.10.0.0/16 { subnet AzureFirewallSubnet 10.10.0.0/26 }
    /// vnet spoke 10.20.0.0/16 {
    ///   subnet nodes 10.20.1.0/24 { route-table to-hub }
    /// }
    /// route-table to-hub { route default 0.0.0.0/0 -> firewall fw }  // no peering leads to the hub
    /// firewall fw in hub { private-ip 10.10.0.4 }
    /// ```
    ///
    /// Peer the networks in both directions: `peering spoke <-> hub { forwarded-traffic on }`.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/virtual-network/virtual-networks-udr-overview.md and
    /// articles/virtual-network/virtual-network-manage-peering.md.
    TG1007, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    let held = held_addresses(estate);
    let mut mute = BTreeSet::new();
    for (table, subnets) in users_of_tables(estate) {
        // The subnets of a network share their fate.
        let mut by_vnet: BTreeMap<ElementId<Vnet>, ElementId<Subnet>> = BTreeMap::new();
        for subnet in subnets {
            by_vnet.entry(estate.subnets[subnet].vnet).or_insert(subnet);
        }
        for route in &estate.route_tables[table].routes {
            for there in networks(estate, &route.next_hop.value, |address| held.get(&address)) {
                for (here, subnet) in &by_vnet {
                    let way = Way {
                        estate,
                        route,
                        subnet: *subnet,
                        here: *here,
                        there,
                    };
                    if *here == there {
                        continue;
                    }
                    findings.extend(way.not_peered());
                    if mute.insert((*here, there)) {
                        findings.extend(way.mute_peering());
                    }
                }
            }
        }
    }
}

/// The networks that a next hop is in, as far as they are known.
fn networks<'h>(
    estate: &Estate,
    next_hop: &NextHop,
    held: impl Fn(std::net::IpAddr) -> Option<&'h Holder>,
) -> BTreeSet<ElementId<Vnet>> {
    let holders: Vec<Holder> = match next_hop {
        NextHop::Addresses(addresses) => {
            let addresses = addresses.iter();
            addresses
                .filter_map(|address| held(*address).copied())
                .collect()
        }
        named => crate::azure::next_hop::holders(estate, named),
    };
    let networks = holders.into_iter();
    networks
        .filter_map(|holder| vnet_of(estate, holder))
        .collect()
}

/// A route of a subnet into another network.
struct Way<'a> {
    estate: &'a Estate,
    route: &'a Route,
    subnet: ElementId<Subnet>,
    here: ElementId<Vnet>,
    there: ElementId<Vnet>,
}

impl Way<'_> {
    fn name(&self, vnet: ElementId<Vnet>) -> &str {
        &self.estate.vnets[vnet].meta.name
    }

    fn not_peered(&self) -> Option<Finding> {
        let (estate, here, there) = (self.estate, self.here, self.there);
        let sides = [(here, there), (there, here)];
        let in_force = |(from, to): &(_, _)| direction(estate, *from, *to).is_some();
        if sides.iter().all(in_force) {
            return None;
        }
        let (from, to) = (self.name(here), self.name(there));
        let message = format!(
            "route `{}` of subnet `{}` leads to vnet `{to}`, which vnet `{from}` does not reach directly",
            self.route.name,
            estate.subnet_path(self.subnet)
        );
        let mut finding = Finding::new(Id::TG1007, message)
            .at(self.route.next_hop.span, format!("in vnet `{to}`"))
            .step(
                estate.subnets[self.subnet].meta.origin,
                format!("leaves from subnet `{}`", estate.subnet_path(self.subnet)),
            )
            .step(
                self.route.origin,
                format!("route `{}` leads it to vnet `{to}`", self.route.name),
            )
            .step(
                estate.vnets[there].meta.origin,
                format!("vnet `{to}` is out of reach"),
            )
            .related(estate.vnets[there].meta.origin, "the vnet of the next hop")
            .related(
                estate.subnets[self.subnet].meta.origin,
                "the subnet with the route",
            );
        for side in sides {
            if let Some(written) = peering(estate, side.0, side.1) {
                let text = if in_force(&side) {
                    format!(
                        "one direction only: from `{}` to `{}` is missing or not in force",
                        self.name(side.1),
                        self.name(side.0)
                    )
                } else {
                    "not connected, or without access".to_owned()
                };
                finding = finding.related(written.origin, text);
            }
        }
        let mut ends = [here, there].into_iter();
        let exists = ends.any(|vnet| estate.vnets[vnet].meta.home.is_existing());
        if exists || estate.gaps.extent == Extent::Part {
            finding = finding
                .severity(Severity::Warning)
                .assumed()
                .help("the peering may be there, unwritten: if so, show both of its sides");
        }
        Some(finding.help(format!(
            "a next hop must be in the same vnet or in one peered with it both ways: peering {from} <-> {to} {{ forwarded-traffic on }}"
        )))
    }

    /// The side of the subnet drops what the other network only forwards.
    fn mute_peering(&self) -> Option<Finding> {
        let (_, own) = direction(self.estate, self.here, self.there)?;
        direction(self.estate, self.there, self.here)?;
        if own.forwarded_traffic {
            return None;
        }
        let message = format!(
            "vnet `{}` does not accept what the next hop of subnet `{}` forwards to it",
            self.name(self.here),
            self.estate.subnet_path(self.subnet)
        );
        let finding = Finding::new(Id::TG1007, message)
            .severity(Severity::Warning)
            .at(own.origin, "without forwarded traffic")
            .related(
                self.route.next_hop.span,
                format!("the next hop is in vnet `{}`", self.name(self.there)),
            )
            .help("write in the peering: forwarded-traffic on");
        Some(finding)
    }
}

#[cfg(test)]
mod tests {
    use crate::diag::{Confidence, Id, Severity};
    use crate::lint::testing::{findings, found};

    fn spoke(peering: &str, hop: &str) -> String {
        format!(
            "vnet hub 10.0.0.0/16 {{ subnet AzureFirewallSubnet 10.0.0.0/26 }}
vnet w 10.1.0.0/16 {{ subnet t 10.1.1.0/24 {{ route-table far }} }}
firewall fw in hub {{ private-ip 10.0.0.4 }}
route-table far {{ route on-premises 192.168.0.0/16 -> {hop} }}
{peering}"
        )
    }

    const FAR: &str = "route `on-premises` of subnet `w/t` leads to vnet `hub`, which vnet `w` does not reach directly";

    #[test]
    fn a_next_hop_is_peered_both_ways() {
        for hop in ["firewall fw", "10.0.0.4"] {
            let far = found(Id::TG1007, &spoke("", hop));
            assert_eq!(far.len(), 1);
            assert!(far[0].ends_with(FAR), "{far:?}");
            for none in [
                "peering w -> hub { forwarded-traffic on }",
                "peering w <-> hub { forwarded-traffic on access off }",
                "peering w <-> hub { forwarded-traffic on state disconnected }",
            ] {
                assert_eq!(found(Id::TG1007, &spoke(none, hop)).len(), 1, "{none}");
            }
            let both = spoke("peering w <-> hub { forwarded-traffic on }", hop);
            assert_eq!(found(Id::TG1007, &both), [""; 0]);
        }
        assert_eq!(found(Id::TG1007, &spoke("", "10.9.9.9")), [""; 0]);
    }

    #[test]
    fn replies_are_forwarded() {
        assert_eq!(
            found(Id::TG1007, &spoke("peering w <-> hub", "firewall fw")),
            ["5:9 vnet `w` does not accept what the next hop of subnet `w/t` forwards to it"]
        );
        let towards = spoke(
            "peering w -> hub { forwarded-traffic on }\npeering hub -> w",
            "firewall fw",
        );
        assert_eq!(found(Id::TG1007, &towards), [""; 0]);
    }

    #[test]
    fn what_exists_may_be_peered() {
        let policy = spoke("", "firewall fw").replace("{ subnet Azure", "{ existing subnet Azure");
        let found = &findings(Id::TG1007, &policy)[0];
        assert_eq!(
            (found.severity, found.confidence),
            (Severity::Warning, Confidence::Assumed)
        );
    }
}
