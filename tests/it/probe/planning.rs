//! Which endpoints are tried, and what is said of the others.

use camino::Utf8Path;
use std::fmt::Write as _;
use tidegate::base::MemoryFiles;
use tidegate::cli::analyse;
use tidegate::compile::FirewallModel;
use tidegate::net::{FqdnPattern, FqdnTag};
use tidegate::probe::{Item, Listener, Peer, Plan, Sample, Target, plan};

use crate::support::options;

/// A policy whose pool needs one thing of every form.
const POLICY: &str = "\
egress 1

region westeurope

vnet hub 10.10.0.0/16 {
  dns firewall fw
  subnet AzureFirewallSubnet 10.10.0.0/26
  subnet nodes 10.10.1.0/24 { route-table to-fw }
}

firewall fw in hub { private-ip 10.10.0.4  dns-proxy on }

route-table to-fw { route default 0.0.0.0/0 -> firewall fw }

pool apps in hub.nodes { outbound userDefinedRouting }
pool others in hub.nodes { outbound userDefinedRouting }

require others -> elsewhere.contoso.com https
";

fn planned(requirements: &[&str], samples: &[&str]) -> Plan {
    let mut text = POLICY.to_owned();
    for requirement in requirements {
        let _ = writeln!(text, "require apps -> {requirement} \"so\"");
    }
    let files = MemoryFiles([("p.egress".into(), text)].into());
    let settings = options(FirewallModel::Policy);
    let policy = analyse(Utf8Path::new("p.egress"), &files, &settings).unwrap();
    assert!(!policy.rules_skipped, "{:#?}", policy.findings);
    let held = |tag: &FqdnTag| -> Option<Vec<FqdnPattern>> {
        let is_known = tag.as_str() == "WindowsUpdate";
        let patterns = ["www.contoso.com", "*.update.contoso.com"];
        is_known.then(|| patterns.iter().map(|it| it.parse().unwrap()).collect())
    };
    let samples: Vec<Sample> = samples.iter().map(|it| it.parse().unwrap()).collect();
    let (apps, _) = policy.estate.pools.iter().next().unwrap();
    let own = policy.intent.requirements.iter();
    plan(own.filter(|it| it.pool == apps), &held, &samples)
}

fn shown(plan: &Plan) -> String {
    let mut out = String::new();
    for item in &plan.items {
        let _ = match item {
            Item::Probe(Target {
                destination,
                service,
                peer,
                port,
                protocol,
                listener,
                ..
            }) => {
                assert_eq!(
                    *listener == Listener::Possible,
                    destination.starts_with("fqdn-tag ")
                );
                let peer = match peer {
                    Peer::Name(name) => name.to_string(),
                    Peer::Address(address) => address.to_string(),
                };
                writeln!(out, "{destination} {service}: {protocol:?} {peer} {port}")
            }
            Item::Skip(it) => {
                writeln!(out, "{} {}: not: {}", it.destination, it.service, it.reason)
            }
        };
    }
    out
}

#[test]
fn every_destination_and_service_has_a_row() {
    let plan = planned(
        &[
            "www.contoso.com https",
            "www.contoso.com http/8080",
            "db.contoso.com mssql",
            "*.contoso.com https",
            "192.0.2.7 tcp/443",
            "192.0.2.7 tcp/9092-9094",
            "192.0.2.7 tcp/30000-32767",
            "192.0.2.7 tcp/*",
            "192.0.2.7 udp/123",
            "192.0.2.7 udp/1194",
            "192.0.2.7 icmp",
            "192.0.2.7 any",
            "192.0.2.0/24 tcp/22",
            "tag Storage.WestEurope tcp/443",
        ],
        &[],
    );
    insta::assert_snapshot!("probe_plan", shown(&plan));
    assert!(!shown(&plan).contains("elsewhere"), "of another pool");
}

#[test]
fn samples_stand_for_what_is_wider() {
    let plan = planned(
        &[
            "*.contoso.com https",
            "192.0.2.0/24 tcp/22",
            "tag Storage.WestEurope tcp/443",
        ],
        &[
            "*.contoso.com=a.contoso.com",
            "*.contoso.com=b.contoso.com",
            "192.0.2.0/24=192.0.2.9",
            "Storage.WestEurope=shop.blob.core.windows.net",
            "*.fabrikam.com=a.fabrikam.com",
        ],
    );
    let expected = "\
*.contoso.com https: Tls a.contoso.com 443
*.contoso.com https: Tls b.contoso.com 443
192.0.2.0/24 tcp/22: Tcp 192.0.2.9 22
tag Storage.WestEurope tcp/443: Tls shop.blob.core.windows.net 443
";
    assert_eq!(shown(&plan), expected);
    assert_eq!(plan.unused, ["*.fabrikam.com"]);
}

#[test]
fn a_tag_of_names_is_tried_by_what_it_holds() {
    let plan = planned(
        &["fqdn-tag WindowsUpdate https", "fqdn-tag AzureBackup https"],
        &["*.update.contoso.com=a.update.contoso.com"],
    );
    let shown = shown(&plan);
    assert!(
        shown.contains("WindowsUpdate https: Tls www.contoso.com 443"),
        "{shown}"
    );
    assert!(
        shown.contains("WindowsUpdate https: Tls a.update.contoso.com 443"),
        "{shown}"
    );
    assert!(
        shown.contains("what FQDN tag AzureBackup holds is not published"),
        "{shown}"
    );
}
