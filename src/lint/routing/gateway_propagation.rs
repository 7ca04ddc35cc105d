//! TG1010: routes that gateways learned lead past a firewall.

use ipnet::IpNet;

use crate::azure::routing::{Hop, RouteSource, gateways_of};
use crate::base::Span;
use crate::diag::{Finding, Id, Safety};
use crate::estate::{Gateway, Id as ElementId, NextHop, RouteTable, Subnet};
use crate::lint::{Context, change, edit};

use super::way::{
    device_of, device_words, forced_device, is_reserved, prefix_of, route_to, users_of_tables,
};

rule! {
    /// A subnet sends everything through a firewall, and takes in the routes that a gateway learned.
    ///
    /// The routes of a gateway have longer prefixes than the default route of the table, so what they lead to goes
    /// straight to the gateway and never meets the firewall. Replies that come in through the gateway may meet it, and
    /// are dropped then. The gateway counts whether it is in the network of the subnet or lent by a peered one.
    ///
    /// A prefix that the table itself leads to the gateway, or as exactly to the firewall, is meant to go there. Where
    /// it is not known what a gateway learned, the finding is an assumption.
    ///
    /// ```egress
    /// vnet hub 10.10.0.0/16 {
    ///   subnet AzureFirewallSubnet 10.10.0.0/26
    ///   subnet GatewaySubnet 10.10.2.0/27
    ///   subnet nodes 10.10.1.0/24 { route-table to-fw }
    /// }
    /// firewall fw in hub { private-ip 10.10.0.4 }
    /// gateway dublin in hub { learned 192.168.0.0/16 }
    /// route-table to-fw {  // takes in the route for 192.168.0.0/16
    ///   route default 0.0.0.0/0 -> firewall fw
    /// }
    /// ```
    ///
    /// Keep the routes out, `disableBgpRoutePropagation` in Azure's words: `gateway-propagation off`. Or say what is
    /// meant: `route onprem 192.168.0.0/16 -> gateway`.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/virtual-network/virtual-networks-udr-overview.md;
    /// Azure/review-checklists, the item D06.17 of the landing zone checklist.
    TG1010, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    for (table, subnets) in users_of_tables(estate) {
        if !estate.route_tables[table].gateway_propagation {
            continue;
        }
        let ordinary = |id: &ElementId<Subnet>| !is_reserved(context.facts, &estate.subnets[*id]);
        let mut told = subnets.into_iter().filter(ordinary);
        findings.extend(told.find_map(|subnet| past_firewall(context, table, subnet)));
    }
}

fn past_firewall(
    context: &Context<'_>,
    table: ElementId<RouteTable>,
    subnet: ElementId<Subnet>,
) -> Option<Finding> {
    let (estate, plane) = (context.estate, context.plane);
    let (device, default) = forced_device(plane, subnet)?;
    let gateways: Vec<ElementId<Gateway>> = gateways_of(estate, estate.subnets[subnet].vnet);
    let learned = |id: &ElementId<Gateway>| estate.gateways[*id].learned.iter();
    let past: Vec<Span> = gateways
        .iter()
        .flat_map(learned)
        .filter(|prefix| is_past(context, subnet, prefix.value))
        .map(|prefix| prefix.span)
        .collect();
    let table = &estate.route_tables[table];
    let unknown = gateways
        .iter()
        .find(|id| estate.gateways[**id].learned.is_empty())
        .filter(|_| !leads_to_gateway(table));
    if past.is_empty() && unknown.is_none() {
        return None;
    }
    let message = format!(
        "routes that gateways learned lead subnet `{}` past {}",
        estate.subnet_path(subnet),
        device_words(estate, device)
    );
    let mut finding = Finding::new(Id::TG1010, message)
        .at(table.meta.origin, "takes in the routes of gateways")
        .related(
            default.element(estate).origin,
            "leads everything else through it",
        );
    for place in past.iter().take(3) {
        finding = finding.related(*place, "goes to the gateway");
    }
    if let (true, Some(gateway)) = (past.is_empty(), unknown) {
        let origin = estate.gateways[*gateway].meta.origin;
        finding = finding
            .related(origin, "what it learned is not known")
            .assumed();
    }
    Some(with_help(finding, table))
}

fn with_help(finding: Finding, table: &RouteTable) -> Finding {
    let clause = "gateway-propagation off";
    let finding = finding
        .help(format!("write in the table: {clause}"))
        .help("or write a route to the gateway for what may go there straight");
    let change = change::set(table.meta.origin, change::NO_PROPAGATION, true);
    let finding = finding.propose("keep them out", Safety::Unsafe, change);
    match edit::add_clause(&table.meta, clause) {
        Some(edit) => finding.fix("keep them out", Safety::Unsafe, vec![edit]),
        None => finding,
    }
}

fn leads_to_gateway(table: &RouteTable) -> bool {
    let mut routes = table.routes.iter();
    routes.any(|route| route.next_hop.value == NextHop::Gateway)
}

/// Whether a learned prefix goes to the gateway, and would go to an appliance by the table.
fn is_past(context: &Context<'_>, subnet: ElementId<Subnet>, prefix: IpNet) -> bool {
    let chosen = route_to(context.plane, subnet, prefix);
    let learned = chosen.is_some_and(|route| {
        route.source == RouteSource::Bgp && matches!(route.hop, Hop::Gateway(_))
    });
    let user = context.plane.routes(subnet).iter();
    let user = user.filter(|route| route.source == RouteSource::User);
    let by_table = user
        .filter_map(|route| Some((prefix_of(&route.destination)?, route)))
        .filter(|(to, _)| to.contains(&prefix))
        .max_by_key(|(to, _)| to.prefix_len());
    learned && by_table.is_some_and(|(_, route)| device_of(route).is_some())
}

#[cfg(test)]
mod tests {
    use crate::diag::{Confidence, Id};
    use crate::lint::testing::{findings, fixed, found};

    fn policy(learned: &str, table: &str) -> String {
        format!(
            "vnet hub 10.0.0.0/16 {{ subnet AzureFirewallSubnet 10.0.0.0/26 }}
vnet v 10.1.0.0/16 {{ subnet s 10.1.1.0/24 {{ route-table t }} }}
peering hub <-> v {{ forwarded-traffic on gateway-transit on }}
gateway g in hub {{ {learned} }}
firewall fw in hub {{ private-ip 10.0.0.4 }}
route-table t {{
{table}
}}"
        )
    }

    const DEFAULT: &str = "route default 0.0.0.0/0 -> firewall fw";

    #[test]
    fn a_lent_gateway_leads_past() {
        let open = policy("learned 192.168.0.0/16", DEFAULT);
        assert_eq!(
            found(Id::TG1010, &open),
            ["6:13 routes that gateways learned lead subnet `v/s` past firewall `fw`"]
        );
        assert_eq!(found(Id::TG1010, &fixed(Id::TG1010, &open)), [""; 0]);
        let halves = "route a 0.0.0.0/1 -> 10.0.0.4\nroute b 128.0.0.0/1 -> firewall fw";
        let halves = policy("learned 192.168.0.0/16", halves);
        assert_eq!(found(Id::TG1010, &halves).len(), 1);
        let unlent = open.replace("gateway-transit on", "");
        assert_eq!(found(Id::TG1010, &unlent), [""; 0]);
    }

    #[test]
    fn what_the_table_says_is_meant() {
        for route in [
            "route onprem 192.168.0.0/16 -> gateway",
            "route onprem 192.168.0.0/16 -> firewall fw",
            "route onprem 192.0.0.0/8 -> gateway",
        ] {
            let policy = policy("learned 192.168.0.0/16", &format!("{DEFAULT}\n{route}"));
            assert_eq!(found(Id::TG1010, &policy), [""; 0], "{route}");
        }
        for learned in [
            "learned 0.0.0.0/0",
            "learned 10.1.1.0/25",
            "learned 10.0.9.0/24",
        ] {
            assert_eq!(
                found(Id::TG1010, &policy(learned, DEFAULT)),
                [""; 0],
                "{learned}"
            );
        }
        let internet = "route default 0.0.0.0/0 -> internet";
        assert_eq!(
            found(Id::TG1010, &policy("learned 192.168.0.0/16", internet)),
            [""; 0]
        );
    }

    #[test]
    fn what_a_gateway_learned_may_be_unknown() {
        let found = findings(Id::TG1010, &policy("", DEFAULT));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].confidence, Confidence::Assumed);
    }
}
