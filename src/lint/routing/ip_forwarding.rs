//! TG1009: next hops that do not forward.

use crate::azure::next_hop::{Holder, held_addresses, holders};
use crate::diag::{Finding, Id, Safety};
use crate::estate::NextHop;
use crate::lint::{Context, change, edit};

use super::way::users_of_tables;

rule! {
    /// A route leads to an appliance whose network interface does not forward packets.
    ///
    /// Azure drops what reaches an interface and is not meant for its address, unless IP forwarding is on. A route to
    /// such an appliance loses every packet, without a word.
    ///
    /// Checkov (CKV_AZURE_118) and Trivy ask for the opposite: that no interface forwards. That is right for machines
    /// and wrong for an appliance that routes lead to. So only the interfaces that a route names are looked at here.
    ///
    /// ```egress
    /// vnet hub 10.10.0.0/16 {
    ///   subnet dmz 10.10.3.0/24
    ///   subnet nodes 10.10.1.0/24 { route-table to-nva }
    /// }
    /// appliance nva in hub.dmz { private-ip 10.10.3.4  ip-forwarding off }
    /// route-table to-nva { route default 0.0.0.0/0 -> appliance nva }
    /// ```
    ///
    /// Turn it on, `enableIPForwarding` in Azure's words: `ip-forwarding on`.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/virtual-network/virtual-networks-udr-overview.md.
    TG1009, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    let held = held_addresses(estate);
    for table in users_of_tables(estate).into_keys() {
        for route in &estate.route_tables[table].routes {
            let holders: Vec<Holder> = match &route.next_hop.value {
                NextHop::Addresses(addresses) => {
                    let addresses = addresses.iter();
                    addresses
                        .filter_map(|address| held.get(address).copied())
                        .collect()
                }
                named => holders(estate, named),
            };
            let appliances = holders.into_iter().filter_map(|holder| match holder {
                Holder::Appliance(id) => Some(&estate.appliances[id]),
                _ => None,
            });
            for appliance in appliances.filter(|appliance| !appliance.ip_forwarding) {
                let name = &appliance.meta.name;
                let message = format!(
                    "route `{}` leads to appliance `{name}`, which does not forward packets",
                    route.name
                );
                let finding = Finding::new(Id::TG1009, message)
                    .at(route.next_hop.span, "packets end here")
                    .related(appliance.meta.origin, "its IP forwarding is off")
                    .help("turn on IP forwarding of its interface: `ip-forwarding on`");
                let title = "let its interface forward";
                let change = appliance
                    .interface
                    .and_then(|it| change::set(it.into(), change::FORWARDS, true));
                let finding = finding.propose(title, Safety::Unsafe, change);
                findings.push(match appliance.forwarding_text {
                    Some(text) => {
                        finding.fix(title, Safety::Unsafe, vec![edit::replace(text, "on")])
                    }
                    None => finding,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::diag::Id;
    use crate::lint::testing::found;

    fn policy(hop: &str, forwarding: &str, subnet: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16 {{
  subnet nva 10.0.2.0/24
  subnet s 10.0.1.0/24 {{ {subnet} }}
}}
appliance nva in v.nva {{ private-ip 10.0.2.4 {forwarding} }}
route-table t {{ route a 10.9.0.0/16 -> {hop} }}"
        )
    }

    #[test]
    fn an_appliance_that_routes_lead_to_forwards() {
        for hop in ["appliance nva", "10.0.2.4", "10.0.2.4, 10.0.2.5"] {
            let off = policy(hop, "ip-forwarding off", "route-table t");
            let off = found(Id::TG1009, &off);
            assert_eq!(off.len(), 1, "{hop}");
            assert!(
                off[0].ends_with(
                    "route `a` leads to appliance `nva`, which does not forward packets"
                ),
                "{off:?}"
            );
            assert_eq!(
                found(Id::TG1009, &policy(hop, "", "route-table t")),
                [""; 0]
            );
        }
    }

    #[test]
    fn tables_that_nobody_has_lead_nobody() {
        let unused = policy("appliance nva", "ip-forwarding off", "");
        assert_eq!(found(Id::TG1009, &unused), [""; 0]);
    }
}
