//! TG3031: rules for names that private endpoints answer.

use crate::azure::facts::Facts;
use crate::azure::{Site, gaps};
use crate::base::Origin;
use crate::diag::{Finding, Id};
use crate::estate::{Endpoint, Estate, Id as ElementId, RuleInfo, Subnet};
use crate::lint::Context;
use crate::lint::common::ends::Ends;
use crate::lint::common::range_set::RangeSet;
use crate::lint::common::written::{allowing_application_rules, allowing_network_rules};
use crate::net::{Destination, Fqdn, FqdnPattern};

rule! {
    /// A firewall rule lets a name through that leads every machine it is for to a private endpoint.
    ///
    /// The name resolves to the endpoint's address, and packets go there straight, so the firewall never sees them: the
    /// rule makes no difference as long as DNS works, and opens the public way when it does not. A wrong link or record
    /// then shows as nothing at all, where without the rule it would show as a connection that fails.
    ///
    /// Reported only where it is certain of every subnet that the rule's sources hold: which servers answer, which zones
    /// these see, and that no route leads through the firewall. Rules with `any` or with addresses outside of the networks
    /// at hand as their source may be for others; wildcards are for more names than one. Neither is reported.
    ///
    /// ```egress
    /// vnet hub 10.10.0.0/16 { subnet AzureFirewallSubnet 10.10.0.0/26  subnet ends 10.10.2.0/24  subnet nodes 10.10.1.0/24 }
    /// private-endpoint store in hub.ends {
    ///   private-ip 10.10.2.20
    ///   for contosostore.blob.core.windows.net
    ///   zone privatelink.blob.core.windows.net
    /// }
    /// private-dns-zone privatelink.blob.core.windows.net { link hub }
    /// firewall fw in hub {
    ///   private-ip 10.10.0.4
    ///   application-rules out 200 allow {
    ///     rule store from hub.nodes to contosostore.blob.core.windows.net https
    ///   }
    /// }
    /// ```
    ///
    /// Take the name out of the rule, or the rule away when it has no other.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/private-link/private-endpoint-dns.md and
    /// articles/private-link/disable-private-endpoint-network-policy.md.
    TG3031, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    if estate.private_endpoints.is_empty() {
        return;
    }
    let is_near =
        |end: &Endpoint| exact(end).is_some_and(|name| context.plane.has_endpoint_for(name));
    let mut judge = |info: &RuleInfo, sources: &[Endpoint], destinations: &[Endpoint]| {
        findings.extend(finding(context, info, sources, destinations));
    };
    for it in allowing_application_rules(context, |rule| rule.destinations.iter().any(is_near)) {
        let rule = it.rule;
        judge(&rule.info, &rule.sources, &rule.destinations);
    }
    for it in allowing_network_rules(context, |it| it.rule.destinations.iter().any(is_near)) {
        let rule = it.rule;
        judge(&rule.info, &rule.sources, &rule.destinations);
    }
}

fn exact(end: &Endpoint) -> Option<&Fqdn> {
    match end {
        Endpoint::Plain(Destination::Fqdn(FqdnPattern::Exact(name))) => Some(name),
        _ => None,
    }
}

/// What leads a name to a private endpoint.
struct Private<'a> {
    name: &'a Fqdn,
    endpoint: Origin,
    zone: Option<Origin>,
}

fn finding(
    context: &Context<'_>,
    info: &RuleInfo,
    sources: &[Endpoint],
    destinations: &[Endpoint],
) -> Option<Finding> {
    let clients = clients(context, sources)?;
    let names = destinations.iter().filter_map(exact);
    let private: Vec<Private<'_>> = names
        .filter_map(|name| private(context, &clients, name))
        .collect();
    let first = private.first()?;
    let more = match private.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let verb = if more.is_empty() { "leads" } else { "lead" };
    let message = format!(
        "rule `{}` is not needed for {}{more}, which {verb} to a private endpoint",
        info.name, first.name
    );
    let mut finding =
        Finding::new(Id::TG3031, message).at(info.origin, "nobody's packets get here");
    for it in &private {
        finding = finding.related(it.endpoint, format!("{} leads here", it.name));
    }
    if let Some(zone) = first.zone {
        finding = finding.related(zone, "answers for the name");
    }
    if gaps::is_part(context.estate) {
        finding = finding.assumed();
    }
    Some(finding.help(if private.len() == destinations.len() {
        "take the rule away"
    } else {
        "take the name out of the rule"
    }))
}

/// The subnets whose machines a rule is for; `None` when it may be for others, too.
fn clients(context: &Context<'_>, sources: &[Endpoint]) -> Option<Vec<ElementId<Subnet>>> {
    let estate = context.estate;
    let ends = Ends::of_addresses(estate, sources);
    let plain = !ends.unknown && ends.tags.is_empty() && ends.names.is_empty();
    if !plain || ends.addresses.is_everything() || !places(estate).contains(&ends.addresses) {
        return None;
    }
    let subnets = estate.subnets.iter();
    let clients: Vec<ElementId<Subnet>> = subnets
        .filter(|(_, subnet)| !is_azures(context.facts, subnet))
        .filter(|(_, subnet)| {
            let prefixes = subnet.prefixes.iter().map(|prefix| prefix.value);
            RangeSet::prefixes(prefixes).overlaps(&ends.addresses)
        })
        .map(|(id, _)| id)
        .collect();
    (!clients.is_empty()).then_some(clients)
}

/// Where machines are known to be: what is not shown of a network may have routes of its own.
fn places(estate: &Estate) -> RangeSet {
    let subnets = estate
        .subnets
        .iter()
        .flat_map(|(_, subnet)| &subnet.prefixes);
    let subnets = subnets.map(|prefix| prefix.value);
    if gaps::is_part(estate) {
        return RangeSet::prefixes(subnets);
    }
    let vnets = estate.vnets.iter().flat_map(|(_, vnet)| &vnet.prefixes);
    RangeSet::prefixes(vnets.map(|prefix| prefix.value).chain(subnets))
}

fn is_azures(facts: &Facts, subnet: &Subnet) -> bool {
    facts.reserved_subnet(&subnet.meta.name).is_some()
}

fn private<'a>(
    context: &Context<'_>,
    clients: &[ElementId<Subnet>],
    name: &'a Fqdn,
) -> Option<Private<'a>> {
    let plane = context.plane;
    let mut endpoints = clients
        .iter()
        .map(|subnet| plane.private_way(*subnet, name));
    let first = endpoints.next()??;
    if !endpoints.all(|endpoint| endpoint.is_some()) {
        return None;
    }
    let subnet = clients.first()?;
    let steps = plane.look_up(*subnet, name).steps;
    let mut zones = steps.iter().rev();
    let zone = zones.find(|step| matches!(step.element.site, Site::DnsZone(_)));
    Some(Private {
        name,
        endpoint: context.estate.private_endpoints[first].meta.origin,
        zone: zone.map(|step| step.element.origin),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    fn policy(rule: &str, more: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16 {{
  subnet AzureFirewallSubnet 10.0.0.0/26
  subnet nodes 10.0.1.0/24 {{ route-table t }}
  subnet endpoints 10.0.2.0/24
}}
vnet other 10.9.0.0/16 {{ subnet machines 10.9.1.0/24 }}
route-table t {{ route d 0.0.0.0/0 -> firewall fw }}
private-endpoint store in v.endpoints {{
  private-ip 10.0.2.20
  for store.blob.core.windows.net
  zone privatelink.blob.core.windows.net
}}
private-dns-zone privatelink.blob.core.windows.net {{ link v }}
firewall fw in v {{ private-ip 10.0.0.4  dns-proxy on  {rule} }}
{more}"
        )
    }

    fn application(rule: &str) -> String {
        format!("application-rules a 200 allow {{ rule r {rule} https }}")
    }

    const FIRES: &str =
        "rule `r` is not needed for store.blob.core.windows.net, which leads to a private endpoint";

    #[test]
    fn names_that_lead_past_the_firewall() {
        let store = "from v.nodes to store.blob.core.windows.net";
        let network = format!("network-rules a 200 allow {{ rule r {store} tcp/443 }}");
        for rule in [
            application(store),
            network,
            application("from v to store.blob.core.windows.net, contoso.com"),
        ] {
            let lines = found(Id::TG3031, &policy(&rule, ""));
            assert_eq!(lines.len(), 1, "{rule}");
            assert!(lines[0].ends_with(FIRES), "{lines:?}");
        }
    }

    #[test]
    fn what_others_may_need() {
        for rule in [
            "from any to store.blob.core.windows.net",
            "from v.nodes, other.machines to store.blob.core.windows.net",
            "from v.nodes, 192.168.0.0/24 to store.blob.core.windows.net",
            "from v.nodes to *.blob.core.windows.net",
            "from v.nodes to other.blob.core.windows.net",
            "from other.machines to store.blob.core.windows.net",
        ] {
            assert_eq!(
                found(Id::TG3031, &policy(&application(rule), "")),
                [""; 0],
                "{rule}"
            );
        }
    }

    #[test]
    fn names_that_lead_elsewhere_or_nobody_knows_where() {
        let rule = application("from v.nodes to store.blob.core.windows.net");
        let fine = policy(&rule, "");
        let unlinked = fine.replace("{ link v }", "{ link other }");
        let unknown = fine.replace("vnet v 10.0.0.0/16 {", "vnet v 10.0.0.0/16 { dns 10.9.9.9 ");
        let routed = fine
            .replace(
                "-> firewall fw }",
                "-> firewall fw  route e 10.0.2.0/24 -> firewall fw }",
            )
            .replace(
                "endpoints 10.0.2.0/24",
                "endpoints 10.0.2.0/24 { private-endpoint-policies enabled }",
            );
        for policy in [unlinked, unknown, routed] {
            assert_eq!(found(Id::TG3031, &policy), [""; 0], "{policy}");
        }
    }
}
