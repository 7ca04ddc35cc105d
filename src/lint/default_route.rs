//! TG1001: the default route of a pool with user-defined routing.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::azure::gaps;
use crate::azure::next_hop::{
    Holder, default_v4, default_v6, holder_of_address, holders, is_adjacent, peering, route_for,
    table_of, vnet_of,
};
use crate::diag::{Finding, Id, Safety, Severity};
use crate::estate::{
    Estate, Firewall, Id as ElementId, NextHop, OutboundType, Pool, Route, RouteDestination,
    RouteTable, Subnet, Vnet,
};

use super::{Context, edit};

rule! {
    /// The subnets of a pool with outbound type `userDefinedRouting` need a route table whose route for 0.0.0.0/0
    /// leads to a firewall, another appliance or a gateway that can be reached.
    ///
    /// With this outbound type the cluster gets no load balancer or NAT gateway of its own to leave through: its
    /// nodes leave by the route, or not at all. The resource provider checks the table, the route and the type of its
    /// next hop before it builds anything. It does not check the address: a route to nobody lets the nodes start and
    /// fail one by one, with exit status 50 of their provisioning script.
    ///
    /// Reported for each subnet:
    ///
    /// - no route table: `ExistingRouteTableNotAssociatedWithSubnet`;
    /// - no route for exactly 0.0.0.0/0: `RouteTableMissingDefaultRouteError`. Two halves, 0.0.0.0/1 and 128.0.0.0/1,
    ///   carry the same packets and do not count, nor does a default route that a gateway learned;
    /// - a next hop of type Internet, None or VnetLocal: `RouteTableInvalidNextHop`;
    /// - an address that no firewall, appliance or load balancer of the policy has;
    /// - a next hop in a network that is neither the pool's nor peered with it directly, or in the routed subnet
    ///   itself, or an appliance that does not forward;
    /// - another next hop than the firewall that the pool names with `via`;
    /// - as a warning, a subnet with IPv6 addresses and no route for ::/0.
    ///
    /// ```egress
    /// vnet analytics 10.10.0.0/16 {
    ///   subnet pool 10.10.1.0/24 { route-table to-fw }
    /// }
    /// route-table to-fw {
    ///   route default 0.0.0.0/0 -> internet
    /// }
    /// pool spark in analytics.pool { outbound userDefinedRouting }
    /// ```
    ///
    /// Write `route default 0.0.0.0/0 -> firewall NAME`.
    ///
    /// Sources: MicrosoftDocs/azure-aks-docs, articles/aks/egress-udr.md; MicrosoftDocs/azure-docs issue 108240;
    /// Azure/AKS issue 1875; MicrosoftDocs/azure-docs, articles/virtual-network/virtual-networks-udr-overview.md.
    TG1001, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (id, pool) in routed_subnets(context.estate) {
        let subnet = RoutedSubnet {
            context,
            id,
            subnet: &context.estate.subnets[id],
            pool,
        };
        subnet.check(findings);
    }
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

struct RoutedSubnet<'a> {
    context: &'a Context<'a>,
    id: ElementId<Subnet>,
    subnet: &'a Subnet,
    pool: &'a Pool,
}

impl RoutedSubnet<'_> {
    fn check(&self, findings: &mut Vec<Finding>) {
        let estate = self.context.estate;
        if self.subnet.route_table.is_none() {
            findings.push(self.without_table());
        }
        let Some(table) = table_of(estate, self.id).map(|table| &estate.route_tables[table]) else {
            return;
        };
        match route_for(table, default_v4()) {
            None => findings.push(self.without_default(table)),
            Some(route) => {
                findings.extend(self.next_hop_faults(table, route));
                findings.extend(self.not_via(route));
            }
        }
        findings.extend(self.without_default_v6(table));
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
        let finding = self
            .finding(format!(
                "subnet `{path}` needs a route table: pool `{}` leaves by its routes",
                self.pool.meta.name
            ))
            .at(self.subnet.meta.origin, "has no route table");
        let finding = self.for_pool(finding);
        let finding = self.with_azure_error(
            finding,
            "ExistingRouteTableNotAssociatedWithSubnet",
            &[("subnet", path.as_str())],
        );
        finding.help("write `route-table NAME` in the subnet, and in the table `route default 0.0.0.0/0 -> firewall NAME`")
    }

    fn without_default(&self, table: &RouteTable) -> Finding {
        let path = self.path();
        let name = &table.meta.name;
        let finding = self
            .finding(format!(
                "route table `{name}` of subnet `{path}` has no route for 0.0.0.0/0"
            ))
            .at(table.meta.origin, "no default route");
        let mut finding = self.for_pool(self.attached(finding));
        finding = self.with_azure_error(
            finding,
            "RouteTableMissingDefaultRouteError",
            &[("route_table", name.as_str())],
        );
        for half in halves(table) {
            finding = finding.related(half.origin, "a half of 0.0.0.0/0 does not count");
        }
        for (_, gateway) in self.context.estate.gateways.iter() {
            let learned = gateway.learned.iter();
            for learned in learned.filter(|learned| learned.value == default_v4()) {
                finding = finding.related(learned.span, "a learned default route does not count");
            }
        }
        if table.meta.home.is_existing() && table.routes.is_empty() {
            finding = finding.severity(Severity::Warning).assumed().help(
                "the table exists already and the policy shows none of its routes: write them down",
            );
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
        let estate = self.context.estate;
        match &route.next_hop.value {
            NextHop::Gateway | NextHop::Unknown(_) => Vec::new(),
            hop @ (NextHop::Internet | NextHop::VnetLocal | NextHop::Drop) => {
                vec![self.refused_type(table, route, hop)]
            }
            NextHop::Firewall(firewall) => {
                let holder = firewall.id.map(Holder::Firewall);
                let address = firewall.id.and_then(|id| estate.firewalls[id].private_ip);
                let address = address.map(|address| address.value);
                holder.map_or_else(Vec::new, |holder| {
                    self.holder_faults(route, holder, address)
                })
            }
            NextHop::Appliance(appliance) => {
                let holder = appliance.id.map(Holder::Appliance);
                holder.map_or_else(Vec::new, |holder| self.holder_faults(route, holder, None))
            }
            NextHop::Addresses(addresses) => {
                let mut faults: Vec<Finding> = addresses
                    .iter()
                    .flat_map(|address| self.address_faults(route, *address))
                    .collect();
                faults.extend(self.several(route, addresses));
                faults
            }
        }
    }

    /// The pool names a firewall, and the route leads elsewhere: the rules would be where no packet comes.
    fn not_via(&self, route: &Route) -> Option<Finding> {
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
        let edit = edit::replace(route.next_hop.span, words);
        let title = format!("lead it to firewall `{name}`");
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
        match self.candidate_firewall() {
            Some(firewall) => {
                let name = &firewall.meta.name;
                let edit = edit::replace(route.next_hop.span, format!("firewall {name}"));
                finding.fix(
                    format!("lead it to firewall `{name}`"),
                    Safety::Unsafe,
                    vec![edit],
                )
            }
            None => finding,
        }
    }

    fn address_faults(&self, route: &Route, address: IpAddr) -> Vec<Finding> {
        match holder_of_address(self.context.estate, address) {
            Holder::Nobody => {
                let own = self.in_own_subnet(route, address);
                if gaps::is_part(self.context.estate) {
                    return own.into_iter().collect();
                }
                vec![own.unwrap_or_else(|| self.held_by_nobody(route, address))]
            }
            holder => self.holder_faults(route, holder, Some(address)),
        }
    }

    fn held_by_nobody(&self, route: &Route, address: IpAddr) -> Finding {
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
        finding
            .help("Azure does not check the address: nodes come up and fail with exit status 50, VMExtensionError_OutboundConnFail")
            .help("name the next hop instead, `-> firewall NAME`, or declare who has the address as an `appliance` or `load-balancer`")
    }

    /// Faults of a next hop whose holder is known.
    fn holder_faults(
        &self,
        route: &Route,
        holder: Holder,
        address: Option<IpAddr>,
    ) -> Vec<Finding> {
        let estate = self.context.estate;
        let mut faults = Vec::new();
        faults.extend(address.and_then(|address| self.in_own_subnet(route, address)));
        if let Holder::Appliance(id) = holder {
            let appliance = &estate.appliances[id];
            let name = &appliance.meta.name;
            if faults.is_empty() && appliance.subnet.id == Some(self.id) {
                faults.push(self.loops(route, format!("appliance `{name}`")));
            }
            if !appliance.ip_forwarding {
                let finding = self
                    .finding(format!(
                        "the default route of subnet `{}` leads to appliance `{name}`, which does not forward packets",
                        self.path()
                    ))
                    .at(route.next_hop.span, "packets end here")
                    .related(appliance.meta.origin, "its IP forwarding is off")
                    .help("write `ip-forwarding on` in the appliance, or remove the clause");
                faults.push(self.for_pool(finding));
            }
        }
        if let Some(vnet) = vnet_of(estate, holder) {
            faults.extend(self.out_of_reach(route, vnet));
        }
        faults
    }

    fn in_own_subnet(&self, route: &Route, address: IpAddr) -> Option<Finding> {
        let prefixes = &self.subnet.prefixes;
        let inside = prefixes
            .iter()
            .any(|prefix| prefix.value.contains(&address));
        inside.then(|| self.loops(route, address.to_string()))
    }

    fn loops(&self, route: &Route, holder: String) -> Finding {
        let path = self.path();
        let finding = self
            .finding(format!(
                "the default route of subnet `{path}` leads to {holder} in the same subnet"
            ))
            .at(route.next_hop.span, "what it forwards comes back to it")
            .related(self.subnet.meta.origin, "routes and holds the next hop")
            .help("put the appliance into a subnet of its own, without this route table");
        self.for_pool(finding)
    }

    fn out_of_reach(&self, route: &Route, there: ElementId<Vnet>) -> Option<Finding> {
        let estate = self.context.estate;
        let here = self.subnet.vnet;
        if here == there {
            return None;
        }
        let name = |vnet: ElementId<Vnet>| &estate.vnets[vnet].meta.name;
        let (from, to) = (name(here), name(there));
        let (forward, backward) = (peering(estate, here, there), peering(estate, there, here));
        if let (Some(forward), Some(_)) = (forward, backward) {
            if forward.forwarded_traffic {
                return None;
            }
            let finding = self
                .finding(format!(
                    "vnet `{from}` does not accept what the next hop of subnet `{}` forwards to it",
                    self.path()
                ))
                .severity(Severity::Warning)
                .at(forward.origin, "without forwarded traffic")
                .related(
                    route.next_hop.span,
                    format!("the next hop is in vnet `{to}`"),
                )
                .help("write in the peering: forwarded-traffic on");
            return Some(self.for_pool(finding));
        }
        let mut finding = self
            .finding(format!(
                "the default route of subnet `{}` leads to vnet `{to}`, which vnet `{from}` does not reach directly",
                self.path()
            ))
            .at(route.next_hop.span, format!("in vnet `{to}`"))
            .related(estate.vnets[there].meta.origin, "the vnet of the next hop");
        for (one_way, missing) in [(forward, (to, from)), (backward, (from, to))] {
            if let Some(one_way) = one_way {
                let (from, to) = missing;
                finding = finding.related(
                    one_way.origin,
                    format!("one direction only: from `{from}` to `{to}` is missing"),
                );
            }
        }
        let finding = finding.help(format!(
            "a next hop must be in the same vnet or in one peered with it both ways: peering {from} <-> {to} {{ forwarded-traffic on }}"
        ));
        Some(self.for_pool(finding))
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

/// Routes for one half of all IPv4 addresses.
fn halves(table: &RouteTable) -> impl Iterator<Item = &Route> {
    table
        .routes
        .iter()
        .filter(|route| match &route.destination.value {
            RouteDestination::Prefix(prefix) => prefix.addr().is_ipv4() && prefix.prefix_len() == 1,
            RouteDestination::ServiceTag(_) => false,
        })
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
    fn halves_are_no_default_route() {
        let halves = "route a 0.0.0.0/1 -> firewall fw route b 128.0.0.0/1 -> firewall fw";
        assert_eq!(
            tg1001("route-table rt", halves, ""),
            ["6:13 route table `rt` of subnet `v/s` has no route for 0.0.0.0/0"]
        );
        assert_eq!(
            code("route-table rt", halves),
            (
                "RouteTableMissingDefaultRouteError".to_owned(),
                "Default route 0.0.0.0/0 missing from route table rt".to_owned()
            )
        );
        let fixed = fixed(Id::TG1001, &policy("route-table rt", halves, ""));
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
    fn an_address_of_nobody_and_one_in_the_subnet_itself() {
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
        assert_eq!(
            found("10.0.1.5"),
            ["7:30 the default route of subnet `v/s` leads to 10.0.1.5 in the same subnet"]
        );
    }

    #[test]
    fn an_appliance_must_forward_from_another_subnet() {
        let routes = "route default 0.0.0.0/0 -> appliance nva";
        let nva = "appliance nva in v.s { private-ip 10.0.1.9 ip-forwarding off }";
        assert_eq!(
            tg1001("route-table rt", routes, nva),
            [
                "7:40 the default route of subnet `v/s` leads to appliance `nva` in the same subnet",
                "7:40 the default route of subnet `v/s` leads to appliance `nva`, which does not forward packets"
            ]
        );
    }

    #[test]
    fn the_next_hop_must_be_in_a_network_peered_both_ways() {
        let spoke = |peering: &str| {
            let more = format!(
                "vnet w 10.1.0.0/16 {{ subnet t 10.1.1.0/24 {{ route-table far }} }}
route-table far {{ route default 0.0.0.0/0 -> firewall fw }}
pool q in w.t {{ outbound userDefinedRouting }}
{peering}"
            );
            tg1001(
                "route-table rt",
                "route default 0.0.0.0/0 -> firewall fw",
                &more,
            )
        };
        let far = "the default route of subnet `w/t` leads to vnet `v`, which vnet `w` does not reach directly";
        assert_eq!(spoke(""), [format!("11:55 {far}")]);
        assert_eq!(
            spoke("peering w -> v { forwarded-traffic on }"),
            [format!("11:55 {far}")]
        );
        assert_eq!(
            spoke("peering w <-> v"),
            ["13:9 vnet `w` does not accept what the next hop of subnet `w/t` forwards to it"]
        );
        assert!(spoke("peering w <-> v { forwarded-traffic on }").is_empty());
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
