//! `tidegate optimize`: fewer rules that do the same, proved.

use serde_json::Value;

use super::cli::{Folder, Ran};
use super::support::{TODAY, project};

fn fixture(name: &str) -> String {
    std::fs::read_to_string(project(&format!("fixtures/optimize/{name}"))).unwrap()
}

fn optimize(folder: &Folder, arguments: &str) -> Ran {
    folder.run(&format!("optimize {arguments} --today {TODAY}"))
}

fn folder() -> Folder {
    let folder = Folder::new();
    for name in ["rules.egress", "group.json"] {
        folder.write(name, fixture(name));
    }
    folder
}

#[test]
fn answers_for_people_and_for_programs() {
    let folder = folder();
    let run = |arguments: &str| optimize(&folder, arguments).ends_with(0).out;
    insta::assert_snapshot!("optimize_text", run("rules.egress"));
    insta::assert_snapshot!("optimize_json", run("group.json --format json"));
}

#[test]
fn the_rules_alone_are_a_policy_to_go_on_with() {
    let folder = folder();
    let before = fixture("rules.egress");
    let smaller = optimize(&folder, "rules.egress --format egress").ends_with(0);
    let resources = before.split("nsg web-nsg {").next().unwrap();
    let firewall = before.split("firewall fw in hub").nth(1).unwrap();
    let firewall = firewall.split("firewall-policy rules").next().unwrap();
    let after = format!("{resources}firewall fw in hub{firewall}{}", smaller.out);
    folder.write("smaller.egress", after);
    let diff = format!("diff rules.egress smaller.egress --today {TODAY}");
    folder.run(&diff).ends_with(0);
    let again = optimize(&folder, "smaller.egress --check").ends_with(0);
    assert!(again.out.contains("nothing to take away"), "{}", again.out);
}

#[test]
fn whoever_asks_is_told_that_fewer_would_do() {
    let folder = folder();
    optimize(&folder, "rules.egress --check").ends_with(1);
    optimize(&folder, "absent.egress").ends_with(2);
}

#[test]
fn changed_resources_are_written() {
    let folder = folder();
    let ran = optimize(&folder, "group.json --patch smaller").ends_with(0);
    assert!(ran.err.contains("patch.json"), "{}", ran.err);
    let patch: Value = serde_json::from_str(&folder.read("smaller/patch.json")).unwrap();
    let rules = &patch["resources"][0]["properties"]["securityRules"];
    assert_eq!(rules[0]["name"], "office-1");
    assert_eq!(
        rules[0]["properties"]["sourceAddressPrefix"],
        "203.0.113.0/24"
    );
}

/// A policy with one security group and one firewall, whose rules are given.
fn policy(security: &[&str], network: &[&str], application: &[&str]) -> String {
    let numbered = security.iter().enumerate();
    let security: String = numbered
        .map(|(at, rule)| format!("  rule r{at} {} inbound {rule}\n", 100 + at))
        .collect();
    let collection = |kind: &str, rules: &[&str]| -> String {
        let numbered = rules.iter().enumerate();
        let each = numbered.map(|(at, rule)| {
            let (action, rule) = rule.split_once(' ').unwrap();
            let priority = 200 + at;
            format!("  {kind}-rules {kind}-{at} {priority} {action} {{ rule {kind}{at} {rule} }}\n")
        });
        each.collect()
    };
    format!(
        "egress 1\nregion westeurope\nvnet v 10.0.0.0/16 {{ subnet s 10.0.1.0/24 {{ nsg n }}\n  subnet \
         AzureFirewallSubnet 10.0.0.0/26 }}\nsecurity-group web\nsecurity-group shop\nip-group lan = \
         10.0.0.0/9, 10.128.0.0/9\nnsg n {{\n{security}}}\nfirewall fw in v {{ private-ip 10.0.0.4  public-ip \
         20.1.2.3  dns-proxy on\n{}{} }}\n",
        collection("network", network),
        collection("application", application)
    )
}

/// What is done with which rule, as JSON tells it.
fn done(policy: String) -> Vec<String> {
    let folder = Folder::new();
    folder.write("p.egress", policy);
    let ran = optimize(&folder, "p.egress --format json").ends_with(0);
    let answer: Value = serde_json::from_str(&ran.out).unwrap();
    let lists = answer["lists"].as_array().unwrap().iter();
    let steps = lists.flat_map(|list| list["steps"].as_array().unwrap());
    let told = steps.map(|step| {
        let by = step["by"].as_array().unwrap().iter();
        let by: Vec<&str> = by.map(|rule| rule["name"].as_str().unwrap()).collect();
        let name = step["rule"]["name"].as_str().unwrap();
        format!("{name} {} {}", step["what"].as_str().unwrap(), by.join(","))
    });
    told.map(|text| text.trim_end().to_owned()).collect()
}

#[test]
fn security_rules_are_taken_away_and_joined_where_nothing_between_objects() {
    for (rules, expected) in [
        (
            &[
                "allow from 10.1.0.0/24 to any tcp/443",
                "allow from 10.3.0.0/24 to any tcp/443",
            ][..],
            &["r1 joined r0"][..],
        ),
        (
            &[
                "allow from 10.1.0.0/24 to any tcp/443",
                "deny from 10.3.0.7 to any any",
                "allow from 10.3.0.0/24 to any tcp/443",
            ],
            &[],
        ),
        (
            &[
                "allow from 10.1.0.0/24 to any tcp/443",
                "deny from 10.4.0.7 to any any",
                "allow from 10.3.0.0/24 to any tcp/443",
            ],
            &["r2 joined r0"],
        ),
        // A rule takes one tag; what a group holds is not known, and one group is not another.
        (
            &[
                "allow from tag Storage to any tcp/443",
                "allow from tag Sql to any tcp/443",
                "allow from security-group web to any tcp/443",
                "allow from security-group shop to any tcp/443",
            ],
            &[],
        ),
        (
            &[
                "allow from any to any tcp/80",
                "allow from any to any udp/80",
                "allow from any to any tcp/81",
            ],
            &["r2 joined r0"],
        ),
        (
            &[
                "allow from 10.0.0.0/25, 10.0.0.128/25, 10.0.0.9 to any tcp/80, tcp/81",
                "deny from any to any any",
                "allow from any to any tcp/80",
            ],
            &["r2 never_asked r1", "r0 shortened"],
        ),
    ] {
        assert_eq!(done(policy(rules, &[], &[])), expected, "{rules:?}");
    }
}

#[test]
fn firewall_rules_of_several_kinds_are_looked_at_together() {
    let names = "allow from any to api.contoso.com https";
    for (network, application, expected) in [
        // Network rules are asked before application rules.
        (
            &["deny from any to any tcp/443"][..],
            &[names][..],
            &["application0 decided_by_network_rules network0"][..],
        ),
        (&["deny from any to 20.0.0.0/8 tcp/443"], &[names], &[]),
        // A packet to a name goes to an address, too.
        (
            &[
                "deny from any to 20.0.0.0/8 tcp/443",
                "allow from any to api.contoso.com tcp/443",
                "deny from any to 20.0.0.0/7 tcp/443",
            ],
            &[],
            &[],
        ),
        (
            &[
                "deny from any to 20.0.0.0/8 tcp/443",
                "deny from any to 20.0.0.0/7 tcp/443",
            ],
            &[],
            &["network0 said_later network1"],
        ),
        (
            &["allow from ip-group lan, 10.1.0.0/16 to 20.0.0.0/8 tcp/443"],
            &[
                "allow from any to *.contoso.com, api.contoso.com https",
                "allow from any to *.contoso.com https",
            ],
            &[
                "application1 never_asked application0",
                "application0 shortened",
            ],
        ),
    ] {
        let policy = policy(&[], network, application);
        assert_eq!(done(policy), expected, "{network:?} {application:?}");
    }
}

#[test]
fn names_of_rules_may_be_kept() {
    let folder = folder();
    let ran = optimize(&folder, "rules.egress --keep-names --format json").ends_with(0);
    assert!(ran.out.contains("said_later") && !ran.out.contains("joined"));
}

#[test]
fn rules_that_are_not_all_known_are_left_and_that_is_said() {
    let folder = Folder::new();
    let template = fixture("group.json").replace(
        "\"securityRules\": [",
        "\"securityRules\": \"[parameters('rules')]\", \"was\": [",
    );
    folder.write("group.json", template);
    let ran = optimize(&folder, "group.json").ends_with(0);
    assert!(ran.out.contains("left as they are"), "{}", ran.out);
    assert!(ran.out.contains("rules are not known"), "{}", ran.out);
}
