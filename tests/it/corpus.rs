//! Real templates and exports, when `TIDEGATE_CORPUS` names a folder of them: all are read and judged, and what came
//! of it is printed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use tidegate::base::{FileReader, ReadError};
use tidegate::cli::{Builds, Deploying, Input, Linted, lint_inputs};
use tidegate::compile::FirewallModel;
use tidegate::diag::{Finding, Id, Severity};
use tidegate::import::{Deployment, Found, Tally, json};

use super::support::options;

/// No file may take longer, on a slow machine without optimisation.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// The most expressions of networks that may not be understood, in percent.
const MOST_NOT_UNDERSTOOD: f64 = 0.5;

struct Disk;

impl FileReader for Disk {
    fn read(&self, path: &Utf8Path) -> Result<String, ReadError> {
        let bytes = std::fs::read(path).map_err(|error| ReadError(error.to_string()))?;
        json::decode(bytes).map_err(|error| ReadError(error.to_string()))
    }
}

fn json_files(folder: &Utf8Path, found: &mut Vec<Utf8PathBuf>) {
    for entry in folder.read_dir_utf8().unwrap() {
        let path = entry.unwrap().into_path();
        if path.is_dir() {
            json_files(&path, found);
        } else if path.extension() == Some("json") {
            found.push(path);
        }
    }
}

fn lint(path: &Utf8Path) -> Linted {
    let input = Input {
        path: path.to_owned(),
        bytes: std::fs::read(path).unwrap(),
        found: Found::Walking,
    };
    let deploying = Deploying {
        all: &[],
        of_templates: &BTreeMap::new(),
        deployment: &Deployment::default(),
        builds: &Builds::default(),
    };
    lint_inputs(&[input], &Disk, &options(FirewallModel::Policy), &deploying)
}

/// What the corpus came to.
#[derive(Default)]
struct Table {
    files: BTreeMap<String, usize>,
    kinds: BTreeMap<String, usize>,
    all: Tally,
    network: Tally,
    rules: BTreeMap<(Id, Severity), usize>,
    slow: Vec<String>,
    misplaced: Vec<String>,
    errors: Vec<String>,
    malformed: usize,
}

impl Table {
    fn add(&mut self, root: &Utf8Path, path: &Utf8Path, linted: &Linted) {
        let shown = path.strip_prefix(root).unwrap_or(path);
        let folder = shown.components().next().map(|part| part.to_string());
        *self.files.entry(folder.unwrap_or_default()).or_default() += 1;
        for network in &linted.imported {
            self.all += network.counts.all;
            self.network += network.counts.network;
            for (kind, count) in &network.kinds {
                *self.kinds.entry(kind.to_string()).or_default() += count;
            }
        }
        for finding in &linted.findings {
            *self
                .rules
                .entry((finding.id, finding.severity))
                .or_default() += 1;
            if !place_is_sound(linted, finding) {
                self.misplaced
                    .push(format!("{shown}: {} {}", finding.id, finding.message));
            }
            if finding.severity == Severity::Error {
                let place = finding
                    .primary
                    .as_ref()
                    .map_or_else(String::new, |label| linted.sources.describe(label.span));
                self.errors
                    .push(format!("{place}: {} {}", finding.id, finding.message));
            }
        }
        self.malformed += usize::from(
            linted
                .findings
                .iter()
                .any(|finding| finding.id == Id::TG0025),
        );
    }

    fn print(&self) {
        println!("files read:");
        for (folder, count) in &self.files {
            println!("{count:7}  {folder}");
        }
        println!("{:7}  are no JSON", self.malformed);
        println!("resources:");
        for (kind, count) in &self.kinds {
            println!("{count:7}  {kind}");
        }
        for (name, tally) in [("all", self.all), ("of networks", self.network)] {
            println!(
                "expressions {name}: {} met, {} evaluated, {} without a value, {} at run time, {} unrepeatable, {} in linked templates that were not found, {} too large, {} wrong, {} not understood",
                tally.met(),
                tally.evaluated,
                tally.no_value,
                tally.run_time,
                tally.unrepeatable,
                tally.not_found,
                tally.too_large,
                tally.wrong,
                tally.not_understood
            );
        }
        println!("findings:");
        for ((id, severity), count) in &self.rules {
            println!("{count:7}  {id} {severity:7} {}", id.title());
        }
    }
}

/// Whether a place lies on its file's text, and the text there has to do with the finding: a name or value that it
/// quotes, an expression that may give it, or a whole value.
fn place_is_sound(linted: &Linted, finding: &Finding) -> bool {
    let Some(label) = &finding.primary else {
        return false;
    };
    let text = linted.sources.text(label.span);
    let empty_file = linted
        .sources
        .get(label.span.file)
        .is_some_and(|file| file.text().is_empty());
    if text.is_empty() && label.span.end > 0 && !empty_file {
        // Between the quotes of an empty string.
        return true;
    }
    let names_it = finding
        .message
        .split('`')
        .skip(1)
        .step_by(2)
        .any(|word| text.contains(word) || word.split('/').any(|part| text.contains(part)));
    let is_value = text.starts_with(['[', '{', '"']) || text.len() < 200;
    empty_file || names_it || is_value
}

#[test]
fn every_file_of_the_corpus_is_read_and_judged() {
    let Ok(folder) = std::env::var("TIDEGATE_CORPUS") else {
        println!("SKIPPED: TIDEGATE_CORPUS names no folder");
        return;
    };
    let root = Utf8PathBuf::from(folder);
    let mut paths = Vec::new();
    json_files(&root, &mut paths);
    paths.sort();
    assert!(!paths.is_empty(), "{root} holds no JSON");
    let mut table = Table::default();
    for path in &paths {
        let start = Instant::now();
        let linted = lint(path);
        if start.elapsed() > TIME_LIMIT {
            table.slow.push(path.to_string());
        }
        table.add(&root, path, &linted);
    }
    table.print();
    if let Ok(file) = std::env::var("TIDEGATE_CORPUS_ERRORS") {
        std::fs::write(file, table.errors.join("\n")).unwrap();
    }
    assert!(table.slow.is_empty(), "too slow: {:#?}", table.slow);
    assert!(table.misplaced.is_empty(), "{:#?}", table.misplaced);
    let share = 100.0 * table.network.not_understood as f64 / table.network.met().max(1) as f64;
    println!("not understood: {share:.3} % of the expressions of networks");
    assert!(
        share <= MOST_NOT_UNDERSTOOD,
        "{share:.3} % of the expressions of networks are not understood"
    );
}
