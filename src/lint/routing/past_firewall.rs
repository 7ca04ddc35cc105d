//! TG1013: routes that lead what a pool requires past its firewall.

use ipnet::IpNet;

use crate::azure::next_hop::Holder;
use crate::azure::routing::{Candidate, EffectiveRoute, Hop};
use crate::base::Origin;
use crate::diag::{Finding, Id, Severity};
use crate::estate::{Firewall, Id as ElementId, Pool, Ref, Route, Subnet};
use crate::intent::RouteTarget;
use crate::lint::Context;

use super::required::{Need, Reach, demands};
use super::way::{are_same, device_of, device_words, forced_device, prefix_of};

rule! {
    /// A route that is more specific than the default route leads something that a pool requires, or requests to a DNS
    /// server of the network, straight to the Internet, or to another Azure Firewall, past the firewall that the subnet
    /// leaves through.
    ///
    /// The rules for it are in the firewall, where no packet comes. Past it, packets leave without being judged and with
    /// another public address, or not at all where the subnet has none of its own. Azure chooses the longest prefix,
    /// whatever the order in the table.
    ///
    /// The firewall is the one that the pool names with `via`, and a bypass is an error then; without `via` it is the
    /// one that the default route leads to. Routes to a gateway are taken for meant, and routes that a catalog asks for
    /// are. What learned routes, service endpoints and peerings lead past is told by TG1010, TG1014 and TG1015.
    ///
    /// ```egress
    /// vnet analytics 10.10.0.0/16 {
    ///   subnet AzureFirewallSubnet 10.10.0.0/26
    ///   subnet pool 10.10.1.0/24 { route-table to-fw }
    /// }
    /// firewall fw in analytics { private-ip 10.10.0.4  public-ip 203.0.113.10 }
    /// route-table to-fw {
    ///   route default 0.0.0.0/0 -> firewall fw
    ///   route partner 198.51.100.0/24 -> internet  // not through fw
    /// }
    /// identity spark-id { role "Network Contributor" on this resource-group }
    /// pool spark in analytics.pool { outbound userDefinedRouting  identity spark-id }
    /// require spark -> 198.51.100.16/28 tcp/443
    /// ```
    ///
    /// Remove the route, or lead it to the firewall.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/virtual-network/virtual-networks-udr-overview.md.
    TG1013, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    let mut told: Vec<(Origin, usize)> = Vec::new();
    for demand in demands(context) {
        let pool = match demand.need {
            Need::Requirement(requirement) => Some(requirement.pool),
            Need::DnsServer(_) => None,
        };
        let via = pool.and_then(|pool| estate.pools[pool].via.as_ref());
        let Some(firewall) = firewall(context, via, demand.subnet) else {
            continue;
        };
        let Some((route, hop)) = bypass(context, demand.route, firewall) else {
            continue;
        };
        if is_asked_for(context, pool, demand.prefix, demand.reach) {
            continue;
        }
        let also = told.iter().find(|(origin, _)| *origin == route.origin);
        if let Some(finding) = also.and_then(|(_, at)| findings.get_mut(*at)) {
            relate(finding, demand.need.origin());
            continue;
        }
        told.push((route.origin, findings.len()));
        let message = format!(
            "route `{}` leads {} to {hop}, past {}",
            route.name,
            demand.need.words(estate),
            device_words(estate, firewall)
        );
        let mut finding = Finding::new(Id::TG1013, message)
            .at(route.next_hop.span, "past the firewall")
            .help("remove the route, or lead it to the firewall");
        relate(&mut finding, demand.need.origin());
        let subnet = estate.subnet_path(demand.subnet);
        finding = finding
            .step(
                estate.subnets[demand.subnet].meta.origin,
                format!("leaves from subnet `{subnet}`"),
            )
            .step(
                route.origin,
                format!("route `{}` leads it to {hop}", route.name),
            );
        if let Some(via) = via {
            finding = finding
                .severity(Severity::Error)
                .related(via.origin, "the firewall of the pool");
        }
        findings.push(finding);
    }
}

/// Adds where something is needed to a finding, up to three.
fn relate(finding: &mut Finding, need: Origin) {
    const SHOWN: usize = 3;
    let text = "needed here";
    let shown = finding.related.iter().filter(|label| label.text == text);
    let place = need.span();
    let again = finding
        .related
        .iter()
        .any(|label| Some(label.span) == place);
    if shown.count() < SHOWN && !again {
        *finding = finding.clone().related(need, text);
    }
}

/// The firewall that a subnet leaves through: the one that its pool names, or that its default route leads to.
fn firewall(
    context: &Context<'_>,
    via: Option<&Ref<Firewall>>,
    subnet: ElementId<Subnet>,
) -> Option<Candidate> {
    if let Some(via) = via {
        let holder = Holder::Firewall(via.id?);
        return Some(Candidate {
            holder,
            address: None,
        });
    }
    let (device, _) = forced_device(context.plane, subnet)?;
    matches!(device.holder, Holder::Firewall(_)).then_some(device)
}

/// The user route that leads past a firewall, and where to.
fn bypass<'a>(
    context: &'a Context<'_>,
    route: &EffectiveRoute,
    firewall: Candidate,
) -> Option<(&'a Route, String)> {
    let user = route.user_route(context.estate)?;
    if prefix_of(&user.destination.value).is_some_and(|prefix| prefix.prefix_len() == 0) {
        return None;
    }
    let hop = match &route.hop {
        Hop::Internet => "the Internet".to_owned(),
        _ => {
            let device = device_of(route)?;
            let other = matches!(device.holder, Holder::Firewall(_)) && !are_same(device, firewall);
            other.then(|| device_words(context.estate, device))?
        }
    };
    Some((user, hop))
}

/// Whether a catalog asks for a route of its own to a prefix of the requirement.
fn is_asked_for(
    context: &Context<'_>,
    pool: Option<ElementId<Pool>>,
    prefix: Option<IpNet>,
    reach: Reach,
) -> bool {
    let Some(prefix) = prefix.filter(|_| reach == Reach::All) else {
        return false;
    };
    let mut routes = context.intent.routes.iter();
    routes.any(|route| {
        Some(route.pool) == pool
            && route.target == RouteTarget::Internet
            && route.prefix.contains(&prefix)
    })
}

#[cfg(test)]
mod tests {
    use crate::diag::{Id, Severity};
    use crate::lint::testing::{findings, found};

    fn policy(pool: &str, routes: &str, required: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16 {{
  subnet s 10.0.1.0/24 {{ route-table t }}
  subnet AzureFirewallSubnet 10.0.0.0/26
}}
vnet w 10.1.0.0/16 {{ subnet AzureFirewallSubnet 10.1.0.0/26 }}
peering v <-> w {{ forwarded-traffic on }}
firewall fw in v {{ private-ip 10.0.0.4 }}
firewall other in w {{ private-ip 10.1.0.4 }}
route-table t {{
  route default 0.0.0.0/0 -> firewall fw
{routes}
}}
pool p in v.s {{ outbound userDefinedRouting {pool} }}
require p -> {required} tcp/443"
        )
    }

    const PAST: &str = "route `r` leads what pool `p` requires to the Internet, past firewall `fw`";

    #[test]
    fn a_longer_route_leads_past() {
        let internet = "route r 203.0.113.0/24 -> internet";
        for (routes, required) in [
            (internet, "203.0.113.16/28"),
            (internet, "203.0.113.7"),
            (internet, "203.0.0.0/16"),
            (internet, "203.0.113.4-203.0.113.9"),
            (
                "route r tag Sql.WestEurope -> internet",
                "tag sql.westeurope",
            ),
        ] {
            let found = findings(Id::TG1013, &policy("", routes, required));
            assert_eq!(found.len(), 1, "{required}");
            assert_eq!(found[0].message, PAST);
            assert_eq!(found[0].severity, Severity::Warning);
        }
        for required in ["198.51.100.0/24", "any", "contoso.com", "tag Storage"] {
            assert_eq!(
                found(Id::TG1013, &policy("", internet, required)),
                [""; 0],
                "{required}"
            );
        }
    }

    #[test]
    fn against_via_it_is_an_error() {
        let policy = policy(
            "via fw",
            "route r 203.0.113.0/24 -> internet",
            "203.0.113.7",
        );
        assert_eq!(findings(Id::TG1013, &policy)[0].severity, Severity::Error);
    }

    #[test]
    fn another_firewall_is_past_too_and_a_gateway_is_meant() {
        let of = |hop: &str| {
            let route = format!("route r 203.0.113.0/24 -> {hop}");
            found(Id::TG1013, &policy("", &route, "203.0.113.7"))
        };
        assert_eq!(of("firewall other").len(), 1);
        for meant in ["firewall fw", "10.0.0.4", "gateway", "10.0.9.9", "none"] {
            assert_eq!(of(meant), [""; 0], "{meant}");
        }
    }

    #[test]
    fn a_longer_route_to_the_firewall_wins() {
        let routes =
            "route r 203.0.113.0/24 -> internet\nroute back 203.0.113.16/28 -> firewall fw";
        assert_eq!(
            found(Id::TG1013, &policy("", routes, "203.0.113.17")),
            [""; 0]
        );
    }

    #[test]
    fn a_route_is_told_once() {
        let routes = "route r 203.0.113.0/24 -> internet";
        let policy = policy("", routes, "203.0.113.17, 203.0.113.18");
        let found = findings(Id::TG1013, &policy);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].related.len(), 1);
    }
}
