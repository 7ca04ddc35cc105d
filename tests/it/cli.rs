//! The command as a process: exit codes, files, streams.

use std::process::{Command, Output, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;
use tempfile::TempDir;

use super::support::{TODAY, files, project};

/// A policy that compiles, with a parameter that has a default.
const GOOD: &str = "\
egress 1

region westeurope

param office = 192.168.1.0/24

vnet hub 10.10.0.0/16 {
  dns firewall fw
  subnet AzureFirewallSubnet 10.10.0.0/26
  subnet nodes 10.10.1.0/24 { route-table to-fw  nsg nodes-nsg }
}

firewall fw in hub {
  private-ip 10.10.0.4
  dns-proxy on
}

gateway vpn in hub {
  existing
  type vpn
  learned 192.168.0.0/16
}

route-table to-fw {
  gateway-propagation off
  route default 0.0.0.0/0 -> firewall fw
}

nsg nodes-nsg { }

identity apps-id {
  role \"Network Contributor\" on this resource-group
}

pool apps in hub.nodes {
  outbound userDefinedRouting
  identity apps-id
}

require apps -> $office tcp/443
";

/// The same policy with a mistake.
fn broken() -> String {
    GOOD.replace("nsg nodes-nsg { }", "nsg another-nsg { }")
}

/// A folder of its own for a test, in which the command runs.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().expect("a temporary folder"))
    }

    pub(crate) fn path(&self, name: &str) -> Utf8PathBuf {
        let folder = Utf8Path::from_path(self.0.path()).expect("a folder with a UTF-8 path");
        folder.join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder"))
            .expect("a folder inside a temporary one");
        std::fs::write(path, bytes).expect("a file in a temporary folder");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("a file that was written")
    }

    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
        command
            .current_dir(self.0.path())
            .args(arguments.split_whitespace())
            .stdin(Stdio::null())
            .env("NO_COLOR", "1");
        command
    }

    /// Runs the command with these arguments.
    pub(crate) fn run_with(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command("").args(arguments).output())
    }

    /// Runs the command with arguments that have no blanks in them.
    pub(crate) fn run(&self, arguments: &str) -> Ran {
        Ran::of(self.command(arguments).output())
    }
}

/// How a run ended.
pub(crate) struct Ran {
    code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(output: std::io::Result<Output>) -> Self {
        let output = output.expect("the command starts");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8 output");
        Self {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "out: {}\nerr: {}",
            self.out,
            self.err
        );
        self
    }
}

fn folder_with(policy: impl AsRef<[u8]>) -> Folder {
    let folder = Folder::new();
    folder.write("policy.egress", policy);
    folder
}

#[test]
fn a_good_policy_is_fine() {
    let folder = folder_with(GOOD);
    let ran = folder
        .run(&format!("check policy.egress --today {TODAY}"))
        .ends_with(0);
    assert_eq!(ran.out, "policy.egress: no findings\n");
    assert_eq!(ran.err, "");
}

#[test]
fn findings_end_with_one() {
    let folder = folder_with(broken());
    let ran = folder.run("check policy.egress").ends_with(1);
    assert!(ran.err.contains("[TG0008]"), "{}", ran.err);
}

#[test]
fn what_cannot_be_read_ends_with_two() {
    let folder = folder_with(b"egress 1\nregion west\xffeurope\n");
    std::fs::create_dir(folder.path("folder.egress")).expect("a folder");
    folder.write("uses.egress", "egress 1\nuse \"missing.egress\"\n");
    for (arguments, says) in [
        ("check missing.egress", "missing.egress"),
        ("check folder.egress", "folder.egress"),
        ("check policy.egress", "not UTF-8"),
        ("compile policy.egress", "not UTF-8"),
        ("check uses.egress", "missing.egress"),
        ("fmt missing.egress", "missing.egress"),
        ("catalog list --catalog missing.yaml", "missing.yaml"),
    ] {
        let ran = folder.run(arguments).ends_with(2);
        assert!(ran.err.contains(says), "{arguments}: {}", ran.err);
        assert_eq!(ran.out, "", "{arguments}");
    }
}

#[test]
fn wrong_usage_ends_with_two() {
    let folder = folder_with(GOOD);
    folder.write("list.yaml", "- not\n- a mapping\n");
    for arguments in [
        "",
        "unknown",
        "check",
        "check policy.egress --unknown",
        "check policy.egress --format unknown",
        "check policy.egress --param office",
        "check policy.egress --param-file list.yaml",
        "check policy.egress --param-file missing.yaml",
        "check policy.egress --today yesterday",
        "compile policy.egress --firewall-model unknown",
        "rule TG99",
    ] {
        let ran = folder.run(arguments).ends_with(2);
        assert!(!ran.err.is_empty(), "{arguments}");
    }
}

#[test]
fn help_and_version_are_fine() {
    let folder = Folder::new();
    let version = folder.run("--version").ends_with(0).out;
    assert_eq!(version, format!("tidegate {}\n", env!("CARGO_PKG_VERSION")));
    assert!(
        folder
            .run("compile --help")
            .ends_with(0)
            .out
            .contains("--firewall-model")
    );
}

#[test]
fn compile_makes_its_folder_and_gives_the_same_bytes_again() {
    let folder = folder_with(GOOD);
    for (format, file) in [("arm", "main.json"), ("bicep", "main.bicep")] {
        let arguments = |out: &str| format!("compile policy.egress --format {format} --out {out}");
        folder.run(&arguments("new/deep")).ends_with(0);
        let first = folder.read(&format!("new/deep/{file}"));
        folder.run(&arguments("new/deep")).ends_with(0);
        assert_eq!(folder.read(&format!("new/deep/{file}")), first);
        folder.run(&arguments("other")).ends_with(0);
        assert_eq!(folder.read(&format!("other/{file}")), first);
    }
    let template: Value = serde_json::from_str(&folder.read("new/deep/main.json")).expect("JSON");
    assert!(
        template["resources"]
            .as_array()
            .is_some_and(|all| !all.is_empty())
    );
}

#[test]
fn the_shipped_policy_compiles() {
    let folder = Folder::new();
    let policy = project("policies/hdinsight-on-aks.egress");
    let ran = folder
        .run(&format!("compile {policy} --today {TODAY}"))
        .ends_with(0);
    assert!(ran.out.contains("build/main.json"), "{}", ran.out);
    assert!(folder.path("build/main.json").exists());
}

#[test]
fn nothing_is_written_when_a_policy_does_not_compile() {
    let folder = folder_with(broken());
    let ran = folder.run("compile policy.egress --out out").ends_with(1);
    assert!(ran.err.contains("Nothing was written."), "{}", ran.err);
    assert!(!folder.path("out").exists());

    std::fs::create_dir(folder.path("out")).expect("a folder");
    folder.write("out/main.json", "as before");
    folder.run("compile policy.egress --out out").ends_with(1);
    assert_eq!(folder.read("out/main.json"), "as before");
    let files = folder
        .path("out")
        .read_dir_utf8()
        .expect("a folder")
        .count();
    assert_eq!(files, 1, "no temporary file is left");
}

#[test]
fn an_out_folder_that_cannot_be_made_ends_with_two() {
    let folder = folder_with(GOOD);
    let ran = folder
        .run("compile policy.egress --out policy.egress/out")
        .ends_with(2);
    assert!(
        ran.err.contains("cannot write policy.egress/out/main.json"),
        "{}",
        ran.err
    );
}

#[test]
fn parameters_come_from_files_and_options() {
    let folder = folder_with(GOOD);
    folder.write("values.yaml", "office: 192.168.2.0/24\n");
    folder.write("values.json", "{\"office\": \"192.168.3.0/24\"}\n");
    for (options, prefix) in [
        ("", "192.168.1.0/24"),
        ("--param-file values.yaml", "192.168.2.0/24"),
        ("--param-file values.json", "192.168.3.0/24"),
        (
            "--param-file values.json --param office=192.168.4.0/24",
            "192.168.4.0/24",
        ),
    ] {
        folder
            .run(&format!("compile policy.egress {options}"))
            .ends_with(0);
        let template = folder.read("build/main.json");
        assert!(
            template.contains(&format!("\"{prefix}\"")),
            "{options}: {template}"
        );
    }
    let ran = folder
        .run("check policy.egress --param ofice=192.168.4.0/24")
        .ends_with(1);
    assert!(ran.err.contains("office"), "{}", ran.err);
}

#[test]
fn fmt_lays_out_and_checks() {
    let standard = {
        let folder = folder_with(GOOD);
        folder.run("fmt policy.egress").ends_with(0);
        folder.read("policy.egress")
    };
    let folder = folder_with(&standard);
    folder.run("fmt --check policy.egress").ends_with(0);

    let untidy = standard.replace("  private-ip", "        private-ip");
    folder.write("policy.egress", &untidy);
    let ran = folder.run("fmt --check policy.egress").ends_with(1);
    assert!(ran.out.contains("policy.egress"), "{}", ran.out);
    assert_eq!(
        folder.read("policy.egress"),
        untidy,
        "--check changes nothing"
    );
    folder.run("fmt policy.egress").ends_with(0);
    assert_eq!(folder.read("policy.egress"), standard);

    folder.write("policy.egress", "vnet {");
    folder.run("fmt policy.egress").ends_with(1);
    assert_eq!(
        folder.read("policy.egress"),
        "vnet {",
        "a policy with mistakes is left alone"
    );
}

#[test]
fn findings_are_data_for_programs() {
    let folder = folder_with(broken());
    let ran = folder.run("check policy.egress --format json").ends_with(1);
    let report: Value = serde_json::from_str(&ran.out).expect("JSON");
    let keys = |value: &Value| -> Vec<String> {
        let fields = value.as_object().into_iter().flatten();
        fields.map(|(key, _)| key.clone()).collect()
    };
    assert_eq!(
        keys(&report),
        [
            "version", "errors", "warnings", "notes", "complete", "findings", "accepted", "gaps"
        ]
    );
    assert_eq!(report["version"], 1);
    let finding = &report["findings"][0];
    assert_eq!(
        keys(finding),
        [
            "id",
            "title",
            "severity",
            "confidence",
            "message",
            "fingerprint",
            "primary",
            "related",
            "path",
            "help",
            "fixes"
        ]
    );
    assert_eq!(
        keys(&finding["primary"]),
        [
            "path",
            "line",
            "column",
            "end_line",
            "end_column",
            "start_byte",
            "end_byte",
            "text"
        ]
    );
    assert_eq!(finding["id"], "TG0008");
    assert_eq!(finding["primary"]["path"], "policy.egress");

    let folder = folder_with(GOOD);
    let ran = folder
        .run(&format!(
            "check policy.egress --format json --today {TODAY}"
        ))
        .ends_with(0);
    let report: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(report["findings"], Value::Array(Vec::new()));
}

#[test]
fn catalogs_are_shown() {
    let folder = Folder::new();
    let list = folder.run("catalog list").ends_with(0).out;
    assert!(
        list.contains("hdinsight-on-aks") && list.contains("aks"),
        "{list}"
    );
    let shown = folder
        .run("catalog show hdinsight-on-aks --features hive_metastore --region westeurope")
        .ends_with(0)
        .out;
    assert!(shown.contains("AzureCloud.westeurope"), "{shown}");
    folder.run("catalog show hdinsight-on-ask").ends_with(1);
    folder
        .run("catalog show hdinsight-on-aks --features unknown")
        .ends_with(1);
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let folder = folder_with(broken());
    for arguments in ["rule", "catalog list", "--help"] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = folder.command(arguments).stdout(writer).output();
        Ran::of(output).ends_with(0);
    }
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = folder
        .command("check policy.egress --format json")
        .stdout(writer)
        .output();
    Ran::of(output).ends_with(1);
}

/// The fixtures of a folder with the command line options that their second line may name.
fn refused_policies() -> Vec<(Utf8PathBuf, Vec<String>)> {
    let folders = ["fixtures/errors", "fixtures/refused"];
    let paths = folders
        .into_iter()
        .flat_map(|folder| files(folder, ".egress"));
    paths
        .map(|path| {
            let text = std::fs::read_to_string(project(path.as_str())).unwrap_or_default();
            let with = text.lines().find_map(|line| line.strip_prefix("// with: "));
            let mut words: Vec<String> = with
                .unwrap_or("")
                .split_whitespace()
                .map(str::to_owned)
                .collect();
            for word in words.iter_mut().filter(|word| word.ends_with(".yaml")) {
                *word = project("fixtures/refused").join(&*word).into_string();
            }
            (path, words)
        })
        .collect()
}

#[test]
fn no_policy_with_a_mistake_leaves_a_file() {
    let mut refused = 0;
    for (path, options) in refused_policies() {
        let folder = Folder::new();
        let out = folder.path("out");
        let run = Command::new(env!("CARGO_BIN_EXE_tidegate"))
            .arg("compile")
            .arg(project(path.as_str()))
            .args(&options)
            .args(["--today", TODAY, "--out", out.as_str()])
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&run.stderr).contains("] Error: ");
        if !errors {
            continue;
        }
        refused += 1;
        let code = run.status.code().unwrap();
        let missing_file = String::from_utf8_lossy(&run.stderr).contains("[TG0013]");
        assert_eq!(code, if missing_file { 2 } else { 1 }, "{path}");
        assert!(!out.exists(), "{path} left {out}");
    }
    assert!(refused > 100, "only {refused} fixtures are refused");
}

#[test]
fn facts_that_are_too_old_are_told() {
    let folder = Folder::new();
    let policy = std::fs::read(super::support::project("policies/aks.egress")).expect("a policy");
    folder.write("aks.egress", policy);
    let check = |more: &str| folder.run(&format!("check aks.egress --today 2028-01-01 {more}"));
    let quiet = check("").ends_with(0);
    assert!(!quiet.err.contains("TG0045"), "{}", quiet.err);
    let told = check("--max-age 365 --fail-on note --format concise").ends_with(1);
    assert!(
        told.out
            .contains("note[TG0045] catalog `aks` rests on documents of "),
        "{}",
        told.out
    );
    check("--max-age 5000 --fail-on note").ends_with(0);

    let tags = r#"{"changeNumber": 1, "cloud": "Public", "values": []}"#;
    folder.write("ServiceTags_Public_20251028.json", tags);
    folder.write("tags.json", tags);
    let verify = |more: &str| folder.run(&format!("verify aks.egress --today 2026-12-01 {more}"));
    let old = verify("--service-tags ServiceTags_Public_20251028.json");
    assert!(old.err.contains("warning[TG0046] the service tags of ServiceTags_Public_20251028.json are of 2025-10-28, 399 days ago"), "{}", old.err);
    verify("--service-tags ServiceTags_Public_20251028.json --fail-on warning").ends_with(1);
    let fine =
        verify("--service-tags ServiceTags_Public_20251028.json --max-age 400 --fail-on note");
    assert!(!fine.err.contains("TG00"), "{}", fine.err);
    let unknown = verify("--service-tags tags.json");
    assert!(
        unknown
            .err
            .contains("note[TG0046] how old tags.json is is not known"),
        "{}",
        unknown.err
    );
}
