//! TG2007: a firewall in a single availability zone.

use crate::diag::{Finding, Id};
use crate::lint::Context;

rule! {
    /// A firewall is pinned to a single availability zone.
    ///
    /// When the zone fails, everything behind the firewall loses its way out. Azure spreads a firewall over zones by
    /// itself where none is named and the region has some; a firewall that names one zone stays there, with a lower
    /// promise of availability.
    ///
    /// So a firewall without zones is not reported. PSRule (AZR-000429) reports it: the rule is from before zones
    /// became the default.
    ///
    /// ```egress
    /// vnet hub 10.10.0.0/16 { subnet AzureFirewallSubnet 10.10.0.0/26 }
    /// firewall fw in hub {
    ///   private-ip 10.10.0.4
    ///   zones 1
    /// }
    /// ```
    ///
    /// Leave `zones` out, or write `zones 1, 2, 3`; it cannot be changed on a firewall that runs.
    ///
    /// Source: the page "Deploy an Azure Firewall with Availability Zones" of Azure's documentation,
    /// articles/firewall/deploy-availability-zone-powershell.
    TG2007, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (_, firewall) in context.estate.firewalls.iter() {
        let [zone] = firewall.zones.as_slice() else {
            continue;
        };
        let name = &firewall.meta.name;
        let message = format!("firewall `{name}` is in zone {} only", zone.value);
        findings.push(
            Finding::new(Id::TG2007, message)
                .at(zone.span, "fails with this zone")
                .help("leave `zones` out: Azure then spreads the firewall over the zones of the region"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    #[test]
    fn one_zone_is_too_few() {
        let tg2007 = |zones: &str| {
            let policy = format!(
                "vnet v 10.0.0.0/16 {{ subnet AzureFirewallSubnet 10.0.0.0/26 }}\nfirewall fw in v {{ {zones} }}"
            );
            found(Id::TG2007, &policy)
        };
        assert_eq!(tg2007("zones 2"), ["2:26 firewall `fw` is in zone 2 only"]);
        assert_eq!(tg2007("zones 1, 3"), [""; 0]);
        assert_eq!(tg2007(""), [""; 0]);
    }
}
