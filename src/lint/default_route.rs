//! TG1001: the default route of a pool with user-defined routing.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::azure::gaps;
use crate::azure::next_hop::{
    Holder, default_v4, default_v6, holder_of_address, holders, is_adjacent, route_for, table_of,
};
use crate::azure::routing::{Hop, RouteSource};
use crate::base::Origin;
use crate::diag::{Change, Finding, Id, Safety, Severity};
use crate::estate::{
    Estate, Firewall, Gap, Id as ElementId, NextHop, OutboundType, Pool, Route, RouteDestination,
    RouteTable, Subnet,
};

use super::routing::way::{are_everything, knows_routes, prefix_of};
use super::{Context, change, edit};

rule! {
    /// The subnets of a pool with outbound type `userDefinedRouting` need a route table whose route for 0.0.0.0/0
    /// leads to a firewall, another appliance or a gateway.
    ///
    /// With this outbound type the cluster gets no load balancer or NAT gateway of its own to leave through: its
    /// nodes leave by the route, or not at all. The resource provider checks the table, the route and the type of its
    /// next hop before it builds anything. It does not check the address: a route to nobody lets the nodes start and
    /// fail one by one, with exit status 50 of their provisioning script.
    ///
    /// Reported for each subnet:
    ///
    /// - no route table: `ExistingRouteTableNotAssociatedWithSubnet`;
    /// - no route for 0.0.0.0/0: `RouteTableMissingDefaultRouteError`. Where a gateway learned one, TG1005 says so, and
    ///   where the table has it in parts, TG1006;
    /// - a next hop of type Internet, None or VnetLocal: `RouteTableInvalidNextHop`;
    /// - an address that no firewall, appliance or load balancer of the policy has;
    /// - another next hop than the firewall that the pool names with `via`;
    /// - as a warning, a subnet with IPv6 addresses and no route for ::/0.
    ///
    /// Whether the next hop can be reached, forwards, and sends nothing back, TG1007 to TG1009 judge for all routes.
    ///
    /// ```egress
    /// vnet analytics 10.10.0.0/16 {
    ///   subnet pool 10.10.1.0/24 { route-table to-fw }
    /// }
    /// route-table to-fw {
    ///   route default 0.0.0.0/0 -> internet
    /// }
    /// identity spark-id { role "Network Contributor" on this resource-group }
    /// pool spark in analytics.pool { outbound userDefinedRouting  identity spark-id }
    /// ```
    ///
    /// Write `route default 0.0.0.0/0 -> firewall NAME`.
    ///
    /// Sources: MicrosoftDocs/azure-aks-docs, articles/aks/egress-udr.md; MicrosoftDocs/azure-docs issue 108240;
    /// Azure/AKS issue 1875; MicrosoftDocs/azure-docs, articles/virtual-network/virtual-networks-udr-overview.md.
    TG1001, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for subnet in all(context) {
        subnet.check(findings);
        findings.extend(subnet.lack().filter(|finding| finding.id == Id::TG1001));
    }
}

/// What is said under one id of subnets that lack the route.
pub(super) fn lacks(context: &Context<'_>, id: Id, findings: &mut Vec<Finding>) {
    let lacks = all(context).into_iter().filter_map(|subnet| subnet.lack());
    findings.extend(lacks.filter(|finding| finding.id == id));
}

fn all<'a>(context: &'a Context<'a>) -> Vec<RoutedSubnet<'a>> {
    let subnets = routed_subnets(context.estate).into_iter();
    subnets
        .map(|(id, pool)| RoutedSubnet {
            context,
            id,
            subnet: &context.estate.subnets[id],
            pool,
        })
        .collect()
}

/// The subnets of pools with user-defined routing, each once, with the first such pool.
pub(super) fn routed_subnets(estate: &Estate) -> BTreeMap<ElementId<Subnet>, &Pool> {
    let mut subnets = BTreeMap::new();
    for (_, pool) in estate.pools.iter() {
        if pool.outbound.value == OutboundType::UserDefinedRouting {
            for subnet in pool.subnets.iter().filter_map(|subnet| subnet.id) {
                subnets.entry(subnet).or_insert(pool);
            }
        }
    }
    subnets
}

/// What leads a route to a firewall whose address is known.
fn lead_to(route: &Route, firewall: &Firewall) -> Vec<Change> {
    change::lead_to(route, firewall.private_ip.map(|ip| ip.value))
}

struct RoutedSubnet<'a> {
    context: &'a Context<'a>,
    id: ElementId<Subnet>,
    subnet: &'a Subnet,
    pool: &'a Pool,
}

impl RoutedSubnet<'_> {
    fn check(&self, findings: &mut Vec<Finding>) {
        let Some(table) = self.table() else {
            return;
        };
        if let Some(route) = route_for(table, default_v4()) {
            findings.extend(self.next_hop_faults(table, route));
            findings.extend(self.not_via(table, route));
        }
        findings.extend(self.without_default_v6(table));
    }

    fn table(&self) -> Option<&RouteTable> {
        let estate = self.context.estate;
        Some(&estate.route_tables[table_of(estate, self.id)?])
    }

    /// The subnet has no table, or its table no route for 0.0.0.0/0.
    fn lack(&self) -> Option<Finding> {
        if self.subnet.route_table.is_none() {
            let gaps = &self.context.estate.gaps;
            let stated = gaps.at(Gap::SubnetSettings(self.id)).is_empty();
            return stated.then(|| self.without_table());
        }
        let table = self.table()?;
        let lacks = route_for(table, default_v4()).is_none();
        lacks.then(|| self.without_default(table))
    }

    /// The default routes that gateways and hubs tell the subnet.
    fn learned(&self) -> Vec<Origin> {
        let estate = self.context.estate;
        let routes = self.context.plane.routes(self.id).iter();
        let learned = routes.filter(|route| {
            route.source == RouteSource::Bgp
                && route.destination == RouteDestination::Prefix(default_v4())
        });
        let place = |hop: &Hop| match hop {
            Hop::Gateway(Some(gateway)) => {
                let mut learned = estate.gateways[*gateway].learned.iter();
                let learned = learned.find(|prefix| prefix.value == default_v4())?;
                Some(learned.span.into())
            }
            Hop::Hub(hub) => Some(estate.hubs[*hub].meta.origin),
            _ => None,
        };
        learned.filter_map(|route| place(&route.hop)).collect()
    }

    fn path(&self) -> String {
        self.context.estate.subnet_path(self.id)
    }

    fn finding(&self, message: String) -> Finding {
        Finding::new(Id::TG1001, message)
    }

    /// Adds the pool, whose outbound type asks for the route.
    fn for_pool(&self, finding: Finding) -> Finding {
        let pool = &self.pool.meta.name;
        finding.related(
            self.pool.outbound.span,
            format!("pool `{pool}` leaves by its default route"),
        )
    }

    fn with_azure_error(&self, finding: Finding, code: &str, values: &[(&str, &str)]) -> Finding {
        let error = self.context.facts.error(code);
        finding.azure(code, error.and_then(|error| error.message(values)))
    }

    fn without_table(&self) -> Finding {
        let path = self.path();
        let message = format!(
            "subnet `{path}` needs a route table: pool `{}` leaves by its routes",
            self.pool.meta.name
        );
        let learned = self.learned();
        let finding = match learned.as_slice() {
            [] => self.finding(message),
            _ => self.relate_learned(Finding::new(Id::TG1005, message), &learned),
        };
        let finding = finding.at(self.subnet.meta.origin, "has no route table");
        let finding = self.for_pool(finding);
        let finding = self.with_azure_error(
            finding,
            "ExistingRouteTableNotAssociatedWithSubnet",
            &[("subnet", path.as_str())],
        );
        finding.help("write `route-table NAME` in the subnet, and in the table `route default 0.0.0.0/0 -> firewall NAME`")
    }

    /// A learned default route is in force, and is not what the provider looks for. Of private clusters the sources say
    /// that routes may come over BGP, and not whether the check is left out then.
    fn relate_learned(&self, mut finding: Finding, learned: &[Origin]) -> Finding {
        for origin in learned {
            finding = finding.related(*origin, "a learned default route does not count");
        }
        if self.pool.private_cluster.is_some() {
            finding = finding.severity(Severity::Warning).assumed();
        }
        finding
    }

    fn without_default(&self, table: &RouteTable) -> Finding {
        let path = self.path();
        let name = &table.meta.name;
        let message = format!("route table `{name}` of subnet `{path}` has no route for 0.0.0.0/0");
        let learned = self.learned();
        let parts = parts(table);
        let finding = if !parts.is_empty() {
            Finding::new(Id::TG1006, format!("{message} but only parts of it"))
        } else if !learned.is_empty() {
            let message = format!("{message}; one is learned only");
            self.relate_learned(Finding::new(Id::TG1005, message), &learned)
        } else {
            self.finding(message)
        };
        let finding = finding.at(table.meta.origin, "no default route");
        let mut finding = self.for_pool(self.attached(finding));
        finding = self.with_azure_error(
            finding,
            "RouteTableMissingDefaultRouteError",
            &[("route_table", name.as_str())],
        );
        for part in parts {
            finding = finding.related(part.origin, "a part of 0.0.0.0/0 does not count");
        }
        if !knows_routes(self.context.estate, self.id) {
            finding = finding
                .severity(Severity::Warning)
                .assumed()
                .help("not all routes of the table are known: show them");
        }
        let firewall = self.candidate_firewall();
        let clause = firewall
            .map(|firewall| format!("route default 0.0.0.0/0 -> firewall {}", firewall.meta.name));
        let edit = clause
            .as_deref()
            .and_then(|clause| edit::add_clause(&table.meta, clause));
        let clause =
            clause.unwrap_or_else(|| "route default 0.0.0.0/0 -> firewall NAME".to_owned());
        finding = finding.help(format!("add to the table: {clause}"));
        match edit {
            Some(edit) => finding.fix("add the default route", Safety::Unsafe, vec![edit]),
            None => finding,
        }
    }

    /// Adds where the subnet gets its table from.
    fn attached(&self, finding: Finding) -> Finding {
        let path = self.path();
        match &self.subnet.route_table {
            Some(table) => finding.related(table.origin, format!("the table of `{path}`")),
            None => finding,
        }
    }

    /// The firewall that the route is meant for: the one the pool names, or the only one within reach.
    fn candidate_firewall(&self) -> Option<&Firewall> {
        let estate = self.context.estate;
        if let Some(via) = &self.pool.via {
            return via.id.map(|id| &estate.firewalls[id]);
        }
        let mut near = estate.firewalls.iter().filter(|(_, firewall)| {
            let vnet = firewall.vnet.id;
            vnet.is_some_and(|vnet| is_adjacent(estate, self.subnet.vnet, vnet))
        });
        let (_, firewall) = near.next()?;
        near.next().is_none().then_some(firewall)
    }

    fn next_hop_faults(&self, table: &RouteTable, route: &Route) -> Vec<Finding> {
        match &route.next_hop.value {
            NextHop::Gateway
            | NextHop::Firewall(_)
            | NextHop::Appliance(_)
            | NextHop::Unknown(_) => Vec::new(),
            hop @ (NextHop::Internet | NextHop::VnetLocal | NextHop::Drop) => {
                vec![self.refused_type(table, route, hop)]
            }
            NextHop::Addresses(addresses) => {
                let faults = addresses.iter();
                let faults = faults.filter_map(|address| self.held_by_nobody(route, *address));
                faults.chain(self.several(route, addresses)).collect()
            }
        }
    }

    /// The pool names a firewall, and the route leads elsewhere: the rules would be where no packet comes.
    fn not_via(&self, table: &RouteTable, route: &Route) -> Option<Finding> {
        let estate = self.context.estate;
        let via = self.pool.via.as_ref()?;
        let firewall = via.id?;
        let holders = holders(estate, &route.next_hop.value);
        let unknown = holders.is_empty() || holders.contains(&Holder::Nobody);
        let elsewhere = match &route.next_hop.value {
            NextHop::Gateway => true,
            _ => !unknown && !holders.contains(&Holder::Firewall(firewall)),
        };
        if !elsewhere {
            return None;
        }
        let name = &estate.firewalls[firewall].meta.name;
        let finding = self
            .finding(format!(
                "the default route of subnet `{}` does not lead to firewall `{name}`, which pool `{}` leaves through",
                self.path(),
                self.pool.meta.name
            ))
            .at(route.next_hop.span, "leads elsewhere")
            .related(via.origin, "the firewall of the pool")
            .help(format!("write `-> firewall {name}`, or name the firewall the route leads to: via NAME"));
        // Of a next hop by name the span holds the name alone.
        let words = match &route.next_hop.value {
            NextHop::Firewall(_) => name.to_string(),
            NextHop::Appliance(_) => return Some(finding),
            _ => format!("firewall {name}"),
        };
        let title = format!("lead it to firewall `{name}`");
        let finding = finding.propose(
            title.clone(),
            Safety::Unsafe,
            lead_to(route, &estate.firewalls[firewall]),
        );
        if table.meta.body.is_none() {
            return Some(finding);
        }
        let edit = edit::replace(route.next_hop.span, words);
        Some(finding.fix(title, Safety::Unsafe, vec![edit]))
    }

    fn refused_type(&self, table: &RouteTable, route: &Route, hop: &NextHop) -> Finding {
        let path = self.path();
        let hop = hop.azure_type();
        let finding = self
            .finding(format!(
                "the default route of subnet `{path}` has next hop {hop}, which a pool with userDefinedRouting refuses"
            ))
            .at(route.next_hop.span, "must be a firewall, another appliance or a gateway");
        let finding = self.for_pool(self.attached(finding));
        let finding =
            self.with_azure_error(finding, "RouteTableInvalidNextHop", &[("next_hop", hop)]);
        let finding = finding.help(format!(
            "write in route table `{}`: route {} 0.0.0.0/0 -> firewall NAME",
            table.meta.name, route.name
        ));
        let Some(firewall) = self.candidate_firewall() else {
            return finding;
        };
        let name = &firewall.meta.name;
        let title = format!("lead it to firewall `{name}`");
        let changes = lead_to(route, firewall);
        let finding = finding.propose(title.clone(), Safety::Unsafe, changes);
        if table.meta.body.is_none() {
            return finding;
        }
        let edit = edit::replace(route.next_hop.span, format!("firewall {name}"));
        finding.fix(title, Safety::Unsafe, vec![edit])
    }

    /// An address in the subnet itself is judged as a loop.
    fn held_by_nobody(&self, route: &Route, address: IpAddr) -> Option<Finding> {
        let mut own = self.subnet.prefixes.iter();
        let nobody = holder_of_address(self.context.estate, address) == Holder::Nobody;
        if !nobody
            || gaps::is_part(self.context.estate)
            || own.any(|prefix| prefix.value.contains(&address))
        {
            return None;
        }
        let finding = self
            .finding(format!(
                "the default route of subnet `{}` leads to {address}, which nobody in this policy has",
                self.path()
            ))
            .assumed()
            .at(route.next_hop.span, "no firewall, appliance or load balancer has this address");
        let mut finding = self.for_pool(self.attached(finding));
        if let Some((_, firewall)) = self.context.estate.firewalls.iter().next()
            && let Some(ip) = firewall.private_ip
        {
            let name = &firewall.meta.name;
            finding = finding.related(ip.span, format!("firewall `{name}` has {}", ip.value));
        }
        let finding = finding
            .help("Azure does not check the address: nodes come up and fail with exit status 50, VMExtensionError_OutboundConnFail")
            .help("name the next hop instead, `-> firewall NAME`, or declare who has the address as an `appliance` or `load-balancer`");
        Some(finding)
    }

    /// Sharing the load among appliances is a next hop type of its own, and the check names two others.
    fn several(&self, route: &Route, addresses: &[IpAddr]) -> Option<Finding> {
        if addresses.len() < 2 {
            return None;
        }
        let hop = route.next_hop.value.azure_type();
        let finding = self
            .finding(format!(
                "the default route of subnet `{}` has next hop {hop}, which the check of the outbound type may not know",
                self.path()
            ))
            .severity(Severity::Warning)
            .assumed()
            .at(route.next_hop.span, format!("{} addresses", addresses.len()))
            .help("AKS documents VirtualAppliance and VirtualNetworkGateway only: put a load balancer before the appliances");
        Some(self.for_pool(finding))
    }

    fn without_default_v6(&self, table: &RouteTable) -> Option<Finding> {
        let v6 = self
            .subnet
            .prefixes
            .iter()
            .find(|prefix| prefix.value.addr().is_ipv6())?;
        if route_for(table, default_v6()).is_some() {
            return None;
        }
        let finding = self
            .finding(format!(
                "route table `{}` of subnet `{}` has no route for ::/0",
                table.meta.name,
                self.path()
            ))
            .severity(Severity::Warning)
            .at(table.meta.origin, "no default route for IPv6")
            .related(v6.span, "the subnet has IPv6 addresses")
            .help("Azure only warns of it, but flows over IPv6 pass the firewall by")
            .help("Azure Firewall takes no IPv6: add to the table `route default-v6 ::/0 -> none`, or lead it to an appliance that does");
        Some(self.for_pool(finding))
    }
}

/// The routes of a table that together are all of IPv4; none when they are less.
fn parts(table: &RouteTable) -> Vec<&Route> {
    let parts: Vec<(IpNet, &Route)> = table
        .routes
        .iter()
        .filter_map(|route| Some((prefix_of(&route.destination.value)?, route)))
        .filter(|(prefix, _)| prefix.addr().is_ipv4())
        .collect();
    if are_everything(parts.iter().map(|(prefix, _)| *prefix)) {
        parts.into_iter().map(|(_, route)| route).collect()
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{findings, fixed, found};

    /// A network with a pool, its table and a firewall, around the routes and more.
    fn policy(subnet: &str, routes: &str, more: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16, fd00::/48 {{
  subnet s 10.0.1.0/24 {{ {subnet} }}
  subnet AzureFirewallSubnet 10.0.0.0/26
}}
firewall fw in v {{ private-ip 10.0.0.4 }}
route-table rt {{
  {routes}
}}
pool p in v.s {{ outbound userDefinedRouting }}
{more}"
        )
    }

    fn tg1001(subnet: &str, routes: &str, more: &str) -> Vec<String> {
        found(Id::TG1001, &policy(subnet, routes, more))
    }

    fn code(subnet: &str, routes: &str) -> (String, String) {
        let found = findings(Id::TG1001, &policy(subnet, routes, ""));
        let error = found[0].azure_error.clone().unwrap();
        (error.code, error.message.unwrap())
    }

    #[test]
    fn accepts_firewalls_appliances_and_gateways() {
        for hop in ["firewall fw", "10.0.0.4", "gateway"] {
            let routes = format!("route default 0.0.0.0/0 -> {hop}");
            assert!(tg1001("route-table rt", &routes, "").is_empty(), "{hop}");
        }
    }

    #[test]
    fn other_outbound_types_need_no_table() {
        let policy = policy("", "", "").replace("userDefinedRouting", "loadBalancer");
        assert!(found(Id::TG1001, &policy).is_empty());
    }

    #[test]
    fn wants_a_route_table() {
        assert_eq!(
            tg1001("", "", ""),
            ["2:10 subnet `v/s` needs a route table: pool `p` leaves by its routes"]
        );
        assert_eq!(
            code("", ""),
            (
                "ExistingRouteTableNotAssociatedWithSubnet".to_owned(),
                "An existing route table has not been associated with subnet v/s. Please update the route table association".to_owned()
            )
        );
    }

    #[test]
    fn wants_a_default_route() {
        let none = "route a 10.0.0.0/8 -> firewall fw";
        assert_eq!(
            tg1001("route-table rt", none, ""),
            ["6:13 route table `rt` of subnet `v/s` has no route for 0.0.0.0/0"]
        );
        assert_eq!(
            code("route-table rt", none),
            (
                "RouteTableMissingDefaultRouteError".to_owned(),
                "Default route 0.0.0.0/0 missing from route table rt".to_owned()
            )
        );
        let fixed = fixed(Id::TG1001, &policy("route-table rt", none, ""));
        assert!(found(Id::TG1001, &fixed).is_empty(), "{fixed}");
    }

    #[test]
    fn refuses_next_hops_that_are_no_appliance() {
        for (hop, azure) in [
            ("internet", "Internet"),
            ("none", "None"),
            ("vnet-local", "VnetLocal"),
        ] {
            let routes = format!("route default 0.0.0.0/0 -> {hop}");
            assert_eq!(
                tg1001("route-table rt", &routes, ""),
                [format!(
                    "7:30 the default route of subnet `v/s` has next hop {azure}, which a pool with userDefinedRouting refuses"
                )]
            );
            let (code, message) = code("route-table rt", &routes);
            assert_eq!(code, "RouteTableInvalidNextHop");
            assert!(message.starts_with(&format!(
                "Default route 0.0.0.0/0 has a next hop of {azure} but only"
            )));
            let fixed = fixed(Id::TG1001, &policy("route-table rt", &routes, ""));
            assert!(fixed.contains("0.0.0.0/0 -> firewall fw\n"), "{fixed}");
        }
    }

    #[test]
    fn an_address_of_nobody() {
        let found = |address: &str| {
            tg1001(
                "route-table rt",
                &format!("route default 0.0.0.0/0 -> {address}"),
                "",
            )
        };
        assert_eq!(
            found("10.0.0.5"),
            [
                "7:30 the default route of subnet `v/s` leads to 10.0.0.5, which nobody in this policy has"
            ]
        );
        assert_eq!(found("10.0.1.5"), [""; 0], "that is a loop");
    }

    #[test]
    fn leads_to_the_firewall_that_the_pool_names() {
        let via = |hop: &str| {
            let routes = format!("route default 0.0.0.0/0 -> {hop}");
            policy("route-table rt", &routes, "").replace(
                "outbound userDefinedRouting",
                "outbound userDefinedRouting via fw",
            )
        };
        assert_eq!(found(Id::TG1001, &via("firewall fw")), [""; 0]);
        assert_eq!(found(Id::TG1001, &via("10.0.0.4")), [""; 0]);
        assert_eq!(
            found(Id::TG1001, &via("gateway")),
            [
                "7:30 the default route of subnet `v/s` does not lead to firewall `fw`, which pool `p` leaves through"
            ]
        );
        assert_eq!(
            found(Id::TG1001, &fixed(Id::TG1001, &via("gateway"))),
            [""; 0]
        );
    }

    #[test]
    fn warns_of_missing_ipv6() {
        let policy = policy(
            "route-table rt",
            "route default 0.0.0.0/0 -> firewall fw",
            "",
        )
        .replace(
            "subnet s 10.0.1.0/24",
            "subnet s 10.0.1.0/24, fd00:0:0:1::/64",
        );
        let found = findings(Id::TG1001, &policy);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].severity, Severity::Warning);
    }

    #[test]
    fn unknown_routes_of_an_existing_table_are_no_error() {
        let found = findings(Id::TG1001, &policy("route-table rt", "existing", ""));
        assert_eq!(found[0].severity, Severity::Warning);
        assert_eq!(found[0].confidence, crate::diag::Confidence::Assumed);
    }
}
