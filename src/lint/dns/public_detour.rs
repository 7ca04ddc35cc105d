//! TG5005: private endpoints that traffic goes past.

use std::collections::BTreeSet;

use crate::azure::gaps;
use crate::azure::next_hop::firewall_of;
use crate::azure::rule_sets::{self, RuleSet};
use crate::azure::{Answer, Blocker, Outcome, Resolution, Site};
use crate::base::Origin;
use crate::diag::{Edit, Finding, Id, Safety};
use crate::estate::{
    Action, DnsRecord, Endpoint, Firewall, Id as ElementId, Pool, PrivateEndpoint, Vnet,
};
use crate::net::Fqdn;

use super::super::Context;
use super::super::edit;
use super::clients::{endpoints_near, is_exactly, is_linked, link};

rule! {
    /// A pool reaches a service by its public name and a firewall rule, though a private endpoint for it is near.
    ///
    /// The name resolves to the public address where the pool asks, because no private zone with the endpoint's record is
    /// linked there. So the packets take the way through the firewall, which is opened for them, and the endpoint is
    /// paid for and unused.
    ///
    /// ```egress
    /// vnet spoke 10.1.0.0/16 { subnet nodes 10.1.1.0/24  subnet endpoints 10.1.2.0/24 }
    /// service store { fqdn store.blob.core.windows.net  address 20.60.1.4 }
    /// private-endpoint store in spoke.endpoints { private-ip 10.1.2.20  target store }  // not in any zone
    /// pool apps in spoke.nodes {
    ///   outbound loadBalancer
    ///   ignore TG4001 "the port stays open to all"
    /// }
    /// require apps -> store.blob.core.windows.net https
    /// ```
    ///
    /// Keep the endpoint's record in the zone under `privatelink` and link that zone to the network whose resolver the
    /// pool asks: requirements then get no rule any more, and rules by hand can go. Only rules and requirements that name
    /// the service itself are reported, none with a wildcard.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/private-link/private-endpoint-dns.md.
    TG5005, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    let mut seen = BTreeSet::new();
    for (id, pool) in estate.pools.iter() {
        for subnet in pool.subnets.iter().filter_map(|subnet| subnet.id) {
            for endpoint in endpoints_near(estate, estate.subnets[subnet].vnet) {
                for name in estate.endpoint_names(endpoint) {
                    let resolution = context.plane.look_up(subnet, name);
                    let fate = fate(&resolution);
                    if fate.is_none() || (gaps::is_part(estate) && !is_zone_shown(context, name)) {
                        continue;
                    }
                    if let Some(opened) = opened_at(context, id, pool, name)
                        && seen.insert((id, name.clone()))
                    {
                        let way = Detour {
                            endpoint,
                            name,
                            asked_from: resolution.asked_from,
                            is_refused: fate == Some(Fate::Refused),
                        };
                        let finding = finding(context, pool, &way, opened);
                        findings.push(if gaps::is_part(estate) {
                            finding.assumed()
                        } else {
                            finding
                        });
                    }
                }
            }
        }
    }
}

/// Whether the private zone of a name is part of the input: if it is not, nobody knows where it is linked.
fn is_zone_shown(context: &Context<'_>, name: &Fqdn) -> bool {
    let Some((_, known)) = context.facts.service_of(name, context.estate.cloud) else {
        return false;
    };
    let mut zones = context.estate.dns_zones.iter();
    zones.any(|(_, zone)| zone.domain.as_str() == known.zone)
}

/// What becomes of packets to the public address that a name leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Arrive,
    /// The service takes private endpoints only, and no zone is there that could answer.
    Refused,
}

fn fate(resolution: &Resolution) -> Option<Fate> {
    let is_service = |blocker: &Blocker| matches!(blocker.element.site, Site::Service(_));
    match (resolution.answer, resolution.outcome) {
        (Answer::Public(_), Outcome::Passes) => Some(Fate::Arrive),
        (Answer::Public(_), Outcome::Blocks) => {
            let mut blockers = resolution.blockers.iter();
            blockers.any(is_service).then_some(Fate::Refused)
        }
        _ => None,
    }
}

/// A private endpoint that a name does not lead to.
struct Detour<'a> {
    endpoint: &'a PrivateEndpoint,
    name: &'a Fqdn,
    /// The network from which Azure DNS is asked.
    asked_from: Option<ElementId<Vnet>>,
    is_refused: bool,
}

fn finding(context: &Context<'_>, pool: &Pool, way: &Detour<'_>, opened: Origin) -> Finding {
    let Detour { endpoint, name, .. } = way;
    let message = if way.is_refused {
        format!(
            "pool `{}` does not reach {name}: it leads to the public address, which takes nobody in, past private endpoint `{}`",
            pool.meta.name, endpoint.meta.name
        )
    } else {
        format!(
            "pool `{}` reaches {name} at its public address, past private endpoint `{}`",
            pool.meta.name, endpoint.meta.name
        )
    };
    let finding = Finding::new(Id::TG5005, message)
        .at(opened, "opens the public way")
        .related(endpoint.meta.origin, "near and not used");
    mended(finding, context, way)
}

/// What makes the name lead to the endpoint: which zone has to be linked to which network.
fn mended(finding: Finding, context: &Context<'_>, way: &Detour<'_>) -> Finding {
    const HELP: &str = "link the private zone that holds the endpoint's record to the network whose resolver the pool asks";
    let estate = context.estate;
    let known = context.facts.service_of(way.name, estate.cloud);
    let (Some((_, known)), Some(resolver)) = (known, way.asked_from) else {
        return finding.help(HELP);
    };
    let network = &estate.vnets[resolver].meta.name;
    let mut zones = estate.dns_zones.iter();
    let zone = zones.find(|(_, zone)| zone.domain.as_str() == known.zone);
    let Some((id, zone)) = zone else {
        let statement = format!("private-dns-zone {} {{ link {network} }}", known.zone);
        let clause = format!("zone {}", known.zone);
        let finding = finding.help(format!(
            "there is no zone `{}`: write `{statement}`, and in the endpoint `{clause}`",
            known.zone
        ));
        let meta = &way.endpoint.meta;
        let edits = [
            edit::add_clause(meta, &clause),
            edit::add_statement(meta, &statement),
        ];
        let edits: Option<Vec<Edit>> = edits.into_iter().collect();
        return match edits.filter(|_| way.endpoint.zone.is_none()) {
            Some(edits) => finding.fix("keep its record in a zone", Safety::Unsafe, edits),
            None => finding,
        };
    };
    if is_linked(zone, resolver) {
        return finding.help(HELP);
    }
    let finding = finding.related(
        zone.meta.origin,
        format!("not linked to vnet `{network}`, from which it is asked"),
    );
    let host = way.name.as_str().strip_suffix(known.suffix.as_str());
    let host = host.map(|host| host.trim_end_matches('.'));
    let holds =
        |record: &DnsRecord| host.is_some_and(|host| record.name.eq_ignore_ascii_case(host));
    let kept = way.endpoint.zone.as_ref().and_then(|zone| zone.id) == Some(id);
    if kept || zone.records.iter().any(holds) {
        link(finding, context, zone, resolver)
    } else {
        finding.help(format!(
            "keep the record of {} in zone `{}`, and link the zone to vnet `{network}`",
            way.name, zone.meta.name
        ))
    }
}

/// Where the public way to a name is opened for a pool: a requirement, or a rule of the firewall that it passes.
fn opened_at(
    context: &Context<'_>,
    id: ElementId<Pool>,
    pool: &Pool,
    name: &Fqdn,
) -> Option<Origin> {
    let own = context
        .intent
        .requirements
        .iter()
        .filter(|need| need.pool == id);
    let mut wanted = own.flat_map(|need| &need.destinations);
    let wanted = wanted.find(|destination| is_exactly(&destination.value, name));
    if let Some(destination) = wanted {
        return Some(destination.span.into());
    }
    let firewall = firewall_of(context.estate, pool)?;
    let compiled = context.intent.compiled_origins();
    allowing_rule(context, firewall, name).filter(|origin| !compiled.contains(origin))
}

fn allowing_rule(
    context: &Context<'_>,
    firewall: ElementId<Firewall>,
    name: &Fqdn,
) -> Option<Origin> {
    let names = |ends: &[Endpoint]| {
        let mut ends = ends.iter();
        ends.any(|end| matches!(end, Endpoint::Plain(plain) if is_exactly(plain, name)))
    };
    let sets = rule_sets::of_firewall(context.estate, firewall);
    let allows = |action: Action| action == Action::Allow;
    let application = sets
        .iter()
        .flat_map(RuleSet::application_rules)
        .filter(|placed| allows(placed.collection.action) && names(&placed.rule.destinations))
        .map(|placed| placed.rule.info.origin);
    let network = sets
        .iter()
        .flat_map(RuleSet::network_rules)
        .filter(|placed| allows(placed.collection.action) && names(&placed.rule.destinations))
        .map(|placed| placed.rule.info.origin);
    application.chain(network).next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    fn policy(more: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16 {{
  subnet nodes 10.0.1.0/24 {{ route-table t }}
  subnet endpoints 10.0.2.0/24
  subnet AzureFirewallSubnet 10.0.0.0/26
}}
route-table t {{ route d 0.0.0.0/0 -> firewall fw }}
service store {{ fqdn store.blob.core.windows.net  address 20.60.1.4 }}
private-endpoint store in v.endpoints {{ private-ip 10.0.2.20  target store }}
pool apps in v.nodes {{ outbound userDefinedRouting }}
{more}"
        )
    }

    const RULES: &str = "firewall fw in v { private-ip 10.0.0.4  application-rules a 200 allow {
  rule r from any to store.blob.core.windows.net https
} }";

    #[test]
    fn a_requirement_or_rule_opens_the_public_way() {
        let required = policy(
            "firewall fw in v { private-ip 10.0.0.4 }\nrequire apps -> store.blob.core.windows.net https",
        );
        assert_eq!(
            found(Id::TG5005, &required),
            [
                "11:17 pool `apps` reaches store.blob.core.windows.net at its public address, past private endpoint `store`"
            ]
        );
        assert_eq!(
            found(Id::TG5005, &policy(RULES)),
            [
                "11:8 pool `apps` reaches store.blob.core.windows.net at its public address, past private endpoint `store`"
            ]
        );
    }

    #[test]
    fn the_endpoint_is_used_when_its_zone_is_seen() {
        let zone =
            "private-dns-zone privatelink.blob.core.windows.net { link v  record store 10.0.2.20 }";
        assert_eq!(
            found(Id::TG5005, &policy(&format!("{RULES}\n{zone}"))),
            [""; 0]
        );
        let wildcard = RULES.replace("store.blob", "*.blob");
        assert_eq!(found(Id::TG5005, &policy(&wildcard)), [""; 0]);
        let denied = RULES.replace("allow", "deny");
        assert_eq!(found(Id::TG5005, &policy(&denied)), [""; 0]);
    }
}
