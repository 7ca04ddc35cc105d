//! The addresses of service tags, from the file that Microsoft publishes every week for each cloud.
//!
//! A look-up costs one probe for each prefix length in use, whatever the number of tags and prefixes.

mod index;
mod parse;

use std::net::IpAddr;

use ipnet::IpNet;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::net::{PrefixError, ServiceTag};

use index::{Index, Lengths, TagNumber};

/// The addresses of service tags. Names of tags compare without regard to case.
#[derive(Debug, Clone, Default)]
pub struct ServiceTags {
    cloud: SmolStr,
    change_number: u64,
    tags: Vec<Tag>,
    /// The number of each tag, by its name in lower case.
    numbers: FxHashMap<SmolStr, TagNumber>,
    index: Index,
}

/// One tag of the file.
#[derive(Debug, Clone)]
struct Tag {
    name: SmolStr,
    statement: TagStatement,
    /// In the order of the file.
    prefixes: Vec<IpNet>,
    lengths: Lengths,
}

/// What the file says of a tag beside its addresses. What it does not say is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TagStatement {
    /// The number of the tag, which grows when it changes.
    pub change_number: Option<u64>,
    /// The region, as the file spells it; empty for a tag of all regions.
    pub region: SmolStr,
    /// The service, in Azure's own spelling.
    pub system_service: SmolStr,
    /// What the tag can be used for, in the words of the file and in its order, such as `NSG`.
    pub features: Vec<SmolStr>,
}

/// Why a text is no service tag file.
#[derive(Debug, thiserror::Error)]
pub enum ServiceTagsError {
    /// It is not JSON, or JSON of another shape; the message ends with line and column.
    #[error("not a service tag file: {0}")]
    Malformed(#[from] serde_json::Error),
    /// A tag has something else than a prefix.
    #[error("`{prefix}` of the service tag `{tag}` is no prefix: {reason}")]
    Prefix {
        /// The tag.
        tag: String,
        /// What stands in place of a prefix.
        prefix: String,
        /// What is wrong with it.
        reason: PrefixError,
    },
    /// Two tags have one name.
    #[error("the service tag `{0}` is listed twice")]
    Duplicate(String),
}

impl ServiceTags {
    /// Reads a service tag file: what Microsoft publishes for download, or what `az network list-service-tags` writes.
    ///
    /// # Errors
    /// When the text is no such file, a prefix of it is none, or a tag stands in it twice.
    pub fn parse(text: &str) -> Result<Self, ServiceTagsError> {
        parse::parse(text)
    }

    /// Takes tags with their prefixes, in the order of the file.
    fn new(
        cloud: SmolStr,
        change_number: u64,
        tags: Vec<(SmolStr, TagStatement, Vec<IpNet>)>,
    ) -> Result<Self, ServiceTagsError> {
        let mut numbers = FxHashMap::default();
        for (number, (name, ..)) in (0..).zip(&tags) {
            if numbers.insert(lower_case(name), number).is_some() {
                return Err(ServiceTagsError::Duplicate(name.to_string()));
            }
        }
        let prefixes = tags.iter().map(|(.., prefixes)| prefixes.as_slice());
        let index = Index::new((0..).zip(prefixes));
        let tags = tags.into_iter().map(|(name, statement, prefixes)| Tag {
            name,
            statement,
            lengths: Lengths::of(&prefixes),
            prefixes,
        });
        Ok(Self {
            cloud,
            change_number,
            tags: tags.collect(),
            numbers,
            index,
        })
    }

    /// Whether a tag holds an address; `None` when the file has no such tag.
    #[must_use]
    pub fn holds(&self, tag: &ServiceTag, address: IpAddr) -> Option<bool> {
        let (number, tag) = self.find(tag)?;
        let prefix = self.index.longest(number, &tag.lengths, address);
        Some(prefix.is_some())
    }

    /// The longest prefix of a tag that covers an address; `None` when there is none, or no such tag.
    #[must_use]
    pub fn longest_prefix(&self, tag: &ServiceTag, address: IpAddr) -> Option<IpNet> {
        let (number, tag) = self.find(tag)?;
        self.index.longest(number, &tag.lengths, address)
    }

    /// The names of all tags that hold an address, in the order of the file.
    pub fn tags_of(&self, address: IpAddr) -> impl Iterator<Item = &str> {
        let numbers = self.index.tags_of(address).into_iter();
        numbers.filter_map(|number| Some(self.tag(number)?.name.as_str()))
    }

    /// The prefixes of a tag, in the order of the file; `None` when the file has no such tag.
    #[must_use]
    pub fn prefixes(&self, tag: &ServiceTag) -> Option<impl Iterator<Item = IpNet>> {
        let (_, tag) = self.find(tag)?;
        Some(tag.prefixes.iter().copied())
    }

    /// A tag's name as the file spells it, and what the file says of it; `None` when the file has no such tag.
    #[must_use]
    pub fn statement(&self, tag: &ServiceTag) -> Option<(&str, &TagStatement)> {
        let (_, tag) = self.find(tag)?;
        Some((tag.name.as_str(), &tag.statement))
    }

    /// The names of all tags, in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tags.iter().map(|tag| tag.name.as_str())
    }

    /// The cloud that the file is about, in its own words: `Public`, `China`, `AzureGovernment`.
    #[must_use]
    pub fn cloud(&self) -> &str {
        &self.cloud
    }

    /// The number of the file, which grows with every change in its cloud.
    #[must_use]
    pub fn change_number(&self) -> u64 {
        self.change_number
    }

    fn find(&self, tag: &ServiceTag) -> Option<(TagNumber, &Tag)> {
        let number = *self.numbers.get(&lower_case(tag.as_str()))?;
        Some((number, self.tag(number)?))
    }

    fn tag(&self, number: TagNumber) -> Option<&Tag> {
        self.tags.get(number as usize)
    }
}

fn lower_case(name: &str) -> SmolStr {
    name.chars().map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests;
