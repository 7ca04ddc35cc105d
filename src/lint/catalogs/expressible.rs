//! TG0052: destinations that no rule of Azure Firewall can have.

use crate::azure::facts::Facts;
use crate::diag::{Finding, Id};
use crate::intent::catalog::{
    Catalog, Direction, Endpoint, Form, RuleKind, Template, TemplateKind,
};
use crate::net::{FqdnPattern, Service, Transport, parse_prefix};

use super::forms;

pub(super) fn check(catalog: &Catalog, facts: &Facts, findings: &mut Vec<Finding>) {
    let outbound = catalog
        .endpoints
        .iter()
        .filter(|it| it.direction == Direction::Outbound);
    for endpoint in outbound {
        // One form that can be written is enough.
        let mut faults = forms(endpoint).map(|form| fault(endpoint, form, facts));
        let Some(Some((template, why))) = faults.next() else {
            continue;
        };
        if faults.any(|fault| fault.is_none()) {
            continue;
        }
        let message = format!(
            "no rule of Azure Firewall lets `{}` through: {why}",
            endpoint.id
        );
        findings.push(
            Finding::new(Id::TG0052, message)
                .at(template.span(), "of no use in a rule")
                .help("give each host, a service tag or addresses, here or under `alternatives`"),
        );
    }
}

/// The first destination of a form that no rule can have, and why.
fn fault<'e>(
    endpoint: &'e Endpoint,
    form: &'e Form,
    facts: &Facts,
) -> Option<(&'e Template, String)> {
    if form.rule == RuleKind::Application {
        return None;
    }
    let names = match &endpoint.fallback {
        Some(fallback) => fallback.fqdns.as_slice(),
        None => form.destinations.as_slice(),
    };
    let names = names
        .iter()
        .filter(|name| name.kind() == TemplateKind::Fqdn);
    let mut wildcards = names.filter(|name| is_wildcard(name));
    if let Some(name) = wildcards.next() {
        return Some((name, format!("`{}` needs an application rule", name.text())));
    }
    let mut addresses = form
        .destinations
        .iter()
        .filter(|it| it.kind() == TemplateKind::Address);
    let v6 = addresses
        .clone()
        .find(|it| parse_prefix(it.text()).is_ok_and(|it| it.addr().is_ipv6()));
    if let Some(address) = v6 {
        return Some((address, "it takes no IPv6 address".to_owned()));
    }
    let icmp = form.services.iter().any(|service| {
        matches!(
            service,
            Service::Net {
                transport: Transport::Icmp,
                ..
            }
        )
    });
    let public = addresses.find(|it| is_public(it, facts)).filter(|_| icmp);
    public.map(|address| (address, "ICMP to the Internet does not pass it".to_owned()))
}

fn is_wildcard(name: &Template) -> bool {
    let pattern = name.fill(|_| Some("x")).parse::<FqdnPattern>();
    !matches!(pattern, Ok(FqdnPattern::Exact(_)))
}

fn is_public(address: &Template, facts: &Facts) -> bool {
    let prefix = parse_prefix(address.text());
    let inside = |prefix| facts.private_ranges().any(|range| range.contains(&prefix));
    prefix.is_ok_and(|prefix| !inside(prefix))
}
