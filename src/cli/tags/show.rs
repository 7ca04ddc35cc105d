//! `tidegate tags show`

use crate::azure::ServiceTags;
use crate::azure::facts::{Facts, ServiceTagMatch};
use crate::base::did_you_mean;
use crate::cli::Outcome;
use crate::cli::arguments::AnswerFormat;
use crate::cli::output::{print, print_error};
use crate::intent::catalog::Regions;
use crate::net::ServiceTag;
use crate::report::catalog::DEFAULT_WIDTH;
use crate::report::service_tags::{PageView, page_json, page_markdown, page_text};
use crate::verify::service_tags::{
    FactsDiffer, TagDescription, cloud_of, describe_tag, known_names,
};

use super::arguments::TagsShowOptions;
use super::{detail, service_tags, view};

pub(super) fn run(options: &TagsShowOptions) -> Result<Outcome, Outcome> {
    let facts = Facts::builtin();
    let name = options.name.as_str();
    let file = service_tags(options.service_tags.as_deref())?;
    let known = facts.service_tag(name);
    let described = file
        .as_ref()
        .and_then(|file| describe_tag(file, &ServiceTag::new(name)));
    let region = known.as_ref().and_then(other_region);
    // What looks like a region and is none is a tag only if a file says so.
    let is_form = known.is_some_and(|known| known.region.is_some());
    let is_known = known.is_some() && !(file.is_some() && is_form) && region.is_none();
    if described.is_none() && !is_known {
        let close = did_you_mean(name, known_names(file.as_ref(), facts)).map(str::to_owned);
        return Ok(no_such_tag(options, close.or(region)));
    }
    let whole = whole(file.as_ref(), described.as_ref());
    let differ = file.as_ref().zip(whole.as_ref().or(described.as_ref()));
    let differ = differ.and_then(|(file, described)| {
        let fact = facts.service_tag(described.name).map(|known| known.fact);
        Some(FactsDiffer::of(cloud_of(file)?, described, fact))
    });
    let path = options.service_tags.as_deref();
    let page = PageView {
        asked: name,
        file: path.zip(file.as_ref()).map(|(path, file)| view(path, file)),
        described: described.as_ref(),
        whole: whole.as_ref(),
        known: known.as_ref(),
        differ: differ.as_ref(),
        facts,
        detail: detail(options.all),
        width: DEFAULT_WIDTH,
    };
    print(&match options.format {
        AnswerFormat::Text => page_text(&page),
        AnswerFormat::Markdown => page_markdown(&page),
        AnswerFormat::Json => page_json(&page),
    });
    Ok(Outcome::Fine)
}

/// The tag of all regions behind a regional form.
fn whole<'f>(
    file: Option<&'f ServiceTags>,
    described: Option<&TagDescription<'f>>,
) -> Option<TagDescription<'f>> {
    let form = described.filter(|form| !form.statement.region.is_empty())?;
    describe_tag(file?, &ServiceTag::new(form.part_of?))
}

/// A tag whose region is one, where the region that was written is none.
fn other_region(known: &ServiceTagMatch<'_, '_>) -> Option<String> {
    let region = known.region?;
    let base = known.fact.name.as_str();
    let suffixes = Regions::builtin().tag_suffixes(base, None);
    let is_one = suffixes
        .iter()
        .any(|suffix| suffix.eq_ignore_ascii_case(region));
    let close = did_you_mean(region, suffixes).unwrap_or_default();
    (!is_one).then(|| format!("{base}.{close}"))
}

fn no_such_tag(options: &TagsShowOptions, close: Option<String>) -> Outcome {
    let place = match &options.service_tags {
        Some(path) => format!("{path} has no service tag"),
        None => "there is no service tag".to_owned(),
    };
    let help = close.map_or_else(String::new, |close| format!("; did you mean `{close}`?"));
    print_error(&format!("error: {place} `{}`{help}\n", options.name));
    Outcome::Findings
}
