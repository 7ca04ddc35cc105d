//! TG1015: peerings that lead past a route to a firewall.

use crate::azure::routing::Hop;
use crate::diag::{Finding, Id, Safety};
use crate::estate::{Id as ElementId, RouteTable, Subnet};
use crate::lint::{Context, edit};

use super::way::{
    device_of, device_words, is_reserved, knows_routes, prefix_of, route_to, subnet_of_device,
    users_of_tables,
};

rule! {
    /// A route meant to lead to a firewall covers a peered network, and the peering leads there straight.
    ///
    /// Azure adds a route for each prefix of a peered network. The longest prefix wins, so a route for a wider prefix,
    /// such as 10.0.0.0/8, does not move what the peering has a route for. Only a route for the same prefix or a part of
    /// it does. Packets to that network go there without meeting the firewall, and where the other side sends its
    /// packets through the firewall, it drops them.
    ///
    /// The default route expresses no such wish, and nothing is reported of the network that the firewall is in.
    ///
    /// ```egress
    /// vnet hub 10.30.0.0/16 { subnet AzureFirewallSubnet 10.30.0.0/26 }
    /// vnet shop 10.20.0.0/16 {
    ///   subnet nodes 10.20.0.0/22 { route-table to-hub }
    /// }
    /// vnet analytics 10.10.0.0/16
    /// peering shop <-> hub { forwarded-traffic on }
    /// peering shop <-> analytics
    /// firewall fw in hub { private-ip 10.30.0.4 }
    /// route-table to-hub { route private 10.0.0.0/8 -> firewall fw }  // 10.10.0.0/16 of the peering is longer
    /// ```
    ///
    /// Write a route for the prefix of the peered network on both sides, or remove the peering.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/virtual-network/virtual-networks-udr-overview.md.
    TG1015, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    for (table, subnets) in users_of_tables(estate) {
        let table = &estate.route_tables[table];
        let mut vnets = Vec::new();
        for subnet in subnets {
            let vnet = estate.subnets[subnet].vnet;
            // The subnets of a network have the same peerings.
            let reserved = is_reserved(context.facts, &estate.subnets[subnet]);
            if vnets.contains(&vnet) || reserved || !knows_routes(estate, subnet) {
                continue;
            }
            vnets.push(vnet);
            bypassed(context, table, subnet, findings);
        }
    }
}

fn bypassed(
    context: &Context<'_>,
    table: &RouteTable,
    subnet: ElementId<Subnet>,
    findings: &mut Vec<Finding>,
) {
    let (estate, plane) = (context.estate, context.plane);
    for peering in plane.routes(subnet) {
        let (Hop::Peering(peer), Some(prefix)) = (&peering.hop, prefix_of(&peering.destination))
        else {
            continue;
        };
        // Something as long or longer is chosen already.
        if route_to(plane, subnet, prefix).is_none_or(|chosen| chosen != peering) {
            continue;
        }
        let wider = plane.routes(subnet).iter().filter_map(|route| {
            let to = prefix_of(&route.destination)?;
            let wider = to.contains(&prefix) && to.prefix_len() < prefix.prefix_len();
            let user = route.user_route(estate).filter(|_| wider)?;
            Some((to.prefix_len(), user, device_of(route)))
        });
        let Some((length, route, Some(device))) = wider.max_by_key(|(length, ..)| *length) else {
            continue;
        };
        let home = subnet_of_device(estate, device).map(|home| estate.subnets[home].vnet);
        // A default route, or a half of one, expresses no wish about the peered network.
        if home.is_none_or(|home| home == *peer) || length <= HALF {
            continue;
        }
        let name = &estate.vnets[*peer].meta.name;
        let message = format!(
            "the peering with vnet `{name}` leads subnet `{}` past {}",
            estate.subnet_path(subnet),
            device_words(estate, device)
        );
        let clause = format!(
            "route {name} {prefix} -> {}",
            match device.address {
                Some(address) => address.to_string(),
                None => device_words(estate, device).replace('`', ""),
            }
        );
        let finding = Finding::new(Id::TG1015, message)
            .at(
                route.origin,
                format!("{prefix} is a longer prefix, and goes by the peering"),
            )
            .related(peering.element(estate).origin, "the peering")
            .help(format!("add to the table: {clause}"))
            .help("do the same on the other side, so that replies take the same way");
        findings.push(match edit::add_clause(&table.meta, &clause) {
            Some(edit) => finding.fix("lead it through the firewall", Safety::Unsafe, vec![edit]),
            None => finding,
        });
    }
}

/// The length of the prefixes of half the addresses.
const HALF: u8 = 1;

#[cfg(test)]
mod tests {
    use crate::diag::Id;
    use crate::lint::testing::{fixed, found};

    fn policy(routes: &str, peering: &str) -> String {
        format!(
            "vnet hub 10.0.0.0/16 {{ subnet AzureFirewallSubnet 10.0.0.0/26 }}
vnet a 10.1.0.0/16 {{ subnet s 10.1.1.0/24 {{ route-table t }} }}
vnet b 10.2.0.0/16 {{ subnet s 10.2.1.0/24 }}
peering hub <-> a {{ forwarded-traffic on }}
{peering}
firewall fw in hub {{ private-ip 10.0.0.4 }}
route-table t {{
{routes}
}}"
        )
    }

    const PEERED: &str = "peering a <-> b";

    #[test]
    fn a_wider_route_does_not_move_a_peered_network() {
        for hop in ["firewall fw", "10.0.0.4"] {
            let policy = policy(&format!("route private 10.0.0.0/8 -> {hop}"), PEERED);
            assert_eq!(
                found(Id::TG1015, &policy),
                ["8:1 the peering with vnet `b` leads subnet `a/s` past firewall `fw`"]
            );
            assert_eq!(found(Id::TG1015, &fixed(Id::TG1015, &policy)), [""; 0]);
        }
    }

    #[test]
    fn what_is_as_long_wins() {
        let wide = "route private 10.0.0.0/8 -> firewall fw";
        for routes in [
            "route b 10.2.0.0/16 -> firewall fw",
            "route default 0.0.0.0/0 -> firewall fw",
            "route low 0.0.0.0/1 -> firewall fw",
            "route private 10.0.0.0/8 -> gateway",
            &format!("{wide}\nroute b 10.2.0.0/16 -> firewall fw"),
            &format!("{wide}\nroute b 10.2.0.0/15 -> gateway"),
        ] {
            assert_eq!(
                found(Id::TG1015, &policy(routes, PEERED)),
                [""; 0],
                "{routes}"
            );
        }
        assert_eq!(found(Id::TG1015, &policy(wide, "")), [""; 0]);
        assert_eq!(found(Id::TG1015, &policy(wide, "peering a -> b")), [""; 0]);
    }
}
