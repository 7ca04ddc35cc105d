//! TG1003: routes whose next hop cannot take packets.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::azure::facts::{Facts, Limit, LimitState};
use crate::azure::gaps;
use crate::azure::next_hop::{default_v4, held_addresses, table_of};
use crate::diag::{Finding, Id, Severity};
use crate::estate::{
    Estate, GatewayKind, Id as ElementId, NextHop, Route, RouteDestination, RouteTable, Subnet,
    Vnet,
};

use super::Context;
use super::default_route::routed_subnets;

rule! {
    /// Routes whose next hop cannot take the packets.
    ///
    /// - more addresses than a route can share the load among;
    /// - an IPv4 prefix with an IPv6 next hop, or the other way round;
    /// - the gateway, where it is one of ExpressRoute: a route leads to VPN gateways only;
    /// - as a warning, an address that no firewall, appliance or load balancer of the policy has. Azure takes any
    ///   address, and packets to nobody are lost without a word.
    ///
    /// Default routes of pools with user-defined routing are judged by TG1001. Networks out of reach, loops and
    /// appliances that do not forward are TG1007, TG1008 and TG1009.
    ///
    /// ```egress
    /// route-table spokes {
    ///   route other-spoke 10.20.0.0/16 -> fd00::4
    /// }
    /// ```
    ///
    /// Name the appliance instead: `-> firewall NAME` or `-> appliance NAME`.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/virtual-network/virtual-networks-udr-overview.md;
    /// Azure/bicep-types-az, generated/network/microsoft.network/2025-09-01/types.md.
    TG1003, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    let held = held_addresses(estate);
    let users = users_of_tables(estate);
    let routed: BTreeSet<ElementId<RouteTable>> = routed_subnets(estate)
        .keys()
        .filter_map(|subnet| table_of(estate, *subnet))
        .collect();
    for (id, table) in estate.route_tables.iter() {
        let nobody = Users::default();
        let users = users.get(&id).unwrap_or(&nobody);
        for route in &table.routes {
            let addresses = match &route.next_hop.value {
                NextHop::Addresses(addresses) => addresses,
                NextHop::Gateway => {
                    let subnets = users.by_vnet.values();
                    let mut faults = subnets.filter_map(|it| no_vpn_gateway(estate, route, it));
                    findings.extend(faults.next());
                    continue;
                }
                _ => continue,
            };
            findings.extend(too_many(context.facts, route, addresses));
            findings.extend(other_family(route, addresses));
            let default = route.destination.value == RouteDestination::Prefix(default_v4());
            if default && routed.contains(&id) {
                continue;
            }
            for address in addresses {
                // An address in a subnet with the route is judged as a loop.
                let nobody = !held.contains_key(address) && !users.surround(*address);
                if nobody && !gaps::is_part(context.estate) {
                    findings.push(held_by_nobody(route, *address));
                }
            }
        }
    }
}

/// The subnets that have a route table.
#[derive(Default)]
struct Users<'a> {
    prefixes: BTreeSet<IpNet>,
    prefix_lengths: BTreeSet<u8>,
    /// One of each network.
    by_vnet: BTreeMap<ElementId<Vnet>, &'a Subnet>,
}

impl<'a> Users<'a> {
    fn add(&mut self, subnet: &'a Subnet) {
        self.by_vnet.entry(subnet.vnet).or_insert(subnet);
        for prefix in &subnet.prefixes {
            self.prefixes.insert(prefix.value);
            self.prefix_lengths.insert(prefix.value.prefix_len());
        }
    }

    /// Whether an address lies in one of the subnets.
    fn surround(&self, address: IpAddr) -> bool {
        self.prefix_lengths.iter().any(|length| {
            let prefix = IpNet::new(address, *length).map(|prefix| prefix.trunc());
            prefix.is_ok_and(|prefix| self.prefixes.contains(&prefix))
        })
    }
}

fn users_of_tables(estate: &Estate) -> BTreeMap<ElementId<RouteTable>, Users<'_>> {
    let mut users: BTreeMap<_, Users<'_>> = BTreeMap::new();
    for (id, subnet) in estate.subnets.iter() {
        if let Some(table) = table_of(estate, id) {
            users.entry(table).or_default().add(subnet);
        }
    }
    users
}

/// A route leads to a VPN gateway only; ExpressRoute tells its routes itself. Networks without a gateway in the policy
/// may have one all the same.
fn no_vpn_gateway(estate: &Estate, route: &Route, subnet: &Subnet) -> Option<Finding> {
    let lent = estate.peerings.iter().map(|(_, peering)| peering);
    let lent =
        lent.filter(|peering| peering.remote_gateways && peering.from.id == Some(subnet.vnet));
    let vnets: Vec<ElementId<Vnet>> = lent
        .filter_map(|peering| peering.to.id)
        .chain([subnet.vnet])
        .collect();
    let gateways = || {
        let gateways = estate.gateways.iter().map(|(_, gateway)| gateway);
        gateways.filter(|gateway| gateway.vnet.id.is_some_and(|vnet| vnets.contains(&vnet)))
    };
    let first = gateways().next()?;
    if gateways().any(|gateway| gateway.kind.value == GatewayKind::Vpn) {
        return None;
    }
    let message = format!(
        "route `{}` of subnet `{}` leads to the gateway, which is of ExpressRoute",
        route.name, subnet.meta.name
    );
    let finding = Finding::new(Id::TG1003, message)
        .at(route.next_hop.span, "must be a VPN gateway")
        .related(
            first.kind.span,
            format!("the type of gateway `{}`", first.meta.name),
        )
        .help("leave the route out: the gateway learns its routes over BGP and tells them itself");
    Some(finding)
}

fn too_many(facts: &Facts, route: &Route, addresses: &[IpAddr]) -> Option<Finding> {
    let limit = facts.limit(Limit::EcmpNextHops);
    let count = u64::try_from(addresses.len()).unwrap_or(u64::MAX);
    if limit.state(count) != LimitState::Exceeded {
        return None;
    }
    let message = format!("route `{}` has {count} next hops", route.name);
    let finding = Finding::new(Id::TG1003, message).at(
        route.next_hop.span,
        format!("at most {} {}", limit.value, limit.unit),
    );
    Some(finding.help("put a load balancer before the appliances"))
}

fn other_family(route: &Route, addresses: &[IpAddr]) -> Option<Finding> {
    let RouteDestination::Prefix(prefix) = &route.destination.value else {
        return None;
    };
    let address = addresses
        .iter()
        .find(|it| it.is_ipv4() != prefix.addr().is_ipv4())?;
    let message = format!(
        "route `{}` for {prefix} leads to {address}, of the other family",
        route.name
    );
    let finding = Finding::new(Id::TG1003, message)
        .at(route.next_hop.span, "the next hop")
        .related(route.destination.span, "the prefix");
    Some(finding)
}

fn held_by_nobody(route: &Route, address: IpAddr) -> Finding {
    let message = format!(
        "route `{}` leads to {address}, which nobody in this policy has",
        route.name
    );
    Finding::new(Id::TG1003, message)
        .severity(Severity::Warning)
        .assumed()
        .at(route.next_hop.span, "no firewall, appliance or load balancer has this address")
        .help("declare who has the address as an `appliance` or `load-balancer`, `existing` if it is there already")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{findings, found};

    fn policy(routes: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16 {{
  subnet s 10.0.1.0/24 {{ route-table t }}
  subnet nva 10.0.2.0/24
}}
appliance nva in v.nva {{ private-ip 10.0.2.4 }}
route-table t {{
{routes}
}}"
        )
    }

    #[test]
    fn takes_addresses_of_appliances() {
        assert_eq!(
            found(
                Id::TG1003,
                &policy("route a 10.9.0.0/16 -> 10.0.2.4\nroute b 10.8.0.0/16 -> gateway")
            ),
            [""; 0]
        );
    }

    #[test]
    fn refuses_what_cannot_forward() {
        let routes = "route a 10.9.0.0/16 -> fd00::4
route c 10.7.0.0/16 -> 10.0.2.5";
        assert_eq!(
            found(Id::TG1003, &policy(routes)),
            [
                "7:24 route `a` for 10.9.0.0/16 leads to fd00::4, of the other family",
                "7:24 route `a` leads to fd00::4, which nobody in this policy has",
                "8:24 route `c` leads to 10.0.2.5, which nobody in this policy has",
            ]
        );
        let warning = findings(Id::TG1003, &policy("route c 10.7.0.0/16 -> 10.0.2.5"));
        assert_eq!(warning[0].severity, Severity::Warning);
    }

    #[test]
    fn a_gateway_of_a_route_is_a_vpn_gateway() {
        let with = |gateways: &str| {
            let policy = policy("route a 10.9.0.0/16 -> gateway");
            found(Id::TG1003, &format!("{policy}\n{gateways}"))
        };
        assert_eq!(with("gateway g in v { type vpn }"), [""; 0]);
        assert_eq!(
            with("gateway g in v { type vpn } gateway h in v { type expressroute }"),
            [""; 0]
        );
        assert_eq!(
            with("gateway h in v { type expressroute }"),
            ["7:24 route `a` of subnet `s` leads to the gateway, which is of ExpressRoute"]
        );
    }

    #[test]
    fn the_load_is_shared_among_so_many() {
        let many: Vec<String> = (4..69).map(|last| format!("10.3.0.{last}")).collect();
        let routes = format!("route a 10.9.0.0/16 -> {}", many.join(", "));
        assert!(
            found(Id::TG1003, &policy(&routes))
                .contains(&"7:24 route `a` has 65 next hops".to_owned())
        );
    }
}
