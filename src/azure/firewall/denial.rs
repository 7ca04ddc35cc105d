//! Why no rule of a firewall let a flow through: the cause, and the rules that came nearest.

use std::cmp::Reverse;

use crate::estate::{Action, ApplicationRule, Endpoint};
use crate::net::{AppProtocol, Destination, Fqdn, FqdnPattern, Transport};

use super::super::cause::Cause;
use super::super::flow::{Element, Field, NearMiss};
use super::super::packet::{Notes, is_public};
use super::super::truth::Truth;
use super::judge::{Judge, Request};
use super::order::{FirewallOrder, owner_element, rule_element};

/// Why nothing let a flow through.
pub(super) struct Denial {
    pub(super) cause: Cause,
    pub(super) element: Element,
    pub(super) text: String,
    pub(super) near: Vec<NearMiss>,
    pub(super) log: String,
}

/// How many near misses are worth telling.
const MOST: usize = 3;

/// Explains the deny at the end of a firewall's rules.
pub(super) fn explain(judge: &Judge<'_>, order: &FirewallOrder<'_>) -> Denial {
    // What nearly matched was asked before; what that assumed has been noted.
    let notes = &mut Notes::new();
    let mut near = near_network(judge, order, notes);
    near.extend(near_application(judge, order, notes));
    near.sort_by_key(|(rank, _)| *rank);
    // Only a rule that names the destination was meant for this flow.
    let meant = near.first().is_some_and(|((rank, _), _)| *rank == 0);
    let near: Vec<NearMiss> = near.into_iter().map(|(_, miss)| miss).take(MOST).collect();
    let owner = owner_element(judge.plane.estate, judge.firewall);
    let nameless = judge.request.announced.is_none();
    let mute = nameless && judge.request.packet.transport == Transport::Tcp;
    if mute && let Some(rule) = rule_for_a_name(judge, order, notes) {
        return Denial {
            cause: Cause::L7Unmatchable,
            text: format!(
                "would take {} with a name, but the flow shows none (no SNI, no Host), so no \
                 application rule can match",
                judge.request.packet.service_words()
            ),
            element: rule,
            near,
            log: format!(
                "{}. Action: Deny. Reason: SNI TLS extension was missing",
                log_request(&judge.request)
            ),
        };
    }
    let log = format!(
        "{}. Action: Deny. No rule matched. Proceeding with default action",
        log_request(&judge.request)
    );
    let words = judge.request_words();
    let by_name = judge.request.announced.is_some() && is_application_flow(judge, order);
    let (cause, text) = if meant {
        (
            Cause::RuleFieldMismatch,
            format!("has no rule that allows {words}; one misses it by a single field"),
        )
    } else if by_name {
        (
            Cause::EndpointNotAllowed,
            format!("has no rule that allows {words}, so the deny at its end decides"),
        )
    } else {
        (
            Cause::NetworkRuleMissing,
            format!(
                "has no network rule that allows {words}{}",
                if judge.request.packet.transport == Transport::Tcp {
                    ""
                } else {
                    ", and application rules take TCP only"
                }
            ),
        )
    };
    Denial {
        cause,
        element: owner,
        text,
        near,
        log,
    }
}

/// The request as Azure's logs write it.
pub(super) fn log_request(request: &Request<'_>) -> String {
    let packet = request.packet;
    let source = packet.source.words();
    match (request.announced, packet.port) {
        (Some(name), 80) => format!("HTTP request from {source}:* to {name}:80"),
        (Some(name), 443) => format!("HTTPS request from {source}:* to {name}:443"),
        (_, port) => format!(
            "{} request from {source}:* to {}:{port}",
            packet.transport.keyword().to_ascii_uppercase(),
            packet.destination.words()
        ),
    }
}

/// Whether application rules could carry the flow: HTTP, HTTPS or MSSQL by port, or a port that some rule names.
fn is_application_flow(judge: &Judge<'_>, order: &FirewallOrder<'_>) -> bool {
    let port = judge.request.packet.port;
    judge.request.packet.transport == Transport::Tcp
        && (AppProtocol::ALL
            .into_iter()
            .any(|p| p.default_port() == port)
            || order.application.iter().any(|placed| {
                let mut protocols = placed.rule.protocols.iter();
                protocols.any(|(_, at)| *at == port)
            }))
}

/// An allowing application rule that takes the source and the port, and needs a name to match. Where it is known whose
/// address it is, the rule has to cover one of those names; a rule for other hosts would not help.
fn rule_for_a_name(
    judge: &Judge<'_>,
    order: &FirewallOrder<'_>,
    notes: &mut Notes,
) -> Option<Element> {
    let known = judge.known_names();
    // A private address behind no known name was never meant to be reached by one.
    let facts = judge.plane.facts;
    let address = judge.request.packet.destination.address;
    if known.is_empty() && address.is_some_and(|ip| !is_public(ip, facts.private_ranges())) {
        return None;
    }
    let placed = order.application.iter().find(|placed| {
        let mut names = known.iter();
        placed.action == Action::Allow
            && judge.application_service(placed.rule)
            && judge.source(&placed.rule.sources, notes) == Truth::Yes
            && (known.is_empty()
                || names.any(|name| judge.application_name(placed.rule, name, notes) != Truth::No))
    })?;
    Some(rule_element(
        judge.plane.estate,
        &placed.rule.info,
        placed.place,
    ))
}

/// How near a miss is: what differs, then, of rules whose names differ, how many labels are alike.
type Rank = (u8, Reverse<usize>);

type Ranked = (Rank, NearMiss);

/// How many labels at the end a name has in common with the names of a rule.
fn labels_alike(rule: &ApplicationRule, name: &Fqdn) -> usize {
    let alike = |text: &str| {
        let pairs = text.rsplit('.').zip(name.as_str().rsplit('.'));
        pairs.take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count()
    };
    let names = rule
        .destinations
        .iter()
        .filter_map(|endpoint| match endpoint {
            Endpoint::Plain(Destination::Fqdn(pattern)) => Some(pattern),
            _ => None,
        });
    let counts = names.map(|pattern| match pattern {
        FqdnPattern::Any => 0,
        FqdnPattern::Exact(exact) => alike(exact.as_str()),
        FqdnPattern::Below(parent) => alike(parent.as_str()),
        FqdnPattern::Suffix(end) => alike(end.as_str()),
    });
    counts.max().unwrap_or(0)
}

/// Network rules that miss the flow by one field. Those that name its destination come before those that do not.
fn near_network(judge: &Judge<'_>, order: &FirewallOrder<'_>, notes: &mut Notes) -> Vec<Ranked> {
    let packet = judge.request.packet;
    let mut near = Vec::new();
    for placed in &order.network {
        if placed.action != Action::Allow {
            continue;
        }
        let rule = placed.rule;
        let port = packet.port_in(&rule.ports);
        let transport = judge.transport_in(&rule.transports);
        if !port && !transport {
            continue;
        }
        let source = judge.source(&rule.sources, notes) != Truth::No;
        if !(source || port && transport) {
            continue;
        }
        let destination = judge.network_destination(rule, notes).0 == Truth::Yes;
        let anywhere = rule
            .destinations
            .iter()
            .any(|d| matches!(d, crate::estate::Endpoint::Plain(Destination::Anywhere)));
        let mut differs = Vec::new();
        if !port {
            differs.push(Field::Port);
        }
        if !transport {
            differs.push(Field::Protocol);
        }
        if !source {
            differs.push(Field::Source);
        }
        if !destination {
            differs.push(Field::Destination);
        }
        let [field] = differs.as_slice() else {
            continue;
        };
        // A rule for any destination says nothing about this one.
        let rank = match field {
            Field::Destination => 2,
            _ if anywhere => 3,
            _ => 0,
        };
        let text = match field {
            Field::Port => format!(
                "source, protocol and destination match; its ports do not hold {}",
                packet.port
            ),
            Field::Protocol => format!(
                "source, port and destination match; it does not take {}",
                packet.transport.keyword().to_ascii_uppercase()
            ),
            Field::Source => format!(
                "destination and port match; its sources do not hold {}",
                packet.source.words()
            ),
            _ => format!(
                "source, protocol and port match; its destinations do not hold {}",
                packet.destination.words()
            ),
        };
        near.push((
            (rank, Reverse(0)),
            NearMiss {
                element: rule_element(judge.plane.estate, &rule.info, placed.place),
                differs: differs.clone(),
                text,
            },
        ));
        if near.len() > 16 {
            break;
        }
    }
    near
}

/// Application rules that miss the flow by one field.
fn near_application(
    judge: &Judge<'_>,
    order: &FirewallOrder<'_>,
    notes: &mut Notes,
) -> Vec<Ranked> {
    let mut near = Vec::new();
    let packet = judge.request.packet;
    // A flow that no application rule can carry may still be named by one: then its kind is what differs.
    let carried = packet.transport == Transport::Tcp;
    let Some(name) = judge.request.announced.or(judge.request.name) else {
        return near;
    };
    for placed in &order.application {
        if placed.action != Action::Allow {
            continue;
        }
        let rule = placed.rule;
        let service = carried && judge.application_service(rule);
        let source = judge.source(&rule.sources, notes) != Truth::No;
        if !service && !source {
            continue;
        }
        let named = judge.application_name(rule, name, notes) == Truth::Yes;
        let everything = rule.destinations.iter().any(|d| {
            matches!(
                d,
                crate::estate::Endpoint::Plain(
                    Destination::Anywhere | Destination::Fqdn(crate::net::FqdnPattern::Any)
                )
            )
        });
        let mut differs = Vec::new();
        if !service {
            let same_port = rule.protocols.iter().any(|(_, at)| *at == packet.port);
            differs.push(match (carried, same_port) {
                (false, _) => Field::Kind,
                (true, true) => Field::Protocol,
                (true, false) => Field::Port,
            });
        }
        if !source {
            differs.push(Field::Source);
        }
        if !named {
            differs.push(Field::Name);
        }
        let [field] = differs.as_slice() else {
            continue;
        };
        let rank = match field {
            Field::Name => 1,
            // A tag or a wildcard for everything on other ports is no attempt at this flow.
            _ if everything => 3,
            _ => 0,
        };
        let offered = || {
            let protocols: Vec<String> = rule
                .protocols
                .iter()
                .map(|(protocol, port)| format!("{}:{port}", protocol.keyword()))
                .collect();
            protocols.join(", ")
        };
        let text = match field {
            Field::Name => format!(
                "source and {} match; its names do not cover {name}",
                packet.service_words()
            ),
            Field::Source => format!(
                "name and port match; its sources do not hold {}",
                packet.source.words()
            ),
            Field::Kind => format!(
                "names {name}, but application rules carry HTTP, HTTPS and MSSQL only, not {}",
                packet.service_words()
            ),
            _ => format!(
                "source and name match; it takes {}, not {}",
                offered(),
                packet.service_words()
            ),
        };
        let alike = match field {
            Field::Name => labels_alike(rule, name),
            _ => 0,
        };
        near.push((
            (rank, Reverse(alike)),
            NearMiss {
                element: rule_element(judge.plane.estate, &rule.info, placed.place),
                differs: differs.clone(),
                text,
            },
        ));
        if near.len() > 16 {
            break;
        }
    }
    near
}
