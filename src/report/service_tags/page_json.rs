//! One tag for programs. It leaves nothing out.

use ipnet::IpNet;
use serde::Serialize;

use crate::azure::facts::{ServiceTagFact, Subject, TagFeature};
use crate::net::Cloud;
use crate::verify::service_tags::{FactsDiffer, TagDescription};

use super::{FACTS, FileView, PageView, by_family, feature_key};

#[derive(Serialize)]
struct Root<'v> {
    version: u32,
    name: &'v str,
    file: Option<FileJson<'v>>,
    tag: Option<TagJson<'v>>,
    facts: Option<FactsJson<'v>>,
    differences: Option<DifferencesJson>,
}

/// A file of service tags.
#[derive(Serialize)]
pub(super) struct FileJson<'v> {
    path: &'v str,
    cloud: &'v str,
    change_number: u64,
    date: Option<String>,
}

#[derive(Serialize)]
struct TagJson<'v> {
    name: &'v str,
    system_service: &'v str,
    region: &'v str,
    change_number: Option<u64>,
    features: Vec<&'v str>,
    part_of: Option<&'v str>,
    regional: &'v [&'v str],
    parts: &'v [&'v str],
    held_by: Vec<HolderJson<'v>>,
    ipv4: FamilyJson,
    ipv6: FamilyJson,
    prefixes: Vec<String>,
    joined: Vec<String>,
}

#[derive(Serialize)]
struct HolderJson<'v> {
    name: &'v str,
    same: bool,
}

#[derive(Serialize)]
struct FamilyJson {
    prefixes: usize,
    /// Wider than what every reader of JSON takes for a number.
    addresses: String,
}

#[derive(Serialize)]
struct FactsJson<'v> {
    path: &'static str,
    source: Option<String>,
    name: &'v str,
    region: Option<&'v str>,
    public: Option<Vec<&'static str>>,
    china: Option<Vec<&'static str>>,
    government: Option<Vec<&'static str>>,
    documented: Vec<&'static str>,
    note: Option<&'v str>,
}

#[derive(Serialize)]
struct DifferencesJson {
    unknown: bool,
    only_file: Vec<&'static str>,
    only_facts: Vec<&'static str>,
}

/// The page as JSON.
#[must_use]
pub fn page_json(view: &PageView<'_>) -> String {
    let root = Root {
        version: 1,
        name: view.asked,
        file: view.file.as_ref().map(file_json),
        tag: view.described.map(tag_json),
        facts: view.known.map(|known| FactsJson {
            region: known.region,
            ..facts_json(view, known.fact)
        }),
        differences: view.differ.map(differences_json),
    };
    let text = serde_json::to_string_pretty(&root).unwrap_or_default();
    text + "\n"
}

pub(super) fn file_json<'v>(file: &FileView<'v>) -> FileJson<'v> {
    FileJson {
        path: file.path,
        cloud: file.tags.cloud(),
        change_number: file.tags.change_number(),
        date: file.date.map(|date| date.to_string()),
    }
}

fn tag_json<'v>(described: &'v TagDescription<'v>) -> TagJson<'v> {
    let statement = described.statement;
    let (v4, v6) = by_family(&described.prefixes);
    let family = |prefixes, addresses: u128| FamilyJson {
        prefixes,
        addresses: addresses.to_string(),
    };
    let holders = described.holders.iter();
    TagJson {
        name: described.name,
        system_service: &statement.system_service,
        region: &statement.region,
        change_number: statement.change_number,
        features: statement
            .features
            .iter()
            .map(|word| word.as_str())
            .collect(),
        part_of: described.part_of,
        regional: &described.regional,
        parts: &described.parts,
        held_by: holders
            .map(|holder| HolderJson {
                name: holder.name,
                same: holder.is_same,
            })
            .collect(),
        ipv4: family(v4, described.addresses.v4_count()),
        ipv6: family(v6, described.addresses.v6_count()),
        prefixes: described.prefixes.iter().map(IpNet::to_string).collect(),
        joined: described
            .addresses
            .prefixes()
            .iter()
            .map(IpNet::to_string)
            .collect(),
    }
}

fn facts_json<'v>(view: &PageView<'v>, fact: &'v ServiceTagFact) -> FactsJson<'v> {
    let source = view.facts.source(Subject::ServiceTags, &fact.source);
    let in_cloud = |cloud| fact.features(cloud).map(keys);
    FactsJson {
        path: FACTS,
        source: source.map(ToString::to_string),
        name: &fact.name,
        region: None,
        public: in_cloud(Cloud::Public),
        china: in_cloud(Cloud::China),
        government: in_cloud(Cloud::UsGovernment),
        documented: keys(fact.documented()),
        note: fact.note.as_deref(),
    }
}

fn differences_json(differ: &FactsDiffer) -> DifferencesJson {
    DifferencesJson {
        unknown: differ.unknown,
        only_file: keys(&differ.only_file),
        only_facts: keys(&differ.only_facts),
    }
}

fn keys(features: &[TagFeature]) -> Vec<&'static str> {
    features.iter().copied().map(feature_key).collect()
}
