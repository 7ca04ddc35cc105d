//! TG1011: the route table of a gateway's subnet.

use crate::azure::facts::{DefaultRouteRule, GatewayPropagation};
use crate::azure::next_hop::{default_v4, route_for};
use crate::diag::{Finding, Id, Severity};
use crate::estate::{Estate, Id as ElementId, Route, RouteTable, Subnet};
use crate::lint::Context;

use super::way::{are_everything, prefix_of, users_of_tables};

rule! {
    /// The subnet of a virtual network gateway, `GatewaySubnet`, has a route table that stops the gateway.
    ///
    /// - With the propagation of gateway routes off, the gateway does not work.
    /// - A route for 0.0.0.0/0 is not supported, wherever it leads: Azure does not create a gateway in such a subnet.
    ///   As a warning, the same is said of shorter prefixes that together are everything.
    ///
    /// Other routes are allowed, and needed where what comes in has to pass a firewall.
    ///
    /// ```egress
    /// vnet hub 10.10.0.0/16 {
    ///   subnet AzureFirewallSubnet 10.10.0.0/26
    ///   subnet GatewaySubnet 10.10.2.0/27 { route-table from-onprem }
    /// }
    /// firewall fw in hub { private-ip 10.10.0.4 }
    /// gateway dublin in hub { learned 192.168.0.0/16 }
    /// route-table from-onprem {
    ///   gateway-propagation off
    ///   route default 0.0.0.0/0 -> firewall fw
    /// }
    /// ```
    ///
    /// Give the subnet a table of its own with `gateway-propagation on`, and routes for the prefixes of the networks
    /// only.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/virtual-network/virtual-networks-udr-overview.md and the include
    /// file on the gateway subnet.
    TG1011, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    for (table, subnets) in users_of_tables(estate) {
        let of_gateway = subnets.into_iter().find_map(|subnet| {
            let fact = context
                .facts
                .reserved_subnet(&estate.subnets[subnet].meta.name)?;
            let for_gateway = fact.gateway_propagation == GatewayPropagation::MustBeOn;
            for_gateway.then_some((subnet, fact))
        });
        let Some((subnet, fact)) = of_gateway else {
            continue;
        };
        let table = &estate.route_tables[table];
        if !table.gateway_propagation {
            findings.push(without_propagation(estate, subnet, table));
        }
        if fact.default_route == DefaultRouteRule::Unsupported {
            findings.extend(default_route(estate, subnet, table));
        }
    }
}

fn without_propagation(estate: &Estate, subnet: ElementId<Subnet>, table: &RouteTable) -> Finding {
    let path = estate.subnet_path(subnet);
    let name = &table.meta.name;
    let message = format!("route table `{name}` keeps the routes of gateways from subnet `{path}`");
    Finding::new(Id::TG1011, message)
        .at(table.meta.origin, "takes in no routes of gateways")
        .related(
            estate.subnets[subnet].meta.origin,
            "the gateway stops working",
        )
        .help("write in the table: gateway-propagation on")
        .help("if other subnets need it off, give the gateway's subnet a table of its own")
}

fn default_route(
    estate: &Estate,
    subnet: ElementId<Subnet>,
    table: &RouteTable,
) -> Option<Finding> {
    let path = estate.subnet_path(subnet);
    let at = |route: &Route, message: String| {
        Finding::new(Id::TG1011, message)
            .at(route.destination.span, "not supported here")
            .related(estate.subnets[subnet].meta.origin, "the subnet of gateways")
            .help("write routes for the prefixes of the networks only")
    };
    if let Some(route) = route_for(table, default_v4()) {
        let message = format!("subnet `{path}` has a route for 0.0.0.0/0");
        return Some(at(route, message));
    }
    let prefixes = table.routes.iter();
    let prefixes = prefixes.filter_map(|route| prefix_of(&route.destination.value));
    if !are_everything(prefixes) {
        return None;
    }
    let v4 = |route: &&Route| {
        prefix_of(&route.destination.value).is_some_and(|prefix| prefix.addr().is_ipv4())
    };
    let route = table.routes.iter().find(v4)?;
    let message = format!("the routes of subnet `{path}` together are one for 0.0.0.0/0");
    Some(at(route, message).severity(Severity::Warning).assumed())
}

#[cfg(test)]
mod tests {
    use crate::diag::{Id, Severity};
    use crate::lint::testing::{findings, found};

    fn policy(table: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16 {{ subnet GatewaySubnet 10.0.2.0/27 {{ route-table t }} }}
route-table t {{
{table}
}}"
        )
    }

    #[test]
    fn gateways_need_their_routes() {
        assert_eq!(
            found(Id::TG1011, &policy("gateway-propagation off")),
            ["2:13 route table `t` keeps the routes of gateways from subnet `v/GatewaySubnet`"]
        );
        assert_eq!(found(Id::TG1011, &policy("")), [""; 0]);
    }

    #[test]
    fn no_default_route_in_any_spelling() {
        let one = "route d 0.0.0.0/0 -> internet";
        assert_eq!(
            found(Id::TG1011, &policy(one)),
            ["3:9 subnet `v/GatewaySubnet` has a route for 0.0.0.0/0"]
        );
        let halves = "route a 0.0.0.0/1 -> 10.0.0.4\nroute b 128.0.0.0/1 -> 10.0.0.4";
        let found_halves = findings(Id::TG1011, &policy(halves));
        assert_eq!(found_halves.len(), 1);
        assert_eq!(found_halves[0].severity, Severity::Warning);
        let parts = "route a 10.1.0.0/16 -> 10.0.0.4";
        assert_eq!(found(Id::TG1011, &policy(parts)), [""; 0]);
    }
}
