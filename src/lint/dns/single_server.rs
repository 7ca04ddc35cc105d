//! TG5004: networks with one DNS server.

use crate::azure::next_hop::{Holder, holder_of_address};
use crate::diag::{Finding, Id};
use crate::estate::DnsServers;

use super::super::Context;

rule! {
    /// A network whose machines ask one DNS server only.
    ///
    /// While that machine restarts, nothing in the network resolves a name: nodes do not start, pods do not find
    /// services outside. A firewall, a load balancer in front of several servers, and Azure's own resolver are not one
    /// machine, and are not reported. Of other addresses it is not known what stands behind: the inbound endpoint of an
    /// Azure DNS Private Resolver is one address and many machines. So this is a note.
    ///
    /// ```egress
    /// vnet spoke 10.1.0.0/16 { dns 10.0.4.4 }
    /// ```
    ///
    /// Name a second server: `dns 10.0.4.4, 10.0.4.5`. Both have to answer alike. PSRule (AZR-000264) and Checkov
    /// (CKV_AZURE_182) say the same of every single address.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/virtual-network/virtual-networks-name-resolution-for-vms-and-role-instances.md.
    TG5004, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    for (_, vnet) in estate.vnets.iter() {
        let DnsServers::Custom(servers) = &vnet.dns else {
            continue;
        };
        let [server] = servers.as_slice() else {
            continue;
        };
        let mut platform = context.facts.platform_addresses().iter();
        let is_azures = platform.any(|fact| fact.prefix.contains(&server.value));
        let holder = holder_of_address(estate, server.value);
        if is_azures || !matches!(holder, Holder::Nobody | Holder::Appliance(_)) {
            continue;
        }
        findings.push(
            Finding::new(
                Id::TG5004,
                format!("vnet `{}` has one DNS server", vnet.meta.name),
            )
            .at(server.span, "without it no name resolves")
            .help("name a second one that answers alike, unless this address is that of several machines"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    #[test]
    fn one_machine_is_too_few() {
        let policy = |dns: &str, more: &str| {
            format!(
                "vnet v 10.0.0.0/16 {{ {dns} subnet s 10.0.1.0/24 subnet AzureFirewallSubnet 10.0.0.0/26 }}\n{more}"
            )
        };
        assert_eq!(
            found(Id::TG5004, &policy("dns 10.0.4.4", "")),
            ["1:26 vnet `v` has one DNS server"]
        );
        for (dns, more) in [
            ("", ""),
            ("dns azure", ""),
            ("dns 10.0.4.4, 10.0.4.5", ""),
            ("dns 168.63.129.16", ""),
            ("dns 10.0.0.4", "firewall f in v { private-ip 10.0.0.4 }"),
            ("dns firewall f", "firewall f in v { private-ip 10.0.0.4 }"),
            (
                "dns 10.0.1.9",
                "load-balancer b { private-ip 10.0.1.9  backend v.s }",
            ),
        ] {
            assert_eq!(
                found(Id::TG5004, &policy(dns, more)),
                [""; 0],
                "{dns} {more}"
            );
        }
    }
}
