//! Effective routes and rules beside exports of the same network: `fixtures/shown/`.

use camino::{Utf8Path, Utf8PathBuf};

use super::cli::{Folder, Ran};
use super::support::{files, project};

/// The interface whose routes are shown.
const INTERFACE: &str = r#"{
  "id": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-net/providers/Microsoft.Network/networkInterfaces/nic-7",
  "name": "nic-7", "type": "Microsoft.Network/networkInterfaces",
  "ipConfigurations": [{"name": "ip", "privateIPAddress": "10.20.1.9", "subnet": {
    "id": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/spoke/subnets/pool"}}]
}"#;

/// The files of a network with what Azure shows of it, but for those that are left out.
fn network(left_out: &[&str]) -> Folder {
    let folder = Folder::new();
    for path in files("fixtures/shown", ".json") {
        let name = path.file_name().unwrap();
        if !left_out.contains(&name) {
            let text = std::fs::read_to_string(project(path.as_str())).unwrap();
            folder.write(&format!("net/{name}"), text);
        }
    }
    folder
}

fn change(folder: &Folder, name: &str, from: &str, to: &str) {
    let text = folder.read(name);
    assert!(text.contains(from), "{name} has `{from}`");
    folder.write(name, text.replacen(from, to, 1));
}

fn lint(folder: &Folder) -> String {
    let ran = folder.run("lint net --no-config --format concise --fail-on error");
    assert!(ran.err.is_empty(), "{}", ran.err);
    ran.out
}

fn explain(folder: &Folder, to: &str) -> Ran {
    folder.run(&format!("explain --estate net --from spoke/pool --to {to}"))
}

/// The lines of a report about one id.
fn of<'o>(id: &str, out: &'o str) -> Vec<&'o str> {
    let mark = format!("[{id}]");
    out.lines().filter(|line| line.contains(&mark)).collect()
}

#[test]
fn all_fits_together() {
    let out = lint(&network(&[]));
    for id in ["TG0033", "TG0034", "TG0038", "TG0039", "TG0040"] {
        assert!(of(id, &out).is_empty(), "{out}");
    }
}

#[test]
fn what_the_gateway_learned_is_known() {
    let without = network(&["effective-routes.json"]);
    let before = explain(&without, "192.168.4.5:443").out;
    assert!(before.contains("x firewall firewall `fw`"), "{before}");
    let with = network(&[]);
    let after = explain(&with, "192.168.4.5:443").out;
    assert!(
        after.contains("gateway `vpn`") && !after.contains("firewall `fw`"),
        "{after}"
    );
    // A rule that only had an assumption before knows the prefixes now.
    let confidence = |folder: &Folder| {
        let out = folder.run("lint net --no-config --format json").out;
        let report: serde_json::Value = serde_json::from_str(&out).unwrap();
        let findings = report["findings"].as_array().unwrap();
        let learned = findings.iter().find(|it| it["id"] == "TG1010").unwrap();
        learned["confidence"].clone()
    };
    assert_eq!(confidence(&without), "assumed");
    assert_eq!(confidence(&with), "certain");
}

#[test]
fn a_policy_to_start_from_has_what_was_learned() {
    let policy = network(&[]).run("import net --format egress").out;
    assert!(policy.contains("192.168.0.0/16"), "{policy}");
    assert!(policy.contains("172.16.40.0/24"), "{policy}");
}

#[test]
fn a_group_that_no_file_states_is_read_from_its_effective_rules() {
    let with = network(&[]);
    let stopped = explain(&with, "8.8.8.8:25").ends_with(1);
    assert!(stopped.out.contains("`no-smtp`"), "{}", stopped.out);
    // Azure's own rules are not told twice.
    assert!(
        !stopped.out.contains("defaultSecurityRules"),
        "{}",
        stopped.out
    );
    let without = network(&["effective-nsg.json"]);
    assert_eq!(of("TG0033", &lint(&without)).len(), 1);
    let open = explain(&without, "8.8.8.8:25").out;
    assert!(!open.contains("`no-smtp`"), "{open}");
}

#[test]
fn a_table_that_no_file_states_is_read_from_the_routes() {
    let folder = network(&["route-tables.json"]);
    let tables = project("fixtures/shown/route-tables.json");
    let tables: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(tables).unwrap()).unwrap();
    folder.write("net/rt-data.json", tables[1].to_string());
    // They may be what became of `rt-data`, or those of the other table, which nobody knows.
    let out = lint(&folder);
    let [line] = of("TG0038", &out)[..] else {
        panic!("{out}");
    };
    assert!(line.contains("`spoke/pool` or `spoke/data`"), "{line}");
    assert!(of("TG0039", &out).is_empty(), "{out}");
    // With a table that has nothing in common there is no doubt.
    change(&folder, "net/rt-data.json", "0.0.0.0/0", "10.31.0.0/16");
    change(&folder, "net/rt-data.json", "\"default\"", "\"lab\"");
    let out = lint(&folder);
    assert!(of("TG0033", &out).is_empty(), "{out}");
    let answer = explain(&folder, "8.8.8.8:443").out;
    assert!(answer.contains("firewall `fw`"), "{answer}");
}

#[test]
fn a_table_that_was_changed_since_is_told() {
    let folder = network(&[]);
    change(
        &folder,
        "net/route-tables.json",
        "\"10.10.1.4\"",
        "\"10.10.1.7\"",
    );
    // Both tables have a default route, so the routes may be what became of either.
    let out = lint(&folder);
    assert_eq!(of("TG0038", &out).len(), 1, "{out}");
    assert!(of("TG0039", &out).is_empty(), "{out}");
    let routes = folder.read("net/effective-routes.json");
    folder.write("net/effective-routes.json", "{\"value\": []}");
    folder.write("net/nic-7.json", &routes);
    folder.write("net/interface.json", INTERFACE);
    let out = lint(&folder);
    let [line] = of("TG0039", &out)[..] else {
        panic!("{out}");
    };
    assert!(line.starts_with("net/nic-7.json:"), "{line}");
    for words in ["0.0.0.0/0", "`spoke/pool`", "10.10.1.4", "10.10.1.7"] {
        assert!(line.contains(words), "{line}");
    }
    // Explanations rest on the files, and say that Azure shows something else.
    let ran = explain(&folder, "8.8.8.8:443");
    assert!(ran.err.contains("TG0039"), "{}", ran.err);
    // The table was taken off since.
    let invalid = routes.replace("\"User\"", "\"Default\"");
    let invalid = invalid.replace("\"VirtualAppliance\"", "\"Internet\"");
    folder.write("net/nic-7.json", invalid);
    let out = lint(&folder);
    let [line] = of("TG0039", &out)[..] else {
        panic!("{out}");
    };
    assert!(
        line.contains("0.0.0.0/0 of subnet `spoke/pool` to the Internet"),
        "{line}"
    );
}

#[test]
fn a_peering_that_azure_does_not_show_is_told() {
    let folder = network(&[]);
    change(
        &folder,
        "net/effective-routes.json",
        "\"VNetPeering\"",
        "\"None\"",
    );
    let out = lint(&folder);
    let [line] = of("TG0039", &out)[..] else {
        panic!("{out}");
    };
    assert!(
        line.contains("10.10.0.0/16") && line.contains("peered vnet `hub`"),
        "{line}"
    );
}

#[test]
fn learned_routes_that_a_table_keeps_out_are_told() {
    let folder = network(&[]);
    let off = "\"disableBgpRoutePropagation\": true";
    change(
        &folder,
        "net/route-tables.json",
        "\"disableBgpRoutePropagation\": false",
        off,
    );
    let out = lint(&folder);
    let [line] = of("TG0039", &out)[..] else {
        panic!("{out}");
    };
    assert!(line.contains("keeps them out"), "{line}");
}

#[test]
fn networks_of_one_address_space_are_not_guessed() {
    let folder = network(&[]);
    let twin = folder.read("net/networks.json").replace("/spoke", "/twin");
    let twin = twin.replace("\"spoke\"", "\"twin\"");
    folder.write("net/twin.json", twin);
    let out = lint(&folder);
    let [line] = of("TG0038", &out)[..] else {
        panic!("{out}");
    };
    assert!(line.contains("`spoke/pool` or `twin/pool`"), "{line}");
    // The interface decides, by the name of the file or by what is around the list.
    folder.write("net/interface.json", INTERFACE);
    let routes = folder.read("net/effective-routes.json");
    folder.write("net/effective-routes.json", "{\"value\": []}");
    folder.write("net/nic-7.routes.json", &routes);
    assert!(of("TG0038", &lint(&folder)).is_empty());
    folder.write("net/nic-7.routes.json", "{\"value\": []}");
    let named = "\"networkInterface\": \"/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-net/providers/Microsoft.Network/networkInterfaces/nic-7\",";
    let wrapped = routes.replacen("\"nextLink\": null,", named, 1);
    assert_ne!(wrapped, routes);
    folder.write("net/routes.json", wrapped);
    assert!(of("TG0038", &lint(&folder)).is_empty());
}

#[test]
fn rules_that_were_changed_since_are_told() {
    let folder = network(&[]);
    let stated = folder
        .read("net/nsg-data.json")
        .replace("nsg-data", "nsg-pool");
    folder.write("net/nsg-pool.json", stated.replace("\"25\"", "\"25-26\""));
    let out = lint(&folder);
    let lines = of("TG0040", &out);
    assert_eq!(lines.len(), 2, "{out}");
    assert!(
        lines[0].contains("rule `no-smtp`") && lines[0].contains("25-26"),
        "{out}"
    );
    assert!(lines[1].contains("rule `no-telnet`"), "{out}");
}

#[test]
fn a_group_on_a_subnet_that_has_another_one_is_told() {
    let folder = network(&[]);
    change(
        &folder,
        "net/effective-nsg.json",
        "/subnets/pool",
        "/subnets/data",
    );
    let out = lint(&folder);
    let [line] = of("TG0040", &out)[..] else {
        panic!("{out}");
    };
    assert!(
        line.contains("`spoke/data`") && line.contains("`nsg-data`"),
        "{line}"
    );
}

#[test]
fn a_value_that_no_route_has_is_told_at_its_place() {
    let folder = network(&[]);
    change(
        &folder,
        "net/effective-routes.json",
        "172.16.40.0/24",
        "172.16.40.0/64",
    );
    let out = lint(&folder);
    let [line] = of("TG0038", &out)[..] else {
        panic!("{out}");
    };
    assert!(line.contains("`172.16.40.0/64` is no prefix"), "{line}");
}

#[test]
fn routes_beside_one_template_are_of_its_network() {
    let folder = Folder::new();
    folder.write(
        "net/main.json",
        r#"{
          "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
          "contentVersion": "1.0.0.0",
          "resources": [{
            "type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-05-01", "name": "v",
            "properties": {
              "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] },
              "subnets": [{ "name": "s", "properties": { "addressPrefix": "10.0.0.0/24", "defaultOutboundAccess": false } }]
            }
          }]
        }"#,
    );
    let route = |prefix: &str, hop: &str| {
        format!(
            r#"{{"source": "Default", "state": "Active", "addressPrefix": ["{prefix}"], "nextHopType": "{hop}", "nextHopIpAddress": []}}"#
        )
    };
    let shown = |extra: &str| {
        let all = [
            route("10.0.0.0/16", "VnetLocal"),
            route("0.0.0.0/0", "Internet"),
            route("10.0.0.0/8", "None"),
            route("198.18.0.0/15", "None"),
        ];
        format!("{{\"value\": [{}{extra}]}}", all.join(", "))
    };
    folder.write("net/routes.json", shown(""));
    let out = lint(&folder);
    assert!(
        of("TG0038", &out).is_empty() && of("TG0039", &out).is_empty(),
        "{out}"
    );
    // Azure drops more than its documents say, and less: what it shows counts.
    let to = |to: &str| {
        let asked = format!("explain --estate net --from v/s --to {to}");
        folder.run(&asked).out
    };
    assert!(
        to("198.18.4.5:443").contains("dropped"),
        "{}",
        to("198.18.4.5:443")
    );
    assert!(
        !to("172.16.4.5:443").contains("dropped"),
        "{}",
        to("172.16.4.5:443")
    );
    let peering = format!(", {}", route("10.1.0.0/16", "VNetGlobalPeering"));
    folder.write("net/routes.json", shown(&peering));
    let out = lint(&folder);
    let [line] = of("TG0039", &out)[..] else {
        panic!("{out}");
    };
    assert!(
        line.contains("10.1.0.0/16") && line.contains("no such route"),
        "{line}"
    );
}

/// The files of a folder and those below it.
fn all_files(folder: &Utf8Path, found: &mut Vec<Utf8PathBuf>) {
    for entry in folder.read_dir_utf8().unwrap() {
        let path = entry.unwrap().into_path();
        if path.is_dir() {
            all_files(&path, found);
        } else if path.extension() == Some("json") {
            found.push(path);
        }
    }
}

/// Azure's own output as the evaluator's judge, when `TIDEGATE_CORPUS` names a folder that holds some: recorded lists of
/// interfaces in networks of which nothing is set up but the address space.
#[test]
fn azures_own_routes_are_as_recorded() {
    let Ok(corpus) = std::env::var("TIDEGATE_CORPUS") else {
        return;
    };
    let mut paths = Vec::new();
    all_files(Utf8Path::new(&corpus), &mut paths);
    let mut compared = 0;
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        if !text.contains("nextHopIpAddress") || !text.contains("VnetLocal") {
            continue;
        }
        let Ok(list) = serde_json::from_str::<serde_json::Value>(&text) else {
            continue;
        };
        let routes = list["value"].as_array().or(list.as_array());
        let routes = routes.cloned().unwrap_or_default();
        let shown = |source: &str, hop: &str| {
            let mut routes = routes.iter();
            let found = routes.find(|it| it["source"] == source && it["nextHopType"] == hop);
            found.cloned()
        };
        let Some(local) = shown("Default", "VnetLocal") else {
            continue;
        };
        let space = &local["addressPrefix"];
        let mut subnet = serde_json::json!({"name": "s", "addressPrefix": space[0], "defaultOutboundAccess": false});
        let mut resources = Vec::new();
        if let Some(user) = shown("User", "VirtualAppliance") {
            let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/routeTables/t";
            subnet["routeTable"] = serde_json::json!({"id": id});
            resources.push(serde_json::json!({"id": id, "name": "t", "routes": [{
                "name": user["name"], "addressPrefix": user["addressPrefix"][0],
                "nextHopType": user["nextHopType"], "nextHopIpAddress": user["nextHopIpAddress"][0],
            }]}));
        }
        resources.push(serde_json::json!({
            "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v",
            "name": "v", "addressSpace": {"addressPrefixes": space}, "subnets": [subnet],
        }));
        let here = Folder::new();
        here.write(
            "net/v.json",
            serde_json::Value::Array(resources).to_string(),
        );
        here.write("net/routes.json", &text);
        let out = lint(&here);
        for id in ["TG0034", "TG0038", "TG0039"] {
            assert!(of(id, &out).is_empty(), "{path}: {out}");
        }
        compared += 1;
    }
    println!("{compared} recorded lists of effective routes agree");
    assert!(compared > 0, "no recorded routes");
}
