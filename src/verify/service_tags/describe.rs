//! One tag: what its file says, what follows from the addresses of the others, and where the facts say otherwise.

use ipnet::IpNet;

use crate::azure::facts::{Facts, ServiceTagFact, TagFeature};
use crate::azure::{ServiceTags, TagStatement};
use crate::net::{Cloud, ServiceTag};

use super::addresses::Addresses;

/// What a file tells about a tag.
#[derive(Debug, Clone, PartialEq)]
pub struct TagDescription<'f> {
    /// Its name as the file spells it.
    pub name: &'f str,
    /// What the file says beside the addresses.
    pub statement: &'f TagStatement,
    /// The prefixes as the file writes them, in its order.
    pub prefixes: Vec<IpNet>,
    /// The addresses.
    pub addresses: Addresses,
    /// Tags of one region of it, such as `Sql.WestEurope` of `Sql`, in the order of the file.
    pub regional: Vec<&'f str>,
    /// Other tags that are named after it, such as `AzureMonitor.Core` after `AzureMonitor`.
    pub parts: Vec<&'f str>,
    /// The tag that it is a form or a part of by its name.
    pub part_of: Option<&'f str>,
    /// Other tags with all of its addresses, in the order of the file. None for a tag without addresses.
    pub holders: Vec<Holder<'f>>,
}

/// A tag with all addresses of another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder<'f> {
    /// Its name.
    pub name: &'f str,
    /// It has no others.
    pub is_same: bool,
}

/// Where the facts about a tag say otherwise than a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FactsDiffer {
    /// What only the file states.
    pub only_file: Vec<TagFeature>,
    /// What only the facts state.
    pub only_facts: Vec<TagFeature>,
    /// The facts know no such tag in the cloud of the file.
    pub unknown: bool,
}

impl FactsDiffer {
    /// Whether they say the same.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// The cloud that a file is about; `None` when its word for it means none that is known.
#[must_use]
pub fn cloud_of(file: &ServiceTags) -> Option<Cloud> {
    match file.cloud() {
        "Public" => Some(Cloud::Public),
        "China" => Some(Cloud::China),
        "AzureGovernment" => Some(Cloud::UsGovernment),
        _ => None,
    }
}

/// What a file tells about a tag; `None` when it has no such tag.
#[must_use]
pub fn describe_tag<'f>(file: &'f ServiceTags, tag: &ServiceTag) -> Option<TagDescription<'f>> {
    let (name, statement) = file.statement(tag)?;
    let prefixes: Vec<IpNet> = file.prefixes(tag)?.collect();
    let addresses = Addresses::of(&prefixes);
    let (mut regional, mut parts) = (Vec::new(), Vec::new());
    for other in file.names().filter(|other| is_below(other, name)) {
        let region = file.statement(&ServiceTag::new(other));
        match region.is_some_and(|(_, statement)| !statement.region.is_empty()) {
            true => regional.push(other),
            false => parts.push(other),
        }
    }
    Some(TagDescription {
        name,
        statement,
        regional,
        parts,
        part_of: file.names().find(|other| is_below(name, other)),
        holders: holders(file, name, &prefixes, &addresses),
        prefixes,
        addresses,
    })
}

/// Whether a name is another one with a dot and a word behind it.
fn is_below(name: &str, other: &str) -> bool {
    let base = name.rsplit_once('.').map(|(base, _)| base);
    base.is_some_and(|base| base.eq_ignore_ascii_case(other))
}

fn holders<'f>(
    file: &'f ServiceTags,
    name: &str,
    prefixes: &[IpNet],
    addresses: &Addresses,
) -> Vec<Holder<'f>> {
    // Whoever holds all of it holds any one address.
    let Some(sample) = prefixes.first().map(IpNet::network) else {
        return Vec::new();
    };
    let others = file.tags_of(sample).filter(|other| *other != name);
    let holders = others.filter_map(|other| {
        let prefixes: Vec<IpNet> = file.prefixes(&ServiceTag::new(other))?.collect();
        let held = Addresses::of(&prefixes);
        addresses.is_within(&held).then(|| Holder {
            name: other,
            is_same: held == *addresses,
        })
    });
    holders.collect()
}

impl FactsDiffer {
    /// Holds what a file states of a tag against the facts about it. Facts are about tags of all regions: of their
    /// regional forms the files often state less.
    #[must_use]
    pub fn of(cloud: Cloud, described: &TagDescription<'_>, fact: Option<&ServiceTagFact>) -> Self {
        let Some(facts) = fact.and_then(|fact| fact.features(cloud)) else {
            return Self {
                unknown: true,
                ..Self::default()
            };
        };
        let words = described.statement.features.iter();
        let mut file: Vec<TagFeature> =
            words.filter_map(|word| TagFeature::of_file(word)).collect();
        if !described.regional.is_empty() {
            file.push(TagFeature::Regional);
        }
        let without = |all: &[TagFeature], others: &[TagFeature]| {
            let rest = all.iter().filter(|feature| !others.contains(feature));
            let mut rest: Vec<TagFeature> = rest.copied().collect();
            rest.sort_unstable();
            rest.dedup();
            rest
        };
        Self {
            only_file: without(&file, facts),
            only_facts: without(facts, &file),
            unknown: false,
        }
    }
}

/// The names to suggest for one that is not known: those of the file, and those of the facts.
pub fn known_names<'n>(
    file: Option<&'n ServiceTags>,
    facts: &'n Facts,
) -> impl Iterator<Item = &'n str> {
    let of_file = file.into_iter().flat_map(ServiceTags::names);
    of_file.chain(facts.service_tag_names())
}
