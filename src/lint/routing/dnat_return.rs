//! TG1016: replies to what a firewall translated, sent back through the firewall.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::azure::next_hop::{Holder, table_of};
use crate::azure::routing::Hop;
use crate::azure::rule_sets::{RuleSet, of_firewall};
use crate::diag::{Finding, Id, Safety, Severity};
use crate::estate::{
    Endpoint, Estate, Firewall, Id as ElementId, LoadBalancer, NatRule, Pool, Subnet, Translated,
    Vnet,
};
use crate::lint::{Context, edit};
use crate::net::Destination;

use super::way::{device_of, forced_device, knows_routes, route_to, subnets_of};

rule! {
    /// A DNAT rule of a firewall leads to the public address of a load balancer, whose machines send their replies
    /// through the firewall.
    ///
    /// The firewall puts a public address of its own in the place of the client's. The machines behind a public load
    /// balancer see that address, and answer to it. Their default route takes the answer to the private side of the
    /// firewall, which has no session there and drops it. So the subnet needs a route for the public address of the
    /// firewall, 203.0.113.10/32, to the Internet. A route for the address of the load balancer or of the clients does
    /// nothing.
    ///
    /// Where no load balancer of the policy has the address that the rule translates to, and one pool only leaves
    /// through the firewall, it is taken for that of a service of the pool: a warning then. A firewall whose public
    /// addresses are not known is not judged.
    ///
    /// ```egress
    /// vnet hub 10.10.0.0/16 {
    ///   subnet AzureFirewallSubnet 10.10.0.0/26
    ///   subnet nodes 10.10.1.0/24 { route-table to-fw }
    /// }
    /// firewall fw in hub {
    ///   private-ip 10.10.0.4
    ///   public-ip 203.0.113.10
    ///   dnat-rules inbound 100 {
    ///     rule web from any to 203.0.113.10 tcp/80 -> 203.0.113.61 port 80
    ///   }
    /// }
    /// public-ip front 203.0.113.61
    /// load-balancer web { public-ip front  backend hub.nodes  ports 80 }
    /// // no route for 203.0.113.10/32
    /// route-table to-fw { route default 0.0.0.0/0 -> firewall fw }
    /// ```
    ///
    /// Write `route firewall-ip 203.0.113.10/32 -> internet`, or translate to an internal load balancer, which needs no
    /// such route.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/firewall/integrate-lb.md and issue 119663;
    /// MicrosoftDocs/azure-aks-docs, articles/aks/limit-egress-traffic.md.
    TG1016, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (id, firewall) in context.estate.firewalls.iter() {
        let dnat = Dnat {
            context,
            id,
            firewall,
        };
        dnat.check(findings);
    }
}

struct Dnat<'a> {
    context: &'a Context<'a>,
    id: ElementId<Firewall>,
    firewall: &'a Firewall,
}

/// Where the machines are that a rule leads to.
struct Target<'a> {
    subnets: Vec<ElementId<Subnet>>,
    /// The load balancer, or the pool that it is taken to be of.
    known: Result<&'a LoadBalancer, &'a Pool>,
}

impl<'a> Dnat<'a> {
    fn estate(&self) -> &'a Estate {
        self.context.estate
    }

    fn check(&self, findings: &mut Vec<Finding>) {
        let estate = self.estate();
        let own = estate.public_addresses(&self.firewall.public_ips);
        let mut told: Vec<ElementId<Subnet>> = Vec::new();
        let sets = of_firewall(estate, self.id);
        for rule in sets
            .iter()
            .flat_map(RuleSet::nat_rules)
            .map(|placed| placed.rule)
        {
            let Some(target) = self.target(rule) else {
                continue;
            };
            for subnet in &target.subnets {
                if !knows_routes(estate, *subnet) {
                    continue;
                }
                let lost = self.lost(*subnet, rule, &own);
                if !lost.is_empty() && !told.contains(subnet) {
                    told.push(*subnet);
                    findings.push(self.report(*subnet, rule, &target, &lost));
                }
            }
        }
    }

    fn target(&self, rule: &NatRule) -> Option<Target<'a>> {
        let Translated::Address(address) = rule.translated else {
            return None;
        };
        let estate = self.estate();
        let mut balancers = estate.load_balancers.iter().map(|(_, balancer)| balancer);
        let balancer = balancers.find(|balancer| {
            let addresses = balancer
                .public_ips
                .iter()
                .filter_map(|ip| estate.public_ips[ip.id?].address.map(|stated| stated.value));
            addresses.into_iter().any(|stated| stated == address)
        });
        if let Some(balancer) = balancer {
            let subnets = balancer.backends.iter().filter_map(|subnet| subnet.id);
            return Some(Target {
                subnets: subnets.collect(),
                known: Ok(balancer),
            });
        }
        self.only_pool(address)
    }

    /// The only pool that leaves through the firewall, where the address is a public one of nobody.
    fn only_pool(&self, address: IpAddr) -> Option<Target<'a>> {
        let estate = self.estate();
        let mut private = self.context.facts.private_ranges();
        let mut public_ips = estate.public_ips.iter();
        let stated =
            public_ips.any(|(_, ip)| ip.address.is_some_and(|stated| stated.value == address));
        if stated || address.is_ipv6() || private.any(|range| range.contains(&address)) {
            return None;
        }
        let in_a_network = |(_, vnet): (_, &Vnet)| {
            vnet.prefixes
                .iter()
                .any(|prefix| prefix.value.contains(&address))
        };
        if estate.vnets.iter().any(in_a_network) {
            return None;
        }
        let leaves = |pool: &&Pool| subnets_of(pool).any(|subnet| self.leads_here(subnet));
        let mut pools = estate.pools.iter().map(|(_, pool)| pool).filter(leaves);
        let pool = pools.next()?;
        let alone = pools.next().is_none();
        alone.then(|| Target {
            subnets: subnets_of(pool)
                .filter(|subnet| self.leads_here(*subnet))
                .collect(),
            known: Err(pool),
        })
    }

    fn leads_here(&self, subnet: ElementId<Subnet>) -> bool {
        let forced = forced_device(self.context.plane, subnet);
        forced.is_some_and(|(device, _)| device.holder == Holder::Firewall(self.id))
    }

    /// The public addresses of the firewall to which a subnet answers through it.
    fn lost(&self, subnet: ElementId<Subnet>, rule: &NatRule, own: &[IpAddr]) -> Vec<IpAddr> {
        // The firewall answers for the address that the client asked.
        let asked = |address: &IpAddr| is_destination(self.estate(), rule, *address);
        let asked: Vec<IpAddr> = own.iter().copied().filter(asked).collect();
        let through = |address: &IpAddr| {
            let route = route_to(self.context.plane, subnet, IpNet::from(*address));
            route.is_some_and(|route| {
                route.hop != Hop::Internet
                    && device_of(route)
                        .is_some_and(|device| device.holder == Holder::Firewall(self.id))
            })
        };
        asked.into_iter().filter(through).collect()
    }

    fn report(
        &self,
        subnet: ElementId<Subnet>,
        rule: &NatRule,
        target: &Target<'_>,
        lost: &[IpAddr],
    ) -> Finding {
        let estate = self.estate();
        let addresses: Vec<String> = lost.iter().map(ToString::to_string).collect();
        let message = format!(
            "subnet `{}` answers {} through firewall `{}`, which drops the replies",
            estate.subnet_path(subnet),
            addresses.join(", "),
            self.firewall.meta.name
        );
        let finding = Finding::new(Id::TG1016, message)
            .at(rule.info.origin, "translates to a public load balancer")
            .related(
                estate.subnets[subnet].meta.origin,
                "its default route leads to the firewall",
            );
        let finding = match target.known {
            Ok(balancer) => finding.related(balancer.meta.origin, "hands it to the subnet"),
            Err(pool) => finding
                .severity(Severity::Warning)
                .assumed()
                .related(pool.meta.origin, "taken to have the address for a service"),
        };
        let clauses: Vec<String> = lost
            .iter()
            .map(|address| format!("route to-{address} {address}/32 -> internet"))
            .collect();
        let finding = clauses.iter().fold(finding, |finding, clause| {
            finding.help(format!("add to the route table of the subnet: {clause}"))
        });
        let table = table_of(estate, subnet);
        let table = table.map(|table| &estate.route_tables[table]);
        let clause = clauses.join("\n  ");
        match table.and_then(|table| edit::add_clause(&table.meta, &clause)) {
            Some(edit) => finding.fix("answer past the firewall", Safety::Unsafe, vec![edit]),
            None => finding,
        }
    }
}

/// Whether a rule is for what comes to an address.
fn is_destination(estate: &Estate, rule: &NatRule, address: IpAddr) -> bool {
    rule.destinations
        .iter()
        .any(|destination| match destination {
            Endpoint::Plain(Destination::Anywhere) => true,
            Endpoint::Plain(Destination::Prefix(prefix)) => prefix.contains(&address),
            Endpoint::Plain(Destination::Range(range)) => {
                let (first, last) = range.bounds();
                (first..=last).contains(&address)
            }
            Endpoint::IpGroup(group) => group.id.is_some_and(|id| {
                let mut prefixes = estate.ip_groups[id].prefixes.iter();
                prefixes.any(|prefix| prefix.value.contains(&address))
            }),
            Endpoint::Plain(_) | Endpoint::SecurityGroup(_) => false,
        })
}

#[cfg(test)]
mod tests {
    use crate::diag::{Confidence, Id, Severity};
    use crate::lint::testing::{findings, fixed, found};

    fn policy(to: &str, routes: &str, more: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16 {{
  subnet s 10.0.1.0/24 {{ route-table t }}
  subnet AzureFirewallSubnet 10.0.0.0/26
}}
firewall fw in v {{
  private-ip 10.0.0.4
  public-ip 203.0.113.51
  dnat-rules in 100 {{
    rule web from any to 203.0.113.51 tcp/80 -> {to} port 80
  }}
}}
public-ip front 203.0.113.61
load-balancer kubernetes {{ public-ip front  backend v.s }}
route-table t {{
  route default 0.0.0.0/0 -> firewall fw
{routes}
}}
{more}"
        )
    }

    const LOST: &str =
        "subnet `v/s` answers 203.0.113.51 through firewall `fw`, which drops the replies";

    #[test]
    fn replies_take_the_route_of_the_firewalls_address() {
        let bare = policy("203.0.113.61", "", "");
        assert_eq!(found(Id::TG1016, &bare), [format!("9:10 {LOST}")]);
        assert_eq!(findings(Id::TG1016, &bare)[0].severity, Severity::Error);
        assert_eq!(found(Id::TG1016, &fixed(Id::TG1016, &bare)), [""; 0]);
        for route in ["203.0.113.51/32", "203.0.113.0/24"] {
            let routed = policy("203.0.113.61", &format!("route r {route} -> internet"), "");
            assert_eq!(found(Id::TG1016, &routed), [""; 0], "{route}");
        }
        let of_balancer = policy("203.0.113.61", "route r 203.0.113.61/32 -> internet", "");
        assert_eq!(found(Id::TG1016, &of_balancer).len(), 1);
    }

    #[test]
    fn an_internal_address_needs_no_route() {
        assert_eq!(found(Id::TG1016, &policy("10.0.1.9", "", "")), [""; 0]);
    }

    #[test]
    fn an_unknown_public_address_is_taken_for_that_of_the_only_pool() {
        let pool = "pool p in v.s { outbound userDefinedRouting }";
        let unknown = policy("203.0.113.99", "", pool);
        let found_one = findings(Id::TG1016, &unknown);
        assert_eq!(found_one.len(), 1);
        assert_eq!(
            (found_one[0].severity, found_one[0].confidence),
            (Severity::Warning, Confidence::Assumed)
        );
        let two = policy(
            "203.0.113.99",
            "",
            &format!("{pool}\n{}", pool.replace("pool p", "pool q")),
        );
        assert_eq!(found(Id::TG1016, &two), [""; 0]);
        assert_eq!(found(Id::TG1016, &policy("203.0.113.99", "", "")), [""; 0]);
    }
}
