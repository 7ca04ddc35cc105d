//! TG1002: overlapping and duplicate prefixes.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use crate::azure::facts::Product;
use crate::base::{Span, Spanned};
use crate::diag::{Finding, Id, Severity};
use crate::estate::{
    Estate, Id as ElementId, IpGroup, NetworkPlugin, Pool, RouteDestination, RouteTable, Subnet,
    Vnet,
};
use crate::net::overlapping;

use super::Context;
use super::firewall_subnet::is_of_firewall;

rule! {
    /// Prefixes that must be apart and are not.
    ///
    /// Azure refuses networks whose own prefixes overlap, peerings of networks that overlap, subnets that overlap, and
    /// two routes of one table for the same prefix. Addresses of pods must not overlap the network of the nodes, and
    /// AKS keeps a few ranges for itself. An entry of an IP group that another covers already does nothing and is only
    /// warned of.
    ///
    /// ```egress
    /// vnet analytics 10.10.0.0/16 {
    ///   subnet pool 10.10.1.0/24
    ///   subnet jobs 10.10.1.128/25
    /// }
    /// ```
    ///
    /// Give each its own prefix. Overlaps with the subnet of a firewall are reported as TG2001.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/virtual-network/virtual-network-peering-overview.md and
    /// virtual-networks-udr-overview.md; MicrosoftDocs/azure-aks-docs, articles/aks/concepts-network-cni-overview.md.
    TG1002, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    own_space(estate, findings);
    peered_spaces(estate, findings);
    subnets(estate, findings);
    for (_, table) in estate.route_tables.iter() {
        routes(table, findings);
    }
    for (_, group) in estate.ip_groups.iter() {
        ip_group(group, findings);
    }
    for (_, pool) in estate.pools.iter() {
        pods(context, pool, findings);
    }
}

/// A subnet and the place of one of its prefixes.
type PlacedSubnet<'a> = (&'a Subnet, Span);

/// Subnets of one network that overlap, the prefix of the second inside that of the first.
pub(super) fn overlapping_subnets(estate: &Estate) -> Vec<(PlacedSubnet<'_>, PlacedSubnet<'_>)> {
    let mut by_vnet: BTreeMap<ElementId<Vnet>, Vec<(IpNet, PlacedSubnet<'_>)>> = BTreeMap::new();
    for (_, subnet) in estate.subnets.iter() {
        let prefixes = subnet.prefixes.iter();
        let placed = prefixes.map(|prefix| (prefix.value, (subnet, prefix.span)));
        by_vnet.entry(subnet.vnet).or_default().extend(placed);
    }
    let pairs = by_vnet.into_values().flat_map(overlapping);
    pairs.map(|(outer, inner)| (outer.1, inner.1)).collect()
}

fn spanned<'a>(prefixes: impl IntoIterator<Item = &'a Spanned<IpNet>>) -> Vec<(IpNet, Span)> {
    let prefixes = prefixes.into_iter();
    prefixes.map(|prefix| (prefix.value, prefix.span)).collect()
}

fn own_space(estate: &Estate, findings: &mut Vec<Finding>) {
    for (_, vnet) in estate.vnets.iter() {
        for (outer, inner) in overlapping(spanned(&vnet.prefixes)) {
            let name = &vnet.meta.name;
            findings.push(
                Finding::new(Id::TG1002, format!("prefixes of vnet `{name}` overlap"))
                    .at(inner.1, format!("inside {}", outer.0))
                    .related(outer.1, "holds it already"),
            );
        }
    }
}

fn peered_spaces(estate: &Estate, findings: &mut Vec<Finding>) {
    let mut seen = BTreeSet::new();
    for (_, peering) in estate.peerings.iter() {
        let (Some(from), Some(to)) = (peering.from.id, peering.to.id) else {
            continue;
        };
        // Both directions say the same.
        let (from, to) = (from.min(to), from.max(to));
        if !seen.insert((from, to)) {
            continue;
        }
        let of = |id: ElementId<Vnet>| {
            let prefixes = estate.vnets[id].prefixes.iter();
            prefixes.map(move |prefix| (prefix.value, (id, prefix.span)))
        };
        let across = overlapping(of(from).chain(of(to)));
        let across = across.iter().find(|(outer, inner)| outer.1.0 != inner.1.0);
        if let Some((outer, inner)) = across {
            let name = |id: ElementId<Vnet>| &estate.vnets[id].meta.name;
            let message = format!("peered vnets `{}` and `{}` overlap", name(from), name(to));
            findings.push(
                Finding::new(Id::TG1002, message)
                    .at(inner.1.1, format!("inside {}", outer.0))
                    .related(outer.1.1, format!("a prefix of vnet `{}`", name(outer.1.0)))
                    .related(peering.origin, "peered here")
                    .help("Azure refuses the peering: give one of them another address space"),
            );
        }
    }
}

fn subnets(estate: &Estate, findings: &mut Vec<Finding>) {
    for (outer, inner) in overlapping_subnets(estate) {
        if !is_of_firewall(&outer.0.meta.name) && !is_of_firewall(&inner.0.meta.name) {
            findings.push(subnets_overlap(estate, Id::TG1002, outer, inner));
        }
    }
}

/// What to say of two subnets of a network, the prefix of the second inside that of the first.
pub(super) fn subnets_overlap(
    estate: &Estate,
    id: Id,
    outer: PlacedSubnet<'_>,
    inner: PlacedSubnet<'_>,
) -> Finding {
    let vnet = &estate.vnets[outer.0.vnet].meta.name;
    let (a, b) = (&outer.0.meta.name, &inner.0.meta.name);
    Finding::new(
        id,
        format!("subnets `{a}` and `{b}` of vnet `{vnet}` overlap"),
    )
    .at(inner.1, format!("inside subnet `{a}`"))
    .related(outer.1, format!("the prefix of subnet `{a}`"))
    .help("give each subnet a prefix of its own")
}

fn routes(table: &RouteTable, findings: &mut Vec<Finding>) {
    let mut first = BTreeMap::new();
    for route in &table.routes {
        let key = match &route.destination.value {
            RouteDestination::Prefix(prefix) => prefix.to_string(),
            RouteDestination::ServiceTag(tag) => tag.as_str().to_ascii_lowercase(),
        };
        let Some(other) = first.get(&key) else {
            first.insert(key, route);
            continue;
        };
        let table = &table.meta.name;
        findings.push(
            Finding::new(
                Id::TG1002,
                format!("route table `{table}` has two routes for {key}"),
            )
            .at(route.destination.span, "again here")
            .related(other.destination.span, "first here")
            .help("a table takes one route for a prefix: remove one of them"),
        );
    }
}

fn ip_group(group: &IpGroup, findings: &mut Vec<Finding>) {
    for (outer, inner) in overlapping(spanned(&group.prefixes)) {
        let name = &group.meta.name;
        let finding = Finding::new(
            Id::TG1002,
            format!("IP group `{name}` holds {} already", inner.0),
        )
        .severity(Severity::Warning)
        .at(inner.1, format!("inside {}", outer.0))
        .related(outer.1, "covers it")
        .help("remove the smaller one");
        findings.push(finding);
    }
    let mut first = BTreeMap::new();
    for range in &group.ranges {
        let Some(other) = first.get(&range.value) else {
            first.insert(range.value, range.span);
            continue;
        };
        let message = format!(
            "IP group `{}` holds {} already",
            group.meta.name, range.value
        );
        let finding = Finding::new(Id::TG1002, message)
            .severity(Severity::Warning)
            .at(range.span, "again here")
            .related(*other, "first here")
            .help("remove one of them");
        findings.push(finding);
    }
}

fn pods(context: &Context<'_>, pool: &Pool, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    let name = &pool.meta.name;
    let mut vnets: Vec<ElementId<Vnet>> = pool
        .subnets
        .iter()
        .filter_map(|subnet| Some(estate.subnets[subnet.id?].vnet))
        .collect();
    vnets.sort();
    vnets.dedup();
    let spaces = || vnets.iter().flat_map(|vnet| &estate.vnets[*vnet].prefixes);
    // With Azure CNI pods have addresses of the network: that is no overlap.
    let in_network = pool
        .network_plugin
        .is_some_and(|it| it.value == NetworkPlugin::Azure);
    for pods in pool.pod_prefixes.iter().filter(|_| !in_network) {
        if let Some(space) = spaces().find(|space| touch(space.value, pods.value)) {
            findings.push(
                Finding::new(
                    Id::TG1002,
                    format!("pods of pool `{name}` overlap its vnet"),
                )
                .at(pods.span, format!("overlaps {}", space.value))
                .related(space.span, "addresses of the vnet")
                .help("give the pods a range of their own that nothing they must reach uses"),
            );
        }
    }
    let reserved = context.facts.reserved_ranges(Product::Aks);
    for range in reserved.map(|range| range.prefix) {
        for prefix in pool.pod_prefixes.iter().chain(spaces()) {
            if touch(range, prefix.value) {
                let message = format!(
                    "{} of pool `{name}` overlaps {range}, which AKS keeps for itself",
                    prefix.value
                );
                findings.push(
                    Finding::new(Id::TG1002, message)
                        .at(prefix.span, format!("overlaps {range}"))
                        .related(pool.meta.origin, "the pool")
                        .help("take another range"),
                );
            }
        }
    }
}

/// Whether two prefixes share addresses.
fn touch(a: IpNet, b: IpNet) -> bool {
    a.contains(&b) || b.contains(&a)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{findings, found};

    #[test]
    fn networks_and_subnets_must_be_apart() {
        let policy = "vnet v 10.0.0.0/16, 10.0.128.0/17 {
  subnet a 10.0.1.0/24
  subnet b 10.0.1.128/25
  subnet c 10.0.2.0/24
}
vnet w 10.0.64.0/18 { subnet a 10.0.64.0/24 }
vnet x 10.0.64.0/24 { }
peering v <-> w";
        assert_eq!(
            found(Id::TG1002, policy),
            [
                "1:21 prefixes of vnet `v` overlap",
                "3:12 subnets `a` and `b` of vnet `v` overlap",
                "6:8 peered vnets `v` and `w` overlap",
            ]
        );
    }

    #[test]
    fn a_table_has_one_route_for_a_prefix() {
        let policy = "vnet v 10.0.0.0/16 { subnet s 10.0.1.0/24 { route-table t } }
route-table t {
  route a 10.1.0.0/16 -> gateway
  route b tag Storage -> internet
  route c 10.1.0.0/16 -> none
  route d 10.1.1.0/24 -> none
}";
        assert_eq!(
            found(Id::TG1002, policy),
            ["5:11 route table `t` has two routes for 10.1.0.0/16"]
        );
    }

    #[test]
    fn entries_of_groups_that_others_cover_are_warned_of() {
        let found = findings(
            Id::TG1002,
            "ip-group g = 10.0.0.0/24, 10.0.0.7, 10.1.0.0/24",
        );
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].severity, Severity::Warning);
    }

    #[test]
    fn pods_keep_out_of_the_network_and_of_reserved_ranges() {
        let policy = |clauses: &str| {
            let policy = format!(
                "vnet v 10.0.0.0/16 {{ subnet s 10.0.1.0/24 }}\npool p in v.s {{ outbound none\n{clauses} }}"
            );
            found(Id::TG1002, &policy)
        };
        assert_eq!(
            policy("network-plugin kubenet pod-cidr 10.0.128.0/17"),
            ["3:33 pods of pool `p` overlap its vnet"]
        );
        assert_eq!(
            policy("network-plugin azure pod-cidr 10.0.128.0/17"),
            [""; 0]
        );
        assert_eq!(
            policy("pod-cidr 172.30.0.0/15"),
            [
                "3:10 172.30.0.0/15 of pool `p` overlaps 172.30.0.0/16, which AKS keeps for itself",
                "3:10 172.30.0.0/15 of pool `p` overlaps 172.31.0.0/16, which AKS keeps for itself"
            ]
        );
    }
}
