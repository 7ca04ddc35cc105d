//! `tidegate tags`, and the file of service tags that other commands are given.

mod arguments;
mod diff;
mod show;

use camino::Utf8Path;

use crate::azure::ServiceTags;
use crate::base::{Date, FileReader};
use crate::report::service_tags::FileView;
use crate::verify::Detail;

pub(super) use self::arguments::TagsCommand;

use super::Outcome;
use super::output::{Disk, refuse};

pub(super) fn run(command: &TagsCommand) -> Outcome {
    let ran = match command {
        TagsCommand::Show(options) => show::run(options),
        TagsCommand::Diff(options) => diff::run(options),
    };
    match ran {
        Ok(outcome) | Err(outcome) => outcome,
    }
}

/// Reads a file of service tags; none unless one is given.
///
/// # Errors
/// The outcome, when the file cannot be read or understood; a message has been printed.
pub(super) fn service_tags(path: Option<&Utf8Path>) -> Result<Option<ServiceTags>, Outcome> {
    let Some(path) = path else {
        return Ok(None);
    };
    read(path).map(Some)
}

/// Reads a file of service tags.
fn read(path: &Utf8Path) -> Result<ServiceTags, Outcome> {
    let text = Disk
        .read(path)
        .map_err(|error| refuse(&format!("cannot read {path}: {error}")))?;
    ServiceTags::parse(&text).map_err(|error| refuse(&format!("{path}: {error}")))
}

/// How a file is shown.
fn view<'v>(path: &'v Utf8Path, tags: &'v ServiceTags) -> FileView<'v> {
    FileView {
        path: path.as_str(),
        date: published(path),
        tags,
    }
}

/// The day that the name of a published file bears: `ServiceTags_Public_20251028.json`.
fn published(path: &Utf8Path) -> Option<Date> {
    let (_, digits) = path.file_stem()?.rsplit_once('_')?;
    let whole = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let part = |from: usize, to: usize| digits.get(from..to).filter(|_| whole);
    Date::new(
        part(0, 4)?.parse().ok()?,
        part(4, 6)?.parse().ok()?,
        part(6, 8)?.parse().ok()?,
    )
}

/// How much is shown.
fn detail(all: bool) -> Detail {
    if all { Detail::Full } else { Detail::Short }
}
