//! Connectivity checks of Network Watcher, held against what is expected.

use serde_json::{Value, json};

use super::super::cli::{Folder, Ran};
use super::keeps_to_schema;

/// A hub and a spoke: the pool has two subnets and leaves through the firewall of the hub. Another pool has a third.
const POLICY: &str = "\
egress 1

region westeurope

vnet hub 10.0.0.0/16 {
  subnet AzureFirewallSubnet 10.0.0.0/26
}

vnet spoke 10.1.0.0/16 {
  subnet nodes 10.1.0.0/24 { route-table to-fw  nsg nodes-nsg }
  subnet batch 10.1.1.0/24 { route-table to-fw  nsg nodes-nsg }
  subnet jobs 10.1.2.0/24 { route-table to-fw }
}

peering hub <-> spoke { forwarded-traffic on }

firewall fw in hub { private-ip 10.0.0.4  public-ip 203.0.113.9 }

route-table to-fw {
  route default 0.0.0.0/0 -> firewall fw
  route nowhere 203.0.113.128/25 -> none
}

nsg nodes-nsg {
  rule no-mail 400 outbound deny from any to any tcp/25
}

identity apps-id { role \"Network Contributor\" on this resource-group }

pool apps in spoke.nodes, spoke.batch {
  outbound userDefinedRouting
  identity apps-id
}

require apps -> www.contoso.com https
require apps -> 203.0.113.50 tcp/5432
";

/// The second pool, for what has to choose.
const JOBS: &str = "
pool jobs in spoke.jobs {
  outbound userDefinedRouting
  identity apps-id
}
";

const SOURCE: &str = "10.1.1.7";

fn hop(kind: &str, address: &str, issues: Value) -> Value {
    json!({
        "type": kind, "id": address, "address": address, "resourceId": "Unknown", "nextHopIds": [], "issues": issues,
    })
}

/// A check over the firewall to an address of the Internet.
fn reachable(address: &str) -> Value {
    json!({
        "connectionStatus": "Reachable",
        "avgLatencyInMs": 3, "minLatencyInMs": 2, "maxLatencyInMs": 9, "probesSent": 66, "probesFailed": 0,
        "hops": [
            hop("Source", SOURCE, json!([])),
            hop("VirtualAppliance", "10.0.0.4", json!([])),
            hop("Internet", address, json!([])),
        ],
    })
}

fn unreachable(address: &str, issues: Value) -> Value {
    json!({
        "connectionStatus": "Unreachable",
        "avgLatencyInMs": null, "minLatencyInMs": null, "maxLatencyInMs": null, "probesSent": 30, "probesFailed": 30,
        "hops": [hop("Source", SOURCE, issues), hop("Destination", address, json!([]))],
    })
}

fn issue(kind: &str, context: Value) -> Value {
    json!({"origin": "Outbound", "severity": "Error", "type": kind, "context": context})
}

fn rule(name: &str) -> Value {
    json!([issue(
        "NetworkSecurityRule",
        json!([{"key": "RuleName", "value": name}])
    )])
}

fn explained(policy: &str, seen: &str, more: &str) -> Ran {
    let folder = Folder::new();
    folder.write("policy.egress", policy);
    folder.write("seen.json", seen);
    folder.run(&format!(
        "explain policy.egress --observed seen.json --today 2026-11-30 {more}"
    ))
}

/// What is told of one check, from its headings on.
#[track_caller]
fn rows(check: &Value, to: &str, code: i32) -> String {
    let ran = explained(POLICY, &check.to_string(), &format!("--to {to}")).ends_with(code);
    let (_, rows) = ran.out.split_once("\n\n").unwrap();
    rows.to_owned()
}

#[test]
fn what_azure_names_is_the_likeliest_explanation() {
    let check = unreachable("198.51.100.20", rule("UserRule_no-web"));
    insta::assert_snapshot!(rows(&check, "www.contoso.com:443", 1));
    // The model has the rule, and it is not the one that decides.
    let check = unreachable("198.51.100.20", rule("UserRule_no-mail"));
    let text = rows(&check, "www.contoso.com:443", 1);
    let there = "a rule of that name is in security group `nodes-nsg` here, and does not decide";
    assert!(flowed(&text).contains(there), "{text}");
    let routed = json!([issue(
        "UserDefinedRoute",
        json!([{"key": "RouteType", "value": "User"}])
    )]);
    let text = rows(&unreachable("198.51.100.20", routed), "www.contoso.com", 1);
    assert!(
        text.contains("maybe     Azure holds a user-defined route (outbound,"),
        "{text}"
    );
}

/// A text without its line breaks.
fn flowed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A rule of that name that filters the other way is another one.
#[test]
fn the_direction_of_a_rule_counts() {
    let mut inbound = rule("UserRule_no-mail");
    inbound[0]["origin"] = json!("Inbound");
    let text = rows(
        &unreachable("198.51.100.25", inbound),
        "mail.contoso.com:25",
        0,
    );
    assert!(text.contains("not at the same element"), "{text}");
}

#[test]
fn both_fail_at_the_same_element_or_not() {
    let mail = |issues| unreachable("198.51.100.25", issues);
    insta::assert_snapshot!(
        "same",
        rows(&mail(rule("UserRule_NO-MAIL")), "mail.contoso.com:25", 0)
    );
    let default = mail(rule("DefaultRule_DenyAllOutBound"));
    insta::assert_snapshot!("different", rows(&default, "mail.contoso.com:25", 0));
    // The newer shape: what is wrong stands at links too, and more than one thing.
    let mut check = unreachable("203.0.113.200", json!([issue("RouteMissing", json!([]))]));
    check["hops"][0]["links"] = json!([{
        "issues": [issue("UserDefinedRoute", json!({"ErrorMessage": "NextHop Type None, NextHop IP "}))],
    }]);
    insta::assert_snapshot!("route", rows(&check, "203.0.113.200:443", 0));
}

#[test]
fn a_machine_that_is_the_reason_shows_nothing_of_the_network() {
    let own = json!([issue("GuestFirewall", json!([]))]);
    insta::assert_snapshot!(rows(
        &unreachable("198.51.100.20", own),
        "www.contoso.com",
        3
    ));
    let mut busy = issue("CPU", json!([]));
    busy["severity"] = json!("Warning");
    let text = rows(
        &unreachable("198.51.100.20", json!([busy])),
        "www.contoso.com",
        1,
    );
    assert!(
        text.contains("note      Azure warns of the load of the machine's"),
        "{text}"
    );
}

#[test]
fn a_connection_is_no_evidence_where_names_decide() {
    let web = reachable("198.51.100.20");
    insta::assert_snapshot!("by_name", rows(&web, "www.contoso.com:443", 3));
    let text = rows(&web, "www.fabrikam.com:443", 3);
    assert!(
        text.contains("where firewall policy `fw-policy` decides, the"),
        "{text}"
    );
    // One that was not made is evidence, though something before the firewall may be the reason.
    let text = rows(
        &unreachable("198.51.100.20", json!([])),
        "www.fabrikam.com:443",
        0,
    );
    assert!(text.contains("this one may lie before it"), "{text}");
    // Network rules decide by what a connection shows.
    let text = rows(&reachable("203.0.113.50"), "203.0.113.50:5432", 0);
    assert!(text.starts_with("agree"), "{text}");
    let text = rows(&reachable("203.0.113.51"), "203.0.113.51:5432", 1);
    assert!(text.starts_with("disagree"), "{text}");
    // Some connections were made.
    let mut lossy = reachable("203.0.113.50");
    lossy["connectionStatus"] = json!("Degraded");
    lossy["probesFailed"] = json!(12);
    assert!(rows(&lossy, "203.0.113.50:5432", 0).contains("12 of 66 probes failed"));
    lossy["probesFailed"] = json!(66);
    assert!(rows(&lossy, "203.0.113.50:5432", 3).contains("untold"));
}

#[test]
fn the_hops_are_held_against_the_way() {
    let mut check = reachable("203.0.113.50");
    check["hops"][1]["address"] = json!("10.0.9.9");
    let text = rows(&check, "203.0.113.50:5432", 0);
    assert!(
        text.contains("firewall `fw` (10.0.0.4), which is no"),
        "{text}"
    );
    assert!(
        text.contains("shows an appliance at 10.0.9.9, which nothing here has"),
        "{text}"
    );
    let name = unreachable("198.51.100.20", json!([issue("DnsResolution", json!([]))]));
    let text = rows(&name, "www.contoso.com", 1);
    assert!(
        text.contains("dns_failure") && text.contains("the resolution of the name"),
        "{text}"
    );
}

/// The same object as PowerShell writes it.
fn with_capitals(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(with_capitals).collect(),
        Value::Object(members) => {
            let members = members.iter().map(|(key, value)| {
                let (first, rest) = key.split_at(1);
                (first.to_ascii_uppercase() + rest, with_capitals(value))
            });
            Value::Object(members.collect())
        }
        other => other.clone(),
    }
}

#[test]
fn several_checks_and_keys_in_any_case_are_read() {
    let one = unreachable("198.51.100.25", rule("UserRule_no-mail"));
    let mut other = one.clone();
    other["hops"][0]["address"] = json!("10.1.0.9");
    let apart = explained(
        POLICY,
        &json!([one, other]).to_string(),
        "--to mail.contoso.com:25",
    )
    .ends_with(0);
    assert!(
        apart.out.contains("agree          2 of 2") && apart.out.contains("from 10.1.0.9"),
        "{}",
        apart.out
    );
    let lines = format!("{}\n{}\n", with_capitals(&one), with_capitals(&other));
    let together = explained(POLICY, &lines, "--to mail.contoso.com:25").ends_with(0);
    assert_eq!(apart.out, together.out);
}

#[test]
fn programs_get_the_same() {
    let checks = json!([
        reachable("198.51.100.20"),
        unreachable("198.51.100.20", rule("UserRule_no-web"))
    ]);
    let ran = explained(
        POLICY,
        &checks.to_string(),
        "--to www.contoso.com --format json",
    )
    .ends_with(1);
    keeps_to_schema(&ran.out);
    insta::assert_snapshot!(ran.out);
}

#[test]
fn what_a_check_does_not_tell_has_to_be_said() {
    let both = format!("{POLICY}{JOBS}");
    let check = reachable("198.51.100.20").to_string();
    let six = reachable("2001:db8::9").to_string();
    let odd = check.replace("Reachable", "Perhaps");
    let cut = unreachable(
        "198.51.100.20",
        json!(["Microsoft.Azure.PSConnectivityIssue"]),
    )
    .to_string();
    let bad = check.replace("10.0.0.4", "10.0.0");
    for (policy, seen, more, wrong) in [
        (POLICY, &check, "", "as in --to 198.51.100.20:443"),
        (POLICY, &six, "", "as in --to [2001:db8::9]:443"),
        (
            POLICY,
            &check,
            "--to https://x:443",
            "--to: `https://x:443` is no target",
        ),
        (
            POLICY,
            &check,
            "--to 198.51.100.9:443",
            "check 1 went to 198.51.100.20, and not to 198.51.100.9",
        ),
        (
            &both,
            &check,
            "--to www.contoso.com",
            "--pool says it, one of apps, jobs",
        ),
        (
            &both,
            &check,
            "--to www.contoso.com --pool job",
            "did you mean `jobs`?",
        ),
        (
            &both,
            &check,
            "--to www.contoso.com --pool jobs",
            "it was tried from 10.1.1.7, which is in no subnet of pool `jobs` (spoke/jobs 10.1.2.0/24); pool `apps` has it",
        ),
        (
            POLICY,
            &cut,
            "--to www.contoso.com",
            "is no issue (check 1): it was cut off when it was written; in PowerShell write it with ConvertTo-Json -Depth 10",
        ),
        (
            POLICY,
            &check,
            "--to www.contoso.com:443/udp",
            "connectivity checks speak TCP and ICMP, and not udp",
        ),
        (
            POLICY,
            &odd,
            "--to www.contoso.com",
            "`Perhaps` is no connection status (check 1)",
        ),
        (
            POLICY,
            &bad,
            "--to www.contoso.com",
            "`10.0.0` is no address of a hop (check 1)",
        ),
        (
            POLICY,
            &check,
            "--to www.contoso.com --from apps",
            "cannot be used with '--from <WHO>'",
        ),
        (
            POLICY,
            &check,
            "--to www.contoso.com --sni x.com",
            "cannot be used with '--sni <NAME>'",
        ),
        (
            POLICY,
            &check,
            "--flows x.csv",
            "cannot be used with '--flows <FILE>'",
        ),
    ] {
        let ran = explained(policy, seen, more).ends_with(2);
        assert!(ran.err.contains(wrong), "{more}: {}", ran.err);
    }
    explained(&both, &check, "--to www.contoso.com --pool apps").ends_with(3);
    // One without a connection status among others.
    let ran = explained(
        POLICY,
        &json!([reachable("198.51.100.20"), {}]).to_string(),
        "--to x.com",
    );
    assert!(
        ran.ends_with(2)
            .err
            .contains("`null` is no connection status (check 2)")
    );
}
