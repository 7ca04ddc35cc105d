//! Reconstructed incidents, run through the evaluator: does it say what really happened, and name the same cause?
//!
//! Those in `fixtures/incidents` are always run, and those of the folder that `TIDEGATE_INCIDENTS` names. The files know
//! nothing of this project: an estate is built from each, its checks are asked, and the answers are compared with what
//! is expected. Whatever is not understood in a file counts as a failure.

use std::panic::{AssertUnwindSafe, catch_unwind};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;
use tidegate::estate::Estate;

use check::Outcome;
use document::text_of;

mod access;
mod around;
mod assign;
mod build;
mod check;
mod cluster;
mod deficit;
mod document;
mod evaluate;
mod expect;
mod firewall;
mod names;
mod network;
mod observed;
mod path;
mod requirement;
mod topology;

const FOLDER: &str = "TIDEGATE_INCIDENTS";

/// How many checks went well, and how many did not.
#[derive(Debug, Default)]
struct Tally {
    passed: usize,
    failed: usize,
    /// Flows that do not arrive, and are in the deficit that `verify` tells of their network.
    in_verify: usize,
    /// Those that are in the balance of their subnet only.
    in_balance_only: usize,
    /// Flows that arrive, and are in no deficit.
    in_none: usize,
    /// Flows that arrive, and that another machine of the subnet or another address of the tag lacks.
    in_part: usize,
    lines: Vec<String>,
}

/// The incidents of this project, which are run always.
const OWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/incidents");

#[test]
fn every_incident_of_the_project_is_explained() {
    let tally = run_all(OWN);
    // Said only when something is wrong: what is printed belongs to the folder that was asked for.
    let lines: Vec<&String> = tally
        .lines
        .iter()
        .filter(|line| !line.starts_with("ok "))
        .collect();
    assert_eq!(tally.failed, 0, "{lines:#?}");
    println!("{}", tally.deficits());
    assert!(tally.in_verify > 20, "{}", tally.deficits());
    assert!(tally.in_none > 4 * tally.in_part, "{}", tally.deficits());
}

#[test]
fn every_incident_is_explained() {
    let Ok(folder) = std::env::var(FOLDER) else {
        println!("SKIPPED: {FOLDER} names no folder of incidents");
        return;
    };
    let tally = run_all(&folder);
    for line in &tally.lines {
        println!("{line}");
    }
    println!(
        "{} passed, {} failed; {}",
        tally.passed,
        tally.failed,
        tally.deficits()
    );
    assert_eq!(tally.failed, 0, "checks failed");
}

/// The estates of the incidents of this project, with the names of their files.
pub(crate) fn estates() -> impl Iterator<Item = (String, Estate)> {
    incident_files(Utf8Path::new(OWN)).into_iter().map(|path| {
        let text = std::fs::read_to_string(&path).unwrap();
        let root = document::read(&text).unwrap();
        let name = path.file_name().unwrap_or_default().to_owned();
        (name, topology::build(&root).estate)
    })
}

/// Runs every incident of a folder.
fn run_all(folder: &str) -> Tally {
    let files = incident_files(Utf8Path::new(folder));
    assert!(!files.is_empty(), "there are incidents in {folder}");
    let mut tally = Tally::default();
    for path in &files {
        let file = path.file_name().unwrap_or_default();
        match std::fs::read_to_string(path).map_err(|error| error.to_string()) {
            Ok(text) => tally.file(file, &text),
            Err(error) => tally.fail(file, "read", &error),
        }
    }
    tally
}

fn incident_files(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let entries = folder.read_dir_utf8().into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path().to_owned());
    let mut files: Vec<_> = paths
        .filter(|path| path.extension() == Some("yaml"))
        .collect();
    files.sort();
    files
}

impl Tally {
    /// How many flows that do not arrive are in a deficit.
    fn deficits(&self) -> String {
        format!(
            "flows in the deficit: through verify: {}, through balance only: {}; \
             of what arrives: none of {}, a part of {}",
            self.in_verify, self.in_balance_only, self.in_none, self.in_part
        )
    }

    fn fail(&mut self, file: &str, what: &str, why: &str) {
        self.failed += 1;
        self.lines.push(format!("FAIL  {file}  {what}  {why}"));
    }

    fn file(&mut self, file: &str, text: &str) {
        let root = match document::read(text) {
            Ok(root) => root,
            Err(error) => return self.fail(file, "read", &error),
        };
        let problems = catch_unwind(|| topology::build(&root).problems);
        let Ok(problems) = problems else {
            return self.fail(file, "estate", "it panicked");
        };
        for problem in &problems {
            self.fail(file, "estate", problem);
        }
        let checks = list(&root, "checks");
        if checks.is_empty() {
            self.fail(file, "checks", "there are none");
        }
        for check in checks {
            let expected = check.get("expected").cloned().unwrap_or(Value::Null);
            let expected = with_default(check, expected);
            self.check(file, &id_of(check), || {
                let outcome = check::run(&root, check, &expected, &[], &problems);
                (expected.clone(), outcome)
            });
        }
        for fix in list(&root, "after_fix") {
            self.fix(file, &root, checks, fix, &problems);
        }
    }

    fn fix(&mut self, file: &str, root: &Value, checks: &[Value], fix: &Value, known: &[String]) {
        let text = |key: &str| fix.get(key).and_then(text_of).unwrap_or_default();
        let (change, id) = (text("change"), text("check"));
        let what = format!("{id} after: {change}");
        let Some(check) = checks.iter().find(|check| id_of(check) == id) else {
            return self.fail(file, &what, "there is no such check");
        };
        let statements = assign::parse(&change);
        let statements = statements.and_then(|statements| {
            // What begins with a key of the file is meant to be run, so that it must lead somewhere.
            if statements.iter().all(assign::Statement::is_in_full) {
                return Ok(statements);
            }
            assign::apply(&mut root.clone(), &statements).map(|()| statements)
        });
        let statements = match statements {
            Ok(statements) => statements,
            Err(why) => {
                self.lines.push(format!("skip  {file}  {what}  {why}"));
                return;
            }
        };
        let mut expected = fix.clone();
        if let Value::Object(map) = &mut expected {
            map.shift_remove("change");
            map.shift_remove("check");
        }
        self.check(file, &what, || {
            let outcome = check::run(root, check, &expected, &statements, known);
            (expected.clone(), outcome)
        });
    }

    fn check(&mut self, file: &str, what: &str, run: impl FnOnce() -> (Value, Outcome)) {
        let Ok((expected, outcome)) = catch_unwind(AssertUnwindSafe(run)) else {
            return self.fail(file, what, "it panicked");
        };
        let Outcome { observed, wrong } = outcome;
        if let Some(lacking) = observed.lacks {
            let count = match (observed.verdict, lacking.balance, lacking.verify) {
                ("allow", true, _) => &mut self.in_part,
                ("allow", false, _) => &mut self.in_none,
                (_, _, Some(_)) => &mut self.in_verify,
                (_, _, None) => &mut self.in_balance_only,
            };
            *count += 1;
        }
        let wanted = expected
            .get("verdict")
            .and_then(text_of)
            .unwrap_or_default();
        let mut got = observed.verdict.to_owned();
        if let Some(cause) = observed.cause {
            got = format!("{got} ({cause})");
        }
        if let Some(element) = &observed.element {
            got = format!("{got} at {element}");
        }
        if wrong.is_empty() {
            self.passed += 1;
            self.lines.push(format!(
                "ok    {file}  {what}  expected {wanted}  got {got}"
            ));
            return;
        }
        self.failed += 1;
        self.lines.push(format!(
            "FAIL  {file}  {what}  expected {expected}  got {got}"
        ));
        for difference in wrong {
            self.lines.push(format!("        {difference}"));
        }
        if !observed.text.is_empty() {
            self.lines
                .push(format!("        because {}", observed.text));
        }
    }
}

fn list<'a>(root: &'a Value, key: &str) -> &'a [Value] {
    let list = root.get(key).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

fn id_of(check: &Value) -> String {
    check.get("id").and_then(text_of).unwrap_or_default()
}

/// What is expected of a requirement check that does not say so: `required`.
fn with_default(check: &Value, expected: Value) -> Value {
    let kind = check.get("kind").and_then(text_of);
    if kind.as_deref() != Some("requirement") || expected.get("verdict").is_some() {
        return expected;
    }
    let mut map = expected.as_object().cloned().unwrap_or_default();
    let contrast = check.get("contrast") == Some(&Value::Bool(true));
    let verdict = if contrast { "not_required" } else { "required" };
    map.insert("verdict".to_owned(), Value::String(verdict.to_owned()));
    Value::Object(map)
}
