//! TG1014: service endpoints of subnets that leave through a firewall.

use smol_str::SmolStr;

use crate::azure::next_hop::Holder;
use crate::base::Spanned;
use crate::diag::{Finding, Id};
use crate::estate::{Estate, Id as ElementId, Pool, Subnet};
use crate::lint::Context;

use super::way::{device_words, forced_device, is_reserved, subnets_of};

rule! {
    /// A subnet sends everything through a firewall, and has a service endpoint that leads past it.
    ///
    /// A service endpoint adds routes for the addresses of its service, which no route table overrides. Whatever the
    /// firewall allows or denies, every resource of that service is reached straight, in any subscription: a way for
    /// data to leave.
    ///
    /// A service endpoint policy on the subnet limits which storage accounts are reached, and silences the rule for
    /// `Microsoft.Storage`. For HDInsight behind an appliance that is no Azure Firewall, Azure's documents ask for
    /// service endpoints, and nothing is reported.
    ///
    /// ```egress
    /// vnet analytics 10.10.0.0/16 {
    ///   subnet AzureFirewallSubnet 10.10.0.0/26
    ///   subnet pool 10.10.1.0/24 { route-table to-fw  service-endpoints Microsoft.Storage }
    /// }
    /// firewall fw in analytics { private-ip 10.10.0.4 }
    /// route-table to-fw { route default 0.0.0.0/0 -> firewall fw }
    /// ```
    ///
    /// Move the service endpoint to the subnet of the firewall, or use a private endpoint. Or accept it with a reason.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/firewall/firewall-faq.yml,
    /// articles/virtual-network/virtual-networks-udr-overview.md, virtual-network-service-endpoints-overview.md and
    /// virtual-network-service-endpoint-policies-overview.md; articles/hdinsight/hdinsight-restrict-outbound-traffic.md.
    TG1014, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    for (id, subnet) in estate.subnets.iter() {
        if subnet.service_endpoints.is_empty() || is_reserved(context.facts, subnet) {
            continue;
        }
        let Some((device, default)) = forced_device(context.plane, id) else {
            continue;
        };
        if !matches!(device.holder, Holder::Firewall(_)) && is_of_hdinsight(estate, id) {
            continue;
        }
        let past = subnet.service_endpoints.iter();
        for endpoint in past.filter(|endpoint| !is_limited(subnet, endpoint)) {
            let message = format!(
                "service endpoint `{}` leads subnet `{}` past {}",
                endpoint.value,
                estate.subnet_path(id),
                device_words(estate, device)
            );
            let finding = Finding::new(Id::TG1014, message)
                .at(endpoint.span, "no route overrides it")
                .related(default.element(estate).origin, "leads everything else through it")
                .help("move the service endpoint to the subnet of the firewall, or use a private endpoint");
            findings.push(finding);
        }
    }
}

/// Service endpoint policies are for storage only.
fn is_limited(subnet: &Subnet, endpoint: &Spanned<SmolStr>) -> bool {
    let mut words = endpoint.value.split('.');
    let of_microsoft = words
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("Microsoft"));
    let storage = words
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("Storage"));
    subnet.endpoint_policy.is_some() && of_microsoft && storage
}

fn is_of_hdinsight(estate: &Estate, subnet: ElementId<Subnet>) -> bool {
    let mut pools = estate.pools.iter().map(|(_, pool)| pool);
    pools.any(|pool| is_hdinsight(pool) && subnets_of(pool).any(|of| of == subnet))
}

/// Whether a pool is a cluster of HDInsight, the service before HDInsight on AKS.
pub(super) fn is_hdinsight(pool: &Pool) -> bool {
    let named = pool
        .kind
        .as_ref()
        .is_some_and(|kind| kind.value == "hdinsight-classic");
    named || pool.management_inbound.is_some()
}

#[cfg(test)]
mod tests {
    use crate::diag::Id;
    use crate::lint::testing::found;

    fn policy(subnet: &str, hop: &str, more: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16 {{
  subnet s 10.0.1.0/24 {{ {subnet} route-table t }}
  subnet nva 10.0.2.0/24
  subnet AzureFirewallSubnet 10.0.0.0/26 {{ service-endpoints Microsoft.Sql }}
}}
firewall fw in v {{ private-ip 10.0.0.4 }}
appliance nva in v.nva {{ private-ip 10.0.2.4 }}
service data {{ kind storage  fqdn data.blob.core.windows.net }}
route-table t {{ route default 0.0.0.0/0 -> {hop} }}
{more}"
        )
    }

    const BOTH: &str = "service-endpoints Microsoft.Storage, Microsoft.Sql";

    #[test]
    fn every_endpoint_leads_past() {
        assert_eq!(
            found(Id::TG1014, &policy(BOTH, "firewall fw", "")),
            [
                "2:44 service endpoint `Microsoft.Storage` leads subnet `v/s` past firewall `fw`",
                "2:63 service endpoint `Microsoft.Sql` leads subnet `v/s` past firewall `fw`"
            ]
        );
        assert_eq!(
            found(Id::TG1014, &policy(BOTH, "appliance nva", "")).len(),
            2
        );
        assert_eq!(found(Id::TG1014, &policy(BOTH, "internet", "")), [""; 0]);
        assert_eq!(found(Id::TG1014, &policy(BOTH, "gateway", "")), [""; 0]);
    }

    #[test]
    fn a_policy_limits_storage() {
        let limited = format!("{BOTH} service-endpoint-policy data");
        assert_eq!(
            found(Id::TG1014, &policy(&limited, "firewall fw", "")).len(),
            1
        );
        let global = "service-endpoints Microsoft.Storage.Global service-endpoint-policy data";
        assert_eq!(
            found(Id::TG1014, &policy(global, "firewall fw", "")),
            [""; 0]
        );
    }

    #[test]
    fn hdinsight_behind_another_appliance_is_meant_to() {
        let pool = "pool p in v.s { outbound userDefinedRouting management inbound }";
        assert_eq!(
            found(Id::TG1014, &policy(BOTH, "appliance nva", pool)),
            [""; 0]
        );
        assert_eq!(
            found(Id::TG1014, &policy(BOTH, "firewall fw", pool)).len(),
            2
        );
    }
}
