//! The formats of findings: how they look, and that what reads them takes them.

use std::sync::LazyLock;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;
use tidegate::cli::{Analysis, analyse};
use tidegate::compile::FirewallModel;
use tidegate::diag::{Finding, Id, Severity};
use tidegate::report::{Color, Format, Gap, Run, render};

use super::cli::Folder;
use super::support::{Project, TODAY, files, options, project};

const SEVERAL: &str = "fixtures/reports/several.egress";

/// The ids that the snapshots show, so that a new rule does not change them.
const SHOWN: [Id; 6] = [
    Id::TG1001,
    Id::TG1002,
    Id::TG3003,
    Id::TG7001,
    Id::TG7002,
    Id::TG8001,
];

/// The formats that others read.
const READ_BY_OTHERS: [Format; 6] = [
    Format::Json,
    Format::Sarif,
    Format::Junit,
    Format::Github,
    Format::Azure,
    Format::Markdown,
];

fn analysis(path: &Utf8Path) -> Analysis {
    analyse(path, &Project, &options(FirewallModel::Policy)).unwrap()
}

/// The snapshots are of a run with a gap, so that they show one.
fn shown(format: Format) -> String {
    let analysis = analysis(Utf8Path::new(SEVERAL));
    let findings: Vec<Finding> = analysis
        .findings
        .into_iter()
        .filter(|finding| SHOWN.contains(&finding.id))
        .collect();
    let gaps = [Gap {
        severity: Severity::Warning,
        message: "`parts/old.json` was not read: it is larger than 4 GiB".to_owned(),
        place: None,
    }];
    let run = Run {
        gaps: &gaps,
        ran: &[Id::TG1001, Id::TG1003],
        category: Some("production"),
        ..Run::new(&findings, &analysis.sources)
    };
    render(format, &run, Color::Never)
}

#[test]
fn formats_look_as_they_should() {
    for (name, format) in [
        ("text", Format::Text),
        ("concise", Format::Concise),
        ("json", Format::Json),
        ("junit", Format::Junit),
        ("github", Format::Github),
        ("azure", Format::Azure),
        ("markdown", Format::Markdown),
        ("sarif", Format::Sarif),
    ] {
        let mut text = shown(format);
        if format == Format::Sarif {
            text = without_documentation(&text);
        }
        insta::with_settings!({
            snapshot_path => "snapshots/reports",
            omit_expression => true,
            prepend_module_to_snapshot => false,
        }, {
            insta::assert_snapshot!(name, text);
        });
    }
}

/// SARIF without the version of the program and the text of rules, which change for other reasons.
fn without_documentation(text: &str) -> String {
    let mut log: Value = serde_json::from_str(text).unwrap();
    let driver = &mut log["runs"][0]["tool"]["driver"];
    driver["semanticVersion"] = "…".into();
    for rule in driver["rules"].as_array_mut().unwrap() {
        rule["help"] = "…".into();
        rule["fullDescription"] = "…".into();
    }
    serde_json::to_string_pretty(&log).unwrap()
}

/// Policies with mistakes of every kind, analysed once.
static WITH_MISTAKES: LazyLock<Vec<(Utf8PathBuf, Analysis)>> = LazyLock::new(|| {
    let folders = ["fixtures/refused", "fixtures/reports", "policies/broken"];
    let mut paths: Vec<Utf8PathBuf> = folders
        .iter()
        .flat_map(|folder| files(folder, ".egress"))
        .collect();
    paths.push("fixtures/errors/several.egress".into());
    assert!(paths.len() > 90, "the policies are found");
    let analysed = paths.into_iter().map(|path| {
        let analysis = analysis(&path);
        (path, analysis)
    });
    analysed.collect()
});

/// An analysis in a format, as `check` writes it.
fn checked(analysis: &Analysis, format: Format) -> String {
    let run = Run {
        gaps: &analysis.gaps(),
        ran: &analysis.rules_that_ran(),
        ..Run::new(&analysis.findings, &analysis.sources)
    };
    render(format, &run, Color::Never)
}

#[test]
fn every_report_is_one_that_its_reader_takes() {
    for (path, analysis) in &*WITH_MISTAKES {
        let findings = analysis.findings.len();
        for format in READ_BY_OTHERS {
            let text = checked(analysis, format);
            let wrong = match format {
                Format::Sarif => against_github(&serde_json::from_str(&text).unwrap()),
                Format::Junit => against_junit(&text, findings),
                Format::Github => {
                    not_all_begin_with(&text, &["::error ", "::warning ", "::notice "])
                }
                Format::Azure => not_all_begin_with(&text, &["##vso[task.", "note "]),
                Format::Markdown => against_comments(&text),
                _ => {
                    let json: Value = serde_json::from_str(&text).unwrap();
                    let count = json["findings"].as_array().map_or(0, Vec::len);
                    (count != findings)
                        .then(|| format!("{count} findings"))
                        .into_iter()
                        .collect()
                }
            };
            assert!(wrong.is_empty(), "{path} as {format:?}: {wrong:#?}\n{text}");
        }
    }
}

fn against_junit(xml: &str, findings: usize) -> Vec<String> {
    let report = quick_junit::Report::deserialize_from_str(xml).unwrap();
    let mut wrong = Vec::new();
    if report.tests < findings || report.tests == 0 {
        wrong.push(format!("{} cases for {findings} findings", report.tests));
    }
    for suite in &report.test_suites {
        wrong.extend(
            suite
                .name
                .is_empty()
                .then(|| "a suite without a name".to_owned()),
        );
        if suite.tests != suite.test_cases.len() {
            wrong.push(format!(
                "{}: {} cases counted",
                suite.name.as_str(),
                suite.tests
            ));
        }
    }
    wrong
}

fn not_all_begin_with(text: &str, beginnings: &[&str]) -> Vec<String> {
    let begins = |line: &&str| {
        beginnings
            .iter()
            .any(|beginning| line.starts_with(beginning))
    };
    let others = text.lines().filter(|line| !begins(line));
    others.map(str::to_owned).collect()
}

fn against_comments(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let length = text.chars().count();
    wrong.extend((length > 65_536).then(|| format!("{length} characters")));
    let opened = text.matches("<details>").count();
    let closed = text.matches("</details>").count();
    wrong.extend((opened != closed).then(|| format!("{opened} opened, {closed} closed")));
    wrong
}

/// What GitHub would refuse or misunderstand in a log, by its page about SARIF.
fn against_github(log: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut hold = |holds: bool, what: &dyn Fn() -> String| wrong.extend((!holds).then(what));
    hold(log["version"] == "2.1.0", &|| "version".to_owned());
    let runs = log["runs"].as_array().unwrap();
    hold(runs.len() == 1, &|| "one run".to_owned());
    let run = &runs[0];
    hold(run["columnKind"] == "utf16CodeUnits", &|| {
        "columns".to_owned()
    });
    let driver = &run["tool"]["driver"];
    hold(driver["name"] == "tidegate", &|| "name".to_owned());
    let rules = driver["rules"].as_array().unwrap();
    for rule in rules {
        hold(rule_is_complete(rule), &|| format!("rule {rule:#}"));
    }
    let mut ids: Vec<&str> = rules
        .iter()
        .filter_map(|rule| rule["id"].as_str())
        .collect();
    ids.dedup();
    hold(ids.len() == rules.len(), &|| "a rule twice".to_owned());
    let results = run["results"].as_array().unwrap();
    hold(results.len() <= 25_000, &|| "too many results".to_owned());
    let mut prints = std::collections::BTreeSet::new();
    for result in results {
        hold(result_is_complete(result, rules), &|| {
            format!("result {result:#}")
        });
        let print = result["partialFingerprints"]["tidegateSemantic/v1"].as_str();
        hold(prints.insert(print), &|| {
            format!("fingerprint twice {result:#}")
        });
    }
    wrong
}

fn rule_is_complete(rule: &Value) -> bool {
    let text = |pointer: &str, most: usize| {
        let text = rule.pointer(pointer).and_then(Value::as_str);
        text.is_some_and(|text| !text.is_empty() && text.chars().count() <= most)
    };
    let tags = rule["properties"]["tags"].as_array().unwrap();
    let severity = rule["properties"].get("security-severity");
    let severity_fits = severity.is_none_or(|severity| {
        let number: f32 = severity.as_str().unwrap().parse().unwrap();
        number > 0.0 && number <= 10.0 && tags.contains(&"security".into())
    });
    text("/id", 255)
        && text("/name", 255)
        && text("/shortDescription/text", 1_024)
        && text("/fullDescription/text", 1_024)
        && text("/help/text", usize::MAX)
        && text("/help/markdown", usize::MAX)
        && ["error", "warning", "note"]
            .map(Value::from)
            .contains(&rule["defaultConfiguration"]["level"])
        && ["very-high", "high", "medium", "low"]
            .map(Value::from)
            .contains(&rule["properties"]["precision"])
        && tags.len() <= 20
        && severity_fits
}

fn result_is_complete(result: &Value, rules: &[Value]) -> bool {
    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    let nothing = Vec::new();
    let list = |key: &str| result[key].as_array().unwrap_or(&nothing);
    let message = result["message"]["text"].as_str().unwrap();
    let related = list("relatedLocations");
    let every_related_is_linked = related
        .iter()
        .all(|location| message.contains(&format!("]({})", location["id"])));
    let hash = result["partialFingerprints"]["primaryLocationLineHash"].as_str();
    rules
        .get(index)
        .is_some_and(|rule| rule["id"] == result["ruleId"])
        && message.starts_with(|c: char| !c.is_lowercase())
        && list("locations").len() == 1
        && related.len() < 1_000
        && every_related_is_linked
        && list("locations")
            .iter()
            .chain(related)
            .all(location_is_complete)
        && hash.is_some_and(|hash| hash.contains(':'))
}

fn location_is_complete(location: &Value) -> bool {
    let physical = &location["physicalLocation"];
    let uri = physical["artifactLocation"]["uri"].as_str().unwrap();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/%".contains(c);
    let region = &physical["region"];
    let number = |key: &str| region[key].as_u64().unwrap();
    let start = (number("startLine"), number("startColumn"));
    let end = (number("endLine"), number("endColumn"));
    !uri.is_empty()
        && !uri.starts_with(['/', '.'])
        && uri.chars().all(plain)
        && start.0 >= 1
        && start.1 >= 1
        && start <= end
}

/// The published schema of SARIF is not ours, so it is not here. `.ci/run` fetches it.
#[test]
fn sarif_satisfies_the_published_schema() {
    let Some(path) = std::env::var_os("TIDEGATE_SARIF_SCHEMA") else {
        println!("SKIPPED, for TIDEGATE_SARIF_SCHEMA names no schema of SARIF 2.1.0");
        return;
    };
    let schema = std::fs::read_to_string(path).expect("the schema that is named");
    let mut schema: Value = serde_json::from_str(&schema).expect("a schema in JSON");
    // Some releases of the schema have a pattern here that is no regular expression. We write no language.
    for owner in ["run", "toolComponent"] {
        let language = format!("/definitions/{owner}/properties/language");
        let language = schema.pointer_mut(&language).and_then(Value::as_object_mut);
        language.expect("a schema of SARIF").remove("pattern");
    }
    let validator = jsonschema::validator_for(&schema).expect("a schema that holds");
    assert!(!validator.is_valid(&serde_json::json!({"version": "2.1.0"})));
    let logs = WITH_MISTAKES
        .iter()
        .map(|(path, analysis)| (path.as_str(), checked(analysis, Format::Sarif)));
    let with_gap = (SEVERAL, shown(Format::Sarif));
    for (path, log) in logs.chain([with_gap]) {
        let log: Value = serde_json::from_str(&log).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&log)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{path}: {errors:#?}");
    }
}

#[test]
fn check_writes_every_format_and_ends_with_the_same_code() {
    let folder = Folder::new();
    let policy = std::fs::read_to_string(project(SEVERAL)).unwrap();
    std::fs::write(folder.path("zwei büros.egress"), policy).unwrap();
    let absolute = folder.path("zwei büros.egress");
    for (format, says) in [
        ("concise", "zwei büros.egress:16:30: error[TG1001]"),
        ("json", "\"fingerprint\""),
        ("sarif", "\"uri\": \"zwei%20b%C3%BCros.egress\""),
        ("junit", "classname=\"zwei büros.egress\""),
        ("github", "::error file=zwei büros.egress,line=16,"),
        ("azure", "sourcepath=zwei büros.egress;linenumber=16;"),
        ("markdown", "#### `zwei büros.egress`"),
    ] {
        // A path from the root of the disk is shown from where the command runs.
        let path = match format {
            "json" | "concise" => "zwei büros.egress",
            _ => absolute.as_str(),
        };
        let arguments = ["check", path, "--today", TODAY, "--format", format];
        let ran = folder.run_with(&arguments).ends_with(1);
        assert!(ran.out.contains(says), "{format}: {}", ran.out);
        assert_eq!(ran.err, "", "{format}");
    }
}

#[test]
fn a_policy_with_mistakes_is_no_clean_run() {
    let folder = Folder::new();
    std::fs::write(folder.path("a.egress"), "egress 1\nregion nowhere\n").unwrap();
    let ran = folder
        .run("check a.egress --format sarif --category prod")
        .ends_with(1);
    let log: Value = serde_json::from_str(&ran.out).unwrap();
    let run = &log["runs"][0];
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    assert_eq!(run["automationDetails"]["id"], "tidegate/prod/");
    let junit = folder.run("check a.egress --format junit").ends_with(1).out;
    let report = quick_junit::Report::deserialize_from_str(&junit).unwrap();
    assert_eq!((report.failures, report.errors), (1, 1), "{junit}");
    let azure = folder.run("check a.egress --format azure").ends_with(1).out;
    assert!(
        azure.contains("##vso[task.complete result=Failed;]"),
        "{azure}"
    );
}
