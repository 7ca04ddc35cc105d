//! TG5007: names that servers answer in ways that contradict each other.

use crate::azure::facts::Facts;
use crate::azure::rule_sets::{RuleSet, rule_sets};
use crate::base::Origin;
use crate::diag::{Finding, Id};
use crate::dns::{Failure, KnownNames, Locked, Server};
use crate::estate::{DnsServers, Endpoint, Estate};
use crate::net::Fqdn;

use super::super::Context;
use super::clients::{is_exactly, names_of};

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
    /// are no contradiction.
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
        let answers = contradictions(context.facts, names, name);
        let (Some(answers), Some(place)) = (answers, named_in(context, names, name)) else {
            continue;
        };
        let told: Vec<String> = answers
            .iter()
            .map(|(servers, locked)| format!("{} {}", servers.join(", "), words(locked)))
            .collect();
        let message = format!(
            "where {name} leads depends on the server that is asked: {}",
            told.join("; ")
        );
        let mut finding = Finding::new(Id::TG5007, message).at(place, "named here");
        if let Some((_, answered)) = names.get(name) {
            finding = finding.related(answered, "the answers");
        }
        findings.push(finding.help(match asked_by_chance(context.estate, &answers) {
            Some(vnet) => format!(
                "machines of vnet `{vnet}` ask several of them, so it is chance where they go: let all servers forward the domain to the same place"
            ),
            None => "let machines and firewall ask a server that gives the answer that is meant".to_owned(),
        }));
    }
}

/// What is answered for a name, when some answers contradict others.
fn contradictions<'n>(
    facts: &Facts,
    names: &'n KnownNames,
    name: &Fqdn,
) -> Option<Vec<(Vec<&'n str>, &'n Locked)>> {
    let (first, _) = names.get(name)?;
    let others = names.lock.views.get(name)?;
    let said: Vec<&str> = others
        .iter()
        .flat_map(|view| view.servers.iter().map(String::as_str))
        .collect();
    let servers = names.lock.servers.iter().map(String::as_str);
    let rest: Vec<&str> = servers.filter(|server| !said.contains(server)).collect();
    let mut answers = vec![(rest, first)];
    answers.extend(others.iter().map(|view| {
        let servers = view.servers.iter().map(String::as_str).collect();
        (servers, &view.locked)
    }));
    let mut kinds = answers.iter().filter_map(|(_, it)| kind(facts, it));
    let one = kinds.next()?;
    kinds.any(|other| other != one).then_some(answers)
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

/// A network whose own servers give different answers.
fn asked_by_chance<'e>(
    estate: &'e Estate,
    answers: &[(Vec<&str>, &Locked)],
) -> Option<&'e smol_str::SmolStr> {
    let views = |servers: &[std::net::IpAddr]| {
        let asked = answers.iter().filter(|(names, _)| {
            let mut parsed = names.iter().filter_map(|it| it.parse::<Server>().ok());
            parsed.any(|server| servers.contains(&server.ip))
        });
        asked.count()
    };
    let mut networks = estate.vnets.iter();
    let found = networks.find(|(_, vnet)| match &vnet.dns {
        DnsServers::Custom(servers) => {
            let servers: Vec<_> = servers.iter().map(|server| server.value).collect();
            views(&servers) > 1
        }
        DnsServers::Azure | DnsServers::Firewall(_) | DnsServers::Unknown(_) => false,
    });
    found.map(|(_, vnet)| &vnet.meta.name)
}

/// Where the input names a host: a requirement, a private endpoint, a service, a rule of a firewall.
fn named_in(context: &Context<'_>, names: &KnownNames, name: &Fqdn) -> Option<Origin> {
    let estate = context.estate;
    let needs = context.intent.requirements.iter();
    let mut wanted = needs.flat_map(|need| &need.destinations);
    if let Some(wanted) = wanted.find(|wanted| is_exactly(&wanted.value, name)) {
        return Some(wanted.span.into());
    }
    let mut endpoints = estate.private_endpoints.iter().map(|(_, it)| it);
    if let Some(endpoint) = endpoints.find(|it| names_of(estate, it).contains(&name)) {
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
