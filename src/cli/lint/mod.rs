//! `tidegate lint`

mod baseline;
pub(super) mod collect;
mod config;
mod fix;
mod judge;

pub use self::collect::Input;
pub use self::judge::{Deploying, Linted, lint_inputs};

use camino::{Utf8Path, Utf8PathBuf};

use crate::diag::{self, Id, Safety, Severity};
use crate::lint;
use crate::report::{self, Accepted, Format, Gap, Run};
use crate::syntax;

use super::Outcome;
use super::arguments::LintOptions;
use super::bicep::{Builds, build};
use super::estates::{deployment, use_of_bicep};
use super::output::{
    Disk, catalogs, color, print, print_error, refuse, today, working_folder, write_file,
};
use super::pipeline::Options;

use self::baseline::Baseline;
use self::collect::collect;
use self::config::Config;

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
    let mut found = judge(&inputs, &builds, options, &config)?;
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
        return repair(options, &found);
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

fn judge(
    inputs: &[Input],
    builds: &Builds,
    options: &LintOptions,
    config: &Config,
) -> Result<Linted, String> {
    let further = config.catalogs.iter().chain(&options.catalogs);
    let settings = Options {
        parameters: syntax::Parameters::new(),
        firewall_model: crate::compile::FirewallModel::Policy,
        today: today(options.today.as_deref())?,
        catalogs: catalogs(&further.cloned().collect::<Vec<_>>())?,
        assertions: config.assertions.clone(),
    };
    let named = Deploying {
        all: &options.deployment.parameters,
        of_templates: &config.parameters,
        deployment: &deployment(&options.deployment),
        builds,
    };
    Ok(lint_inputs(inputs, &Disk, &settings, &named))
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
fn repair(options: &LintOptions, found: &Linted) -> Result<Outcome, String> {
    let least = if options.unsafe_fixes {
        Safety::Unsafe
    } else {
        Safety::Safe
    };
    let changes = fix::apply(&found.findings, &found.sources, least);
    if options.diff {
        print(&fix::diff(&changes, &found.sources));
    } else {
        for (id, text) in &changes.texts {
            if let Some(file) = found.sources.get(*id) {
                write_file(file.path(), text)?;
            }
        }
    }
    let (made, files) = (changes.made, changes.texts.len());
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
    if changes.overlapping > 0 {
        print_error(&format!(
            "{} more touch the same places; run it again\n",
            changes.overlapping
        ));
    }
    Ok(if options.diff && made > 0 {
        Outcome::Findings
    } else {
        Outcome::Fine
    })
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
