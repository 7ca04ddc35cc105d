//! All templates of a folder of real ones, when `TIDEGATE_CORPUS` names it: no panic, no hang, little that is not
//! understood.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};

use super::super::{Counts, Deployment, ExpandOptions, expand, is_template};
use super::summary;
use crate::base::{FileReader, ReadError, SourceMap};
use crate::diag::Id;
use crate::import::json;

struct Disk;

impl FileReader for Disk {
    fn read(&self, path: &Utf8Path) -> Result<String, ReadError> {
        let bytes = std::fs::read(path).map_err(|error| ReadError(error.to_string()))?;
        json::decode(bytes).map_err(|error| ReadError(error.to_string()))
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
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
fn real_templates_are_understood() {
    let Ok(corpus) = std::env::var("TIDEGATE_CORPUS") else {
        return;
    };
    let mut paths = Vec::new();
    files(&Path::new(&corpus).join("arm"), &mut paths);
    let mut counts = Counts::default();
    let (mut templates, mut resources) = (0, 0);
    let mut findings: BTreeMap<(Id, String), (usize, String)> = BTreeMap::new();
    let (mut parsing, mut expanding) = (Duration::ZERO, Duration::ZERO);
    let mut slowest: Vec<(Duration, PathBuf)> = Vec::new();
    for path in paths {
        let path = Utf8PathBuf::from_path_buf(path).unwrap();
        let Ok(text) = Disk.read(&path) else { continue };
        let mut sources = SourceMap::default();
        let id = sources.add(path.clone(), text);
        let text = sources.get(id).unwrap().shared_text();
        let begin = Instant::now();
        let Ok(document) = json::parse(id, &text) else {
            continue;
        };
        parsing += begin.elapsed();
        if !is_template(&document) {
            continue;
        }
        templates += 1;
        let options = ExpandOptions {
            parameter_files: &[],
            reader: &Disk,
            wanted: |kind| {
                kind.starts_with("microsoft.network/")
                    || kind.starts_with("microsoft.containerservice/")
                    || kind.starts_with("microsoft.hdinsight/")
            },
            deployment: &Deployment::default(),
        };
        let begin = Instant::now();
        let expanded = expand(&mut sources, &document, &options);
        let took = begin.elapsed();
        expanding += took;
        slowest.push((took, path.clone().into()));
        assert!(took < Duration::from_secs(20), "{path} takes {took:?}");
        resources += expanded.resources.len();
        counts += expanded.counts;
        for finding in expanded.findings {
            let place = finding.primary.map(|label| sources.describe(label.span));
            let known = findings.entry((finding.id, finding.message)).or_default();
            known.0 += 1;
            known.1 = place.unwrap_or_default();
        }
    }
    slowest.sort();
    for (took, path) in slowest.iter().rev().take(5) {
        eprintln!("{took:?} {}", path.display());
    }
    for ((id, message), (times, place)) in &findings {
        eprintln!("{times:5} {id} {message} ({place})");
    }
    eprintln!(
        "{templates} templates, {resources} resources; parsed in {parsing:?}, expanded in {expanding:?}"
    );
    eprintln!("{}", summary(&counts));
    let network = counts.network;
    assert!(network.not_understood * 200 <= network.met());
}
