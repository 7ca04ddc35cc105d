//! TG1004: subnets outside their network.

use ipnet::IpNet;

use crate::base::Spanned;
use crate::diag::{Finding, Id};
use crate::estate::{Estate, Subnet};

use super::Context;
use super::firewall_subnet::is_of_firewall;

rule! {
    /// A subnet is a part of its virtual network: each of its prefixes lies in one of the network's.
    ///
    /// Azure refuses the subnet otherwise. Often the network was given another address space and a subnet was
    /// forgotten.
    ///
    /// ```egress
    /// vnet analytics 10.10.0.0/16 {
    ///   subnet pool 10.11.1.0/24
    /// }
    /// ```
    ///
    /// Correct the prefix, or add one to the network: `vnet analytics 10.10.0.0/16, 10.11.0.0/16`.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/virtual-network/virtual-network-manage-subnet.md.
    TG1004, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    for (_, subnet) in estate.subnets.iter() {
        if !is_of_firewall(&subnet.meta.name) {
            let prefixes = subnet.prefixes.iter();
            findings
                .extend(prefixes.filter_map(|prefix| outside(estate, subnet, *prefix, Id::TG1004)));
        }
    }
}

/// What to say of a prefix of a subnet that lies in no prefix of its network. A network without prefixes is unknown.
pub(super) fn outside(
    estate: &Estate,
    subnet: &Subnet,
    prefix: Spanned<IpNet>,
    id: Id,
) -> Option<Finding> {
    let vnet = &estate.vnets[subnet.vnet];
    let space = &vnet.prefixes;
    if space.is_empty()
        || space
            .iter()
            .any(|whole| whole.value.contains(&prefix.value))
    {
        return None;
    }
    let listed: Vec<String> = space
        .iter()
        .map(|prefix| prefix.value.to_string())
        .collect();
    let finding = Finding::new(
        id,
        format!(
            "subnet `{}` lies outside vnet `{}`",
            subnet.meta.name, vnet.meta.name
        ),
    )
    .at(prefix.span, format!("not in {}", listed.join(", ")))
    .related(vnet.meta.origin, "the vnet");
    Some(finding.help("take a prefix of the vnet, or add this one to its address space"))
}

#[cfg(test)]
mod tests {
    use crate::diag::Id;
    use crate::lint::testing::found;

    #[test]
    fn each_prefix_lies_in_one_of_the_network() {
        let policy = "vnet v 10.0.0.0/16, fd00::/48 {
  subnet a 10.0.1.0/24, fd00:0:0:1::/64
  subnet b 10.1.1.0/24
  subnet AzureFirewallSubnet 10.2.0.0/26
}";
        assert_eq!(
            found(Id::TG1004, policy),
            ["3:12 subnet `b` lies outside vnet `v`"]
        );
    }
}
