//! What was seen from a pool, held against what is expected of it.

mod connectivity;
mod never_panics;
mod node_check;

use serde_json::{Value, json};

use super::cli::Folder;
use super::support::project;

/// A row as `tidegate probe` writes it.
fn row(
    destination: &str,
    service: &str,
    address: Option<&str>,
    class: &str,
    detail: &str,
) -> Value {
    let port = service
        .rsplit('/')
        .next()
        .and_then(|port| port.parse::<u16>().ok());
    let port = port.or((service == "https").then_some(443));
    let shows = !matches!(class, "not_probed" | "no_answer");
    json!({
        "requirement": "test",
        "destination": destination,
        "name": (class != "not_probed").then_some(destination),
        "address": address,
        "service": service,
        "port": port.filter(|_| class != "not_probed"),
        "class": class,
        "evidence": shows,
        "steps": [],
        "detail": detail,
    })
}

fn seen() -> Value {
    json!({
        "schema": "egress-probe/1",
        "pool": "shop-aks",
        "started": "2026-11-30",
        "servers": ["10.40.0.4"],
        "rows": [
            row("mcr.microsoft.com", "https", Some("20.51.1.1"), "ok", "TLS, certificate issued by CN=Example"),
            row("management.azure.com", "https", Some("20.51.1.4"), "tls_intercepted", "the certificate is not believed"),
            row("login.microsoftonline.com", "https", Some("20.51.1.5"), "reset_after_hello", "reset after the TLS hello"),
            row("packages.microsoft.com", "https", Some("20.51.1.7"), "timeout", "no answer to the TCP connection"),
            row("acs-mirror.azureedge.net", "https", None, "no_such_name", "no such name (NXDOMAIN)"),
            row("www.fabrikam.com", "https", Some("198.51.100.9"), "ok", "TLS, certificate issued by CN=Example"),
            row("www.adatum.com", "https", Some("198.51.100.8"), "reset_after_hello", "reset after the TLS hello"),
            row("gone.adatum.com", "https", None, "no_such_name", "no such name (NXDOMAIN)"),
            row("ntp.ubuntu.com", "udp/123", Some("198.51.100.7"), "no_answer", "no answer, which says nothing of UDP"),
            row("*.hcp.westeurope.azmk8s.io", "https", None, "not_probed", "no name of it is known"),
        ],
    })
}

/// The policy of the README, its mistake mended.
fn write_policy(folder: &Folder) {
    let policy = std::fs::read_to_string(project("fixtures/readme/first-try.egress")).unwrap();
    folder.write("first-try.egress", policy.replace("10.40.0.5", "10.40.0.4"));
}

/// Holds a document to the schema.
fn keeps_to_schema(document: &str) {
    let schema = std::fs::read_to_string(project("docs/schema/egress-observed-1.schema.json"));
    let schema: Value = serde_json::from_str(&schema.unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let value: Value = serde_json::from_str(document).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&value)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}\n{document}");
}

fn explain(seen: &str, more: &str) -> (Option<i32>, String) {
    let folder = Folder::new();
    write_policy(&folder);
    folder.write("seen.json", seen);
    let arguments =
        format!("explain first-try.egress --observed seen.json --today 2026-11-30 {more}");
    let output = folder.command(&arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

#[test]
fn what_was_seen_is_held_against_the_model() {
    let (code, text) = explain(&seen().to_string(), "");
    assert_eq!(code, Some(1), "{text}");
    insta::assert_snapshot!("observed-text", text);
    let (code, text) = explain(&seen().to_string(), "--format json");
    assert_eq!(code, Some(1));
    keeps_to_schema(&text);
    insta::assert_snapshot!("observed-json", text);
}

#[test]
fn agreement_and_silence_have_codes_of_their_own() {
    let with = |rows: Vec<Value>| {
        let mut all = seen();
        all["rows"] = Value::Array(rows);
        explain(&all.to_string(), "").0
    };
    let good = row("mcr.microsoft.com", "https", Some("20.51.1.1"), "ok", "TLS");
    let silent = row("ntp.ubuntu.com", "udp/123", None, "no_answer", "no answer");
    assert_eq!(with(vec![good.clone()]), Some(0));
    assert_eq!(with(vec![good, silent]), Some(3));
}

#[test]
fn some_addresses_contradict_whatever_is_expected() {
    let with = |destination: &str, class: &str| {
        let mut all = seen();
        let row = row(destination, "https", Some("198.51.100.8"), class, "so");
        all["rows"] = Value::Array(vec![row]);
        explain(&all.to_string(), "")
    };
    let (allowed, denied) = ("mcr.microsoft.com", "www.adatum.com");
    assert_eq!(with(denied, "timeout").0, Some(0));
    assert_eq!(with(denied, "partial").0, Some(1));
    let (code, text) = with(allowed, "partial");
    assert_eq!(code, Some(1));
    assert!(
        text.contains("some addresses of the name are let through"),
        "{text}"
    );
    let (code, text) = with(allowed, "not_sent");
    assert_eq!(code, Some(1));
    assert!(text.contains("nothing left the machine"), "{text}");
    let (code, text) = with(denied, "not_sent");
    assert_eq!(code, Some(0));
    assert!(text.contains("nothing even left the machine"), "{text}");
}

#[test]
fn a_probe_tells_its_pool_and_its_endpoints_itself() {
    let text = seen().to_string();
    assert_eq!(explain(&text, "--pool shop-aks").0, Some(1));
    let (code, told) = explain(&text, "--pool other");
    assert_eq!(code, Some(2));
    assert!(
        told.contains("it was seen from pool `shop-aks`, and --pool says `other`"),
        "{told}"
    );
    let (code, told) = explain(&text, "--to mcr.microsoft.com:443");
    assert_eq!(code, Some(2));
    assert!(
        told.contains("the file tells itself what was tried"),
        "{told}"
    );
}

#[test]
fn what_is_no_probe_is_told() {
    let sound = seen().to_string();
    for (from, to, wrong) in [
        (
            "egress-probe/1",
            "egress-probe/7",
            "the schema is `egress-probe/7`",
        ),
        (
            "reset_after_hello",
            "exploded",
            "`exploded` is no class (row 3)",
        ),
        ("20.51.1.1", "20.51.1", "`20.51.1` is no address (row 1)"),
        (
            "\"pool\":\"shop-aks\"",
            "\"pool\":\"shop-ask\"",
            "did you mean `shop-aks`?",
        ),
        ("\"rows\"", "\"lines\"", "missing field `rows`"),
        ("{", "[", "seen.json: "),
    ] {
        assert!(sound.contains(from), "{from}");
        let (code, text) = explain(&sound.replacen(from, to, 1), "");
        assert_eq!(code, Some(2), "{from} -> {to}: {text}");
        assert!(text.contains(wrong), "{from} -> {to}: {text}");
    }
}

/// A wildcard or a tag stands for many names: the one that was tried is told.
#[test]
fn the_name_that_stood_for_a_wildcard_is_told() {
    let mut all = seen();
    let mut tried = row(
        "mcr.microsoft.com",
        "https",
        None,
        "dns_failure",
        "no answer in time",
    );
    tried["destination"] = json!("*.microsoft.com");
    all["rows"] = json!([tried]);
    let (_, text) = explain(&all.to_string(), "");
    assert!(
        text.contains("*.microsoft.com https (mcr.microsoft.com)"),
        "{text}"
    );
    assert!(text.contains("are not reached, fail or refuse"), "{text}");
}
