//! The example policies: without findings, laid out as the formatter would, and compiled as the snapshots show.
//!
//! A snapshot is read as the engineer would who deploys it; a change in one is a change for every user.

use camino::Utf8Path;
use rayon::prelude::*;
use serde_json::Value;
use tidegate::azure::ServiceTags;
use tidegate::azure::facts::Facts;
use tidegate::azure::usage::usage;
use tidegate::base::{FileReader, SourceMap};
use tidegate::cli::{Analysis, compiled_gates, gates, prove_template, proved_files};
use tidegate::compile::FirewallModel;
use tidegate::diag::Id;
use tidegate::emit::allow_list::ListFormat;
use tidegate::emit::{self, Format, Template};
use tidegate::report::summary;
use tidegate::syntax::{format, parse};
use tidegate::verify::Proved;

use super::cli::Folder;
use super::policy::lines;
use super::support::{Project, compiled, policies_in, project};

fn path(name: &str) -> String {
    format!("policies/{name}.egress")
}

fn analysed(name: &str, model: FirewallModel) -> Analysis {
    compiled(Utf8Path::new(&path(name)), model).unwrap()
}

fn template(analysis: &Analysis) -> Template {
    emit::template(&analysis.estate, Facts::builtin(), &analysis.sources)
}

/// What the command tells at its end: the template proved, and the lists of the appliances whose rules are compiled.
fn summary_of(analysis: &Analysis, template: &Template) -> String {
    let mut proved = match template.resources.is_empty() {
        true => Proved::default(),
        false => {
            let text = emit::render(template, emit::Format::Arm);
            prove_template(analysis, &text).unwrap().proved
        }
    };
    let mut lists = Vec::new();
    for gate in compiled_gates(analysis) {
        let (files, shown) = proved_files(analysis, &gate, ListFormat::Plain, None).unwrap();
        proved = shown.unwrap();
        lists.push(summary::List {
            gate: gate.words,
            paths: files.into_iter().map(|(name, _)| name).collect(),
            entries: gate.entries.len(),
        });
    }
    summary::compile(&summary::Compile {
        estate: &analysis.estate,
        intent: &analysis.intent,
        deliveries: &analysis.deliveries,
        template,
        proved: &proved,
        usage: &usage(&analysis.estate, Facts::builtin()),
        lists: &lists,
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

/// Every policy has a list of what its firewalls have to let through, whoever makes them, in each format, but for service
/// tags that the short file of the fixtures has not and FQDN tags whose names nobody knows. Those of appliances are held.
#[test]
fn every_policy_has_its_lists() {
    let path = Utf8Path::new("fixtures/service-tags/ServiceTags_Public_20260112.json");
    let tags = ServiceTags::parse(&Project.read(path).unwrap()).unwrap();
    let formats = [
        (ListFormat::Plain, "list"),
        (ListFormat::Csv, "csv"),
        (ListFormat::PaloAlto, "edl"),
    ];
    let mut written = 0;
    for name in policies_in("policies") {
        let analysis = analysed(&name, FirewallModel::Policy);
        let gates = match gates(&analysis) {
            Ok(gates) => gates,
            Err(why) => {
                assert!(why.contains("its names are not published"), "{name}: {why}");
                continue;
            }
        };
        for gate in gates {
            for (format, ending) in formats {
                let files = match proved_files(&analysis, &gate, format, Some(&tags)) {
                    Ok((files, _)) => files,
                    Err(why) => {
                        assert!(gate.appliance.is_none(), "{name}: {why}");
                        let known = ["has no tag ", "cannot say `"];
                        assert!(known.iter().any(|it| why.contains(it)), "{name}: {why}");
                        continue;
                    }
                };
                written += 1;
                if gate.appliance.is_some() {
                    let text = |(path, text): &(String, String)| format!("==> {path}\n{text}");
                    let all: Vec<String> = files.iter().map(text).collect();
                    hold(&format!("{name}.{}", gate.name), ending, &all.concat());
                }
            }
        }
    }
    assert!(written > 30, "{written}");
}

/// The ways out of Azure that no firewall filters: what a security group leaves open there is accepted by the policy.
const UNFILTERED: &[&str] = &[
    "aks-load-balancer",
    "aks-user-assigned-nat-gateway",
    "hdinsight-on-aks-load-balancer",
];

#[test]
fn every_policy_is_even_and_every_requirement_explained() {
    let folder = Folder::new();
    let wrong: Vec<String> = policies_in("policies")
        .par_iter()
        .filter_map(|name| {
            let path = project(&path(name));
            let held = folder
                .run(&format!("verify {path} --format json"))
                .ends_with(0);
            let held: Value = serde_json::from_str(&held.out).unwrap();
            let count = |kind: &str| {
                let pools = held["pools"].as_array().unwrap().iter();
                pools
                    .map(|pool| pool[kind].as_array().unwrap().len())
                    .sum::<usize>()
            };
            let (deficit, excess) = (count("deficits"), count("excesses"));
            let open = usize::from(UNFILTERED.contains(&name.as_str()));
            if (deficit, excess) != (0, open) {
                return Some(format!("{name}: {deficit} in deficit, {excess} in excess"));
            }
            for pool in held["pools"].as_array().unwrap() {
                let pool = pool["pool"].as_str().unwrap();
                let run = folder.run(&format!("explain {path} --pool {pool}"));
                run.ends_with(0);
            }
            None
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
