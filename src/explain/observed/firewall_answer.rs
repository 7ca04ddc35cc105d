//! A connection that a firewall makes itself shows nothing of what it does with the name.

use crate::azure::rule_sets::{Owner, of_firewall};
use crate::azure::{Element, RulePlace, Site, Stage, Trace, Verdict};
use crate::estate::{Estate, Rules};
use crate::net::{AppProtocol, Transport};
use crate::probe::Standing;

use super::seen::Observation;

/// Why a connection that was made shows nothing, or what one that was not made shows beside that: where application rules
/// decide, or no rule matches on a port of theirs, Azure Firewall completes the handshake itself
/// (MicrosoftDocs/azure-docs, articles/firewall/firewall-faq.yml, on TCP pings).
pub(super) fn answered_by_firewall(
    estate: &Estate,
    observation: &Observation,
    trace: &Trace,
) -> Option<String> {
    let (transport, port) = observation.service?;
    if observation.check.is_none() || transport != Transport::Tcp || observation.ending.is_of_name()
    {
        return None;
    }
    let decides = decides_by_name(estate, trace, port)?;
    let name = &decides.name;
    match observation.standing {
        Standing::Unknown => None,
        Standing::Reached => Some(format!(
            "where {name} decides, the firewall may have made the connection itself: a connection alone shows nothing"
        )),
        Standing::Failed => Some(format!(
            "where {name} decides, the firewall may make the connection itself, so what stopped this one may lie before it"
        )),
    }
}

/// What decides about a flow to a port, where a firewall or an appliance may wait for the name first.
fn decides_by_name<'t>(estate: &Estate, trace: &'t Trace, port: u16) -> Option<&'t Element> {
    let by_name = |it: &&Element| match it.site {
        Site::FirewallRule(place) => is_application(estate, place),
        _ => false,
    };
    if matches!(trace.verdict, Verdict::Allowed | Verdict::Uncertain) {
        return trace.matched.iter().find(by_name);
    }
    let blocker = trace.decisive().filter(|it| it.stage == Stage::Firewall)?;
    let element = &blocker.element;
    let waits = match element.site {
        Site::FirewallRule(_) => by_name(&element),
        // Another appliance may read names too.
        Site::Appliance(_) => true,
        _ => is_listened_on(estate, trace, port),
    };
    waits.then_some(element)
}

/// Whether a firewall on the way waits for names on a port: on those of the web, and those of its application rules.
fn is_listened_on(estate: &Estate, trace: &Trace, port: u16) -> bool {
    let firewalls = trace.path.iter().filter_map(|it| match it.site {
        Site::Firewall(id) => Some(id),
        _ => None,
    });
    let mut ports = firewalls
        .flat_map(|id| of_firewall(estate, id))
        .flat_map(|rules| rules.application_rules())
        .flat_map(|placed| placed.rule.protocols.iter())
        .map(|(_, port)| *port);
    // Those of the web it listens on whatever its rules are.
    let web = [AppProtocol::Http, AppProtocol::Https].map(AppProtocol::default_port);
    web.contains(&port) || ports.any(|it| it == port)
}

fn is_application(estate: &Estate, place: RulePlace) -> bool {
    let collections = match place.owner {
        Owner::Policy(id) => {
            let groups = &estate.firewall_policies[id].groups;
            groups
                .get(place.group)
                .map(|group| group.collections.as_slice())
        }
        Owner::Firewall(id) => Some(estate.firewalls[id].collections.as_slice()),
    };
    let collection = collections.and_then(|it| it.get(place.collection));
    collection.is_some_and(|it| matches!(it.rules, Rules::Application(_)))
}
