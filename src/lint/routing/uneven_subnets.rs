//! TG1020: subnets of one pool that leave by different ways.

use crate::azure::next_hop::{Holder, default_v4, route_for, table_of};
use crate::azure::routing::{Candidate, Hop};
use crate::base::Origin;
use crate::diag::{Finding, Id};
use crate::estate::{Estate, Id as ElementId, OutboundType, Pool, Ref, Subnet};
use crate::lint::Context;

use super::way::{are_same, device_of, device_words, knows_routes, ways_out};

rule! {
    /// The subnets of one pool send what leaves the network by different ways.
    ///
    /// Then it depends on the node, or on whether a node or a pod with an address of its own asks, which firewall judges
    /// a flow, if any, and which public address it has. What works on one node fails on another.
    ///
    /// Compared is where the default route of each subnet leads: to which firewall or appliance, to a gateway, straight
    /// to the Internet. Subnets that lack the route of `userDefinedRouting` are reported by TG1001, TG1005 and TG1006.
    ///
    /// ```egress
    /// vnet shop 10.20.0.0/16 {
    ///   subnet AzureFirewallSubnet 10.20.8.0/26
    ///   subnet nodes 10.20.0.0/22 { route-table to-fw }
    ///   subnet pods 10.20.4.0/22  // without the table
    /// }
    /// firewall fw in shop { private-ip 10.20.8.4  public-ip 203.0.113.10 }
    /// route-table to-fw { route default 0.0.0.0/0 -> firewall fw }
    /// identity shop-id { role "Network Contributor" on this resource-group }
    /// pool shop-aks in shop.nodes {
    ///   outbound userDefinedRouting
    ///   pod-subnet shop.pods
    ///   identity shop-id
    /// }
    /// ```
    ///
    /// Give all of them the same route table.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/virtual-network/virtual-networks-udr-overview.md;
    /// MicrosoftDocs/azure-aks-docs, articles/aks/egress-udr.md.
    TG1020, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (_, pool) in context.estate.pools.iter() {
        let pods = pool.nodes.pod_subnet.iter();
        let nodes = pool.subnets.iter().map(|subnet| (subnet, Role::Nodes));
        let ways = nodes
            .chain(pods.map(|subnet| (subnet, Role::Pods)))
            .filter_map(|(subnet, role)| Some((subnet, way(context, pool, subnet.id?, role)?)));
        let ways: Vec<(&Ref<Subnet>, Way)> = ways.collect();
        let Some(((first, by), others)) = ways.split_first() else {
            continue;
        };
        let differs = others.iter().find(|(_, way)| !by.is_same(way));
        if let Some((subnet, way)) = differs {
            findings.push(report(context.estate, pool, (first, by), (subnet, way)));
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Nodes,
    Pods,
}

/// How a subnet leaves, and the route that says so.
struct Way {
    exit: Exit,
    origin: Origin,
}

enum Exit {
    Device(Candidate),
    Gateway,
    Hub,
    Internet,
    Nowhere,
}

impl Way {
    fn is_same(&self, other: &Self) -> bool {
        match (&self.exit, &other.exit) {
            (Exit::Device(a), Exit::Device(b)) => are_same(*a, *b),
            (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
        }
    }

    fn words(&self, estate: &Estate) -> String {
        match &self.exit {
            Exit::Device(device) => device_words(estate, *device),
            Exit::Gateway => "a gateway".to_owned(),
            Exit::Hub => "a virtual hub".to_owned(),
            Exit::Internet => "the Internet straight".to_owned(),
            Exit::Nowhere => "nowhere".to_owned(),
        }
    }
}

/// The one way that a subnet leaves by; `None` where it is not known, or reported as missing.
fn way(context: &Context<'_>, pool: &Pool, subnet: ElementId<Subnet>, role: Role) -> Option<Way> {
    let estate = context.estate;
    if !knows_routes(estate, subnet) {
        return None;
    }
    let table = table_of(estate, subnet).map(|table| &estate.route_tables[table]);
    let lacks = table.is_none_or(|table| route_for(table, default_v4()).is_none());
    let by_routes = pool.outbound.value == OutboundType::UserDefinedRouting;
    if by_routes && role == Role::Nodes && lacks {
        return None;
    }
    let ways = ways_out(context.plane, subnet);
    let [route] = ways.as_slice() else {
        return None;
    };
    let exit = match &route.hop {
        Hop::Appliances(_) => Exit::Device(known(device_of(route)?)?),
        Hop::Gateway(_) => Exit::Gateway,
        Hop::Hub(_) => Exit::Hub,
        Hop::Internet => Exit::Internet,
        Hop::Drop => Exit::Nowhere,
        Hop::VnetLocal
        | Hop::Peering(_)
        | Hop::ServiceEndpoint(_)
        | Hop::PrivateEndpoint(_)
        | Hop::Unknown(_) => return None,
    };
    let origin = route.element(estate).origin;
    Some(Way { exit, origin })
}

/// An appliance by its holder or at least its address.
fn known(device: Candidate) -> Option<Candidate> {
    let known = device.holder != Holder::Nobody || device.address.is_some();
    known.then_some(device)
}

fn report(
    estate: &Estate,
    pool: &Pool,
    (first, by): (&Ref<Subnet>, &Way),
    (subnet, way): (&Ref<Subnet>, &Way),
) -> Finding {
    let message = format!(
        "the subnets of pool `{}` leave by different ways: `{}` by {}, `{}` by {}",
        pool.meta.name,
        first.name,
        by.words(estate),
        subnet.name,
        way.words(estate)
    );
    Finding::new(Id::TG1020, message)
        .at(subnet.origin, format!("leaves by {}", way.words(estate)))
        .related(first.origin, format!("leaves by {}", by.words(estate)))
        .related(way.origin, "its route")
        .related(by.origin, "the other route")
        .help("give all subnets of the pool the same route table")
}

#[cfg(test)]
mod tests {
    use crate::diag::Id;
    use crate::lint::testing::found;

    fn policy(a: &str, b: &str, pool: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16 {{
  subnet a 10.0.1.0/24 {{ {a} }}
  subnet b 10.0.2.0/24 {{ {b} }}
  subnet AzureFirewallSubnet 10.0.0.0/26
}}
firewall fw in v {{ private-ip 10.0.0.4 }}
route-table to-fw {{ route default 0.0.0.0/0 -> firewall fw }}
route-table by-address {{ route default 0.0.0.0/0 -> 10.0.0.4 }}
route-table other {{ route default 0.0.0.0/0 -> 10.0.0.9 }}
route-table vpn {{ route default 0.0.0.0/0 -> gateway }}
route-table shown {{ existing }}
pool p in {pool}"
        )
    }

    const BOTH: &str = "v.a, v.b { outbound userDefinedRouting }";

    #[test]
    fn every_pair_of_ways() {
        let to_fw = "route-table to-fw";
        for (other, count) in [
            (to_fw, 0),
            ("route-table by-address", 0),
            ("route-table other", 1),
            ("route-table vpn", 1),
            ("route-table shown", 0),
            ("", 0),
        ] {
            let of = found(Id::TG1020, &policy(to_fw, other, BOTH));
            assert_eq!(of.len(), count, "{other}: {of:?}");
        }
        assert_eq!(
            found(Id::TG1020, &policy(to_fw, "route-table vpn", BOTH)),
            [
                "12:16 the subnets of pool `p` leave by different ways: `v.a` by firewall `fw`, `v.b` by a gateway"
            ]
        );
    }

    #[test]
    fn pods_leave_as_their_nodes() {
        let pods = "v.a { outbound userDefinedRouting pod-subnet v.b }";
        let to_fw = "route-table to-fw";
        assert_eq!(found(Id::TG1020, &policy(to_fw, "", pods)).len(), 1);
        assert_eq!(found(Id::TG1020, &policy(to_fw, to_fw, pods)), [""; 0]);
    }

    #[test]
    fn other_outbound_types_too() {
        let balanced = "v.a, v.b { outbound loadBalancer }";
        assert_eq!(
            found(Id::TG1020, &policy("route-table to-fw", "", balanced)).len(),
            1
        );
        assert_eq!(found(Id::TG1020, &policy("", "", balanced)), [""; 0]);
    }
}
