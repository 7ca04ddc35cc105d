use camino::Utf8PathBuf;

use crate::azure::facts::Facts;
use crate::base::SourceMap;
use crate::intent::catalog::Library;

use super::lint_catalog;

/// A catalog in which nothing is doubtful.
const SOUND: &str = "\
schema: egress-catalog/1
catalog: ours
title: What our jobs reach
product:
  name: Jobs
  clouds: [AzureCloud]
  regions_documented: [westeurope]
parameters:
  - { name: region, type: service-tag-region-suffix }
  - { name: datacentre, type: azurecloud-region-suffix }
features:
  - { name: reports, note: has reports }
sources:
  - { id: wiki, repo: contoso/wiki, path: egress.md, commit: unknown, doc_date: '2026-05-01' }
endpoints:
  - id: ours.web
    group: web
    clouds: [AzureCloud]
    direction: outbound
    rule: application
    protocols: [{ type: Https, port: 443 }]
    destinations: { fqdns: ['*.contoso.com'] }
    requirement: required
    purpose: Work.
    ambiguity: which
    sources: [{ ref: wiki }]
  - id: ours.tag
    group: web
    clouds: [AzureCloud]
    direction: outbound
    rule: application
    protocols: [{ type: Https, port: 443 }]
    destinations: { fqdn_tags: [AzureBackup] }
    requirement: required
    purpose: Backup.
    sources: [{ ref: wiki }]
  - id: ours.data
    group: data
    clouds: [AzureCloud]
    direction: outbound
    rule: network
    protocols: [TCP]
    ports: ['1433']
    destinations: { service_tags: ['Sql.{region}', 'AzureCloud.{datacentre}', Storage.WestEurope] }
    requirement: conditional
    when: { all: [reports] }
    purpose: Reports.
    sources: [{ ref: wiki }]
ambiguities:
  - { id: which, about: a, text: b, resolution: c }
";

/// What is doubtful after one replacement, a line each: what stands at the place, id, message, help.
fn doubts(from: &str, to: &str) -> Vec<String> {
    assert_eq!(SOUND.matches(from).count(), 1, "`{from}` must occur once");
    report(SOUND.replace(from, to))
}

fn report(text: String) -> Vec<String> {
    let mut sources = SourceMap::default();
    let (mut library, _) = Library::builtin(&mut sources);
    let names = library.add_all(&mut sources, [(Utf8PathBuf::from("c.yaml"), text)]);
    let names = names.unwrap_or_else(|findings| panic!("it loads: {findings:?}"));
    let catalog = library.get(&names[0]).unwrap();
    let findings = lint_catalog(catalog, &library, Facts::builtin()).into_iter();
    findings
        .map(|finding| {
            let place = sources.text(finding.primary.unwrap().span);
            let place = place.trim_matches('\'');
            let head = format!(
                "{place} {} {} {}",
                finding.severity, finding.id, finding.message
            );
            [vec![head], finding.help].concat().join("; ")
        })
        .collect()
}

#[test]
fn a_sound_catalog_has_no_doubts() {
    assert_eq!(report(SOUND.to_owned()), [""; 0]);
}

#[test]
fn every_doubt_is_told_at_its_place() {
    let cases = [
        (
            "    ambiguity: which\n",
            "",
            "which note TG0050 nothing uses ambiguity `which`; remove it, or name it where it belongs",
        ),
        (
            "'AzureCloud.{datacentre}', ",
            "",
            "datacentre warning TG0050 nothing uses parameter `datacentre`; remove it, or name it where it belongs",
        ),
        (
            "    requirement: conditional\n    when: { all: [reports] }",
            "    requirement: required",
            "reports warning TG0050 nothing uses feature `reports`; remove it, or name it where it belongs",
        ),
        (
            "endpoints:",
            "  - { id: memo, repo: a/b, path: c.md, commit: unknown, doc_date: '2026-05-01' }\nendpoints:",
            "memo warning TG0050 nothing uses source `memo`; remove it, or name it where it belongs",
        ),
        (
            "fqdn_tags: [AzureBackup]",
            "fqdns: ['*.contoso.com']",
            "*.contoso.com warning TG0051 `ours.tag` asks for `*.contoso.com` as `ours.web` does: the same services, clouds and condition; remove it from one, or give the two different conditions",
        ),
        (
            "service_tags: ['Sql.{region}', 'AzureCloud.{datacentre}', Storage.WestEurope]",
            "fqdns: ['*.{region}.contoso.com', 'a.{datacentre}.contoso.com']",
            "*.{region}.contoso.com warning TG0052 no rule of Azure Firewall lets `ours.data` through: `*.{region}.contoso.com` needs an application rule; give each host, a service tag or addresses, here or under `alternatives`",
        ),
        (
            "service_tags: ['Sql.{region}',",
            "addresses: ['2603::/64'], service_tags: ['Sql.{region}',",
            "2603::/64 warning TG0052 no rule of Azure Firewall lets `ours.data` through: it takes no IPv6 address; give each host, a service tag or addresses, here or under `alternatives`",
        ),
        (
            "when: { all: [reports] }",
            "when: { all: [reports], none: [reports] }",
            "ours.data warning TG0053 `ours.data` never applies: its condition needs `reports` and excludes it",
        ),
        (
            ", doc_date: '2026-05-01'",
            "",
            "wiki warning TG0054 source `wiki` has no date; give `doc_date` or `commit_date`, such as '2027-01-31'",
        ),
        (
            "commit: unknown, doc_date: '2026-05-01'",
            "commit: 0123456789",
            "wiki note TG0054 source `wiki` has no date; give `doc_date` or `commit_date`, such as '2027-01-31'",
        ),
        (
            "[westeurope]",
            "[westeurop]",
            "ours warning TG0016 unknown region `westeurop`; did you mean `westeurope`?",
        ),
        (
            "AzureBackup",
            "AzureBackups",
            "AzureBackups error TG3004 unknown FQDN tag `AzureBackups`; did you mean `AzureBackup`?",
        ),
        (
            "AzureBackup",
            "Storage",
            "Storage error TG3004 unknown FQDN tag `Storage`; it is a service tag: it belongs to `service_tags` of a network rule",
        ),
        (
            "Sql.{region}",
            "Sqll.{region}",
            "Sqll.{region} error TG3003 there is no service tag `Sqll`; did you mean `Sql.{region}`?",
        ),
        (
            "Storage.WestEurope",
            "Storge.WestEurope",
            "Storge.WestEurope error TG3003 there is no service tag `Storge.WestEurope`; did you mean `Storage.WestEurope`?",
        ),
        (
            "Storage.WestEurope",
            "Storage.WestEurop",
            "Storage.WestEurop warning TG3003 service tag `Storage` is not known for a region `WestEurop` of AzureCloud; did you mean `Storage.WestEurope`?",
        ),
        (
            "AzureCloud.{datacentre}",
            "Storage.{datacentre}",
            "Storage.{datacentre} warning TG3003 service tag `Storage` takes a parameter of type `service-tag-region-suffix`, and `datacentre` is of type `azurecloud-region-suffix`",
        ),
        (
            "Storage.WestEurope",
            "'AzureActiveDirectory.{region}'",
            "AzureActiveDirectory.{region} error TG3003 service tag `AzureActiveDirectory` has no regional forms in AzureCloud",
        ),
    ];
    for (from, to, expected) in cases {
        assert_eq!(doubts(from, to), [expected], "`{from}` -> `{to}`");
    }
}

#[test]
fn tags_must_be_of_the_clouds_of_the_entry() {
    let text = SOUND.replace("[AzureCloud]", "[AzureChinaCloud]");
    let text = text.replace("Storage.WestEurope", "AzureDevOps");
    let text = text.replace("    regions_documented: [westeurope]\n", "");
    assert_eq!(
        report(text),
        ["AzureDevOps error TG3003 AzureChinaCloud has no service tag `AzureDevOps`"]
    );
}

#[test]
fn one_form_that_can_be_written_is_enough() {
    let wildcard = "fqdns: ['*.{region}.contoso.com', 'a.{datacentre}.contoso.com']";
    let tags = "service_tags: ['Sql.{region}', 'AzureCloud.{datacentre}', Storage.WestEurope]";
    let text = SOUND.replace(tags, wildcard);
    let text = text.replace(
        "    purpose: Reports.",
        "    alternatives: [{ destinations: { service_tags: [Sql] } }]\n    purpose: Reports.",
    );
    assert_eq!(report(text), [""; 0]);
}

#[test]
fn icmp_passes_inside_only() {
    let icmp = |address: &str| {
        let text = SOUND.replace("protocols: [TCP]\n    ports: ['1433']", "protocols: [ICMP]");
        let tags = "service_tags: ['Sql.{region}',";
        report(text.replace(
            tags,
            &format!("addresses: [{address}], service_tags: ['Sql.{{region}}',"),
        ))
    };
    assert_eq!(icmp("10.1.0.0/16"), [""; 0]);
    let told = icmp("8.8.8.8");
    assert!(
        told[0].contains("ICMP to the Internet does not pass it"),
        "{told:?}"
    );
}

/// Nothing in the built-in catalogs is an error.
#[test]
fn built_in_catalogs_are_looked_at_too() {
    let library = Library::shared();
    for catalog in library.catalogs() {
        let findings = lint_catalog(catalog, library, Facts::builtin());
        let findings: Vec<String> = findings
            .iter()
            .map(|finding| format!("{} {} {}", finding.severity, finding.id, finding.message))
            .collect();
        println!("{}", findings.join("\n"));
        assert!(
            !findings.iter().any(|finding| finding.starts_with("error")),
            "{findings:?}"
        );
    }
}
