//! TG5007: names that servers answer in ways that contradict each other.

use smol_str::SmolStr;

use crate::azure::facts::Facts;
use crate::azure::rule_sets::{RuleSet, rule_sets};
use crate::base::Origin;
use crate::diag::{Finding, Id, Severity};
use crate::dns::{Failure, KnownNames, Locked, Said};
use crate::estate::{Endpoint, Estate};
use crate::net::{Destination, Fqdn, leads_nowhere};

use super::super::Context;
use super::clients::{asks, is_exactly, server_ip};

rule! {
    /// Two servers answer for one name in ways that contradict each other: with a private and a public address, or with
    /// an address and with the word that there is no such name.
    ///
    /// A machine goes where the server that it happens to ask says. Of several servers of a network each is asked now
    /// and then, so the same machine reaches the private endpoint today and goes past it tomorrow; and a firewall that
    /// asks another server than its clients lets other addresses through than they hold.
    ///
    /// Reported with a lock file only, of servers that were each asked for themselves:
    /// `tidegate resolve POLICY --server A --server B --compare --lock FILE`. Other public addresses of the same name
    /// are no contradiction. Of servers that no network here asks it is a note: an inside and an outside view differ on
    /// purpose.
    ///
    /// ```egress
    /// vnet spoke 10.1.0.0/16 {
    ///   dns 10.1.0.4, 10.1.0.5
    ///   subnet nodes 10.1.1.0/24
    /// }
    /// pool apps in spoke.nodes { outbound none }
    /// private-endpoint lake in spoke.nodes { private-ip 10.1.1.20  for contosolake.blob.core.windows.net }
    /// ```
    ///
    /// ```yaml
    /// schema: egress-lock/1
    /// date: 2026-11-30
    /// servers:
    /// - 10.1.0.4
    /// - 10.1.0.5
    /// names:
    ///   contosolake.blob.core.windows.net:
    ///     addresses:
    ///     - 10.1.1.20
    ///     ttl: 10
    ///     views:
    ///     - servers:
    ///       - 10.1.0.5
    ///       addresses:
    ///       - 203.0.113.9
    ///       ttl: 60
    /// ```
    ///
    /// Let all servers of a network forward the domain to the same place, or take the one out that does not.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/private-link/private-endpoint-dns.md.
    TG5007, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(names) = context.names else { return };
    for name in names.lock.views.keys() {
        let said = names.said(name);
        let place = named_in(context, names, name);
        let (true, Some(place)) = (contradict(context.facts, &said), place) else {
            continue;
        };
        let told: Vec<String> = said
            .iter()
            .map(|said| format!("{} {}", listed(said), words(said.locked)))
            .collect();
        let message = format!(
            "where {name} leads depends on the server that is asked: {}",
            told.join("; ")
        );
        let mut finding = Finding::new(Id::TG5007, message).at(place, "named here");
        if let Some((_, answered)) = names.get(name) {
            finding = finding.related(answered, "the answers");
        }
        let chance = asked_by_chance(context, &said);
        let used: Vec<Said<'_>> = said
            .iter()
            .filter(|said| is_used(context.estate, said))
            .cloned()
            .collect();
        findings.push(match chance {
            Some(vnet) => finding.help(format!(
                "machines of vnet `{vnet}` ask several of them, so it is chance where they go: let all servers forward the domain to the same place"
            )),
            None if contradict(context.facts, &used) => finding.help(
                "networks here ask servers that contradict each other: let machines and firewall ask those that give the answer that is meant",
            ),
            None => finding.severity(Severity::Note).help(
                "not all of them are asked by networks here, so they may differ on purpose, as an inside and an outside view do",
            ),
        });
    }
}

fn listed(said: &Said<'_>) -> String {
    let servers: Vec<&str> = said.servers.iter().map(|it| it.as_str()).collect();
    servers.join(", ")
}

/// Whether some answers contradict others.
fn contradict(facts: &Facts, said: &[Said<'_>]) -> bool {
    let mut kinds = said.iter().filter_map(|said| kind(facts, said.locked));
    let one = kinds.next();
    kinds.any(|other| Some(other) != one)
}

/// Whether machines of some network ask one of the servers.
fn is_used(estate: &Estate, said: &Said<'_>) -> bool {
    let mut servers = said.servers.iter().filter_map(|it| server_ip(it));
    servers.any(|ip| estate.vnets.iter().any(|(_, vnet)| asks(estate, vnet, ip)))
}

/// What an answer says of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Private,
    Public,
    Nothing,
}

/// The kind of an answer; none where a server failed, which says nothing of the name.
fn kind(facts: &Facts, locked: &Locked) -> Option<Kind> {
    match (&locked.failure, locked.addresses.first()) {
        (None, Some(first)) if leads_nowhere(*first) => Some(Kind::Nothing),
        (None, Some(first)) if facts.is_private(*first) => Some(Kind::Private),
        (None, Some(_)) => Some(Kind::Public),
        (Some(failure), _) if Failure::is_of_name(failure) => Some(Kind::Nothing),
        _ => None,
    }
}

fn words(locked: &Locked) -> String {
    match (&locked.failure, locked.addresses.first()) {
        (Some(failure), _) => format!("says: {failure}"),
        (None, Some(first)) => format!("says {first}"),
        (None, None) => "says nothing".to_owned(),
    }
}

/// A network whose own servers contradict each other.
fn asked_by_chance<'e>(context: &Context<'e>, said: &[Said<'_>]) -> Option<&'e SmolStr> {
    let estate = context.estate;
    let mut networks = estate.vnets.iter();
    let found = networks.find(|(_, vnet)| {
        let own = said.iter().filter(|said| {
            let mut servers = said.servers.iter().filter_map(|it| server_ip(it));
            servers.any(|ip| asks(estate, vnet, ip))
        });
        let own: Vec<Said<'_>> = own.cloned().collect();
        contradict(context.facts, &own)
    });
    found.map(|(_, vnet)| &vnet.meta.name)
}

/// Where the input names a host: a requirement, by a wildcard too, a private endpoint, a service, a rule of a firewall.
fn named_in(context: &Context<'_>, names: &KnownNames, name: &Fqdn) -> Option<Origin> {
    let estate = context.estate;
    let needs = context.intent.requirements.iter();
    let mut wanted = needs.flat_map(|need| &need.destinations);
    let covers =
        |to: &Destination| matches!(to, Destination::Fqdn(pattern) if pattern.covers(name));
    if let Some(wanted) = wanted.find(|wanted| covers(&wanted.value)) {
        return Some(wanted.span.into());
    }
    let mut endpoints = estate.private_endpoints.iter().map(|(_, it)| it);
    if let Some(endpoint) = endpoints.find(|it| estate.endpoint_names(it).contains(&name)) {
        return Some(endpoint.meta.origin);
    }
    // Services that the lock file alone knows are no part of the input.
    let mut services = estate.services.iter().map(|(_, it)| it);
    let is_input = |origin: Origin| origin.span().is_none_or(|it| it.file != names.date.file);
    let service = services.find(|it| it.fqdn.value == *name && is_input(it.meta.origin));
    if let Some(service) = service {
        return Some(service.meta.origin);
    }
    let says_it = |ends: &[Endpoint]| {
        let mut ends = ends.iter();
        ends.any(|end| matches!(end, Endpoint::Plain(plain) if is_exactly(plain, name)))
    };
    rule_sets(estate).into_iter().find_map(|set| {
        let application = RuleSet::application_rules(&set)
            .filter(|placed| says_it(&placed.rule.destinations))
            .map(|placed| placed.rule.info.origin);
        let network = RuleSet::network_rules(&set)
            .filter(|placed| says_it(&placed.rule.destinations))
            .map(|placed| placed.rule.info.origin);
        application.chain(network).next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::told;

    fn tg5007(dns: &str, answers: [&str; 2]) -> Vec<(Severity, String, String)> {
        let policy = format!(
            "vnet spoke 10.1.0.0/16 {{ {dns}  subnet nodes 10.1.1.0/24 }}
vnet other 10.2.0.0/16 {{ dns 10.1.0.5 }}
pool apps in spoke.nodes {{ outbound none }}
require apps -> *.contoso.com https"
        );
        let [one, two] = answers;
        let lock = format!(
            "schema: egress-lock/1
date: 2026-06-30
servers: [10.1.0.4, 10.1.0.5]
names:
  a.contoso.com:
    {one}
    views:
    - servers: [10.1.0.5]
      {two}
"
        );
        told(Id::TG5007, &policy, &lock)
    }

    const PRIVATE: &str = "addresses: [10.1.1.20]";
    const PUBLIC: &str = "addresses: [203.0.113.9]";

    #[test]
    fn who_is_asked_matters() {
        let of = |dns| tg5007(dns, [PRIVATE, PUBLIC]).remove(0);
        let (severity, message, help) = of("dns 10.1.0.4, 10.1.0.5");
        assert_eq!(severity, Severity::Warning);
        assert_eq!(
            message,
            "where a.contoso.com leads depends on the server that is asked: 10.1.0.4 says 10.1.1.20; 10.1.0.5 says 203.0.113.9"
        );
        assert!(
            help.starts_with("machines of vnet `spoke` ask several"),
            "{help}"
        );
        let (severity, _, help) = of("dns 10.1.0.4");
        assert_eq!(severity, Severity::Warning);
        assert!(
            help.starts_with("networks here ask servers that contradict"),
            "{help}"
        );
        let (severity, _, help) = of("dns azure");
        assert_eq!(severity, Severity::Note);
        assert!(help.contains("may differ on purpose"), "{help}");
    }

    #[test]
    fn only_contradictions_are_told() {
        let dns = "dns 10.1.0.4, 10.1.0.5";
        let count = |one, two| tg5007(dns, [one, two]).len();
        assert_eq!(count(PUBLIC, "failure: no-such-name"), 1);
        assert_eq!(count(PUBLIC, "addresses: [0.0.0.0]"), 1);
        assert_eq!(count(PUBLIC, "addresses: [203.0.113.10]"), 0);
        assert_eq!(count(PUBLIC, "failure: timeout"), 0);
        assert_eq!(count("failure: server-failure", PRIVATE), 0);
    }
}
