//! `tidegate catalog check`

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use clap::Args;

use crate::azure::facts::Facts;
use crate::base::{FileId, SourceMap, grouped};
use crate::diag::{self, Finding, Severity};
use crate::intent::catalog::{Catalog, Library};
use crate::lint::{CATALOG_IDS, lint_catalog};
use crate::report::{self, Format, Run};

use super::Outcome;
use super::arguments::{ColorChoice, FailOn, ReportOptions};
use super::output::{catalogs, color, print, print_error, refuse, working_folder};

/// What `catalog check` prints below its options.
pub(super) const HELP: &str = "\
Exit code: 0 fine, 1 findings at or above --fail-on, 2 wrong usage or a file that cannot be read.

Examples:
  tidegate catalog check ours.yaml
  tidegate catalog check platform.yaml shop.yaml --fail-on warning
  tidegate catalog check ours.yaml --format sarif > results.sarif";

/// Options of `catalog check`.
#[derive(Debug, Args)]
pub(super) struct CatalogCheckOptions {
    /// Catalogs in the schema of the built-in ones. They may refer to each other; one with the name of a built-in catalog
    /// is looked at in its place.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<Utf8PathBuf>,

    #[command(flatten)]
    report: ReportOptions,

    /// The least severity that makes the command fail.
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    fail_on: FailOn,

    /// Whether to use colours.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
}

pub(super) fn run(options: &CatalogCheckOptions) -> Outcome {
    let files = match catalogs(&options.files) {
        Ok(files) => files,
        Err(message) => return refuse(&message),
    };
    let mut sources = SourceMap::default();
    let (mut library, mut findings) = Library::builtin(&mut sources);
    let files = files.into_iter().map(|(path, text)| (path.into(), text));
    let added = library
        .replace_all(&mut sources, files)
        .unwrap_or_else(|problems| {
            findings.extend(problems);
            Vec::new()
        });
    let checked: Vec<&Catalog> = added.iter().filter_map(|name| library.get(name)).collect();
    for catalog in &checked {
        findings.extend(lint_catalog(catalog, &library, Facts::builtin()));
    }
    diag::sort(&mut findings);
    let root = working_folder();
    let run = Run {
        ran: CATALOG_IDS,
        fail_on: options.fail_on.into(),
        category: options.report.category.as_deref(),
        root: root.as_deref(),
        ..Run::new(&findings, &sources)
    };
    let format = Format::from(options.report.format);
    let text = report::render(format, &run, color(options.color));
    if format == Format::Text {
        print_error(&text);
        print(&sound(&checked, &findings, &sources));
    } else {
        print(&text);
    }
    let least = Severity::from(options.fail_on);
    match findings.iter().any(|finding| finding.severity >= least) {
        true => Outcome::Findings,
        false => Outcome::Fine,
    }
}

/// A line for each catalog about which nothing was found.
fn sound(checked: &[&Catalog], findings: &[Finding], sources: &SourceMap) -> String {
    let labels = findings
        .iter()
        .filter_map(|finding| finding.primary.as_ref());
    let doubtful: BTreeSet<FileId> = labels.map(|label| label.span.file).collect();
    let sound = checked
        .iter()
        .filter(|catalog| !doubtful.contains(&catalog.file));
    let lines = sound.map(|catalog| {
        let path = sources
            .get(catalog.file)
            .map_or("", |file| file.path().as_str());
        let counted = |count: usize, one: &str| {
            format!(
                "{} {one}{}",
                grouped(count as u64),
                if count == 1 { "" } else { "s" }
            )
        };
        format!(
            "{path}: catalog `{}` is sound: {} from {}\n",
            catalog.name,
            counted(catalog.endpoints.len(), "endpoint"),
            counted(catalog.sources.len(), "source")
        )
    });
    lines.collect()
}
