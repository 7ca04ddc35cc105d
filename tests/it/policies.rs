//! The example policies: without findings, laid out as the formatter would, and compiled as the snapshots show.
//!
//! A snapshot is read as the engineer would who deploys it; a change in one is a change for every user.

use camino::Utf8Path;
use tidegate::azure::facts::Facts;
use tidegate::azure::usage::usage;
use tidegate::base::{FileReader, SourceMap};
use tidegate::cli::{Analysis, prove_template};
use tidegate::compile::FirewallModel;
use tidegate::diag::Id;
use tidegate::emit::{self, Format, Template};
use tidegate::report::summary;
use tidegate::syntax::{format, parse};

use super::policy::lines;
use super::support::{Project, compiled, policies_in};

fn path(name: &str) -> String {
    format!("policies/{name}.egress")
}

fn analysed(name: &str, model: FirewallModel) -> Analysis {
    compiled(Utf8Path::new(&path(name)), model).unwrap()
}

fn template(analysis: &Analysis) -> Template {
    emit::template(&analysis.estate, Facts::builtin(), &analysis.sources)
}

fn summary_of(analysis: &Analysis, template: &Template) -> String {
    let proof = prove_template(analysis, &emit::render(template, emit::Format::Arm)).unwrap();
    summary::compile(&summary::Compile {
        estate: &analysis.estate,
        intent: &analysis.intent,
        deliveries: &analysis.deliveries,
        template,
        proved: &proof.proved,
        usage: &usage(&analysis.estate, Facts::builtin()),
        lists: &[],
    })
}

/// Holds a text against `snapshots/policies/NAME.EXTENSION.snap`.
fn hold(name: &str, extension: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => "snapshots/policies",
        omit_expression => true,
        prepend_module_to_snapshot => false,
    }, {
        insta::assert_snapshot!(format!("{name}.{extension}"), text);
    });
}

#[test]
fn every_policy_is_without_findings() {
    for name in policies_in("policies") {
        let analysis = analysed(&name, FirewallModel::Policy);
        let findings = lines(&analysis.sources, &analysis.findings);
        assert_eq!(findings, "", "{name}");
    }
}

#[test]
fn every_policy_is_formatted() {
    for name in policies_in("policies") {
        let path = path(&name);
        let text = Project.read(Utf8Path::new(&path)).unwrap();
        let mut sources = SourceMap::default();
        let file = sources.add(path, text.clone());
        let parsed = parse(&sources, file);
        assert_eq!(format(&sources, &parsed).unwrap(), text, "{name}");
    }
}

#[test]
fn every_policy_compiles_as_shown() {
    for name in policies_in("policies") {
        let analysis = analysed(&name, FirewallModel::Policy);
        let template = template(&analysis);
        hold(&name, "arm", &emit::render(&template, Format::Arm));
        hold(&name, "bicep", &emit::render(&template, Format::Bicep));
        hold(&name, "summary", &summary_of(&analysis, &template));
    }
}

/// Policies whose firewalls name no policy compile to rules of the firewall itself, too, but for those that wait for a
/// value: there is no group to leave out.
#[test]
fn firewalls_without_policy_can_be_classic() {
    for name in policies_in("policies") {
        let analysis = analysed(&name, FirewallModel::Policy);
        let text = Project.read(Utf8Path::new(&path(&name))).unwrap();
        let named = text.contains("firewall-policy ");
        if named || analysis.estate.firewalls.is_empty() {
            continue;
        }
        let analysis = analysed(&name, FirewallModel::Classic);
        let others = analysis.findings.iter();
        let others: Vec<_> = others
            .filter(|finding| finding.id != Id::TG7003)
            .cloned()
            .collect();
        assert_eq!(lines(&analysis.sources, &others), "", "{name}");
        let template = template(&analysis);
        hold(&name, "classic", &emit::render(&template, Format::Arm));
        hold(&name, "classic-summary", &summary_of(&analysis, &template));
    }
}
