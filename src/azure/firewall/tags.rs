//! What FQDN tags hold, as far as documents tell. Azure publishes no list and changes it without notice.

use smol_str::SmolStr;

use crate::net::{Fqdn, FqdnPattern, FqdnTag};

use super::super::truth::Truth;

/// What FQDN tags are known to hold.
#[derive(Debug, Clone, Default)]
pub struct FqdnTagContents {
    /// One entry a tag.
    pub tags: Vec<FqdnTagContent>,
}

/// What one FQDN tag is known to hold.
#[derive(Debug, Clone)]
pub struct FqdnTagContent {
    /// Its names.
    pub names: Vec<SmolStr>,
    /// The host names it lets through.
    pub patterns: Vec<FqdnPattern>,
    /// Names of which documents and reports disagree whether it holds them.
    pub disputed: Vec<FqdnPattern>,
    /// How that is known, as a sentence.
    pub basis: String,
}

impl FqdnTagContents {
    /// Whether a tag holds a name, and what had to be assumed.
    pub(super) fn holds(&self, tag: &FqdnTag, name: &Fqdn) -> (Truth, String) {
        let content = self.tags.iter().find(|content| {
            let mut names = content.names.iter();
            names.any(|known| known.eq_ignore_ascii_case(tag.as_str()))
        });
        let Some(content) = content else {
            return (
                Truth::Maybe,
                format!("what FQDN tag {tag} holds is not published"),
            );
        };
        let any = |patterns: &[FqdnPattern]| patterns.iter().any(|p| p.covers(name));
        let truth = if any(&content.patterns) {
            Truth::Yes
        } else if any(&content.disputed) {
            Truth::Maybe
        } else {
            Truth::No
        };
        (truth, content.basis.clone())
    }
}
