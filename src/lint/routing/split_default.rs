//! TG1006: a default route in parts where the provider looks for 0.0.0.0/0.

use crate::diag::{Finding, Id};
use crate::lint::{Context, default_route};

rule! {
    /// The route table of a pool with outbound type `userDefinedRouting` has its default route in parts.
    ///
    /// 0.0.0.0/1 and 128.0.0.0/1 carry the same packets as 0.0.0.0/0, and so do other prefixes that together are
    /// everything. But the resource provider looks for a route whose prefix is 0.0.0.0/0, and answers
    /// `RouteTableMissingDefaultRouteError` without one.
    ///
    /// ```egress
    /// vnet analytics 10.10.0.0/16 {
    ///   subnet AzureFirewallSubnet 10.10.0.0/26
    ///   subnet pool 10.10.1.0/24 { route-table to-fw }
    /// }
    /// firewall fw in analytics { private-ip 10.10.0.4  public-ip 203.0.113.10 }
    /// route-table to-fw {
    ///   route low  0.0.0.0/1   -> firewall fw
    ///   route high 128.0.0.0/1 -> firewall fw
    /// }
    /// identity spark-id { role "Network Contributor" on this resource-group }
    /// pool spark in analytics.pool { outbound userDefinedRouting  identity spark-id }
    /// ```
    ///
    /// Write one route in their place, or add it to them: `route default 0.0.0.0/0 -> firewall NAME`.
    ///
    /// Sources: MicrosoftDocs/azure-docs issue 108240; MicrosoftDocs/azure-aks-docs, articles/aks/egress-udr.md.
    TG1006, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    default_route::lacks(context, Id::TG1006, findings);
}

#[cfg(test)]
mod tests {
    use crate::diag::Id;
    use crate::lint::testing::{findings, fixed, found};

    fn policy(routes: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16 {{
  subnet s 10.0.1.0/24 {{ route-table rt }}
  subnet AzureFirewallSubnet 10.0.0.0/26
}}
firewall fw in v {{ private-ip 10.0.0.4 }}
route-table rt {{
{routes}
}}
pool p in v.s {{ outbound userDefinedRouting }}"
        )
    }

    const HALVES: &str = "route a 0.0.0.0/1 -> firewall fw\nroute b 128.0.0.0/1 -> firewall fw";

    #[test]
    fn every_way_to_write_everything() {
        let quarters = "route a 0.0.0.0/2 -> firewall fw
route b 64.0.0.0/2 -> firewall fw
route c 128.0.0.0/1 -> firewall fw
route d 10.0.0.0/8 -> firewall fw";
        for routes in [HALVES, quarters] {
            assert_eq!(
                found(Id::TG1006, &policy(routes)),
                [
                    "6:13 route table `rt` of subnet `v/s` has no route for 0.0.0.0/0 but only parts of it"
                ]
            );
            assert_eq!(found(Id::TG1001, &policy(routes)), [""; 0]);
        }
        let less = "route a 0.0.0.0/1 -> firewall fw\nroute b 128.0.0.0/2 -> firewall fw";
        assert_eq!(found(Id::TG1006, &policy(less)), [""; 0]);
        assert_eq!(found(Id::TG1001, &policy(less)).len(), 1);
    }

    #[test]
    fn the_route_is_added() {
        let finding = &findings(Id::TG1006, &policy(HALVES))[0];
        let code = &finding.azure_error.as_ref().unwrap().code;
        assert_eq!(code, "RouteTableMissingDefaultRouteError");
        let fixed = fixed(Id::TG1006, &policy(HALVES));
        assert_eq!(found(Id::TG1006, &fixed), [""; 0], "{fixed}");
    }
}
