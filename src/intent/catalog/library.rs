//! The catalogs at hand: those built in, and those that users bring.
//!
//! The built-in files are part of the program and are shown under the path they have in its repository.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use camino::Utf8PathBuf;
use smol_str::SmolStr;

use crate::base::{SourceMap, did_you_mean_help};
use crate::diag::{self, Finding, Id};
use crate::net::Cloud;

use super::fqdn_tags::FqdnTags;
use super::load::load;
use super::model::{Catalog, Expansion, Feature, Version};
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
const CATALOGS: &[BuiltIn] = &[
    built_in!("aks.yaml"),
    built_in!("hdinsight-on-aks.yaml"),
    built_in!("hdinsight-classic.yaml"),
    built_in!("aks-arc-azure-local.yaml"),
    built_in!("azure-arc-kubernetes.yaml"),
    built_in!("dependencies.yaml"),
];

/// The catalogs, regions and FQDN tags at hand.
#[derive(Debug, Clone, Default)]
pub struct Library {
    catalogs: BTreeMap<SmolStr, Catalog>,
    regions: Regions,
    fqdn_tags: FqdnTags,
}

impl Regions {
    /// The built-in regions alone, read once. Empty only when the program was built from a broken file.
    #[must_use]
    pub fn builtin() -> &'static Self {
        static BUILTIN: OnceLock<Regions> = OnceLock::new();
        BUILTIN.get_or_init(|| {
            let mut sources = SourceMap::default();
            let file = sources.add(REGIONS.path, REGIONS.text.to_owned());
            Self::load(&sources, file).unwrap_or_default()
        })
    }
}

impl Library {
    /// Everything built in, read once, for those who ask for data and not for places in its files.
    #[must_use]
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Library> = OnceLock::new();
        SHARED.get_or_init(|| Self::builtin(&mut SourceMap::default()).0)
    }

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
    /// Everything that is wrong with it. Its name must be new, and catalogs that it refers to must be there.
    pub fn add(
        &mut self,
        sources: &mut SourceMap,
        path: impl Into<Utf8PathBuf>,
        text: String,
    ) -> Result<(), Vec<Finding>> {
        self.add_all(sources, [(path.into(), text)]).map(drop)
    }

    /// Takes in catalogs that may refer to each other, and gives their names in order; all of them or none.
    ///
    /// # Errors
    /// Everything that is wrong with them. What they refer to is looked at once all of them load.
    pub fn add_all(
        &mut self,
        sources: &mut SourceMap,
        files: impl IntoIterator<Item = (Utf8PathBuf, String)>,
    ) -> Result<Vec<SmolStr>, Vec<Finding>> {
        self.take(sources, files, false)
    }

    /// As [`Self::add_all`], but a catalog takes the place of one that is there by the same name.
    ///
    /// # Errors
    /// As for [`Self::add_all`]; files of one call must have different names.
    pub fn replace_all(
        &mut self,
        sources: &mut SourceMap,
        files: impl IntoIterator<Item = (Utf8PathBuf, String)>,
    ) -> Result<Vec<SmolStr>, Vec<Finding>> {
        self.take(sources, files, true)
    }

    fn take(
        &mut self,
        sources: &mut SourceMap,
        files: impl IntoIterator<Item = (Utf8PathBuf, String)>,
        may_replace: bool,
    ) -> Result<Vec<SmolStr>, Vec<Finding>> {
        let mut added = self.clone();
        let mut names = Vec::new();
        let mut findings = Vec::new();
        for (path, text) in files {
            let file = sources.add(path, text);
            let catalog = match load(sources, file) {
                Ok(catalog) => catalog,
                Err(problems) => {
                    findings.extend(problems);
                    continue;
                }
            };
            let same = added.catalogs.get(&catalog.name);
            let same = same.filter(|_| !may_replace || names.contains(&catalog.name));
            if let Some(first) = same {
                findings.push(
                    Finding::new(
                        Id::TG0019,
                        format!("there is a catalog `{}` already", catalog.name),
                    )
                    .at(catalog.span, "the same name again")
                    .related(first.span, "the first one")
                    .help("give it another name"),
                );
                continue;
            }
            names.push(catalog.name.clone());
            added.catalogs.insert(catalog.name.clone(), catalog);
        }
        if findings.is_empty() {
            let new = names.iter().filter_map(|name| added.get(name));
            findings = new
                .flat_map(|catalog| added.refers_to_nothing(catalog))
                .collect();
        }
        if findings.is_empty() {
            *self = added;
            return Ok(names);
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
    pub fn find(&self, name: &str) -> Result<&Catalog, Box<Finding>> {
        self.get(name).ok_or_else(|| {
            let names: Vec<_> = self.names().collect();
            let suggestion = did_you_mean_help(name, self.names());
            let list = format!("the catalogs are `{}`", names.join("`, `"));
            let finding = Finding::new(Id::TG0016, format!("unknown catalog `{name}`"));
            Box::new(finding.help(suggestion.unwrap_or(list)))
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
    /// The version of that name.
    ///
    /// # Errors
    /// A finding without a place, which suggests the name that was probably meant.
    pub fn find_version(&self, name: &str) -> Result<&Version, Box<Finding>> {
        self.version(name).ok_or_else(|| {
            let names: Vec<&str> = self.versions.iter().map(|it| it.id.as_str()).collect();
            let list = match names.as_slice() {
                [] => "leave it out: the catalog tells no versions apart".to_owned(),
                names => format!("its versions are {}", names.join(", ")),
            };
            let message = format!("catalog `{}` has no version `{name}`", self.name);
            let finding = Finding::new(Id::TG0016, message);
            let close = did_you_mean_help(name, names.iter().copied());
            Box::new(finding.maybe_help(close).help(list))
        })
    }

    /// The feature of that name, or with that name beside its own.
    ///
    /// # Errors
    /// A finding without a place, which suggests the name that was probably meant.
    pub fn find_feature(&self, name: &str) -> Result<&Feature, Box<Finding>> {
        let by_alias = |feature: &&Feature| feature.aliases.iter().any(|alias| alias == name);
        let found = self.feature(name);
        if let Some(feature) = found.or_else(|| self.features.iter().find(by_alias)) {
            return Ok(feature);
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
        Err(Box::new(if no_extra {
            finding.help(format!(
                "`{name}` needs nothing beyond the core: leave it out"
            ))
        } else {
            let list = format!("its features are `{known}`");
            finding.help(did_you_mean_help(name, names).unwrap_or(list))
        }))
    }
}

/// The cloud of that name, in any case.
///
/// # Errors
/// A finding without a place, which suggests the name that was probably meant.
pub fn find_cloud(name: &str) -> Result<Cloud, Box<Finding>> {
    Cloud::from_name(name).ok_or_else(|| {
        let names = Cloud::ALL.map(Cloud::name);
        let list = format!("the clouds are `{}`", names.join("`, `"));
        let finding = Finding::new(Id::TG0016, format!("unknown cloud `{name}`"));
        Box::new(finding.help(did_you_mean_help(name, names).unwrap_or(list)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(findings: &[Finding]) -> Vec<&str> {
        findings
            .iter()
            .map(|finding| finding.message.as_str())
            .collect()
    }

    #[test]
    fn everything_built_in_loads() {
        let mut sources = SourceMap::default();
        let (library, findings) = Library::builtin(&mut sources);
        assert_eq!(messages(&findings), [""; 0]);
        assert_eq!(
            library.names().collect::<Vec<_>>(),
            [
                "aks",
                "aks-arc-azure-local",
                "azure-arc-kubernetes",
                "dependencies",
                "hdinsight-classic",
                "hdinsight-on-aks"
            ]
        );
        assert_eq!(library.get("aks").unwrap().endpoints.len(), 125);
        assert_eq!(library.get("hdinsight-on-aks").unwrap().endpoints.len(), 22);
        assert_eq!(library.regions().names().count(), 74);
        for endpoint in library.catalogs().flat_map(|catalog| &catalog.endpoints) {
            assert_eq!(sources.text(endpoint.span), endpoint.id);
        }
        assert_eq!(
            sources.describe(library.get("aks").unwrap().span),
            "rules/egress/aks.yaml:2:10"
        );
    }

    #[test]
    fn every_fqdn_tag_of_the_catalogs_exists() {
        let (library, _) = Library::builtin(&mut SourceMap::default());
        let templates = library
            .catalogs()
            .flat_map(|catalog| &catalog.endpoints)
            .flat_map(|endpoint| &endpoint.form.destinations)
            .filter(|template| template.kind() == super::super::TemplateKind::FqdnTag);
        let mut seen = 0;
        for template in templates {
            assert_eq!(library.fqdn_tags().check(template.text()), Ok(()));
            seen += 1;
        }
        assert_eq!(seen, 4);
    }

    #[test]
    fn users_bring_catalogs_of_their_own() {
        let own = |name: &str, expands: &str| {
            format!(
                "schema: egress-catalog/1\ncatalog: {name}\ntitle: Ours\nproduct: {{ name: Ours, clouds: [AzureCloud] }}\n\
                 sources:\n  - {{ id: wiki, repo: contoso/wiki, path: egress.md, commit: unknown }}\n\
                 endpoints:\n  - id: ours.tag\n    group: ours\n    clouds: [AzureCloud]\n    direction: outbound\n    \
                 rule: application\n    protocols: [{{ type: Https, port: 443 }}]\n    \
                 destinations: {{ fqdn_tags: [AzureKubernetesService] }}\n    requirement: required\n    purpose: Ours.\n    \
                 expands_to: {{ catalog: {expands} }}\n    sources: [{{ ref: wiki }}]\n"
            )
        };
        let mut sources = SourceMap::default();
        let (mut library, _) = Library::builtin(&mut sources);
        let mut add = |text: String| {
            library
                .add(&mut sources, "ours.yaml", text)
                .map_err(|findings| {
                    messages(&findings)
                        .into_iter()
                        .map(str::to_owned)
                        .collect::<Vec<_>>()
                })
        };
        assert_eq!(add(own("ours", "aks, groups: [core.fqdn]")), Ok(()));
        for (text, message) in [
            (
                own("ours", "aks, groups: []"),
                "there is a catalog `ours` already",
            ),
            (
                own("aks", "aks, groups: []"),
                "there is a catalog `aks` already",
            ),
            (
                own("more", "akz, groups: []"),
                "catalog `akz` does not exist",
            ),
            (
                own("more", "aks, groups: [cor]"),
                "no endpoint of catalog `aks` is in group `cor`",
            ),
        ] {
            assert_eq!(add(text), Err(vec![message.to_owned()]));
        }
        assert_eq!(
            library.names().collect::<Vec<_>>(),
            [
                "aks",
                "aks-arc-azure-local",
                "azure-arc-kubernetes",
                "dependencies",
                "hdinsight-classic",
                "hdinsight-on-aks",
                "ours"
            ]
        );
    }

    #[test]
    fn catalogs_may_refer_to_each_other() {
        let catalog = |name: &str, other: &str| {
            let text = format!(
                "schema: egress-catalog/1\ncatalog: {name}\ntitle: Ours\nproduct: {{ name: Ours, clouds: [AzureCloud] }}\n\
                 sources:\n  - {{ id: wiki, repo: contoso/wiki, path: egress.md, commit: unknown }}\n\
                 endpoints:\n  - id: {name}.tag\n    group: g\n    clouds: [AzureCloud]\n    direction: outbound\n    \
                 rule: application\n    protocols: [{{ type: Https, port: 443 }}]\n    \
                 destinations: {{ fqdn_tags: [AzureBackup] }}\n    requirement: required\n    purpose: Ours.\n    \
                 expands_to: {{ catalog: {other}, groups: [g] }}\n    sources: [{{ ref: wiki }}]\n"
            );
            (Utf8PathBuf::from(format!("{name}.yaml")), text)
        };
        let mut sources = SourceMap::default();
        let (mut library, _) = Library::builtin(&mut sources);
        let names = library.add_all(&mut sources, [catalog("a", "b"), catalog("b", "a")]);
        assert_eq!(names.unwrap(), ["a", "b"]);
        let findings = library.add_all(&mut sources, [catalog("c", "a"), catalog("d", "e")]);
        assert_eq!(
            messages(&findings.unwrap_err()),
            ["catalog `e` does not exist"]
        );
        assert!(library.get("c").is_none(), "all or none");
        let broken = (Utf8PathBuf::from("e.yaml"), "- 1\n".to_owned());
        let findings = library.add_all(&mut sources, [catalog("d", "e"), broken]);
        assert_eq!(
            messages(&findings.unwrap_err()),
            ["expected keys with values"]
        );
    }

    #[test]
    fn unknown_names_come_with_a_suggestion() {
        let (library, _) = Library::builtin(&mut SourceMap::default());
        let aks = library.find("aks").unwrap();
        let help =
            |finding: Box<Finding>| format!("{}; {}", finding.message, finding.help.join("; "));
        assert_eq!(
            help(library.find("hdinsight-aks").unwrap_err()),
            "unknown catalog `hdinsight-aks`; did you mean `hdinsight-on-aks`?"
        );
        assert_eq!(
            help(library.find("x").unwrap_err()),
            "unknown catalog `x`; the catalogs are `aks`, `aks-arc-azure-local`, `azure-arc-kubernetes`, `dependencies`, \
             `hdinsight-classic`, `hdinsight-on-aks`"
        );
        assert_eq!(
            help(aks.find_feature("defendr").unwrap_err()),
            "catalog `aks` has no feature `defendr`; did you mean `defender`?"
        );
        assert_eq!(
            help(aks.find_feature("keda").unwrap_err()),
            "catalog `aks` has no feature `keda`; `keda` needs nothing beyond the core: leave it out"
        );
        assert_eq!(
            help(library.regions().find("westeuorpe").unwrap_err()),
            "unknown region `westeuorpe`; did you mean `westeurope`?"
        );
        assert_eq!(
            help(find_cloud("AzureUSGov").unwrap_err()),
            "unknown cloud `AzureUSGov`; the clouds are `AzureCloud`, `AzureChinaCloud`, `AzureUSGovernment`"
        );
        assert_eq!(find_cloud("azurechinacloud"), Ok(Cloud::China));
    }
}
