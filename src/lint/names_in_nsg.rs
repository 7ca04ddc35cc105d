//! TG4001: pools whose names nobody tells apart.

use std::collections::BTreeSet;

use crate::azure::next_hop::{Exit, exit_of};
use crate::base::Spanned;
use crate::diag::{Finding, Id};
use crate::estate::{Id as ElementId, OutboundType, Pool};
use crate::intent::Requirement;
use crate::net::{Destination, FqdnPattern, PortRange, Transport};

use super::Context;

rule! {
    /// A pool needs domain names, and leaves through nothing that can tell them apart.
    ///
    /// With outbound type `loadBalancer` or a NAT gateway there are only network security groups between the pool and
    /// the Internet. They know addresses and ports, not names: to let one name through, its port must be open to the
    /// whole Internet, and with it every server that anybody runs on that port. Whoever takes over a container can
    /// send data to any of them.
    ///
    /// This is a decision, not a slip, and so it has to be written down.
    ///
    /// ```egress
    /// vnet analytics 10.10.0.0/16 { subnet pool 10.10.1.0/24 }
    /// pool spark in analytics.pool { outbound loadBalancer }
    /// require spark -> contoso.dfs.core.windows.net https
    /// ```
    ///
    /// Leave through a firewall: `outbound userDefinedRouting` and `via firewall NAME`. Or accept it, in the block of
    /// the pool: `ignore TG4001 "why"`.
    ///
    /// Source: MicrosoftDocs/azure-aks-docs, articles/aks/limit-egress-traffic.md;
    /// MicrosoftDocs/azure-docs, articles/virtual-network/network-security-groups-overview.md.
    TG4001, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (id, pool) in context.estate.pools.iter() {
        let reaches_internet = matches!(
            pool.outbound.value,
            OutboundType::LoadBalancer
                | OutboundType::ManagedNatGateway
                | OutboundType::UserAssignedNatGateway
        );
        if reaches_internet && exit_of(context.estate, pool) == Exit::Open {
            findings.extend(open_ports(context, id, pool));
        }
    }
}

/// Whether a destination is a name that leads out. One that leads to a private endpoint has an address, which security
/// groups know.
fn leads_out(context: &Context<'_>, pool: &Pool, destination: &Destination) -> bool {
    let Destination::Fqdn(FqdnPattern::Exact(name)) = destination else {
        return destination.is_name();
    };
    let mut subnets = pool.subnets.iter();
    pool.subnets.is_empty()
        || pool.http_proxy.is_some()
        || !subnets.all(|subnet| {
            let way = subnet.id.and_then(|id| context.plane.private_way(id, name));
            way.is_some()
        })
}

fn open_ports(context: &Context<'_>, id: ElementId<Pool>, pool: &Pool) -> Option<Finding> {
    let leads_out = |it: &Spanned<Destination>| leads_out(context, pool, &it.value);
    let requirements = context.intent.requirements.iter();
    let requirements = requirements.filter(|requirement| {
        let mut destinations = requirement.destinations.iter();
        requirement.pool == id && destinations.any(leads_out)
    });
    let requirements: Vec<&Requirement> = requirements.collect();
    let first = requirements.first()?;
    let names: BTreeSet<String> = requirements
        .iter()
        .flat_map(|requirement| &requirement.destinations)
        .filter(|destination| leads_out(destination))
        .map(|destination| destination.value.to_string())
        .collect();
    let ports: BTreeSet<(Transport, PortRange)> = requirements
        .iter()
        .flat_map(|requirement| &requirement.services)
        .map(|service| service.value.transport_ports())
        .collect();
    let ports: Vec<String> = ports.into_iter().map(words).collect();
    let names = match names.len() {
        1 => "one name".to_owned(),
        count => format!("{count} names"),
    };
    let name = &pool.meta.name;
    let estate = context.estate;
    let mut subnets = pool.subnets.iter().filter_map(|subnet| subnet.id);
    let ungated = subnets.find(|subnet| estate.subnets[*subnet].nsg.is_none());
    let of_service = pool.subnets.is_empty();
    let open = match ungated {
        None if !of_service => ports.join(", "),
        _ => "every port".to_owned(),
    };
    let message =
        format!("pool `{name}` needs {names}, and leaves {open} open to the whole Internet for it");
    let mut finding = Finding::new(Id::TG4001, message)
        .at(
            pool.outbound.span,
            if of_service {
                "in a network of the service, where nothing of yours filters"
            } else {
                "only network security groups, which know no names"
            },
        )
        .related(first.origin, "needs a name");
    if let Some(subnet) = ungated {
        finding = finding
            .related(
                estate.subnets[subnet].meta.origin,
                "no security group stands here at all",
            )
            .help(format!(
                "at least give the subnet a security group: `nsg NAME`, which leaves {} open",
                ports.join(", ")
            ));
    }
    let finding = finding
        .help(if of_service {
            "put the nodes into a subnet of your own, and tell the names apart in a firewall: outbound userDefinedRouting, via firewall NAME"
        } else {
            "tell the names apart in a firewall: outbound userDefinedRouting, via firewall NAME"
        })
        .help("or accept it, in the block of the pool: ignore TG4001 \"why\"");
    Some(finding)
}

fn words((transport, ports): (Transport, PortRange)) -> String {
    if transport.has_ports() {
        format!("{}/{ports}", transport.keyword())
    } else {
        transport.keyword().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    fn policy(subnet: &str, outbound: &str, more: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16 {{ subnet s 10.0.1.0/24 {{ nsg n {subnet} }} subnet AzureFirewallSubnet 10.0.0.0/26 }}
firewall fw in v {{ }}
nsg n {{ }}
route-table t {{ route d 0.0.0.0/0 -> firewall fw }}
pool p in v.s {{ outbound {outbound} {more} }}
require p -> a.contoso.com, *.contoso.com https
require p -> mq.contoso.com, 10.1.0.9 tcp/5671
require p -> 10.1.0.9 tcp/22"
        )
    }

    const EXPECTED: &str = "5:26 pool `p` needs 3 names, and leaves tcp/443, tcp/5671 open to the whole Internet for it";

    #[test]
    fn one_finding_tells_of_all_names() {
        for outbound in [
            "loadBalancer",
            "userAssignedNATGateway",
            "managedNATGateway",
        ] {
            assert_eq!(found(Id::TG4001, &policy("", outbound, "")), [EXPECTED]);
        }
    }

    #[test]
    fn without_a_security_group_everything_is_open() {
        let policy = policy("", "loadBalancer", "").replace("{ nsg n  }", "{ }");
        assert_eq!(
            found(Id::TG4001, &policy),
            [
                "5:26 pool `p` needs 3 names, and leaves every port open to the whole Internet for it"
            ]
        );
    }

    #[test]
    fn a_firewall_tells_them_apart() {
        assert_eq!(
            found(
                Id::TG4001,
                &policy("route-table t", "userDefinedRouting", "")
            ),
            [""; 0]
        );
        assert_eq!(
            found(Id::TG4001, &policy("route-table t", "loadBalancer", "")),
            [""; 0]
        );
        assert_eq!(found(Id::TG4001, &policy("", "none", "")), [""; 0]);
    }

    #[test]
    fn a_network_of_the_service_has_no_gate() {
        let policy = |outbound: &str| {
            format!("pool p {{ outbound {outbound} }}\nrequire p -> a.contoso.com https")
        };
        assert_eq!(
            found(Id::TG4001, &policy("managedNATGateway")),
            [
                "1:19 pool `p` needs one name, and leaves every port open to the whole Internet for it"
            ]
        );
        assert_eq!(found(Id::TG4001, &policy("block")), [""; 0]);
    }

    #[test]
    fn it_can_be_accepted() {
        let accepted = policy(
            "",
            "loadBalancer",
            "ignore TG4001 \"nothing secret in here\"",
        );
        assert_eq!(found(Id::TG4001, &accepted), [""; 0]);
    }
}
