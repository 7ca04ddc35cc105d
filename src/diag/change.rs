//! Changes of resources, for whatever states them.
//!
//! A rule that knows what should be different says so in terms of Azure's interface: a property of an element, named
//! by its place in the sources. What the element was read from makes edits of it, or cannot.

use crate::base::Span;

use super::Safety;

/// The way from the object of an element to a property, such as `properties`, `dnsSettings`, `enableProxy`.
pub type Path = &'static [&'static str];

/// What a property is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// A string.
    Text(String),
    /// A truth value.
    Switch(bool),
    /// A list of strings.
    Texts(Vec<String>),
}

impl From<&str> for Setting {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<bool> for Setting {
    fn from(value: bool) -> Self {
        Self::Switch(value)
    }
}

/// One change. Elements are named by the place of their name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Another value, where one is used.
    Value {
        /// The place of the value.
        at: Span,
        /// The new one.
        to: Setting,
    },
    /// A property of an element, stated already or not.
    Property {
        /// The element.
        of: Span,
        /// The property.
        path: Path,
        /// Its value.
        to: Setting,
    },
    /// One more string in a list that an element has.
    More {
        /// The element.
        of: Span,
        /// The list.
        path: Path,
        /// The string.
        text: String,
    },
    /// A property of an element is no longer stated.
    Unset {
        /// The element.
        of: Span,
        /// The property.
        path: Path,
    },
    /// An element of a list goes: one with a name, or a value alone.
    Without {
        /// The element.
        at: Span,
    },
}

/// A repair that is not yet edits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// What it does, as an instruction.
    pub title: String,
    /// May it be made unseen?
    pub safety: Safety,
    /// The changes. All of them, or none.
    pub changes: Vec<Change>,
}
