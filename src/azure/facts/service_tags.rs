//! Names of service tags and where Azure lists them as usable. Their addresses come from Microsoft's weekly files.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;

use crate::net::{Cloud, FqdnPattern};

use super::SourceId;
use super::by_name::{ByName, Named};
use super::document::{Cited, parsed_list};

/// Where a service tag may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagUse {
    /// In a rule of a network security group.
    SecurityRule,
    /// As the prefix of a user-defined route.
    Route,
    /// As the destination of a network rule of Azure Firewall.
    FirewallRule,
}

/// Whether Azure lists a tag for a use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// It does.
    Listed,
    /// It lists other uses only, or the cloud has no such tag.
    NotListed,
    /// The cloud has the tag, but its file states no use at all.
    Unstated,
}

/// What a service tag file states of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TagFeature {
    /// Regional forms exist.
    Regional,
    /// In rules of network security groups.
    Nsg,
    /// As the prefix of user-defined routes.
    Udr,
    /// In network rules of Azure Firewall.
    Firewall,
    /// For service endpoints of subnets.
    ServiceEndpoint,
}

impl TagFeature {
    /// What the word of a service tag file means; `None` for a word that means none of these, such as `API`.
    #[must_use]
    pub fn of_file(word: &str) -> Option<Self> {
        match word {
            "NSG" => Some(Self::Nsg),
            "UDR" => Some(Self::Udr),
            "FW" => Some(Self::Firewall),
            "VSE" => Some(Self::ServiceEndpoint),
            _ => None,
        }
    }
}

impl From<TagUse> for TagFeature {
    fn from(tag_use: TagUse) -> Self {
        match tag_use {
            TagUse::SecurityRule => Self::Nsg,
            TagUse::Route => Self::Udr,
            TagUse::FirewallRule => Self::Firewall,
        }
    }
}

/// Which addresses of a tag another tag holds as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Coverage {
    Whole,
    Ipv4,
}

/// What is known about a service tag.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceTagFact {
    /// Its name, without a region.
    pub name: String,
    public: Option<Vec<TagFeature>>,
    china: Option<Vec<TagFeature>>,
    government: Option<Vec<TagFeature>>,
    #[serde(default)]
    documented: Vec<TagFeature>,
    in_azure_cloud: Option<Coverage>,
    #[serde(default)]
    regions: BTreeMap<String, Vec<String>>,
    /// What else has to be reached by those who use the service.
    #[serde(default)]
    pub needs: Vec<TagNeed>,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

/// Something that has to be reached beside a tag.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagNeed {
    /// The tag that holds it.
    pub tag: String,
    /// Names by which it can be reached instead.
    #[serde(deserialize_with = "parsed_list")]
    pub names: Vec<FqdnPattern>,
    /// What for, as a clause.
    pub purpose: String,
    /// When it is not needed, as a clause.
    pub unless: Option<String>,
    /// Where it was read.
    pub source: SourceId,
}

impl ServiceTagFact {
    /// What the file of a cloud states of the tag; `None` when the cloud has no such tag.
    #[must_use]
    pub fn features(&self, cloud: Cloud) -> Option<&[TagFeature]> {
        let features = match cloud {
            Cloud::Public => &self.public,
            Cloud::China => &self.china,
            Cloud::UsGovernment => &self.government,
        };
        features.as_deref()
    }

    /// What pages say beyond the files.
    #[must_use]
    pub fn documented(&self) -> &[TagFeature] {
        &self.documented
    }

    /// Whether a cloud has the tag.
    #[must_use]
    pub fn exists_in(&self, cloud: Cloud) -> bool {
        self.features(cloud).is_some()
    }

    /// Whether a cloud has regional forms of the tag, such as `Sql.WestEurope`.
    #[must_use]
    pub fn is_regional_in(&self, cloud: Cloud) -> bool {
        self.features(cloud)
            .is_some_and(|features| features.contains(&TagFeature::Regional))
    }

    /// Whether the regional forms of the tag lie in `AzureCloud` of the same region: with this address, or with all
    /// addresses when there is none.
    #[must_use]
    pub fn is_in_azure_cloud(&self, address: Option<IpAddr>) -> bool {
        match self.in_azure_cloud {
            Some(Coverage::Whole) => true,
            Some(Coverage::Ipv4) => address.is_some_and(|address| address.is_ipv4()),
            None => false,
        }
    }

    /// Whether two names of regions are one region, in any case and in the spellings that this tag and others use.
    #[must_use]
    pub fn is_same_region(&self, first: &str, second: &str) -> bool {
        self.own_spelling(first)
            .eq_ignore_ascii_case(self.own_spelling(second))
    }

    /// How this tag spells a region.
    fn own_spelling<'n>(&'n self, region: &'n str) -> &'n str {
        let mut others = self.regions.iter();
        let own = others.find(|(_, others)| others.iter().any(|o| o.eq_ignore_ascii_case(region)));
        own.map_or(region, |(own, _)| own)
    }

    /// Whether Azure lists the tag for a use in a cloud.
    #[must_use]
    pub fn listing(&self, cloud: Cloud, tag_use: TagUse) -> Listing {
        let Some(features) = self.features(cloud) else {
            return Listing::NotListed;
        };
        let feature = TagFeature::from(tag_use);
        if features.contains(&feature) || self.documented.contains(&feature) {
            Listing::Listed
        } else if features.iter().all(|f| *f == TagFeature::Regional) {
            Listing::Unstated
        } else {
            Listing::NotListed
        }
    }
}

/// A service tag as written: the tag and the region after it.
#[derive(Debug, Clone, Copy)]
pub struct ServiceTagMatch<'facts, 'name> {
    /// What is known about the tag.
    pub fact: &'facts ServiceTagFact,
    /// What stands for the region, as written. Which regions there are is not among the facts.
    pub region: Option<&'name str>,
}

impl Cited for ServiceTagFact {
    fn source(&self) -> &SourceId {
        &self.source
    }

    fn further(&self) -> Vec<&SourceId> {
        self.needs.iter().map(|need| &need.source).collect()
    }
}

impl Named for ServiceTagFact {
    fn name(&self) -> &str {
        &self.name
    }
}

/// The tag behind a name. A dot separates a region only when no tag has the whole name, as `AzureMonitor.Core` has,
/// and when some cloud has regional forms of what stands before it.
pub(super) fn find<'facts, 'name>(
    tags: &'facts ByName<ServiceTagFact>,
    name: &'name str,
) -> Option<ServiceTagMatch<'facts, 'name>> {
    if let Some(fact) = tags.get(name) {
        return Some(ServiceTagMatch { fact, region: None });
    }
    let (base, region) = name.rsplit_once('.')?;
    let fact = tags.get(base)?;
    let regional = Cloud::ALL
        .into_iter()
        .any(|cloud| fact.is_regional_in(cloud));
    (regional && !region.is_empty()).then_some(ServiceTagMatch {
        fact,
        region: Some(region),
    })
}
