//! Azure's regions and how their names appear in host names and service tags.
//!
//! A region's ARM name stands in host names; service tags use two suffixes of their own, some of them irregular
//! (`centralfrance` for `francecentral`), and some regions have none yet.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use smol_str::SmolStr;

use crate::base::{FileId, SourceMap, Span, did_you_mean_help};
use crate::diag::{Finding, Id};
use crate::net::Cloud;

use super::check::{Checker, Names};
use super::model::{ParameterKind, Source};
use super::schema::RawSource;
use super::yaml::{self, At};

const SCHEMA: &str = "region-catalog/1";

/// All regions of all clouds.
#[derive(Debug, Clone, Default)]
pub struct Regions {
    regions: Vec<Region>,
    service_tag_only: Vec<UnlistedSuffix>,
    sources: Vec<Source>,
}

/// One region.
#[derive(Debug, Clone)]
pub struct Region {
    /// The ARM name, such as `westeurope`.
    pub name: SmolStr,
    /// Its place in the file.
    pub span: Span,
    /// The name people read, such as `West Europe`.
    pub display_name: String,
    /// The cloud it is in.
    pub cloud: Cloud,
    /// What follows `AzureCloud.` in service tags; `None` when the region has no tags.
    pub azurecloud_suffix: Option<SmolStr>,
    /// What follows the names of other service tags; `None` when the region has no tags.
    pub service_tag_suffix: Option<SmolStr>,
    /// Whether `Sql.*` exists for it.
    pub has_sql_tag: bool,
    /// Whether `Storage.*` exists for it.
    pub has_storage_tag: bool,
    /// Whether HDInsight on AKS could be had there.
    pub hdinsight_on_aks_preview: bool,
    /// The region it is paired with, which Azure need not list.
    pub paired: Option<SmolStr>,
    /// Azure's recommendation category.
    pub category: Option<String>,
    /// The geography.
    pub geography: Option<String>,
    /// The short code that Azure Arc uses.
    pub arc_short: Option<SmolStr>,
    /// More about it.
    pub note: Option<String>,
}

/// A suffix of `AzureCloud.*` for a region that Azure does not list.
#[derive(Debug, Clone)]
pub struct UnlistedSuffix {
    /// The cloud whose service tag file has it.
    pub cloud: Cloud,
    /// What follows `AzureCloud.`.
    pub azurecloud_suffix: SmolStr,
    /// More about it.
    pub note: String,
}

impl Region {
    /// What the region is called where a parameter of that kind stands; `None` for other kinds, and when it has no
    /// service tags.
    #[must_use]
    pub fn value_of(&self, kind: ParameterKind) -> Option<&str> {
        let value = match kind {
            ParameterKind::Region => Some(&self.name),
            ParameterKind::AzureCloudSuffix => self.azurecloud_suffix.as_ref(),
            ParameterKind::ServiceTagSuffix => self.service_tag_suffix.as_ref(),
            ParameterKind::ArcShort => self.arc_short.as_ref(),
            _ => None,
        };
        value.map(SmolStr::as_str)
    }
}

impl Regions {
    /// The region of that ARM name or display name, in any case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Region> {
        self.regions.iter().find(|region| {
            region.name.eq_ignore_ascii_case(name) || region.display_name.eq_ignore_ascii_case(name)
        })
    }

    /// The region of that name.
    ///
    /// # Errors
    /// A finding without a place, which suggests the name that was probably meant.
    pub fn find(&self, name: &str) -> Result<&Region, Box<Finding>> {
        self.get(name).ok_or_else(|| {
            let finding = Finding::new(Id::TG0016, format!("unknown region `{name}`"));
            Box::new(finding.maybe_help(did_you_mean_help(name, self.names())))
        })
    }

    /// All regions, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Region> {
        self.regions.iter()
    }

    /// All ARM names, in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.regions.iter().map(|region| region.name.as_str())
    }

    /// Suffixes seen in service tags only.
    #[must_use]
    pub fn service_tag_only(&self) -> &[UnlistedSuffix] {
        &self.service_tag_only
    }

    /// What the regional forms of a service tag have behind its name, in one cloud or in all.
    #[must_use]
    pub fn tag_suffixes(&self, tag: &str, cloud: Option<Cloud>) -> Vec<&str> {
        let regions = self.regions.iter();
        let regions = regions.filter(|region| cloud.is_none_or(|cloud| cloud == region.cloud));
        if tag.eq_ignore_ascii_case("AzureCloud") {
            let unlisted = self.service_tag_only.iter();
            let unlisted = unlisted.map(|suffix| suffix.azurecloud_suffix.as_str());
            regions
                .filter_map(|region| region.azurecloud_suffix.as_deref())
                .chain(unlisted)
                .collect()
        } else {
            regions
                .filter_map(|region| region.service_tag_suffix.as_deref())
                .collect()
        }
    }

    /// The documents it rests on.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Reads the regions in a file of the source map.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(sources: &SourceMap, file: FileId) -> Result<Self, Vec<Finding>> {
        let raw: RawRegions =
            yaml::read(sources, file, SCHEMA).map_err(|finding| vec![*finding])?;
        let mut check = Checker::new(sources, file);
        check.schema(&raw.schema, SCHEMA);
        let (documents, _) = check.documents(raw.sources);
        let mut names = Names::default();
        for region in &raw.regions {
            check.declare(&mut names, &region.name, "region");
        }
        check_irregular(&mut check, &raw.irregular_azurecloud, &raw.regions);
        let regions = raw
            .regions
            .into_iter()
            .filter_map(|raw| region(&mut check, raw))
            .collect();
        let service_tag_only = raw
            .service_tag_only
            .into_iter()
            .filter_map(|raw| {
                Some(UnlistedSuffix {
                    cloud: check.word(&raw.cloud)?,
                    azurecloud_suffix: raw.azurecloud_suffix.into(),
                    note: raw.note,
                })
            })
            .collect();
        check.finish(Self {
            regions,
            service_tag_only,
            sources: documents,
        })
    }
}

fn region(check: &mut Checker<'_>, raw: RawRegion) -> Option<Region> {
    Some(Region {
        span: check.span(&raw.name),
        name: raw.name.value.into(),
        display_name: raw.display_name,
        cloud: check.word(&raw.cloud)?,
        azurecloud_suffix: raw.azurecloud_suffix.map(SmolStr::from),
        service_tag_suffix: raw.service_tag_suffix.map(SmolStr::from),
        has_sql_tag: raw.has_sql_tag,
        has_storage_tag: raw.has_storage_tag,
        hdinsight_on_aks_preview: raw.hdinsight_on_aks_preview,
        paired: raw.paired.map(SmolStr::from),
        category: raw.category,
        geography: raw.geography,
        arc_short: raw.arc_short.map(SmolStr::from),
        note: raw.note,
    })
}

/// The table of irregular suffixes says again what the regions say; the two must agree.
fn check_irregular(
    check: &mut Checker<'_>,
    irregular: &BTreeMap<String, At<String>>,
    regions: &[RawRegion],
) {
    let mut listed = BTreeSet::new();
    for (suffix, name) in irregular {
        listed.insert(suffix.as_str());
        let region = regions
            .iter()
            .find(|region| region.name.value == name.value);
        if region.is_none_or(|region| region.azurecloud_suffix.as_deref() != Some(suffix)) {
            check.problem(
                name,
                format!(
                    "region `{}` does not have the suffix `{suffix}`",
                    name.value
                ),
                "disagrees with the list of regions",
            );
        }
    }
    for region in regions {
        let suffix = region.azurecloud_suffix.as_deref();
        if region.irregular != suffix.is_some_and(|suffix| listed.contains(suffix)) {
            check.problem(
                &region.name,
                format!(
                    "region `{}` and the table of irregular suffixes disagree",
                    region.name.value
                ),
                "`irregular` here, or `irregular_azurecloud` above, is wrong",
            );
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "some keys are for readers of the file and must only be accepted"
)]
struct RawRegions {
    schema: At<String>,
    catalog: String,
    title: String,
    sources: Vec<RawSource>,
    #[serde(default)]
    rules: Vec<String>,
    #[serde(default)]
    irregular_azurecloud: BTreeMap<String, At<String>>,
    irregular_note: Option<String>,
    government_names_note: Option<String>,
    regions: Vec<RawRegion>,
    #[serde(default)]
    service_tag_only: Vec<RawUnlisted>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRegion {
    name: At<String>,
    display_name: String,
    cloud: At<String>,
    category: Option<String>,
    geography: Option<String>,
    paired: Option<String>,
    azurecloud_suffix: Option<String>,
    service_tag_suffix: Option<String>,
    has_sql_tag: bool,
    has_storage_tag: bool,
    arc_short: Option<String>,
    #[serde(default)]
    irregular: bool,
    #[serde(default)]
    hdinsight_on_aks_preview: bool,
    note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawUnlisted {
    cloud: At<String>,
    azurecloud_suffix: String,
    note: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Regions, Vec<Finding>> {
        let mut sources = SourceMap::default();
        let file = sources.add("r.yaml", text.to_owned());
        Regions::load(&sources, file)
    }

    #[test]
    fn regions_are_known_by_both_names() {
        let regions = load(include_str!("../../../rules/egress/regions.yaml")).unwrap();
        for name in ["westeurope", "WestEurope", "West Europe", "west europe"] {
            assert_eq!(regions.get(name).unwrap().name, "westeurope", "{name}");
        }
        assert!(regions.get("atlantis").is_none());
        let france = regions.get("francecentral").unwrap();
        assert_eq!(france.azurecloud_suffix.as_deref(), Some("centralfrance"));
        assert_eq!(france.service_tag_suffix.as_deref(), Some("FranceCentral"));
        let denmark = regions.get("denmarkeast").unwrap();
        assert_eq!(denmark.azurecloud_suffix, None);
        let preview = regions
            .iter()
            .filter(|region| region.hdinsight_on_aks_preview);
        assert_eq!(preview.count(), 8);
        assert_eq!(regions.get("chinaeast2").unwrap().cloud, Cloud::China);
        assert!(
            regions
                .service_tag_only()
                .iter()
                .any(|unlisted| unlisted.azurecloud_suffix == "brazilne")
        );
    }

    #[test]
    fn the_table_of_irregular_suffixes_must_agree() {
        let region = |rest: &str| {
            format!(
                "schema: region-catalog/1\ncatalog: r\ntitle: r\nsources: []\nirregular_azurecloud:\n  bb: b\nregions:\n  \
                 - {{ name: b, display_name: B, cloud: AzureCloud, has_sql_tag: true, has_storage_tag: true, {rest} }}\n"
            )
        };
        assert!(load(&region("azurecloud_suffix: bb, irregular: true")).is_ok());
        let findings = load(&region("azurecloud_suffix: b, irregular: true")).unwrap_err();
        let messages: Vec<_> = findings.iter().map(|f| f.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "region `b` does not have the suffix `bb`",
                "region `b` and the table of irregular suffixes disagree"
            ]
        );
    }
}
