//! TG1008: packets that come back to the appliance that forwards them.

use std::collections::BTreeSet;

use ipnet::IpNet;

use crate::azure::Dataplane;
use crate::azure::next_hop::{Holder, default_v4};
use crate::azure::routing::{Candidate, EffectiveRoute};
use crate::diag::{Finding, Id, Severity};
use crate::estate::{Estate, FIREWALL_SUBNET, Id as ElementId, Route, Subnet, Tier};
use crate::lint::Context;

use super::way::{device_of, device_words, prefix_of, route_to, subnet_of_device};

rule! {
    /// Routes that bring packets back to where they were.
    ///
    /// What an appliance sends on follows the routes of its own subnet. Where these lead back to the appliance, or to
    /// another one whose subnet leads back, the packets go round until they are dropped.
    ///
    /// It is an error where only Azure Firewalls take part. It is a warning for other appliances: one that sends on by
    /// an interface in another subnet follows the routes there.
    ///
    /// A default route of `AzureFirewallSubnet` that needs a management interface is reported by TG2001 alone.
    ///
    /// ```egress
    /// vnet hub 10.10.0.0/16 {
    ///   subnet nva 10.10.3.0/24 { route-table to-nva }
    /// }
    /// appliance router in hub.nva { private-ip 10.10.3.4 }
    /// route-table to-nva { route default 0.0.0.0/0 -> appliance router }
    /// ```
    ///
    /// Put the appliance into a subnet of its own, whose routes do not lead to it.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/virtual-network/virtual-networks-udr-overview.md.
    TG1008, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    let mut starts: BTreeSet<ElementId<Subnet>> = BTreeSet::new();
    for subnet in estate.subnets.ids() {
        let devices = context.plane.routes(subnet).iter().filter_map(device_of);
        starts.extend(devices.filter_map(|device| subnet_of_device(estate, device)));
    }
    for start in starts {
        for route in context.plane.routes(start) {
            let lap = route.user_route(estate).and_then(|user| {
                let prefix = prefix_of(&user.destination.value)?;
                lap(context.plane, start, route, prefix)
            });
            // Each loop is told once, of the first of its subnets.
            let first = |lap: &Vec<Leg<'_>>| lap.iter().all(|leg| start <= leg.subnet);
            if let Some(lap) = lap.filter(first)
                && !is_told_of_the_firewall(estate, &lap)
            {
                findings.extend(report(estate, &lap));
            }
        }
    }
}

/// A route on the way round.
struct Leg<'p> {
    subnet: ElementId<Subnet>,
    route: &'p EffectiveRoute,
    device: Candidate,
}

/// The way of packets to a prefix from a subnet back to it.
fn lap<'p>(
    plane: &'p Dataplane<'_>,
    start: ElementId<Subnet>,
    first: &'p EffectiveRoute,
    prefix: IpNet,
) -> Option<Vec<Leg<'p>>> {
    let mut legs: Vec<Leg<'_>> = Vec::new();
    let (mut subnet, mut route) = (start, first);
    loop {
        let device = device_of(route)?;
        legs.push(Leg {
            subnet,
            route,
            device,
        });
        subnet = subnet_of_device(plane.estate, device)?;
        if subnet == start {
            return Some(legs);
        }
        if legs.iter().any(|leg| leg.subnet == subnet) {
            return None;
        }
        route = route_to(plane, subnet, prefix)?;
    }
}

/// Whether the loop is the default route of a firewall's subnet, which is refused for another reason.
fn is_told_of_the_firewall(estate: &Estate, lap: &[Leg<'_>]) -> bool {
    lap.iter().any(|leg| {
        let of_firewall = estate.subnets[leg.subnet].meta.name == FIREWALL_SUBNET;
        let default = prefix_of(&leg.route.destination) == Some(default_v4());
        let vnet = estate.subnets[leg.subnet].vnet;
        let mut firewalls = estate.firewalls.iter().map(|(_, firewall)| firewall);
        let tunnels = firewalls.any(|firewall| {
            firewall.vnet.id == Some(vnet)
                && (firewall.management_ip.is_some() || firewall.tier.value == Tier::Basic)
        });
        of_firewall && default && !tunnels
    })
}

fn report(estate: &Estate, lap: &[Leg<'_>]) -> Option<Finding> {
    let (first, others) = lap.split_first()?;
    let route = first.route.user_route(estate)?;
    let path = estate.subnet_path(first.subnet);
    let device = device_words(estate, first.device);
    let message = match others {
        [] => format!(
            "route `{}` of subnet `{path}` leads to {device} in the same subnet",
            route.name
        ),
        [.., last] => format!(
            "route `{}` of subnet `{path}` leads to {device}, and the way from there back to {}",
            route.name,
            device_words(estate, last.device)
        ),
    };
    let mut finding = Finding::new(Id::TG1008, message)
        .at(route.next_hop.span, "what is sent there comes back")
        .related(
            estate.subnets[first.subnet].meta.origin,
            "the subnet with the route",
        );
    for leg in lap {
        if let Some(Route { name, origin, .. }) = leg.route.user_route(estate) {
            let subnet = estate.subnet_path(leg.subnet);
            let device = device_words(estate, leg.device);
            let text = format!("route `{name}` of subnet `{subnet}` leads to {device}");
            finding = finding.step(*origin, text);
        }
    }
    for leg in others {
        if let Some(Route { next_hop, .. }) = leg.route.user_route(estate) {
            let subnet = estate.subnet_path(leg.subnet);
            finding = finding.related(next_hop.span, format!("the way on from subnet `{subnet}`"));
        }
    }
    let firewalls = |leg: &Leg<'_>| matches!(leg.device.holder, Holder::Firewall(_));
    if !lap.iter().all(firewalls) {
        finding = finding.severity(Severity::Warning).assumed().help(
            "an appliance with another interface may send on from there: describe that interface as an appliance of its own",
        );
    }
    Some(finding.help("give the subnet of the appliance routes that do not lead back to it"))
}

#[cfg(test)]
mod tests {
    use crate::diag::{Id, Severity};
    use crate::lint::testing::{findings, found};

    fn policy(own: &str, far: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16 {{
  subnet s 10.0.1.0/24 {{ route-table to-a }}
  subnet a 10.0.2.0/24 {{ route-table own }}
  subnet b 10.0.3.0/24 {{ route-table far }}
  subnet AzureFirewallSubnet 10.0.0.0/26 {{ route-table of-fw }}
}}
firewall fw in v {{ private-ip 10.0.0.4 }}
appliance a in v.a {{ private-ip 10.0.2.4 }}
appliance b in v.b {{ private-ip 10.0.3.4 }}
route-table to-a {{ route default 0.0.0.0/0 -> appliance a }}
route-table own {{ {own} }}
route-table far {{ {far} }}
route-table of-fw {{ route x 10.7.0.0/16 -> 10.0.2.4 }}"
        )
    }

    #[test]
    fn an_appliance_is_not_its_own_next_hop() {
        for hop in ["appliance a", "10.0.2.4"] {
            let policy = policy(&format!("route d 0.0.0.0/0 -> {hop}"), "");
            let found = findings(Id::TG1008, &policy);
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!(
                found[0].message,
                "route `d` of subnet `v/a` leads to appliance `a` in the same subnet"
            );
            assert_eq!(found[0].severity, Severity::Warning);
        }
        assert_eq!(
            found(Id::TG1008, &policy("route d 0.0.0.0/0 -> 10.0.2.9", "")),
            ["11:40 route `d` of subnet `v/a` leads to appliance 10.0.2.9 in the same subnet"]
        );
    }

    #[test]
    fn two_appliances_send_to_each_other() {
        let to_b = "route d 10.9.0.0/16 -> appliance b";
        let back = "route e 10.8.0.0/13 -> appliance a";
        assert_eq!(
            found(Id::TG1008, &policy(to_b, back)),
            [
                "11:52 route `d` of subnet `v/a` leads to appliance `b`, and the way from there back to appliance `a`"
            ]
        );
        let elsewhere = "route e 10.8.0.0/13 -> appliance a route f 10.9.0.0/16 -> internet";
        assert_eq!(found(Id::TG1008, &policy(to_b, elsewhere)), [""; 0]);
        assert_eq!(found(Id::TG1008, &policy(to_b, "")), [""; 0]);
    }

    #[test]
    fn firewalls_are_certain() {
        let round = "route x 10.7.0.0/16 -> firewall fw";
        let found = findings(
            Id::TG1008,
            &policy(round, "").replace("-> 10.0.2.4", "-> firewall fw"),
        );
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].severity, Severity::Error);
    }

    #[test]
    fn the_default_route_of_a_firewall_is_told_elsewhere() {
        let policy = policy("", "").replace(
            "route x 10.7.0.0/16 -> 10.0.2.4",
            "route x 0.0.0.0/0 -> firewall fw",
        );
        assert_eq!(found(Id::TG1008, &policy), [""; 0]);
        assert_eq!(found(Id::TG2001, &policy).len(), 1);
    }
}
