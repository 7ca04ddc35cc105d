//! Bicep files among the inputs. A script stands in for `bicep`: it prints what a test has put beside the source.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use super::cli::{Folder, Ran};

/// For `build infra/main.bicep` the script prints `infra/main.bicep.out`, says `infra/main.bicep.err`, and fails when
/// there is only the latter, or when a file that `infra/main.bicep.needs` names is not beside. It writes its arguments
/// down.
const FAKE: &str = r#"#!/bin/sh
echo "$@" >> calls
if [ -f "$2.hang" ]; then exec sleep 600; fi
if [ -f "$2.needs" ] && [ ! -f "$(dirname "$2")/$(cat "$2.needs")" ]; then exit 1; fi
if [ -f "$2.err" ]; then sed "s|@|$PWD/|; s|<file>|$2|" "$2.err" >&2; fi
if [ -f "$2.out" ]; then cat "$2.out"; exit 0; fi
exit 1
"#;

const MAIN: &str = "\
param source string = '*'

// the only machine that may be reached
resource jump 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'jump'
  location: 'westeurope'
  properties: {
    securityRules: [
      {
        name: 'ssh'
        properties: {
          priority: 100
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefix: source
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '22'
        }
      }
    ]
  }
}
";

/// What Bicep compiles it to.
fn compiled() -> String {
    template(
        "[parameters('source')]",
        r#""source": { "type": "string", "defaultValue": "*" }"#,
    )
}

fn template(source: &str, parameters: &str) -> String {
    format!(
        r#"{{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "metadata": {{
    "_generator": {{
      "name": "bicep",
      "version": "0.38.33.27573",
      "templateHash": "1"
    }}
  }},
  "parameters": {{
    {parameters}
  }},
  "resources": [
    {{
      "type": "Microsoft.Network/networkSecurityGroups",
      "apiVersion": "2024-05-01",
      "name": "jump",
      "location": "westeurope",
      "properties": {{
        "securityRules": [
          {{
            "name": "ssh",
            "properties": {{
              "priority": 100,
              "direction": "Inbound",
              "access": "Allow",
              "protocol": "Tcp",
              "sourceAddressPrefix": "{source}",
              "sourcePortRange": "*",
              "destinationAddressPrefix": "*",
              "destinationPortRange": "22"
            }}
          }}
        ]
      }}
    }}
  ]
}}
"#
    )
}

/// A folder with the script in `bin`.
pub(crate) fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("bin/bicep", FAKE);
    let script = folder.path("bin/bicep");
    std::fs::set_permissions(script, std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// Runs with the script as the first `bicep` of the PATH.
pub(crate) fn run(folder: &Folder, arguments: &str) -> Ran {
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", folder.path("bin"));
    Ran::of(folder.command(arguments).env("PATH", path).output())
}

/// Runs without any `bicep`.
pub(crate) fn run_without(folder: &Folder, arguments: &str) -> Ran {
    let nowhere = folder.path("nowhere");
    Ran::of(folder.command(arguments).env("PATH", nowhere).output())
}

fn calls(folder: &Folder) -> Vec<String> {
    let mut calls: Vec<String> = folder.read("calls").lines().map(str::to_owned).collect();
    calls.sort();
    calls
}

#[test]
fn findings_of_what_is_compiled_stand_in_bicep() {
    let folder = folder();
    folder.write("infra/main.bicep", MAIN);
    folder.write("infra/main.bicep.out", compiled());
    let ran = run(&folder, "lint infra --no-config --format concise").ends_with(0);
    assert!(
        ran.out
            .contains("infra/main.bicep:10:15: warning[TG4010] rule `ssh` opens SSH"),
        "{}{}",
        ran.out,
        ran.err
    );
    assert_eq!(
        calls(&folder),
        ["build infra/main.bicep --stdout --no-restore"]
    );
    let shown = run(&folder, "lint infra --no-config").ends_with(0);
    insta::assert_snapshot!(shown.err, @r"
    [TG4010] Warning: rule `ssh` opens SSH (tcp/22) to the whole Internet
        ╭─[ infra/main.bicep:10:15 ]
        │
     10 │         name: 'ssh'
        │               ──┬──  
        │                 ╰──── anybody can try passwords here
        │ 
        │ Help: name the addresses of those who need it, or go through Azure Bastion or a VPN
    ────╯

    1 warning
    ");
}

#[test]
fn reports_name_the_bicep_file() {
    let folder = folder();
    folder.write("infra/main.bicep", MAIN);
    folder.write("infra/main.bicep.out", compiled());
    let ran = run(&folder, "lint infra --no-config --format sarif").ends_with(0);
    let sarif: Value = serde_json::from_str(&ran.out).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let found = results
        .iter()
        .find(|one| one["ruleId"] == "TG4010")
        .unwrap();
    let place = &found["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "infra/main.bicep");
    assert_eq!(place["region"]["startLine"], 10);
    let ran = run(&folder, "lint infra --no-config --format github").ends_with(0);
    assert!(
        ran.out.contains("file=infra/main.bicep,line=10"),
        "{}",
        ran.out
    );
}

#[test]
fn comments_of_bicep_silence_findings() {
    let folder = folder();
    folder.write("infra/main.bicep.out", compiled());
    for (before, after) in [
        (
            "        name: 'ssh'\n",
            "        name: 'ssh' // tidegate: ignore TG4010 \"honeypot\"\n",
        ),
        (
            "      {\n",
            "      // tidegate: ignore TG4010 \"honeypot\"\n      {\n",
        ),
        (
            "// the only machine that may be reached\n",
            "// tidegate: ignore TG4010 \"honeypot\"\n@description('x')\n",
        ),
    ] {
        folder.write("infra/main.bicep", MAIN.replacen(before, after, 1));
        let ran = run(&folder, "lint infra --no-config --format concise").ends_with(0);
        assert!(!ran.out.contains("TG4010"), "{after}: {}", ran.out);
        assert!(!ran.out.contains("TG0020"), "{after}: {}", ran.out);
    }
    let idle = MAIN.replacen("param", "// tidegate: ignore TG4010 \"x\"\nparam", 1);
    folder.write("infra/main.bicep", idle);
    let ran = run(&folder, "lint infra --no-config --format concise").ends_with(0);
    assert!(
        ran.out.contains("infra/main.bicep:1:14: warning[TG0020]"),
        "{}",
        ran.out
    );
}

#[test]
fn a_template_beside_its_source_is_read_in_its_place() {
    let folder = folder();
    folder.write("infra/main.bicep", MAIN);
    folder.write("infra/main.json", compiled());
    let ran = run(
        &folder,
        "lint infra/main.bicep --no-config --format concise",
    )
    .ends_with(0);
    assert!(
        ran.out.contains("infra/main.json:23:22: warning[TG4010]"),
        "{}",
        ran.out
    );
    assert!(!folder.path("calls").exists(), "bicep is not started");
    let shown = run(&folder, "lint infra --no-config").ends_with(0);
    assert!(
        shown
            .err
            .contains("the template is compiled from infra/main.bicep: change it there"),
        "{}",
        shown.err
    );
}

#[test]
fn a_template_of_the_same_name_that_bicep_did_not_write_is_another_one() {
    let folder = folder();
    folder.write("infra/main.bicep", MAIN);
    folder.write("infra/main.bicep.out", compiled());
    folder.write("infra/main.json", "{\"name\": \"left-pad\"}");
    let ran = run(&folder, "lint infra --no-config --format concise").ends_with(0);
    assert!(
        ran.out.contains("infra/main.bicep:10:15: warning[TG4010]"),
        "{}",
        ran.out
    );
}

#[test]
fn mistakes_that_bicep_finds_stand_at_their_places() {
    let folder = folder();
    folder.write("infra/main.bicep", MAIN);
    folder.write(
        "infra/main.bicep.err",
        "@infra/main.bicep(1,7) : Warning no-unused-params: Parameter \"source\" is declared but never used.\n\
         @infra/main.bicep(4,10) : Error BCP018: Expected the \"=\" character at this location.\n",
    );
    let ran = run(&folder, "lint infra --no-config --format concise").ends_with(1);
    assert!(
        ran.out.contains(
            "infra/main.bicep:4:10: error[TG0037] BCP018: Expected the \"=\" character at this location"
        ),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("no-unused-params"), "{}", ran.out);
    let ran = run(
        &folder,
        "explain --estate infra --from 10.0.0.4 --to 10.0.0.5:443",
    )
    .ends_with(2);
    assert!(ran.err.contains("TG0037"), "{}", ran.err);
}

#[test]
fn a_module_that_is_not_on_this_machine_is_no_mistake_of_the_file() {
    let folder = folder();
    folder.write(
        "infra/main.bicep",
        "module m 'br/public:avm/res/x:1.0.0' = { name: 'm' }\n",
    );
    folder.write(
        "infra/main.bicep.err",
        "@infra/main.bicep(1,10) : Error BCP190: The artifact with reference \"br/public:avm/res/x:1.0.0\" has not been restored.\n",
    );
    let ran = run(&folder, "lint infra --no-config").ends_with(2);
    assert!(ran.err.contains("TG0013"), "{}", ran.err);
    assert!(
        ran.err.contains("`bicep restore infra/main.bicep` fetches"),
        "{}",
        ran.err
    );
}

#[test]
fn nonsense_is_told_and_does_no_harm() {
    let folder = folder();
    folder.write("infra/main.bicep", MAIN);
    for (printed, said, message) in [
        (
            "Segmentation fault",
            "",
            "what `bicep` printed is no template",
        ),
        ("{\"a\": 1}", "", "what `bicep` printed is no template"),
        ("", "", "printed nothing that can be read"),
        ("\u{fffd}{", "", "what `bicep` printed is no template"),
    ] {
        folder.write("infra/main.bicep.out", printed);
        folder.write("infra/main.bicep.err", said);
        let ran = run(&folder, "lint infra --no-config").ends_with(2);
        assert!(
            ran.err.contains("cannot compile infra/main.bicep") && ran.err.contains(message),
            "{printed}: {}",
            ran.err
        );
    }
    std::fs::remove_file(folder.path("infra/main.bicep.out")).unwrap();
    folder.write("infra/main.bicep.err", [0xff, 0xfe, b'(', b'1', 0, b'\n']);
    let ran = run(&folder, "lint infra --no-config").ends_with(2);
    assert!(ran.err.contains("`bicep` failed"), "{}", ran.err);
}

#[test]
fn a_file_takes_no_longer_than_it_may() {
    let folder = folder();
    folder.write("infra/main.bicep", MAIN);
    folder.write("infra/main.bicep.hang", "");
    let ran = run(&folder, "lint infra --no-config --bicep-timeout 1").ends_with(2);
    assert!(
        ran.err
            .contains("cannot compile infra/main.bicep: `bicep` was not done after 1 s"),
        "{}",
        ran.err
    );
}

#[test]
fn without_bicep_the_files_left_out_are_named() {
    let folder = folder();
    folder.write("infra/main.bicep", MAIN);
    folder.write("infra/hub.bicep", MAIN);
    folder.write("infra/other.json", compiled());
    let message = "`infra/hub.bicep` and `infra/main.bicep` are left out: there is no `bicep` on the PATH; \
                   `az bicep build --file infra/hub.bicep` writes the JSON that is read in its place";
    let ran = run_without(&folder, "lint infra --no-config").ends_with(0);
    assert!(ran.err.contains(message), "{}", ran.err);
    let ran = run_without(&folder, "lint infra/main.bicep --no-config").ends_with(2);
    assert!(
        ran.err
            .contains("`infra/main.bicep` is left out: there is no `bicep` on the PATH"),
        "{}",
        ran.err
    );
    for command in [
        "explain --estate infra/main.bicep --from 10.0.0.4 --to 10.0.0.5:443",
        "import infra/main.bicep",
    ] {
        let ran = run_without(&folder, command).ends_with(2);
        assert!(
            ran.err.contains("`az bicep build --file infra/main.bicep`"),
            "{}",
            ran.err
        );
    }
    let ran = run_without(&folder, "import infra").ends_with(0);
    assert!(ran.err.contains(message), "{}", ran.err);
    let ran = run(&folder, "lint infra --no-config --no-bicep").ends_with(0);
    assert!(ran.err.contains("`--no-bicep` was given"), "{}", ran.err);
    assert!(!folder.path("calls").exists(), "bicep is not started");
}

const PARENT: &str = "\
module hub 'modules/hub.bicep' = {
  name: 'hub'
  params: {
    source: '*'
  }
}
";

fn with_module(folder: &Folder) {
    folder.write("infra/main.bicep", PARENT);
    folder.write("infra/modules/hub.bicep", MAIN);
    folder.write("infra/modules/hub.bicep.out", compiled());
}

fn parent() -> String {
    let inner = compiled().replace("\"defaultValue\": \"*\"", "\"metadata\": {}");
    format!(
        r#"{{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "metadata": {{ "_generator": {{ "name": "bicep", "version": "0.38.33.27573", "templateHash": "1" }} }},
  "resources": [
    {{
      "type": "Microsoft.Resources/deployments",
      "apiVersion": "2025-04-01",
      "name": "hub",
      "properties": {{
        "expressionEvaluationOptions": {{ "scope": "inner" }},
        "mode": "Incremental",
        "parameters": {{ "source": {{ "value": "*" }} }},
        "template": {inner}
      }}
    }}
  ]
}}
"#
    )
}

#[test]
fn a_module_is_a_part_of_what_uses_it() {
    let folder = folder();
    with_module(&folder);
    folder.write("infra/main.bicep.out", parent());
    let ran = run(&folder, "lint infra --no-config --format concise").ends_with(0);
    assert_eq!(
        calls(&folder),
        ["build infra/main.bicep --stdout --no-restore"]
    );
    assert!(
        ran.out
            .contains("infra/modules/hub.bicep:10:15: warning[TG4010]"),
        "{}",
        ran.out
    );
    // What a module is given is written where it is given.
    folder.write("infra/main.bicep", PARENT.replace("'*'", "'300.0.0.1'"));
    folder.write(
        "infra/main.bicep.out",
        parent().replace("\"value\": \"*\"", "\"value\": \"300.0.0.1\""),
    );
    let shown = run(&folder, "lint infra --no-config").ends_with(1);
    for place in ["infra/modules/hub.bicep:16:32", "infra/main.bicep:4:13"] {
        assert!(shown.err.contains(place), "{place}: {}", shown.err);
    }
}

#[test]
fn a_module_is_compiled_when_it_is_named_or_what_uses_it_is_broken() {
    let folder = folder();
    with_module(&folder);
    folder.write("infra/main.bicep.out", parent());
    run(
        &folder,
        "lint infra/main.bicep infra/modules/hub.bicep --no-config",
    )
    .ends_with(0);
    assert_eq!(calls(&folder).len(), 2, "both were named");
    std::fs::remove_file(folder.path("infra/main.bicep.out")).unwrap();
    std::fs::remove_file(folder.path("calls")).unwrap();
    folder.write(
        "infra/main.bicep.err",
        "@infra/main.bicep(1,1) : Error BCP007: This declaration type is not recognized.\n",
    );
    let ran = run(&folder, "lint infra --no-config --format concise").ends_with(1);
    assert_eq!(calls(&folder).len(), 2);
    assert!(
        ran.out.contains("infra/main.bicep:1:1: error[TG0037]"),
        "{}",
        ran.out
    );
    assert!(
        ran.out
            .contains("infra/modules/hub.bicep:10:15: warning[TG4010]"),
        "{}",
        ran.out
    );
}

#[test]
fn parameters_come_from_bicep_too() {
    let folder = folder();
    let unset = template(
        "[parameters('source')]",
        r#""source": { "type": "string" }"#,
    );
    folder.write("infra/main.bicep", MAIN.replace(" = '*'", ""));
    folder.write("infra/main.bicep.out", unset);
    folder.write(
        "env/prod.bicepparam",
        "using '../infra/main.bicep'\n\nparam source = '*'\n",
    );
    let made = serde_json::json!({
        "parametersJson": "{\"$schema\": \"https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#\", \"contentVersion\": \"1.0.0.0\", \"parameters\": {\"source\": {\"value\": \"*\"}}}",
        "templateJson": null,
        "templateSpecId": null
    });
    folder.write("env/prod.bicepparam.out", made.to_string());
    let open = |arguments: &str| {
        let ran = run(
            &folder,
            &format!("lint {arguments} --no-config --format concise"),
        );
        let ran = ran.ends_with(0);
        assert!(!ran.out.contains("TG0031"), "{}", ran.out);
        ran.out.contains("infra/main.bicep:10:15: warning[TG4010]")
    };
    assert!(open("infra --parameters env/prod.bicepparam"));
    assert!(
        open("env/prod.bicepparam"),
        "a parameter file stands for its template"
    );
    let wrong = made.to_string().replace("\\\"*\\\"", "\\\"300.0.0.1\\\"");
    folder.write("env/prod.bicepparam.out", wrong);
    let shown = run(&folder, "lint env/prod.bicepparam --no-config").ends_with(1);
    for place in ["infra/main.bicep:16:32", "env/prod.bicepparam:3:16"] {
        assert!(shown.err.contains(place), "{place}: {}", shown.err);
    }
    folder.write(
        "infra/main.bicepparam",
        "using 'main.bicep'\nparam source = '*'\n",
    );
    folder.write("infra/main.bicepparam.out", made.to_string());
    assert!(
        open("infra"),
        "the one beside a template that is called like it"
    );
    folder.write("infra/none.bicepparam", "using none\n");
    let ran = run(&folder, "lint infra/none.bicepparam --no-config").ends_with(2);
    assert!(
        ran.err.contains("infra/none.bicepparam names no template"),
        "{}",
        ran.err
    );
    folder.write("infra/main.bicepparam.out", "oops");
    let ran = run(&folder, "lint infra --no-config").ends_with(2);
    assert!(
        ran.err
            .contains("`bicep build-params` printed no parameters"),
        "{}",
        ran.err
    );
}

#[test]
fn a_map_leads_to_bicep() {
    let folder = folder();
    folder.write("infra/main.bicep", MAIN);
    folder.write("infra/main.json", compiled());
    let pairs = [
        (9, 22),
        (11, 24),
        (12, 25),
        (13, 26),
        (14, 27),
        (15, 28),
        (16, 29),
        (18, 31),
        (7, 20),
    ];
    let pairs = pairs
        .map(|(source, target)| serde_json::json!({"SourceLine": source, "TargetLine": target}));
    let map = |pairs: &[Value]| {
        serde_json::json!({
            "Entrypoint": "main.bicep",
            "Entries": [{"FilePath": "main.bicep", "SourceMap": pairs}]
        })
        .to_string()
    };
    folder.write("infra/main.sourcemap.json", map(&pairs));
    for inputs in ["infra", "infra/main.json"] {
        let ran = run(
            &folder,
            &format!("lint {inputs} --no-config --format concise"),
        )
        .ends_with(0);
        assert!(
            ran.out.contains("infra/main.bicep:10:9: warning[TG4010]"),
            "{}",
            ran.out
        );
    }
    // A map of an older source leads astray, so it is not followed.
    let moved = [(0, 22), (1, 24), (2, 25), (3, 26), (4, 27)];
    let moved = moved
        .map(|(source, target)| serde_json::json!({"SourceLine": source, "TargetLine": target}));
    folder.write("infra/main.sourcemap.json", map(&moved));
    let ran = run(&folder, "lint infra --no-config").ends_with(0);
    assert!(ran.err.contains("infra/main.json:23:22"), "{}", ran.err);
    assert!(
        ran.err
            .contains("`infra/main.sourcemap.json` does not fit `infra/main.json`"),
        "{}",
        ran.err
    );
}
