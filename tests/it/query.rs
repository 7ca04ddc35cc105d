//! `tidegate query`: all that a pool or a subnet can reach.

use serde_json::Value;

use super::cli::{Folder, Ran};
use super::support::{TODAY, project};

fn folder() -> Folder {
    let folder = Folder::new();
    for file in ["diff/after.egress", "diff/group.json"] {
        let text = std::fs::read_to_string(project(&format!("fixtures/{file}"))).unwrap();
        folder.write(file, text);
    }
    let policy = std::fs::read_to_string(project("policies/hdinsight-on-aks.egress")).unwrap();
    folder.write("spark.egress", policy);
    folder
}

fn query(folder: &Folder, arguments: &str) -> Ran {
    folder.run(&format!("query {arguments} --today {TODAY}"))
}

#[test]
fn answers_for_people_and_for_comments() {
    let folder = folder();
    let run = |format: &str| {
        let arguments = format!("diff/after.egress --from hub/nodes --format {format}");
        query(&folder, &arguments).ends_with(0).out
    };
    insta::assert_snapshot!("query_text", run("text"));
    insta::assert_snapshot!("query_markdown", run("markdown"));
    insta::assert_snapshot!("query_json", run("json"));
    let pool = query(&folder, "spark.egress --from spark").ends_with(0).out;
    insta::assert_snapshot!("query_pool", pool);
}

#[test]
fn destinations_and_ports_narrow_the_answer() {
    let folder = folder();
    for (to, expected) in [
        ("20.60.0.9", vec!["any -> 20.60.0.9 tcp/8443, 9443"]),
        ("20.60.0.9:9443", vec!["any -> 20.60.0.9 tcp/9443"]),
        ("20.70.0.0/16", vec![]),
        (
            "*.blob.core.windows.net",
            vec![
                "any -> *.blob.core.windows.net except *.privatelink.blob.core.windows.net tcp/443",
            ],
        ),
        ("other.blob.core.windows.net:80", vec![]),
    ] {
        let arguments = format!("diff/after.egress --from hub/nodes --to {to} --format json");
        let ran = query(&folder, &arguments).ends_with(0);
        let answer: Value = serde_json::from_str(&ran.out).unwrap();
        let reached = answer["subnets"][0]["reached"].as_array().unwrap();
        let allowed = reached.iter().filter(|it| it["verdict"] == "allowed");
        let flows = allowed.flat_map(|it| it["flows"].as_array().unwrap());
        let flows: Vec<&str> = flows.map(|it| it.as_str().unwrap()).collect();
        assert_eq!(flows, expected, "{to}");
    }
}

#[test]
fn networks_that_exist_are_asked_too() {
    let folder = folder();
    let ran = query(&folder, "--estate diff/group.json --from spoke/jobs").ends_with(0);
    assert!(
        ran.out.contains("any -> 20.60.0.0/24 tcp/443"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("public addresses, directly"),
        "{}",
        ran.out
    );
}

#[test]
fn a_long_answer_is_cut_and_can_be_whole() {
    let folder = folder();
    let rules: String = (1..=40)
        .map(|n| {
            let port = 1000 + n * 7;
            format!("rule r{n} from 10.0.1.0/24 to 20.60.{n}.0/24 tcp/{port}\n")
        })
        .collect();
    let policy = std::fs::read_to_string(project("fixtures/diff/after.egress")).unwrap();
    let place = "network-rules net 200 allow {\n";
    folder.write(
        "long.egress",
        policy.replace(place, &format!("{place}{rules}")),
    );
    let short = query(&folder, "long.egress --from hub/nodes --to 20.60.0.0/16").ends_with(0);
    assert!(short.out.contains("and 31 more\n"), "{}", short.out);
    let whole = query(
        &folder,
        "long.egress --from hub/nodes --to 20.60.0.0/16 --all",
    )
    .ends_with(0);
    assert!(!whole.out.contains(" more"), "{}", whole.out);
    assert_eq!(
        whole.out.matches("any -> 20.60.").count(),
        41,
        "{}",
        whole.out
    );
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let folder = folder();
    for (arguments, says) in [
        (
            "diff/after.egress --from hub.nods",
            "did you mean `hub.nodes`?",
        ),
        (
            "diff/after.egress --from hub/nodes --to 10.0.0.1/8",
            "--to: ",
        ),
        (
            "diff/after.egress --from hub/nodes --to x.com:0",
            "a port is a number from 1 to 65535",
        ),
        ("--from hub/nodes", "POLICY"),
        (
            "absent.egress --from hub/nodes",
            "cannot read absent.egress",
        ),
    ] {
        let ran = query(&folder, arguments).ends_with(2);
        assert!(ran.err.contains(says), "{arguments}: {}", ran.err);
    }
}
