//! Policies written from estates: they parse, stand in the formatter's layout, and mean the estate they come from.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use tidegate::base::{MemoryFiles, Origin, SourceMap};
use tidegate::cli::{Analysis, analyse};
use tidegate::compile::FirewallModel;
use tidegate::diag::{Id as FindingId, Severity};
use tidegate::emit::egress::{Written, policy_text};
use tidegate::estate::{
    Endpoint, Estate, Home, Id, Meta, NextHop, Peering, Ref, Region, Rules, Table, VirtualHub, Vnet,
};
use tidegate::intent::Intent;
use tidegate::net::{Destination, OpenKind, OpenValue};
use tidegate::syntax::{Lowered, Parameters, format, load, lower, parse};

use super::incidents;
use super::policy::{built_in, lines};
use super::support::{Project, options, policies_in};

/// The folders whose policies are read, written and read again.
const FOLDERS: [&str; 6] = [
    "policies",
    "policies/broken",
    "fixtures/conformance",
    "fixtures/lint/TG7011",
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

/// Whether some of a policy means nothing, so that nothing of it can be written.
fn has_mistakes(lowered: &Lowered) -> bool {
    let mut findings = lowered.findings.iter();
    findings.any(|finding| finding.severity == Severity::Error)
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
    for field in ["body", "written", "forwarded_text", "forwarding_text"] {
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
        if has_mistakes(&lowered) {
            continue;
        }
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
        if has_mistakes(&lowered) {
            continue;
        }
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

/// The words of a text without its comments, and without blocks in which nothing else stands.
fn said(text: &str) -> String {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let mut words: Vec<&str> = Vec::new();
    for word in lines.flat_map(str::split_whitespace) {
        if word == "}" && words.last() == Some(&"{") {
            words.pop();
        } else {
            words.push(word);
        }
    }
    words.join(" ")
}

#[test]
fn every_incident_can_be_written() {
    for (name, estate) in incidents::estates() {
        let written = policy_text(&estate, &Intent::default());
        let (_, again) = read(&written.text, &name);
        let twice = policy_text(&again.estate, &again.intent);
        // Reading gives the effects of Azure Policy in Azure's spelling.
        let lower = |text: &str| said(text).to_ascii_lowercase();
        assert_eq!(lower(&twice.text), lower(&written.text), "{name}");
    }
}

/// Holds a text against `snapshots/written/NAME.snap`.
fn hold(name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => "snapshots/written",
        omit_expression => true,
        prepend_module_to_snapshot => false,
    }, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn a_rich_estate_is_written_as_shown() {
    for name in ["what-is-described", "hub-and-spoke"] {
        let lowered = read_file(Utf8Path::new(&format!(
            "fixtures/conformance/{name}.egress"
        )));
        hold(name, &policy_text(&lowered.estate, &lowered.intent).text);
    }
}

/// Every name of the estate that is a resource's, and those of rules, collections and routes.
fn rename(estate: &mut Estate, name: &str) {
    macro_rules! metas {
        ($($table:ident),*) => {$(
            for id in estate.$table.ids() {
                estate.$table[id].meta.name = name.into();
            }
        )*};
    }
    metas!(
        vnets,
        subnets,
        route_tables,
        nsgs,
        security_groups,
        firewalls,
        firewall_policies,
        ip_groups,
        public_ips,
        nat_gateways,
        load_balancers,
        gateways,
        appliances,
        private_endpoints,
        dns_servers,
        services,
        proxies,
        identities,
        pools
    );
    for id in estate.route_tables.ids() {
        for route in &mut estate.route_tables[id].routes {
            route.name = name.into();
        }
    }
    for id in estate.nsgs.ids() {
        for rule in &mut estate.nsgs[id].rules {
            rule.name = name.into();
            rule.description = name.to_owned();
        }
    }
    for id in estate.firewall_policies.ids() {
        for group in &mut estate.firewall_policies[id].groups {
            group.name = name.into();
            for collection in &mut group.collections {
                collection.name = name.into();
                if let Rules::Network(rules) = &mut collection.rules {
                    for rule in rules {
                        rule.info.name = name.into();
                        rule.info.description = name.to_owned();
                    }
                }
            }
        }
    }
}

#[test]
fn no_name_keeps_a_policy_from_being_read() {
    let names = [
        "",
        " ",
        "a b",
        "${parameters('prefix')}-vnet",
        "a{b}",
        "\"q\"",
        "//",
        "a//b",
        "->",
        "a->b",
        "a<-b",
        "$x",
        "\u{e9}",
        "x\ny",
        "vnet",
        "a.b",
        "10.0.0.1",
        "-",
        "system-assigned",
        "managed",
        "any",
        "a,b=c",
        "\\",
        "nbsp\u{a0}",
        "[resourceId('a/b', 'c')]",
    ];
    for file in ["what-is-described", "hub-and-spoke"] {
        let path = format!("fixtures/conformance/{file}.egress");
        let lowered = read_file(Utf8Path::new(&path));
        for name in names {
            let mut estate = lowered.estate.clone();
            rename(&mut estate, name);
            let written = policy_text(&estate, &Intent::default());
            let (sources, again) = read(&written.text, name);
            let follows = [
                FindingId::TG0004,
                FindingId::TG0007,
                FindingId::TG0008,
                FindingId::TG0014,
            ];
            let findings = again.findings.iter();
            let wrong: Vec<_> = findings
                .filter(|it| follows.contains(&it.id))
                .cloned()
                .collect();
            assert_eq!(lines(&sources, &wrong), "", "{name:?}:\n{}", written.text);
            let twice = policy_text(&again.estate, &again.intent);
            assert_eq!(said(&twice.text), said(&written.text), "{name:?}");
        }
    }
}

fn unknown<T>(name: &str) -> Ref<T> {
    Ref {
        id: None,
        name: name.into(),
        origin: Origin::Platform,
    }
}

fn in_group(group: &str) -> Home {
    Home::Existing {
        resource_group: Some(group.into()),
        subscription: None,
    }
}

fn odd_estate() -> Estate {
    let ranges: Vec<String> = (0..40).map(|n| format!("203.0.113.{n}")).collect();
    let tags: Vec<String> = (0..12)
        .map(|n| format!("tag AzureService{n}.WestEurope"))
        .collect();
    let text = include_str!("written/odd.egress")
        .replace("MANY_ADDRESSES", &ranges.join(", "))
        .replace("MANY_TAGS", &tags.join(", "));
    let (mut sources, library) = built_in();
    let file = sources.add("odd.egress", text);
    let parsed = parse(&sources, file);
    assert_eq!(lines(&sources, &parsed.findings), "");
    lower(&[parsed], library, &Parameters::new()).estate
}

#[test]
fn what_is_odd_or_unknown_is_said() {
    let mut estate = odd_estate();
    let vnets: Vec<Id<Vnet>> = estate.vnets.ids().collect();
    estate.region = Region::Named("West Europe".into());
    estate.vnets[vnets[0]].meta.name = "${parameters('prefix')}-vnet".into();
    for (vnet, group) in [(vnets[1], "first-rg"), (vnets[2], "second-rg")] {
        estate.vnets[vnet].meta.name = "spoke".into();
        estate.vnets[vnet].meta.home = in_group(group);
    }
    estate.vnets[vnets[2]].prefixes.clear();
    estate.vnets[vnets[3]].meta.name = "branch.north".into();
    for id in estate.subnets.ids().take(1) {
        estate.subnets[id].prefixes.clear();
        estate.subnets[id].nsg = Some(unknown("[variables('nsg')]"));
    }
    for id in estate.peerings.ids().take(1) {
        estate.peerings[id].to = unknown("/subscriptions/1/virtualNetworks/far");
    }
    for id in estate.route_tables.ids() {
        estate.route_tables[id].routes[0].next_hop.value = NextHop::Firewall(unknown("fw2"));
        estate.route_tables[id].routes[1].name = "to the office".into();
    }
    for id in estate.nsgs.ids() {
        let rules = &mut estate.nsgs[id].rules;
        rules[0].name = "Allow DNS (out)".into();
        rules[0].description = "two\nlines, and a \"quote\"".to_owned();
        rules[1].sources.clear();
        rules[2]
            .destinations
            .push(Endpoint::IpGroup(unknown("partners")));
    }
    for id in estate.firewalls.ids() {
        estate.firewalls[id].vnet = unknown("hub-elsewhere");
    }
    for id in estate.firewall_policies.ids() {
        let collection = &mut estate.firewall_policies[id].groups[0].collections[0];
        let Rules::Network(rules) = &mut collection.rules else {
            continue;
        };
        rules[0].destinations = vec![Endpoint::Plain(Destination::Open(OpenValue {
            parameter: "api_server_ip".into(),
            kind: OpenKind::Address,
        }))];
    }
    let zones: Vec<_> = estate
        .dns_zones
        .iter()
        .map(|(_, zone)| zone.clone())
        .collect();
    for mut zone in zones {
        zone.meta.home = in_group("second-rg");
        estate.dns_zones.push(zone);
    }
    for id in estate.pools.ids() {
        estate.pools[id].subnets.clear();
    }
    estate.hubs.push(VirtualHub {
        meta: Meta {
            name: "wan-hub".into(),
            origin: Origin::Platform,
            body: None,
            home: Home::Deployed,
        },
        wan: None,
        prefix: None,
        without_default: Vec::new(),
        connections: Vec::new(),
        firewall: None,
        internet_routing: true,
        private_routing: false,
        intent: None,
    });
    let written = policy_text(&estate, &Intent::default());
    hold("odd", &written.text);
    for left_out in &written.left_out {
        let named = left_out.what.starts_with("the name of ");
        assert!(
            named || written.text.contains(&left_out.what),
            "{}",
            left_out.what
        );
    }
    let (_, again) = read(&written.text, "odd");
    let twice = policy_text(&again.estate, &again.intent);
    assert_eq!(said(&twice.text), said(&written.text));
}
