//! The examples in the documentation of the rules, judged as `tidegate lint` judges a policy: each is found wrong by its
//! own rule, and is sound otherwise.

use camino::Utf8PathBuf;
use tidegate::diag::{Finding, Id, Severity};
use tidegate::lint::RULES;

use super::lint_fixtures::{TEMPLATES_ONLY, lint_file, lint_with};

/// Rules whose example another rule finds wrong too, and why that cannot be avoided.
const TOLD_TWICE: &[(Id, Id, &str)] = &[(
    Id::TG3023,
    Id::TG1002,
    "an entry that an IP group holds twice overlaps itself",
)];

/// The examples of a page.
fn examples(markdown: &str) -> Vec<&str> {
    let blocks = markdown.split("```egress\n").skip(1);
    blocks.filter_map(|rest| rest.split("```").next()).collect()
}

/// The lock file of a page, for rules about what DNS answers.
fn lock(markdown: &str) -> Option<String> {
    let (_, rest) = markdown.split_once("```yaml\nschema: egress-lock/")?;
    let (block, _) = rest.split_once("```")?;
    Some(format!("schema: egress-lock/{block}"))
}

/// Whether a finding of another rule has no place in the example of this one.
fn misleads(finding: &Finding, rule: Id) -> bool {
    if finding.id == rule {
        return false;
    }
    // The families of TG0xxx are about what was not read or understood.
    if finding.id.code() < "TG1000" {
        return true;
    }
    let told_twice = TOLD_TWICE
        .iter()
        .any(|(of, other, _)| *of == rule && *other == finding.id);
    // Examples are parts of policies: what uses a thing may stand elsewhere.
    let used_elsewhere = finding.id == Id::TG8001;
    finding.severity > Severity::Note && !told_twice && !used_elsewhere
}

fn shown(findings: &[Finding]) -> Vec<String> {
    let lines = findings
        .iter()
        .map(|finding| format!("{} {}: {}", finding.severity, finding.id, finding.message));
    lines.collect()
}

#[test]
fn every_example_is_found_wrong_by_its_rule_and_by_no_other() {
    let mut wrong = Vec::new();
    for rule in RULES {
        let markdown = rule.markdown();
        let examples = examples(&markdown);
        let templates_only = TEMPLATES_ONLY.iter().any(|(id, _)| *id == rule.id);
        if examples.is_empty() && !templates_only {
            wrong.push(format!("{}: no example", rule.id));
        }
        for example in examples {
            let path = Utf8PathBuf::from(format!("examples/{}.egress", rule.id));
            let linted = lint_with(&path, format!("egress 1\n{example}"), lock(&markdown));
            let all = shown(&linted.findings);
            if !linted.rules_ran {
                wrong.push(format!("{}: the rules did not run: {all:#?}", rule.id));
            } else if !linted.findings.iter().any(|finding| finding.id == rule.id) {
                wrong.push(format!("{}: nothing found; all: {all:#?}", rule.id));
            } else if linted
                .findings
                .iter()
                .any(|finding| misleads(finding, rule.id))
            {
                wrong.push(format!("{}: other things are wrong: {all:#?}", rule.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_told_twice_still_is() {
    for (id, other, why) in TOLD_TWICE {
        let rule = RULES.iter().find(|rule| rule.id == *id).unwrap();
        let markdown = rule.markdown();
        let told = examples(&markdown).into_iter().any(|example| {
            let path = Utf8PathBuf::from(format!("examples/{id}.egress"));
            let linted = lint_file(&path, format!("egress 1\n{example}"));
            linted.findings.iter().any(|finding| finding.id == *other)
        });
        assert!(
            told,
            "{other} is no longer told of the example of {id}: {why}"
        );
    }
}

#[test]
fn examples_are_short() {
    for rule in RULES {
        for example in examples(&rule.markdown()) {
            let lines = example.lines().count();
            assert!(lines <= 15, "the example of {} has {lines} lines", rule.id);
        }
    }
}
