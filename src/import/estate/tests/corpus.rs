//! Real exports make estates: whatever they hold, nothing fails, and every network is there.
//!
//! Runs when `TIDEGATE_CORPUS` names the folder with them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::base::SourceMap;
use crate::import::Resource;
use crate::import::json::{self, Json};

use super::super::build;
use super::resources;

/// The resources anywhere in a file: bodies of answers, lists, examples.
fn find(json: Json<'_>, found: &mut Vec<Resource>) {
    let id = json.get("id").and_then(Json::as_str);
    let is_resource =
        id.is_some_and(|id| id.to_ascii_lowercase().contains("/providers/microsoft."));
    if is_resource && json.get("properties").is_some_and(Json::is_object) {
        resources(json, None, found);
        return;
    }
    for item in json.items() {
        find(item, found);
    }
    for (_, member) in json.members() {
        find(member, found);
    }
}

fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            found.push(path);
        }
    }
}

#[test]
fn real_exports_make_estates() {
    let Ok(corpus) = std::env::var("TIDEGATE_CORPUS") else {
        eprintln!("skipped: TIDEGATE_CORPUS is not set");
        return;
    };
    let mut paths = Vec::new();
    for folder in ["rest", "rest-recorded", "rest-examples"] {
        files(&Path::new(&corpus).join(folder), &mut paths);
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut lines = BTreeSet::new();
    for path in &paths {
        let Ok(text) = std::fs::read_to_string(path) else {
            continue;
        };
        let mut sources = SourceMap::default();
        let file = sources.add(path.display().to_string(), text.clone());
        let Ok(document) = json::parse(file, &text.as_str().into()) else {
            continue;
        };
        let mut found = Vec::new();
        for root in document.roots() {
            find(root, &mut found);
        }
        let vnets: BTreeSet<_> = found
            .iter()
            .filter(|it| it.id.is("microsoft.network/virtualnetworks"))
            .map(|it| it.id.key())
            .collect();
        let built = build(&found);
        assert!(
            built.estate.vnets.len() >= vnets.len(),
            "{}",
            path.display()
        );
        let mut count = |what: String, number: usize| *counts.entry(what).or_default() += number;
        count("resources".into(), found.len());
        count("vnets".into(), built.estate.vnets.len());
        count("subnets".into(), built.estate.subnets.len());
        count("firewalls".into(), built.estate.firewalls.len());
        let routes = built
            .estate
            .route_tables
            .iter()
            .map(|(_, it)| it.routes.len());
        count("routes".into(), routes.sum());
        let rules = built.estate.nsgs.iter().map(|(_, it)| it.rules.len());
        count("security rules".into(), rules.sum());
        for gap in &built.gaps {
            count(format!("gap {:?}", gap.part), 1);
        }
        for finding in &built.findings {
            count(format!("finding {}", finding.id), 1);
            if finding.severity == crate::diag::Severity::Error {
                let place = sources.describe(finding.primary.as_ref().unwrap().span);
                lines.insert(format!("{} {place}", finding.message));
            }
        }
        for ((kind, property), number) in built.unread {
            count(format!("unread {kind} {property}"), number);
        }
        for (kind, number) in built.without_element {
            count(format!("without element {kind}"), number);
        }
    }
    for (what, number) in &counts {
        eprintln!("{number:6} {what}");
    }
    for line in &lines {
        eprintln!("{line}");
    }
    assert!(counts.get("resources").is_some_and(|number| *number > 100));
}
