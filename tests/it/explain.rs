//! `tidegate explain` as a process: what it answers, how it ends, and that its JSON keeps to its schema.

use serde_json::Value;

use super::cli::Folder;
use super::support::project;

/// A hub and a spoke: pool `apps` leaves through the firewall of the hub.
const POLICY: &str = "\
egress 1

region westeurope

vnet hub 10.0.0.0/16 {
  subnet AzureFirewallSubnet 10.0.0.0/26
}

vnet spoke 10.1.0.0/16 {
  dns firewall fw
  subnet nodes 10.1.0.0/24 { route-table to-fw  nsg nodes-nsg }
}

peering hub <-> spoke { forwarded-traffic on }

firewall fw in hub {
  private-ip 10.0.0.4
  public-ip 203.0.113.9
  dns-proxy on
}

route-table to-fw {
  route default 0.0.0.0/0 -> firewall fw
}

nsg nodes-nsg { }

identity apps-id { role \"Network Contributor\" on this resource-group }

pool apps in spoke.nodes {
  outbound userDefinedRouting
  identity apps-id
}

require apps -> mcr.microsoft.com https
require apps -> tag AzureMonitor tcp/8443
";

fn folder() -> Folder {
    let folder = Folder::new();
    std::fs::write(folder.path("policy.egress"), POLICY).unwrap();
    folder
}

/// Runs the command and holds what it prints to the schema.
#[track_caller]
fn json(folder: &Folder, arguments: &[&str], code: i32) -> Value {
    let ran = folder.run_with(arguments).ends_with(code);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    keeps_to_schema(&value);
    value
}

/// Holds an explanation as JSON to its published schema.
#[track_caller]
pub(crate) fn keeps_to_schema(value: &Value) {
    let schema = std::fs::read_to_string(project("docs/explanation.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> = validator
        .iter_errors(value)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}\n{value:#}");
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

const FLOW: [&str; 6] = [
    "explain",
    "policy.egress",
    "--format",
    "json",
    "--from",
    "apps",
];

fn flow<'a>(rest: &[&'a str]) -> Vec<&'a str> {
    FLOW.iter().copied().chain(rest.iter().copied()).collect()
}

#[test]
fn a_flow_that_arrives_ends_with_zero() {
    let value = json(&folder(), &flow(&["--to", "mcr.microsoft.com:443"]), 0);
    assert_eq!(text(&value, "/verdict"), "allowed");
    assert_eq!(text(&value, "/source_nat/0"), "203.0.113.9");
    let stages: Vec<&str> = value["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| text(step, "/stage"))
        .collect();
    assert_eq!(
        stages,
        ["dns", "dns", "nsg", "route", "firewall", "route", "snat"]
    );
}

#[test]
fn a_flow_that_no_rule_allows_ends_with_one_and_its_fix_is_tried() {
    let value = json(&folder(), &flow(&["--to", "paste.example.org"]), 1);
    assert_eq!(text(&value, "/verdict"), "denied");
    assert_eq!(text(&value, "/cause"), "firewall.endpoint_not_allowed");
    assert_eq!(text(&value, "/reasons/0/fixes/0/rewritten"), "allowed");
    let edit = text(&value, "/reasons/0/fixes/0/edits/0/text").trim();
    assert_eq!(edit, "require apps -> paste.example.org https");
}

#[test]
fn what_is_not_known_ends_with_three() {
    let value = json(&folder(), &flow(&["--to", "20.42.65.130:8443"]), 3);
    assert_eq!(text(&value, "/verdict"), "uncertain");
    let known = value["assumptions"].as_array().unwrap();
    assert!(
        known
            .iter()
            .any(|text| text.as_str().unwrap().contains("AzureMonitor")),
        "{known:?}"
    );
}

#[test]
fn a_service_tag_file_decides() {
    let folder = folder();
    let file = r#"{"changeNumber": 1, "cloud": "Public", "values": [{"name": "AzureMonitor", "id": "AzureMonitor",
        "properties": {"changeNumber": 1, "region": "", "addressPrefixes": ["20.42.65.0/24"]}}]}"#;
    std::fs::write(folder.path("tags.json"), file).unwrap();
    let held = flow(&["--to", "20.42.65.130:8443", "--service-tags", "tags.json"]);
    assert_eq!(text(&json(&folder, &held, 0), "/verdict"), "allowed");
    let other = flow(&["--to", "20.42.66.130:8443", "--service-tags", "tags.json"]);
    assert_eq!(text(&json(&folder, &other, 1), "/verdict"), "denied");
    std::fs::write(folder.path("tags.json"), "{").unwrap();
    let ran = folder.run_with(&held).ends_with(2);
    assert!(ran.err.contains("tags.json"), "{}", ran.err);
}

#[test]
fn a_pool_is_asked_about_everything_it_needs() {
    let arguments = [
        "explain",
        "policy.egress",
        "--format",
        "json",
        "--pool",
        "apps",
    ];
    let value = json(&folder(), &arguments, 0);
    assert_eq!(value["endpoints"].as_array().unwrap().len(), 2);
    assert_eq!(value["preflight"]["accepted"], true);
}

#[test]
fn many_flows_give_one_verdict_a_row() {
    let folder = folder();
    let csv = "from,to,port,protocol,name,sni\n\
               # a comment\n\
               apps,mcr.microsoft.com,443,tcp,,\n\
               10.1.0.9,203.0.113.77,443,tcp,mcr.microsoft.com,mcr.microsoft.com\n\
               apps,203.0.113.77,443,tcp,,-\n";
    std::fs::write(folder.path("flows.csv"), csv).unwrap();
    let arguments = [
        "explain",
        "policy.egress",
        "--format",
        "json",
        "--flows",
        "flows.csv",
    ];
    let value = json(&folder, &arguments, 1);
    let verdicts = |value: &Value| -> Vec<String> {
        let rows = value["flows"].as_array().unwrap();
        rows.iter()
            .map(|row| text(row, "/verdict").to_owned())
            .collect()
    };
    assert_eq!(verdicts(&value), ["allowed", "allowed", "denied"]);
    let rows = r#"[
        {"from": "apps", "to": "mcr.microsoft.com", "port": 443},
        {"from": "apps", "from_ip": "10.1.0.9", "to": "203.0.113.77", "port": "443", "sni": null},
        {"from": "nobody", "to": "mcr.microsoft.com", "port": 443}
    ]"#;
    std::fs::write(folder.path("flows.csv"), rows).unwrap();
    let value = json(&folder, &arguments, 2);
    assert_eq!(verdicts(&value), ["allowed", "denied", ""]);
    assert!(text(&value, "/flows/2/error").contains("nobody"));
}

#[test]
fn a_message_of_azure_leads_to_the_causes_the_policy_shows() {
    let folder = folder();
    let message = "ReconcileVMSSAgentPoolFailed: VMExtensionProvisioningError … exit status=50";
    let arguments = ["explain", "--format", "json", "--azure-error", message];
    let value = json(&folder, &arguments, 0);
    assert_eq!(value["exit"], 50);
    assert_eq!(
        text(&value, "/errors/0/code"),
        "VMExtensionError_OutboundConnFail"
    );
    let broken = POLICY.replace("-> firewall fw", "-> 10.0.0.5");
    std::fs::write(folder.path("policy.egress"), broken).unwrap();
    let arguments = [
        "explain",
        "policy.egress",
        "--format",
        "json",
        "--azure-error",
        message,
    ];
    let value = json(&folder, &arguments, 1);
    let found: Vec<&str> = value["causes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|cause| !cause["found"].is_null())
        .map(|cause| text(cause, "/cause"))
        .collect();
    assert_eq!(found, ["route.next_hop_unreachable"]);
    let unknown = ["explain", "--azure-error", "something else"];
    folder.run_with(&unknown).ends_with(2);
}

#[test]
fn a_question_that_cannot_be_understood_ends_with_two() {
    let folder = folder();
    for (arguments, words) in [
        (
            &["--from", "appz", "--to", "mcr.microsoft.com"][..],
            "did you mean `apps`?",
        ),
        (
            &["--from", "apps", "--to", "mcr.microsoft.com:0"][..],
            "a port is a number from 1 to 65535",
        ),
        (
            &["--from", "apps", "--to", "bad host"][..],
            "is no target such as",
        ),
        (
            &["--from", "apps", "--to", "mcr.microsoft.com/any"][..],
            "is no protocol of a flow",
        ),
        (
            &["--pool", "appz"][..],
            "there is no pool `appz`; did you mean `apps`?",
        ),
        (&["--flows", "nowhere.csv"][..], "cannot read nowhere.csv"),
        (
            &["--cause", "route.asymetric_return"][..],
            "did you mean `route.asymmetric_return`?",
        ),
        (&["--from", "apps"][..], "--to"),
        (&[][..], "required"),
    ] {
        let all: Vec<&str> = ["explain", "policy.egress"]
            .into_iter()
            .chain(arguments.iter().copied())
            .collect();
        let ran = folder.run_with(&all).ends_with(2);
        assert!(ran.err.contains(words), "{arguments:?}: {}", ran.err);
        assert!(ran.out.is_empty(), "{arguments:?}: {}", ran.out);
    }
    std::fs::write(
        folder.path("policy.egress"),
        POLICY.replace("route-table to-fw  nsg", "route-table nowhere  nsg"),
    )
    .unwrap();
    let ran = folder
        .run_with(&flow(&["--to", "mcr.microsoft.com"]))
        .ends_with(2);
    assert!(ran.err.contains("nowhere"), "{}", ran.err);
}

#[test]
fn every_cause_has_a_page() {
    let folder = folder();
    let list = folder.run_with(&["explain", "--cause"]).ends_with(0).out;
    for cause in tidegate::azure::Cause::ALL {
        assert!(list.contains(cause.slug()), "{cause}");
        let page = folder
            .run_with(&["explain", "--cause", cause.slug()])
            .ends_with(0)
            .out;
        assert!(page.contains("## What to do"), "{cause}");
    }
}
