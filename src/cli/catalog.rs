//! `tidegate catalog`

use crate::base::SourceMap;
use crate::diag::Finding;
use crate::intent::catalog::Library;
use crate::report::catalog::{DEFAULT_WIDTH, Request, list, show};
use crate::report::{self, Color};

use super::Outcome;
use super::arguments::{CatalogCommand, CatalogShowOptions};
use super::output::{catalogs, print, print_error, refuse};

pub(super) fn run(command: &CatalogCommand) -> Outcome {
    let paths = match command {
        CatalogCommand::List { catalogs } => catalogs,
        CatalogCommand::Show(options) => &options.catalogs,
    };
    let texts = match catalogs(paths) {
        Ok(texts) => texts,
        Err(message) => return refuse(&message),
    };
    let mut sources = SourceMap::default();
    let (mut library, mut findings) = Library::builtin(&mut sources);
    for (name, text) in texts {
        if let Err(problems) = library.add(&mut sources, name, text) {
            findings.extend(problems);
        }
    }
    if !findings.is_empty() {
        return report_findings(&findings, &sources);
    }
    match command {
        CatalogCommand::List { .. } => {
            print(&list(&library, DEFAULT_WIDTH));
            Outcome::Fine
        }
        CatalogCommand::Show(options) => show_one(&library, &sources, options),
    }
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
