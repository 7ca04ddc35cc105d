//! `tidegate tags show` and `tidegate tags diff`.

use serde_json::Value;

use super::cli::{Folder, Ran};
use super::support::project;

const OLD: &str = "ServiceTags_Public_20260105.json";
const NEW: &str = "ServiceTags_Public_20260112.json";
const CHINA: &str = "ServiceTags_China_20260112.json";

/// A folder with the files of the fixtures.
fn folder() -> Folder {
    let folder = Folder::new();
    for name in [OLD, NEW, CHINA] {
        let path = project("fixtures/service-tags").join(name);
        folder.write(name, std::fs::read(path).unwrap());
    }
    folder
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn a_tag_is_shown_for_people_and_programs() {
    let folder = folder();
    let show = |format: &str| {
        let arguments = format!("tags show sql.westeurope --service-tags {NEW} --format {format}");
        folder.run(&arguments).ends_with(0).out
    };
    insta::assert_snapshot!("tags_show_text", show("text"));
    insta::assert_snapshot!("tags_show_markdown", show("markdown"));
    insta::assert_snapshot!("tags_show_json", show("json"));
    let all = folder.run(&format!("tags show AzureMonitor --service-tags {OLD}"));
    insta::assert_snapshot!("tags_show_whole", all.ends_with(0).out);
}

#[test]
fn without_a_file_it_is_told_what_is_known() {
    let folder = folder();
    let show = |name: &str| folder.run(&format!("tags show {name}")).ends_with(0).out;
    insta::assert_snapshot!("tags_show_without_file", show("Sql.WestEurope"));
    assert!(show("Internet").contains("publicly reachable"));
    let ran = folder.run(&format!("tags show Internet --service-tags {NEW}"));
    let ran = ran.ends_with(0);
    assert!(ran.out.contains("the file has no such tag"), "{}", ran.out);
    let shown = json(
        &folder
            .run("tags show AzureCloud.westeurope --format json")
            .ends_with(0),
    );
    assert_eq!(shown["facts"]["region"], "westeurope");
    assert_eq!(
        (&shown["file"], &shown["tag"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn names_that_are_not_known_come_with_a_suggestion() {
    let folder = folder();
    for (arguments, says) in [
        (
            "tags show Sqll",
            "there is no service tag `Sqll`; did you mean `Sql`?",
        ),
        ("tags show Sql.WestEurop", "did you mean `Sql.WestEurope`?"),
        (
            "tags show nonsense.of.dots",
            "there is no service tag `nonsense.of.dots`\n",
        ),
        (
            &format!("tags show Sql.WestEurop --service-tags {NEW}"),
            "ServiceTags_Public_20260112.json has no service tag `Sql.WestEurop`; did you mean `Sql.WestEurope`?",
        ),
        // The file decides, not what regions there are.
        (
            &format!("tags show Sql.NorthEurope --service-tags {NEW}"),
            "has no service tag `Sql.NorthEurope`",
        ),
    ] {
        let ran = folder.run(arguments).ends_with(1);
        assert!(ran.err.contains(says), "{arguments}: {}", ran.err);
        assert_eq!(ran.out, "", "{arguments}");
    }
    let ran = folder
        .run(&format!("tags diff {OLD} {NEW} --tag Sgl"))
        .ends_with(2);
    assert!(ran.err.contains("did you mean `Sql`?"), "{}", ran.err);
}

#[test]
fn files_are_compared_by_addresses() {
    let folder = folder();
    let diff = |format: &str| {
        let arguments = format!("tags diff {OLD} {NEW} --format {format}");
        folder.run(&arguments).ends_with(1).out
    };
    insta::assert_snapshot!("tags_diff_text", diff("text"));
    insta::assert_snapshot!("tags_diff_markdown", diff("markdown"));
    insta::assert_snapshot!("tags_diff_json", diff("json"));
}

#[test]
fn exit_codes_tell_whether_something_changed() {
    let folder = folder();
    let run = |arguments: &str| folder.run(&format!("tags diff {arguments}"));
    let same = run(&format!("{OLD} {OLD}")).ends_with(0);
    assert!(
        same.out.contains("no change; 9 tags without a change"),
        "{}",
        same.out
    );
    run(&format!("{OLD} {NEW} --tag AzureMonitor.*")).ends_with(0);
    run(&format!("{OLD} {NEW} --tag AzureMonitor.* --tag logicapps")).ends_with(1);
    let back = run(&format!("{NEW} {OLD}")).ends_with(1);
    assert!(
        back.out.contains("the first file is the newer one"),
        "{}",
        back.out
    );
    let other = run(&format!("{CHINA} {NEW}")).ends_with(1);
    assert!(other.out.contains("different clouds"), "{}", other.out);
    assert_eq!(
        json(&run(&format!("{NEW} {OLD} --format json")))["reversed"],
        true
    );
}

#[test]
fn what_is_no_file_of_service_tags_is_refused() {
    let folder = folder();
    folder.write("list.json", "[1, 2]");
    folder.write("bytes.json", b"\xff\xfe\x00");
    folder.write("empty.json", "");
    folder.write("cut.json", folder.read(OLD).split_at(900).0);
    folder.write(
        "bad.json",
        r#"{"changeNumber": 1, "cloud": "Public", "values": [{"name": "Sql", "properties": {"addressPrefixes": ["10.0.0.1/8"]}}]}"#,
    );
    folder.write(
        "number.json",
        r#"{"changeNumber": 1, "cloud": "Public", "values": [{"name": "Sql", "properties": {"changeNumber": -1, "addressPrefixes": []}}]}"#,
    );
    for (file, says) in [
        ("missing.json", "cannot read missing.json"),
        ("list.json", "list.json: not a service tag file"),
        ("bytes.json", "not UTF-8"),
        ("empty.json", "empty.json: not a service tag file"),
        ("cut.json", "cut.json: not a service tag file"),
        (
            "bad.json",
            "`10.0.0.1/8` of the service tag `Sql` is no prefix",
        ),
        ("number.json", "expected a change number"),
    ] {
        for arguments in [
            format!("tags show Sql --service-tags {file}"),
            format!("tags diff {file} {NEW}"),
            format!("tags diff {OLD} {file}"),
        ] {
            let ran = folder.run(&arguments).ends_with(2);
            assert!(ran.err.contains(says), "{arguments}: {}", ran.err);
            assert_eq!(ran.out, "", "{arguments}");
        }
    }
}

#[test]
fn help_has_examples_and_exit_codes() {
    let folder = Folder::new();
    for command in ["tags show", "tags diff", "catalog diff", "catalog check"] {
        let help = folder.run(&format!("{command} --help")).ends_with(0).out;
        for word in ["Exit code: 0", "Examples:", &format!("tidegate {command} ")] {
            assert!(help.contains(word), "{command}: {help}");
        }
    }
}
