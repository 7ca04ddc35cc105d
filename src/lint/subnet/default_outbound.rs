//! TG1033: subnets that leave by an address that Azure lends.

use crate::azure::gaps;
use crate::azure::next_hop::default_v4;
use crate::diag::{Finding, Id, Safety, Severity};
use crate::estate::{Id as ElementId, RouteDestination, Subnet};

use super::super::Context;
use super::super::common::edge::{all_taken, balancers_of, brings_way_out, pools_in};
use super::super::{change, edit};

rule! {
    /// Machines whose only way to the Internet is the address that Azure lends them by default.
    ///
    /// The address of default outbound access belongs to Microsoft, may change without notice, takes no ICMP and no
    /// fragments, and cannot be let in anywhere by its value. Networks made with API versions that came out after
    /// 31 March 2026 no longer have it unless a subnet asks for it; so the same template, deployed with a newer
    /// version, makes machines that cannot get out.
    ///
    /// With `default-outbound on` and no other way out, that is a warning. Where nothing is said, and machines are
    /// known to be in the subnet or the input is only a part of what there is, it is a note.
    ///
    /// ```egress
    /// vnet shop 10.0.0.0/16 {
    ///   subnet web 10.0.1.0/24 { default-outbound on }
    /// }
    /// ```
    ///
    /// Give the subnet a NAT gateway, a load balancer with an outbound rule or a route to a firewall, and write
    /// `default-outbound off`. Subnets that are delegated or kept for a service of Azure are left out.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/virtual-network/ip-services/default-outbound-access.md.
    TG1033, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    for (id, subnet) in estate.subnets.iter() {
        let is_azures = context.facts.reserved_subnet(&subnet.meta.name).is_some()
            || !subnet.delegations.is_empty();
        if is_azures || estate.is_on_premises(id) || has_way_out(context, id) {
            continue;
        }
        match subnet.default_outbound {
            Some(setting) if setting.value => {
                let finding = relies(context, id)
                    .severity(Severity::Warning)
                    .at(setting.span, "an address that Azure lends");
                let title = "let machines out by no lent address";
                findings.push(
                    finding
                        .fix(
                            title,
                            Safety::Unsafe,
                            vec![edit::replace(setting.span, "off")],
                        )
                        .propose(title, Safety::Unsafe, change::value(setting.span, false)),
                );
            }
            Some(_) => {}
            None if holds_machines(context, id) => {
                let finding = relies(context, id)
                    .assumed()
                    .at(subnet.meta.origin, "does not say whether it does")
                    .help("whether it has such an address depends on the version of the API that made its vnet");
                findings.push(finding);
            }
            None => {}
        }
    }
}

fn relies(context: &Context<'_>, id: ElementId<Subnet>) -> Finding {
    Finding::new(
        Id::TG1033,
        format!(
            "machines of subnet `{}` leave by default outbound access only",
            context.estate.subnet_path(id)
        ),
    )
    .help("give it a NAT gateway, a load balancer with an outbound rule, or a route to a firewall; then write `default-outbound off`")
}

/// Whether machines of a subnet leave some other way, or not at all, or nobody knows.
fn has_way_out(context: &Context<'_>, id: ElementId<Subnet>) -> bool {
    let estate = context.estate;
    let routed = all_taken(estate, id, |_| true).is_some()
        && !all_taken(estate, id, |_| true)
            .is_some_and(|route| route.next_hop.value == crate::estate::NextHop::Internet);
    let everything = RouteDestination::Prefix(default_v4());
    let mut learned = context.plane.routes(id).iter();
    let learned = learned.any(|route| {
        route.destination == everything && route.source == crate::azure::routing::RouteSource::Bgp
    });
    let balanced = balancers_of(estate, id).any(|balancer| balancer.outbound_rule);
    estate.subnets[id].nat_gateway.is_some()
        || routed
        || learned
        || balanced
        || pools_in(estate, id).any(brings_way_out)
        || gaps::routes(estate, id).is_some()
        || gaps::exit(estate, id).is_some()
}

/// Whether machines are in a subnet: appliances and proxies without addresses of their own, backends of load
/// balancers, nodes; or, where the input is a part only, whatever it does not show.
fn holds_machines(context: &Context<'_>, id: ElementId<Subnet>) -> bool {
    let estate = context.estate;
    // Machines with public addresses of their own are lent none.
    let interfaces = || {
        let all = estate.interfaces.iter().map(|(_, interface)| interface);
        all.filter(|interface| interface.subnet.id == Some(id))
    };
    if interfaces().next().is_some() && interfaces().all(|one| one.public_ip.is_some()) {
        return false;
    }
    let mut appliances = estate.appliances.iter().map(|(_, appliance)| appliance);
    let appliance = appliances
        .any(|appliance| appliance.subnet.id == Some(id) && appliance.public_ip.is_none());
    let mut proxies = estate.proxies.iter();
    let proxy = proxies.any(|(_, proxy)| proxy.subnet.as_ref().is_some_and(|s| s.id == Some(id)));
    let mut endpoints = estate.private_endpoints.iter();
    let endpoint = endpoints.any(|(_, endpoint)| endpoint.subnet.id == Some(id));
    appliance
        || proxy
        || balancers_of(estate, id).next().is_some()
        || (gaps::is_part(estate)
            && !endpoint
            && pools_in(estate, id).next().is_none()
            && !estate.subnets[id].meta.home.is_existing())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{findings, found};

    fn policy(subnet: &str, more: &str) -> String {
        format!("vnet v 10.0.0.0/16 {{ subnet s 10.0.1.0/24 {{ {subnet} }} }}\n{more}")
    }

    #[test]
    fn asked_for_it_is_a_warning() {
        let on = policy("default-outbound on", "");
        assert_eq!(
            found(Id::TG1033, &on),
            ["1:62 machines of subnet `v/s` leave by default outbound access only"]
        );
        assert_eq!(findings(Id::TG1033, &on)[0].severity, Severity::Warning);
    }

    #[test]
    fn another_way_out_will_do() {
        for (subnet, more) in [
            ("default-outbound on  nat-gateway g", "nat-gateway g { }"),
            (
                "default-outbound on  route-table t",
                "route-table t { route d 0.0.0.0/0 -> 10.0.2.4 }",
            ),
            (
                "default-outbound on",
                "load-balancer b { backend v.s  outbound-rule on }",
            ),
            (
                "default-outbound on",
                "pool p in v.s { outbound loadBalancer }",
            ),
            (
                "default-outbound on",
                "gateway g in v { learned 0.0.0.0/0 }",
            ),
            (
                "default-outbound on  delegation Microsoft.Web/serverFarms",
                "",
            ),
            ("default-outbound off", ""),
            ("", ""),
        ] {
            assert_eq!(
                found(Id::TG1033, &policy(subnet, more)),
                [""; 0],
                "{subnet} {more}"
            );
        }
    }

    #[test]
    fn unsaid_it_matters_where_machines_are() {
        let behind = policy("", "load-balancer b { backend v.s  private-ip 10.0.1.9 }");
        let found = findings(Id::TG1033, &behind);
        assert_eq!(found[0].severity, Severity::Note);
        assert_eq!(found[0].confidence, crate::diag::Confidence::Assumed);
        let to_internet = policy(
            "default-outbound on  route-table t",
            "route-table t { route d 0.0.0.0/0 -> internet }",
        );
        assert_eq!(findings(Id::TG1033, &to_internet).len(), 1);
    }
}
