//! `tidegate lint` as a user runs it, and what it has in common with `explain --estate` and `import`.

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use super::cli::Folder;

/// A network security group that lets everybody in by SSH.
const OPEN: &str = r#"{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "parameters": {
    "source": { "type": "string", "defaultValue": "*" },
    "prefix": { "type": "string" }
  },
  "resources": [
    {
      "type": "Microsoft.Network/networkSecurityGroups",
      "apiVersion": "2024-05-01",
      "name": "jump",
      "location": "westeurope",
      "properties": {
        "securityRules": [
          {
            "name": "ssh",
            "properties": {
              "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp",
              "sourceAddressPrefix": "[parameters('source')]", "sourcePortRange": "*",
              "destinationAddressPrefix": "*", "destinationPortRange": "22"
            }
          }
        ]
      }
    },
    {
      "type": "Microsoft.Network/virtualNetworks",
      "apiVersion": "2024-05-01",
      "name": "net",
      "location": "westeurope",
      "properties": {
        "addressSpace": { "addressPrefixes": ["[parameters('prefix')]"] },
        "subnets": [
          {
            "name": "hosts",
            "properties": {
              "addressPrefix": "[parameters('prefix')]",
              "defaultOutboundAccess": false,
              "networkSecurityGroup": { "id": "[resourceId('Microsoft.Network/networkSecurityGroups', 'jump')]" }
            }
          }
        ]
      }
    }
  ]
}
"#;

const VALUES: &str = r#"{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
  "contentVersion": "1.0.0.0",
  "parameters": { "prefix": { "value": "10.0.0.0/24" }, "source": { "value": "192.0.2.7" } }
}
"#;

/// An export as `az network nsg list` prints it.
const EXPORT: &str = r#"[{
  "id": "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/jump",
  "location": "westeurope", "name": "jump", "resourceGroup": "rg", "type": "Microsoft.Network/networkSecurityGroups",
  "securityRules": [{
    "access": "Allow", "destinationAddressPrefix": "*", "destinationPortRange": "22", "direction": "Inbound",
    "id": "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/jump/securityRules/ssh",
    "name": "ssh", "priority": 100, "protocol": "Tcp", "sourceAddressPrefix": "Internet", "sourcePortRange": "*"
  }]
}]
"#;

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("infra/main.json", OPEN);
    folder
}

fn ids(out: &str) -> Vec<&str> {
    let starts = out.split('[').skip(1);
    starts
        .filter_map(|rest| rest.split(']').next())
        .filter(|id| id.starts_with("TG"))
        .collect()
}

#[test]
fn a_folder_is_walked_and_what_is_found_has_its_place() {
    let folder = folder();
    folder.write("infra/package.json", "{\"name\": \"left-pad\"}");
    folder.write("infra/broken.json", "{ not ours");
    folder.write("infra/.gitignore", "generated\n");
    folder.write("infra/generated/main.json", OPEN);
    let ran = folder
        .run("lint infra --format concise --no-config")
        .ends_with(0);
    assert!(
        ran.out.contains("infra/main.json:17:22: warning[TG4010]"),
        "{}",
        ran.out
    );
    assert!(
        !ran.out.contains("generated") && !ran.out.contains("broken"),
        "{}",
        ran.out
    );
}

#[test]
fn warnings_fail_when_they_should() {
    let folder = folder();
    folder
        .run("lint infra --no-config --fail-on warning")
        .ends_with(1);
    folder
        .run("lint infra --no-config --fail-on error")
        .ends_with(0);
    folder.write("tidegate.yaml", "fail-on: warning\n");
    folder.run("lint infra").ends_with(1);
    folder.run("lint infra --fail-on error").ends_with(0);
}

#[test]
fn parameter_files_give_values() {
    let folder = folder();
    let before = folder
        .run("lint infra/main.json --no-config --format concise")
        .ends_with(0);
    assert!(ids(&before.out).contains(&"TG0031"), "{}", before.out);
    folder.write("prod.parameters.json", VALUES);
    let ran = folder
        .run("lint infra/main.json --parameters prod.parameters.json --no-config --format concise")
        .ends_with(0);
    assert!(
        !ids(&ran.out).contains(&"TG0031") && !ids(&ran.out).contains(&"TG4010"),
        "{}",
        ran.out
    );
    folder.write("infra/main.parameters.json", VALUES);
    let beside = folder
        .run("lint infra --no-config --format concise")
        .ends_with(0);
    assert_eq!(beside.out, ran.out);
}

#[test]
fn standard_input_is_read() {
    let folder = Folder::new();
    let mut child = folder
        .command("lint - --no-config --format concise")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(EXPORT.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.contains("<stdin>:7:14: warning[TG4010]"), "{out}");
}

#[test]
fn a_configuration_sets_levels_and_leaves_files_out() {
    let folder = folder();
    folder.write("infra/old/main.json", OPEN);
    folder.write(
        "tidegate.yaml",
        "rules:\n  TG4010: error\n  TG0*: off\npaths:\n  exclude: [\"infra/old/**\"]\n",
    );
    let ran = folder.run("lint infra --format concise").ends_with(1);
    assert!(
        ran.out.contains("error[TG4010]") && !ran.out.contains("TG0031"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("old"), "{}", ran.out);
    folder.write("tidegate.yaml", "rules:\n  TG9999: off\n");
    let ran = folder.run("lint infra").ends_with(2);
    assert!(
        ran.err
            .contains("tidegate.yaml:2:11: there is no rule `TG9999`"),
        "{}",
        ran.err
    );
}

#[test]
fn assertions_of_the_organisation_hold_for_every_network() {
    let folder = folder();
    folder.write("prod.json", VALUES);
    folder.write(
        "pool.egress",
        "egress 1\nvnet hub 10.1.0.0/16 {\n  subnet jump 10.1.1.0/24 { nsg open }\n}\nnsg open {\n  rule all 100 outbound allow from any to any any\n}\n",
    );
    folder.write(
        "tidegate.yaml",
        "rules: { TG1*: off, TG2*: off, TG4*: off }\nassertions:\n  \
         - from: [\"host*\"]\n    reaches: [mcr.microsoft.com]\n    over: [https]\n    because: images come from there\n  \
         - from: [host?, hub/jump]\n    never-reaches: [0.0.0.0/0]\n    over: [tcp/22]\n    severity: warning\n  \
         - from: [nowhere]\n    never-reaches: [any]\n    over: [any]\n",
    );
    let ran = folder
        .run("lint infra pool.egress --parameters prod.json --format concise")
        .ends_with(0);
    insta::assert_snapshot!(ran.out);
    let ran = folder.run("lint infra --parameters prod.json --color never");
    insta::assert_snapshot!(ran.err);
}

#[test]
fn an_assertion_that_cannot_be_followed_is_told() {
    let folder = folder();
    folder.write(
        "tidegate.yaml",
        "assertions:\n  - from: [hosts]\n    never-reaches: [0.0.0.0/0]\n    over: [tcp/22]\n",
    );
    // The subnet's prefix is a parameter without a value.
    let ran = folder.run("lint infra --format concise").ends_with(0);
    let said = "note[TG7011] whether subnet `hosts` keeps an assertion cannot be followed";
    assert!(ran.out.contains(said), "{}", ran.out);
}

#[test]
fn an_assertion_with_a_mistake_has_its_place() {
    let folder = folder();
    for (text, message) in [
        (
            "- from: [a]\n    over: [https]",
            "2:11: an assertion has one of `reaches`, `never-reaches` and `only-reaches`",
        ),
        (
            "- from: []\n    reaches: [any]\n    over: [https]",
            "2:11: an assertion names subnets",
        ),
        (
            "- from: [\"a[\"]\n    reaches: [any]\n    over: [https]",
            "2:12: ",
        ),
        (
            "- from: [a]\n    reaches: [10.0.0.0/33]\n    over: [https]",
            "3:15: `10.0.0.0/33`",
        ),
        (
            "- from: [a]\n    reaches: [any]\n    over: [ftp]",
            "4:12: `ftp`: expected a service",
        ),
        ("- to: [a]", "2:5: "),
    ] {
        folder.write("tidegate.yaml", format!("assertions:\n  {text}\n"));
        let ran = folder.run("lint infra").ends_with(2);
        assert!(
            ran.err.contains(&format!("tidegate.yaml:{message}")),
            "{}",
            ran.err
        );
    }
}

#[test]
fn what_is_ignored_with_a_reason_is_silent_and_an_idle_ignore_is_told() {
    let folder = folder();
    let name = "\"name\": \"ssh\",";
    let with = |comment: &str| OPEN.replace(name, &format!("{name} // tidegate: ignore {comment}"));
    folder.write("infra/main.json", with("TG4010 \"behind a proxy\""));
    let ran = folder
        .run("lint infra --no-config --format concise")
        .ends_with(0);
    assert!(!ran.out.contains("TG4010"), "{}", ran.out);
    folder.write(
        "infra/main.json",
        with("TG4010 \"for now\" until 2020-01-31"),
    );
    let ran = folder
        .run("lint infra --no-config --format concise")
        .ends_with(0);
    assert!(
        ran.out.contains("TG4010") && ran.out.contains("warning[TG0021]"),
        "{}",
        ran.out
    );
    folder.write("infra/main.json", with("TG1001 \"no reason\""));
    let ran = folder
        .run("lint infra --no-config --format concise")
        .ends_with(0);
    assert!(ran.out.contains("warning[TG0020]"), "{}", ran.out);
}

#[test]
fn a_baseline_accepts_what_is_old_and_shows_what_is_new() {
    let folder = folder();
    folder
        .run("lint infra --no-config --write-baseline base.json")
        .ends_with(0);
    let ran = folder
        .run("lint infra --no-config --baseline base.json --fail-on note --format concise")
        .ends_with(0);
    assert_eq!(ran.out, "");
    folder.write("infra/main.json", OPEN.replace("\"22\"", "\"3389\""));
    let ran = folder
        .run("lint infra --no-config --baseline base.json --fail-on warning --format concise")
        .ends_with(1);
    assert_eq!(ids(&ran.out), ["TG4010"]);
    let ran = folder
        .run("lint infra --no-config --baseline missing.json")
        .ends_with(2);
    assert!(ran.err.contains("cannot read missing.json"), "{}", ran.err);
}

#[test]
fn policies_and_templates_are_linted_together() {
    let folder = folder();
    folder.write("infra/a.egress", "egress 1\nuse \"b.egress\"\n");
    folder.write("infra/b.egress", "nsg unused { }\n");
    let ran = folder
        .run("lint infra --no-config --format concise")
        .ends_with(0);
    let unused = ran
        .out
        .lines()
        .filter(|line| line.contains("infra/b.egress:1:5: warning[TG8001]"));
    assert_eq!(unused.count(), 1, "{}", ran.out);
    assert!(ran.out.contains("TG4010"));
}

#[test]
fn what_cannot_be_read_is_said_and_nothing_panics() {
    let folder = Folder::new();
    folder.write(
        "broken.json",
        "{\"$schema\": \"deploymentTemplate.json\", \"resources\": [}",
    );
    let ran = folder
        .run("lint broken.json --no-config --format concise")
        .ends_with(1);
    assert!(
        ran.out.contains("broken.json:1:54: error[TG0025]"),
        "{}",
        ran.out
    );
    folder.write("deep.json", "[".repeat(10_000));
    let ran = folder
        .run("lint deep.json --no-config --format concise")
        .ends_with(1);
    assert!(ran.out.contains("error[TG0025]"), "{}", ran.out);
    folder.write("bytes.json", [b'{', 0xff, 0xfe, b'}']);
    let ran = folder
        .run("lint bytes.json --no-config --format concise")
        .ends_with(1);
    assert!(ran.out.contains("is not UTF-8"), "{}", ran.out);
    let units: Vec<u8> = OPEN.encode_utf16().flat_map(u16::to_le_bytes).collect();
    folder.write("wide.json", [&[0xff, 0xfe][..], &units].concat());
    let ran = folder
        .run("lint wide.json --no-config --format concise")
        .ends_with(0);
    assert!(
        ran.out.contains("wide.json:17:22: warning[TG4010]"),
        "{}",
        ran.out
    );
    folder.run("lint missing.json --no-config").ends_with(2);
}

#[test]
fn fixes_are_made_where_there_are_some_and_nothing_else_is_touched() {
    let folder = folder();
    folder.write(
        "infra/a.egress",
        "vnet v 10.0.0.0/16 { subnet s 10.0.1.0/24 { nsg n } }\nnsg n {\n  rule a 100 outbound allow from any to any tcp/443\n  rule b 200 outbound allow from 10.0.0.4 to any tcp/443\n}\n",
    );
    let before = folder.read("infra/main.json");
    let shown = folder.run("lint infra --no-config --diff").ends_with(1);
    assert!(shown.out.contains("-  rule b 200"), "{}", shown.out);
    folder.run("lint infra --no-config --fix").ends_with(0);
    assert!(!folder.read("infra/a.egress").contains("rule b"));
    folder
        .run("lint infra --no-config --unsafe-fixes")
        .ends_with(0);
    assert_eq!(folder.read("infra/main.json"), before);
}

#[test]
fn sarif_is_written_for_networks() {
    let folder = folder();
    let ran = folder
        .run("lint infra --no-config --format sarif")
        .ends_with(0);
    let sarif: Value = serde_json::from_str(&ran.out).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let of_rule = results
        .iter()
        .find(|result| result["ruleId"] == "TG4010")
        .unwrap();
    let place = &of_rule["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "infra/main.json");
    assert_eq!(place["region"]["startLine"], 17);
}

#[test]
fn a_network_that_exists_is_explained() {
    let folder = folder();
    folder.write("values.json", VALUES);
    let ran = folder
        .run("explain --estate infra --parameters values.json --from net.hosts --to 203.0.113.9:443 --format json")
        .ends_with(1);
    let answer: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(answer["verdict"], "denied", "{}", ran.out);
    let ran = folder
        .run("explain --estate infra --from net.hosts --to 203.0.113.9:443")
        .ends_with(2);
    assert!(
        ran.err.contains("`net/hosts` has no subnet with addresses"),
        "{}",
        ran.err
    );
    let ran = folder
        .run("explain --estate . --from a --to b")
        .ends_with(2);
    assert!(ran.err.contains("no pool, no subnet"), "{}", ran.err);
}

#[test]
fn a_network_that_exists_becomes_a_policy() {
    let folder = folder();
    folder.write("values.json", VALUES);
    folder
        .run("import infra --parameters values.json --format egress --out net.egress")
        .ends_with(0);
    let policy = folder.read("net.egress");
    assert!(policy.contains("vnet net 10.0.0.0/24"), "{policy}");
    folder.run("fmt --check net.egress").ends_with(0);
    folder.run("check net.egress").ends_with(0);
    let ran = folder.run("import .").ends_with(0);
    assert!(ran.out.contains("// not known"), "{}", ran.out);
}
