//! One tag for people.

use crate::azure::facts::{Facts, ServiceTagFact, ServiceTagMatch, Subject, TagFeature};
use crate::net::Cloud;
use crate::report::markdown::{code, inline};
use crate::report::wrap::paragraph;
use crate::verify::Detail;
use crate::verify::service_tags::{FactsDiffer, TagDescription};

use super::{
    FACTS, FileView, by_family, counted, features_words, listed, prefixes_word, short_number,
    stated_words,
};

/// How many prefixes or names a list shows unless all are wanted.
const MOST: usize = 60;

/// What is shown of a tag.
#[derive(Debug, Clone, Copy)]
pub struct PageView<'v> {
    /// The name as it was asked for.
    pub asked: &'v str,
    /// The file; none when none was given.
    pub file: Option<FileView<'v>>,
    /// What the file says; none when it has no such tag.
    pub described: Option<&'v TagDescription<'v>>,
    /// What the file says of the tag of all regions, when this is a regional form of one.
    pub whole: Option<&'v TagDescription<'v>>,
    /// What the facts say; none when they know no such tag.
    pub known: Option<&'v ServiceTagMatch<'v, 'v>>,
    /// Where the facts say otherwise than the file, of the tag of all regions if there is one.
    pub differ: Option<&'v FactsDiffer>,
    /// Whose sources are named.
    pub facts: &'v Facts,
    /// Whether long lists are cut.
    pub detail: Detail,
    /// How many characters a line has.
    pub width: usize,
}

/// The page as text.
#[must_use]
pub fn page_text(view: &PageView<'_>) -> String {
    let mut out = format!("{}\n\n", name(view));
    for (title, text) in rows(view) {
        paragraph(&mut out, &format!("{title:<11}"), &text, view.width);
    }
    out
}

/// The page as Markdown.
#[must_use]
pub fn page_markdown(view: &PageView<'_>) -> String {
    let mut out = format!(
        "### Service tag {}\n\n| | |\n|---|---|\n",
        code(&name(view))
    );
    for (title, text) in rows(view) {
        let text = inline(&text).replace("\\|", "|").replace('|', "\\|");
        out.push_str(&format!("| {title} | {text} |\n"));
    }
    out
}

/// The name in the best spelling that is known.
fn name(view: &PageView<'_>) -> String {
    match (view.described, view.known) {
        (Some(described), _) => described.name.to_owned(),
        (None, Some(known)) => match known.region {
            Some(region) => format!("{}.{region}", known.fact.name),
            None => known.fact.name.clone(),
        },
        (None, None) => view.asked.to_owned(),
    }
}

/// What is told, a title and a text each.
fn rows(view: &PageView<'_>) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    match (&view.file, view.described) {
        (Some(file), Some(described)) => {
            rows.push(("file", file.words()));
            of_file(&mut rows, view, described);
        }
        (Some(file), None) => {
            rows.push(("file", file.words()));
            let text = "the file has no such tag; what follows is known without it";
            rows.push(("", text.to_owned()));
            of_facts(&mut rows, view);
        }
        (None, _) => {
            of_facts(&mut rows, view);
            let text = "are in the file that Microsoft publishes every week for each cloud: --service-tags FILE";
            rows.push(("addresses", text.to_owned()));
        }
    }
    rows
}

fn of_file(
    rows: &mut Vec<(&'static str, String)>,
    view: &PageView<'_>,
    described: &TagDescription<'_>,
) {
    let statement = described.statement;
    if !statement.system_service.is_empty() {
        rows.push(("service", statement.system_service.to_string()));
    }
    rows.push(match statement.region.as_str() {
        "" => ("region", "none, the tag is of all regions".to_owned()),
        region => ("region", region.to_owned()),
    });
    if let Some(number) = statement.change_number {
        rows.push(("number", format!("{number}, of this tag alone")));
    }
    rows.push(("usable", stated_words(&statement.features)));
    if let Some(whole) = view.whole
        && whole.statement.features != statement.features
    {
        let words = stated_words(&whole.statement.features);
        rows.push(("", format!("of {}: {words}", whole.name)));
    }
    rows.extend(differences(view).map(|text| ("", text)));
    if let Some(other) = described.part_of {
        rows.push(("part of", other.to_owned()));
    }
    if !described.regional.is_empty() {
        let count = described.regional.len();
        let list = listed(&described.regional, MOST, view.detail);
        let word = if count == 1 { "form" } else { "forms" };
        rows.push(("regions", format!("{count} regional {word}: {list}")));
    }
    if !described.parts.is_empty() {
        rows.push(("parts", listed(&described.parts, MOST, view.detail)));
    }
    rows.push(("held by", held_by(view, described)));
    addresses(rows, view, described);
    if let Some(note) = view.known.and_then(|known| known.fact.note.as_ref()) {
        rows.push(("note", note.clone()));
    }
}

/// The tags with all addresses.
fn held_by(view: &PageView<'_>, described: &TagDescription<'_>) -> String {
    let holders: Vec<String> = described
        .holders
        .iter()
        .map(|holder| match holder.is_same {
            true => format!("{} (the same addresses)", holder.name),
            false => holder.name.to_owned(),
        })
        .collect();
    match holders.as_slice() {
        [] => "no other tag has all of its addresses".to_owned(),
        holders => listed(holders, MOST, view.detail),
    }
}

fn addresses(
    rows: &mut Vec<(&'static str, String)>,
    view: &PageView<'_>,
    described: &TagDescription<'_>,
) {
    let (v4, v6) = by_family(&described.prefixes);
    let families = [
        ("IPv4", v4, described.addresses.v4_count()),
        ("IPv6", v6, described.addresses.v6_count()),
    ];
    let families: Vec<String> = families
        .iter()
        .filter(|(_, prefixes, _)| *prefixes > 0)
        .map(|(family, prefixes, count)| {
            format!(
                "{} {family} in {}",
                short_number(*count),
                prefixes_word(*prefixes)
            )
        })
        .collect();
    if families.is_empty() {
        rows.push(("addresses", counted(&described.addresses)));
        return;
    }
    rows.push(("addresses", families.join(", ")));
    let merged = described.addresses.prefixes();
    let list = listed(&merged, MOST, view.detail);
    let joined = match described.prefixes.len() {
        written if written > merged.len() => {
            let text = format!("{written} as written, {} when joined: ", merged.len());
            format!("{text}{list}")
        }
        _ => list,
    };
    rows.push(("prefixes", joined));
}

/// Where the facts say otherwise, a sentence each.
fn differences(view: &PageView<'_>) -> impl Iterator<Item = String> {
    let mut lines = Vec::new();
    if let Some(differ) = view.differ {
        if differ.unknown {
            lines.push(format!("{FACTS} differs: it has no such tag in this cloud"));
        }
        if !differ.only_facts.is_empty() {
            let features = features_words(&differ.only_facts);
            lines.push(format!(
                "{FACTS} differs: it has {features}, the file does not"
            ));
        }
        if !differ.only_file.is_empty() {
            let features = features_words(&differ.only_file);
            lines.push(format!("{FACTS} differs: it does not have {features}"));
        }
    }
    if let Some(known) = view.known
        && !known.fact.documented().is_empty()
    {
        let features = features_words(known.fact.documented());
        lines.push(format!("Azure's pages say beyond the files: {features}"));
    }
    lines.into_iter()
}

/// What is known without a file.
fn of_facts(rows: &mut Vec<(&'static str, String)>, view: &PageView<'_>) {
    let Some(known) = view.known else { return };
    let fact = known.fact;
    let source = view.facts.source(Subject::ServiceTags, &fact.source);
    rows.push(match source {
        Some(source) => ("known from", format!("{FACTS}, after {source}")),
        None => ("known from", FACTS.to_owned()),
    });
    if let Some(region) = known.region {
        rows.push(("part of", fact.name.clone()));
        rows.push(("region", region.to_owned()));
    }
    for cloud in Cloud::ALL {
        let words = in_cloud(fact, cloud, known.region.is_some());
        rows.push((cloud_title(cloud), words));
    }
    if !fact.documented().is_empty() {
        let features = features_words(fact.documented());
        rows.push(("beyond", format!("Azure's pages say of it: {features}")));
    }
    if fact.is_in_azure_cloud(None) {
        let text =
            "each regional form lies in AzureCloud of the same region with all its addresses";
        rows.push(("held by", text.to_owned()));
    }
    if let Some(note) = &fact.note {
        rows.push(("note", note.clone()));
    }
}

/// The cloud as the files call it.
fn cloud_title(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Public => "public",
        Cloud::China => "china",
        Cloud::UsGovernment => "government",
    }
}

fn in_cloud(fact: &ServiceTagFact, cloud: Cloud, is_form: bool) -> String {
    match fact.features(cloud) {
        None => "not there".to_owned(),
        Some(_) if is_form && !fact.is_regional_in(cloud) => "without regional forms".to_owned(),
        Some(features) => {
            let mut features = features.to_vec();
            features.retain(|feature| !(is_form && *feature == TagFeature::Regional));
            match features.as_slice() {
                [] => "there, and its file states no use".to_owned(),
                features => features_words(features),
            }
        }
    }
}
