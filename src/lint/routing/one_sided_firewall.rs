//! TG1022: a firewall that sees one direction of the traffic between two subnets.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::Bound;

use ipnet::IpNet;

use crate::azure::next_hop::Holder;
use crate::azure::routing::{Candidate, Hop};
use crate::base::{Origin, Span};
use crate::diag::{Finding, Id};
use crate::estate::{Estate, Id as ElementId, Route, Subnet, Vnet};
use crate::lint::Context;

use super::way::{
    are_same, device_of, device_words, is_reserved, knows_routes, prefix_of, route_to,
    subnet_of_device,
};

rule! {
    /// One of two subnets sends to the other through a firewall, and the other answers straight.
    ///
    /// A firewall keeps the state of connections and has to see both directions. It drops what belongs to no connection
    /// that it saw begin. So connections from the subnet that sends straight are never answered, and those in the other
    /// direction lose their replies unless the firewall puts an address of its own in the place of the sender's.
    ///
    /// This happens between networks peered with each other and with a hub, and within a network, where a route for the
    /// prefix of the other side is in one table and not in the other. A peering leads straight whatever the default
    /// route says.
    ///
    /// ```egress
    /// vnet hub 10.30.0.0/16 { subnet AzureFirewallSubnet 10.30.0.0/26 }
    /// vnet shop 10.20.0.0/16 { subnet nodes 10.20.0.0/22 { route-table shop-routes } }
    /// vnet analytics 10.10.0.0/16 { subnet pool 10.10.1.0/24 }  // answers straight
    /// peering shop <-> hub { forwarded-traffic on }
    /// peering shop <-> analytics
    /// firewall fw in hub { private-ip 10.30.0.4 }
    /// route-table shop-routes { route analytics 10.10.0.0/16 -> firewall fw }
    /// ```
    ///
    /// Write the route on both sides, or on none.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/virtual-network/virtual-networks-udr-overview.md and
    /// articles/firewall/firewall-faq.yml.
    TG1022, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    let places = Places::of(context);
    // A route is told once for each network that it leads to.
    let mut told: BTreeSet<(Option<Span>, ElementId<Vnet>)> = BTreeSet::new();
    for (here, subnet) in estate.subnets.iter() {
        if is_reserved(context.facts, subnet) {
            continue;
        }
        let near = near(context, here);
        for (route, prefix, device) in routes_to_devices(context, here) {
            for there in places.inside(prefix) {
                let vnet = estate.subnets[there].vnet;
                let place = (route.origin.span(), vnet);
                if there == here || !near.contains(&vnet) || told.contains(&place) {
                    continue;
                }
                let pair = Pair {
                    context,
                    here,
                    there,
                    device,
                };
                if let Some(straight) = pair.answers_straight() {
                    told.insert(place);
                    findings.push(pair.report(route, straight));
                }
            }
        }
    }
}

/// The routes of a subnet for less than everything that lead to a device which keeps state.
fn routes_to_devices<'a>(
    context: &Context<'a>,
    subnet: ElementId<Subnet>,
) -> Vec<(&'a Route, IpNet, Candidate)> {
    let estate = context.estate;
    let routes = context.plane.routes(subnet).iter();
    let leading = routes.filter_map(|route| {
        let user = route.user_route(estate)?;
        let prefix = prefix_of(&user.destination.value)?;
        Some((user, prefix, device_of(route)?))
    });
    let wanted = leading
        .filter(|(_, prefix, device)| prefix.prefix_len() > 0 && keeps_state(estate, *device));
    wanted.collect()
}

/// The networks from which answers may come straight: the own one, and those peered with it.
fn near(context: &Context<'_>, subnet: ElementId<Subnet>) -> BTreeSet<ElementId<Vnet>> {
    let routes = context.plane.routes(subnet).iter();
    let peers = routes.filter_map(|route| match route.hop {
        Hop::Peering(peer) => Some(peer),
        _ => None,
    });
    peers.chain([context.estate.subnets[subnet].vnet]).collect()
}

/// Whether a device drops what belongs to no connection that it knows, and shows the sender's address.
fn keeps_state(estate: &Estate, device: Candidate) -> bool {
    match device.holder {
        Holder::Firewall(_) => true,
        Holder::Appliance(id) => !estate.appliances[id].snat,
        Holder::LoadBalancer(_) | Holder::Nobody => false,
    }
}

/// The subnets of machines by their addresses.
struct Places {
    by_network: BTreeMap<IpAddr, Vec<(IpNet, ElementId<Subnet>)>>,
}

impl Places {
    fn of(context: &Context<'_>) -> Self {
        let mut by_network: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (id, subnet) in context.estate.subnets.iter() {
            if is_reserved(context.facts, subnet) {
                continue;
            }
            for prefix in &subnet.prefixes {
                let place = (prefix.value, id);
                by_network
                    .entry(prefix.value.network())
                    .or_default()
                    .push(place);
            }
        }
        Self { by_network }
    }

    /// The subnets that lie in a prefix, as far as they begin in it.
    fn inside(&self, prefix: IpNet) -> Vec<ElementId<Subnet>> {
        let bounds = (
            Bound::Included(prefix.network()),
            Bound::Included(prefix.broadcast()),
        );
        let places = self.by_network.range(bounds).flat_map(|(_, places)| places);
        let inside = places.filter(|(place, _)| prefix.contains(place));
        inside.map(|(_, id)| *id).collect()
    }
}

/// Two subnets, the first of which sends to the second through a device.
struct Pair<'a> {
    context: &'a Context<'a>,
    here: ElementId<Subnet>,
    there: ElementId<Subnet>,
    device: Candidate,
}

impl Pair<'_> {
    /// What leads the answers straight back, where all requests take the device.
    fn answers_straight(&self) -> Option<Origin> {
        let estate = self.context.estate;
        // Machines beside the device may be a part of it.
        let beside = subnet_of_device(estate, self.device) == Some(self.there);
        if beside || !knows_routes(estate, self.there) {
            return None;
        }
        let device = |from, to| {
            let prefixes = estate.subnets[to].prefixes.iter();
            let v4 = prefixes.map(|prefix| prefix.value);
            let mut v4 = v4.filter(|prefix| prefix.addr().is_ipv4());
            route_to(self.context.plane, from, v4.next()?)
        };
        let request = device(self.here, self.there)?;
        if !device_of(request).is_some_and(|device| are_same(device, self.device)) {
            return None;
        }
        let reply = device(self.there, self.here)?;
        let straight = matches!(reply.hop, Hop::VnetLocal | Hop::Peering(_));
        straight.then(|| reply.element(estate).origin)
    }

    fn report(&self, route: &Route, straight: Origin) -> Finding {
        let estate = self.context.estate;
        let (here, there) = (
            estate.subnet_path(self.here),
            estate.subnet_path(self.there),
        );
        let device = device_words(estate, self.device);
        let message = format!(
            "subnet `{here}` sends to subnet `{there}` through {device}, which answers straight"
        );
        let finding = Finding::new(Id::TG1022, message)
            .at(route.origin, "one direction only")
            .related(
                estate.subnets[self.there].meta.origin,
                "has no such route for the other direction",
            )
            .related(straight, "leads straight back");
        let finding = match self.device.holder {
            Holder::Firewall(_) => finding,
            _ => finding.assumed(),
        };
        finding.help("write the route on both sides, or on none")
    }
}

#[cfg(test)]
mod tests {
    use crate::diag::Id;
    use crate::lint::testing::found;

    fn policy(a: &str, b: &str, peering: &str) -> String {
        format!(
            "vnet hub 10.0.0.0/16 {{
  subnet AzureFirewallSubnet 10.0.0.0/26
  subnet GatewaySubnet 10.0.1.0/27
}}
vnet a 10.1.0.0/16 {{ subnet s 10.1.1.0/24 {{ route-table ra }} }}
vnet b 10.2.0.0/16 {{ subnet s 10.2.1.0/24 {{ route-table rb }} }}
peering hub <-> a {{ forwarded-traffic on }}
peering hub <-> b {{ forwarded-traffic on }}
{peering}
firewall fw in hub {{ private-ip 10.0.0.4 }}
route-table ra {{
route default 0.0.0.0/0 -> firewall fw
{a}
}}
route-table rb {{
route default 0.0.0.0/0 -> firewall fw
{b}
}}"
        )
    }

    const PEERED: &str = "peering a <-> b";

    #[test]
    fn both_sides_or_none() {
        let (to_b, to_a) = (
            "route b 10.2.0.0/16 -> firewall fw",
            "route a 10.1.0.0/16 -> firewall fw",
        );
        assert_eq!(
            found(Id::TG1022, &policy(to_b, "", PEERED)),
            [
                "13:1 subnet `a/s` sends to subnet `b/s` through firewall `fw`, which answers straight"
            ]
        );
        assert_eq!(
            found(
                Id::TG1022,
                &policy("", "route a 10.1.1.0/24 -> 10.0.0.4", PEERED)
            )
            .len(),
            1
        );
        assert_eq!(found(Id::TG1022, &policy(to_b, to_a, PEERED)), [""; 0]);
        assert_eq!(found(Id::TG1022, &policy("", "", PEERED)), [""; 0]);
        assert_eq!(
            found(Id::TG1022, &policy(to_b, "", "")),
            [""; 0],
            "spokes meet in the hub"
        );
    }

    #[test]
    fn a_wider_route_is_not_taken() {
        let wide = "route private 10.0.0.0/8 -> firewall fw";
        assert_eq!(found(Id::TG1022, &policy(wide, "", PEERED)), [""; 0]);
    }

    #[test]
    fn subnets_of_one_network() {
        let policy = "vnet v 10.0.0.0/16 {
  subnet AzureFirewallSubnet 10.0.0.0/26
  subnet a 10.0.1.0/24 { route-table t }
  subnet b 10.0.2.0/24
}
firewall fw in v { private-ip 10.0.0.4 }
route-table t { route b 10.0.2.0/24 -> firewall fw }";
        assert_eq!(found(Id::TG1022, policy).len(), 1);
        let shared = policy.replace("10.0.2.0/24\n}", "10.0.2.0/24 { route-table t }\n}");
        assert_eq!(found(Id::TG1022, &shared).len(), 1, "b has no route to a");
        let local = shared.replace("10.0.2.0/24 -> firewall", "10.0.0.0/16 -> firewall");
        assert_eq!(found(Id::TG1022, &local), [""; 0]);
    }

    #[test]
    fn what_comes_in_by_gateways_is_judged_elsewhere() {
        let policy = policy("", "", "").replace(
            "GatewaySubnet 10.0.1.0/27",
            "GatewaySubnet 10.0.1.0/27 { route-table back }",
        ) + "\nroute-table back { route a 10.1.0.0/16 -> firewall fw }";
        assert_eq!(found(Id::TG1022, &policy), [""; 0]);
    }
}
