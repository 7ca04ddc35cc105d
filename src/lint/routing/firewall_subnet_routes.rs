//! TG1012: firewalls that lose their own way to the Internet.

use ipnet::IpNet;

use crate::azure::next_hop::{default_v4, route_for, table_of};
use crate::azure::routing::{RouteSource, gateways_of};
use crate::base::Span;
use crate::diag::{Finding, Id, Safety, Severity};
use crate::estate::{
    Estate, FIREWALL_SUBNET, Firewall, Id as ElementId, NextHop, Route, Subnet, Tier,
};
use crate::lint::{Context, edit};

use super::way::{are_everything, knows_routes, prefix_of};

rule! {
    /// The subnet of an Azure Firewall without a management interface loses its way to the Internet.
    ///
    /// The firewall has to reach the Internet straight, for its own work and for what it lets through. A default route
    /// of the table that leads elsewhere is reported by TG2001. This rule reports what does the same without being in
    /// the table, or without looking like a default route:
    ///
    /// - a default route that a gateway learned, which reaches the subnet because no route of its table overrides it;
    /// - as a warning, routes to elsewhere that together are everything, such as 0.0.0.0/1 and 128.0.0.0/1.
    ///
    /// ```egress
    /// gateway dublin in hub { learned 0.0.0.0/0 }
    /// vnet hub 10.10.0.0/16 {
    ///   subnet AzureFirewallSubnet 10.10.0.0/26
    /// }
    /// firewall fw in hub { private-ip 10.10.0.4 }
    /// ```
    ///
    /// Give `AzureFirewallSubnet` a table with `route default 0.0.0.0/0 -> internet`. To send all traffic of the firewall
    /// elsewhere, give it a management interface: `management-ip NAME`.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/firewall/firewall-faq.yml, forced-tunneling.md and
    /// includes/firewall-limits.md.
    TG1012, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    for (_, firewall) in estate.firewalls.iter() {
        let tunnels = firewall.management_ip.is_some() || firewall.tier.value == Tier::Basic;
        let vnet = firewall.vnet.id.filter(|_| !tunnels);
        let subnet = vnet.and_then(|vnet| estate.subnet_named(vnet, FIREWALL_SUBNET));
        if let Some(subnet) = subnet {
            let way = Way {
                context,
                firewall,
                subnet,
            };
            findings.extend(way.fault());
        }
    }
}

struct Way<'a> {
    context: &'a Context<'a>,
    firewall: &'a Firewall,
    subnet: ElementId<Subnet>,
}

impl<'a> Way<'a> {
    fn estate(&self) -> &'a Estate {
        self.context.estate
    }

    fn fault(&self) -> Option<Finding> {
        let estate = self.estate();
        let table = table_of(estate, self.subnet).map(|table| &estate.route_tables[table]);
        let routes = table.map_or(&[][..], |table| table.routes.as_slice());
        if let Some(parts) = parts_elsewhere(routes) {
            return Some(self.sent_elsewhere(parts));
        }
        let overridden = table.is_some_and(|table| route_for(table, default_v4()).is_some());
        if overridden || !knows_routes(estate, self.subnet) {
            return None;
        }
        self.learned()
    }

    fn finding(&self, message: &str) -> Finding {
        let name = &self.firewall.meta.name;
        Finding::new(
            Id::TG1012,
            format!("{message} firewall `{name}` from the Internet"),
        )
        .related(self.firewall.meta.origin, "has no management interface")
        .help("to tunnel all traffic elsewhere, give the firewall `management-ip NAME`")
    }

    fn sent_elsewhere(&self, route: &Route) -> Finding {
        self.finding("routes that together are everything cut")
            .severity(Severity::Warning)
            .at(route.next_hop.span, "does not lead to the Internet")
            .help("remove the routes: what has no route of its own goes to the Internet")
    }

    /// The default route that a gateway learned and that is in force on the subnet.
    fn learned(&self) -> Option<Finding> {
        let estate = self.estate();
        let mut routes = self.context.plane.routes(self.subnet).iter();
        routes.find(|route| {
            route.source == RouteSource::Bgp && prefix_of(&route.destination) == Some(default_v4())
        })?;
        let place = self.place_of_learned();
        let subnet = &estate.subnets[self.subnet];
        let finding = self
            .finding("a learned default route cuts")
            .at(subnet.meta.origin, "takes the default route of a gateway");
        let mut finding = match place {
            Some(place) => finding.related(place, "learned here"),
            None => finding,
        };
        let clause = "route default 0.0.0.0/0 -> internet";
        finding = finding.help(format!("override it in the table of the subnet: {clause}"));
        let table = table_of(estate, self.subnet).map(|table| &estate.route_tables[table]);
        Some(
            match table.and_then(|table| edit::add_clause(&table.meta, clause)) {
                Some(edit) => finding.fix("lead it to the Internet", Safety::Unsafe, vec![edit]),
                None => finding,
            },
        )
    }

    fn place_of_learned(&self) -> Option<Span> {
        let estate = self.estate();
        let gateways = gateways_of(estate, estate.subnets[self.subnet].vnet);
        let mut learned = gateways.iter().flat_map(|id| &estate.gateways[*id].learned);
        let default = learned.find(|prefix| prefix.value == default_v4());
        default.map(|prefix| prefix.span)
    }
}

/// The first of routes to elsewhere than the Internet that together are everything, none of them alone.
fn parts_elsewhere(routes: &[Route]) -> Option<&Route> {
    let elsewhere = |route: &&Route| {
        let prefix = prefix_of(&route.destination.value);
        let part =
            prefix.is_some_and(|prefix: IpNet| prefix.addr().is_ipv4() && prefix.prefix_len() > 0);
        part && route.next_hop.value != NextHop::Internet
    };
    let parts = || routes.iter().filter(elsewhere);
    let prefixes = parts().filter_map(|route| prefix_of(&route.destination.value));
    are_everything(prefixes).then(|| parts().next())?
}

#[cfg(test)]
mod tests {
    use crate::diag::{Id, Severity};
    use crate::lint::testing::{findings, fixed, found};

    fn policy(subnet: &str, table: &str, firewall: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16 {{
  subnet AzureFirewallSubnet 10.0.0.0/26 {{ {subnet} }}
  subnet AzureFirewallManagementSubnet 10.0.1.0/26
}}
gateway g in v {{ learned 0.0.0.0/0 }}
route-table t {{
{table}
}}
public-ip m
firewall fw in v {{ private-ip 10.0.0.4 {firewall} }}"
        )
    }

    const TABLE: &str = "route-table t";

    #[test]
    fn a_learned_default_route_is_overridden() {
        let learned = "2:10 a learned default route cuts firewall `fw` from the Internet";
        assert_eq!(found(Id::TG1012, &policy("", "", "")), [learned]);
        let bare = policy(TABLE, "", "");
        assert_eq!(found(Id::TG1012, &bare), [learned]);
        assert_eq!(found(Id::TG1012, &fixed(Id::TG1012, &bare)), [""; 0]);
        for table in ["route d 0.0.0.0/0 -> internet", "gateway-propagation off"] {
            assert_eq!(
                found(Id::TG1012, &policy(TABLE, table, "")),
                [""; 0],
                "{table}"
            );
        }
        assert_eq!(
            found(Id::TG1012, &policy("", "", "management-ip m")),
            [""; 0]
        );
    }

    #[test]
    fn halves_are_a_default_route() {
        let halves = "route a 0.0.0.0/1 -> 10.0.3.4\nroute b 128.0.0.0/1 -> 10.0.3.4";
        let policy = policy(TABLE, halves, "");
        let found = findings(Id::TG1012, &policy);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].severity, Severity::Warning);
    }

    #[test]
    fn a_default_route_of_the_table_is_told_elsewhere() {
        let policy = policy(TABLE, "route d 0.0.0.0/0 -> gateway", "");
        assert_eq!(found(Id::TG1012, &policy), [""; 0]);
        assert_eq!(found(Id::TG2001, &policy).len(), 1);
    }
}
