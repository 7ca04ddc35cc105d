//! TG1031: network security groups on subnets that take none.

use crate::azure::facts::Attachment;
use crate::diag::{Finding, Id, Safety};

use super::super::firewall_subnet::is_of_firewall;
use super::super::{Context, change};

rule! {
    /// A network security group on the subnet of a virtual network gateway.
    ///
    /// Gateways do not support security groups on `GatewaySubnet`: their instances talk to each other and to Azure
    /// over ports that a group can cut off, and tunnels or ExpressRoute circuits then fail. The same mistake on the
    /// subnets of Azure Firewall is TG2001.
    ///
    /// ```egress
    /// vnet hub 10.0.0.0/16 {
    ///   subnet GatewaySubnet 10.0.255.0/27 { nsg everywhere }
    /// }
    /// nsg everywhere { }
    /// ```
    ///
    /// Take the group off the subnet. Filter what comes from on premises at the subnets that it goes to, or in a
    /// firewall. Tools that want a group on every subnet (Checkov CKV2_AZURE_31, PSRule AZR-000263) leave this one
    /// out or are wrong about it.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/vpn-gateway/vpn-gateway-about-vpn-gateway-settings.md.
    TG1031, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (_, subnet) in context.estate.subnets.iter() {
        let name = &subnet.meta.name;
        let Some(fact) = context.facts.reserved_subnet(name) else {
            continue;
        };
        // Names in another case are not those of reserved subnets.
        let takes_none = fact.network_security_group == Attachment::Unsupported
            && fact.name == name.as_str()
            && !is_of_firewall(name);
        if let Some(nsg) = subnet.nsg.as_ref().filter(|_| takes_none) {
            findings.push(
                Finding::new(
                    Id::TG1031,
                    format!("subnet `{name}` has network security group `{}`", nsg.name),
                )
                .at(nsg.origin, "not supported here")
                .related(subnet.meta.origin, "Azure keeps this subnet for gateways")
                .help("take it off: gateways need all of their own traffic")
                .propose(
                    "take it off",
                    Safety::Unsafe,
                    change::unset(subnet.meta.origin, change::SECURITY_GROUP),
                ),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    #[test]
    fn only_the_exact_name_is_the_gateways() {
        let policy = |name: &str| {
            format!("vnet v 10.0.0.0/16 {{ subnet {name} 10.0.0.0/26 {{ nsg n }} }}\nnsg n {{ }}")
        };
        assert_eq!(
            found(Id::TG1031, &policy("GatewaySubnet")),
            ["1:61 subnet `GatewaySubnet` has network security group `n`"]
        );
        for other in [
            "gatewaysubnet",
            "AzureBastionSubnet",
            "AzureFirewallSubnet",
            "s",
        ] {
            assert_eq!(found(Id::TG1031, &policy(other)), [""; 0]);
        }
    }
}
