//! `tidegate lint`

mod baseline;
pub(super) mod collect;
mod config;
mod fix;
mod judge;
mod repair;

pub use self::collect::Input;
pub use self::judge::{Deploying, Linted, lint_inputs};

use camino::{Utf8Path, Utf8PathBuf};

use crate::base::{FileReader, ReadError};
use crate::diag::{self, Id, Safety, Severity};
use crate::import::json::encode_like;
use crate::lint;
use crate::report::{self, Accepted, Format, Gap, Run};
use crate::syntax;

use super::Outcome;
use super::age::MaxAge;
use super::arguments::LintOptions;
use super::bicep::{Builds, build};
use super::estates::{deployment, use_of_bicep};
use super::lock::locked;
use super::output::{
    Disk, catalogs, color, print, print_error, refuse, today, working_folder, write_bytes,
    write_file,
};
use super::pipeline::Options;

use self::baseline::Baseline;
use self::collect::{STANDARD_INPUT, collect};
use self::config::Config;
use self::fix::Texts;
use self::repair::Repaired;

pub(super) fn run(options: &LintOptions) -> Outcome {
    match lint_all(options) {
        Ok(outcome) => outcome,
        Err(message) => refuse(&message),
    }
}

fn lint_all(options: &LintOptions) -> Result<Outcome, String> {
    let config = configuration(options)?;
    let mut inputs = collect(&options.paths, &config.overrides())?;
    let configured = config.parameters.values().flatten();
    let named: Vec<_> = options.deployment.parameters.iter().collect();
    let named: Vec<_> = named.into_iter().chain(configured).collect();
    let builds = build(&mut inputs, &named, use_of_bicep(&options.deployment))?;
    let mut found = judge(&inputs, &builds, &Texts::new(), options, &config)?;
    config.apply(&mut found.findings);
    diag::sort(&mut found.findings);
    if let Some(path) = &options.write_baseline {
        write_file(path, &baseline::text_of(&found.findings, &found.sources))?;
        print_error(&format!(
            "{path}: accepts {} findings from now on\n",
            found.findings.len()
        ));
        return Ok(Outcome::Fine);
    }
    let accepted = accept(options, &config, &mut found)?;
    if options.fix || options.unsafe_fixes || options.diff {
        return mend(options, &inputs, &builds, &config, &found);
    }
    let fail_on = options
        .fail_on
        .map(Severity::from)
        .or(config.fail_on)
        .unwrap_or(Severity::Error);
    show(options, &found, &accepted, fail_on);
    if inputs.is_empty() {
        print_error("nothing to look at: no JSON, Bicep or .egress file\n");
    }
    let fails = found
        .findings
        .iter()
        .any(|finding| finding.severity >= fail_on);
    Ok(
        if found
            .findings
            .iter()
            .any(|finding| finding.id == Id::TG0013)
        {
            Outcome::Unusable
        } else if fails {
            Outcome::Findings
        } else {
            Outcome::Fine
        },
    )
}

/// The configuration that is named, or the nearest one above the first input.
fn configuration(options: &LintOptions) -> Result<Config, String> {
    let path = match &options.config {
        Some(path) => Some(path.clone()),
        None if options.no_config => None,
        None => nearest_config(
            options
                .paths
                .first()
                .map_or(Utf8Path::new("."), |path| path),
        ),
    };
    match path {
        Some(path) => {
            let text = std::fs::read_to_string(&path)
                .map_err(|error| format!("cannot read {path}: {error}"))?;
            Config::parse(&path, &text)
        }
        None => Ok(Config::default()),
    }
}

fn nearest_config(input: &Utf8Path) -> Option<Utf8PathBuf> {
    let here = working_folder()?;
    let start = if input == "-" { here } else { here.join(input) };
    let found = start
        .ancestors()
        .flat_map(|folder| config::NAMES.map(|name| folder.join(name)))
        .find(|path| path.is_file())?;
    // As a user would write it, where it lies below the working folder.
    let here = working_folder()?;
    Some(
        found
            .strip_prefix(&here)
            .map(Utf8Path::to_owned)
            .unwrap_or(found),
    )
}

/// Severities as configured, findings in order, and without what the baseline accepts.
fn settle(
    options: &LintOptions,
    config: &Config,
    found: &mut Linted,
) -> Result<Vec<Accepted>, String> {
    config.apply(&mut found.findings);
    diag::sort(&mut found.findings);
    accept(options, config, found)
}

/// The disk, where some files have another text.
struct Changed<'a>(&'a Texts);

impl FileReader for Changed<'_> {
    fn read(&self, path: &Utf8Path) -> Result<String, ReadError> {
        match self.0.get(path) {
            Some(text) => Ok(text.clone()),
            None => Disk.read(path),
        }
    }
}

fn judge(
    inputs: &[Input],
    builds: &Builds,
    texts: &Texts,
    options: &LintOptions,
    config: &Config,
) -> Result<Linted, String> {
    let further = config.catalogs.iter().chain(&options.catalogs);
    let settings = Options {
        parameters: syntax::Parameters::new(),
        firewall_model: crate::compile::FirewallModel::Policy,
        today: today(options.today.as_deref())?,
        max_age: MaxAge {
            days: options.max_age,
        },
        catalogs: catalogs(&further.cloned().collect::<Vec<_>>())?,
        assertions: config.assertions.clone(),
        strict: false,
        lock: locked(
            options
                .lock
                .lock
                .as_ref()
                .or(config.lock.as_ref())
                .map(|it| it.as_path()),
        )?,
    };
    let named = Deploying {
        all: &options.deployment.parameters,
        of_templates: &config.parameters,
        deployment: &deployment(&options.deployment),
        builds,
    };
    Ok(lint_inputs(inputs, &Changed(texts), &settings, &named))
}

/// Takes out what the baseline accepts.
fn accept(
    options: &LintOptions,
    config: &Config,
    found: &mut Linted,
) -> Result<Vec<Accepted>, String> {
    let Some(path) = options.baseline.as_ref().or(config.baseline.as_ref()) else {
        return Ok(Vec::new());
    };
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("cannot read {path}: {error}"))?;
    let baseline = Baseline::parse(&text).map_err(|error| format!("{path}: {error}"))?;
    let (accepted, stale) = baseline.apply(&mut found.findings, &found.sources);
    if !stale.is_empty() {
        let (count, first) = (stale.len(), stale.first().map_or("", String::as_str));
        let words = if count == 1 {
            "1 entry fits".to_owned()
        } else {
            format!("{count} entries fit")
        };
        found.gaps.push(Gap {
            severity: Severity::Note,
            message: format!("{path}: {words} no finding any more, such as {first}; write it again with --write-baseline"),
            place: None,
        });
    }
    Ok(accepted)
}

/// Makes fixes, or shows what they would change.
fn mend(
    options: &LintOptions,
    inputs: &[Input],
    builds: &Builds,
    config: &Config,
    found: &Linted,
) -> Result<Outcome, String> {
    let least = if options.unsafe_fixes {
        Safety::Unsafe
    } else {
        Safety::Safe
    };
    let examine = |texts: &Texts| {
        let mut found = judge(&with_texts(inputs, texts), builds, texts, options, config)?;
        settle(options, config, &mut found)?;
        Ok(found)
    };
    let repaired = repair::repair(found, least, examine)?;
    if options.diff {
        print(&fix::diff(&repaired.texts, &found.sources));
    } else {
        write_texts(&repaired.texts, inputs)?;
    }
    tell(options, &repaired);
    Ok(if options.diff && repaired.made > 0 {
        Outcome::Findings
    } else {
        Outcome::Fine
    })
}

/// The inputs, some of them with another text.
fn with_texts(inputs: &[Input], texts: &Texts) -> Vec<Input> {
    let inputs = inputs.iter();
    inputs
        .map(|input| Input {
            path: input.path.clone(),
            bytes: match texts.get(&input.path) {
                Some(text) => text.clone().into_bytes(),
                None => input.bytes.clone(),
            },
            found: input.found,
        })
        .collect()
}

/// Writes files in the encoding that they had.
fn write_texts(texts: &Texts, inputs: &[Input]) -> Result<(), String> {
    for (path, text) in texts {
        if path == STANDARD_INPUT {
            print_error("standard input stays as it is; --diff shows what would change\n");
            continue;
        }
        let input = inputs.iter().find(|input| input.path == *path);
        let bytes = match input {
            Some(input) => encode_like(&input.bytes, text),
            None => {
                let bytes =
                    std::fs::read(path).map_err(|error| format!("cannot read {path}: {error}"))?;
                encode_like(&bytes, text)
            }
        };
        write_bytes(path, &bytes)?;
    }
    Ok(())
}

/// Says what was fixed, and what was not.
fn tell(options: &LintOptions, repaired: &Repaired) {
    let (made, files) = (repaired.made, repaired.texts.len());
    let verb = if options.diff {
        "would be fixed"
    } else {
        "fixed"
    };
    print_error(&format!(
        "{made} {} {verb} in {files} {}\n",
        if made == 1 { "finding" } else { "findings" },
        if files == 1 { "file" } else { "files" }
    ));
    for told in &repaired.refused {
        print_error(&format!(
            "not fixed, because the fix alone does not mend it or breaks something else: {told}\n"
        ));
    }
    if repaired.unfinished {
        print_error("there may be more to fix; run it again\n");
    }
}

fn show(options: &LintOptions, found: &Linted, accepted: &[Accepted], fail_on: Severity) {
    let format = Format::from(options.report.format);
    let ran: Vec<Id> = lint::RULES
        .iter()
        .filter(|_| found.rules_ran)
        .map(|rule| rule.id)
        .collect();
    let root = working_folder();
    let run = Run {
        accepted: if options.show_accepted { accepted } else { &[] },
        gaps: &found.gaps,
        ran: &ran,
        fail_on,
        category: options.report.category.as_deref(),
        root: root.as_deref(),
        ..Run::new(&found.findings, &found.sources)
    };
    let text = report::render(format, &run, color(options.color));
    if format == Format::Text {
        print_error(&text);
        if found.findings.is_empty() {
            print("no findings\n");
        }
        if !accepted.is_empty() {
            print_error(&format!("{} accepted by the baseline\n", accepted.len()));
        }
    } else {
        print(&text);
    }
}
