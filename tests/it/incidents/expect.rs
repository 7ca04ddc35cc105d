//! Whether what the evaluator said is what a check expects.

use std::net::IpAddr;

use serde_json::Value;
use tidegate::azure::Cause;

use super::document::{Fields, Problems, text_of};
use super::observed::{Observed, Seen};
use super::path::Path;

/// The keys with which a path into a file begins.
const HEADS: [&str; 29] = [
    "cluster",
    "identities",
    "role_assignments",
    "role_definitions",
    "deny_assignments",
    "vnets",
    "peerings",
    "route_tables",
    "nsgs",
    "firewalls",
    "firewall_policies",
    "load_balancers",
    "nat_gateways",
    "private_dns_zones",
    "private_endpoints",
    "vwan_hubs",
    "services",
    "nvas",
    "asgs",
    "ip_groups",
    "proxies",
    "resource_groups",
    "subscriptions",
    "policy_assignments",
    "gateways",
    "dns_servers_vm",
    "public_ips",
    "service_endpoint_policies",
    "topology",
];

/// Every difference between what is expected and what was observed.
pub(super) fn compare(expected: &Value, observed: &Observed) -> Vec<String> {
    let problems = Problems::default();
    if let Some(fields) = Fields::of(expected, "expected", &problems) {
        // For people: what a user sees where Azure says nothing.
        fields.skip(&["symptom", "verdict"]);
        for difference in differences(&fields, expected, observed) {
            problems.note(difference);
        }
    }
    problems.into_list()
}

fn differences(fields: &Fields<'_>, expected: &Value, observed: &Observed) -> Vec<String> {
    let mut found = Vec::new();
    let mut differ = |what: &str, shown: String| found.push(format!("{what} {shown}"));
    let verdict = expected
        .get("verdict")
        .and_then(text_of)
        .unwrap_or_default();
    let fails = verdict == "fails" && observed.misleads;
    if verdict != observed.verdict && !fails {
        differ("verdict", observed.verdict.to_owned());
    }
    let passes = verdict == "allow";
    let blocking = fields.text("blocking_element");
    if let Some(cause) = fields.text("cause")
        && observed.cause != Some(cause.as_str())
        && !(passes && is_passed_by(&cause, observed, blocking.as_deref()))
    {
        differ("cause", observed.cause.unwrap_or("none").to_owned());
    }
    if let Some(text) = &blocking {
        let decides = observed.element.as_ref().is_some_and(|seen| is(text, seen));
        // Nothing blocks what passes; the element meant is one on the way.
        let on_the_way = passes && observed.element.is_none() && any(text, &observed.steps);
        if !decides && !on_the_way {
            differ("element", shown(observed.element.as_ref()));
        }
    }
    if let Some(text) = fields.text("irrelevant_element")
        && let Some(path) = Path::leading(&text)
        && let Some(seen) = &observed.element
        && seen.paths.iter().any(|own| own.is_within(&path))
    {
        differ("element", seen.to_string());
    }
    if let Some(text) = fields.text("nearest_rule")
        && !observed.near.first().is_some_and(|seen| is(&text, seen))
    {
        differ("nearest rule", list(&observed.near));
    }
    for text in fields.texts("shadowed") {
        if !any(&text, &observed.shadowed) {
            differ("shadowed", list(&observed.shadowed));
        }
    }
    for text in fields.texts("matched") {
        let route = Path::leading(&text).is_some_and(|path| path.head() == "route_tables");
        // Routes let nothing through; they are steps.
        let asked = if route {
            &observed.steps
        } else {
            &observed.matched
        };
        if !any(&text, asked) && !any(&text, &observed.matched) {
            differ("matched", list(&observed.matched));
        }
    }
    if fields.get("path").is_some() && !follows(&fields.texts("path"), &observed.path) {
        differ("path", list(&observed.path));
    }
    if let Some(value) = fields.raw("source_nat") {
        let wanted = fields.texts("source_nat");
        let none = value.is_null() || wanted == ["none"];
        let has = |text: &String| {
            let address = text.parse::<IpAddr>();
            address.is_ok_and(|address| observed.source_nat.contains(&address))
        };
        let right = if none {
            observed.source_nat.is_empty()
        } else {
            wanted.iter().all(has)
        };
        if !right {
            differ("source address", format!("{:?}", observed.source_nat));
        }
    }
    if fields.get("missing_actions").is_some() {
        let sorted = |actions: &[String]| {
            let lower = actions.iter().map(|action| action.to_ascii_lowercase());
            let mut actions: Vec<String> = lower.collect();
            actions.sort();
            actions
        };
        if sorted(&fields.texts("missing_actions")) != sorted(&observed.missing_actions) {
            differ("missing actions", observed.missing_actions.join(", "));
        }
    }
    for text in fields.texts("firewall_log") {
        let log = observed.log.as_deref().unwrap_or("");
        if !has_pieces(log, &text) {
            differ("log", format!("`{log}`"));
        }
    }
    if let Some(answer) = fields.text("answer") {
        let address = observed.answered.map(|address| address.to_string());
        if observed.answer != Some(answer.as_str()) && address != Some(answer.clone()) {
            differ("answer", observed.answer.unwrap_or("unknown").to_owned());
        }
    }
    if let Some(error) = fields.map("azure_error") {
        // The status follows from the code, and `when` says in which operation it shows.
        error.skip(&["http", "when"]);
        let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
        for code in error.texts("code") {
            if !observed.codes.iter().any(|own| same(own, &code)) {
                differ("codes", observed.codes.join(", "));
            }
        }
        for exit in error.texts("exit") {
            if !observed.exits.iter().any(|own| own.to_string() == exit) {
                differ("exits", format!("{:?}", observed.exits));
            }
        }
        for text in error.texts("text") {
            let lower = text.to_ascii_lowercase();
            let mut messages = observed.messages.iter();
            if !messages.any(|message| message.to_ascii_lowercase().contains(&lower)) {
                differ("messages", observed.messages.join(" / "));
            }
        }
    }
    found
}

/// Whether a flow that passes shows a cause all the same: a rule that was meant to stop it was not asked, or, for a
/// cause that is not about rules, it took its way by the element that is named.
fn is_passed_by(cause: &str, observed: &Observed, blocking: Option<&str>) -> bool {
    let not_asked = |heads: &[&str]| {
        let mut seen = observed.shadowed.iter();
        seen.any(|seen| heads.contains(&head(seen)))
    };
    if cause == Cause::OrderOrPrecedence.slug() {
        not_asked(&["firewall_policies", "firewalls"])
    } else if cause.starts_with("nsg.") {
        not_asked(&["nsgs", "cluster"])
    } else {
        blocking.is_some_and(|text| any(text, &observed.steps))
    }
}

fn any(text: &str, seen: &[Seen]) -> bool {
    seen.iter().any(|seen| is(text, seen))
}

/// Whether a text of a file means this element.
pub(super) fn is(text: &str, seen: &Seen) -> bool {
    let leading = Path::leading(text);
    if let Some(path) = leading.as_ref().filter(|path| HEADS.contains(&path.head()))
        && path.is_specific()
    {
        return seen.paths.iter().any(|own| own.agrees(path));
    }
    if let Some(names) = short_form(text) {
        return seen.paths.iter().any(|own| own.names().ends_with(&names));
    }
    let head = leading.as_ref().map_or("", Path::head);
    let names = seen
        .paths
        .iter()
        .filter_map(|path| path.names().last().copied());
    seen.paths.iter().any(|path| path.head() == head)
        || names.into_iter().any(|name| has_word(text, name))
}

/// The names of `group/collection/rule`.
fn short_form(text: &str) -> Option<Vec<&str>> {
    let (first, _) = text.split_once(' ').unwrap_or((text, ""));
    first.contains('/').then(|| first.split('/').collect())
}

/// Whether a name stands in a text as a word of its own.
fn has_word(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let mut found = text.match_indices(name);
    !name.is_empty()
        && found.any(|(at, _)| {
            let (before, rest) = text.split_at(at);
            let (_, behind) = rest.split_at(name.len());
            !before.ends_with(part) && !behind.starts_with(part)
        })
}

/// Whether a path passes what is named, in this order, and no appliance or gateway that is not.
fn follows(names: &[String], path: &[Seen]) -> bool {
    let mut rest = path.iter();
    let named = |seen: &Seen| names.iter().any(|name| is_stop(name, seen));
    names
        .iter()
        .all(|name| rest.any(|seen| is_stop(name, seen)))
        && path
            .iter()
            .all(|seen| !DEVICES.contains(&head(seen)) || named(seen))
}

/// The lists of what forwards packets.
const DEVICES: [&str; 4] = ["firewalls", "nvas", "gateways", "vwan_hubs"];

fn head(seen: &Seen) -> &str {
    seen.paths.first().map_or("", Path::head)
}

fn is_stop(name: &str, seen: &Seen) -> bool {
    let plain = |text: &str| {
        let letters = text.chars().filter(|c| c.is_ascii_alphanumeric());
        letters.collect::<String>().to_ascii_lowercase()
    };
    let gateway = plain(name) == "virtualnetworkgateway";
    seen.short() == name
        || has_word(&seen.name, name)
        || (gateway && head(seen) == "gateways")
        || ((gateway || name == "internet") && plain(&seen.name).contains(&plain(name)))
}

/// Whether a log line holds a text, in which `*` stands for anything.
fn has_pieces(log: &str, text: &str) -> bool {
    let log = log.to_ascii_lowercase();
    let text = text.to_ascii_lowercase();
    let mut rest = log.as_str();
    !log.is_empty()
        && text.split('*').all(|piece| match rest.split_once(piece) {
            Some((_, behind)) => {
                rest = behind;
                true
            }
            None => false,
        })
}

fn shown(seen: Option<&Seen>) -> String {
    seen.map_or("none".to_owned(), Seen::to_string)
}

fn list(seen: &[Seen]) -> String {
    let names: Vec<String> = seen.iter().map(Seen::to_string).collect();
    format!("[{}]", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(path: &str) -> Seen {
        Seen {
            name: String::new(),
            paths: vec![Path::parse(path).unwrap()],
        }
    }

    #[test]
    fn texts_mean_elements() {
        for (text, path) in [
            ("topology.nsgs[a].rules[b] (why)", "nsgs[a].rules[b]"),
            ("firewall_policies[fp]: no rule", "firewall_policies[fp]"),
            (
                "role_assignments: id-aks has no role that covers rt",
                "identities[id-aks]",
            ),
            (
                "role_assignments (the Contributor of sp)",
                "role_assignments[sp]",
            ),
            (
                "no public IP, LB outbound rule on agentpool",
                "vnets[v].subnets[agentpool]",
            ),
            (
                "vnet-spoke.dns_servers is not the firewall",
                "vnets[vnet-spoke]",
            ),
            (
                "rcg-aks/app/aks",
                "firewall_policies[fp].groups[rcg-aks].collections[app].rules[aks]",
            ),
            ("nsg-aks/AllowVnetOut", "nsgs[nsg-aks].rules[AllowVnetOut]"),
        ] {
            assert!(is(text, &seen(path)), "{text} {path}");
        }
        for (text, path) in [
            ("topology.nsgs[a].rules[b] (why)", "nsgs[a].rules[c]"),
            ("topology.nsgs[a].rules[b] (not c)", "nsgs[c]"),
            ("no public IP on agentpool", "vnets[v].subnets[agent]"),
            ("role_assignments: id-aks has no role", "cluster.identity"),
            (
                "rcg-aks/app/aks",
                "firewall_policies[fp].groups[rcg].collections[app].rules[aks]",
            ),
        ] {
            assert!(!is(text, &seen(path)), "{text} {path}");
        }
        assert!(
            !is("topology.nsgs[a]", &Seen::default()),
            "Azure's own has no path"
        );
    }

    #[test]
    fn every_difference_is_told() {
        let observed = Observed {
            verdict: "deny",
            cause: Some("nsg.outbound_deny"),
            element: Some(seen("nsgs[a].rules[b]")),
            exits: vec![50],
            log: Some("HTTPS request from 10.1.0.5:443 to a.b. Action: Deny. No rule".to_owned()),
            ..Observed::default()
        };
        let differences =
            |text: &str| compare(&super::super::document::read(text).unwrap(), &observed);
        let right = "{verdict: deny, cause: nsg.outbound_deny, blocking_element: 'nsgs[a].rules[b]', azure_error: {exit: 50}, \
                     firewall_log: 'from 10.1.0.5:* to a.b. Action: Deny', irrelevant_element: 'nsgs[a].rules[c]'}";
        assert_eq!(differences(right), [""; 0]);
        assert_eq!(
            differences(
                "{verdict: allow, cause: egress.no_snat, blocking_element: 'nsgs[a].rules[c]', matched: x, path: [aks], \
                 source_nat: 1.2.3.4, azure_error: {exit: [50, 51]}, unheard: 1}"
            ),
            [
                "verdict deny",
                "cause nsg.outbound_deny",
                "element nsgs[a].rules[b]",
                "matched []",
                "path []",
                "source address []",
                "exits [50]",
                "unknown key expected.unheard",
            ]
        );
    }

    #[test]
    fn paths_are_followed_in_order() {
        let stop = |name: &str, path: &str| Seen {
            name: name.to_owned(),
            paths: Path::parse(path).into_iter().collect(),
        };
        let path = [
            stop("subnet `aks`", "vnets[v].subnets[aks]"),
            stop("firewall `afw`", "firewalls[afw]"),
            stop("the Internet", ""),
        ];
        let names = |names: &[&str]| {
            names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>()
        };
        assert!(follows(&names(&["aks", "afw", "internet"]), &path));
        assert!(
            !follows(&names(&["aks", "internet"]), &path),
            "it passes the firewall"
        );
        assert!(!follows(&names(&["afw", "aks"]), &path));
        assert!(!follows(&names(&["aks", "ergw"]), &path));
        assert!(follows(
            &names(&["VirtualNetworkGateway"]),
            &[stop("the virtual network gateway", "")]
        ));
    }
}
