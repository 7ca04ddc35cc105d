//! Names of FQDN tags. What they hold is Microsoft's and mostly unpublished.

use serde::Deserialize;

use super::SourceId;
use super::by_name::{ByName, Named};
use super::document::cited;

/// What is known about an FQDN tag.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FqdnTagFact {
    /// Its name.
    pub name: String,
    /// Other names of the same tag.
    #[serde(default)]
    pub spellings: Vec<String>,
    /// Whether it stands for all names that start with it and a dot, such as `Office365.Skype.Optimize`.
    #[serde(default)]
    pub family: bool,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

impl FqdnTagFact {
    fn means(&self, name: &str) -> bool {
        if self.family {
            let member = name.split_once('.').filter(|(family, rest)| {
                !rest.is_empty() && family.eq_ignore_ascii_case(&self.name)
            });
            return member.is_some();
        }
        let mut names = std::iter::once(&self.name).chain(&self.spellings);
        names.any(|known| known.eq_ignore_ascii_case(name))
    }
}

cited!(FqdnTagFact);

impl Named for FqdnTagFact {
    fn name(&self) -> &str {
        &self.name
    }
}

/// The tag behind a name in any spelling.
pub(super) fn find<'facts>(
    tags: &'facts ByName<FqdnTagFact>,
    name: &str,
) -> Option<&'facts FqdnTagFact> {
    tags.iter().find(|tag| tag.means(name))
}
