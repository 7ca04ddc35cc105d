//! `tidegate tags diff`

use crate::cli::Outcome;
use crate::cli::arguments::AnswerFormat;
use crate::cli::output::{print, refuse};
use crate::report::catalog::DEFAULT_WIDTH;
use crate::report::service_tags::{ChangeView, change_json, change_markdown, change_text};
use crate::verify::service_tags::tags_difference;

use super::arguments::TagsDiffOptions;
use super::{detail, read, view};

pub(super) fn run(options: &TagsDiffOptions) -> Result<Outcome, Outcome> {
    let before = read(&options.before)?;
    let after = read(&options.after)?;
    let difference = tags_difference(&before, &after, &options.tags)
        .map_err(|error| refuse(&error.to_string()))?;
    let change = ChangeView {
        difference: &difference,
        before: view(&options.before, &before),
        after: view(&options.after, &after),
        detail: detail(options.all),
        width: DEFAULT_WIDTH,
    };
    print(&match options.format {
        AnswerFormat::Text => change_text(&change),
        AnswerFormat::Markdown => change_markdown(&change),
        AnswerFormat::Json => change_json(&change),
    });
    Ok(match difference.is_change() {
        true => Outcome::Findings,
        false => Outcome::Fine,
    })
}
