//! `tidegate catalog diff` and `tidegate catalog check`.

use std::collections::BTreeSet;

use serde_json::Value;
use tidegate::azure::facts::{Facts, ManagementAddresses};
use tidegate::intent::catalog::Library;

use super::cli::Folder;
use super::support::{files, project};

/// A folder with the catalogs of the fixtures.
fn folder() -> Folder {
    let folder = Folder::new();
    for path in files("fixtures/catalogs", ".yaml") {
        let bytes = std::fs::read(project(path.as_str())).unwrap();
        folder.write(path.file_name().unwrap(), bytes);
    }
    folder
}

fn fixture(name: &str) -> String {
    std::fs::read_to_string(project(&format!("fixtures/catalogs/{name}.yaml"))).unwrap()
}

#[test]
fn a_page_is_compared_at_two_dates() {
    let folder = Folder::new();
    let diff = |format: &str| {
        let arguments = format!("catalog diff aks@2024-05 aks@2025-06 --format {format}");
        folder.run(&arguments).ends_with(1).out
    };
    insta::assert_snapshot!("catalog_diff_history_text", diff("text"));
    insta::assert_snapshot!("catalog_diff_history_markdown", diff("markdown"));
    insta::assert_snapshot!("catalog_diff_history_json", diff("json"));
}

#[test]
fn days_that_are_not_known_are_told() {
    let folder = Folder::new();
    let run = |arguments: &str| folder.run(&format!("catalog diff {arguments}"));
    let beyond = run("aks@2024-05 aks@2030").ends_with(1);
    let says = "the history ends with 2026-08-21 (fb060abe6a)";
    assert!(beyond.out.contains(says), "{}", beyond.out);
    let known = run("aks@2024-05 aks@2026-06").ends_with(1);
    assert!(!known.out.contains("the history ends"), "{}", known.out);
    let bare = run("aks@2024-05 aks").ends_with(1);
    assert!(bare.out.contains("to       2026-08-21"), "{}", bare.out);
    run("aks@2024-05 aks@2024-05-31").ends_with(0);
    run("aks@2026 aks@2026-08-21").ends_with(0);
    let back = run("aks aks@2024-05").ends_with(1);
    assert!(
        back.out.contains("the first day is the later one"),
        "{}",
        back.out
    );
    for (arguments, says) in [
        (
            "aks@2018 aks",
            "on 2018-12-31 is not known: the history of `aks` tells of 2019-04-03 to 2026-08-21",
        ),
        (
            "aks@2027 aks@2028",
            "on 2027-12-31 and on 2028-12-31 is not known",
        ),
        ("aks@may aks", "`may` is no date: write aks@2024"),
        ("aks@ aks", "`` is no date"),
        (
            "asks@2024 aks@2025",
            "unknown catalog `asks`; did you mean `aks`?",
        ),
        ("aks@2024 hdinsight-on-aks@2025", "are two catalogs"),
        (
            "hdinsight-on-aks@2024 hdinsight-on-aks",
            "there is no history of catalog `hdinsight-on-aks`",
        ),
        (
            "aks@2024 ours.yaml",
            "with the same catalog at another date only",
        ),
        ("nothing aks", "unknown catalog `nothing`"),
        ("missing.yaml aks", "cannot read missing.yaml"),
    ] {
        let ran = run(arguments).ends_with(2);
        assert!(ran.err.contains(says), "{arguments}: {}", ran.err);
        assert_eq!(ran.out, "", "{arguments}");
    }
}

#[test]
fn catalogs_are_compared_entry_by_entry() {
    let folder = folder();
    let diff = |format: &str| {
        let arguments = format!("catalog diff shop.yaml shop-after.yaml --format {format}");
        folder.run(&arguments).ends_with(1).out
    };
    insta::assert_snapshot!("catalog_diff_text", diff("text"));
    insta::assert_snapshot!("catalog_diff_markdown", diff("markdown"));
    insta::assert_snapshot!("catalog_diff_json", diff("json"));
}

#[test]
fn other_words_and_another_order_are_no_change() {
    let folder = folder();
    folder.write(
        "worded.yaml",
        fixture("shop").replace("Mail to customers.", "Letters."),
    );
    let ran = folder
        .run("catalog diff shop.yaml worded.yaml")
        .ends_with(0);
    assert!(
        ran.out
            .contains("no change, 1 in other words only, 3 alike"),
        "{}",
        ran.out
    );
    let ordered = fixture("shop").replace(
        "[TCP]\n    ports: ['1433']",
        "[TCP, UDP]\n    ports: ['1433', '80']",
    );
    folder.write("ordered.yaml", &ordered);
    folder.write(
        "other.yaml",
        ordered.replace(
            "[TCP, UDP]\n    ports: ['1433', '80']",
            "[UDP, TCP]\n    ports: ['80', '1433']",
        ),
    );
    folder
        .run("catalog diff ordered.yaml other.yaml")
        .ends_with(0);
    folder.run("catalog diff aks aks").ends_with(0);
    folder.write("broken.yaml", "schema: egress-catalog/1\n");
    let ran = folder
        .run("catalog diff shop.yaml broken.yaml")
        .ends_with(2);
    assert!(ran.err.contains("TG0019"), "{}", ran.err);
}

#[test]
fn what_is_doubtful_in_a_catalog_is_told() {
    let folder = folder();
    let ran = folder
        .run("catalog check doubtful.yaml --color never")
        .ends_with(1);
    insta::assert_snapshot!("catalog_check", ran.err);
    assert_eq!(ran.out, "");
    let ran = folder
        .run("catalog check doubtful.yaml --format json")
        .ends_with(1);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["errors"], 1);
    for format in ["concise", "sarif", "junit", "github", "azure", "markdown"] {
        let arguments = format!("catalog check doubtful.yaml --format {format}");
        let ran = folder.run(&arguments).ends_with(1);
        assert!(ran.out.contains("TG3003"), "{format}: {}", ran.out);
    }
}

#[test]
fn sound_catalogs_are_told_to_be() {
    let folder = folder();
    let ran = folder.run("catalog check shop.yaml").ends_with(0);
    assert_eq!(
        ran.out,
        "shop.yaml: catalog `shop` is sound: 4 endpoints from 1 source\n"
    );
    assert_eq!(ran.err, "");
    let unused = fixture("shop").replace(
        "features:\n",
        "features:\n  - { name: extra, note: unused }\n",
    );
    folder.write("unused.yaml", unused);
    folder.run("catalog check unused.yaml").ends_with(0);
    folder
        .run("catalog check unused.yaml --fail-on warning")
        .ends_with(1);
}

#[test]
fn several_catalogs_may_refer_to_each_other() {
    let folder = Folder::new();
    let refers = |name: &str, other: &str| {
        fixture("shop")
            .replace("catalog: shop\n", &format!("catalog: {name}\n"))
            .replace(
                "fqdns: [contososhop.azurecr.io]",
                "fqdn_tags: [AzureBackup]",
            )
            .replace(
                "    purpose: Images of the jobs.",
                &format!(
                    "    purpose: Images.\n    expands_to: {{ catalog: {other}, groups: [data] }}"
                ),
            )
    };
    folder.write("a.yaml", refers("a", "b"));
    folder.write("b.yaml", refers("b", "a"));
    let ran = folder.run("catalog check a.yaml b.yaml").ends_with(0);
    assert_eq!(ran.out.lines().count(), 2, "{}", ran.out);
    let ran = folder.run("catalog check a.yaml").ends_with(1);
    assert!(
        ran.err.contains("catalog `b` does not exist"),
        "{}",
        ran.err
    );
    let ran = folder.run("catalog check a.yaml a.yaml").ends_with(1);
    assert!(
        ran.err.contains("there is a catalog `a` already"),
        "{}",
        ran.err
    );
    let list = folder
        .run("catalog list --catalog a.yaml --catalog b.yaml")
        .ends_with(0);
    assert!(
        list.out.contains("Shop") || list.out.contains("shop"),
        "{}",
        list.out
    );
    folder.run("catalog check missing.yaml").ends_with(2);
    folder.run("catalog check").ends_with(2);
}

#[test]
fn every_mistake_of_a_file_is_at_its_place() {
    let folder = Folder::new();
    let broken = fixture("shop")
        .replace("requirement: required", "requirement: requierd")
        .replace(
            "[AzureCloud]\n    direction: outbound\n    rule: application",
            "[AzureClod]\n    direction: outbound\n    rule: application",
        );
    folder.write("broken.yaml", broken);
    let ran = folder
        .run("catalog check broken.yaml --format concise")
        .ends_with(1);
    assert!(ran.out.lines().count() >= 4, "{}", ran.out);
    for line in ran.out.lines() {
        assert!(line.starts_with("broken.yaml:"), "{line}");
    }
}

/// The addresses that HDInsight is managed from are known to rules by region, and to the catalog for those who ask what it
/// needs.
#[test]
fn what_manages_hdinsight_is_the_same_for_rules_and_catalog() {
    let facts = Facts::builtin().hdinsight_management();
    let everywhere = facts.iter().filter(|it| it.region.is_none());
    let everywhere: BTreeSet<String> = addresses(everywhere);
    let catalog = Library::shared().get("hdinsight-classic").unwrap();
    let values = &catalog.parameter("management_addresses").unwrap().values;
    let regions: BTreeSet<&str> = facts.iter().filter_map(|it| it.region.as_deref()).collect();
    assert!(regions.len() > 20, "{regions:?}");
    for region in regions {
        let own = facts
            .iter()
            .filter(|it| it.region.as_deref() == Some(region));
        let mut meant = addresses(own);
        meant.extend(everywhere.iter().cloned());
        let given = values.get(region).unwrap_or_default().split(',');
        let given: BTreeSet<String> = given.map(|it| it.trim().to_owned()).collect();
        assert_eq!(given, meant, "{region}");
    }
}

fn addresses<'f>(facts: impl Iterator<Item = &'f ManagementAddresses>) -> BTreeSet<String> {
    facts
        .flat_map(|it| &it.addresses)
        .map(ToString::to_string)
        .collect()
}

/// What looks like a date is a version where the catalog has one of that name.
#[test]
fn versions_of_a_product_are_compared() {
    let folder = Folder::new();
    let diff = |arguments: &str| folder.run(&format!("catalog diff {arguments}"));
    let later = "aks-arc-azure-local@2020-12 aks-arc-azure-local@2021-02";
    let told = diff(later).ends_with(1).out;
    assert!(
        told.contains("result   1 added, 1 removed, 16 alike"),
        "{told}"
    );
    diff("aks-arc-azure-local@20H2 aks-arc-azure-local@21H2").ends_with(0);
    let unknown = diff("aks-arc-azure-local@22H3 aks-arc-azure-local")
        .ends_with(2)
        .err;
    assert!(
        unknown
            .contains("`22H3` is no version of `aks-arc-azure-local`: the versions are `2020-09`"),
        "{unknown}"
    );
}

/// Every product in every cloud, with nothing chosen and with everything.
#[test]
fn every_catalog_is_shown_as_it_is_in_each_cloud() {
    let folder = Folder::new();
    let mut shown = 0;
    for catalog in Library::shared().catalogs() {
        for cloud in &catalog.product.clouds {
            let name = &catalog.name;
            let page = folder.run(&format!("catalog show {name} --cloud {cloud}"));
            hold(&format!("{name}.{cloud}"), &page.ends_with(0).out);
            shown += 1;
        }
    }
    assert!(shown > 12, "{shown}");
    let chosen =
        "catalog show aks --cloud AzureChinaCloud --features gpu,azure_policy --region chinanorth3";
    hold("aks.chosen", &folder.run(chosen).ends_with(0).out);
}

/// Holds a text against `snapshots/catalogs/NAME.snap`.
fn hold(name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => "snapshots/catalogs",
        omit_expression => true,
        prepend_module_to_snapshot => false,
    }, {
        insta::assert_snapshot!(name, text);
    });
}
