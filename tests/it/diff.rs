//! `tidegate diff`: what changes between two networks, and between two revisions of one.

use std::process::Command;

use serde_json::Value;

use super::cli::{Folder, Ran};
use super::support::{TODAY, project};

fn fixture(name: &str) -> String {
    std::fs::read_to_string(project(&format!("fixtures/diff/{name}.egress"))).unwrap()
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("before.egress", fixture("before"));
    folder.write("after.egress", fixture("after"));
    folder
}

/// The changes of an answer as JSON: direction, certain or not, subnets, flows, and the first element on both sides.
fn told(ran: &Ran) -> Vec<String> {
    let answer: Value = serde_json::from_str(&ran.out).unwrap();
    let changes = answer["changes"].as_array().unwrap();
    let texts = |value: &Value| {
        let texts = value.as_array().unwrap().iter();
        let texts: Vec<&str> = texts.map(|text| text.as_str().unwrap()).collect();
        texts.join("; ")
    };
    let element = |change: &Value, side: &str| {
        let element = &change["example"][side]["elements"][0]["name"];
        element.as_str().unwrap_or("nothing").to_owned()
    };
    changes
        .iter()
        .map(|change| {
            format!(
                "{}{} {}: {} | {} | {}",
                change["direction"].as_str().unwrap(),
                if change["certain"] == true { "" } else { "?" },
                texts(&change["subnets"]),
                texts(&change["flows"]),
                element(change, "before"),
                element(change, "after"),
            )
        })
        .collect()
}

#[test]
fn answers_for_people_and_for_comments() {
    let folder = folder();
    let run = |format: &str| {
        let arguments =
            format!("diff before.egress after.egress --today {TODAY} --format {format}");
        folder.run(&arguments).ends_with(1).out
    };
    insta::assert_snapshot!("diff_text", run("text"));
    insta::assert_snapshot!("diff_markdown", run("markdown"));
    insta::assert_snapshot!("diff_json", run("json"));
}

/// A policy in which one text stands for another.
fn changed(from: &str, to: &str) -> String {
    let policy = fixture("before");
    assert!(policy.contains(from), "{from}");
    policy.replace(from, to)
}

#[test]
fn each_kind_of_change_is_told_with_what_is_responsible() {
    let time = "rule time from 10.0.1.0/24 to 20.101.57.9 udp/123";
    for (from, to, code, expected) in [
        // Names and comments change nothing, and neither do rules in another order and in other pieces.
        ("rule time", "rule clock", 0, vec![]),
        ("// Nodes behind", "// Machines behind", 0, vec![]),
        (
            "rule images from 10.0.1.0/24, 10.0.2.0/24 to mcr.microsoft.com, *.data.mcr.microsoft.com https",
            "rule data from 10.0.2.0/24, 10.0.1.0/24 to *.data.mcr.microsoft.com https\n\
             rule images from 10.0.1.0/24, 10.0.2.0/24 to mcr.microsoft.com https",
            0,
            vec![],
        ),
        (
            time,
            "rule time from 10.0.1.0/24 to 20.101.57.9 udp/123-124",
            1,
            vec![
                "opened hub/nodes: any -> 20.101.57.9 udp/124 | firewall policy `rules` | \
                 rule `nodes/net/time` of policy `rules`",
            ],
        ),
        (
            time,
            "",
            1,
            vec![
                "closed hub/nodes: any -> 20.101.57.9 udp/123 | \
                 rule `nodes/net/time` of policy `rules` | firewall policy `rules`",
            ],
        ),
        // The rule that let the flow through before is the one of the same kind as what stops it now.
        (
            "nsg nodes-nsg { }",
            "nsg nodes-nsg { rule no-time 200 outbound deny from any to 20.101.57.9 udp/123 }",
            1,
            vec![
                "closed hub/nodes: any -> 20.101.57.9 udp/123 | \
                 default rule `AllowVnetOutBound` of nsg `nodes-nsg` | \
                 rule `no-time` of nsg `nodes-nsg`",
            ],
        ),
        (
            "route default 0.0.0.0/0 -> firewall fw",
            "route default 0.0.0.0/0 -> none",
            1,
            vec![
                "closed hub/nodes: any -> mcr.microsoft.com, *.data.mcr.microsoft.com, \
                 contosodata.blob.core.windows.net tcp/443; any -> 20.60.0.0/24 tcp/8443; \
                 any -> 20.101.57.9 udp/123 | route `default` of route table `to-fw` | \
                 route `default` of route table `to-fw`",
                "closed hub/jobs: any -> mcr.microsoft.com, *.data.mcr.microsoft.com tcp/443; \
                 any -> 20.60.0.0/24 tcp/8443 | route `default` of route table `to-fw` | \
                 route `default` of route table `to-fw`",
            ],
        ),
    ] {
        let folder = folder();
        folder.write("after.egress", changed(from, to));
        let ran = folder
            .run(&format!(
                "diff before.egress after.egress --today {TODAY} --format json"
            ))
            .ends_with(code);
        assert_eq!(told(&ran), expected, "{to}");
    }
}

#[test]
fn a_tag_without_its_file_is_the_same_on_both_sides() {
    let folder = folder();
    let tagged = changed("to 20.101.57.9 udp/123", "to tag AzureMonitor udp/123");
    folder.write("after.egress", &tagged);
    let arguments = format!("diff before.egress after.egress --today {TODAY}");
    let ran = folder.run(&arguments).ends_with(1);
    let words: Vec<&str> = ran.out.split_whitespace().collect();
    let words = words.join(" ");
    for says in [
        "1 allowed now, 1 perhaps no longer allowed",
        "udp/123 where tag azuremonitor holds the destination",
        "any -> 20.101.57.9 udp/123 where tag azuremonitor does not hold the destination",
        "how much a condition holds is not known",
        "assumed: whether service tag AzureMonitor holds 20.101.57.9 is not known",
    ] {
        assert!(words.contains(says), "{says}: {}", ran.out);
    }
    folder.write("before.egress", tagged.replace("rule time", "rule clock"));
    folder.run(&arguments).ends_with(0);
}

#[test]
fn subnets_of_one_side_are_told() {
    let folder = folder();
    let without = fixture("before").replace(
        "  subnet jobs 10.0.2.0/24 { route-table to-fw  nsg jobs-nsg }\n",
        "",
    );
    folder.write("after.egress", without);
    let ran = folder
        .run(&format!("diff before.egress after.egress --today {TODAY}"))
        .ends_with(1);
    assert!(ran.out.contains("1 subnet only before"), "{}", ran.out);
    assert!(ran.out.contains("hub/jobs"), "{}", ran.out);
    let ran = folder
        .run(&format!(
            "diff before.egress after.egress --today {TODAY} --from HUB/nodes"
        ))
        .ends_with(0);
    assert!(
        ran.out.contains("no change; 1 subnet compared"),
        "{}",
        ran.out
    );
}

#[test]
fn what_only_may_change_is_not_known() {
    let folder = folder();
    // Whether the machine is in the group nobody says.
    let grouped = |port: u16| {
        changed(
            "nsg nodes-nsg { }",
            &format!(
                "security-group some {{ }}\n\
                 nsg nodes-nsg {{ rule some 200 outbound deny from security-group some to any tcp/{port} }}"
            ),
        )
    };
    folder.write("before.egress", grouped(8443));
    folder.write("after.egress", grouped(9443));
    let ran = folder
        .run(&format!(
            "diff before.egress after.egress --today {TODAY} --format json"
        ))
        .ends_with(3);
    assert!(!told(&ran).is_empty());
    assert!(
        told(&ran)
            .iter()
            .all(|change| !change.starts_with("opened ")),
        "{:?}",
        told(&ran)
    );
}

#[test]
fn what_cannot_be_read_is_refused() {
    let folder = folder();
    folder.write("broken.egress", "egress 1\nvnet {\n");
    folder.write("several/a.egress", fixture("before"));
    folder.write("several/b.egress", fixture("after"));
    folder.write("none/readme.md", "nothing");
    for (arguments, says) in [
        (
            "diff absent.egress after.egress",
            "cannot read absent.egress",
        ),
        ("diff broken.egress after.egress", "broken.egress"),
        (
            "diff several after.egress",
            "there are 2 policies in several",
        ),
        (
            "diff none after.egress",
            "there is no template and no export",
        ),
        (
            "diff before.egress after.egress --from nowhere",
            "`nowhere` is no pool",
        ),
        ("diff -x:a after.egress", "unexpected argument"),
        ("diff before.egress", "AFTER"),
    ] {
        let ran = folder.run(arguments).ends_with(2);
        assert!(ran.err.contains(says), "{arguments}: {}", ran.err);
        assert_eq!(ran.out, "", "{arguments}");
    }
}

/// Runs git in a folder, without what the machine's configuration says.
fn git(folder: &Folder, arguments: &[&str]) -> Option<()> {
    let ran = Command::new("git")
        .current_dir(folder.path(""))
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
        .args(arguments)
        .output()
        .ok()?;
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(ran.status.success(), "git {arguments:?}: {said}");
    Some(())
}

/// A repository with the first policy as it was committed and the second one as it is. `None` without git.
fn repository() -> Option<Folder> {
    let folder = Folder::new();
    let region = "region westeurope\n";
    let using = format!("use \"../more/rules.egress\"\n{region}");
    folder.write(
        "policies/net.egress",
        fixture("before").replace(region, &using),
    );
    folder.write("more/rules.egress", "egress 1\n");
    folder.write("infra/README.md", "no template");
    git(&folder, &["init", "--quiet", "--initial-branch", "main"])?;
    git(&folder, &["add", "."])?;
    git(&folder, &["commit", "--quiet", "-m", "first"])?;
    git(&folder, &["tag", "v1"])?;
    folder.write("policies/net.egress", fixture("after"));
    Some(folder)
}

#[test]
fn revisions_are_read_from_git() {
    let Some(folder) = repository() else {
        println!("skipped: there is no git");
        return;
    };
    let plain = Folder::new();
    plain.write("policies/net.egress", fixture("before"));
    for revision in ["main", "HEAD", "v1"] {
        let before = format!("{revision}:policies/net.egress");
        let ran = folder
            .run(&format!(
                "diff {before} policies/net.egress --today {TODAY}"
            ))
            .ends_with(1);
        assert!(
            ran.out.contains(&format!("before  {before}")),
            "{}",
            ran.out
        );
        let place = format!("({revision}:policies/net.egress:");
        let words: Vec<&str> = ran.out.split_whitespace().collect();
        assert!(words.join(" ").contains(&place), "{}", ran.out);
        assert!(!ran.out.contains("tidegate-"), "{}", ran.out);
    }
    // A folder with one policy, and the same on both sides.
    folder
        .run(&format!(
            "diff HEAD:policies/ main:policies --today {TODAY}"
        ))
        .ends_with(0);
    // A path that exists is no revision.
    folder.write("main:policies/net.egress", fixture("after"));
    folder
        .run(&format!(
            "diff main:policies/net.egress policies/net.egress --today {TODAY}"
        ))
        .ends_with(0);
}

#[test]
fn what_git_cannot_give_is_refused() {
    let Some(folder) = repository() else {
        println!("skipped: there is no git");
        return;
    };
    let refused = |ran: Ran, says: &str| {
        let ran = ran.ends_with(2);
        assert!(ran.err.contains(says), "{says}: {}", ran.err);
        assert!(!ran.err.contains("/tidegate-"), "{}", ran.err);
    };
    for (before, says) in [
        (
            "nowhere:policies/net.egress",
            "git knows no revision `nowhere`",
        ),
        (
            "main:policies/other.egress",
            "there is no `policies/other.egress` in revision `main`",
        ),
        ("main:../net.egress", "leads out of the repository"),
        (":net.egress", "`` is no revision"),
        (
            "main:infra",
            "there is no template and no export of Azure resources in main:infra",
        ),
    ] {
        refused(
            folder.run(&format!("diff {before} policies/net.egress")),
            says,
        );
    }
    let nowhere = folder.path("nowhere");
    let mut command = folder.command("diff main:policies/net.egress policies/net.egress");
    refused(
        Ran::of(command.env("PATH", nowhere).output()),
        "there is no `git` in the PATH",
    );
    let bare = Folder::new();
    bare.write("net.egress", fixture("after"));
    let mut command = bare.command("diff main:net.egress net.egress");
    let ran = Ran::of(
        command
            .env("GIT_CEILING_DIRECTORIES", bare.path(".."))
            .output(),
    );
    refused(ran, "this folder is in no git repository");
}

#[test]
fn templates_of_a_revision_are_read_with_what_they_link_to() {
    let Some(folder) = repository() else {
        println!("skipped: there is no git");
        return;
    };
    let template = |port: &str| {
        std::fs::read_to_string(project("fixtures/diff/group.json"))
            .unwrap()
            .replace("\"443\"", &format!("\"{port}\""))
    };
    folder.write("infra/net.json", template("443"));
    git(&folder, &["add", "."]).unwrap();
    git(&folder, &["commit", "--quiet", "-m", "second"]).unwrap();
    folder.write("infra/net.json", template("8443"));
    let ran = folder
        .run("diff HEAD:infra/ infra/ --format json")
        .ends_with(1);
    let told = told(&ran);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(ran.out.contains("\"HEAD:infra/net.json:"), "{}", ran.out);
    let ran = folder
        .run("diff HEAD:infra/net.json HEAD:infra")
        .ends_with(0);
    assert!(
        ran.out.contains("no change; 1 subnet compared"),
        "{}",
        ran.out
    );
}

/// A repository with a Bicep file that uses another one, and what a script that stands in for `bicep` makes of it: as it
/// was committed, and as it is.
#[cfg(unix)]
fn repository_of_bicep() -> Option<Folder> {
    let folder = super::bicep::folder();
    let write = |port: &str| {
        for (ending, name) in [("bicep", "main.bicep"), ("json", "main.bicep.out")] {
            let text = std::fs::read_to_string(project(&format!("fixtures/diff/group.{ending}")));
            let quoted = |port: &str| match ending {
                "bicep" => format!("'{port}'"),
                _ => format!("\"{port}\""),
            };
            let text = text.unwrap().replace(&quoted("443"), &quoted(port));
            folder.write(&format!("infra/{name}"), text);
        }
    };
    folder.write("infra/main.bicep.needs", "../modules/rest.bicep");
    folder.write("modules/rest.bicep", "// nothing\n");
    write("443");
    git(&folder, &["init", "--quiet", "--initial-branch", "main"])?;
    git(&folder, &["add", "infra", "modules"])?;
    git(&folder, &["commit", "--quiet", "-m", "first"])?;
    write("8443");
    Some(folder)
}

#[cfg(unix)]
#[test]
fn bicep_of_a_revision_is_compiled_with_what_it_uses() {
    use super::bicep::run;
    let Some(folder) = repository_of_bicep() else {
        println!("skipped: there is no git");
        return;
    };
    for before in ["main:infra", "main:infra/main.bicep"] {
        let ran = run(&folder, &format!("diff {before} infra --format json")).ends_with(1);
        assert_eq!(told(&ran).len(), 2, "{}", ran.out);
        assert!(ran.out.contains("\"main:infra/main."), "{}", ran.out);
        let seen = format!("{}{}", ran.out, ran.err);
        assert!(!seen.contains("/tidegate-"), "{seen}");
    }
    let ran = run(&folder, "diff main:infra HEAD:infra").ends_with(0);
    let same = "no change; 1 subnet compared";
    assert!(ran.out.contains(same), "{}", ran.out);
}

#[cfg(unix)]
#[test]
fn what_bicep_does_not_make_of_a_revision_is_told() {
    use super::bicep::run;
    let Some(folder) = repository_of_bicep() else {
        println!("skipped: there is no git");
        return;
    };
    let refused = |arguments: &str, says: &str| {
        let ran = run(&folder, arguments).ends_with(2);
        assert!(ran.err.contains(says), "{arguments}: {}", ran.err);
        assert!(!ran.err.contains("/tidegate-"), "{}", ran.err);
    };
    for before in ["main:infra", "main:infra/main.bicep"] {
        refused(
            &format!("diff {before} infra --no-bicep"),
            "`main:infra/main.bicep` is left out: `--no-bicep` was given; \
             JSON compiled from it is read in its place where the revision has it",
        );
    }
    // Mistakes in the file as it was, and what it uses from elsewhere.
    let commit = |says: &str| {
        folder.write("infra/main.bicep.err", says);
        git(
            &folder,
            &[
                "rm",
                "--quiet",
                "-f",
                "--ignore-unmatch",
                "infra/main.bicep.out",
            ],
        )
        .unwrap();
        git(&folder, &["add", "infra"]).unwrap();
        git(&folder, &["commit", "--quiet", "-m", "broken"]).unwrap();
    };
    commit("<file>(4,3) : Error BCP018: Expected the \"=\" character.\n");
    refused(
        "diff HEAD:infra main:infra",
        "HEAD:infra/main.bicep:4:3: error[TG0037] BCP018: Expected the \"=\" character",
    );
    commit("<file>(4,3) : Error BCP190: The artifact has not been restored.\n");
    refused(
        "diff HEAD:infra main:infra",
        "cannot compile HEAD:infra/main.bicep: BCP190",
    );
}
