//! Broken policies: one network for each cause of failure, explained as the snapshots show.
//!
//! A snapshot is read as the engineer would who is woken by it: what is wrong, where, and what to write instead.

use std::collections::BTreeSet;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tidegate::azure::Cause;

use super::explain::keeps_to_schema;
use super::support::{policies_in, project};

const FOLDER: &str = "policies/broken";

/// A broken policy, with what its first comment says about it.
struct Broken {
    name: String,
    /// The cause that the explanation has to name.
    cause: Cause,
    /// The arguments of `tidegate explain`.
    arguments: String,
}

impl Broken {
    fn all() -> Vec<Self> {
        policies_in(FOLDER).into_iter().map(Self::read).collect()
    }

    fn read(name: String) -> Self {
        let text = std::fs::read_to_string(project(&path(&name))).unwrap();
        let stated = |key: &str| {
            let mut lines = text.lines().take_while(|line| line.starts_with("//"));
            let stated = lines.find_map(|line| line.strip_prefix("// ")?.strip_prefix(key));
            stated
                .unwrap_or_else(|| panic!("{name} states its `{key}`"))
                .to_owned()
        };
        let slug = stated("cause: ");
        let cause = Cause::from_slug(&slug).unwrap_or_else(|| panic!("{name}: {slug} is a cause"));
        Self {
            arguments: stated("explain: "),
            name,
            cause,
        }
    }

    /// What `tidegate explain` prints about it, and its exit code.
    fn explained(&self, format: &str) -> (String, i32) {
        let Self {
            name, arguments, ..
        } = self;
        let line = format!("explain {} {arguments} --format {format}", path(name));
        let output = run(&line);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.stderr, b"", "{line}");
        (text, output.status.code().unwrap())
    }

    fn json(&self) -> (Value, i32) {
        let (text, code) = self.explained("json");
        (serde_json::from_str(&text).unwrap(), code)
    }
}

/// Runs the command from the root of this project, so that places read as they would there.
fn run(arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tidegate"))
        .current_dir(project(""))
        .args(arguments.split_whitespace())
        .stdin(Stdio::null())
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

fn path(name: &str) -> String {
    format!("{FOLDER}/{name}.egress")
}

fn items<'v>(value: &'v Value, pointer: &str) -> impl Iterator<Item = &'v Value> {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// What stands in the way: the reasons of a flow; of a pool what Azure refuses, or else warns of.
fn reasons(explanation: &Value) -> Vec<&Value> {
    if explanation["kind"] == "flow" {
        return items(explanation, "/reasons").collect();
    }
    let refusals: Vec<&Value> = items(explanation, "/preflight/refusals").collect();
    if refusals.is_empty() {
        return items(explanation, "/preflight/warnings").collect();
    }
    refusals
}

#[test]
fn every_explanation_is_as_shown() {
    for broken in Broken::all() {
        let (text, _) = broken.explained("text");
        insta::with_settings!({
            snapshot_path => "snapshots/broken",
            omit_expression => true,
            prepend_module_to_snapshot => false,
        }, {
            insta::assert_snapshot!(broken.name.as_str(), text);
        });
    }
}

#[test]
fn every_explanation_names_the_cause_and_no_other() {
    for broken in Broken::all() {
        let (explanation, _) = broken.json();
        let causes: BTreeSet<&str> = reasons(&explanation)
            .into_iter()
            .filter_map(|reason| reason["cause"].as_str())
            .collect();
        assert_eq!(causes, [broken.cause.slug()].into(), "{}", broken.name);
        if explanation["kind"] == "flow" {
            assert_eq!(explanation["cause"], broken.cause.slug(), "{}", broken.name);
        }
    }
}

#[test]
fn every_explanation_keeps_to_its_schema() {
    for broken in Broken::all() {
        keeps_to_schema(&broken.json().0);
    }
}

#[test]
fn every_cause_has_a_policy() {
    let shown: BTreeSet<Cause> = Broken::all().iter().map(|broken| broken.cause).collect();
    let missing: Vec<_> = Cause::ALL
        .iter()
        .filter(|cause| !shown.contains(cause))
        .collect();
    assert_eq!(missing, [] as [&Cause; 0]);
}

#[test]
fn exit_codes_tell_what_is_certain() {
    for broken in Broken::all() {
        let (explanation, code) = broken.json();
        let expected = match explanation["verdict"].as_str() {
            Some("denied" | "no-return") => 1,
            Some("uncertain") => 3,
            other => panic!("{}: {other:?}", broken.name),
        };
        assert_eq!(code, expected, "{}", broken.name);
    }
}

/// The first fix is proven: its edits are made, the policy is read again, and the same question has another answer.
#[test]
fn the_first_fix_is_proven() {
    for broken in Broken::all() {
        let (explanation, _) = broken.json();
        let reasons = reasons(&explanation);
        let firsts: Vec<&Value> = reasons.iter().map(|reason| &reason["fixes"][0]).collect();
        // What Azure Policy forbids is not lifted by a policy of this language.
        if broken.cause == Cause::PolicyDeny {
            assert_eq!(firsts.len(), 1);
            assert_eq!(firsts[0]["edits"], Value::Array(Vec::new()));
            continue;
        }
        for first in &firsts {
            assert_ne!(
                first["edits"].as_array().map(Vec::len),
                Some(0),
                "{}",
                broken.name
            );
            assert!(first["edits"].is_array(), "{} has a fix", broken.name);
        }
        let last = firsts.last().unwrap();
        assert_eq!(last["rewritten"], "allowed", "{}", broken.name);
    }
}

#[test]
fn every_broken_policy_is_formatted() {
    for name in policies_in(FOLDER) {
        let output = run(&format!("fmt --check {}", path(&name)));
        assert_eq!(output.status.code(), Some(0), "{name}");
    }
}
