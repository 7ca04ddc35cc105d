//! Azure Firewall's FQDN tags: their names, and what little is known of their content.
//!
//! No API tells what a tag stands for, so every expansion is an approximation from documents.

use serde::Deserialize;
use smol_str::SmolStr;

use crate::base::{FileId, SourceMap, Span, did_you_mean_help};
use crate::diag::{Finding, Id};
use crate::net::Cloud;

use super::check::{Checker, Names};
use super::model::{Expansion, Source, SourceRef};
use super::schema::{RawSource, RawSourceRef};
use super::yaml::{self, At};

const SCHEMA: &str = "fqdn-tag-catalog/1";

/// All known FQDN tags.
#[derive(Debug, Clone, Default)]
pub struct FqdnTags {
    tags: Vec<FqdnTagInfo>,
    families: Vec<TagFamily>,
    sources: Vec<Source>,
}

/// One FQDN tag.
#[derive(Debug, Clone)]
pub struct FqdnTagInfo {
    /// The name that rules use.
    pub name: SmolStr,
    /// Its place in the file.
    pub span: Span,
    /// Other names that documents use for it.
    pub aliases: Vec<SmolStr>,
    /// The name people read.
    pub display_name: String,
    /// What it lets through.
    pub purpose: String,
    /// More about it.
    pub note: Option<String>,
    /// Whether a document shows the name in the spelling that rules use.
    pub name_evidenced: bool,
    /// What is known of its content.
    pub content: Vec<TagContent>,
    /// Who says so.
    pub sources: Vec<SourceRef>,
}

impl FqdnTagInfo {
    /// The endpoints it stands for as far as documents tell.
    #[must_use]
    pub fn approximation(&self) -> Option<&Expansion> {
        self.content
            .iter()
            .find_map(|content| content.approximation.as_ref())
    }
}

/// What is known of the content of a tag.
#[derive(Debug, Clone)]
pub struct TagContent {
    /// How it is known, in words.
    pub kind: String,
    /// The cloud it holds for; `None` when that is not said.
    pub cloud: Option<Cloud>,
    /// A published list.
    pub file: Option<String>,
    /// How many names that list has.
    pub entries: Option<u32>,
    /// More such lists.
    pub also: Vec<String>,
    /// The endpoints of a catalog that come close.
    pub approximation: Option<Expansion>,
    /// What documents and reports claim.
    pub evidence: Vec<Evidence>,
    /// Who publishes it.
    pub sources: Vec<SourceRef>,
}

/// A claim about the content of a tag.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// What is claimed.
    pub claim: String,
    /// The id of the [`Source`] that claims it.
    pub source: SmolStr,
}

/// Tags that share a prefix and are too many to list.
#[derive(Debug, Clone)]
pub struct TagFamily {
    /// How their names begin.
    pub prefix: SmolStr,
    /// One of them.
    pub example: SmolStr,
    /// What they let through.
    pub purpose: String,
    /// Who says so.
    pub sources: Vec<SourceRef>,
}

impl FqdnTags {
    /// The tag of that name or alias, in any case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&FqdnTagInfo> {
        self.tags.iter().find(|tag| {
            tag.name.eq_ignore_ascii_case(name)
                || tag
                    .aliases
                    .iter()
                    .any(|alias| alias.eq_ignore_ascii_case(name))
        })
    }

    /// The family that a name belongs to by its prefix, in any case.
    #[must_use]
    pub fn family(&self, name: &str) -> Option<&TagFamily> {
        self.families.iter().find(|family| {
            name.get(..family.prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(&family.prefix))
        })
    }

    /// Checks that a tag of that name exists.
    ///
    /// # Errors
    /// A finding without a place, which suggests the name that was probably meant.
    pub fn check(&self, name: &str) -> Result<(), Box<Finding>> {
        if self.get(name).is_some() || self.family(name).is_some() {
            return Ok(());
        }
        let finding = Finding::new(Id::TG3004, format!("unknown FQDN tag `{name}`"))
            .maybe_help(did_you_mean_help(name, self.names()));
        Err(Box::new(finding))
    }

    /// All tags, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &FqdnTagInfo> {
        self.tags.iter()
    }

    /// All names and aliases, in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tags
            .iter()
            .flat_map(|tag| std::iter::once(&tag.name).chain(&tag.aliases))
            .map(SmolStr::as_str)
    }

    /// The documents it rests on.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Reads the tags in a file of the source map.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(sources: &SourceMap, file: FileId) -> Result<Self, Vec<Finding>> {
        let raw: RawTags = yaml::read(sources, file, SCHEMA).map_err(|finding| vec![*finding])?;
        let mut check = Checker::new(sources, file);
        check.schema(&raw.schema, SCHEMA);
        let (documents, ids) = check.documents(raw.sources);
        let mut names = Names::default();
        let mut tags = Vec::with_capacity(raw.tags.len());
        for raw in raw.tags {
            check.declare(&mut names, &raw.name, "tag");
            for alias in &raw.aliases {
                check.declare(&mut names, alias, "tag");
            }
            tags.push(FqdnTagInfo {
                span: check.span(&raw.name),
                name: raw.name.value.into(),
                aliases: raw
                    .aliases
                    .into_iter()
                    .map(|alias| alias.value.into())
                    .collect(),
                display_name: raw.display_name,
                purpose: raw.purpose,
                note: raw.note,
                name_evidenced: raw.name_evidenced,
                content: Vec::new(),
                sources: check.source_refs(&ids, raw.sources),
            });
        }
        let families = raw
            .tag_families
            .into_iter()
            .map(|raw| TagFamily {
                prefix: raw.prefix.into(),
                example: raw.example.into(),
                purpose: raw.purpose,
                sources: check.source_refs(&ids, raw.sources),
            })
            .collect();
        for raw in raw.expansions {
            let name = check.reference(&names, &raw.tag, "tag");
            let content = content(&mut check, &ids, raw);
            if let Some(tag) = tags.iter_mut().find(|tag| tag.name == name) {
                tag.content.push(content);
            }
        }
        check.finish(Self {
            tags,
            families,
            sources: documents,
        })
    }
}

fn content(check: &mut Checker<'_>, documents: &Names, raw: RawExpansion) -> TagContent {
    TagContent {
        kind: raw.kind,
        cloud: raw.cloud.and_then(|cloud| check.word(&cloud)),
        file: raw.file,
        entries: raw.entries,
        also: raw.also,
        approximation: raw.approximation.map(|raw| Expansion {
            span: check.span(&raw.catalog),
            catalog: raw.catalog.value.into(),
            groups: raw.groups.into_iter().map(SmolStr::from).collect(),
            basis: None,
        }),
        evidence: raw
            .evidence
            .into_iter()
            .map(|raw| Evidence {
                claim: raw.claim,
                source: check.reference(documents, &raw.source, "source"),
            })
            .collect(),
        sources: check.source_refs(documents, raw.sources),
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "some keys are for readers of the file and must only be accepted"
)]
struct RawTags {
    schema: At<String>,
    catalog: String,
    title: String,
    sources: Vec<RawSource>,
    #[serde(default)]
    rules: Vec<String>,
    tags: Vec<RawTag>,
    #[serde(default)]
    tag_families: Vec<RawFamily>,
    name_note: Option<String>,
    #[serde(default)]
    expansions: Vec<RawExpansion>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTag {
    name: At<String>,
    #[serde(default)]
    aliases: Vec<At<String>>,
    display_name: String,
    name_evidenced: bool,
    purpose: String,
    note: Option<String>,
    sources: Vec<RawSourceRef>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFamily {
    prefix: String,
    example: String,
    purpose: String,
    sources: Vec<RawSourceRef>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawExpansion {
    tag: At<String>,
    kind: String,
    cloud: Option<At<String>>,
    file: Option<String>,
    entries: Option<u32>,
    #[serde(default)]
    also: Vec<String>,
    approximation: Option<RawApproximation>,
    #[serde(default)]
    evidence: Vec<RawEvidence>,
    #[serde(default)]
    sources: Vec<RawSourceRef>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawApproximation {
    catalog: At<String>,
    groups: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEvidence {
    claim: String,
    #[serde(rename = "ref")]
    source: At<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built_in() -> FqdnTags {
        let text = include_str!("../../../rules/egress/fqdn-tags.yaml");
        let mut sources = SourceMap::default();
        let file = sources.add("t.yaml", text.to_owned());
        FqdnTags::load(&sources, file).unwrap()
    }

    #[test]
    fn tags_are_known_by_all_their_names() {
        let tags = built_in();
        for name in ["HDInsight", "AzureHDInsight", "azurehdinsight"] {
            assert_eq!(tags.get(name).unwrap().name, "HDInsight", "{name}");
        }
        assert!(tags.get("Office365.Skype.Optimize").is_none());
        assert_eq!(
            tags.family("office365.Skype.Optimize").unwrap().prefix,
            "Office365."
        );
        for name in ["WindowsUpdate", "Office365.Exchange.Default.Required"] {
            assert_eq!(tags.check(name), Ok(()), "{name}");
        }
        let finding = tags.check("AzureKubernetesServices").unwrap_err();
        assert_eq!(
            finding.message,
            "unknown FQDN tag `AzureKubernetesServices`"
        );
        assert_eq!(finding.help, ["did you mean `AzureKubernetesService`?"]);
    }

    #[test]
    fn the_content_of_a_tag_is_an_approximation() {
        let tags = built_in();
        let aks = tags.get("AzureKubernetesService").unwrap();
        let expansion = aks.approximation().unwrap();
        assert_eq!(expansion.catalog, "aks");
        assert_eq!(expansion.groups, ["core.fqdn", "optional.os-updates"]);
        let hdinsight = tags.get("HDInsight").unwrap();
        assert_eq!(hdinsight.content[0].cloud, Some(Cloud::Public));
        assert_eq!(hdinsight.approximation(), None);
    }
}
