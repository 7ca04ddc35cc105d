//! `tidegate catalog`

use camino::Utf8PathBuf;

use crate::base::SourceMap;
use crate::diag::Finding;
use crate::intent::catalog::Library;
use crate::report::catalog::{DEFAULT_WIDTH, Request, list, show};
use crate::report::{self, Color};

use super::arguments::{CatalogCommand, CatalogShowOptions};
use super::output::{catalogs, print, print_error, refuse};
use super::{Outcome, catalog_check, catalog_diff};

pub(super) fn run(command: &CatalogCommand) -> Outcome {
    match command {
        CatalogCommand::List { catalogs } => with_library(catalogs, |library, _| {
            print(&list(library, DEFAULT_WIDTH));
            Outcome::Fine
        }),
        CatalogCommand::Show(options) => with_library(&options.catalogs, |library, sources| {
            show_one(library, sources, options)
        }),
        CatalogCommand::Check(options) => catalog_check::run(options),
        CatalogCommand::Diff(options) => catalog_diff::run(options),
    }
}

/// Answers from the built-in catalogs and those of some files, unless something is wrong with them.
fn with_library(
    paths: &[Utf8PathBuf],
    answer: impl FnOnce(&Library, &SourceMap) -> Outcome,
) -> Outcome {
    let texts = match catalogs(paths) {
        Ok(texts) => texts,
        Err(message) => return refuse(&message),
    };
    let mut sources = SourceMap::default();
    let (mut library, mut findings) = Library::builtin(&mut sources);
    let texts = texts.into_iter().map(|(name, text)| (name.into(), text));
    if let Err(problems) = library.add_all(&mut sources, texts) {
        findings.extend(problems);
    }
    if !findings.is_empty() {
        return report_findings(&findings, &sources);
    }
    answer(&library, &sources)
}

fn show_one(library: &Library, sources: &SourceMap, options: &CatalogShowOptions) -> Outcome {
    let request = Request {
        catalog: &options.name,
        features: &options.features,
        region: options.region.as_deref(),
        cloud: options.cloud.as_deref(),
        include: &options.include,
        version: options.version.as_deref(),
        strict: options.strict,
    };
    match show(library, sources, &request, DEFAULT_WIDTH) {
        Ok(text) => {
            print(&text);
            Outcome::Fine
        }
        Err(findings) => report_findings(&findings, sources),
    }
}

fn report_findings(findings: &[Finding], sources: &SourceMap) -> Outcome {
    print_error(&report::human(findings, sources, Color::Never));
    Outcome::Findings
}
