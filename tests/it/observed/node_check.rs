//! The network check of AKS on a node, held against what is expected.

use serde_json::json;

use super::super::cli::{Folder, Ran};
use super::{keeps_to_schema, write_policy};

const SAID: &str = "\
Mon Nov 30 09:00:00 UTC 2026 - INFO: Starting network connectivity check
Mon Nov 30 09:00:00 UTC 2026 - WARNING: Kubeconfig file not found. Skipping apiserver check.
Mon Nov 30 09:00:01 UTC 2026 - SUCCESS: Successfully tested DNS resolution to management.azure.com
Mon Nov 30 09:00:01 UTC 2026 - ERROR: Failed to retrieve access token with returned status code 400. Can't check access to management.azure.com
Mon Nov 30 09:00:02 UTC 2026 - SUCCESS: Successfully tested DNS resolution to mcr.microsoft.com
Mon Nov 30 09:00:02 UTC 2026 - SUCCESS: Successfully tested mcr.microsoft.com with returned status code 200
Mon Nov 30 09:00:03 UTC 2026 - SUCCESS: Successfully tested DNS resolution to packages.microsoft.com
Mon Nov 30 09:00:40 UTC 2026 - ERROR: Failed to curl packages.microsoft.com after 3 attempts with returned status code 000. Nodes need it.
Mon Nov 30 09:00:41 UTC 2026 - ERROR: Failed to test DNS resolution to acs-mirror.azureedge.net. Nodes need it.
Trace DNS request for acs-mirror.azureedge.net

; <<>> DiG 9 <<>> acs-mirror.azureedge.net
;; ->>HEADER<<- opcode: QUERY, status: NXDOMAIN, id: 4711
Mon Nov 30 09:00:42 UTC 2026 - NOTICE: nobody knows this line
Checking additional endpoints ...
Mon Nov 30 09:00:43 UTC 2026 - SUCCESS: Successfully tested DNS resolution to www.adatum.com
Mon Nov 30 09:00:44 UTC 2026 - ERROR: Failed to curl https://www.adatum.com/shop after 3 attempts with returned status code 470.
Mon Nov 30 09:00:45 UTC 2026 - SUCCESS: Successfully tested DNS resolution to www.fabrikam.com
Mon Nov 30 09:00:46 UTC 2026 - SUCCESS: Successfully tested www.fabrikam.com with returned status code 400. It answers so.
Mon Nov 30 09:00:47 UTC 2026 - INFO: Network connectivity check completed
a line that was cut";

fn explained(said: &str, more: &str) -> Ran {
    let folder = Folder::new();
    write_policy(&folder);
    folder.write("seen.txt", said);
    folder.run(&format!(
        "explain first-try.egress --observed seen.txt --today 2026-11-30 {more}"
    ))
}

#[test]
fn what_a_node_saw_is_held_against_the_model() {
    let ran = explained(SAID, "").ends_with(1);
    insta::assert_snapshot!(ran.out);
    let ran = explained(SAID, "--format json --pool shop-aks").ends_with(1);
    keeps_to_schema(&ran.out);
}

#[test]
fn the_answer_of_the_run_command_is_the_same_text() {
    let message = format!("Enable succeeded: \n[stdout]\n{SAID}\n\n[stderr]\n");
    let document = json!({"value": [{"code": "ProvisioningState/succeeded", "message": message}]});
    let ran = explained(&document.to_string(), "--format json").ends_with(1);
    let plain = explained(SAID, "--format json").ends_with(1);
    let rows =
        |ran: &Ran| serde_json::from_str::<serde_json::Value>(&ran.out).unwrap()["rows"].clone();
    assert_eq!(rows(&ran), rows(&plain));
    let inner = explained(&message, "--format json").ends_with(1);
    assert_eq!(rows(&inner), rows(&plain));
}

/// The class, how it compares, and the remarks, of one line about mcr.microsoft.com.
fn of_line(line: &str) -> (String, String) {
    let ran = explained(line, "--format json");
    let value: serde_json::Value =
        serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err));
    let row = &value["rows"][0];
    let text = |key: &str| row[key].as_str().unwrap().to_owned();
    (text("class"), text("comparison"))
}

#[test]
fn every_way_of_saying_it_is_understood() {
    let host = "mcr.microsoft.com";
    for (line, class, comparison) in [
        // Old versions print the quotes of their own command.
        (
            format!("'Mon - SUCCESS: Successfully curled {host} with returned status code 200'"),
            "ok",
            "agree",
        ),
        (
            format!(
                "Mon - SUCCESS: Successfully curled apiserver {host} with returned status code 200"
            ),
            "ok",
            "agree",
        ),
        (
            format!("SUCCESS: Successfully tested apiserver {host} with returned status code 200"),
            "ok",
            "agree",
        ),
        (
            format!("Mon - ERROR: Failed to test {host} with returned status code 403. So."),
            "ok",
            "agree",
        ),
        (
            format!("Mon - ERROR: Failed to curl apiserver {host} with returned status code 407"),
            "proxy_needed",
            "disagree",
        ),
        (
            format!(
                "Mon - ERROR: Failed to curl {host} after 3 attempts with returned status code 503. So."
            ),
            "untold",
            "not_observed",
        ),
        (
            format!("Mon - ERROR: Failed to test {host} with returned status code 000"),
            "unanswered",
            "disagree",
        ),
        (
            format!("Mon - ERROR: Failed to test {host} with returned status code 999"),
            "untold",
            "not_observed",
        ),
        (
            format!("Mon - SUCCESS: Successfully tested DNS resolution to endpoint {host}"),
            "not_probed",
            "not_observed",
        ),
        (
            format!(
                "Mon - ERROR: Failed to test DNS resolution to {host} with error Server: 10.40.0.4"
            ),
            "dns_failure",
            "disagree",
        ),
        (
            format!(
                "Mon - ERROR: Failed to send metadata endpoint request with returned status code 400. Can't check access to {host}"
            ),
            "not_probed",
            "not_observed",
        ),
    ] {
        assert_eq!(
            of_line(&line),
            (class.to_owned(), comparison.to_owned()),
            "{line}"
        );
    }
    // Some versions trace before they tell, and look for the server in the settings of the node.
    let traced = "Trace DNS request for mcr.microsoft.com\n** server can't find it: NXDOMAIN\n\
        Mon - FAILURE: Nameserver 10.40.0.4 wasn't found in /etc/resolv.conf\nnameserver 127.0.0.53\n\
        Mon - ERROR: Failed to test DNS resolution to mcr.microsoft.com";
    assert_eq!(of_line(traced).0, "no_such_name");
    assert!(!explained(traced, "").out.contains("not understood"));
}

#[test]
fn what_is_no_check_is_told() {
    let kinds = "none of the three that are read";
    for (said, more, wrong) in [
        ("", "", kinds),
        ("egress 1\n", "", kinds),
        ("{}", "", kinds),
        ("[]", "", kinds),
        ("[1, \"two\"]", "", kinds),
        ("{\"value\": [{\"message\": \"hello\"}]}", "", kinds),
        ("{\"value\": ", "", "EOF while parsing"),
        ("Mon - WARNING: nothing follows", "", kinds),
        (SAID, "--to x.com", "the file tells itself what was tried"),
        (SAID, "--pool shop-ask", "did you mean `shop-aks`?"),
    ] {
        let ran = explained(said, more).ends_with(2);
        assert!(ran.err.contains(wrong), "{said:?} {more}: {}", ran.err);
    }
}

#[test]
fn a_line_that_is_not_understood_keeps_agreement_from_being_all() {
    let line =
        "Mon - SUCCESS: Successfully tested mcr.microsoft.com with returned status code 200\n";
    explained(line, "").ends_with(0);
    let ran = explained(&format!("{line}{}", "x".repeat(200)), "").ends_with(3);
    assert!(
        ran.out.contains("1 line was not understood: line 2"),
        "{}",
        ran.out
    );
}
