//! `tidegate catalog diff`

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;

use crate::base::{Date, FileReader, SourceMap};
use crate::diag::Finding;
use crate::intent::catalog::{Catalog, CatalogName, History, Library, Moment, compare, load};
use crate::report::catalog::DEFAULT_WIDTH;
use crate::report::catalog_difference::{
    EntriesView, HistoryView, entries_json, entries_markdown, entries_text, history_json,
    history_markdown, history_text,
};
use crate::report::{self, Color};

use super::Outcome;
use super::arguments::AnswerFormat;
use super::output::{Disk, print, print_error, refuse};

/// What `catalog diff` prints below its options.
pub(super) const HELP: &str = "\
A date is 2024, 2024-05 or 2024-05-31 and means the end of what it names. A catalog with a date is what the page behind \
it named then; without one, beside one with a date, it is the last day that is known. Of a catalog that tells versions of \
its product apart, NAME@VERSION is what that version needs.

Exit code: 0 no change, 1 changes, 2 wrong usage, a catalog that cannot be read, or a date that is not known.

Examples:
  tidegate catalog diff aks@2024-05 aks@2026-06
  tidegate catalog diff aks@2024 aks --format markdown > comment.md
  tidegate catalog diff aks-arc-azure-local@22H2 aks-arc-azure-local@azure-local
  tidegate catalog diff ours-before.yaml ours.yaml
  tidegate catalog diff aks ours.yaml";

/// Options of `catalog diff`.
#[derive(Debug, Args)]
pub(super) struct CatalogDiffOptions {
    /// The catalog before: a file, the name of a built-in catalog, NAME@DATE or NAME@VERSION.
    #[arg(value_name = "BEFORE")]
    before: String,

    /// The catalog after.
    #[arg(value_name = "AFTER")]
    after: String,

    /// How to show the answer.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: AnswerFormat,
}

/// What somebody wrote for a catalog.
enum Side<'t> {
    File(&'t Utf8Path),
    Named(CatalogName<'t>),
}

impl<'t> Side<'t> {
    /// Built-in catalogs go before files of their name, and versions before dates that are written alike.
    fn of(text: &'t str, library: &Library) -> Self {
        let path = Utf8Path::new(text);
        let is_file = path
            .extension()
            .is_some_and(|it| it == "yaml" || it == "yml");
        if library.get(text).is_none() && (is_file || path.is_file() || text.starts_with("/dev/")) {
            return Self::File(path);
        }
        let mut name = CatalogName::parse(text);
        if let Some(Moment::Date { written, .. }) = name.at {
            let catalog = library.get(name.name);
            if catalog.is_some_and(|catalog| catalog.version(written).is_some()) {
                name.at = Some(Moment::Other(written));
            }
        }
        Self::Named(name)
    }

    fn has_date(&self) -> bool {
        let Self::Named(name) = self else {
            return false;
        };
        matches!(name.at, Some(Moment::Date { .. }))
    }
}

pub(super) fn run(options: &CatalogDiffOptions) -> Outcome {
    let mut sources = SourceMap::default();
    let (library, findings) = Library::builtin(&mut sources);
    if !findings.is_empty() {
        return unusable(&findings, &sources);
    }
    let before = Side::of(&options.before, &library);
    let after = Side::of(&options.after, &library);
    let dated = before.has_date() || after.has_date();
    let compared = match (&before, &after) {
        (Side::Named(before), Side::Named(after)) if dated => {
            history(&library, before, after, options.format)
        }
        _ if dated => Err(refuse(
            "a catalog with a date is compared with the same catalog at another date only",
        )),
        _ => entries(&library, &mut sources, (&before, &after), options),
    };
    match compared {
        Ok(outcome) | Err(outcome) => outcome,
    }
}

/// Compares what the page behind a catalog named at two days.
fn history(
    library: &Library,
    before: &CatalogName<'_>,
    after: &CatalogName<'_>,
    format: AnswerFormat,
) -> Result<Outcome, Outcome> {
    let catalog = named(library, before.name)?;
    if before.name != after.name {
        return Err(refuse(&format!(
            "`{}` and `{}` are two catalogs; dates are those of one",
            before.name, after.name
        )));
    }
    let history = History::builtin(&catalog.name).ok_or_else(|| {
        refuse(&format!(
            "there is no history of catalog `{}`; name two catalogs or files without a date",
            catalog.name
        ))
    })?;
    let days = (
        day(before, catalog, history)?,
        day(after, catalog, history)?,
    );
    known(days, history)?;
    let difference = history.between(days.0, days.1);
    let view = HistoryView {
        history,
        catalog,
        difference: &difference,
        days,
        width: DEFAULT_WIDTH,
    };
    print(&match format {
        AnswerFormat::Text => history_text(&view),
        AnswerFormat::Markdown => history_markdown(&view),
        AnswerFormat::Json => history_json(&view),
    });
    Ok(outcome(difference.is_change()))
}

/// The day that is meant; the last one that is known without a date.
fn day(name: &CatalogName<'_>, catalog: &Catalog, history: &History) -> Result<Date, Outcome> {
    match name.at {
        None => Ok(history.head.date),
        Some(Moment::Date { end, .. }) => Ok(end),
        Some(Moment::Other(text)) => Err(no_moment(catalog, text)),
    }
}

/// Checks that the history tells of both days, or at least of one and the first of what follows it.
fn known((from, to): (Date, Date), history: &History) -> Result<(), Outcome> {
    let (first, last) = (history.first, history.head.date);
    let span = format!("the history of `{}` tells of {first} to {last}", history.of);
    if from.min(to) < first {
        let day = from.min(to);
        return Err(refuse(&format!(
            "what the page named on {day} is not known: {span}"
        )));
    }
    if from.min(to) > last {
        return Err(refuse(&format!(
            "what the page named on {from} and on {to} is not known: {span}"
        )));
    }
    Ok(())
}

/// Compares two catalogs entry by entry.
fn entries(
    library: &Library,
    sources: &mut SourceMap,
    (before, after): (&Side<'_>, &Side<'_>),
    options: &CatalogDiffOptions,
) -> Result<Outcome, Outcome> {
    let before = catalog(library, sources, before)?;
    let after = catalog(library, sources, after)?;
    let difference = compare(&before, &after);
    let view = EntriesView {
        difference: &difference,
        names: (&options.before, &options.after),
        sources,
        width: DEFAULT_WIDTH,
    };
    print(&match options.format {
        AnswerFormat::Text => entries_text(&view),
        AnswerFormat::Markdown => entries_markdown(&view),
        AnswerFormat::Json => entries_json(&view),
    });
    Ok(outcome(difference.is_change()))
}

/// A catalog by its name, as a whole or of one version, or read from its file alone: what it refers to in other catalogs is not looked at.
fn catalog(
    library: &Library,
    sources: &mut SourceMap,
    side: &Side<'_>,
) -> Result<Catalog, Outcome> {
    let path = match side {
        Side::Named(name) => return of_moment(named(library, name.name)?, name),
        Side::File(path) => Utf8PathBuf::from(*path),
    };
    let text = Disk
        .read(&path)
        .map_err(|error| refuse(&format!("cannot read {path}: {error}")))?;
    let file = sources.add(path, text);
    load(sources, file).map_err(|findings| unusable(&findings, sources))
}

/// A catalog as a whole, or what it says of a version.
fn of_moment(catalog: &Catalog, name: &CatalogName<'_>) -> Result<Catalog, Outcome> {
    match name.at {
        Some(Moment::Other(version)) if catalog.version(version).is_some() => {
            Ok(catalog.of_version(version))
        }
        Some(Moment::Other(text)) => Err(no_moment(catalog, text)),
        Some(Moment::Date { .. }) | None => Ok(catalog.clone()),
    }
}

fn no_moment(catalog: &Catalog, text: &str) -> Outcome {
    let name = &catalog.name;
    if catalog.versions.is_empty() {
        return refuse(&format!(
            "`{text}` is no date: write {name}@2024, {name}@2024-05 or {name}@2024-05-31"
        ));
    }
    let versions = catalog.versions.iter().map(|it| it.id.as_str());
    let versions: Vec<&str> = versions.collect();
    refuse(&format!(
        "`{text}` is no version of `{name}`: the versions are `{}`",
        versions.join("`, `")
    ))
}

fn named<'l>(library: &'l Library, name: &str) -> Result<&'l Catalog, Outcome> {
    library.find(name).map_err(|finding| {
        let help = finding.help.first();
        let help = help.map_or_else(String::new, |help| format!("; {help}"));
        refuse(&format!("{}{help}", finding.message))
    })
}

fn unusable(findings: &[Finding], sources: &SourceMap) -> Outcome {
    print_error(&report::human(findings, sources, Color::Never));
    Outcome::Unusable
}

fn outcome(is_change: bool) -> Outcome {
    match is_change {
        true => Outcome::Findings,
        false => Outcome::Fine,
    }
}
