//! What Network Watcher holds responsible and the hops that it shows, beside the model.

use std::net::IpAddr;

use crate::azure::next_hop::{Holder, holder_of_address};
use crate::azure::{Blocker, Element, Site, Stage, Trace, Verdict};
use crate::base::Spanned;
use crate::estate::{Direction, Estate};

use super::seen::{Blamed, Check, HopKind, Issue, IssueSeverity, Observation};

/// What Network Watcher holds responsible in the network, where the model does not fail: the likeliest explanation.
pub(super) fn named(estate: &Estate, observation: &Observation) -> Option<String> {
    let check = observation.check.as_ref()?;
    let blamed = of_network(check);
    let words: Vec<String> = blamed.iter().map(|issue| issue_words(issue)).collect();
    if words.is_empty() {
        return None;
    }
    let rules: Vec<String> = blamed
        .iter()
        .filter_map(|issue| whereabouts(estate, &issue.blamed))
        .collect();
    let rules = match rules.is_empty() {
        true => String::new(),
        false => format!("; {}", rules.join("; ")),
    };
    Some(format!(
        "Azure holds {} responsible{rules}",
        words.join(" and ")
    ))
}

/// Both fail: whether at the same element.
pub(super) fn compared(
    estate: &Estate,
    observation: &Observation,
    trace: &Trace,
) -> Option<String> {
    let check = observation.check.as_ref()?;
    let decides = trace.decisive()?;
    let blamed = of_network(check);
    if let Some(same) = blamed.iter().find(|it| is_same(estate, it, decides)) {
        return Some(format!(
            "Azure holds the same responsible: {}",
            issue_words(same)
        ));
    }
    let named = named(estate, observation)?;
    Some(format!(
        "both fail, and not at the same element: {named}. Here {} decides",
        decides.element.name
    ))
}

/// What Network Watcher found beside the network: the machine itself, and what it only warns of.
pub(super) fn beside_the_network(observation: &Observation) -> Vec<String> {
    let Some(check) = &observation.check else {
        return Vec::new();
    };
    let network = of_network(check);
    let others = check.issues.iter().filter(|issue| !network.contains(issue));
    others
        .map(|issue| {
            let words = issue_words(issue);
            match (issue.severity, &issue.blamed) {
                (IssueSeverity::Warning, _) => format!("Azure warns of {words}"),
                (IssueSeverity::Error, _) if network.is_empty() => {
                    format!(
                        "{words} is the reason, so whether the network lets it through is not shown"
                    )
                }
                (IssueSeverity::Error, _) => format!("Azure holds {words} responsible too"),
            }
        })
        .collect()
}

/// What Network Watcher holds responsible and is part of a network.
fn of_network(check: &Check) -> Vec<&Issue> {
    let issues = check.issues.iter();
    issues
        .filter(|issue| issue.severity == IssueSeverity::Error)
        .filter(|issue| !matches!(issue.blamed, Blamed::Machine(_)))
        .collect()
}

fn issue_words(issue: &Issue) -> String {
    match issue.place.is_empty() {
        true => issue.blamed.words(),
        false => format!("{} ({})", issue.blamed.words(), issue.place),
    }
}

fn is_same(estate: &Estate, issue: &Issue, decides: &Blocker) -> bool {
    let is_way = |direction: Direction| issue.direction.is_none_or(|it| it == direction);
    match &issue.blamed {
        Blamed::SecurityRule(name) => match decides.element.site {
            Site::SecurityRule(nsg, index) => {
                let rule = estate.nsgs[nsg].rules.get(index);
                rule.is_some_and(|rule| {
                    rule.name.eq_ignore_ascii_case(name) && is_way(rule.direction)
                })
            }
            _ => false,
        },
        Blamed::DefaultRule(_) => match decides.element.site {
            Site::DefaultRule(_, direction) => is_way(direction),
            _ => false,
        },
        Blamed::SomeSecurityRule => decides.stage == Stage::Nsg,
        Blamed::Route(_) => decides.stage == Stage::Route,
        Blamed::Resolution => decides.stage == Stage::Dns,
        Blamed::Machine(_) | Blamed::Other(_) => false,
    }
}

/// Where the model has a security rule that Azure names.
fn whereabouts(estate: &Estate, blamed: &Blamed) -> Option<String> {
    let Blamed::SecurityRule(name) = blamed else {
        return None;
    };
    let groups = estate.nsgs.iter().map(|(_, nsg)| nsg);
    let having = groups.filter(|nsg| {
        let mut rules = nsg.rules.iter();
        rules.any(|rule| rule.name.eq_ignore_ascii_case(name))
    });
    let having: Vec<String> = having.map(|nsg| format!("`{}`", nsg.meta.name)).collect();
    Some(match having.is_empty() {
        true => format!("no security group here has a rule `{name}`"),
        false => {
            let groups = if having.len() == 1 { "group" } else { "groups" };
            format!(
                "a rule of that name is in security {groups} {} here, and does not decide",
                having.join(", ")
            )
        }
    })
}

/// Appliances that are expected on the way and no hop of the check, and the other way round.
pub(super) fn hops(estate: &Estate, observation: &Observation, trace: &Trace) -> Vec<String> {
    let Some(check) = &observation.check else {
        return Vec::new();
    };
    let shown: Vec<IpAddr> = check.hops.iter().filter_map(|hop| hop.address).collect();
    // A check that ends where it starts shows no way.
    if check.hops.iter().all(|hop| hop.kind == HopKind::Source) {
        return Vec::new();
    }
    let mut expected: Vec<IpAddr> = Vec::new();
    let mut all = Vec::new();
    for element in &trace.path {
        let addresses = addresses_of(estate, element);
        let is_shown = addresses.iter().any(|address| shown.contains(address));
        if !addresses.is_empty() && !is_shown {
            let words: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            all.push(format!(
                "the way is expected to lead through {} ({}), which is no hop of the check",
                element.name,
                words.join(", ")
            ));
        }
        expected.extend(addresses);
    }
    let appliances = check.hops.iter();
    let appliances = appliances.filter(|hop| hop.kind == HopKind::Appliance);
    for address in appliances.filter_map(|hop| hop.address) {
        let is_unheld = holder_of_address(estate, address) == Holder::Nobody;
        // Behind what stops the flow the way is not known.
        let is_followed = trace.verdict != Verdict::Denied;
        let is_other = !expected.contains(&address) && observation.address != Some(address);
        if is_other && (is_unheld || is_followed) {
            let why = match is_unheld {
                true => "which nothing here has",
                false => "which is not on the way here",
            };
            all.push(format!("the check shows an appliance at {address}, {why}"));
        }
    }
    // A way may pass the same appliance twice.
    all.dedup();
    all
}

/// The addresses that packets are sent to on the way through an element; none for what is no next hop.
fn addresses_of(estate: &Estate, element: &Element) -> Vec<IpAddr> {
    let several =
        |addresses: &[Spanned<IpAddr>]| addresses.iter().map(|address| address.value).collect();
    match element.site {
        Site::Firewall(id) => {
            let address = &estate.firewalls[id].private_ip;
            address.iter().map(|address| address.value).collect()
        }
        Site::Appliance(id) => several(&estate.appliances[id].private_ips),
        Site::LoadBalancer(id) => several(&estate.load_balancers[id].private_ips),
        _ => Vec::new(),
    }
}
