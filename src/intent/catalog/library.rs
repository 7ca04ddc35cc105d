//! The catalogs at hand: those built in, and those that users bring.
//!
//! The built-in files are part of the program and are shown under the path they have in its repository.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use smol_str::SmolStr;

use crate::base::{SourceMap, did_you_mean_help};
use crate::diag::{self, Finding, Id};
use crate::net::Cloud;

use super::fqdn_tags::FqdnTags;
use super::load::load;
use super::model::{Catalog, Expansion};
use super::regions::Regions;

macro_rules! built_in {
    ($name:literal) => {
        BuiltIn {
            path: concat!("rules/egress/", $name),
            text: include_str!(concat!("../../../rules/egress/", $name)),
        }
    };
}

struct BuiltIn {
    path: &'static str,
    text: &'static str,
}

const REGIONS: BuiltIn = built_in!("regions.yaml");
const FQDN_TAGS: BuiltIn = built_in!("fqdn-tags.yaml");
const CATALOGS: &[BuiltIn] = &[built_in!("aks.yaml"), built_in!("hdinsight-on-aks.yaml")];

/// The catalogs, regions and FQDN tags at hand.
#[derive(Debug, Clone, Default)]
pub struct Library {
    catalogs: BTreeMap<SmolStr, Catalog>,
    regions: Regions,
    fqdn_tags: FqdnTags,
}

impl Library {
    /// Everything built in, its files added to the source map.
    ///
    /// The findings are empty unless the program was built from broken files.
    #[must_use]
    pub fn builtin(sources: &mut SourceMap) -> (Self, Vec<Finding>) {
        let mut library = Self::default();
        let mut findings = Vec::new();
        let file = sources.add(REGIONS.path, REGIONS.text.to_owned());
        match Regions::load(sources, file) {
            Ok(regions) => library.regions = regions,
            Err(problems) => findings.extend(problems),
        }
        let file = sources.add(FQDN_TAGS.path, FQDN_TAGS.text.to_owned());
        match FqdnTags::load(sources, file) {
            Ok(tags) => library.fqdn_tags = tags,
            Err(problems) => findings.extend(problems),
        }
        for built_in in CATALOGS {
            if let Err(problems) = library.add(sources, built_in.path, built_in.text.to_owned()) {
                findings.extend(problems);
            }
        }
        let approximations = library
            .fqdn_tags
            .iter()
            .filter_map(|tag| tag.approximation());
        findings
            .extend(approximations.filter_map(|expansion| library.expands_to_nothing(expansion)));
        (library, findings)
    }

    /// Takes in a catalog in the schema of the built-in ones, and its file into the source map.
    ///
    /// # Errors
    /// Everything that is wrong with it. Its name must be new, and catalogs that it refers to must be there first.
    pub fn add(
        &mut self,
        sources: &mut SourceMap,
        path: impl Into<Utf8PathBuf>,
        text: String,
    ) -> Result<(), Vec<Finding>> {
        let file = sources.add(path, text);
        let catalog = load(sources, file)?;
        if let Some(first) = self.catalogs.get(&catalog.name) {
            return Err(vec![
                Finding::new(
                    Id::TG0019,
                    format!("there is a catalog `{}` already", catalog.name),
                )
                .at(catalog.span, "the same name again")
                .related(first.span, "the first one")
                .help("give it another name"),
            ]);
        }
        let mut findings: Vec<_> = self.refers_to_nothing(&catalog);
        if findings.is_empty() {
            self.catalogs.insert(catalog.name.clone(), catalog);
            return Ok(());
        }
        diag::sort(&mut findings);
        Err(findings)
    }

    /// The catalog of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Catalog> {
        self.catalogs.get(name)
    }

    /// The catalog of that name.
    ///
    /// # Errors
    /// A finding without a place, which suggests the name that was probably meant.
    pub fn find(&self, name: &str) -> Result<&Catalog, Finding> {
        self.get(name).ok_or_else(|| {
            let names: Vec<_> = self.names().collect();
            let suggestion = did_you_mean_help(name, self.names());
            let list = format!("the catalogs are `{}`", names.join("`, `"));
            Finding::new(Id::TG0016, format!("unknown catalog `{name}`"))
                .help(suggestion.unwrap_or(list))
        })
    }

    /// All catalogs, by name.
    pub fn catalogs(&self) -> impl Iterator<Item = &Catalog> {
        self.catalogs.values()
    }

    /// The names of all catalogs, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.catalogs.keys().map(SmolStr::as_str)
    }

    /// Azure's regions.
    #[must_use]
    pub fn regions(&self) -> &Regions {
        &self.regions
    }

    /// Azure Firewall's FQDN tags.
    #[must_use]
    pub fn fqdn_tags(&self) -> &FqdnTags {
        &self.fqdn_tags
    }

    /// A finding when the catalog or one of the groups of an expansion does not exist.
    fn expands_to_nothing(&self, expansion: &Expansion) -> Option<Finding> {
        let finding = |message: String, label: &str| {
            Some(Finding::new(Id::TG0019, message).at(expansion.span, label))
        };
        let name = &expansion.catalog;
        let Some(catalog) = self.get(name) else {
            let suggestion = did_you_mean_help(name, self.names());
            return finding(
                format!("catalog `{name}` does not exist"),
                "no such catalog",
            )
            .map(|finding| finding.maybe_help(suggestion));
        };
        let exists = |group: &SmolStr| catalog.endpoints.iter().any(|e| e.group == *group);
        let missing = expansion.groups.iter().find(|group| !exists(group))?;
        finding(
            format!("no endpoint of catalog `{name}` is in group `{missing}`"),
            "no such group there",
        )
    }

    fn refers_to_nothing(&self, catalog: &Catalog) -> Vec<Finding> {
        let expansions = catalog
            .endpoints
            .iter()
            .filter_map(|endpoint| endpoint.expands_to.as_ref())
            .filter(|expansion| expansion.catalog != catalog.name);
        expansions
            .filter_map(|expansion| self.expands_to_nothing(expansion))
            .collect()
    }
}

impl Catalog {
    /// Checks that there is a feature of that name.
    ///
    /// # Errors
    /// A finding without a place, which suggests the name that was probably meant.
    pub fn check_feature(&self, name: &str) -> Result<(), Finding> {
        if self.feature(name).is_some() {
            return Ok(());
        }
        let names = self.features.iter().map(|feature| feature.name.as_str());
        let known = names.clone().collect::<Vec<_>>().join("`, `");
        let finding = Finding::new(
            Id::TG0016,
            format!("catalog `{}` has no feature `{name}`", self.name),
        );
        let no_extra = self
            .no_extra_endpoints
            .as_ref()
            .is_some_and(|none| none.features.iter().any(|feature| feature == name));
        Err(if no_extra {
            finding.help(format!(
                "`{name}` needs nothing beyond the core: leave it out"
            ))
        } else {
            let list = format!("its features are `{known}`");
            finding.help(did_you_mean_help(name, names).unwrap_or(list))
        })
    }
}

/// The cloud of that name, in any case.
///
/// # Errors
/// A finding without a place, which suggests the name that was probably meant.
pub fn find_cloud(name: &str) -> Result<Cloud, Finding> {
    Cloud::from_name(name).ok_or_else(|| {
        let names = Cloud::ALL.map(Cloud::name);
        let list = format!("the clouds are `{}`", names.join("`, `"));
        Finding::new(Id::TG0016, format!("unknown cloud `{name}`"))
            .help(did_you_mean_help(name, names).unwrap_or(list))
    })
}
