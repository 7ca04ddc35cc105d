//! Fixes: which findings have some, that those of templates mend what they are for, and that nothing else changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use proptest::prelude::*;
use similar::TextDiff;
use tidegate::base::FileId;
use tidegate::cli::Linted;
use tidegate::compile::FirewallModel;
use tidegate::diag::{Edit, Finding, Id, Safety, Severity};
use tidegate::import::json::{self, Document, Json, Kind};

use super::cli::Folder;
use super::lint_fixtures::{fixtures, lint_file};
use super::support::{compiled, files, project};

/// Fixes that the table promises for policies and no fixture shows, and where they are shown.
const SHOWN_ELSEWHERE: &[(Id, Safety, &str)] = &[];

fn read(path: &Utf8Path) -> String {
    std::fs::read_to_string(project(path.as_str())).unwrap()
}

/// A text after edits.
fn edited<'e>(text: &str, edits: impl IntoIterator<Item = &'e Edit>) -> String {
    let mut edits: Vec<&Edit> = edits.into_iter().collect();
    edits.sort_by_key(|edit| std::cmp::Reverse((edit.span.start, edit.span.end)));
    let mut text = text.to_owned();
    for edit in edits {
        text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
    }
    text
}

fn of_id(linted: &Linted, id: Id) -> Vec<&Finding> {
    let findings = linted.findings.iter();
    findings.filter(|finding| finding.id == id).collect()
}

/// A template after all fixes of the findings of one id, one after another.
fn fixed(path: &Utf8Path, text: &str, id: Id) -> String {
    let mut text = text.to_owned();
    for _ in 0..20 {
        let linted = lint_file(path, text.clone());
        let findings = of_id(&linted, id);
        let fix = findings.iter().find_map(|finding| finding.fixes.first());
        match fix {
            Some(fix) => text = edited(&text, &fix.edits),
            None => return text,
        }
    }
    panic!("{path}: fixes of {id} bring it about again");
}

fn errors(linted: &Linted) -> BTreeSet<String> {
    let findings = linted.findings.iter();
    findings
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| format!("{} {}", finding.id, finding.message))
        .collect()
}

#[test]
fn findings_have_the_fixes_that_the_table_says() {
    let mut seen: BTreeMap<(Id, &str), BTreeSet<&str>> = BTreeMap::new();
    let name = |safety: Safety| match safety {
        Safety::Safe => "safe",
        Safety::Unsafe => "unsafe",
    };
    let mut see = |findings: &[Finding], kind: &'static str| {
        for finding in findings {
            for fix in &finding.fixes {
                let kinds = seen.entry((finding.id, kind)).or_default();
                kinds.insert(name(fix.safety));
            }
        }
    };
    for path in files("fixtures/lint", ".json") {
        see(&lint_file(&path, read(&path)).findings, "template");
    }
    for folder in [
        "fixtures/lint",
        "fixtures/errors",
        "fixtures/refused",
        "policies",
    ] {
        for path in files(folder, ".egress") {
            if let Ok(analysis) = compiled(&path, FirewallModel::Policy) {
                see(&analysis.findings, "policy");
            }
        }
    }
    let mut wrong = Vec::new();
    for id in Id::ALL {
        for (kind, promised) in [
            ("policy", id.fixes().policy),
            ("template", id.fixes().template),
        ] {
            let promised: BTreeSet<&str> = promised.iter().map(|safety| name(*safety)).collect();
            let mut shown = seen.get(&(*id, kind)).cloned().unwrap_or_default();
            let elsewhere = SHOWN_ELSEWHERE.iter().filter(|(other, ..)| other == id);
            shown.extend(elsewhere.map(|(_, safety, _)| name(*safety)));
            if promised != shown {
                wrong.push(format!(
                    "{id}, {kind}: promised {promised:?}, shown {shown:?}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn fixes_of_templates_mend_what_they_are_for() {
    let fixtures = fixtures();
    let mut wrong = Vec::new();
    let fixable = Id::ALL.iter().filter(|id| !id.fixes().template.is_empty());
    for id in fixable.copied() {
        let paths = fixtures.get(&id).into_iter().flatten();
        let fires = |path: &&Utf8PathBuf| {
            let name = path.file_name().unwrap_or_default();
            name.starts_with("fires") && name.ends_with(".json")
        };
        let mut made = 0;
        for path in paths.filter(fires) {
            let text = read(path);
            let before = lint_file(path, text.clone());
            let after_text = fixed(path, &text, id);
            let after = lint_file(path, after_text.clone());
            let (count, left) = (of_id(&before, id).len(), of_id(&after, id).len());
            made += count.saturating_sub(left);
            if after_text == text {
                continue;
            }
            let new: Vec<String> = errors(&after)
                .difference(&errors(&before))
                .cloned()
                .collect();
            if !new.is_empty() {
                wrong.push(format!("{path}: new errors {new:#?}"));
            }
            let diff = TextDiff::from_lines(&text, &after_text);
            let diff = diff.unified_diff().context_radius(2).to_string();
            let shown = format!("{count} before, {left} after\n\n{diff}");
            let name = format!("{id}-{}", path.file_stem().unwrap_or_default());
            insta::with_settings!({
                snapshot_path => "snapshots/fixes",
                omit_expression => true,
                prepend_module_to_snapshot => false,
            }, {
                insta::assert_snapshot!(name, shown);
            });
        }
        if made == 0 {
            wrong.push(format!("{id}: no fixture shows its fix"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A policy of a firewall whose threat intelligence only logs; what stands for the mode, for more of the policy, for
/// more of the template, and around its resources is told by each case.
fn with_mode(mode: &str, of_policy: &str, of_template: &str) -> String {
    format!(
        r#"{{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",{of_template}
  "resources": [
    {{
      "type": "Microsoft.Network/firewallPolicies", "apiVersion": "2023-11-01", "name": "rules", "location": "westeurope",{of_policy}
      "properties": {{ "sku": {{ "tier": "Standard" }}, "threatIntelMode": {mode} }}
    }},
    {{
      "type": "Microsoft.Network/azureFirewalls", "apiVersion": "2023-11-01", "name": "fw", "location": "westeurope",
      "properties": {{
        "sku": {{ "name": "AZFW_VNet", "tier": "Standard" }},
        "firewallPolicy": {{ "id": "[resourceId('Microsoft.Network/firewallPolicies', 'rules')]" }}
      }}
    }}
  ]
}}
"#
    )
}

/// A variable, and what else the template says of it.
fn variables(text: &str) -> String {
    format!("\n  \"variables\": {{ {text} }},")
}

fn parameters(text: &str) -> String {
    format!("\n  \"parameters\": {{ {text} }},")
}

/// What stands in a text, and what stands there instead after a fix.
type Replaced = (&'static str, &'static str);

#[test]
fn what_an_expression_gives_is_changed_where_it_is_written_or_not_at_all() {
    let variable = "\"[variables('mode')]\"";
    let parameter = "\"[parameters('mode')]\"";
    let once = variables("\"mode\": \"Alert\"");
    let cases: Vec<(&str, String, Option<Replaced>)> = vec![
        (
            "a value",
            with_mode("\"Alert\"", "", ""),
            Some(("\"threatIntelMode\": \"Alert\"", "\"threatIntelMode\": \"Deny\"")),
        ),
        (
            "a variable",
            with_mode(variable, "", &once),
            Some(("\"mode\": \"Alert\"", "\"mode\": \"Deny\"")),
        ),
        (
            "a variable that something else uses",
            with_mode(variable, "\n      \"tags\": { \"mode\": \"[variables( 'Mode' )]\" },", &once),
            None,
        ),
        (
            "a variable among names that are computed",
            with_mode(
                variable,
                "\n      \"tags\": { \"mode\": \"[variables(parameters('which'))]\" },",
                &format!("{}{once}", parameters("\"which\": { \"type\": \"string\" }")),
            ),
            None,
        ),
        (
            "a variable by way of another",
            with_mode(
                variable,
                "",
                &variables("\"mode\": \"[variables('other')]\", \"other\": \"Alert\""),
            ),
            None,
        ),
        (
            "a part of a variable",
            with_mode(
                "\"[variables('modes').hub]\"",
                "",
                &variables("\"modes\": { \"hub\": \"Alert\" }"),
            ),
            None,
        ),
        (
            "the default of a parameter",
            with_mode(
                parameter,
                "",
                &parameters("\"mode\": { \"type\": \"string\", \"defaultValue\": \"Alert\" }"),
            ),
            Some(("\"defaultValue\": \"Alert\"", "\"defaultValue\": \"Deny\"")),
        ),
        (
            "the default of a parameter that takes only some values",
            with_mode(
                parameter,
                "",
                &parameters(
                    "\"mode\": { \"type\": \"string\", \"defaultValue\": \"Alert\", \"allowedValues\": [\"Alert\", \"Off\"] }",
                ),
            ),
            None,
        ),
        (
            "a function",
            with_mode("\"[concat('Al', 'ert')]\"", "", ""),
            None,
        ),
        (
            "a choice",
            with_mode(
                "\"[if(equals(resourceGroup().name, 'x'), 'Alert', 'Alert')]\"",
                "",
                "",
            ),
            None,
        ),
        (
            "one of several resources that a loop makes",
            with_mode("\"Alert\"", "\n      \"copy\": { \"name\": \"all\", \"count\": 1 },", ""),
            None,
        ),
        (
            "a template that Bicep wrote",
            with_mode(
                "\"Alert\"",
                "",
                "\n  \"metadata\": { \"_generator\": { \"name\": \"bicep\", \"version\": \"0.30.3\", \"templateHash\": \"1\" } },",
            ),
            None,
        ),
        (
            "a resource stated twice",
            with_mode("\"Alert\"", "", "").replace(
                "\"resources\": [",
                "\"resources\": [\n    { \"type\": \"Microsoft.Network/firewallPolicies\", \"apiVersion\": \"2023-11-01\", \"name\": \"rules\", \"location\": \"westeurope\", \"properties\": {} },",
            ),
            None,
        ),
    ];
    let path = Utf8Path::new("main.json");
    for (what, text, change) in cases {
        let linted = lint_file(path, text.clone());
        let findings = of_id(&linted, Id::TG2005);
        let [finding] = findings.as_slice() else {
            panic!("{what}: {:#?}", linted.findings);
        };
        match (change, finding.fixes.as_slice()) {
            (Some((from, to)), [fix]) => {
                assert_eq!(
                    edited(&text, &fix.edits),
                    text.replacen(from, to, 1),
                    "{what}"
                );
            }
            (None, []) => {}
            (_, fixes) => panic!("{what}: {fixes:#?}"),
        }
    }
}

#[test]
fn elements_that_loops_or_expressions_make_stay_in_their_lists() {
    let group = |rules: &str, copy: &str| {
        format!(
            r#"{{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "parameters": {{ "net": {{ "type": "string", "defaultValue": "10.0.0.0/8" }} }},
  "resources": [
    {{
      "type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2024-05-01", "name": "web", "location": "westeurope",
      "properties": {{ {copy} {rules} }}
    }}
  ]
}}
"#
        )
    };
    let rule = |name: &str, priority: u32, source: &str| {
        format!(
            r#"{{ "name": "{name}", "properties": {{ "priority": {priority}, "direction": "Inbound", "access": "Deny", "protocol": "Tcp", "sourceAddressPrefix": "{source}", "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "8080" }} }}"#
        )
    };
    let list = |rules: &[String]| format!("\"securityRules\": [{}]", rules.join(", "));
    let wide = rule("wide", 100, "10.0.0.0/8");
    let narrow = rule("narrow", 200, "10.1.0.0/16");
    let path = Utf8Path::new("main.json");
    let fixes = |text: String| {
        let linted = lint_file(path, text);
        let findings = of_id(&linted, Id::TG4011);
        assert_eq!(findings.len(), 1, "{:#?}", linted.findings);
        findings
            .iter()
            .map(|finding| finding.fixes.len())
            .sum::<usize>()
    };
    assert_eq!(fixes(group(&list(&[wide.clone(), narrow.clone()]), "")), 1);
    let given = rule("narrow", 200, "[parameters('net')]");
    assert_eq!(fixes(group(&list(&[wide.clone(), given]), "")), 0);
    let looped = format!(
        "\"copy\": [{{ \"name\": \"securityRules\", \"count\": 2, \"input\": {} }}]",
        rule("narrow", 200, "10.0.0.0/8")
            .replace("\"narrow\"", "\"[concat('r', copyIndex())]\"")
            .replace("200", "\"[add(100, copyIndex())]\"")
    );
    assert_eq!(fixes(group("", &looped).replace("}]  }", "}] }")), 0);
}

/// How a random layout is made: a number for each choice, used in turn.
struct Layout {
    choices: Vec<u8>,
    at: usize,
}

impl Layout {
    fn next(&mut self, of: u8) -> u8 {
        let choice = self.choices[self.at % self.choices.len()];
        self.at += 1;
        choice % of
    }

    fn write(&mut self, value: Json<'_>, depth: usize, out: &mut String) {
        let (open, close) = match value.kind() {
            Kind::Object => ('{', '}'),
            Kind::Array => ('[', ']'),
            _ => return out.push_str(value.source()),
        };
        let children: Vec<(Option<Json<'_>>, Json<'_>)> = if value.is_array() {
            value.items().map(|item| (None, item)).collect()
        } else {
            value
                .members()
                .map(|(key, value)| (Some(key), value))
                .collect()
        };
        out.push(open);
        let lines = self.next(4) > 0;
        let end = if self.next(2) == 0 { "\n" } else { "\r\n" };
        let count = children.len();
        for (at, (key, child)) in children.into_iter().enumerate() {
            if lines {
                out.push_str(end);
                out.push_str(&"  ".repeat(depth + 1));
                if self.next(12) == 0 {
                    out.push_str("/* before */ ");
                }
            }
            if let Some(key) = key {
                out.push_str(key.source());
                out.push_str([":", ": ", " : "][usize::from(self.next(3))]);
            }
            self.write(child, depth + 1, out);
            if at + 1 < count || self.next(6) == 0 {
                out.push(',');
            }
            if lines && self.next(6) == 0 {
                out.push_str(" // behind, \"so\"");
            }
            if !lines && self.next(2) == 0 {
                out.push(' ');
            }
        }
        if lines && count > 0 {
            out.push_str(end);
            out.push_str(&"  ".repeat(depth));
        }
        out.push(close);
    }
}

fn document(text: &str) -> Document {
    let text: Arc<str> = text.into();
    json::parse(FileId::default(), &text).unwrap_or_else(|problem| panic!("{problem:?} in {text}"))
}

/// What a document says, without white space and comments.
fn said(value: Json<'_>, out: &mut String) {
    match value.kind() {
        Kind::Array => {
            out.push('[');
            for item in value.items() {
                said(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Kind::Object => {
            out.push('{');
            for (key, value) in value.members() {
                out.push_str(key.source());
                out.push(':');
                said(value, out);
                out.push(',');
            }
            out.push('}');
        }
        _ => out.push_str(value.source()),
    }
}

fn all_said(text: &str) -> String {
    let mut out = String::new();
    if let Some(root) = document(text).root() {
        said(root, &mut out);
    }
    out
}

/// The fixtures of rules whose fixes set something: those that take something out leave comments alone, and may
/// therefore have no fix.
fn settable() -> Vec<(Id, Utf8PathBuf)> {
    let takes_out = [
        Id::TG1031,
        Id::TG3007,
        Id::TG3008,
        Id::TG3010,
        Id::TG3023,
        Id::TG4011,
        Id::TG8010,
        Id::TG8013,
        Id::TG0026,
        Id::TG2001,
    ];
    let fixable = Id::ALL.iter().filter(|id| !id.fixes().template.is_empty());
    fixable
        .filter(|id| !takes_out.contains(id))
        .map(|id| (*id, format!("fixtures/lint/{id}/fires.json").into()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn fixes_do_the_same_whatever_the_layout(
        (id, path) in prop::sample::select(settable()),
        choices in prop::collection::vec(any::<u8>(), 1..200),
    ) {
        let plain = read(&path);
        let mut laid_out = String::new();
        let mut layout = Layout { choices, at: 0 };
        layout.write(document(&plain).root().unwrap(), 0, &mut laid_out);
        prop_assert_eq!(all_said(&laid_out), all_said(&plain));
        let fixed = fixed(&path, &laid_out, id);
        let wanted = self::fixed(&path, &plain, id);
        prop_assert_eq!(all_said(&fixed), all_said(&wanted), "{}", fixed);
        // Whatever stood there stands there still, in its order; and lines end as they did.
        let comments = |text: &str| document(text).comments().len();
        prop_assert_eq!(comments(&fixed), comments(&laid_out));
    }

    #[test]
    fn what_is_taken_out_leaves_the_rest_as_it_was(
        id in prop::sample::select(vec![Id::TG3007, Id::TG3008, Id::TG3010, Id::TG3023, Id::TG4011, Id::TG8010, Id::TG8013]),
        choices in prop::collection::vec(any::<u8>(), 1..200),
    ) {
        let path = Utf8PathBuf::from(format!("fixtures/lint/{id}/fires.json"));
        let plain = read(&path);
        let mut laid_out = String::new();
        let mut layout = Layout { choices, at: 0 };
        layout.write(document(&plain).root().unwrap(), 0, &mut laid_out);
        let linted = lint_file(&path, laid_out.clone());
        for finding in of_id(&linted, id) {
            let Some(fix) = finding.fixes.first() else { continue };
            let after = edited(&laid_out, &fix.edits);
            let (before, after) = (all_said(&laid_out), all_said(&after));
            // One piece is gone, and nothing has come.
            let same = before.bytes().zip(after.bytes()).take_while(|(a, b)| a == b).count();
            let gone = before.len() - after.len();
            prop_assert!(gone > 0);
            prop_assert_eq!(&before.as_bytes()[same + gone..], &after.as_bytes()[same..]);
        }
    }
}

/// An IP group whose second entry lies in the first.
const NESTED: &str = r#"{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "resources": [
    {
      "type": "Microsoft.Network/ipGroups",
      "apiVersion": "2023-11-01",
      "name": "partners",
      "location": "westeurope",
      "properties": {
        "ipAddresses": [
          "203.0.113.0/28",
          "203.0.113.4"
        ]
      }
    }
  ]
}
"#;

#[test]
fn the_command_fixes_templates_and_keeps_their_encoding() {
    let folder = Folder::new();
    let windows = NESTED.replace('\n', "\r\n");
    let marked = [&[0xef, 0xbb, 0xbf], windows.as_bytes()].concat();
    folder.write("a/utf8.json", &marked);
    let wide = |text: &str| {
        let units = text.encode_utf16().flat_map(u16::to_le_bytes);
        [0xff, 0xfe].into_iter().chain(units).collect::<Vec<u8>>()
    };
    folder.write("b/utf16.json", wide(NESTED));
    let shown = folder.run("lint a b --no-config --diff").ends_with(1);
    assert!(
        shown.out.contains("-          \"203.0.113.4\"\n"),
        "{}",
        shown.out
    );
    assert!(
        shown.err.contains("2 findings would be fixed in 2 files"),
        "{}",
        shown.err
    );
    let bytes = |name: &str| std::fs::read(folder.path(name)).unwrap();
    assert_eq!(bytes("a/utf8.json"), marked, "a diff changes nothing");
    let fixed = folder.run("lint a b --no-config --fix").ends_with(0);
    assert!(
        fixed.err.contains("2 findings fixed in 2 files"),
        "{}",
        fixed.err
    );
    let out = |text: &str, end: &str| text.replace(&format!(",{end}          \"203.0.113.4\""), "");
    let after = [&[0xef, 0xbb, 0xbf], out(&windows, "\r\n").as_bytes()].concat();
    assert_eq!(bytes("a/utf8.json"), after);
    assert_eq!(bytes("b/utf16.json"), wide(&out(NESTED, "\n")));
    let again = folder.run("lint a b --no-config --fix").ends_with(0);
    assert!(again.err.contains("0 findings fixed"), "{}", again.err);
}

#[test]
fn exports_and_what_a_file_of_parameters_gives_are_left_alone() {
    let folder = Folder::new();
    let given = with_mode(
        "\"[parameters('mode')]\"",
        "",
        &parameters("\"mode\": { \"type\": \"string\", \"defaultValue\": \"Deny\" }"),
    );
    folder.write("a/main.json", &given);
    folder.write(
        "a/main.parameters.json",
        r#"{ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#", "contentVersion": "1.0.0.0", "parameters": { "mode": { "value": "Alert" } } }"#,
    );
    let export = r#"[{ "id": "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/ipGroups/partners",
  "name": "partners", "type": "Microsoft.Network/ipGroups", "location": "westeurope", "ipAddresses": ["203.0.113.0/28", "203.0.113.4"] }]
"#;
    folder.write("b/groups.json", export);
    let found = folder
        .run("lint a b --no-config --format concise")
        .ends_with(0);
    for id in ["[TG2005]", "[TG3023]"] {
        assert!(found.out.contains(id), "{}", found.out);
    }
    let fixed = folder
        .run("lint a b --no-config --unsafe-fixes")
        .ends_with(0);
    assert!(fixed.err.contains("0 findings fixed"), "{}", fixed.err);
    assert_eq!(folder.read("a/main.json"), given);
    assert_eq!(folder.read("b/groups.json"), export);
}

#[test]
fn sarif_carries_the_fixes_of_templates() {
    let folder = Folder::new();
    folder.write("groups.json", NESTED);
    let ran = folder
        .run("lint groups.json --no-config --format sarif")
        .ends_with(0);
    let log: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let result = results.iter().find(|result| result["ruleId"] == "TG3023");
    let change = &result.unwrap()["fixes"][0]["artifactChanges"][0];
    assert_eq!(change["artifactLocation"]["uri"], "groups.json");
    let region = &change["replacements"][0]["deletedRegion"];
    assert_eq!(
        (&region["startLine"], &region["endLine"]),
        (&serde_json::json!(12), &serde_json::json!(13))
    );
}

#[test]
fn a_fix_that_brings_an_error_is_taken_back() {
    let folder = Folder::new();
    let allowed = read(Utf8Path::new("fixtures/lint/TG1001/fires-3.json"));
    let route = "\"nextHopType\": \"Internet\"";
    // Behind the firewall that the route would lead to, nothing that the cluster needs is let out.
    let denied = allowed.replace("\"type\": \"Allow\"", "\"type\": \"Deny\"");
    assert_ne!(allowed, denied);
    folder.write("a/main.json", &denied);
    folder.write("b/main.json", &allowed);
    let ran = folder
        .run("lint a b --no-config --unsafe-fixes")
        .ends_with(0);
    assert!(folder.read("a/main.json").contains(route), "{}", ran.err);
    assert!(!folder.read("b/main.json").contains(route), "{}", ran.err);
    assert!(
        ran.err.contains("something else: a/main.json: TG1001: "),
        "{}",
        ran.err
    );
}

#[test]
#[cfg(unix)]
fn links_and_permissions_stay_as_they_were() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = Folder::new();
    folder.write("real.json", NESTED);
    let real = folder.path("real.json");
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&real, folder.path("link.json")).unwrap();
    folder.run("lint link.json --no-config --fix").ends_with(0);
    assert!(folder.path("link.json").is_symlink());
    assert!(!folder.read("real.json").contains("203.0.113.4\""));
    let mode = real.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
}
