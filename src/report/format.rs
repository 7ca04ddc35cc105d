//! The formats of findings.

use super::{Color, Run};

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people, with the source around every place.
    Text,
    /// One to a line.
    Concise,
    /// For programs.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// JUnit's XML.
    Junit,
    /// Workflow commands of GitHub Actions.
    Github,
    /// Logging commands of Azure Pipelines.
    Azure,
    /// A comment on a pull request.
    Markdown,
}

/// What a run found, in a format. Colours are for text only.
#[must_use]
pub fn render(format: Format, run: &Run<'_>, color: Color) -> String {
    match format {
        Format::Text => super::human::run(run, color),
        Format::Concise => super::concise::run(run),
        Format::Json => super::json::json(run),
        Format::Sarif => super::sarif::sarif(run),
        Format::Junit => super::junit::junit(run),
        Format::Github => super::github::github(run),
        Format::Azure => super::azure::azure(run),
        Format::Markdown => super::markdown::markdown(run),
    }
}
