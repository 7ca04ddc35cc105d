//! TG1005: a default route that a pool with user-defined routing only learns.

use crate::diag::{Finding, Id};
use crate::lint::{Context, default_route};

rule! {
    /// A pool with outbound type `userDefinedRouting` gets its default route from a gateway or a virtual WAN hub only,
    /// and not from its route table.
    ///
    /// The packets would find their way. But the resource provider reads the table of the subnet and nothing else
    /// before it builds the cluster: a route that a gateway learned, or that the routing intent of a virtual hub hands
    /// out, does not count. Azure answers `ExistingRouteTableNotAssociatedWithSubnet` where the subnet has no table,
    /// and `RouteTableMissingDefaultRouteError` where the table has no such route.
    ///
    /// For a private cluster it is a warning: such a cluster may rely on routes over BGP by one source, which does not
    /// say that the check is left out.
    ///
    /// ```egress
    /// vnet analytics 10.10.0.0/16 {
    ///   subnet GatewaySubnet 10.10.2.0/27
    ///   subnet pool 10.10.1.0/24 { route-table pool-routes }
    /// }
    /// gateway dublin in analytics { learned 0.0.0.0/0 }
    /// route-table pool-routes { }  // no default route of its own
    /// identity spark-id { role "Network Contributor" on this resource-group }
    /// pool spark in analytics.pool { outbound userDefinedRouting  identity spark-id }
    /// ```
    ///
    /// Write the route into the table: `route default 0.0.0.0/0 -> gateway`, or to the appliance that the hub leads to.
    ///
    /// Sources: MicrosoftDocs/azure-docs issue 108240; MicrosoftDocs/azure-aks-docs, articles/aks/egress-udr.md;
    /// Azure/AKS, CHANGELOG.md.
    TG1005, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    default_route::lacks(context, Id::TG1005, findings);
}

#[cfg(test)]
mod tests {
    use crate::diag::{Confidence, Id, Severity};
    use crate::lint::testing::{findings, found};

    fn policy(table: &str, pool: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16 {{ subnet s 10.0.1.0/24 {{ {table} }} }}
gateway g in v {{ learned 0.0.0.0/0 }}
route-table t {{ route a 10.9.0.0/16 -> gateway }}
route-table closed {{ gateway-propagation off }}
pool p in v.s {{ outbound userDefinedRouting {pool} }}"
        )
    }

    #[test]
    fn a_learned_route_is_not_in_the_table() {
        let of = |table: &str| {
            let codes = findings(Id::TG1005, &policy(table, ""));
            codes[0].azure_error.clone().unwrap().code
        };
        assert_eq!(of("route-table t"), "RouteTableMissingDefaultRouteError");
        assert_eq!(of(""), "ExistingRouteTableNotAssociatedWithSubnet");
        assert_eq!(found(Id::TG1001, &policy("route-table t", "")), [""; 0]);
        assert_eq!(found(Id::TG1001, &policy("", "")), [""; 0]);
    }

    #[test]
    fn a_route_that_the_table_keeps_out_is_not_learned() {
        let policy = policy("route-table closed", "");
        assert_eq!(found(Id::TG1005, &policy), [""; 0]);
        assert_eq!(found(Id::TG1001, &policy).len(), 1);
    }

    #[test]
    fn private_clusters_are_not_certain() {
        let found = findings(Id::TG1005, &policy("route-table t", "private-cluster"));
        assert_eq!(
            (found[0].severity, found[0].confidence),
            (Severity::Warning, Confidence::Assumed)
        );
    }
}
