//! Policies that go over Azure's limits, and what a limit of a rule collection group does to names.

use std::fmt::Write as _;

use camino::Utf8Path;
use tidegate::azure::facts::Facts;
use tidegate::base::MemoryFiles;
use tidegate::cli::{Analysis, analyse};
use tidegate::compile::FirewallModel;
use tidegate::diag::{Id, Severity};
use tidegate::emit;
use tidegate::estate::Estate;

use super::support::options;

const HEAD: &str = "egress 1
region westeurope
vnet net 10.0.0.0/16 {
  subnet nodes 10.0.1.0/24 { route-table egress }
  subnet AzureFirewallSubnet 10.0.0.0/26
}
firewall fw in net { private-ip 10.0.0.4 }
route-table egress { route default 0.0.0.0/0 -> firewall fw }
identity nodes-id { role \"Network Contributor\" on this resource-group }
pool p in net.nodes { outbound userDefinedRouting  identity nodes-id }
";

fn analysis(text: String) -> Analysis {
    let files = MemoryFiles([("big.egress".into(), text)].into());
    let options = options(FirewallModel::Policy);
    analyse(Utf8Path::new("big.egress"), &files, &options).unwrap()
}

/// A policy with this many network rules, an address each.
fn addresses(count: usize) -> String {
    let mut text = HEAD.to_owned();
    for index in 0..count {
        let (high, low) = (index / 256, index % 256);
        let _ = writeln!(text, "require p -> 192.168.{high}.{low} tcp/9092");
    }
    text
}

/// A policy with this many application rules, a name each.
fn names(count: usize) -> String {
    let mut text = HEAD.to_owned();
    for index in 0..count {
        let _ = writeln!(
            text,
            "require p -> host-{index}.example.com https \"service number {index}\""
        );
    }
    text
}

#[test]
fn more_rules_than_azure_takes_are_refused_where_they_go_over() {
    let analysis = analysis(addresses(21_000));
    let errors: Vec<String> = analysis
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| {
            let place = finding
                .primary
                .as_ref()
                .map(|label| analysis.sources.describe(label.span));
            format!(
                "{} {}: {}",
                finding.id,
                place.unwrap_or_default(),
                finding.message
            )
        })
        .collect();
    // The head has ten lines, and the 20,001st requirement is the first over the limit.
    assert_eq!(
        errors,
        [
            "TG9001 big.egress:20011:1: firewall `fw` has 21,000 source and destination pairs in network rules, \
          1,000 more than Azure takes"
        ]
    );
}

#[test]
fn rules_within_the_limits_are_fine() {
    let analysis = analysis(addresses(1_000));
    assert!(!analysis.has(Severity::Warning), "{:?}", analysis.findings);
}

#[test]
fn a_group_that_would_outgrow_its_limit_is_split_and_rules_stay_where_they_are() {
    let groups = |count: usize| placements(&analysis(names(count)).estate);
    let (before, after) = (groups(9_000), groups(9_001));
    let parts = |rules: &[(String, String)]| {
        let mut parts: Vec<String> = rules.iter().map(|(group, _)| group.clone()).collect();
        parts.dedup();
        parts
    };
    assert_eq!(
        parts(&before),
        [
            "pool-p-1-of-4",
            "pool-p-2-of-4",
            "pool-p-3-of-4",
            "pool-p-4-of-4"
        ]
    );
    let moved: Vec<_> = before.iter().filter(|rule| !after.contains(rule)).collect();
    assert!(moved.is_empty(), "{moved:?}");
    assert_eq!(after.len(), before.len() + 1);
}

/// Group and name of every application rule.
fn placements(estate: &Estate) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for group in estate
        .firewall_policies
        .iter()
        .flat_map(|(_, policy)| &policy.groups)
    {
        for collection in &group.collections {
            if let tidegate::estate::Rules::Application(rules) = &collection.rules {
                out.extend(
                    rules
                        .iter()
                        .map(|rule| (group.name.to_string(), rule.info.name.to_string())),
                );
            }
        }
    }
    out
}

#[test]
fn no_group_is_larger_than_azure_takes() {
    let analysis = analysis(names(9_000));
    assert!(
        !analysis
            .findings
            .iter()
            .any(|finding| finding.id == Id::TG9001)
    );
    let template = emit::template(&analysis.estate, Facts::builtin(), &analysis.sources);
    let text = emit::render(&template, emit::Format::Arm);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let limit = Facts::builtin()
        .limit(tidegate::azure::facts::Limit::FirewallRuleCollectionGroupBytes)
        .value;
    let groups = json["resources"].as_array().unwrap().iter();
    let sizes: Vec<usize> = groups
        .filter(|resource| {
            resource["type"]
                .as_str()
                .unwrap()
                .ends_with("ruleCollectionGroups")
        })
        .map(|resource| resource["properties"].to_string().len())
        .collect();
    assert_eq!(sizes.len(), 4);
    assert!(sizes.iter().all(|size| (*size as u64) < limit), "{sizes:?}");
}
