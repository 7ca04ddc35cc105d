//! Policies written from estates: they parse, stand in the formatter's layout, and mean the estate they come from.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use tidegate::base::{MemoryFiles, Origin, SourceMap, Span, Spanned};
use tidegate::cli::{Analysis, analyse};
use tidegate::compile::FirewallModel;
use tidegate::emit::egress::{Written, policy_text};
use tidegate::estate::{
    Access, Action, ApplicationRule, Direction, DnsServers, Endpoint, Estate, Firewall,
    FirewallSettings, Home, IpGroup, Meta, NetworkRule, NextHop, Nsg, Peering, Pool,
    PrivateDnsZone, PrivateEndpointPolicies, Ref, Region, Route, RouteDestination, RouteTable,
    RuleCollection, RuleInfo, Rules, SecurityRule, Subnet, Table, Tier, VirtualHub, Vnet, ZoneLink,
};
use tidegate::intent::Intent;
use tidegate::net::{AppProtocol, Destination, OpenKind, OpenValue, PortRange, Transport};
use tidegate::syntax::{Lowered, Parameters, format, load, lower, parse};

use super::incidents;
use super::policy::{built_in, lines};
use super::support::{Project, options, policies_in};

/// The folders whose policies are read, written and read again.
const FOLDERS: [&str; 5] = [
    "policies",
    "policies/broken",
    "fixtures/conformance",
    "fixtures/readme",
    "fixtures/refused",
];

fn policies() -> impl Iterator<Item = Utf8PathBuf> {
    FOLDERS.iter().flat_map(|folder| {
        let names = policies_in(folder).into_iter();
        names.map(move |name| Utf8PathBuf::from(format!("{folder}/{name}.egress")))
    })
}

fn in_memory(text: &str) -> MemoryFiles {
    MemoryFiles(BTreeMap::from([("written.egress".into(), text.to_owned())]))
}

/// The meaning of a text, which must parse and stand in the formatter's layout.
fn read(text: &str, of: &str) -> (SourceMap, Lowered) {
    let (mut sources, library) = built_in();
    let file = sources.add("written.egress", text.to_owned());
    let parsed = parse(&sources, file);
    assert_eq!(lines(&sources, &parsed.findings), "", "{of}:\n{text}");
    let formatted = format(&sources, &parsed).unwrap();
    assert_eq!(formatted, text, "{of} is laid out");
    let lowered = lower(&[parsed], library, &Parameters::new());
    (sources, lowered)
}

fn read_file(path: &Utf8Path) -> Lowered {
    let (mut sources, library) = built_in();
    let loaded = load(&mut sources, &Project, path).unwrap();
    lower(&loaded.files, library, &Parameters::new())
}

/// What an estate is, without the places where it is written. Peerings are compared whatever their order, and names
/// without regard to case.
fn shape(estate: &Estate) -> Vec<String> {
    let mut estate = estate.clone();
    let mut peerings: Vec<Peering> = estate.peerings.iter().map(|(_, it)| it.clone()).collect();
    peerings.sort_by_key(|it| format!("{:?} {:?}", it.from, it.to).to_ascii_lowercase());
    estate.peerings = Table::default();
    for peering in peerings {
        estate.peerings.push(peering);
    }
    let mut rest = format!("{estate:#?}");
    let mut text = String::new();
    while let Some((before, after)) = rest.split_once("Span {") {
        text.push_str(before);
        text.push_str("Span");
        rest = after.split_once('}').unwrap().1.to_owned();
    }
    text.push_str(&rest);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let rule = "Some( RuleText { whole: Span, source: Span, destination: Span, service: Span, }, )";
    let mut words = words.replace(rule, "None");
    for field in ["body", "written", "forwarded_text"] {
        words = words.replace(
            &format!("{field}: Some( Span, )"),
            &format!("{field}: None"),
        );
    }
    words
        .to_ascii_lowercase()
        .split(", ")
        .map(str::to_owned)
        .collect()
}

fn assert_same(of: &str, written: &Written, one: &Estate, other: &Estate) {
    let (one, other) = (shape(one), shape(other));
    let at = one.iter().zip(&other).position(|(one, other)| one != other);
    let at = at.or((one.len() != other.len()).then_some(one.len().min(other.len())));
    if let Some(at) = at {
        let near =
            |side: &[String]| side[at.saturating_sub(6)..(at + 6).min(side.len())].join(", ");
        panic!(
            "{of} changes:\n{}\n{}\n{}",
            near(&one),
            near(&other),
            written.text
        );
    }
}

#[test]
fn every_policy_comes_back() {
    for path in policies() {
        let lowered = read_file(&path);
        let written = policy_text(&lowered.estate, &lowered.intent);
        let (_, again) = read(&written.text, path.as_str());
        assert_same(path.as_str(), &written, &lowered.estate, &again.estate);
        let left_out: Vec<&str> = written.left_out.iter().map(|it| it.what.as_str()).collect();
        assert_eq!(left_out, [""; 0], "{path}");
        let twice = policy_text(&again.estate, &again.intent);
        assert_eq!(twice.text, written.text, "{path}");
    }
}

#[test]
fn every_policy_is_judged_as_before() {
    let judged = |analysis: &Analysis| {
        let findings = analysis.findings.iter();
        let mut ids: Vec<String> = findings.map(|it| it.id.to_string()).collect();
        ids.sort();
        ids
    };
    for path in policies() {
        let options = options(FirewallModel::Policy);
        let lowered = read_file(&path);
        let written = policy_text(&lowered.estate, &lowered.intent);
        let before = analyse(&path, &Project, &options).unwrap();
        let after = analyse("written.egress".into(), &in_memory(&written.text), &options).unwrap();
        assert_eq!(
            judged(&before),
            judged(&after),
            "{path}:\n{}\n{}",
            lines(&after.sources, &after.findings),
            written.text
        );
    }
}

/// A text without its comments.
fn said(text: &str) -> String {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

#[test]
fn every_incident_can_be_written() {
    for (name, estate) in incidents::estates() {
        let written = policy_text(&estate, &Intent::default());
        let (_, again) = read(&written.text, &name);
        let twice = policy_text(&again.estate, &again.intent);
        assert_eq!(said(&twice.text), said(&written.text), "{name}");
    }
}
