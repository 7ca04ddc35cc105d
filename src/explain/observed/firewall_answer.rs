//! A connection that a firewall may have made itself shows nothing of what it does with the name.

use crate::azure::rule_sets::{Owner, of_firewall};
use crate::azure::{Element, RulePlace, Site, Stage, Trace, Verdict};
use crate::estate::{Estate, Rules};
use crate::net::Transport;
use crate::probe::Standing;

use super::seen::Observation;

/// The ports that Azure Firewall listens on for names, whatever its rules are.
const WEB: [u16; 2] = [80, 443];

/// Why a connection that was made shows nothing: where application rules decide, or no rule matches on a port of theirs,
/// Azure Firewall completes the handshake itself (MicrosoftDocs/azure-docs, articles/firewall/firewall-faq.yml, on TCP
/// pings).
pub(super) fn answered_by_firewall(
    estate: &Estate,
    observation: &Observation,
    trace: &Trace,
) -> Option<String> {
    let (transport, port) = observation.service?;
    let is_connection = observation.check.is_some() && transport == Transport::Tcp;
    if !is_connection || observation.standing != Standing::Reached {
        return None;
    }
    let by_name = |it: &&Element| match it.site {
        Site::FirewallRule(place) => is_application(estate, place),
        _ => false,
    };
    let decides = match trace.verdict {
        Verdict::Allowed | Verdict::Uncertain => trace.matched.iter().find(by_name)?,
        Verdict::Denied | Verdict::NoReturn => {
            let blocker = trace.decisive().filter(|it| it.stage == Stage::Firewall)?;
            &blocker.element
        }
    };
    match decides.site {
        Site::FirewallRule(_) if !by_name(&decides) => None,
        Site::FirewallRule(_) => Some(format!(
            "{} decides by the name, and for that the firewall makes the connection itself: a connection alone shows nothing",
            decides.name
        )),
        // Another appliance may read names too.
        Site::Appliance(_) => Some(may_answer(decides)),
        _ => is_listened_on(estate, trace, port).then(|| may_answer(decides)),
    }
}

fn may_answer(decides: &Element) -> String {
    format!(
        "where {} denies, the firewall may have made the connection itself: a connection alone shows nothing",
        decides.name
    )
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
    WEB.contains(&port) || ports.any(|it| it == port)
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
