//! Why an element of an estate or an intent exists.

use super::Span;

/// Where an element comes from. Every element carries one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Somebody wrote it here.
    Written(Span),
    /// A catalog entry asks for it, because of something somebody wrote.
    Catalog {
        /// The words in the policy that bring the catalog in.
        because: Span,
        /// The entry in the catalog's file.
        entry: Span,
    },
    /// Azure itself puts it there, such as a default security rule.
    Platform,
}

impl Origin {
    /// The place to show first: the user's own words.
    #[must_use]
    pub fn span(self) -> Option<Span> {
        match self {
            Self::Written(span) | Self::Catalog { because: span, .. } => Some(span),
            Self::Platform => None,
        }
    }
}

impl From<Span> for Origin {
    fn from(span: Span) -> Self {
        Self::Written(span)
    }
}
