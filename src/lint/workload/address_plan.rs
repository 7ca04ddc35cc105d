//! TG7031: the addresses that a site has for a cluster, against what its product asks for.

use crate::base::Spanned;
use crate::diag::{Finding, Id};
use crate::estate::{Id as ElementId, Pool, RangePurpose, Site, SiteRange, Vnet};
use crate::intent::catalog::{AddressMode, AddressPool, Catalog, Deployed, IpPlan};
use crate::lint::Context;
use crate::net::AddressRange;

rule! {
    /// A network outside Azure has too few addresses for its clusters, hands them out in a way that the product does not
    /// support, or has the addresses of load balancers inside the pool of the machines.
    ///
    /// Clusters on Azure Local take an address for each node, and more for upgrades, for the API server and for
    /// services. Which, and whether a DHCP server may give them, changed from version to version; the plans stand in
    /// the catalog of the product, with their sources (`tidegate catalog show aks-arc-azure-local`). Creation stops
    /// half-way when the pool runs out, and an upgrade does months later.
    ///
    /// ```egress
    /// region westeurope
    /// site store 192.168.0.0/16 {
    ///   route internet 0.0.0.0/0 -> appliance edge
    ///   network clusters 192.168.10.0/24 { addresses static 192.168.10.10-192.168.10.19 }
    /// }
    /// appliance edge in store { private-ip 192.168.10.1  public-ip 198.51.100.7  snat on  allow requirements }
    /// pool shop in store.clusters {
    ///   kind aks-arc-azure-local
    ///   control-plane-nodes 3  max-nodes 12
    ///   set custom_dns_ip = 192.168.1.53
    ///   set deployment_key_vault = contoso-kv
    /// }
    /// ```
    ///
    /// Make the range larger, move one of the two, or hand addresses out as the version asks for. What is not written,
    /// such as how many services there are, is not judged.
    ///
    /// Sources: those of the plan in the catalog.
    TG7031, check
}

/// What pools want of a network outside Azure.
struct Demand<'a> {
    plan: &'a IpPlan,
    catalog: &'a Catalog,
    site: ElementId<Vnet>,
    pools: Vec<ElementId<Pool>>,
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for demand in demands(context) {
        let Some(site) = &context.estate.vnets[demand.site].site else {
            continue;
        };
        let ranges = ranges_of(context, site, &demand.pools);
        findings.extend(unsupported_mode(&demand, &ranges));
        findings.extend(overlap(&demand, &ranges));
        findings.extend(too_few(context, &demand, &ranges));
    }
}

/// Each plan that applies in a site, with the pools it applies to.
fn demands<'a>(context: &Context<'a>) -> Vec<Demand<'a>> {
    let estate = context.estate;
    let mut demands: Vec<Demand<'a>> = Vec::new();
    for summary in &context.intent.pools {
        let Some(catalog) = context.library().get(&summary.catalog) else {
            continue;
        };
        let chosen = summary.choices.version.as_ref();
        let chosen = chosen.filter(|version| catalog.version(version).is_some());
        let newest = catalog.newest_version().map(|version| &version.id);
        let Some(version) = chosen.or(newest) else {
            continue;
        };
        let subnets = estate.pools[summary.pool].subnets.iter();
        let sites = subnets.filter_map(|subnet| Some(estate.subnets[subnet.id?].vnet));
        let Some(site) = sites
            .into_iter()
            .find(|vnet| estate.vnets[*vnet].site.is_some())
        else {
            continue;
        };
        for plan in catalog
            .ip_plans
            .iter()
            .filter(|plan| plan.versions.contains(version))
        {
            let known = demands
                .iter_mut()
                .find(|it| it.site == site && it.plan.id == plan.id);
            match known {
                Some(demand) => demand.pools.push(summary.pool),
                None => demands.push(Demand {
                    plan,
                    catalog,
                    site,
                    pools: vec![summary.pool],
                }),
            }
        }
    }
    demands
}

/// What the networks of the pools have set aside.
fn ranges_of<'a>(
    context: &Context<'_>,
    site: &'a Site,
    pools: &[ElementId<Pool>],
) -> Vec<&'a SiteRange> {
    let is_used = |range: &&SiteRange| {
        pools.iter().any(|pool| {
            let mut subnets = context.estate.pools[*pool].subnets.iter();
            subnets.any(|subnet| subnet.id == Some(range.subnet))
        })
    };
    site.ranges.iter().filter(is_used).collect()
}

fn of(ranges: &[&SiteRange], purposes: &[RangePurpose]) -> Vec<Spanned<AddressRange>> {
    let wanted = ranges.iter().filter(|it| purposes.contains(&it.purpose));
    wanted.map(|it| it.range).collect()
}

fn unsupported_mode(demand: &Demand<'_>, ranges: &[&SiteRange]) -> Option<Finding> {
    let by_dhcp = of(ranges, &[RangePurpose::Dhcp]);
    let first = by_dhcp.first()?;
    let about_machines = demand.plan.addresses.iter();
    let about_machines = about_machines
        .filter(|need| need.pool == AddressPool::Nodes)
        .count()
        > 0;
    if demand.plan.modes.contains(&AddressMode::Dhcp) || !about_machines {
        return None;
    }
    let finding = Finding::new(
        Id::TG7031,
        format!(
            "{} takes no addresses from a DHCP server",
            demand.catalog.product.name
        ),
    )
    .at(first.span, "handed out by a DHCP server")
    .related(demand.plan.span, "the plan of this version")
    .help("set a range aside for its machines: addresses static FIRST-LAST");
    Some(finding)
}

fn overlap(demand: &Demand<'_>, ranges: &[&SiteRange]) -> Option<Finding> {
    if !demand.plan.vip_apart {
        return None;
    }
    let nodes = of(ranges, &[RangePurpose::Static, RangePurpose::Dhcp]);
    let both = of(ranges, &[RangePurpose::Vip])
        .into_iter()
        .find_map(|vip| {
            let (first, last) = vip.value.bounds();
            let meets = |it: &&Spanned<AddressRange>| {
                let (from, to) = it.value.bounds();
                from <= last && first <= to
            };
            nodes.iter().find(meets).map(|node| (vip, *node))
        });
    let (vip, node) = both?;
    let finding = Finding::new(
        Id::TG7031,
        "the addresses of load balancers lie inside the pool of the machines",
    )
    .at(vip.span, "may be given to a machine first")
    .related(node.span, "the pool of the machines")
    .related(demand.plan.span, "the plan of this version")
    .help("move one of the two ranges; both stay in the same network");
    Some(finding)
}

/// Pools of addresses that are smaller than what the clusters come to.
fn too_few(context: &Context<'_>, demand: &Demand<'_>, ranges: &[&SiteRange]) -> Vec<Finding> {
    let mode = match ranges.iter().any(|it| it.purpose == RangePurpose::Dhcp) {
        true => AddressMode::Dhcp,
        false => AddressMode::Static,
    };
    if !demand.plan.modes.contains(&mode) {
        return Vec::new();
    }
    let nodes = [RangePurpose::Static, RangePurpose::Dhcp];
    let wanted: [(AddressPool, &[RangePurpose], &str); 3] = [
        (AddressPool::Nodes, &nodes, "machines"),
        (
            AddressPool::Vip,
            &[RangePurpose::Vip],
            "API servers and load balancers",
        ),
        (
            AddressPool::Management,
            &[RangePurpose::Management],
            "hosts and what manages them",
        ),
    ];
    let mut findings = Vec::new();
    for (pool, purposes, words) in wanted {
        let set_aside = of(ranges, purposes);
        let Some(first) = set_aside.first() else {
            continue;
        };
        let Some(deployed) = deployed(context, demand, pool) else {
            continue;
        };
        let needed = u128::from(demand.plan.count(pool, mode, deployed));
        let there: u128 = set_aside.iter().map(|range| size(range.value)).sum();
        if needed <= there {
            continue;
        }
        let message = format!("{words} need {needed} addresses, and {there} are set aside");
        let mut finding = Finding::new(Id::TG7031, message)
            .at(first.span, "too small")
            .related(demand.plan.span, "the plan of this version");
        for id in &demand.pools {
            let meta = &context.estate.pools[*id].meta;
            finding = finding.related(meta.origin, format!("pool `{}`", meta.name));
        }
        let parts: Vec<String> = demand
            .plan
            .addresses
            .iter()
            .filter(|need| need.pool == pool && need.mode.is_none_or(|it| it == mode))
            .map(|need| format!("{} a {} ({})", need.count, need.unit, need.purpose))
            .collect();
        findings.push(finding.help(format!("the plan counts {}", parts.join(", "))));
    }
    findings
}

fn size(range: AddressRange) -> u128 {
    range
        .prefixes()
        .iter()
        .map(|prefix| 1_u128 << u32::from(prefix.max_prefix_len() - prefix.prefix_len()).min(127))
        .fold(0, u128::saturating_add)
}

/// What is deployed, as far as it matters for a pool of addresses; `None` when the policy does not say it all.
fn deployed(context: &Context<'_>, demand: &Demand<'_>, wanted: AddressPool) -> Option<Deployed> {
    let mut all = Deployed::default();
    for id in &demand.pools {
        let nodes = &context.estate.pools[*id].nodes;
        all.clusters += 1;
        match wanted {
            AddressPool::Nodes => {
                all.control_plane_nodes += nodes.control_plane_nodes?.value;
                all.worker_nodes += nodes.max_nodes?.value;
            }
            AddressPool::Vip => all.services += nodes.services?.value,
            AddressPool::Management => {}
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use crate::diag::Id;
    use crate::lint::testing::findings;

    fn policy(ranges: &str, pool: &str) -> String {
        format!(
            "region westeurope\n\
             site store 192.168.0.0/16 {{ dns 192.168.1.53  route internet 0.0.0.0/0 -> appliance edge\n\
             network clusters 192.168.10.0/24 {{ {ranges} }} }}\n\
             appliance edge in store {{ private-ip 192.168.10.1  public-ip 198.51.100.7  snat on  allow requirements }}\n\
             pool shop in store.clusters {{ kind aks-arc-azure-local  {pool}\n\
             set custom_dns_ip = 192.168.1.53  set deployment_key_vault = contoso-kv }}"
        )
    }

    fn messages(ranges: &str, pool: &str) -> Vec<String> {
        let found = findings(Id::TG7031, &policy(ranges, pool));
        found.into_iter().map(|it| it.message).collect()
    }

    #[test]
    fn the_plan_of_the_version_decides() {
        let pool = "control-plane-nodes 3  max-nodes 5  services 3";
        // 3 + 5 machines, one for upgrades, one for the control plane; 3 services.
        let enough = "addresses static 192.168.10.10-192.168.10.19  addresses vip 192.168.10.30-192.168.10.32";
        assert_eq!(messages(enough, pool), [""; 0]);
        let small = "addresses static 192.168.10.10-192.168.10.18  addresses vip 192.168.10.30-192.168.10.31";
        assert_eq!(
            messages(small, pool),
            [
                "machines need 10 addresses, and 9 are set aside",
                "API servers and load balancers need 3 addresses, and 2 are set aside"
            ]
        );
        // What is not written is not judged.
        assert_eq!(messages(small, ""), [""; 0]);
    }

    #[test]
    fn load_balancers_lie_apart() {
        let ranges = "addresses static 192.168.10.10-192.168.10.40  addresses vip 192.168.10.40-192.168.10.50";
        assert_eq!(
            messages(ranges, ""),
            ["the addresses of load balancers lie inside the pool of the machines"]
        );
    }

    #[test]
    fn dhcp_ended_with_the_preview() {
        let ranges = "addresses dhcp 192.168.10.10-192.168.10.40";
        assert_eq!(messages(ranges, "").len(), 1);
        assert_eq!(messages(ranges, "version 2021-02"), [""; 0]);
    }
}
