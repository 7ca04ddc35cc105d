//! How old the facts are that an answer rests on: catalogs, and the file of service tags.

use camino::Utf8Path;

use crate::base::{Date, SourceMap};
use crate::diag::{Finding, Id, Severity};
use crate::dns::KnownNames;
use crate::estate::Estate;
use crate::intent::Intent;
use crate::intent::catalog::Library;
use crate::report;

use super::Outcome;
use super::arguments::ReadingOptions;
use super::output::{print_error, refuse, today};
use super::pipeline::Analysis;

/// How old a file of service tags may be, in days. A new one comes every week, and a tag gets new addresses before they
/// are used, so a file of a season ago is one to replace.
const TAGS_DAYS: u32 = 90;

/// How old a lock file of names may be, in days. Addresses of services move within weeks.
const LOCK_DAYS: u32 = 30;

/// How old the facts may be that an answer rests on.
///
/// Catalogs have no limit unless one is given: a policy that is without findings today is so tomorrow, and what a service
/// needs that is out of use does not change any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MaxAge {
    /// That many days.
    pub days: Option<u32>,
}

fn age(of: Date, today: Date) -> i64 {
    today.unix_days() - of.unix_days()
}

/// The catalogs of a policy's pools whose documents are all older than allowed, and those of which nobody knows.
pub(super) fn of_catalogs(
    estate: &Estate,
    intent: &Intent,
    library: &Library,
    today: Date,
    most: MaxAge,
) -> Vec<Finding> {
    let Some(most) = most.days else {
        return Vec::new();
    };
    let mut findings: Vec<Finding> = Vec::new();
    let mut told = Vec::new();
    for summary in &intent.pools {
        let kind = estate.pools[summary.pool].kind.as_ref();
        let (Some(kind), Some(catalog)) = (kind, library.get(&summary.catalog)) else {
            continue;
        };
        let name = &catalog.name;
        let newest = catalog.newest_source();
        let message = match newest.map(|newest| (newest, age(newest, today))) {
            Some((_, days)) if days <= i64::from(most) => continue,
            Some((newest, days)) => format!(
                "catalog `{name}` rests on documents of {newest} and before, {days} days ago"
            ),
            None => format!("how old catalog `{name}` is is not known: its documents have no date"),
        };
        if told.contains(&name) {
            continue;
        }
        told.push(name);
        let finding = Finding::new(Id::TG0045, message).at(kind.span, "used here");
        findings.push(finding.help(
            "what the product needs may have changed since: look for a newer release or a newer catalog",
        ));
    }
    findings
}

/// What is to be said of the age of a file of service tags. Only its name bears its date.
pub(super) fn of_tag_file(path: &Utf8Path, today: Date, most: MaxAge) -> Option<Finding> {
    let Some(date) = date_in_name(path) else {
        let message = format!("how old {path} is is not known");
        return Some(
            Finding::new(Id::TG0046, message)
                .severity(Severity::Note)
                .help("the file itself has no date: keep the name it is published under, such as ServiceTags_Public_20251028.json"),
        );
    };
    let days = age(date, today);
    (days > i64::from(most.days.unwrap_or(TAGS_DAYS))).then(|| {
        Finding::new(
            Id::TG0046,
            format!("the service tags of {path} are of {date}, {days} days ago"),
        )
        .help("Microsoft publishes them every week: addresses that are new since are taken to be in no tag")
    })
}

/// The last eight digits in a row of a file's name, when they are a day.
fn date_in_name(path: &Utf8Path) -> Option<Date> {
    let mut words = path.file_name()?.split(|c: char| !c.is_ascii_digit());
    let digits = words.rfind(|word| word.len() == 8)?;
    let (year, rest) = digits.split_at_checked(4)?;
    let (month, day) = rest.split_at_checked(2)?;
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// Says of a file of service tags that it is old, or that nobody knows, and gives what was said.
///
/// # Errors
/// The outcome, when the day cannot be told; a message has been printed.
pub(super) fn tell(
    tags: Option<&Utf8Path>,
    reading: &ReadingOptions,
) -> Result<Option<Finding>, Outcome> {
    let Some(path) = tags else {
        return Ok(None);
    };
    let today = today(reading.today.as_deref()).map_err(|message| refuse(&message))?;
    let most = MaxAge {
        days: reading.max_age,
    };
    let finding = of_tag_file(path, today, most);
    if let Some(finding) = &finding {
        let findings = std::slice::from_ref(finding);
        print_error(&report::concise(findings, &SourceMap::default()));
    }
    Ok(finding)
}

/// What is to be said of the age of a lock file.
pub(super) fn of_lock(names: &KnownNames, today: Date, most: MaxAge) -> Option<Finding> {
    let date = names.lock.date;
    let days = age(date, today);
    (days > i64::from(most.days.unwrap_or(LOCK_DAYS))).then(|| {
        Finding::new(
            Id::TG0047,
            format!("names were resolved on {date}, {days} days ago"),
        )
        .at(names.date, "that long ago")
        .help("they may lead elsewhere now: `tidegate resolve --lock FILE --check` tells what has changed")
    })
}

/// Says of the lock file of an analysis that it is old.
pub(super) fn tell_lock(analysis: &Analysis) {
    let old = analysis.findings.iter();
    let old: Vec<Finding> = old.filter(|it| it.id == Id::TG0047).cloned().collect();
    print_error(&report::concise(&old, &analysis.sources));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::Lock;

    fn told(path: &str, today: &str, days: Option<u32>) -> Option<(Severity, String)> {
        let most = MaxAge { days };
        let finding = of_tag_file(Utf8Path::new(path), today.parse().unwrap(), most);
        finding.map(|finding| (finding.severity, finding.message))
    }

    #[test]
    fn the_name_of_a_tag_file_bears_its_date() {
        let file = "tags/ServiceTags_Public_20251028.json";
        assert_eq!(told(file, "2025-11-30", None), None);
        assert_eq!(told(file, "2026-01-26", None), None);
        let old = "the service tags of tags/ServiceTags_Public_20251028.json are of 2025-10-28, 91 days ago";
        assert_eq!(
            told(file, "2026-01-27", None),
            Some((Severity::Warning, old.to_owned()))
        );
        assert_eq!(told(file, "2026-01-27", Some(91)), None);
        assert!(told(file, "2025-11-05", Some(7)).is_some());
    }

    #[test]
    fn a_lock_file_is_old_after_a_month() {
        let told = |today: &str, days| {
            let text = "schema: egress-lock/1\ndate: 2026-11-30\nservers: []\nnames: {}\n";
            let mut sources = SourceMap::default();
            let file = sources.add("egress.lock", text.to_owned());
            let names = KnownNames::new(Lock::parse(text).unwrap(), file, &sources);
            let finding = of_lock(&names, today.parse().unwrap(), MaxAge { days })?;
            let place = sources.describe(finding.primary.unwrap().span);
            Some(format!("{place}: {}", finding.message))
        };
        assert_eq!(told("2026-12-30", None), None);
        let old = "egress.lock:2:1: names were resolved on 2026-11-30, 31 days ago";
        assert_eq!(told("2026-12-31", None).as_deref(), Some(old));
        assert_eq!(told("2026-12-31", Some(31)), None);
        assert!(told("2026-12-02", Some(1)).is_some());
    }

    #[test]
    fn without_a_date_the_age_is_not_known() {
        for file in [
            "tags.json",
            "ServiceTags_20251399.json",
            "20251028/tags-123456789.json",
        ] {
            let (severity, message) = told(file, "2026-01-27", None).unwrap();
            assert_eq!(severity, Severity::Note, "{file}");
            assert_eq!(message, format!("how old {file} is is not known"));
        }
    }
}
