//! TG4003: subnets without a network security group.

use crate::azure::gaps;
use crate::base::Origin;
use crate::diag::{Finding, Id};
use crate::estate::{Id as ElementId, Subnet};

use super::super::Context;
use super::super::common::edge::{balancers_of, pools_in};
use super::super::edit;

rule! {
    /// A subnet with machines and without a network security group.
    ///
    /// Without a group everything may come in and go out that routes allow: from every other machine of the network,
    /// of peered networks and of sites behind a gateway. The group of a cluster's interfaces, which AKS makes itself,
    /// lets all of these in.
    ///
    /// Reported are subnets of nodes and pods, of appliances and proxies, and those behind load balancers. Left out
    /// are subnets that Azure keeps for firewalls, gateways and bastions, which take no group or have rules of their
    /// own for it, subnets that are delegated to a service, and nodes with a group on their interfaces (`node-nsg`).
    ///
    /// ```egress
    /// vnet spoke 10.1.0.0/16 { subnet nodes 10.1.1.0/24 }
    /// pool apps in spoke.nodes { outbound loadBalancer }
    /// ```
    ///
    /// Write `nsg NAME` in the subnet and `nsg NAME { }` beside it; the rules that the pool needs are made.
    /// Checkov CKV2_AZURE_31 and PSRule AZR-000263 want a group on every subnet, private endpoints among them.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/virtual-network/network-security-group-how-it-works.md and
    /// articles/security/fundamentals/network-best-practices.md; MicrosoftDocs/azure-aks-docs,
    /// articles/aks/concepts-network-cni-overview.md.
    TG4003, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    for (id, subnet) in estate.subnets.iter() {
        let is_azures = context.facts.reserved_subnet(&subnet.meta.name).is_some()
            || !subnet.delegations.is_empty();
        if is_azures
            || estate.is_on_premises(id)
            || subnet.nsg.is_some()
            || gaps::security_group(estate, id).is_some()
        {
            continue;
        }
        let Some((origin, who)) = machines(context, id) else {
            continue;
        };
        let finding = Finding::new(
            Id::TG4003,
            format!(
                "subnet `{}` has no network security group",
                estate.subnet_path(id)
            ),
        )
        .at(subnet.meta.origin, "nothing filters here")
        .related(origin, who)
        .help("declare one, `nsg NAME { }`, and write `nsg NAME` in the subnet");
        findings.push(with_fix(context, subnet, finding));
    }
}

/// Where a group exists already that no other subnet has, it is likely the one that was meant.
fn with_fix(context: &Context<'_>, subnet: &Subnet, finding: Finding) -> Finding {
    let estate = context.estate;
    let used = |id| {
        let mut subnets = estate.subnets.iter();
        subnets.any(|(_, other)| other.nsg.as_ref().is_some_and(|nsg| nsg.id == Some(id)))
    };
    let mut idle = estate.nsgs.iter().filter(|(id, _)| !used(*id));
    let (Some((_, nsg)), None) = (idle.next(), idle.next()) else {
        return finding;
    };
    let clause = format!("nsg {}", nsg.meta.name);
    match edit::add_to_subnet(subnet, &clause) {
        Some(edit) => finding.fix(
            format!("give it `{}`", nsg.meta.name),
            crate::diag::Safety::Unsafe,
            vec![edit],
        ),
        None => finding,
    }
}

/// Who is in a subnet, as far as the estate shows.
fn machines(context: &Context<'_>, id: ElementId<Subnet>) -> Option<(Origin, &'static str)> {
    let estate = context.estate;
    let mut guarded = pools_in(estate, id).filter(|pool| pool.nodes.interface_nsg.is_some());
    if guarded.next().is_some() {
        return None;
    }
    let mut interfaces = estate.interfaces.iter();
    if interfaces.any(|(_, it)| it.subnet.id == Some(id) && it.nsg.is_some()) {
        return None;
    }
    let pool = pools_in(estate, id).next();
    if let Some(pool) = pool {
        return Some((pool.meta.origin, "its nodes or pods are there"));
    }
    let mut appliances = estate.appliances.iter();
    if let Some((_, appliance)) = appliances.find(|(_, it)| it.subnet.id == Some(id)) {
        return Some((appliance.meta.origin, "is there"));
    }
    let mut proxies = estate.proxies.iter();
    let here = |subnet: &Option<crate::estate::Ref<Subnet>>| {
        subnet.as_ref().is_some_and(|subnet| subnet.id == Some(id))
    };
    if let Some((_, proxy)) = proxies.find(|(_, it)| here(&it.subnet)) {
        return Some((proxy.meta.origin, "is there"));
    }
    let balancer = balancers_of(estate, id).next()?;
    Some((balancer.meta.origin, "hands packets to machines there"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{fixed, found};

    fn policy(subnet: &str, more: &str) -> String {
        format!("vnet v 10.0.0.0/16 {{ subnet {subnet} }}\n{more}")
    }

    #[test]
    fn machines_want_a_group() {
        let expected = ["1:29 subnet `v/s` has no network security group"];
        for more in [
            "pool p in v.s { outbound loadBalancer }",
            "appliance a in v.s { private-ip 10.0.1.4 }",
            "proxy q in v.s { address 10.0.1.5  port 3128 }",
            "load-balancer b { backend v.s }",
        ] {
            assert_eq!(
                found(Id::TG4003, &policy("s 10.0.1.0/24", more)),
                expected,
                "{more}"
            );
        }
    }

    #[test]
    fn others_do_without() {
        for (subnet, more) in [
            ("s 10.0.1.0/24", ""),
            (
                "s 10.0.1.0/24 { nsg n }",
                "nsg n\npool p in v.s { outbound loadBalancer }",
            ),
            (
                "s 10.0.1.0/24",
                "nsg n\npool p in v.s { outbound loadBalancer  node-nsg n }",
            ),
            ("AzureFirewallSubnet 10.0.1.0/24", "firewall f in v { }"),
            (
                "s 10.0.1.0/24 { delegation Microsoft.Web/serverFarms }",
                "load-balancer b { backend v.s }",
            ),
        ] {
            assert_eq!(
                found(Id::TG4003, &policy(subnet, more)),
                [""; 0],
                "{subnet} {more}"
            );
        }
    }

    #[test]
    fn the_one_idle_group_is_offered() {
        let policy = policy(
            "s 10.0.1.0/24",
            "nsg n { }\npool p in v.s { outbound loadBalancer }",
        );
        assert!(fixed(Id::TG4003, &policy).contains("s 10.0.1.0/24 { nsg n }"));
    }
}
