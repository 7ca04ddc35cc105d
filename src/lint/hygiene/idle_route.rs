//! TG8013: routes that no packet takes, because longer prefixes have all of theirs.

use ipnet::IpNet;
use rustc_hash::FxHashMap;

use crate::azure::gaps;
use crate::azure::next_hop::table_of;
use crate::azure::routing::{EffectiveRoute, Hop, RouteSource};
use crate::base::Origin;
use crate::diag::{Finding, Id, Safety};
use crate::estate::{
    Estate, Id as ElementId, NextHop, Route, RouteDestination, RouteTable, Subnet,
};
use crate::lint::Context;
use crate::lint::change;
use crate::lint::nsg::order::made_origins;
use crate::space::{Ranges, number_of};

rule! {
    /// A route that no packet takes, because routes with longer prefixes together have all addresses of its own.
    ///
    /// The longest prefix wins, whoever made the route. So a route for 10.0.0.0/15 does nothing in a network that is
    /// 10.0.0.0/16 and 10.1.0.0/16: the system routes for its address space are longer, and packets between its subnets
    /// go past the firewall that the route leads to. A route that two halves of the same table cover does nothing
    /// either.
    ///
    /// Looked at are the routes of the same table, and those for the address space of the network and of peered ones on
    /// every subnet that has the table. Routes that a gateway learns come and go, and what a service tag holds is not
    /// known; neither counts. A route to a firewall that a peering leads past is TG1015.
    ///
    /// ```egress
    /// vnet shop 10.0.0.0/16, 10.1.0.0/16 {
    ///   subnet AzureFirewallSubnet 10.0.0.0/26
    ///   subnet web 10.0.1.0/24 { route-table to-fw }
    /// }
    /// firewall fw in shop { private-ip 10.0.0.4 }
    /// route-table to-fw {
    ///   route default 0.0.0.0/0 -> firewall fw
    ///   route inside 10.0.0.0/15 -> firewall fw
    /// }
    /// ```
    ///
    /// Write routes for the longer prefixes, such as 10.0.0.0/16 and 10.1.0.0/16, or take the route away.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/virtual-network/virtual-networks-udr-overview.md.
    TG8013, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    let made = made_origins(context);
    let mut users: FxHashMap<ElementId<RouteTable>, Vec<ElementId<Subnet>>> = FxHashMap::default();
    for subnet in estate.subnets.ids() {
        if let Some(table) = table_of(estate, subnet) {
            users.entry(table).or_default().push(subnet);
        }
    }
    for (id, table) in estate.route_tables.iter() {
        let subnets = users.get(&id).map_or(&[][..], Vec::as_slice);
        let longer = Longer::of(estate, table);
        for route in &table.routes {
            let RouteDestination::Prefix(prefix) = route.destination.value else {
                continue;
            };
            if !made.contains(&route.origin) {
                findings.extend(idle(context, &longer, route, prefix, subnets));
            }
        }
    }
}

/// What a prefix has, as numbers.
fn span(prefix: IpNet) -> (u128, u128) {
    (number_of(prefix.network()), number_of(prefix.broadcast()))
}

/// A prefix, who has a route for it, and where that is written.
type Taken = (IpNet, String, Origin);

/// The prefixes of one table by their beginnings.
struct Longer<'a> {
    sorted: Vec<(IpNet, &'a Route)>,
}

impl<'a> Longer<'a> {
    fn of(estate: &Estate, table: &'a RouteTable) -> Self {
        let routes = table.routes.iter();
        // What may not be deployed takes nothing for certain.
        let routes = routes.filter(|route| estate.gaps.condition_of(route.origin).is_none());
        let prefixes = routes.filter_map(|route| match route.destination.value {
            RouteDestination::Prefix(prefix) => Some((prefix, route)),
            RouteDestination::ServiceTag(_) => None,
        });
        let mut sorted: Vec<(IpNet, &Route)> = prefixes.collect();
        sorted.sort_by_key(|(prefix, _)| (prefix.network(), prefix.prefix_len()));
        Self { sorted }
    }

    /// Those inside of a prefix, and none that lies in another one of them.
    fn inside(&self, outer: IpNet) -> Vec<Taken> {
        let from = self
            .sorted
            .partition_point(|(prefix, _)| prefix.network() < outer.network());
        let mut found: Vec<Taken> = Vec::new();
        for (prefix, route) in self.sorted.iter().skip(from) {
            if !outer.contains(prefix) {
                break;
            }
            let held = found.last().is_some_and(|(held, ..)| held.contains(prefix));
            if prefix.prefix_len() > outer.prefix_len() && !held {
                found.push((*prefix, format!("route `{}`", route.name), route.origin));
            }
        }
        found
    }
}

fn idle(
    context: &Context<'_>,
    longer: &Longer<'_>,
    route: &Route,
    prefix: IpNet,
    subnets: &[ElementId<Subnet>],
) -> Option<Finding> {
    let inside = longer.inside(prefix);
    if cover(prefix, &inside) {
        return Some(finding(route, prefix, &inside));
    }
    // Routes to the devices of a network are for whole prefixes; a peering that leads past them is told of already.
    let by_device = !matches!(
        route.next_hop.value,
        NextHop::Gateway | NextHop::Internet | NextHop::VnetLocal | NextHop::Drop
    );
    let mut taken: Option<Vec<Taken>> = None;
    for subnet in subnets {
        if gaps::routes(context.estate, *subnet).is_some() {
            return None;
        }
        let mut all = inside.clone();
        let mut peered = false;
        for own in context.plane.routes(*subnet) {
            if let Some(near) = near_route(context.estate, own, prefix) {
                peered |= matches!(own.hop, Hop::Peering(_));
                all.push(near);
            }
        }
        if (peered && by_device) || !cover(prefix, &all) {
            return None;
        }
        taken.get_or_insert(all);
    }
    taken.map(|taken| finding(route, prefix, &taken))
}

/// A system route that certainly takes a part of a prefix.
fn near_route(estate: &Estate, route: &EffectiveRoute, outer: IpNet) -> Option<Taken> {
    let RouteDestination::Prefix(prefix) = route.destination else {
        return None;
    };
    let is_near = matches!(route.hop, Hop::VnetLocal | Hop::Peering(_));
    let longer = outer.contains(&prefix) && prefix.prefix_len() > outer.prefix_len();
    if route.source != RouteSource::System || !is_near || !longer {
        return None;
    }
    let element = route.element(estate);
    let certain = estate.gaps.condition_of(element.origin).is_none();
    let who = match route.hop {
        Hop::VnetLocal => "the address space of the network".to_owned(),
        _ => element.name,
    };
    certain.then_some((prefix, who, element.origin))
}

fn cover(prefix: IpNet, taken: &[Taken]) -> bool {
    let same = taken
        .iter()
        .filter(|(it, ..)| it.addr().is_ipv4() == prefix.addr().is_ipv4());
    let (first, last) = span(prefix);
    Ranges::span(first, last).is_within(&Ranges::of(same.map(|(it, ..)| span(*it))))
}

fn finding(route: &Route, prefix: IpNet, taken: &[Taken]) -> Finding {
    let words: Vec<String> = taken
        .iter()
        .take(3)
        .map(|(it, who, _)| format!("{it} ({who})"))
        .collect();
    let more = taken.len().saturating_sub(3);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let message = format!(
        "no packet takes route `{}`: all of {prefix} has longer prefixes, {}{more}",
        route.name,
        words.join(", ")
    );
    let finding = Finding::new(Id::TG8013, message).at(route.origin, "takes nothing");
    let finding = taken
        .iter()
        .take(3)
        .fold(finding, |finding, (it, _, place)| {
            finding.related(*place, format!("takes {it}"))
        });
    finding
        .help("write routes for the longer prefixes, or take the route away")
        .propose(
            "take the route away",
            Safety::Unsafe,
            change::without(route.origin),
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    fn told(space: &str, more: &str, routes: &str) -> Vec<String> {
        let policy = format!(
            "vnet v {space} {{
  subnet AzureFirewallSubnet 10.0.0.0/26
  subnet s 10.0.1.0/24 {{ route-table t }}
}}
{more}
firewall fw in v {{ private-ip 10.0.0.4 }}
route-table t {{ {routes} }}"
        );
        let found = found(Id::TG8013, &policy);
        let messages = found.iter().map(|it| it.split_once(' ').unwrap().1);
        messages.map(str::to_owned).collect()
    }

    #[test]
    fn longer_prefixes_of_the_table_take_all() {
        assert_eq!(
            told(
                "10.0.0.0/16",
                "",
                "route all 192.168.0.0/16 -> firewall fw
  route low 192.168.0.0/17 -> internet
  route high 192.168.128.0/17 -> none
  route part 192.168.3.0/24 -> internet"
            ),
            [
                "no packet takes route `all`: all of 192.168.0.0/16 has longer prefixes, 192.168.0.0/17 (route `low`), \
                 192.168.128.0/17 (route `high`)"
            ]
        );
        assert_eq!(
            told(
                "10.0.0.0/16",
                "",
                "route all 192.168.0.0/16 -> firewall fw  route low 192.168.0.0/17 -> internet"
            ),
            [""; 0]
        );
    }

    #[test]
    fn the_address_space_takes_its_part() {
        assert_eq!(
            told(
                "10.0.0.0/16, 10.1.0.0/16",
                "",
                "route all 10.0.0.0/15 -> firewall fw"
            ),
            [
                "no packet takes route `all`: all of 10.0.0.0/15 has longer prefixes, \
                 10.0.0.0/16 (the address space of the network), 10.1.0.0/16 (the address space of the network)"
            ]
        );
        // A route of the same length wins, and one for more has something left.
        for route in ["10.0.0.0/16", "10.0.0.0/14", "10.0.1.0/24"] {
            let routes = format!("route all {route} -> firewall fw");
            let found = told("10.0.0.0/16, 10.1.0.0/16", "", &routes);
            assert_eq!(found, [""; 0], "{route}");
        }
    }

    #[test]
    fn a_peering_past_a_firewall_is_told_elsewhere() {
        let peered = "vnet w 10.1.0.0/16\npeering v <-> w";
        assert_eq!(
            told(
                "10.0.0.0/16",
                peered,
                "route all 10.0.0.0/15 -> firewall fw"
            ),
            [""; 0]
        );
        assert_eq!(
            told("10.0.0.0/16", peered, "route all 10.0.0.0/15 -> none").len(),
            1
        );
    }
}
